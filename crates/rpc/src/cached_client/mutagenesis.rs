//! Saturation mutagenesis: substitutions by scorers, each an answer of its own.

use super::{Answered, CachedClient, kept_scores};
use crate::answer::SubstitutionScores;
use crate::cache::Question;
use crate::client::{ISM_PIECE_BP, Piece};
use crate::error::ApiError;
use refalt_core::scorer::Scorer;
use refalt_core::{Alternate, CheckedVariant, Interval, Position, Window};
use std::sync::Arc;

/// A call: a run of bases with the same scorers open, and the groups of questions that it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Call {
    first: Position,
    last: Position,
    /// Indices of scorers.
    scorers: Vec<usize>,
    groups: Vec<usize>,
}

/// Gathers groups of questions into calls of ten bases at most.
///
/// * `positions`: where the substitution of each group is, ascending.
/// * `scorers`: the scorers of each group.
fn calls(positions: &[Position], scorers: &[Vec<usize>]) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for (group, (&position, scorers)) in positions.iter().zip(scorers).enumerate() {
        let at = position.one_based();
        if let Some(call) = calls.last_mut()
            && call.scorers == *scorers
            && (call.last.one_based()..=call.last.one_based() + 1).contains(&at)
            && at - call.first.one_based() < ISM_PIECE_BP
        {
            call.last = position;
            call.groups.push(group);
            continue;
        }
        calls.push(Call {
            first: position,
            last: position,
            scorers: scorers.clone(),
            groups: vec![group],
        });
    }
    calls
}

impl CachedClient {
    /// Scores substitutions of single bases of a window by each scorer, in order; the answers are in the order of the
    /// substitutions.
    ///
    /// * `substitutions`: ascending by position.
    /// * `scorers`: any number, with their texts.
    /// * `progress`: told how many substitutions have their answers.
    ///
    /// # Errors
    /// [`ApiError`] of the first substitution without answer.
    pub fn score_substitutions(
        &self,
        window: &Window,
        substitutions: &[CheckedVariant],
        scorers: &[(&dyn Scorer, &str)],
        progress: &dyn Fn(u64),
    ) -> Result<Vec<Vec<Answered>>, ApiError> {
        let each = scorers.len();
        let questions = substitutions.iter().flat_map(|variant| {
            let question = |(_, text): &(_, &str)| Question::of_substitution(&self.service, window, variant, text);
            scorers.iter().map(question)
        });
        let questions: Vec<Question> = questions.collect();
        let of_group = |group: &Vec<usize>| &substitutions[group[0] / each];
        let ask = |mine: &[Vec<usize>]| {
            let known = (substitutions.len() - mine.len()) as u64;
            progress(known);
            let positions: Vec<Position> = mine.iter().map(|group| of_group(group).position()).collect();
            let open = mine
                .iter()
                .map(|group| group.iter().map(|index| index % each).collect());
            let calls = calls(&positions, &open.collect::<Vec<_>>());
            let piece = |call: &Call| {
                let stretch = Interval::from_bases(call.first, call.last);
                Piece {
                    stretch: stretch.expect("the last base of a call is not before the first"),
                    scorers: call.scorers.iter().map(|&scorer| scorers[scorer].0).collect(),
                }
            };
            let pieces: Vec<Piece<'_>> = calls.iter().map(piece).collect();
            let keep = self.keep(&questions, mine);
            let wanted: Vec<CheckedVariant> = mine.iter().map(|group| of_group(group).clone()).collect();
            let members: Vec<Vec<usize>> = calls.iter().map(|call| call.groups.clone()).collect();
            let address = self.service.source.clone();
            let taken = move |call: usize, answer: Vec<SubstitutionScores>| {
                let answers = picked(answer, &members[call], &wanted, &address)?;
                Ok(keep(answers))
            };
            let answered = |count: usize| {
                let groups: usize = calls[..count].iter().map(|call| call.groups.len()).sum();
                progress(known + groups as u64);
            };
            let answers = self.client.score_pieces(window, &pieces, Arc::new(taken), &answered);
            let mut by_group: Vec<Option<Result<Vec<Answered>, ApiError>>> = mine.iter().map(|_| None).collect();
            for (call, answer) in calls.iter().zip(answers) {
                match answer {
                    Ok(answers) => {
                        for (&group, answer) in call.groups.iter().zip(answers) {
                            by_group[group] = Some(Ok(answer));
                        }
                    }
                    Err(error) => {
                        for &group in &call.groups {
                            by_group[group] = Some(Err(error.clone()));
                        }
                    }
                }
            }
            let missing = || ApiError::Setup {
                reason: "a call ended without an answer".to_owned(),
            };
            by_group
                .into_iter()
                .map(|answer| answer.unwrap_or_else(|| Err(missing())))
                .collect()
        };
        let answers = self.desk().resolve(&questions, each, kept_scores, ask);
        let answers: Result<Vec<Vec<Answered>>, ApiError> = answers.into_iter().collect();
        progress(substitutions.len() as u64);
        answers
    }
}

/// Scores of groups, by the index of the group.
type OfGroups = Vec<(usize, Vec<crate::answer::ScoredTracks>)>;

/// Takes the substitutions that are wanted out of the answer of a call, in the order of `groups`.
fn picked(
    answer: Vec<SubstitutionScores>,
    groups: &[usize],
    wanted: &[CheckedVariant],
    address: &str,
) -> Result<OfGroups, ApiError> {
    let mut answer: Vec<Option<SubstitutionScores>> = answer.into_iter().map(Some).collect();
    let pick = |&group: &usize| {
        let variant = &wanted[group];
        let is_it = |found: &Option<SubstitutionScores>| {
            found.as_ref().is_some_and(|found| {
                found.variant.position == variant.position()
                    && found.variant.reference_bases.as_bytes() == variant.reference_bases().as_bytes()
                    && matches!(&found.variant.alternate, Alternate::Bases(bases)
                        if bases.as_bytes() == variant.alternate_bases().as_bytes())
            })
        };
        let found = answer.iter_mut().find(|found| is_it(found)).and_then(Option::take);
        let found = found.ok_or_else(|| ApiError::Failed {
            address: address.to_owned(),
            what: variant.to_string(),
            attempts: 1,
            reason: "its genome has another base there than the reference".to_owned(),
        })?;
        Ok((group, found.scores))
    };
    groups.iter().map(pick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(places: &[(u32, &[usize])], expected: &[(u32, u32, usize)]) {
        let positions: Vec<Position> = places.iter().map(|(at, _)| Position::new(*at).unwrap()).collect();
        let scorers: Vec<Vec<usize>> = places.iter().map(|(_, scorers)| scorers.to_vec()).collect();
        let found: Vec<(u32, u32, usize)> = calls(&positions, &scorers)
            .iter()
            .map(|call| (call.first.one_based(), call.last.one_based(), call.groups.len()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn runs_of_bases_with_the_same_scorers_are_one_call_of_ten_bases_at_most() {
        let all: Vec<(u32, &[usize])> = (1..=25).flat_map(|at| [(at, &[0, 1][..]); 3]).collect();
        check(&all, &[(1, 10, 30), (11, 20, 30), (21, 25, 15)]);
        // A gap, and other scorers, begin another call.
        check(
            &[(5, &[0]), (6, &[0]), (8, &[0]), (9, &[1])],
            &[(5, 6, 2), (8, 8, 1), (9, 9, 1)],
        );
        check(&[], &[]);
    }
}
