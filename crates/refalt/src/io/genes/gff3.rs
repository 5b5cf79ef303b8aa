//! GFF3 rows into gene models.
//!
//! A row names its parent; parents may come after their children (Ensembl sorts by coordinate). So rows are kept as
//! nodes and put together at the end:
//!
//! - the parent of an exon is a transcript;
//! - the gene of a transcript is the last of its parents, which leaves out steps between (a miRNA in its primary
//!   transcript);
//! - a row without parent is a gene when its type is `gene`, `pseudogene` or ends in `_gene`, or when its identifier
//!   begins with `gene:` or `gene-`: types alone do not tell (Ensembl has both genes and transcripts of the type
//!   `pseudogene`);
//! - where exons hang on a gene itself (RefSeq pseudogenes), a transcript with the gene's identifier holds them;
//! - where a transcript has CDS and no exons (RefSeq's mitochondrion), its CDS stand for the exons;
//! - other rows (matches, regions, regulatory elements) are counted and not used.

mod attributes;

use super::error::GeneProblem;
use super::line::{Columns, percent_decoded};
use super::problems::Problems;
use super::tags;
use attributes::{Attributes, attributes, decoded, first, is_link};
use refalt_core::annotation::{
    AnnotationBuilder, AnnotationError, GeneAttributes, Place, TranscriptAttributes, TranscriptTags,
};
use refalt_core::{Interval, Strand};
use std::collections::{HashMap, HashSet};

/// Types that are parts of a transcript.
const PARTS: [&str; 3] = ["exon", "CDS", "stop_codon"];

/// Types that are never a gene or a transcript, whatever attributes they have.
const OTHER: [&str; 14] = [
    "five_prime_UTR",
    "three_prime_UTR",
    "UTR",
    "intron",
    "start_codon",
    "match",
    "cDNA_match",
    "match_part",
    "biological_region",
    "region",
    "chromosome",
    "scaffold",
    "supercontig",
    "stop_codon_redefined_as_selenocysteine",
];

/// A row with an identifier, or one that another row calls its parent.
#[derive(Debug, Default)]
struct Node {
    id: Box<str>,
    /// The line of its row, or of the first child.
    line: u64,
    /// None while only its children have come.
    row: Option<Row>,
    parent: Option<u32>,
    has_children: bool,
    part_strand: Option<Strand>,
    has_exons: bool,
    has_coding: bool,
}

#[derive(Debug)]
struct Row {
    contig: u32,
    span: Interval,
    strand: Option<Strand>,
    is_gene: bool,
    /// The identifier of gene or transcript; links within the file that mean nothing outside are replaced.
    label: Box<str>,
    /// The gene that the row names by attribute, for transcripts without parent.
    gene_label: Box<str>,
    name: Box<str>,
    biotype: Box<str>,
    gene_biotype: Box<str>,
    tags: TranscriptTags,
}

/// A part of a transcript; in the order of the file.
#[derive(Clone, Copy, Debug)]
struct Part {
    node: u32,
    is_exon: bool,
    span: Interval,
    line: u64,
}

/// Collects GFF3 rows.
#[derive(Debug, Default)]
pub(super) struct Gff3Rows {
    contigs: Vec<Box<str>>,
    nodes: Vec<Node>,
    ids: HashMap<Box<str>, u32>,
    parts: Vec<Part>,
    last: Option<u32>,
    labels: HashSet<(u32, bool, Box<str>)>,
}

/// What a node is in the annotation.
#[derive(Clone, Copy, Debug)]
struct Transcript {
    node: u32,
    /// Its outermost parent, or itself.
    root: u32,
    strand: Strand,
}

impl Gff3Rows {
    /// Takes a row.
    pub(super) fn take(&mut self, columns: &Columns<'_>, line: u64) -> Result<(), GeneProblem> {
        if PARTS.contains(&columns.kind) {
            return self.part(columns, line);
        }
        if OTHER.contains(&columns.kind) {
            return Ok(());
        }
        self.node_row(columns, line)
    }

    fn part(&mut self, columns: &Columns<'_>, line: u64) -> Result<(), GeneProblem> {
        let attributes = attributes(columns.attributes)?;
        if attributes.parent.is_empty() {
            return Err(GeneProblem::MissingAttribute {
                kind: columns.kind.to_owned(),
                attribute: "Parent",
            });
        }
        let strand = columns.required_strand()?;
        let is_exon = columns.kind == "exon";
        for parent in attributes.parent.split(',') {
            let index = self.node(parent, line);
            let node = &mut self.nodes[index as usize];
            let expected = *node.part_strand.get_or_insert(strand);
            if expected != strand {
                return Err(GeneProblem::strand("the row", parent, strand, expected));
            }
            node.has_exons |= is_exon;
            node.has_coding |= !is_exon;
            self.parts.push(Part {
                node: index,
                is_exon,
                span: columns.interval,
                line,
            });
        }
        Ok(())
    }

