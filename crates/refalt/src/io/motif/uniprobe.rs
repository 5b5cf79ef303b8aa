//! UniPROBE: a name, then a row of frequencies for each base.
//!
//! ```text
//! Arid3a_primary
//! A:    0.179645793597971    0.210100830864919
//! C:    0.266648735950844    0.218430924209102
//! G:    0.382823288901203    0.353259680323954
//! T:    0.170882181549982    0.218208564602024
//! ```

use refalt_core::motif::MotifName;

use super::error::MotifFileProblem;
use super::lines::{Lines, text};
use super::{Located, MotifRecord, jaspar, matrix};

pub(super) fn read(lines: &mut Lines<'_>) -> Located<Vec<MotifRecord>> {
    let mut records = Vec::new();
    while let Some((number, line)) = lines.peek() {
        if line.starts_with(b"A:") {
            return Err((number, MotifFileProblem::NoName));
        }
        lines.next();
        let name = text((number, line))?.trim();
        let rows = jaspar::rows(lines, name)?;
        records.push(matrix(MotifName::new(name, name), rows, number)?);
    }
    Ok(records)
}
