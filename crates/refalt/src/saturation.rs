//! How far quantile scores are saturated, and by what: `refalt saturation`.
//!
//! A quantile score is uniform over the background, track by track; the largest of many is not, and a study that takes the
//! largest |q| over tracks sees values near 1 everywhere. For each scorer, or each group of scorers, this says
//!
//! * how many rows and tracks stand behind a maximum (for scorers by gene, rows are genes times tracks);
//! * which share of variants reaches |q| >= t, with its interval, beside the share by chance: for independent rows, for
//!   tracks that are all correlated alike, for tracks correlated as they are, and with each track's values permuted;
//! * how many maxima are equal, and how many stand at the last point of the grid;
//! * with matched variants (`controls`), how much of the share is the variants' and how much the maximum's;
//! * with measured effects, raw against quantile on the same variants, apart: which track is taken, and which of its numbers;
//!   the correlation by size of the effect, beside what one correlation for all makes of the same bins.
//!
//! METHOD: a row counts when it has a raw score and a quantile score. The score table is read once; memory holds about 60 bytes
//! for each variant and group, and the scores of a sample of variants.

mod agreement;
mod background;
mod collect;
mod contrast;
mod controls;
mod error;
mod figures;
mod files;
mod null;
mod page;

pub use agreement::{Agreement, BinRow, ContrastRow, MatchedShares, PredictorRow, SingleTracks};
pub use controls::ControlShare;
pub use error::SaturationError;
pub use null::ThresholdRow;

use crate::calibrate::shown_resolution;
use crate::digit_groups::grouped;
use crate::engine::QuantileIdentity;
use crate::engine::manifest::Manifest;
use crate::io::variants::{ReadOptions, Source};
use crate::provenance::{FileIdentity, VERSION};
use crate::score_folder::ScoreFolder;
use crate::validate::{JoinReport, TruthColumns, ValidateOptions, ValidateRequest, measured_effects};
use background::Background;
use collect::{Collected, Group, Wanted, collect};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Measured effects to compare with.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The table.
    pub truth: Source,
    /// How to read its variants.
    pub reading: ReadOptions,
    /// Which of its other columns are what; a gene column is not used.
    pub columns: TruthColumns,
    /// The reference that the run was scored with.
    pub reference: PathBuf,
}

/// What to look at.
#[derive(Clone, Debug)]
pub struct SaturationRequest {
    /// The folder of a finished run with quantile scores.
    pub run: PathBuf,
    /// A folder of the same model with variants that nobody chose, or that match those of the run.
    pub controls: Option<PathBuf>,
    /// Measured effects.
    pub measured: Option<Measured>,
    /// Choices.
    pub options: SaturationOptions,
}

/// Choices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SaturationOptions {
    /// Thresholds of |q|, 0 to 1.
    pub thresholds: Vec<f64>,
    /// Groups of scorers beside each scorer by itself: name, and short names or texts.
    pub groups: Vec<(String, Vec<String>)>,
    /// Nominal coverage of intervals.
    pub level: f64,
    /// Bootstrap replicates.
    pub replicates: u64,
    /// Draws from nulls.
    pub draws: u64,
    /// Permutations.
    pub permutations: u64,
    /// Variants whose scores on all tracks are kept, for correlations between tracks.
    pub sample: usize,
    /// Tracks of each scorer, evenly chosen, that are compared one by one with measured effects.
    pub single_tracks: usize,
    /// Lower edges of the bins of |effect|.
    pub bins: Vec<f64>,
    /// Seed of all draws.
    pub seed: u64,
}

impl Default for SaturationOptions {
    /// Thresholds 0.5, 0.9, 0.99; level 0.95; 2,000 replicates, 2,000 draws, 200 permutations; 500 sampled variants; 64 single
    /// tracks; the bins of the published study, 0, 0.05, 0.1, 0.2, 0.5; seed 0.
    fn default() -> Self {
        Self {
            thresholds: vec![0.5, 0.9, 0.99],
            groups: Vec::new(),
            level: 0.95,
            replicates: 2_000,
            draws: 2_000,
            permutations: 200,
            sample: 500,
            single_tracks: 64,
            bins: vec![0.0, 0.05, 0.1, 0.2, 0.5],
            seed: 0,
        }
    }
}

