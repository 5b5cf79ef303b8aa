//! Tests of the model against outputs of the published program. `tests/data/README.md` says how they were made.

mod blocks;
mod files;
mod oracle;
mod passes;
mod variants;
