//! Scores against measured effects: `refalt validate`.
//!
//! Reads a finished run and a truth table, joins them by checked variant (never by position alone), and computes for
//! each experiment, each track and each summary over tracks: correlations of effects and of their sizes, sign accuracy,
//! AUROC and average precision, with intervals, permutation and rotation p-values, the ceiling that another experiment
//! sets, and the ranks of named variants. `docs/validation.md` defines every number.
//!
//! Scores of different scorers or kinds are never put together. A number that does not exist (the direction of an
//! activity score, the correlation of a constant track) is left empty, with the reason beside it.
//!
//! Results are the same for the same inputs, options and seed, whatever the number of threads.

mod against;
mod calibration_bins;
mod carried;
mod compare;
mod condition;
mod difference;
mod effective_size;
mod error;
mod family;
mod files;
mod folder;
mod group_means;
mod interval;
mod join;
mod joined;
mod measure;
mod measured_effects;
mod options;
mod output;
mod page;
mod pairing;
mod parallel;
mod partial;
mod parts;
mod predictor;
mod ranking_curves;
mod ranks;
mod row_key;
mod run_folder;
mod side_by_side;
mod strata;
mod stratum;
mod subject;
mod summary;
mod truth;
mod tss_distance;
mod tsv;

pub use against::OtherRunRecord;
pub use calibration_bins::CalibrationRow;
pub use carried::AnalysisColumns;
pub use compare::MetricRow;
pub use condition::{Comparand, Comparison, Condition, ConditionError, LabelRule};
pub use difference::DifferenceRow;
pub use effective_size::{EffectiveRow, ReliabilityRecord};
pub use error::ValidateError;
pub use files::{ValidateFilesError, ValidateRequest, named_variants, validate_files};
pub use folder::check_folder;
pub use group_means::GroupRow;
pub use interval::{Estimate, IntervalKind};
pub use join::{ExperimentJoin, JoinReport};
pub use joined::{JoinedColumn, JoinedTable, JoinedVariant};
pub(crate) use measured_effects::{MeasuredEffect, MeasuredEffects, measured_effects};
pub(crate) use options::short_name;
pub use options::{Collapse, ValidateOptions};
pub use output::{ExperimentRecord, Provenance};
pub use pairing::{Pairing, PairingError};
pub(crate) use parallel::ordered;
pub use partial::PartialRow;
pub use predictor::PredictorKind;
pub use ranking_curves::RankingCurves;
pub use ranks::{NamedVariant, RankRow};
pub use row_key::RowKey;
pub use side_by_side::RunRow;
pub use strata::StratumRow;
pub use stratum::{Cut, Quantity, StratumRule, StratumRuleError};
pub use summary::{SUMMARIES, Summary};
pub use truth::{OrientationCounts, RejectedRow, TruthColumns, TruthCounts, TruthRow};
pub use tss_distance::GeneModels;
pub(crate) use tsv::Tsv;

use crate::diagnostic::Diagnostic;
use crate::engine::MixedSources;
use crate::measured::EffectAllele;
use crate::provenance::{FileIdentity, VERSION};
use compare::Effort;
use family::Draws;
use interval::Intervals;
use join::Join;
use measure::Measured;
use parts::{Parts, open_others, pairs_of};
use predictor::Group;
use refalt_core::Reference;
use refalt_core::stats::{BootstrapOptions, IntervalMethod, smallest_detectable_correlation};
use run_folder::{RunFolder, ScoreMatrix, Wanted};
use std::path::{Path, PathBuf};
use subject::Subject;
use truth::{Experiment, Truth};

/// What is validated against what.
#[derive(Clone, Copy)]
pub struct ValidateInput<'a> {
    /// The folder of a finished run.
    pub run: &'a Path,
    /// Folders of other finished runs, whose predictions are compared with those of the first on the variants of both.
    pub against: &'a [PathBuf],
    /// The reference that the run was scored with.
    pub reference: &'a dyn Reference,
    /// Name and content of the reference file, which must be those of the run.
    pub reference_file: &'a FileIdentity,
    /// Name and content of the truth table, for the record.
    pub truth_file: &'a FileIdentity,
    /// Which columns of the truth table are what.
    pub columns: &'a TruthColumns,
    /// Variants whose ranks are reported.
    pub named: &'a [NamedVariant],
    /// Name and content of the table that they come from, for the record.
    pub named_file: Option<&'a FileIdentity>,
    /// Gene models, where distances to transcription starts are asked for.
    pub genes: Option<&'a GeneModels>,
}

