//! What is kept of an answer: bins of the span, ALT laid on REF.

use super::source::{ContactTable, JunctionTable, PredictedPair, Wanted};
use refalt_core::align::Alignment;
use refalt_core::{Bin, BinSpan, BinSpans, Interval, OutputType, Resolution, Strand, TrackSet, TrackValues, Window};
use std::collections::BTreeMap;

/// Values of the alternate allele over bins, `[bins x tracks]`, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct AlternateValues {
    /// Laid on the coordinates of the reference ([`Alignment::lay_bins`]): what a difference is made of.
    pub on_reference: Vec<f32>,
    /// As predicted, in the coordinates of the alternate sequence: right of an indel the same bin is another place.
    pub own: Vec<f32>,
}

/// Predictions of one output type over bins.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackPrediction {
    /// The tracks.
    pub tracks: TrackSet,
    /// The bins of the window.
    pub span: BinSpan,
    /// Values of the reference, `[bins x tracks]`, row-major.
    pub reference: Vec<f32>,
    /// Values of the alternate allele, where there is a variant.
    pub alternate: Option<AlternateValues>,
}

impl TrackPrediction {
    /// Returns ALT (on reference coordinates) minus REF, `[bins x tracks]`; `None` without a variant.
    pub fn difference(&self) -> Option<impl Iterator<Item = f32>> {
        let alternate = self.alternate.as_ref()?;
        let pairs = alternate.on_reference.iter().zip(&self.reference);
        Some(pairs.map(|(alternate, reference)| alternate - reference))
    }

    /// Returns the values of one track, a value for each bin.
    pub fn column<'a>(&self, values: &'a [f32], track: usize) -> impl Iterator<Item = f32> + 'a {
        let width = self.tracks.tracks.len().max(1);
        values.iter().skip(track).step_by(width).copied()
    }

    /// Returns the bases of the `index`-th bin of the span that lie on the contig; `None` when none does.
    pub fn bases(&self, window: &Window, index: usize) -> Option<Interval> {
        bin_bases(window, self.tracks.resolution, self.span.start() + index)
    }
}

/// Returns the bases of a bin of a window from the first base of the contig on; `None` when it lies before it.
pub(crate) fn bin_bases(window: &Window, resolution: Resolution, bin: usize) -> Option<Interval> {
    let size = i64::from(resolution.bp());
    let start = window.bed_start() + i64::try_from(bin).ok()? * size;
    let bound = |bound: i64| u32::try_from(bound.max(0)).ok();
    Interval::from_bed(bound(start)?, bound(start + size)?).filter(|bases| !bases.is_empty())
}

/// A contact map of the span.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactPrediction {
    /// The tracks.
    pub tracks: TrackSet,
    /// The bins of the window, of both axes.
    pub span: BinSpan,
    /// Values of the reference, `[bins x bins x tracks]`, row-major.
    pub reference: Vec<f32>,
    /// Values of the alternate allele in the coordinates of its own sequence: bins of 2,048 bp are compared as they are.
    pub alternate: Option<Vec<f32>>,
}

/// Splice junctions within the span.
#[derive(Clone, Debug, PartialEq)]
pub struct JunctionPrediction {
    /// The tracks.
    pub tracks: TrackSet,
    /// Intron (0-based, half-open) and strand, ascending.
    pub junctions: Vec<(Interval, Option<Strand>)>,
    /// Values of the reference, `[junctions x tracks]`; NaN for a junction that only the alternate allele has.
    pub reference: Vec<f32>,
    /// Values of the alternate allele, in the coordinates of its own sequence; NaN where it lacks a junction.
    pub alternate: Option<Vec<f32>>,
}

/// All that was predicted and is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The window that the model read.
    pub window: Window,
    /// Over bins, one for each output type.
    pub tracks: Vec<TrackPrediction>,
    /// The contact map.
    pub contacts: Option<ContactPrediction>,
    /// Splice junctions.
    pub junctions: Option<JunctionPrediction>,
}

/// Returns the bins that have to be read for the bases of `span` (bins of 1 bp): those of REF, and those of ALT that are
/// laid on them.
pub(crate) fn bins_read(
    output: OutputType,
    resolution: Resolution,
    window: &Window,
    span: BinSpan,
    alignment: Option<&Alignment>,
) -> BinSpans {
    match output {
        OutputType::ContactMaps | OutputType::SpliceJunctions => BinSpan::all(window, resolution).into(),
        _ => {
            let kept: BinSpans = kept_bins(resolution, window, span).into();
            match alignment {
                Some(alignment) => kept.union(&alignment.source_bins(&kept, resolution)),
                None => kept,
            }
        }
    }
}

/// Returns the bins with a base of the span, whole bins of the window only.
pub(crate) fn kept_bins(resolution: Resolution, window: &Window, span: BinSpan) -> BinSpan {
    span.pooled(resolution).intersect(BinSpan::all(window, resolution))
}

/// The answer lacks values of an output type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missing(pub(crate) OutputType);

