//! What a run would come to, without writing anything.

use super::input::InputRow;
use super::manifest::Counts;
use super::plan::{Estimate, Plan};
use super::run::RunError;
use super::source::ScoreSource;
use super::stage::Batch;
use super::stage::read::RowReader;
use super::stage::work::score;
use crate::diagnostic::Diagnostic;
use refalt_core::Reference;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Variants that are scored to measure the time.
const SAMPLE: usize = 64;

/// What a run would come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// What would become of the input rows; `scored` are those that would be given to the model.
    pub counts: Counts,
    /// Calls, rows and disk.
    pub estimate: Estimate,
    /// Time on `threads` threads, from scoring the first variants.
    pub duration: Duration,
    /// Variants that were scored to measure the time; none when a service is the source, and the time is then not known.
    pub sample: usize,
}

/// Reads and checks the whole input and scores its first variants; a service is not asked.
///
/// # Errors
/// [`RunError`] when the input cannot be read on, or the model cannot work.
pub fn survey<E: Diagnostic>(
    plan: &Plan,
    input: impl Iterator<Item = Result<InputRow, E>>,
    reference: &dyn Reference,
    source: &dyn ScoreSource,
    threads: usize,
) -> Result<Survey, RunError> {
    let mut reader = RowReader::new(plan, reference, HashSet::new(), &std::env::temp_dir());
    let mut counts = Counts::default();
    // A slow source is not asked twice; it has all threads for each variant.
    let (sample_size, threads) = if plan.slow { (1, 1) } else { (SAMPLE, threads) };
    let mut sample = Batch::default();
    let reading = Instant::now();
    for row in input {
        let row = row.map_err(|error| RunError::input(&error))?;
        let wanted = sample.len() < sample_size && !plan.service;
        let (record, job) = reader.prepare(row, !wanted)?;
        // Windows are laid for the sample alone, so how much of them is known is not counted.
        counts.add(&record.status, None);
        if wanted {
            sample.push(record, job);
        }
    }
    let reading = reading.elapsed();
    let sampled = sample.len();
    let scoring = Instant::now();
    let mut estimate = plan.estimate(counts.scored);
    if sampled > 0 {
        let scored = score(plan, source, sample)?;
        if let Some(rows) = scored.rows_per_variant(plan) {
            estimate = plan.estimate_rows(counts.scored, (rows * counts.scored as f64).round() as u64);
        }
    }
    let per_variant = scoring.elapsed().as_secs_f64() / sampled.max(1) as f64;
    let seconds = reading.as_secs_f64() + per_variant * counts.scored as f64 / threads.max(1) as f64;
    Ok(Survey {
        counts,
        estimate,
        duration: Duration::from_secs_f64(seconds),
        sample: sampled,
    })
}
