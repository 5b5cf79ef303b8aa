//! The score table as Parquet: one column of `COLUMNS` after the other, streamed.
//!
//! All rows of a variant differ only in the track columns, and the track columns are the same for every variant.
//! So the keys of the dictionaries are made once, for a batch of variants, and sliced; only the scores and a few
//! values for each variant are made anew.
//!
//! METHOD: scores are stored with BYTE_STREAM_SPLIT and without dictionary, because full-entropy floats make a
//! dictionary larger and slower than the values. The Arrow schema hint is left out of the file, so that every
//! reader sees plain text columns.

use super::plan::Plan;
use crate::atomic_file::{AtomicFile, Committed};
use crate::provenance::VERSION;
use arrow::array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float32Array, Int32Array, Int64Array, StringArray, new_null_array,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use refalt_core::Track;
use refalt_core::score::{COLUMNS, ColumnType, ScoreBlock, VariantPart};
use refalt_core::scorer::ScoreRows;
use refalt_core::strand::sign_or_dot;
use std::io;
use std::path::Path;
use std::sync::Arc;

mod gene_rows;

/// Rows of a row group: what a reader decodes at once.
const ROWS_PER_GROUP: usize = 1 << 20;

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
    let fields = COLUMNS.iter().map(|column| {
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
    let card = plan.card();
    let note = |key: &str, value: &str| KeyValue::new(format!("refalt.{key}"), value.to_owned());
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by(format!("refalt {VERSION}"))
        .set_key_value_metadata(Some(vec![
            note("version", VERSION),
            note("schema_version", "1"),
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

/// Writes one part of the score table.
pub(crate) struct ScoreTable {
    writer: ArrowWriter<AtomicFile>,
    rows: u64,
}

impl ScoreTable {
    /// Begins a part.
    pub(crate) fn create(path: &Path, plan: &Plan, columns: &Template) -> Result<Self, TableError> {
        let file = AtomicFile::create(path)?;
        let options = ArrowWriterOptions::new()
            .with_properties(properties(plan, &["raw_score", "quantile_score", "window_known"])?)
            .with_skip_arrow_metadata(true);
        Ok(Self {
            writer: ArrowWriter::try_new_with_options(file, Arc::clone(&columns.schema), options)?,
            rows: 0,
        })
    }

    /// Appends the rows of some variants, in order.
    pub(crate) fn append(&mut self, columns: &Template, variants: &[ScoredVariant]) -> Result<(), TableError> {
        for chunk in variants.chunks(columns.variants) {
            let batch = columns.batch(chunk)?;
            self.rows += batch.num_rows() as u64;
            self.writer.write(&batch)?;
        }
        Ok(())
    }

    /// Finishes the part and puts it in place.
    pub(crate) fn commit(self) -> Result<(Committed, u64), TableError> {
        let file = self.writer.into_inner()?;
        Ok((file.commit()?, self.rows))
    }
}

/// The columns that do not depend on the variant, for up to `variants` variants.
pub(crate) struct Template {
    schema: SchemaRef,
    /// Variants that the columns are laid out for.
    variants: usize,
    /// Rows of one variant.
    rows: usize,
    /// For each column: its values, or `None` when they depend on the variant.
    fixed: Vec<Option<ArrayRef>>,
    /// For each row, the index of its variant in the batch.
    variant_keys: Int32Array,
    /// The tracks of each scorer of the plan.
    tracks: Vec<Arc<[Track]>>,
}

impl Template {
    /// Lays the columns out for the scorers of a plan.
    pub(crate) fn new(plan: &Plan) -> Self {
        let rows: usize = plan.scorers.iter().map(|planned| planned.tracks.tracks.len()).sum();
        // Some 64 Ki rows at a time: large enough that the cost of a batch vanishes, small enough for the caches.
        let variants = ((1 << 16) / rows.max(1)).clamp(1, 1024);
        let schema = schema();
        let fixed = schema
            .fields()
            .iter()
            .map(|field| fixed_column(plan, field, variants))
            .collect();
        let keys = (0..variants).flat_map(|variant| std::iter::repeat_n(key(variant), rows));
        Self {
            variant_keys: Int32Array::from_iter_values(keys),
            tracks: plan
                .scorers
                .iter()
                .map(|planned| Arc::clone(&planned.tracks.tracks))
                .collect(),
            schema,
            variants,
            rows,
            fixed,
        }
    }

    /// Makes the rows of at most `self.variants` variants.
    fn batch(&self, variants: &[ScoredVariant]) -> Result<RecordBatch, TableError> {
        let mut blocks = variants.iter().flat_map(|variant| &variant.blocks);
        if blocks.any(|block| block.rows != ScoreRows::One) {
            return gene_rows::batch(self, variants);
        }
        let rows = variants.len() * self.rows;
        let parts = || variants.iter().map(|variant| &variant.part);
        let columns = self
            .schema
            .fields()
            .iter()
            .zip(&self.fixed)
            .map(|(field, fixed)| -> Result<ArrayRef, ArrowError> {
                if let Some(array) = fixed {
                    return Ok(array.slice(0, rows));
                }
                Ok(match field.name().as_str() {
                    "raw_score" => Arc::new(self.raw(variants, rows)),
                    "quantile_score" => Arc::new(self.quantile(variants, rows)),
                    "variant_id" => self.text(rows, parts().map(|p| Some(p.variant.to_string())))?,
                    "scored_interval" => self.text(rows, parts().map(|p| Some(p.window.to_string())))?,
                    "chrom" => self.text(rows, parts().map(|p| Some(p.variant.contig().to_string())))?,
                    "ref" => self.text(rows, parts().map(|p| Some(p.variant.reference_bases().to_string())))?,
                    "alt" => self.text(rows, parts().map(|p| Some(p.variant.alternate_bases().to_string())))?,
                    "repair" => self.text(rows, parts().map(|p| p.repair.clone()))?,
                    "row" => Arc::new(Int64Array::from_iter_values(
                        self.each_row(parts().map(|p| i64::try_from(p.row).unwrap_or(i64::MAX))),
                    )),
                    "pos" => Arc::new(Int64Array::from_iter_values(
                        self.each_row(parts().map(|p| i64::from(p.variant.position().one_based()))),
                    )),
                    "window_known" => Arc::new(Float32Array::from_iter_values(
                        self.each_row(parts().map(|p| p.window_known)),
                    )),
                    other => unreachable!("the column `{other}` has neither a fixed value nor one for each variant"),
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    fn raw(&self, variants: &[ScoredVariant], rows: usize) -> Float32Array {
        let mut values = Vec::with_capacity(rows);
        for block in variants.iter().flat_map(|variant| &variant.blocks) {
            values.extend_from_slice(&block.raw);
        }
        Float32Array::from(values)
    }

    fn quantile(&self, variants: &[ScoredVariant], rows: usize) -> Float32Array {
        let mut values = Vec::with_capacity(rows);
        for block in variants.iter().flat_map(|variant| &variant.blocks) {
            match &block.quantile {
                Some(quantile) => values.extend(quantile.iter().copied().map(Some)),
                None => values.extend(std::iter::repeat_n(None, block.raw.len())),
            }
        }
        Float32Array::from(values)
    }

    /// Makes a text column with one value for each variant, repeated over the rows of the variant.
    fn text(&self, rows: usize, values: impl Iterator<Item = Option<String>>) -> Result<ArrayRef, ArrowError> {
        let values = StringArray::from_iter(values);
        if values.null_count() == values.len() {
            let data_type = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            return Ok(new_null_array(&data_type, rows));
        }
        let keys = self.variant_keys.slice(0, rows);
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::new(values))?))
    }

    fn each_row<T: Copy>(&self, values: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        let rows = self.rows;
        values.flat_map(move |value| std::iter::repeat_n(value, rows))
    }
}

fn key(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

/// Makes a column that does not depend on the variant, for `variants` variants; `None` when it does.
fn fixed_column(plan: &Plan, field: &Field, variants: usize) -> Option<ArrayRef> {
    let per_scorer = |value: &dyn Fn(&super::plan::PlannedScorer) -> Option<String>| {
        let values = plan
            .scorers
            .iter()
            .map(|planned| (value(planned), planned.tracks.tracks.len()));
        repeated(values, variants)
    };
    let per_track = |value: &dyn Fn(&Track) -> Option<String>| {
        let values = plan
            .scorers
            .iter()
            .flat_map(|planned| planned.tracks.tracks.iter())
            .map(|track| (value(track), 1));
        repeated(values, variants)
    };
    let rows: usize = plan.scorers.iter().map(|planned| planned.tracks.tracks.len()).sum();
    let column = match field.name().as_str() {
        "gene_id" | "gene_name" | "gene_type" | "gene_strand" | "junction_Start" | "junction_End" => {
            new_null_array(field.data_type(), rows * variants)
        }
        "output_type" => per_scorer(&|planned| Some(planned.scorer.output().name().to_owned())),
        "variant_scorer" => per_scorer(&|planned| Some(planned.text.clone())),
        "score_kind" => per_scorer(&|planned| Some(planned.scorer.kind().name().to_owned())),
        "source" => per_scorer(&|_| Some(plan.card().name.clone())),
        "model_version" => per_scorer(&|_| Some(plan.card().version.clone())),
        "track_name" => per_track(&|track| Some(track.name.clone())),
        "track_strand" => per_track(&|track| Some(sign_or_dot(track.strand).to_owned())),
        "Assay title" => per_track(&|track| track.assay_title.clone()),
        "ontology_curie" => per_track(&|track| track.ontology_curie.clone()),
        "biosample_name" => per_track(&|track| track.biosample_name.clone()),
        "biosample_type" => per_track(&|track| track.biosample_type.clone()),
        "biosample_life_stage" => per_track(&|track| track.biosample_life_stage.clone()),
        "data_source" => per_track(&|track| track.data_source.clone()),
        "endedness" => per_track(&|track| track.endedness.clone()),
        "transcription_factor" => per_track(&|track| track.transcription_factor.clone()),
        "histone_mark" => per_track(&|track| track.histone_mark.clone()),
        "gtex_tissue" => per_track(&|track| track.gtex_tissue.clone()),
        "genetically_modified" => {
            let flags: Vec<Option<bool>> = plan
                .scorers
                .iter()
                .flat_map(|planned| planned.tracks.tracks.iter())
                .map(|track| track.genetically_modified)
                .collect();
            Arc::new(BooleanArray::from_iter(
                std::iter::repeat_n(&flags, variants).flatten().copied(),
            ))
        }
        _ => return None,
    };
    Some(column)
}

/// Makes a dictionary column of values that stand for several rows each, the whole repeated `times` times.
fn repeated(values: impl Iterator<Item = (Option<String>, usize)>, times: usize) -> ArrayRef {
    let mut texts: Vec<String> = Vec::new();
    let mut index = std::collections::HashMap::new();
    let mut keys: Vec<Option<i32>> = Vec::new();
    for (value, rows) in values {
        let key = value.map(|text| {
            *index.entry(text.clone()).or_insert_with(|| {
                texts.push(text);
                key(texts.len() - 1)
            })
        });
        keys.extend(std::iter::repeat_n(key, rows));
    }
    let keys = Int32Array::from_iter(std::iter::repeat_n(&keys, times).flatten().copied());
    let values = Arc::new(StringArray::from(texts));
    Arc::new(DictionaryArray::<Int32Type>::new(keys, values))
}