/// What came out; [`write`](Self::write) puts it into files.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    /// From what it was made.
    pub provenance: Provenance,
    /// How truth and run came together.
    pub join: JoinReport,
    /// The experiments, in the order of the truth table.
    pub experiments: Vec<ExperimentRecord>,
    /// Metrics: by experiment, then other experiments, summaries and tracks of each scorer, then metric.
    pub metrics: Vec<MetricRow>,
    /// Ranks: by experiment, then ranking, then named variant.
    pub ranks: Vec<RankRow>,
    /// How many independent observations the rows are worth: by experiment, then scorer.
    pub effective: Vec<EffectiveRow>,
    /// What replicates say of each experiment, when experiments are replicates.
    pub reliability: Vec<ReliabilityRecord>,
    /// Measured effects in bins of the score.
    pub calibration: Vec<CalibrationRow>,
    /// Paired differences: between predictions of the run, then against other runs.
    pub differences: Vec<DifferenceRow>,
    /// Metrics of each of several runs on the variants of all.
    pub runs: Vec<RunRow>,
    /// Metrics within strata.
    pub strata: Vec<StratumRow>,
    /// Metrics by group, and their means.
    pub groups: Vec<GroupRow>,
    /// Partial correlations.
    pub partial: Vec<PartialRow>,
    /// ROC and precision-recall curves of the predictions in full, for figures.
    pub curves: Vec<RankingCurves>,
    /// The joined variants with measured and predicted values.
    pub joined: JoinedTable,
}

/// Power at which the smallest detectable correlation is stated.
const POWER: f64 = 0.8;

