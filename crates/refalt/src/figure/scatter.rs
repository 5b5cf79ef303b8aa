//! Scatter of two quantities with a regression line, its interval and named points.

use super::drawing::canvas::{Canvas, Paint, Text};
use super::drawing::chart::{Axis, Margins, Marks, Plane, Vertical, below, draw, left_margin};
use super::drawing::colour::{AXIS, BLUE, GRID, INK, MUTED, VERMILION};
use super::drawing::font::{Weight, cap_height, text_width};
use super::drawing::heading::Heading;
use super::drawing::look;
use super::drawing::number::{fixed, grouped};
use super::drawing::placement::{Area, Labelled, beside};
use super::drawing::table::{Cell, Table};
use super::drawing::ticks::Ticks;
use super::{Figure, FigureError, FigureKind, Labels, check_finite, check_not_empty};
use refalt_core::stats::density_grid;
use std::num::NonZeroU32;

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "scatter",
    shows: "two quantities against each other with a fitted line and its interval; above 2,000 points the shade of tiles says how many",
};

/// Above so many points their number is shown as the shade of tiles, and only emphasised points one by one.
const MOST_POINTS: usize = 2_000;
/// Tiles along each axis.
const TILES: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// One point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// Horizontal value.
    pub x: f64,
    /// Vertical value.
    pub y: f64,
    /// Name in the table; emphasised points also show it in the drawing.
    pub label: String,
    /// Drawn larger, in a second colour and with its label.
    pub emphasised: bool,
}

/// A scatter plot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scatter {
    /// Name, title and caption.
    pub labels: Labels,
    /// Title of the horizontal axis with its unit.
    pub x_title: String,
    /// Title of the vertical axis with its unit.
    pub y_title: String,
    /// The points; at least one.
    pub points: Vec<Point>,
    /// Fitted line and its interval.
    pub fit: Option<Fit>,
    /// Draws the line y = x, for two measurements of the same quantity.
    pub identity_line: bool,
    /// Results written above the plot, one line each.
    pub statistics: Vec<String>,
}

/// A straight line fitted by least squares.
///
/// # Source
/// Draper and Smith 1998, "Applied Regression Analysis", third edition, sections 1.2 to 1.4.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    slope: f64,
    intercept: f64,
    residual_sd: f64,
    count: usize,
    mean_x: f64,
    squares_x: f64,
    t_quantile: f64,
}

impl Fit {
    /// Fits y = intercept + slope x.
    ///
    /// slope = sum((x - mean x)(y - mean y)) / sum((x - mean x)^2); intercept = mean y - slope mean x;
    /// residual variance = sum((y - fitted)^2) / (n - 2).
    ///
    /// * `points`: pairs (x, y), all finite.
    /// * `t_quantile`: quantile of Student's t with n - 2 degrees of freedom for the interval, 1.96 for 95 %
    ///   and large n.
    /// * Returns `None` with fewer than three points or when all x are equal.
    pub fn least_squares(points: &[(f64, f64)], t_quantile: f64) -> Option<Self> {
        let n = points.len() as f64;
        if points.len() < 3 {
            return None;
        }
        let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
        let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
        let squares_x: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
        if squares_x <= 0.0 {
            return None;
        }
        let products: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
        let slope = products / squares_x;
        let intercept = mean_y - slope * mean_x;
        let residuals: f64 = points.iter().map(|p| (p.1 - intercept - slope * p.0).powi(2)).sum();
        let residual_sd = (residuals / (n - 2.0)).sqrt();
        Some(Self {
            slope,
            intercept,
            residual_sd,
            count: points.len(),
            mean_x,
            squares_x,
            t_quantile,
        })
    }

    /// Returns the slope, in units of y per unit of x.
    pub fn slope(&self) -> f64 {
        self.slope
    }

    /// Returns the fitted value at x = 0, in units of y.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// Returns the residual standard deviation with n - 2 degrees of freedom, in units of y.
    pub fn residual_sd(&self) -> f64 {
        self.residual_sd
    }

    /// Returns the fitted value at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }

    /// Returns the confidence interval of the mean of y at `x`.
    ///
    /// fitted +/- t s sqrt(1/n + (x - mean x)^2 / sum((x - mean x)^2)).
    pub fn interval_at(&self, x: f64) -> (f64, f64) {
        let leverage = 1.0 / self.count as f64 + (x - self.mean_x).powi(2) / self.squares_x;
        let half = self.t_quantile * self.residual_sd * leverage.sqrt();
        (self.at(x) - half, self.at(x) + half)
    }
}

