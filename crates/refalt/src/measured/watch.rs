//! What the numbers of a file show of its columns while rows go by: p-values in the place of effects, effects without a sign, columns
//! that were exchanged.

use super::error::MeasuredError;
use super::row::{ListedEffect, RefusedLine};
use crate::lint::EffectWatch;

/// Numbers of the rows so far.
#[derive(Debug, Default)]
pub(super) struct NumberWatch {
    effects: EffectWatch,
    rows: u64,
    /// Rows with a p-value, and those of them whose effect is the same number.
    with_p: u64,
    same_as_p: u64,
    /// Rows whose p-value or standard error cannot be one.
    wrong_p: u64,
    wrong_se: u64,
}

/// A column is another one when a quarter of its numbers cannot be its own: of betas in the place of p-values half are below 0.
const PARTS: u64 = 4;
/// Rows with such a number from which on a column is judged.
const LEAST_WRONG: u64 = 2;

impl NumberWatch {
    /// Takes a row in.
    pub(super) fn add(&mut self, row: &Result<ListedEffect, RefusedLine>) {
        self.rows += 1;
        match row {
            Ok(row) => {
                self.effects.add(row.effect);
                if let Some(p) = row.details.p {
                    self.with_p += 1;
                    self.same_as_p += u64::from(p == row.effect);
                }
            }
            Err(refused) => match refused.rejection.code {
                "p_out_of_range" => self.wrong_p += 1,
                "se_below_zero" => self.wrong_se += 1,
                _ => {}
            },
        }
    }

    /// Refuses, after the last row, a file whose columns are not what they are called.
    pub(super) fn check(&self, file: &str, is_activity: bool) -> Result<(), MeasuredError> {
        let file = || file.to_owned();
        if self.rows == 0 {
            return Err(MeasuredError::NoRows { file: file() });
        }
        for (what, wrong) in [("p-value", self.wrong_p), ("standard error", self.wrong_se)] {
            if wrong >= LEAST_WRONG && wrong * PARTS >= self.rows {
                return Err(MeasuredError::ColumnOfOther {
                    file: file(),
                    what,
                    wrong,
                    rows: self.rows,
                });
            }
        }
        let copied = (self.with_p > 1 && self.same_as_p == self.with_p)
            .then(|| format!("each of {} effects is the p-value of its row", self.with_p));
        match copied.or_else(|| self.effects.p_values()) {
            Some(evidence) if !is_activity => Err(MeasuredError::PValues { file: file(), evidence }),
            _ => Ok(()),
        }
    }

    /// Says what effects are like that are all on one side of 0.
    ///
    /// * `is_turned`: whether a column says which allele each effect is of; such tables may list the one that raises the trait, and
    ///   are refused only when the numbers lie around 1, as ratios do.
    pub(super) fn one_sided(&self, is_turned: bool) -> Option<String> {
        self.effects.one_sided_of(is_turned)
    }

    /// Says what the effects may be, when they are not proven to be it.
    pub(super) fn doubt(&self) -> Option<String> {
        match self.effects.doubt() {
            Some(evidence) => Some(format!("may be p-values: {evidence} (`refalt lint --explain RF006`)")),
            None => self
                .effects
                .few_on_one_side()
                .map(|evidence| format!("may be p-values, sizes or ratios: {evidence}, and fewer than 20 do not tell")),
        }
    }
}
