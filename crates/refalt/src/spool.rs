//! Input that is read more than once: a file as it is, standard input kept in a temporary file.

use crate::io::variants::{self, ReadError, ReadOptions, Source, VariantReader};
use crate::provenance::{FileIdentity, HashingWriter};
use std::io::{self, Write};
use std::path::PathBuf;
use tempfile::NamedTempFile;

/// A source of variants that can be opened again and again, with the identity of its content.
#[derive(Debug)]
pub struct Spool {
    source: Source,
    identity: FileIdentity,
    /// Removed when the spool is dropped.
    _kept: Option<NamedTempFile>,
}

/// A source cannot be kept or digested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The file cannot be read.
    #[error("cannot read the variants in `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Standard input cannot be kept.
    #[error("cannot keep standard input in a temporary file: {source}")]
    Temporary {
        /// The cause.
        source: io::Error,
    },
}

impl Spool {
    /// Digests a source; standard input is read to its end and kept.
    ///
    /// # Errors
    /// [`SpoolError`] when a file cannot be read or written.
    pub fn of(source: &Source) -> Result<Self, SpoolError> {
        match source {
            Source::Path(path) | Source::Kept { path, .. } => Ok(Self {
                source: source.clone(),
                identity: FileIdentity::of(path).map_err(|error| SpoolError::Unreadable {
                    path: path.clone(),
                    source: error,
                })?,
                _kept: None,
            }),
            Source::Stdin => Self::keep(&mut io::stdin().lock()).map_err(|source| SpoolError::Temporary { source }),
            Source::Literals(words) => {
                let mut hasher = HashingWriter::new(io::sink());
                for word in words {
                    hasher
                        .write_all(word.as_bytes())
                        .and_then(|()| hasher.write_all(b"\n"))
                        .map_err(|source| SpoolError::Temporary { source })?;
                }
                let (_, bytes, sha256) = hasher.finish();
                let name = source.name();
                Ok(Self {
                    source: source.clone(),
                    identity: FileIdentity { name, bytes, sha256 },
                    _kept: None,
                })
            }
        }
    }

    fn keep(input: &mut impl io::Read) -> io::Result<Self> {
        let kept = NamedTempFile::new()?;
        let mut writer = HashingWriter::new(kept.reopen()?);
        io::copy(input, &mut writer)?;
        let (mut file, bytes, sha256) = writer.finish();
        file.flush()?;
        Ok(Self {
            source: Source::Kept {
                path: kept.path().to_owned(),
                name: Source::Stdin.name(),
            },
            identity: FileIdentity {
                name: Source::Stdin.name(),
                bytes,
                sha256,
            },
            _kept: Some(kept),
        })
    }

    /// Returns what the source is and holds.
    pub fn identity(&self) -> &FileIdentity {
        &self.identity
    }

    /// Opens the source from its beginning.
    ///
    /// # Errors
    /// As [`variants::open`].
    pub fn open(&self, options: &ReadOptions) -> Result<VariantReader, ReadError> {
        variants::open(&self.source, options)
    }
}
