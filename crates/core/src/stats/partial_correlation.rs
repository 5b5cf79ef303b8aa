//! Partial correlation: what is left of a correlation once covariates are accounted for.
//!
//! # Formula
//! The Pearson correlation of the residuals of x and y after linear regression on the covariates and a constant. For
//! Spearman all columns are replaced by their average ranks first. With n rows and k covariates,
//! t = r sqrt(d / (1 - r^2)) with d = n - k - 2 degrees of freedom.
//!
//! Residuals come from Gram-Schmidt with each step done twice, not from the inverse of the correlation matrix, which
//! loses twice the digits where covariates are alike; a covariate that adds nothing is an error.
//!
//! # When to use
//! Does a score say more than distance to the TSS, conservation or the size of the effect? Give those as covariates.
//!
//! # Limits
//! Removes what is linear (or, for ranks, linear in ranks) in the covariates and nothing else. The p-value takes rows as
//! independent and, strictly, normal; for clustered rows bootstrap [`PartialCorrelation`].
//!
//! # Source
//! Fisher (1924), The distribution of the partial correlation coefficient, Metron 3, 329-332; the definition of
//! `pingouin.partial_corr`.

use super::confidence::ConfidenceInterval;
use super::error::{StatsError, all_finite, row_count, same_length};
use super::fisher::fisher_interval;
use super::rank::TieGroups;
use super::row_statistic::RowStatistic;
use super::student::student_t_two_sided;

/// Which correlation covariates are taken out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correlation {
    /// Of the values.
    Pearson,
    /// Of the average ranks, covariates included.
    Spearman,
}

/// A column as it enters a resample.
#[derive(Clone, Debug)]
enum Column {
    Values(Vec<f64>),
    Ranks(TieGroups),
}

impl Column {
    /// The values to correlate: as they are, or their centred ranks within the resample.
    fn on_counts(&self, counts: &[u32]) -> Vec<f64> {
        match self {
            Self::Values(values) => values.clone(),
            Self::Ranks(groups) => {
                let mut ranks = vec![0i64; groups.sizes.len()];
                for (&group, &count) in groups.group_of_row.iter().zip(counts) {
                    ranks[group as usize] += i64::from(count);
                }
                let total: i64 = ranks.iter().sum();
                let mut below = 0;
                for rank in &mut ranks {
                    let own = *rank;
                    *rank = 2 * below + own - total;
                    below += own;
                }
                let rank_of = |&group: &u32| ranks[group as usize] as f64;
                groups.group_of_row.iter().map(rank_of).collect()
            }
        }
    }
}

/// A partial correlation with its test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartialCorrelationTest {
    /// The partial correlation.
    pub r: f64,
    /// Number of rows.
    pub rows: usize,
    /// Number of covariates.
    pub covariates: usize,
    /// rows - covariates - 2.
    pub degrees_of_freedom: usize,
    /// Two-sided p-value by Student's t.
    pub p: f64,
}

impl PartialCorrelationTest {
    /// Returns tanh(atanh(r) -+ z / sqrt(n - k - 3)).
    ///
    /// # Errors
    /// As for [`fisher_interval`], with n - k rows.
    pub fn interval(&self, level: f64) -> Result<ConfidenceInterval, StatsError> {
        fisher_interval(self.r, self.rows - self.covariates, level)
    }
}

/// The correlation of two columns given covariates, prepared for resampling; ranks are taken anew in each resample.
///
/// ```
/// use refalt_core::stats::{Correlation, PartialCorrelation};
///
/// // Both columns follow the covariate; what is left of them runs in opposite directions.
/// let covariate = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let x = [1.1, 1.9, 3.1, 3.9, 5.1, 5.9];
/// let y = [0.9, 2.1, 2.9, 4.1, 4.9, 6.1];
/// let test = PartialCorrelation::new(Correlation::Pearson, &x, &y, &[&covariate])?.test()?;
/// assert!(test.r < -0.999_999);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PartialCorrelation {
    x: Column,
    y: Column,
    covariates: Vec<Column>,
    rows: usize,
}

