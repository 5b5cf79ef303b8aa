//! JASPAR and raw PFM: a row of counts for each base.
//!
//! ```text
//! >MA0004.1    Arnt                      accession, name; one word is both
//! A  [     4     19      0 ]         label and brackets may be missing
//! C  [    16      0     20 ]
//! G  [     0      1      0 ]
//! T  [     0      0      0 ]
//! ```
//!
//! A raw PFM is the four rows alone. Without labels the rows are A, C, G, T.

use std::path::Path;

use refalt_core::motif::MotifName;

use super::error::{MotifFileProblem, quoted};
use super::lines::{Lines, numbers, text};
use super::{Located, MotifRecord, matrix};

const BASES: [char; 4] = ['A', 'C', 'G', 'T'];

pub(super) fn read(lines: &mut Lines<'_>) -> Located<Vec<MotifRecord>> {
    let mut records = Vec::new();
    while let Some((number, line)) = lines.peek() {
        lines.next();
        // Comments may stand before a motif, as DREME-like tools write them.
        if line.starts_with(b"#") {
            continue;
        }
        let header = text((number, line))?.trim();
        let Some(header) = header.strip_prefix('>') else {
            let problem = MotifFileProblem::Unexpected {
                line: quoted(line),
                expected: "a header `>accession name`",
            };
            return Err((number, problem));
        };
        let (accession, factor) = match header.trim().split_once(|c: char| c.is_ascii_whitespace()) {
            Some((accession, factor)) => (accession, factor.trim()),
            None => (header.trim(), header.trim()),
        };
        if accession.is_empty() {
            return Err((number, MotifFileProblem::NoName));
        }
        let name = MotifName::new(accession, factor);
        records.push(matrix(name, rows(lines, accession)?, number)?);
    }
    if records.is_empty() {
        return Err((lines.number(), MotifFileProblem::NoMotif));
    }
    Ok(records)
}

pub(super) fn read_bare(lines: &mut Lines<'_>, file: &str) -> Located<Vec<MotifRecord>> {
    let stem = Path::new(file)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let name = stem.unwrap_or_else(|| file.to_owned());
    while lines.peek().is_some_and(|(_, line)| line.starts_with(b"#")) {
        lines.next();
    }
    let first = lines.peek().map_or(1, |(number, _)| number);
    let rows = rows(lines, &name)?;
    if let Some((number, line)) = lines.peek() {
        let problem = MotifFileProblem::Unexpected {
            line: quoted(line),
            expected: "the end of the file after four rows",
        };
        return Err((number, problem));
    }
    Ok(vec![matrix(MotifName::new(name.clone(), name), rows, first)?])
}

/// Reads four rows, one for each base, and returns one row for each position.
pub(super) fn rows(lines: &mut Lines<'_>, motif: &str) -> Located<Vec<[f64; 4]>> {
    let mut by_base: [Option<Vec<f64>>; 4] = Default::default();
    let mut width = None;
    for found in 0..4 {
        let line = lines.peek().filter(|(_, line)| !line.starts_with(b">"));
        let Some((number, line)) = line else {
            let motif = motif.to_owned();
            return Err((lines.number(), MotifFileProblem::Rows { motif, found }));
        };
        lines.next();
        let row = text((number, line))?.trim();
        let (base, row) = match BASES
            .iter()
            .position(|&base| row.starts_with([base, base.to_ascii_lowercase()]))
        {
            Some(base) => (base, &row[1..]),
            None => (found, row),
        };
        let row = row.trim().trim_start_matches(['[', '|', ':']).trim_end_matches(']');
        let row = numbers(number, row)?;
        let expected = *width.get_or_insert(row.len());
        if row.len() != expected {
            let found = row.len();
            return Err((number, MotifFileProblem::RowLength { found, expected }));
        }
        if by_base[base].replace(row).is_some() {
            let problem = MotifFileProblem::RowTwice {
                motif: motif.to_owned(),
                base: BASES[base],
            };
            return Err((number, problem));
        }
    }
    let rows = by_base.map(Option::unwrap_or_default);
    let positions = (0..width.unwrap_or(0)).map(|j| std::array::from_fn(|base| rows[base][j]));
    Ok(positions.collect())
}
