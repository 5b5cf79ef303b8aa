//! A client that asks for what is not kept, and keeps what it is told.
//!
//! Each variant is one call for all of its scorers that are not in the cache, [`MOST_SCORERS`] at most. Questions that
//! another thread or process has claimed are not asked: they are looked up until they are answered, or until whoever
//! claimed them is gone or has failed. Nobody waits while it holds claims, so nobody waits for ever.

use crate::answer::ScoredTracks;
use crate::cache::{AnswerCache, Claim, Claims, Question, Service, now_utc_s};
use crate::client::{Client, MOST_SCORERS, Place, Wanted};
use crate::error::ApiError;
use crate::track_lists::{difference, digest};
use refalt_core::interval_scorer::IntervalScorer;
use refalt_core::scorer::Scorer;
use refalt_core::{TrackSet, Window};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// An answer and when it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The answer.
    pub scored: ScoredTracks,
    /// When the service gave it, in seconds since 1970-01-01 UTC.
    pub answered_on_utc_s: u64,
}

/// Where answers came from, counted as a run goes on.
#[derive(Debug, Default)]
pub struct AnswerTally {
    kept: AtomicU64,
    asked: AtomicU64,
    calls: AtomicU64,
}

impl AnswerTally {
    /// Returns the answers that came from the cache, each of one variant or interval by one scorer.
    pub fn from_cache(&self) -> u64 {
        self.kept.load(Ordering::Relaxed)
    }

    /// Returns the answers that the service gave.
    pub fn from_service(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Returns the calls that brought them.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

/// A client with a cache, or without one.
#[derive(Debug)]
pub struct CachedClient {
    client: Client,
    cache: Option<Arc<AnswerCache>>,
    service: Service,
    /// The tracks that the service lists; answers with others are not kept.
    listed: Arc<[TrackSet]>,
    tally: Arc<AnswerTally>,
}

/// How long the first look at somebody else's question waits; each one twice as long as the one before.
const FIRST_LOOK: Duration = Duration::from_millis(20);

/// The longest wait between two looks.
const LONGEST_LOOK: Duration = Duration::from_millis(500);

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
        let ask = |mine: &[Vec<usize>], kept: Keep| {
            let wanted = mine.iter().map(|group| {
                let place = group[0] / scorers.len();
                Wanted {
                    place: places[place],
                    scorers: group.iter().map(|&index| scorers[index % scorers.len()].0).collect(),
                }
            });
            self.client.score_each(&wanted.collect::<Vec<_>>(), kept)
        };
        self.resolve(&questions, scorers.len(), ask)
    }

