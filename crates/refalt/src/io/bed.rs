//! BED files: BED3 to BED9 and BED12, narrowPeak, broadPeak; plain, gzip or bgzip.
//!
//! One line for each feature, columns separated by tabs (or by spaces, in a line without a tab):
//! contig, start (0-based), end (exclusive), name, score, strand, thickStart, thickEnd, itemRgb, blockCount,
//! blockSizes, blockStarts (relative to start). Lines that begin with `#`, `track` or `browser` are skipped.
//! Specification: GA4GH BED v1.0; narrowPeak and broadPeak: UCSC, ENCODE.
//!
//! Every line must have as many columns as the first, and every column its type: a misread strand is worse than an
//! error. A file whose later columns mean something else (`BED4+`) is read with [`BedLayout::Standard`].
//!
//! The parser is written here and not taken from noodles-bed: that one fixes the number of columns at compile time,
//! knows neither blocks nor header lines, and its errors name neither line nor value.

mod parse;

use crate::diagnostic::Diagnostic;
use crate::io::gzip;
use crate::io::variants::{AssemblyClue, assembly_in};
use refalt_core::nearest::plain;
use refalt_core::{ContigName, Interval, IntervalSet, Position, Strand};
use std::io::{self, BufRead};
use std::path::Path;

/// What the columns of a file mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BedLayout {
    /// The first columns are those of BED, this many (3 to 9, or 12); the rest is not read.
    Standard(u8),
    /// narrowPeak: BED6, then signal, -log10 p, -log10 q, and the summit's distance from the start.
    NarrowPeak,
    /// broadPeak: BED6, then signal, -log10 p, -log10 q.
    BroadPeak,
}

/// What a peak caller says of a peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Signal, in the caller's unit (often fold enrichment).
    pub signal: f64,
    /// -log10 of the p-value, when given.
    pub p_value: Option<f64>,
    /// -log10 of the q-value, when given.
    pub q_value: Option<f64>,
    /// The base with the most signal (1-based), when given.
    pub summit: Option<Position>,
}

/// A line of a BED file.
#[derive(Clone, Debug, PartialEq)]
pub struct BedRecord {
    /// The contig, named as written.
    pub contig: ContigName,
    /// The feature; a feature without bases (start = end) is a place between two bases.
    pub interval: Interval,
    /// The name; `.` is none.
    pub name: Option<Box<str>>,
    /// The score; `.` is none. The specification asks for 0 to 1000, files in use for anything.
    pub score: Option<f64>,
    /// The strand; `.` is none.
    pub strand: Option<Strand>,
    /// The thick part, of a gene model the coding part; none when it has no base.
    pub thick: Option<Interval>,
    /// The blocks, of a gene model the exons, on the contig and in its order; none below 12 columns.
    pub blocks: Vec<Interval>,
    /// What a peak caller says; none in plain BED.
    pub peak: Option<Peak>,
    /// The line (1-based).
    pub line: u64,
}

impl BedRecord {
    /// Returns the coding parts of a gene model: its blocks where they are thick, in the order of the contig.
    ///
    /// A record without blocks is one block.
    pub fn thick_blocks(&self) -> Vec<Interval> {
        let Some(thick) = self.thick else { return Vec::new() };
        let whole = [self.interval];
        let blocks = if self.blocks.is_empty() {
            &whole
        } else {
            self.blocks.as_slice()
        };
        blocks.iter().filter_map(|block| block.intersect(thick)).collect()
    }
}

/// A BED file.
#[derive(Clone, Debug, PartialEq)]
pub struct BedFile {
    /// What the columns mean.
    pub layout: BedLayout,
    /// The records in file order.
    pub records: Vec<BedRecord>,
    /// Lines without a record that say something: comments, `track`, `browser`, at most 1,000 of them.
    pub header: Vec<HeaderLine>,
}

/// A line of a BED file that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine {
    /// The line (1-based).
    pub line: u64,
    /// Its text.
    pub text: Box<str>,
}

/// Keys of comments whose value names an assembly: `#assembly: GRCh38`, `# genome=hg38`.
const ASSEMBLY_KEYS: [&str; 8] = [
    "assembly",
    "genome",
    "genomeassembly",
    "genomebuild",
    "build",
    "reference",
    "referencegenome",
    "db",
];

impl BedFile {
    /// Returns what the header lines say about the assembly: `track ... db=hg38` of UCSC, and comments of the form
    /// `key: value` or `key=value` whose key is one for assemblies.
    ///
    /// Any other mention is no statement: a comment may name the assembly that a file was lifted from.
    pub fn assembly_clues(&self) -> Vec<AssemblyClue> {
        let clue = |line: &HeaderLine| assembly_clue(line.line, &line.text);
        self.header.iter().filter_map(clue).collect()
    }

