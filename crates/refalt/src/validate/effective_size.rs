//! How many independent observations the rows are worth.

use super::error::ValidateError;
use super::measure::{Measured, blocks};
use super::row_key::{numbered, span};
use super::run_folder::ScoreMatrix;
use super::truth::Unit;
use refalt_core::stats::{
    Reliability, cluster_design, distinct_rows, effective_rows, merged_loci, smallest_detectable_correlation, spearman,
    weighted_cluster_size,
};
use serde::Serialize;
use std::num::NonZeroU32;

/// The rows of one experiment with scores by one scorer: a row of `effective_n.tsv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EffectiveRow {
    /// The experiment.
    pub experiment: String,
    /// Scorer.
    pub scorer: String,
    /// Rows with a measurement and at least one score by the scorer.
    pub n: usize,
    /// Rows that differ in at least one score: those with the same scores on all tracks are one input.
    pub distinct_inputs: usize,
    /// Different positions.
    pub positions: usize,
    /// Loci: rows with at most the model's window between them, directly or through others, are one.
    pub loci: usize,
    /// That window, in bp.
    pub locus_bp: u32,
    /// Clusters that are resampled together.
    pub clusters: usize,
    /// Intraclass correlation of the measured effects over the clusters; none where no cluster has two rows.
    pub intraclass_correlation: Option<f64>,
    /// Independent rows that the mean measured effect of these clusters is worth: n / (1 + (m - 1) * intraclass correlation).
    pub effective_rows: Option<f64>,
    /// Independent rows that the weighted mean of these rows is worth: Kish's number sum(w)^2 / sum(w^2), less what clusters
    /// take from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_weighted: Option<f64>,
    /// The smallest correlation that a two-sided test at 1 - level finds with probability 0.8 among n independent rows.
    pub detectable: Option<f64>,
    /// The same among the least of distinct inputs, effective rows and effective weighted rows; none where all rows are one cluster.
    pub detectable_effective: Option<f64>,
}

/// What the rows of an experiment are worth for one scorer.
pub(super) fn of_scorer(
    matrix: &ScoreMatrix,
    scorer: &str,
    measured: &Measured,
    units: &[Unit],
    window_bp: u32,
    (level, power): (f64, f64),
) -> Result<EffectiveRow, ValidateError> {
    let mut inputs: Vec<Vec<u32>> = Vec::new();
    let mut rows = Vec::new();
    for (row, &unit) in measured.variants.iter().enumerate() {
        let scores = matrix.bits(unit);
        if scores.iter().any(|bits| !f32::from_bits(*bits).is_nan()) {
            rows.push(row);
            inputs.push(scores);
        }
    }
    let part = measured.subset(&rows);
    let own: Vec<&Unit> = part.variants.iter().map(|&unit| &units[unit]).collect();
    let variants: Vec<_> = own.iter().map(|unit| &unit.variant).collect();
    let positions = distinct_rows(&numbered(&blocks(&variants, NonZeroU32::MIN)));
    let spans: Vec<_> = own.iter().map(|unit| span(unit)).collect();
    let all: Vec<usize> = (0..rows.len()).collect();
    let clusters = part.clusters_of(&all)?;
    let design = clusters
        .as_ref()
        .and_then(|clusters| cluster_design(&part.effects, clusters).ok());
    let n = rows.len();
    let distinct_inputs = distinct_rows(&inputs);
    let effective = design.map(|design| design.effective_rows);
    let detectable = |rows: usize| smallest_detectable_correlation(rows, 1.0 - level, power).ok();
    let alike = design.map_or(0.0, |design| design.intraclass_correlation.max(0.0));
    let effective_weighted = part
        .weights
        .as_ref()
        .and_then(|weights| of_weights(weights, &part, alike));
    let least = [effective, effective_weighted]
        .into_iter()
        .flatten()
        .fold(distinct_inputs as f64, f64::min);
    let is_one_cluster = clusters.as_ref().is_some_and(|clusters| clusters.count() < 2);
    Ok(EffectiveRow {
        experiment: measured.name.clone(),
        scorer: scorer.to_owned(),
        n,
        distinct_inputs,
        positions,
        loci: merged_loci(&spans, window_bp)?.count(),
        locus_bp: window_bp,
        clusters: clusters.map_or(n, |clusters| clusters.count()),
        intraclass_correlation: design.map(|design| design.intraclass_correlation),
        effective_rows: effective,
        effective_weighted,
        detectable: detectable(n),
        // What rows of a single cluster are worth nothing tells.
        detectable_effective: detectable(least.floor() as usize).filter(|_| !is_one_cluster),
    })
}

/// Returns what rows under weights are worth, those without a weight left out.
fn of_weights(weights: &[f64], part: &Measured, alike: f64) -> Option<f64> {
    let rows: Vec<usize> = (0..weights.len()).filter(|&row| !weights[row].is_nan()).collect();
    let weights: Vec<f64> = rows.iter().map(|&row| weights[row]).collect();
    let kish = effective_rows(&weights).ok()?;
    let size = match part.clusters_of(&rows).ok()? {
        Some(clusters) => weighted_cluster_size(&weights, &clusters).ok()?,
        None => 1.0,
    };
    Some(kish / (1.0 + (size - 1.0) * alike))
}

/// What replicates of a measurement say of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReliabilityRecord {
    /// The experiment.
    pub experiment: String,
    /// Other experiments that it is a replicate of.
    pub replicates: usize,
    /// Mean Pearson correlation with them, each over the variants of both.
    pub pearson: Option<f64>,
    /// Mean Spearman correlation with them.
    pub spearman: Option<f64>,
    /// sqrt of the former: what a prediction without error could reach (Spearman 1904).
    pub noise_ceiling_pearson: Option<f64>,
    /// sqrt of the latter.
    pub noise_ceiling_spearman: Option<f64>,
    /// Reliability of the mean of all replicates (Spearman-Brown).
    pub reliability_of_mean: Option<f64>,
}

/// Takes the other experiments as replicates.
///
/// * `others`: for each of them its values over the joined units, NaN where there is none.
pub(super) fn reliability(measured: &Measured, others: &[(String, Vec<f64>)]) -> ReliabilityRecord {
    let mean = |of: fn(&[f64], &[f64]) -> Result<f64, refalt_core::stats::StatsError>| {
        let values = others.iter().filter_map(|(_, column)| {
            let other: Vec<f64> = measured.variants.iter().map(|&unit| column[unit]).collect();
            let pairs = refalt_core::stats::complete_pairs(&other, &measured.effects).ok()?;
            of(&pairs.x, &pairs.y).ok()
        });
        let values: Vec<f64> = values.collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let of_pearson = mean(refalt_core::stats::pearson);
    let of_spearman = mean(spearman);
    let reliability = |r: Option<f64>| r.and_then(|r| Reliability::from_replicates(r).ok());
    let count = NonZeroU32::new(others.len() as u32 + 1);
    ReliabilityRecord {
        experiment: measured.name.clone(),
        replicates: others.len(),
        pearson: of_pearson,
        spearman: of_spearman,
        noise_ceiling_pearson: reliability(of_pearson).map(Reliability::ceiling),
        noise_ceiling_spearman: reliability(of_spearman).map(Reliability::ceiling),
        reliability_of_mean: reliability(of_pearson)
            .zip(count)
            .map(|(reliability, count)| reliability.of_mean(count).value()),
    }
}
