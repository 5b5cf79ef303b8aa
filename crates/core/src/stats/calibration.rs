//! Calibration: do predicted probabilities come true as often as they say?
//!
//! Bins are cut as `sklearn.calibration.calibration_curve` cuts them: a value on an inner edge belongs to the bin below
//! the edge, empty bins are left out.
//!
//! For scores that are not probabilities [`binned_means`] shows the mean of the measured values in bins of the score.

use super::binomial::wilson_interval;
use super::confidence::ConfidenceInterval;
use super::error::{StatsError, all_finite, all_probabilities, proper_fraction, row_count, same_length};
use super::metric::{Brier, CalibrationError};
use super::quantile::quantile_of_sorted;
use super::row_statistic::RowStatistic;
use super::student::student_t_quantile;
use std::num::NonZeroU32;

/// How rows are put into bins by their score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bins {
    /// Edges at quantiles of the scores, so that bins hold about as many rows each; equal scores stay together, and a
    /// score shared by many rows leaves fewer bins.
    EqualCount(NonZeroU32),
    /// Edges at equal distances: from 0 to 1 for probabilities, else from the smallest to the largest score.
    EqualWidth(NonZeroU32),
}

impl Bins {
    /// Returns the edges between bins, ascending.
    pub(super) fn inner_edges(self, scores: &[f64], (low, high): (f64, f64)) -> Vec<f64> {
        match self {
            Self::EqualCount(bins) => {
                let mut sorted = scores.to_vec();
                sorted.sort_by(f64::total_cmp);
                let edge = |bin| quantile_of_sorted(&sorted, f64::from(bin) / f64::from(bins.get()));
                (1..bins.get()).map(edge).collect()
            }
            Self::EqualWidth(bins) => {
                let step = (high - low) / f64::from(bins.get());
                (1..bins.get()).map(|bin| low + f64::from(bin) * step).collect()
            }
        }
    }

    /// Returns the bin of each score: the number of inner edges below it.
    pub(super) fn assign(edges: &[f64], scores: &[f64]) -> Vec<u32> {
        let bin = |score: &f64| edges.partition_point(|edge| edge < score) as u32;
        scores.iter().map(bin).collect()
    }
}

/// Refuses labels and probabilities that do not fit.
pub(super) fn checked(labels: &[bool], probabilities: &[f64]) -> Result<(), StatsError> {
    same_length("labels", labels.len(), "probabilities", probabilities.len())?;
    row_count(labels.len(), 1)?;
    all_probabilities("probabilities", probabilities)
}

/// A bin of a reliability curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// Smallest predicted probability in the bin.
    pub least: f64,
    /// Largest predicted probability in the bin.
    pub most: f64,
    /// Rows in the bin.
    pub rows: usize,
    /// Rows labelled true.
    pub positives: usize,
    /// Mean predicted probability.
    pub mean_predicted: f64,
    /// Wilson's interval of the share of positives; the share is [`Self::share`].
    pub interval: ConfidenceInterval,
}

impl ReliabilityBin {
    /// Returns the share of rows labelled true.
    pub fn share(&self) -> f64 {
        self.positives as f64 / self.rows as f64
    }
}

/// Returns, bin by bin, what was predicted and how often it came true; empty bins are left out.
///
/// * `labels`: what happened.
/// * `probabilities`: predicted, within 0 to 1.
/// * `level`: nominal coverage of the intervals; they take rows as independent.
///
/// # Errors
/// Columns of different length, no rows, NaN, [`StatsError::NotAProbability`], a level outside (0, 1).
///
/// ```
/// use refalt_core::stats::{Bins, reliability_curve};
///
/// let labels = [false, false, true, true];
/// let two = Bins::EqualWidth(2.try_into().unwrap());
/// let curve = reliability_curve(&labels, &[0.1, 0.3, 0.5, 0.9], two, 0.95)?;
/// // 0.5 lies on the edge and belongs below it.
/// assert_eq!((curve[0].rows, curve[0].positives, curve[1].rows), (3, 1, 1));
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn reliability_curve(
    labels: &[bool],
    probabilities: &[f64],
    bins: Bins,
    level: f64,
) -> Result<Vec<ReliabilityBin>, StatsError> {
    checked(labels, probabilities)?;
    let bin = |members: &[usize]| {
        let predicted = || members.iter().map(|&row| probabilities[row]);
        let positives = members.iter().filter(|&&row| labels[row]).count();
        Ok(ReliabilityBin {
            least: predicted().fold(f64::INFINITY, f64::min),
            most: predicted().fold(f64::NEG_INFINITY, f64::max),
            rows: members.len(),
            positives,
            mean_predicted: predicted().sum::<f64>() / members.len() as f64,
            interval: wilson_interval(positives as u64, members.len() as u64, level)?,
        })
    };
    members_of(bins, probabilities, (0.0, 1.0))
        .iter()
        .map(|members| bin(members))
        .collect()
}

