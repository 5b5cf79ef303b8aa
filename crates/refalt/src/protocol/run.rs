//! From a protocol and files to a result.

use super::error::ProtocolError;
use super::evaluate::{Evaluation, ProtocolOptions, evaluate};
use super::file::Protocol;
use super::rows::{RowCounts, SplitCheck};
use super::verdict::{Verdict, verdicts};
use super::{folder, predictions};
use crate::engine::RunIdentity;
use crate::provenance::{FileIdentity, VERSION};
use crate::validate::JoinReport;
use serde::Serialize;
use std::path::PathBuf;

/// What is judged by which protocol.
#[derive(Clone, Debug)]
pub struct ProtocolRequest {
    /// The protocol.
    pub protocol: Protocol,
    /// A table of predictions, or a score folder.
    pub predictions: PathBuf,
    /// The truth table, for a score folder.
    pub truth: Option<PathBuf>,
    /// The reference of the run, for a score folder.
    pub reference: Option<PathBuf>,
    /// What the user chose in place of the protocol's settings, in words.
    pub choices: Vec<String>,
    /// How much is drawn.
    pub options: ProtocolOptions,
    /// Threads that compute; they change nothing but the time.
    pub threads: usize,
}

/// What is judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Judged {
    /// A table of predictions.
    Table {
        /// The file.
        file: FileIdentity,
    },
    /// A score folder with a truth table.
    Folder {
        /// What decided the scores.
        run: Box<RunIdentity>,
        /// The truth table.
        truth: FileIdentity,
    },
}

/// From what a result was made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProtocolProvenance {
    /// Version of refalt.
    pub refalt: String,
    /// The protocol, whole.
    pub protocol: Protocol,
    /// What was judged.
    pub judged: Judged,
    /// What the digest of the table says.
    pub digest: String,
    /// Replicates, seed, level.
    pub options: ProtocolOptions,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProtocolResult {
    /// From what it was made.
    pub provenance: ProtocolProvenance,
    /// What became of the rows.
    pub rows: RowCounts,
    /// What is known of the chromosomes.
    pub split: SplitCheck,
    /// How folder and truth table came together; for score folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<JoinReport>,
    /// The metric and what stands beside it.
    pub evaluation: Evaluation,
    /// The value beside the published ones.
    pub verdicts: Vec<Verdict>,
    /// What a reader has to know.
    pub notes: Vec<String>,
}

/// Judges predictions by a protocol.
///
/// # Errors
/// [`ProtocolError`]; nothing is written.
pub fn run(request: &ProtocolRequest) -> Result<ProtocolResult, ProtocolError> {
    let protocol = &request.protocol;
    if !request.predictions.exists() {
        return Err(ProtocolError::NoPredictions {
            path: request.predictions.clone(),
        });
    }
    let (rows, judged, digest, join, mut notes) = if request.predictions.is_dir() {
        if protocol.truth.is_none() || protocol.scores.is_none() {
            return Err(ProtocolError::NoFolder {
                protocol: protocol.name.clone(),
                path: request.predictions.clone(),
            });
        }
        let table = || {
            protocol
                .truth
                .as_ref()
                .map_or_else(String::new, |truth| truth.table.clone())
        };
        let missing = |missing| ProtocolError::Missing {
            missing,
            table: table(),
        };
        let truth = request.truth.as_ref().ok_or_else(|| missing("--truth"))?;
        let reference = request.reference.as_ref().ok_or_else(|| missing("--reference"))?;
        let found = folder::read(&request.predictions, truth, reference, protocol, request.threads)?;
        let digest = "the digest of the truth table is recorded; the protocol knows that of no truth table".to_owned();
        let judged = Judged::Folder {
            run: Box::new(found.run),
            truth: found.truth,
        };
        (found.rows, judged, digest, Some(found.join), found.notes)
    } else {
        for (option, given) in [("--truth", &request.truth), ("--reference", &request.reference)] {
            if given.is_some() {
                return Err(ProtocolError::Useless { option });
            }
        }
        let rows = predictions::read(&request.predictions, protocol)?;
        let file = FileIdentity::of(&request.predictions).map_err(ProtocolError::file("read", &request.predictions))?;
        let digest = match &protocol.source.sha256 {
            None => format!(
                "the protocol knows no digest of the released table; this file has SHA-256 {}",
                file.sha256
            ),
            Some(known) if *known == file.sha256 => "the file is the released one, byte for byte".to_owned(),
            Some(known) => format!(
                "the file is not the released one: SHA-256 {}, released {known}",
                file.sha256
            ),
        };
        (rows, Judged::Table { file }, digest, None, Vec::new())
    };
    let evaluation = evaluate(protocol, &rows.rows, request.options, request.threads)?;
    let overall = &evaluation.overall;
    let verdicts = match (overall.value, protocol.metric()) {
        (Some(value), Some(metric)) => verdicts(
            protocol,
            metric,
            value,
            overall.low.zip(overall.high),
            overall.n,
            evaluation.missing_groups.len(),
        ),
        _ => Vec::new(),
    };
    notes.extend(rows.notes);
    notes.extend(evaluation.notes.iter().cloned());
    notes.extend(request.choices.iter().cloned());
    notes.extend(protocol.notes.iter().map(|note| format!("the protocol notes: {note}")));
    Ok(ProtocolResult {
        provenance: ProtocolProvenance {
            refalt: VERSION.to_owned(),
            protocol: protocol.clone(),
            judged,
            digest,
            options: request.options,
        },
        rows: rows.counts,
        split: rows.split,
        join,
        evaluation,
        verdicts,
        notes,
    })
}
