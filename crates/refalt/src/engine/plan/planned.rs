//! Scorers with the tracks that they read: by name, by recommendation, by selection.

use super::problem::PlanProblem;
use refalt_core::backend::ModelCard;
use refalt_core::organism::Organism;
use refalt_core::scorer::{self, Needs, RECOMMENDED, ScoreRows, Scorer};
use refalt_core::stranded_merge::MergePlan;
use refalt_core::track_selection::{Selection, SelectionSyntaxError, Statement};
use refalt_core::{Annotation, OutputType, Strand, Track, TrackSet};
use std::fmt;

/// A scorer with the tracks it reads.
pub struct PlannedScorer {
    /// The scorer.
    pub scorer: Box<dyn Scorer>,
    /// Its text.
    pub text: String,
    /// What the source gives.
    pub given: TrackSet,
    /// What can get rows: what is given, with the tracks of the two strands merged where that is asked for.
    pub offered: TrackSet,
    /// What gets rows: all that is offered, or what is selected.
    pub tracks: TrackSet,
    /// How given tracks become offered ones; `None` when they are the same.
    merge: Option<MergePlan>,
    /// For each track that gets rows its index in what is offered; `None` when they are the same.
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
            offered: given.clone(),
            given,
            merge: None,
            kept: None,
            recommended: None,
        }
    }

    /// Makes the same once more; `None` when the scorer's text does not read back to it.
    pub(super) fn again(&self) -> Option<Self> {
        Some(Self {
            scorer: scorer::parse(&self.text).ok()?,
            text: self.text.clone(),
            given: self.given.clone(),
            offered: self.offered.clone(),
            tracks: self.tracks.clone(),
            merge: self.merge.clone(),
            kept: self.kept.clone(),
            recommended: self.recommended,
        })
    }

    /// Returns the index of a written track in what is offered.
    pub(crate) fn place(&self, track: usize) -> usize {
        self.kept.as_ref().map_or(track, |kept| kept[track])
    }

    /// Makes the scores of the tracks that get rows from those of all given tracks, `[rows x tracks]`.
    ///
    /// * `rows`: what the scores are about; their genes decide between the strands of merged tracks.
    pub fn keep(&self, rows: &ScoreRows, scores: Vec<f32>) -> Vec<f32> {
        let scores = match &self.merge {
            None => scores,
            Some(merge) => {
                let strands = rows.iter().map(|row| row.and_then(|row| row.gene.strand));
                let pairs = scores.chunks_exact(self.given.tracks.len().max(1)).zip(strands);
                pairs.flat_map(|(values, gene)| merge.row(values, gene)).collect()
            }
        };
        let Some(kept) = &self.kept else { return scores };
        let rows = scores.chunks_exact(self.offered.tracks.len().max(1));
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

/// What merging the tracks of the two strands makes of an output type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergedTracks {
    /// The output type.
    pub output: OutputType,
    /// Tracks that the source gives.
    pub given: usize,
    /// Tracks after merging.
    pub merged: usize,
    /// Tracks without strand that are left out, as the published merging does, for a pair has their name.
    pub left_out: usize,
}

impl MergedTracks {
    /// Counts the tracks of a scorer; `None` where nothing is merged.
    pub(super) fn of(planned: &PlannedScorer) -> Option<Self> {
        planned.merge.as_ref()?;
        Self::between(&planned.given, &planned.offered)
    }

    /// Counts tracks before and after merging; `None` where none is on the reverse strand.
    pub(crate) fn between(before: &TrackSet, after: &TrackSet) -> Option<Self> {
        let (given, merged) = (before.tracks.len(), after.tracks.len());
        let reverse = |track: &&Track| track.strand == Some(Strand::Reverse);
        let pairs = before.tracks.iter().filter(reverse).count();
        (pairs > 0).then_some(Self {
            output: before.output,
            left_out: given - pairs - merged,
            given,
            merged,
        })
    }
}

impl fmt::Display for MergedTracks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {} to {} tracks", self.output, self.given, self.merged)?;
        match self.left_out {
            0 => Ok(()),
            count => write!(f, " ({count} without strand left out: a stranded one has their name)"),
        }
    }
}

/// Merges the tracks of the two strands for scorers by gene.
///
/// The table of tracks and selections know the tracks of an output type once, so another scorer may not read them as
/// they are given.
pub(super) fn merge_stranded(scorers: &mut [PlannedScorer]) -> Vec<PlanProblem> {
    let mut problems = Vec::new();
    for planned in scorers
        .iter_mut()
        .filter(|planned| planned.scorer.needs() != Needs::Nothing)
    {
        match MergePlan::of(&planned.given.tracks) {
            Ok(merge) => {
                planned.offered.tracks = merge.tracks(&planned.given.tracks).into();
                planned.tracks = planned.offered.clone();
                planned.merge = Some(merge);
            }
            Err(source) => problems.push(PlanProblem::Unpaired {
                scorer: planned.name().to_owned(),
                source,
            }),
        }
    }
    for planned in scorers
        .iter()
        .filter(|planned| planned.scorer.needs() == Needs::Nothing)
    {
        let is_other = |other: &&PlannedScorer| {
            let same_output = other.given.output == planned.given.output;
            same_output && other.merge.is_some() && other.offered != planned.offered
        };
        if let Some(by_gene) = scorers.iter().find(is_other) {
            problems.push(PlanProblem::StrandedToo {
                output: planned.given.output,
                by_gene: by_gene.name().to_owned(),
                scorer: planned.name().to_owned(),
            });
        }
    }
    problems
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
        .map(|planned| planned.offered.clone())
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
    selected.selection = resolved.canonical;
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
        let tracks = places.iter().map(|&place| planned.offered.tracks[place].clone());
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

pub(crate) fn given(card: &ModelCard) -> String {
    let names: Vec<&str> = card.outputs.iter().map(|tracks| tracks.output.name()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::Resolution;

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
        // Without merging the rows do not matter.
        let one = ScoreRows::One;
        let mut scorers = vec![PlannedScorer::new(scorer, set(&["a", "b", "c"]))];
        assert_eq!(scorers[0].keep(&one, vec![1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]);
        assert!(select(&mut scorers, "name=c,a").is_ok());
        // Two genes by three tracks: a and c of each.
        assert_eq!(
            scorers[0].keep(&one, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            [1.0, 3.0, 4.0, 6.0]
        );
        assert_eq!((scorers[0].place(0), scorers[0].place(1)), (0, 2));
        assert_eq!(scorers[0].tracks, set(&["a", "c"]));
        assert!(scorers[0].keep(&one, Vec::new()).is_empty());
    }
}
