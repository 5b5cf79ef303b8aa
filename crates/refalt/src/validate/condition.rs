//! Conditions on the columns of a truth table, as people type them: `barcodes>=10`, `p_value<1e-5`, `batch=2`.

use crate::diagnostic::Diagnostic;
use std::fmt;
use std::str::FromStr;

/// How a cell is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `!=`
    NotEqual,
    /// `>`
    Above,
    /// `<`
    Below,
    /// `=`
    Equal,
}

impl Comparison {
    /// Every comparison, the two-letter signs first so that `>=` is not read as `>`.
    const ALL: [Self; 6] = [
        Self::AtLeast,
        Self::AtMost,
        Self::NotEqual,
        Self::Above,
        Self::Below,
        Self::Equal,
    ];

    /// Returns the sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::NotEqual => "!=",
            Self::Above => ">",
            Self::Below => "<",
            Self::Equal => "=",
        }
    }
}

/// What a cell is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparand {
    /// A number; cells are read as numbers.
    Number(f64),
    /// A text; only `=` and `!=` compare texts.
    Text(String),
}

/// A condition on one column.
///
/// ```
/// use refalt::validate::Condition;
///
/// let condition: Condition = "barcodes >= 10".parse().unwrap();
/// assert_eq!(condition.holds(Some("9")), Some(false));
/// assert_eq!(condition.holds(Some("NA")), None);
/// assert_eq!(condition.to_string(), "barcodes>=10");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    column: String,
    comparison: Comparison,
    value: Comparand,
}

/// A text that is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConditionError {
    /// The text has no comparison, no column or no value.
    #[error("`{found}` is not of the form `column>=number`")]
    Form {
        /// The text.
        found: String,
    },
    /// An order between texts.
    #[error("`{found}` compares with `{value}`, which is not a number")]
    NotANumber {
        /// The text.
        found: String,
        /// The part after the sign.
        value: String,
    },
}

impl Diagnostic for ConditionError {
    fn hint(&self) -> Option<String> {
        Some("write `barcodes>=10`, `p_value<1e-5` or `cell_line=HEK293T`; signs: >= <= > < = !=".to_owned())
    }

    fn is_usage(&self) -> bool {
        true
    }
}

impl Condition {
    /// Returns the column.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// Says whether a cell meets the condition; `None` when the cell is missing or, compared with a number, is none.
    pub fn holds(&self, cell: Option<&str>) -> Option<bool> {
        let cell = cell?.trim();
        match &self.value {
            Comparand::Text(text) => match self.comparison {
                Comparison::Equal => Some(cell == text),
                _ => Some(cell != text),
            },
            Comparand::Number(number) => {
                let found: f64 = cell.parse().ok().filter(|found: &f64| !found.is_nan())?;
                Some(match self.comparison {
                    Comparison::AtLeast => found >= *number,
                    Comparison::AtMost => found <= *number,
                    Comparison::NotEqual => found != *number,
                    Comparison::Above => found > *number,
                    Comparison::Below => found < *number,
                    Comparison::Equal => found == *number,
                })
            }
        }
    }
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || ConditionError::Form { found: text.to_owned() };
        let place = text.find(['<', '>', '=', '!']).ok_or_else(form)?;
        let (column, rest) = text.split_at(place);
        let comparison = Comparison::ALL
            .into_iter()
            .find(|comparison| rest.starts_with(comparison.sign()))
            .ok_or_else(form)?;
        let (column, value) = (column.trim(), rest[comparison.sign().len()..].trim());
        if column.is_empty() || value.is_empty() || value.starts_with(['<', '>', '=', '!']) {
            return Err(form());
        }
        let value = match value.parse::<f64>() {
            Ok(number) if !number.is_nan() => Comparand::Number(number),
            _ if matches!(comparison, Comparison::Equal | Comparison::NotEqual) => Comparand::Text(value.to_owned()),
            _ => {
                return Err(ConditionError::NotANumber {
                    found: text.to_owned(),
                    value: value.to_owned(),
                });
            }
        };
        Ok(Self {
            column: column.to_owned(),
            comparison,
            value,
        })
    }
}

impl fmt::Display for Condition {
    /// Writes the form that `from_str` reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.column, self.comparison.sign())?;
        match &self.value {
            // Hundreds of zeros are no number for people.
            Comparand::Number(number) if *number != 0.0 && !(1e-9..1e15).contains(&number.abs()) => {
                write!(f, "{number:e}")
            }
            Comparand::Number(number) => number.fmt(f),
            Comparand::Text(text) => f.write_str(text),
        }
    }
}

/// Which measured variants are positives, for AUROC and average precision.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelRule {
    /// The measured effect is at least this far from 0.
    Magnitude(f64),
    /// A column of the truth table meets a condition; rows where it is missing have no label.
    Column(Condition),
}

impl fmt::Display for LabelRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magnitude(least) => write!(f, "|effect|>={least}"),
            Self::Column(condition) => condition.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_and_written() {
        let check = |text: &str, written: &str, cell: &str, expected: Option<bool>| {
            let condition: Condition = text.parse().unwrap();
            assert_eq!(condition.to_string(), written);
            assert_eq!(written.parse::<Condition>().unwrap(), condition);
            assert_eq!(condition.holds(Some(cell)), expected, "{text} on {cell}");
        };
        check("barcodes>=10", "barcodes>=10", "10", Some(true));
        check(" barcodes < 10", "barcodes<10", "10", Some(false));
        check("p<=1e-5", "p<=0.00001", "1e-6", Some(true));
        check("p<1e-300", "p<1e-300", "0", Some(true));
        check("cell=HEK293T", "cell=HEK293T", " HEK293T ", Some(true));
        check("cell!=HEK293T", "cell!=HEK293T", "K562", Some(true));
        check("n=2", "n=2", "2.0", Some(true));
        check("n>2", "n>2", "NA", None);
        check("n>2", "n>2", "nan", None);
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["barcodes", ">=10", "barcodes>=", "a==1", "a>>1", ""] {
            assert!(
                matches!(text.parse::<Condition>(), Err(ConditionError::Form { .. })),
                "{text}"
            );
        }
        let error = "barcodes>=many".parse::<Condition>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`barcodes>=many` compares with `many`, which is not a number"
        );
    }

    #[test]
    fn a_missing_cell_decides_nothing() {
        assert_eq!("a=x".parse::<Condition>().unwrap().holds(None), None);
    }
}
