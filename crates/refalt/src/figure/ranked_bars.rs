//! Bars in order of rank: the largest, and where named items stand among all.

use super::drawing::canvas::{Anchor, Canvas, Paint, Text};
use super::drawing::chart::{Axis, Margins, Marks, Vertical, below, draw, left_margin};
use super::drawing::colour::{AXIS, BLUE, MUTED, VERMILION};
use super::drawing::font::{Weight, middle, text_width};
use super::drawing::heading::Heading;
use super::drawing::look;
use super::drawing::number::{grouped, signed};
use super::drawing::table::{Cell, Table};
use super::drawing::ticks::Ticks;
use super::{Figure, FigureError, FigureKind, Labels, check_finite, check_interval, check_not_empty};

/// Line of the table [`super::FIGURES`].
pub const KIND: FigureKind = FigureKind {
    name: "ranked_bars",
    shows: "the largest values in order, and where named items rank",
};

/// Height of one row, in px.
const ROW: f64 = 20.0;

/// One bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RankedBar {
    /// Rank among all items, 1 is first.
    pub rank: usize,
    /// Name of the item.
    pub label: String,
    /// Length of the bar, from zero.
    pub value: f64,
    /// Lower and upper bound around the value.
    pub interval: Option<(f64, f64)>,
    /// Drawn in a second colour with its name in bold.
    pub emphasised: bool,
}

/// Bars in order of rank.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RankedBars {
    /// Name, title and caption.
    pub labels: Labels,
    /// Title of the value axis with its unit.
    pub value_title: String,
    /// The bars in order of rank; ranks that are left out show as a gap.
    pub bars: Vec<RankedBar>,
    /// Number of items that were ranked.
    pub total: usize,
}

