//! Metrics within groups and their means: tissues, chromosomes, loci.

use super::compare::Effort;
use super::error::ValidateError;
use super::interval::Estimate;
use super::joined::JoinedColumn;
use super::measure::{Compared, Measure, Measured};
use super::parallel::ordered;
use super::row_key::RowKey;
use super::subject::{Subject, pairs};
use super::truth::{TruthColumns, Unit};
use refalt_core::stats::{
    BootstrapOptions, GroupWeighted, GroupWeighting, IntervalMethod, Metric, MetricColumns, Units, bootstrap,
};
use serde::Serialize;

/// A metric in one group, or its mean over groups: a row of `groups.tsv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupRow {
    /// The experiment.
    pub experiment: String,
    /// The prediction.
    #[serde(flatten)]
    pub prediction: JoinedColumn,
    /// Metric.
    pub metric: &'static str,
    /// What is compared.
    pub compared: String,
    /// What makes the groups.
    pub by: String,
    /// The group; none for means.
    pub group: Option<String>,
    /// How groups count in a mean: `rows` or `equal`; none for a group.
    pub weighting: Option<&'static str>,
    /// Groups in the mean.
    pub groups: Option<usize>,
    /// The number; of a mean, with the interval over rows within the groups.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Standard error over whole groups: how the mean would vary with other groups.
    pub standard_error: Option<f64>,
}

/// Skipped groups that a note names.
const NAMED: usize = 5;

/// Computes the metrics by group over one experiment.
pub(super) fn of_experiment(
    subjects: &[Subject<'_>],
    measured: &Measured,
    units: &[Unit],
    columns: &TruthColumns,
    effort: Effort,
) -> Result<Vec<GroupRow>, ValidateError> {
    let Some(key) = &columns.analysis.group else {
        return Ok(Vec::new());
    };
    let own: Vec<&Unit> = measured.variants.iter().map(|&unit| &units[unit]).collect();
    let named = key.groups(&own, &measured.carried)?;
    let known: Vec<usize> = (0..named.len()).filter(|&row| named[row].is_some()).collect();
    let part = measured.subset(&known);
    let keys: Vec<String> = known.iter().filter_map(|&row| named[row].clone()).collect();
    let without = named.len() - known.len();
    let measures = Measure::in_parts(columns.labels.len());
    let tasks = pairs(subjects, &measures);
    let found = ordered(effort.draws.threads, tasks.len(), |task| {
        let (subject, measure) = tasks[task];
        let metric = measure.metric().expect("no measure in parts is weighted");
        let compared = measure.compared_in_words(&columns.labels);
        let rows = of_prediction(subject, measure, metric, &part, &keys, key, effort)?;
        Ok(rows.into_iter().map(move |row| GroupRow {
            compared: compared.clone(),
            estimate: match without {
                0 => row.estimate,
                _ => row.estimate.noting(&format!("{without} rows are in no group")),
            },
            ..row
        }))
    });
    let mut rows = Vec::new();
    for part in found {
        rows.extend(part.map_err(|error: ValidateError| error)?);
    }
    Ok(rows)
}

fn of_prediction(
    subject: &Subject<'_>,
    measure: &Measure,
    metric: &Metric,
    part: &Measured,
    keys: &[String],
    key: &RowKey,
    effort: Effort,
) -> Result<Vec<GroupRow>, ValidateError> {
    let sizes = |values: &[f64]| -> Vec<f64> { values.iter().map(|value| value.abs()).collect() };
    let predicted = subject.values(part);
    let (predicted, effects) = match measure.compared {
        Compared::Signed => (predicted, part.effects.clone()),
        _ => (sizes(&predicted), sizes(&part.effects)),
    };
    let table = match measure.compared {
        Compared::Label(label) => MetricColumns::Labels(&part.labels[label], &predicted),
        _ => MetricColumns::Pair(&predicted, &effects),
    };
    let blank = GroupRow {
        experiment: part.name.clone(),
        prediction: subject.column.clone(),
        metric: measure.name(),
        compared: String::new(),
        by: key.to_string(),
        group: None,
        weighting: None,
        groups: None,
        estimate: Estimate::default(),
        standard_error: None,
    };
    let mut rows = Vec::new();
    for (weighting, name) in [(GroupWeighting::Rows, "rows"), (GroupWeighting::Equal, "equal")] {
        let row = GroupRow {
            weighting: Some(name),
            ..blank.clone()
        };
        let mean = match GroupWeighted::new(metric, table, keys, weighting) {
            Ok(mean) => mean,
            Err(reason) => {
                rows.push(GroupRow {
                    estimate: Estimate::none(part.variants.len(), reason.to_string()),
                    ..row
                });
                continue;
            }
        };
        let all: Vec<usize> = (0..part.variants.len()).collect();
        let mut estimate = effort.intervals.estimate(&mean, &all, part)?;
        estimate.n = mean.rows_used();
        if !mean.skipped().is_empty() {
            let skipped = mean.skipped().iter().take(NAMED);
            let named: Vec<String> = skipped
                .map(|group| format!("{}: {}", group.key, group.reason))
                .collect();
            let more = mean.skipped().len().saturating_sub(NAMED);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            estimate = estimate.noting(&format!(
                "{} groups have no value ({}{more})",
                mean.skipped().len(),
                named.join("; ")
            ));
        }
        let values = mean.values();
        rows.push(GroupRow {
            groups: Some(values.len()),
            standard_error: standard_error(&mean, effort.intervals.bootstrap),
            estimate,
            ..row
        });
        if weighting == GroupWeighting::Equal {
            rows.extend(values.into_iter().map(|group| GroupRow {
                group: Some(group.key),
                estimate: Estimate {
                    n: group.rows,
                    value: Some(group.value),
                    ..Estimate::default()
                },
                ..blank.clone()
            }));
        }
    }
    Ok(rows)
}

/// The standard deviation of the mean over resampled groups; `None` for one group or without replicates.
fn standard_error(mean: &GroupWeighted<String>, options: BootstrapOptions) -> Option<f64> {
    let over = mean.over_groups().ok()?;
    if mean.values().len() < 2 || options.replicates == 0 {
        return None;
    }
    let options = BootstrapOptions {
        method: IntervalMethod::Percentile,
        ..options
    };
    Some(bootstrap(&over, Units::Rows, options).ok()?.standard_error)
}
