//! The predictions that every further question is asked of: summaries, and the tracks that were asked for.
//!
//! Tracks that were chosen for being the best are left out: a number over parts of the rows that chose them says nothing.

use super::joined::JoinedColumn;
use super::measure::{Compared, Measure, Measured};
use super::predictor::{Group, Predictor};

/// A prediction over the joined units.
pub(super) struct Subject<'a> {
    pub(super) column: JoinedColumn,
    /// Why signed measures make no sense, when they do not.
    pub(super) no_direction: Option<&'static str>,
    source: Source<'a>,
}

enum Source<'a> {
    Predictor(&'a Predictor<'a>),
    /// One value per unit, NaN where there is none.
    Column(Vec<f64>),
}

impl<'a> Subject<'a> {
    /// Takes the predictions that are reported in full.
    pub(super) fn in_full(groups: &'a [[Group<'a>; 2]]) -> Vec<Self> {
        let predictors = groups
            .iter()
            .flatten()
            .flat_map(|group| group.predictors.iter().map(move |predictor| (group, predictor)));
        predictors
            .filter(|(_, predictor)| predictor.in_full)
            .map(|(group, predictor)| Self {
                column: group.column(predictor),
                no_direction: predictor.no_direction,
                source: Source::Predictor(predictor),
            })
            .collect()
    }

    /// Returns the same prediction over other units.
    ///
    /// * `places`: for each of the other units its place among those of `self`, if it has one.
    pub(super) fn over(&self, places: &[Option<usize>]) -> Subject<'static> {
        let value = |place: &Option<usize>| match (place, &self.source) {
            (None, _) => f64::NAN,
            (Some(place), Source::Column(column)) => column[*place],
            (Some(place), Source::Predictor(predictor)) => predictor.of_variants(&[*place])[0],
        };
        Subject {
            column: self.column.clone(),
            no_direction: self.no_direction,
            source: Source::Column(places.iter().map(value).collect()),
        }
    }

    /// Says whether two predictions over the same units have the same values wherever both have one, and are both somewhere.
    pub(super) fn has_scores_of(&self, other: &Self) -> bool {
        let (Source::Column(own), Source::Column(others)) = (&self.source, &other.source) else {
            return false;
        };
        let mut both = own
            .iter()
            .zip(others)
            .filter(|(a, b)| !a.is_nan() && !b.is_nan())
            .peekable();
        both.peek().is_some() && both.all(|(a, b)| a == b)
    }

    /// Returns the predicted values of an experiment's rows, NaN where there is none.
    pub(super) fn values(&self, measured: &Measured) -> Vec<f64> {
        match &self.source {
            Source::Predictor(predictor) => predictor.of_variants(&measured.variants),
            Source::Column(column) => measured.variants.iter().map(|&unit| column[unit]).collect(),
        }
    }

    /// Says whether a measure makes sense for the prediction.
    pub(super) fn takes(&self, measure: &Measure) -> bool {
        measure.compared != Compared::Signed || self.no_direction.is_none()
    }
}

/// Every prediction with every measure that makes sense for it.
pub(super) fn pairs<'s, 'a>(
    subjects: &'s [Subject<'a>],
    measures: &'s [Measure],
) -> Vec<(&'s Subject<'a>, &'s Measure)> {
    let all = subjects
        .iter()
        .flat_map(|subject| measures.iter().map(move |measure| (subject, measure)));
    all.filter(|(subject, measure)| subject.takes(measure)).collect()
}

impl Group<'_> {
    /// Returns the identity of one of the predictions.
    pub(super) fn column(&self, predictor: &Predictor<'_>) -> JoinedColumn {
        JoinedColumn {
            kind: self.kind,
            name: predictor.name.clone(),
            scorer: self.scorer.clone().unwrap_or_default(),
            transcription_factor: predictor.transcription_factor.clone(),
            track_strand: predictor.track_strand.clone(),
        }
    }
}
