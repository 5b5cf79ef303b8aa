//! The tables of a run, column by column.

use super::super::error::ValidateError;
use crate::engine::score_table;
use arrow::array::{Array, AsArray, DictionaryArray, Float32Array, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Float32Type, Int32Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use std::fs::File;
use std::io;
use std::path::Path;

/// The columns of the score table that are read.
pub(super) const SCORE_COLUMNS: [&str; 6] = [
    "variant_id",
    "variant_scorer",
    "track_name",
    "track_strand",
    "raw_score",
    "gene_id",
];

/// Why a table of the run cannot be read.
pub(super) enum TableProblem {
    File(io::Error),
    Parquet(ParquetError),
    Arrow(ArrowError),
    Column(String),
    Tracks(score_table::TableError),
}

impl TableProblem {
    pub(super) fn at(self, path: &Path) -> ValidateError {
        let reason = match self {
            Self::File(error) => error.to_string(),
            Self::Parquet(error) => error.to_string(),
            Self::Arrow(error) => error.to_string(),
            Self::Tracks(error) => error.to_string(),
            Self::Column(name) => format!("it has no column `{name}` of the expected type"),
        };
        ValidateError::Table {
            path: path.to_owned(),
            reason,
        }
    }
}

impl From<io::Error> for TableProblem {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<ParquetError> for TableProblem {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error)
    }
}

impl From<ArrowError> for TableProblem {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

/// Opens a table for some of its columns, which come in the order given.
pub(super) fn reader(
    path: &Path,
    columns: &[&str],
    schema: Option<arrow::datatypes::SchemaRef>,
) -> Result<Projected, TableProblem> {
    let options = match schema {
        Some(schema) => ArrowReaderOptions::new().with_schema(schema),
        None => ArrowReaderOptions::new(),
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(File::open(path)?, options)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    Ok(Projected {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        reader: builder.with_projection(mask).with_batch_size(1 << 16).build()?,
    })
}

/// Record batches with the columns in the order asked for.
pub(super) struct Projected {
    columns: Vec<String>,
    reader: ParquetRecordBatchReader,
}

impl Iterator for Projected {
    type Item = Result<RecordBatch, TableProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match self.reader.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error.into())),
        };
        let order: Result<Vec<usize>, TableProblem> = self
            .columns
            .iter()
            .map(|name| {
                batch
                    .schema()
                    .index_of(name)
                    .map_err(|_| TableProblem::Column(name.clone()))
            })
            .collect();
        Some(order.and_then(|order| Ok(batch.project(&order)?)))
    }
}

pub(super) fn text(batch: &RecordBatch, column: usize) -> Result<&StringArray, TableProblem> {
    let array = batch.column(column).as_string_opt::<i32>();
    array.ok_or_else(|| TableProblem::Column(batch.schema().field(column).name().clone()))
}

/// A text column with its dictionary.
pub(super) struct DictionaryText<'a> {
    keys: &'a [i32],
    values: &'a StringArray,
    /// Which rows have a text; `None` when all have.
    known: Option<&'a NullBuffer>,
}

impl<'a> DictionaryText<'a> {
    /// Takes a column in which every row has a text.
    pub(super) fn of(batch: &'a RecordBatch, column: usize) -> Result<Self, TableProblem> {
        let text = Self::of_some(batch, column)?;
        match text.known {
            None => Ok(text),
            Some(_) => Err(TableProblem::Column(SCORE_COLUMNS[column].to_owned())),
        }
    }

    /// Takes a column in which rows may lack a text.
    pub(super) fn of_some(batch: &'a RecordBatch, column: usize) -> Result<Self, TableProblem> {
        let missing = || TableProblem::Column(SCORE_COLUMNS[column].to_owned());
        let array: &DictionaryArray<Int32Type> = batch.column(column).as_dictionary_opt().ok_or_else(missing)?;
        let values = array.values().as_string_opt::<i32>().ok_or_else(missing)?;
        Ok(Self {
            keys: array.keys().values(),
            known: array.nulls().filter(|nulls| nulls.null_count() > 0),
            values,
        })
    }

    pub(super) fn key(&self, row: usize) -> usize {
        self.keys[row] as usize
    }

    pub(super) fn key_if_any(&self, row: usize) -> Option<usize> {
        let is_known = self.known.is_none_or(|known| known.is_valid(row));
        is_known.then(|| self.key(row))
    }

    pub(super) fn value(&self, row: usize) -> &'a str {
        self.values.value(self.key(row))
    }

    /// Looks every value of the dictionary up, once.
    pub(super) fn map<T>(&self, mut look_up: impl FnMut(&str) -> T) -> Vec<T> {
        (0..self.values.len())
            .map(|key| look_up(self.values.value(key)))
            .collect()
    }
}

/// A batch of the score table.
pub(super) struct ScoreColumns<'a> {
    pub(super) variant: DictionaryText<'a>,
    pub(super) scorer: DictionaryText<'a>,
    pub(super) track: DictionaryText<'a>,
    pub(super) strand: DictionaryText<'a>,
    /// Missing for scorers that do not work by gene.
    pub(super) gene: DictionaryText<'a>,
    pub(super) raw: &'a Float32Array,
}

impl<'a> ScoreColumns<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self, TableProblem> {
        let raw = batch.column(4).as_primitive_opt::<Float32Type>();
        Ok(Self {
            variant: DictionaryText::of(batch, 0)?,
            scorer: DictionaryText::of(batch, 1)?,
            track: DictionaryText::of(batch, 2)?,
            strand: DictionaryText::of(batch, 3)?,
            gene: DictionaryText::of_some(batch, 5)?,
            raw: raw.ok_or_else(|| TableProblem::Column(SCORE_COLUMNS[4].to_owned()))?,
        })
    }
}
