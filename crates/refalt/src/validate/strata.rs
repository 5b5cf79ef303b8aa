//! Metrics within strata, and whether the strata differ.

use super::compare::Effort;
use super::condition::LabelRule;
use super::error::ValidateError;
use super::interval::Estimate;
use super::joined::JoinedColumn;
use super::measure::{Measure, Measured, Sample};
use super::parallel::ordered;
use super::stratum::{Quantity, Strata, StratumRule};
use super::subject::{Subject, pairs};
use super::truth::TruthColumns;
use refalt_core::stats::{
    Alternative, Clusters, StatsError, benjamini_hochberg, permutation_p_value, permutation_range,
};
use serde::Serialize;

/// One metric of one prediction within one stratum: a row of `strata.tsv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StratumRow {
    /// The experiment.
    pub experiment: String,
    /// The prediction.
    #[serde(flatten)]
    pub prediction: JoinedColumn,
    /// Metric.
    pub metric: &'static str,
    /// What is compared.
    pub compared: String,
    /// The rule that makes the strata.
    pub by: String,
    /// The stratum.
    pub stratum: String,
    /// Rows labelled positive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positives: Option<usize>,
    /// The metric with its interval.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Permutation p-value of all strata having the same value; the same in every row of a rule, prediction and metric.
    pub p_heterogeneity: Option<f64>,
    /// Its Benjamini-Hochberg value over the predictions and experiments of the rule and metric.
    pub q_heterogeneity: Option<f64>,
}

/// Rows below which a stratum does not enter the test: two rows correlate with 1 or -1 whatever they are.
const LEAST_ROWS: usize = 3;

const ON_OUTCOME: &str = "the strata are cut by the outcome itself: correlations within them are smaller or larger than \
                          without the cut by construction, and not comparable with the whole";

const ONE_CLUSTER: &str = "one cluster: there is nothing to permute, and no p of heterogeneity";

const TORN: &str = "clusters lie across strata: the p of heterogeneity takes rows as exchangeable, and is too small where rows \
                    of a cluster are alike";

