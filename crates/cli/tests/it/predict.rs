//! `refalt predict` and `refalt ism`: what they write, say and refuse.

use crate::made_up;
use crate::refalt;
use std::path::Path;

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = refalt().current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_prediction_is_told_and_its_folder_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made_up::write_genome(folder);
    let variant = format!("chr1:20000:{}", made_up::substitution(20_000));
    let arguments = [
        "predict",
        &variant,
        "-r",
        "genome.fa",
        "--tracks",
        "tf=GABPA",
        "--window",
        "2048",
        "-o",
        "out",
    ];
    let (code, _, told) = run(folder, &arguments);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("tracks `tf=GABPA`: 1 of 739") && told.contains("written to `out`; licence: CC BY 4.0"),
        "{told}"
    );
    let mut names: Vec<String> = std::fs::read_dir(folder.join("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "identity.json",
        "manifest.json",
        "prediction.parquet",
        "tracks.parquet",
        "tracks.png",
        "tracks.svg",
        "tracks.tsv",
    ];
    assert_eq!(names, expected);
    let (code, json, _) = run(folder, &[&arguments[..], &["--json"]].concat());
    assert_eq!(code, Some(0));
    let manifest: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(manifest["identity"]["subject"], serde_json::json!(variant));
}

#[test]
fn a_sequence_from_standard_input_needs_no_reference() {
    let folder = tempfile::tempdir().unwrap();
    let bases = String::from_utf8(made_up::genome()[..1000].to_vec()).unwrap();
    let output = refalt()
        .current_dir(folder.path())
        .args([
            "predict",
            "--sequence",
            "-",
            "--window",
            "1024",
            "--tracks",
            "tf=GABPA",
            "-o",
            "out",
        ])
        .args(["--format", "npz,bigwig"])
        .write_stdin(format!(">enhancer made up\n{bases}\n"))
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(folder.path().join("out/prediction.npz").is_file());
    assert_eq!(std::fs::read_dir(folder.path().join("out/bigwig")).unwrap().count(), 1);
}

#[test]
fn wrong_values_are_told_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made_up::write_genome(folder);
    let base = char::from(made_up::genome()[19_999]);
    let other = if base == 'A' { 'C' } else { 'A' };
    let wrong_ref = format!("chr1:20000:{other}>{base}");
    for (arguments, code, message) in [
        (
            vec!["predict", &wrong_ref, "-r", "genome.fa"],
            2,
            "REF does not match the reference",
        ),
        (
            vec!["predict", "chr7:1-100", "-r", "genome.fa"],
            2,
            "the reference has no contig `chr7`; it has chr1",
        ),
        (
            vec!["predict", "chr1:1-100"],
            2,
            "hint: give the genome with --reference",
        ),
        (vec!["predict", "chr1:1-100", "-r", "no.fa"], 1, "no.fa"),
        (
            vec!["predict", "chr1:1-100", "-r", "genome.fa", "--window", "100"],
            2,
            "does not read windows of 100 bp",
        ),
        (
            vec!["predict", "chr1:1-100", "-r", "genome.fa", "--outputs", "ATAC"],
            2,
            "does not give `ATAC`; known: CHIP_TF",
        ),
        (
            vec!["predict", "chr1:1-100", "-r", "genome.fa", "--format", "bigwigg"],
            2,
            "is `bigwig` meant?",
        ),
        (
            vec!["predict", "chr1:1-100", "-r", "genome.fa", "--zoom", "x"],
            2,
            "neither a number of bp",
        ),
        (
            vec!["predict", "--sequence", "ACGT"],
            2,
            "does not read windows of 4 bp",
        ),
        (
            vec!["ism", "chr1:1-100", "-r", "genome.fa", "--scorers", "CHIPTF"],
            2,
            "is `CHIP_TF` or",
        ),
        (vec!["ism", "chr1:100-1", "-r", "genome.fa"], 2, "is not a region"),
        (
            // Masks of 501 bp are 4 bins of 128 bp: two before and one behind that of the base.
            vec!["ism", "chr1:20000-20400", "-r", "genome.fa", "--window", "512"],
            2,
            "reads 501 bp around each base of chr1:20000-20400",
        ),
        (
            vec!["ism", "chr1:70000-70010", "-r", "genome.fa"],
            2,
            "the reference has no base of",
        ),
    ] {
        let (found, _, told) = run(folder, &[&arguments[..], &["-o", "out"]].concat());
        assert_eq!(found, Some(code), "{arguments:?}: {told}");
        assert!(told.contains(message), "{arguments:?}: {told}");
        assert!(!folder.join("out").exists(), "{arguments:?}");
    }
}

#[cfg(feature = "api")]
#[test]
fn help_lists_no_option_that_is_refused() {
    for command in ["predict", "ism", "score-interval"] {
        let output = refalt().args([command, "--help"]).output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.contains("--address") && help.contains("--key-file"), "{help}");
        assert!(
            !help.contains("--auto-rest") && !help.contains("--atlas-address"),
            "{help}"
        );
        let refused = refalt().args([command, "--auto-rest", "motif"]).output().unwrap();
        assert_eq!(refused.status.code(), Some(2));
    }
    let output = refalt().args(["score", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(
        help.contains("--auto-rest") && help.contains("--atlas-address"),
        "{help}"
    );
}

#[test]
fn a_first_run_that_fails_does_not_block_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made_up::write_genome(folder);
    // A folder where a figure should be: the prediction is made, and its files cannot be.
    let common = [
        "predict",
        "chr1:20001-20100",
        "-r",
        "genome.fa",
        "--window",
        "2048",
        "-o",
        "out",
        "--tracks",
    ];
    std::fs::create_dir_all(folder.join("out/tracks.svg.partial")).unwrap();
    let (code, _, told) = run(folder, &[&common[..], &["tf=GABPA"]].concat());
    assert_eq!(code, Some(1), "{told}");
    let left: Vec<_> = std::fs::read_dir(folder.join("out")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    std::fs::remove_dir(folder.join("out/tracks.svg.partial")).unwrap();
    let (code, _, told) = run(folder, &[&common[..], &["tf=CTCF"]].concat());
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn a_stretch_is_saturated() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made_up::write_genome(folder);
    let arguments = [
        "ism",
        "chr1:20000-20020",
        "-r",
        "genome.fa",
        "--tracks",
        "tf=GABPA",
        "--window",
        "2048",
        "-o",
        "out",
    ];
    let (code, _, told) = run(folder, &arguments);
    assert_eq!(code, Some(0), "{told}");
    let text = std::fs::read_to_string(folder.join("out/ism.tsv")).unwrap();
    assert_eq!(text.lines().count(), 22);
    let (code, _, told) = run(
        folder,
        &[
            "predict",
            "chr1:20000-20020",
            "-r",
            "genome.fa",
            "--window",
            "2048",
            "-o",
            "out",
        ],
    );
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("holds a run that differs: command"), "{told}");
}
