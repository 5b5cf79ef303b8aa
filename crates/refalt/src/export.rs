//! A score folder in the formats of other programs: VCF, BCF, TSV, bedGraph, bigWig, matrices.
//!
//! One file for each format. All of them stream the folder: memory does not grow with the score table. Where records
//! have to be in another order than the input's, they are sorted in temporary files.

mod bcf;
mod bedgraph;
mod bigwig;
mod error;
mod header;
mod matrix;
pub(crate) mod record;
mod selection;
mod spelling;
mod summary;
mod tsv;
mod vcf;

pub use error::ExportError;
pub use summary::Summary;
pub(crate) use tsv::TextFile;

use crate::engine::MixedSources;
use crate::score_folder::ScoreFolder;
use selection::Selection;
use std::path::{Path, PathBuf};

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// VCF 4.3; bgzip and a tabix or CSI index when the name ends in `.gz` or `.bgz`.
    Vcf,
    /// BCF 2.2 with a CSI index.
    Bcf,
    /// The tidy table as text.
    Tsv,
    /// One scorer on one track along the genome.
    BedGraph,
    /// The same, indexed and with zooms.
    BigWig,
    /// One scorer, variants by tracks, as text, or as Parquet when the name ends in `.parquet`.
    Matrix,
}

/// A format with its name and what it is.
#[derive(Clone, Copy, Debug)]
pub struct FormatEntry {
    /// The format.
    pub format: Format,
    /// The name, `vcf`.
    pub name: &'static str,
    /// What is written, in a line.
    pub docs: &'static str,
}

/// The formats.
pub const FORMATS: &[FormatEntry] = &[
    FormatEntry {
        format: Format::Vcf,
        name: "vcf",
        docs: "one record for each input row, INFO keys for each scorer and summary; .gz: bgzip with an index",
    },
    FormatEntry {
        format: Format::Bcf,
        name: "bcf",
        docs: "the same as BCF with a CSI index",
    },
    FormatEntry {
        format: Format::Tsv,
        name: "tsv",
        docs: "the score table as text, one row for each variant, scorer, gene and track; .gz: bgzip",
    },
    FormatEntry {
        format: Format::BedGraph,
        name: "bedgraph",
        docs: "one scorer on one track along the genome, one value for a position; .gz: bgzip",
    },
    FormatEntry {
        format: Format::BigWig,
        name: "bigwig",
        docs: "the same as bigWig, for genome browsers",
    },
    FormatEntry {
        format: Format::Matrix,
        name: "matrix",
        docs: "one scorer, variants by tracks, as text or (.parquet) as Parquet; .gz: bgzip",
    },
];

impl Format {
    /// Looks a name up, `vcf`.
    pub fn from_name(name: &str) -> Option<Self> {
        FORMATS
            .iter()
            .find(|entry| entry.name == name)
            .map(|entry| entry.format)
    }
}

/// What of a folder is written, and how.
#[derive(Clone, Debug, Default)]
pub struct ExportOptions {
    /// Scorers by short name or text; all when empty.
    pub scorers: Vec<String>,
    /// The whole name of a track or transcription factor, or a selection in the language of
    /// [`refalt_core::track_selection`]; all tracks when not given.
    pub tracks: Option<String>,
    /// Summaries over the tracks (VCF, BCF); all when empty.
    pub summaries: Vec<String>,
    /// How several scores at one position become one (bedGraph, bigWig): `max`, `min`, `mean` or `signed_max`.
    pub aggregate: Option<String>,
    /// The reference, for the lengths of contigs (bigWig) where the run does not know the assembly.
    pub reference: Option<PathBuf>,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportReport {
    /// Records or lines, without those of headers.
    pub records: u64,
    /// Of them those of rows without scores.
    pub unscored: u64,
    /// What was taken in place of what was written, of a selection of tracks.
    pub statements: Vec<String>,
    /// The selected scorers whose scores come from several sources.
    pub mixed_sources: Vec<MixedSources>,
    /// The files, the index included.
    pub files: Vec<PathBuf>,
}

/// Writes a score folder in another format.
///
/// * `out`: the file; its ending decides on compression. It is whole or absent.
///
/// # Errors
/// [`ExportError`] when the folder cannot be read, its content was changed, a name is unknown, or the file cannot be
/// written.
pub fn export(
    folder: &ScoreFolder,
    format: Format,
    out: &Path,
    options: &ExportOptions,
) -> Result<ExportReport, ExportError> {
    let selection = Selection::of(folder, options)?;
    let summaries = Summary::all_of(&options.summaries)?;
    let aggregate = options.aggregate.as_deref().map(bedgraph::aggregate).transpose()?;
    folder.verify()?;
    let mut report = match format {
        Format::Vcf => vcf::write(folder, out, vcf::Kind::Vcf, &selection, &summaries),
        Format::Bcf => vcf::write(folder, out, vcf::Kind::Bcf, &selection, &summaries),
        Format::Tsv => tsv::write(folder, out, &selection),
        Format::BedGraph => bedgraph::write(folder, out, &selection, aggregate),
        Format::BigWig => bigwig::write(folder, out, &selection, aggregate, options.reference.as_deref()),
        Format::Matrix => matrix::write(folder, out, &selection),
    }?;
    report.mixed_sources = selection.mixed_sources(folder);
    report.statements = selection.statements;
    Ok(report)
}

/// Says whether the name of a file asks for compression.
fn is_compressed(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("gz") || ending.eq_ignore_ascii_case("bgz"))
}

/// Returns the folder of a file.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
