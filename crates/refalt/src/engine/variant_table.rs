//! `variants.parquet`: every input row and what became of it.

use super::input::{InputRow, RowStatus};
use super::plan::Plan;
use super::score_table::{TableError, properties};
use crate::atomic_file::{AtomicFile, Committed};
use arrow::array::{ArrayRef, Float32Builder, Int64Builder, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use refalt_core::{CheckedVariant, Window};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An input row with what became of it.
#[derive(Clone, Debug)]
pub(crate) struct VariantRecord {
    pub(crate) input: InputRow,
    pub(crate) status: RowStatus,
    pub(crate) checked: Option<CheckedVariant>,
    pub(crate) window: Option<Window>,
    pub(crate) window_known: Option<f32>,
}

fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let number = |name: &str, nullable| Field::new(name, DataType::Int64, nullable);
    Arc::new(Schema::new(vec![
        number("row", false),
        number("line", false),
        text("id", true),
        text("as_written", false),
        text("status", false),
        text("code", true),
        text("reason", true),
        number("duplicate_of", true),
        text("repair", true),
        text("variant_id", true),
        text("chrom", true),
        number("pos", true),
        text("ref", true),
        text("alt", true),
        text("scored_interval", true),
        Field::new("window_known", DataType::Float32, true),
    ]))
}

/// Rows that are turned into columns at once.
const ROWS_PER_BATCH: usize = 8192;

/// Writes one part of the variant table.
pub(crate) struct VariantTable {
    writer: ArrowWriter<AtomicFile>,
    waiting: Vec<VariantRecord>,
}

impl VariantTable {
    pub(crate) fn create(path: &Path, plan: &Plan) -> Result<Self, TableError> {
        Ok(Self {
            writer: writer(path, plan)?,
            waiting: Vec::new(),
        })
    }

    pub(crate) fn append(&mut self, record: VariantRecord) -> Result<(), TableError> {
        self.waiting.push(record);
        if self.waiting.len() == ROWS_PER_BATCH {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), TableError> {
        if !self.waiting.is_empty() {
            self.writer.write(&batch(&self.waiting)?)?;
            self.waiting.clear();
        }
        Ok(())
    }

    pub(crate) fn commit(mut self) -> Result<Committed, TableError> {
        self.flush()?;
        Ok(self.writer.into_inner()?.commit()?)
    }
}

/// Joins the parts of the table into one file.
pub(crate) fn join(parts: &[PathBuf], path: &Path, plan: &Plan) -> Result<Committed, TableError> {
    let mut joined = writer(path, plan)?;
    for part in parts {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(part)?)?
            .with_batch_size(ROWS_PER_BATCH)
            .build()?;
        for batch in reader {
            joined.write(&RecordBatch::try_new(schema(), batch?.columns().to_vec())?)?;
        }
    }
    Ok(joined.into_inner()?.commit()?)
}

fn writer(path: &Path, plan: &Plan) -> Result<ArrowWriter<AtomicFile>, TableError> {
    let options = ArrowWriterOptions::new()
        .with_properties(properties(plan, &[])?)
        .with_skip_arrow_metadata(true);
    Ok(ArrowWriter::try_new_with_options(
        AtomicFile::create(path)?,
        schema(),
        options,
    )?)
}

fn batch(records: &[VariantRecord]) -> Result<RecordBatch, TableError> {
    let schema = schema();
    let columns = schema
        .fields()
        .iter()
        .map(|field| column(field, records))
        .collect::<Vec<_>>();
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// A cell of the table.
enum Cell {
    Text(Option<String>),
    Number(Option<u64>),
    Share(Option<f32>),
}

fn column(field: &Field, records: &[VariantRecord]) -> ArrayRef {
    let cells = records.iter().map(|record| cell(field.name(), record));
    match field.data_type() {
        DataType::Int64 => {
            let mut values = Int64Builder::with_capacity(records.len());
            for value in cells {
                let Cell::Number(number) = value else { continue };
                values.append_option(number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)));
            }
            Arc::new(values.finish())
        }
        DataType::Float32 => {
            let mut values = Float32Builder::with_capacity(records.len());
            for value in cells {
                let Cell::Share(share) = value else { continue };
                values.append_option(share);
            }
            Arc::new(values.finish())
        }
        _ => {
            let mut values = StringBuilder::new();
            for value in cells {
                let Cell::Text(text) = value else { continue };
                values.append_option(text);
            }
            Arc::new(values.finish())
        }
    }
}

fn cell(name: &str, record: &VariantRecord) -> Cell {
    let checked = record.checked.as_ref();
    match name {
        "row" => Cell::Number(Some(record.input.row)),
        "line" => Cell::Number(Some(record.input.line)),
        "id" => Cell::Text(record.input.id.clone()),
        "as_written" => Cell::Text(Some(record.input.text.clone())),
        "status" => Cell::Text(Some(record.status.name().to_owned())),
        "code" => Cell::Text(match &record.status {
            RowStatus::Rejected(rejection) => Some(rejection.code.to_owned()),
            _ => None,
        }),
        "reason" => Cell::Text(match &record.status {
            RowStatus::Rejected(rejection) => Some(rejection.reason.clone()),
            RowStatus::Failed { reason } => Some(reason.clone()),
            RowStatus::Duplicate { of } => Some(format!("the same variant as row {of}")),
            RowStatus::Scored => None,
        }),
        "duplicate_of" => Cell::Number(match record.status {
            RowStatus::Duplicate { of } => Some(of),
            _ => None,
        }),
        "repair" => Cell::Text(record.input.repair.clone()),
        "variant_id" => Cell::Text(checked.map(ToString::to_string)),
        "chrom" => Cell::Text(checked.map(|variant| variant.contig().to_string())),
        "pos" => Cell::Number(checked.map(|variant| u64::from(variant.position().one_based()))),
        "ref" => Cell::Text(checked.map(|variant| variant.reference_bases().to_string())),
        "alt" => Cell::Text(checked.map(|variant| variant.alternate_bases().to_string())),
        "scored_interval" => Cell::Text(record.window.as_ref().map(ToString::to_string)),
        _ => Cell::Share(record.window_known),
    }
}
