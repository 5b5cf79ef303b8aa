//! The gene-mask log-fold-change scorer: the mean signal over the exons of a gene, ALT against REF.

use super::{ByOutput, Needs, ScoreError, ScoreKind, Scorer, ScorerDocs, ScoringInput, ScoringPlace, TrackScores};
use crate::backend::OutputRequest;
use crate::gene_signal::{self, GeneSignal};
use crate::track::{OutputType, TrackSet};
use crate::window::RefAlt;
use std::fmt;

/// Added to both means before the logarithm.
pub const PSEUDOCOUNT: f64 = 1e-3;

/// Scores the genes that start in the window by the mean over their exons, ALT laid on REF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GeneMaskLfc {
    /// The output type read, one of 1 bp.
    pub output: OutputType,
}

/// Output types with one value for each base, which masks of genes are defined on.
pub(crate) const BASE_OUTPUTS: [OutputType; 7] = [
    OutputType::Atac,
    OutputType::Cage,
    OutputType::Dnase,
    OutputType::Procap,
    OutputType::RnaSeq,
    OutputType::SpliceSites,
    OutputType::SpliceSiteUsage,
];

/// Returns what a scorer over exons reads.
pub(crate) fn exon_request(output: OutputType, place: &ScoringPlace<'_>) -> OutputRequest {
    let genes = place
        .annotation
        .map_or_else(Vec::new, |annotation| gene_signal::exons(annotation, place.window));
    gene_signal::request(output, genes.iter().map(|(_, spans)| spans.as_slice()), place)
}

impl fmt::Display for GeneMaskLfc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CLASS}(requested_output={})", self.output)
    }
}

impl Scorer for GeneMaskLfc {
    fn output(&self) -> OutputType {
        self.output
    }

    fn kind(&self) -> ScoreKind {
        ScoreKind::SignedEffect
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
            (mean.alternate + PSEUDOCOUNT).ln() - (mean.reference + PSEUDOCOUNT).ln()
        })
    }

    fn has_terms(&self) -> bool {
        true
    }

    fn terms(&self, input: &ScoringInput<'_>) -> Result<Option<RefAlt<Vec<f32>>>, ScoreError> {
        gene_signal::mean_terms(self, input, |mean| (mean + PSEUDOCOUNT).ln()).map(Some)
    }
}

const CLASS: &str = "GeneMaskLFCScorer";

/// The class `GeneMaskLFCScorer` for the table of scorers.
pub const KIND: ByOutput = ByOutput {
    class: CLASS,
    docs: &DOCS,
    outputs: &BASE_OUTPUTS,
    make: |output| Box::new(GeneMaskLfc { output }),
};

static DOCS: ScorerDocs = ScorerDocs {
    measures: "The predicted expression of each gene that starts in the window: the mean signal over its exons, ALT \
        against REF.",
    formula: "LFC: ln(mean(A) + 0.001) - ln(mean(R) + 0.001). R and A are the values over the bases of the gene's mask; \
        the logarithm is the natural one. \
        The mask has the exons, within the window, of all transcripts of the gene whose start lies in the window, where \
        the start is the first base for `+` and the base after the last one for `-`. \
        ALT is laid on REF first: over an insertion the highest value counts, deleted bases read 0. \
        A track of the other strand than the gene's scores NaN, and so does a gene without an exon in the window.",
    when_to_use: "Effects on the expression of genes; RNA_SEQ is the recommended output. One row for each gene, of all \
        biotypes, in the order of the annotation.",
    limits: "Transcripts that start outside the window count for nothing, also where their exons lie inside. The \
        annotation decides genes and masks: the published scores are those of GENCODE v46 and vM23, and the hosted service \
        returns genes sorted by id. The published scorer \
        fails with more than 256 genes and spreads a NaN or an infinite value anywhere in the window to all genes; here \
        neither limit exists. On intervals of the reverse strand the published scorer lays indels from the wrong end; \
        windows here have no strand.",
    source: "AlphaGenome, GeneMaskLFCScorer of the client 0.10.0 and of alphagenome_research 3f79219.",
};
