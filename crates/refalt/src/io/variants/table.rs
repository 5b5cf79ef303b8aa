//! Tables of text: tab-separated and comma-separated.
//!
//! ```text
//! ## any number of lines that begin with `##` or `# `
//! #chr  pos  ID  ref  alt  ...          one header line, unless columns are named by number
//! chr19 9435653 rs1433060 C A ...       one record per line; in CSV, quoted cells may hold separators and line ends
//! ```
//!
//! Cells may be quoted in comma-separated files, and in tab-separated ones whose header line is quoted. A record with
//! more or fewer cells than the header is refused as a row: its cells may stand in the wrong column.

use super::cells::CellReader;
use super::columns::ColumnMap;
use super::error::{ReadCause, ReadError, shown};
use super::problem::RowProblem;
use super::resolve::Resolver;
use super::row::VariantRow;
use super::source::Input;
use super::vcf_header::{AssemblyClue, assembly_in};
use csv::ByteRecord;
use std::collections::VecDeque;
use std::io::{self, Read};

/// The separator of a text table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Tab,
    Comma,
}

/// The largest record; a quotation mark that is never closed runs on.
const LARGEST_RECORD_BYTES: usize = 64 << 20;

/// Stops a record that does not end.
struct Limited {
    input: Input,
    left: usize,
}

impl Read for Limited {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(bytes)?;
        self.left = self.left.checked_sub(count).ok_or_else(|| {
            io::Error::other(ReadCause::QuoteOpen {
                limit_bytes: LARGEST_RECORD_BYTES,
            })
        })?;
        Ok(count)
    }
}

/// Rows of a text table.
pub(super) struct TableRows {
    reader: csv::Reader<Limited>,
    cells: CellReader,
    /// Columns in use, ascending.
    used: Vec<usize>,
    /// Number of cells of the header, `None` without a header line.
    width: Option<usize>,
    header: Vec<String>,
    clues: Vec<AssemblyClue>,
    record: ByteRecord,
    lines_before: u64,
    name: Box<str>,
}

impl TableRows {
    /// Reads the header line and finds the columns.
    pub(super) fn new(
        mut input: Input,
        separator: Separator,
        map: &ColumnMap,
        carry: &[String],
    ) -> Result<Self, ReadError> {
        let name: Box<str> = input.name().into();
        skip_comments(&mut input)?;
        let lines_before = input.lines_read();
        let first_line = first_line(&mut input).map_err(|cause| cause.at(&name, Some(lines_before + 1)))?;
        if memchr::memchr(b'\r', &first_line).is_some() {
            return Err(ReadCause::CarriageReturns.at(&name, Some(lines_before + 1)));
        }
        let quoting = separator == Separator::Comma || first_line.contains(&b'"');
        let delimiter = match separator {
            Separator::Tab => b'\t',
            Separator::Comma => b',',
        };
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .quoting(quoting)
            .flexible(true)
            .has_headers(false)
            .from_reader(Limited {
                input,
                left: LARGEST_RECORD_BYTES,
            });
        let mut rows = Self {
            reader,
            cells: CellReader::new(no_columns()),
            used: Vec::new(),
            width: None,
            header: Vec::new(),
            clues: Vec::new(),
            record: ByteRecord::new(),
            lines_before,
            name,
        };
        let mut header = Vec::new();
        if !map.is_by_number() {
            rows.advance()?;
            for cell in &rows.record {
                header.push(rows.text(cell, "a column name")?.trim().to_owned());
            }
            rows.width = Some(header.len());
        }
        let resolver = Resolver {
            header: &header,
            map,
            carry,
        };
        let columns = resolver
            .resolve()
            .map_err(|cause| cause.at(&rows.name, Some(lines_before + 1)))?;
        rows.clues = clues(&header, &columns.places(), lines_before + 1);
        rows.used = columns.used();
        rows.cells = CellReader::new(columns);
        rows.header = header;
        Ok(rows)
    }

    /// What the names of the columns in use say about the assembly.
    pub(super) fn clues(&self) -> &[AssemblyClue] {
        &self.clues
    }

    /// Reads a record; false at the end.
    fn advance(&mut self) -> Result<bool, ReadError> {
        self.reader.get_mut().left = LARGEST_RECORD_BYTES;
        let line = self.reader.position().line();
        self.reader.read_byte_record(&mut self.record).map_err(|error| {
            let cause = match error.into_kind() {
                csv::ErrorKind::Io(error) => read_cause(error),
                other => ReadCause::Damaged {
                    reason: format!("{other:?}"),
                },
            };
            cause.at(&self.name, Some(self.lines_before + line))
        })
    }

