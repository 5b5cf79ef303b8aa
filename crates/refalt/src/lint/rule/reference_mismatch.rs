//! REF alleles that the reference does not have.

use super::shifted_positions::around;
use super::{Context, Row, Rule, TableCheck};
use crate::lint::finding::{Examples, Finding, Severity, grouped};
use refalt_core::Alternate;
use refalt_core::dna::complement;

pub(super) static RULE: Rule = Rule {
    code: "RF020",
    name: "reference-mismatch",
    severity: Severity::Error,
    finds: "single-base REF alleles that are not the base of the reference: swapped alleles, the other strand, another \
            assembly",
    why: "A model that is given a REF which is not there scores a made-up genome without saying so. The TERT hotspots \
          under their GRCh37 positions pass a look at one of two bases on GRCh38.",
    statistic: "With `--reference`: rows whose one-base REF differs from the base at the position, and how many of them \
                agree when REF and ALT are swapped or complemented. Exact. Below 1 % of the rows it is a warning. False \
                alarm: a patch of the assembly that changed the base.",
    remedy: "Run `refalt vet TABLE --reference FASTA`: it weighs build, strand, allele order and offset for the file and \
             for each row.",
    source: "The API of the hosted model accepts any REF; calico/borzoi issue 50.",
    table: Some(|context| {
        context.reference?;
        Some(Box::new(Check {
            context,
            known: 0,
            other: 0,
            swapped: 0,
            complemented: 0,
            examples: Examples::default(),
        }) as Box<dyn TableCheck + '_>)
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    known: u64,
    other: u64,
    swapped: u64,
    complemented: u64,
    examples: Examples,
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        let (Some(reference), Some(variant)) = (self.context.reference, row.variant) else {
            return;
        };
        let (base, Alternate::Bases(alternate)) = (variant.reference_bases.as_bytes(), &variant.alternate) else {
            return;
        };
        let (&[base], Some([_, here, _])) = (base, around(reference, variant)) else {
            return;
        };
        self.known += 1;
        if base != here {
            self.other += 1;
            self.swapped += u64::from(alternate.as_bytes() == [here]);
            self.complemented += u64::from(complement(base) == here);
            self.examples.add(row.number);
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        if self.other == 0 {
            return Vec::new();
        }
        let message = format!(
            "in {} of {} rows REF is not the base of the reference; swapped it would be in {}, on the other strand in {}",
            grouped(self.other),
            grouped(self.known),
            grouped(self.swapped),
            grouped(self.complemented)
        );
        let severity = if self.other * 100 >= self.known {
            Severity::Error
        } else {
            Severity::Warning
        };
        let finding = Finding::new(&RULE, severity, message).rows(self.examples.rows());
        vec![
            finding
                .with("n", self.known)
                .with("other_base", self.other)
                .with("agree_when_swapped", self.swapped)
                .with("agree_on_other_strand", self.complemented),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings_with;

    fn run(rows: &str) -> Vec<Finding> {
        let text = format!("chrom\tpos\tref\talt\n{rows}");
        findings_with(&RULE, "a.tsv", &text, |folder, request| {
            let path = folder.join("a.fa");
            std::fs::write(&path, ">chr1\nGATTACAGCATGC\n").unwrap();
            request.reference = Some(path);
        })
    }

    #[test]
    fn swapped_and_complemented_bases_are_told_apart() {
        // The reference has A at 2, T at 3 and C at 6.
        let found = run("chr1\t2\tC\tA\nchr1\t3\tA\tG\nchr1\t6\tC\tT\n");
        assert_eq!(found[0].evidence["agree_when_swapped"], 1);
        assert_eq!(found[0].evidence["agree_on_other_strand"], 1);
        assert_eq!(
            (found[0].evidence["n"].clone(), found[0].rows.clone()),
            (3.into(), vec![2, 3])
        );
        assert!(run("chr1\t2\tA\tC\nchr1\t6\tC\tT\n").is_empty());
    }
}
