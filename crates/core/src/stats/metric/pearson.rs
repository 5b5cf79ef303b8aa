//! Pearson correlation.
//!
//! # Formula
//! r = sum((x - mean x)(y - mean y)) / sqrt(sum((x - mean x)^2) * sum((y - mean y)^2)), in two passes (means
//! first), with the means corrected by the remaining sum of deviations. Where a sum of squares leaves the safe
//! range of doubles, or is so small beside the mean that it may be rounding, the rows drawn are multiplied by a
//! power of two, which is exact, checked for being constant, and summed again.
//!
//! # Source
//! Two-pass correction: Chan, Golub, LeVeque (1983), Algorithms for computing the sample variance,
//! doi:10.1080/00031305.1983.10483115.

use super::value_of;
use crate::stats::error::{StatsError, all_finite, row_count, same_length};
use crate::stats::row_statistic::RowStatistic;

/// Returns the Pearson correlation of `x` and `y`.
///
/// # Errors
/// Columns of different length, fewer than 2 rows, NaN, infinities, or a constant column
/// ([`StatsError::Constant`]).
///
/// ```
/// use refalt_core::stats::{StatsError, pearson};
///
/// assert_eq!(pearson(&[1.0, 2.0, 3.0], &[6.0, 4.0, 2.0]), Ok(-1.0));
/// let flat = pearson(&[1.0, 2.0, 3.0], &[5.0, 5.0, 5.0]);
/// assert_eq!(flat, Err(StatsError::Constant { column: "y", rows: 3 }));
/// ```
pub fn pearson(x: &[f64], y: &[f64]) -> Result<f64, StatsError> {
    Ok(value_of(&Pearson::new(x, y)?))
}

/// The Pearson correlation of two columns, prepared for resampling.
#[derive(Clone, Debug)]
pub struct Pearson {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Pearson {
    /// Checks the columns.
    ///
    /// # Errors
    /// As for [`pearson`].
    pub fn new(x: &[f64], y: &[f64]) -> Result<Self, StatsError> {
        same_length("x", x.len(), "y", y.len())?;
        row_count(x.len(), 2)?;
        all_finite("x", x)?;
        all_finite("y", y)?;
        for (column, values) in [("x", x), ("y", y)] {
            if is_constant(values) {
                return Err(StatsError::Constant {
                    column,
                    rows: values.len(),
                });
            }
        }
        Ok(Self {
            x: x.to_vec(),
            y: y.to_vec(),
        })
    }

    /// Evaluates on the rows drawn alone, after scaling.
    fn on_drawn_rows(&self, counts: &[u32]) -> Option<f64> {
        let drawn = |values: &[f64]| -> Vec<f64> {
            values
                .iter()
                .zip(counts)
                .filter(|(_, count)| **count > 0)
                .map(|(value, _)| *value)
                .collect()
        };
        let (x, y) = (drawn(&self.x), drawn(&self.y));
        if x.len() < 2 || is_constant(&x) || is_constant(&y) {
            return None;
        }
        let counts: Vec<u32> = counts.iter().copied().filter(|&count| count > 0).collect();
        Moments::of(&scaled(&x), &scaled(&y), &counts)?.correlation()
    }
}

impl RowStatistic for Pearson {
    fn rows(&self) -> usize {
        self.x.len()
    }

    fn on_counts(&self, counts: &[u32], _scratch: &mut Vec<i64>) -> Option<f64> {
        let moments = Moments::of(&self.x, &self.y, counts)?;
        if moments.is_doubtful() {
            self.on_drawn_rows(counts)
        } else {
            moments.correlation()
        }
    }

    /// Takes each row out of the sums: sum((x - mean)^2) falls by (x_i - mean)^2 * n / (n - 1).
    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let mut counts = vec![1; self.rows()];
        let Some(all) = Moments::of(&self.x, &self.y, &counts) else {
            return vec![None; self.rows()];
        };
        let factor = all.rows / (all.rows - 1.0);
        let mut without = |row: usize| {
            let (dx, dy) = (self.x[row] - all.mean_x, self.y[row] - all.mean_y);
            let xx = all.xx - dx * dx * factor;
            let yy = all.yy - dy * dy * factor;
            // A row that holds most of a sum leaves only rounding behind: sum again without it.
            if all.is_doubtful() || xx < 0.01 * all.xx || yy < 0.01 * all.yy {
                counts[row] = 0;
                let value = self.on_counts(&counts, &mut Vec::new());
                counts[row] = 1;
                return value;
            }
            Some(bounded(all.xy - dx * dy * factor, xx, yy))
        };
        (0..self.rows()).map(&mut without).collect()
    }
}

/// Says whether all values are equal.
fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|value| value == &values[0])
}

/// Multiplies by the power of two that brings the largest magnitude to [1, 2).
fn scaled(values: &[f64]) -> Vec<f64> {
    let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    if largest == 0.0 {
        return values.to_vec();
    }
    // Two factors: the reciprocal of the smallest doubles is not a double.
    let exponent = -(largest.log2().floor() as i32);
    let (half, rest) = (2f64.powi(exponent / 2), 2f64.powi(exponent - exponent / 2));
    values.iter().map(|value| value * half * rest).collect()
}

