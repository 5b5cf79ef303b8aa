//! Which sources the scores of a run come from: how many variants each gave, by scorer.
//!
//! Every row of the score table states its origin. The tallies say it once for a run, so that whoever ranks or sums up
//! scores knows without a look at the table whether they come from one source.

use refalt_core::score::{Origin, ScoreBlock};
use serde::{Deserialize, Serialize};

/// Variants that one source scored by one scorer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceTally {
    /// The scorer's text.
    pub scorer: String,
    /// Name of the model or service.
    pub source: String,
    /// Version of the model.
    pub model_version: String,
    /// Variants with scores by it.
    pub variants: u64,
    /// Scores of these: one for each track, and for each gene where the scorer works by gene.
    #[serde(default)]
    pub scores: u64,
    /// First and last day of a service's answers, `2026-11-20` (UTC); none for scores that are computed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<[String; 2]>,
}

impl SourceTally {
    /// Returns source and version, `motif-jaspar2024 1.0`.
    pub fn name(&self) -> String {
        format!("{} {}", self.source, self.model_version)
    }
}

/// Tallies, by scorer and then in the order in which sources come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SourceTallies(Vec<SourceTally>);

impl SourceTallies {
    /// Counts a block of scores.
    ///
    /// * `scorer`: the scorer's text.
    /// * `scores`: the scores of the block that are in the table.
    pub(crate) fn count(&mut self, scorer: &str, block: &ScoreBlock, scores: u64) {
        let Origin {
            source,
            model_version,
            answered_on,
        } = &*block.origin;
        let known = self
            .0
            .iter_mut()
            .find(|known| known.scorer == scorer && known.source == *source && known.model_version == *model_version);
        // A block has the same source as the one before, unless sources are mixed: nothing is formatted for it.
        if answered_on.is_none()
            && let Some(known) = known
        {
            known.variants += 1;
            known.scores += scores;
            return;
        }
        let day = answered_on.map(|day| day.to_string());
        self.add(&SourceTally {
            scorer: scorer.to_owned(),
            source: source.clone(),
            model_version: model_version.clone(),
            variants: 1,
            scores,
            answered: day.map(|day| [day.clone(), day]),
        });
    }

    /// Adds the tally of another part.
    pub(crate) fn add(&mut self, other: &SourceTally) {
        let same = |known: &&mut SourceTally| {
            (&known.scorer, &known.source, &known.model_version) == (&other.scorer, &other.source, &other.model_version)
        };
        let Some(known) = self.0.iter_mut().find(same) else {
            self.0.push(other.clone());
            return;
        };
        known.variants += other.variants;
        known.scores += other.scores;
        // The text of a day sorts as the day does.
        known.answered = match (known.answered.take(), other.answered.clone()) {
            (Some([first, last]), Some([other_first, other_last])) => {
                Some([first.min(other_first), last.max(other_last)])
            }
            (known, other) => known.or(other),
        };
    }

    /// Returns the tallies in the order of the scorers.
    ///
    /// * `scorers`: texts.
    pub(crate) fn in_order<'a>(mut self, scorers: impl Iterator<Item = &'a str>) -> Vec<SourceTally> {
        let scorers: Vec<&str> = scorers.collect();
        let place = |tally: &SourceTally| scorers.iter().position(|scorer| *scorer == tally.scorer);
        self.0.sort_by_key(place);
        self.0
    }
}

/// What one source gave to a run, over all scorers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceShare {
    /// Name of the model or service, without its version.
    pub source: String,
    /// Variants with scores by it: of the scorer by which it scored most.
    pub variants: u64,
    /// Scores of these, by all scorers.
    pub scores: u64,
}

impl SourceShare {
    /// Sums the tallies of a run up, for each source in the order in which they come.
    ///
    /// * `expected`: names of sources that are told with 0 when they gave nothing.
    pub fn of<'a>(tallies: &[SourceTally], expected: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let none = |source: &str| Self {
            source: source.to_owned(),
            variants: 0,
            scores: 0,
        };
        let mut shares: Vec<Self> = expected.into_iter().map(none).collect();
        for tally in tallies {
            if shares.iter().all(|share| share.source != tally.source) {
                shares.push(none(&tally.source));
            }
            let found = shares.iter_mut().find(|share| share.source == tally.source);
            if let Some(share) = found {
                share.variants = share.variants.max(tally.variants);
                share.scores += tally.scores;
            }
        }
        shares
    }
}

