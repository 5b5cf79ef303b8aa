//! Columns about the peak that a row lies in.
//!
//! Of several peaks the one with the most signal is told, then the one with the nearest summit, then the first.

use super::error::OverlapError;
use super::peaks::Peak;
use crate::io::variants::places::Layout;
use refalt_core::Position;
use std::fmt::Write as _;

/// A column: its name in tables, its INFO key, and the rest of its header line in VCF.
struct Column {
    name: &'static str,
    key: &'static str,
    meta: &'static str,
}

const COLUMNS: [Column; 5] = [
    Column {
        name: "peak_count",
        key: "PEAK_COUNT",
        meta: "Number=1,Type=Integer,Description=\"Peaks that the variant lies in\"",
    },
    Column {
        name: "peak_name",
        key: "PEAK_NAME",
        meta: "Number=1,Type=String,Description=\"Name of the peak with the most signal, percent-encoded\"",
    },
    Column {
        name: "peak_signal",
        key: "PEAK_SIGNAL",
        meta: "Number=1,Type=Float,Description=\"Signal of that peak (narrowPeak, broadPeak), else its score\"",
    },
    Column {
        name: "peak_summit_distance",
        key: "PEAK_SUMMIT_DISTANCE",
        meta: "Number=1,Type=Integer,Description=\"POS minus the summit of that peak in bp\"",
    },
    Column {
        name: "peak_file",
        key: "PEAK_FILE",
        meta: "Number=1,Type=String,Description=\"File of that peak, percent-encoded\"",
    },
];

/// Returns the names of the columns that are added to a table.
///
/// * `files`: names of the files of peaks; with one of them its column is left out.
pub(super) fn column_names(files: &[String]) -> Vec<&'static str> {
    let count = if files.len() > 1 { 5 } else { 4 };
    COLUMNS[..count].iter().map(|column| column.name).collect()
}

/// What is told of the peaks of a row, in the order of the columns; `None` for a value that the peak does not have.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told<'a> {
    pub(super) count: usize,
    pub(super) name: Option<&'a str>,
    pub(super) signal: Option<f64>,
    pub(super) summit_distance: Option<i64>,
    pub(super) file: usize,
}

/// Chooses the peak to tell of; `None` without a peak.
///
/// * `first`: the first base of the row (1-based).
pub(super) fn told<'a>(peaks: &[&'a Peak], first: Position) -> Option<Told<'a>> {
    let distance = |peak: &Peak| {
        let summit = peak.summit?;
        Some(i64::from(first.one_based()) - i64::from(summit.one_based()))
    };
    let better = |peak: &Peak| {
        (
            peak.signal.unwrap_or(f64::NEG_INFINITY),
            distance(peak).map_or(i64::MAX, i64::abs),
        )
    };
    let best = peaks.iter().copied().reduce(|best, next| {
        let ((best_signal, best_distance), (signal, distance)) = (better(best), better(next));
        let order = signal.total_cmp(&best_signal).then(best_distance.cmp(&distance));
        if order.is_gt() { next } else { best }
    })?;
    Some(Told {
        count: peaks.len(),
        name: best.name.as_deref(),
        signal: best.signal,
        summit_distance: distance(best),
        file: best.file,
    })
}

/// Writes columns into rows of text.
#[derive(Clone, Debug)]
pub(super) struct Annotator {
    shape: Shape,
    files: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Cells at the end of the line.
    Cells(u8),
    /// Keys of INFO.
    Info,
}

impl Annotator {
    /// Prepares the columns for a layout.
    pub(super) fn new(layout: &Layout, files: Vec<String>) -> Self {
        let shape = match layout {
            Layout::Vcf { .. } => Shape::Info,
            Layout::Table(table) | Layout::Positions { table, .. } => Shape::Cells(table.separator()),
            Layout::Bed | Layout::Ids => Shape::Cells(b'\t'),
        };
        Self { shape, files }
    }

