//! Bytes of a FASTA file by their offset, plain or bgzip.
//!
//! Handles are pooled: each thread that reads takes one out and puts it back, so no lock is held while the disk
//! works or a block is inflated. A memory map was rejected: it needs `unsafe`, and a file that shrinks under it kills
//! the process.

use super::error::FastaError;
use crate::io::gzip::{BGZIP_HEADER, has_bgzip_end, is_bgzip, is_gzip};
use noodles::bgzf;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How the bytes are stored.
enum Storage {
    Plain,
    Bgzip(bgzf::gzi::Index),
}

/// A FASTA file that can be read at any offset, by several threads.
pub(super) struct Source {
    path: PathBuf,
    storage: Storage,
    /// Bytes after decompression.
    size: u64,
    idle: Mutex<Vec<Handle>>,
}

/// An open file and room for raw bytes.
struct Handle {
    stream: Stream,
    raw: Vec<u8>,
}

enum Stream {
    Plain(File),
    Bgzip {
        reader: bgzf::io::Reader<File>,
        /// Offset of the next byte after decompression; `None` after a failure.
        at: Option<u64>,
    },
}

/// What the first bytes of a file say it is.
pub(super) enum Kind {
    Plain,
    Bgzip,
}

/// Looks at the first bytes and refuses what cannot be a reference.
pub(super) fn sniff(path: &Path) -> Result<Kind, FastaError> {
    let failed = |action| {
        move |source| FastaError::Io {
            path: path.to_owned(),
            action,
            source,
        }
    };
    let file = File::open(path).map_err(failed("open"))?;
    let metadata = file.metadata().map_err(failed("open"))?;
    if !metadata.is_file() {
        let source = io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no regular file, and bases are read out of order",
        );
        return Err(failed("open")(source));
    }
    let mut start = Vec::new();
    file.take(BGZIP_HEADER as u64)
        .read_to_end(&mut start)
        .map_err(failed("read"))?;
    let found = match start[..] {
        [] => return Err(FastaError::NoRecord { path: path.to_owned() }),
        _ if is_bgzip(&start) => return Ok(Kind::Bgzip),
        _ if is_gzip(&start) => return Err(FastaError::PlainGzip { path: path.to_owned() }),
        [b'>' | b'\n' | b'\r', ..] => return Ok(Kind::Plain),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd-compressed data".to_owned(),
        [b'B', b'Z', b'h', ..] => "bzip2-compressed data".to_owned(),
        [0x43, 0x27, 0x41, 0x1a, ..] | [0x1a, 0x41, 0x27, 0x43, ..] => "the mark of a 2bit file".to_owned(),
        [b'@', ..] => "`@`, as a FASTQ or SAM file does".to_owned(),
        _ => {
            let start = start[..start.len().min(8)].escape_ascii();
            format!("`{start}`")
        }
    };
    Err(FastaError::NotFasta {
        path: path.to_owned(),
        found,
    })
}

impl Source {
    pub(super) fn plain(path: &Path) -> Result<Self, FastaError> {
        let size = std::fs::metadata(path)
            .map_err(|source| FastaError::Io {
                path: path.to_owned(),
                action: "open",
                source,
            })?
            .len();
        Ok(Self {
            path: path.to_owned(),
            storage: Storage::Plain,
            size,
            idle: Mutex::default(),
        })
    }