impl PartialCorrelation {
    /// Checks the columns.
    ///
    /// * `covariates`: one slice per covariate, each with one value per row; none gives the plain correlation.
    ///
    /// # Errors
    /// Columns of different length, fewer than k + 3 rows, NaN (and infinities for Pearson), a constant column,
    /// [`StatsError::Collinear`] for a covariate, or an x or y, that is a linear combination of (other) covariates.
    pub fn new(kind: Correlation, x: &[f64], y: &[f64], covariates: &[&[f64]]) -> Result<Self, StatsError> {
        same_length("x", x.len(), "y", y.len())?;
        row_count(x.len(), covariates.len() + 3)?;
        let prepare = |name: &'static str, values: &[f64]| {
            same_length("x", x.len(), name, values.len())?;
            let groups = TieGroups::new(name, values)?;
            if groups.sizes.len() < 2 {
                return Err(StatsError::Constant {
                    column: name,
                    rows: values.len(),
                });
            }
            Ok(match kind {
                Correlation::Spearman => Column::Ranks(groups),
                Correlation::Pearson => {
                    all_finite(name, values)?;
                    Column::Values(values.to_vec())
                }
            })
        };
        let statistic = Self {
            x: prepare("x", x)?,
            y: prepare("y", y)?,
            covariates: covariates
                .iter()
                .map(|values| prepare("covariate", values))
                .collect::<Result<_, _>>()?,
            rows: x.len(),
        };
        statistic.evaluate(&vec![1; x.len()])?;
        Ok(statistic)
    }

    /// Returns the partial correlation on the rows themselves, with its test.
    ///
    /// # Errors
    /// None for a statistic that [`Self::new`] made.
    pub fn test(&self) -> Result<PartialCorrelationTest, StatsError> {
        let r = self.evaluate(&vec![1; self.rows])?;
        let degrees_of_freedom = self.rows - self.covariates.len() - 2;
        let d = degrees_of_freedom as f64;
        // (1 - r)(1 + r) keeps the digits of r near 1.
        let t = r * (d / ((1.0 - r) * (1.0 + r))).sqrt();
        Ok(PartialCorrelationTest {
            r,
            rows: self.rows,
            covariates: self.covariates.len(),
            degrees_of_freedom,
            p: student_t_two_sided(t, d)?,
        })
    }

    /// Returns what of x and of y the covariates leave, each centred and at length 1; their product is the partial
    /// correlation. Of ranks for Spearman.
    ///
    /// # Errors
    /// None for a statistic that [`Self::new`] made.
    pub fn residuals(&self) -> Result<[Vec<f64>; 2], StatsError> {
        self.residuals_on(&vec![1; self.rows])
    }

    fn evaluate(&self, counts: &[u32]) -> Result<f64, StatsError> {
        let [x, y] = self.residuals_on(counts)?;
        Ok(product(&x, &y, counts).clamp(-1.0, 1.0))
    }

    fn residuals_on(&self, counts: &[u32]) -> Result<[Vec<f64>; 2], StatsError> {
        let mut basis: Vec<Vec<f64>> = Vec::with_capacity(self.covariates.len());
        let collinear = |column: String| StatsError::Collinear { column };
        for (number, covariate) in self.covariates.iter().enumerate() {
            let residual = residual(covariate.on_counts(counts), &basis, counts);
            basis.push(residual.ok_or_else(|| collinear(format!("covariate {number}")))?);
        }
        let x = residual(self.x.on_counts(counts), &basis, counts).ok_or_else(|| collinear("x".to_owned()))?;
        let y = residual(self.y.on_counts(counts), &basis, counts).ok_or_else(|| collinear("y".to_owned()))?;
        Ok([x, y])
    }
}

/// The scalar product over the rows drawn.
fn product(left: &[f64], right: &[f64], counts: &[u32]) -> f64 {
    let mut lanes = [0.0; 8];
    let blocks = left.chunks(8).zip(right.chunks(8)).zip(counts.chunks(8));
    for ((left, right), counts) in blocks {
        for lane in 0..counts.len() {
            lanes[lane] += f64::from(counts[lane]) * left[lane] * right[lane];
        }
    }
    lanes.iter().sum()
}

/// What of a column is orthogonal to the constant and to `basis` (orthonormal), at length 1; `None` where only rounding
/// is left.
fn residual(mut values: Vec<f64>, basis: &[Vec<f64>], counts: &[u32]) -> Option<Vec<f64>> {
    let drawn = |values: &[f64]| {
        let rows = values.iter().zip(counts).filter(|(_, count)| **count > 0);
        rows.fold(0.0f64, |largest, (value, _)| largest.max(value.abs()))
    };
    let rows: f64 = counts.iter().map(|&count| f64::from(count)).sum();
    let scale = drawn(&values);
    if scale == 0.0 || rows == 0.0 {
        return None;
    }
    values.iter_mut().for_each(|value| *value /= scale);
    let centre = |values: &mut [f64]| {
        let sum: f64 = values
            .iter()
            .zip(counts)
            .map(|(value, &count)| value * f64::from(count))
            .sum();
        values.iter_mut().for_each(|value| *value -= sum / rows);
    };
    centre(&mut values);
    centre(&mut values);
    let before = product(&values, &values, counts).sqrt();
    // Rounding of the values themselves: 1e-15 each.
    if before <= 1e-13 * rows.sqrt() {
        return None;
    }
    for _ in 0..2 {
        for direction in basis {
            let along = product(&values, direction, counts);
            values
                .iter_mut()
                .zip(direction)
                .for_each(|(value, step)| *value -= along * step);
        }
        centre(&mut values);
    }
    let after = product(&values, &values, counts).sqrt();
    if after <= 1e-9 * before {
        return None;
    }
    values.iter_mut().for_each(|value| *value /= after);
    Some(values)
}

