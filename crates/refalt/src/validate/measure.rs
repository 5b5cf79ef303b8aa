//! What is computed for each prediction: the metric, and what of the prediction it compares with what of the
//! measurement.

use super::condition::LabelRule;
use refalt_core::CheckedVariant;
use refalt_core::stats::{
    Clusters, Metric, MetricInput, RowStatistic, StatsError, complete_labels, complete_pairs, sign_accuracy,
};
use std::num::NonZeroU32;

/// What of the prediction is compared with what of the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// The predicted with the measured effect, signs and all.
    Signed,
    /// The size of the predicted with the size of the measured effect.
    Magnitude,
    /// The size of the predicted effect with the label of that number.
    Label(usize),
}

/// A metric and what it compares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    pub(super) metric: &'static Metric,
    pub(super) compared: Compared,
}

impl Measure {
    /// Returns what is computed for each prediction, in the order of the tables.
    pub(super) fn all(labels: usize) -> Vec<Self> {
        let named = |name: &str, compared| Metric::of(name).map(|metric| Self { metric, compared });
        let mut measures = vec![
            named("pearson", Compared::Signed),
            named("spearman", Compared::Signed),
            named("sign_accuracy", Compared::Signed),
            named("pearson", Compared::Magnitude),
            named("spearman", Compared::Magnitude),
        ];
        for label in 0..labels {
            measures.push(named("auroc", Compared::Label(label)));
            measures.push(named("average_precision", Compared::Label(label)));
        }
        measures.into_iter().flatten().collect()
    }

    /// Returns what is compared, in words for tables: `signed`, `magnitude`, or the label rule.
    pub(super) fn compared_in_words(&self, labels: &[LabelRule]) -> String {
        match self.compared {
            Compared::Signed => "signed".to_owned(),
            Compared::Magnitude => "magnitude".to_owned(),
            Compared::Label(label) => labels[label].to_string(),
        }
    }

    /// Says whether the metric is a correlation, which a ceiling bounds.
    pub(super) fn is_correlation(&self) -> bool {
        matches!(self.metric.name, "pearson" | "spearman")
    }
}

/// The measured values of one experiment, over the joined variants that it has, in order of place.
pub(super) struct Measured {
    pub(super) name: String,
    /// Indices of the joined units: variants, or variants with a gene.
    pub(super) variants: Vec<usize>,
    /// Measured effects, one per row.
    pub(super) effects: Vec<f64>,
    /// For each label rule: one label per row.
    pub(super) labels: Vec<Vec<Option<bool>>>,
    /// The block of each row; rows of a block are drawn together. `None` when each row is drawn by itself.
    pub(super) blocks: Option<Vec<(u32, u32)>>,
    /// Rotations by whole positions, when the rows tile one place.
    pub(super) rotations: Option<Vec<usize>>,
}

/// Returns the block of each variant: those of a contig whose positions fall in the same `bp` bases.
///
/// With `bp` 1 a block is a position.
pub(super) fn blocks(variants: &[&CheckedVariant], bp: NonZeroU32) -> Vec<(u32, u32)> {
    let mut contigs = Vec::new();
    let mut block = |variant: &&CheckedVariant| {
        let contig = variant.contig_id();
        let number = contigs.iter().position(|known| *known == contig).unwrap_or_else(|| {
            contigs.push(contig);
            contigs.len() - 1
        });
        (number as u32, variant.position().one_based() / bp)
    };
    variants.iter().map(&mut block).collect()
}

/// The least number of positions for which rotations are tried: with fewer the smallest p-value says nothing.
const LEAST_POSITIONS: usize = 20;

/// Returns the rotations by whole positions (as numbers of rows), when rotations make sense.
///
/// METHOD: they do when the variants lie on one contig and at least half of the positions between the first and the
/// last are among them, as in saturation mutagenesis. For variants scattered over a genome neighbours are not alike
/// and there is no order worth keeping.
///
/// * `variants`: sorted by place.
pub(super) fn rotations(variants: &[&CheckedVariant]) -> Option<Vec<usize>> {
    let (first, last) = (variants.first()?, variants.last()?);
    if first.contig_id() != last.contig_id() {
        return None;
    }
    let starts: Vec<usize> = (1..variants.len())
        .filter(|&row| variants[row].position() != variants[row - 1].position())
        .collect();
    let positions = starts.len() + 1;
    let span = (last.position().one_based() - first.position().one_based()) as usize + 1;
    (positions >= LEAST_POSITIONS && 2 * positions >= span).then_some(starts)
}

