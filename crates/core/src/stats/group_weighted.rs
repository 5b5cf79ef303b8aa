//! A metric within groups (tissues, chromosomes), averaged over the groups.
//!
//! # Formula
//! In each group: drop the rows with a missing value; leave the group out when fewer than 2 rows remain or the metric
//! has no value on them (one class, a constant column). Then, with m_g the metric and n_g the remaining rows of group g,
//! sum(n_g * m_g) / sum(n_g) ([`GroupWeighting::Rows`]) or the plain mean of the m_g ([`GroupWeighting::Equal`]).
//!
//! The tissue-weighted Spearman, AUROC and average precision of the published evaluation of AlphaGenome are this mean over
//! tissues; TraitGym's `AUPRC_by_chrom_weighted_average` is it over chromosomes, weighted by rows.
//!
//! # Resamples
//! METHOD: a row counts as often as it is drawn, in the metric and in the weight of its group; the rule on groups is
//! applied to each resample. [`GroupWeighted::over_groups`] gives the table of groups for resampling whole groups, which
//! is where TraitGym's standard error comes from.
//!
//! # Limits
//! scikit-learn gives an average precision of 0, with a warning, to a group without positives; here such a group is
//! left out and listed, because it has no value.
//!
//! # Source
//! Avsec et al. (2026), AlphaGenome, doi:10.1038/s41586-025-10014-0 (evaluation of eQTL and splicing variants); Benegas,
//! Eraslan, Song (2025), doi:10.1101/2025.02.11.637758.

use super::complete::{complete_labels, complete_pairs};
use super::error::{StatsError, same_length};
use super::metric::{Metric, MetricInput};
use super::row_statistic::RowStatistic;
use super::weighted_mean::WeightedMean;
use std::collections::BTreeMap;

/// The columns of a metric before incomplete rows are dropped.
#[derive(Clone, Copy, Debug)]
pub enum MetricColumns<'a> {
    /// Predicted and measured values; NaN where missing.
    Pair(&'a [f64], &'a [f64]),
    /// Labels, `None` where missing, and scores, NaN where missing.
    Labels(&'a [Option<bool>], &'a [f64]),
}

impl MetricColumns<'_> {
    const fn lengths(&self) -> (usize, usize) {
        match self {
            Self::Pair(first, second) => (first.len(), second.len()),
            Self::Labels(labels, scores) => (labels.len(), scores.len()),
        }
    }
}

/// How groups are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupWeighting {
    /// By the rows without a missing value.
    Rows,
    /// All alike.
    Equal,
}

/// A group whose rows are not in the mean.
#[derive(Clone, Debug, PartialEq)]
pub struct SkippedGroup<K> {
    /// The group.
    pub key: K,
    /// Its rows without a missing value.
    pub rows: usize,
    /// Why it has no value.
    pub reason: StatsError,
}

/// The metric in one group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupValue<K> {
    /// The group.
    pub key: K,
    /// Its rows without a missing value.
    pub rows: usize,
    /// The metric on them.
    pub value: f64,
}

struct Group<K> {
    key: K,
    /// Its complete rows, as indices into the table.
    rows: Vec<u32>,
    statistic: Box<dyn RowStatistic>,
}

/// A metric averaged over groups, prepared for resampling.
///
/// ```
/// use refalt_core::stats::{GroupWeighted, GroupWeighting, Metric, MetricColumns, RowStatistic};
///
/// let tissue = ["liver", "liver", "liver", "blood", "blood", "skin"];
/// let predicted = [1.0, 2.0, 3.0, 5.0, 6.0, 1.0];
/// let measured = [1.0, 3.0, 2.0, 9.0, 8.0, 1.0];
/// let columns = MetricColumns::Pair(&predicted, &measured);
/// let spearman = Metric::of("spearman").unwrap();
/// let mean = GroupWeighted::new(spearman, columns, &tissue, GroupWeighting::Rows)?;
/// // Liver 1/2 on 3 rows, blood -1 on 2 rows, skin has one row: (3 * 1/2 - 2 * 1) / 5.
/// assert!((mean.on_all_rows().unwrap() + 0.1).abs() < 1e-15);
/// assert_eq!(mean.skipped()[0].key, "skin");
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub struct GroupWeighted<K> {
    rows: usize,
    weighting: GroupWeighting,
    groups: Vec<Group<K>>,
    skipped: Vec<SkippedGroup<K>>,
}

