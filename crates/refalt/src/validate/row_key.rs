//! Which rows belong together: clusters that are resampled as one, groups that a mean goes over.

use super::carried::{Carried, CarriedColumn};
use super::measure::blocks;
use super::truth::Unit;
use refalt_core::Interval;
use refalt_core::stats::{StatsError, merged_loci};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

/// What rows have in common that belong together.
///
/// ```
/// use refalt::validate::RowKey;
///
/// assert_eq!(RowKey::read("position"), RowKey::Position);
/// assert_eq!(RowKey::read("10000"), RowKey::Loci(10_000));
/// assert_eq!(RowKey::read("ld_block"), RowKey::Column("ld_block".to_owned()));
/// // A column that is called like one of the others.
/// assert_eq!(RowKey::read("column:position"), RowKey::Column("position".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKey {
    /// Contig and position.
    Position,
    /// The contig.
    Chromosome,
    /// The locus: rows of one contig with at most so many bp between them, directly or through others.
    Loci(u32),
    /// The text of a column of the truth table.
    Column(String),
}

impl RowKey {
    /// Reads `position`, `chromosome`, a number of bp, `column:NAME`; anything else is the name of a column.
    pub fn read(text: &str) -> Self {
        match text {
            "position" => Self::Position,
            "chromosome" => Self::Chromosome,
            _ => match (text.parse(), text.strip_prefix("column:")) {
                (Ok(bp), _) => Self::Loci(bp),
                (_, Some(column)) => Self::Column(column.to_owned()),
                _ => Self::Column(text.to_owned()),
            },
        }
    }

    /// Returns the column of the truth table that is needed.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Column(column) => Some(column),
            _ => None,
        }
    }

    /// Numbers the rows of each key in order of first appearance, and names the keys where they have names.
    ///
    /// A row whose cell is missing stands alone as a cluster.
    pub(super) fn clusters(&self, units: &[&Unit], carried: &Carried) -> Result<Vec<u32>, StatsError> {
        let variants = || units.iter().map(|unit| &unit.variant).collect::<Vec<_>>();
        Ok(match self {
            Self::Position => numbered(&blocks(&variants(), NonZeroU32::MIN)),
            Self::Chromosome => {
                let contigs: Vec<&str> = units.iter().map(|unit| unit.variant.contig().as_str()).collect();
                numbered(&contigs)
            }
            Self::Loci(bp) => {
                let spans: Vec<(&str, Interval)> = units.iter().map(|unit| span(unit)).collect();
                merged_loci(&spans, *bp)?.of_rows().to_vec()
            }
            Self::Column(column) => {
                let cells = carried.texts(&CarriedColumn::Cluster(column.clone()));
                let keys: Vec<(Option<&str>, usize)> = cells
                    .iter()
                    .enumerate()
                    .map(|(row, cell)| (*cell, if cell.is_some() { 0 } else { row }))
                    .collect();
                numbered(&keys)
            }
        })
    }

    /// Names the group of each row; `None` where its cell is missing.
    pub(super) fn groups(&self, units: &[&Unit], carried: &Carried) -> Result<Vec<Option<String>>, StatsError> {
        let own = |unit: &&Unit| match self {
            Self::Position => format!("{}:{}", unit.variant.contig(), unit.variant.position().one_based()),
            _ => unit.variant.contig().to_string(),
        };
        Ok(match self {
            Self::Position | Self::Chromosome => units.iter().map(|unit| Some(own(unit))).collect(),
            Self::Loci(_) => {
                let loci = self.clusters(units, carried)?;
                loci.iter().map(|locus| Some(format!("locus {}", locus + 1))).collect()
            }
            Self::Column(column) => {
                let cells = carried.texts(&CarriedColumn::Group(column.clone()));
                cells.iter().map(|cell| cell.map(str::to_owned)).collect()
            }
        })
    }
}

/// The bases of REF that a unit is at.
pub(super) fn span(unit: &Unit) -> (&str, Interval) {
    let variant = &unit.variant;
    let bases = variant.reference_bases().as_bytes().len().max(1) as u32;
    let interval = Interval::at(variant.position(), bases);
    // A checked variant lies on its contig, whose length is a number of 32 bits.
    (
        variant.contig().as_str(),
        interval.unwrap_or_else(|| Interval::at(refalt_core::Position::FIRST, 1).expect("base 1 is a base")),
    )
}

/// Numbers keys in order of first appearance.
pub(super) fn numbered<K: Ord>(keys: &[K]) -> Vec<u32> {
    let mut numbers: BTreeMap<&K, u32> = BTreeMap::new();
    let number = |key| {
        let next = numbers.len() as u32;
        *numbers.entry(key).or_insert(next)
    };
    keys.iter().map(number).collect()
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position => f.write_str("position"),
            Self::Chromosome => f.write_str("chromosome"),
            Self::Loci(bp) => write!(f, "loci within {bp} bp"),
            Self::Column(column) => write!(f, "column {column}"),
        }
    }
}

impl Serialize for RowKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
