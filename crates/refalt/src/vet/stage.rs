//! A file written by a thread of its own, which takes rows in order.

use super::error::VetError;
use super::record::VetRow;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Batches that wait for a slow disk.
const WAITING: usize = 4;

/// A writer on its thread; the first error ends it.
pub(super) struct Stage<W> {
    batches: Option<SyncSender<Arc<Vec<VetRow>>>>,
    thread: Option<JoinHandle<Result<W, VetError>>>,
}

impl<W: Send + 'static> Stage<W> {
    /// Starts a thread that gives every batch to `write`.
    pub(super) fn start(
        mut writer: W,
        mut write: impl FnMut(&mut W, &[VetRow]) -> Result<(), VetError> + Send + 'static,
    ) -> Self {
        let (batches, received) = sync_channel::<Arc<Vec<VetRow>>>(WAITING);
        let thread = thread::spawn(move || {
            for batch in received {
                write(&mut writer, &batch)?;
            }
            Ok(writer)
        });
        Self {
            batches: Some(batches),
            thread: Some(thread),
        }
    }

    /// Hands over a batch; gives `false` when the writer has stopped, and [`Self::finish`] says why.
    pub(super) fn send(&self, batch: Arc<Vec<VetRow>>) -> bool {
        self.batches.as_ref().is_some_and(|batches| batches.send(batch).is_ok())
    }

    /// Waits for the last batch and gives the writer back; `None` when it was given back before.
    pub(super) fn finish(&mut self) -> Result<Option<W>, VetError> {
        self.batches = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(written)) => written.map(Some),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(None),
        }
    }
}

impl<W> Drop for Stage<W> {
    /// Waits for the thread, so that what it was writing is removed when this is.
    fn drop(&mut self) {
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn an_error_of_the_writer_reaches_the_sender() {
        let full = |_: &mut (), _: &[VetRow]| {
            Err(VetError::File {
                path: PathBuf::from("x"),
                source: std::io::ErrorKind::StorageFull.into(),
            })
        };
        let mut stage = Stage::start((), full);
        while stage.send(Arc::new(Vec::new())) {}
        assert!(matches!(stage.finish(), Err(VetError::File { .. })));
        assert!(matches!(stage.finish(), Ok(None)));
    }
}
