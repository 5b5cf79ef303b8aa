//! The rows and columns of the published tidy table: which there are, and in which order.
//!
//! The rules are those of `tidy_scores` of the published Python client 0.10.0. A writer asks [`rows`] for the order of
//! a block of scores and [`columns`] for the columns of a table; the table of refalt always has all columns.

use crate::score::COLUMNS;
use crate::scorer::{GeneRow, ScoreRows};
use crate::strand::Strand;
use crate::track::Track;

/// The order of the rows of one block, `[rows x tracks]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowOrder {
    /// Track after track, in each its genes: what nested lists of scores give, and refalt writes.
    #[default]
    TrackMajor,
    /// Gene after gene, in each its tracks: what a flat list of scores gives.
    GeneMajor,
}

/// Which rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TidyOptions {
    /// Leave out rows whose gene and track lie on different strands; tracks without strand stay.
    pub match_gene_strand: bool,
    /// The order.
    pub order: RowOrder,
}

impl Default for TidyOptions {
    /// The published default: strands are matched, and nested lists.
    fn default() -> Self {
        Self {
            match_gene_strand: true,
            order: RowOrder::TrackMajor,
        }
    }
}

/// A row of the tidy table, as a place in its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TidyRow<'a> {
    /// The gene or junction, `None` for a score that is about no gene.
    pub gene: Option<&'a GeneRow>,
    /// Row of the block.
    pub row: usize,
    /// Track of the block: the column.
    pub track: usize,
}

/// Says whether a row of a gene and a track is in the table when strands are matched.
///
/// A score of NaN is kept: only strands decide.
pub const fn strands_match(gene: Option<Strand>, track: Option<Strand>) -> bool {
    !matches!(
        (gene, track),
        (Some(Strand::Forward), Some(Strand::Reverse)) | (Some(Strand::Reverse), Some(Strand::Forward))
    )
}

/// Returns the rows of a block in their order.
pub fn rows<'a>(block: &'a ScoreRows, tracks: &'a [Track], options: TidyOptions) -> impl Iterator<Item = TidyRow<'a>> {
    let (genes, count) = (block.len(), tracks.len());
    let gene_of = move |row: usize| match block {
        ScoreRows::One => None,
        ScoreRows::Genes(genes) => genes.get(row),
    };
    (0..genes * count)
        .map(move |place| match options.order {
            RowOrder::TrackMajor => (place % genes, place / genes),
            RowOrder::GeneMajor => (place / count, place % count),
        })
        .map(move |(row, track)| TidyRow {
            gene: gene_of(row),
            row,
            track,
        })
        .filter(move |row| {
            let gene = row.gene.and_then(|gene| gene.gene.strand);
            !options.match_gene_strand || strands_match(gene, tracks[row.track].strand)
        })
}

/// A column of the tidy table that describes tracks, in the order of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the columns")]
pub enum TrackColumn {
    AssayTitle,
    OntologyCurie,
    BiosampleName,
    BiosampleType,
    BiosampleLifeStage,
    GtexTissue,
    DataSource,
    Endedness,
    GeneticallyModified,
    TranscriptionFactor,
    HistoneMark,
}

impl TrackColumn {
    /// Every column, in the order of one block.
    pub const ALL: [Self; 11] = [
        Self::AssayTitle,
        Self::OntologyCurie,
        Self::BiosampleName,
        Self::BiosampleType,
        Self::BiosampleLifeStage,
        Self::GtexTissue,
        Self::DataSource,
        Self::Endedness,
        Self::GeneticallyModified,
        Self::TranscriptionFactor,
        Self::HistoneMark,
    ];

    /// Returns the name of the column.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AssayTitle => "Assay title",
            Self::OntologyCurie => "ontology_curie",
            Self::BiosampleName => "biosample_name",
            Self::BiosampleType => "biosample_type",
            Self::BiosampleLifeStage => "biosample_life_stage",
            Self::GtexTissue => "gtex_tissue",
            Self::DataSource => "data_source",
            Self::Endedness => "endedness",
            Self::GeneticallyModified => "genetically_modified",
            Self::TranscriptionFactor => "transcription_factor",
            Self::HistoneMark => "histone_mark",
        }
    }

    /// Returns the value of a track, `None` when it has none.
    pub fn of(self, track: &Track) -> Option<&str> {
        match self {
            Self::AssayTitle => track.assay_title.as_deref(),
            Self::OntologyCurie => track.ontology_curie.as_deref(),
            Self::BiosampleName => track.biosample_name.as_deref(),
            Self::BiosampleType => track.biosample_type.as_deref(),
            Self::BiosampleLifeStage => track.biosample_life_stage.as_deref(),
            Self::GtexTissue => track.gtex_tissue.as_deref(),
            Self::DataSource => track.data_source.as_deref(),
            Self::Endedness => track.endedness.as_deref(),
            Self::GeneticallyModified => track
                .genetically_modified
                .map(|flag| if flag { "True" } else { "False" }),
            Self::TranscriptionFactor => track.transcription_factor.as_deref(),
            Self::HistoneMark => track.histone_mark.as_deref(),
        }
    }
}

/// What is scored in a table; a table has one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scored {
    /// Variants in windows.
    Variants,
    /// Intervals.
    Intervals,
}

/// What a block brings to the columns of a table.
#[derive(Clone, Copy, Debug)]
pub struct BlockColumns<'a> {
    /// The tracks; a column is there when one of them has a value.
    pub tracks: &'a [Track],
    /// Whether the block has quantile scores.
    pub has_quantiles: bool,
}

/// Returns the columns of a table of some blocks, none of them without rows.
///
/// Columns of tracks come in order of first appearance over the blocks; the scores come last.
///
/// * `extended`: with the columns that describe tracks beyond name and strand.
pub fn columns<'a>(
    scored: Scored,
    blocks: impl IntoIterator<Item = BlockColumns<'a>>,
    extended: bool,
) -> Vec<&'static str> {
    let shared = COLUMNS.iter().map(|column| column.name);
    let shared = shared.take_while(|&name| name != TrackColumn::ALL[0].name());
    let mut columns: Vec<&'static str> = match scored {
        Scored::Variants => shared.collect(),
        Scored::Intervals => shared
            .filter(|&name| name != "variant_id")
            .map(|name| {
                if name == "variant_scorer" {
                    "interval_scorer"
                } else {
                    name
                }
            })
            .collect(),
    };
    let mut has_quantiles = false;
    for block in blocks {
        has_quantiles |= block.has_quantiles;
        for column in TrackColumn::ALL {
            let present = || block.tracks.iter().any(|track| column.of(track).is_some());
            if extended && !columns.contains(&column.name()) && present() {
                columns.push(column.name());
            }
        }
    }
    columns.push("raw_score");
    if has_quantiles {
        columns.push("quantile_score");
    }
    columns
}
