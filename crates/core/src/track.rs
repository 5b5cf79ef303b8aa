//! What a model predicts: output types, tracks, resolutions, bins.

use crate::interval::Interval;
use crate::strand::Strand;
use crate::window::{Offset, Window};
use std::fmt;
use std::sync::Arc;

/// The kinds of output of the field's models, under their published names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutputType {
    /// Chromatin accessibility, ATAC-seq.
    Atac,
    /// Transcription start sites, CAGE.
    Cage,
    /// Chromatin accessibility, DNase-seq.
    Dnase,
    /// Gene expression, RNA-seq.
    RnaSeq,
    /// Histone modifications, ChIP-seq.
    ChipHistone,
    /// Binding of transcription factors, ChIP-seq.
    ChipTf,
    /// Probability of donor and acceptor sites.
    SpliceSites,
    /// Fraction of transcripts that use a splice site.
    SpliceSiteUsage,
    /// Counts of donor-acceptor pairs.
    SpliceJunctions,
    /// Contact maps, Hi-C and micro-C.
    ContactMaps,
    /// Transcription start sites, PRO-cap.
    Procap,
}

impl OutputType {
    /// Every output type, in the order of the published enumeration.
    pub const ALL: [Self; 11] = [
        Self::Atac,
        Self::Cage,
        Self::Dnase,
        Self::RnaSeq,
        Self::ChipHistone,
        Self::ChipTf,
        Self::SpliceSites,
        Self::SpliceSiteUsage,
        Self::SpliceJunctions,
        Self::ContactMaps,
        Self::Procap,
    ];

    /// Returns the published name, `CHIP_TF`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Atac => "ATAC",
            Self::Cage => "CAGE",
            Self::Dnase => "DNASE",
            Self::RnaSeq => "RNA_SEQ",
            Self::ChipHistone => "CHIP_HISTONE",
            Self::ChipTf => "CHIP_TF",
            Self::SpliceSites => "SPLICE_SITES",
            Self::SpliceSiteUsage => "SPLICE_SITE_USAGE",
            Self::SpliceJunctions => "SPLICE_JUNCTIONS",
            Self::ContactMaps => "CONTACT_MAPS",
            Self::Procap => "PROCAP",
        }
    }

    /// Reads a published name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|output| output.name() == name)
    }

    /// Returns the bin size of the published model: 128 bp for ChIP-seq, 2,048 bp for contact maps, else 1 bp.
    pub const fn resolution(self) -> Resolution {
        match self {
            Self::ChipHistone | Self::ChipTf => Resolution::BP_128,
            Self::ContactMaps => Resolution::BP_2048,
            _ => Resolution::BP_1,
        }
    }
}

impl fmt::Display for OutputType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Size of a bin in bp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resolution(u32);

impl Resolution {
    /// One value for each base.
    pub const BP_1: Self = Self(1);
    /// One value for 128 bases.
    pub const BP_128: Self = Self(128);
    /// One value for 2,048 bases.
    pub const BP_2048: Self = Self(2048);

    /// Returns the resolution with bins of so many bp; `None` for 0.
    pub const fn from_bp(bp: u32) -> Option<Self> {
        if bp == 0 { None } else { Some(Self(bp)) }
    }

    /// Returns the size of a bin in bp.
    pub const fn bp(self) -> u32 {
        self.0
    }

    /// Returns the bin that holds the base at `offset`.
    pub const fn bin_of(self, offset: Offset) -> Bin {
        Bin(offset.index() as u32 / self.0)
    }

    /// Returns how many whole bins a window has.
    pub const fn bins_in(self, window: &Window) -> u32 {
        window.length().get() / self.0
    }
}

/// Index of a bin in a window, at a given resolution (0-based).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bin(u32);

impl Bin {
    /// Returns the bin with this 0-based index.
    pub const fn new(zero_based: u32) -> Self {
        Self(zero_based)
    }

    /// Returns the index (0-based).
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Neighbouring bins of a window (0-based, half-open), possibly none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BinSpan {
    start: u32,
    end: u32,
}

impl BinSpan {
    /// Returns the bins from `start` up to but without `end`; an inverted span has no bins.
    pub const fn new(start: Bin, end: Bin) -> Self {
        Self {
            start: start.0,
            end: if end.0 < start.0 { start.0 } else { end.0 },
        }
    }

