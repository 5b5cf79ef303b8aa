//! Which predictions are compared with each other: `max_abs,sum`, `GABPA,ETV5`, `sum@CHIP_TF,sum@DNASE`.

use super::error::ValidateError;
use super::joined::JoinedColumn;
use super::options::short_name;
use super::predictor::PredictorKind;
use crate::diagnostic::Diagnostic;
use refalt_core::nearest::nearest;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// One side of a comparison, as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Side {
    name: String,
    scorer: Option<String>,
}

/// Two predictions to compare.
///
/// A side is the name of a summary, a track or a factor; `@SCORER` behind it names the scorer. Without scorers the two are
/// compared within each scorer that has both.
///
/// ```
/// use refalt::validate::Pairing;
///
/// let pairing: Pairing = "max_abs, sum@CHIP_TF".parse().unwrap();
/// assert_eq!(pairing.to_string(), "max_abs,sum@CHIP_TF");
/// assert!("max_abs".parse::<Pairing>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    first: Side,
    second: Side,
}

/// A text that names no two predictions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` does not name two predictions")]
pub struct PairingError {
    found: String,
}

impl Diagnostic for PairingError {
    fn hint(&self) -> Option<String> {
        Some(
            "write two names with a comma between: `max_abs,sum`, `GABPA,ETV5`, `sum@CHIP_TF,sum@DNASE`; a name that holds \
             a comma is written up to it, when that is the name of one prediction"
                .to_owned(),
        )
    }

    fn is_usage(&self) -> bool {
        true
    }
}

impl FromStr for Pairing {
    type Err = PairingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || PairingError { found: text.to_owned() };
        let side = |text: &str| {
            let (name, scorer) = match text.rsplit_once('@') {
                Some((name, scorer)) => (name, Some(scorer.trim().to_owned())),
                None => (text, None),
            };
            let side = Side {
                name: name.trim().to_owned(),
                scorer,
            };
            let is_empty = side.name.is_empty() || side.scorer.as_ref().is_some_and(String::is_empty);
            (!is_empty).then_some(side).ok_or_else(error)
        };
        let (first, second) = text.split_once(',').ok_or_else(error)?;
        if second.contains(',') {
            return Err(error());
        }
        let pairing = Self {
            first: side(first)?,
            second: side(second)?,
        };
        if pairing.first == pairing.second {
            return Err(error());
        }
        Ok(pairing)
    }
}

impl fmt::Display for Pairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.first, self.second)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scorer {
            None => f.write_str(&self.name),
            Some(scorer) => write!(f, "{}@{scorer}", self.name),
        }
    }
}

impl Serialize for Pairing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Side {
    fn is(&self, column: &JoinedColumn) -> bool {
        let factor = column.transcription_factor.as_deref().unwrap_or_default();
        let is_named = column.name == self.name
            || (column.kind == PredictorKind::Track && factor.eq_ignore_ascii_case(&self.name));
        let is_scorer = self
            .scorer
            .as_ref()
            .is_none_or(|scorer| column.scorer == short_name(scorer) || column.scorer == *scorer);
        is_named && is_scorer
    }
}

impl Pairing {
    /// Finds the pairs among predictions, as places.
    ///
    /// # Errors
    /// [`ValidateError::Unknown`] for a side that is none, [`ValidateError::Ambiguous`] for one that is several by one scorer.
    pub(super) fn find(&self, columns: &[&JoinedColumn]) -> Result<Vec<(usize, usize)>, ValidateError> {
        let (first, second) = (places(&self.first, columns)?, places(&self.second, columns)?);
        let within_scorers = self.first.scorer.is_none() && self.second.scorer.is_none();
        let mut pairs = Vec::new();
        for &first in &first {
            for &second in &second {
                if first != second && (!within_scorers || columns[first].scorer == columns[second].scorer) {
                    pairs.push((first, second));
                }
            }
        }
        if pairs.is_empty() {
            return Err(ValidateError::Unknown {
                what: "pair of predictions by one scorer",
                found: self.to_string(),
                nearest: Vec::new(),
                known: columns.iter().map(|column| column.heading()).collect(),
            });
        }
        Ok(pairs)
    }
}

fn places(side: &Side, columns: &[&JoinedColumn]) -> Result<Vec<usize>, ValidateError> {
    let found: Vec<usize> = (0..columns.len()).filter(|&place| side.is(columns[place])).collect();
    if found.is_empty() {
        let names = || columns.iter().map(|column| column.name.as_str());
        return Err(ValidateError::Unknown {
            what: "prediction",
            found: side.to_string(),
            nearest: nearest(&side.name, names()),
            known: columns.iter().map(|column| column.heading()).collect(),
        });
    }
    for &place in &found {
        let same: Vec<usize> = found
            .iter()
            .copied()
            .filter(|&other| columns[other].scorer == columns[place].scorer)
            .collect();
        if same.len() > 1 {
            return Err(ValidateError::Ambiguous {
                found: side.to_string(),
                meant: same.into_iter().map(|place| columns[place].heading()).collect(),
            });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: PredictorKind, name: &str, scorer: &str, factor: Option<&str>) -> JoinedColumn {
        JoinedColumn {
            kind,
            name: name.to_owned(),
            scorer: scorer.to_owned(),
            transcription_factor: factor.map(str::to_owned),
            track_strand: None,
        }
    }

    #[test]
    fn sides_are_found_within_each_scorer_or_by_name() {
        use PredictorKind::{Summary, Track};
        let all = [
            column(Summary, "sum", "CHIP_TF", None),
            column(Summary, "max", "CHIP_TF", None),
            column(Summary, "sum", "DNASE", None),
            column(Summary, "max", "DNASE", None),
            column(Track, "a", "CHIP_TF", Some("GABPA")),
            column(Track, "b", "CHIP_TF", Some("ETV5")),
            column(Track, "c", "CHIP_TF", Some("ETV5")),
        ];
        let all: Vec<&JoinedColumn> = all.iter().collect();
        let find = |text: &str| text.parse::<Pairing>().unwrap().find(&all);
        assert_eq!(find("sum,max").unwrap(), [(0, 1), (2, 3)]);
        assert_eq!(find("sum@CHIP_TF,sum@DNASE").unwrap(), [(0, 2)]);
        assert_eq!(find("gabpa,b").unwrap(), [(4, 5)]);
        let message = find("GABPA,ETV5").unwrap_err().to_string();
        assert_eq!(
            message,
            "`ETV5` is several predictions: `track:b:CHIP_TF`, `track:c:CHIP_TF`"
        );
        assert!(find("GABPA,summ").unwrap_err().hint().unwrap().contains("`sum`"));
        assert!(matches!(find("GABPA,sum@DNASE"), Ok(pairs) if pairs == [(4, 2)]));
        for text in ["sum", "sum,", ",sum", "sum,sum", "sum@,max", "a,b,c"] {
            assert!(text.parse::<Pairing>().is_err(), "{text}");
        }
    }
}
