//! Calibration: how large the measured effect is, or how many are positive, in bins of the score.

use super::compare::Effort;
use super::condition::LabelRule;
use super::error::ValidateError;
use super::joined::JoinedColumn;
use super::measure::Measured;
use super::parallel::ordered;
use super::subject::Subject;
use refalt_core::stats::{Bins, StatsError, binned_means, complete_labels, complete_pairs, wilson_interval};
use serde::Serialize;
use std::num::NonZeroU32;

/// One bin of the scores of one prediction: a row of `calibration.tsv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrationRow {
    /// The experiment.
    pub experiment: String,
    /// The prediction.
    #[serde(flatten)]
    pub prediction: JoinedColumn,
    /// `signed`, `magnitude` or the label rule; other than `signed`, bins are of the size of the score.
    pub compared: String,
    /// Number of the bin, from 1 for the lowest scores.
    pub bin: usize,
    /// Lowest score in the bin.
    pub least: f64,
    /// Highest score in the bin.
    pub most: f64,
    /// Mean score in the bin.
    pub mean_score: f64,
    /// Rows in the bin.
    pub n: usize,
    /// Rows labelled positive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positives: Option<u64>,
    /// Mean measured effect, or share of positives.
    pub mean_measured: f64,
    /// Lower end of its interval: Student's t for means, Wilson's for shares; rows taken as independent.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
}

/// Bins of about as many rows each.
const BINS: u32 = 10;

/// Computes the bins of every prediction over one experiment.
pub(super) fn of_experiment(
    subjects: &[Subject<'_>],
    measured: &Measured,
    labels: &[LabelRule],
    effort: Effort,
) -> Result<Vec<CalibrationRow>, ValidateError> {
    let found = ordered(effort.draws.threads, subjects.len(), |task| {
        let subject = &subjects[task];
        let values = subject.values(measured);
        let sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
        let level = effort.intervals.bootstrap.level;
        let blank = |compared: String| CalibrationRow {
            experiment: measured.name.clone(),
            prediction: subject.column.clone(),
            compared,
            bin: 0,
            least: 0.0,
            most: 0.0,
            mean_score: 0.0,
            n: 0,
            positives: None,
            mean_measured: 0.0,
            low: None,
            high: None,
        };
        let mut rows = Vec::new();
        if subject.no_direction.is_none() {
            rows.extend(means(&values, &measured.effects, level, &blank("signed".to_owned()))?);
        }
        let effects: Vec<f64> = measured.effects.iter().map(|effect| effect.abs()).collect();
        rows.extend(means(&sizes, &effects, level, &blank("magnitude".to_owned()))?);
        for (rule, labels) in labels.iter().zip(&measured.labels) {
            rows.extend(shares(labels, &sizes, level, &blank(rule.to_string()))?);
        }
        Ok(rows)
    });
    let parts: Result<Vec<Vec<CalibrationRow>>, StatsError> = found.into_iter().collect();
    Ok(parts?.into_iter().flatten().collect())
}

fn bins() -> Bins {
    Bins::EqualCount(NonZeroU32::new(BINS).unwrap_or(NonZeroU32::MIN))
}

fn means(
    scores: &[f64],
    effects: &[f64],
    level: f64,
    blank: &CalibrationRow,
) -> Result<Vec<CalibrationRow>, StatsError> {
    let known = complete_pairs(scores, effects)?;
    if known.rows.is_empty() {
        return Ok(Vec::new());
    }
    let found = binned_means(&known.x, &known.y, bins(), level)?;
    let row = |(number, bin): (usize, &refalt_core::stats::BinnedMean)| CalibrationRow {
        bin: number + 1,
        least: bin.least,
        most: bin.most,
        mean_score: bin.mean_score,
        n: bin.rows,
        mean_measured: bin.mean_measured,
        low: bin.interval.map(|interval| interval.low),
        high: bin.interval.map(|interval| interval.high),
        ..blank.clone()
    };
    Ok(found.iter().enumerate().map(row).collect())
}

fn shares(
    labels: &[Option<bool>],
    sizes: &[f64],
    level: f64,
    blank: &CalibrationRow,
) -> Result<Vec<CalibrationRow>, StatsError> {
    let known = complete_labels(labels, sizes)?;
    if known.rows.is_empty() {
        return Ok(Vec::new());
    }
    let numbers: Vec<f64> = known.labels.iter().map(|&label| f64::from(u8::from(label))).collect();
    let found = binned_means(&known.scores, &numbers, bins(), level)?;
    found
        .iter()
        .enumerate()
        .map(|(number, bin)| {
            let of_bin = known.scores.iter().zip(&known.labels);
            let positives = of_bin
                .filter(|(score, label)| **label && (bin.least..=bin.most).contains(*score))
                .count() as u64;
            let interval = wilson_interval(positives, bin.rows as u64, level)?;
            Ok(CalibrationRow {
                bin: number + 1,
                least: bin.least,
                most: bin.most,
                mean_score: bin.mean_score,
                n: bin.rows,
                positives: Some(positives),
                mean_measured: positives as f64 / bin.rows as f64,
                low: Some(interval.low),
                high: Some(interval.high),
                ..blank.clone()
            })
        })
        .collect()
}
