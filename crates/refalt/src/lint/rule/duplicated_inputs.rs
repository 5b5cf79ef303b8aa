//! Far fewer inputs of the model than rows.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Finding, Severity, grouped};
use crate::lint::statistic::{Tally, key_of};
use std::collections::HashMap;

/// Rows from which on a table is judged.
const LEAST: u64 = 20;
/// Most digits of a row that are told apart.
const MOST_DIGITS: usize = 20;

/// Distinct numbers that are kept with their counts.
const MOST_SPACED: usize = 1 << 12;
/// Steps of the last digit between a number that repeats and any other, beyond which rounding does not make it repeat.
const FAR: f64 = 50.0;
/// Numbers that have to repeat.
const LEAST_REPEATED: usize = 5;

/// The numbers of a single column, for those that are written with few digits.
#[derive(Default)]
struct Spacing {
    counts: HashMap<u64, u64>,
    /// The most digits behind the point, zeros at the end left out.
    decimals: usize,
    is_full: bool,
}

impl Spacing {
    fn add(&mut self, cell: &str) {
        let number: Option<f64> = cell.parse().ok().filter(|number: &f64| number.is_finite());
        let Some(number) = number.filter(|_| !self.is_full) else {
            return;
        };
        let behind = cell.split_once('.').map_or("", |(_, behind)| behind);
        self.is_full |= behind.contains(['e', 'E']);
        self.decimals = self.decimals.max(behind.trim_end_matches('0').len());
        // 0 and -0 are one number.
        *self.counts.entry((number + 0.0).to_bits()).or_default() += 1;
        self.is_full |= self.counts.len() > MOST_SPACED;
    }

    /// Says whether nine tenths of the rows that repeat a number are far from any other.
    ///
    /// METHOD: where rounding makes numbers equal their neighbours are a step or a few away; where one input makes them, they
    /// are as far as predictions of different inputs are.
    fn repeats_are_far(&self) -> bool {
        if self.is_full {
            return false;
        }
        let mut numbers: Vec<(f64, u64)> = self
            .counts
            .iter()
            .map(|(&bits, &n)| (f64::from_bits(bits), n))
            .collect();
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let far = FAR * 10f64.powi(-i32::try_from(self.decimals).unwrap_or(i32::MAX));
        let (mut repeated, mut rows, mut far_rows) = (0, 0, 0);
        for (place, &(number, count)) in numbers.iter().enumerate().filter(|(_, (_, count))| *count > 1) {
            let before = place
                .checked_sub(1)
                .map_or(f64::INFINITY, |before| number - numbers[before].0);
            let after = numbers.get(place + 1).map_or(f64::INFINITY, |after| after.0 - number);
            repeated += 1;
            rows += count;
            far_rows += if before.min(after) >= far { count } else { 0 };
        }
        repeated >= LEAST_REPEATED && far_rows * 10 >= rows * 9
    }
}

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
                more, and so many that chance makes fewer than 1 % of the rows equal; with fewer digits when five numbers or \
                more repeat, in 90 % of their rows 50 steps of the last digit or more from any other), against rows; at least 20 rows. Half or fewer is an error, below nine tenths a \
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
                spacing: Spacing::default(),
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
    spacing: Spacing,
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
            if let ([cell], false) = (&*cells, self.is_sequence) {
                self.spacing.add(cell);
            }
            self.tally.add(key_of(cells));
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let (rows, distinct) = (self.tally.rows(), self.tally.distinct());
        let exact: u64 = self.digits[needed_digits(rows)..].iter().sum();
        let is_exact = exact * 10 >= rows * 9 || self.spacing.repeats_are_far();
        if rows < LEAST || distinct * 10 >= rows * 9 || !is_exact {
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
    fn few_inputs_are_found_behind_predictions_of_few_digits() {
        // 18 numbers of four digits, 1,371 steps apart.
        let found = findings(
            &RULE,
            "a.tsv",
            &table("prediction", |row| format!("{:.4}", f64::from(row % 18) * 0.1371)),
        );
        assert_eq!((found.len(), found[0].evidence["distinct"].clone()), (1, 18.into()));
        // Rounded to three digits most are equal, and the next is a step away; a count of motifs is 0 to 8.
        let rounded = |row: u32| format!("{:.3}", (f64::from(row) / 180.0).powi(8));
        assert!(findings(&RULE, "a.tsv", &table("prediction", rounded)).is_empty());
        assert!(findings(&RULE, "a.tsv", &table("prediction", |row| format!("{}.0000", row % 9))).is_empty());
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
