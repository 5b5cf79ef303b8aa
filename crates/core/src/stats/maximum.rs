//! How large the largest of many tracks is by chance.
//!
//! A quantile score is uniform over common variants, track by track: the largest of many is not. Over n independent
//! tracks |q| reaches t with probability 1 - t^n: 0.88 for t = 0.9 and 20 tracks. A maximum over tracks is evidence only
//! beside this null, and tracks that are alike need one of their own.
//!
//! * [`independent_tail`]: closed form for independent tracks, an upper bound for positively dependent ones.
//! * [`equicorrelated_tail`]: tracks that are all correlated alike (Gaussian copula).
//! * [`TrackMaxima`]: from data. Permuting within tracks keeps each track's values and breaks the dependence; permuting
//!   whole rows keeps both and asks about chosen rows.
//!
//! # Source
//! David and Nagaraja (2003), Order statistics, sections 2.1 (independent) and 5.3 (equicorrelated normal numbers).

use super::error::{StatsError, row_count, same_length, track_values};
use super::normal::{normal_cdf, normal_quantile};
use super::random::{Purpose, RandomStream};
use std::f64::consts::PI;
use std::num::NonZeroU32;
use std::ops::Range;

/// Of what the maximum over tracks is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaximumOf {
    /// |q| of signed quantiles, uniform on -1 to 1; or unsigned quantiles, uniform on 0 to 1, which for independent tracks
    /// have the same maximum.
    Magnitude,
    /// q itself, uniform on -1 to 1.
    Signed,
}

impl MaximumOf {
    /// The value whose maximum is taken.
    fn of(self, value: f64) -> f64 {
        match self {
            Self::Magnitude => value.abs(),
            Self::Signed => value,
        }
    }

    /// Refuses thresholds outside the range of the quantiles.
    fn check(self, threshold: f64) -> Result<(), StatsError> {
        let (range, allowed) = match self {
            Self::Magnitude => (0.0..=1.0, "0 to 1"),
            Self::Signed => (-1.0..=1.0, "-1 to 1"),
        };
        if range.contains(&threshold) {
            Ok(())
        } else {
            Err(StatsError::OutOfRange {
                parameter: "threshold",
                value: threshold,
                allowed,
            })
        }
    }
}

/// 1 - p^n without loss where it is small.
fn one_less_power(p: f64, tracks: NonZeroU32) -> f64 {
    if p <= 0.0 {
        return 1.0;
    }
    -(f64::from(tracks.get()) * p.ln()).exp_m1()
}

/// Returns the chance that the maximum over independent tracks reaches `threshold`.
///
/// 1 - t^n for magnitudes, 1 - ((1 + t) / 2)^n for signed quantiles.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a threshold outside the range of the quantiles.
///
/// ```
/// use refalt_core::stats::{MaximumOf, independent_tail};
///
/// // The largest |q| of 20 independent tracks passes 0.9 seven times of eight.
/// let twenty = 20.try_into().unwrap();
/// assert!((independent_tail(MaximumOf::Magnitude, 0.9, twenty)? - 0.878_42).abs() < 1e-5);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn independent_tail(of: MaximumOf, threshold: f64, tracks: NonZeroU32) -> Result<f64, StatsError> {
    of.check(threshold)?;
    let below = match of {
        MaximumOf::Magnitude => threshold,
        MaximumOf::Signed => (1.0 + threshold) / 2.0,
    };
    Ok(one_less_power(below, tracks))
}

