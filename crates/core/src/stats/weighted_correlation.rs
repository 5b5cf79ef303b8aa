//! Weighted Pearson and Spearman correlation.
//!
//! # Formula
//! Pearson: with m = sum(w x) / sum(w), and the same for y,
//! r = sum(w (x - mx)(y - my)) / sqrt(sum(w (x - mx)^2) * sum(w (y - my)^2)).
//!
//! Spearman: the weighted Pearson correlation of weighted ranks; the rank of a value is the weight of smaller values and
//! half the weight of equal ones. Whole-number weights then mean the same as repeated rows, ties included, and equal
//! weights give the unweighted correlation.
//!
//! # Limits
//! Weights say how much a row counts (inverse variance, replicates, posterior probability), not how often it was
//! observed: the number of rows for intervals and p-values is not their sum. See
//! [`effective_rows`](super::effective_rows).

use super::error::{StatsError, all_finite, row_count, same_length, weights_allowed};
use super::rank::TieGroups;
use super::row_statistic::RowStatistic;

/// Returns the weighted Pearson correlation of `x` and `y`.
///
/// # Errors
/// Columns of different length, fewer than 2 rows, values that are not finite, weights that are negative, not finite or
/// all 0, a column without variation over the rows of weight above 0.
///
/// ```
/// use refalt_core::stats::{pearson, weighted_pearson};
///
/// let (x, y) = ([1.0, 2.0, 4.0], [1.0, 3.0, 2.0]);
/// let weighted = weighted_pearson(&x, &y, &[1.0, 2.0, 1.0])?;
/// let repeated = pearson(&[1.0, 2.0, 2.0, 4.0], &[1.0, 3.0, 3.0, 2.0])?;
/// assert!((weighted - repeated).abs() < 1e-15);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn weighted_pearson(x: &[f64], y: &[f64], weights: &[f64]) -> Result<f64, StatsError> {
    WeightedPearson::new(x, y, weights)?
        .on_all_rows()
        .ok_or(StatsError::NoWeight { rows: x.len() })
}

/// Returns the weighted Spearman correlation of `x` and `y`.
///
/// # Errors
/// As for [`weighted_pearson`]; infinities are ranked.
pub fn weighted_spearman(x: &[f64], y: &[f64], weights: &[f64]) -> Result<f64, StatsError> {
    WeightedSpearman::new(x, y, weights)?
        .on_all_rows()
        .ok_or(StatsError::NoWeight { rows: x.len() })
}

/// Refuses columns that do not fit, and columns constant over the rows that weigh.
fn check(x: &[f64], y: &[f64], weights: &[f64]) -> Result<(), StatsError> {
    same_length("x", x.len(), "y", y.len())?;
    same_length("x", x.len(), "weights", weights.len())?;
    row_count(x.len(), 2)?;
    weights_allowed(weights)?;
    for (column, values) in [("x", x), ("y", y)] {
        if !varies(values, weights) {
            return Err(StatsError::Constant {
                column,
                rows: weights.iter().filter(|&&weight| weight > 0.0).count(),
            });
        }
    }
    Ok(())
}

/// Says whether two rows of weight above 0 differ.
fn varies(values: &[f64], weights: &[f64]) -> bool {
    let mut weighing = values.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
    weighing
        .next()
        .is_some_and(|(first, _)| weighing.any(|(value, _)| value != first))
}

/// The weighted correlation of finite columns; `None` when one does not vary.
fn correlation(x: &[f64], y: &[f64], weights: &[f64]) -> Option<f64> {
    if !varies(x, weights) || !varies(y, weights) {
        return None;
    }
    // Correlations do not depend on scale: what weighs is brought to magnitudes of at most 1, before and after centring,
    // so that sums and squares stay within the doubles.
    let weights = scaled(weights, weights);
    let total: f64 = weights.iter().sum();
    let centred = |values: &[f64]| {
        let mut values = scaled(values, &weights);
        for _ in 0..2 {
            let parts = values.iter().zip(&weights).map(|(value, weight)| weight * value);
            let mean = parts.sum::<f64>() / total;
            values.iter_mut().for_each(|value| *value -= mean);
        }
        scaled(&values, &weights)
    };
    let (x, y) = (centred(x), centred(y));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for ((x, y), weight) in x.iter().zip(&y).zip(&weights) {
        xx += weight * x * x;
        yy += weight * y * y;
        xy += weight * x * y;
    }
    (xx > 0.0 && yy > 0.0).then(|| (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0))
}

/// Divides by the largest magnitude among the values that weigh; values without weight become 0.
fn scaled(values: &[f64], weights: &[f64]) -> Vec<f64> {
    let weighing = values.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
    let largest = weighing.fold(0.0f64, |largest, (value, _)| largest.max(value.abs()));
    let scale = |(value, weight): (&f64, &f64)| {
        if *weight > 0.0 && largest > 0.0 {
            value / largest
        } else {
            0.0
        }
    };
    values.iter().zip(weights).map(scale).collect()
}

/// Weights times how often each row is drawn.
fn drawn_weights(weights: &[f64], counts: &[u32]) -> Vec<f64> {
    weights
        .iter()
        .zip(counts)
        .map(|(weight, &count)| weight * f64::from(count))
        .collect()
}

