//! The stages of a run: read, predict and score, write in input order. Channels between them are bounded.

pub(super) mod read;
pub(super) mod work;
mod write;

use super::input::InputRow;
use super::kept_rows::KeptRows;
use super::ledger::Ledger;
use super::plan::Plan;
use super::run::{Observer, Progress, RunError, Setting};
use super::score_table::ScoredVariant;
use super::variant_table::VariantRecord;
use crate::diagnostic::Diagnostic;
use refalt_core::{CheckedVariant, RefAlt, Sequence, Window};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

/// Some neighbouring input rows, all of one part.
#[derive(Default)]
pub(in crate::engine) struct Batch {
    number: u64,
    part: u64,
    records: Vec<VariantRecord>,
    jobs: Vec<Job>,
}

impl Batch {
    /// Appends a row, with its job when the row is to be scored.
    pub(in crate::engine) fn push(&mut self, record: VariantRecord, job: Option<Job>) {
        if let Some(mut job) = job {
            job.record = self.records.len();
            self.jobs.push(job);
        }
        self.records.push(record);
    }

    /// Returns the number of variants to score.
    pub(in crate::engine) fn len(&self) -> usize {
        self.jobs.len()
    }
}

/// An accepted variant with its sequences.
pub(in crate::engine) struct Job {
    /// Index into the batch's records.
    record: usize,
    variant: CheckedVariant,
    window: Window,
    window_known: f32,
    sequences: RefAlt<Sequence>,
}

/// A batch with its scores.
pub(in crate::engine) struct ScoredBatch {
    number: u64,
    part: u64,
    records: Vec<VariantRecord>,
    variants: Vec<ScoredVariant>,
}

impl ScoredBatch {
    /// Returns how many rows of the score table a variant has on average.
    pub(in crate::engine) fn rows_per_variant(&self, plan: &Plan) -> Option<f64> {
        let blocks = self.variants.iter().flat_map(|variant| &variant.blocks);
        let rows = blocks.map(|block| {
            let kept = KeptRows::of(&block.rows, plan.table.match_gene_strand);
            kept.count(&plan.scorers[block.scorer].tracks.tracks)
        });
        let rows: usize = rows.sum();
        (!self.variants.is_empty()).then(|| rows as f64 / self.variants.len() as f64)
    }
}

/// What a stage hands to the writer.
pub(in crate::engine) type Handed = Result<ScoredBatch, RunError>;

pub(super) fn all<E: Diagnostic + Send>(
    setting: &Setting<'_>,
    input: impl Iterator<Item = Result<InputRow, E>> + Send,
    ledger: &mut Ledger,
    progress: &mut Progress,
    observer: &mut dyn Observer,
) -> Result<(), RunError> {
    let Setting {
        plan,
        reference,
        source,
        threads,
        out,
        ..
    } = *setting;
    let threads = threads.max(1);
    let stop = AtomicBool::new(false);
    let done: HashSet<u64> = ledger.parts().keys().copied().collect();
    let (jobs_in, jobs_out) = sync_channel::<Batch>(threads);
    let (scores_in, scores_out) = sync_channel::<Handed>(threads);
    let jobs_out = Mutex::new(jobs_out);
    std::thread::scope(|scope| {
        let reader_scores = scores_in.clone();
        let (stop, jobs_out) = (&stop, &jobs_out);
        scope.spawn(move || {
            let mut reader = read::RowReader::new(plan, reference, done, out);
            if let Err(error) = reader.read(input, &jobs_in, stop) {
                let _ = reader_scores.send(Err(error));
            }
        });
        for _ in 0..threads {
            let scores = scores_in.clone();
            scope.spawn(move || work::batches(plan, source, jobs_out, &scores));
        }
        drop(scores_in);
        let written = write::parts(plan, &scores_out, ledger, progress, observer);
        // The stages end when a channel closes; the reader may be between two sends.
        stop.store(true, Ordering::Relaxed);
        drop(scores_out);
        while jobs_out
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .try_recv()
            .is_ok()
        {}
        written
    })
}
