//! `refalt query`: what it answers where it was built, and what it says where it was not.

use crate::made_up;
use crate::refalt;

fn run(folder: &std::path::Path) {
    made_up::write_genome(folder);
    std::fs::write(folder.join("in.vcf"), made_up::vcf(12, 4)).unwrap();
    let output = refalt()
        .current_dir(folder)
        .args(["score", "in.vcf", "-r", "genome.fa", "--window", "512", "-o", "run"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
}

#[cfg(not(feature = "query"))]
#[test]
fn without_the_feature_it_says_how_to_get_it_and_what_else_reads_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let output = refalt()
        .current_dir(folder.path())
        .args(["query", "SELECT 1", "run"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("--features query"), "{told}");
    assert!(
        told.contains("duckdb -c") && told.contains("'run/scores/*.parquet'"),
        "{told}"
    );
}

#[cfg(feature = "query")]
#[test]
fn counts_are_those_of_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let ask = |arguments: &[&str]| {
        let output = refalt()
            .current_dir(folder.path())
            .arg("query")
            .args(arguments)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), told)
    };
    // 12 rows, each fourth with a wrong REF; 739 motifs.
    let (code, out, told) = ask(&["SELECT count(*) AS n FROM scores", "run"]);
    assert_eq!((code, out.as_str()), (Some(0), &*format!("n\n{}\n", 9 * 739)), "{told}");
    let (_, out, _) = ask(&[
        "SELECT code, count(*) AS n FROM variants GROUP BY code ORDER BY n",
        "run",
        "--json",
    ]);
    assert_eq!(out, "{\"code\":\"ref_mismatch\",\"n\":3}\n{\"n\":9}\n");
    let (code, ..) = ask(&["SELECT * FROM scores", "run", "-o", "all.parquet", "--memory", "100MB"]);
    assert_eq!(code, Some(0));
    assert!(folder.path().join("all.parquet").is_file());
    let (code, _, told) = ask(&["SELECT raw_scor FROM scores", "run"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("is `raw_score` meant?"), "{told}");
    let (code, ..) = ask(&["SELECT 1", "run", "--format", "parquet"]);
    assert_eq!(code, Some(2));
}
