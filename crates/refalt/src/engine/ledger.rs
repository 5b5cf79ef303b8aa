//! What is done: one small file for each finished part, and the identity of the run.
//!
//! `ledger/run.json` is written before the first part, `ledger/part-000000.json` after the part's files are in
//! place. Both are replaced as a whole, so the ledger is true at every moment; it goes when the manifest, which
//! says the same, is written.

use super::identity::{Difference, RunIdentity};
use super::manifest::Counts;
use super::sources::SourceTally;
use crate::atomic_file::AtomicFile;
use crate::provenance::FileIdentity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A finished part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartEntry {
    /// The score table of the part, under `scores/`: no file when no row of the part was scored, several in the wide
    /// layout.
    pub scores: Vec<FileIdentity>,
    /// The summaries of the part; none when no row of the part was scored.
    pub summaries: Option<FileIdentity>,
    /// The variant table of the part.
    pub variants: FileIdentity,
    /// Rows of the score table.
    pub score_rows: u64,
    /// What became of the input rows.
    pub counts: Counts,
    /// Where the scores come from.
    #[serde(default)]
    pub sources: Vec<SourceTally>,
}

/// The ledger cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A file of the ledger cannot be read or written.
    #[error("cannot {action} `{path}`: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file of the ledger is not what was written.
    #[error("the ledger file `{path}` is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The cause in words.
        reason: String,
    },
    /// The folder holds another run.
    #[error("the folder `{folder}` holds a run that differs: {}", shown(.differences))]
    OtherRun {
        /// The output folder.
        folder: PathBuf,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// The folder holds something that is no run.
    #[error("the folder `{folder}` holds other files, such as `{found}`")]
    Foreign {
        /// The output folder.
        folder: PathBuf,
        /// One of them.
        found: String,
    },
    /// A file stands where the folder should be.
    #[error("`{path}` is a file and cannot be the output folder")]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// Another process writes here.
    #[error("another run is writing to `{folder}`")]
    Busy {
        /// The output folder.
        folder: PathBuf,
    },
    /// A finished part is not as it was written.
    #[error("the finished file `{path}` {what}")]
    PartChanged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// The entry that vouches for it.
        entry: PathBuf,
    },
}

impl LedgerError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::OtherRun { .. } => Some(
                "give another folder with --out, or the same inputs and options to go on, or remove the folder"
                    .to_owned(),
            ),
            Self::Foreign { .. } => Some(
                "give a folder that is empty or not there yet with --out; a run writes beside nothing else".to_owned(),
            ),
            Self::NoFolder { .. } => Some("give another name with --out".to_owned()),
            Self::Busy { .. } => Some("wait for it, or give another folder with --out".to_owned()),
            Self::PartChanged { entry, .. } if entry.ends_with("manifest.json") => Some(
                "the run in this folder was finished and a file of it was changed since; score into another folder, or \
                 remove this one and run again"
                    .to_owned(),
            ),
            Self::PartChanged { path, entry, .. } => Some(format!(
                "remove `{}` and `{}` and run again: only that part is computed again",
                path.display(),
                entry.display()
            )),
            Self::Damaged { path, .. } => Some(format!(
                "remove `{}` and run again: only what it vouches for is computed again",
                path.display()
            )),
            Self::File { .. } => Some("free the space, or give a folder that can be written with --out".to_owned()),
        }
    }
}

fn shown(differences: &[Difference]) -> String {
    let lines: Vec<String> = differences
        .iter()
        .map(|d| format!("{} was `{}`, here it is `{}`", d.what, d.before, d.here))
        .collect();
    lines.join("; ")
}

/// The ledger of a folder, locked for this process.
#[derive(Debug)]
pub(crate) struct Ledger {
    folder: PathBuf,
    ledger: PathBuf,
    parts: BTreeMap<u64, PartEntry>,
    /// The identity that the run began under.
    identity: RunIdentity,
    _lock: File,
}

impl Ledger {
    /// Opens the ledger of an output folder, creating it for the first run, and verifies every finished part.
    pub(crate) fn open(folder: &Path, identity: &RunIdentity) -> Result<Self, LedgerError> {
        let ledger = folder.join("ledger");
        for needed in [
            folder.to_owned(),
            folder.join("scores"),
            folder.join("summaries"),
            ledger.clone(),
        ] {
            fs::create_dir_all(&needed).map_err(failed("create the folder", &needed))?;
        }
        let lock_path = ledger.join("lock");
        let lock = File::create(&lock_path).map_err(failed("create", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(LedgerError::Busy {
                    folder: folder.to_owned(),
                });
            }
            // A file system without locks: two runs at once are then the user's to avoid.
            Err(fs::TryLockError::Error(_)) => {}
        }
        let run = ledger.join("run.json");
        // Looked at again under the lock: another run may have begun since.
        let identity = if run.exists() {
            let before: RunIdentity = read_json(&run)?;
            let differences = identity.differences(&before);
            if !differences.is_empty() {
                return Err(LedgerError::OtherRun {
                    folder: folder.to_owned(),
                    differences,
                });
            }
            before
        } else {
            write_json(&run, identity)?;
            identity.clone()
        };
        let mut opened = Self {
            folder: folder.to_owned(),
            ledger,
            parts: BTreeMap::new(),
            identity,
            _lock: lock,
        };
        opened.parts = finished_parts(&opened.folder)?;
        Ok(opened)
    }

