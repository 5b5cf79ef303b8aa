//! One's own quantile scores: how unusual a raw score is among the scores of a background, for any model.
//!
//! [`calibrate()`] reads a scored background and writes a table of quantiles, one for each scorer and track, on the published
//! grid ([`refalt_core::stats::QuantileGrid`]). [`apply()`] fills the column `quantile_score` of another folder from it. The
//! background may be drawn to resemble the variants in question ([`MatchRequest`]), and a part of it may be held out to see
//! whether ranks are uniform on variants that made no table.
//!
//! METHOD: quantiles are exact. The scores of a series are gathered in memory and sorted; series that do not fit together are
//! gathered in several passes over the folder. The rejected alternative, a sketch, errs most where it matters, at the
//! outermost probabilities.
//!
//! Rows of genes and junctions are scores of their track, so a variant with three genes is three times in the background.

mod apply;
mod background;
mod covariate;
mod error;
mod matching;
mod setting;
mod table;

pub(crate) use apply::applied;
pub use apply::{ApplyReport, ApplyRequest, Ties, apply};
pub(crate) use background::is_held_out;
pub use covariate::Covariate;
pub use error::CalibrateError;
pub use matching::{BALANCED, Balance, MatchReport, MatchRequest};
pub use setting::{ScoreSetting, SettingDifference};
pub use table::{QuantileTables, SeriesRecord, TableMeta};

use crate::atomic_file::Committed;
use crate::engine::manifest::Manifest;
use crate::provenance::{FileIdentity, VERSION};
use crate::score_folder::ScoreFolder;
use background::Roles;
use refalt_core::stats::ScoreSign;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Which scores share a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Those by one scorer on one track.
    #[default]
    Track,
    /// Those by one scorer, on all tracks: one table for each modality.
    Modality,
}

impl Pooling {
    /// Every pooling.
    pub const ALL: [Self; 2] = [Self::Track, Self::Modality];

    /// Returns the name, `track`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Modality => "modality",
        }
    }
}

/// What to make a table of.
#[derive(Clone, Debug)]
pub struct CalibrateRequest {
    /// The folder of a scored background.
    pub background: PathBuf,
    /// The table.
    pub out: PathBuf,
    /// Which scores share a table.
    pub pooling: Pooling,
    /// Variants that the background is drawn to resemble.
    pub matching: Option<MatchRequest>,
    /// Share of the background's variants that make no table and are ranked in it, 0 to below 1.
    pub hold_out: f64,
    /// Seed of draws: matching, holding out, ranks among equal scores.
    pub seed: u64,
    /// Memory for scores, in bytes.
    pub memory_bytes: u64,
}

/// The fewest variants that a table is made of: of 20, one on either side lies beyond |q| = 0.9.
pub const LEAST_VARIANTS: u64 = 20;

/// What is behind the tables of a scorer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScorerBackground {
    /// Text of the scorer.
    pub scorer: String,
    /// What its numbers are: `signed_effect`, `unsigned_effect` or `activity`.
    pub score_kind: String,
    /// Its tables.
    pub tables: u64,
    /// The least scores behind one of them.
    pub least_rows: u64,
}

impl ScorerBackground {
    /// Returns the largest |q| that tells scores apart on every table; beyond it is the largest background score alone.
    pub fn resolution(&self) -> f64 {
        resolution(self.least_rows, background::sign(&self.score_kind))
    }
}

/// Returns the largest |q| of a table of n scores that tells scores apart.
///
/// Signed quantiles have two ends with a score of n each, 1 - 2 / n; the others one, 1 - 1 / n.
pub(crate) fn resolution(rows: u64, sign: ScoreSign) -> f64 {
    let ends = match sign {
        ScoreSign::Signed => 2.0,
        ScoreSign::Unsigned => 1.0,
    };
    (1.0 - ends / rows.max(1) as f64).max(0.0)
}

/// Shows the end of what is resolved, rounded towards 0: what is shown is resolved.
pub fn shown_resolution(resolution: f64) -> String {
    // 0.998 in binary may be a little less.
    ((resolution * 1e5 + 1e-6).floor() / 1e5).to_string()
}

/// How held-out scores are ranked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// Variants held out.
    pub variants: u64,
    /// Tables with held-out scores.
    pub tables: u64,
    /// How many of their p-values are below 0.05.
    pub below_0_05: u64,
    /// The smallest of the p-values times the number of tables, at most 1 (Bonferroni).
    pub least_p_adjusted: Option<f64>,
    /// The median distance from uniform.
    pub median_distance: Option<f64>,
    /// The largest distance from uniform.
    pub largest_distance: Option<f64>,
}

