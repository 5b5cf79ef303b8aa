//! A line of GTF or GFF3: nine columns, and the attributes of the last.
//!
//! ```text
//! 1 seqname  2 source  3 feature  4 start  5 end  6 score  7 strand  8 frame  9 attributes
//! ```
//!
//! start and end are 1-based and inclusive (GFF3 specification 1.26; GTF 2.2). The splitter is written here and not
//! taken from noodles 0.119, whose errors name neither line nor value, and which puts all attributes of a row into a
//! map before one can be asked for: its rows alone take twice as long as all of the annotation here (`BENCHMARKS.md`).

use super::error::GeneProblem;
use memchr::{memchr, memchr2};
use refalt_core::{Interval, Position, Strand};
use std::borrow::Cow;

/// The two ways in which column 9 is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneFormat {
    /// `gene_id "ENSG00000186092.4"; gene_type "protein_coding";`
    Gtf,
    /// `ID=gene:ENSG00000279493;biotype=protein_coding`
    Gff3,
}

impl GeneFormat {
    /// Returns the name of the format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gtf => "GTF",
            Self::Gff3 => "GFF3",
        }
    }
}

/// The columns of a line that gene models need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns<'a> {
    pub(super) contig: &'a str,
    pub(super) kind: &'a str,
    pub(super) interval: Interval,
    /// None for `.` and `?`.
    pub(super) strand: Option<Strand>,
    pub(super) attributes: &'a str,
}

impl Columns<'_> {
    /// Returns the strand of a feature that must have one.
    pub(super) fn required_strand(&self) -> Result<Strand, GeneProblem> {
        self.strand.ok_or(GeneProblem::Value {
            column: "strand",
            value: ".".to_owned(),
            expected: "`+` or `-` for a gene, a transcript and their parts",
        })
    }
}

/// Splits a line that is neither empty nor a comment.
pub(super) fn split(line: &[u8]) -> Result<Columns<'_>, GeneProblem> {
    let line = std::str::from_utf8(line).map_err(|_| GeneProblem::Encoding)?;
    let mut columns = [""; 9];
    let mut rest = line;
    let mut found = 0;
    while found < 8 {
        let Some(tab) = memchr(b'\t', rest.as_bytes()) else {
            break;
        };
        (columns[found], rest) = (&rest[..tab], &rest[tab + 1..]);
        found += 1;
    }
    columns[found] = rest;
    if found < 8 || memchr(b'\t', rest.as_bytes()).is_some() {
        return Err(if found == 0 && line.split_ascii_whitespace().nth(7).is_some() {
            GeneProblem::Spaces
        } else {
            GeneProblem::Columns {
                found: line.split('\t').count(),
            }
        });
    }
    let [contig, _, kind, start, end, _, strand, _, attributes] = columns;
    let value = |column, value: &str, expected| GeneProblem::Value {
        column,
        value: value.chars().take(40).collect(),
        expected,
    };
    if contig.is_empty() {
        return Err(value("seqname", contig, "the name of a contig"));
    }
    const BASE: &str = "a base number from 1 to 4294967295";
    let first = base(start).ok_or_else(|| value("start", start, BASE))?;
    let last = base(end).ok_or_else(|| value("end", end, BASE))?;
    let interval = Interval::from_bases(first, last)
        .filter(|interval| !interval.is_empty())
        .ok_or(GeneProblem::Inverted {
            start: first.one_based(),
            end: last.one_based(),
        })?;
    let strand = match strand {
        "+" => Some(Strand::Forward),
        "-" => Some(Strand::Reverse),
        "." | "?" => None,
        other => return Err(value("strand", other, "`+`, `-`, `.` or `?`")),
    };
    Ok(Columns {
        contig,
        kind,
        interval,
        strand,
        attributes,
    })
}

fn base(text: &str) -> Option<Position> {
    // `parse` would take a plus sign.
    if text.is_empty() || text.len() > 10 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().and_then(Position::new)
}

/// Guesses the format from the attributes of a line: whichever of ` ` and `=` ends the first key.
pub(super) fn format_of(attributes: &str) -> GeneFormat {
    let text = attributes.trim_start();
    match memchr2(b' ', b'=', text.as_bytes()) {
        Some(at) if text.as_bytes()[at] == b'=' => GeneFormat::Gff3,
        _ => GeneFormat::Gtf,
    }
}

fn unreadable(at: &str, expected: &'static str) -> GeneProblem {
    GeneProblem::Attributes {
        at: at.chars().take(40).collect(),
        expected,
    }
}

const GTF_ATTRIBUTE: &str = "`key \"value\";`";
const GFF3_ATTRIBUTE: &str = "`key=value;`";

/// Calls `take` with every attribute of a GTF line, in order; a value in quotes may hold semicolons.
pub(super) fn gtf_attributes<'a>(text: &'a str, mut take: impl FnMut(&'a str, &'a str)) -> Result<(), GeneProblem> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        while matches!(bytes.get(at), Some(b' ' | b';')) {
            at += 1;
        }
        if at >= bytes.len() {
            return Ok(());
        }
        let Some(space) = memchr(b' ', &bytes[at..]) else {
            return Err(unreadable(&text[at..], GTF_ATTRIBUTE));
        };
        let key = &text[at..at + space];
        let mut value = at + space + 1;
        while bytes.get(value) == Some(&b' ') {
            value += 1;
        }
        if bytes.get(value) == Some(&b'"') {
            value += 1;
            let Some(quote) = memchr(b'"', &bytes[value..]) else {
                return Err(unreadable(&text[at..], "a closing quote"));
            };
            take(key, &text[value..value + quote]);
            let after = value + quote + 1;
            if !matches!(bytes.get(after), None | Some(b';' | b' ')) {
                return Err(unreadable(&text[at..], "`;` after the closing quote"));
            }
            at = after;
        } else {
            let end = memchr(b';', &bytes[value..]).map_or(bytes.len(), |semicolon| value + semicolon);
            if key.contains(';') || value >= end {
                return Err(unreadable(&text[at..], GTF_ATTRIBUTE));
            }
            take(key, text[value..end].trim_end());
            at = end;
        }
    }
}

