//! The logo above a map: each reference base as high as it contributes.

use super::{EffectMap, Grid};
use crate::figure::drawing::canvas::{Anchor, Canvas, Paint, Text};
use crate::figure::drawing::colour::{AXIS, MUTED, base};
use crate::figure::drawing::font::{Outline, Weight, cap_height, middle, text_width};
use crate::figure::drawing::look;
use crate::figure::drawing::ticks::Ticks;
use std::ops::Range;

/// Height of the letters, from the greatest to the least value.
const LETTERS: f64 = 72.0;
/// Space below the letters.
const BELOW: f64 = 10.0;
/// Name of the lane.
const NAME: &str = "base";
/// Columns narrower than this show bars in place of letters.
const LEAST_LETTER: f64 = 4.0;

/// The vertical scale of the letters, the same in all lines.
pub(super) struct LogoLane {
    axis: Ticks,
}

impl LogoLane {
    pub(super) fn new(contributions: &[f64]) -> Self {
        let low = contributions.iter().copied().fold(0.0, f64::min);
        let high = contributions.iter().copied().fold(0.0, f64::max);
        let high = if low == high { 1.0 } else { high };
        Self {
            axis: Ticks::covering(low, high, 3),
        }
    }

    pub(super) fn height(&self) -> f64 {
        LETTERS + BELOW
    }

    /// Room that name and ticks take left of the letters.
    pub(super) fn names_width(&self) -> f64 {
        let ticks = self
            .ends()
            .map(|value| text_width(&self.axis.label(value), look::TICK, Weight::Regular));
        let name = text_width(NAME, look::TICK, Weight::SemiBold);
        ticks.into_iter().fold(name, f64::max)
    }

    fn ends(&self) -> [f64; 2] {
        [self.axis.low, self.axis.high]
    }

    fn y(&self, top: f64, value: f64) -> f64 {
        top + (self.axis.high - value) / (self.axis.high - self.axis.low) * LETTERS
    }
}

impl EffectMap {
    /// Draws the letters of one line.
    pub(super) fn draw_logo(&self, canvas: &mut Canvas, grid: &Grid, lane: &LogoLane, line: Range<usize>, top: f64) {
        let Some(contributions) = &self.contributions else {
            return;
        };
        let label_y = top + LETTERS / 2.0 + middle(look::TICK);
        let label = Text::new(grid.left - 20.0, label_y, NAME, look::TICK);
        canvas.text(label.anchor(Anchor::End).bold());
        canvas.line(
            (grid.left, top),
            (grid.left, top + LETTERS),
            Paint::stroke(AXIS, look::HAIRLINE),
        );
        for (value, drop) in lane.ends().into_iter().zip([0.0, 1.0]) {
            let y = lane.y(top, value) + drop * cap_height(look::TICK);
            let text = lane.axis.label(value);
            canvas.text(
                Text::new(grid.left - 20.0, y, &text, look::TICK)
                    .anchor(Anchor::End)
                    .colour(MUTED),
            );
        }
        let zero = lane.y(top, 0.0);
        let from = line.start;
        let letters = self.reference_bases.chars().zip(contributions).enumerate();
        for (at, (letter, &value)) in letters.skip(from).take(line.len()) {
            let (x, end) = (grid.x(at - from), lane.y(top, value));
            let (y, height) = (end.min(zero), (end - zero).abs());
            // Below a third of a pixel a letter is a hair.
            if height < 0.3 {
                continue;
            }
            match Outline::of(letter, Weight::SemiBold).filter(|_| grid.cell_width >= LEAST_LETTER) {
                Some(outline) => {
                    let data = outline.fill_box(x + 0.5, y, grid.cell_width - 1.0, height);
                    canvas.path(&data, Paint::fill(base(letter)));
                }
                None => canvas.rect(x, y, grid.cell_width, height, Paint::fill(base(letter))),
            }
        }
        canvas.line(
            (grid.left, zero),
            (grid.x(line.len()), zero),
            Paint::stroke(AXIS, look::HAIRLINE),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_holds_zero_and_every_value() {
        let lane = LogoLane::new(&[0.5, 2.0, 1.0]);
        assert_eq!(lane.ends(), [0.0, 2.0]);
        assert_eq!((lane.y(10.0, 2.0), lane.y(10.0, 0.0)), (10.0, 10.0 + LETTERS));
        assert!(LogoLane::new(&[-0.5, -0.1]).ends()[0] <= -0.5);
        assert_eq!(LogoLane::new(&[0.0]).ends(), [0.0, 1.0]);
    }
}
