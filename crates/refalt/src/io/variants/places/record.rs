//! From lines to places.

use super::super::contigs::Contigs;
use super::super::delimited::{Cells, MAX_JOINED_LINES, Quoting, RecordPlace, Split};
use super::super::error::{ReadCause, shown};
use super::super::ids;
use super::super::problem::{Field, RowProblem};
use super::super::resolve::{AssemblyFrom, Columns, ContigFrom, PositionFrom, Resolver, VariantFrom};
use super::super::row::VariantRow;
use super::super::source::Line;
use super::super::table::RecordCells;
use super::super::vcf::{self, InfoKeys, RecordReader};
use super::super::word_row;
use super::fast::{self, Suffixes};
use super::without_alleles::{SaidByContig, bed, is_bed_header, position_row};
use super::{Layout, Lines, Placed, Site, TableLayout};
use refalt_core::Alternate;
use std::collections::VecDeque;

/// A line of the text.
pub(crate) enum Seen<'t> {
    /// A record.
    Record {
        /// Its bytes as written, with the line end.
        raw: &'t [u8],
        /// Its first line (1-based).
        line: u64,
        /// Where it lies, or why it has no place.
        place: Result<Placed<'t>, RowProblem>,
    },
    /// Something else: an empty line, a comment, a header line in between.
    Other,
}

/// Reads records; each thread has its own.
pub(crate) struct RecordParser {
    kind: Kind,
    suffixes: Suffixes,
    contig: SaidByContig,
    rows: VecDeque<VariantRow>,
    alternates: Vec<u8>,
}

#[expect(clippy::large_enum_variant, reason = "there is one for each thread")]
enum Kind {
    Vcf {
        columns: Option<usize>,
        contigs: Contigs,
        info: InfoKeys,
    },
    Table {
        columns: Columns,
        /// The last column in use.
        last: usize,
        long: RecordCells,
        cells: Cells,
        separator: u8,
        quoting: Quoting,
        spans: Vec<(usize, usize)>,
    },
    Positions {
        table: TableLayout,
        contig: ContigFrom,
        position: PositionFrom,
        reference: Option<usize>,
        cells: Cells,
    },
    Bed,
    Ids {
        contigs: Contigs,
    },
}

impl RecordParser {
    /// Makes a parser for a layout.
    ///
    /// # Errors
    /// [`ReadCause`] when the columns are not there; the reader that gave the layout has looked for them already.
    pub(crate) fn new(layout: &Layout) -> Result<Self, ReadCause> {
        let kind = match layout {
            Layout::Vcf { columns } => Kind::Vcf {
                columns: *columns,
                contigs: Contigs::default(),
                info: InfoKeys::default(),
            },
            Layout::Table(table) => {
                let resolver = Resolver {
                    header: &table.header,
                    map: &table.map,
                    carry: &[],
                };
                let columns = resolver.resolve()?;
                Kind::Table {
                    last: columns.used().last().copied().unwrap_or(0),
                    long: RecordCells::new(columns.clone(), table.header.clone(), &table.map),
                    columns,
                    cells: Cells::default(),
                    separator: table.separator,
                    quoting: table.quoting,
                    spans: Vec::new(),
                }
            }
            Layout::Positions {
                table,
                contig,
                position,
                reference,
            } => Kind::Positions {
                table: table.clone(),
                contig: contig.clone(),
                position: *position,
                reference: *reference,
                cells: Cells::default(),
            },
            Layout::Bed => Kind::Bed,
            Layout::Ids => Kind::Ids {
                contigs: Contigs::default(),
            },
        };
        Ok(Self {
            kind,
            suffixes: Suffixes::default(),
            contig: SaidByContig::default(),
            rows: VecDeque::new(),
            alternates: Vec::new(),
        })
    }

