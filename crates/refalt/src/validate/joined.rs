//! The joined variants with what was measured and what was predicted: what figures are drawn from.

use super::measure::Measured;
use super::predictor::{Group, PredictorKind};
use super::run_folder::ScoreMatrix;
use super::summary::strongest_track;
use super::truth::Unit;
use refalt_core::CheckedVariant;
use serde::Serialize;

/// A column of predictions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JoinedColumn {
    /// Summary or track.
    #[serde(rename = "predictor")]
    pub kind: PredictorKind,
    /// Name of the summary or track.
    pub name: String,
    /// Scorer, by its recommended name where it has one.
    pub scorer: String,
    /// Transcription factor of the track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcription_factor: Option<String>,
    /// Strand of the track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track_strand: Option<String>,
}

impl JoinedColumn {
    /// Returns the heading in `joined.tsv`: `summary:sum:CHIP_TF`, `track:MA0062.3:CHIP_TF`; a strand follows the name
    /// of a track that has one.
    pub fn heading(&self) -> String {
        let strand = match self.track_strand.as_deref() {
            None | Some(".") => "",
            Some(strand) => strand,
        };
        format!("{}:{}{strand}:{}", self.kind.name(), self.name, self.scorer)
    }
}

/// A joined variant.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinedVariant {
    /// The variant.
    pub variant: CheckedVariant,
    /// The gene on which the effect was measured, where the truth table names one.
    pub gene: Option<String>,
    /// Measured effects, one for each experiment.
    pub measured: Vec<Option<f64>>,
    /// Predicted values, one for each column.
    pub predicted: Vec<Option<f64>>,
    /// For each scorer the track whose score is farthest from 0: name and transcription factor.
    pub strongest: Vec<Option<(String, Option<String>)>>,
    /// For each scorer by gene whose scores were collapsed: how many genes are behind the values, and the gene of the
    /// strongest track.
    pub genes: Vec<Option<(usize, Option<String>)>>,
}

/// The joined variants, sorted by place.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinedTable {
    /// The experiments.
    pub experiments: Vec<String>,
    /// The predictions: for each scorer its summaries, then the tracks that were asked for or are among the best.
    pub columns: Vec<JoinedColumn>,
    /// The scorers.
    pub scorers: Vec<String>,
    /// For each scorer, whether several scores of its genes or junctions stand as one.
    pub collapsed: Vec<bool>,
    /// The variants.
    pub variants: Vec<JoinedVariant>,
}

/// Lays out the table.
///
/// * `shown`: for each scorer the tracks that become columns.
pub(super) fn table(
    units: &[Unit],
    measured: &[Measured],
    groups: &[[Group<'_>; 2]],
    matrices: &[ScoreMatrix],
    shown: &[Vec<usize>],
) -> JoinedTable {
    let all: Vec<usize> = (0..units.len()).collect();
    let mut rows: Vec<JoinedVariant> = units
        .iter()
        .map(|unit| JoinedVariant {
            variant: unit.variant.clone(),
            gene: unit.gene.clone(),
            measured: vec![None; measured.len()],
            predicted: Vec::new(),
            strongest: Vec::new(),
            genes: Vec::new(),
        })
        .collect();
    for (number, measured) in measured.iter().enumerate() {
        for (variant, effect) in measured.variants.iter().zip(&measured.effects) {
            rows[*variant].measured[number] = Some(*effect);
        }
    }
    let mut columns = Vec::new();
    for ([summaries, tracks], shown) in groups.iter().zip(shown) {
        let of_summaries = summaries.predictors.iter().map(|predictor| (summaries, predictor));
        let of_tracks = shown.iter().map(|&track| (tracks, &tracks.predictors[track]));
        for (group, predictor) in of_summaries.chain(of_tracks) {
            columns.push(group.column(predictor));
            for (row, value) in rows.iter_mut().zip(predictor.of_variants(&all)) {
                row.predicted.push((!value.is_nan()).then_some(value));
            }
        }
    }
    for matrix in matrices {
        for (variant, row) in rows.iter_mut().enumerate() {
            let place = strongest_track(&matrix.variant(variant));
            let strongest = place.map(|track| &matrix.tracks[track]);
            row.strongest
                .push(strongest.map(|track| (track.name.clone(), track.transcription_factor.clone())));
            let of_strongest = || place.and_then(|track| matrix.gene(track, variant)).map(str::to_owned);
            row.genes
                .push(matrix.collapsed.then(|| (matrix.genes_behind(variant), of_strongest())));
        }
    }
    JoinedTable {
        experiments: measured.iter().map(|measured| measured.name.clone()).collect(),
        scorers: groups
            .iter()
            .map(|[summaries, _]| summaries.scorer.clone().unwrap_or_default())
            .collect(),
        collapsed: matrices.iter().map(|matrix| matrix.collapsed).collect(),
        columns,
        variants: rows,
    }
}
