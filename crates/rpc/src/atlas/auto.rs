//! The Atlas for what it has, another source for the rest: `--model auto`.
//!
//! METHOD: a scorer that both have for the same list of tracks is taken from the Atlas for the substitutions that it has, and
//! from the other source for every other variant. A scorer that both have for different tracks is taken from the other source
//! only, so that the rows of a scorer are about one list of tracks. A scorer that the Atlas alone has is taken from there, and
//! a variant that the Atlas lacks fails with the scorer named. Every row states its origin.

use super::source::{AtlasSource, Found, is_substitution};
use crate::cache::AnswerCache;
use crate::client::Client;
use crate::error::ApiError;
use crate::resolve::AnswerTally;
use refalt::engine::{Plan, RECOMMENDED_NAME, ScoreSource, SourceError, SourceJob};
use refalt_core::backend::WindowLengths;
use refalt_core::score::ScoreBlock;
use refalt_core::scorer::{self, RECOMMENDED};
use refalt_core::{ModelCard, Organism, TrackSet};
use std::sync::Arc;

/// The Atlas joined with a source that scores the rest.
pub struct AutoSource {
    atlas: AtlasSource,
    rest: Box<dyn ScoreSource>,
    card: ModelCard,
    /// Texts of the scorers that the Atlas gives where it can.
    from_atlas: Vec<String>,
    notes: Vec<String>,
}

impl AutoSource {
    /// Asks the Atlas which of the scorers it has, and compares their tracks with those of the other source.
    ///
    /// * `cache`: where answers of the Atlas are kept.
    /// * `wanted`: scorers by name or text; `recommended` stands for all that either has.
    ///
    /// # Errors
    /// [`ApiError`] when the Atlas does not answer, or the two are of different organisms.
    pub fn open(
        client: Client,
        cache: Option<Arc<AnswerCache>>,
        rest: Box<dyn ScoreSource>,
        wanted: &[String],
    ) -> Result<Self, ApiError> {
        let other = rest.card();
        if Organism::from_name(&other.organism) == Some(Organism::Mouse) {
            return Err(ApiError::Request {
                what: "the Atlas beside a model of another organism".to_owned(),
                reason: format!("`{}` is of {}, the Atlas of Homo sapiens", other.name, other.organism),
            });
        }
        let there = client.atlas_scorers()?;
        let mut usable: Vec<String> = Vec::new();
        let mut from_rest: Vec<String> = Vec::new();
        for named in RECOMMENDED {
            let is_wanted = |text: &String| {
                text == RECOMMENDED_NAME || scorer::parse(text).is_ok_and(|scorer| scorer.to_string() == named.text)
            };
            let Some(entry) = there.iter().find(|entry| entry.name == named.name) else {
                continue;
            };
            let Ok(scorer) = scorer::parse(named.text) else {
                continue;
            };
            if !wanted.iter().any(is_wanted) {
                continue;
            }
            match other.tracks(scorer.output()) {
                Some(set) if !same_tracks(&set.tracks, &entry.tracks) => from_rest.push(named.name.to_owned()),
                _ => usable.push(named.text.to_owned()),
            }
        }
        let atlas = AtlasSource::open(client, cache, &usable)?;
        let mut notes = vec![format!(
            "substitutions by {} from `{}`, all else from `{}`; rows say which in `source`",
            if usable.is_empty() {
                "no scorer".to_owned()
            } else {
                names(&usable)
            },
            atlas.card().name,
            other.name
        )];
        if !from_rest.is_empty() {
            notes.push(format!(
                "`{}` and the Atlas have different tracks for {}: these scorers are taken from `{}` only",
                other.name,
                from_rest.join(", "),
                other.name
            ));
        }
        let alone: Vec<String> = usable
            .iter()
            .filter(|text| scorer::parse(text).is_ok_and(|scorer| other.tracks(scorer.output()).is_none()))
            .cloned()
            .collect();
        if !alone.is_empty() {
            notes.push(format!(
                "`{}` does not give {}: variants that the Atlas lacks will fail",
                other.name,
                names(&alone)
            ));
        }
        let card = joined(atlas.card(), other);
        Ok(Self {
            card,
            from_atlas: usable,
            atlas,
            rest,
            notes,
        })
    }

    /// Returns the Atlas.
    pub fn atlas(&self) -> &AtlasSource {
        &self.atlas
    }

    /// Returns how many answers of the Atlas came from where; it goes on counting.
    pub fn tally(&self) -> Arc<AnswerTally> {
        self.atlas.tally()
    }

