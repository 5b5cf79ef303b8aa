//! Where a variant lies among the genes, and which gene and strand to attach to it.

use crate::io::genes::Genes;
use refalt_core::annotation::{Gene, Region, Transcript, TranscriptIndex, TranscriptTags};
use refalt_core::contig::same_contig;
use refalt_core::{Assembly, ContigName, Interval, Position};

/// Why a transcript stands for its gene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanonicalRule {
    /// It is the MANE Select transcript.
    ManeSelect,
    /// The gene has no MANE Select transcript; Ensembl calls this one canonical.
    EnsemblCanonical,
    /// Nobody says; of those of the gene's biotype, or of all, it has the most exon bases, and of several such it is the first of
    /// the file.
    Longest,
}

impl CanonicalRule {
    /// Returns the name used in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ManeSelect => "mane_select",
            Self::EnsemblCanonical => "ensembl_canonical",
            Self::Longest => "longest",
        }
    }
}

/// The genes around a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneContext<'a> {
    /// The gene whose canonical transcript starts nearest.
    pub nearest: Gene<'a>,
    /// That transcript.
    pub transcript: Transcript<'a>,
    /// Why it stands for the gene.
    pub rule: CanonicalRule,
    /// Bases from the first base of the transcript to the place, in the direction of the gene: negative before it.
    pub distance_bp: i64,
    /// What kind of place it is, by the canonical transcripts of all genes there.
    pub region: Region,
    /// The gene that makes the place of that kind, often another than the nearest; `None` between genes.
    pub region_gene: Option<Gene<'a>>,
    /// The genes whose span has the place, in file order; the nearest start may belong to none of them.
    pub overlapping: Vec<Gene<'a>>,
}

/// There is no gene to attach.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoGeneContext {
    /// The annotation does not have the contig.
    #[error("the annotation has no contig `{0}`")]
    ContigUnknown(ContigName),
    /// The annotation has the contig, and no transcript on it.
    #[error("the annotation has no transcript on `{0}`")]
    NoTranscript(ContigName),
    /// The place lies past the end of the contig in the assembly of the annotation.
    #[error("`{contig}` of {assembly}, which the annotation is on, ends at {length_bp}")]
    PastEnd {
        /// The contig as asked for.
        contig: ContigName,
        /// The assembly of the annotation.
        assembly: Assembly,
        /// Its length in bp.
        length_bp: u32,
    },
}

impl Genes {
    /// Returns why a transcript stands for its gene, when it does.
    pub fn canonical_rule(&self, transcript: TranscriptIndex) -> Option<CanonicalRule> {
        let found = self.annotation.transcript(transcript);
        if self.annotation.canonical_transcript(found.gene) != Some(transcript) {
            return None;
        }
        Some(match found.tags {
            tags if tags.mane_select => CanonicalRule::ManeSelect,
            tags if tags.ensembl_canonical => CanonicalRule::EnsemblCanonical,
            _ => CanonicalRule::Longest,
        })
    }

    /// Says whether the annotation marks canonical transcripts (MANE Select, or Ensembl's) for any gene.
    ///
    /// Where it does not, the longest transcript stands for each gene, and its start need not be the one in use.
    pub fn marks_canonical(&self) -> bool {
        let marked = |tags: TranscriptTags| tags.mane_select || tags.ensembl_canonical;
        self.annotation.transcripts().any(|transcript| marked(transcript.tags))
    }

