//! The work on a block of lines: which rows are kept, and what is counted on the way.

use super::annotate::{Annotator, told};
use super::extent::Extent;
use super::filter::{Filter, FilterContig};
use super::sample::{self, Place};
use super::summary::{MOST_LISTED, RefusedRow};
use crate::io::variants::ReadCause;
use crate::io::variants::RowProblem;
use crate::io::variants::places::{Lines, Placed, RecordParser, Seen, Site};
use refalt_core::{Assembly, Interval, Position};
use std::collections::{BTreeMap, HashMap};

/// What is asked of every block.
pub(super) struct Picking<'a> {
    pub(super) filter: &'a Filter,
    pub(super) inverted: bool,
    pub(super) annotator: Option<Annotator>,
    /// Whether REF travels with the sampled places.
    pub(super) with_reference: bool,
}

/// Rows of a contig.
#[derive(Debug)]
pub(super) struct ContigCount {
    pub(super) name: Box<str>,
    pub(super) contig: Option<FilterContig>,
    pub(super) rows: u64,
    pub(super) in_peaks: u64,
    /// The furthest end of a row (BED), and its line.
    pub(super) furthest: (u32, u64),
    cursor: usize,
}

/// What came of a block.
#[derive(Debug, Default)]
pub(super) struct Picked {
    /// The rows kept, as written.
    pub(super) out: Vec<u8>,
    pub(super) rows: u64,
    pub(super) kept: u64,
    pub(super) refused: BTreeMap<&'static str, u64>,
    pub(super) refused_rows: Vec<RefusedRow>,
    pub(super) not_spelled_out: u64,
    pub(super) other_lines: u64,
    pub(super) contigs: Vec<ContigCount>,
    by_name: HashMap<Box<str>, usize>,
    last: usize,
    pub(super) places: Vec<(u64, Place)>,
    /// The first assembly that a row states, and the first that is another one, with their lines.
    pub(super) said: Option<(Assembly, u64)>,
    pub(super) said_other: Option<(Assembly, u64)>,
}

impl Picked {
    /// Returns the count of a contig.
    fn contig(&mut self, name: &str, filter: &Filter) -> usize {
        if self.contigs.get(self.last).is_some_and(|last| &*last.name == name) {
            return self.last;
        }
        self.last = match self.by_name.get(name) {
            Some(&at) => at,
            None => {
                let at = self.contigs.len();
                self.by_name.insert(name.into(), at);
                self.contigs.push(ContigCount {
                    name: name.into(),
                    contig: filter.contig(name),
                    rows: 0,
                    in_peaks: 0,
                    furthest: (0, 0),
                    cursor: 0,
                });
                at
            }
        };
        self.last
    }

    pub(super) fn refuse(&mut self, line: u64, problem: &RowProblem) {
        *self.refused.entry(problem.code()).or_insert(0) += 1;
        if self.refused_rows.len() < MOST_LISTED {
            self.refused_rows.push(RefusedRow {
                line,
                code: problem.code(),
                reason: problem.to_string(),
            });
        }
    }

    /// Counts a row and says whether it is kept; `None` when it is refused.
    ///
    /// * `threshold`: the key from which on places are not sampled.
    pub(super) fn judge(
        &mut self,
        line: u64,
        placed: &Placed<'_>,
        picking: &Picking<'_>,
        threshold: u64,
    ) -> Option<Judged> {
        let bases = match spans(placed.site, picking.filter.extent()) {
            Some(bases) => bases,
            None => {
                let found = placed.contig.into();
                self.refuse(line, &RowProblem::PositionTooLarge { found });
                return None;
            }
        };
        if let Some(said) = placed.said_assembly {
            match self.said {
                None => self.said = Some((said, line)),
                Some((first, _)) if first != said && self.said_other.is_none() => self.said_other = Some((said, line)),
                Some(_) => {}
            }
        }
        let (reference, first) = match placed.site {
            Site::Variant {
                position,
                reference,
                is_spelled_out,
                ..
            } => {
                self.not_spelled_out += u64::from(!is_spelled_out);
                (reference, Some(position))
            }
            Site::Bases(interval) => (b"".as_slice(), Position::from_zero_based(interval.bed_start())),
        };
        let at = self.contig(placed.contig, picking.filter);
        let count = &mut self.contigs[at];
        count.rows += 1;
        let end = record_end(placed.site);
        if end > count.furthest.0 {
            count.furthest = (end, line);
        }
        let mut is_in = false;
        if let Some(contig) = count.contig {
            is_in = match bases {
                Spans::One(bases) => picking.filter.overlaps_near(contig, bases, &mut count.cursor),
                Spans::Several(ref several) => several.iter().any(|bases| picking.filter.overlaps(contig, *bases)),
            };
            if let Some(position) = first {
                let key = sample::key(contig.0, position);
                if key < threshold {
                    let reference = (picking.with_reference && !reference.is_empty()).then(|| reference.into());
                    let place = Place {
                        contig: contig.0,
                        position,
                        reference,
                    };
                    self.places.push((key, place));
                }
            }
        }
        count.in_peaks += u64::from(is_in);
        Some(Judged {
            contig: count.contig,
            is_kept: is_in != picking.inverted,
            first,
            bases,
        })
    }
}

