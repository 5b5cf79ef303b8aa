//! MEME text: the minimal format, and the text output of MEME, DREME and STREME.
//!
//! ```text
//! MEME version 4
//! ALPHABET= ACGT                                   optional
//! Background letter frequencies (from dataset):    optional; four letters with numbers follow
//! A 0.303 C 0.183 G 0.209 T 0.306
//! MOTIF MA0636.1 BHLHE41                           accession, and a second name where there is one
//! letter-probability matrix: alength= 4 w= 10 nsites= 9573 E= 0
//!  0.302309  0.109266  0.582263  0.006163         w rows: A, C, G, T of one position
//! ```
//!
//! Lines of other kinds are prose to these programs and are not read. `w` and `nsites` may be missing
//! (<https://meme-suite.org/meme/doc/meme-format.html>).

use refalt_core::motif::{Background, Frequencies, MotifName};

use super::error::{MotifFileProblem, quoted};
use super::lines::{Lines, number as parse_number, numbers, text};
use super::{Located, MotifMatrix, MotifRecord};

pub(super) fn read(lines: &mut Lines<'_>) -> Located<Vec<MotifRecord>> {
    let mut records: Vec<MotifRecord> = Vec::new();
    let mut background = None;
    let mut motif: Option<(usize, MotifName)> = None;
    while let Some((number, line)) = lines.peek() {
        lines.next();
        if line.starts_with(b"ALPHABET") {
            check_alphabet(text((number, line))?, number)?;
        } else if line.starts_with(b"Background letter frequencies") {
            background = Some(read_background(lines)?);
        } else if is_motif(line) {
            no_matrix(motif.take())?;
            motif = Some((number, name(text((number, line))?, number)?));
        } else if let Some(header) = line.strip_prefix(b"letter-probability matrix:") {
            let Some((begin, name)) = motif.take() else {
                let problem = MotifFileProblem::Unexpected {
                    line: quoted(line),
                    expected: "a line `MOTIF name` before it",
                };
                return Err((number, problem));
            };
            let header = text((number, header))?;
            let (frequencies, sites) = read_matrix(lines, name, number, header)?;
            records.push(MotifRecord {
                matrix: MotifMatrix::Frequencies(frequencies, sites),
                background,
                line: begin,
            });
        }
    }
    no_matrix(motif)?;
    if records.is_empty() {
        return Err((lines.number(), MotifFileProblem::NoMotif));
    }
    Ok(records)
}

fn is_motif(line: &[u8]) -> bool {
    line.strip_prefix(b"MOTIF")
        .is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

fn no_matrix(motif: Option<(usize, MotifName)>) -> Located<()> {
    match motif {
        Some((line, name)) => Err((line, MotifFileProblem::NoMatrix { motif: name.accession })),
        None => Ok(()),
    }
}

fn name(line: &str, number: usize) -> Located<MotifName> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let Some(accession) = fields.next() else {
        return Err((number, MotifFileProblem::NoName));
    };
    // MEME itself goes on with `width = 18  sites = 14`.
    let factor = fields
        .next()
        .filter(|&field| field != "width" && !field.starts_with("width="));
    Ok(MotifName::new(accession, factor.unwrap_or(accession)))
}

fn check_alphabet(line: &str, number: usize) -> Located<()> {
    let found = line.trim_start_matches("ALPHABET").trim_start_matches('=').trim();
    match found {
        "ACGT" | "\"DNA\" DNA-LIKE" => Ok(()),
        other => {
            let found = quoted(other.as_bytes());
            Err((number, MotifFileProblem::Alphabet { found }))
        }
    }
}

/// Reads four letters with numbers, on one line or several.
fn read_background(lines: &mut Lines<'_>) -> Located<Background> {
    let mut frequencies: [Option<f64>; 4] = [None; 4];
    let wrong = |number, line: &[u8]| (number, MotifFileProblem::Background { text: quoted(line) });
    loop {
        let Some((number, line)) = lines.peek() else {
            return Err(wrong(lines.number(), b""));
        };
        lines.next();
        let fields: Vec<&str> = text((number, line))?.split_ascii_whitespace().collect();
        for pair in fields.chunks(2) {
            let base = ["A", "C", "G", "T"].iter().position(|base| *base == pair[0]);
            let (Some(base), Some(value)) = (base, pair.get(1)) else {
                return Err(wrong(number, line));
            };
            if frequencies[base].replace(parse_number(number, value)?).is_some() {
                return Err(wrong(number, line));
            }
        }
        if let [Some(a), Some(c), Some(g), Some(t)] = frequencies {
            return Background::new([a, c, g, t]).map_err(|error| (number, MotifFileProblem::Matrix(error)));
        }
    }
}

/// Reads the rows of a matrix: as many as the header states, else all that begin with a number.
fn read_matrix(
    lines: &mut Lines<'_>,
    name: MotifName,
    number: usize,
    header: &str,
) -> Located<(Frequencies, Option<f64>)> {
    if let Some(letters) = header_value(header, "alength")
        && letters != "4"
    {
        let found = format!("of {} letters", quoted(letters.as_bytes()));
        return Err((number, MotifFileProblem::Alphabet { found }));
    }
    let stated = |key: &'static str| match header_value(header, key) {
        None => Ok(None),
        Some(text) => text.parse::<f64>().map(Some).map_err(|_| {
            let value = quoted(text.as_bytes());
            (number, MotifFileProblem::HeaderValue { key, value })
        }),
    };
    let sites = stated("nsites")?;
    let width = stated("w")?;
    let mut rows = Vec::new();
    let is_wanted = |rows: &Vec<[f64; 4]>| width.is_none_or(|w| (rows.len() as f64) < w);
    while is_wanted(&rows)
        && let Some((number, line)) = lines.peek().filter(|(_, line)| begins_with_number(line))
    {
        lines.next();
        let row = numbers(number, text((number, line))?)?;
        let row = <[f64; 4]>::try_from(row).map_err(|row| {
            let found = row.len();
            (number, MotifFileProblem::PositionLength { found })
        })?;
        rows.push(row);
    }
    if let Some(width) = width.filter(|&w| rows.len() as f64 != w) {
        let problem = MotifFileProblem::Width {
            motif: name.accession,
            found: rows.len(),
            expected: width as usize,
        };
        return Err((lines.number(), problem));
    }
    match Frequencies::new(name, rows) {
        Ok(frequencies) => Ok((frequencies, sites)),
        Err(error) => Err((number, MotifFileProblem::Matrix(error))),
    }
}

fn begins_with_number(line: &[u8]) -> bool {
    let first = line.trim_ascii_start().first();
    first.is_some_and(|&b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'))
}

/// Returns the value after `key=`, with or without a blank between.
fn header_value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let mut fields = header.split_ascii_whitespace();
    while let Some(field) = fields.next() {
        let Some((name, value)) = field.split_once('=') else {
            continue;
        };
        if name == key {
            return if value.is_empty() { fields.next() } else { Some(value) };
        }
    }
    None
}
