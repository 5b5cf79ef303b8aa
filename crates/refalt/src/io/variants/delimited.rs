//! Splits lines of tables into cells, with quoted cells as RFC 4180 has them.
//!
//! Stricter than common CSV readers, which read `"a" b` and run to the end of the file after a mark that is not closed:
//! a quoted cell ends before a separator or a line end, and joins at most [`MAX_JOINED_LINES`] lines. Otherwise only the
//! line with the opening mark is at fault, and the lines after it are read by themselves.

use super::error::ReadError;
use super::source::Input;
use std::collections::VecDeque;

/// Lines that one quoted cell may run through.
pub(super) const MAX_JOINED_LINES: usize = 100;

/// The cells of one record.
#[derive(Debug, Default)]
pub(super) struct Cells {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Cells {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start..end])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    fn close(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// Splits a record; quotation marks count only where a cell begins.
    pub(super) fn split(&mut self, record: &[u8], separator: u8, quoting: Quoting) -> Split {
        self.bytes.clear();
        self.ends.clear();
        let mut rest = record;
        loop {
            if quoting == Quoting::On
                && let Some(inner) = rest.strip_prefix(b"\"")
            {
                match self.quoted(inner) {
                    None => return Split::Open,
                    Some(after) => rest = after,
                }
                match rest {
                    [] => return Split::Whole,
                    [next, after @ ..] if *next == separator => rest = after,
                    _ => return Split::Malformed,
                }
                continue;
            }
            let end = memchr::memchr(separator, rest);
            self.bytes.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
            self.close();
            match end {
                Some(end) => rest = &rest[end + 1..],
                None => return Split::Whole,
            }
        }
    }

    /// Takes a quoted cell and returns what follows its closing mark, `None` without one; `""` is a mark.
    fn quoted<'t>(&mut self, mut rest: &'t [u8]) -> Option<&'t [u8]> {
        loop {
            let mark = memchr::memchr(b'"', rest)?;
            self.bytes.extend_from_slice(&rest[..mark]);
            rest = &rest[mark + 1..];
            match rest.strip_prefix(b"\"") {
                Some(after) => {
                    self.bytes.push(b'"');
                    rest = after;
                }
                None => {
                    self.close();
                    return Some(rest);
                }
            }
        }
    }
}

/// Whether quotation marks have a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    Whole,
    /// A quoted cell goes on behind the line end.
    Open,
    /// Text follows a closing mark.
    Malformed,
}

/// Where a record stands and whether its marks are sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordPlace {
    /// Its first line (1-based).
    pub(super) line: u64,
    /// The lines it takes.
    pub(super) lines: u64,
    /// False when a quoted cell is not closed; the cells are those of the line with marks as letters.
    pub(super) is_sound: bool,
}

/// Reads records of a delimited file.
pub(super) struct Records {
    input: Input,
    separator: u8,
    quoting: Quoting,
    pub(super) cells: Cells,
    /// Lines that were read ahead in search of a closing mark.
    ahead: VecDeque<(u64, Vec<u8>)>,
}

impl Records {
    pub(super) fn new(input: Input, separator: u8, quoting: Quoting) -> Self {
        Self {
            input,
            separator,
            quoting,
            cells: Cells::default(),
            ahead: VecDeque::new(),
        }
    }

    /// Reads the next record into [`Self::cells`]; empty lines are passed over.
    pub(super) fn advance(&mut self) -> Result<Option<RecordPlace>, ReadError> {
        let (separator, quoting) = (self.separator, self.quoting);
        let (number, split, kept) = loop {
            if let Some((number, bytes)) = self.ahead.pop_front() {
                if !bytes.is_empty() {
                    break (number, self.cells.split(&bytes, separator, quoting), bytes);
                }
                continue;
            }
            let Some(line) = self.input.next_line()? else {
                return Ok(None);
            };
            if !line.bytes.is_empty() {
                let split = self.cells.split(line.bytes, separator, quoting);
                let kept = if split == Split::Whole {
                    Vec::new()
                } else {
                    line.bytes.to_vec()
                };
                break (line.number, split, kept);
            }
        };
        let place = |lines: usize, is_sound| {
            Some(RecordPlace {
                line: number,
                lines: lines as u64,
                is_sound,
            })
        };
        match split {
            Split::Whole => return Ok(place(1, true)),
            Split::Open => {
                if let Some(joined) = self.join(&kept)? {
                    return Ok(place(joined + 1, true));
                }
            }
            Split::Malformed => {}
        }
        self.cells.split(&kept, separator, Quoting::Off);
        Ok(place(1, false))
    }

