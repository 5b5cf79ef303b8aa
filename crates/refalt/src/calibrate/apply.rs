//! Quantile scores filled in: a score folder copied, with the column `quantile_score` from a table of quantiles.
//!
//! The folder that is read stays as it is. The copy has a digest for every file, says in its manifest which table its
//! quantiles come from, and is a run of its own: no other run goes on in it.
//!
//! METHOD: of a score that equals several knots the rank is drawn evenly among them, the rule by which the published
//! quantiles were made; the draw depends on the seed and on what the row is about (variant, gene, junction, scorer, track),
//! not on where it stands, so that a variant has the same quantile in every folder. With [`Ties::Middle`] equal scores have
//! equal quantiles.

use super::error::CalibrateError;
use super::manifest_identity;
use super::setting::ScoreSetting;
use super::table::QuantileTables;
use crate::atomic_file::AtomicFile;
use crate::engine::ledger::write_json;
use crate::engine::manifest::Manifest;
use crate::engine::score_table::{TableError, properties_of};
use crate::engine::{QuantileIdentity, folder};
use crate::provenance::FileIdentity;
use crate::score_folder::{ScoreBatch, ScoreFolder, ScoreFolderError, SeriesNames, open_table};
use arrow::array::{ArrayRef, Float32Array};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use refalt_core::ModelCard;
use refalt_core::backend::WindowLengths;
use refalt_core::nearest::nearest;
use refalt_core::stats::TiedRank;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The rank of a score that equals several knots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// Drawn evenly among them.
    #[default]
    Random,
    /// The middle.
    Middle,
}

impl Ties {
    /// Every rule.
    pub const ALL: [Self; 2] = [Self::Random, Self::Middle];

    /// Returns the name, `random`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Middle => "middle",
        }
    }
}

/// What to fill from what.
#[derive(Clone, Debug)]
pub struct ApplyRequest {
    /// The folder of a finished run.
    pub run: PathBuf,
    /// The table of quantiles.
    pub table: PathBuf,
    /// The folder to write.
    pub out: PathBuf,
    /// The rank of a score that equals several knots.
    pub ties: Ties,
    /// Seed of the draws among equals.
    pub seed: u64,
    /// Replaces quantile scores that are there.
    pub replace: bool,
}

/// What was filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApplyReport {
    /// The manifest of the run that was read.
    pub run: FileIdentity,
    /// The table, the rule for ties and the seed.
    pub quantiles: QuantileIdentity,
    /// How the table was made.
    pub calibration: super::Calibration,
    /// Rows of the score table.
    pub rows: u64,
    /// Rows whose raw score is NaN; they have no quantile.
    pub nan: u64,
    /// Rows that had a quantile, which was replaced.
    pub replaced: u64,
    /// What could not be compared between background and run, or differs and is no reason to refuse.
    pub remarks: Vec<String>,
}

/// The file that says where the quantiles come from.
const RECORD: &str = "quantiles.json";

/// Makes the folder.
///
/// # Errors
/// [`CalibrateError`], before anything is written where possible: a table of another model, series that it lacks, quantiles
/// that are there.
pub fn apply(request: &ApplyRequest) -> Result<ApplyReport, CalibrateError> {
    let tables = QuantileTables::open(&request.table)?;
    let run = ScoreFolder::open(&request.run)?;
    let model = run.model();
    let of_run = [model.name.clone(), model.version.clone(), model.digest.clone()];
    if of_run != tables.meta.calibration.model {
        return Err(CalibrateError::OtherModel {
            table: tables.meta.calibration.model.join(" "),
            run: of_run.join(" "),
        });
    }
    let mut manifest: Manifest = crate::engine::ledger::read_json(&request.run.join("manifest.json"))?;
    let (of_table, of_run) = (&tables.meta.calibration.setting, ScoreSetting::of(&manifest));
    let differences = of_table.differences(&of_run);
    if !differences.is_empty() {
        return Err(CalibrateError::OtherSetting { differences });
    }
    let remarks = of_table.remarks(&of_run);
    run.verify()?;
    let places = look(&run, &tables, request.replace)?;
    let quantiles = QuantileIdentity {
        table: tables.meta.identity.clone(),
        ties: request.ties.name().to_owned(),
        seed: request.seed,
    };
    manifest.identity.quantiles = Some(quantiles.clone());
    let mut report = ApplyReport {
        run: manifest_identity(&request.run)?,
        quantiles,
        calibration: tables.meta.calibration.clone(),
        rows: 0,
        nan: 0,
        replaced: 0,
        remarks,
    };
    begin(&request.out, &report)?;
    let mut filler = Filler {
        request,
        tables: &tables,
        places,
        names: SeriesNames::default(),
        report: &mut report,
    };
    let scores = request.out.join("scores");
    create_folder(&scores)?;
    let card = card(&manifest);
    for (path, identity) in run.scores_paths().iter().zip(&mut manifest.scores) {
        *identity = filler.part(path, &scores, &card)?;
    }
    let copy = |from: &Path, name: &str| copy(&from.join(name), &request.out.join(name));
    copy(&request.run, &manifest.variants.name)?;
    copy(&request.run, &manifest.tracks.name)?;
    if !manifest.summaries.is_empty() {
        create_folder(&request.out.join("summaries"))?;
    }
    for part in &manifest.summaries {
        let name = format!("summaries/{}", part.name);
        self::copy(&request.run.join(&name), &request.out.join(&name))?;
    }
    write_json(&request.out.join(RECORD), &report)?;
    // Last, as in every run: with the manifest the folder is finished.
    write_json(&request.out.join("manifest.json"), &manifest)?;
    Ok(report)
}

