//! From the records of a FASTA file to contigs, whole or in slices.
//!
//! A record named `chr5:1294490-1296547` (1-based, inclusive, as `samtools faidx` names what it cuts out; thousands
//! separators allowed) is a slice of `chr5` at those coordinates. Only the record's name counts, never the rest of
//! the header line. Names with a colon but no range (`HLA-A*01:01:01:01`) are whole contigs.

use super::error::FastaError;
use super::index::FastaIndex;
use refalt_core::{ContigName, Interval, Position, ReferenceContig};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Bases of a contig that one record holds; the parts of a contig are sorted and share no base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Where on the contig.
    pub(super) interval: Interval,
    /// Index of the record in the file.
    pub(super) record: u32,
    /// 0-based index on the contig of the record's first base.
    pub(super) record_start: u32,
}

/// Two records that hold some of the same bases of a contig and must agree there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overlap {
    pub(super) contig: usize,
    pub(super) interval: Interval,
    pub(super) first: Part,
    pub(super) second: Part,
}

/// The contigs of a file.
#[derive(Debug, Default)]
pub(super) struct Contigs {
    pub(super) contigs: Vec<ReferenceContig>,
    /// For each contig.
    pub(super) parts: Vec<Vec<Part>>,
    pub(super) overlaps: Vec<Overlap>,
}

/// A record name that is a slice.
#[derive(Debug, PartialEq, Eq)]
struct Slice<'a> {
    contig: &'a str,
    /// 1-based, inclusive, as written.
    first: u64,
    last: u64,
}

/// Reads `contig:first-last`; `None` for every other name.
fn parse_slice(name: &str) -> Option<Slice<'_>> {
    let (contig, range) = name.rsplit_once(':')?;
    let (first, last) = range.split_once('-')?;
    let number = |text: &str| -> Option<u64> {
        let digits: String = text.chars().filter(|&letter| letter != ',').collect();
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with(',');
        if plain { digits.parse().ok() } else { None }
    };
    (!contig.is_empty()).then_some(())?;
    Some(Slice {
        contig,
        first: number(first)?,
        last: number(last)?,
    })
}

impl Contigs {
    /// Sorts the records of `path` into contigs, in the order of their first record.
    pub(super) fn of_records(path: &Path, index: &FastaIndex) -> Result<Self, FastaError> {
        let mut contigs = Self::default();
        let mut names = HashSet::new();
        let mut by_name: HashMap<&str, usize> = HashMap::new();
        for (number, record) in (0u32..).zip(&index.records) {
            if !names.insert(record.name.as_str()) {
                return Err(FastaError::DuplicateRecord {
                    path: path.to_owned(),
                    name: record.name.clone(),
                });
            }
            let length_bp = u32::try_from(record.length_bp).map_err(|_| FastaError::ContigTooLong {
                path: path.to_owned(),
                record: record.name.clone(),
                length_bp: record.length_bp,
            })?;
            let slice = parse_slice(&record.name);
            let (name, interval) = match &slice {
                Some(slice) => (slice.contig, slice_interval(path, &record.name, slice, length_bp)?),
                None => (record.name.as_str(), whole(length_bp)),
            };
            let part = Part {
                interval,
                record: number,
                record_start: interval.bed_start(),
            };
            let whole_length = slice.is_none().then_some(length_bp);
            if let Some(&at) = by_name.get(name) {
                // Record names are unique, so two records of one contig are not both whole.
                if whole_length.is_some() || contigs.contigs[at].length_bp.is_some() {
                    let other = &index.records[contigs.parts[at][0].record as usize].name;
                    let record = if slice.is_some() { &record.name } else { other };
                    return Err(FastaError::SliceOfWhole {
                        path: path.to_owned(),
                        contig: ContigName::new(name),
                        record: record.clone(),
                    });
                }
                contigs.parts[at].push(part);
            } else {
                by_name.insert(name, contigs.contigs.len());
                contigs.contigs.push(ReferenceContig {
                    name: ContigName::new(name),
                    length_bp: whole_length,
                    known: Vec::new(),
                });
                contigs.parts.push(vec![part]);
            }
        }
        if contigs.contigs.is_empty() {
            return Err(FastaError::NoRecord { path: path.to_owned() });
        }
        for contig in 0..contigs.contigs.len() {
            contigs.settle(contig);
        }
        Ok(contigs)
    }

