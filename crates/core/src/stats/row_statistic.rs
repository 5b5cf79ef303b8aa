//! What can be resampled: statistics of a table's rows.
//!
//! A resample is given as *how often each row occurs*, because every statistic here depends only on that. With
//! the sorting done beforehand an evaluation is then linear in the rows; row indices, the alternative, would
//! have to be gathered and sorted again for each replicate.

use super::error::{StatsError, same_length};

/// A statistic of a table's rows that can be evaluated on resamples of them.
///
/// Implementations depend on how often each row occurs and not on the order of rows.
pub trait RowStatistic: Send + Sync {
    /// Returns the number of rows of the table.
    fn rows(&self) -> usize;

    /// Returns the statistic on the table in which row `i` occurs `counts[i]` times.
    ///
    /// `None` where it has no value (constant column, one class) or where the counts exceed 2^31 - 1 in sum.
    ///
    /// * `counts`: one per row.
    /// * `scratch`: work space, of any content before and after; give the same one again to save allocations.
    fn on_counts(&self, counts: &[u32], scratch: &mut Vec<i64>) -> Option<f64>;

    /// Returns, for each row, the statistic on all other rows.
    ///
    /// The provided method evaluates each in turn, quadratic in the rows; metrics that know better override it.
    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let mut counts = vec![1; self.rows()];
        let mut scratch = Vec::new();
        let mut without = |row: usize| {
            counts[row] = 0;
            let value = self.on_counts(&counts, &mut scratch);
            counts[row] = 1;
            value
        };
        (0..self.rows()).map(&mut without).collect()
    }

    /// Returns the statistic on the table itself; `None` where it has no value.
    fn on_all_rows(&self) -> Option<f64> {
        self.on_counts(&vec![1; self.rows()], &mut Vec::new())
    }
}

/// A statistic given by a function of row indices, for anything not in [`METRICS`](super::METRICS).
///
/// The function receives the resample's rows in ascending order, each as often as it was drawn.
///
/// ```
/// use refalt_core::stats::{RowFunction, RowStatistic};
///
/// let values = [1.0, 2.0, 6.0];
/// let mean = RowFunction::new(values.len(), |rows: &[u32]| {
///     (!rows.is_empty()).then(|| rows.iter().map(|&row| values[row as usize]).sum::<f64>() / rows.len() as f64)
/// });
/// assert_eq!(mean.on_all_rows(), Some(3.0));
/// assert_eq!(mean.on_counts(&[2, 0, 1], &mut Vec::new()), Some(8.0 / 3.0));
/// ```
#[derive(Clone, Debug)]
pub struct RowFunction<F> {
    rows: usize,
    function: F,
}

impl<F: Fn(&[u32]) -> Option<f64> + Send + Sync> RowFunction<F> {
    /// Takes `function` as a statistic over a table of `rows` rows.
    pub const fn new(rows: usize, function: F) -> Self {
        Self { rows, function }
    }
}

impl<F: Fn(&[u32]) -> Option<f64> + Send + Sync> RowStatistic for RowFunction<F> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn on_counts(&self, counts: &[u32], _scratch: &mut Vec<i64>) -> Option<f64> {
        let rows: Vec<u32> = (0..)
            .zip(counts)
            .flat_map(|(row, &count)| std::iter::repeat_n(row, count as usize))
            .collect();
        (self.function)(&rows)
    }
}

/// The first statistic less the second, on the same resamples: a paired comparison of two predictions.
///
/// Its interval is narrower than what two separate intervals suggest, because both see the same rows.
pub struct Difference<'a> {
    first: &'a dyn RowStatistic,
    second: &'a dyn RowStatistic,
}

impl<'a> Difference<'a> {
    /// Pairs two statistics over the same rows.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] when they differ in rows.
    pub fn new(first: &'a dyn RowStatistic, second: &'a dyn RowStatistic) -> Result<Self, StatsError> {
        same_length("first statistic", first.rows(), "second statistic", second.rows())?;
        Ok(Self { first, second })
    }
}

impl RowStatistic for Difference<'_> {
    fn rows(&self) -> usize {
        self.first.rows()
    }

    fn on_counts(&self, counts: &[u32], scratch: &mut Vec<i64>) -> Option<f64> {
        Some(self.first.on_counts(counts, scratch)? - self.second.on_counts(counts, scratch)?)
    }

    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let pairs = self.first.leave_one_out().into_iter().zip(self.second.leave_one_out());
        pairs.map(|(first, second)| Some(first? - second?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Pearson;

    #[test]
    fn a_difference_is_taken_on_the_same_resample() {
        let x = [1.0, 2.0, 3.0, 4.0];
        let y = [1.0, 3.0, 2.0, 4.0];
        let z = [4.0, 1.0, 3.0, 2.0];
        let (first, second) = (Pearson::new(&x, &y).unwrap(), Pearson::new(&x, &z).unwrap());
        let difference = Difference::new(&first, &second).unwrap();
        let counts = [2, 1, 0, 1];
        let mut scratch = Vec::new();
        let expected =
            first.on_counts(&counts, &mut scratch).unwrap() - second.on_counts(&counts, &mut scratch).unwrap();
        assert_eq!(difference.on_counts(&counts, &mut scratch), Some(expected));
        assert!(Difference::new(&first, &Pearson::new(&x[..3], &y[..3]).unwrap()).is_err());
    }

    #[test]
    fn the_provided_jackknife_leaves_each_row_out() {
        let rows = RowFunction::new(3, |rows: &[u32]| Some(f64::from(rows.iter().sum::<u32>())));
        assert_eq!(rows.leave_one_out(), [Some(3.0), Some(2.0), Some(1.0)]);
    }
}
