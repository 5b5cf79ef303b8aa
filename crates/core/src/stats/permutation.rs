//! Permutation tests: one statistic, or a family of tracks against one measurement.
//!
//! Permutation `r` depends on (`seed`, `r`) alone, so that ranges may be computed on any number of threads.
//!
//! METHOD: the p-value is (b + 1) / (B + 1) with b of B permutations at least as extreme: never 0, and valid at any B.
//!
//! METHOD: rows must be exchangeable when prediction and measurement are unrelated. Neighbouring variants that
//! share effects are not; their permutation p-values are too small. [`WholeClusters`](super::WholeClusters) and
//! [`ClusterFlips`](super::ClusterFlips) keep clusters of such rows whole.
//!
//! # Source
//! Phipson and Smyth (2010), Permutation p-values should never be zero, doi:10.2202/1544-6115.1585.
//! Westfall and Young (1993), Resampling-based multiple testing (single-step maximum).

use super::error::{StatsError, all_finite, no_nan, row_count, same_length};
use super::random::{Purpose, RandomStream};
use super::rank::average_ranks;
use std::ops::Range;

/// Which values count as extreme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alternative {
    /// Far from 0 on either side: magnitudes are compared. For statistics that are 0 by chance.
    TwoSided,
    /// Large.
    Greater,
}

impl Alternative {
    /// Returns the value whose size says how extreme `statistic` is.
    fn extremeness(self, statistic: f64) -> f64 {
        match self {
            Self::TwoSided => statistic.abs(),
            Self::Greater => statistic,
        }
    }

    /// Returns the name in tables and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TwoSided => "two-sided",
            Self::Greater => "greater",
        }
    }
}

/// The least value that counts as reaching `observed`: sums in another order differ by rounding.
fn reaching(observed: f64) -> f64 {
    observed - 1e-13 * observed.abs().max(1e-3)
}

/// Evaluates `statistic` on permutations `range` of `rows` rows, in order.
///
/// * `statistic`: receives the row (from 0) that stands in each place; apply it to one of the two columns.
///
/// ```
/// use refalt_core::stats::{Alternative, pearson, permutation_p_value, permutation_range};
///
/// let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let y = [1.1, 1.9, 3.2, 3.9, 5.5, 5.8];
/// let shuffled = |order: &[u32]| {
///     let y: Vec<f64> = order.iter().map(|&row| y[row as usize]).collect();
///     pearson(&x, &y).unwrap_or(0.0)
/// };
/// let null = permutation_range(x.len(), 1, 0..999, shuffled)?;
/// assert!(permutation_p_value(pearson(&x, &y)?, &null, Alternative::Greater)? < 0.01);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooManyRows`] above 2^31 - 1 rows.
pub fn permutation_range(
    rows: usize,
    seed: u64,
    range: Range<u64>,
    mut statistic: impl FnMut(&[u32]) -> f64,
) -> Result<Vec<f64>, StatsError> {
    row_count(rows, 0)?;
    let mut order = Vec::with_capacity(rows);
    let mut evaluate = |replicate| {
        permute(rows, seed, replicate, &mut order);
        statistic(&order)
    };
    Ok(range.map(&mut evaluate).collect())
}

/// Writes permutation `replicate` of `rows` rows into `order`.
fn permute(rows: usize, seed: u64, replicate: u64, order: &mut Vec<u32>) {
    order.clear();
    order.extend(0..rows as u32);
    RandomStream::new(seed, Purpose::Permutation, replicate).shuffle(order);
}

/// Returns (b + 1) / (B + 1), with b of the B values of `null` at least as extreme as `observed`.
///
/// Values that fall short by rounding (relative 1e-13, at least 1e-16) count as equal.
///
/// # Errors
/// [`StatsError::NoReplicates`] for an empty `null`, [`StatsError::NotANumber`] for NaN anywhere.
pub fn permutation_p_value(observed: f64, null: &[f64], alternative: Alternative) -> Result<f64, StatsError> {
    if null.is_empty() {
        return Err(StatsError::NoReplicates);
    }
    no_nan("observed", &[observed])?;
    no_nan("null", null)?;
    let least = reaching(alternative.extremeness(observed));
    let reached = null
        .iter()
        .filter(|&&value| alternative.extremeness(value) >= least)
        .count();
    Ok((reached + 1) as f64 / (null.len() + 1) as f64)
}