/// From what it was made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SaturationProvenance {
    /// Version of refalt.
    pub refalt: String,
    /// The manifest of the run.
    pub run: FileIdentity,
    /// The manifest of the controls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controls: Option<FileIdentity>,
    /// The table of measured effects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truth: Option<FileIdentity>,
    /// The column of the effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect_column: Option<String>,
    /// Name, version and digest of the model.
    pub model: [String; 3],
    /// Terms under which the scores may be used.
    pub licence: String,
    /// Whom to cite.
    pub citation: String,
    /// Where the quantile scores come from, when the model did not give them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<QuantileIdentity>,
    /// Choices.
    pub options: SaturationOptions,
}

/// A scorer or group of scorers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupReport {
    /// Its name.
    pub group: String,
    /// Texts of its scorers.
    pub scorers: Vec<String>,
    /// What its scores are.
    pub score_kind: String,
    /// Variants with a maximum.
    pub variants: u64,
    /// Rows with raw and quantile score.
    pub rows: u64,
    /// Rows that lack one of them; they enter nothing.
    pub rows_left_out: u64,
    /// Scorers and tracks.
    pub tracks: usize,
    /// Rows behind a maximum: least, median, most.
    pub rows_per_variant: [u32; 3],
    /// Rows whose quantile is not on the published grid.
    pub off_grid: u64,
    /// Share of rows at the last point of the grid, either end.
    pub rows_at_end: f64,
    /// Share of variants whose maximum is the last point of the grid.
    pub maxima_at_end: f64,
    /// Share of variants whose maximum is reached by two rows or more.
    pub maxima_tied: f64,
    /// Distinct maxima.
    pub distinct_maxima: usize,
    /// Scores of the background behind a table of quantiles, the least; none where the model gave the quantiles.
    pub background_rows: Option<u64>,
    /// The largest |q| that tells scores apart; beyond it is the largest score of the background, or nothing.
    pub resolution: f64,
    /// Sampled variants behind the correlations of tracks.
    pub sampled: usize,
    /// Sampled tracks that vary.
    pub correlated_tracks: usize,
    /// Mean correlation of two tracks (normal scores).
    pub mean_correlation: Option<f64>,
    /// Effective number of tracks (participation ratio, corrected for the sample).
    pub effective_tracks: Option<f64>,
    /// Shares at each threshold.
    pub thresholds: Vec<ThresholdRow>,
    /// The same with controls.
    pub controls: Vec<ControlShare>,
    /// Against measured effects, one for each experiment.
    pub agreement: Vec<Agreement>,
    /// What the figures are drawn of.
    #[serde(skip)]
    pub(crate) drawn: figures::Drawn,
}

/// Which variants of the folder of controls are controls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ControlsRecord {
    /// Variants with scores.
    pub scored: u64,
    /// Of them those that made the table of quantiles, or may have; they are left out.
    pub made_table: u64,
    /// Of the others those that are in the run; they are left out.
    pub in_run: u64,
    /// The rest.
    pub used: u64,
}

/// What came out; [`write`](Self::write) puts it into files.
#[derive(Debug)]
pub struct Saturation {
    /// From what it was made.
    pub provenance: SaturationProvenance,
    /// Which controls were used.
    pub controls: Option<ControlsRecord>,
    /// Variants of the run that made the table of its quantiles, or may have.
    pub made_table: u64,
    /// What nobody may miss, in words.
    pub warnings: Vec<String>,
    /// How measured effects and run came together.
    pub join: Option<JoinReport>,
    /// The groups: each scorer, then the groups asked for.
    pub groups: Vec<GroupReport>,
    /// The maximum of each variant and group.
    maxima: Maxima,
}

/// What the table of maxima is written of.
#[derive(Debug)]
struct Maxima {
    groups: Vec<String>,
    collected: Collected,
}

