//! The grid on which published quantile scores lie.
//!
//! # Formula
//! p(j) = 1 / (1 + exp(-x(j))), x(j) = -L + 2 L j / 998, j = 0 .. 998, L = ln(0.99999 / 0.00001): 999 probabilities equally
//! spaced in their logits. A signed score has the quantile 2 p - 1, an unsigned one p. So no published quantile is beyond
//! 0.99998 (signed) or 0.99999 (unsigned), and scores between two knots share a value.
//!
//! # Source
//! The quantile scores of the hosted AlphaGenome: every one printed in full coincides with a point of this grid to the
//! rounding of a float32.

use super::error::{StatsError, no_nan};
use std::sync::OnceLock;

/// Number of points of the published grid.
pub const QUANTILE_GRID_POINTS: usize = 999;

/// The outermost probability of the grid.
const EXTREME: f64 = 0.99999;

/// Whether raw scores have a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreSign {
    /// Quantiles run from -1 to 1.
    Signed,
    /// Quantiles run from 0 to 1.
    Unsigned,
}

impl ScoreSign {
    /// Returns the quantile score at a probability.
    pub const fn quantile(self, probability: f64) -> f64 {
        match self {
            Self::Signed => 2.0 * probability - 1.0,
            Self::Unsigned => probability,
        }
    }
}

/// The published probabilities, ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantileGrid {
    probabilities: Vec<f64>,
}

impl QuantileGrid {
    /// Makes the grid.
    ///
    /// ```
    /// use refalt_core::stats::{QuantileGrid, ScoreSign};
    ///
    /// let grid = QuantileGrid::published();
    /// let signed = grid.quantiles(ScoreSign::Signed);
    /// assert_eq!(signed[499], 0.0);
    /// assert!((signed[998] - 0.99998).abs() < 1e-15);
    /// ```
    pub fn published() -> Self {
        let logit = (EXTREME / (1.0 - EXTREME)).ln();
        let last = (QUANTILE_GRID_POINTS - 1) as f64;
        let probability = |j: usize| {
            // Counted from the middle, so that the grid is symmetric to the last digit.
            let x = logit * (2.0 * j as f64 - last) / last;
            1.0 / (1.0 + (-x).exp())
        };
        Self {
            probabilities: (0..QUANTILE_GRID_POINTS).map(probability).collect(),
        }
    }

    /// The grid, made once.
    pub(super) fn shared() -> &'static Self {
        static GRID: OnceLock<QuantileGrid> = OnceLock::new();
        GRID.get_or_init(Self::published)
    }

    /// Returns the probabilities, ascending.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// Returns the quantile scores, ascending.
    pub fn quantiles(&self, sign: ScoreSign) -> Vec<f64> {
        self.probabilities.iter().map(|&p| sign.quantile(p)).collect()
    }

    /// Returns the point nearest to a probability, the lower of two as near.
    pub(super) fn nearest(&self, probability: f64) -> usize {
        let above = self.probabilities.partition_point(|&p| p < probability);
        if above == 0 {
            return 0;
        }
        if above == self.probabilities.len() {
            return above - 1;
        }
        let (low, high) = (self.probabilities[above - 1], self.probabilities[above]);
        if probability - low <= high - probability {
            above - 1
        } else {
            above
        }
    }

    /// Returns the point nearest to a quantile score, from 0, and its distance from it, as quantile scores.
    ///
    /// A distance above 1e-7, more than a float32 rounds away, means that the score was not made with this grid, was
    /// averaged, or was printed with few digits.
    ///
    /// # Errors
    /// [`StatsError::NotANumber`] for NaN.
    pub fn point_of(&self, quantile: f64, sign: ScoreSign) -> Result<(usize, f64), StatsError> {
        no_nan("quantile", &[quantile])?;
        let probability = match sign {
            ScoreSign::Signed => (1.0 + quantile) / 2.0,
            ScoreSign::Unsigned => quantile,
        };
        let point = self.nearest(probability);
        Ok((point, (sign.quantile(self.probabilities[point]) - quantile).abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_symmetric_rising_and_equally_spaced_in_logits() {
        let grid = QuantileGrid::published();
        let p = grid.probabilities();
        assert_eq!(p.len(), 999);
        let logit = |p: f64| (p / (1.0 - p)).ln();
        for (j, &value) in p.iter().enumerate() {
            assert!((value + p[998 - j] - 1.0).abs() < 1e-15);
            // 2 * 11.512915 / 998 = 0.02307197 per step; near 1 the logit of a rounded p has 1e-16 / 1e-5 = 1e-11 left.
            assert!((logit(value) - (j as f64 - 499.0) * 0.023_071_974_3).abs() < 1e-6);
        }
        assert!(p.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((p[0] - 1e-5).abs() < 1e-17 * 10.0 && (p[998] - 0.99999).abs() < 1e-15);
    }

    #[test]
    fn points_are_found_and_values_between_them_are_told() {
        let grid = QuantileGrid::published();
        for sign in [ScoreSign::Signed, ScoreSign::Unsigned] {
            for (j, value) in grid.quantiles(sign).into_iter().enumerate() {
                let (point, distance) = grid.point_of(f64::from(value as f32), sign).unwrap();
                assert!(point == j && distance < 1e-7);
            }
        }
        let (_, distance) = grid.point_of(0.003, ScoreSign::Signed).unwrap();
        assert!(distance > 1e-4);
        assert!(grid.point_of(f64::NAN, ScoreSign::Signed).is_err());
    }
}
