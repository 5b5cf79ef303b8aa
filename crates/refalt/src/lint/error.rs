//! A lint that cannot be made.

use super::role::LintColumnsError;
use crate::diagnostic::Diagnostic;
use crate::io::bed::BedError;
use crate::io::fasta::FastaError;
use crate::io::table::TableError;
use crate::score_folder::ScoreFolderError;
use refalt_core::nearest::question;
use std::path::PathBuf;

/// A lint cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LintError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A folder is neither of a scoring run nor of a validation.
    #[error("the folder `{path}` holds neither `manifest.json` nor `metrics.tsv`")]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// A manifest or a study is not understood.
    #[error("`{path}` is not understood: {reason}")]
    Form {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A column that the user named is not there.
    #[error("`{path}` has no column `{column}`")]
    ColumnMissing {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Columns that may be meant.
        nearest: Vec<String>,
        /// All columns.
        columns: Vec<String>,
    },
    /// A row has not as many cells as the header, so those behind a lost or an added one stand under other names.
    #[error("`{path}`, row {row}: it has {found} cells, and the header {header}")]
    Cells {
        /// The file.
        path: PathBuf,
        /// The line; in a Parquet table the record.
        row: u64,
        /// Cells found.
        found: usize,
        /// Cells of the header.
        header: usize,
    },
    /// No column of a table is recognised.
    #[error("no column of `{path}` is recognised")]
    NoRole {
        /// The file.
        path: PathBuf,
        /// Its columns.
        columns: Vec<String>,
    },
    /// A folder has a manifest, but not of a scoring run.
    #[error("the folder `{path}` holds no scores: its manifest is not of a scoring run")]
    NoScores {
        /// The folder.
        path: PathBuf,
    },
    /// A run is not finished.
    #[error(transparent)]
    Run(#[from] ScoreFolderError),
    /// No rule has the code.
    #[error("no rule has the code `{code}`")]
    UnknownRule {
        /// The code.
        code: String,
        /// Codes that may be meant.
        nearest: Vec<String>,
    },
    /// The columns are not understood.
    #[error(transparent)]
    Columns(#[from] LintColumnsError),
    /// The reference cannot be used.
    #[error(transparent)]
    Reference(#[from] FastaError),
    /// The peaks cannot be read.
    #[error(transparent)]
    Peaks(#[from] BedError),
    /// The chains cannot be read.
    #[error(transparent)]
    Chain(#[from] crate::io::chain::ChainError),
}

/// Names in backticks, the first of them when there are many.
fn quoted(names: &[String]) -> String {
    const MOST: usize = 30;
    let mut shown: Vec<String> = names
        .iter()
        .take(MOST)
        .map(|name| format!("`{}`", name.escape_debug()))
        .collect();
    if names.len() > MOST {
        shown.push(format!("and {} more", names.len() - MOST));
    }
    shown.join(", ")
}

impl Diagnostic for LintError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } | Self::Form { .. } => None,
            Self::Table(error) => error.hint(),
            Self::NoRun { .. } => {
                Some("give a folder that `refalt score` or `refalt validate` wrote, or a table".to_owned())
            }
            Self::ColumnMissing { nearest, columns, .. } => {
                question(nearest).or_else(|| Some(format!("its columns: {}", quoted(columns))))
            }
            Self::Cells { .. } => Some("mend the row, or cut it off if the file was not written to its end".to_owned()),
            Self::NoRole { columns, .. } => Some(format!(
                "say what its columns are, `--columns effect=NAME`; it has {}",
                quoted(columns)
            )),
            Self::NoScores { .. } => Some(
                "the rules look at scores and tables, not at predicted tracks or in-silico mutagenesis; give a folder of \
                 `refalt score`"
                    .to_owned(),
            ),
            Self::Run(error) => error.hint(),
            Self::UnknownRule { nearest, .. } => {
                question(nearest).or_else(|| Some("`refalt lint --rules` lists the rules".to_owned()))
            }
            Self::Columns(_) => {
                let keys: Vec<&str> = super::LintRole::all().map(super::LintRole::key).collect();
                Some(format!("roles: {}", keys.join(", ")))
            }
            Self::Reference(error) => error.hint(),
            Self::Peaks(error) => error.hint(),
            Self::Chain(error) => error.hint(),
        }
    }

    fn place(&self) -> Option<String> {
        match self {
            Self::Peaks(error) => error.place(),
            _ => None,
        }
    }

    fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::ColumnMissing { .. }
                | Self::NoRole { .. }
                | Self::NoScores { .. }
                | Self::UnknownRule { .. }
                | Self::Columns(_)
                | Self::NoRun { .. }
        )
    }
}
