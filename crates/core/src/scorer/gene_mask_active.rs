//! The gene-mask activity scorer: the mean signal over the exons of a gene, of the stronger allele.

use super::gene_mask_lfc::{BASE_OUTPUTS, exon_request};
use super::{ByOutput, Needs, ScoreError, ScoreKind, Scorer, ScorerDocs, ScoringInput, ScoringPlace, TrackScores};
use crate::backend::OutputRequest;
use crate::gene_signal::{self, GeneSignal};
use crate::track::{OutputType, TrackSet};
use crate::window::RefAlt;
use std::fmt;

/// Scores the genes that start in the window by the greater of the means over their exons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GeneMaskActive {
    /// The output type read, one of 1 bp.
    pub output: OutputType,
}

impl fmt::Display for GeneMaskActive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CLASS}(requested_output={})", self.output)
    }
}

impl Scorer for GeneMaskActive {
    fn output(&self) -> OutputType {
        self.output
    }

    fn kind(&self) -> ScoreKind {
        ScoreKind::Activity
    }

    fn needs(&self) -> Needs {
        Needs::Genes
    }

    fn request(&self, _tracks: &TrackSet, place: &ScoringPlace<'_>) -> OutputRequest {
        exon_request(self.output, place)
    }

    fn score(&self, input: &ScoringInput<'_>) -> Result<TrackScores, ScoreError> {
        let annotation = input.place.annotation_for(self)?;
        let genes = gene_signal::exons(annotation, input.place.window);
        GeneSignal::of(self, input)?.score_means(annotation, &genes, |mean| {
            if mean.alternate.is_nan() || mean.reference.is_nan() {
                f64::NAN
            } else {
                mean.alternate.max(mean.reference)
            }
        })
    }

    fn has_terms(&self) -> bool {
        true
    }

    fn terms(&self, input: &ScoringInput<'_>) -> Result<Option<RefAlt<Vec<f32>>>, ScoreError> {
        gene_signal::mean_terms(self, input, |mean| mean).map(Some)
    }
}

const CLASS: &str = "GeneMaskActiveScorer";

/// The class `GeneMaskActiveScorer` for the table of scorers.
pub const KIND: ByOutput = ByOutput {
    class: CLASS,
    docs: &DOCS,
    outputs: &BASE_OUTPUTS,
    make: |output| Box::new(GeneMaskActive { output }),
};

static DOCS: ScorerDocs = ScorerDocs {
    measures: "How strongly each gene that starts in the window is expressed: the mean signal over its exons, of the \
        stronger allele.",
    formula: "ACTIVE: max(mean(A), mean(R)). R and A are the values over the bases of the gene's mask, which is that of \
        `GeneMaskLFCScorer`, ALT laid on REF first. \
        A track of the other strand than the gene's scores NaN, and so does a gene without an exon in the window.",
    when_to_use: "To know whether a gene is active in a tissue before its fold change is read. It is an activity, not an \
        effect.",
    limits: "It says nothing of the variant. The limits of `GeneMaskLFCScorer` hold here, too.",
    source: "AlphaGenome, GeneMaskActiveScorer of the client 0.10.0 and of alphagenome_research 3f79219.",
};
