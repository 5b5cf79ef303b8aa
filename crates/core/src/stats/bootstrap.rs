//! Bootstrap replicates and confidence intervals.
//!
//! A replicate draws as many units (rows, or whole clusters of rows) as there are, with replacement, and
//! evaluates the statistic on them. Replicate `r` depends on (`seed`, `r`) alone: [`replicate_range`] computes
//! any range, so that a caller may split the work over threads and put the parts together in order; the result
//! is the same for every split.
//!
//! METHOD: rows that share a cause (alternate bases at one position, variants in one LD block, a match group) are
//! not independent; resample their clusters, or the interval is too narrow.
//!
//! # Source
//! Efron and Tibshirani (1993), An introduction to the bootstrap, chapters 6, 8 and 13.

use super::confidence::{ConfidenceInterval, IntervalMethod, bca_interval, percentile_interval};
use super::error::{StatsError, same_length};
use super::random::{Purpose, RandomStream};
use super::row_statistic::RowStatistic;
use std::collections::BTreeMap;
use std::ops::Range;

/// The units that are drawn.
#[derive(Clone, Copy, Debug)]
pub enum Units<'a> {
    /// Each row is a unit.
    Rows,
    /// Rows of a cluster are drawn together.
    Clusters(&'a Clusters),
    /// Each row is a unit, and each stratum keeps its number of rows: draws are made within strata.
    ///
    /// METHOD: with the label as stratum every resample has as many positives as the sample, which is how TraitGym draws
    /// for the standard error of a plain AUPRC. It asks how the metric varies at this share of positives.
    Strata(&'a Clusters),
}

impl Units<'_> {
    /// Returns the number of units in a table of `rows` rows.
    fn count(&self, rows: usize) -> usize {
        match self {
            Self::Rows | Self::Strata(_) => rows,
            Self::Clusters(clusters) => clusters.count,
        }
    }

    fn check(&self, rows: usize) -> Result<(), StatsError> {
        match self {
            Self::Rows => Ok(()),
            Self::Clusters(clusters) => same_length("clusters", clusters.of_row.len(), "statistic", rows),
            Self::Strata(strata) => same_length("strata", strata.of_row.len(), "statistic", rows),
        }
    }
}

/// The cluster of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clusters {
    of_row: Vec<u32>,
    count: usize,
}

impl Clusters {
    /// Puts rows with equal keys into one cluster, numbered in order of first appearance.
    ///
    /// # Errors
    /// [`StatsError::TooManyRows`] above 2^31 - 1 rows.
    pub fn from_keys<K: Ord>(keys: &[K]) -> Result<Self, StatsError> {
        super::error::row_count(keys.len(), 0)?;
        let mut numbers = BTreeMap::new();
        let number = |key| {
            let next = numbers.len() as u32;
            *numbers.entry(key).or_insert(next)
        };
        let of_row = keys.iter().map(number).collect();
        Ok(Self {
            of_row,
            count: numbers.len(),
        })
    }

    /// Cuts rows in the order of the table into `blocks` runs whose sizes differ by at most 1, the longer ones first.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless there are 1 to `rows` blocks, [`StatsError::TooManyRows`] above 2^31 - 1 rows.
    pub fn contiguous(rows: usize, blocks: usize) -> Result<Self, StatsError> {
        super::error::row_count(rows, 0)?;
        if blocks == 0 || blocks > rows {
            return Err(StatsError::OutOfRange {
                parameter: "blocks",
                value: blocks as f64,
                allowed: "1 to the number of rows",
            });
        }
        let (size, longer) = (rows / blocks, rows % blocks);
        let run = |block: usize| std::iter::repeat_n(block as u32, size + usize::from(block < longer));
        Ok(Self {
            of_row: (0..blocks).flat_map(run).collect(),
            count: blocks,
        })
    }

    /// Returns the rows of each cluster.
    pub fn sizes(&self) -> Vec<u32> {
        let mut sizes = vec![0; self.count];
        for &cluster in &self.of_row {
            sizes[cluster as usize] += 1;
        }
        sizes
    }

    /// The rows of each cluster, ascending.
    fn members(&self) -> Vec<Vec<u32>> {
        let mut members = vec![Vec::new(); self.count];
        for (row, &cluster) in (0..).zip(&self.of_row) {
            members[cluster as usize].push(row);
        }
        members
    }