/// Returns what was filled into a folder; `None` where its quantile scores come from somewhere else.
pub(crate) fn applied(folder: &Path) -> Result<Option<ApplyReport>, CalibrateError> {
    let manifest: Manifest = crate::engine::ledger::read_json(&folder.join("manifest.json"))?;
    let record = folder.join(RECORD);
    if manifest.identity.quantiles.is_none() || !record.exists() {
        return Ok(None);
    }
    let report: ApplyReport = crate::engine::ledger::read_json(&record)?;
    Ok(Some(report).filter(|report| manifest.identity.quantiles.as_ref() == Some(&report.quantiles)))
}

/// Makes the folder that of this work, or refuses.
fn begin(out: &Path, report: &ApplyReport) -> Result<(), CalibrateError> {
    let identity = serde_json::json!({ "run": report.run, "quantiles": report.quantiles });
    let record = out.join(RECORD);
    if record.exists() {
        let before: ApplyReport = crate::engine::ledger::read_json(&record)?;
        let before = serde_json::json!({ "run": before.run, "quantiles": before.quantiles });
        let differences = crate::engine::identity::differences(&before, &identity);
        folder::refuse_differences(out, differences)?;
    } else {
        if out.exists() && !out.is_dir() {
            return Err(crate::engine::ledger::LedgerError::NoFolder { path: out.to_owned() }.into());
        }
        if out.exists() {
            folder::refuse_foreign(out, &[])?;
        }
    }
    create_folder(out)?;
    Ok(write_json(&record, report)?)
}

fn create_folder(path: &Path) -> Result<(), CalibrateError> {
    fs::create_dir_all(path).map_err(failed("create", path))
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CalibrateError {
    let path = path.to_owned();
    move |source| CalibrateError::File { action, path, source }
}

fn copy(from: &Path, to: &Path) -> Result<(), CalibrateError> {
    let mut source = File::open(from).map_err(failed("read", from))?;
    let mut file = AtomicFile::create(to).map_err(failed("write", to))?;
    io::copy(&mut source, &mut file).map_err(failed("write", to))?;
    file.commit().map_err(failed("write", to))?;
    Ok(())
}

/// What the footers of the tables say of the model.
fn card(manifest: &Manifest) -> ModelCard {
    let model = &manifest.model;
    ModelCard {
        name: model.name.clone(),
        version: model.version.clone(),
        digest: model.digest.clone(),
        organism: model.organism.clone(),
        licence: model.licence.clone(),
        citation: model.citation.clone(),
        lengths: WindowLengths::OneOf(Vec::new()),
        outputs: Vec::new(),
    }
}

/// Reads the run once: every series has a table, and no row has a quantile unless it may be replaced.
///
/// Returns the place of the table of each series, by the number that it gets when the run is read again.
fn look(run: &ScoreFolder, tables: &QuantileTables, replace: bool) -> Result<Vec<usize>, CalibrateError> {
    let mut names = SeriesNames::default();
    let mut has_quantiles = false;
    let mut scores = run.scores();
    while scores.batch::<CalibrateError>(|group| {
        for row in group.rows {
            names.of(group.batch, row);
            has_quantiles |= group.batch.quantile(row).is_some();
        }
        if has_quantiles && !replace {
            return Err(CalibrateError::HasQuantiles {
                folder: run.path().to_owned(),
            });
        }
        Ok(())
    })? {}
    let mut lacking = Vec::new();
    let mut places = Vec::new();
    for series in names.series() {
        match tables.place(&series.scorer, &series.track, &series.strand) {
            Some(place) => places.push(place),
            None => lacking.push(series),
        }
    }
    let Some(first) = lacking.first() else {
        return Ok(places);
    };
    let known = tables.records.iter().filter_map(|record| record.track.as_ref());
    Err(CalibrateError::Lacking {
        count: lacking.len(),
        first: format!("`{}` of {}", first.track, first.scorer),
        nearest: nearest(&first.track, known.map(|(track, _)| track.as_str())),
    })
}

/// Fills the parts, one after the other.
struct Filler<'a> {
    request: &'a ApplyRequest,
    tables: &'a QuantileTables,
    /// Place of the table of each series, by number.
    places: Vec<usize>,
    names: SeriesNames,
    report: &'a mut ApplyReport,
}

