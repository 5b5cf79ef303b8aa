//! A statistic ranked among what the same statistic is by chance.
//!
//! A maximum over tracks has a null of its own: the maxima, over the same tracks, of variants that nobody chose. A single
//! track's quantile, taken after the maximum, is not that rank.
//!
//! METHOD: the map is monotone, so it leaves every rank correlation as it is, apart from ties that a small null makes: it makes
//! numbers readable, and makes no prediction better.
//!
//! # Source
//! The recipe of the published saturation study: q = 2 (n_less + n_equal / 2) / N - 1; phred = -10 log10(1 - q + 1e-6).

use super::error::{StatsError, all_finite, no_nan, row_count};

/// The null of a statistic.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchedNull {
    sorted: Vec<f64>,
}

impl MatchedNull {
    /// Takes the statistic's values on variants that nobody chose, in any order.
    ///
    /// # Errors
    /// [`StatsError::TooFewRows`] for none, values that are not finite.
    pub fn new(values: &[f64]) -> Result<Self, StatsError> {
        row_count(values.len(), 1)?;
        all_finite("null", values)?;
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Ok(Self { sorted })
    }

    /// Returns the values, ascending.
    pub fn sorted(&self) -> &[f64] {
        &self.sorted
    }

    /// Returns the rank as a quantile, -1 to 1: 2 (n_less + n_equal / 2) / N - 1.
    ///
    /// # Errors
    /// [`StatsError::NotANumber`] for NaN.
    pub fn quantile(&self, value: f64) -> Result<f64, StatsError> {
        no_nan("value", &[value])?;
        let less = self.sorted.partition_point(|&null| null < value);
        let reached = self.sorted.partition_point(|&null| null <= value);
        Ok((less + reached) as f64 / self.sorted.len() as f64 - 1.0)
    }

    /// Returns the quantile on the scale of sequence qualities: -10 log10(1 - q + 1e-6).
    ///
    /// # Errors
    /// As [`Self::quantile`].
    pub fn phred(&self, value: f64) -> Result<f64, StatsError> {
        Ok(-10.0 * (1.0 - self.quantile(value)? + 1e-6).log10())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_count_half_and_the_ends_are_the_ends() {
        let null = MatchedNull::new(&[3.0, 1.0, 2.0, 2.0]).unwrap();
        // 1 less, 2 equal of 4: 2 * (1 + 1) / 4 - 1 = 0.
        assert_eq!(null.quantile(2.0), Ok(0.0));
        assert_eq!(
            (null.quantile(0.0), null.quantile(9.0), null.quantile(2.5)),
            (Ok(-1.0), Ok(1.0), Ok(0.5))
        );
        // -10 log10(1e-6) = 60; -10 log10(1 + 1e-6) = -4.3e-6.
        assert!((null.phred(9.0).unwrap() - 60.0).abs() < 1e-9);
        assert!(null.phred(2.0).unwrap().abs() < 1e-5);
        assert!(MatchedNull::new(&[]).is_err() && null.quantile(f64::NAN).is_err());
    }
}
