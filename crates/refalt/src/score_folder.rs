//! A finished score folder, read back in bounded memory: the manifest, the variant table, the track table and the
//! score table.
//!
//! Columns are taken by name, so a folder with more columns than this version knows is read, too. Tables are streamed
//! in the order of the input; nothing here holds more than one batch of a table.

mod error;
mod lookup;
mod scores;
mod series;
mod variants;

pub use error::ScoreFolderError;
pub use lookup::{ScoreLookup, StoredScores, StoredVariant};
pub(crate) use scores::{Group, ScoreBatch, Scores, TextColumn};
pub(crate) use series::{Series, SeriesNames};
#[cfg(test)]
pub(crate) use variants::NormalForm;
pub(crate) use variants::{VariantRow, VariantRows};

use crate::engine::ledger::verify;
use crate::engine::manifest::Manifest;
use crate::engine::track_table;
use crate::engine::{Layout, SourceTally};
use crate::provenance::FileIdentity;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use refalt_core::TrackSet;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Rows that are decoded at once.
const ROWS_PER_BATCH: usize = 1 << 16;

/// The layouts of a manifest that are read; what they differ in is taken by name.
const LAYOUTS: std::ops::RangeInclusive<u64> = 1..=Manifest::SCHEMA_VERSION as u64;

/// The model of a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RunModel {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Digest of the weights or matrices.
    pub digest: String,
    /// Terms under which the scores may be used.
    pub licence: String,
    /// Whom to cite.
    pub citation: String,
}

/// A scorer of a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RunScorer {
    /// Its text.
    pub scorer: String,
    /// What its numbers are: `signed_effect`, `unsigned_effect` or `activity`.
    pub score_kind: String,
    /// Output type that it reads.
    pub output_type: String,
}

/// Returns the short name of a scorer's text: the recommended one, or one made of class and arguments.
pub(crate) fn short_name(scorer: &str) -> String {
    if let Some(named) = refalt_core::scorer::RECOMMENDED
        .iter()
        .find(|named| named.text == scorer)
    {
        return named.name.to_owned();
    }
    let (class, arguments) = scorer.split_once('(').unwrap_or((scorer, ""));
    let mut name = class.strip_suffix("Scorer").unwrap_or(class).to_owned();
    for argument in arguments.trim_end_matches(')').split(',') {
        let value = argument.split_once('=').map_or(argument, |(_, value)| value).trim();
        if !value.is_empty() {
            name.push('_');
            name.push_str(value);
        }
    }
    name.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' })
        .collect()
}

impl RunScorer {
    /// Returns the published short name where there is one, else a name made of the text:
    /// `CenterMask_CHIP_TF_501_DIFF_MEAN`. It holds letters, digits and underscores only.
    pub fn short_name(&self) -> String {
        short_name(&self.scorer)
    }
}

/// What of the manifest every reader needs; the rest stays JSON.
#[derive(Debug, Deserialize)]
struct Facts {
    model: RunModel,
    scorers: Vec<RunScorer>,
    #[serde(default)]
    sources: Vec<SourceTally>,
    scores: Vec<FileIdentity>,
    variants: FileIdentity,
    tracks: FileIdentity,
    #[serde(default)]
    score_rows: u64,
}

/// A finished score folder.
#[derive(Debug)]
pub struct ScoreFolder {
    folder: PathBuf,
    manifest: Value,
    facts: Facts,
}

