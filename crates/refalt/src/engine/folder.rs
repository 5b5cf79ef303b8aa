//! Which folders a run may write to.
//!
//! A folder is free when it is absent or empty, and the run's own when it holds the same run, finished or under way.
//! Everything else belongs to somebody: writing into it would mix two runs, or a run and other files, in silence.

use super::identity::{Difference, RunIdentity, differences};
use super::ledger::{self, LedgerError};
use super::manifest::Manifest;
use crate::atomic_file::PARTIAL_SUFFIX;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io;
use std::path::Path;

/// What an output folder holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FolderState {
    /// Nothing, or not even itself.
    Free,
    /// The same run, under way.
    Begun,
    /// The same run, finished.
    Finished(Box<Manifest>),
}

/// Looks into an output folder without changing it.
///
/// # Errors
/// [`LedgerError::OtherRun`] for another run, [`LedgerError::Foreign`] for other files, [`LedgerError::NoFolder`] where a
/// file has the name.
pub(crate) fn look(folder: &Path, identity: &RunIdentity) -> Result<FolderState, LedgerError> {
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(FolderState::Free),
        Err(source) => return Err(ledger::failed("read the folder", folder)(source)),
        Ok(metadata) if !metadata.is_dir() => {
            return Err(LedgerError::NoFolder {
                path: folder.to_owned(),
            });
        }
        Ok(_) => {}
    }
    let refuse = |before: &RunIdentity| refuse_differences(folder, identity.differences(before));
    let manifest = folder.join("manifest.json");
    if manifest.exists() {
        let manifest: Manifest = ledger::read_json(&manifest)?;
        refuse(&manifest.identity)?;
        return Ok(FolderState::Finished(Box::new(manifest)));
    }
    let run = folder.join("ledger").join("run.json");
    if run.exists() {
        refuse(&ledger::read_json(&run)?)?;
        return Ok(FolderState::Begun);
    }
    // A run that was killed before its first entry leaves empty folders, the lock, and files under temporary names.
    refuse_foreign(folder, &["ledger", "scores", "summaries", "lock"])?;
    Ok(FolderState::Free)
}

/// Refuses a folder that is not free and not that of a work whose identity stands in the file `record`; nothing is changed.
///
/// # Errors
/// As [`look`].
pub(crate) fn check<T: Serialize + DeserializeOwned>(
    folder: &Path,
    record: &Path,
    identity: &T,
) -> Result<(), LedgerError> {
    if folder.exists() && !folder.is_dir() {
        return Err(LedgerError::NoFolder {
            path: folder.to_owned(),
        });
    }
    if record.exists() {
        refuse_differences(folder, differences(&ledger::read_json(record)?, identity))?;
    } else if folder.exists() {
        refuse_foreign(folder, &[])?;
    }
    Ok(())
}

/// Makes a folder that of a work like [`check`]; it is there afterwards, and the record is the caller's to write.
///
/// # Errors
/// As [`look`].
pub(crate) fn claim<T: Serialize + DeserializeOwned>(
    folder: &Path,
    record: &Path,
    identity: &T,
) -> Result<(), LedgerError> {
    check(folder, record, identity)?;
    fs::create_dir_all(folder).map_err(ledger::failed("create the folder", folder))
}

/// Refuses a folder with another work.
pub(crate) fn refuse_differences(folder: &Path, differences: Vec<Difference>) -> Result<(), LedgerError> {
    if differences.is_empty() {
        return Ok(());
    }
    Err(LedgerError::OtherRun {
        folder: folder.to_owned(),
        differences,
    })
}

/// Refuses a folder with files of somebody else.
///
/// * `own`: as for [`first_foreign`].
pub(crate) fn refuse_foreign(folder: &Path, own: &[&str]) -> Result<(), LedgerError> {
    match first_foreign(folder, own).map_err(ledger::failed("read the folder", folder))? {
        None => Ok(()),
        Some(found) => Err(LedgerError::Foreign {
            folder: folder.to_owned(),
            found,
        }),
    }
}

/// Returns the first file, by name, that no run of this program leaves behind before its first entry.
///
/// * `own`: names of folders that are looked into, and of files that do not count.
fn first_foreign(folder: &Path, own: &[&str]) -> io::Result<Option<String>> {
    let mut names: Vec<_> = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    names.sort_by_key(fs::DirEntry::file_name);
    for entry in names {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(PARTIAL_SUFFIX) {
            continue;
        }
        if own.contains(&name.as_str()) {
            if !entry.file_type()?.is_dir() {
                continue;
            }
            match first_foreign(&entry.path(), own)? {
                None => continue,
                Some(inner) => return Ok(Some(format!("{name}/{inner}"))),
            }
        }
        return Ok(Some(name));
    }
    Ok(None)
}
