//! Curves over a common axis: ROC, precision and recall, dose, calibration.

use super::drawing::canvas::{Canvas, Paint, Text};
use super::drawing::chart::{Axis, Margins, Marks, Vertical, below, draw, left_margin};
use super::drawing::colour::{MUTED, SERIES};
use super::drawing::font::{Weight, middle, text_width};
use super::drawing::heading::Heading;
use super::drawing::look;
use super::drawing::table::{Cell, Table};
use super::drawing::ticks::Ticks;
use super::{Figure, FigureError, FigureKind, Labels, check_finite, check_not_empty};

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "curves",
    shows: "curves over a common axis, such as ROC curves",
};

/// Height of a line of the legend, in px.
const LEGEND_LINE: f64 = 18.0;

/// One curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Name in the legend, with its number where there is one: "GABPA, AUROC 0.71".
    pub label: String,
    /// Points in drawing order.
    pub points: Vec<(f64, f64)>,
}

/// Curves over a common axis; at most six, one per distinguishable colour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// Name, title and caption.
    pub labels: Labels,
    /// Title of the horizontal axis with its unit.
    pub x_title: String,
    /// Title of the vertical axis with its unit.
    pub y_title: String,
    /// The curves.
    pub curves: Vec<Curve>,
    /// Dashed line of comparison, such as the diagonal of a ROC curve.
    pub comparison: Option<Curve>,
    /// Range of both axes; the range of the data when absent.
    pub ranges: Option<((f64, f64), (f64, f64))>,
}

impl Curves {
    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, there is no curve, a curve has no point, there are more curves
    /// than colours, or a value is not finite.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "curves", self.curves.is_empty())?;
        check_not_empty(
            name,
            "points in a curve",
            self.curves.iter().any(|c| c.points.is_empty()),
        )?;
        if self.curves.len() > SERIES.len() {
            return Err(FigureError::Setting {
                figure: name.clone(),
                what: "the number of curves",
                found: self.curves.len().to_string(),
                allowed: "six curves can be told apart by colour",
            });
        }
        let all = || self.curves.iter().chain(&self.comparison);
        check_finite(name, "x", all().flat_map(|c| c.points.iter().map(|p| p.0)))?;
        check_finite(name, "y", all().flat_map(|c| c.points.iter().map(|p| p.1)))?;
        let bounds = |pick: fn(&(f64, f64)) -> f64| {
            let values: Vec<f64> = all().flat_map(|c| c.points.iter().map(pick)).collect();
            values
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)))
        };
        let (x, y) = self.ranges.unwrap_or_else(|| (bounds(|p| p.0), bounds(|p| p.1)));
        check_finite(name, "range", [x.0, x.1, y.0, y.1])?;
        let (x, y) = (Ticks::covering(x.0, x.1, 5), Ticks::covering(y.0, y.1, 5));

        let heading = Heading::new(&self.labels.title, &self.labels.subtitle, look::NARROW);
        let vertical = Vertical::Numbers(Axis {
            title: &self.y_title,
            ticks: y,
        });
        let left = left_margin(vertical);
        let right = look::MARGIN + 14.0;
        let legend = self.legend(left, look::NARROW - look::MARGIN);
        let legend_height = legend.last().map_or(0.0, |(_, line)| (*line + 1) as f64 * LEGEND_LINE) + 14.0;
        let margins = Margins {
            left,
            right,
            top: heading.height() + legend_height,
            bottom: below(&self.x_title, look::NARROW),
        };
        let side = look::NARROW - left - right;
        let mut canvas = Canvas::new(name, look::NARROW, margins.top + 0.86 * side + margins.bottom);
        heading.draw(&mut canvas);

        for (index, ((at, line), curve)) in legend.iter().zip(all()).enumerate() {
            let centre = heading.height() + (*line as f64 + 0.5) * LEGEND_LINE;
            let paint = match SERIES.get(index) {
                Some(&colour) if index < self.curves.len() => Paint::stroke(colour, 2.0),
                _ => Paint::stroke(MUTED, 1.2).with_dash("5 4"),
            };
            canvas.line((*at, centre), (at + 20.0, centre), paint);
            let baseline = centre + middle(look::TICK);
            canvas.text(Text::new(at + 26.0, baseline, &curve.label, look::TICK));
        }
        let comparison = self.comparison.iter().map(|curve| Marks::Line {
            points: curve.points.clone(),
            colour: MUTED,
            width: 1.2,
            dashed: true,
        });
        let curves = self.curves.iter().zip(SERIES).map(|(curve, colour)| Marks::Line {
            points: curve.points.clone(),
            colour,
            width: 1.8,
            dashed: false,
        });
        let marks = comparison.chain(curves).collect();
        draw(
            &mut canvas,
            margins,
            Axis {
                title: &self.x_title,
                ticks: x,
            },
            vertical,
            marks,
        );

        let names: Vec<&str> = self.curves.iter().map(|curve| curve.label.as_str()).collect();
        let description = format!("{} against {}: {}.", self.y_title, self.x_title, names.join("; "));
        let mut table = Table::new(&["curve", "x", "y"]);
        for curve in all() {
            for &(x, y) in &curve.points {
                table.row(&[Cell::Text(&curve.label), Cell::Number(x), Cell::Number(y)]);
            }
        }
        Ok(Figure {
            name: name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(""),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: table.finish(),
        })
    }

    /// Returns left edge and line of each entry of the legend.
    fn legend(&self, left: f64, right: f64) -> Vec<(f64, usize)> {
        let (mut at, mut line) = (left, 0);
        let mut places = Vec::new();
        for curve in self.curves.iter().chain(&self.comparison) {
            let width = 26.0 + text_width(&curve.label, look::TICK, Weight::Regular) + 18.0;
            if at > left && at + width > right {
                (at, line) = (left, line + 1);
            }
            places.push((at, line));
            at += width;
        }
        places
    }
}
