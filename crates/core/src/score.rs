//! The one definition of a result: a row of the score table.
//!
//! A row is one variant by one scorer by one track, and by one gene for scorers that work by gene; [`crate::tidy`] has
//! the order of the rows. The Parquet schema, the documentation of columns and whatever reads the table are derived from
//! [`COLUMNS`]. The first 25 columns are those of `tidy_scores` of the published Python client 0.10.0, in its
//! order and under its names; refalt's own follow.

mod origin;

pub use origin::{Origin, UtcDay};

use crate::scorer::ScoreRows;
use crate::variant::CheckedVariant;
use crate::window::{RefAlt, Window};
use std::sync::Arc;

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Text, dictionary-encoded.
    Text,
    /// 32-bit float.
    Float32,
    /// Signed 64-bit integer.
    Int64,
    /// True or false.
    Boolean,
}

/// Who defines a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnOrigin {
    /// The tidy table of the published Python client.
    Tidy,
    /// refalt.
    Refalt,
}

/// A column of the score table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name, as in the file.
    pub name: &'static str,
    /// Type.
    pub kind: ColumnType,
    /// Whether a row may have no value.
    pub nullable: bool,
    /// Who defines it.
    pub origin: ColumnOrigin,
    /// What it says.
    pub docs: &'static str,
}

const fn tidy(name: &'static str, kind: ColumnType, nullable: bool, docs: &'static str) -> Column {
    Column {
        name,
        kind,
        nullable,
        origin: ColumnOrigin::Tidy,
        docs,
    }
}

const fn own(name: &'static str, kind: ColumnType, nullable: bool, docs: &'static str) -> Column {
    Column {
        name,
        kind,
        nullable,
        origin: ColumnOrigin::Refalt,
        docs,
    }
}

use ColumnType::{Boolean, Float32, Int64, Text};

/// The columns of the score table, in order.
pub const COLUMNS: &[Column] = &[
    tidy(
        "variant_id",
        Text,
        false,
        "Variant in normal form, `chr22:36201698:A>C`; position 1-based.",
    ),
    tidy(
        "scored_interval",
        Text,
        false,
        "Window that the model read, `chr22:35677410-36725986:.`; 0-based, half-open; may begin below 0 and end past the contig.",
    ),
    tidy(
        "gene_id",
        Text,
        true,
        "Gene without version, for scorers that work by gene.",
    ),
    tidy("gene_name", Text, true, "Gene symbol."),
    tidy("gene_type", Text, true, "Biotype of the gene."),
    tidy("gene_strand", Text, true, "Strand of the gene, `+` or `-`."),
    tidy("junction_Start", Int64, true, "First base of the junction (0-based)."),
    tidy("junction_End", Int64, true, "End of the junction (0-based, exclusive)."),
    tidy(
        "output_type",
        Text,
        false,
        "Output type that the scorer reads, `CHIP_TF`.",
    ),
    tidy(
        "variant_scorer",
        Text,
        false,
        "Scorer in its published text; the same text reads it back.",
    ),
    tidy("track_name", Text, false, "Name of the track."),
    tidy("track_strand", Text, false, "Strand of the track: `+`, `-` or `.`."),
    tidy("Assay title", Text, true, "Assay of the track."),
    tidy(
        "ontology_curie",
        Text,
        true,
        "Ontology term of the biosample, `EFO:0001187`.",
    ),
    tidy("biosample_name", Text, true, "Name of the biosample."),
    tidy("biosample_type", Text, true, "Kind of biosample, `cell_line`."),
    tidy("biosample_life_stage", Text, true, "Life stage of the biosample."),
    tidy(
        "data_source",
        Text,
        true,
        "Where the measurements behind the track come from.",
    ),
    tidy("endedness", Text, true, "`paired` or `single`."),
    tidy(
        "genetically_modified",
        Boolean,
        true,
        "Whether the biosample was genetically modified.",
    ),
    tidy(
        "transcription_factor",
        Text,
        true,
        "Transcription factor of a CHIP_TF track.",
    ),
    tidy("histone_mark", Text, true, "Histone mark of a CHIP_HISTONE track."),
    tidy(
        "gtex_tissue",
        Text,
        true,
        "GTEx tissue; the empty text for tracks of other sources.",
    ),
    tidy(
        "raw_score",
        Float32,
        false,
        "Score; NaN where the scorer is not defined.",
    ),
    tidy(
        "quantile_score",
        Float32,
        true,
        "Rank of the score among common variants; only models that are calibrated give it.",
    ),
    own(
        "row",
        Int64,
        false,
        "Row of the input (1-based, each alternate allele counts); joins `variants.parquet`.",
    ),
    own(
        "chrom",
        Text,
        false,
        "Contig of the variant, named as the reference names it.",
    ),
    own("pos", Int64, false, "First base of REF in normal form (1-based)."),
    own("ref", Text, false, "REF in normal form."),
    own("alt", Text, false, "ALT in normal form."),
    own(
        "score_kind",
        Text,
        false,
        "What the number is: `signed_effect`, `unsigned_effect` or `activity`. Kinds are never mixed.",
    ),
    own(
        "window_known",
        Float32,
        false,
        "Share of the window's bases that the reference knows; the rest was N.",
    ),
    own(
        "source",
        Text,
        false,
        "Where the score comes from: the name of the model or service.",
    ),
    own(
        "model_version",
        Text,
        false,
        "Version of the model, as the source states it.",
    ),
    own(
        "repair",
        Text,
        true,
        "Repair that the user chose and that was applied to the input row; none when the row is as written.",
    ),
    own(
        "reference_term",
        Float32,
        true,
        "Term of REF in the score, where it is asked for: an effect is the term of ALT minus that of REF, an activity the larger.",
    ),
    own(
        "alternate_term",
        Float32,
        true,
        "Term of ALT in the score, like that of REF.",
    ),
    own(
        "answered_on",
        Text,
        true,
        "Day on which a service gave the score, `2026-11-20` (UTC); none for scores that are computed here.",
    ),
];

