//! The folder of an audit: what it was made of, and which folders it may be written to.
//!
//! An audit replaces an audit of the same inputs and options, whose bytes are the same. It replaces nothing else.

use super::VetRequest;
use super::error::VetError;
use crate::engine::folder;
use crate::engine::ledger::write_json;
use crate::provenance::{FileIdentity, VERSION};
use crate::spool::Spool;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Everything that decides the bytes of an audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct AuditIdentity {
    refalt: String,
    variants: FileIdentity,
    columns: String,
    format: Option<String>,
    pub(super) reference: FileIdentity,
    assembly: String,
    stated_assembly: Option<String>,
    chain: Option<FileIdentity>,
    genes: Option<FileIdentity>,
    known: Option<FileIdentity>,
    apply: Vec<String>,
    listed_rows: usize,
}

/// The file of an audit that says what it was made of.
const RECORD: &str = "identity.json";

impl AuditIdentity {
    /// Digests the inputs of a request.
    ///
    /// * `assembly`: what the content of the reference says of its assembly.
    pub(super) fn of(request: &VetRequest, input: &Spool, assembly: &str) -> Result<Self, VetError> {
        let file = |path: &PathBuf| {
            FileIdentity::of(path).map_err(|source| VetError::Unreadable {
                path: path.clone(),
                source,
            })
        };
        let optional = |path: &Option<PathBuf>| path.as_ref().map(file).transpose();
        Ok(Self {
            refalt: VERSION.to_owned(),
            variants: input.identity().clone(),
            columns: request.reading.columns.to_string(),
            format: request.reading.format.map(|format| format.to_string()),
            reference: file(&request.reference)?,
            assembly: assembly.to_owned(),
            stated_assembly: request.assembly.map(|assembly| assembly.name().to_owned()),
            chain: optional(&request.chain)?,
            genes: optional(&request.genes)?,
            known: optional(&request.known)?,
            apply: request.apply.iter().map(ToString::to_string).collect(),
            listed_rows: request.listed_rows,
        })
    }

    /// Makes the folder this audit's own, or refuses.
    ///
    /// # Errors
    /// [`VetError::Folder`] when it holds another audit or other files; nothing is changed then.
    pub(super) fn claim(&self, out: &Path) -> Result<(), VetError> {
        let record = out.join(RECORD);
        folder::claim(out, &record, self)?;
        Ok(write_json(&record, self)?)
    }
}
