//! The centre-mask scorer: the signal in a fixed width around the variant, ALT against REF.

use super::{
    Arguments, ScoreError, ScoreKind, Scorer, ScorerDocs, ScorerKind, ScorerTextError, ScoringInput, ScoringPlace,
    TrackScores,
};
use crate::backend::OutputRequest;
use crate::track::{Bin, BinSpan, OutputType, Resolution, TrackSet};
use crate::variant::CheckedVariant;
use crate::window::{RefAlt, Window};
use std::fmt;

/// How the masked bins of REF and ALT become one number; R and A are the values of a track over those bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregation {
    /// mean(A) - mean(R)
    DiffMean,
    /// sum(A) - sum(R)
    DiffSum,
    /// sum(log2(A + 1)) - sum(log2(R + 1))
    DiffSumLog2,
    /// sqrt(sum((A - R)^2))
    L2Diff,
    /// log2(1 + sum(A)) - log2(1 + sum(R))
    DiffLog2Sum,
    /// max(mean(A), mean(R))
    ActiveMean,
    /// max(sum(A), sum(R))
    ActiveSum,
    /// sqrt(sum((ln(1 + A) - ln(1 + R))^2))
    L2DiffLog1p,
}

impl Aggregation {
    /// Every aggregation, in the order of the published enumeration.
    pub const ALL: [Self; 8] = [
        Self::DiffMean,
        Self::DiffSum,
        Self::DiffSumLog2,
        Self::L2Diff,
        Self::DiffLog2Sum,
        Self::ActiveMean,
        Self::ActiveSum,
        Self::L2DiffLog1p,
    ];

    /// Returns the published name, `DIFF_LOG2_SUM`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DiffMean => "DIFF_MEAN",
            Self::DiffSum => "DIFF_SUM",
            Self::DiffSumLog2 => "DIFF_SUM_LOG2",
            Self::L2Diff => "L2_DIFF",
            Self::DiffLog2Sum => "DIFF_LOG2_SUM",
            Self::ActiveMean => "ACTIVE_MEAN",
            Self::ActiveSum => "ACTIVE_SUM",
            Self::L2DiffLog1p => "L2_DIFF_LOG1P",
        }
    }

    /// Returns what the number is.
    pub const fn kind(self) -> ScoreKind {
        match self {
            Self::DiffMean | Self::DiffSum | Self::DiffSumLog2 | Self::DiffLog2Sum => ScoreKind::SignedEffect,
            Self::L2Diff | Self::L2DiffLog1p => ScoreKind::UnsignedEffect,
            Self::ActiveMean | Self::ActiveSum => ScoreKind::Activity,
        }
    }

    /// Adds the pair of values of one bin to the running sums.
    fn add(self, sums: &mut Sums, r: f64, a: f64) {
        match self {
            Self::DiffMean | Self::DiffSum | Self::DiffLog2Sum | Self::ActiveMean | Self::ActiveSum => {
                sums.reference += r;
                sums.alternate += a;
            }
            Self::DiffSumLog2 => {
                sums.reference += (r + 1.0).log2();
                sums.alternate += (a + 1.0).log2();
            }
            Self::L2Diff => sums.alternate += (a - r) * (a - r),
            Self::L2DiffLog1p => {
                let difference = a.ln_1p() - r.ln_1p();
                sums.alternate += difference * difference;
            }
        }
    }

    /// Makes the score from the sums over `bins` bins.
    fn finish(self, sums: &Sums, bins: usize) -> f64 {
        let Sums { reference, alternate } = *sums;
        // 0 / 0 is NaN: the mean over no bins is not defined, as in the published scorer.
        let bins = bins as f64;
        match self {
            Self::DiffMean => alternate / bins - reference / bins,
            Self::DiffSum | Self::DiffSumLog2 => alternate - reference,
            Self::DiffLog2Sum => (1.0 + alternate).log2() - (1.0 + reference).log2(),
            Self::L2Diff | Self::L2DiffLog1p => alternate.sqrt(),
            Self::ActiveMean => larger(alternate / bins, reference / bins),
            Self::ActiveSum => larger(alternate, reference),
        }
    }
}

impl Aggregation {
    /// Makes the terms of REF and ALT from the sums over `bins` bins; `None` where the score is not made of two terms.
    fn terms(self, sums: &Sums, bins: usize) -> Option<RefAlt<f64>> {
        let bins = bins as f64;
        let term = |sum: f64| match self {
            Self::DiffMean | Self::ActiveMean => Some(sum / bins),
            Self::DiffSum | Self::DiffSumLog2 | Self::ActiveSum => Some(sum),
            Self::DiffLog2Sum => Some((1.0 + sum).log2()),
            Self::L2Diff | Self::L2DiffLog1p => None,
        };
        Some(RefAlt {
            reference: term(sums.reference)?,
            alternate: term(sums.alternate)?,
        })
    }
}

