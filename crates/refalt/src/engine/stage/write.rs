//! The last stage: batches back in input order, part by part, into the tables and the ledger.

use super::{Handed, ScoredBatch};
use crate::engine::ledger::{Ledger, PartEntry, part_name};
use crate::engine::manifest::Counts;
use crate::engine::part_scores::{PartScores, Templates};
use crate::engine::plan::Plan;
use crate::engine::run::{Observer, Progress, RunError, at, named};
use crate::engine::variant_table::VariantTable;
use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

/// The files of a part under way.
struct OpenPart {
    number: u64,
    scores: Option<PartScores>,
    variants: VariantTable,
    counts: Counts,
}

/// Writes batches in input order, part by part.
pub(super) fn parts(
    plan: &Plan,
    scores: &Receiver<Handed>,
    ledger: &mut Ledger,
    progress: &mut Progress,
    observer: &mut dyn Observer,
) -> Result<(), RunError> {
    let templates = Templates::new(plan);
    let mut waiting: BTreeMap<u64, ScoredBatch> = BTreeMap::new();
    let mut next = 0;
    let mut open: Option<OpenPart> = None;
    for handed in scores {
        let batch = handed?;
        waiting.insert(batch.number, batch);
        while let Some(batch) = waiting.remove(&next) {
            next += 1;
            let part = match &mut open {
                Some(part) => part,
                None => open.insert(begin(plan, batch.part, ledger)?),
            };
            append(plan, &templates, part, batch, ledger, progress)?;
            if let Some(full) = open.take_if(|part| part.counts.rows == plan.rows_per_part) {
                close(plan, full, ledger)?;
            }
            observer.advanced(progress);
        }
    }
    if !waiting.is_empty() {
        return Err(RunError::WorkerLost);
    }
    match open {
        Some(last) => close(plan, last, ledger),
        None => Ok(()),
    }
}

fn begin(plan: &Plan, number: u64, ledger: &Ledger) -> Result<OpenPart, RunError> {
    let path = ledger.variants_path(number);
    Ok(OpenPart {
        number,
        scores: None,
        variants: VariantTable::create(&path, plan).map_err(at(&path))?,
        counts: Counts::default(),
    })
}

fn append(
    plan: &Plan,
    templates: &Templates<'_>,
    part: &mut OpenPart,
    batch: ScoredBatch,
    ledger: &Ledger,
    progress: &mut Progress,
) -> Result<(), RunError> {
    if !batch.variants.is_empty() {
        let scores = match &mut part.scores {
            Some(scores) => scores,
            None => part.scores.insert(PartScores::create(part.number, plan, ledger)?),
        };
        for variant in batch.variants {
            progress.score_rows += scores.append(templates, &variant)?;
        }
    }
    let path = ledger.variants_path(part.number);
    for record in batch.records {
        part.counts.add(&record.status, record.window_known);
        progress.counts.add(&record.status, record.window_known);
        part.variants.append(record).map_err(at(&path))?;
    }
    Ok(())
}

/// Puts the files of a part in place and enters it.
fn close(plan: &Plan, part: OpenPart, ledger: &mut Ledger) -> Result<(), RunError> {
    let number = part.number;
    let variants_path = ledger.variants_path(number);
    let mut entry = PartEntry {
        variants: named(
            &format!("variants-{number:06}.parquet"),
            part.variants.commit().map_err(at(&variants_path))?,
        ),
        scores: Vec::new(),
        summaries: None,
        score_rows: 0,
        counts: part.counts,
        sources: Vec::new(),
    };
    if let Some(scores) = part.scores {
        let written = scores.commit(plan)?;
        entry.score_rows = written.rows;
        entry.sources = written.sources;
        entry.scores = written
            .scores
            .into_iter()
            .map(|(name, file)| named(&name, file))
            .collect();
        entry.summaries = Some(named(&part_name(number), written.summaries));
    }
    ledger.enter(number, entry)?;
    Ok(())
}
