//! How many tracks there are by cell line, factor, output type or any other field.

use refalt_core::track_selection::Field;
use refalt_core::{OutputType, TrackSet};
use std::collections::BTreeMap;
use std::fmt;

/// What tracks are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// The values of a field.
    Field(Field),
    /// The biosamples that are cell lines.
    CellLine,
}

impl Grouping {
    /// The biosample type of cell lines in the published tables.
    const CELL_LINE: &'static str = "cell_line";

    /// Reads `cell-line` or the name of a field, with `-` or `_`.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.replace('-', "_");
        match name.to_ascii_lowercase().as_str() {
            "cell_line" => Some(Self::CellLine),
            _ => Field::from_name(&name).map(Self::Field),
        }
    }

    /// Returns every name, `cell-line` first.
    pub fn names() -> Vec<String> {
        let fields = Field::ALL.into_iter().map(|field| field.name().replace('_', "-"));
        std::iter::once("cell-line".to_owned()).chain(fields).collect()
    }

    /// Returns the field whose values are the groups.
    pub const fn field(self) -> Field {
        match self {
            Self::Field(field) => field,
            Self::CellLine => Field::Biosample,
        }
    }
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => f.write_str(&field.name().replace('_', "-")),
            Self::CellLine => f.write_str("cell-line"),
        }
    }
}

/// The tracks of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The value.
    pub value: String,
    /// The ontology term of a biosample or tissue, the biosample of an ontology term; of the first track that has one.
    pub beside: Option<String>,
    /// Tracks.
    pub tracks: usize,
    /// Tracks of each output type, in the order of the published enumeration; types without one are left out.
    pub outputs: BTreeMap<OutputType, usize>,
}

/// Tracks counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The values, most tracks first, equal numbers by name.
    pub rows: Vec<Counted>,
    /// Tracks that have no value, or are not of a cell line.
    pub without: usize,
}

/// Counts tracks.
///
/// ```
/// use refalt::track_catalogue::count::{Grouping, count};
/// use refalt::track_catalogue::{Organism, tracks};
///
/// let lines = count(tracks(Organism::Human), Grouping::CellLine);
/// assert_eq!((lines.rows[0].value.as_str(), lines.rows[0].tracks), ("HepG2", 565));
/// ```
pub fn count(sets: &[TrackSet], by: Grouping) -> Counts {
    let field = by.field();
    let mut rows: BTreeMap<&str, Counted> = BTreeMap::new();
    let mut without = 0;
    for (set, track) in sets
        .iter()
        .flat_map(|set| set.tracks.iter().map(move |track| (set, track)))
    {
        let is_counted = by != Grouping::CellLine || track.biosample_type.as_deref() == Some(Grouping::CELL_LINE);
        let Some(value) = field.of(set, track).filter(|_| is_counted) else {
            without += 1;
            continue;
        };
        let row = rows.entry(value).or_insert_with(|| Counted {
            value: value.to_owned(),
            beside: None,
            tracks: 0,
            outputs: BTreeMap::new(),
        });
        if row.beside.is_none() {
            row.beside = match field {
                Field::Biosample | Field::Tissue => track.ontology_curie.clone(),
                Field::Ontology => track.biosample_name.clone(),
                _ => None,
            };
        }
        row.tracks += 1;
        *row.outputs.entry(set.output).or_default() += 1;
    }
    let mut rows: Vec<Counted> = rows.into_values().collect();
    rows.sort_by(|a, b| b.tracks.cmp(&a.tracks).then_with(|| a.value.cmp(&b.value)));
    Counts { rows, without }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track_catalogue::{Organism, tracks};

    #[test]
    fn groups_sum_to_all_tracks() {
        for organism in Organism::ALL {
            let sets = tracks(organism);
            let all: usize = sets.iter().map(|set| set.tracks.len()).sum();
            for name in Grouping::names() {
                let counts = count(sets, Grouping::from_name(&name).unwrap());
                let sum: usize = counts.rows.iter().map(|row| row.tracks).sum();
                assert_eq!(sum + counts.without, all, "{name}");
                for row in &counts.rows {
                    assert_eq!(row.outputs.values().sum::<usize>(), row.tracks, "{name} {}", row.value);
                }
            }
        }
    }

    #[test]
    fn cell_lines_come_with_the_most_tracks_first() {
        let counts = count(tracks(Organism::Human), Grouping::CellLine);
        let first: Vec<(&str, usize)> = counts
            .rows
            .iter()
            .take(5)
            .map(|row| (row.value.as_str(), row.tracks))
            .collect();
        // Counted in the published table with awk.
        assert_eq!(
            first,
            [
                ("HepG2", 565),
                ("K562", 333),
                ("GM12878", 125),
                ("HEK293", 111),
                ("MCF-7", 92)
            ]
        );
        assert_eq!(counts.rows[0].beside.as_deref(), Some("EFO:0001187"));
        // 5,563 - 2,458 tracks of cell lines
        assert_eq!(counts.without, 3_105);
    }
}
