//! Everything that can fail before the first prediction fails here, all problems together.

use super::source::ScoreSource;
use super::table_options::TableOptions;
use crate::diagnostic::Diagnostic;
use refalt_core::backend::ModelCard;
use refalt_core::organism::Organism;
use refalt_core::scorer::{self, Needs, RECOMMENDED, Scorer, ScorerTextError};
use refalt_core::track_selection::{Selection, SelectionError, SelectionSyntaxError, Statement};
use refalt_core::{Annotation, OutputType, TrackSet};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

/// What the user asks for.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// Scorers by name or text, in order.
    pub scorers: Vec<String>,
    /// Window length in bp.
    pub window: NonZeroU32,
    /// Which tracks get rows, in the language of [`refalt_core::track_selection`]; all of them when not given.
    pub tracks: Option<String>,
    /// Input rows of a part; chosen from the rows of a variant when not given.
    pub rows_per_part: Option<u64>,
    /// Gene annotation, for scorers that work by gene.
    pub annotation: Option<Arc<Annotation>>,
    /// What is written of the scores, and how.
    pub table: TableOptions,
}

/// What will be done.
pub struct Plan {
    pub(crate) scorers: Vec<PlannedScorer>,
    selection: Option<Selection>,
    statements: Vec<Statement>,
    pub(crate) card: ModelCard,
    pub(crate) window: NonZeroU32,
    pub(crate) rows_per_part: u64,
    pub(crate) annotation: Option<Arc<Annotation>>,
    pub(crate) table: TableOptions,
    passed_over: Vec<PassedOver>,
}

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
}

