//! Records of text as they are written, with the places of their variants: for whoever picks rows and changes none.
//!
//! Only the cells that make the place are read, on bytes, and nothing is allocated for the forms that nearly all rows have
//! (`chr5_1295113_G_A_b38`, plain bases in columns). Every other row goes the way that [`VariantReader`](super::VariantReader)
//! goes, so that a row means the same to every command. Beside variants BED lines and tables of positions without alleles
//! are read.

mod binary;
mod fast;
mod record;
mod without_alleles;

use super::columns::{ColumnMap, Role};
use super::delimited::{Cells, Quoting, Split};
use super::error::{ReadCause, ReadError, shown};
use super::resolve::{ContigFrom, PositionFrom, Resolver};
use super::sniff::{self, Format};
use super::source::{Input, Opening, unreadable};
use super::table::{clues, first_line, text};
use super::vcf::is_record;
use super::vcf_header::{AssemblyClue, VcfHeader};
use super::{ReadOptions, Source};
use crate::io::bed::assembly_clue;
use refalt_core::{Assembly, Interval, Position};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::num::NonZeroUsize;

pub(crate) use binary::{BcfPlaces, ParquetPlaces};
pub(crate) use record::{RecordParser, Seen};

/// Bytes of lines handed out at once.
pub(crate) const BLOCK_BYTES: usize = 1 << 20;

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed<'t> {
    /// The contig as written.
    pub(crate) contig: &'t str,
    /// The assembly that the row itself states.
    pub(crate) said_assembly: Option<Assembly>,
    /// The bases.
    pub(crate) site: Site<'t>,
}

/// The bases of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site<'t> {
    /// A variant, with its alleles.
    Variant {
        /// The first base of REF (1-based).
        position: Position,
        /// REF, in either case; may be empty.
        reference: &'t [u8],
        /// ALT alleles, joined by commas.
        alternates: &'t [u8],
        /// Whether every ALT is spelled out, or missing (`.`, `*`): no `<DEL>`, no breakend.
        is_spelled_out: bool,
    },
    /// A span without alleles.
    Bases(Interval),
}

/// What the rows are.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    /// VCF: CHROM, POS, ID, REF, ALT.
    Vcf {
        /// Columns of the `#CHROM` line.
        columns: Option<usize>,
    },
    /// A table of variants.
    Table(TableLayout),
    /// A table of positions.
    Positions {
        /// The table.
        table: TableLayout,
        /// The contig.
        contig: ContigFrom,
        /// The position.
        position: PositionFrom,
        /// REF, where there is one.
        reference: Option<usize>,
    },
    /// BED.
    Bed,
    /// One word in a line.
    Ids,
}

/// The shape of a table of text.
#[derive(Clone, Debug)]
pub(crate) struct TableLayout {
    header: Vec<String>,
    map: ColumnMap,
    separator: u8,
    quoting: Quoting,
}

impl TableLayout {
    /// Returns the names of the columns; none without a header line.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// Returns the separator.
    pub(crate) const fn separator(&self) -> u8 {
        self.separator
    }
}

/// An input for picking rows.
pub(crate) enum Rows {
    /// Text.
    Text(Box<PlaceReader>),
    /// BCF.
    Bcf(Box<BcfPlaces>),
    /// Parquet, from a file.
    Parquet(Box<ParquetPlaces>),
}

/// Text that is read in blocks of whole lines.
pub(crate) struct PlaceReader {
    input: Input,
    layout: Layout,
    header: Vec<u8>,
    clues: Vec<AssemblyClue>,
}

/// Whole lines of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines<'a> {
    /// The lines with their ends.
    pub(crate) bytes: &'a [u8],
    /// Number of the first line (1-based).
    pub(crate) first_line: u64,
    /// Whether the text ends with them.
    pub(crate) is_last: bool,
}

