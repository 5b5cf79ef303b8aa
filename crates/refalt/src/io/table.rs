//! Any table as rows of text, streamed: TSV, CSV, BED, VCF, Parquet and Feather (Arrow IPC files).
//!
//! Readers of tables ask for cells and numbers, so nothing here knows what a column means. A line that begins with `#`
//! and has no tab is a comment; comments may hold directives (`# refalt: allow RF012 reason`). In VCF each key of INFO
//! that the header declares is a column `INFO/KEY`.

use super::gzip;
use crate::diagnostic::Diagnostic;
use arrow::array::{Array, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// A table cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file is no table.
    #[error("`{path}` is no table: {reason}")]
    NoTable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Diagnostic for TableError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => None,
            Self::NoTable { .. } => {
                Some("give TSV, CSV, Parquet, Feather, VCF or BED; text may be compressed with gzip".to_owned())
            }
        }
    }
}

/// The cells of a row, reused from row to row.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// Returns a cell; `None` for one that is not there or says that a value is missing.
    pub(crate) fn get(&self, column: usize) -> Option<&str> {
        let end = *self.ends.get(column)?;
        let start = column.checked_sub(1).map_or(0, |before| self.ends[before]);
        let cell = self.text.get(start..end)?.trim();
        let is_missing = matches!(cell, "" | "." | "NA" | "NaN" | "nan" | "NULL" | "null" | "None" | "N/A");
        (!is_missing).then_some(cell)
    }

    /// Returns how many cells there are.
    pub(crate) fn count(&self) -> usize {
        self.ends.len()
    }

    /// Returns the row as one text.
    pub(crate) fn whole(&self) -> (&str, &[usize]) {
        (&self.text, &self.ends)
    }
}

enum Rows {
    Text {
        text: Box<dyn BufRead + Send>,
        delimiter: u8,
        line: Vec<u8>,
        waiting: Option<Vec<u8>>,
        info: Option<(usize, Vec<String>)>,
    },
    Columns {
        batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>,
        columns: Vec<StringArray>,
        next: usize,
    },
}

/// A table being read.
pub(crate) struct Table {
    path: PathBuf,
    pub(crate) header: Vec<String>,
    /// Whether the file has names of its own for the columns.
    pub(crate) has_header: bool,
    /// Comment lines before the header, without `#`.
    pub(crate) comments: Vec<String>,
    number: u64,
    rows: Rows,
}

impl Table {
    /// Opens a file by its content.
    pub(crate) fn open(path: &Path) -> Result<Self, TableError> {
        Self::open_as(path, path)
    }

    /// Opens a file that messages call by another name, as a member of an archive that was unpacked.
    pub(crate) fn open_as(path: &Path, name: &Path) -> Result<Self, TableError> {
        let mut table = Self::open_named(path, name)?;
        table.path = name.to_owned();
        Ok(table)
    }

