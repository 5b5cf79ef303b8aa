//! Ranks: average ranks for rank correlations, and the standing of named items.

use super::error::{StatsError, no_nan, row_count};

/// Returns the rank of each value, 1 for the smallest; equal values share the mean of their ranks.
///
/// Infinities are ranked; 0 and -0 are equal.
///
/// # Errors
/// [`StatsError::NotANumber`] for NaN, [`StatsError::TooManyRows`] above 2^31 - 1 rows.
///
/// ```
/// use refalt_core::stats::average_ranks;
///
/// assert_eq!(average_ranks(&[10.0, 30.0, 10.0])?, [1.5, 3.0, 1.5]);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn average_ranks(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let ties = TieGroups::new("values", values)?;
    let centred = ties.centred_ranks();
    let shift = values.len() as f64 + 1.0;
    Ok(ties
        .group_of_row
        .iter()
        .map(|&group| (centred[group as usize] as f64 + shift) / 2.0)
        .collect())
}

/// Rows sorted into groups of equal value, groups numbered in ascending order of value.
#[derive(Clone, Debug)]
pub(super) struct TieGroups {
    /// The group of each row.
    pub(super) group_of_row: Vec<u32>,
    /// Rows per group.
    pub(super) sizes: Vec<u32>,
    /// Rows in ascending order of value.
    pub(super) order: Vec<u32>,
}

impl TieGroups {
    pub(super) fn new(column: &'static str, values: &[f64]) -> Result<Self, StatsError> {
        row_count(values.len(), 0)?;
        no_nan(column, values)?;
        let key = |row: u32| values[row as usize];
        let mut order: Vec<u32> = (0..values.len() as u32).collect();
        order.sort_by(|&left, &right| key(left).total_cmp(&key(right)));
        let mut group_of_row = vec![0; values.len()];
        let mut sizes: Vec<u32> = Vec::new();
        let mut previous = None;
        for &row in &order {
            let value = key(row);
            // -0 sorts just before 0 and equals it.
            if previous != Some(value) {
                sizes.push(0);
                previous = Some(value);
            }
            let group = sizes.len() - 1;
            sizes[group] += 1;
            group_of_row[row as usize] = group as u32;
        }
        Ok(Self {
            group_of_row,
            sizes,
            order,
        })
    }

    /// For each group the rows below it less the rows above it: twice the average rank less (rows + 1).
    pub(super) fn centred_ranks(&self) -> Vec<i64> {
        let total: i64 = self.sizes.iter().map(|&size| i64::from(size)).sum();
        let mut below = 0;
        let rank = |&size: &u32| {
            let size = i64::from(size);
            // below - above, with above = total - below - size
            let rank = 2 * below + size - total;
            below += size;
            rank
        };
        self.sizes.iter().map(rank).collect()
    }

    /// The rows of each group, groups in ascending order.
    pub(super) fn rows_by_group(&self) -> impl Iterator<Item = &[u32]> {
        let mut rest = self.order.as_slice();
        let take = move |&size: &u32| {
            let (group, after) = rest.split_at(size as usize);
            rest = after;
            group
        };
        self.sizes.iter().map(take)
    }
}

/// For each row i the sum over all rows j of sign(x_j - x_i) * sign(y_j - y_i): concordant less discordant pairs.
///
/// Rows are visited group of x by group of x; a Fenwick tree over the groups of y counts those seen.
/// O(n log n).
pub(super) fn concordance_by_row(x: &TieGroups, y: &TieGroups) -> Vec<i64> {
    let mut concordance = vec![0; x.group_of_row.len()];
    // Ascending: rows seen have a smaller x. Descending: a larger one. `seen below` is concordant going up.
    let mut sweep = |groups: &mut dyn Iterator<Item = &[u32]>, sign: i64| {
        let mut tree = vec![0; y.sizes.len() + 1];
        let mut seen = Fenwick::over(&mut tree);
        let mut total = 0;
        for rows in groups {
            for &row in rows {
                let group = y.group_of_row[row as usize] as usize;
                let below = seen.sum_below(group);
                let above = total - seen.sum_below(group + 1);
                concordance[row as usize] += sign * (below - above);
            }
            for &row in rows {
                seen.add(y.group_of_row[row as usize] as usize, 1);
                total += 1;
            }
        }
    };
    let groups: Vec<&[u32]> = x.rows_by_group().collect();
    sweep(&mut groups.iter().copied(), 1);
    sweep(&mut groups.iter().rev().copied(), -1);
    concordance
}

