//! The score table as text: the columns of the table under their names, one row a line, in input order.
//!
//! Numbers have the fewest digits that read back to them; what is missing is empty. A tab or a line break in a text,
//! which no published table has, is written as a space.

use super::record::number;
use super::selection::Selection;
use super::{ExportError, ExportReport, is_compressed};
use crate::atomic_file::{AtomicFile, Complete};
use crate::output_files::place_new;
use crate::score_folder::{ScoreFolder, TextColumn};
use noodles::bgzf;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

/// The columns, in order.
const COLUMNS: [&str; 18] = [
    "row",
    "variant_id",
    "gene_id",
    "gene_name",
    "gene_strand",
    "junction_Start",
    "junction_End",
    "output_type",
    "scorer",
    "score_kind",
    "variant_scorer",
    "track_name",
    "track_strand",
    "raw_score",
    "quantile_score",
    "source",
    "model_version",
    "answered_on",
];

/// A text file, compressed or not.
pub(crate) enum TextFile {
    Plain(AtomicFile),
    Bgzip(bgzf::io::Writer<AtomicFile>),
}

impl TextFile {
    /// Begins a file; its ending decides on compression.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = AtomicFile::create(path)?;
        Ok(if is_compressed(path) {
            Self::Bgzip(bgzf::io::Writer::new(file))
        } else {
            Self::Plain(file)
        })
    }

    /// Brings the file to its end, still under its temporary name.
    pub(crate) fn complete(self) -> io::Result<Complete> {
        match self {
            Self::Plain(file) => file.complete(),
            Self::Bgzip(writer) => writer.finish()?.complete(),
        }
    }
}

impl Write for TextFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(buffer),
            Self::Bgzip(writer) => writer.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Bgzip(writer) => writer.flush(),
        }
    }
}

/// Writes the selected rows.
pub(super) fn write(folder: &ScoreFolder, out: &Path, selection: &Selection) -> Result<ExportReport, ExportError> {
    let failed = ExportError::write(out);
    let mut file = TextFile::create(out).map_err(&failed)?;
    writeln!(file, "{}", COLUMNS.join("\t")).map_err(&failed)?;
    let mut report = ExportReport {
        files: vec![out.to_owned()],
        ..ExportReport::default()
    };
    let mut text = String::new();
    let mut scores = folder.scores();
    loop {
        let more = scores.batch(|group| {
            let batch = group.batch;
            let mut selected = selection.rows(batch);
            text.clear();
            for row in group.rows.clone() {
                let Some(scorer) = selected.scorer(row) else { continue };
                let scorer = &selection.scorers[scorer];
                let _ = write!(text, "{}", batch.input_row(row));
                let junction = batch.junction(row);
                let cell = |column: &TextColumn, text: &mut String| {
                    text.push('\t');
                    push(column.text(row).unwrap_or_default(), text);
                };
                for column in [&batch.variant, &batch.gene_id, &batch.gene_name, &batch.gene_strand] {
                    cell(column, &mut text);
                }
                match junction {
                    Some((start, end)) => {
                        let _ = write!(text, "\t{start}\t{end}");
                    }
                    None => text.push_str("\t\t"),
                }
                cell(&batch.output, &mut text);
                let _ = write!(text, "\t{}\t{}", scorer.name, scorer.scorer.score_kind);
                for column in [&batch.scorer, &batch.track, &batch.strand] {
                    cell(column, &mut text);
                }
                text.push('\t');
                number(batch.score(row), &mut text);
                text.push('\t');
                if let Some(quantile) = batch.quantile(row) {
                    number(quantile, &mut text);
                }
                for column in [&batch.source, &batch.model_version, &batch.answered_on] {
                    cell(column, &mut text);
                }
                text.push('\n');
                report.records += 1;
            }
            file.write_all(text.as_bytes()).map_err(&failed)
        })?;
        if !more {
            break;
        }
    }
    place_new(vec![file.complete().map_err(&failed)?])?;
    Ok(report)
}

/// Appends a text without tabs and line breaks.
pub(super) fn push(text: &str, line: &mut String) {
    if text.contains(['\t', '\n', '\r']) {
        line.push_str(&text.replace(['\t', '\n', '\r'], " "));
    } else {
        line.push_str(text);
    }
}
