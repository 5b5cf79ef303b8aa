//! Raw against quantile scores as predictions of measured effects, on the same variants.
//!
//! A maximum by |quantile| differs from one by |raw| in two things: which row is taken (the quantile compares tracks by how
//! unusual a score is on each), and which of its numbers is used. Both are tried both ways:
//!
//! ```text
//!                         raw of that row     quantile of that row
//! row of largest |raw|         A                    B
//! row of largest |q|           C                    D
//! ```
//!
//! total A - D = selection ((A - C) + (B - D)) / 2 + value ((A - B) + (C - D)) / 2; interaction A - B - C + D.

use super::SaturationOptions;
use super::collect::{Collected, GroupScores, Peak};
use super::contrast::{Contrast, Paired};
use super::error::SaturationError;
use crate::validate::MeasuredEffects;
use refalt_core::stats::{
    BootstrapOptions, Clusters, IntervalMethod, MatchedNull, OutcomeBinOptions, RowStatistic, Spearman, StatsError,
    Units, outcome_bins, quantile, spearman,
};
use serde::Serialize;
use std::collections::HashMap;

/// A prediction against measured effects.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PredictorRow {
    /// Which row or rows of a variant are taken.
    pub selection: &'static str,
    /// Which number of it: `raw`, `quantile`, `matched`.
    pub value: &'static str,
    /// Spearman correlation with the measured effects; none where the prediction is constant.
    pub spearman: Option<f64>,
    /// Bootstrap interval.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// How the interval was made.
    pub interval: &'static str,
    /// Distinct values of the prediction.
    pub distinct: usize,
}

/// A sum of differences of correlations, on the same variants.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContrastRow {
    /// Its name: `total`, `selection`, `value`, `interaction`, `mean`.
    pub contrast: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// The difference.
    pub difference: Option<f64>,
    /// Paired bootstrap interval.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// How the interval was made.
    pub interval: &'static str,
}

/// A bin of |effect|.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BinRow {
    /// Which row of a variant is taken.
    pub selection: &'static str,
    /// Which number of it.
    pub value: &'static str,
    /// Least |effect|.
    pub from: f64,
    /// |effect| that is not reached; none for the last bin.
    pub to: Option<f64>,
    /// Variants.
    pub n: usize,
    /// Spearman correlation in the bin.
    pub spearman: Option<f64>,
    /// Interval in closed form.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// Mean correlation in the bin when one correlation holds for all.
    pub expected: Option<f64>,
    /// Range of those.
    pub expected_low: Option<f64>,
    /// Its upper end.
    pub expected_high: Option<f64>,
    /// Two-sided p against those.
    pub p_value: Option<f64>,
}

/// Single tracks, one by one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SingleTracks {
    /// Tracks with a correlation of both numbers.
    pub tracks: usize,
    /// Tracks of which one number is constant.
    pub constant: usize,
    /// Median Spearman correlation of raw scores.
    pub median_raw: Option<f64>,
    /// Median Spearman correlation of quantile scores.
    pub median_quantile: Option<f64>,
    /// Largest |difference| of the two: what the grid and ties do, a monotone map does nothing.
    pub largest_difference: Option<f64>,
}

/// A statistic of the matched null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatchedShares {
    /// Where the null comes from: `controls` or `run`.
    pub null: &'static str,
    /// Variants behind the null.
    pub null_n: usize,
    /// Share of measured variants with |matched quantile| above 0.5.
    pub above_0_5: f64,
    /// The same above 0.9.
    pub above_0_9: f64,
}

/// One experiment against one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// The experiment.
    pub experiment: String,
    /// Variants with a measurement and a maximum.
    pub n: usize,
    /// Distinct positions among them; variants of one are resampled together.
    pub positions: usize,
    /// Standard deviation of the effects (n - 1).
    pub effect_sd: f64,
    /// The predictions.
    pub predictors: Vec<PredictorRow>,
    /// The contrasts.
    pub contrasts: Vec<ContrastRow>,
    /// Correlations by size of the effect.
    pub bins: Vec<BinRow>,
    /// Single tracks.
    pub single_tracks: SingleTracks,
    /// The maximum ranked among maxima.
    pub matched: MatchedShares,
    /// What scatters are drawn of.
    #[serde(skip)]
    pub(crate) points: Vec<MeasuredPoint>,
}

/// A variant with its effect and predictions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MeasuredPoint {
    pub(crate) variant: String,
    pub(crate) effect: f64,
    /// Raw score of the row with the largest |raw|.
    pub(crate) raw: f64,
    /// Quantile score of the row with the largest |quantile|.
    pub(crate) quantile: f64,
}

/// The predictions, in order.
const PREDICTORS: [(&str, &str); 7] = [
    ("max |raw|", "raw"),
    ("max |raw|", "quantile"),
    ("max |quantile|", "raw"),
    ("max |quantile|", "quantile"),
    ("mean", "raw"),
    ("mean", "quantile"),
    ("max |raw|", "matched"),
];

