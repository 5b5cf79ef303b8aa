//! What the user chooses.

use super::error::ValidateError;
use super::run_folder::ScoreMatrix;
use super::summary::{SUMMARIES, Summary};
use refalt_core::nearest::nearest;
use refalt_core::scorer::RECOMMENDED;
use serde::Serialize;
use std::num::NonZeroU32;

/// Choices of a validation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValidateOptions {
    /// Scorers by recommended name or text, in order; all of the run when empty.
    pub scorers: Vec<String>,
    /// Summaries by name, in the order of [`SUMMARIES`]; the default ones when empty.
    pub summaries: Vec<String>,
    /// Tracks, by name or transcription factor, that are reported in full: bootstrap intervals, ranks, a column of
    /// `joined.tsv`.
    pub tracks: Vec<String>,
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
}

impl Default for ValidateOptions {
    /// All scorers, the default summaries, 10 tracks per metric with bootstrap intervals, 3 shown, 2,000 permutations,
    /// 2,000 replicates, seed 0, level 0.95, positions resampled as a whole.
    fn default() -> Self {
        Self {
            scorers: Vec::new(),
            summaries: Vec::new(),
            tracks: Vec::new(),
            top_tracks: 10,
            shown_tracks: 3,
            permutations: 2_000,
            replicates: 2_000,
            seed: 0,
            level: 0.95,
            block_bp: Some(NonZeroU32::MIN),
        }
    }
}

/// Returns the recommended name of a scorer, or its text.
pub(super) fn short_name(text: &str) -> &str {
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

    /// Finds the tracks asked for, in each of the matrices; a name that none of them has is an error.
    pub(super) fn tracks_of(&self, matrices: &[ScoreMatrix]) -> Result<Vec<Vec<usize>>, ValidateError> {
        let mut found = vec![Vec::new(); matrices.len()];
        for wanted in &self.tracks {
            let before: usize = found.iter().map(Vec::len).sum();
            for (places, matrix) in found.iter_mut().zip(matrices) {
                let is_wanted = |place: &usize| {
                    let track = &matrix.tracks[*place];
                    let factor = track.transcription_factor.as_deref().unwrap_or_default();
                    track.name == *wanted || factor.eq_ignore_ascii_case(wanted)
                };
                places.extend((0..matrix.tracks.len()).filter(is_wanted));
            }
            if found.iter().map(Vec::len).sum::<usize>() == before {
                return Err(ValidateError::Unknown {
                    what: "track or transcription factor",
                    found: wanted.clone(),
                    nearest: nearest(
                        wanted,
                        matrices.iter().flat_map(|matrix| &matrix.tracks).flat_map(|track| {
                            [Some(track.name.as_str()), track.transcription_factor.as_deref()]
                                .into_iter()
                                .flatten()
                        }),
                    ),
                    known: Vec::new(),
                });
            }
        }
        for places in &mut found {
            places.sort_unstable();
            places.dedup();
        }
        Ok(found)
    }
}
