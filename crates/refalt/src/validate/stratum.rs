//! Strata: which part of the rows each row belongs to.

use super::carried::CarriedColumn;
use super::error::ValidateError;
use super::measure::Measured;
use super::tss_distance::TSS_DISTANCE;
use crate::diagnostic::Diagnostic;
use refalt_core::stats::quantile;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// How the size of the effect is called among columns.
const EFFECT_SIZE: &str = "|effect|";

/// What strata are cut from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A column of the truth table.
    Column(String),
    /// The size of the measured effect: the outcome itself.
    EffectSize,
    /// Bases to the transcription start, from gene models.
    TssDistance,
}

/// How a quantity is cut.
#[derive(Clone, Debug, PartialEq)]
pub enum Cut {
    /// Each text is a stratum.
    Values,
    /// Numbers between edges: below the first, from each edge to below the next, from the last on.
    Edges(Vec<f64>),
    /// So many strata of about as many rows each, equal numbers together.
    Quantiles(NonZeroU32),
}

/// A quantity and how it is cut.
///
/// ```
/// use refalt::validate::StratumRule;
///
/// let rule: StratumRule = "maf:0.01,0.05".parse().unwrap();
/// assert_eq!(rule.to_string(), "maf:0.01,0.05");
/// assert_eq!("|effect|:quantiles=4".parse::<StratumRule>().unwrap().to_string(), "|effect|:quantiles=4");
/// assert_eq!("motif".parse::<StratumRule>().unwrap().to_string(), "motif");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct StratumRule {
    of: Quantity,
    cut: Cut,
}

/// A text that is no rule for strata.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StratumRuleError {
    /// The edges do not rise, or are not finite.
    #[error("the edges of `{found}` do not rise")]
    Edges {
        /// The text.
        found: String,
    },
    /// Fewer than 2 or more than 20 strata.
    #[error("`{found}` asks for {strata} strata")]
    Count {
        /// The text.
        found: String,
        /// How many.
        strata: u32,
    },
    /// No column, or nothing after the colon that cuts it.
    #[error("`{found}` is not of the form `column`, `column:1,5` or `column:quantiles=4`")]
    Form {
        /// The text.
        found: String,
    },
}

impl Diagnostic for StratumRuleError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Edges { .. } => "give each edge once, from the lowest to the highest: `maf:0.01,0.05`".to_owned(),
            Self::Count { .. } => format!("2 to {MOST} strata can be read"),
            Self::Form { .. } => "write `motif`, `maf:0.01,0.05`, `distance:quantiles=4`, `|effect|:quantiles=4` or \
                                  `|tss_distance|:1000,10000`; a \
                                  column with a colon in its name is written with a cut behind it"
                .to_owned(),
        })
    }

    fn is_usage(&self) -> bool {
        true
    }
}

/// The most strata of a rule.
const MOST: u32 = 20;

impl FromStr for StratumRule {
    type Err = StratumRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || StratumRuleError::Form { found: text.to_owned() };
        let (name, cut) = match text.rsplit_once(':') {
            None => (text, Cut::Values),
            Some(("column", name)) => (name, Cut::Values),
            Some((name, cut)) => (name, read_cut(cut, text)?),
        };
        let (plain, is_column) = match name.strip_prefix("column:") {
            Some(plain) => (plain, true),
            None => (name, false),
        };
        if plain.trim().is_empty() {
            return Err(form());
        }
        let of = match plain {
            EFFECT_SIZE if !is_column => Quantity::EffectSize,
            TSS_DISTANCE if !is_column => Quantity::TssDistance,
            column => Quantity::Column(column.trim().to_owned()),
        };
        if matches!(of, Quantity::EffectSize | Quantity::TssDistance) && cut == Cut::Values {
            return Err(form());
        }
        Ok(Self { of, cut })
    }
}

fn read_cut(cut: &str, text: &str) -> Result<Cut, StratumRuleError> {
    let found = || text.to_owned();
    if let Some(count) = cut.strip_prefix("quantiles=") {
        let strata: u32 = count.parse().map_err(|_| StratumRuleError::Form { found: found() })?;
        return match NonZeroU32::new(strata) {
            Some(count) if (2..=MOST).contains(&strata) => Ok(Cut::Quantiles(count)),
            _ => Err(StratumRuleError::Count { found: found(), strata }),
        };
    }
    let edges: Result<Vec<f64>, _> = cut.split(',').map(|edge| edge.trim().parse::<f64>()).collect();
    let edges = edges.map_err(|_| StratumRuleError::Form { found: found() })?;
    if edges.iter().any(|edge| !edge.is_finite()) || edges.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(StratumRuleError::Edges { found: found() });
    }
    match edges.len() as u32 + 1 {
        strata if strata > MOST => Err(StratumRuleError::Count { found: found(), strata }),
        _ => Ok(Cut::Edges(edges)),
    }
}

impl fmt::Display for StratumRule {
    /// Writes the form that `from_str` reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Quantity::EffectSize => f.write_str(EFFECT_SIZE)?,
            Quantity::TssDistance => f.write_str(TSS_DISTANCE)?,
            Quantity::Column(column) => f.write_str(column)?,
        }
        match &self.cut {
            Cut::Values => Ok(()),
            Cut::Quantiles(count) => write!(f, ":quantiles={count}"),
            Cut::Edges(edges) => {
                let edges: Vec<String> = edges.iter().map(ToString::to_string).collect();
                write!(f, ":{}", edges.join(","))
            }
        }
    }
}

