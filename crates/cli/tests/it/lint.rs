//! `refalt lint`: findings, exit codes, explanations.

use crate::refalt;
use serde_json::Value;

/// Fifty significant p-values under the name of slopes.
fn p_values() -> String {
    let mut text = String::from("variant_id\tslope\n");
    for row in 0..50 {
        text.push_str(&format!("rs{row}\t1e-{}\n", 5 + row));
    }
    text
}

#[test]
fn p_values_as_slopes_exit_with_3_and_an_allowance_with_0() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.tsv"), p_values()).unwrap();
    let run = |arguments: &[&str]| {
        let output = refalt()
            .current_dir(folder.path())
            .arg("lint")
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run(&["a.tsv", "--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, Some(3));
    assert_eq!(report["findings"][0]["rule"], "RF006");
    assert_eq!(report["findings"][0]["evidence"]["n"], 50);
    let (code, text) = run(&["a.tsv"]);
    assert_eq!(code, Some(3));
    assert!(text.starts_with("error[RF006] p-value-as-effect: "), "{text}");
    let (code, text) = run(&["a.tsv", "--allow", "RF006=made for a test"]);
    assert_eq!(code, Some(0));
    assert!(
        text.starts_with("allowed[RF006]") && text.contains("0 notes, 1 allowed"),
        "{text}"
    );
    assert!(
        text.contains("effect = `slope`") && text.contains("no prediction"),
        "{text}"
    );
    assert_eq!(run(&["a.tsv", "--allow", "RF006"]).0, Some(3));
    assert_eq!(run(&["a.tsv", "--allow", "RF999=x"]).0, Some(2));
    assert_eq!(run(&["a.tsv", "--columns", "effect=nothing"]).0, Some(2));
    assert_eq!(run(&["nothing.tsv"]).0, Some(1));
}

#[test]
fn rules_are_listed_and_explained() {
    let run = |arguments: &[&str]| {
        let output = refalt().arg("lint").args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run(&["--rules"]);
    assert_eq!((code, text.lines().count()), (Some(0), refalt::lint::RULES.len()));
    let (code, text) = run(&["--explain", "RF006"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("What to do") && text.contains("Source"), "{text}");
    assert_eq!(run(&["--explain", "RF999"]).0, Some(2));
}

#[test]
fn a_row_with_a_cell_too_few_or_too_many_is_refused_by_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (row, cells) in [("chr1\t20\tC", 3), ("chr1\t20\tC\tT\t0.2\tx", 6)] {
        let text = format!("chrom\tpos\tref\talt\teffect\nchr1\t10\tA\tG\t-0.1\n{row}\nchr1\t30\tG\tA\t0.3\n");
        std::fs::write(folder.path().join("table.tsv"), text).unwrap();
        let output = refalt()
            .current_dir(folder.path())
            .args(["lint", "table.tsv"])
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(
            told.contains(&format!("row 3: it has {cells} cells, and the header 5")),
            "{told}"
        );
    }
}
