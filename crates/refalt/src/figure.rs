//! Figures: SVG and PNG for the eye, TSV with the same numbers for everyone else.
//!
//! Each figure is a plain struct of numbers and labels with a `draw` method; drawing reads no files, clocks or
//! random numbers, and the same struct gives the same bytes. [`write()`] is the only function here that touches
//! the disk.
//!
//! Standard charts ([`scatter`], [`ranked_bars`], [`forest`], [`histogram`], [`curves`]) come from one chart
//! library; what is particular to genomics ([`effect_map`], [`logo`], [`locus`], [`track_coverage`],
//! [`tracks`], [`contact_map`], [`junctions`]) is drawn on our own SVG layer.
//! Both end on the same canvas with the same typeface, sizes and colours. `docs/figures.md` says how to add one.

mod drawing;

pub mod contact_map;
pub mod curves;
pub mod effect_map;
pub mod files;
pub mod forest;
pub mod histogram;
pub mod junctions;
pub mod locus;
pub mod logo;
pub mod ranked_bars;
pub mod scatter;
pub mod track_coverage;
pub mod tracks;

pub use contact_map::{ContactMapPlot, ContactMapTrack};
pub use curves::{Curve, Curves};
pub use effect_map::{ColourLimit, EffectMap, EffectMark, EffectPanel};
pub use files::{DrawnFigure, FigureFiles, draw_new, write};
pub use forest::{Forest, ForestMark, ForestRow};
pub use histogram::Histogram;
pub use junctions::{JunctionArc, JunctionPlot, JunctionTrack};
pub use locus::{Feature, FeatureKind, Locus, LocusVariant, Tss};
pub use logo::{Logo, LogoMotif, LogoPanel};
pub use ranked_bars::{RankedBar, RankedBars};
pub use scatter::{Fit, Point, Scatter};
pub use track_coverage::{CoverageColumn, CoverageRow, TrackCoverage};
pub use tracks::{GeneModel, MarkedVariant, TrackPlot, TrackRow};

/// Weight and TrueType bytes of the bundled typeface, for pages that show figures.
pub(crate) const FONTS: [(u16, &[u8]); 2] = [(400, drawing::font::REGULAR), (600, drawing::font::SEMIBOLD)];

/// Kinds of figures, in the order of the documentation.
pub const FIGURES: &[FigureKind] = &[
    effect_map::KIND,
    logo::KIND,
    locus::KIND,
    scatter::KIND,
    ranked_bars::KIND,
    forest::KIND,
    histogram::KIND,
    curves::KIND,
    track_coverage::KIND,
    tracks::KIND,
    contact_map::KIND,
    junctions::KIND,
];

/// One kind of figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureKind {
    /// Name of the kind and of its source file.
    pub name: &'static str,
    /// What it shows, in one sentence without the full stop.
    pub shows: &'static str,
}

/// A drawn figure.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Figure {
    /// File stem and prefix of ids: `a` to `z`, digits, `_` and `-`.
    pub name: String,
    /// Title, also drawn in the figure.
    pub title: String,
    /// What the reader needs to understand the figure: data, scales, what was left out.
    pub caption: String,
    /// The figure in words for people who cannot see it; also the `desc` of the SVG.
    pub description: String,
    /// SVG document.
    pub svg: String,
    /// The numbers that were drawn, tab-separated, one header line, every digit kept, `NA` where missing.
    pub tsv: String,
}

/// What every figure has besides its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// File stem and prefix of ids: `a` to `z`, digits, `_` and `-`.
    pub name: String,
    /// Title, drawn in bold.
    pub title: String,
    /// Line below the title; may be empty.
    pub subtitle: String,
    /// Caption below the figure; each figure adds what its scales need.
    pub caption: String,
}

impl Labels {
    /// Refuses names that are not safe as file stem and id.
    fn check(&self) -> Result<(), FigureError> {
        let is_safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        let starts_with_letter = self.name.starts_with(|c: char| c.is_ascii_lowercase());
        if starts_with_letter && self.name.chars().all(is_safe) {
            Ok(())
        } else {
            Err(FigureError::Name {
                name: self.name.clone(),
            })
        }
    }

