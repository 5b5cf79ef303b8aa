//! What was picked, counted: every row is kept, left out or refused.

use super::assembly::Agreement;
use super::enrichment::Enrichment;
use super::peaks::PeakFile;
use crate::provenance::FileIdentity;
use serde::Serialize;
use std::collections::BTreeMap;

/// Refused rows that are listed.
pub(super) const MOST_LISTED: usize = 20;

/// What came of a table and peaks.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The program and its version.
    pub program: String,
    /// The table; without digest for standard input that was not read to its end.
    pub table: FileIdentity,
    /// The files of peaks.
    pub peaks: Vec<PeakFile>,
    /// Which bases of a variant count: `record` or `variant`.
    pub extent: &'static str,
    /// Bases added to the peaks at either side, in bp.
    pub slop_bp: u32,
    /// Whether the rows outside peaks were kept.
    pub inverted: bool,
    /// Rows of the table.
    pub rows: u64,
    /// Rows that were written.
    pub kept: u64,
    /// Rows that were left out.
    pub left_out: u64,
    /// Rows whose place cannot be read, by reason; they are neither kept nor left out.
    pub refused: BTreeMap<String, u64>,
    /// The first refused rows.
    pub refused_rows: Vec<RefusedRow>,
    /// Rows with a symbolic allele or a breakend, judged by the bases of REF alone.
    pub not_spelled_out: u64,
    /// Lines between the rows that are none: empty ones, comments; they are not written.
    pub other_lines: u64,
    /// Rows by contig, in the order in which the contigs appear.
    pub contigs: Vec<ContigSummary>,
    /// Contigs with peaks and without rows, with the number of their peaks.
    pub only_in_peaks: Vec<(String, u64)>,
    /// What is known of the assemblies.
    pub assembly: Agreement,
    /// Places in peaks against the same places moved.
    pub enrichment: Option<EnrichmentSummary>,
    /// The same after liftover, by the direction of the chain in which more hits are found.
    pub enrichment_lifted: Option<EnrichmentSummary>,
    /// Rows whose REF was compared with the reference, and those that agree.
    pub reference_bases: Option<ReferenceBases>,
    /// Size and digest of the output; none for standard output.
    pub output: Option<FileIdentity>,
    /// What one should know.
    pub notes: Vec<String>,
}

/// A row whose place cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedRow {
    /// The line or record (1-based).
    pub line: u64,
    /// The reason in a word.
    pub code: &'static str,
    /// The reason in words.
    pub reason: String,
}

/// Rows of a contig.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContigSummary {
    /// The name as the table writes it.
    pub contig: String,
    /// Rows.
    pub rows: u64,
    /// Rows in peaks.
    pub in_peaks: u64,
    /// Peaks on the contig; 0 for a contig that only the table has.
    pub peaks: u64,
}

/// [`Enrichment`] in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EnrichmentSummary {
    /// Places looked at.
    pub places: u64,
    /// Places in peaks.
    pub in_peaks: u64,
    /// Mean of the hits of the same places moved by 5 to 20 kb.
    pub in_peaks_when_moved: f64,
    /// Share of moves with as many hits or more, the unmoved places among them.
    pub p_value: f64,
}

impl From<&Enrichment> for EnrichmentSummary {
    fn from(of: &Enrichment) -> Self {
        Self {
            places: of.places,
            in_peaks: of.hits,
            in_peaks_when_moved: of.beside(),
            p_value: of.p_value(),
        }
    }
}

/// REF against the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReferenceBases {
    /// Rows compared.
    pub compared: u64,
    /// Rows whose REF is what the reference has.
    pub agree: u64,
}

impl Summary {
    /// Returns how many rows were refused.
    pub fn refused_total(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Returns the contigs that have rows and no peaks.
    pub fn only_in_table(&self) -> impl Iterator<Item = &ContigSummary> {
        self.contigs.iter().filter(|contig| contig.peaks == 0)
    }
}