    /// Returns all bins of a window.
    pub const fn all(window: &Window, resolution: Resolution) -> Self {
        Self {
            start: 0,
            end: resolution.bins_in(window),
        }
    }

    /// Returns the index of the first bin (0-based).
    pub const fn start(self) -> usize {
        self.start as usize
    }

    /// Returns the index after the last bin (0-based).
    pub const fn end(self) -> usize {
        self.end as usize
    }

    /// Returns the number of bins.
    pub const fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Says whether there is no bin.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Says whether every bin of `other` is in the span.
    pub const fn covers(self, other: Self) -> bool {
        other.is_empty() || (self.start <= other.start && other.end <= self.end)
    }

    /// Returns the bases of a window, as bins of 1 bp, that lie in `interval`; an empty span when none does.
    pub fn of_bases(window: &Window, interval: Interval) -> Self {
        let length = window.length().get();
        let clamp = |base: u32| {
            let offset = (i64::from(base) - window.bed_start()).clamp(0, i64::from(length));
            u32::try_from(offset).unwrap_or(length)
        };
        Self::new(Bin(clamp(interval.bed_start())), Bin(clamp(interval.bed_end())))
    }

    /// Returns the `count` bins from the `skip`-th on; what lies past the end is left out.
    pub(crate) fn part(self, skip: usize, count: usize) -> Self {
        let bin = |index: usize| u32::try_from(index.min(self.end())).unwrap_or(self.end);
        Self {
            start: bin(self.start() + skip),
            end: bin(self.start() + skip + count),
        }
    }

    /// Returns the bins of `resolution` that have a base in this span of bases (bins of 1 bp).
    #[must_use]
    pub const fn pooled(self, resolution: Resolution) -> Self {
        let start = self.start / resolution.0;
        Self {
            start,
            end: if self.is_empty() {
                start
            } else {
                self.end.div_ceil(resolution.0)
            },
        }
    }

    /// Returns the bins of both, an empty span when there is none.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        let start = self.start.max(other.start);
        Self {
            start,
            end: self.end.min(other.end).max(start),
        }
    }

    /// Returns the smallest span with the bins of both.
    pub fn hull(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// Bins of a window in any number of stretches: sorted spans that neither overlap nor touch, none of them empty.
///
/// ```
/// use refalt_core::{Bin, BinSpan, BinSpans};
///
/// let span = |start, end| BinSpan::new(Bin::new(start), Bin::new(end));
/// let exons: BinSpans = [span(70, 90), span(5, 5), span(10, 20), span(20, 30)].into_iter().collect();
/// assert_eq!(exons.as_slice(), [span(10, 30), span(70, 90)]);
/// assert_eq!((exons.len(), exons.hull()), (40, span(10, 90)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BinSpans(Vec<BinSpan>);

impl From<BinSpan> for BinSpans {
    fn from(span: BinSpan) -> Self {
        [span].into_iter().collect()
    }
}

impl FromIterator<BinSpan> for BinSpans {
    /// Joins spans that overlap or touch and leaves out empty ones.
    fn from_iter<I: IntoIterator<Item = BinSpan>>(spans: I) -> Self {
        let mut spans: Vec<BinSpan> = spans.into_iter().filter(|span| !span.is_empty()).collect();
        spans.sort_unstable_by_key(|span| span.start);
        spans.dedup_by(|next, last| {
            let joins = next.start <= last.end;
            if joins {
                last.end = last.end.max(next.end);
            }
            joins
        });
        Self(spans)
    }
}

impl BinSpans {
    /// Returns the spans, ascending.
    pub fn as_slice(&self) -> &[BinSpan] {
        &self.0
    }

    /// Returns the number of bins.
    pub fn len(&self) -> usize {
        self.0.iter().map(|span| span.len()).sum()
    }

    /// Says whether there is no bin.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the smallest span with all the bins.
    pub fn hull(&self) -> BinSpan {
        match (self.0.first(), self.0.last()) {
            (Some(first), Some(last)) => first.hull(*last),
            _ => BinSpan { start: 0, end: 0 },
        }
    }

    /// Returns the bins of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).copied().collect()
    }

    /// Says whether every bin of `span` is there.
    pub fn covers(&self, span: BinSpan) -> bool {
        span.is_empty() || self.row_of(span).is_some()
    }

    /// Returns how many bins come before the first one of `span` when all stand in a row, `None` when one is missing.
    pub(crate) fn row_of(&self, span: BinSpan) -> Option<usize> {
        let after = self.0.partition_point(|own| own.start <= span.start);
        let own = self.0.get(after.checked_sub(1)?)?;
        let before: usize = self.0[..after - 1].iter().map(|own| own.len()).sum();
        own.covers(span).then(|| before + (span.start - own.start) as usize)
    }
}

/// One predicted track with the metadata of the published track tables.
///
/// A field that a track does not have is `None`, which is not the empty text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Name, unique together with the strand within an output type.
    pub name: String,
    /// Strand; `None` for tracks without one.
    pub strand: Option<Strand>,
    /// Assay, `TF ChIP-seq`.
    pub assay_title: Option<String>,
    /// Ontology term of the biosample, `EFO:0001187`.
    pub ontology_curie: Option<String>,
    /// Name of the biosample, `HepG2`.
    pub biosample_name: Option<String>,
    /// Kind of biosample, `cell_line`.
    pub biosample_type: Option<String>,
    /// Life stage of the biosample.
    pub biosample_life_stage: Option<String>,
    /// Where the measurements come from, `encode`.
    pub data_source: Option<String>,
    /// `paired` or `single`.
    pub endedness: Option<String>,
    /// Whether the biosample was genetically modified.
    pub genetically_modified: Option<bool>,
    /// Transcription factor of a CHIP_TF track.
    pub transcription_factor: Option<String>,
    /// Histone mark of a CHIP_HISTONE track.
    pub histone_mark: Option<String>,
    /// GTEx tissue; the empty text for tracks of an output type that has the field but from other sources.
    pub gtex_tissue: Option<String>,
    /// Mean of the measured signal over the bins where it is not 0, in the units of the track.
    pub nonzero_mean: Option<f32>,
    /// Column of the track in the published model's output head, padding columns counted (0-based).
    pub channel_index: Option<u32>,
}

