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

#[cfg(test)]
mod tests {
    use crate::diagnostic::Diagnostic;
    use crate::io::genes::{Genes, GenesError, MalformedLines, parse};
    use refalt_core::Interval;

    fn read(text: &str) -> Result<Genes, GenesError> {
        // Columns are separated by bars here, which no file has.
        parse("x", &mut text.replace('|', "\t").as_bytes(), MalformedLines::Refuse)
    }

    #[test]
    fn the_stop_codon_belongs_to_the_coding_part_though_its_row_stands_apart() {
        let genes = read(
            "1|E|exon|1|90|.|+|.|gene_id \"G\"; transcript_id \"T\";\n\
             1|E|CDS|11|30|.|+|0|gene_id \"G\"; transcript_id \"T\";\n\
             1|E|stop_codon|31|33|.|+|0|gene_id \"G\"; transcript_id \"T\";\n",
        )
        .unwrap();
        let transcript = genes.annotation.transcripts().next().unwrap();
        assert_eq!(transcript.coding, Interval::from_bed(10, 33));
    }

    #[test]
    fn rows_that_contradict_each_other_or_lack_an_identifier_are_refused() {
        let transcript = "1|E|transcript|1|90|.|+|.|gene_id \"G\"; transcript_id \"T\";\n";
        for (row, message) in [
            (transcript, "the transcript `T` has two rows on 1"),
            (
                "1|E|exon|1|90|.|-|.|gene_id \"G\"; transcript_id \"T\";\n",
                "the gene `G` on 1 has rows on both strands",
            ),
            (
                "1|E|exon|1|90|.|+|.|gene_id \"H\"; transcript_id \"T\";\n",
                "the transcript `T` on 1 has rows of two genes, `G` and `H`",
            ),
            (
                "1|E|exon|1|90|.|+|.|gene_id \"G\";\n",
                "a row of type `exon` without `transcript_id`",
            ),
            (
                "1|E|exon|1|90|.|+|.|transcript_id \"T\";\n",
                "a row of type `exon` without `gene_id`",
            ),
            (
                "1|E|exon|1|90|.|.|.|gene_id \"G\"; transcript_id \"T\";\n",
                "column strand is `.`; expected `+` or `-` for a gene, a transcript and their parts",
            ),
            (
                "1|E|exon|1|90|.|+|.|gene_id \"G; transcript_id T;\n",
                "the attributes cannot be read at `gene_id \"G; transcript_id T;`; expected a closing quote",
            ),
            (
                "1|E|exon|1|91|.|+|.|gene_id \"G\"; transcript_id \"T\";\n",
                "an exon 1-91 of `x` lies outside the transcript `T`, 1-90 (1-based, inclusive)",
            ),
        ] {
            let error = read(&format!("{transcript}{row}")).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(error.hint().is_some(), "{message}");
            let is_late = matches!(error, GenesError::Outside { .. });
            assert!(
                is_late || error.place().unwrap().starts_with("x, line 2: 1\tE"),
                "{message}"
            );
        }
    }

    #[test]
    fn one_name_on_two_contigs_is_two_genes() {
        let row = |contig| format!("{contig}|E|exon|1|9|.|+|.|gene_id \"G_PAR\"; transcript_id \"T\";\n");
        let genes = read(&format!("{}{}{}", row("chrX"), row("chrY"), "# end\n")).unwrap();
        assert_eq!(
            (genes.annotation.gene_count(), genes.annotation.transcript_count()),
            (2, 2)
        );
    }

    #[test]
    fn an_empty_text_and_one_of_other_rows_have_no_gene() {
        assert_eq!(read("").unwrap_err().to_string(), "`x` has no gene: it has no rows");
        assert!(matches!(
            read("##gff-version 3\n##FASTA\n>1\nACGT\n"),
            Err(GenesError::NoGene { .. })
        ));
    }
}