    fn node_row(&mut self, columns: &Columns<'_>, line: u64) -> Result<(), GeneProblem> {
        let attributes = attributes(columns.attributes)?;
        if attributes.id.is_empty() {
            return Ok(());
        }
        let contig = self.contig(columns.contig);
        let index = self.node(attributes.id, line);
        if let Some(row) = &mut self.nodes[index as usize].row {
            // GFF3 1.26: rows with one identifier are one discontinuous feature.
            if row.contig != contig || row.strand != columns.strand {
                return Err(AnnotationError::Twice {
                    what: if row.is_gene { "gene" } else { "transcript" },
                    id: attributes.id.to_owned(),
                    contig: columns.contig.to_owned(),
                }
                .into());
            }
            row.span = hull(row.span, columns.interval);
            return Ok(());
        }
        let is_gene = attributes.parent.is_empty()
            && (matches!(columns.kind, "gene" | "pseudogene")
                || columns.kind.ends_with("_gene")
                || attributes.id.starts_with("gene:")
                || attributes.id.starts_with("gene-"));
        let parent = match attributes.parent.split(',').next() {
            None | Some("") => None,
            Some(parent) => {
                let parent = self.node(parent, line);
                self.nodes[parent as usize].has_children = true;
                Some(parent)
            }
        };
        let biotype = if is_gene {
            first(&[attributes.gene_biotype, attributes.biotype])
        } else {
            first(&[attributes.transcript_biotype, attributes.biotype, columns.kind])
        };
        let mut tags = TranscriptTags::default();
        for tag in attributes.tag.split(',') {
            tags::add(&mut tags, &percent_decoded(tag));
        }
        let row = Row {
            contig,
            span: columns.interval,
            strand: columns.strand,
            is_gene,
            label: self.label(contig, is_gene, &attributes),
            gene_label: decoded(attributes.gene_id),
            name: decoded(first(&[
                attributes.gene_name,
                if is_gene { attributes.name } else { "" },
            ])),
            biotype: decoded(biotype),
            gene_biotype: decoded(attributes.gene_biotype),
            tags,
        };
        let node = &mut self.nodes[index as usize];
        (node.row, node.parent, node.line) = (Some(row), parent, line);
        Ok(())
    }

    /// Returns the identifier without the prefix that makes it a link: `gene:ENSG...` (Ensembl), `rna-NM_...` (RefSeq).
    ///
    /// A link without meaning is replaced by the NCBI Gene identifier or the accession, unless another row of the
    /// contig has that already.
    fn label(&mut self, contig: u32, is_gene: bool, attributes: &Attributes<'_>) -> Box<str> {
        let id = attributes.id;
        let prefixes = if is_gene {
            ["gene:", "gene-"]
        } else {
            ["transcript:", "rna-"]
        };
        let bare = prefixes.iter().find_map(|prefix| id.strip_prefix(prefix)).unwrap_or(id);
        let meant = match (is_link(bare), is_gene) {
            (false, _) => bare,
            (true, true) => attributes
                .dbxref
                .split(',')
                .find(|reference| reference.starts_with("GeneID:"))
                .unwrap_or(bare),
            (true, false) => first(&[attributes.transcript_id, attributes.name, bare]),
        };
        for label in [meant, bare, id] {
            let label = decoded(label);
            if self.labels.insert((contig, is_gene, label.clone())) {
                return label;
            }
        }
        decoded(id)
    }

    fn contig(&mut self, name: &str) -> u32 {
        let found = self.contigs.iter().rposition(|contig| &**contig == name);
        found.unwrap_or_else(|| {
            self.contigs.push(name.into());
            self.contigs.len() - 1
        }) as u32
    }

    /// Returns the node with an identifier, made when it is not there.
    fn node(&mut self, id: &str, line: u64) -> u32 {
        let same = self.last.filter(|&last| &*self.nodes[last as usize].id == id);
        let index = same.or_else(|| self.ids.get(id).copied()).unwrap_or_else(|| {
            let index = self.nodes.len() as u32;
            self.nodes.push(Node {
                id: id.into(),
                line,
                ..Node::default()
            });
            self.ids.insert(id.into(), index);
            index
        });
        self.last = Some(index);
        index
    }

