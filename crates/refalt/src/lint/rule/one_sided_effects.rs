//! Effects that all have one sign.

use super::{Context, LintRole, Row, Rule, TableCheck, p_value_as_effect};
use crate::lint::finding::{Finding, Severity, grouped};
use crate::lint::statistic::{Numbers, log10_all_same_sign};

/// Values from which on a column is judged: 2^-19 is two in a million.
const LEAST: u64 = 20;

pub(super) static RULE: Rule = Rule {
    code: "RF007",
    name: "one-sided-effects",
    severity: Severity::Warning,
    finds: "effects that are all positive, or all negative",
    why: "Sizes without signs, or effects turned to the allele that raises the trait, cannot be compared with signed \
          predictions: the accuracy of the sign is then the share of positive predictions.",
    statistic: "At least 20 values other than 0, all on one side. When both signs are as likely the probability is \
                2^(1 - n): 2e-6 for 20 values. Columns whose names say that they are sizes (`abs`, `magnitude`, `size` \
                with `abs`), and tables with an effect-allele column, which say themselves what the effect is of, are \
                not judged. False alarm: a list chosen by direction, such as activating variants only.",
    remedy: "Find out of which allele the effect is, and turn it to ALT against REF; without that knowledge compare \
             sizes (`magnitude`), not signs.",
    source: "The caQTL table of GSE86886 as used in a public validation (all 3,271 betas positive).",
    table: Some(|context| {
        if context.columns.has(LintRole::EffectAllele) {
            return None;
        }
        let is_size = |name: &str| {
            ["abs", "magnitude"]
                .iter()
                .any(|word| name.to_lowercase().contains(word))
        };
        let columns = context
            .columns
            .all(LintRole::Effect)
            .filter(|&column| !is_size(context.columns.name(column)));
        let columns: Vec<_> = columns.map(|column| (column, Numbers::default())).collect();
        (!columns.is_empty()).then(|| Box::new(Check { context, columns }) as Box<dyn TableCheck + '_>)
    }),
    plan: None,
};

/// Says on which side of 0 all numbers are, when they are enough to tell.
pub(super) fn side(numbers: &Numbers) -> Option<String> {
    on_one_side(numbers).filter(|_| numbers.positive + numbers.negative >= LEAST)
}

/// Says on which side of 0 all numbers are, when they are two or more and not enough to tell.
pub(super) fn few_on_one_side(numbers: &Numbers) -> Option<String> {
    on_one_side(numbers).filter(|_| (2..LEAST).contains(&(numbers.positive + numbers.negative)))
}

fn on_one_side(numbers: &Numbers) -> Option<String> {
    if numbers.positive > 0 && numbers.negative > 0 {
        return None;
    }
    let side = if numbers.negative == 0 { "positive" } else { "negative" };
    let signed = grouped(numbers.positive + numbers.negative);
    Some(format!("all {signed} effects other than 0 are {side}"))
}

struct Check<'a> {
    context: &'a Context<'a>,
    columns: Vec<(usize, Numbers)>,
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        for (column, numbers) in &mut self.columns {
            if let Some(value) = row.number(*column) {
                numbers.add(value);
            }
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let found = |(column, numbers): &(usize, Numbers)| {
            if p_value_as_effect::likeness(numbers).is_some() {
                return None;
            }
            let message = side(numbers)?;
            let signed = numbers.positive + numbers.negative;
            Some(
                Finding::new(&RULE, Severity::Warning, message)
                    .column(self.context.columns.name(*column))
                    .with("n", numbers.n)
                    .with("positive", numbers.positive)
                    .with("negative", numbers.negative)
                    .with("log10_p", log10_all_same_sign(signed)),
            )
        };
        self.columns.iter().filter_map(found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings;

    fn table(header: &str, value: impl Fn(i32) -> f64) -> String {
        let mut text = format!("id\t{header}\n");
        (0..30).for_each(|row| text.push_str(&format!("rs{row}\t{}\tA\n", value(row))));
        text
    }

    #[test]
    fn effects_of_one_sign_are_found() {
        let found = findings(&RULE, "a.tsv", &table("beta\tx", |row| 0.5 + f64::from(row) / 10.0));
        assert_eq!(found.len(), 1);
        // 2^(1 - 30)
        assert!((found[0].evidence["log10_p"].as_f64().unwrap() + 29.0 * 2f64.log10()).abs() < 1e-12);
    }

    #[test]
    fn one_negative_value_or_an_effect_allele_is_enough_for_silence() {
        assert!(findings(&RULE, "a.tsv", &table("beta\tx", |row| f64::from(row) - 0.5)).is_empty());
        let text = table("beta\teffect_allele", |row| 0.5 + f64::from(row));
        assert!(findings(&RULE, "a.tsv", &text).is_empty());
    }
}
