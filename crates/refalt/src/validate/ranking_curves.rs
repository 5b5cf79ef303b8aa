//! ROC and precision-recall curves of the predictions in full, for figures.

use super::condition::LabelRule;
use super::joined::JoinedColumn;
use super::measure::Measured;
use super::subject::Subject;
use refalt_core::stats::{StatsError, complete_labels, precision_recall_curve, roc_curve};

/// The curves of one prediction against one label rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RankingCurves {
    /// The experiment.
    pub experiment: String,
    /// The rule that makes labels.
    pub compared: String,
    /// The prediction; variants are ordered by the size of its score.
    pub prediction: JoinedColumn,
    /// Share of negatives and of positives above each threshold.
    pub roc: Vec<(f64, f64)>,
    /// Recall and precision at each threshold.
    pub precision_recall: Vec<(f64, f64)>,
    /// Share of positives.
    pub positives: f64,
    /// Thresholds between two points, where there are more than can be seen.
    pub every: usize,
}

/// Points of a curve that can be seen.
const POINTS: usize = 400;

/// Makes the curves over one experiment.
pub(super) fn of_experiment(
    subjects: &[Subject<'_>],
    measured: &Measured,
    labels: &[LabelRule],
) -> Result<Vec<RankingCurves>, StatsError> {
    let mut all = Vec::new();
    for (rule, column) in labels.iter().zip(&measured.labels) {
        for subject in subjects {
            let sizes: Vec<f64> = subject.values(measured).iter().map(|value| value.abs()).collect();
            let known = complete_labels(column, &sizes)?;
            // One class only has no curve; the metrics say so.
            let (Ok(roc), Ok(precision_recall)) = (
                roc_curve(&known.labels, &known.scores),
                precision_recall_curve(&known.labels, &known.scores),
            ) else {
                continue;
            };
            let positives = known.labels.iter().filter(|label| **label).count();
            let roc: Vec<(f64, f64)> = roc
                .iter()
                .map(|point| (point.false_positive_rate, point.true_positive_rate))
                .collect();
            let precision_recall: Vec<(f64, f64)> = precision_recall
                .iter()
                .map(|point| (point.recall, point.precision))
                .collect();
            let every = roc.len().max(precision_recall.len()).div_ceil(POINTS).max(1);
            all.push(RankingCurves {
                experiment: measured.name.clone(),
                compared: rule.to_string(),
                prediction: subject.column.clone(),
                roc: thinned(&roc, every),
                precision_recall: thinned(&precision_recall, every),
                positives: positives as f64 / known.labels.len() as f64,
                every,
            });
        }
    }
    Ok(all)
}

/// Every so many points, with the first and the last.
fn thinned(points: &[(f64, f64)], every: usize) -> Vec<(f64, f64)> {
    let last = points.len().saturating_sub(1);
    let kept = points.iter().enumerate();
    kept.filter(|(number, _)| number % every == 0 || *number == last)
        .map(|(_, point)| *point)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends() {
        let points: Vec<(f64, f64)> = (0..10).map(|number| (f64::from(number), 0.0)).collect();
        let kept: Vec<f64> = thinned(&points, 4).iter().map(|point| point.0).collect();
        assert_eq!(kept, [0.0, 4.0, 8.0, 9.0]);
        assert_eq!(thinned(&points, 1), points);
    }
}