    /// Returns what the user has to know of where scores come from.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

fn names(texts: &[String]) -> String {
    let names = texts.iter().map(|text| {
        let named = RECOMMENDED.iter().find(|named| named.text == text);
        named.map_or(text.as_str(), |named| named.name)
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Says whether two lists are of the same tracks: names, strands and biosamples, in order.
fn same_tracks(ours: &[refalt_core::Track], theirs: &[refalt_core::Track]) -> bool {
    let key = |track: &refalt_core::Track| (track.name.clone(), track.strand, track.ontology_curie.clone());
    ours.len() == theirs.len() && ours.iter().map(key).eq(theirs.iter().map(key))
}

/// Joins two cards: the outputs of the other source, and those that the Atlas alone has.
fn joined(atlas: &ModelCard, rest: &ModelCard) -> ModelCard {
    let mut outputs: Vec<TrackSet> = rest.outputs.clone();
    for set in &atlas.outputs {
        if rest.tracks(set.output).is_none() {
            outputs.push(set.clone());
        }
    }
    let lengths = match &atlas.lengths {
        WindowLengths::OneOf(lengths) => WindowLengths::OneOf(
            lengths
                .iter()
                .copied()
                .filter(|&length| rest.lengths.allow(length))
                .collect(),
        ),
        WindowLengths::Multiples { .. } => rest.lengths.clone(),
    };
    let both = |of: fn(&ModelCard) -> &str| {
        if of(atlas) == of(rest) {
            of(rest).to_owned()
        } else {
            format!("{}; {}", of(atlas), of(rest))
        }
    };
    ModelCard {
        name: format!("{} + {}", atlas.name, rest.name),
        version: both(|card| &card.version),
        digest: both(|card| &card.digest),
        organism: rest.organism.clone(),
        licence: both(|card| &card.licence),
        citation: both(|card| &card.citation),
        lengths,
        outputs,
    }
}

impl ScoreSource for AutoSource {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn brings_genes(&self) -> bool {
        self.rest.brings_genes()
    }

    fn is_service(&self) -> bool {
        self.rest.is_service()
    }

    fn is_slow(&self) -> bool {
        self.rest.is_slow()
    }

    fn score(&self, plan: &Plan, jobs: &[SourceJob<'_>]) -> Vec<Result<Vec<ScoreBlock>, SourceError>> {
        let texts: Vec<&str> = plan.scorers().collect();
        let of_atlas = |text: &str| self.from_atlas.iter().any(|known| known == text);
        let of_rest = |number: usize| {
            self.rest
                .card()
                .tracks(plan.planned()[number].scorer.output())
                .is_some()
        };
        let (by_atlas, by_rest): (Vec<usize>, Vec<usize>) =
            (0..texts.len()).partition(|&number| of_atlas(texts[number]));
        let alone: Vec<String> = by_atlas
            .iter()
            .filter(|&&number| !of_rest(number))
            .map(|&number| texts[number].to_owned())
            .collect();
        let everything: Vec<usize> = (0..texts.len()).collect();

        let mut answers: Vec<Option<Result<Vec<ScoreBlock>, SourceError>>> = jobs.iter().map(|_| None).collect();
        // Jobs that the other source scores: by all scorers, or by those that the Atlas does not give.
        let (mut whole, mut part): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut reasons: Vec<Option<String>> = jobs.iter().map(|_| None).collect();
        let (asked, others): (Vec<usize>, Vec<usize>) =
            (0..jobs.len()).partition(|&job| !by_atlas.is_empty() && is_substitution(jobs[job].variant));
        for &job in &others {
            reasons[job] = Some("the Atlas has substitutions of single bases only".to_owned());
        }
        whole.extend(others);
        if !asked.is_empty() {
            let found = match plan.of_scorers(&by_atlas) {
                None => Vec::new(),
                Some(plan) => {
                    let asked: Vec<&SourceJob<'_>> = asked.iter().map(|&job| &jobs[job]).collect();
                    self.atlas.look_up(&plan, &asked)
                }
            };
            let mut found = found.into_iter();
            for job in asked {
                match found.next() {
                    None => answers[job] = Some(Err(lost(&self.card))),
                    Some(Err(error)) => answers[job] = Some(Err(error)),
                    Some(Ok(Found::Nothing(reason))) => {
                        reasons[job] = Some(reason);
                        whole.push(job);
                    }
                    Some(Ok(Found::Scores(blocks))) => {
                        answers[job] = Some(Ok(renumbered(blocks, &by_atlas)));
                        if !by_rest.is_empty() {
                            part.push(job);
                        }
                    }
                }
            }
        }
        if !alone.is_empty() {
            for job in whole.drain(..) {
                answers[job] = Some(Err(SourceError::Job {
                    from: self.card.name.clone(),
                    reason: format!(
                        "{}, and `{}` does not give {}",
                        reasons[job].take().unwrap_or_default(),
                        self.rest.card().name,
                        names(&alone)
                    ),
                }));
            }
        }
        whole.sort_unstable();
        for (members, scorers) in [(whole, &everything), (part, &by_rest)] {
            if members.is_empty() {
                continue;
            }
            let found = match plan.of_scorers(scorers) {
                None => Vec::new(),
                Some(plan) => {
                    let jobs: Vec<SourceJob<'_>> = members.iter().map(|&job| jobs[job]).collect();
                    self.rest.score(&plan, &jobs)
                }
            };
            let mut found = found.into_iter();
            for job in members {
                let more = found.next().unwrap_or_else(|| Err(lost(&self.card)));
                let more = more.map(|blocks| renumbered(blocks, scorers));
                answers[job] = Some(match (answers[job].take(), more) {
                    (Some(Ok(mut blocks)), Ok(more)) => {
                        blocks.extend(more);
                        blocks.sort_by_key(|block| block.scorer);
                        Ok(blocks)
                    }
                    (None, more) => more,
                    (Some(Err(error)), _) | (_, Err(error)) => Err(error),
                });
            }
        }
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(lost(&self.card))))
            .collect()
    }
}

fn lost(card: &ModelCard) -> SourceError {
    SourceError::Job {
        from: card.name.clone(),
        reason: "a variant is without an answer".to_owned(),
    }
}

/// Gives blocks the numbers that their scorers have in the whole plan.
fn renumbered(mut blocks: Vec<ScoreBlock>, scorers: &[usize]) -> Vec<ScoreBlock> {
    for block in &mut blocks {
        block.scorer = scorers.get(block.scorer).copied().unwrap_or(block.scorer);
    }
    blocks
}
