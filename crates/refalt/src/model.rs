//! The models that ship with refalt.

pub mod motif;
