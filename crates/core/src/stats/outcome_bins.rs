//! Correlation within bins of the measured size, beside what one correlation for all makes of the same bins.
//!
//! Bins of |measured| are bins of the outcome. Within small sizes the outcome hardly varies, so even a prediction that is
//! equally good everywhere correlates little there; within large sizes two tails remain, and it correlates more. A rise of the
//! correlation over such bins is therefore no evidence that large effects are predicted better: the comparison is with the
//! rise that one correlation would make.
//!
//! METHOD: with rho the Spearman correlation of all rows and z the normal scores of the measured values, predictions are drawn
//! as x = r z + sqrt(1 - r^2) e, r = 2 sin(pi rho / 6), the Pearson correlation of normal numbers whose ranks correlate by rho.
//! The measured values, and so the bins and their rows, stay. The two-sided p is twice the smaller share of draws at or
//! beyond the correlation found, (1 + count) / (1 + draws), at most 1. It takes rho as known: the uncertainty of rho itself is in
//! none of the ranges.
//!
//! # Source
//! Conditioning on the outcome: Thorndike (1949), Personnel selection, chapter 6 (range restriction). Ranks of normal numbers:
//! Kruskal (1958), Ordinal measures of association, doi:10.1080/01621459.1958.10501481, section 6.

use super::confidence::{ConfidenceInterval, percentile_interval};
use super::error::{StatsError, all_finite, row_count, same_length};
use super::fisher::spearman_interval;
use super::metric::spearman;
use super::normal::normal_quantile;
use super::random::{Purpose, RandomStream};
use super::rank::average_ranks;
use std::f64::consts::PI;

/// Draws, seed and level of [`outcome_bins`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutcomeBinOptions {
    /// Draws from the null of one correlation; 0 for none.
    pub draws: u64,
    /// Seed of the draws.
    pub seed: u64,
    /// Nominal coverage of the intervals.
    pub level: f64,
}

impl Default for OutcomeBinOptions {
    /// 1,000 draws, seed 0, level 0.95.
    fn default() -> Self {
        Self {
            draws: 1_000,
            seed: 0,
            level: 0.95,
        }
    }
}

/// A bin of the measured size.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeBin {
    /// The least |measured| of the bin.
    pub from: f64,
    /// The |measured| that the bin does not reach; none for the last.
    pub to: Option<f64>,
    /// The rows of the bin, as places in the columns.
    pub rows: Vec<usize>,
    /// Spearman correlation; none below 3 rows or where a column is constant.
    pub spearman: Option<f64>,
    /// Its interval in closed form (Bonett and Wright); none below 4 rows.
    pub interval: Option<ConfidenceInterval>,
    /// The mean correlation in this bin when one correlation holds for all rows.
    pub expected: Option<f64>,
    /// Where the share `level` of the correlations in this bin lie when one correlation holds for all rows.
    pub expected_interval: Option<ConfidenceInterval>,
    /// Two-sided p of the correlation found against those.
    pub p_value: Option<f64>,
}

/// Returns the bins of the size of the measured values, with their correlations.
///
/// * `edges`: rising, from 0 up; a bin holds its lower edge and not its upper one, the last bin is open.
///
/// # Errors
/// Columns that differ in length, values that are not finite, fewer than 4 rows, a constant column, or edges that do not rise
/// ([`StatsError::OutOfRange`]).
pub fn outcome_bins(
    predicted: &[f64],
    measured: &[f64],
    edges: &[f64],
    options: OutcomeBinOptions,
) -> Result<Vec<OutcomeBin>, StatsError> {
    same_length("predicted", predicted.len(), "measured", measured.len())?;
    row_count(measured.len(), 4)?;
    all_finite("measured", measured)?;
    if edges.first().is_none_or(|&first| first < 0.0) || !edges.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err(StatsError::OutOfRange {
            parameter: "edge",
            value: edges.first().copied().unwrap_or(f64::NAN),
            allowed: "0 and above, each larger than the one before",
        });
    }
    let overall = spearman(predicted, measured)?;
    let bin_of = |value: &f64| edges.partition_point(|&edge| edge <= value.abs());
    let mut rows = vec![Vec::new(); edges.len() + 1];
    for (row, value) in measured.iter().enumerate() {
        rows[bin_of(value)].push(row);
    }
    let mut bins: Vec<OutcomeBin> = Vec::new();
    for (index, rows) in rows.into_iter().enumerate().skip(1) {
        let found = within(&rows, predicted, measured);
        bins.push(OutcomeBin {
            from: edges[index - 1],
            to: edges.get(index).copied(),
            interval: found.and_then(|rho| spearman_interval(rho, rows.len(), options.level).ok()),
            spearman: found,
            rows,
            expected: None,
            expected_interval: None,
            p_value: None,
        });
    }
    let drawn = draw(&bins, measured, overall, options)?;
    for (bin, drawn) in bins.iter_mut().zip(drawn) {
        let (Some(found), false) = (bin.spearman, drawn.is_empty()) else {
            continue;
        };
        let count = drawn.len() as f64;
        bin.expected = Some(drawn.iter().sum::<f64>() / count);
        bin.expected_interval = Some(percentile_interval(&drawn, options.level)?);
        let side = |beyond: usize| (1.0 + beyond as f64) / (1.0 + count);
        let (above, below) = (
            drawn.iter().filter(|&&rho| rho >= found).count(),
            drawn.iter().filter(|&&rho| rho <= found).count(),
        );
        bin.p_value = Some((2.0 * side(above).min(side(below))).min(1.0));
    }
    Ok(bins)
}

