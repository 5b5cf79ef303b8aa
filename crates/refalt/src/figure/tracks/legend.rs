//! What the colours of the track figure mean.

use super::LEFT;
use crate::figure::drawing::canvas::{Canvas, Paint, Text};
use crate::figure::drawing::colour::{BLUE, MISSING, VERMILION};
use crate::figure::drawing::font::{Weight, cap_height, text_width};
use crate::figure::drawing::look;

pub(super) fn draw_legend(canvas: &mut Canvas, top: f64, keys: &[Key]) {
    let mut x = LEFT;
    let y = top + cap_height(look::TICK);
    for key in keys {
        match key {
            Key::Reference => canvas.line((x, y - 4.0), (x + 20.0, y - 4.0), Paint::stroke(BLUE, 2.0)),
            Key::Alternate => canvas.line((x, y - 4.0), (x + 20.0, y - 4.0), Paint::stroke(VERMILION, 2.0)),
            Key::Difference => {
                canvas.rect(x, y - 8.0, 10.0, 4.0, Paint::fill(VERMILION).with_opacity(0.8));
                canvas.rect(x + 10.0, y - 4.0, 10.0, 4.0, Paint::fill(BLUE).with_opacity(0.8));
            }
            Key::Unknown => canvas.rect(x, y - 9.0, 20.0, 10.0, Paint::fill(MISSING).with_opacity(0.4)),
        }
        let name = key.name();
        canvas.text(Text::new(x + 25.0, y, name, look::TICK));
        x += 25.0 + text_width(name, look::TICK, Weight::Regular) + 22.0;
    }
}

/// What the legend explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Reference,
    Alternate,
    Difference,
    Unknown,
}

impl Key {
    fn name(self) -> &'static str {
        match self {
            Self::Reference => "REF",
            Self::Alternate => "ALT (on reference coordinates)",
            Self::Difference => "ALT \u{2212} REF",
            Self::Unknown => "sequence not known: the model read N",
        }
    }
}