    /// Returns the genes around a base (1-based) of a contig, which may have any of its names.
    ///
    /// A variant of several bases is asked for by the first base of REF.
    ///
    /// # Errors
    /// [`NoGeneContext`] when the annotation has nothing on the contig, or the contig ends before.
    pub fn context(&self, contig: &ContigName, position: Position) -> Result<GeneContext<'_>, NoGeneContext> {
        let annotation = &self.annotation;
        if let Some((assembly, length_bp)) = self.contig_length_bp(contig)
            && position.one_based() > length_bp
        {
            return Err(NoGeneContext::PastEnd {
                contig: contig.clone(),
                assembly,
                length_bp,
            });
        }
        let Some(nearest) = annotation.nearest_gene(contig.as_str(), position) else {
            let known = |name: &ContigName| same_contig(name.as_str(), contig.as_str());
            return Err(if annotation.contigs().iter().any(known) {
                NoGeneContext::NoTranscript(contig.clone())
            } else {
                NoGeneContext::ContigUnknown(contig.clone())
            });
        };
        let overlapping = Interval::at(position, 1).map_or_else(Vec::new, |base| {
            let genes = annotation.genes_in(contig.as_str(), base);
            genes.into_iter().map(|gene| annotation.gene(gene)).collect()
        });
        let (region, region_gene) = annotation.region(contig.as_str(), position);
        Ok(GeneContext {
            nearest: annotation.gene(nearest.gene),
            transcript: annotation.transcript(nearest.transcript),
            rule: self
                .canonical_rule(nearest.transcript)
                .unwrap_or(CanonicalRule::Longest),
            distance_bp: nearest.distance_bp,
            region,
            region_gene: region_gene.map(|gene| annotation.gene(gene)),
            overlapping,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::genes::{MalformedLines, parse};

    const TEXT: &str = "\
1\tx\ttranscript\t101\t200\t.\t+\t.\tgene_id \"A\"; transcript_id \"A1\"; tag \"Ensembl_canonical\";
1\tx\texon\t101\t200\t.\t+\t.\tgene_id \"A\"; transcript_id \"A1\";
1\tx\ttranscript\t51\t500\t.\t+\t.\tgene_id \"A\"; transcript_id \"A2\"; tag \"basic\";
1\tx\texon\t51\t500\t.\t+\t.\tgene_id \"A\"; transcript_id \"A2\";
1\tx\texon\t150\t3000\t.\t-\t.\tgene_id \"B\"; transcript_id \"B1\";
2\tx\tgene\t1\t9\t.\t-\t.\tgene_id \"C\";
";

    #[test]
    fn the_nearest_start_and_the_overlapping_genes_are_two_questions() {
        let genes = parse("x", &mut TEXT.as_bytes(), MalformedLines::Refuse).unwrap();
        let at = |contig: &str, base| genes.context(&ContigName::new(contig), Position::new(base).unwrap());
        let context = at("chr1", 2_000).unwrap();
        // B starts at 3,000 and runs to the left: 2,000 is 1,000 bases into it.
        assert_eq!(
            (context.nearest.id, context.distance_bp, context.rule),
            ("B", 1_000, CanonicalRule::Longest)
        );
        let context = at("chr1", 90).unwrap();
        // The longer transcript of A starts at 51, but the canonical one counts: 11 bases before 101.
        assert_eq!((context.transcript.id, context.distance_bp), ("A1", -11));
        assert_eq!(context.rule, CanonicalRule::EnsemblCanonical);
        assert_eq!(context.region, Region::Promoter);
        let names: Vec<&str> = context.overlapping.iter().map(|gene| gene.id).collect();
        assert_eq!(names, ["A"]);
        assert_eq!(context.region_gene.map(|gene| gene.id), Some("A"));
        // 300 is in an exon of B, and in A only by the transcript that is not canonical; 120 is in A's exon.
        let context = at("chr1", 300).unwrap();
        assert_eq!(
            (
                context.nearest.id,
                context.region,
                context.region_gene.map(|gene| gene.id)
            ),
            ("A", Region::NonCodingExon, Some("B"))
        );
        let context = at("chr1", 60).unwrap();
        assert_eq!(context.region, Region::Promoter);
        let context = at("chr1", 5_000).unwrap();
        assert_eq!((context.region, context.region_gene), (Region::Intergenic, None));
        assert_eq!(at("3", 1), Err(NoGeneContext::ContigUnknown(ContigName::new("3"))));
        assert_eq!(at("2", 1), Err(NoGeneContext::NoTranscript(ContigName::new("2"))));
    }
}
