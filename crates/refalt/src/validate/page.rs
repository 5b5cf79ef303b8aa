//! The page of a validation: every number with its n, interval, test and the rows it came from, and a figure for each
//! question.

mod comparison;
mod experiment;
mod figures;
mod rows;
mod settings;

use super::Validation;
use super::error::ValidateError;
use super::joined::JoinedColumn;
use super::predictor::PredictorKind;
use crate::report::{Report, Section};

/// Experiments that get a section of their own; the tables hold all.
const MOST_EXPERIMENTS: usize = 8;

impl Validation {
    /// Makes the page, with its figures inside.
    ///
    /// # Errors
    /// [`ValidateError::Figure`] when a figure cannot be drawn.
    pub fn report(&self) -> Result<Report, ValidateError> {
        let mut names = Names::default();
        let mut sections = vec![rows::section(self)];
        for record in self.experiments.iter().take(MOST_EXPERIMENTS) {
            sections.push(experiment::section(self, record, &mut names)?);
        }
        sections.extend(comparison::sections(self, &mut names)?);
        sections.push(settings::section(self));
        Ok(Report {
            title: "Scores against measured effects".to_owned(),
            subtitle: format!(
                "{} against `{}` of {}",
                self.provenance.model.name, self.provenance.effect_column, self.provenance.truth.name
            ),
            sections,
            provenance: settings::provenance(self),
            footer: settings::footer(self),
        })
    }

    /// Makes the sections of comparisons: differences, runs, strata, groups, covariates, as far as they were asked for.
    ///
    /// # Errors
    /// [`ValidateError::Figure`] when a figure cannot be drawn.
    pub(crate) fn comparison_sections(&self) -> Result<Vec<Section>, ValidateError> {
        comparison::sections(self, &mut Names::default())
    }

    /// Returns what the intervals are, `95 % bootstrap interval (BCa) over positions`.
    pub(crate) fn interval_in_words(&self) -> String {
        settings::interval(self)
    }

    /// Returns what is resampled together, in words.
    pub(crate) fn unit_in_words(&self) -> String {
        settings::unit(self)
    }

    /// Says whether a prediction is reported in full.
    fn is_in_full(&self, column: &JoinedColumn) -> bool {
        self.metrics.iter().any(|row| row.in_full && row.is_of(column))
    }

    /// Returns the predictions in full that figures show, as places among the joined columns: those that were compared, then
    /// the tracks asked for, then the first summary with a direction.
    ///
    /// METHOD: nothing is chosen by how well it does.
    fn leads(&self) -> Vec<usize> {
        let columns = &self.joined.columns;
        let compared = self.differences.iter().flat_map(|row| [&row.first, &row.second]);
        let asked_for = columns
            .iter()
            .filter(|column| column.kind == PredictorKind::Track && self.is_in_full(column));
        let has_direction = |column: &&JoinedColumn| {
            let mut rows = self.metrics.iter().filter(|row| row.is_of(column));
            rows.any(|row| row.compared == "signed" && row.value.is_some())
        };
        let summaries = || columns.iter().filter(|column| column.kind == PredictorKind::Summary);
        let first = summaries().find(has_direction).or_else(|| summaries().next());
        let mut leads = Vec::new();
        for wanted in compared.chain(asked_for).chain(first) {
            if let Some(place) = columns.iter().position(|column| column == wanted)
                && !leads.contains(&place)
            {
                leads.push(place);
            }
        }
        leads.truncate(MOST_LEADS);
        leads
    }
}

/// Predictions that get a scatter and a calibration for each experiment.
const MOST_LEADS: usize = 2;

/// Names of figures and anchors of sections, no two alike.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    /// Returns a name of small letters, digits and `-`.
    fn of(&mut self, parts: &[&str]) -> String {
        let small = |text: &str| -> String {
            let letters = text.to_ascii_lowercase();
            let letters = letters.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
            letters.collect::<String>()
        };
        let joined: Vec<String> = parts.iter().map(|part| small(part)).collect();
        let mut words: Vec<&str> = Vec::new();
        let joined = joined.join("-");
        words.extend(joined.split('-').filter(|word| !word.is_empty()));
        let stem: String = words.join("-").chars().take(80).collect();
        let mut name = stem.clone();
        let mut number = 1;
        while self.0.contains(&name) {
            number += 1;
            name = format!("{stem}-{number}");
        }
        self.0.push(name.clone());
        name
    }
}

