//! What became of the rows of a file of measured effects. Every row is counted once.

use super::orient::Orientation;
use super::row::RefusedLine;
use crate::validate::RejectedRow;
use serde::Serialize;
use std::collections::BTreeMap;

/// Dropped rows that are listed one by one.
const LISTED: usize = 20;

/// Rows by fate: `rows` is the sum of `left_out`, `dropped`, `merged` and `written`; the orientations are of `written` and
/// `merged` rows together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fates {
    /// Rows read.
    pub rows: u64,
    /// Rows that do not meet a condition, by the first condition that they fail.
    pub left_out: BTreeMap<String, u64>,
    /// Rows that are not used, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// The first of them.
    pub dropped_first: Vec<RejectedRow>,
    /// Rows that went into another one of the same variant, gene and experiment, as the user asked.
    pub merged: u64,
    /// Rows in the table.
    pub written: u64,
    /// Listed ALT is the genome's, and the effect is of it.
    pub as_written: u64,
    /// The effect was of the genome's REF: its sign was turned.
    pub flipped: u64,
    /// Alleles listed in the other order, effect of the genome's ALT: its sign was kept.
    pub reordered: u64,
    /// No reference was given.
    pub unchecked: u64,
    /// Rows, of whatever orientation, whose alleles are complements (A/T, C/G).
    pub palindromic: u64,
}

impl Fates {
    /// Counts a row that does not meet a condition.
    pub(super) fn leave_out(&mut self, condition: String) {
        *self.left_out.entry(condition).or_default() += 1;
    }

    /// Counts a row that is not used.
    pub(super) fn drop(&mut self, row: &RefusedLine) {
        *self.dropped.entry(row.rejection.code.to_owned()).or_default() += 1;
        if self.dropped_first.len() < LISTED {
            self.dropped_first.push(RejectedRow {
                line: row.line,
                variant: row.text.clone(),
                code: row.rejection.code.to_owned(),
                reason: row.rejection.reason.clone(),
            });
        }
    }

    /// Counts a row that is used, by how it stands to the genome.
    pub(super) fn orient(&mut self, orientation: Orientation, is_palindromic: bool) {
        match orientation {
            Orientation::AsWritten => self.as_written += 1,
            Orientation::Flipped => self.flipped += 1,
            Orientation::Reordered => self.reordered += 1,
            Orientation::Unchecked => self.unchecked += 1,
        }
        self.palindromic += u64::from(is_palindromic);
    }

    /// Says whether every row is accounted for.
    pub fn is_complete(&self) -> bool {
        let lost: u64 = self.left_out.values().chain(self.dropped.values()).sum();
        let used = self.written + self.merged;
        self.rows == lost + used && used == self.as_written + self.flipped + self.reordered + self.unchecked
    }

    /// Rows that are not used for a reason of their own, not by a condition.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.values().sum()
    }

    /// Says in words where the rows went.
    pub(super) fn losses(&self) -> String {
        let left_out = self
            .left_out
            .iter()
            .map(|(condition, count)| format!("{count} do not meet `{condition}`"));
        let dropped = self
            .dropped
            .iter()
            .map(|(code, count)| format!("{count} are dropped (`{code}`)"));
        left_out.chain(dropped).collect::<Vec<_>>().join(", ")
    }
}
