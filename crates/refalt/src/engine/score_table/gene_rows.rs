//! Rows of variants with scores by gene: their number differs from variant to variant.
//!
//! Columns that do not depend on the variant are taken from the template, row by row; the others are made from keys.

use super::{ScoredVariant, TableError, Template, key};
use arrow::array::{
    ArrayRef, DictionaryArray, Float32Array, Int32Array, Int64Array, StringArray, UInt32Array, new_null_array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use refalt_core::scorer::ScoredGene;
use refalt_core::strand::sign_or_dot;
use refalt_core::tidy::{self, TidyOptions};
use std::collections::HashMap;
use std::sync::Arc;

/// The rows of a batch, column by column.
#[derive(Default)]
struct Rows<'a> {
    /// Row of the template: scorer and track.
    template: Vec<u32>,
    /// Index of the variant in the batch.
    variant: Vec<i32>,
    /// Index into `genes`.
    gene: Vec<Option<i32>>,
    genes: Vec<&'a ScoredGene>,
    junction_start: Vec<Option<i64>>,
    junction_end: Vec<Option<i64>>,
    raw: Vec<f32>,
    quantile: Vec<Option<f32>>,
}

impl<'a> Rows<'a> {
    fn of(template: &'a Template, variants: &'a [ScoredVariant]) -> Self {
        let mut rows = Self::default();
        let mut known: HashMap<&'a ScoredGene, i32> = HashMap::new();
        for (variant, scored) in variants.iter().enumerate() {
            let mut first = 0;
            for (block, tracks) in scored.blocks.iter().zip(&template.tracks) {
                for row in tidy::rows(&block.rows, tracks, TidyOptions::default()) {
                    let place = row.row * tracks.len() + row.track;
                    rows.template.push(u32::try_from(first + row.track).unwrap_or(u32::MAX));
                    rows.variant.push(key(variant));
                    rows.gene.push(row.gene.map(|row| {
                        *known.entry(&row.gene).or_insert_with(|| {
                            rows.genes.push(&row.gene);
                            key(rows.genes.len() - 1)
                        })
                    }));
                    let junction = row.gene.and_then(|row| row.junction);
                    rows.junction_start
                        .push(junction.map(|junction| junction.bed_start().into()));
                    rows.junction_end
                        .push(junction.map(|junction| junction.bed_end().into()));
                    rows.raw.push(block.raw[place]);
                    rows.quantile
                        .push(block.quantile.as_ref().map(|quantile| quantile[place]));
                }
                first += tracks.len();
            }
        }
        rows
    }

    /// Makes a text column of the rows' genes.
    fn of_gene(&self, text: impl Fn(&'a ScoredGene) -> Option<&'a str>) -> Result<ArrayRef, ArrowError> {
        texts(&self.gene, self.genes.iter().map(|gene| text(gene).map(str::to_owned)))
    }
}

/// Makes a dictionary column: each key an index into the values, null where the value is.
fn texts(keys: &[Option<i32>], values: impl Iterator<Item = Option<String>>) -> Result<ArrayRef, ArrowError> {
    let mut distinct: Vec<String> = Vec::new();
    let mut index: HashMap<String, i32> = HashMap::new();
    let places: Vec<Option<i32>> = values
        .map(|value| {
            value.map(|text| {
                *index.entry(text.clone()).or_insert_with(|| {
                    distinct.push(text);
                    key(distinct.len() - 1)
                })
            })
        })
        .collect();
    if distinct.is_empty() {
        let data_type = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        return Ok(new_null_array(&data_type, keys.len()));
    }
    let place = |key: &Option<i32>| key.and_then(|key| places.get(usize::try_from(key).ok()?).copied().flatten());
    let keys: Int32Array = keys.iter().map(place).collect();
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(
        keys,
        Arc::new(StringArray::from(distinct)),
    )?))
}

/// Makes the rows of some variants, in the order of the tidy table.
pub(super) fn batch(template: &Template, variants: &[ScoredVariant]) -> Result<RecordBatch, TableError> {
    let rows = Rows::of(template, variants);
    let indices = UInt32Array::from(rows.template.clone());
    let keys: Vec<Option<i32>> = rows.variant.iter().copied().map(Some).collect();
    let parts: Vec<_> = variants.iter().map(|variant| &variant.part).collect();
    let of_variant = |values: Vec<Option<String>>| texts(&keys, values.into_iter());
    let part = |row: &i32| parts[usize::try_from(*row).unwrap_or_default()];
    let columns = template
        .schema
        .fields()
        .iter()
        .zip(&template.fixed)
        .map(|(field, fixed)| -> Result<ArrayRef, ArrowError> {
            let each = || parts.iter();
            Ok(match (field.name().as_str(), fixed) {
                ("gene_id", _) => rows.of_gene(|gene| Some(gene.id_without_version()))?,
                ("gene_name", _) => rows.of_gene(|gene| gene.name.as_deref())?,
                ("gene_type", _) => rows.of_gene(|gene| gene.biotype.as_deref())?,
                ("gene_strand", _) => rows.of_gene(|gene| Some(sign_or_dot(gene.strand)))?,
                ("junction_Start", _) => Arc::new(Int64Array::from(rows.junction_start.clone())),
                ("junction_End", _) => Arc::new(Int64Array::from(rows.junction_end.clone())),
                (_, Some(fixed)) => take(fixed, &indices, None)?,
                ("raw_score", None) => Arc::new(Float32Array::from(rows.raw.clone())),
                ("quantile_score", None) => Arc::new(Float32Array::from(rows.quantile.clone())),
                ("variant_id", None) => of_variant(each().map(|p| Some(p.variant.to_string())).collect())?,
                ("scored_interval", None) => of_variant(each().map(|p| Some(p.window.to_string())).collect())?,
                ("chrom", None) => of_variant(each().map(|p| Some(p.variant.contig().to_string())).collect())?,
                ("ref", None) => of_variant(each().map(|p| Some(p.variant.reference_bases().to_string())).collect())?,
                ("alt", None) => of_variant(each().map(|p| Some(p.variant.alternate_bases().to_string())).collect())?,
                ("repair", None) => of_variant(each().map(|p| p.repair.clone()).collect())?,
                ("row", None) => {
                    let number = |row| i64::try_from(part(row).row).unwrap_or(i64::MAX);
                    Arc::new(Int64Array::from_iter_values(rows.variant.iter().map(number)))
                }
                ("pos", None) => {
                    let position = |row| i64::from(part(row).variant.position().one_based());
                    Arc::new(Int64Array::from_iter_values(rows.variant.iter().map(position)))
                }
                ("window_known", None) => {
                    let known = |row| part(row).window_known;
                    Arc::new(Float32Array::from_iter_values(rows.variant.iter().map(known)))
                }
                (other, None) => {
                    unreachable!("the column `{other}` has neither a fixed value nor one for each variant")
                }
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(&template.schema), columns)?)
}
