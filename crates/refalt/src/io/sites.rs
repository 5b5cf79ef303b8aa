//! Tables of sites on transcripts: sites of polyadenylation ([`polya`]) and introns ([`introns`]).
//!
//! Columns are found by their names in the header; files without one are known by what their columns hold. Text, plain,
//! gzip or bgzip; columns are separated by tabs. Both kinds of sites also follow from gene annotation alone
//! ([`PolyaSites::of_transcript_ends`](refalt_core::annotation::PolyaSites::of_transcript_ends),
//! [`Annotation::splice_sites`](refalt_core::annotation::Annotation::splice_sites)); `docs/annotation.md` says how far
//! the two agree.

pub mod introns;
pub mod polya;

use crate::diagnostic::Diagnostic;
use crate::io::gzip::{open_text, read_line};
use refalt_core::{Interval, Position, Strand};
use std::io::{self, BufRead};
use std::path::Path;

/// What is wrong in a line of a table of sites.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SiteProblem {
    /// Too few columns.
    #[error("{found} columns, the columns in use need {needed}")]
    Columns {
        /// Columns found.
        found: usize,
        /// Columns needed.
        needed: usize,
    },
    /// A value of the wrong kind.
    #[error("column {column} is `{value}`; expected {expected}")]
    Value {
        /// The column's name, or its number (1-based) in a file without header.
        column: String,
        /// What is there.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// End before start, or no base between them.
    #[error("`{end}` is not after `{start}`")]
    Inverted {
        /// Start as written.
        start: String,
        /// End as written.
        end: String,
    },
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    Encoding,
}

/// A table of sites could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SitesError {
    /// The file could not be read.
    #[error("cannot read `{name}`: {source}")]
    Io {
        /// The file.
        name: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The first line is neither a header nor a row that is known.
    #[error("`{name}` is no known table of {what}: its first line has the columns {found}")]
    Layout {
        /// The file.
        name: String,
        /// What was expected.
        what: &'static str,
        /// The columns of the first line.
        found: String,
        /// The layouts that are known.
        known: &'static str,
    },
    /// A line cannot be used.
    #[error("{problem}")]
    Line {
        /// The file.
        name: String,
        /// The line (1-based).
        line: u64,
        /// The line's text, cut to 80 characters.
        text: String,
        /// What is wrong.
        problem: SiteProblem,
    },
}

impl Diagnostic for SitesError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Line { name, line, text, .. } => Some(format!("{name}, line {line}: {text}")),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Layout { known, .. } => Some(format!("known: {known}")),
            _ => None,
        }
    }
}

/// Calls `take` with the cells of every line that is neither empty nor a comment, and its number (1-based).
fn each_line(
    name: &str,
    text: &mut dyn BufRead,
    mut take: impl FnMut(&[&str], u64) -> Result<(), SitesError>,
) -> Result<(), SitesError> {
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        let more = read_line(text, &mut bytes).map_err(|source| SitesError::Io {
            name: name.to_owned(),
            source,
        })?;
        if !more {
            return Ok(());
        }
        let line = if number == 1 {
            bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)
        } else {
            &bytes
        };
        if line.trim_ascii().is_empty() || (line[0] == b'#' && number > 1) {
            continue;
        }
        let line = std::str::from_utf8(line).map_err(|_| at(name, number, "", SiteProblem::Encoding))?;
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        take(&cells, number)?;
    }
}

/// How the layouts of a kind of table are told and read.
struct Layouts<L> {
    /// What the table is of, in words.
    what: &'static str,
    /// The layouts, in words.
    known: &'static str,
    /// Returns the layout that a first line tells, and whether that line is a header.
    of: fn(&[&str]) -> Option<(L, bool)>,
}

impl<L: Copy> Layouts<L> {
    /// Tells the layout by the first line and gives `take` each line with values; the layout.
    fn read(
        &self,
        name: &str,
        text: &mut dyn BufRead,
        mut take: impl FnMut(L, &[&str]) -> Result<(), SiteProblem>,
    ) -> Result<L, SitesError> {
        let unknown = |cells: &[&str]| SitesError::Layout {
            name: name.to_owned(),
            what: self.what,
            found: cells.join(", ").chars().take(120).collect(),
            known: self.known,
        };
        let mut layout = None;
        each_line(name, text, |cells, line| {
            let known = match layout {
                Some(known) => known,
                None => {
                    let (known, is_header) = (self.of)(cells).ok_or_else(|| unknown(cells))?;
                    layout = Some(known);
                    if is_header {
                        return Ok(());
                    }
                    known
                }
            };
            take(known, cells).map_err(|problem| at(name, line, &cells.join("\t"), problem))
        })?;
        layout.ok_or_else(|| unknown(&[]))
    }
}

fn at(name: &str, line: u64, text: &str, problem: SiteProblem) -> SitesError {
    SitesError::Line {
        name: name.to_owned(),
        line,
        text: text.chars().take(80).collect(),
        problem,
    }
}

fn open(path: &Path) -> Result<(String, Box<dyn BufRead + Send>), SitesError> {
    let name = path.display().to_string();
    match open_text(path) {
        Ok(text) => Ok((name, text)),
        Err(source) => Err(SitesError::Io { name, source }),
    }
}

/// Finds the first column of the header that has one of these names, whatever its case.
fn column(header: &[&str], names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| {
        header
            .iter()
            .position(|cell| cell.trim_start_matches('#').trim().eq_ignore_ascii_case(name))
    })
}

fn cell<'a>(cells: &[&'a str], index: usize) -> Result<&'a str, SiteProblem> {
    cells.get(index).copied().ok_or(SiteProblem::Columns {
        found: cells.len(),
        needed: index + 1,
    })
}

fn wrong(column: impl ToString, value: &str, expected: &'static str) -> SiteProblem {
    SiteProblem::Value {
        column: column.to_string(),
        value: value.chars().take(40).collect(),
        expected,
    }
}

/// Reads a number written in digits alone.
fn number(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn strand(column: impl ToString, text: &str) -> Result<Strand, SiteProblem> {
    match text {
        "+" => Ok(Strand::Forward),
        "-" => Ok(Strand::Reverse),
        other => Err(wrong(column, other, "`+` or `-`")),
    }
}

/// Returns the span of a start and an end as the table counts them.
fn span(start: (&str, &str), end: (&str, &str), base: Base) -> Result<Interval, SiteProblem> {
    let read = |(column, value): (&str, &str), lowest: u32| {
        let expected = if lowest == 0 {
            "a base number (0-based)"
        } else {
            "a base number (1-based)"
        };
        number(value)
            .filter(|&number| number >= lowest)
            .ok_or_else(|| wrong(column, value, expected))
    };
    let interval = match base {
        Base::Zero => Interval::from_bed(read(start, 0)?, read(end, 0)?),
        Base::One => {
            let first = Position::new(read(start, 1)?);
            let last = Position::new(read(end, 1)?);
            first
                .zip(last)
                .and_then(|(first, last)| Interval::from_bases(first, last))
        }
    };
    interval
        .filter(|interval| !interval.is_empty())
        .ok_or_else(|| SiteProblem::Inverted {
            start: start.1.to_owned(),
            end: end.1.to_owned(),
        })
}

/// How a table counts bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    /// From 0, the end exclusive (BED, pyranges).
    Zero,
    /// From 1, the end inclusive (GTF, STAR).
    One,
}
