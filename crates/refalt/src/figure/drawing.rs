//! The drawing layer below every figure: SVG text, the bundled font, colours, ticks, label placement and the
//! wrapper around the chart library.
//!
//! Nothing here knows what a variant is, and nothing here reads or writes files. All lengths are CSS pixels
//! (1/96 inch), the origin is the upper left corner and y grows downwards, as in SVG.

pub(crate) mod canvas;
pub(crate) mod chart;
pub(crate) mod colour;
pub(crate) mod font;
pub(crate) mod heading;
pub(crate) mod number;
pub(crate) mod placement;
pub(crate) mod raster;
pub(crate) mod table;
pub(crate) mod ticks;

/// Sizes shared by all figures.
///
/// One scale of type for everything: a figure that needs more room grows, its text does not shrink.
pub(crate) mod look {
    /// Font size of titles.
    pub(crate) const TITLE: f64 = 14.0;
    /// Font size of axis titles, row names and subtitles.
    pub(crate) const LABEL: f64 = 12.0;
    /// Font size of tick labels, annotations and legends.
    pub(crate) const TICK: f64 = 11.0;
    /// Font size of single letters in grids, where a column is 7 px wide; nothing else is this small.
    pub(crate) const LETTER: f64 = 9.0;
    /// Width of figures that fill a page's text width (180 mm is 680 px).
    pub(crate) const WIDE: f64 = 720.0;
    /// Width of square charts.
    pub(crate) const NARROW: f64 = 480.0;
    /// Least width of a plotting area beside long names; the figure grows to keep it.
    pub(crate) const LEAST_PLOT: f64 = 260.0;
    /// Blank border on every side.
    pub(crate) const MARGIN: f64 = 12.0;
    /// Length of a tick.
    pub(crate) const TICK_LENGTH: f64 = 5.0;
    /// Stroke of axes and ticks.
    pub(crate) const HAIRLINE: f64 = 1.0;
}
