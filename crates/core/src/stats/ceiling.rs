//! How well a perfect prediction could correlate with a noisy measurement.
//!
//! Two replicates of a measurement correlate with r (their reliability) because each is truth plus independent
//! noise. A prediction that equals the truth then correlates with one replicate by sqrt(r), not by 1 and not by r.
//! Assumes noise independent between replicates and unrelated to the truth: replicates in different cell types
//! bound something else, the part that the cell types share.
//!
//! # Source
//! Spearman (1904), The proof and measurement of association between two things, doi:10.2307/1412159;
//! Spearman (1910), doi:10.1111/j.2044-8295.1910.tb00206.x, and Brown (1910) for the mean of replicates.

use super::error::StatsError;

/// The reliability of a measurement: the correlation between two replicates of it.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Reliability(f64);

impl Reliability {
    /// Takes the correlation between two replicates.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless 0 < `correlation` <= 1: replicates that do not correlate bound nothing.
    pub fn from_replicates(correlation: f64) -> Result<Self, StatsError> {
        if correlation > 0.0 && correlation <= 1.0 {
            Ok(Self(correlation))
        } else {
            Err(StatsError::OutOfRange {
                parameter: "correlation between replicates",
                value: correlation,
                allowed: "above 0 and at most 1",
            })
        }
    }

    /// Returns the reliability as a number of (0, 1].
    pub const fn value(self) -> f64 {
        self.0
    }

    /// Returns the reliability of the mean of `replicates` replicates: k r / (1 + (k - 1) r) (Spearman-Brown).
    pub fn of_mean(self, replicates: std::num::NonZeroU32) -> Self {
        let k = f64::from(replicates.get());
        Self(k * self.0 / (1.0 + (k - 1.0) * self.0))
    }

    /// Returns the largest correlation that a noise-free prediction reaches with the measurement: sqrt(r).
    pub fn ceiling(self) -> f64 {
        self.0.sqrt()
    }

    /// Returns `correlation` over the ceiling: the correlation with the truth behind the measurement.
    ///
    /// May exceed 1 by sampling error; it is not clipped.
    pub fn disattenuate(self, correlation: f64) -> f64 {
        correlation / self.ceiling()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    #[test]
    fn two_replicates_of_reliability_one_half() {
        let reliability = Reliability::from_replicates(0.5).unwrap();
        // 2 * 0.5 / 1.5 = 2/3
        let of_two = reliability.of_mean(NonZeroU32::new(2).unwrap());
        assert!((of_two.value() - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(reliability.of_mean(NonZeroU32::MIN), reliability);
        assert_eq!(reliability.ceiling(), 0.5f64.sqrt());
    }

    #[test]
    fn attenuation_and_its_correction_undo_each_other() {
        let reliability = Reliability::from_replicates(0.64).unwrap();
        // A correlation of 0.9 with the truth shows as 0.9 * 0.8 = 0.72.
        assert!((reliability.disattenuate(0.72) - 0.9).abs() < 1e-15);
    }

    #[test]
    fn replicates_that_do_not_correlate_bound_nothing() {
        for correlation in [0.0, -0.3, 1.1, f64::NAN] {
            assert!(Reliability::from_replicates(correlation).is_err(), "{correlation}");
        }
    }
}
