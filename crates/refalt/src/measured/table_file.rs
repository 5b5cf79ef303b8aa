//! The standard table of measured effects, as text or Parquet.
//!
//! Text begins with a line that says from what it was made, as a comment, and has numbers in the fewest digits that read
//! back to them, empty cells for missing values. Parquet has the same columns and the record in its metadata.

use super::error::MeasuredError;
use super::orienter::StandardRow;
use super::request::MeasuredProvenance;
use super::row::Extra;
use crate::atomic_file::{AtomicFile, Complete};
use crate::export::TextFile;
use crate::provenance::VERSION;
use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use refalt_core::Alternate;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a batch of Parquet.
const BATCH: usize = 65_536;

/// The columns of the standard table, before those carried along, with what they hold.
pub const COLUMNS: [(&str, &str); 15] = [
    (
        "chrom",
        "contig, named as the reference names it; as written without a reference",
    ),
    ("pos", "position of the first base of REF (1-based)"),
    ("ref", "REF of the genome, in normal form"),
    ("alt", "ALT"),
    ("effect", "effect of ALT against REF"),
    ("se", "its standard error"),
    ("p", "its p-value"),
    ("gene", "gene, by id as written"),
    ("feature", "intron, peak or molecular trait"),
    ("experiment", "tissue, cell type, factor or element"),
    (
        "weight",
        "posterior inclusion probability, or another weight of the format",
    ),
    ("name", "name of the row in the file"),
    ("orientation", "`as_written`, `flipped`, `reordered` or `unchecked`"),
    ("palindromic", "`true` for A/T and C/G whose strand nothing states"),
    ("line", "line of the file (1-based)"),
];

enum Sink {
    Text(Box<TextFile>),
    Parquet(Box<Columns>),
}

/// A table being written; it has its name only once it is whole.
pub(super) struct TableFile {
    path: PathBuf,
    sink: Sink,
}

impl TableFile {
    /// Begins a table; the ending of the name decides on the format.
    pub(super) fn create(
        path: &Path,
        extras: &[String],
        provenance: &MeasuredProvenance,
    ) -> Result<Self, MeasuredError> {
        let failed = MeasuredError::write(path);
        let record = serde_json::to_string(provenance).map_err(|error| failed(error.into()))?;
        let names: Vec<&str> = COLUMNS
            .iter()
            .map(|(name, _)| *name)
            .chain(extras.iter().map(String::as_str))
            .collect();
        let is_parquet = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
        let sink = if is_parquet {
            Sink::Parquet(Box::new(Columns::new(path, extras, record)))
        } else {
            let mut file = TextFile::create(path).map_err(&failed)?;
            writeln!(file, "## refalt measured {record}")
                .and_then(|()| writeln!(file, "{}", names.join("\t")))
                .map_err(&failed)?;
            Sink::Text(Box::new(file))
        };
        Ok(Self {
            path: path.to_owned(),
            sink,
        })
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: &StandardRow) -> Result<(), MeasuredError> {
        let result = match &mut self.sink {
            Sink::Text(file) => file.write_all(line_of(row).as_bytes()),
            Sink::Parquet(columns) => columns.add(row),
        };
        result.map_err(MeasuredError::write(&self.path))
    }

    /// Brings the table to its end, still under its temporary name.
    pub(super) fn finish(self) -> Result<Complete, MeasuredError> {
        let result = match self.sink {
            Sink::Text(file) => file.complete(),
            Sink::Parquet(columns) => columns.finish(),
        };
        result.map_err(MeasuredError::write(&self.path))
    }
}

/// Contig, position, REF and ALT.
fn place_of(row: &StandardRow) -> Option<(&str, u32, &str, &str)> {
    let variant = row.variant.as_ref()?;
    let Alternate::Bases(alternate) = &variant.alternate else {
        return None;
    };
    Some((
        variant.contig.as_str(),
        variant.position.one_based(),
        variant.reference_bases.as_str(),
        alternate.as_str(),
    ))
}

fn line_of(row: &StandardRow) -> String {
    let mut line = String::new();
    match place_of(row) {
        Some((contig, position, reference, alternate)) => {
            let _ = write!(line, "{contig}\t{position}\t{reference}\t{alternate}");
        }
        None => line.push_str("\t\t\t"),
    }
    let number = |line: &mut String, value: Option<f64>| {
        line.push('\t');
        match value {
            // 1e-300 in full has three hundred digits.
            Some(value) if value != 0.0 && value.abs() < 1e-4 => {
                let _ = write!(line, "{value:e}");
            }
            Some(value) => {
                let _ = write!(line, "{value}");
            }
            None => {}
        }
    };
    let text = |line: &mut String, value: Option<&str>| {
        line.push('\t');
        let letters = value.unwrap_or_default().chars();
        line.extend(letters.map(|letter| if letter.is_control() { ' ' } else { letter }));
    };
    let details = &row.details;
    number(&mut line, Some(row.effect));
    number(&mut line, details.se);
    number(&mut line, details.p);
    text(&mut line, details.gene.as_deref());
    text(&mut line, details.feature.as_deref());
    text(&mut line, details.experiment.as_deref());
    number(&mut line, details.weight);
    text(&mut line, details.name.as_deref());
    let _ = write!(
        line,
        "\t{}\t{}\t{}",
        row.orientation.name(),
        row.is_palindromic,
        row.line
    );
    for extra in &details.extras {
        match extra {
            Extra::Text(value) => text(&mut line, value.as_deref()),
            Extra::Number(value) => number(&mut line, *value),
        }
    }
    line.push('\n');
    line
}

