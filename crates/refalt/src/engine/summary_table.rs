//! `summaries/part-*.parquet`: what the scores of a variant come to, written while they are at hand.

use super::kept_rows::KeptRows;
use super::plan::Plan;
use super::score_table::{ScoredVariant, TableError, properties, schema_of};
use crate::atomic_file::{AtomicFile, Committed};
use crate::tally::{Place, Tally};
use arrow::array::{ArrayRef, Float32Builder, Int64Builder, StringDictionaryBuilder};
use arrow::datatypes::Int32Type;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use refalt_core::score::{ColumnType, SUMMARY_COLUMNS, ScoreBlock};
use refalt_core::scorer::{ScoreKind, ScoreRows, ScoredGene};
use refalt_core::strand::sign_or_dot;
use refalt_core::{OutputType, Track};
use std::path::Path;
use std::sync::Arc;

/// Makes summaries of the scores of a variant.
pub(crate) struct Summarizer<'a> {
    plan: &'a Plan,
    /// Output type and kind of the summaries over scorers, in the order in which the plan has them first.
    kinds: Vec<(OutputType, ScoreKind)>,
}

/// A summary with what it sums up.
struct Summary<'a> {
    output: OutputType,
    kind: ScoreKind,
    scorer: Option<usize>,
    /// The scorers whose scores are behind it.
    scorers: Vec<usize>,
    gene: Option<&'a ScoredGene>,
    tracks: usize,
    tally: Tally,
}

impl Summary<'_> {
    /// Names the sources of the scores behind the summary, in the order of the scorers.
    fn sources(&self, blocks: &[ScoreBlock]) -> String {
        let mut sources: Vec<String> = Vec::new();
        for block in blocks.iter().filter(|block| self.scorers.contains(&block.scorer)) {
            let source = block.origin.to_string();
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources.join("; ")
    }
}

impl<'a> Summarizer<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let mut kinds = Vec::new();
        for planned in &plan.scorers {
            let kind = (planned.scorer.output(), planned.scorer.kind());
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        Self { plan, kinds }
    }

    pub(crate) fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// Sums up by scorer, then by output type and kind, then by gene.
    fn summaries<'b>(&self, blocks: &'b [ScoreBlock]) -> Vec<Summary<'b>> {
        let mut of_scorers: Vec<Summary<'b>> = Vec::new();
        let mut of_genes: Vec<Summary<'b>> = Vec::new();
        for block in blocks {
            let planned = &self.plan.scorers[block.scorer];
            let tracks = &planned.tracks.tracks;
            let kept = KeptRows::of(&block.rows, self.plan.table.match_gene_strand);
            let summary = |gene, tracks, tally| Summary {
                output: planned.scorer.output(),
                kind: planned.scorer.kind(),
                scorer: Some(block.scorer),
                scorers: vec![block.scorer],
                gene,
                tracks,
                tally,
            };
            let rows = tallies(block, &kept, tracks);
            let mut whole = Tally::default();
            for tally in &rows {
                whole.merge(tally);
            }
            let behind = tracks.iter().filter(|track| !kept.with(track).is_empty()).count();
            of_scorers.push(summary(None, behind, whole));
            let ScoreRows::Genes(genes) = &block.rows else { continue };
            let first = of_genes.len();
            for (row, tally) in genes.iter().zip(rows) {
                let known = of_genes[first..].iter_mut().find(|other| {
                    other
                        .gene
                        .is_some_and(|gene| std::ptr::eq(gene, &raw const *row.gene) || *gene == *row.gene)
                });
                match known {
                    Some(other) => other.tally.merge(&tally),
                    None => {
                        let own = KeptRows::of(&ScoreRows::Genes(vec![row.clone()]), self.plan.table.match_gene_strand);
                        let tracks = tracks.iter().filter(|track| !own.with(track).is_empty()).count();
                        of_genes.push(summary(Some(row.gene.as_ref()), tracks, tally));
                    }
                }
            }
        }
        let of_kinds = self.kinds.iter().map(|&(output, kind)| {
            let members = of_scorers
                .iter()
                .filter(|member| (member.output, member.kind) == (output, kind));
            let mut whole = Summary {
                output,
                kind,
                scorer: None,
                scorers: Vec::new(),
                gene: None,
                tracks: 0,
                tally: Tally::default(),
            };
            for member in members {
                whole.scorers.extend(&member.scorers);
                whole.tracks = whole.tracks.max(member.tracks);
                whole.tally.merge(&member.tally);
            }
            whole
        });
        let of_kinds: Vec<Summary<'b>> = of_kinds.collect();
        of_scorers.into_iter().chain(of_kinds).chain(of_genes).collect()
    }
}

/// Tallies each row of a block over the tracks that stand with it.
fn tallies(block: &ScoreBlock, kept: &KeptRows, tracks: &[Track]) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); block.rows.len()];
    let width = tracks.len();
    if block.rows == ScoreRows::One {
        for (track, &score) in block.raw.iter().enumerate() {
            tallies[0].add(score, Place::new(track, 0, block.scorer));
        }
        return tallies;
    }
    for (index, track) in tracks.iter().enumerate() {
        for &row in kept.with(track) {
            let row = row as usize;
            tallies[row].add(block.raw[row * width + index], Place::new(index, row, block.scorer));
        }
    }
    tallies
}

/// Rows that are turned into columns at once.
const ROWS_PER_BATCH: usize = 1 << 14;

