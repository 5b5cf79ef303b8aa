//! From rows of a file to the columns of an annotation.

use super::columns::part;
use super::{Annotation, AnnotationColumns, Texts, TranscriptTags, splice_site, strand_of};
use crate::interval::Interval;
use crate::strand::Strand;
use std::collections::HashMap;

/// What a row says of its gene.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GeneAttributes<'a> {
    /// Id with version, as the file writes it.
    pub id: &'a str,
    /// Symbol.
    pub name: Option<&'a str>,
    /// Biotype of the gene.
    pub biotype: Option<&'a str>,
}

/// What a row says of its transcript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TranscriptAttributes<'a> {
    /// Id with version, as the file writes it.
    pub id: &'a str,
    /// Biotype of the transcript.
    pub biotype: Option<&'a str>,
    /// Tags; those of all rows of a transcript are taken together.
    pub tags: TranscriptTags,
}

/// Where a row lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Contig, named as the file writes it.
    pub contig: &'a str,
    /// Strand.
    pub strand: Strand,
    /// Bases (0-based, half-open).
    pub span: Interval,
}

/// A row does not fit the rows before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotationError {
    /// Two rows give the same gene or transcript on one contig.
    #[error("the {what} `{id}` has two rows on {contig}")]
    Twice {
        /// `gene` or `transcript`.
        what: &'static str,
        /// Its id.
        id: String,
        /// The contig.
        contig: String,
    },
    /// A part of a gene lies on the other strand.
    #[error("the gene `{id}` on {contig} has rows on both strands")]
    Strands {
        /// Id of the gene.
        id: String,
        /// The contig.
        contig: String,
    },
    /// A transcript has rows that name two genes.
    #[error("the transcript `{id}` on {contig} has rows of two genes, `{first}` and `{second}`")]
    Genes {
        /// Id of the transcript.
        id: String,
        /// The contig.
        contig: String,
        /// The gene of the first row.
        first: String,
        /// The gene of this row.
        second: String,
    },
    /// A row has no bases.
    #[error("the row of `{id}` on {contig} has no bases")]
    NoBases {
        /// Id of the gene or transcript.
        id: String,
        /// The contig.
        contig: String,
    },
    /// More than an index can number.
    #[error("the annotation has more {what} than fit an index")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
    },
}

impl AnnotationError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Twice { .. } => {
                Some("the file may be two files in one; give one release of the annotation".to_owned())
            }
            _ => None,
        }
    }
}

/// Collects rows in the order of a file.
///
/// Rows of genes and transcripts may be missing: a gene is then the hull of its transcripts, a transcript that of its
/// exons, each in the place of its first row. A gene or transcript is known by contig and id, so that the two copies
/// of a gene of the pseudoautosomal regions stay apart.
///
/// ```
/// use refalt_core::annotation::{AnnotationBuilder, GeneAttributes, Place, TranscriptAttributes};
/// use refalt_core::{Interval, Strand};
///
/// let mut builder = AnnotationBuilder::default();
/// let gene = GeneAttributes { id: "ENSG1.2", name: Some("A"), biotype: None };
/// let transcript = TranscriptAttributes { id: "ENST1.1", ..Default::default() };
/// for (start, end) in [(100, 200), (300, 400)] {
///     let span = Interval::from_bed(start, end).unwrap();
///     builder.exon(gene, transcript, Place { contig: "chr1", strand: Strand::Reverse, span })?;
/// }
/// let annotation = builder.build()?;
/// // The exclusive end of a `-` transcript, 400, is the bound by which masks choose it.
/// assert!(annotation.genes_with_tss_in("1", Interval::from_bed(0, 400).unwrap()).is_empty());
/// let masks = annotation.genes_with_tss_in("1", Interval::from_bed(150, 401).unwrap());
/// assert_eq!(masks[0].spans, [(150, 200), (300, 400)].map(|(a, b)| Interval::from_bed(a, b).unwrap()));
/// # Ok::<(), refalt_core::annotation::AnnotationError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct AnnotationBuilder {
    rows: u32,
    contigs: Vec<ContigIds>,
    contig_names: HashMap<Box<str>, u32>,
    texts: Texts,
    biotypes: Texts,
    biotype_numbers: HashMap<Box<str>, u16>,
    genes: Vec<GeneDraft>,
    transcripts: Vec<TranscriptDraft>,
    exons: Vec<(u32, Interval)>,
}

