//! A matrix of one scorer: a row for each variant (and gene, and junction), a column for each track.
//!
//! The first columns are `row` and `variant_id`, then `gene_id`, `junction_Start` and `junction_End` for scorers that work
//! by gene; then the tracks in the model's order, a strand in parentheses behind the name. What has no score is empty,
//! or null in Parquet.

use super::header::has_genes;
use super::record::number;
use super::selection::Selection;
use super::tsv::{TextFile, push};
use super::{ExportError, ExportReport};
use crate::atomic_file::{AtomicFile, Complete};
use crate::output_files::place_new;
use crate::score_folder::{ScoreBatch, ScoreFolder};
use arrow::array::{ArrayRef, Float32Builder, Int64Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

/// Values that are turned into a Parquet batch at once.
const VALUES_PER_BATCH: usize = 1 << 20;

/// A row of the matrix.
#[derive(Clone, Debug)]
struct MatrixRow {
    row: i64,
    variant: String,
    gene: Option<String>,
    junction: Option<(i64, i64)>,
    scores: Vec<Option<f32>>,
}

/// Writes the matrix of the one selected scorer.
pub(super) fn write(folder: &ScoreFolder, out: &Path, selection: &Selection) -> Result<ExportReport, ExportError> {
    let scorer = selection.one_scorer("a matrix")?;
    let tracks = selection.tracks_of(scorer);
    let by_gene = has_genes(&scorer.scorer.scorer);
    let names: Vec<String> = tracks
        .iter()
        .map(|(name, strand)| match *strand {
            "." => name.clone(),
            strand => format!("{name} ({strand})"),
        })
        .collect();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for (place, (name, strand)) in tracks.iter().enumerate() {
        if places.insert((name.as_str(), *strand), place).is_some() {
            return Err(ExportError::TrackTwice {
                track: format!("{name} {strand}"),
            });
        }
    }
    let failed = ExportError::write(out);
    let mut sink = Sink::create(out, &names, by_gene).map_err(&failed)?;
    let mut report = ExportReport {
        files: vec![out.to_owned()],
        ..ExportReport::default()
    };
    let mut scores = folder.scores();
    let mut rows: Vec<MatrixRow> = Vec::new();
    while scores.peek()?.is_some() {
        rows.clear();
        scores.variant(|group| {
            let mut selected = selection.rows(group.batch);
            for row in group.rows.clone() {
                if selected.scorer(row).is_some() {
                    add(group.batch, row, &places, &mut rows)?;
                }
            }
            Ok::<(), ExportError>(())
        })?;
        for row in &rows {
            sink.row(row).map_err(&failed)?;
            report.records += 1;
        }
    }
    place_new(vec![sink.complete().map_err(&failed)?])?;
    Ok(report)
}

/// Adds a score to the row of its gene and junction.
fn add(
    batch: &ScoreBatch,
    row: usize,
    places: &HashMap<(&str, &str), usize>,
    rows: &mut Vec<MatrixRow>,
) -> Result<(), ExportError> {
    let (gene, junction) = (batch.gene_id.text(row), batch.junction(row));
    let is = |known: &MatrixRow| known.gene.as_deref() == gene && known.junction == junction;
    // The rows of a gene come together, so the last is looked at first.
    let index = rows.iter().rposition(is).unwrap_or_else(|| {
        rows.push(MatrixRow {
            row: batch.input_row(row),
            variant: batch.variant.text(row).unwrap_or_default().to_owned(),
            gene: gene.map(str::to_owned),
            junction,
            scores: vec![None; places.len()],
        });
        rows.len() - 1
    });
    let track = batch.track.text(row).unwrap_or_default();
    let strand = batch.strand.text(row).unwrap_or(".");
    let Some(&place) = places.get(&(track, strand)) else {
        return Err(ExportError::TrackUnknown {
            track: format!("{track} {strand}"),
        });
    };
    rows[index].scores[place] = Some(batch.score(row));
    Ok(())
}

/// Where rows go.
enum Sink {
    Text {
        file: Box<TextFile>,
        by_gene: bool,
        line: String,
    },
    Parquet {
        writer: Box<ArrowWriter<AtomicFile>>,
        schema: SchemaRef,
        by_gene: bool,
        waiting: Vec<MatrixRow>,
    },
}

impl Sink {
    fn create(out: &Path, tracks: &[String], by_gene: bool) -> io::Result<Self> {
        let genes: &[&str] = if by_gene {
            &["gene_id", "junction_Start", "junction_End"]
        } else {
            &[]
        };
        if out.extension().is_none_or(|ending| ending != "parquet") {
            let mut file = Box::new(TextFile::create(out)?);
            let mut line = ["row", "variant_id"]
                .into_iter()
                .chain(genes.iter().copied())
                .collect::<Vec<_>>()
                .join("\t");
            for track in tracks {
                line.push('\t');
                push(track, &mut line);
            }
            writeln!(file, "{line}")?;
            return Ok(Self::Text { file, by_gene, line });
        }
        let mut fields = vec![
            Field::new("row", DataType::Int64, false),
            Field::new("variant_id", DataType::Utf8, false),
        ];
        fields.extend(genes.iter().map(|&name| {
            let kind = if name == "gene_id" {
                DataType::Utf8
            } else {
                DataType::Int64
            };
            Field::new(name, kind, true)
        }));
        fields.extend(tracks.iter().map(|name| Field::new(name, DataType::Float32, true)));
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_dictionary_enabled(false)
            .build();
        let writer = ArrowWriter::try_new(AtomicFile::create(out)?, Arc::clone(&schema), Some(properties))?;
        Ok(Self::Parquet {
            writer: Box::new(writer),
            schema,
            by_gene,
            waiting: Vec::new(),
        })
    }

    fn row(&mut self, row: &MatrixRow) -> io::Result<()> {
        match self {
            Self::Text { file, by_gene, line } => {
                line.clear();
                let _ = write!(line, "{}\t", row.row);
                push(&row.variant, line);
                if *by_gene {
                    line.push('\t');
                    push(row.gene.as_deref().unwrap_or_default(), line);
                    match row.junction {
                        Some((start, end)) => {
                            let _ = write!(line, "\t{start}\t{end}");
                        }
                        None => line.push_str("\t\t"),
                    }
                }
                for score in &row.scores {
                    line.push('\t');
                    if let Some(score) = score {
                        number(*score, line);
                    }
                }
                line.push('\n');
                file.write_all(line.as_bytes())
            }
            Self::Parquet { waiting, .. } => {
                waiting.push(row.clone());
                if waiting.len() * row.scores.len().max(1) >= VALUES_PER_BATCH {
                    self.flush()?;
                }
                Ok(())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let Self::Parquet {
            writer,
            schema,
            by_gene,
            waiting,
        } = self
        else {
            return Ok(());
        };
        if waiting.is_empty() {
            return Ok(());
        }
        let (mut numbers, mut variants) = (Int64Builder::new(), StringBuilder::new());
        let (mut genes, mut starts, mut ends) = (StringBuilder::new(), Int64Builder::new(), Int64Builder::new());
        for row in waiting.iter() {
            numbers.append_value(row.row);
            variants.append_value(&row.variant);
            genes.append_option(row.gene.as_deref());
            starts.append_option(row.junction.map(|(start, _)| start));
            ends.append_option(row.junction.map(|(_, end)| end));
        }
        let mut columns: Vec<ArrayRef> = vec![Arc::new(numbers.finish()), Arc::new(variants.finish())];
        if *by_gene {
            columns.extend([
                Arc::new(genes.finish()) as ArrayRef,
                Arc::new(starts.finish()),
                Arc::new(ends.finish()),
            ]);
        }
        for track in 0..waiting[0].scores.len() {
            let mut values = Float32Builder::with_capacity(waiting.len());
            waiting.iter().for_each(|row| values.append_option(row.scores[track]));
            columns.push(Arc::new(values.finish()));
        }
        let batch = RecordBatch::try_new(Arc::clone(schema), columns).map_err(io::Error::other)?;
        waiting.clear();
        writer.write(&batch)?;
        // One row group for each batch: with thousands of columns the writer's own limit would hold too much.
        writer.flush()?;
        Ok(())
    }

    fn complete(mut self) -> io::Result<Complete> {
        self.flush()?;
        match self {
            Self::Text { file, .. } => file.complete(),
            Self::Parquet { writer, .. } => writer.into_inner()?.complete(),
        }
    }
}
