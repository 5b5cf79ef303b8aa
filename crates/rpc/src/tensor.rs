//! Arrays on the wire: a header, then all bytes with it or in chunks after it.
//!
//! Row-major, little-endian. The header states shape and type and either holds the bytes or announces n chunks, which
//! are the next n messages of the stream. Each chunk is packed by itself, with zstd or not at all, and may end inside an
//! element. The bytes of all chunks must be exactly those of the shape: what is short, surplus or out of place is refused.
//!
//! Chunks carry no number. A stream whose chunks arrive in another order, with the same bytes in all, cannot be told
//! from a good one; HTTP/2 keeps the order of a stream, so only a faulty sender makes one.
//!
//! 16-bit floats are widened to 32 bits, which loses nothing. Every other type stays what it is.

mod encode;
mod error;
mod read;
mod sixteen_bit;
mod values;

pub use encode::{Encoded, Encoding, Packer, Packing, encode};
pub use error::TensorError;
pub use read::{Begun, Limits, TensorReader, whole};
pub use sixteen_bit::{bfloat16_bits, from_bfloat16_bits, from_float16_bits};
pub use values::{Array, Values};