#[derive(Clone, Debug, Default)]
struct ContigIds {
    name: Box<str>,
    genes: HashMap<Box<str>, u32>,
    transcripts: HashMap<Box<str>, u32>,
}

/// Where a gene or transcript stands among the rows, and its bases.
#[derive(Clone, Debug)]
struct Extent {
    order: u32,
    has_row: bool,
    body: Interval,
}

impl Extent {
    /// Begins with a row that may be a part.
    fn begin(order: u32, body: Interval) -> Self {
        Self {
            order,
            has_row: false,
            body,
        }
    }

    /// Grows over a part, as long as there is no row of the whole.
    fn add_part(&mut self, span: Interval) {
        if !self.has_row {
            self.body = hull(self.body, span);
        }
    }

    /// Takes the row of the whole.
    fn own_row(&mut self, order: u32, what: &'static str, id: &str, place: Place<'_>) -> Result<(), AnnotationError> {
        if self.has_row {
            return Err(AnnotationError::Twice {
                what,
                id: id.to_owned(),
                contig: place.contig.to_owned(),
            });
        }
        *self = Self {
            order,
            has_row: true,
            body: place.span,
        };
        Ok(())
    }
}

#[derive(Clone, Debug)]
struct GeneDraft {
    extent: Extent,
    id: u32,
    name: Option<u32>,
    biotype: u16,
    contig: u32,
    strand: Strand,
}

#[derive(Clone, Debug)]
struct TranscriptDraft {
    extent: Extent,
    gene: u32,
    id: u32,
    biotype: u16,
    tags: u8,
    coding: Option<Interval>,
}

fn hull(one: Interval, other: Interval) -> Interval {
    let start = one.bed_start().min(other.bed_start());
    Interval::from_bed(start, one.bed_end().max(other.bed_end())).unwrap_or(one)
}

fn number(length: usize, what: &'static str) -> Result<u32, AnnotationError> {
    u32::try_from(length)
        .ok()
        .filter(|&number| number < u32::MAX)
        .ok_or(AnnotationError::TooMany { what })
}

impl AnnotationBuilder {
    /// Adds a row of a gene.
    ///
    /// # Errors
    /// [`AnnotationError`] when the row does not fit the rows before it.
    pub fn gene(&mut self, gene: GeneAttributes<'_>, place: Place<'_>) -> Result<(), AnnotationError> {
        self.begin(gene.id, place)?;
        let index = self.gene_at(gene, place)?;
        let extent = &mut self.genes[index as usize].extent;
        extent.own_row(self.rows, "gene", gene.id, place)
    }

    /// Adds a row of a transcript.
    ///
    /// # Errors
    /// [`AnnotationError`] when the row does not fit the rows before it.
    pub fn transcript(
        &mut self,
        gene: GeneAttributes<'_>,
        transcript: TranscriptAttributes<'_>,
        place: Place<'_>,
    ) -> Result<(), AnnotationError> {
        self.begin(transcript.id, place)?;
        let index = self.transcript_at(gene, transcript, place)?;
        let extent = &mut self.transcripts[index as usize].extent;
        extent.own_row(self.rows, "transcript", transcript.id, place)
    }

    /// Adds a row of an exon.
    ///
    /// # Errors
    /// [`AnnotationError`] when the row does not fit the rows before it.
    pub fn exon(
        &mut self,
        gene: GeneAttributes<'_>,
        transcript: TranscriptAttributes<'_>,
        place: Place<'_>,
    ) -> Result<(), AnnotationError> {
        self.begin(transcript.id, place)?;
        let index = self.transcript_at(gene, transcript, place)?;
        number(self.exons.len(), "exons")?;
        self.exons.push((index, place.span));
        Ok(())
    }

