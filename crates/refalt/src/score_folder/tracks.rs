//! The track table as the tracks of a model.

use super::{ScoreFolderError, open_table};
use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use refalt_core::{OutputType, Resolution, Strand, Track, TrackSet};
use std::path::Path;

/// Returns the bin size of so many bp, when it is one that models have.
fn resolution(bp: u32) -> Option<Resolution> {
    let known = [Resolution::BP_1, Resolution::BP_128, Resolution::BP_2048];
    known.into_iter().find(|resolution| resolution.bp() == bp)
}

/// Reads the tracks, by output type, in the order of the table.
pub(super) fn read(path: &Path) -> Result<Vec<TrackSet>, ScoreFolderError> {
    let mut sets: Vec<(OutputType, Resolution, Vec<Track>)> = Vec::new();
    for batch in open_table(path, &|_| true, false)? {
        let batch = batch.map_err(|error| ScoreFolderError::table(path, &error))?;
        let missing = |column: &str, expected| ScoreFolderError::Column {
            path: path.to_owned(),
            column: column.to_owned(),
            expected,
        };
        for row in 0..batch.num_rows() {
            let text = |name: &str| -> Option<String> {
                let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
                column.is_valid(row).then(|| column.value(row).to_owned())
            };
            let output = text("output_type").and_then(|name| OutputType::from_name(&name));
            let output = output.ok_or_else(|| missing("output_type", "text"))?;
            let resolution = batch
                .column_by_name("resolution_bp")
                .and_then(|column| column.as_primitive_opt::<Int64Type>())
                .and_then(|column| u32::try_from(column.value(row)).ok())
                .and_then(resolution)
                .ok_or_else(|| missing("resolution_bp", "64-bit integer"))?;
            let genetically_modified = batch
                .column_by_name("genetically_modified")
                .and_then(|column| column.as_boolean_opt())
                .filter(|column| column.is_valid(row))
                .map(|column| column.value(row));
            let track = Track {
                name: text("track_name").ok_or_else(|| missing("track_name", "text"))?,
                strand: match text("track_strand").as_deref() {
                    Some("+") => Some(Strand::Forward),
                    Some("-") => Some(Strand::Reverse),
                    _ => None,
                },
                assay_title: text("Assay title"),
                ontology_curie: text("ontology_curie"),
                biosample_name: text("biosample_name"),
                biosample_type: text("biosample_type"),
                biosample_life_stage: text("biosample_life_stage"),
                data_source: text("data_source"),
                endedness: text("endedness"),
                genetically_modified,
                transcription_factor: text("transcription_factor"),
                histone_mark: text("histone_mark"),
                gtex_tissue: text("gtex_tissue"),
            };
            match sets.iter_mut().find(|(known, ..)| *known == output) {
                Some((.., tracks)) => tracks.push(track),
                None => sets.push((output, resolution, vec![track])),
            }
        }
    }
    let sets = sets.into_iter().map(|(output, resolution, tracks)| TrackSet {
        output,
        resolution,
        tracks: tracks.into(),
    });
    Ok(sets.collect())
}
