//! Readers and writers: files on one side, the types of `refalt-core` on the other, and nothing else.
//!
//! No type of a format crate leaves this module.

pub mod bed;
pub mod bigwig;
pub mod chain;
pub mod fasta;
pub mod genes;
pub(crate) mod gzip;
pub mod motif;
pub mod npz;
pub mod sites;
pub mod table;
pub mod variants;
