//! BCF version 2, as bcftools writes it, packed in BGZF or not.
//!
//! ```text
//! "BCF\2" minor           5 bytes
//! l_text, text            the VCF header; its ##contig lines are the contig dictionary
//! l_shared, l_indiv       per record: bytes of the site part, bytes of the genotype part
//! CHROM POS rlen QUAL     site part: i32 index, i32 position (0-based), i32, f32
//! n_info n_allele         u16, u16
//! n_fmt_sample            u32
//! ID, alleles, ...        typed strings
//! ```
//!
//! VCF specification version 4.3, section 6.3. Genotypes are skipped without being unpacked. A record is decoded here
//! and not through a BCF library because such libraries reserve memory for whatever length a damaged file states;
//! here no more than the bytes that are there are taken.

use super::allele;
use super::contigs::Contigs;
use super::error::{ReadCause, ReadError};
use super::ids;
use super::problem::{Field, RowProblem};
use super::row::{RowNames, VariantRow};
use super::source::Input;
use super::vcf_header::VcfHeader;
use refalt_core::{Assembly, ContigName, Position, Variant};
use std::collections::VecDeque;

/// Bytes of the fixed part of a record's site part.
const FIXED_BYTES: usize = 24;

/// The largest site part or header.
const LARGEST_BYTES: usize = 256 << 20;

/// Rows of a BCF file.
pub(super) struct BcfRows {
    input: Input,
    header: VcfHeader,
    /// The header as it is in the file, from the first byte to the last before the records.
    header_bytes: Vec<u8>,
    contigs: Contigs,
    record: u64,
    site: Vec<u8>,
}

impl BcfRows {
    /// Reads the header.
    pub(super) fn new(mut input: Input) -> Result<Self, ReadError> {
        let (header, header_bytes) = read_header(&mut input).map_err(|cause| cause.at(input.name(), None))?;
        Ok(Self {
            input,
            header,
            header_bytes,
            contigs: Contigs::default(),
            record: 0,
            site: Vec::new(),
        })
    }

    pub(super) const fn header(&self) -> &VcfHeader {
        &self.header
    }

    /// Returns the header as it is in the file.
    pub(super) fn header_bytes(&self) -> &[u8] {
        &self.header_bytes
    }

    /// Returns the name of the source and what was digested of it.
    pub(super) const fn input(&self) -> &Input {
        &self.input
    }

    /// As [`next_record`](Self::next_record); `raw` becomes the record as it is in the file.
    pub(super) fn next_record_as_written(
        &mut self,
        raw: &mut Vec<u8>,
        rows: &mut VecDeque<VariantRow>,
    ) -> Result<Option<u64>, ReadError> {
        raw.clear();
        let read = self.read(rows, Some(raw));
        let more = read.map_err(|cause| cause.at_record(self.input.name(), self.record))?;
        Ok(more.then_some(self.record))
    }

    /// Appends the rows of the next record; false at the end of the file.
    pub(super) fn next_record(&mut self, rows: &mut VecDeque<VariantRow>) -> Result<bool, ReadError> {
        let read = self.read(rows, None);
        read.map_err(|cause| cause.at_record(self.input.name(), self.record))
    }

