//! Counts of reporter assays by element.

use super::{AlleleOrder, Format, Kind, StatedAllele, optional, required};
use crate::measured::counts::{CountColumns, Scaling};

/// Counts of elements.
pub(super) static FORMAT: Format = Format {
    name: "element_counts",
    title: "MPRA counts by element, as of Grossman et al. 2017 (GSE84888)",
    effect: "log2((RNA + 1) / (DNA + 1)) of raw counts: an activity, not an effect of an allele",
    allele: StatedAllele::NotStated,
    order: AlleleOrder::Unknown,
    is_forward: true,
    assembly: None,
    source: "Grossman et al. 2017, doi:10.1073/pnas.1621150114, GEO GSE84888",
    columns: &[
        required("name", "the element"),
        required("counts.rna", "RNA"),
        required("counts.plasmid", "DNA"),
        optional("tags", "barcodes behind the row"),
    ],
    absent: &[],
    headerless: None,
    has_genes: false,
    has_experiments: false,
    kind: Kind::Counts(CountColumns {
        dna: "counts.plasmid",
        rna: "counts.rna",
        name: "name",
        scaling: Scaling::None,
    }),
};
