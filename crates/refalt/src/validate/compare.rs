//! Every prediction against every experiment: values, intervals, p-values, ceilings.

use super::condition::LabelRule;
use super::family::{self, Draws, PValues};
use super::measure::{Measure, Measured, Sample};
use super::parallel::ordered;
use super::predictor::{Group, Predictor, PredictorKind};
use refalt_core::stats::{
    BootstrapOptions, ConfidenceInterval, IntervalMethod, StatsError, Units, benjamini_hochberg, bootstrap,
    fisher_interval, spearman_interval,
};
use serde::Serialize;

/// One metric of one prediction against one experiment: a row of `metrics.tsv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricRow {
    /// The experiment.
    pub experiment: String,
    /// What the prediction is.
    pub predictor: PredictorKind,
    /// Name of the summary, the track or the other experiment.
    pub name: String,
    /// Scorer, by its recommended name where it has one.
    pub scorer: Option<String>,
    /// What the scores are: `signed_effect`, `unsigned_effect`, `activity`.
    pub score_kind: Option<String>,
    /// Transcription factor of the track.
    pub transcription_factor: Option<String>,
    /// Strand of the track.
    pub track_strand: Option<String>,
    /// Tracks behind the prediction.
    pub tracks: Option<usize>,
    /// Whether it is reported in full: other experiments, summaries, and the tracks that were asked for.
    pub in_full: bool,
    /// Metric.
    pub metric: &'static str,
    /// What is compared: `signed`, `magnitude`, or the rule that makes labels.
    pub compared: String,
    /// Variants with both a prediction and a measurement.
    pub n: usize,
    /// Variants labelled positive.
    pub positives: Option<usize>,
    /// The metric.
    pub value: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// How the interval was made: `bca`, `percentile`, `fisher`, `bonett_wright`.
    pub interval: Option<&'static str>,
    /// Permutation p-value.
    pub p: Option<f64>,
    /// Permutation p-value adjusted for the family (tracks of the scorer, summaries of the scorer).
    pub p_adjusted: Option<f64>,
    /// Benjamini-Hochberg value of `p` over the tracks of the scorer.
    pub q: Option<f64>,
    /// p-value over rotations of the measurement along the sequence.
    pub p_rotation: Option<f64>,
    /// The same, adjusted for the family.
    pub p_rotation_adjusted: Option<f64>,
    /// The value to expect from a prediction without information.
    pub chance: Option<f64>,
    /// The best value that another experiment reaches in the place of a prediction.
    pub ceiling: Option<f64>,
    /// `value` divided by `ceiling`; for correlations with a ceiling above 0.
    pub share_of_ceiling: Option<f64>,
    /// Why there is no value or no bootstrap interval.
    pub note: Option<String>,
}

/// How much is drawn, and for whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    pub(super) draws: Draws,
    pub(super) bootstrap: BootstrapOptions,
    /// Tracks with the highest values of a metric that get bootstrap intervals.
    pub(super) top_tracks: usize,
}

/// Compares one group of predictions with one experiment; rows come prediction by prediction.
///
/// * `ceilings`: for each measure the best value of another experiment, once those are computed.
pub(super) fn of_group(
    group: &Group<'_>,
    measured: &Measured,
    labels: &[LabelRule],
    ceilings: &[Option<f64>],
    effort: Effort,
) -> Result<Vec<MetricRow>, StatsError> {
    let measures = Measure::all(labels.len());
    let threads = effort.draws.threads;
    let predictors = &group.predictors;
    // One measure at a time, so that the columns of only one are in memory.
    let mut columns = Vec::with_capacity(measures.len());
    for (number, measure) in measures.iter().enumerate() {
        let found = ordered(threads, predictors.len(), |index| {
            start(group, &predictors[index], measure, measured, labels)
        });
        let (mut rows, samples): (Vec<MetricRow>, Vec<Option<Sample>>) = found.into_iter().unzip();
        let intervals = intervals(measure, &rows, &samples, predictors, measured, effort);
        for (row, interval) in rows.iter_mut().zip(intervals) {
            interval?.enter(row);
        }
        let testable =
            group.kind != PredictorKind::Track || matches!(measure.metric.name, "pearson" | "spearman" | "auroc");
        if testable && effort.draws.permutations > 0 {
            enter_p_values(
                &mut rows,
                family::of_family(measure, &samples, measured, effort.draws)?,
                group.kind,
            )?;
        }
        for row in &mut rows {
            row.ceiling = ceilings.get(number).copied().flatten();
            row.share_of_ceiling = share(row, measure);
        }
        columns.push(rows.into_iter());
    }
    let mut all = Vec::with_capacity(measures.len() * predictors.len());
    for _ in predictors {
        all.extend(columns.iter_mut().filter_map(Iterator::next));
    }
    Ok(all)
}

/// Returns, for each measure, the best value among rows in the order of [`of_group`].
pub(super) fn best_values(rows: &[MetricRow], labels: usize) -> Vec<Option<f64>> {
    let measures = Measure::all(labels).len();
    let best = |measure: usize| {
        let values = rows.iter().skip(measure).step_by(measures).filter_map(|row| row.value);
        values.max_by(f64::total_cmp)
    };
    (0..measures).map(best).collect()
}

fn share(row: &MetricRow, measure: &Measure) -> Option<f64> {
    let ceiling = row
        .ceiling
        .filter(|ceiling| measure.is_correlation() && *ceiling > 0.0)?;
    Some(row.value? / ceiling)
}

