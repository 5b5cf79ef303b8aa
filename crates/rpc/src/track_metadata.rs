//! Tracks and genes, from the wire.
//!
//! The tracks are 87 % of the bytes of an answer and the same in every answer. They are taken off the wire unread and
//! compared with the lists that are known ([`TrackCache`]); a list is decoded once and shared by all answers.

use crate::genome::{junction_of, ontology_curie, strand};
use crate::proto;
use crate::wire_error::WireError;
use bytes::Bytes;
use prost::Message as _;
use refalt_core::scorer::{GeneRow, ScoredGene};
use refalt_core::{OutputType, Track, TrackSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Reads a track.
///
/// # Errors
/// [`WireError`] for a strand, ontology, kind of biosample or endedness that the protocol does not have.
pub fn track(message: proto::TrackMetadata) -> Result<Track, WireError> {
    let biosample = Biosample::of(message.biosample)?;
    let endedness = match message.endedness {
        None => None,
        Some(number) => {
            let known = proto::Endedness::try_from(number).map_err(|_| WireError::Number {
                kind: "endedness",
                found: number.into(),
            })?;
            Some(short(known.as_str_name(), "ENDEDNESS_"))
        }
    };
    Ok(Track {
        name: message.name,
        strand: strand(message.strand)?,
        assay_title: message.assay,
        ontology_curie: message.ontology_term.as_ref().map(ontology_curie).transpose()?,
        biosample_name: biosample.name,
        biosample_type: biosample.kind,
        biosample_life_stage: biosample.stage,
        data_source: message.data_source,
        endedness,
        genetically_modified: message.genetically_modified,
        transcription_factor: message.transcription_factor_code,
        histone_mark: message.histone_mark_code,
        gtex_tissue: message.gtex_tissue,
        nonzero_mean: message.nonzero_mean,
        // The service lists tracks without the padding of the model's head.
        channel_index: None,
    })
}

/// Reads a track of junctions, which has no strand.
///
/// # Errors
/// [`WireError`] for an ontology or kind of biosample that the protocol does not have.
pub fn junction_track(message: proto::JunctionMetadata) -> Result<Track, WireError> {
    let biosample = Biosample::of(message.biosample)?;
    Ok(Track {
        name: message.name,
        assay_title: message.assay,
        ontology_curie: message.ontology_term.as_ref().map(ontology_curie).transpose()?,
        biosample_name: biosample.name,
        biosample_type: biosample.kind,
        biosample_life_stage: biosample.stage,
        data_source: message.data_source,
        gtex_tissue: message.gtex_tissue,
        ..Track::default()
    })
}

#[derive(Default)]
struct Biosample {
    name: Option<String>,
    kind: Option<String>,
    stage: Option<String>,
}

impl Biosample {
    fn of(message: Option<proto::Biosample>) -> Result<Self, WireError> {
        let Some(message) = message else {
            return Ok(Self::default());
        };
        let kind = proto::BiosampleType::try_from(message.r#type).map_err(|_| WireError::Number {
            kind: "kind of biosample",
            found: message.r#type.into(),
        })?;
        Ok(Self {
            name: Some(message.name),
            kind: Some(short(kind.as_str_name(), "BIOSAMPLE_TYPE_")),
            stage: message.stage,
        })
    }
}

/// Returns the name of an enumeration's value as the tables write it, `cell_line`.
fn short(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase()
}

/// Reads the tracks of an output type from the service's metadata.
///
/// # Errors
/// [`WireError`] for a track that cannot be read, or an output type that the protocol does not have.
pub fn track_set(message: proto::OutputMetadata) -> Result<TrackSet, WireError> {
    use proto::output_metadata::Payload;
    let output = crate::genome::output(message.output_type)?;
    let tracks: Result<Vec<Track>, WireError> = match message.payload {
        Some(Payload::Tracks(tracks)) => tracks.metadata.into_iter().map(track).collect(),
        Some(Payload::Junctions(tracks)) => tracks.metadata.into_iter().map(junction_track).collect(),
        None => Ok(Vec::new()),
    };
    Ok(TrackSet {
        output,
        resolution: output.resolution(),
        tracks: tracks?.into(),
    })
}

