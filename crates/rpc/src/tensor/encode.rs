//! From arrays to messages.

use super::sixteen_bit::bfloat16_bits;
use super::{Array, Values};
use crate::proto::{CompressionType, DataType, Tensor, TensorChunk, tensor::Payload};
use std::num::NonZeroUsize;
use zstd::bulk::Compressor;

/// How the bytes of chunks are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As they are.
    None,
    /// One zstd frame for each chunk, with the size of its content, which the published client needs.
    Zstd {
        /// The level of zstd, 1 to 22.
        level: i32,
    },
}

/// How an array goes to the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Whether 32-bit floats are rounded to bfloat16, as the hosted model sends predictions.
    pub bfloat16: bool,
    /// How chunks are packed.
    pub packing: Packing,
    /// The most bytes of a chunk before packing; all bytes with the header when not given.
    pub chunk_bytes: Option<NonZeroUsize>,
}

impl Default for Encoding {
    fn default() -> Self {
        Self {
            bfloat16: false,
            packing: Packing::None,
            chunk_bytes: None,
        }
    }
}

/// An array as messages: the header, and the chunks that follow it at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// The header.
    pub header: Tensor,
    /// The chunks, none when the bytes are in the header.
    pub chunks: Vec<TensorChunk>,
}

/// Packs chunks one by one, for arrays that are too large to be written as a whole.
pub struct Packer(Option<Compressor<'static>>);

impl Packer {
    /// Opens the packing.
    ///
    /// # Errors
    /// The error of zstd, for a level that it does not have.
    pub fn new(packing: Packing) -> std::io::Result<Self> {
        Ok(Self(match packing {
            Packing::None => None,
            Packing::Zstd { level } => Some(Compressor::new(level)?),
        }))
    }

    /// Packs the bytes of a chunk.
    ///
    /// # Errors
    /// The error of zstd, when there is no memory.
    pub fn pack(&mut self, bytes: &[u8]) -> std::io::Result<TensorChunk> {
        let (data, compression) = match &mut self.0 {
            None => (bytes.to_vec(), CompressionType::None),
            Some(packer) => (packer.compress(bytes)?, CompressionType::Zstd),
        };
        Ok(TensorChunk {
            data: data.into(),
            compression_type: compression.into(),
        })
    }
}

/// Writes an array as messages.
///
/// A chunk ends with an element: it has the whole elements that fit `chunk_bytes`, at least one. An array without
/// elements is one empty chunk.
///
/// # Errors
/// The error of zstd, for a level that it does not have or when there is no memory.
pub fn encode(array: &Array, encoding: Encoding) -> std::io::Result<Encoded> {
    fn bytes<const N: usize, T: Copy>(values: &[T], write: impl Fn(T) -> [u8; N]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(values.len() * N);
        bytes.extend(values.iter().flat_map(|&value| write(value)));
        bytes
    }
    let (kind, element, bytes) = match array.values() {
        Values::Float32(values) if encoding.bfloat16 => {
            let narrow = |value| bfloat16_bits(value).to_le_bytes();
            (DataType::Bfloat16, 2, bytes(values, narrow))
        }
        Values::Float32(values) => (DataType::Float32, 4, bytes(values, f32::to_le_bytes)),
        Values::Float64(values) => (DataType::Float64, 8, bytes(values, f64::to_le_bytes)),
        Values::Int8(values) => (DataType::Int8, 1, bytes(values, i8::to_le_bytes)),
        Values::Int32(values) => (DataType::Int32, 4, bytes(values, i32::to_le_bytes)),
        Values::Int64(values) => (DataType::Int64, 8, bytes(values, i64::to_le_bytes)),
        Values::Uint8(values) => (DataType::Uint8, 1, values.clone()),
        Values::Uint32(values) => (DataType::Uint32, 4, bytes(values, u32::to_le_bytes)),
        Values::Uint64(values) => (DataType::Uint64, 8, bytes(values, u64::to_le_bytes)),
        Values::Bool(values) => (DataType::Bool, 1, values.iter().map(|&value| u8::from(value)).collect()),
    };
    let mut packer = Packer::new(encoding.packing)?;
    let mut pack = |part: &[u8]| packer.pack(part);
    let (payload, chunks) = match encoding.chunk_bytes {
        None => (Payload::Array(pack(&bytes)?), Vec::new()),
        Some(most) => {
            let size = (most.get() / element).max(1) * element;
            let parts: Vec<&[u8]> = if bytes.is_empty() {
                vec![&[]]
            } else {
                bytes.chunks(size).collect()
            };
            let chunks: Vec<TensorChunk> = parts.into_iter().map(pack).collect::<Result<_, _>>()?;
            let count = i64::try_from(chunks.len()).map_err(std::io::Error::other)?;
            (Payload::ChunkCount(count), chunks)
        }
    };
    let axis = |&axis: &usize| i32::try_from(axis).map_err(std::io::Error::other);
    Ok(Encoded {
        header: Tensor {
            shape: array.shape().iter().map(axis).collect::<Result<_, _>>()?,
            data_type: kind.into(),
            payload: Some(payload),
        },
        chunks,
    })
}
