//! The last stage: batches back in input order, part by part, into the tables and the ledger.

use super::{Handed, ScoredBatch};
use crate::engine::ledger::{Ledger, PartEntry};
use crate::engine::manifest::Counts;
use crate::engine::plan::Plan;
use crate::engine::run::{Observer, Progress, RunError, at, named};
use crate::engine::score_table::{ScoreTable, Template};
use crate::engine::variant_table::VariantTable;
use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

/// The files of a part under way.
struct OpenPart {
    number: u64,
    scores: Option<ScoreTable>,
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
    let columns = Template::new(plan);
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
            append(plan, &columns, part, batch, ledger, progress)?;
            if let Some(full) = open.take_if(|part| part.counts.rows == plan.rows_per_part) {
                close(full, ledger)?;
            }
            observer.advanced(progress);
        }
    }
    if !waiting.is_empty() {
        return Err(RunError::WorkerLost);
    }
    match open {
        Some(last) => close(last, ledger),
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
    columns: &Template,
    part: &mut OpenPart,
    batch: ScoredBatch,
    ledger: &Ledger,
    progress: &mut Progress,
) -> Result<(), RunError> {
    if !batch.variants.is_empty() {
        let path = ledger.scores_path(part.number);
        let table = match &mut part.scores {
            Some(table) => table,
            None => part
                .scores
                .insert(ScoreTable::create(&path, plan, columns).map_err(at(&path))?),
        };
        table.append(columns, &batch.variants).map_err(at(&path))?;
        for block in batch.variants.iter().flat_map(|variant| &variant.blocks) {
            progress.score_rows += block.raw.len() as u64;
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
fn close(part: OpenPart, ledger: &mut Ledger) -> Result<(), RunError> {
    let number = part.number;
    let scores_path = ledger.scores_path(number);
    let (scores, score_rows) = match part.scores {
        Some(table) => {
            let (file, rows) = table.commit().map_err(at(&scores_path))?;
            (Some(named(&format!("part-{number:06}.parquet"), file)), rows)
        }
        None => (None, 0),
    };
    let variants_path = ledger.variants_path(number);
    let variants = part.variants.commit().map_err(at(&variants_path))?;
    ledger.enter(
        number,
        PartEntry {
            scores,
            variants: named(&format!("variants-{number:06}.parquet"), variants),
            score_rows,
            counts: part.counts,
        },
    )?;
    Ok(())
}