    /// Sorts the parts of a contig, makes them disjoint, and joins what touches into the known intervals.
    fn settle(&mut self, contig: usize) {
        let parts = &mut self.parts[contig];
        parts.sort_by_key(|part| (part.interval, part.record));
        let mut disjoint: Vec<Part> = Vec::with_capacity(parts.len());
        for &part in parts.iter() {
            if part.interval.is_empty() {
                continue;
            }
            let covered = disjoint.last().map_or(0, |last| last.interval.bed_end());
            for &earlier in disjoint.iter().rev() {
                // Disjoint parts end in ascending order, so the first that ends too early ends the search.
                let Some(shared) = earlier.interval.intersect(part.interval) else {
                    break;
                };
                self.overlaps.push(Overlap {
                    contig,
                    interval: shared,
                    first: earlier,
                    second: part,
                });
            }
            let start = part.interval.bed_start().max(covered);
            if let Some(interval) = Interval::from_bed(start, part.interval.bed_end())
                && !interval.is_empty()
            {
                disjoint.push(Part { interval, ..part });
            }
        }
        let mut known: Vec<Interval> = Vec::new();
        for part in &disjoint {
            match known.last_mut() {
                Some(last) if last.bed_end() == part.interval.bed_start() => {
                    *last = Interval::from_bed(last.bed_start(), part.interval.bed_end())
                        .expect("sorted parts end after they start");
                }
                _ => known.push(part.interval),
            }
        }
        self.contigs[contig].known = known;
        *parts = disjoint;
    }
}

fn whole(length_bp: u32) -> Interval {
    Interval::from_bed(0, length_bp).expect("a length is not negative")
}

