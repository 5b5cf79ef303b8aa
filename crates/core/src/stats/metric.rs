//! The metrics: one file each, one line each in [`METRICS`].
//!
//! A metric is prepared once from its columns (checked, sorted) and evaluated on many resamples, see
//! [`RowStatistic`].
//!
//! To add a metric: a file in `stats/metric/` and its line in the table.

mod auroc;
mod average_precision;
mod brier;
mod expected_calibration_error;
mod kendall;
mod pearson;
mod sign_accuracy;
mod sign_accuracy_gain;
mod spearman;

pub use auroc::{Auroc, auroc};
pub use average_precision::{AveragePrecision, average_precision};
pub use brier::Brier;
pub use expected_calibration_error::CalibrationError;
pub use kendall::{Kendall, kendall_tau_b};
pub use pearson::{Pearson, pearson};
pub use sign_accuracy::{SignAccuracy, SignCounts, sign_accuracy};
pub use sign_accuracy_gain::SignAccuracyGain;
pub use spearman::{Spearman, spearman};

use super::error::StatsError;
use super::row_statistic::RowStatistic;

/// A metric prepared from its columns, or the reason why it has no value on them.
pub type Prepared = Result<Box<dyn RowStatistic>, StatsError>;

/// The columns a metric needs, with the function that prepares it from them.
#[derive(Clone, Copy)]
pub enum MetricInput {
    /// Two numeric columns: predicted, then measured.
    ContinuousPair(fn(&[f64], &[f64]) -> Prepared),
    /// True or false per row, then the score meant to tell them apart (higher for true).
    LabelsAndScores(fn(&[bool], &[f64]) -> Prepared),
}

impl MetricInput {
    /// Returns the needed columns in words.
    pub const fn describe(&self) -> &'static str {
        match self {
            Self::ContinuousPair(_) => "continuous pair",
            Self::LabelsAndScores(_) => "labels and scores",
        }
    }
}

impl std::fmt::Debug for MetricInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.describe())
    }
}

/// Which of two values of a metric is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The larger.
    Higher,
    /// The smaller: errors.
    Lower,
}

/// A metric as the command line, the documentation and reports name it.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Name on the command line and in tables.
    pub name: &'static str,
    /// Name in text.
    pub long_name: &'static str,
    /// What it measures, one sentence.
    pub measures: &'static str,
    /// Smallest and largest possible value.
    pub range: (f64, f64),
    /// The value to expect from a prediction without information, in words.
    pub chance: &'static str,
    /// Which of two values is the better one.
    pub better: Better,
    /// The columns it needs and how it is prepared.
    pub input: MetricInput,
}

/// All metrics, in the order in which reports list them.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "pearson",
        long_name: "Pearson correlation",
        measures: "How well a straight line relates the two columns; single large effects weigh heavily.",
        range: (-1.0, 1.0),
        chance: "0",
        better: Better::Higher,
        input: MetricInput::ContinuousPair(|x, y| Ok(Box::new(Pearson::new(x, y)?))),
    },
    Metric {
        name: "spearman",
        long_name: "Spearman rank correlation",
        measures: "How well the two columns agree in order: Pearson on average ranks, ties included.",
        range: (-1.0, 1.0),
        chance: "0",
        better: Better::Higher,
        input: MetricInput::ContinuousPair(|x, y| Ok(Box::new(Spearman::new(x, y)?))),
    },
    Metric {
        name: "kendall",
        long_name: "Kendall tau-b",
        measures: "Share of row pairs in the same order less the share in opposite order, corrected for ties.",
        range: (-1.0, 1.0),
        chance: "0",
        better: Better::Higher,
        input: MetricInput::ContinuousPair(|x, y| Ok(Box::new(Kendall::new(x, y)?))),
    },
    Metric {
        name: "sign_accuracy",
        long_name: "Sign accuracy",
        measures: "Share of rows with a measured direction whose predicted direction is the same.",
        range: (0.0, 1.0),
        chance: "share of the commoner measured direction",
        better: Better::Higher,
        input: MetricInput::ContinuousPair(|x, y| Ok(Box::new(SignAccuracy::new(x, y)?))),
    },
    Metric {
        name: "sign_accuracy_gain",
        long_name: "Sign accuracy above the majority",
        measures: "Sign accuracy less that of always naming the commoner measured direction.",
        range: (-1.0, 1.0),
        chance: "0 at best",
        better: Better::Higher,
        input: MetricInput::ContinuousPair(|x, y| Ok(Box::new(SignAccuracyGain::new(x, y)?))),
    },
    Metric {
        name: "auroc",
        long_name: "Area under the ROC curve",
        measures: "Chance that a random positive scores above a random negative, ties counting half.",
        range: (0.0, 1.0),
        chance: "0.5",
        better: Better::Higher,
        input: MetricInput::LabelsAndScores(|labels, scores| Ok(Box::new(Auroc::new(labels, scores)?))),
    },
    Metric {
        name: "average_precision",
        long_name: "Average precision",
        measures: "Precision averaged over the recall gained at each distinct score, from the highest down.",
        range: (0.0, 1.0),
        chance: "share of positives",
        better: Better::Higher,
        input: MetricInput::LabelsAndScores(|labels, scores| Ok(Box::new(AveragePrecision::new(labels, scores)?))),
    },
    Metric {
        name: "brier",
        long_name: "Brier score",
        measures: "Mean squared distance of a predicted probability from what happened, 0 or 1.",
        range: (0.0, 1.0),
        chance: "share of positives times share of negatives",
        better: Better::Lower,
        input: MetricInput::LabelsAndScores(|labels, scores| Ok(Box::new(Brier::new(labels, scores)?))),
    },
    Metric {
        name: "expected_calibration_error",
        long_name: "Expected calibration error",
        measures: "Distance of predicted probability from observed share, averaged over ten bins of equal width.",
        range: (0.0, 1.0),
        chance: "0 for the share of positives itself",
        better: Better::Lower,
        input: MetricInput::LabelsAndScores(|labels, scores| Ok(Box::new(CalibrationError::new(labels, scores)?))),
    },
];

impl Metric {
    /// Returns the metric of that name, or `None`.
    pub fn of(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|metric| metric.name == name)
    }
}

/// Evaluates a prepared metric whose constructor has proved that it has a value.
fn value_of(statistic: &impl RowStatistic) -> f64 {
    statistic
        .on_all_rows()
        .expect("the constructor refuses columns without a value")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_the_directory_has_its_line_in_the_table() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/stats/metric");
        let files: BTreeSet<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        let names: BTreeSet<String> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
        assert_eq!(files, names);
        assert_eq!(names.len(), METRICS.len());
    }

    #[test]
    fn every_metric_prepares_and_stays_in_its_range() {
        let x = [0.3, -1.0, 2.0, 0.4, -0.2];
        let y = [0.1, -2.0, -1.0, 0.5, 0.2];
        let labels = [true, false, true, false, true];
        let probabilities = [0.9, 0.1, 0.6, 0.0, 1.0];
        for metric in METRICS {
            let statistic = match metric.input {
                MetricInput::ContinuousPair(prepare) => prepare(&x, &y).unwrap(),
                MetricInput::LabelsAndScores(prepare) => prepare(&labels, &probabilities).unwrap(),
            };
            let value = statistic.on_all_rows().unwrap();
            assert!((metric.range.0..=metric.range.1).contains(&value), "{}", metric.name);
            assert_eq!(Metric::of(metric.name).unwrap().long_name, metric.long_name);
        }
        assert!(Metric::of("r2").is_none());
    }
}
