//! The tracks that a service lists: their digest, and answers that have others.

use refalt_core::strand::sign_or_dot;
use refalt_core::{Track, TrackSet};
use sha2::{Digest as _, Sha256};

/// Joins a digest of tracks with what their service states of itself, if it does.
pub(crate) fn with_states(tracks: &str, states: Option<&str>) -> String {
    match states {
        None => tracks.to_owned(),
        Some(states) => {
            let joined = Sha256::digest(format!("tracks {tracks}\nstates {states}\n"));
            format!("sha256:{}", refalt::provenance::hexadecimal(&joined))
        }
    }
}

/// Returns the digest of what distinguishes tracks.
pub(crate) fn digest(outputs: &[TrackSet]) -> String {
    let mut hasher = Sha256::new();
    for set in outputs {
        for track in set.tracks.iter() {
            hasher.update(format!("{}\t{}", set.output, line(track)));
        }
    }
    format!("sha256:{}", refalt::provenance::hexadecimal(&hasher.finalize()))
}

/// Writes what distinguishes a track, as digests read it.
pub(crate) fn line(track: &Track) -> String {
    let strand = sign_or_dot(track.strand);
    let curie = track.ontology_curie.as_deref().unwrap_or_default();
    format!("{}\t{strand}\t{curie}\n", track.name)
}

/// Returns the first difference between the tracks that are known and those of an answer.
pub(crate) fn difference(known: &TrackSet, found: &TrackSet) -> Option<String> {
    if known.tracks.len() != found.tracks.len() {
        return Some(format!("{} in place of {}", found.tracks.len(), known.tracks.len()));
    }
    let mut pairs = known.tracks.iter().zip(found.tracks.iter());
    pairs
        .find(|(known, found)| known.name != found.name || known.strand != found.strand)
        .map(|(known, found)| {
            let text = |track: &Track| format!("`{}` {}", track.name, sign_or_dot(track.strand));
            format!("{} in place of {}", text(found), text(known))
        })
}
