//! Tests of refalt-core through its public interface, against files in `tests/data`.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its fixture fails")]

mod center_mask_bins;
mod generated_docs;
mod invariants;
mod oracle;
mod place;
mod scorer_table;
mod stats_oracle;
mod stats_saturation;
mod stats_tert;
mod stats_validation;