/// Many tracks correlated with one measurement, prepared for permuting the measurement.
///
/// One permutation serves all tracks, so that the dependence between tracks is kept: the largest of their
/// correlations under permutation gives p-values adjusted for the family.
#[derive(Clone, Debug)]
pub struct TrackFamily {
    pub(super) measured: Vec<f64>,
    /// Unit vectors; `None` for a constant track, which has no correlation.
    pub(super) tracks: Vec<Option<Vec<f64>>>,
}

impl TrackFamily {
    /// Prepares Pearson correlations.
    ///
    /// * `tracks`: one slice per track, each with one value per row of `measured`. Constant tracks are kept, without
    ///   correlation and without p-value.
    ///
    /// # Errors
    /// Fewer than 2 rows, values that are not finite, a constant measurement; for a track, [`StatsError::Track`]
    /// around the same.
    pub fn pearson(measured: &[f64], tracks: &[&[f64]]) -> Result<Self, StatsError> {
        Self::of(measured, tracks, |column, values| {
            all_finite(column, values)?;
            Ok(values.to_vec())
        })
    }

    /// Prepares Spearman correlations. Ranks do not change when rows are permuted, so they are taken once.
    ///
    /// # Errors
    /// As for [`TrackFamily::pearson`]; infinities are ranked.
    pub fn spearman(measured: &[f64], tracks: &[&[f64]]) -> Result<Self, StatsError> {
        Self::of(measured, tracks, |column, values| {
            no_nan(column, values)?;
            average_ranks(values)
        })
    }

    fn of(
        measured: &[f64],
        tracks: &[&[f64]],
        prepare: impl Fn(&'static str, &[f64]) -> Result<Vec<f64>, StatsError>,
    ) -> Result<Self, StatsError> {
        row_count(measured.len(), 2)?;
        let rows = measured.len();
        let constant = StatsError::Constant {
            column: "measured",
            rows,
        };
        let measured = unit_vector(prepare("measured", measured)?).ok_or(constant)?;
        let track = |(track, values): (usize, &&[f64])| {
            let prepared = same_length("measured", rows, "track", values.len()).and_then(|()| prepare("track", values));
            let prepared = prepared.map_err(|source| StatsError::Track {
                track,
                source: Box::new(source),
            })?;
            Ok(unit_vector(prepared))
        };
        let tracks = tracks.iter().enumerate().map(track).collect::<Result<_, _>>()?;
        Ok(Self { measured, tracks })
    }

    /// Returns the correlation of each track with the measurement; `None` for a constant track.
    pub fn observed(&self) -> Vec<Option<f64>> {
        self.tracks
            .iter()
            .map(|track| track.as_ref().map(|track| dot(track, &self.measured)))
            .collect()
    }

    /// Counts, over permutations `range`, how often each observed correlation is reached.
    ///
    /// Counts of disjoint ranges are put together with [`Exceedances::merge`]; the sum does not depend on the split.
    pub fn exceedances(&self, alternative: Alternative, seed: u64, range: Range<u64>) -> Exceedances {
        let mut order = Vec::with_capacity(self.measured.len());
        self.count(alternative, range, |replicate, arranged| {
            permute(self.measured.len(), seed, replicate, &mut order);
            for (value, &row) in arranged.iter_mut().zip(&order) {
                *value = self.measured[row as usize];
            }
        })
    }

    /// Counts, over rotations of the measurement, how often each observed correlation is reached.
    ///
    /// A rotation by `k` puts the measured value of row i into row (i + k) modulo the number of rows.
    ///
    /// METHOD: where rows follow each other along a sequence and neighbours are alike, a rotation keeps the likeness
    /// that a permutation destroys. It asks whether prediction and measurement fit at the same place, given how long
    /// their runs of like values are. Rows are taken as a circle and as equally spaced.
    ///
    /// * `by`: the rotations, without 0, which is the observed arrangement; with all of `1..rows` every arrangement is
    ///   counted once, and p is at least 1 / rows. Where rows come in groups (alternate bases of one position), rotate
    ///   by whole groups: other rotations break the groups and make the p-value too small.
    pub fn rotation_exceedances(&self, alternative: Alternative, by: &[usize]) -> Exceedances {
        self.count(alternative, by.iter().copied(), |rotation, arranged| {
            arranged.copy_from_slice(&self.measured);
            arranged.rotate_right(rotation % self.measured.len());
        })
    }

    /// Counts over the arrangements of the measurement that `arrange` writes.
    pub(super) fn count<T>(
        &self,
        alternative: Alternative,
        arrangements: impl Iterator<Item = T>,
        mut arrange: impl FnMut(T, &mut [f64]),
    ) -> Exceedances {
        let least: Vec<Option<f64>> = self
            .observed()
            .into_iter()
            .map(|observed| observed.map(|value| reaching(alternative.extremeness(value))))
            .collect();
        let mut counts = Exceedances {
            permutations: 0,
            own: least.iter().map(|least| least.map(|_| 0)).collect(),
            family: least.iter().map(|least| least.map(|_| 0)).collect(),
        };
        let mut arranged = vec![0.0; self.measured.len()];
        for arrangement in arrangements {
            arrange(arrangement, &mut arranged);
            let mut largest = f64::NEG_INFINITY;
            for (track, (least, own)) in self.tracks.iter().zip(least.iter().zip(&mut counts.own)) {
                if let (Some(track), Some(least), Some(own)) = (track, least, own) {
                    let value = alternative.extremeness(dot(track, &arranged));
                    largest = largest.max(value);
                    *own += u64::from(value >= *least);
                }
            }
            for (least, family) in least.iter().zip(&mut counts.family) {
                if let (Some(least), Some(family)) = (least, family) {
                    *family += u64::from(largest >= *least);
                }
            }
            counts.permutations += 1;
        }
        counts
    }
}

/// How often permutations reached each track's observed correlation; `None` for constant tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceedances {
    /// Number of permutations.
    pub permutations: u64,
    /// Permutations in which the track itself reached its observed correlation.
    pub own: Vec<Option<u64>>,
    /// Permutations in which any track of the family reached it.
    pub family: Vec<Option<u64>>,
}

