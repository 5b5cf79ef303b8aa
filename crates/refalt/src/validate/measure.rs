//! What is computed for each prediction: the metric, and what of the prediction it compares with what of the
//! measurement.

use super::carried::Carried;
use super::condition::LabelRule;
use refalt_core::CheckedVariant;
use refalt_core::stats::{
    Clusters, Metric, MetricInput, RowStatistic, StatsError, WeightedPearson, WeightedSpearman, complete_labels,
    complete_pairs, sign_accuracy,
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

/// How a number is made of the columns.
#[derive(Clone, Copy, Debug)]
enum Formula {
    Metric(&'static Metric),
    WeightedPearson,
    WeightedSpearman,
}

/// A metric and what it compares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    formula: Formula,
    pub(super) compared: Compared,
}

impl Measure {
    /// Returns what is computed for each prediction, in the order of the tables.
    ///
    /// * `labels`: number of label rules.
    /// * `weighted`: whether rows have weights.
    pub(super) fn all(labels: usize, weighted: bool) -> Vec<Self> {
        let mut measures = Self::named(
            &["pearson", "spearman", "kendall", "sign_accuracy", "sign_accuracy_gain"],
            Compared::Signed,
        );
        measures.extend(Self::named(&["pearson", "spearman", "kendall"], Compared::Magnitude));
        if weighted {
            for compared in [Compared::Signed, Compared::Magnitude] {
                let of = |formula| Self { formula, compared };
                measures.extend([of(Formula::WeightedPearson), of(Formula::WeightedSpearman)]);
            }
        }
        measures.extend(Self::of_labels(labels));
        measures
    }

    /// Returns what differences between predictions are computed of.
    pub(super) fn paired(labels: usize) -> Vec<Self> {
        let mut measures = Self::named(&["pearson", "spearman", "kendall", "sign_accuracy"], Compared::Signed);
        measures.extend(Self::named(&["pearson", "spearman", "kendall"], Compared::Magnitude));
        measures.extend(Self::of_labels(labels));
        measures
    }

    /// Returns what is computed within parts of the rows.
    pub(super) fn in_parts(labels: usize) -> Vec<Self> {
        let mut measures = Self::named(&["pearson", "spearman", "sign_accuracy"], Compared::Signed);
        measures.extend(Self::named(&["pearson", "spearman"], Compared::Magnitude));
        measures.extend(Self::of_labels(labels));
        measures
    }

    fn of_labels(labels: usize) -> impl Iterator<Item = Self> {
        (0..labels).flat_map(|label| Self::named(&["auroc", "average_precision"], Compared::Label(label)))
    }

    fn named(names: &[&str], compared: Compared) -> Vec<Self> {
        let metrics = names.iter().filter_map(|name| Metric::of(name));
        let of = |metric| Self {
            formula: Formula::Metric(metric),
            compared,
        };
        metrics.map(of).collect()
    }

    /// Returns the name of the metric in tables.
    pub(super) const fn name(&self) -> &'static str {
        match self.formula {
            Formula::Metric(metric) => metric.name,
            Formula::WeightedPearson => "weighted_pearson",
            Formula::WeightedSpearman => "weighted_spearman",
        }
    }

    /// Returns the metric of the library; none for weighted ones.
    pub(super) const fn metric(&self) -> Option<&'static Metric> {
        match self.formula {
            Formula::Metric(metric) => Some(metric),
            Formula::WeightedPearson | Formula::WeightedSpearman => None,
        }
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
        matches!(
            self.name(),
            "pearson" | "spearman" | "kendall" | "weighted_pearson" | "weighted_spearman"
        )
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
    /// The cluster of each row; rows of a cluster are drawn together. `None` when each row is drawn by itself.
    pub(super) clusters: Option<Vec<u32>>,
    /// How much each row counts, NaN where that is missing; `None` without weights.
    pub(super) weights: Option<Vec<f64>>,
    /// The columns that other numbers are made of.
    pub(super) carried: Carried,
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
        let sizes = |values: &[f64]| -> Vec<f64> { values.iter().map(|value| value.abs()).collect() };
        let (predicted, effects) = match self.compared {
            Compared::Signed => (predicted.to_vec(), measured.effects.clone()),
            Compared::Magnitude => (sizes(predicted), sizes(&measured.effects)),
            Compared::Label(label) => {
                let Formula::Metric(metric) = self.formula else {
                    unreachable!("weighted measures compare numbers")
                };
                return labelled(&measured.labels[label], &sizes(predicted), metric);
            }
        };
        match self.formula {
            Formula::Metric(metric) => pairs(&predicted, &effects, metric),
            Formula::WeightedPearson => {
                let prepare =
                    |x: &[f64], y: &[f64], weights: &[f64]| Ok(Box::new(WeightedPearson::new(x, y, weights)?) as _);
                weighted(&predicted, &effects, measured, prepare)
            }
            Formula::WeightedSpearman => {
                let prepare =
                    |x: &[f64], y: &[f64], weights: &[f64]| Ok(Box::new(WeightedSpearman::new(x, y, weights)?) as _);
                weighted(&predicted, &effects, measured, prepare)
            }
        }
    }
}

