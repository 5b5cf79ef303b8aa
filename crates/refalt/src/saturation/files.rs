//! The files: tables, figures, a page, and `saturation.json`, written last.

use super::error::SaturationError;
use super::{GroupReport, Saturation, figures, page};
use crate::atomic_file::{AtomicFile, Committed};
use crate::engine::folder;
use crate::engine::identity::differences;
use crate::engine::ledger::{LedgerError, read_json};
use crate::figure::{self, Figure};
use crate::provenance::FileIdentity;
use serde::Serialize;
use std::fmt::{self, Display};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// The file that is written last and says what the others were made of.
const RECORD: &str = "saturation.json";

/// Version of the layout of `saturation.json`.
const SCHEMA_VERSION: u32 = 1;

/// A tab-separated table; missing values are empty.
struct Tsv(String);

impl Tsv {
    fn new(header: &[&str]) -> Self {
        Self(header.join("\t") + "\n")
    }

    fn row(&mut self, cells: &[&dyn Display]) {
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                self.0.push('\t');
            }
            let _ = fmt::Write::write_fmt(&mut self.0, format_args!("{cell}"));
        }
        self.0.push('\n');
    }
}

/// A number that may be missing.
struct Maybe<T>(Option<T>);

impl<T: Display> Display for Maybe<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => Ok(()),
        }
    }
}

/// `saturation.json`.
#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    provenance: &'a super::SaturationProvenance,
    #[serde(skip_serializing_if = "Option::is_none")]
    join: &'a Option<crate::validate::JoinReport>,
    warnings: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    controls: &'a Option<super::ControlsRecord>,
    made_table: u64,
    files: Vec<FileIdentity>,
    groups: &'a [GroupReport],
}

impl Saturation {
    /// Refuses a folder that holds anything but a saturation that was made of the same things.
    ///
    /// # Errors
    /// [`SaturationError::Ledger`] names what is in the way; nothing is changed.
    pub fn check_folder(out: &Path) -> Result<(), SaturationError> {
        if !out.exists() {
            return Ok(());
        }
        if !out.is_dir() {
            return Err(LedgerError::NoFolder { path: out.to_owned() }.into());
        }
        if out.join(RECORD).exists() {
            return Ok(());
        }
        let own = [
            "groups.tsv",
            "thresholds.tsv",
            "predictors.tsv",
            "contrasts.tsv",
            "bins.tsv",
            "maxima.tsv",
            "figures",
            "report.html",
        ];
        if out.join("figures").is_dir() {
            // What a stopped run left; figures are made anew.
            for entry in fs::read_dir(out).map_err(failed("read", out))? {
                let name = entry.map_err(failed("read", out))?.file_name();
                let name = name.to_string_lossy();
                if !own.contains(&&*name) && !name.ends_with(crate::atomic_file::PARTIAL_SUFFIX) {
                    return Err(LedgerError::Foreign {
                        folder: out.to_owned(),
                        found: name.into_owned(),
                    }
                    .into());
                }
            }
            return Ok(());
        }
        Ok(folder::refuse_foreign(out, &own)?)
    }

    /// Writes tables, figures, page and record.
    ///
    /// # Errors
    /// [`SaturationError`]; a folder with something else stays as it is.
    pub fn write(&self, out: &Path) -> Result<(), SaturationError> {
        Self::check_folder(out)?;
        let record = out.join(RECORD);
        if record.exists() {
            let before: serde_json::Value = read_json(&record)?;
            let here = serde_json::to_value(&self.provenance).unwrap_or_default();
            folder::refuse_differences(out, differences(&before["provenance"], &here))?;
        }
        let figures_folder = out.join("figures");
        fs::create_dir_all(&figures_folder).map_err(failed("create", &figures_folder))?;
        let mut files = Vec::new();
        for (name, text) in [
            ("groups.tsv", self.groups_table()),
            ("thresholds.tsv", self.thresholds_table()),
            ("predictors.tsv", self.predictors_table()),
            ("contrasts.tsv", self.contrasts_table()),
            ("bins.tsv", self.bins_table()),
        ] {
            let path = out.join(name);
            let written = AtomicFile::write(&path, text.as_bytes()).map_err(failed("write", &path))?;
            files.push(identity(name, written));
        }
        let path = out.join("maxima.tsv");
        files.push(identity(
            "maxima.tsv",
            self.write_maxima(&path).map_err(failed("write", &path))?,
        ));
        let drawn: Vec<(usize, Vec<Figure>)> = figures::all(&self.groups)?;
        for figure in drawn.iter().flat_map(|(_, figures)| figures) {
            figure::write(figure, &figures_folder)?;
        }
        page::page(self, &drawn).write(&out.join("report.html"))?;
        let document = Document {
            schema_version: SCHEMA_VERSION,
            provenance: &self.provenance,
            join: &self.join,
            warnings: &self.warnings,
            controls: &self.controls,
            made_table: self.made_table,
            files,
            groups: &self.groups,
        };
        Ok(crate::engine::ledger::write_json(&record, &document)?)
    }