    /// Scores an interval by each scorer, in order.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer.
    pub fn score_interval(&self, window: &Window, scorers: &[IntervalScorer]) -> Result<Vec<Answered>, ApiError> {
        let question = |scorer: &IntervalScorer| Question::of_interval(&self.service, window, &scorer.to_string());
        let questions: Vec<Question> = scorers.iter().map(question).collect();
        let ask = |mine: &[Vec<usize>], kept: Keep| {
            let one = |(number, group): (usize, &Vec<usize>)| {
                let scorers: Vec<IntervalScorer> = group.iter().map(|&index| scorers[index]).collect();
                let scored = self.client.score_interval(window, &scorers)?;
                Ok(kept(number, scored))
            };
            mine.iter().enumerate().map(one).collect()
        };
        let mut answers = self.resolve(&questions, scorers.len(), ask);
        answers.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    /// Answers questions, `scorers` in a row about one subject, from the cache or by asking.
    ///
    /// * `ask`: asks groups of questions by index, each group about one subject, and gives each answer to the function as
    ///   soon as it is there.
    fn resolve(
        &self,
        questions: &[Question],
        scorers: usize,
        ask: impl Fn(&[Vec<usize>], Keep) -> Vec<Result<Vec<Answered>, ApiError>>,
    ) -> Vec<Result<Vec<Answered>, ApiError>> {
        let subjects = questions.len().checked_div(scorers).unwrap_or(0);
        let mut answers: Vec<Option<Answered>> = questions.iter().map(|_| None).collect();
        let mut failed: Vec<Option<ApiError>> = vec![None; subjects];
        let mut wait = FIRST_LOOK;
        loop {
            let open = open_questions(&answers, &failed, scorers);
            if open.is_empty() {
                break;
            }
            self.look_up(questions, &open, &mut answers);
            let open = open_questions(&answers, &failed, scorers);
            // The most that one call may ask for about each subject; the rest is for the next round.
            let open: Vec<usize> = of_one_call(&open, scorers);
            let (claims, _held) = self.claim(questions, &open);
            let of = |wanted| {
                open.iter()
                    .zip(&claims)
                    .filter(move |(_, claim)| **claim == wanted)
                    .map(|(index, _)| *index)
            };
            let mine: Vec<usize> = of(Claim::Mine).collect();
            if mine.is_empty() {
                if of(Claim::Theirs).next().is_none() {
                    continue;
                }
                if let Some(error) = self.client.stopped() {
                    for index in open {
                        failed[index / scorers].get_or_insert_with(|| error.clone());
                    }
                    break;
                }
                std::thread::sleep(wait);
                wait = (wait * 2).min(LONGEST_LOOK);
                continue;
            }
            wait = FIRST_LOOK;
            let groups: Vec<Vec<usize>> = mine
                .chunk_by(|a, b| a / scorers == b / scorers)
                .map(<[_]>::to_vec)
                .collect();
            let told = ask(&groups, self.keep(questions, &groups));
            for (group, told) in groups.iter().zip(told) {
                match told {
                    Ok(told) => {
                        for (&index, answered) in group.iter().zip(told) {
                            answers[index] = Some(answered);
                        }
                    }
                    Err(error) => failed[group[0] / scorers] = Some(error),
                }
            }
        }
        let mut answers = answers.into_iter();
        let subject = |error: Option<ApiError>| {
            // Taken in any case, so that the next subject begins where it begins.
            let whole: Option<Vec<Answered>> = answers.by_ref().take(scorers).collect::<Vec<_>>().into_iter().collect();
            match (error, whole) {
                (Some(error), _) => Err(error),
                (None, Some(whole)) => Ok(whole),
                (None, None) => Err(ApiError::Setup {
                    reason: "a call ended without an answer".to_owned(),
                }),
            }
        };
        failed.into_iter().map(subject).collect()
    }

    fn look_up(&self, questions: &[Question], open: &[usize], answers: &mut [Option<Answered>]) {
        let Some(cache) = &self.cache else { return };
        let asked: Vec<&Question> = open.iter().map(|&index| &questions[index]).collect();
        for (&index, kept) in open.iter().zip(cache.get(&asked)) {
            if let Some(kept) = kept {
                self.tally.kept.fetch_add(1, Ordering::Relaxed);
                answers[index] = Some(Answered {
                    scored: kept.scored,
                    answered_on_utc_s: kept.answered_on_utc_s,
                });
            }
        }
    }

    fn claim(&self, questions: &[Question], open: &[usize]) -> (Vec<Claim>, Option<Claims<'_>>) {
        match &self.cache {
            None => (vec![Claim::Mine; open.len()], None),
            Some(_) if open.is_empty() => (Vec::new(), None),
            Some(cache) => {
                let asked: Vec<&Question> = open.iter().map(|&index| &questions[index]).collect();
                let (claims, held) = cache.claim(&asked);
                (claims, Some(held))
            }
        }
    }

    /// Makes the function that takes each answer as it arrives: it is stamped and kept before anything else is done with it.
    fn keep(&self, questions: &[Question], groups: &[Vec<usize>]) -> Keep {
        let asked = |group: &Vec<usize>| group.iter().map(|&index| questions[index].clone()).collect();
        let asked: Vec<Vec<Question>> = groups.iter().map(asked).collect();
        let (cache, tally) = (self.cache.clone(), Arc::clone(&self.tally));
        // Merged tracks are not in the lists.
        let listed = (!self.service.merge_stranded).then(|| Arc::clone(&self.listed));
        Arc::new(move |group, scored| {
            let answered_on_utc_s = now_utc_s();
            tally.calls.fetch_add(1, Ordering::Relaxed);
            tally.asked.fetch_add(scored.len() as u64, Ordering::Relaxed);
            if let Some(cache) = &cache {
                let pairs = asked[group].iter().zip(&scored);
                let good = pairs.filter(|(_, scored)| listed.as_deref().is_none_or(|listed| is_listed(listed, scored)));
                cache.put(&good.collect::<Vec<_>>(), answered_on_utc_s);
            }
            let stamped = scored.into_iter().map(|scored| Answered {
                scored,
                answered_on_utc_s,
            });
            stamped.collect()
        })
    }
}

/// Takes the answer of a call, by the index of the call among those made together.
pub(crate) type Keep = Arc<dyn Fn(usize, Vec<ScoredTracks>) -> Vec<Answered> + Send + Sync>;

/// Returns the indices of questions that have no answer, of subjects that have not failed.
fn open_questions(answers: &[Option<Answered>], failed: &[Option<ApiError>], scorers: usize) -> Vec<usize> {
    let open = |index: &usize| answers[*index].is_none() && failed[index / scorers].is_none();
    (0..answers.len()).filter(open).collect()
}

/// Says whether an answer has the tracks that the service lists.
fn is_listed(listed: &[TrackSet], scored: &ScoredTracks) -> bool {
    let known = listed.iter().find(|known| known.output == scored.tracks.output);
    known.is_some_and(|known| difference(known, &scored.tracks).is_none())
}

/// Returns of each subject as many questions as a call may ask.
fn of_one_call(open: &[usize], scorers: usize) -> Vec<usize> {
    let subjects = open.chunk_by(|a, b| a / scorers == b / scorers);
    subjects
        .flat_map(|questions| questions.iter().take(MOST_SCORERS))
        .copied()
        .collect()
}
