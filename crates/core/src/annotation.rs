//! Gene annotation: genes, transcripts, exons, splice sites and sites of polyadenylation, and the questions scorers ask.
//!
//! The table is columnar and immutable: a gene or transcript is an index, its parts are read on demand, and the whole
//! of GENCODE v46 (63 thousand genes, 254 thousand transcripts, 1.7 million exons) takes some 40 MB. It is built row
//! by row with [`AnnotationBuilder`], or from [`AnnotationColumns`] that an index file holds. Rows keep the order of
//! the file, because the published scorers return genes in that order. Rejected: a tree of owned genes (ten times the
//! memory, and nothing that a file could hold as it is).
//!
//! Contigs are found by their name or an alias of it (chr5 / 5 / NC_000005.10) at query time. A query on sorted starts
//! with a running maximum of ends visits the genes of a megabase, not those of a contig.
//!
//! This is not the place for HGVS names: [`Annotation::transcript_model`] hands out a
//! [`transcript::Transcript`](crate::transcript::Transcript), which owns that arithmetic and also serves readers that
//! know a gene's bounds but no table.

mod builder;
mod columns;
mod polya;
mod region;
mod splice_site;
mod texts;

pub use builder::{AnnotationBuilder, AnnotationError, GeneAttributes, Place, TranscriptAttributes};
pub use columns::{AnnotationColumns, ColumnError};
pub use polya::{PolyaColumns, PolyaSite, PolyaSites};
pub use region::{NearestGene, PROMOTER_DOWNSTREAM_BP, PROMOTER_UPSTREAM_BP, Region};
pub use splice_site::SpliceSiteClass;
pub use texts::Texts;

use crate::contig::{ContigName, same_contig};
use crate::interval::Interval;
use crate::position::Position;
use crate::strand::Strand;
use columns::part;

/// A gene, as its row in the table (0-based).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GeneIndex(u32);

/// A transcript, as its row in the table (0-based).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TranscriptIndex(u32);

/// A gene of the annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gene<'a> {
    /// Its row.
    pub index: GeneIndex,
    /// Id with version, as the file writes it, `ENSG00000100320.24`.
    pub id: &'a str,
    /// Symbol.
    pub name: Option<&'a str>,
    /// Biotype, `protein_coding`.
    pub biotype: Option<&'a str>,
    /// Contig, named as the file writes it.
    pub contig: &'a str,
    /// Strand.
    pub strand: Strand,
    /// First to last base (0-based, half-open).
    pub body: Interval,
}

impl<'a> Gene<'a> {
    /// Returns the id up to its first `.`.
    pub fn id_without_version(&self) -> &'a str {
        without_version(self.id)
    }
}

/// Returns an id up to its first `.`.
///
/// The published tables cut ids so; the ending `_PAR_Y` of older GENCODE files goes with the version.
pub fn without_version(id: &str) -> &str {
    id.split_once('.').map_or(id, |(id, _)| id)
}

/// What curators say of a transcript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TranscriptTags {
    /// The transcript of its gene on which RefSeq and Ensembl agree.
    pub mane_select: bool,
    /// A further agreed transcript, needed for clinical variants.
    pub mane_plus_clinical: bool,
    /// Ensembl's representative of the gene.
    pub ensembl_canonical: bool,
    /// In GENCODE's basic set.
    pub basic: bool,
}

impl TranscriptTags {
    const fn bits(self) -> u8 {
        self.mane_select as u8
            | (self.mane_plus_clinical as u8) << 1
            | (self.ensembl_canonical as u8) << 2
            | (self.basic as u8) << 3
    }

    const fn from_bits(bits: u8) -> Self {
        Self {
            mane_select: bits & 1 != 0,
            mane_plus_clinical: bits & 2 != 0,
            ensembl_canonical: bits & 4 != 0,
            basic: bits & 8 != 0,
        }
    }
}

/// A transcript of the annotation. Its contig and strand are those of its gene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transcript<'a> {
    /// Its row.
    pub index: TranscriptIndex,
    /// Its gene.
    pub gene: GeneIndex,
    /// Id with version, as the file writes it.
    pub id: &'a str,
    /// Biotype of the transcript.
    pub biotype: Option<&'a str>,
    /// What curators say of it.
    pub tags: TranscriptTags,
    /// First to last base (0-based, half-open).
    pub body: Interval,
    /// The coding part from start codon to stop codon, introns included, where the file says one.
    pub coding: Option<Interval>,
}

/// A gene and its bases in an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneMask {
    /// The gene.
    pub gene: GeneIndex,
    /// Sorted spans that neither overlap nor touch, within the interval (0-based, half-open); possibly none.
    pub spans: Vec<Interval>,
}

/// The genes, transcripts and sites of an assembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    columns: AnnotationColumns,
    names: Vec<ContigName>,
    polya: Option<PolyaSites>,
}

