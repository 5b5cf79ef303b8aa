//! A second table: which variants it holds how often, and with which effect.

use super::error::LintError;
use super::role::{Columns, LintColumns, LintRole};
use super::row_variant::{key_of_row, variant_of_row};
use super::statistic::Tally;
use crate::io::table::{Cells, Table};
use crate::provenance::FileIdentity;
use std::collections::HashMap;
use std::path::Path;

/// Effects kept for comparison, by variant.
const MOST_EFFECTS: usize = 1_000_000;

/// A second table, read once before the first.
pub(super) struct OtherTable {
    /// File name.
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) keys: Tally,
    /// The first effect of each variant.
    pub(super) effects: HashMap<u64, f64>,
    /// The name of the effect column.
    pub(super) effect: Option<String>,
    pub(super) rows: u64,
}

impl OtherTable {
    pub(super) fn read(path: &Path, told: &LintColumns) -> Result<Self, LintError> {
        let identity = FileIdentity::of(path).map_err(|source| LintError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let mut table = Table::open(path)?;
        let columns = Columns::new(table.header.clone(), told);
        let effect = columns.first(LintRole::Effect).or(columns.first(LintRole::Prediction));
        let mut other = Self {
            name: identity.name,
            sha256: identity.sha256,
            keys: Tally::default(),
            effects: HashMap::new(),
            effect: effect.map(|column| columns.name(column).to_owned()),
            rows: 0,
        };
        let mut cells = Cells::default();
        while table.next_row(&mut cells)?.is_some() {
            other.rows += 1;
            let variant = variant_of_row(&columns, &cells);
            let Some(key) = key_of_row(&columns, &cells, variant.as_ref()) else {
                continue;
            };
            other.keys.add(key);
            let value = effect.and_then(|column| cells.get(column)?.parse::<f64>().ok());
            if let Some(value) = value.filter(|value| value.is_finite())
                && other.effects.len() < MOST_EFFECTS
            {
                other.effects.entry(key).or_insert(value);
            }
        }
        Ok(other)
    }
}