    /// Returns the cluster of each row, numbered in order of first appearance.
    pub fn of_rows(&self) -> &[u32] {
        &self.of_row
    }

    /// Returns the number of clusters.
    pub const fn count(&self) -> usize {
        self.count
    }
}

/// Computes replicates `range` of one statistic, in order; `None` where the statistic has no value.
///
/// A value that is not finite counts as none.
///
/// # Errors
/// [`StatsError::LengthMismatch`] when clusters and statistic differ in rows.
///
/// ```
/// use refalt_core::stats::{Pearson, Units, replicate_range};
///
/// let statistic = Pearson::new(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0])?;
/// let all = replicate_range(&statistic, Units::Rows, 7, 0..100)?;
/// let mut parts = replicate_range(&statistic, Units::Rows, 7, 0..30)?;
/// parts.extend(replicate_range(&statistic, Units::Rows, 7, 30..100)?);
/// assert_eq!(parts, all);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn replicate_range(
    statistic: &dyn RowStatistic,
    units: Units<'_>,
    seed: u64,
    range: Range<u64>,
) -> Result<Vec<Option<f64>>, StatsError> {
    let mut columns = replicate_range_of(&[statistic], units, seed, range)?;
    Ok(columns.pop().unwrap_or_default())
}

/// Computes replicates `range` of several statistics over the same rows, each resample drawn once for all.
///
/// * Returns one vector per statistic, each with one entry per replicate, as [`replicate_range`] gives it.
///
/// # Errors
/// [`StatsError::LengthMismatch`] when the statistics or the clusters differ in rows.
pub fn replicate_range_of(
    statistics: &[&dyn RowStatistic],
    units: Units<'_>,
    seed: u64,
    range: Range<u64>,
) -> Result<Vec<Vec<Option<f64>>>, StatsError> {
    let Some(first) = statistics.first() else {
        return Ok(Vec::new());
    };
    let rows = first.rows();
    units.check(rows)?;
    for other in statistics {
        same_length("first statistic", rows, "other statistic", other.rows())?;
    }
    let replicates = range.end.saturating_sub(range.start) as usize;
    let mut columns = vec![Vec::with_capacity(replicates); statistics.len()];
    let mut resample = Resample::new(rows, units);
    let mut scratch = Vec::new();
    for replicate in range {
        let counts = resample.draw(seed, replicate);
        for (column, statistic) in columns.iter_mut().zip(statistics) {
            column.push(
                statistic
                    .on_counts(counts, &mut scratch)
                    .filter(|value| value.is_finite()),
            );
        }
    }
    Ok(columns)
}

/// Draws resamples into reused memory.
struct Resample<'a> {
    units: Units<'a>,
    unit_counts: Vec<u32>,
    row_counts: Vec<u32>,
    /// The rows of each stratum, strata in order of first appearance.
    strata: Vec<Vec<u32>>,
}

impl<'a> Resample<'a> {
    fn new(rows: usize, units: Units<'a>) -> Self {
        Self {
            unit_counts: vec![0; units.count(rows)],
            row_counts: match units {
                Units::Rows | Units::Strata(_) => Vec::new(),
                Units::Clusters(_) => vec![0; rows],
            },
            strata: match units {
                Units::Strata(strata) => strata.members(),
                Units::Rows | Units::Clusters(_) => Vec::new(),
            },
            units,
        }
    }

    /// Returns how often each row occurs in replicate `replicate`.
    fn draw(&mut self, seed: u64, replicate: u64) -> &[u32] {
        let mut stream = RandomStream::new(seed, Purpose::Bootstrap, replicate);
        self.unit_counts.fill(0);
        for rows in &self.strata {
            let size = rows.len() as u32;
            for _ in 0..size {
                self.unit_counts[rows[stream.below(size) as usize] as usize] += 1;
            }
        }
        if matches!(self.units, Units::Strata(_)) {
            return &self.unit_counts;
        }
        let units = self.unit_counts.len() as u32;
        for _ in 0..units {
            self.unit_counts[stream.below(units) as usize] += 1;
        }
        match self.units {
            Units::Rows | Units::Strata(_) => &self.unit_counts,
            Units::Clusters(clusters) => {
                for (count, &cluster) in self.row_counts.iter_mut().zip(&clusters.of_row) {
                    *count = self.unit_counts[cluster as usize];
                }
                &self.row_counts
            }
        }
    }
}

