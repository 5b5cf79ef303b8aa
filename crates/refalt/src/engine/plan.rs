//! Everything that can fail before the first prediction fails here, all problems together.

use crate::diagnostic::Diagnostic;
use refalt_core::backend::ModelCard;
use refalt_core::scorer::{self, Scorer, ScorerTextError};
use refalt_core::{Annotation, OutputType, TrackSet};
use std::num::NonZeroU32;
use std::sync::Arc;

/// What the user asks for.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// Scorers by name or text, in order.
    pub scorers: Vec<String>,
    /// Window length in bp.
    pub window: NonZeroU32,
    /// Input rows of a part; chosen from the rows of a variant when not given.
    pub rows_per_part: Option<u64>,
    /// Gene annotation, for scorers that work by gene.
    pub annotation: Option<Arc<Annotation>>,
}

/// What will be done.
pub struct Plan {
    pub(crate) scorers: Vec<PlannedScorer>,
    pub(crate) card: ModelCard,
    pub(crate) window: NonZeroU32,
    pub(crate) rows_per_part: u64,
    pub(crate) annotation: Option<Arc<Annotation>>,
}

/// A scorer with the tracks it reads.
pub(crate) struct PlannedScorer {
    pub(crate) scorer: Box<dyn Scorer>,
    pub(crate) text: String,
    pub(crate) tracks: TrackSet,
}

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
            Self::AnnotationMissing { missing, .. } => Some(format!("give {missing} on the assembly of the reference")),
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
    fn hint(&self) -> Option<String> {
        let hints: Vec<String> = self.problems.iter().filter_map(PlanProblem::hint).collect();
        (!hints.is_empty()).then(|| hints.join("; "))
    }

    fn is_usage(&self) -> bool {
        true
    }
}

/// Rows of a part when the user does not choose: large enough to compress well, small enough to lose little.
const SCORE_ROWS_PER_PART: u64 = 4_000_000;

impl Plan {
    /// Makes a plan for a model.
    ///
    /// # Errors
    /// [`PlanError`] with every problem at once.
    pub fn new(card: &ModelCard, options: &PlanOptions) -> Result<Self, PlanError> {
        let mut problems = Vec::new();
        let mut scorers: Vec<PlannedScorer> = Vec::new();
        if options.scorers.is_empty() {
            problems.push(PlanProblem::NoScorer);
        }
        for name in &options.scorers {
            let scorer = match scorer::parse(name) {
                Ok(scorer) => scorer,
                Err(error) => {
                    problems.push(error.into());
                    continue;
                }
            };
            let text = scorer.to_string();
            if scorers.iter().any(|planned| planned.text == text) {
                problems.push(PlanProblem::ScorerTwice { text });
                continue;
            }
            let Some(tracks) = card.tracks(scorer.output()).cloned() else {
                problems.push(PlanProblem::OutputMissing {
                    scorer: name.clone(),
                    output: scorer.output(),
                    model: card.name.clone(),
                    given: given(card),
                });
                continue;
            };
            if let Some(missing) = scorer.needs().missing(options.annotation.as_deref()) {
                problems.push(PlanProblem::AnnotationMissing {
                    scorer: name.clone(),
                    missing,
                });
                continue;
            }
            scorers.push(PlannedScorer { scorer, text, tracks });
        }
        if !card.lengths.allow(options.window) {
            problems.push(PlanProblem::WindowLength {
                model: card.name.clone(),
                length: options.window,
                allowed: card.lengths.to_string(),
            });
        }
        if options.rows_per_part == Some(0) {
            problems.push(PlanProblem::EmptyPart);
        }
        if !problems.is_empty() {
            return Err(PlanError { problems });
        }
        let per_variant = score_rows(&scorers).max(1);
        Ok(Self {
            rows_per_part: options
                .rows_per_part
                .unwrap_or((SCORE_ROWS_PER_PART / per_variant).clamp(1, 65_536)),
            scorers,
            card: card.clone(),
            window: options.window,
            annotation: options.annotation.clone(),
        })
    }

    /// Returns the model's card.
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// Returns the scorers' texts, in order.
    pub fn scorers(&self) -> impl Iterator<Item = &str> {
        self.scorers.iter().map(|planned| planned.text.as_str())
    }

    /// Returns the window length in bp.
    pub fn window(&self) -> NonZeroU32 {
        self.window
    }

    /// Returns the number of input rows of a part.
    pub fn rows_per_part(&self) -> u64 {
        self.rows_per_part
    }

    /// Returns what scoring `variants` variants comes to; scorers by gene count as if each variant had one gene.
    pub fn estimate(&self, variants: u64) -> Estimate {
        let score_rows = variants * score_rows(&self.scorers);
        Estimate {
            variants,
            calls: variants,
            score_rows,
            disk_bytes: score_rows * BYTES_PER_SCORE_ROW_TENTHS / 10,
        }
    }
}

/// Bytes of a score row on disk, in tenths, as measured for full-entropy scores with zstd.
const BYTES_PER_SCORE_ROW_TENTHS: u64 = 46;

/// The size of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Variants to score.
    pub variants: u64,
    /// Calls of the model: one for each variant, REF and ALT together.
    pub calls: u64,
    /// Rows of the score table.
    pub score_rows: u64,
    /// Bytes of the score table on disk.
    pub disk_bytes: u64,
}

fn score_rows(scorers: &[PlannedScorer]) -> u64 {
    scorers.iter().map(|planned| planned.tracks.tracks.len() as u64).sum()
}

fn given(card: &ModelCard) -> String {
    let names: Vec<&str> = card.outputs.iter().map(|tracks| tracks.output.name()).collect();
    names.join(", ")
}
