//! The splice-junction scorer: the junctions of a gene whose predicted counts change most.

use super::{
    Arguments, GeneRow, Needs, ScoreError, ScoreKind, ScoreRows, ScoredGene, Scorer, ScorerDocs, ScorerKind,
    ScorerTextError, ScoringInput, ScoringPlace, TrackScores,
};
use crate::annotation::{Annotation, Gene, SpliceSiteClass};
use crate::backend::OutputRequest;
use crate::gene_signal;
use crate::half::round_to_half;
use crate::interval::Interval;
use crate::prediction::JunctionValues;
use crate::strand::Strand;
use crate::track::{BinSpan, OutputType, TrackSet};
use crate::window::{RefAlt, Window};
use std::fmt;
use std::sync::Arc;

/// Sites of a class that are read; those with the lowest coordinates.
pub const SITES_READ: usize = 256;
/// Added to counts before the logarithm.
pub const PSEUDOCOUNT: f32 = 1e-7;

/// Scores the junctions within the protein-coding genes that the variant touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpliceJunction;

/// A junction between two candidate sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Junction {
    strand: Strand,
    donor: usize,
    acceptor: usize,
    intron: Interval,
}

/// Returns the junctions of a strand, donors outside, acceptors inside; the introns have bases and begin after the
/// first base of the contig.
fn junctions(values: &JunctionValues, strand: Strand, window: &Window) -> Vec<Junction> {
    let (donors, acceptors) = match strand {
        Strand::Forward => (SpliceSiteClass::DonorForward, SpliceSiteClass::AcceptorForward),
        Strand::Reverse => (SpliceSiteClass::DonorReverse, SpliceSiteClass::AcceptorReverse),
    };
    let read = |class| &values.sites(class)[..values.sites(class).len().min(SITES_READ)];
    let (donors, acceptors) = (read(donors), read(acceptors));
    let mut found = Vec::new();
    for (donor, &donor_at) in donors.iter().enumerate() {
        for (acceptor, &acceptor_at) in acceptors.iter().enumerate() {
            // The base before the intron and the base after it, both of exons.
            let (before, after) = match strand {
                Strand::Forward => (donor_at, acceptor_at),
                Strand::Reverse => (acceptor_at, donor_at),
            };
            let (Some(before), Some(after)) = (window.position_of(before), window.position_of(after)) else {
                continue;
            };
            let intron = Interval::from_bed(before.one_based(), after.zero_based());
            if let Some(intron) = intron.filter(|intron| !intron.is_empty()) {
                found.push(Junction {
                    strand,
                    donor,
                    acceptor,
                    intron,
                });
            }
        }
    }
    found
}

/// Says whether a junction lies within a gene of its strand and leaves a base of it on either side.
fn within(junction: &Junction, gene: &Gene<'_>) -> bool {
    junction.strand == gene.strand
        && junction.intron.bed_start() > gene.body.bed_start()
        && junction.intron.bed_end() < gene.body.bed_end()
}

/// Returns the size of the change of a count.
///
/// METHOD: both logarithms and their difference are taken in f32 and the difference is rounded to 16 bits, as in the
/// published scorer: many junctions tie after it, and ties decide which rows there are.
fn change(r: f32, a: f32) -> f32 {
    round_to_half((a + PSEUDOCOUNT).ln() - (r + PSEUDOCOUNT).ln()).abs()
}

impl SpliceJunction {
    /// Returns the protein-coding genes that the variant touches.
    fn genes<'a>(annotation: &'a Annotation, place: &ScoringPlace<'_>) -> Vec<Gene<'a>> {
        let genes = gene_signal::touched(annotation, place).into_iter();
        genes
            .map(|gene| annotation.gene(gene))
            .filter(|gene| gene.biotype == Some("protein_coding"))
            .collect()
    }
}

/// Finds for each tissue the first junction with the greatest change; NaN counts as greater than all.
fn winners(values: RefAlt<&JunctionValues>, junctions: &[&Junction], tissues: usize) -> Vec<usize> {
    let mut best = vec![(f32::NEG_INFINITY, 0); tissues];
    for (index, junction) in junctions.iter().enumerate() {
        for (best, score) in best.iter_mut().zip(changes(values, junction)) {
            if !best.0.is_nan() && (score > best.0 || score.is_nan()) {
                *best = (score, index);
            }
        }
    }
    let mut places: Vec<usize> = Vec::new();
    for (_, place) in best {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Returns the changes of a junction, one for each tissue.
fn changes<'a>(values: RefAlt<&'a JunctionValues>, junction: &Junction) -> impl Iterator<Item = f32> + use<'a> {
    let counts = |half: &'a JunctionValues| half.counts(junction.strand, junction.donor, junction.acceptor);
    let reference = counts(values.reference).unwrap_or_default();
    let alternate = counts(values.alternate).unwrap_or_default();
    reference.iter().zip(alternate).map(|(&r, &a)| change(r, a))
}

