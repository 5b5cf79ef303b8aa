//! What a scoring run did or a study plans, as far as rules ask.

use super::error::LintError;
use super::finding::grouped;
use crate::study::StudyFile;
use crate::track_catalogue;
use crate::track_source::{TrackSource, select};
use refalt_core::scorer::RECOMMENDED;
use refalt_core::{Organism, TrackSet};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// A scorer of a plan.
#[derive(Clone, Debug, Default)]
pub(super) struct PlannedScorer {
    /// Its text.
    pub(super) text: String,
    /// The output type it reads, by name.
    pub(super) output: String,
    /// The tracks that get rows; `None` when the model's tracks are not known here.
    pub(super) tracks: Option<usize>,
    /// Transcription factors or histone marks, else assays, among them.
    pub(super) subjects: Option<usize>,
}

/// A run or a study.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) model: String,
    pub(super) window_bp: u32,
    pub(super) scorers: Vec<PlannedScorer>,
    /// The selection of tracks as written.
    pub(super) selection: Option<String>,
    /// Why the selection selects nothing.
    pub(super) selection_fails: Option<String>,
    /// Summaries and tracks that are shown as predictions.
    pub(super) predictions: Vec<String>,
    /// Permutations of the comparison.
    pub(super) permutations: Option<u64>,
    /// Rows with scores, and those of them of whose window the reference knows less than half.
    pub(super) scored: u64,
    pub(super) mostly_unknown: u64,
    /// What is judged of a finished run, in words.
    pub(super) judged: String,
}

impl Plan {
    /// Reads the plan of a study.
    pub(super) fn of_study(study: &StudyFile) -> Self {
        let part = &study.score;
        let known = tracks_of(&part.model);
        let mut plan = Self {
            model: part.model.clone(),
            window_bp: part.window_bp.get(),
            selection: part.tracks.clone(),
            predictions: study.show.predictions.clone(),
            permutations: Some(study.validate.permutations),
            ..Self::default()
        };
        let selected = match (&part.tracks, known) {
            (Some(text), Some(sets)) => match select(text, &sets) {
                Ok((_, resolved)) => Some(resolved.sets(&sets)),
                Err(error) => {
                    plan.selection_fails = Some(error.to_string());
                    Some(Vec::new())
                }
            },
            (_, known) => known,
        };
        plan.scorers = part
            .scorers
            .iter()
            .map(|text| planned(text, None, selected.as_deref()))
            .collect();
        plan
    }

    /// Reads the plan of a finished run.
    pub(super) fn of_run(folder: &Path) -> Result<Self, LintError> {
        let path = folder.join("manifest.json");
        let text = std::fs::read(&path).map_err(|source| LintError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let manifest: Value = serde_json::from_slice(&text).map_err(|error| LintError::Form {
            path,
            reason: error.to_string(),
        })?;
        if !manifest["scorers"].is_array() {
            return Err(LintError::NoScores {
                path: folder.to_owned(),
            });
        }
        // Taken by name, so that runs of other layouts are read, too.
        let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
        let sets = TrackSource::Folder(folder.to_owned()).tracks().ok();
        let scorer = |scorer: &Value| {
            let output = text(scorer, "output_type");
            let planned = planned(
                &text(scorer, "scorer").unwrap_or_default(),
                output.as_deref(),
                sets.as_deref(),
            );
            let tracks = scorer["tracks"]
                .as_u64()
                .and_then(|tracks| usize::try_from(tracks).ok());
            PlannedScorer {
                tracks: tracks.or(planned.tracks),
                ..planned
            }
        };
        let scorers: Vec<PlannedScorer> = manifest["scorers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(scorer)
            .collect();
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let scored = number(&manifest["counts"]["scored"]);
        let judged = format!(
            "the manifest, {} scorers and {} tracks; {} variants, {} rows of scores were not read",
            scorers.len(),
            grouped(scorers.iter().filter_map(|scorer| scorer.tracks).sum::<usize>() as u64),
            grouped(scored),
            grouped(number(&manifest["score_rows"]))
        );
        let window = manifest["identity"]["window_bp"].as_u64();
        Ok(Self {
            model: text(&manifest["model"], "name").unwrap_or_default(),
            window_bp: window.and_then(|window| u32::try_from(window).ok()).unwrap_or(u32::MAX),
            scorers,
            scored,
            mostly_unknown: number(&manifest["counts"]["mostly_unknown"]),
            judged,
            selection: text(&manifest["identity"], "tracks"),
            ..Self::default()
        })
    }

    /// Says whether the model is AlphaGenome.
    pub(super) fn is_alphagenome(&self) -> bool {
        self.model.to_lowercase().contains("alphagenome")
    }
}

fn tracks_of(model: &str) -> Option<Vec<TrackSet>> {
    if model.to_lowercase().contains("alphagenome") {
        return Some(track_catalogue::tracks(Organism::Human).to_vec());
    }
    TrackSource::Model(model.to_owned()).tracks().ok()
}

fn planned(text: &str, output: Option<&str>, sets: Option<&[TrackSet]>) -> PlannedScorer {
    let full = RECOMMENDED
        .iter()
        .find(|named| named.name == text)
        .map_or(text, |named| named.text);
    let written = full.split_once("requested_output=").map(|(_, rest)| rest);
    let of_text = written.and_then(|rest| rest.split([',', ')']).next()).unwrap_or("");
    let output = output.unwrap_or(of_text).to_owned();
    let set = sets.map(|sets| sets.iter().find(|set| set.output.name() == output));
    let subjects = |set: &TrackSet| {
        let subject = |track: &refalt_core::Track| {
            let named = track.transcription_factor.clone().or(track.histone_mark.clone());
            named.or(track.assay_title.clone())
        };
        set.tracks.iter().filter_map(subject).collect::<BTreeSet<_>>().len()
    };
    PlannedScorer {
        text: full.to_owned(),
        tracks: set
            .map(|set| set.map_or(0, |set| set.tracks.len()))
            .filter(|_| !output.is_empty()),
        subjects: set.map(|set| set.map_or(0, subjects)),
        output,
    }
}
