//! `tracks.parquet`: the metadata of every track that a score can belong to, once.

use super::plan::Plan;
use super::score_table::{TableError, properties};
use crate::atomic_file::{AtomicFile, Committed};
use arrow::array::{ArrayRef, BooleanArray, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use refalt_core::strand::sign_or_dot;
use refalt_core::{Track, TrackSet};
use std::path::Path;
use std::sync::Arc;

/// Writes the tracks of the outputs that the plan's scorers read, in the model's order.
pub(crate) fn write(path: &Path, plan: &Plan) -> Result<Committed, TableError> {
    let mut sets: Vec<&TrackSet> = Vec::new();
    for planned in &plan.scorers {
        if sets.iter().all(|set| set.output != planned.tracks.output) {
            sets.push(&planned.tracks);
        }
    }
    let batch = batch(&sets)?;
    let options = ArrowWriterOptions::new()
        .with_properties(properties(plan, &[])?)
        .with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(AtomicFile::create(path)?, batch.schema(), options)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?.commit()?)
}

fn batch(sets: &[&TrackSet]) -> Result<RecordBatch, TableError> {
    let tracks = || {
        sets.iter().flat_map(|set| {
            set.tracks
                .iter()
                .enumerate()
                .map(move |(index, track)| (*set, index, track))
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
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .enumerate()
            .map(|(index, (name, column))| (name, column, index > 4)),
    )?)
}
