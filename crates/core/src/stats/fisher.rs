//! The Fisher transformation of a correlation: intervals, and what a study of n rows can detect.
//!
//! atanh(r) is nearly normal with standard deviation 1 / sqrt(n - 3) for independent rows from a bivariate
//! normal distribution. For ranks, heavy tails or clustered rows use the bootstrap.
//!
//! # Source
//! Fisher (1921), On the probable error of a coefficient of correlation deduced from a small sample, Metron 1, 3-32.

use super::confidence::ConfidenceInterval;
use super::error::{StatsError, proper_fraction, row_count};
use super::normal::normal_quantile;

/// Returns the interval tanh(atanh(r) -+ z / sqrt(n - 3)) of a Pearson correlation.
///
/// A correlation of exactly 1 or -1 gives an interval of that point.
///
/// # Errors
/// Fewer than 4 rows, `r` outside -1 to 1 or NaN, or a level outside (0, 1).
pub fn fisher_interval(r: f64, rows: usize, level: f64) -> Result<ConfidenceInterval, StatsError> {
    transformed_interval(r, rows, level, 1.0)
}

/// Returns the interval tanh(atanh(r) -+ z * sqrt((1 + r^2 / 2) / (n - 3))) of a Spearman correlation.
///
/// Good below |r| of about 0.95, for independent rows; a correlation of exactly 1 or -1 gives an interval of that point.
///
/// # Errors
/// As for [`fisher_interval`].
///
/// # Source
/// Bonett and Wright (2000), Sample size requirements for estimating Pearson, Kendall and Spearman correlations,
/// doi:10.1007/BF02294183.
pub fn spearman_interval(r: f64, rows: usize, level: f64) -> Result<ConfidenceInterval, StatsError> {
    transformed_interval(r, rows, level, 1.0 + r * r / 2.0)
}

/// Returns the interval tanh(atanh(tau) -+ z * sqrt(0.437 / (n - 4))) of Kendall's tau.
///
/// Good below |tau| of about 0.8, for independent rows without ties; a correlation of exactly 1 or -1 gives an interval of
/// that point.
///
/// # Errors
/// As for [`fisher_interval`], with 5 rows at least.
///
/// # Source
/// Fieller, Hartley and Pearson (1957), doi:10.1093/biomet/44.3-4.470; Bonett and Wright (2000), doi:10.1007/BF02294183.
pub fn kendall_interval(tau: f64, rows: usize, level: f64) -> Result<ConfidenceInterval, StatsError> {
    row_count(rows, 5)?;
    transformed_interval(tau, rows - 1, level, 0.437)
}

/// tanh(atanh(r) -+ z * sqrt(variance / (n - 3))).
fn transformed_interval(r: f64, rows: usize, level: f64, variance: f64) -> Result<ConfidenceInterval, StatsError> {
    row_count(rows, 4)?;
    proper_fraction("level", level)?;
    if !(-1.0..=1.0).contains(&r) {
        return Err(StatsError::OutOfRange {
            parameter: "r",
            value: r,
            allowed: "-1 to 1",
        });
    }
    let half_width = -normal_quantile((1.0 - level) / 2.0)? * (variance / (rows - 3) as f64).sqrt();
    Ok(ConfidenceInterval {
        low: (r.atanh() - half_width).tanh(),
        high: (r.atanh() + half_width).tanh(),
        level,
    })
}