/// Returns the chance that the maximum over tracks reaches `threshold` when all pairs are correlated alike.
///
/// Each quantile is q = 2 Phi(z) - 1 of z = sqrt(rho) u + sqrt(1 - rho) e, with one normal u for all tracks and an e for
/// each; then, with a = z(1/2 + t/2) and phi the normal density, the chance is
/// integral of phi(u) (1 - p(u)^n) du, p(u) = P(-a < z < a | u) for magnitudes, P(z < a | u) for signed quantiles.
/// Adaptive Simpson rule; absolute error below 1e-10.
///
/// * `correlation`: rho, of the normal numbers behind the quantiles, 0 to 1. For a Spearman correlation r of the quantiles
///   it is 2 sin(pi r / 6).
///
/// # Errors
/// [`StatsError::OutOfRange`] for a threshold or correlation outside its range.
pub fn equicorrelated_tail(
    of: MaximumOf,
    threshold: f64,
    tracks: NonZeroU32,
    correlation: f64,
) -> Result<f64, StatsError> {
    of.check(threshold)?;
    if !(0.0..=1.0).contains(&correlation) {
        return Err(StatsError::OutOfRange {
            parameter: "correlation",
            value: correlation,
            allowed: "0 to 1",
        });
    }
    if correlation == 0.0 {
        return independent_tail(of, threshold, tracks);
    }
    if correlation == 1.0 {
        return independent_tail(of, threshold, NonZeroU32::MIN);
    }
    // At the ends of the range every track, or none, reaches the threshold.
    let Ok(edge) = normal_quantile((1.0 + threshold) / 2.0) else {
        return independent_tail(of, threshold, NonZeroU32::MIN);
    };
    if edge == 0.0 && of == MaximumOf::Magnitude {
        return Ok(1.0);
    }
    let (shared, own) = (correlation.sqrt(), (1.0 - correlation).sqrt());
    let integrand = |u: f64| {
        let upper = (edge - shared * u) / own;
        let below = match of {
            MaximumOf::Signed => normal_cdf(upper),
            MaximumOf::Magnitude => {
                let lower = (-edge - shared * u) / own;
                // On the side where both are small, so that their difference keeps its digits.
                if lower > 0.0 {
                    normal_cdf(-lower) - normal_cdf(-upper)
                } else {
                    normal_cdf(upper) - normal_cdf(lower)
                }
            }
        };
        (-0.5 * u * u).exp() / (2.0 * PI).sqrt() * one_less_power(below, tracks)
    };
    // Panels end where u alone carries a track to the threshold: for rho near 1 the integrand has its step there.
    const FAR: f64 = 9.0;
    let mut ends: Vec<f64> = (-9i32..=9).map(f64::from).collect();
    ends.extend(
        [edge / shared, -edge / shared]
            .into_iter()
            .filter(|end| end.abs() < FAR),
    );
    ends.sort_by(f64::total_cmp);
    let panel = |ends: &[f64]| simpson(&integrand, ends[0], ends[1]);
    Ok(ends.windows(2).map(panel).sum::<f64>().clamp(0.0, 1.0))
}

/// The integral over a panel by the adaptive Simpson rule, absolute error near 1e-12.
fn simpson(integrand: &impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let (first, middle, last) = (integrand(low), integrand((low + high) / 2.0), integrand(high));
    let whole = (high - low) / 6.0 * (first + 4.0 * middle + last);
    refine(integrand, (low, high), [first, middle, last], whole, 1e-13, 48)
}

fn refine(
    integrand: &impl Fn(f64) -> f64,
    (low, high): (f64, f64),
    [first, middle, last]: [f64; 3],
    whole: f64,
    tolerance: f64,
    depth: u32,
) -> f64 {
    let centre = (low + high) / 2.0;
    let (left, right) = (integrand((low + centre) / 2.0), integrand((centre + high) / 2.0));
    let left_part = (centre - low) / 6.0 * (first + 4.0 * left + middle);
    let right_part = (high - centre) / 6.0 * (middle + 4.0 * right + last);
    let gain = left_part + right_part - whole;
    // Four levels at least: a step between the points must not look flat.
    if depth == 0 || (depth <= 44 && gain.abs() <= 15.0 * tolerance) {
        return left_part + right_part + gain / 15.0;
    }
    let half = (tolerance / 2.0).max(1e-17);
    refine(
        integrand,
        (low, centre),
        [first, left, middle],
        left_part,
        half,
        depth - 1,
    ) + refine(
        integrand,
        (centre, high),
        [middle, right, last],
        right_part,
        half,
        depth - 1,
    )
}

/// The maximum over tracks, row by row, and what permutations make of it.
#[derive(Clone, Debug)]
pub struct TrackMaxima {
    /// One vector per track, values as the maximum takes them.
    tracks: Vec<Vec<f64>>,
    maxima: Vec<f64>,
}

impl TrackMaxima {
    /// Takes the scores of the same rows on several tracks.
    ///
    /// * `tracks`: one slice per track, each with one value per row.
    ///
    /// # Errors
    /// No track or no row, tracks of different length, values that are not finite ([`StatsError::Track`]).
    pub fn new(of: MaximumOf, tracks: &[&[f64]]) -> Result<Self, StatsError> {
        row_count(tracks.len(), 1)?;
        let rows = tracks[0].len();
        row_count(rows, 1)?;
        let prepare = |(track, values): (usize, &&[f64])| {
            track_values(track, rows, values)?;
            Ok(values.iter().map(|&value| of.of(value)).collect())
        };
        let tracks: Vec<Vec<f64>> = tracks.iter().enumerate().map(prepare).collect::<Result<_, _>>()?;
        let mut maxima = vec![f64::NEG_INFINITY; rows];
        for track in &tracks {
            raise(&mut maxima, track.iter().copied());
        }
        Ok(Self { tracks, maxima })
    }