    /// Reads lines one after the other; returns how many of their bytes were taken, which is all of them unless the last
    /// record goes on behind them.
    ///
    /// # Errors
    /// [`ReadCause`] with the line (1-based) when nothing behind it can be read.
    pub(crate) fn read(&mut self, lines: Lines<'_>, mut see: impl FnMut(Seen<'_>)) -> Result<usize, (ReadCause, u64)> {
        let mut rest = lines.bytes;
        let mut number = lines.first_line;
        while !rest.is_empty() {
            let mut length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let mut count = 1;
            if self.is_quoted() && has_open_quote(&rest[..length]) {
                match closing_line(rest, length) {
                    Some((whole, joined)) => (length, count) = (whole, joined),
                    // It may be closed in the lines to come.
                    None if !lines.is_last && ends(rest) < MAX_JOINED_LINES => break,
                    None => {}
                }
            }
            let raw = &rest[..length];
            self.record(raw, number, count, &mut see)
                .map_err(|cause| (cause, number))?;
            rest = &rest[length..];
            number += count;
        }
        Ok(lines.bytes.len() - rest.len())
    }

    fn is_quoted(&self) -> bool {
        match &self.kind {
            Kind::Table { quoting, .. } => *quoting == Quoting::On,
            Kind::Positions { table, .. } => table.quoting == Quoting::On,
            _ => false,
        }
    }

    fn record(&mut self, raw: &[u8], line: u64, count: u64, see: &mut impl FnMut(Seen<'_>)) -> Result<(), ReadCause> {
        let text = without_end(raw);
        let is_other = match &self.kind {
            Kind::Vcf { .. } => text.is_empty() || text.starts_with(b"#"),
            Kind::Bed => is_bed_header(text),
            Kind::Ids { .. } => text.trim_ascii().is_empty() || text.starts_with(b"#"),
            Kind::Table { .. } | Kind::Positions { .. } => text.is_empty(),
        };
        if is_other {
            see(Seen::Other);
            return Ok(());
        }
        let line_of = Line {
            bytes: text,
            number: line,
            is_terminated: raw.ends_with(b"\n"),
        };
        if let Some(place) = self.short_way(line_of) {
            let place = Ok(place);
            see(Seen::Record { raw, line, place });
            return Ok(());
        }
        let place = self.long_way(line_of, count)?;
        see(Seen::Record { raw, line, place });
        Ok(())
    }

    fn short_way<'t>(&mut self, line: Line<'t>) -> Option<Placed<'t>> {
        match &mut self.kind {
            Kind::Vcf { .. } if line.is_terminated => {
                let columns = vcf::Columns::split(line.bytes).ok()?;
                let contig = std::str::from_utf8(columns.contig)
                    .ok()
                    .filter(|name| !name.is_empty())?;
                if memchr::memchr(0, columns.contig).is_some() || std::str::from_utf8(columns.id).is_err() {
                    return None;
                }
                let position = fast::position(columns.position)?;
                let is_plain = |alternate: &[u8]| fast::is_acgt(alternate) || matches!(alternate, b"." | b"*");
                let alternates = columns.alternate;
                if !fast::is_acgt(columns.reference) || !alternates.split(|&b| b == b',').all(is_plain) {
                    return None;
                }
                let said = self.contig.of(contig).or_else(|| ids::assembly_suffix(columns.id));
                Some(Placed {
                    contig,
                    said_assembly: said,
                    site: Site::Variant {
                        position,
                        reference: columns.reference,
                        alternates,
                        is_spelled_out: true,
                    },
                })
            }
            Kind::Table {
                columns,
                last,
                long,
                separator,
                quoting,
                spans,
                ..
            } => {
                let AssemblyFrom::Constant(stated) = columns.assembly else {
                    return None;
                };
                let width = cells_up_to(line.bytes, (*separator, *quoting), *last, spans)?;
                if long.width().is_some_and(|expected| expected != width) {
                    return None;
                }
                let cell = |column: usize| {
                    let (start, end) = *spans.get(column)?;
                    Some(&line.bytes[start..end])
                };
                let mut placed = match &columns.variant {
                    VariantFrom::Word(column) => {
                        let word = fast::word(cell(*column)?)?;
                        let by_suffix = match word.suffix {
                            Some(suffix) => Some(self.suffixes.said(suffix)?),
                            None => None,
                        };
                        let site = Site::Variant {
                            position: word.position,
                            reference: word.reference,
                            alternates: word.alternate,
                            is_spelled_out: true,
                        };
                        Placed {
                            contig: word.contig,
                            said_assembly: by_suffix.or_else(|| self.contig.of(word.contig)),
                            site,
                        }
                    }
                    VariantFrom::Columns {
                        contig: ContigFrom::Column(contig),
                        position: PositionFrom::Bases(position),
                        reference,
                        alternate,
                    } => {
                        let contig = std::str::from_utf8(cell(*contig)?).ok()?;
                        if contig.trim() != contig || contig.contains('\0') || ids::is_missing(contig) {
                            return None;
                        }
                        let (reference, alternates) = (cell(*reference)?, cell(*alternate)?);
                        if !fast::is_acgt(reference) || !alternates.split(|&b| b == b',').all(fast::is_acgt) {
                            return None;
                        }
                        let name = match columns.name {
                            Some(column) => std::str::from_utf8(cell(column)?).ok()?.trim(),
                            None => "",
                        };
                        let by_contig = self.contig.of(contig);
                        Placed {
                            contig,
                            said_assembly: by_contig.or_else(|| ids::assembly_suffix(name.as_bytes())),
                            site: Site::Variant {
                                position: fast::position(cell(*position)?)?,
                                reference,
                                alternates,
                                is_spelled_out: true,
                            },
                        }
                    }
                    VariantFrom::Columns { .. } => return None,
                };
                match (stated, placed.said_assembly) {
                    (Some(stated), Some(said)) if stated != said => return None,
                    (stated, said) => placed.said_assembly = stated.or(said),
                }
                Some(placed)
            }
            Kind::Ids { .. } => {
                let word = fast::word(line.bytes)?;
                let by_suffix = match word.suffix {
                    Some(suffix) => Some(self.suffixes.said(suffix)?),
                    None => None,
                };
                Some(Placed {
                    contig: word.contig,
                    said_assembly: by_suffix.or_else(|| self.contig.of(word.contig)),
                    site: Site::Variant {
                        position: word.position,
                        reference: word.reference,
                        alternates: word.alternate,
                        is_spelled_out: true,
                    },
                })
            }
            Kind::Bed => bed(line.bytes, &mut self.contig).ok(),
            Kind::Vcf { .. } | Kind::Positions { .. } => None,
        }
    }

    fn long_way<'t>(&'t mut self, line: Line<'t>, count: u64) -> Result<Result<Placed<'t>, RowProblem>, ReadCause> {
        self.rows.clear();
        match &mut self.kind {
            Kind::Bed => {
                if line.bytes.contains(&0) {
                    return Err(ReadCause::Binary);
                }
                return Ok(bed(line.bytes, &mut self.contig));
            }
            Kind::Positions {
                table,
                contig,
                position,
                reference,
                cells,
            } => {
                let split = cells.split(line.bytes, table.separator, table.quoting);
                if line.bytes.contains(&0) {
                    return Err(ReadCause::Binary);
                }
                let width = (!table.map.is_by_number()).then_some(table.header.len());
                if split != Split::Whole {
                    return Ok(Err(RowProblem::QuoteMalformed));
                }
                if let Some(expected) = width.filter(|&expected| expected != cells.len()) {
                    let found = cells.len();
                    let lines = count;
                    return Ok(Err(RowProblem::FieldCount { found, expected, lines }));
                }
                let cells = &*cells;
                return Ok(position_row(cells, contig, *position, *reference, &mut self.contig));
            }
            Kind::Vcf { columns, contigs, info } => {
                let mut reader = RecordReader {
                    info,
                    contigs,
                    columns: *columns,
                };
                reader.read(line, &mut self.rows)?;
            }
            Kind::Table {
                long,
                cells,
                separator,
                quoting,
                ..
            } => {
                let is_sound = cells.split(line.bytes, *separator, *quoting) == Split::Whole;
                if !is_sound {
                    cells.split(line.bytes, *separator, Quoting::Off);
                }
                let place = RecordPlace {
                    line: line.number,
                    lines: count,
                    is_sound,
                };
                long.read(place, cells, &mut self.rows)?;
            }
            Kind::Ids { contigs } => match std::str::from_utf8(line.bytes) {
                Ok(text) => self.rows.push_back(word_row(line.number, text.trim(), contigs)),
                Err(_) => {
                    return Err(ReadCause::NotUtf8 {
                        field: "the line".to_owned(),
                        text: shown(line.bytes),
                    });
                }
            },
        }
        Ok(placed(&self.rows, &mut self.alternates))
    }
}

