//! Estimates with their intervals, one row each.

use super::drawing::canvas::{Anchor, Canvas, Paint, Text};
use super::drawing::chart::{Axis, Margins, Marks, Vertical, below, draw, left_margin};
use super::drawing::colour::{AXIS, BLUE, INK, MUTED, VERMILION};
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
    shows: "estimates with their intervals, one row each, against a null value; diamonds for published or other values",
};

/// Height of one row, in px.
const ROW: f64 = 22.0;

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

/// A value beside an estimate: what was published, another measurement, a ceiling.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForestMark {
    /// Index of the row that it belongs to.
    pub row: usize,
    /// The value.
    pub value: f64,
    /// What it is; marks with one label are told once, in the caption.
    pub label: String,
}

/// Half the diagonal of a mark, in px.
const MARK: f64 = 4.5;

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
}

impl Forest {
    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, there is no row, a value is not finite, or an interval does
    /// not hold its estimate.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        self.draw_with(&[])
    }

    /// Draws the figure with values beside the estimates, as open diamonds; marks of rows that are not there are left out.
    ///
    /// # Errors
    /// As for [`Self::draw`].
    pub fn draw_with(&self, marks: &[ForestMark]) -> Result<Figure, FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "rows", self.rows.is_empty())?;
        check_finite(
            name,
            "row",
            self.rows.iter().flat_map(|row| [row.estimate, row.low, row.high]),
        )?;
        check_finite(name, "null value", self.null_value)?;
        check_finite(name, "mark", marks.iter().map(|mark| mark.value))?;
        let marks: Vec<&ForestMark> = marks.iter().filter(|mark| mark.row < self.rows.len()).collect();
        for row in &self.rows {
            check_interval(name, row.estimate, row.low, row.high)?;
        }

        let names: Vec<(String, bool)> = self.rows.iter().map(|r| (r.label.clone(), r.emphasised)).collect();
        let decimals = decimals(&self.rows);
        let values: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let number = |value: f64| fixed(value, decimals);
                // A value without an interval, such as what chance makes of a statistic.
                if row.low == row.high {
                    return number(row.estimate);
                }
                format!("{} [{}, {}]", number(row.estimate), number(row.low), number(row.high))
            })
            .collect();
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
        let height = margins.top + self.rows.len() as f64 * ROW + margins.bottom;
        let mut canvas = Canvas::new(name, width, height);
        heading.draw(&mut canvas);

        let bounds = self
            .rows
            .iter()
            .flat_map(|row| [row.low, row.high])
            .chain(self.null_value)
            .chain(marks.iter().map(|mark| mark.value));
        let low = bounds.clone().fold(f64::INFINITY, f64::min);
        let high = bounds.fold(f64::NEG_INFINITY, f64::max);
        let horizontal = Axis {
            title: &self.value_title,
            ticks: Ticks::covering(low, high, 5),
        };
        let rows = self
            .rows
            .iter()
            .map(|row| {
                (
                    row.estimate,
                    row.low,
                    row.high,
                    if row.emphasised { VERMILION } else { BLUE },
                )
            })
            .collect();
        let intervals = vec![Marks::Intervals { rows }];
        let plane = draw(&mut canvas, margins, horizontal, Vertical::Names(&names), intervals);
        if let Some(null) = self.null_value {
            let bottom = canvas.height() - margins.bottom;
            let paint = Paint::stroke(AXIS, look::HAIRLINE).with_dash("4 3");
            canvas.line((plane.x(null), margins.top), (plane.x(null), bottom), paint);
        }
        for mark in &marks {
            let (x, y) = (plane.x(mark.value), plane.y((self.rows.len() - mark.row) as f64));
            let corners = [(x - MARK, y), (x, y - MARK), (x + MARK, y), (x, y + MARK)];
            canvas.polygon(&corners, Paint::stroke(INK, 1.2));
        }
        let right = width - look::MARGIN;
        let head = Text::new(right, margins.top - 8.0, "estimate [interval]", look::TICK);
        canvas.text(head.anchor(Anchor::End).colour(MUTED));
        for (index, (row, value)) in self.rows.iter().zip(&values).enumerate() {
            let y = plane.y((self.rows.len() - index) as f64) + middle(look::TICK);
            let weight = if row.emphasised {
                Weight::SemiBold
            } else {
                Weight::Regular
            };
            let text = Text::new(right, y, value, look::TICK).anchor(Anchor::End);
            canvas.text(Text { weight, ..text });
        }

        let rows: Vec<String> = self
            .rows
            .iter()
            .zip(&values)
            .map(|(row, value)| format!("{} {value}", row.label))
            .collect();
        let description = format!("{}: {}.", self.value_title, rows.join("; "));
        let mut notes = Vec::new();
        if !self.interval.is_empty() {
            notes.push(format!("Lines: {}.", self.interval));
        }
        let mut told: Vec<&str> = marks.iter().map(|mark| mark.label.as_str()).collect();
        told.dedup();
        if !told.is_empty() {
            notes.push(format!("Diamonds: {}.", told.join("; ")));
        }
        let note = notes.join(" ");
        Ok(Figure {
            name: name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(&note),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: self.table(&marks),
        })
    }

    fn table(&self, marks: &[&ForestMark]) -> String {
        let columns = ["label", "estimate", "low", "high", "emphasised", "mark", "mark_label"];
        let mut table = Table::new(if marks.is_empty() { &columns[..5] } else { &columns });
        for (index, row) in self.rows.iter().enumerate() {
            let cells = [
                Cell::Text(&row.label),
                Cell::Number(row.estimate),
                Cell::Number(row.low),
                Cell::Number(row.high),
                Cell::Text(if row.emphasised { "yes" } else { "no" }),
            ];
            let own: Vec<&&ForestMark> = marks.iter().filter(|mark| mark.row == index).collect();
            if marks.is_empty() {
                table.row(&cells);
            } else if own.is_empty() {
                table.row(&[&cells[..], &[Cell::from(None), Cell::Text("")]].concat());
            }
            for mark in own {
                table.row(&[&cells[..], &[Cell::Number(mark.value), Cell::Text(&mark.label)]].concat());
            }
        }
        table.finish()
    }
}

/// Decimals of all numbers of a figure: two, or as many more, four at most, as it takes that none but 0 is written as 0. An
/// interval from -0.004 would else read as one that begins at 0.
fn decimals(rows: &[ForestRow]) -> usize {
    let shows = |value: f64, decimals: i32| value == 0.0 || value.abs() >= 0.5 * 10f64.powi(-decimals);
    let numbers = || rows.iter().flat_map(|row| [row.estimate, row.low, row.high]);
    let enough = (2..4).find(|&decimals| numbers().all(|value| shows(value, decimals)));
    enough.map_or(4, |decimals| decimals as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_but_zero_is_written_as_zero() {
        let row = |low: f64, estimate: f64, high: f64| ForestRow {
            label: String::new(),
            estimate,
            low,
            high,
            emphasised: false,
        };
        assert_eq!(decimals(&[row(-0.25, 0.0, 0.31)]), 2);
        assert_eq!(decimals(&[row(-0.25, 0.1, 0.31), row(-0.004, 0.007, 0.017)]), 3);
        assert_eq!(decimals(&[row(-0.000_01, 0.1, 0.2)]), 4);
    }
}