/// The least number of rows of a group.
const LEAST_ROWS: usize = 2;

impl<K: Ord + Clone + Send + Sync> GroupWeighted<K> {
    /// Prepares the metric in each group.
    ///
    /// * `keys`: the group of each row.
    ///
    /// # Errors
    /// Columns of different length; [`StatsError::InputKind`] when the metric takes other columns; values that the metric
    /// refuses in any group (infinities, scores that are not probabilities); [`StatsError::NoGroup`].
    pub fn new(
        metric: &Metric,
        columns: MetricColumns<'_>,
        keys: &[K],
        weighting: GroupWeighting,
    ) -> Result<Self, StatsError> {
        let (first, second) = columns.lengths();
        same_length("first column", first, "second column", second)?;
        same_length("groups", keys.len(), "columns", first)?;
        super::error::row_count(first, 0)?;
        let mut members: BTreeMap<&K, Vec<usize>> = BTreeMap::new();
        for (row, key) in keys.iter().enumerate() {
            members.entry(key).or_default().push(row);
        }
        let mut mean = Self {
            rows: first,
            weighting,
            groups: Vec::new(),
            skipped: Vec::new(),
        };
        for (key, members) in &members {
            let (rows, prepared) = prepare(metric, columns, members)?;
            match prepared {
                Ok(statistic) => mean.groups.push(Group {
                    key: (*key).clone(),
                    rows: rows.into_iter().map(|row| row as u32).collect(),
                    statistic,
                }),
                Err(reason) => mean.skipped.push(SkippedGroup {
                    key: (*key).clone(),
                    rows: rows.len(),
                    reason,
                }),
            }
        }
        if mean.groups.is_empty() {
            return Err(StatsError::NoGroup { groups: members.len() });
        }
        Ok(mean)
    }

    /// Returns the groups without a value, in order of their keys, each with the reason.
    pub fn skipped(&self) -> &[SkippedGroup<K>] {
        &self.skipped
    }

    /// Returns the metric in each group that has a value, in order of their keys.
    pub fn values(&self) -> Vec<GroupValue<K>> {
        let value = |group: &Group<K>| {
            Some(GroupValue {
                key: group.key.clone(),
                rows: group.rows.len(),
                value: group.statistic.on_all_rows().filter(|value| value.is_finite())?,
            })
        };
        self.groups.iter().filter_map(value).collect()
    }

    /// Returns the rows that the mean is over.
    pub fn rows_used(&self) -> usize {
        self.groups.iter().map(|group| group.rows.len()).sum()
    }

    /// Returns the same mean as a statistic of the table of groups, one row for each of [`Self::values`].
    ///
    /// METHOD: its bootstrap over [`Units::Rows`](super::Units::Rows) draws whole groups, each with the value that it has,
    /// and asks how the mean would vary with other groups; the standard error is TraitGym's. With few groups it is
    /// rough, and it knows nothing of the rows within a group. The bootstrap of `self` asks how the mean varies with
    /// other rows of the same groups.
    ///
    /// # Errors
    /// As for [`WeightedMean::new`].
    pub fn over_groups(&self) -> Result<WeightedMean, StatsError> {
        let values = self.values();
        let weights: Vec<f64> = values.iter().map(|group| self.weight(group.rows as u64)).collect();
        WeightedMean::new(&values.iter().map(|group| group.value).collect::<Vec<_>>(), &weights)
    }
}

impl<K> GroupWeighted<K> {
    const fn weight(&self, rows: u64) -> f64 {
        match self.weighting {
            GroupWeighting::Rows => rows as f64,
            GroupWeighting::Equal => 1.0,
        }
    }

    /// The weight and value of a group of `rows` rows, if it is in the mean.
    fn part(&self, rows: u64, value: Option<f64>) -> Option<(f64, f64)> {
        let value = value.filter(|value| rows >= LEAST_ROWS as u64 && value.is_finite())?;
        Some((self.weight(rows), value))
    }
}

