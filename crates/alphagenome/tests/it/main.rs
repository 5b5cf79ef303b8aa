//! Tests of the model against outputs of the published program. `tests/data/README.md` says how they were made.

#![allow(clippy::unwrap_used, reason = "a test stops where an expectation fails")]

mod blocks;
mod files;
mod oracle;
mod passes;
mod variants;