impl Exceedances {
    /// Adds the counts of other permutations of the same family.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] when the numbers of tracks differ.
    pub fn merge(mut self, other: &Self) -> Result<Self, StatsError> {
        same_length("tracks", self.own.len(), "other tracks", other.own.len())?;
        let add = |own: &mut Vec<Option<u64>>, other: &[Option<u64>]| {
            for (own, other) in own.iter_mut().zip(other) {
                *own = own.zip(*other).map(|(own, other)| own + other);
            }
        };
        add(&mut self.own, &other.own);
        add(&mut self.family, &other.family);
        self.permutations += other.permutations;
        Ok(self)
    }

    /// Returns the p-value of each track on its own: (b + 1) / (B + 1).
    pub fn p_values(&self) -> Vec<Option<f64>> {
        self.shares(&self.own)
    }

    /// Returns the p-value of each track adjusted for having looked at all tracks (single-step maximum).
    pub fn adjusted_p_values(&self) -> Vec<Option<f64>> {
        self.shares(&self.family)
    }

    fn shares(&self, counts: &[Option<u64>]) -> Vec<Option<f64>> {
        let share = |count: u64| (count + 1) as f64 / (self.permutations + 1) as f64;
        counts.iter().map(|count| count.map(share)).collect()
    }
}

/// Centres and scales to length 1; `None` when all values are equal.
fn unit_vector(mut values: Vec<f64>) -> Option<Vec<f64>> {
    if values.iter().all(|value| *value == values[0]) {
        return None;
    }
    // Scaling by the largest magnitude before and after centring keeps sums and squares within the doubles.
    for centre in [false, true] {
        if centre {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            values.iter_mut().for_each(|value| *value -= mean);
        }
        let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        values.iter_mut().for_each(|value| *value /= largest);
    }
    let length = dot(&values, &values).sqrt();
    values.iter_mut().for_each(|value| *value /= length);
    Some(values)
}