/// Opens a source for picking rows.
///
/// * `threads`: threads that unpack bgzip.
pub(crate) fn open(source: &Source, options: &ReadOptions, threads: NonZeroUsize) -> Result<Rows, ReadError> {
    let name = source.name();
    let opening = Opening { threads, digest: true };
    let input = match source {
        Source::Path(path) | Source::Kept { path, .. } => {
            let fail = |error: io::Error| unreadable(&error).at(&name, None);
            let mut file = File::open(path).map_err(fail)?;
            if file.metadata().map_err(fail)?.is_file() {
                let mut magic = [0; 4];
                let is_parquet = file.read_exact(&mut magic).is_ok() && &magic == b"PAR1";
                file.rewind().map_err(fail)?;
                if is_parquet || options.format == Some(Format::Parquet) {
                    return Ok(Rows::Parquet(Box::new(ParquetPlaces::open(
                        path,
                        &name,
                        &options.columns,
                    )?)));
                }
            }
            Input::from_file_with(file, &name, opening)?
        }
        Source::Stdin => Input::from_reader_with(Box::new(io::stdin()), &name, opening)?,
        Source::Literals(words) => {
            let text = words.join("\n") + "\n";
            Input::from_reader_with(Box::new(io::Cursor::new(text.into_bytes())), &name, opening)?
        }
    };
    PlaceReader::open(input, options)
}

impl PlaceReader {
    fn open(mut input: Input, options: &ReadOptions) -> Result<Rows, ReadError> {
        let map = &options.columns;
        let format = match options.format {
            Some(format) => Some(format),
            None => match sniff::format_of(&mut input, map) {
                Ok(format) => Some(format),
                Err(error) if matches!(*error.cause, ReadCause::Bed { .. }) => None,
                Err(error) => return Err(error),
            },
        };
        match format {
            Some(Format::Bcf) => return Ok(Rows::Bcf(Box::new(BcfPlaces::new(input, map)?))),
            Some(Format::Parquet) => return Err(ReadCause::ParquetFromPipe.at(input.name(), None)),
            _ => {}
        }
        let mut reader = Self {
            header: if input.has_byte_order_mark() {
                b"\xef\xbb\xbf".to_vec()
            } else {
                Vec::new()
            },
            input,
            layout: Layout::Ids,
            clues: Vec::new(),
        };
        reader.layout = match format {
            None => reader.bed()?,
            Some(Format::Vcf) => reader.vcf(map)?,
            Some(Format::Tsv) => reader.table(b'\t', map)?,
            Some(Format::Csv) => reader.table(b',', map)?,
            Some(_) => reader.words()?,
        };
        Ok(Rows::Text(Box::new(reader)))
    }

    /// Returns what the rows are.
    pub(crate) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns the bytes before the first record, as written.
    pub(crate) fn header(&self) -> &[u8] {
        &self.header
    }

    /// Returns every place of the header that speaks of an assembly.
    pub(crate) fn assembly_clues(&self) -> &[AssemblyClue] {
        &self.clues
    }

    /// Returns the name of the source for messages.
    pub(crate) fn name(&self) -> &str {
        self.input.name()
    }

    /// Returns size and SHA-256 of what was read so far, as it is packed.
    pub(crate) fn digest(&self) -> Option<(u64, String)> {
        self.input.digest()
    }

    /// Says whether a record may go over several lines, so that blocks cannot be read apart from each other.
    pub(crate) fn is_quoted(&self) -> bool {
        match &self.layout {
            Layout::Table(table) | Layout::Positions { table, .. } => table.quoting == Quoting::On,
            _ => false,
        }
    }

