//! VCF, read by line.
//!
//! ```text
//! ##fileformat=VCFv4.2            meta lines: contigs and the assembly are taken, the rest is skipped
//! #CHROM POS ID REF ALT ...       one line, tab separated; may be absent, the order is fixed
//! chr1 10001 rs1 T A,<DEL> ...    records: CHROM, POS, ID, REF, ALT are read, one row for each ALT
//! ```
//!
//! Only five columns are split off a record, and INFO when a column of it is asked for; QUAL, FILTER, FORMAT and the
//! samples are not looked at. Positions are 1-based; POS 0 is a telomere (VCF 4.3 section 1.6.1.2) and no base.

use super::allele;
use super::contigs::Contigs;
use super::error::{ReadCause, ReadError, shown};
use super::ids;
use super::problem::{Field, RowProblem};
use super::row::{RowNames, VariantRow, hgvs_list};
use super::source::{Input, Line};
use super::vcf_header::{PerAllele, VcfHeader};
use refalt_core::{Assembly, ContigName, Position, Strand, Variant};
use std::collections::VecDeque;

/// Columns that make a record: CHROM, POS, ID, REF, ALT.
const NEEDED_COLUMNS: usize = 5;

/// An INFO key whose value travels with the rows.
#[derive(Clone, Debug)]
pub(super) struct InfoKey {
    pub(super) key: Box<str>,
    pub(super) per_allele: PerAllele,
}

/// The INFO keys that the user asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct InfoKeys {
    pub(super) rsid: Option<InfoKey>,
    pub(super) gene: Option<InfoKey>,
    pub(super) strand: Option<InfoKey>,
    pub(super) hgvs: Option<InfoKey>,
    pub(super) carried: Vec<InfoKey>,
}

impl InfoKeys {
    fn is_empty(&self) -> bool {
        let named = [&self.rsid, &self.gene, &self.strand, &self.hgvs];
        self.carried.is_empty() && named.iter().all(|key| key.is_none())
    }
}

/// Rows of a VCF file.
pub(super) struct VcfRows {
    input: Input,
    header: VcfHeader,
    contigs: Contigs,
    info: InfoKeys,
    /// The first record, when the header lacks the `#CHROM` line that would end it.
    first: Option<(u64, Box<[u8]>)>,
}

impl VcfRows {
    /// Reads the header.
    pub(super) fn new(mut input: Input) -> Result<Self, ReadError> {
        let mut header = VcfHeader::default();
        let name: Box<str> = input.name().into();
        let mut first = None;
        while let Some(line) = input.next_line()? {
            let place = Some(line.number);
            if line.number == 1 && memchr::memchr(b'\r', line.bytes).is_some() {
                return Err(ReadCause::CarriageReturns.at(&name, place));
            }
            if line.bytes.starts_with(b"##") {
                header.meta_line(line.number, line.bytes);
            } else if line.bytes.starts_with(b"#") {
                header.column_line(line.bytes).map_err(|cause| cause.at(&name, place))?;
                break;
            } else if !line.bytes.is_empty() {
                if !is_record(line.bytes) {
                    let (reason, text) = ("neither a header line nor a record", shown(line.bytes));
                    return Err(ReadCause::VcfHeader { reason, text }.at(&name, place));
                }
                first = Some((line.number, line.bytes.into()));
                break;
            }
        }
        header.finish();
        Ok(Self {
            input,
            header,
            contigs: Contigs::default(),
            info: InfoKeys::default(),
            first,
        })
    }

    pub(super) const fn header(&self) -> &VcfHeader {
        &self.header
    }

    /// Asks for INFO keys.
    pub(super) fn set_info(&mut self, info: InfoKeys) {
        self.info = info;
    }

    /// Appends the rows of the next record; false at the end of the file.
    pub(super) fn next_record(&mut self, rows: &mut VecDeque<VariantRow>) -> Result<bool, ReadError> {
        let mut record = RecordReader {
            info: &self.info,
            contigs: &mut self.contigs,
            columns: self.header.columns,
        };
        if let Some((number, bytes)) = self.first.take() {
            let line = Line {
                bytes: &bytes,
                number,
                is_terminated: true,
            };
            let read = record.read(line, rows);
            return read
                .map(|()| true)
                .map_err(|cause| cause.at(self.input.name(), Some(number)));
        }
        while let Some(line) = self.input.next_line()? {
            // Header lines between records come from files that were put one after the other.
            if line.bytes.is_empty() || line.bytes.starts_with(b"#") {
                continue;
            }
            let number = line.number;
            let read = record.read(line, rows);
            return read
                .map(|()| true)
                .map_err(|cause| cause.at(self.input.name(), Some(number)));
        }
        Ok(false)
    }
}