impl Filler<'_> {
    fn part(&mut self, path: &Path, scores: &Path, card: &ModelCard) -> Result<FileIdentity, CalibrateError> {
        let name = path.file_name().unwrap_or_default();
        let to = scores.join(name);
        let written = |source: TableError| CalibrateError::Write {
            path: to.clone(),
            source,
        };
        // The series come in the order in which `look` saw them, part by part; keys of texts begin anew with each.
        self.names.rewind();
        let reader = open_table(path, &|_| true, true)?;
        let mut writer: Option<ArrowWriter<AtomicFile>> = None;
        let mut batches = 0;
        for batch in reader {
            let batch = batch.map_err(|error| ScoreFolderError::Table {
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
            batches += 1;
            let filled = self.fill(&batch, path, batches)?;
            if writer.is_none() {
                writer = Some(self.begin(&to, &filled, card).map_err(&written)?);
            }
            if let Some(writer) = &mut writer {
                writer.write(&filled).map_err(|error| written(error.into()))?;
            }
        }
        let Some(writer) = writer else {
            return Err(ScoreFolderError::Table {
                path: path.to_owned(),
                reason: "it has no rows".to_owned(),
            }
            .into());
        };
        let committed = writer
            .into_inner()
            .map_err(|error| written(error.into()))?
            .commit()
            .map_err(|error| written(error.into()))?;
        Ok(FileIdentity {
            name: name.to_string_lossy().into_owned(),
            bytes: committed.bytes,
            sha256: committed.sha256,
        })
    }

    fn begin(&self, to: &Path, batch: &RecordBatch, card: &ModelCard) -> Result<ArrowWriter<AtomicFile>, TableError> {
        let floats: Vec<String> = batch
            .schema()
            .fields()
            .iter()
            .filter(|field| *field.data_type() == arrow::datatypes::DataType::Float32)
            // The share of known bases is the same for all rows of a variant.
            .filter(|field| field.name() != "window_known")
            .map(|field| field.name().clone())
            .collect();
        let floats: Vec<&str> = floats.iter().map(String::as_str).collect();
        let options = ArrowWriterOptions::new()
            .with_properties(properties_of(card, &floats)?)
            .with_skip_arrow_metadata(true);
        Ok(ArrowWriter::try_new_with_options(
            AtomicFile::create(to)?,
            batch.schema(),
            options,
        )?)
    }

    /// Returns a batch with its quantiles.
    fn fill(&mut self, batch: &RecordBatch, path: &Path, number: u64) -> Result<RecordBatch, CalibrateError> {
        let scores = ScoreBatch::numbered(batch, path, number)?;
        let mut quantiles: Vec<Option<f32>> = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let series = self.names.of(&scores, row) as usize;
            let raw = scores.score(row);
            self.report.rows += 1;
            self.report.replaced += u64::from(scores.quantile(row).is_some());
            if raw.is_nan() {
                self.report.nan += 1;
                quantiles.push(None);
                continue;
            }
            let tied = match self.request.ties {
                Ties::Middle => TiedRank::Middle,
                Ties::Random => TiedRank::Random {
                    seed: self.request.seed,
                    item: item(&scores, row),
                },
            };
            let table = &self.tables.records[self.places[series]].table;
            quantiles.push(Some(table.quantile(f64::from(raw), tied)? as f32));
        }
        let quantiles: ArrayRef = Arc::new(Float32Array::from(quantiles));
        let (schema, mut columns) = (batch.schema(), batch.columns().to_vec());
        let place = schema
            .index_of("quantile_score")
            .map_err(|_| ScoreFolderError::Column {
                path: path.to_owned(),
                column: "quantile_score".to_owned(),
                expected: "32-bit float",
            })?;
        columns[place] = quantiles;
        Ok(
            RecordBatch::try_new(schema, columns).map_err(|error| ScoreFolderError::Table {
                path: path.to_owned(),
                reason: error.to_string(),
            })?,
        )
    }
}

/// A number for what a row is about: FNV-1a over its texts, each ended by a byte that no text has.
fn item(scores: &ScoreBatch, row: usize) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |bytes: &[u8]| {
        for &byte in bytes.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    for column in [
        &scores.variant,
        &scores.scorer,
        &scores.track,
        &scores.strand,
        &scores.gene_id,
    ] {
        take(column.text(row).unwrap_or_default().as_bytes());
    }
    if let Some((start, end)) = scores.junction(row) {
        take(&start.to_le_bytes());
        take(&end.to_le_bytes());
    }
    hash
}
