//! Scores and measurements brought together by checked variant: contig, position, REF and ALT in normal form.

use super::carried::{AnalysisColumns, Carried, CarriedColumn};
use super::error::ValidateError;
use super::measure::{Measured, blocks, rotations};
use super::row_key::numbered;
use super::run_folder::{Fate, RunFolder};
use super::truth::{Experiment, Measurement, Truth, TruthCounts, Unit};
use super::tss_distance::{self, GeneModels};
use refalt_core::CheckedVariant;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;

/// How one experiment and the run came together.
///
/// With a gene column a variant counts once for each of its genes, except in `not_measured`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExperimentJoin {
    /// The experiment.
    pub experiment: String,
    /// Variants measured (rows used).
    pub measured: u64,
    /// Variants measured and scored.
    pub joined: u64,
    /// Variants measured but not scored, by what became of them in the run; `not_in_run` when they were not in it.
    pub not_scored: BTreeMap<String, u64>,
    /// Variants scored but not measured in this experiment.
    pub not_measured: u64,
}

/// How the truth table and the run came together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JoinReport {
    /// What became of the rows of the truth table.
    pub truth: TruthCounts,
    /// Variants scored in the run.
    pub scored: u64,
    /// Variants scored and measured in at least one experiment; with a gene column, pairs of variant and gene.
    pub joined: u64,
    /// With a gene column: pairs among `joined` for whose gene the scorers by gene have no score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_gene_scores: Option<u64>,
    /// For each experiment.
    pub experiments: Vec<ExperimentJoin>,
}

/// The joined units, sorted by place, and the measurements over them.
pub(super) struct Join {
    pub(super) units: Vec<Unit>,
    pub(super) report: JoinReport,
    /// Bases to the transcription start of each unit, where they are asked for.
    pub(super) tss_distances: Option<Vec<f64>>,
}

impl Join {
    /// Looks every measured variant up in the run.
    pub(super) fn new(truth: &Truth, run: &RunFolder) -> Result<Self, ValidateError> {
        let measured = truth.experiments.iter().flat_map(|experiment| &experiment.measurements);
        let mut fates: HashMap<String, Option<Fate>> = measured
            .map(|measurement| (measurement.unit.variant.to_string(), None))
            .collect();
        let mut scored = 0;
        run.variants(|variant, fate| {
            let is_scored = fate == SCORED;
            scored += u64::from(is_scored);
            // Of several rows with one variant the scored one counts.
            if let Some(known) = fates.get_mut(variant)
                && (known.is_none() || is_scored)
            {
                *known = Some(fate.to_owned());
            }
        })?;
        let fate = |variant: &CheckedVariant| fates.get(&variant.to_string()).and_then(Option::as_deref);
        let experiments: Vec<ExperimentJoin> = truth
            .experiments
            .iter()
            .map(|experiment| count(experiment, scored, fate))
            .collect();
        let mut units: Vec<Unit> = truth
            .experiments
            .iter()
            .flat_map(|experiment| &experiment.measurements)
            .map(|measurement| &measurement.unit)
            .filter(|unit| fate(&unit.variant) == Some(SCORED))
            .cloned()
            .collect();
        units.sort_by(|a, b| a.place().cmp(&b.place()));
        units.dedup();
        let report = JoinReport {
            truth: truth.counts.clone(),
            scored,
            joined: units.len() as u64,
            without_gene_scores: None,
            experiments,
        };
        if units.is_empty() {
            return Err(ValidateError::NothingJoined {
                rows: report.truth.rows,
                why: report.losses(),
            });
        }
        Ok(Self {
            units,
            report,
            tss_distances: None,
        })
    }

    /// Finds the distances to transcription starts, when strata or covariates are of them.
    ///
    /// # Errors
    /// [`ValidateError::NeedsGenes`] without gene models, [`ValidateError::NoTssDistance`] when they have none for any unit.
    pub(super) fn measure_distances(
        &mut self,
        columns: &AnalysisColumns,
        models: Option<&GeneModels>,
    ) -> Result<(), ValidateError> {
        if !columns.wants_tss_distance() {
            return Ok(());
        }
        let models = models.ok_or(ValidateError::NeedsGenes)?;
        let distances = tss_distance::of_units(&self.units, models);
        if distances.iter().all(|distance| distance.is_nan()) {
            return Err(ValidateError::NoTssDistance {
                genes: models.file.name.clone(),
                by_gene: self.units.iter().any(|unit| unit.gene.is_some()),
            });
        }
        self.tss_distances = Some(distances);
        Ok(())
    }

