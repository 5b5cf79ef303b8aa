//! The `.fai` index: where the bases of each record are.
//!
//! One line for each record, tab-separated: name, length in bases, offset of the first base in bytes (after
//! decompression), bases per line, bytes per line with its end. Specification: samtools-faidx(5).
//!
//! Parsing and building are written here and not taken from noodles-fasta: its reader says neither line nor value,
//! its indexer refuses a record without bases, which samtools writes, and cannot name the line of an uneven record.

use memchr::memchr;
use std::fmt;
use std::io::BufRead;

/// Where the bases of one record are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRecord {
    /// The name, up to the first white space of the header line.
    pub name: String,
    /// Number of bases.
    pub length_bp: u64,
    /// Offset of the first base in bytes, after decompression.
    pub offset: u64,
    /// Bases per line.
    pub line_bases: u64,
    /// Bytes per line, line end included.
    pub line_width: u64,
}

impl IndexRecord {
    /// Returns the byte after the last base, `None` when the numbers overflow.
    pub(super) fn end_offset(&self) -> Option<u64> {
        match self.length_bp.checked_sub(1) {
            None => Some(self.offset),
            Some(last) => self.byte_of(last)?.checked_add(1),
        }
    }

    /// Returns the byte of the base with a 0-based index, `None` when the numbers overflow.
    pub(super) fn byte_of(&self, base: u64) -> Option<u64> {
        let line = base.checked_div(self.line_bases)?;
        self.offset
            .checked_add(line.checked_mul(self.line_width)?)?
            .checked_add(base % self.line_bases)
    }
}

/// The index of a FASTA file, in file order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FastaIndex {
    /// One entry for each record.
    pub records: Vec<IndexRecord>,
}

/// An index could not be read or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The text is not what the format asks for.
    #[error("line {line}: {reason}")]
    Malformed {
        /// The line (1-based).
        line: u64,
        /// What was found.
        reason: String,
    },
    /// The bytes could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl FastaIndex {
    /// Reads the text of a `.fai` file.
    ///
    /// # Errors
    /// [`IndexError::Malformed`] with the first line that is no index entry.
    pub fn parse(text: &[u8]) -> Result<Self, IndexError> {
        let mut records = Vec::new();
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if text.is_empty() {
            return Ok(Self { records });
        }
        for (number, line) in (1u64..).zip(text.split(|&byte| byte == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let record = parse_line(line).map_err(|reason| IndexError::Malformed { line: number, reason })?;
            records.push(record);
        }
        Ok(Self { records })
    }

    /// Makes the index of a FASTA text by reading all of it once, in constant memory.
    ///
    /// # Errors
    /// [`IndexError::Malformed`] with the line at which the text stops being an indexable FASTA: every line of a
    /// record but its last must have one length and one line end, and only blank lines may follow the last.
    pub fn build(text: impl BufRead) -> Result<Self, IndexError> {
        Builder::default().run(text)
    }
}

impl fmt::Display for FastaIndex {
    /// Writes the `.fai` text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for record in &self.records {
            writeln!(
                f,
                "{}\t{}\t{}\t{}\t{}",
                record.name, record.length_bp, record.offset, record.line_bases, record.line_width
            )?;
        }
        Ok(())
    }
}

fn parse_line(line: &[u8]) -> Result<IndexRecord, String> {
    let line = std::str::from_utf8(line).map_err(|_| "the text is not UTF-8".to_owned())?;
    let fields: Vec<&str> = line.split('\t').collect();
    let [name, length, offset, line_bases, line_width] = fields[..] else {
        return Err(format!("{} columns, expected 5 (a FASTQ index has 6)", fields.len()));
    };
    if name.is_empty() {
        return Err("the name is empty".to_owned());
    }
    let number = |column: &str, text: &str| {
        text.parse::<u64>()
            .map_err(|_| format!("{column} `{text}` is no whole number"))
    };
    let record = IndexRecord {
        name: name.to_owned(),
        length_bp: number("length", length)?,
        offset: number("offset", offset)?,
        line_bases: number("bases per line", line_bases)?,
        line_width: number("bytes per line", line_width)?,
    };
    if record.length_bp > 0 && record.line_bases == 0 {
        return Err("a record with bases has 0 bases per line".to_owned());
    }
    // A single line may lack its end; every other line has one or two bytes of it.
    let ending = record.line_width.checked_sub(record.line_bases);
    let one_line = record.length_bp <= record.line_bases;
    if !(matches!(ending, Some(1 | 2)) || one_line && ending == Some(0)) {
        return Err(format!(
            "`{line_width}` bytes per line do not go with `{line_bases}` bases per line"
        ));
    }
    if record.end_offset().is_none() {
        return Err("the numbers exceed 64 bits".to_owned());
    }
    Ok(record)
}