    /// Puts the nodes together; also returns how many transcripts have their CDS in the place of exons.
    pub(super) fn finish(self, problems: &mut Problems) -> (AnnotationBuilder, u64) {
        let mut builder = AnnotationBuilder::default();
        let mut order: Vec<u32> = (0..self.nodes.len() as u32).collect();
        order.sort_by_key(|&node| self.nodes[node as usize].line);
        let mut transcripts: Vec<Option<Transcript>> = vec![None; self.nodes.len()];
        for &index in &order {
            let node = &self.nodes[index as usize];
            match self.role(index) {
                Ok(transcript) => transcripts[index as usize] = transcript,
                Err(problem) => problems.add(node.line, node.id.as_bytes(), problem),
            }
        }
        for &index in &order {
            let node = &self.nodes[index as usize];
            let Some(row) = node.row.as_ref().filter(|row| row.is_gene) else {
                continue;
            };
            let strand = row.strand.or(node.part_strand);
            let result = match strand {
                None => Err(self.strandless()),
                Some(strand) => {
                    let place = self.place(row, strand, row.span);
                    builder.gene(gene_attributes(row), place).map_err(GeneProblem::from)
                }
            };
            if let Err(problem) = result {
                problems.add(node.line, node.id.as_bytes(), problem);
            }
        }
        for &index in &order {
            let Some(transcript) = transcripts[index as usize] else {
                continue;
            };
            // A gene that holds exons itself: its transcript is as long as those.
            if transcript.node == transcript.root && self.is_gene(transcript.root) {
                continue;
            }
            let node = &self.nodes[index as usize];
            let Some(row) = &node.row else { continue };
            let (gene, attributes) = self.attributes(transcript, row);
            if let Err(error) = builder.transcript(gene, attributes, self.place(row, transcript.strand, row.span)) {
                problems.add(node.line, node.id.as_bytes(), error.into());
                transcripts[index as usize] = None;
            }
        }
        for part in &self.parts {
            let Some(transcript) = transcripts[part.node as usize] else {
                continue;
            };
            let node = &self.nodes[part.node as usize];
            let Some(row) = &node.row else { continue };
            let (gene, attributes) = self.attributes(transcript, row);
            let place = self.place(row, transcript.strand, part.span);
            let mut result = Ok(());
            if part.is_exon || !node.has_exons {
                result = builder.exon(gene, attributes, place);
            }
            if !part.is_exon {
                result = result.and_then(|()| builder.coding(gene, attributes, place));
            }
            if let Err(error) = result {
                problems.add(part.line, node.id.as_bytes(), error.into());
            }
        }
        let without = |&(index, transcript): &(usize, &Option<Transcript>)| {
            transcript.is_some() && self.nodes[index].has_coding && !self.nodes[index].has_exons
        };
        let without = transcripts.iter().enumerate().filter(without).count() as u64;
        (builder, without)
    }

    fn strandless(&self) -> GeneProblem {
        GeneProblem::Value {
            column: "strand",
            value: ".".to_owned(),
            expected: "`+` or `-` for a gene, a transcript and their parts",
        }
    }

    fn is_gene(&self, node: u32) -> bool {
        self.nodes[node as usize].row.as_ref().is_some_and(|row| row.is_gene)
    }

    /// Says whether a node is a transcript, and of which gene.
    fn role(&self, index: u32) -> Result<Option<Transcript>, GeneProblem> {
        let node = &self.nodes[index as usize];
        let holds_parts = node.has_exons || node.has_coding;
        // Without parts of its own, a transcript is the innermost row below a gene.
        if !holds_parts && (node.parent.is_none() || node.has_children) {
            return Ok(None);
        }
        let root = match self.root(index) {
            Err(GeneProblem::NoParent { .. }) if !holds_parts => return Ok(None),
            root => root?,
        };
        if !holds_parts && !self.is_gene(root) {
            return Ok(None);
        }
        let (Some(row), Some(root_row)) = (&node.row, &self.nodes[root as usize].row) else {
            return Ok(None);
        };
        let strand = row.strand.or(node.part_strand).ok_or_else(|| self.strandless())?;
        if row.contig != root_row.contig {
            return Err(GeneProblem::Elsewhere {
                part: "the transcript",
                whole: root_row.label.to_string(),
                found: self.contigs[row.contig as usize].to_string(),
                expected: self.contigs[root_row.contig as usize].to_string(),
            });
        }
        if let Some(parts) = node.part_strand.filter(|&parts| parts != strand) {
            return Err(GeneProblem::strand("an exon or CDS", &node.id, parts, strand));
        }
        Ok(Some(Transcript {
            node: index,
            root,
            strand,
        }))
    }

