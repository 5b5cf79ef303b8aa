//! Rows with one variant, gene, feature and experiment: an error, or what the user makes of them.

use super::error::MeasuredError;
use super::orient::Orientation;
use super::orienter::StandardRow;
use serde::Serialize;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What becomes of several rows with one variant, gene, feature and experiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    /// They are an error that names them.
    #[default]
    Error,
    /// Rows whose numbers are the same count once; others are an error.
    Identical,
    /// Their mean stands for them: they are replicates. The standard error is that between them.
    Mean,
}

impl Repeats {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::Error, Self::Identical, Self::Mean];

    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Identical => "identical",
            Self::Mean => "mean",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// Keys that an error names.
const NAMED: usize = 5;

/// Finds rows that repeat another one.
pub(super) struct RepeatCheck {
    rule: Repeats,
    /// For each key a digest of its numbers and its first line.
    seen: HashMap<u128, (u64, u64)>,
    /// All rows, when means are made.
    kept: Vec<Vec<StandardRow>>,
    places: HashMap<String, usize>,
    total: u64,
    shown: Vec<String>,
    all_identical: bool,
}

/// What a row is to those before it.
pub(super) enum Taken {
    /// The row goes on.
    Row(Box<StandardRow>),
    /// It repeats one that went on.
    Repeat,
    /// It is told at the end.
    Later,
}

impl RepeatCheck {
    pub(super) fn new(rule: Repeats) -> Self {
        Self {
            rule,
            seen: HashMap::new(),
            kept: Vec::new(),
            places: HashMap::new(),
            total: 0,
            shown: Vec::new(),
            all_identical: true,
        }
    }

    pub(super) fn take(&mut self, row: StandardRow) -> Taken {
        let key = row.key();
        if self.rule == Repeats::Mean {
            let place = *self.places.entry(key).or_insert_with(|| {
                self.kept.push(Vec::new());
                self.kept.len() - 1
            });
            self.kept[place].push(row);
            return Taken::Later;
        }
        let details = &row.details;
        let numbers = [Some(row.effect), details.se, details.p, details.weight];
        let numbers = hash_of(&numbers.map(|number| number.map(f64::to_bits)), 2);
        let digest = u128::from(hash_of(&key, 0)) << 64 | u128::from(hash_of(&key, 1));
        match self.seen.get(&digest) {
            None => {
                self.seen.insert(digest, (numbers, row.line));
                Taken::Row(Box::new(row))
            }
            Some(&(known, _)) if known == numbers && self.rule == Repeats::Identical => Taken::Repeat,
            Some(&(known, first)) => {
                self.total += 1;
                self.all_identical &= known == numbers;
                if self.shown.len() < NAMED {
                    let words: Vec<&str> = key.split('\t').filter(|part| !part.is_empty()).collect();
                    self.shown
                        .push(format!("`{}` on lines {first} and {}", words.join(" "), row.line));
                }
                Taken::Later
            }
        }
    }

    /// Returns the means that were waited for, each with the number of rows beyond the first.
    pub(super) fn finish(self) -> Result<Vec<(StandardRow, u64)>, MeasuredError> {
        if self.total > 0 {
            return Err(MeasuredError::Repeated {
                total: self.total,
                shown: self.shown,
                all_identical: self.all_identical,
            });
        }
        Ok(self.kept.into_iter().filter_map(mean_of).collect())
    }
}

/// A hash that is the same in every run; with a number, one of several.
fn hash_of(value: &impl Hash, number: u8) -> u64 {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    value.hash(&mut hasher);
    hasher.finish()
}

/// Returns the mean of replicates.
///
/// METHOD: the mean of the effects; the standard error is the standard deviation between the rows, divided by the root of
/// their number. The rows' own standard errors and p-values do not enter and are left empty, because what they contain of
/// the noise between replicates is not known.
fn mean_of(mut rows: Vec<StandardRow>) -> Option<(StandardRow, u64)> {
    let n = rows.len() as f64;
    let merged = rows.len() as u64 - 1;
    let mean = rows.iter().map(|row| row.effect).sum::<f64>() / n;
    let squares: f64 = rows.iter().map(|row| (row.effect - mean).powi(2)).sum();
    let has_flipped = rows.iter().any(|row| row.orientation != rows[0].orientation);
    let mut first = rows.drain(..1).next()?;
    if merged > 0 {
        first.effect = mean;
        first.details.se = Some((squares / (n - 1.0) / n).sqrt());
        first.details.p = None;
        if has_flipped {
            first.orientation = Orientation::Flipped;
        }
    }
    Some((first, merged))
}
