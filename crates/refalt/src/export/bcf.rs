//! Lines of VCF as records of BCF 2.2 (VCF 4.3, section 6).
//!
//! The records are encoded here and not by the format crate, because that one takes percent-encoded text apart on the
//! way, and a comma or semicolon that comes out of it ends a value for every later reader.

use std::collections::HashMap;
use std::io;

/// Section 6.2: the magic bytes and the version.
const MAGIC: &[u8] = b"BCF\x02\x02";

/// Section 6.3.3: a float that is missing.
const MISSING_FLOAT: u32 = 0x7F80_0001;

/// What the text of a header says about the encoding of records.
pub(super) struct Dictionary {
    contigs: HashMap<String, i32>,
    /// Index and type of each INFO key.
    info: HashMap<String, (i32, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Integer,
    Float,
    Text,
}

/// Returns the header of a BCF file for the header of a VCF file, and the dictionary that its records are written by.
pub(super) fn header(text: &str) -> io::Result<(Vec<u8>, Dictionary)> {
    let mut bytes = MAGIC.to_vec();
    let length = u32::try_from(text.len() + 1).map_err(io::Error::other)?;
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(0);
    let (mut contigs, mut info) = (HashMap::new(), HashMap::new());
    let id_of = |rest: &str| rest.split([',', '>']).next().unwrap_or_default().to_owned();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("##contig=<ID=") {
            contigs.insert(id_of(rest), index(contigs.len())?);
        } else if let Some(rest) = line.strip_prefix("##INFO=<ID=") {
            let kind = if rest.contains(",Type=Integer,") {
                Kind::Integer
            } else if rest.contains(",Type=Float,") {
                Kind::Float
            } else {
                Kind::Text
            };
            // Section 6.2.1: PASS is the first entry, whether the header has it or not.
            info.insert(id_of(rest), (index(info.len() + 1)?, kind));
        }
    }
    Ok((bytes, Dictionary { contigs, info }))
}

fn index(length: usize) -> io::Result<i32> {
    i32::try_from(length).map_err(io::Error::other)
}

impl Dictionary {
    /// Encodes a line of VCF without samples, as this crate writes them.
    pub(super) fn record(&self, line: &str, bytes: &mut Vec<u8>) -> io::Result<()> {
        let wrong = || io::Error::other(format!("not a line of VCF with the keys of its header: {line}"));
        let mut columns = line.split('\t');
        let mut column = || columns.next().ok_or_else(wrong);
        let (contig, position, id) = (column()?, column()?, column()?);
        let (reference, alternate) = (column()?, column()?);
        let (_, _, info) = (column()?, column()?, column()?);
        let contig = self.contigs.get(contig).ok_or_else(wrong)?;
        // Section 6.3.1: POS is 0-based, in a file whose text form is 1-based.
        let position = position.parse::<i32>().map_err(|_| wrong())? - 1;
        let alleles = if alternate == "." { 1_u32 } else { 2 };
        let fields = info.split(';').count();

        bytes.clear();
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(&contig.to_le_bytes());
        bytes.extend_from_slice(&position.to_le_bytes());
        bytes.extend_from_slice(&index(reference.len())?.to_le_bytes());
        bytes.extend_from_slice(&MISSING_FLOAT.to_le_bytes());
        let counts = alleles << 16 | u32::try_from(fields).map_err(io::Error::other)?;
        bytes.extend_from_slice(&counts.to_le_bytes());
        bytes.extend_from_slice(&0_u32.to_le_bytes());
        text(if id == "." { "" } else { id }, bytes);
        text(reference, bytes);
        if alleles == 2 {
            text(alternate, bytes);
        }
        // FILTER is missing: no type, no length.
        bytes.push(0);
        for field in info.split(';') {
            let (key, value) = field.split_once('=').ok_or_else(wrong)?;
            let &(key, kind) = self.info.get(key).ok_or_else(wrong)?;
            integer(key, bytes);
            match kind {
                Kind::Text => text(value, bytes),
                Kind::Integer => integer(value.parse().map_err(|_| wrong())?, bytes),
                Kind::Float => {
                    let value: f32 = value.parse().map_err(|_| wrong())?;
                    bytes.push(0x15);
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
            }
        }
        let shared = u32::try_from(bytes.len() - 8).map_err(io::Error::other)?;
        bytes[..4].copy_from_slice(&shared.to_le_bytes());
        Ok(())
    }
}

/// Section 6.3.3: a typed integer, in the fewest bytes; the lowest eight values of each width are reserved.
fn integer(value: i32, bytes: &mut Vec<u8>) {
    if let (Ok(narrow), true) = (i8::try_from(value), value >= -120) {
        bytes.push(0x11);
        bytes.extend_from_slice(&narrow.to_le_bytes());
    } else if let (Ok(middle), true) = (i16::try_from(value), value >= -32_760) {
        bytes.push(0x12);
        bytes.extend_from_slice(&middle.to_le_bytes());
    } else {
        bytes.push(0x13);
        bytes.extend_from_slice(&value.to_le_bytes());
    }
}

/// Section 6.3.3: a typed text; a length from 15 up follows as a typed integer.
fn text(value: &str, bytes: &mut Vec<u8>) {
    match u8::try_from(value.len()) {
        Ok(length) if length < 15 => bytes.push(length << 4 | 7),
        _ => {
            bytes.push(0xF7);
            integer(i32::try_from(value.len()).unwrap_or(i32::MAX), bytes);
        }
    }
    bytes.extend_from_slice(value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_the_bytes_of_the_specification() {
        let (_, dictionary) = header(
            "##contig=<ID=1,length=9>\n##contig=<ID=2>\n##INFO=<ID=X,Number=1,Type=Integer,Description=\"\">\n\
             ##INFO=<ID=Y,Number=A,Type=Float,Description=\"\">\n",
        )
        .unwrap();
        let mut bytes = Vec::new();
        dictionary
            .record("2\t301\t.\tA\tT\t.\t.\tX=200;Y=0.5", &mut bytes)
            .unwrap();
        let expected = [
            [0x2C, 0, 0, 0].as_slice(), // 44 bytes follow the two lengths
            &[0, 0, 0, 0],
            &[1, 0, 0, 0],       // the second contig
            &[0x2C, 1, 0, 0],    // 300, 0-based
            &[1, 0, 0, 0],       // one base of REF
            &[1, 0, 0x80, 0x7F], // no quality
            &[2, 0, 2, 0],       // two INFO fields, two alleles
            &[0, 0, 0, 0],       // no samples
            &[7, 0x17, b'A', 0x17, b'T', 0],
            &[0x11, 1, 0x12, 200, 0], // key 1 = 200, which takes 16 bits
            &[0x11, 2, 0x15, 0, 0, 0, 0x3F],
        ]
        .concat();
        let shared = u32::try_from(expected.len() - 8).unwrap();
        assert_eq!(bytes[4..], expected[4..]);
        assert_eq!(bytes[..4], shared.to_le_bytes());
    }

    #[test]
    fn long_text_carries_its_length() {
        let mut bytes = Vec::new();
        text(&"x".repeat(200), &mut bytes);
        assert_eq!(bytes[..4], [0xF7, 0x12, 200, 0]);
        assert_eq!(bytes.len(), 4 + 200);
    }
}