/// Longest record name kept; a longer one is a file without line ends.
const LONGEST_NAME: usize = 4096;

/// Reads lines of any length in pieces and keeps of each line only what the index needs.
#[derive(Default)]
struct Builder {
    records: Vec<IndexRecord>,
    /// The line being read: its number, and the bytes read of it.
    line: u64,
    offset: u64,
    line_bytes: u64,
    /// The last byte read, to see a `\r` before the line end even when a piece ends between them.
    last: u8,
    in_header: bool,
    name: Vec<u8>,
    name_complete: bool,
    /// The record's lines may only be followed by blank ones.
    ended: bool,
}

impl Builder {
    fn run(mut self, mut text: impl BufRead) -> Result<FastaIndex, IndexError> {
        self.line = 1;
        loop {
            let piece = match text.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if piece.is_empty() {
                break;
            }
            let (content, line_end) = match memchr(b'\n', piece) {
                Some(at) => (&piece[..at], true),
                None => (piece, false),
            };
            let taken = content.len() + usize::from(line_end);
            self.content(content)?;
            if line_end {
                self.line_end(1)?;
            }
            text.consume(taken);
        }
        if self.line_bytes > 0 || self.in_header {
            self.line_end(0)?;
        }
        Ok(FastaIndex { records: self.records })
    }

    fn malformed(&self, reason: impl Into<String>) -> IndexError {
        IndexError::Malformed {
            line: self.line,
            reason: reason.into(),
        }
    }

    /// Takes a piece of a line, without its end.
    fn content(&mut self, piece: &[u8]) -> Result<(), IndexError> {
        let Some(&last) = piece.last() else { return Ok(()) };
        let mut rest = piece;
        if self.line_bytes == 0 && piece[0] == b'>' {
            self.in_header = true;
            self.name.clear();
            self.name_complete = false;
            rest = &piece[1..];
        }
        if self.in_header && !self.name_complete {
            let end = rest.iter().position(u8::is_ascii_whitespace);
            self.name_complete = end.is_some();
            self.name.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
            if self.name.len() > LONGEST_NAME {
                return Err(self.malformed(format!("the record name is longer than {LONGEST_NAME} bytes")));
            }
        }
        self.line_bytes += piece.len() as u64;
        self.last = last;
        Ok(())
    }

    /// Ends a line; `end_bytes` is 0 at the end of the file.
    fn line_end(&mut self, end_bytes: u64) -> Result<(), IndexError> {
        let carriage_return = self.line_bytes > 0 && self.last == b'\r';
        let width = self.line_bytes + end_bytes;
        let bases = self.line_bytes - u64::from(carriage_return);
        self.offset += width;
        if self.in_header {
            let name = std::str::from_utf8(&self.name).map_err(|_| self.malformed("the record name is not UTF-8"))?;
            if name.is_empty() {
                return Err(self.malformed("a record without a name"));
            }
            self.records.push(IndexRecord {
                name: name.to_owned(),
                length_bp: 0,
                offset: self.offset,
                line_bases: 0,
                line_width: 0,
            });
            self.ended = false;
        } else if bases == 0 {
            self.ended = true;
        } else {
            self.sequence_line(bases, width, end_bytes)?;
        }
        self.line += 1;
        self.line_bytes = 0;
        self.in_header = false;
        Ok(())
    }

