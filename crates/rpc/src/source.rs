//! The service as a source of scores, of variants for the engine and of intervals: `--model api`.
//!
//! The service scores by itself and brings its own genes. Its answers are of its model; they are recorded under the
//! model's name, version and a digest of its tracks, so that a run is not resumed against a service that has changed
//! them. Every row states the day of its answer (UTC), and nothing finer: of all that is written, only this depends on when
//! the service was asked. An answer from the cache has the day on which it was given.

use crate::answer::ScoredTracks;
use crate::cache::AnswerCache;
use crate::cache::now_utc_s;
use crate::cached_client::{AnswerTally, Answered, CachedClient};
use crate::client::{Client, Place, window_lengths};
use crate::error::ApiError;
use crate::track_lists::{difference, digest, with_states};
use crate::wire_error::WireError;
use refalt::engine::{Plan, PlannedScorer, ScoreSource, SourceError, SourceJob, origin};
use refalt::interval_scores::{IntervalBlock, IntervalJob, IntervalSource, PlannedIntervalScorer};
use refalt::{Diagnostic, ServiceStop};
use refalt_core::backend::WindowLengths;
use refalt_core::interval_scorer::IntervalScorer;
use refalt_core::score::{Origin, ScoreBlock, UtcDay};
use refalt_core::scorer::Scorer;
use refalt_core::{ModelCard, TrackSet};
use std::sync::Arc;

impl Diagnostic for ApiError {
    fn is_usage(&self) -> bool {
        matches!(self, Self::Address(_) | Self::Curie(_) | Self::Request { .. })
    }

    fn service_stop(&self) -> Option<ServiceStop> {
        if self.is_credentials() {
            Some(ServiceStop::Credentials)
        } else if self.is_service_stop() {
            Some(ServiceStop::Unavailable)
        } else {
            None
        }
    }

    fn hint(&self) -> Option<String> {
        Self::hint(self)
    }

    fn detail(&self) -> Option<String> {
        Self::detail(self)
    }
}

/// A service that scores.
#[derive(Debug)]
pub struct ApiSource {
    client: CachedClient,
    card: ModelCard,
}

impl ApiSource {
    /// Asks a service which tracks it has.
    ///
    /// * `cache`: where its answers are kept; `None` to ask for everything, and to keep nothing.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer, or no track in it.
    pub fn open(client: Client, cache: Option<Arc<AnswerCache>>) -> Result<Self, ApiError> {
        let mut outputs = client.metadata()?;
        outputs.retain(|set| !set.tracks.is_empty());
        let options = client.options();
        if outputs.is_empty() {
            return Err(ApiError::Setup {
                reason: format!("{} has no track for {}", options.address, options.organism),
            });
        }
        let (name, licence) = if options.address.is_hosted() {
            ("alphagenome-api".to_owned(), HOSTED_TERMS)
        } else {
            (
                format!("alphagenome-api@{}", options.address),
                "as the operator of the service states",
            )
        };
        let card = ModelCard {
            name,
            version: options
                .model_version
                .clone()
                .unwrap_or_else(|| "default of the service".to_owned()),
            digest: with_states(&digest(&outputs), client.states().as_deref()),
            organism: options.organism.name().to_owned(),
            licence: licence.to_owned(),
            citation: "AlphaGenome: Nature 649:1206 (2026)".to_owned(),
            lengths: WindowLengths::OneOf(window_lengths()),
            outputs,
        };
        let client = CachedClient::new(client, cache, &card.outputs);
        Ok(Self { client, card })
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        self.client.client()
    }

    pub(crate) fn cached(&self) -> &CachedClient {
        &self.client
    }

    /// Returns how many answers came from where; it goes on counting.
    pub fn tally(&self) -> Arc<AnswerTally> {
        self.client.tally()
    }
}

const HOSTED_TERMS: &str = "non-commercial use only, under the terms of the AlphaGenome API";

impl ScoreSource for ApiSource {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn brings_genes(&self) -> bool {
        true
    }

    fn is_service(&self) -> bool {
        true
    }

