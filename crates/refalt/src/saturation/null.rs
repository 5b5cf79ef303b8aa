//! Shares of variants at or beyond a threshold, beside what chance makes of the same maximum.
//!
//! METHOD: chance means that every track is uniform, as it is over the background. How tracks go together is taken from a
//! sample of the run's own variants: correlations need no null variants, because ranks are put in place of values. Rows of
//! several genes are either one (the least a maximum over genes can be) or independent (the most).

use super::background::resolved;
use super::collect::{Group, GroupScores};
use super::error::SaturationError;
use super::figures::Drawn;
use super::{GroupReport, SaturationOptions};
use refalt_core::stats::{
    MaximumOf, QUANTILE_GRID_POINTS, QuantileGrid, ScoreSign, TrackCopula, TrackMaxima, equicorrelated_tail,
    independent_tail, percentile_interval, wilson_interval,
};
use serde::Serialize;
use std::num::NonZeroU32;

/// Shares at one threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ThresholdRow {
    /// The threshold of |q|.
    pub threshold: f64,
    /// Whether it is finer than the quantiles: what reaches it is the largest score of the background, or beyond.
    pub beyond_resolution: bool,
    /// Variants whose maximum reaches it.
    pub reached: u64,
    /// Variants.
    pub n: u64,
    /// Their share.
    pub share: f64,
    /// Wilson interval of the share.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Share of rows that reach it; 1 - t by chance, for every row.
    pub row_share: f64,
    /// By chance, rows independent: the mean over variants of 1 - t^rows.
    pub independent: f64,
    /// By chance, all tracks correlated by their mean correlation.
    pub equicorrelated: Option<f64>,
    /// By chance, tracks correlated as they are, all genes of a variant alike.
    pub correlated: Option<f64>,
    /// By chance, tracks correlated as they are, genes independent.
    pub correlated_genes_independent: Option<f64>,
    /// The number of independent tracks that would make `correlated`.
    pub equivalent_tracks: Option<f64>,
    /// Share among the sampled variants.
    pub sample_share: Option<f64>,
    /// Mean share when each track's values are permuted among the sampled variants.
    pub permuted: Option<f64>,
    /// The interval of the permutations.
    pub permuted_low: Option<f64>,
    /// Its upper end.
    pub permuted_high: Option<f64>,
}

/// The largest |q| of each variant.
pub(super) fn maxima(scores: &GroupScores) -> Vec<f64> {
    let largest = |peak: &super::collect::Peak| f64::from(peak.by_quantile.quantile.abs());
    scores.peaks.iter().map(largest).collect()
}

/// The correlations of the tracks of a sample.
struct Sampled {
    copula: TrackCopula,
    tracks: TrackMaxima,
    rows: usize,
}

impl Sampled {
    /// Takes the sampled variants that have scores on the group's tracks.
    ///
    /// A track that a sampled variant lacks (its genes are on the other strand) stands at the middle there; tracks that
    /// more than half of the variants lack are left out.
    fn of(scores: &GroupScores, sample: &[Vec<f32>], sign: ScoreSign) -> Result<Option<Self>, SaturationError> {
        let value = |variant: &&Vec<f32>, series: u32| variant.get(series as usize).copied().unwrap_or(f32::NAN);
        let has_any = |variant: &&Vec<f32>| scores.series.iter().any(|&series| !value(variant, series).is_nan());
        let variants: Vec<&Vec<f32>> = sample.iter().filter(has_any).collect();
        if variants.len() < 4 {
            return Ok(None);
        }
        let middle = match sign {
            ScoreSign::Signed => 0.0,
            ScoreSign::Unsigned => 0.5,
        };
        let mut columns: Vec<Vec<f64>> = Vec::new();
        for &series in &scores.series {
            let found: Vec<f32> = variants.iter().map(|variant| value(variant, series)).collect();
            let lacking = found.iter().filter(|value| value.is_nan()).count();
            if lacking * 2 <= found.len() {
                let known = |value: f32| if value.is_nan() { middle } else { f64::from(value) };
                columns.push(found.into_iter().map(known).collect());
            }
        }
        if columns.is_empty() {
            return Ok(None);
        }
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        Ok(Some(Self {
            copula: TrackCopula::new(&slices)?,
            tracks: TrackMaxima::new(MaximumOf::Magnitude, &slices)?,
            rows: variants.len(),
        }))
    }
}

/// What chance makes of thresholds: signed quantiles by size, unsigned ones by themselves.
struct Chance {
    sign: ScoreSign,
}