/// Says whether a line without a column line above it is a record: a number for POS, bases for REF, alleles for ALT.
pub(super) fn is_record(line: &[u8]) -> bool {
    let columns: Vec<&[u8]> = line.split(|&b| b == b'\t').take(NEEDED_COLUMNS).collect();
    let [_, position, _, reference, alternates] = columns[..] else {
        return false;
    };
    allele::number(position).is_some()
        && allele::reference_bases(reference).is_ok()
        && alternates
            .split(|&b| b == b',')
            .all(|alternate| allele::alternate(alternate).is_ok())
}

/// Splits one record.
pub(super) struct RecordReader<'a> {
    pub(super) info: &'a InfoKeys,
    pub(super) contigs: &'a mut Contigs,
    pub(super) columns: Option<usize>,
}

/// The columns of a record as bytes.
pub(super) struct Columns<'a> {
    pub(super) contig: &'a [u8],
    pub(super) position: &'a [u8],
    pub(super) id: &'a [u8],
    pub(super) reference: &'a [u8],
    pub(super) alternate: &'a [u8],
    /// What follows ALT, from QUAL on.
    rest: &'a [u8],
}

impl<'a> Columns<'a> {
    /// Splits a line; the error is the number of columns found.
    pub(super) fn split(line: &'a [u8]) -> Result<Self, usize> {
        let mut ends = [0; NEEDED_COLUMNS - 1];
        let mut tabs = memchr::memchr_iter(b'\t', line);
        for (index, end) in ends.iter_mut().enumerate() {
            *end = tabs.next().ok_or(index + 1)?;
        }
        let alternate_end = tabs.next().unwrap_or(line.len());
        Ok(Self {
            contig: &line[..ends[0]],
            position: &line[ends[0] + 1..ends[1]],
            id: &line[ends[1] + 1..ends[2]],
            reference: &line[ends[2] + 1..ends[3]],
            alternate: &line[ends[3] + 1..alternate_end],
            rest: line.get(alternate_end + 1..).unwrap_or(b""),
        })
    }

    /// Returns the INFO column, the third after ALT.
    fn info(&self) -> &'a [u8] {
        self.rest.split(|&b| b == b'\t').nth(2).unwrap_or(b"")
    }
}

