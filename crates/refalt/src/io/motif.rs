//! Motif files: JASPAR, raw PFM, MEME (minimal, MEME, DREME, STREME), TRANSFAC and UniPROBE.
//!
//! [`read`] recognises the format by the first lines and returns every motif of the file, or the first
//! mistake with its line. Nothing is repaired and nothing is skipped:
//!
//! * Matrices of JASPAR, PFM, TRANSFAC and UniPROBE are counts, unless every position sums to 1 within 0.01;
//!   then they are frequencies. MEME's probability matrices are frequencies.
//! * The alphabet has to be A, C, G, T, in whatever order a format lets the file choose.
//! * Blank lines and a byte order mark carry no meaning; lines end with LF or CR LF.
//!
//! The readers of `lightmotif-io` were weighed and not used: their errors name neither line nor value, a
//! MEME row that cannot be read ends its matrix without a word, and frequencies that do not sum to 1 panic.
//! They served as a source of test files.

mod error;
mod jaspar;
mod lines;
mod meme;
mod transfac;
mod uniprobe;

use std::path::Path;

use refalt_core::motif::{Background, CountMatrix, Frequencies, MotifError, MotifName, Pseudocount};

pub use error::{MotifFileError, MotifFileProblem, MotifReadError};
use lines::Lines;

/// A format of motif files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MotifFormat {
    /// `>accession name`, then a row of counts for each of A, C, G, T.
    Jaspar,
    /// Four rows of counts, A, C, G, T, and nothing else.
    Pfm,
    /// `MEME version`, then `MOTIF` and `letter-probability matrix:` with a row for each position.
    Meme,
    /// Two-letter line codes, `P0` with a row for each position, `//`.
    Transfac,
    /// A line with the name, then rows `A:`, `C:`, `G:`, `T:`.
    Uniprobe,
}

/// Number of sites that frequencies count as where a file states none: the default of the MEME suite.
pub const DEFAULT_SITES: f64 = 20.0;

/// One motif of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct MotifRecord {
    /// The matrix as the file has it.
    pub matrix: MotifMatrix,
    /// Background frequencies that the file states (MEME only).
    pub background: Option<Background>,
    /// Line on which the motif begins (1-based).
    pub line: usize,
}

/// What a file knows about the sites of a motif.
#[derive(Debug, Clone, PartialEq)]
pub enum MotifMatrix {
    /// Counts of bases.
    Counts(CountMatrix),
    /// Frequencies of bases, and the number of sites where the file states it.
    Frequencies(Frequencies, Option<f64>),
}

impl MotifRecord {
    /// Returns what the motif is called.
    ///
    /// Where a format has one name only, it is accession and factor both; a raw PFM is called by its file.
    pub fn name(&self) -> &MotifName {
        match &self.matrix {
            MotifMatrix::Counts(counts) => counts.name(),
            MotifMatrix::Frequencies(frequencies, _) => frequencies.name(),
        }
    }

    /// Returns frequencies with a pseudocount.
    ///
    /// A pseudocount means something only beside counts. Frequencies are therefore counted as `sites` sites,
    /// unless the file states a number above 0; MEME's own tools take 20 (documentation of the minimal MEME
    /// format, `nsites`).
    ///
    /// # Errors
    /// [`MotifError::EmptyPosition`] when `sites` is 0 and counts.
    pub fn frequencies(&self, pseudocount: Pseudocount, sites: f64) -> Result<Frequencies, MotifError> {
        match &self.matrix {
            MotifMatrix::Counts(counts) => Ok(counts.frequencies(pseudocount)),
            MotifMatrix::Frequencies(frequencies, stated) => {
                let sites = stated.filter(|&n| n > 0.0).unwrap_or(sites);
                Ok(frequencies.counts(sites)?.frequencies(pseudocount))
            }
        }
    }
}

/// Reads every motif of a file.
///
/// # Errors
/// [`MotifReadError::Io`] when the file cannot be read, else as for [`read`].
pub fn read_path(path: &Path) -> Result<Vec<MotifRecord>, MotifReadError> {
    let bytes = std::fs::read(path).map_err(|source| MotifReadError::Io {
        path: path.to_owned(),
        source,
    })?;
    Ok(read(&path.display().to_string(), &bytes)?)
}

