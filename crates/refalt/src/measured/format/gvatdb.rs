//! GVATdb: differential binding of transcription factors in vitro (SNP-SELEX).

use super::{AlleleOrder, Format, Kind, StatedAllele, optional, required};
use crate::engine::Rejection;
use crate::measured::row::{Base, RowView, Written};
use refalt_core::Assembly;

const CONTIG: usize = 0;
const POSITION: usize = 1;
const REFERENCE: usize = 2;
const ALTERNATE: usize = 3;
const OF_REFERENCE: usize = 4;
const OF_ALTERNATE: usize = 5;
const SCORE: usize = 6;
const P: usize = 7;
const FACTOR: usize = 8;
const RSID: usize = 9;

/// Digits of the scores as released: five decimals, and the difference of two rounded numbers.
const ROUNDING: f64 = 2.1e-5;

/// SNP-SELEX.
pub(super) static FORMAT: Format = Format {
    name: "gvatdb",
    title: "GVATdb, SNP-SELEX: preferential binding of transcription factors",
    effect: "`pbs`: enrichment (area under the curve) of REF less that of ALT, positive when the factor prefers REF",
    allele: StatedAllele::Reference,
    order: AlleleOrder::ReferenceFirst,
    is_forward: true,
    assembly: Some(Assembly::GRCh38),
    source: "Yan et al. 2021, doi:10.1038/s41586-021-03211-0; `pbs` = `ref_auc` - `alt_auc` is checked in every row",
    columns: &[
        required("chr", "the contig"),
        required("pos", "the position (1-based; the 0-based one of SPDI plus 1)"),
        required("ref", "REF"),
        required("alt", "ALT"),
        required("ref_auc", "enrichment of REF"),
        required("alt_auc", "enrichment of ALT"),
        required("pbs", "the effect"),
        required("pval", "its p-value"),
        required("TF", "the transcription factor"),
        optional("rsid", "the dbSNP name"),
    ],
    absent: &[],
    headerless: None,
    has_genes: false,
    has_experiments: true,
    kind: Kind::Rows(read),
};

fn read(row: &RowView<'_>) -> Result<Written, Rejection> {
    let effect = row.effect(SCORE)?;
    if let (Some(reference), Some(alternate)) = (row.number(OF_REFERENCE)?, row.number(OF_ALTERNATE)?)
        && (reference - alternate - effect).abs() > ROUNDING
    {
        return Err(Rejection {
            code: "effect_contradicts_columns",
            reason: format!(
                "`pbs` is {effect}, and `ref_auc` - `alt_auc` is {}",
                reference - alternate
            ),
        });
    }
    Ok(Written {
        effect,
        p: row.probability(P)?,
        experiment: row.text(FACTOR),
        name: row.text(RSID),
        ..row.cells(CONTIG, POSITION, Base::One, REFERENCE, ALTERNATE)
    })
}
