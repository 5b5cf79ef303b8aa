//! The service as a source of scores for the engine: `--model api`.
//!
//! The service scores by itself and brings its own genes. Its answers are of its model; they are recorded under the
//! model's name, version and a digest of its tracks, so that a run is not resumed against a service that has changed
//! them. Every row states the day of its answer (UTC), and nothing finer: of all that is written, only this depends on when
//! a run is made.

use crate::answer::ScoredTracks;
use crate::client::{Client, MOST_SCORERS, Place, window_lengths};
use crate::error::ApiError;
use crate::wire_error::WireError;
use refalt::engine::{Plan, PlannedScorer, ScoreSource, SourceError, SourceJob, origin};
use refalt::{Diagnostic, ServiceStop};
use refalt_core::backend::WindowLengths;
use refalt_core::score::{Origin, ScoreBlock, UtcDay};
use refalt_core::scorer::Scorer;
use refalt_core::strand::sign_or_dot;
use refalt_core::{ModelCard, TrackSet};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

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
}

/// A service that scores.
#[derive(Debug)]
pub struct ApiSource {
    client: Client,
    card: ModelCard,
}

impl ApiSource {
    /// Asks a service which tracks it has.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer, or no track in it.
    pub fn open(client: Client) -> Result<Self, ApiError> {
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
            digest: digest(&outputs),
            organism: options.organism.name().to_owned(),
            licence: licence.to_owned(),
            citation: "AlphaGenome: Nature 649:1206 (2026)".to_owned(),
            lengths: WindowLengths::OneOf(window_lengths()),
            outputs,
        };
        Ok(Self { client, card })
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

const HOSTED_TERMS: &str = "non-commercial use only, under the terms of the AlphaGenome API";

/// Returns the digest of what distinguishes tracks.
fn digest(outputs: &[TrackSet]) -> String {
    let mut hasher = Sha256::new();
    for set in outputs {
        for track in set.tracks.iter() {
            let strand = sign_or_dot(track.strand);
            let curie = track.ontology_curie.as_deref().unwrap_or_default();
            hasher.update(format!("{}\t{}\t{strand}\t{curie}\n", set.output, track.name));
        }
    }
    format!("sha256:{}", refalt::provenance::hexadecimal(&hasher.finalize()))
}

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
        let mut places: Vec<Place<'_>> = jobs.iter().map(place).collect();
        let mut blocks: Vec<Result<Vec<ScoreBlock>, SourceError>> = jobs.iter().map(|_| Ok(Vec::new())).collect();
        // Indices of the jobs that have not failed; more scorers than a request may have need several requests.
        let mut open: Vec<usize> = (0..jobs.len()).collect();
        for (group, planned) in plan.planned().chunks(MOST_SCORERS).enumerate() {
            let scorers: Vec<&dyn Scorer> = planned.iter().map(|planned| planned.scorer.as_ref()).collect();
            let answers = self.client.score_variants(&places, &scorers);
            let origin = Arc::new(origin(&self.card, today()));
            for (&job, answer) in open.iter().zip(answers) {
                let made = answer.map_err(|error| self.source_error(&error)).and_then(|scored| {
                    let numbered = (group * MOST_SCORERS..).zip(planned).zip(scored);
                    numbered
                        .map(|((number, planned), scored)| self.block(number, planned, scored, &origin))
                        .collect()
                });
                blocks[job] = match (std::mem::replace(&mut blocks[job], Ok(Vec::new())), made) {
                    (Ok(mut before), Ok(more)) => {
                        let more: Vec<ScoreBlock> = more;
                        before.extend(more);
                        Ok(before)
                    }
                    (Err(error), _) | (_, Err(error)) => Err(error),
                };
            }
            open.retain(|&job| blocks[job].is_ok());
            places = open.iter().map(|&job| place(&jobs[job])).collect();
        }
        blocks
    }
}

impl ApiSource {
    /// Makes a block of an answer, whose tracks have to be those of the plan.
    fn block(
        &self,
        scorer: usize,
        planned: &PlannedScorer,
        scored: ScoredTracks,
        origin: &Arc<Origin>,
    ) -> Result<ScoreBlock, SourceError> {
        if let Some(difference) = difference(&planned.given, &scored.tracks) {
            let output = planned.given.output;
            return Err(SourceError::Job {
                from: self.card.name.clone(),
                reason: WireError::Tracks { output, difference }.to_string(),
            });
        }
        Ok(ScoreBlock {
            scorer,
            raw: planned.keep(&scored.rows, scored.raw),
            quantile: scored.quantile.map(|quantile| planned.keep(&scored.rows, quantile)),
            rows: scored.rows,
            terms: None,
            origin: Arc::clone(origin),
        })
    }

    fn source_error(&self, error: &ApiError) -> SourceError {
        let (from, reason) = (self.card.name.clone(), error.to_string());
        match error.service_stop() {
            Some(stop) => SourceError::Service {
                stop,
                reason,
                hint: error.hint(),
            },
            None if error.is_fatal() => SourceError::Fatal { from, reason },
            None => SourceError::Job { from, reason },
        }
    }
}

/// Returns the day in UTC, by the clock of this machine; none when the clock stands before 1970.
pub(crate) fn today() -> Option<UtcDay> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    UtcDay::of_unix_seconds(since.as_secs())
}

fn place<'a>(job: &SourceJob<'a>) -> Place<'a> {
    Place {
        variant: job.variant,
        window: job.window,
    }
}

/// Returns the first difference between the tracks that are known and those of an answer.
fn difference(known: &TrackSet, found: &TrackSet) -> Option<String> {
    if known.tracks.len() != found.tracks.len() {
        return Some(format!("{} in place of {}", found.tracks.len(), known.tracks.len()));
    }
    let mut pairs = known.tracks.iter().zip(found.tracks.iter());
    pairs
        .find(|(known, found)| known.name != found.name || known.strand != found.strand)
        .map(|(known, found)| {
            let text = |track: &refalt_core::Track| format!("`{}` {}", track.name, sign_or_dot(track.strand));
            format!("{} in place of {}", text(found), text(known))
        })
}
