//! Integration tests of the library, one binary.
#![allow(clippy::unwrap_used, reason = "a test stops where an expectation fails")]

mod engine;