/// The columns that a table of interval scores has beyond those of the published one, by name in [`COLUMNS`] or here.
const INTERVAL_OWN: &[Column] = &[
    own(
        "row",
        Int64,
        false,
        "Row of the input (1-based); joins `intervals.parquet`.",
    ),
    own("name", Text, true, "Name of the interval, where its line has one."),
    own(
        "chrom",
        Text,
        false,
        "Contig of the interval, named as the reference names it.",
    ),
    own("start", Int64, false, "First base of the interval as given (0-based)."),
    own(
        "end",
        Int64,
        false,
        "End of the interval as given (0-based, exclusive).",
    ),
];

/// The columns of refalt that tables of variants and of intervals have in common.
const SHARED_OWN: [&str; 5] = ["score_kind", "window_known", "source", "model_version", "answered_on"];

/// Returns the columns of the table of interval scores, in order.
///
/// The first 24 are those of `tidy_scores` on interval scores: [`COLUMNS`] without `variant_id`, and `interval_scorer` in
/// place of `variant_scorer`.
pub fn interval_columns() -> Vec<Column> {
    let published = COLUMNS.iter().filter(|column| column.origin == ColumnOrigin::Tidy);
    let renamed = published
        .filter(|column| column.name != "variant_id")
        .map(|column| Column {
            name: match column.name {
                "variant_scorer" => "interval_scorer",
                name => name,
            },
            ..*column
        });
    let shared = COLUMNS.iter().filter(|column| SHARED_OWN.contains(&column.name));
    renamed
        .chain(INTERVAL_OWN.iter().copied())
        .chain(shared.copied())
        .collect()
}

/// The columns of the table of intervals, in order: what became of each.
pub const INTERVAL_COLUMNS: &[Column] = &[
    own("row", Int64, false, "Row of the input (1-based)."),
    own(
        "line",
        Int64,
        true,
        "Line of the file (1-based); none for intervals that were written out.",
    ),
    own("name", Text, true, "Name of the interval, where its line has one."),
    own(
        "as_written",
        Text,
        false,
        "The interval as `chr1:1001-2000` (1-based, inclusive), its contig as written.",
    ),
    own(
        "status",
        Text,
        false,
        "`scored`, `no_gene` (scored, and no gene starts in the target of any scorer), `rejected` or `failed`.",
    ),
    own("code", Text, true, "Reason in a word, for rejected rows."),
    own(
        "reason",
        Text,
        true,
        "Reason in a sentence, for rejected and failed rows.",
    ),
    own("chrom", Text, true, "Contig, named as the reference names it."),
    own("start", Int64, false, "First base of the interval as given (0-based)."),
    own(
        "end",
        Int64,
        false,
        "End of the interval as given (0-based, exclusive).",
    ),
    own(
        "scored_interval",
        Text,
        true,
        "Window that the model read (0-based, half-open).",
    ),
    own(
        "window_known",
        Float32,
        true,
        "Share of the window's bases that the reference knows; the rest was N.",
    ),
    own("genes", Int64, false, "Genes with scores, over all scorers."),
    own("scores", Int64, false, "Rows of the table of scores."),
];

