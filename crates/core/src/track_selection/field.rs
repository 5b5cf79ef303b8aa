//! The fields of a track that a selection can name.

use crate::nearest::nearest;
use crate::strand::sign_or_dot;
use crate::track::{OutputType, Track, TrackSet};
use std::fmt;

/// A field of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Output type.
    Output,
    /// Transcription factor.
    Factor,
    /// Histone mark.
    Histone,
    /// Name of the biosample.
    Biosample,
    /// Kind of biosample.
    BiosampleType,
    /// Ontology term of the biosample.
    Ontology,
    /// Assay.
    Assay,
    /// Strand.
    Strand,
    /// Name of the track.
    Name,
    /// GTEx tissue.
    Tissue,
    /// Life stage of the biosample.
    LifeStage,
    /// Where the measurements come from.
    Source,
    /// Single or paired reads.
    Endedness,
    /// Whether the biosample was genetically modified.
    Modified,
}

/// A line of the table of fields.
struct Row {
    field: Field,
    name: &'static str,
    /// Column of the score table, also understood as the name of the field.
    column: &'static str,
    docs: &'static str,
}

const fn row(field: Field, name: &'static str, column: &'static str, docs: &'static str) -> Row {
    Row {
        field,
        name,
        column,
        docs,
    }
}

/// Every field, in the order of the documentation and of [`Field`].
const ROWS: [Row; 14] = [
    row(Field::Output, "output", "output_type", "output type, `CHIP_TF`"),
    row(
        Field::Factor,
        "tf",
        "transcription_factor",
        "transcription factor, `GABPA`",
    ),
    row(Field::Histone, "histone", "histone_mark", "histone mark, `H3K27ac`"),
    row(
        Field::Biosample,
        "biosample",
        "biosample_name",
        "cell line, cell type or tissue, `HepG2`",
    ),
    row(
        Field::BiosampleType,
        "biosample_type",
        "biosample_type",
        "`cell_line`, `tissue`, `primary_cell`, `in_vitro_differentiated_cells` and the like",
    ),
    row(
        Field::Ontology,
        "ontology",
        "ontology_curie",
        "ontology term of the biosample, `EFO:0001187`",
    ),
    row(Field::Assay, "assay", "Assay title", "assay, `total RNA-seq`"),
    row(
        Field::Strand,
        "strand",
        "track_strand",
        "`+`, `-`, or `.` for tracks without strand",
    ),
    row(Field::Name, "name", "track_name", "name of the track"),
    row(Field::Tissue, "tissue", "gtex_tissue", "GTEx tissue, `Brain_Cortex`"),
    row(
        Field::LifeStage,
        "life_stage",
        "biosample_life_stage",
        "life stage of the biosample, `adult`",
    ),
    row(
        Field::Source,
        "data_source",
        "data_source",
        "`encode`, `gtex`, `fantom`, `4dnucleome`",
    ),
    row(Field::Endedness, "endedness", "endedness", "`single` or `paired` reads"),
    row(
        Field::Modified,
        "modified",
        "genetically_modified",
        "`true` where the biosample was genetically modified, else `false`",
    ),
];

impl Field {
    /// Every field, in the order of the documentation.
    pub const ALL: [Self; 14] = [
        Self::Output,
        Self::Factor,
        Self::Histone,
        Self::Biosample,
        Self::BiosampleType,
        Self::Ontology,
        Self::Assay,
        Self::Strand,
        Self::Name,
        Self::Tissue,
        Self::LifeStage,
        Self::Source,
        Self::Endedness,
        Self::Modified,
    ];

    /// The fields that a word without a field is compared with.
    pub const ANY: [Self; 7] = [
        Self::Factor,
        Self::Histone,
        Self::Biosample,
        Self::Ontology,
        Self::Assay,
        Self::Tissue,
        Self::Name,
    ];