/// Contrasts as weights of the predictions.
const CONTRASTS: [(&str, &str, [f64; 7]); 5] = [
    (
        "total",
        "raw of the largest |raw| less quantile of the largest |quantile|",
        [1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0],
    ),
    (
        "selection",
        "row of the largest |raw| less row of the largest |quantile|, mean of both numbers",
        [0.5, 0.5, -0.5, -0.5, 0.0, 0.0, 0.0],
    ),
    (
        "value",
        "raw less quantile of the same row, mean of both rows",
        [0.5, -0.5, 0.5, -0.5, 0.0, 0.0, 0.0],
    ),
    (
        "interaction",
        "by how much the effect of the row depends on the number",
        [1.0, -1.0, -1.0, 1.0, 0.0, 0.0, 0.0],
    ),
    (
        "mean",
        "mean raw less mean quantile over the rows of a variant",
        [0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 0.0],
    ),
];

/// Compares a group with every experiment; experiments with fewer than 4 variants are left out.
pub(super) fn agreements(
    effects: &MeasuredEffects,
    collected: &Collected,
    group: usize,
    controls: Option<&GroupScores>,
    options: &SaturationOptions,
) -> Result<Vec<Agreement>, SaturationError> {
    let scores = &collected.groups[group];
    let peaks: HashMap<&str, &Peak> = scores
        .peaks
        .iter()
        .map(|peak| (&*collected.variants[peak.variant as usize].1, peak))
        .collect();
    let null: Vec<f64> = match controls {
        Some(controls) => controls.peaks.iter().map(|peak| f64::from(peak.by_raw.raw)).collect(),
        None => scores.peaks.iter().map(|peak| f64::from(peak.by_raw.raw)).collect(),
    };
    let null = MatchedNull::new(&null)?;
    let mut found = Vec::new();
    for (experiment, effects) in &effects.experiments {
        let joined: Vec<_> = effects
            .iter()
            .filter_map(|effect| Some((effect, *peaks.get(effect.variant.as_str())?)))
            .collect();
        if joined.len() < 4 {
            continue;
        }
        let measured: Vec<f64> = joined.iter().map(|(effect, _)| effect.effect).collect();
        let columns = columns(joined.iter().map(|(_, peak)| *peak), &null)?;
        let places: Vec<(usize, u32)> = joined.iter().map(|(effect, _)| effect.place).collect();
        let clusters = Clusters::from_keys(&places)?;
        let (predictors, contrasts) = correlations(&columns, &measured, &clusters, options)?;
        let share = |limit: f64| {
            let above = columns[6].iter().filter(|quantile| quantile.abs() > limit).count();
            above as f64 / measured.len() as f64
        };
        found.push(Agreement {
            experiment: experiment.clone(),
            n: measured.len(),
            positions: clusters.count(),
            effect_sd: standard_deviation(&measured),
            predictors,
            contrasts,
            bins: bins(&columns, &measured, options)?,
            single_tracks: single_tracks(collected, scores, &joined, &measured)?,
            matched: MatchedShares {
                null: if controls.is_some() { "controls" } else { "run" },
                null_n: null.sorted().len(),
                above_0_5: share(0.5),
                above_0_9: share(0.9),
            },
            points: joined
                .iter()
                .map(|(effect, peak)| MeasuredPoint {
                    variant: effect.variant.clone(),
                    effect: effect.effect,
                    raw: f64::from(peak.by_raw.raw),
                    quantile: f64::from(peak.by_quantile.quantile),
                })
                .collect(),
        });
    }
    Ok(found)
}

/// The predictions of the variants, in the order of [`PREDICTORS`].
fn columns<'a>(peaks: impl Iterator<Item = &'a Peak> + Clone, null: &MatchedNull) -> Result<Vec<Vec<f64>>, StatsError> {
    let of = |value: fn(&Peak) -> f64| -> Vec<f64> { peaks.clone().map(value).collect() };
    let raw = of(|peak| f64::from(peak.by_raw.raw));
    let matched = raw
        .iter()
        .map(|&value| null.quantile(value))
        .collect::<Result<_, _>>()?;
    Ok(vec![
        raw,
        of(|peak| f64::from(peak.by_raw.quantile)),
        of(|peak| f64::from(peak.by_quantile.raw)),
        of(|peak| f64::from(peak.by_quantile.quantile)),
        of(|peak| peak.mean_raw),
        of(|peak| peak.mean_quantile),
        matched,
    ])
}