    /// Returns the finished parts, by number.
    pub(crate) fn parts(&self) -> &BTreeMap<u64, PartEntry> {
        &self.parts
    }

    /// Returns the identity under which the run began: equal in content to that of this process, with the names of then.
    pub(crate) fn identity(&self) -> &RunIdentity {
        &self.identity
    }

    /// Enters a part; its files are in place.
    pub(crate) fn enter(&mut self, part: u64, entry: PartEntry) -> Result<(), LedgerError> {
        write_json(&self.entry_path(part), &entry)?;
        self.parts.insert(part, entry);
        Ok(())
    }

    /// Returns where the variant table of a part lies.
    pub(crate) fn variants_path(&self, part: u64) -> PathBuf {
        self.ledger.join(format!("variants-{part:06}.parquet"))
    }

    /// Returns the folder of the score table.
    pub(crate) fn scores_folder(&self) -> PathBuf {
        self.folder.join("scores")
    }

    /// Returns where the summaries of a part lie.
    pub(crate) fn summaries_path(&self, part: u64) -> PathBuf {
        self.folder.join("summaries").join(part_name(part))
    }

    fn entry_path(&self, part: u64) -> PathBuf {
        self.ledger.join(format!("part-{part:06}.json"))
    }

    /// Removes the ledger: the manifest says the same from now on.
    pub(crate) fn close(self) -> Result<(), LedgerError> {
        remove(&self.folder)
    }
}

/// Reads the entries of an output folder and compares the files with them. Parts may be missing in between.
pub(crate) fn finished_parts(folder: &Path) -> Result<BTreeMap<u64, PartEntry>, LedgerError> {
    let ledger = folder.join("ledger");
    let mut parts = BTreeMap::new();
    if !ledger.exists() {
        return Ok(parts);
    }
    let entries = fs::read_dir(&ledger).map_err(failed("read the folder", &ledger))?;
    for entry in entries {
        let path = entry.map_err(failed("read the folder", &ledger))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let number = name
            .as_deref()
            .and_then(|name| name.strip_prefix("part-")?.strip_suffix(".json")?.parse().ok());
        let Some(number) = number else { continue };
        let entry: PartEntry = read_json(&path)?;
        for scores in &entry.scores {
            verify(&folder.join("scores").join(&scores.name), scores, &path)?;
        }
        if let Some(summaries) = &entry.summaries {
            verify(&folder.join("summaries").join(&summaries.name), summaries, &path)?;
        }
        verify(&ledger.join(&entry.variants.name), &entry.variants, &path)?;
        parts.insert(number, entry);
    }
    Ok(parts)
}

/// Returns the file name of a part.
pub(crate) fn part_name(part: u64) -> String {
    format!("part-{part:06}.parquet")
}

/// Removes what is left of a ledger.
pub(crate) fn remove(folder: &Path) -> Result<(), LedgerError> {
    let ledger = folder.join("ledger");
    if ledger.exists() {
        fs::remove_dir_all(&ledger).map_err(failed("remove the folder", &ledger))?;
    }
    Ok(())
}

/// Compares a file with what was written.
pub(crate) fn verify(path: &Path, written: &FileIdentity, entry: &Path) -> Result<(), LedgerError> {
    let changed = |what: String| LedgerError::PartChanged {
        path: path.to_owned(),
        what,
        entry: entry.to_owned(),
    };
    let bytes = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => changed("is missing".to_owned()),
        _ => changed(format!("cannot be read: {error}")),
    })?;
    if bytes.len() != written.bytes {
        return Err(changed(format!(
            "has {} bytes, {} were written",
            bytes.len(),
            written.bytes
        )));
    }
    let found = FileIdentity::of(path).map_err(|error| changed(format!("cannot be read: {error}")))?;
    if found.sha256 == written.sha256 {
        Ok(())
    } else {
        Err(changed(
            "has other content than was written (SHA-256 differs)".to_owned(),
        ))
    }
}

pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LedgerError {
    let path = path.to_owned();
    move |source| LedgerError::File { action, path, source }
}

pub(crate) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, LedgerError> {
    let text = fs::read(path).map_err(failed("read", path))?;
    serde_json::from_slice(&text).map_err(|error| LedgerError::Damaged {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), LedgerError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| LedgerError::Damaged {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    text.push(b'\n');
    AtomicFile::write(path, &text).map_err(failed("write", path))?;
    Ok(())
}
