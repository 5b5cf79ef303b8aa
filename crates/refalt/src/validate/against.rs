//! Other runs beside the one that is validated: the same truth, other windows, models or tracks.

use super::compare::Effort;
use super::difference::{DifferenceRow, Side, of_pairs};
use super::error::ValidateError;
use super::join::Join;
use super::measure::Measured;
use super::options::{self, ValidateOptions};
use super::predictor;
use super::run_folder::{RunFolder, Wanted};
use super::subject::Subject;
use super::truth::{Truth, TruthColumns, Unit};
use crate::engine::RunIdentity;
use crate::engine::manifest::ManifestModel;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Another run, for the record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OtherRunRecord {
    /// Its name in tables: as much of the end of its path as tells it from the others.
    pub name: String,
    /// What decided the bytes of its scores.
    pub run: RunIdentity,
    /// Its model.
    pub model: ManifestModel,
    /// Variants measured and scored in it.
    pub joined: u64,
    /// Tracks asked for that it does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacking_tracks: Vec<String>,
    /// Whether every prediction that is compared has the same scores in both runs: then nothing is compared.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub same_scores: bool,
}

impl OtherRunRecord {
    /// Says what a reader of the comparison must know.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.same_scores {
            warnings.push(format!(
                "every prediction compared has the same scores in `{}` as in the run that is validated: all differences are 0, and \
                 say nothing",
                self.name
            ));
        }
        if !self.lacking_tracks.is_empty() {
            warnings.push(format!(
                "`{}` does not have the tracks `{}`: they are not compared",
                self.name,
                self.lacking_tracks.join("`, `")
            ));
        }
        warnings
    }
}

/// Names folders by as much of the end of their paths as tells them apart.
pub(super) fn names(folders: &[&Path]) -> Vec<String> {
    let parts: Vec<Vec<String>> = folders
        .iter()
        .map(|folder| {
            let normal = folder.components().filter_map(|part| match part {
                std::path::Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
                _ => None,
            });
            normal.collect()
        })
        .collect();
    let tail = |parts: &Vec<String>, length: usize| parts[parts.len().saturating_sub(length)..].join("/");
    let longest = parts.iter().map(Vec::len).max().unwrap_or(1).max(1);
    for length in 1..=longest {
        let names: Vec<String> = parts.iter().map(|parts| tail(parts, length)).collect();
        let mut distinct = names.clone();
        distinct.sort();
        distinct.dedup();
        if distinct.len() == names.len() && names.iter().all(|name| !name.is_empty()) {
            return names;
        }
    }
    (1..=folders.len()).map(|number| format!("run {number}")).collect()
}

/// The run that is validated, as the others see it.
pub(super) struct Base<'a> {
    pub(super) name: &'a str,
    pub(super) units: &'a [Unit],
    pub(super) subjects: &'a [Subject<'a>],
}

/// Another run, compared with the first.
pub(super) struct OtherRun {
    pub(super) record: OtherRunRecord,
    /// Its joined units, sorted by place.
    pub(super) units: Vec<Unit>,
    /// Its predictions in full, over these.
    pub(super) subjects: Vec<Subject<'static>>,
    pub(super) differences: Vec<DifferenceRow>,
}