    /// Adds a coding row: `CDS`, and `stop_codon` where the file leaves it out of the CDS (GTF does, GFF3 does not).
    ///
    /// The coding part of a transcript is the hull of its coding rows.
    ///
    /// # Errors
    /// [`AnnotationError`] when the row does not fit the rows before it.
    pub fn coding(
        &mut self,
        gene: GeneAttributes<'_>,
        transcript: TranscriptAttributes<'_>,
        place: Place<'_>,
    ) -> Result<(), AnnotationError> {
        self.begin(transcript.id, place)?;
        let index = self.transcript_at(gene, transcript, place)?;
        let coding = &mut self.transcripts[index as usize].coding;
        *coding = Some(coding.map_or(place.span, |known| hull(known, place.span)));
        Ok(())
    }

    fn begin(&mut self, id: &str, place: Place<'_>) -> Result<(), AnnotationError> {
        if place.span.is_empty() {
            return Err(AnnotationError::NoBases {
                id: id.to_owned(),
                contig: place.contig.to_owned(),
            });
        }
        self.rows = self
            .rows
            .checked_add(1)
            .ok_or(AnnotationError::TooMany { what: "rows" })?;
        Ok(())
    }

    fn contig(&mut self, name: &str) -> u32 {
        if let Some(&contig) = self.contig_names.get(name) {
            return contig;
        }
        let contig = self.contigs.len() as u32;
        self.contigs.push(ContigIds {
            name: name.into(),
            ..ContigIds::default()
        });
        self.contig_names.insert(name.into(), contig);
        contig
    }

    fn keep(&mut self, text: &str) -> Result<u32, AnnotationError> {
        self.texts.push(text).ok_or(AnnotationError::TooMany { what: "names" })
    }

    /// Returns the number of a biotype; 0 is "not known".
    fn biotype(&mut self, biotype: Option<&str>) -> Result<u16, AnnotationError> {
        let full = AnnotationError::TooMany { what: "biotypes" };
        if self.biotypes.is_empty() {
            self.biotypes.push("");
        }
        let Some(biotype) = biotype.filter(|text| !text.is_empty()) else {
            return Ok(0);
        };
        if let Some(&number) = self.biotype_numbers.get(biotype) {
            return Ok(number);
        }
        let number = u16::try_from(self.biotypes.len()).map_err(|_| full.clone())?;
        self.biotypes.push(biotype).ok_or(full)?;
        self.biotype_numbers.insert(biotype.into(), number);
        Ok(number)
    }

    /// Finds or makes a gene, and learns from the row what is not known.
    fn gene_at(&mut self, gene: GeneAttributes<'_>, place: Place<'_>) -> Result<u32, AnnotationError> {
        let contig = self.contig(place.contig);
        let biotype = self.biotype(gene.biotype)?;
        let known = self.contigs[contig as usize].genes.get(gene.id).copied();
        let index = match known {
            Some(index) => index,
            None => {
                let index = number(self.genes.len(), "genes")?;
                let id = self.keep(gene.id)?;
                self.genes.push(GeneDraft {
                    extent: Extent::begin(self.rows, place.span),
                    id,
                    name: None,
                    biotype: 0,
                    contig,
                    strand: place.strand,
                });
                self.contigs[contig as usize].genes.insert(gene.id.into(), index);
                index
            }
        };
        if self.genes[index as usize].name.is_none()
            && let Some(name) = gene.name.filter(|name| !name.is_empty())
        {
            self.genes[index as usize].name = Some(self.keep(name)?);
        }
        let draft = &mut self.genes[index as usize];
        if draft.strand != place.strand {
            return Err(AnnotationError::Strands {
                id: gene.id.to_owned(),
                contig: place.contig.to_owned(),
            });
        }
        if draft.biotype == 0 {
            draft.biotype = biotype;
        }
        draft.extent.add_part(place.span);
        Ok(index)
    }

