//! Who scores intervals.

use super::plan::PlannedIntervalScorer;
use crate::engine::{ModelSource, SourceError, origin};
use refalt_core::score::Origin;
use refalt_core::scorer::{ScoreError, ScoreRows};
use refalt_core::{Annotation, BackendError, ModelCard, OutputRequest, Query, Sequence, Window};
use std::sync::Arc;

/// An interval to score.
#[derive(Clone, Copy, Debug)]
pub struct IntervalJob<'a> {
    /// The window.
    pub window: &'a Window,
    /// Its sequence.
    pub sequence: &'a Sequence,
    /// The genes, where the source does not bring its own.
    pub annotation: Option<&'a Annotation>,
}

/// Scores of one interval by one scorer.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalBlock {
    /// The genes.
    pub rows: ScoreRows,
    /// Scores, `[genes x tracks]`, row-major, all tracks that the source gives for the scorer's output.
    pub raw: Vec<f32>,
    /// Quantile scores like these, where the source gives them.
    pub quantile: Option<Vec<f32>>,
    /// Where the scores come from.
    pub origin: Arc<Origin>,
}

/// A source of interval scores.
pub trait IntervalSource: Send + Sync {
    /// Returns what the source is and which tracks it gives.
    fn card(&self) -> &ModelCard;

    /// Says whether the source brings genes of its own.
    fn brings_genes(&self) -> bool {
        false
    }

    /// Returns how many intervals are worth scoring at once on a machine with so many threads.
    fn at_once(&self, threads: usize) -> usize {
        threads
    }

    /// Scores an interval: a block for every scorer, in order.
    ///
    /// It is called from several threads at once.
    ///
    /// # Errors
    /// [`SourceError`] when there is no answer.
    fn score_interval(
        &self,
        job: &IntervalJob<'_>,
        scorers: &[PlannedIntervalScorer],
    ) -> Result<Vec<IntervalBlock>, SourceError>;
}

impl IntervalSource for ModelSource {
    fn card(&self) -> &ModelCard {
        self.0.card()
    }

    fn score_interval(
        &self,
        job: &IntervalJob<'_>,
        scorers: &[PlannedIntervalScorer],
    ) -> Result<Vec<IntervalBlock>, SourceError> {
        let annotation = |planned: &PlannedIntervalScorer| {
            job.annotation.ok_or_else(|| ScoreError::AnnotationMissing {
                scorer: planned.text.clone(),
                missing: "a gene annotation",
            })
        };
        let request = |planned: &PlannedIntervalScorer| {
            let request = planned.scorer.request(&planned.given, job.window, annotation(planned)?);
            request.map_err(ScoreError::from)
        };
        let requests: Vec<OutputRequest> = scorers.iter().map(request).collect::<Result<_, _>>()?;
        let outputs = OutputRequest::joined(requests);
        let query = Query {
            window: job.window,
            reference: job.sequence,
            alternates: &[],
            alignments: &[],
            known_sites: &[],
            abandoned: Default::default(),
            outputs: &outputs,
        };
        let none = || BackendError::Query {
            model: IntervalSource::card(self).name.clone(),
            window: job.window.to_string(),
            reason: "it gave no answer".to_owned(),
        };
        let answer = self.0.predict(&[query]).pop().ok_or_else(none)??;
        let origin = Arc::new(origin(IntervalSource::card(self), None));
        let score = |planned: &PlannedIntervalScorer| {
            let scores = planned
                .scorer
                .score(&answer.reference, job.window, annotation(planned)?)?;
            Ok(IntervalBlock {
                rows: scores.rows,
                raw: scores.raw,
                quantile: None,
                origin: Arc::clone(&origin),
            })
        };
        scorers.iter().map(score).collect()
    }
}