/// Returns the larger number, NaN when either is NaN.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// Running sums of one track.
#[derive(Clone, Copy, Default)]
struct Sums {
    reference: f64,
    alternate: f64,
}

/// Width of the mask in bp; the published protocol supports just these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// 501 bp.
    Bp501,
    /// 2,001 bp.
    Bp2001,
    /// 10,001 bp.
    Bp10001,
    /// 100,001 bp.
    Bp100001,
    /// 200,001 bp.
    Bp200001,
    /// The whole window.
    Whole,
}

impl Width {
    /// Every width.
    pub const ALL: [Self; 6] = [
        Self::Bp501,
        Self::Bp2001,
        Self::Bp10001,
        Self::Bp100001,
        Self::Bp200001,
        Self::Whole,
    ];

    /// Returns the width in bp, `None` for the whole window.
    pub const fn bp(self) -> Option<u32> {
        match self {
            Self::Bp501 => Some(501),
            Self::Bp2001 => Some(2001),
            Self::Bp10001 => Some(10_001),
            Self::Bp100001 => Some(100_001),
            Self::Bp200001 => Some(200_001),
            Self::Whole => None,
        }
    }
}

impl fmt::Display for Width {
    /// Writes the number of bp, or `None` for the whole window, as the published text does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bp() {
            Some(bp) => write!(f, "{bp}"),
            None => f.write_str("None"),
        }
    }
}

/// Scores each track over the bins around the variant; REF and ALT are compared bin by bin, without indel alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CenterMask {
    /// The output type read.
    pub output: OutputType,
    /// The width of the mask.
    pub width: Width,
    /// The formula.
    pub aggregation: Aggregation,
}

impl CenterMask {
    /// Returns the masked bins.
    ///
    /// With i the variant's offset, r the resolution and L the window's length: w = ceil(width / r), c = i div r,
    /// and the bins are [max(c - w div 2, 0), min(c - w div 2 + w, L div r)). No bin when the variant does not
    /// lie in the window. 501 bp at 1 bp is [i - 250, i + 250]; at 128 bp it is the 4 bins [c - 2, c + 1].
    pub fn mask(&self, resolution: Resolution, variant: &CheckedVariant, window: &Window) -> BinSpan {
        let empty = BinSpan::new(Bin::new(0), Bin::new(0));
        if variant.contig() != window.contig() {
            return empty;
        }
        let Some(offset) = window.offset_of(variant.position()) else {
            return empty;
        };
        let bins = resolution.bins_in(window);
        let Some(width_bp) = self.width.bp() else {
            return BinSpan::all(window, resolution);
        };
        let width = width_bp.div_ceil(resolution.bp());
        let center = u32::try_from(resolution.bin_of(offset).index()).expect("a bin index fits 32 bits");
        let start = i64::from(center) - i64::from(width / 2);
        let clamp = |bin: i64| Bin::new(u32::try_from(bin.clamp(0, i64::from(bins))).expect("clamped to 32 bits"));
        BinSpan::new(clamp(start), clamp(start + i64::from(width)))
    }
}

impl fmt::Display for CenterMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CenterMaskScorer(requested_output={}, width={}, aggregation_type={})",
            self.output,
            self.width,
            self.aggregation.name()
        )
    }
}

impl Scorer for CenterMask {
    fn output(&self) -> OutputType {
        self.output
    }

    fn kind(&self) -> ScoreKind {
        self.aggregation.kind()
    }

    fn width_bp(&self) -> Option<u32> {
        self.width.bp()
    }

    fn request(&self, tracks: &TrackSet, place: &ScoringPlace<'_>) -> OutputRequest {
        OutputRequest {
            output: self.output,
            spans: self.mask(tracks.resolution, place.variant, place.window).into(),
        }
    }

    fn score(&self, input: &ScoringInput<'_>) -> Result<TrackScores, ScoreError> {
        let (sums, bins) = self.sums(input)?;
        let raw = sums.iter().map(|sums| self.aggregation.finish(sums, bins) as f32);
        Ok(TrackScores::one(raw.collect()))
    }

    fn has_terms(&self) -> bool {
        self.aggregation.terms(&Sums::default(), 1).is_some()
    }

    fn terms(&self, input: &ScoringInput<'_>) -> Result<Option<RefAlt<Vec<f32>>>, ScoreError> {
        let (sums, bins) = self.sums(input)?;
        let terms: Option<Vec<_>> = sums.iter().map(|sums| self.aggregation.terms(sums, bins)).collect();
        Ok(terms.map(|terms| RefAlt {
            reference: terms.iter().map(|term| term.reference as f32).collect(),
            alternate: terms.iter().map(|term| term.alternate as f32).collect(),
        }))
    }
}

