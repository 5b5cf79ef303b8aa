//! Every prediction against every experiment: values, intervals, p-values, ceilings.

use super::condition::LabelRule;
use super::effective_size::ReliabilityRecord;
use super::family::{self, Draws, PValues};
use super::interval::{Found, IntervalKind, Intervals, resampled};
use super::measure::{Compared, Measure, Measured, Sample};
use super::parallel::ordered;
use super::predictor::{Group, Predictor, PredictorKind};
use refalt_core::stats::{
    StatsError, average_ranks, benjamini_hochberg, cluster_design, effective_rows as kish, fisher_interval,
    kendall_interval, sign_comparison, spearman_interval, weighted_cluster_size,
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
    /// How the interval was made: `bca`, `percentile`, `jackknife`, `fisher`, `bonett_wright`, `fieller`.
    pub interval: Option<&'static str>,
    /// p-value by permutation of rows or clusters, or by turning the signs of clusters (`test`).
    pub p: Option<f64>,
    /// The same adjusted for the family (tracks of the scorer, summaries of the scorer).
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
    /// Why there is no value or no bootstrap interval, or how to take the interval.
    pub note: Option<String>,
    /// Clusters that were resampled; rows where each stands alone.
    pub clusters: Option<usize>,
    /// Independent rows that a correlation of these clustered rows is worth.
    pub effective_n: Option<f64>,
    /// Exact p-value of directions: of accuracy above the commoner direction, or McNemar's of the gain.
    pub p_exact: Option<f64>,
    /// Where experiments are replicates: what a prediction without error could reach.
    pub noise_ceiling: Option<f64>,
    /// `value` divided by `noise_ceiling`.
    pub share_of_noise_ceiling: Option<f64>,
    /// What was drawn for `p`: `permutation` of rows, `cluster_permutation`, or `cluster_signs`.
    pub test: Option<&'static str>,
}

impl MetricRow {
    /// Adds to the note.
    fn noting(&mut self, more: &str) {
        self.note = Some(match self.note.take() {
            Some(note) => format!("{note}; {more}"),
            None => more.to_owned(),
        });
    }
}

/// How much is drawn, and for whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    pub(super) draws: Draws,
    pub(super) intervals: Intervals,
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
    let measures = Measure::all(labels.len(), measured.weights.is_some());
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
            enter(interval?, row);
        }
        let testable = match measure.name() {
            "pearson" | "spearman" | "auroc" => true,
            "sign_accuracy" | "average_precision" => group.kind != PredictorKind::Track,
            _ => false,
        };
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
pub(super) fn best_values(rows: &[MetricRow], labels: usize, weighted: bool) -> Vec<Option<f64>> {
    let measures = Measure::all(labels, weighted).len();
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
        metric: measure.name(),
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
        clusters: None,
        effective_n: None,
        p_exact: None,
        noise_ceiling: None,
        share_of_noise_ceiling: None,
        test: None,
    };
    let predicted = predictor.of_variants(&measured.variants);
    if let (Compared::Signed, Some(reason)) = (measure.compared, predictor.no_direction) {
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
            row.effective_n = effective_rows(measure, &sample, measured);
            row.p_exact = exact_p(measure, &sample);
            (row, Some(sample))
        }
        Err(without) => {
            row.n = without.rows;
            row.note = Some(without.reason.to_string());
            (row, None)
        }
    }
}

/// Enters what replicates of the experiment let a prediction without error reach, into the rows of effects with a sign.
pub(super) fn enter_noise_ceiling(rows: &mut [MetricRow], record: &ReliabilityRecord) {
    for row in rows {
        row.noise_ceiling = match (row.metric, row.compared.as_str()) {
            ("pearson", "signed") => record.noise_ceiling_pearson,
            ("spearman", "signed") => record.noise_ceiling_spearman,
            _ => None,
        };
        row.share_of_noise_ceiling = row.value.zip(row.noise_ceiling).map(|(value, ceiling)| value / ceiling);
    }
}

