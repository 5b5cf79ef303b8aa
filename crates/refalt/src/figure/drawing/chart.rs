//! Standard charts: the only module that knows the chart library.
//!
//! The library (kuva) lays out marks, axes and ticks and hands over a list of primitives in px. They are drawn
//! on our [`Canvas`], so that text, colours, number format and ids are those of every other figure. Titles,
//! axis titles, category names and annotations are ours; [`Plane`] says where a data point landed.
//! `docs/figures.md` tells why this library was chosen.

use std::sync::Arc;

use kuva::plot::{BandPlot, BarPlot, ForestPlot, ForestRow, Histogram, LinePlot, ScatterPlot};
use kuva::render::color::Color;
use kuva::render::layout::{ComputedLayout, Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::{Primitive, TextAnchor, render_multiple};
use kuva::render::theme::Theme;

use super::canvas::{Anchor, Canvas, Paint, Text};
use super::colour::{AXIS, Colour, GRID, INK};
use super::font::{Weight, middle, text_width};
use super::heading::{vertical_title, wrap};
use super::look;
use super::ticks::Ticks;

/// A numeric axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis<'a> {
    pub(crate) title: &'a str,
    pub(crate) ticks: Ticks,
}

/// What stands along the vertical axis.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Vertical<'a> {
    Numbers(Axis<'a>),
    /// Names of rows from top to bottom, and whether each is emphasised.
    Names(&'a [(String, bool)]),
}

/// Blank space around the plotting area.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Margins {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

/// Returns the space below the plotting area that ticks, their labels and an axis title take.
///
/// * `width`: width of the figure, which decides where the title breaks.
pub(crate) fn below(title: &str, width: f64) -> f64 {
    let lines = horizontal_title(title, width).len().max(1) as f64;
    look::TICK_LENGTH + 3.0 + look::TICK + 8.0 + (lines - 1.0) * LEADING + look::LABEL + look::MARGIN
}

/// Distance between lines of an axis title.
const LEADING: f64 = look::LABEL * 1.3;

fn horizontal_title(title: &str, width: f64) -> Vec<String> {
    wrap(title, look::LABEL, Weight::Regular, width - 2.0 * look::MARGIN)
}

/// Marks, in drawing order.
#[derive(Clone, Debug)]
pub(crate) enum Marks {
    Points {
        points: Vec<(f64, f64)>,
        colour: Colour,
        radius: f64,
        opacity: f64,
    },
    Line {
        points: Vec<(f64, f64)>,
        colour: Colour,
        width: f64,
        dashed: bool,
    },
    Band {
        x: Vec<f64>,
        low: Vec<f64>,
        high: Vec<f64>,
        colour: Colour,
        opacity: f64,
    },
    /// Horizontal bars from zero, top to bottom, with an optional interval each.
    Bars {
        bars: Vec<(f64, Colour)>,
        intervals: Vec<Option<(f64, f64)>>,
    },
    /// Estimate, lower and upper bound per row, top to bottom.
    Intervals { rows: Vec<(f64, f64, f64, Colour)> },
    /// Edges and counts; one more edge than counts.
    Histogram {
        edges: Vec<f64>,
        counts: Vec<f64>,
        colour: Colour,
    },
}

/// Where data lands on the canvas.
#[derive(Debug)]
pub(crate) struct Plane {
    /// Place of zero and px per unit.
    x: (f64, f64),
    y: (f64, f64),
}

impl Plane {
    pub(crate) fn x(&self, value: f64) -> f64 {
        self.x.0 + self.x.1 * value
    }

    pub(crate) fn y(&self, value: f64) -> f64 {
        self.y.0 + self.y.1 * value
    }
}

/// Returns the left margin that tick labels or names and a title need.
pub(crate) fn left_margin(vertical: Vertical<'_>) -> f64 {
    let beside_axis = look::TICK_LENGTH + 4.0;
    match vertical {
        Vertical::Numbers(axis) => {
            let labels = axis.ticks.values().into_iter().map(|v| axis.ticks.label(v));
            let widest = labels
                .map(|l| text_width(&l, look::TICK, Weight::Regular))
                .fold(0.0, f64::max);
            look::MARGIN + look::LABEL + 8.0 + widest + beside_axis
        }
        Vertical::Names(names) => {
            let widths = names
                .iter()
                .map(|(name, emphasised)| text_width(name, look::TICK, weight(*emphasised)));
            look::MARGIN + widths.fold(0.0, f64::max) + beside_axis
        }
    }
}

fn weight(emphasised: bool) -> Weight {
    if emphasised { Weight::SemiBold } else { Weight::Regular }
}

/// Draws axes and marks inside `margins` of the canvas.
pub(crate) fn draw(
    canvas: &mut Canvas,
    margins: Margins,
    horizontal: Axis<'_>,
    vertical: Vertical<'_>,
    marks: Vec<Marks>,
) -> Plane {
    let (y_low, y_high) = match vertical {
        Vertical::Numbers(axis) => (axis.ticks.low, axis.ticks.high),
        // The library puts row i at i + 1, counted from below.
        Vertical::Names(names) => (0.5, names.len() as f64 + 0.5),
    };
    let x = horizontal.ticks;
    let mut layout = Layout::new((x.low, x.high), (y_low, y_high))
        .with_width(canvas.width())
        .with_height(canvas.height())
        .with_force_margins(margins.left, margins.right)
        .with_force_margins_y(margins.top, margins.bottom)
        .with_x_axis_min(x.low)
        .with_x_axis_max(x.high)
        .with_y_axis_min(y_low)
        .with_y_axis_max(y_high)
        .with_x_tick_step(x.step)
        .with_x_tick_format(TickFormat::Custom(Arc::new(move |value| x.label(value))))
        .with_tick_size(look::TICK as u32)
        .with_tick_length(look::TICK_LENGTH)
        .with_axis_line_width(look::HAIRLINE)
        .with_tick_width(look::HAIRLINE)
        .with_theme(Theme {
            axis_color: AXIS.hex(),
            tick_color: AXIS.hex(),
            ..Theme::light()
        })
        .with_show_grid(false);
    match vertical {
        Vertical::Numbers(axis) => {
            let y = axis.ticks;
            layout = layout
                .with_y_tick_step(y.step)
                .with_y_tick_format(TickFormat::Custom(Arc::new(move |value| y.label(value))));
        }
        Vertical::Names(_) => layout.suppress_y_ticks = true,
    }
    let computed = ComputedLayout::from_layout(&layout);
    let plane = Plane {
        x: (computed.map_x(0.0), computed.map_x(1.0) - computed.map_x(0.0)),
        y: (computed.map_y(0.0), computed.map_y(1.0) - computed.map_y(0.0)),
    };

    let (top, bottom) = (margins.top, canvas.height() - margins.bottom);
    let (left, right) = (margins.left, canvas.width() - margins.right);
    if let Vertical::Names(names) = vertical {
        for value in x.values() {
            canvas.line(
                (plane.x(value), top),
                (plane.x(value), bottom),
                Paint::stroke(GRID, look::HAIRLINE),
            );
        }
        for (index, (name, emphasised)) in names.iter().enumerate() {
            let y = plane.y((names.len() - index) as f64) + middle(look::TICK);
            let text = Text::new(left - look::TICK_LENGTH - 4.0, y, name, look::TICK).anchor(Anchor::End);
            canvas.text(Text {
                weight: weight(*emphasised),
                ..text
            });
        }
    }
    // Bars that touch must not show the paper between them.
    let crisp = marks.iter().any(|marks| matches!(marks, Marks::Histogram { .. }));
    if crisp {
        canvas.open_crisp_group();
    }
    let plots = marks.into_iter().map(plot).collect();
    for primitive in render_multiple(plots, layout).elements {
        draw_primitive(canvas, primitive);
    }
    if crisp {
        canvas.close_group();
    }
    let lines = horizontal_title(horizontal.title, canvas.width());
    for (index, line) in lines.iter().rev().enumerate() {
        let y = canvas.height() - look::MARGIN - index as f64 * LEADING;
        let half = text_width(line, look::LABEL, Weight::Regular) / 2.0;
        let room = (half + look::MARGIN, canvas.width() - half - look::MARGIN);
        let x = ((left + right) / 2.0).min(room.1).max(room.0);
        canvas.text(Text::new(x, y, line, look::LABEL).anchor(Anchor::Middle));
    }
    if let Vertical::Numbers(axis) = vertical {
        vertical_title(
            canvas,
            look::MARGIN + look::LABEL - 2.0,
            (top + bottom) / 2.0,
            axis.title,
        );
    }
    plane
}

fn plot(marks: Marks) -> Plot {
    match marks {
        Marks::Points {
            points,
            colour,
            radius,
            opacity,
        } => Plot::Scatter(
            ScatterPlot::new()
                .with_data(points)
                .with_color(colour.hex())
                .with_size(radius)
                .with_marker_opacity(opacity),
        ),
        Marks::Line {
            points,
            colour,
            width,
            dashed,
        } => {
            let line = LinePlot::new()
                .with_data(points)
                .with_color(colour.hex())
                .with_stroke_width(width);
            Plot::Line(if dashed { line.with_dashed() } else { line })
        }
        Marks::Band {
            x,
            low,
            high,
            colour,
            opacity,
        } => Plot::Band(
            BandPlot::new(x, low, high)
                .with_color(colour.hex())
                .with_opacity(opacity),
        ),
        Marks::Bars { bars, intervals } => {
            // The library counts rows from below and takes errors as distances from the value.
            let mut plot = BarPlot::new().with_horizontal(true).with_width(0.72);
            for (value, colour) in bars.iter().rev() {
                plot = plot.with_colored_bar("", *value, colour.hex());
            }
            if intervals.iter().any(Option::is_some) {
                let distances = bars.iter().zip(&intervals).rev().map(|(&(value, _), interval)| {
                    interval.map_or((0.0, 0.0), |(low, high)| (value - low, high - value))
                });
                plot = plot.with_asymmetric_error(distances).with_error_color(INK.hex());
            }
            Plot::Bar(plot)
        }
        Marks::Intervals { rows } => {
            let mut plot = ForestPlot::new()
                .with_marker_size(4.0)
                .with_cap_size(3.0)
                .with_show_null_line(false);
            for (estimate, low, high, colour) in rows {
                let row = ForestRow::new("", estimate, low, high);
                plot.rows.push(ForestRow {
                    color: Some(colour.hex()),
                    ..row
                });
            }
            Plot::Forest(plot)
        }
        Marks::Histogram { edges, counts, colour } => {
            Plot::Histogram(Histogram::from_bins(edges, counts).with_color(colour.hex()))
        }
    }
}

fn colour(colour: &Color) -> Option<Colour> {
    match *colour {
        Color::Rgb(red, green, blue) => Some(Colour { red, green, blue }),
        // Only hexadecimal colours are handed in, so nothing else comes back.
        Color::None | Color::Css(_) => None,
    }
}

fn dash(dash: Option<&str>) -> Option<&'static str> {
    dash.map(|_| "5 4")
}

