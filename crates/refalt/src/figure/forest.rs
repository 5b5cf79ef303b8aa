//! Estimates with their intervals, one row each.

use super::drawing::canvas::{Anchor, Canvas, Paint, Text};
use super::drawing::chart::{Axis, Margins, Marks, Vertical, below, draw, left_margin};
use super::drawing::colour::{AXIS, BLUE, INK, MUTED, PAPER, VERMILION};
use super::drawing::font::{Weight, middle, text_width};
use super::drawing::heading::Heading;
use super::drawing::look;
use super::drawing::number::fixed;
use super::drawing::table::{Cell, Table};
use super::drawing::ticks::Ticks;
use super::{Figure, FigureError, FigureKind, Labels, check_finite, check_interval, check_not_empty};

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "forest",
    shows: "estimates with their intervals, one row each, against a null value; values of others as diamonds",
};

/// Height of one row, in px.
const ROW: f64 = 22.0;

/// Half the diagonal of the diamond of a mark, in px.
const DIAMOND: f64 = 5.5;

/// One estimate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForestRow {
    /// What was estimated.
    pub label: String,
    /// The estimate.
    pub estimate: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// Drawn in a second colour with its name in bold.
    pub emphasised: bool,
}

/// A value of somebody else's, without an interval: a diamond in a row of its own below the estimates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForestMark {
    /// Whose value it is.
    pub label: String,
    /// The value.
    pub value: f64,
}

/// Estimates with intervals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forest {
    /// Name, title and caption.
    pub labels: Labels,
    /// Title of the value axis with its unit.
    pub value_title: String,
    /// What the intervals are, such as "95 % bootstrap interval".
    pub interval: String,
    /// Value that stands for no effect.
    pub null_value: Option<f64>,
    /// Rows from top to bottom.
    pub rows: Vec<ForestRow>,
    /// Values of others, below the rows.
    pub marks: Vec<ForestMark>,
}

impl Forest {
    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, there is no row, a value is not finite, or an interval does
    /// not hold its estimate.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "rows", self.rows.is_empty())?;
        check_finite(
            name,
            "row",
            self.rows.iter().flat_map(|row| [row.estimate, row.low, row.high]),
        )?;
        check_finite(name, "null value", self.null_value)?;
        check_finite(name, "mark", self.marks.iter().map(|mark| mark.value))?;
        for row in &self.rows {
            check_interval(name, row.estimate, row.low, row.high)?;
        }

        let of_rows = self.rows.iter().map(|row| (row.label.clone(), row.emphasised));
        let of_marks = self.marks.iter().map(|mark| (mark.label.clone(), false));
        let names: Vec<(String, bool)> = of_rows.chain(of_marks).collect();
        let of_rows = self.rows.iter().map(|row| {
            format!(
                "{} [{}, {}]",
                fixed(row.estimate, 2),
                fixed(row.low, 2),
                fixed(row.high, 2)
            )
        });
        let of_marks = self.marks.iter().map(|mark| fixed(mark.value, 2));
        let values: Vec<String> = of_rows.chain(of_marks).collect();
        let widest = values
            .iter()
            .map(|text| text_width(text, look::TICK, Weight::SemiBold))
            .fold(0.0, f64::max);
        let left = left_margin(Vertical::Names(&names));
        let right = look::MARGIN + widest + 16.0;
        let width = look::NARROW.max(left + look::LEAST_PLOT + right);
        let heading = Heading::new(&self.labels.title, &self.labels.subtitle, width);
        let margins = Margins {
            left,
            right,
            top: heading.height() + ROW,
            bottom: below(&self.value_title, width),
        };
        let height = margins.top + names.len() as f64 * ROW + margins.bottom;
        let mut canvas = Canvas::new(name, width, height);
        heading.draw(&mut canvas);

        let bounds = self
            .rows
            .iter()
            .flat_map(|row| [row.low, row.high])
            .chain(self.marks.iter().map(|mark| mark.value))
            .chain(self.null_value);
        let low = bounds.clone().fold(f64::INFINITY, f64::min);
        let high = bounds.fold(f64::NEG_INFINITY, f64::max);
        let horizontal = Axis {
            title: &self.value_title,
            ticks: Ticks::covering(low, high, 5),
        };
        let of_rows = self.rows.iter().map(|row| {
            (
                row.estimate,
                row.low,
                row.high,
                if row.emphasised { VERMILION } else { BLUE },
            )
        });
        // A row for each mark; the point is of the colour of the paper, the diamond stands on it.
        let of_marks = self
            .marks
            .iter()
            .map(|mark| (mark.value, mark.value, mark.value, PAPER));
        let rows = of_rows.chain(of_marks).collect();
        let marks = vec![Marks::Intervals { rows }];
        let plane = draw(&mut canvas, margins, horizontal, Vertical::Names(&names), marks);
        if let Some(null) = self.null_value {
            let bottom = canvas.height() - margins.bottom;
            let paint = Paint::stroke(AXIS, look::HAIRLINE).with_dash("4 3");
            canvas.line((plane.x(null), margins.top), (plane.x(null), bottom), paint);
        }
        let right = width - look::MARGIN;
        let head = Text::new(right, margins.top - 8.0, "estimate [interval]", look::TICK);
        canvas.text(head.anchor(Anchor::End).colour(MUTED));
        let centre = |index: usize| plane.y((names.len() - index) as f64);
        for (index, ((_, emphasised), value)) in names.iter().zip(&values).enumerate() {
            let weight = if *emphasised { Weight::SemiBold } else { Weight::Regular };
            let text = Text::new(right, centre(index) + middle(look::TICK), value, look::TICK).anchor(Anchor::End);
            canvas.text(Text { weight, ..text });
        }
        for (index, mark) in self.marks.iter().enumerate() {
            let (x, y) = (plane.x(mark.value), centre(self.rows.len() + index));
            let corners = [(x, y - DIAMOND), (x + DIAMOND, y), (x, y + DIAMOND), (x - DIAMOND, y)];
            canvas.polygon(&corners, Paint::fill(INK));
        }

        let rows: Vec<String> = names
            .iter()
            .zip(&values)
            .map(|((label, _), value)| format!("{label} {value}"))
            .collect();
        let description = format!("{}: {}.", self.value_title, rows.join("; "));
        let note = if self.interval.is_empty() {
            String::new()
        } else {
            format!("Lines: {}.", self.interval)
        };
        Ok(Figure {
            name: name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(&note),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: self.table(),
        })
    }

    fn table(&self) -> String {
        let mut table = Table::new(&["label", "estimate", "low", "high", "emphasised"]);
        for row in &self.rows {
            table.row(&[
                Cell::Text(&row.label),
                Cell::Number(row.estimate),
                Cell::Number(row.low),
                Cell::Number(row.high),
                Cell::Text(if row.emphasised { "yes" } else { "no" }),
            ]);
        }
        for mark in &self.marks {
            table.row(&[
                Cell::Text(&mark.label),
                Cell::Number(mark.value),
                Cell::Missing,
                Cell::Missing,
                Cell::Text("no"),
            ]);
        }
        table.finish()
    }
}