/// Reads what a row of scores is about.
///
/// # Errors
/// [`WireError`] for a strand that the protocol does not have, or half a junction.
pub fn gene_row(message: proto::GeneScorerMetadata) -> Result<GeneRow, WireError> {
    let junction = match (message.junction_start, message.junction_end) {
        (None, None) => None,
        (Some(start), Some(end)) => Some(junction_of(start, end)?),
        _ => {
            return Err(WireError::Missing {
                field: "one end of a junction",
            });
        }
    };
    let strand = message.strand.map(strand).transpose()?.flatten();
    Ok(GeneRow {
        gene: Arc::new(ScoredGene {
            id: message.gene_id.into(),
            name: message.name.map(Into::into),
            biotype: message.r#type.map(Into::into),
            strand,
        }),
        junction,
    })
}

/// The lists of tracks that have been seen, each decoded once.
#[derive(Debug, Default)]
pub struct TrackCache {
    known: Mutex<Vec<Arc<Known>>>,
}

#[derive(Debug)]
struct Known {
    output: OutputType,
    messages: Vec<Box<[u8]>>,
    tracks: Arc<[Track]>,
}

/// More lists than this are not kept: a service has one or two for each output type.
const MOST_LISTS: usize = 64;

impl TrackCache {
    /// Returns the tracks whose messages these are, decoded when they are not known.
    ///
    /// # Errors
    /// [`WireError`] for a track that cannot be read.
    pub fn tracks(&self, output: OutputType, messages: &[Bytes]) -> Result<Arc<[Track]>, WireError> {
        let known = |list: &Vec<Arc<Known>>| {
            let same = |known: &&Arc<Known>| {
                let pairs = || known.messages.iter().zip(messages);
                known.output == output
                    && known.messages.len() == messages.len()
                    && pairs().all(|(ours, theirs)| ours[..] == theirs[..])
            };
            list.iter().find(same).map(|known| Arc::clone(&known.tracks))
        };
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // The comparison is done outside of the lock, so that no answer waits for another.
        let list = lock().clone();
        if let Some(tracks) = known(&list) {
            return Ok(tracks);
        }
        let decode = |message: &Bytes| {
            let message = proto::TrackMetadata::decode(message.clone()).map_err(|_| WireError::Missing {
                field: "a readable track",
            })?;
            track(message)
        };
        let tracks: Arc<[Track]> = messages.iter().map(decode).collect::<Result<Vec<_>, _>>()?.into();
        let mut list = lock();
        if let Some(tracks) = known(&list) {
            return Ok(tracks);
        }
        if list.len() < MOST_LISTS {
            list.push(Arc::new(Known {
                output,
                messages: messages.iter().map(|message| message[..].into()).collect(),
                tracks: Arc::clone(&tracks),
            }));
        }
        Ok(tracks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str) -> Bytes {
        let track = proto::TrackMetadata {
            name: name.to_owned(),
            strand: 3,
            ..Default::default()
        };
        track.encode_to_vec().into()
    }

    #[test]
    fn a_list_is_decoded_once_and_shared() {
        let cache = TrackCache::default();
        let (a, b) = (message("a"), message("b"));
        let first = cache.tracks(OutputType::Atac, &[a.clone(), b.clone()]).unwrap();
        let again = cache.tracks(OutputType::Atac, &[a.clone(), b.clone()]).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let other = cache.tracks(OutputType::Atac, &[b, a]).unwrap();
        assert_eq!([other[0].name.as_str(), other[1].name.as_str()], ["b", "a"]);
        assert_eq!([first[0].name.as_str(), first[1].name.as_str()], ["a", "b"]);
    }

    #[test]
    fn a_track_without_strand_number_and_half_a_junction_are_refused() {
        assert!(track(proto::TrackMetadata::default()).is_err());
        let half = proto::GeneScorerMetadata {
            gene_id: "ENSG1".to_owned(),
            junction_start: Some(5),
            ..Default::default()
        };
        assert!(gene_row(half).is_err());
    }
}
