//! Findings that are allowed without saying why.

use super::Rule;
use crate::lint::allow::Allowance;
use crate::lint::finding::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    code: "RF021",
    name: "allow-without-reason",
    severity: Severity::Error,
    finds: "an `allow` without a reason, or of a rule that does not exist",
    why: "Whoever reads the table later has to know why a finding was set aside.",
    statistic: "Exact: the text behind the code is empty, or no rule has the code. The finding that was to be allowed stays.",
    remedy: "Write `# refalt: allow RF012 REASON` in the table, `RF012 = \"REASON\"` under `[lint] allow` in the study, or \
             `--allow RF012=REASON`.",
    source: "This rule is about this linter.",
    table: None,
    plan: None,
};

/// Reports an allowance that cannot be used.
pub(in crate::lint) fn finding(allowance: &Allowance) -> Option<Finding> {
    let message = match allowance.rule() {
        None => format!("`{}` is allowed, and no rule has this code", allowance.code),
        Some(rule) if allowance.reason.is_empty() => format!("{} is allowed without a reason", rule.code),
        Some(_) => return None,
    };
    Some(Finding::new(&RULE, Severity::Error, message).with("code", allowance.code.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_asked_for() {
        assert!(finding(&Allowance::from_argument("RF012")).is_some());
        assert!(finding(&Allowance::from_argument("RF999=because")).is_some());
        assert!(finding(&Allowance::from_argument("RF012=the join is on purpose")).is_none());
    }
}