    fn open_named(path: &Path, name: &Path) -> Result<Self, TableError> {
        let mut start = Vec::new();
        let file = File::open(path).map_err(unreadable(path))?;
        file.take(6).read_to_end(&mut start).map_err(unreadable(path))?;
        if start.starts_with(b"PAR1") {
            return Self::parquet(path);
        }
        if start == b"ARROW1" {
            return Self::feather(path);
        }
        if start.starts_with(b"FEA1") {
            return Err(TableError::NoTable {
                path: path.to_owned(),
                reason: "it is Feather of version 1, which current programs no longer write; save it anew".to_owned(),
            });
        }
        let is_bed = name
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase())
            .is_some_and(|name| {
                [".bed", ".narrowpeak", ".broadpeak"]
                    .iter()
                    .any(|end| name.contains(end))
            });
        Self::text(path, gzip::open_text(path).map_err(unreadable(path))?, is_bed)
    }

    fn parquet(path: &Path) -> Result<Self, TableError> {
        let file = File::open(path).map_err(unreadable(path))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(no_table(path))?;
        let schema = builder.schema().clone();
        let batches = builder.build().map_err(no_table(path))?;
        Ok(Self::columns(path, &schema, Box::new(batches)))
    }

    fn feather(path: &Path) -> Result<Self, TableError> {
        let file = File::open(path).map_err(unreadable(path))?;
        let batches = FileReader::try_new(BufReader::new(file), None).map_err(no_table(path))?;
        let schema = batches.schema();
        Ok(Self::columns(path, &schema, Box::new(batches)))
    }

    fn columns(
        path: &Path,
        schema: &Schema,
        batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            header: schema.fields().iter().map(|field| field.name().clone()).collect(),
            has_header: true,
            comments: Vec::new(),
            number: 0,
            rows: Rows::Columns {
                batches,
                columns: Vec::new(),
                next: 0,
            },
        }
    }

    /// Reads the header of a text.
    pub(crate) fn text(path: &Path, mut text: Box<dyn BufRead + Send>, is_bed: bool) -> Result<Self, TableError> {
        let mut line = Vec::new();
        let mut comments = Vec::new();
        let mut number = 0;
        let mut is_vcf = false;
        let mut info_keys = Vec::new();
        let first = loop {
            let more = gzip::read_line(&mut *text, &mut line).map_err(unreadable(path))?;
            if !more {
                return Err(TableError::NoTable {
                    path: path.to_owned(),
                    reason: "it has no header and no rows".to_owned(),
                });
            }
            number += 1;
            text_only(path, &line)?;
            let content = String::from_utf8_lossy(&line);
            let content = content.trim_start_matches('\u{feff}');
            is_vcf |= content.starts_with("##fileformat=VCF");
            if let Some(rest) = content.strip_prefix("##INFO=<ID=") {
                info_keys.extend(rest.split(',').next().map(str::to_owned));
            }
            let is_comment = content.starts_with("##") || content.starts_with('#') && !content.contains('\t');
            if is_comment {
                comments.push(content.trim_start_matches('#').trim().to_owned());
            } else if !content.trim().is_empty() && !content.starts_with("track ") && !content.starts_with("browser ") {
                break content.to_owned();
            }
        };
        let delimiter = [b'\t', b',', b';', b' ']
            .into_iter()
            .find(|delimiter| first.as_bytes().contains(delimiter));
        let delimiter = delimiter.unwrap_or(b'\t');
        let mut cells = Cells::default();
        split(&first, delimiter, &mut cells);
        let width = cells.ends.len();
        let cell = |index: usize| cells.get(index).unwrap_or("").trim_start_matches('#');
        let is_number = |index: usize| cell(index).parse::<f64>().is_ok();
        let has_header = first.starts_with('#')
            || !(is_number(1) && (is_bed || is_vcf || is_number(2)) && !is_number(0)
                || width > 2 && (0..width).all(is_number));
        let mut waiting = None;
        let mut header: Vec<String> = if has_header {
            (0..width).map(|index| cell(index).to_owned()).collect()
        } else {
            waiting = Some(first.clone().into_bytes());
            number -= 1;
            let names: &[&str] = if is_vcf {
                &["CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
            } else {
                &["chrom", "start", "end", "name"]
            };
            let name = |index: usize| {
                names
                    .get(index)
                    .map_or_else(|| format!("column {}", index + 1), |&name| name.to_owned())
            };
            (0..width).map(name).collect()
        };
        let info_at = header.iter().position(|name| name == "INFO").filter(|_| is_vcf);
        header.extend(
            info_keys
                .iter()
                .filter(|_| info_at.is_some())
                .map(|key| format!("INFO/{key}")),
        );
        Ok(Self {
            path: path.to_owned(),
            header,
            has_header,
            comments,
            number,
            rows: Rows::Text {
                text,
                delimiter,
                line,
                waiting,
                info: info_at.map(|column| (column, info_keys)),
            },
        })
    }

    /// Reads the next row and returns its line or record (1-based); `None` at the end.
    pub(crate) fn next_row(&mut self, cells: &mut Cells) -> Result<Option<u64>, TableError> {
        match &mut self.rows {
            Rows::Text {
                text,
                delimiter,
                line,
                waiting,
                info,
            } => loop {
                match waiting.take() {
                    Some(first) => *line = first,
                    None => {
                        let more = gzip::read_line(&mut **text, line).map_err(unreadable(&self.path))?;
                        if !more {
                            return Ok(None);
                        }
                    }
                }
                self.number += 1;
                text_only(&self.path, line)?;
                let content = String::from_utf8_lossy(line);
                if content.trim().is_empty() || content.starts_with('#') {
                    continue;
                }
                split(&content, *delimiter, cells);
                if let Some((column, keys)) = info {
                    let text = cells.get(*column).unwrap_or("").to_owned();
                    for key in keys.iter() {
                        let value = text
                            .split(';')
                            .find_map(|part| part.strip_prefix(key.as_str())?.strip_prefix('='));
                        cells.push(value.unwrap_or(""));
                    }
                }
                return Ok(Some(self.number));
            },
            Rows::Columns { batches, columns, next } => {
                while columns.first().is_none_or(|column| *next >= column.len()) {
                    let Some(batch) = batches.next() else {
                        return Ok(None);
                    };
                    let as_text = batch.map(|batch| {
                        let text = |column: &arrow::array::ArrayRef| {
                            let text = cast(column, &DataType::Utf8);
                            // A list has no text; its column is empty.
                            text.map_or_else(
                                |_| StringArray::new_null(batch.num_rows()),
                                |text| text.as_string::<i32>().clone(),
                            )
                        };
                        batch.columns().iter().map(text).collect::<Vec<_>>()
                    });
                    *columns = as_text.map_err(no_table(&self.path))?;
                    *next = 0;
                }
                cells.clear();
                for column in columns.iter() {
                    cells.push(if column.is_valid(*next) {
                        column.value(*next)
                    } else {
                        ""
                    });
                }
                *next += 1;
                self.number += 1;
                Ok(Some(self.number))
            }
        }
    }
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> TableError {
    let path = path.to_owned();
    move |source| TableError::Unreadable { path, source }
}

fn no_table<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> TableError {
    let path = path.to_owned();
    move |error| TableError::NoTable {
        path,
        reason: error.to_string(),
    }
}

/// Refuses bytes that no text has: control characters other than tab and the ends of lines.
fn text_only(path: &Path, line: &[u8]) -> Result<(), TableError> {
    let is_control = |byte: &u8| *byte < 0x20 && !matches!(*byte, b'\t' | b'\r' | b'\n' | 0x0b | 0x0c);
    if line.iter().any(is_control) {
        return Err(TableError::NoTable {
            path: path.to_owned(),
            reason: "it holds bytes that are no text".to_owned(),
        });
    }
    Ok(())
}

/// Splits a line; in commas a cell may stand in quotation marks (RFC 4180, without line ends inside).
fn split(line: &str, delimiter: u8, cells: &mut Cells) {
    cells.clear();
    let delimiter = char::from(delimiter);
    if delimiter == ' ' {
        line.split_whitespace().for_each(|cell| cells.push(cell));
        return;
    }
    if delimiter == '\t' || !line.contains('"') {
        line.split(delimiter).for_each(|cell| cells.push(cell));
        return;
    }
    let mut cell = String::new();
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                cell.push('"');
                letters.next();
            }
            '"' => quoted = !quoted,
            letter if letter == delimiter && !quoted => cells.push(&std::mem::take(&mut cell)),
            letter => cell.push(letter),
        }
    }
    cells.push(&cell);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Header, comments, and rows with their lines.
    type Read = (Vec<String>, Vec<String>, Vec<(u64, Vec<String>)>);

    fn read(name: &str, text: &'static str) -> Read {
        let path = Path::new(name);
        let is_bed = name.ends_with(".bed");
        let mut table = Table::text(path, Box::new(text.as_bytes()), is_bed).unwrap();
        let mut cells = Cells::default();
        let mut rows = Vec::new();
        while let Some(number) = table.next_row(&mut cells).unwrap() {
            let row = (0..table.header.len()).map(|column| cells.get(column).unwrap_or("-").to_owned());
            rows.push((number, row.collect()));
        }
        (table.header, table.comments, rows)
    }

    #[test]
    fn headers_comments_and_quotes_are_read() {
        let (header, comments, rows) = read(
            "a.csv",
            "# refalt: allow RF001 because\nx,\"y, z\",w\n1,\"a \"\"b\"\"\",NA\n",
        );
        assert_eq!(header, ["x", "y, z", "w"]);
        assert_eq!(comments, ["refalt: allow RF001 because"]);
        assert_eq!(rows, [(3, vec!["1".to_owned(), "a \"b\"".to_owned(), "-".to_owned()])]);
    }

    #[test]
    fn bed_and_vcf_need_no_header_line() {
        let (header, _, rows) = read("a.bed", "chr1\t10\t20\tp\n");
        assert_eq!(header, ["chrom", "start", "end", "name"]);
        assert_eq!(rows[0].0, 1);
        let (header, _, rows) = read("a.vcf", "##fileformat=VCFv4.2\nchr1\t14677\tx\tG\tA\t.\t.\n");
        assert_eq!((header[1].as_str(), rows[0].1[3].as_str()), ("POS", "G"));
    }

    #[test]
    fn feather_is_read_and_a_cut_one_refused() {
        use arrow::array::{ArrayRef, DictionaryArray, Float64Array};
        use arrow::datatypes::Int32Type;
        use arrow::ipc::CompressionType;
        use arrow::ipc::writer::{FileWriter, IpcWriteOptions};
        use std::sync::Arc;

        let names: DictionaryArray<Int32Type> = [Some("a"), None, Some("b")].into_iter().collect();
        let values = Float64Array::from(vec![Some(0.1), Some(-2.5e-300), None]);
        let columns: [(&str, ArrayRef); 2] = [("variant", Arc::new(names)), ("target", Arc::new(values))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (name, compression) in [
            ("plain", None),
            ("lz4", Some(CompressionType::LZ4_FRAME)),
            ("zstd", Some(CompressionType::ZSTD)),
        ] {
            let path = folder.path().join(format!("{name}.feather"));
            let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
            let mut writer =
                FileWriter::try_new_with_options(File::create(&path).unwrap(), &batch.schema(), options).unwrap();
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
            let mut table = Table::open(&path).unwrap();
            assert_eq!(table.header, ["variant", "target"]);
            let mut cells = Cells::default();
            let mut rows = Vec::new();
            while table.next_row(&mut cells).unwrap().is_some() {
                let number = cells.get(1).map(|text| text.parse::<f64>().unwrap());
                rows.push((cells.get(0).map(str::to_owned), number));
            }
            let some = |text: &str| Some(text.to_owned());
            assert_eq!(
                rows,
                [(some("a"), Some(0.1)), (None, Some(-2.5e-300)), (some("b"), None)]
            );
            let whole = std::fs::read(&path).unwrap();
            std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
            assert!(matches!(Table::open(&path), Err(TableError::NoTable { .. })));
        }
    }

    #[test]
    fn keys_of_info_are_columns() {
        let text = "##fileformat=VCFv4.2\n##INFO=<ID=AF,Number=A>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t5\t.\tA\tC\t.\t.\tDP=3;AF=0.2\n";
        let (header, _, rows) = read("a.vcf", text);
        assert_eq!(header[8], "INFO/AF");
        assert_eq!(rows[0].1[8], "0.2");
        assert_eq!(header[0], "CHROM");
    }
}