impl Scatter {
    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, there is no point, or a value is not finite.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "points", self.points.is_empty())?;
        check_finite(name, "x", self.points.iter().map(|p| p.x))?;
        check_finite(name, "y", self.points.iter().map(|p| p.y))?;

        let x = padded(self.points.iter().map(|p| p.x), 6);
        let y = padded(self.points.iter().map(|p| p.y), 6);
        let heading = Heading::new(&self.labels.title, &self.labels.subtitle, look::NARROW)
            .with_notes(&self.statistics, look::NARROW);
        let vertical = Vertical::Numbers(Axis {
            title: &self.y_title,
            ticks: y,
        });
        let margins = Margins {
            left: left_margin(vertical),
            right: look::MARGIN + 14.0,
            top: heading.height() + 4.0,
            bottom: below(&self.x_title, look::NARROW),
        };
        let side = look::NARROW - margins.left - margins.right;
        let mut canvas = Canvas::new(name, look::NARROW, margins.top + 0.86 * side + margins.bottom);
        heading.draw(&mut canvas);
        let frame = Area {
            x: margins.left,
            y: margins.top,
            width: side,
            height: canvas.height() - margins.top - margins.bottom,
        };
        let horizontal = Axis {
            title: &self.x_title,
            ticks: x,
        };
        draw_zero_lines(&mut canvas, frame, x, y);
        let most = self.draw_tiles(&mut canvas, frame, x, y);
        let plane = draw(&mut canvas, margins, horizontal, vertical, self.marks(x, y));
        self.draw_names(&mut canvas, frame, &plane);

        let description = format!(
            "{} points: {} on the horizontal axis, {} on the vertical axis.",
            self.points.len(),
            self.x_title,
            self.y_title
        );
        Ok(Figure {
            name: name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(&self.note(most)),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: self.table(),
        })
    }

    /// Draws the number of points that are too many to be drawn; returns the most in a tile.
    fn draw_tiles(&self, canvas: &mut Canvas, frame: Area, x: Ticks, y: Ticks) -> Option<u32> {
        if self.points.len() <= MOST_POINTS {
            return None;
        }
        let (xs, ys): (Vec<f64>, Vec<f64>) = self.points.iter().map(|point| (point.x, point.y)).unzip();
        // The values are finite and of one length.
        let grid = density_grid(&xs, &ys, TILES, TILES).ok()?;
        let most = grid.counts.iter().copied().max()?;
        let at = |value: f64, ticks: Ticks, length: f64| length * (value - ticks.low) / (ticks.high - ticks.low);
        canvas.open_crisp_group();
        for column in 0..TILES.get() as usize {
            for row in 0..TILES.get() as usize {
                let count = grid.count(column, row).unwrap_or(0);
                if count == 0 {
                    continue;
                }
                let share = f64::from(count).ln_1p() / f64::from(most).ln_1p();
                let left = frame.x + at(grid.x_edges[column], x, frame.width);
                let right = frame.x + at(grid.x_edges[column + 1], x, frame.width);
                let bottom = frame.bottom() - at(grid.y_edges[row], y, frame.height);
                let top = frame.bottom() - at(grid.y_edges[row + 1], y, frame.height);
                let paint = Paint::fill(BLUE).with_opacity(0.12 + 0.88 * share);
                canvas.rect(left, top, right - left, bottom - top, paint);
            }
        }
        canvas.close_group();
        Some(most)
    }

    fn marks(&self, x: Ticks, y: Ticks) -> Vec<Marks> {
        let mut marks = Vec::new();
        if self.identity_line {
            let (low, high) = (x.low.max(y.low), x.high.min(y.high));
            if low < high {
                let points = vec![(low, low), (high, high)];
                marks.push(Marks::Line {
                    points,
                    colour: MUTED,
                    width: 1.0,
                    dashed: true,
                });
            }
        }
        if let Some(fit) = self.fit {
            // Over the data only: a fitted line says nothing about where there are none.
            let low = self.points.iter().map(|p| p.x).fold(f64::INFINITY, f64::min);
            let high = self.points.iter().map(|p| p.x).fold(f64::NEG_INFINITY, f64::max);
            let at: Vec<f64> = (0..=60).map(|i| low + (high - low) * f64::from(i) / 60.0).collect();
            let (lower, upper) = at.iter().map(|&x| fit.interval_at(x)).unzip();
            marks.push(Marks::Band {
                x: at.clone(),
                low: lower,
                high: upper,
                colour: AXIS,
                opacity: 0.25,
            });
            let points = [low, high].map(|x| (x, fit.at(x))).to_vec();
            marks.push(Marks::Line {
                points,
                colour: INK,
                width: 1.4,
                dashed: false,
            });
        }
        let opacity = if self.points.len() > 300 { 0.5 } else { 0.8 };
        for (emphasised, colour, radius, opacity) in [(false, BLUE, 2.2, opacity), (true, VERMILION, 3.8, 1.0)] {
            let in_tiles = !emphasised && self.points.len() > MOST_POINTS;
            let chosen = self.points.iter().filter(|p| p.emphasised == emphasised && !in_tiles);
            let points: Vec<_> = chosen.map(|p| (p.x, p.y)).collect();
            if !points.is_empty() {
                let marks_of_rank = Marks::Points {
                    points,
                    colour,
                    radius,
                    opacity,
                };
                // The line stays visible above the cloud, named points above the line.
                let below_line = !emphasised;
                if below_line {
                    marks.insert(0, marks_of_rank)
                } else {
                    marks.push(marks_of_rank)
                }
            }
        }
        marks
    }

    fn draw_names(&self, canvas: &mut Canvas, frame: Area, plane: &Plane) {
        let named: Vec<&Point> = self
            .points
            .iter()
            .filter(|p| p.emphasised && !p.label.is_empty())
            .collect();
        let height = cap_height(look::TICK) + 4.0;
        let anchors: Vec<Labelled> = named
            .iter()
            .map(|p| Labelled {
                at: (plane.x(p.x), plane.y(p.y)),
                width: text_width(&p.label, look::TICK, Weight::SemiBold),
                height,
            })
            .collect();
        let all: Vec<_> = self.points.iter().map(|p| (plane.x(p.x), plane.y(p.y))).collect();
        for ((point, anchor), area) in named.iter().zip(&anchors).zip(beside(&anchors, &all, frame)) {
            // The table holds every name; a name without a free place stays out of the drawing.
            let Some(area) = area else { continue };
            let (x, y) = anchor.at;
            let near = (x.clamp(area.x, area.right()), y.clamp(area.y, area.bottom()));
            if (near.0 - x).hypot(near.1 - y) > 10.0 {
                canvas.line((x, y), near, Paint::stroke(MUTED, 0.8));
            }
            let text = Text::new(area.x, area.bottom() - 2.0, &point.label, look::TICK).bold();
            canvas.text(Text { halo: true, ..text });
        }
    }

    fn note(&self, most_in_tile: Option<u32>) -> String {
        let mut note = String::new();
        if let Some(most) = most_in_tile {
            note.push_str(&format!(
                "Shade: points in each tile, on a logarithmic scale, up to {}. ",
                grouped(most.into())
            ));
        }
        if let Some(fit) = self.fit {
            note.push_str(&format!(
                "Line: least squares, y = {} {} {} x, with the confidence interval of the mean (shaded).",
                fixed(fit.intercept, 3),
                if fit.slope < 0.0 { "\u{2212}" } else { "+" },
                fixed(fit.slope.abs(), 3)
            ));
        }
        if self.identity_line {
            note.push_str(" Dashed: y = x.");
        }
        note
    }

    fn table(&self) -> String {
        let mut table = Table::new(&["label", "x", "y", "emphasised", "fit", "fit_low", "fit_high"]);
        for point in &self.points {
            let fit = self.fit.map(|fit| fit.at(point.x));
            let interval = self.fit.map(|fit| fit.interval_at(point.x));
            table.row(&[
                Cell::Text(&point.label),
                Cell::Number(point.x),
                Cell::Number(point.y),
                Cell::Text(if point.emphasised { "yes" } else { "no" }),
                fit.into(),
                interval.map(|i| i.0).into(),
                interval.map(|i| i.1).into(),
            ]);
        }
        table.finish()
    }
}

