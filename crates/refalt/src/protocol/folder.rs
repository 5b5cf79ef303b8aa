//! Rows of a score folder: its scores, reduced as the protocol says, joined with the protocol's truth table.
//!
//! The join is that of [`validate`](crate::validate): checked variants on the reference of the run, and by gene where the
//! protocol is by gene. Nothing of it is repeated here; what a protocol needs besides is added by `truth_rows` (labels in
//! words, deletions written without bases, match groups, repeated measurements), and by the choice of tracks by group.

use super::error::ProtocolError;
use super::file::{Aggregation, EffectAllele, LabelOf, Protocol, ScoresPart};
use super::predictions::labelled;
use super::rows::{Place, Row, RowCounts, Rows};
use super::truth_rows::TruthReader;
use crate::engine::ledger::read_json;
use crate::engine::{Manifest, RunIdentity};
use crate::io::fasta::{FastaError, FastaReference};
use crate::provenance::FileIdentity;
use crate::reference_assembly::ReferenceAssembly;
use crate::track_source::{TrackSource, select};
use crate::validate::{
    Collapse, JoinReport, JoinedTable, PredictorKind, ValidateError, ValidateFilesError, ValidateInput,
    ValidateOptions, Validation, short_name, validate,
};
use refalt_core::strand::sign_or_dot;
use refalt_core::{Assembly, CheckedVariant, TrackSet};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// What a score folder gave.
pub(super) struct FolderRows {
    pub(super) rows: Rows,
    pub(super) run: RunIdentity,
    pub(super) truth: FileIdentity,
    pub(super) join: JoinReport,
    pub(super) notes: Vec<String>,
}

/// Joins a score folder with a truth table.
///
/// * `reference`: the reference that the run was scored with.
pub(super) fn read(
    folder: &Path,
    truth: &Path,
    reference: &Path,
    protocol: &Protocol,
    threads: usize,
) -> Result<FolderRows, ProtocolError> {
    let (Some(part), Some(scores)) = (&protocol.truth, &protocol.scores) else {
        return Err(ProtocolError::NoFolder {
            protocol: protocol.name.clone(),
            path: folder.to_owned(),
        });
    };
    let files = |error: ValidateFilesError| ProtocolError::Validate(error);
    let genome = FastaReference::open_identified(reference, &|_| ());
    let genome = genome.map_err(|error: FastaError| files(error.into()))?;
    let manifest: Manifest = match folder.join("manifest.json") {
        path if path.is_file() => read_json(&path)?,
        _ => {
            let folder = folder.to_owned();
            return Err(files(ValidateError::NotFinished { folder }.into()));
        }
    };
    let stated = manifest
        .identity
        .stated_assembly
        .as_deref()
        .and_then(Assembly::from_name);
    let assembly = ReferenceAssembly::of(&genome, stated).unwrap_or(ReferenceAssembly::Unknown);
    let wanted = Assembly::from_name(&protocol.source.assembly);
    if let (Some(known), Some(wanted)) = (assembly.known(), wanted)
        && known != wanted
    {
        return Err(ProtocolError::OtherAssembly {
            protocol: wanted.to_string(),
            reference: known.to_string(),
        });
    }
    let identity = |path: &Path| FileIdentity::of(path).map_err(ProtocolError::file("read", path));
    let (reference_file, truth_file) = (identity(reference)?, identity(truth)?);
    let reader = TruthReader::survey(truth, part, protocol, &genome, assembly)?;
    let stated = reader.stated();
    let said = stated.statements().first().map(|(said, _)| *said);
    if let (None, Some(said), Some(wanted)) = (assembly.known(), said, wanted)
        && said != wanted
    {
        return Err(ProtocolError::TruthAssembly {
            protocol: wanted,
            truth: truth.display().to_string(),
            said,
        });
    }
    let chosen = Chosen::of(folder, &manifest, scores, reader.groups())?;
    let options = ValidateOptions {
        scorers: scores.scorers.clone(),
        summaries: vec![summary(scores.aggregation).to_owned()],
        tracks: chosen.selections.clone(),
        collapse: scores.collapse.as_deref().and_then(Collapse::from_name),
        top_tracks: 0,
        shown_tracks: 0,
        permutations: 0,
        replicates: 0,
        block_bp: None,
        ..ValidateOptions::default()
    };
    let rows = reader.rows(truth).map_err(|error| files(error.into()))?;
    let input = ValidateInput {
        run: folder,
        against: &[],
        reference: &genome,
        reference_file: &reference_file,
        truth_file: &truth_file,
        columns: &reader.columns,
        named: &[],
        named_file: None,
        genes: None,
    };
    let validation = validate(&input, rows, &options, threads).map_err(|error| files(error.into()))?;
    let mut notes = chosen.notes.clone();
    notes.extend(reader.stated().record(assembly).note);
    if assembly.known().is_none() {
        notes.push(format!(
            "the protocol is on {}; the assembly of the reference is not proven, so this was not checked except through the bases of REF",
            protocol.source.assembly
        ));
    }
    notes.extend(validation.provenance.track_statements.iter().cloned());
    notes.extend(validation.provenance.mixed_sources.iter().map(ToString::to_string));
    if part.effect_allele == EffectAllele::Alt {
        notes.push("the effect is that of ALT against REF as the truth table names them; no sign is turned".to_owned());
    }
    let rows = rows_of(&validation, &reader, &chosen, protocol);
    if rows.rows.is_empty() {
        return Err(ProtocolError::NoRows {
            name: folder.display().to_string(),
            why: rows.counts.losses(),
        });
    }
    Ok(FolderRows {
        rows,
        run: validation.provenance.run.clone(),
        truth: truth_file,
        join: validation.join,
        notes,
    })
}