/// Computes the statistic with each unit left out in turn; `None` where it has no value.
///
/// Rows and strata: linear or n log n for the metrics of this crate, quadratic for a
/// [`RowFunction`](super::RowFunction). Clusters: rows times clusters.
///
/// # Errors
/// [`StatsError::LengthMismatch`] when clusters and statistic differ in rows.
pub fn jackknife(statistic: &dyn RowStatistic, units: Units<'_>) -> Result<Vec<Option<f64>>, StatsError> {
    units.check(statistic.rows())?;
    let Units::Clusters(clusters) = units else {
        return Ok(statistic.leave_one_out());
    };
    let members = clusters.members();
    let mut counts = vec![1; statistic.rows()];
    let mut scratch = Vec::new();
    let mut without = |rows: &Vec<u32>| {
        rows.iter().for_each(|&row| counts[row as usize] = 0);
        let value = statistic.on_counts(&counts, &mut scratch);
        rows.iter().for_each(|&row| counts[row as usize] = 1);
        value
    };
    Ok(members.iter().map(&mut without).collect())
}

/// What to draw and which interval to report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BootstrapOptions {
    /// Number of replicates.
    pub replicates: u64,
    /// Seed of the resamples.
    pub seed: u64,
    /// Nominal coverage of the interval.
    pub level: f64,
    /// How the interval is read from the replicates.
    pub method: IntervalMethod,
}

impl Default for BootstrapOptions {
    /// 10,000 replicates, seed 0, a 95 % BCa interval.
    fn default() -> Self {
        Self {
            replicates: 10_000,
            seed: 0,
            level: 0.95,
            method: IntervalMethod::Bca,
        }
    }
}

/// An estimate with its bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BootstrapEstimate {
    /// The statistic on the whole sample.
    pub estimate: f64,
    /// Its interval.
    pub interval: ConfidenceInterval,
    /// Standard deviation of the replicates (divisor: replicates - 1); 0 for a single replicate.
    pub standard_error: f64,
    /// Replicates on which the statistic has a value; the interval is over these.
    pub defined: usize,
    /// Replicates on which it has none (a resample with one class, or a constant column).
    pub undefined: usize,
}

/// Computes all replicates in order on the calling thread, then the interval.
///
/// # Errors
/// [`StatsError::MostlyUndefined`] when the statistic has no value on the sample or on more than half of the
/// resamples; otherwise as for [`percentile_interval`] and [`bca_interval`].
///
/// ```
/// use refalt_core::stats::{BootstrapOptions, Spearman, Units, bootstrap};
///
/// let x = [0.1, 0.4, 0.2, 0.9, 0.5, 0.7, 0.3];
/// let y = [0.0, 0.5, 0.3, 0.8, 0.9, 0.6, 0.1];
/// let options = BootstrapOptions { replicates: 200, seed: 1, ..Default::default() };
/// let result = bootstrap(&Spearman::new(&x, &y)?, Units::Rows, options)?;
/// assert!(result.interval.low < result.estimate && result.estimate < result.interval.high);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn bootstrap(
    statistic: &dyn RowStatistic,
    units: Units<'_>,
    options: BootstrapOptions,
) -> Result<BootstrapEstimate, StatsError> {
    let replicates = replicate_range(statistic, units, options.seed, 0..options.replicates)?;
    summarize(statistic, units, &replicates, options)
}

/// Makes the estimate from replicates computed elsewhere, for callers that spread [`replicate_range`] over threads.
///
/// * `replicates`: those of `0..options.replicates`, in any order.
///
/// # Errors
/// As for [`bootstrap`].
pub fn summarize(
    statistic: &dyn RowStatistic,
    units: Units<'_>,
    replicates: &[Option<f64>],
    options: BootstrapOptions,
) -> Result<BootstrapEstimate, StatsError> {
    let defined: Vec<f64> = replicates.iter().copied().flatten().collect();
    let undefined = replicates.len() - defined.len();
    let estimate = statistic.on_all_rows().filter(|_| undefined <= defined.len());
    let Some(estimate) = estimate else {
        return Err(StatsError::MostlyUndefined {
            undefined,
            replicates: replicates.len(),
        });
    };
    let interval = match options.method {
        IntervalMethod::Percentile => percentile_interval(&defined, options.level)?,
        IntervalMethod::Bca => bca_interval(estimate, &defined, &jackknife(statistic, units)?, options.level)?,
    };
    Ok(BootstrapEstimate {
        estimate,
        interval,
        standard_error: standard_deviation(&defined),
        defined: defined.len(),
        undefined,
    })
}

