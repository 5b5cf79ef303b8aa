//! Where named variants stand, by measurement and by prediction.

use super::error::ValidateError;
use super::measure::Measured;
use super::predictor::{Group, Predictor};
use super::truth::Unit;
use crate::engine::Rejection;
use refalt_core::stats::{complete_pairs, standing_by_magnitude};
use refalt_core::{Reference, Variant, check};
use serde::Serialize;
use std::collections::BTreeMap;

/// A variant whose ranks are reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedVariant {
    /// The name in tables.
    pub name: String,
    /// The variant, or why there is none.
    pub variant: Result<Variant, Rejection>,
}

/// Where one variant stands in one ranking: a row of `ranks.tsv`.
///
/// Rank 1 has the largest absolute value; equals share the best rank, and the ranks after them are skipped.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankRow {
    /// Name of the variant.
    pub name: String,
    /// The variant in normal form; none when it is rejected.
    pub variant: Option<String>,
    /// The gene, where the truth table names one; a variant then has a row for each of its genes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gene: Option<String>,
    /// The experiment over whose variants the ranks go.
    pub experiment: String,
    /// What is ranked: `measured`, `summary` or `track`.
    pub by: &'static str,
    /// Name of the summary or track; the experiment for `measured`.
    pub predictor: String,
    /// Scorer.
    pub scorer: Option<String>,
    /// Transcription factor of the track.
    pub transcription_factor: Option<String>,
    /// The value ranked.
    pub value: Option<f64>,
    /// Rank by absolute value, 1 for the largest.
    pub rank: Option<usize>,
    /// Other variants with the same absolute value.
    pub tied_with: Option<usize>,
    /// Variants ranked.
    pub of: usize,
    /// Why there is no rank.
    pub note: Option<String>,
}

/// A named variant, looked up.
pub(super) struct Found {
    name: String,
    variant: Option<String>,
    gene: Option<String>,
    /// Index among the joined units.
    joined: Option<usize>,
    note: Option<String>,
}

/// Checks named variants and looks them up among the joined ones; with genes, one answer for each gene.
pub(super) fn find(
    named: &[NamedVariant],
    reference: &dyn Reference,
    index: &BTreeMap<String, Vec<usize>>,
    units: &[Unit],
) -> Vec<Found> {
    let find = |named: &NamedVariant| {
        let checked = match &named.variant {
            Ok(variant) => check(variant, reference).map_err(|error| error.to_string()),
            Err(rejection) => Err(rejection.reason.clone()),
        };
        match checked {
            Ok(checked) => {
                let text = checked.to_string();
                let found = |joined: Option<usize>| Found {
                    name: named.name.clone(),
                    note: joined.is_none().then(|| "not measured, or not scored".to_owned()),
                    gene: joined.and_then(|unit| units[unit].gene.clone()),
                    variant: Some(text.clone()),
                    joined,
                };
                match index.get(&text) {
                    Some(places) => places.iter().map(|&place| found(Some(place))).collect(),
                    None => vec![found(None)],
                }
            }
            Err(reason) => vec![Found {
                name: named.name.clone(),
                variant: None,
                gene: None,
                joined: None,
                note: Some(reason),
            }],
        }
    };
    named.iter().flat_map(find).collect()
}

/// Ranks the variants of one experiment by measured effect.
pub(super) fn by_measurement(found: &[Found], measured: &Measured) -> Result<Vec<RankRow>, ValidateError> {
    let blank = RankRow {
        name: String::new(),
        variant: None,
        gene: None,
        experiment: measured.name.clone(),
        by: "measured",
        predictor: measured.name.clone(),
        scorer: None,
        transcription_factor: None,
        value: None,
        rank: None,
        tied_with: None,
        of: 0,
        note: None,
    };
    ranked(found, measured, &measured.effects, &blank)
}

/// Ranks the variants of one experiment by a prediction.
pub(super) fn by_prediction(
    found: &[Found],
    measured: &Measured,
    group: &Group<'_>,
    predictor: &Predictor<'_>,
) -> Result<Vec<RankRow>, ValidateError> {
    let blank = RankRow {
        name: String::new(),
        variant: None,
        gene: None,
        experiment: measured.name.clone(),
        by: group.kind.name(),
        predictor: predictor.name.clone(),
        scorer: group.scorer.clone(),
        transcription_factor: predictor.transcription_factor.clone(),
        value: None,
        rank: None,
        tied_with: None,
        of: 0,
        note: None,
    };
    ranked(found, measured, &predictor.of_variants(&measured.variants), &blank)
}

/// Ranks values over the rows of an experiment.
fn ranked(
    found: &[Found],
    measured: &Measured,
    values: &[f64],
    blank: &RankRow,
) -> Result<Vec<RankRow>, ValidateError> {
    let known = complete_pairs(values, values)?;
    let standings = standing_by_magnitude(&known.x)?;
    let row = |found: &Found| {
        let mut row = RankRow {
            name: found.name.clone(),
            variant: found.variant.clone(),
            gene: found.gene.clone(),
            of: known.rows.len(),
            note: found.note.clone(),
            ..blank.clone()
        };
        let Some(joined) = found.joined else { return row };
        let Ok(place) = measured.variants.binary_search(&joined) else {
            row.note = Some("not measured in this experiment".to_owned());
            return row;
        };
        match known.rows.binary_search(&place) {
            Ok(index) => {
                row.value = Some(known.x[index]);
                row.rank = Some(standings[index].rank);
                row.tied_with = Some(standings[index].tied_with);
            }
            Err(_) => row.note = Some("no score".to_owned()),
        }
        row
    };
    Ok(found.iter().map(row).collect())
}
