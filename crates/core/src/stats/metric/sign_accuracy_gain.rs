//! Sign accuracy less the accuracy of always naming the commoner measured direction.
//!
//! # Formula
//! Over the rows whose measured value is not 0: (rows where prediction and measurement agree in sign - rows measured in
//! the commoner direction) / rows. The commoner direction is that of all rows, up where both are as common.
//!
//! METHOD: the direction is chosen once, on all rows, and kept in resamples: it is a second prediction, compared with the
//! first on the same rows. Choosing it anew in each resample would favour it where both directions are about as common.

use super::sign_accuracy::{agrees, sign_accuracy};
use crate::stats::error::StatsError;
use crate::stats::row_statistic::RowStatistic;

/// The gain in sign accuracy over the commoner direction, prepared for resampling.
#[derive(Clone, Debug)]
pub struct SignAccuracyGain {
    /// Per row, where the measured value has a direction: 1 where only the prediction is right, -1 where only the commoner
    /// direction is, else 0.
    steps: Vec<Option<i8>>,
}

impl SignAccuracyGain {
    /// Compares the columns row by row.
    ///
    /// # Errors
    /// As for [`sign_accuracy`].
    pub fn new(predicted: &[f64], measured: &[f64]) -> Result<Self, StatsError> {
        let counts = sign_accuracy(predicted, measured)?;
        let majority_up = counts.measured_up >= counts.measured_down;
        let step = |(&predicted, &measured): (&f64, &f64)| {
            let majority = (measured > 0.0) == majority_up;
            (measured != 0.0).then(|| i8::from(agrees(predicted, measured)) - i8::from(majority))
        };
        Ok(Self {
            steps: predicted.iter().zip(measured).map(step).collect(),
        })
    }
}

impl RowStatistic for SignAccuracyGain {
    fn rows(&self) -> usize {
        self.steps.len()
    }

    fn on_counts(&self, counts: &[u32], _scratch: &mut Vec<i64>) -> Option<f64> {
        let (mut sum, mut rows) = (0, 0);
        for (step, &count) in self.steps.iter().zip(counts) {
            if let Some(step) = step {
                sum += i64::from(*step) * i64::from(count);
                rows += i64::from(count);
            }
        }
        (rows > 0).then(|| sum as f64 / rows as f64)
    }

    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let rows = self.steps.iter().flatten().count() as i64;
        let sum: i64 = self.steps.iter().flatten().map(|&step| i64::from(step)).sum();
        let share = |sum: i64, rows: i64| (rows > 0).then(|| sum as f64 / rows as f64);
        let without = |step: &Option<i8>| match step {
            Some(own) => share(sum - i64::from(*own), rows - 1),
            None => share(sum, rows),
        };
        self.steps.iter().map(without).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commoner_direction_gains_nothing_over_itself_in_any_resample() {
        let statistic = SignAccuracyGain::new(&[1.0; 5], &[1.0, 2.0, 3.0, -1.0, 0.0]).unwrap();
        assert_eq!(statistic.on_all_rows(), Some(0.0));
        assert_eq!(statistic.on_counts(&[0, 1, 0, 4, 0], &mut Vec::new()), Some(0.0));
        assert_eq!(statistic.on_counts(&[0, 0, 0, 0, 5], &mut Vec::new()), None);
    }

    #[test]
    fn a_perfect_prediction_gains_the_share_of_the_rarer_direction() {
        let measured = [1.0, 2.0, 3.0, -1.0];
        let statistic = SignAccuracyGain::new(&measured, &measured).unwrap();
        assert_eq!(statistic.on_all_rows(), Some(0.25));
        assert_eq!(statistic.leave_one_out()[3], Some(0.0));
        assert_eq!(statistic.leave_one_out()[0], Some(1.0 / 3.0));
    }
}
