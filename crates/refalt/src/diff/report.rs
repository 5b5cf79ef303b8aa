//! What a comparison found.

use super::attribution::Attribution;
use super::block::{Names, Row};
use super::tolerance::Tolerance;
use crate::score_folder::RunScorer;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiffReport {
    /// In what the runs were made differently.
    pub attribution: Vec<Attribution>,
    /// Whether name, version, digest, licence and citation of the models agree.
    pub same_model: bool,
    /// Whether the inputs hold the same variants in the same rows; otherwise both were sorted by variant.
    pub read_side_by_side: bool,
    /// What became of the variants.
    pub variants: VariantDifferences,
    /// The values, scorer by scorer.
    pub scorers: Vec<ScorerDifference>,
}

impl DiffReport {
    /// Says whether the runs have the same scores: every score of one is in the other, within tolerance, and rows fared
    /// alike.
    pub fn is_same(&self) -> bool {
        let variants = &self.variants;
        variants.only_left + variants.only_right == 0
            && variants.fates_changed.is_empty()
            && variants.left_rows == variants.right_rows
            && self
                .scorers
                .iter()
                .all(|scorer| scorer.beyond + scorer.only_left + scorer.only_right == 0)
    }
}

/// What became of the variants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VariantDifferences {
    /// Input rows of the left run.
    pub left_rows: u64,
    /// Input rows of the right run.
    pub right_rows: u64,
    /// Variants that both runs scored.
    pub both: u64,
    /// Variants that only the left run scored.
    pub only_left: u64,
    /// Variants that only the right run scored.
    pub only_right: u64,
    /// Variants that both scored, in different windows.
    pub windows_differ: u64,
    /// How many rows fared differently, `scored -> rejected ref_mismatch`; only for inputs with the same rows.
    pub fates_changed: BTreeMap<String, u64>,
}

/// The values of one scorer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScorerDifference {
    /// Short name.
    pub scorer: String,
    /// Text.
    pub text: String,
    /// By how much values may differ.
    pub tolerance: Tolerance,
    /// Scores that both runs have.
    pub compared: u64,
    /// Of these, NaN in both runs, which counts as the same.
    pub both_nan: u64,
    /// Of these, beyond tolerance.
    pub beyond: u64,
    /// The greatest difference between two finite scores, in units of the score.
    pub max_difference: Option<f64>,
    /// Pearson's correlation of the finite pairs.
    pub pearson: Option<f64>,
    /// Scores that only the left run has.
    pub only_left: u64,
    /// Scores that only the right run has.
    pub only_right: u64,
    /// The scores that differ most, of those beyond tolerance.
    pub examples: Vec<Example>,
}

impl ScorerDifference {
    pub(super) fn new(scorer: &RunScorer, tolerance: Tolerance) -> Self {
        Self {
            scorer: scorer.short_name(),
            text: scorer.scorer.clone(),
            tolerance,
            compared: 0,
            both_nan: 0,
            beyond: 0,
            max_difference: None,
            pearson: None,
            only_left: 0,
            only_right: 0,
            examples: Vec::new(),
        }
    }
}

/// A score that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// The variant in normal form.
    pub variant: String,
    /// The gene, for scorers by gene.
    pub gene: Option<String>,
    /// The junction, `start-end`, 0-based, half-open.
    pub junction: Option<String>,
    /// The track with its strand, `NAME +`.
    pub track: String,
    /// The score of the left run, as text: JSON has neither NaN nor infinity.
    pub left: String,
    /// The score of the right run.
    pub right: String,
    /// The size of the difference.
    #[serde(skip)]
    pub(super) size: f64,
}

impl Example {
    pub(super) fn new(variant: &str, row: &Row, left: f32, right: f32, size: f64, names: &Names) -> Self {
        let key = row.key;
        let gene = names.name(key.gene);
        Self {
            variant: variant.to_owned(),
            gene: (!gene.is_empty()).then(|| gene.to_owned()),
            junction: key.junction.map(|(start, end)| format!("{start}-{end}")),
            track: format!("{} {}", names.name(key.track), names.name(key.strand)),
            left: left.to_string(),
            right: right.to_string(),
            size,
        }
    }
}