    fn columns(&self) -> &'static [Column] {
        &COLUMNS[..if self.files.len() > 1 { 5 } else { 4 }]
    }

    /// Adds the columns to a header.
    ///
    /// # Errors
    /// [`OverlapError::ColumnThere`] when one is there already.
    pub(super) fn header(&self, layout: &Layout, header: &[u8]) -> Result<Vec<u8>, OverlapError> {
        let last_line = |text: &[u8]| {
            let body = text.strip_suffix(b"\n").unwrap_or(text);
            memchr::memrchr(b'\n', body).map_or(0, |at| at + 1)
        };
        let mut out = header.to_vec();
        match (self.shape, layout) {
            (Shape::Info, _) => {
                let text = String::from_utf8_lossy(header);
                let mut lines = String::new();
                for column in self.columns() {
                    if text.contains(&format!("##INFO=<ID={},", column.key)) {
                        return Err(OverlapError::ColumnThere(format!("INFO/{}", column.key)));
                    }
                    let _ = writeln!(lines, "##INFO=<ID={},{}>", column.key, column.meta);
                }
                let last = last_line(header);
                let at = if header[last..].starts_with(b"#CHROM") {
                    last
                } else {
                    header.len()
                };
                out.splice(at..at, lines.into_bytes());
            }
            (Shape::Cells(separator), Layout::Table(table) | Layout::Positions { table, .. }) => {
                if !table.header().is_empty() {
                    for column in self.columns() {
                        if table.header().iter().any(|name| name == column.name) {
                            return Err(OverlapError::ColumnThere(column.name.to_owned()));
                        }
                    }
                    let names: Vec<&str> = self.columns().iter().map(|column| column.name).collect();
                    let cells = names.join(&char::from(separator).to_string());
                    let at = content_end(header);
                    out.splice(at..at, [&[separator][..], cells.as_bytes()].concat());
                }
            }
            (Shape::Cells(_), _) => {}
        }
        Ok(out)
    }

    /// Appends a row with its columns; false for a VCF line without INFO, which is not written.
    pub(super) fn row(&self, out: &mut Vec<u8>, raw: &[u8], told: &Told<'_>) -> bool {
        match self.shape {
            Shape::Cells(separator) => {
                let end = content_end(raw);
                let line = &raw[..end];
                // A BED line whose cells are apart by spaces stays one.
                let separator = if separator == b'\t' && !line.contains(&b'\t') && line.contains(&b' ') {
                    b' '
                } else {
                    separator
                };
                out.extend_from_slice(line);
                for value in self.values(told) {
                    out.push(separator);
                    let value = value.as_deref().unwrap_or(".");
                    if separator == b',' && value.contains([',', '"', '\n']) {
                        let _ = std::io::Write::write_fmt(out, format_args!("\"{}\"", value.replace('"', "\"\"")));
                    } else {
                        let clean = |letter: char| if letter == '\t' { ' ' } else { letter };
                        out.extend(value.chars().map(clean).collect::<String>().into_bytes());
                    }
                }
                out.extend_from_slice(&raw[end..]);
                true
            }
            Shape::Info => {
                let content = &raw[..content_end(raw)];
                let mut tabs = memchr::memchr_iter(b'\t', content);
                let Some(before) = tabs.nth(6) else { return false };
                let end = tabs.next().unwrap_or(content.len());
                let info = &content[before + 1..end];
                out.extend_from_slice(&raw[..=before]);
                if info != b"." && !info.is_empty() {
                    out.extend_from_slice(info);
                    out.push(b';');
                }
                let values = self.values(told);
                let mut keys = String::new();
                for (column, value) in self.columns().iter().zip(values) {
                    if let Some(value) = value {
                        let separator = if keys.is_empty() { "" } else { ";" };
                        let _ = write!(keys, "{separator}{}={}", column.key, encoded(&value));
                    }
                }
                out.extend_from_slice(keys.as_bytes());
                out.extend_from_slice(&raw[end..]);
                true
            }
        }
    }

    fn values(&self, told: &Told<'_>) -> Vec<Option<String>> {
        let mut values = vec![
            Some(told.count.to_string()),
            told.name.map(str::to_owned),
            told.signal.map(|signal| signal.to_string()),
            told.summit_distance.map(|distance| distance.to_string()),
        ];
        if self.files.len() > 1 {
            values.push(self.files.get(told.file).cloned());
        }
        values
    }
}

