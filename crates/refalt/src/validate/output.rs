//! The files of a validation: tables and, written last, `metrics.json`.

mod tables;

use super::Validation;
use super::against::OtherRunRecord;
use super::calibration_bins::CalibrationRow;
use super::carried::AnalysisColumns;
use super::compare::MetricRow;
use super::difference::DifferenceRow;
use super::effective_size::{EffectiveRow, ReliabilityRecord};
use super::error::ValidateError;
use super::folder;
use super::group_means::GroupRow;
use super::join::JoinReport;
use super::joined::{JoinedColumn, JoinedTable};
use super::options::ValidateOptions;
use super::partial::PartialRow;
use super::predictor::PredictorKind;
use super::ranks::RankRow;
use super::side_by_side::RunRow;
use super::strata::StratumRow;
use super::tsv::Tsv;
use crate::atomic_file::{AtomicFile, Committed};
use crate::engine::manifest::{ManifestModel, ManifestScorer};
use crate::engine::{MixedSources, RunIdentity};
use crate::figure::{self, DrawnFigure};
use crate::output_files::has_other_bytes;
use crate::provenance::FileIdentity;
use crate::report::{Report, figures_of};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// From what a validation was made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Provenance {
    /// Version of refalt that made the validation.
    pub refalt: String,
    /// What decided the bytes of the scores.
    pub run: RunIdentity,
    /// The model, with its licence.
    pub model: ManifestModel,
    /// The scorers that were validated.
    pub scorers: Vec<ManifestScorer>,
    /// The truth table.
    pub truth: FileIdentity,
    /// The column with the measured effect.
    pub effect_column: String,
    /// Which allele the effects are of, `alt`, `ref` or a column; none where the table was read as REF and ALT as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect_allele: Option<String>,
    /// The column that tells experiments apart.
    pub experiment_column: Option<String>,
    /// The column with the gene of the effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gene_column: Option<String>,
    /// The table of variants whose ranks are reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named: Option<FileIdentity>,
    /// The gene models that distances to transcription starts come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genes: Option<FileIdentity>,
    /// The conditions that rows meet.
    pub conditions: Vec<String>,
    /// The rules that make labels.
    pub labels: Vec<String>,
    /// Weights, groups, clusters, covariates and strata.
    pub analysis: AnalysisColumns,
    /// The name of the run in tables, where it is compared with others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_name: Option<String>,
    /// The other runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<OtherRunRecord>,
    /// What the user chose, with the seed.
    pub options: ValidateOptions,
    /// What the selections of tracks took in place of what was written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub track_statements: Vec<String>,
    /// What the measured effects may be that are no signed effects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effect_warnings: Vec<String>,
    /// The validated scorers whose scores come from several sources: their ranks and summaries stand across these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mixed_sources: Vec<MixedSources>,
}

/// An experiment as it was compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExperimentRecord {
    /// The experiment.
    pub experiment: String,
    /// Variants with a measurement and scores.
    pub n: usize,
    /// Rotations behind the rotation p-values; none when the variants do not tile one place.
    pub rotations: Option<usize>,
    /// The smallest correlation that a two-sided test at 1 - level finds with probability 0.8 among `n` independent
    /// variants.
    pub detectable_correlation: Option<f64>,
}

/// Version of the layout of `metrics.json`.
const SCHEMA_VERSION: u32 = 1;

/// `metrics.json`.
#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    provenance: &'a Provenance,
    join: &'a JoinReport,
    experiments: &'a [ExperimentRecord],
    effective_n: &'a [EffectiveRow],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reliability: &'a [ReliabilityRecord],
    files: Vec<FileIdentity>,
    ranks: &'a [RankRow],
    predictions: Vec<Prediction<'a>>,
    calibration: &'a [CalibrationRow],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    differences: &'a [DifferenceRow],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    runs: &'a [RunRow],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    strata: &'a [StratumRow],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    groups: &'a [GroupRow],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    partial: &'a [PartialRow],
}