/// Correlations and contrasts; a prediction that is constant has none, and contrasts with it have none.
fn correlations(
    columns: &[Vec<f64>],
    measured: &[f64],
    clusters: &Clusters,
    options: &SaturationOptions,
) -> Result<(Vec<PredictorRow>, Vec<ContrastRow>), SaturationError> {
    let statistics: Vec<Option<Spearman>> = columns
        .iter()
        .map(|column| Spearman::new(column, measured).ok())
        .collect();
    let defined: Vec<usize> = (0..columns.len())
        .filter(|&place| statistics[place].is_some())
        .collect();
    let kept: Vec<&dyn RowStatistic> = statistics.iter().flatten().map(|statistic| statistic as _).collect();
    let units = if clusters.count() == measured.len() {
        Units::Rows
    } else {
        Units::Clusters(clusters)
    };
    let bootstrap = BootstrapOptions {
        replicates: options.replicates,
        seed: options.seed,
        level: options.level,
        method: IntervalMethod::Bca,
    };
    let paired = Paired::new(&kept, units, bootstrap)?;
    let contrast = |weights: &[f64; 7]| -> Result<Option<Contrast>, StatsError> {
        let needs = (0..columns.len()).filter(|&place| weights[place] != 0.0);
        if needs.into_iter().any(|place| statistics[place].is_none()) {
            return Ok(None);
        }
        let weights: Vec<f64> = defined.iter().map(|&place| weights[place]).collect();
        paired.contrast(&weights).map(Some)
    };
    let mut predictors = Vec::new();
    for (place, (selection, value)) in PREDICTORS.into_iter().enumerate() {
        let mut weights = [0.0; 7];
        weights[place] = 1.0;
        let found = contrast(&weights)?;
        let mut distinct = columns[place].clone();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        predictors.push(PredictorRow {
            selection,
            value,
            spearman: found.map(|found| found.value),
            low: found.and_then(|found| Some(found.interval?.low)),
            high: found.and_then(|found| Some(found.interval?.high)),
            interval: found.map_or("", |found| found.method),
            distinct: distinct.len(),
        });
    }
    let mut contrasts = Vec::new();
    for (name, meaning, weights) in &CONTRASTS {
        let found = contrast(weights)?;
        contrasts.push(ContrastRow {
            contrast: name,
            meaning,
            difference: found.map(|found| found.value),
            low: found.and_then(|found| Some(found.interval?.low)),
            high: found.and_then(|found| Some(found.interval?.high)),
            interval: found.map_or("", |found| found.method),
        });
    }
    Ok((predictors, contrasts))
}

/// Correlations by size of the effect, of the raw and of the quantile maximum.
fn bins(columns: &[Vec<f64>], measured: &[f64], options: &SaturationOptions) -> Result<Vec<BinRow>, SaturationError> {
    let of_bins = OutcomeBinOptions {
        draws: options.draws,
        seed: options.seed,
        level: options.level,
    };
    let mut rows = Vec::new();
    for place in [0, 3] {
        let (selection, value) = PREDICTORS[place];
        let bins = match outcome_bins(&columns[place], measured, &options.bins, of_bins) {
            // A prediction that is constant correlates with nothing, in no bin.
            Err(StatsError::Constant { .. }) => continue,
            bins => bins?,
        };
        rows.extend(bins.into_iter().map(|bin| BinRow {
            selection,
            value,
            from: bin.from,
            to: bin.to,
            n: bin.rows.len(),
            spearman: bin.spearman,
            low: bin.interval.map(|interval| interval.low),
            high: bin.interval.map(|interval| interval.high),
            expected: bin.expected,
            expected_low: bin.expected_interval.map(|interval| interval.low),
            expected_high: bin.expected_interval.map(|interval| interval.high),
            p_value: bin.p_value,
        }));
    }
    Ok(rows)
}

fn single_tracks(
    collected: &Collected,
    scores: &GroupScores,
    joined: &[(&crate::validate::MeasuredEffect, &Peak)],
    measured: &[f64],
) -> Result<SingleTracks, SaturationError> {
    let effect: HashMap<u32, f64> = joined
        .iter()
        .zip(measured)
        .map(|((_, peak), &effect)| (peak.variant, effect))
        .collect();
    let (mut raw, mut quantiles, mut differences, mut constant) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for series in &scores.series {
        let Some(rows) = collected.single.get(series) else {
            continue;
        };
        let (mut x, mut q, mut y) = (Vec::new(), Vec::new(), Vec::new());
        for (variant, of_raw, of_quantile) in rows {
            if let Some(&effect) = effect.get(variant) {
                x.push(f64::from(*of_raw));
                q.push(f64::from(*of_quantile));
                y.push(effect);
            }
        }
        if y.len() < 4 {
            continue;
        }
        match (spearman(&x, &y), spearman(&q, &y)) {
            (Ok(of_raw), Ok(of_quantile)) => {
                raw.push(of_raw);
                quantiles.push(of_quantile);
                differences.push((of_raw - of_quantile).abs());
            }
            _ => constant += 1,
        }
    }
    Ok(SingleTracks {
        tracks: raw.len(),
        constant,
        median_raw: quantile(&raw, 0.5).ok(),
        median_quantile: quantile(&quantiles, 0.5).ok(),
        largest_difference: differences.into_iter().reduce(f64::max),
    })
}

fn standard_deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (n - 1.0)).sqrt()
}