    fn score(&self, plan: &Plan, jobs: &[SourceJob<'_>]) -> Vec<Result<Vec<ScoreBlock>, SourceError>> {
        let places: Vec<Place<'_>> = jobs.iter().map(place).collect();
        let planned = plan.planned();
        let scorers: Vec<(&dyn Scorer, &str)> = planned
            .iter()
            .map(|planned| (planned.scorer.as_ref(), planned.text.as_str()))
            .collect();
        let answers = self.client.score_variants(&places, &scorers);
        // One for each day, shared by the blocks.
        let mut origins: Vec<Arc<Origin>> = Vec::new();
        let mut origin_of = |utc_s: u64| {
            let day = UtcDay::of_unix_seconds(utc_s);
            let known = origins.iter().find(|known| known.answered_on == day).cloned();
            known.unwrap_or_else(|| {
                let made = Arc::new(origin(&self.card, day));
                origins.push(Arc::clone(&made));
                made
            })
        };
        let mut blocks = |answer: Result<Vec<Answered>, ApiError>| {
            let answered = answer.map_err(|error| self.source_error(&error))?;
            let numbered = planned.iter().enumerate().zip(answered);
            numbered
                .map(|((number, planned), answered)| {
                    let origin = origin_of(answered.answered_on_utc_s);
                    self.block(number, planned, answered.scored, origin)
                })
                .collect()
        };
        answers.into_iter().map(&mut blocks).collect()
    }
}

/// Intervals that are asked for at once: the client's own window decides how many calls there are.
const INTERVALS_AT_ONCE: usize = 16;

impl IntervalSource for ApiSource {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn brings_genes(&self) -> bool {
        true
    }

    fn at_once(&self, threads: usize) -> usize {
        threads.max(INTERVALS_AT_ONCE)
    }

    fn score_interval(
        &self,
        job: &IntervalJob<'_>,
        planned: &[PlannedIntervalScorer],
    ) -> Result<Vec<IntervalBlock>, SourceError> {
        let scorers: Vec<IntervalScorer> = planned.iter().map(|planned| planned.scorer).collect();
        let answers = self.client.score_interval(job.window, &scorers);
        let answers = answers.map_err(|error| self.source_error(&error))?;
        let block = |(planned, answered): (&PlannedIntervalScorer, Answered)| {
            let scored = answered.scored;
            self.check_tracks(&planned.given, &scored)?;
            Ok(IntervalBlock {
                rows: scored.rows,
                raw: scored.raw,
                quantile: scored.quantile,
                origin: Arc::new(origin(&self.card, UtcDay::of_unix_seconds(answered.answered_on_utc_s))),
            })
        };
        planned.iter().zip(answers).map(block).collect()
    }
}

impl ApiSource {
    /// Refuses an answer whose tracks are not those that the service lists.
    fn check_tracks(&self, given: &TrackSet, scored: &ScoredTracks) -> Result<(), SourceError> {
        match difference(given, &scored.tracks) {
            None => Ok(()),
            Some(difference) => Err(SourceError::Job {
                from: self.card.name.clone(),
                reason: WireError::Tracks {
                    output: given.output,
                    difference,
                }
                .to_string(),
            }),
        }
    }

    /// Makes a block of an answer, whose tracks have to be those of the plan.
    pub(crate) fn block(
        &self,
        scorer: usize,
        planned: &PlannedScorer,
        scored: ScoredTracks,
        origin: Arc<Origin>,
    ) -> Result<ScoreBlock, SourceError> {
        self.check_tracks(&planned.given, &scored)?;
        Ok(ScoreBlock {
            scorer,
            raw: planned.keep(&scored.rows, scored.raw),
            quantile: scored.quantile.map(|quantile| planned.keep(&scored.rows, quantile)),
            rows: scored.rows,
            terms: None,
            origin,
        })
    }

    pub(crate) fn model_card(&self) -> &ModelCard {
        &self.card
    }

    pub(crate) fn source_error(&self, error: &ApiError) -> SourceError {
        let (from, reason) = (self.card.name.clone(), error.to_string());
        match error.service_stop() {
            Some(stop) => SourceError::Service {
                stop,
                reason,
                hint: error.hint(),
            },
            None if error.is_fatal() => SourceError::Fatal {
                from,
                reason,
                hint: error.hint(),
            },
            None => SourceError::Job { from, reason },
        }
    }
}

/// Returns the day in UTC, by the clock of this machine.
pub(crate) fn today() -> Option<UtcDay> {
    UtcDay::of_unix_seconds(now_utc_s())
}

fn place<'a>(job: &SourceJob<'a>) -> Place<'a> {
    Place {
        variant: job.variant,
        window: job.window,
    }
}