    /// Returns the next whole lines, `None` at the end.
    pub(crate) fn lines(&mut self) -> Result<Option<Lines<'_>>, ReadError> {
        self.lines_of(BLOCK_BYTES)
    }

    /// As [`lines`](Self::lines), at least so many bytes of them.
    pub(crate) fn lines_of(&mut self, target_bytes: usize) -> Result<Option<Lines<'_>>, ReadError> {
        let block = self.input.lines(target_bytes)?;
        Ok(block.map(|block| Lines {
            bytes: block.bytes,
            first_line: block.first_line,
            is_last: block.is_last,
        }))
    }

    /// Takes bytes of the lines that were returned last.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.input.consume(bytes);
    }

    /// Moves the next line to the header.
    fn take_header_line(&mut self) -> Result<(), ReadError> {
        if let Some(line) = self.input.next_line_as_written()? {
            self.header.extend_from_slice(line);
        }
        Ok(())
    }

    /// Returns the next line without reading it; `None` at the end.
    fn peek(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        let next = self.input.lines_read() + 1;
        let line = first_line(&mut self.input).map_err(|cause| cause.at(self.input.name(), Some(next)))?;
        Ok((!self.input.window().is_empty()).then_some(line))
    }

    /// Moves lines to the header as long as they are no records, and looks for statements about the assembly.
    fn take_comments(&mut self, is_comment: impl Fn(&[u8]) -> bool) -> Result<(), ReadError> {
        while let Some(line) = self.peek()? {
            if !line.is_empty() && !is_comment(&line) {
                break;
            }
            let number = self.input.lines_read() + 1;
            self.clues
                .extend(assembly_clue(number, &String::from_utf8_lossy(&line)));
            self.take_header_line()?;
        }
        Ok(())
    }

    fn bed(&mut self) -> Result<Layout, ReadError> {
        self.take_comments(without_alleles::is_bed_header)?;
        Ok(Layout::Bed)
    }

    fn words(&mut self) -> Result<Layout, ReadError> {
        self.take_comments(|line| line.starts_with(b"#"))?;
        Ok(Layout::Ids)
    }

    fn vcf(&mut self, map: &ColumnMap) -> Result<Layout, ReadError> {
        let name: Box<str> = self.input.name().into();
        if let Some((role, _)) = map.entries().first() {
            let role = format!("`{}`", role.key());
            return Err(ReadCause::ColumnsFixed { role, format: "VCF" }.at(&name, None));
        }
        let mut header = VcfHeader::default();
        while let Some(line) = self.peek()? {
            let number = self.input.lines_read() + 1;
            if number == 1 && memchr::memchr(b'\r', &line).is_some() {
                return Err(ReadCause::CarriageReturns.at(&name, Some(number)));
            }
            let is_columns = line.starts_with(b"#") && !line.starts_with(b"##");
            if line.starts_with(b"##") {
                header.meta_line(number, &line);
            } else if is_columns {
                header
                    .column_line(&line)
                    .map_err(|cause| cause.at(&name, Some(number)))?;
            } else if !line.is_empty() {
                if !is_record(&line) {
                    let (reason, text) = ("neither a header line nor a record", shown(&line));
                    return Err(ReadCause::VcfHeader { reason, text }.at(&name, Some(number)));
                }
                break;
            }
            self.take_header_line()?;
            if is_columns {
                break;
            }
        }
        header.finish();
        self.clues.append(&mut header.clues);
        Ok(Layout::Vcf {
            columns: header.columns,
        })
    }

    fn table(&mut self, separator: u8, map: &ColumnMap) -> Result<Layout, ReadError> {
        let name: Box<str> = self.input.name().into();
        self.take_comments(|line| line.starts_with(b"##") || line.starts_with(b"# "))?;
        let number = self.input.lines_read() + 1;
        let at_header = |cause: ReadCause| cause.at(&name, Some(number));
        let mut line = self.peek()?.unwrap_or_default();
        if memchr::memchr(b'\r', &line).is_some() {
            return Err(at_header(ReadCause::CarriageReturns));
        }
        let quoting = if separator == b',' || line.contains(&b'"') {
            Quoting::On
        } else {
            Quoting::Off
        };
        let mut header = Vec::new();
        if !map.is_by_number() {
            let mut cells = Cells::default();
            self.take_header_line()?;
            while cells.split(&line, separator, quoting) == Split::Open {
                let Some(next) = self.peek()? else { break };
                line.push(b'\n');
                line.extend_from_slice(&next);
                self.take_header_line()?;
            }
            for cell in cells.iter() {
                let cell = text(cell, "a column name").map_err(at_header)?;
                header.push(cell.trim().to_owned());
            }
        }
        let resolver = Resolver {
            header: &header,
            map,
            carry: &[],
        };
        let resolved = resolver.resolve();
        let no_alleles = matches!(
            &resolved,
            Err(ReadCause::ColumnsMissing { missing, .. })
                if missing.iter().all(|role| matches!(role, Role::Reference | Role::Alternate))
        );
        let place = no_alleles.then(|| resolver.place()).transpose().map_err(at_header)?;
        let used = match (&resolved, &place) {
            (Ok(columns), _) => columns.places(),
            (Err(_), Some((_, position, _))) => vec![position.column()],
            (Err(_), None) => Vec::new(),
        };
        self.clues.extend(clues(&header, &used, number));
        let failed = resolved.err();
        let table = TableLayout {
            header,
            map: map.clone(),
            separator,
            quoting,
        };
        match (place, failed) {
            (Some((contig, position, reference)), _) => Ok(Layout::Positions {
                table,
                contig,
                position,
                reference,
            }),
            (None, Some(cause)) => Err(at_header(cause)),
            (None, None) => Ok(Layout::Table(table)),
        }
    }
}
