//! A column of effects that holds p-values.

use super::{Context, LintRole, Row, Rule, TableCheck, one_sided_effects};
use crate::lint::finding::{Examples, Finding, Severity, grouped};
use crate::lint::statistic::{Numbers, distance_from_uniform, log10_all_same_sign};

/// Values from which on a column is judged.
const LEAST: u64 = 20;
/// Powers of ten from the smallest to the largest value that no list of effects on one side of 0 covers.
const DECADES: f64 = 6.0;

/// The remedy where the name is right and the values are not.
const OF_SLOPE: &str = "The values under this name are of another column, in GTEx of `pval_nominal`, one to the left: make \
                        the table again by the names of columns and not by their numbers, or tell the right column with \
                        `--columns effect=NAME`.";

pub(super) static RULE: Rule = Rule {
    code: "RF006",
    name: "p-value-as-effect",
    severity: Severity::Error,
    finds: "a column of effects whose values are p-values",
    why: "A correlation of predictions with p-values says nothing about effects. A published null result on 107,229 \
          variant-gene pairs (rho -0.0005) took the column `pval_nominal`, one to the left of `slope`, for the effect.",
    statistic: "At least 20 values, all in 0 to 1, none negative, and either they cover six powers of ten or more \
                (significant pairs), or their Kolmogorov distance from the uniform distribution is below 1.63 / sqrt(n), \
                the 1 % point (unselected tests). Measured effects have both signs; n values on one side of 0 have the \
                probability 2^(1 - n) when both signs are as likely. False alarm: effects scaled to 0 to 1 and evenly \
                spread, such as ranks; only a warning is given on that ground.",
    remedy: "Take the column with the effect (in GTEx `slope`, by its name and not by its number), or tell the right \
             one with `--columns effect=NAME`.",
    source: "GTEx v8, header of `signif_variant_gene_pairs`; Kolmogorov's 1 % point: Massey (1951), \
             doi:10.1080/01621459.1951.10500769, table 1.",
    table: Some(|context| {
        let columns = context.columns.all(LintRole::Effect);
        let columns: Vec<_> = columns
            .map(|column| (column, Numbers::default(), Examples::default()))
            .collect();
        (!columns.is_empty()).then(|| Box::new(Check { context, columns }) as Box<dyn TableCheck + '_>)
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    columns: Vec<(usize, Numbers, Examples)>,
}

/// Says whether numbers look like p-values, and how.
pub(super) fn likeness(numbers: &Numbers) -> Option<(Severity, f64, f64)> {
    if numbers.n < LEAST || numbers.negative > 0 || numbers.max > 1.0 || numbers.positive < LEAST {
        return None;
    }
    let decades = (numbers.max / numbers.min_positive).log10();
    let sorted = numbers.sorted();
    let distance = distance_from_uniform(&sorted);
    if decades >= DECADES {
        Some((Severity::Error, decades, distance))
    } else if distance < 1.63 / (sorted.len() as f64).sqrt() {
        Some((Severity::Warning, decades, distance))
    } else {
        None
    }
}

/// The rule for effects that do not come as a column of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct EffectWatch(Numbers);

impl EffectWatch {
    /// Takes an effect in.
    pub(crate) fn add(&mut self, effect: f64) {
        if effect.is_finite() {
            self.0.add(effect);
        }
    }

    /// Says what the effects are like when they are p-values for sure.
    pub(crate) fn p_values(&self) -> Option<String> {
        self.of(Severity::Error)
    }

    /// Says what the effects are like when they may be p-values.
    pub(crate) fn doubt(&self) -> Option<String> {
        self.of(Severity::Warning)
    }

    /// Says what the effects are like when they are on one side of 0, by the test of `RF007`.
    pub(crate) fn one_sided(&self) -> Option<String> {
        one_sided_effects::side(&self.0)
    }

    /// The same, except in tables where a column says which allele each effect is of (`is_turned`): these may list the one that raises
    /// the trait, and are meant only when the numbers lie around 1, as ratios do.
    pub(crate) fn one_sided_of(&self, is_turned: bool) -> Option<String> {
        self.one_sided().filter(|_| !is_turned || self.is_around_one())
    }

    /// Says what the effects are like when they are on one side of 0, and too few for the test.
    pub(crate) fn few_on_one_side(&self) -> Option<String> {
        one_sided_effects::few_on_one_side(&self.0)
    }

    /// Says whether the effects lie around 1, as ratios do: all above 0, and a tenth of them on either side of 1.
    pub(crate) fn is_around_one(&self) -> bool {
        let sorted = self.0.sorted();
        let below = sorted.partition_point(|value| *value < 1.0);
        let least = sorted.len().div_ceil(10);
        self.0.min > 0.0 && below >= least && sorted.len() - below >= least
    }

    fn of(&self, wanted: Severity) -> Option<String> {
        let (severity, ..) = likeness(&self.0)?;
        (severity == wanted).then(|| evidence(&self.0))
    }
}

/// Says in words what speaks for p-values.
fn evidence(numbers: &Numbers) -> String {
    format!(
        "{} of {} values are above 0 and none is above 1, from {:e} to {:e}",
        grouped(numbers.positive),
        grouped(numbers.n),
        numbers.min,
        numbers.max
    )
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        for (column, numbers, examples) in &mut self.columns {
            if let Some(value) = row.number(*column) {
                numbers.add(value);
                examples.add(row.number);
            }
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let found = |(column, numbers, examples): &(usize, Numbers, Examples)| {
            let (severity, decades, distance) = likeness(numbers)?;
            let message = format!("{}: these are p-values, not effects", evidence(numbers));
            let name = self.context.columns.name(*column);
            let finding = Finding::new(&RULE, severity, message)
                .column(name)
                .rows(examples.rows())
                .with("n", numbers.n)
                .with("positive", numbers.positive)
                .with("min", numbers.min)
                .with("max", numbers.max)
                .with("powers_of_ten", decades)
                .with("kolmogorov_distance_from_uniform", distance)
                .with("log10_p_all_one_sign", log10_all_same_sign(numbers.n));
            Some(if name.eq_ignore_ascii_case("slope") {
                finding.remedy(OF_SLOPE)
            } else {
                finding
            })
        };
        self.columns.iter().filter_map(found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings;

    fn table(value: impl Fn(i32) -> f64) -> String {
        let mut text = String::from("gene_id\tslope\n");
        (0..50).for_each(|row| text.push_str(&format!("g{row}\t{:e}\n", value(row))));
        text
    }

    #[test]
    fn significant_and_uniform_p_values_are_found() {
        let found = findings(&RULE, "a.tsv", &table(|row| 10f64.powi(-5 - row)));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Error));
        assert_eq!(found[0].column.as_deref(), Some("slope"));
        assert!(found[0].remedy.contains("make the table again"));
        let found = findings(&RULE, "a.tsv", &table(|row| (f64::from(row) + 0.5) / 50.0));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Warning));
    }

    #[test]
    fn effects_of_both_signs_and_sizes_are_silent() {
        assert!(findings(&RULE, "a.tsv", &table(|row| f64::from(row - 25) / 30.0)).is_empty());
        assert!(findings(&RULE, "a.tsv", &table(|row| 0.2 + f64::from(row) / 200.0)).is_empty());
    }
}
