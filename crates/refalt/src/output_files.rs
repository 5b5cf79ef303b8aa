//! Files that a command writes under names that the user gives: nothing but the same bytes is replaced.
//!
//! The rule is that of output folders (`engine::folder`): a name is free when nothing has it, and the work's own when
//! the same work has written there. A table may have a record of how it was made beside it, [`record_path`]; of two records
//! the error names what differs. Files that belong together get their names together, or none does.

use crate::atomic_file::{Complete, is_same_file};
use crate::engine::identity::{Difference, differences};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Files do not get their names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputFileError {
    /// Another file has the name.
    #[error("`{}` is there with another content{}", path.display(), made_of(differences))]
    Taken {
        /// The file.
        path: PathBuf,
        /// What the records of the two say of how they were made, where both have one.
        differences: Vec<Difference>,
    },
    /// A file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Differences that a message names.
const NAMED: usize = 5;

fn made_of(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return String::new();
    }
    let named = differences.iter().take(NAMED);
    let named: Vec<String> = named
        .map(|of| format!("{} was `{}`, here `{}`", of.what, of.before, of.here))
        .collect();
    let more = match differences.len() - named.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("; {}{more}", named.join("; "))
}

impl OutputFileError {
    /// Returns what the user can do.
    pub fn hint(&self) -> String {
        match self {
            Self::Taken { .. } => {
                "nothing is written over a file of another content: give another name with --out, or remove it"
                    .to_owned()
            }
            Self::Write { .. } => {
                "nothing was left behind; free the space, or give --out a file in a folder that can be written"
                    .to_owned()
            }
        }
    }
}

/// Returns where the record of an output goes: its name with `.json`.
pub fn record_path(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_os_string();
    name.push(".json");
    output.with_file_name(name)
}

/// Returns the output, or the record beside it, that is one of the inputs.
pub(crate) fn input_among<'p>(output: &Path, mut inputs: impl Iterator<Item = &'p Path>) -> Option<PathBuf> {
    let written = [output.to_owned(), record_path(output)];
    inputs.find_map(|input| written.iter().find(|path| is_same_file(input, path)).cloned())
}

/// Gives files their names, unless one of the names is that of a file with another content; then none of them gets it.
///
/// # Errors
/// [`OutputFileError`].
pub fn place_new(files: Vec<Complete>) -> Result<(), OutputFileError> {
    for file in &files {
        let path = file.target();
        let is_other = holds_other(path, file).map_err(|source| OutputFileError::Write {
            path: path.to_owned(),
            source,
        })?;
        if is_other {
            return Err(OutputFileError::Taken {
                path: path.to_owned(),
                differences: records_differ(&files),
            });
        }
    }
    for file in files {
        let path = file.target().to_owned();
        file.place().map_err(|source| OutputFileError::Write { path, source })?;
    }
    Ok(())
}

/// Says whether a name is that of a file with other bytes than these, before anything is written.
pub(crate) fn has_other_bytes(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    match fs::read(path) {
        Ok(before) => Ok(before != bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Says whether a name is that of a file with other bytes.
fn holds_other(path: &Path, file: &Complete) -> io::Result<bool> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
        Ok(there) if there.len() != file.committed().bytes => Ok(true),
        Ok(_) => Ok(!same_bytes(File::open(path)?, File::open(file.partial())?)?),
    }
}

fn same_bytes(mut left: File, mut right: File) -> io::Result<bool> {
    const BLOCK: u64 = 1 << 18;
    let (mut of_left, mut of_right) = (Vec::new(), Vec::new());
    loop {
        of_left.clear();
        of_right.clear();
        left.by_ref().take(BLOCK).read_to_end(&mut of_left)?;
        right.by_ref().take(BLOCK).read_to_end(&mut of_right)?;
        if of_left != of_right {
            return Ok(false);
        }
        if of_left.is_empty() {
            return Ok(true);
        }
    }
}

/// Compares the record among the files with the one that is there; empty when there are not two.
fn records_differ(files: &[Complete]) -> Vec<Difference> {
    let is_record = |file: &&Complete| files.iter().any(|output| record_path(output.target()) == file.target());
    let read = |path: &Path| serde_json::from_slice::<Value>(&fs::read(path).ok()?).ok();
    let compared = files.iter().find(is_record).and_then(|record| {
        let (before, here) = (read(record.target())?, read(record.partial())?);
        // What a file was made of says more than what came of it.
        match (before.get("provenance"), here.get("provenance")) {
            (Some(before), Some(here)) if before != here => Some(differences(before, here)),
            _ => Some(differences(&before, &here)),
        }
    });
    compared.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomic_file::AtomicFile;
    use std::io::Write;

    fn complete(path: &Path, content: &[u8]) -> Complete {
        let mut file = AtomicFile::create(path).unwrap();
        file.write_all(content).unwrap();
        file.complete().unwrap()
    }

    #[test]
    fn the_same_bytes_are_written_again_and_others_are_left() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("a.tsv");
        place_new(vec![complete(&table, b"1\n")]).unwrap();
        place_new(vec![complete(&table, b"1\n")]).unwrap();
        // As long as the other, and longer.
        for content in [b"2\n".as_slice(), b"1\n2\n"] {
            let error = place_new(vec![complete(&table, content)]).unwrap_err();
            assert!(matches!(&error, OutputFileError::Taken { path, .. } if *path == table));
        }
        assert_eq!(fs::read(&table).unwrap(), b"1\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn files_that_belong_together_are_written_together_and_records_tell_what_differs() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("a.tsv");
        let record = record_path(&table);
        assert_eq!(record, folder.path().join("a.tsv.json"));
        fs::write(
            &record,
            r#"{"provenance": {"repeats": "error", "file": {"name": "x"}}}"#,
        )
        .unwrap();
        let here = br#"{"provenance": {"repeats": "mean", "file": {"name": "y"}}}"#;
        let error = place_new(vec![complete(&table, b"1\n"), complete(&record, here)]).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("a.tsv.json` is there with another content; repeats was `error`, here `mean`"),
            "{error}"
        );
        assert!(!table.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