impl PlannedScorer {
    fn new(scorer: Box<dyn Scorer>, given: TrackSet) -> Self {
        Self {
            text: scorer.to_string(),
            scorer,
            tracks: given.clone(),
            given,
            kept: None,
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

/// A reason why the plan cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanProblem {
    /// No scorer is named.
    #[error("no scorer is named")]
    NoScorer,
    /// A scorer is named twice.
    #[error("the scorer `{text}` is named twice")]
    ScorerTwice {
        /// The scorer's text.
        text: String,
    },
    /// A scorer's text is not understood.
    #[error(transparent)]
    Scorer(#[from] ScorerTextError),
    /// The model does not give what a scorer reads.
    #[error("the scorer `{scorer}` reads {output}, which the model `{model}` does not give; it gives {given}")]
    OutputMissing {
        /// The recommended scorers that the model can serve.
        possible: Vec<&'static str>,
        /// The scorer as named.
        scorer: String,
        /// The output type.
        output: OutputType,
        /// The model.
        model: String,
        /// What the model gives, as text.
        given: String,
    },
    /// A scorer needs what the annotation does not have.
    #[error("the scorer `{scorer}` needs {missing}, and none is given")]
    AnnotationMissing {
        /// The scorer as named.
        scorer: String,
        /// What is missing.
        missing: &'static str,
    },
    /// The model does not read windows of this length.
    #[error("the model `{model}` does not read windows of {length} bp; it reads {allowed}")]
    WindowLength {
        /// The model.
        model: String,
        /// The length in bp.
        length: NonZeroU32,
        /// What it reads, as text.
        allowed: String,
    },
    /// Terms of REF and ALT are asked for of scorers that have none.
    #[error("the score of {} is not made of a term of REF and a term of ALT", quoted(.scorers))]
    NoTerms {
        /// The scorers.
        scorers: Vec<String>,
    },
    /// None of the recommended scorers can be served.
    #[error("the model `{model}` can serve none of the recommended scorers: {}", joined(.lacking))]
    NoneRecommended {
        /// The model.
        model: String,
        /// The scorers and what they lack.
        lacking: Vec<PassedOver>,
    },
    /// The selection of tracks is not understood.
    #[error(transparent)]
    SelectionText(#[from] SelectionSyntaxError),
    /// The selection of tracks names what the model does not have.
    #[error("{0}, among the tracks that the scorers read")]
    Selection(#[from] SelectionError),
    /// The selection leaves a scorer nothing to write.
    #[error("`{selection}` selects no {output} track, so the scorer `{scorer}` would have no row")]
    ScorerWithoutTrack {
        /// The selection in its canonical form.
        selection: String,
        /// The scorer's text.
        scorer: String,
        /// The output type that it reads.
        output: OutputType,
    },
    /// Parts of no rows.
    #[error("a part of 0 rows holds nothing")]
    EmptyPart,
}

impl PlanProblem {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoScorer => Some("name one, `--scorers CHIP_TF`; `refalt scorers` lists them".to_owned()),
            Self::Scorer(error) => error.hint(),
            Self::SelectionText(error) => error.hint(),
            Self::Selection(error) => error.hint(),
            Self::ScorerWithoutTrack { output, .. } => Some(format!(
                "leave the scorer out, or select {output} tracks, too: `{output} | ...`"
            )),
            Self::AnnotationMissing { missing, .. } if missing.contains("polyadenylation") => Some(
                "give a table of such sites with --polya, or `--polya transcript-ends` to take the ends of transcripts"
                    .to_owned(),
            ),
            Self::AnnotationMissing { .. } => Some(
                "give gene models on the assembly of the reference with --genes: GTF or GFF3 of GENCODE, Ensembl or RefSeq"
                    .to_owned(),
            ),
            Self::OutputMissing { possible, .. } if !possible.is_empty() => {
                Some(format!("the model can serve {}", possible.join(", ")))
            }
            Self::NoTerms { .. } => Some("leave these scorers out, or do without `--keep-ref-alt`".to_owned()),
            _ => None,
        }
    }
}

/// The plan cannot be carried out, for all of these reasons.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run cannot start: {}", self.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct PlanError {
    /// The reasons, at least one.
    pub problems: Vec<PlanProblem>,
}

impl Diagnostic for PlanError {
    fn place(&self) -> Option<String> {
        self.problems.iter().find_map(|problem| match problem {
            PlanProblem::SelectionText(error) => Some(crate::track_source::place_of(error)),
            _ => None,
        })
    }

    fn hint(&self) -> Option<String> {
        let hints: Vec<String> = self.problems.iter().filter_map(PlanProblem::hint).collect();
        (!hints.is_empty()).then(|| hints.join("; "))
    }

    fn is_usage(&self) -> bool {
        true
    }
}

/// Rows of a part when the user does not choose: large enough to compress well, small enough to lose little.
const SCORE_ROWS_PER_PART: u64 = 4_000_000;

impl Plan {
    /// Makes a plan for a model whose predictions are scored here.
    ///
    /// # Errors
    /// [`PlanError`] with every problem at once.
    pub fn new(card: &ModelCard, options: &PlanOptions) -> Result<Self, PlanError> {
        Self::with_genes(card, Genes::Given(options.annotation.as_deref()), options)
    }

    /// Makes a plan for a source of scores.
    ///
    /// # Errors
    /// [`PlanError`] with every problem at once.
    pub fn for_source(source: &dyn ScoreSource, options: &PlanOptions) -> Result<Self, PlanError> {
        let genes = if source.brings_genes() {
            Genes::OfSource
        } else {
            Genes::Given(options.annotation.as_deref())
        };
        Self::with_genes(source.card(), genes, options)
    }

    fn with_genes(card: &ModelCard, genes: Genes<'_>, options: &PlanOptions) -> Result<Self, PlanError> {
        let mut problems = Vec::new();
        let mut scorers: Vec<PlannedScorer> = Vec::new();
        if options.scorers.is_empty() {
            problems.push(PlanProblem::NoScorer);
        }
        let mut passed_over = Vec::new();
        for name in &options.scorers {
            if name == RECOMMENDED_NAME {
                let (served, lacking) = recommended(card, genes);
                if served.is_empty() {
                    problems.push(PlanProblem::NoneRecommended {
                        model: card.name.clone(),
                        lacking: lacking.clone(),
                    });
                }
                for planned in served {
                    if scorers.iter().all(|other| other.text != planned.text) {
                        scorers.push(planned);
                    }
                }
                passed_over = lacking;
                continue;
            }
            let scorer = match scorer::parse(name) {
                Ok(scorer) => scorer,
                Err(error) => {
                    problems.push(error.into());
                    continue;
                }
            };
            let text = scorer.to_string();
            if scorers.iter().any(|planned| planned.text == text) {
                problems.push(PlanProblem::ScorerTwice { text });
                continue;
            }
            let Some(tracks) = card.tracks(scorer.output()).cloned() else {
                problems.push(PlanProblem::OutputMissing {
                    possible: possible(card),
                    scorer: name.clone(),
                    output: scorer.output(),
                    model: card.name.clone(),
                    given: given(card),
                });
                continue;
            };
            if let Some(missing) = genes.missing(scorer.needs()) {
                problems.push(PlanProblem::AnnotationMissing {
                    scorer: name.clone(),
                    missing,
                });
                continue;
            }
            scorers.push(PlannedScorer::new(scorer, tracks));
        }
        let (selection, statements) = match &options.tracks {
            None => (None, Vec::new()),
            Some(text) => match select(&mut scorers, text) {
                Ok((selection, statements)) => (Some(selection), statements),
                Err(found) => {
                    problems.extend(found);
                    (None, Vec::new())
                }
            },
        };
        if !card.lengths.allow(options.window) {
            problems.push(PlanProblem::WindowLength {
                model: card.name.clone(),
                length: options.window,
                allowed: card.lengths.to_string(),
            });
        }
        let without: Vec<String> = scorers
            .iter()
            .filter(|planned| options.table.terms && !planned.scorer.has_terms())
            .map(|planned| planned.name().to_owned())
            .collect();
        if !without.is_empty() {
            problems.push(PlanProblem::NoTerms { scorers: without });
        }
        if options.rows_per_part == Some(0) {
            problems.push(PlanProblem::EmptyPart);
        }
        if !problems.is_empty() {
            return Err(PlanError { problems });
        }
        let per_variant = score_rows(&scorers).max(1);
        Ok(Self {
            rows_per_part: options
                .rows_per_part
                .unwrap_or((SCORE_ROWS_PER_PART / per_variant).clamp(1, 65_536)),
            scorers,
            selection,
            statements,
            card: card.clone(),
            window: options.window,
            annotation: options.annotation.clone(),
            table: options.table,
            passed_over,
        })
    }

    /// Returns the model's card.
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// Returns the scorers with their tracks, in order.
    pub fn planned(&self) -> &[PlannedScorer] {
        &self.scorers
    }

    /// Returns what is written of the scores, and how.
    pub fn table(&self) -> TableOptions {
        self.table
    }

    /// Returns the recommended scorers that were asked for and that the source cannot serve.
    pub fn passed_over(&self) -> &[PassedOver] {
        &self.passed_over
    }

    /// Returns the scorers' texts, in order.
    pub fn scorers(&self) -> impl Iterator<Item = &str> {
        self.scorers.iter().map(|planned| planned.text.as_str())
    }

    /// Returns which tracks get rows; `None` when all do.
    pub fn selection(&self) -> Option<&Selection> {
        self.selection.as_ref()
    }

    /// Returns what the selection of tracks took in place of what was written.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Returns how many tracks get rows and how many the model gives, over the output types that are read.
    pub fn tracks(&self) -> [usize; 2] {
        let count = |tracks: fn(&PlannedScorer) -> &TrackSet| {
            let firsts = each_output(&self.scorers).into_iter();
            firsts.map(|planned| tracks(planned).tracks.len()).sum()
        };
        [count(|planned| &planned.tracks), count(|planned| &planned.given)]
    }

    /// Returns the tracks that get rows, each output type once.
    pub fn written(&self) -> Vec<TrackSet> {
        each_output(&self.scorers)
            .into_iter()
            .map(|planned| planned.tracks.clone())
            .collect()
    }

    /// Returns the window length in bp.
    pub fn window(&self) -> NonZeroU32 {
        self.window
    }

    /// Returns the number of input rows of a part.
    pub fn rows_per_part(&self) -> u64 {
        self.rows_per_part
    }

    /// Returns what scoring `variants` variants comes to, if each is near as many genes as is usual.
    pub fn estimate(&self, variants: u64) -> Estimate {
        self.estimate_rows(variants, variants * score_rows(&self.scorers))
    }

    /// Returns what scoring `variants` variants comes to when it makes so many rows.
    pub(crate) fn estimate_rows(&self, variants: u64, score_rows: u64) -> Estimate {
        Estimate {
            variants,
            calls: variants,
            score_rows,
            disk_bytes: score_rows * BYTES_PER_SCORE_ROW_TENTHS / 10,
        }
    }
}

/// Bytes of a score row on disk, in tenths, as measured for full-entropy scores with zstd.
const BYTES_PER_SCORE_ROW_TENTHS: u64 = 46;

/// The name that stands for every recommended scorer that the source can serve.
pub const RECOMMENDED_NAME: &str = "recommended";

/// Where the genes of scorers by gene come from.
#[derive(Clone, Copy)]
enum Genes<'a> {
    Given(Option<&'a Annotation>),
    OfSource,
}

impl Genes<'_> {
    fn missing(self, needs: Needs) -> Option<&'static str> {
        match self {
            Self::Given(annotation) => needs.missing(annotation),
            Self::OfSource => None,
        }
    }
}

