//! Paired differences between two predictions on the same variants.
//!
//! METHOD: both sides are evaluated on the rows that have both, and on the same resamples, so that the interval is that of the
//! difference and not of two samples. The p-value is by exchange: the two predictions of a cluster change places with
//! probability 1/2, cluster by cluster, and (b + 1) / (B + 1) of the draws have a difference as large on either side. So that
//! predictions in different units can change places they are standardised first, to mean 0 and variance 1 for Pearson
//! correlations, to average ranks for ranks and areas; directions are exchanged as they are. The null is that the two
//! predictions are exchangeable given the measurement.

use super::compare::Effort;
use super::condition::LabelRule;
use super::error::ValidateError;
use super::interval::Estimate;
use super::joined::JoinedColumn;
use super::measure::{Measure, Measured, Sample};
use super::parallel::ordered;
use refalt_core::stats::{
    Alternative, Clusters, Difference, MetricInput, Purpose, RandomStream, RowStatistic, StatsError, average_ranks,
    benjamini_hochberg, permutation_p_value,
};
use serde::Serialize;

/// The difference of one metric between two predictions: a row of `differences.tsv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DifferenceRow {
    /// The experiment.
    pub experiment: String,
    /// The run of the first prediction, where several runs are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_run: Option<String>,
    /// The first prediction.
    pub first: JoinedColumn,
    /// The run of the second prediction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_run: Option<String>,
    /// The second prediction.
    pub second: JoinedColumn,
    /// Metric.
    pub metric: &'static str,
    /// What is compared.
    pub compared: String,
    /// Measured rows that only the first prediction has; they are not in the numbers.
    pub only_first: usize,
    /// Measured rows that only the second prediction has.
    pub only_second: usize,
    /// The metric of the first prediction on the common rows.
    pub first_value: Option<f64>,
    /// The metric of the second prediction on the common rows.
    pub second_value: Option<f64>,
    /// First less second, with its interval; `n` counts the common rows.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// p-value by exchange.
    pub p: Option<f64>,
    /// Benjamini-Hochberg value over all differences of the metric.
    pub q: Option<f64>,
}

/// One side of a comparison over the rows of an experiment.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) run: Option<&'a str>,
    pub(super) column: &'a JoinedColumn,
    pub(super) no_direction: Option<&'static str>,
    /// One value per row, NaN where there is none.
    pub(super) values: &'a [f64],
}

