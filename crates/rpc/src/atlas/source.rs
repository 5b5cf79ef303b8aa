//! The Atlas as a source of scores: `--model atlas`.
//!
//! It has substitutions of single bases by the recommended scorers, in the windows in which they were scored. A row is
//! never given a score of another window than its own: a variant whose window differs fails, with both in the reason.

use super::answer::{AtlasScore, AtlasScorer};
use super::kept::{AskedScorer, AtlasAnswer, KeptAtlas};
use crate::cache::AnswerCache;
use crate::client::Client;
use crate::error::ApiError;
use crate::genome::{interval_message, interval_text};
use crate::resolve::AnswerTally;
use refalt::Diagnostic;
use refalt::engine::{Plan, RECOMMENDED_NAME, ScoreSource, SourceError, SourceJob, origin};
use refalt_core::backend::WindowLengths;
use refalt_core::score::{Origin, ScoreBlock, UtcDay};
use refalt_core::scorer::{self, Needs, RECOMMENDED, ScoreKind, ScoreRows, Scorer};
use refalt_core::{CheckedVariant, ModelCard, Organism, TrackSet, Window};
use sha2::{Digest, Sha256};
use std::num::NonZeroU32;
use std::sync::Arc;

/// The window in which the hosted Atlas was scored, in bp.
const HOSTED_WINDOW: NonZeroU32 = NonZeroU32::new(1_048_576).unwrap();

/// The Atlas with the scorers that are asked for.
#[derive(Debug)]
pub struct AtlasSource {
    atlas: KeptAtlas,
    card: ModelCard,
    /// The scorers that are asked for, by text.
    scorers: Vec<(String, AtlasScorer)>,
}

/// What there is of a variant.
#[derive(Debug)]
pub(crate) enum Found {
    /// Its scores, in the order of the plan.
    Scores(Vec<ScoreBlock>),
    /// The Atlas has none: why, in words.
    Nothing(String),
}

/// Says why scores of the Atlas are none of this window, when they are those of another.
fn other_window(window: &Window, answers: &[AtlasAnswer]) -> Option<String> {
    let window = interval_message(window);
    let ends = |interval: &crate::proto::Interval| (interval.chromosome.clone(), interval.start, interval.end);
    let mut intervals = answers.iter().filter_map(|answer| answer.interval.as_ref());
    let other = intervals.find(|interval| ends(interval) != ends(&window))?;
    Some(format!(
        "the Atlas scored it in the window `{}`, the run asks for `{}`",
        interval_text(other),
        interval_text(&window)
    ))
}

impl AtlasSource {
    /// Asks the Atlas which scorers it has, and takes those that are asked for.
    ///
    /// * `cache`: where its answers are kept; `None` to ask for everything, and to keep nothing.
    /// * `wanted`: scorers by name or text; `recommended` stands for all that the Atlas has.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer, the Atlas lacks a scorer, or has it with another meaning.
    pub fn open(client: Client, cache: Option<Arc<AnswerCache>>, wanted: &[String]) -> Result<Self, ApiError> {
        if client.options().organism != Organism::Human {
            return Err(ApiError::Request {
                what: client.options().organism.to_string(),
                reason: "the Atlas is of Homo sapiens only".to_owned(),
            });
        }
        let there = client.atlas_scorers()?;
        let mut scorers: Vec<(String, AtlasScorer)> = Vec::new();
        for name in wanted {
            if name == RECOMMENDED_NAME {
                for entry in &there {
                    if let Some(named) = RECOMMENDED.iter().find(|named| named.name == entry.name) {
                        add(&mut scorers, named.text.to_owned(), entry);
                    }
                }
                continue;
            }
            // What is no scorer at all is the plan's to say.
            let Ok(scorer) = scorer::parse(name) else { continue };
            let text = scorer.to_string();
            let named = RECOMMENDED.iter().find(|named| named.text == text);
            let entry = named.and_then(|named| there.iter().find(|entry| entry.name == named.name));
            let Some(entry) = entry else {
                let has: Vec<&str> = there.iter().map(|entry| entry.name.as_str()).collect();
                return Err(ApiError::Request {
                    what: format!("`{name}`"),
                    reason: format!("the Atlas has {}", has.join(", ")),
                });
            };
            add(&mut scorers, text, entry);
        }
        let mut outputs: Vec<TrackSet> = Vec::new();
        for (text, entry) in &scorers {
            let Ok(scorer) = scorer::parse(text) else { continue };
            check_sign(entry, scorer.as_ref())?;
            let output = scorer.output();
            match outputs.iter().find(|set| set.output == output) {
                None => outputs.push(TrackSet {
                    output,
                    resolution: output.resolution(),
                    tracks: Arc::clone(&entry.tracks),
                }),
                Some(set) if *set.tracks == *entry.tracks => {}
                Some(_) => {
                    return Err(ApiError::Request {
                        what: format!("`{}` beside other scorers of {output}", entry.name),
                        reason: "the Atlas has it for other tracks; score it in a run of its own".to_owned(),
                    });
                }
            }
        }
        let address = &client.options().address;
        let (name, licence, lengths) = if address.is_hosted() {
            let terms = "non-commercial use only, under the terms of the AlphaGenome API";
            (
                "alphagenome-atlas".to_owned(),
                terms,
                WindowLengths::OneOf(vec![HOSTED_WINDOW]),
            )
        } else {
            let every = WindowLengths::Multiples {
                step: NonZeroU32::MIN,
                least: NonZeroU32::MIN,
                most: HOSTED_WINDOW,
            };
            let terms = "as the operator of the service states";
            (format!("alphagenome-atlas@{address}"), terms, every)
        };
        let card = ModelCard {
            name,
            // The protocol has no field for it.
            version: "not stated".to_owned(),
            digest: digest(&scorers, client.atlas_states().as_deref()),
            organism: Organism::Human.name().to_owned(),
            licence: licence.to_owned(),
            citation: "AlphaGenome: Nature 649:1206 (2026)".to_owned(),
            lengths,
            outputs,
        };
        Ok(Self {
            atlas: KeptAtlas::new(client, cache),
            card,
            scorers,
        })
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        self.atlas.client()
    }

