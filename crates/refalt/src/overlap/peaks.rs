//! Peaks in memory: what BED files hold, contigs under one name, ready to be asked.

use super::assembly::Side;
use super::enrichment::LONGEST_PEAK_BP;
use crate::io::bed::{self, BedError, BedFile, BedLayout};
use crate::provenance::FileIdentity;
use refalt_core::{Assembly, Chromosome, ContigName, Interval, IntervalSet, Position};
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;

/// A peak, with what an annotation says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Peak {
    /// Its bases, with the slop.
    pub interval: Interval,
    /// Its name; `.` is none.
    pub name: Option<Box<str>>,
    /// The signal of narrowPeak and broadPeak, else the score of BED.
    pub signal: Option<f64>,
    /// The base with the most signal (1-based).
    pub summit: Option<Position>,
    /// The file, by its number in the order given (0-based).
    pub file: usize,
}

/// A file of peaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeakFile {
    /// Name, size and digest.
    #[serde(flatten)]
    pub identity: FileIdentity,
    /// Peaks.
    pub peaks: u64,
    /// Records without a base (start = end): they cover nothing unless slop is added.
    pub without_bases: u64,
}

/// The peaks of a contig.
#[derive(Clone, Debug)]
pub(super) struct ContigPeaks {
    /// The name as the first peak writes it.
    pub(super) name: ContigName,
    /// Peaks as they are, in file order.
    pub(super) intervals: Vec<Interval>,
    /// The end of the last one as its file has it, without slop (BED).
    pub(super) furthest_bed_end: u32,
    /// What they cover, sorted and apart.
    pub(super) covered: Vec<Interval>,
    /// Sorted by start, with the furthest end up to each; empty unless asked for.
    pub(super) peaks: Vec<Peak>,
    pub(super) furthest_end: Vec<u32>,
}

/// Peaks of one or more files.
#[derive(Clone, Debug)]
pub struct Peaks {
    pub(super) contigs: Vec<ContigPeaks>,
    /// Contigs by the number of their chromosome, or by name outside the alias table.
    by_key: HashMap<Box<str>, usize>,
    files: Vec<PeakFile>,
    pub(super) side: Side,
}

/// How peaks are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeakOptions {
    /// Bases added at either side, in bp; never over an end of the contig that is known.
    pub slop_bp: u32,
    /// The assembly that the user states of the peaks.
    pub assembly: Option<Assembly>,
    /// What the columns mean; told by name and number of columns when not given.
    pub layout: Option<BedLayout>,
    /// Whether names, signals and summits are kept.
    pub keep_records: bool,
}

/// The name under which a contig is kept: the number of its chromosome in the alias table, else the name itself.
pub(super) fn key_of(contig: &str) -> &str {
    Chromosome::of(contig).map_or(contig, |chromosome| chromosome.number)
}

impl Peaks {
    /// Reads files of peaks: BED, narrowPeak, broadPeak; plain, gzip or bgzip.
    ///
    /// # Errors
    /// [`BedError`] with the file, the line and the value.
    pub fn read(paths: &[impl AsRef<Path>], options: &PeakOptions) -> Result<Self, BedError> {
        let mut peaks = Self {
            contigs: Vec::new(),
            by_key: HashMap::new(),
            files: Vec::new(),
            side: Side::default(),
        };
        if let Some(assembly) = options.assembly {
            peaks.side.state(assembly, "the statement about the peaks");
        }
        for path in paths {
            let path = path.as_ref();
            let file = bed::read(path, options.layout)?;
            let identity = FileIdentity::of(path).map_err(|source| BedError::Io {
                name: path.display().to_string(),
                source,
            })?;
            peaks.add(&path.display().to_string(), identity, file, options);
        }
        peaks.finish();
        Ok(peaks)
    }

