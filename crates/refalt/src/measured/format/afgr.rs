//! African Functional Genomics Resource: QTLs of expression, chromatin and splicing.

use super::{AlleleOrder, Format, Kind, StatedAllele, optional, required};
use crate::engine::Rejection;
use crate::measured::row::{Base, RowView, Written};
use refalt_core::Assembly;

const SOURCE: &str = "African Functional Genomics Resource; rows and headers as held by the IGVF catalog. Neither the \
                      resource's README nor the header defines the allele that `beta` is of";

const CONTIG: usize = 0;
const POSITION: usize = 1;
const REFERENCE: usize = 2;
const ALTERNATE: usize = 3;
const FEATURE: usize = 4;
const BETA: usize = 5;
const SE: usize = 6;
const P: usize = 7;
const NAME: usize = 8;

/// Expression.
pub(super) static EQTL: Format = Format {
    name: "afgr_eqtl",
    title: "AFGR eQTLs of lymphoblastoid cell lines",
    effect: "`beta`: coefficient of the meta-analysis",
    allele: StatedAllele::NotStated,
    order: AlleleOrder::ReferenceFirst,
    is_forward: true,
    assembly: Some(Assembly::GRCh38),
    source: SOURCE,
    columns: &[
        required("chr", "the contig"),
        required("snp_pos", "the position (1-based)"),
        required("ref", "REF"),
        required("alt", "ALT"),
        required("feature", "the gene, with version"),
        required("beta", "the effect"),
        required("se", "its standard error"),
        required("pvalue", "its p-value"),
        required("variant", "the variant in a word"),
        required("geneSymbol", "the gene's symbol"),
        optional("log10p", "-log10 of the p-value"),
    ],
    absent: &[],
    headerless: None,
    has_genes: true,
    has_experiments: false,
    kind: Kind::Rows(eqtl),
};

/// Chromatin.
pub(super) static CAQTL: Format = Format {
    name: "afgr_caqtl",
    title: "AFGR caQTLs of lymphoblastoid cell lines",
    effect: "`beta`: coefficient for the accessibility of the peak",
    columns: &[
        required("chr", "the contig"),
        required("snp_pos", "the position (1-based)"),
        required("ref", "REF"),
        required("alt", "ALT"),
        required("feature", "the peak, `1:906596:907043`"),
        required("beta", "the effect"),
        required("se", "its standard error"),
        required("pvalue", "its p-value"),
        required("variant", "the variant in a word"),
    ],
    absent: &["geneSymbol"],
    has_genes: false,
    kind: Kind::Rows(feature),
    ..EQTL
};

/// Splicing.
pub(super) static SQTL: Format = Format {
    name: "afgr_sqtl",
    title: "AFGR sQTLs of lymphoblastoid cell lines",
    effect: "`beta`: coefficient of the meta-analysis for the share of the intron",
    columns: &[
        required("chr", "the contig"),
        required("pos", "the position (1-based)"),
        required("ref", "REF"),
        required("alt", "ALT"),
        required("feature", "the intron, `1:944800:945042:clu_2373`"),
        required("beta", "the effect"),
        required("se", "its standard error"),
        required("p", "its p-value"),
        required("snp", "the variant in a word"),
    ],
    absent: &["geneSymbol"],
    has_genes: false,
    kind: Kind::Rows(feature),
    ..EQTL
};

fn feature(row: &RowView<'_>) -> Result<Written, Rejection> {
    Ok(Written {
        effect: row.effect(BETA)?,
        se: row.standard_error(SE)?,
        p: row.probability(P)?,
        feature: row.text(FEATURE),
        name: row.text(NAME),
        ..row.cells(CONTIG, POSITION, Base::One, REFERENCE, ALTERNATE)
    })
}

fn eqtl(row: &RowView<'_>) -> Result<Written, Rejection> {
    Ok(Written {
        gene: row.text(FEATURE),
        feature: None,
        ..feature(row)?
    })
}
