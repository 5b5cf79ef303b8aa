//! The files of a result: `metrics.tsv`, `forest.svg`, `forest.png`, `forest.tsv` and, written last, `protocol.json`.

use super::error::ProtocolError;
use super::evaluate::MetricLine;
use super::run::ProtocolResult;
use crate::atomic_file::AtomicFile;
use crate::engine::folder;
use crate::engine::identity::differences;
use crate::engine::ledger::{LedgerError, read_json};
use crate::figure::forest::ForestMark;
use crate::figure::{self, Figure, Forest, ForestRow, Labels};
use crate::validate::Tsv;
use refalt_core::stats::Metric;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// The file that is written last.
const RECORD: &str = "protocol.json";
/// All files, by name.
const FILES: [&str; 5] = [RECORD, "metrics.tsv", "forest.svg", "forest.png", "forest.tsv"];
/// Version of the layout of `protocol.json`.
const SCHEMA_VERSION: u32 = 1;
/// Rows of groups in the figure, at most.
const MOST_ROWS: usize = 40;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    #[serde(flatten)]
    result: &'a ProtocolResult,
}

/// Refuses a folder that holds other files than those of a result, or is a file; nothing is changed.
///
/// # Errors
/// [`ProtocolError::Folder`] names what is in the way.
pub fn check_folder(out: &Path) -> Result<(), ProtocolError> {
    if !out.exists() {
        return Ok(());
    }
    if !out.is_dir() {
        return Err(LedgerError::NoFolder { path: out.to_owned() }.into());
    }
    Ok(folder::refuse_foreign(out, &FILES)?)
}

impl ProtocolResult {
    /// Writes the files into a folder, making it when it is not there.
    ///
    /// Each file is there whole or not at all. A result of the same inputs and options is replaced by the same bytes,
    /// nothing else is replaced.
    ///
    /// # Errors
    /// [`ProtocolError::Folder`] for a folder with another result or other files, [`ProtocolError::File`] names the file
    /// that cannot be written.
    pub fn write(&self, out: &Path) -> Result<(), ProtocolError> {
        check_folder(out)?;
        let record = out.join(RECORD);
        if record.exists() {
            let before: Value = read_json(&record)?;
            let here = serde_json::to_value(&self.provenance).unwrap_or(Value::Null);
            folder::refuse_differences(out, differences(&before["provenance"], &here))?;
        }
        let figure = self.forest()?;
        std::fs::create_dir_all(out).map_err(ProtocolError::file("create the folder", out))?;
        let write = |name: &str, content: &[u8]| {
            let path = out.join(name);
            AtomicFile::write(&path, content).map_err(ProtocolError::file("write", &path))
        };
        write("metrics.tsv", self.metrics_tsv().as_bytes())?;
        figure::write(&figure, out)?;
        write(RECORD, self.to_json().as_bytes())?;
        Ok(())
    }

    /// Returns the content of `protocol.json`.
    pub fn to_json(&self) -> String {
        let document = Document {
            schema_version: SCHEMA_VERSION,
            result: self,
        };
        let text = serde_json::to_string_pretty(&document).expect("texts and finite numbers are JSON");
        text + "\n"
    }

    fn lines(&self) -> impl Iterator<Item = &MetricLine> {
        std::iter::once(&self.evaluation.overall).chain(&self.evaluation.groups)
    }

    fn metrics_tsv(&self) -> String {
        let mut tsv = Tsv::new([
            "protocol",
            "group",
            "metric",
            "n",
            "positives",
            "variants",
            "drawn",
            "effective_n",
            "value",
            "low",
            "high",
            "interval",
            "chance",
            "majority",
            "note",
        ]);
        for line in self.lines() {
            tsv.text(&self.provenance.protocol.name)
                .text(&line.group)
                .text(line.metric)
                .optional(Some(line.n))
                .optional(line.positives)
                .optional(line.variants)
                .text(line.drawn)
                .optional(Some(line.effective_n))
                .optional(line.value)
                .optional(line.low)
                .optional(line.high)
                .optional_text(line.interval)
                .optional(line.chance)
                .optional(line.majority)
                .optional_text(line.note.as_deref())
                .end();
        }
        tsv.finish()
    }

    /// Draws the value with its interval, the groups below it, and published values and baselines as marks.
    ///
    /// # Errors
    /// [`ProtocolError::Figure`] when it cannot be drawn.
    pub fn forest(&self) -> Result<Figure, ProtocolError> {
        let protocol = &self.provenance.protocol;
        let overall = &self.evaluation.overall;
        let row = |line: &MetricLine, label: String, emphasised| {
            let estimate = line.value?;
            // A value without an interval is a point.
            let (low, high) = line.low.zip(line.high).unwrap_or((estimate, estimate));
            Some(ForestRow {
                label,
                estimate,
                // The ends of a BCa interval may miss the estimate.
                low: low.min(estimate),
                high: high.max(estimate),
                emphasised,
            })
        };
        let mut rows: Vec<ForestRow> = row(overall, format!("here (n {})", overall.n), true)
            .into_iter()
            .collect();
        let groups: Vec<ForestRow> = self
            .evaluation
            .groups
            .iter()
            .filter_map(|line| row(line, format!("{} (n {})", line.group, line.n), false))
            .collect();
        let shown = groups.len().min(MOST_ROWS);
        let hidden = groups.len() - shown;
        rows.extend(groups.into_iter().take(shown));
        let mut marks: Vec<ForestMark> = protocol
            .published
            .iter()
            .map(|published| ForestMark {
                row: 0,
                label: format!("{}, {} {}", published.predictor, published.kind, published.value),
                value: published.number(),
            })
            .collect();
        marks.extend(protocol.baseline.iter().map(|baseline| ForestMark {
            row: 0,
            label: format!("{} {}", baseline.predictor, baseline.value),
            value: baseline.value,
        }));
        let long_name = Metric::of(overall.metric).map_or(overall.metric, |metric| metric.long_name);
        let mut caption = format!(
            "{} Interval: bootstrap of {} {}, {} replicates, seed {}.",
            protocol.question,
            overall.effective_n,
            overall.drawn,
            self.provenance.options.replicates,
            self.provenance.options.seed
        );
        if !marks.is_empty() {
            caption.push_str(" Diamonds stand for published values, which have no interval here.");
        }
        if hidden > 0 {
            caption.push_str(&format!(" {hidden} further groups are in metrics.tsv."));
        }
        let forest = Forest {
            labels: Labels {
                name: "forest".to_owned(),
                title: protocol.title.clone(),
                subtitle: self
                    .verdicts
                    .first()
                    .map_or_else(String::new, |verdict| verdict.statement.clone()),
                caption,
            },
            value_title: match protocol.metric.average {
                None => long_name.to_owned(),
                Some(_) => format!("{long_name}, mean over groups"),
            },
            interval: format!("{} % bootstrap interval", self.provenance.options.level * 100.0),
            null_value: overall.chance,
            rows,
        };
        Ok(forest.draw_with(&marks)?)
    }
}
