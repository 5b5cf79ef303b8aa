//! Quantile scores from a background sample: how unusual a raw score is among common variants.
//!
//! # Formula
//! For each probability p(j) of the published grid the knot is the smallest background value that at least p(j) of the
//! background do not exceed. A raw score has the probability of the largest knot that it reaches, and of the first where
//! it reaches none.
//!
//! METHOD: a raw score that equals several knots (a background with many zeros) has a rank anywhere among its equals.
//! [`TiedRank::Random`] draws it, so that quantiles of further background variants are uniform; [`TiedRank::Middle`] takes
//! the middle, so that equal scores have equal quantiles, and those of the background pile up there.
//!
//! # Limits
//! Knots beyond 1 / (background rows) are the smallest and the largest value of the background. The outermost published
//! probability, 1e-5, takes 100,000 variants or more.
//!
//! # Source
//! AlphaGenome documentation, questions on quantile scores: rank among common variants (allele frequency above 0.01 in any
//! population of gnomAD v3).

use super::error::{StatsError, all_finite, no_nan, row_count, same_length};
use super::quantile_grid::{QUANTILE_GRID_POINTS, QuantileGrid, ScoreSign};
use super::random::{Purpose, RandomStream};

/// The rank of a raw score that equals several knots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TiedRank {
    /// The middle of the probabilities of those knots.
    Middle,
    /// Drawn evenly between the first and the last of those probabilities.
    Random {
        /// Seed of the draws.
        seed: u64,
        /// Number of the score among those that share the seed, such as its row: the draw depends on both alone.
        item: u64,
    },
}

/// The raw scores of one track at the probabilities of the published grid.
///
/// ```
/// use refalt_core::stats::{QuantileTable, ScoreSign, TiedRank};
///
/// let background: Vec<f64> = (0..100_000).map(|value| f64::from(value) / 100_000.0 - 0.5).collect();
/// let table = QuantileTable::from_background(ScoreSign::Signed, &background)?;
/// let quantile = |raw| table.quantile(raw, TiedRank::Middle);
/// assert!(quantile(0.0)?.abs() < 0.012);
/// assert!((quantile(0.4)? - 0.8).abs() < 0.01);
/// // Never beyond the grid.
/// assert!((quantile(99.0)? - 0.99998).abs() < 1e-12);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct QuantileTable {
    sign: ScoreSign,
    knots: Vec<f64>,
}

impl QuantileTable {
    /// Makes the table of one track from the raw scores of background variants, in any order.
    ///
    /// # Errors
    /// [`StatsError::TooFewRows`] for no values, [`StatsError::NotANumber`], [`StatsError::Infinite`].
    pub fn from_background(sign: ScoreSign, background: &[f64]) -> Result<Self, StatsError> {
        row_count(background.len(), 1)?;
        all_finite("background", background)?;
        let mut sorted = background.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self::from_order_statistics(sign, sorted.len(), |place| sorted[place])
    }

    /// Makes the table from background scores that are sorted already, of any type.
    ///
    /// * `value_at`: the score at a place of the ascending order, from 0; it is asked 999 times.
    ///
    /// # Errors
    /// As [`Self::from_background`], and [`StatsError::OutOfRange`] where the order is not ascending.
    pub fn from_order_statistics(
        sign: ScoreSign,
        rows: usize,
        value_at: impl Fn(usize) -> f64,
    ) -> Result<Self, StatsError> {
        row_count(rows, 1)?;
        let knot = |&p: &f64| value_at(((p * rows as f64).ceil() as usize).clamp(1, rows) - 1);
        Self::from_knots(sign, QuantileGrid::shared().probabilities().iter().map(knot).collect())
    }

    /// Takes knots made elsewhere, one for each point of the grid, ascending.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] unless there are 999, values that are not finite, [`StatsError::OutOfRange`] for a knot
    /// below the one before it.
    pub fn from_knots(sign: ScoreSign, knots: Vec<f64>) -> Result<Self, StatsError> {
        same_length("grid", QUANTILE_GRID_POINTS, "knots", knots.len())?;
        all_finite("knots", &knots)?;
        if let Some(pair) = knots.windows(2).find(|pair| pair[0] > pair[1]) {
            return Err(StatsError::OutOfRange {
                parameter: "knot",
                value: pair[1],
                allowed: "at least the knot before it",
            });
        }
        Ok(Self { sign, knots })
    }

