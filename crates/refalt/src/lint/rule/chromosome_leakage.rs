//! Chromosomes that the model, or the training part of a split, has seen.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Examples, Finding, Severity, grouped};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Chromosomes that AlphaGenome's evaluations hold out.
const HELD_OUT: [&str; 8] = ["3", "6", "9", "12", "16", "18", "19", "21"];
/// Parts of a split beyond which a column is none.
const MOST_PARTS: usize = 20;
/// Variants whose part is remembered.
const MOST_VARIANTS: usize = 1 << 20;

pub(super) static RULE: Rule = Rule {
    code: "RF019",
    name: "chromosome-leakage",
    severity: Severity::Error,
    finds: "variants or chromosomes in two parts of a split, and AlphaGenome's training chromosomes in an evaluation",
    why: "Neighbours share sequence, linkage and measured signal. A model that was fitted on them, or to the tracks of their \
          chromosome, is not tested by them.",
    statistic: "With a column of the split: a variant in two parts is an error, a chromosome in two parts a warning. For \
                AlphaGenome (`--model alphagenome`, or its score columns beside effects): the share of rows on the \
                chromosomes of its published evaluations (3, 6, 9, 12, 16, 18, 19, 21); a note below one half, since \
                effects were not training data. Exact. False alarm: cross-validation whose folds are named in the \
                column and used one by one.",
    remedy: "Split by chromosome, and report the numbers on held-out chromosomes beside those on all.",
    source: "AlphaGenome paper, Methods: test chromosomes of the variant evaluations.",
    table: Some(|context| {
        let columns = context.columns;
        let split = columns.first(LintRole::Split);
        let is_evaluation = context.is_alphagenome() && columns.has(LintRole::Effect);
        (split.is_some() || is_evaluation).then(|| {
            Box::new(Check {
                context,
                split,
                is_evaluation,
                parts: BTreeSet::new(),
                contigs: BTreeMap::new(),
                variants: HashMap::new(),
                twice: 0,
                held_out: [0; 2],
                examples: Examples::default(),
            }) as Box<dyn TableCheck + '_>
        })
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    split: Option<usize>,
    is_evaluation: bool,
    parts: BTreeSet<String>,
    /// The parts that each contig is in.
    contigs: BTreeMap<String, BTreeSet<String>>,
    /// The first part that each variant is in.
    variants: HashMap<u64, String>,
    twice: u64,
    /// Rows on held-out chromosomes, on others.
    held_out: [u64; 2],
    examples: Examples,
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        let named = || row.cell(self.context.columns.first(LintRole::Contig)?);
        let Some(contig) = row.variant.map(|variant| variant.contig.as_str()).or_else(named) else {
            return;
        };
        let contig = contig.strip_prefix("chr").unwrap_or(contig);
        self.held_out[usize::from(!HELD_OUT.contains(&contig))] += 1;
        let Some(part) = self.split.and_then(|column| row.cell(column)) else {
            return;
        };
        if self.parts.len() > MOST_PARTS {
            return;
        }
        if !self.parts.contains(part) {
            self.parts.insert(part.to_owned());
        }
        self.contigs
            .entry(contig.to_owned())
            .or_default()
            .insert(part.to_owned());
        if let Some(key) = row.key
            && self.variants.len() < MOST_VARIANTS
        {
            let first = self.variants.entry(key).or_insert_with(|| part.to_owned());
            if first != part {
                self.twice += 1;
                self.examples.add(row.number);
            }
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let mut found = Vec::new();
        let shared: Vec<&str> = self
            .contigs
            .iter()
            .filter(|(_, parts)| parts.len() > 1)
            .map(|(contig, _)| contig.as_str())
            .collect();
        if let Some(column) = self
            .split
            .filter(|_| self.parts.len() <= MOST_PARTS && !shared.is_empty())
        {
            let severity = if self.twice > 0 {
                Severity::Error
            } else {
                Severity::Warning
            };
            let message = format!(
                "{} of {} chromosomes and {} rows' variants are in more than one part",
                shared.len(),
                self.contigs.len(),
                grouped(self.twice)
            );
            let finding = Finding::new(&RULE, severity, message).column(self.context.columns.name(column));
            found.push(
                finding
                    .rows(self.examples.rows())
                    .with("chromosomes_in_several_parts", shared.join(","))
                    .with("rows_with_variants_in_several_parts", self.twice)
                    .with("parts", self.parts.len()),
            );
        }
        let [held_out, seen] = self.held_out;
        if self.is_evaluation && seen > held_out {
            let message = format!(
                "{} of {} rows lie on chromosomes whose tracks the model was trained on",
                grouped(seen),
                grouped(seen + held_out)
            );
            let finding = Finding::new(&RULE, Severity::Note, message);
            found.push(
                finding
                    .with("rows_on_held_out_chromosomes", held_out)
                    .with("rows_on_others", seen),
            );
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::{findings, findings_with};

    #[test]
    fn variants_and_chromosomes_in_two_parts_are_found() {
        let header = "chrom\tpos\tref\talt\tsplit\n";
        let twice = format!("{header}1\t5\tA\tC\ttrain\n1\t5\tA\tC\ttest\n");
        assert_eq!(findings(&RULE, "a.tsv", &twice)[0].severity, Severity::Error);
        let near = format!("{header}1\t5\tA\tC\ttrain\n1\t9\tA\tC\ttest\n");
        assert_eq!(findings(&RULE, "a.tsv", &near)[0].severity, Severity::Warning);
        let apart = format!("{header}1\t5\tA\tC\ttrain\n3\t9\tA\tC\ttest\n");
        assert!(findings(&RULE, "a.tsv", &apart).is_empty());
    }

    #[test]
    fn an_evaluation_on_training_chromosomes_is_noted() {
        let run = |chromosome: u32| {
            let text = format!("chrom\tpos\tref\talt\tbeta\n{chromosome}\t5\tA\tC\t0.5\n");
            findings_with(&RULE, "a.tsv", &text, |_, request| {
                request.model = Some("alphagenome".to_owned())
            })
        };
        assert_eq!(run(1)[0].severity, Severity::Note);
        assert!(run(21).is_empty());
    }
}
