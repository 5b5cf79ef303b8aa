//! The columns of an annotation: what a binary index holds.

use super::{Annotation, Texts};

/// The columns of an [`Annotation`], for writing it to an index and reading it back without deriving anything.
///
/// Starts are 0-based, ends 0-based and exclusive, on the forward strand. A table is the set of columns with one prefix;
/// rows of `gene_*` are in the order of the file's gene rows, rows of `transcript_*` in that of its transcript rows.
/// An *end column* holds for each row where its part of another table ends (exclusive); the part begins where that of
/// the row before ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnnotationColumns {
    /// Names of the contigs, as the file writes them, in order of appearance.
    pub contigs: Texts,
    /// Distinct biotypes; number 0 is the empty text, "not known".
    pub biotypes: Texts,
    /// Gene id with version, as the file writes it.
    pub gene_id: Texts,
    /// Gene symbol; empty when the file has none.
    pub gene_name: Texts,
    /// Index into `biotypes`.
    pub gene_biotype: Vec<u16>,
    /// Index into `contigs`.
    pub gene_contig: Vec<u32>,
    /// 0 for `+`, 1 for `-`.
    pub gene_strand: Vec<u8>,
    /// First base (0-based).
    pub gene_start: Vec<u32>,
    /// End (0-based, exclusive).
    pub gene_end: Vec<u32>,
    /// The canonical transcript, an index into `transcript_*`; 2^32 - 1 when the gene has none.
    pub gene_canonical: Vec<u32>,
    /// Transcript id, as the file writes it.
    pub transcript_id: Texts,
    /// Index into `gene_*`.
    pub transcript_gene: Vec<u32>,
    /// Index into `biotypes`.
    pub transcript_biotype: Vec<u16>,
    /// Bit 0 MANE Select, 1 MANE Plus Clinical, 2 Ensembl canonical, 3 basic.
    pub transcript_tags: Vec<u8>,
    /// First base (0-based).
    pub transcript_start: Vec<u32>,
    /// End (0-based, exclusive).
    pub transcript_end: Vec<u32>,
    /// First base of the coding part, introns included (0-based); equal to the end when there is none.
    pub transcript_coding_start: Vec<u32>,
    /// End of the coding part (0-based, exclusive).
    pub transcript_coding_end: Vec<u32>,
    /// End column: exons of the transcript in `exon_*`.
    pub transcript_exon_end: Vec<u32>,
    /// First base (0-based); ascending within a transcript.
    pub exon_start: Vec<u32>,
    /// End (0-based, exclusive).
    pub exon_end: Vec<u32>,
    /// Genes by contig, then start, then index.
    pub gene_order: Vec<u32>,
    /// For each entry of `gene_order`, the greatest `gene_end` among it and the entries before it on its contig.
    pub gene_reach: Vec<u32>,
    /// End column by contig: genes in `gene_order`.
    pub contig_gene_end: Vec<u32>,
    /// Transcripts by contig, then TSS bound (start for `+`, end for `-`), then index.
    pub tss_order: Vec<u32>,
    /// End column by contig: transcripts in `tss_order`.
    pub contig_tss_end: Vec<u32>,
    /// Splice sites (0-based), ascending and distinct within a part.
    pub splice_site: Vec<u32>,
    /// End column by contig and class (4 x contig + class, classes as [`SpliceSiteClass::ALL`](super::SpliceSiteClass)).
    pub splice_site_end: Vec<u32>,
}

/// The columns do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the column `{column}` of the gene annotation {problem}")]
pub struct ColumnError {
    /// The column.
    pub column: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl ColumnError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        Some("the index is damaged; remove it, and it is built again".to_owned())
    }
}

const LENGTH: &str = "has another number of rows than its table";
const RANGE: &str = "points past its table";
const INVERTED: &str = "ends before it starts";
const FALLING: &str = "is not in ascending order";

fn length(column: &'static str, found: usize, wanted: usize) -> Result<(), ColumnError> {
    (found == wanted).then_some(()).ok_or(ColumnError {
        column,
        problem: LENGTH,
    })
}

fn below(column: &'static str, values: impl IntoIterator<Item = usize>, limit: usize) -> Result<(), ColumnError> {
    values
        .into_iter()
        .all(|value| value < limit)
        .then_some(())
        .ok_or(ColumnError { column, problem: RANGE })
}

fn spans(column: &'static str, starts: &[u32], ends: &[u32], wanted: usize) -> Result<(), ColumnError> {
    length(column, starts.len(), wanted)?;
    length(column, ends.len(), wanted)?;
    let inverted = starts.iter().zip(ends).any(|(start, end)| start > end);
    (!inverted).then_some(()).ok_or(ColumnError {
        column,
        problem: INVERTED,
    })
}

