//! Where rows go: a file that is whole or absent, with a record of how it was made beside it, or a stream.

use super::error::OverlapError;
use super::summary::Summary;
use crate::atomic_file::AtomicFile;
use crate::output_files::{OutputFileError, place_new, record_path};
use noodles::bgzf;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Where rows go.
pub enum Output<'a> {
    /// A file; bgzip when its name ends in `.gz` or `.bgz`. `NAME.json` beside it says how it was made.
    File(&'a Path),
    /// A stream.
    Stream(&'a mut dyn Write),
}

/// An output being written.
pub(super) enum Sink<'a> {
    Plain(PathBuf, AtomicFile),
    Bgzip(PathBuf, bgzf::io::Writer<AtomicFile>),
    BgzipThreads(PathBuf, bgzf::io::MultithreadedWriter<AtomicFile>),
    Stream(&'a mut dyn Write),
    BgzipStream(bgzf::io::Writer<&'a mut dyn Write>),
}

pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> OverlapError + '_ {
    move |source| {
        let path = path.to_owned();
        OutputFileError::Write { path, source }.into()
    }
}

fn to_stream(source: io::Error) -> OverlapError {
    OverlapError::Io {
        action: "write",
        path: PathBuf::from("<stdout>"),
        source,
    }
}

impl<'a> Sink<'a> {
    /// Opens an output.
    ///
    /// * `threads`: threads that compress.
    pub(super) fn open(output: Output<'a>, threads: NonZeroUsize) -> Result<Self, OverlapError> {
        let path = match output {
            Output::Stream(stream) => return Ok(Self::Stream(stream)),
            Output::File(path) => path,
        };
        let file = AtomicFile::create(path).map_err(failed(path))?;
        let is_bgzip = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("gz") || end.eq_ignore_ascii_case("bgz"));
        let path = path.to_owned();
        Ok(match (is_bgzip, threads.get()) {
            (false, _) => Self::Plain(path, file),
            (true, 1) => Self::Bgzip(path, bgzf::io::Writer::new(file)),
            (true, _) => Self::BgzipThreads(path, bgzf::io::MultithreadedWriter::with_worker_count(threads, file)),
        })
    }

    /// Opens an output that is bgzip whatever its name.
    pub(super) fn open_bgzip(output: Output<'a>) -> Result<Self, OverlapError> {
        match output {
            Output::Stream(stream) => Ok(Self::BgzipStream(bgzf::io::Writer::new(stream))),
            Output::File(path) => {
                let file = AtomicFile::create(path).map_err(failed(path))?;
                Ok(Self::Bgzip(path.to_owned(), bgzf::io::Writer::new(file)))
            }
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), OverlapError> {
        match self {
            Self::Plain(path, file) => file.write_all(bytes).map_err(failed(path)),
            Self::Bgzip(path, file) => file.write_all(bytes).map_err(failed(path)),
            Self::BgzipThreads(path, file) => file.write_all(bytes).map_err(failed(path)),
            Self::Stream(stream) => stream.write_all(bytes).map_err(to_stream),
            Self::BgzipStream(stream) => stream.write_all(bytes).map_err(to_stream),
        }
    }

    /// Gives the file its name, and writes beside it how it was made.
    pub(super) fn commit(self, summary: &mut Summary) -> Result<(), OverlapError> {
        let (path, file) = match self {
            Self::Stream(stream) => return stream.flush().map_err(to_stream),
            Self::BgzipStream(stream) => {
                let finished = stream.finish().and_then(|stream| stream.flush());
                return finished.map_err(to_stream);
            }
            Self::Plain(path, file) => (path, Ok(file)),
            Self::Bgzip(path, file) => (path, file.finish()),
            Self::BgzipThreads(path, mut file) => (path, file.finish()),
        };
        commit_file(&path, file.map_err(failed(&path))?, summary)
    }
}

/// Gives a file its name, and writes beside it how it was made.
pub(super) fn commit_file(path: &Path, file: AtomicFile, summary: &mut Summary) -> Result<(), OverlapError> {
    let file = file.complete().map_err(failed(path))?;
    summary.output = Some(file.identity());
    let record = record_path(path);
    let mut text = serde_json::to_vec_pretty(summary)
        .map_err(io::Error::from)
        .map_err(failed(&record))?;
    text.push(b'\n');
    let written = AtomicFile::create(&record).and_then(|mut file| {
        file.write_all(&text)?;
        file.complete()
    });
    Ok(place_new(vec![file, written.map_err(failed(&record))?])?)
}
