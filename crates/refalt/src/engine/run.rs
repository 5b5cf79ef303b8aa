//! The stages of the job: read, predict and score, write in order.

use super::identity::RunIdentity;
use super::input::{InputRow, Rejection, RowStatus};
use super::ledger::{self, Ledger, LedgerError, PartEntry};
use super::manifest::{Counts, Manifest};
use super::plan::Plan;
use super::score_table::{ScoreTable, ScoredVariant, TableError, Template};
use super::track_table;
use super::variant_table::{self, VariantRecord, VariantTable};
use crate::atomic_file::Committed;
use crate::diagnostic::Diagnostic;
use crate::provenance::FileIdentity;
use refalt_core::score::{ScoreBlock, VariantPart};
use refalt_core::scorer::ScoringInput;
use refalt_core::{
    Answer, Backend, BackendError, CheckedVariant, OutputRequest, Query, RefAlt, Reference, Sequence, Window, check,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What became of the rows so far, finished parts of earlier runs included.
    pub counts: Counts,
    /// Rows that earlier runs had finished.
    pub resumed_rows: u64,
    /// Rows of the score table so far.
    pub score_rows: u64,
}

/// Is told how far a run is, from the thread that called [`run`].
pub trait Observer {
    /// A batch is written.
    fn advanced(&mut self, progress: &Progress);
}

/// An observer that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn advanced(&mut self, _progress: &Progress) {}
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The record of the run, as written to `manifest.json`.
    pub manifest: Manifest,
    /// Rows that earlier runs had finished.
    pub resumed_rows: u64,
}

/// A run stopped. Finished parts stay as they are, and the same command goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The ledger refuses.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A table cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Table {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: TableError,
    },
    /// The input cannot be read on.
    #[error("{message}")]
    Input {
        /// What and why.
        message: String,
        /// Where in the input.
        place: Option<String>,
        /// What the user can do.
        hint: Option<String>,
    },
    /// The model cannot go on.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A stage stopped without a word.
    #[error("a worker stopped without an answer")]
    WorkerLost,
}

impl Diagnostic for RunError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Input { place, .. } => place.clone(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Ledger(error) => error.hint(),
            Self::Table { .. } => {
                Some("finished parts are kept: free the space or the folder and run the same command again".to_owned())
            }
            Self::Input { hint, .. } => hint.clone(),
            Self::Backend(_) | Self::WorkerLost => None,
        }
    }
}

/// Runs a plan: reads `input`, writes the folder `out`, and goes on where an earlier run stopped.
///
/// `input` gives every row from the first, whatever is done; `threads` is the number of workers that predict.
///
/// # Errors
/// [`RunError`]; what was finished before stays good.
pub fn run<E: Diagnostic + Send>(
    plan: &Plan,
    identity: &RunIdentity,
    input: impl Iterator<Item = Result<InputRow, E>> + Send,
    reference: &dyn Reference,
    backend: &dyn Backend,
    out: &Path,
    threads: usize,
    observer: &mut dyn Observer,
) -> Result<Summary, RunError> {
    if let Some(summary) = finished(identity, out)? {
        return Ok(summary);
    }
    let mut ledger = Ledger::open(out, identity)?;
    let tracks_path = out.join("tracks.parquet");
    let tracks = track_table::write(&tracks_path, plan).map_err(at(&tracks_path))?;
    let mut progress = Progress::default();
    for part in ledger.parts().values() {
        progress.counts.merge(&part.counts);
        progress.score_rows += part.score_rows;
    }
    progress.resumed_rows = progress.counts.rows;
    observer.advanced(&progress);
    stages(
        plan,
        input,
        reference,
        backend,
        threads,
        &mut ledger,
        &mut progress,
        observer,
    )?;

    let parts: Vec<PathBuf> = ledger.parts().keys().map(|&part| ledger.variants_path(part)).collect();
    let variants_path = out.join("variants.parquet");
    let variants = variant_table::join(&parts, &variants_path, plan).map_err(at(&variants_path))?;
    let manifest = Manifest::new(
        plan,
        identity,
        ledger.parts().values(),
        named("variants.parquet", variants),
        named("tracks.parquet", tracks),
    );
    ledger::write_json(&out.join("manifest.json"), &manifest)?;
    ledger.close()?;
    Ok(Summary {
        manifest,
        resumed_rows: progress.resumed_rows,
    })
}