/// Returns where a slice lies, when its name fits its number of bases.
fn slice_interval(path: &Path, record: &str, slice: &Slice<'_>, length_bp: u32) -> Result<Interval, FastaError> {
    let impossible = |reason: &str| FastaError::SliceRange {
        path: path.to_owned(),
        record: record.to_owned(),
        reason: reason.to_owned(),
    };
    let sequence_bp = u64::from(length_bp);
    // `bedtools getfasta` names its output by BED coordinates: 0-based start, so the range is a base too wide here.
    let looks_zero_based = slice.last.checked_sub(slice.first) == Some(sequence_bp);
    let named_bp = slice.last.saturating_add(1).saturating_sub(slice.first);
    if named_bp != sequence_bp && slice.first <= slice.last {
        return Err(FastaError::SliceLength {
            path: path.to_owned(),
            record: record.to_owned(),
            named_bp,
            sequence_bp,
            proposed: (looks_zero_based && sequence_bp > 0)
                .then(|| format!("{}:{}-{}", slice.contig, slice.first + 1, slice.last)),
        });
    }
    if slice.first == 0 {
        return Err(impossible("the first base is 1, not 0"));
    }
    if slice.first > slice.last {
        return Err(impossible("it ends before it starts"));
    }
    let position = |number: u64| u32::try_from(number).ok().and_then(Position::new);
    position(slice.first)
        .zip(position(slice.last))
        .and_then(|(first, last)| Interval::from_bases(first, last))
        .ok_or_else(|| impossible("a coordinate is larger than 4294967295"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::io::fasta::index::IndexRecord;

    fn contigs(records: &[(&str, u64)]) -> Result<Contigs, FastaError> {
        let records = records
            .iter()
            .map(|&(name, length_bp)| IndexRecord {
                name: name.to_owned(),
                length_bp,
                offset: 0,
                line_bases: 60,
                line_width: 61,
            })
            .collect();
        Contigs::of_records(Path::new("x.fa"), &FastaIndex { records })
    }

    fn bed(start: u32, end: u32) -> Interval {
        Interval::from_bed(start, end).unwrap()
    }

    #[test]
    fn a_range_after_the_last_colon_makes_a_slice() {
        let slice = |contig, first, last| Some(Slice { contig, first, last });
        assert_eq!(parse_slice("chr5:1294490-1296547"), slice("chr5", 1_294_490, 1_296_547));
        assert_eq!(
            parse_slice("chr5:1,294,490-1,296,547"),
            slice("chr5", 1_294_490, 1_296_547)
        );
        assert_eq!(parse_slice("HLA-A*01:01:01:01:5-9"), slice("HLA-A*01:01:01:01", 5, 9));
        for whole in [
            "chr5",
            "HLA-A*01:01:01:01",
            "HLA-DRB1*15:01:01:01",
            "x:1-",
            "x:-1",
            ":1-2",
            "x:+1-2",
            "x:1-2/rc",
        ] {
            assert_eq!(parse_slice(whole), None, "{whole}");
        }
    }

    #[test]
    fn slices_of_one_contig_become_its_known_parts() {
        let contigs = contigs(&[("chr5:31-40", 10), ("chr1", 7), ("chr5:11-20", 10), ("chr5:41-45", 5)]).unwrap();
        assert_eq!(contigs.contigs[0].name.as_str(), "chr5");
        assert_eq!(contigs.contigs[0].length_bp, None);
        assert_eq!(contigs.contigs[0].known, [bed(10, 20), bed(30, 45)]);
        assert_eq!(contigs.contigs[1].length_bp, Some(7));
        assert_eq!(contigs.contigs[1].known, [bed(0, 7)]);
        let records: Vec<u32> = contigs.parts[0].iter().map(|part| part.record).collect();
        assert_eq!(records, [2, 0, 3]);
    }

    #[test]
    fn overlapping_slices_are_cut_apart_and_their_common_bases_noted() {
        let contigs = contigs(&[("c:1-10", 10), ("c:3-6", 4), ("c:8-14", 7)]).unwrap();
        assert_eq!(contigs.contigs[0].known, [bed(0, 14)]);
        let parts: Vec<_> = contigs.parts[0]
            .iter()
            .map(|part| (part.interval, part.record))
            .collect();
        assert_eq!(parts, [(bed(0, 10), 0), (bed(10, 14), 2)]);
        let shared: Vec<_> = contigs.overlaps.iter().map(|overlap| overlap.interval).collect();
        assert_eq!(shared, [bed(2, 6), bed(7, 10)]);
    }

    #[test]
    fn a_name_that_does_not_fit_its_sequence_is_refused() {
        let error = contigs(&[("chr5:1294489-1296547", 2058)]).unwrap_err();
        assert_eq!(
            error.hint().unwrap(),
            "the start looks 0-based, as `bedtools getfasta` writes it; rename to `chr5:1294490-1296547`"
        );
        let error = contigs(&[("chr5:11-20", 9_999)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "record `chr5:11-20` of `x.fa` is named as a slice of 10 bp (1-based, inclusive) but has 9999 bases"
        );
        assert!(matches!(
            contigs(&[("c:0-9", 10)]).unwrap_err(),
            FastaError::SliceRange { .. }
        ));
        assert!(matches!(
            contigs(&[("c:9-3", 4)]).unwrap_err(),
            FastaError::SliceRange { .. }
        ));
        assert!(matches!(
            contigs(&[("c:4294967296-4294967296", 1)]).unwrap_err(),
            FastaError::SliceRange { .. }
        ));
    }

    #[test]
    fn a_contig_is_whole_or_sliced_but_not_both_and_names_are_unique() {
        for records in [[("c", 5), ("c:1-2", 2)], [("c:1-2", 2), ("c", 5)]] {
            match contigs(&records).unwrap_err() {
                FastaError::SliceOfWhole { record, .. } => assert_eq!(record, "c:1-2"),
                other => panic!("{other}"),
            }
        }
        assert!(matches!(
            contigs(&[("c", 5), ("c", 5)]).unwrap_err(),
            FastaError::DuplicateRecord { .. }
        ));
    }
}
