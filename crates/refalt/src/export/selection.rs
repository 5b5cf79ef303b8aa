//! Which scorers and tracks of a run are written.

use super::{ExportError, ExportOptions};
use crate::score_folder::{RunScorer, ScoreBatch, ScoreFolder};
use refalt_core::strand::sign_or_dot;
use refalt_core::{Track, TrackSet};
use std::collections::{HashMap, HashSet};

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
    /// Output type, track, strand; all tracks when there is none.
    tracks: Option<HashSet<(String, String, String)>>,
    /// The selection in words, for headers.
    pub(super) tracks_text: Option<String>,
}

impl Selection {
    /// Looks the names up.
    pub(super) fn of(folder: &ScoreFolder, options: &ExportOptions) -> Result<Self, ExportError> {
        let sets = folder.tracks()?;
        let tracks = chosen_tracks(&sets, &options.tracks)?;
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
            scorers.retain(|known| tracks.iter().any(|(output, ..)| *output == known.scorer.output_type));
        }
        if scorers.is_empty() {
            return Err(ExportError::NothingSelected);
        }
        Ok(Self {
            scorers,
            tracks,
            tracks_text: (!options.tracks.is_empty()).then(|| options.tracks.join(", ")),
        })
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

/// Looks tracks up by name or transcription factor.
fn chosen_tracks(
    sets: &[TrackSet],
    wanted: &[String],
) -> Result<Option<HashSet<(String, String, String)>>, ExportError> {
    if wanted.is_empty() {
        return Ok(None);
    }
    let all = || {
        sets.iter()
            .flat_map(|set| set.tracks.iter().map(move |track| (set, track)))
    };
    let is = |track: &Track, name: &str| track.name == name || track.transcription_factor.as_deref() == Some(name);
    let mut chosen = HashSet::new();
    for name in wanted {
        let found = all().filter(|(_, track)| is(track, name)).map(|(set, track)| {
            (
                set.output.name().to_owned(),
                track.name.clone(),
                sign_or_dot(track.strand).to_owned(),
            )
        });
        let found: Vec<_> = found.collect();
        if found.is_empty() {
            let names: Vec<&str> = all()
                .flat_map(|(_, track)| [Some(track.name.as_str()), track.transcription_factor.as_deref()])
                .flatten()
                .collect();
            return Err(ExportError::unknown("track", name, &names));
        }
        chosen.extend(found);
    }
    Ok(Some(chosen))
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
            let text = |column: &crate::score_folder::TextColumn| column.text(row).unwrap_or_default().to_owned();
            tracks.contains(&(text(&batch.output), text(&batch.track), text(&batch.strand)))
        });
        is_selected.then_some(scorer)
    }
}