/// The metric on the complete ones of `members`, or why it has none; the outer error is one of the values.
#[expect(clippy::type_complexity, reason = "rows, then value or reason")]
fn prepare(
    metric: &Metric,
    columns: MetricColumns<'_>,
    members: &[usize],
) -> Result<(Vec<usize>, Result<Box<dyn RowStatistic>, StatsError>), StatsError> {
    let numbers = |column: &[f64]| -> Vec<f64> { members.iter().map(|&row| column[row]).collect() };
    let (rows, prepared) = match (columns, metric.input) {
        (MetricColumns::Pair(first, second), MetricInput::ContinuousPair(prepare)) => {
            let pairs = complete_pairs(&numbers(first), &numbers(second))?;
            let prepared = enough(pairs.rows.len()).and_then(|()| prepare(&pairs.x, &pairs.y));
            (pairs.rows, prepared)
        }
        (MetricColumns::Labels(labels, scores), MetricInput::LabelsAndScores(prepare)) => {
            let labels: Vec<Option<bool>> = members.iter().map(|&row| labels[row]).collect();
            let rows = complete_labels(&labels, &numbers(scores))?;
            let prepared = enough(rows.rows.len()).and_then(|()| prepare(&rows.labels, &rows.scores));
            (rows.rows, prepared)
        }
        _ => {
            return Err(StatsError::InputKind {
                metric: metric.name,
                needs: metric.input.describe(),
            });
        }
    };
    let rows = rows.into_iter().map(|row| members[row]).collect();
    match prepared {
        Err(
            reason @ (StatsError::TooFewRows { .. }
            | StatsError::Constant { .. }
            | StatsError::OneClass { .. }
            | StatsError::NoSign { .. }),
        ) => Ok((rows, Err(reason))),
        Err(refused) => Err(refused),
        Ok(statistic) => Ok((rows, Ok(statistic))),
    }
}

fn enough(rows: usize) -> Result<(), StatsError> {
    super::error::row_count(rows, LEAST_ROWS)
}

/// Weights and weighted values added up.
#[derive(Clone, Copy, Default)]
struct Sum {
    weight: f64,
    value: f64,
}

impl Sum {
    fn with(self, part: Option<(f64, f64)>) -> Self {
        let (weight, value) = part.unwrap_or((0.0, 0.0));
        Self {
            weight: self.weight + weight,
            value: self.value + weight * value,
        }
    }

    fn mean(self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.value / self.weight)
    }
}

