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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_unknown_ones_refused() {
        let found = Summary::all_of(&["count".to_owned(), "MAX".to_owned()]).unwrap();
        assert_eq!(found, [Summary::Max, Summary::Count]);
        assert!(Summary::all_of(&["median".to_owned()]).is_err());
    }
}
