//! Scorers: how a pair of predictions becomes one number for each track.

use crate::align::AlignError;
use crate::annotation::{Annotation, Gene};
use crate::backend::OutputRequest;
use crate::interval::Interval;
use crate::interval_scorer::TooWide;
use crate::organism::Organism;
use crate::prediction::Outputs;
use crate::strand::Strand;
use crate::track::{OutputType, TrackSet};
use crate::variant::CheckedVariant;
use crate::window::{RefAlt, Window};
use std::fmt;
use std::sync::Arc;

pub mod center_mask;
pub mod contact_map;
pub mod gene_mask_active;
pub mod gene_mask_lfc;
pub mod gene_mask_splicing;
pub mod polyadenylation;
pub mod splice_junction;

pub use center_mask::{Aggregation, CenterMask, Width};
pub use contact_map::ContactMap;
pub use gene_mask_active::GeneMaskActive;
pub use gene_mask_lfc::GeneMaskLfc;
pub use gene_mask_splicing::{GeneMaskSplicing, SplicingWidth};
pub use polyadenylation::Polyadenylation;
pub use splice_junction::SpliceJunction;

pub use crate::scorer_class::{ByOutput, ScorerDocs, ScorerKind, WithoutArguments};
pub use crate::scorer_text::{Arguments, ScorerTextError, parse};

/// What a number of a scorer is. The kinds are never put in one column, averaged or ranked together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScoreKind {
    /// A difference between the alleles; positive when ALT raises the signal.
    SignedEffect,
    /// The size of a difference between the alleles, never negative.
    UnsignedEffect,
    /// The signal of the stronger allele: it says how active the place is, not what the variant does.
    Activity,
}

impl ScoreKind {
    /// Returns the name used in tables: `signed_effect`, `unsigned_effect`, `activity`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedEffect => "signed_effect",
            Self::UnsignedEffect => "unsigned_effect",
            Self::Activity => "activity",
        }
    }
}

/// A variant, the window around it, and what is known of the genes there.
#[derive(Clone, Copy, Debug)]
pub struct ScoringPlace<'a> {
    /// The variant.
    pub variant: &'a CheckedVariant,
    /// The window that the sequences fill.
    pub window: &'a Window,
    /// The gene annotation, for scorers that [need](Scorer::needs) one.
    pub annotation: Option<&'a Annotation>,
}

impl<'a> ScoringPlace<'a> {
    /// Returns the annotation when it has what a scorer needs.
    pub(crate) fn annotation_for(&self, scorer: &dyn Scorer) -> Result<&'a Annotation, ScoreError> {
        let missing = scorer.needs().missing(self.annotation);
        match (self.annotation, missing) {
            (Some(annotation), None) => Ok(annotation),
            (_, missing) => Err(ScoreError::AnnotationMissing {
                scorer: scorer.to_string(),
                missing: missing.unwrap_or("a gene annotation"),
            }),
        }
    }
}

/// The pair of predictions of one variant, with what a scorer needs to know of its place.
#[derive(Clone, Copy, Debug)]
pub struct ScoringInput<'a> {
    /// The predictions, each in the coordinates of its own sequence: a scorer lays ALT on REF where it has to.
    pub outputs: RefAlt<&'a Outputs>,
    /// The variant, its window and its genes.
    pub place: ScoringPlace<'a>,
}

/// A gene as score tables name it, whatever annotation it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScoredGene {
    /// Id with version where the source has one.
    pub id: Arc<str>,
    /// Symbol.
    pub name: Option<Arc<str>>,
    /// Biotype.
    pub biotype: Option<Arc<str>>,
    /// Strand; `None` for a gene without one.
    pub strand: Option<Strand>,
}

impl From<Gene<'_>> for ScoredGene {
    fn from(gene: Gene<'_>) -> Self {
        Self {
            id: gene.id.into(),
            name: gene.name.map(Arc::from),
            biotype: gene.biotype.map(Arc::from),
            strand: Some(gene.strand),
        }
    }
}

impl ScoredGene {
    /// Returns the id up to its first `.`, as the published tables write it.
    pub fn id_without_version(&self) -> &str {
        crate::annotation::without_version(&self.id)
    }
}

/// What a row of scores is about: a gene, and of junctions also the intron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneRow {
    /// The gene.
    pub gene: Arc<ScoredGene>,
    /// The intron (0-based, half-open), for scorers of junctions.
    pub junction: Option<Interval>,
}

/// The rows of scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScoreRows {
    /// One row that is about no gene.
    One,
    /// One row for each gene or junction, possibly none.
    Genes(Vec<GeneRow>),
}

