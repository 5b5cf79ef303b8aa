//! ENCODE and IGVF: activities of elements in reporter assays. They have no alleles.

use super::{AlleleOrder, Format, Kind, StatedAllele, required};
use refalt_core::Assembly;

/// Reporter element activities.
pub(super) static FORMAT: Format = Format {
    name: "element_bed",
    title: "ENCODE and IGVF activities of elements (MPRA, STARR-seq): BED6+5; recognised, and refused as effects",
    effect: "`log2FoldChange`: log2 of output by input of an element",
    allele: StatedAllele::NotStated,
    order: AlleleOrder::Unknown,
    is_forward: true,
    assembly: Some(Assembly::GRCh38),
    source: "ENCODE-DCC/encValData, `as/mpra_starr.as`: BED6+5 MPRA/STARR-seq common file format",
    columns: &[
        required("chrom", "the contig"),
        required("chromStart", "the start (0-based)"),
        required("chromEnd", "the end"),
        required("name", "the element"),
        required("score", "0 to 1000, for browsers"),
        required("strand", "the strand"),
        required("log2FoldChange", "the activity"),
        required("inputCount", "DNA"),
        required("outputCount", "RNA"),
        required("minusLog10PValue", "-log10 of the p-value, -1 for none"),
        required("minusLog10QValue", "-log10 of the q-value, -1 for none"),
    ],
    absent: &[],
    headerless: Some(11),
    has_genes: false,
    has_experiments: false,
    kind: Kind::Refused(
        "it holds activities of elements: how much an element does, not what an allele changes",
        "take the file of variant effects of the same experiment; the elements serve as intervals",
    ),
};