impl Serialize for StratumRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The strata of the rows of one experiment.
pub(super) struct Strata {
    /// Names, in order: texts sorted, numbers rising.
    pub(super) names: Vec<String>,
    /// The stratum of each row; `None` where the cell is missing.
    pub(super) of_row: Vec<Option<usize>>,
}

impl StratumRule {
    /// Returns what is cut.
    pub const fn of(&self) -> &Quantity {
        &self.of
    }

    /// Returns how it is cut.
    pub const fn cut(&self) -> &Cut {
        &self.cut
    }

    /// Cuts the rows of an experiment.
    ///
    /// # Errors
    /// [`ValidateError::Cell`] for a cell that is no number where numbers are cut, [`ValidateError::Strata`] for more texts
    /// than strata can be read.
    pub(super) fn of_rows(&self, measured: &Measured) -> Result<Strata, ValidateError> {
        let values = match (&self.of, &self.cut) {
            (Quantity::Column(column), Cut::Values) => return self.by_text(measured, column),
            (Quantity::Column(column), _) => measured.carried.numbers(&CarriedColumn::Stratum(column.clone()))?,
            (Quantity::TssDistance, _) => measured.carried.tss_distances().to_vec(),
            (Quantity::EffectSize, _) => measured.effects.iter().map(|effect| effect.abs()).collect(),
        };
        let edges = match &self.cut {
            Cut::Edges(edges) => edges.clone(),
            Cut::Quantiles(count) => inner_quantiles(&values, *count)?,
            Cut::Values => Vec::new(),
        };
        let stratum = |value: &f64| (!value.is_nan()).then(|| edges.partition_point(|edge| edge <= value));
        Ok(Strata {
            names: names(&edges),
            of_row: values.iter().map(stratum).collect(),
        })
    }

    fn by_text(&self, measured: &Measured, column: &str) -> Result<Strata, ValidateError> {
        let cells = measured.carried.texts(&CarriedColumn::Stratum(column.to_owned()));
        let texts: BTreeSet<&str> = cells.iter().copied().flatten().collect();
        if texts.len() > MOST as usize {
            return Err(ValidateError::Strata {
                column: column.to_owned(),
                found: texts.len(),
                most: MOST,
            });
        }
        let texts: Vec<&str> = texts.into_iter().collect();
        let of_row = cells.iter().map(|cell| texts.binary_search(&(*cell)?).ok()).collect();
        Ok(Strata {
            names: texts.into_iter().map(str::to_owned).collect(),
            of_row,
        })
    }
}

/// Edges at quantiles; an edge that equals the one before or the least value cuts nothing and is left out.
fn inner_quantiles(values: &[f64], count: NonZeroU32) -> Result<Vec<f64>, ValidateError> {
    let known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let least = known.iter().copied().fold(f64::INFINITY, f64::min);
    let mut edges: Vec<f64> = (1..count.get())
        .map(|edge| quantile(&known, f64::from(edge) / f64::from(count.get())))
        .collect::<Result<_, _>>()?;
    edges.dedup();
    edges.retain(|edge| *edge > least);
    Ok(edges)
}

fn names(edges: &[f64]) -> Vec<String> {
    let short = |edge: f64| {
        let rounded: f64 = format!("{edge:.6e}").parse().unwrap_or(edge);
        rounded.to_string()
    };
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else {
        return vec!["all".to_owned()];
    };
    let between = edges
        .windows(2)
        .map(|pair| format!("{} to <{}", short(pair[0]), short(pair[1])));
    std::iter::once(format!("<{}", short(*first)))
        .chain(between)
        .chain(std::iter::once(format!("≥{}", short(*last))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_what_is_none_is_refused() {
        let rule: StratumRule = "a:b:1,2".parse().unwrap();
        assert_eq!(
            (rule.of(), rule.cut()),
            (&Quantity::Column("a:b".to_owned()), &Cut::Edges(vec![1.0, 2.0]))
        );
        let rule: StratumRule = "column:|effect|:0.5".parse().unwrap();
        assert_eq!(rule.of(), &Quantity::Column("|effect|".to_owned()));
        let refused = |text: &str| text.parse::<StratumRule>().unwrap_err();
        assert!(matches!(refused("maf:0.05,0.01"), StratumRuleError::Edges { .. }));
        assert!(matches!(refused("maf:inf"), StratumRuleError::Edges { .. }));
        assert!(matches!(
            refused("maf:quantiles=1"),
            StratumRuleError::Count { strata: 1, .. }
        ));
        assert!(matches!(
            refused("maf:quantiles=21"),
            StratumRuleError::Count { strata: 21, .. }
        ));
        let rule: StratumRule = "|tss_distance|:1000".parse().unwrap();
        assert_eq!(
            (rule.of(), rule.to_string().as_str()),
            (&Quantity::TssDistance, "|tss_distance|:1000")
        );
        for text in ["", ":1", "maf:", "maf:x", "|effect|", "|tss_distance|"] {
            assert!(matches!(refused(text), StratumRuleError::Form { .. }), "{text}");
        }
    }

    #[test]
    fn quantiles_that_coincide_leave_fewer_strata() {
        let four = NonZeroU32::new(4).unwrap();
        // numpy.quantile([0, 0, 0, 0, 1, 2], [.25, .5, .75]) = [0, 0, 0.75]
        assert_eq!(inner_quantiles(&[0.0, 0.0, 0.0, 0.0, 1.0, 2.0], four).unwrap(), [0.75]);
        assert_eq!(names(&[0.75]), ["<0.75", "≥0.75"]);
        assert_eq!(names(&[]), ["all"]);
        assert_eq!(names(&[1.0, 2.5]), ["<1", "1 to <2.5", "≥2.5"]);
    }
}