impl Prediction {
    /// Keeps the bins of a span and lays ALT on REF.
    ///
    /// * `span`: the bases that are kept, as bins of 1 bp.
    pub(crate) fn of(
        pair: PredictedPair,
        wanted: &[Wanted],
        window: &Window,
        span: BinSpan,
        alignment: Option<&Alignment>,
    ) -> Result<Self, Missing> {
        let PredictedPair { reference, alternate } = pair;
        let mut alternate = alternate;
        let mut tracks = Vec::new();
        for values in reference.tracks {
            let output = values.tracks().output;
            let missing = || Missing(output);
            let bins = kept_bins(values.tracks().resolution, window, span);
            let of_alternate = match (&alternate, alignment) {
                (Some(alternate), Some(alignment)) => {
                    let found = alternate.tracks.iter().find(|other| other.tracks().output == output);
                    let found = found
                        .filter(|found| found.tracks() == values.tracks())
                        .ok_or_else(missing)?;
                    Some(AlternateValues {
                        on_reference: alignment.lay_bins(found, bins).ok_or_else(missing)?,
                        own: rows(found, bins).ok_or_else(missing)?,
                    })
                }
                _ => None,
            };
            tracks.push(TrackPrediction {
                span: bins,
                reference: rows(&values, bins).ok_or_else(missing)?,
                alternate: of_alternate,
                tracks: values.tracks().clone(),
            });
        }
        let is_wanted = |output| wanted.iter().any(|wanted| wanted.given.output == output);
        let contacts = reference.contacts.map(|table| {
            let bins = kept_bins(table.tracks.resolution, window, span);
            let other = alternate.as_mut().and_then(|alternate| alternate.contacts.take());
            ContactPrediction {
                reference: square(&table, bins),
                alternate: other.map(|other| square(&other, bins)),
                span: bins,
                tracks: table.tracks,
            }
        });
        if is_wanted(OutputType::ContactMaps) && contacts.is_none() {
            return Err(Missing(OutputType::ContactMaps));
        }
        let kept = bases_of(window, span);
        let junctions = reference.junctions.map(|table| {
            let other = alternate.as_mut().and_then(|alternate| alternate.junctions.take());
            join(table, other, kept)
        });
        Ok(Self {
            window: window.clone(),
            tracks,
            contacts,
            junctions,
        })
    }
}

/// Returns the bases of a window at bins of 1 bp, from the first base of the contig on.
pub(crate) fn bases_of(window: &Window, span: BinSpan) -> Interval {
    let bound = |index: usize| {
        let at = window.bed_start() + i64::try_from(index).unwrap_or(i64::MAX);
        u32::try_from(at.max(0)).unwrap_or(u32::MAX)
    };
    Interval::from_bed(bound(span.start()), bound(span.end())).expect("a span is not inverted")
}

fn rows(values: &TrackValues, bins: BinSpan) -> Option<Vec<f32>> {
    Some(values.rows(bins)?.flatten().copied().collect())
}

/// Takes a square of bins out of a contact map.
fn square(table: &ContactTable, bins: BinSpan) -> Vec<f32> {
    let tracks = table.tracks.tracks.len();
    let mut values = Vec::with_capacity(bins.len() * bins.len() * tracks);
    for row in bins.start()..bins.end() {
        let at = |column: usize| (row * table.bins + column) * tracks;
        values.extend_from_slice(&table.values[at(bins.start())..at(bins.end())]);
    }
    values
}

/// Joins the junctions of both alleles by intron and strand; those with a base outside `kept` are left out.
fn join(reference: JunctionTable, alternate: Option<JunctionTable>, kept: Interval) -> JunctionPrediction {
    type Pair<'a> = [Option<&'a [f32]>; 2];
    let width = reference.tracks.tracks.len();
    let mut joined: BTreeMap<(Interval, u8), (Option<Strand>, Pair<'_>)> = BTreeMap::new();
    let order = |strand: Option<Strand>| match strand {
        Some(Strand::Forward) => 0,
        Some(Strand::Reverse) => 1,
        None => 2,
    };
    for (half, table) in [Some(&reference), alternate.as_ref()].into_iter().enumerate() {
        let Some(table) = table else { continue };
        for (&(intron, strand), values) in table.junctions.iter().zip(table.values.chunks_exact(width.max(1))) {
            if kept.covers(intron) {
                let entry = joined.entry((intron, order(strand))).or_insert((strand, [None, None]));
                entry.1[half] = Some(values);
            }
        }
    }
    let values = |half: usize| {
        let of = |(_, pair): &(Option<Strand>, Pair<'_>)| match pair[half] {
            Some(values) => values.to_vec(),
            None => vec![f32::NAN; width],
        };
        joined.values().flat_map(of).collect::<Vec<f32>>()
    };
    JunctionPrediction {
        junctions: joined
            .iter()
            .map(|((intron, _), (strand, _))| (*intron, *strand))
            .collect(),
        reference: values(0),
        alternate: alternate.is_some().then(|| values(1)),
        tracks: reference.tracks.clone(),
    }
}

/// Returns the span of all bases of a window, as bins of 1 bp.
pub(crate) fn all_bases(window: &Window) -> BinSpan {
    BinSpan::new(Bin::new(0), Bin::new(window.length().get()))
}
