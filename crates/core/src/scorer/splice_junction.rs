//! The splice-junction scorer: the junctions of a gene whose predicted counts change most.

use super::{
    GeneRow, Needs, ScoreError, ScoreKind, ScoreRows, ScoredGene, Scorer, ScorerDocs, ScoringInput, ScoringPlace,
    TrackScores, WithoutArguments,
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
pub struct Junction {
    /// The strand.
    pub strand: Strand,
    /// Place of the donor in the list of the strand's donors (0-based).
    pub donor: usize,
    /// Place of the acceptor in the list of the strand's acceptors (0-based).
    pub acceptor: usize,
    /// The intron (0-based, half-open).
    pub intron: Interval,
}

/// Returns the junctions of a strand, donors outside, acceptors inside; the introns have bases and begin after the
/// first base of the contig.
///
/// The first [`SITES_READ`] sites of each class are read.
pub fn junctions(values: &JunctionValues, strand: Strand, window: &Window) -> Vec<Junction> {
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

/// The junction with the greatest change in a tissue, as far as they were looked at.
#[derive(Clone, Copy)]
struct Best {
    score: f32,
    place: usize,
    /// A change is not greater where neither count is more than so many times the other.
    ratio: f64,
}

/// Says that a change cannot be greater than the best one, without a logarithm.
///
/// |ln a - ln r| > s needs a ratio of the counts above e^s; the margin of 1e-4 in the exponent is far more than the
/// error of two logarithms in f32. Counts whose logarithm is no number are never set aside.
fn is_less(best: &Best, r: f32, a: f32) -> bool {
    let (r, a) = (f64::from(r + PSEUDOCOUNT), f64::from(a + PSEUDOCOUNT));
    let ordinary = r > 0.0 && a > 0.0 && r < f64::INFINITY && a < f64::INFINITY;
    ordinary && a <= best.ratio * r && r <= best.ratio * a
}

/// Finds for each tissue the first junction with the greatest change; NaN counts as greater than all.
///
/// The places of the winners in the order of the tissues, each once.
fn winners(values: RefAlt<&JunctionValues>, junctions: &[&Junction], tissues: usize) -> Vec<usize> {
    let none = Best {
        score: f32::NEG_INFINITY,
        place: 0,
        ratio: 0.0,
    };
    let mut best = vec![none; tissues];
    for (place, junction) in junctions.iter().enumerate() {
        let (reference, alternate) = counts(values, junction);
        for ((best, &r), &a) in best.iter_mut().zip(reference).zip(alternate) {
            if best.score.is_nan() || is_less(best, r, a) {
                continue;
            }
            let score = change(r, a);
            if score > best.score || score.is_nan() {
                let ratio = (f64::from(score) - 1e-4).exp();
                *best = Best { score, place, ratio };
            }
        }
    }
    let mut places: Vec<usize> = Vec::new();
    for best in best {
        if !places.contains(&best.place) {
            places.push(best.place);
        }
    }
    places
}

/// Returns the counts of a junction in REF and ALT, one for each tissue.
fn counts<'a>(values: RefAlt<&'a JunctionValues>, junction: &Junction) -> (&'a [f32], &'a [f32]) {
    let counts = |half: &'a JunctionValues| {
        let counts = half.counts(junction.strand, junction.donor, junction.acceptor);
        counts.unwrap_or_default()
    };
    (counts(values.reference), counts(values.alternate))
}

/// Returns the changes of a junction, one for each tissue.
fn changes(values: RefAlt<&JunctionValues>, junction: &Junction) -> impl Iterator<Item = f32> {
    let (reference, alternate) = counts(values, junction);
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

    /// METHOD: sites are looked for in the bodies of the genes that the variant touches, as in the published scorer; where it
    /// touches none, there is nothing to look for.
    fn request(&self, tracks: &TrackSet, place: &ScoringPlace<'_>) -> OutputRequest {
        let spans = match place.annotation {
            Some(annotation) => gene_signal::bodies(annotation, place)
                .into_iter()
                .flat_map(|(_, spans)| spans)
                .collect(),
            None => BinSpan::all(place.window, tracks.resolution).into(),
        };
        OutputRequest {
            output: self.output(),
            spans,
        }
    }

    fn score(&self, input: &ScoringInput<'_>) -> Result<TrackScores, ScoreError> {
        let annotation = input.place.annotation_for(self)?;
        let missing = || ScoreError::OutputMissing {
            scorer: self.to_string(),
            output: self.output(),
        };
        let values = RefAlt {
            reference: (input.outputs.alternate.reference_junctions())
                .or_else(|| input.outputs.reference.junctions())
                .ok_or_else(missing)?,
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

const CLASS: &str = "SpliceJunctionScorer";

/// The class `SpliceJunctionScorer` for the table of scorers.
pub const KIND: WithoutArguments = WithoutArguments {
    class: CLASS,
    docs: &DOCS,
    make: || Box::new(SpliceJunction),
};

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count() -> impl Strategy<Value = f32> {
        prop_oneof![
            4 => 0.0f32..100.0,
            1 => Just(0.0f32),
            1 => prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(-PSEUDOCOUNT), Just(-1.0), Just(3e38), Just(1e-30)],
        ]
    }

    proptest! {
        #[test]
        fn what_is_set_aside_is_not_greater(best in (count(), count()), other in (count(), count())) {
            let score = change(best.0, best.1);
            prop_assume!(!score.is_nan());
            let best = Best { score, place: 0, ratio: (f64::from(score) - 1e-4).exp() };
            if is_less(&best, other.0, other.1) {
                prop_assert!(change(other.0, other.1) <= score);
            }
        }
    }
}
