//! From the messages of an answer to outputs with their arrays.

use crate::proto::{Tensor, TensorChunk};
use crate::tensor::{Array, Begun, Limits, TensorError, TensorReader};

/// Puts arrays together: an output, then the chunks of its array if it has any, then the next output.
#[derive(Debug)]
pub struct Assembly<H> {
    limits: Limits,
    open: Option<(H, TensorReader)>,
}

impl<H> Assembly<H> {
    /// Opens an answer.
    pub fn new(limits: Limits) -> Self {
        Self { limits, open: None }
    }

    /// Takes an output and the header of its array; gives both when the array is whole.
    ///
    /// # Errors
    /// [`TensorError`] when chunks of the output before are missing, or the header is refused.
    pub fn output(&mut self, output: H, header: Tensor) -> Result<Option<(H, Array)>, TensorError> {
        if let Some((_, reader)) = &self.open {
            return Err(reader.interrupted("an output"));
        }
        match TensorReader::begin(header, self.limits)? {
            Begun::Whole(array) => Ok(Some((output, array))),
            Begun::Chunked(reader) => {
                self.open = Some((output, reader));
                self.close()
            }
        }
    }

    /// Takes a chunk; gives the output when it was the last one.
    ///
    /// # Errors
    /// [`TensorError`] when none is due, or it is refused.
    pub fn chunk(&mut self, chunk: &TensorChunk) -> Result<Option<(H, Array)>, TensorError> {
        let (_, reader) = self.open.as_mut().ok_or(TensorError::Misplaced)?;
        reader.push(chunk)?;
        self.close()
    }

    /// Gives the open output when all of its chunks are there.
    fn close(&mut self) -> Result<Option<(H, Array)>, TensorError> {
        match self.open.take() {
            Some((output, reader)) if reader.is_complete() => Ok(Some((output, reader.finish()?))),
            open => {
                self.open = open;
                Ok(None)
            }
        }
    }

    /// Ends the answer.
    ///
    /// # Errors
    /// [`TensorError`] when chunks are missing.
    pub fn end(&self) -> Result<(), TensorError> {
        match &self.open {
            Some((_, reader)) => Err(reader.interrupted("the end")),
            None => Ok(()),
        }
    }
}