/// A prediction and a measurement over the rows that have both, ready to be evaluated and resampled.
pub(super) struct Sample {
    pub(super) statistic: Box<dyn RowStatistic>,
    /// The rows of the experiment that are in the sample.
    pub(super) rows: Vec<usize>,
    /// Predicted values, one per row of the sample.
    pub(super) predicted: Vec<f64>,
    /// Measured values, one per row of the sample; 1 and 0 for labels.
    pub(super) measured: Vec<f64>,
    /// Rows labelled true.
    pub(super) positives: Option<usize>,
    /// The value to expect from a prediction without information.
    pub(super) chance: f64,
}

/// Why a measure has no value.
pub(super) struct NoValue {
    /// Rows with both a prediction and a measurement.
    pub(super) rows: usize,
    pub(super) reason: StatsError,
}

impl Measure {
    /// Brings the columns together.
    ///
    /// * `predicted`: one value per row of the experiment, NaN where there is none.
    pub(super) fn sample(&self, predicted: &[f64], measured: &Measured) -> Result<Sample, NoValue> {
        let size = |value: &f64| value.abs();
        match (self.compared, self.metric.input) {
            (Compared::Signed, MetricInput::ContinuousPair(prepare)) => {
                pairs(predicted, &measured.effects, prepare, self.metric)
            }
            (Compared::Magnitude, MetricInput::ContinuousPair(prepare)) => {
                let predicted: Vec<f64> = predicted.iter().map(size).collect();
                let effects: Vec<f64> = measured.effects.iter().map(size).collect();
                pairs(&predicted, &effects, prepare, self.metric)
            }
            (Compared::Label(label), MetricInput::LabelsAndScores(prepare)) => {
                let predicted: Vec<f64> = predicted.iter().map(size).collect();
                labelled(&measured.labels[label], &predicted, prepare, self.metric)
            }
            _ => unreachable!("`Measure::all` gives labels to the metrics that take labels and pairs to the others"),
        }
    }
}

type PreparePairs = fn(&[f64], &[f64]) -> Result<Box<dyn RowStatistic>, StatsError>;
type PrepareLabels = fn(&[bool], &[f64]) -> Result<Box<dyn RowStatistic>, StatsError>;

fn pairs(predicted: &[f64], effects: &[f64], prepare: PreparePairs, metric: &Metric) -> Result<Sample, NoValue> {
    let without = |rows| move |reason| NoValue { rows, reason };
    let pairs = complete_pairs(predicted, effects).map_err(without(0))?;
    let statistic = prepare(&pairs.x, &pairs.y).map_err(without(pairs.x.len()))?;
    let chance = match metric.name {
        "sign_accuracy" => sign_accuracy(&pairs.x, &pairs.y)
            .map_err(without(pairs.x.len()))?
            .majority_baseline(),
        _ => 0.0,
    };
    Ok(Sample {
        statistic,
        rows: pairs.rows,
        predicted: pairs.x,
        measured: pairs.y,
        positives: None,
        chance,
    })
}

fn labelled(
    labels: &[Option<bool>],
    predicted: &[f64],
    prepare: PrepareLabels,
    metric: &Metric,
) -> Result<Sample, NoValue> {
    let without = |rows| move |reason| NoValue { rows, reason };
    let kept = complete_labels(labels, predicted).map_err(without(0))?;
    let statistic = prepare(&kept.labels, &kept.scores).map_err(without(kept.labels.len()))?;
    let positives = kept.labels.iter().filter(|label| **label).count();
    let chance = match metric.name {
        "auroc" => 0.5,
        _ => positives as f64 / kept.labels.len() as f64,
    };
    Ok(Sample {
        statistic,
        measured: kept.labels.iter().map(|&label| f64::from(u8::from(label))).collect(),
        rows: kept.rows,
        predicted: kept.scores,
        positives: Some(positives),
        chance,
    })
}

impl Sample {
    /// Returns the blocks of the sample's rows, when rows are drawn in blocks.
    pub(super) fn clusters(&self, measured: &Measured) -> Result<Option<Clusters>, StatsError> {
        let Some(blocks) = &measured.blocks else {
            return Ok(None);
        };
        let keys: Vec<(u32, u32)> = self.rows.iter().map(|&row| blocks[row]).collect();
        Clusters::from_keys(&keys).map(Some)
    }
}