/// What was found out about a row.
pub(super) struct Judged {
    pub(super) contig: Option<FilterContig>,
    pub(super) is_kept: bool,
    pub(super) first: Option<Position>,
    bases: Spans,
}

impl Judged {
    /// Returns the peaks that the row lies in.
    pub(super) fn peaks<'f>(&self, filter: &'f Filter) -> Vec<&'f super::Peak> {
        let Some(contig) = self.contig else { return Vec::new() };
        match &self.bases {
            Spans::One(bases) => filter.peaks_at(contig, *bases),
            Spans::Several(several) => {
                let mut found: Vec<&super::Peak> = Vec::new();
                for peak in several.iter().flat_map(|bases| filter.peaks_at(contig, *bases)) {
                    if !found.iter().any(|known| std::ptr::eq(*known, peak)) {
                        found.push(peak);
                    }
                }
                found
            }
        }
    }
}

/// The bases of a row: those of several ALT alleles may differ.
enum Spans {
    One(Interval),
    Several(Vec<Interval>),
}

fn spans(site: Site<'_>, extent: Extent) -> Option<Spans> {
    match site {
        Site::Bases(interval) => Some(Spans::One(interval)),
        Site::Variant {
            position,
            reference,
            alternates,
            ..
        } => {
            if extent == Extent::Record {
                return Extent::Record.bases(position, reference, b"").map(Spans::One);
            }
            let of = |alternate: &[u8]| {
                // `<DEL>`, `*` and the like leave REF as it is written; an allele without bases is a deletion.
                if alternate.iter().all(u8::is_ascii_alphabetic) {
                    Extent::Variant.bases(position, reference, alternate)
                } else {
                    Extent::Record.bases(position, reference, b"")
                }
            };
            if memchr::memchr(b',', alternates).is_none() {
                return of(alternates).map(Spans::One);
            }
            let several = alternates.split(|&b| b == b',').map(of).collect::<Option<_>>()?;
            Some(Spans::Several(several))
        }
    }
}

/// Returns the end of all that is written of a row (BED).
fn record_end(site: Site<'_>) -> u32 {
    match site {
        Site::Bases(interval) => interval.bed_end(),
        Site::Variant {
            position, reference, ..
        } => Extent::Record
            .bases(position, reference, b"")
            .map_or(u32::MAX, Interval::bed_end),
    }
}

/// Picks the rows of a block.
///
/// # Errors
/// [`ReadCause`] with the line when nothing behind it can be read.
pub(super) fn pick(
    lines: Lines<'_>,
    parser: &mut RecordParser,
    picking: &Picking<'_>,
    threshold: u64,
) -> Result<(Picked, usize), (ReadCause, u64)> {
    let mut picked = Picked::default();
    let consumed = parser.read(lines, |seen| match seen {
        Seen::Other => picked.other_lines += 1,
        Seen::Record { raw, line, place } => {
            picked.rows += 1;
            let placed = match place {
                Ok(placed) => placed,
                Err(problem) => {
                    picked.refuse(line, &problem);
                    return;
                }
            };
            let Some(judged) = picked.judge(line, &placed, picking, threshold) else {
                return;
            };
            if !judged.is_kept {
                return;
            }
            let Some(annotator) = &picking.annotator else {
                picked.kept += 1;
                picked.out.extend_from_slice(raw);
                return;
            };
            let peaks = judged.peaks(picking.filter);
            let told = judged.first.and_then(|first| told(&peaks, first));
            match told {
                Some(told) if annotator.row(&mut picked.out, raw, &told) => picked.kept += 1,
                _ => {
                    let found = memchr::memchr_iter(b'\t', raw).count() + 1;
                    picked.refuse(line, &RowProblem::FieldsMissing { found, needed: 8 });
                }
            }
        }
    })?;
    Ok((picked, consumed))
}