/// Reads every motif of a file held in memory.
///
/// * `file`: the name of the file, for messages and as the name of a raw PFM (without folder and ending).
/// * Returns at least one motif, in the order of the file.
///
/// # Errors
/// The first mistake, with its line.
pub fn read(file: &str, bytes: &[u8]) -> Result<Vec<MotifRecord>, MotifFileError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let located = |(line, problem)| MotifFileError {
        file: file.to_owned(),
        line,
        problem,
    };
    let records = sniff(bytes).and_then(|format| {
        let mut lines = Lines::new(bytes);
        match format {
            MotifFormat::Jaspar => jaspar::read(&mut lines),
            MotifFormat::Pfm => jaspar::read_bare(&mut lines, file),
            MotifFormat::Meme => meme::read(&mut lines),
            MotifFormat::Transfac => transfac::read(&mut lines),
            MotifFormat::Uniprobe => uniprobe::read(&mut lines),
        }
    });
    records.map_err(located)
}

/// Returns the format of a file by its first lines, `None` when it is none of the five.
pub fn format_of(bytes: &[u8]) -> Option<MotifFormat> {
    sniff(bytes).ok()
}

/// A mistake and its line (1-based); the caller knows the file.
type Located<T> = Result<T, (usize, MotifFileProblem)>;

fn sniff(bytes: &[u8]) -> Located<MotifFormat> {
    if bytes.starts_with(b"\x1f\x8b") {
        return Err((1, MotifFileProblem::Compressed));
    }
    let mut first = None;
    for (number, line) in Lines::new(bytes) {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        // DREME writes comments, MEME a banner before the line that names the format.
        if line.starts_with(b"MEME version") {
            return Ok(MotifFormat::Meme);
        }
        let is_banner = line.starts_with(b"#") || line.starts_with(b"***") || line.starts_with(b"MEME - ");
        if first.is_none() && !is_banner {
            first = Some((number, line));
        }
        if number > 100 {
            break;
        }
    }
    let Some((number, line)) = first else {
        return Err((1, MotifFileProblem::NoMotif));
    };
    if line.starts_with(b">") {
        return Ok(MotifFormat::Jaspar);
    }
    if line.starts_with(b"<") {
        return Err((number, MotifFileProblem::Xml));
    }
    let is_number = |field: &[u8]| std::str::from_utf8(field).is_ok_and(|f| f.parse::<f64>().is_ok());
    if line
        .split(u8::is_ascii_whitespace)
        .filter(|f| !f.is_empty())
        .all(is_number)
    {
        return Ok(MotifFormat::Pfm);
    }
    if transfac::is_line_code(line) {
        return Ok(MotifFormat::Transfac);
    }
    let second = Lines::new(bytes).filter(|(n, line)| *n > number && !line.trim_ascii().is_empty());
    if [line, second.map(|(_, l)| l).next().unwrap_or_default()]
        .iter()
        .any(|l| l.starts_with(b"A:"))
    {
        return Ok(MotifFormat::Uniprobe);
    }
    Err((
        number,
        MotifFileProblem::UnknownFormat {
            line: error::quoted(line),
        },
    ))
}

