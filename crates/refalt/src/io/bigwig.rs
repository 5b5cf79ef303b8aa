//! bigWig: values along a genome, compressed, indexed and summed up at several zooms.
//!
//! A file has a B+ tree of contigs with their lengths, sections of `start, end, value` (0-based, half-open, 32-bit
//! float), an R tree over the sections, and the same at up to ten zooms. Positions without a section have no value, which
//! is not 0. Specification: Kent et al. 2010, Bioinformatics 26:2204, supplement.
//!
//! The one file of this crate that knows of an `async` runtime: the writer of bigtools wants one and gets one of this
//! thread, which ends with the call. Rejected: sections and trees of our own, a format of four hundred lines that
//! browsers are particular about.

use crate::atomic_file::Complete;
use bigtools::bed::bedparser::BedValueError;
use bigtools::beddata::BedParserStreamingIterator;
use bigtools::{BBIProcessError, BigWigWrite, Value};
use refalt_core::Interval;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A contig of a bigWig file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContigLength {
    /// Its name.
    pub name: String,
    /// Its length in bp.
    pub length_bp: u32,
}

/// The value of neighbouring bases of a contig.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BigWigValue<'a> {
    /// The contig.
    pub contig: &'a str,
    /// The bases, at least one.
    pub bases: Interval,
    /// Their value, finite.
    pub value: f32,
}

/// A bigWig file cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BigWigError {
    /// There is nothing to write: the format has no file without values.
    #[error("`{path}` would have no value, and a bigWig file has at least one")]
    NoValue {
        /// The file.
        path: PathBuf,
    },
    /// A value lies past the end of its contig, on none of the contigs, or before the one that was written last.
    #[error("cannot write `{path}`: {reason}")]
    Value {
        /// The file.
        path: PathBuf,
        /// The cause in words.
        reason: String,
    },
    /// The file cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl BigWigError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoValue { .. } => Some("choose a part of the genome that the reference has".to_owned()),
            Self::Value { .. } => Some("give the reference with --reference that the values are on".to_owned()),
            Self::Io { .. } => None,
        }
    }
}

/// Writes values to a bigWig file, which is whole when it is returned; it is for the caller to give it its name.
///
/// * `contigs`: every contig that has a value; those without one are left out of the file.
/// * `values`: contigs in the order of the bytes of their names, on each of them ascending and apart from each other.
///   They are read as they are written.
///
/// The same values give the same bytes. Zooms are made on the way, in temporary files of the system.
///
/// # Errors
/// [`BigWigError`]; an error among the values is that of the file.
pub fn write<'a>(
    path: &Path,
    contigs: &[ContigLength],
    values: impl Iterator<Item = io::Result<BigWigValue<'a>>>,
) -> Result<Complete, BigWigError> {
    let failed = |source| BigWigError::Io {
        path: path.to_owned(),
        source,
    };
    let mut values = values.peekable();
    if values.peek().is_none() {
        return Err(BigWigError::NoValue { path: path.to_owned() });
    }
    let partial = Partial::beside(path);
    let file = File::create(&partial.0).map_err(failed)?;
    let fault = Arc::new(Mutex::new(None));
    let out = Watched {
        file: file.try_clone().map_err(failed)?,
        fault: Arc::clone(&fault),
    };
    let lengths: HashMap<String, u32> = contigs
        .iter()
        .map(|contig| (contig.name.clone(), contig.length_bp))
        .collect();
    let mut writer = BigWigWrite::new(out, lengths);
    // A runtime of one thread needs channels without room: nobody else would empty them.
    writer.options.channel_size = 0;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(failed)?;
    let spans = values.map(|value| {
        value.map(|value| {
            let span = Value {
                start: value.bases.bed_start(),
                end: value.bases.bed_end(),
                value: value.value,
            };
            (value.contig, span)
        })
    });
    let written = writer.write(BedParserStreamingIterator::wrap_iter(spans, false), runtime);
    // The writer's last buffer is flushed where it is dropped, which tells nobody of a full disk.
    if let Some(source) = fault.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(failed(source));
    }
    written.map_err(|error| match error {
        BBIProcessError::IoError(source) | BBIProcessError::SourceError(BedValueError::IoError(source)) => {
            failed(source)
        }
        BBIProcessError::InvalidInput(reason)
        | BBIProcessError::InvalidChromosome(reason)
        | BBIProcessError::SourceError(BedValueError::InvalidInput(reason)) => BigWigError::Value {
            path: path.to_owned(),
            reason: reason.trim_end_matches('.').to_owned(),
        },
    })?;
    file.sync_all().map_err(failed)?;
    Complete::of_partial(path, &partial.keep()).map_err(failed)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// The temporary name of a file; what is left under it is removed.