impl<K: Send + Sync> RowStatistic for GroupWeighted<K> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn on_counts(&self, counts: &[u32], scratch: &mut Vec<i64>) -> Option<f64> {
        let mut drawn = Vec::new();
        let mut sum = Sum::default();
        for group in &self.groups {
            drawn.clear();
            drawn.extend(group.rows.iter().map(|&row| counts[row as usize]));
            let rows = drawn.iter().map(|&count| u64::from(count)).sum();
            if rows >= LEAST_ROWS as u64 {
                sum = sum.with(self.part(rows, group.statistic.on_counts(&drawn, scratch)));
            }
        }
        sum.mean()
    }

    /// Only the group of the row changes: the metric's own jackknife, once for each group.
    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let parts: Vec<_> = self
            .groups
            .iter()
            .map(|group| self.part(group.rows.len() as u64, group.statistic.on_all_rows()))
            .collect();
        let all = parts.iter().fold(Sum::default(), |sum, &part| sum.with(part)).mean();
        let mut left_out = vec![all; self.rows];
        for (number, group) in self.groups.iter().enumerate() {
            let others = (0..parts.len()).filter(|&other| other != number);
            let others = others.fold(Sum::default(), |sum, other| sum.with(parts[other]));
            let rows = group.rows.len() as u64 - 1;
            for (&row, value) in group.rows.iter().zip(group.statistic.leave_one_out()) {
                left_out[row as usize] = others.with(self.part(rows, value)).mean();
            }
        }
        left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spearman_by(
        keys: &[u8],
        x: &[f64],
        y: &[f64],
        weighting: GroupWeighting,
    ) -> Result<GroupWeighted<u8>, StatsError> {
        GroupWeighted::new(
            Metric::of("spearman").unwrap(),
            MetricColumns::Pair(x, y),
            keys,
            weighting,
        )
    }

    #[test]
    fn missing_rows_do_not_weigh_and_skipped_groups_say_why() {
        let nan = f64::NAN;
        let labels = [
            Some(true),
            Some(false),
            None,
            Some(true),
            Some(true),
            Some(false),
            Some(true),
        ];
        let scores = [0.9, 0.1, 0.5, 0.3, nan, 0.2, 0.1];
        let keys = ["a", "a", "a", "b", "b", "c", "c"];
        let auroc = Metric::of("auroc").unwrap();
        let columns = MetricColumns::Labels(&labels, &scores);
        let mean = GroupWeighted::new(auroc, columns, &keys, GroupWeighting::Rows).unwrap();
        // a: 1 on 2 rows; b: one row remains; c: 0 on 2 rows.
        assert_eq!(mean.on_all_rows(), Some(0.5));
        assert_eq!(mean.rows_used(), 4);
        assert_eq!(mean.skipped().len(), 1);
        assert_eq!((mean.skipped()[0].key, mean.skipped()[0].rows), ("b", 1));
        assert_eq!(mean.skipped()[0].reason, StatsError::TooFewRows { rows: 1, needed: 2 });
        let pair = MetricColumns::Pair(&scores, &scores);
        assert!(matches!(
            GroupWeighted::new(auroc, pair, &keys, GroupWeighting::Rows),
            Err(StatsError::InputKind { metric: "auroc", .. })
        ));
    }

    #[test]
    fn infinities_that_the_metric_refuses_are_errors_and_no_group_is_one() {
        let pearson = Metric::of("pearson").unwrap();
        let bad = MetricColumns::Pair(&[1.0, f64::INFINITY, 2.0], &[1.0, 2.0, 3.0]);
        assert!(GroupWeighted::new(pearson, bad, &[1, 1, 1], GroupWeighting::Rows).is_err());
        let alone = spearman_by(&[1, 2], &[1.0, 2.0], &[1.0, 2.0], GroupWeighting::Rows);
        assert_eq!(alone.err(), Some(StatsError::NoGroup { groups: 2 }));
    }

    #[test]
    fn the_table_of_groups_has_the_same_mean() {
        let x = [1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0];
        let y = [1.0, 3.0, 2.0, 4.0, 3.0, 1.0, 2.0];
        for weighting in [GroupWeighting::Rows, GroupWeighting::Equal] {
            let mean = spearman_by(&[1, 1, 1, 1, 2, 2, 2], &x, &y, weighting).unwrap();
            let table = mean.over_groups().unwrap();
            assert_eq!(table.rows(), 2);
            assert_eq!(table.on_all_rows(), mean.on_all_rows());
        }
    }

    proptest! {
        #[test]
        fn counts_mean_the_same_as_repeated_rows_and_rows_left_out_as_rows_removed(
            rows in prop::collection::vec((0u8..3, -4i8..4, -4i8..4, 0u32..3), 6..30)
        ) {
            let keys: Vec<u8> = rows.iter().map(|row| row.0).collect();
            let x: Vec<f64> = rows.iter().map(|row| f64::from(row.1)).collect();
            let y: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
            let counts: Vec<u32> = rows.iter().map(|row| row.3).collect();
            let on = |counts: &[u32]| {
                let chosen: Vec<usize> = (0..rows.len())
                    .flat_map(|row| std::iter::repeat_n(row, counts[row] as usize)).collect();
                let of = |values: &[f64]| -> Vec<f64> { chosen.iter().map(|&row| values[row]).collect() };
                let keys: Vec<u8> = chosen.iter().map(|&row| keys[row]).collect();
                spearman_by(&keys, &of(&x), &of(&y), GroupWeighting::Rows).ok().and_then(|mean| mean.on_all_rows())
            };
            let close = |found: Option<f64>, expected: Option<f64>| match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-12,
                (found, expected) => found == expected,
            };
            if let Ok(mean) = spearman_by(&keys, &x, &y, GroupWeighting::Rows) {
                prop_assert!(close(mean.on_counts(&counts, &mut Vec::new()), on(&counts)));
                for (row, value) in mean.leave_one_out().into_iter().enumerate() {
                    let mut counts = vec![1; rows.len()];
                    counts[row] = 0;
                    prop_assert!(close(value, on(&counts)));
                }
            }
        }
    }
}
