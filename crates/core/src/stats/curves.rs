//! Points of curves, ready to draw: ROC, precision and recall, empirical distribution, density grid.
//!
//! Conventions are those of `sklearn.metrics.roc_curve`, `precision_recall_curve`, `scipy.stats.ecdf` and
//! `numpy.histogram2d`, so that drawings agree with other people's.

use super::error::{StatsError, all_finite, row_count, same_length};
use super::labelled::{ClassCounts, LabelledGroups};
use super::rank::TieGroups;
use std::num::NonZeroU32;

/// A point of a ROC curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RocPoint {
    /// Rows with at least this score are called positive; infinite at the first point, where none is.
    pub threshold: f64,
    /// Share of negatives called positive.
    pub false_positive_rate: f64,
    /// Share of positives called positive.
    pub true_positive_rate: f64,
}

/// Returns the ROC curve from (0, 0) to (1, 1), thresholds descending.
///
/// Only corners are returned: points on the straight line between their neighbours, by equal steps, are left out, as
/// scikit-learn does by default. The area under the points is [`auroc`](super::auroc).
///
/// # Errors
/// As for [`auroc`](super::auroc).
///
/// ```
/// use refalt_core::stats::roc_curve;
///
/// let curve = roc_curve(&[true, false, true], &[0.9, 0.5, 0.1])?;
/// let rates: Vec<(f64, f64)> = curve.iter().map(|point| (point.false_positive_rate, point.true_positive_rate)).collect();
/// assert_eq!(rates, [(0.0, 0.0), (0.0, 0.5), (1.0, 0.5), (1.0, 1.0)]);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn roc_curve(labels: &[bool], scores: &[f64]) -> Result<Vec<RocPoint>, StatsError> {
    let called = called_positive(labels, scores)?;
    let Some(&(_, total)) = called.last() else {
        return Ok(Vec::new());
    };
    let before = |index: usize| {
        if index == 0 {
            ClassCounts::default()
        } else {
            called[index - 1].1
        }
    };
    // Equal steps on both sides leave a point without a corner.
    let is_corner = |index: usize| {
        let (last, own) = (before(index), called[index].1);
        called.get(index + 1).is_none_or(|(_, next)| {
            let positives = next.positives - 2 * own.positives + last.positives;
            let negatives = next.negatives - 2 * own.negatives + last.negatives;
            positives != 0 || negatives != 0
        })
    };
    // The curve begins with a step from (0, 0) to the first threshold; scikit-learn always keeps the first threshold.
    let corners = (0..called.len()).filter(|&index| index == 0 || is_corner(index));
    let point = |index: usize| {
        let (threshold, counts) = called[index];
        RocPoint {
            threshold,
            false_positive_rate: counts.negatives as f64 / total.negatives as f64,
            true_positive_rate: counts.positives as f64 / total.positives as f64,
        }
    };
    let start = RocPoint {
        threshold: f64::INFINITY,
        false_positive_rate: 0.0,
        true_positive_rate: 0.0,
    };
    Ok(std::iter::once(start).chain(corners.map(point)).collect())
}

/// A point of a precision-recall curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrecisionRecallPoint {
    /// Rows with at least this score are called positive; `None` at the last point, where none is.
    pub threshold: Option<f64>,
    /// Share of positives among the rows called positive; 1 at the last point by convention.
    pub precision: f64,
    /// Share of positives called positive.
    pub recall: f64,
}

/// Returns precision and recall at each distinct score, ascending, and the point (recall 0, precision 1) at the end.
///
/// Draw it as steps: [`average_precision`](super::average_precision) is the area of the steps, and joining the points with
/// straight lines promises more.
///
/// # Errors
/// As for [`average_precision`](super::average_precision).
pub fn precision_recall_curve(labels: &[bool], scores: &[f64]) -> Result<Vec<PrecisionRecallPoint>, StatsError> {
    let called = called_positive(labels, scores)?;
    let positives = called.last().map_or(0, |(_, total)| total.positives);
    let point = |&(threshold, counts): &(f64, ClassCounts)| PrecisionRecallPoint {
        threshold: Some(threshold),
        precision: counts.positives as f64 / (counts.positives + counts.negatives) as f64,
        recall: counts.positives as f64 / positives as f64,
    };
    let end = PrecisionRecallPoint {
        threshold: None,
        precision: 1.0,
        recall: 0.0,
    };
    Ok(called.iter().rev().map(point).chain([end]).collect())
}

/// For each distinct score from the highest down: the rows with at least that score, by class.
fn called_positive(labels: &[bool], scores: &[f64]) -> Result<Vec<(f64, ClassCounts)>, StatsError> {
    let rows = LabelledGroups::new(labels, scores)?;
    let once = vec![1; labels.len()];
    let mut called = ClassCounts::default();
    let groups = rows.first_rows().zip(rows.class_counts(&once)).collect::<Vec<_>>();
    let add = |(row, group): (usize, ClassCounts)| {
        called.positives += group.positives;
        called.negatives += group.negatives;
        (scores[row], called)
    };
    Ok(groups.into_iter().rev().map(add).collect())
}

/// A step of an empirical distribution function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EcdfPoint {
    /// A distinct value.
    pub value: f64,
    /// Share of values at most as large.
    pub share: f64,
}

