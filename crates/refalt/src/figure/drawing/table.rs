//! The data beside a figure as tab-separated text.

use super::number::exact;

/// A table under construction: one header line, then rows of equal length.
#[derive(Debug)]
pub(crate) struct Table {
    text: String,
    columns: usize,
}

/// One cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Integer(u64),
    Number(f64),
    /// Written `NA`, as R and pandas read it.
    Missing,
}

impl From<Option<f64>> for Cell<'_> {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Cell::Missing, Cell::Number)
    }
}

impl Table {
    pub(crate) fn new(headers: &[&str]) -> Self {
        let mut table = Self {
            text: String::new(),
            columns: headers.len(),
        };
        table.row(&headers.iter().map(|h| Cell::Text(h)).collect::<Vec<_>>());
        table
    }

    /// Adds a row; tabs and line breaks inside text become spaces, since the format has no quoting.
    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) {
        debug_assert_eq!(cells.len(), self.columns, "rows are as long as the header");
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                self.text.push('\t');
            }
            match cell {
                Cell::Text(text) => self.text.push_str(&text.replace(['\t', '\n', '\r'], " ")),
                Cell::Integer(value) => self.text.push_str(&value.to_string()),
                Cell::Number(value) if value.is_nan() => self.text.push_str("NA"),
                Cell::Number(value) => self.text.push_str(&exact(*value)),
                Cell::Missing => self.text.push_str("NA"),
            }
        }
        self.text.push('\n');
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_every_digit_and_stay_one_line() {
        let mut table = Table::new(&["name", "n", "value", "other"]);
        table.row(&[
            Cell::Text("a\tb\nc"),
            Cell::Integer(7),
            Cell::Number(0.1 + 0.2),
            None.into(),
        ]);
        assert_eq!(
            table.finish(),
            "name\tn\tvalue\tother\na b c\t7\t0.30000000000000004\tNA\n"
        );
    }
}
