//! Counts of reporter assays by allele and replicate.

use super::{AlleleOrder, Format, Kind, StatedAllele, required};
use crate::measured::counts::{CountColumns, Scaling};

/// Counts of two alleles.
pub(super) static FORMAT: Format = Format {
    name: "allele_counts",
    title: "MPRA counts by allele and replicate, as of Tewhey et al. 2016 (GSE75661) in Bioconductor's mpra",
    effect: "log2((RNA + 1) / (DNA + 1)) of allele B less that of A, of mean counts per million: see below",
    allele: StatedAllele::Alternate,
    order: AlleleOrder::ReferenceFirst,
    is_forward: true,
    assembly: None,
    source: "Tewhey et al. 2016, doi:10.1016/j.cell.2016.04.027, GEO GSE75661; Myint et al. 2019, doi:10.1186/s12864-019-5556-x: \
             A is the reference oligo and B the alternate one",
    columns: &[required(
        "eid",
        "the name of the pair; variants come from the table that `--alleles` names",
    )],
    absent: &[],
    headerless: None,
    has_genes: false,
    has_experiments: false,
    kind: Kind::Counts(CountColumns {
        dna: "DNA_allele_{allele}_{replicate}",
        rna: "RNA_allele_{allele}_{replicate}",
        name: "eid",
        scaling: Scaling::CountsPerMillion,
    }),
};
