//! ADASTRA: allele-specific binding of transcription factors.
//!
//! Each allele has its effect size and its false discovery rate: one for "binding prefers REF", one for "prefers ALT". The
//! measured preference is that of the allele with the smaller rate.

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
const FDR_REFERENCE: usize = 6;
const FDR_ALTERNATE: usize = 7;
const RSID: usize = 8;

/// Allele-specific binding.
pub(super) static FORMAT: Format = Format {
    name: "adastra",
    title: "ADASTRA allele-specific binding, one file for each factor or cell type",
    effect: "log2 of the allelic imbalance of the preferred allele (the one with the smaller rate), positive when ALT is \
             preferred: `es_mean_alt`, or `es_mean_ref` with its sign turned; the smaller rate stands as p",
    allele: StatedAllele::Alternate,
    order: AlleleOrder::ReferenceFirst,
    is_forward: true,
    assembly: Some(Assembly::GRCh38),
    source: "ADASTRA, README of release BillCipher: positions are 1-based on hg38, `ref` is the reference allele of hg38; \
             Abramov et al. 2021, doi:10.1038/s41467-021-23007-0",
    columns: &[
        required("chr", "the contig"),
        required("pos", "the position (1-based), in some releases written `9435653.0`"),
        required("ref", "REF"),
        required("alt", "ALT"),
        required("es_mean_ref", "effect size in favour of REF"),
        required("es_mean_alt", "effect size in favour of ALT"),
        required("fdrp_bh_ref", "false discovery rate of a preference for REF"),
        required("fdrp_bh_alt", "false discovery rate of a preference for ALT"),
        optional("ID", "the dbSNP name"),
    ],
    absent: &[],
    headerless: None,
    has_genes: false,
    has_experiments: false,
    kind: Kind::Rows(read),
};

fn read(row: &RowView<'_>) -> Result<Written, Rejection> {
    let of_reference = (row.probability(FDR_REFERENCE)?, OF_REFERENCE);
    let of_alternate = (row.probability(FDR_ALTERNATE)?, OF_ALTERNATE);
    let (effect, p) = match (of_reference.0, of_alternate.0) {
        (Some(reference), Some(alternate)) if reference < alternate => (-row.effect(OF_REFERENCE)?, reference),
        (Some(reference), Some(alternate)) if alternate < reference => (row.effect(OF_ALTERNATE)?, alternate),
        (Some(both), Some(_)) => {
            return Err(Rejection {
                code: "no_preferred_allele",
                reason: format!("both alleles have the false discovery rate {both}: neither is preferred"),
            });
        }
        _ => {
            return Err(Rejection {
                code: "effect_missing",
                reason: "the row lacks a false discovery rate".to_owned(),
            });
        }
    };
    Ok(Written {
        effect,
        p: Some(p),
        name: row.text(RSID),
        ..row.cells(CONTIG, POSITION, Base::One, REFERENCE, ALTERNATE)
    })
}