    fn add(&mut self, name: &str, identity: FileIdentity, file: BedFile, options: &PeakOptions) {
        let number = self.files.len();
        for clue in file.assembly_clues() {
            self.side
                .state(clue.assembly, format!("{name}, line {}: `{}`", clue.line, clue.text));
        }
        let mut counts = PeakFile {
            identity,
            peaks: 0,
            without_bases: 0,
        };
        let mut last: Option<(ContigName, usize)> = None;
        for record in file.records {
            let contig = match &last {
                Some((contig, at)) if *contig == record.contig => *at,
                _ => self.contig_or_new(&record.contig, name, record.line),
            };
            if last.as_ref().is_none_or(|(_, at)| *at != contig) {
                last = Some((record.contig.clone(), contig));
            }
            counts.peaks += 1;
            counts.without_bases += u64::from(record.interval.is_empty());
            let line = record.line;
            self.side.place(record.contig.as_str(), record.interval, || {
                format!("{name}, line {line}")
            });
            let interval = widened(record.interval, options.slop_bp);
            let contig = &mut self.contigs[contig];
            contig.intervals.push(interval);
            contig.furthest_bed_end = contig.furthest_bed_end.max(record.interval.bed_end());
            if options.keep_records {
                contig.peaks.push(Peak {
                    interval,
                    name: record.name,
                    signal: record.peak.map(|peak| peak.signal).or(record.score),
                    summit: record.peak.and_then(|peak| peak.summit),
                    file: number,
                });
            }
        }
        self.files.push(counts);
    }

    fn contig_or_new(&mut self, name: &ContigName, file: &str, line: u64) -> usize {
        let chromosome = Chromosome::of(name.as_str());
        if let Some(assembly) = chromosome.as_ref().and_then(|chromosome| chromosome.assembly) {
            let is_known = self.side.statements().iter().any(|known| known.assembly == assembly);
            if !is_known {
                self.side
                    .state(assembly, format!("the accession `{name}` ({file}, line {line})"));
            }
        }
        let key = key_of(name.as_str());
        if let Some(&at) = self.by_key.get(key) {
            return at;
        }
        self.by_key.insert(key.into(), self.contigs.len());
        self.contigs.push(ContigPeaks {
            name: name.clone(),
            intervals: Vec::new(),
            furthest_bed_end: 0,
            covered: Vec::new(),
            peaks: Vec::new(),
            furthest_end: Vec::new(),
        });
        self.contigs.len() - 1
    }

    fn finish(&mut self) {
        for contig in &mut self.contigs {
            contig.covered = merged(&contig.name, &contig.intervals, u32::MAX);
            contig.peaks.sort_by_key(|peak| peak.interval);
            let mut furthest = 0;
            contig.furthest_end = (contig.peaks.iter())
                .map(|peak| {
                    furthest = furthest.max(peak.interval.bed_end());
                    furthest
                })
                .collect();
        }
    }

    /// Returns the files in the order given.
    pub fn files(&self) -> &[PeakFile] {
        &self.files
    }

    /// Returns the contigs that have peaks, named as the first peak of each writes it, with the number of peaks.
    pub fn contigs(&self) -> impl Iterator<Item = (&ContigName, u64)> {
        self.contigs
            .iter()
            .map(|contig| (&contig.name, contig.intervals.len() as u64))
    }

    /// Returns what is known of the assembly of the peaks.
    pub const fn side(&self) -> &Side {
        &self.side
    }

    /// Returns the index of a contig by any of its names.
    pub(super) fn index_of(&self, contig: &str) -> Option<usize> {
        self.by_key.get(key_of(contig)).copied()
    }

    /// Returns what peaks no longer than artefacts of gaps cover, by contig, sorted and apart.
    pub(super) fn without_artefacts(&self) -> Vec<Vec<Interval>> {
        let of = |contig: &ContigPeaks| merged(&contig.name, &contig.intervals, LONGEST_PEAK_BP);
        self.contigs.iter().map(of).collect()
    }
}

/// Adds bases at either side; the start of the contig is the end of it.
fn widened(interval: Interval, slop_bp: u32) -> Interval {
    let start = interval.bed_start().saturating_sub(slop_bp);
    Interval::from_bed(start, interval.bed_end().saturating_add(slop_bp)).unwrap_or(interval)
}

/// Joins what overlaps or touches, without what is longer than `longest_bp`.
fn merged(contig: &ContigName, intervals: &[Interval], longest_bp: u32) -> Vec<Interval> {
    let short = intervals.iter().filter(|interval| interval.len() <= longest_bp);
    let set: IntervalSet = short.map(|interval| (contig.clone(), *interval)).collect();
    set.on(contig.as_str()).to_vec()
}
