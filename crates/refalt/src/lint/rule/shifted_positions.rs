//! Positions that are off by one.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::io::fasta::FastaReference;
use crate::lint::finding::{Examples, Finding, Severity, grouped};
use crate::lint::row_variant::variant_of_word;
use crate::lint::statistic::{key_of, log10_binomial_at_least};
use refalt_core::{Interval, Position, Reference as _, Variant};
use std::collections::HashSet;

/// Distinct places that are compared with the reference.
const MOST_PLACES: usize = 20_000;

pub(super) static RULE: Rule = Rule {
    code: "RF010",
    name: "shifted-positions",
    severity: Severity::Error,
    finds: "positions that are shifted by one base against the reference, or against the file's own identifiers",
    why: "0-based positions that are joined with 1-based ones by equality meet other bases. The \"76.5-fold depletion, \
          p = 4e-32\" of a published study is such a join; without any selection it gives an infinite depletion.",
    statistic: "With `--reference`: among distinct places with one base as REF, how many agree with the base at the \
                position, one to the left and one to the right. An error when a neighbour agrees with every place while \
                the position agrees with fewer, and chance (0.41, the most common base's share and repeats, for each \
                place) gives that with p < 0.01. Without: the position of the identifier minus that of the columns is \
                the same other number in every row (2 rows or more). BED starts are expected one below. False alarm: \
                places inside runs of one base; they agree on both sides and are counted as agreeing.",
    remedy: "Find which file counts from 0 (BED, SPDI, pysam) and convert at the reader; say it with `--columns \
             start0=NAME`.",
    source: "BED specification 1.0, section 1.5; VCF 4.4, section 1.6.1.2; the three forbidden variants of the AP1 study \
             in chr1:1-1,000,000 create the site only when read as 0-based.",
    table: Some(|context| {
        let columns = context.columns;
        let by_word = columns.has(LintRole::Variant)
            && columns.has(LintRole::Contig)
            && (columns.has(LintRole::Position) || columns.has(LintRole::Start0));
        (by_word || context.reference.is_some()).then(|| {
            Box::new(Check {
                context,
                by_word,
                seen: HashSet::new(),
                agree: [0; 3],
                offset: None,
                offset_rows: 0,
                offset_differs: false,
                examples: Examples::default(),
            }) as Box<dyn TableCheck + '_>
        })
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    by_word: bool,
    seen: HashSet<u64>,
    /// Places that agree one to the left, at the position, one to the right.
    agree: [u64; 3],
    offset: Option<i64>,
    offset_rows: u64,
    offset_differs: bool,
    examples: Examples,
}

/// The three bases around a position, `None` outside what the reference knows.
pub(in crate::lint) fn around(reference: &FastaReference, variant: &Variant) -> Option<[u8; 3]> {
    let contig = reference.contig_id(variant.contig.as_str())?;
    let first = Position::new(variant.position.one_based().checked_sub(1)?)?;
    let interval = Interval::at(first, 3)?;
    reference.contig(contig).known_part(interval)?;
    let mut bases = Vec::with_capacity(3);
    reference.fetch(contig, interval, &mut bases).ok()?;
    <[u8; 3]>::try_from(bases).ok()
}

impl Check<'_> {
    fn against_word(&mut self, row: &Row<'_>) {
        let columns = self.context.columns;
        let number = |role| row.cell(columns.first(role)?)?.parse::<i64>().ok();
        let given = number(LintRole::Position).or_else(|| Some(number(LintRole::Start0)? + 1));
        let (Some(given), Some(word)) = (given, variant_of_word(columns, row.cells)) else {
            return;
        };
        let offset = i64::from(word.position.one_based()) - given;
        self.offset_rows += 1;
        match self.offset {
            None => self.offset = Some(offset),
            Some(first) => self.offset_differs |= first != offset,
        }
        if offset != 0 {
            self.examples.add(row.number);
        }
    }
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        if self.by_word {
            self.against_word(row);
        }
        let (Some(reference), Some(variant)) = (self.context.reference, row.variant) else {
            return;
        };
        let base = variant.reference_bases.as_bytes();
        if base.len() != 1 || self.seen.len() >= MOST_PLACES || !self.seen.insert(key_of(variant)) {
            return;
        }
        if let Some(around) = around(reference, variant) {
            for (agree, letter) in self.agree.iter_mut().zip(around) {
                *agree += u64::from(letter == base[0]);
            }
            if around[1] != base[0] {
                self.examples.add(row.number);
            }
        } else {
            self.seen.remove(&key_of(variant));
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let columns = self.context.columns;
        let column = columns.first(LintRole::Position).or(columns.first(LintRole::Start0));
        let column = column
            .or(columns.first(LintRole::Variant))
            .map_or("", |column| columns.name(column));
        let mut found = Vec::new();
        let places = self.seen.len() as u64;
        let [left, here, right] = self.agree;
        let best = left.max(right);
        if places > 0 && best == places && here < places {
            let log10_p = log10_binomial_at_least(best, places, 0.41);
            if log10_p < -2.0 {
                let side = if left == best { "left" } else { "right" };
                let message = format!(
                    "REF is the base one to the {side} in {} of {} places, and the base at the position in {}",
                    grouped(best),
                    grouped(places),
                    grouped(here)
                );
                let finding = Finding::new(&RULE, Severity::Error, message)
                    .column(column)
                    .rows(self.examples.rows());
                found.push(
                    finding
                        .with("places", places)
                        .with("agree_one_left", left)
                        .with("agree", here)
                        .with("agree_one_right", right)
                        .with("log10_p", log10_p),
                );
            }
        }
        if let Some(offset) = self
            .offset
            .filter(|&offset| offset != 0 && !self.offset_differs && self.offset_rows > 1)
        {
            let message = format!(
                "in all {} rows the identifier's position is {offset:+} of that of the columns",
                grouped(self.offset_rows)
            );
            let severity = if offset.abs() == 1 {
                Severity::Error
            } else {
                Severity::Warning
            };
            let finding = Finding::new(&RULE, severity, message)
                .column(column)
                .rows(self.examples.rows());
            found.push(finding.with("n", self.offset_rows).with("offset_bp", offset));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::{findings, findings_with};

    const BASES: &str = "GATTACAGCATGCTAGGATCCTAGCATCGACTACGATCAGC";

    fn run(shift: i32) -> Vec<Finding> {
        let mut rows = String::from("chrom\tpos\tref\talt\n");
        for position in 5..35_i32 {
            let base = BASES.as_bytes()[(position - 1) as usize] as char;
            let other = if base == 'A' { 'C' } else { 'A' };
            rows.push_str(&format!("chr1\t{}\t{base}\t{other}\n", position + shift));
        }
        findings_with(&RULE, "a.tsv", &rows, |folder, request| {
            let path = folder.join("a.fa");
            std::fs::write(&path, format!(">chr1\n{BASES}\n")).unwrap();
            request.reference = Some(path);
        })
    }

    #[test]
    fn positions_off_by_one_are_found_on_either_side_and_right_ones_are_silent() {
        assert!(run(0).is_empty());
        assert_eq!(run(-1)[0].evidence["agree_one_right"], 30);
        assert_eq!(run(1)[0].evidence["agree_one_left"], 30);
    }

    #[test]
    fn identifiers_tell_a_shift_without_a_reference() {
        let header = "chrom\tpos\tvariant_id\n";
        assert_eq!(
            findings(&RULE, "a.tsv", &format!("{header}1\t4\t1_5_A_C\n1\t8\t1_9_A_C\n")).len(),
            1
        );
        assert!(findings(&RULE, "a.tsv", &format!("{header}1\t5\t1_5_A_C\n1\t9\t1_9_A_C\n")).is_empty());
        // A BED start stands one below, as it should.
        assert!(
            findings(
                &RULE,
                "a.tsv",
                "chrom\tstart\tend\tid\n1\t4\t5\t1_5_A_C\n1\t8\t9\t1_9_A_C\n"
            )
            .is_empty()
        );
    }
}
