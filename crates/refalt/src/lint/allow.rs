//! Findings that somebody allows, each with a reason.

use super::rule::Rule;

/// A rule that is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Code or name of the rule.
    pub code: String,
    /// Why it is allowed; empty when no reason is given, which is a finding itself.
    pub reason: String,
}

impl Allowance {
    /// Reads `CODE=REASON`, the form of the command line.
    pub fn from_argument(text: &str) -> Self {
        let (code, reason) = text.split_once('=').unwrap_or((text, ""));
        Self {
            code: code.trim().to_owned(),
            reason: reason.trim().to_owned(),
        }
    }

    /// Reads a comment of a table: `refalt: allow CODE REASON`.
    pub(super) fn from_comment(text: &str) -> Option<Self> {
        let rest = text
            .trim()
            .strip_prefix("refalt:")?
            .trim()
            .strip_prefix("allow")?
            .trim();
        let (code, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        Some(Self {
            code: code.to_owned(),
            reason: reason.trim().to_owned(),
        })
    }

    /// Returns the rule, where there is one.
    pub fn rule(&self) -> Option<&'static Rule> {
        Rule::of(&self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowances_are_read_from_comments_and_arguments() {
        let expected = Allowance {
            code: "RF007".to_owned(),
            reason: "the effect is a size".to_owned(),
        };
        assert_eq!(Allowance::from_argument("RF007=the effect is a size"), expected);
        assert_eq!(
            Allowance::from_comment("refalt: allow RF007 the effect is a size"),
            Some(expected)
        );
        assert_eq!(Allowance::from_comment("a remark"), None);
        assert_eq!(Allowance::from_argument("RF007").reason, "");
    }
}