    /// Finds or makes a transcript and its gene.
    fn transcript_at(
        &mut self,
        gene: GeneAttributes<'_>,
        transcript: TranscriptAttributes<'_>,
        place: Place<'_>,
    ) -> Result<u32, AnnotationError> {
        let gene_index = self.gene_at(gene, place)?;
        let contig = self.genes[gene_index as usize].contig as usize;
        let biotype = self.biotype(transcript.biotype)?;
        let known = self.contigs[contig].transcripts.get(transcript.id).copied();
        let index = match known {
            Some(index) => index,
            None => {
                let index = number(self.transcripts.len(), "transcripts")?;
                let id = self.keep(transcript.id)?;
                self.transcripts.push(TranscriptDraft {
                    extent: Extent::begin(self.rows, place.span),
                    gene: gene_index,
                    id,
                    biotype: 0,
                    tags: 0,
                    coding: None,
                });
                self.contigs[contig].transcripts.insert(transcript.id.into(), index);
                index
            }
        };
        let draft = &mut self.transcripts[index as usize];
        if draft.gene != gene_index {
            let first = self.genes[draft.gene as usize].id;
            return Err(AnnotationError::Genes {
                id: transcript.id.to_owned(),
                contig: place.contig.to_owned(),
                first: self.texts.text(first).to_owned(),
                second: gene.id.to_owned(),
            });
        }
        draft.tags |= transcript.tags.bits();
        if draft.biotype == 0 {
            draft.biotype = biotype;
        }
        draft.extent.add_part(place.span);
        Ok(index)
    }

    /// Makes the annotation.
    ///
    /// # Errors
    /// [`AnnotationError::TooMany`] when the names pass 4 GiB.
    pub fn build(mut self) -> Result<Annotation, AnnotationError> {
        let full = || AnnotationError::TooMany { what: "names" };
        let mut columns = AnnotationColumns::default();
        for contig in &self.contigs {
            columns.contigs.push(&contig.name).ok_or_else(full)?;
        }
        if self.biotypes.is_empty() {
            self.biotypes.push("");
        }
        columns.biotypes = self.biotypes;

        let gene_rows = ranked(self.genes.iter().map(|gene| gene.extent.order));
        let gene_places = inverse(&gene_rows);
        for gene in gene_rows.iter().map(|&row| &self.genes[row as usize]) {
            columns.gene_id.push(self.texts.text(gene.id)).ok_or_else(full)?;
            let name = gene.name.map_or("", |name| self.texts.text(name));
            columns.gene_name.push(name).ok_or_else(full)?;
            columns.gene_biotype.push(gene.biotype);
            columns.gene_contig.push(gene.contig);
            columns.gene_strand.push(u8::from(gene.strand == Strand::Reverse));
            columns.gene_start.push(gene.extent.body.bed_start());
            columns.gene_end.push(gene.extent.body.bed_end());
        }
        let transcript_rows = ranked(self.transcripts.iter().map(|transcript| transcript.extent.order));
        let transcript_places = inverse(&transcript_rows);
        for transcript in transcript_rows.iter().map(|&row| &self.transcripts[row as usize]) {
            let id = self.texts.text(transcript.id);
            columns.transcript_id.push(id).ok_or_else(full)?;
            columns.transcript_gene.push(gene_places[transcript.gene as usize]);
            columns.transcript_biotype.push(transcript.biotype);
            columns.transcript_tags.push(transcript.tags);
            columns.transcript_start.push(transcript.extent.body.bed_start());
            columns.transcript_end.push(transcript.extent.body.bed_end());
            let coding = transcript.coding;
            columns
                .transcript_coding_start
                .push(coding.map_or(0, Interval::bed_start));
            columns.transcript_coding_end.push(coding.map_or(0, Interval::bed_end));
        }
        let mut exons: Vec<(u32, Interval)> = self
            .exons
            .iter()
            .map(|&(transcript, exon)| (transcript_places[transcript as usize], exon))
            .collect();
        drop(self.exons);
        exons.sort_unstable();
        let mut next = 0;
        for transcript in 0..columns.transcript_start.len() as u32 {
            while let Some(&(_, exon)) = exons.get(next).filter(|(other, _)| *other == transcript) {
                columns.exon_start.push(exon.bed_start());
                columns.exon_end.push(exon.bed_end());
                next += 1;
            }
            columns.transcript_exon_end.push(next as u32);
        }
        drop(exons);
        choose_canonical(&mut columns);
        splice_site::derive(&mut columns);
        order(&mut columns);
        Ok(Annotation::new(columns))
    }
}