/// All metrics of one prediction against one experiment.
#[derive(Serialize)]
struct Prediction<'a> {
    experiment: &'a str,
    predictor: PredictorKind,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scorer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score_kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transcription_factor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    track_strand: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracks: Option<usize>,
    metrics: Vec<Metric<'a>>,
}

/// A row of `metrics.tsv` less what its prediction says.
#[derive(Serialize)]
struct Metric<'a> {
    metric: &'a str,
    compared: &'a str,
    n: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    positives: Option<usize>,
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    high: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p_adjusted: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p_rotation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p_rotation_adjusted: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ceiling: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share_of_ceiling: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clusters: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_n: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p_exact: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise_ceiling: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share_of_noise_ceiling: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<&'a str>,
}

impl Validation {
    /// Writes the files into a folder, making it when it is not there; tables without rows are left out.
    ///
    /// Each file is there whole or not at all; `metrics.json` comes last and names the digests of the others. A validation
    /// of the same inputs and options is replaced by the same bytes, nothing else is replaced.
    ///
    /// # Errors
    /// [`ValidateError::Run`] for a folder with another validation or other files, [`ValidateError::Write`] names the file
    /// that cannot be written.
    pub fn write(&self, out: &Path) -> Result<(), ValidateError> {
        folder::claim(out, &self.provenance)?;
        std::fs::create_dir_all(out).map_err(cannot_write(out))?;
        let write = |name: &str, content: &str| {
            let path = out.join(name);
            let committed = AtomicFile::write(&path, content.as_bytes()).map_err(cannot_write(&path))?;
            Ok::<FileIdentity, ValidateError>(identity(name, committed))
        };
        let by_gene = self.provenance.gene_column.is_some();
        // What may be refused is drawn and compared first, so that a refusal leaves no table behind. It is written after the
        // tables, so that a page that is there has its tables beside it.
        let report = self.report()?;
        let page = Page::draw(&report, out)?;
        let mut files = vec![
            write("metrics.tsv", &metrics_tsv(&self.metrics))?,
            write("ranks.tsv", &ranks_tsv(&self.ranks, by_gene))?,
            write("joined.tsv", &joined_tsv(&self.joined, by_gene))?,
        ];
        for (name, content) in tables::all(self) {
            files.push(write(name, &content)?);
        }
        files.extend(page.write(out)?);
        let path = out.join(folder::RECORD);
        let document = Document {
            schema_version: SCHEMA_VERSION,
            provenance: &self.provenance,
            join: &self.join,
            experiments: &self.experiments,
            files,
            ranks: &self.ranks,
            predictions: predictions(&self.metrics),
            effective_n: &self.effective,
            reliability: &self.reliability,
            calibration: &self.calibration,
            differences: &self.differences,
            runs: &self.runs,
            strata: &self.strata,
            groups: &self.groups,
            partial: &self.partial,
        };
        let mut file = AtomicFile::create(&path).map_err(cannot_write(&path))?;
        serde_json::to_writer(&mut file, &document).map_err(|error| cannot_write(&path)(error.into()))?;
        file.write_all(b"\n").map_err(cannot_write(&path))?;
        file.commit().map_err(cannot_write(&path))?;
        Ok(())
    }
}

/// Figures and page, drawn and not yet written.
struct Page<'a> {
    figures: Vec<DrawnFigure<'a>>,
    html: String,
}

impl<'a> Page<'a> {
    /// Draws figures and page; nothing but the same bytes may be in their place.
    fn draw(report: &'a Report, out: &Path) -> Result<Self, ValidateError> {
        let figures = out.join(folder::FIGURES);
        let figures = figures_of(&report.sections)
            .map(|figure| figure::draw_new(figure, &figures))
            .collect::<Result<_, _>>()?;
        let html = report.to_html()?;
        let path = out.join(folder::PAGE);
        // What cannot be read is told when it is written.
        if has_other_bytes(&path, html.as_bytes()).unwrap_or(false) {
            return Err(ValidateError::Taken { path });
        }
        Ok(Self { figures, html })
    }

