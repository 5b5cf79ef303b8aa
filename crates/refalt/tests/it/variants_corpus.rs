//! The VCF reader corpus: every file is read or refused with a message, and nothing is misread.
//!
//! htslib 1.24 is the yardstick (`manifest.tsv`). Where refalt differs, `docs/vcf-corpus.md` says why; its tables are
//! read here, so a difference that is not explained, or an explanation without a difference, fails.

use refalt::Diagnostic;
use refalt::io::variants::{ReadOptions, Source, open};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

fn corpus() -> PathBuf {
    crate::data("vcf_corpus")
}

/// What reading a file gives.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    /// Records read, `None` when the file is refused.
    records: Option<usize>,
    /// Codes of refused rows.
    problems: BTreeSet<&'static str>,
}

impl Outcome {
    fn text(&self) -> String {
        let problems: Vec<&str> = self.problems.iter().copied().collect();
        match self.records {
            None => "refused".to_owned(),
            Some(records) if problems.is_empty() => format!("{records} read"),
            Some(records) => format!("{records} read, {}", problems.join(" ")),
        }
    }
}

fn read(path: &Path) -> Outcome {
    let refused = |error: &dyn Diagnostic| {
        assert!(
            error.place().is_some_and(|place| !place.is_empty()),
            "{error} has no place"
        );
        assert!(error.hint().is_some(), "{error} has no hint");
        Outcome {
            records: None,
            problems: BTreeSet::new(),
        }
    };
    let reader = match open(&Source::Path(path.to_owned()), &ReadOptions::default()) {
        Ok(reader) => reader,
        Err(error) => return refused(&error),
    };
    let (mut lines, mut problems) = (BTreeSet::new(), BTreeSet::new());
    for (index, row) in reader.enumerate() {
        let row = match row {
            Ok(row) => row,
            Err(error) => return refused(&error),
        };
        assert_eq!(row.row, index as u64 + 1);
        lines.insert(row.line);
        if let Err(problem) = &row.variant {
            problems.insert(problem.code());
        }
    }
    Outcome {
        records: Some(lines.len()),
        problems,
    }
}

/// Reads with a time limit.
fn read_in_time(path: &Path) -> Outcome {
    let (sender, receiver) = mpsc::channel();
    let own = path.to_owned();
    std::thread::spawn(move || sender.send(read(&own)));
    receiver
        .recv_timeout(Duration::from_secs(20))
        .unwrap_or_else(|_| panic!("{} panics or does not end", path.display()))
}

/// Rows of the tables of `docs/vcf-corpus.md` under a heading: the cells without code marks.
fn explained(heading: &str) -> Vec<Vec<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vcf-corpus.md");
    let text = std::fs::read_to_string(page).unwrap();
    let section = text
        .split("\n## ")
        .find(|section| section.starts_with(heading))
        .unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(2);
    rows.map(|line| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    })
    .collect()
}

#[test]
fn every_file_agrees_with_htslib_or_the_difference_is_explained() {
    let manifest = std::fs::read_to_string(corpus().join("manifest.tsv")).unwrap();
    let mut differences = BTreeMap::new();
    let (mut agree, mut refused) = (0, 0);
    for line in manifest.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [version, expected, file] = [cells[0], cells[1], cells[2]];
        let outcome = read_in_time(&corpus().join(version).join(expected).join(file));
        let htslib = if cells[8] == "ok" {
            format!("{} read", cells[9])
        } else {
            "refused".to_owned()
        };
        if expected == "passed" {
            assert!(outcome.records.is_some(), "{version}/{file} is valid and was refused");
        }
        refused += usize::from(outcome.records.is_none());
        if outcome.text() == htslib {
            agree += 1;
        } else {
            differences.insert((file.to_owned(), version.to_owned()), (htslib, outcome.text()));
        }
    }
    let mut listed = BTreeMap::new();
    for row in explained("Differences") {
        assert!(row[4].len() > 20, "{} needs a reason", row[0]);
        for version in row[1].split(' ') {
            listed.insert(
                (row[0].clone(), format!("v{version}")),
                (row[2].clone(), row[3].clone()),
            );
        }
    }
    assert_eq!(differences, listed);
    // 473 files: the numbers of the page's summary.
    assert_eq!((agree, differences.len(), refused), (420, 53, 10));
}

#[test]
fn files_outside_the_manifest_come_out_as_listed() {
    let mut found = BTreeMap::new();
    for folder in [
        "v4.3/compressed_files/non_readable",
        "v4.3/compressed_files/readable/failed",
        "v4.3/compressed_files/readable/passed",
        "v4.3/evidence/failed",
        "v4.3/evidence/passed",
        "v4.5/passed",
    ] {
        for entry in std::fs::read_dir(corpus().join(folder)).unwrap() {
            let name = format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy());
            let outcome = read_in_time(&corpus().join(&name)).text();
            found.insert(name, outcome);
        }
    }
    let listed: BTreeMap<_, _> = explained("Compressed and other files")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(found, listed);
}

#[test]
fn the_alleles_of_a_valid_file_are_the_ones_in_its_text() {
    // passed_body_alt.vcf and its like hold every kind of ALT; what is read is what splitting the text by hand gives.
    for version in ["v4.1", "v4.2", "v4.3", "v4.4"] {
        for entry in std::fs::read_dir(corpus().join(version).join("passed")).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let expected: Vec<String> = text
                .lines()
                .filter(|line| !line.starts_with('#') && !line.is_empty())
                .flat_map(|line| {
                    let cells: Vec<&str> = line.split('\t').collect();
                    let place = format!("{}:{}:{}", cells[0], cells[1], cells[3]);
                    cells[4]
                        .split(',')
                        .map(|alternate| format!("{place}>{alternate}"))
                        .collect::<Vec<_>>()
                })
                .collect();
            let rows = open(&Source::Path(path.clone()), &ReadOptions::default()).unwrap();
            let found: Vec<String> = rows.map(|row| row.unwrap().text().into_owned()).collect();
            assert_eq!(found, expected, "{}", path.display());
        }
    }
}
