//! Tewhey et al. 2016: published effects of variants in lymphoblastoid cell lines.

use super::{AlleleOrder, Format, Kind, StatedAllele, optional, required};
use crate::engine::Rejection;
use crate::measured::row::{Base, RowView, Written};
use refalt_core::Assembly;

const CONTIG: usize = 0;
const POSITION: usize = 1;
const REFERENCE: usize = 2;
const ALTERNATE: usize = 3;
const SKEW: usize = 4;
const OF_REFERENCE: usize = 5;
const OF_ALTERNATE: usize = 6;
const LOG10_P: usize = 7;
const NAME: usize = 8;

/// The released skew of two activities that the table gives, too, agrees with them to their digits.
const ROUNDING: f64 = 1e-6;

/// Allelic skew.
pub(super) static FORMAT: Format = Format {
    name: "tewhey_effects",
    title: "Tewhey et al. 2016 MPRA, effects as released for the CAGI4 challenge",
    effect: "`LogSkew.Comb`: log2 activity of ALT (B) less that of REF (A)",
    allele: StatedAllele::Alternate,
    order: AlleleOrder::ReferenceFirst,
    is_forward: true,
    assembly: Some(Assembly::GRCh37),
    source: "Tewhey et al. 2016, doi:10.1016/j.cell.2016.04.027: allelic skew is alternate less reference; the skew is checked \
             against the two activities where both are given",
    columns: &[
        required("chr", "the contig"),
        required("pos", "the position (1-based, hg19)"),
        required("RefAllele", "REF"),
        required("AltAllele", "ALT"),
        required("LogSkew.Comb", "the effect"),
        required("C.A.log2FC", "activity of REF"),
        required("C.B.log2FC", "activity of ALT"),
        required("C.Skew.logP", "-log10 of the p-value"),
        required("ID", "the name"),
        optional("emVar_Hit", "1 for a variant that modulates expression"),
    ],
    absent: &[],
    headerless: None,
    has_genes: false,
    has_experiments: false,
    kind: Kind::Rows(read),
};

fn read(row: &RowView<'_>) -> Result<Written, Rejection> {
    let effect = row.effect(SKEW)?;
    if let (Some(reference), Some(alternate)) = (row.number(OF_REFERENCE)?, row.number(OF_ALTERNATE)?)
        && (alternate - reference - effect).abs() > ROUNDING
    {
        return Err(Rejection {
            code: "effect_contradicts_columns",
            reason: format!(
                "`LogSkew.Comb` is {effect}, and `C.B.log2FC` - `C.A.log2FC` is {}",
                alternate - reference
            ),
        });
    }
    Ok(Written {
        effect,
        p: row.minus_log10(LOG10_P)?,
        name: row.text(NAME),
        ..row.cells(CONTIG, POSITION, Base::One, REFERENCE, ALTERNATE)
    })
}
