//! Lines with their numbers, and the fields of a line.

use super::Located;
use super::error::{MotifFileProblem, quoted};

/// The lines of a file, numbered from 1, without their ends.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    rest: Option<&'a [u8]>,
    number: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: (!bytes.is_empty()).then_some(bytes),
            number: 0,
        }
    }

    /// The number of the line that was read last, 1 before the first.
    pub(super) fn number(&self) -> usize {
        self.number.max(1)
    }

    /// The next line that is not blank, which stays the next line.
    pub(super) fn peek(&mut self) -> Option<(usize, &'a [u8])> {
        loop {
            let mut ahead = self.clone();
            let (number, line) = ahead.next()?;
            if !line.trim_ascii().is_empty() {
                return Some((number, line));
            }
            *self = ahead;
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        let (line, rest) = match memchr::memchr(b'\n', rest) {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, &rest[..0]),
        };
        self.rest = (!rest.is_empty()).then_some(rest);
        self.number += 1;
        Some((self.number, line.strip_suffix(b"\r").unwrap_or(line)))
    }
}

/// Reads a line as UTF-8.
pub(super) fn text((number, line): (usize, &[u8])) -> Located<&str> {
    std::str::from_utf8(line).map_err(|_| (number, MotifFileProblem::NotText { line: quoted(line) }))
}

/// Reads a field as a number.
pub(super) fn number(line: usize, field: &str) -> Located<f64> {
    field.parse().map_err(|_| {
        let field = quoted(field.as_bytes());
        (line, MotifFileProblem::NotANumber { field })
    })
}

/// Reads the fields of a line as numbers.
pub(super) fn numbers(line: usize, text: &str) -> Located<Vec<f64>> {
    text.split_ascii_whitespace().map(|field| number(line, field)).collect()
}
