//! The interval scorer: the predicted signal over the exons of each gene in a place, without any variant.

use crate::annotation::Annotation;
use crate::backend::OutputRequest;
use crate::gene_signal;
use crate::nearest::nearest;
use crate::prediction::Outputs;
use crate::scorer::{
    self, Arguments, NamedScorer, SCORERS, ScoreError, ScoreKind, ScoreRows, ScorerDocs, ScorerTextError, TrackScores,
    Width,
};
use crate::scorer_text::example;
use crate::track::{BinSpan, BinSpans, OutputType, Resolution, TrackSet};
use crate::window::Window;
use std::fmt;
use std::num::NonZeroU32;

/// How the masked bins become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntervalAggregation {
    /// Mean over the bins.
    Mean,
    /// Sum over the bins.
    Sum,
}

impl IntervalAggregation {
    /// Every aggregation, in the order of the published enumeration.
    pub const ALL: [Self; 2] = [Self::Mean, Self::Sum];

    /// Returns the published name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "MEAN",
            Self::Sum => "SUM",
        }
    }
}

/// Scores the genes that start in the middle of a window by the signal over their exons.
///
/// The published class is `GeneMaskScorer`. There is one class of interval scorers, hence no trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IntervalScorer {
    /// The output type read.
    pub output: OutputType,
    /// The width of the target around the middle of the window.
    pub width: Width,
    /// The formula.
    pub aggregation: IntervalAggregation,
}

/// The class of interval scorers.
pub(crate) const CLASS: &str = "GeneMaskScorer";

/// The recommended interval scorers of the published protocol, for human and mouse.
pub const RECOMMENDED: &[NamedScorer] = &[NamedScorer {
    name: "RNA_SEQ",
    text: "GeneMaskScorer(requested_output=RNA_SEQ, width=200001, aggregation_type=MEAN)",
}];

const OUTPUTS: [OutputType; 8] = [
    OutputType::Atac,
    OutputType::Cage,
    OutputType::ChipHistone,
    OutputType::ChipTf,
    OutputType::Dnase,
    OutputType::RnaSeq,
    OutputType::SpliceSites,
    OutputType::SpliceSiteUsage,
];

/// Says why a text is no interval scorer: it is one of variants, or none at all.
fn unknown(text: &str, class: &str) -> ScorerTextError {
    let text = text.to_owned();
    let of_variants =
        scorer::RECOMMENDED.iter().any(|named| named.name == class) || SCORERS.iter().any(|kind| kind.class() == class);
    if of_variants {
        return ScorerTextError::OfVariants { text };
    }
    let names = RECOMMENDED.iter().map(|named| named.name);
    let near = nearest(class, names.chain([CLASS])).into_iter();
    // A class alone is no scorer: what is offered can be given as it stands.
    let whole = |name: String| example(&name).map_or(name, str::to_owned);
    ScorerTextError::UnknownOfIntervals {
        text,
        nearest: near.map(whole).collect(),
    }
}

/// The target is wider than the window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{scorer}` is wider than the window of {length} bp")]
pub struct TooWide {
    /// The scorer's text.
    pub scorer: String,
    /// Length of the window in bp.
    pub length: NonZeroU32,
}

impl TooWide {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        Some("choose a narrower width, or `width=None` for the whole window".to_owned())
    }
}

impl fmt::Display for IntervalScorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{CLASS}(requested_output={}, width={}, aggregation_type={})",
            self.output,
            self.width,
            self.aggregation.name()
        )
    }
}

/// Writes what texts of interval scorers there are, with the values of each argument.
pub(crate) fn forms() -> String {
    let [outputs, widths, aggregations] = [
        OUTPUTS.map(|output| output.to_string()).join("|"),
        Width::ALL.map(|width| width.to_string()).join("|"),
        IntervalAggregation::ALL.map(IntervalAggregation::name).join("|"),
    ];
    format!("{CLASS}(requested_output={outputs}, width={widths}, aggregation_type={aggregations})")
}

impl IntervalScorer {
    /// Returns every scorer of the class.
    pub fn all() -> impl Iterator<Item = Self> {
        OUTPUTS.into_iter().flat_map(|output| {
            Width::ALL.into_iter().flat_map(move |width| {
                IntervalAggregation::ALL.map(|aggregation| Self {
                    output,
                    width,
                    aggregation,
                })
            })
        })
    }

