//! The first rows of a finished run that have no scores, for people.

use super::run::{RunError, at};
use super::score_table::TableError;
use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;

/// A row that was rejected or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnscoredRow {
    /// Row of the input (1-based, each alternate allele counts).
    pub row: u64,
    /// Line or record of the input (1-based).
    pub line: u64,
    /// Identifier given with the row.
    pub id: Option<String>,
    /// The variant as written.
    pub as_written: String,
    /// Why it has no scores.
    pub reason: String,
}

/// Reads the first rows of `variants.parquet` that were rejected or failed; duplicates have scores elsewhere.
///
/// * `out`: folder of a finished run.
/// * `most`: rows to return at most.
///
/// # Errors
/// [`RunError::Table`] when the table cannot be read.
pub fn unscored(out: &Path, most: usize) -> Result<Vec<UnscoredRow>, RunError> {
    let path = out.join("variants.parquet");
    first(&path, most).map_err(at(&path))
}

const COLUMNS: [&str; 6] = ["row", "line", "id", "as_written", "status", "reason"];

fn first(path: &Path, most: usize) -> Result<Vec<UnscoredRow>, TableError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
    let mut found = Vec::new();
    for batch in builder.with_projection(mask).build()? {
        append(&batch?, most, &mut found);
        if found.len() == most {
            break;
        }
    }
    Ok(found)
}

fn append(batch: &RecordBatch, most: usize, found: &mut Vec<UnscoredRow>) {
    let text = |name: &str| {
        batch
            .column_by_name(name)
            .and_then(|column| column.as_string_opt::<i32>())
    };
    let number = |name: &str| {
        let column = batch.column_by_name(name)?;
        column.as_primitive_opt::<Int64Type>()
    };
    let (Some(status), Some(id), Some(written), Some(reason), Some(row), Some(line)) = (
        text("status"),
        text("id"),
        text("as_written"),
        text("reason"),
        number("row"),
        number("line"),
    ) else {
        return;
    };
    for index in 0..batch.num_rows() {
        if found.len() == most {
            return;
        }
        if matches!(status.value(index), "rejected" | "failed") {
            found.push(UnscoredRow {
                row: row.value(index).unsigned_abs(),
                line: line.value(index).unsigned_abs(),
                id: id.is_valid(index).then(|| id.value(index).to_owned()),
                as_written: written.value(index).to_owned(),
                reason: if reason.is_valid(index) {
                    reason.value(index).to_owned()
                } else {
                    String::new()
                },
            });
        }
    }
}