fn without(rows: usize) -> impl Fn(StatsError) -> NoValue {
    move |reason| NoValue { rows, reason }
}

fn pairs(predicted: &[f64], effects: &[f64], metric: &Metric) -> Result<Sample, NoValue> {
    let MetricInput::ContinuousPair(prepare) = metric.input else {
        unreachable!("labels are given to the metrics that take labels")
    };
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

/// A weighted correlation over the rows that have a weight, too.
fn weighted(
    predicted: &[f64],
    effects: &[f64],
    measured: &Measured,
    prepare: impl Fn(&[f64], &[f64], &[f64]) -> Result<Box<dyn RowStatistic>, StatsError>,
) -> Result<Sample, NoValue> {
    let Some(weights) = &measured.weights else {
        unreachable!("weighted measures are computed where rows have weights")
    };
    let known = predicted.iter().zip(weights);
    let known: Vec<f64> = known
        .map(|(value, weight)| if weight.is_nan() { f64::NAN } else { *value })
        .collect();
    let pairs = complete_pairs(&known, effects).map_err(without(0))?;
    let weights: Vec<f64> = pairs.rows.iter().map(|&row| weights[row]).collect();
    let statistic = prepare(&pairs.x, &pairs.y, &weights).map_err(without(pairs.rows.len()))?;
    Ok(Sample {
        statistic,
        rows: pairs.rows,
        predicted: pairs.x,
        measured: pairs.y,
        positives: None,
        chance: 0.0,
    })
}

fn labelled(labels: &[Option<bool>], predicted: &[f64], metric: &Metric) -> Result<Sample, NoValue> {
    let MetricInput::LabelsAndScores(prepare) = metric.input else {
        unreachable!("numbers are given to the metrics that take numbers")
    };
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

impl Measured {
    /// Returns the clusters of some rows, when rows are drawn in clusters.
    pub(super) fn clusters_of(&self, rows: &[usize]) -> Result<Option<Clusters>, StatsError> {
        let Some(clusters) = &self.clusters else {
            return Ok(None);
        };
        let keys: Vec<u32> = rows.iter().map(|&row| clusters[row]).collect();
        Clusters::from_keys(&keys).map(Some)
    }

    /// Returns some of the rows as an experiment of their own, without rotations.
    pub(super) fn subset(&self, rows: &[usize]) -> Self {
        fn some<T: Copy>(column: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&row| column[row]).collect()
        }
        Self {
            name: self.name.clone(),
            variants: some(&self.variants, rows),
            effects: some(&self.effects, rows),
            labels: self.labels.iter().map(|column| some(column, rows)).collect(),
            clusters: self.clusters.as_ref().map(|column| some(column, rows)),
            weights: self.weights.as_ref().map(|column| some(column, rows)),
            carried: self.carried.subset(rows),
            rotations: None,
        }
    }
}
