//! Running numbers over scores: the one definition of a summary.
//!
//! The summaries that a run writes and those of an export are made of it, so that they are the same numbers: NaN is counted
//! and enters nothing else, sums are made in 64 bits, of equal sizes the first stays.

/// Where a score stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    track: u32,
    row: u32,
    scorer: u32,
}

impl Place {
    pub(crate) fn new(track: usize, row: usize, scorer: usize) -> Self {
        let short = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            track: short(track),
            row: short(row),
            scorer: short(scorer),
        }
    }

    pub(crate) fn track(self) -> usize {
        self.track as usize
    }

    pub(crate) fn row(self) -> usize {
        self.row as usize
    }

    pub(crate) fn scorer(self) -> usize {
        self.scorer as usize
    }
}

/// Count, extremes and sum of scores; NaN is counted and enters nothing else.
///
/// `P` is what is kept of the score of the greatest size: its place in a block, or the name of its track.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally<P = Place> {
    scores: u64,
    nan: u64,
    max: f32,
    min: f32,
    sum: f64,
    extreme: f32,
    place: P,
}

impl<P: Default> Default for Tally<P> {
    fn default() -> Self {
        Self {
            scores: 0,
            nan: 0,
            max: f32::NEG_INFINITY,
            min: f32::INFINITY,
            sum: 0.0,
            extreme: 0.0,
            place: P::default(),
        }
    }
}

impl<P> Tally<P> {
    /// Adds a score; scores come in the order of their tracks. `keep` is asked for the place only when it is kept.
    #[inline]
    pub(crate) fn add_with(&mut self, score: f32, keep: impl FnOnce(&mut P)) {
        self.scores += 1;
        if score.is_nan() {
            self.nan += 1;
            return;
        }
        self.max = self.max.max(score);
        self.min = self.min.min(score);
        self.sum += f64::from(score);
        if score.abs() > self.extreme.abs() || self.scores == self.nan + 1 {
            self.extreme = score;
            keep(&mut self.place);
        }
    }

    /// Returns how many scores are not NaN.
    pub(crate) fn known(&self) -> u64 {
        self.scores - self.nan
    }

    /// Returns a number that there is only when a score is known.
    fn of_known<T>(&self, number: T) -> Option<T> {
        (self.known() > 0).then_some(number)
    }

    pub(crate) fn scores(&self) -> u64 {
        self.scores
    }

    pub(crate) fn nan(&self) -> u64 {
        self.nan
    }

    pub(crate) fn max(&self) -> Option<f32> {
        self.of_known(self.max)
    }

    pub(crate) fn min(&self) -> Option<f32> {
        self.of_known(self.min)
    }

    pub(crate) fn mean(&self) -> Option<f32> {
        self.of_known((self.sum / self.known() as f64) as f32)
    }

    /// Returns the score with the largest absolute value, and where it stands.
    pub(crate) fn extreme(&self) -> Option<(f32, &P)> {
        self.of_known((self.extreme, &self.place))
    }
}

impl Tally<String> {
    /// Forgets all scores and keeps the room of the name.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            place: std::mem::take(&mut self.place),
            ..Self::default()
        };
        self.place.clear();
    }
}

impl Tally {
    /// Adds a score that stands at a place.
    #[inline]
    pub(crate) fn add(&mut self, score: f32, place: Place) {
        self.add_with(score, |kept| *kept = place);
    }

    /// Adds the scores of another tally; of equal extremes the one of the first track stays, then the one that was there.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.known() > 0 {
            let (ours, theirs) = (self.extreme.abs(), other.extreme.abs());
            let first = theirs == ours && other.place.track < self.place.track;
            if self.known() == 0 || theirs > ours || first {
                (self.extreme, self.place) = (other.extreme, other.place);
            }
        }
        self.scores += other.scores;
        self.nan += other.nan;
        self.max = self.max.max(other.max);
        self.min = self.min.min(other.min);
        self.sum += other.sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(scores: &[f32]) -> Tally {
        let mut tally = Tally::default();
        for (track, &score) in scores.iter().enumerate() {
            tally.add(score, Place::new(track, 0, 0));
        }
        tally
    }

    #[test]
    fn the_first_track_wins_among_equal_sizes() {
        let tally = tally(&[1.0, -2.0, f32::NAN, 2.0]);
        assert_eq!((tally.scores(), tally.nan()), (4, 1));
        assert_eq!((tally.max(), tally.min()), (Some(2.0), Some(-2.0)));
        // (1 - 2 + 2) / 3
        assert_eq!(tally.mean(), Some(1.0 / 3.0));
        let (score, place) = tally.extreme().unwrap();
        assert_eq!((score, place.track()), (-2.0, 1));
    }

    #[test]
    fn a_merge_is_the_tally_of_all_whatever_the_order() {
        let mut later = Tally::default();
        later.add(3.0, Place::new(5, 1, 0));
        let mut earlier = Tally::default();
        earlier.add(-3.0, Place::new(2, 0, 0));
        for (mut one, other) in [(later, earlier), (earlier, later)] {
            one.merge(&other);
            let (score, place) = one.extreme().unwrap();
            assert_eq!((score, place.track()), (-3.0, 2));
            assert_eq!((one.max(), one.min(), one.mean()), (Some(3.0), Some(-3.0), Some(0.0)));
        }
    }

    #[test]
    fn nothing_but_nan_has_no_numbers() {
        let mut none = tally(&[f32::NAN, f32::NAN]);
        assert_eq!((none.scores(), none.nan()), (2, 2));
        assert_eq!((none.max(), none.mean(), none.extreme()), (None, None, None));
        none.merge(&tally(&[0.0]));
        assert_eq!(none.extreme().map(|(score, _)| score), Some(0.0));
    }

    #[test]
    fn a_tally_with_names_keeps_the_first_of_equal_sizes_and_can_be_used_again() {
        let mut tally = Tally::<String>::default();
        for (score, track) in [(f32::NAN, "a"), (1.0, "b"), (-4.0, "c"), (4.0, "d"), (1.0, "e")] {
            tally.add_with(score, |name| track.clone_into(name));
        }
        // (1 - 4 + 4 + 1) / 4 = 0.5; of -4 and 4 the first.
        assert_eq!(
            (tally.max(), tally.min(), tally.mean()),
            (Some(4.0), Some(-4.0), Some(0.5))
        );
        assert_eq!((tally.extreme(), tally.known()), (Some((-4.0, &"c".to_owned())), 4));
        tally.clear();
        assert_eq!((tally.known(), tally.max()), (0, None));
        tally.add_with(-2.0, |name| name.push('f'));
        assert_eq!(
            (tally.max(), tally.extreme()),
            (Some(-2.0), Some((-2.0, &"f".to_owned())))
        );
    }
}
