//! The score table as Parquet: one column of `COLUMNS` after the other, streamed.
//!
//! All rows of a variant differ only in the track and gene columns, and the track columns are the same for every
//! variant. So the columns are written as runs of dictionary keys that are laid out once (`template`), and the pages
//! are made from the runs (`chunk`), without a look at single rows; only scores are written row by row.
//!
//! METHOD: scores are stored with BYTE_STREAM_SPLIT and without dictionary, because full-entropy floats make a
//! dictionary larger and slower than the values. The Arrow schema hint is left out of the file, so that every
//! reader sees plain text columns.

use super::kept_rows::KeptRows;
use super::plan::Plan;
use crate::atomic_file::{AtomicFile, Committed};
use crate::provenance::VERSION;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use chunk::Chunk;
use column::{FlagColumn, KeyColumn, NO_VALUE, ScoreColumn};
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use refalt_core::ModelCard;
use refalt_core::score::{COLUMNS, Column, ColumnType, ScoreBlock, VariantPart};
use refalt_core::scorer::ScoreRows;
use std::io;
use std::path::Path;
use std::sync::Arc;
use template::{Content, ScoreOf};
use zstd::bulk::Compressor;

mod chunk;
mod column;
mod hybrid;
mod template;

pub(crate) use template::Template;

/// Rows after which a row group ends, with the variant that reaches them: what a reader decodes at once.
const ROWS_PER_GROUP: usize = 1 << 20;

/// Version of the layout of the tables.
pub(crate) const SCHEMA_VERSION: u32 = 3;

/// A table cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file system refused.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The Parquet writer refused.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    /// The columns do not fit each other.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// A column is missing, or holds what it cannot hold.
    #[error("the column `{0}` is missing or not as refalt writes it")]
    Column(&'static str),
}

/// Returns the Arrow schema of the score table, derived from `COLUMNS`.
pub fn schema() -> SchemaRef {
    schema_of(COLUMNS)
}

/// Returns the Arrow schema of a table of columns.
pub(crate) fn schema_of(columns: &[Column]) -> SchemaRef {
    let fields = columns.iter().map(|column| {
        let data_type = match column.kind {
            ColumnType::Text => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            ColumnType::Float32 => DataType::Float32,
            ColumnType::Int64 => DataType::Int64,
            ColumnType::Boolean => DataType::Boolean,
        };
        Field::new(column.name, data_type, column.nullable)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Returns the settings of refalt's Parquet files, with the licence and the model in the footer.
pub(crate) fn properties(plan: &Plan, float_columns: &[&str]) -> Result<WriterProperties, ParquetError> {
    properties_of(plan.card(), float_columns)
}

/// Returns the properties of every table of values of a model.
pub(crate) fn properties_of(card: &ModelCard, float_columns: &[&str]) -> Result<WriterProperties, ParquetError> {
    let note = |key: &str, value: &str| KeyValue::new(format!("refalt.{key}"), value.to_owned());
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(chunk::ZSTD_LEVEL)?))
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_created_by(format!("refalt {VERSION}"))
        .set_key_value_metadata(Some(vec![
            note("version", VERSION),
            note("schema_version", &SCHEMA_VERSION.to_string()),
            note("model", &format!("{} {}", card.name, card.version)),
            note("model_digest", &card.digest),
            note("licence", &card.licence),
            note("citation", &card.citation),
        ]));
    for name in float_columns {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(*name), false)
            .set_column_encoding(ColumnPath::from(*name), Encoding::BYTE_STREAM_SPLIT);
    }
    Ok(properties.build())
}

/// One scored variant: what its rows share, and a block of scores for each scorer of the plan, in order.
pub(crate) struct ScoredVariant {
    pub(crate) part: VariantPart,
    pub(crate) blocks: Vec<ScoreBlock>,
}

/// A column under way.
enum Writing {
    Keys(KeyColumn),
    Flags(FlagColumn),
    Scores(ScoreColumn),
}

/// Writes one part of the score table.
pub(crate) struct ScoreTable {
    writer: SerializedFileWriter<AtomicFile>,
    columns: Vec<Writing>,
    compressor: Compressor<'static>,
    rows_in_group: usize,
    rows: u64,
}

impl ScoreTable {
    /// Begins a part.
    pub(crate) fn create(path: &Path, plan: &Plan, template: &Template) -> Result<Self, TableError> {
        let file = AtomicFile::create(path)?;
        let schema = ArrowSchemaConverter::new().convert(&schema())?;
        let columns = template.columns.iter().zip(schema.columns());
        let columns = columns.map(|(content, description)| {
            let description = Arc::clone(description);
            match content {
                Content::Variant(_) | Content::Gene(_) | Content::Origin(_) => {
                    Writing::Keys(KeyColumn::new(description))
                }
                Content::Scorer(dictionary, _) | Content::Track(dictionary, _) => {
                    Writing::Keys(KeyColumn::with_dictionary(description, dictionary.clone()))
                }
                Content::Flag(_) => Writing::Flags(FlagColumn::new(description)),
                Content::Score(_) => Writing::Scores(ScoreColumn::new(description)),
            }
        });
        Ok(Self {
            columns: columns.collect(),
            writer: SerializedFileWriter::new(file, schema.root_schema_ptr(), Arc::new(properties(plan, &[])?))?,
            compressor: Compressor::new(chunk::ZSTD_LEVEL)?,
            rows_in_group: 0,
            rows: 0,
        })
    }

