//! A client that asks for what is not kept, and keeps what it is told.
//!
//! Each variant is one call for all of its scorers that are not in the cache, [`MOST_SCORERS`] at most; a saturation
//! mutagenesis is one for each ten bases with the same scorers open, a prediction one for all of its output types that are
//! not in the cache.
//!
//! [`MOST_SCORERS`]: crate::client::MOST_SCORERS

mod mutagenesis;
mod predictions;

pub use crate::resolve::AnswerTally;

use crate::answer::ScoredTracks;
use crate::cache::{AnswerCache, Question, Service, now_utc_s};
use crate::client::{Client, Place, Wanted};
use crate::error::ApiError;
use crate::resolve::Desk;
use crate::track_lists::{difference, digest};
use refalt_core::interval_scorer::IntervalScorer;
use refalt_core::scorer::Scorer;
use refalt_core::{TrackSet, Window};
use std::sync::Arc;

/// An answer and when it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The answer.
    pub scored: ScoredTracks,
    /// When the service gave it, in seconds since 1970-01-01 UTC.
    pub answered_on_utc_s: u64,
}

/// A client with a cache before it.
#[derive(Debug)]
pub struct CachedClient {
    client: Client,
    cache: Option<Arc<AnswerCache>>,
    service: Service,
    /// The tracks that the service lists; answers with others are not kept.
    listed: Arc<[TrackSet]>,
    tally: Arc<AnswerTally>,
}

impl CachedClient {
    /// Puts a cache before a client.
    ///
    /// * `listed`: the tracks that the service lists, by output type; their digest is a part of what identifies an answer.
    pub fn new(client: Client, cache: Option<Arc<AnswerCache>>, listed: &[TrackSet]) -> Self {
        let options = client.options();
        let service = Service {
            source: options.address.to_string(),
            model_version: options.model_version.clone(),
            organism: options.organism,
            tracks: digest(listed),
            merge_stranded: options.merge_stranded_gene_tracks,
            states: client.states(),
        };
        Self {
            client,
            cache,
            service,
            listed: listed.into(),
            tally: Arc::default(),
        }
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the counts, which go on counting.
    pub fn tally(&self) -> Arc<AnswerTally> {
        Arc::clone(&self.tally)
    }

    fn desk(&self) -> Desk<'_> {
        Desk {
            client: &self.client,
            cache: self.cache.as_deref(),
            tally: &self.tally,
        }
    }

    /// Scores variants by each scorer, in order; the answers are in the order of the places.
    ///
    /// * `scorers`: any number, with their texts.
    ///
    /// A variant that fails does so alone, and keeps what it was told by other calls.
    pub fn score_variants(
        &self,
        places: &[Place<'_>],
        scorers: &[(&dyn Scorer, &str)],
    ) -> Vec<Result<Vec<Answered>, ApiError>> {
        if scorers.is_empty() {
            return places.iter().map(|_| Ok(Vec::new())).collect();
        }
        let questions = places.iter().flat_map(|place| {
            let question =
                |(_, text): &(_, &str)| Question::of_variant(&self.service, place.window, place.variant, text);
            scorers.iter().map(question)
        });
        let questions: Vec<Question> = questions.collect();
        let ask = |mine: &[Vec<usize>]| {
            let wanted = mine.iter().map(|group| {
                let place = group[0] / scorers.len();
                Wanted {
                    place: places[place],
                    scorers: group.iter().map(|&index| scorers[index % scorers.len()].0).collect(),
                }
            });
            let keep = self.keep(&questions, mine);
            let taken = move |group, scored| Ok(keep(vec![(group, scored)]).pop().unwrap_or_default());
            self.client.score_each(&wanted.collect::<Vec<_>>(), Arc::new(taken))
        };
        self.desk().resolve(&questions, scorers.len(), kept_scores, ask)
    }

    /// Scores an interval by each scorer, in order.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer.
    pub fn score_interval(&self, window: &Window, scorers: &[IntervalScorer]) -> Result<Vec<Answered>, ApiError> {
        let question = |scorer: &IntervalScorer| Question::of_interval(&self.service, window, &scorer.to_string());
        let questions: Vec<Question> = scorers.iter().map(question).collect();
        let ask = |mine: &[Vec<usize>]| {
            let keep = self.keep(&questions, mine);
            let one = |(number, group): (usize, &Vec<usize>)| {
                let scorers: Vec<IntervalScorer> = group.iter().map(|&index| scorers[index]).collect();
                let scored = self.client.score_interval(window, &scorers)?;
                Ok(keep(vec![(number, scored)]).pop().unwrap_or_default())
            };
            mine.iter().enumerate().map(one).collect()
        };
        let mut answers = self.desk().resolve(&questions, scorers.len(), kept_scores, ask);
        answers.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    /// Makes the function that takes each answer as it arrives: it is stamped and kept before anything else is done with it.
    fn keep(&self, questions: &[Question], groups: &[Vec<usize>]) -> Keep {
        let asked = |group: &Vec<usize>| group.iter().map(|&index| questions[index].clone()).collect();
        let asked: Vec<Vec<Question>> = groups.iter().map(asked).collect();
        let (cache, tally) = (self.cache.clone(), Arc::clone(&self.tally));
        // Merged tracks are not in the lists.
        let listed = (!self.service.merge_stranded).then(|| Arc::clone(&self.listed));
        Arc::new(move |answers| {
            let answered_on_utc_s = now_utc_s();
            tally.called(answers.iter().map(|(_, scored)| scored.len() as u64).sum());
            if let Some(cache) = &cache {
                let pairs = answers
                    .iter()
                    .flat_map(|(group, scored)| asked[*group].iter().zip(scored));
                let good = pairs.filter(|(_, scored)| listed.as_deref().is_none_or(|listed| is_listed(listed, scored)));
                cache.put(&good.collect::<Vec<_>>(), answered_on_utc_s);
            }
            let stamped = |scored: Vec<ScoredTracks>| {
                let stamped = scored.into_iter().map(|scored| Answered {
                    scored,
                    answered_on_utc_s,
                });
                stamped.collect()
            };
            answers.into_iter().map(|(_, scored)| stamped(scored)).collect()
        })
    }
}

/// Takes the answer of a call: the scores of groups, by the index of the group among those that are asked together.
type Keep = Arc<dyn Fn(Vec<(usize, Vec<ScoredTracks>)>) -> Vec<Vec<Answered>> + Send + Sync>;

fn kept_scores(cache: &AnswerCache, questions: &[&Question]) -> Vec<Option<Answered>> {
    let kept = cache.get(questions).into_iter();
    kept.map(|kept| {
        kept.map(|kept| Answered {
            scored: kept.scored,
            answered_on_utc_s: kept.answered_on_utc_s,
        })
    })
    .collect()
}

/// Says whether an answer has the tracks that the service lists.
fn is_listed(listed: &[TrackSet], scored: &ScoredTracks) -> bool {
    let known = listed.iter().find(|known| known.output == scored.tracks.output);
    known.is_some_and(|known| difference(known, &scored.tracks).is_none())
}
