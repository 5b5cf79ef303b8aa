//! Opens text that may be compressed with gzip or bgzip, and refuses a stream that was cut off.

use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Length of a bgzip block header up to and with its size field.
pub(super) const BGZIP_HEADER: usize = 18;

/// The empty block that ends every bgzip file: SAM specification section 4.1.2, "End-of-file marker".
pub(super) const END_OF_FILE: [u8; 28] = [
    0x1f, 0x8b, 0x08, 0x04, 0, 0, 0, 0, 0, 0xff, 0x06, 0, 0x42, 0x43, 0x02, 0, 0x1b, 0, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// Says whether bytes begin as gzip does.
pub(crate) fn is_gzip(start: &[u8]) -> bool {
    start.starts_with(&[0x1f, 0x8b])
}

/// Says whether bytes begin with a header of bgzip: gzip with the extra field `BC` (SAM specification section 4.1).
pub(super) fn is_bgzip(start: &[u8]) -> bool {
    start.len() >= BGZIP_HEADER && is_gzip(start) && start[3] & 4 != 0 && start[10..16] == [6, 0, b'B', b'C', 2, 0]
}

/// Says whether a bgzip file has its end; one that was cut off between two blocks would read as a shorter file.
pub(super) fn has_bgzip_end(file: &mut File) -> io::Result<bool> {
    let size = file.metadata()?.len();
    let Some(start) = size.checked_sub(END_OF_FILE.len() as u64) else {
        return Ok(false);
    };
    file.seek(SeekFrom::Start(start))?;
    let mut end = [0; END_OF_FILE.len()];
    file.read_exact(&mut end)?;
    Ok(end == END_OF_FILE)
}

/// Opens a file as text, whatever its compression.
pub(crate) fn open_text(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    let mut file = File::open(path)?;
    let mut start = Vec::new();
    (&mut file).take(BGZIP_HEADER as u64).read_to_end(&mut start)?;
    let compressed = is_gzip(&start);
    if file.metadata()?.is_file() {
        if is_bgzip(&start) && !has_bgzip_end(&mut file)? {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the bgzip file is cut off: its end-of-file block is missing",
            ));
        }
        file.seek(SeekFrom::Start(0))?;
        start.clear();
    }
    // A pipe cannot go back, so the bytes looked at come first again.
    let bytes = BufReader::with_capacity(1 << 16, io::Cursor::new(start).chain(file));
    Ok(if compressed {
        Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(bytes)))
    } else {
        Box::new(bytes)
    })
}

/// Reads a line into `line`, without its end (`\n` or `\r\n`); `false` at the end of the text.
pub(crate) fn read_line(text: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    if text.read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: &[u8]) -> io::Result<String> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(bytes)?;
        let mut text = String::new();
        open_text(file.path())?.read_to_string(&mut text)?;
        Ok(text)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    fn bgzip(text: &[u8]) -> Vec<u8> {
        let mut bgzip = noodles::bgzf::io::Writer::new(Vec::new());
        bgzip.write_all(text).unwrap();
        bgzip.finish().unwrap()
    }

    #[test]
    fn plain_gzip_in_several_members_and_bgzip_read_alike() {
        assert_eq!(read(b"a\nb").unwrap(), "a\nb");
        assert_eq!(read(b"").unwrap(), "");
        assert_eq!(read(&[gzip(b"a\n"), gzip(b"b")].concat()).unwrap(), "a\nb");
        assert_eq!(read(&bgzip(b"a\nb")).unwrap(), "a\nb");
    }

    #[test]
    fn a_stream_that_was_cut_off_is_an_error() {
        let text = "chr1\t0\t1\n".repeat(20_000);
        for whole in [gzip(text.as_bytes()), bgzip(text.as_bytes())] {
            for cut in [whole.len() - 1, whole.len() - 28, whole.len() / 2] {
                assert!(read(&whole[..cut]).is_err());
            }
        }
    }
}
