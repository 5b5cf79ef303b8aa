//! Formats that are no text: BCF, whose records are copied as they are, and Parquet, whose columns keep their types.

use super::annotate::{Told, column_names, told};
use super::error::OverlapError;
use super::output::{Output, Sink, commit_file};
use super::peaks::Peaks;
use super::pick::{Picked, Picking};
use super::run::Job;
use super::sample::Threshold;
use super::summary::Summary;
use crate::atomic_file::AtomicFile;
use crate::io::variants::places::{BLOCK_BYTES, BcfPlaces, ParquetPlaces, Placed};
use crate::io::variants::{AssemblyClue, RowProblem};
use crate::provenance::FileIdentity;
use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Records of BCF between two comparisons of what they say.
const RECORDS: u64 = 8192;

impl Job<'_> {
    fn state_clues(&mut self, name: &str, clues: &[AssemblyClue]) {
        for clue in clues {
            self.side
                .state(clue.assembly, format!("{name}, line {}: `{}`", clue.line, clue.text));
        }
    }

    pub(super) fn bcf(
        &mut self,
        mut reader: BcfPlaces,
        peaks: Peaks,
        output: Output<'_>,
    ) -> Result<Summary, OverlapError> {
        if self.request.annotate {
            return Err(OverlapError::NoColumns { format: "BCF" });
        }
        let name = reader.name().to_owned();
        self.state_clues(&name, reader.assembly_clues());
        let filter = self.filter(peaks)?;
        let picking = Picking {
            filter: &filter,
            inverted: self.request.inverted,
            annotator: None,
            with_reference: self.request.reference.is_some(),
        };
        let mut sink = Sink::open_bgzip(output)?;
        sink.write(reader.header_bytes())?;
        let threshold = Threshold::default();
        let mut picked = Picked::default();
        while let Some((raw, record, place)) = reader.next_record()? {
            if picked
                .take(record, place, &picking, &threshold)
                .is_some_and(|judged| judged.is_kept)
            {
                picked.kept += 1;
                picked.out.extend_from_slice(raw);
            }
            if picked.rows >= RECORDS || picked.out.len() >= BLOCK_BYTES {
                let mut full = std::mem::take(&mut picked);
                sink.write(&std::mem::take(&mut full.out))?;
                self.count(full, &filter, &threshold)?;
            }
        }
        sink.write(&std::mem::take(&mut picked.out))?;
        self.count(picked, &filter, &threshold)?;
        let (bytes, sha256) = reader.digest().unwrap_or_default();
        let table = FileIdentity {
            name: file_name(Path::new(&name)),
            bytes,
            sha256,
        };
        self.finish(&filter, table, |summary| sink.commit(summary))
    }

    pub(super) fn parquet(
        &mut self,
        mut reader: ParquetPlaces,
        peaks: Peaks,
        output: Output<'_>,
    ) -> Result<Summary, OverlapError> {
        let Output::File(path) = output else {
            return Err(OverlapError::ParquetToStream);
        };
        let name = reader.path().display().to_string();
        self.state_clues(&name, reader.assembly_clues());
        let filter = self.filter(peaks)?;
        let picking = Picking {
            filter: &filter,
            inverted: self.request.inverted,
            annotator: None,
            with_reference: self.request.reference.is_some(),
        };
        let files: Vec<String> = (filter.peaks().files().iter())
            .map(|file| file.identity.name.clone())
            .collect();
        let added = if self.request.annotate {
            column_names(&files)
        } else {
            Vec::new()
        };
        let schema = with_columns(reader.schema(), &added)?;
        let failed = super::output::failed;
        let file = AtomicFile::create(path).map_err(failed(path))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let schema = Arc::new(schema);
        let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))
            .map_err(|error| failed(path)(io::Error::other(error)))?;
        let threshold = Threshold::default();
        loop {
            let mut picked = Picked::default();
            let mut is_kept = Vec::new();
            let mut columns = Columns::default();
            let batch = reader.next_batch(|record, place| {
                let judged = picked.take(record, place, &picking, &threshold);
                let keep = judged.as_ref().is_some_and(|judged| judged.is_kept);
                is_kept.push(keep);
                if keep && let Some(judged) = judged {
                    picked.kept += 1;
                    if !added.is_empty() {
                        let peaks = judged.peaks(&filter);
                        columns.push(judged.first.and_then(|first| told(&peaks, first)), &files);
                    }
                }
            })?;
            let Some(batch) = batch else { break };
            self.count(picked, &filter, &threshold)?;
            let kept = keep(&batch, is_kept, columns.into_arrays(added.len()), &schema);
            kept.and_then(|kept| writer.write(&kept).map_err(ArrowError::from))
                .map_err(|error| failed(path)(io::Error::other(error)))?;
        }
        let file = writer
            .into_inner()
            .map_err(|error| failed(path)(io::Error::other(error)))?;
        let table = FileIdentity::of(reader.path()).map_err(|source| OverlapError::Io {
            action: "read",
            path: reader.path().to_owned(),
            source,
        })?;
        self.finish(&filter, table, |summary| commit_file(path, file, summary))
    }
}

