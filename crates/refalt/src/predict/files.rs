//! The files of a prediction: bigWig, npz, Parquet, and the table of tracks.

mod bigwig;
mod npz;
mod parquet;

use super::folder::WrittenFile;
use super::request::Format;
use super::{PredictError, Predicting, Prediction};
use crate::engine::score_table::TableError;
use crate::engine::track_table;
use refalt_core::TrackSet;
use std::io;
use std::path::Path;

/// Writes the formats that are asked for, and the table of tracks.
pub(super) fn write(work: &Predicting, prediction: &Prediction, out: &Path) -> Result<Vec<WrittenFile>, PredictError> {
    let mut files = Vec::new();
    let sets: Vec<(TrackSet, Vec<usize>)> = work
        .choice
        .wanted
        .iter()
        .map(|wanted| (wanted.tracks.clone(), wanted.columns.clone()))
        .collect();
    let tracks = out.join("tracks.parquet");
    let written = track_table::write_sets(&tracks, work.card(), &sets).map_err(table_error(&tracks))?;
    files.push(WrittenFile::new(
        "tracks.parquet",
        written,
        "the tracks with their metadata",
    ));
    for format in &work.request.formats {
        match format {
            Format::BigWig => files.extend(bigwig::write(work, prediction, out)?),
            Format::Npz => files.push(npz::write(prediction, out)?),
            Format::Parquet => files.extend(parquet::write(work, prediction, out)?),
        }
    }
    Ok(files)
}

/// Tells that a table cannot be written.
pub(crate) fn table_error(path: &Path) -> impl Fn(TableError) -> PredictError + use<> {
    let failed = PredictError::file("write", path);
    move |error| {
        failed(match error {
            TableError::File(error) => error,
            other => io::Error::other(other.to_string()),
        })
    }
}
