//! Which scorers and tracks of a run are written.

use super::{ExportError, ExportOptions};
use crate::engine::MixedSources;
use crate::score_folder::{RunScorer, ScoreBatch, ScoreFolder};
use crate::track_source;
use refalt_core::strand::sign_or_dot;
use refalt_core::{Track, TrackSet};
use std::collections::HashMap;

/// A scorer that is written.
#[derive(Clone, Debug)]
pub(super) struct SelectedScorer {
    pub(super) scorer: RunScorer,
    /// A name of letters, digits and underscores, unique in the selection.
    pub(super) name: String,
}

/// Scorers in the order of the run, and the tracks.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    pub(super) scorers: Vec<SelectedScorer>,
    /// Output type, track, its strands; all tracks when there is none.
    tracks: Option<HashMap<String, HashMap<String, Vec<&'static str>>>>,
    /// The selection in words, for headers.
    pub(super) tracks_text: Option<String>,
    /// The selected tracks, by output type.
    pub(super) sets: Vec<TrackSet>,
    /// What was taken in place of what was written.
    pub(super) statements: Vec<String>,
}

impl Selection {
    /// Returns the selected scorers whose scores come from several sources.
    pub(super) fn mixed_sources(&self, folder: &ScoreFolder) -> Vec<MixedSources> {
        let texts = self.scorers.iter().map(|selected| selected.scorer.scorer.as_str());
        MixedSources::of(folder.sources(), texts)
    }

    /// Looks the names up.
    pub(super) fn of(folder: &ScoreFolder, options: &ExportOptions) -> Result<Self, ExportError> {
        let sets = folder.tracks()?;
        let (sets, statements) = match &options.tracks {
            Some(wanted) => chosen_tracks(&sets, wanted)?,
            None => (sets, Vec::new()),
        };
        let tracks = options.tracks.as_ref().map(|_| {
            let mut tracks: HashMap<String, HashMap<String, Vec<&'static str>>> = HashMap::new();
            for set in &sets {
                let of_output = tracks.entry(set.output.name().to_owned()).or_default();
                for track in set.tracks.iter() {
                    let strands = of_output.entry(track.name.clone()).or_default();
                    strands.push(sign_or_dot(track.strand));
                }
            }
            tracks
        });
        let mut scorers: Vec<SelectedScorer> = Vec::new();
        for scorer in folder.scorers() {
            let base = scorer.short_name();
            let mut name = base.clone();
            let mut number = 1;
            while scorers.iter().any(|known| known.name == name) {
                number += 1;
                name = format!("{base}_{number}");
            }
            scorers.push(SelectedScorer {
                scorer: scorer.clone(),
                name,
            });
        }
        if !options.scorers.is_empty() {
            for wanted in &options.scorers {
                if !scorers.iter().any(|known| known.is(wanted)) {
                    let names: Vec<&str> = scorers.iter().map(|known| known.name.as_str()).collect();
                    return Err(ExportError::unknown("scorer", wanted, &names));
                }
            }
            scorers.retain(|known| options.scorers.iter().any(|wanted| known.is(wanted)));
        }
        if let Some(tracks) = &tracks {
            scorers.retain(|known| tracks.contains_key(&known.scorer.output_type));
        }
        if scorers.is_empty() {
            return Err(ExportError::NothingSelected);
        }
        Ok(Self {
            scorers,
            tracks,
            tracks_text: options.tracks.clone(),
            sets,
            statements,
        })
    }

    /// Returns the only scorer, for formats that take one.
    pub(super) fn one_scorer(&self, format: &'static str) -> Result<&SelectedScorer, ExportError> {
        match self.scorers.as_slice() {
            [one] => Ok(one),
            several => Err(ExportError::NotOneScorer {
                format,
                found: several.iter().map(|scorer| scorer.name.clone()).collect(),
            }),
        }
    }

    /// Returns the selected tracks of a scorer, name and strand, in the order of the model.
    pub(super) fn tracks_of(&self, scorer: &SelectedScorer) -> Vec<(String, &'static str)> {
        let of_output = self
            .sets
            .iter()
            .filter(|set| set.output.name() == scorer.scorer.output_type);
        of_output
            .flat_map(|set| set.tracks.iter())
            .map(|track| (track.name.clone(), sign_or_dot(track.strand)))
            .collect()
    }

    /// Returns what tells which scorer of the selection a row of a batch belongs to.
    pub(super) fn rows<'a>(&'a self, batch: &'a ScoreBatch) -> SelectedRows<'a> {
        SelectedRows {
            selection: self,
            scorers: batch
                .scorer
                .map(|text| self.scorers.iter().position(|known| known.scorer.scorer == text)),
            batch,
            known: HashMap::new(),
        }
    }
}

impl SelectedScorer {
    fn is(&self, wanted: &str) -> bool {
        self.name == wanted || self.scorer.scorer == wanted
    }
}

/// Finds tracks: by the whole name or factor, letter by letter, since names hold signs of the language; else by a selection.
///
/// Returns the sets with the tracks that are meant, and what was taken in place of what was written.
fn chosen_tracks(sets: &[TrackSet], wanted: &str) -> Result<(Vec<TrackSet>, Vec<String>), ExportError> {
    let is_named = |track: &Track| track.name == wanted || track.transcription_factor.as_deref() == Some(wanted);
    let named: Vec<TrackSet> = sets
        .iter()
        .map(|set| TrackSet {
            tracks: set.tracks.iter().filter(|track| is_named(track)).cloned().collect(),
            ..set.clone()
        })
        .filter(|set| !set.tracks.is_empty())
        .collect();
    if !named.is_empty() {
        return Ok((named, Vec::new()));
    }
    let (_, resolved) = track_source::select(wanted, sets)?;
    let statements = resolved.statements.iter().map(ToString::to_string).collect();
    Ok((resolved.sets(sets), statements))
}

/// The rows of a batch that are selected.
pub(super) struct SelectedRows<'a> {
    selection: &'a Selection,
    /// By key of the batch's scorer column, the scorer's place in the selection.
    scorers: Vec<Option<usize>>,
    batch: &'a ScoreBatch,
    /// By keys of output type, track and strand, whether the track is selected.
    known: HashMap<[Option<usize>; 3], bool>,
}

impl SelectedRows<'_> {
    /// Returns the place of the row's scorer in the selection; `None` when the row is not selected.
    pub(super) fn scorer(&mut self, row: usize) -> Option<usize> {
        let batch = self.batch;
        let scorer = self.scorers[batch.scorer.key(row)?]?;
        let Some(tracks) = &self.selection.tracks else {
            return Some(scorer);
        };
        let keys = [batch.output.key(row), batch.track.key(row), batch.strand.key(row)];
        let is_selected = *self.known.entry(keys).or_insert_with(|| {
            let of_output = batch.output.text(row).and_then(|output| tracks.get(output));
            let strands = of_output.and_then(|tracks| tracks.get(batch.track.text(row)?));
            let strand = batch.strand.text(row).unwrap_or(".");
            strands.is_some_and(|strands| strands.contains(&strand))
        });
        is_selected.then_some(scorer)
    }
}
