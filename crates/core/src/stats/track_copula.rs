//! The null of the maximum over tracks that keeps how the tracks go together.
//!
//! Every track has its own uniform null, and tracks are correlated: between 1 - t^n (independent) and 1 - t (copies). Here
//! the correlation is that of a sample of variants, pair by pair.
//!
//! METHOD: each track's values in the sample are replaced by normal scores of their ranks, scaled to mean 0 and sum of squares
//! 1: the columns of Z, `[rows x tracks]`. With g of independent standard normal numbers, Z'g is normal with the correlation
//! matrix of the sample and every track standard normal, whatever the sample says about single tracks: variants with large
//! effects raise no null. The largest |q| of a draw is 2 Phi(max |Z'g|) - 1. Neither a matrix of tracks by tracks nor its
//! factors are made.
//!
//! # Limits
//! The dependence is that of normal numbers; tracks that share only their extremes have a smaller maximum than this null. A
//! correlation matrix of R rows has noise of 1 / sqrt(R) in each entry, which moves the maximum little and the effective number
//! of tracks much: the latter is corrected for it.
//!
//! # Source
//! Nelsen (2006), An introduction to copulas, section 2.3; normal scores Phi^-1((rank - 1/2) / rows), Hazen's positions.

use super::error::{StatsError, row_count, track_values};
use super::maximum::MaximumOf;
use super::normal::{normal_cdf, normal_quantile};
use super::random::{Purpose, RandomStream};
use super::rank::average_ranks;
use std::ops::Range;

/// Tracks with the correlation of a sample, each with a uniform null.
#[derive(Clone, Debug)]
pub struct TrackCopula {
    rows: usize,
    tracks: usize,
    constant: usize,
    /// `[rows x tracks]`, row-major, columns of mean 0 and sum of squares 1.
    scores: Vec<f32>,
}

impl TrackCopula {
    /// Takes the scores of the same rows on several tracks; any monotone scale will do.
    ///
    /// Tracks on which all rows are equal have no correlation with anything and are left out ([`Self::constant_tracks`]).
    ///
    /// * `tracks`: one slice per track, each with one value per row.
    ///
    /// # Errors
    /// No track or fewer than 3 rows, tracks of different length, values that are not finite ([`StatsError::Track`]).
    pub fn new(tracks: &[&[f64]]) -> Result<Self, StatsError> {
        row_count(tracks.len(), 1)?;
        let rows = tracks[0].len();
        row_count(rows, 3)?;
        let mut columns: Vec<Vec<f64>> = Vec::with_capacity(tracks.len());
        for (track, values) in tracks.iter().enumerate() {
            track_values(track, rows, values)?;
            columns.extend(normal_scores(values)?);
        }
        let mut scores = vec![0.0; rows * columns.len()];
        for (track, column) in columns.iter().enumerate() {
            for (row, &score) in column.iter().enumerate() {
                scores[row * columns.len() + track] = score as f32;
            }
        }
        Ok(Self {
            rows,
            tracks: columns.len(),
            constant: tracks.len() - columns.len(),
            scores,
        })
    }

    /// Returns the number of tracks with a correlation.
    pub const fn tracks(&self) -> usize {
        self.tracks
    }

    /// Returns the number of tracks that were left out because all rows are equal.
    pub const fn constant_tracks(&self) -> usize {
        self.constant
    }

    /// Returns the mean correlation of two tracks, of the normal scores; `None` with fewer than two tracks.
    pub fn mean_correlation(&self) -> Option<f64> {
        let tracks = self.tracks as f64;
        // The sum of all entries of Z'Z is the squared length of the sum of the columns.
        let all: f64 = self
            .scores
            .chunks(self.tracks.max(1))
            .map(|row| row.iter().map(|&score| f64::from(score)).sum::<f64>().powi(2))
            .sum();
        (self.tracks > 1).then(|| ((all - tracks) / (tracks * (tracks - 1.0))).clamp(-1.0, 1.0))
    }

    /// Returns the effective number of tracks: T^2 / (T + sum over pairs of r^2), the participation ratio of the eigenvalues.
    ///
    /// r^2 of a sample is too large by about 1 / rows even for independent tracks; 1 - (1 - r^2) (R - 1) / (R - 2) takes its
    /// place, whose mean is 0 for them. 0 where no track has a correlation.
    pub fn effective_tracks(&self) -> f64 {
        if self.tracks == 0 {
            return 0.0;
        }
        let (rows, tracks) = (self.rows as f64, self.tracks as f64);
        // The sum of squares of Z'Z is that of ZZ', which is smaller.
        let row = |index: usize| &self.scores[index * self.tracks..][..self.tracks];
        let mut squares = 0.0;
        for first in 0..self.rows {
            for second in 0..=first {
                let product: f32 = row(first).iter().zip(row(second)).map(|(a, b)| a * b).sum();
                squares += f64::from(product).powi(2) * if first == second { 1.0 } else { 2.0 };
            }
        }
        let pairs = tracks * (tracks - 1.0);
        let off = squares - tracks;
        let adjusted = pairs - (pairs - off) * (rows - 1.0) / (rows - 2.0);
        tracks * tracks / (tracks + adjusted.clamp(0.0, pairs))
    }