/// Returns how many independent rows a correlation of clustered rows is worth; `None` for other measures, and where
/// clusters do not tell.
///
/// METHOD: where prediction and measurement are unrelated, the variance of their correlation is 1 / n times
/// 1 + (m - 1) * rx * ry, with rx and ry the intraclass correlations of the two (of their ranks for rank correlations, 0
/// where they are below 0) and m the mean size of a cluster as a row sees it: sum(size^2) / n. Clifford, Richardson and
/// Hemon (1989), doi:10.2307/2532039, for rows that are alike within clusters and not between them. Under weights n is Kish's
/// number, and m counts rows by their weight (Gabler, Haeder and Lahiri 1999).
fn effective_rows(measure: &Measure, sample: &Sample, measured: &Measured) -> Option<f64> {
    if !measure.is_correlation() {
        return None;
    }
    // Weighted measures are over the rows that have a weight.
    let weights = measured.weights.as_ref().filter(|_| measure.metric().is_none());
    let weights: Vec<f64> = match weights {
        Some(weights) => sample.rows.iter().map(|&row| weights[row]).collect(),
        None => vec![1.0; sample.rows.len()],
    };
    let rows = kish(&weights).ok()?;
    let Some(clusters) = measured.clusters_of(&sample.rows).ok()? else {
        return Some(rows);
    };
    if clusters.count() == sample.rows.len() {
        return Some(rows);
    }
    let size = weighted_cluster_size(&weights, &clusters).ok()?;
    let of_values = matches!(measure.name(), "pearson" | "weighted_pearson");
    let column = |values: &[f64]| {
        let values = if of_values {
            values.to_vec()
        } else {
            average_ranks(values).ok()?
        };
        cluster_design(&values, &clusters).ok()
    };
    let (x, y) = (column(&sample.predicted)?, column(&sample.measured)?);
    let alike = x.intraclass_correlation.max(0.0) * y.intraclass_correlation.max(0.0);
    Some(rows / (1.0 + (size - 1.0) * alike))
}

/// Returns the exact p-value of a measure of directions.
fn exact_p(measure: &Measure, sample: &Sample) -> Option<f64> {
    let compared = || sign_comparison(&sample.predicted, &sample.measured).ok();
    match measure.name() {
        "sign_accuracy" => compared().map(|found| found.p_above_majority),
        "sign_accuracy_gain" => compared().map(|found| found.p_mcnemar),
        _ => None,
    }
}

/// Writes an interval into its row.
fn enter(found: Found, row: &mut MetricRow) {
    if let Some((interval, method)) = found.interval {
        row.low = Some(interval.low);
        row.high = Some(interval.high);
        row.interval = Some(method);
    }
    row.clusters = found.clusters;
    if let Some(note) = found.note {
        row.noting(&note);
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
        let Intervals {
            kind,
            bootstrap,
            closed_forms,
        } = effort.intervals;
        let drawn = bootstrap.replicates > 0 || kind == IntervalKind::Jackknife;
        let by_resampling = drawn && kind != IntervalKind::Fisher;
        if by_resampling && (predictors[index].in_full || best.contains(&index)) {
            let clusters = measured.clusters_of(&sample.rows)?;
            return resampled(sample.statistic.as_ref(), clusters.as_ref(), kind, bootstrap);
        }
        Ok(match closed_forms {
            true => closed_form(measure, value, sample.rows.len(), bootstrap.level),
            false => Found {
                note: Some(NO_CLOSED_FORM.to_owned()),
                ..Found::default()
            },
        })
    })
}

/// Why a track that is neither in full nor among the best has no interval over clusters.
const NO_CLOSED_FORM: &str = "no interval: closed forms know of no clusters, and only predictions in full and the best tracks \
                              are resampled";

/// The interval on atanh r of a correlation; nothing for other measures.
fn closed_form(measure: &Measure, value: f64, rows: usize, level: f64) -> Found {
    let interval = match measure.name() {
        "pearson" => fisher_interval(value, rows, level).map(|interval| (interval, "fisher")),
        "spearman" => spearman_interval(value, rows, level).map(|interval| (interval, "bonett_wright")),
        "kendall" => kendall_interval(value, rows, level).map(|interval| (interval, "fieller")),
        _ => return Found::default(),
    };
    match interval {
        Ok(interval) => Found {
            interval: Some(interval),
            ..Found::default()
        },
        Err(error) => Found {
            note: Some(error.to_string()),
            ..Found::default()
        },
    }
}

fn enter_p_values(rows: &mut [MetricRow], values: Vec<PValues>, kind: PredictorKind) -> Result<(), StatsError> {
    for (row, value) in rows.iter_mut().zip(values) {
        row.p = value.p;
        row.test = value.test;
        if let Some(reason) = value.why_none.filter(|_| row.value.is_some()) {
            row.noting(reason);
        }
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
