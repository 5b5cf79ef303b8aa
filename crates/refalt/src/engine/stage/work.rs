//! The middle stage: the model predicts, the scorers score.

use super::{Batch, Handed, Job, ScoredBatch};
use crate::engine::input::RowStatus;
use crate::engine::plan::{Plan, PlannedScorer};
use crate::engine::run::RunError;
use crate::engine::score_table::ScoredVariant;
use refalt_core::score::{ScoreBlock, VariantPart};
use refalt_core::scorer::{ScoringInput, ScoringPlace};
use refalt_core::{Answer, Backend, OutputRequest, Query, RefAlt};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};

/// A worker: predicts and scores batches until there are no more.
pub(super) fn batches(plan: &Plan, backend: &dyn Backend, jobs: &Mutex<Receiver<Batch>>, scores: &SyncSender<Handed>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { return };
        if scores.send(score(plan, backend, batch)).is_err() {
            return;
        }
    }
}

/// Predicts and scores a batch.
pub(in crate::engine) fn score(plan: &Plan, backend: &dyn Backend, mut batch: Batch) -> Handed {
    let requests: Vec<Vec<OutputRequest>> = batch.jobs.iter().map(|job| requests(plan, job)).collect();
    let queries: Vec<Query<'_>> = batch
        .jobs
        .iter()
        .zip(&requests)
        .map(|(job, outputs)| Query {
            window: &job.window,
            reference: &job.sequences.reference,
            alternates: std::slice::from_ref(&job.sequences.alternate),
            outputs,
        })
        .collect();
    let answers = backend.predict(&queries);
    if answers.len() != batch.jobs.len() {
        return Err(RunError::WorkerLost);
    }
    let mut variants = Vec::with_capacity(batch.jobs.len());
    for (job, answer) in batch.jobs.iter().zip(answers) {
        let record = &mut batch.records[job.record];
        let scored = match answer {
            Ok(answer) => score_answer(plan, job, &answer),
            Err(error) if error.is_fatal() => return Err(error.into()),
            Err(error) => Err(error.to_string()),
        };
        match scored {
            Ok(blocks) => variants.push(ScoredVariant {
                part: VariantPart {
                    row: record.input.row,
                    variant: job.variant.clone(),
                    window: job.window.clone(),
                    window_known: job.window_known,
                    repair: record.input.repair.clone(),
                },
                blocks,
            }),
            Err(reason) => record.status = RowStatus::Failed { reason },
        }
    }
    Ok(ScoredBatch {
        number: batch.number,
        part: batch.part,
        records: batch.records,
        variants,
    })
}

/// Returns the place that the scorers of a job look at.
fn place<'a>(plan: &'a Plan, job: &'a Job) -> ScoringPlace<'a> {
    ScoringPlace {
        variant: &job.variant,
        window: &job.window,
        annotation: plan.annotation.as_deref(),
    }
}

/// Returns what the scorers read, each output once.
fn requests(plan: &Plan, job: &Job) -> Vec<OutputRequest> {
    let place = place(plan, job);
    let wanted = |planned: &PlannedScorer| planned.scorer.request(&planned.given, &place);
    OutputRequest::joined(plan.scorers.iter().map(wanted))
}

/// Applies every scorer; the reason when one cannot be applied.
fn score_answer(plan: &Plan, job: &Job, answer: &Answer) -> Result<Vec<ScoreBlock>, String> {
    let alternate = answer
        .alternates
        .first()
        .ok_or("the model gave no alternate prediction")?;
    let input = ScoringInput {
        outputs: RefAlt {
            reference: &answer.reference,
            alternate,
        },
        place: place(plan, job),
    };
    plan.scorers
        .iter()
        .enumerate()
        .map(|(scorer, planned)| {
            let scores = planned.scorer.score(&input).map_err(|error| error.to_string())?;
            if scores.raw.len() != scores.rows.len() * planned.given.tracks.len() {
                return Err(format!(
                    "`{}` gave {} scores for {} rows of {} tracks",
                    planned.text,
                    scores.raw.len(),
                    scores.rows.len(),
                    planned.given.tracks.len()
                ));
            }
            Ok(ScoreBlock {
                scorer,
                rows: scores.rows,
                raw: planned.keep(scores.raw),
                quantile: None,
            })
        })
        .collect()
}
