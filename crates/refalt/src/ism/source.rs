//! Who scores the substitutions of a stretch.

use crate::engine::{ModelSource, Plan, ScoreSource, SourceError, origin};
use refalt_core::score::ScoreBlock;
use refalt_core::scorer::{ScoringInput, ScoringPlace};
use refalt_core::splice_candidate::Splicing;
use refalt_core::{BackendError, CheckedVariant, Interval, OutputRequest, Query, RefAlt, Sequence, Window};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A stretch with its substitutions.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// The window that serves all of them.
    pub window: &'a Window,
    /// The stretch, within the window.
    pub interval: Interval,
    /// The reference sequence of the window.
    pub reference: &'a Sequence,
    /// The substitutions, by position and base.
    pub substitutions: &'a [CheckedVariant],
    /// Threads that compute.
    pub threads: usize,
}

/// A source of scores that knows a better way through a stretch than variant by variant.
pub trait IsmSource: ScoreSource {
    /// Returns the source of scores, for plans.
    fn as_scores(&self) -> &dyn ScoreSource;

    /// Scores every substitution: for each, in order, a block for every scorer of the plan.
    ///
    /// * `progress`: told how many substitutions are done.
    ///
    /// # Errors
    /// [`SourceError`] of the first substitution that fails: a matrix has no holes.
    fn score_stretch(
        &self,
        plan: &Plan,
        stretch: &Stretch<'_>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Vec<Vec<ScoreBlock>>, SourceError>;
}

/// Alternates of a batch: the reference is predicted once for all of them.
const BATCH: usize = 48;

impl IsmSource for ModelSource {
    fn as_scores(&self) -> &dyn ScoreSource {
        self
    }

    fn score_stretch(
        &self,
        plan: &Plan,
        stretch: &Stretch<'_>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Vec<Vec<ScoreBlock>>, SourceError> {
        type Scored = Result<Vec<Vec<ScoreBlock>>, SourceError>;
        let batches: Vec<&[CheckedVariant]> = stretch.substitutions.chunks(BATCH).collect();
        let scored: Vec<Mutex<Option<Scored>>> = batches.iter().map(|_| Mutex::new(None)).collect();
        let (next, done, failed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
        let work = || {
            while !failed.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let (Some(batch), Some(place)) = (batches.get(at), scored.get(at)) else {
                    break;
                };
                let result = self.score_batch(plan, stretch, batch);
                failed.fetch_or(result.is_err(), Ordering::Relaxed);
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                let before = done.fetch_add(batch.len(), Ordering::Relaxed);
                progress((before + batch.len()) as u64);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..stretch.threads.min(batches.len()).max(1) {
                scope.spawn(work);
            }
            work();
        });
        let mut blocks = Vec::with_capacity(stretch.substitutions.len());
        // Batches are begun in order, so whatever failed comes before what was not begun.
        for place in scored {
            match place.into_inner().unwrap_or_else(PoisonError::into_inner) {
                Some(result) => blocks.extend(result?),
                None => break,
            }
        }
        Ok(blocks)
    }
}

trait ScoreBatch {
    fn score_batch(
        &self,
        plan: &Plan,
        stretch: &Stretch<'_>,
        batch: &[CheckedVariant],
    ) -> Result<Vec<Vec<ScoreBlock>>, SourceError>;
}

impl ScoreBatch for ModelSource {
    fn score_batch(
        &self,
        plan: &Plan,
        stretch: &Stretch<'_>,
        batch: &[CheckedVariant],
    ) -> Result<Vec<Vec<ScoreBlock>>, SourceError> {
        let place = |variant| ScoringPlace {
            variant,
            window: stretch.window,
            annotation: plan.annotation.as_deref(),
        };
        let wanted = batch.iter().flat_map(|variant| {
            let place = place(variant);
            plan.scorers
                .iter()
                .map(move |planned| planned.scorer.request(&planned.given, &place))
        });
        let outputs = OutputRequest::joined(wanted);
        let failed = |reason: &str| BackendError::Query {
            model: plan.card().name.clone(),
            window: stretch.window.to_string(),
            reason: reason.to_owned(),
        };
        let changed = |variant: &CheckedVariant| {
            let offset = stretch.window.offset_of(variant.position())?;
            let mut bases = stretch.reference.as_bytes().to_vec();
            bases[offset.index()] = *variant.alternate_bases().as_bytes().first()?;
            Some(Sequence::from_bases(bases))
        };
        let alternates: Option<Vec<Sequence>> = batch.iter().map(changed).collect();
        let alternates = alternates.ok_or_else(|| failed("a substitution lies outside the window"))?;
        let splicing = Splicing::of(&outputs, stretch.window, batch, plan.annotation.as_deref());
        let query = Query {
            window: stretch.window,
            reference: stretch.reference,
            alternates: &alternates,
            alignments: splicing.alignments(),
            known_sites: splicing.known_sites(),
            abandoned: Default::default(),
            outputs: &outputs,
        };
        let answer = self
            .0
            .predict(&[query])
            .pop()
            .ok_or_else(|| failed("it gave no answer"))??;
        if answer.alternates.len() != batch.len() {
            return Err(failed("it did not answer for every substitution").into());
        }
        let origin = Arc::new(origin(plan.card(), None));
        let score = |(variant, alternate)| {
            let input = ScoringInput {
                outputs: RefAlt {
                    reference: &answer.reference,
                    alternate,
                },
                place: place(variant),
            };
            let blocks = plan.scorers.iter().enumerate().map(|(scorer, planned)| {
                let scores = planned.scorer.score(&input)?;
                Ok(ScoreBlock {
                    scorer,
                    raw: planned.keep(&scores.rows, scores.raw),
                    quantile: None,
                    terms: None,
                    rows: scores.rows,
                    origin: Arc::clone(&origin),
                })
            });
            blocks.collect()
        };
        batch.iter().zip(&answer.alternates).map(score).collect()
    }
}
