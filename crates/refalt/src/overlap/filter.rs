//! The question itself: does a variant lie in a peak?

use super::assembly::{Agreement, Disagreement, Side, agreement};
use super::extent::Extent;
use super::peaks::{Peak, Peaks};
use refalt_core::{Interval, Position, Variant};

/// Peaks that can be asked about variants whose assembly was compared with theirs.
///
/// [`Filter::new`] is the only way to one, so whoever holds it has the answer to "are both on one assembly?".
///
/// ```
/// use refalt::overlap::{Extent, Filter, PeakOptions, Peaks, Side};
/// use refalt_core::{Assembly, Interval};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("peaks.bed");
/// std::fs::write(&path, "chr5\t1295112\t1295113\n")?;
/// let options = PeakOptions { assembly: Some(Assembly::GRCh38), ..PeakOptions::default() };
/// let mut rows = Side::default();
/// rows.state(Assembly::GRCh38, "the header of the table");
/// let filter = Filter::new(Peaks::read(&[path], &options)?, &rows, Extent::Record)?;
/// assert!(filter.agreement().is_known());
/// // BED 1295112-1295113 is base 1295113, and 5 is chr5.
/// let variant = refalt::io::variants::ids::parse("5:1295113:G>A").variant.unwrap();
/// assert!(filter.keeps(&variant));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Filter {
    peaks: Peaks,
    extent: Extent,
    agreement: Agreement,
}

/// A contig of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterContig(pub(super) usize);

impl Filter {
    /// Compares the assemblies of peaks and rows.
    ///
    /// * `rows`: what is known of the assembly of the variants that will be asked about.
    ///
    /// # Errors
    /// [`Disagreement`] when the two are on different assemblies. Where that is not known of both, the agreement says so.
    pub fn new(peaks: Peaks, rows: &Side, extent: Extent) -> Result<Self, Disagreement> {
        let agreement = agreement(rows, peaks.side())?;
        Ok(Self {
            peaks,
            extent,
            agreement,
        })
    }

    /// Returns what is known of the two assemblies.
    pub const fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// Returns the peaks.
    pub const fn peaks(&self) -> &Peaks {
        &self.peaks
    }

    /// Returns which bases of a variant count.
    pub const fn extent(&self) -> Extent {
        self.extent
    }

    /// Says whether a variant lies in a peak.
    ///
    /// It does when one of its bases does; an insertion without a base does when the bases before and behind it do.
    pub fn keeps(&self, variant: &Variant) -> bool {
        let contig = self.contig(variant.contig.as_str());
        let bases = self.extent.of(variant);
        contig
            .zip(bases)
            .is_some_and(|(contig, bases)| self.overlaps(contig, bases))
    }

    /// Returns a contig by any name of the alias table; `None` when it has no peak.
    pub fn contig(&self, name: &str) -> Option<FilterContig> {
        self.peaks.index_of(name).map(FilterContig)
    }

    /// Says whether a base of `bases` lies in a peak; without a base, whether both its neighbours do.
    pub fn overlaps(&self, contig: FilterContig, bases: Interval) -> bool {
        is_hit(&self.peaks.contigs[contig.0].covered, bases)
    }

    /// As [`overlaps`](Self::overlaps); rows in the order of the genome are found near `cursor`, where the last one was.
    pub(super) fn overlaps_near(&self, contig: FilterContig, bases: Interval, cursor: &mut usize) -> bool {
        let covered = &self.peaks.contigs[contig.0].covered;
        let is_here = |at: usize| {
            let ends_before = |at: usize| covered[at].bed_end() <= bases.bed_start();
            (at == 0 || ends_before(at - 1)) && (at == covered.len() || !ends_before(at))
        };
        if *cursor > covered.len() || !is_here(*cursor) {
            *cursor = if *cursor < covered.len() && is_here(*cursor + 1) {
                *cursor + 1
            } else {
                first_behind(covered, bases)
            };
        }
        covered.get(*cursor).is_some_and(|peak| reaches(*peak, bases))
    }

    /// Returns the peaks that a place lies in, by their start; none unless records were kept.
    pub fn peaks_at(&self, contig: FilterContig, bases: Interval) -> Vec<&Peak> {
        let contig = &self.peaks.contigs[contig.0];
        // A place between two bases lies in the peaks that have one of them.
        let bases = if bases.is_empty() {
            let start = bases.bed_start().saturating_sub(1);
            Interval::from_bed(start, bases.bed_end().saturating_add(1)).unwrap_or(bases)
        } else {
            bases
        };
        let end = contig
            .peaks
            .partition_point(|peak| peak.interval.bed_start() < bases.bed_end());
        let mut found: Vec<&Peak> = (0..end)
            .rev()
            .take_while(|&at| contig.furthest_end[at] > bases.bed_start())
            .map(|at| &contig.peaks[at])
            .filter(|peak| peak.interval.intersect(bases).is_some())
            .collect();
        found.reverse();
        found
    }
}

/// Returns the index of the first interval that ends behind the start of `bases`.
fn first_behind(covered: &[Interval], bases: Interval) -> usize {
    covered.partition_point(|peak| peak.bed_end() <= bases.bed_start())
}

