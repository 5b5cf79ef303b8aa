//! A run from its first to its last file, and how it can stop.

use super::folder::{self, FolderState};
use super::identity::RunIdentity;
use super::input::InputRow;
use super::ledger::{self, Ledger, LedgerError};
use super::manifest::{Counts, Manifest};
use super::plan::Plan;
use super::score_table::TableError;
use super::source::{ScoreSource, SourceError};
use super::stage;
use super::track_table;
use super::variant_table;
use crate::atomic_file::Committed;
use crate::diagnostic::{Diagnostic, ServiceStop};
use crate::provenance::FileIdentity;
use crate::reference_assembly::AssemblyRecord;
use crate::seen::SeenError;
use refalt_core::Reference;
use std::path::{Path, PathBuf};

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
    /// The source of scores cannot go on.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The variants seen cannot be kept.
    #[error(transparent)]
    Seen(#[from] SeenError),
    /// A stage stopped without a word.
    #[error("a worker stopped without an answer")]
    WorkerLost,
}

impl RunError {
    /// Tells that the input cannot be read on.
    pub(crate) fn input(error: &impl Diagnostic) -> Self {
        Self::Input {
            message: error.to_string(),
            place: error.place(),
            hint: error.hint(),
        }
    }
}

impl Diagnostic for RunError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Input { place, .. } => place.clone(),
            _ => None,
        }
    }

    fn service_stop(&self) -> Option<ServiceStop> {
        match self {
            Self::Source(error) => error.service_stop(),
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
            Self::Seen(error) => error.hint(),
            Self::Source(error) => error.hint(),
            Self::WorkerLost => None,
        }
    }
}

/// What a run works with.
pub struct Setting<'a> {
    /// What is done.
    pub plan: &'a Plan,
    /// What decides the bytes of the output.
    pub identity: &'a RunIdentity,
    /// What was stated and known about assemblies, for the record.
    pub assembly: &'a AssemblyRecord,
    /// The genome.
    pub reference: &'a dyn Reference,
    /// Where the scores come from.
    pub source: &'a dyn ScoreSource,
    /// The output folder.
    pub out: &'a Path,
    /// Threads that score.
    pub threads: usize,
}

/// Runs a plan: reads `input`, writes the folder `out`, and goes on where an earlier run stopped.
///
/// `input` gives every row from the first, whatever is done.
///
/// # Errors
/// [`RunError`]; what was finished before stays good.
pub fn run<E: Diagnostic + Send>(
    setting: &Setting<'_>,
    input: impl Iterator<Item = Result<InputRow, E>> + Send,
    observer: &mut dyn Observer,
) -> Result<Summary, RunError> {
    let Setting {
        plan, identity, out, ..
    } = *setting;
    if let FolderState::Finished(manifest) = folder::look(out, identity)? {
        return finished(*manifest, out);
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
    stage::all(setting, input, &mut ledger, &mut progress, observer)?;

    let parts: Vec<PathBuf> = ledger.parts().keys().map(|&part| ledger.variants_path(part)).collect();
    let variants_path = out.join("variants.parquet");
    let variants = variant_table::join(&parts, &variants_path, plan).map_err(at(&variants_path))?;
    let manifest = Manifest::new(
        plan,
        ledger.identity(),
        setting.assembly,
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

/// Says whether a run may write to a folder, without changing anything, and how many input rows are done there.
///
/// # Errors
/// [`RunError::Ledger`] when the folder holds another run, files that are no run, or a part that was damaged.
pub fn check_folder(identity: &RunIdentity, out: &Path) -> Result<u64, RunError> {
    if let FolderState::Finished(manifest) = folder::look(out, identity)? {
        verify_finished(&manifest, out)?;
        return Ok(manifest.counts.rows);
    }
    let parts = ledger::finished_parts(out)?;
    Ok(parts.values().map(|part| part.counts.rows).sum())
}

/// Returns the summary of a folder in which the same run is finished; verifies its files.
fn finished(manifest: Manifest, out: &Path) -> Result<Summary, RunError> {
    verify_finished(&manifest, out)?;
    ledger::remove(out)?;
    let resumed_rows = manifest.counts.rows;
    Ok(Summary { manifest, resumed_rows })
}

/// Compares the files of a finished run with its manifest.
fn verify_finished(manifest: &Manifest, out: &Path) -> Result<(), RunError> {
    let path = out.join("manifest.json");
    for scores in &manifest.scores {
        ledger::verify(&out.join("scores").join(&scores.name), scores, &path)?;
    }
    for summaries in &manifest.summaries {
        ledger::verify(&out.join("summaries").join(&summaries.name), summaries, &path)?;
    }
    for table in [&manifest.variants, &manifest.tracks] {
        ledger::verify(&out.join(&table.name), table, &path)?;
    }
    Ok(())
}

pub(super) fn named(name: &str, file: Committed) -> FileIdentity {
    FileIdentity {
        name: name.to_owned(),
        bytes: file.bytes,
        sha256: file.sha256,
    }
}

pub(super) fn at(path: &Path) -> impl FnOnce(TableError) -> RunError {
    let path = path.to_owned();
    move |source| RunError::Table { path, source }
}
