//! Where answers go: a bounded channel to the network, filled from a thread that computes.
//!
//! A thread holds one of the places to compute only while it computes. When the client reads too slowly the place is
//! given back until the client has read on, so that a slow reader stops nobody but itself; when it reads nothing for
//! long, the call ends.

use super::refusal::Refusal;
use crate::proto::{self, Tensor, TensorChunk, tensor::Payload};
use crate::tensor::{Packer, Packing};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tonic::Status;

/// Bytes of a chunk before packing; arrays of no more go with their header.
pub const CHUNK_BYTES: usize = 1 << 20;

/// Messages that may wait for the network.
pub(super) const CHANNEL_MESSAGES: usize = 4;

/// A fast level: predictions are packed in less time than loopback takes to carry them.
const ZSTD_LEVEL: i32 = 1;

/// A message of an answer that can be a chunk of an array.
pub(super) trait ChunkMessage: Send + 'static {
    /// Wraps a chunk.
    fn chunk(chunk: TensorChunk) -> Self;
}

macro_rules! chunk_message {
    ($($message:ident, $payload:ident);+ $(;)?) => {
        $(impl ChunkMessage for proto::$message {
            fn chunk(chunk: TensorChunk) -> Self {
                Self { payload: Some(proto::$payload::Payload::TensorChunk(chunk)) }
            }
        })+
    };
}

chunk_message! {
    PredictSequenceResponse, predict_sequence_response;
    PredictIntervalResponse, predict_interval_response;
    PredictVariantResponse, predict_variant_response;
    ScoreIntervalResponse, score_interval_response;
    ScoreVariantResponse, score_variant_response;
    ScoreIsmVariantResponse, score_ism_variant_response;
}

/// Takes the messages of one answer.
pub(super) struct Outlet<R> {
    pub(super) sender: mpsc::Sender<Result<R, Status>>,
    pub(super) handle: Handle,
    pub(super) workers: Arc<Semaphore>,
    pub(super) working: Option<OwnedSemaphorePermit>,
    /// How long a client may read nothing.
    pub(super) patience: Duration,
    /// Becomes true when the server ends at once.
    pub(super) cut: watch::Receiver<bool>,
}

impl<R: Send + 'static> Outlet<R> {
    /// Ends the work of a call that nobody waits for any more.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.is_abandoned() {
            return Err(Refusal::Cancelled);
        }
        Ok(())
    }

    /// Says whether nobody waits for the answer any more: the call was cancelled, or the server ends.
    pub(super) fn is_abandoned(&self) -> bool {
        self.sender.is_closed() || *self.cut.borrow()
    }

    /// Sends a message, and waits for the client to read when too many are under way.
    pub(super) fn send(&mut self, message: R) -> Result<(), Refusal> {
        let message = match self.sender.try_send(Ok(message)) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(Refusal::Cancelled),
            Err(TrySendError::Full(message)) => message,
        };
        self.working = None;
        let (sender, cut, patience) = (&self.sender, &mut self.cut, self.patience);
        let sent = self.handle.block_on(async {
            tokio::select! {
                sent = tokio::time::timeout(patience, sender.send(message)) => Some(sent),
                _ = cut.wait_for(|cut| *cut) => None,
            }
        });
        match sent {
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(_))) => return Err(Refusal::Cancelled),
            Some(Err(_)) => return Err(Refusal::NotRead { patience }),
            None => return Err(Refusal::Stopping),
        }
        let permit = self.handle.block_on(Arc::clone(&self.workers).acquire_owned());
        self.working = Some(permit.map_err(|_| Refusal::Stopping)?);
        Ok(())
    }
}

impl<R: ChunkMessage> Outlet<R> {
    /// Sends an array of 32-bit floats: its header, and chunks when it is large.
    ///
    /// * `shape`: the size along each axis.
    /// * `rows`: the values, row-major, in pieces whose lengths add up to the product of the shape.
    /// * `columns`: which values of each piece are sent; all when not given.
    /// * `wrap`: makes the first message of the header.
    pub(super) fn send_array<'a>(
        &mut self,
        shape: &[usize],
        rows: impl Iterator<Item = &'a [f32]>,
        columns: Option<&[usize]>,
        wrap: impl FnOnce(Tensor) -> R,
    ) -> Result<(), Refusal> {
        let internal = |what: &str| Refusal::Internal { what: what.to_owned() };
        let bytes = shape
            .iter()
            .try_fold(size_of::<f32>(), |all, &axis| all.checked_mul(axis));
        let bytes = bytes.ok_or_else(|| internal("an array is larger than memory"))?;
        let axis = |&axis: &usize| i32::try_from(axis).map_err(|_| internal("an axis of an array is longer than 2^31"));
        let header = |payload| -> Result<Tensor, Refusal> {
            Ok(Tensor {
                shape: shape.iter().map(axis).collect::<Result<_, _>>()?,
                data_type: proto::DataType::Float32.into(),
                payload: Some(payload),
            })
        };
        let mut packer = Packer::new(Packing::Zstd { level: ZSTD_LEVEL })?;
        let mut wrap = Some(wrap);
        let inline = bytes <= CHUNK_BYTES;
        if !inline && let Some(wrap) = wrap.take() {
            let count = i64::try_from(bytes.div_ceil(CHUNK_BYTES)).map_err(|_| internal("too many chunks"))?;
            self.send(wrap(header(Payload::ChunkCount(count))?))?;
        }
        let mut buffer: Vec<u8> = Vec::with_capacity(bytes.min(CHUNK_BYTES));
        let mut sent = 0;
        for row in rows {
            let chosen = columns.map_or(row.len(), <[usize]>::len);
            for place in 0..chosen {
                let value = columns.map_or_else(|| row[place], |columns| row[columns[place]]);
                buffer.extend_from_slice(&value.to_le_bytes());
                // A chunk is a whole number of elements, because its size is a multiple of theirs.
                if !inline && buffer.len() == CHUNK_BYTES {
                    self.send(R::chunk(packer.pack(&buffer)?))?;
                    sent += buffer.len();
                    buffer.clear();
                }
            }
        }
        if sent + buffer.len() != bytes {
            return Err(internal(
                "a prediction has not the number of values that its shape says",
            ));
        }
        if let Some(wrap) = wrap {
            return self.send(wrap(header(Payload::Array(packer.pack(&buffer)?))?));
        }
        if buffer.is_empty() {
            return Ok(());
        }
        self.send(R::chunk(packer.pack(&buffer)?))
    }
}
