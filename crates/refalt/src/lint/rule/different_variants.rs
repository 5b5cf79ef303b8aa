//! Predictors that are compared on different variants.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Examples, Finding, Severity, grouped};
use crate::lint::statistic::key_of;
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    code: "RF013",
    name: "different-variants",
    severity: Severity::Warning,
    finds: "predictors that are compared on different sets of variants",
    why: "The difference between two correlations on different variants is that of the variants, too. A published gain \
          from rho 0.04 to 0.174 compares 3,259 variants with 600 of them; on the same variants it is 0.12.",
    statistic: "A table of statistics: different n within one metric, experiment and bin, or different `..._n` columns in one row \
                (columns with `null` in their name are of another set by design). A table of predictions: rows where \
                one prediction column has a number and another none. Exact; a note when the smaller set has 95 % of \
                the larger. False alarm: predictors that are not \
                compared with each other.",
    remedy: "Compare on the variants that all predictors have, with one bootstrap over these variants for the \
             difference; say n for each number.",
    source: "The saturation study's own result tables (n 3,246, 3,275 and 600).",
    table: Some(|context| {
        let columns = context.columns;
        let predictions: Vec<_> = columns.all(LintRole::Prediction).collect();
        let n = columns
            .first(LintRole::RowCount)
            .filter(|_| columns.has(LintRole::Statistic));
        let counts = columns.named(|words| {
            words.last() == Some(&"n")
                && words.len() > 1
                && !words.iter().any(|word| matches!(*word, "null" | "background"))
        });
        let counts = if counts.len() > 1 { counts } else { Vec::new() };
        let by_kind =
            columns.header.iter().any(|name| name == "predictor") && columns.header.iter().any(|name| name == "name");
        let groups = columns.named(|words| {
            let name = words.join("_");
            // Bins and strata hold other variants by design; what is compared stands in one of them.
            let is_bin = matches!(words.last(), Some(&("bin" | "bins" | "decile" | "quartile")));
            is_bin
                || matches!(
                    name.as_str(),
                    "from"
                        | "to"
                        | "experiment"
                        | "metric"
                        | "compared"
                        | "dataset"
                        | "tissue"
                        | "by"
                        | "stratum"
                        | "group"
                        | "weighting"
                )
                || by_kind && name == "predictor"
        });
        (predictions.len() > 1 || n.is_some() || !counts.is_empty()).then(|| {
            Box::new(Check {
                context,
                present: vec![0; predictions.len()],
                predictions,
                all: 0,
                some: 0,
                n,
                groups,
                by_group: HashMap::new(),
                counts,
                count_rows: [0; 2],
                least_share: 1.0,
                examples: Examples::default(),
            }) as Box<dyn TableCheck + '_>
        })
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    predictions: Vec<usize>,
    present: Vec<u64>,
    /// Rows with all predictions, rows with only some.
    all: u64,
    some: u64,
    n: Option<usize>,
    groups: Vec<usize>,
    /// Smallest and largest n of a group.
    by_group: HashMap<u64, [f64; 2]>,
    counts: Vec<usize>,
    count_rows: [u64; 2],
    /// The smallest share of the largest count of a row that another of its counts has.
    least_share: f64,
    examples: Examples,
}

/// How grave it is that the smaller of two sets has this share of the larger.
fn severity(share: f64) -> Severity {
    if share < 0.95 {
        Severity::Warning
    } else {
        Severity::Note
    }
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        if self.predictions.len() > 1 {
            let mut here = 0;
            for (present, &column) in self.present.iter_mut().zip(&self.predictions) {
                let has = row.number(column).is_some();
                *present += u64::from(has);
                here += usize::from(has);
            }
            self.all += u64::from(here == self.predictions.len());
            if here > 0 && here < self.predictions.len() {
                self.some += 1;
                self.examples.add(row.number);
            }
        }
        if let Some(n) = self.n.and_then(|column| row.number(column)) {
            let group = key_of(self.groups.iter().map(|&column| row.cell(column)).collect::<Vec<_>>());
            let [least, most] = self.by_group.entry(group).or_insert([n, n]);
            *least = least.min(n);
            *most = most.max(n);
        }
        let counts: Vec<f64> = self.counts.iter().filter_map(|&column| row.number(column)).collect();
        if counts.len() > 1 {
            let differs = counts.iter().any(|count| count != &counts[0]);
            self.count_rows[usize::from(differs)] += 1;
            let bounds = counts.iter().fold([f64::INFINITY, 0.0], |[least, most], &count| {
                [least.min(count), count.max(most)]
            });
            self.least_share = self.least_share.min(bounds[0] / bounds[1].max(1.0));
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let columns = self.context.columns;
        let mut found = Vec::new();
        if self.some > 0 {
            let message = format!(
                "{} of {} rows have some of the {} predictions only",
                grouped(self.some),
                grouped(self.all + self.some),
                self.predictions.len()
            );
            let mut finding = Finding::new(&RULE, Severity::Warning, message).rows(self.examples.rows());
            for (&column, &present) in self.predictions.iter().zip(&self.present) {
                finding = finding.with(&format!("n_{}", columns.name(column)), present);
            }
            found.push(finding.with("n_all", self.all));
        }
        let differing = self.by_group.values().filter(|[least, most]| least != most);
        let bounds = differing.clone().fold([f64::INFINITY, 0.0], |bounds, [least, most]| {
            [f64::min(bounds[0], *least), f64::max(bounds[1], *most)]
        });
        let share = differing.clone().map(|[least, most]| least / most).fold(1.0, f64::min);
        if let (true, Some(n)) = (bounds[1] > 0.0, self.n) {
            let message = format!(
                "statistics that stand side by side have n from {} to {}",
                bounds[0], bounds[1]
            );
            let finding = Finding::new(&RULE, severity(share), message).column(columns.name(n));
            found.push(
                finding
                    .with("least_n", bounds[0] as u64)
                    .with("most_n", bounds[1] as u64)
                    .with("groups", differing.count())
                    .with("groups_in_all", self.by_group.len()),
            );
        }
        let [same, differ] = self.count_rows;
        if differ > 0 {
            let names: Vec<&str> = self.counts.iter().map(|&column| columns.name(column)).collect();
            let message = format!(
                "in {} of {} rows {} differ",
                grouped(differ),
                grouped(same + differ),
                names
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(" and ")
            );
            let finding = Finding::new(&RULE, severity(self.least_share), message).column(names[0]);
            found.push(finding.with("rows", same + differ).with("rows_that_differ", differ));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings;

    #[test]
    fn different_n_in_one_comparison_is_found() {
        let found = findings(
            &RULE,
            "a.csv",
            "predictor,spearman_r,n\nquantile,0.036,3259\nraw max,0.174,600\n",
        );
        assert_eq!(
            (
                found[0].evidence["least_n"].clone(),
                found[0].evidence["most_n"].clone()
            ),
            (600.into(), 3259.into())
        );
        assert!(
            findings(
                &RULE,
                "a.csv",
                "predictor,spearman_r,n\nquantile,0.036,600\nraw max,0.174,600\n"
            )
            .is_empty()
        );
        let own = "experiment,metric,spearman,n\nA,x,0.1,5\nB,x,0.1,6\n";
        assert!(findings(&RULE, "a.csv", own).is_empty());
        // Bins hold different variants by design, and predictors of one bin are compared.
        for header in ["predictor,lfc_bin,spearman,n", "predictor,from,spearman,n"] {
            let bins = format!("{header}\na,0,0.1,50\nb,0,0.1,50\na,0.5,0.2,6\nb,0.5,0.3,6\n");
            assert!(findings(&RULE, "a.csv", &bins).is_empty(), "{header}");
            let other = format!("{header}\na,0,0.1,50\nb,0,0.1,50\na,0.5,0.2,6\nb,0.5,0.3,9\n");
            assert_eq!(findings(&RULE, "a.csv", &other)[0].evidence["most_n"], 9, "{header}");
        }
    }

    #[test]
    fn predictions_with_holes_and_counts_side_by_side_are_found() {
        let found = findings(&RULE, "a.csv", "variant,pred_a,pred_b\nx,1,2\ny,1,NA\n");
        assert_eq!(
            (found[0].evidence["n_pred_b"].clone(), found[0].rows.clone()),
            (1.into(), vec![3])
        );
        assert!(findings(&RULE, "a.csv", "variant,pred_a,pred_b\nx,1,2\ny,NA,NA\n").is_empty());
        assert_eq!(findings(&RULE, "a.csv", "bin,a_n,b_n\n1,5,6\n").len(), 1);
        assert!(findings(&RULE, "a.csv", "split,null_n,b_n\n1,5,6\n").is_empty());
    }
}