    /// Returns how many answers came from where; it goes on counting.
    pub fn tally(&self) -> Arc<AnswerTally> {
        self.atlas.tally()
    }

    /// Returns the scorers that are asked for, each with its text.
    pub fn scorers(&self) -> &[(String, AtlasScorer)] {
        &self.scorers
    }

    /// Looks variants up; those that are no substitutions of single bases are not asked for.
    pub(crate) fn look_up(&self, plan: &Plan, jobs: &[&SourceJob<'_>]) -> Vec<Result<Found, SourceError>> {
        let asked: Option<Vec<AskedScorer>> = plan.scorers().map(|text| self.asked(text)).collect();
        let Some(asked) = asked else {
            let lacking = || SourceError::Fatal {
                from: self.card.name.clone(),
                reason: "a scorer of the plan is not one that the Atlas was opened for".to_owned(),
                hint: None,
            };
            return jobs.iter().map(|_| Err(lacking())).collect();
        };
        let is_asked: Vec<bool> = jobs.iter().map(|job| is_substitution(job.variant)).collect();
        let variants: Vec<&CheckedVariant> = jobs
            .iter()
            .zip(&is_asked)
            .filter(|(_, asked)| **asked)
            .map(|(job, _)| job.variant)
            .collect();
        let mut answers = self.atlas.scores(&variants, &asked).into_iter();
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
        let found = jobs.iter().zip(is_asked).map(|(job, asked)| {
            if !asked {
                return Ok(Found::Nothing(
                    "the Atlas has substitutions of single bases only; use --model auto or api".to_owned(),
                ));
            }
            match answers.next() {
                None => Err(self.failed("a variant is without an answer".to_owned())),
                Some(Err(error)) => Err(self.source_error(&error)),
                Some(Ok(None)) => Ok(Found::Nothing("the Atlas has no scores of it".to_owned())),
                Some(Ok(Some(scores))) => {
                    if let Some(reason) = other_window(job.window, &scores) {
                        return Ok(Found::Nothing(reason));
                    }
                    let blocks = self.blocks(plan, scores)?;
                    let with_origin = blocks.into_iter().map(|(scorer, score, answered_on_utc_s)| {
                        let planned = &plan.planned()[scorer];
                        ScoreBlock {
                            scorer,
                            raw: planned.keep(&score.rows, score.raw),
                            quantile: score.quantile.map(|quantile| planned.keep(&score.rows, quantile)),
                            rows: score.rows,
                            terms: None,
                            origin: origin_of(answered_on_utc_s),
                        }
                    });
                    Ok(Found::Scores(with_origin.collect()))
                }
            }
        });
        found.collect()
    }

    fn asked(&self, text: &str) -> Option<AskedScorer> {
        let (text, entry) = self.scorers.iter().find(|(known, _)| known == text)?;
        Some(AskedScorer {
            output: scorer::parse(text).ok()?.output(),
            text: text.clone(),
            scorer: entry.clone(),
        })
    }

    /// Compares an answer with the plan.
    fn blocks(&self, plan: &Plan, answers: Vec<AtlasAnswer>) -> Result<Vec<(usize, AtlasScore, u64)>, SourceError> {
        let pairs = plan.planned().iter().enumerate().zip(answers);
        let made = pairs.map(|((number, planned), answer)| {
            let mut score = answer.score;
            if answer.interval.is_none() {
                return Err(self.failed("the Atlas does not say in which window it was scored".to_owned()));
            }
            let by_gene = planned.scorer.needs() != Needs::Nothing;
            match (by_gene, &score.rows) {
                (false, ScoreRows::One) | (true, ScoreRows::Genes(_)) => {}
                _ => {
                    let reason = format!("the rows of `{}` are not those of such a scorer", planned.text);
                    return Err(self.failed(reason));
                }
            }
            if score.raw.len() != score.rows.len() * planned.given.tracks.len() {
                return Err(self.failed(format!("`{}` has other tracks than its metadata", planned.text)));
            }
            // A list of calibrated scores that are all missing is none.
            if score
                .quantile
                .as_ref()
                .is_some_and(|all| all.iter().all(|value| value.is_nan()))
            {
                score.quantile = None;
            }
            Ok((number, score, answer.answered_on_utc_s))
        });
        made.collect()
    }

    fn failed(&self, reason: String) -> SourceError {
        SourceError::Job {
            from: self.card.name.clone(),
            reason,
        }
    }

    fn source_error(&self, error: &ApiError) -> SourceError {
        let reason = error.to_string();
        match error.service_stop() {
            Some(stop) => SourceError::Service {
                stop,
                reason,
                hint: Diagnostic::hint(error),
            },
            None if error.is_fatal() => SourceError::Fatal {
                from: self.card.name.clone(),
                reason,
                hint: Diagnostic::hint(error),
            },
            None => self.failed(reason),
        }
    }
}

/// Says whether a variant replaces one base by another.
pub(crate) fn is_substitution(variant: &CheckedVariant) -> bool {
    variant.reference_bases().len() == 1 && variant.alternate_bases().len() == 1
}

fn add(scorers: &mut Vec<(String, AtlasScorer)>, text: String, entry: &AtlasScorer) {
    if scorers.iter().all(|(known, _)| *known != text) {
        scorers.push((text, entry.clone()));
    }
}

/// Compares what the Atlas says of a scorer's sign with what the scorer of this name is.
fn check_sign(entry: &AtlasScorer, scorer: &dyn Scorer) -> Result<(), ApiError> {
    let is_signed = scorer.kind() == ScoreKind::SignedEffect;
    if entry.is_signed == is_signed {
        return Ok(());
    }
    let word = |signed| if signed { "signed" } else { "unsigned" };
    Err(ApiError::Request {
        what: format!("`{}`", entry.name),
        reason: format!(
            "the Atlas calls its scores {}, and the published scorer of this name gives {} ones",
            word(entry.is_signed),
            word(is_signed)
        ),
    })
}

/// Returns the digest of what distinguishes scorers and tracks, and of what the service states.
fn digest(scorers: &[(String, AtlasScorer)], states: Option<&str>) -> String {
    let mut hasher = Sha256::new();
    if let Some(states) = states {
        hasher.update(format!("states {states}\n"));
    }
    for (text, scorer) in scorers {
        hasher.update(format!("{text}\n"));
        for track in scorer.tracks.iter() {
            hasher.update(crate::track_lists::line(track));
        }
    }
    format!("sha256:{}", refalt::provenance::hexadecimal(&hasher.finalize()))
}

impl ScoreSource for AtlasSource {
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
        let jobs: Vec<&SourceJob<'_>> = jobs.iter().collect();
        let found = self.look_up(plan, &jobs).into_iter();
        found
            .map(|found| match found? {
                Found::Scores(blocks) => Ok(blocks),
                Found::Nothing(reason) => Err(self.failed(reason)),
            })
            .collect()
    }
}
