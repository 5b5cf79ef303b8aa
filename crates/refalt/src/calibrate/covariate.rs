//! What variants are matched by.

use super::error::CalibrateError;
use crate::io::fasta::FastaReference;
use crate::io::genes::Genes;
use refalt_core::{ContigName, Interval, Position, Reference};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A number that variants are matched by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covariate {
    /// Frequency of the rarer allele: a column, `maf` when not named, folded at 1/2.
    Maf,
    /// Distance in bp to the nearest start of a canonical transcript, from the gene annotation; matched as log10(1 + bp).
    TssDistance,
    /// Share of G and C among the known bases around the variant, from the reference.
    Gc,
    /// A column of numbers.
    Column(String),
}

impl FromStr for Covariate {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "maf" => Self::Maf,
            "tss_distance" => Self::TssDistance,
            "gc" => Self::Gc,
            _ => Self::Column(text.to_owned()),
        })
    }
}

impl fmt::Display for Covariate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Maf => "maf",
            Self::TssDistance => "tss_distance",
            Self::Gc => "gc",
            Self::Column(name) => name,
        })
    }
}

impl Covariate {
    /// Says whether the number is a cell of a table.
    pub(super) fn is_column(&self) -> bool {
        matches!(self, Self::Maf | Self::Column(_))
    }

    /// Reads a cell.
    ///
    /// * `place`: file and line, for the error.
    pub(super) fn read(&self, cell: &str, place: impl FnOnce() -> String) -> Result<f64, CalibrateError> {
        let found: Option<f64> = cell.trim().parse().ok().filter(|value: &f64| value.is_finite());
        let (value, allowed) = match self {
            Self::Maf => {
                let frequency = found.filter(|frequency| (0.0..=1.0).contains(frequency));
                let allowed = "; a frequency is 0 to 1, one for each allele";
                (frequency.map(|frequency| frequency.min(1.0 - frequency)), allowed)
            }
            _ => (found, ""),
        };
        value.ok_or_else(|| CalibrateError::CovariateValue {
            covariate: self.to_string(),
            found: cell.to_owned(),
            allowed,
            place: place(),
        })
    }

    /// Returns the number on the scale on which it is matched.
    pub(super) fn scaled(&self, value: f64) -> f64 {
        match self {
            Self::TssDistance => (1.0 + value.abs()).log10(),
            _ => value,
        }
    }
}

/// Where covariates of a place come from.
pub(super) struct Surroundings<'a> {
    pub(super) reference: &'a FastaReference,
    pub(super) genes: Option<&'a Genes>,
    pub(super) gc_window_bp: u32,
}

impl Surroundings<'_> {
    /// Returns a covariate of a place (1-based) as it is matched; `None` where it has none.
    pub(super) fn of(
        &self,
        covariate: &Covariate,
        contig: &str,
        position: Position,
    ) -> Result<Option<f64>, CalibrateError> {
        Ok(match covariate {
            Covariate::Gc => self.gc(contig, position)?,
            Covariate::TssDistance => {
                let context = self
                    .genes
                    .and_then(|genes| genes.context(&ContigName::new(contig), position).ok());
                context.map(|context| covariate.scaled(context.distance_bp as f64))
            }
            Covariate::Maf | Covariate::Column(_) => None,
        })
    }

    fn gc(&self, contig: &str, position: Position) -> Result<Option<f64>, CalibrateError> {
        let Some(contig) = self.reference.contig_id(contig) else {
            return Ok(None);
        };
        let half = self.gc_window_bp / 2;
        let first = position.checked_sub(half).or(Position::new(1));
        let interval = first.and_then(|first| Interval::from_bases(first, position.checked_add(half)?));
        let Some(interval) = interval else { return Ok(None) };
        let mut bases = Vec::with_capacity(interval.len() as usize);
        self.reference.fetch(contig, interval, &mut bases)?;
        let of = |wanted: &[u8]| bases.iter().filter(|base| wanted.contains(base)).count() as f64;
        let known = of(b"ACGT");
        Ok((known > 0.0).then(|| of(b"GC") / known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_folded_and_others_are_refused() {
        let place = || "a.tsv, line 3".to_owned();
        assert_eq!(Covariate::Maf.read("0.75", place).unwrap(), 0.25);
        for cell in ["1.5", "0.1,0.2", "x", "inf"] {
            let error = Covariate::Maf.read(cell, place).unwrap_err();
            assert!(error.to_string().contains(cell), "{error}");
        }
        let column: Covariate = "depth".parse().unwrap();
        assert_eq!(column.read("1.5", place).unwrap(), 1.5);
        // log10(1 + 999) = 3, on either side of the start.
        assert_eq!(Covariate::TssDistance.scaled(-999.0), 3.0);
    }
}