fn stroke(paint: Option<&Color>, width: Option<f64>) -> Option<(Colour, f64)> {
    paint.and_then(colour).map(|colour| (colour, width.unwrap_or(1.0)))
}

/// Returns the paint of a filled circle with a rim.
fn disc(fill: &Color, opacity: Option<f64>, rim: Option<&Color>, rim_width: Option<f64>) -> Paint {
    Paint {
        fill: colour(fill),
        stroke: stroke(rim, rim_width),
        opacity,
        dash: None,
    }
}

fn draw_primitive(canvas: &mut Canvas, primitive: Primitive) {
    match primitive {
        Primitive::Circle {
            cx,
            cy,
            r,
            fill,
            fill_opacity,
            stroke: rim,
            stroke_width,
        } => {
            let paint = disc(&fill, fill_opacity, rim.as_ref(), stroke_width);
            canvas.circle(cx, cy, r, paint, None);
        }
        Primitive::CircleBatch {
            cx,
            cy,
            r,
            fill,
            fill_opacity,
            stroke: rim,
            stroke_width,
        } => {
            let paint = disc(&fill, fill_opacity, rim.as_ref(), stroke_width);
            for (x, y) in cx.into_iter().zip(cy) {
                canvas.circle(x, y, r, paint, None);
            }
        }
        Primitive::Line {
            x1,
            y1,
            x2,
            y2,
            stroke: pen,
            stroke_width,
            stroke_dasharray,
        } => {
            let paint = Paint {
                stroke: stroke(Some(&pen), Some(stroke_width)),
                dash: dash(stroke_dasharray.as_deref()),
                ..Paint::default()
            };
            canvas.line((x1, y1), (x2, y2), paint);
        }
        Primitive::PolyLine {
            points,
            stroke: pen,
            stroke_width,
            stroke_dasharray,
        } => {
            let paint = Paint {
                stroke: stroke(Some(&pen), Some(stroke_width)),
                dash: dash(stroke_dasharray.as_deref()),
                ..Paint::default()
            };
            canvas.polyline(&points, paint);
        }
        Primitive::Rect {
            x,
            y,
            width,
            height,
            fill,
            stroke: rim,
            stroke_width,
            opacity,
        } => {
            let paint = Paint {
                fill: colour(&fill),
                stroke: stroke(rim.as_ref(), stroke_width),
                opacity,
                dash: None,
            };
            canvas.rect(x, y, width, height, paint);
        }
        Primitive::RectBatch { x, y, w, h, fills } => {
            for ((((x, y), w), h), fill) in x.into_iter().zip(y).zip(w).zip(h).zip(fills) {
                canvas.rect(
                    x,
                    y,
                    w,
                    h,
                    Paint {
                        fill: colour(&fill),
                        ..Paint::default()
                    },
                );
            }
        }
        Primitive::Path(path) => {
            let paint = Paint {
                fill: path.fill.as_ref().and_then(colour),
                stroke: stroke(Some(&path.stroke), Some(path.stroke_width)).filter(|(_, width)| *width > 0.0),
                opacity: path.opacity,
                dash: dash(path.stroke_dasharray.as_deref()),
            };
            canvas.path(&path.d, paint);
        }
        Primitive::Text {
            x,
            y,
            content,
            size,
            anchor,
            bold,
            ..
        } => {
            let anchor = match anchor {
                TextAnchor::Start => Anchor::Start,
                TextAnchor::Middle => Anchor::Middle,
                TextAnchor::End => Anchor::End,
            };
            let text = Text::new(x, y, &content, f64::from(size)).anchor(anchor);
            canvas.text(if bold { text.bold() } else { text });
        }
        Primitive::ClipStart {
            x, y, width, height, ..
        } => canvas.open_clip(x, y, width, height),
        Primitive::ClipEnd => canvas.close_group(),
        // Groups carry tooltips and fonts that are not asked for; rich text is not asked for either.
        Primitive::GroupStart { .. } | Primitive::GroupEnd | Primitive::RichText { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(low: f64, high: f64) -> Axis<'static> {
        Axis {
            title: "t",
            ticks: Ticks::covering(low, high, 4),
        }
    }

    #[test]
    fn points_land_where_the_arithmetic_says() {
        let mut canvas = Canvas::new("c", 300.0, 200.0);
        let margins = Margins {
            left: 50.0,
            right: 50.0,
            top: 20.0,
            bottom: 30.0,
        };
        let marks = vec![Marks::Points {
            points: vec![(0.25, 5.0)],
            colour: INK,
            radius: 2.0,
            opacity: 1.0,
        }];
        let plane = draw(
            &mut canvas,
            margins,
            axis(0.0, 1.0),
            Vertical::Numbers(axis(0.0, 20.0)),
            marks,
        );
        // 50 + 0.25 x (300 - 100) = 100; 200 - 30 - 5 / 20 x (200 - 50) = 132.5
        assert_eq!((plane.x(0.25), plane.y(5.0)), (100.0, 132.5));
        let svg = canvas.finish("t", "d").unwrap();
        assert!(svg.contains("<circle cx=\"100\" cy=\"132.5\" r=\"2\""), "{svg}");
    }

    #[test]
    fn bars_keep_order_colour_and_sign() {
        let mut canvas = Canvas::new("c", 300.0, 160.0);
        let margins = Margins {
            left: 100.0,
            right: 0.0,
            top: 20.0,
            bottom: 40.0,
        };
        let names = [("first".to_owned(), true), ("second".to_owned(), false)];
        let red = Colour::from_hex(0xff0000);
        let bars = Marks::Bars {
            bars: vec![(2.0, red), (-1.0, INK)],
            intervals: vec![None, Some((-1.5, -0.5))],
        };
        draw(
            &mut canvas,
            margins,
            axis(-2.0, 2.0),
            Vertical::Names(&names),
            vec![bars],
        );
        let svg = canvas.finish("t", "d").unwrap();
        let document = resvg::usvg::roxmltree::Document::parse(&svg).unwrap();
        let rect = |fill: &str| {
            let node = document
                .descendants()
                .find(|n| n.has_tag_name("rect") && n.attribute("fill") == Some(fill))
                .unwrap();
            ["x", "y", "width"].map(|name| node.attribute(name).unwrap().parse::<f64>().unwrap())
        };
        let [first, second] = [rect("#ff0000"), rect("#1a1a1a")];
        // 50 px per unit, zero at 200: from 200 to 300, and from 150 to 200.
        assert_eq!((first[0], first[2]), (200.0, 100.0));
        assert_eq!((second[0], second[2]), (150.0, 50.0));
        assert!(first[1] < second[1], "the first row is above the second");
        // The whisker of the second row runs from -1.5 to -0.5.
        assert!(svg.contains("x1=\"125\"") && svg.contains("x2=\"175\""), "{svg}");
    }
}