impl fmt::Display for SpliceJunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CLASS}()")
    }
}

impl Scorer for SpliceJunction {
    fn output(&self) -> OutputType {
        OutputType::SpliceJunctions
    }

    fn kind(&self) -> ScoreKind {
        ScoreKind::UnsignedEffect
    }

    fn needs(&self) -> Needs {
        Needs::Genes
    }

    fn request(&self, tracks: &TrackSet, place: &ScoringPlace<'_>) -> OutputRequest {
        OutputRequest {
            output: self.output(),
            spans: BinSpan::all(place.window, tracks.resolution).into(),
        }
    }

    fn score(&self, input: &ScoringInput<'_>) -> Result<TrackScores, ScoreError> {
        let annotation = input.place.annotation_for(self)?;
        let missing = || ScoreError::OutputMissing {
            scorer: self.to_string(),
            output: self.output(),
        };
        let values = RefAlt {
            reference: input.outputs.reference.junctions().ok_or_else(missing)?,
            alternate: input.outputs.alternate.junctions().ok_or_else(missing)?,
        };
        let tissues = values.reference.tracks().tracks.len();
        let same_sites =
            SpliceSiteClass::ALL.map(|class| values.reference.sites(class) == values.alternate.sites(class));
        if tissues != values.alternate.tracks().tracks.len() || same_sites.contains(&false) {
            return Err(ScoreError::TracksDiffer { output: self.output() });
        }
        let genes = Self::genes(annotation, &input.place);
        let mut rows = Vec::new();
        let mut raw = Vec::new();
        for strand in [Strand::Forward, Strand::Reverse] {
            if !genes.iter().any(|gene| gene.strand == strand) {
                continue;
            }
            let junctions = junctions(values.reference, strand, input.place.window);
            // Genes come in the order of their first junction, then by start, then longer before shorter.
            let mut ordered: Vec<(usize, &Gene<'_>)> = genes
                .iter()
                .filter_map(|gene| Some((junctions.iter().position(|junction| within(junction, gene))?, gene)))
                .collect();
            ordered
                .sort_by_key(|(first, gene)| (*first, gene.body.bed_start(), std::cmp::Reverse(gene.body.bed_end())));
            for (_, gene) in ordered {
                let inside: Vec<&Junction> = junctions.iter().filter(|junction| within(junction, gene)).collect();
                let scored = Arc::new(ScoredGene::from(*gene));
                for place in winners(values, &inside, tissues) {
                    raw.extend(changes(values, inside[place]));
                    rows.push(GeneRow {
                        gene: Arc::clone(&scored),
                        junction: Some(inside[place].intron),
                    });
                }
            }
        }
        Ok(TrackScores {
            rows: ScoreRows::Genes(rows),
            raw,
        })
    }
}

/// The class `SpliceJunctionScorer` for the table of scorers.
pub struct SpliceJunctionKind;

const CLASS: &str = "SpliceJunctionScorer";

impl ScorerKind for SpliceJunctionKind {
    fn class(&self) -> &'static str {
        CLASS
    }

    fn docs(&self) -> &'static ScorerDocs {
        &DOCS
    }

    fn build(&self, arguments: &Arguments<'_>) -> Result<Box<dyn Scorer>, ScorerTextError> {
        arguments.only(CLASS, &[])?;
        Ok(Box::new(SpliceJunction))
    }

    fn all(&self) -> Vec<Box<dyn Scorer>> {
        vec![Box::new(SpliceJunction)]
    }
}

static DOCS: ScorerDocs = ScorerDocs {
    measures: "The change of the predicted counts of splice junctions within each protein-coding gene that the variant \
        touches.",
    formula: "JUNCTION: |ln(A + 1e-7) - ln(R + 1e-7)|, the difference rounded to 16 bits. R and A are the counts of a \
        pair of a donor and an acceptor in a tissue, at the same candidate sites for both alleles; of each class the 256 \
        sites with the lowest coordinates are read. \
        A junction counts for a gene of its strand when at least one base of the gene lies on either side of the intron. \
        Rows: for each tissue the junction with the greatest change, the first of equals; every row has the scores of \
        all tissues.",
    when_to_use: "Which introns of a gene are used more or less. The column names of the intron are junction_Start and \
        junction_End.",
    limits: "The size of a change says nothing of its direction. Counts near 0 are set off by the small 1e-7 only, so \
        that junctions which no allele uses can rank high. Genes of other biotypes are left out, as in the published \
        scorer, which fails where junctions overlap a gene and none lies within; here such a gene has no row.",
    source: "AlphaGenome, SpliceJunctionScorer of the client 0.10.0 and of alphagenome_research 3f79219.",
};