    /// Returns the outermost parent of a node, or a problem.
    fn root(&self, index: u32) -> Result<u32, GeneProblem> {
        let mut here = index;
        // Deeper than any file in use.
        for _ in 0..64 {
            let node = &self.nodes[here as usize];
            if node.row.is_none() {
                return Err(GeneProblem::NoParent {
                    parent: node.id.to_string(),
                });
            }
            match node.parent {
                None => return Ok(here),
                Some(parent) => here = parent,
            }
        }
        Err(GeneProblem::Circle {
            id: self.nodes[index as usize].id.to_string(),
        })
    }

    fn place(&self, row: &Row, strand: Strand, span: Interval) -> Place<'_> {
        Place {
            contig: &self.contigs[row.contig as usize],
            strand,
            span,
        }
    }

    /// Returns what a transcript and its gene are called.
    fn attributes<'a>(
        &'a self,
        transcript: Transcript,
        row: &'a Row,
    ) -> (GeneAttributes<'a>, TranscriptAttributes<'a>) {
        let root = self.nodes[transcript.root as usize].row.as_ref().unwrap_or(row);
        let gene = if root.is_gene {
            gene_attributes(root)
        } else {
            GeneAttributes {
                id: first(&[&root.gene_label, &root.label]),
                name: Some(&root.name),
                biotype: Some(&root.gene_biotype),
            }
        };
        let attributes = TranscriptAttributes {
            id: &row.label,
            biotype: Some(&row.biotype),
            tags: row.tags,
        };
        (gene, attributes)
    }
}

fn gene_attributes(row: &Row) -> GeneAttributes<'_> {
    GeneAttributes {
        id: &row.label,
        name: Some(&row.name),
        biotype: Some(&row.biotype),
    }
}

fn hull(one: Interval, other: Interval) -> Interval {
    let start = one.bed_start().min(other.bed_start());
    Interval::from_bed(start, one.bed_end().max(other.bed_end()))
        .expect("the smaller start is not after the larger end")
}

#[cfg(test)]
mod tests {
    use crate::io::genes::{Genes, GenesError, MalformedLines, parse};
    use refalt_core::Interval;

    fn read(text: &str) -> Result<Genes, GenesError> {
        // Columns are separated by bars here, which no file has.
        let text = format!("##gff-version 3\n{}", text.replace('|', "\t"));
        parse("x", &mut text.as_bytes(), MalformedLines::Refuse)
    }

    fn transcripts(genes: &Genes) -> Vec<(&str, &str, usize)> {
        let annotation = &genes.annotation;
        let named = annotation.transcripts().map(|transcript| {
            let exons = annotation.exons(transcript.index).count();
            (transcript.id, annotation.gene(transcript.gene).id, exons)
        });
        named.collect()
    }

    #[test]
    fn refseq_writes_links_tags_and_symbols_in_its_own_way() {
        let genes = read(
            "NC_000017.11|R|gene|1|90|.|-|.|ID=gene-TP53;Dbxref=GeneID:7157;Name=TP53;gene=TP53;gene_biotype=protein_coding\n\
             NC_000017.11|R|mRNA|1|90|.|-|.|ID=rna-NM_000546.6;Parent=gene-TP53;tag=MANE Select;gene=TP53;transcript_id=NM_000546.6\n\
             NC_000017.11|R|exon|61|90|.|-|.|ID=exon-NM_000546.6-1;Parent=rna-NM_000546.6\n\
             NC_000017.11|R|exon|1|20|.|-|.|ID=exon-NM_000546.6-2;Parent=rna-NM_000546.6\n\
             NC_000017.11|R|CDS|11|20|.|-|.|ID=cds-NP_000537.3;Parent=rna-NM_000546.6\n\
             NC_000017.11|R|CDS|61|80|.|-|.|ID=cds-NP_000537.3;Parent=rna-NM_000546.6\n",
        )
        .unwrap();
        assert_eq!(transcripts(&genes), [("NM_000546.6", "TP53", 2)]);
        let transcript = genes.annotation.transcripts().next().unwrap();
        assert!(transcript.tags.mane_select && !transcript.tags.ensembl_canonical);
        assert_eq!(transcript.biotype, Some("mRNA"));
        assert_eq!(transcript.coding, Interval::from_bed(10, 80));
        let exons: Vec<u32> = genes
            .annotation
            .exons(transcript.index)
            .map(Interval::bed_start)
            .collect();
        assert_eq!(exons, [0, 60]);
    }