    /// Returns the maxima of draws `range` from the null, of |q| or of q; a draw depends on (`seed`, its number) alone.
    ///
    /// Unsigned quantiles u have the maxima of q = 2 u - 1.
    pub fn maxima(&self, of: MaximumOf, seed: u64, range: Range<u64>) -> Vec<f64> {
        let mut drawn = vec![0f32; self.tracks];
        let mut draw = |replicate: u64| {
            let mut stream = RandomStream::new(seed, Purpose::Sampling, replicate);
            drawn.fill(0.0);
            for row in self.scores.chunks(self.tracks.max(1)) {
                let weight = normal(&mut stream) as f32;
                for (sum, score) in drawn.iter_mut().zip(row) {
                    *sum += weight * score;
                }
            }
            let value = |value: &f32| match of {
                MaximumOf::Magnitude => value.abs(),
                MaximumOf::Signed => *value,
            };
            let largest = drawn.iter().map(value).fold(f32::NEG_INFINITY, f32::max);
            1.0 - 2.0 * normal_cdf(-f64::from(largest))
        };
        range.map(&mut draw).collect()
    }
}

/// A standard normal number.
fn normal(stream: &mut RandomStream) -> f64 {
    // Half a step above 0, where the quantile is infinite.
    let fraction = stream.next_fraction() + 0.5 / (1u64 << 53) as f64;
    normal_quantile(fraction.min(1.0 - f64::EPSILON / 2.0)).unwrap_or(0.0)
}

/// The normal scores of the ranks with mean 0 and sum of squares 1; `None` when all values are equal.
fn normal_scores(values: &[f64]) -> Result<Option<Vec<f64>>, StatsError> {
    let rows = values.len() as f64;
    let score = |rank: &f64| normal_quantile((rank - 0.5) / rows);
    let mut scores = average_ranks(values)?
        .iter()
        .map(score)
        .collect::<Result<Vec<_>, _>>()?;
    let mean = scores.iter().sum::<f64>() / rows;
    scores.iter_mut().for_each(|score| *score -= mean);
    let squares = scores.iter().map(|score| score * score).sum::<f64>();
    if squares <= 1e-12 {
        return Ok(None);
    }
    scores.iter_mut().for_each(|score| *score /= squares.sqrt());
    Ok(Some(scores))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{equicorrelated_tail, independent_tail};

    fn sample(rows: usize, tracks: usize, rho: f64) -> Vec<Vec<f64>> {
        let mut stream = RandomStream::new(8, Purpose::Bootstrap, 1);
        let mut columns = vec![Vec::new(); tracks];
        for _ in 0..rows {
            let shared = normal(&mut stream);
            for column in &mut columns {
                column.push(rho.sqrt() * shared + (1.0 - rho).sqrt() * normal(&mut stream));
            }
        }
        columns
    }

    fn share(copula: &TrackCopula, threshold: f64, draws: u64) -> f64 {
        let maxima = copula.maxima(MaximumOf::Magnitude, 3, 0..draws);
        maxima.iter().filter(|&&q| q >= threshold).count() as f64 / draws as f64
    }

    #[test]
    fn equal_correlations_have_the_closed_form() {
        for (tracks, rho) in [(8, 0.0), (8, 0.5), (20, 0.8)] {
            let columns = sample(1_500, tracks, rho);
            let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let copula = TrackCopula::new(&slices).unwrap();
            let mean = copula.mean_correlation().unwrap();
            assert!((mean - rho).abs() < 0.04, "{mean} {rho}");
            let count = u32::try_from(tracks).unwrap().try_into().unwrap();
            let expected = equicorrelated_tail(MaximumOf::Magnitude, 0.9, count, rho).unwrap();
            // Four binomial standard errors of 4,000 draws, and the noise of the sample's correlations.
            let found = share(&copula, 0.9, 4_000);
            assert!((found - expected).abs() < 0.04, "{tracks} {rho}: {found} {expected}");
            // T^2 / (T + T (T - 1) rho^2).
            let t = tracks as f64;
            let effective = t / (1.0 + (t - 1.0) * rho * rho);
            assert!((copula.effective_tracks() / effective - 1.0).abs() < 0.1);
        }
    }

    #[test]
    fn copies_are_one_track_and_constant_tracks_are_none() {
        let column = &sample(200, 1, 0.0)[0];
        let constant = vec![1.0; 200];
        let copula = TrackCopula::new(&[column, column, &constant, column]).unwrap();
        assert_eq!((copula.tracks(), copula.constant_tracks()), (3, 1));
        assert!((copula.mean_correlation().unwrap() - 1.0).abs() < 1e-6);
        assert!((copula.effective_tracks() - 1.0).abs() < 0.01);
        let one = independent_tail(MaximumOf::Magnitude, 0.9, std::num::NonZeroU32::MIN).unwrap();
        assert!((share(&copula, 0.9, 4_000) - one).abs() < 0.02);
        let draws = |range| copula.maxima(MaximumOf::Signed, 3, range);
        assert_eq!(draws(5..6)[0], draws(0..10)[5]);
        // One track: q is beyond 0 half of the time.
        let above = draws(0..4_000).iter().filter(|&&q| q > 0.0).count() as f64 / 4_000.0;
        assert!((above - 0.5).abs() < 0.04, "{above}");
    }

    #[test]
    fn samples_that_do_not_fit_are_named() {
        assert!(TrackCopula::new(&[]).is_err());
        assert!(TrackCopula::new(&[&[1.0, 2.0]]).is_err());
        let ragged = TrackCopula::new(&[&[1.0, 2.0, 3.0], &[1.0, f64::NAN, 3.0]]);
        assert!(matches!(ragged, Err(StatsError::Track { track: 1, .. })));
    }
}
