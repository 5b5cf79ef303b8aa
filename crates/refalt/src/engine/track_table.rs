//! `tracks.parquet`: the metadata of every track that a score can belong to, once.

use super::plan::{Plan, PlannedScorer, each_output};
use super::score_table::{TableError, properties_of};
use crate::atomic_file::{AtomicFile, Committed};
use arrow::array::{Array, ArrayRef, BooleanArray, Float32Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use refalt_core::strand::sign_or_dot;
use refalt_core::{ModelCard, OutputType, Resolution, Strand, Track, TrackSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Writes the tracks of the outputs that the plan's scorers read, in the model's order; where tracks are selected, those.
pub(crate) fn write(path: &Path, plan: &Plan) -> Result<Committed, TableError> {
    let placed = |planned: &&PlannedScorer| {
        let places = (0..planned.tracks.tracks.len()).map(|index| planned.place(index));
        (planned.tracks.clone(), places.collect())
    };
    let sets: Vec<(TrackSet, Vec<usize>)> = each_output(&plan.scorers).iter().map(placed).collect();
    write_sets(path, plan.card(), &sets)
}

/// Writes tracks of a model, each set with the indices of its tracks in what the model gives.
pub(crate) fn write_sets(
    path: &Path,
    card: &ModelCard,
    sets: &[(TrackSet, Vec<usize>)],
) -> Result<Committed, TableError> {
    let batch = batch(sets)?;
    let options = ArrowWriterOptions::new()
        .with_properties(properties_of(card, &[])?)
        .with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(AtomicFile::create(path)?, batch.schema(), options)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?.commit()?)
}

fn batch(sets: &[(TrackSet, Vec<usize>)]) -> Result<RecordBatch, TableError> {
    let tracks = || {
        sets.iter().flat_map(|(set, places)| {
            let numbered = set.tracks.iter().zip(places);
            numbered.map(move |(track, &place)| (set, place, track))
        })
    };
    let text = |value: &dyn Fn(&Track) -> Option<String>| -> ArrayRef {
        Arc::new(StringArray::from_iter(tracks().map(|(_, _, track)| value(track))))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "output_type",
            Arc::new(
                tracks()
                    .map(|(set, _, _)| Some(set.output.name()))
                    .collect::<StringArray>(),
            ),
        ),
        (
            "track_index",
            Arc::new(
                tracks()
                    .map(|(_, index, _)| i64::try_from(index).ok())
                    .collect::<Int64Array>(),
            ),
        ),
        (
            "resolution_bp",
            Arc::new(
                tracks()
                    .map(|(set, _, _)| Some(i64::from(set.resolution.bp())))
                    .collect::<Int64Array>(),
            ),
        ),
        ("track_name", text(&|track| Some(track.name.clone()))),
        (
            "track_strand",
            text(&|track| Some(sign_or_dot(track.strand).to_owned())),
        ),
        ("Assay title", text(&|track| track.assay_title.clone())),
        ("ontology_curie", text(&|track| track.ontology_curie.clone())),
        ("biosample_name", text(&|track| track.biosample_name.clone())),
        ("biosample_type", text(&|track| track.biosample_type.clone())),
        (
            "biosample_life_stage",
            text(&|track| track.biosample_life_stage.clone()),
        ),
        ("data_source", text(&|track| track.data_source.clone())),
        ("endedness", text(&|track| track.endedness.clone())),
        (
            "genetically_modified",
            Arc::new(BooleanArray::from_iter(
                tracks().map(|(_, _, track)| track.genetically_modified),
            )),
        ),
        (
            "transcription_factor",
            text(&|track| track.transcription_factor.clone()),
        ),
        ("histone_mark", text(&|track| track.histone_mark.clone())),
        ("gtex_tissue", text(&|track| track.gtex_tissue.clone())),
        (
            "nonzero_mean",
            Arc::new(Float32Array::from_iter(
                tracks().map(|(_, _, track)| track.nonzero_mean),
            )),
        ),
        (
            "channel_index",
            Arc::new(Int64Array::from_iter(
                tracks().map(|(_, _, track)| track.channel_index.map(i64::from)),
            )),
        ),
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .enumerate()
            .map(|(index, (name, column))| (name, column, index > 4)),
    )?)
}

