//! Why a query is not answered.

use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use parquet::errors::ParquetError;
use refalt::Diagnostic;
use refalt::core::nearest::{nearest, question};
use std::io;

/// A query is not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The query names a column that its tables do not have.
    #[error("there is no column `{found}`")]
    Column {
        /// The name.
        found: String,
        /// The names that may be meant.
        nearest: Vec<String>,
        /// The columns there are.
        known: Vec<String>,
    },
    /// The query names a table that is not there.
    #[error("there is no table `{found}`; the folder has {}", known.join(", "))]
    Table {
        /// The name.
        found: String,
        /// The names that may be meant.
        nearest: Vec<String>,
        /// The tables there are.
        known: Vec<String>,
    },
    /// The query is not understood, or is no `SELECT`.
    #[error("the query is not answered: {reason}")]
    Query {
        /// Why.
        reason: String,
    },
    /// The query needs more memory than it may have.
    #[error("the query needs more than {limit_bytes} bytes of memory: {reason}")]
    Memory {
        /// The limit.
        limit_bytes: usize,
        /// What asked for more.
        reason: String,
    },
    /// A table cannot be read.
    #[error("the query failed: {reason}")]
    Failed {
        /// Why.
        reason: String,
    },
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Write(#[source] io::Error),
    /// The thread of the query cannot begin.
    #[error("cannot begin the query: {0}")]
    Runtime(#[source] io::Error),
}

impl QueryError {
    /// Tells an error of the engine.
    pub(crate) fn of(error: DataFusionError, limit_bytes: usize) -> Self {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(reason) => Self::Memory {
                limit_bytes,
                reason: first_line(reason),
            },
            root => Self::Failed {
                reason: first_line(&root.to_string()),
            },
        }
    }

    /// Tells an error of planning: what the query names and is not there.
    pub(crate) fn of_plan(error: DataFusionError, limit_bytes: usize, context: &SessionContext) -> Self {
        match error.find_root() {
            DataFusionError::SchemaError(schema, _) => match schema.as_ref() {
                SchemaError::FieldNotFound { field, valid_fields } => {
                    let mut known: Vec<String> = Vec::new();
                    for column in valid_fields {
                        if !known.contains(&column.name) {
                            known.push(column.name.clone());
                        }
                    }
                    Self::Column {
                        found: field.name.clone(),
                        nearest: nearest(&field.name, known.iter().map(String::as_str)),
                        known,
                    }
                }
                other => Self::Query {
                    reason: first_line(&other.to_string()),
                },
            },
            DataFusionError::ResourcesExhausted(_) => Self::of(error, limit_bytes),
            root => {
                let reason = root.to_string();
                match missing_table(&reason) {
                    Some(found) => {
                        let known = crate::tables::names(context);
                        Self::Table {
                            nearest: nearest(&found, known.iter().map(String::as_str)),
                            found,
                            known,
                        }
                    }
                    None => Self::Query {
                        reason: first_line(&reason),
                    },
                }
            }
        }
    }
}

/// Returns the name in `table 'datafusion.public.NAME' not found`.
fn missing_table(reason: &str) -> Option<String> {
    let (_, rest) = reason.split_once("table '")?;
    let (name, rest) = rest.split_once('\'')?;
    // A name may have points of its own: `"DNASE.quantile"`.
    rest.contains("not found")
        .then(|| name.strip_prefix("datafusion.public.").unwrap_or(name).to_owned())
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line = line.strip_prefix("Error during planning: ").unwrap_or(line);
    line.strip_prefix("SQL error: ").unwrap_or(line).to_owned()
}

impl From<ArrowError> for QueryError {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, source) => Self::Write(source),
            other => Self::Failed {
                reason: other.to_string(),
            },
        }
    }
}

impl From<ParquetError> for QueryError {
    fn from(error: ParquetError) -> Self {
        Self::Failed {
            reason: error.to_string(),
        }
    }
}

impl Diagnostic for QueryError {
    fn is_usage(&self) -> bool {
        matches!(self, Self::Column { .. } | Self::Table { .. } | Self::Query { .. })
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Column { nearest, known, .. } => Some(question(nearest).unwrap_or_else(|| {
                format!(
                    "columns: {}; names with spaces stand in double quotes",
                    known.join(", ")
                )
            })),
            Self::Table { nearest, .. } => question(nearest),
            Self::Memory { .. } => Some("give more with --memory, or ask for less at once".to_owned()),
            _ => None,
        }
    }
}
