//! What enters the engine, and what becomes of it.

use refalt_core::{Variant, VariantError, WindowError};
use std::fmt;

/// One alternate allele of one input record. Every row that enters leaves in `variants.parquet`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputRow {
    /// Number of the row in the input (1-based, each alternate allele counts).
    pub row: u64,
    /// Line or record of the input (1-based).
    pub line: u64,
    /// Identifier given with the row.
    pub id: Option<String>,
    /// The variant as written.
    pub text: String,
    /// The variant, or why the row holds none.
    pub variant: Result<Variant, Rejection>,
    /// The repair that was applied to the row, if any.
    pub repair: Option<String>,
}

/// Why a row is not scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The reason in a word, for filters: `ref_mismatch`.
    pub code: &'static str,
    /// The reason in a sentence.
    pub reason: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl From<&VariantError> for Rejection {
    fn from(error: &VariantError) -> Self {
        let code = match error {
            VariantError::ReferenceMismatch { .. } => "ref_mismatch",
            VariantError::ContigUnknown { .. } | VariantError::OutsideReference { .. } => "not_in_reference",
            VariantError::NInReference { .. } => "n_in_reference",
            VariantError::LeftEdge { .. } | VariantError::NoAnchor { .. } => "left_edge",
            VariantError::NoBases { alternate } => match alternate {
                refalt_core::Alternate::Star => "star_allele",
                refalt_core::Alternate::Breakend(_) => "breakend",
                refalt_core::Alternate::Missing => "no_alternate",
                _ => "symbolic",
            },
            VariantError::AmbiguousBases { .. } => "ambiguous_bases",
            VariantError::NoChange { .. } => "no_change",
            _ => "unreadable_reference",
        };
        Self {
            code,
            reason: error.to_string(),
        }
    }
}

impl From<&WindowError> for Rejection {
    fn from(error: &WindowError) -> Self {
        let code = match error {
            WindowError::VariantOutside { .. } => "longer_than_window",
            _ => "unreadable_reference",
        };
        Self {
            code,
            reason: error.to_string(),
        }
    }
}

/// What became of an input row.
#[derive(Clone, Debug, PartialEq)]
pub enum RowStatus {
    /// Its scores are in the table.
    Scored,
    /// The same variant stands in an earlier row, whose scores hold for this one.
    Duplicate {
        /// The earlier row (1-based).
        of: u64,
    },
    /// The row is not accepted.
    Rejected(Rejection),
    /// The model failed on the row.
    Failed {
        /// The cause in words.
        reason: String,
    },
}

impl RowStatus {
    /// Returns the word in the `status` column.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Scored => "scored",
            Self::Duplicate { .. } => "duplicate",
            Self::Rejected(_) => "rejected",
            Self::Failed { .. } => "failed",
        }
    }
}