/// Makes the row of a prediction with its value, and the sample that gave it.
fn start(
    group: &Group<'_>,
    predictor: &Predictor<'_>,
    measure: &Measure,
    measured: &Measured,
    labels: &[LabelRule],
) -> (MetricRow, Option<Sample>) {
    let mut row = MetricRow {
        experiment: measured.name.clone(),
        predictor: group.kind,
        name: predictor.name.clone(),
        scorer: group.scorer.clone(),
        score_kind: group.score_kind.clone(),
        transcription_factor: predictor.transcription_factor.clone(),
        track_strand: predictor.track_strand.clone(),
        tracks: predictor.tracks,
        in_full: predictor.in_full,
        metric: measure.metric.name,
        compared: measure.compared_in_words(labels),
        n: 0,
        positives: None,
        value: None,
        low: None,
        high: None,
        interval: None,
        p: None,
        p_adjusted: None,
        q: None,
        p_rotation: None,
        p_rotation_adjusted: None,
        chance: None,
        ceiling: None,
        share_of_ceiling: None,
        note: None,
    };
    let predicted = predictor.of_variants(&measured.variants);
    if let (super::measure::Compared::Signed, Some(reason)) = (measure.compared, predictor.no_direction) {
        row.n = predicted.iter().filter(|value| !value.is_nan()).count();
        row.note = Some(reason.to_owned());
        return (row, None);
    }
    match measure.sample(&predicted, measured) {
        Ok(sample) => {
            row.n = sample.rows.len();
            row.positives = sample.positives;
            row.value = sample.statistic.on_all_rows();
            row.chance = Some(sample.chance);
            (row, Some(sample))
        }
        Err(without) => {
            row.n = without.rows;
            row.note = Some(without.reason.to_string());
            (row, None)
        }
    }
}

/// An interval with the way it was made, or why there is none.
#[derive(Default)]
struct Found {
    interval: Option<(ConfidenceInterval, &'static str)>,
    note: Option<String>,
}

impl Found {
    fn enter(self, row: &mut MetricRow) {
        if let Some((interval, method)) = self.interval {
            row.low = Some(interval.low);
            row.high = Some(interval.high);
            row.interval = Some(method);
        }
        if self.note.is_some() {
            row.note = self.note;
        }
    }
}

/// Makes the intervals of one measure: bootstrap for predictions in full and the best tracks, closed form for others.
fn intervals(
    measure: &Measure,
    rows: &[MetricRow],
    samples: &[Option<Sample>],
    predictors: &[Predictor<'_>],
    measured: &Measured,
    effort: Effort,
) -> Vec<Result<Found, StatsError>> {
    let mut best: Vec<usize> = (0..rows.len()).filter(|&index| rows[index].value.is_some()).collect();
    let merit = |index: usize| match rows[index].value {
        Some(value) if measure.is_correlation() => value.abs(),
        Some(value) => value,
        None => f64::NEG_INFINITY,
    };
    best.sort_by(|&left, &right| merit(right).total_cmp(&merit(left)).then(left.cmp(&right)));
    best.truncate(effort.top_tracks);
    ordered(effort.draws.threads, rows.len(), |index| {
        let (Some(sample), Some(value)) = (&samples[index], rows[index].value) else {
            return Ok(Found::default());
        };
        if effort.bootstrap.replicates > 0 && (predictors[index].in_full || best.contains(&index)) {
            return resampled(sample, measured, effort.bootstrap);
        }
        let level = effort.bootstrap.level;
        let interval = match measure.metric.name {
            "pearson" => fisher_interval(value, sample.rows.len(), level).map(|interval| (interval, "fisher")),
            "spearman" => {
                spearman_interval(value, sample.rows.len(), level).map(|interval| (interval, "bonett_wright"))
            }
            _ => return Ok(Found::default()),
        };
        Ok(match interval {
            Ok(interval) => Found {
                interval: Some(interval),
                note: None,
            },
            Err(error) => Found {
                interval: None,
                note: Some(error.to_string()),
            },
        })
    })
}

/// Bootstraps; where BCa does not exist the percentile interval of the same replicates stands in its place.
fn resampled(sample: &Sample, measured: &Measured, options: BootstrapOptions) -> Result<Found, StatsError> {
    let clusters = sample.clusters(measured)?;
    let units = clusters.as_ref().map_or(Units::Rows, Units::Clusters);
    let statistic = sample.statistic.as_ref();
    let reason = match bootstrap(statistic, units, options) {
        Ok(estimate) => {
            return Ok(Found {
                interval: Some((estimate.interval, options.method.name())),
                note: None,
            });
        }
        Err(reason) => reason,
    };
    let plain = BootstrapOptions {
        method: IntervalMethod::Percentile,
        ..options
    };
    let interval = bootstrap(statistic, units, plain).ok();
    Ok(Found {
        interval: interval.map(|estimate| (estimate.interval, plain.method.name())),
        note: Some(reason.to_string()),
    })
}

fn enter_p_values(rows: &mut [MetricRow], values: Vec<PValues>, kind: PredictorKind) -> Result<(), StatsError> {
    for (row, value) in rows.iter_mut().zip(values) {
        row.p = value.p;
        row.p_rotation = value.p_rotation;
        // The other experiments are no family of predictions from which the best is chosen.
        if kind != PredictorKind::Experiment {
            row.p_adjusted = value.p_adjusted;
            row.p_rotation_adjusted = value.p_rotation_adjusted;
        }
    }
    if kind == PredictorKind::Track {
        let known: Vec<f64> = rows.iter().filter_map(|row| row.p).collect();
        let mut adjusted = benjamini_hochberg(&known)?.into_iter();
        for row in rows.iter_mut().filter(|row| row.p.is_some()) {
            row.q = adjusted.next();
        }
    }
    Ok(())
}
