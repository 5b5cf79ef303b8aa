//! The output folder of a prediction, a saturation mutagenesis or scores of intervals.
//!
//! It may be written to when it is absent, empty, or holds the same work, whose bytes are the same; it replaces nothing
//! else. `identity.json` comes first and says whose folder it is, `manifest.json` last and says what is in it. A folder is
//! looked at before the work and claimed once there is something to write; a first work that fails while it writes leaves
//! the folder as it was, so that the next may have other arguments.

use super::error::PredictError;
use crate::atomic_file::Committed;
use crate::engine::folder;
use crate::engine::ledger::{failed, write_json};
use crate::engine::manifest::ManifestModel;
use crate::interval_scores::IntervalCounts;
use crate::provenance::{FileIdentity, VERSION};
use refalt_core::ModelCard;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Everything that decides the bytes of the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkIdentity {
    /// The command, `predict`, `ism` or `score-interval`.
    pub command: String,
    /// Version of refalt.
    pub refalt: String,
    /// Name, version and digest of the model.
    pub model: [String; 3],
    /// The variant, region, sequence or intervals: a variant in normal form, a region 1-based and inclusive, a sequence and
    /// several intervals as their digest.
    pub subject: String,
    /// The window that the model reads (0-based, half-open), or how it is laid around each of several intervals.
    pub window: String,
    /// The reference, where there is one.
    pub reference: Option<FileIdentity>,
    /// What its content says of its assembly.
    pub assembly: Option<String>,
    /// The assembly that the user states.
    pub stated_assembly: Option<String>,
    /// The gene models, where there are some.
    pub annotation: Option<FileIdentity>,
    /// The tracks, as `OUTPUT name strand`, or what they are a digest of when they are many.
    pub tracks: Vec<String>,
    /// Every other option that decides what is written.
    pub options: Vec<String>,
}

impl WorkIdentity {
    /// Returns the version of the program and what identifies a model.
    pub(crate) fn base(command: &str, card: &ModelCard) -> (String, String, [String; 3]) {
        let model = [card.name.clone(), card.version.clone(), card.digest.clone()];
        (command.to_owned(), VERSION.to_owned(), model)
    }

    /// Looks at a folder and refuses one that holds something else; nothing is changed.
    pub(crate) fn check(&self, out: &Path) -> Result<WorkFolder, PredictError> {
        let record = out.join(IDENTITY);
        folder::check(out, &record, self)?;
        Ok(WorkFolder {
            out: out.to_owned(),
            was_absent: !out.exists(),
            removes: false,
        })
    }
}

const IDENTITY: &str = "identity.json";

/// How the names of files end that these works write.
const ENDINGS: [&str; 7] = ["json", "parquet", "tsv", "svg", "png", "npz", "bw"];

/// A folder that a work may write to. Dropped before the manifest is written, it takes away what the work has written into
/// a folder that was free before.
#[derive(Debug)]
pub(crate) struct WorkFolder {
    out: PathBuf,
    was_absent: bool,
    /// Whether what was written is removed when this is dropped.
    removes: bool,
}

impl WorkFolder {
    /// Makes sure that the folder is there, for files under temporary names.
    pub(crate) fn create(&self) -> Result<(), PredictError> {
        Ok(fs::create_dir_all(&self.out).map_err(failed("create the folder", &self.out))?)
    }

    /// Makes the folder that of a work, or refuses without changing anything when it has become another's.
    pub(crate) fn claim(mut self, identity: &WorkIdentity) -> Result<Self, PredictError> {
        let record = self.out.join(IDENTITY);
        folder::claim(&self.out, &record, identity)?;
        self.removes = !record.exists();
        // An earlier manifest vouches for files that are about to be replaced.
        let manifest = self.out.join("manifest.json");
        if manifest.exists() {
            fs::remove_file(&manifest).map_err(failed("replace", &manifest))?;
        }
        write_json(&record, identity)?;
        Ok(self)
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        // What cannot be removed stays: the failure that ended the work is the one to tell.
        if self.removes {
            remove_written(&self.out);
            remove_written(&self.out.join("bigwig"));
            let _ = fs::remove_dir(self.out.join("bigwig"));
        }
        if self.was_absent {
            // Only when it is empty.
            let _ = fs::remove_dir(&self.out);
        }
    }
}

