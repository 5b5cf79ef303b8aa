//! Track selections: a small language that says which tracks are meant.
//!
//! ```text
//! CHIP_TF & tf=GABPA & biosample=HepG2        an output type, a factor and a biosample, all of them
//! DNASE | ATAC                                either
//! tf in {GABPA, ETS1} & !strand=-             one of several values; not
//! name~H3K27 | biosample~"* of liver"         holds a text; `*` stands for any letters of the whole value
//! GABPA & HepG2                               a word without a field: whichever field has exactly this value
//! ```
//!
//! `|` binds weaker than `&`, `&` weaker than `!`; parentheses group. Values are compared without regard to case and
//! otherwise exactly; ontology terms exactly. A field that a track does not have equals nothing, so `!tf=CTCF` takes
//! tracks without a factor, too.
//!
//! A value that no track has is an error with the nearest values, never an empty selection: [`Selection::resolve`] is the
//! one place where a text becomes tracks. What it takes in place of what was written (a synonym of [`synonym`]) is a
//! [`Statement`] that callers show and record.
//!
//! Rejected: matching without regard to punctuation. `hepg-2` is one cell line today and two tomorrow; the error that names
//! `HepG2` costs a second, a wrong cell line a study.

use std::fmt;
use std::str::FromStr;

mod canonical;
pub mod field;
mod parse;
mod resolve;
mod statement;
pub mod synonym;
#[cfg(test)]
mod tests;

pub use field::Field;
pub use parse::SelectionSyntaxError;
pub use resolve::Resolved;
pub use statement::{Candidate, SelectionError, SelectionProblem, Statement};

/// How a term compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// The value itself, without regard to case.
    Is,
    /// The value holds the text; with `*`, the whole value has the pattern.
    Like,
}

/// One condition on a track: it holds when any of the values does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// The field; without one, any field of [`Field::ANY`].
    pub field: Option<Field>,
    /// How the values are compared.
    pub comparison: Comparison,
    /// The values, at least one, none of them empty.
    pub values: Vec<String>,
}

/// A condition on tracks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expression {
    /// A term.
    Term(Term),
    /// What the condition does not take.
    Not(Box<Expression>),
    /// What all of the conditions take; at least two.
    And(Vec<Expression>),
    /// What any of the conditions takes; at least two.
    Or(Vec<Expression>),
}

impl Expression {
    /// Joins conditions that all hold; nested ones are laid flat. `None` without a condition.
    pub fn all_of(parts: Vec<Self>) -> Option<Self> {
        Self::flat(parts, Self::And, |part| match part {
            Self::And(inner) => Ok(inner),
            other => Err(other),
        })
    }

    /// Joins conditions of which one holds; nested ones are laid flat. `None` without a condition.
    pub fn any_of(parts: Vec<Self>) -> Option<Self> {
        Self::flat(parts, Self::Or, |part| match part {
            Self::Or(inner) => Ok(inner),
            other => Err(other),
        })
    }

    fn flat(
        parts: Vec<Self>,
        join: fn(Vec<Self>) -> Self,
        inner: impl Fn(Self) -> Result<Vec<Self>, Self>,
    ) -> Option<Self> {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match inner(part) {
                Ok(parts) => flat.extend(parts),
                Err(part) => flat.push(part),
            }
        }
        if flat.len() > 1 { Some(join(flat)) } else { flat.pop() }
    }
}

/// A selection of tracks, read from a text; [`fmt::Display`] prints it with all its signs, which reads back to the same.
/// [`Resolved::canonical`] is the form that has no order and case of its own.
///
/// ```
/// use refalt_core::track_selection::Selection;
///
/// let selection: Selection = "chip_tf & TF = GABPA,CTCF & !biosample=Hep G2".parse().unwrap();
/// assert_eq!(selection.to_string(), "output=CHIP_TF & tf in {GABPA, CTCF} & !biosample=\"Hep G2\"");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selection {
    expression: Expression,
}

impl Selection {
    /// Makes a selection of a condition.
    pub fn new(expression: Expression) -> Self {
        Self { expression }
    }

    /// Reads the values of one field, as written after `=`: one value, a list with commas, or `{A, B}`.
    ///
    /// # Errors
    /// [`SelectionSyntaxError`] when the values are not understood.
    pub fn of_field(field: Field, values: &str) -> Result<Self, SelectionSyntaxError> {
        parse::values_of(field, values).map(Self::new)
    }

    /// Joins selections that all hold; `None` without a selection.
    pub fn all_of(selections: impl IntoIterator<Item = Self>) -> Option<Self> {
        let parts = selections.into_iter().map(|selection| selection.expression).collect();
        Expression::all_of(parts).map(Self::new)
    }

    /// Returns the condition.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }
}

impl FromStr for Selection {
    type Err = SelectionSyntaxError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::selection(text).map(Self::new)
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expression)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Self], sign: &str, nested: fn(&Self) -> bool| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    f.write_str(sign)?;
                }
                if nested(part) {
                    write!(f, "({part})")?;
                } else {
                    write!(f, "{part}")?;
                }
            }
            Ok(())
        };
        match self {
            Self::Term(term) => write!(f, "{term}"),
            Self::Not(inner) if matches!(**inner, Self::And(_) | Self::Or(_)) => write!(f, "!({inner})"),
            Self::Not(inner) => write!(f, "!{inner}"),
            Self::And(parts) => joined(f, parts, " & ", |part| matches!(part, Self::And(_) | Self::Or(_))),
            Self::Or(parts) => joined(f, parts, " | ", |part| matches!(part, Self::Or(_))),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[String]| match values {
            [one] => quoted(one),
            several => format!(
                "{{{}}}",
                several.iter().map(|v| quoted(v)).collect::<Vec<_>>().join(", ")
            ),
        };
        let values = list(&self.values);
        match (self.field, self.comparison) {
            (None, Comparison::Is) => f.write_str(&values),
            (None, Comparison::Like) => write!(f, "~{values}"),
            (Some(field), Comparison::Like) => write!(f, "{field}~{values}"),
            (Some(field), Comparison::Is) if self.values.len() > 1 => write!(f, "{field} in {values}"),
            (Some(field), Comparison::Is) => write!(f, "{field}={values}"),
        }
    }
}

/// Writes a value so that it reads back: in quotes unless it is one plain word.
pub(crate) fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && value.chars().all(parse::is_word) && !value.eq_ignore_ascii_case("in");
    if plain {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
