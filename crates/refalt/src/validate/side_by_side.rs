//! Several runs side by side: windows, models, sets of tracks, each with its own value and interval on the variants that all
//! of them have.

use super::against::OtherRun;
use super::compare::Effort;
use super::error::ValidateError;
use super::interval::Estimate;
use super::join::Join;
use super::joined::JoinedColumn;
use super::measure::{Measure, Measured};
use super::options::ValidateOptions;
use super::parallel::ordered;
use super::subject::Subject;
use super::truth::{Truth, TruthColumns, Unit};
use crate::engine::RunIdentity;
use serde::Serialize;

/// One metric of one prediction in one of several runs: a row of `runs.tsv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunRow {
    /// The experiment.
    pub experiment: String,
    /// The prediction, which every run has.
    #[serde(flatten)]
    pub prediction: JoinedColumn,
    /// Metric.
    pub metric: &'static str,
    /// What is compared.
    pub compared: String,
    /// The run.
    pub run: String,
    /// Its window in bp.
    pub window_bp: u32,
    /// Its model.
    pub model: String,
    /// The metric with its interval; `n` counts the variants that all runs have.
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// A run as the others see it.
struct Column<'a> {
    name: &'a str,
    run: &'a RunIdentity,
    units: &'a [Unit],
    subjects: &'a [Subject<'a>],
}

/// Computes the metrics of the predictions that every run has, over the variants that every run has.
pub(super) fn of_runs(
    (name, run, units, subjects): (&str, &RunIdentity, &[Unit], &[Subject<'_>]),
    others: &[OtherRun],
    truth: &Truth,
    columns: &TruthColumns,
    options: &ValidateOptions,
    effort: Effort,
) -> Result<Vec<RunRow>, ValidateError> {
    let first = Column {
        name,
        run,
        units,
        subjects,
    };
    let others = others.iter().map(|other| Column {
        name: &other.record.name,
        run: &other.record.run,
        units: &other.units,
        subjects: &other.subjects,
    });
    let runs: Vec<Column<'_>> = std::iter::once(first).chain(others).collect();
    if runs.len() < 2 {
        return Ok(Vec::new());
    }
    let place = |of: &[Unit], unit: &Unit| of.binary_search_by(|known| known.place().cmp(&unit.place())).ok();
    let is_common = |unit: &&Unit| runs[1..].iter().all(|run| place(run.units, unit).is_some());
    let common = Join::over(runs[0].units.iter().filter(is_common).cloned().collect());
    if common.units.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<Vec<Option<usize>>> = runs
        .iter()
        .map(|run| common.units.iter().map(|unit| place(run.units, unit)).collect())
        .collect();
    // For each prediction that all have: its values in each run over the common units.
    let predictions: Vec<Vec<Subject<'static>>> = runs[0]
        .subjects
        .iter()
        .filter_map(|subject| {
            let of_run = |(run, places): (&Column<'_>, &Vec<Option<usize>>)| {
                let own = run.subjects.iter().find(|own| own.column == subject.column)?;
                Some(own.over(places))
            };
            runs.iter().zip(&places).map(of_run).collect()
        })
        .collect();
    let measures = Measure::in_parts(columns.labels.len());
    let mut rows = Vec::new();
    for experiment in &truth.experiments {
        let measured: Measured =
            common.measured(experiment, columns.labels.len(), options.block_bp, &columns.analysis)?;
        let tasks: Vec<(&Vec<Subject<'static>>, &Measure)> = predictions
            .iter()
            .flat_map(|prediction| measures.iter().map(move |measure| (prediction, measure)))
            .filter(|(prediction, measure)| prediction.iter().all(|subject| subject.takes(measure)))
            .collect();
        let found = ordered(effort.draws.threads, tasks.len(), |task| {
            let (prediction, measure) = tasks[task];
            let values: Vec<Vec<f64>> = prediction.iter().map(|subject| subject.values(&measured)).collect();
            let in_all: Vec<usize> = (0..measured.variants.len())
                .filter(|&row| values.iter().all(|values| !values[row].is_nan()))
                .collect();
            let part = measured.subset(&in_all);
            let of_run = |(run, values): (&Column<'_>, &Vec<f64>)| {
                let values: Vec<f64> = in_all.iter().map(|&row| values[row]).collect();
                let estimate = match measure.sample(&values, &part) {
                    Err(without) => Estimate::none(without.rows, without.reason.to_string()),
                    Ok(sample) => effort
                        .intervals
                        .estimate(sample.statistic.as_ref(), &sample.rows, &part)?,
                };
                Ok(RunRow {
                    experiment: measured.name.clone(),
                    prediction: prediction[0].column.clone(),
                    metric: measure.name(),
                    compared: measure.compared_in_words(&columns.labels),
                    run: run.name.to_owned(),
                    window_bp: run.run.window_bp,
                    model: run.run.model[0].clone(),
                    estimate,
                })
            };
            runs.iter()
                .zip(&values)
                .map(of_run)
                .collect::<Result<Vec<_>, ValidateError>>()
        });
        for part in found {
            rows.extend(part?);
        }
    }
    Ok(rows)
}
