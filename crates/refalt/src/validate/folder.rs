//! Which folders a validation may be written to: as for runs and audits, nothing of anybody else's is replaced.

use super::error::ValidateError;
use super::output::Provenance;
use crate::engine::folder;
use crate::engine::identity::differences;
use crate::engine::ledger::{LedgerError, read_json};
use serde_json::Value;
use std::path::Path;

/// The file that is written last and says what the others were made of.
pub(super) const RECORD: &str = "metrics.json";

/// The folder of the figures.
pub(super) const FIGURES: &str = "figures";
/// The page.
pub(super) const PAGE: &str = "report.html";

/// The tables; without the last one they are what a stopped validation left.
const TABLES: [&str; 10] = [
    "metrics.tsv",
    "ranks.tsv",
    "joined.tsv",
    "effective_n.tsv",
    "calibration.tsv",
    "differences.tsv",
    "runs.tsv",
    "strata.tsv",
    "groups.tsv",
    "partial.tsv",
];

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    files
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Refuses a folder that holds other files than those of a validation, or is a file; nothing is changed.
///
/// # Errors
/// [`ValidateError::Run`] names what is in the way.
pub fn check_folder(out: &Path) -> Result<(), ValidateError> {
    if !out.exists() {
        return Ok(());
    }
    if !out.is_dir() {
        return Err(LedgerError::NoFolder { path: out.to_owned() }.into());
    }
    // Files in the folder of figures are replaced by the same bytes or not at all, so whose they are need not be known.
    let figures = names_in(&out.join(FIGURES));
    let own: Vec<&str> = [RECORD, FIGURES, PAGE]
        .into_iter()
        .chain(TABLES)
        .chain(figures.iter().map(String::as_str))
        .collect();
    Ok(folder::refuse_foreign(out, &own)?)
}

/// Refuses, beyond [`check_folder`], a folder with a validation that was made of other things.
pub(super) fn claim(out: &Path, provenance: &Provenance) -> Result<(), ValidateError> {
    check_folder(out)?;
    let record = out.join(RECORD);
    if !record.exists() {
        return Ok(());
    }
    let before: Value = read_json(&record)?;
    let here = serde_json::to_value(provenance).unwrap_or(Value::Null);
    Ok(folder::refuse_differences(
        out,
        differences(&before["provenance"], &here),
    )?)
}