/// Says whether a peak that ends behind the start of `bases` has one of them, or both neighbours of a place without bases.
fn reaches(peak: Interval, bases: Interval) -> bool {
    if bases.is_empty() {
        peak.bed_start() < bases.bed_start()
    } else {
        peak.bed_start() < bases.bed_end()
    }
}

pub(super) fn is_hit(covered: &[Interval], bases: Interval) -> bool {
    covered
        .get(first_behind(covered, bases))
        .is_some_and(|peak| reaches(*peak, bases))
}

/// As [`is_hit`] for one base (1-based).
pub(super) fn has_base(covered: &[Interval], position: Position) -> bool {
    Interval::at(position, 1).is_some_and(|base| is_hit(covered, base))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlap::PeakOptions;
    use proptest::prelude::*;

    fn filter(text: &str, options: &PeakOptions) -> Filter {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peaks.bed");
        std::fs::write(&path, text).unwrap();
        Filter::new(
            Peaks::read(&[path], options).unwrap(),
            &Side::default(),
            Extent::Variant,
        )
        .unwrap()
    }

    fn keeps(filter: &Filter, variant: &str) -> bool {
        filter.keeps(&crate::io::variants::ids::parse(variant).variant.unwrap())
    }

    #[test]
    fn an_indel_lies_in_a_peak_by_the_bases_that_change() {
        // Bases 11 to 20, and 21 to 30 in a peak that touches it.
        let filter = filter("chr5\t10\t20\n5\t20\t30\n", &PeakOptions::default());
        for (variant, expected) in [
            ("NC_000005.10:10:A>C", false),
            ("chr5:11:A>C", true),
            ("chr5:30:A>C", true),
            ("chr5:31:A>C", false),
            // The deletion of bases 11 and 12 behind base 10, and of base 31 behind base 30.
            ("chr5:10:ACG>A", true),
            ("chr5:30:AC>A", false),
            // Insertions before base 11, before base 12, between the two peaks, and behind base 30.
            ("chr5:10:A>AT", false),
            ("chr5:11:A>AT", true),
            ("chr5:20:A>AT", true),
            ("chr5:30:A>AT", false),
            ("chr6:11:A>C", false),
        ] {
            assert_eq!(keeps(&filter, variant), expected, "{variant}");
        }
        assert_eq!(filter.peaks().contigs().count(), 1);
    }

    #[test]
    fn slop_widens_to_both_sides_and_gives_bases_to_a_place_between_two() {
        let options = PeakOptions {
            slop_bp: 2,
            ..PeakOptions::default()
        };
        let filter = filter("chr1\t1\t1\nchr1\t100\t101\n", &options);
        for (base, expected) in [
            (1, true),
            (3, true),
            (4, false),
            (98, false),
            (99, true),
            (103, true),
            (104, false),
        ] {
            assert_eq!(keeps(&filter, &format!("chr1:{base}:A>C")), expected, "{base}");
        }
        assert_eq!(filter.peaks().files()[0].without_bases, 1);
    }

    #[test]
    fn accessions_say_the_assembly_of_the_peaks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peaks.bed");
        std::fs::write(&path, "NC_000005.9\t0\t9\n").unwrap();
        let peaks = Peaks::read(&[path], &PeakOptions::default()).unwrap();
        let mut rows = Side::default();
        rows.state(refalt_core::Assembly::GRCh38, "the names of the rows");
        let error = Filter::new(peaks, &rows, Extent::Record).unwrap_err();
        assert!(error.to_string().contains("the accession `NC_000005.9`"), "{error}");
    }

    proptest! {
        #[test]
        fn a_place_lies_in_peaks_exactly_when_one_of_its_bases_does(
            spans in prop::collection::vec((0u32..60, 0u32..9), 0..15),
            queries in prop::collection::vec((0u32..70, 0u32..5), 1..30),
        ) {
            let text: String = spans.iter().map(|(start, length)| format!("c\t{start}\t{}\n", start + length)).collect();
            let filter = filter(&text, &PeakOptions { keep_records: true, ..PeakOptions::default() });
            let mut cursor = 0;
            for (start, length) in queries {
                let bases = Interval::from_bed(start, start + length).unwrap();
                let in_peak = |base: u32| spans.iter().any(|(start, length)| (*start..start + length).contains(&base));
                let expected = if length == 0 {
                    start > 0 && in_peak(start - 1) && in_peak(start)
                } else {
                    (start..start + length).any(in_peak)
                };
                let Some(contig) = filter.contig("c") else {
                    prop_assert!(spans.is_empty());
                    continue;
                };
                prop_assert_eq!(filter.overlaps(contig, bases), expected);
                prop_assert_eq!(filter.overlaps_near(contig, bases, &mut cursor), expected);
                if length > 0 {
                    let count = spans.iter().filter(|(from, long)| {
                        Interval::from_bed(*from, from + long).unwrap().intersect(bases).is_some()
                    });
                    prop_assert_eq!(filter.peaks_at(contig, bases).len(), count.count());
                }
            }
        }
    }
}
