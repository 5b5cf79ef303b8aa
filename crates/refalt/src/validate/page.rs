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
use crate::report::Report;

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
}