struct Partial(PathBuf);

impl Partial {
    fn beside(path: &Path) -> Self {
        let name = format!("{}{}", file_name(path), crate::atomic_file::PARTIAL_SUFFIX);
        Self(path.with_file_name(name))
    }

    /// Leaves the file to somebody else.
    fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// A file that keeps its first fault, for a writer that may lose it.
struct Watched {
    file: File,
    fault: Arc<Mutex<Option<io::Error>>>,
}

impl Watched {
    fn keep<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let again = io::Error::new(error.kind(), error.to_string());
            let mut kept = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get_or_insert(error);
            again
        })
    }
}

impl Write for Watched {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer);
        self.keep(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.file.flush();
        self.keep(flushed)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = self.file.seek(to);
        self.keep(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bigtools::BigWigRead;

    fn contigs() -> Vec<ContigLength> {
        [("chr1", 1000), ("chr5", 3_000_000), ("chr9", 500)]
            .map(|(name, length_bp)| ContigLength {
                name: name.to_owned(),
                length_bp,
            })
            .to_vec()
    }

    fn value(contig: &'static str, start: u32, end: u32, value: f32) -> io::Result<BigWigValue<'static>> {
        Ok(BigWigValue {
            contig,
            bases: Interval::from_bed(start, end).unwrap(),
            value,
        })
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bw");
        let values = || {
            let many = (0..20_000).map(|at| value("chr5", 10 * at, 10 * at + 10, at as f32 * 0.25 - 7.0));
            [value("chr1", 0, 1, 1.5), value("chr1", 999, 1000, -2.0)]
                .into_iter()
                .chain(many)
        };
        let complete = write(&path, &contigs(), values()).unwrap();
        let identity = complete.identity();
        complete.place().unwrap();
        assert_eq!(identity.name, "a.bw");
        assert_eq!(identity.bytes, fs::metadata(&path).unwrap().len());

        let mut read = BigWigRead::open_file(&path).unwrap();
        let names: Vec<(String, u32)> = read.chroms().iter().map(|c| (c.name.clone(), c.length)).collect();
        assert_eq!(names, [("chr1".to_owned(), 1000), ("chr5".to_owned(), 3_000_000)]);
        let read: Vec<Value> = read
            .get_interval("chr5", 0, 3_000_000)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(read.len(), 20_000);
        assert_eq!((read[3].start, read[3].end, read[3].value), (30, 40, 0.75 - 7.0));

        // The same values give the same bytes, and nothing else is left in the folder.
        let again = write(&folder.path().join("b.bw"), &contigs(), values()).unwrap();
        let again = again.place().unwrap();
        assert_eq!(again.sha256, identity.sha256);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_no_bigwig_can_hold_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bw");
        let fails = |values: Vec<io::Result<BigWigValue<'static>>>| {
            let error = write(&path, &contigs(), values.into_iter()).unwrap_err().to_string();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{error}");
            error
        };
        assert!(fails(Vec::new()).ends_with("would have no value, and a bigWig file has at least one"));
        for wrong in [
            vec![value("chr2", 0, 1, 1.0)],
            vec![value("chr9", 499, 501, 1.0)],
            vec![value("chr5", 10, 20, 1.0), value("chr5", 15, 30, 1.0)],
            vec![value("chr5", 10, 20, 1.0), value("chr1", 15, 30, 1.0)],
            vec![value("chr5", 10, 20, 1.0), Err(io::Error::other("the list ended"))],
        ] {
            assert!(fails(wrong).starts_with("cannot write `"));
        }
        let missing = folder.path().join("none/a.bw");
        assert!(write(&missing, &contigs(), [value("chr1", 0, 1, 1.0)].into_iter()).is_err());
    }

    /// `/dev/full` takes nothing: every write fails as on a full disk.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let fault = Arc::new(Mutex::new(None));
        let out = Watched {
            file: File::options().write(true).open("/dev/full").unwrap(),
            fault: Arc::clone(&fault),
        };
        let mut out = io::BufWriter::new(out);
        out.write_all(b"abc").unwrap();
        drop(out);
        let kept = fault.lock().unwrap().take().unwrap();
        assert_eq!(kept.kind(), io::ErrorKind::StorageFull);
    }
}