impl RecordReader<'_> {
    pub(super) fn read(&mut self, line: Line<'_>, rows: &mut VecDeque<VariantRow>) -> Result<(), ReadCause> {
        let columns = match Columns::split(line.bytes) {
            Ok(columns) => columns,
            Err(found) => {
                if line.bytes.contains(&0) {
                    return Err(ReadCause::Binary);
                }
                let needed = NEEDED_COLUMNS;
                rows.push_back(VariantRow::refused(
                    line.number,
                    shown(line.bytes).into(),
                    RowProblem::FieldsMissing { found, needed },
                ));
                return Ok(());
            }
        };
        let (contig, said_by_contig) = self.contig(columns.contig)?;
        let id = id_of(columns.id)?;
        let said = said_by_contig.or_else(|| ids::assembly_suffix(columns.id));
        let place = self.place(&columns, line);
        let reference = allele::reference_bases(columns.reference);
        let shared = place.and_then(|position| Ok((position, reference?)));
        // Most records have one ALT, which takes the shared parts instead of a copy.
        let mut shared = Some((contig, id, shared));
        let mut alternates = columns.alternate.split(|&b| b == b',').enumerate().peekable();
        while let Some((index, alternate)) = alternates.next() {
            let is_last = alternates.peek().is_none();
            let parts = if is_last { shared.take() } else { shared.clone() };
            let Some((contig, id, place)) = parts else { break };
            let variant = place.and_then(|(position, reference_bases)| {
                Ok(Variant {
                    contig,
                    position,
                    reference_bases,
                    alternate: allele::alternate(alternate)?,
                })
            });
            let mut row = VariantRow {
                row: 0,
                line: line.number,
                allele: u32::try_from(index + 1).unwrap_or(u32::MAX),
                id,
                said_assembly: said,
                names: RowNames::default(),
                written: written(&columns, alternate, &variant),
                variant,
                carried: Box::default(),
                shared: Box::default(),
            };
            if !self.info.is_empty() {
                self.take_info(columns.info(), index, &mut row)?;
                if index > 0 || !is_last {
                    let carried = self.info.carried.iter().enumerate();
                    let shared = carried.filter(|(_, key)| matches!(key.per_allele, PerAllele::No));
                    row.shared = shared.map(|(place, _)| place).collect();
                }
            }
            rows.push_back(row);
        }
        Ok(())
    }

    fn contig(&mut self, name: &[u8]) -> Result<(ContigName, Option<Assembly>), ReadCause> {
        if name.contains(&0) {
            return Err(ReadCause::Binary);
        }
        self.contigs.intern(name).ok_or_else(|| ReadCause::NotUtf8 {
            field: Field::Contig.to_string(),
            text: shown(name),
        })
    }

    /// Returns POS once the contig has a name and the line is whole.
    fn place(&self, columns: &Columns<'_>, line: Line<'_>) -> Result<Position, RowProblem> {
        if columns.contig.is_empty() {
            let (field, found) = (Field::Contig, "".into());
            return Err(RowProblem::FieldEmpty { field, found });
        }
        if !line.is_terminated
            && let Some(needed) = self.columns
        {
            // A file that was cut off ends without a line end, inside some column.
            let found = memchr::memchr_iter(b'\t', line.bytes).count() + 1;
            if found < needed {
                return Err(RowProblem::FieldsMissing { found, needed });
            }
        }
        allele::position(columns.position)
    }

    fn take_info(&self, info: &[u8], allele: usize, row: &mut VariantRow) -> Result<(), ReadCause> {
        let value = |key: &InfoKey| -> Result<Option<Box<str>>, ReadCause> {
            let Some(value) = info_value(info, key.key.as_bytes()) else {
                return Ok(None);
            };
            let value = match key.per_allele {
                PerAllele::Yes => value.split(|&b| b == b',').nth(allele).unwrap_or(b""),
                PerAllele::No => value,
            };
            let text = std::str::from_utf8(value).map_err(|_| ReadCause::NotUtf8 {
                field: format!("INFO/{}", key.key),
                text: shown(value),
            })?;
            Ok((!ids::is_missing(text)).then(|| text.into()))
        };
        let optional = |key: &Option<InfoKey>| key.as_ref().map_or(Ok(None), value);
        row.names.rsid = optional(&self.info.rsid)?;
        row.names.gene = optional(&self.info.gene)?;
        row.names.gene_strand = optional(&self.info.strand)?.and_then(|text| strand(&text));
        row.names.hgvs = optional(&self.info.hgvs)?.map_or_else(Vec::new, |text| hgvs_list(&text));
        row.carried = self.info.carried.iter().map(value).collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// Reads a strand as tables write it: `+`, `-`, `1`, `-1`.
pub(super) fn strand(text: &str) -> Option<Strand> {
    match text {
        "+" | "1" | "+1" => Some(Strand::Forward),
        "-" | "-1" => Some(Strand::Reverse),
        _ => None,
    }
}

/// Returns the value of an INFO key; a flag has the value `true`.
fn info_value<'t>(info: &'t [u8], key: &[u8]) -> Option<&'t [u8]> {
    info.split(|&b| b == b';').find_map(|entry| {
        let rest = entry.strip_prefix(key)?;
        match rest {
            [] => Some(b"true".as_slice()),
            [b'=', value @ ..] => Some(value),
            _ => None,
        }
    })
}

fn id_of(id: &[u8]) -> Result<Option<Box<str>>, ReadCause> {
    if id.is_empty() || id == b"." {
        return Ok(None);
    }
    match std::str::from_utf8(id) {
        Ok(id) => Ok(Some(id.into())),
        Err(_) => Err(ReadCause::NotUtf8 {
            field: Field::Id.to_string(),
            text: shown(id),
        }),
    }
}

/// Returns the variant as written, when writing the parsed one would not give the same letters.
fn written(columns: &Columns<'_>, alternate: &[u8], variant: &Result<Variant, RowProblem>) -> Option<Box<str>> {
    if let Ok(variant) = variant
        && allele::is_verbatim(variant, columns.position, columns.reference, alternate)
    {
        return None;
    }
    let text = |bytes| String::from_utf8_lossy(bytes);
    let (contig, position) = (text(columns.contig), text(columns.position));
    let (reference, alternate) = (text(columns.reference), text(alternate));
    Some(format!("{contig}:{position}:{reference}>{alternate}").into())
}
