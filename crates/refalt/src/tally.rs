//! Running numbers over scores.

/// Where a score stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    track: u32,
    row: u32,
    scorer: u32,
}

impl Place {
    pub(super) fn new(track: usize, row: usize, scorer: usize) -> Self {
        let short = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            track: short(track),
            row: short(row),
            scorer: short(scorer),
        }
    }

    pub(super) fn track(self) -> usize {
        self.track as usize
    }

    pub(super) fn row(self) -> usize {
        self.row as usize
    }

    pub(super) fn scorer(self) -> usize {
        self.scorer as usize
    }
}

/// Count, extremes and sum of scores; NaN is counted and enters nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    scores: u64,
    nan: u64,
    max: f32,
    min: f32,
    sum: f64,
    extreme: f32,
    place: Place,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            scores: 0,
            nan: 0,
            max: f32::NEG_INFINITY,
            min: f32::INFINITY,
            sum: 0.0,
            extreme: 0.0,
            place: Place::default(),
        }
    }
}

impl Tally {
    /// Adds a score; scores come in the order of their tracks.
    #[inline]
    pub(super) fn add(&mut self, score: f32, place: Place) {
        self.scores += 1;
        if score.is_nan() {
            self.nan += 1;
            return;
        }
        self.max = self.max.max(score);
        self.min = self.min.min(score);
        self.sum += f64::from(score);
        if score.abs() > self.extreme.abs() || self.scores == self.nan + 1 {
            (self.extreme, self.place) = (score, place);
        }
    }

    /// Adds the scores of another tally; of equal extremes the one of the first track stays, then the one that was there.
    pub(super) fn merge(&mut self, other: &Self) {
        if other.scores > other.nan {
            let (ours, theirs) = (self.extreme.abs(), other.extreme.abs());
            let first = theirs == ours && other.place.track < self.place.track;
            if self.scores == self.nan || theirs > ours || first {
                (self.extreme, self.place) = (other.extreme, other.place);
            }
        }
        self.scores += other.scores;
        self.nan += other.nan;
        self.max = self.max.max(other.max);
        self.min = self.min.min(other.min);
        self.sum += other.sum;
    }

    fn known(&self) -> Option<u64> {
        Some(self.scores - self.nan).filter(|&known| known > 0)
    }

    pub(super) fn scores(&self) -> u64 {
        self.scores
    }

    pub(super) fn nan(&self) -> u64 {
        self.nan
    }

    pub(super) fn max(&self) -> Option<f32> {
        self.known().map(|_| self.max)
    }

    pub(super) fn min(&self) -> Option<f32> {
        self.known().map(|_| self.min)
    }

    pub(super) fn mean(&self) -> Option<f32> {
        self.known().map(|known| (self.sum / known as f64) as f32)
    }

    /// Returns the score with the largest absolute value, and where it stands.
    pub(super) fn extreme(&self) -> Option<(f32, Place)> {
        self.known().map(|_| (self.extreme, self.place))
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
}