    /// Adds lines until the quoted cell is closed; returns how many, or `None` with the lines put back.
    fn join(&mut self, first: &[u8]) -> Result<Option<usize>, ReadError> {
        let mut record = first.to_vec();
        let mut taken = Vec::new();
        while taken.len() < MAX_JOINED_LINES {
            let next = match self.ahead.pop_front() {
                Some(next) => next,
                None => match self.input.next_line()? {
                    Some(line) => (line.number, line.bytes.to_vec()),
                    None => break,
                },
            };
            record.push(b'\n');
            record.extend_from_slice(&next.1);
            taken.push(next);
            match self.cells.split(&record, self.separator, self.quoting) {
                Split::Whole => return Ok(Some(taken.len())),
                Split::Open => {}
                Split::Malformed => break,
            }
        }
        for line in taken.into_iter().rev() {
            self.ahead.push_front(line);
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a text; a record is its line, its number of lines, `!` when not sound, and its cells.
    fn records(text: &str) -> Vec<String> {
        let input = Input::from_reader(Box::new(std::io::Cursor::new(text.to_owned())), "test").unwrap();
        let mut records = Records::new(input, b',', Quoting::On);
        let mut found = Vec::new();
        while let Some(place) = records.advance().unwrap() {
            let cells: Vec<_> = records.cells.iter().map(String::from_utf8_lossy).collect();
            let fault = if place.is_sound { "" } else { "!" };
            found.push(format!("{}+{}{fault} {}", place.line, place.lines, cells.join("|")));
        }
        found
    }

    #[test]
    fn quoted_cells_hold_separators_marks_and_line_ends() {
        assert_eq!(
            records("a,\"b,c\",d\n\"x \"\"y\"\"\",\n\n\"two\r\n\nlines\",z\nlast"),
            ["1+1 a|b,c|d", "2+1 x \"y\"|", "4+3 two\n\nlines|z", "7+1 last"]
        );
    }

    #[test]
    fn a_mark_that_is_not_closed_costs_its_own_line_only() {
        assert_eq!(
            records("a,\"b\nc,d\ne,\"f\ng,h\n"),
            ["1+1! a|\"b", "2+1 c|d", "3+1! e|\"f", "4+1 g|h"]
        );
        assert_eq!(records("a,\"b\" c\nd,e\n"), ["1+1! a|\"b\" c", "2+1 d|e"]);
        let long = format!("a,\"b\n{}c,d\"\n", "x,y\n".repeat(MAX_JOINED_LINES));
        assert_eq!(records(&long).len(), MAX_JOINED_LINES + 2);
    }

    #[test]
    fn marks_inside_a_cell_are_letters() {
        assert_eq!(records("5\" long,6\"\n"), ["1+1 5\" long|6\""]);
    }

    proptest! {
        #[test]
        fn quoting_every_cell_is_undone(cells in proptest::collection::vec("[a,\" \n]{0,6}", 1..5)) {
            let line: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            let mut split = Cells::default();
            prop_assert_eq!(split.split(line.join(",").as_bytes(), b',', Quoting::On), Split::Whole);
            let found: Vec<String> = split.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
            prop_assert_eq!(found, cells);
        }

        #[test]
        fn no_line_is_lost(lines in proptest::collection::vec("[ab,\"]{1,8}", 1..30)) {
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let input = Input::from_reader(Box::new(std::io::Cursor::new(text)), "test").unwrap();
            let mut records = Records::new(input, b',', Quoting::On);
            let mut next = 1;
            while let Some(place) = records.advance().unwrap() {
                prop_assert_eq!(place.line, next);
                next += place.lines;
            }
            prop_assert_eq!(next, lines.len() as u64 + 1);
        }
    }
}
