//! Scorers with the tracks that they read: by name, by recommendation, by selection.

use super::problem::PlanProblem;
use refalt_core::backend::ModelCard;
use refalt_core::organism::Organism;
use refalt_core::scorer::{self, Needs, RECOMMENDED, Scorer};
use refalt_core::track_selection::{Selection, SelectionSyntaxError, Statement};
use refalt_core::{Annotation, TrackSet};
use std::fmt;

/// A scorer with the tracks it reads.
pub struct PlannedScorer {
    /// The scorer.
    pub scorer: Box<dyn Scorer>,
    /// Its text.
    pub text: String,
    /// What the source gives.
    pub given: TrackSet,
    /// What gets rows: all that is given, or what is selected.
    pub tracks: TrackSet,
    /// For each track that gets rows its index in what is given; `None` when they are the same.
    kept: Option<Vec<usize>>,
    /// The name, for scorers that are there because they are recommended.
    recommended: Option<&'static str>,
}

impl PlannedScorer {
    pub(super) fn new(scorer: Box<dyn Scorer>, given: TrackSet) -> Self {
        Self {
            text: scorer.to_string(),
            scorer,
            tracks: given.clone(),
            given,
            kept: None,
            recommended: None,
        }
    }

    /// Returns the index of a written track in what the source gives.
    pub(crate) fn place(&self, track: usize) -> usize {
        self.kept.as_ref().map_or(track, |kept| kept[track])
    }

    /// Takes the scores of the tracks that get rows from those of all tracks, `[rows x tracks]`.
    pub fn keep(&self, scores: Vec<f32>) -> Vec<f32> {
        let Some(kept) = &self.kept else { return scores };
        let rows = scores.chunks_exact(self.given.tracks.len().max(1));
        rows.flat_map(|row| kept.iter().map(|&place| row[place])).collect()
    }

    /// Returns the recommended name, `CHIP_TF`, or the text of a scorer that has none.
    pub fn name(&self) -> &str {
        let named = RECOMMENDED.iter().find(|named| named.text == self.text);
        named.map_or(&self.text, |named| named.name)
    }
}

/// A recommended scorer that the source cannot serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The scorer's name.
    pub scorer: &'static str,
    /// What it lacks, in words.
    pub lacks: String,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.scorer, self.lacks)
    }
}

/// The name that stands for every recommended scorer that the source can serve.
pub const RECOMMENDED_NAME: &str = "recommended";

/// Where the genes of scorers by gene come from.
#[derive(Clone, Copy)]
pub(super) enum Genes<'a> {
    Given(Option<&'a Annotation>),
    OfSource,
}

impl Genes<'_> {
    pub(super) fn missing(self, needs: Needs) -> Option<&'static str> {
        match self {
            Self::Given(annotation) => needs.missing(annotation),
            Self::OfSource => None,
        }
    }
}

/// Returns the recommended scorers of the model's organism: those that can be served, and those that cannot.
pub(super) fn recommended(card: &ModelCard, genes: Genes<'_>) -> (Vec<PlannedScorer>, Vec<PassedOver>) {
    let organism = Organism::from_name(&card.organism).unwrap_or(Organism::Human);
    let (mut served, mut lacking) = (Vec::new(), Vec::new());
    for named in scorer::recommended(organism) {
        let Ok(scorer) = scorer::parse(named.name) else {
            continue;
        };
        let lacks = match (card.tracks(scorer.output()), genes.missing(scorer.needs())) {
            (None, _) => format!("the model gives no {}", scorer.output()),
            (Some(_), Some(missing)) => format!("it needs {missing}"),
            (Some(tracks), None) => {
                served.push(PlannedScorer {
                    recommended: Some(named.name),
                    ..PlannedScorer::new(scorer, tracks.clone())
                });
                continue;
            }
        };
        lacking.push(PassedOver {
            scorer: named.name,
            lacks,
        });
    }
    (served, lacking)
}