impl ScoreRows {
    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::One => 1,
            Self::Genes(rows) => rows.len(),
        }
    }

    /// Says whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns what each row is about, `None` for the row without gene.
    pub fn iter(&self) -> impl Iterator<Item = Option<&GeneRow>> {
        let (one, genes) = match self {
            Self::One => (Some(None), &[][..]),
            Self::Genes(rows) => (None, rows.as_slice()),
        };
        one.into_iter().chain(genes.iter().map(Some))
    }
}

/// Scores of one variant by one scorer, `[rows x tracks]`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackScores {
    /// What the rows are about.
    pub rows: ScoreRows,
    /// One value for each row and track of the scorer's output, row-major, tracks in the model's order; NaN where
    /// nothing is defined.
    pub raw: Vec<f32>,
}

impl TrackScores {
    /// Returns scores that are about no gene.
    pub fn one(raw: Vec<f32>) -> Self {
        Self {
            rows: ScoreRows::One,
            raw,
        }
    }
}

/// What a scorer reads besides predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A gene annotation.
    Genes,
    /// A gene annotation with sites of polyadenylation.
    PolyaSites,
}

impl Needs {
    /// Says what is missing, in words; `None` when the annotation has all.
    pub fn missing(self, annotation: Option<&Annotation>) -> Option<&'static str> {
        match (self, annotation) {
            (Self::Genes | Self::PolyaSites, None) => Some("a gene annotation"),
            (Self::PolyaSites, Some(annotation)) if annotation.polya_sites().is_none() => {
                Some("sites of polyadenylation")
            }
            _ => None,
        }
    }
}

/// A scorer cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The prediction lacks what the scorer reads.
    #[error("the prediction has no {output} values for the bins that `{scorer}` reads")]
    OutputMissing {
        /// The scorer's text.
        scorer: String,
        /// The output type.
        output: OutputType,
    },
    /// The scorer needs what the annotation does not have.
    #[error("`{scorer}` needs {missing}")]
    AnnotationMissing {
        /// The scorer's text.
        scorer: String,
        /// What is missing.
        missing: &'static str,
    },
    /// The variant does not lie in the window.
    #[error("`{scorer}`: {cause}")]
    Outside {
        /// The scorer's text.
        scorer: String,
        /// The cause.
        cause: AlignError,
    },
    /// The scorer reads more than the window has.
    #[error(transparent)]
    TooWide(#[from] TooWide),
    /// REF and ALT predictions have other tracks, or junctions between other sites.
    #[error("the {output} predictions of REF and ALT differ in tracks or sites")]
    TracksDiffer {
        /// The output type.
        output: OutputType,
    },
}

impl ScoreError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::AnnotationMissing { missing, .. } => Some(format!("give {missing} on the assembly of the reference")),
            Self::Outside { .. } => Some("lay the window around the variant, long enough for REF".to_owned()),
            Self::TooWide(error) => error.hint(),
            Self::OutputMissing { .. } | Self::TracksDiffer { .. } => None,
        }
    }
}

/// A scorer: text and parameters, and the mathematics.
///
/// The text is the identity of a scorer in tables, files and on the wire; it is the published one, and
/// [`parse`] reads it back.
pub trait Scorer: fmt::Display + Send + Sync {
    /// Returns the output type that the scorer reads.
    fn output(&self) -> OutputType;

    /// Returns what its numbers are.
    fn kind(&self) -> ScoreKind;

    /// Returns what it reads besides predictions.
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    /// Returns the width in bp of what it reads around the variant, cut where the window ends; `None` where it reads
    /// the whole window, or what the annotation names.
    fn width_bp(&self) -> Option<u32> {
        None
    }