/// A Fenwick tree over borrowed work space: prefix sums under point updates, O(log n) each.
pub(super) struct Fenwick<'a> {
    tree: &'a mut [i64],
}

impl<'a> Fenwick<'a> {
    /// Takes zeroed work space, one longer than the number of indices.
    pub(super) const fn over(tree: &'a mut [i64]) -> Self {
        Self { tree }
    }

    pub(super) fn add(&mut self, index: usize, amount: i64) {
        let mut node = index + 1;
        while node < self.tree.len() {
            self.tree[node] += amount;
            node += node & node.wrapping_neg();
        }
    }

    /// Sum of the amounts at indices below `end`.
    pub(super) fn sum_below(&self, end: usize) -> i64 {
        let mut node = end;
        let mut sum = 0;
        while node > 0 {
            sum += self.tree[node];
            node &= node - 1;
        }
        sum
    }
}

/// Where an item stands among all items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// 1 for the first; items with equal values share the best rank and the ranks after them are skipped
    /// (1, 2, 2, 4: competition ranking).
    pub rank: usize,
    /// How many other items have the same value.
    pub tied_with: usize,
    /// Number of items ranked.
    pub of: usize,
}

/// Returns where each value stands by magnitude, rank 1 for the largest absolute value.
///
/// # Errors
/// [`StatsError::NotANumber`] for NaN, [`StatsError::TooManyRows`] above 2^31 - 1 rows.
///
/// ```
/// use refalt_core::stats::standing_by_magnitude;
///
/// let standing = standing_by_magnitude(&[0.5, -2.0, 2.0, 1.0])?;
/// assert_eq!((standing[1].rank, standing[1].tied_with), (1, 1));
/// assert_eq!((standing[3].rank, standing[3].tied_with), (3, 0));
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn standing_by_magnitude(values: &[f64]) -> Result<Vec<Standing>, StatsError> {
    let descending: Vec<f64> = values.iter().map(|value| -value.abs()).collect();
    let ties = TieGroups::new("values", &descending)?;
    let mut first_rank = Vec::with_capacity(ties.sizes.len());
    let mut before = 0;
    for &size in &ties.sizes {
        first_rank.push(before + 1);
        before += size as usize;
    }
    let standing = ties.group_of_row.iter().map(|&group| Standing {
        rank: first_rank[group as usize],
        tied_with: ties.sizes[group as usize] as usize - 1,
        of: values.len(),
    });
    Ok(standing.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        let ranks = average_ranks(&[2.0, 1.0, 2.0, 2.0, 9.0]).unwrap();
        // The three 2s take ranks 2, 3 and 4: mean 3.
        assert_eq!(ranks, [3.0, 1.0, 3.0, 3.0, 5.0]);
    }

    #[test]
    fn both_zeros_are_one_value_and_infinities_have_ranks() {
        let ranks = average_ranks(&[-0.0, f64::INFINITY, 0.0, f64::NEG_INFINITY]).unwrap();
        assert_eq!(ranks, [2.5, 4.0, 2.5, 1.0]);
    }

    #[test]
    fn nan_has_no_rank() {
        let expected = Err(StatsError::NotANumber {
            column: "values",
            row: 1,
        });
        assert_eq!(average_ranks(&[1.0, f64::NAN]), expected);
        assert!(standing_by_magnitude(&[f64::NAN]).is_err());
    }

    #[test]
    fn after_a_tie_the_ranks_are_skipped() {
        let ranks: Vec<usize> = standing_by_magnitude(&[1.0, -3.0, 3.0, 0.0])
            .unwrap()
            .iter()
            .map(|standing| standing.rank)
            .collect();
        assert_eq!(ranks, [3, 1, 1, 4]);
    }

    proptest! {
        #[test]
        fn concordance_equals_the_double_loop(pairs in prop::collection::vec((0i8..6, 0i8..6), 0..40)) {
            let x: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.0)).collect();
            let y: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.1)).collect();
            let sign = |value: i8| i64::from(value.signum());
            let expected: Vec<i64> = pairs
                .iter()
                .map(|a| pairs.iter().map(|b| sign(b.0 - a.0) * sign(b.1 - a.1)).sum())
                .collect();
            let found = concordance_by_row(&TieGroups::new("x", &x).unwrap(), &TieGroups::new("y", &y).unwrap());
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn ranks_sum_to_the_triangular_number(values in prop::collection::vec(-5i8..5, 1..60)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let n = values.len() as f64;
            prop_assert_eq!(average_ranks(&values).unwrap().iter().sum::<f64>(), n * (n + 1.0) / 2.0);
        }
    }
}
