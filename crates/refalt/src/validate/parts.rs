//! What is computed beside the metrics: for the predictions in full, and against other runs.

use super::calibration_bins::{self, CalibrationRow};
use super::compare::Effort;
use super::difference::{self, DifferenceRow, Side};
use super::effective_size::EffectiveRow;
use super::group_means::{self, GroupRow};
use super::joined::JoinedColumn;
use super::measure::Measured;
use super::pairing::Pairing;
use super::partial::{self, PartialRow};
use super::ranking_curves::{self, RankingCurves};
use super::run_folder::RunFolder;
use super::strata::{self, StratumRow};
use super::subject::Subject;
use super::truth::{TruthColumns, Unit};
use super::{ValidateError, ValidateInput, refuse_other_reference};
use std::path::PathBuf;

/// What is computed for the predictions in full, experiment by experiment.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) effective: Vec<EffectiveRow>,
    pub(super) calibration: Vec<CalibrationRow>,
    pub(super) differences: Vec<DifferenceRow>,
    pub(super) strata: Vec<StratumRow>,
    pub(super) groups: Vec<GroupRow>,
    pub(super) partial: Vec<PartialRow>,
    pub(super) curves: Vec<RankingCurves>,
}

impl Parts {
    /// Adds what is computed over one experiment; the pairs are places of predictions.
    pub(super) fn add(
        &mut self,
        measured: &Measured,
        subjects: &[Subject<'_>],
        pairs: &[(usize, usize)],
        units: &[Unit],
        columns: &TruthColumns,
        effort: Effort,
    ) -> Result<(), ValidateError> {
        let labels = &columns.labels;
        self.calibration
            .extend(calibration_bins::of_experiment(subjects, measured, labels, effort)?);
        let values: Vec<Vec<f64>> = subjects.iter().map(|subject| subject.values(measured)).collect();
        let side = |place: usize| Side {
            run: None,
            column: &subjects[place].column,
            no_direction: subjects[place].no_direction,
            values: &values[place],
        };
        let sides: Vec<[Side<'_>; 2]> = pairs
            .iter()
            .map(|&(first, second)| [side(first), side(second)])
            .collect();
        self.differences
            .extend(difference::of_pairs(&sides, measured, labels, effort)?);
        self.strata
            .extend(strata::of_experiment(subjects, measured, columns, effort)?);
        self.groups
            .extend(group_means::of_experiment(subjects, measured, units, columns, effort)?);
        self.curves
            .extend(ranking_curves::of_experiment(subjects, measured, labels)?);
        self.partial
            .extend(partial::of_experiment(subjects, measured, columns, effort)?);
        Ok(())
    }
}

/// Opens the other runs, which must have the reference of the first and be other runs, each once.
pub(super) fn open_others(input: &ValidateInput<'_>, first: &RunFolder) -> Result<Vec<RunFolder>, ValidateError> {
    let open = |folder: &PathBuf| {
        let run = RunFolder::open(folder)?;
        if run.manifest.identity.differences(&first.manifest.identity).is_empty() {
            return Err(ValidateError::SameRun { folder: folder.clone() });
        }
        refuse_other_reference(&run, input.reference_file).map_err(|error| ValidateError::InOtherRun {
            folder: folder.clone(),
            error: Box::new(error),
        })?;
        Ok(run)
    };
    let others: Vec<RunFolder> = input.against.iter().map(open).collect::<Result<_, _>>()?;
    for (place, other) in others.iter().enumerate() {
        let is_same = |earlier: &RunFolder| {
            let identity = &other.manifest.identity;
            identity.differences(&earlier.manifest.identity).is_empty()
        };
        if let Some(earlier) = others[..place].iter().position(is_same) {
            let [folder, other] = [place, earlier].map(|place| input.against[place].clone());
            return Err(ValidateError::SameOtherRun { folder, other });
        }
    }
    Ok(others)
}

/// Finds the predictions that are compared with each other.
pub(super) fn pairs_of(pairings: &[Pairing], subjects: &[Subject<'_>]) -> Result<Vec<(usize, usize)>, ValidateError> {
    let columns: Vec<&JoinedColumn> = subjects.iter().map(|subject| &subject.column).collect();
    let mut pairs = Vec::new();
    for pairing in pairings {
        for pair in pairing.find(&columns)? {
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
    }
    Ok(pairs)
}