    /// Returns the bases that the records cover.
    pub fn intervals(&self) -> IntervalSet {
        let spans = self
            .records
            .iter()
            .map(|record| (record.contig.clone(), record.interval));
        spans.collect()
    }
}

/// Returns what a header line states about the assembly, see [`BedFile::assembly_clues`].
pub(crate) fn assembly_clue(line: u64, text: &str) -> Option<AssemblyClue> {
    let text = text.trim();
    let value = match text.strip_prefix('#') {
        Some(comment) => {
            let (key, value) = comment.trim_start_matches('#').split_once(['=', ':'])?;
            ASSEMBLY_KEYS.contains(&plain(key).as_str()).then_some(value)?
        }
        None => {
            let words = text.strip_prefix("track")?.split_ascii_whitespace();
            words.filter_map(|word| word.strip_prefix("db=")).next()?
        }
    };
    Some(AssemblyClue {
        assembly: assembly_in(value)?,
        line,
        text: text.chars().take(80).collect::<String>().into(),
    })
}

/// What is wrong in a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BedProblem {
    /// Too few columns, or a number of columns that no BED has.
    #[error("{found} columns; BED has 3 to 9 or 12, narrowPeak 10")]
    Columns {
        /// Columns found.
        found: usize,
    },
    /// Not as many columns as in the first line.
    #[error("{found} columns, the lines before have {expected}")]
    OtherColumns {
        /// Columns found.
        found: usize,
        /// Columns of the first record.
        expected: usize,
    },
    /// Fewer columns than the layout asks for.
    #[error("{found} columns, the layout needs {expected}")]
    TooFewColumns {
        /// Columns found.
        found: usize,
        /// Columns needed.
        expected: usize,
    },
    /// A value of the wrong kind.
    #[error("column {column} is `{value}`; expected {expected}")]
    Value {
        /// The column's name in the specification.
        column: &'static str,
        /// What is there.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// End before start.
    #[error("chromEnd `{end}` is before chromStart `{start}`")]
    Inverted {
        /// Start (0-based).
        start: u32,
        /// End (exclusive).
        end: u32,
    },
    /// A part lies outside the feature.
    #[error("{part} {inner} lies outside the feature {outer} (1-based, inclusive)")]
    Outside {
        /// Which part.
        part: &'static str,
        /// Where it lies, as text.
        inner: String,
        /// The feature.
        outer: Interval,
    },
    /// The blocks are not what the other columns promise.
    #[error("{reason}")]
    Blocks {
        /// In words.
        reason: String,
    },
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    Encoding,
}

/// A BED file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BedError {
    /// The file could not be read.
    #[error("cannot read `{name}`: {source}")]
    Io {
        /// The file.
        name: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A line is not BED.
    #[error("{problem}")]
    Line {
        /// The file.
        name: String,
        /// The line (1-based).
        line: u64,
        /// The line's text, cut to 80 characters.
        text: String,
        /// What is wrong.
        problem: BedProblem,
    },
}

impl Diagnostic for BedError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Io { .. } => None,
            Self::Line { name, line, text, .. } => Some(format!("{name}, line {line}: {text}")),
        }
    }

    fn hint(&self) -> Option<String> {
        let Self::Line { problem, line, .. } = self else {
            return None;
        };
        match problem {
            BedProblem::Value {
                column: "chromStart", ..
            } if *line == 1 => Some("begin a line of column names with `#`".to_owned()),
            BedProblem::Columns { .. } | BedProblem::Value { .. } => Some(
                "when only the first columns are those of BED, say how many; the others are then not read".to_owned(),
            ),
            BedProblem::Inverted { .. } => Some("BED gives the smaller coordinate first on both strands".to_owned()),
            _ => None,
        }
    }
}

/// Reads a BED file: plain, gzip or bgzip.
///
/// Without a `layout`, a name that ends in `.narrowPeak` or `.broadPeak` (before `.gz` or `.bgz`) decides, then the
/// number of columns of the first record: 3 to 9 and 12 are BED, 10 is narrowPeak.
///
/// # Errors
/// [`BedError`] with the file, the line and the value.
pub fn read(path: impl AsRef<Path>, layout: Option<BedLayout>) -> Result<BedFile, BedError> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let mut text = gzip::open_text(path).map_err(|source| BedError::Io {
        name: name.clone(),
        source,
    })?;
    parse(&name, &mut text, layout.or_else(|| parse::layout_of_name(&name)))
}

/// Reads BED text; `name` is what errors call it.
///
/// # Errors
/// [`BedError`] with the line and the value.
pub fn parse(name: &str, text: &mut dyn BufRead, layout: Option<BedLayout>) -> Result<BedFile, BedError> {
    parse::parse(name, text, layout)
}
