//! By how much two values may differ.

use super::{DiffError, DiffOptions};
use crate::score_folder::{RunScorer, ScoreFolder};
use refalt_core::nearest::nearest;
use serde::Serialize;
use std::str::FromStr;

/// By how much two values may differ: `relative * max(|left|, |right|) + absolute`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Tolerance {
    /// Share of the greater size.
    pub relative: f64,
    /// In units of the score.
    pub absolute: f64,
}

impl Tolerance {
    /// Values are equal or not.
    pub const EXACT: Self = Self {
        relative: 0.0,
        absolute: 0.0,
    };

    /// For two models: a tenth of a percent, which another order of summation in 32-bit floats stays below, and a
    /// millionth for scores next to 0.
    pub const OTHER_MODEL: Self = Self {
        relative: 1e-3,
        absolute: 1e-6,
    };

    /// Says whether two values are beyond it. NaN meets NaN, and equal infinities meet.
    pub fn is_exceeded(self, left: f32, right: f32) -> bool {
        if left == right || (left.is_nan() && right.is_nan()) {
            return false;
        }
        let (left, right) = (f64::from(left), f64::from(right));
        let difference = (left - right).abs();
        let allowed = self.relative * left.abs().max(right.abs()) + self.absolute;
        // An infinity allows itself; against a number, or the other infinity, it is beyond everything.
        !(difference.is_finite() && difference <= allowed)
    }
}

impl FromStr for Tolerance {
    type Err = DiffError;

    /// Reads `1e-3` or `1e-3+1e-6`.
    fn from_str(text: &str) -> Result<Self, DiffError> {
        let wrong = || DiffError::Tolerance { found: text.to_owned() };
        // The `+` of an exponent (`1e+3`) is none between two numbers.
        let plus = text
            .match_indices('+')
            .map(|(at, _)| at)
            .find(|&at| at > 0 && !text[..at].ends_with(['e', 'E']));
        let (relative, absolute) = match plus {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, "0"),
        };
        let number = |text: &str| {
            text.parse::<f64>()
                .ok()
                .filter(|value| value.is_finite() && *value >= 0.0)
        };
        Ok(Self {
            relative: number(relative).ok_or_else(wrong)?,
            absolute: number(absolute).ok_or_else(wrong)?,
        })
    }
}

/// The scorers of both runs with their tolerances, those of the left run first.
pub(super) fn resolve(
    left: &ScoreFolder,
    right: &ScoreFolder,
    options: &DiffOptions,
) -> Result<Vec<(RunScorer, Tolerance)>, DiffError> {
    let mut scorers: Vec<RunScorer> = left.scorers().to_vec();
    for scorer in right.scorers() {
        if !scorers.iter().any(|known| known.scorer == scorer.scorer) {
            scorers.push(scorer.clone());
        }
    }
    let is = |scorer: &RunScorer, name: &str| scorer.scorer == name || scorer.short_name() == name;
    for name in options.by_scorer.keys() {
        if !scorers.iter().any(|scorer| is(scorer, name)) {
            let known: Vec<String> = scorers.iter().map(RunScorer::short_name).collect();
            return Err(DiffError::UnknownScorer {
                found: name.clone(),
                nearest: nearest(name, known.iter().map(String::as_str)),
                known,
            });
        }
    }
    let default = options.tolerance.unwrap_or(if left.model() == right.model() {
        Tolerance::EXACT
    } else {
        Tolerance::OTHER_MODEL
    });
    let with_tolerance = scorers.into_iter().map(|scorer| {
        let own = options.by_scorer.iter().find(|(name, _)| is(&scorer, name));
        let tolerance = own.map_or(default, |(_, tolerance)| *tolerance);
        (scorer, tolerance)
    });
    Ok(with_tolerance.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_meets_nan_and_nothing_else() {
        let loose = Tolerance {
            relative: 1e9,
            absolute: 1e9,
        };
        assert!(!loose.is_exceeded(f32::NAN, f32::NAN));
        assert!(loose.is_exceeded(f32::NAN, 1.0));
        assert!(loose.is_exceeded(f32::INFINITY, 1.0));
        assert!(!Tolerance::EXACT.is_exceeded(f32::INFINITY, f32::INFINITY));
        assert!(loose.is_exceeded(f32::INFINITY, f32::NEG_INFINITY));
    }

    #[test]
    fn the_limit_itself_is_within() {
        let tolerance: Tolerance = "0.25+0.5".parse().unwrap();
        // 0.25 * 4 + 0.5 = 1.5.
        assert!(!tolerance.is_exceeded(4.0, 2.5));
        assert!(tolerance.is_exceeded(4.0, 2.25));
        assert!(!Tolerance::EXACT.is_exceeded(0.0, -0.0));
        assert!(Tolerance::EXACT.is_exceeded(1.0, 1.0 + f32::EPSILON));
    }

    #[test]
    fn text_is_read_and_nonsense_refused() {
        let tolerance = |relative, absolute| Tolerance { relative, absolute };
        for (text, expected) in [
            ("0", tolerance(0.0, 0.0)),
            ("1e-3", tolerance(1e-3, 0.0)),
            ("1e+0+1e-6", tolerance(1.0, 1e-6)),
        ] {
            assert_eq!(text.parse::<Tolerance>().unwrap(), expected);
        }
        for text in ["", "-1", "1e-3+", "nan", "x"] {
            assert!(text.parse::<Tolerance>().is_err(), "{text}");
        }
    }
}
