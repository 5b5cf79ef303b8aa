//! The Atlas with a cache before it: each variant by each scorer an answer of its own.
//!
//! That the Atlas has no scores of a variant is not kept: it may have them later.

use super::answer::{AtlasScore, AtlasScorer};
use super::fetch::OfVariants;
use crate::answer::ScoredTracks;
use crate::cache::{AnswerCache, Question, Service, now_utc_s};
use crate::client::Client;
use crate::error::ApiError;
use crate::proto;
use crate::resolve::{AnswerTally, Desk};
use crate::track_lists::line;
use refalt_core::{CheckedVariant, OutputType, TrackSet};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// A scorer of the Atlas that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct AskedScorer {
    /// Its text, which is its identity.
    pub(crate) text: String,
    /// What it reads.
    pub(crate) output: OutputType,
    /// As the Atlas lists it.
    pub(crate) scorer: AtlasScorer,
}

/// What the Atlas has of a variant by one scorer.
#[derive(Clone, Debug)]
pub(crate) struct AtlasAnswer {
    pub(crate) score: AtlasScore,
    /// The window in which it was scored, where the Atlas states it.
    pub(crate) interval: Option<proto::Interval>,
    /// When the Atlas gave it, in seconds since 1970-01-01 UTC.
    pub(crate) answered_on_utc_s: u64,
}

/// The Atlas, and where its answers are kept.
#[derive(Debug)]
pub(crate) struct KeptAtlas {
    client: Client,
    cache: Option<Arc<AnswerCache>>,
    tally: Arc<AnswerTally>,
}

impl KeptAtlas {
    pub(crate) fn new(client: Client, cache: Option<Arc<AnswerCache>>) -> Self {
        Self {
            client,
            cache,
            tally: Arc::default(),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn tally(&self) -> Arc<AnswerTally> {
        Arc::clone(&self.tally)
    }

    /// Returns the scores of variants by each scorer, in order; `None` for a variant of which the Atlas has none.
    pub(crate) fn scores(
        &self,
        variants: &[&CheckedVariant],
        scorers: &[AskedScorer],
    ) -> Vec<Result<Option<Vec<AtlasAnswer>>, ApiError>> {
        if scorers.is_empty() {
            return variants.iter().map(|_| Ok(Some(Vec::new()))).collect();
        }
        let services: Vec<Service> = scorers.iter().map(|scorer| self.service(scorer)).collect();
        let questions = variants.iter().flat_map(|variant| {
            let pairs = scorers.iter().zip(&services);
            pairs.map(|(scorer, service)| Question::of_atlas(service, variant, &scorer.text))
        });
        let questions: Vec<Question> = questions.collect();
        let desk = Desk {
            client: &self.client,
            cache: self.cache.as_deref(),
            tally: &self.tally,
        };
        let ask = |mine: &[Vec<usize>]| self.ask(mine, variants, scorers, &questions);
        let answers = desk.resolve(&questions, scorers.len(), kept, ask);
        // One scorer without scores is a variant without them.
        answers
            .into_iter()
            .map(|answer| Ok(answer?.into_iter().collect::<Option<Vec<AtlasAnswer>>>()))
            .collect()
    }

    fn service(&self, scorer: &AskedScorer) -> Service {
        let options = self.client.options();
        let mut hasher = Sha256::new();
        for track in scorer.scorer.tracks.iter() {
            hasher.update(line(track));
        }
        Service {
            source: options.address.to_string(),
            model_version: None,
            organism: options.organism,
            tracks: format!("sha256:{}", refalt::provenance::hexadecimal(&hasher.finalize())),
            merge_stranded: false,
            states: self.client.atlas_states(),
        }
    }

    /// Asks for groups of questions, those with the same scorers together.
    fn ask(
        &self,
        mine: &[Vec<usize>],
        variants: &[&CheckedVariant],
        scorers: &[AskedScorer],
        questions: &[Question],
    ) -> Vec<Result<Vec<Option<AtlasAnswer>>, ApiError>> {
        let each = scorers.len();
        let mut sets: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for (group, indices) in mine.iter().enumerate() {
            let open: Vec<usize> = indices.iter().map(|index| index % each).collect();
            match sets.iter_mut().find(|(known, _)| *known == open) {
                Some((_, groups)) => groups.push(group),
                None => sets.push((open, vec![group])),
            }
        }
        let mut answers: Vec<Option<Result<Vec<Option<AtlasAnswer>>, ApiError>>> = mine.iter().map(|_| None).collect();
        for (open, groups) in sets {
            let asked: Vec<AskedScorer> = open.iter().map(|&scorer| scorers[scorer].clone()).collect();
            let wanted: Vec<&CheckedVariant> = groups.iter().map(|&group| variants[mine[group][0] / each]).collect();
            let of_group = |&group: &usize| mine[group].iter().map(|&index| questions[index].clone()).collect();
            let keep = Keeping {
                cache: self.cache.clone(),
                tally: Arc::clone(&self.tally),
                questions: groups.iter().map(of_group).collect(),
                scorers: asked.clone(),
            };
            let listed: Vec<AtlasScorer> = asked.into_iter().map(|asked| asked.scorer).collect();
            let taken = Arc::new(move |_, found| Ok(keep.take(found)));
            for (group, answer) in groups.into_iter().zip(self.client.atlas_each(&wanted, &listed, taken)) {
                answers[group] = Some(answer);
            }
        }
        let missing = || ApiError::Setup {
            reason: "a variant is in no call".to_owned(),
        };
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(missing())))
            .collect()
    }
}