    /// Returns the maximum of each row.
    pub fn of_rows(&self) -> &[f64] {
        &self.maxima
    }

    /// Returns, for each threshold, the share of rows whose maximum reaches it.
    pub fn shares(&self, thresholds: &[f64]) -> Vec<f64> {
        shares(self.maxima.iter(), self.maxima.len(), thresholds)
    }

    /// Returns [`Self::shares`] under permutations `range` of each track by itself.
    ///
    /// METHOD: keeps how the values of each track are distributed and makes tracks independent: what the maximum would be if
    /// tracks had nothing in common. Dependent tracks lie below it.
    ///
    /// * Returns one vector per permutation, each with one share per threshold.
    pub fn within_tracks(&self, thresholds: &[f64], seed: u64, range: Range<u64>) -> Vec<Vec<f64>> {
        let mut maxima = Vec::new();
        let mut track_values = Vec::new();
        let mut permuted = |replicate: u64| {
            let mut stream = RandomStream::new(seed, Purpose::Permutation, replicate);
            maxima.clear();
            maxima.resize(self.maxima.len(), f64::NEG_INFINITY);
            for track in &self.tracks {
                track_values.clear();
                track_values.extend_from_slice(track);
                stream.shuffle(&mut track_values);
                raise(&mut maxima, track_values.iter().copied());
            }
            shares(maxima.iter(), maxima.len(), thresholds)
        };
        range.map(&mut permuted).collect()
    }

    /// Returns, for each threshold, the share among as many rows as are chosen, under permutations `range` of whole rows.
    ///
    /// METHOD: keeps each row's tracks together and asks whether the chosen rows reach the threshold more often than as
    /// many rows at random would. Compare with the share among the chosen rows, [`Self::shares_of`].
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] when flags and rows differ in number, [`StatsError::TooFewRows`] when no row is chosen.
    pub fn whole_rows(
        &self,
        chosen: &[bool],
        thresholds: &[f64],
        seed: u64,
        range: Range<u64>,
    ) -> Result<Vec<Vec<f64>>, StatsError> {
        let count = self.chosen_count(chosen)?;
        let mut order: Vec<f64> = Vec::new();
        let mut permuted = |replicate: u64| {
            order.clear();
            order.extend_from_slice(&self.maxima);
            RandomStream::new(seed, Purpose::Permutation, replicate).shuffle(&mut order);
            shares(order[..count].iter(), count, thresholds)
        };
        Ok(range.map(&mut permuted).collect())
    }

    /// Returns, for each threshold, the share of the chosen rows whose maximum reaches it.
    ///
    /// # Errors
    /// As for [`Self::whole_rows`].
    pub fn shares_of(&self, chosen: &[bool], thresholds: &[f64]) -> Result<Vec<f64>, StatsError> {
        let count = self.chosen_count(chosen)?;
        let rows = self.maxima.iter().zip(chosen).filter(|(_, chosen)| **chosen);
        Ok(shares(rows.map(|(value, _)| value), count, thresholds))
    }

    fn chosen_count(&self, chosen: &[bool]) -> Result<usize, StatsError> {
        same_length("chosen", chosen.len(), "tracks", self.maxima.len())?;
        let count = chosen.iter().filter(|&&chosen| chosen).count();
        row_count(count, 1)?;
        Ok(count)
    }
}

/// Raises each maximum to its value where that is larger.
fn raise(maxima: &mut [f64], values: impl Iterator<Item = f64>) {
    for (maximum, value) in maxima.iter_mut().zip(values) {
        *maximum = maximum.max(value);
    }
}