/// Sums of a weighted table around its means.
struct Moments {
    rows: f64,
    mean_x: f64,
    mean_y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

/// Independent partial sums, so that additions need not wait for each other.
const LANES: usize = 8;

impl Moments {
    /// Returns the sums, or `None` when no row is drawn.
    fn of(x: &[f64], y: &[f64], counts: &[u32]) -> Option<Self> {
        let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        if total == 0 {
            return None;
        }
        let rows = total as f64;
        let [sum_x, sum_y] = weighted_sums(x, y, counts, |x, y| [x, y]);
        let (mean_x, mean_y) = (sum_x / rows, sum_y / rows);
        let [dx, dy, xx, yy, xy] = weighted_sums(x, y, counts, |x, y| {
            let (dx, dy) = (x - mean_x, y - mean_y);
            [dx, dy, dx * dx, dy * dy, dx * dy]
        });
        Some(Self {
            rows,
            mean_x: mean_x + dx / rows,
            mean_y: mean_y + dy / rows,
            xx: xx - dx * dx / rows,
            yy: yy - dy * dy / rows,
            xy: xy - dx * dy / rows,
        })
    }

    /// Says whether a sum of squares may be rounding only, or may overflow or vanish in a product.
    fn is_doubtful(&self) -> bool {
        let sound = |squares: f64, mean: f64| {
            (1e-150..1e150).contains(&squares) && squares > self.rows * (1e-10 * mean).powi(2)
        };
        !sound(self.xx, self.mean_x) || !sound(self.yy, self.mean_y)
    }

    fn correlation(&self) -> Option<f64> {
        (self.xx > 0.0 && self.yy > 0.0).then(|| bounded(self.xy, self.xx, self.yy))
    }
}

/// The correlation from its three sums; rounding never carries it past 1.
fn bounded(xy: f64, xx: f64, yy: f64) -> f64 {
    (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0)
}

/// Sums `terms` of each row times its count.
#[inline(always)]
fn weighted_sums<const N: usize>(
    x: &[f64],
    y: &[f64],
    counts: &[u32],
    terms: impl Fn(f64, f64) -> [f64; N],
) -> [f64; N] {
    let mut lanes = [[0.0; LANES]; N];
    let blocks = x.chunks(LANES).zip(y.chunks(LANES)).zip(counts.chunks(LANES));
    for ((x, y), counts) in blocks {
        for lane in 0..counts.len() {
            let count = f64::from(counts[lane]);
            let terms = terms(x[lane], y[lane]);
            for term in 0..N {
                lanes[term][lane] += count * terms[term];
            }
        }
    }
    lanes.map(|lane| lane.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_small_table_worked_by_hand() {
        // x - 2 = -1, 0, 1; y - 2 = -1, 1, 0: xy = 1, xx = 2, yy = 2; r = 1 / 2
        assert_eq!(pearson(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0]), Ok(0.5));
    }

    #[test]
    fn scaling_by_powers_of_two_changes_nothing_up_to_the_ends_of_the_doubles() {
        let x = [1.0, 2.5, -3.0, 0.125];
        let y = [0.5, 1.0, -1.5, 1.25];
        let expected = pearson(&x, &y).unwrap();
        for exponent in [-1040, -600, 600, 1020] {
            let factor = |value: &f64| value * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2);
            let large: Vec<f64> = x.iter().map(factor).collect();
            assert_eq!(pearson(&large, &y), Ok(expected), "2^{exponent}");
        }
    }

    #[test]
    fn a_constant_column_is_named() {
        let constant = pearson(&[0.1; 7], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(constant, Err(StatsError::Constant { column: "x", rows: 7 }));
        assert_eq!(
            pearson(&[1.0], &[1.0]),
            Err(StatsError::TooFewRows { rows: 1, needed: 2 })
        );
    }

    #[test]
    fn a_resample_of_equal_values_has_no_correlation() {
        let statistic = Pearson::new(&[0.1, 0.1, 0.7, 1e9], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!(statistic.on_counts(&[3, 4, 0, 0], &mut Vec::new()), None);
        assert_eq!(statistic.on_counts(&[0, 0, 0, 0], &mut Vec::new()), None);
        assert_eq!(statistic.on_counts(&[0, 0, 4, 0], &mut Vec::new()), None);
    }

    #[test]
    fn a_resample_without_the_outlier_keeps_its_precision() {
        let statistic = Pearson::new(&[1e300, 1.0, 2.0, 3.0], &[0.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(statistic.on_counts(&[0, 1, 1, 1], &mut Vec::new()), Some(0.5));
    }

    #[test]
    fn leaving_out_the_outlier_keeps_its_precision() {
        let statistic = Pearson::new(&[1e12, 1.0, 2.0, 3.0], &[0.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(statistic.leave_one_out()[0], Some(0.5));
    }

    proptest! {
        #[test]
        fn correlation_is_symmetric_bounded_and_keeps_its_size_under_linear_maps(
            pairs in prop::collection::vec((-10.0f64..10.0, -10.0f64..10.0), 3..40), slope in 0.1f64..9.0, shift in -5.0f64..5.0
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let r = pearson(&x, &y).unwrap();
            prop_assert!((-1.0..=1.0).contains(&r));
            prop_assert_eq!(r, pearson(&y, &x).unwrap());
            let mapped: Vec<f64> = x.iter().map(|value| shift - slope * value).collect();
            prop_assert!((pearson(&mapped, &y).unwrap() + r).abs() < 1e-10);
        }

        #[test]
        fn sums_with_a_row_taken_out_equal_sums_without_it(
            pairs in prop::collection::vec((-10.0f64..10.0, -10.0f64..10.0), 4..30)
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let fast = Pearson::new(&x, &y).unwrap().leave_one_out();
            for (row, value) in fast.into_iter().enumerate() {
                let (mut x, mut y) = (x.clone(), y.clone());
                x.remove(row);
                y.remove(row);
                prop_assert!((value.unwrap() - pearson(&x, &y).unwrap()).abs() < 1e-10);
            }
        }
    }
}