    fn sequence_line(&mut self, bases: u64, width: u64, end_bytes: u64) -> Result<(), IndexError> {
        let Some(record) = self.records.last() else {
            return Err(self.malformed("text before the first `>`"));
        };
        if self.ended {
            return Err(self.malformed(format!(
                "record `{}` goes on after a blank or shorter line",
                record.name
            )));
        }
        let first = record.line_bases == 0;
        let (line_bases, line_width) = if first {
            (bases, width)
        } else {
            (record.line_bases, record.line_width)
        };
        if bases > line_bases {
            return Err(self.malformed(format!(
                "record `{}` has a line of {bases} bases after lines of {line_bases}",
                record.name
            )));
        }
        // Only the last line may differ: fewer bases, or no line end at the end of the file.
        let same_end = width - bases == line_width - line_bases;
        if end_bytes == 1 && !same_end {
            return Err(self.malformed(format!("record `{}` mixes line ends", record.name)));
        }
        self.ended = bases < line_bases || end_bytes == 0;
        let record = self.records.last_mut().expect("the record was found above");
        (record.line_bases, record.line_width) = (line_bases, line_width);
        record.length_bp += bases;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn build(text: &str) -> Result<String, String> {
        FastaIndex::build(text.as_bytes())
            .map(|index| index.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_example_of_the_specification() {
        // samtools-faidx(5): two records, 66 bases in lines of 30, 28 bases in lines of 14.
        let text = ">one\nATGCATGCATGCATGCATGCATGCATGCAT\nGCATGCATGCATGCATGCATGCATGCATGC\nATGCAT\n\
                    >two another chromosome\nATGCATGCATGCAT\nGCATGCATGCATGC\n";
        assert_eq!(build(text).unwrap(), "one\t66\t5\t30\t31\ntwo\t28\t98\t14\t15\n");
    }

    #[test]
    fn the_line_ends_of_windows_count_in_the_width() {
        // The second record of samtools-faidx(5), saved with CR LF: width 32 and 16.
        let text = ">one\r\nATGCATGCATGCATGCATGCATGCATGCAT\r\nGCATGCATGCATGCATGCATGCATGCATGC\r\nATGCAT\r\n\
                    >two another chromosome\r\nATGCATGCATGCAT\r\nGCATGCATGCATGC\r\n";
        assert_eq!(build(text).unwrap(), "one\t66\t6\t30\t32\ntwo\t28\t103\t14\t16\n");
    }

    #[test]
    fn blank_lines_after_a_record_and_a_missing_last_line_end_are_accepted() {
        assert_eq!(
            build(">a\nACGT\nAC\n\n\n>b\nAC").unwrap(),
            "a\t6\t3\t4\t5\nb\t2\t16\t2\t2\n"
        );
        assert_eq!(build(">a\nACGT\nACGT").unwrap(), "a\t8\t3\t4\t5\n");
        assert_eq!(build("\n\n>a\nA\n").unwrap(), "a\t1\t5\t1\t2\n");
        assert_eq!(build(">a\n>b\nA\n").unwrap(), "a\t0\t3\t0\t0\nb\t1\t6\t1\t2\n");
        assert_eq!(build("").unwrap(), "");
    }

    #[test]
    fn uneven_lines_are_refused_with_the_line() {
        for (text, expected) in [
            (
                ">a\nACGT\nAC\nACGT\n",
                "line 4: record `a` goes on after a blank or shorter line",
            ),
            (
                ">a\nACGT\n\nACGT\n",
                "line 4: record `a` goes on after a blank or shorter line",
            ),
            (
                ">a\nACGT\nACGTA\n",
                "line 3: record `a` has a line of 5 bases after lines of 4",
            ),
            (">a\nACGT\r\nACGT\n", "line 3: record `a` mixes line ends"),
            ("ACGT\n", "line 1: text before the first `>`"),
            (">a\nA\n> b\nA\n", "line 3: a record without a name"),
        ] {
            assert_eq!(build(text).unwrap_err(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_broken_index_line_is_named() {
        for (text, expected) in [
            ("a\t1\t3\t1\n", "line 1: 4 columns, expected 5 (a FASTQ index has 6)"),
            (
                "a\t1\t3\t1\t2\nb\t-1\t3\t1\t2\n",
                "line 2: length `-1` is no whole number",
            ),
            ("a\t5\t3\t0\t1\n", "line 1: a record with bases has 0 bases per line"),
            (
                "a\t5\t3\t4\t9\n",
                "line 1: `9` bytes per line do not go with `4` bases per line",
            ),
            (
                "a\t5\t3\t4\t4\n",
                "line 1: `4` bytes per line do not go with `4` bases per line",
            ),
            (
                "a\t9223372036854775807\t9223372036854775807\t1\t3\n",
                "line 1: the numbers exceed 64 bits",
            ),
        ] {
            assert_eq!(FastaIndex::parse(text.as_bytes()).unwrap_err().to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_index_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = FastaIndex::parse(&bytes);
            let _ = FastaIndex::build(&bytes[..]);
        }

        #[test]
        fn near_fasta_bytes_give_the_same_index_however_they_are_cut(
            text in "(>[ab ]{0,3}\r?\n|[ACGT]{0,5}\r?\n|\n){0,12}[ACGT]{0,3}", piece in 1usize..7
        ) {
            let whole = FastaIndex::build(text.as_bytes());
            let cut = FastaIndex::build(BufReader::with_capacity(piece, text.as_bytes()));
            prop_assert_eq!(whole.as_ref().ok(), cut.as_ref().ok());
            if let Ok(index) = whole {
                prop_assert_eq!(FastaIndex::parse(index.to_string().as_bytes()).unwrap(), index);
            }
        }
    }
}
