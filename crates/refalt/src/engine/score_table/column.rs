//! The three kinds of columns of the score table: keys into a dictionary, truth values, and scores.

use super::TableError;
use super::chunk::{Chunk, ChunkWriter};
use super::hybrid;
use parquet::basic::Encoding;
use parquet::data_type::ByteArray;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;
use std::collections::HashMap;
use zstd::bulk::Compressor;

/// A value of a column with a dictionary.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Value {
    /// Text.
    Text(Box<str>),
    /// Signed 64-bit integer.
    Int64(i64),
    /// 32-bit float, as its bits.
    Float32(u32),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// Key of a row without value.
pub(super) const NO_VALUE: u32 = u32::MAX;

/// The distinct values of a column, as Parquet stores them.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictionary {
    keys: HashMap<Value, u32>,
    values: Vec<Value>,
    plain: Vec<u8>,
}

impl Dictionary {
    /// Returns the key of a value, [`NO_VALUE`] for none.
    pub(super) fn key(&mut self, value: Option<Value>) -> u32 {
        let Some(value) = value else { return NO_VALUE };
        if let Some(key) = self.keys.get(&value) {
            return *key;
        }
        let key = u32::try_from(self.values.len()).unwrap_or(NO_VALUE);
        match &value {
            Value::Text(text) => {
                let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
                self.plain.extend_from_slice(&length.to_le_bytes());
                self.plain.extend_from_slice(text.as_bytes());
            }
            Value::Int64(number) => self.plain.extend_from_slice(&number.to_le_bytes()),
            Value::Float32(bits) => self.plain.extend_from_slice(&bits.to_le_bytes()),
        }
        self.values.push(value.clone());
        self.keys.insert(value, key);
        key
    }

    fn statistics(&self, nulls: u64) -> Statistics {
        let texts = || {
            self.values.iter().filter_map(|value| match value {
                Value::Text(text) => Some(text.as_bytes()),
                _ => None,
            })
        };
        let numbers = || {
            self.values.iter().filter_map(|value| match value {
                Value::Int64(number) => Some(*number),
                _ => None,
            })
        };
        match self.values.first() {
            Some(Value::Int64(_)) => Statistics::int64(numbers().min(), numbers().max(), None, Some(nulls), false),
            Some(Value::Float32(_)) => Statistics::float(None, None, None, Some(nulls), false),
            _ => {
                let bytes = |text: Option<&[u8]>| text.map(|text| ByteArray::from(text.to_vec()));
                Statistics::byte_array(bytes(texts().min()), bytes(texts().max()), None, Some(nulls), false)
            }
        }
    }
}

/// Runs of keys, and of levels, that a page holds at most.
const RUNS_PER_PAGE: usize = 1 << 16;

/// A column of keys into a dictionary.
pub(super) struct KeyColumn {
    chunk: ChunkWriter,
    description: ColumnDescPtr,
    dictionary: Dictionary,
    /// Whether every row group has the same dictionary.
    shared: bool,
    /// Key and rows of the page under way, rows without value left out.
    runs: Vec<(u32, u32)>,
}

impl KeyColumn {
    /// A column whose dictionary is made anew for every row group.
    pub(super) fn new(description: ColumnDescPtr) -> Self {
        Self {
            chunk: ChunkWriter::new(description.clone()),
            description,
            dictionary: Dictionary::default(),
            shared: false,
            runs: Vec::new(),
        }
    }

    /// A column with the same dictionary in every row group.
    pub(super) fn with_dictionary(description: ColumnDescPtr, dictionary: Dictionary) -> Self {
        Self {
            dictionary,
            shared: true,
            ..Self::new(description)
        }
    }

    /// Returns the key of a value.
    pub(super) fn key(&mut self, value: Option<Value>) -> u32 {
        self.dictionary.key(value)
    }

    /// Appends rows with one key.
    #[inline]
    pub(super) fn push(&mut self, key: u32, rows: u32) {
        if rows == 0 {
            return;
        }
        self.chunk.count(key != NO_VALUE, rows);
        if key == NO_VALUE {
            return;
        }
        match self.runs.last_mut() {
            Some((last, count)) if *last == key => *count += rows,
            _ => self.runs.push((key, rows)),
        }
    }

    /// Finishes the page under way when it is large enough.
    pub(super) fn settle(&mut self, compressor: &mut Compressor<'_>) -> Result<(), TableError> {
        if self.runs.len().max(self.chunk.level_runs()) < RUNS_PER_PAGE {
            return Ok(());
        }
        self.page(compressor)
    }