/// Returns where the line end begins.
fn content_end(raw: &[u8]) -> usize {
    let line = raw.strip_suffix(b"\n").unwrap_or(raw);
    line.strip_suffix(b"\r").unwrap_or(line).len()
}

/// Encodes what a value of INFO may not hold: VCF 4.3 section 1.2.
fn encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            ':' | ';' | '=' | '%' | ',' | ' ' | '\r' | '\n' | '\t' => {
                let _ = write!(out, "%{:02X}", u32::from(letter));
            }
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::Interval;

    fn peak(start: u32, signal: f64, summit: Option<u32>) -> Peak {
        Peak {
            interval: Interval::from_bed(start, start + 100).unwrap(),
            name: Some("a;b".into()),
            signal: Some(signal),
            summit: summit.and_then(Position::new),
            file: 0,
        }
    }

    #[test]
    fn the_peak_with_the_most_signal_is_told_then_the_nearest_summit() {
        let position = Position::new(60).unwrap();
        let (low, far, near) = (peak(0, 1.0, Some(60)), peak(5, 9.0, Some(90)), peak(8, 9.0, Some(50)));
        let told = told(&[&low, &far, &near], position).unwrap();
        // 60 - 50: the summit of the third peak comes before.
        assert_eq!(
            (told.count, told.signal, told.summit_distance),
            (3, Some(9.0), Some(10))
        );
        assert_eq!(super::told(&[], position), None);
    }

    #[test]
    fn columns_stand_at_the_end_of_a_line_and_in_info() {
        let position = Position::new(60).unwrap();
        let peaks = [&peak(0, 2.5, None)];
        let told = told(&peaks, position).unwrap();
        let mut out = Vec::new();
        let cells = Annotator::new(&Layout::Bed, vec!["x".to_owned()]);
        cells.row(&mut out, b"chr1\t59\t60\r\n", &told);
        assert_eq!(out, b"chr1\t59\t60\t1\ta;b\t2.5\t.\r\n");
        let vcf = Layout::Vcf { columns: Some(8) };
        let info = Annotator::new(&vcf, vec!["x".to_owned()]);
        for (line, expected) in [
            (
                "1\t60\t.\tA\tC\t.\t.\t.",
                "1\t60\t.\tA\tC\t.\t.\tPEAK_COUNT=1;PEAK_NAME=a%3Bb;PEAK_SIGNAL=2.5",
            ),
            (
                "1\t60\t.\tA\tC\t.\t.\tX\tGT\t0",
                "1\t60\t.\tA\tC\t.\t.\tX;PEAK_COUNT=1;PEAK_NAME=a%3Bb;PEAK_SIGNAL=2.5\tGT\t0",
            ),
        ] {
            out.clear();
            assert!(info.row(&mut out, line.as_bytes(), &told));
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
        assert!(!info.row(&mut out, b"1\t60\t.\tA\tC\n", &told));
        let header = info.header(&vcf, b"##fileformat=VCFv4.2\n#CHROM\tPOS\n").unwrap();
        let header = String::from_utf8(header).unwrap();
        assert!(header.starts_with("##fileformat=VCFv4.2\n##INFO=<ID=PEAK_COUNT,Number=1,"));
        assert!(header.ends_with(">\n#CHROM\tPOS\n"));
        assert!(info.header(&vcf, b"##INFO=<ID=PEAK_NAME,Number=1>\n").is_err());
    }
}
