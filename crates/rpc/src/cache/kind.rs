//! Kinds of answers, and counts by kind.

use std::fmt;

/// What an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Scores of one variant or interval by one scorer.
    Scores,
    /// Scores of one substitution of a saturation mutagenesis by one scorer.
    Mutagenesis,
    /// The prediction of one output type, of both alleles where there is a variant.
    Predictions,
    /// Scores of one variant by one scorer, computed before.
    Atlas,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Scores, Self::Mutagenesis, Self::Predictions, Self::Atlas];

    /// Returns the name: `scores`, `mutagenesis`, `predictions`, `atlas`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scores => "scores",
            Self::Mutagenesis => "mutagenesis",
            Self::Predictions => "predictions",
            Self::Atlas => "atlas",
        }
    }

    /// Writes a number of answers of the kind, `1 prediction`, `2 predictions`.
    pub fn counted(self, count: u64) -> String {
        let one = match self {
            Self::Scores => "score",
            Self::Predictions => "prediction",
            Self::Mutagenesis | Self::Atlas => self.name(),
        };
        format!("{count} {}", if count == 1 { one } else { self.name() })
    }

    /// Returns the kind of a method's answers.
    pub(super) fn of_method(method: &str) -> Self {
        match method {
            "ScoreIsmVariant" => Self::Mutagenesis,
            "GetDenseVariantScores" => Self::Atlas,
            _ if method.starts_with("Predict") => Self::Predictions,
            _ => Self::Scores,
        }
    }

    /// Returns the number that the database has for it.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Scores => 0,
            Self::Mutagenesis => 1,
            Self::Predictions => 2,
            Self::Atlas => 3,
        }
    }

    /// Returns the kind with a number of the database; one that nobody writes counts as scores.
    pub(super) fn of_number(number: i64) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.number() == number)
            .unwrap_or(Self::Scores)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many answers, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Answers.
    pub entries: u64,
    /// Their bytes, compressed.
    pub bytes: u64,
}

/// Answers counted by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByKind([Count; 4]);

impl ByKind {
    /// Counts one more.
    pub(super) fn add(&mut self, kind: Kind, bytes: u64) {
        self.add_all(kind, 1, bytes);
    }

    /// Counts so many more.
    pub(super) fn add_all(&mut self, kind: Kind, entries: u64, bytes: u64) {
        let count = &mut self.0[kind as usize];
        count.entries += entries;
        count.bytes += bytes;
    }

    /// Adds other counts.
    pub(super) fn append(&mut self, other: &Self) {
        for (count, other) in self.0.iter_mut().zip(&other.0) {
            count.entries += other.entries;
            count.bytes += other.bytes;
        }
    }

    /// Returns the count of a kind.
    pub fn of(&self, kind: Kind) -> Count {
        self.0[kind as usize]
    }

    /// Returns the kinds of which there are any.
    pub fn present(&self) -> impl Iterator<Item = (Kind, Count)> {
        let all = Kind::ALL.map(|kind| (kind, self.of(kind)));
        all.into_iter().filter(|(_, count)| count.entries > 0)
    }

    /// Returns the counts of all kinds together.
    pub fn total(&self) -> Count {
        let add = |sum: Count, count: &Count| Count {
            entries: sum.entries + count.entries,
            bytes: sum.bytes + count.bytes,
        };
        self.0.iter().fold(Count::default(), add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_database_and_read_back() {
        // Written to disk: never to be changed.
        assert_eq!(Kind::ALL.map(Kind::number), [0, 1, 2, 3]);
        assert_eq!(Kind::ALL.map(|kind| Kind::of_number(kind.number())), Kind::ALL);
    }

    #[test]
    fn counts_add_up() {
        let mut counts = ByKind::default();
        counts.add(Kind::Atlas, 10);
        counts.add(Kind::Atlas, 5);
        counts.add(Kind::Scores, 1);
        let mut more = counts;
        more.append(&counts);
        assert_eq!(counts.of(Kind::Atlas), Count { entries: 2, bytes: 15 });
        assert_eq!(more.total(), Count { entries: 6, bytes: 32 });
        let present: Vec<Kind> = counts.present().map(|(kind, _)| kind).collect();
        assert_eq!(present, [Kind::Scores, Kind::Atlas]);
    }
}
