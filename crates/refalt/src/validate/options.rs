//! What the user chooses.

use super::error::ValidateError;
use super::interval::IntervalKind;
use super::pairing::Pairing;
use super::summary::{SUMMARIES, Summary};
use crate::track_source;
use refalt_core::nearest::nearest;
use refalt_core::scorer::RECOMMENDED;
use refalt_core::{Track, TrackSet};
use serde::Serialize;
use std::num::NonZeroU32;

/// What stands for several scores of a variant by one scorer on one track: those of its genes and junctions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Collapse {
    /// The score farthest from 0, with its sign; of equals the first in the score table.
    MaxAbs,
}

impl Collapse {
    /// Every reduction.
    pub const ALL: [Self; 1] = [Self::MaxAbs];

    /// Returns the name, `max_abs`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxAbs => "max_abs",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|collapse| collapse.name() == name)
    }

    /// Says whether a score takes the place of another; NaN never does, and gives way to any number.
    pub(super) fn prefers(self, score: f32, to: f32) -> bool {
        match self {
            Self::MaxAbs => score.abs() > to.abs() || (to.is_nan() && !score.is_nan()),
        }
    }
}

/// Choices of a validation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValidateOptions {
    /// Scorers by recommended name or text, in order; all of the run when empty.
    pub scorers: Vec<String>,
    /// Summaries by name, in the order of [`SUMMARIES`]; the default ones when empty.
    pub summaries: Vec<String>,
    /// Tracks that are reported in full (bootstrap intervals, ranks, a column of `joined.tsv`): names, transcription
    /// factors, or selections in the language of [`refalt_core::track_selection`].
    pub tracks: Vec<String>,
    /// What stands for several scores of a variant on a track; without it they are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collapse: Option<Collapse>,
    /// How many of the best tracks, for each metric, get bootstrap intervals; the others get intervals in closed form.
    pub top_tracks: usize,
    /// How many of the best tracks of each experiment, by Spearman, are ranked and listed in `joined.tsv`.
    pub shown_tracks: usize,
    /// Permutations behind each p-value; 0 for none.
    pub permutations: u64,
    /// Bootstrap replicates behind each interval; 0 for intervals in closed form only.
    pub replicates: u64,
    /// Seed of permutations and resamples.
    pub seed: u64,
    /// Nominal coverage of the intervals.
    pub level: f64,
    /// Variants in blocks of so many bp of a contig are resampled together; with 1, those of one position. `None`
    /// resamples each variant by itself.
    pub block_bp: Option<NonZeroU32>,
    /// How intervals are made.
    pub interval: IntervalKind,
    /// Predictions that are compared with each other on the same variants.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compare: Vec<Pairing>,
    /// Whether the experiments are replicates of one measurement, which bounds what a prediction without error reaches.
    pub replicate_experiments: bool,
}

impl Default for ValidateOptions {
    /// All scorers, the default summaries, 10 tracks per metric with bootstrap intervals, 3 shown, 2,000 permutations,
    /// 2,000 replicates, seed 0, level 0.95, BCa intervals, positions resampled as a whole.
    fn default() -> Self {
        Self {
            scorers: Vec::new(),
            summaries: Vec::new(),
            tracks: Vec::new(),
            collapse: None,
            top_tracks: 10,
            shown_tracks: 3,
            permutations: 2_000,
            replicates: 2_000,
            seed: 0,
            level: 0.95,
            block_bp: Some(NonZeroU32::MIN),
            interval: IntervalKind::Bca,
            compare: Vec::new(),
            replicate_experiments: false,
        }
    }
}

/// Returns the recommended name of a scorer, or its text.
pub(crate) fn short_name(text: &str) -> &str {
    let recommended = RECOMMENDED.iter().find(|named| named.text == text);
    recommended.map_or(text, |named| named.name)
}

impl ValidateOptions {
    /// Finds the chosen scorers among those of the run.
    ///
    /// * `run`: texts of the run's scorers.
    pub(super) fn scorers_of(&self, run: &[&str]) -> Result<Vec<usize>, ValidateError> {
        if self.scorers.is_empty() {
            return Ok((0..run.len()).collect());
        }
        let find = |wanted: &String| {
            let place = run.iter().position(|text| text == wanted || short_name(text) == wanted);
            place.ok_or_else(|| ValidateError::Unknown {
                what: "scorer of the run",
                found: wanted.clone(),
                nearest: nearest(wanted, run.iter().map(|text| short_name(text))),
                known: run.iter().map(|text| short_name(text).to_owned()).collect(),
            })
        };
        let mut places: Vec<usize> = self.scorers.iter().map(find).collect::<Result<_, _>>()?;
        places.sort_unstable();
        places.dedup();
        Ok(places)
    }

