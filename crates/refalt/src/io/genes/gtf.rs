//! GTF rows into gene models.
//!
//! A row names its gene and its transcript, so each can be handed on by itself; rows may come in any order.

use super::error::GeneProblem;
use super::line::{Columns, gtf_attributes};
use super::tags;
use refalt_core::annotation::{AnnotationBuilder, GeneAttributes, Place, TranscriptAttributes, TranscriptTags};

/// The attributes that gene models need; empty where a row has none.
#[derive(Clone, Copy, Debug, Default)]
struct Attributes<'a> {
    gene_id: &'a str,
    gene_name: &'a str,
    gene_biotype: &'a str,
    transcript_id: &'a str,
    transcript_biotype: &'a str,
    tags: TranscriptTags,
}

fn attributes(text: &str) -> Result<Attributes<'_>, GeneProblem> {
    let mut found = Attributes::default();
    gtf_attributes(text, |key, value| match key {
        "gene_id" => found.gene_id = value,
        "transcript_id" => found.transcript_id = value,
        "gene_name" => found.gene_name = value,
        // RefSeq's name for it.
        "gene" if found.gene_name.is_empty() => found.gene_name = value,
        "gene_type" | "gene_biotype" => found.gene_biotype = value,
        "transcript_type" | "transcript_biotype" => found.transcript_biotype = value,
        "tag" => tags::add(&mut found.tags, value),
        _ => {}
    })?;
    Ok(found)
}

fn required(value: &str, columns: &Columns<'_>, attribute: &'static str) -> Result<(), GeneProblem> {
    if value.is_empty() {
        return Err(GeneProblem::MissingAttribute {
            kind: columns.kind.to_owned(),
            attribute,
        });
    }
    Ok(())
}

/// Takes a row; rows of other types than those of gene models are not looked into.
pub(super) fn take(builder: &mut AnnotationBuilder, columns: &Columns<'_>) -> Result<(), GeneProblem> {
    if !matches!(columns.kind, "gene" | "transcript" | "exon" | "CDS" | "stop_codon") {
        return Ok(());
    }
    let attributes = attributes(columns.attributes)?;
    required(attributes.gene_id, columns, "gene_id")?;
    let place = Place {
        contig: columns.contig,
        strand: columns.required_strand()?,
        span: columns.interval,
    };
    let gene = GeneAttributes {
        id: attributes.gene_id,
        name: Some(attributes.gene_name),
        biotype: Some(attributes.gene_biotype),
    };
    if columns.kind == "gene" {
        return Ok(builder.gene(gene, place)?);
    }
    required(attributes.transcript_id, columns, "transcript_id")?;
    let transcript = TranscriptAttributes {
        id: attributes.transcript_id,
        biotype: Some(attributes.transcript_biotype),
        tags: attributes.tags,
    };
    match columns.kind {
        "transcript" => builder.transcript(gene, transcript, place)?,
        "exon" => builder.exon(gene, transcript, place)?,
        // METHOD: in GTF the stop codon is no part of the CDS rows (GTF 2.2); it is one of the coding sequence.
        _ => builder.coding(gene, transcript, place)?,
    }
    Ok(())
}
