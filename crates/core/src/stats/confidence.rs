//! Confidence intervals from bootstrap replicates: percentile and BCa.
//!
//! # Source
//! Efron and Tibshirani (1993), An introduction to the bootstrap, sections 13.3, 14.3 and 15.4.

use super::error::{StatsError, all_finite, proper_fraction};
use super::normal::{normal_cdf, normal_quantile};
use super::quantile::quantile_of_sorted;

/// How the ends of an interval are read from the replicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalMethod {
    /// The quantiles (1 - level) / 2 and (1 + level) / 2 of the replicates.
    Percentile,
    /// Quantiles shifted for bias and for a spread that changes with the value (bias-corrected and accelerated).
    Bca,
}

impl IntervalMethod {
    /// Returns the name in tables and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Percentile => "percentile",
            Self::Bca => "bca",
        }
    }
}

/// A two-sided confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfidenceInterval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Nominal coverage, such as 0.95.
    pub level: f64,
}

/// Returns the percentile interval of `replicates`.
///
/// Quantiles interpolate linearly ([`quantile`](super::quantile)).
///
/// # Errors
/// No replicates, a replicate that is not finite, or a level outside (0, 1).
pub fn percentile_interval(replicates: &[f64], level: f64) -> Result<ConfidenceInterval, StatsError> {
    let sorted = sorted_replicates(replicates, level)?;
    let alpha = (1.0 - level) / 2.0;
    Ok(interval_at(&sorted, alpha, 1.0 - alpha, level))
}

/// Returns the bias-corrected and accelerated interval of `replicates`.
///
/// With z0 the normal quantile of the share of replicates below the estimate (those equal to it counting half),
/// a = sum(d^3) / (6 * sum(d^2)^(3/2)) with d = mean of the jackknife values - jackknife value, and z the normal quantile
/// of (1 - level) / 2, the ends are the quantiles of the replicates at
/// Phi(z0 + (z0 + z) / (1 - a (z0 + z))) and Phi(z0 + (z0 - z) / (1 - a (z0 - z))).
///
/// Where a denominator is not positive (extreme skew at a high level) the end is the last replicate on that side, the
/// limit of the formula.
///
/// * `estimate`: the statistic on the whole sample.
/// * `jackknife`: the statistic with each unit left out, see [`jackknife`](super::jackknife()).
///
/// # Errors
/// As for [`percentile_interval`]; [`StatsError::InfiniteBias`] when all replicates lie on one side of the estimate;
/// [`StatsError::JackknifeUndefined`] and [`StatsError::JackknifeConstant`] when there is no acceleration.
///
/// # Source
/// Efron (1987), Better bootstrap confidence intervals, doi:10.2307/2289144.
pub fn bca_interval(
    estimate: f64,
    replicates: &[f64],
    jackknife: &[Option<f64>],
    level: f64,
) -> Result<ConfidenceInterval, StatsError> {
    let sorted = sorted_replicates(replicates, level)?;
    let acceleration = acceleration(jackknife)?;
    let below = sorted.partition_point(|&value| value < estimate);
    let up_to = sorted.partition_point(|&value| value <= estimate);
    let share = (below + up_to) as f64 / (2 * sorted.len()) as f64;
    let bias = normal_quantile(share).map_err(|_| StatsError::InfiniteBias { estimate })?;
    let z = normal_quantile((1.0 - level) / 2.0)?;
    let shifted = |z: f64| {
        let denominator = 1.0 - acceleration * (bias + z);
        let shift = if denominator > 0.0 {
            (bias + z) / denominator
        } else {
            (bias + z) * f64::INFINITY
        };
        normal_cdf(bias + shift)
    };
    Ok(interval_at(&sorted, shifted(z), shifted(-z), level))
}

fn sorted_replicates(replicates: &[f64], level: f64) -> Result<Vec<f64>, StatsError> {
    proper_fraction("level", level)?;
    if replicates.is_empty() {
        return Err(StatsError::NoReplicates);
    }
    all_finite("replicates", replicates)?;
    let mut sorted = replicates.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(sorted)
}

fn interval_at(sorted: &[f64], low: f64, high: f64, level: f64) -> ConfidenceInterval {
    ConfidenceInterval {
        low: quantile_of_sorted(sorted, low),
        high: quantile_of_sorted(sorted, high),
        level,
    }
}

/// The acceleration of BCa from jackknife values.
fn acceleration(jackknife: &[Option<f64>]) -> Result<f64, StatsError> {
    let defined = |(unit, value): (usize, &Option<f64>)| value.ok_or(StatsError::JackknifeUndefined { unit });
    let values: Vec<f64> = jackknife.iter().enumerate().map(defined).collect::<Result<_, _>>()?;
    all_finite("jackknife", &values)?;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let largest = values
        .iter()
        .fold(0.0f64, |largest, value| largest.max((mean - value).abs()));
    // Equal values differ from their mean by rounding only.
    if values.is_empty() || largest <= 4.0 * f64::EPSILON * mean.abs() {
        return Err(StatsError::JackknifeConstant);
    }
    // The ratio does not depend on scale: dividing by the largest keeps powers of small numbers from vanishing.
    let (squares, cubes) = values
        .iter()
        .map(|value| (mean - value) / largest)
        .fold((0.0, 0.0), |sums, d| (sums.0 + d * d, sums.1 + d * d * d));
    Ok(cubes / (6.0 * squares.powf(1.5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_that_do_not_exist_are_refused() {
        let jackknife = [Some(0.1), Some(0.2), Some(0.4)];
        assert_eq!(
            bca_interval(2.0, &[0.0, 0.5, 1.0], &jackknife, 0.95),
            Err(StatsError::InfiniteBias { estimate: 2.0 })
        );
        assert_eq!(
            bca_interval(0.4, &[0.0, 0.5, 1.0], &[Some(0.1); 5], 0.95),
            Err(StatsError::JackknifeConstant)
        );
        assert_eq!(percentile_interval(&[], 0.95), Err(StatsError::NoReplicates));
        assert!(percentile_interval(&[1.0, f64::NAN], 0.95).is_err());
        assert!(percentile_interval(&[1.0], 95.0).is_err());
    }

    #[test]
    fn a_denominator_that_vanishes_gives_the_last_replicate() {
        // One unit decides: a = -1/6 to within 1 %. Nearly all replicates lie above the estimate: z0 = -3.1.
        let jackknife: Vec<Option<f64>> = (0..1000).map(|unit| Some(f64::from(u8::from(unit == 0)))).collect();
        let replicates: Vec<f64> = (0..1000).map(f64::from).collect();
        let interval = bca_interval(0.5, &replicates, &jackknife, 0.9999).unwrap();
        assert_eq!(interval.low, 0.0);
    }

    #[test]
    fn without_bias_and_skew_bca_is_the_percentile_interval() {
        // Replicates symmetric around the estimate: z0 = 0; jackknife symmetric: a = 0.
        let replicates: Vec<f64> = (0..=1000).map(|i| f64::from(i) / 1000.0).collect();
        let bca = bca_interval(0.5, &replicates, &[Some(-1.0), Some(0.0), Some(1.0)], 0.9).unwrap();
        let percentile = percentile_interval(&replicates, 0.9).unwrap();
        assert!((bca.low - percentile.low).abs() < 1e-12 && (bca.high - percentile.high).abs() < 1e-12);
        // 1001 values 0 .. 1: the quantile at 0.05 is 0.05.
        assert!((percentile.low - 0.05).abs() < 1e-12);
    }
}