    const fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Returns the name, `tf`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the column of the score table that holds the field, `transcription_factor`.
    pub const fn column(self) -> &'static str {
        self.row().column
    }

    /// Says what the field holds.
    pub const fn docs(self) -> &'static str {
        self.row().docs
    }

    /// Reads the name of a field, or of its column, without regard to case.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = |row: &&Row| row.name.eq_ignore_ascii_case(name) || row.column.eq_ignore_ascii_case(name);
        ROWS.iter().find(named).map(|row| row.field)
    }

    /// Returns the names that may be meant by an unknown one.
    pub(super) fn nearest(name: &str) -> Vec<String> {
        let near = nearest(name, ROWS.iter().flat_map(|row| [row.name, row.column]));
        let mut names: Vec<String> = Vec::new();
        for name in near {
            let name = Self::from_name(&name).map_or(name, |field| field.name().to_owned());
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns the value of a track; `None` where the track does not have the field or has the empty text.
    pub fn of<'a>(self, set: &TrackSet, track: &'a Track) -> Option<&'a str> {
        let value = match self {
            Self::Output => Some(set.output.name()),
            Self::Factor => track.transcription_factor.as_deref(),
            Self::Histone => track.histone_mark.as_deref(),
            Self::Biosample => track.biosample_name.as_deref(),
            Self::BiosampleType => track.biosample_type.as_deref(),
            Self::Ontology => track.ontology_curie.as_deref(),
            Self::Assay => track.assay_title.as_deref(),
            Self::Strand => Some(sign_or_dot(track.strand)),
            Self::Name => Some(track.name.as_str()),
            Self::Tissue => track.gtex_tissue.as_deref(),
            Self::LifeStage => track.biosample_life_stage.as_deref(),
            Self::Source => track.data_source.as_deref(),
            Self::Endedness => track.endedness.as_deref(),
            Self::Modified => track.genetically_modified.map(|is| if is { "true" } else { "false" }),
        };
        value.filter(|value| !value.is_empty())
    }

    /// Says whether a value is the one asked for: without regard to case, ontology terms exactly.
    pub fn is(self, value: &str, wanted: &str) -> bool {
        match self {
            Self::Ontology => value == wanted,
            _ => value.eq_ignore_ascii_case(wanted),
        }
    }

    /// Writes a value of a field with few values as it is stored; `None` when the field does not have the value.
    ///
    /// Output types and strands have names of their own, whatever tracks there are; other fields take any value.
    pub(super) fn stored(self, value: &str) -> Option<String> {
        match self {
            Self::Output => OutputType::from_name(&value.to_ascii_uppercase()).map(|output| output.name().to_owned()),
            Self::Strand => match value.to_ascii_lowercase().as_str() {
                "+" | "plus" | "positive" | "forward" => Some("+".to_owned()),
                "-" | "minus" | "negative" | "reverse" => Some("-".to_owned()),
                "." | "none" | "unstranded" => Some(".".to_owned()),
                _ => None,
            },
            Self::Modified => match value.to_ascii_lowercase().as_str() {
                "true" | "yes" => Some("true".to_owned()),
                "false" | "no" => Some("false".to_owned()),
                _ => None,
            },
            _ => Some(value.to_owned()),
        }
    }

    /// Returns the values of a field with few values; none for the others.
    pub(super) fn allowed(self) -> Vec<&'static str> {
        match self {
            Self::Output => OutputType::ALL.into_iter().map(OutputType::name).collect(),
            Self::Strand => vec!["+", "-", "."],
            Self::Modified => vec!["true", "false"],
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_fields() {
        assert_eq!(ROWS.map(|row| row.field), Field::ALL);
        for field in Field::ALL {
            assert_eq!(Field::from_name(field.name()), Some(field));
            assert_eq!(Field::from_name(&field.column().to_uppercase()), Some(field));
        }
        assert_eq!(Field::from_name("cell"), None);
    }

    #[test]
    fn fields_are_the_columns_of_the_score_table() {
        for field in Field::ALL {
            let known = crate::score::COLUMNS.iter().any(|column| column.name == field.column());
            assert!(known, "{field}");
        }
    }

    #[test]
    fn a_misspelt_field_has_near_names() {
        assert_eq!(Field::nearest("biosampl"), ["biosample", "biosample_type"]);
        assert_eq!(Field::nearest("organ"), Vec::<String>::new());
    }
}