/// Returns the smallest absolute correlation that a two-sided test at `alpha` finds with probability `power`.
///
/// |r| = tanh((z(1 - alpha / 2) + z(power)) / sqrt(n - 3)). The approximation neglects the small upward bias of atanh(r),
/// so that it errs on the safe side: the power attained exceeds the one asked for by up to 0.05 at 10 rows, 0.02 at
/// 30 and 0.005 at 100 (exact distribution of r, bivariate normal).
///
/// # Errors
/// Fewer than 4 rows, `alpha` or `power` outside (0, 1), or `power` below `alpha`.
///
/// # Source
/// Hulley, Cummings, Browner, Grady, Newman, Designing clinical research, appendix 6C (the same formula solved for n).
///
/// ```
/// use refalt_core::stats::smallest_detectable_correlation;
///
/// // A thousand variants leave correlations below 0.088 undecided.
/// let least = smallest_detectable_correlation(1_000, 0.05, 0.8)?;
/// assert!((least - 0.0885).abs() < 5e-5);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn smallest_detectable_correlation(rows: usize, alpha: f64, power: f64) -> Result<f64, StatsError> {
    row_count(rows, 4)?;
    proper_fraction("alpha", alpha)?;
    proper_fraction("power", power)?;
    if power < alpha {
        return Err(StatsError::OutOfRange {
            parameter: "power",
            value: power,
            allowed: "at least alpha",
        });
    }
    let distance = -normal_quantile(alpha / 2.0)? + normal_quantile(power)?;
    Ok((distance / ((rows - 3) as f64).sqrt()).tanh())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_rows_have_no_interval() {
        assert_eq!(
            fisher_interval(0.5, 3, 0.95),
            Err(StatsError::TooFewRows { rows: 3, needed: 4 })
        );
        assert!(smallest_detectable_correlation(3, 0.05, 0.8).is_err());
    }

    #[test]
    fn a_rank_correlation_has_the_wider_interval() {
        // sqrt((1 + 0.125) / 25) = 0.2121320; times 1.9599640 = 0.4157711; atanh 0.5 = 0.5493061;
        // tanh(0.1335350) = 0.1327469, tanh(0.9650772) = 0.7465331
        let interval = spearman_interval(0.5, 28, 0.95).unwrap();
        assert!((interval.low - 0.132_747).abs() < 1e-6, "{interval:?}");
        assert!((interval.high - 0.746_533).abs() < 1e-6, "{interval:?}");
        assert!(fisher_interval(0.5, 28, 0.95).unwrap().low > interval.low);
        assert!(spearman_interval(0.5, 3, 0.95).is_err() && spearman_interval(1.5, 30, 0.95).is_err());
    }

    #[test]
    fn kendall_has_an_interval_of_its_own() {
        // sqrt(0.437 / 96) = 0.0674691; times 1.9599640 = 0.1322371; atanh 0.3 = 0.3095196; tanh(0.1772825) = 0.1754483,
        // tanh(0.4417567) = 0.4150995
        let interval = kendall_interval(0.3, 100, 0.95).unwrap();
        assert!((interval.low - 0.175_448).abs() < 1e-6, "{interval:?}");
        assert!((interval.high - 0.415_099).abs() < 1e-6, "{interval:?}");
        assert_eq!(
            kendall_interval(0.3, 4, 0.95),
            Err(StatsError::TooFewRows { rows: 4, needed: 5 })
        );
    }

    #[test]
    fn a_perfect_correlation_has_a_point_interval() {
        let interval = fisher_interval(1.0, 10, 0.95).unwrap();
        assert_eq!((interval.low, interval.high), (1.0, 1.0));
        assert!(fisher_interval(1.5, 10, 0.95).is_err());
        assert!(fisher_interval(f64::NAN, 10, 0.95).is_err());
    }

    #[test]
    fn printed_sample_sizes_come_out() {
        // Hulley et al., table 6C, two-sided alpha 0.05, power 0.8: r = 0.10 needs 783 rows, 0.30 needs 85, 0.50 needs 29.
        for (r, rows) in [(0.10, 783), (0.30, 85), (0.50, 29)] {
            let detectable = |rows| smallest_detectable_correlation(rows, 0.05, 0.8).unwrap();
            assert!((detectable(rows) - r).abs() < 0.006, "{r}");
            assert!(detectable(rows) <= detectable(rows - 1));
        }
    }

    #[test]
    fn power_below_alpha_is_refused() {
        assert!(smallest_detectable_correlation(100, 0.05, 0.01).is_err());
        assert!(smallest_detectable_correlation(100, 0.0, 0.8).is_err());
    }
}
