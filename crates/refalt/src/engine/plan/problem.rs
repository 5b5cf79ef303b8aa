//! Why a plan cannot be carried out.

use super::planned::PassedOver;
use crate::diagnostic::Diagnostic;
use refalt_core::OutputType;
use refalt_core::interval_scorer::TooWide;
use refalt_core::scorer::ScorerTextError;
use refalt_core::stranded_merge::UnpairedTracks;
use refalt_core::track_selection::{SelectionError, SelectionSyntaxError};
use std::num::NonZeroU32;

/// A reason why the plan cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanProblem {
    /// No scorer is named.
    #[error("no scorer is named")]
    NoScorer,
    /// A scorer is named twice.
    #[error("the scorer `{text}` is named twice")]
    ScorerTwice {
        /// The scorer's text.
        text: String,
    },
    /// A scorer's text is not understood.
    #[error(transparent)]
    Scorer(#[from] ScorerTextError),
    /// The model does not give what a scorer reads.
    #[error("the scorer `{scorer}` reads {output}, which the model `{model}` does not give; it gives {given}")]
    OutputMissing {
        /// The recommended scorers that the model can serve.
        possible: Vec<&'static str>,
        /// The scorer as named.
        scorer: String,
        /// The output type.
        output: OutputType,
        /// The model.
        model: String,
        /// What the model gives, as text.
        given: String,
    },
    /// A scorer needs what the annotation does not have.
    #[error("the scorer `{scorer}` needs {missing}, and none is given")]
    AnnotationMissing {
        /// The scorer as named.
        scorer: String,
        /// What is missing.
        missing: &'static str,
    },
    /// The model does not read windows of this length.
    #[error("the model `{model}` does not read windows of {length} bp; it reads {allowed}")]
    WindowLength {
        /// The model.
        model: String,
        /// The length in bp.
        length: NonZeroU32,
        /// What it reads, as text.
        allowed: String,
    },
    /// Terms of REF and ALT are asked for of scorers that have none.
    #[error("the score of {} is not made of a term of REF and a term of ALT", quoted(.scorers))]
    NoTerms {
        /// The scorers.
        scorers: Vec<String>,
    },
    /// None of the recommended scorers can be served.
    #[error("the model `{model}` can serve none of the recommended scorers: {}", joined(.lacking))]
    NoneRecommended {
        /// The model.
        model: String,
        /// The scorers and what they lack.
        lacking: Vec<PassedOver>,
    },
    /// The selection of tracks is not understood.
    #[error(transparent)]
    SelectionText(#[from] SelectionSyntaxError),
    /// The selection of tracks names what the model does not have.
    #[error("{0}, among the tracks that the scorers read")]
    Selection(#[from] SelectionError),
    /// The selection leaves a scorer nothing to write.
    #[error("`{selection}` selects no {output} track, so the scorer `{scorer}` would have no row")]
    ScorerWithoutTrack {
        /// The selection in its canonical form.
        selection: String,
        /// The scorer's text.
        scorer: String,
        /// The output type that it reads.
        output: OutputType,
    },
    /// Tracks of the two strands cannot be merged.
    #[error("the tracks of `{scorer}` cannot be merged: {source}")]
    Unpaired {
        /// The scorer.
        scorer: String,
        /// How they differ.
        source: UnpairedTracks,
    },
    /// One scorer reads merged tracks, another the same tracks by strand.
    #[error("`{by_gene}` would have merged {output} tracks and `{scorer}` those of each strand")]
    StrandedToo {
        /// The output type.
        output: OutputType,
        /// The scorer by gene.
        by_gene: String,
        /// The scorer that is not by gene.
        scorer: String,
    },
    /// The model does not give what an interval scorer reads.
    #[error("the interval scorer `{scorer}` reads {output}, which the model `{model}` does not give; it gives {given}")]
    IntervalOutputMissing {
        /// The scorer as named.
        scorer: String,
        /// The output type.
        output: OutputType,
        /// The model.
        model: String,
        /// What the model gives, as text.
        given: String,
        /// An interval scorer that the model can serve, where there is one.
        possible: Option<String>,
    },
    /// An interval scorer reads more than the window has.
    #[error(transparent)]
    TooWide(#[from] TooWide),
    /// Parts of no rows.
    #[error("a part of 0 rows holds nothing")]
    EmptyPart,
}

impl PlanProblem {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoScorer => Some("name one, `--scorers CHIP_TF`; `refalt scorers` lists them".to_owned()),
            Self::Scorer(error) => error.hint(),
            Self::SelectionText(error) => error.hint(),
            Self::Selection(error) => error.hint(),
            Self::ScorerWithoutTrack { output, .. } => Some(format!(
                "leave the scorer out, or select {output} tracks, too: `{output} | ...`"
            )),
            Self::AnnotationMissing { missing, .. } if missing.contains("polyadenylation") => Some(
                "give a table of such sites with --polya, or `--polya transcript-ends` to take the ends of transcripts"
                    .to_owned(),
            ),
            Self::AnnotationMissing { .. } => Some(
                "give gene models on the assembly of the reference with --genes: GTF or GFF3 of GENCODE, Ensembl or RefSeq"
                    .to_owned(),
            ),
            Self::OutputMissing { possible, .. } if !possible.is_empty() => {
                Some(format!("the model can serve {}", possible.join(", ")))
            }
            Self::IntervalOutputMissing { possible, .. } => {
                let possible = possible.as_ref()?;
                Some(format!("the model can serve `--scorers '{possible}'`"))
            }
            Self::TooWide(error) => error.hint(),
            Self::Unpaired { .. } => Some("leave the scorer out, or do without `--merge-stranded`".to_owned()),
            Self::StrandedToo { .. } => Some("score them in runs of their own, or do without `--merge-stranded`".to_owned()),
            Self::NoTerms { .. } => Some("leave these scorers out, or do without `--keep-ref-alt`".to_owned()),
            _ => None,
        }
    }
}

/// The plan cannot be carried out, for all of these reasons.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run cannot start: {}", self.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct PlanError {
    /// The reasons, at least one.
    pub problems: Vec<PlanProblem>,
}

impl Diagnostic for PlanError {
    fn place(&self) -> Option<String> {
        self.problems.iter().find_map(|problem| match problem {
            PlanProblem::SelectionText(error) => Some(crate::track_source::place_of(error)),
            _ => None,
        })
    }

    fn hint(&self) -> Option<String> {
        let hints: Vec<String> = self.problems.iter().filter_map(PlanProblem::hint).collect();
        (!hints.is_empty()).then(|| hints.join("; "))
    }

    fn is_usage(&self) -> bool {
        true
    }
}

fn joined(lacking: &[PassedOver]) -> String {
    lacking.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn quoted(scorers: &[String]) -> String {
    scorers
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
