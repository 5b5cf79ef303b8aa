//! Opens annotation through an index beside its file, so that a file is parsed once.
//!
//! An index fits a file when their stamps agree: size, time of change, and the SHA-256 of 64 samples of 64 KiB all over
//! the file (the whole of a file up to 4 MiB). Where size or time differ, the SHA-256 of the whole file decides; a copy
//! with another time keeps its index. METHOD: an edit that keeps size and time and touches no sample is not seen; to
//! digest 1.5 GB each time takes longer than everything else.
//!
//! An index that does not fit or is damaged is made again, and the result says so.

use super::error::GenesError;
use super::index::{self, Index, Stamp};
use super::stream::ReadAhead;
use super::{Genes, MalformedLines, parse, unreadable};
use crate::atomic_file::AtomicFile;
use crate::io::gzip;
use crate::provenance::hexadecimal;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Ending of an index, after the name of its file.
const ENDING: &str = "refalt-genes";

const SAMPLES: u64 = 64;
const SAMPLE_BYTES: u64 = 1 << 16;

/// How annotation is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// What to do with lines that cannot be used.
    pub malformed: MalformedLines,
    /// Parse the file, and leave no index.
    pub without_index: bool,
    /// Where the index goes when the folder of the file cannot be written; without it there is none then.
    pub cache_folder: Option<PathBuf>,
}

/// What became of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexUse {
    /// The gene models come from it.
    Loaded {
        /// The index.
        path: PathBuf,
    },
    /// The file was parsed and the index written.
    Built {
        /// The index.
        path: PathBuf,
        /// Size of the index in bytes.
        bytes: u64,
        /// Why an index that was there was not used.
        replaced: Option<String>,
    },
    /// The file was parsed, and there is no index.
    None {
        /// Why.
        reason: String,
    },
}

/// Opens gene annotation: from its index when that fits, otherwise from the file, which leaves an index.
///
/// The first parse takes seconds for the whole of GENCODE, loading an index some hundredths of a second.
///
/// # Errors
/// [`GenesError`] when the file cannot be read or used. A faulty index, or one that cannot be written, is no error.
pub fn open(path: &Path, options: &OpenOptions) -> Result<(Genes, IndexUse), GenesError> {
    let name = path.display().to_string();
    let io_error = |source| unreadable(&name, source);
    let metadata = fs::metadata(path).map_err(io_error)?;
    if !metadata.is_file() {
        let reason = "the input is no regular file".to_owned();
        return Ok((read(path, &name, options.malformed)?, IndexUse::None { reason }));
    }
    let places = if options.without_index {
        Vec::new()
    } else {
        places(path, options.cache_folder.as_deref())
    };
    let mut replaced = None;
    for place in &places {
        match load(place, path, &name) {
            Ok(Some(index)) if options.malformed == MalformedLines::Refuse && index.genes.source.left_out > 0 => {
                replaced = Some("it was made with lines left out".to_owned());
            }
            Ok(Some(index)) => return Ok((index.genes, IndexUse::Loaded { path: place.clone() })),
            Ok(None) => {}
            Err(reason) => replaced = Some(reason),
        }
    }
    let quick = Quick::of(path).map_err(io_error)?;
    // The digest is taken while the file is parsed: both read it from the page cache.
    let (genes, digest) = std::thread::scope(|scope| {
        let digest = scope.spawn(|| digest(path));
        let genes = read(path, &name, options.malformed);
        let digest = digest
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("digesting stopped")));
        (genes, digest)
    });
    let (mut genes, digest) = (genes?, digest.map_err(io_error)?);
    if Quick::of(path).map_err(io_error)? != quick {
        return Err(GenesError::Changed { name });
    }
    let stamp = quick.stamp(digest);
    genes.source.identity = Some(stamp.identity(&name));
    if options.without_index {
        let reason = "not wanted".to_owned();
        return Ok((genes, IndexUse::None { reason }));
    }
    let mut refused = Vec::new();
    for place in places {
        match write(&place, &genes, &stamp) {
            Ok(bytes) => {
                return Ok((
                    genes,
                    IndexUse::Built {
                        path: place,
                        bytes,
                        replaced,
                    },
                ));
            }
            Err(error) => refused.push(format!("cannot write `{}`: {error}", place.display())),
        }
    }
    let reason = refused.join("; ");
    Ok((genes, IndexUse::None { reason }))
}