fn padded(values: impl Iterator<Item = f64> + Clone, wanted: usize) -> Ticks {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(f64::NEG_INFINITY, f64::max);
    Ticks::padded(low, high, wanted)
}

fn draw_zero_lines(canvas: &mut Canvas, frame: Area, x: Ticks, y: Ticks) {
    let paint = Paint::stroke(GRID, look::HAIRLINE);
    if x.low < 0.0 && x.high > 0.0 {
        let at = frame.x + frame.width * -x.low / (x.high - x.low);
        canvas.line((at, frame.y), (at, frame.bottom()), paint);
    }
    if y.low < 0.0 && y.high > 0.0 {
        let at = frame.bottom() - frame.height * -y.low / (y.high - y.low);
        canvas.line((frame.x, at), (frame.right(), at), paint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_squares_agrees_with_anscombe() {
        // Anscombe 1973, doi:10.1080/00031305.1973.10478966, table and text: y = 3 + 0.5 x, standard error of
        // the slope 0.118, regression sum of squares 27.50, residual sum of squares 13.75, n = 11.
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        let points: Vec<_> = x.into_iter().zip(y).collect();
        let fit = Fit::least_squares(&points, 2.262157).unwrap();
        assert!((fit.slope() - 0.5).abs() < 0.001, "{fit:?}");
        assert!((fit.intercept() - 3.0).abs() < 0.001, "{fit:?}");
        assert!((fit.residual_sd().powi(2) * 9.0 - 13.75).abs() < 0.02, "{fit:?}");
        // At the mean of x the interval is mean y +/- t s / sqrt(n); one unit away the slope's error adds.
        let (low, high) = fit.interval_at(9.0);
        assert!(((high - low) / 2.0 - 2.262157 * fit.residual_sd() / 11f64.sqrt()).abs() < 1e-12);
        let (low, high) = fit.interval_at(10.0);
        let error = (fit.residual_sd().powi(2) / 11.0 + 0.118f64.powi(2)).sqrt();
        assert!(((high - low) / 2.0 - 2.262157 * error).abs() < 0.002);
        assert_eq!(Fit::least_squares(&points[..2], 1.96), None);
        assert_eq!(Fit::least_squares(&[(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)], 1.96), None);
    }
}