    /// Joins the caption and what the figure says about itself.
    fn caption_with(&self, note: &str) -> String {
        [self.caption.trim(), note.trim()]
            .iter()
            .filter(|t| !t.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Why a figure could not be drawn or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// The name cannot be a file stem and id.
    #[error("`{name}` is not usable as the name of a figure")]
    Name {
        /// The name.
        name: String,
    },
    /// There is nothing to draw.
    #[error("figure `{figure}` has no {what}")]
    Empty {
        /// Name of the figure.
        figure: String,
        /// What is missing.
        what: &'static str,
    },
    /// A value is infinite or not a number.
    #[error("figure `{figure}`: {what} number {index} is `{value}`")]
    NotFinite {
        /// Name of the figure.
        figure: String,
        /// Which list of values.
        what: &'static str,
        /// Index in the list, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Two lists that belong together differ in length.
    #[error("figure `{figure}`: {left} has `{left_length}` entries, {right} has `{right_length}`")]
    Lengths {
        /// Name of the figure.
        figure: String,
        /// First list.
        left: &'static str,
        /// Its length.
        left_length: usize,
        /// Second list.
        right: &'static str,
        /// Its length.
        right_length: usize,
    },
    /// A sequence holds something that is not a base.
    #[error("figure `{figure}`: {what} holds `{found}` at index {index}; allowed: A, C, G, T, N")]
    Base {
        /// Name of the figure.
        figure: String,
        /// Which sequence.
        what: &'static str,
        /// The character.
        found: char,
        /// Index in the sequence, from 0.
        index: usize,
    },
    /// Something lies outside the part of the contig that is shown.
    #[error("figure `{figure}`: {what} lies at `{position}`, outside `{first}-{last}`")]
    Outside {
        /// Name of the figure.
        figure: String,
        /// What lies outside.
        what: String,
        /// Where it lies (1-based).
        position: refalt_core::Position,
        /// First base shown (1-based, inclusive).
        first: refalt_core::Position,
        /// Last base shown (1-based, inclusive).
        last: refalt_core::Position,
    },
    /// A limit, interval or range makes no sense.
    #[error("figure `{figure}`: {what} is `{found}`; {allowed}")]
    Setting {
        /// Name of the figure.
        figure: String,
        /// Which setting.
        what: &'static str,
        /// Its value.
        found: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// Labels do not fit beside each other.
    #[error("figure `{figure}`: label `{label}` is wider than the figure")]
    Label {
        /// Name of the figure.
        figure: String,
        /// The label.
        label: String,
    },
    /// A coordinate of the drawing came out infinite or not a number.
    #[error("figure `{figure}` has a coordinate that is not a number")]
    NotDrawable {
        /// Name of the figure.
        figure: String,
    },
    /// The SVG could not be turned into pixels.
    #[error("figure `{figure}` cannot be drawn as PNG: {message}")]
    Png {
        /// Name of the figure.
        figure: String,
        /// What the renderer says.
        message: String,
    },
    /// A file does not get its name, as when another figure has it.
    #[error(transparent)]
    File(#[from] crate::output_files::OutputFileError),
    /// A file could not be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl crate::Diagnostic for FigureError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Name { .. } => Some("use a small letter, then small letters, digits, `_` or `-`".to_owned()),
            Self::NotFinite { .. } => {
                Some("leave missing values out, or give them as missing where the figure allows it".to_owned())
            }
            Self::Outside { .. } => Some("widen the part that is shown, or leave the item out".to_owned()),
            Self::Label { .. } => Some("shorten the label".to_owned()),
            Self::File(error) => Some(error.hint()),
            Self::Write { path, .. } => Some(format!(
                "check that `{}` exists, can be written and has space",
                path.parent().unwrap_or(path).display()
            )),
            _ => None,
        }
    }
}

/// Refuses the first value that is infinite or not a number.
fn check_finite(figure: &str, what: &'static str, values: impl IntoIterator<Item = f64>) -> Result<(), FigureError> {
    match values.into_iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, value)) => Err(FigureError::NotFinite {
            figure: figure.to_owned(),
            what,
            index,
            value,
        }),
        None => Ok(()),
    }
}

/// Refuses an empty list.
fn check_not_empty(figure: &str, what: &'static str, is_empty: bool) -> Result<(), FigureError> {
    if is_empty {
        Err(FigureError::Empty {
            figure: figure.to_owned(),
            what,
        })
    } else {
        Ok(())
    }
}

/// Refuses lists of different length.
fn check_lengths(
    figure: &str,
    (left, left_length): (&'static str, usize),
    (right, right_length): (&'static str, usize),
) -> Result<(), FigureError> {
    if left_length == right_length {
        Ok(())
    } else {
        Err(FigureError::Lengths {
            figure: figure.to_owned(),
            left,
            left_length,
            right,
            right_length,
        })
    }
}

/// Refuses intervals that do not hold their estimate.
fn check_interval(figure: &str, estimate: f64, low: f64, high: f64) -> Result<(), FigureError> {
    if low <= estimate && estimate <= high {
        Ok(())
    } else {
        Err(FigureError::Setting {
            figure: figure.to_owned(),
            what: "an interval",
            found: format!("{low} to {high} around {estimate}"),
            allowed: "the bounds enclose the estimate",
        })
    }
}

/// Refuses what is not a sequence of A, C, G, T and N in capitals.
fn check_bases(figure: &str, what: &'static str, bases: &str) -> Result<(), FigureError> {
    match bases.chars().enumerate().find(|(_, c)| !"ACGTN".contains(*c)) {
        Some((index, found)) => Err(FigureError::Base {
            figure: figure.to_owned(),
            what,
            found,
            index,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