    /// Writes the figures, then the page.
    fn write(self, out: &Path) -> Result<Vec<FileIdentity>, ValidateError> {
        let figures = out.join(folder::FIGURES);
        std::fs::create_dir_all(&figures).map_err(cannot_write(&figures))?;
        let mut files = Vec::new();
        for figure in self.figures {
            let written = figure.write()?;
            for path in [written.svg, written.png, written.tsv] {
                let found = FileIdentity::of(&path).map_err(cannot_write(&path))?;
                files.push(FileIdentity {
                    name: format!("{}/{}", folder::FIGURES, found.name),
                    ..found
                });
            }
        }
        let path = out.join(folder::PAGE);
        let committed = AtomicFile::write(&path, self.html.as_bytes()).map_err(cannot_write(&path))?;
        files.push(identity(folder::PAGE, committed));
        Ok(files)
    }
}

fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> ValidateError + use<> {
    let path = path.to_owned();
    move |source| ValidateError::Write { path, source }
}

fn identity(name: &str, committed: Committed) -> FileIdentity {
    FileIdentity {
        name: name.to_owned(),
        bytes: committed.bytes,
        sha256: committed.sha256,
    }
}

/// Gathers the rows of each prediction; they follow each other.
fn predictions(rows: &[MetricRow]) -> Vec<Prediction<'_>> {
    let same = |a: &MetricRow, b: &MetricRow| {
        (&a.experiment, a.predictor, &a.name, &a.scorer, &a.track_strand)
            == (&b.experiment, b.predictor, &b.name, &b.scorer, &b.track_strand)
    };
    rows.chunk_by(same)
        .map(|rows| {
            let first = &rows[0];
            Prediction {
                experiment: &first.experiment,
                predictor: first.predictor,
                name: &first.name,
                scorer: first.scorer.as_deref(),
                score_kind: first.score_kind.as_deref(),
                transcription_factor: first.transcription_factor.as_deref(),
                track_strand: first.track_strand.as_deref(),
                tracks: first.tracks,
                metrics: rows.iter().map(metric).collect(),
            }
        })
        .collect()
}

fn metric(row: &MetricRow) -> Metric<'_> {
    Metric {
        metric: row.metric,
        compared: &row.compared,
        n: row.n,
        positives: row.positives,
        value: row.value,
        low: row.low,
        high: row.high,
        interval: row.interval,
        p: row.p,
        p_adjusted: row.p_adjusted,
        q: row.q,
        p_rotation: row.p_rotation,
        p_rotation_adjusted: row.p_rotation_adjusted,
        chance: row.chance,
        ceiling: row.ceiling,
        share_of_ceiling: row.share_of_ceiling,
        note: row.note.as_deref(),
        clusters: row.clusters,
        effective_n: row.effective_n,
        p_exact: row.p_exact,
        noise_ceiling: row.noise_ceiling,
        share_of_noise_ceiling: row.share_of_noise_ceiling,
        test: row.test,
    }
}

/// Columns of `metrics.tsv`.
const METRIC_COLUMNS: [&str; 31] = [
    "experiment",
    "predictor",
    "name",
    "transcription_factor",
    "track_strand",
    "scorer",
    "score_kind",
    "tracks",
    "metric",
    "compared",
    "n",
    "positives",
    "value",
    "low",
    "high",
    "interval",
    "p",
    "p_adjusted",
    "q",
    "p_rotation",
    "p_rotation_adjusted",
    "chance",
    "ceiling",
    "share_of_ceiling",
    "note",
    "clusters",
    "effective_n",
    "p_exact",
    "noise_ceiling",
    "share_of_noise_ceiling",
    "test",
];

