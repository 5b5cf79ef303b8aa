//! Distribution of one quantity with named values marked.

use super::drawing::canvas::{Anchor, Canvas, Paint, Text};
use super::drawing::chart::{Axis, Margins, Marks, Vertical, below, draw, left_margin};
use super::drawing::colour::{BLUE, VERMILION};
use super::drawing::font::{Weight, text_width};
use super::drawing::heading::Heading;
use super::drawing::look;
use super::drawing::number::grouped;
use super::drawing::placement::spread_over_lines;
use super::drawing::table::{Cell, Table};
use super::drawing::ticks::Ticks;
use super::{Figure, FigureError, FigureKind, Labels, check_finite, check_not_empty};

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "histogram",
    shows: "how the values of one quantity are distributed, named values marked",
};

/// Height of a line of labels above the plot, in px.
const LABEL_LINE: f64 = 16.0;

/// A histogram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Name, title and caption.
    pub labels: Labels,
    /// Title of the value axis with its unit.
    pub value_title: String,
    /// Title of the count axis, such as "SNVs".
    pub count_title: String,
    /// The values; at least one.
    pub values: Vec<f64>,
    /// Number of bins to aim at; the edges are round numbers, so the true number differs a little.
    pub bins: usize,
    /// Values marked with a line and a label.
    pub marks: Vec<(f64, String)>,
}

impl Histogram {
    /// Returns the edges (one more than bins) and the number of values in each bin.
    ///
    /// A bin holds its lower edge and not its upper one; the last bin holds both.
    pub fn bins(&self) -> (Vec<f64>, Vec<usize>) {
        let low = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let edges = Ticks::covering(low, high, self.bins.max(1)).values();
        let mut counts = vec![0; edges.len() - 1];
        let last = counts.len() - 1;
        for value in &self.values {
            let above = edges.partition_point(|edge| edge <= value);
            counts[above.saturating_sub(1).min(last)] += 1;
        }
        (edges, counts)
    }

    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, there is no value, a value is not finite, or a label is wider
    /// than the figure.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "values", self.values.is_empty())?;
        check_finite(name, "value", self.values.iter().copied())?;
        check_finite(name, "marked value", self.marks.iter().map(|mark| mark.0))?;
        let (edges, counts) = self.bins();
        let highest = counts.iter().copied().max().unwrap_or(0) as f64;
        let y = Ticks::covering(0.0, highest, 4);
        let marked = self.marks.iter().map(|mark| mark.0);
        let low = marked.clone().fold(edges[0], f64::min);
        let high = marked.fold(edges[edges.len() - 1], f64::max);
        let x = Ticks::covering(low, high, 6);

        let vertical = Vertical::Numbers(Axis {
            title: &self.count_title,
            ticks: y,
        });
        let left = left_margin(vertical);
        let right = look::MARGIN + 14.0;
        let scale = (look::NARROW - left - right) / (x.high - x.low);
        let mut marks: Vec<&(f64, String)> = self.marks.iter().collect();
        marks.sort_by(|a, b| a.0.total_cmp(&b.0));
        let wanted: Vec<(f64, f64)> = marks
            .iter()
            .map(|(value, label)| {
                (
                    left + (value - x.low) * scale,
                    text_width(label, look::TICK, Weight::SemiBold),
                )
            })
            .collect();
        let places = spread_over_lines(&wanted, left, look::NARROW - look::MARGIN, 8.0).ok_or_else(|| {
            let widest = marks.iter().max_by_key(|mark| mark.1.len());
            FigureError::Label {
                figure: name.clone(),
                label: widest.map_or(String::new(), |m| m.1.clone()),
            }
        })?;
        let lines = places.iter().map(|place| place.0 + 1).max().unwrap_or(0);

        let heading = Heading::new(&self.labels.title, &self.labels.subtitle, look::NARROW);
        let room_for_labels = if lines == 0 {
            4.0
        } else {
            lines as f64 * LABEL_LINE + 8.0
        };
        let margins = Margins {
            left,
            right,
            top: heading.height() + room_for_labels,
            bottom: below(&self.value_title, look::NARROW),
        };
        let mut canvas = Canvas::new(name, look::NARROW, margins.top + 200.0 + margins.bottom);
        heading.draw(&mut canvas);
        let drawn = Marks::Histogram {
            edges: edges.clone(),
            counts: counts.iter().map(|&count| count as f64).collect(),
            colour: BLUE,
        };
        let plane = draw(
            &mut canvas,
            margins,
            Axis {
                title: &self.value_title,
                ticks: x,
            },
            vertical,
            vec![drawn],
        );
        let bottom = canvas.height() - margins.bottom;
        let baseline = |line: usize| margins.top - 8.0 - line as f64 * LABEL_LINE;
        for ((value, _), (line, centre)) in marks.iter().zip(&places) {
            let at = plane.x(*value);
            let paint = Paint::stroke(VERMILION, 1.2);
            canvas.line((at, margins.top), (at, bottom), paint);
            canvas.line((*centre, baseline(*line) + 3.0), (at, margins.top), paint);
        }
        // Text over leaders of higher lines.
        for ((_, label), (line, centre)) in marks.iter().zip(&places) {
            let text = Text::new(*centre, baseline(*line), label, look::TICK)
                .anchor(Anchor::Middle)
                .bold();
            canvas.text(Text { halo: true, ..text });
        }

        let description = format!(
            "Distribution of {} values of {} in {} bins.",
            grouped(self.values.len() as u64),
            self.value_title,
            counts.len()
        );
        let mut table = Table::new(&["bin_low", "bin_high", "count"]);
        for (pair, &count) in edges.windows(2).zip(&counts) {
            table.row(&[
                Cell::Number(pair[0]),
                Cell::Number(pair[1]),
                Cell::Integer(count as u64),
            ]);
        }
        let note = format!("n = {}.", grouped(self.values.len() as u64));
        Ok(Figure {
            name: name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(&note),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: table.finish(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_one_bin_and_edges_belong_to_the_upper_bin() {
        let histogram = Histogram {
            values: vec![0.0, 0.5, 1.0, 1.5, 2.0, 4.0],
            bins: 4,
            ..Histogram::default()
        };
        let (edges, counts) = histogram.bins();
        assert_eq!(edges, [0.0, 1.0, 2.0, 3.0, 4.0]);
        // [0, 1): 0, 0.5; [1, 2): 1, 1.5; [2, 3): 2; [3, 4]: 4
        assert_eq!(counts, [2, 2, 1, 1]);
    }
}
