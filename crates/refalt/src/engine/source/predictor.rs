//! A model and scorers as a source of scores.

use super::{ScoreSource, SourceError, SourceJob, origin};
use crate::engine::plan::{Plan, PlannedScorer};
use refalt_core::backend::ModelCard;
use refalt_core::score::ScoreBlock;
use refalt_core::scorer::{ScoringInput, ScoringPlace};
use refalt_core::splice_candidate::Splicing;
use refalt_core::{Answer, Backend, BackendError, OutputRequest, Query, RefAlt};
use std::sync::Arc;

/// A model that predicts, and the scorers of the plan that make scores of its predictions.
#[derive(Clone, Copy)]
pub struct Predictor<'a>(pub &'a dyn Backend);

impl ScoreSource for Predictor<'_> {
    fn card(&self) -> &ModelCard {
        self.0.card()
    }

    fn is_slow(&self) -> bool {
        self.0.is_slow()
    }

    fn score(&self, plan: &Plan, jobs: &[SourceJob<'_>]) -> Vec<Result<Vec<ScoreBlock>, SourceError>> {
        let asked: Vec<Asked> = jobs.iter().map(|job| Asked::of(plan, job)).collect();
        let queries: Vec<Query<'_>> = jobs
            .iter()
            .zip(&asked)
            .map(|(job, asked)| Query {
                window: job.window,
                reference: &job.sequences.reference,
                alternates: std::slice::from_ref(&job.sequences.alternate),
                alignments: asked.splicing.alignments(),
                known_sites: asked.splicing.known_sites(),
                abandoned: Default::default(),
                outputs: &asked.outputs,
            })
            .collect();
        let answers = self.0.predict(&queries);
        let answers = answers.into_iter().zip(jobs);
        answers
            .map(|(answer, job)| score_answer(self.0.card(), plan, job, &answer?))
            .collect()
    }
}

/// A model that predicts, owned.
pub struct ModelSource(pub Box<dyn Backend>);

impl ScoreSource for ModelSource {
    fn card(&self) -> &ModelCard {
        self.0.card()
    }

    fn is_slow(&self) -> bool {
        self.0.is_slow()
    }

    fn score(&self, plan: &Plan, jobs: &[SourceJob<'_>]) -> Vec<Result<Vec<ScoreBlock>, SourceError>> {
        Predictor(self.0.as_ref()).score(plan, jobs)
    }
}

/// Returns the place that the scorers of a job look at.
fn place<'a>(plan: &'a Plan, job: &SourceJob<'a>) -> ScoringPlace<'a> {
    ScoringPlace {
        variant: job.variant,
        window: job.window,
        annotation: plan.annotation.as_deref(),
    }
}

/// What a job asks the model for.
struct Asked {
    /// What the scorers read, each output once.
    outputs: Vec<OutputRequest>,
    splicing: Splicing,
}

impl Asked {
    fn of(plan: &Plan, job: &SourceJob<'_>) -> Self {
        let place = place(plan, job);
        let wanted = |planned: &PlannedScorer| planned.scorer.request(&planned.given, &place);
        let outputs = OutputRequest::joined(plan.scorers.iter().map(wanted));
        let splicing = Splicing::of(&outputs, job.window, [job.variant], plan.annotation.as_deref());
        Self { outputs, splicing }
    }
}

/// Applies every scorer; the reason when one cannot be applied.
///
/// * `card`: of the model that predicted, which is one of several behind the plan where sources are joined.
fn score_answer(
    card: &ModelCard,
    plan: &Plan,
    job: &SourceJob<'_>,
    answer: &Answer,
) -> Result<Vec<ScoreBlock>, SourceError> {
    let alternate = answer.alternates.first().ok_or_else(|| BackendError::Query {
        model: card.name.clone(),
        window: job.window.to_string(),
        reason: "it gave no alternate prediction".to_owned(),
    })?;
    let input = ScoringInput {
        outputs: RefAlt {
            reference: &answer.reference,
            alternate,
        },
        place: place(plan, job),
    };
    let origin = Arc::new(origin(card, None));
    let score = |(scorer, planned): (usize, &PlannedScorer)| {
        let scores = planned.scorer.score(&input)?;
        let (rows, tracks) = (scores.rows.len(), planned.given.tracks.len());
        if scores.raw.len() != rows * tracks {
            return Err(SourceError::Shape {
                scorer: planned.text.clone(),
                found: scores.raw.len(),
                rows,
                tracks,
            });
        }
        let terms = if plan.table.terms {
            planned.scorer.terms(&input)?
        } else {
            None
        };
        Ok(ScoreBlock {
            scorer,
            raw: planned.keep(&scores.rows, scores.raw),
            quantile: None,
            terms: terms.map(|terms| RefAlt {
                reference: planned.keep(&scores.rows, terms.reference),
                alternate: planned.keep(&scores.rows, terms.alternate),
            }),
            rows: scores.rows,
            origin: Arc::clone(&origin),
        })
    };
    plan.scorers.iter().enumerate().map(score).collect()
}