/// Looks at a run.
///
/// # Errors
/// [`SaturationError`], before anything is computed where possible.
pub fn saturation(request: &SaturationRequest) -> Result<Saturation, SaturationError> {
    let options = &request.options;
    check(options)?;
    let run = ScoreFolder::open(&request.run)?;
    let groups = Group::all(&run, &options.groups)?;
    run.verify()?;
    let control_folder = request.controls.as_deref().map(ScoreFolder::open).transpose()?;
    if let Some(folder) = &control_folder {
        if folder.model() != run.model() {
            let text = |folder: &ScoreFolder| {
                let model = folder.model();
                format!("{} {} {}", model.name, model.version, model.digest)
            };
            return Err(SaturationError::OtherModel {
                run: text(&run),
                controls: text(folder),
            });
        }
        folder.verify()?;
        let [of_run, of_controls] = [&request.run, folder.path()].map(quantiles_of);
        let (of_run, of_controls) = (of_run?, of_controls?);
        if of_run != of_controls {
            return Err(SaturationError::OtherQuantiles {
                run: of_run,
                controls: of_controls,
            });
        }
    }
    let effects = match &request.measured {
        Some(measured) => Some(measured_effects(&validation(request, measured)).map_err(Box::new)?),
        None => None,
    };
    let background = Background::of(&request.run)?;
    let wanted = Wanted::of(effects.as_ref(), options);
    let mut collected = collect(&run, &groups, &wanted)?;
    if collected.groups.iter().all(|group| group.peaks.is_empty()) {
        return Err(SaturationError::NoQuantiles {
            folder: request.run.clone(),
        });
    }
    let controls = control_folder
        .as_ref()
        .map(|folder| controls::collected(folder, &groups, options, &collected))
        .transpose()?;
    let (controls, control_record) = controls.unzip();
    let mut reports = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let scores = &collected.groups[index];
        if scores.peaks.is_empty() {
            continue;
        }
        let control = controls
            .as_ref()
            .map(|controls: &Collected| &controls.groups[index])
            .filter(|control| !control.peaks.is_empty());
        let mut report = null::report(group, scores, &collected.sample, background.rows(group), options)?;
        if let Some(control) = control {
            report.controls = controls::shares(scores, control, options)?;
            report.drawn.controls = null::maxima(control);
        }
        if let Some(effects) = &effects {
            report.agreement = agreement::agreements(effects, &collected, index, control, options)?;
        }
        reports.push(report);
    }
    let of_background = collected.variants.iter().filter(|(row, _)| background.made_table(*row));
    let made_table = of_background.count() as u64;
    let warnings = warnings(&reports, control_record.as_ref(), made_table, collected.variants.len());
    collected.sample = Vec::new();
    collected.single.clear();
    let manifest: Manifest = crate::engine::ledger::read_json(&request.run.join("manifest.json"))?;
    let model = run.model();
    let digest = |folder: &PathBuf| {
        let path = folder.join("manifest.json");
        FileIdentity::of(&path).map_err(|source| SaturationError::File {
            action: "read",
            path,
            source,
        })
    };
    Ok(Saturation {
        provenance: SaturationProvenance {
            refalt: VERSION.to_owned(),
            run: digest(&request.run)?,
            controls: request.controls.as_ref().map(digest).transpose()?,
            truth: effects.as_ref().map(|effects| effects.truth_file.clone()),
            effect_column: request
                .measured
                .as_ref()
                .map(|measured| measured.columns.effect.clone()),
            model: [model.name.clone(), model.version.clone(), model.digest.clone()],
            licence: model.licence.clone(),
            citation: model.citation.clone(),
            quantiles: manifest.identity.quantiles,
            options: options.clone(),
        },
        controls: control_record,
        made_table,
        warnings,
        join: effects.map(|effects| effects.join),
        maxima: Maxima {
            groups: groups.into_iter().map(|group| group.name).collect(),
            collected,
        },
        groups: reports,
    })
}

/// Groups whose quantiles do not resolve the same thresholds.
struct Unresolved<'a> {
    resolution: f64,
    rows: Option<u64>,
    beyond: Vec<f64>,
    names: Vec<&'a str>,
}

