//! Are held-out scores uniform among their background? Kolmogorov's distance on the published grid.
//!
//! # Source
//! Kolmogorov (1933), Sulla determinazione empirica di una legge di distribuzione; two samples: Smirnov (1948), Table for
//! estimating the goodness of fit of empirical distributions, doi:10.1214/aoms/1177730256.

use super::error::{StatsError, row_count};
use super::quantile_grid::{QUANTILE_GRID_POINTS, QuantileGrid};
use std::f64::consts::PI;

/// Returns the chance that sqrt(n) times Kolmogorov's distance exceeds `x`, in the limit of many rows.
///
/// 2 sum over k of (-1)^(k-1) exp(-2 k^2 x^2); below 1 by the theta-function form
/// 1 - sqrt(2 pi) / x sum over k of exp(-(2k - 1)^2 pi^2 / (8 x^2)), which converges there. 1 for `x` of 0 and below.
pub fn kolmogorov_survival(x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x < 1.0 {
        let term = |k: i32| (-(f64::from(2 * k - 1) * PI).powi(2) / (8.0 * x * x)).exp();
        return 1.0 - (2.0 * PI).sqrt() / x * (1..=6).map(term).sum::<f64>();
    }
    let term = |k: i32| (if k % 2 == 1 { 2.0 } else { -2.0 }) * (-2.0 * f64::from(k * k) * x * x).exp();
    (1..=6).map(term).sum()
}

/// How far held-out scores are from uniform among the background.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridUniformity {
    /// Held-out scores.
    pub rows: usize,
    /// The largest distance between their distribution on the grid and the uniform one.
    pub distance: f64,
    /// The chance of such a distance or a larger one, when both samples come from one distribution.
    pub p_value: f64,
}

/// Compares the places of held-out scores on the grid with uniform ranks.
///
/// A score at point j lies between the probabilities p(j) and p(j + 1), so the share at j or below is p(j + 1) when ranks
/// are uniform; the distance is the largest |share - p(j + 1)|. The background is a sample, too: the chance is that of two
/// samples, kolmogorov_survival(distance sqrt(n m / (n + m))). A grid hides part of the distance between its points, so the
/// chance errs on the large side.
///
/// * `points`: places of the held-out scores ([`QuantileTable::point`](super::QuantileTable::point), ties at random).
/// * `background_rows`: scores behind the table.
///
/// # Errors
/// [`StatsError::TooFewRows`] for no rows on a side, [`StatsError::OutOfRange`] for a point outside the grid.
pub fn grid_uniformity(points: &[usize], background_rows: usize) -> Result<GridUniformity, StatsError> {
    row_count(points.len(), 1)?;
    row_count(background_rows, 1)?;
    let mut counts = [0u32; QUANTILE_GRID_POINTS];
    for &point in points {
        *counts.get_mut(point).ok_or(StatsError::OutOfRange {
            parameter: "point",
            value: point as f64,
            allowed: "0 to 998",
        })? += 1;
    }
    let grid = QuantileGrid::shared();
    let rows = points.len() as f64;
    let mut below = 0;
    let mut distance: f64 = 0.0;
    for (count, next) in counts.iter().zip(&grid.probabilities()[1..]) {
        below += count;
        distance = distance.max((f64::from(below) / rows - next).abs());
    }
    let effective = rows * background_rows as f64 / (rows + background_rows as f64);
    Ok(GridUniformity {
        rows: points.len(),
        distance,
        p_value: kolmogorov_survival(distance * effective.sqrt()).clamp(0.0, 1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_series_meet() {
        let (below, above) = (kolmogorov_survival(1.0 - 1e-12), kolmogorov_survival(1.0));
        assert!((below - above).abs() < 1e-11, "{below} {above}");
        assert_eq!(kolmogorov_survival(0.0), 1.0);
        // The 5 % point of every table: 1.3581.
        assert!((kolmogorov_survival(1.358_10) - 0.05).abs() < 1e-5);
    }

    #[test]
    fn one_point_for_all_rows_is_as_far_as_can_be() {
        // All rows at the middle: the share up to point 498 is 0, p(499) is 1/2; the share up to 499 is 1.
        let test = grid_uniformity(&[499; 50], 1_000).unwrap();
        assert!((test.distance - 0.5).abs() < 0.006, "{test:?}");
        assert!(test.p_value < 1e-9);
        assert!(grid_uniformity(&[999], 10).is_err() && grid_uniformity(&[], 10).is_err());
    }

    #[test]
    fn ranks_spread_evenly_are_near_uniform() {
        let grid = QuantileGrid::published();
        let point = |row: i32| {
            let share = (f64::from(row) + 0.5) / 2_000.0;
            grid.probabilities().partition_point(|&p| p <= share).max(1) - 1
        };
        let points: Vec<usize> = (0..2_000).map(point).collect();
        let test = grid_uniformity(&points, 2_000).unwrap();
        assert!(test.distance < 0.001, "{test:?}");
        assert!(test.p_value > 0.999);
    }
}
