//! Why a cache cannot be used.

use refalt::Diagnostic;
use std::path::{Path, PathBuf};

/// A cache cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// There is no folder for caches on this machine.
    #[error("there is no folder for caches: neither `XDG_CACHE_HOME` nor `HOME` is set")]
    NoFolder,
    /// The folder cannot be made.
    #[error("the cache folder `{}` cannot be used: {reason}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause in words.
        reason: String,
    },
    /// The database cannot be used.
    #[error("the cache `{}` cannot be used: {reason}", .path.display())]
    Store {
        /// The database.
        path: PathBuf,
        /// The cause in words.
        reason: String,
        /// Whether the file is damaged, not only out of reach.
        damaged: bool,
    },
    /// The database has a layout that this version does not read.
    #[error("the cache `{}` has layout {found}, this version of refalt reads {known}", .path.display())]
    Layout {
        /// The database.
        path: PathBuf,
        /// Layout found.
        found: i64,
        /// The layout that is read.
        known: i64,
    },
}

impl CacheError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFolder => "name a folder with --cache, or give --no-cache".to_owned(),
            Self::Store {
                path, damaged: true, ..
            } => {
                format!(
                    "remove the folder `{}`: what it kept is asked for again",
                    parent(path).display()
                )
            }
            Self::Folder { .. } | Self::Store { .. } => {
                "name a folder on a local disk that can be written with --cache, or give --no-cache".to_owned()
            }
            Self::Layout { .. } => {
                "name another folder with --cache, or use the version of refalt that wrote it".to_owned()
            }
        })
    }

    /// Tells what SQLite says about a database.
    pub(super) fn store(path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        Self::Store {
            path: path.to_owned(),
            reason: error.to_string(),
            damaged: matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)),
        }
    }
}

impl Diagnostic for CacheError {
    fn hint(&self) -> Option<String> {
        Self::hint(self)
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