fn shares<'a>(maxima: impl Iterator<Item = &'a f64> + Clone, rows: usize, thresholds: &[f64]) -> Vec<f64> {
    let share = |&threshold: &f64| {
        let reached = maxima.clone().filter(|&&value| value >= threshold).count();
        reached as f64 / rows as f64
    };
    thresholds.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracks(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    #[test]
    fn published_saturation_comes_out() {
        // Of 20 to 30 independent tracks max |q| > 0.9 in 0.88 to 0.96, max q in 0.64 to 0.79.
        let tail = |of, count| independent_tail(of, 0.9, tracks(count)).unwrap();
        let rounded = |tail: f64| (100.0 * tail).round();
        assert_eq!(rounded(tail(MaximumOf::Magnitude, 20)), 88.0);
        assert_eq!(rounded(tail(MaximumOf::Magnitude, 30)), 96.0);
        assert_eq!(rounded(tail(MaximumOf::Signed, 20)), 64.0);
        assert_eq!(rounded(tail(MaximumOf::Signed, 30)), 79.0);
    }

    #[test]
    fn correlation_leads_from_independent_tracks_to_a_single_one() {
        for of in [MaximumOf::Magnitude, MaximumOf::Signed] {
            let tail = |correlation| equicorrelated_tail(of, 0.95, tracks(100), correlation).unwrap();
            let independent = independent_tail(of, 0.95, tracks(100)).unwrap();
            assert!((tail(1e-12) - independent).abs() < 1e-9);
            let one = independent_tail(of, 0.95, tracks(1)).unwrap();
            assert!((tail(1.0 - 1e-12) - one).abs() < 1e-5, "{} {one}", tail(1.0 - 1e-12));
            let steps: Vec<f64> = (0..=10).map(|step| tail(f64::from(step) / 10.0)).collect();
            assert!(steps.windows(2).all(|pair| pair[0] > pair[1]), "{steps:?}");
        }
    }

    #[test]
    fn one_track_is_uniform_whatever_the_correlation() {
        for correlation in [0.01, 0.5, 0.999] {
            for threshold in [0.0, 0.3, 0.99, 1.0] {
                let tail = equicorrelated_tail(MaximumOf::Magnitude, threshold, tracks(1), correlation).unwrap();
                assert!(
                    (tail - (1.0 - threshold)).abs() < 1e-10,
                    "{correlation} {threshold} {tail}"
                );
            }
        }
        assert!(equicorrelated_tail(MaximumOf::Magnitude, 0.5, tracks(2), -0.1).is_err());
        assert!(independent_tail(MaximumOf::Magnitude, -0.5, tracks(2)).is_err());
    }

    fn uniform_tracks(count: u64, rows: usize) -> Vec<Vec<f64>> {
        let track = |number| {
            let mut stream = RandomStream::new(5, Purpose::Sampling, number);
            (0..rows).map(|_| 2.0 * stream.next_fraction() - 1.0).collect()
        };
        (0..count).map(track).collect()
    }

    #[test]
    fn permuting_within_tracks_gives_the_independent_null_to_copies_of_one_track() {
        let one = uniform_tracks(1, 2_000).remove(0);
        let copies = vec![one.as_slice(); 10];
        let maxima = TrackMaxima::new(MaximumOf::Magnitude, &copies).unwrap();
        // Copies: the maximum is the track itself, 0.1 of it beyond 0.9.
        assert!((maxima.shares(&[0.9])[0] - 0.1).abs() < 0.03);
        let null = maxima.within_tracks(&[0.9], 1, 0..20);
        let mean = null.iter().map(|shares| shares[0]).sum::<f64>() / 20.0;
        // 1 - (share below)^10, with the share that these 2,000 values have.
        let below = 1.0 - maxima.shares(&[0.9])[0];
        assert!((mean - (1.0 - below.powi(10))).abs() < 0.01, "{mean}");
        assert_eq!(maxima.within_tracks(&[0.9], 1, 7..8)[0], null[7]);
    }

    #[test]
    fn chosen_rows_are_compared_with_as_many_rows() {
        let data = uniform_tracks(5, 300);
        let slices: Vec<&[f64]> = data.iter().map(Vec::as_slice).collect();
        let maxima = TrackMaxima::new(MaximumOf::Signed, &slices).unwrap();
        let chosen: Vec<bool> = maxima.of_rows().iter().map(|&value| value >= 0.8).collect();
        assert_eq!(maxima.shares_of(&chosen, &[0.8]).unwrap(), [1.0]);
        let null = maxima.whole_rows(&chosen, &[0.8], 2, 0..200).unwrap();
        let mean = null.iter().map(|shares| shares[0]).sum::<f64>() / 200.0;
        // Hypergeometric: the mean is the share of all rows.
        assert!((mean - maxima.shares(&[0.8])[0]).abs() < 0.02);
        assert!(maxima.whole_rows(&[false; 300], &[0.8], 2, 0..1).is_err());
        let ragged = TrackMaxima::new(MaximumOf::Signed, &[&data[0], &data[1][..3]]);
        assert!(matches!(ragged, Err(StatsError::Track { track: 1, .. })));
    }
}
