//! The table of quantiles: a row for each scorer and track, the raw scores at the 999 points of the grid in a list.
//!
//! ```text
//! variant_scorer   text of the scorer
//! output_type      output type of its scores
//! score_kind       signed_effect (quantiles -1 to 1), unsigned_effect or activity (0 to 1)
//! track_name       track; none where one table is for all tracks of the scorer
//! track_strand     strand of the track
//! background_rows  scores behind the quantiles
//! nan_rows         scores that are NaN
//! held_out_rows    held-out scores that were ranked; with ks_distance and ks_p, how far from uniform
//! knots            list of 999 float32, ascending
//! ```
//!
//! The footer has the key `refalt.calibration`: the record of the calibration as JSON.

use super::Calibration;
use super::background::sign;
use super::error::CalibrateError;
use crate::atomic_file::{AtomicFile, Committed, Complete};
use crate::engine::score_table::TableError;
use crate::output_files::place_new;
use crate::provenance::{FileIdentity, VERSION};
use arrow::array::{Array, ArrayRef, AsArray, Float32Builder, Float64Array, Int64Array, ListBuilder, StringArray};
use arrow::datatypes::{Float32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use refalt_core::stats::{GridUniformity, QUANTILE_GRID_POINTS, QuantileGrid, QuantileTable};
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Key of the record in the footer.
const RECORD: &str = "refalt.calibration";

/// The quantiles of one series and what they were made of.
#[derive(Clone, Debug)]
pub struct SeriesRecord {
    /// Text of the scorer.
    pub scorer: String,
    /// Output type of its scores.
    pub output_type: String,
    /// What its numbers are: `signed_effect`, `unsigned_effect` or `activity`.
    pub score_kind: String,
    /// Name and strand of the track; none where one table is for all tracks of the scorer.
    pub track: Option<(String, String)>,
    /// Scores behind the quantiles.
    pub rows: u64,
    /// Scores that are NaN.
    pub nan: u64,
    /// How far held-out scores are from uniform.
    pub uniformity: Option<GridUniformity>,
    /// The quantiles.
    pub table: QuantileTable,
}

impl SeriesRecord {
    /// Says whether half of the background or more is one score.
    pub(super) fn is_tied(&self) -> bool {
        // Knots ascend: a score that half of the background has is the middle one.
        let knots = self.table.knots();
        let middle = knots[QUANTILE_GRID_POINTS / 2];
        let from = knots.partition_point(|&knot| knot < middle);
        let to = knots.partition_point(|&knot| knot <= middle);
        let grid = QuantileGrid::published();
        grid.probabilities()[to - 1] - grid.probabilities()[from] >= 0.5
    }
}

/// What a table says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct TableMeta {
    /// The file.
    pub identity: FileIdentity,
    /// How it was made.
    pub calibration: Calibration,
}

/// A table of quantiles, read back.
#[derive(Debug)]
pub struct QuantileTables {
    /// What it says of itself.
    pub meta: TableMeta,
    /// The series, in the order of the file.
    pub records: Vec<SeriesRecord>,
    /// Place of a scorer's table for all tracks.
    of_scorer: HashMap<String, usize>,
    /// Place of a table by scorer, track and strand.
    of_track: HashMap<(String, String, String), usize>,
}

impl QuantileTables {
    /// Reads a table.
    ///
    /// # Errors
    /// [`CalibrateError::NoTable`] for anything else, [`CalibrateError::File`].
    pub fn open(path: &Path) -> Result<Self, CalibrateError> {
        let failed = |source| CalibrateError::File {
            action: "read",
            path: path.to_owned(),
            source,
        };
        let no_table = |reason: String| CalibrateError::NoTable {
            path: path.to_owned(),
            reason,
        };
        let identity = FileIdentity::of(path).map_err(failed)?;
        let file = File::open(path).map_err(failed)?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| no_table(error.to_string()))?;
        let pairs = builder.metadata().file_metadata().key_value_metadata();
        let record = pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == RECORD)?.value.clone());
        let record = record.ok_or_else(|| no_table(format!("its footer has no `{RECORD}`")))?;
        let calibration: Calibration =
            serde_json::from_str(&record).map_err(|error| no_table(format!("`{RECORD}`: {error}")))?;
        let mut records = Vec::new();
        for batch in builder.build().map_err(|error| no_table(error.to_string()))? {
            let batch = batch.map_err(|error| no_table(error.to_string()))?;
            read(&batch, &mut records).map_err(no_table)?;
        }
        let (mut of_scorer, mut of_track) = (HashMap::new(), HashMap::new());
        for (place, record) in records.iter().enumerate() {
            let before = match &record.track {
                None => of_scorer.insert(record.scorer.clone(), place),
                Some((track, strand)) => of_track.insert((record.scorer.clone(), track.clone(), strand.clone()), place),
            };
            if before.is_some() {
                return Err(no_table(format!("`{}` has a series twice", record.scorer)));
            }
        }
        Ok(Self {
            meta: TableMeta { identity, calibration },
            records,
            of_scorer,
            of_track,
        })
    }

    /// Returns the place of the table for a scorer and track: the track's own, else that of all tracks of the scorer.
    pub fn place(&self, scorer: &str, track: &str, strand: &str) -> Option<usize> {
        let key = (scorer.to_owned(), track.to_owned(), strand.to_owned());
        self.of_track.get(&key).or_else(|| self.of_scorer.get(scorer)).copied()
    }
}

