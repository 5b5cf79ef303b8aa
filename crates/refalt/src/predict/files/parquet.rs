//! `prediction.parquet`, `contacts.parquet`, `junctions.parquet`: a row for each value.
//!
//! Rows are written in groups as they are made: a table of any length takes the memory of one group.

use super::table_error;
use crate::atomic_file::{AtomicFile, Committed};
use crate::engine::score_table::{TableError, properties_of};
use crate::predict::folder::WrittenFile;
use crate::predict::prediction::bin_bases;
use crate::predict::{ContactPrediction, JunctionPrediction, PredictError, Predicting, Prediction, TrackPrediction};
use arrow::array::{ArrayRef, Float32Builder, Int64Builder, StringDictionaryBuilder};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use refalt_core::strand::sign_or_dot;
use refalt_core::{ModelCard, Track};
use std::path::Path;
use std::sync::Arc;

/// Rows that are held at a time.
const BATCH: usize = 1 << 16;

pub(super) fn write(work: &Predicting, prediction: &Prediction, out: &Path) -> Result<Vec<WrittenFile>, PredictError> {
    let mut files = Vec::new();
    let mut write = |name: &str, holds: &str, fill: &dyn Fn(&mut Rows) -> Result<(), TableError>, table: Table| {
        let path = out.join(name);
        let written = Rows::create(&path, work.card(), table)
            .and_then(|mut rows| {
                fill(&mut rows)?;
                rows.finish()
            })
            .map_err(table_error(&path))?;
        files.push(WrittenFile::new(name, written, holds));
        Ok::<(), PredictError>(())
    };
    if !prediction.tracks.is_empty() {
        let fill = |rows: &mut Rows| {
            let mut tracks = prediction.tracks.iter();
            tracks.try_for_each(|predicted| fill_tracks(rows, work, prediction, predicted))
        };
        write(
            "prediction.parquet",
            "a row for each track and bin",
            &fill,
            Table::Tracks,
        )?;
    }
    if let Some(contacts) = &prediction.contacts {
        let fill = |rows: &mut Rows| fill_contacts(rows, prediction, contacts);
        let holds = "a row for each track and pair of bins, the second not before the first";
        write("contacts.parquet", holds, &fill, Table::Contacts)?;
    }
    if let Some(junctions) = &prediction.junctions {
        let fill = |rows: &mut Rows| fill_junctions(rows, prediction, junctions);
        write(
            "junctions.parquet",
            "a row for each track and junction",
            &fill,
            Table::Junctions,
        )?;
    }
    Ok(files)
}

/// What a table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Table {
    Tracks,
    Contacts,
    Junctions,
}

impl Table {
    /// Names of the integer columns.
    const fn places(self) -> [&'static str; 2] {
        match self {
            Self::Tracks => ["position", "resolution_bp"],
            Self::Contacts => ["position", "other_position"],
            Self::Junctions => ["intron_start", "intron_end"],
        }
    }

    /// Names of the columns of values.
    const fn values(self) -> &'static [&'static str] {
        match self {
            Self::Tracks => &["ref", "alt", "diff", "alt_own"],
            Self::Contacts | Self::Junctions => &["ref", "alt_own", "diff"],
        }
    }
}

/// Rows under construction.
struct Rows {
    schema: Arc<Schema>,
    texts: [StringDictionaryBuilder<Int32Type>; 4],
    places: [Int64Builder; 2],
    values: Vec<Float32Builder>,
    length: usize,
    writer: ArrowWriter<AtomicFile>,
}

/// Names of the columns of texts.
const TEXTS: [&str; 4] = ["output_type", "track_name", "track_strand", "contig"];

impl Rows {
    fn create(path: &Path, card: &ModelCard, table: Table) -> Result<Self, TableError> {
        let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let texts = TEXTS.map(|name| Field::new(name, text.clone(), false));
        let places = table.places().map(|name| Field::new(name, DataType::Int64, false));
        let values = table
            .values()
            .iter()
            .map(|name| Field::new(*name, DataType::Float32, true));
        let schema = Arc::new(Schema::new(
            texts.into_iter().chain(places).chain(values).collect::<Vec<Field>>(),
        ));
        let options = ArrowWriterOptions::new().with_properties(properties_of(card, table.values())?);
        let writer = ArrowWriter::try_new_with_options(AtomicFile::create(path)?, Arc::clone(&schema), options)?;
        Ok(Self {
            schema,
            texts: [(); 4].map(|()| StringDictionaryBuilder::new()),
            places: [(); 2].map(|()| Int64Builder::new()),
            values: table.values().iter().map(|_| Float32Builder::new()).collect(),
            length: 0,
            writer,
        })
    }

