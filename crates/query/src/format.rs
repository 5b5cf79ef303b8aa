//! How rows are written.

use crate::QueryError;
use arrow::array::RecordBatch;
use arrow::csv::WriterBuilder;
use arrow::datatypes::SchemaRef;
use arrow::json::LineDelimitedWriter;
use arrow::util::pretty::pretty_format_batches;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::io::Write;

/// A format of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table for people, in blocks of the rows that come together, each with the names of the columns.
    Table,
    /// Tab-separated, with a header.
    Tsv,
    /// Comma-separated, with a header.
    Csv,
    /// One JSON object a line; NaN and infinities are null, and so are missing values.
    JsonLines,
    /// Parquet, zstd.
    Parquet,
}

impl Format {
    /// Every format with its name.
    pub const ALL: [(&'static str, Self); 5] = [
        ("table", Self::Table),
        ("tsv", Self::Tsv),
        ("csv", Self::Csv),
        ("jsonl", Self::JsonLines),
        ("parquet", Self::Parquet),
    ];

    /// Looks a name up: `table`, `tsv`, `csv`, `jsonl`, `parquet`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, format)| *format)
    }
}

/// Writes batches.
pub(crate) enum BatchWriter<'a> {
    Table(&'a mut (dyn Write + Send), bool, SchemaRef),
    Text(Box<arrow::csv::Writer<&'a mut (dyn Write + Send)>>, bool, SchemaRef),
    Json(LineDelimitedWriter<&'a mut (dyn Write + Send)>),
    Parquet(Box<ArrowWriter<&'a mut (dyn Write + Send)>>),
}

impl<'a> BatchWriter<'a> {
    pub(crate) fn new(format: Format, schema: SchemaRef, out: &'a mut (dyn Write + Send)) -> Result<Self, QueryError> {
        let text = |delimiter| WriterBuilder::new().with_header(true).with_delimiter(delimiter);
        Ok(match format {
            Format::Table => Self::Table(out, false, schema),
            Format::Tsv => Self::Text(Box::new(text(b'\t').build(out)), false, schema),
            Format::Csv => Self::Text(Box::new(text(b',').build(out)), false, schema),
            Format::JsonLines => Self::Json(LineDelimitedWriter::new(out)),
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .build();
                Self::Parquet(Box::new(ArrowWriter::try_new(out, schema, Some(properties))?))
            }
        })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        match self {
            Self::Table(out, begun, _) => {
                if batch.num_rows() > 0 {
                    *begun = true;
                    let text = pretty_format_batches(std::slice::from_ref(batch))?;
                    writeln!(out, "{text}").map_err(QueryError::Write)?;
                }
            }
            Self::Text(writer, begun, _) => {
                *begun = true;
                writer.write(batch)?;
            }
            Self::Json(writer) => writer.write(batch)?,
            Self::Parquet(writer) => writer.write(batch)?,
        }
        Ok(())
    }

    /// Writes what ends the format; the names of the columns where no row came.
    pub(crate) fn finish(mut self) -> Result<(), QueryError> {
        match &mut self {
            Self::Table(_, false, schema) | Self::Text(_, false, schema) => {
                let empty = RecordBatch::new_empty(schema.clone());
                match self {
                    Self::Table(out, ..) => {
                        let text = pretty_format_batches(&[empty])?;
                        writeln!(out, "{text}").map_err(QueryError::Write)?;
                    }
                    Self::Text(mut writer, ..) => writer.write(&empty)?,
                    _ => {}
                }
            }
            Self::Json(writer) => writer.finish()?,
            Self::Parquet(writer) => {
                writer.finish()?;
            }
            _ => {}
        }
        Ok(())
    }
}