/// Returns the Brier score: the mean squared distance of the predicted probability from 1 for true and 0 for false.
///
/// # Errors
/// Columns of different length, no rows, NaN, [`StatsError::NotAProbability`].
pub fn brier_score(labels: &[bool], probabilities: &[f64]) -> Result<f64, StatsError> {
    let none = StatsError::TooFewRows { rows: 0, needed: 1 };
    Brier::new(labels, probabilities)?.on_all_rows().ok_or(none)
}

/// Returns the expected calibration error: |mean predicted - share of positives| averaged over the rows' bins.
///
/// # Errors
/// Columns of different length, no rows, NaN, [`StatsError::NotAProbability`].
pub fn expected_calibration_error(labels: &[bool], probabilities: &[f64], bins: Bins) -> Result<f64, StatsError> {
    let none = StatsError::TooFewRows { rows: 0, needed: 1 };
    CalibrationError::with_bins(labels, probabilities, bins)?
        .on_all_rows()
        .ok_or(none)
}

/// The measured values in a bin of the score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinnedMean {
    /// Smallest score in the bin.
    pub least: f64,
    /// Largest score in the bin.
    pub most: f64,
    /// Rows in the bin.
    pub rows: usize,
    /// Mean score.
    pub mean_score: f64,
    /// Mean measured value.
    pub mean_measured: f64,
    /// Mean -+ t * s / sqrt(n), with s the standard deviation (divisor n - 1) and t of n - 1 degrees of freedom; `None` for a
    /// bin of one row.
    pub interval: Option<ConfidenceInterval>,
}

/// Returns the mean of the measured values in bins of the score, empty bins left out.
///
/// A score that orders rows rightly gives rising means; the curve says how much of the effect each step of the score is
/// worth, which a correlation hides.
///
/// # Errors
/// Columns of different length, no rows, values that are not finite, a level outside (0, 1).
pub fn binned_means(scores: &[f64], measured: &[f64], bins: Bins, level: f64) -> Result<Vec<BinnedMean>, StatsError> {
    same_length("scores", scores.len(), "measured", measured.len())?;
    row_count(scores.len(), 1)?;
    all_finite("scores", scores)?;
    all_finite("measured", measured)?;
    proper_fraction("level", level)?;
    let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bin = |members: &[usize]| {
        let n = members.len() as f64;
        let mean = |values: &[f64]| members.iter().map(|&row| values[row]).sum::<f64>() / n;
        let mean_measured = mean(measured);
        let squares: f64 = members.iter().map(|&row| (measured[row] - mean_measured).powi(2)).sum();
        let interval = if members.len() < 2 {
            None
        } else {
            let half_width = student_t_quantile((1.0 + level) / 2.0, n - 1.0)? * (squares / (n - 1.0) / n).sqrt();
            Some(ConfidenceInterval {
                low: mean_measured - half_width,
                high: mean_measured + half_width,
                level,
            })
        };
        let score = || members.iter().map(|&row| scores[row]);
        Ok(BinnedMean {
            least: score().fold(f64::INFINITY, f64::min),
            most: score().fold(f64::NEG_INFINITY, f64::max),
            rows: members.len(),
            mean_score: mean(scores),
            mean_measured,
            interval,
        })
    };
    members_of(bins, scores, (least, most))
        .iter()
        .map(|members| bin(members))
        .collect()
}

/// The rows of each bin that has any, bins in ascending order.
fn members_of(bins: Bins, scores: &[f64], range: (f64, f64)) -> Vec<Vec<usize>> {
    let edges = bins.inner_edges(scores, range);
    let mut members = vec![Vec::new(); edges.len() + 1];
    for (row, bin) in Bins::assign(&edges, scores).into_iter().enumerate() {
        members[bin as usize].push(row);
    }
    members.retain(|members| !members.is_empty());
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    #[test]
    fn equal_scores_stay_in_one_bin() {
        let scores = [0.0, 0.0, 0.0, 0.0, 1.0, 2.0];
        let means = binned_means(
            &scores,
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            Bins::EqualCount(bins(3)),
            0.95,
        )
        .unwrap();
        // Edges at quantiles 1/3 (0.0) and 2/3 (0.333): the four zeros, nothing between, the rest.
        let rows: Vec<usize> = means.iter().map(|bin| bin.rows).collect();
        assert_eq!(rows, [4, 2]);
        assert_eq!((means[0].mean_measured, means[1].mean_measured), (2.5, 5.5));
        assert_eq!((means[1].least, means[1].most), (1.0, 2.0));
    }

    #[test]
    fn one_row_has_a_mean_and_no_interval() {
        let means = binned_means(&[1.0], &[7.0], Bins::EqualWidth(bins(4)), 0.95).unwrap();
        assert_eq!((means[0].mean_measured, means[0].interval), (7.0, None));
    }

    #[test]
    fn scores_that_are_no_probabilities_are_told_where_to_go() {
        let refused = brier_score(&[true], &[-0.5]).unwrap_err();
        assert!(refused.hint().unwrap().contains("binned means"));
        assert!(reliability_curve(&[], &[], Bins::EqualWidth(bins(2)), 0.95).is_err());
    }
}