fn standard_deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    if n > 1.0 { (squares / (n - 1.0)).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Auroc, Pearson, RowFunction, Spearman, normal_quantile};

    fn normal(stream: &mut RandomStream) -> f64 {
        normal_quantile(stream.next_fraction().max(1e-16)).unwrap()
    }

    /// `n` pairs from a normal distribution with correlation `rho`.
    fn normal_pairs(n: usize, rho: f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
        let mut stream = RandomStream::new(seed, Purpose::Sampling, 0);
        let mut pair = || {
            let x = normal(&mut stream);
            (x, rho * x + (1.0 - rho * rho).sqrt() * normal(&mut stream))
        };
        (0..n).map(|_| pair()).unzip()
    }

    #[test]
    fn replicates_do_not_depend_on_the_split_or_the_order() {
        let (x, y) = normal_pairs(50, 0.3, 1);
        let statistic = Spearman::new(&x, &y).unwrap();
        let all = replicate_range(&statistic, Units::Rows, 9, 0..40).unwrap();
        let late = replicate_range(&statistic, Units::Rows, 9, 25..40).unwrap();
        let early = replicate_range(&statistic, Units::Rows, 9, 0..25).unwrap();
        assert_eq!([early, late].concat(), all);
        assert_ne!(replicate_range(&statistic, Units::Rows, 10, 0..40).unwrap(), all);
    }

    #[test]
    fn several_statistics_see_the_same_resamples_as_one() {
        let (x, y) = normal_pairs(30, 0.3, 2);
        let (pearson, spearman) = (Pearson::new(&x, &y).unwrap(), Spearman::new(&x, &y).unwrap());
        let both = replicate_range_of(&[&pearson, &spearman], Units::Rows, 3, 0..20).unwrap();
        assert_eq!(both[0], replicate_range(&pearson, Units::Rows, 3, 0..20).unwrap());
        assert_eq!(both[1], replicate_range(&spearman, Units::Rows, 3, 0..20).unwrap());
    }

    #[test]
    fn clusters_of_one_row_are_rows() {
        let (x, y) = normal_pairs(25, 0.5, 3);
        let statistic = Pearson::new(&x, &y).unwrap();
        let keys: Vec<usize> = (0..25).rev().collect();
        let clusters = Clusters::from_keys(&keys).unwrap();
        let units = Units::Clusters(&clusters);
        let options = BootstrapOptions {
            replicates: 50,
            ..Default::default()
        };
        let (rows, clusters) = (
            bootstrap(&statistic, Units::Rows, options).unwrap(),
            bootstrap(&statistic, units, options).unwrap(),
        );
        assert_eq!(rows.standard_error, clusters.standard_error);
        assert!((rows.interval.low - clusters.interval.low).abs() < 1e-12);
    }

    #[test]
    fn runs_of_rows_differ_by_one_at_most() {
        let runs = Clusters::contiguous(7, 3).unwrap();
        assert_eq!(runs.of_rows(), [0, 0, 0, 1, 1, 2, 2]);
        assert_eq!(runs.sizes(), [3, 2, 2]);
        assert!(Clusters::contiguous(3, 4).is_err() && Clusters::contiguous(3, 0).is_err());
    }

    #[test]
    fn rows_of_a_cluster_are_drawn_together() {
        let clusters = Clusters::from_keys(&["a", "b", "a", "c", "b", "a"]).unwrap();
        assert_eq!(clusters.count(), 3);
        let seen = RowFunction::new(6, |rows: &[u32]| {
            let count = |row| rows.iter().filter(|&&drawn| drawn == row).count();
            assert_eq!((count(0), count(0)), (count(2), count(5)));
            assert_eq!(count(1), count(4));
            assert_eq!(count(0) + count(1) + count(3), 3);
            Some(rows.len() as f64)
        });
        let sizes = replicate_range(&seen, Units::Clusters(&clusters), 1, 0..50).unwrap();
        assert!(sizes.contains(&Some(9.0)) || sizes.contains(&Some(7.0)));
        let left_out = jackknife(
            &RowFunction::new(6, |rows: &[u32]| Some(rows.len() as f64)),
            Units::Clusters(&clusters),
        );
        assert_eq!(left_out.unwrap(), [Some(3.0), Some(4.0), Some(5.0)]);
    }

    #[test]
    fn repeating_every_row_narrows_the_row_interval_but_not_the_cluster_interval() {
        let (x, y) = normal_pairs(30, 0.5, 4);
        let repeat = |values: &[f64]| -> Vec<f64> { values.iter().flat_map(|&value| [value; 4]).collect() };
        let (x4, y4) = (repeat(&x), repeat(&y));
        let keys: Vec<usize> = (0..120).map(|row| row / 4).collect();
        let clusters = Clusters::from_keys(&keys).unwrap();
        let options = BootstrapOptions {
            replicates: 1_000,
            method: IntervalMethod::Percentile,
            ..Default::default()
        };
        let error = |statistic: &Pearson, units| bootstrap(statistic, units, options).unwrap().standard_error;
        let honest = error(&Pearson::new(&x, &y).unwrap(), Units::Rows);
        let repeated = Pearson::new(&x4, &y4).unwrap();
        assert!((error(&repeated, Units::Clusters(&clusters)) / honest - 1.0).abs() < 1e-9);
        // Four copies of each row as if independent: the error shrinks by sqrt(4).
        let naive = error(&repeated, Units::Rows) / honest;
        assert!((0.42..0.58).contains(&naive), "{naive}");
    }

    #[test]
    fn strata_keep_their_sizes() {
        let labels = [true, false, false, true, false];
        let strata = Clusters::from_keys(&labels).unwrap();
        let positives = RowFunction::new(5, |rows: &[u32]| {
            let positives = rows.iter().filter(|&&row| labels[row as usize]).count();
            Some(positives as f64 + 10.0 * rows.len() as f64)
        });
        let found = replicate_range(&positives, Units::Strata(&strata), 1, 0..50).unwrap();
        assert_eq!(found, [Some(52.0); 50]);
        let left_out = jackknife(&positives, Units::Strata(&strata)).unwrap();
        assert_eq!(left_out, jackknife(&positives, Units::Rows).unwrap());
    }

    #[test]
    fn undefined_replicates_are_counted_and_too_many_are_refused() {
        let labels = [true, false, false, false, false, false, false, false];
        let scores = [0.9, 0.1, 0.2, 0.95, 0.4, 0.5, 0.6, 0.7];
        let statistic = Auroc::new(&labels, &scores).unwrap();
        let options = BootstrapOptions {
            replicates: 2_000,
            method: IntervalMethod::Percentile,
            ..Default::default()
        };
        let result = bootstrap(&statistic, Units::Rows, options).unwrap();
        // The one positive is missed with probability (7/8)^8 = 0.3436; standard deviation 0.0106.
        let share = result.undefined as f64 / 2_000.0;
        assert!((share - 0.3436).abs() < 0.05, "{share}");
        assert_eq!(result.defined + result.undefined, 2_000);
        let bca = bootstrap(
            &statistic,
            Units::Rows,
            BootstrapOptions {
                method: IntervalMethod::Bca,
                ..options
            },
        );
        assert_eq!(bca, Err(StatsError::JackknifeUndefined { unit: 0 }));
        let never = RowFunction::new(3, |rows: &[u32]| (rows == [0, 1, 2]).then_some(1.0));
        assert!(matches!(
            bootstrap(&never, Units::Rows, options),
            Err(StatsError::MostlyUndefined { .. })
        ));
    }

    #[test]
    fn intervals_cover_the_true_correlation_about_as_often_as_they_say() {
        for method in [IntervalMethod::Percentile, IntervalMethod::Bca] {
            let tables = 400;
            let covered = (0..tables)
                .filter(|&table| {
                    let (x, y) = normal_pairs(40, 0.5, 1_000 + table);
                    let options = BootstrapOptions {
                        replicates: 400,
                        seed: table,
                        level: 0.9,
                        method,
                    };
                    let interval = bootstrap(&Pearson::new(&x, &y).unwrap(), Units::Rows, options)
                        .unwrap()
                        .interval;
                    interval.low <= 0.5 && 0.5 <= interval.high
                })
                .count();
            // Nominal 0.9; at 40 rows both methods are known to fall short by a few hundredths, and the
            // simulation has a standard error of sqrt(0.9 * 0.1 / 400) = 0.015.
            let share = covered as f64 / tables as f64;
            assert!((0.84..=0.94).contains(&share), "{method:?}: {share}");
        }
    }
}