impl RowStatistic for PartialCorrelation {
    fn rows(&self) -> usize {
        self.rows
    }

    fn on_counts(&self, counts: &[u32], _scratch: &mut Vec<i64>) -> Option<f64> {
        self.evaluate(counts).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{pearson, spearman};
    use proptest::prelude::*;

    #[test]
    fn a_covariate_that_adds_nothing_is_named() {
        let x = [1.0, 3.0, 2.0, 5.0, 4.0, 6.0];
        let y = [2.0, 1.0, 3.0, 6.0, 5.0, 4.0];
        let a = [1.0, 0.0, 2.0, 0.0, 5.0, 1.0];
        let twice: Vec<f64> = a.iter().map(|value| 0.1 - 2.0 * value).collect();
        let found = PartialCorrelation::new(Correlation::Pearson, &x, &y, &[&a, &twice]);
        assert_eq!(
            found.unwrap_err(),
            StatsError::Collinear {
                column: "covariate 1".to_owned()
            }
        );
        let found = PartialCorrelation::new(Correlation::Pearson, &a, &y, &[&twice]);
        assert_eq!(found.unwrap_err(), StatsError::Collinear { column: "x".to_owned() });
        assert!(PartialCorrelation::new(Correlation::Spearman, &x[..3], &y[..3], &[&a[..3]]).is_err());
    }

    proptest! {
        #[test]
        fn one_covariate_has_the_textbook_formula_and_none_is_the_plain_correlation(
            rows in prop::collection::vec((-9.0f64..9.0, -9.0f64..9.0, -9.0f64..9.0), 6..30)
        ) {
            let x: Vec<f64> = rows.iter().map(|row| row.0).collect();
            let y: Vec<f64> = rows.iter().map(|row| row.1).collect();
            let z: Vec<f64> = rows.iter().map(|row| row.2).collect();
            for (kind, plain) in [
                (Correlation::Pearson, pearson as fn(&[f64], &[f64]) -> Result<f64, StatsError>),
                (Correlation::Spearman, spearman),
            ] {
                let none = PartialCorrelation::new(kind, &x, &y, &[]).unwrap();
                let xy = plain(&x, &y).unwrap();
                prop_assert!((none.on_all_rows().unwrap() - xy).abs() < 1e-10);
                let (xz, yz) = (plain(&x, &z).unwrap(), plain(&y, &z).unwrap());
                if xz.abs() < 0.99 && yz.abs() < 0.99 {
                    let expected = (xy - xz * yz) / ((1.0 - xz * xz) * (1.0 - yz * yz)).sqrt();
                    let found = PartialCorrelation::new(kind, &x, &y, &[&z]).unwrap();
                    prop_assert!((found.on_all_rows().unwrap() - expected).abs() < 1e-9);
                }
            }
        }

        #[test]
        fn counts_mean_the_same_as_repeated_rows(
            rows in prop::collection::vec((-4i8..4, -4i8..4, -4i8..4, 0u32..3), 6..30)
        ) {
            let column = |of: fn(&(i8, i8, i8, u32)) -> i8| -> Vec<f64> {
                rows.iter().map(|row| f64::from(of(row))).collect()
            };
            let (x, y, z) = (column(|row| row.0), column(|row| row.1), column(|row| row.2));
            let counts: Vec<u32> = rows.iter().map(|row| row.3).collect();
            let repeat = |values: &[f64]| -> Vec<f64> {
                values.iter().zip(&counts).flat_map(|(&value, &count)| vec![value; count as usize]).collect()
            };
            for kind in [Correlation::Pearson, Correlation::Spearman] {
                if let (Ok(whole), Ok(expected)) = (
                    PartialCorrelation::new(kind, &x, &y, &[&z]),
                    PartialCorrelation::new(kind, &repeat(&x), &repeat(&y), &[&repeat(&z)]),
                ) {
                    let found = whole.on_counts(&counts, &mut Vec::new()).unwrap();
                    prop_assert!((found - expected.on_all_rows().unwrap()).abs() < 1e-9);
                }
            }
        }
    }
}