    fn read(&mut self, rows: &mut VecDeque<VariantRow>, raw: Option<&mut Vec<u8>>) -> Result<bool, ReadCause> {
        self.record += 1;
        let mut lengths = [0; 8];
        if !self.input.read_whole(&mut lengths)? {
            return Ok(false);
        }
        let [a, b, c, d, e, f, g, h] = lengths;
        let site_bytes = u32::from_le_bytes([a, b, c, d]) as usize;
        let genotype_bytes = u32::from_le_bytes([e, f, g, h]);
        if site_bytes < FIXED_BYTES {
            return Err(damaged("a record is shorter than its fixed part"));
        }
        read_growing(&mut self.input, &mut self.site, site_bytes)?;
        match raw {
            None => {
                if !self.input.skip(u64::from(genotype_bytes))? {
                    let reason = "the genotypes of a record end early";
                    return Err(ReadCause::Truncated { reason });
                }
            }
            Some(raw) => {
                let mut genotypes = Vec::new();
                read_growing(&mut self.input, &mut genotypes, genotype_bytes as usize)?;
                raw.extend_from_slice(&lengths);
                raw.extend_from_slice(&self.site);
                raw.extend_from_slice(&genotypes);
            }
        }
        let mut site = Cursor { bytes: &self.site };
        let contig = contig_name(&self.header, &mut self.contigs, site.i32()?)?;
        // VCF specification 6.3.1: POS is stored 0-based, -1 for a telomere.
        let zero_based = site.i32()?;
        let position = match u32::try_from(zero_based) {
            Ok(index) => Position::from_zero_based(index).ok_or(RowProblem::PositionZero),
            Err(_) => Err(RowProblem::PositionZero),
        };
        site.take(8)?; // rlen, QUAL
        site.take(2)?; // n_info
        let alleles = site.u16()?;
        site.take(4)?; // n_fmt_sample
        let id = match site.string()? {
            b"" | b"." => None,
            id => Some(std::str::from_utf8(id).map_err(|_| ReadCause::NotUtf8 {
                field: Field::Id.to_string(),
                text: super::error::shown(id),
            })?),
        };
        let said = contig
            .1
            .or_else(|| id.and_then(|id| ids::assembly_suffix(id.as_bytes())));
        let reference_text = if alleles == 0 { b"".as_slice() } else { site.string()? };
        let reference = allele::reference_bases(reference_text);
        let place = position.and_then(|position| Ok((position, reference?)));
        // A record with REF alone has the alternate `.`.
        for index in 1..alleles.max(2) {
            let alternate_text = if alleles < 2 { b".".as_slice() } else { site.string()? };
            let variant = place.clone().and_then(|(position, reference_bases)| {
                Ok(Variant {
                    contig: contig.0.clone(),
                    position,
                    reference_bases,
                    alternate: allele::alternate(alternate_text)?,
                })
            });
            let written = match &variant {
                Ok(variant) if allele::has_same_alleles(variant, reference_text, alternate_text) => None,
                _ => Some(format!(
                    "{}:{}:{}>{}",
                    contig.0,
                    i64::from(zero_based) + 1,
                    allele::lossy(reference_text),
                    allele::lossy(alternate_text)
                )),
            };
            rows.push_back(VariantRow {
                row: 0,
                line: self.record,
                allele: u32::from(index),
                id: id.map(Into::into),
                said_assembly: said,
                names: RowNames::default(),
                written: written.map(Into::into),
                variant,
                carried: Box::default(),
                shared: Box::default(),
            });
        }
        Ok(true)
    }
}

fn contig_name(
    header: &VcfHeader,
    contigs: &mut Contigs,
    index: i32,
) -> Result<(ContigName, Option<Assembly>), ReadCause> {
    let name = usize::try_from(index)
        .ok()
        .and_then(|index| header.contigs.get(index)?.as_deref())
        .ok_or_else(|| damaged("a record names a contig that the header does not have"))?;
    contigs
        .intern(name.as_bytes())
        .ok_or_else(|| damaged("a contig name is not UTF-8"))
}

fn read_header(input: &mut Input) -> Result<(VcfHeader, Vec<u8>), ReadCause> {
    let mut start = [0; 9];
    if !input.read_whole(&mut start)? {
        return Err(ReadCause::Empty);
    }
    let [_, _, _, _, _, a, b, c, d] = start;
    let mut text = Vec::new();
    read_growing(input, &mut text, u32::from_le_bytes([a, b, c, d]) as usize)?;
    let mut header = VcfHeader::default();
    // Section 6.2: the text is NUL-terminated.
    let end = memchr::memchr(0, &text).unwrap_or(text.len());
    for (index, line) in text[..end].split(|&b| b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"##") {
            header.meta_line(index as u64 + 1, line);
        } else if line.starts_with(b"#") {
            header.column_line(line)?;
        }
    }
    header.finish();
    let mut bytes = start.to_vec();
    bytes.extend_from_slice(&text);
    Ok((header, bytes))
}