impl Picked {
    /// Counts a record of a binary format.
    fn take(
        &mut self,
        record: u64,
        place: Result<Placed<'_>, RowProblem>,
        picking: &Picking<'_>,
        threshold: &Threshold,
    ) -> Option<super::pick::Judged> {
        self.rows += 1;
        match place {
            Ok(placed) => self.judge(record, &placed, picking, threshold.get()),
            Err(problem) => {
                self.refuse(record, &problem);
                None
            }
        }
    }
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Adds fields to a schema.
fn with_columns(schema: &Schema, added: &[&'static str]) -> Result<Schema, OverlapError> {
    let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    for (name, data_type) in added.iter().zip(TYPES) {
        if schema.field_with_name(name).is_ok() {
            return Err(OverlapError::ColumnThere((*name).to_owned()));
        }
        fields.push(Field::new(*name, data_type, true));
    }
    Ok(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// The types of the columns, in their order.
const TYPES: [DataType; 5] = [
    DataType::UInt64,
    DataType::Utf8,
    DataType::Float64,
    DataType::Int64,
    DataType::Utf8,
];

/// The columns of the rows of a batch that are kept.
#[derive(Default)]
struct Columns {
    counts: Vec<Option<u64>>,
    names: Vec<Option<String>>,
    signals: Vec<Option<f64>>,
    distances: Vec<Option<i64>>,
    files: Vec<Option<String>>,
}

impl Columns {
    fn push(&mut self, told: Option<Told<'_>>, files: &[String]) {
        self.counts.push(told.as_ref().map(|told| told.count as u64));
        self.names
            .push(told.as_ref().and_then(|told| told.name.map(str::to_owned)));
        self.signals.push(told.as_ref().and_then(|told| told.signal));
        self.distances.push(told.as_ref().and_then(|told| told.summit_distance));
        self.files.push(told.and_then(|told| files.get(told.file).cloned()));
    }

    fn into_arrays(self, count: usize) -> Vec<ArrayRef> {
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(UInt64Array::from(self.counts)),
            Arc::new(StringArray::from(self.names)),
            Arc::new(Float64Array::from(self.signals)),
            Arc::new(Int64Array::from(self.distances)),
            Arc::new(StringArray::from(self.files)),
        ];
        arrays.truncate(count);
        arrays
    }
}

/// Takes the rows of a batch that are kept, and puts columns behind.
fn keep(
    batch: &RecordBatch,
    is_kept: Vec<bool>,
    added: Vec<ArrayRef>,
    schema: &Arc<Schema>,
) -> Result<RecordBatch, ArrowError> {
    let kept = filter_record_batch(batch, &BooleanArray::from(is_kept))?;
    let columns = kept.columns().iter().cloned().chain(added).collect();
    RecordBatch::try_new(schema.clone(), columns)
}
