//! How many tracks there are by cell line, factor, output type or any other field.

use crate::figure::track_coverage::COLUMN_ORDER;
use crate::figure::{CoverageColumn, CoverageRow, Labels, TrackCoverage};
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
/// use refalt::core::Organism;
/// use refalt::track_catalogue::tracks;
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

/// Makes the figure of the groups with the most tracks.
///
/// Output types of which no track is in a group, as splice sites are of no cell line, are left out and named in the
/// caption.
///
/// * `most`: rows that are shown at most.
pub fn coverage(sets: &[TrackSet], by: Grouping, most: usize, mut labels: Labels) -> TrackCoverage {
    let counts = count(sets, by);
    let is_grouped = |output: &OutputType| counts.rows.iter().any(|row| row.outputs.contains_key(output));
    let left_out: Vec<&str> = sets
        .iter()
        .map(|set| &set.output)
        .filter(|output| !is_grouped(output))
        .map(|output| output.name())
        .collect();
    if !left_out.is_empty() {
        let note = format!(
            "Without a {}: {}.",
            by.to_string().replace('-', " "),
            left_out.join(", ")
        );
        labels.caption = [labels.caption.as_str(), &note].join(" ").trim().to_owned();
    }
    let of = |output: OutputType| sets.iter().find(|set| set.output == output && is_grouped(&output));
    let columns: Vec<CoverageColumn> = COLUMN_ORDER
        .into_iter()
        .filter_map(of)
        .map(|set| CoverageColumn {
            output: set.output,
            resolution_bp: set.resolution.bp(),
        })
        .collect();
    let row = |counted: &Counted| CoverageRow {
        label: counted.value.clone(),
        detail: counted.beside.clone().unwrap_or_default(),
        tracks: columns
            .iter()
            .map(|column| counted.outputs.get(&column.output).copied().unwrap_or(0))
            .collect(),
    };
    let row_title = by.to_string().replace('-', " ");
    if most < counts.rows.len() {
        let part = format!(
            "the {most} of {} groups by {row_title} with the most",
            counts.rows.len()
        );
        labels.subtitle = [labels.subtitle.as_str(), &part].join("; ");
    }
    TrackCoverage {
        labels,
        row_title,
        rows: counts.rows.iter().take(most).map(row).collect(),
        columns,
        total: counts.rows.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track_catalogue::tracks;
    use refalt_core::Organism;

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
    fn a_figure_has_the_numbers_of_the_groups() {
        let labels = Labels {
            name: "cell_lines".to_owned(),
            ..Labels::default()
        };
        let coverage = coverage(tracks(Organism::Human), Grouping::CellLine, 2, labels);
        assert_eq!(
            (coverage.rows.len(), coverage.total, coverage.columns.len()),
            (2, 250, 10)
        );
        assert_eq!(coverage.labels.caption, "Without a cell line: SPLICE_SITES.");
        // ATAC, DNASE, CHIP_HISTONE, CHIP_TF, CAGE, PROCAP, RNA_SEQ, usage, junctions, contacts.
        assert_eq!(coverage.rows[0].tracks, [1, 1, 10, 539, 2, 0, 5, 4, 2, 1]);
        assert_eq!(coverage.rows[1].tracks, [1, 1, 10, 306, 2, 2, 5, 4, 2, 0]);
        assert!(
            coverage
                .draw()
                .unwrap()
                .tsv
                .contains("HepG2\tEFO:0001187\tfactor binding\tCHIP_TF\t128\t539\n")
        );
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