    /// Returns the part of the output that the scorer reads for a variant in a window, of REF and ALT alike.
    ///
    /// Without the annotation that it [needs](Self::needs), it reads nothing.
    fn request(&self, tracks: &TrackSet, place: &ScoringPlace<'_>) -> OutputRequest;

    /// Scores a pair of predictions.
    ///
    /// # Errors
    /// [`ScoreError`] when the predictions lack what [`request`](Self::request) named, or the annotation what the
    /// scorer [needs](Self::needs).
    fn score(&self, input: &ScoringInput<'_>) -> Result<TrackScores, ScoreError>;

    /// Says whether the score is made of a term of REF and a term of ALT.
    fn has_terms(&self) -> bool {
        false
    }

    /// Returns the terms, `[rows x tracks]` like the scores; `None` for scorers that [have none](Self::has_terms).
    ///
    /// An effect is the term of ALT minus the term of REF, to the rounding of 32-bit floats; an activity is the larger.
    ///
    /// # Errors
    /// Those of [`score`](Self::score).
    fn terms(&self, _input: &ScoringInput<'_>) -> Result<Option<RefAlt<Vec<f32>>>, ScoreError> {
        Ok(None)
    }
}

/// Every scorer class. A class is one file and one line here.
pub const SCORERS: &[&dyn ScorerKind] = &[
    &center_mask::CenterMaskKind,
    &contact_map::KIND,
    &gene_mask_lfc::KIND,
    &gene_mask_active::KIND,
    &gene_mask_splicing::GeneMaskSplicingKind,
    &splice_junction::KIND,
    &polyadenylation::KIND,
];

/// A published short name and the text it stands for.
#[derive(Clone, Copy, Debug)]
pub struct NamedScorer {
    /// The name, `CHIP_TF`.
    pub name: &'static str,
    /// The text, `CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=DIFF_LOG2_SUM)`.
    pub text: &'static str,
}

/// The recommended scorers of the published protocol, in its order: all 19 for human; [`recommended`] leaves out what
/// an organism has not.
pub const RECOMMENDED: &[NamedScorer] = &[
    NamedScorer {
        name: "ATAC",
        text: "CenterMaskScorer(requested_output=ATAC, width=501, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "CONTACT_MAPS",
        text: "ContactMapScorer()",
    },
    NamedScorer {
        name: "DNASE",
        text: "CenterMaskScorer(requested_output=DNASE, width=501, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "CHIP_TF",
        text: "CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "CHIP_HISTONE",
        text: "CenterMaskScorer(requested_output=CHIP_HISTONE, width=2001, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "CAGE",
        text: "CenterMaskScorer(requested_output=CAGE, width=501, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "PROCAP",
        text: "CenterMaskScorer(requested_output=PROCAP, width=501, aggregation_type=DIFF_LOG2_SUM)",
    },
    NamedScorer {
        name: "RNA_SEQ",
        text: "GeneMaskLFCScorer(requested_output=RNA_SEQ)",
    },
    NamedScorer {
        name: "RNA_SEQ_ACTIVE",
        text: "GeneMaskActiveScorer(requested_output=RNA_SEQ)",
    },
    NamedScorer {
        name: "SPLICE_SITES",
        text: "GeneMaskSplicingScorer(requested_output=SPLICE_SITES, width=None)",
    },
    NamedScorer {
        name: "SPLICE_SITE_USAGE",
        text: "GeneMaskSplicingScorer(requested_output=SPLICE_SITE_USAGE, width=None)",
    },
    NamedScorer {
        name: "SPLICE_JUNCTIONS",
        text: "SpliceJunctionScorer()",
    },
    NamedScorer {
        name: "POLYADENYLATION",
        text: "PolyadenylationScorer()",
    },
    NamedScorer {
        name: "ATAC_ACTIVE",
        text: "CenterMaskScorer(requested_output=ATAC, width=501, aggregation_type=ACTIVE_SUM)",
    },
    NamedScorer {
        name: "DNASE_ACTIVE",
        text: "CenterMaskScorer(requested_output=DNASE, width=501, aggregation_type=ACTIVE_SUM)",
    },
    NamedScorer {
        name: "CHIP_TF_ACTIVE",
        text: "CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=ACTIVE_SUM)",
    },
    NamedScorer {
        name: "CHIP_HISTONE_ACTIVE",
        text: "CenterMaskScorer(requested_output=CHIP_HISTONE, width=2001, aggregation_type=ACTIVE_SUM)",
    },
    NamedScorer {
        name: "CAGE_ACTIVE",
        text: "CenterMaskScorer(requested_output=CAGE, width=501, aggregation_type=ACTIVE_SUM)",
    },
    NamedScorer {
        name: "PROCAP_ACTIVE",
        text: "CenterMaskScorer(requested_output=PROCAP, width=501, aggregation_type=ACTIVE_SUM)",
    },
];

/// Returns the recommended scorers for an organism, in the published order: 19 for human, 18 for mouse, whose sites of
/// polyadenylation are not published.
pub fn recommended(organism: Organism) -> impl Iterator<Item = &'static NamedScorer> {
    RECOMMENDED
        .iter()
        .filter(move |named| organism == Organism::Human || named.name != "POLYADENYLATION")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recommended_text_is_its_own_identity() {
        for named in RECOMMENDED {
            let scorer = parse(named.name).unwrap();
            assert_eq!(scorer.to_string(), named.text);
            assert_eq!(parse(&scorer.to_string()).unwrap().to_string(), named.text);
            assert_eq!(scorer.kind() == ScoreKind::Activity, named.name.ends_with("_ACTIVE"));
        }
    }

    #[test]
    fn nineteen_scorers_are_recommended_for_human_and_eighteen_for_mouse() {
        assert_eq!(recommended(Organism::Human).count(), 19);
        let mouse: Vec<&str> = recommended(Organism::Mouse).map(|named| named.name).collect();
        assert_eq!(mouse.len(), 18);
        assert!(!mouse.contains(&"POLYADENYLATION"));
    }
}