/// The summary of `validate` that is the aggregation over all tracks.
const fn summary(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Mean => "mean",
        Aggregation::MeanAbs => "mean_abs",
        Aggregation::MaxAbs | Aggregation::LargestSize => "max_abs",
        Aggregation::Max | Aggregation::SplicingComposite => "max",
    }
}

/// Which tracks count.
struct Chosen {
    /// Selections whose tracks `validate` reports.
    selections: Vec<String>,
    /// Name and strand of the tracks that count, by group; under `None` those for all. Empty where all tracks count.
    tracks: HashMap<Option<String>, BTreeSet<(String, String)>>,
    /// Scorers by short name, in the protocol's order.
    scorers: Vec<String>,
    by_group: bool,
    notes: Vec<String>,
}

impl Chosen {
    fn of(
        folder: &Path,
        manifest: &Manifest,
        scores: &ScoresPart,
        groups: &BTreeSet<String>,
    ) -> Result<Self, ProtocolError> {
        let mut chosen = Self {
            selections: Vec::new(),
            tracks: HashMap::new(),
            scorers: scores.scorers.iter().map(|name| short_name(name).to_owned()).collect(),
            by_group: false,
            notes: Vec::new(),
        };
        let Some(selection) = &scores.tracks else {
            return Ok(chosen);
        };
        let is_read = |set: &TrackSet| {
            manifest.scorers.iter().any(|scorer| {
                let named = chosen.scorers.iter().any(|name| name == short_name(&scorer.scorer));
                named && scorer.output_type == set.output.name()
            })
        };
        let sets: Vec<TrackSet> = TrackSource::Folder(folder.to_owned()).tracks()?;
        let sets: Vec<TrackSet> = sets.into_iter().filter(is_read).collect();
        chosen.by_group = selection.contains("{group}");
        let wanted: Vec<(Option<String>, String)> = match chosen.by_group {
            false => vec![(None, selection.clone())],
            true => {
                let quoted = |group: &String| selection.replace("{group}", &format!("\"{group}\""));
                groups
                    .iter()
                    .map(|group| (Some(group.clone()), quoted(group)))
                    .collect()
            }
        };
        for (group, text) in wanted {
            match (select(&text, &sets), &group) {
                (Ok((_, resolved)), _) => {
                    let mut of_group = BTreeSet::new();
                    for (set, places) in sets.iter().zip(&resolved.places) {
                        of_group.extend(places.iter().map(|&place| {
                            let track = &set.tracks[place];
                            (track.name.clone(), sign_or_dot(track.strand).to_owned())
                        }));
                    }
                    chosen.tracks.insert(group, of_group);
                    chosen.selections.push(text);
                }
                (Err(_), Some(group)) => chosen
                    .notes
                    .push(format!("the run has no track of the group `{group}`")),
                (Err(error), None) => return Err(error.into()),
            }
        }
        Ok(chosen)
    }

    /// The columns of the joined table that make the prediction of a row, one list for each scorer.
    fn columns(&self, table: &JoinedTable, group: Option<&str>) -> Vec<Vec<usize>> {
        let key = group.filter(|_| self.by_group).map(str::to_owned);
        let of_scorer = |scorer: &String| {
            let columns = table.columns.iter().enumerate();
            let counts = columns
                .filter(|(_, column)| column.scorer == *scorer)
                .filter(|(_, column)| {
                    if self.selections.is_empty() {
                        return column.kind == PredictorKind::Summary;
                    }
                    let strand = column.track_strand.clone().unwrap_or_else(|| ".".to_owned());
                    let track = (column.name.clone(), strand);
                    column.kind == PredictorKind::Track
                        && self.tracks.get(&key).is_some_and(|known| known.contains(&track))
                });
            counts.map(|(place, _)| place).collect()
        };
        self.scorers.iter().map(of_scorer).collect()
    }
}