/// Brings the rows of a record together: one place for all of its ALT alleles.
pub(super) fn placed<'t>(
    rows: &'t VecDeque<VariantRow>,
    alternates: &'t mut Vec<u8>,
) -> Result<Placed<'t>, RowProblem> {
    alternates.clear();
    let mut is_spelled_out = true;
    for (index, row) in rows.iter().enumerate() {
        let variant = row.variant.as_ref().map_err(Clone::clone)?;
        if index > 0 {
            alternates.push(b',');
        }
        is_spelled_out &= !matches!(variant.alternate, Alternate::Symbolic(_) | Alternate::Breakend(_));
        alternates.extend_from_slice(match &variant.alternate {
            Alternate::Bases(bases) => bases.as_bytes(),
            Alternate::Symbolic(text) | Alternate::Breakend(text) => text.as_bytes(),
            Alternate::Star => b"*",
            Alternate::Missing => b".",
        });
    }
    let first = rows.front().and_then(|row| Some((row, row.variant.as_ref().ok()?)));
    let Some((row, variant)) = first else {
        return Err(RowProblem::FieldEmpty {
            field: Field::Alternate,
            found: "".into(),
        });
    };
    Ok(Placed {
        contig: variant.contig.as_str(),
        said_assembly: row.said_assembly,
        site: Site::Variant {
            position: variant.position,
            reference: variant.reference_bases.as_bytes(),
            alternates,
            is_spelled_out,
        },
    })
}

