//! The intervals that are scored, and how each becomes a window.

use crate::engine::Rejection;
use crate::io::bed::{self, BedFile};
use crate::io::variants::AssemblyClue;
use crate::predict::{Genome, PredictError, Region};
use crate::provenance::hexadecimal;
use crate::reference_assembly::ReferenceAssembly;
use refalt_core::backend::WindowLengths;
use refalt_core::interval_scorer::TooWide;
use refalt_core::{ContigId, Interval, Reference, Window};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::BufReader;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Intervals, as a user gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntervalsText {
    /// Written out, `chr1:1001-2000` (1-based, inclusive).
    Regions(Vec<Region>),
    /// A BED file.
    File(PathBuf),
    /// BED on standard input.
    Stdin,
}

/// An interval as it enters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IntervalRow {
    /// Number of the row (1-based).
    pub(super) row: u64,
    /// Line of the file (1-based).
    pub(super) line: Option<u64>,
    pub(super) name: Option<Box<str>>,
    /// `chr1:1001-2000`, its contig as written.
    pub(super) as_written: String,
    pub(super) region: Region,
}

/// The window of an interval.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) contig: ContigId,
    pub(super) window: Window,
}

/// An interval with its window, or why it has none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlacedRow {
    pub(super) row: IntervalRow,
    pub(super) placed: Result<Placed, Rejection>,
}

/// What was read.
pub(super) struct Intervals {
    pub(super) rows: Vec<IntervalRow>,
    file: String,
    clues: Vec<AssemblyClue>,
    stranded: usize,
}

/// How an interval becomes a window.
#[derive(Clone, Debug)]
pub struct WindowRule {
    /// The lengths that the model reads.
    pub lengths: WindowLengths,
    /// The length of the window around the middle of the interval; without it the interval is the window.
    pub length: Option<NonZeroU32>,
    /// The text of the widest scorer, and its width in bp.
    pub widest: Option<(String, u32)>,
}

impl IntervalsText {
    /// Reads the intervals.
    pub(super) fn read(&self) -> Result<Intervals, PredictError> {
        let (file, bed) = match self {
            Self::Regions(regions) => {
                let row = |(row, region): (u64, &Region)| IntervalRow::new(row, None, None, region.clone());
                return Ok(Intervals {
                    rows: (1..).zip(regions).map(row).collect(),
                    file: "the command line".to_owned(),
                    clues: Vec::new(),
                    stranded: 0,
                });
            }
            Self::File(path) => (path.display().to_string(), bed::read(path, None)?),
            Self::Stdin => {
                let mut text = BufReader::new(std::io::stdin().lock());
                (
                    "standard input".to_owned(),
                    bed::parse("standard input", &mut text, None)?,
                )
            }
        };
        Intervals::of_bed(file, bed)
    }
}

impl IntervalRow {
    fn new(row: u64, line: Option<u64>, name: Option<Box<str>>, region: Region) -> Self {
        Self {
            row,
            line,
            name,
            as_written: region.to_string(),
            region,
        }
    }

    /// Lays the window.
    pub(super) fn placed(self, genome: &Genome, rule: &WindowRule) -> PlacedRow {
        let placed = self.place(genome, rule);
        PlacedRow { row: self, placed }
    }

    fn place(&self, genome: &Genome, rule: &WindowRule) -> Result<Placed, Rejection> {
        let interval = self.region.interval;
        if interval.is_empty() {
            return Err(rejected(
                "no_base",
                "the interval has no base: start and end are the same".to_owned(),
            ));
        }
        let contig = genome.place(&self.region).map_err(|error| {
            let code = match error {
                PredictError::ContigUnknown { .. } => "contig_unknown",
                _ => "not_in_reference",
            };
            rejected(code, error.to_string())
        })?;
        let found = genome.reference.contig(contig);
        if let Some(length_bp) = found.length_bp.filter(|length_bp| *length_bp < interval.bed_end()) {
            let reason = format!("{} ends past {}, which has {length_bp} bp", self.as_written, found.name);
            return Err(rejected("past_contig", reason));
        }
        let window = match rule.length {
            Some(length) if interval.len() > length.get() => {
                let reason = format!(
                    "the interval has {} bp, more than the window of {length} bp",
                    interval.len()
                );
                return Err(rejected("longer_than_window", reason));
            }
            Some(length) => Window::around(&found.name, interval, length),
            None => {
                let length = NonZeroU32::new(interval.len()).filter(|length| rule.lengths.allow(*length));
                let length = length.ok_or_else(|| {
                    let reason = format!(
                        "the model does not read intervals of {} bp; it reads {}",
                        interval.len(),
                        rule.lengths
                    );
                    rejected("length", reason)
                })?;
                Window::around(&found.name, interval, length)
            }
        };
        if let Some((scorer, width_bp)) = &rule.widest
            && *width_bp > window.length().get()
        {
            let error = TooWide {
                scorer: scorer.clone(),
                length: window.length(),
            };
            return Err(rejected("shorter_than_scorer", error.to_string()));
        }
        Ok(Placed { contig, window })
    }
}

fn rejected(code: &'static str, reason: String) -> Rejection {
    Rejection { code, reason }
}

impl Intervals {
    fn of_bed(file: String, bed: BedFile) -> Result<Self, PredictError> {
        if bed.records.is_empty() {
            return Err(PredictError::NoInterval { file });
        }
        let clues = bed.assembly_clues();
        let stranded = bed.records.iter().filter(|record| record.strand.is_some()).count();
        let row = |(row, record): (u64, bed::BedRecord)| {
            let region = Region {
                contig: record.contig.to_string(),
                interval: record.interval,
            };
            IntervalRow::new(row, Some(record.line), record.name, region)
        };
        Ok(Self {
            rows: (1..).zip(bed.records).map(row).collect(),
            file,
            clues,
            stranded,
        })
    }

    /// Refuses a file that states another assembly than the reference has.
    pub(super) fn check_assembly(&self, known: ReferenceAssembly) -> Result<(), PredictError> {
        let other = |clue: &&AssemblyClue| known.known().is_some_and(|known| known != clue.assembly);
        match self.clues.iter().find(other) {
            None => Ok(()),
            Some(clue) => Err(PredictError::IntervalAssembly {
                file: self.file.clone(),
                said: clue.assembly,
                line: clue.line,
                text: clue.text.to_string(),
                known,
            }),
        }
    }

    /// Returns what a user should know of the intervals.
    pub(super) fn notes(&self) -> Vec<String> {
        let note = || {
            format!(
                "{} of {} intervals have a strand, which is not read: windows have none, and genes of both strands are scored",
                self.stranded,
                self.rows.len()
            )
        };
        (self.stranded > 0).then(note).into_iter().collect()
    }

    /// Returns what tells these intervals from others: SHA-256 of their lines and names.
    pub(super) fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        let mut line = String::new();
        for row in &self.rows {
            line.clear();
            let Region { contig, interval } = &row.region;
            let (start, end) = (interval.bed_start(), interval.bed_end());
            let name = row.name.as_deref().unwrap_or_default();
            let number = row.line.unwrap_or_default();
            let _ = writeln!(line, "{number}\t{contig}\t{start}\t{end}\t{name}");
            hasher.update(&line);
        }
        hexadecimal(&hasher.finalize())
    }
}

/// Returns the bases of an interval (0-based, half-open) as numbers for tables.
pub(super) fn bounds(interval: Interval) -> [i64; 2] {
    [interval.bed_start(), interval.bed_end()].map(i64::from)
}
