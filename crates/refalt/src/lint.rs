//! A linter for tables of variants, effects and scores, for finished runs and for studies.
//!
//! Each rule ([`RULES`]) knows one way in which numbers do not mean what they are taken for, says by which statistic it
//! recognises it, and what to do. Nothing is repaired. Rows are streamed; a table of any length needs bounded memory:
//! exact counts of up to 3.7 million distinct keys, and of each column at most 65,536 values spread over the file.
//!
//! The linter looks for what can be seen in the files. That it finds nothing does not make a study right.

mod allow;
mod error;
mod finding;
mod needs;
mod other;
mod plan;
#[cfg(test)]
mod real_data;
mod role;
mod row_variant;
mod rule;
mod run;
mod statistic;

pub use allow::Allowance;
pub use error::LintError;
pub use finding::{Finding, Severity};
pub use role::{LintColumns, LintColumnsError, LintRole};
pub(crate) use rule::EffectWatch;
pub use rule::{RULES, Rule};
pub use run::{LintReport, LintRequest, NotRun, TableColumns, lint};

/// Returns the reference of the rules in Markdown, made from [`RULES`].
pub fn reference_page() -> String {
    use std::fmt::Write as _;
    let mut page = String::from("| code | name | severity | finds |\n| --- | --- | --- | --- |\n");
    for rule in RULES {
        let _ = writeln!(
            page,
            "| `{}` | `{}` | {} | {} |",
            rule.code, rule.name, rule.severity, rule.finds
        );
    }
    for rule in RULES {
        let _ = write!(
            page,
            "\n### {}: {}\n\n{}",
            rule.code,
            rule.name,
            rule.explanation().trim_end()
        );
        page.push('\n');
    }
    page
}
