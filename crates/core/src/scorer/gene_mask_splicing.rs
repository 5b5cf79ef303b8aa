//! The gene-mask splicing scorer: the greatest change of a splice-site prediction within a gene.

use super::{
    Arguments, GeneRow, Needs, ScoreError, ScoreKind, ScoreRows, Scorer, ScorerDocs, ScorerKind, ScorerTextError,
    ScoringInput, ScoringPlace, TrackScores,
};
use crate::backend::OutputRequest;
use crate::gene_signal::{self, GeneSignal, on_strand};
use crate::track::{OutputType, TrackSet};
use std::fmt;

/// The argument `width` of the published text. It has no effect on the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SplicingWidth {
    /// `None`.
    Whole,
    /// 101.
    Bp101,
    /// 1,001.
    Bp1001,
    /// 10,001.
    Bp10001,
}

impl SplicingWidth {
    /// Every width.
    pub const ALL: [Self; 4] = [Self::Whole, Self::Bp101, Self::Bp1001, Self::Bp10001];
}

impl fmt::Display for SplicingWidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "None",
            Self::Bp101 => "101",
            Self::Bp1001 => "1001",
            Self::Bp10001 => "10001",
        })
    }
}

/// Scores the genes that the variant touches by the greatest change at one base of their body, ALT laid on REF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GeneMaskSplicing {
    /// The output type read: splice sites or their usage.
    pub output: OutputType,
    /// The argument `width`.
    pub width: SplicingWidth,
}

impl fmt::Display for GeneMaskSplicing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CLASS}(requested_output={}, width={})", self.output, self.width)
    }
}

impl Scorer for GeneMaskSplicing {
    fn output(&self) -> OutputType {
        self.output
    }

    fn kind(&self) -> ScoreKind {
        ScoreKind::UnsignedEffect
    }

    fn needs(&self) -> Needs {
        Needs::Genes
    }

    fn request(&self, _tracks: &TrackSet, place: &ScoringPlace<'_>) -> OutputRequest {
        let genes = place
            .annotation
            .map_or_else(Vec::new, |annotation| gene_signal::bodies(annotation, place));
        gene_signal::request(self.output, genes.iter().map(|(_, spans)| spans.as_slice()), place)
    }

    fn score(&self, input: &ScoringInput<'_>) -> Result<TrackScores, ScoreError> {
        let annotation = input.place.annotation_for(self)?;
        let signal = GeneSignal::of(self, input)?;
        let tracks = signal.tracks();
        let genes = gene_signal::bodies(annotation, &input.place);
        let rows: Vec<GeneRow> = genes
            .iter()
            .map(|(gene, _)| gene_signal::row(annotation, *gene))
            .collect();
        let mut raw = vec![0.0; genes.len() * tracks.len()];
        for (((_, spans), row), largest) in genes.iter().zip(&rows).zip(raw.chunks_exact_mut(tracks.len().max(1))) {
            signal.largest_difference(spans, largest)?;
            for (score, track) in largest.iter_mut().zip(tracks) {
                if !on_strand(row.gene.strand, track) {
                    *score = f32::NAN;
                }
            }
        }
        Ok(TrackScores {
            rows: ScoreRows::Genes(rows),
            raw,
        })
    }
}

/// The class `GeneMaskSplicingScorer` for the table of scorers.
pub struct GeneMaskSplicingKind;

const CLASS: &str = "GeneMaskSplicingScorer";
const OUTPUTS: [OutputType; 2] = [OutputType::SpliceSites, OutputType::SpliceSiteUsage];

impl ScorerKind for GeneMaskSplicingKind {
    fn class(&self) -> &'static str {
        CLASS
    }

    fn docs(&self) -> &'static ScorerDocs {
        &DOCS
    }

    fn build(&self, arguments: &Arguments<'_>) -> Result<Box<dyn Scorer>, ScorerTextError> {
        arguments.only(CLASS, &["requested_output", "width"])?;
        Ok(Box::new(GeneMaskSplicing {
            output: arguments.choose(CLASS, "requested_output", &OUTPUTS, OutputType::to_string)?,
            width: arguments.choose(CLASS, "width", &SplicingWidth::ALL, SplicingWidth::to_string)?,
        }))
    }

    fn all(&self) -> Vec<Box<dyn Scorer>> {
        let widths = |output| SplicingWidth::ALL.map(move |width| GeneMaskSplicing { output, width });
        let scorers = OUTPUTS.into_iter().flat_map(widths);
        scorers.map(|scorer| Box::new(scorer) as Box<dyn Scorer>).collect()
    }
}

static DOCS: ScorerDocs = ScorerDocs {
    measures: "The greatest change of a predicted splice site, or of its usage, within each gene that the variant \
        touches.",
    formula: "SPLICING: max(|A - R|) over the bases of the gene's body within the window. R and A are the values at a \
        base, ALT laid on REF first: over an insertion the highest value counts, deleted bases read 0. \
        The genes are those with a base in [v, v + max(r, a)), where v is the first base of REF and r and a are the \
        lengths of REF and ALT. \
        A track of the other strand than the gene's scores NaN.",
    when_to_use: "Effects on splicing: SPLICE_SITES for the creation and loss of sites, SPLICE_SITE_USAGE for how often \
        they are used.",
    limits: "A maximum has no sign and no place: look at the prediction to see which site changes. The published scorer \
        has the argument `width` and does not use it; neither does this one. It spreads a NaN anywhere in the window to \
        all genes; here only bases of the gene count. On intervals of the reverse strand it lays indels from the wrong \
        end; windows here have no strand.",
    source: "AlphaGenome, GeneMaskSplicingScorer of the client 0.10.0 and of alphagenome_research 3f79219.",
};
