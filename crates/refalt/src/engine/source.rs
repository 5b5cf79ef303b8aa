//! Where scores come from: the middle stage of a run.
//!
//! A source takes jobs and gives for each either a block of scores for every scorer of the plan or the reason why there
//! is none. A model with scorers is one ([`Predictor`]); a service that scores by itself is another, and brings its
//! own genes. The rejected alternative, a trait over predictions, would make such a service send predictions.

mod predictor;

pub use predictor::{ModelSource, Predictor};

use super::plan::Plan;
use crate::diagnostic::{Diagnostic, ServiceStop};
use refalt_core::backend::ModelCard;
use refalt_core::score::{Origin, ScoreBlock, UtcDay};
use refalt_core::scorer::ScoreError;
use refalt_core::{BackendError, CheckedVariant, RefAlt, Sequence, Window};

/// A variant to score.
#[derive(Clone, Copy, Debug)]
pub struct SourceJob<'a> {
    /// The variant.
    pub variant: &'a CheckedVariant,
    /// The window around it.
    pub window: &'a Window,
    /// The sequences of the window; empty for a [service](ScoreSource::is_service).
    pub sequences: &'a RefAlt<Sequence>,
}

/// There are no scores for a job, or for any.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The model fails.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A scorer cannot be applied.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// Scores do not have the shape that the plan asks for.
    #[error("`{scorer}` gave {found} scores for {rows} rows of {tracks} tracks")]
    Shape {
        /// The scorer's text.
        scorer: String,
        /// Scores found.
        found: usize,
        /// Rows.
        rows: usize,
        /// Tracks.
        tracks: usize,
    },
    /// The source fails on one job.
    #[error("`{from}` failed: {reason}")]
    Job {
        /// The source.
        from: String,
        /// The cause in words.
        reason: String,
    },
    /// The source cannot go on.
    #[error("`{from}` cannot go on: {reason}")]
    Fatal {
        /// The source.
        from: String,
        /// The cause in words.
        reason: String,
        /// What the user can do.
        hint: Option<String>,
    },
    /// A service stops the run.
    #[error("{reason}")]
    Service {
        /// Why.
        stop: ServiceStop,
        /// The cause in words.
        reason: String,
        /// What the user can do.
        hint: Option<String>,
    },
}

impl SourceError {
    /// Says whether the run has to stop.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Backend(error) => error.is_fatal(),
            Self::Fatal { .. } | Self::Service { .. } => true,
            _ => false,
        }
    }
}

impl Diagnostic for SourceError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Service { hint, .. } | Self::Fatal { hint, .. } => hint.clone(),
            Self::Score(error) => error.hint(),
            _ => None,
        }
    }

    fn service_stop(&self) -> Option<ServiceStop> {
        match self {
            Self::Service { stop, .. } => Some(*stop),
            _ => None,
        }
    }
}

/// A source of scores.
pub trait ScoreSource: Send + Sync {
    /// Returns what the source is and which tracks it gives.
    fn card(&self) -> &ModelCard;

    /// Says whether the source brings the genes of scorers that work by gene.
    fn brings_genes(&self) -> bool {
        false
    }

    /// Says whether the source is a service elsewhere.
    ///
    /// Calls of a service wait rather than compute, and each may cost: batches are larger, parts smaller, nothing is scored
    /// to measure the time, and jobs come with empty sequences, because the service reads its own.
    fn is_service(&self) -> bool {
        false
    }

    /// Says whether a job takes seconds, on as many threads as there are: parts are then smaller, and one job is enough to
    /// measure the time.
    fn is_slow(&self) -> bool {
        false
    }

    /// Scores jobs: for each, in order, a block for every scorer of the plan, in the plan's order, with the tracks of
    /// [`Plan::planned`], and with terms where [`TableOptions::terms`](super::TableOptions::terms) asks for them.
    ///
    /// It is called from several threads at once.
    fn score(&self, plan: &Plan, jobs: &[SourceJob<'_>]) -> Vec<Result<Vec<ScoreBlock>, SourceError>>;
}

/// Returns the origin of scores of a model.
///
/// * `answered_on`: the day of a service's answer; none for scores that are computed here.
pub fn origin(card: &ModelCard, answered_on: Option<UtcDay>) -> Origin {
    Origin {
        source: card.name.clone(),
        model_version: card.version.clone(),
        answered_on,
    }
}

/// Compares the blocks of a job with the plan.
pub(crate) fn check_shape(plan: &Plan, blocks: &[ScoreBlock]) -> Result<(), SourceError> {
    let wrong = |scorer: &str, found, rows, tracks| SourceError::Shape {
        scorer: scorer.to_owned(),
        found,
        rows,
        tracks,
    };
    if blocks.len() != plan.scorers.len() {
        return Err(wrong("the source", blocks.len(), 1, plan.scorers.len()));
    }
    for (index, (block, planned)) in blocks.iter().zip(&plan.scorers).enumerate() {
        let (rows, tracks) = (block.rows.len(), planned.tracks.tracks.len());
        let terms = block.terms.as_ref().map(|terms| [&terms.reference, &terms.alternate]);
        let lists = [Some(&block.raw), block.quantile.as_ref()].into_iter().flatten();
        for values in lists.chain(terms.into_iter().flatten()) {
            if values.len() != rows * tracks || block.scorer != index {
                return Err(wrong(&planned.text, values.len(), rows, tracks));
            }
        }
    }
    Ok(())
}
