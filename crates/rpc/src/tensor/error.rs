//! Why an array of the wire is refused.

/// An array is not what its header says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TensorError {
    /// The type of the elements is not one of the protocol.
    #[error("data type `{found}` is not one of 1 to 11")]
    DataType {
        /// The number found.
        found: i32,
    },
    /// The packing of a chunk is not one of the protocol.
    #[error("compression type `{found}` of a chunk is neither 0 (none) nor 1 (zstd)")]
    Compression {
        /// The number found.
        found: i32,
    },
    /// An axis has a negative size.
    #[error("the shape {shape:?} has a negative size")]
    Shape {
        /// The shape.
        shape: Vec<i32>,
    },
    /// The array is larger than the reader takes.
    #[error("an array of shape {shape:?} is larger than the {limit_bytes} bytes that are allowed")]
    TooLarge {
        /// The shape.
        shape: Vec<i32>,
        /// The most bytes of an array.
        limit_bytes: usize,
    },
    /// The header neither holds the bytes nor announces chunks.
    #[error("the array of shape {shape:?} has neither bytes nor chunks")]
    NoPayload {
        /// The shape.
        shape: Vec<i32>,
    },
    /// The number of chunks is negative, or larger than the number of bytes allows.
    #[error("`{found}` chunks are announced for {expected_bytes} bytes")]
    ChunkCount {
        /// The number of chunks.
        found: i64,
        /// The bytes of the array.
        expected_bytes: usize,
    },
    /// All chunks are there, and bytes are missing.
    #[error("{found_bytes} of {expected_bytes} bytes arrived")]
    Short {
        /// The bytes found.
        found_bytes: usize,
        /// The bytes of the array.
        expected_bytes: usize,
    },
    /// There are more bytes than the array has.
    #[error("{found_bytes} bytes arrived for an array of {expected_bytes}")]
    Surplus {
        /// The bytes found so far.
        found_bytes: usize,
        /// The bytes of the array.
        expected_bytes: usize,
    },
    /// A chunk comes after the last one.
    #[error("a chunk came when none was due")]
    Misplaced,
    /// Something else comes where a chunk is due.
    #[error("{found} came when chunk {due} of {announced} was due")]
    ChunkMissing {
        /// What came: `an output`, `the end`.
        found: &'static str,
        /// The chunk that was due (1-based).
        due: u64,
        /// The chunks announced.
        announced: u64,
    },
    /// A zstd frame does not state the size of its content.
    #[error("a chunk is a zstd frame that does not state the size of its content")]
    FrameSize,
    /// A zstd frame is damaged.
    #[error("a chunk is no whole zstd frame: {reason}")]
    Frame {
        /// The cause in words.
        reason: String,
    },
    /// Bytes follow a zstd frame.
    #[error("{bytes} bytes follow the zstd frame of a chunk")]
    FrameTrailing {
        /// The bytes that follow.
        bytes: usize,
    },
    /// A truth value is neither 0 nor 1.
    #[error("a truth value is `{found}`, neither 0 nor 1")]
    Bool {
        /// The byte found.
        found: u8,
    },
    /// There is no memory for the array.
    #[error("there is no memory for an array of {bytes} bytes")]
    Memory {
        /// The bytes of the array.
        bytes: usize,
    },
}
