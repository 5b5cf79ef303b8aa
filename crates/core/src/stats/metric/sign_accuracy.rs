//! Sign accuracy, beside the accuracy of always naming the commoner direction.
//!
//! # Formula
//! Over the rows whose measured value is not 0: rows where the predicted value has the same sign / rows.
//!
//! METHOD: a measured 0 has no direction and leaves the row out; a predicted 0 names no direction and is
//! counted as wrong. Both are reported.

use super::value_of;
use crate::stats::error::{StatsError, no_nan, row_count, same_length};
use crate::stats::row_statistic::RowStatistic;

/// How predicted and measured directions agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignCounts {
    /// Rows with a measured direction and the same predicted direction.
    pub agree: usize,
    /// Rows with a measured direction and the opposite predicted direction.
    pub opposite: usize,
    /// Rows with a measured direction and a prediction of 0.
    pub undecided: usize,
    /// Rows measured above 0.
    pub measured_up: usize,
    /// Rows measured below 0.
    pub measured_down: usize,
    /// Rows measured 0, left out.
    pub measured_zero: usize,
}

impl SignCounts {
    /// Returns the rows with a measured direction.
    pub const fn rows(&self) -> usize {
        self.measured_up + self.measured_down
    }

    /// Returns the share of rows with a measured direction whose predicted direction is the same.
    pub fn accuracy(&self) -> f64 {
        self.agree as f64 / self.rows() as f64
    }

    /// Returns the accuracy of always predicting the commoner measured direction.
    pub fn majority_baseline(&self) -> f64 {
        self.measured_up.max(self.measured_down) as f64 / self.rows() as f64
    }
}

/// Compares the direction of each predicted value with the measured one.
///
/// # Errors
/// Columns of different length, NaN, or no row with a measured direction ([`StatsError::NoSign`]).
pub fn sign_accuracy(predicted: &[f64], measured: &[f64]) -> Result<SignCounts, StatsError> {
    same_length("predicted", predicted.len(), "measured", measured.len())?;
    row_count(predicted.len(), 1)?;
    no_nan("predicted", predicted)?;
    no_nan("measured", measured)?;
    let count = |test: fn(f64, f64) -> bool| {
        predicted
            .iter()
            .zip(measured)
            .filter(|(predicted, measured)| test(**predicted, **measured))
            .count()
    };
    let counts = SignCounts {
        agree: count(agrees),
        opposite: count(|predicted, measured| agrees(-predicted, measured)),
        undecided: count(|predicted, measured| predicted == 0.0 && measured != 0.0),
        measured_up: count(|_, measured| measured > 0.0),
        measured_down: count(|_, measured| measured < 0.0),
        measured_zero: count(|_, measured| measured == 0.0),
    };
    if counts.rows() == 0 {
        return Err(StatsError::NoSign { rows: measured.len() });
    }
    Ok(counts)
}

/// Says whether both values lie on the same side of 0.
pub(super) fn agrees(predicted: f64, measured: f64) -> bool {
    (predicted > 0.0 && measured > 0.0) || (predicted < 0.0 && measured < 0.0)
}

/// The sign accuracy of two columns, prepared for resampling.
#[derive(Clone, Debug)]
pub struct SignAccuracy {
    /// Per row: `Some(agrees)` where the measured value has a direction.
    agreement: Vec<Option<bool>>,
}

impl SignAccuracy {
    /// Compares the columns row by row.
    ///
    /// # Errors
    /// As for [`sign_accuracy`].
    pub fn new(predicted: &[f64], measured: &[f64]) -> Result<Self, StatsError> {
        sign_accuracy(predicted, measured)?;
        let rows = predicted.iter().zip(measured);
        let agreement = rows
            .map(|(&predicted, &measured)| (measured != 0.0).then(|| agrees(predicted, measured)))
            .collect();
        Ok(Self { agreement })
    }

    /// Returns the accuracy on the rows themselves.
    pub fn accuracy(&self) -> f64 {
        value_of(self)
    }
}

/// The share `agree / rows`, if there are rows.
fn share(agree: u64, rows: u64) -> Option<f64> {
    (rows > 0).then(|| agree as f64 / rows as f64)
}

impl RowStatistic for SignAccuracy {
    fn rows(&self) -> usize {
        self.agreement.len()
    }

    fn on_counts(&self, counts: &[u32], _scratch: &mut Vec<i64>) -> Option<f64> {
        let (mut agree, mut rows) = (0, 0);
        for (agreement, &count) in self.agreement.iter().zip(counts) {
            if let Some(agrees) = agreement {
                rows += u64::from(count);
                agree += u64::from(count) * u64::from(*agrees);
            }
        }
        share(agree, rows)
    }

    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let rows = self.agreement.iter().flatten().count() as u64;
        let agree = self.agreement.iter().flatten().filter(|agrees| **agrees).count() as u64;
        let without = |agreement: &Option<bool>| match agreement {
            Some(own) => share(agree - u64::from(*own), rows - 1),
            None => share(agree, rows),
        };
        self.agreement.iter().map(without).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_accounted_for() {
        let predicted = [1.0, -1.0, 0.0, 2.0, -0.0];
        let measured = [0.5, 0.5, -0.5, 0.0, -0.1];
        let counts = sign_accuracy(&predicted, &measured).unwrap();
        let expected = SignCounts {
            agree: 1,
            opposite: 1,
            undecided: 2,
            measured_up: 2,
            measured_down: 2,
            measured_zero: 1,
        };
        assert_eq!(counts, expected);
        assert_eq!((counts.accuracy(), counts.majority_baseline()), (0.25, 0.5));
        assert_eq!(SignAccuracy::new(&predicted, &measured).unwrap().accuracy(), 0.25);
    }

    #[test]
    fn naming_one_direction_always_is_no_better_than_the_baseline() {
        let measured = [0.5, 0.5, 0.5, -0.5];
        let counts = sign_accuracy(&[1.0; 4], &measured).unwrap();
        assert_eq!(counts.accuracy(), counts.majority_baseline());
    }

    #[test]
    fn without_measured_directions_there_is_no_accuracy() {
        assert_eq!(sign_accuracy(&[1.0], &[0.0]), Err(StatsError::NoSign { rows: 1 }));
    }

    #[test]
    fn leaving_a_row_out_matches_zero_counts() {
        let statistic = SignAccuracy::new(&[1.0, -1.0, 1.0, 3.0], &[1.0, 1.0, 0.0, 2.0]).unwrap();
        let slow: Vec<Option<f64>> = (0..4)
            .map(|row| {
                let mut counts = [1; 4];
                counts[row] = 0;
                statistic.on_counts(&counts, &mut Vec::new())
            })
            .collect();
        assert_eq!(statistic.leave_one_out(), slow);
    }
}