/// Calls `take` with every attribute of a GFF3 line, in order, the value still percent-encoded.
pub(super) fn gff3_attributes<'a>(text: &'a str, mut take: impl FnMut(&'a str, &'a str)) -> Result<(), GeneProblem> {
    let mut rest = text;
    if rest == "." {
        return Ok(());
    }
    while !rest.is_empty() {
        let end = memchr(b';', rest.as_bytes()).unwrap_or(rest.len());
        let attribute = rest[..end].trim_start();
        rest = rest.get(end + 1..).unwrap_or("");
        if attribute.is_empty() {
            continue;
        }
        let Some(equals) = memchr(b'=', attribute.as_bytes()) else {
            return Err(unreadable(attribute, GFF3_ATTRIBUTE));
        };
        take(&attribute[..equals], &attribute[equals + 1..]);
    }
    Ok(())
}

/// Decodes the percent signs of a GFF3 value; a percent sign without two hexadecimal digits stands for itself.
pub(super) fn percent_decoded(text: &str) -> Cow<'_, str> {
    if memchr(b'%', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |offset: usize| bytes.get(at + offset).and_then(|&byte| (byte as char).to_digit(16));
        match (bytes[at], digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gtf(text: &str) -> Result<Vec<(&str, &str)>, GeneProblem> {
        let mut found = Vec::new();
        gtf_attributes(text, |key, value| found.push((key, value)))?;
        Ok(found)
    }

    fn gff3(text: &str) -> Result<Vec<(&str, &str)>, GeneProblem> {
        let mut found = Vec::new();
        gff3_attributes(text, |key, value| found.push((key, value)))?;
        Ok(found)
    }

    #[test]
    fn the_base_before_start_is_not_part_of_a_feature() {
        // GTF 69091-70008, 1-based and inclusive, is BED 69090-70008.
        let line = b"chr1\tHAVANA\tgene\t69091\t70008\t.\t+\t.\tgene_id \"x\";";
        let columns = split(line).unwrap();
        assert_eq!(Some(columns.interval), Interval::from_bed(69_090, 70_008));
        assert_eq!(
            (columns.contig, columns.kind, columns.strand),
            ("chr1", "gene", Some(Strand::Forward))
        );
    }

    #[test]
    fn a_line_that_is_not_nine_columns_says_what_it_is() {
        let problem = |line: &str| split(line.as_bytes()).unwrap_err();
        assert_eq!(
            problem("chrX HAVANA gene 1 2 . + . gene_id \"x\";"),
            GeneProblem::Spaces
        );
        assert_eq!(problem("chrX\tHAVANA\tgene"), GeneProblem::Columns { found: 3 });
        assert_eq!(
            problem("c\ts\tg\t1\t2\t.\t+\t.\tid x\tmore"),
            GeneProblem::Columns { found: 10 }
        );
        for (line, message) in [
            (
                "c\ts\tg\t0\t2\t.\t+\t.\tx",
                "column start is `0`; expected a base number from 1 to 4294967295",
            ),
            (
                "c\ts\tg\t1\t2e3\t.\t+\t.\tx",
                "column end is `2e3`; expected a base number from 1 to 4294967295",
            ),
            (
                "c\ts\tg\t1\t4294967296\t.\t+\t.\tx",
                "column end is `4294967296`; expected a base number from 1 to 4294967295",
            ),
            (
                "c\ts\tg\t9\t8\t.\t+\t.\tx",
                "end `8` is before start `9` (1-based, inclusive)",
            ),
            (
                "c\ts\tg\t1\t8\t.\t1\t.\tx",
                "column strand is `1`; expected `+`, `-`, `.` or `?`",
            ),
            (
                "\ts\tg\t1\t8\t.\t+\t.\tx",
                "column seqname is ``; expected the name of a contig",
            ),
        ] {
            assert_eq!(problem(line).to_string(), message);
        }
    }

    #[test]
    fn gtf_values_may_be_bare_quoted_empty_or_hold_a_semicolon() {
        assert_eq!(
            gtf("gene_id \"G\"; level 2; note \"a; b\";  db_xref \"\"; tag \"basic\"; tag \"CCDS\"").unwrap(),
            [
                ("gene_id", "G"),
                ("level", "2"),
                ("note", "a; b"),
                ("db_xref", ""),
                ("tag", "basic"),
                ("tag", "CCDS")
            ]
        );
        assert_eq!(gtf("").unwrap(), []);
        for wrong in ["gene_id", "gene_id \"G", "gene_id \"G\"x;", "gene_id ;", "ID=x;y z"] {
            assert!(gtf(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn gff3_values_end_at_a_semicolon_and_are_percent_decoded() {
        assert_eq!(
            gff3("ID=a;Parent=b,c;;Note=x%3By").unwrap(),
            [("ID", "a"), ("Parent", "b,c"), ("Note", "x%3By")]
        );
        assert_eq!(gff3(".").unwrap(), []);
        assert!(gff3("ID").is_err());
        assert_eq!(percent_decoded("oe %3D 0.75%2"), "oe = 0.75%2");
        assert_eq!(percent_decoded("%E2%82%AC"), "\u{20ac}");
    }

    #[test]
    fn the_first_key_tells_the_format() {
        assert_eq!(format_of("gene_id \"a=b\";"), GeneFormat::Gtf);
        assert_eq!(format_of("ID=a b;"), GeneFormat::Gff3);
    }
}
