//! Labels and predictions of one source.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Finding, Severity, grouped};
use crate::lint::statistic::Pairs;
use crate::provenance::FileIdentity;

/// Pairs from which on a correlation is judged.
const LEAST: u64 = 10;
/// A correlation above that of the best replicates.
const TOO_GOOD: f64 = 0.99;

pub(super) static RULE: Rule = Rule {
    code: "RF017",
    name: "shared-source",
    severity: Severity::Error,
    finds: "labels and predictions that come from one source",
    why: "A prediction that was made of the labels agrees with them whatever the model can do. A published pipeline \
          writes 0.5 x slope + noise into the table of predictions when the model cannot be loaded.",
    statistic: "Within a table, and between it and `--truth` (by variant): the values are equal to six digits in half or \
                more of 10 pairs or more, or their correlation is 0.99 or more in size; replicates of saturation MPRA \
                reach 0.97 at most (Pearson). Two inputs with the same SHA-256 are the same file. False alarm: an effect \
                in two units.",
    remedy: "Find out how the column of predictions came to be; a model that cannot be loaded has to stop the run.",
    source: "Replicate ceilings: Kircher 2019, SORT1 0.962 and LDLR 0.973.",
    table: Some(|context| {
        let columns = context.columns;
        let pairs: Vec<_> = columns
            .all(LintRole::Effect)
            .flat_map(|effect| {
                columns
                    .all(LintRole::Prediction)
                    .map(move |prediction| (effect, prediction))
            })
            .map(|(effect, prediction)| (effect, prediction, Pairs::default()))
            .collect();
        let own = columns.first(LintRole::Prediction).or(columns.first(LintRole::Effect));
        let own = own.filter(|_| context.other.is_some());
        (!pairs.is_empty() || own.is_some()).then(|| {
            Box::new(Check {
                context,
                pairs,
                own,
                with_other: Pairs::default(),
            }) as Box<dyn TableCheck + '_>
        })
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    pairs: Vec<(usize, usize, Pairs)>,
    own: Option<usize>,
    with_other: Pairs,
}

fn too_good(pairs: &Pairs) -> Option<f64> {
    let pearson = pairs.pearson()?;
    // Opposite numbers are the matter of the rule on signs.
    let same = pairs.equal * 2 >= pairs.n;
    (pairs.n >= LEAST && (pearson >= TOO_GOOD || same)).then_some(pearson)
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        for (effect, prediction, pairs) in &mut self.pairs {
            if let (Some(x), Some(y)) = (row.number(*effect), row.number(*prediction)) {
                pairs.add(x, y);
            }
        }
        let there = || self.context.other?.effects.get(&row.key?).copied();
        if let (Some(x), Some(y)) = (self.own.and_then(|column| row.number(column)), there()) {
            self.with_other.add(x, y);
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let columns = self.context.columns;
        let report = |column: &str, against: &str, pairs: &Pairs, pearson: f64| {
            let message = format!(
                "`{column}` and {against} correlate at {pearson:.4} over {} rows, {} of them equal",
                grouped(pairs.n),
                grouped(pairs.equal)
            );
            let finding = Finding::new(&RULE, Severity::Error, message).column(column);
            finding
                .with("n", pairs.n)
                .with("equal", pairs.equal)
                .with("pearson", pearson)
        };
        let within = self.pairs.iter().filter_map(|(effect, prediction, pairs)| {
            let against = format!("`{}`", columns.name(*effect));
            too_good(pairs).map(|pearson| report(columns.name(*prediction), &against, pairs, pearson))
        });
        let mut found: Vec<Finding> = within.collect();
        if let (Some(own), Some(other), Some(pearson)) = (self.own, self.context.other, too_good(&self.with_other)) {
            let against = format!("`{}` of `{}`", other.effect.as_deref().unwrap_or(""), other.name);
            found.push(report(columns.name(own), &against, &self.with_other, pearson));
        }
        found
    }
}

/// Says whether two inputs are one file.
pub(in crate::lint) fn same_file(own: &FileIdentity, sha256: &str, name: &str) -> Option<Finding> {
    (own.sha256 == sha256).then(|| {
        let message = format!("`{}` and `{name}` have the same content", own.name);
        Finding::new(&RULE, Severity::Error, message).with("sha256", sha256)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::{findings, findings_with};

    fn table(prediction: impl Fn(f64, i32) -> f64) -> String {
        let mut text = String::from("variant_id\tbeta\tprediction\n");
        for row in 0..40_i32 {
            let beta = f64::from(row * 7 % 40) - 19.5;
            text.push_str(&format!("x{row}\t{beta}\t{}\n", prediction(beta, row)));
        }
        text
    }

    #[test]
    fn predictions_made_of_the_labels_are_found() {
        // Half the label and a little noise.
        let found = findings(
            &RULE,
            "a.tsv",
            &table(|beta, row| 0.5 * beta + f64::from(row % 3) * 0.1),
        );
        assert!(found[0].evidence["pearson"].as_f64().unwrap() > 0.99);
    }

    #[test]
    fn a_good_prediction_is_silent() {
        // Noise as large as the signal: about 0.7.
        let text = table(|beta, row| beta + f64::from((row * 13) % 40) - 19.5);
        assert!(findings(&RULE, "a.tsv", &text).is_empty());
    }

    #[test]
    fn a_second_table_with_the_same_numbers_or_content_is_found() {
        let text = table(|beta, row| beta + f64::from((row * 13) % 40) - 19.5);
        let found = findings_with(&RULE, "a.tsv", &text, |folder, request| {
            let path = folder.join("truth.tsv");
            std::fs::copy(&request.input, &path).unwrap();
            request.truth = Some(path);
        });
        assert!(
            found.iter().any(|finding| finding.message.contains("same content")),
            "{found:?}"
        );
    }
}
