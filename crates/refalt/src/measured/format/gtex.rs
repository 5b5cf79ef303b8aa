//! GTEx: significant variant-gene and variant-intron pairs, all pairs, and the table of genes.

use super::{AlleleOrder, Column, Format, Kind, StatedAllele, required};
use crate::engine::Rejection;
use crate::measured::row::{RowView, Written};
use refalt_core::annotation::without_version;

const VARIANT: usize = 0;
const PHENOTYPE: usize = 1;
const SLOPE: usize = 2;
const SLOPE_SE: usize = 3;
const PVAL_NOMINAL: usize = 4;

const fn columns(phenotype: &'static str, holds: &'static str) -> [Column; 5] {
    [
        required(
            "variant_id",
            "the variant, `chr1_845402_A_G_b38`: position (1-based), REF, ALT, build",
        ),
        required(phenotype, holds),
        required("slope", "the effect"),
        required("slope_se", "its standard error"),
        required(
            "pval_nominal",
            "its p-value; the column before `slope` in the released files",
        ),
    ]
}

const SOURCE: &str = "GTEx Consortium 2020, doi:10.1126/science.aaz1776; GTEx Portal, documentation of single-tissue \
                      cis-eQTLs: the normalized effect size is the slope of the regression, computed as the effect of ALT \
                      relative to REF of the genome";

/// Expression.
pub(super) static EQTL: Format = Format {
    name: "gtex_eqtl",
    title: "GTEx variant-gene pairs (`signif_variant_gene_pairs`, `egenes`, all pairs), text or Parquet, in an archive or not",
    effect: "`slope`: standard deviations of normalised expression for each copy of ALT",
    allele: StatedAllele::Alternate,
    order: AlleleOrder::ReferenceFirst,
    is_forward: true,
    assembly: None,
    source: SOURCE,
    columns: &columns("gene_id", "the gene, with version"),
    absent: &["phenotype_id"],
    headerless: None,
    has_genes: true,
    has_experiments: true,
    kind: Kind::Rows(eqtl),
};

/// Splicing.
pub(super) static SQTL: Format = Format {
    name: "gtex_sqtl",
    title: "GTEx variant-intron pairs (`sqtl_signifpairs`), and pairs of other phenotypes",
    effect: "`slope`: standard deviations of the normalised share of the intron for each copy of ALT",
    columns: &columns(
        "phenotype_id",
        "the intron, `chr1:999787:999866:clu_32583:ENSG00000188290.10`",
    ),
    absent: &["gene_id"],
    has_genes: false,
    kind: Kind::Rows(sqtl),
    ..EQTL
};

fn pair(row: &RowView<'_>) -> Result<Written, Rejection> {
    Ok(Written {
        effect: row.effect(SLOPE)?,
        se: row.standard_error(SLOPE_SE)?,
        p: row.probability(PVAL_NOMINAL)?,
        experiment: tissue(row.file()).map(str::to_owned),
        ..row.word(VARIANT)
    })
}

fn eqtl(row: &RowView<'_>) -> Result<Written, Rejection> {
    Ok(Written {
        gene: row.text(PHENOTYPE),
        ..pair(row)?
    })
}

fn sqtl(row: &RowView<'_>) -> Result<Written, Rejection> {
    let feature = row.text(PHENOTYPE);
    let gene = feature.as_deref().and_then(|intron| intron.rsplit(':').next());
    // Expression of genes is also written with `phenotype_id`, in the files of all pairs.
    let is_gene = |id: &&str| without_version(id).starts_with("ENS");
    Ok(Written {
        gene: gene.filter(is_gene).map(str::to_owned),
        feature: feature.clone(),
        ..pair(row)?
    })
}

/// Returns the tissue of a released file, by its name: `Whole_Blood.v8.signif_variant_gene_pairs.txt.gz`.
pub(in crate::measured) fn tissue(file: &str) -> Option<&str> {
    let (tissue, rest) = file.rsplit('/').next()?.split_once(".v")?;
    let is_release = rest.starts_with(|letter: char| letter.is_ascii_digit());
    (is_release && !tissue.is_empty()).then_some(tissue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tissue_is_in_the_name_of_a_released_file() {
        assert_eq!(
            tissue("GTEx_Analysis_v8_eQTL/Whole_Blood.v8.signif_variant_gene_pairs.txt.gz"),
            Some("Whole_Blood")
        );
        assert_eq!(
            tissue("Brain_Amygdala.v10.eQTLs.signif_pairs.parquet"),
            Some("Brain_Amygdala")
        );
        assert_eq!(
            tissue("gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz"),
            None
        );
        assert_eq!(tissue("pairs.txt"), None);
    }
}