/// Finds the cells up to `last`; returns the number of cells of the line, `None` when there are too few.
fn cells_up_to(
    line: &[u8],
    (separator, quoting): (u8, Quoting),
    last: usize,
    spans: &mut Vec<(usize, usize)>,
) -> Option<usize> {
    spans.clear();
    // In a file whose cells may be quoted a line without a mark has plain cells.
    if quoting == Quoting::On && memchr::memchr(b'"', line).is_some() {
        return None;
    }
    let mut start = 0;
    let mut separators = memchr::memchr_iter(separator, line);
    while spans.len() <= last {
        match separators.next() {
            Some(end) => {
                spans.push((start, end));
                start = end + 1;
            }
            None => {
                spans.push((start, line.len()));
                return (spans.len() > last).then_some(spans.len());
            }
        }
    }
    Some(spans.len() + 1 + separators.count())
}

fn without_end(raw: &[u8]) -> &[u8] {
    let line = raw.strip_suffix(b"\n").unwrap_or(raw);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn has_open_quote(text: &[u8]) -> bool {
    memchr::memchr_iter(b'"', text).count() % 2 == 1
}

fn ends(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

/// Adds lines to the first one, `length` bytes long, until every quotation mark has its other one; returns the bytes and the
/// number of lines.
fn closing_line(text: &[u8], length: usize) -> Option<(usize, u64)> {
    let (mut length, mut lines) = (length, 1);
    while length < text.len() && lines <= MAX_JOINED_LINES {
        length += memchr::memchr(b'\n', &text[length..]).map_or(text.len() - length, |end| end + 1);
        lines += 1;
        if !has_open_quote(&text[..length]) {
            return Some((length, lines as u64));
        }
    }
    None
}