/// Returns a column of a type; `None` when the table does not have it.
fn optional<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &'static str) -> Result<Option<&'a A>, TableError> {
    let typed = |column: &'a ArrayRef| column.as_any().downcast_ref().ok_or(TableError::Column(name));
    batch.column_by_name(name).map(typed).transpose()
}

/// Returns a column of a type that the table has to have.
fn required<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a A, TableError> {
    optional(batch, name)?.ok_or(TableError::Column(name))
}

/// Reads the tracks of a score folder, by output type, in the order of the table.
///
/// A table without the mean of the non-zero signal and the channel of the published model is read all the same.
///
/// # Errors
/// [`TableError`] when the file cannot be read or is no table of tracks.
pub fn read(path: &Path) -> Result<Vec<TrackSet>, TableError> {
    let mut sets: Vec<(OutputType, Resolution, Vec<Track>)> = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
        let batch = batch?;
        let text = |name| required::<StringArray>(&batch, name);
        let outputs = text("output_type")?;
        let names = text("track_name")?;
        let strands = text("track_strand")?;
        let texts = [
            "Assay title",
            "ontology_curie",
            "biosample_name",
            "biosample_type",
            "biosample_life_stage",
            "data_source",
            "endedness",
            "transcription_factor",
            "histone_mark",
            "gtex_tissue",
        ];
        let texts: Vec<&StringArray> = texts.into_iter().map(text).collect::<Result<_, _>>()?;
        let bins: &Int64Array = required(&batch, "resolution_bp")?;
        let modified: &BooleanArray = required(&batch, "genetically_modified")?;
        let means: Option<&Float32Array> = optional(&batch, "nonzero_mean")?;
        let channels: Option<&Int64Array> = optional(&batch, "channel_index")?;
        for row in 0..batch.num_rows() {
            let output = OutputType::from_name(outputs.value(row)).ok_or(TableError::Column("output_type"))?;
            let resolution = u32::try_from(bins.value(row)).ok().and_then(Resolution::from_bp);
            let resolution = resolution.ok_or(TableError::Column("resolution_bp"))?;
            let [
                assay_title,
                ontology_curie,
                biosample_name,
                biosample_type,
                biosample_life_stage,
                data_source,
                endedness,
                transcription_factor,
                histone_mark,
                gtex_tissue,
            ] = std::array::from_fn(|field| {
                let column = texts[field];
                column.is_valid(row).then(|| column.value(row).to_owned())
            });
            let track = Track {
                name: names.value(row).to_owned(),
                strand: strands.value(row).chars().next().and_then(Strand::from_sign),
                assay_title,
                ontology_curie,
                biosample_name,
                biosample_type,
                biosample_life_stage,
                data_source,
                endedness,
                genetically_modified: modified.is_valid(row).then(|| modified.value(row)),
                transcription_factor,
                histone_mark,
                gtex_tissue,
                nonzero_mean: means.filter(|means| means.is_valid(row)).map(|means| means.value(row)),
                channel_index: channels
                    .filter(|channels| channels.is_valid(row))
                    .map(|channels| u32::try_from(channels.value(row)))
                    .transpose()
                    .map_err(|_| TableError::Column("channel_index"))?,
            };
            match sets.iter_mut().find(|(other, ..)| *other == output) {
                Some((_, _, tracks)) => tracks.push(track),
                None => sets.push((output, resolution, vec![track])),
            }
        }
    }
    let set = |(output, resolution, tracks): (OutputType, Resolution, Vec<Track>)| TrackSet {
        output,
        resolution,
        tracks: tracks.into(),
    };
    Ok(sets.into_iter().map(set).collect())
}
