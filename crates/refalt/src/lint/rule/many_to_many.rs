//! Joins of many rows with many.

use super::{Context, Row, Rule, TableCheck};
use crate::lint::finding::{Examples, Finding, Severity, grouped};
use crate::lint::statistic::{Tally, key_of};
use std::hash::{Hash, Hasher};

pub(super) static RULE: Rule = Rule {
    code: "RF012",
    name: "many-to-many-join",
    severity: Severity::Error,
    finds: "a join whose key is not unique on either side, or its result: rows that are there several times",
    why: "Each pair of equal keys becomes a row, so n grows with the square of the repeats and p shrinks with it. A table \
          of 6,963 rows joined with itself on 18 keys has 4,798,353, and a correlation in it p = 0.",
    statistic: "With `--truth`: over keys (variants, else identifiers) the sum of the products of the counts in both tables; \
                an error when a key occurs twice or more in each. In one table: rows that are equal in every cell, from \
                one on a warning. Exact up to 3.7 million distinct keys. False alarm: technical replicates that measured \
                exactly the same.",
    remedy: "Make the key unique on one side (one row for each variant, gene and experiment) before the join, and compare \
             the rows after it with those before.",
    source: "The wild-type table of a public GSE84888 benchmark; sum of squared group sizes, exact.",
    table: Some(|context| {
        (context.columns.header.len() > 2 || context.other.is_some()).then(|| {
            Box::new(Check {
                context,
                keys: Tally::default(),
                rows: Tally::default(),
                examples: Examples::default(),
            }) as Box<dyn TableCheck + '_>
        })
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    keys: Tally,
    rows: Tally,
    examples: Examples,
}

/// A whole row as a key.
struct Whole<'a>(&'a Row<'a>);

impl Hash for Whole<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.cells.whole().hash(state);
    }
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        if let Some(key) = row.key.filter(|_| self.context.other.is_some()) {
            self.keys.add(key);
        }
        let whole = key_of(Whole(row));
        if self.rows.count(whole) > 0 {
            self.examples.add(row.number);
        }
        self.rows.add(whole);
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let mut found = Vec::new();
        let repeated = self.rows.rows() - self.rows.distinct();
        if repeated > 0 && self.context.columns.header.len() > 2 {
            let message = format!(
                "{} of {} rows repeat an earlier row in every cell",
                grouped(repeated),
                grouped(self.rows.rows())
            );
            let finding = Finding::new(&RULE, Severity::Warning, message).rows(self.examples.rows());
            found.push(finding.with("rows", self.rows.rows()).with("repeats", repeated));
        }
        let Some(other) = self.context.other else { return found };
        let (mut joined, mut many, mut shared) = (0_u64, 0_u64, 0_u64);
        for (key, here) in self.keys.entries() {
            let there = other.keys.count(key);
            joined = joined.saturating_add(u64::from(here) * u64::from(there));
            shared += u64::from(there > 0);
            many += u64::from(here > 1 && there > 1);
        }
        if many > 0 {
            let message = format!(
                "a join with `{}` makes {} rows of {} and {}: {} of {} shared keys occur several times on both sides",
                other.name,
                grouped(joined),
                grouped(self.keys.rows()),
                grouped(other.rows),
                grouped(many),
                grouped(shared)
            );
            let finding = Finding::new(&RULE, Severity::Error, message);
            found.push(
                finding
                    .with("rows", self.keys.rows())
                    .with("rows_of_other", other.rows)
                    .with("rows_joined", joined)
                    .with("keys_shared", shared)
                    .with("keys_many_to_many", many),
            );
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::{findings, findings_with};

    fn join(own: &str, other: &str) -> Vec<Finding> {
        findings_with(&RULE, "a.tsv", own, |folder, request| {
            let path = folder.join("truth.tsv");
            std::fs::write(&path, other).unwrap();
            request.truth = Some(path);
        })
    }

    #[test]
    fn keys_that_repeat_on_both_sides_are_found_with_the_size_of_the_join() {
        let own = "variant_id\tprediction\nx1\t1\nx1\t2\nx2\t3\n";
        let found = join(own, "variant_id\tbeta\nx1\t5\nx1\t6\nx1\t7\n");
        // x1: 2 x 3
        assert_eq!(found[0].evidence["rows_joined"], 6);
        assert!(join(own, "variant_id\tbeta\nx1\t5\nx2\t6\n").is_empty());
    }

    #[test]
    fn equal_rows_are_found_and_rows_that_differ_in_one_cell_are_silent() {
        assert_eq!(findings(&RULE, "a.tsv", "gene\tb\tc\n1\t2\t3\n1\t2\t3\n")[0].rows, [3]);
        assert!(findings(&RULE, "a.tsv", "gene\tb\tc\n1\t2\t3\n1\t2\t4\n1\t23\t\n").is_empty());
    }
}
