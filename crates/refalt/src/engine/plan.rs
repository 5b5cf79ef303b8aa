//! Everything that can fail before the first prediction fails here, all problems together.

use crate::diagnostic::Diagnostic;
use refalt_core::backend::ModelCard;
use refalt_core::scorer::{self, Scorer, ScorerTextError};
use refalt_core::track_selection::{Selection, SelectionError, SelectionSyntaxError, Statement};
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
    /// Which tracks get rows, in the language of [`refalt_core::track_selection`]; all of them when not given.
    pub tracks: Option<String>,
    /// Input rows of a part; chosen from the rows of a variant when not given.
    pub rows_per_part: Option<u64>,
    /// Gene annotation, for scorers that work by gene.
    pub annotation: Option<Arc<Annotation>>,
}

/// What will be done.
pub struct Plan {
    pub(crate) scorers: Vec<PlannedScorer>,
    selection: Option<Selection>,
    statements: Vec<Statement>,
    pub(crate) card: ModelCard,
    pub(crate) window: NonZeroU32,
    pub(crate) rows_per_part: u64,
    pub(crate) annotation: Option<Arc<Annotation>>,
}

/// A scorer with the tracks it reads.
pub(crate) struct PlannedScorer {
    pub(crate) scorer: Box<dyn Scorer>,
    pub(crate) text: String,
    /// What the model gives.
    pub(crate) given: TrackSet,
    /// What gets rows: all that is given, or what is selected.
    pub(crate) tracks: TrackSet,
    /// For each track that gets rows its index in what is given; `None` when they are the same.
    kept: Option<Vec<usize>>,
}

impl PlannedScorer {
    /// Returns the index of a written track in what the model gives.
    pub(crate) fn place(&self, track: usize) -> usize {
        self.kept.as_ref().map_or(track, |kept| kept[track])
    }

    /// Takes the scores of the tracks that get rows from those of all tracks, `[rows x tracks]`.
    pub(crate) fn keep(&self, scores: Vec<f32>) -> Vec<f32> {
        match &self.kept {
            Some(kept) => {
                let rows = scores.chunks_exact(self.given.tracks.len().max(1));
                rows.flat_map(|row| kept.iter().map(|&place| row[place])).collect()
            }
            None => scores,
        }
    }
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
            scorers.push(PlannedScorer {
                scorer,
                text,
                given: tracks.clone(),
                tracks,
                kept: None,
            });
        }
        let (selection, statements) = match &options.tracks {
            None => (None, Vec::new()),
            Some(text) => match select(&mut scorers, text) {
                Ok((selection, statements)) => (Some(selection), statements),
                Err(found) => {
                    problems.extend(found);
                    (None, Vec::new())
                }
            },
        };
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
            selection,
            statements,
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

    /// Returns which tracks get rows; `None` when all do.
    pub fn selection(&self) -> Option<&Selection> {
        self.selection.as_ref()
    }

    /// Returns what the selection of tracks took in place of what was written.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Returns how many tracks get rows and how many the model gives, over the output types that are read.
    pub fn tracks(&self) -> [usize; 2] {
        let count = |tracks: fn(&PlannedScorer) -> &TrackSet| {
            let firsts = each_output(&self.scorers).into_iter();
            firsts.map(|planned| tracks(planned).tracks.len()).sum()
        };
        [count(|planned| &planned.tracks), count(|planned| &planned.given)]
    }

    /// Returns the tracks that get rows, each output type once.
    pub fn written(&self) -> Vec<TrackSet> {
        each_output(&self.scorers)
            .into_iter()
            .map(|planned| planned.tracks.clone())
            .collect()
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

/// Returns the first scorer of each output type.
pub(crate) fn each_output(scorers: &[PlannedScorer]) -> Vec<&PlannedScorer> {
    let mut firsts: Vec<&PlannedScorer> = Vec::new();
    for planned in scorers {
        if firsts.iter().all(|first| first.given.output != planned.given.output) {
            firsts.push(planned);
        }
    }
    firsts
}

/// Narrows the scorers to the selected tracks.
fn select(scorers: &mut [PlannedScorer], text: &str) -> Result<(Selection, Vec<Statement>), Vec<PlanProblem>> {
    let selection: Selection = text.parse().map_err(|error: SelectionSyntaxError| vec![error.into()])?;
    let sets: Vec<TrackSet> = each_output(scorers)
        .into_iter()
        .map(|planned| planned.given.clone())
        .collect();
    if sets.is_empty() {
        // No scorer is left to narrow; why that is so is reported.
        return Ok((selection, Vec::new()));
    }
    let resolved = selection.resolve(&sets).map_err(|error| vec![error.into()])?;
    let mut problems = Vec::new();
    for planned in scorers {
        let found = sets.iter().zip(&resolved.places);
        let places = found.into_iter().find(|(set, _)| set.output == planned.given.output);
        let places = places.map_or(&[][..], |(_, places)| places);
        if places.is_empty() {
            problems.push(PlanProblem::ScorerWithoutTrack {
                selection: selection.to_string(),
                scorer: planned.text.clone(),
                output: planned.given.output,
            });
        }
        planned.tracks.tracks = places
            .iter()
            .map(|&place| planned.given.tracks[place].clone())
            .collect();
        planned.kept = Some(places.to_vec());
    }
    if problems.is_empty() {
        Ok((selection, resolved.statements))
    } else {
        Err(problems)
    }
}

fn score_rows(scorers: &[PlannedScorer]) -> u64 {
    scorers.iter().map(|planned| planned.tracks.tracks.len() as u64).sum()
}

fn given(card: &ModelCard) -> String {
    let names: Vec<&str> = card.outputs.iter().map(|tracks| tracks.output.name()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::{Resolution, Track};

    #[test]
    fn every_row_keeps_the_selected_tracks() {
        let set = |names: &[&str]| TrackSet {
            output: OutputType::RnaSeq,
            resolution: Resolution::BP_1,
            tracks: names
                .iter()
                .map(|name| Track {
                    name: (*name).to_owned(),
                    ..Track::default()
                })
                .collect(),
        };
        let scorer = scorer::parse("RNA_SEQ").unwrap();
        let mut scorers = vec![PlannedScorer {
            text: scorer.to_string(),
            scorer,
            given: set(&["a", "b", "c"]),
            tracks: set(&["a", "b", "c"]),
            kept: None,
        }];
        assert_eq!(scorers[0].keep(vec![1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]);
        select(&mut scorers, "name=c,a").unwrap();
        // Two genes by three tracks: a and c of each.
        assert_eq!(
            scorers[0].keep(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            [1.0, 3.0, 4.0, 6.0]
        );
        assert_eq!((scorers[0].place(0), scorers[0].place(1)), (0, 2));
        assert_eq!(scorers[0].tracks, set(&["a", "c"]));
        assert!(scorers[0].keep(Vec::new()).is_empty());
    }
}
