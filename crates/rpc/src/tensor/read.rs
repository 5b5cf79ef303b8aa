//! From messages to arrays.

use super::values::{Growing, element_bytes};
use super::{Array, TensorError};
use crate::proto::{CompressionType, DataType, Tensor, TensorChunk, tensor::Payload};
use zstd::bulk::Decompressor;
use zstd::zstd_safe;

/// What a reader takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of an array, as it is on the wire after unpacking.
    pub array_bytes: usize,
}

impl Default for Limits {
    /// 16 GiB: a megabase at 1 bp for 4,096 tracks in 32 bits.
    fn default() -> Self {
        Self { array_bytes: 16 << 30 }
    }
}

/// What a header leads to.
#[derive(Debug)]
pub enum Begun {
    /// The array was in it.
    Whole(Array),
    /// Its chunks come next.
    Chunked(TensorReader),
}

/// An array whose chunks are arriving.
#[derive(Debug)]
pub struct TensorReader {
    shape: Vec<usize>,
    growing: Growing,
    element: usize,
    expected: usize,
    found: usize,
    announced: u64,
    arrived: u64,
    /// The first bytes of an element that ends in the next chunk.
    begun: Vec<u8>,
    unpacked: Vec<u8>,
}

/// Room is taken ahead only up to this many bytes; a header of a few bytes cannot ask for more.
const ROOM_AHEAD_BYTES: usize = 256 << 20;

impl TensorReader {
    /// Reads a header.
    ///
    /// # Errors
    /// [`TensorError`] when the header contradicts itself, or the array in it is not what the header says.
    pub fn begin(header: Tensor, limits: Limits) -> Result<Begun, TensorError> {
        let kind = DataType::try_from(header.data_type).map_err(|_| TensorError::DataType {
            found: header.data_type,
        })?;
        let element = element_bytes(kind).ok_or(TensorError::DataType { found: 0 })?;
        let too_large = || TensorError::TooLarge {
            shape: header.shape.clone(),
            limit_bytes: limits.array_bytes,
        };
        let axes: Option<Vec<usize>> = header.shape.iter().map(|&axis| usize::try_from(axis).ok()).collect();
        let shape = axes.ok_or_else(|| TensorError::Shape {
            shape: header.shape.clone(),
        })?;
        // An empty array may have axes whose product without the empty one does not fit.
        let elements = if shape.contains(&0) {
            Some(0)
        } else {
            shape.iter().try_fold(1usize, |all, &axis| all.checked_mul(axis))
        };
        let expected = elements
            .and_then(|elements| elements.checked_mul(element))
            .ok_or_else(too_large)?;
        if expected > limits.array_bytes {
            return Err(too_large());
        }
        let mut reader = Self {
            growing: Growing::new(kind, expected.min(ROOM_AHEAD_BYTES) / element)?,
            shape,
            element,
            expected,
            found: 0,
            announced: 1,
            arrived: 0,
            begun: Vec::new(),
            unpacked: Vec::new(),
        };
        match header.payload {
            None => Err(TensorError::NoPayload { shape: header.shape }),
            Some(Payload::Array(chunk)) => {
                reader.push(&chunk)?;
                reader.finish().map(Begun::Whole)
            }
            Some(Payload::ChunkCount(found)) => {
                // A chunk has a byte at least, but for the one chunk of an empty array.
                let announced = u64::try_from(found)
                    .ok()
                    .filter(|&count| count <= expected.max(1) as u64);
                reader.announced = announced.ok_or(TensorError::ChunkCount {
                    found,
                    expected_bytes: expected,
                })?;
                Ok(Begun::Chunked(reader))
            }
        }
    }