/// The weighted Pearson correlation of two columns, prepared for resampling.
#[derive(Clone, Debug)]
pub struct WeightedPearson {
    x: Vec<f64>,
    y: Vec<f64>,
    weights: Vec<f64>,
}

impl WeightedPearson {
    /// Checks the columns.
    ///
    /// # Errors
    /// As for [`weighted_pearson`].
    pub fn new(x: &[f64], y: &[f64], weights: &[f64]) -> Result<Self, StatsError> {
        all_finite("x", x)?;
        all_finite("y", y)?;
        check(x, y, weights)?;
        Ok(Self {
            x: x.to_vec(),
            y: y.to_vec(),
            weights: weights.to_vec(),
        })
    }
}

impl RowStatistic for WeightedPearson {
    fn rows(&self) -> usize {
        self.x.len()
    }

    fn on_counts(&self, counts: &[u32], _scratch: &mut Vec<i64>) -> Option<f64> {
        correlation(&self.x, &self.y, &drawn_weights(&self.weights, counts))
    }
}

/// The weighted Spearman correlation of two columns, prepared for resampling; ranks are taken anew in each resample.
#[derive(Clone, Debug)]
pub struct WeightedSpearman {
    x: TieGroups,
    y: TieGroups,
    weights: Vec<f64>,
}

impl WeightedSpearman {
    /// Checks and sorts the columns.
    ///
    /// # Errors
    /// As for [`weighted_spearman`].
    pub fn new(x: &[f64], y: &[f64], weights: &[f64]) -> Result<Self, StatsError> {
        let groups = (TieGroups::new("x", x)?, TieGroups::new("y", y)?);
        check(x, y, weights)?;
        Ok(Self {
            x: groups.0,
            y: groups.1,
            weights: weights.to_vec(),
        })
    }
}

/// The weighted rank of each row, less half the total.
fn weighted_ranks(groups: &TieGroups, weights: &[f64]) -> Vec<f64> {
    let mut ranks = vec![0.0; groups.sizes.len()];
    for (&group, weight) in groups.group_of_row.iter().zip(weights) {
        ranks[group as usize] += weight;
    }
    let half = ranks.iter().sum::<f64>() / 2.0;
    let mut below = 0.0;
    for rank in &mut ranks {
        let own = *rank;
        *rank = below + own / 2.0 - half;
        below += own;
    }
    groups.group_of_row.iter().map(|&group| ranks[group as usize]).collect()
}

impl RowStatistic for WeightedSpearman {
    fn rows(&self) -> usize {
        self.weights.len()
    }

    fn on_counts(&self, counts: &[u32], _scratch: &mut Vec<i64>) -> Option<f64> {
        let weights = drawn_weights(&self.weights, counts);
        correlation(
            &weighted_ranks(&self.x, &weights),
            &weighted_ranks(&self.y, &weights),
            &weights,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{pearson, spearman};
    use proptest::prelude::*;

    #[test]
    fn a_column_that_varies_only_where_nothing_weighs_is_constant() {
        let constant = StatsError::Constant { column: "x", rows: 2 };
        let found = weighted_pearson(&[1.0, 1.0, 2.0], &[1.0, 2.0, 3.0], &[1.0, 1.0, 0.0]);
        assert_eq!(found, Err(constant.clone()));
        let found = weighted_spearman(&[1.0, 1.0, 2.0], &[1.0, 2.0, 3.0], &[1.0, 1.0, 0.0]);
        assert_eq!(found, Err(constant));
    }

    #[test]
    fn magnitudes_at_the_ends_of_the_doubles_change_nothing() {
        let (x, y, weights) = ([1.0, 2.0, 4.0, 9.0], [1.0, 3.0, 2.0, 0.0], [1.0, 2.0, 1.0, 0.0]);
        let expected = weighted_pearson(&x, &y, &weights).unwrap();
        let times = |values: [f64; 4], factor: f64| values.map(|value| value * factor);
        for (of_x, of_y, of_weights) in [(1e306, 1e-300, 1e300), (1e-306, 1e200, 1e-300)] {
            let found = weighted_pearson(&times(x, of_x), &times(y, of_y), &times(weights, of_weights)).unwrap();
            assert!((found - expected).abs() < 1e-14, "{found} {expected}");
        }
    }

    proptest! {
        #[test]
        fn whole_weights_mean_the_same_as_repeated_rows(
            rows in prop::collection::vec((-4i8..4, -4i8..4, 0u32..4), 3..30)
        ) {
            let x: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let y: Vec<f64> = rows.iter().map(|row| f64::from(row.1)).collect();
            let weights: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
            let repeat = |values: &[f64]| -> Vec<f64> {
                values.iter().zip(&rows).flat_map(|(&value, row)| vec![value; row.2 as usize]).collect()
            };
            let (many_x, many_y) = (repeat(&x), repeat(&y));
            let pairs = [
                (weighted_pearson(&x, &y, &weights), pearson(&many_x, &many_y)),
                (weighted_spearman(&x, &y, &weights), spearman(&many_x, &many_y)),
            ];
            for (found, expected) in pairs {
                match (found, expected) {
                    (Ok(found), Ok(expected)) => prop_assert!((found - expected).abs() < 1e-12),
                    (found, expected) => prop_assert_eq!(found.is_ok(), expected.is_ok()),
                }
            }
        }
    }
}
