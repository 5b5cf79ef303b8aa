//! How the scores of a variant over many tracks become one number.

/// A summary over the tracks of one scorer.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// Name on the command line and in tables.
    pub name: &'static str,
    /// What it is, with its formula, in one sentence or two.
    pub docs: &'static str,
    /// Whether it is reported when none is named.
    pub default: bool,
    /// Whether it has a direction when the scores have one.
    pub keeps_direction: bool,
    /// Takes the scores of one variant, those that are numbers, in the model's order; at least one.
    function: fn(&[f64]) -> f64,
}

/// All summaries, in the order of the tables.
pub const SUMMARIES: &[Summary] = &[
    Summary {
        name: "max_abs",
        docs: "The score farthest from 0 among the tracks, with its sign; of equals the first in the model's order.",
        default: true,
        keeps_direction: true,
        function: |scores| scores[place_of_max_abs(scores)],
    },
    Summary {
        name: "sum",
        docs: "The sum over the tracks: tracks of opposite sign cancel.",
        default: true,
        keeps_direction: true,
        function: |scores| scores.iter().sum(),
    },
    Summary {
        name: "mean",
        docs: "The sum divided by the number of tracks with a score. Where every track has one, it correlates like the sum.",
        default: false,
        keeps_direction: true,
        function: |scores| scores.iter().sum::<f64>() / scores.len() as f64,
    },
    Summary {
        name: "mean_abs",
        docs: "The mean of the sizes: how much changes over all tracks, without a direction.",
        default: true,
        keeps_direction: false,
        function: |scores| scores.iter().map(|score| score.abs()).sum::<f64>() / scores.len() as f64,
    },
    Summary {
        name: "max",
        docs: "The largest score: the strongest gain.",
        default: true,
        keeps_direction: true,
        function: |scores| scores.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    },
    Summary {
        name: "min",
        docs: "The smallest score: the strongest loss.",
        default: true,
        keeps_direction: true,
        function: |scores| scores.iter().copied().fold(f64::INFINITY, f64::min),
    },
];

impl Summary {
    /// Returns the summary of that name, or `None`.
    pub fn of(name: &str) -> Option<&'static Self> {
        SUMMARIES.iter().find(|summary| summary.name == name)
    }

    /// Sums up the scores of one variant; `None` when no track has one.
    ///
    /// * `scores`: one per track, in the model's order; NaN where there is none.
    pub fn of_scores(&self, scores: &[f64]) -> Option<f64> {
        let known: Vec<f64> = scores.iter().copied().filter(|score| !score.is_nan()).collect();
        (!known.is_empty()).then(|| (self.function)(&known))
    }
}

/// Returns the track whose score is farthest from 0, the first of equals; `None` when no track has a score.
///
/// * `scores`: one per track; NaN where there is none.
pub(super) fn strongest_track(scores: &[f64]) -> Option<usize> {
    let place = (!scores.is_empty()).then(|| place_of_max_abs(scores))?;
    (!scores[place].is_nan()).then_some(place)
}

fn place_of_max_abs(scores: &[f64]) -> usize {
    let mut best = 0;
    for (place, score) in scores.iter().enumerate() {
        // A NaN in the lead is beaten by any number; a NaN later beats nothing.
        if score.abs() > scores[best].abs() || (scores[best].is_nan() && !score.is_nan()) {
            best = place;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, scores: &[f64]) -> Option<f64> {
        Summary::of(name).unwrap().of_scores(scores)
    }

    #[test]
    fn every_summary_of_a_small_row() {
        let scores = [0.5, -2.0, 1.0, f64::NAN];
        assert_eq!(of("max_abs", &scores), Some(-2.0));
        assert_eq!(of("sum", &scores), Some(-0.5));
        // -0.5 / 3
        assert_eq!(of("mean", &scores), Some(-0.5 / 3.0));
        // 3.5 / 3
        assert_eq!(of("mean_abs", &scores), Some(3.5 / 3.0));
        assert_eq!(of("max", &scores), Some(1.0));
        assert_eq!(of("min", &scores), Some(-2.0));
        assert_eq!(strongest_track(&scores), Some(1));
    }

    #[test]
    fn of_equals_the_first_is_the_strongest() {
        assert_eq!(strongest_track(&[f64::NAN, 1.0, -1.0]), Some(1));
        assert_eq!(of("max_abs", &[1.0, -1.0]), Some(1.0));
    }

    #[test]
    fn without_scores_there_is_no_summary() {
        for summary in SUMMARIES {
            assert_eq!(summary.of_scores(&[f64::NAN, f64::NAN]), None);
            assert_eq!(summary.of_scores(&[]), None);
        }
        assert_eq!(strongest_track(&[f64::NAN]), None);
        assert_eq!(strongest_track(&[]), None);
    }

    #[test]
    fn names_are_unique_and_found() {
        for summary in SUMMARIES {
            assert_eq!(Summary::of(summary.name).unwrap().docs, summary.docs);
        }
        assert!(Summary::of("median").is_none());
    }
}
