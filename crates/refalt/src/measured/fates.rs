//! What became of the rows of a file of measured effects. Every row is counted once.

use super::orient::{AlleleOrder, Orientation, ProvenOrder};
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
    /// Rows that no variant was named for; no allele of theirs was compared with a genome.
    pub without_variant: u64,
    /// What the genome says of the order of the alleles.
    pub order: OrderCounts,
}

/// Rows by what the genome says of the order of their alleles; those that are their own complement say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OrderCounts {
    /// Only the first allele is REF.
    pub as_listed: u64,
    /// Only the second is REF.
    pub swapped: u64,
    /// Indels that fit in either order.
    pub either: u64,
}

impl OrderCounts {
    /// Counts a row.
    pub(super) fn add(&mut self, proven: ProvenOrder, is_palindromic: bool) {
        match proven {
            ProvenOrder::Either => self.either += 1,
            _ if is_palindromic => {}
            ProvenOrder::AsListed => self.as_listed += 1,
            ProvenOrder::Swapped => self.swapped += 1,
        }
    }

    /// Counts an indel that was not taken in either order.
    pub(super) fn add_ambiguous(&mut self) {
        self.either += 1;
    }

    /// Rows whose order the genome decides.
    pub const fn proven(&self) -> u64 {
        self.as_listed + self.swapped
    }

    /// Says whether the rows speak against the first allele being REF: one in a hundred is listed the other way.
    ///
    /// Below that an indel is wrong with the probability that a row is, and single rows differ between releases of an assembly.
    pub const fn contradicts_listed(&self) -> bool {
        self.swapped > 0 && self.swapped * 100 >= self.proven()
    }

    /// Returns the order that at least 99 of 100 rows have, of 20 or more.
    pub const fn agreed(&self) -> Option<AlleleOrder> {
        const LEAST: u64 = 20;
        if self.proven() < LEAST {
            None
        } else if self.swapped * 100 <= self.proven() {
            Some(AlleleOrder::ReferenceFirst)
        } else if self.as_listed * 100 <= self.proven() {
            Some(AlleleOrder::AlternateFirst)
        } else {
            None
        }
    }
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

    /// Says what can be done when no row is left, by what became of most of them.
    pub(super) fn way_out(&self) -> &'static str {
        let left_out: u64 = self.left_out.values().sum();
        let most = self.dropped.iter().max_by_key(|(_, count)| **count);
        let Some((code, _)) = most.filter(|(_, count)| **count >= left_out) else {
            return "check the conditions of --keep against the columns of the file";
        };
        match code.as_str() {
            "neither_allele_reference" | "not_in_reference" | "other_assembly" => {
                "check that table and reference are on the same assembly; `refalt vet` finds build and strand of a table"
            }
            "name_unknown" => "check that --alleles names its rows as the counts do",
            "order_ambiguous" => {
                "say which allele is REF, by the order of the columns, or take indels in the order of the other rows: --indels-as-others"
            }
            "effect_allele_missing" | "effect_allele_unknown" => {
                "check the column that --effect-allele names: it holds one of the two alleles of each row"
            }
            "name_only" | "id_unreadable" | "field_empty" => {
                "check which columns make the variant (--columns, or --alleles-columns of the table of variants)"
            }
            "palindromic" => "leave out --drop-palindromic, or state the strand",
            "few_dna_counts" => "lower --least-dna",
            "other_name" => "check --name-prefix against the names of the rows",
            "effect_missing" | "effect_not_number" | "not_a_number" | "se_below_zero" | "p_out_of_range"
            | "ratio_not_positive" => "check which columns hold the effect, its error and its p-value",
            _ => "check the rows against the columns of the format: `refalt measured --formats`",
        }
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
