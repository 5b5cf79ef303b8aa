//! Integration tests of the library, one binary.
#![allow(clippy::unwrap_used, reason = "a test stops where an expectation fails")]

mod bed;
mod engine;
mod fasta;
mod liftover;
mod normalisation;
mod validate;
mod variants_corpus;
mod variants_faults;
mod variants_real;
