//! Expected calibration error.
//!
//! # Formula
//! With the rows in ten bins of equal width by predicted probability, sum over bins of n_b / n * |mean p in the bin - share
//! of positives in the bin|, which is sum over bins of |sum of (p - y)| / n.
//!
//! # Limits
//! Depends on the bins, and cannot be 0 in a finite sample even for perfect probabilities: chance alone puts shares off.
//! Compare predictions on the same rows, and look at the [`reliability_curve`](crate::stats::reliability_curve).
//!
//! # Source
//! Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning, AAAI 2015.

use crate::stats::calibration::{Bins, checked};
use crate::stats::error::StatsError;
use crate::stats::row_statistic::RowStatistic;
use std::num::NonZeroU32;

/// The expected calibration error of probabilities for labels, prepared for resampling; bins are those of all rows.
#[derive(Clone, Debug)]
pub struct CalibrationError {
    bin_of_row: Vec<u32>,
    bins: usize,
    /// p - y per row.
    residuals: Vec<f64>,
}

impl CalibrationError {
    /// Checks the rows and puts them into ten bins of equal width.
    ///
    /// # Errors
    /// As for [`Self::with_bins`].
    pub fn new(labels: &[bool], probabilities: &[f64]) -> Result<Self, StatsError> {
        const TEN: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
        Self::with_bins(labels, probabilities, Bins::EqualWidth(TEN))
    }

    /// Checks the rows and puts them into bins.
    ///
    /// # Errors
    /// Columns of different length, no rows, NaN, [`StatsError::NotAProbability`]. One class alone is allowed.
    pub fn with_bins(labels: &[bool], probabilities: &[f64], bins: Bins) -> Result<Self, StatsError> {
        checked(labels, probabilities)?;
        let edges = bins.inner_edges(probabilities, (0.0, 1.0));
        let residual = |(&label, probability): (&bool, &f64)| probability - f64::from(u8::from(label));
        Ok(Self {
            bin_of_row: Bins::assign(&edges, probabilities),
            bins: edges.len() + 1,
            residuals: labels.iter().zip(probabilities).map(residual).collect(),
        })
    }
}

impl RowStatistic for CalibrationError {
    fn rows(&self) -> usize {
        self.residuals.len()
    }

    fn on_counts(&self, counts: &[u32], _scratch: &mut Vec<i64>) -> Option<f64> {
        let mut sums = vec![0.0; self.bins];
        let mut rows = 0u64;
        for ((&bin, residual), &count) in self.bin_of_row.iter().zip(&self.residuals).zip(counts) {
            sums[bin as usize] += residual * f64::from(count);
            rows += u64::from(count);
        }
        (rows > 0).then(|| sums.iter().map(|sum| sum.abs()).sum::<f64>() / rows as f64)
    }

    /// Only the bin of the row changes; linear.
    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let mut sums = vec![0.0; self.bins];
        for (&bin, residual) in self.bin_of_row.iter().zip(&self.residuals) {
            sums[bin as usize] += residual;
        }
        let total: f64 = sums.iter().map(|sum| sum.abs()).sum();
        let left = self.rows() as f64 - 1.0;
        let without = |(&bin, residual): (&u32, &f64)| {
            let sum = sums[bin as usize];
            (left > 0.0).then(|| (total - sum.abs() + (sum - residual).abs()).max(0.0) / left)
        };
        self.bin_of_row.iter().zip(&self.residuals).map(without).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_weighed_by_rows() {
        // Bin 0.2-0.3: mean p 0.25, share 1/2, 2 rows; bin 0.9-1: p 0.95, share 0, 1 row: (2 * 0.25 + 0.95) / 3.
        let statistic = CalibrationError::new(&[true, false, false], &[0.24, 0.26, 0.95]).unwrap();
        assert!((statistic.on_all_rows().unwrap() - 1.45 / 3.0).abs() < 1e-15);
        for (row, value) in statistic.leave_one_out().into_iter().enumerate() {
            let mut counts = [1; 3];
            counts[row] = 0;
            let slow = statistic.on_counts(&counts, &mut Vec::new()).unwrap();
            assert!((value.unwrap() - slow).abs() < 1e-15);
        }
    }
}
