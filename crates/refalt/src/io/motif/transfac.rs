//! TRANSFAC: two-letter line codes, a row of counts for each position.
//!
//! ```text
//! AC  M00005                accession          ID  V$AP4_01   identifier       NA  AP-4   name of the factor
//! P0      A      C      G      T               or PO; the letters say the order of the columns
//! 01      3      0      0      2      W        number, four counts, consensus (may be missing)
//! XX                                           separator; lines of other codes are not read
//! //                                           end of the motif
//! ```
//!
//! A leading block without accession, identifier and matrix (`VV`, the version of the table) is no motif.

use refalt_core::motif::MotifName;

use super::error::{MotifFileProblem, quoted};
use super::lines::{Lines, number as parse_number, text};
use super::{Located, MotifRecord, matrix};

/// Says whether a line begins with a code of two capital letters, or `P0`, as TRANSFAC's lines do.
pub(super) fn is_line_code(line: &[u8]) -> bool {
    match line {
        [first, second, rest @ ..] => {
            first.is_ascii_uppercase()
                && (second.is_ascii_uppercase() || (*first == b'P' && *second == b'0'))
                && rest.first().is_none_or(u8::is_ascii_whitespace)
        }
        _ => false,
    }
}

#[derive(Default)]
struct Draft {
    line: Option<usize>,
    accession: Option<String>,
    identifier: Option<String>,
    factor: Option<String>,
    rows: Option<Vec<[f64; 4]>>,
}

impl Draft {
    fn name(&self) -> Option<MotifName> {
        let accession = self.accession.as_ref().or(self.identifier.as_ref())?;
        let factor = self.factor.as_ref().or(self.identifier.as_ref()).unwrap_or(accession);
        Some(MotifName::new(accession, factor))
    }

    fn finish(self) -> Located<Option<MotifRecord>> {
        let line = self.line.unwrap_or(1);
        match (self.name(), self.rows) {
            (Some(name), Some(rows)) => matrix(name, rows, line).map(Some),
            (Some(name), None) => Err((line, MotifFileProblem::NoMatrix { motif: name.accession })),
            (None, Some(_)) => Err((line, MotifFileProblem::NoName)),
            (None, None) => Ok(None),
        }
    }
}

pub(super) fn read(lines: &mut Lines<'_>) -> Located<Vec<MotifRecord>> {
    let mut records = Vec::new();
    let mut draft = Draft::default();
    while let Some((number, line)) = lines.peek() {
        lines.next();
        if line.starts_with(b"//") {
            records.extend(std::mem::take(&mut draft).finish()?);
            continue;
        }
        if !is_line_code(line) {
            let problem = MotifFileProblem::Unexpected {
                line: quoted(line),
                expected: "a line code such as `AC`, `ID`, `P0`, `XX` or `//`",
            };
            return Err((number, problem));
        }
        draft.line.get_or_insert(number);
        match &line[..2] {
            b"AC" => draft.accession = Some(value((number, line))?),
            b"ID" => draft.identifier = Some(value((number, line))?),
            b"NA" => draft.factor = Some(value((number, line))?),
            b"P0" | b"PO" => {
                if draft.rows.is_some() {
                    let problem = MotifFileProblem::Unexpected {
                        line: quoted(line),
                        expected: "`//` after the first matrix of a motif",
                    };
                    return Err((number, problem));
                }
                draft.rows = Some(positions(lines, columns(text((number, line))?, number)?)?);
            }
            _ => {}
        }
    }
    if let Some(name) = draft.name() {
        let motif = name.accession;
        return Err((lines.number(), MotifFileProblem::Unterminated { motif }));
    }
    if records.is_empty() {
        return Err((lines.number(), MotifFileProblem::NoMotif));
    }
    Ok(records)
}

fn value(line: (usize, &[u8])) -> Located<String> {
    match text(line)?[2..].trim() {
        "" => Err((line.0, MotifFileProblem::NoName)),
        value => Ok(value.to_owned()),
    }
}

/// Reads `P0 A C G T`: for each column of the file, its column in A, C, G, T.
fn columns(header: &str, number: usize) -> Located<[usize; 4]> {
    let letters: Vec<&str> = header[2..].split_ascii_whitespace().collect();
    let columns: Vec<usize> = letters
        .iter()
        .filter_map(|l| ["A", "C", "G", "T"].iter().position(|b| b == l))
        .collect();
    let is_permutation = (0..4).all(|base| columns.contains(&base));
    match <[usize; 4]>::try_from(columns) {
        Ok(columns) if is_permutation && letters.len() == 4 => Ok(columns),
        _ => {
            let found = quoted(letters.join(" ").as_bytes());
            Err((number, MotifFileProblem::Alphabet { found }))
        }
    }
}

/// Reads rows as long as lines begin with a digit.
fn positions(lines: &mut Lines<'_>, columns: [usize; 4]) -> Located<Vec<[f64; 4]>> {
    let mut rows = Vec::new();
    let mut before: Option<u32> = None;
    while let Some((number, line)) = lines
        .peek()
        .filter(|(_, line)| line.first().is_some_and(u8::is_ascii_digit))
    {
        lines.next();
        let mut fields = text((number, line))?.split_ascii_whitespace();
        let index = fields.next().unwrap_or_default();
        let index: u32 = index.parse().map_err(|_| {
            let field = quoted(index.as_bytes());
            (number, MotifFileProblem::NotANumber { field })
        })?;
        if let Some(before) = before.filter(|b| b.checked_add(1) != Some(index)) {
            return Err((number, MotifFileProblem::Order { found: index, before }));
        }
        before = Some(index);
        let mut row = [0.0; 4];
        for (found, column) in columns.into_iter().enumerate() {
            let Some(field) = fields.next() else {
                return Err((number, MotifFileProblem::PositionLength { found }));
            };
            row[column] = parse_number(number, field)?;
        }
        // The consensus letter, and nothing after it.
        let rest: Vec<&str> = fields.collect();
        if rest.len() > 1 || rest.first().is_some_and(|r| r.parse::<f64>().is_ok()) {
            let found = 4 + rest.len();
            return Err((number, MotifFileProblem::PositionLength { found }));
        }
        rows.push(row);
    }
    Ok(rows)
}