/// Returns the empirical distribution function: one step for each distinct value, ascending.
///
/// # Errors
/// [`StatsError::TooFewRows`] for no values, [`StatsError::NotANumber`] for NaN.
pub fn ecdf(values: &[f64]) -> Result<Vec<EcdfPoint>, StatsError> {
    row_count(values.len(), 1)?;
    let groups = TieGroups::new("values", values)?;
    let mut below = 0;
    let step = |&size: &u32| {
        let first = groups.order[below] as usize;
        below += size as usize;
        EcdfPoint {
            value: values[first],
            share: below as f64 / values.len() as f64,
        }
    };
    Ok(groups.sizes.iter().map(step).collect())
}

/// How many points fall into each cell of a grid: a scatter plot of more points than can be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct DensityGrid {
    /// Edges of the columns, ascending, one more than columns.
    pub x_edges: Vec<f64>,
    /// Edges of the rows, ascending, one more than rows.
    pub y_edges: Vec<f64>,
    /// `[columns x rows]`, x first: the points of column i and row j are at `i * rows + j`.
    pub counts: Vec<u32>,
}

impl DensityGrid {
    /// Returns the points in a cell, columns and rows from 0; `None` outside the grid.
    pub fn count(&self, column: usize, row: usize) -> Option<u32> {
        let rows = self.y_edges.len() - 1;
        (row < rows)
            .then(|| self.counts.get(column * rows + row).copied())
            .flatten()
    }
}

/// Counts points in a grid of equal cells between the smallest and the largest values.
///
/// A point on an inner edge belongs to the cell above it, on the last edge to the last cell. A column that is constant
/// gets a range of 1/2 on either side.
///
/// # Errors
/// Columns of different length, no rows, values that are not finite.
pub fn density_grid(x: &[f64], y: &[f64], columns: NonZeroU32, rows: NonZeroU32) -> Result<DensityGrid, StatsError> {
    same_length("x", x.len(), "y", y.len())?;
    row_count(x.len(), 1)?;
    all_finite("x", x)?;
    all_finite("y", y)?;
    let (x_edges, y_edges) = (edges(x, columns.get()), edges(y, rows.get()));
    let cell = |edges: &[f64], value: f64| {
        let cells = edges.len() - 1;
        edges.partition_point(|edge| *edge <= value).clamp(1, cells) - 1
    };
    let mut counts = vec![0; columns.get() as usize * rows.get() as usize];
    for (&x, &y) in x.iter().zip(y) {
        counts[cell(&x_edges, x) * rows.get() as usize + cell(&y_edges, y)] += 1;
    }
    Ok(DensityGrid {
        x_edges,
        y_edges,
        counts,
    })
}

fn edges(values: &[f64], cells: u32) -> Vec<f64> {
    let mut low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let mut high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low == high {
        (low, high) = (low - 0.5, high + 0.5);
    }
    let step = (high - low) / f64::from(cells);
    let inner = (0..cells).map(|cell| low + f64::from(cell) * step);
    inner.chain([high]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{auroc, average_precision};
    use proptest::prelude::*;

    #[test]
    fn a_grid_keeps_every_point() {
        let three = NonZeroU32::new(3).unwrap();
        let grid = density_grid(&[0.0, 1.0, 3.0, 3.0], &[5.0; 4], three, three).unwrap();
        // Columns 0-1, 1-2, 2-3; rows around the constant 5: 4.5-4.83, 4.83-5.17, 5.17-5.5.
        assert_eq!(grid.counts, [0, 1, 0, 0, 1, 0, 0, 2, 0]);
        assert_eq!(
            (grid.count(2, 1), grid.count(2, 3), grid.count(3, 0)),
            (Some(2), None, None)
        );
    }

    #[test]
    fn a_distribution_ends_at_one() {
        let steps = ecdf(&[2.0, 1.0, 2.0, f64::INFINITY]).unwrap();
        let shares: Vec<f64> = steps.iter().map(|step| step.share).collect();
        assert_eq!(shares, [0.25, 0.75, 1.0]);
        assert!(ecdf(&[]).is_err() && ecdf(&[f64::NAN]).is_err());
    }

    proptest! {
        #[test]
        fn areas_under_the_points_are_the_metrics(rows in prop::collection::vec((any::<bool>(), -6i8..6), 2..60)) {
            let (labels, scores): (Vec<bool>, Vec<f64>) = rows.iter().map(|row| (row.0, f64::from(row.1))).unzip();
            if let Ok(expected) = auroc(&labels, &scores) {
                let roc = roc_curve(&labels, &scores).unwrap();
                let trapezia = roc.windows(2).map(|pair| {
                    let width = pair[1].false_positive_rate - pair[0].false_positive_rate;
                    width * (pair[1].true_positive_rate + pair[0].true_positive_rate) / 2.0
                });
                prop_assert!((trapezia.sum::<f64>() - expected).abs() < 1e-12);
                let recall = precision_recall_curve(&labels, &scores).unwrap();
                let steps = recall.windows(2).map(|pair| (pair[0].recall - pair[1].recall) * pair[0].precision);
                prop_assert!((steps.sum::<f64>() - average_precision(&labels, &scores).unwrap()).abs() < 1e-12);
            }
        }
    }
}