/// Checks an end column over `rows` rows that divides a table of `parts` rows.
fn ends(column: &'static str, ends: &[u32], rows: usize, parts: usize) -> Result<(), ColumnError> {
    length(column, ends.len(), rows)?;
    if !ends.is_sorted() {
        return Err(ColumnError {
            column,
            problem: FALLING,
        });
    }
    let last = ends.last().map_or(0, |&last| last as usize);
    (last == parts)
        .then_some(())
        .ok_or(ColumnError { column, problem: RANGE })
}

/// Returns the part of a table that an end column gives to a row.
pub(super) fn part(ends: &[u32], row: usize) -> std::ops::Range<usize> {
    let start = row.checked_sub(1).map_or(0, |before| ends[before] as usize);
    start..ends[row] as usize
}

impl AnnotationColumns {
    /// Says what does not fit; after it no query can leave a column.
    fn check(&self) -> Result<(), ColumnError> {
        let (contigs, biotypes) = (self.contigs.len(), self.biotypes.len());
        let (genes, transcripts) = (self.gene_start.len(), self.transcript_start.len());
        let index = |values: &[u32]| values.iter().map(|&value| value as usize).collect::<Vec<_>>();
        if biotypes > 0 && !self.biotypes.text(0).is_empty() {
            return Err(ColumnError {
                column: "biotypes",
                problem: "does not begin with the empty text",
            });
        }
        length("gene_id", self.gene_id.len(), genes)?;
        length("gene_name", self.gene_name.len(), genes)?;
        length("gene_biotype", self.gene_biotype.len(), genes)?;
        below(
            "gene_biotype",
            self.gene_biotype.iter().map(|&value| value.into()),
            biotypes,
        )?;
        length("gene_contig", self.gene_contig.len(), genes)?;
        below("gene_contig", index(&self.gene_contig), contigs)?;
        length("gene_strand", self.gene_strand.len(), genes)?;
        below("gene_strand", self.gene_strand.iter().map(|&value| value.into()), 2)?;
        spans("gene_end", &self.gene_start, &self.gene_end, genes)?;
        length("gene_canonical", self.gene_canonical.len(), genes)?;
        let canonical = self.gene_canonical.iter().filter(|&&transcript| transcript != u32::MAX);
        below("gene_canonical", canonical.map(|&value| value as usize), transcripts)?;
        length("transcript_id", self.transcript_id.len(), transcripts)?;
        length("transcript_gene", self.transcript_gene.len(), transcripts)?;
        below("transcript_gene", index(&self.transcript_gene), genes)?;
        length("transcript_biotype", self.transcript_biotype.len(), transcripts)?;
        below(
            "transcript_biotype",
            self.transcript_biotype.iter().map(|&value| value.into()),
            biotypes,
        )?;
        length("transcript_tags", self.transcript_tags.len(), transcripts)?;
        spans(
            "transcript_end",
            &self.transcript_start,
            &self.transcript_end,
            transcripts,
        )?;
        let coding = (&self.transcript_coding_start, &self.transcript_coding_end);
        spans("transcript_coding_end", coding.0, coding.1, transcripts)?;
        ends(
            "transcript_exon_end",
            &self.transcript_exon_end,
            transcripts,
            self.exon_start.len(),
        )?;
        spans("exon_end", &self.exon_start, &self.exon_end, self.exon_start.len())?;
        ends("contig_gene_end", &self.contig_gene_end, contigs, self.gene_order.len())?;
        length("gene_order", self.gene_order.len(), genes)?;
        below("gene_order", index(&self.gene_order), genes)?;
        length("gene_reach", self.gene_reach.len(), genes)?;
        ends("contig_tss_end", &self.contig_tss_end, contigs, self.tss_order.len())?;
        length("tss_order", self.tss_order.len(), transcripts)?;
        below("tss_order", index(&self.tss_order), transcripts)?;
        ends(
            "splice_site_end",
            &self.splice_site_end,
            4 * contigs,
            self.splice_site.len(),
        )
    }
}

impl Annotation {
    /// Returns the annotation with these columns.
    ///
    /// Every length, index and span is checked, so that no query can fail on a damaged file; that the orders are
    /// those documented is not checked (an index file carries a digest).
    ///
    /// # Errors
    /// [`ColumnError`] names the first column that does not fit.
    pub fn from_columns(columns: AnnotationColumns) -> Result<Self, ColumnError> {
        columns.check()?;
        Ok(Self::new(columns))
    }
}