impl ScoreFolder {
    /// Opens a folder that holds a finished run.
    ///
    /// # Errors
    /// [`ScoreFolderError`] when there is no manifest, or one that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, ScoreFolderError> {
        let path = folder.join("manifest.json");
        let text = std::fs::read(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => ScoreFolderError::NotFinished {
                folder: folder.to_owned(),
                begun: folder.join("ledger").is_dir(),
            },
            _ => ScoreFolderError::File {
                action: "read",
                path: path.clone(),
                source,
            },
        })?;
        let damaged = |reason: String| ScoreFolderError::Manifest {
            path: path.clone(),
            reason,
        };
        let manifest: Value = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        let layout = manifest.get("schema_version").and_then(Value::as_u64);
        match layout {
            Some(layout) if LAYOUTS.contains(&layout) => {}
            Some(layout) => {
                return Err(ScoreFolderError::Layout {
                    folder: folder.to_owned(),
                    found: layout,
                    read: *LAYOUTS.end(),
                });
            }
            None => return Err(damaged("it has no `schema_version`".to_owned())),
        }
        let facts = Facts::deserialize(&manifest).map_err(|error| damaged(error.to_string()))?;
        Ok(Self {
            folder: folder.to_owned(),
            manifest,
            facts,
        })
    }

    /// Compares every file with the digest in the manifest.
    ///
    /// # Errors
    /// [`ScoreFolderError::Changed`] names the first file that is missing or has other content.
    pub fn verify(&self) -> Result<(), ScoreFolderError> {
        let manifest = self.folder.join("manifest.json");
        verify(&self.variants_path(), &self.facts.variants, &manifest)?;
        verify(&self.tracks_path(), &self.facts.tracks, &manifest)?;
        for (path, identity) in self.scores_paths().iter().zip(&self.facts.scores) {
            verify(path, identity, &manifest)?;
        }
        Ok(())
    }

    /// Refuses a run whose scores are not in one table.
    ///
    /// # Errors
    /// [`ScoreFolderError::Wide`] for the wide layout.
    pub fn require_tidy(&self) -> Result<(), ScoreFolderError> {
        let layout = self.manifest.pointer("/identity/layout").and_then(Value::as_str);
        match layout {
            Some(layout) if layout != Layout::Tidy.name() => Err(ScoreFolderError::Wide {
                folder: self.folder.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Returns the manifest as it is written.
    pub fn manifest(&self) -> &Value {
        &self.manifest
    }

    /// Returns the model.
    pub fn model(&self) -> &RunModel {
        &self.facts.model
    }

    /// Returns the scorers, in the order of the run.
    pub fn scorers(&self) -> &[RunScorer] {
        &self.facts.scorers
    }

    /// Returns where the scores come from, by scorer; empty for folders of layouts that did not say it.
    pub fn sources(&self) -> &[SourceTally] {
        &self.facts.sources
    }

    /// Returns how many rows the score table has, by the manifest.
    pub fn score_rows(&self) -> u64 {
        self.facts.score_rows
    }

    /// Returns the parts of the score table, in input order.
    pub fn scores_paths(&self) -> Vec<PathBuf> {
        let scores = self.folder.join("scores");
        self.facts.scores.iter().map(|part| scores.join(&part.name)).collect()
    }

    /// Returns the score tables with their files: one named `scores` in the tidy layout, one for each folder of a scorer in
    /// the wide layout (`DNASE`, `DNASE.quantile`), by name; none where no variant was scored.
    pub fn score_tables(&self) -> Vec<(String, Vec<PathBuf>)> {
        let mut tables: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for (path, part) in self.scores_paths().into_iter().zip(&self.facts.scores) {
            let name = part.name.rsplit_once('/').map_or("scores", |(scorer, _)| scorer);
            tables.entry(name.to_owned()).or_default().push(path);
        }
        tables.into_iter().collect()
    }

    /// Returns the variant table.
    pub fn variants_path(&self) -> PathBuf {
        self.folder.join(&self.facts.variants.name)
    }

    /// Returns the track table.
    pub fn tracks_path(&self) -> PathBuf {
        self.folder.join(&self.facts.tracks.name)
    }

    /// Reads the tracks, by output type, in the model's order.
    ///
    /// # Errors
    /// [`ScoreFolderError`] when the table cannot be read.
    pub fn tracks(&self) -> Result<Vec<TrackSet>, ScoreFolderError> {
        let path = self.tracks_path();
        track_table::read(&path).map_err(|error| ScoreFolderError::table(&path, &error))
    }

    /// Streams the variant table.
    pub(crate) fn variants(&self) -> Result<VariantRows, ScoreFolderError> {
        VariantRows::open(&self.variants_path())
    }

    /// Streams the score table.
    pub(crate) fn scores(&self) -> Scores {
        Scores::new(self.scores_paths())
    }
}

/// Opens a Parquet table for the columns that `wanted` accepts.
///
/// Text columns come as dictionaries when `dictionaries` is set, so that a name is looked up once for each batch.
pub(crate) fn open_table(
    path: &Path,
    wanted: &dyn Fn(&str) -> bool,
    dictionaries: bool,
) -> Result<ParquetRecordBatchReader, ScoreFolderError> {
    use arrow::datatypes::{DataType, Field, Schema};
    let open = || {
        File::open(path).map_err(|source| ScoreFolderError::File {
            action: "open",
            path: path.to_owned(),
            source,
        })
    };
    let failed = |error: parquet::errors::ParquetError| ScoreFolderError::table(path, &error);
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(open()?).map_err(failed)?;
    if dictionaries {
        let fields = builder.schema().fields().iter().map(|field| {
            let data_type = match field.data_type() {
                DataType::Utf8 => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
                other => other.clone(),
            };
            Field::new(field.name(), data_type, field.is_nullable())
        });
        let schema = std::sync::Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = ArrowReaderOptions::new().with_schema(schema);
        builder = ParquetRecordBatchReaderBuilder::try_new_with_options(open()?, options).map_err(failed)?;
    }
    let indices = builder
        .schema()
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| wanted(field.name()))
        .map(|(index, _)| index);
    let mask = parquet::arrow::ProjectionMask::roots(builder.parquet_schema(), indices.collect::<Vec<_>>());
    builder
        .with_projection(mask)
        .with_batch_size(ROWS_PER_BATCH)
        .build()
        .map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::RunScorer;

    #[test]
    fn a_scorer_without_a_published_name_gets_one_of_its_text() {
        for (text, expected) in [
            (
                "CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=DIFF_LOG2_SUM)",
                "CHIP_TF",
            ),
            (
                "CenterMaskScorer(requested_output=CHIP_TF, width=None, aggregation_type=DIFF_MEAN)",
                "CenterMask_CHIP_TF_None_DIFF_MEAN",
            ),
            ("SomethingElse()", "SomethingElse"),
        ] {
            let scorer = RunScorer {
                scorer: text.to_owned(),
                score_kind: String::new(),
                output_type: String::new(),
            };
            assert_eq!(scorer.short_name(), expected);
        }
    }
}
