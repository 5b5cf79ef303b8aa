//! Means of quantiles.

use super::{Context, Row, Rule, TableCheck};
use crate::lint::finding::{Finding, Severity, grouped};
use crate::lint::statistic::Numbers;

pub(super) static RULE: Rule = Rule {
    code: "RF003",
    name: "mean-of-quantiles",
    severity: Severity::Warning,
    finds: "a mean (or sum) of quantile scores over tracks",
    why: "A quantile is a rank in one track's own background. Ranks of different tracks have no common unit: their mean \
          is neither a rank nor a size, and it gives a silent track as much weight as the one that answers.",
    statistic: "A column that is named both a mean and a quantile and lies in -1 to 1. Evidence: the standard deviation; \
                that of one quantile in its background is 1 / sqrt(3) = 0.577, that of a mean of N independent ones \
                0.577 / sqrt(N). False alarm: a mean of one track over replicates.",
    remedy: "Take the mean of raw scores of one scorer over tracks of one assay and factor, and rank that mean against \
             the same mean of matched control variants.",
    source: "AlphaGenome documentation: quantiles say whether a score is unusual, raw scores how large it is; a public \
             caQTL validation averages quantiles over tracks of ATAC, DNASE and CHIP_HISTONE.",
    table: Some(|context| {
        let columns = context.columns.named(|words| {
            let is_mean = words
                .iter()
                .any(|word| matches!(*word, "mean" | "avg" | "average" | "sum"));
            is_mean
                && words
                    .iter()
                    .any(|word| matches!(*word, "quantile" | "quantiles" | "percentile"))
        });
        let columns: Vec<_> = columns
            .into_iter()
            .map(|column| (column, Numbers::default(), [0.0; 2]))
            .collect();
        (!columns.is_empty()).then(|| Box::new(Check { context, columns }) as Box<dyn TableCheck + '_>)
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    columns: Vec<(usize, Numbers, [f64; 2])>,
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        for (column, numbers, sums) in &mut self.columns {
            if let Some(value) = row.number(*column) {
                numbers.add(value);
                sums[0] += value;
                sums[1] += value * value;
            }
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let found = |(column, numbers, sums): &(usize, Numbers, [f64; 2])| {
            if numbers.n == 0 || numbers.min < -1.0 || numbers.max > 1.0 {
                return None;
            }
            let n = numbers.n as f64;
            let deviation = (sums[1] / n - (sums[0] / n).powi(2)).max(0.0).sqrt();
            let message = format!(
                "{} means of quantiles: ranks of different tracks have no common unit",
                grouped(numbers.n)
            );
            Some(
                Finding::new(&RULE, Severity::Warning, message)
                    .column(self.context.columns.name(*column))
                    .with("n", numbers.n)
                    .with("standard_deviation", deviation)
                    .with("standard_deviation_of_one_quantile", 1.0 / 3f64.sqrt()),
            )
        };
        self.columns.iter().filter_map(found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings;

    #[test]
    fn a_mean_of_quantiles_is_found_and_its_twins_are_silent() {
        let found = findings(&RULE, "a.csv", "variant_id,quantile_mean,raw_mean\nx,0.5,3\ny,-0.5,4\n");
        assert_eq!(found.len(), 1);
        // Of 0.5 and -0.5 the standard deviation is 0.5.
        assert_eq!(found[0].evidence["standard_deviation"], 0.5);
        assert!(findings(&RULE, "a.csv", "variant_id,quantile_score,raw_mean\nx,0.5,3\n").is_empty());
        // Counts above 1 are no quantiles.
        assert!(findings(&RULE, "a.csv", "variant_id,mean_quantile\nx,55\n").is_empty());
    }
}