/// Returns the summary of a folder in which the same run is finished; verifies its files.
fn finished(identity: &RunIdentity, out: &Path) -> Result<Option<Summary>, RunError> {
    let path = out.join("manifest.json");
    if !path.exists() {
        return Ok(None);
    }
    let manifest: Manifest = ledger::read_json(&path)?;
    let differences = identity.differences(&manifest.identity);
    if !differences.is_empty() {
        return Err(LedgerError::OtherRun {
            folder: out.to_owned(),
            differences,
        }
        .into());
    }
    for scores in &manifest.scores {
        ledger::verify(&out.join("scores").join(&scores.name), scores, &path)?;
    }
    for table in [&manifest.variants, &manifest.tracks] {
        ledger::verify(&out.join(&table.name), table, &path)?;
    }
    ledger::remove(out)?;
    let resumed_rows = manifest.counts.rows;
    Ok(Some(Summary { manifest, resumed_rows }))
}

fn named(name: &str, file: Committed) -> FileIdentity {
    FileIdentity {
        name: name.to_owned(),
        bytes: file.bytes,
        sha256: file.sha256,
    }
}

fn at(path: &Path) -> impl FnOnce(TableError) -> RunError {
    let path = path.to_owned();
    move |source| RunError::Table { path, source }
}

/// Some neighbouring input rows, all of one part.
struct Batch {
    number: u64,
    part: u64,
    records: Vec<VariantRecord>,
    jobs: Vec<Job>,
}

/// An accepted variant with its sequences.
struct Job {
    /// Index into the batch's records.
    record: usize,
    variant: CheckedVariant,
    window: Window,
    window_known: f32,
    sequences: RefAlt<Sequence>,
}

/// A batch with its scores.
struct ScoredBatch {
    number: u64,
    part: u64,
    records: Vec<VariantRecord>,
    variants: Vec<ScoredVariant>,
}

/// What a stage hands to the writer.
type Handed = Result<ScoredBatch, RunError>;

fn stages<E: Diagnostic + Send>(
    plan: &Plan,
    input: impl Iterator<Item = Result<InputRow, E>> + Send,
    reference: &dyn Reference,
    backend: &dyn Backend,
    threads: usize,
    ledger: &mut Ledger,
    progress: &mut Progress,
    observer: &mut dyn Observer,
) -> Result<(), RunError> {
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
            let mut reader = RowReader::new(plan, reference, done);
            if let Err(error) = reader.read(input, &jobs_in, stop) {
                let _ = reader_scores.send(Err(error));
            }
        });
        for _ in 0..threads {
            let scores = scores_in.clone();
            scope.spawn(move || work(plan, backend, jobs_out, &scores));
        }
        drop(scores_in);
        let written = write(plan, &scores_out, ledger, progress, observer);
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

/// Turns input rows into batches.
struct RowReader<'a> {
    plan: &'a Plan,
    reference: &'a dyn Reference,
    /// Parts that earlier runs finished: their rows are read for their duplicates, and not sent.
    done: HashSet<u64>,
    /// Fingerprint of each accepted variant, with the row it came from.
    seen: HashMap<u128, u64>,
    batch_rows: usize,
}

impl<'a> RowReader<'a> {
    fn new(plan: &'a Plan, reference: &'a dyn Reference, done: HashSet<u64>) -> Self {
        // 4 MiB of sequence in a batch, REF and ALT together.
        let batch_rows = ((4 << 20) / (2 * plan.window.get() as usize)).clamp(1, 64);
        Self {
            plan,
            reference,
            done,
            seen: HashMap::new(),
            batch_rows,
        }
    }

