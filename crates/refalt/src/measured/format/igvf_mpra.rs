//! IGVF: effects of variants in reporter assays (MPRA, STARR-seq), with or without a header.
//!
//! The format defines 19 columns in an order, and most files have no header. The name of a row is the variant in SPDI, so
//! place and alleles are there twice: a row in which the two differ, as in a file with other columns, is rejected.

use super::{AlleleOrder, Format, Kind, StatedAllele, required};
use crate::engine::Rejection;
use crate::io::variants::ids;
use crate::measured::row::{Base, RowView, Written};
use refalt_core::Assembly;

const CONTIG: usize = 0;
const START: usize = 1;
const NAME: usize = 3;
const EFFECT: usize = 6;
const LOG10_P: usize = 11;
const PROBABILITY: usize = 13;
const REFERENCE: usize = 17;
const ALTERNATE: usize = 18;

/// Reporter genomic variant effects.
pub(super) static FORMAT: Format = Format {
    name: "igvf_mpra",
    title: "IGVF reporter genomic variant effects (MPRA, STARR-seq): BED6+13, with a header or without",
    effect: "`log2FoldChange`: log2 of output by input of ALT, divided by that of REF; `postProbEffect` is the weight",
    allele: StatedAllele::Alternate,
    order: AlleleOrder::ReferenceFirst,
    is_forward: true,
    assembly: Some(Assembly::GRCh38),
    source: "IGVF MPRA focus group, schema of reporter genomic variants: fold change of the alternate output/input ratio to \
             the reference one",
    columns: &[
        required("chrom", "the contig"),
        required("chromStart", "the start (0-based)"),
        required("chromEnd", "the end"),
        required("name", "the variant in SPDI (0-based)"),
        required("score", "0 to 1000, for browsers"),
        required("strand", "the strand of the element"),
        required("log2FoldChange", "the effect"),
        required("inputCountRef", "DNA of REF"),
        required("outputCountRef", "RNA of REF"),
        required("inputCountAlt", "DNA of ALT; a row without any has no effect"),
        required("outputCountAlt", "RNA of ALT"),
        required("minusLog10PValue", "-log10 of the p-value"),
        required("minusLog10QValue", "-log10 of the q-value"),
        required("postProbEffect", "posterior probability of an effect"),
        required("CI_lower_95", "lower end of the interval"),
        required("CI_upper_95", "upper end of the interval"),
        required("variantPos", "position of the variant in the element"),
        required("refAllele", "REF"),
        required("altAllele", "ALT"),
    ],
    absent: &[],
    headerless: Some(19),
    has_genes: false,
    has_experiments: false,
    kind: Kind::Rows(read),
};

const INPUT_REFERENCE: usize = 7;
const INPUT_ALTERNATE: usize = 9;

fn read(row: &RowView<'_>) -> Result<Written, Rejection> {
    // In SPDI an insertion or deletion may have an allele without bases: an empty cell.
    let written = row.cells_with_empty([CONTIG, START, REFERENCE, ALTERNATE], Base::Zero);
    if let Ok(variant) = &written.variant {
        let named = row.text(NAME).map(|name| ids::parse(&name));
        let same = named.as_ref().is_some_and(|named| {
            named.variant.as_ref().is_ok_and(|named| {
                (named.position, &named.reference_bases, &named.alternate)
                    == (variant.position, &variant.reference_bases, &variant.alternate)
            })
        });
        if !same {
            let name = row.text(NAME).unwrap_or_default();
            return Err(Rejection {
                code: "name_contradicts_columns",
                reason: format!("the row is named `{name}`, and its columns say {variant}"),
            });
        }
    }
    for input in [INPUT_REFERENCE, INPUT_ALTERNATE] {
        if row.number(input)? == Some(0.0) {
            return Err(Rejection {
                code: "allele_not_in_library",
                reason: format!(
                    "`{}` is 0: one allele was not in the library, and its activity is unknown",
                    row.name(input)
                ),
            });
        }
    }
    Ok(Written {
        effect: row.effect(EFFECT)?,
        p: row.minus_log10(LOG10_P)?,
        weight: row.probability(PROBABILITY)?,
        name: row.text(NAME),
        ..written
    })
}