impl RankedBars {
    /// Draws the figure.
    ///
    /// # Errors
    /// [`FigureError`] when the name is unusable, there is no bar, a value is not finite, ranks fall or exceed
    /// the total, or an interval does not hold its value.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        let name = &self.labels.name;
        self.check()?;
        // Rows of the drawing: a bar, or the gap between ranks that do not follow each other.
        let mut rows: Vec<Option<&RankedBar>> = Vec::new();
        for (index, bar) in self.bars.iter().enumerate() {
            if index > 0 && bar.rank > self.bars[index - 1].rank + 1 {
                rows.push(None);
            }
            rows.push(Some(bar));
        }
        let names: Vec<(String, bool)> = rows
            .iter()
            .map(|row| {
                row.map_or(("\u{2026}".to_owned(), false), |bar| {
                    (bar.label.clone(), bar.emphasised)
                })
            })
            .collect();
        let ranks: Vec<String> = rows
            .iter()
            .map(|row| row.map_or(String::new(), |bar| grouped(bar.rank as u64)))
            .collect();
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts
                .map(|text| text_width(&text, look::TICK, Weight::SemiBold))
                .fold(0.0, f64::max)
        };
        let rank_width = widest(&mut ranks.iter().cloned());
        let value_width = widest(&mut self.bars.iter().map(|bar| signed(bar.value, 2)));

        let left = left_margin(Vertical::Names(&names)) + rank_width + 12.0;
        let right = look::MARGIN + value_width + 12.0;
        let width = look::NARROW.max(left + look::LEAST_PLOT + right);
        let heading = Heading::new(&self.labels.title, &self.labels.subtitle, width);
        let margins = Margins {
            left,
            right,
            top: heading.height() + ROW,
            bottom: below(&self.value_title, width),
        };
        let height = margins.top + rows.len() as f64 * ROW + margins.bottom;
        let mut canvas = Canvas::new(name, width, height);
        heading.draw(&mut canvas);

        let bounds = self.bars.iter().flat_map(|bar| {
            let (low, high) = bar.interval.unwrap_or((bar.value, bar.value));
            [low, high, 0.0]
        });
        let low = bounds.clone().fold(f64::INFINITY, f64::min);
        let high = bounds.fold(f64::NEG_INFINITY, f64::max);
        let horizontal = Axis {
            title: &self.value_title,
            ticks: Ticks::covering(low, high, 5),
        };
        let bars = rows
            .iter()
            .map(|row| row.map_or((0.0, BLUE), |b| (b.value, if b.emphasised { VERMILION } else { BLUE })))
            .collect();
        let intervals = rows.iter().map(|row| row.and_then(|bar| bar.interval)).collect();
        let marks = vec![Marks::Bars { bars, intervals }];
        let plane = draw(&mut canvas, margins, horizontal, Vertical::Names(&names), marks);
        let bottom = canvas.height() - margins.bottom;
        canvas.line(
            (plane.x(0.0), margins.top),
            (plane.x(0.0), bottom),
            Paint::stroke(AXIS, look::HAIRLINE),
        );

        let right = width - look::MARGIN;
        let rank_end = look::MARGIN + rank_width;
        let header = margins.top - 8.0;
        let head = |x, text, anchor| Text::new(x, header, text, look::TICK).anchor(anchor).colour(MUTED);
        canvas.text(head(look::MARGIN, "rank", Anchor::Start));
        canvas.text(head(right, "value", Anchor::End));
        for (index, row) in rows.iter().enumerate() {
            let Some(bar) = row else { continue };
            let y = plane.y((rows.len() - index) as f64) + middle(look::TICK);
            let weight = if bar.emphasised {
                Weight::SemiBold
            } else {
                Weight::Regular
            };
            let value = signed(bar.value, 2);
            let rank = Text::new(rank_end, y, &ranks[index], look::TICK)
                .anchor(Anchor::End)
                .colour(MUTED);
            let value = Text::new(right, y, &value, look::TICK).anchor(Anchor::End);
            canvas.text(Text { weight, ..rank });
            canvas.text(Text { weight, ..value });
        }

        let description = format!(
            "{} of {} items in order of rank: {}.",
            self.bars.len(),
            grouped(self.total as u64),
            self.bars
                .iter()
                .filter(|bar| bar.emphasised)
                .map(|bar| format!("{} has rank {}", bar.label, grouped(bar.rank as u64)))
                .collect::<Vec<_>>()
                .join(", ")
        );
        let note = format!(
            "Ranks are among {} items; \u{2026} stands for ranks left out.",
            grouped(self.total as u64)
        );
        Ok(Figure {
            name: name.clone(),
            title: self.labels.title.clone(),
            caption: self.labels.caption_with(&note),
            svg: canvas.finish(&self.labels.title, &description)?,
            description,
            tsv: self.table(),
        })
    }

    fn check(&self) -> Result<(), FigureError> {
        let name = &self.labels.name;
        self.labels.check()?;
        check_not_empty(name, "bars", self.bars.is_empty())?;
        check_finite(name, "value", self.bars.iter().map(|bar| bar.value))?;
        let bounds = self.bars.iter().filter_map(|bar| bar.interval);
        check_finite(name, "interval bound", bounds.flat_map(|(low, high)| [low, high]))?;
        for bar in &self.bars {
            if let Some((low, high)) = bar.interval {
                check_interval(name, bar.value, low, high)?;
            }
        }
        let rising = self.bars.windows(2).all(|pair| pair[0].rank <= pair[1].rank);
        let inside = self.bars.iter().all(|bar| (1..=self.total).contains(&bar.rank));
        if rising && inside {
            return Ok(());
        }
        let ranks: Vec<String> = self.bars.iter().map(|bar| bar.rank.to_string()).collect();
        Err(FigureError::Setting {
            figure: name.clone(),
            what: "the list of ranks",
            found: ranks.join(" "),
            allowed: "ranks never fall and lie between 1 and the total",
        })
    }

    fn table(&self) -> String {
        let mut table = Table::new(&["rank", "label", "value", "low", "high", "emphasised"]);
        for bar in &self.bars {
            table.row(&[
                Cell::Integer(bar.rank as u64),
                Cell::Text(&bar.label),
                Cell::Number(bar.value),
                bar.interval.map(|i| i.0).into(),
                bar.interval.map(|i| i.1).into(),
                Cell::Text(if bar.emphasised { "yes" } else { "no" }),
            ]);
        }
        table.finish()
    }
}
