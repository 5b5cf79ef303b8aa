//! Where bytes come from: a path, standard input, a reader; unpacked, buffered, by line.

use super::error::{ReadCause, ReadError};
use super::packing::refuse_packing;
use crate::io::gzip::{BGZIP_HEADER, END_OF_FILE, has_bgzip_end, is_bgzip, is_gzip};
use crate::provenance::hexadecimal;
use noodles::bgzf;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Where variants are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// What came from elsewhere and is kept in a file, under the name that messages give it.
    Kept {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// Variants written on the command line, one word each.
    Literals(Vec<String>),
}

impl Source {
    /// Reads an argument of the command line: `-` is standard input, everything else a path.
    pub fn from_argument(argument: &str) -> Self {
        if argument == "-" {
            Self::Stdin
        } else {
            Self::Path(PathBuf::from(argument))
        }
    }

    /// Returns the name for messages.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Stdin => "<stdin>".to_owned(),
            Self::Kept { name, .. } => name.clone(),
            Self::Literals(_) => "<command line>".to_owned(),
        }
    }
}

/// Longest line; more is no list of variants but something without line ends.
const LONGEST_LINE_BYTES: usize = 256 << 20;

/// Packed bytes read at once.
const PACKED_BUFFER_BYTES: usize = 128 << 10;

/// Remembers the last bytes that went through, and their digest where it is asked for.
struct Tail<R> {
    inner: R,
    last: Arc<Mutex<Vec<u8>>>,
    digest: Option<Arc<Mutex<Digesting>>>,
}

/// The digest of the bytes read so far, as they are packed.
#[derive(Debug, Default)]
struct Digesting {
    sha256: Sha256,
    bytes: u64,
}

/// How a stream is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    /// Threads that unpack BGZF.
    pub(super) threads: NonZeroUsize,
    /// Whether the bytes read, as they are packed, are digested.
    pub(super) digest: bool,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            threads: NonZeroUsize::MIN,
            digest: false,
        }
    }
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let Some(mut digest) = self.digest.as_ref().and_then(|digest| digest.lock().ok()) {
            digest.sha256.update(&buffer[..count]);
            digest.bytes += count as u64;
        }
        if let Ok(mut last) = self.last.lock() {
            let keep = END_OF_FILE.len();
            last.extend_from_slice(&buffer[count.saturating_sub(keep)..count]);
            let excess = last.len().saturating_sub(keep);
            last.drain(..excess);
        }
        Ok(count)
    }
}

/// A line without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// The bytes before the line end.
    pub(super) bytes: &'a [u8],
    /// Number of the line (1-based).
    pub(super) number: u64,
    /// Whether a line end follows; only the last line of a file may lack it.
    pub(super) is_terminated: bool,
}

/// Whole lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    /// The lines with their ends.
    pub(super) bytes: &'a [u8],
    /// Number of the first line (1-based).
    pub(super) first_line: u64,
    /// Whether the stream ends with the block.
    pub(super) is_last: bool,
}

/// Unpacked bytes with a window that can be looked at before it is read.
pub(super) struct Input {
    name: Box<str>,
    inner: Box<dyn Read + Send>,
    /// The last bytes of a BGZF stream, packed; `None` for other streams.
    bgzf_tail: Option<Arc<Mutex<Vec<u8>>>>,
    digest: Option<Arc<Mutex<Digesting>>>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    lines_read: u64,
    has_byte_order_mark: bool,
}

impl Input {
    /// Opens a file, unpacks gzip, BGZF and bzip2, and refuses other packings by their first bytes.
    pub(super) fn from_file(file: File, name: &str) -> Result<Self, ReadError> {
        Self::from_file_with(file, name, Opening::default())
    }

    /// As [`from_file`](Self::from_file).
    pub(super) fn from_file_with(mut file: File, name: &str, opening: Opening) -> Result<Self, ReadError> {
        let fail = |error: io::Error| unreadable(&error).at(name, None);
        let metadata = file.metadata().map_err(fail)?;
        if metadata.is_dir() {
            let reason = "it is a folder".to_owned();
            return Err(ReadCause::Unreadable { reason }.at(name, None));
        }
        if metadata.is_file() {
            let mut first = Vec::with_capacity(BGZIP_HEADER);
            (&mut file)
                .take(BGZIP_HEADER as u64)
                .read_to_end(&mut first)
                .map_err(fail)?;
            if is_bgzip(&first) && !has_bgzip_end(&mut file).map_err(fail)? {
                return Err(no_end_marker().at(name, None));
            }
            file.rewind().map_err(fail)?;
        }
        Self::from_reader_with(Box::new(file), name, opening)
    }