/// Computes the metrics within the strata of every rule over one experiment.
pub(super) fn of_experiment(
    subjects: &[Subject<'_>],
    measured: &Measured,
    columns: &TruthColumns,
    effort: Effort,
) -> Result<Vec<StratumRow>, ValidateError> {
    let measures = Measure::in_parts(columns.labels.len());
    let tasks = pairs(subjects, &measures);
    let mut rows = Vec::new();
    for rule in &columns.analysis.strata {
        let strata = rule.of_rows(measured)?;
        let notes = notes(rule, columns, &strata);
        let found = ordered(effort.draws.threads, tasks.len(), |task| {
            let (subject, measure) = tasks[task];
            let predicted = subject.values(measured);
            let mut rows = within(&predicted, measure, measured, &strata, effort)?;
            let (p, said) = heterogeneity(&predicted, measure, measured, &strata, effort)?;
            for row in &mut rows {
                row.experiment.clone_from(&measured.name);
                row.prediction = subject.column.clone();
                row.compared = measure.compared_in_words(&columns.labels);
                row.by = rule.to_string();
                row.p_heterogeneity = p;
                for note in notes.iter().map(String::as_str).chain(said) {
                    row.estimate = std::mem::take(&mut row.estimate).noting(note);
                }
            }
            Ok(rows)
        });
        for part in found {
            rows.extend(part.map_err(|error: ValidateError| error)?);
        }
    }
    Ok(rows)
}

/// Adjusts the p-values over the predictions and experiments of each rule and metric.
pub(super) fn adjust(rows: &mut [StratumRow]) -> Result<(), StatsError> {
    let family = |row: &StratumRow| (row.by.clone(), row.metric, row.compared.clone());
    let test = |row: &StratumRow| (row.experiment.clone(), row.prediction.heading());
    let mut families: Vec<_> = rows.iter().map(family).collect();
    families.sort();
    families.dedup();
    for wanted in families {
        let mut tests: Vec<((String, String), f64)> = Vec::new();
        for row in rows.iter().filter(|row| family(row) == wanted) {
            if let Some(p) = row.p_heterogeneity
                && tests.last().is_none_or(|(last, _)| *last != test(row))
            {
                tests.push((test(row), p));
            }
        }
        let adjusted = benjamini_hochberg(&tests.iter().map(|(_, p)| *p).collect::<Vec<_>>())?;
        for row in rows
            .iter_mut()
            .filter(|row| family(row) == wanted && row.p_heterogeneity.is_some())
        {
            let place = tests.iter().position(|(name, _)| *name == test(row));
            row.q_heterogeneity = place.map(|place| adjusted[place]);
        }
    }
    Ok(())
}

fn notes(rule: &StratumRule, columns: &TruthColumns, strata: &Strata) -> Vec<String> {
    let of_label = |column: &str| {
        columns.labels.iter().any(|label| match label {
            LabelRule::Column(condition) => condition.column() == column,
            LabelRule::Magnitude(_) => false,
        })
    };
    let on_outcome = match rule.of() {
        Quantity::EffectSize => true,
        Quantity::TssDistance => false,
        Quantity::Column(column) => *column == columns.effect || of_label(column),
    };
    let mut notes = Vec::new();
    if on_outcome {
        notes.push(ON_OUTCOME.to_owned());
    }
    let without = strata.of_row.iter().filter(|stratum| stratum.is_none()).count();
    if without > 0 {
        notes.push(format!("{without} rows have no stratum"));
    }
    notes
}

fn within(
    predicted: &[f64],
    measure: &Measure,
    measured: &Measured,
    strata: &Strata,
    effort: Effort,
) -> Result<Vec<StratumRow>, ValidateError> {
    let row = |stratum: usize| {
        let members: Vec<usize> = (0..predicted.len())
            .filter(|&row| strata.of_row[row] == Some(stratum))
            .collect();
        let part = measured.subset(&members);
        let predicted: Vec<f64> = members.iter().map(|&row| predicted[row]).collect();
        let (estimate, positives) = match measure.sample(&predicted, &part) {
            Err(without) => (Estimate::none(without.rows, without.reason.to_string()), None),
            Ok(sample) => {
                let statistic = sample.statistic.as_ref();
                (
                    effort.intervals.estimate(statistic, &sample.rows, &part)?,
                    sample.positives,
                )
            }
        };
        Ok(StratumRow {
            experiment: String::new(),
            prediction: JoinedColumn::default(),
            metric: measure.name(),
            compared: String::new(),
            by: String::new(),
            stratum: strata.names[stratum].clone(),
            positives,
            estimate,
            p_heterogeneity: None,
            q_heterogeneity: None,
        })
    };
    (0..strata.names.len()).map(row).collect()
}

/// Tests whether all strata have the same value.
///
/// METHOD: the statistic is Q = sum(n (v - mean)^2) over the strata with n rows and value v, mean the mean of v weighted by n.
/// The strata are permuted among the rows, pairs of prediction and measurement staying together; among whole clusters where
/// every cluster lies in one stratum. The null is that the pairs are exchangeable between strata, so that a difference in
/// spread can show as well as one in the metric.
fn heterogeneity(
    predicted: &[f64],
    measure: &Measure,
    measured: &Measured,
    strata: &Strata,
    effort: Effort,
) -> Result<(Option<f64>, Option<&'static str>), ValidateError> {
    let known: Vec<usize> = (0..predicted.len())
        .filter(|&row| strata.of_row[row].is_some())
        .collect();
    let part = measured.subset(&known);
    let predicted: Vec<f64> = known.iter().map(|&row| predicted[row]).collect();
    let Ok(sample) = measure.sample(&predicted, &part) else {
        return Ok((None, None));
    };
    let of_row: Vec<usize> = sample
        .rows
        .iter()
        .filter_map(|&row| strata.of_row[known[row]])
        .collect();
    let spread = Spread {
        sample: &sample,
        strata: strata.names.len(),
    };
    let mut scratch = Scratch::default();
    let Some(observed) = spread.of(&of_row, &mut scratch) else {
        return Ok((None, None));
    };
    if effort.draws.permutations == 0 {
        return Ok((None, None));
    }
    let clusters = part.clusters_of(&sample.rows)?;
    if clusters.as_ref().is_some_and(|clusters| clusters.count() < 2) {
        return Ok((None, Some(ONE_CLUSTER)));
    }
    let of_cluster = clusters
        .as_ref()
        .and_then(|clusters| stratum_of_clusters(clusters, &of_row));
    let range = 0..effort.draws.permutations;
    let seed = effort.draws.seed;
    let mut moved = vec![0; of_row.len()];
    let null = match (&clusters, &of_cluster) {
        (Some(clusters), Some(of_cluster)) => permutation_range(of_cluster.len(), seed, range, |order| {
            for (stratum, &cluster) in moved.iter_mut().zip(clusters.of_rows()) {
                *stratum = of_cluster[order[cluster as usize] as usize];
            }
            spread.of(&moved, &mut scratch).unwrap_or(0.0)
        })?,
        _ => permutation_range(of_row.len(), seed, range, |order| {
            for (stratum, &row) in moved.iter_mut().zip(order) {
                *stratum = of_row[row as usize];
            }
            spread.of(&moved, &mut scratch).unwrap_or(0.0)
        })?,
    };
    let is_torn = of_cluster.is_none() && clusters.is_some_and(|clusters| clusters.count() < of_row.len());
    let p = permutation_p_value(observed, &null, Alternative::Greater)?;
    Ok((Some(p), is_torn.then_some(TORN)))
}

/// Returns the stratum of each cluster, when every cluster lies in one.
fn stratum_of_clusters(clusters: &Clusters, of_row: &[usize]) -> Option<Vec<usize>> {
    let mut of_cluster = vec![None; clusters.count()];
    for (&cluster, &stratum) in clusters.of_rows().iter().zip(of_row) {
        match of_cluster[cluster as usize].replace(stratum) {
            Some(other) if other != stratum => return None,
            _ => {}
        }
    }
    of_cluster.into_iter().collect()
}

#[derive(Default)]
struct Scratch {
    counts: Vec<u32>,
    work: Vec<i64>,
}

/// How far apart the values of the strata are.
struct Spread<'a> {
    sample: &'a Sample,
    strata: usize,
}

impl Spread<'_> {
    /// Returns Q; `None` with fewer than two strata that have a value.
    fn of(&self, of_row: &[usize], scratch: &mut Scratch) -> Option<f64> {
        let mut values = Vec::with_capacity(self.strata);
        for wanted in 0..self.strata {
            scratch.counts.clear();
            scratch
                .counts
                .extend(of_row.iter().map(|&stratum| u32::from(stratum == wanted)));
            let rows: u32 = scratch.counts.iter().sum();
            if (rows as usize) < LEAST_ROWS {
                continue;
            }
            if let Some(value) = self.sample.statistic.on_counts(&scratch.counts, &mut scratch.work) {
                values.push((f64::from(rows), value));
            }
        }
        if values.len() < 2 {
            return None;
        }
        let rows: f64 = values.iter().map(|(rows, _)| rows).sum();
        let mean = values.iter().map(|(rows, value)| rows * value).sum::<f64>() / rows;
        Some(values.iter().map(|(rows, value)| rows * (value - mean).powi(2)).sum())
    }
}
