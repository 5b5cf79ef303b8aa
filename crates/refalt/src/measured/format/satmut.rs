//! Saturation mutagenesis of regulatory elements (Kircher et al. 2019).

use super::{AlleleOrder, Format, Kind, StatedAllele, required};
use crate::engine::Rejection;
use crate::measured::row::{Base, RowView, Written};
use refalt_core::Assembly;

const CONTIG: usize = 0;
const POSITION: usize = 1;
const REFERENCE: usize = 2;
const ALTERNATE: usize = 3;
const EFFECT: usize = 4;
const P: usize = 5;
const ELEMENT: usize = 6;
const RELEASE: usize = 7;

/// Saturation mutagenesis.
pub(super) static FORMAT: Format = Format {
    name: "satmut",
    title: "saturation mutagenesis MPRA of 21 elements, as its portal releases it",
    effect: "`Coefficient`: log2 effect of ALT on the expression of the reporter",
    allele: StatedAllele::Alternate,
    order: AlleleOrder::ReferenceFirst,
    is_forward: true,
    assembly: None,
    source: "Kircher et al. 2019, doi:10.1038/s41467-019-11526-w; GEO GSE126550",
    columns: &[
        required("Chrom", "the contig"),
        required("Pos", "the position (1-based)"),
        required("Ref", "REF"),
        required("Alt", "ALT; `-` for the deletion of a base"),
        required("Coefficient", "the effect"),
        required("pValue", "its p-value; 0 is below the smallest number"),
        required("Element", "the element and its setting: the experiment"),
        required(
            "Release",
            "the assembly of the row: files give each row once for GRCh37 and once for GRCh38",
        ),
        required("Barcodes", "barcodes behind the row; the portal takes 10 or more"),
    ],
    absent: &[],
    headerless: None,
    has_genes: false,
    has_experiments: true,
    kind: Kind::Rows(read),
};

fn read(row: &RowView<'_>) -> Result<Written, Rejection> {
    let release = row.text(RELEASE).unwrap_or_default();
    let assembly = Assembly::from_name(&release).ok_or_else(|| Rejection {
        code: "assembly_unknown",
        reason: format!("`Release` is `{release}`, which names no known assembly"),
    })?;
    Ok(Written {
        effect: row.effect(EFFECT)?,
        p: row.probability(P)?,
        experiment: row.text(ELEMENT),
        said_assembly: Some(assembly),
        ..row.cells(CONTIG, POSITION, Base::One, REFERENCE, ALTERNATE)
    })
}
