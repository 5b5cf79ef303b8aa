//! Annotations of the oracle cases.

use super::{number, path, text};
use refalt_core::annotation::{GeneAttributes, Place, TranscriptAttributes};
use refalt_core::{Annotation, AnnotationBuilder, Interval, Strand};
use serde_json::Value;

/// `annotation.tsv`: Chromosome, Start, End, Strand, Feature, gene id, name, type, transcript id, type.
pub(super) fn annotation() -> Annotation {
    let table = std::fs::read_to_string(path("annotation.tsv")).unwrap();
    let mut builder = AnnotationBuilder::default();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let bound = |field: usize| fields[field].parse::<u32>().unwrap();
        let place = Place {
            contig: fields[0],
            strand: Strand::from_sign(fields[3].chars().next().unwrap()).unwrap(),
            span: Interval::from_bed(bound(1), bound(2)).unwrap(),
        };
        let gene = GeneAttributes {
            id: fields[5],
            name: Some(fields[6]),
            biotype: Some(fields[7]),
        };
        let transcript = || TranscriptAttributes {
            id: fields[8],
            biotype: Some(fields[9]),
            ..TranscriptAttributes::default()
        };
        match fields[4] {
            "gene" => builder.gene(gene, place),
            "transcript" => builder.transcript(gene, transcript(), place),
            "exon" => builder.exon(gene, transcript(), place),
            other => panic!("{other}"),
        }
        .unwrap();
    }
    builder.build().unwrap()
}

/// Rows `[Chromosome, Start, End, strand, "gene", id, name, type]` of a case.
pub(super) fn genes(rows: &[Value]) -> Annotation {
    let mut builder = AnnotationBuilder::default();
    for row in rows {
        let place = Place {
            contig: text(&row[0]),
            strand: Strand::from_sign(text(&row[3]).chars().next().unwrap()).unwrap(),
            span: Interval::from_bed(number(&row[1]), number(&row[2])).unwrap(),
        };
        let gene = GeneAttributes {
            id: text(&row[5]),
            name: Some(text(&row[6])),
            biotype: Some(text(&row[7])),
        };
        assert_eq!(text(&row[4]), "gene");
        builder.gene(gene, place).unwrap();
    }
    builder.build().unwrap()
}