    fn page(&mut self, compressor: &mut Compressor<'_>) -> Result<(), TableError> {
        let largest = u32::try_from(self.dictionary.values.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let width = hybrid::bits_for(largest);
        let runs = std::mem::take(&mut self.runs);
        self.chunk.page(Encoding::RLE_DICTIONARY, compressor, |body| {
            body.push(width);
            hybrid::encode(runs.iter().copied(), width, body);
        })?;
        self.runs = runs;
        self.runs.clear();
        Ok(())
    }

    /// Finishes the chunk of a row group and begins the next.
    pub(super) fn finish(&mut self, compressor: &mut Compressor<'_>) -> Result<Chunk, TableError> {
        self.page(compressor)?;
        let chunk = std::mem::replace(&mut self.chunk, ChunkWriter::new(self.description.clone()));
        let dictionary = &self.dictionary;
        let chunk = chunk.finish(
            Encoding::RLE_DICTIONARY,
            Some((&dictionary.plain, dictionary.values.len())),
            |nulls| dictionary.statistics(nulls),
            compressor,
        );
        if !self.shared {
            self.dictionary = Dictionary::default();
        }
        chunk
    }
}

/// A column of truth values.
pub(super) struct FlagColumn {
    chunk: ChunkWriter,
    description: ColumnDescPtr,
    /// Flags of the page under way, one bit each, least significant first.
    bits: Vec<u8>,
    held: usize,
    seen: [bool; 2],
}

impl FlagColumn {
    pub(super) fn new(description: ColumnDescPtr) -> Self {
        Self {
            chunk: ChunkWriter::new(description.clone()),
            description,
            bits: Vec::new(),
            held: 0,
            seen: [false; 2],
        }
    }

    /// Appends rows with one value.
    pub(super) fn push(&mut self, flag: Option<bool>, rows: u32) {
        if rows == 0 {
            return;
        }
        self.chunk.count(flag.is_some(), rows);
        let Some(flag) = flag else { return };
        self.seen[usize::from(flag)] = true;
        let end = self.held + rows as usize;
        self.bits.resize(end.div_ceil(8), 0);
        if flag {
            for place in self.held..end {
                self.bits[place / 8] |= 1 << (place % 8);
            }
        }
        self.held = end;
    }

    pub(super) fn finish(&mut self, compressor: &mut Compressor<'_>) -> Result<Chunk, TableError> {
        let mut chunk = std::mem::replace(&mut self.chunk, ChunkWriter::new(self.description.clone()));
        let (bits, [is_false, is_true]) = (std::mem::take(&mut self.bits), std::mem::take(&mut self.seen));
        self.held = 0;
        chunk.page(Encoding::PLAIN, compressor, |body| body.extend_from_slice(&bits))?;
        let any = is_false || is_true;
        let statistics = |nulls| {
            Statistics::boolean(
                any.then_some(!is_false),
                any.then_some(is_true),
                None,
                Some(nulls),
                false,
            )
        };
        chunk.finish(Encoding::PLAIN, None, statistics, compressor)
    }
}

/// Scores that a page holds at most.
const SCORES_PER_PAGE: usize = 1 << 17;

/// A column of 32-bit floats.
pub(super) struct ScoreColumn {
    chunk: ChunkWriter,
    description: ColumnDescPtr,
    values: Vec<f32>,
    least: f32,
    most: f32,
}

impl ScoreColumn {
    pub(super) fn new(description: ColumnDescPtr) -> Self {
        Self {
            chunk: ChunkWriter::new(description.clone()),
            description,
            values: Vec::new(),
            least: f32::INFINITY,
            most: f32::NEG_INFINITY,
        }
    }

    /// Appends scores.
    pub(super) fn extend(&mut self, scores: impl Iterator<Item = f32>) {
        let before = self.values.len();
        self.values.extend(scores);
        let rows = u32::try_from(self.values.len() - before).unwrap_or(u32::MAX);
        if rows > 0 {
            self.chunk.count(true, rows);
        }
    }

    /// Appends rows without a score.
    pub(super) fn skip(&mut self, rows: u32) {
        if rows > 0 {
            self.chunk.count(false, rows);
        }
    }

    /// Finishes the page under way when it is large enough.
    pub(super) fn settle(&mut self, compressor: &mut Compressor<'_>) -> Result<(), TableError> {
        if self.values.len().max(self.chunk.level_runs()) < SCORES_PER_PAGE {
            return Ok(());
        }
        self.page(compressor)
    }

    fn page(&mut self, compressor: &mut Compressor<'_>) -> Result<(), TableError> {
        let values = &self.values;
        // NaN is smaller and greater than nothing, so it does not enter.
        for &value in values {
            self.least = if value < self.least { value } else { self.least };
            self.most = if value > self.most { value } else { self.most };
        }
        self.chunk.page(Encoding::BYTE_STREAM_SPLIT, compressor, |body| {
            let start = body.len();
            let count = values.len();
            body.resize(start + 4 * count, 0);
            let (first, rest) = body[start..].split_at_mut(count);
            let (second, rest) = rest.split_at_mut(count);
            let (third, fourth) = rest.split_at_mut(count);
            let streams = first.iter_mut().zip(second).zip(third.iter_mut().zip(fourth));
            for (value, ((a, b), (c, d))) in values.iter().zip(streams) {
                [*a, *b, *c, *d] = value.to_le_bytes();
            }
        })?;
        self.values.clear();
        Ok(())
    }

