//! Integration tests of the library, one binary.
#![allow(clippy::unwrap_used, reason = "a test stops where an expectation fails")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod audit;
#[allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared with the example that writes the table"
)]
#[path = "audit_simulation/model.rs"]
mod audit_simulation;
mod bed;
mod calibrate;
mod correlated;
mod engine;
mod engine_genes;
mod exported_summaries;
mod fasta;
mod folder_contents;
mod genes;
mod interval_scores;
mod ism;
mod liftover;
mod matching;
mod measured;
mod measured_columns;
mod measured_order;
mod normalisation;
mod overlap;
mod predict;
mod protocol_rows;
mod protocols;
mod saturation;
mod score_folders;
mod sites;
mod stranded_merge;
mod synthetic;
mod synthetic_run;
mod validate;
mod validate_clusters;
mod validate_comparisons;
mod validate_genes;
mod validate_runs;
mod variants_corpus;
mod variants_faults;
mod variants_real;

/// Returns a file under `tests/data` of the repository.
fn data(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/data")
        .join(name)
}

/// Returns a file under `studies` of the repository.
fn study(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../studies")
        .join(name)
}

/// Returns a file of the data that are not shipped, or says that it is missing and the test skipped.
///
/// The folder is `REFALT_SHARED`, or `../shared/data` beside the repository.
fn shared(name: &str) -> Option<std::path::PathBuf> {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("REFALT_SHARED").map_or(beside, std::path::PathBuf::from);
    let path = folder.join(name);
    if path.is_file() {
        return Some(path);
    }
    println!(
        "skipped: `{}` is not there; set REFALT_SHARED to the folder that holds it",
        path.display()
    );
    None
}
