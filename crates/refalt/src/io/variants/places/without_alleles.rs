//! Places of rows that name no alleles: BED, and tables with a contig and a position.

use super::super::allele;
use super::super::delimited::Cells;
use super::super::ids;
use super::super::problem::{Field, RowProblem};
use super::super::resolve::{ContigFrom, PositionFrom};
use super::fast;
use super::{Placed, Site};
use refalt_core::{Assembly, Chromosome, Interval};

/// What the name of a contig says, the last one at hand.
#[derive(Default)]
pub(super) struct SaidByContig {
    last: Vec<u8>,
    said: Option<Assembly>,
}

impl SaidByContig {
    pub(super) fn of(&mut self, contig: &str) -> Option<Assembly> {
        if self.last != contig.as_bytes() {
            self.said = Chromosome::of(contig).and_then(|chromosome| chromosome.assembly);
            self.last.clear();
            self.last.extend_from_slice(contig.as_bytes());
        }
        self.said
    }
}

/// Says whether a line of BED is none of its records.
pub(super) fn is_bed_header(line: &[u8]) -> bool {
    let word = |word: &[u8]| {
        line.strip_prefix(word)
            .is_some_and(|rest| rest.first().is_none_or(|next| matches!(next, b' ' | b'\t')))
    };
    line.trim_ascii().is_empty() || line.starts_with(b"#") || word(b"track") || word(b"browser")
}

/// Reads contig, start (0-based) and end (exclusive) of a BED line; nothing else of it.
pub(super) fn bed<'t>(line: &'t [u8], contigs: &mut SaidByContig) -> Result<Placed<'t>, RowProblem> {
    let has_tab = memchr::memchr(b'\t', line).is_some();
    let by_tab = |b: &u8| *b == b'\t';
    let by_space = |b: &u8| b.is_ascii_whitespace();
    let mut found = [b"".as_slice(); 3];
    let mut count = 0;
    let mut take = |cell: &'t [u8]| {
        if count < 3 {
            found[count] = cell;
        }
        count += 1;
        count < 3
    };
    if has_tab {
        let _ = line.split(by_tab).all(&mut take);
    } else {
        let _ = line.split(by_space).filter(|cell| !cell.is_empty()).all(&mut take);
    }
    if count < 3 {
        return Err(RowProblem::FieldsMissing {
            found: count,
            needed: 3,
        });
    }
    let [contig, start, end] = found;
    let whole = |text: &[u8]| {
        fast::number(text).ok_or_else(|| match allele::number(text) {
            None if text.is_empty() || !text.iter().all(u8::is_ascii_digit) => RowProblem::PositionNotNumber {
                found: allele::lossy(text),
            },
            _ => RowProblem::PositionTooLarge {
                found: allele::lossy(text),
            },
        })
    };
    let empty = || RowProblem::FieldEmpty {
        field: Field::Contig,
        found: allele::lossy(contig),
    };
    let contig = std::str::from_utf8(contig)
        .ok()
        .filter(|name| !name.is_empty())
        .ok_or_else(empty)?;
    let (start, end) = (whole(start)?, whole(end)?);
    let interval = Interval::from_bed(start, end).ok_or(RowProblem::Inverted { start, end })?;
    Ok(Placed {
        contig,
        said_assembly: contigs.of(contig),
        site: Site::Bases(interval),
    })
}

/// Reads a row of a table without alleles: REF where there is one, else one base.
pub(super) fn position_row<'t>(
    cells: &'t Cells,
    contig: &'t ContigFrom,
    position: PositionFrom,
    reference: Option<usize>,
    contigs: &mut SaidByContig,
) -> Result<Placed<'t>, RowProblem> {
    let text = |column: usize| {
        let cell = cells.get(column).unwrap_or(b"");
        std::str::from_utf8(cell).map(str::trim).unwrap_or("")
    };
    let empty = |field: Field, found: &str| RowProblem::FieldEmpty {
        field,
        found: found.into(),
    };
    let contig = match contig {
        ContigFrom::Column(column) => text(*column),
        ContigFrom::Constant(value) => value,
    };
    if ids::is_missing(contig) {
        return Err(empty(Field::Contig, contig));
    }
    let digits = text(position.column());
    if ids::is_missing(digits) {
        return Err(empty(Field::Position, digits));
    }
    let first = match position {
        PositionFrom::Bases(_) => allele::position(digits.as_bytes()),
        PositionFrom::BedStart(_) => allele::zero_based_position(digits.as_bytes()),
    }?;
    let length = match reference.map(text) {
        None => 1,
        Some(cell) if ids::is_missing(cell) => return Err(empty(Field::Reference, cell)),
        Some(cell) => ids::reference_cell(cell)?.len_bp(),
    };
    let interval = Interval::at(first, length).ok_or_else(|| RowProblem::PositionTooLarge { found: digits.into() })?;
    Ok(Placed {
        contig,
        said_assembly: contigs.of(contig),
        site: Site::Bases(interval),
    })
}
