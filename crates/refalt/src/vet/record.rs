//! A judged row.

use refalt_core::audit::{Hypothesis, Repairs, Verdict};
use refalt_core::{Assembly, CheckedVariant};

/// What the audit says of a row, and what was done with it.
#[derive(Clone, Debug, PartialEq)]
pub struct VetRow {
    /// Row of the input (1-based, each alternate allele counts).
    pub row: u64,
    /// Line or record of the input (1-based).
    pub line: u64,
    /// Identifier given with the row.
    pub id: Option<String>,
    /// The variant as written.
    pub text: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Probability of what the verdict says.
    pub posterior: f64,
    /// The variant that the row is taken to mean, in normal form.
    pub proposed: Option<CheckedVariant>,
    /// Whether the row goes on: it is right, or its repairs were asked for.
    pub accepted: bool,
    /// The repairs that were done to an accepted row.
    pub repaired: Repairs,
    /// The earlier row with the same variant.
    pub duplicate_of: Option<u64>,
    /// The assembly that the row itself states: in its assembly column, its name or its accession.
    pub said_assembly: Option<Assembly>,
    /// The reasons in words; none for rows that are right.
    pub evidence: Option<String>,
}

impl VetRow {
    /// Returns what would have to be done to the row.
    pub fn repairs_needed(&self) -> Repairs {
        match self.verdict {
            Verdict::Explained(hypothesis) => hypothesis.repairs(),
            _ => Hypothesis::AS_WRITTEN.repairs(),
        }
    }

    /// Takes back that the row is explained, for a reason that lies in the file.
    pub(super) fn leave_open(&mut self, reason: &str) {
        self.verdict = Verdict::Ambiguous;
        self.accepted = false;
        self.repaired = Repairs::default();
        self.evidence = Some(match self.evidence.take() {
            Some(evidence) => format!("{reason}; {evidence}"),
            None => reason.to_owned(),
        });
    }
}