    /// As [`from_file`](Self::from_file), from any stream.
    pub(super) fn from_reader(inner: Box<dyn Read + Send>, name: &str) -> Result<Self, ReadError> {
        Self::from_reader_with(inner, name, Opening::default())
    }

    /// As [`from_reader`](Self::from_reader).
    pub(super) fn from_reader_with(
        mut inner: Box<dyn Read + Send>,
        name: &str,
        opening: Opening,
    ) -> Result<Self, ReadError> {
        let mut first = Vec::with_capacity(512);
        inner
            .by_ref()
            .take(512)
            .read_to_end(&mut first)
            .map_err(|error| unreadable(&error).at(name, None))?;
        if first.is_empty() {
            return Err(ReadCause::Empty.at(name, None));
        }
        refuse_packing(&first).map_err(|cause| cause.at(name, None))?;
        let bgzf = is_bgzip(&first);
        let (gzip, bzip2) = (is_gzip(&first), first.starts_with(b"BZh"));
        let whole = io::Cursor::new(first).chain(inner);
        let last = Arc::new(Mutex::new(Vec::new()));
        let digest = opening.digest.then(Arc::<Mutex<Digesting>>::default);
        let tail = Tail {
            inner: whole,
            last: Arc::clone(&last),
            digest: digest.clone(),
        };
        let inner: Box<dyn Read + Send> = if bgzf && opening.threads.get() > 1 {
            let packed = BufReader::with_capacity(PACKED_BUFFER_BYTES, tail);
            Box::new(bgzf::io::MultithreadedReader::with_worker_count(
                opening.threads,
                packed,
            ))
        } else if gzip {
            Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(
                PACKED_BUFFER_BYTES,
                tail,
            )))
        } else if bzip2 {
            Box::new(bzip2::read::MultiBzDecoder::new(tail))
        } else {
            Box::new(tail)
        };
        let mut input = Self {
            name: name.into(),
            inner,
            bgzf_tail: bgzf.then_some(last),
            digest,
            buffer: vec![0; 256 << 10],
            start: 0,
            end: 0,
            at_end: false,
            lines_read: 0,
            has_byte_order_mark: false,
        };
        input.fill().map_err(|cause| cause.at(name, None))?;
        if input.window().is_empty() {
            return Err(ReadCause::Empty.at(name, None));
        }
        if gzip || bzip2 {
            refuse_packing(input.window()).map_err(|cause| cause.at(name, None))?;
        }
        if input.window().starts_with(b"\xef\xbb\xbf") {
            input.start += 3;
            input.has_byte_order_mark = true;
        }
        Ok(input)
    }

    /// Says whether a byte order mark was passed over at the start.
    pub(super) const fn has_byte_order_mark(&self) -> bool {
        self.has_byte_order_mark
    }

    /// Returns the name for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of lines read so far.
    pub(super) const fn lines_read(&self) -> u64 {
        self.lines_read
    }

    /// Returns what is in the buffer and not read.
    pub(super) fn window(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Makes the window longer; false at the end of the stream.
    pub(super) fn fill(&mut self) -> Result<bool, ReadCause> {
        if self.at_end {
            return Ok(false);
        }
        if self.end == self.buffer.len() {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            if self.end > self.buffer.len() / 2 {
                if self.buffer.len() >= LONGEST_LINE_BYTES {
                    return Err(ReadCause::LineTooLong {
                        limit_bytes: LONGEST_LINE_BYTES,
                    });
                }
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
        }
        let count = loop {
            match self.inner.read(&mut self.buffer[self.end..]) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unpacking(&error)),
            }
        };
        self.end += count;
        if count == 0 {
            self.at_end = true;
            self.check_end_marker()?;
        }
        Ok(count > 0)
    }

    /// A BGZF stream that ends at a block border lacks only its end marker.
    fn check_end_marker(&self) -> Result<(), ReadCause> {
        let Some(tail) = &self.bgzf_tail else { return Ok(()) };
        let whole = tail.lock().is_ok_and(|last| *last == END_OF_FILE);
        if whole { Ok(()) } else { Err(no_end_marker()) }
    }

    /// Returns whole lines, at least `target_bytes` of them unless the stream ends before; `None` at the end.
    ///
    /// Only the last line of the stream may lack its end. [`consume`](Self::consume) says how many bytes were taken.
    pub(super) fn lines(&mut self, target_bytes: usize) -> Result<Option<Block<'_>>, ReadError> {
        if self.buffer.len() < 2 * target_bytes {
            self.buffer.resize(2 * target_bytes, 0);
        }
        let next = self.lines_read + 1;
        let length = loop {
            let window = self.window();
            if window.len() >= target_bytes
                && let Some(end) = memchr::memrchr(b'\n', window)
            {
                break end + 1;
            }
            if !self.fill().map_err(|cause| cause.at(&self.name, Some(next)))? {
                break self.window().len();
            }
        };
        let block = &self.buffer[self.start..self.start + length];
        Ok((length > 0).then_some(Block {
            bytes: block,
            first_line: next,
            is_last: self.at_end && self.start + length == self.end,
        }))
    }

    /// Takes bytes of the block that [`lines`](Self::lines) returned: whole lines, or all of it.
    pub(super) fn consume(&mut self, bytes: usize) {
        let taken = &self.buffer[self.start..self.start + bytes];
        let ends = memchr::memchr_iter(b'\n', taken).count() as u64;
        self.lines_read += ends + u64::from(!taken.is_empty() && !taken.ends_with(b"\n"));
        self.start += bytes;
    }

    /// Returns size and SHA-256 of what was read, as it is packed; `None` unless it was asked for.
    pub(super) fn digest(&self) -> Option<(u64, String)> {
        let digest = self.digest.as_ref()?.lock().ok()?;
        Some((digest.bytes, hexadecimal(&digest.sha256.clone().finalize())))
    }

    /// Returns the next line, `None` at the end.
    pub(super) fn next_line(&mut self) -> Result<Option<Line<'_>>, ReadError> {
        let Some((line, is_terminated)) = self.advance()? else {
            return Ok(None);
        };
        let bytes = &self.buffer[line];
        Ok(Some(Line {
            bytes: bytes.strip_suffix(b"\r").unwrap_or(bytes),
            number: self.lines_read,
            is_terminated,
        }))
    }

    /// As [`next_line`](Self::next_line), with the bytes that end the line.
    pub(super) fn next_line_as_written(&mut self) -> Result<Option<&[u8]>, ReadError> {
        let next = self.advance()?;
        Ok(next.map(|(line, is_terminated)| &self.buffer[line.start..line.end + usize::from(is_terminated)]))
    }

    /// Goes over a line and returns where it stands in the buffer, and whether a line end follows.
    fn advance(&mut self) -> Result<Option<(Range<usize>, bool)>, ReadError> {
        let mut searched = 0;
        let (length, is_terminated) = loop {
            let window = &self.buffer[self.start..self.end];
            if let Some(found) = memchr::memchr(b'\n', &window[searched..]) {
                break (searched + found, true);
            }
            searched = window.len();
            let more = self.fill();
            if !more.map_err(|cause| cause.at(&self.name, Some(self.lines_read + 1)))? {
                if searched == 0 {
                    return Ok(None);
                }
                break (searched, false);
            }
        };
        let line = self.start..self.start + length;
        self.start += length + usize::from(is_terminated);
        self.lines_read += 1;
        Ok(Some((line, is_terminated)))
    }

    /// Fills `bytes`; false when the stream ends exactly here.
    pub(super) fn read_whole(&mut self, bytes: &mut [u8]) -> Result<bool, ReadCause> {
        let mut done = 0;
        while done < bytes.len() {
            if self.start == self.end {
                (self.start, self.end) = (0, 0);
                if !self.fill()? {
                    if done == 0 {
                        return Ok(false);
                    }
                    return Err(ReadCause::Truncated {
                        reason: "a record ends early",
                    });
                }
            }
            let count = (bytes.len() - done).min(self.end - self.start);
            bytes[done..done + count].copy_from_slice(&self.buffer[self.start..self.start + count]);
            self.start += count;
            done += count;
        }
        Ok(true)
    }

    /// Skips `count` bytes; false when the stream ends before.
    pub(super) fn skip(&mut self, mut count: u64) -> Result<bool, ReadCause> {
        while count > 0 {
            if self.start == self.end {
                (self.start, self.end) = (0, 0);
                if !self.fill()? {
                    return Ok(false);
                }
            }
            let step = (self.end - self.start).min(usize::try_from(count).unwrap_or(usize::MAX));
            self.start += step;
            count -= step as u64;
        }
        Ok(true)
    }
}

