//! Average precision.
//!
//! # Formula
//! Thresholds are the distinct scores, from the highest down; rows of equal score enter together.
//! AP = sum over thresholds k of (recall(k) - recall(k - 1)) * precision(k), without interpolation.
//!
//! # Limits
//! Depends on the share of positives: compare only between predictions of the same rows, and state the share.
//!
//! # Source
//! The definition of `sklearn.metrics.average_precision_score`.

use super::value_of;
use crate::stats::error::StatsError;
use crate::stats::labelled::{ClassCounts, LabelledGroups};
use crate::stats::row_statistic::RowStatistic;

/// Returns the average precision of `scores` for `labels`.
///
/// * `labels`: true for the class that should score high.
///
/// # Errors
/// Columns of different length, NaN scores, or labels of one class ([`StatsError::OneClass`]).
///
/// ```
/// use refalt_core::stats::average_precision;
///
/// // Down the scores: + (precision 1, recall 1/2), - , + (precision 2/3, recall 1): 1/2 + 1/3.
/// let precision = average_precision(&[true, false, true], &[0.9, 0.5, 0.1])?;
/// assert!((precision - 5.0 / 6.0).abs() < 1e-15);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn average_precision(labels: &[bool], scores: &[f64]) -> Result<f64, StatsError> {
    Ok(value_of(&AveragePrecision::new(labels, scores)?))
}

/// The average precision of scores for labels, prepared for resampling.
#[derive(Clone, Debug)]
pub struct AveragePrecision {
    rows: LabelledGroups,
}

impl AveragePrecision {
    /// Checks and sorts the rows.
    ///
    /// # Errors
    /// As for [`average_precision`].
    pub fn new(labels: &[bool], scores: &[f64]) -> Result<Self, StatsError> {
        Ok(Self {
            rows: LabelledGroups::new(labels, scores)?,
        })
    }
}

/// The part of the sum that a group adds: its positives times the precision once it has entered.
fn term(positives: i64, true_positives: i64, entered: i64) -> f64 {
    if positives == 0 {
        0.0
    } else {
        positives as f64 * true_positives as f64 / entered as f64
    }
}

impl RowStatistic for AveragePrecision {
    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn on_counts(&self, counts: &[u32], _scratch: &mut Vec<i64>) -> Option<f64> {
        let mut sum = 0.0;
        let mut entered = ClassCounts::default();
        for group in self.rows.class_counts(counts).rev() {
            entered.positives += group.positives;
            entered.negatives += group.negatives;
            sum += term(
                group.positives,
                entered.positives,
                entered.positives + entered.negatives,
            );
        }
        (entered.positives > 0 && entered.negatives > 0).then(|| sum / entered.positives as f64)
    }

    /// Leaving a row out changes the terms of its group and of the groups below: prefix and suffix sums give
    /// each value at once; linear after sorting.
    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let once = vec![1; self.rows()];
        let groups: Vec<ClassCounts> = self.rows.class_counts(&once).collect();
        let total = ClassCounts {
            positives: groups.iter().map(|group| group.positives).sum(),
            negatives: groups.iter().map(|group| group.negatives).sum(),
        };
        // From the lowest score up: sums of the terms below, with a positive or a negative missing further up.
        let (mut below, mut below_sums) = (ClassCounts::default(), (0.0, 0.0));
        let mut suffixes = Vec::with_capacity(groups.len());
        for group in &groups {
            suffixes.push(below_sums);
            let true_positives = total.positives - below.positives;
            let entered = true_positives + total.negatives - below.negatives;
            if entered > 1 {
                below_sums.0 += term(group.positives, true_positives - 1, entered - 1);
                below_sums.1 += term(group.positives, true_positives, entered - 1);
            }
            below.positives += group.positives;
            below.negatives += group.negatives;
        }
        let (mut above, mut prefix) = (ClassCounts::default(), 0.0);
        let mut of_group = vec![(None, None); groups.len()];
        for (index, group) in groups.iter().enumerate().rev() {
            above.positives += group.positives;
            above.negatives += group.negatives;
            let entered = above.positives + above.negatives;
            if group.positives > 0 && total.positives > 1 {
                let own = term(group.positives - 1, above.positives - 1, entered - 1);
                of_group[index].0 = Some((prefix + own + suffixes[index].0) / (total.positives - 1) as f64);
            }
            if group.negatives > 0 && total.negatives > 1 {
                let own = term(group.positives, above.positives, entered - 1);
                of_group[index].1 = Some((prefix + own + suffixes[index].1) / total.positives as f64);
            }
            prefix += term(group.positives, above.positives, entered);
        }
        self.rows.by_row(&of_group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_of_equal_score_enter_together() {
        // 0.9: one positive of one; 0.5: two of three positive: 1/3 * 1 + 2/3 * 3/4 = 5/6
        let labels = [true, true, false, true];
        let precision = average_precision(&labels, &[0.9, 0.5, 0.5, 0.5]).unwrap();
        assert!((precision - 5.0 / 6.0).abs() < 1e-15);
    }

    #[test]
    fn equal_scores_give_the_share_of_positives() {
        assert_eq!(average_precision(&[true, false, false, false], &[2.0; 4]), Ok(0.25));
    }

    #[test]
    fn one_class_has_no_precision() {
        assert!(average_precision(&[false, false], &[1.0, 2.0]).is_err());
    }

    proptest! {
        #[test]
        fn terms_taken_out_equal_terms_without_the_row(
            rows in prop::collection::vec((any::<bool>(), -4i8..4), 3..30)
        ) {
            let (labels, scores): (Vec<bool>, Vec<f64>) = rows.iter().map(|row| (row.0, f64::from(row.1))).unzip();
            if let Ok(statistic) = AveragePrecision::new(&labels, &scores) {
                for (row, value) in statistic.leave_one_out().into_iter().enumerate() {
                    let (mut labels, mut scores) = (labels.clone(), scores.clone());
                    labels.remove(row);
                    scores.remove(row);
                    match (value, average_precision(&labels, &scores).ok()) {
                        (Some(value), Some(expected)) => prop_assert!((value - expected).abs() < 1e-13),
                        (value, expected) => prop_assert_eq!(value, expected),
                    }
                }
            }
        }
    }
}
