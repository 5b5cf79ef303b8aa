//! Signs that were changed after the fact.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Finding, Severity, grouped};
use crate::lint::statistic::Pairs;

/// Pairs from which on opposite columns are reported.
const LEAST: u64 = 10;
/// Columns that are compared with each other.
const MOST_COLUMNS: usize = 8;

pub(super) static RULE: Rule = Rule {
    code: "RF018",
    name: "post-hoc-sign",
    severity: Severity::Warning,
    finds: "effects or predictions with the opposite sign of another column or of the table they come from",
    why: "A sign that is turned because the agreement is better then makes any agreement positive, and the p-value is that \
          of the size. A public hQTL validation turned its signs after it had seen the data.",
    statistic: "A column whose name says so (`flipped`, `inverted`, `negated`); two effect or prediction columns of a \
                table, or the effect and that of `--truth` by variant, that are each other's negative to six digits in \
                99 % of 10 rows or more. By chance that does not happen. False alarm: a turn that is right, because \
                the effect is of the other allele; allow it with that reason.",
    remedy: "Decide the sign before looking, from the definition of the effect allele; test two-sided, or report the size.",
    source: "gsstephenson/alphagenome-qtl-validation, hQTL part; the published sign cases of dsQTL Yoruba and microglia \
             caQTL.",
    table: Some(|context| {
        let columns = context.columns;
        let named = columns.named(|words| {
            words
                .iter()
                .any(|word| matches!(*word, "flipped" | "flip" | "inverted" | "negated" | "signflipped"))
        });
        let signed = columns.named(|words| {
            words.iter().any(|word| {
                [
                    "beta",
                    "slope",
                    "effect",
                    "lfc",
                    "logfc",
                    "log2fc",
                    "prediction",
                    "pred",
                    "delta",
                ]
                .contains(word)
            })
        });
        let mut signed: Vec<_> = columns
            .all(LintRole::Effect)
            .chain(columns.all(LintRole::Prediction))
            .chain(signed)
            .collect();
        signed.sort_unstable();
        signed.dedup();
        signed.truncate(MOST_COLUMNS);
        let pairs: Vec<_> = signed
            .iter()
            .enumerate()
            .flat_map(|(index, &first)| {
                signed[index + 1..]
                    .iter()
                    .map(move |&second| (first, second, Pairs::default()))
            })
            .collect();
        let effect = columns.first(LintRole::Effect).filter(|_| context.other.is_some());
        (!named.is_empty() || !pairs.is_empty() || effect.is_some()).then(|| {
            Box::new(Check {
                context,
                named,
                pairs,
                effect,
                with_other: Pairs::default(),
            }) as Box<dyn TableCheck + '_>
        })
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    named: Vec<usize>,
    pairs: Vec<(usize, usize, Pairs)>,
    effect: Option<usize>,
    with_other: Pairs,
}

fn is_opposite(pairs: &Pairs) -> bool {
    pairs.signed >= LEAST && pairs.opposite * 100 >= pairs.signed * 99
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        for (first, second, pairs) in &mut self.pairs {
            if let (Some(x), Some(y)) = (row.number(*first), row.number(*second)) {
                pairs.add(x, y);
            }
        }
        let there = || self.context.other?.effects.get(&row.key?).copied();
        if let (Some(x), Some(y)) = (self.effect.and_then(|column| row.number(column)), there()) {
            self.with_other.add(x, y);
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let columns = self.context.columns;
        let report = |column: &str, against: &str, pairs: &Pairs| {
            let message = format!(
                "`{column}` is the negative of {against} in {} of {} rows",
                grouped(pairs.opposite),
                grouped(pairs.signed)
            );
            let finding = Finding::new(&RULE, Severity::Warning, message).column(column);
            finding.with("n", pairs.signed).with("opposite", pairs.opposite)
        };
        let mut found: Vec<Finding> = self
            .pairs
            .iter()
            .filter(|(.., pairs)| is_opposite(pairs))
            .map(|(first, second, pairs)| report(columns.name(*second), &format!("`{}`", columns.name(*first)), pairs))
            .collect();
        if let (Some(effect), Some(other)) = (self.effect, self.context.other)
            && is_opposite(&self.with_other)
        {
            let against = format!("`{}` of `{}`", other.effect.as_deref().unwrap_or(""), other.name);
            found.push(report(columns.name(effect), &against, &self.with_other));
        }
        if found.is_empty() {
            found.extend(self.named.iter().map(|&column| {
                let message = "the name says that signs were changed after the measurement";
                Finding::new(&RULE, Severity::Warning, message).column(columns.name(column))
            }));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings;

    fn table(header: &str, second: impl Fn(f64) -> f64) -> String {
        let mut text = format!("variant_id\tbeta\t{header}\n");
        for row in 0..20 {
            let beta = f64::from(row) - 9.7;
            text.push_str(&format!("x{row}\t{beta}\t{}\n", second(beta)));
        }
        text
    }

    #[test]
    fn a_turned_copy_and_a_telling_name_are_found() {
        assert_eq!(findings(&RULE, "a.tsv", &table("beta_used", |beta| -beta)).len(), 1);
        assert_eq!(findings(&RULE, "a.tsv", &table("sign_flipped", |_| 1.0)).len(), 1);
    }

    #[test]
    fn another_effect_is_silent() {
        assert!(findings(&RULE, "a.tsv", &table("beta_other", |beta| 1.0 - beta)).is_empty());
        assert!(findings(&RULE, "a.tsv", &table("beta_copy", |beta| beta)).is_empty());
    }
}