impl CenterMask {
    /// Sums each track over the mask; with the number of bins.
    fn sums(&self, input: &ScoringInput<'_>) -> Result<(Vec<Sums>, usize), ScoreError> {
        let missing = || ScoreError::OutputMissing {
            scorer: self.to_string(),
            output: self.output,
        };
        let reference = input.outputs.reference.get(self.output).ok_or_else(missing)?;
        let alternate = input.outputs.alternate.get(self.output).ok_or_else(missing)?;
        let tracks = reference.tracks();
        if tracks.tracks.len() != alternate.tracks().tracks.len() {
            return Err(ScoreError::TracksDiffer { output: self.output });
        }
        let span = self.mask(tracks.resolution, input.place.variant, input.place.window);
        let pairs = reference
            .rows(span)
            .ok_or_else(missing)?
            .zip(alternate.rows(span).ok_or_else(missing)?);
        let mut sums = vec![Sums::default(); tracks.tracks.len()];
        for (r, a) in pairs {
            for ((sums, &r), &a) in sums.iter_mut().zip(r).zip(a) {
                self.aggregation.add(sums, f64::from(r), f64::from(a));
            }
        }
        // METHOD: sums run in f64, bin after bin, so they do not depend on vector width; the published scorer sums
        // in f32, which agrees to 1e-6.
        Ok((sums, span.len()))
    }
}

/// The class `CenterMaskScorer` for the table of scorers.
pub struct CenterMaskKind;

const CLASS: &str = "CenterMaskScorer";
const OUTPUTS: [OutputType; 9] = [
    OutputType::Atac,
    OutputType::Cage,
    OutputType::Dnase,
    OutputType::Procap,
    OutputType::RnaSeq,
    OutputType::ChipHistone,
    OutputType::ChipTf,
    OutputType::SpliceSites,
    OutputType::SpliceSiteUsage,
];

impl ScorerKind for CenterMaskKind {
    fn class(&self) -> &'static str {
        CLASS
    }

    fn docs(&self) -> &'static ScorerDocs {
        &DOCS
    }

    fn build(&self, arguments: &Arguments<'_>) -> Result<Box<dyn Scorer>, ScorerTextError> {
        arguments.only(CLASS, &["requested_output", "width", "aggregation_type"])?;
        Ok(Box::new(CenterMask {
            output: arguments.choose(CLASS, "requested_output", &OUTPUTS, OutputType::to_string)?,
            width: arguments.choose(CLASS, "width", &Width::ALL, Width::to_string)?,
            aggregation: arguments.choose(CLASS, "aggregation_type", &Aggregation::ALL, |a| a.name().to_owned())?,
        }))
    }

    fn all(&self) -> Vec<Box<dyn Scorer>> {
        let mut scorers: Vec<Box<dyn Scorer>> = Vec::new();
        for output in OUTPUTS {
            for width in Width::ALL {
                for aggregation in Aggregation::ALL {
                    scorers.push(Box::new(CenterMask {
                        output,
                        width,
                        aggregation,
                    }));
                }
            }
        }
        scorers
    }
}

static DOCS: ScorerDocs = ScorerDocs {
    measures: "The predicted signal of a track in a fixed width around the variant, ALT against REF.",
    formula: "R and A are the values over the masked bins. DIFF_MEAN: mean(A) - mean(R). DIFF_SUM: sum(A) - sum(R). \
        DIFF_SUM_LOG2: sum(log2(A + 1)) - sum(log2(R + 1)). DIFF_LOG2_SUM: log2(1 + sum(A)) - log2(1 + sum(R)). \
        L2_DIFF: sqrt(sum((A - R)^2)). L2_DIFF_LOG1P: sqrt(sum((ln(1 + A) - ln(1 + R))^2)). \
        ACTIVE_MEAN: max(mean(A), mean(R)). ACTIVE_SUM: max(sum(A), sum(R)). \
        Mask: bins [max(c - w div 2, 0), min(c - w div 2 + w, L div r)) with w = ceil(width / r) and c = i div r. \
        There i is the offset of the first base of REF in the window (0-based), r the size of a bin and L the length \
        of the window in bp; a variant outside the window masks no bin.",
    when_to_use: "Local effects on accessibility, binding, histone marks and start sites: 501 bp, 2001 bp for histone \
        marks, with DIFF_LOG2_SUM. The ACTIVE forms say how active the place is; they are not effects.",
    limits: "ALT is not aligned for indels, as in the published scorer. At 128 bp the mask of 501 bp is 4 bins and \
        reaches further to the left than to the right. Over an empty mask a sum is 0 and a mean NaN.",
    source: "AlphaGenome, CenterMaskScorer of the client 0.10.0 and of alphagenome_research.",
};