fn strand_of(code: u8) -> Strand {
    if code == 0 { Strand::Forward } else { Strand::Reverse }
}

fn span(start: u32, end: u32) -> Interval {
    Interval::from_bed(start, end).expect("columns hold no inverted span")
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

impl Annotation {
    /// `columns` fit each other.
    fn new(columns: AnnotationColumns) -> Self {
        Self {
            names: columns.contigs.iter().map(ContigName::new).collect(),
            columns,
            polya: None,
        }
    }

    /// Returns the columns.
    pub fn columns(&self) -> &AnnotationColumns {
        &self.columns
    }

    /// Adds sites of polyadenylation, in the place of any that were there.
    #[must_use]
    pub fn with_polya_sites(mut self, sites: PolyaSites) -> Self {
        self.polya = Some(sites);
        self
    }

    /// Returns the sites of polyadenylation, `None` when none were given.
    pub fn polya_sites(&self) -> Option<&PolyaSites> {
        self.polya.as_ref()
    }

    /// Returns the contigs, named as the file names them, in order of appearance.
    pub fn contigs(&self) -> &[ContigName] {
        &self.names
    }

    /// Returns the number of genes.
    pub fn gene_count(&self) -> usize {
        self.columns.gene_start.len()
    }

    /// Returns the number of transcripts.
    pub fn transcript_count(&self) -> usize {
        self.columns.transcript_start.len()
    }

    /// Finds the row of a contig; the exact name comes before an alias.
    fn contig(&self, name: &str) -> Option<usize> {
        let exact = self.names.iter().position(|contig| contig.as_str() == name);
        exact.or_else(|| self.names.iter().position(|contig| same_contig(contig.as_str(), name)))
    }

    /// Returns a gene.
    ///
    /// # Panics
    /// When the index is of another annotation that has more genes.
    pub fn gene(&self, index: GeneIndex) -> Gene<'_> {
        let (columns, row) = (&self.columns, index.0 as usize);
        Gene {
            index,
            id: columns.gene_id.text(index.0),
            name: some(columns.gene_name.text(index.0)),
            biotype: some(columns.biotypes.text(columns.gene_biotype[row].into())),
            contig: columns.contigs.text(columns.gene_contig[row]),
            strand: strand_of(columns.gene_strand[row]),
            body: span(columns.gene_start[row], columns.gene_end[row]),
        }
    }

    /// Returns the genes in order of the table.
    pub fn genes(&self) -> impl Iterator<Item = Gene<'_>> {
        (0..self.gene_count() as u32).map(|row| self.gene(GeneIndex(row)))
    }

    /// Returns a transcript.
    ///
    /// # Panics
    /// When the index is of another annotation that has more transcripts.
    pub fn transcript(&self, index: TranscriptIndex) -> Transcript<'_> {
        let (columns, row) = (&self.columns, index.0 as usize);
        let coding = span(columns.transcript_coding_start[row], columns.transcript_coding_end[row]);
        Transcript {
            index,
            gene: GeneIndex(columns.transcript_gene[row]),
            id: columns.transcript_id.text(index.0),
            biotype: some(columns.biotypes.text(columns.transcript_biotype[row].into())),
            tags: TranscriptTags::from_bits(columns.transcript_tags[row]),
            body: span(columns.transcript_start[row], columns.transcript_end[row]),
            coding: (!coding.is_empty()).then_some(coding),
        }
    }

    /// Returns the transcripts in order of the table.
    pub fn transcripts(&self) -> impl Iterator<Item = Transcript<'_>> {
        (0..self.transcript_count() as u32).map(|row| self.transcript(TranscriptIndex(row)))
    }

    /// Returns the exons of a transcript, by ascending start (0-based, half-open).
    pub fn exons(&self, transcript: TranscriptIndex) -> impl DoubleEndedIterator<Item = Interval> {
        part(&self.columns.transcript_exon_end, transcript.0 as usize)
            .map(|exon| span(self.columns.exon_start[exon], self.columns.exon_end[exon]))
    }

    /// Returns the transcript that stands for a gene: MANE Select, else Ensembl canonical, else, of those of the gene's biotype if
    /// there are any, the one with most exon bases, else the first; `None` for a gene without transcripts.
    pub fn canonical_transcript(&self, gene: GeneIndex) -> Option<TranscriptIndex> {
        let transcript = self.columns.gene_canonical[gene.0 as usize];
        (transcript != u32::MAX).then_some(TranscriptIndex(transcript))
    }

    /// Returns the first base of a transcript (1-based): the start of its body for `+`, the last base for `-`.
    ///
    /// Distances are measured from it. Masks use the [bound](Self::genes_with_tss_in) of the published scorers, which
    /// for `-` is one base further.
    pub fn transcription_start(&self, transcript: TranscriptIndex) -> Option<Position> {
        let transcript = self.transcript(transcript);
        match self.gene(transcript.gene).strand {
            Strand::Forward => transcript.body.first(),
            Strand::Reverse => transcript.body.last(),
        }
    }

    /// The coordinate by which masks choose transcripts: start for `+`, exclusive end for `-` (0-based).
    fn tss_bound(&self, transcript: u32) -> u32 {
        let columns = &self.columns;
        let gene = columns.transcript_gene[transcript as usize];
        match strand_of(columns.gene_strand[gene as usize]) {
            Strand::Forward => columns.transcript_start[transcript as usize],
            Strand::Reverse => columns.transcript_end[transcript as usize],
        }
    }

    /// Returns the exons of the genes that start in `interval`, clipped to it.
    ///
    /// With [s, e) the interval, a transcript qualifies when s <= t < e, where t is its start for `+` and its exclusive
    /// end for `-`. The bases of a gene are those of the exons of its qualifying transcripts; transcripts that
    /// start elsewhere contribute nothing. Genes come in the order of their first qualifying transcript in the table.
    ///
    /// # Source
    /// Mask EXONS with the query INTERVAL_CONTAINED of the published scorers (alphagenome_research 3f79219).
    pub fn genes_with_tss_in(&self, contig: &str, interval: Interval) -> Vec<GeneMask> {
        let Some(contig) = self.contig(contig) else {
            return Vec::new();
        };
        let starts = &self.columns.tss_order[part(&self.columns.contig_tss_end, contig)];
        let from = starts.partition_point(|&transcript| self.tss_bound(transcript) < interval.bed_start());
        let to = starts.partition_point(|&transcript| self.tss_bound(transcript) < interval.bed_end());
        let mut qualifying = starts[from..to.max(from)].to_vec();
        qualifying.sort_unstable();
        let mut masks: Vec<GeneMask> = Vec::new();
        for transcript in qualifying {
            let gene = GeneIndex(self.columns.transcript_gene[transcript as usize]);
            // Transcripts of a gene are neighbours in almost every file, so the search from the end ends at once.
            let place = masks.iter().rposition(|mask| mask.gene == gene).unwrap_or_else(|| {
                masks.push(GeneMask {
                    gene,
                    spans: Vec::new(),
                });
                masks.len() - 1
            });
            let exons = self.exons(TranscriptIndex(transcript));
            masks[place]
                .spans
                .extend(exons.filter_map(|exon| exon.intersect(interval)));
        }
        for mask in &mut masks {
            mask.spans.sort_unstable();
            mask.spans.dedup_by(|next, last| match last.joined(*next) {
                Some(both) => {
                    *last = both;
                    true
                }
                None => false,
            });
        }
        masks
    }

    /// Returns the genes with a base in `interval`, in the order of the table.
    pub fn genes_in(&self, contig: &str, interval: Interval) -> Vec<GeneIndex> {
        let Some(contig) = self.contig(contig) else {
            return Vec::new();
        };
        let columns = &self.columns;
        let range = part(&columns.contig_gene_end, contig);
        let (order, reach) = (&columns.gene_order[range.clone()], &columns.gene_reach[range]);
        let end = order.partition_point(|&gene| columns.gene_start[gene as usize] < interval.bed_end());
        let mut found: Vec<GeneIndex> = (0..end)
            .rev()
            .take_while(|&at| reach[at] > interval.bed_start())
            .filter(|&at| columns.gene_end[order[at] as usize] > interval.bed_start())
            .map(|at| GeneIndex(order[at]))
            .collect();
        found.sort_unstable();
        found
    }

    /// Returns the genes whose body a variant touches, in the order of the table.
    ///
    /// With v the first base of REF (0-based), the touched bases are [v, v + max(r, a)), r and a being the numbers of
    /// bases of REF and ALT: an insertion counts as far as its own bases would reach.
    ///
    /// # Source
    /// Query VARIANT_OVERLAPPING of the published scorers (alphagenome_research 3f79219).
    pub fn genes_overlapping(
        &self,
        contig: &str,
        first: Position,
        reference_bp: u32,
        alternate_bp: u32,
    ) -> Vec<GeneIndex> {
        let touched = Interval::at(first, reference_bp.max(alternate_bp));
        touched.map_or_else(Vec::new, |touched| self.genes_in(contig, touched))
    }

    /// Returns a transcript with its own strand and exons, for HGVS places.
    pub fn transcript_model(&self, transcript: TranscriptIndex) -> crate::transcript::Transcript {
        let found = self.transcript(transcript);
        let gene = self.gene(found.gene);
        crate::transcript::Transcript {
            name: found.id.to_owned(),
            contig: self.names[self.columns.gene_contig[found.gene.0 as usize] as usize].clone(),
            strand: gene.strand,
            span: found.body,
            coding: found.coding,
            exons: self.exons(transcript).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
