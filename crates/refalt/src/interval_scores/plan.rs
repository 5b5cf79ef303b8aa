//! The interval scorers with their tracks; everything that can fail before the first prediction fails here.

use super::IntervalRequest;
use crate::engine::plan::given;
use crate::engine::{MergedTracks, PassedOver, PlanError, PlanProblem, RECOMMENDED_NAME};
use refalt_core::interval_scorer::{self, IntervalAggregation, IntervalScorer, TooWide};
use refalt_core::scorer::{ScoreRows, Width};
use refalt_core::stranded_merge::MergePlan;
use refalt_core::track_selection::Selection;
use refalt_core::{ModelCard, TrackSet};

/// An interval scorer with the tracks that it reads.
#[derive(Clone, Debug)]
pub struct PlannedIntervalScorer {
    /// The scorer.
    pub scorer: IntervalScorer,
    /// Its text.
    pub text: String,
    /// What the source gives.
    pub given: TrackSet,
    /// What gets rows, in the order of the source.
    pub tracks: TrackSet,
    merge: Option<MergePlan>,
    /// For each track that gets rows its index in what is given or, where tracks are merged, in these.
    kept: Option<Vec<usize>>,
}

impl PlannedIntervalScorer {
    /// Makes the scores of the tracks that get rows from those of all given tracks, `[rows x tracks]`.
    pub(super) fn keep(&self, rows: &ScoreRows, scores: Vec<f32>) -> Vec<f32> {
        let mut width = self.given.tracks.len();
        let scores = match &self.merge {
            None => scores,
            Some(merge) => {
                let strands = rows.iter().map(|row| row.and_then(|row| row.gene.strand));
                let merged = scores.chunks_exact(width.max(1)).zip(strands);
                let merged = merged.flat_map(|(values, gene)| merge.row(values, gene)).collect();
                width = merge.tracks(&self.given.tracks).len();
                merged
            }
        };
        let Some(kept) = &self.kept else { return scores };
        let rows = scores.chunks_exact(width.max(1));
        rows.flat_map(|row| kept.iter().map(|&place| row[place])).collect()
    }
}

/// What is done with every interval.
pub struct IntervalPlan {
    pub(super) scorers: Vec<PlannedIntervalScorer>,
    pub(super) selection: Option<Selection>,
    notes: Vec<String>,
}

impl IntervalPlan {
    /// Makes a plan.
    ///
    /// * `has_genes`: whether the source brings genes, or gene models are given.
    ///
    /// # Errors
    /// [`PlanError`] with every problem at once.
    pub(super) fn new(card: &ModelCard, has_genes: bool, request: &IntervalRequest) -> Result<Self, PlanError> {
        let mut problems = Vec::new();
        let mut notes = Vec::new();
        let mut scorers: Vec<PlannedIntervalScorer> = Vec::new();
        if request.scorers.is_empty() {
            problems.push(PlanProblem::NoScorer);
        }
        for name in &request.scorers {
            if name == RECOMMENDED_NAME {
                match recommended(card) {
                    Ok((served, lacking)) => {
                        let is_new = |of: &PlannedIntervalScorer| scorers.iter().all(|other| other.text != of.text);
                        let served: Vec<_> = served.into_iter().filter(is_new).collect();
                        scorers.extend(served);
                        let lacking: Vec<String> = lacking.iter().map(PassedOver::to_string).collect();
                        if !lacking.is_empty() {
                            notes.push(format!("recommended scorers that are left out: {}", lacking.join(", ")));
                        }
                    }
                    Err(problem) => problems.push(problem),
                }
                continue;
            }
            match IntervalScorer::parse(name) {
                Ok(scorer) => match planned(card, scorer) {
                    Some(planned) => scorers.push(planned),
                    None => problems.push(output_missing(card, name, scorer)),
                },
                Err(error) => problems.push(error.into()),
            }
        }
        for (index, planned) in scorers.iter().enumerate() {
            if scorers[..index].iter().any(|other| other.text == planned.text) {
                let text = planned.text.clone();
                problems.push(PlanProblem::ScorerTwice { text });
            }
        }
        if let (false, Some(planned)) = (has_genes, scorers.first()) {
            problems.push(PlanProblem::AnnotationMissing {
                scorer: planned.text.clone(),
                missing: "a gene annotation",
            });
        }
        if request.merge_stranded {
            merge(&mut scorers, &mut problems, &mut notes);
        }
        let mut selection = None;
        if let Some(text) = request.tracks.as_deref().filter(|_| !scorers.is_empty()) {
            match select(&mut scorers, text, &mut notes) {
                Ok(selected) => selection = Some(selected),
                Err(found) => problems.extend(found),
            }
        }
        if let Some(length) = request.window {
            if !card.lengths.allow(length) {
                problems.push(PlanProblem::WindowLength {
                    model: card.name.clone(),
                    length,
                    allowed: card.lengths.to_string(),
                });
            }
            let is_wider = |of: &&PlannedIntervalScorer| of.scorer.width.bp().is_some_and(|bp| bp > length.get());
            problems.extend(scorers.iter().filter(is_wider).map(|planned| {
                let scorer = planned.text.clone();
                PlanProblem::TooWide(TooWide { scorer, length })
            }));
        }
        if !problems.is_empty() {
            return Err(PlanError { problems });
        }
        Ok(Self {
            scorers,
            selection,
            notes,
        })
    }