/// Returns the names of the recommended scorers that a model can serve, with the annotation that they need.
pub(super) fn possible(card: &ModelCard) -> Vec<&'static str> {
    let (served, _) = recommended(card, Genes::OfSource);
    let named = RECOMMENDED
        .iter()
        .filter(|named| served.iter().any(|planned| planned.text == named.text));
    named.map(|named| named.name).collect()
}

/// Returns the first scorer of each output type.
pub(crate) fn each_output(scorers: &[PlannedScorer]) -> Vec<&PlannedScorer> {
    let mut firsts: Vec<&PlannedScorer> = Vec::new();
    for planned in scorers {
        if firsts.iter().all(|first| first.given.output != planned.given.output) {
            firsts.push(planned);
        }
    }
    firsts
}

/// What a selection of tracks came to.
pub(super) struct Selected {
    pub(super) selection: Selection,
    pub(super) statements: Vec<Statement>,
    /// Recommended scorers without a selected track.
    pub(super) passed_over: Vec<PassedOver>,
}

/// Narrows the scorers to the selected tracks; recommended ones that have none are left out.
pub(super) fn select(scorers: &mut Vec<PlannedScorer>, text: &str) -> Result<Selected, Vec<PlanProblem>> {
    let selection: Selection = text.parse().map_err(|error: SelectionSyntaxError| vec![error.into()])?;
    let sets: Vec<TrackSet> = each_output(scorers)
        .into_iter()
        .map(|planned| planned.given.clone())
        .collect();
    let mut selected = Selected {
        selection,
        statements: Vec::new(),
        passed_over: Vec::new(),
    };
    if sets.is_empty() {
        // No scorer is left to narrow; why that is so is reported.
        return Ok(selected);
    }
    let resolved = selected.selection.resolve(&sets).map_err(|error| vec![error.into()])?;
    selected.statements = resolved.statements;
    let mut problems = Vec::new();
    scorers.retain_mut(|planned| {
        let output = planned.given.output;
        let mut found = sets.iter().zip(&resolved.places);
        let places = found.find(|(set, _)| set.output == output);
        let places = places.map_or(&[][..], |(_, places)| places);
        match (places, planned.recommended) {
            ([], Some(scorer)) => selected.passed_over.push(PassedOver {
                scorer,
                lacks: format!("no {output} track is selected"),
            }),
            ([], None) => problems.push(PlanProblem::ScorerWithoutTrack {
                selection: selected.selection.to_string(),
                scorer: planned.text.clone(),
                output,
            }),
            _ => {}
        }
        let tracks = places.iter().map(|&place| planned.given.tracks[place].clone());
        planned.tracks.tracks = tracks.collect();
        planned.kept = Some(places.to_vec());
        !places.is_empty()
    });
    if problems.is_empty() {
        Ok(selected)
    } else {
        Err(problems)
    }
}

pub(super) fn given(card: &ModelCard) -> String {
    let names: Vec<&str> = card.outputs.iter().map(|tracks| tracks.output.name()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::{OutputType, Resolution, Track};

    #[test]
    fn every_row_keeps_the_selected_tracks() {
        let set = |names: &[&str]| TrackSet {
            output: OutputType::RnaSeq,
            resolution: Resolution::BP_1,
            tracks: names
                .iter()
                .map(|name| Track {
                    name: (*name).to_owned(),
                    ..Track::default()
                })
                .collect(),
        };
        let scorer = scorer::parse("RNA_SEQ").unwrap();
        let mut scorers = vec![PlannedScorer::new(scorer, set(&["a", "b", "c"]))];
        assert_eq!(scorers[0].keep(vec![1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]);
        assert!(select(&mut scorers, "name=c,a").is_ok());
        // Two genes by three tracks: a and c of each.
        assert_eq!(
            scorers[0].keep(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            [1.0, 3.0, 4.0, 6.0]
        );
        assert_eq!((scorers[0].place(0), scorers[0].place(1)), (0, 2));
        assert_eq!(scorers[0].tracks, set(&["a", "c"]));
        assert!(scorers[0].keep(Vec::new()).is_empty());
    }
}
