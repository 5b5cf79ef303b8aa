//! Kendall rank correlation, tau-b.
//!
//! # Formula
//! With C concordant and D discordant pairs of rows, n0 = n (n - 1) / 2 pairs in all, n1 pairs tied in x and n2
//! tied in y: tau-b = (C - D) / sqrt((n0 - n1) * (n0 - n2)). All counts are exact integers; O(n log n).
//!
//! # Source
//! Kendall (1945), The treatment of ties in ranking problems, doi:10.1093/biomet/33.3.239.

use super::spearman::varying_groups;
use super::value_of;
use crate::stats::error::{MAX_ROWS, StatsError};
use crate::stats::rank::{Fenwick, TieGroups, concordance_by_row};
use crate::stats::row_statistic::RowStatistic;

/// Returns Kendall's tau-b of `x` and `y`.
///
/// # Errors
/// Columns of different length, fewer than 2 rows, NaN, or a constant column. Infinities are ranked.
pub fn kendall_tau_b(x: &[f64], y: &[f64]) -> Result<f64, StatsError> {
    Ok(value_of(&Kendall::new(x, y)?))
}

/// Kendall's tau-b of two columns, prepared for resampling.
#[derive(Clone, Debug)]
pub struct Kendall {
    x: TieGroups,
    y: TieGroups,
}

impl Kendall {
    /// Checks and sorts the columns.
    ///
    /// # Errors
    /// As for [`kendall_tau_b`].
    pub fn new(x: &[f64], y: &[f64]) -> Result<Self, StatsError> {
        let (x, y) = varying_groups(x, y)?;
        Ok(Self { x, y })
    }
}

/// Number of pairs among `size` rows.
const fn pairs(size: i64) -> i64 {
    size * (size - 1) / 2
}

/// tau-b from C - D, n0 - n1 and n0 - n2.
fn tau(score: i64, untied_x: i64, untied_y: i64) -> Option<f64> {
    (untied_x > 0 && untied_y > 0).then(|| (score as f64 / (untied_x as f64 * untied_y as f64).sqrt()).clamp(-1.0, 1.0))
}

impl RowStatistic for Kendall {
    fn rows(&self) -> usize {
        self.x.order.len()
    }

    fn on_counts(&self, counts: &[u32], scratch: &mut Vec<i64>) -> Option<f64> {
        let y_groups = self.y.sizes.len();
        scratch.clear();
        scratch.resize(2 * y_groups + 1, 0);
        let (y_sizes, tree) = scratch.split_at_mut(y_groups);
        let mut seen = Fenwick::over(tree);
        let (mut total, mut tied_x, mut score) = (0i64, 0i64, 0i64);
        for rows in self.x.rows_by_group() {
            let before = total;
            // Rows of one x group are no pairs: all are looked up before any is added.
            for &row in rows {
                let count = i64::from(counts[row as usize]);
                if count > 0 {
                    let group = self.y.group_of_row[row as usize] as usize;
                    let below = seen.sum_below(group);
                    let above = before - below - y_sizes[group];
                    score += count * (below - above);
                }
            }
            for &row in rows {
                let count = i64::from(counts[row as usize]);
                if count > 0 {
                    let group = self.y.group_of_row[row as usize] as usize;
                    seen.add(group, count);
                    y_sizes[group] += count;
                    total += count;
                }
            }
            if total > MAX_ROWS as i64 {
                return None;
            }
            tied_x += pairs(total - before);
        }
        let tied_y: i64 = y_sizes.iter().map(|&size| pairs(size)).sum();
        tau(score, pairs(total) - tied_x, pairs(total) - tied_y)
    }

    /// Takes each row's pairs out of the counts exactly; O(n log n) for all rows.
    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let concordance = concordance_by_row(&self.x, &self.y);
        // Each pair is counted from both of its rows.
        let score = concordance.iter().sum::<i64>() / 2;
        let left = self.rows() as i64 - 1;
        let untied = |groups: &TieGroups| {
            let tied: i64 = groups.sizes.iter().map(|&size| pairs(i64::from(size))).sum();
            let without = |&group: &u32| pairs(left) - tied + i64::from(groups.sizes[group as usize]) - 1;
            groups.group_of_row.iter().map(without).collect::<Vec<_>>()
        };
        let untied_pairs = untied(&self.x).into_iter().zip(untied(&self.y));
        concordance
            .iter()
            .zip(untied_pairs)
            .map(|(own, (x, y))| tau(score - own, x, y))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_worked_by_hand() {
        // Pairs of rows: (1,1)-(1,2) tied in x; (1,1)-(2,1) tied in y; (1,1)-(3,3) +; (1,2)-(2,1) -;
        // (1,2)-(3,3) +; (2,1)-(3,3) +: C - D = 2; n0 = 6, n1 = n2 = 1; tau-b = 2 / 5
        assert_eq!(kendall_tau_b(&[1.0, 1.0, 2.0, 3.0], &[1.0, 2.0, 1.0, 3.0]), Ok(0.4));
    }

    #[test]
    fn a_constant_column_is_named() {
        let constant = kendall_tau_b(&[3.0; 4], &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(constant, Err(StatsError::Constant { column: "x", rows: 4 }));
    }

    fn columns(rows: &[(i8, i8, u32)]) -> (Vec<f64>, Vec<f64>) {
        rows.iter().map(|row| (f64::from(row.0), f64::from(row.1))).unzip()
    }

    proptest! {
        #[test]
        fn counts_mean_the_same_as_repeated_rows(
            rows in prop::collection::vec((-4i8..4, -4i8..4, 0u32..4), 4..30)
        ) {
            let (x, y) = columns(&rows);
            let counts: Vec<u32> = rows.iter().map(|row| row.2).collect();
            let repeat = |values: &[f64]| -> Vec<f64> {
                values.iter().zip(&counts).flat_map(|(&value, &count)| vec![value; count as usize]).collect()
            };
            if let Ok(statistic) = Kendall::new(&x, &y) {
                let expected = kendall_tau_b(&repeat(&x), &repeat(&y)).ok();
                prop_assert_eq!(statistic.on_counts(&counts, &mut Vec::new()), expected);
            }
        }

        #[test]
        fn counts_with_a_row_taken_out_equal_counts_without_it(
            rows in prop::collection::vec((-5i8..5, -5i8..5, 0u32..1), 3..30)
        ) {
            let (x, y) = columns(&rows);
            if let Ok(statistic) = Kendall::new(&x, &y) {
                for (row, value) in statistic.leave_one_out().into_iter().enumerate() {
                    let (mut x, mut y) = (x.clone(), y.clone());
                    x.remove(row);
                    y.remove(row);
                    prop_assert_eq!(value, kendall_tau_b(&x, &y).ok());
                }
            }
        }
    }
}