/// The scalar product, in eight partial sums.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    for (left, right) in left.chunks(8).zip(right.chunks(8)) {
        for (lane, (left, right)) in lanes.iter_mut().zip(left.iter().zip(right)) {
            *lane += left * right;
        }
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{pearson, spearman};

    fn uniform_columns(rows: usize, columns: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut stream = RandomStream::new(seed, Purpose::Sampling, 0);
        (0..columns)
            .map(|_| (0..rows).map(|_| stream.next_fraction()).collect())
            .collect()
    }

    fn slices(columns: &[Vec<f64>]) -> Vec<&[f64]> {
        columns.iter().map(Vec::as_slice).collect()
    }

    #[test]
    fn the_p_value_is_never_zero_and_counts_ties() {
        let null = [0.1, -0.5, 0.5, 0.2];
        let p = |observed, alternative| permutation_p_value(observed, &null, alternative).unwrap();
        assert_eq!(p(0.9, Alternative::TwoSided), 1.0 / 5.0);
        assert_eq!(p(0.5, Alternative::Greater), 2.0 / 5.0);
        assert_eq!(p(0.5, Alternative::TwoSided), 3.0 / 5.0);
        assert_eq!(p(-0.5, Alternative::Greater), 1.0);
        assert_eq!(p(0.5 + 1e-15, Alternative::Greater), 2.0 / 5.0);
    }

    #[test]
    fn an_empty_null_is_refused() {
        assert_eq!(
            permutation_p_value(1.0, &[], Alternative::Greater),
            Err(StatsError::NoReplicates)
        );
        assert!(permutation_p_value(f64::NAN, &[1.0], Alternative::Greater).is_err());
    }

    #[test]
    fn observed_values_are_the_correlations() {
        let columns = uniform_columns(30, 4, 1);
        let tracks = slices(&columns[1..]);
        let linear = TrackFamily::pearson(&columns[0], &tracks).unwrap().observed();
        let ranked = TrackFamily::spearman(&columns[0], &tracks).unwrap().observed();
        for (track, (linear, ranked)) in tracks.iter().zip(linear.iter().zip(&ranked)) {
            assert!((linear.unwrap() - pearson(&columns[0], track).unwrap()).abs() < 1e-14);
            assert!((ranked.unwrap() - spearman(&columns[0], track).unwrap()).abs() < 1e-14);
        }
    }

    #[test]
    fn counts_equal_those_of_the_general_test_and_do_not_depend_on_the_split() {
        let columns = uniform_columns(12, 3, 2);
        let family = TrackFamily::pearson(&columns[0], &slices(&columns[1..])).unwrap();
        let all = family.exceedances(Alternative::TwoSided, 5, 0..200);
        let early = family.exceedances(Alternative::TwoSided, 5, 0..70);
        let late = family.exceedances(Alternative::TwoSided, 5, 70..200);
        assert_eq!(late.merge(&early).unwrap(), all);
        for (track, p) in columns[1..].iter().zip(all.p_values()) {
            let null = permutation_range(12, 5, 0..200, |order| {
                let measured: Vec<f64> = order.iter().map(|&row| columns[0][row as usize]).collect();
                pearson(track, &measured).unwrap()
            })
            .unwrap();
            let observed = pearson(track, &columns[0]).unwrap();
            assert_eq!(p, permutation_p_value(observed, &null, Alternative::TwoSided).ok());
        }
    }

    #[test]
    fn rotations_are_counted_as_written_out() {
        // Rotations of (1, 2, 4): (4, 1, 2) and (2, 4, 1); with the track (1, 2, 3), centred (-1, 0, 1), the products are
        // 3 as observed, -2 and -1.
        let family = TrackFamily::pearson(&[1.0, 2.0, 4.0], &[&[1.0, 2.0, 3.0], &[3.0, 1.0, 2.0]]).unwrap();
        let greater = family.rotation_exceedances(Alternative::Greater, &[1, 2]);
        assert_eq!((greater.permutations, greater.own[0]), (2, Some(0)));
        // The track (3, 1, 2), centred (1, -1, 0), products 1 - 2 = -1, 4 - 1 = 3, 2 - 4 = -2: one rotation lies above -1.
        assert_eq!(greater.own[1], Some(1));
        // The largest of both tracks: max(-2, 3) reaches 3 and -1, max(-1, -2) reaches -1 only.
        assert_eq!(greater.family, [Some(1), Some(2)]);
        let split = family.rotation_exceedances(Alternative::Greater, &[2]);
        let early = family.rotation_exceedances(Alternative::Greater, &[1]);
        assert_eq!(split.merge(&early).unwrap(), greater);
        let itself = family.rotation_exceedances(Alternative::Greater, &[0]);
        assert_eq!(itself.own, [Some(1), Some(1)]);
    }

    #[test]
    fn like_neighbours_make_permutations_but_not_rotations_too_sure() {
        // Two unrelated columns of runs of 10 like rows: 200 rows that weigh like 20.
        let runs = |seed: u64| -> Vec<f64> {
            let steps = uniform_columns(20, 1, seed).remove(0);
            (0..200).map(|row| steps[row / 10]).collect()
        };
        let whole_runs: Vec<usize> = (1..20).map(|run| run * 10).collect();
        let tables = 200;
        let mut declared = (0, 0);
        for table in 0..tables {
            let family = TrackFamily::pearson(&runs(1_000 + table), &[&runs(9_000 + table)]).unwrap();
            let least = |counts: Exceedances| counts.p_values()[0].unwrap() <= 0.1;
            declared.0 += u32::from(least(family.exceedances(Alternative::TwoSided, table, 0..99)));
            declared.1 += u32::from(least(family.rotation_exceedances(Alternative::TwoSided, &whole_runs)));
        }
        // At the 0.1 level a tenth of 200 is 20, with a standard error of 4.
        assert!(declared.0 > 80, "{declared:?}");
        assert!((8..=32).contains(&declared.1), "{declared:?}");
    }

    #[test]
    fn a_family_of_one_needs_no_adjustment_and_a_larger_one_does() {
        let columns = uniform_columns(20, 6, 3);
        let one = TrackFamily::pearson(&columns[0], &slices(&columns[1..2])).unwrap();
        let counts = one.exceedances(Alternative::Greater, 1, 0..300);
        assert_eq!(counts.p_values(), counts.adjusted_p_values());
        let five = TrackFamily::pearson(&columns[0], &slices(&columns[1..])).unwrap();
        let counts = five.exceedances(Alternative::Greater, 1, 0..300);
        for (own, adjusted) in counts.p_values().iter().zip(counts.adjusted_p_values()) {
            assert!(*own <= adjusted);
        }
        assert_ne!(counts.p_values(), counts.adjusted_p_values());
    }

    #[test]
    fn constant_tracks_have_no_p_value_and_bad_tracks_are_named() {
        let measured = [1.0, 2.0, 4.0];
        let family = TrackFamily::pearson(&measured, &[&[5.0; 3], &[1.0, 2.0, 3.0]]).unwrap();
        assert_eq!(family.observed()[0], None);
        let counts = family.exceedances(Alternative::Greater, 0, 0..10);
        assert_eq!((counts.p_values()[0], counts.adjusted_p_values()[0]), (None, None));
        let bad = TrackFamily::pearson(&measured, &[&[1.0, 2.0, 3.0], &[1.0, f64::NAN, 2.0]]);
        assert!(matches!(bad, Err(StatsError::Track { track: 1, .. })));
        assert!(TrackFamily::pearson(&[1.0; 3], &[]).is_err());
    }

    #[test]
    fn unrelated_tracks_are_declared_at_the_stated_rate() {
        // Family-wise: the smallest adjusted p of 5 unrelated tracks is at most 0.1 in a tenth of the tables.
        let tables = 300;
        let declared = (0..tables)
            .filter(|&table| {
                let columns = uniform_columns(15, 6, 100 + table);
                let family = TrackFamily::spearman(&columns[0], &slices(&columns[1..])).unwrap();
                let adjusted = family
                    .exceedances(Alternative::TwoSided, table, 0..99)
                    .adjusted_p_values();
                adjusted.into_iter().flatten().any(|p| p <= 0.1)
            })
            .count();
        // Standard error sqrt(0.1 * 0.9 / 300) = 0.017; unadjusted it would be near 1 - 0.9^5 = 0.41.
        let share = declared as f64 / tables as f64;
        assert!((0.04..=0.16).contains(&share), "{share}");
    }
}
