//! What is wrong with a motif file, and where.

use std::path::PathBuf;

use refalt_core::motif::MotifError;
use thiserror::Error;

use crate::Diagnostic;

/// A motif file could not be opened or is not right.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MotifReadError {
    /// The file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The content is not right.
    #[error(transparent)]
    File(#[from] MotifFileError),
}

impl Diagnostic for MotifReadError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Io { .. } => None,
            Self::File(error) => error.place(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Io { .. } => None,
            Self::File(error) => error.hint(),
        }
    }
}

/// A mistake in a motif file.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{problem}")]
pub struct MotifFileError {
    /// The file, as given by the caller.
    pub file: String,
    /// The line (1-based).
    pub line: usize,
    /// What is wrong there.
    pub problem: MotifFileProblem,
}

impl Diagnostic for MotifFileError {
    fn place(&self) -> Option<String> {
        Some(format!("{}, line {}", self.file, self.line))
    }

    fn hint(&self) -> Option<String> {
        self.problem.hint()
    }
}

/// What is wrong on a line of a motif file.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum MotifFileProblem {
    /// None of the formats known.
    #[error("`{line}` begins no motif file of a known format")]
    UnknownFormat {
        /// The beginning of the first line.
        line: String,
    },

    /// A gzip file.
    #[error("the file is compressed with gzip")]
    Compressed,

    /// An XML file.
    #[error("the file is XML")]
    Xml,

    /// A file without any motif.
    #[error("the file has no motif")]
    NoMotif,

    /// Bytes that are no UTF-8 where text is needed.
    #[error("the line is not UTF-8 text: `{line}`")]
    NotText {
        /// The line, with what cannot be read replaced.
        line: String,
    },

    /// A field that is no number where one is needed.
    #[error("`{field}` is not a number")]
    NotANumber {
        /// The field.
        field: String,
    },

    /// A row of counts before any motif began, or a line that has no place where it stands.
    #[error("`{line}` does not belong here; {expected} is expected")]
    Unexpected {
        /// The beginning of the line.
        line: String,
        /// What could stand there.
        expected: &'static str,
    },

    /// A header line without a name.
    #[error("the motif has no name")]
    NoName,

    /// A row that two lines give.
    #[error("motif `{motif}` has two rows for base `{base}`")]
    RowTwice {
        /// The motif.
        motif: String,
        /// A, C, G or T.
        base: char,
    },

    /// A motif that ends before its four rows.
    #[error("motif `{motif}` has {found} rows, not 4 (A, C, G, T)")]
    Rows {
        /// The motif.
        motif: String,
        /// Rows found.
        found: usize,
    },

    /// A row that is longer or shorter than the first.
    #[error("the row has {found} numbers, the row before it {expected}")]
    RowLength {
        /// Numbers found.
        found: usize,
        /// Numbers in the rows before.
        expected: usize,
    },

    /// A position with more or fewer than four numbers.
    #[error("the position has {found} numbers, not 4 (A, C, G, T)")]
    PositionLength {
        /// Numbers found.
        found: usize,
    },

    /// A matrix with another number of positions than its header says.
    #[error("motif `{motif}` has {found} positions, its header says {expected}")]
    Width {
        /// The motif.
        motif: String,
        /// Positions found.
        found: usize,
        /// Positions stated.
        expected: usize,
    },

    /// Positions that are not numbered one after the other.
    #[error("position `{found}` follows position `{before}`")]
    Order {
        /// Number of the position.
        found: u32,
        /// Number of the position before.
        before: u32,
    },

    /// An alphabet other than A, C, G, T.
    #[error("the alphabet is `{found}`, not A, C, G, T")]
    Alphabet {
        /// The alphabet found.
        found: String,
    },

    /// A background that is not four letters with four numbers.
    #[error("`{text}` is not a background of the form `A 0.25 C 0.25 G 0.25 T 0.25`")]
    Background {
        /// The text found.
        text: String,
    },

    /// A value of a matrix header that is no number.
    #[error("`{key}= {value}` does not state a number")]
    HeaderValue {
        /// The key.
        key: &'static str,
        /// The value found.
        value: String,
    },

    /// A motif without a matrix.
    #[error("motif `{motif}` has no matrix")]
    NoMatrix {
        /// The motif.
        motif: String,
    },

    /// A record that does not end.
    #[error("motif `{motif}` does not end with `//`")]
    Unterminated {
        /// The motif.
        motif: String,
    },

    /// A matrix that has no meaning.
    #[error(transparent)]
    Matrix(MotifError),
}

impl MotifFileProblem {
    /// Returns what the user can do about the problem, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::UnknownFormat { .. } | Self::NoMotif => {
                "known formats: JASPAR, raw PFM (four rows of counts), MEME, TRANSFAC, UniPROBE"
            }
            Self::Compressed => "decompress it first, for example with `gunzip`",
            Self::Xml => "give the text output of the MEME suite (`meme.txt`, `streme.txt`)",
            Self::Rows { .. } | Self::RowLength { .. } => {
                "JASPAR and PFM have one row for each base; a matrix with one row for each position has to be transposed"
            }
            Self::Width { .. } | Self::Unterminated { .. } => "the file may be cut off; fetch it again",
            Self::Alphabet { .. } => "motifs of proteins, RNA or modified bases cannot be scanned over a genome",
            Self::Matrix(MotifError::Cell { value, .. }) if *value < 0.0 => {
                "the matrix seems to hold scores; give the counts or frequencies it was made of"
            }
            Self::Matrix(error) => return error.hint(),
            _ => return None,
        };
        Some(text.to_owned())
    }
}

/// The beginning of a line, fit for a message.
pub(super) fn quoted(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = clean.take(60).collect();
    if short.len() < text.len() && text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}