    /// Finds the chosen summaries.
    pub(super) fn summaries(&self) -> Result<Vec<&'static Summary>, ValidateError> {
        if let Some(unknown) = self.summaries.iter().find(|name| Summary::of(name).is_none()) {
            return Err(ValidateError::Unknown {
                what: "summary",
                found: unknown.clone(),
                nearest: nearest(unknown, SUMMARIES.iter().map(|summary| summary.name)),
                known: SUMMARIES.iter().map(|summary| summary.name.to_owned()).collect(),
            });
        }
        let is_chosen = |summary: &&Summary| match self.summaries.is_empty() {
            true => summary.default,
            false => self.summaries.iter().any(|name| name == summary.name),
        };
        Ok(SUMMARIES.iter().filter(is_chosen).collect())
    }

    /// Says whether the tracks asked for are among `sets`, before there are scores.
    ///
    /// # Errors
    /// [`ValidateError::Tracks`] when a selection is not understood or has no tracks.
    pub fn check_tracks(&self, sets: &[TrackSet]) -> Result<(), ValidateError> {
        let outputs: Vec<&str> = sets.iter().map(|set| set.output.name()).collect();
        self.tracks_of(sets, &outputs).map(|_| ())
    }

    /// Finds the tracks asked for, for each of the chosen scorers; what none of them has is an error.
    ///
    /// An entry is the name of a track, a factor, or a selection in the language of
    /// [`refalt_core::track_selection`], in which names with commas between are a list.
    ///
    /// * `sets`: the tracks of the run.
    /// * `outputs`: the output type that each scorer reads, by name.
    pub(super) fn tracks_of(&self, sets: &[TrackSet], outputs: &[&str]) -> Result<AskedFor, ValidateError> {
        let sets = read_by(sets, outputs);
        let mut asked_for = AskedFor::none(outputs);
        for wanted in &self.tracks {
            asked_for.add(wanted, &sets, outputs)?;
        }
        Ok(asked_for.sorted())
    }

    /// Finds the tracks asked for in a run that is compared with the first; what it does not have is left out and named.
    ///
    /// Of names with commas between, those that the run has are taken.
    pub(super) fn tracks_found(&self, sets: &[TrackSet], outputs: &[&str]) -> (AskedFor, Vec<String>) {
        let sets = read_by(sets, outputs);
        let mut asked_for = AskedFor::none(outputs);
        let mut lacking = Vec::new();
        for wanted in &self.tracks {
            if asked_for.add(wanted, &sets, outputs).is_ok() {
                continue;
            }
            for name in wanted.split(',').map(str::trim) {
                if asked_for.add(name, &sets, outputs).is_err() {
                    lacking.push(name.to_owned());
                }
            }
        }
        (asked_for.sorted(), lacking)
    }
}

/// Returns the tracks that some scorer reads.
fn read_by(sets: &[TrackSet], outputs: &[&str]) -> Vec<TrackSet> {
    let read = |set: &&TrackSet| outputs.contains(&set.output.name());
    sets.iter().filter(read).cloned().collect()
}

/// The tracks that are reported in full.
pub(super) struct AskedFor {
    /// For each scorer, indices of tracks, rising.
    pub(super) places: Vec<Vec<usize>>,
    /// What was taken in place of what was written.
    pub(super) statements: Vec<String>,
}

impl AskedFor {
    fn none(outputs: &[&str]) -> Self {
        Self {
            places: vec![Vec::new(); outputs.len()],
            statements: Vec::new(),
        }
    }

    /// Adds the tracks of a name, a factor, a list of these or a selection.
    fn add(&mut self, wanted: &str, sets: &[TrackSet], outputs: &[&str]) -> Result<(), ValidateError> {
        let found = match named(wanted, sets).or_else(|| all_named(wanted, sets)) {
            Some(places) => places,
            None => {
                let (_, resolved) = track_source::select(wanted, sets)?;
                self.statements
                    .extend(resolved.statements.iter().map(ToString::to_string));
                resolved.places
            }
        };
        for (set, found) in sets.iter().zip(&found) {
            let of_set = self.places.iter_mut().zip(outputs);
            for (places, _) in of_set.filter(|(_, output)| **output == set.output.name()) {
                places.extend(found);
            }
        }
        Ok(())
    }

    fn sorted(mut self) -> Self {
        for places in &mut self.places {
            places.sort_unstable();
            places.dedup();
        }
        self
    }
}

/// Finds the tracks of which a text is the whole name or the factor, letter by letter: names hold signs of the language.
fn named(wanted: &str, sets: &[TrackSet]) -> Option<Vec<Vec<usize>>> {
    let is_wanted = |track: &Track| {
        let factor = track.transcription_factor.as_deref().unwrap_or_default();
        track.name == wanted || factor.eq_ignore_ascii_case(wanted)
    };
    let places = |set: &TrackSet| -> Vec<usize> {
        let tracks = set.tracks.iter().enumerate();
        tracks
            .filter(|(_, track)| is_wanted(track))
            .map(|(place, _)| place)
            .collect()
    };
    let places: Vec<Vec<usize>> = sets.iter().map(places).collect();
    places.iter().any(|places| !places.is_empty()).then_some(places)
}

/// Finds the tracks of names with commas between, when every one of them is a name.
fn all_named(list: &str, sets: &[TrackSet]) -> Option<Vec<Vec<usize>>> {
    let mut places = vec![Vec::new(); sets.len()];
    for name in list.split(',') {
        for (places, found) in places.iter_mut().zip(named(name.trim(), sets)?) {
            places.extend(found);
        }
    }
    Some(places)
}