    pub(super) fn finish(&mut self, compressor: &mut Compressor<'_>) -> Result<Chunk, TableError> {
        self.page(compressor)?;
        let chunk = std::mem::replace(&mut self.chunk, ChunkWriter::new(self.description.clone()));
        // The specification asks for -0 as the least and +0 as the greatest of zeros.
        let least = (self.least != f32::INFINITY).then_some(if self.least == 0.0 { -0.0 } else { self.least });
        let most = (self.most != f32::NEG_INFINITY).then_some(if self.most == 0.0 { 0.0 } else { self.most });
        (self.least, self.most) = (f32::INFINITY, f32::NEG_INFINITY);
        let both = least.zip(most);
        let statistics = |nulls| {
            Statistics::float(
                both.map(|(least, _)| least),
                both.map(|(_, most)| most),
                None,
                Some(nulls),
                false,
            )
        };
        chunk.finish(Encoding::BYTE_STREAM_SPLIT, None, statistics, compressor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::score_table::chunk::ZSTD_LEVEL;
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{DataType, Field, Float32Type, Schema};
    use parquet::arrow::ArrowSchemaConverter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use std::sync::Arc;

    type Row = (Option<String>, Option<bool>, Option<f32>);

    /// Rows whose runs have all lengths, with and without values.
    fn row(place: u32) -> Row {
        let text = place.wrapping_mul(2_654_435_761) >> 17;
        (
            (!(place / 3).is_multiple_of(7)).then(|| format!("text {}", text % 300)),
            [None, Some(true), Some(false)][(place / 5 % 3) as usize],
            (!(place / 1000).is_multiple_of(4)).then(|| f32::from_bits(place.wrapping_mul(2_246_822_519))),
        )
    }

    #[test]
    fn many_pages_and_groups_read_back_as_they_were_written() {
        let arrow = Schema::new(vec![
            Field::new("text", DataType::Utf8, true),
            Field::new("flag", DataType::Boolean, true),
            Field::new("score", DataType::Float32, true),
        ]);
        let schema = ArrowSchemaConverter::new().convert(&arrow).unwrap();
        let column = |index| Arc::clone(&schema.columns()[index]);
        let mut texts = KeyColumn::new(column(0));
        let mut flags = FlagColumn::new(column(1));
        let mut scores = ScoreColumn::new(column(2));
        let properties = Arc::new(WriterProperties::builder().set_offset_index_disabled(true).build());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema.root_schema_ptr(), properties).unwrap();
        let mut compressor = Compressor::new(ZSTD_LEVEL).unwrap();
        // The first group has three pages of keys and two of scores, the second one of each.
        for group in [0..250_000_u32, 250_000..260_000] {
            for place in group {
                let (text, flag, score) = row(place);
                let key = texts.key(text.as_deref().map(Value::from));
                texts.push(key, 1);
                texts.settle(&mut compressor).unwrap();
                flags.push(flag, 1);
                match score {
                    Some(score) => scores.extend(std::iter::once(score)),
                    None => scores.skip(1),
                }
                scores.settle(&mut compressor).unwrap();
            }
            let mut group = writer.next_row_group().unwrap();
            let chunks = [
                texts.finish(&mut compressor).unwrap(),
                flags.finish(&mut compressor).unwrap(),
                scores.finish(&mut compressor).unwrap(),
            ];
            for Chunk { bytes, close } in chunks {
                group.append_column(&bytes, close).unwrap();
            }
            group.close().unwrap();
        }
        let file = bytes::Bytes::from(writer.into_inner().unwrap());
        let mut place = 0;
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let (texts, flags) = (batch.column(0).as_string::<i32>(), batch.column(1).as_boolean());
            let scores = batch.column(2).as_primitive::<Float32Type>();
            for index in 0..batch.num_rows() {
                let (text, flag, score) = row(place);
                assert_eq!(
                    texts.is_valid(index).then(|| texts.value(index).to_owned()),
                    text,
                    "row {place}"
                );
                assert_eq!(flags.is_valid(index).then(|| flags.value(index)), flag, "row {place}");
                let found = scores.is_valid(index).then(|| scores.value(index).to_bits());
                assert_eq!(found, score.map(f32::to_bits), "row {place}");
                place += 1;
            }
        }
        assert_eq!(place, 260_000);
    }
}
