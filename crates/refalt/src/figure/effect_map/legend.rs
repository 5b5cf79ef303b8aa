//! Colour bars and swatches below a map.

use super::{EffectMap, Grid, Limit};
use crate::figure::drawing::canvas::{Anchor, Canvas, Paint, Text};
use crate::figure::drawing::colour::{AXIS, MISSING, MUTED, PAPER, diverging};
use crate::figure::drawing::font::{Weight, text_width};
use crate::figure::drawing::look;

/// Width of a colour bar.
const BAR: f64 = 132.0;

/// Place of one part of the legend, y relative to the legend.
#[derive(Debug)]
pub(super) struct LegendItem {
    title: String,
    x: f64,
    pub(super) y: f64,
}

impl EffectMap {
    /// Places one colour bar per panel and the two swatches, in lines.
    pub(super) fn legend(&self, limits: &[Limit], width: f64) -> Vec<LegendItem> {
        let mut items = Vec::new();
        let (mut x, mut y) = (look::MARGIN, 0.0);
        let titles = self.panels.iter().zip(limits).map(|(panel, limit)| {
            let title = format!("{}: {}", panel.label, panel.value_title);
            let title_width = text_width(&title, look::TICK, Weight::Regular);
            (title, title_width.max(BAR + limit.half_label_width() * 2.0))
        });
        let key_width = 16.0 + text_width("reference base", look::TICK, Weight::Regular);
        for (title, item_width) in titles.chain([(String::new(), key_width)]) {
            if x > look::MARGIN && x + item_width > width - look::MARGIN {
                (x, y) = (look::MARGIN, y + 52.0);
            }
            items.push(LegendItem { title, x, y });
            x += item_width + 28.0;
        }
        items
    }

    pub(super) fn draw_legend(
        &self,
        canvas: &mut Canvas,
        grid: &Grid,
        items: &[LegendItem],
        limits: &[Limit],
        top: f64,
    ) {
        for (item, limit) in items.iter().zip(limits) {
            let y = top + item.y;
            canvas.text(Text::new(item.x, y + look::TICK, &item.title, look::TICK));
            let bar_left = item.x + limit.half_label_width();
            canvas.open_crisp_group();
            let steps = 44;
            for step in 0..steps {
                let fraction = (f64::from(step) + 0.5) / f64::from(steps) * 2.0 - 1.0;
                let x = bar_left + BAR * f64::from(step) / f64::from(steps);
                canvas.rect(
                    x,
                    y + 17.0,
                    BAR / f64::from(steps),
                    9.0,
                    Paint::fill(diverging(fraction)),
                );
            }
            canvas.close_group();
            canvas.rect(bar_left, y + 17.0, BAR, 9.0, Paint::stroke(AXIS, 0.7));
            for (at, label) in [
                (0.0, limit.low_label()),
                (0.5, "0".to_owned()),
                (1.0, limit.high_label()),
            ] {
                let text = Text::new(bar_left + BAR * at, y + 40.0, &label, look::TICK);
                canvas.text(text.anchor(Anchor::Middle));
            }
        }
        let Some(key) = items.last() else { return };
        let y = top + key.y;
        canvas.rect(
            key.x,
            y + 1.0,
            10.0,
            11.0,
            Paint {
                stroke: Some((AXIS, 0.7)),
                ..Paint::fill(PAPER)
            },
        );
        if grid.show_dots {
            canvas.circle(key.x + 5.0, y + 6.5, 1.4, Paint::fill(MUTED), None);
        }
        canvas.text(Text::new(key.x + 16.0, y + look::TICK, "reference base", look::TICK));
        canvas.rect(key.x, y + 20.0, 10.0, 11.0, Paint::fill(MISSING));
        canvas.text(Text::new(key.x + 16.0, y + 19.0 + look::TICK, "no value", look::TICK));
    }
}