/// The columns of the summaries, in order.
pub const SUMMARY_COLUMNS: &[Column] = &[
    own("row", Int64, false, "Row of the input; joins `variants.parquet`."),
    own("variant_id", Text, false, "Variant in normal form."),
    own(
        "level",
        Text,
        false,
        "What is summed up: `scorer` (a variant by a scorer), `output_type` (a variant by an output type and kind of score, over scorers) or `gene` (a variant by a gene and scorer).",
    ),
    own("output_type", Text, false, "Output type of the scores."),
    own(
        "score_kind",
        Text,
        false,
        "What the scores are: `signed_effect`, `unsigned_effect` or `activity`; one for each summary.",
    ),
    own("variant_scorer", Text, true, "Scorer; none at the level `output_type`."),
    own("gene_id", Text, true, "Gene without version; only at the level `gene`."),
    own("gene_name", Text, true, "Gene symbol; only at the level `gene`."),
    own("tracks", Int64, false, "Tracks behind the summary."),
    own(
        "scores",
        Int64,
        false,
        "Rows of the score table behind the summary, NaN included.",
    ),
    own(
        "nan",
        Int64,
        false,
        "How many of these scores are NaN; they enter nothing else.",
    ),
    own("max", Float32, true, "Largest score; none when all are NaN."),
    own("min", Float32, true, "Smallest score."),
    own("mean", Float32, true, "Mean score, summed in 64 bits."),
    own(
        "signed_max",
        Float32,
        true,
        "Score with the largest absolute value, with its sign; of equal ones that of the first track.",
    ),
    own("signed_max_track", Text, true, "Name of the track of `signed_max`."),
    own(
        "signed_max_strand",
        Text,
        true,
        "Strand of that track: `+`, `-` or `.`.",
    ),
    own("signed_max_scorer", Text, true, "Scorer of `signed_max`."),
    own(
        "signed_max_gene",
        Text,
        true,
        "Gene of `signed_max`, for scorers by gene.",
    ),
    own(
        "sources",
        Text,
        false,
        "Sources of the scores behind the summary, each with its model version, in the order of the scorers, separated by `; `. Scores of several sources need not be comparable.",
    ),
    own(
        "signed_max_source",
        Text,
        true,
        "Source of `signed_max`, with its model version.",
    ),
];

/// What all rows of one variant have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantPart {
    /// Row of the input (1-based).
    pub row: u64,
    /// The variant.
    pub variant: CheckedVariant,
    /// The window that the model read.
    pub window: Window,
    /// Share of the window's bases that are known, 0 to 1.
    pub window_known: f32,
    /// The repair applied to the input row, if any.
    pub repair: Option<String>,
}

/// Scores of one variant by one scorer: a block of rows of the table, one for each track, or for each gene and track.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreBlock {
    /// Index of the scorer in the plan.
    pub scorer: usize,
    /// What the rows of the scores are about.
    pub rows: ScoreRows,
    /// Raw scores, `[rows x tracks]`, row-major, tracks of the scorer's output in the model's order.
    pub raw: Vec<f32>,
    /// Quantile scores like the raw ones, if the model is calibrated.
    pub quantile: Option<Vec<f32>>,
    /// Terms of REF and ALT like the raw scores, if they are asked for.
    pub terms: Option<RefAlt<Vec<f32>>>,
    /// Where the scores come from; blocks of one answer share it.
    pub origin: Arc<Origin>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tidy_columns_come_first_and_have_the_published_names() {
        // Column order of `tidy_scores`, client 0.10.0, full human run.
        let published = [
            "variant_id",
            "scored_interval",
            "gene_id",
            "gene_name",
            "gene_type",
            "gene_strand",
            "junction_Start",
            "junction_End",
            "output_type",
            "variant_scorer",
            "track_name",
            "track_strand",
            "Assay title",
            "ontology_curie",
            "biosample_name",
            "biosample_type",
            "biosample_life_stage",
            "data_source",
            "endedness",
            "genetically_modified",
            "transcription_factor",
            "histone_mark",
            "gtex_tissue",
            "raw_score",
            "quantile_score",
        ];
        let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(names[..25], published);
        assert!(COLUMNS[25..].iter().all(|column| column.origin == ColumnOrigin::Refalt));
    }

    #[test]
    fn interval_scores_have_the_columns_of_the_published_table() {
        let names: Vec<&str> = interval_columns().iter().map(|column| column.name).collect();
        let published = COLUMNS[1..25].iter().map(|column| match column.name {
            "variant_scorer" => "interval_scorer",
            name => name,
        });
        assert_eq!(names[..24], published.collect::<Vec<_>>());
        let own = [
            "row",
            "name",
            "chrom",
            "start",
            "end",
            "score_kind",
            "window_known",
            "source",
            "model_version",
            "answered_on",
        ];
        assert_eq!(names[24..], own);
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COLUMNS.len());
    }
}
