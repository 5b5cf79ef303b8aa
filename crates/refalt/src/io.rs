//! Readers and writers: files on one side, the types of `refalt-core` on the other.

pub mod variants;
