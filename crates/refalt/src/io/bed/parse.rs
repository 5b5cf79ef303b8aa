//! From lines to records.

use super::{BedError, BedFile, BedLayout, BedProblem, BedRecord, HeaderLine, Peak};
use crate::io::gzip::read_line;
use refalt_core::{ContigName, Interval, Position, Strand};
use std::io::BufRead;

/// Header lines that are kept.
const MOST_HEADER_LINES: usize = 1000;

pub(super) fn layout_of_name(name: &str) -> Option<BedLayout> {
    let lower = name.to_ascii_lowercase();
    let stem = lower
        .strip_suffix(".gz")
        .or_else(|| lower.strip_suffix(".bgz"))
        .unwrap_or(&lower);
    if stem.ends_with(".narrowpeak") {
        Some(BedLayout::NarrowPeak)
    } else if stem.ends_with(".broadpeak") {
        Some(BedLayout::BroadPeak)
    } else {
        None
    }
}

pub(super) fn parse(name: &str, text: &mut dyn BufRead, layout: Option<BedLayout>) -> Result<BedFile, BedError> {
    let mut records = Vec::new();
    let mut header = Vec::new();
    let mut bytes = Vec::new();
    let mut number = 0;
    let mut shape = None;
    let mut contig = ContigName::new("");
    loop {
        number += 1;
        let more = read_line(text, &mut bytes).map_err(|source| BedError::Io {
            name: name.to_owned(),
            source,
        })?;
        if !more {
            break;
        }
        let mut line = bytes.as_slice();
        if number == 1 {
            // A byte order mark, as spreadsheets write it.
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        let record = parse_line(line, &mut shape, layout, &mut contig).map_err(|problem| BedError::Line {
            name: name.to_owned(),
            line: number,
            text: String::from_utf8_lossy(line).chars().take(80).collect(),
            problem,
        })?;
        match record {
            Some(record) => records.push(BedRecord { line: number, ..record }),
            None if header.len() < MOST_HEADER_LINES && !line.trim_ascii().is_empty() => header.push(HeaderLine {
                line: number,
                text: String::from_utf8_lossy(line).into(),
            }),
            None => {}
        }
    }
    let layout = shape
        .map(|(layout, _)| layout)
        .or(layout)
        .unwrap_or(BedLayout::Standard(3));
    Ok(BedFile {
        layout,
        records,
        header,
    })
}

/// Reads a line; `None` for a line without a record. `shape` is set by the first record.
fn parse_line(
    line: &[u8],
    shape: &mut Option<(BedLayout, usize)>,
    layout: Option<BedLayout>,
    last_contig: &mut ContigName,
) -> Result<Option<BedRecord>, BedProblem> {
    if line.trim_ascii().is_empty() || line.starts_with(b"#") {
        return Ok(None);
    }
    let line = std::str::from_utf8(line).map_err(|_| BedProblem::Encoding)?;
    let first = line.split([' ', '\t']).next().unwrap_or_default();
    if first == "track" || first == "browser" {
        return Ok(None);
    }
    let columns: Vec<&str> = if line.contains('\t') {
        line.split('\t').collect()
    } else {
        line.split_ascii_whitespace().collect()
    };
    let found = columns.len();
    let (layout, expected) = match *shape {
        Some(shape) => shape,
        None => {
            let layout = layout.map_or_else(|| layout_of_columns(found), Ok)?;
            *shape.insert((layout, found))
        }
    };
    if found != expected {
        return Err(BedProblem::OtherColumns { found, expected });
    }
    let needed = match layout {
        BedLayout::Standard(columns @ (3..=9 | 12)) => usize::from(columns),
        BedLayout::Standard(columns) => {
            return Err(BedProblem::Columns {
                found: usize::from(columns),
            });
        }
        BedLayout::NarrowPeak => 10,
        BedLayout::BroadPeak => 9,
    };
    if found < needed {
        return Err(BedProblem::TooFewColumns {
            found,
            expected: needed,
        });
    }
    if columns[0].is_empty() {
        return Err(value("chrom", "", "a contig name"));
    }
    if last_contig.as_str() != columns[0] {
        *last_contig = ContigName::new(columns[0]);
    }
    parse_columns(&columns, layout, needed, last_contig).map(Some)
}

fn layout_of_columns(found: usize) -> Result<BedLayout, BedProblem> {
    match u8::try_from(found) {
        Ok(columns @ (3..=9 | 12)) => Ok(BedLayout::Standard(columns)),
        Ok(10) => Ok(BedLayout::NarrowPeak),
        _ => Err(BedProblem::Columns { found }),
    }
}

fn value(column: &'static str, value: &str, expected: &'static str) -> BedProblem {
    BedProblem::Value {
        column,
        value: value.to_owned(),
        expected,
    }
}

const COORDINATE: &str = "a whole number up to 4294967295";

fn whole(column: &'static str, text: &str) -> Result<u32, BedProblem> {
    // `parse` would take a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.ok_or_else(|| value(column, text, COORDINATE))
}

fn number(column: &'static str, text: &str) -> Result<f64, BedProblem> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| value(column, text, "a number"))
}

/// Reads a number that -1 (narrowPeak: "Use -1 if no pValue is assigned") leaves out.
fn number_or_minus_one(column: &'static str, text: &str) -> Result<Option<f64>, BedProblem> {
    Ok(Some(number(column, text)?).filter(|&number| number != -1.0))
}

fn parse_columns(
    columns: &[&str],
    layout: BedLayout,
    needed: usize,
    contig: &ContigName,
) -> Result<BedRecord, BedProblem> {
    let (start, end) = (whole("chromStart", columns[1])?, whole("chromEnd", columns[2])?);
    let interval = Interval::from_bed(start, end).ok_or(BedProblem::Inverted { start, end })?;
    let standard = match layout {
        BedLayout::Standard(_) => needed,
        BedLayout::NarrowPeak | BedLayout::BroadPeak => 6,
    };
    let column = |index: usize| (index < standard).then(|| columns[index]);
    let given = |index: usize| column(index).filter(|&text| text != ".");
    let strand = match column(5) {
        None | Some(".") => None,
        Some("+") => Some(Strand::Forward),
        Some("-") => Some(Strand::Reverse),
        Some(other) => return Err(value("strand", other, "`+`, `-` or `.`")),
    };
    let thick = match (given(6), given(7)) {
        (Some(start), Some(end)) => thick(interval, start, end)?,
        (Some(start), None) => {
            whole("thickStart", start)?;
            None
        }
        _ => None,
    };
    let blocks = if standard == 12 {
        blocks(interval, &columns[9..12])?
    } else {
        Vec::new()
    };
    let peak = match layout {
        BedLayout::Standard(_) => None,
        BedLayout::NarrowPeak => Some(peak(&columns[6..9], summit(interval, columns[9])?)?),
        BedLayout::BroadPeak => Some(peak(&columns[6..9], None)?),
    };
    Ok(BedRecord {
        contig: contig.clone(),
        interval,
        name: given(3).map(Into::into),
        score: given(4).map(|text| number("score", text)).transpose()?,
        strand,
        thick,
        blocks,
        peak,
        line: 0,
    })
}

fn thick(interval: Interval, start: &str, end: &str) -> Result<Option<Interval>, BedProblem> {
    let (start, end) = (whole("thickStart", start)?, whole("thickEnd", end)?);
    // Without a thick part both columns hold one number, in some files 0.
    if start == end {
        return Ok(None);
    }
    match Interval::from_bed(start, end).filter(|&thick| interval.covers(thick)) {
        Some(thick) => Ok(Some(thick)),
        None => Err(BedProblem::Outside {
            part: "the thick part",
            inner: format!("{start}-{end} (0-based)"),
            outer: interval,
        }),
    }
}

/// Reads a comma-separated list; a comma may follow the last number.
fn list(column: &'static str, text: &str) -> Result<Vec<u32>, BedProblem> {
    let text = text.strip_suffix(',').unwrap_or(text);
    text.split(',').map(|text| whole(column, text.trim())).collect()
}

/// Reads blockCount, blockSizes and blockStarts.
///
/// GA4GH BED v1.0 section 1.5: blocks do not overlap, are sorted, start with the feature and end with it.
fn blocks(interval: Interval, columns: &[&str]) -> Result<Vec<Interval>, BedProblem> {
    let problem = |reason: String| BedProblem::Blocks { reason };
    let count = whole("blockCount", columns[0])? as usize;
    let (sizes, starts) = (list("blockSizes", columns[1])?, list("blockStarts", columns[2])?);
    if sizes.len() != count || starts.len() != count {
        return Err(problem(format!(
            "blockCount is `{count}`, but there are {} blockSizes and {} blockStarts",
            sizes.len(),
            starts.len()
        )));
    }
    let mut blocks: Vec<Interval> = Vec::with_capacity(count);
    for (&size, &offset) in sizes.iter().zip(&starts) {
        let block = interval
            .bed_start()
            .checked_add(offset)
            .and_then(|start| Interval::from_bed(start, start.checked_add(size)?))
            .filter(|&block| interval.covers(block));
        let Some(block) = block else {
            return Err(BedProblem::Outside {
                part: "a block",
                inner: format!("of {size} bp at offset {offset}"),
                outer: interval,
            });
        };
        if blocks.last().is_some_and(|last| last.bed_end() > block.bed_start()) {
            return Err(problem(format!(
                "the block at offset {offset} overlaps or precedes the one before it"
            )));
        }
        blocks.push(block);
    }
    let ends = (
        blocks.first().map(|block| block.bed_start()),
        blocks.last().map(|block| block.bed_end()),
    );
    if ends != (Some(interval.bed_start()), Some(interval.bed_end())) {
        return Err(problem("the blocks do not start and end with the feature".to_owned()));
    }
    Ok(blocks)
}

fn peak(columns: &[&str], summit: Option<Position>) -> Result<Peak, BedProblem> {
    Ok(Peak {
        signal: number("signalValue", columns[0])?,
        p_value: number_or_minus_one("pValue", columns[1])?,
        q_value: number_or_minus_one("qValue", columns[2])?,
        summit,
    })
}

/// Reads the summit: "0-based offset from chromStart. Use -1 if no point-source called" (UCSC, narrowPeak).
fn summit(interval: Interval, text: &str) -> Result<Option<Position>, BedProblem> {
    if text == "-1" {
        return Ok(None);
    }
    let offset = whole("peak", text)?;
    let position = interval
        .bed_start()
        .checked_add(offset)
        .and_then(Position::from_zero_based);
    match position.filter(|&position| interval.contains(position)) {
        Some(position) => Ok(Some(position)),
        None => Err(BedProblem::Outside {
            part: "the summit",
            inner: format!("at offset {offset}"),
            outer: interval,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;
    use proptest::prelude::*;
    use refalt_core::Assembly;

    fn read(text: &str) -> Result<BedFile, BedError> {
        parse("x.bed", &mut text.as_bytes(), None)
    }

    fn bed(start: u32, end: u32) -> Interval {
        Interval::from_bed(start, end).unwrap()
    }

    #[test]
    fn header_lines_blank_lines_and_both_separators_are_read() {
        let text = "\u{feff}browser position chr7:1-9\r\ntrack name=\"a b\"\r\n#chrom\tstart\tend\r\n\r\n\
                    chr7\t127471196\t127472363\tPos 1\t0\t+\r\nchr7 5 5 . . .\r\ntrackchr\t0\t1\tn\t2.5\t-\r\n";
        let file = read(text).unwrap();
        assert_eq!(file.layout, BedLayout::Standard(6));
        let [first, second, third] = &file.records[..] else {
            panic!()
        };
        assert_eq!(first.interval, bed(127_471_196, 127_472_363));
        assert_eq!(
            (first.name.as_deref(), first.strand, first.line),
            (Some("Pos 1"), Some(Strand::Forward), 5)
        );
        assert_eq!((&second.name, second.score, second.strand), (&None, None, None));
        assert!(second.interval.is_empty());
        assert_eq!((third.contig.as_str(), third.score), ("trackchr", Some(2.5)));
    }

    #[test]
    fn only_statements_about_the_assembly_are_clues() {
        for (line, expected) in [
            ("track name=x db=hg19 visibility=2", Some(Assembly::GRCh37)),
            ("track name=x description=\"hg38 peaks\"", None),
            ("#assembly: GRCh38", Some(Assembly::GRCh38)),
            ("## Genome build = mm10", Some(Assembly::GRCm38)),
            ("# lifted from hg19", None),
            ("#note: was hg19", None),
            ("#db=hg19 or hg38", None),
            ("browser position chr7:1-9", None),
        ] {
            let clues = read(&format!("{line}\nchr1\t0\t9\n")).unwrap().assembly_clues();
            assert_eq!(clues.first().map(|clue| clue.assembly), expected, "{line}");
        }
    }

    #[test]
    fn a_gene_model_keeps_exons_and_coding_parts() {
        // The example of the UCSC format page: blocks 0-567 and 3512-4000 of chr22:1000-5000, thick throughout.
        let text = "chr22 1000 5000 cloneA 960 + 1000 5000 0 2 567,488, 0,3512\n\
                    chr22 2000 6000 cloneB 900 - 2100 5800 0 2 433,399, 0,3601\n\
                    chr22 2000 6000 lncRNA 0 - 2000 2000 0 1 4000 0\n";
        let records = read(text).unwrap().records;
        assert_eq!(records[0].blocks, [bed(1000, 1567), bed(4512, 5000)]);
        assert_eq!(records[1].thick_blocks(), [bed(2100, 2433), bed(5601, 5800)]);
        assert_eq!((records[2].thick, records[2].thick_blocks()), (None, vec![]));
    }

    #[test]
    fn a_narrow_peak_has_its_summit_and_leaves_out_minus_one() {
        // 182.1 and 0: the example of the UCSC format page; the summit is base 9356548 + 50 + 1 = 9356599.
        let text = "chr1 9356548 9356648 . 0 . 182 5.0945 -1 50\nchr1 9358722 9358822 . 0 . 91 4.6052 -1 -1\n";
        let file = read(text).unwrap();
        assert_eq!(file.layout, BedLayout::NarrowPeak);
        let peak = file.records[0].peak.unwrap();
        assert_eq!((peak.signal, peak.p_value, peak.q_value), (182.0, Some(5.0945), None));
        assert_eq!(peak.summit, Position::new(9_356_599));
        assert_eq!(file.records[1].peak.unwrap().summit, None);
        assert_eq!(layout_of_name("x/K562.narrowPeak.gz"), Some(BedLayout::NarrowPeak));
        assert_eq!(layout_of_name("x.broadPeak"), Some(BedLayout::BroadPeak));
        assert_eq!(layout_of_name("x.bed.bgz"), None);
    }

    #[test]
    fn columns_after_the_stated_ones_are_not_read() {
        let text = "chr1\t0\t9\tEH38D\tEH38E\tpELS\n";
        assert!(read(text).is_err());
        let file = parse("x", &mut text.as_bytes(), Some(BedLayout::Standard(4))).unwrap();
        assert_eq!(file.records[0].name.as_deref(), Some("EH38D"));
        assert_eq!(file.records[0].strand, None);
    }

    #[test]
    fn an_error_names_the_line_and_the_value() {
        for (text, expected) in [
            (
                "chrom\tstart\tend\n",
                "column chromStart is `start`; expected a whole number up to 4294967295",
            ),
            (
                "c\t-1\t5\n",
                "column chromStart is `-1`; expected a whole number up to 4294967295",
            ),
            (
                "c\t1\t+5\n",
                "column chromEnd is `+5`; expected a whole number up to 4294967295",
            ),
            (
                "c\t1\t4294967296\n",
                "column chromEnd is `4294967296`; expected a whole number up to 4294967295",
            ),
            ("c\t6\t5\n", "chromEnd `5` is before chromStart `6`"),
            ("c\t6\n", "2 columns; BED has 3 to 9 or 12, narrowPeak 10"),
            ("c\t0\t9\tn\t0\tx\n", "column strand is `x`; expected `+`, `-` or `.`"),
            ("c\t0\t9\tn\tNaN\n", "column score is `NaN`; expected a number"),
            (
                "c\t2\t9\tn\t0\t+\t1\t5\n",
                "the thick part 1-5 (0-based) lies outside the feature 3-9 (1-based, inclusive)",
            ),
            (
                "c\t0\t9\tn\t0\t+\t0\t9\t0\t2\t3,3\t0\n",
                "blockCount is `2`, but there are 2 blockSizes and 1 blockStarts",
            ),
            (
                "c\t0\t9\tn\t0\t+\t0\t9\t0\t2\t5,6\t0,3\n",
                "the block at offset 3 overlaps or precedes the one before it",
            ),
            (
                "c\t0\t9\tn\t0\t+\t0\t9\t0\t1\t5\t0\n",
                "the blocks do not start and end with the feature",
            ),
            (
                "c\t0\t9\tn\t0\t+\t0\t9\t0\t2\t5,9\t0,8\n",
                "a block of 9 bp at offset 8 lies outside the feature 1-9 (1-based, inclusive)",
            ),
            (
                "c\t0\t9\t.\t0\t.\t1\t-1\t-1\t9\n",
                "the summit at offset 9 lies outside the feature 1-9 (1-based, inclusive)",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), expected, "{text:?}");
        }
        let error = read("c\t0\t9\n#\nc\t0\t9\tx\n").unwrap_err();
        assert_eq!(error.to_string(), "4 columns, the lines before have 3");
        assert_eq!(error.place().unwrap(), "x.bed, line 3: c\t0\t9\tx");
        assert_eq!(
            read("chrom start end\n").unwrap_err().hint().unwrap(),
            "begin a line of column names with `#`"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_bed_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..200), layout in prop::option::of(0u8..14)
        ) {
            let _ = parse("x", &mut bytes.as_slice(), layout.map(BedLayout::Standard));
            let _ = parse("x", &mut bytes.as_slice(), Some(BedLayout::NarrowPeak));
        }

        #[test]
        fn near_bed_lines_are_bed_or_an_error(text in "(c\t[0-9]{1,10}\t[0-9]{1,10}(\t[-+.,0-9x]{0,4}){0,10}\r?\n){1,3}") {
            if let Ok(file) = read(&text) {
                for record in file.records {
                    prop_assert!(record.blocks.iter().all(|&block| record.interval.covers(block)));
                    prop_assert!(record.thick.is_none_or(|thick| record.interval.covers(thick)));
                }
            }
        }
    }
}
