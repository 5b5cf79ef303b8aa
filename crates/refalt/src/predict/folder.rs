//! The output folder of a prediction or a saturation mutagenesis.
//!
//! It may be written to when it is absent, empty, or holds the same work, whose bytes are the same; it replaces nothing
//! else. `identity.json` comes first and says whose folder it is, `manifest.json` last and says what is in it.

use super::error::PredictError;
use crate::atomic_file::Committed;
use crate::engine::folder;
use crate::engine::ledger::{failed, write_json};
use crate::engine::manifest::ManifestModel;
use crate::provenance::{FileIdentity, VERSION};
use refalt_core::ModelCard;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// Everything that decides the bytes of the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkIdentity {
    /// The command, `predict` or `ism`.
    pub command: String,
    /// Version of refalt.
    pub refalt: String,
    /// Name, version and digest of the model.
    pub model: [String; 3],
    /// The variant, region or sequence: a variant in normal form, a region 1-based and inclusive, a sequence as its digest.
    pub subject: String,
    /// The window that the model reads (0-based, half-open).
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

    /// Makes the folder this work's own, or refuses without changing anything.
    pub(crate) fn claim(&self, out: &Path) -> Result<(), PredictError> {
        let record = out.join("identity.json");
        folder::claim(out, &record, self)?;
        // An earlier manifest vouches for files that are about to be replaced.
        let manifest = out.join("manifest.json");
        if manifest.exists() {
            fs::remove_file(&manifest).map_err(failed("replace", &manifest))?;
        }
        Ok(write_json(&record, self)?)
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
    /// The files.
    pub files: Vec<WrittenFile>,
}

impl WorkManifest {
    /// Makes the manifest and writes it: the work is done then.
    pub(crate) fn write(
        out: &Path,
        identity: WorkIdentity,
        card: &ModelCard,
        notes: Vec<String>,
        files: Vec<WrittenFile>,
    ) -> Result<Self, PredictError> {
        let manifest = Self {
            schema_version: 1,
            identity,
            model: card.into(),
            notes,
            files,
        };
        write_json(&out.join("manifest.json"), &manifest)?;
        Ok(manifest)
    }
}