/// Compares the predictions of the run with those of the same name in another run, on the variants of both.
///
/// # Errors
/// As for a validation of the other run; [`ValidateError::NothingInCommon`] when no prediction of the two has the same name.
pub(super) fn of_run(
    base: &Base<'_>,
    (name, folder): (&str, &PathBuf),
    run: &RunFolder,
    truth: &Truth,
    columns: &TruthColumns,
    options: &ValidateOptions,
    effort: Effort,
) -> Result<OtherRun, ValidateError> {
    let in_folder = |error: ValidateError| ValidateError::InOtherRun {
        folder: folder.clone(),
        error: Box::new(error),
    };
    let texts: Vec<&str> = run
        .manifest
        .scorers
        .iter()
        .map(|scorer| scorer.scorer.as_str())
        .collect();
    // Scorers that only one of the two runs has are no reason to stop.
    let wanted: Vec<usize> = (0..texts.len())
        .filter(|&place| {
            base.subjects
                .iter()
                .any(|subject| subject.column.scorer == options::short_name(texts[place]))
        })
        .collect();
    let outputs: Vec<&str> = wanted
        .iter()
        .map(|&scorer| run.manifest.scorers[scorer].output_type.as_str())
        .collect();
    // Nor are tracks that only the first has; without a common scorer there are none to look for.
    let (asked_for, lacking) = match wanted.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => {
            let (asked_for, lacking) = options.tracks_found(run.sets(), &outputs);
            (asked_for.places, lacking)
        }
    };
    let join = Join::new(truth, run).map_err(in_folder)?;
    let index = join.index();
    let (matrices, _) = run
        .scores(&wanted, &Wanted::of(&index, &join.units), options.collapse)
        .map_err(in_folder)?;
    let summaries = options.summaries()?;
    let groups = predictor::of_scorers(&matrices, &asked_for, &summaries, join.units.len());
    let others = Subject::in_full(&groups);
    let mut units: Vec<Unit> = base.units.iter().chain(&join.units).cloned().collect();
    units.sort_by(|a, b| a.place().cmp(&b.place()));
    units.dedup();
    let places = |of: &[Unit]| -> Vec<Option<usize>> {
        let find = |unit: &Unit| of.binary_search_by(|known| known.place().cmp(&unit.place())).ok();
        units.iter().map(find).collect()
    };
    let (in_base, in_other) = (places(base.units), places(&join.units));
    let matched: Vec<[Subject<'static>; 2]> = base
        .subjects
        .iter()
        .filter_map(|subject| {
            let other = others.iter().find(|other| other.column == subject.column)?;
            Some([subject.over(&in_base), other.over(&in_other)])
        })
        .collect();
    if matched.is_empty() {
        return Err(ValidateError::NothingInCommon { folder: folder.clone() });
    }
    let record = OtherRunRecord {
        name: name.to_owned(),
        run: run.manifest.identity.clone(),
        model: run.manifest.model.clone(),
        joined: join.units.len() as u64,
        lacking_tracks: lacking,
        same_scores: matched.iter().all(|[first, second]| first.has_scores_of(second)),
    };
    let both = Join::over(units);
    let mut rows = Vec::new();
    for experiment in &truth.experiments {
        let measured: Measured =
            both.measured(experiment, columns.labels.len(), options.block_bp, &columns.analysis)?;
        let values: Vec<[Vec<f64>; 2]> = matched
            .iter()
            .map(|[first, second]| [first.values(&measured), second.values(&measured)])
            .collect();
        let pairs: Vec<[Side<'_>; 2]> = matched
            .iter()
            .zip(&values)
            .map(|([first, second], [of_first, of_second])| {
                [
                    Side {
                        run: Some(base.name),
                        column: &first.column,
                        no_direction: first.no_direction,
                        values: of_first,
                    },
                    Side {
                        run: Some(name),
                        column: &second.column,
                        no_direction: second.no_direction,
                        values: of_second,
                    },
                ]
            })
            .collect();
        rows.extend(of_pairs(&pairs, &measured, &columns.labels, effort)?);
    }
    let all: Vec<Option<usize>> = (0..join.units.len()).map(Some).collect();
    Ok(OtherRun {
        record,
        subjects: others.iter().map(|other| other.over(&all)).collect(),
        units: join.units,
        differences: rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_by_what_tells_them_apart() {
        let of = |folders: &[&str]| names(&folders.iter().map(|folder| Path::new(*folder)).collect::<Vec<_>>());
        assert_eq!(of(&["out/16kb/", "out/1mb"]), ["16kb", "1mb"]);
        assert_eq!(
            of(&["out/16kb/scores", "../out/1mb/scores"]),
            ["16kb/scores", "1mb/scores"]
        );
        assert_eq!(of(&["out/a", "out/a"]), ["run 1", "run 2"]);
        assert_eq!(of(&["."]), ["run 1"]);
    }
}
