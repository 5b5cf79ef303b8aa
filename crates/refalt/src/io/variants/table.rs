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
use super::delimited::{Cells, Quoting, RecordPlace, Records};
use super::error::{ReadCause, ReadError, shown};
use super::problem::RowProblem;
use super::resolve::{Columns, Resolver};
use super::row::VariantRow;
use super::source::Input;
use super::vcf_header::{AssemblyClue, assembly_in};
use std::collections::VecDeque;

/// The separator of a text table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Tab,
    Comma,
}

/// Rows of a text table.
pub(super) struct TableRows {
    records: Records,
    cells: RecordCells,
    clues: Vec<AssemblyClue>,
    name: Box<str>,
}

/// From the cells of a record to rows.
pub(super) struct RecordCells {
    reader: CellReader,
    /// Columns in use, ascending.
    used: Vec<usize>,
    /// Number of cells of the header, `None` without a header line.
    width: Option<usize>,
    header: Vec<String>,
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
        let header_line = input.lines_read() + 1;
        let line = Some(header_line);
        let first_line = first_line(&mut input).map_err(|cause| cause.at(&name, line))?;
        if memchr::memchr(b'\r', &first_line).is_some() {
            return Err(ReadCause::CarriageReturns.at(&name, line));
        }
        let quoting = if separator == Separator::Comma || first_line.contains(&b'"') {
            Quoting::On
        } else {
            Quoting::Off
        };
        let separator = match separator {
            Separator::Tab => b'\t',
            Separator::Comma => b',',
        };
        let mut records = Records::new(input, separator, quoting);
        let mut header = Vec::new();
        if !map.is_by_number() {
            records.advance()?;
            for cell in records.cells.iter() {
                header.push(
                    text(cell, "a column name")
                        .map_err(|cause| cause.at(&name, line))?
                        .trim()
                        .to_owned(),
                );
            }
        }
        let resolver = Resolver {
            header: &header,
            map,
            carry,
        };
        let columns = resolver.resolve().map_err(|cause| cause.at(&name, line))?;
        Ok(Self {
            records,
            clues: clues(&header, &columns.places(), header_line),
            cells: RecordCells::new(columns, header, map),
            name,
        })
    }

    /// What the names of the columns in use say about the assembly.
    pub(super) fn clues(&self) -> &[AssemblyClue] {
        &self.clues
    }

    /// Appends the rows of the next record; false at the end of the file.
    pub(super) fn next_record(&mut self, rows: &mut VecDeque<VariantRow>) -> Result<bool, ReadError> {
        let Some(place) = self.records.advance()? else {
            return Ok(false);
        };
        let read = self.cells.read(place, &self.records.cells, rows);
        read.map_err(|cause| cause.at(&self.name, Some(place.line)))?;
        Ok(true)
    }
}

impl RecordCells {
    pub(super) fn new(columns: Columns, header: Vec<String>, map: &ColumnMap) -> Self {
        Self {
            used: columns.used(),
            width: (!map.is_by_number()).then_some(header.len()),
            reader: CellReader::new(columns),
            header,
        }
    }

    /// Returns the number of cells that a record has, `None` without a header line.
    pub(super) const fn width(&self) -> Option<usize> {
        self.width
    }

    /// Appends the rows of a record.
    pub(super) fn read(
        &mut self,
        place: RecordPlace,
        cells: &Cells,
        rows: &mut VecDeque<VariantRow>,
    ) -> Result<(), ReadCause> {
        if let Some(problem) = self.problem(place, cells) {
            if cells.iter().any(|cell| cell.contains(&0)) {
                return Err(ReadCause::Binary);
            }
            let written = shown(&cells.iter().collect::<Vec<_>>().join(&b'\t'));
            rows.push_back(VariantRow::refused(place.line, written.into(), problem));
            return Ok(());
        }
        let mut texts: Vec<(usize, &str)> = Vec::with_capacity(self.used.len());
        for &column in &self.used {
            let cell = cells.get(column).unwrap_or(b"");
            let field = self.header.get(column).map_or("a cell", String::as_str);
            texts.push((column, text(cell, field)?));
        }
        let cell = |column: usize| {
            let index = texts.binary_search_by_key(&column, |(own, _)| *own).ok()?;
            texts.get(index).map(|(_, text)| *text)
        };
        self.reader.read(place.line, cell, rows);
        Ok(())
    }

    /// Says why the cells of a record cannot be trusted to stand in their columns.
    fn problem(&self, place: RecordPlace, cells: &Cells) -> Option<RowProblem> {
        let found = cells.len();
        if !place.is_sound {
            return Some(RowProblem::QuoteMalformed);
        }
        if let Some(expected) = self.width
            && found != expected
        {
            return Some(RowProblem::FieldCount {
                found,
                expected,
                lines: place.lines,
            });
        }
        let needed = self.used.last().map_or(0, |last| last + 1);
        (found < needed).then_some(RowProblem::FieldsMissing { found, needed })
    }
}

pub(super) fn text<'t>(cell: &'t [u8], field: &str) -> Result<&'t str, ReadCause> {
    if cell.contains(&0) {
        return Err(ReadCause::Binary);
    }
    std::str::from_utf8(cell).map_err(|_| ReadCause::NotUtf8 {
        field: field.to_owned(),
        text: shown(cell),
    })
}

/// Skips lines that begin with `##` or `# `, and empty ones.
pub(super) fn skip_comments(input: &mut Input) -> Result<(), ReadError> {
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