const fn no_end_marker() -> ReadCause {
    ReadCause::Truncated {
        reason: "the empty block that ends every bgzip file is missing",
    }
}

pub(super) fn unreadable(error: &io::Error) -> ReadCause {
    ReadCause::Unreadable {
        reason: error.to_string(),
    }
}

/// Tells a stream that ends early from one that is damaged and from one that cannot be read.
fn unpacking(error: &io::Error) -> ReadCause {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ReadCause::Truncated {
            reason: "they end inside a block",
        },
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => ReadCause::Damaged {
            reason: error.to_string(),
        },
        _ => unreadable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::variants::error::ReadPlace;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn input(bytes: &[u8]) -> Result<Input, ReadError> {
        Input::from_reader(Box::new(io::Cursor::new(bytes.to_vec())), "test")
    }

    fn lines(bytes: &[u8]) -> Result<Vec<String>, ReadError> {
        let mut input = input(bytes)?;
        let mut lines = Vec::new();
        while let Some(line) = input.next_line()? {
            lines.push(String::from_utf8_lossy(line.bytes).into_owned());
        }
        Ok(lines)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn cause(bytes: &[u8]) -> ReadCause {
        *lines(bytes).unwrap_err().cause
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_are_no_part_of_a_line() {
        assert_eq!(lines(b"\xef\xbb\xbfa\r\nb\n\nc").unwrap(), ["a", "b", "", "c"]);
        assert_eq!(lines(b"a\n").unwrap(), ["a"]);
    }

    #[test]
    fn several_gzip_members_are_one_text() {
        let both = [gzip(b"a\nb"), gzip(b"c\nd\n")].concat();
        assert_eq!(lines(&both).unwrap(), ["a", "bc", "d"]);
    }

    #[test]
    fn a_long_line_crosses_the_buffer_whole() {
        let long = "x".repeat(700_000);
        let text = format!("a\n{long}\nb\n");
        assert_eq!(lines(text.as_bytes()).unwrap(), ["a", &long, "b"]);
    }

    #[test]
    fn a_cut_or_damaged_stream_is_an_error_and_not_a_shorter_file() {
        let whole = gzip("chr1\t1\t.\tA\tC\n".repeat(1000).as_bytes());
        assert!(matches!(cause(&whole[..whole.len() - 20]), ReadCause::Truncated { .. }));
        let mut damaged = whole.clone();
        let middle = damaged.len() - 6;
        damaged[middle] ^= 0xff;
        assert!(matches!(cause(&damaged), ReadCause::Damaged { .. }));
    }

    #[test]
    fn bgzip_without_its_end_marker_is_cut_off() {
        let mut writer = noodles::bgzf::io::Writer::new(Vec::new());
        writer.write_all(b"a\nb\n").unwrap();
        let whole = writer.finish().unwrap();
        assert_eq!(lines(&whole).unwrap(), ["a", "b"]);
        let error = lines(&whole[..whole.len() - END_OF_FILE.len()]).unwrap_err();
        assert!(matches!(*error.cause, ReadCause::Truncated { .. }));
        assert_eq!(error.place, ReadPlace::Line(3));
    }

    #[test]
    fn other_packings_are_refused_by_name() {
        for bytes in [
            b"\x1f\x9d\x90".as_slice(),
            b"\xfd7zXZ\0\0",
            b"PK\x03\x04....",
            b"\x28\xb5\x2f\xfd..",
            b"\x78\x9c\xbd\x8d",
            b"\xff\xfec\0",
        ] {
            assert!(
                matches!(cause(bytes), ReadCause::UnsupportedPacking { .. }),
                "{bytes:?}"
            );
        }
        assert!(matches!(cause(b"BAM\x01"), ReadCause::OtherFormat { .. }));
        assert_eq!(cause(b""), ReadCause::Empty);
        assert_eq!(cause(&gzip(b"")), ReadCause::Empty);
    }
}