/// Makes a matrix of rows in the order of positions: frequencies if each sums to 1, else counts.
fn matrix(name: MotifName, rows: Vec<[f64; 4]>, line: usize) -> Located<MotifRecord> {
    let sums_to_one = |row: &[f64; 4]| (row.iter().sum::<f64>() - 1.0).abs() <= 0.01;
    let matrix = if !rows.is_empty() && rows.iter().all(sums_to_one) {
        Frequencies::new(name, rows).map(|f| MotifMatrix::Frequencies(f, None))
    } else {
        CountMatrix::new(name, rows).map(MotifMatrix::Counts)
    };
    let matrix = matrix.map_err(|error| (line, MotifFileProblem::Matrix(error)))?;
    Ok(MotifRecord {
        matrix,
        background: None,
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Diagnostic;
    use proptest::prelude::*;

    const VERTEBRATES: &[u8] = include_bytes!("../../assets/motifs/jaspar2024_vertebrates.jaspar");

    macro_rules! fixture {
        ($name:literal) => {
            include_bytes!(concat!("../../tests/data/motif/", $name))
        };
    }

    fn counts(record: &MotifRecord) -> &CountMatrix {
        match &record.matrix {
            MotifMatrix::Counts(counts) => counts,
            MotifMatrix::Frequencies(..) => panic!("{:?} has frequencies", record.name()),
        }
    }

    fn frequencies(record: &MotifRecord) -> (&Frequencies, Option<f64>) {
        match &record.matrix {
            MotifMatrix::Counts(_) => panic!("{:?} has counts", record.name()),
            MotifMatrix::Frequencies(frequencies, sites) => (frequencies, *sites),
        }
    }

    fn names(records: &[MotifRecord]) -> Vec<String> {
        let name = |r: &MotifRecord| format!("{} {}", r.name().accession, r.name().factor);
        records.iter().map(name).collect()
    }

    #[test]
    fn jaspar_vertebrates_are_739_with_their_names() {
        let records = read("v.jaspar", VERTEBRATES).unwrap();
        assert_eq!(records.len(), 739);
        let first = counts(&records[0]);
        assert_eq!(
            (first.name().accession.as_str(), first.name().factor.as_str()),
            ("MA0002.3", "Runx1")
        );
        assert_eq!(first.width(), 9);
        assert_eq!(first.rows()[8], [500.0, 158.0, 289.0, 1053.0]);
        let positions: usize = records.iter().map(|r| counts(r).width()).sum();
        // Counted with a Python script over the rows of A.
        assert_eq!(positions, 7235);
        assert!(records.iter().all(|r| r.background.is_none()));
        assert_eq!(records[738].line, 738 * 5 + 1);
    }

    #[test]
    fn a_raw_pfm_is_called_by_its_file() {
        let records = read("some/where/MA0099.3.pfm", fixture!("MA0099.3.pfm")).unwrap();
        let motif = counts(&records[0]);
        assert_eq!(motif.name(), &MotifName::new("MA0099.3", "MA0099.3"));
        assert_eq!(motif.consensus(), "ATGAGTCATC");
        assert_eq!(motif.rows()[0], [592.0, 111.0, 257.0, 40.0]);
    }

    #[test]
    fn jaspar_rows_may_come_in_any_order_without_labels_or_brackets() {
        let expected = read("x", b">M f\nA [ 1 2 ]\nC [ 3 4 ]\nG [ 5 6 ]\nT [ 7 8 ]\n").unwrap();
        for text in [
            &b">M f\r\nA  1 2\r\nC  3 4\r\nG  5 6\r\nT  7 8"[..],
            b"\xef\xbb\xbf>M\tf\n1 2\n3 4\n5 6\n7 8\n\n",
            b"# comment\n\n> M f\nT [7 8]\nG [5 6]\nC [3 4]\nA [1 2]\n",
        ] {
            let records = read("x", text).unwrap();
            assert_eq!(
                records[0].matrix,
                expected[0].matrix,
                "{}",
                String::from_utf8_lossy(text)
            );
        }
        assert_eq!(
            counts(&expected[0]).rows(),
            [[1.0, 3.0, 5.0, 7.0], [2.0, 4.0, 6.0, 8.0]]
        );
    }

    #[test]
    fn files_of_the_lightmotif_tests_are_read() {
        let records = read("x", fixture!("MA0001.3.pfm")).unwrap();
        assert_eq!(names(&records), ["MA0001.3 AGL3"]);
        assert_eq!(counts(&records[0]).rows()[0], [0.0, 92.0, 0.0, 3.0]);
        let records = read("x", fixture!("MA0017.3.pfm")).unwrap();
        assert_eq!(counts(&records[0]).width(), 12);
        let records = read("x", fixture!("MA0001.2.transfac")).unwrap();
        assert_eq!(names(&records), ["MA0001.2 AGL3"]);
        assert_eq!(counts(&records[0]).width(), 18);
        assert_eq!(counts(&records[0]).rows()[17], [21.0, 24.0, 26.0, 24.0]);
    }

    #[test]
    fn minimal_meme_has_background_sites_and_frequencies() {
        let records = read("x", fixture!("DNA.meme")).unwrap();
        assert_eq!(names(&records), ["crp crp", "lexA lexA"]);
        let background = records[0].background.unwrap().frequencies();
        // 0.303 + 0.183 + 0.209 + 0.306 = 1.001
        assert!((background[3] - 0.306 / 1.001).abs() < 1e-12);
        let (matrix, sites) = frequencies(&records[1]);
        assert_eq!((matrix.width(), sites), (18, Some(14.0)));
        assert!((matrix.rows()[0][3] - 0.785714).abs() < 1e-9);
        assert_eq!(records[1].line, 32);
    }

    #[test]
    fn meme_dreme_and_streme_outputs_are_read() {
        let records = read("x", fixture!("MEME.meme")).unwrap();
        let widths: Vec<usize> = records.iter().map(|r| frequencies(r).0.width()).collect();
        assert_eq!(widths, [18, 45, 40]);
        assert_eq!(records[0].name().factor, "MEME-1");
        assert_eq!(frequencies(&records[1]).1, Some(4.0));
        let background = records[0].background.unwrap();
        assert_eq!(background, Background::new([0.29, 0.21, 0.21, 0.29]).unwrap());

        let records = read("x", fixture!("DREME.meme")).unwrap();
        assert_eq!(records.len(), 16);
        assert_eq!(names(&records)[1], "TTATCW DREME-2");
        // TTATCW: the sixth position is W, A or T.
        assert_eq!(frequencies(&records[1]).0.rows()[5], [0.417015, 0.0, 0.0, 0.582985]);

        let records = read("x", fixture!("STREME.meme")).unwrap();
        assert_eq!(records.len(), 7);
        assert_eq!(names(&records)[6], "7-AAAACAAACCTAG STREME-7");

        let records = read("x", fixture!("memelite_test.meme")).unwrap();
        assert_eq!(records.len(), 12);
        assert_eq!(names(&records)[0], "MEOX1_homeodomain_1 MEOX1_homeodomain_1");
        assert_eq!(frequencies(&records[0]).1, Some(200.0));
    }

    #[test]
    fn uniprobe_rows_are_frequencies() {
        let text =
            b"Arid3a\nA:\t0.25\t0.5\nC:\t0.25\t0.5\nG:\t0.25\t0\nT:\t0.25\t0\n\nOther\nA:\t1\nC:\t0\nG:\t0\nT:\t0\n";
        let records = read("x", text).unwrap();
        assert_eq!(names(&records), ["Arid3a Arid3a", "Other Other"]);
        assert_eq!(frequencies(&records[0]).0.rows()[1], [0.5, 0.5, 0.0, 0.0]);
    }

    #[test]
    fn transfac_columns_follow_their_header() {
        let text = b"VV  table 1\nXX\n//\nID  some_id\nBF  Pseudomonas\nP0  A  T  G  C\n00  1  2  3  4  n\n01  5  6  7  8\nXX\n//\n";
        let records = read("x", text).unwrap();
        assert_eq!(names(&records), ["some_id some_id"]);
        assert_eq!(counts(&records[0]).rows(), [[1.0, 4.0, 3.0, 2.0], [5.0, 8.0, 7.0, 6.0]]);
        assert_eq!(records[0].line, 4);
    }

    #[test]
    fn frequencies_count_as_the_sites_stated() {
        let text = b"MEME version 4\nMOTIF x\nletter-probability matrix: w= 1 nsites= 8\n1 0 0 0\n";
        let with = |text: &[u8]| {
            read("x", text).unwrap()[0]
                .frequencies(Pseudocount::JASPAR, 20.0)
                .unwrap()
        };
        // (8 * 1 + 0.2) / (8 + 0.8) = 0.931818; without nsites (20 + 0.2) / (20 + 0.8) = 0.971154
        assert!((with(text).rows()[0][0] - 8.2 / 8.8).abs() < 1e-12);
        let text = b"MEME version 4\nMOTIF x\nletter-probability matrix:\n1 0 0 0\n";
        assert!((with(text).rows()[0][0] - 20.2 / 20.8).abs() < 1e-12);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, line, message) in [
            (&b""[..], 1, "the file has no motif"),
            (b"\n\n", 1, "the file has no motif"),
            (b"\x1f\x8b\x08", 1, "the file is compressed with gzip"),
            (b"<?xml version='1.0'?>", 1, "the file is XML"),
            (
                b"\nchr1\t100\t200\n",
                2,
                "`chr1 100 200` begins no motif file of a known format",
            ),
            (b">M f\n1 2\n3 4\n5 6\n", 4, "motif `M` has 3 rows, not 4 (A, C, G, T)"),
            (
                b">M f\n1 2\n3 4 5\n5 6\n7 8",
                3,
                "the row has 3 numbers, the row before it 2",
            ),
            (b">M f\n1 2\n3 x\n5 6\n7 8", 3, "`x` is not a number"),
            (b">M f\nA 1\nA 3\nG 5\nT 7", 3, "motif `M` has two rows for base `A`"),
            (b">\n1\n1\n1\n1", 1, "the motif has no name"),
            (
                b">M\n1\n1\n1\n1\n1\n",
                6,
                "`1` does not belong here; a header `>accession name` is expected",
            ),
            (b">M\n\xff\n1\n1\n1\n", 2, "the line is not UTF-8 text: `\u{fffd}`"),
            (
                b">M\n1 -3\n1 1\n1 1\n1 1\n",
                1,
                "position 2 has `-3` for base `A`, not a number of at least 0",
            ),
            (
                b">M\n1 inf\n1 1\n1 1\n1 1\n",
                1,
                "position 2 has `inf` for base `A`, not a number of at least 0",
            ),
            (
                b">M\n1 0\n1 0\n1 0\n1 0\n",
                1,
                "position 2 has a total of 0 over A, C, G and T",
            ),
            (b">M\n[ ]\n[ ]\n[ ]\n[ ]\n", 1, "the motif has no positions"),
            (
                b"1 2\n3 4\n5 6\n7 8\n9 10\n",
                5,
                "`9 10` does not belong here; the end of the file after four rows is expected",
            ),
            (
                b"MEME version 4\nALPHABET= ACDEFGHIKLMNPQRSTVWY\n",
                2,
                "the alphabet is `ACDEFGHIKLMNPQRSTVWY`, not A, C, G, T",
            ),
            (b"MEME version 4\n", 1, "the file has no motif"),
            (b"MEME version 4\nMOTIF a\nMOTIF b\n", 2, "motif `a` has no matrix"),
            (b"MEME version 4\nMOTIF\n", 2, "the motif has no name"),
            (
                b"MEME version 4\nletter-probability matrix: w= 1\n1 0 0 0\n",
                2,
                "`letter-probability matrix: w= 1` does not belong here; a line `MOTIF name` before it is expected",
            ),
            (
                b"MEME version 4\nMOTIF a\nletter-probability matrix: w= 2\n1 0 0 0\n",
                4,
                "motif `a` has 1 positions, its header says 2",
            ),
            (
                b"MEME version 4\nMOTIF a\nletter-probability matrix: w= two\n1 0 0 0\n",
                3,
                "`w= two` does not state a number",
            ),
            (
                b"MEME version 4\nMOTIF a\nletter-probability matrix: alength= 20 w= 1\n",
                3,
                "the alphabet is `of 20 letters`, not A, C, G, T",
            ),
            (
                b"MEME version 4\nMOTIF a\nletter-probability matrix: w= 1\n1 0 0\n",
                4,
                "the position has 3 numbers, not 4 (A, C, G, T)",
            ),
            (
                b"MEME version 4\nMOTIF a\nletter-probability matrix: w= 1\n1 1 0 0\n",
                3,
                "the frequencies of position 1 sum to `2`, not to 1 within 0.01",
            ),
            (
                b"MEME version 4\nBackground letter frequencies\nA 0.5 C 0.5\nMOTIF a\n",
                4,
                "`MOTIF a` is not a background of the form `A 0.25 C 0.25 G 0.25 T 0.25`",
            ),
            (b"AC M\nP0 A C G\n", 2, "the alphabet is `A C G`, not A, C, G, T"),
            (b"AC M\nXX\n//\n", 1, "motif `M` has no matrix"),
            (b"AC M\nP0 A C G T\n01 1 2 3 4\n", 3, "motif `M` does not end with `//`"),
            (
                b"AC M\nP0 A C G T\n01 1 2 3 4\n03 1 2 3 4\n//\n",
                4,
                "position `3` follows position `1`",
            ),
            (
                b"AC M\nP0 A C G T\n01 1 2 3\n//\n",
                3,
                "the position has 3 numbers, not 4 (A, C, G, T)",
            ),
            (
                b"AC M\nP0 A C G T\n01 1 2 3 4 5\n//\n",
                3,
                "the position has 5 numbers, not 4 (A, C, G, T)",
            ),
            (b"P0 A C G T\n01 1 2 3 4\n//\n", 1, "the motif has no name"),
        ] {
            let shown = String::from_utf8_lossy(text).into_owned();
            let error = read("f.txt", text).map(|r| names(&r)).expect_err(&shown);
            assert_eq!(
                (error.line, error.problem.to_string()),
                (line, message.to_owned()),
                "{shown}"
            );
        }
    }

    #[test]
    fn an_error_shows_file_line_and_remedy() {
        let error = read("m.pfm", b">M\n1 -3\n1 1\n1 1\n1 1\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "position 2 has `-3` for base `A`, not a number of at least 0"
        );
        assert_eq!(error.place().unwrap(), "m.pfm, line 1");
        assert_eq!(
            error.hint().unwrap(),
            "the matrix seems to hold scores; give the counts or frequencies it was made of"
        );
    }

    #[test]
    fn files_that_cannot_be_shipped_are_read() {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").to_owned();
        let root = std::env::var("REFALT_SHARED").unwrap_or(beside);
        let folder = Path::new(&root).join("motif_scan/formats");
        for (file, motifs, width) in [
            ("M00005.transfac", 1, 18),
            ("MX000001.transfac", 1, 15),
            ("demo.uniprobe", 2, 17),
        ] {
            let path = folder.join(file);
            if !path.exists() {
                println!("skipped: {} is absent", path.display());
                continue;
            }
            let records = read_path(&path).unwrap();
            assert_eq!(records.len(), motifs);
            let found = match &records[0].matrix {
                MotifMatrix::Counts(counts) => counts.width(),
                MotifMatrix::Frequencies(frequencies, _) => frequencies.width(),
            };
            assert_eq!(found, width, "{file}");
        }
    }

    /// Pieces of every format, cut and joined at random.
    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            &b"MEME version 4\n"[..],
            b"ALPHABET= ACGT\n",
            b"Background letter frequencies\n",
            b"A 0.25 C 0.25 G 0.25 T 0.25\n",
            b"MOTIF a b\n",
            b"letter-probability matrix: alength= 4 w= 1 nsites= 3\n",
            b" 0.25 0.25 0.25 0.25\n",
            b">M f\n",
            b"A [ 1 2 ]\n",
            b"C [ 1 2 ]\n",
            b"G [ 1 2 ]\n",
            b"T [ 1 2 ]\n",
            b"AC M\n",
            b"P0 A C G T\n",
            b"01 1 2 3 4 N\n",
            b"//\n",
            b"name\n",
            b"A:\t1\n",
            b"\xff\xfe",
            b"]",
            b"1e999 ",
        ]);
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read("x", &bytes);
        }

        #[test]
        fn no_pieces_make_a_reader_panic(bytes in pieces(), cut in 0_usize..200) {
            let lines = bytes.iter().filter(|&&b| b == b'\n').count() + 1;
            for bytes in [&bytes[..], &bytes[..cut.min(bytes.len())]] {
                match read("x", bytes) {
                    Ok(records) => prop_assert!(!records.is_empty()),
                    Err(error) => prop_assert!(error.line >= 1 && error.line <= lines),
                }
            }
        }
    }
}
