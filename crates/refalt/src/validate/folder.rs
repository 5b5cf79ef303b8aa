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

/// The other files; without the last one they are what a stopped validation left.
pub(super) const TABLES: [&str; 3] = ["metrics.tsv", "ranks.tsv", "joined.tsv"];

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
    let own = [RECORD, TABLES[0], TABLES[1], TABLES[2]];
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
