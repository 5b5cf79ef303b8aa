//! The contact-map scorer: how much the contacts of the variant's bin with the window change.

use super::{ScoreError, ScoreKind, Scorer, ScorerDocs, ScoringInput, ScoringPlace, TrackScores, WithoutArguments};
use crate::align::AlignError;
use crate::backend::OutputRequest;
use crate::track::{Bin, BinSpan, OutputType, Resolution, TrackSet};
use std::fmt;

/// Scores each track of a contact map by the mean change along the variant's column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ContactMap;

impl ContactMap {
    /// Returns the variant's bin; `None` when it does not lie in the window, or behind its last whole bin.
    fn column(resolution: Resolution, place: &ScoringPlace<'_>) -> Option<BinSpan> {
        if place.variant.contig() != place.window.contig() {
            return None;
        }
        let offset = place.window.offset_of(place.variant.position())?;
        let index = u32::try_from(resolution.bin_of(offset).index()).ok()?;
        let column = BinSpan::new(Bin::new(index), Bin::new(index.checked_add(1)?));
        BinSpan::all(place.window, resolution).covers(column).then_some(column)
    }
}

impl fmt::Display for ContactMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CLASS}()")
    }
}

impl Scorer for ContactMap {
    fn output(&self) -> OutputType {
        OutputType::ContactMaps
    }

    fn kind(&self) -> ScoreKind {
        ScoreKind::UnsignedEffect
    }

    fn request(&self, tracks: &TrackSet, place: &ScoringPlace<'_>) -> OutputRequest {
        OutputRequest {
            output: self.output(),
            spans: Self::column(tracks.resolution, place).into_iter().collect(),
        }
    }

    fn score(&self, input: &ScoringInput<'_>) -> Result<TrackScores, ScoreError> {
        let missing = || ScoreError::OutputMissing {
            scorer: self.to_string(),
            output: self.output(),
        };
        let reference = input.outputs.reference.contacts().ok_or_else(missing)?;
        let alternate = input.outputs.alternate.contacts().ok_or_else(missing)?;
        let tracks = reference.tracks();
        if tracks.tracks.len() != alternate.tracks().tracks.len() {
            return Err(ScoreError::TracksDiffer { output: self.output() });
        }
        let place = &input.place;
        let column = Self::column(tracks.resolution, place).ok_or_else(|| ScoreError::Outside {
            scorer: self.to_string(),
            cause: AlignError::VariantOutside {
                variant: place.variant.to_string(),
                window: place.window.to_string(),
            },
        })?;
        let pairs = reference
            .column(column)
            .ok_or_else(missing)?
            .zip(alternate.column(column).ok_or_else(missing)?);
        let mut sums = vec![0.0f64; tracks.tracks.len()];
        let mut bins = 0.0;
        for (r, a) in pairs {
            bins += 1.0;
            for ((sum, &r), &a) in sums.iter_mut().zip(r).zip(a) {
                *sum += (f64::from(a) - f64::from(r)).abs();
            }
        }
        Ok(TrackScores::one(sums.iter().map(|sum| (sum / bins) as f32).collect()))
    }
}

const CLASS: &str = "ContactMapScorer";

/// The class `ContactMapScorer` for the table of scorers.
pub const KIND: WithoutArguments = WithoutArguments {
    class: CLASS,
    docs: &DOCS,
    make: || Box::new(ContactMap),
};

static DOCS: ScorerDocs = ScorerDocs {
    measures: "How much the predicted contacts of the variant's bin with the whole window change.",
    formula: "CONTACT: mean(|A - R|) over all bins of the window, in the column of the bin with the first base of REF. R \
        and A are predicted contacts, already in log-fold over the expectation at their distance.",
    when_to_use: "Effects on the folding of chromatin: borders of domains and loops, CTCF sites.",
    limits: "ALT is not aligned for indels, as in the published scorer; at 2,048 bp for a bin short indels move little. \
        The mean runs over the whole window, so scores of windows of different lengths are not comparable. A variant \
        that no whole bin holds is refused, as there.",
    source: "AlphaGenome, ContactMapScorer of the client 0.10.0 and of alphagenome_research 3f79219, after Orca \
        (doi:10.1038/s41588-022-01065-4).",
};