    fn groups_table(&self) -> String {
        let mut table = Tsv::new(&[
            "group",
            "score_kind",
            "variants",
            "rows",
            "rows_left_out",
            "tracks",
            "rows_per_variant_least",
            "rows_per_variant_median",
            "rows_per_variant_most",
            "off_grid",
            "rows_at_end",
            "maxima_at_end",
            "maxima_tied",
            "distinct_maxima",
            "background_rows",
            "resolution",
            "sampled_variants",
            "correlated_tracks",
            "mean_correlation",
            "effective_tracks",
        ]);
        for group in &self.groups {
            table.row(&[
                &group.group,
                &group.score_kind,
                &group.variants,
                &group.rows,
                &group.rows_left_out,
                &group.tracks,
                &group.rows_per_variant[0],
                &group.rows_per_variant[1],
                &group.rows_per_variant[2],
                &group.off_grid,
                &group.rows_at_end,
                &group.maxima_at_end,
                &group.maxima_tied,
                &group.distinct_maxima,
                &Maybe(group.background_rows),
                &group.resolution,
                &group.sampled,
                &group.correlated_tracks,
                &Maybe(group.mean_correlation),
                &Maybe(group.effective_tracks),
            ]);
        }
        table.0
    }

    fn thresholds_table(&self) -> String {
        let mut table = Tsv::new(&[
            "group",
            "threshold",
            "n",
            "reached",
            "share",
            "low",
            "high",
            "row_share",
            "independent",
            "equicorrelated",
            "correlated",
            "correlated_genes_independent",
            "equivalent_tracks",
            "sample_share",
            "permuted",
            "permuted_low",
            "permuted_high",
            "controls_n",
            "controls_share",
            "controls_low",
            "controls_high",
            "difference",
            "difference_low",
            "difference_high",
            "difference_p",
            "beyond_resolution",
        ]);
        for group in &self.groups {
            for (place, row) in group.thresholds.iter().enumerate() {
                let control = group.controls.get(place);
                let of = |value: fn(&super::ControlShare) -> f64| Maybe(control.map(value));
                table.row(&[
                    &group.group,
                    &row.threshold,
                    &row.n,
                    &row.reached,
                    &row.share,
                    &row.low,
                    &row.high,
                    &row.row_share,
                    &row.independent,
                    &Maybe(row.equicorrelated),
                    &Maybe(row.correlated),
                    &Maybe(row.correlated_genes_independent),
                    &Maybe(row.equivalent_tracks),
                    &Maybe(row.sample_share),
                    &Maybe(row.permuted),
                    &Maybe(row.permuted_low),
                    &Maybe(row.permuted_high),
                    &Maybe(control.map(|control| control.n)),
                    &of(|control| control.share),
                    &of(|control| control.low),
                    &of(|control| control.high),
                    &of(|control| control.difference),
                    &of(|control| control.difference_low),
                    &of(|control| control.difference_high),
                    &Maybe(control.and_then(|control| control.p_value)),
                    &row.beyond_resolution,
                ]);
            }
        }
        table.0
    }