/// Parses a file, reading ahead in a thread of its own.
fn read(path: &Path, name: &str, malformed: MalformedLines) -> Result<Genes, GenesError> {
    let text = gzip::open_text(path).map_err(|source| unreadable(name, source))?;
    std::thread::scope(|scope| parse(name, &mut ReadAhead::spawn(scope, text), malformed))
}

/// Returns where the index of a file may lie, best first.
fn places(path: &Path, cache_folder: Option<&Path>) -> Vec<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(ENDING);
    let mut places = vec![path.with_file_name(&name)];
    if let Some(folder) = cache_folder {
        // Files of one name in two folders have two indexes.
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let digest = Sha256::digest(whole.as_os_str().as_encoded_bytes());
        let mut cached = std::ffi::OsString::from(hexadecimal(&digest[..8]));
        cached.push("-");
        cached.push(name);
        places.push(folder.join(cached));
    }
    places
}

fn write(place: &Path, genes: &Genes, stamp: &Stamp) -> io::Result<u64> {
    if let Some(folder) = place.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut file = AtomicFile::create(place)?;
    index::write(&mut file, genes, stamp)?;
    Ok(file.commit()?.bytes)
}

/// Loads an index: `None` when there is none, an error in words when it cannot be used.
fn load(place: &Path, path: &Path, name: &str) -> Result<Option<Index>, String> {
    let bytes = match fs::read(place) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let index = index::read(&bytes, name)?;
    let quick = Quick::of(path).map_err(|error| error.to_string())?;
    if index.stamp == quick.stamp(index.stamp.digest) {
        return Ok(Some(index));
    }
    let changed = "the file has changed since";
    if index.stamp.bytes != quick.bytes || index.stamp.samples != quick.samples {
        return Err(changed.to_owned());
    }
    if digest(path).map_err(|error| error.to_string())? != index.stamp.digest {
        return Err(changed.to_owned());
    }
    // The same content at another time: the next load need not digest it again. Not being allowed to say so is no harm.
    let _ = write(place, &index.genes, &quick.stamp(index.stamp.digest));
    Ok(Some(index))
}

/// What can be known of a file without reading all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Quick {
    bytes: u64,
    modified_s: i64,
    modified_ns: u32,
    samples: [u8; 32],
}

impl Quick {
    fn of(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let bytes = metadata.len();
        // A file system without times gives every file the same one.
        let modified = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.unwrap_or_default();
        let mut hasher = Sha256::new();
        let whole = bytes <= SAMPLES * SAMPLE_BYTES;
        let count = if whole { 1 } else { SAMPLES };
        let length = if whole { bytes } else { SAMPLE_BYTES };
        let mut buffer = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        for sample in 0..count {
            // From the first byte to the last: sample 63 ends at the end.
            let start = (bytes - length) / (count - 1).max(1) * sample;
            let start = if sample + 1 == count { bytes - length } else { start };
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut buffer)?;
            hasher.update(&buffer);
        }
        Ok(Self {
            bytes,
            modified_s: i64::try_from(modified.as_secs()).unwrap_or(i64::MAX),
            modified_ns: modified.subsec_nanos(),
            samples: hasher.finalize().into(),
        })
    }

    fn stamp(&self, digest: [u8; 32]) -> Stamp {
        Stamp {
            bytes: self.bytes,
            modified_s: self.modified_s,
            modified_ns: self.modified_ns,
            samples: self.samples,
            digest,
        }
    }
}

fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests;
