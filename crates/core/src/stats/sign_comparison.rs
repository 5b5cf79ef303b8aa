//! Sign accuracy beside always naming the commoner direction: difference and exact tests.

use super::binomial::{binomial_test, mcnemar_exact};
use super::error::StatsError;
use super::metric::{SignCounts, sign_accuracy};
use super::permutation::Alternative;

/// A prediction of directions beside the constant prediction of the commoner measured direction.
///
/// Its interval is the bootstrap of the metric `sign_accuracy_gain`
/// ([`SignAccuracyGain`](super::SignAccuracyGain)), which compares both on the same resamples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignComparison {
    /// The counts.
    pub counts: SignCounts,
    /// Accuracy of the prediction less accuracy of the commoner direction.
    pub gain: f64,
    /// Rows on which the prediction is right and the commoner direction wrong.
    pub only_prediction_right: u64,
    /// Rows on which the commoner direction is right and the prediction wrong.
    pub only_majority_right: u64,
    /// Exact McNemar p-value, two-sided: do the two err equally often on the same rows?
    pub p_mcnemar: f64,
    /// Exact binomial p-value, one-sided: accuracy above the share of the commoner direction, that share taken as known.
    pub p_above_majority: f64,
    /// Exact binomial p-value, two-sided, against 1/2: what is usually printed. A prediction that always names the commoner
    /// direction passes it.
    pub p_against_half: f64,
}

/// Compares predicted with measured directions, and both with the commoner direction.
///
/// METHOD: the test to believe is McNemar's: both predictions are judged on the same rows. Rows are taken as
/// independent.
///
/// # Errors
/// As for [`sign_accuracy`].
///
/// ```
/// use refalt_core::stats::sign_comparison;
///
/// // Eight of ten rows go up, and the prediction always says up: nothing gained.
/// let measured = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0];
/// let found = sign_comparison(&[0.5; 10], &measured)?;
/// assert_eq!((found.counts.accuracy(), found.gain, found.p_mcnemar), (0.8, 0.0, 1.0));
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn sign_comparison(predicted: &[f64], measured: &[f64]) -> Result<SignComparison, StatsError> {
    let counts = sign_accuracy(predicted, measured)?;
    let majority_up = counts.measured_up >= counts.measured_down;
    let right = |predicted: f64, measured: f64| predicted != 0.0 && (predicted > 0.0) == (measured > 0.0);
    let (mut only_prediction_right, mut only_majority_right) = (0, 0);
    for (&predicted, &measured) in predicted.iter().zip(measured) {
        if measured != 0.0 {
            let majority = (measured > 0.0) == majority_up;
            let prediction = right(predicted, measured);
            only_prediction_right += u64::from(prediction && !majority);
            only_majority_right += u64::from(majority && !prediction);
        }
    }
    let (agree, rows) = (counts.agree as u64, counts.rows() as u64);
    Ok(SignComparison {
        gain: (only_prediction_right as f64 - only_majority_right as f64) / rows as f64,
        only_prediction_right,
        only_majority_right,
        p_mcnemar: mcnemar_exact(only_prediction_right, only_majority_right),
        p_above_majority: binomial_test(agree, rows, counts.majority_baseline(), Alternative::Greater)?,
        p_against_half: binomial_test(agree, rows, 0.5, Alternative::TwoSided)?,
        counts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gain_is_the_difference_of_the_accuracies() {
        let predicted = [1.0, -1.0, 0.0, 2.0, -3.0, -1.0, 1.0];
        let measured = [1.0, 1.0, -1.0, 0.0, -2.0, -1.0, -1.0];
        let found = sign_comparison(&predicted, &measured).unwrap();
        let counts = found.counts;
        assert!((found.gain - (counts.accuracy() - counts.majority_baseline())).abs() < 1e-15);
        // Down is commoner, 4 of 6. Right: rows 0, 4, 5; the commoner direction: rows 2, 4, 5, 6.
        assert_eq!((found.only_prediction_right, found.only_majority_right), (1, 2));
        assert_eq!(found.p_mcnemar, 1.0);
    }
}
