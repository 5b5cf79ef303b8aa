//! Scorers: how a pair of predictions becomes one number for each track.

use crate::backend::OutputRequest;
use crate::nearest::{nearest, question};
use crate::prediction::Outputs;
use crate::track::{OutputType, TrackSet};
use crate::variant::CheckedVariant;
use crate::window::{RefAlt, Window};
use std::fmt;

pub mod center_mask;

pub use center_mask::{Aggregation, CenterMask, Width};

/// What a number of a scorer is. The kinds are never put in one column, averaged or ranked together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScoreKind {
    /// A difference between the alleles; positive when ALT raises the signal.
    SignedEffect,
    /// The size of a difference between the alleles, never negative.
    UnsignedEffect,
    /// The signal of the stronger allele: it says how active the place is, not what the variant does.
    Activity,
}

impl ScoreKind {
    /// Returns the name used in tables: `signed_effect`, `unsigned_effect`, `activity`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedEffect => "signed_effect",
            Self::UnsignedEffect => "unsigned_effect",
            Self::Activity => "activity",
        }
    }
}

/// The pair of predictions of one variant, with what a scorer needs to know of its place.
#[derive(Clone, Copy, Debug)]
pub struct ScoringInput<'a> {
    /// The predictions.
    pub outputs: RefAlt<&'a Outputs>,
    /// The variant.
    pub variant: &'a CheckedVariant,
    /// The window that the sequences fill.
    pub window: &'a Window,
}

/// Scores of one variant by one scorer, one row for each gene (or one row without gene), `[rows x tracks]`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackScores {
    /// One value for each track of the scorer's output, in the model's order; NaN where nothing is defined.
    pub raw: Vec<f32>,
}

/// A scorer cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The prediction lacks what the scorer reads.
    #[error("the prediction has no {output} values for the bins that `{scorer}` reads")]
    OutputMissing {
        /// The scorer's text.
        scorer: String,
        /// The output type.
        output: OutputType,
    },
    /// REF and ALT predictions have other tracks or bins.
    #[error("the {output} predictions of REF and ALT differ in tracks")]
    TracksDiffer {
        /// The output type.
        output: OutputType,
    },
}

/// A scorer: text and parameters, and the mathematics.
///
/// The text is the identity of a scorer in tables, files and on the wire; it is the published one, and
/// [`parse`] reads it back.
pub trait Scorer: fmt::Display + Send + Sync {
    /// Returns the output type that the scorer reads.
    fn output(&self) -> OutputType;

    /// Returns what its numbers are.
    fn kind(&self) -> ScoreKind;

    /// Returns the part of the output that the scorer reads for this variant in this window.
    fn request(&self, tracks: &TrackSet, variant: &CheckedVariant, window: &Window) -> OutputRequest;

    /// Scores a pair of predictions.
    ///
    /// # Errors
    /// [`ScoreError`] when the predictions lack what [`request`](Self::request) named.
    fn score(&self, input: &ScoringInput<'_>) -> Result<TrackScores, ScoreError>;
}

/// A class of scorers: its documentation and how its text is read.
pub trait ScorerKind: Sync {
    /// Returns the published class name, `CenterMaskScorer`.
    fn class(&self) -> &'static str;

    /// Returns the documentation under the fixed headings.
    fn docs(&self) -> &'static ScorerDocs;