/// A scorer whose scores come from several sources, which need not be comparable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MixedSources {
    /// The scorer's text.
    pub scorer: String,
    /// Its sources with their versions, in the order in which they come.
    pub sources: Vec<String>,
}

impl std::fmt::Display for MixedSources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "scores by {} come from several sources and need not be comparable: {}",
            self.scorer,
            self.sources.join("; ")
        )
    }
}

impl MixedSources {
    /// Returns those of the scorers whose scores come from several sources.
    ///
    /// * `scorers`: texts.
    pub fn of<'a>(tallies: &[SourceTally], scorers: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let mixed = mixed(tallies);
        let found = scorers.into_iter().filter_map(|text| {
            let (scorer, sources) = mixed.iter().find(|(scorer, _)| scorer == text)?;
            Some(Self {
                scorer: scorer.clone(),
                sources: sources.clone(),
            })
        });
        found.collect()
    }
}

/// Returns the scorers whose scores come from several sources, each with the names of these.
pub fn mixed(tallies: &[SourceTally]) -> Vec<(String, Vec<String>)> {
    let mut by_scorer: Vec<(String, Vec<String>)> = Vec::new();
    for tally in tallies {
        match by_scorer.iter_mut().find(|(scorer, _)| *scorer == tally.scorer) {
            Some((_, sources)) => sources.push(tally.name()),
            None => by_scorer.push((tally.scorer.clone(), vec![tally.name()])),
        }
    }
    by_scorer.retain(|(_, sources)| sources.len() > 1);
    by_scorer
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::score::UtcDay;
    use refalt_core::scorer::ScoreRows;
    use std::sync::Arc;

    fn block(source: &str, day: Option<&str>) -> ScoreBlock {
        ScoreBlock {
            scorer: 0,
            rows: ScoreRows::One,
            raw: Vec::new(),
            quantile: None,
            terms: None,
            origin: Arc::new(Origin {
                source: source.to_owned(),
                model_version: "1".to_owned(),
                answered_on: day.map(|day| UtcDay::parse(day).unwrap()),
            }),
        }
    }

    #[test]
    fn sources_are_told_apart_by_scorer_and_the_days_span_all_answers() {
        let mut tallies = SourceTallies::default();
        tallies.count("B", &block("here", None), 10);
        tallies.count("A", &block("there", Some("2026-11-20")), 10);
        tallies.count("A", &block("there", Some("2026-10-31")), 10);
        tallies.count("A", &block("there", Some("2026-11-02")), 10);
        tallies.count("A", &block("here", None), 10);
        tallies.count("B", &block("here", None), 10);
        let found = tallies.in_order(["A", "B"].into_iter());
        let shown: Vec<_> = found
            .iter()
            .map(|tally| (tally.scorer.as_str(), tally.name(), tally.variants))
            .collect();
        assert_eq!(
            shown,
            [
                ("A", "there 1".to_owned(), 3),
                ("A", "here 1".to_owned(), 1),
                ("B", "here 1".to_owned(), 2)
            ]
        );
        let days = found[0].answered.as_ref().unwrap();
        assert_eq!(days, &["2026-10-31".to_owned(), "2026-11-20".to_owned()]);
        assert_eq!(found[1].answered, None);
        // Of A 3 blocks of 10 scores from there and 1 from here, of B 2 from here.
        let shares = SourceShare::of(&found, ["nowhere"]);
        let shares: Vec<_> = shares
            .iter()
            .map(|of| (of.source.as_str(), of.variants, of.scores))
            .collect();
        assert_eq!(shares, [("nowhere", 0, 0), ("there", 3, 30), ("here", 2, 30)]);
        let mixed = mixed(&found);
        assert_eq!(
            mixed,
            [("A".to_owned(), vec!["there 1".to_owned(), "here 1".to_owned()])]
        );
    }
}
