//! Spearman rank correlation with average ranks for ties.
//!
//! # Formula
//! Pearson correlation of the ranks. Twice a rank less (n + 1) is a whole number, the rows below less the rows
//! above, so that all sums are exact integers:
//! rho = sum(a * b) / sqrt(sum(a^2) * sum(b^2)), with 3 * sum(a^2) = n^3 - sum over tie groups of t^3.
//! Only the last division and root are rounded.
//!
//! # Resamples
//! METHOD: ranks are taken anew within each resample, as evaluating the statistic on the resampled rows does
//! (`scipy.stats.bootstrap` over `spearmanr`). Resampling the ranks of the whole sample is a different, slightly
//! narrower procedure.

use super::value_of;
use crate::stats::error::{MAX_ROWS, StatsError, row_count, same_length};
use crate::stats::rank::{TieGroups, concordance_by_row};
use crate::stats::row_statistic::RowStatistic;

/// Returns the Spearman rank correlation of `x` and `y`; equal values share the mean of their ranks.
///
/// # Errors
/// Columns of different length, fewer than 2 rows, NaN, or a constant column. Infinities are ranked.
pub fn spearman(x: &[f64], y: &[f64]) -> Result<f64, StatsError> {
    Ok(value_of(&Spearman::new(x, y)?))
}

/// The Spearman correlation of two columns, prepared for resampling.
#[derive(Clone, Debug)]
pub struct Spearman {
    x: TieGroups,
    y: TieGroups,
    /// The group of y of each row, rows in ascending order of x.
    y_group_in_x_order: Vec<u32>,
}

/// The two columns sorted into tie groups, neither of them constant.
pub(super) fn varying_groups(x: &[f64], y: &[f64]) -> Result<(TieGroups, TieGroups), StatsError> {
    same_length("x", x.len(), "y", y.len())?;
    row_count(x.len(), 2)?;
    let groups = (TieGroups::new("x", x)?, TieGroups::new("y", y)?);
    for (column, groups) in [("x", &groups.0), ("y", &groups.1)] {
        if groups.sizes.len() < 2 {
            return Err(StatsError::Constant { column, rows: x.len() });
        }
    }
    Ok(groups)
}

impl Spearman {
    /// Checks and sorts the columns.
    ///
    /// # Errors
    /// As for [`spearman`].
    pub fn new(x: &[f64], y: &[f64]) -> Result<Self, StatsError> {
        let (x, y) = varying_groups(x, y)?;
        let y_group_in_x_order = x.order.iter().map(|&row| y.group_of_row[row as usize]).collect();
        Ok(Self {
            x,
            y,
            y_group_in_x_order,
        })
    }
}

/// Three times the sum of squares of centred doubled ranks: total^3 - sum of t^3 over tie groups.
fn three_squares(total: i64, cubes: i128) -> i128 {
    i128::from(total).pow(3) - cubes
}

/// rho from the exact sum of products and three times the exact sums of squares.
fn correlation(products: i128, three_xx: i128, three_yy: i128) -> Option<f64> {
    (three_xx > 0 && three_yy > 0)
        .then(|| (3.0 * products as f64 / (three_xx as f64 * three_yy as f64).sqrt()).clamp(-1.0, 1.0))
}

impl RowStatistic for Spearman {
    fn rows(&self) -> usize {
        self.x.order.len()
    }

    fn on_counts(&self, counts: &[u32], scratch: &mut Vec<i64>) -> Option<f64> {
        // Rows are walked in ascending x: the rank of an x group is known as soon as its size is, and only y needs a
        // table. Counts are gathered once, in the order of x, and read in a row afterwards.
        let y_groups = self.y.sizes.len();
        scratch.clear();
        scratch.resize(y_groups + self.rows(), 0);
        let (ranks, drawn) = scratch.split_at_mut(y_groups);
        let mut total = 0i64;
        for ((&row, &group), drawn) in self.x.order.iter().zip(&self.y_group_in_x_order).zip(drawn.iter_mut()) {
            let count = i64::from(counts[row as usize]);
            *drawn = count;
            ranks[group as usize] += count;
            total += count;
        }
        if total > MAX_ROWS as i64 {
            return None;
        }
        let mut y_cubes = 0i128;
        let mut below = 0;
        for rank in ranks.iter_mut() {
            let size = *rank;
            *rank = 2 * below + size - total;
            below += size;
            y_cubes += i128::from(size * size) * i128::from(size);
        }
        let mut rest = drawn.iter().zip(&self.y_group_in_x_order);
        let (mut products, mut x_cubes) = (0i128, 0i128);
        let mut below = 0;
        for &group_size in &self.x.sizes {
            let (mut size, mut y_ranks) = (0i64, 0i64);
            for (&count, &group) in rest.by_ref().take(group_size as usize) {
                size += count;
                y_ranks += count * ranks[group as usize];
            }
            let x_rank = 2 * below + size - total;
            below += size;
            products += i128::from(x_rank) * i128::from(y_ranks);
            x_cubes += i128::from(size * size) * i128::from(size);
        }
        correlation(products, three_squares(total, x_cubes), three_squares(total, y_cubes))
    }

