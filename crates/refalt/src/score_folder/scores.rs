//! The score table, streamed variant by variant.

use super::{ScoreFolderError, open_table};
use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float32Array, Int32Array, Int64Array, StringArray, new_null_array,
};
use arrow::datatypes::{DataType, Float32Type, Int32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use std::collections::VecDeque;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The columns of a score, whoever gave it; those of genes and junctions may be absent.
pub(super) const COLUMNS: [&str; 14] = [
    "variant_id",
    "gene_id",
    "gene_name",
    "gene_type",
    "gene_strand",
    "junction_Start",
    "junction_End",
    "output_type",
    "variant_scorer",
    "track_name",
    "track_strand",
    "raw_score",
    "quantile_score",
    "row",
];

/// The columns of its origin, which may be absent.
const ORIGIN_COLUMNS: [&str; 3] = ["source", "model_version", "answered_on"];

/// A text column: for each row the key of a text, or none.
#[derive(Clone, Debug)]
pub(crate) struct TextColumn {
    keys: Int32Array,
    texts: StringArray,
}

impl TextColumn {
    fn none(rows: usize) -> Self {
        Self {
            keys: Int32Array::new_null(rows),
            texts: StringArray::from(Vec::<&str>::new()),
        }
    }

    fn of(column: &ArrayRef) -> Option<Self> {
        let column: &DictionaryArray<Int32Type> = column.as_dictionary_opt()?;
        Some(Self {
            keys: column.keys().clone(),
            texts: column.values().as_string_opt::<i32>()?.clone(),
        })
    }

    /// Returns the key of a row; equal keys of one batch are equal texts.
    pub(crate) fn key(&self, row: usize) -> Option<usize> {
        self.keys.is_valid(row).then(|| self.keys.value(row) as usize)
    }

    /// Returns the text of a row.
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        self.key(row).map(|key| self.texts.value(key))
    }

    /// Looks every text up, once: what it is mapped to, by key.
    pub(crate) fn map<T>(&self, mut look_up: impl FnMut(&str) -> T) -> Vec<T> {
        (0..self.texts.len())
            .map(|key| {
                look_up(if self.texts.is_valid(key) {
                    self.texts.value(key)
                } else {
                    ""
                })
            })
            .collect()
    }
}

/// Some rows of the score table.
#[derive(Clone, Debug)]
pub(crate) struct ScoreBatch {
    /// Number of the batch among those of its table, from 1: keys of texts hold within one batch.
    pub(super) number: u64,
    pub(crate) variant: TextColumn,
    pub(crate) gene_id: TextColumn,
    pub(crate) gene_name: TextColumn,
    pub(crate) gene_strand: TextColumn,
    junction_start: Int64Array,
    junction_end: Int64Array,
    pub(crate) output: TextColumn,
    pub(crate) scorer: TextColumn,
    pub(crate) track: TextColumn,
    pub(crate) strand: TextColumn,
    raw: Float32Array,
    quantile: Float32Array,
    row: Int64Array,
    pub(crate) gene_type: TextColumn,
    pub(crate) source: TextColumn,
    pub(crate) model_version: TextColumn,
    pub(crate) answered_on: TextColumn,
}

impl ScoreBatch {
    /// Reads a batch of a table by its number among those of the table, from 1.
    pub(crate) fn numbered(batch: &RecordBatch, path: &Path, number: u64) -> Result<Self, ScoreFolderError> {
        Ok(Self {
            number,
            ..Self::of(batch, path)?
        })
    }

    pub(super) fn of(batch: &RecordBatch, path: &Path) -> Result<Self, ScoreFolderError> {
        let rows = batch.num_rows();
        let missing = |column: &str, expected| ScoreFolderError::Column {
            path: path.to_owned(),
            column: column.to_owned(),
            expected,
        };
        let text = |name: &str| {
            let column = batch.column_by_name(name).and_then(TextColumn::of);
            column.ok_or_else(|| missing(name, "text"))
        };
        let optional = |name: &str| match batch.column_by_name(name) {
            Some(_) => text(name),
            None => Ok(TextColumn::none(rows)),
        };
        let integer = |name: &str| -> Result<Int64Array, ScoreFolderError> {
            let column = match batch.column_by_name(name) {
                Some(column) => Arc::clone(column),
                None if name == "row" => return Err(missing(name, "64-bit integer")),
                None => new_null_array(&DataType::Int64, rows),
            };
            let column = column.as_primitive_opt::<Int64Type>().cloned();
            column.ok_or_else(|| missing(name, "64-bit integer"))
        };
        let float = |name: &str| -> Result<Float32Array, ScoreFolderError> {
            let column = match batch.column_by_name(name) {
                Some(column) => Arc::clone(column),
                None if name == "raw_score" => return Err(missing(name, "32-bit float")),
                None => new_null_array(&DataType::Float32, rows),
            };
            let column = column.as_primitive_opt::<Float32Type>().cloned();
            column.ok_or_else(|| missing(name, "32-bit float"))
        };
        Ok(Self {
            number: 0,
            raw: float("raw_score")?,
            quantile: float("quantile_score")?,
            track: text("track_name")?,
            strand: text("track_strand")?,
            variant: text("variant_id")?,
            gene_id: optional("gene_id")?,
            gene_name: optional("gene_name")?,
            gene_strand: optional("gene_strand")?,
            junction_start: integer("junction_Start")?,
            junction_end: integer("junction_End")?,
            output: text("output_type")?,
            scorer: text("variant_scorer")?,
            row: integer("row")?,
            gene_type: optional("gene_type")?,
            source: optional("source")?,
            model_version: optional("model_version")?,
            answered_on: optional("answered_on")?,
        })
    }

