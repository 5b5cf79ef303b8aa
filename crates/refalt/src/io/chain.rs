//! UCSC chain files: which stretches of one assembly are which stretches of another.
//!
//! `chain score tName tSize tStrand tStart tEnd qName qSize qStrand qStart qEnd id` opens a chain from the first
//! sequence (t, lifted from) to the second (q, lifted to). Lines `size dt dq` follow: a block of `size` bases that are
//! the same on both sides, then `dt` bases that only the first has and `dq` that only the second has; the last line
//! is `size` alone. Coordinates are 0-based and half-open; those of a `-` strand count from the sequence's other end.
//! Specification: UCSC, "Chain Format".
//!
//! The parser is written here: the chainfile crate (0.4.0) panics when two chains give a contig two sizes, refuses
//! the comment lines and the spaces that files in use have, and its errors name no line.

mod parse;

use crate::diagnostic::Diagnostic;
use crate::io::gzip;
use refalt_core::{ContigName, Interval, Strand};
use std::io::{self, BufRead};
use std::path::Path;

/// A sequence of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainSide {
    /// The contig, named as the file names it.
    pub contig: ContigName,
    /// Its length in bp.
    pub length_bp: u32,
}

/// Bases that are the same on both sides; the two intervals have one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainBlock {
    /// On the forward strand of the sequence lifted from.
    pub from: Interval,
    /// On the forward strand of the sequence lifted to.
    pub to: Interval,
}

/// A chain: blocks in one order on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The score; the chain with the higher one is the better alignment.
    pub score: f64,
    /// The number at the end of the header, when given.
    pub id: Option<u64>,
    /// The sequence lifted from.
    pub from: ChainSide,
    /// The sequence lifted to.
    pub to: ChainSide,
    /// The strand of the target that reads like the forward strand of the source.
    pub strand: Strand,
    /// The blocks, in ascending order on the sequence lifted from; in descending order on the other when the strand
    /// is the reverse one.
    pub blocks: Vec<ChainBlock>,
}

impl Chain {
    /// Returns the chain that lifts the other way.
    pub fn inverted(&self) -> Self {
        let mut blocks: Vec<_> = self
            .blocks
            .iter()
            .map(|block| ChainBlock {
                from: block.to,
                to: block.from,
            })
            .collect();
        blocks.sort_by_key(|block| block.from);
        Self {
            from: self.to.clone(),
            to: self.from.clone(),
            blocks,
            ..self.clone()
        }
    }

    /// Returns the stretch of the source from the first block to the last.
    pub fn span(&self) -> Option<Interval> {
        let (first, last) = (self.blocks.first()?, self.blocks.last()?);
        Interval::from_bed(first.from.bed_start(), last.from.bed_end())
    }
}

/// What is wrong in a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainProblem {
    /// A header with another number of fields.
    #[error("a chain header has 12 or 13 fields, found {found}")]
    HeaderFields {
        /// Fields found.
        found: usize,
    },
    /// A value of the wrong kind.
    #[error("{field} is `{value}`; expected {expected}")]
    Value {
        /// The field's name in the specification.
        field: &'static str,
        /// What is there.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// Coordinates that do not lie in their sequence.
    #[error("`{contig}` from {start} to {end} does not lie in its length {length_bp}")]
    Outside {
        /// The contig.
        contig: String,
        /// Start (0-based).
        start: u32,
        /// End (exclusive).
        end: u32,
        /// Length in bp.
        length_bp: u32,
    },
    /// Two chains give a contig two lengths.
    #[error("`{contig}` has {length_bp} bp here and {other_bp} bp in an earlier chain")]
    Lengths {
        /// The contig.
        contig: String,
        /// Length here.
        length_bp: u32,
        /// Length before.
        other_bp: u32,
    },
    /// A line that is neither a header nor a block of a chain.
    #[error("expected a chain header, found `{found}`")]
    NoHeader {
        /// The line, cut.
        found: String,
    },
    /// A block line with another number of fields.
    #[error("a block has 3 fields, the last of a chain 1; found {found}")]
    BlockFields {
        /// Fields found.
        found: usize,
    },
    /// The blocks do not fill the coordinates of the header.
    #[error("the blocks of `{contig}` end at {found}, the header says {expected}")]
    Sum {
        /// The contig.
        contig: String,
        /// End of the last block, on the strand of the header.
        found: u64,
        /// End in the header.
        expected: u32,
    },
    /// The file ends, or a header follows, before the last block.
    #[error("the chain of line {header} ends without its last block")]
    Unfinished {
        /// The line of the header (1-based).
        header: u64,
    },
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    Encoding,
}

/// A chain file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The file could not be read.
    #[error("cannot read `{name}`: {source}")]
    Io {
        /// The file.
        name: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A line is not what the format asks for.
    #[error("{problem}")]
    Line {
        /// The file.
        name: String,
        /// The line (1-based).
        line: u64,
        /// What is wrong.
        problem: ChainProblem,
    },
    /// There is no chain.
    #[error("`{name}` has no chain")]
    Empty {
        /// The file.
        name: String,
    },
}

impl Diagnostic for ChainError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Line { name, line, .. } => Some(format!("{name}, line {line}")),
            Self::Io { .. } | Self::Empty { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Line {
                problem: ChainProblem::Unfinished { .. } | ChainProblem::Sum { .. },
                ..
            } => Some("the file is cut off or was edited; get it again".to_owned()),
            Self::Line {
                problem: ChainProblem::NoHeader { .. },
                line: 1,
                ..
            }
            | Self::Empty { .. } => Some("a UCSC chain file begins with `chain` or with comment lines".to_owned()),
            _ => None,
        }
    }
}

/// Reads a chain file: plain, gzip or bgzip.
///
/// # Errors
/// [`ChainError`] with the file, the line and the value.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<Chain>, ChainError> {
    let name = path.as_ref().display().to_string();
    let mut text = gzip::open_text(path.as_ref()).map_err(|source| ChainError::Io {
        name: name.clone(),
        source,
    })?;
    parse(&name, &mut text)
}

/// Reads the text of a chain file; `name` is what errors call it.
///
/// # Errors
/// [`ChainError`] with the line and the value.
pub fn parse(name: &str, text: &mut dyn BufRead) -> Result<Vec<Chain>, ChainError> {
    parse::parse(name, text)
}
