//! Columns of the truth table beside effect and experiment: weights, groups, clusters, covariates, strata.

use super::error::ValidateError;
use super::row_key::RowKey;
use super::stratum::{Quantity, StratumRule};
use super::tss_distance::TSS_DISTANCE;
use serde::Serialize;
use std::sync::Arc;

/// Columns of the truth table that only some of the numbers use.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AnalysisColumns {
    /// How much each row counts in weighted correlations: numbers of at least 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// Groups over which metrics are averaged: tissues, chromosomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<RowKey>,
    /// Rows that are resampled together, in the place of blocks of bp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<RowKey>,
    /// Numbers whose linear share is taken out of correlations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub covariates: Vec<String>,
    /// Parts of the rows that are compared by themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub strata: Vec<StratumRule>,
}

/// What a column is carried for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CarriedColumn {
    Weight(String),
    Group(String),
    Cluster(String),
    Covariate(String),
    Stratum(String),
}

impl CarriedColumn {
    fn name(&self) -> &str {
        match self {
            Self::Weight(name)
            | Self::Group(name)
            | Self::Cluster(name)
            | Self::Covariate(name)
            | Self::Stratum(name) => name,
        }
    }
}

impl AnalysisColumns {
    /// Returns the columns, each once, in the order of a row's carried cells.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let weight = self.weight.as_deref().into_iter();
        let group = self.group.as_ref().and_then(RowKey::column).into_iter();
        let cluster = self.cluster.as_ref().and_then(RowKey::column).into_iter();
        let covariates = self.covariates.iter().map(String::as_str);
        let covariates = covariates.filter(|name| *name != TSS_DISTANCE);
        let strata = self.strata.iter().filter_map(|rule| match rule.of() {
            Quantity::Column(column) => Some(column.as_str()),
            Quantity::EffectSize | Quantity::TssDistance => None,
        });
        for name in weight.chain(group).chain(cluster).chain(covariates).chain(strata) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl AnalysisColumns {
    /// Says whether strata or covariates are of distances to transcription starts.
    pub fn wants_tss_distance(&self) -> bool {
        self.covariates.iter().any(|name| name == TSS_DISTANCE)
            || self.strata.iter().any(|rule| *rule.of() == Quantity::TssDistance)
    }
}

/// The carried cells of the rows of one experiment.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    names: Vec<String>,
    /// One per row: line of the truth table and its cells, in the order of `names`.
    rows: Vec<(u64, Arc<[Option<String>]>)>,
    /// Bases to the transcription start, one per row where they are asked for; NaN where there is none.
    tss_distances: Vec<f64>,
}

impl Carried {
    pub(super) fn new(columns: &AnalysisColumns) -> Self {
        Self {
            names: columns.names().into_iter().map(str::to_owned).collect(),
            rows: Vec::new(),
            tss_distances: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, line: u64, cells: &Arc<[Option<String>]>) {
        self.rows.push((line, Arc::clone(cells)));
    }

    pub(super) fn push_tss_distance(&mut self, bp: f64) {
        self.tss_distances.push(bp);
    }

    /// Returns the distances to transcription starts, one per row.
    pub(super) fn tss_distances(&self) -> &[f64] {
        &self.tss_distances
    }

    /// Returns the numbers of a covariate, one per row; NaN where there is none.
    ///
    /// # Errors
    /// As for [`Self::numbers`].
    pub(super) fn covariate(&self, name: &str) -> Result<Vec<f64>, ValidateError> {
        match name {
            TSS_DISTANCE => Ok(self.tss_distances.clone()),
            column => self.numbers(&CarriedColumn::Covariate(column.to_owned())),
        }
    }

    /// Returns the cells of a column, one per row.
    pub(super) fn texts(&self, column: &CarriedColumn) -> Vec<Option<&str>> {
        let place = self.names.iter().position(|name| name == column.name());
        self.rows
            .iter()
            .map(|(_, cells)| place.and_then(|place| cells.get(place)?.as_deref()).map(str::trim))
            .collect()
    }

    /// Returns the numbers of a column, one per row; NaN where the cell is missing.
    ///
    /// # Errors
    /// [`ValidateError::Cell`] for a cell that is no finite number, or for a weight below 0.
    pub(super) fn numbers(&self, column: &CarriedColumn) -> Result<Vec<f64>, ValidateError> {
        let cells = self.texts(column).into_iter().zip(&self.rows);
        cells
            .map(|(cell, (line, _))| {
                let Some(text) = cell else { return Ok(f64::NAN) };
                let (allowed, lowest) = match column {
                    CarriedColumn::Weight(_) => ("a finite number of at least 0", 0.0),
                    _ => ("a finite number", f64::NEG_INFINITY),
                };
                match text.parse::<f64>() {
                    Ok(value) if value.is_finite() && value >= lowest => Ok(value),
                    _ => Err(ValidateError::Cell {
                        line: *line,
                        column: column.name().to_owned(),
                        found: text.to_owned(),
                        allowed,
                    }),
                }
            })
            .collect()
    }

    /// Returns some of the rows.
    pub(super) fn subset(&self, rows: &[usize]) -> Self {
        Self {
            names: self.names.clone(),
            rows: rows.iter().map(|&row| self.rows[row].clone()).collect(),
            tss_distances: match self.tss_distances.is_empty() {
                true => Vec::new(),
                false => rows.iter().map(|&row| self.tss_distances[row]).collect(),
            },
        }
    }
}
