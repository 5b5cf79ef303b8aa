//! The ninth column of GFF3.

use crate::io::genes::error::GeneProblem;
use crate::io::genes::line::{gff3_attributes, percent_decoded};

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attributes<'a> {
    pub(super) id: &'a str,
    pub(super) parent: &'a str,
    pub(super) name: &'a str,
    pub(super) gene_id: &'a str,
    pub(super) gene_name: &'a str,
    pub(super) transcript_id: &'a str,
    pub(super) biotype: &'a str,
    pub(super) gene_biotype: &'a str,
    pub(super) transcript_biotype: &'a str,
    pub(super) dbxref: &'a str,
    pub(super) tag: &'a str,
}

pub(super) fn attributes(text: &str) -> Result<Attributes<'_>, GeneProblem> {
    let mut found = Attributes::default();
    gff3_attributes(text, |key, value| match key {
        "ID" => found.id = value,
        "Parent" => found.parent = value,
        "Name" => found.name = value,
        "gene_id" | "geneID" => found.gene_id = value,
        // `gene` is RefSeq's.
        "gene_name" | "gene" => found.gene_name = value,
        "transcript_id" => found.transcript_id = value,
        "biotype" => found.biotype = value,
        "gene_type" | "gene_biotype" => found.gene_biotype = value,
        "transcript_type" | "transcript_biotype" => found.transcript_biotype = value,
        "Dbxref" => found.dbxref = value,
        "tag" => found.tag = value,
        _ => {}
    })?;
    Ok(found)
}

/// Returns the first text that is not empty.
pub(super) fn first<'a>(texts: &[&'a str]) -> &'a str {
    texts.iter().copied().find(|text| !text.is_empty()).unwrap_or("")
}

/// Says whether an identifier is a link that means nothing outside the file: `gene49511`, `rna144891` (RefSeq before
/// 2018).
pub(super) fn is_link(id: &str) -> bool {
    let number = id.strip_prefix("gene").or_else(|| id.strip_prefix("rna"));
    number.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

pub(super) fn decoded(text: &str) -> Box<str> {
    percent_decoded(text).into()
}