/// Says what nobody may miss.
fn warnings(
    groups: &[GroupReport],
    controls: Option<&ControlsRecord>,
    made_table: u64,
    variants: usize,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if made_table > 0 {
        warnings.push(format!(
            "{} of {} variants of the run made the table of its quantiles, or may have: none of those lies beyond its largest \
             scores, and their shares are no evidence",
            grouped(made_table),
            grouped(variants as u64)
        ));
    }
    if let Some(controls) = controls.filter(|controls| controls.used < controls.scored) {
        warnings.push(format!(
            "of {} controls {} made the table of quantiles, or may have, and {} are variants of the run: they are left out, {} are \
             used",
            grouped(controls.scored),
            grouped(controls.made_table),
            grouped(controls.in_run),
            grouped(controls.used)
        ));
    }
    for group in groups.iter().filter(|group| group.off_grid > 0) {
        warnings.push(format!(
            "{}: {} of {} quantile scores are not on the published grid; shares of single rows count them at the nearest point",
            group.group,
            grouped(group.off_grid),
            grouped(group.rows)
        ));
    }
    // Scorers of one background mostly have one resolution: they are named together.
    let mut unresolved: Vec<Unresolved<'_>> = Vec::new();
    for group in groups {
        let beyond = group.thresholds.iter().filter(|row| row.beyond_resolution);
        let beyond: Vec<f64> = beyond.map(|row| row.threshold).collect();
        if beyond.is_empty() {
            continue;
        }
        let (resolution, rows) = (group.resolution, group.background_rows);
        let same =
            |known: &&mut Unresolved<'_>| (known.resolution, known.rows, &known.beyond) == (resolution, rows, &beyond);
        match unresolved.iter_mut().find(same) {
            Some(known) => known.names.push(&group.group),
            None => unresolved.push(Unresolved {
                resolution,
                rows,
                beyond,
                names: vec![&group.group],
            }),
        }
    }
    for Unresolved {
        resolution,
        rows,
        beyond,
        names,
    } in unresolved
    {
        let listed = |texts: Vec<String>| texts.join(", ");
        let at = listed(beyond.iter().map(ToString::to_string).collect());
        let resolution = shown_resolution(resolution);
        let why = match rows {
            Some(rows) => format!(
                "quantiles among {} background scores tell |q| apart up to {resolution}; what reaches {at} lies beyond the largest \
                 of them, and how far is not known",
                grouped(rows)
            ),
            None => format!("the grid of quantiles ends at {resolution}; nothing reaches {at}"),
        };
        warnings.push(format!("{}: {why}", names.join(", ")));
    }
    warnings
}

/// Returns where the quantile scores of a folder come from: quantiles of two backgrounds are not compared.
fn quantiles_of(folder: &Path) -> Result<String, SaturationError> {
    let manifest: Manifest = crate::engine::ledger::read_json(&folder.join("manifest.json"))?;
    Ok(match manifest.identity.quantiles {
        Some(quantiles) => format!("the table with SHA-256 {}", quantiles.table.sha256),
        None => "the model".to_owned(),
    })
}

fn validation(request: &SaturationRequest, measured: &Measured) -> ValidateRequest {
    ValidateRequest {
        run: request.run.clone(),
        against: Vec::new(),
        reference: measured.reference.clone(),
        truth: measured.truth.clone(),
        reading: measured.reading.clone(),
        measured: None,
        columns: measured.columns.clone(),
        named: None,
        genes: None,
        options: ValidateOptions::default(),
        threads: 1,
    }
}

/// Refuses choices that are none.
fn check(options: &SaturationOptions) -> Result<(), SaturationError> {
    if let Some(&found) = options
        .thresholds
        .iter()
        .find(|threshold| !(0.0..1.0).contains(*threshold))
    {
        return Err(SaturationError::Threshold { found });
    }
    if options.thresholds.is_empty() {
        return Err(SaturationError::Threshold { found: f64::NAN });
    }
    // The call checks the level.
    refalt_core::stats::fisher_interval(0.0, 4, options.level)?;
    Ok(())
}
