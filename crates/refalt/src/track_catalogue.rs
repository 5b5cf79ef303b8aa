//! The catalogue of the published tracks: what the AlphaGenome model predicts for human and mouse.
//!
//! The tables are part of the program (`assets/tracks`, Apache-2.0, 82 kB) and read at the first use, in about 10 ms.
//! A table is a text of one line for each field with the values of all tracks; an empty value is a field that the track
//! does not have, `""` one that is the empty text. Order and names are those of the published metadata.
//!
//! [`count`](count::count) and [`search`](search::search) work on any tracks: the catalogue's, a model's, a score folder's.

pub mod count;
pub mod search;

use flate2::read::GzDecoder;
use refalt_core::{Organism, OutputType, Strand, Track, TrackSet};
use std::collections::HashMap;
use std::io::Read;
use std::sync::LazyLock;

const HUMAN: &[u8] = include_bytes!("../assets/tracks/human.tsv.gz");
const MOUSE: &[u8] = include_bytes!("../assets/tracks/mouse.tsv.gz");

/// Terms of the catalogue.
pub const LICENCE: &str = "Apache-2.0, metadata of google-deepmind/alphagenome_research";

/// Returns the published tracks of an organism, by output type, in the order of the model.
///
/// ```
/// use refalt::core::Organism;
/// use refalt::track_catalogue::tracks;
///
/// let all: usize = tracks(Organism::Human).iter().map(|set| set.tracks.len()).sum();
/// assert_eq!(all, 5_563);
/// ```
pub fn tracks(organism: Organism) -> &'static [TrackSet] {
    static SETS: [LazyLock<Vec<TrackSet>>; 2] = [LazyLock::new(|| shipped(HUMAN)), LazyLock::new(|| shipped(MOUSE))];
    &SETS[organism as usize]
}

fn shipped(packed: &[u8]) -> Vec<TrackSet> {
    read(packed).expect("the table is part of the program, and a test reads it")
}

/// What is wrong with a table.
#[derive(Debug, thiserror::Error)]
enum TableProblem {
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
    #[error("the column `{0}` is missing or has another length")]
    Column(&'static str),
    #[error("the value `{value}` of `{column}` is not one")]
    Value { column: &'static str, value: String },
}

/// Reads a table; tracks of one output type stand together.
fn read(packed: &[u8]) -> Result<Vec<TrackSet>, TableProblem> {
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text)?;
    let columns: HashMap<&str, Vec<&str>> = text
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, values)| (name, values.split('\t').collect()))
        .collect();
    let count = columns.get("name").map_or(0, Vec::len);
    let column = |name: &'static str| {
        let values = columns.get(name).filter(|values| values.len() == count);
        values.ok_or(TableProblem::Column(name))
    };
    let outputs = column("output_type")?;
    let channels = column("channel_index")?;
    let names = column("name")?;
    let strands = column("strand")?;
    let assays = column("assay")?;
    let terms = column("ontology_curie")?;
    let biosamples = column("biosample_name")?;
    let biosample_types = column("biosample_type")?;
    let stages = column("biosample_life_stage")?;
    let factors = column("transcription_factor")?;
    let marks = column("histone_mark")?;
    let tissues = column("gtex_tissue")?;
    let sources = column("data_source")?;
    let endedness = column("endedness")?;
    let modified = column("genetically_modified")?;
    let means = column("nonzero_mean")?;

    let mut sets: Vec<(OutputType, Vec<Track>)> = Vec::new();
    for row in 0..count {
        let value = |column, value: &str| TableProblem::Value {
            column,
            value: value.to_owned(),
        };
        let output = OutputType::from_name(outputs[row]).ok_or_else(|| value("output_type", outputs[row]))?;
        let track = Track {
            name: names[row].to_owned(),
            strand: strands[row].chars().next().and_then(Strand::from_sign),
            assay_title: text_of(assays[row]),
            ontology_curie: text_of(terms[row]),
            biosample_name: text_of(biosamples[row]),
            biosample_type: text_of(biosample_types[row]),
            biosample_life_stage: text_of(stages[row]),
            data_source: text_of(sources[row]),
            endedness: text_of(endedness[row]),
            genetically_modified: number(modified[row]).map_err(|()| value("genetically_modified", modified[row]))?,
            transcription_factor: text_of(factors[row]),
            histone_mark: text_of(marks[row]),
            gtex_tissue: text_of(tissues[row]),
            nonzero_mean: number(means[row]).map_err(|()| value("nonzero_mean", means[row]))?,
            channel_index: number(channels[row]).map_err(|()| value("channel_index", channels[row]))?,
        };
        match sets.last_mut() {
            Some((last, tracks)) if *last == output => tracks.push(track),
            _ => sets.push((output, vec![track])),
        }
    }
    let set = |(output, tracks): (OutputType, Vec<Track>)| TrackSet {
        output,
        resolution: output.resolution(),
        tracks: tracks.into(),
    };
    Ok(sets.into_iter().map(set).collect())
}

/// Reads a text: absent, empty, or itself.
fn text_of(value: &str) -> Option<String> {
    match value {
        "" => None,
        "\"\"" => Some(String::new()),
        text => Some(text.to_owned()),
    }
}

/// Reads a value that may be absent.
fn number<T: std::str::FromStr>(value: &str) -> Result<Option<T>, ()> {
    if value.is_empty() {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|_| ())
}

#[cfg(test)]
mod tests;
