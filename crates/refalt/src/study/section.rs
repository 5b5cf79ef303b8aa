//! The sections of the report, in order; one file each.

mod audit;
mod element;
mod limits;
mod measurement;
mod overview;
mod ranks;
mod sites;

use super::{Findings, Named, StudyError, StudyFile};
use crate::report::Section;
use crate::validate::{JoinedColumn, MetricRow, PredictorKind, Validation};
use refalt_core::Strand;

/// Refuses what the sections could not draw, before anything is computed.
pub(super) fn check(file: &StudyFile, named: &[Named]) -> Result<(), StudyError> {
    for hotspot in &file.show.hotspots {
        if !named.iter().any(|one| one.name == *hotspot) {
            return Err(StudyError::Value {
                what: "hotspot",
                value: hotspot.clone(),
                reason: "the table of named variants does not have it".to_owned(),
            });
        }
    }
    element::check(file)?;
    if let Some(created) = &file.show.created
        && Strand::from_sign(created.strand).is_none()
    {
        return Err(StudyError::Value {
            what: "strand",
            value: created.strand.to_string(),
            reason: "a strand is `+` or `-`".to_owned(),
        });
    }
    Ok(())
}

/// Makes all sections.
pub(super) fn all(findings: &Findings<'_>) -> Result<Vec<Section>, StudyError> {
    let mut sections = vec![overview::section(findings)];
    sections.extend(findings.audit.as_ref().map(audit::section));
    sections.push(element::section(findings)?);
    sections.push(sites::section(findings)?);
    sections.push(measurement::section(findings)?);
    sections.push(ranks::section(findings)?);
    // What was asked for beside the metrics, as the page of the validation shows it.
    sections.extend(findings.validation.comparison_sections()?);
    sections.push(limits::section(findings));
    Ok(sections)
}

/// Returns the name of an experiment for people.
fn experiment_name<'a>(file: &'a StudyFile, experiment: &'a str) -> &'a str {
    file.show
        .experiment_names
        .get(experiment)
        .map_or(experiment, String::as_str)
}

/// A prediction of the study: a summary, a track, or the first track of a factor.
struct Prediction<'a> {
    /// Index among the joined columns.
    column: usize,
    data: &'a JoinedColumn,
}

impl Prediction<'_> {
    /// Returns what it is called in figures and tables.
    fn title(&self) -> String {
        match self.data.kind {
            PredictorKind::Track => self.data.name.clone(),
            _ => format!("all motifs, {}", self.data.name),
        }
    }
}

/// Finds the predictions that the study shows.
fn predictions<'a>(findings: &'a Findings<'_>) -> Result<Vec<Prediction<'a>>, StudyError> {
    let columns = &findings.validation.joined.columns;
    findings
        .file
        .show
        .predictions
        .iter()
        .map(|wanted| {
            let is_wanted = |column: &&JoinedColumn| {
                column.name == *wanted || column.transcription_factor.as_deref() == Some(wanted.as_str())
            };
            let (column, data) = columns
                .iter()
                .enumerate()
                .find(|(_, column)| is_wanted(column))
                .ok_or_else(|| StudyError::Value {
                    what: "prediction",
                    value: wanted.clone(),
                    reason: "it is no summary and none of the tracks that are reported in full".to_owned(),
                })?;
            Ok(Prediction { column, data })
        })
        .collect()
}

/// Finds one metric.
fn metric<'a>(
    validation: &'a Validation,
    experiment: &str,
    predictor: &JoinedColumn,
    metric: &str,
    compared: &str,
) -> Option<&'a MetricRow> {
    validation.metrics.iter().find(|row| {
        row.experiment == experiment
            && row.predictor == predictor.kind
            && row.name == predictor.name
            && row.scorer.as_deref() == Some(predictor.scorer.as_str())
            && row.metric == metric
            && row.compared == compared
    })
}

/// Returns the index of the study's experiment among the joined ones.
fn shown_experiment(findings: &Findings<'_>) -> Result<usize, StudyError> {
    let wanted = &findings.file.show.experiment;
    let experiments = &findings.validation.joined.experiments;
    experiments
        .iter()
        .position(|name| name == wanted)
        .ok_or_else(|| StudyError::Value {
            what: "experiment",
            value: wanted.clone(),
            reason: format!("the measurements have {}", experiments.join(", ")),
        })
}
