//! What a selection took in place of what was written, and what it refuses.

use super::{Field, quoted};
use std::fmt;

/// A value that tracks have, with how many have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The field.
    pub field: Field,
    /// The value.
    pub value: String,
    /// What stands beside the value: the ontology term of a biosample or tissue, the biosample of an ontology term.
    pub beside: Option<String>,
    /// Tracks with the value.
    pub tracks: usize,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tracks = counted(self.tracks);
        match &self.beside {
            Some(beside) => write!(f, "{} ({beside}, {tracks})", self.value),
            None => write!(f, "{} ({tracks})", self.value),
        }
    }
}

/// Something that the resolution of a selection took or left, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statement {
    /// Another spelling was taken for a value.
    Synonym {
        /// As written.
        given: String,
        /// What was taken.
        taken: Candidate,
        /// Where the spelling is from.
        source: String,
    },
    /// A word without a field was found in these fields.
    Word {
        /// The word.
        word: String,
        /// Field and number of tracks.
        found: Vec<(Field, usize)>,
    },
    /// Tracks of the same ontology term have another name of the biosample, and are not taken.
    OtherName {
        /// The value as taken.
        biosample: String,
        /// The other name.
        other: Candidate,
    },
    /// Tracks of a GTEx tissue of this name are filed under another biosample, and are not taken.
    OtherBiosample {
        /// The value as taken.
        biosample: String,
        /// The GTEx tissue.
        tissue: String,
        /// Its biosample.
        other: Candidate,
    },
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Synonym { given, taken, source } => {
                write!(f, "{}=`{given}` is taken for {taken}; {source}", taken.field)
            }
            Self::Word { word, found } => {
                let found: Vec<String> = found
                    .iter()
                    .map(|(field, tracks)| format!("{field} of {}", counted(*tracks)))
                    .collect();
                write!(f, "`{word}` is the {}", found.join(", and the "))
            }
            Self::OtherName { biosample, other } => write!(
                f,
                "not taken: {other} has the ontology term of `{biosample}`; `ontology={}` takes both",
                other.beside.as_deref().unwrap_or_default()
            ),
            Self::OtherBiosample {
                biosample,
                tissue,
                other,
            } => write!(
                f,
                "not taken with biosample=`{biosample}`: the GTEx tissue {tissue}, which is {other}; `tissue={}` takes it",
                quoted(tissue)
            ),
        }
    }
}

/// A reason why a selection has no tracks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionProblem {
    /// No track has a value.
    #[error("{}", no_match(*field, value, *like, *known, nearest, *related))]
    NoMatch {
        /// The field; none for a word without a field.
        field: Option<Field>,
        /// The value as written.
        value: String,
        /// Whether the value is a pattern.
        like: bool,
        /// Tracks that have the field at all.
        known: usize,
        /// The nearest values, best first.
        nearest: Vec<Candidate>,
        /// Why the nearest are named, where the word is known to be close to them.
        related: Option<&'static str>,
        /// Other fields in which tracks have this value.
        elsewhere: Vec<(Field, usize)>,
    },
    /// Each term has tracks, the whole has none.
    #[error("no track meets `{selection}` as a whole; by themselves: {}", alone(terms))]
    Empty {
        /// The selection in its canonical form.
        selection: String,
        /// Each term and its tracks.
        terms: Vec<(String, usize)>,
    },
    /// There are no tracks to select from.
    #[error("there are no tracks to select from")]
    NoTracks,
}

/// How the commands that list tracks look at the ones of a model or run and not at the published ones.
pub(super) const SAME_TRACKS: &str =
    "`--organism mouse`, `--model` or `--from` makes it those of the mouse, a model or a run";

impl SelectionProblem {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        let Self::NoMatch {
            field,
            value,
            like,
            nearest,
            elsewhere,
            ..
        } = self
        else {
            return None;
        };
        if *field == Some(Field::Output) {
            return None;
        }
        if let Some((other, _)) = elsewhere.first() {
            return Some(format!(
                "`{value}` is a value of {other}; write `{other}={}`",
                quoted(value)
            ));
        }
        if !like && value.contains('*') {
            let field = field.map_or(String::new(), |field| field.to_string());
            return Some(format!("`*` works after `~`: `{field}~{}`", quoted(value)));
        }
        match nearest.first() {
            Some(first) => Some(format!(
                "is `{}={}` meant? `refalt tracks search` looks for names; {SAME_TRACKS}",
                first.field,
                quoted(&first.value)
            )),
            None => Some(match field {
                Some(field) => format!("`refalt tracks count --by {field}` lists the values; {SAME_TRACKS}"),
                None => format!("`refalt tracks search` looks for names; {SAME_TRACKS}"),
            }),
        }
    }
}

/// A selection has no tracks, for all of these reasons.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct SelectionError {
    /// The reasons, at least one.
    pub problems: Vec<SelectionProblem>,
}

impl SelectionError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        let mut hints: Vec<String> = self.problems.iter().filter_map(SelectionProblem::hint).collect();
        hints.dedup();
        (!hints.is_empty()).then(|| hints.join("; "))
    }
}

fn counted(tracks: usize) -> String {
    format!("{tracks} track{}", if tracks == 1 { "" } else { "s" })
}

fn no_match(
    field: Option<Field>,
    value: &str,
    like: bool,
    known: usize,
    nearest: &[Candidate],
    related: Option<&str>,
) -> String {
    let subject = match field {
        Some(field) if like => format!("{field}~`{value}`"),
        Some(field) => format!("{field}=`{value}`"),
        None => format!("`{value}`"),
    };
    if known == 0
        && let Some(field) = field
    {
        return format!("no match for {subject}: none of the tracks has the field {field}");
    }
    let near: Vec<String> = nearest.iter().map(ToString::to_string).collect();
    if field == Some(Field::Output) && !like {
        return format!("none of the tracks is {value}; there are {}", near.join(", "));
    }
    match (near.is_empty(), related) {
        (true, _) if like => format!("no match for {subject}"),
        (true, _) => format!("no exact match for {subject}, and no name comes near"),
        (false, Some(reason)) => format!("no exact match for {subject}; related ({reason}): {}", near.join(", ")),
        (false, None) if near.len() == 1 => format!("no exact match for {subject}; nearest is {}", near[0]),
        (false, None) => format!("no exact match for {subject}; nearest are {}", near.join(", ")),
    }
}

fn alone(terms: &[(String, usize)]) -> String {
    let terms: Vec<String> = terms
        .iter()
        .map(|(term, tracks)| format!("`{term}` {tracks}"))
        .collect();
    terms.join(", ")
}