/// What came of a calibration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Version of refalt.
    pub refalt: String,
    /// The manifest of the background.
    pub background: FileIdentity,
    /// The list of the background's variants.
    pub background_variants: FileIdentity,
    /// How the background was scored.
    pub setting: ScoreSetting,
    /// Name, version and digest of the model.
    pub model: [String; 3],
    /// Terms under which the scores may be used.
    pub licence: String,
    /// Whom to cite.
    pub citation: String,
    /// Which scores share a table.
    pub pooling: Pooling,
    /// Seed of the draws.
    pub seed: u64,
    /// Share of the variants to hold out, as asked for.
    pub hold_out: f64,
    /// Variants scored in the background folder.
    pub scored_variants: u64,
    /// Variants that make the tables.
    pub variants: u64,
    /// Scores that make the tables.
    pub scores: u64,
    /// Scores that are NaN and enter nothing.
    pub nan_scores: u64,
    /// Tables.
    pub tables: u64,
    /// Series all of whose scores are NaN; they have no table.
    pub without_scores: u64,
    /// The least scores behind a table.
    pub least_rows: u64,
    /// The most scores behind a table.
    pub most_rows: u64,
    /// What is behind the tables of each scorer, in the order of the run.
    pub scorers: Vec<ScorerBackground>,
    /// Tables with fewer than [`LEAST_VARIANTS`] scores.
    pub small_tables: u64,
    /// Tables in which half of the background or more is one score.
    pub tied_tables: u64,
    /// Passes over the scores, the one that counts them included.
    pub passes: u64,
    /// How the background was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matching: Option<MatchReport>,
    /// How held-out scores are ranked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOut>,
}

/// Makes the table.
///
/// # Errors
/// [`CalibrateError`]; no table is left then.
pub fn calibrate(request: &CalibrateRequest) -> Result<(Calibration, Committed), CalibrateError> {
    if !(0.0..1.0).contains(&request.hold_out) {
        return Err(CalibrateError::HoldOut {
            found: request.hold_out,
        });
    }
    let folder = ScoreFolder::open(&request.background)?;
    folder.verify()?;
    let mut roles = Roles::all(&folder)?;
    let scored_variants = roles.fitted();
    let matching = match &request.matching {
        Some(matching) => Some(matching::draw(matching, &folder, request.seed, &mut roles)?),
        None => None,
    };
    let held_out = roles.hold_out(request.hold_out, request.seed);
    if roles.fitted() < LEAST_VARIANTS {
        return Err(CalibrateError::FewVariants {
            folder: request.background.clone(),
            found: roles.fitted(),
            held_out,
        });
    }
    let found = background::tables(&folder, &roles, request)?;
    if found.records.is_empty() {
        return Err(CalibrateError::NoScores {
            folder: request.background.clone(),
            nan: found.nan_elsewhere,
        });
    }
    let tested: Vec<_> = found.records.iter().filter_map(|record| record.uniformity).collect();
    let rows = || found.records.iter().map(|record| record.rows);
    let model = folder.model();
    let manifest: Manifest = crate::engine::ledger::read_json(&folder.path().join("manifest.json"))?;
    let calibration = Calibration {
        refalt: VERSION.to_owned(),
        background: manifest_identity(folder.path())?,
        background_variants: manifest.identity.variants.clone(),
        setting: ScoreSetting::of(&manifest),
        model: [model.name.clone(), model.version.clone(), model.digest.clone()],
        licence: model.licence.clone(),
        citation: model.citation.clone(),
        pooling: request.pooling,
        seed: request.seed,
        hold_out: request.hold_out,
        scored_variants,
        variants: roles.fitted(),
        scores: rows().sum(),
        nan_scores: found.records.iter().map(|record| record.nan).sum::<u64>() + found.nan_elsewhere,
        tables: found.records.len() as u64,
        without_scores: found.without_scores,
        least_rows: rows().min().unwrap_or(0),
        most_rows: rows().max().unwrap_or(0),
        scorers: by_scorer(&found.records),
        small_tables: rows().filter(|&rows| rows < LEAST_VARIANTS).count() as u64,
        tied_tables: found.records.iter().filter(|record| record.is_tied()).count() as u64,
        passes: found.passes,
        matching,
        held_out: (request.hold_out > 0.0).then(|| held_out_summary(held_out, &tested)),
    };
    let committed = table::write(&request.out, &calibration, &found.records)?;
    Ok((calibration, committed))
}

/// Sums up the tables of each scorer.
fn by_scorer(records: &[SeriesRecord]) -> Vec<ScorerBackground> {
    let mut scorers: Vec<ScorerBackground> = Vec::new();
    for record in records {
        match scorers.iter_mut().find(|scorer| scorer.scorer == record.scorer) {
            Some(scorer) => {
                scorer.tables += 1;
                scorer.least_rows = scorer.least_rows.min(record.rows);
            }
            None => scorers.push(ScorerBackground {
                scorer: record.scorer.clone(),
                score_kind: record.score_kind.clone(),
                tables: 1,
                least_rows: record.rows,
            }),
        }
    }
    scorers
}

/// Returns what the manifest of a folder is and holds.
fn manifest_identity(folder: &Path) -> Result<FileIdentity, CalibrateError> {
    let path = folder.join("manifest.json");
    FileIdentity::of(&path).map_err(|source| CalibrateError::File {
        action: "read",
        path,
        source,
    })
}

fn held_out_summary(variants: u64, tested: &[refalt_core::stats::GridUniformity]) -> HeldOut {
    let mut distances: Vec<f64> = tested.iter().map(|test| test.distance).collect();
    distances.sort_by(f64::total_cmp);
    let least = tested.iter().map(|test| test.p_value).reduce(f64::min);
    HeldOut {
        variants,
        tables: tested.len() as u64,
        below_0_05: tested.iter().filter(|test| test.p_value < 0.05).count() as u64,
        least_p_adjusted: least.map(|p| (p * tested.len() as f64).min(1.0)),
        median_distance: refalt_core::stats::quantile(&distances, 0.5).ok(),
        largest_distance: distances.last().copied(),
    }
}
