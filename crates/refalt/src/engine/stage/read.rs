//! The first stage: check each row against the genome, lay its window, fetch its sequences.

use super::{Batch, Job};
use crate::diagnostic::Diagnostic;
use crate::engine::input::{InputRow, Rejection, RowStatus};
use crate::engine::plan::Plan;
use crate::engine::run::RunError;
use crate::engine::variant_table::VariantRecord;
use crate::seen::{SeenVariants, VariantKey};
use refalt_core::{RefAlt, Reference, Sequence, Window, check};
use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

/// The most rows of a batch.
const MOST_ROWS: usize = 64;

/// Turns input rows into batches.
pub(in crate::engine) struct RowReader<'a> {
    plan: &'a Plan,
    reference: &'a dyn Reference,
    /// Parts that earlier runs finished: their rows are read for their duplicates, and not sent.
    done: HashSet<u64>,
    /// The accepted variants, with the rows they came from.
    seen: SeenVariants,
    batch_rows: usize,
}

impl<'a> RowReader<'a> {
    /// * `folder`: where temporary files may be, when the variants seen do not fit the memory.
    pub(in crate::engine) fn new(
        plan: &'a Plan,
        reference: &'a dyn Reference,
        done: HashSet<u64>,
        folder: &Path,
    ) -> Self {
        // 4 MiB of sequence in a batch, REF and ALT together.
        let batch_rows = ((4 << 20) / (2 * plan.window.get() as usize)).clamp(1, MOST_ROWS);
        // A service reads its own sequences, and answers many calls at once.
        let batch_rows = if plan.service { MOST_ROWS } else { batch_rows };
        Self {
            plan,
            reference,
            done,
            seen: SeenVariants::new(folder),
            batch_rows,
        }
    }

    pub(super) fn read<E: Diagnostic>(
        &mut self,
        input: impl Iterator<Item = Result<InputRow, E>>,
        jobs: &SyncSender<Batch>,
        stop: &AtomicBool,
    ) -> Result<(), RunError> {
        let mut number = 0;
        let mut batch: Option<Batch> = None;
        for (index, row) in (0_u64..).zip(input) {
            let row = row.map_err(|error| RunError::input(&error))?;
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let part = index / self.plan.rows_per_part;
            let skip = self.done.contains(&part);
            if let Some(full) = batch.take_if(|b| b.part != part || b.records.len() == self.batch_rows) {
                number += 1;
                if jobs.send(full).is_err() {
                    return Ok(());
                }
            }
            let (record, job) = self.prepare(row, skip)?;
            if skip {
                continue;
            }
            let batch = batch.get_or_insert_with(|| Batch {
                number,
                part,
                ..Batch::default()
            });
            batch.push(record, job);
        }
        if let Some(last) = batch {
            let _ = jobs.send(last);
        }
        Ok(())
    }

    /// Checks a row against the genome and fetches its sequences.
    ///
    /// # Errors
    /// [`RunError::Seen`] when the variants seen cannot be kept.
    pub(in crate::engine) fn prepare(
        &mut self,
        input: InputRow,
        skip: bool,
    ) -> Result<(VariantRecord, Option<Job>), RunError> {
        let mut record = VariantRecord {
            status: RowStatus::Scored,
            checked: None,
            window: None,
            window_known: None,
            input,
        };
        let checked = match &record.input.variant {
            Err(rejection) => Err(rejection.clone()),
            Ok(variant) => check(variant, self.reference).map_err(|error| Rejection::from(&error)),
        };
        let variant = match checked {
            Ok(variant) => variant,
            Err(rejection) => {
                record.status = RowStatus::Rejected(rejection);
                return Ok((record, None));
            }
        };
        record.checked = Some(variant.clone());
        if let Some(of) = self.seen.earlier_row(VariantKey::of(&variant), record.input.row)? {
            record.status = RowStatus::Duplicate { of };
            return Ok((record, None));
        }
        if skip {
            return Ok((record, None));
        }
        let window = Window::around(variant.contig(), variant.reference_interval(), self.plan.window);
        let sequences = match window.sequences(&variant, self.reference) {
            Ok(sequences) => sequences,
            Err(error) => {
                record.status = RowStatus::Rejected(Rejection::from(&error));
                return Ok((record, None));
            }
        };
        let known = sequences.reference.known_bases() as f64 / sequences.reference.len() as f64;
        let window_known = known as f32;
        record.window = Some(window.clone());
        record.window_known = Some(window_known);
        let sequences = if self.plan.service {
            RefAlt {
                reference: Sequence::from_bases(Vec::new()),
                alternate: Sequence::from_bases(Vec::new()),
            }
        } else {
            sequences
        };
        let job = Job {
            record: 0,
            variant,
            window,
            window_known,
            sequences,
        };
        Ok((record, Some(job)))
    }
}
