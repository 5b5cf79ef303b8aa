//! The variant table, streamed.

use super::{ScoreFolderError, open_table};
use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use refalt_core::Position;
use std::path::{Path, PathBuf};

const COLUMNS: [&str; 15] = [
    "row",
    "line",
    "id",
    "as_written",
    "status",
    "code",
    "reason",
    "duplicate_of",
    "repair",
    "variant_id",
    "chrom",
    "pos",
    "ref",
    "alt",
    "scored_interval",
];

/// A variant in normal form, as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NormalForm {
    pub(crate) contig: String,
    pub(crate) position: Position,
    pub(crate) reference_bases: String,
    pub(crate) alternate_bases: String,
}

/// An input row and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariantRow {
    /// Row of the input (1-based).
    pub(crate) row: u64,
    pub(crate) id: Option<String>,
    pub(crate) as_written: String,
    pub(crate) status: String,
    pub(crate) code: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) duplicate_of: Option<u64>,
    pub(crate) repair: Option<String>,
    pub(crate) variant_id: Option<String>,
    pub(crate) normal_form: Option<NormalForm>,
    pub(crate) scored_interval: Option<String>,
}

impl VariantRow {
    /// Says whether the row has scores.
    pub(crate) fn is_scored(&self) -> bool {
        self.status == "scored"
    }
}

/// The variant table, in input order.
pub(crate) struct VariantRows {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    next: usize,
}

impl VariantRows {
    pub(super) fn open(path: &Path) -> Result<Self, ScoreFolderError> {
        Ok(Self {
            path: path.to_owned(),
            reader: open_table(path, &|name| COLUMNS.contains(&name), false)?,
            batch: None,
            next: 0,
        })
    }

    fn read(&self, batch: &RecordBatch, row: usize) -> Result<VariantRow, ScoreFolderError> {
        let text = |name: &str| -> Option<String> {
            let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        let integer = |name: &str| -> Option<u64> {
            let column = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
            let value = column.is_valid(row).then(|| column.value(row))?;
            u64::try_from(value).ok()
        };
        let missing = |column: &str, expected| ScoreFolderError::Column {
            path: self.path.clone(),
            column: column.to_owned(),
            expected,
        };
        let normal_form = || {
            Some(NormalForm {
                contig: text("chrom")?,
                position: Position::new(u32::try_from(integer("pos")?).ok()?)?,
                reference_bases: text("ref")?,
                alternate_bases: text("alt")?,
            })
        };
        Ok(VariantRow {
            row: integer("row").ok_or_else(|| missing("row", "64-bit integer"))?,
            id: text("id"),
            as_written: text("as_written").ok_or_else(|| missing("as_written", "text"))?,
            status: text("status").ok_or_else(|| missing("status", "text"))?,
            code: text("code"),
            reason: text("reason"),
            duplicate_of: integer("duplicate_of"),
            repair: text("repair"),
            variant_id: text("variant_id"),
            normal_form: normal_form(),
            scored_interval: text("scored_interval"),
        })
    }
}

impl Iterator for VariantRows {
    type Item = Result<VariantRow, ScoreFolderError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = &self.batch
                && self.next < batch.num_rows()
            {
                let row = self.read(batch, self.next);
                self.next += 1;
                return Some(row);
            }
            match self.reader.next()? {
                Ok(batch) => {
                    self.batch = Some(batch);
                    self.next = 0;
                }
                Err(error) => return Some(Err(ScoreFolderError::table(&self.path, &error))),
            }
        }
    }
}
