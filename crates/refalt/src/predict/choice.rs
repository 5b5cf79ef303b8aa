//! Which tracks are wanted: output types, ontology terms, a selection, all of them together.

use super::error::PredictError;
use super::request::PredictRequest;
use super::source::Wanted;
use crate::track_source::select;
use refalt_core::nearest::nearest;
use refalt_core::{BinSpans, ModelCard, OutputType, Track, TrackSet};

/// The tracks that are wanted.
pub(super) struct Choice {
    /// One entry for each output type; the bins are not filled in.
    pub(super) wanted: Vec<Wanted>,
    pub(super) notes: Vec<String>,
}

impl Choice {
    pub(super) fn of(card: &ModelCard, request: &PredictRequest) -> Result<Self, PredictError> {
        let mut sets = chosen_outputs(card, &request.outputs)?;
        let mut columns: Vec<Vec<usize>> = sets.iter().map(|set| (0..set.tracks.len()).collect()).collect();
        if !request.ontology.is_empty() {
            let places = of_terms(card, &sets, &request.ontology)?;
            narrow(&mut sets, &mut columns, places);
        }
        let mut notes = Vec::new();
        if let Some(text) = &request.tracks {
            let given: usize = sets.iter().map(|set| set.tracks.len()).sum();
            let (selection, resolved) = select(text, &sets)?;
            notes.push(format!("tracks `{selection}`: {} of {given}", resolved.len()));
            notes.extend(resolved.statements.iter().map(ToString::to_string));
            narrow(&mut sets, &mut columns, resolved.places);
        }
        let of_card = |output: OutputType| card.tracks(output).cloned();
        let wanted = sets.into_iter().zip(columns).filter_map(|(tracks, columns)| {
            Some(Wanted {
                given: of_card(tracks.output)?,
                tracks,
                columns,
                spans: BinSpans::default(),
            })
        });
        Ok(Self {
            wanted: wanted.collect(),
            notes,
        })
    }
}

/// Keeps some tracks of each set; sets without one are left out.
fn narrow(sets: &mut Vec<TrackSet>, columns: &mut Vec<Vec<usize>>, places: Vec<Vec<usize>>) {
    let pairs = std::mem::take(sets).into_iter().zip(std::mem::take(columns));
    for ((set, column), places) in pairs.zip(places) {
        if places.is_empty() {
            continue;
        }
        columns.push(places.iter().map(|&place| column[place]).collect());
        sets.push(TrackSet {
            tracks: places.iter().map(|&place| set.tracks[place].clone()).collect(),
            ..set
        });
    }
}

fn chosen_outputs(card: &ModelCard, names: &[String]) -> Result<Vec<TrackSet>, PredictError> {
    let given: Vec<&str> = card.outputs.iter().map(|set| set.output.name()).collect();
    for name in names {
        let upper = name.to_ascii_uppercase();
        if !given.contains(&upper.as_str()) {
            let what = match OutputType::from_name(&upper) {
                Some(_) => format!("the model `{}` does not give", card.name),
                None => "unknown output type".to_owned(),
            };
            return Err(PredictError::Unknown {
                what,
                found: name.clone(),
                known: given.join(", "),
                nearest: nearest(name, given.iter().copied()),
            });
        }
    }
    let is_chosen =
        |set: &&TrackSet| names.is_empty() || names.iter().any(|name| name.eq_ignore_ascii_case(set.output.name()));
    Ok(card.outputs.iter().filter(is_chosen).cloned().collect())
}

/// Terms that a message lists at most.
const LISTED: usize = 12;

/// Returns the places of the tracks of some biosamples.
///
/// Donor and acceptor sites are of no biosample and always stay, as in the published model.
fn of_terms(card: &ModelCard, sets: &[TrackSet], terms: &[String]) -> Result<Vec<Vec<usize>>, PredictError> {
    let all = || sets.iter().flat_map(|set| set.tracks.iter());
    let has = |track: &Track, term: &str| track.ontology_curie.as_deref().is_some_and(|own| own == term);
    for term in terms {
        if !all().any(|track| has(track, term)) {
            let mut known: Vec<&str> = all().filter_map(|track| track.ontology_curie.as_deref()).collect();
            known.sort_unstable();
            known.dedup();
            let listed = match known.len() {
                0 => "none, its tracks are of no biosample".to_owned(),
                count if count <= LISTED => known.join(", "),
                count => format!(
                    "{} and {} more (`refalt tracks` lists them)",
                    known[..LISTED].join(", "),
                    count - LISTED
                ),
            };
            return Err(PredictError::Unknown {
                what: format!(
                    "the model `{}` has, of the outputs asked for, no track of the ontology term",
                    card.name
                ),
                found: term.clone(),
                known: listed,
                // Neighbouring numbers of an ontology are other tissues, not other spellings.
                nearest: Vec::new(),
            });
        }
    }
    let places = |set: &TrackSet| {
        let tracks = set.tracks.iter().enumerate();
        let kept = tracks
            .filter(|(_, track)| set.output == OutputType::SpliceSites || terms.iter().any(|term| has(track, term)));
        kept.map(|(place, _)| place).collect()
    };
    Ok(sets.iter().map(places).collect())
}