    /// Opens a bgzip file with the blocks that [`bgzip_blocks`] or [`read_gzi`] found.
    pub(super) fn bgzip(path: &Path, blocks: Blocks) -> Self {
        Self {
            path: path.to_owned(),
            storage: Storage::Bgzip(blocks.index),
            size: blocks.size,
            idle: Mutex::default(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the number of bytes after decompression.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn is_bgzip(&self) -> bool {
        matches!(self.storage, Storage::Bgzip(_))
    }

    /// Gives `use_bytes` the bytes `start..end`, which must lie in the file.
    pub(super) fn with_bytes<T>(
        &self,
        start: u64,
        end: u64,
        use_bytes: impl FnOnce(&[u8]) -> Result<T, FastaError>,
    ) -> Result<T, FastaError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut handle = match idle {
            Some(handle) => handle,
            None => self.open().map_err(|source| self.failed("open", source))?,
        };
        let length = usize::try_from(end - start).map_err(|_| {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "the span does not fit the memory");
            self.failed("read", source)
        })?;
        if handle.raw.len() < length {
            handle.raw.resize(length, 0);
        }
        let raw = &mut handle.raw[..length];
        self.fill(&mut handle.stream, start, raw)?;
        let result = use_bytes(raw);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        result
    }

    fn open(&self) -> io::Result<Handle> {
        let file = File::open(&self.path)?;
        let stream = match self.storage {
            Storage::Plain => Stream::Plain(file),
            Storage::Bgzip(_) => Stream::Bgzip {
                reader: bgzf::io::Reader::new(file),
                at: Some(0),
            },
        };
        Ok(Handle {
            stream,
            raw: Vec::new(),
        })
    }

    fn fill(&self, stream: &mut Stream, start: u64, bytes: &mut [u8]) -> Result<(), FastaError> {
        match (stream, &self.storage) {
            (Stream::Bgzip { reader, at }, Storage::Bgzip(index)) => {
                let known = at.take();
                let mut read = || -> io::Result<()> {
                    // A read that goes on where the last one ended keeps the inflated block.
                    if known != Some(start) {
                        reader.seek_by_uncompressed_position(index, start)?;
                    }
                    reader.read_exact(bytes)
                };
                read().map_err(|error| FastaError::BgzipDamaged {
                    path: self.path.clone(),
                    reason: format!("the block that holds byte {start} of the text: {error}"),
                })?;
                *at = Some(start + bytes.len() as u64);
                Ok(())
            }
            (Stream::Plain(file), _) => read_at(file, start, bytes).map_err(|source| self.failed("read", source)),
            (Stream::Bgzip { .. }, Storage::Plain) => unreachable!("a handle is opened for its source's storage"),
        }
    }

    fn failed(&self, action: &'static str, source: io::Error) -> FastaError {
        FastaError::Io {
            path: self.path.clone(),
            action,
            source,
        }
    }
}

/// Reads bytes at an offset: on Unix in one call of the system.
#[cfg(unix)]
fn read_at(file: &mut File, start: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

/// Reads bytes at an offset.
#[cfg(not(unix))]
fn read_at(file: &mut File, start: u64, bytes: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(bytes)
}

/// The blocks of a bgzip file.
pub(super) struct Blocks {
    pub(super) index: bgzf::gzi::Index,
    /// Bytes after decompression.
    pub(super) size: u64,
}

/// Finds the blocks of a bgzip file by their headers alone; nothing is inflated.
pub(super) fn bgzip_blocks(path: &Path) -> Result<Blocks, FastaError> {
    walk(path, 0, 0)
}

/// Reads the block table beside a bgzip file and confirms that it fits.
pub(super) fn read_gzi(path: &Path, gzi: &Path) -> Result<Blocks, FastaError> {
    let bad = |reason: String| FastaError::BgzipIndex {
        path: gzi.to_owned(),
        reason,
    };
    let index = bgzf::gzi::fs::read(gzi).map_err(|error| bad(error.to_string()))?;
    let entries: &[(u64, u64)] = index.as_ref();
    let mut before = (0, 0);
    for &(compressed, text) in entries {
        // A block holds at most 65536 bytes of text; equal offsets of text are empty blocks.
        if compressed <= before.0 || text < before.1 || text - before.1 > 65_536 {
            return Err(bad(format!("its block at byte {compressed} is out of order")));
        }
        before = (compressed, text);
    }
    let last = entries.last().copied().unwrap_or_default();
    let file_size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if last.0 >= file_size {
        return Err(FastaError::BgzipDamaged {
            path: path.to_owned(),
            reason: format!(
                "its index has a block at byte {}, the file has {file_size} bytes",
                last.0
            ),
        });
    }
    // The blocks after the last entry, normally one and the end-of-file mark.
    let rest = walk(path, last.0, last.1).map_err(|error| match error {
        FastaError::BgzipDamaged { reason, .. } if !is_whole(path) => FastaError::BgzipDamaged {
            path: path.to_owned(),
            reason,
        },
        FastaError::BgzipDamaged { reason, .. } => bad(reason),
        other => other,
    })?;
    Ok(Blocks { index, size: rest.size })
}

fn is_whole(path: &Path) -> bool {
    File::open(path)
        .and_then(|mut file| has_bgzip_end(&mut file))
        .unwrap_or(false)
}

/// Follows the block headers from `compressed` (a block start), where `text` bytes precede, to the end of the file.
fn walk(path: &Path, compressed: u64, text: u64) -> Result<Blocks, FastaError> {
    let failed = |source| FastaError::Io {
        path: path.to_owned(),
        action: "read",
        source,
    };
    let damaged = |reason: String| FastaError::BgzipDamaged {
        path: path.to_owned(),
        reason,
    };
    let file = File::open(path).map_err(failed)?;
    let file_size = file.metadata().map_err(failed)?.len();
    if !is_whole(path) {
        return Err(damaged("the end-of-file block is missing".to_owned()));
    }
    let mut file = BufReader::with_capacity(1 << 16, file);
    file.seek(SeekFrom::Start(compressed)).map_err(failed)?;
    let (mut at, mut text) = (compressed, text);
    let mut entries = Vec::new();
    while at < file_size {
        let mut header = [0; BGZIP_HEADER];
        let read = file.read_exact(&mut header);
        if read.is_err() || !is_bgzip(&header) {
            return Err(damaged(format!("no block header at byte {at}")));
        }
        let block = u64::from(u16::from_le_bytes([header[16], header[17]])) + 1;
        let (Some(body), true) = (block.checked_sub(BGZIP_HEADER as u64 + 4), at + block <= file_size) else {
            return Err(damaged(format!(
                "the block at byte {at} has the impossible size {block}"
            )));
        };
        let body = i64::try_from(body).expect("a block is at most 65536 bytes");
        file.seek_relative(body).map_err(failed)?;
        let mut size = [0; 4];
        file.read_exact(&mut size).map_err(failed)?;
        let size = u32::from_le_bytes(size);
        if size > 65_536 {
            return Err(damaged(format!(
                "the block at byte {at} has the impossible size {size}"
            )));
        }
        if at > 0 {
            entries.push((at, text));
        }
        at += block;
        text += u64::from(size);
    }
    Ok(Blocks {
        index: bgzf::gzi::Index::from(entries),
        size: text,
    })
}

/// Returns a block table in the `.gzi` format.
pub(super) fn gzi_bytes(index: &bgzf::gzi::Index) -> io::Result<Vec<u8>> {
    let mut writer = bgzf::gzi::io::Writer::new(Vec::new());
    writer.write_index(index)?;
    Ok(writer.into_inner())
}

/// Gives the whole text of the file as a stream, for building an index.
pub(super) fn stream(path: &Path, kind: &Kind) -> io::Result<Box<dyn io::BufRead>> {
    let file = File::open(path)?;
    Ok(match kind {
        Kind::Plain => Box::new(BufReader::with_capacity(1 << 18, file)),
        Kind::Bgzip => Box::new(bgzf::io::Reader::new(BufReader::with_capacity(1 << 18, file))),
    })
}