/// Joins a run with measured effects and compares them.
///
/// * `truth`: every row of the truth table, with the cells of [`TruthColumns::names`].
/// * `threads`: threads that compute; they change nothing but the time.
///
/// # Errors
/// [`ValidateError`], before anything is computed where possible.
pub fn validate<E: Diagnostic>(
    input: &ValidateInput<'_>,
    truth: impl Iterator<Item = Result<TruthRow, E>>,
    options: &ValidateOptions,
    threads: usize,
) -> Result<Validation, ValidateError> {
    let run = RunFolder::open(input.run)?;
    refuse_other_reference(&run, input.reference_file)?;
    let texts: Vec<&str> = run
        .manifest
        .scorers
        .iter()
        .map(|scorer| scorer.scorer.as_str())
        .collect();
    let scorers = options.scorers_of(&texts)?;
    let summaries = options.summaries()?;
    let others_of = open_others(input, &run)?;
    let effort = effort(options, input.columns, threads)?;
    let outputs: Vec<&str> = scorers
        .iter()
        .map(|&scorer| run.manifest.scorers[scorer].output_type.as_str())
        .collect();
    let options::AskedFor {
        places: asked_for,
        statements,
    } = options.tracks_of(run.sets(), &outputs)?;
    let truth = Truth::read(truth, input.columns, input.reference, &input.truth_file.name)?;
    truth.refuse_p_values()?;
    let is_turned = matches!(input.columns.effect_allele, Some(EffectAllele::Column(_)));
    let effect_warnings = truth.one_sided(is_turned);
    let mut join = Join::new(&truth, &run)?;
    join.measure_distances(&input.columns.analysis, input.genes)?;
    let index = join.index();
    let (matrices, without_gene_scores) = run.scores(&scorers, &Wanted::of(&index, &join.units), options.collapse)?;
    join.report.without_gene_scores = input.columns.gene.is_some().then_some(without_gene_scores);

    let groups = predictor::of_scorers(&matrices, &asked_for, &summaries, join.units.len());
    let measured: Vec<Measured> = truth
        .experiments
        .iter()
        .map(|experiment| {
            let labels = input.columns.labels.len();
            join.measured(experiment, labels, options.block_bp, &input.columns.analysis)
        })
        .collect::<Result<_, _>>()?;
    let subjects = Subject::in_full(&groups);
    let pairs = pairs_of(&options.compare, &subjects)?;
    let mut metrics = Vec::new();
    let mut reliability = Vec::new();
    let mut shown = asked_for;
    for (number, measured) in measured.iter().enumerate() {
        let first_row = metrics.len();
        let others = others(&truth.experiments, number, &join)?;
        if options.replicate_experiments && !others.is_empty() {
            reliability.push(effective_size::reliability(measured, &others));
        }
        let others = predictor::experiments(others);
        let labels = &input.columns.labels;
        let ceiling_rows = compare::of_group(&others, measured, labels, &[], effort)?;
        let ceilings = compare::best_values(&ceiling_rows, labels.len(), measured.weights.is_some());
        metrics.extend(ceiling_rows);
        for ([summaries, tracks], shown) in groups.iter().zip(&mut shown) {
            metrics.extend(compare::of_group(summaries, measured, labels, &ceilings, effort)?);
            let rows = compare::of_group(tracks, measured, labels, &ceilings, effort)?;
            shown.extend(best_tracks(&rows, tracks, options.shown_tracks));
            metrics.extend(rows);
        }
        if let Some(record) = reliability.last().filter(|record| record.experiment == measured.name) {
            compare::enter_noise_ceiling(&mut metrics[first_row..], record);
        }
    }
    for shown in &mut shown {
        shown.sort_unstable();
        shown.dedup();
    }
    let found = ranks::find(input.named, input.reference, &index, &join.units);
    let mut ranks = Vec::new();
    for measured in &measured {
        ranks.extend(ranks::by_measurement(&found, measured)?);
        for ([summaries, tracks], shown) in groups.iter().zip(&shown) {
            for predictor in &summaries.predictors {
                ranks.extend(ranks::by_prediction(&found, measured, summaries, predictor)?);
            }
            for &track in shown {
                ranks.extend(ranks::by_prediction(
                    &found,
                    measured,
                    tracks,
                    &tracks.predictors[track],
                )?);
            }
        }
    }
    let mut parts = Parts::default();
    for measured in &measured {
        parts.add(measured, &subjects, &pairs, &join.units, input.columns, effort)?;
        for (matrix, [summaries, _]) in matrices.iter().zip(&groups) {
            let scorer = summaries.scorer.as_deref().unwrap_or_default();
            let window_bp = run.manifest.identity.window_bp;
            let levels = (options.level, POWER);
            parts.effective.push(effective_size::of_scorer(
                matrix,
                scorer,
                measured,
                &join.units,
                window_bp,
                levels,
            )?);
        }
    }
    let folders: Vec<&Path> = std::iter::once(input.run)
        .chain(input.against.iter().map(PathBuf::as_path))
        .collect();
    let names = against::names(&folders);
    let base = against::Base {
        name: &names[0],
        units: &join.units,
        subjects: &subjects,
    };
    let mut others = Vec::new();
    for ((name, folder), other) in names[1..].iter().zip(input.against).zip(&others_of) {
        let other = against::of_run(&base, (name, folder), other, &truth, input.columns, options, effort)?;
        parts.differences.extend(other.differences.iter().cloned());
        others.push(other);
    }
    let first = (
        names[0].as_str(),
        &run.manifest.identity,
        join.units.as_slice(),
        subjects.as_slice(),
    );
    let runs = side_by_side::of_runs(first, &others, &truth, input.columns, options, effort)?;
    let records: Vec<OtherRunRecord> = others.into_iter().map(|other| other.record).collect();
    difference::adjust(&mut parts.differences)?;
    strata::adjust(&mut parts.strata)?;
    Ok(Validation {
        provenance: Provenance {
            run_name: (!records.is_empty()).then(|| names[0].clone()),
            against: records,
            effect_warnings,
            ..provenance(&run, input, &matrices, options, statements)
        },
        effective: parts.effective,
        reliability,
        calibration: parts.calibration,
        differences: parts.differences,
        runs,
        strata: parts.strata,
        groups: parts.groups,
        partial: parts.partial,
        curves: parts.curves,
        experiments: measured.iter().map(|measured| record(measured, options)).collect(),
        joined: joined::table(&join.units, &measured, &groups, &matrices, &shown),
        join: join.report,
        metrics,
        ranks,
    })
}

/// The measured values of all experiments but one, over the joined variants.
fn others(experiments: &[Experiment], but: usize, join: &Join) -> Result<Vec<(String, Vec<f64>)>, ValidateError> {
    let others = experiments.iter().enumerate().filter(|(number, _)| *number != but);
    others
        .map(|(_, experiment)| {
            let measured = join.measured(experiment, 0, None, &AnalysisColumns::default())?;
            let mut column = vec![f64::NAN; join.units.len()];
            for (variant, effect) in measured.variants.iter().zip(&measured.effects) {
                column[*variant] = *effect;
            }
            Ok((experiment.name.clone(), column))
        })
        .collect()
}