/// Takes what calls find: it is stamped and kept before anything else is done with it.
struct Keeping {
    cache: Option<Arc<AnswerCache>>,
    tally: Arc<AnswerTally>,
    /// By variant, then scorer.
    questions: Vec<Vec<Question>>,
    scorers: Vec<AskedScorer>,
}

impl Keeping {
    fn take(&self, found: OfVariants) -> Vec<Result<Vec<Option<AtlasAnswer>>, ApiError>> {
        let answered_on_utc_s = now_utc_s();
        let scored = found.iter().filter(|(_, found)| matches!(found, Ok(Some(_)))).count();
        self.tally.called((scored * self.scorers.len()) as u64);
        if let Some(cache) = &self.cache {
            let mut whole: Vec<(&Question, ScoredTracks, Option<&proto::Interval>)> = Vec::new();
            for (variant, found) in &found {
                let Ok(Some(scores)) = found else { continue };
                let pairs = self.questions[*variant].iter().zip(&self.scorers).zip(&scores.scores);
                for ((question, scorer), score) in pairs {
                    if let Some(scored) = scorer.scored(score) {
                        whole.push((question, scored, scores.interval.as_ref()));
                    }
                }
            }
            let lent = whole
                .iter()
                .map(|(question, scored, window)| (*question, scored, *window));
            cache.put_with_windows(&lent.collect::<Vec<_>>(), answered_on_utc_s);
        }
        let stamped = |found: Result<Option<super::AtlasScores>, ApiError>| {
            let Some(scores) = found? else {
                return Ok(vec![None; self.scorers.len()]);
            };
            let one = |score| {
                Some(AtlasAnswer {
                    score,
                    interval: scores.interval.clone(),
                    answered_on_utc_s,
                })
            };
            Ok(scores.scores.into_iter().map(one).collect())
        };
        found.into_iter().map(|(_, found)| stamped(found)).collect()
    }
}

impl AskedScorer {
    /// Puts the tracks beside scores; `None` when they do not fit, which is said later and not kept.
    fn scored(&self, score: &AtlasScore) -> Option<ScoredTracks> {
        let size = score.rows.len() * self.scorer.tracks.len();
        let fits = score.raw.len() == size && score.quantile.as_ref().is_none_or(|quantile| quantile.len() == size);
        fits.then(|| ScoredTracks {
            tracks: TrackSet {
                output: self.output,
                resolution: self.output.resolution(),
                tracks: Arc::clone(&self.scorer.tracks),
            },
            rows: score.rows.clone(),
            raw: score.raw.clone(),
            quantile: score.quantile.clone(),
        })
    }
}

fn kept(cache: &AnswerCache, questions: &[&Question]) -> Vec<Option<Option<AtlasAnswer>>> {
    let kept = cache.get(questions).into_iter();
    kept.map(|kept| {
        kept.map(|kept| {
            Some(AtlasAnswer {
                score: AtlasScore {
                    rows: kept.scored.rows,
                    raw: kept.scored.raw,
                    quantile: kept.scored.quantile,
                },
                interval: kept.window,
                answered_on_utc_s: kept.answered_on_utc_s,
            })
        })
    })
    .collect()
}