    /// Returns the raw scores at the points of the grid, ascending.
    pub fn knots(&self) -> &[f64] {
        &self.knots
    }

    /// Returns whether quantiles run from -1 to 1 or from 0 to 1.
    pub const fn sign(&self) -> ScoreSign {
        self.sign
    }

    /// Returns the point of the grid, from 0, at which a raw score stands.
    ///
    /// # Errors
    /// [`StatsError::NotANumber`] for NaN. Infinities stand at the ends.
    pub fn point(&self, raw: f64, tied: TiedRank) -> Result<usize, StatsError> {
        no_nan("raw score", &[raw])?;
        let below = self.knots.partition_point(|&knot| knot < raw);
        let reached = self.knots.partition_point(|&knot| knot <= raw);
        if reached <= below + 1 {
            return Ok(reached.max(1) - 1);
        }
        let grid = QuantileGrid::shared();
        let p = grid.probabilities();
        let (first, last) = (p[below], p[reached - 1]);
        Ok(match tied {
            TiedRank::Middle => grid.nearest((first + last) / 2.0),
            TiedRank::Random { seed, item } => {
                let drawn = first + (last - first) * RandomStream::new(seed, Purpose::Ties, item).next_fraction();
                p.partition_point(|&p| p <= drawn).clamp(below + 1, reached) - 1
            }
        })
    }

    /// Returns the quantile score of a raw score: -1 to 1 for signed scores, 0 to 1 for unsigned ones.
    ///
    /// # Errors
    /// As for [`Self::point`].
    pub fn quantile(&self, raw: f64, tied: TiedRank) -> Result<f64, StatsError> {
        let point = self.point(raw, tied)?;
        Ok(self.sign.quantile(QuantileGrid::shared().probabilities()[point]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mostly_zero() -> QuantileTable {
        // 600 zeros between 200 negative and 200 positive values.
        let values = (0..1_000).map(|rank: i32| f64::from((rank - 800).max(0) + (rank - 200).min(0)));
        QuantileTable::from_background(ScoreSign::Signed, &values.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn tied_scores_stand_in_the_middle_or_anywhere_among_their_equals() {
        let table = mostly_zero();
        let middle = table.quantile(0.0, TiedRank::Middle).unwrap();
        assert!(middle.abs() < 0.012, "{middle}");
        let drawn: Vec<f64> = (0..200)
            .map(|item| table.quantile(0.0, TiedRank::Random { seed: 3, item }).unwrap())
            .collect();
        // Zeros hold the ranks 0.2 to 0.8: quantiles -0.6 to 0.6.
        assert!(drawn.iter().all(|quantile| (-0.61..=0.61).contains(quantile)));
        assert!(drawn.iter().any(|&q| q < -0.5) && drawn.iter().any(|&q| q > 0.5));
        let again = table.quantile(0.0, TiedRank::Random { seed: 3, item: 7 }).unwrap();
        assert_eq!(again, drawn[7]);
    }

    #[test]
    fn scores_beyond_the_background_stand_at_the_ends_and_order_is_kept() {
        let table = mostly_zero();
        let quantile = |raw| table.quantile(raw, TiedRank::Middle).unwrap();
        assert_eq!(
            quantile(f64::INFINITY),
            ScoreSign::Signed.quantile(QuantileGrid::shared().probabilities()[998])
        );
        assert_eq!(
            quantile(-1e9),
            ScoreSign::Signed.quantile(QuantileGrid::shared().probabilities()[0])
        );
        let scores = [-300.0, -150.0, -1.0, -0.5, 0.0, 0.5, 1.0, 150.0, 300.0];
        assert!(scores.windows(2).all(|pair| quantile(pair[0]) <= quantile(pair[1])));
        assert!(table.point(f64::NAN, TiedRank::Middle).is_err());
    }

    #[test]
    fn knots_make_the_same_table() {
        let table = mostly_zero();
        let again = QuantileTable::from_knots(ScoreSign::Signed, table.knots().to_vec()).unwrap();
        assert_eq!(again, table);
        assert!(QuantileTable::from_knots(ScoreSign::Signed, vec![0.0; 3]).is_err());
        let mut falling = table.knots().to_vec();
        falling[5] = 1e9;
        assert!(QuantileTable::from_knots(ScoreSign::Signed, falling).is_err());
    }
}
