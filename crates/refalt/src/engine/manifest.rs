//! `manifest.json`: what was done with what, written last.

use super::identity::RunIdentity;
use super::input::RowStatus;
use super::ledger::PartEntry;
use super::plan::Plan;
use super::sources::{SourceTallies, SourceTally};
use crate::provenance::FileIdentity;
use crate::reference_assembly::AssemblyRecord;
use refalt_core::ModelCard;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Share of known bases below which a window counts as mostly unknown.
const MOSTLY_UNKNOWN: f32 = 0.5;

/// How many input rows came to what. The parts sum to `rows`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Input rows.
    pub rows: u64,
    /// Rows with scores.
    pub scored: u64,
    /// Rows whose variant stands in an earlier row.
    pub duplicate: u64,
    /// Rows on which the model failed.
    pub failed: u64,
    /// Of the scored rows those of whose window the reference knows less than half; the model read N for the rest.
    #[serde(default)]
    pub mostly_unknown: u64,
    /// Rows that were not accepted, by reason.
    pub rejected: BTreeMap<String, u64>,
}

impl Counts {
    /// Counts one more row.
    ///
    /// * `window_known`: the share of its window that the reference knows, for rows that have a window.
    pub fn add(&mut self, status: &RowStatus, window_known: Option<f32>) {
        self.rows += 1;
        match status {
            RowStatus::Scored => {
                self.scored += 1;
                self.mostly_unknown += u64::from(window_known.is_some_and(|share| share < MOSTLY_UNKNOWN));
            }
            RowStatus::Duplicate { .. } => self.duplicate += 1,
            RowStatus::Failed { .. } => self.failed += 1,
            RowStatus::Rejected(rejection) => *self.rejected.entry(rejection.code.to_owned()).or_default() += 1,
        }
    }

    /// Adds the counts of another part.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.scored += other.scored;
        self.duplicate += other.duplicate;
        self.failed += other.failed;
        self.mostly_unknown += other.mostly_unknown;
        for (code, count) in &other.rejected {
            *self.rejected.entry(code.clone()).or_default() += count;
        }
    }

    /// Returns how many rows were not accepted.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }
}

/// The model as the manifest records it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManifestModel {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Digest of the weights or matrices.
    pub digest: String,
    /// Organism.
    pub organism: String,
    /// Terms under which the scores may be used.
    pub licence: String,
    /// Whom to cite.
    pub citation: String,
}

impl From<&ModelCard> for ManifestModel {
    fn from(card: &ModelCard) -> Self {
        Self {
            name: card.name.clone(),
            version: card.version.clone(),
            digest: card.digest.clone(),
            organism: card.organism.clone(),
            licence: card.licence.clone(),
            citation: card.citation.clone(),
        }
    }
}

/// A scorer as the manifest records it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManifestScorer {
    /// Text.
    pub scorer: String,
    /// What its numbers are.
    pub score_kind: String,
    /// Output type it reads.
    pub output_type: String,
    /// Tracks; for each variant there are so many rows, or so many for each gene on a matching strand.
    pub tracks: usize,
}

/// The record of a finished run; the same inputs give the same bytes, so it holds no folder and no time
/// but the days of a service's answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this layout.
    pub schema_version: u32,
    /// What decides the bytes of the output.
    pub identity: RunIdentity,
    /// What reference and variants state about assemblies, on what ground, and what was not checked.
    #[serde(default)]
    pub assembly: AssemblyRecord,
    /// The model.
    pub model: ManifestModel,
    /// The scorers.
    pub scorers: Vec<ManifestScorer>,
    /// Where the scores come from, by scorer.
    #[serde(default)]
    pub sources: Vec<SourceTally>,
    /// What the selection of tracks took in place of what was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub track_statements: Vec<String>,
    /// Seeds of random numbers; none are drawn in scoring.
    pub seeds: Vec<u64>,
    /// What became of the input rows.
    pub counts: Counts,
    /// Rows of the score table.
    pub score_rows: u64,
    /// The score table, part by part; in the wide layout a part has a file for each scorer, under the scorer's folder.
    pub scores: Vec<FileIdentity>,
    /// The summaries, part by part.
    #[serde(default)]
    pub summaries: Vec<FileIdentity>,
    /// The variant table.
    pub variants: FileIdentity,
    /// The track table.
    pub tracks: FileIdentity,
}

impl Manifest {
    pub(crate) const SCHEMA_VERSION: u32 = super::score_table::SCHEMA_VERSION;

    /// Sums up the parts of a run.
    pub(crate) fn new<'a>(
        plan: &Plan,
        identity: &RunIdentity,
        assembly: &AssemblyRecord,
        parts: impl Iterator<Item = &'a PartEntry> + Clone,
        variants: FileIdentity,
        tracks: FileIdentity,
    ) -> Self {
        let mut counts = Counts::default();
        for part in parts.clone() {
            counts.merge(&part.counts);
        }
        let mut sources = SourceTallies::default();
        for tally in parts.clone().flat_map(|part| &part.sources) {
            sources.add(tally);
        }
        let card = plan.card();
        Self {
            schema_version: Self::SCHEMA_VERSION,
            identity: identity.clone(),
            assembly: assembly.clone(),
            model: card.into(),
            scorers: plan
                .scorers
                .iter()
                .map(|planned| ManifestScorer {
                    scorer: planned.text.clone(),
                    score_kind: planned.scorer.kind().name().to_owned(),
                    output_type: planned.scorer.output().name().to_owned(),
                    tracks: planned.tracks.tracks.len(),
                })
                .collect(),
            sources: sources.in_order(plan.scorers.iter().map(|planned| planned.text.as_str())),
            track_statements: plan.statements().iter().map(ToString::to_string).collect(),
            seeds: Vec::new(),
            counts,
            score_rows: parts.clone().map(|part| part.score_rows).sum(),
            scores: parts.clone().flat_map(|part| part.scores.clone()).collect(),
            summaries: parts.filter_map(|part| part.summaries.clone()).collect(),
            variants,
            tracks,
        }
    }
}
