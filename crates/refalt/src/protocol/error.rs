//! Why a protocol cannot be run.

use crate::diagnostic::Diagnostic;
use crate::engine::ledger::LedgerError;
use crate::figure::FigureError;
use crate::io::table::TableError;
use crate::reference_assembly::AssemblyRefused;
use crate::track_source::TrackSourceError;
use crate::validate::ValidateFilesError;
use refalt_core::Assembly;
use refalt_core::nearest::question;
use refalt_core::stats::StatsError;
use std::io;
use std::path::PathBuf;

/// A protocol cannot be read or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// There is no protocol of that name.
    #[error("there is no protocol `{found}`")]
    Unknown {
        /// The name.
        found: String,
        /// Names that come near.
        nearest: Vec<String>,
    },
    /// The file of a protocol cannot be read.
    #[error("cannot read the protocol `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is no protocol.
    #[error("the protocol `{file}` is not right: {reason}")]
    Form {
        /// The file.
        file: String,
        /// Line, column and cause, as the parser says it.
        reason: String,
    },
    /// A value of the protocol cannot be.
    #[error("the protocol `{file}` has `{key}` = `{found}`; allowed: {allowed}")]
    Setting {
        /// The file.
        file: String,
        /// The key.
        key: &'static str,
        /// Its value.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// What is to be judged is not there.
    #[error("there is no table and no folder `{}`", path.display())]
    NoPredictions {
        /// The path.
        path: PathBuf,
    },
    /// The table of predictions cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The table lacks a column.
    #[error("`{path}` has no column `{column}`")]
    NoColumn {
        /// The table.
        path: PathBuf,
        /// The column that the protocol names.
        column: String,
        /// Columns with a near name.
        nearest: Vec<String>,
        /// All columns.
        columns: Vec<String>,
    },
    /// A cell is not what its column holds.
    #[error("the column `{column}` holds `{found}`, which is no {expected}")]
    Cell {
        /// The table.
        path: PathBuf,
        /// Line or record (1-based).
        line: u64,
        /// The column.
        column: String,
        /// What it holds.
        found: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The measured values are p-values.
    #[error("the column `{column}` of `{}` holds p-values and no effects: {evidence}", path.display())]
    PValues {
        /// The table.
        path: PathBuf,
        /// The column of the target.
        column: String,
        /// What the values are like.
        evidence: String,
    },
    /// No row is left.
    #[error("no row of `{name}` is left: {why}")]
    NoRows {
        /// The table or folder.
        name: String,
        /// What became of the rows.
        why: String,
    },
    /// The protocol does not say how a score folder is judged.
    #[error(
        "the protocol `{protocol}` is for tables of predictions; it has no [truth] and [scores] for the score folder `{path}`"
    )]
    NoFolder {
        /// The protocol.
        protocol: String,
        /// The folder.
        path: PathBuf,
    },
    /// A file is needed that was not given.
    #[error("a score folder is judged against the protocol's truth table and on its reference; {missing} is not given")]
    Missing {
        /// The option.
        missing: &'static str,
        /// What the table is.
        table: String,
    },
    /// An option has no use here.
    #[error("{option} has no use with a table of predictions, which holds its targets")]
    Useless {
        /// The option.
        option: &'static str,
    },
    /// The reference is of another assembly.
    #[error("the protocol is on {protocol}, the reference on {reference}")]
    OtherAssembly {
        /// Assembly of the protocol.
        protocol: String,
        /// Assembly of the reference.
        reference: String,
    },
    /// The truth table states another assembly than the protocol.
    #[error("the protocol is on {protocol}, and the rows of `{truth}` say that they are on {said}")]
    TruthAssembly {
        /// Assembly of the protocol.
        protocol: Assembly,
        /// The table.
        truth: String,
        /// What its rows say.
        said: Assembly,
    },
    /// What the truth table states of its assembly does not go with the reference.
    #[error(transparent)]
    Assemblies(#[from] AssemblyRefused),
    /// Folder and truth table do not come together.
    #[error(transparent)]
    Validate(#[from] ValidateFilesError),
    /// The tracks of the protocol are not in the folder.
    #[error(transparent)]
    Tracks(#[from] TrackSourceError),
    /// The metric has no value on the rows.
    #[error("the metric `{metric}` has no value on the {rows} rows: {reason}")]
    NoValue {
        /// The metric.
        metric: String,
        /// Rows.
        rows: usize,
        /// Why.
        reason: StatsError,
    },
    /// An option is out of its range.
    #[error(transparent)]
    Option(#[from] StatsError),
    /// The figure cannot be drawn or written.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The output folder is somebody else's.
    #[error(transparent)]
    Folder(#[from] LedgerError),
    /// A file cannot be read or written.
    #[error("cannot {action} `{path}`: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl ProtocolError {
    /// Makes the error of a file.
    pub(super) fn file(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }
}

impl Diagnostic for ProtocolError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Cell { path, line, .. } => Some(format!("{}, row {line}", path.display())),
            Self::Table(error) => error.place(),
            Self::Validate(error) => error.place(),
            Self::Tracks(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unknown { nearest, .. } => {
                return Some(question(nearest).unwrap_or_else(|| {
                    "`refalt protocols list` has the names; a protocol of your own is given as a file, NAME.toml"
                        .to_owned()
                }));
            }
            Self::Form { .. } => "`refalt protocols show NAME` prints a protocol that ships, to begin with",
            Self::NoColumn { nearest, columns, .. } => {
                let own = "or copy the protocol (`refalt protocols show`), name the column there, and give the copy";
                let first = question(nearest).unwrap_or_else(|| format!("columns: {}", columns.join(", ")));
                return Some(format!("{first}; rename the column, {own}"));
            }
            Self::Cell { .. } => "correct the cell, or leave it empty: rows without a value are counted and left out",
            Self::NoFolder { .. } => {
                "give a table of predictions with --pred, or add both parts in a copy of the protocol"
            }
            Self::Missing { table, .. } => return Some(format!("the table: {table}")),
            Self::Useless { .. } => "leave the option out",
            Self::NoPredictions { .. } => {
                "--pred takes a table of predictions (Feather, Parquet, TSV, CSV), or the folder that `refalt score --out` wrote"
            }
            Self::Assemblies(error) => return Some(error.hint()),
            Self::TruthAssembly { .. } => "take the truth table on the assembly of the protocol",
            Self::OtherAssembly { .. } => "score variants and take the truth table on the assembly of the protocol",
            Self::Table(error) => return error.hint(),
            Self::Validate(error) => return error.hint(),
            Self::Tracks(error) => return error.hint(),
            Self::NoValue { reason, .. } => return reason.hint(),
            Self::Option(error) => return error.hint(),
            Self::Figure(error) => return error.hint(),
            Self::Folder(error) => return error.hint(),
            Self::PValues { .. } => {
                "give the table with the effects (in GTEx `slope`; `pval_nominal` is one to the left); `refalt lint --explain RF006` says more"
            }
            Self::NoRows { why, .. } if why.contains("other_assembly") => {
                "take the table on the assembly of the protocol, or score and lift its variants"
            }
            Self::NoRows { .. } => "give the table that the protocol names; `refalt protocols show NAME` says which",
            Self::Unreadable { .. } | Self::Setting { .. } | Self::File { .. } => return None,
        };
        Some(hint.to_owned())
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Unknown { .. }
            | Self::Form { .. }
            | Self::Setting { .. }
            | Self::NoFolder { .. }
            | Self::Missing { .. }
            | Self::Useless { .. }
            | Self::Option(_) => true,
            Self::Validate(error) => error.is_usage(),
            Self::Tracks(error) => error.is_usage(),
            _ => false,
        }
    }
}
