//! The middle stage: the source scores.

use super::{Batch, Handed, ScoredBatch};
use crate::engine::input::RowStatus;
use crate::engine::plan::Plan;
use crate::engine::run::RunError;
use crate::engine::score_table::ScoredVariant;
use crate::engine::source::{ScoreSource, SourceJob, check_shape};
use refalt_core::score::VariantPart;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};

/// A worker: scores batches until there are no more.
pub(super) fn batches(
    plan: &Plan,
    source: &dyn ScoreSource,
    jobs: &Mutex<Receiver<Batch>>,
    scores: &SyncSender<Handed>,
) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { return };
        if scores.send(score(plan, source, batch)).is_err() {
            return;
        }
    }
}

/// Scores a batch.
pub(in crate::engine) fn score(plan: &Plan, source: &dyn ScoreSource, mut batch: Batch) -> Handed {
    let jobs = batch.jobs.iter().map(|job| SourceJob {
        variant: &job.variant,
        window: &job.window,
        sequences: &job.sequences,
    });
    let jobs: Vec<SourceJob<'_>> = jobs.collect();
    let answers = if jobs.is_empty() {
        Vec::new()
    } else {
        source.score(plan, &jobs)
    };
    if answers.len() != jobs.len() {
        return Err(RunError::WorkerLost);
    }
    let mut variants = Vec::with_capacity(jobs.len());
    for (job, answer) in std::mem::take(&mut batch.jobs).into_iter().zip(answers) {
        let record = &mut batch.records[job.record];
        match answer.and_then(|blocks| check_shape(plan, &blocks).map(|()| blocks)) {
            Ok(blocks) => variants.push(ScoredVariant {
                part: VariantPart {
                    row: record.input.row,
                    variant: job.variant,
                    window: job.window,
                    window_known: job.window_known,
                    repair: record.input.repair.clone(),
                },
                blocks,
            }),
            Err(error) if error.is_fatal() => return Err(error.into()),
            Err(error) => {
                record.status = RowStatus::Failed {
                    reason: error.to_string(),
                }
            }
        }
    }
    Ok(ScoredBatch {
        number: batch.number,
        part: batch.part,
        records: batch.records,
        variants,
    })
}
