//! Correlations with the share of covariates taken out: more than distance, frequency or conservation?

use super::compare::Effort;
use super::error::ValidateError;
use super::family;
use super::interval::{Estimate, IntervalKind};
use super::joined::JoinedColumn;
use super::measure::{Compared, Measured};
use super::parallel::ordered;
use super::subject::Subject;
use super::truth::TruthColumns;
use refalt_core::stats::{Correlation, PartialCorrelation, pearson, spearman};
use serde::Serialize;

/// The partial correlation of one prediction: a row of `partial.tsv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartialRow {
    /// The experiment.
    pub experiment: String,
    /// The prediction.
    #[serde(flatten)]
    pub prediction: JoinedColumn,
    /// `pearson` or `spearman`.
    pub metric: &'static str,
    /// `signed` or `magnitude`; covariates are taken as they are.
    pub compared: &'static str,
    /// The covariates, with commas between.
    pub covariates: String,
    /// Rows with prediction and measurement that lack a covariate, and are not in the numbers.
    pub without_covariate: usize,
    /// The correlation on the same rows without covariates.
    pub plain: Option<f64>,
    /// The partial correlation with its interval.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Two-sided p-value.
    pub p: Option<f64>,
    /// What makes it: `student_t` of independent rows, `cluster_permutation` or `cluster_signs`.
    pub test: Option<&'static str>,
}

/// Computes the partial correlations over one experiment.
pub(super) fn of_experiment(
    subjects: &[Subject<'_>],
    measured: &Measured,
    columns: &TruthColumns,
    effort: Effort,
) -> Result<Vec<PartialRow>, ValidateError> {
    let names = &columns.analysis.covariates;
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let covariates: Vec<Vec<f64>> = names
        .iter()
        .map(|name| measured.carried.covariate(name))
        .collect::<Result<_, _>>()?;
    let kinds = [(Correlation::Pearson, "pearson"), (Correlation::Spearman, "spearman")];
    let mut tasks = Vec::new();
    for subject in subjects {
        for (compared, name) in [(Compared::Signed, "signed"), (Compared::Magnitude, "magnitude")] {
            if compared == Compared::Magnitude || subject.no_direction.is_none() {
                tasks.extend(kinds.map(|kind| (subject, compared, name, kind)));
            }
        }
    }
    ordered(effort.draws.threads, tasks.len(), |task| {
        let (subject, compared, compared_name, (kind, metric)) = tasks[task];
        let blank = PartialRow {
            experiment: measured.name.clone(),
            prediction: subject.column.clone(),
            metric,
            compared: compared_name,
            covariates: names.join(","),
            without_covariate: 0,
            plain: None,
            estimate: Estimate::default(),
            p: None,
            test: None,
        };
        of_prediction(
            &subject.values(measured),
            compared,
            kind,
            measured,
            &covariates,
            effort,
            blank,
        )
    })
    .into_iter()
    .collect()
}

fn of_prediction(
    predicted: &[f64],
    compared: Compared,
    kind: Correlation,
    measured: &Measured,
    covariates: &[Vec<f64>],
    effort: Effort,
    mut row: PartialRow,
) -> Result<PartialRow, ValidateError> {
    let predicted_rows: Vec<usize> = (0..predicted.len()).filter(|&row| !predicted[row].is_nan()).collect();
    let rows: Vec<usize> = predicted_rows
        .iter()
        .copied()
        .filter(|&row| covariates.iter().all(|column| !column[row].is_nan()))
        .collect();
    row.without_covariate = predicted_rows.len() - rows.len();
    let take = |column: &[f64]| -> Vec<f64> { rows.iter().map(|&row| column[row]).collect() };
    let sized = |column: Vec<f64>| -> Vec<f64> {
        match compared {
            Compared::Magnitude => column.iter().map(|value| value.abs()).collect(),
            _ => column,
        }
    };
    let (x, y) = (sized(take(predicted)), sized(take(&measured.effects)));
    row.plain = match kind {
        Correlation::Pearson => pearson(&x, &y).ok(),
        Correlation::Spearman => spearman(&x, &y).ok(),
    };
    let covariates: Vec<Vec<f64>> = covariates.iter().map(|column| take(column)).collect();
    let slices: Vec<&[f64]> = covariates.iter().map(Vec::as_slice).collect();
    let statistic = match PartialCorrelation::new(kind, &x, &y, &slices) {
        Ok(statistic) => statistic,
        Err(reason) => {
            row.estimate = Estimate::none(rows.len(), reason.to_string());
            return Ok(row);
        }
    };
    let test = statistic.test()?;
    let bounded = matches!(kind, Correlation::Spearman);
    let of_clusters = family::of_residuals(&statistic.residuals()?, &rows, measured, bounded, effort.draws)?;
    let why_none = of_clusters.and_then(|found| found.why_none);
    (row.p, row.test) = match of_clusters {
        Some(found) => (found.p, found.test),
        None => (Some(test.p), Some("student_t")),
    };
    row.estimate = match effort.intervals.kind {
        IntervalKind::Fisher => {
            let estimate = Estimate {
                n: rows.len(),
                value: Some(test.r),
                ..Estimate::default()
            };
            match test.interval(effort.intervals.bootstrap.level) {
                Ok(interval) => Estimate {
                    low: Some(interval.low),
                    high: Some(interval.high),
                    interval: Some("fisher"),
                    ..estimate
                },
                Err(reason) => estimate.noting(&reason.to_string()),
            }
        }
        _ => effort.intervals.estimate(&statistic, &rows, measured)?,
    };
    if let Some(reason) = why_none {
        row.estimate = std::mem::take(&mut row.estimate).noting(reason);
    }
    Ok(row)
}
