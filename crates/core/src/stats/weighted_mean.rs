//! Weighted mean.
//!
//! # Formula
//! sum(w * v) / sum(w), taken around the first value so that a common offset costs no digits.

use super::error::{StatsError, all_finite, row_count, same_length, weights_allowed};
use super::row_statistic::RowStatistic;

/// Returns the mean of `values` weighted by `weights`.
///
/// # Errors
/// Columns of different length, no rows, values or weights that are not finite, a negative weight, no weight above 0.
///
/// ```
/// use refalt_core::stats::weighted_mean;
///
/// assert_eq!(weighted_mean(&[1.0, 5.0], &[3.0, 1.0]), Ok(2.0));
/// ```
pub fn weighted_mean(values: &[f64], weights: &[f64]) -> Result<f64, StatsError> {
    let mean = WeightedMean::new(values, weights)?;
    mean.on_all_rows().ok_or(StatsError::NoWeight { rows: values.len() })
}

/// The weighted mean of a column, prepared for resampling: a row drawn twice has twice its weight.
#[derive(Clone, Debug)]
pub struct WeightedMean {
    values: Vec<f64>,
    weights: Vec<f64>,
}

impl WeightedMean {
    /// Checks the columns.
    ///
    /// # Errors
    /// As for [`weighted_mean`].
    pub fn new(values: &[f64], weights: &[f64]) -> Result<Self, StatsError> {
        same_length("values", values.len(), "weights", weights.len())?;
        row_count(values.len(), 1)?;
        all_finite("values", values)?;
        weights_allowed(weights)?;
        Ok(Self {
            values: values.to_vec(),
            weights: weights.to_vec(),
        })
    }

    /// Prepares the plain mean.
    ///
    /// # Errors
    /// As for [`weighted_mean`].
    pub fn unweighted(values: &[f64]) -> Result<Self, StatsError> {
        Self::new(values, &vec![1.0; values.len()])
    }

    /// Sums of weights and of weighted values less the first value.
    fn sums(&self, counts: impl Iterator<Item = u32>) -> (f64, f64) {
        let origin = self.values[0];
        let rows = self.values.iter().zip(&self.weights).zip(counts);
        rows.fold((0.0, 0.0), |(total, sum), ((value, weight), count)| {
            let weight = weight * f64::from(count);
            (total + weight, sum + weight * (value - origin))
        })
    }
}

impl RowStatistic for WeightedMean {
    fn rows(&self) -> usize {
        self.values.len()
    }

    fn on_counts(&self, counts: &[u32], _scratch: &mut Vec<i64>) -> Option<f64> {
        let (total, sum) = self.sums(counts.iter().copied());
        (total > 0.0).then(|| self.values[0] + sum / total)
    }

    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let (total, sum) = self.sums(std::iter::repeat(1));
        let mut counts = vec![1; self.rows()];
        let mut without = |row: usize| {
            let weight = self.weights[row];
            // A row that holds nearly all weight leaves only rounding behind: sum again without it.
            if total - weight < 0.01 * total {
                counts[row] = 0;
                let value = self.on_counts(&counts, &mut Vec::new());
                counts[row] = 1;
                return value;
            }
            let rest = sum - weight * (self.values[row] - self.values[0]);
            Some(self.values[0] + rest / (total - weight))
        };
        (0..self.rows()).map(&mut without).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_drawn_twice_weighs_twice_and_left_out_rows_are_gone() {
        let mean = WeightedMean::new(&[1.0, 5.0, 9.0], &[3.0, 1.0, 0.0]).unwrap();
        // (3 * 1 + 2 * 1 * 5) / 5
        assert_eq!(mean.on_counts(&[1, 2, 7], &mut Vec::new()), Some(13.0 / 5.0));
        assert_eq!(mean.on_counts(&[0, 0, 1], &mut Vec::new()), None);
        assert_eq!(mean.leave_one_out(), [Some(5.0), Some(1.0), Some(2.0)]);
    }

    #[test]
    fn a_common_offset_costs_no_digits() {
        let values = [1e15 + 1.0, 1e15 + 2.0, 1e15 + 3.0];
        assert_eq!(weighted_mean(&values, &[0.1, 0.1, 0.1]), Ok(1e15 + 2.0));
    }

    #[test]
    fn weights_that_are_none_are_refused() {
        assert_eq!(weighted_mean(&[1.0], &[0.0]), Err(StatsError::NoWeight { rows: 1 }));
        assert_eq!(
            weighted_mean(&[1.0, 2.0], &[1.0, -1.0]),
            Err(StatsError::NegativeWeight { row: 1, weight: -1.0 })
        );
        assert!(weighted_mean(&[1.0], &[f64::INFINITY]).is_err());
        assert!(weighted_mean(&[], &[]).is_err());
    }
}
