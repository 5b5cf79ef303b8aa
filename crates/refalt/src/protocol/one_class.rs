//! Average precision as scikit-learn has it for rows of one class, for benchmarks that were computed so.
//!
//! METHOD: `average_precision_score` returns 0, with a warning, where there are no positives, and 1 where there are no
//! negatives. A mean over tissues or chromosomes that was published with it counts such groups. Elsewhere in refalt they
//! have no value.

use refalt_core::stats::{AveragePrecision, Better, Metric, MetricInput, RowStatistic, StatsError};

/// The metric `average_precision` with a value for one class.
pub(super) static AVERAGE_PRECISION: Metric = Metric {
    name: "average_precision",
    long_name: "Average precision",
    measures: "Precision averaged over the recall gained at each distinct score; 0 without positives, 1 without negatives.",
    range: (0.0, 1.0),
    chance: "share of positives",
    better: Better::Higher,
    input: MetricInput::LabelsAndScores(|labels, scores| Ok(Box::new(WithOneClass::new(labels, scores)?))),
};

struct WithOneClass {
    labels: Vec<bool>,
    /// `None` when all rows are of one class.
    both: Option<AveragePrecision>,
}

impl WithOneClass {
    fn new(labels: &[bool], scores: &[f64]) -> Result<Self, StatsError> {
        let both = match AveragePrecision::new(labels, scores) {
            Ok(both) => Some(both),
            Err(StatsError::OneClass { .. }) => None,
            Err(other) => return Err(other),
        };
        Ok(Self {
            labels: labels.to_vec(),
            both,
        })
    }
}

impl RowStatistic for WithOneClass {
    fn rows(&self) -> usize {
        self.labels.len()
    }

    fn on_counts(&self, counts: &[u32], scratch: &mut Vec<i64>) -> Option<f64> {
        let rows = |class: bool| {
            let of_class = self.labels.iter().zip(counts).filter(|(label, _)| **label == class);
            of_class.map(|(_, count)| u64::from(*count)).sum::<u64>()
        };
        match (rows(true), rows(false)) {
            (0, 0) => None,
            (0, _) => Some(0.0),
            (_, 0) => Some(1.0),
            _ => self.both.as_ref()?.on_counts(counts, scratch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_class_has_the_value_of_scikit_learn() {
        let of = |labels: &[bool]| WithOneClass::new(labels, &[0.1, 0.5, 0.3]).unwrap();
        // average_precision_score([0, 0, 0], ...) and ([1, 1, 1], ...), scikit-learn 1.9.1.
        assert_eq!(of(&[false; 3]).on_all_rows(), Some(0.0));
        assert_eq!(of(&[true; 3]).on_all_rows(), Some(1.0));
        let both = of(&[true, false, true]);
        // Ranked 0.5 -, 0.3 +, 0.1 +: (1/2 + 2/3) / 2.
        assert!((both.on_all_rows().unwrap() - 7.0 / 12.0).abs() < 1e-15);
        assert_eq!(both.on_counts(&[0, 2, 0], &mut Vec::new()), Some(0.0));
        assert_eq!(both.on_counts(&[0, 0, 0], &mut Vec::new()), None);
    }
}