    /// Takes units that are joined already; there is no report of them.
    pub(super) fn over(units: Vec<Unit>) -> Self {
        Self {
            units,
            report: JoinReport::default(),
            tss_distances: None,
        }
    }

    /// Returns the joined units by the name of their variant.
    pub(super) fn index(&self) -> BTreeMap<String, Vec<usize>> {
        let mut index: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, unit) in self.units.iter().enumerate() {
            index.entry(unit.variant.to_string()).or_default().push(place);
        }
        index
    }

    /// Returns an experiment over the joined variants.
    ///
    /// * `block_bp`: variants in blocks of so many bp are resampled together; `None` for each by itself. Clusters that
    ///   `columns` names take their place.
    pub(super) fn measured(
        &self,
        experiment: &Experiment,
        labels: usize,
        block_bp: Option<NonZeroU32>,
        columns: &AnalysisColumns,
    ) -> Result<Measured, ValidateError> {
        let mut measured = Measured {
            name: experiment.name.clone(),
            variants: Vec::new(),
            effects: Vec::new(),
            labels: vec![Vec::new(); labels],
            clusters: None,
            weights: None,
            carried: Carried::new(columns),
            rotations: None,
        };
        for measurement in &experiment.measurements {
            let wanted = measurement.unit.place();
            let Ok(index) = self.units.binary_search_by(|unit| unit.place().cmp(&wanted)) else {
                continue;
            };
            measured.variants.push(index);
            measured.effects.push(measurement.effect);
            measured.carried.push(measurement.line, &measurement.carried);
            if let Some(distances) = &self.tss_distances {
                measured.carried.push_tss_distance(distances[index]);
            }
            for (column, label) in measured.labels.iter_mut().zip(&measurement.labels) {
                column.push(*label);
            }
        }
        let variants: Vec<&CheckedVariant> = measured
            .variants
            .iter()
            .map(|&index| &self.units[index].variant)
            .collect();
        measured.rotations = rotations(&variants);
        let units: Vec<&Unit> = measured.variants.iter().map(|&index| &self.units[index]).collect();
        measured.clusters = match &columns.cluster {
            Some(key) => Some(key.clusters(&units, &measured.carried)?),
            None => block_bp.map(|bp| numbered(&blocks(&variants, bp))),
        };
        if let Some(weight) = &columns.weight {
            measured.weights = Some(measured.carried.numbers(&CarriedColumn::Weight(weight.clone()))?);
        }
        Ok(measured)
    }
}

const SCORED: &str = "scored";

fn count<'a>(
    experiment: &Experiment,
    scored: u64,
    fate: impl Fn(&CheckedVariant) -> Option<&'a str>,
) -> ExperimentJoin {
    let mut join = ExperimentJoin {
        experiment: experiment.name.clone(),
        measured: experiment.measurements.len() as u64,
        joined: 0,
        not_scored: BTreeMap::new(),
        not_measured: 0,
    };
    let (mut scored_here, mut last) = (0, None);
    for Measurement { unit, .. } in &experiment.measurements {
        match fate(&unit.variant) {
            Some(SCORED) => {
                join.joined += 1;
                // The genes of a variant follow each other.
                scored_here += u64::from(last.replace(&unit.variant) != Some(&unit.variant));
            }
            other => {
                *join
                    .not_scored
                    .entry(other.unwrap_or("not_in_run").to_owned())
                    .or_default() += 1
            }
        }
    }
    join.not_measured = scored - scored_here;
    join
}

impl JoinReport {
    /// Says in words where the rows went, when none was joined.
    fn losses(&self) -> String {
        let truth = &self.truth;
        let mut parts = Vec::new();
        for (condition, count) in &truth.left_out {
            parts.push(format!("{count} do not meet `{condition}`"));
        }
        for (code, count) in &truth.rejected {
            parts.push(format!("{count} are rejected (`{code}`)"));
        }
        for experiment in &self.experiments {
            for (fate, count) in &experiment.not_scored {
                let what = if fate == "not_in_run" {
                    "not in the run".to_owned()
                } else {
                    format!("`{fate}` in the run")
                };
                parts.push(format!("{count} of `{}` are {what}", experiment.experiment));
            }
        }
        if parts.is_empty() {
            parts.push("none is left".to_owned());
        }
        parts.join(", ")
    }
}
