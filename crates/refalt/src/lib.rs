//! Library.

pub mod figure;
