//! Tells formats apart by content. The name of a file is not looked at, except for VCF without any header.

use super::columns::{ColumnMap, Role};
use super::error::{ReadCause, ReadError, shown};
use super::ids;
use super::resolve::Resolver;
use super::source::Input;
use super::table::first_line;
use super::vcf;
use std::fmt;

/// A format in which variants come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Variant Call Format, plain or compressed.
    Vcf,
    /// Binary VCF.
    Bcf,
    /// A tab-separated table.
    Tsv,
    /// A comma-separated table.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// One variant per line, in one word.
    Ids,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] = [Self::Vcf, Self::Bcf, Self::Tsv, Self::Csv, Self::Parquet, Self::Ids];

    /// Returns the name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vcf => "vcf",
            Self::Bcf => "bcf",
            Self::Tsv => "tsv",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Ids => "ids",
        }
    }

    /// Reads the name on the command line.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Decides what an input is; nothing is read.
pub(super) fn format_of(input: &mut Input, map: &ColumnMap) -> Result<Format, ReadError> {
    let name: Box<str> = input.name().into();
    decide(input, map, has_vcf_name(&name)).map_err(|cause| cause.at(&name, None))
}

fn has_vcf_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let bare = [".gz", ".bgz", ".bz2"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(&name);
    bare.ends_with(".vcf")
}

fn decide(input: &mut Input, map: &ColumnMap, has_vcf_name: bool) -> Result<Format, ReadCause> {
    while input.window().len() < 4 && input.fill()? {}
    if input.window().starts_with(b"BCF\x02") {
        return Ok(Format::Bcf);
    }
    if input.window().starts_with(b"PAR1") {
        return Err(ReadCause::ParquetFromPipe);
    }
    let line = first_content_line(input)?;
    if line.contains(&0) {
        return Err(ReadCause::Binary);
    }
    if line.starts_with(b"##fileformat=VCF") || line.starts_with(b"#CHROM\tPOS\tID\tREF\tALT") {
        return Ok(Format::Vcf);
    }
    let has_meta = input.window().starts_with(b"##");
    let plain_record = vcf::is_record(&line) && !map.is_by_number();
    if plain_record && (has_vcf_name || has_meta) {
        return Ok(Format::Vcf);
    }
    let text = String::from_utf8_lossy(&line);
    if map.entries().is_empty() && is_bed(&text) {
        let first_line = shown(&line);
        return Err(ReadCause::Bed { first_line });
    }
    let separated = |separator| text.contains(separator).then_some(separator);
    let Some(separator) = separated('\t').or_else(|| separated(',')) else {
        return one_column(text.trim(), map);
    };
    let table = if separator == '\t' { Format::Tsv } else { Format::Csv };
    if map.is_by_number() || !map.entries().is_empty() {
        return Ok(table);
    }
    let header: Vec<String> = text
        .split(separator)
        .map(|name| name.trim().trim_matches('"').to_owned())
        .collect();
    let resolved = Resolver {
        header: &header,
        map,
        carry: &[],
    }
    .resolve();
    let looks_like_data = header.iter().any(|cell| cell.parse::<f64>().is_ok());
    match resolved {
        Err(ReadCause::ColumnsMissing { .. }) if looks_like_data || has_vcf_name => {
            let first_line = shown(&line);
            Err(ReadCause::NotVariants { first_line })
        }
        _ => Ok(table),
    }
}

/// Says whether a line is one of BED: `track` or `browser`, or a contig and two numbers of which the second is no less.
///
/// The first cell of BED is a name; three numbers may be anything.
fn is_bed(line: &str) -> bool {
    let cells: Vec<&str> = if line.contains('\t') {
        line.split('\t').collect()
    } else {
        line.split(' ').filter(|cell| !cell.is_empty()).collect()
    };
    match cells.as_slice() {
        ["track" | "browser", _, ..] => !line.contains('\t'),
        [contig, start, end, ..] => {
            let number = |text: &str| text.parse::<u32>().ok();
            contig.contains(|c: char| c.is_ascii_alphabetic())
                && number(start).zip(number(end)).is_some_and(|(start, end)| start <= end)
        }
        _ => false,
    }
}

/// One word per line: a table of one column with a header, or variants.
fn one_column(text: &str, map: &ColumnMap) -> Result<Format, ReadCause> {
    let known = |role: Role| {
        role.known_names()
            .contains(&text.to_ascii_lowercase().replace('_', "").as_str())
    };
    if known(Role::Id) || map.is_by_number() || map.get(Role::Id).is_some() {
        return Ok(Format::Tsv);
    }
    if ids::looks_like_id(text) {
        return Ok(Format::Ids);
    }
    Err(ReadCause::NotVariants {
        first_line: shown(text.as_bytes()),
    })
}

/// Returns the first line that is neither empty nor begins with `##` or `# `; the first line of all when it is one
/// that names VCF.
fn first_content_line(input: &mut Input) -> Result<Vec<u8>, ReadCause> {
    let first = first_line(input)?;
    if first.starts_with(b"##fileformat=VCF") {
        return Ok(first);
    }
    let mut from = 0;
    loop {
        let (line, next) = line_at(input, from)?;
        let comment = line.starts_with(b"##") || line.starts_with(b"# ") || line.is_empty();
        if !comment {
            return Ok(line);
        }
        match next {
            Some(next) => from = next,
            None => return Ok(first),
        }
    }
}

/// Returns the line at an offset of the window, and the offset of the next line.
fn line_at(input: &mut Input, from: usize) -> Result<(Vec<u8>, Option<usize>), ReadCause> {
    let mut searched = from;
    loop {
        let window = input.window();
        if let Some(found) = memchr::memchr(b'\n', &window[searched..]) {
            let end = searched + found;
            let line = &window[from..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
            return Ok((line, Some(end + 1)));
        }
        searched = window.len();
        if !input.fill()? {
            let line = input.window()[from..].to_vec();
            return Ok((line, None));
        }
    }
}