impl Chance {
    fn of(&self) -> MaximumOf {
        match self.sign {
            ScoreSign::Signed => MaximumOf::Magnitude,
            ScoreSign::Unsigned => MaximumOf::Signed,
        }
    }

    /// The threshold on the scale from -1 to 1.
    fn scaled(&self, threshold: f64) -> f64 {
        match self.sign {
            ScoreSign::Signed => threshold,
            ScoreSign::Unsigned => 2.0 * threshold - 1.0,
        }
    }
}

/// Makes the report of a group, less controls and measured effects.
pub(super) fn report(
    group: &Group,
    scores: &GroupScores,
    sample: &[Vec<f32>],
    background_rows: Option<u64>,
    options: &SaturationOptions,
) -> Result<GroupReport, SaturationError> {
    let chance = Chance { sign: scores.sign };
    let resolution = resolved(group, background_rows);
    let sampled = Sampled::of(scores, sample, scores.sign)?;
    let draws = sampled
        .as_ref()
        .filter(|sampled| sampled.copula.tracks() > 0 && options.draws > 0)
        .map(|sampled| sampled.copula.maxima(chance.of(), options.seed, 0..options.draws));
    let maxima = maxima(scores);
    let permuted = sampled.as_ref().filter(|_| options.permutations > 0).map(|sampled| {
        let permutations = 0..options.permutations;
        sampled
            .tracks
            .within_tracks(&options.thresholds, options.seed, permutations)
    });
    let mut thresholds = Vec::new();
    for (place, &threshold) in options.thresholds.iter().enumerate() {
        let permuted: Option<Vec<f64>> = permuted
            .as_ref()
            .map(|permuted| permuted.iter().map(|shares| shares[place]).collect());
        let row = Row {
            scores,
            maxima: &maxima,
            chance: &chance,
            sampled: sampled.as_ref(),
            draws: draws.as_deref(),
            permuted: permuted.as_deref(),
            resolution,
            options,
        };
        thresholds.push(row.at(threshold)?);
    }
    let n = scores.peaks.len() as f64;
    let last = QUANTILE_GRID_POINTS - 1;
    let grid = QuantileGrid::published();
    let is_end = |quantile: f32| {
        let point = grid.point_of(f64::from(quantile), scores.sign).map(|(point, _)| point);
        point == Ok(last) || (scores.sign == ScoreSign::Signed && point == Ok(0))
    };
    let ends = scores.grid[last]
        + if scores.sign == ScoreSign::Signed {
            scores.grid[0]
        } else {
            0
        };
    let share_of =
        |is: &dyn Fn(&super::collect::Peak) -> bool| scores.peaks.iter().filter(|peak| is(peak)).count() as f64 / n;
    let mut rows: Vec<u32> = scores.peaks.iter().map(|peak| peak.rows).collect();
    rows.sort_unstable();
    let mut distinct: Vec<f64> = maxima.clone();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    Ok(GroupReport {
        group: group.name.clone(),
        scorers: group.scorers.clone(),
        score_kind: group.kind.clone(),
        variants: scores.peaks.len() as u64,
        rows: scores.rows,
        rows_left_out: scores.left_out,
        tracks: scores.series.len(),
        rows_per_variant: [rows[0], rows[rows.len() / 2], rows[rows.len() - 1]],
        off_grid: scores.off_grid,
        rows_at_end: ends as f64 / scores.rows as f64,
        maxima_at_end: share_of(&|peak| is_end(peak.by_quantile.quantile)),
        maxima_tied: share_of(&|peak| peak.equals > 1),
        distinct_maxima: distinct.len(),
        background_rows,
        resolution,
        sampled: sampled.as_ref().map_or(0, |sampled| sampled.rows),
        correlated_tracks: sampled.as_ref().map_or(0, |sampled| sampled.copula.tracks()),
        mean_correlation: sampled.as_ref().and_then(|sampled| sampled.copula.mean_correlation()),
        effective_tracks: sampled.as_ref().map(|sampled| sampled.copula.effective_tracks()),
        thresholds,
        controls: Vec::new(),
        agreement: Vec::new(),
        drawn: Drawn {
            maxima,
            controls: Vec::new(),
            null: draws.map(|draws| draws.into_iter().map(|q| unscaled(&chance, q)).collect()),
            rows: row_shares(scores),
            rows_per_variant: scores.peaks.iter().map(|peak| peak.rows).collect(),
        },
    })
}

/// A drawn maximum on the scale of the group's quantiles.
fn unscaled(chance: &Chance, q: f64) -> f64 {
    match chance.sign {
        ScoreSign::Signed => q,
        ScoreSign::Unsigned => (1.0 + q) / 2.0,
    }
}

