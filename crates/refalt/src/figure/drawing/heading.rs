//! The title block on top of a figure, axis titles, and line breaking.

use super::canvas::{Anchor, Canvas, Text};
use super::colour::{INK, MUTED};
use super::font::{Weight, cap_height, text_width};
use super::look;

/// Line spacing in em.
const LEADING: f64 = 1.3;

/// Breaks `text` at spaces so that no line is wider than `room`, unless a single word is.
pub(crate) fn wrap(text: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size, weight) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Lines of a title block, broken before the height of the canvas is known.
#[derive(Debug)]
pub(crate) struct Heading {
    title: Vec<String>,
    subtitle: Vec<String>,
    notes: Vec<String>,
}

impl Heading {
    /// Breaks title and subtitle to the width of a figure.
    pub(crate) fn new(title: &str, subtitle: &str, width: f64) -> Self {
        let room = width - 2.0 * look::MARGIN;
        Self {
            title: wrap(title, look::TITLE, Weight::SemiBold, room),
            subtitle: wrap(subtitle, look::LABEL, Weight::Regular, room),
            notes: Vec::new(),
        }
    }

    /// Adds lines of results below the subtitle, each broken on its own.
    pub(crate) fn with_notes(mut self, notes: &[String], width: f64) -> Self {
        let room = width - 2.0 * look::MARGIN;
        self.notes = notes
            .iter()
            .flat_map(|note| wrap(note, look::LABEL, Weight::Regular, room))
            .collect();
        self
    }

    /// Height of the block with the blank space around it, in px.
    pub(crate) fn height(&self) -> f64 {
        look::MARGIN
            + self.title.len() as f64 * look::TITLE * LEADING
            + (self.subtitle.len() + self.notes.len()) as f64 * look::LABEL * LEADING
            + 8.0
    }

    /// Draws the block at the upper left.
    pub(crate) fn draw(&self, canvas: &mut Canvas) {
        let mut top = look::MARGIN;
        for line in &self.title {
            canvas.text(Text::new(look::MARGIN, top + cap_height(look::TITLE), line, look::TITLE).bold());
            top += look::TITLE * LEADING;
        }
        let subtitle = self.subtitle.iter().map(|line| (line, MUTED));
        let notes = self.notes.iter().map(|line| (line, INK));
        for (line, colour) in subtitle.chain(notes) {
            let baseline = top + cap_height(look::LABEL) + 1.0;
            canvas.text(Text::new(look::MARGIN, baseline, line, look::LABEL).colour(colour));
            top += look::LABEL * LEADING;
        }
    }
}

/// Draws the title of a vertical axis, turned to read upwards, centred on `y`.
pub(crate) fn vertical_title(canvas: &mut Canvas, x: f64, y: f64, title: &str) {
    let text = Text::new(x, y, title, look::LABEL).anchor(Anchor::Middle).colour(INK);
    canvas.text(Text {
        rotation: -90.0,
        ..text
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_fit() {
        let text = "measured above, predicted below, every base against every alternate base";
        let lines = wrap(text, 12.0, Weight::Regular, 150.0);
        assert!(lines.len() > 2);
        assert_eq!(lines.join(" "), text);
        assert!(
            lines
                .iter()
                .all(|line| text_width(line, 12.0, Weight::Regular) <= 150.0)
        );
        assert_eq!(
            wrap("chr5:1295113:G>A", 12.0, Weight::Regular, 5.0),
            ["chr5:1295113:G>A"]
        );
        assert!(wrap("  ", 12.0, Weight::Regular, 50.0).is_empty());
    }
}