/// What a table says of some of its rows: why there is no value or interval, or how to take them.
struct Remark<'a> {
    /// The prediction.
    name: String,
    /// The number.
    metric: String,
    note: Option<&'a str>,
}

/// Predictions that a remark names.
const MOST_NAMES: usize = 6;
/// Remarks below a table.
const MOST_REMARKS: usize = 12;

/// Sets each note once, with the numbers and predictions that it is of.
fn remarks<'a>(rows: impl Iterator<Item = Remark<'a>>, file: &str) -> Vec<String> {
    let mut found: Vec<(&str, Vec<String>, Vec<String>)> = Vec::new();
    for Remark { name, metric, note } in rows {
        let Some(note) = note else { continue };
        let place = found
            .iter()
            .position(|(known, _, _)| *known == note)
            .unwrap_or_else(|| {
                found.push((note, Vec::new(), Vec::new()));
                found.len() - 1
            });
        let (_, names, metrics) = &mut found[place];
        for (known, new) in [(names, name), (metrics, metric)] {
            if !known.contains(&new) {
                known.push(new);
            }
        }
    }
    let listed = |all: &[String]| match all.len().saturating_sub(MOST_NAMES) {
        0 => all.join(", "),
        more => format!("{} and {more} more", all[..MOST_NAMES].join(", ")),
    };
    let more = found.len().saturating_sub(MOST_REMARKS);
    let mut remarks: Vec<String> = found
        .iter()
        .take(MOST_REMARKS)
        .map(|(note, names, metrics)| format!("{}; {}: {note}.", listed(names), listed(metrics)))
        .collect();
    if more > 0 {
        remarks.push(format!("{more} more notes are in `{file}`."));
    }
    remarks
}

/// Returns what a prediction is called on the page, its scorer left out where there is one only.
fn title(validation: &Validation, column: &JoinedColumn) -> String {
    let strand = match column.track_strand.as_deref() {
        None | Some(".") => "",
        Some(strand) => strand,
    };
    let name = match (&column.kind, &column.transcription_factor) {
        (PredictorKind::Track, Some(factor)) if !column.name.contains(factor.as_str()) => {
            format!("{}{strand} ({factor})", column.name)
        }
        _ => format!("{}{strand}", column.name),
    };
    match validation.joined.scorers.len() {
        0 | 1 => name,
        _ => format!("{name}, {}", column.scorer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_distinct() {
        let mut names = Names::default();
        assert_eq!(
            names.of(&["scatter", "TERT-HEK", "MA0062.3 (x)"]),
            "scatter-tert-hek-ma0062-3-x"
        );
        assert_eq!(
            names.of(&["scatter", "TERT HEK", "MA0062.3 x"]),
            "scatter-tert-hek-ma0062-3-x-2"
        );
        assert_eq!(names.of(&["a", "µ"]), "a");
    }

    #[test]
    fn a_note_stands_once_with_what_it_is_of() {
        let remark = |name: &str, metric: &str, note| Remark {
            name: name.to_owned(),
            metric: metric.to_owned(),
            note,
        };
        let rows = [
            remark("sum", "pearson", Some("too few")),
            remark("sum", "spearman", Some("too few")),
            remark("max", "spearman", None),
            remark("max", "auroc", Some("one class")),
        ];
        assert_eq!(
            remarks(rows.into_iter(), "metrics.tsv"),
            ["sum; pearson, spearman: too few.", "max; auroc: one class."]
        );
        let many = (0..20).map(|number| remark("sum", "auroc", Some(["a", "b"][number % 2])));
        assert_eq!(remarks(many, "x").len(), 2);
        let names: Vec<String> = (0..9).map(|number| format!("t{number}")).collect();
        let found = remarks(names.iter().map(|name| remark(name, "auroc", Some("n"))), "x");
        assert_eq!(found, ["t0, t1, t2, t3, t4, t5 and 3 more; auroc: n."]);
    }
}
