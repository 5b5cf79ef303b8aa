//! What is compared with the measurement: another experiment, a summary over tracks, a track.

use super::options::short_name;
use super::run_folder::ScoreMatrix;
use super::summary::Summary;
use serde::Serialize;

/// What a prediction is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PredictorKind {
    /// Another experiment of the truth table, in the place of a prediction: the ceiling.
    Experiment,
    /// One number over all tracks of a scorer.
    #[default]
    Summary,
    /// One track by one scorer.
    Track,
}

impl PredictorKind {
    /// Returns the name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Experiment => "experiment",
            Self::Summary => "summary",
            Self::Track => "track",
        }
    }
}

/// The values of a prediction.
pub(super) enum Values<'a> {
    /// One value per joined variant, NaN where there is none.
    Column(Vec<f64>),
    /// A track of a matrix.
    Track(&'a ScoreMatrix, usize),
}

/// One prediction.
pub(super) struct Predictor<'a> {
    pub(super) name: String,
    pub(super) transcription_factor: Option<String>,
    pub(super) track_strand: Option<String>,
    /// Tracks behind the value; none for experiments.
    pub(super) tracks: Option<usize>,
    /// Why signed measures make no sense, when they do not.
    pub(super) no_direction: Option<&'static str>,
    /// Whether its intervals are bootstrapped whatever its rank.
    pub(super) in_full: bool,
    values: Values<'a>,
}

impl Predictor<'_> {
    /// Returns the values of some joined variants, NaN where there is none.
    pub(super) fn of_variants(&self, variants: &[usize]) -> Vec<f64> {
        match &self.values {
            Values::Column(column) => variants.iter().map(|&variant| column[variant]).collect(),
            Values::Track(matrix, track) => {
                let scores = matrix.track(*track);
                variants.iter().map(|&variant| f64::from(scores[variant])).collect()
            }
        }
    }
}

/// Predictions of one kind, by one scorer: the family over which p-values are adjusted.
pub(super) struct Group<'a> {
    pub(super) kind: PredictorKind,
    /// Short name of the scorer; none for experiments.
    pub(super) scorer: Option<String>,
    pub(super) score_kind: Option<String>,
    pub(super) predictors: Vec<Predictor<'a>>,
}

const ACTIVITY: &str = "activity scores say how active the place is and have no direction";
const UNSIGNED: &str = "the score is a size and has no direction";

/// Says why scores of this kind have no direction, when they have none.
fn no_direction(score_kind: &str) -> Option<&'static str> {
    match score_kind {
        "signed_effect" => None,
        "activity" => Some(ACTIVITY),
        _ => Some(UNSIGNED),
    }
}

/// Makes predictions of the other experiments.
///
/// * `others`: name, and one measured effect per joined variant, NaN where the experiment lacks it.
pub(super) fn experiments(others: Vec<(String, Vec<f64>)>) -> Group<'static> {
    let predictors = others.into_iter().map(|(name, column)| Predictor {
        name,
        transcription_factor: None,
        track_strand: None,
        tracks: None,
        no_direction: None,
        in_full: true,
        values: Values::Column(column),
    });
    Group {
        kind: PredictorKind::Experiment,
        scorer: None,
        score_kind: None,
        predictors: predictors.collect(),
    }
}

/// Returns the summaries and the tracks of each scorer.
///
/// * `asked_for`: for each scorer, indices of the tracks that are reported in full.
/// * `variants`: number of joined variants.
pub(super) fn of_scorers<'a>(
    matrices: &'a [ScoreMatrix],
    asked_for: &[Vec<usize>],
    chosen: &[&'static Summary],
    variants: usize,
) -> Vec<[Group<'a>; 2]> {
    let of_scorer = |(matrix, asked_for): (&'a ScoreMatrix, &Vec<usize>)| {
        let scorer = short_name(&matrix.scorer.scorer);
        [
            summaries(matrix, scorer, chosen, variants),
            tracks(matrix, scorer, asked_for),
        ]
    };
    matrices.iter().zip(asked_for).map(of_scorer).collect()
}

/// Makes the summaries of a scorer.
///
/// * `variants`: number of joined variants.
fn summaries(matrix: &ScoreMatrix, scorer: &str, chosen: &[&'static Summary], variants: usize) -> Group<'static> {
    let mut columns = vec![Vec::with_capacity(variants); chosen.len()];
    for variant in 0..variants {
        let scores = matrix.variant(variant);
        for (column, summary) in columns.iter_mut().zip(chosen) {
            column.push(summary.of_scores(&scores).unwrap_or(f64::NAN));
        }
    }
    let kind = matrix.scorer.score_kind.as_str();
    let predictors = chosen.iter().zip(columns).map(|(summary, column)| Predictor {
        name: summary.name.to_owned(),
        transcription_factor: None,
        track_strand: None,
        tracks: Some(matrix.tracks.len()),
        no_direction: no_direction(kind).or((!summary.keeps_direction).then_some(UNSIGNED)),
        in_full: true,
        values: Values::Column(column),
    });
    Group {
        kind: PredictorKind::Summary,
        scorer: Some(scorer.to_owned()),
        score_kind: Some(kind.to_owned()),
        predictors: predictors.collect(),
    }
}

/// Makes the tracks of a scorer.
///
/// * `in_full`: indices of tracks that the user asked for.
fn tracks<'a>(matrix: &'a ScoreMatrix, scorer: &str, in_full: &[usize]) -> Group<'a> {
    let kind = matrix.scorer.score_kind.as_str();
    let predictors = matrix.tracks.iter().enumerate().map(|(index, track)| Predictor {
        name: track.name.clone(),
        transcription_factor: track.transcription_factor.clone(),
        track_strand: Some(track.strand.clone()),
        tracks: Some(1),
        no_direction: no_direction(kind),
        in_full: in_full.contains(&index),
        values: Values::Track(matrix, index),
    });
    Group {
        kind: PredictorKind::Track,
        scorer: Some(scorer.to_owned()),
        score_kind: Some(kind.to_owned()),
        predictors: predictors.collect(),
    }
}
