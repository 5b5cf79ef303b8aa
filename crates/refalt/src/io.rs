//! Files: between the formats of genomics and the types of `refalt-core`, and nothing else.

pub mod motif;
