//! What a rule needs that did not look, or not with all it can look at.

use super::finding::grouped;
use super::rule::Rule;
use std::collections::BTreeSet;

/// What a run of the linter looked at.
pub(super) struct LookedAt<'a> {
    pub(super) tables: u64,
    pub(super) plans: u64,
    pub(super) has_truth: bool,
    pub(super) has_reference: bool,
    pub(super) has_peaks: bool,
    pub(super) used_reference: bool,
    /// Rows with a variant, and whether one of them is on the reference.
    pub(super) places: u64,
    pub(super) is_on_reference: bool,
    /// Codes of rules that looked at a table.
    pub(super) started: &'a BTreeSet<&'static str>,
}

impl LookedAt<'_> {
    /// Says what a rule needs that did not look, or not with all it can look at.
    pub(super) fn needs(&self, rule: &Rule) -> Option<String> {
        rule.table?;
        if self.tables == 0 {
            let is_for_truth = self.has_truth && ["RF012", "RF017", "RF018"].contains(&rule.code);
            if is_for_truth {
                return Some("a table; --truth was not used, a folder of scores is judged by its manifest".to_owned());
            }
            let is_judged = self.plans > 0 && rule.plan.is_some();
            return (!is_judged).then(|| "a table; a folder of scores is judged by its manifest".to_owned());
        }
        let by_reference = matches!(rule.code, "RF010" | "RF020");
        if by_reference && !self.used_reference {
            return Some(COORDINATES.to_owned());
        }
        if by_reference && !self.has_reference {
            return Some("--reference".to_owned());
        }
        if by_reference && !self.is_on_reference {
            let places = grouped(self.places);
            return Some(format!(
                "another --reference: 0 of {places} places are on the reference"
            ));
        }
        if rule.code == "RF009" && !self.has_peaks {
            return Some("--peaks".to_owned());
        }
        let is_judged = self.plans > 0 && rule.plan.is_some();
        (!is_judged && !self.started.contains(rule.code)).then(|| columns_of(rule.code).to_owned())
    }
}

/// What rules on alleles and positions read.
const COORDINATES: &str = "columns of a variant (`id`, or `chrom`, `pos`, `ref` and `alt`)";

/// Which columns a rule looks at, by their roles.
fn columns_of(code: &str) -> &'static str {
    match code {
        "RF001" => "a column of scores (`raw_score`), or one that is named a log2 ratio",
        "RF002" => "a column that is named a maximum",
        "RF003" => "a column that is named a mean or sum of quantiles",
        "RF004" => "a column that is named a mean or sum over tracks",
        "RF005" => "a column of the number of tracks (`tracks`)",
        "RF006" => "a column `effect`",
        "RF007" => "a column `effect` of signed effects of ALT against REF",
        "RF008" => "alleles in `id` and in columns, two frequencies, or `effect` with `z` or `odds_ratio`",
        "RF011" => "a column `prediction` or `sequence`",
        "RF013" => "two columns `prediction`, or `statistic` with `n`",
        "RF014" => "columns `effect` and `prediction`, or `statistic` with `n` and an error",
        "RF015" => "a column `window` and the model AlphaGenome",
        "RF016" => "columns `effect` and `gene` and none of a posterior",
        "RF017" => "columns `effect` and `prediction`, or --truth",
        "RF018" => "two columns of effects or predictions, or --truth",
        "RF019" => "a column `split`, or `effect` and the model AlphaGenome",
        _ => COORDINATES,
    }
}