    /// Says whether all chunks are there.
    pub fn is_complete(&self) -> bool {
        self.arrived == self.announced
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// [`TensorError`] when none is due, the chunk is damaged, or there are more bytes than the array has.
    pub fn push(&mut self, chunk: &TensorChunk) -> Result<(), TensorError> {
        if self.is_complete() {
            return Err(TensorError::Misplaced);
        }
        self.arrived += 1;
        let compression = CompressionType::try_from(chunk.compression_type).map_err(|_| TensorError::Compression {
            found: chunk.compression_type,
        })?;
        match compression {
            CompressionType::None => self.add(&chunk.data),
            CompressionType::Zstd => {
                let mut unpacked = std::mem::take(&mut self.unpacked);
                unpack(&chunk.data, self.expected - self.found, &mut unpacked).map_err(|error| match error {
                    Unpacking::Surplus(bytes) => TensorError::Surplus {
                        found_bytes: self.found.saturating_add(bytes),
                        expected_bytes: self.expected,
                    },
                    Unpacking::Damaged(error) => error,
                })?;
                let result = self.add(&unpacked);
                self.unpacked = unpacked;
                result
            }
        }
    }

    fn add(&mut self, mut bytes: &[u8]) -> Result<(), TensorError> {
        let found = self.found.saturating_add(bytes.len());
        if found > self.expected {
            return Err(TensorError::Surplus {
                found_bytes: found,
                expected_bytes: self.expected,
            });
        }
        self.found = found;
        if !self.begun.is_empty() {
            let missing = (self.element - self.begun.len()).min(bytes.len());
            self.begun.extend_from_slice(&bytes[..missing]);
            bytes = &bytes[missing..];
            if self.begun.len() < self.element {
                return Ok(());
            }
            self.growing.add(&self.begun)?;
            self.begun.clear();
        }
        let whole = bytes.len() - bytes.len() % self.element;
        self.growing.add(&bytes[..whole])?;
        self.begun.extend_from_slice(&bytes[whole..]);
        Ok(())
    }

    /// Returns the error of something else coming where a chunk is due.
    pub fn interrupted(&self, found: &'static str) -> TensorError {
        TensorError::ChunkMissing {
            found,
            due: self.arrived + 1,
            announced: self.announced,
        }
    }

    /// Returns the array.
    ///
    /// # Errors
    /// [`TensorError`] when chunks or bytes are missing.
    pub fn finish(self) -> Result<Array, TensorError> {
        if !self.is_complete() {
            return Err(self.interrupted("the end"));
        }
        if self.found != self.expected {
            return Err(TensorError::Short {
                found_bytes: self.found,
                expected_bytes: self.expected,
            });
        }
        Ok(Array {
            shape: self.shape,
            values: self.growing.finish(),
        })
    }
}

/// Reads an array from its header and all its chunks.
///
/// # Errors
/// [`TensorError`] when the header contradicts itself, or the chunks are not those that it announces.
pub fn whole(header: Tensor, chunks: &[TensorChunk], limits: Limits) -> Result<Array, TensorError> {
    match TensorReader::begin(header, limits)? {
        Begun::Whole(_) if !chunks.is_empty() => Err(TensorError::Misplaced),
        Begun::Whole(array) => Ok(array),
        Begun::Chunked(mut reader) => {
            for chunk in chunks {
                reader.push(chunk)?;
            }
            reader.finish()
        }
    }
}

enum Unpacking {
    Surplus(usize),
    Damaged(TensorError),
}

/// Unpacks the one zstd frame of a chunk, at most `room` bytes.
///
/// The published client takes the size from the frame and reads the first frame only. A size is asked for here, too; what
/// follows the frame is refused, because it can only be a fault.
fn unpack(packed: &[u8], room: usize, unpacked: &mut Vec<u8>) -> Result<(), Unpacking> {
    let damaged = |reason: &str| {
        Unpacking::Damaged(TensorError::Frame {
            reason: reason.to_owned(),
        })
    };
    let size = match zstd_safe::get_frame_content_size(packed) {
        Ok(Some(size)) => usize::try_from(size).unwrap_or(usize::MAX),
        Ok(None) => return Err(Unpacking::Damaged(TensorError::FrameSize)),
        Err(_) => return Err(damaged("it has no header of a frame")),
    };
    if size > room {
        return Err(Unpacking::Surplus(size));
    }
    let end = zstd_safe::find_frame_compressed_size(packed).map_err(|code| damaged(zstd_safe::get_error_name(code)))?;
    if end < packed.len() {
        return Err(Unpacking::Damaged(TensorError::FrameTrailing {
            bytes: packed.len() - end,
        }));
    }
    unpacked.clear();
    unpacked
        .try_reserve(size)
        .map_err(|_| Unpacking::Damaged(TensorError::Memory { bytes: size }))?;
    let found = Decompressor::new()
        .and_then(|mut unpacker| unpacker.decompress_to_buffer(packed, unpacked))
        .map_err(|error| damaged(&error.to_string()))?;
    if found != size {
        return Err(damaged("its content has another size than it states"));
    }
    Ok(())
}
