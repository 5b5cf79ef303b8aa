//! Why a score folder cannot be read.

use crate::diagnostic::Diagnostic;
use crate::engine::ledger::LedgerError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A score folder cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreFolderError {
    /// The folder holds no finished run.
    #[error("`{}` holds no finished run: there is no `manifest.json`", folder.display())]
    NotFinished {
        /// The folder.
        folder: PathBuf,
        /// Whether a run is under way or was interrupted.
        begun: bool,
    },
    /// The manifest has another layout.
    #[error("the run in `{}` has layout {found}; this version reads up to layout {read}", folder.display())]
    Layout {
        /// The folder.
        folder: PathBuf,
        /// Layout of the manifest.
        found: u64,
        /// The newest layout that is read.
        read: u64,
    },
    /// The manifest cannot be read.
    #[error("cannot read the manifest `{}`: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The cause in words.
        reason: String,
    },
    /// A file has other content than the manifest says.
    #[error(transparent)]
    Changed(#[from] LedgerError),
    /// A file cannot be used.
    #[error("cannot {action} `{}`: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A table cannot be read.
    #[error("cannot read the table `{}`: {reason}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// The cause in words.
        reason: String,
    },
    /// The run is in the wide layout.
    #[error("the run in `{}` has its scores in the wide layout", folder.display())]
    Wide {
        /// The folder.
        folder: PathBuf,
    },
    /// A table lacks a column.
    #[error("the table `{}` has no column `{column}` of the type `{expected}`", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The type that is read.
        expected: &'static str,
    },
}

impl ScoreFolderError {
    pub(super) fn table(path: &Path, error: &dyn fmt::Display) -> Self {
        Self::Table {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }
}

impl Diagnostic for ScoreFolderError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFinished { begun: true, .. } => Some(
                "the run is under way or was interrupted; run the same `refalt score` again to finish it".to_owned(),
            ),
            Self::NotFinished { begun: false, .. } => {
                Some("give the folder that `refalt score --out` wrote".to_owned())
            }
            Self::Layout { .. } => Some("read it with the version of refalt that wrote it, or a later one".to_owned()),
            Self::Wide { .. } => Some("score into another folder without `--layout wide`".to_owned()),
            Self::Changed(error) => error.hint(),
            Self::Manifest { .. } => Some(
                "it was cut short or changed since the run; score into another folder, or remove this one and run again"
                    .to_owned(),
            ),
            Self::Column { column, .. } if column == "raw_score" || column == "track_name" => {
                Some("the tidy layout is read, one row for each variant, scorer and track".to_owned())
            }
            _ => None,
        }
    }
}
