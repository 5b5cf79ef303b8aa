//! Brier score.
//!
//! # Formula
//! mean((p - y)^2) with p the predicted probability and y 1 for true, 0 for false. 0 is perfect; the share of positives
//! s for every row gives s (1 - s); 1/2 for every row gives 1/4.
//!
//! # Limits
//! Mixes calibration and discrimination: a well-ranked but badly scaled score does badly. Compare within one set of rows.
//!
//! # Source
//! Brier (1950), Verification of forecasts expressed in terms of probability, Monthly Weather Review 78, 1-3.

use crate::stats::calibration::checked;
use crate::stats::error::StatsError;
use crate::stats::row_statistic::RowStatistic;
use crate::stats::weighted_mean::WeightedMean;

/// The Brier score of probabilities for labels, prepared for resampling.
#[derive(Clone, Debug)]
pub struct Brier {
    squares: WeightedMean,
}

impl Brier {
    /// Checks the rows.
    ///
    /// # Errors
    /// Columns of different length, no rows, NaN, [`StatsError::NotAProbability`]. One class alone is allowed.
    pub fn new(labels: &[bool], probabilities: &[f64]) -> Result<Self, StatsError> {
        checked(labels, probabilities)?;
        let square = |(&label, probability): (&bool, &f64)| (probability - f64::from(u8::from(label))).powi(2);
        let squares: Vec<f64> = labels.iter().zip(probabilities).map(square).collect();
        Ok(Self {
            squares: WeightedMean::unweighted(&squares)?,
        })
    }
}

impl RowStatistic for Brier {
    fn rows(&self) -> usize {
        self.squares.rows()
    }

    fn on_counts(&self, counts: &[u32], scratch: &mut Vec<i64>) -> Option<f64> {
        self.squares.on_counts(counts, scratch)
    }

    fn leave_one_out(&self) -> Vec<Option<f64>> {
        self.squares.leave_one_out()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coin_scores_a_quarter_and_certainty_scores_nothing() {
        let score = |probabilities: &[f64]| {
            Brier::new(&[true, false, false], probabilities).map(|statistic| statistic.on_all_rows().unwrap())
        };
        assert_eq!(score(&[0.5; 3]), Ok(0.25));
        assert_eq!(score(&[1.0, 0.0, 0.0]), Ok(0.0));
        let expected = StatsError::NotAProbability {
            column: "probabilities",
            row: 2,
            value: 1.5,
        };
        assert_eq!(score(&[1.0, 0.0, 1.5]), Err(expected));
    }
}