    /// Appends the rows of the next record; false at the end of the file.
    pub(super) fn next_record(&mut self, rows: &mut VecDeque<VariantRow>) -> Result<bool, ReadError> {
        if !self.advance()? {
            return Ok(false);
        }
        let first = self.record.position().map_or(0, csv::Position::line);
        let line = self.lines_before + first;
        let expected = self.width.unwrap_or(self.record.len());
        if self.record.len() != expected {
            if self.record.iter().any(|cell| cell.contains(&0)) {
                return Err(ReadCause::Binary.at(&self.name, Some(line)));
            }
            let cells: Vec<&[u8]> = self.record.iter().collect();
            let written = shown(&cells.join(&b'\t'));
            rows.push_back(VariantRow::refused(
                line,
                written.into(),
                RowProblem::FieldCount {
                    found: self.record.len(),
                    expected,
                    lines: self.reader.position().line().saturating_sub(first).max(1),
                },
            ));
            return Ok(true);
        }
        let mut texts: Vec<(usize, &str)> = Vec::with_capacity(self.used.len());
        for &column in &self.used {
            let Some(cell) = self.record.get(column) else {
                let (found, needed) = (self.record.len(), column + 1);
                let written = shown(self.record.as_slice()).into();
                rows.push_back(VariantRow::refused(
                    line,
                    written,
                    RowProblem::FieldsMissing { found, needed },
                ));
                return Ok(true);
            };
            if cell.contains(&0) {
                return Err(ReadCause::Binary.at(&self.name, Some(line)));
            }
            let field = self.header.get(column).map_or("a cell", String::as_str);
            let text = std::str::from_utf8(cell).map_err(|_| {
                let (field, text) = (field.to_owned(), shown(cell));
                ReadCause::NotUtf8 { field, text }.at(&self.name, Some(line))
            })?;
            texts.push((column, text));
        }
        let cell = |column: usize| {
            let index = texts.binary_search_by_key(&column, |(own, _)| *own).ok()?;
            texts.get(index).map(|(_, text)| *text)
        };
        self.cells.read(line, cell, rows);
        Ok(true)
    }

    fn text<'t>(&self, bytes: &'t [u8], field: &str) -> Result<&'t str, ReadError> {
        std::str::from_utf8(bytes).map_err(|_| {
            let (field, text) = (field.to_owned(), shown(bytes));
            ReadCause::NotUtf8 { field, text }.at(&self.name, Some(self.lines_before + 1))
        })
    }
}

/// Columns before any are found.
fn no_columns() -> super::resolve::Columns {
    super::resolve::Columns {
        variant: super::resolve::VariantFrom::Word(0),
        name: None,
        rsid: None,
        gene: None,
        strand: None,
        hgvs: None,
        carried: Vec::new(),
    }
}

/// Takes the cause out of an error that travelled through a foreign reader.
fn read_cause(error: io::Error) -> ReadCause {
    match error.downcast::<ReadCause>() {
        Ok(cause) => cause,
        Err(error) => super::source::unreadable(&error),
    }
}

/// Skips lines that begin with `##` or `# `, and empty ones.
fn skip_comments(input: &mut Input) -> Result<(), ReadError> {
    loop {
        let next = input.lines_read() + 1;
        while input.window().len() < 2 && input.fill().map_err(|cause| cause.at(input.name(), Some(next)))? {}
        let window = input.window();
        let is_comment = window.starts_with(b"##") || window.starts_with(b"# ");
        if !(is_comment || window.starts_with(b"\n") || window.starts_with(b"\r\n")) {
            return Ok(());
        }
        input.next_line()?;
    }
}

/// Returns the next line without reading it.
pub(super) fn first_line(input: &mut Input) -> Result<Vec<u8>, ReadCause> {
    let mut searched = 0;
    let length = loop {
        let window = input.window();
        if let Some(found) = memchr::memchr(b'\n', &window[searched..]) {
            break searched + found;
        }
        searched = window.len();
        if !input.fill()? {
            break searched;
        }
    };
    let line = &input.window()[..length];
    Ok(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}

/// Returns what the names of `columns` (indices, 0-based) say about the assembly.
pub(super) fn clues(header: &[String], columns: &[usize], line: u64) -> Vec<AssemblyClue> {
    let named = columns.iter().filter_map(|&column| {
        let name = header.get(column)?;
        Some(AssemblyClue {
            assembly: assembly_in(name)?,
            line,
            text: format!("column `{name}`").into(),
        })
    });
    named.collect()
}
