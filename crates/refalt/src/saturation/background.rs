//! The background among which quantile scores are ranks: what it tells apart, and which variants made it.
//!
//! METHOD: a variant that made the table of quantiles cannot lie beyond its largest scores, and others can. Such variants are no
//! controls. They are known when the folder was filled from the folder, or from the list of variants, that the table was made
//! of; a share that was held out did not make it, and which those are follows from seed and input row. Variants that happen to
//! be on another list, too, are not known.

use super::collect::Group;
use super::error::SaturationError;
use crate::calibrate::{ApplyReport, applied, is_held_out, resolution};
use crate::engine::manifest::Manifest;
use refalt_core::stats::QuantileGrid;
use std::path::Path;

/// What a folder says of the background of its quantile scores.
pub(super) struct Background {
    /// None where the model gave the quantiles.
    applied: Option<ApplyReport>,
    /// Whether the folder holds the background's variants.
    is_own: bool,
}

impl Background {
    pub(super) fn of(folder: &Path) -> Result<Self, SaturationError> {
        let applied = applied(folder).map_err(Box::new)?;
        let manifest: Manifest = crate::engine::ledger::read_json(&folder.join("manifest.json"))?;
        let is_own = applied.as_ref().is_some_and(|report| {
            let made = &report.calibration;
            report.run.sha256 == made.background.sha256
                || manifest.identity.variants.sha256 == made.background_variants.sha256
        });
        Ok(Self { applied, is_own })
    }

    /// Says whether the variant of an input row (from 1) made the table, or may have.
    pub(super) fn made_table(&self, row: u64) -> bool {
        let held_out = |report: &ApplyReport| {
            let made = &report.calibration;
            is_held_out(row, made.hold_out, made.seed)
        };
        self.is_own && !self.applied.as_ref().is_some_and(held_out)
    }

    /// Returns the least scores behind a table of the group's scorers.
    pub(super) fn rows(&self, group: &Group) -> Option<u64> {
        let scorers = &self.applied.as_ref()?.calibration.scorers;
        let of_group = scorers.iter().filter(|scorer| group.scorers.contains(&scorer.scorer));
        of_group.map(|scorer| scorer.least_rows).min()
    }
}

/// Returns the largest |q| that a background of so many scores tells apart, at most the end of the grid.
pub(super) fn resolved(group: &Group, rows: Option<u64>) -> f64 {
    let quantiles = QuantileGrid::published().quantiles(group.sign());
    let end = quantiles.last().copied().unwrap_or(1.0);
    rows.map_or(end, |rows| resolution(rows, group.sign()).min(end))
}
