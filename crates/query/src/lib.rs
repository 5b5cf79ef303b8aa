//! SQL over score folders.
