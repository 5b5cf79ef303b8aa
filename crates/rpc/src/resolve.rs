//! From questions to answers: from the cache, from whoever asks already, or by asking.
//!
//! Questions that another thread or process has claimed are not asked: they are looked up until they are answered, or until
//! whoever claimed them is gone or has failed. Nobody waits while it holds claims, so nobody waits for ever.

use crate::cache::{AnswerCache, Claim, Claims, Question};
use crate::client::{Client, MOST_SCORERS};
use crate::error::ApiError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where answers came from, counted as a run goes on.
#[derive(Debug, Default)]
pub struct AnswerTally {
    kept: AtomicU64,
    asked: AtomicU64,
    calls: AtomicU64,
}

impl AnswerTally {
    /// Returns the answers that came from the cache: each of one variant, interval or substitution by one scorer, or of
    /// one predicted output type.
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

    /// Counts a call and the answers that it brought.
    pub(crate) fn called(&self, answers: u64) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.asked.fetch_add(answers, Ordering::Relaxed);
    }
}

/// How long the first look at somebody else's question waits; each one twice as long as the one before.
const FIRST_LOOK: Duration = Duration::from_millis(20);

/// The longest wait between two looks.
const LONGEST_LOOK: Duration = Duration::from_millis(500);

/// Who asks, and where answers are kept.
pub(crate) struct Desk<'a> {
    pub(crate) client: &'a Client,
    pub(crate) cache: Option<&'a AnswerCache>,
    pub(crate) tally: &'a AnswerTally,
}

impl Desk<'_> {
    /// Answers questions, `each` in a row about one subject.
    ///
    /// * `look_up`: reads what is kept.
    /// * `ask`: asks groups of questions by index, each group about one subject, [`MOST_SCORERS`] at most; keeps what it is
    ///   told as soon as it is.
    pub(crate) fn resolve<A>(
        &self,
        questions: &[Question],
        each: usize,
        look_up: impl Fn(&AnswerCache, &[&Question]) -> Vec<Option<A>>,
        ask: impl Fn(&[Vec<usize>]) -> Vec<Result<Vec<A>, ApiError>>,
    ) -> Vec<Result<Vec<A>, ApiError>> {
        let subjects = questions.len().checked_div(each).unwrap_or(0);
        let mut answers: Vec<Option<A>> = questions.iter().map(|_| None).collect();
        let mut failed: Vec<Option<ApiError>> = vec![None; subjects];
        let mut wait = FIRST_LOOK;
        loop {
            let open = open_questions(&answers, &failed, each);
            if open.is_empty() {
                break;
            }
            if let Some(cache) = self.cache {
                let asked: Vec<&Question> = open.iter().map(|&index| &questions[index]).collect();
                for (&index, kept) in open.iter().zip(look_up(cache, &asked)) {
                    if kept.is_some() {
                        self.tally.kept.fetch_add(1, Ordering::Relaxed);
                        answers[index] = kept;
                    }
                }
            }
            let open = open_questions(&answers, &failed, each);
            // The most that one call may ask for about each subject; the rest is for the next round.
            let open: Vec<usize> = of_one_call(&open, each);
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
                        failed[index / each].get_or_insert_with(|| error.clone());
                    }
                    break;
                }
                std::thread::sleep(wait);
                wait = (wait * 2).min(LONGEST_LOOK);
                continue;
            }
            wait = FIRST_LOOK;
            let groups: Vec<Vec<usize>> = mine.chunk_by(|a, b| a / each == b / each).map(<[_]>::to_vec).collect();
            for (group, told) in groups.iter().zip(ask(&groups)) {
                match told {
                    Ok(told) => {
                        for (&index, answered) in group.iter().zip(told) {
                            answers[index] = Some(answered);
                        }
                    }
                    Err(error) => failed[group[0] / each] = Some(error),
                }
            }
        }
        let mut answers = answers.into_iter();
        let subject = |error: Option<ApiError>| {
            // Taken in any case, so that the next subject begins where it begins.
            let whole: Option<Vec<A>> = answers.by_ref().take(each).collect::<Vec<_>>().into_iter().collect();
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

    fn claim(&self, questions: &[Question], open: &[usize]) -> (Vec<Claim>, Option<Claims<'_>>) {
        match self.cache {
            None => (vec![Claim::Mine; open.len()], None),
            Some(_) if open.is_empty() => (Vec::new(), None),
            Some(cache) => {
                let asked: Vec<&Question> = open.iter().map(|&index| &questions[index]).collect();
                let (claims, held) = cache.claim(&asked);
                (claims, Some(held))
            }
        }
    }
}

/// Returns the indices of questions that have no answer, of subjects that have not failed.
fn open_questions<A>(answers: &[Option<A>], failed: &[Option<ApiError>], each: usize) -> Vec<usize> {
    let open = |index: &usize| answers[*index].is_none() && failed[index / each].is_none();
    (0..answers.len()).filter(open).collect()
}

/// Returns of each subject as many questions as a call may ask.
fn of_one_call(open: &[usize], each: usize) -> Vec<usize> {
    let subjects = open.chunk_by(|a, b| a / each == b / each);
    subjects
        .flat_map(|questions| questions.iter().take(MOST_SCORERS))
        .copied()
        .collect()
}