    /// Reads the published text, or a [recommended](RECOMMENDED) name.
    ///
    /// ```
    /// use refalt_core::interval_scorer::IntervalScorer;
    ///
    /// let text = "GeneMaskScorer(requested_output=RNA_SEQ, width=200001, aggregation_type=MEAN)";
    /// assert_eq!(IntervalScorer::parse("RNA_SEQ").unwrap().to_string(), text);
    /// let error = IntervalScorer::parse("CHIP_TF").unwrap_err();
    /// assert_eq!(error.to_string(), "`CHIP_TF` scores variants, not intervals");
    /// ```
    ///
    /// # Errors
    /// [`ScorerTextError`] says what is not understood and what is allowed.
    pub fn parse(text: &str) -> Result<Self, ScorerTextError> {
        let text = text.trim();
        let named = RECOMMENDED.iter().find(|named| named.name == text);
        let full = named.map_or(text, |named| named.text);
        let class = full.split('(').next().unwrap_or(full).trim();
        if class != CLASS {
            return Err(unknown(text, class));
        }
        let (_, arguments) = Arguments::read(full)?;
        arguments.only(CLASS, &["requested_output", "width", "aggregation_type"])?;
        let name = |aggregation: &IntervalAggregation| aggregation.name().to_owned();
        Ok(Self {
            output: arguments.choose(CLASS, "requested_output", &OUTPUTS, OutputType::to_string)?,
            width: arguments.choose(CLASS, "width", &Width::ALL, Width::to_string)?,
            aggregation: arguments.choose(CLASS, "aggregation_type", &IntervalAggregation::ALL, name)?,
        })
    }

    /// Returns what its numbers are: activities.
    pub const fn kind(&self) -> ScoreKind {
        ScoreKind::Activity
    }

    /// Returns the documentation.
    pub const fn docs() -> &'static ScorerDocs {
        &DOCS
    }

    /// Returns the middle of the window, as wide as the scorer says.
    ///
    /// # Errors
    /// [`TooWide`] when the window is narrower.
    pub fn target(&self, window: &Window) -> Result<Window, TooWide> {
        let Some(width) = self.width.bp().and_then(NonZeroU32::new) else {
            return Ok(window.clone());
        };
        if width > window.length() {
            return Err(TooWide {
                scorer: self.to_string(),
                length: window.length(),
            });
        }
        Ok(window.resized(width))
    }

    /// Returns the genes with their masked bins.
    fn masks(
        &self,
        resolution: Resolution,
        window: &Window,
        annotation: &Annotation,
    ) -> Result<Vec<(crate::annotation::GeneIndex, BinSpans)>, TooWide> {
        let target = self.target(window)?;
        let masks = annotation.genes_with_tss_in(target.contig().as_str(), target.interval());
        let all = BinSpan::all(window, resolution);
        Ok(masks
            .into_iter()
            .map(|mask| {
                let bins = mask.spans.iter().map(|&span| {
                    let bases = BinSpan::of_bases(window, span);
                    bases.pooled(resolution).intersect(all)
                });
                (mask.gene, bins.collect())
            })
            .collect())
    }

    /// Returns the part of the output that the scorer reads.
    ///
    /// # Errors
    /// [`TooWide`] when the window is narrower than the scorer.
    pub fn request(
        &self,
        tracks: &TrackSet,
        window: &Window,
        annotation: &Annotation,
    ) -> Result<OutputRequest, TooWide> {
        let masks = self.masks(tracks.resolution, window, annotation)?;
        let spans = masks.iter().flat_map(|(_, bins)| bins.as_slice()).copied().collect();
        Ok(OutputRequest {
            output: self.output,
            spans,
        })
    }

    /// Scores a prediction, one row for each gene.
    ///
    /// # Errors
    /// [`ScoreError`] when the prediction lacks what [`request`](Self::request) named, or the window is too narrow.
    pub fn score(
        &self,
        outputs: &Outputs,
        window: &Window,
        annotation: &Annotation,
    ) -> Result<TrackScores, ScoreError> {
        let missing = || ScoreError::OutputMissing {
            scorer: self.to_string(),
            output: self.output,
        };
        let values = outputs.get(self.output).ok_or_else(missing)?;
        let tracks = values.tracks();
        let masks = self.masks(tracks.resolution, window, annotation)?;
        let mut rows = Vec::with_capacity(masks.len());
        let mut raw = Vec::with_capacity(masks.len() * tracks.tracks.len());
        let mut sums = vec![0.0f64; tracks.tracks.len()];
        for (gene, bins) in masks {
            sums.fill(0.0);
            for &span in bins.as_slice() {
                for row in values.rows(span).ok_or_else(missing)? {
                    for (sum, &value) in sums.iter_mut().zip(row) {
                        *sum += f64::from(value);
                    }
                }
            }
            // METHOD: the mean over no bins is 0 / 0, NaN, and the sum 0, as in the published scorer.
            let divisor = match self.aggregation {
                IntervalAggregation::Mean => bins.len() as f64,
                IntervalAggregation::Sum => 1.0,
            };
            raw.extend(sums.iter().map(|sum| (sum / divisor) as f32));
            rows.push(gene_signal::row(annotation, gene));
        }
        Ok(TrackScores {
            rows: ScoreRows::Genes(rows),
            raw,
        })
    }
}

