//! `refalt diff`: what differs is found, attributed and counted.

use crate::made_up;
use crate::refalt;
use serde_json::Value;
use std::path::Path;

/// Scores a list of variants on the made-up genome.
fn score(folder: &Path, variants: &str, window: &str, out: &str) {
    let output = refalt()
        .current_dir(folder)
        .args(["score", variants, "-r", "genome.fa", "--window", window, "-o", out])
        .output()
        .unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Compares two runs and returns the report.
fn diff(folder: &Path, arguments: &[&str], code: i32) -> Value {
    let output = refalt()
        .current_dir(folder)
        .args(["diff", "--json"])
        .args(arguments)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn prepare(folder: &Path) {
    made_up::write_genome(folder);
    std::fs::write(folder.join("a.vcf"), made_up::vcf(20, usize::MAX)).unwrap();
}

#[test]
fn a_run_and_its_repetition_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    score(folder, "a.vcf", "2048", "one");
    std::fs::copy(folder.join("a.vcf"), folder.join("b.vcf")).unwrap();
    score(folder, "b.vcf", "2048", "two");
    let report = diff(folder, &["one", "two"], 0);
    assert_eq!(report["attribution"], Value::Array(Vec::new()));
    let scorer = &report["scorers"][0];
    // 20 variants by 739 motifs.
    assert_eq!(
        (&scorer["compared"], &scorer["beyond"]),
        (&(20 * 739).into(), &0.into())
    );
    assert_eq!(scorer["pearson"], 1.0);
    assert_eq!(report["read_side_by_side"], true);
}

#[test]
fn another_window_is_named_and_its_effect_counted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    score(folder, "a.vcf", "2048", "one");
    // 128 bp around the variant are a quarter of the 501 bp that the scorer sums over.
    score(folder, "a.vcf", "128", "two");
    let report = diff(folder, &["one", "two", "--out", "found"], 3);
    let areas: Vec<&str> = report["attribution"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["area"].as_str().unwrap())
        .collect();
    assert_eq!(areas, ["interval"]);
    assert_eq!(report["variants"]["windows_differ"], 20);
    let scorer = &report["scorers"][0];
    let beyond = scorer["beyond"].as_u64().unwrap();
    assert!(beyond > 1000, "{beyond}");
    assert_eq!(scorer["examples"].as_array().unwrap().len(), 5);
    // Every score that differs is in the table, and the greatest difference is the one reported.
    let table = std::fs::read_to_string(folder.join("found/differences.tsv")).unwrap();
    let differences: Vec<f64> = table
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let value = |column: usize| columns[column].parse::<f64>().unwrap();
            (value(7) - value(8)).abs()
        })
        .collect();
    assert_eq!(differences.len() as u64, beyond);
    let greatest = differences.iter().copied().fold(0.0, f64::max);
    let reported = scorer["max_difference"].as_f64().unwrap();
    // The table has the shortest decimal of a 32-bit float, the report its value.
    assert!((greatest - reported).abs() < 1e-6 * reported, "{greatest} {reported}");
    // A tolerance beyond every difference makes the runs the same; for one scorer or for all.
    diff(folder, &["one", "two", "--tolerance", "CHIP_TF=0+1e6"], 0);
    diff(folder, &["one", "two", "--tolerance", "0+1e6"], 0);
}

#[test]
fn lists_in_another_order_or_of_other_lengths_are_joined_by_variant() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    let text = std::fs::read_to_string(folder.join("a.vcf")).unwrap();
    let (header, rows): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('#'));
    let list = |rows: &[&str]| format!("{}\n{}\n", header.join("\n"), rows.join("\n"));
    let reversed: Vec<&str> = rows.iter().rev().copied().collect();
    std::fs::write(folder.join("reversed.vcf"), list(&reversed)).unwrap();
    std::fs::write(folder.join("fewer.vcf"), list(&reversed[3..])).unwrap();
    score(folder, "a.vcf", "2048", "one");
    score(folder, "reversed.vcf", "2048", "reversed");
    score(folder, "fewer.vcf", "2048", "fewer");
    let report = diff(folder, &["one", "reversed"], 0);
    assert_eq!(report["read_side_by_side"], false);
    assert_eq!(report["attribution"][0]["area"], "inputs");
    assert_eq!(report["scorers"][0]["compared"], 20 * 739);
    let report = diff(folder, &["one", "fewer"], 3);
    let scorer = &report["scorers"][0];
    assert_eq!(report["variants"]["only_left"], 3);
    assert_eq!(
        (&scorer["compared"], &scorer["only_left"]),
        (&(17 * 739).into(), &(3 * 739).into())
    );
    assert_eq!(scorer["only_right"], 0);
}

#[test]
fn scorers_of_one_run_only_and_rows_that_fare_differently_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    score(folder, "a.vcf", "2048", "one");
    let active = refalt()
        .current_dir(folder)
        .args(["score", "a.vcf", "-r", "genome.fa", "--window", "2048", "-o", "two"])
        .args(["--scorers", "CHIP_TF,CHIP_TF_ACTIVE"])
        .output()
        .unwrap();
    assert_eq!(active.status.code(), Some(0));
    let report = diff(folder, &["one", "two"], 3);
    let added = &report["attribution"][0];
    assert_eq!(added["what"], "only in the right run");
    assert!(added["right"].as_str().unwrap().contains("ACTIVE"), "{added}");
    assert_eq!(report["scorers"][0]["beyond"], 0);
    assert_eq!(report["scorers"][1]["only_right"], 20 * 739);
    // The same places, some with a wrong REF.
    std::fs::write(folder.join("wrong.vcf"), made_up::vcf(20, 5)).unwrap();
    score(folder, "wrong.vcf", "2048", "wrong");
    let report = diff(folder, &["one", "wrong"], 3);
    assert_eq!(report["variants"]["only_left"], 4);
    let unknown = refalt()
        .current_dir(folder)
        .args(["diff", "one", "two", "--tolerance", "CHIPTF=1"])
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("is `CHIP_TF`"));
}
