//! `interval_scores` and `intervals`: the tidy table and what became of each interval, as Parquet and as text.

use crate::atomic_file::{AtomicFile, Complete};
use crate::engine::score_table::{TableError, properties_of, schema_of};
use crate::export::record::number;
use crate::predict::{PredictError, table_error};
use arrow::array::{ArrayRef, BooleanBuilder, Float32Builder, Int64Builder, StringDictionaryBuilder};
use arrow::datatypes::{Int32Type, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use refalt_core::ModelCard;
use refalt_core::score::{Column, ColumnType};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A format of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// Parquet.
    Parquet,
    /// Text with tabs; an absent value is empty.
    Tsv,
}

/// The formats, by name.
pub const FORMATS: [TableFormat; 2] = [TableFormat::Parquet, TableFormat::Tsv];

impl TableFormat {
    /// Returns the name, `parquet`, which is how names of files end.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Tsv => "tsv",
        }
    }

    /// Looks a name up.
    ///
    /// # Errors
    /// [`PredictError::Unknown`] with the names there are.
    pub fn from_name(name: &str) -> Result<Self, PredictError> {
        let found = FORMATS
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| PredictError::unknown_format(name, FORMATS.map(Self::name)))
    }
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Text(Option<&'a str>),
    Number(Option<i64>),
    Float(Option<f32>),
    Flag(Option<bool>),
}

/// Rows that are turned into columns at once.
const BATCH_ROWS: usize = 1 << 16;

/// A table under way, in every format that is asked for.
pub(super) struct Table {
    parquet: Option<ParquetTable>,
    text: Option<TextTable>,
    rows: u64,
}

struct ParquetTable {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<AtomicFile>,
    columns: Vec<Builder>,
    waiting: usize,
}

struct TextTable {
    path: PathBuf,
    file: AtomicFile,
    line: String,
}

enum Builder {
    Text(StringDictionaryBuilder<Int32Type>),
    Number(Int64Builder),
    Float(Float32Builder),
    Flag(BooleanBuilder),
}

impl Table {
    /// Begins a table.
    ///
    /// * `stem`: name of the files without ending.
    pub(super) fn create(
        out: &Path,
        stem: &str,
        columns: &[Column],
        formats: &[TableFormat],
        card: &ModelCard,
    ) -> Result<Self, PredictError> {
        let path = |format: TableFormat| out.join(format!("{stem}.{}", format.name()));
        let parquet = formats.contains(&TableFormat::Parquet).then(|| {
            let path = path(TableFormat::Parquet);
            ParquetTable::create(&path, columns, card).map_err(table_error(&path))
        });
        let text = formats.contains(&TableFormat::Tsv).then(|| {
            let path = path(TableFormat::Tsv);
            TextTable::create(&path, columns).map_err(PredictError::file("write", &path))
        });
        Ok(Self {
            parquet: parquet.transpose()?,
            text: text.transpose()?,
            rows: 0,
        })
    }

    /// Appends a row, a cell for each column.
    pub(super) fn push(&mut self, cells: &[Cell<'_>]) -> Result<(), PredictError> {
        self.rows += 1;
        if let Some(table) = &mut self.parquet {
            table.push(cells).map_err(|error| table_error(&table.path)(error))?;
        }
        if let Some(table) = &mut self.text {
            table
                .push(cells)
                .map_err(|error| PredictError::file("write", &table.path)(error))?;
        }
        Ok(())
    }

    /// Returns the number of rows.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Brings the files to the disk, still under temporary names.
    pub(super) fn complete(self) -> Result<Vec<Complete>, PredictError> {
        let mut files = Vec::new();
        if let Some(table) = self.parquet {
            let path = table.path.clone();
            files.push(table.complete().map_err(table_error(&path))?);
        }
        if let Some(table) = self.text {
            let failed = PredictError::file("write", &table.path);
            files.push(table.file.complete().map_err(failed)?);
        }
        Ok(files)
    }
}

impl ParquetTable {
    fn create(path: &Path, columns: &[Column], card: &ModelCard) -> Result<Self, TableError> {
        let schema = schema_of(columns);
        let floats = columns.iter().filter(|column| column.kind == ColumnType::Float32);
        let floats: Vec<&str> = floats.map(|column| column.name).collect();
        let options = ArrowWriterOptions::new()
            .with_properties(properties_of(card, &floats)?)
            .with_skip_arrow_metadata(true);
        let file = AtomicFile::create(path)?;
        Ok(Self {
            path: path.to_owned(),
            writer: ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)?,
            schema,
            columns: columns.iter().map(|column| Builder::of(column.kind)).collect(),
            waiting: 0,
        })
    }

    fn push(&mut self, cells: &[Cell<'_>]) -> Result<(), TableError> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.append(*cell);
        }
        self.waiting += 1;
        if self.waiting == BATCH_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), TableError> {
        if self.waiting > 0 {
            let arrays = self.columns.iter_mut().map(Builder::finish).collect();
            self.writer
                .write(&RecordBatch::try_new(Arc::clone(&self.schema), arrays)?)?;
            self.waiting = 0;
        }
        Ok(())
    }

    fn complete(mut self) -> Result<Complete, TableError> {
        self.flush()?;
        Ok(self.writer.into_inner()?.complete()?)
    }
}

impl Builder {
    fn of(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Text => Self::Text(StringDictionaryBuilder::new()),
            ColumnType::Int64 => Self::Number(Int64Builder::new()),
            ColumnType::Float32 => Self::Float(Float32Builder::new()),
            ColumnType::Boolean => Self::Flag(BooleanBuilder::new()),
        }
    }

    fn append(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Text(column), Cell::Text(value)) => column.append_option(value),
            (Self::Number(column), Cell::Number(value)) => column.append_option(value),
            (Self::Float(column), Cell::Float(value)) => column.append_option(value),
            (Self::Flag(column), Cell::Flag(value)) => column.append_option(value),
            (_, cell) => unreachable!("a column holds no {cell:?}"),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Number(column) => Arc::new(column.finish()),
            Self::Float(column) => Arc::new(column.finish()),
            Self::Flag(column) => Arc::new(column.finish()),
        }
    }
}

impl TextTable {
    fn create(path: &Path, columns: &[Column]) -> std::io::Result<Self> {
        let mut file = AtomicFile::create(path)?;
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        writeln!(file, "{}", names.join("\t"))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            line: String::new(),
        })
    }

    fn push(&mut self, cells: &[Cell<'_>]) -> std::io::Result<()> {
        self.line.clear();
        for (number, cell) in cells.iter().enumerate() {
            if number > 0 {
                self.line.push('\t');
            }
            self.write(*cell);
        }
        self.line.push('\n');
        self.file.write_all(self.line.as_bytes())
    }

    /// Writes a value as the published client's tables have it.
    fn write(&mut self, cell: Cell<'_>) {
        let line = &mut self.line;
        let _ = match cell {
            Cell::Text(Some(text)) if text.contains(['\t', '\n', '\r']) => {
                line.push_str(&text.replace(['\t', '\n', '\r'], " "));
                Ok(())
            }
            Cell::Text(Some(text)) => line.write_str(text),
            Cell::Number(Some(value)) => write!(line, "{value}"),
            Cell::Float(Some(value)) => {
                number(value, line);
                Ok(())
            }
            Cell::Flag(Some(flag)) => line.write_str(if flag { "True" } else { "False" }),
            Cell::Text(None) | Cell::Number(None) | Cell::Float(None) | Cell::Flag(None) => Ok(()),
        };
    }
}
