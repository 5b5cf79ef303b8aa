//! Integration tests of the library, one binary.
#![allow(clippy::unwrap_used, reason = "a test stops where an expectation fails")]

mod engine;
mod fasta;
mod normalisation;

/// Returns a file under `tests/data` of the repository.
fn data(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/data")
        .join(name)
}
