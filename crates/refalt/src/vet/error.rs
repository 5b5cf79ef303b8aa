//! Why an audit stops.

use crate::diagnostic::Diagnostic;
use crate::engine::ledger::LedgerError;
use crate::engine::score_table::TableError;
use crate::io::bed::BedError;
use crate::io::chain::ChainError;
use crate::io::fasta::FastaError;
use crate::io::genes::GenesError;
use crate::io::variants::ReadError;
use crate::reference_assembly::AssemblyContradicted;
use crate::seen::SeenError;
use crate::spool::SpoolError;
use refalt_core::ReferenceError;
use std::path::PathBuf;

/// An audit cannot be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VetError {
    /// The reference cannot be used.
    #[error(transparent)]
    Reference(#[from] FastaError),
    /// The user states another assembly of the reference than its content proves.
    #[error(transparent)]
    Contradicted(#[from] AssemblyContradicted),
    /// Bases of the reference cannot be read.
    #[error(transparent)]
    Bases(#[from] ReferenceError),
    /// The variants cannot be kept or digested.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The variants, or the known variants, cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The chain file cannot be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The gene models cannot be read.
    #[error(transparent)]
    Genes(#[from] BedError),
    /// The gene annotation cannot be read, or is on another assembly than the reference.
    #[error(transparent)]
    Annotation(#[from] Box<GenesError>),
    /// The output folder holds something else.
    #[error(transparent)]
    Folder(#[from] LedgerError),
    /// A file cannot be digested.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A table cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Table {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: TableError,
    },
    /// A file cannot be written.
    #[error("cannot write `{path}`: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The variants seen cannot be kept.
    #[error(transparent)]
    Seen(#[from] SeenError),
    /// What the first reading found cannot be kept for the second.
    #[error("cannot keep the rows' observations in a temporary file in `{folder}`: {source}")]
    Observations {
        /// The folder of the temporary file.
        folder: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The input had other rows in the second reading than in the first.
    #[error("`{name}` changed while it was read")]
    InputChanged {
        /// The input.
        name: String,
    },
}

impl Diagnostic for VetError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.place(),
            Self::Chain(error) => error.place(),
            Self::Genes(error) => error.place(),
            Self::Annotation(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Reference(error) => error.hint(),
            Self::Read(error) => error.hint(),
            Self::Contradicted(error) => Some(error.hint()),
            Self::Chain(error) => error.hint(),
            Self::Genes(error) => error.hint(),
            Self::Annotation(error) => error.hint(),
            Self::Seen(error) => error.hint(),
            Self::Observations { folder, .. } => {
                Some(format!("free space in `{}`: 4 bytes for a row", folder.display()))
            }
            Self::Table { .. } | Self::File { .. } => Some("free the space or the folder and run it again".to_owned()),
            Self::InputChanged { .. } => Some("run it again when nothing writes to the file".to_owned()),
            Self::Folder(error) => error.hint(),
            Self::Bases(_) | Self::Spool(_) | Self::Unreadable { .. } => None,
        }
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Read(error) => error.is_usage(),
            Self::Contradicted(_) => true,
            _ => false,
        }
    }
}
