//! Why two runs cannot be compared.

use crate::diagnostic::Diagnostic;
use crate::score_folder::ScoreFolderError;
use refalt_core::nearest::question;
use std::io;
use std::path::PathBuf;

/// Two runs cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// A folder cannot be read.
    #[error(transparent)]
    Folder(#[from] ScoreFolderError),
    /// A tolerance names no scorer of the runs.
    #[error("a tolerance is given for the scorer `{found}`, which neither run has; they have {}", known.join(", "))]
    UnknownScorer {
        /// The name.
        found: String,
        /// The names that may be meant.
        nearest: Vec<String>,
        /// The short names of the runs' scorers.
        known: Vec<String>,
    },
    /// A tolerance cannot be read.
    #[error("`{found}` is no tolerance")]
    Tolerance {
        /// The text.
        found: String,
    },
    /// The output folder holds something.
    #[error("the folder `{}` is not empty", folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A temporary file cannot be written or read.
    #[error("cannot sort in temporary files: {0}")]
    Temporary(#[source] io::Error),
}

impl Diagnostic for DiffError {
    fn is_usage(&self) -> bool {
        matches!(self, Self::UnknownScorer { .. } | Self::Tolerance { .. })
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Folder(error) => error.hint(),
            Self::UnknownScorer { nearest, .. } => question(nearest),
            Self::Tolerance { .. } => Some(
                "write a relative tolerance, `1e-3`, one with an absolute part, `1e-3+1e-6`, or one of a scorer, \
                 `CHIP_TF=1e-3`; none is below 0"
                    .to_owned(),
            ),
            Self::Occupied { .. } => Some("give a folder that is not there yet, or empty".to_owned()),
            Self::Write { .. } => None,
            Self::Temporary(_) => Some("the folder of temporary files is --out, or TMPDIR".to_owned()),
        }
    }
}