/// Fills `bytes` with the next `length` bytes, reserving memory only as they arrive.
fn read_growing(input: &mut Input, bytes: &mut Vec<u8>, length: usize) -> Result<(), ReadCause> {
    const STEP: usize = 1 << 20;
    if length > LARGEST_BYTES {
        return Err(damaged("a length is not plausible"));
    }
    bytes.clear();
    while bytes.len() < length {
        let from = bytes.len();
        bytes.resize((from + STEP).min(length), 0);
        if !input.read_whole(&mut bytes[from..])? {
            let reason = "a record or the header ends early";
            return Err(ReadCause::Truncated { reason });
        }
    }
    Ok(())
}

const fn damaged(reason: &'static str) -> ReadCause {
    ReadCause::Bcf { reason }
}

/// What is left of a site part.
struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ReadCause> {
        let (head, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or_else(|| damaged("a field ends past its record"))?;
        self.bytes = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadCause> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| damaged("a field ends past its record"))
    }

    fn i32(&mut self) -> Result<i32, ReadCause> {
        self.array().map(i32::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, ReadCause> {
        self.array().map(u16::from_le_bytes)
    }

    /// Reads a typed string.
    ///
    /// Section 6.3.3: the low four bits of the first byte are the type (7: characters, 0: missing), the high four the
    /// length; 15 means that the length follows as a typed integer.
    fn string(&mut self) -> Result<&'a [u8], ReadCause> {
        let [descriptor] = self.array()?;
        let length = match descriptor >> 4 {
            15 => self.length()?,
            short => usize::from(short),
        };
        match descriptor & 0x0f {
            0 if length == 0 => Ok(b""),
            7 => {
                let text = self.take(length)?;
                // Shorter strings of a fixed width are padded with NUL.
                let end = memchr::memchr(0, text).unwrap_or(text.len());
                Ok(&text[..end])
            }
            _ => Err(damaged("a name or an allele is no string")),
        }
    }

    fn length(&mut self) -> Result<usize, ReadCause> {
        let [descriptor] = self.array()?;
        let length = match descriptor {
            0x11 => self.array().map(i8::from_le_bytes).map(i64::from),
            0x12 => self.array().map(i16::from_le_bytes).map(i64::from),
            0x13 => self.array().map(i32::from_le_bytes).map(i64::from),
            _ => return Err(damaged("a length is no integer")),
        }?;
        usize::try_from(length).map_err(|_| damaged("a length is negative"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_strings_of_every_length_form_are_read() {
        let mut long = vec![0xf7, 0x11, 20];
        long.extend([b'A'; 20]);
        for (bytes, expected) in [
            (vec![0x07], b"".as_slice()),
            (vec![0x00], b""),
            (vec![0x17, b'A'], b"A"),
            (vec![0x37, b'A', b'C', 0], b"AC"),
            (long, &[b'A'; 20]),
            (vec![0xf7, 0x12, 1, 0, b'T'], b"T"),
            (vec![0xf7, 0x13, 1, 0, 0, 0, b'T'], b"T"),
        ] {
            assert_eq!(Cursor { bytes: &bytes }.string().unwrap(), expected, "{bytes:?}");
        }
        for bytes in [
            vec![0x27, b'A'],
            vec![0x11, 1],
            vec![0xf7, 0x11, 0xff],
            vec![0xf7, 0x17],
            vec![],
        ] {
            assert!(Cursor { bytes: &bytes }.string().is_err(), "{bytes:?}");
        }
    }
}