    /// Returns the scorers with their tracks, in order.
    pub fn scorers(&self) -> &[PlannedIntervalScorer] {
        &self.scorers
    }

    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        self.notes.iter().cloned()
    }

    /// Returns the widest scorer: its text and its width in bp.
    pub(super) fn widest(&self) -> Option<(String, u32)> {
        let widths = self.scorers.iter().filter_map(|of| Some((of, of.scorer.width.bp()?)));
        widths.max_by_key(|(_, bp)| *bp).map(|(of, bp)| (of.text.clone(), bp))
    }
}

fn planned(card: &ModelCard, scorer: IntervalScorer) -> Option<PlannedIntervalScorer> {
    let given = card.tracks(scorer.output)?;
    Some(PlannedIntervalScorer {
        text: scorer.to_string(),
        tracks: given.clone(),
        given: given.clone(),
        scorer,
        merge: None,
        kept: None,
    })
}

/// Returns the recommended scorers that a model can serve, and those that it cannot.
fn recommended(card: &ModelCard) -> Result<(Vec<PlannedIntervalScorer>, Vec<PassedOver>), PlanProblem> {
    let (mut served, mut lacking) = (Vec::new(), Vec::new());
    let mut problem = None;
    for named in interval_scorer::RECOMMENDED {
        let scorer = IntervalScorer::parse(named.text)?;
        match planned(card, scorer) {
            Some(planned) => served.push(planned),
            None => {
                problem = Some(output_missing(card, named.name, scorer));
                lacking.push(PassedOver {
                    scorer: named.name,
                    lacks: format!("the model gives no {}", scorer.output),
                });
            }
        }
    }
    match problem {
        Some(problem) if served.is_empty() => Err(problem),
        _ => Ok((served, lacking)),
    }
}

fn output_missing(card: &ModelCard, name: &str, scorer: IntervalScorer) -> PlanProblem {
    let mean = |scorer: &IntervalScorer| {
        scorer.width == Width::Whole
            && scorer.aggregation == IntervalAggregation::Mean
            && card.tracks(scorer.output).is_some()
    };
    PlanProblem::IntervalOutputMissing {
        scorer: name.to_owned(),
        output: scorer.output,
        model: card.name.clone(),
        given: given(card),
        possible: IntervalScorer::all().find(mean).map(|scorer| scorer.to_string()),
    }
}

fn merge(scorers: &mut [PlannedIntervalScorer], problems: &mut Vec<PlanProblem>, notes: &mut Vec<String>) {
    for planned in scorers {
        match MergePlan::of(&planned.given.tracks) {
            Ok(merge) => {
                planned.tracks.tracks = merge.tracks(&planned.given.tracks).into();
                planned.merge = Some(merge);
                let merged = MergedTracks::between(&planned.given, &planned.tracks).map(|merged| merged.to_string());
                notes.extend(merged.map(|merged| format!("tracks of the two strands are merged: {merged}")));
            }
            Err(source) => problems.push(PlanProblem::Unpaired {
                scorer: planned.text.clone(),
                source,
            }),
        }
    }
    notes.dedup();
}

/// Narrows the scorers to the selected tracks.
fn select(
    scorers: &mut [PlannedIntervalScorer],
    text: &str,
    notes: &mut Vec<String>,
) -> Result<Selection, Vec<PlanProblem>> {
    let selection: Selection = text.parse().map_err(|error| vec![PlanProblem::SelectionText(error)])?;
    let mut sets: Vec<TrackSet> = Vec::new();
    for planned in scorers.iter() {
        if sets.iter().all(|set| set.output != planned.tracks.output) {
            sets.push(planned.tracks.clone());
        }
    }
    let resolved = selection
        .resolve(&sets)
        .map_err(|error| vec![PlanProblem::from(error)])?;
    let offered: usize = sets.iter().map(|set| set.tracks.len()).sum();
    notes.push(format!(
        "tracks `{}`: {} of {offered}",
        resolved.canonical,
        resolved.len()
    ));
    notes.extend(resolved.statements.iter().map(ToString::to_string));
    let mut problems = Vec::new();
    for planned in scorers {
        let mut found = sets.iter().zip(&resolved.places);
        let places = found.find(|(set, _)| set.output == planned.tracks.output);
        let places = places.map(|(_, places)| places.clone()).unwrap_or_default();
        if places.is_empty() {
            problems.push(PlanProblem::ScorerWithoutTrack {
                selection: resolved.canonical.to_string(),
                scorer: planned.text.clone(),
                output: planned.tracks.output,
            });
        }
        planned.tracks.tracks = places
            .iter()
            .map(|&place| planned.tracks.tracks[place].clone())
            .collect();
        planned.kept = Some(places);
    }
    if problems.is_empty() {
        Ok(resolved.canonical)
    } else {
        Err(problems)
    }
}
