//! Activities and effects under one name.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Examples, Finding, Severity, grouped};
use crate::lint::statistic::{Numbers, key_of};
use std::collections::HashMap;

/// The largest size of a log2 ratio of sums below 2^64.
const MOST_LOG2: f64 = 64.0;
/// Variant and track pairs that are looked at.
const MOST_PAIRS: usize = 1 << 20;
/// Pairs from which on their signs are judged.
const LEAST: u64 = 20;

pub(super) static RULE: Rule = Rule {
    code: "RF001",
    name: "activity-with-effect",
    severity: Severity::Error,
    finds: "activities (`_ACTIVE`, the signal of the stronger allele) and effects (ALT against REF) in one column of numbers",
    why: "An activity says how active a place is and not what the variant does there. A maximum over both is the \
          activity: a published axis \"gain of AP1 binding, 3 to 34,000\" is the occupancy of the region.",
    statistic: "Without a scorer column: a variant has two scores on one track and output type, the second (or first) of \
                which is never negative in 20 or more pairs while the other takes both signs. By chance that has \
                probability 2^-n. In a column that is named a log2 ratio: a size above 64, which no log2 ratio of sums \
                below 2^64 reaches. With a scorer column that names both kinds only a note is given, since the table \
                can be told apart. False alarm: none known for the first two.",
    remedy: "Keep the scorer (`variant_scorer`) in every row and take one kind only: filter rows by scorer before any \
             maximum, mean or rank.",
    source: "AlphaGenome, recommended variant scorers (ACTIVE_SUM: larger of the sums of REF and ALT); 957,032 rows of \
             7,037 variants in a public pipeline are 136 rows each, 2 x 68 tracks.",
    table: Some(|context| {
        let columns = context.columns;
        let score = columns
            .first(LintRole::RawScore)
            .or(columns.first(LintRole::QuantileScore));
        let log_ratios = columns.named(|words| {
            words
                .iter()
                .any(|word| matches!(*word, "log2fc" | "logfc" | "lfc" | "log2"))
                && !words.contains(&"n")
        });
        (score.is_some() || !log_ratios.is_empty()).then(|| {
            Box::new(Check {
                context,
                score,
                log_ratios: log_ratios
                    .into_iter()
                    .map(|column| (column, Numbers::default(), Examples::default()))
                    .collect(),
                kinds: [0; 2],
                pairs: HashMap::new(),
                occurrences: [Numbers::default(), Numbers::default()],
                examples: Examples::default(),
            }) as Box<dyn TableCheck + '_>
        })
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    score: Option<usize>,
    log_ratios: Vec<(usize, Numbers, Examples)>,
    /// Rows whose scorer is one of effects, of activities.
    kinds: [u64; 2],
    /// How often a variant had a score on a track, and the first of them.
    pairs: HashMap<u64, (u32, f64)>,
    /// The first and the second score of those with two.
    occurrences: [Numbers; 2],
    examples: Examples,
}

impl Check<'_> {
    fn pair(&mut self, row: &Row<'_>, score: usize) {
        let columns = self.context.columns;
        let (Some(key), Some(track), Some(value)) = (row.key, columns.first(LintRole::Track), row.number(score)) else {
            return;
        };
        let output = columns.first(LintRole::OutputType).and_then(|column| row.cell(column));
        let gene = columns.first(LintRole::Gene).and_then(|column| row.cell(column));
        let pair = key_of((key, row.cell(track), output, gene));
        if self.pairs.len() >= MOST_PAIRS && !self.pairs.contains_key(&pair) {
            return;
        }
        let (count, first) = self.pairs.entry(pair).or_insert((0, value));
        *count += 1;
        if *count == 2 {
            self.occurrences[0].add(*first);
            self.occurrences[1].add(value);
            self.examples.add(row.number);
        }
    }
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        for (column, numbers, examples) in &mut self.log_ratios {
            if let Some(value) = row.number(*column) {
                numbers.add(value);
                if value.abs() > MOST_LOG2 {
                    examples.add(row.number);
                }
            }
        }
        let Some(score) = self.score else { return };
        match self.context.columns.first(LintRole::Scorer) {
            Some(scorer) => {
                if let Some(text) = row.cell(scorer) {
                    let is_activity = text.contains("ACTIVE") || text == "activity";
                    self.kinds[usize::from(is_activity)] += 1;
                }
            }
            None => self.pair(row, score),
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let mut found = Vec::new();
        let [first, second] = &self.occurrences;
        let one_sided = [first.negative == 0, second.negative == 0];
        if first.n >= LEAST && one_sided[0] != one_sided[1] {
            let activity = usize::from(one_sided[1]);
            let message = format!(
                "{} pairs of variant and track have two scores, and number {} of them is never negative: an activity and \
                 an effect, and no column tells which is which",
                grouped(first.n),
                activity + 1
            );
            found.push(
                Finding::new(&RULE, Severity::Error, message)
                    .column(self.score.map_or("", |column| self.context.columns.name(column)))
                    .rows(self.examples.rows())
                    .with("pairs", first.n)
                    .with("negative_among_effects", self.occurrences[1 - activity].negative)
                    .with("largest_activity", self.occurrences[activity].max),
            );
        }
        let [effects, activities] = self.kinds;
        if effects > 0 && activities > 0 {
            let message = format!(
                "{} rows are effects and {} are activities; filter by scorer before any maximum or mean",
                grouped(effects),
                grouped(activities)
            );
            found.push(
                Finding::new(&RULE, Severity::Note, message)
                    .column(self.score.map_or("", |column| self.context.columns.name(column)))
                    .with("effect_rows", effects)
                    .with("activity_rows", activities),
            );
        }
        for (column, numbers, examples) in &self.log_ratios {
            let most = numbers.max.abs().max(numbers.min.abs());
            if numbers.n > 0 && most > MOST_LOG2 {
                let message = format!("values up to {most} are no log2 ratios: a fold of 2^64 does not occur");
                found.push(
                    Finding::new(&RULE, Severity::Error, message)
                        .column(self.context.columns.name(*column))
                        .rows(examples.rows())
                        .with("n", numbers.n)
                        .with("min", numbers.min)
                        .with("max", numbers.max),
                );
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings;

    /// Two scores of 15 variants on two tracks: an effect of either sign, then `second`.
    fn tidy(header: &str, second: impl Fn(f64) -> f64, kinds: [&str; 2]) -> String {
        let mut text = format!("{header}\n");
        for (occurrence, kind) in kinds.iter().enumerate() {
            for position in 1..=15 {
                for track in ["a", "b"] {
                    let effect = f64::from(position) / 10.0 - 0.75;
                    let score = if occurrence == 0 { effect } else { second(effect) };
                    text.push_str(&format!("chr1:{position}:A>C\tCHIP_TF\t{track}\t{score}\t{kind}\n"));
                }
            }
        }
        text
    }

    #[test]
    fn two_scores_of_which_one_is_never_negative_are_found() {
        let text = tidy(
            "variant_id\toutput_type\ttrack_name\traw_score\tx",
            |effect| 800.0 + effect,
            ["", ""],
        );
        let found = findings(&RULE, "a.tsv", &text);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Error));
        assert_eq!(found[0].evidence["pairs"], 30);
    }

    #[test]
    fn with_the_scorer_in_every_row_it_is_a_note_and_one_kind_is_silent() {
        let header = "variant_id\toutput_type\ttrack_name\traw_score\tvariant_scorer";
        let both = tidy(header, |_| 9.0, ["DIFF_LOG2_SUM", "ACTIVE_SUM"]);
        let found = findings(&RULE, "a.tsv", &both);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Note));
        assert!(
            findings(
                &RULE,
                "a.tsv",
                &tidy(header, |effect| effect, ["DIFF_LOG2_SUM", "DIFF_LOG2_SUM"])
            )
            .is_empty()
        );
        // Two scorers of effects, as of two widths: both take both signs.
        let header = "variant_id\toutput_type\ttrack_name\traw_score\tx";
        assert!(findings(&RULE, "a.tsv", &tidy(header, |effect| effect / 2.0, ["", ""])).is_empty());
    }

    #[test]
    fn a_log_ratio_beyond_64_is_found() {
        assert_eq!(findings(&RULE, "a.tsv", "id\tap1_log2fc\nx\t560\ny\t-3\n").len(), 1);
        assert!(findings(&RULE, "a.tsv", "id\tap1_log2fc\nx\t5.6\ny\t-3\n").is_empty());
    }
}
