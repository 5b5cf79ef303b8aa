//! Signs that a file's own allele, frequency or test columns contradict.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Examples, Finding, Severity, grouped};
use crate::lint::row_variant::variant_of_word;
use crate::lint::statistic::Pairs;
use refalt_core::Alternate;

/// By how much frequencies of one allele may differ between two columns: rounding and other samples.
const NEAR: f64 = 0.02;

pub(super) static RULE: Rule = Rule {
    code: "RF008",
    name: "sign-against-own-columns",
    severity: Severity::Error,
    finds: "effects whose sign the file's own columns contradict: the alleles in the identifier, the frequencies, or the \
            test statistic",
    why: "Where the effect is of another allele than the reader takes it for, its sign is wrong. 18 % of the rows of a \
          benchmark's caQTL table needed their sign turned, and an export with REF and ALT by allele frequency has \
          21 % of its rows the other way round.",
    statistic: "Row by row: (a) the identifier names the alleles of the columns in the other order; (b) the frequency of \
                the effect (or ALT) allele is 1 minus that of another column, within 0.02, and neither is near a half; a \
                minor-allele frequency differs from both f and 1 - f; (c) effect and z (or log odds ratio) have opposite \
                signs; the effect is the one whose name shares most letters with that of the test, and columns that \
                disagree in 20 to 80 % of the rows are of different measurements and not judged. One such row is reported; from 1 % of the rows on it is an error, below a warning. False alarm: \
                (a) identifiers that sort alleles by the alphabet; (b) frequencies of different populations.",
    remedy: "Decide of which allele the effect is, and turn effect, frequency and alleles together; `refalt vet \
             --reference FASTA` shows which allele is REF in each row.",
    source: "kundajelab/DART-Eval issue 14 (39,504 of 219,382 rows); calico/borzoi issue 50 (379 of 1,779 rows).",
    table: Some(|context| {
        let columns = context.columns;
        let alleles = columns.has(LintRole::Variant)
            && (columns.has(LintRole::Reference) && columns.has(LintRole::Alternate)
                || columns.has(LintRole::OtherAllele) && columns.has(LintRole::EffectAllele));
        let test = |role| {
            let test = columns.first(role)?;
            let shared = |effect: usize| {
                let letters = columns.name(effect).bytes().zip(columns.name(test).bytes());
                letters.take_while(|(left, right)| left == right).count()
            };
            // Of equals the first.
            let effect = columns
                .all(LintRole::Effect)
                .fold(None, |best: Option<usize>, effect| match best {
                    Some(best) if shared(best) >= shared(effect) => Some(best),
                    _ => Some(effect),
                })?;
            Some((effect, test))
        };
        let (z, odds) = (test(LintRole::ZScore), test(LintRole::OddsRatio));
        let frequency = columns
            .first(LintRole::EffectFrequency)
            .or(columns.first(LintRole::AlternateFrequency));
        let against = match (
            columns.first(LintRole::EffectFrequency),
            columns.first(LintRole::AlternateFrequency),
        ) {
            (Some(_), Some(alternate)) => Some(alternate),
            _ => columns.first(LintRole::MinorFrequency),
        };
        let against_minor = against.is_some() && against == columns.first(LintRole::MinorFrequency);
        let frequencies = frequency.zip(against);
        (alleles || z.is_some() || odds.is_some() || frequencies.is_some()).then(|| {
            Box::new(Check {
                context,
                alleles,
                tests: [z, odds],
                pairs: [Pairs::default(), Pairs::default()],
                frequencies,
                against_minor,
                allele_rows: [0; 2],
                frequency_rows: [0; 2],
                examples: [Examples::default(), Examples::default(), Examples::default()],
            }) as Box<dyn TableCheck + '_>
        })
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    alleles: bool,
    /// An effect and its z statistic, an effect and its odds ratio.
    tests: [Option<(usize, usize)>; 2],
    pairs: [Pairs; 2],
    frequencies: Option<(usize, usize)>,
    against_minor: bool,
    /// Rows in the same order, in the other.
    allele_rows: [u64; 2],
    frequency_rows: [u64; 2],
    examples: [Examples; 3],
}

impl Check<'_> {
    fn alleles(&mut self, row: &Row<'_>) {
        let columns = self.context.columns;
        let pair = |first, second| Some((row.cell(columns.first(first)?)?, row.cell(columns.first(second)?)?));
        let of_effect = pair(LintRole::OtherAllele, LintRole::EffectAllele);
        let given = pair(LintRole::Reference, LintRole::Alternate).or(of_effect);
        let (Some((reference, alternate)), Some(word)) = (given, variant_of_word(columns, row.cells)) else {
            return;
        };
        // The word may name another variant, such as the one that a row's variant is linked to.
        let given_position = columns
            .first(LintRole::Position)
            .and_then(|column| row.cell(column)?.parse::<i64>().ok());
        if given_position.is_some_and(|given| (given - i64::from(word.position.one_based())).abs() > 1) {
            return;
        }
        let Alternate::Bases(of_word) = &word.alternate else {
            return;
        };
        let same = |text: &str, bases: &refalt_core::Dna| text.eq_ignore_ascii_case(bases.as_str());
        if same(reference, &word.reference_bases) && same(alternate, of_word) {
            self.allele_rows[0] += 1;
        } else if same(alternate, &word.reference_bases) && same(reference, of_word) {
            self.allele_rows[1] += 1;
            self.examples[0].add(row.number);
        }
    }

    fn frequencies(&mut self, row: &Row<'_>) {
        let Some((first, second)) = self.frequencies else {
            return;
        };
        let (Some(own), Some(other)) = (row.number(first), row.number(second)) else {
            return;
        };
        if !(0.0..=1.0).contains(&own) || !(0.0..=1.0).contains(&other) {
            return;
        }
        let (straight, turned) = ((own - other).abs(), (1.0 - own - other).abs());
        let is_wrong = if self.against_minor {
            straight.min(turned) > NEAR
        } else {
            turned <= NEAR && straight > 2.0 * NEAR
        };
        self.frequency_rows[usize::from(is_wrong)] += 1;
        if is_wrong {
            self.examples[1].add(row.number);
        }
    }
}

fn severity(wrong: u64, all: u64) -> Severity {
    if wrong * 100 >= all {
        Severity::Error
    } else {
        Severity::Warning
    }
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        if self.alleles {
            self.alleles(row);
        }
        self.frequencies(row);
        for (index, columns) in self.tests.iter().enumerate() {
            let numbers = columns.and_then(|(effect, test)| Some((row.number(effect)?, row.number(test)?)));
            let Some((effect, value)) = numbers else {
                continue;
            };
            let value = if index == 1 { value.ln() } else { value };
            if value.is_finite() {
                let before = self.pairs[index].other_sign;
                self.pairs[index].add(effect, value);
                if self.pairs[index].other_sign > before {
                    self.examples[2].add(row.number);
                }
            }
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let columns = self.context.columns;
        let mut found = Vec::new();
        let [same, swapped] = self.allele_rows;
        if swapped > 0 {
            let all = same + swapped;
            let message = format!(
                "in {} of {} rows the identifier names the alleles of the columns in the other order",
                grouped(swapped),
                grouped(all)
            );
            let id = columns
                .first(LintRole::Variant)
                .map_or("", |column| columns.name(column));
            let finding = Finding::new(&RULE, severity(swapped, all), message)
                .column(id)
                .rows(self.examples[0].rows());
            found.push(finding.with("n", all).with("other_order", swapped));
        }
        let [fits, wrong] = self.frequency_rows;
        if let Some((first, second)) = self.frequencies.filter(|_| wrong > 0) {
            let message = format!(
                "in {} of {} rows the frequency is not that of the allele that `{}` counts",
                grouped(wrong),
                grouped(fits + wrong),
                columns.name(second)
            );
            let finding = Finding::new(&RULE, severity(wrong, fits + wrong), message).column(columns.name(first));
            found.push(
                finding
                    .rows(self.examples[1].rows())
                    .with("n", fits + wrong)
                    .with("contradicted", wrong),
            );
        }
        for (pairs, tests) in self.pairs.iter().zip(self.tests) {
            let Some((effect, column)) = tests else {
                continue;
            };
            let share = pairs.other_sign as f64 / pairs.signed.max(1) as f64;
            if pairs.other_sign > 0 && (pairs.signed < 10 || !(0.2..=0.8).contains(&share)) {
                let message = format!(
                    "in {} of {} rows the effect and `{}` have opposite signs",
                    grouped(pairs.other_sign),
                    grouped(pairs.signed),
                    columns.name(column)
                );
                let finding = Finding::new(&RULE, severity(pairs.other_sign, pairs.signed), message);
                let finding = finding.column(columns.name(effect)).rows(self.examples[2].rows());
                found.push(finding.with("n", pairs.signed).with("opposite", pairs.other_sign));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings;

    #[test]
    fn an_identifier_with_the_alleles_the_other_way_round_is_found() {
        let header = "snp_id\tallele1\tallele2\tlogfc\n";
        let found = findings(
            &RULE,
            "a.tsv",
            &format!("{header}1_5_A_G\tA\tG\t1\n1_9_G_T\tT\tG\t-1\n"),
        );
        assert_eq!((found.len(), found[0].rows.clone()), (1, vec![3]));
        assert!(
            findings(
                &RULE,
                "a.tsv",
                &format!("{header}1_5_A_G\tA\tG\t1\n1_9_T_G\tT\tG\t-1\n")
            )
            .is_empty()
        );
    }

    #[test]
    fn a_frequency_of_the_other_allele_is_found() {
        let header = "id\tbeta\teaf\taf\n";
        assert_eq!(findings(&RULE, "a.tsv", &format!("{header}x\t1\t0.9\t0.1\n")).len(), 1);
        assert!(findings(&RULE, "a.tsv", &format!("{header}x\t1\t0.1\t0.11\ny\t1\t0.5\t0.5\n")).is_empty());
        assert!(findings(&RULE, "a.tsv", "id\tbeta\teaf\tmaf\nx\t1\t0.9\t0.1\n").is_empty());
        assert_eq!(
            findings(&RULE, "a.tsv", "id\tbeta\teaf\tmaf\nx\t1\t0.7\t0.1\n").len(),
            1
        );
    }

    #[test]
    fn an_effect_against_its_own_statistic_is_found() {
        assert_eq!(findings(&RULE, "a.tsv", "id\tbeta\tz\nx\t1\t-3\ny\t2\t4\n").len(), 1);
        assert!(findings(&RULE, "a.tsv", "id\tbeta\tz\nx\t-1\t-3\ny\t2\t4\n").is_empty());
        assert_eq!(findings(&RULE, "a.tsv", "id\tbeta\todds_ratio\nx\t0.5\t0.6\n").len(), 1);
        assert!(findings(&RULE, "a.tsv", "id\tbeta\todds_ratio\nx\t0.5\t1.6\n").is_empty());
        // The statistic is that of the effect with the like name.
        let header = "id\tlfc\teQTL_beta\teQTL_tStat\n";
        assert!(findings(&RULE, "a.tsv", &format!("{header}x\t-1\t2\t3\n")).is_empty());
        assert_eq!(findings(&RULE, "a.tsv", &format!("{header}x\t1\t-2\t3\n")).len(), 1);
    }
}
