//! Quantiles of a sample.

use super::error::{StatsError, all_finite, row_count};

/// Returns the quantile of `values` at `fraction`, by linear interpolation between order statistics.
///
/// With n values in ascending order v(0) .. v(n-1) and h = (n - 1) * fraction, the quantile is
/// v(floor h) + (h - floor h) * (v(floor h + 1) - v(floor h)): definition 7 of Hyndman and Fan (1996), the default
/// of NumPy and R. The median is the quantile at 0.5.
///
/// # Errors
/// [`StatsError::TooFewRows`] for no values, [`StatsError::NotANumber`] for NaN, [`StatsError::Infinite`] for
/// infinities, [`StatsError::OutOfRange`] unless 0 <= `fraction` <= 1.
///
/// # Source
/// Hyndman and Fan (1996), Sample quantiles in statistical packages, doi:10.2307/2684934.
pub fn quantile(values: &[f64], fraction: f64) -> Result<f64, StatsError> {
    row_count(values.len(), 1)?;
    all_finite("values", values)?;
    if !(0.0..=1.0).contains(&fraction) {
        return Err(StatsError::OutOfRange {
            parameter: "fraction",
            value: fraction,
            allowed: "0 to 1",
        });
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(quantile_of_sorted(&sorted, fraction))
}

/// The quantile of ascending, finite, non-empty `sorted` at a `fraction` within 0 to 1.
pub(super) fn quantile_of_sorted(sorted: &[f64], fraction: f64) -> f64 {
    let place = (sorted.len() - 1) as f64 * fraction;
    let below = place.floor() as usize;
    let low = sorted[below];
    let high = sorted[(below + 1).min(sorted.len() - 1)];
    low + (high - low) * (place - place.floor())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_between_neighbours() {
        // h = 3 * 0.25 = 0.75: 10 + 0.75 * (20 - 10) = 17.5
        assert_eq!(quantile(&[40.0, 10.0, 30.0, 20.0], 0.25), Ok(17.5));
        assert_eq!(quantile(&[40.0, 10.0, 30.0, 20.0], 0.5), Ok(25.0));
    }

    #[test]
    fn the_ends_are_the_smallest_and_the_largest_value() {
        assert_eq!(quantile(&[3.0, -1.0, 2.0], 0.0), Ok(-1.0));
        assert_eq!(quantile(&[3.0, -1.0, 2.0], 1.0), Ok(3.0));
        assert_eq!(quantile(&[5.0], 0.3), Ok(5.0));
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert!(quantile(&[], 0.5).is_err());
        assert!(quantile(&[1.0, f64::NAN], 0.5).is_err());
        assert!(quantile(&[1.0], 1.5).is_err());
    }
}
