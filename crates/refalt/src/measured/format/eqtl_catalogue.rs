//! eQTL Catalogue: credible sets of SuSiE, and summary statistics.

use super::{AlleleOrder, Format, Kind, StatedAllele, optional, required};
use crate::engine::Rejection;
use crate::measured::row::{RowView, Written};
use refalt_core::Assembly;

const SOURCE: &str = "eQTL Catalogue, `Columns_parquet.md` of eQTL-Catalogue-resources: alt is the alternative allele of \
                      GRCh38 and the effect allele; Kerimov et al. 2021, doi:10.1038/s41588-021-00924-w";

const VARIANT: usize = 0;
const TRAIT: usize = 1;
const GENE: usize = 2;
const BETA: usize = 3;
const SE: usize = 4;
const P: usize = 5;
const RSID: usize = 6;
const PIP: usize = 7;

/// Fine mapping.
pub(super) static CREDIBLE_SETS: Format = Format {
    name: "eqtl_catalogue_credible_sets",
    title: "eQTL Catalogue credible sets of SuSiE (`QTD*.credible_sets`)",
    effect: "`beta`: marginal regression coefficient for each copy of ALT; `pip` is the weight",
    allele: StatedAllele::Alternate,
    order: AlleleOrder::ReferenceFirst,
    is_forward: true,
    assembly: Some(Assembly::GRCh38),
    source: SOURCE,
    columns: &[
        required("variant", "the variant, `chr1_10000458_T_C` (1-based)"),
        required("molecular_trait_id", "gene, exon, transcript, intron or aptamer"),
        required("gene_id", "the gene of the trait"),
        required("beta", "the effect"),
        required("se", "its standard error"),
        required("pvalue", "its p-value"),
        optional("rsid", "a dbSNP name; a variant with several has a row for each"),
        required("pip", "the probability that the variant is in the set for being causal"),
        required("cs_id", "the credible set"),
    ],
    absent: &[],
    headerless: None,
    has_genes: true,
    has_experiments: false,
    kind: Kind::Rows(credible_set),
};

/// Summary statistics.
pub(super) static SUMMARY: Format = Format {
    name: "eqtl_catalogue",
    title: "eQTL Catalogue summary statistics (`QTD*.all`, `QTD*.cc`)",
    effect: "`beta`: regression coefficient for each copy of ALT",
    columns: &[
        required("variant", "the variant, `chr1_10000458_T_C` (1-based)"),
        required("molecular_trait_id", "gene, exon, transcript, intron or aptamer"),
        required("gene_id", "the gene of the trait"),
        required("beta", "the effect"),
        required("se", "its standard error"),
        required("pvalue", "its p-value"),
        optional("rsid", "a dbSNP name; a variant with several has a row for each"),
    ],
    absent: &["pip"],
    kind: Kind::Rows(summary),
    ..CREDIBLE_SETS
};

fn summary(row: &RowView<'_>) -> Result<Written, Rejection> {
    Ok(Written {
        effect: row.effect(BETA)?,
        se: row.standard_error(SE)?,
        p: row.probability(P)?,
        gene: row.text(GENE),
        feature: row.text(TRAIT),
        name: row.text(RSID),
        ..row.word(VARIANT)
    })
}

fn credible_set(row: &RowView<'_>) -> Result<Written, Rejection> {
    Ok(Written {
        weight: row.probability(PIP)?,
        ..summary(row)?
    })
}
