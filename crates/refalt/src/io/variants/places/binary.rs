//! Records of BCF and Parquet with the places of their variants.

use super::super::bcf::BcfRows;
use super::super::cells::CellReader;
use super::super::columns::ColumnMap;
use super::super::error::{ReadCause, ReadError};
use super::super::parquet::{UsedColumns, as_text, cause};
use super::super::problem::RowProblem;
use super::super::row::VariantRow;
use super::super::source::{Input, unreadable};
use super::super::vcf_header::AssemblyClue;
use super::Placed;
use super::record::placed;
use arrow::array::{Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Records of a BCF file.
pub(crate) struct BcfPlaces {
    rows: BcfRows,
    raw: Vec<u8>,
    of_record: VecDeque<VariantRow>,
    alternates: Vec<u8>,
}

/// A record of BCF: its bytes, its number (1-based), and where it lies or why it has no place.
pub(crate) type BcfRecord<'t> = (&'t [u8], u64, Result<Placed<'t>, RowProblem>);

impl BcfPlaces {
    /// Reads the header.
    pub(super) fn new(input: Input, map: &ColumnMap) -> Result<Self, ReadError> {
        if let Some((role, _)) = map.entries().first() {
            let role = format!("`{}`", role.key());
            return Err(ReadCause::ColumnsFixed { role, format: "BCF" }.at(input.name(), None));
        }
        Ok(Self {
            rows: BcfRows::new(input)?,
            raw: Vec::new(),
            of_record: VecDeque::new(),
            alternates: Vec::new(),
        })
    }

    /// Returns the header as it is in the file.
    pub(crate) fn header_bytes(&self) -> &[u8] {
        self.rows.header_bytes()
    }

    /// Returns every place of the header that speaks of an assembly.
    pub(crate) fn assembly_clues(&self) -> &[AssemblyClue] {
        &self.rows.header().clues
    }

    /// Returns the name of the source for messages.
    pub(crate) fn name(&self) -> &str {
        self.rows.input().name()
    }

    /// Returns size and SHA-256 of what was read so far, as it is packed.
    pub(crate) fn digest(&self) -> Option<(u64, String)> {
        self.rows.input().digest()
    }

    /// Returns the next record, `None` at the end.
    pub(crate) fn next_record(&mut self) -> Result<Option<BcfRecord<'_>>, ReadError> {
        self.of_record.clear();
        let next = self.rows.next_record_as_written(&mut self.raw, &mut self.of_record)?;
        Ok(next.map(|number| (&*self.raw, number, placed(&self.of_record, &mut self.alternates))))
    }
}

/// Batches of a Parquet file, with every column.
pub(crate) struct ParquetPlaces {
    path: PathBuf,
    name: Box<str>,
    schema: SchemaRef,
    batches: ParquetRecordBatchReader,
    cells: CellReader,
    used: Vec<usize>,
    clues: Vec<AssemblyClue>,
    record: u64,
    of_record: VecDeque<VariantRow>,
    alternates: Vec<u8>,
}

impl ParquetPlaces {
    /// Reads the schema and finds the columns.
    pub(super) fn open(path: &Path, name: &str, map: &ColumnMap) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|error| unreadable(&error).at(name, None))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| cause(&error).at(name, None))?;
        let schema = builder.schema().clone();
        let UsedColumns { columns, used, clues } =
            UsedColumns::of(&schema, map, &[]).map_err(|cause| cause.at(name, None))?;
        Ok(Self {
            path: path.to_owned(),
            name: name.into(),
            schema,
            batches: builder.build().map_err(|error| cause(&error).at(name, None))?,
            cells: CellReader::new(columns),
            used,
            clues,
            record: 0,
            of_record: VecDeque::new(),
            alternates: Vec::new(),
        })
    }

    /// Returns the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the columns.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Returns what the names of the columns in use say about the assembly.
    pub(crate) fn assembly_clues(&self) -> &[AssemblyClue] {
        &self.clues
    }

    /// Reads the next batch and shows every row of it; `None` at the end.
    ///
    /// * `see`: takes the number of the record (1-based), and where it lies or why it has no place.
    pub(crate) fn next_batch(
        &mut self,
        mut see: impl FnMut(u64, Result<Placed<'_>, RowProblem>),
    ) -> Result<Option<RecordBatch>, ReadError> {
        let Some(batch) = self.batches.next() else {
            return Ok(None);
        };
        let fail = |error: &dyn std::fmt::Display, record: u64| cause(error).at_record(&self.name, record);
        let batch = batch.map_err(|error| fail(&error, self.record + 1))?;
        let used = batch
            .project(&self.used)
            .map_err(|error| fail(&error, self.record + 1))?;
        let columns: Vec<StringArray> = as_text(&used).map_err(|error| fail(&error, self.record + 1))?;
        for index in 0..batch.num_rows() {
            self.record += 1;
            let cell = |column: usize| {
                let column: &StringArray = columns.get(column)?;
                column.is_valid(index).then(|| column.value(index))
            };
            self.of_record.clear();
            self.cells.read(self.record, cell, &mut self.of_record);
            see(self.record, placed(&self.of_record, &mut self.alternates));
        }
        Ok(Some(batch))
    }
}
