//! Linked variants that are taken for causal ones.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Finding, Severity, grouped};
use crate::lint::statistic::{Tally, key_of};

/// Rows from which on a table is judged.
const LEAST: u64 = 20;

pub(super) static RULE: Rule = Rule {
    code: "RF016",
    name: "ld-tags-as-causal",
    severity: Severity::Warning,
    finds: "QTL rows without a posterior of fine-mapping, several variants for one gene",
    why: "Most significant pairs are linked to the variant that acts and do nothing themselves; a model that is right \
          predicts nothing for them. MPRA effects correlate with eQTL betas at 0.008 over all tested variants and at \
          0.21 over those that act in the assay.",
    statistic: "A table with effect and gene and no column of posterior or credible set, 20 rows or more, a tenth of them \
                on genes with several variants. A warning where predictions stand beside the effects, else a note. False \
                alarm: genes with several acting variants; experiments (MPRA, saturation mutagenesis) that name a gene \
                but measure each variant by itself.",
    remedy: "Use fine-mapped variants (PIP of 0.9 or more, or weights by PIP) and negatives matched for distance to the \
             TSS and frequency.",
    source: "Tewhey 2016 and its eQTL betas: Spearman 0.0080 (n 2,874) and 0.2114 (n 104).",
    table: Some(|context| {
        let columns = context.columns;
        let is_qtl = columns.has(LintRole::Effect) && columns.has(LintRole::Gene) && !columns.has(LintRole::Posterior);
        (is_qtl && !context.is_tidy()).then(|| {
            Box::new(Check {
                context,
                genes: Tally::default(),
            }) as Box<dyn TableCheck + '_>
        })
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    genes: Tally,
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        if let Some(gene) = self
            .context
            .columns
            .first(LintRole::Gene)
            .and_then(|column| row.cell(column))
        {
            self.genes.add(key_of(gene));
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let several = self.genes.entries().filter(|(_, count)| *count > 1);
        let rows: u64 = several.map(|(_, count)| u64::from(count)).sum();
        if self.genes.rows() < LEAST || rows * 10 < self.genes.rows() {
            return Vec::new();
        }
        let severity = if self.context.is_comparison() {
            Severity::Warning
        } else {
            Severity::Note
        };
        let message = format!(
            "{} of {} rows share their gene with other variants ({} genes), and no column says which of them acts",
            grouped(rows),
            grouped(self.genes.rows()),
            grouped(self.genes.distinct())
        );
        let column = self.context.columns.first(LintRole::Gene);
        let finding = Finding::new(&RULE, severity, message)
            .column(column.map_or("", |column| self.context.columns.name(column)));
        let largest = self.genes.entries().map(|(_, count)| count).max().unwrap_or(0);
        vec![
            finding
                .with("rows", self.genes.rows())
                .with("genes", self.genes.distinct())
                .with("rows_on_genes_with_several", rows)
                .with("most_variants_of_a_gene", largest),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings;

    fn table(header: &str, genes: u32) -> String {
        let mut text = format!("variant_id\tgene_id\tslope\t{header}\n");
        (0..30).for_each(|row| text.push_str(&format!("x{row}\tg{}\t-0.5\t0.9\n", row % genes)));
        text
    }

    #[test]
    fn several_variants_of_a_gene_without_posterior_are_found() {
        assert_eq!(
            findings(&RULE, "a.tsv", &table("prediction", 3))[0].severity,
            Severity::Warning
        );
        assert_eq!(
            findings(&RULE, "a.tsv", &table("pval_nominal", 3))[0].severity,
            Severity::Note
        );
    }

    #[test]
    fn a_posterior_or_one_variant_for_each_gene_is_silent() {
        assert!(findings(&RULE, "a.tsv", &table("pip", 3)).is_empty());
        assert!(findings(&RULE, "a.tsv", &table("prediction", 30)).is_empty());
    }
}
