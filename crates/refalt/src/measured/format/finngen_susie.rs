//! FinnGen: variants of SuSiE fine mapping.

use super::{AlleleOrder, Format, Kind, StatedAllele, optional, required};
use crate::engine::Rejection;
use crate::measured::row::{Base, RowView, Written};

const CONTIG: usize = 0;
const POSITION: usize = 1;
const FIRST: usize = 2;
const SECOND: usize = 3;
const BETA: usize = 4;
const SE: usize = 5;
const P: usize = 6;
const PIP: usize = 7;
const TRAIT: usize = 8;
const RSID: usize = 9;

/// Fine mapping of diseases.
pub(super) static FORMAT: Format = Format {
    name: "finngen_susie",
    title: "FinnGen SuSiE fine mapping (`*.SUSIE.snp`)",
    effect: "`beta`: marginal effect (log odds for diseases); `prob` is the weight",
    allele: StatedAllele::NotStated,
    order: AlleleOrder::Unknown,
    is_forward: true,
    assembly: None,
    source: "FINNGEN/finemapping-pipeline, README: `allele1` is the reference allele by default and `allele2` the \
             alternative one; the allele of `beta` is not defined there",
    columns: &[
        required("chromosome", "the contig"),
        required("position", "the position (1-based)"),
        required("allele1", "the reference allele, by default"),
        required("allele2", "the alternative allele, by default"),
        required("beta", "the effect"),
        required("se", "its standard error"),
        required("p", "its p-value"),
        required("prob", "the posterior inclusion probability"),
        required("trait", "the endpoint"),
        optional("rsid", "a name"),
        required("cs", "the credible set of the region; -1 for none"),
    ],
    absent: &[],
    headerless: None,
    has_genes: false,
    has_experiments: true,
    kind: Kind::Rows(read),
};

fn read(row: &RowView<'_>) -> Result<Written, Rejection> {
    Ok(Written {
        effect: row.effect(BETA)?,
        se: row.standard_error(SE)?,
        p: row.probability(P)?,
        weight: row.probability(PIP)?,
        experiment: row.text(TRAIT),
        name: row.text(RSID),
        ..row.cells(CONTIG, POSITION, Base::One, FIRST, SECOND)
    })
}
