//! The same maximum for variants that nobody chose: what of a share is the variants', and what the maximum's.

use super::background::Background;
use super::collect::{Collected, Group, GroupScores, Wanted, collect};
use super::error::SaturationError;
use super::null::maxima;
use super::{ControlsRecord, SaturationOptions};
use crate::score_folder::ScoreFolder;
use refalt_core::stats::{MaximumOf, TrackMaxima, share_difference_interval, wilson_interval};
use serde::Serialize;
use std::collections::HashSet;

/// Shares among variants and controls at one threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ControlShare {
    /// The threshold of |q|.
    pub threshold: f64,
    /// Controls.
    pub n: u64,
    /// Share of controls whose maximum reaches the threshold.
    pub share: f64,
    /// Wilson interval of that share.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Share of variants less share of controls: what the choice of variants adds.
    pub difference: f64,
    /// Newcombe's interval of the difference.
    pub difference_low: f64,
    /// Its upper end.
    pub difference_high: f64,
    /// Two-sided permutation p: labels of variants and controls shuffled.
    pub p_value: Option<f64>,
    /// Rows behind a maximum, median over controls; with other numbers than the variants', the difference is the maximum's,
    /// too.
    pub median_rows: u32,
}

/// Reads the controls: variants of the folder that made no table of quantiles and are not in the run.
pub(super) fn collected(
    folder: &ScoreFolder,
    groups: &[Group],
    options: &SaturationOptions,
    run: &Collected,
) -> Result<(Collected, ControlsRecord), SaturationError> {
    let background = Background::of(folder.path())?;
    let wanted = Wanted::of(None, options).without(move |row| background.made_table(row));
    let mut found = collect(folder, groups, &wanted)?;
    let of_run: HashSet<&str> = run.variants.iter().map(|(_, name)| &**name).collect();
    let is_in_run: Vec<bool> = found
        .variants
        .iter()
        .map(|(_, name)| of_run.contains(&**name))
        .collect();
    for group in &mut found.groups {
        group.peaks.retain(|peak| !is_in_run[peak.variant as usize]);
    }
    let in_run = is_in_run.iter().filter(|&&is| is).count() as u64;
    let rest = found.variants.len() as u64;
    let record = ControlsRecord {
        scored: rest + found.passed_over,
        made_table: found.passed_over,
        in_run,
        used: rest - in_run,
    };
    if record.used == 0 {
        return Err(SaturationError::NoControls {
            folder: folder.path().to_owned(),
            record,
        });
    }
    if found.groups.iter().all(|group| group.peaks.is_empty()) {
        return Err(SaturationError::NoQuantiles {
            folder: folder.path().to_owned(),
        });
    }
    Ok((found, record))
}

/// Compares the maxima of variants with those of controls.
pub(super) fn shares(
    scores: &GroupScores,
    controls: &GroupScores,
    options: &SaturationOptions,
) -> Result<Vec<ControlShare>, SaturationError> {
    let (of_variants, of_controls) = (maxima(scores), maxima(controls));
    let all: Vec<f64> = of_variants.iter().chain(&of_controls).copied().collect();
    let chosen: Vec<bool> = (0..all.len()).map(|row| row < of_variants.len()).collect();
    let pooled = TrackMaxima::new(MaximumOf::Magnitude, &[&all])?;
    let permuted = pooled.whole_rows(&chosen, &options.thresholds, options.seed, 0..options.draws)?;
    let mut rows: Vec<u32> = controls.peaks.iter().map(|peak| peak.rows).collect();
    rows.sort_unstable();
    let mut shares = Vec::new();
    for (place, &threshold) in options.thresholds.iter().enumerate() {
        let count = |maxima: &[f64]| maxima.iter().filter(|&&q| q >= threshold).count() as u64;
        let (n, m) = (of_variants.len() as u64, of_controls.len() as u64);
        let (reached, by_controls) = (count(&of_variants), count(&of_controls));
        let interval = wilson_interval(by_controls, m, options.level)?;
        let between = share_difference_interval((reached, n), (by_controls, m), options.level)?;
        let (share, of_control) = (reached as f64 / n as f64, by_controls as f64 / m as f64);
        // The share among the chosen rows fixes that among the others, so its distance from the mean decides.
        let mean = (reached + by_controls) as f64 / (n + m) as f64;
        let beyond = permuted
            .iter()
            .filter(|shares| (shares[place] - mean).abs() >= (share - mean).abs() - 1e-12)
            .count();
        shares.push(ControlShare {
            threshold,
            n: m,
            share: of_control,
            low: interval.low,
            high: interval.high,
            difference: share - of_control,
            difference_low: between.low,
            difference_high: between.high,
            p_value: (options.draws > 0).then(|| (1 + beyond) as f64 / (1 + options.draws) as f64),
            median_rows: rows[rows.len() / 2],
        });
    }
    Ok(shares)
}