    /// Adds a row; what is not given is missing.
    fn push(&mut self, texts: [&str; 4], places: [i64; 2], values: &[Option<f32>]) -> Result<(), TableError> {
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append(text)?;
        }
        for (builder, place) in self.places.iter_mut().zip(places) {
            builder.append_value(place);
        }
        for (builder, value) in self.values.iter_mut().zip(values) {
            builder.append_option(*value);
        }
        self.length += 1;
        if self.length == BATCH {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), TableError> {
        if self.length == 0 {
            return Ok(());
        }
        let mut columns: Vec<ArrayRef> = Vec::new();
        columns.extend(
            self.texts
                .iter_mut()
                .map(|builder| Arc::new(builder.finish()) as ArrayRef),
        );
        columns.extend(
            self.places
                .iter_mut()
                .map(|builder| Arc::new(builder.finish()) as ArrayRef),
        );
        columns.extend(
            self.values
                .iter_mut()
                .map(|builder| Arc::new(builder.finish()) as ArrayRef),
        );
        self.writer
            .write(&RecordBatch::try_new(Arc::clone(&self.schema), columns)?)?;
        self.length = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<Committed, TableError> {
        self.flush()?;
        Ok(self.writer.into_inner()?.commit()?)
    }
}

fn texts<'a>(output: &'a str, track: &'a Track, prediction: &'a Prediction) -> [&'a str; 4] {
    let contig = prediction.window.contig().as_str();
    [output, &track.name, sign_or_dot(track.strand), contig]
}

fn fill_tracks(
    rows: &mut Rows,
    work: &Predicting,
    prediction: &Prediction,
    predicted: &TrackPrediction,
) -> Result<(), TableError> {
    let width = predicted.tracks.tracks.len();
    let size = i64::from(predicted.tracks.resolution.bp());
    for (column, track) in predicted.tracks.tracks.iter().enumerate() {
        let texts = texts(predicted.tracks.output.name(), track, prediction);
        for bin in 0..predicted.span.len() {
            let bases = predicted.bases(&prediction.window, bin);
            let first = bases.and_then(|bases| work.extent.in_contig(bases)?.first());
            let Some(first) = first else { continue };
            let at = bin * width + column;
            let reference = predicted.reference[at];
            let alternate = predicted.alternate.as_ref();
            let on_reference = alternate.map(|alternate| alternate.on_reference[at]);
            let values = [
                Some(reference),
                on_reference,
                on_reference.map(|alternate| alternate - reference),
                alternate.map(|alternate| alternate.own[at]),
            ];
            rows.push(texts, [first.one_based().into(), size], &values)?;
        }
    }
    Ok(())
}

fn fill_contacts(rows: &mut Rows, prediction: &Prediction, contacts: &ContactPrediction) -> Result<(), TableError> {
    let (bins, width) = (contacts.span.len(), contacts.tracks.tracks.len());
    let first = |bin: usize| {
        let bases = bin_bases(
            &prediction.window,
            contacts.tracks.resolution,
            contacts.span.start() + bin,
        )?;
        Some(i64::from(bases.first()?.one_based()))
    };
    for (column, track) in contacts.tracks.tracks.iter().enumerate() {
        let texts = texts(contacts.tracks.output.name(), track, prediction);
        for one in 0..bins {
            for other in one..bins {
                let (Some(position), Some(other_position)) = (first(one), first(other)) else {
                    continue;
                };
                let at = (one * bins + other) * width + column;
                let reference = contacts.reference[at];
                let alternate = contacts.alternate.as_ref().map(|alternate| alternate[at]);
                let difference = alternate.map(|alternate| alternate - reference);
                rows.push(
                    texts,
                    [position, other_position],
                    &[Some(reference), alternate, difference],
                )?;
            }
        }
    }
    Ok(())
}

fn fill_junctions(rows: &mut Rows, prediction: &Prediction, junctions: &JunctionPrediction) -> Result<(), TableError> {
    let width = junctions.tracks.tracks.len();
    for (column, track) in junctions.tracks.tracks.iter().enumerate() {
        for (index, (intron, strand)) in junctions.junctions.iter().enumerate() {
            // A track of junctions has no strand; the junction has one.
            let [output, name, _, contig] = texts(junctions.tracks.output.name(), track, prediction);
            let at = index * width + column;
            let given = |value: f32| (!value.is_nan()).then_some(value);
            let reference = given(junctions.reference[at]);
            let alternate = junctions.alternate.as_ref().and_then(|alternate| given(alternate[at]));
            let difference = alternate
                .zip(reference)
                .map(|(alternate, reference)| alternate - reference);
            rows.push(
                [output, name, sign_or_dot(*strand), contig],
                [intron.bed_start().into(), intron.bed_end().into()],
                &[reference, alternate, difference],
            )?;
        }
    }
    Ok(())
}