    /// Returns the junction of a row: start and end, 0-based, half-open.
    pub(crate) fn junction(&self, row: usize) -> Option<(i64, i64)> {
        let both = self.junction_start.is_valid(row) && self.junction_end.is_valid(row);
        both.then(|| (self.junction_start.value(row), self.junction_end.value(row)))
    }

    /// Returns the input row (1-based) of a row.
    pub(crate) fn input_row(&self, row: usize) -> i64 {
        self.row.value(row)
    }

    /// Returns the quantile score of a row, if it has one.
    pub(crate) fn quantile(&self, row: usize) -> Option<f32> {
        self.quantile.is_valid(row).then(|| self.quantile.value(row))
    }

    /// Returns the raw score of a row; NaN where there is none.
    pub(crate) fn score(&self, row: usize) -> f32 {
        if self.raw.is_valid(row) {
            self.raw.value(row)
        } else {
            f32::NAN
        }
    }
}

/// A piece of a batch. Keys of texts hold within one piece only.
pub(crate) struct Group<'a> {
    pub(crate) batch: &'a ScoreBatch,
    pub(crate) rows: Range<usize>,
}

/// The score table, in input order.
pub(crate) struct Scores {
    parts: VecDeque<PathBuf>,
    reader: Option<(PathBuf, ParquetRecordBatchReader)>,
    batch: Option<ScoreBatch>,
    /// First row of the batch that was not given out.
    next: usize,
    /// Batches that were read.
    batches: u64,
}

impl Scores {
    pub(super) fn new(parts: Vec<PathBuf>) -> Self {
        Self {
            parts: parts.into(),
            reader: None,
            batch: None,
            next: 0,
            batches: 0,
        }
    }

    /// Makes sure that there is a row to give out; false at the end of the table.
    fn fill(&mut self) -> Result<bool, ScoreFolderError> {
        loop {
            if self.batch.as_ref().is_some_and(|batch| self.next < batch.row.len()) {
                return Ok(true);
            }
            self.batch = None;
            let Some((path, reader)) = &mut self.reader else {
                let Some(path) = self.parts.pop_front() else {
                    return Ok(false);
                };
                let reader = open_table(
                    &path,
                    &|name| COLUMNS.contains(&name) || ORIGIN_COLUMNS.contains(&name),
                    true,
                )?;
                self.reader = Some((path, reader));
                continue;
            };
            match reader.next() {
                None => self.reader = None,
                Some(batch) => {
                    let batch = batch.map_err(|error| ScoreFolderError::table(path, &error))?;
                    self.batches += 1;
                    self.batch = Some(ScoreBatch::numbered(&batch, path, self.batches)?);
                    self.next = 0;
                }
            }
        }
    }

    /// Returns the input row (1-based) of the variant whose scores come next.
    pub(crate) fn peek(&mut self) -> Result<Option<u64>, ScoreFolderError> {
        if !self.fill()? {
            return Ok(None);
        }
        let row = self.batch.as_ref().map(|batch| batch.row.value(self.next));
        Ok(row.map(|row| u64::try_from(row).unwrap_or(0)))
    }

    /// Gives out the rows of the next variant, in pieces.
    pub(crate) fn variant<E: From<ScoreFolderError>>(
        &mut self,
        mut each: impl FnMut(Group<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(row) = self.peek()? else { return Ok(()) };
        while self.peek()? == Some(row) {
            self.give(
                |batch, from| {
                    let value = batch.row.value(from);
                    let all = &batch.row.values()[from..];
                    from + all.iter().take_while(|&&row| row == value).count()
                },
                &mut each,
            )?;
        }
        Ok(())
    }

    /// Gives out the rest of a batch, whichever variants it holds; false at the end of the table.
    pub(crate) fn batch<E: From<ScoreFolderError>>(
        &mut self,
        mut each: impl FnMut(Group<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        if !self.fill()? {
            return Ok(false);
        }
        self.give(|batch, _| batch.row.len(), &mut each)?;
        Ok(true)
    }

    fn give<E>(
        &mut self,
        end: impl FnOnce(&ScoreBatch, usize) -> usize,
        each: &mut impl FnMut(Group<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(batch) = &self.batch {
            let rows = self.next..end(batch, self.next);
            self.next = rows.end;
            each(Group { batch, rows })?;
        }
        Ok(())
    }
}