/// The correlations in each bin of predictions that are equally good everywhere.
fn draw(
    bins: &[OutcomeBin],
    measured: &[f64],
    overall: f64,
    options: OutcomeBinOptions,
) -> Result<Vec<Vec<f64>>, StatsError> {
    let rows = measured.len() as f64;
    let score = |rank: &f64| normal_quantile((rank - 0.5) / rows);
    let scores = average_ranks(measured)?
        .iter()
        .map(score)
        .collect::<Result<Vec<f64>, _>>()?;
    let shared = (2.0 * (PI * overall / 6.0).sin()).clamp(-1.0, 1.0);
    let own = (1.0 - shared * shared).sqrt();
    let mut drawn = vec![Vec::new(); bins.len()];
    let mut predicted = vec![0.0; measured.len()];
    for replicate in 0..options.draws {
        let mut stream = RandomStream::new(options.seed, Purpose::Sampling, replicate);
        for (value, score) in predicted.iter_mut().zip(&scores) {
            let fraction = stream.next_fraction().max(f64::EPSILON);
            *value = shared * score + own * normal_quantile(fraction)?;
        }
        for (drawn, bin) in drawn.iter_mut().zip(bins) {
            drawn.extend(within(&bin.rows, &predicted, measured));
        }
    }
    Ok(drawn)
}

/// The correlation of some rows; none below 3 or where a column is constant.
fn within(rows: &[usize], predicted: &[f64], measured: &[f64]) -> Option<f64> {
    let take = |column: &[f64]| -> Vec<f64> { rows.iter().map(|&row| column[row]).collect() };
    (rows.len() >= 3)
        .then(|| spearman(&take(predicted), &take(measured)).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal_pairs(rows: usize, r: f64) -> (Vec<f64>, Vec<f64>) {
        let mut stream = RandomStream::new(12, Purpose::Bootstrap, 0);
        let mut normal = || normal_quantile(stream.next_fraction().max(1e-16)).unwrap();
        (0..rows)
            .map(|_| {
                let y = normal();
                (r * y + (1.0 - r * r).sqrt() * normal(), y)
            })
            .unzip()
    }

    #[test]
    fn one_correlation_for_all_rises_over_bins_of_the_outcome() {
        let (x, y) = normal_pairs(6_000, 0.5);
        let bins = outcome_bins(&x, &y, &[0.0, 0.25, 1.0, 2.0], OutcomeBinOptions::default()).unwrap();
        let found: Vec<f64> = bins.iter().map(|bin| bin.spearman.unwrap()).collect();
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
        for bin in &bins {
            // The null is how the data were made.
            let range = bin.expected_interval.unwrap();
            let found = bin.spearman.unwrap();
            assert!(range.low - 0.03 < found && found < range.high + 0.03, "{bin:?}");
            assert!(bin.p_value.unwrap() > 0.01, "{bin:?}");
        }
        assert_eq!(bins.iter().map(|bin| bin.rows.len()).sum::<usize>(), 6_000);
    }

    #[test]
    fn a_prediction_of_large_effects_only_is_told_from_one_of_all() {
        let (x, y) = normal_pairs(3_000, 0.0);
        // Large effects are predicted, small ones are not.
        let mixed: Vec<f64> = x
            .iter()
            .zip(&y)
            .map(|(x, y)| if y.abs() > 1.5 { x + 5.0 * y.signum() } else { *x })
            .collect();
        let bins = outcome_bins(&mixed, &y, &[0.0, 0.5, 1.5], OutcomeBinOptions::default()).unwrap();
        assert!(bins[2].p_value.unwrap() < 0.01, "{:?}", bins[2].p_value);
        assert!(bins[2].spearman.unwrap() > bins[2].expected.unwrap());
    }

    #[test]
    fn small_bins_have_no_correlation_and_bad_edges_are_refused() {
        let (x, y) = normal_pairs(50, 0.3);
        let bins = outcome_bins(&x, &y, &[0.0, 90.0], OutcomeBinOptions::default()).unwrap();
        assert_eq!((bins[1].rows.len(), bins[1].spearman, bins[1].p_value), (0, None, None));
        for edges in [&[][..], &[0.5, 0.1], &[-1.0, 0.0]] {
            assert!(outcome_bins(&x, &y, edges, OutcomeBinOptions::default()).is_err());
        }
    }
}