/// The columns of a batch of Parquet.
struct Columns {
    writer: Option<ArrowWriter<AtomicFile>>,
    path: PathBuf,
    extras: Vec<String>,
    record: String,
    rows: usize,
    texts: [StringBuilder; 8],
    position: Int64Builder,
    line: Int64Builder,
    numbers: [Float64Builder; 4],
    palindromic: BooleanBuilder,
    carried: Vec<Carried>,
}

enum Carried {
    Text(StringBuilder),
    Number(Float64Builder),
}

/// Places of the columns that are texts, among [`COLUMNS`].
const TEXTS: [usize; 8] = [0, 2, 3, 7, 8, 9, 11, 12];
/// Places of those that are numbers.
const NUMBERS: [usize; 4] = [4, 5, 6, 10];

impl Columns {
    fn new(path: &Path, extras: &[String], record: String) -> Self {
        Self {
            writer: None,
            path: path.to_owned(),
            extras: extras.to_vec(),
            record,
            rows: 0,
            texts: Default::default(),
            position: Int64Builder::new(),
            line: Int64Builder::new(),
            numbers: Default::default(),
            palindromic: BooleanBuilder::new(),
            carried: Vec::new(),
        }
    }

    fn add(&mut self, row: &StandardRow) -> io::Result<()> {
        let details = &row.details;
        if self.carried.is_empty() {
            self.carried = details
                .extras
                .iter()
                .map(|extra| match extra {
                    Extra::Text(_) => Carried::Text(StringBuilder::new()),
                    Extra::Number(_) => Carried::Number(Float64Builder::new()),
                })
                .collect();
        }
        let place = place_of(row);
        let texts = [
            place.map(|(contig, ..)| contig),
            place.map(|(_, _, reference, _)| reference),
            place.map(|(.., alternate)| alternate),
            details.gene.as_deref(),
            details.feature.as_deref(),
            details.experiment.as_deref(),
            details.name.as_deref(),
            Some(row.orientation.name()),
        ];
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_option(text);
        }
        let numbers = [Some(row.effect), details.se, details.p, details.weight];
        for (builder, number) in self.numbers.iter_mut().zip(numbers) {
            builder.append_option(number);
        }
        self.position
            .append_option(place.map(|(_, position, ..)| i64::from(position)));
        self.line.append_value(i64::try_from(row.line).unwrap_or(i64::MAX));
        self.palindromic.append_value(row.is_palindromic);
        for (builder, extra) in self.carried.iter_mut().zip(&details.extras) {
            match (builder, extra) {
                (Carried::Text(builder), Extra::Text(text)) => builder.append_option(text.as_deref()),
                (Carried::Number(builder), Extra::Number(number)) => builder.append_option(*number),
                (Carried::Text(builder), Extra::Number(_)) => builder.append_null(),
                (Carried::Number(builder), Extra::Text(_)) => builder.append_null(),
            }
        }
        self.rows += 1;
        if self.rows == BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut arrays: Vec<Option<(DataType, ArrayRef)>> = vec![None; COLUMNS.len()];
        for (place, builder) in TEXTS.into_iter().zip(&mut self.texts) {
            arrays[place] = Some((DataType::Utf8, Arc::new(builder.finish())));
        }
        for (place, builder) in NUMBERS.into_iter().zip(&mut self.numbers) {
            arrays[place] = Some((DataType::Float64, Arc::new(builder.finish())));
        }
        arrays[1] = Some((DataType::Int64, Arc::new(self.position.finish())));
        arrays[13] = Some((DataType::Boolean, Arc::new(self.palindromic.finish())));
        arrays[14] = Some((DataType::Int64, Arc::new(self.line.finish())));
        let mut fields = Vec::new();
        let mut columns = Vec::new();
        let standard = COLUMNS
            .iter()
            .zip(arrays)
            .filter_map(|((name, _), array)| Some((*name, array?)));
        for (name, (kind, array)) in standard {
            fields.push(Field::new(name, kind, true));
            columns.push(array);
        }
        for (name, builder) in self.extras.iter().zip(&mut self.carried) {
            let (kind, array): (DataType, ArrayRef) = match builder {
                Carried::Text(builder) => (DataType::Utf8, Arc::new(builder.finish())),
                Carried::Number(builder) => (DataType::Float64, Arc::new(builder.finish())),
            };
            fields.push(Field::new(name, kind, true));
            columns.push(array);
        }
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), columns).map_err(io::Error::other)?;
        if self.writer.is_none() {
            let level = ZstdLevel::try_new(3)?;
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(level))
                .set_created_by(format!("refalt {VERSION}"))
                .set_key_value_metadata(Some(vec![KeyValue::new(
                    "refalt.measured".to_owned(),
                    self.record.clone(),
                )]))
                .build();
            let file = AtomicFile::create(&self.path)?;
            self.writer = Some(ArrowWriter::try_new(file, schema, Some(properties))?);
        }
        self.rows = 0;
        if let Some(writer) = &mut self.writer {
            writer.write(&batch)?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<Complete> {
        if self.rows > 0 || self.writer.is_none() {
            self.flush()?;
        }
        match self.writer {
            Some(writer) => writer.into_inner()?.complete(),
            None => Err(io::Error::other("no row group was begun")),
        }
    }
}
