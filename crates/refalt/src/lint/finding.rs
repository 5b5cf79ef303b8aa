//! What a rule found, where, and on what evidence.

use super::rule::Rule;
pub(super) use crate::digit_groups::grouped;
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; the file may be as it should be.
    Note,
    /// A conclusion drawn in the usual way would probably be wrong.
    Warning,
    /// The numbers do not mean what they are taken for.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A finding of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Code of the rule, `RF006`.
    pub rule: &'static str,
    /// Name of the rule, `p-value-as-effect`.
    pub name: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The file or folder.
    pub file: String,
    /// The column or key, where it is about one.
    pub column: Option<String>,
    /// Examples: lines of a text (1-based), records of a Parquet table (1-based); `lines` in JSON.
    #[serde(rename = "lines")]
    pub rows: Vec<u64>,
    /// What was found, in a sentence.
    pub message: String,
    /// The numbers behind it, by name.
    pub evidence: Map<String, Value>,
    /// What to do.
    pub remedy: Cow<'static, str>,
    /// Why it is allowed, where somebody allowed it with a reason; such a finding does not count.
    pub allowed: Option<String>,
}

impl Finding {
    pub(super) fn new(rule: &'static Rule, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            rule: rule.code,
            name: rule.name,
            severity,
            file: String::new(),
            column: None,
            rows: Vec::new(),
            message: message.into(),
            evidence: Map::new(),
            remedy: Cow::Borrowed(rule.remedy),
            allowed: None,
        }
    }

    pub(super) fn column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }

    pub(super) fn rows(mut self, rows: &[u64]) -> Self {
        self.rows = rows.to_vec();
        self
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// Says whether it counts for the exit code: an error or warning that nobody allowed.
    pub fn counts(&self) -> bool {
        self.allowed.is_none() && self.severity >= Severity::Warning
    }
}

/// Example rows of a finding, the first few.
#[derive(Debug, Default)]
pub(super) struct Examples(Vec<u64>);

impl Examples {
    const MOST: usize = 5;

    pub(super) fn add(&mut self, row: u64) {
        if self.0.len() < Self::MOST {
            self.0.push(row);
        }
    }

    pub(super) fn rows(&self) -> &[u64] {
        &self.0
    }
}
