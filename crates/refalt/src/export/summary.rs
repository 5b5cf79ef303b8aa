//! One number for each variant and scorer, from the scores of its tracks; and one for each gene.

use super::ExportError;

/// A summary over the tracks of a scorer (and over its genes, for scorers that work by gene).
///
/// Scores that are NaN are left out; of nothing else there is no summary, except the count, which is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    /// The greatest score.
    Max,
    /// The least score.
    Min,
    /// The mean of the scores.
    Mean,
    /// The score of the greatest size, with its sign; of several the first.
    SignedMax,
    /// The track of the score of the greatest size.
    SignedMaxTrack,
    /// How many scores the others rest on.
    Count,
}

impl Summary {
    /// Every summary, in the order in which they are written.
    pub const ALL: [Self; 6] = [
        Self::Max,
        Self::Min,
        Self::Mean,
        Self::SignedMax,
        Self::SignedMaxTrack,
        Self::Count,
    ];

    /// Returns the name, which ends the INFO key: `MAX`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Max => "MAX",
            Self::Min => "MIN",
            Self::Mean => "MEAN",
            Self::SignedMax => "SIGNED_MAX",
            Self::SignedMaxTrack => "SIGNED_MAX_TRACK",
            Self::Count => "COUNT",
        }
    }

    /// Returns what it is, in words.
    pub const fn docs(self) -> &'static str {
        match self {
            Self::Max => "greatest score",
            Self::Min => "least score",
            Self::Mean => "mean score",
            Self::SignedMax => "score of the greatest size, with its sign",
            Self::SignedMaxTrack => "track of the score of the greatest size",
            Self::Count => "number of scores summarised (NaN left out)",
        }
    }

    /// Looks names up, in any case; all summaries when there are none. The order is that of [`ALL`](Self::ALL).
    ///
    /// # Errors
    /// [`ExportError::Unknown`] for a name that is none.
    pub fn all_of(names: &[String]) -> Result<Vec<Self>, ExportError> {
        if names.is_empty() {
            return Ok(Self::ALL.to_vec());
        }
        for name in names {
            if !Self::ALL
                .iter()
                .any(|summary| summary.name().eq_ignore_ascii_case(name))
            {
                let known = Self::ALL.map(Self::name);
                return Err(ExportError::unknown("summary", name, &known));
            }
        }
        let wanted = |summary: &Self| names.iter().any(|name| summary.name().eq_ignore_ascii_case(name));
        Ok(Self::ALL.into_iter().filter(wanted).collect())
    }
}

/// Scores being summarised.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    pub(super) count: u32,
    pub(super) max: f32,
    pub(super) min: f32,
    sum: f64,
    pub(super) signed_max: f32,
    pub(super) track: String,
}

impl Gathered {
    /// Forgets all scores.
    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.sum = 0.0;
    }

    /// Adds a score; `track` names its track and is asked only when it matters.
    pub(super) fn add(&mut self, score: f32, track: impl FnOnce(&mut String)) {
        if score.is_nan() {
            return;
        }
        let is_first = self.count == 0;
        if is_first || score > self.max {
            self.max = score;
        }
        if is_first || score < self.min {
            self.min = score;
        }
        if is_first || score.abs() > self.signed_max.abs() {
            self.signed_max = score;
            self.track.clear();
            track(&mut self.track);
        }
        self.sum += f64::from(score);
        self.count += 1;
    }

    /// Returns the mean.
    pub(super) fn mean(&self) -> f32 {
        (self.sum / f64::from(self.count)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_leave_nan_out_and_keep_the_sign_of_the_greatest() {
        let mut gathered = Gathered::default();
        for (score, track) in [(f32::NAN, "a"), (1.0, "b"), (-4.0, "c"), (4.0, "d"), (1.0, "e")] {
            gathered.add(score, |name| name.push_str(track));
        }
        // (1 - 4 + 4 + 1) / 4 = 0.5; of -4 and 4 the first.
        assert_eq!((gathered.max, gathered.min, gathered.mean()), (4.0, -4.0, 0.5));
        assert_eq!(
            (gathered.signed_max, gathered.track.as_str(), gathered.count),
            (-4.0, "c", 4)
        );
        gathered.clear();
        gathered.add(-2.0, |name| name.push('f'));
        assert_eq!((gathered.max, gathered.min, gathered.track.as_str()), (-2.0, -2.0, "f"));
    }

    #[test]
    fn names_are_read_in_any_case_and_unknown_ones_refused() {
        let found = Summary::all_of(&["count".to_owned(), "MAX".to_owned()]).unwrap();
        assert_eq!(found, [Summary::Max, Summary::Count]);
        assert!(Summary::all_of(&["median".to_owned()]).is_err());
    }
}