    /// Appends the rows of a variant; their number.
    pub(crate) fn append(&mut self, template: &Template, variant: &ScoredVariant) -> Result<u64, TableError> {
        let blocks: Vec<Block<'_>> = variant.blocks.iter().map(|block| Block::of(block, template)).collect();
        let rows: usize = blocks.iter().map(|block| block.count).sum();
        for (column, content) in self.columns.iter_mut().zip(&template.columns) {
            match (column, content) {
                (Writing::Keys(column), Content::Variant(value)) => {
                    let key = column.key(value(&variant.part));
                    column.push(key, short(rows));
                    column.settle(&mut self.compressor)?;
                }
                (Writing::Keys(column), content) => {
                    for block in &blocks {
                        block.keys(content, column);
                        column.settle(&mut self.compressor)?;
                    }
                }
                (Writing::Flags(column), Content::Flag(flags)) => {
                    for block in &blocks {
                        for (flag, rows) in flags[block.scores.scorer].iter().zip(block.each_track()) {
                            column.push(*flag, short(rows.len()));
                        }
                    }
                }
                (Writing::Scores(column), Content::Score(of)) => {
                    for block in &blocks {
                        block.scores(*of, column);
                        column.settle(&mut self.compressor)?;
                    }
                }
                (Writing::Flags(_) | Writing::Scores(_), _) => {
                    unreachable!("columns are made from the template they are filled from")
                }
            }
        }
        self.rows_in_group += rows;
        self.rows += rows as u64;
        if self.rows_in_group >= ROWS_PER_GROUP {
            self.finish_group()?;
        }
        Ok(rows as u64)
    }

    fn finish_group(&mut self) -> Result<(), TableError> {
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let Chunk { bytes, close } = match column {
                Writing::Keys(column) => column.finish(&mut self.compressor)?,
                Writing::Flags(column) => column.finish(&mut self.compressor)?,
                Writing::Scores(column) => column.finish(&mut self.compressor)?,
            };
            group.append_column(&bytes, close)?;
        }
        group.close()?;
        self.rows_in_group = 0;
        Ok(())
    }

    /// Finishes the part and puts it in place.
    pub(crate) fn commit(mut self) -> Result<(Committed, u64), TableError> {
        if self.rows_in_group > 0 {
            self.finish_group()?;
        }
        let file = self.writer.into_inner()?;
        Ok((file.commit()?, self.rows))
    }
}

/// The scores of a variant by one scorer, with the rows that they come to.
struct Block<'a> {
    scores: &'a ScoreBlock,
    tracks: &'a [refalt_core::Track],
    kept: KeptRows,
    count: usize,
}

impl<'a> Block<'a> {
    fn of(scores: &'a ScoreBlock, template: &'a Template) -> Self {
        let tracks = &template.tracks[scores.scorer];
        let kept = KeptRows::of(&scores.rows, template.match_gene_strand);
        Self {
            count: kept.count(tracks),
            scores,
            tracks,
            kept,
        }
    }

    /// Returns for each track the rows of the block that are in the table.
    fn each_track(&self) -> impl Iterator<Item = &[u32]> {
        self.tracks.iter().map(|track| self.kept.with(track))
    }

    /// Appends the keys of a column that has a dictionary.
    fn keys(&self, content: &Content, column: &mut KeyColumn) {
        match (content, &self.scores.rows) {
            (Content::Origin(value), _) => {
                let key = column.key(value(&self.scores.origin));
                column.push(key, short(self.count));
            }
            (Content::Scorer(_, keys), _) => column.push(keys[self.scores.scorer], short(self.count)),
            (Content::Track(_, keys), ScoreRows::One) => {
                for &(key, rows) in &keys[self.scores.scorer].runs {
                    column.push(key, rows);
                }
            }
            (Content::Track(_, keys), ScoreRows::Genes(_)) => {
                for (&key, rows) in keys[self.scores.scorer].each.iter().zip(self.each_track()) {
                    column.push(key, short(rows.len()));
                }
            }
            (Content::Gene(_), ScoreRows::One) => column.push(NO_VALUE, short(self.count)),
            (Content::Gene(value), ScoreRows::Genes(genes)) => {
                let keys: Vec<u32> = genes.iter().map(|gene| column.key(value(gene))).collect();
                match keys.first() {
                    Some(&first) if keys.iter().all(|&key| key == first) => column.push(first, short(self.count)),
                    _ => {
                        for &row in self.each_track().flatten() {
                            column.push(keys[row as usize], 1);
                        }
                    }
                }
            }
            (Content::Variant(_) | Content::Flag(_) | Content::Score(_), _) => {
                unreachable!("the column has no keys of blocks")
            }
        }
    }

    /// Appends the values of a column of scores.
    fn scores(&self, of: ScoreOf, column: &mut ScoreColumn) {
        let values = match of {
            ScoreOf::Raw => Some(&self.scores.raw),
            ScoreOf::Quantile => self.scores.quantile.as_ref(),
            ScoreOf::Reference => self.scores.terms.as_ref().map(|terms| &terms.reference),
            ScoreOf::Alternate => self.scores.terms.as_ref().map(|terms| &terms.alternate),
        };
        let Some(values) = values else {
            return column.skip(short(self.count));
        };
        if self.scores.rows == ScoreRows::One {
            return column.extend(values.iter().copied());
        }
        let width = self.tracks.len();
        let places = self.each_track().enumerate();
        column
            .extend(places.flat_map(|(track, rows)| rows.iter().map(move |&row| values[row as usize * width + track])));
    }
}

fn short(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