/// The distribution of |q| over rows: at each |q| of the grid the share of rows at it or below.
fn row_shares(scores: &GroupScores) -> Vec<(f64, f64)> {
    let quantiles = QuantileGrid::published().quantiles(scores.sign);
    let mut by_size: Vec<(f64, u64)> = quantiles
        .iter()
        .zip(&scores.grid)
        .map(|(quantile, &count)| (quantile.abs(), count))
        .collect();
    by_size.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut below = 0;
    let mut shares: Vec<(f64, f64)> = Vec::new();
    for (size, count) in by_size {
        below += count;
        let share = below as f64 / scores.rows as f64;
        match shares.last_mut() {
            Some(last) if last.0 == size => last.1 = share,
            _ => shares.push((size, share)),
        }
    }
    shares
}

/// What a row of shares is made of.
struct Row<'a> {
    scores: &'a GroupScores,
    maxima: &'a [f64],
    chance: &'a Chance,
    sampled: Option<&'a Sampled>,
    draws: Option<&'a [f64]>,
    /// Shares at the threshold, one for each permutation.
    permuted: Option<&'a [f64]>,
    resolution: f64,
    options: &'a SaturationOptions,
}

impl Row<'_> {
    fn at(&self, threshold: f64) -> Result<ThresholdRow, SaturationError> {
        let n = self.scores.peaks.len() as u64;
        let reached = self.maxima.iter().filter(|&&q| q >= threshold).count() as u64;
        let interval = wilson_interval(reached, n, self.options.level)?;
        let scaled = self.chance.scaled(threshold);
        let mut independent = 0.0;
        for peak in &self.scores.peaks {
            let rows = NonZeroU32::new(peak.rows).unwrap_or(NonZeroU32::MIN);
            independent += independent_tail(MaximumOf::Magnitude, threshold, rows)?;
        }
        let equicorrelated = match (
            self.sampled.and_then(|sampled| sampled.copula.mean_correlation()),
            self.sampled,
        ) {
            (Some(mean), Some(sampled)) => {
                let tracks = u32::try_from(sampled.copula.tracks()).ok().and_then(NonZeroU32::new);
                let tracks = tracks.unwrap_or(NonZeroU32::MIN);
                Some(equicorrelated_tail(
                    self.chance.of(),
                    scaled,
                    tracks,
                    mean.clamp(0.0, 1.0),
                )?)
            }
            _ => None,
        };
        let correlated = self.draws.map(|draws| {
            let beyond = draws.iter().filter(|&&q| q >= scaled).count();
            beyond as f64 / draws.len().max(1) as f64
        });
        let over_genes = correlated.map(|one| {
            let of = |peak: &super::collect::Peak| 1.0 - (1.0 - one).powf(f64::from(peak.genes));
            self.scores.peaks.iter().map(of).sum::<f64>() / n as f64
        });
        let permuted = match self.permuted {
            Some(shares) => {
                let mean = shares.iter().sum::<f64>() / shares.len() as f64;
                Some((mean, percentile_interval(shares, self.options.level)?))
            }
            None => None,
        };
        Ok(ThresholdRow {
            threshold,
            // 1 - 2 / 200 and the 0.99 that somebody writes are not one number in binary.
            beyond_resolution: threshold > self.resolution + 1e-12,
            reached,
            n,
            share: reached as f64 / n as f64,
            low: interval.low,
            high: interval.high,
            row_share: self.rows_beyond(threshold),
            independent: independent / n as f64,
            equicorrelated,
            correlated,
            correlated_genes_independent: over_genes,
            equivalent_tracks: correlated
                .filter(|&share| share < 1.0 && threshold > 0.0)
                .map(|share| (1.0 - share).ln() / threshold.ln()),
            sample_share: self.sampled.map(|sampled| sampled.tracks.shares(&[threshold])[0]),
            permuted: permuted.as_ref().map(|(mean, _)| *mean),
            permuted_low: permuted.as_ref().map(|(_, interval)| interval.low),
            permuted_high: permuted.as_ref().map(|(_, interval)| interval.high),
        })
    }

    /// The share of rows whose |q|, as the grid has it, reaches a threshold.
    fn rows_beyond(&self, threshold: f64) -> f64 {
        let quantiles = QuantileGrid::published().quantiles(self.scores.sign);
        let beyond: u64 = quantiles
            .iter()
            .zip(&self.scores.grid)
            .filter(|(quantile, _)| quantile.abs() >= threshold)
            .map(|(_, count)| count)
            .sum();
        beyond as f64 / self.scores.rows as f64
    }
}
