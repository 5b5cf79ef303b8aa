//! Area under the receiver operating characteristic.
//!
//! # Formula
//! AUROC = (pairs of a positive and a negative with the positive scoring higher + half the pairs with equal
//! scores) / all such pairs: the Mann-Whitney U over its maximum. Counts are exact integers.
//!
//! # Source
//! Hanley and McNeil (1982), doi:10.1148/radiology.143.1.7063747.

use super::value_of;
use crate::stats::error::{MAX_ROWS, StatsError};
use crate::stats::labelled::{ClassCounts, LabelledGroups};
use crate::stats::row_statistic::RowStatistic;

/// Returns the chance that a random positive scores above a random negative, ties counting half.
///
/// * `labels`: true for the class that should score high.
///
/// # Errors
/// Columns of different length, NaN scores, or labels of one class ([`StatsError::OneClass`]). Infinities are ranked.
///
/// ```
/// use refalt_core::stats::auroc;
///
/// // Pairs: 0.8 > 0.3, 0.8 > 0.5, 0.5 > 0.3, 0.5 = 0.5: 3.5 of 4.
/// assert_eq!(auroc(&[true, false, true, false], &[0.8, 0.3, 0.5, 0.5]), Ok(0.875));
/// ```
pub fn auroc(labels: &[bool], scores: &[f64]) -> Result<f64, StatsError> {
    Ok(value_of(&Auroc::new(labels, scores)?))
}

/// The AUROC of scores for labels, prepared for resampling.
#[derive(Clone, Debug)]
pub struct Auroc {
    rows: LabelledGroups,
}

impl Auroc {
    /// Checks and sorts the rows.
    ///
    /// # Errors
    /// As for [`auroc`].
    pub fn new(labels: &[bool], scores: &[f64]) -> Result<Self, StatsError> {
        Ok(Self {
            rows: LabelledGroups::new(labels, scores)?,
        })
    }
}

/// The area from twice U and the class sizes.
fn area(twice_u: i64, total: ClassCounts) -> Option<f64> {
    let pairs = total.positives * total.negatives;
    (pairs > 0).then(|| twice_u as f64 / (2.0 * pairs as f64))
}

impl RowStatistic for Auroc {
    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn on_counts(&self, counts: &[u32], _scratch: &mut Vec<i64>) -> Option<f64> {
        let mut twice_u = 0;
        let mut below = ClassCounts::default();
        for group in self.rows.class_counts(counts) {
            twice_u += group.positives * (2 * below.negatives + group.negatives);
            below.positives += group.positives;
            below.negatives += group.negatives;
            if below.positives + below.negatives > MAX_ROWS as i64 {
                return None;
            }
        }
        area(twice_u, below)
    }

    /// Takes each row's pairs out of U exactly; linear after sorting.
    fn leave_one_out(&self) -> Vec<Option<f64>> {
        let once = vec![1; self.rows()];
        let groups: Vec<ClassCounts> = self.rows.class_counts(&once).collect();
        let total = ClassCounts {
            positives: groups.iter().map(|group| group.positives).sum(),
            negatives: groups.iter().map(|group| group.negatives).sum(),
        };
        let mut below = ClassCounts::default();
        // Twice the pairs won by each positive and by each negative of the group.
        let won = |group: &ClassCounts| {
            let of_positive = 2 * below.negatives + group.negatives;
            let above = total.positives - below.positives - group.positives;
            let of_negative = 2 * above + group.positives;
            below.positives += group.positives;
            below.negatives += group.negatives;
            (of_positive, of_negative)
        };
        let won: Vec<(i64, i64)> = groups.iter().map(won).collect();
        let twice_u: i64 = groups
            .iter()
            .zip(&won)
            .map(|(group, won)| group.positives * won.0)
            .sum();
        let fewer = |positives: i64, negatives: i64| ClassCounts {
            positives: total.positives - positives,
            negatives: total.negatives - negatives,
        };
        let of_group: Vec<_> = won
            .iter()
            .map(|&(positive, negative)| {
                (
                    area(twice_u - positive, fewer(1, 0)),
                    area(twice_u - negative, fewer(0, 1)),
                )
            })
            .collect();
        self.rows.by_row(&of_group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_class_has_no_area() {
        let expected = StatsError::OneClass {
            positives: 2,
            negatives: 0,
        };
        assert_eq!(auroc(&[true, true], &[1.0, 2.0]), Err(expected));
    }

    #[test]
    fn equal_scores_are_a_coin_toss() {
        assert_eq!(auroc(&[true, false, false], &[1.0, 1.0, 1.0]), Ok(0.5));
    }

    #[test]
    fn infinite_scores_are_ranked() {
        assert_eq!(auroc(&[true, false], &[f64::INFINITY, f64::NEG_INFINITY]), Ok(1.0));
    }

    proptest! {
        #[test]
        fn flipping_labels_or_scores_mirrors_the_area(
            rows in prop::collection::vec((any::<bool>(), -6i8..6), 2..60)
        ) {
            let (labels, scores): (Vec<bool>, Vec<f64>) = rows.iter().map(|row| (row.0, f64::from(row.1))).unzip();
            if let Ok(area) = auroc(&labels, &scores) {
                let flipped: Vec<bool> = labels.iter().map(|label| !label).collect();
                let negated: Vec<f64> = scores.iter().map(|score| -score).collect();
                prop_assert!((auroc(&flipped, &scores).unwrap() - (1.0 - area)).abs() < 1e-15);
                prop_assert!((auroc(&labels, &negated).unwrap() - (1.0 - area)).abs() < 1e-15);
            }
        }

        #[test]
        fn pairs_taken_out_equal_pairs_without_the_row(
            rows in prop::collection::vec((any::<bool>(), -4i8..4), 3..30)
        ) {
            let (labels, scores): (Vec<bool>, Vec<f64>) = rows.iter().map(|row| (row.0, f64::from(row.1))).unzip();
            if let Ok(statistic) = Auroc::new(&labels, &scores) {
                for (row, value) in statistic.leave_one_out().into_iter().enumerate() {
                    let (mut labels, mut scores) = (labels.clone(), scores.clone());
                    labels.remove(row);
                    scores.remove(row);
                    prop_assert_eq!(value, auroc(&labels, &scores).ok());
                }
            }
        }
    }
}