fn read(batch: &RecordBatch, records: &mut Vec<SeriesRecord>) -> Result<(), String> {
    let column = |name: &str| -> Result<ArrayRef, String> {
        let column = batch.column_by_name(name).cloned();
        column.ok_or_else(|| format!("it has no column `{name}`"))
    };
    let wrong = |name: &str| format!("its column `{name}` has another type");
    let text = |name: &str| -> Result<StringArray, String> {
        let found = column(name)?;
        found.as_string_opt::<i32>().cloned().ok_or_else(|| wrong(name))
    };
    let whole = |name: &str| -> Result<Int64Array, String> {
        let found = column(name)?;
        found
            .as_primitive_opt::<Int64Type>()
            .cloned()
            .ok_or_else(|| wrong(name))
    };
    let (scorer, output, kind) = (text("variant_scorer")?, text("output_type")?, text("score_kind")?);
    let (track, strand) = (text("track_name")?, text("track_strand")?);
    let (rows, nan) = (whole("background_rows")?, whole("nan_rows")?);
    let lists = column("knots")?;
    let lists = lists.as_list_opt::<i32>().ok_or_else(|| wrong("knots"))?;
    for row in 0..batch.num_rows() {
        let knots = lists.value(row);
        let knots = knots.as_primitive_opt::<Float32Type>().ok_or_else(|| wrong("knots"))?;
        let knots = knots.values().iter().copied().map(f64::from).collect();
        let kind = kind.value(row);
        let table = QuantileTable::from_knots(sign(kind), knots)
            .map_err(|error| format!("row {}, `knots`: {error}", row + 1))?;
        let count = |column: &Int64Array| u64::try_from(column.value(row)).unwrap_or(0);
        records.push(SeriesRecord {
            scorer: scorer.value(row).to_owned(),
            output_type: output.value(row).to_owned(),
            score_kind: kind.to_owned(),
            track: track
                .is_valid(row)
                .then(|| (track.value(row).to_owned(), strand.value(row).to_owned())),
            rows: count(&rows),
            nan: count(&nan),
            uniformity: None,
            table,
        });
    }
    Ok(())
}

/// Writes a table, whole or not at all, and over no file of another content.
pub(super) fn write(
    path: &Path,
    calibration: &Calibration,
    records: &[SeriesRecord],
) -> Result<Committed, CalibrateError> {
    let failed = |source: TableError| CalibrateError::Write {
        path: path.to_owned(),
        source,
    };
    let file = put(path, calibration, records).map_err(failed)?;
    let committed = file.committed().clone();
    place_new(vec![file])?;
    Ok(committed)
}

/// Series that are laid out at a time.
const BATCH: usize = 1 << 12;

fn put(path: &Path, calibration: &Calibration, records: &[SeriesRecord]) -> Result<Complete, TableError> {
    let note = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let record = serde_json::to_string(calibration).map_err(std::io::Error::other)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_created_by(format!("refalt {VERSION}"))
        .set_key_value_metadata(Some(vec![
            note("refalt.version", VERSION.to_owned()),
            note("refalt.licence", calibration.licence.clone()),
            note("refalt.citation", calibration.citation.clone()),
            note(RECORD, record),
        ]))
        .build();
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    let first = batch(&records[..records.len().min(BATCH)])?;
    let mut writer = ArrowWriter::try_new_with_options(AtomicFile::create(path)?, first.schema(), options)?;
    writer.write(&first)?;
    for records in records.chunks(BATCH).skip(1) {
        writer.write(&batch(records)?)?;
    }
    Ok(writer.into_inner()?.complete()?)
}

fn batch(records: &[SeriesRecord]) -> Result<RecordBatch, TableError> {
    let text = |of: &dyn Fn(&SeriesRecord) -> Option<String>| -> ArrayRef {
        Arc::new(StringArray::from_iter(records.iter().map(of)))
    };
    let whole = |of: &dyn Fn(&SeriesRecord) -> Option<u64>| -> ArrayRef {
        let values = records
            .iter()
            .map(|record| of(record).and_then(|count| i64::try_from(count).ok()));
        Arc::new(values.collect::<Int64Array>())
    };
    let number = |of: &dyn Fn(&GridUniformity) -> f64| -> ArrayRef {
        let values = records.iter().map(|record| record.uniformity.as_ref().map(of));
        Arc::new(values.collect::<Float64Array>())
    };
    let mut knots = ListBuilder::new(Float32Builder::new());
    for record in records {
        for &knot in record.table.knots() {
            knots.values().append_value(knot as f32);
        }
        knots.append(true);
    }
    let held_out = |record: &SeriesRecord| record.uniformity.map(|test| test.rows as u64);
    Ok(RecordBatch::try_from_iter_with_nullable([
        ("variant_scorer", text(&|record| Some(record.scorer.clone())), false),
        ("output_type", text(&|record| Some(record.output_type.clone())), false),
        ("score_kind", text(&|record| Some(record.score_kind.clone())), false),
        (
            "track_name",
            text(&|record| Some(record.track.as_ref()?.0.clone())),
            true,
        ),
        (
            "track_strand",
            text(&|record| Some(record.track.as_ref()?.1.clone())),
            true,
        ),
        ("background_rows", whole(&|record| Some(record.rows)), false),
        ("nan_rows", whole(&|record| Some(record.nan)), false),
        ("held_out_rows", whole(&held_out), true),
        ("ks_distance", number(&|test| test.distance), true),
        ("ks_p", number(&|test| test.p_value), true),
        ("knots", Arc::new(knots.finish()) as ArrayRef, false),
    ])?)
}