/// Reduces the scores of one row; NaN where there is none.
///
/// * `scores`: for each scorer the scores that are there.
fn reduce(aggregation: Aggregation, scores: &[Vec<f64>]) -> f64 {
    let farthest = |scores: &[f64]| {
        let farther = |best: f64, score: &f64| {
            if score.abs() > best.abs() || best.is_nan() {
                *score
            } else {
                best
            }
        };
        scores.iter().fold(f64::NAN, farther)
    };
    let max = |scores: &[f64]| scores.iter().copied().fold(f64::NAN, f64::max);
    let Some(first) = scores.first().filter(|scores| !scores.is_empty()) else {
        return f64::NAN;
    };
    let n = first.len() as f64;
    match aggregation {
        Aggregation::Mean => first.iter().sum::<f64>() / n,
        Aggregation::MeanAbs => first.iter().map(|score| score.abs()).sum::<f64>() / n,
        Aggregation::MaxAbs => farthest(first),
        Aggregation::LargestSize => farthest(first).abs(),
        Aggregation::Max => max(first),
        Aggregation::SplicingComposite => match scores {
            [sites, usage, junctions] => {
                // A scorer without a score for the variant adds nothing; the variant has a score by the first.
                let or_nothing = |value: f64| if value.is_nan() { 0.0 } else { value };
                max(sites) + or_nothing(max(usage)) + or_nothing(max(junctions)) / 5.0
            }
            _ => f64::NAN,
        },
    }
}

fn rows_of(validation: &Validation, reader: &TruthReader<'_>, chosen: &Chosen, protocol: &Protocol) -> Rows {
    let table = &validation.joined;
    let mut counts = RowCounts {
        read: validation.join.truth.rows,
        ..RowCounts::default()
    };
    for (condition, rows) in &validation.join.truth.left_out {
        counts.leave_out_many(format!("do not meet `{condition}`"), *rows);
    }
    for (code, rows) in &validation.join.truth.rejected {
        counts.leave_out_many(format!("rejected: {code}"), *rows);
    }
    for experiment in &validation.join.experiments {
        for (fate, rows) in &experiment.not_scored {
            counts.leave_out_many(format!("without scores: {fate}"), *rows);
        }
    }
    let has_groups = reader.has_groups();
    let by_experiment: Vec<Vec<Vec<usize>>> = table
        .experiments
        .iter()
        .map(|experiment| chosen.columns(table, has_groups.then_some(experiment.as_str())))
        .collect();
    let is_labelled = protocol.is_labelled();
    let aggregation = protocol
        .scores
        .as_ref()
        .map_or(Aggregation::Mean, |scores| scores.aggregation);
    let mut rows = Vec::new();
    for joined in &table.variants {
        for (number, measured) in joined.measured.iter().enumerate() {
            let Some(measured) = measured else { continue };
            let group = has_groups.then(|| table.experiments[number].clone());
            let of_scorer = |columns: &Vec<usize>| -> Vec<f64> {
                columns.iter().filter_map(|&column| joined.predicted[column]).collect()
            };
            let scores: Vec<Vec<f64>> = by_experiment[number].iter().map(of_scorer).collect();
            let key = (joined.variant.to_string(), joined.gene.clone(), group.clone());
            rows.push(Row {
                target: labelled(*measured, is_labelled && reader.labels() == LabelOf::NotNegative),
                prediction: reduce(aggregation, &scores),
                match_group: reader.match_group(&key),
                group,
                place: place(&joined.variant),
                variant: Some(key.0),
            });
        }
    }
    Rows::of(rows, counts, protocol, None)
}

fn place(variant: &CheckedVariant) -> Option<Place> {
    Place::of_text(&variant.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_aggregation_of_a_small_row() {
        let one = |aggregation| reduce(aggregation, &[vec![0.5, -2.0, 1.0]]);
        assert_eq!(one(Aggregation::Mean), -0.5 / 3.0);
        assert_eq!(one(Aggregation::MeanAbs), 3.5 / 3.0);
        assert_eq!(one(Aggregation::MaxAbs), -2.0);
        assert_eq!(one(Aggregation::LargestSize), 2.0);
        assert_eq!(one(Aggregation::Max), 1.0);
        assert!(reduce(Aggregation::Mean, &[Vec::new()]).is_nan());
        // 0.9 + 0.3 + 2 / 5
        let splicing = reduce(
            Aggregation::SplicingComposite,
            &[vec![0.9, 0.1], vec![0.3], vec![2.0, 1.0]],
        );
        assert!((splicing - 1.6).abs() < 1e-15);
    }
}
