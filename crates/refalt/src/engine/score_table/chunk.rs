//! Column chunks: the pages of one column in one row group.
//!
//! METHOD: a general writer looks every value of every row up in a dictionary. Here a column comes as runs of keys, so a
//! column that is constant over a variant costs the same for one row and for 27,000, and pages are made from the keys.

use super::TableError;
use super::hybrid;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

/// Level of the compression; higher ones gain nothing on full-entropy scores.
pub(super) const ZSTD_LEVEL: i32 = 3;

/// A finished column chunk.
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) close: ColumnCloseResult,
}

/// Makes the pages of a column chunk.
pub(super) struct ChunkWriter {
    description: ColumnDescPtr,
    /// Finished data pages with their headers.
    pages: TrackedWrite<Vec<u8>>,
    /// Size of the finished pages, headers included, before compression.
    uncompressed: usize,
    rows: u64,
    nulls: u64,
    /// Runs of the levels of the page under way: whether a value is there, and for how many rows.
    present: Vec<(u32, u32)>,
    body: Vec<u8>,
}

impl ChunkWriter {
    pub(super) fn new(description: ColumnDescPtr) -> Self {
        Self {
            description,
            pages: TrackedWrite::new(Vec::new()),
            uncompressed: 0,
            rows: 0,
            nulls: 0,
            present: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Counts rows into the page under way.
    pub(super) fn count(&mut self, present: bool, rows: u32) {
        let level = u32::from(present);
        match self.present.last_mut() {
            Some((last, count)) if *last == level => *count += rows,
            _ => self.present.push((level, rows)),
        }
    }

    /// Returns how many runs the levels of the page under way have.
    pub(super) fn level_runs(&self) -> usize {
        self.present.len()
    }

    /// Finishes a data page.
    ///
    /// * `values`: appends the encoded values.
    pub(super) fn page(
        &mut self,
        encoding: Encoding,
        compressor: &mut Compressor<'_>,
        values: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), TableError> {
        let rows: u32 = self.present.iter().map(|(_, rows)| rows).sum();
        if rows == 0 {
            return Ok(());
        }
        self.body.clear();
        if self.description.max_def_level() > 0 {
            // The levels have their length in front of them: 4 bytes, little-endian.
            self.body.extend_from_slice(&[0; 4]);
            hybrid::encode(self.present.iter().copied(), 1, &mut self.body);
            let length = u32::try_from(self.body.len() - 4).unwrap_or(u32::MAX);
            self.body[..4].copy_from_slice(&length.to_le_bytes());
        }
        self.rows += u64::from(rows);
        let absent = self.present.iter().filter(|(level, _)| *level == 0);
        self.nulls += absent.map(|(_, rows)| u64::from(*rows)).sum::<u64>();
        self.present.clear();
        values(&mut self.body);
        let page = Page::DataPage {
            buf: compressor.compress(&self.body)?.into(),
            num_values: rows,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.uncompressed += put(&mut self.pages, page, self.body.len())?;
        Ok(())
    }

    /// Finishes the chunk; `dictionary` holds the plain values and their number.
    pub(super) fn finish(
        self,
        encoding: Encoding,
        dictionary: Option<(&[u8], usize)>,
        statistics: impl FnOnce(u64) -> Statistics,
        compressor: &mut Compressor<'_>,
    ) -> Result<Chunk, TableError> {
        let mut first = TrackedWrite::new(Vec::new());
        let mut uncompressed = self.uncompressed;
        if let Some((values, count)) = dictionary {
            let page = Page::DictionaryPage {
                buf: compressor.compress(values)?.into(),
                num_values: u32::try_from(count).unwrap_or(u32::MAX),
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            uncompressed += put(&mut first, page, values.len())?;
        }
        let mut bytes = first.into_inner()?;
        let data_offset = bytes.len();
        bytes.extend_from_slice(&self.pages.into_inner()?);
        let mut encodings = vec![encoding, Encoding::RLE];
        if dictionary.is_some() {
            encodings.push(Encoding::PLAIN);
        }
        let metadata = ColumnChunkMetaData::builder(self.description)
            .set_encodings(encodings)
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
            .set_num_values(signed(self.rows)?)
            .set_total_compressed_size(signed(bytes.len() as u64)?)
            .set_total_uncompressed_size(signed(uncompressed as u64)?)
            .set_data_page_offset(signed(data_offset as u64)?)
            .set_dictionary_page_offset(dictionary.map(|_| 0))
            .set_statistics(statistics(self.nulls))
            .build()?;
        Ok(Chunk {
            close: ColumnCloseResult {
                bytes_written: bytes.len() as u64,
                rows_written: self.rows,
                metadata,
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            },
            bytes: bytes.into(),
        })
    }
}

/// Writes a page and returns its size before compression, header included.
fn put(sink: &mut TrackedWrite<Vec<u8>>, page: Page, uncompressed: usize) -> Result<usize, ParquetError> {
    let page = CompressedPage::new(page, uncompressed);
    Ok(SerializedPageWriter::new(sink).write_page(page)?.uncompressed_size)
}

fn signed(number: u64) -> Result<i64, ParquetError> {
    i64::try_from(number).map_err(|_| ParquetError::General(format!("a column chunk of {number} is too large")))
}
