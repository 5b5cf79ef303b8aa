//! The rules: one file each and a line in [`RULES`].
//!
//! A rule says what it finds, why that matters, by which statistic and where from, and what to do. It looks at a table,
//! row by row in bounded memory, or at what a run did or a study plans.

mod activity_with_effect;
mod allow_without_reason;
mod chromosome_leakage;
mod different_variants;
mod duplicated_inputs;
mod ld_tags;
mod many_to_many;
mod max_without_null;
mod mean_across_assays;
mod mean_of_quantiles;
mod n_without_effective_n;
mod one_sided_effects;
mod p_value_as_effect;
mod peaks_of_another_assembly;
mod post_hoc_sign;
mod reference_mismatch;
mod selection_without_match;
mod shared_source;
mod shifted_positions;
mod sign_against_own_columns;
mod window_too_short;

use super::finding::{Finding, Severity};
use super::other::OtherTable;
use super::plan::Plan;
use super::role::{Columns, LintRole};
use crate::io::bed::BedFile;
use crate::io::fasta::FastaReference;
use crate::io::table::Cells;
use crate::liftover::Liftover;
use refalt_core::Variant;
use std::fmt::Write as _;

/// A rule of the linter.
pub struct Rule {
    /// Code, `RF006`.
    pub code: &'static str,
    /// Name, `p-value-as-effect`.
    pub name: &'static str,
    /// The gravest severity it reports.
    pub severity: Severity,
    /// What it finds.
    pub finds: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// The statistic, its threshold, and when it could be a false alarm.
    pub statistic: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
    pub(super) table: Option<TableStart>,
    pub(super) plan: Option<fn(&Plan) -> Vec<Finding>>,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rule({} {})", self.code, self.name)
    }
}

/// Begins to look at a table, or `None` when the rule has nothing to say about tables with such columns.
pub(super) type TableStart = for<'a> fn(&'a Context<'a>) -> Option<Box<dyn TableCheck + 'a>>;

/// Looks at the rows of a table.
pub(super) trait TableCheck {
    /// Takes a row in.
    fn row(&mut self, row: &Row<'_>);

    /// Says what was found.
    fn finish(self: Box<Self>) -> Vec<Finding>;
}

/// What is known of a table before its rows.
pub(super) struct Context<'a> {
    pub(super) columns: &'a Columns,
    pub(super) reference: Option<&'a FastaReference>,
    pub(super) peaks: Option<&'a BedFile>,
    pub(super) chain: Option<&'a Liftover>,
    pub(super) other: Option<&'a OtherTable>,
    /// The model that the predictions are of, as the user says it.
    pub(super) model: Option<&'a str>,
}

impl Context<'_> {
    /// Says whether rows are scores on tracks, several for a variant by design.
    fn is_tidy(&self) -> bool {
        self.columns.has(LintRole::RawScore)
            || self.columns.has(LintRole::Track) && self.columns.has(LintRole::OutputType)
    }

    /// Says whether measured effects and predictions stand side by side.
    fn is_comparison(&self) -> bool {
        self.columns.has(LintRole::Effect) && self.columns.has(LintRole::Prediction)
    }

    /// Says whether the predictions are of AlphaGenome: the user says so, or the columns are those of its tables.
    fn is_alphagenome(&self) -> bool {
        let said = self.model.map(str::to_lowercase);
        said.map_or_else(
            || self.columns.has(LintRole::Scorer) && self.columns.has(LintRole::QuantileScore),
            |name| name.contains("alphagenome"),
        )
    }
}

/// A row as rules see it.
pub(super) struct Row<'a> {
    /// Line or record (1-based).
    pub(super) number: u64,
    pub(super) cells: &'a Cells,
    pub(super) variant: Option<&'a Variant>,
    /// The variant, else the identifier, as a key.
    pub(super) key: Option<u64>,
}

impl Row<'_> {
    pub(super) fn cell(&self, column: usize) -> Option<&str> {
        self.cells.get(column)
    }

    /// Returns a finite number.
    pub(super) fn number(&self, column: usize) -> Option<f64> {
        self.cell(column)?.parse().ok().filter(|value: &f64| value.is_finite())
    }
}

/// Every rule, by code.
pub static RULES: &[&Rule] = &[
    &activity_with_effect::RULE,
    &max_without_null::RULE,
    &mean_of_quantiles::RULE,
    &mean_across_assays::RULE,
    &selection_without_match::RULE,
    &p_value_as_effect::RULE,
    &one_sided_effects::RULE,
    &sign_against_own_columns::RULE,
    &peaks_of_another_assembly::RULE,
    &shifted_positions::RULE,
    &duplicated_inputs::RULE,
    &many_to_many::RULE,
    &different_variants::RULE,
    &n_without_effective_n::RULE,
    &window_too_short::RULE,
    &ld_tags::RULE,
    &shared_source::RULE,
    &post_hoc_sign::RULE,
    &chromosome_leakage::RULE,
    &reference_mismatch::RULE,
    &allow_without_reason::RULE,
];

pub(super) use allow_without_reason::finding as allow_without_reason;
pub(crate) use p_value_as_effect::EffectWatch;
pub(super) use shared_source::same_file;
pub(super) use shifted_positions::around;

impl Rule {
    /// Returns the rule with a code or name.
    pub fn of(code: &str) -> Option<&'static Self> {
        RULES
            .iter()
            .copied()
            .find(|rule| rule.code.eq_ignore_ascii_case(code) || rule.name == code)
    }

    /// Returns the rule's page in Markdown, less its heading.
    pub fn explanation(&self) -> String {
        let mut text = String::new();
        let parts = [
            ("What it finds", self.finds),
            ("Why it matters", self.why),
            ("By which statistic", self.statistic),
            ("What to do", self.remedy),
            ("Source", self.source),
        ];
        for (title, part) in parts {
            let _ = write!(text, "**{title}.** {part}\n\n");
        }
        text
    }
}