fn metrics_tsv(rows: &[MetricRow]) -> String {
    let mut tsv = Tsv::new(METRIC_COLUMNS);
    for row in rows {
        tsv.text(&row.experiment)
            .text(row.predictor.name())
            .text(&row.name)
            .optional_text(row.transcription_factor.as_deref())
            .optional_text(row.track_strand.as_deref())
            .optional_text(row.scorer.as_deref())
            .optional_text(row.score_kind.as_deref())
            .optional(row.tracks)
            .text(row.metric)
            .text(&row.compared)
            .optional(Some(row.n))
            .optional(row.positives)
            .optional(row.value)
            .optional(row.low)
            .optional(row.high)
            .optional_text(row.interval)
            .optional(row.p)
            .optional(row.p_adjusted)
            .optional(row.q)
            .optional(row.p_rotation)
            .optional(row.p_rotation_adjusted)
            .optional(row.chance)
            .optional(row.ceiling)
            .optional(row.share_of_ceiling)
            .optional_text(row.note.as_deref())
            .optional(row.clusters)
            .optional(row.effective_n)
            .optional(row.p_exact)
            .optional(row.noise_ceiling)
            .optional(row.share_of_noise_ceiling)
            .optional_text(row.test)
            .end();
    }
    tsv.finish()
}

/// Columns of `ranks.tsv`.
const RANK_COLUMNS: [&str; 12] = [
    "name",
    "variant_id",
    "experiment",
    "by",
    "predictor",
    "transcription_factor",
    "scorer",
    "value",
    "rank",
    "of",
    "tied_with",
    "note",
];

fn ranks_tsv(rows: &[RankRow], by_gene: bool) -> String {
    let (variant, rest) = RANK_COLUMNS.split_at(2);
    let gene: &[&str] = if by_gene { &["gene_id"] } else { &[] };
    let mut tsv = Tsv::new([variant, gene, rest].concat());
    for row in rows {
        tsv.text(&row.name).optional_text(row.variant.as_deref());
        if by_gene {
            tsv.optional_text(row.gene.as_deref());
        }
        tsv.text(&row.experiment)
            .text(row.by)
            .text(&row.predictor)
            .optional_text(row.transcription_factor.as_deref())
            .optional_text(row.scorer.as_deref())
            .score(row.value)
            .optional(row.rank)
            .optional(Some(row.of))
            .optional(row.tied_with)
            .optional_text(row.note.as_deref())
            .end();
    }
    tsv.finish()
}

fn joined_tsv(table: &JoinedTable, by_gene: bool) -> String {
    let mut names: Vec<String> = ["variant_id", "chrom", "pos", "ref", "alt"].map(str::to_owned).to_vec();
    if by_gene {
        names.push("gene_id".to_owned());
    }
    names.extend(table.experiments.iter().map(|name| format!("measured:{name}")));
    names.extend(table.columns.iter().map(JoinedColumn::heading));
    for (scorer, collapsed) in table.scorers.iter().zip(&table.collapsed) {
        names.push(format!("strongest_track:{scorer}"));
        names.push(format!("strongest_factor:{scorer}"));
        if *collapsed {
            names.push(format!("strongest_gene:{scorer}"));
            names.push(format!("genes:{scorer}"));
        }
    }
    let mut tsv = Tsv::new(names.iter().map(String::as_str));
    for row in &table.variants {
        tsv.text(&row.variant.to_string())
            .text(row.variant.contig().as_str())
            .optional(Some(row.variant.position().one_based()))
            .text(&row.variant.reference_bases().to_string())
            .text(&row.variant.alternate_bases().to_string());
        if by_gene {
            tsv.optional_text(row.gene.as_deref());
        }
        for measured in &row.measured {
            tsv.optional(*measured);
        }
        for predicted in &row.predicted {
            tsv.score(*predicted);
        }
        for (strongest, genes) in row.strongest.iter().zip(&row.genes) {
            tsv.optional_text(strongest.as_ref().map(|(name, _)| name.as_str()))
                .optional_text(strongest.as_ref().and_then(|(_, factor)| factor.as_deref()));
            if let Some((count, gene)) = genes {
                tsv.optional_text(gene.as_deref()).optional(Some(*count));
            }
        }
        tsv.end();
    }
    tsv.finish()
}
