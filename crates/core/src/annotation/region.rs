//! Where a position lies among the genes: the nearest gene, the distance to its start, the kind of place.

use super::columns::part;
use super::{Annotation, GeneIndex, Transcript, TranscriptIndex};
use crate::position::Position;
use crate::strand::Strand;

/// The kind of place that a position is, seen from the canonical transcripts of the genes around it.
///
/// In order of precedence: where two genes disagree, the first of this list counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// In an exon, between start codon and stop codon.
    Coding,
    /// In an exon of a coding transcript, before the start codon.
    FivePrimeUtr,
    /// In an exon of a coding transcript, after the stop codon.
    ThreePrimeUtr,
    /// In an exon of a transcript without coding part.
    NonCodingExon,
    /// Not in an exon, and at most [`PROMOTER_UPSTREAM_BP`] before or [`PROMOTER_DOWNSTREAM_BP`] after the first base.
    Promoter,
    /// Between exons.
    Intron,
    /// In a gene, and outside its canonical transcript: only other transcripts of it are there.
    OtherTranscript,
    /// In none of these.
    Intergenic,
}

/// Bases before the first base of a transcript that count as promoter.
pub const PROMOTER_UPSTREAM_BP: u32 = 1000;
/// Bases after the first base of a transcript that count as promoter where they are no exon.
pub const PROMOTER_DOWNSTREAM_BP: u32 = 100;

impl Region {
    /// Returns the name used in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coding => "coding",
            Self::FivePrimeUtr => "five_prime_utr",
            Self::ThreePrimeUtr => "three_prime_utr",
            Self::NonCodingExon => "non_coding_exon",
            Self::Promoter => "promoter",
            Self::Intron => "intron",
            Self::OtherTranscript => "other_transcript",
            Self::Intergenic => "intergenic",
        }
    }
}

/// The gene whose start is nearest to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearestGene {
    /// The gene.
    pub gene: GeneIndex,
    /// Its canonical transcript, from whose first base the distance counts.
    pub transcript: TranscriptIndex,
    /// Bases from the first base of the transcript to the position: positive downstream of it, negative upstream.
    pub distance_bp: i64,
}

impl Annotation {
    /// Returns the gene whose canonical transcript starts nearest to a position (1-based) on either strand.
    ///
    /// Of two at the same distance, the one that starts at the lower coordinate, then the first of the table. `None` on
    /// a contig without transcripts.
    pub fn nearest_gene(&self, contig: &str, position: Position) -> Option<NearestGene> {
        let contig = self.contig(contig)?;
        let starts = &self.columns.tss_order[part(&self.columns.contig_tss_end, contig)];
        let here = i64::from(position.zero_based());
        let middle = starts.partition_point(|&transcript| i64::from(self.tss_bound(transcript)) <= here);
        let canonical = |&transcript: &u32| {
            let gene = self.columns.transcript_gene[transcript as usize];
            self.columns.gene_canonical[gene as usize] == transcript
        };
        let found = |transcript: u32| {
            let index = TranscriptIndex(transcript);
            let start = self.transcription_start(index)?;
            let gene = self.gene(self.transcript(index).gene);
            let along = here - i64::from(start.zero_based());
            let distance_bp = if gene.strand == Strand::Forward { along } else { -along };
            Some((
                (along.abs(), start, gene.index),
                NearestGene {
                    gene: gene.index,
                    transcript: index,
                    distance_bp,
                },
            ))
        };
        // The bound of a `-` transcript is one past its first base, so a neighbour that seems one base further may
        // be as near: candidates are taken until the next is two bases further than the best.
        let mut best = None;
        let mut consider = |transcripts: &mut dyn Iterator<Item = u32>| {
            let mut nearest = i64::MAX;
            for transcript in transcripts {
                if (i64::from(self.tss_bound(transcript)) - here).abs() > nearest.saturating_add(2) {
                    break;
                }
                if let Some((key, gene)) = found(transcript) {
                    nearest = nearest.min(key.0);
                    if best.as_ref().is_none_or(|(other, _)| key < *other) {
                        best = Some((key, gene));
                    }
                }
            }
        };
        consider(&mut starts[..middle].iter().rev().filter(|t| canonical(t)).copied());
        consider(&mut starts[middle..].iter().filter(|t| canonical(t)).copied());
        best.map(|(_, gene)| gene)
    }

    /// Returns the kind of place that a position (1-based) is, from the canonical transcript of each gene near it, and
    /// the gene that makes it so: the first of the annotation among equals, `None` between genes.
    ///
    /// An exon of a transcript that is not canonical counts as what the canonical one has there.
    pub fn region(&self, contig: &str, position: Position) -> (Region, Option<GeneIndex>) {
        let Some(reach) = position
            .zero_based()
            .checked_add(PROMOTER_UPSTREAM_BP + 1)
            .and_then(|end| {
                let start = position.zero_based().saturating_sub(PROMOTER_UPSTREAM_BP);
                crate::interval::Interval::from_bed(start, end)
            })
        else {
            return (Region::Intergenic, None);
        };
        self.genes_in(contig, reach)
            .into_iter()
            .map(|gene| (self.region_in(gene, position), gene))
            .filter(|(region, _)| *region != Region::Intergenic)
            .min()
            .map_or((Region::Intergenic, None), |(region, gene)| (region, Some(gene)))
    }

    fn region_in(&self, gene: GeneIndex, position: Position) -> Region {
        let canonical = self.canonical_transcript(gene);
        match canonical.map(|transcript| self.region_of(self.transcript(transcript), position)) {
            None | Some(Region::Intergenic) if self.gene(gene).body.contains(position) => Region::OtherTranscript,
            None => Region::Intergenic,
            Some(region) => region,
        }
    }

    fn region_of(&self, transcript: Transcript<'_>, position: Position) -> Region {
        let strand = self.gene(transcript.gene).strand;
        if self.exons(transcript.index).any(|exon| exon.contains(position)) {
            let Some(coding) = transcript.coding else {
                return Region::NonCodingExon;
            };
            if coding.contains(position) {
                return Region::Coding;
            }
            let left = position.zero_based() < coding.bed_start();
            return if left == (strand == Strand::Forward) {
                Region::FivePrimeUtr
            } else {
                Region::ThreePrimeUtr
            };
        }
        let along = self.transcription_start(transcript.index).map(|start| {
            let along = i64::from(position.zero_based()) - i64::from(start.zero_based());
            if strand == Strand::Forward { along } else { -along }
        });
        let promoter = -i64::from(PROMOTER_UPSTREAM_BP)..=i64::from(PROMOTER_DOWNSTREAM_BP);
        match along {
            Some(along) if promoter.contains(&along) => Region::Promoter,
            _ if transcript.body.contains(position) => Region::Intron,
            _ => Region::Intergenic,
        }
    }
}
