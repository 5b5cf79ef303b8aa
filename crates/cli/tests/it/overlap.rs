//! `refalt overlap`: what is printed, where rows go, how it ends.

use crate::refalt;
use std::path::{Path, PathBuf};
use std::process::Output;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../refalt/tests/data/overlap")
        .join(name)
}

fn overlap(table: &Path, arguments: &[&str]) -> Output {
    refalt()
        .arg("overlap")
        .arg(table)
        .arg("--peaks")
        .arg(fixture("peaks.narrowPeak"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn rows_go_to_standard_output_and_words_to_standard_error() {
    let output = overlap(&fixture("rows.tsv"), &[]);
    assert_eq!(output.status.code(), Some(0));
    // 79 rows by bedtools, and the header.
    assert_eq!(text(&output.stdout).lines().count(), 80);
    let words = text(&output.stderr);
    assert!(
        words.contains("79 of 379 rows kept (in peaks), 300 left out"),
        "{words}"
    );
    assert!(words.contains("assembly agreement not proven"), "{words}");
    assert!(words.contains("1 contigs of the table have no peak"), "{words}");
    assert!(words.contains("1 contigs of the peaks have no row"), "{words}");
}

#[test]
fn what_is_not_proven_is_told_or_refused() {
    let output = overlap(&fixture("rows.tsv"), &["--quiet"]);
    assert!(text(&output.stderr).contains("assembly agreement not proven"));
    let output = overlap(&fixture("rows.tsv"), &["--require-proof"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--peaks-assembly"));
    let output = overlap(&fixture("rows.tsv"), &["--require-proof", "--peaks-assembly", "hg38"]);
    assert_eq!(output.status.code(), Some(0));
    let output = overlap(&fixture("rows.tsv"), &["--peaks-assembly", "hg19"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("error: the rows are on GRCh38")
            || text(&output.stderr).contains("error: the row is on GRCh38")
    );
}

#[test]
fn refused_rows_end_with_3_and_json_says_all() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("a.tsv");
    std::fs::write(&table, "variant_id\nchr1_100_A_C_b38\nchr1_x_A_C_b38\n").unwrap();
    let out = folder.path().join("out.tsv");
    let output = overlap(&table, &["--json", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&summary["rows"], &summary["refused_rows"][0]["line"]),
        (&2.into(), &3.into())
    );
    assert!(folder.path().join("out.tsv.json").is_file());
}

#[test]
fn empty_and_cut_files_are_errors_that_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.bed");
    std::fs::write(&empty, "# nothing\n").unwrap();
    let output = refalt()
        .arg("overlap")
        .arg(fixture("rows.tsv"))
        .arg("--peaks")
        .arg(&empty)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there are no peaks in"));
    let table = folder.path().join("a.tsv");
    std::fs::write(&table, "").unwrap();
    let output = overlap(&table, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("empty"), "{}", text(&output.stderr));
    let output = overlap(&fixture("rows.tsv"), &["--extent", "varaint"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("is `variant` meant?"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_file_of_another_content_is_never_replaced_and_its_own_is() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["kept.tsv", "kept.tsv.gz"] {
        let out = folder.path().join(name);
        let to = |more: &[&str]| overlap(&fixture("rows.tsv"), &[&["-o", out.to_str().unwrap()], more].concat());
        assert_eq!(to(&[]).status.code(), Some(0));
        let first = crate::folder_contents::files(folder.path());
        assert_eq!(to(&[]).status.code(), Some(0));
        let other = to(&["--slop", "7"]);
        assert_eq!(other.status.code(), Some(1));
        let told = text(&other.stderr);
        assert!(
            told.contains("is there with another content") && told.contains("slop_bp was `0`, here `7`"),
            "{told}"
        );
        assert_eq!(crate::folder_contents::files(folder.path()), first);
    }
    let mine = folder.path().join("mine.txt");
    std::fs::write(&mine, "years of work").unwrap();
    let output = overlap(&fixture("rows.tsv"), &["-o", mine.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "years of work");
    assert!(!folder.path().join("mine.txt.json").exists());
}
