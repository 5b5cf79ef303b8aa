//! A maximum over tracks that is compared with the threshold of one track.

use super::{Context, Row, Rule, TableCheck};
use crate::lint::finding::{Finding, Severity, grouped};
use crate::lint::statistic::{Numbers, log10_binomial_at_least};

/// Rows from which on a column is judged.
const LEAST: u64 = 20;
/// The quantile that is called strong.
const STRONG: f64 = 0.9;

pub(super) static RULE: Rule = Rule {
    code: "RF002",
    name: "max-without-null",
    severity: Severity::Warning,
    finds: "a maximum over N tracks that stands without the maximum that N tracks reach by chance",
    why: "The largest of many quantiles is large for any variant: with 20 to 30 independent tracks the chance that one \
          of them exceeds 0.9 in size is 0.88 to 0.96. A published \"94.9 % of variants above 0.9\" is that number.",
    statistic: "A column of quantiles that is named a maximum (-1 to 1, 20 rows or more): the share with a size of 0.9 or \
                more, against 0.1 for one track, by the binomial distribution, p < 1e-3; N = log(1 - share) / log(0.9) \
                independent tracks explain it without any effect. In a study: a maximum among the predictions and no \
                permutations. Tables with a column of the null (`null`, `matched`, `background`, `expected` in its \
                name) are not judged. False alarm: a list of variants chosen because they are strong.",
    remedy: "Take the maximum of matched control variants over the same tracks as the null (for a correlation: \
             permutations, as `refalt validate` does), or name one track beforehand.",
    source: "1 - 0.9^N for N independent tracks, uniform quantiles; the saturation study's own random controls saturate \
             at 97 %.",
    table: Some(|context| {
        let has_null = !context
            .columns
            .named(|words| {
                words
                    .iter()
                    .any(|word| matches!(*word, "null" | "matched" | "background" | "expected"))
            })
            .is_empty();
        if has_null {
            return None;
        }
        let columns = context.columns.named(|words| {
            let is_max = words.iter().any(|word| matches!(*word, "max" | "maximum" | "maxabs"));
            is_max
                && words
                    .iter()
                    .any(|word| matches!(*word, "quantile" | "quantiles" | "q" | "percentile"))
        });
        let columns: Vec<_> = columns
            .into_iter()
            .map(|column| (column, Numbers::default(), 0))
            .collect();
        (!columns.is_empty()).then(|| Box::new(Check { context, columns }) as Box<dyn TableCheck + '_>)
    }),
    plan: Some(|plan| {
        let maximum = plan
            .predictions
            .iter()
            .find(|name| matches!(name.as_str(), "max" | "max_abs" | "min"));
        let many = plan
            .scorers
            .iter()
            .filter_map(|scorer| scorer.tracks)
            .max()
            .unwrap_or(0)
            > 1;
        match (maximum, plan.permutations) {
            (Some(name), Some(0)) if many => {
                let tracks = plan.scorers.iter().filter_map(|scorer| scorer.tracks).max();
                let message =
                    format!("`{name}` over many tracks is shown, and `permutations = 0` leaves it without a null");
                let finding = Finding::new(&RULE, Severity::Warning, message).column("show.predictions");
                vec![finding.with("tracks", tracks.unwrap_or(0))]
            }
            _ => Vec::new(),
        }
    }),
};

struct Check<'a> {
    context: &'a Context<'a>,
    columns: Vec<(usize, Numbers, u64)>,
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        for (column, numbers, strong) in &mut self.columns {
            if let Some(value) = row.number(*column) {
                numbers.add(value);
                *strong += u64::from(value.abs() >= STRONG);
            }
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let found = |(column, numbers, strong): &(usize, Numbers, u64)| {
            if numbers.n < LEAST || numbers.min < -1.0 || numbers.max > 1.0 {
                return None;
            }
            let share = *strong as f64 / numbers.n as f64;
            // Beyond a thousand rows the tail is far below the threshold wherever the share is; the sum stays short.
            let rows = numbers.n.min(1000);
            let log10_p = log10_binomial_at_least((share * rows as f64) as u64, rows, 1.0 - STRONG);
            if log10_p > -3.0 {
                return None;
            }
            let tracks = (1.0 - share.min(1.0 - 0.5 / numbers.n as f64)).ln() / STRONG.ln();
            let message = format!(
                "{} of {} maxima ({:.1} %) are 0.9 or more, which the largest of {:.0} independent tracks reaches by chance",
                grouped(*strong),
                grouped(numbers.n),
                100.0 * share,
                tracks
            );
            Some(
                Finding::new(&RULE, Severity::Warning, message)
                    .column(self.context.columns.name(*column))
                    .with("n", numbers.n)
                    .with("share_from_0.9", share)
                    .with("independent_tracks_that_explain_it", tracks),
            )
        };
        self.columns.iter().filter_map(found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings;

    fn table(name: &str, value: impl Fn(i32) -> f64) -> String {
        let mut text = format!("variant_id\t{name}\n");
        (0..100).for_each(|row| text.push_str(&format!("chr1:{}:A>C\t{}\n", row + 1, value(row))));
        text
    }

    #[test]
    fn saturated_maxima_are_found_with_the_number_of_tracks_that_explains_them() {
        // 96 of 100 are strong: log(0.04) / log(0.9) = 30.6
        let found = findings(
            &RULE,
            "a.tsv",
            &table("ap1_quantile_max", |row| if row < 4 { 0.5 } else { 0.99 }),
        );
        assert_eq!(found.len(), 1);
        let tracks = found[0].evidence["independent_tracks_that_explain_it"]
            .as_f64()
            .unwrap();
        assert!((tracks - 30.55).abs() < 0.01, "{tracks}");
    }

    #[test]
    fn quantiles_of_one_track_and_maxima_beside_their_null_are_silent() {
        let even = |row: i32| f64::from(row) / 50.0 - 0.99;
        assert!(findings(&RULE, "a.tsv", &table("quantile_max", even)).is_empty());
        let beside = table("quantile_max", |_| 0.99).replace('\n', "\t0.99\n");
        let beside = beside.replacen("quantile_max\t0.99", "quantile_max\tnull_max", 1);
        assert!(findings(&RULE, "a.tsv", &beside).is_empty());
    }
}