/// The tracks of one output type, in the model's order; cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackSet {
    /// The output type.
    pub output: OutputType,
    /// The bin size.
    pub resolution: Resolution,
    /// The tracks; a column of a prediction is an index into this list.
    pub tracks: Arc<[Track]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for output in OutputType::ALL {
            assert_eq!(OutputType::from_name(output.name()), Some(output));
        }
        assert_eq!(OutputType::from_name("chip_tf"), None);
    }

    #[test]
    fn a_bin_holds_its_first_and_last_base() {
        let bin = |index| Resolution::BP_128.bin_of(Offset::new(index));
        assert_eq!([bin(0), bin(127), bin(128)], [Bin::new(0), Bin::new(0), Bin::new(1)]);
        assert_eq!(Resolution::BP_1.bin_of(Offset::new(500)), Bin::new(500));
    }

    #[test]
    fn spans_are_found_in_a_row_of_bins() {
        let span = |a, b| BinSpan::new(Bin::new(a), Bin::new(b));
        let spans: BinSpans = [span(10, 20), span(30, 35)].into_iter().collect();
        assert_eq!(spans.row_of(span(12, 20)), Some(2));
        // 10 bins come before bin 30, and 2 more before bin 32.
        assert_eq!(spans.row_of(span(32, 35)), Some(12));
        for missing in [span(19, 21), span(0, 1), span(35, 36), span(10, 35)] {
            assert_eq!(spans.row_of(missing), None);
        }
        assert_eq!(spans.union(&span(20, 30).into()).as_slice(), [span(10, 35)]);
    }

    #[test]
    fn bins_of_128_bp_that_hold_a_base_of_a_span() {
        let span = |a, b| BinSpan::new(Bin::new(a), Bin::new(b));
        assert_eq!(span(127, 129).pooled(Resolution::BP_128), span(0, 2));
        assert_eq!(span(128, 256).pooled(Resolution::BP_128), span(1, 2));
        assert!(span(100, 100).pooled(Resolution::BP_128).is_empty());
    }

    #[test]
    fn a_hull_ignores_the_empty_span() {
        let span = |a, b| BinSpan::new(Bin::new(a), Bin::new(b));
        assert_eq!(span(2, 4).hull(span(7, 7)), span(2, 4));
        assert_eq!(span(2, 4).hull(span(6, 8)), span(2, 8));
        assert!(span(2, 8).covers(span(2, 8)) && !span(2, 8).covers(span(1, 3)));
        assert!(span(5, 3).is_empty());
    }
}
