//! Sums and differences of correlations on the same rows, with intervals.

use refalt_core::stats::{
    BootstrapOptions, ConfidenceInterval, IntervalMethod, RowStatistic, StatsError, Units, bca_interval, jackknife,
    percentile_interval, replicate_range_of,
};

/// Statistics of the same rows, each resample drawn once for all.
pub(super) struct Paired {
    values: Vec<f64>,
    /// By statistic, then replicate.
    replicates: Vec<Vec<Option<f64>>>,
    left_out: Vec<Vec<Option<f64>>>,
    options: BootstrapOptions,
}

/// A sum of statistics, each times a number, and its interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contrast {
    pub(super) value: f64,
    pub(super) interval: Option<ConfidenceInterval>,
    /// How the interval was made: `bca` or `percentile`.
    pub(super) method: &'static str,
}

impl Paired {
    /// Computes statistics, replicates and jackknife values.
    pub(super) fn new(
        statistics: &[&dyn RowStatistic],
        units: Units<'_>,
        options: BootstrapOptions,
    ) -> Result<Self, StatsError> {
        let mut values = Vec::new();
        let mut left_out = Vec::new();
        for statistic in statistics {
            values.push(statistic.on_all_rows().unwrap_or(f64::NAN));
            left_out.push(jackknife(*statistic, units)?);
        }
        Ok(Self {
            replicates: replicate_range_of(statistics, units, options.seed, 0..options.replicates)?,
            values,
            left_out,
            options,
        })
    }

    /// Returns the sum over statistics of weight times value.
    ///
    /// METHOD: the interval is BCa, of the replicates and jackknife values of the sum; by percentiles where BCa has none (all
    /// replicates on one side, jackknife constant), and the method says so.
    pub(super) fn contrast(&self, weights: &[f64]) -> Result<Contrast, StatsError> {
        let sum = |columns: &[Vec<Option<f64>>], place: usize| -> Option<f64> {
            let mut sum = 0.0;
            for (column, &weight) in columns.iter().zip(weights) {
                if weight != 0.0 {
                    sum += weight * column[place]?;
                }
            }
            Some(sum)
        };
        let parts = self.values.iter().zip(weights).filter(|(_, weight)| **weight != 0.0);
        let value: f64 = parts.map(|(value, weight)| value * weight).sum();
        let count = self.replicates.first().map_or(0, Vec::len);
        let replicates: Vec<f64> = (0..count).filter_map(|place| sum(&self.replicates, place)).collect();
        let rows = self.left_out.first().map_or(0, Vec::len);
        let left_out: Vec<Option<f64>> = (0..rows).map(|place| sum(&self.left_out, place)).collect();
        let enough = replicates.len() * 2 > count && value.is_finite();
        let level = self.options.level;
        let (interval, method) = match bca_interval(value, &replicates, &left_out, level) {
            _ if !enough => (None, IntervalMethod::Bca),
            Ok(interval) => (Some(interval), IntervalMethod::Bca),
            Err(_) => (percentile_interval(&replicates, level).ok(), IntervalMethod::Percentile),
        };
        Ok(Contrast {
            value,
            interval,
            method: method.name(),
        })
    }
}
