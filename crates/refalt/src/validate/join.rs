//! Scores and measurements brought together by checked variant: contig, position, REF and ALT in normal form.

use super::error::ValidateError;
use super::measure::{Measured, blocks, rotations};
use super::run_folder::{Fate, RunFolder};
use super::truth::{Experiment, Truth, TruthCounts, place};
use refalt_core::CheckedVariant;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;

/// How one experiment and the run came together.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JoinReport {
    /// What became of the rows of the truth table.
    pub truth: TruthCounts,
    /// Variants scored in the run.
    pub scored: u64,
    /// Variants scored and measured in at least one experiment.
    pub joined: u64,
    /// For each experiment.
    pub experiments: Vec<ExperimentJoin>,
}

/// The joined variants, sorted by place, and the measurements over them.
pub(super) struct Join {
    pub(super) variants: Vec<CheckedVariant>,
    pub(super) report: JoinReport,
}

impl Join {
    /// Looks every measured variant up in the run.
    pub(super) fn new(truth: &Truth, run: &RunFolder) -> Result<Self, ValidateError> {
        let measured = truth.experiments.iter().flat_map(|experiment| &experiment.measurements);
        let mut fates: HashMap<String, Option<Fate>> = measured
            .map(|measurement| (measurement.variant.to_string(), None))
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
        let mut variants: Vec<CheckedVariant> = truth
            .experiments
            .iter()
            .flat_map(|experiment| &experiment.measurements)
            .map(|measurement| &measurement.variant)
            .filter(|variant| fate(variant) == Some(SCORED))
            .cloned()
            .collect();
        variants.sort_by(|a, b| place(a).cmp(&place(b)));
        variants.dedup();
        let report = JoinReport {
            truth: truth.counts.clone(),
            scored,
            joined: variants.len() as u64,
            experiments,
        };
        if variants.is_empty() {
            return Err(ValidateError::NothingJoined {
                rows: report.truth.rows,
                why: report.losses(),
            });
        }
        Ok(Self { variants, report })
    }

    /// Returns the joined variants by name.
    pub(super) fn index(&self) -> BTreeMap<String, usize> {
        let names = self.variants.iter().map(ToString::to_string);
        names.enumerate().map(|(index, name)| (name, index)).collect()
    }

    /// Returns an experiment over the joined variants.
    ///
    /// * `block_bp`: variants in blocks of so many bp are resampled together; `None` for each by itself.
    pub(super) fn measured(&self, experiment: &Experiment, labels: usize, block_bp: Option<NonZeroU32>) -> Measured {
        let mut measured = Measured {
            name: experiment.name.clone(),
            variants: Vec::new(),
            effects: Vec::new(),
            labels: vec![Vec::new(); labels],
            blocks: None,
            rotations: None,
        };
        for measurement in &experiment.measurements {
            let wanted = place(&measurement.variant);
            let Ok(index) = self.variants.binary_search_by(|variant| place(variant).cmp(&wanted)) else {
                continue;
            };
            measured.variants.push(index);
            measured.effects.push(measurement.effect);
            for (column, label) in measured.labels.iter_mut().zip(&measurement.labels) {
                column.push(*label);
            }
        }
        let variants: Vec<&CheckedVariant> = measured.variants.iter().map(|&index| &self.variants[index]).collect();
        measured.blocks = block_bp.map(|bp| blocks(&variants, bp));
        measured.rotations = rotations(&variants);
        measured
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
    for measurement in &experiment.measurements {
        match fate(&measurement.variant) {
            Some(SCORED) => join.joined += 1,
            other => {
                *join
                    .not_scored
                    .entry(other.unwrap_or("not_in_run").to_owned())
                    .or_default() += 1
            }
        }
    }
    join.not_measured = scored - join.joined;
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
