//! Tab-separated tables: a header line, numbers in their shortest form that reads back, empty cells for missing values.

use std::fmt::{Display, Write};

/// A table being written.
pub(crate) struct Tsv {
    text: String,
    at_start: bool,
}

impl Tsv {
    /// Begins with a header line.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut tsv = Self {
            text: String::new(),
            at_start: true,
        };
        for column in columns {
            tsv.text(column);
        }
        tsv.end();
        tsv
    }

    fn begin(&mut self) {
        if !std::mem::take(&mut self.at_start) {
            self.text.push('\t');
        }
    }

    /// Adds a text; tabs and line ends, which the format cannot hold, become spaces.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.begin();
        let letters = text.chars();
        self.text
            .extend(letters.map(|letter| if letter.is_control() { ' ' } else { letter }));
        self
    }

    /// Adds a text or an empty cell.
    pub(crate) fn optional_text(&mut self, text: Option<&str>) -> &mut Self {
        self.text(text.unwrap_or_default())
    }

    /// Adds a number or an empty cell.
    pub(crate) fn optional(&mut self, value: Option<impl Display>) -> &mut Self {
        self.begin();
        if let Some(value) = value {
            let _ = write!(self.text, "{value}");
        }
        self
    }

    /// Adds a predicted value or an empty cell; a 32-bit score is written as short as it was.
    pub(crate) fn score(&mut self, value: Option<f64>) -> &mut Self {
        match value {
            Some(value) if f64::from(value as f32) == value => self.optional(Some(value as f32)),
            other => self.optional(other),
        }
    }

    /// Ends the line.
    pub(crate) fn end(&mut self) {
        self.text.push('\n');
        self.at_start = true;
    }

    /// Returns the table.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_separated_and_missing_ones_are_empty() {
        let mut tsv = Tsv::new(["a", "b", "c", "d"]);
        tsv.text("x\ty")
            .optional(Some(0.1))
            .optional(None::<u8>)
            .score(Some(f64::from(0.1f32)));
        tsv.end();
        assert_eq!(tsv.finish(), "a\tb\tc\td\nx y\t0.1\t\t0.1\n");
    }
}