    /// Makes the scorer from the arguments between the parentheses.
    ///
    /// # Errors
    /// [`ScorerTextError`] names the argument and what is allowed.
    fn build(&self, arguments: &Arguments<'_>) -> Result<Box<dyn Scorer>, ScorerTextError>;

    /// Returns one scorer for every combination of arguments that is allowed.
    ///
    /// What must hold for the whole table is tested over these, so a class cannot be left out.
    fn all(&self) -> Vec<Box<dyn Scorer>>;
}

/// Documentation of a scorer class, one text for each heading.
#[derive(Clone, Copy, Debug)]
pub struct ScorerDocs {
    /// What it measures.
    pub measures: &'static str,
    /// Formula, plain text with the order of operations.
    pub formula: &'static str,
    /// When to use it.
    pub when_to_use: &'static str,
    /// Limits.
    pub limits: &'static str,
    /// Source.
    pub source: &'static str,
}

/// Every scorer class. A class is one file and one line here.
pub const SCORERS: &[&dyn ScorerKind] = &[&center_mask::CenterMaskKind];

/// A published short name and the text it stands for.
#[derive(Clone, Copy, Debug)]
pub struct NamedScorer {
    /// The name, `CHIP_TF`.
    pub name: &'static str,
    /// The text, `CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=DIFF_LOG2_SUM)`.
    pub text: &'static str,
}

/// The recommended scorers of the published protocol that are available, in its order.
pub const RECOMMENDED: &[NamedScorer] = &[
    NamedScorer {
        name: "ATAC",
        text: "CenterMaskScorer(requested_output=ATAC, width=501, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "DNASE",
        text: "CenterMaskScorer(requested_output=DNASE, width=501, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "CHIP_TF",
        text: "CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "CHIP_HISTONE",
        text: "CenterMaskScorer(requested_output=CHIP_HISTONE, width=2001, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "CAGE",
        text: "CenterMaskScorer(requested_output=CAGE, width=501, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "PROCAP",
        text: "CenterMaskScorer(requested_output=PROCAP, width=501, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "ATAC_ACTIVE",
        text: "CenterMaskScorer(requested_output=ATAC, width=501, aggregation_type=ACTIVE_SUM)",
    },
    NamedScorer {
        name: "DNASE_ACTIVE",
        text: "CenterMaskScorer(requested_output=DNASE, width=501, aggregation_type=ACTIVE_SUM)",
    },
    NamedScorer {
        name: "CHIP_TF_ACTIVE",
        text: "CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=ACTIVE_SUM)",
    },
    NamedScorer {
        name: "CHIP_HISTONE_ACTIVE",
        text: "CenterMaskScorer(requested_output=CHIP_HISTONE, width=2001, aggregation_type=ACTIVE_SUM)",
    },
    NamedScorer {
        name: "CAGE_ACTIVE",
        text: "CenterMaskScorer(requested_output=CAGE, width=501, aggregation_type=ACTIVE_SUM)",
    },
    NamedScorer {
        name: "PROCAP_ACTIVE",
        text: "CenterMaskScorer(requested_output=PROCAP, width=501, aggregation_type=ACTIVE_SUM)",
    },
];

/// A scorer's text is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScorerTextError {
    /// No scorer has this name.
    #[error("unknown scorer `{text}`")]
    Unknown {
        /// The text.
        text: String,
        /// Names that come near.
        nearest: Vec<String>,
    },
    /// The text is not `Class(argument=value, ...)`.
    #[error("`{text}` is not of the form `Class(argument=value, ...)`")]
    Form {
        /// The text.
        text: String,
    },
    /// An argument is missing.
    #[error("`{class}` needs the argument `{argument}`")]
    ArgumentMissing {
        /// The scorer class.
        class: &'static str,
        /// The argument.
        argument: &'static str,
    },
    /// An argument that the class does not have.
    #[error("`{class}` has no argument `{argument}`")]
    ArgumentUnknown {
        /// The scorer class.
        class: &'static str,
        /// The argument.
        argument: String,
    },
    /// A value that is not supported.
    #[error("unsupported {argument} `{found}` of `{class}`; supported: {allowed}")]
    ValueUnknown {
        /// The scorer class.
        class: &'static str,
        /// The argument.
        argument: &'static str,
        /// The value found.
        found: String,
        /// The values allowed, as text.
        allowed: String,
    },
}

impl ScorerTextError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { nearest, .. } => Some(question(nearest).unwrap_or_else(|| {
                let names: Vec<&str> = RECOMMENDED.iter().map(|named| named.name).collect();
                format!(
                    "known: {}, and `Class(argument=value, ...)`; `refalt scorers` lists them",
                    names.join(", ")
                )
            })),
            Self::Form { .. } => Some(format!("write it like `{}`", RECOMMENDED[0].text)),
            _ => None,
        }
    }
}

/// The arguments of a scorer's text, `name=value`.
#[derive(Clone, Debug)]
pub struct Arguments<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Arguments<'a> {
    /// Returns the value of an argument.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// Returns the names, in the order of the text.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|(name, _)| *name)
    }
}

/// Reads a scorer: a recommended name (`CHIP_TF`) or the full published text.
///
/// ```
/// use refalt_core::scorer;
///
/// let text = "CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=DIFF_LOG2_SUM)";
/// assert_eq!(scorer::parse("CHIP_TF").unwrap().to_string(), text);
/// assert_eq!(scorer::parse(text).unwrap().to_string(), text);
/// ```
///
/// # Errors
/// [`ScorerTextError`] says what is not understood and what is allowed.
pub fn parse(text: &str) -> Result<Box<dyn Scorer>, ScorerTextError> {
    let text = text.trim();
    let full = RECOMMENDED
        .iter()
        .find(|named| named.name == text)
        .map_or(text, |named| named.text);
    let unknown = || ScorerTextError::Unknown {
        text: text.to_owned(),
        nearest: nearest(
            text.split('(').next().unwrap_or(text),
            RECOMMENDED
                .iter()
                .map(|named| named.name)
                .chain(SCORERS.iter().map(|kind| kind.class())),
        ),
    };
    let (class, rest) = full.split_once('(').ok_or_else(unknown)?;
    let kind = SCORERS.iter().find(|kind| kind.class() == class).ok_or_else(unknown)?;
    let form = || ScorerTextError::Form { text: text.to_owned() };
    let inside = rest.strip_suffix(')').ok_or_else(form)?;
    let mut arguments = Vec::new();
    for part in inside.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(form)?;
        if arguments.iter().any(|(other, _)| *other == name.trim()) {
            return Err(form());
        }
        arguments.push((name.trim(), value.trim()));
    }
    kind.build(&Arguments(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recommended_text_is_its_own_identity() {
        for named in RECOMMENDED {
            let scorer = parse(named.name).unwrap();
            assert_eq!(scorer.to_string(), named.text);
            assert_eq!(parse(&scorer.to_string()).unwrap().to_string(), named.text);
            assert_eq!(scorer.kind() == ScoreKind::Activity, named.name.ends_with("_ACTIVE"));
        }
    }

    #[test]
    fn a_near_miss_is_refused_with_what_is_allowed() {
        let message = |text: &str| parse(text).err().unwrap().to_string();
        assert_eq!(message("CHIPTF"), "unknown scorer `CHIPTF`");
        assert_eq!(
            message("CenterMaskScorer(requested_output=CHIP_TF, width=500, aggregation_type=DIFF_LOG2_SUM)"),
            "unsupported width `500` of `CenterMaskScorer`; supported: 501, 2001, 10001, 100001, 200001, None"
        );
        assert!(message("CenterMaskScorer(width=501").contains("not of the form"));
        assert!(
            message("CenterMaskScorer(requested_output=CONTACT_MAPS, width=501, aggregation_type=DIFF_MEAN)")
                .contains("unsupported requested_output `CONTACT_MAPS`")
        );
    }
}