/// Removes files of the kinds that these works write, of a folder that had none of them.
fn remove_written(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_written = |path: &PathBuf| {
        path.extension()
            .is_some_and(|ending| ENDINGS.iter().any(|of| ending == *of))
    };
    for path in entries.map(|entry| entry.path()).filter(|path| is_written(path)) {
        let _ = fs::remove_file(path);
    }
}

/// A file of the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WrittenFile {
    /// Its place in the folder, with `/` between folders.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// What it holds, in a line.
    pub holds: String,
}

impl WrittenFile {
    /// Makes the entry of a file that was written.
    pub(crate) fn new(path: impl Into<String>, written: Committed, holds: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            bytes: written.bytes,
            sha256: written.sha256,
            holds: holds.into(),
        }
    }

    /// Makes the entry of a file in the folder by reading it.
    pub(crate) fn of(out: &Path, path: &str, holds: &str) -> Result<Self, PredictError> {
        let file = out.join(path);
        let identity = FileIdentity::of(&file).map_err(PredictError::file("read", &file))?;
        Ok(Self {
            path: path.to_owned(),
            bytes: identity.bytes,
            sha256: identity.sha256,
            holds: holds.to_owned(),
        })
    }
}

/// `manifest.json`: what was made of what; the same inputs give the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkManifest {
    /// Version of this layout.
    pub schema_version: u32,
    /// What decides the bytes of the output.
    pub identity: WorkIdentity,
    /// The model.
    pub model: ManifestModel,
    /// What a reader of the files needs to know.
    pub notes: Vec<String>,
    /// What became of the intervals, where intervals are scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervals: Option<IntervalCounts>,
    /// The files.
    pub files: Vec<WrittenFile>,
}

impl WorkManifest {
    /// Makes the manifest and writes it: the work is done then.
    pub(crate) fn write(
        folder: WorkFolder,
        identity: WorkIdentity,
        card: &ModelCard,
        notes: Vec<String>,
        files: Vec<WrittenFile>,
    ) -> Result<Self, PredictError> {
        Self {
            schema_version: 1,
            identity,
            model: card.into(),
            notes,
            intervals: None,
            files,
        }
        .complete(folder)
    }

    /// Writes the manifest: the work is done then.
    pub(crate) fn complete(self, mut folder: WorkFolder) -> Result<Self, PredictError> {
        write_json(&folder.out.join("manifest.json"), &self)?;
        folder.removes = false;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(subject: &str) -> WorkIdentity {
        WorkIdentity {
            command: "predict".to_owned(),
            refalt: VERSION.to_owned(),
            model: ["m", "1", "sha256:0"].map(str::to_owned),
            subject: subject.to_owned(),
            window: "chr1:0-128:.".to_owned(),
            reference: None,
            assembly: None,
            stated_assembly: None,
            annotation: None,
            tracks: Vec::new(),
            options: Vec::new(),
        }
    }

    fn claimed(subject: &str, out: &Path) -> WorkFolder {
        let identity = identity(subject);
        identity.check(out).unwrap().claim(&identity).unwrap()
    }

    #[test]
    fn a_first_work_that_fails_leaves_the_folder_as_it_was() {
        let here = tempfile::tempdir().unwrap();
        let absent = here.path().join("absent");
        let empty = here.path().join("empty");
        fs::create_dir(&empty).unwrap();
        for (out, is_there) in [(&absent, false), (&empty, true)] {
            let claimed = claimed("one", out);
            assert!(identity("two").check(out).is_err());
            fs::create_dir(out.join("bigwig")).unwrap();
            for name in ["prediction.parquet", "bigwig/CHIP_TF.x.ref.bw"] {
                fs::write(out.join(name), "x").unwrap();
            }
            drop(claimed);
            assert_eq!(out.exists(), is_there);
            identity("two").check(out).unwrap();
        }
        // What somebody else has put there meanwhile stays.
        let claimed = claimed("one", &empty);
        fs::write(empty.join("notes.txt"), "x").unwrap();
        drop(claimed);
        assert_eq!(fs::read_dir(&empty).unwrap().count(), 1);
    }

    #[test]
    fn the_files_of_a_work_stay_when_it_is_done_again_and_fails() {
        let here = tempfile::tempdir().unwrap();
        let mut first = claimed("one", here.path());
        first.removes = false;
        drop(first);
        drop(claimed("one", here.path()));
        assert!(here.path().join(IDENTITY).exists());
        assert!(identity("two").check(here.path()).is_err());
    }
}