/// Writes one part of the summaries.
pub(crate) struct SummaryTable {
    writer: ArrowWriter<AtomicFile>,
    columns: Vec<Builder>,
    waiting: usize,
}

enum Builder {
    Text(StringDictionaryBuilder<Int32Type>),
    Int64(Int64Builder),
    Float32(Float32Builder),
}

fn builders() -> Vec<Builder> {
    let builder = |kind| match kind {
        ColumnType::Int64 | ColumnType::Boolean => Builder::Int64(Int64Builder::new()),
        ColumnType::Float32 => Builder::Float32(Float32Builder::new()),
        ColumnType::Text => Builder::Text(StringDictionaryBuilder::new()),
    };
    SUMMARY_COLUMNS.iter().map(|column| builder(column.kind)).collect()
}

impl SummaryTable {
    /// Begins a part.
    pub(crate) fn create(path: &Path, plan: &Plan) -> Result<Self, TableError> {
        let floats = SUMMARY_COLUMNS
            .iter()
            .filter(|column| column.kind == ColumnType::Float32);
        let floats: Vec<&str> = floats.map(|column| column.name).collect();
        let options = ArrowWriterOptions::new()
            .with_properties(properties(plan, &floats)?)
            .with_skip_arrow_metadata(true);
        let file = AtomicFile::create(path)?;
        Ok(Self {
            writer: ArrowWriter::try_new_with_options(file, schema_of(SUMMARY_COLUMNS), options)?,
            columns: builders(),
            waiting: 0,
        })
    }

    /// Appends the summaries of a variant.
    pub(crate) fn append(&mut self, summarizer: &Summarizer<'_>, variant: &ScoredVariant) -> Result<(), TableError> {
        let id = variant.part.variant.to_string();
        let summaries = summarizer.summaries(&variant.blocks);
        for summary in &summaries {
            for (column, builder) in SUMMARY_COLUMNS.iter().zip(&mut self.columns) {
                fill(builder, column.name, &id, variant, summarizer.plan, summary);
            }
        }
        self.waiting += summaries.len();
        if self.waiting >= ROWS_PER_BATCH {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), TableError> {
        if self.waiting == 0 {
            return Ok(());
        }
        let columns = self.columns.iter_mut().map(|builder| -> ArrayRef {
            match builder {
                Builder::Text(builder) => Arc::new(builder.finish()),
                Builder::Int64(builder) => Arc::new(builder.finish()),
                Builder::Float32(builder) => Arc::new(builder.finish()),
            }
        });
        let batch = RecordBatch::try_new(schema_of(SUMMARY_COLUMNS), columns.collect())?;
        self.writer.write(&batch)?;
        self.waiting = 0;
        Ok(())
    }

    /// Finishes the part and puts it in place.
    pub(crate) fn commit(mut self) -> Result<Committed, TableError> {
        self.flush()?;
        Ok(self.writer.into_inner()?.commit()?)
    }
}

/// Appends the value of a column.
fn fill(builder: &mut Builder, column: &str, id: &str, variant: &ScoredVariant, plan: &Plan, summary: &Summary<'_>) {
    let tally = &summary.tally;
    let extreme = tally.extreme();
    match builder {
        Builder::Int64(builder) => {
            let number = match column {
                "row" => variant.part.row,
                "tracks" => summary.tracks as u64,
                "scores" => tally.scores(),
                "nan" => tally.nan(),
                other => unreachable!("no number for the column `{other}`"),
            };
            builder.append_value(i64::try_from(number).unwrap_or(i64::MAX));
        }
        Builder::Float32(builder) => builder.append_option(match column {
            "max" => tally.max(),
            "min" => tally.min(),
            "mean" => tally.mean(),
            "signed_max" => extreme.map(|(score, _)| score),
            other => unreachable!("no score for the column `{other}`"),
        }),
        Builder::Text(builder) => {
            let planned = extreme.map(|(_, place)| (&plan.scorers[place.scorer()], place));
            let track = planned.map(|(planned, place)| &planned.tracks.tracks[place.track()]);
            let level = match (summary.scorer, summary.gene) {
                (None, _) => "output_type",
                (Some(_), None) => "scorer",
                (Some(_), Some(_)) => "gene",
            };
            let sources = (column == "sources").then(|| summary.sources(&variant.blocks));
            let source = planned
                .filter(|_| column == "signed_max_source")
                .map(|(_, place)| variant.blocks[place.scorer()].origin.to_string());
            builder.append_option(match column {
                "sources" => sources.as_deref(),
                "signed_max_source" => source.as_deref(),
                "variant_id" => Some(id),
                "level" => Some(level),
                "output_type" => Some(summary.output.name()),
                "score_kind" => Some(summary.kind.name()),
                "variant_scorer" => summary.scorer.map(|scorer| plan.scorers[scorer].text.as_str()),
                "gene_id" => summary.gene.map(ScoredGene::id_without_version),
                "gene_name" => summary.gene.and_then(|gene| gene.name.as_deref()),
                "signed_max_track" => track.map(|track| track.name.as_str()),
                "signed_max_strand" => track.map(|track| sign_or_dot(track.strand)),
                "signed_max_scorer" => planned.map(|(planned, _)| planned.text.as_str()),
                "signed_max_gene" => planned.and_then(|(_, place)| {
                    let ScoreRows::Genes(genes) = &variant.blocks[place.scorer()].rows else {
                        return None;
                    };
                    Some(genes[place.row()].gene.id_without_version())
                }),
                other => unreachable!("no text for the column `{other}`"),
            });
        }
    }
}