/// Returns the rows in ascending order of their keys.
fn ranked(keys: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut keyed: Vec<(u32, u32)> = keys.zip(0..).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// Returns for each row its place in `rows`.
fn inverse(rows: &[u32]) -> Vec<u32> {
    let mut places = vec![0; rows.len()];
    for (place, &row) in (0..).zip(rows) {
        places[row as usize] = place;
    }
    places
}

/// Fills `gene_canonical`: MANE Select, then Ensembl canonical, then of the gene's own biotype, then most exon bases, then the
/// first.
fn choose_canonical(columns: &mut AnnotationColumns) {
    let mut best = vec![(0u8, false, 0u64); columns.gene_start.len()];
    columns.gene_canonical = vec![u32::MAX; columns.gene_start.len()];
    for transcript in 0..columns.transcript_start.len() {
        let tags = TranscriptTags::from_bits(columns.transcript_tags[transcript]);
        let rank = u8::from(tags.mane_select) * 2 + u8::from(tags.ensembl_canonical);
        let exons = part(&columns.transcript_exon_end, transcript);
        let bases = exons.map(|exon| u64::from(columns.exon_end[exon] - columns.exon_start[exon]));
        let gene = columns.transcript_gene[transcript] as usize;
        // A retained intron or a decayed transcript may be longer than what the gene is for.
        let biotype = columns.transcript_biotype[transcript];
        let is_own = biotype != 0 && biotype == columns.gene_biotype[gene];
        let key = (rank, is_own, bases.sum());
        if columns.gene_canonical[gene] == u32::MAX || key > best[gene] {
            best[gene] = key;
            columns.gene_canonical[gene] = transcript as u32;
        }
    }
}

/// Fills the orders that queries search in.
fn order(columns: &mut AnnotationColumns) {
    let mut genes: Vec<(u32, u32, u32)> = (0..columns.gene_start.len())
        .map(|gene| (columns.gene_contig[gene], columns.gene_start[gene], gene as u32))
        .collect();
    genes.sort_unstable();
    let mut reach = (u32::MAX, 0);
    for &(contig, _, gene) in &genes {
        let end = columns.gene_end[gene as usize];
        reach = (contig, if reach.0 == contig { end.max(reach.1) } else { end });
        columns.gene_order.push(gene);
        columns.gene_reach.push(reach.1);
    }
    let mut starts: Vec<(u32, u32, u32)> = (0..columns.transcript_start.len())
        .map(|transcript| {
            let gene = columns.transcript_gene[transcript] as usize;
            let bound = match strand_of(columns.gene_strand[gene]) {
                Strand::Forward => columns.transcript_start[transcript],
                Strand::Reverse => columns.transcript_end[transcript],
            };
            (columns.gene_contig[gene], bound, transcript as u32)
        })
        .collect();
    starts.sort_unstable();
    columns.tss_order = starts.iter().map(|&(_, _, transcript)| transcript).collect();
    for contig in 0..columns.contigs.len() as u32 {
        let end = |sorted: &[(u32, u32, u32)]| sorted.partition_point(|&(other, _, _)| other <= contig) as u32;
        columns.contig_gene_end.push(end(&genes));
        columns.contig_tss_end.push(end(&starts));
    }
}
