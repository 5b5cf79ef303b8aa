//! Everything that can fail before the first prediction fails here, all problems together.

mod planned;
mod problem;

pub use planned::{MergedTracks, PassedOver, PlannedScorer, RECOMMENDED_NAME};
pub use problem::{PlanError, PlanProblem};

use super::source::ScoreSource;
use super::table_options::TableOptions;
use planned::{Genes, merge_stranded, possible, recommended, select};
use refalt_core::backend::ModelCard;
use refalt_core::scorer::{self, Needs};
use refalt_core::track_selection::{Selection, Statement};
use refalt_core::{Annotation, TrackSet};
use std::num::NonZeroU32;
use std::sync::Arc;

pub(crate) use planned::{each_output, given};

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
    selection_given: Option<String>,
    statements: Vec<Statement>,
    pub(crate) card: ModelCard,
    pub(crate) window: NonZeroU32,
    pub(crate) rows_per_part: u64,
    pub(crate) annotation: Option<Arc<Annotation>>,
    pub(crate) table: TableOptions,
    passed_over: Vec<PassedOver>,
    /// Whether the source is a service elsewhere.
    pub(crate) service: bool,
    /// Whether a variant takes seconds, on all threads.
    pub(crate) slow: bool,
}

/// Rows of a part when the user does not choose: large enough to compress well, small enough to lose little.
const SCORE_ROWS_PER_PART: u64 = 4_000_000;

/// Rows of a part when a service is asked: an answer that is not in a finished part is asked for, and paid for, again.
const SERVICE_ROWS_PER_PART: u64 = 64;

/// Rows of a part when a variant takes seconds or minutes: a run that is killed loses no more than these.
const SLOW_ROWS_PER_PART: u64 = 4;

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
        let mut plan = Self::with_genes(source.card(), genes, options)?;
        plan.service = source.is_service();
        plan.slow = source.is_slow();
        if options.rows_per_part.is_none() && (plan.service || plan.slow) {
            plan.rows_per_part = if plan.slow {
                SLOW_ROWS_PER_PART
            } else {
                SERVICE_ROWS_PER_PART
            };
        }
        Ok(plan)
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
        if options.table.merge_stranded {
            problems.extend(merge_stranded(&mut scorers));
        }
        let (selection, statements) = match &options.tracks {
            None => (None, Vec::new()),
            Some(text) => match select(&mut scorers, text) {
                Ok(selected) => {
                    passed_over.extend(selected.passed_over);
                    (Some(selected.selection), selected.statements)
                }
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
            selection_given: options.tracks.clone(),
            statements,
            card: card.clone(),
            window: options.window,
            annotation: options.annotation.clone(),
            table: options.table,
            passed_over,
            service: false,
            slow: false,
        })
    }

    /// Returns the plan of some of its scorers, for a source that asks others; their order is that given.
    ///
    /// * `scorers`: indices into [`planned`](Self::planned).
    /// * Returns `None` for an index that is none.
    pub fn of_scorers(&self, scorers: &[usize]) -> Option<Self> {
        let scorers = scorers.iter().map(|&number| self.scorers.get(number)?.again());
        Some(Self {
            scorers: scorers.collect::<Option<_>>()?,
            selection: self.selection.clone(),
            selection_given: self.selection_given.clone(),
            statements: self.statements.clone(),
            card: self.card.clone(),
            window: self.window,
            rows_per_part: self.rows_per_part,
            annotation: self.annotation.clone(),
            table: self.table,
            passed_over: self.passed_over.clone(),
            service: self.service,
            slow: self.slow,
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

    /// Returns which tracks get rows, in the canonical form; `None` when all do.
    pub fn selection(&self) -> Option<&Selection> {
        self.selection.as_ref()
    }

    /// Returns the selection of tracks as it was given.
    pub fn selection_given(&self) -> Option<&str> {
        self.selection_given.as_deref()
    }

    /// Returns what the selection of tracks took in place of what was written.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Returns how many tracks get rows and how many could, over the output types that are read.
    pub fn tracks(&self) -> [usize; 2] {
        let count = |tracks: fn(&PlannedScorer) -> &TrackSet| {
            let firsts = each_output(&self.scorers).into_iter();
            firsts.map(|planned| tracks(planned).tracks.len()).sum()
        };
        [count(|planned| &planned.tracks), count(|planned| &planned.offered)]
    }

    /// Returns the tracks that get rows, each output type once.
    pub fn written(&self) -> Vec<TrackSet> {
        each_output(&self.scorers)
            .into_iter()
            .map(|planned| planned.tracks.clone())
            .collect()
    }

    /// Returns what merging stranded tracks comes to, for each output type that has some.
    pub fn merged(&self) -> Vec<MergedTracks> {
        each_output(&self.scorers)
            .into_iter()
            .filter_map(MergedTracks::of)
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

/// Bytes of a score row on disk, in tenths, as measured for full-entropy scores without quantiles, which take 32 more.
const BYTES_PER_SCORE_ROW_TENTHS: u64 = 37;

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

/// Genes near a variant that are assumed before one is scored.
const USUAL_GENES: u64 = 10;

fn score_rows(scorers: &[PlannedScorer]) -> u64 {
    let rows = |planned: &PlannedScorer| match planned.scorer.needs() {
        Needs::Nothing => planned.tracks.tracks.len() as u64,
        Needs::Genes | Needs::PolyaSites => planned.tracks.tracks.len() as u64 * USUAL_GENES,
    };
    scorers.iter().map(rows).sum()
}