/// Returns the tracks with the strongest Spearman correlation, of effects where they have a direction, else of sizes.
fn best_tracks(rows: &[MetricRow], tracks: &Group<'_>, count: usize) -> Vec<usize> {
    let measures = rows.len() / tracks.predictors.len().max(1);
    let strength = |rows: &[MetricRow]| {
        let spearman = rows.iter().filter(|row| row.metric == "spearman");
        spearman.filter_map(|row| row.value).next().map(f64::abs)
    };
    let mut strengths: Vec<(usize, f64)> = rows
        .chunks(measures.max(1))
        .enumerate()
        .filter_map(|(track, rows)| Some((track, strength(rows)?)))
        .collect();
    strengths.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    strengths.into_iter().take(count).map(|(track, _)| track).collect()
}

fn refuse_other_reference(run: &RunFolder, given: &FileIdentity) -> Result<(), ValidateError> {
    let of_run = &run.manifest.identity.reference;
    if of_run.sha256 == given.sha256 {
        return Ok(());
    }
    Err(ValidateError::OtherReference {
        run: Box::new(of_run.clone()),
        given: Box::new(given.clone()),
    })
}

/// Takes over how much is drawn, and refuses choices that contradict each other.
fn effort(options: &ValidateOptions, columns: &TruthColumns, threads: usize) -> Result<Effort, ValidateError> {
    let nothing_drawn = match options.interval {
        IntervalKind::Fisher => Some("--interval fisher"),
        IntervalKind::Bca | IntervalKind::Percentile if options.replicates == 0 => Some("--replicates 0"),
        _ => None,
    };
    if let Some(column) = columns.analysis.covariates.iter().find(|name| **name == columns.effect) {
        return Err(ValidateError::EffectAsCovariate { column: column.clone() });
    }
    if let (Some(cluster), Some(option)) = (&columns.analysis.cluster, nothing_drawn) {
        return Err(ValidateError::ClosedFormOfClusters {
            option,
            cluster: cluster.to_string(),
        });
    }
    // The call checks the level.
    refalt_core::stats::fisher_interval(0.0, 4, options.level)?;
    Ok(Effort {
        draws: Draws {
            permutations: options.permutations,
            seed: options.seed,
            threads,
        },
        intervals: Intervals {
            kind: options.interval,
            bootstrap: BootstrapOptions {
                replicates: options.replicates,
                seed: options.seed,
                level: options.level,
                method: IntervalMethod::Bca,
            },
            closed_forms: columns.analysis.cluster.is_none(),
        },
        top_tracks: options.top_tracks,
    })
}

fn record(measured: &Measured, options: &ValidateOptions) -> ExperimentRecord {
    ExperimentRecord {
        experiment: measured.name.clone(),
        n: measured.variants.len(),
        rotations: measured.rotations.as_ref().map(Vec::len),
        detectable_correlation: smallest_detectable_correlation(measured.variants.len(), 1.0 - options.level, POWER)
            .ok(),
    }
}

fn provenance(
    run: &RunFolder,
    input: &ValidateInput<'_>,
    matrices: &[ScoreMatrix],
    options: &ValidateOptions,
    track_statements: Vec<String>,
) -> Provenance {
    Provenance {
        refalt: VERSION.to_owned(),
        run: run.manifest.identity.clone(),
        model: run.manifest.model.clone(),
        scorers: matrices.iter().map(|matrix| matrix.scorer.clone()).collect(),
        truth: input.truth_file.clone(),
        effect_column: input.columns.effect.clone(),
        effect_allele: input.columns.effect_allele.as_ref().map(ToString::to_string),
        experiment_column: input.columns.experiment.clone(),
        gene_column: input.columns.gene.clone(),
        named: input.named_file.cloned(),
        genes: input.genes.map(|models| models.file.clone()),
        conditions: input.columns.keep.iter().map(ToString::to_string).collect(),
        labels: input.columns.labels.iter().map(ToString::to_string).collect(),
        analysis: input.columns.analysis.clone(),
        run_name: None,
        against: Vec::new(),
        options: options.clone(),
        track_statements,
        effect_warnings: Vec::new(),
        mixed_sources: MixedSources::of(
            &run.manifest.sources,
            matrices.iter().map(|matrix| matrix.scorer.scorer.as_str()),
        ),
    }
}