/// Returns the recommended scorers of the model's organism: those that can be served, and those that cannot.
fn recommended(card: &ModelCard, genes: Genes<'_>) -> (Vec<PlannedScorer>, Vec<PassedOver>) {
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
                served.push(PlannedScorer::new(scorer, tracks.clone()));
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
fn possible(card: &ModelCard) -> Vec<&'static str> {
    let (served, _) = recommended(card, Genes::OfSource);
    let named = RECOMMENDED
        .iter()
        .filter(|named| served.iter().any(|planned| planned.text == named.text));
    named.map(|named| named.name).collect()
}

fn joined(lacking: &[PassedOver]) -> String {
    lacking.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn quoted(scorers: &[String]) -> String {
    scorers
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The size of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Variants to score.
    pub variants: u64,
    /// Calls of the model: one for each variant, REF and ALT together.
    pub calls: u64,
    /// Rows of the score table.
    pub score_rows: u64,
    /// Bytes of the score table on disk.
    pub disk_bytes: u64,
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

/// Narrows the scorers to the selected tracks.
fn select(scorers: &mut [PlannedScorer], text: &str) -> Result<(Selection, Vec<Statement>), Vec<PlanProblem>> {
    let selection: Selection = text.parse().map_err(|error: SelectionSyntaxError| vec![error.into()])?;
    let sets: Vec<TrackSet> = each_output(scorers)
        .into_iter()
        .map(|planned| planned.given.clone())
        .collect();
    if sets.is_empty() {
        // No scorer is left to narrow; why that is so is reported.
        return Ok((selection, Vec::new()));
    }
    let resolved = selection.resolve(&sets).map_err(|error| vec![error.into()])?;
    let mut problems = Vec::new();
    for planned in scorers {
        let found = sets.iter().zip(&resolved.places);
        let places = found.into_iter().find(|(set, _)| set.output == planned.given.output);
        let places = places.map_or(&[][..], |(_, places)| places);
        if places.is_empty() {
            problems.push(PlanProblem::ScorerWithoutTrack {
                selection: selection.to_string(),
                scorer: planned.text.clone(),
                output: planned.given.output,
            });
        }
        planned.tracks.tracks = places
            .iter()
            .map(|&place| planned.given.tracks[place].clone())
            .collect();
        planned.kept = Some(places.to_vec());
    }
    if problems.is_empty() {
        Ok((selection, resolved.statements))
    } else {
        Err(problems)
    }
}

/// Genes near a variant that are assumed before one is scored.
const USUAL_GENES: u64 = 10;

fn score_rows(scorers: &[PlannedScorer]) -> u64 {
    let rows = |planned: &PlannedScorer| match planned.scorer.needs() {
        Needs::Nothing => planned.tracks.tracks.len() as u64,
        Needs::Genes | Needs::PolyaSites => planned.tracks.tracks.len() as u64 * USUAL_GENES,
    };
    scorers.iter().map(rows).sum()
}

fn given(card: &ModelCard) -> String {
    let names: Vec<&str> = card.outputs.iter().map(|tracks| tracks.output.name()).collect();
    names.join(", ")
}