static DOCS: ScorerDocs = ScorerDocs {
    measures: "How strongly each gene is expressed, or marked, in a place: the predicted signal over its exons.",
    formula: "X are the values over the bins with a base of the gene's mask. MEAN: mean(X). SUM: sum(X). \
        The mask is that of `GeneMaskLFCScorer`, in a target of the given width around the middle of the window.",
    when_to_use: "Levels of genes in the reference sequence, to compare tissues or to choose genes before variants are \
        scored. Its numbers are activities.",
    limits: "All tracks are scored, also those of the other strand; the score table leaves these out. A target wider \
        than the window is refused. In windows of odd length the published scorer puts a target of even width one base \
        beside its middle; here it lies where the resized interval lies.",
    source: "AlphaGenome, GeneMaskScorer of the interval scorers of the client 0.10.0 and of alphagenome_research 3f79219.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recommended_texts_are_their_own_identity() {
        for named in RECOMMENDED {
            let scorer = IntervalScorer::parse(named.name).unwrap();
            assert_eq!(scorer.to_string(), named.text);
            assert_eq!(IntervalScorer::parse(named.text).unwrap(), scorer);
        }
    }

    #[test]
    fn a_refused_text_is_answered_with_interval_scorers() {
        let told = |text: &str| {
            let error = IntervalScorer::parse(text).unwrap_err();
            (error.to_string(), error.hint().unwrap_or_default())
        };
        let all = "interval scorers: `RNA_SEQ` (`GeneMaskScorer(requested_output=RNA_SEQ, width=200001, \
            aggregation_type=MEAN)`), and `GeneMaskScorer(requested_output=ATAC|CAGE|CHIP_HISTONE|CHIP_TF|DNASE|RNA_SEQ|\
            SPLICE_SITES|SPLICE_SITE_USAGE, width=501|2001|10001|100001|200001|None, aggregation_type=MEAN|SUM)`; \
            `refalt scorers` describes them";
        for variants in [
            "CHIP_TF",
            "SpliceJunctionScorer()",
            "GeneMaskLFCScorer(requested_output=RNA_SEQ)",
        ] {
            assert_eq!(
                told(variants),
                (format!("`{variants}` scores variants, not intervals"), all.to_owned())
            );
        }
        assert_eq!(
            told("xyz"),
            ("unknown interval scorer `xyz`".to_owned(), all.to_owned())
        );
        let text = RECOMMENDED[0].text;
        assert_eq!(told("RNASEQ").1, "is `RNA_SEQ` meant?");
        assert_eq!(told("genemaskscorer").1, format!("is `{text}` meant?"));
        assert_eq!(told("GeneMaskScorer").1, format!("write it like `{text}`"));
        assert_eq!(told("GeneMaskScorer(width=501)").1, format!("write it like `{text}`"));
        let (message, _) = told("GeneMaskScorer(requested_output=CHIP_TF, width=500, aggregation_type=MEAN)");
        assert!(
            message.ends_with("supported: 501, 2001, 10001, 100001, 200001, None"),
            "{message}"
        );
    }

    #[test]
    fn a_scorer_of_intervals_is_told_apart_from_those_of_variants() {
        let error = scorer::parse(RECOMMENDED[0].text).err().unwrap();
        assert!(error.to_string().ends_with("scores intervals, not variants"), "{error}");
        assert_eq!(error.hint().unwrap(), "`refalt score-interval` takes it");
    }
}