    fn predictors_table(&self) -> String {
        let mut table = Tsv::new(&[
            "group",
            "experiment",
            "selection",
            "value",
            "n",
            "positions",
            "spearman",
            "low",
            "high",
            "interval",
            "distinct",
        ]);
        for group in &self.groups {
            for agreement in &group.agreement {
                for row in &agreement.predictors {
                    table.row(&[
                        &group.group,
                        &agreement.experiment,
                        &row.selection,
                        &row.value,
                        &agreement.n,
                        &agreement.positions,
                        &Maybe(row.spearman),
                        &Maybe(row.low),
                        &Maybe(row.high),
                        &row.interval,
                        &row.distinct,
                    ]);
                }
            }
        }
        table.0
    }

    fn contrasts_table(&self) -> String {
        let mut table = Tsv::new(&[
            "group",
            "experiment",
            "contrast",
            "meaning",
            "n",
            "difference",
            "low",
            "high",
            "interval",
        ]);
        for group in &self.groups {
            for agreement in &group.agreement {
                for row in &agreement.contrasts {
                    table.row(&[
                        &group.group,
                        &agreement.experiment,
                        &row.contrast,
                        &row.meaning,
                        &agreement.n,
                        &Maybe(row.difference),
                        &Maybe(row.low),
                        &Maybe(row.high),
                        &row.interval,
                    ]);
                }
            }
        }
        table.0
    }

    fn bins_table(&self) -> String {
        let mut table = Tsv::new(&[
            "group",
            "experiment",
            "selection",
            "value",
            "from",
            "to",
            "n",
            "spearman",
            "low",
            "high",
            "expected",
            "expected_low",
            "expected_high",
            "p",
        ]);
        for group in &self.groups {
            for agreement in &group.agreement {
                for row in &agreement.bins {
                    table.row(&[
                        &group.group,
                        &agreement.experiment,
                        &row.selection,
                        &row.value,
                        &row.from,
                        &Maybe(row.to),
                        &row.n,
                        &Maybe(row.spearman),
                        &Maybe(row.low),
                        &Maybe(row.high),
                        &Maybe(row.expected),
                        &Maybe(row.expected_low),
                        &Maybe(row.expected_high),
                        &Maybe(row.p_value),
                    ]);
                }
            }
        }
        table.0
    }

    /// Writes the maxima, row by row: by group, then variant in the order of the score table.
    fn write_maxima(&self, path: &Path) -> io::Result<Committed> {
        let mut file = AtomicFile::create(path)?;
        writeln!(
            file,
            "group\trow\tvariant_id\trows\trows_at_maximum\tmax_quantile\tmax_quantile_raw\tmax_quantile_track\t\
             max_quantile_strand\tmax_quantile_scorer\tmax_raw_quantile\tmax_raw\tmax_raw_track\tmax_raw_strand\t\
             max_raw_scorer"
        )?;
        let collected = &self.maxima.collected;
        let scorers: Vec<String> = collected
            .series
            .iter()
            .map(|series| crate::score_folder::short_name(&series.scorer))
            .collect();
        for (group, scores) in self.maxima.groups.iter().zip(&collected.groups) {
            for peak in &scores.peaks {
                let (row, variant) = &collected.variants[peak.variant as usize];
                write!(file, "{group}\t{row}\t{variant}\t{}\t{}", peak.rows, peak.equals)?;
                for taken in [peak.by_quantile, peak.by_raw] {
                    let series = &collected.series[taken.series as usize];
                    write!(
                        file,
                        "\t{}\t{}\t{}\t{}\t{}",
                        taken.quantile, taken.raw, series.track, series.strand, scorers[taken.series as usize]
                    )?;
                }
                writeln!(file)?;
            }
        }
        file.commit()
    }
}

fn identity(name: &str, written: Committed) -> FileIdentity {
    FileIdentity {
        name: name.to_owned(),
        bytes: written.bytes,
        sha256: written.sha256,
    }
}

fn failed(action: &'static str, path: &Path) -> impl Fn(std::io::Error) -> SaturationError {
    let path = path.to_owned();
    move |source| SaturationError::File {
        action,
        path: path.clone(),
        source,
    }
}