/// Compares pairs of predictions over one experiment.
pub(super) fn of_pairs(
    pairs: &[[Side<'_>; 2]],
    measured: &Measured,
    labels: &[LabelRule],
    effort: Effort,
) -> Result<Vec<DifferenceRow>, ValidateError> {
    let measures = Measure::paired(labels.len());
    let tasks: Vec<(&[Side<'_>; 2], &Measure)> = pairs
        .iter()
        .flat_map(|pair| measures.iter().map(move |measure| (pair, measure)))
        .filter(|(pair, measure)| {
            let has_direction = pair.iter().all(|side| side.no_direction.is_none());
            measure.compared != super::measure::Compared::Signed || has_direction
        })
        .collect();
    ordered(effort.draws.threads, tasks.len(), |task| {
        let (pair, measure) = tasks[task];
        of_pair(pair, measure, measured, labels, effort)
    })
    .into_iter()
    .collect()
}

/// Adjusts the p-values over all rows of a metric and what it compares.
pub(super) fn adjust(rows: &mut [DifferenceRow]) -> Result<(), StatsError> {
    let family = |row: &DifferenceRow| (row.metric, row.compared.clone());
    let mut families: Vec<_> = rows.iter().map(family).collect();
    families.sort();
    families.dedup();
    for wanted in families {
        let is_member = |row: &DifferenceRow| row.p.is_some() && family(row) == wanted;
        let known: Vec<f64> = rows
            .iter()
            .filter(|row| is_member(row))
            .filter_map(|row| row.p)
            .collect();
        let mut adjusted = benjamini_hochberg(&known)?.into_iter();
        for row in rows.iter_mut().filter(|row| is_member(row)) {
            row.q = adjusted.next();
        }
    }
    Ok(())
}

fn of_pair(
    [first, second]: &[Side<'_>; 2],
    measure: &Measure,
    measured: &Measured,
    labels: &[LabelRule],
    effort: Effort,
) -> Result<DifferenceRow, ValidateError> {
    let has = |side: &Side<'_>, row: usize| !side.values[row].is_nan();
    let all = 0..measured.variants.len();
    let common: Vec<usize> = all.clone().filter(|&row| has(first, row) && has(second, row)).collect();
    let only = |one: &Side<'_>, other: &Side<'_>| all.clone().filter(|&row| has(one, row) && !has(other, row)).count();
    let mut row = DifferenceRow {
        experiment: measured.name.clone(),
        first_run: first.run.map(str::to_owned),
        first: first.column.clone(),
        second_run: second.run.map(str::to_owned),
        second: second.column.clone(),
        metric: measure.name(),
        compared: measure.compared_in_words(labels),
        only_first: only(first, second),
        only_second: only(second, first),
        first_value: None,
        second_value: None,
        estimate: Estimate::default(),
        p: None,
        q: None,
    };
    let part = measured.subset(&common);
    let values = |side: &Side<'_>| -> Vec<f64> { common.iter().map(|&row| side.values[row]).collect() };
    let samples = [first, second].map(|side| measure.sample(&values(side), &part));
    let [first, second] = match samples {
        [Ok(first), Ok(second)] => [first, second],
        [Err(without), _] | [_, Err(without)] => {
            row.estimate = Estimate::none(without.rows, without.reason.to_string());
            return Ok(row);
        }
    };
    row.first_value = first.statistic.on_all_rows();
    row.second_value = second.statistic.on_all_rows();
    let difference = Difference::new(first.statistic.as_ref(), second.statistic.as_ref())?;
    row.estimate = effort.intervals.estimate(&difference, &first.rows, &part)?;
    if row.estimate.value.is_some() && effort.draws.permutations > 0 {
        let clusters = part.clusters_of(&first.rows)?;
        row.p = exchanged(measure, &first, &second, clusters.as_ref(), effort)?;
    }
    Ok(row)
}

/// The p-value by exchange.
fn exchanged(
    measure: &Measure,
    first: &Sample,
    second: &Sample,
    clusters: Option<&Clusters>,
    effort: Effort,
) -> Result<Option<f64>, StatsError> {
    let rows = first.rows.len();
    let standard = |sample: &Sample| match measure.name() {
        "pearson" => Ok(standardised(&sample.predicted)),
        "sign_accuracy" => Ok(sample.predicted.clone()),
        _ => average_ranks(&sample.predicted),
    };
    // Every row stands in the table twice, with either prediction; the counts say which of the two a side has.
    let predicted = [standard(first)?, standard(second)?].concat();
    let measured = [first.measured.as_slice(), &first.measured].concat();
    let statistic: Box<dyn RowStatistic> = match measure.metric().map(|metric| metric.input) {
        Some(MetricInput::ContinuousPair(prepare)) => prepare(&predicted, &measured)?,
        Some(MetricInput::LabelsAndScores(prepare)) => {
            let labels: Vec<bool> = measured.iter().map(|label| *label > 0.0).collect();
            prepare(&labels, &predicted)?
        }
        None => return Ok(None),
    };
    let units = clusters.map_or(rows, Clusters::count);
    let unit_of = |row: usize| clusters.map_or(row, |clusters| clusters.of_rows()[row] as usize);
    let mut scratch = Vec::new();
    let mut counts = vec![0; 2 * rows];
    let mut difference = |swapped: &[bool]| {
        let mut side = |of_second: bool| {
            for row in 0..rows {
                let takes_second = swapped[unit_of(row)] != of_second;
                counts[row] = u32::from(!takes_second);
                counts[rows + row] = u32::from(takes_second);
            }
            statistic.on_counts(&counts, &mut scratch)
        };
        Some(side(false)? - side(true)?)
    };
    let mut swapped = vec![false; units];
    let Some(observed) = difference(&swapped) else {
        return Ok(None);
    };
    let null: Vec<f64> = (0..effort.draws.permutations)
        .map(|draw| {
            let mut stream = RandomStream::new(effort.draws.seed, Purpose::Sampling, draw);
            swapped.iter_mut().for_each(|swap| *swap = stream.below(2) == 1);
            difference(&swapped).unwrap_or(0.0)
        })
        .collect();
    permutation_p_value(observed, &null, Alternative::TwoSided).map(Some)
}

/// Values less their mean, over their standard deviation; a prepared correlation has proved that they vary.
fn standardised(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    values.iter().map(|value| (value - mean) / variance.sqrt()).collect()
}
