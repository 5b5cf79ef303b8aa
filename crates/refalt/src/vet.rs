//! The audit of a file.

mod lift;

pub use lift::{Block, BlockLift};
