//! Numbers of rows that are taken for numbers of independent observations.

use super::{Context, LintRole, Row, Rule, TableCheck};
use crate::lint::finding::{Finding, Severity, grouped};
use crate::lint::statistic::{Tally, key_of};

pub(super) static RULE: Rule = Rule {
    code: "RF014",
    name: "n-without-effective-n",
    severity: Severity::Warning,
    finds: "rows that are not independent (variants, genes that repeat), and statistics with n and no effective n",
    why: "p-values and intervals that assume n independent rows are too small when rows share a variant, a gene or a \
          block of linkage. \"Power above 99 %\" for 107,229 pairs counts each linked tag as news.",
    statistic: "Comparison tables (effect and prediction): distinct variants and Kish's effective number over genes, \
                (sum n_k)^2 / sum n_k^2, against rows; a warning when variants repeat or the effective number is below \
                nine tenths of the rows. Other tables of effects: nothing. Tables of statistics with n and a p-value or \
                interval but no column on clusters, effective n or the kind of interval: a note. False alarm: one gene \
                with one promoter under saturation mutagenesis, where rows share a gene by design (there is no gene \
                column then).",
    remedy: "Bootstrap over variants, genes or linkage blocks (`refalt validate` resamples positions), report the \
             effective number beside n, or keep one variant for each gene.",
    source: "Kish (1965), Survey Sampling, section 11.7: the worst case, correlation 1 within a cluster.",
    table: Some(|context| {
        let columns = context.columns;
        let is_statistics = columns.has(LintRole::Statistic) && columns.has(LintRole::RowCount);
        let has_error = columns.has(LintRole::PValue)
            || !columns
                .named(|words| words.iter().any(|word| matches!(*word, "ci" | "low" | "se" | "p")))
                .is_empty();
        let is_bare = is_statistics && has_error && !columns.has(LintRole::EffectiveCount);
        let is_comparison = context.is_comparison() && !context.is_tidy();
        (is_bare || is_comparison).then(|| {
            Box::new(Check {
                context,
                is_bare,
                is_comparison,
                rows: 0,
                variants: Tally::default(),
                genes: Tally::default(),
                blocks: Tally::default(),
            }) as Box<dyn TableCheck + '_>
        })
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    is_bare: bool,
    is_comparison: bool,
    rows: u64,
    variants: Tally,
    genes: Tally,
    /// Stretches of 1 Mb.
    blocks: Tally,
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        self.rows += 1;
        if !self.is_comparison {
            return;
        }
        if let Some(key) = row.key {
            self.variants.add(key);
        }
        if let Some(gene) = self
            .context
            .columns
            .first(LintRole::Gene)
            .and_then(|column| row.cell(column))
        {
            self.genes.add(key_of(gene));
        }
        if let Some(variant) = row.variant {
            self.blocks.add(key_of((
                variant.contig.as_str(),
                variant.position.one_based() / 1_000_000,
            )));
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let columns = self.context.columns;
        let mut found = Vec::new();
        let repeats = self.variants.rows() - self.variants.distinct();
        let genes = self.genes.effective();
        let is_clustered = self.genes.rows() > 0 && genes < 0.9 * self.genes.rows() as f64;
        if self.is_comparison && (repeats > 0 || is_clustered) {
            let mut message = format!(
                "{} rows hold {} distinct variants",
                grouped(self.rows),
                grouped(self.variants.distinct())
            );
            let mut finding = Finding::new(&RULE, Severity::Warning, "")
                .with("rows", self.rows)
                .with("distinct_variants", self.variants.distinct());
            if self.genes.rows() > 0 {
                message.push_str(&format!(
                    " and {} genes; over genes the effective number is {genes:.0}",
                    grouped(self.genes.distinct())
                ));
                finding = finding
                    .with("genes", self.genes.distinct())
                    .with("effective_n_over_genes", genes);
            }
            if self.blocks.rows() > 0 {
                finding = finding
                    .with("stretches_of_1_mb", self.blocks.distinct())
                    .with("effective_n_over_stretches", self.blocks.effective());
            }
            finding.message = message;
            found.push(finding);
        }
        if self.is_bare {
            let message = format!(
                "{} statistics say n, and nothing says how many of the n are independent",
                grouped(self.rows)
            );
            let column = columns
                .first(LintRole::RowCount)
                .map_or("", |column| columns.name(column));
            let finding = Finding::new(&RULE, Severity::Note, message).column(column);
            found.push(finding.with("statistics", self.rows));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings;

    #[test]
    fn repeated_variants_and_genes_are_found_with_the_effective_number() {
        let text = "variant_id\tgene_id\tbeta\tprediction\nx\tg1\t1\t2\nx\tg1\t1\t2\ny\tg1\t1\t2\nz\tg2\t1\t2\n";
        let found = findings(&RULE, "a.tsv", text);
        // (3 + 1)^2 / (9 + 1)
        assert_eq!(found[0].evidence["effective_n_over_genes"], 1.6);
        assert_eq!(found[0].evidence["distinct_variants"], 3);
        let text = "variant_id\tgene_id\tbeta\tprediction\nx\tg1\t1\t2\ny\tg2\t1\t2\n";
        assert!(findings(&RULE, "a.tsv", text).is_empty());
    }

    #[test]
    fn statistics_without_effective_n_are_noted() {
        let found = findings(&RULE, "a.csv", "predictor,spearman_r,p_value,n\na,0.1,0.01,600\n");
        assert_eq!((found.len(), found[0].severity), (1, Severity::Note));
        assert!(
            findings(
                &RULE,
                "a.csv",
                "predictor,spearman_r,p_value,n,n_effective\na,0.1,0.01,600,90\n"
            )
            .is_empty()
        );
    }
}