    fn read<E: Diagnostic>(
        &mut self,
        input: impl Iterator<Item = Result<InputRow, E>>,
        jobs: &SyncSender<Batch>,
        stop: &AtomicBool,
    ) -> Result<(), RunError> {
        let mut number = 0;
        let mut index = 0;
        let mut batch: Option<Batch> = None;
        for row in input {
            let row = row.map_err(|error| RunError::Input {
                message: error.to_string(),
                place: error.place(),
                hint: error.hint(),
            })?;
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let part = index / self.plan.rows_per_part;
            index += 1;
            let skip = self.done.contains(&part);
            if let Some(full) = batch.take_if(|b| b.part != part || b.records.len() == self.batch_rows) {
                number += 1;
                if jobs.send(full).is_err() {
                    return Ok(());
                }
            }
            let (record, job) = self.prepare(row, skip);
            if skip {
                continue;
            }
            let batch = batch.get_or_insert_with(|| Batch {
                number,
                part,
                records: Vec::new(),
                jobs: Vec::new(),
            });
            if let Some(mut job) = job {
                job.record = batch.records.len();
                batch.jobs.push(job);
            }
            batch.records.push(record);
        }
        if let Some(last) = batch {
            let _ = jobs.send(last);
        }
        Ok(())
    }

    /// Checks a row against the genome and fetches its sequences.
    fn prepare(&mut self, input: InputRow, skip: bool) -> (VariantRecord, Option<Job>) {
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
                return (record, None);
            }
        };
        record.checked = Some(variant.clone());
        match self.seen.entry(fingerprint(&variant)) {
            std::collections::hash_map::Entry::Occupied(earlier) => {
                record.status = RowStatus::Duplicate { of: *earlier.get() };
                return (record, None);
            }
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(record.input.row);
            }
        }
        if skip {
            return (record, None);
        }
        let window = Window::around(variant.contig(), variant.reference_interval(), self.plan.window);
        let sequences = match window.sequences(&variant, self.reference) {
            Ok(sequences) => sequences,
            Err(error) => {
                record.status = RowStatus::Rejected(Rejection::from(&error));
                return (record, None);
            }
        };
        let known = sequences.reference.known_bases() as f64 / sequences.reference.len() as f64;
        let window_known = known as f32;
        record.window = Some(window.clone());
        record.window_known = Some(window_known);
        let job = Job {
            record: 0,
            variant,
            window,
            window_known,
            sequences,
        };
        (record, Some(job))
    }
}

/// Returns 128 bits of the SHA-256 of a variant: two of 10^10 variants share them with a chance below 10^-18.
fn fingerprint(variant: &CheckedVariant) -> u128 {
    let mut hasher = Sha256::new();
    hasher.update(variant.contig().as_str().as_bytes());
    hasher.update([0]);
    hasher.update(variant.position().one_based().to_le_bytes());
    hasher.update(variant.reference_bases().as_bytes());
    hasher.update([0]);
    hasher.update(variant.alternate_bases().as_bytes());
    let digest = hasher.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    u128::from_le_bytes(bytes)
}

/// A worker: predicts and scores batches until there are no more.
fn work(plan: &Plan, backend: &dyn Backend, jobs: &Mutex<Receiver<Batch>>, scores: &SyncSender<Handed>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { return };
        if scores.send(score(plan, backend, batch)).is_err() {
            return;
        }
    }
}

/// Predicts and scores a batch.
fn score(plan: &Plan, backend: &dyn Backend, mut batch: Batch) -> Handed {
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

/// Returns what the scorers read, each output once.
fn requests(plan: &Plan, job: &Job) -> Vec<OutputRequest> {
    let mut requests: Vec<OutputRequest> = Vec::new();
    for planned in &plan.scorers {
        let wanted = planned.scorer.request(&planned.tracks, &job.variant, &job.window);
        match requests.iter_mut().find(|request| request.output == wanted.output) {
            Some(request) => request.span = request.span.hull(wanted.span),
            None => requests.push(wanted),
        }
    }
    requests
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
        variant: &job.variant,
        window: &job.window,
    };
    plan.scorers
        .iter()
        .enumerate()
        .map(|(scorer, planned)| {
            let scores = planned.scorer.score(&input).map_err(|error| error.to_string())?;
            if scores.raw.len() != planned.tracks.tracks.len() {
                return Err(format!(
                    "`{}` gave {} scores for {} tracks",
                    planned.text,
                    scores.raw.len(),
                    planned.tracks.tracks.len()
                ));
            }
            Ok(ScoreBlock {
                scorer,
                raw: scores.raw,
                quantile: None,
            })
        })
        .collect()
}

/// The files of a part under way.
struct OpenPart {
    number: u64,
    scores: Option<ScoreTable>,
    variants: VariantTable,
    counts: Counts,
}

/// Writes batches in input order, part by part.
fn write(
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
        part.counts.add(&record.status);
        progress.counts.add(&record.status);
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