    #[test]
    fn a_micro_rna_in_its_primary_transcript_is_one_of_the_gene() {
        let genes = read(
            "1|R|gene|1|90|.|+|.|ID=gene-MIR1;gene_biotype=miRNA\n\
             1|R|primary_transcript|1|90|.|+|.|ID=rna-NR_1.1;Parent=gene-MIR1\n\
             1|R|exon|1|90|.|+|.|Parent=rna-NR_1.1\n\
             1|R|miRNA|11|30|.|+|.|ID=rna-MIR1;Parent=rna-NR_1.1\n\
             1|R|exon|11|30|.|+|.|Parent=rna-MIR1\n",
        )
        .unwrap();
        assert_eq!(transcripts(&genes), [("NR_1.1", "MIR1", 1), ("MIR1", "MIR1", 1)]);
    }

    #[test]
    fn exons_of_a_gene_itself_and_coding_rows_without_exons_make_a_transcript() {
        let genes = read(
            "1|R|pseudogene|1|90|.|+|.|ID=gene-P;gene_biotype=pseudogene\n\
             1|R|exon|1|30|.|+|.|Parent=gene-P\n\
             MT|R|gene|1|90|.|+|.|ID=gene-ND1;gene_biotype=protein_coding\n\
             MT|R|CDS|1|90|.|+|0|ID=cds-ND1;Parent=gene-ND1\n",
        )
        .unwrap();
        assert_eq!(transcripts(&genes), [("P", "P", 1), ("ND1", "ND1", 1)]);
        assert_eq!(genes.source.transcripts_without_exon_rows, 1);
        let last = genes.annotation.transcripts().last().unwrap();
        assert_eq!(last.coding, Interval::from_bed(0, 90));
    }

    #[test]
    fn an_exon_of_several_transcripts_belongs_to_each_and_top_level_transcripts_have_genes() {
        let genes = read(
            "1|S|exon|1|30|.|+|.|Parent=T1,T2\n\
             1|S|exon|51|70|.|+|.|Parent=T2\n\
             1|S|transcript|1|30|.|+|.|ID=T1;geneID=G\n\
             1|S|transcript|1|70|.|+|.|ID=T2;geneID=G\n",
        )
        .unwrap();
        assert_eq!(transcripts(&genes), [("T1", "G", 1), ("T2", "G", 2)]);
        assert_eq!(genes.annotation.gene_count(), 1);
    }

    #[test]
    fn one_identifier_on_two_contigs_is_refused_and_so_is_a_missing_parent() {
        let twice = "1|R|gene|1|9|.|+|.|ID=gene-A\n2|R|gene|1|9|.|+|.|ID=gene-A\n";
        assert_eq!(
            read(twice).unwrap_err().to_string(),
            "the gene `gene-A` has two rows on 2"
        );
        let orphan = "1|R|gene|1|9|.|+|.|ID=gene-A\n1|R|exon|1|9|.|+|.|Parent=rna-B\n";
        assert_eq!(
            read(orphan).unwrap_err().to_string(),
            "the parent `rna-B` is not in the file"
        );
        let circle =
            "1|R|mRNA|1|9|.|+|.|ID=a;Parent=b\n1|R|mRNA|1|9|.|+|.|ID=b;Parent=a\n1|R|exon|1|9|.|+|.|Parent=a\n";
        assert_eq!(
            read(circle).unwrap_err().to_string(),
            "the parents of `a` lead in a circle"
        );
    }

    #[test]
    fn parts_on_another_strand_and_files_without_genes_are_refused() {
        let strands =
            "1|R|gene|1|9|.|+|.|ID=gene-A\n1|R|mRNA|1|9|.|+|.|ID=a;Parent=gene-A\n1|R|exon|1|9|.|-|.|Parent=a\n";
        assert_eq!(
            read(strands).unwrap_err().to_string(),
            "an exon or CDS is on strand -, `a` on strand +"
        );
        let matches = "1|R|cDNA_match|1|9|.|+|.|ID=m\n1|R|region|1|9|.|+|.|ID=r\n";
        assert_eq!(
            read(matches).unwrap_err().to_string(),
            "`x` has no gene: its rows are 1 `cDNA_match`, 1 `region`"
        );
    }
}
