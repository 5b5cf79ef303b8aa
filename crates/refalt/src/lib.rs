//! refalt as a library: readers and writers, the batch engine, figures and reports.
//!
//! The mathematics is in `refalt_core`; this crate knows files, threads and formats. It prints nothing and parses
//! no arguments.

pub mod atomic_file;
pub mod calibrate;
pub mod diagnostic;
pub mod diff;
mod digit_groups;
pub mod engine;
pub mod export;
pub mod figure;
pub mod gene_context;
pub mod interval_scores;
pub mod io;
pub mod ism;
pub mod liftover;
pub mod lint;
pub mod measured;
pub mod model;
pub mod motif_scan;
pub mod motif_set;
pub mod output_files;
pub mod overlap;
pub mod predict;
pub mod protocol;
pub mod provenance;
pub mod reference_assembly;
pub mod reference_fit;
pub mod report;
pub mod saturation;
pub mod score_folder;
pub mod scoring;
pub mod seen;
mod sorted_runs;
pub mod spool;
pub mod study;
mod tally;
pub mod track_catalogue;
pub mod track_source;
pub mod validate;
pub mod vet;
pub mod windows;

pub use diagnostic::{Diagnostic, ServiceStop};
pub use refalt_core as core;
