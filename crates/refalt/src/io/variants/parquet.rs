//! Parquet tables: the columns in use are read batch by batch, everything as text.
//!
//! Numbers become text through Arrow's cast and go the way of every other table, so that a table means the same in
//! every format.

use super::cells::CellReader;
use super::columns::ColumnMap;
use super::error::{ReadCause, ReadError};
use super::resolve::{Columns, Resolver};
use super::row::VariantRow;
use super::table::clues;
use super::vcf_header::AssemblyClue;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::collections::VecDeque;
use std::fmt::Display;
use std::fs::File;

const ROWS_PER_BATCH: usize = 8192;

/// The columns of a Parquet file that are read.
pub(super) struct UsedColumns {
    /// Where what makes a row stands among those in use.
    pub(super) columns: Columns,
    /// Those in use among the columns of the file, ascending.
    pub(super) used: Vec<usize>,
    /// What their names say about the assembly.
    pub(super) clues: Vec<AssemblyClue>,
}

impl UsedColumns {
    /// Finds the columns of variants by name, and those to carry along.
    pub(super) fn of(schema: &Schema, map: &ColumnMap, carry: &[String]) -> Result<Self, ReadCause> {
        let header: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        if let Some((role, _)) = map.entries().iter().find(|_| map.is_by_number()) {
            let (role, format) = (format!("`{}` by number", role.key()), "Parquet");
            return Err(ReadCause::ColumnsFixed { role, format });
        }
        let resolver = Resolver {
            header: &header,
            map,
            carry,
        };
        let mut columns = resolver.resolve()?;
        let clues = clues(&header, &columns.places(), 1);
        let used = columns.used();
        for &column in &used {
            let field = schema.field(column);
            if !is_scalar(field.data_type()) {
                let (column, found) = (field.name().clone(), field.data_type().to_string());
                return Err(ReadCause::ColumnType { column, found });
            }
        }
        columns.renumber(|column| used.binary_search(&column).unwrap_or(0));
        Ok(Self { columns, used, clues })
    }
}

/// Rows of a Parquet file.
pub(super) struct ParquetRows {
    batches: ParquetRecordBatchReader,
    cells: CellReader,
    clues: Vec<AssemblyClue>,
    name: Box<str>,
    columns: Vec<StringArray>,
    next: usize,
    height: usize,
    record: u64,
}

impl ParquetRows {
    /// Reads the schema and finds the columns.
    pub(super) fn new(file: File, name: &str, map: &ColumnMap, carry: &[String]) -> Result<Self, ReadError> {
        let fail = |error: &dyn Display| cause(error).at(name, None);
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| fail(&error))?;
        let UsedColumns { columns, used, clues } =
            UsedColumns::of(builder.schema(), map, carry).map_err(|cause| cause.at(name, None))?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), used);
        let batches = builder
            .with_projection(mask)
            .with_batch_size(ROWS_PER_BATCH)
            .build()
            .map_err(|error| fail(&error))?;
        Ok(Self {
            batches,
            cells: CellReader::new(columns),
            clues,
            name: name.into(),
            columns: Vec::new(),
            next: 0,
            height: 0,
            record: 0,
        })
    }

    /// What the names of the columns in use say about the assembly.
    pub(super) fn clues(&self) -> &[AssemblyClue] {
        &self.clues
    }

    /// Appends the rows of the next record; false at the end of the file.
    pub(super) fn next_record(&mut self, rows: &mut VecDeque<VariantRow>) -> Result<bool, ReadError> {
        while self.next == self.height {
            let Some(batch) = self.batches.next() else {
                return Ok(false);
            };
            let text = batch.and_then(|batch| as_text(&batch));
            self.columns = text.map_err(|error| cause(&error).at_record(&self.name, self.record + 1))?;
            self.height = self.columns.first().map_or(0, StringArray::len);
            self.next = 0;
        }
        let index = self.next;
        self.next += 1;
        self.record += 1;
        let columns = &self.columns;
        let cell = |column: usize| {
            let column: &StringArray = columns.get(column)?;
            column.is_valid(index).then(|| column.value(index))
        };
        self.cells.read(self.record, cell, rows);
        Ok(true)
    }
}

pub(super) fn cause(error: &dyn Display) -> ReadCause {
    ReadCause::Parquet {
        reason: error.to_string(),
    }
}

/// Says whether a type is text or a number, or a dictionary of these.
fn is_scalar(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_scalar(values),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Boolean | DataType::Null => true,
        other => other.is_integer() || other.is_floating(),
    }
}

pub(super) fn as_text(batch: &RecordBatch) -> Result<Vec<StringArray>, arrow::error::ArrowError> {
    batch
        .columns()
        .iter()
        .map(|column: &ArrayRef| Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone()))
        .collect()
}