    /// Takes each row out of the sums exactly; O(n log n) for all rows.
    ///
    /// A centred doubled rank is a_j = sum over k of sign(x_j - x_k), so that leaving row i out makes it
    /// a_j - sign(x_j - x_i). The product sum without i is then sum(a * b) - a_i * b_i
    /// - sum_j a_j * sign(y_j - y_i) - sum_j b_j * sign(x_j - x_i) + sum_j sign(x_j - x_i) * sign(y_j - y_i).
    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let n = self.rows() as i64;
        let (a, b) = (self.x.centred_ranks(), self.y.centred_ranks());
        let a_over_y = signed_sums(&self.y, |row| a[self.x.group_of_row[row] as usize]);
        let b_over_x = signed_sums(&self.x, |row| b[self.y.group_of_row[row] as usize]);
        let concordance = concordance_by_row(&self.x, &self.y);
        let cubes = |groups: &TieGroups| groups.sizes.iter().map(|&size| i128::from(size).pow(3)).sum::<i128>();
        let (x_cubes, y_cubes) = (cubes(&self.x), cubes(&self.y));
        let rank_of = |row: usize| {
            let (x_group, y_group) = (self.x.group_of_row[row] as usize, self.y.group_of_row[row] as usize);
            (a[x_group], b[y_group])
        };
        let products: i128 = (0..self.rows())
            .map(rank_of)
            .map(|(a, b)| i128::from(a) * i128::from(b))
            .sum();
        let squares_without = |groups: &TieGroups, cubes: i128, row: usize| {
            let size = i128::from(groups.sizes[groups.group_of_row[row] as usize]);
            three_squares(n - 1, cubes - size.pow(3) + (size - 1).pow(3))
        };
        let without = |row: usize| {
            let (a_row, b_row) = rank_of(row);
            let (x_group, y_group) = (self.x.group_of_row[row] as usize, self.y.group_of_row[row] as usize);
            let products = products - i128::from(a_row) * i128::from(b_row) - a_over_y[y_group] - b_over_x[x_group]
                + i128::from(concordance[row]);
            correlation(
                products,
                squares_without(&self.x, x_cubes, row),
                squares_without(&self.y, y_cubes, row),
            )
        };
        (0..self.rows()).map(without).collect()
    }
}

/// For each group the sum of `value` over the rows above it less the sum over the rows below it.
fn signed_sums(groups: &TieGroups, value: impl Fn(usize) -> i64) -> Vec<i128> {
    let mut sums = vec![0i128; groups.sizes.len()];
    for (row, &group) in groups.group_of_row.iter().enumerate() {
        sums[group as usize] += i128::from(value(row));
    }
    let total: i128 = sums.iter().sum();
    let mut below = 0;
    for sum in &mut sums {
        let own = *sum;
        *sum = total - 2 * below - own;
        below += own;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_worked_by_hand() {
        // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4, less 2.5: products 2.25 + 0 + 0 + 2.25 = 4.5;
        // squares 4.5 and 5; rho = 4.5 / sqrt(22.5)
        let rho = spearman(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!((rho - 4.5 / 22.5f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn infinities_are_ranked_and_a_reversed_order_is_exactly_minus_one() {
        let rho = spearman(&[f64::NEG_INFINITY, 0.0, f64::INFINITY], &[3.0, 2.0, 1.0]);
        assert_eq!(rho, Ok(-1.0));
    }

    #[test]
    fn a_constant_column_is_named() {
        let constant = spearman(&[1.0, 2.0], &[0.0, -0.0]);
        assert_eq!(constant, Err(StatsError::Constant { column: "y", rows: 2 }));
    }

    fn columns(pairs: &[(i8, i8)]) -> (Vec<f64>, Vec<f64>) {
        pairs.iter().map(|&(x, y)| (f64::from(x), f64::from(y))).unzip()
    }

    proptest! {
        #[test]
        fn monotone_maps_change_nothing(pairs in prop::collection::vec((-20i8..20, -20i8..20), 4..50)) {
            let (x, y) = columns(&pairs);
            if let Ok(rho) = spearman(&x, &y) {
                let mapped: Vec<f64> = x.iter().map(|value| (value / 7.0).exp() + value.powi(3)).collect();
                prop_assert_eq!(spearman(&mapped, &y).unwrap(), rho);
                let falling: Vec<f64> = y.iter().map(|value| -value).collect();
                prop_assert_eq!(spearman(&x, &falling).unwrap(), -rho);
            }
        }

        #[test]
        fn counts_mean_the_same_as_repeated_rows(
            rows in prop::collection::vec((-4i8..4, -4i8..4, 0u32..4), 4..30)
        ) {
            let (x, y) = columns(&rows.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>());
            let counts: Vec<u32> = rows.iter().map(|row| row.2).collect();
            let repeat = |values: &[f64]| -> Vec<f64> {
                values.iter().zip(&counts).flat_map(|(&value, &count)| vec![value; count as usize]).collect()
            };
            if let Ok(statistic) = Spearman::new(&x, &y) {
                let expected = spearman(&repeat(&x), &repeat(&y)).ok();
                prop_assert_eq!(statistic.on_counts(&counts, &mut Vec::new()), expected);
            }
        }

        #[test]
        fn sums_with_a_row_taken_out_equal_sums_without_it(
            pairs in prop::collection::vec((-5i8..5, -5i8..5), 3..30)
        ) {
            let (x, y) = columns(&pairs);
            if let Ok(statistic) = Spearman::new(&x, &y) {
                for (row, value) in statistic.leave_one_out().into_iter().enumerate() {
                    let (mut x, mut y) = (x.clone(), y.clone());
                    x.remove(row);
                    y.remove(row);
                    prop_assert_eq!(value, spearman(&x, &y).ok());
                }
            }
        }
    }
}
