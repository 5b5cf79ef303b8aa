//! Far fewer inputs of the model than rows.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Finding, Severity, grouped};
use crate::lint::statistic::{Tally, key_of};

/// Rows from which on a table is judged.
const LEAST: u64 = 20;
/// Most digits of a row that are told apart.
const MOST_DIGITS: usize = 20;

/// Digits that rows need so that chance makes fewer than one in a hundred of them equal: of n rows among 10^d numbers
/// n / (2 x 10^d) are.
fn needed_digits(rows: u64) -> usize {
    let digits = (50.0 * rows as f64).log10().ceil() as usize;
    digits.clamp(6, MOST_DIGITS)
}

pub(super) static RULE: Rule = Rule {
    code: "RF011",
    name: "duplicated-inputs",
    severity: Severity::Error,
    finds: "predictions of far fewer distinct inputs than there are rows",
    why: "Rows with one input have one prediction, and everything between them is noise to it. A published benchmark of \
          6,963 enhancer variants never put the edit into the sequence: it has 18 distinct inputs.",
    statistic: "Distinct sequences, else distinct tuples of all prediction columns to the last digit (in 90 % of the rows six digits or \
                more, and so many that chance makes fewer than 1 % of the rows equal), against rows; at least 20 rows. Half or fewer is an error, below nine tenths a \
                warning. Exact up to 3.7 million distinct values. Evidence: Kish's effective number. Tables of scores on \
                tracks are not judged. False alarm: a model with few output values, such as a motif count.",
    remedy: "Check that the ALT sequence differs from REF in every row, and count inputs, not rows, as n.",
    source: "GSE84888 benchmark: 18 identifiers cover 6,963 rows, and five chromosomes with one input each have no \
             correlation. Kish (1965), Survey Sampling, section 11.7.",
    table: Some(|context| {
        if context.is_tidy() {
            return None;
        }
        let columns = context.columns;
        let sequences: Vec<_> = columns.all(LintRole::Sequence).collect();
        let roles = [LintRole::Prediction, LintRole::ReferenceScore, LintRole::AlternateScore];
        let predictions: Vec<_> = roles.into_iter().flat_map(|role| columns.all(role)).collect();
        let is_sequence = !sequences.is_empty();
        let inputs = if is_sequence { sequences } else { predictions };
        (!inputs.is_empty()).then(|| {
            Box::new(Check {
                context,
                inputs,
                is_sequence,
                tally: Tally::default(),
                digits: [0; MOST_DIGITS + 1],
            }) as Box<dyn TableCheck + '_>
        })
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    inputs: Vec<usize>,
    is_sequence: bool,
    tally: Tally,
    /// Rows by the digits of all their numbers.
    digits: [u64; MOST_DIGITS + 1],
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        let cells: Vec<&str> = self.inputs.iter().filter_map(|&column| row.cell(column)).collect();
        if cells.len() == self.inputs.len() {
            let digits: usize = cells
                .iter()
                .map(|cell| cell.bytes().filter(u8::is_ascii_digit).count())
                .sum();
            let digits = if self.is_sequence { MOST_DIGITS } else { digits };
            self.digits[digits.min(MOST_DIGITS)] += 1;
            self.tally.add(key_of(cells));
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let (rows, distinct) = (self.tally.rows(), self.tally.distinct());
        let exact: u64 = self.digits[needed_digits(rows)..].iter().sum();
        if rows < LEAST || distinct * 10 >= rows * 9 || exact * 10 < rows * 9 {
            return Vec::new();
        }
        let severity = if distinct * 2 <= rows {
            Severity::Error
        } else {
            Severity::Warning
        };
        let what = if self.is_sequence {
            "sequences"
        } else {
            "predictions, to the last digit"
        };
        let message = format!("{} rows have {} distinct {what}", grouped(rows), grouped(distinct));
        let finding = Finding::new(&RULE, severity, message);
        vec![
            finding
                .column(self.context.columns.name(self.inputs[0]))
                .with("rows", rows)
                .with("distinct", distinct)
                .with("effective_n", self.tally.effective())
                .with("sum_of_squared_group_sizes", self.tally.sum_of_squares()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings;

    fn table(header: &str, value: impl Fn(u32) -> String) -> String {
        let mut text = format!("id\t{header}\n");
        (0..180).for_each(|row| text.push_str(&format!("v{row}\t{}\n", value(row))));
        text
    }

    #[test]
    fn eighteen_inputs_behind_many_rows_are_found() {
        let found = findings(
            &RULE,
            "a.tsv",
            &table("prediction", |row| format!("0.12345{}", 10 + row % 18)),
        );
        assert_eq!(
            (found[0].evidence["distinct"].clone(), found[0].evidence["rows"].clone()),
            (18.into(), 180.into())
        );
        // 18 groups of 10: 18 x 100
        assert_eq!(found[0].evidence["sum_of_squared_group_sizes"], 1800);
        let found = findings(
            &RULE,
            "a.tsv",
            &table("sequence", |row| ["ACGT", "ACGA"][(row % 2) as usize].to_owned()),
        );
        assert_eq!(found[0].severity, Severity::Error);
    }

    #[test]
    fn a_long_table_needs_more_digits() {
        // 50 x 1,000,000 = 5 x 10^7
        assert_eq!([20, 6_963, 1_000_000].map(needed_digits), [6, 6, 8]);
    }

    #[test]
    fn distinct_inputs_and_rounded_numbers_are_silent() {
        assert!(findings(&RULE, "a.tsv", &table("prediction", |row| format!("0.12345{row}"))).is_empty());
        assert!(findings(&RULE, "a.tsv", &table("prediction", |row| format!("0.{}", row % 9))).is_empty());
    }
}
