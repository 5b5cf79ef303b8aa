//! What a file says of its assembly against what the reference is: never passed over in silence.

use crate::made_up;
use crate::refalt;
use serde_json::Value;
use std::path::Path;
use std::process::Output;

/// Writes a table of substitutions, each with a cell in the column `genome_build`.
fn table(folder: &Path, builds: &[&str]) -> String {
    let genome = made_up::genome();
    let mut text = String::from("chrom\tpos\tref\talt\tgenome_build\n");
    for (index, build) in builds.iter().enumerate() {
        let position = 20_000 + index * 10;
        let base = char::from(genome[position - 1]);
        let other = if base == 'A' { 'C' } else { 'A' };
        text.push_str(&format!("chr1\t{position}\t{base}\t{other}\t{build}\n"));
    }
    let path = folder.join("table.tsv");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn score(folder: &Path, variants: &str, more: &[&str]) -> (Output, Option<Value>) {
    let reference = made_up::write_genome(folder);
    let out = folder.join("out");
    let _ = std::fs::remove_dir_all(&out);
    let output = refalt()
        .args(["score", variants, "--reference"])
        .arg(reference)
        .arg("--out")
        .arg(&out)
        .args(if more.contains(&"--window") {
            [].as_slice()
        } else {
            &["--window", "512"]
        })
        .args(more)
        .output()
        .unwrap();
    let manifest = std::fs::read(out.join("manifest.json")).ok();
    (output, manifest.map(|text| serde_json::from_slice(&text).unwrap()))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn rows_that_name_two_assemblies_are_refused_until_the_reference_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let variants = table(folder.path(), &["hg38", "hg19", "hg38"]);
    let (output, manifest) = score(folder.path(), &variants, &[]);
    assert_eq!((output.status.code(), manifest), (Some(1), None));
    let told = stderr(&output);
    assert!(told.contains("GRCh37 (row 2)") && told.contains("--assembly"), "{told}");

    // Known from the user: the row of the other assembly is rejected, and the ground is recorded as stated.
    let (output, manifest) = score(folder.path(), &variants, &["--assembly", "hg38"]);
    let manifest = manifest.unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(manifest["counts"]["rejected"]["other_assembly"], 1);
    assert_eq!(
        (&manifest["assembly"]["basis"], &manifest["assembly"]["reference"]),
        (&"stated".into(), &"GRCh38".into())
    );
    assert_eq!(manifest["identity"]["stated_assembly"], "GRCh38");
    assert!(!manifest["assembly"].to_string().contains("proven"));
}

#[test]
fn a_build_that_nothing_checks_is_noted_once_in_summary_and_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let ids = format!("chr1_20000_{}", made_up::substitution(20_000).replace('>', "_"));
    let header = format!(
        "##fileformat=VCFv4.3\n##reference=hg19.fa\n#CHROM\tPOS\tID\tREF\tALT\nchr1\t20000\t.\t{}\n",
        made_up::substitution(20_000).replace('>', "\t")
    );
    let vcf = folder.path().join("said.vcf");
    std::fs::write(&vcf, header).unwrap();
    let variants = [
        table(folder.path(), &["hg19", "GRCh37", ""]),
        format!("{ids}_b37"),
        vcf.to_str().unwrap().to_owned(),
    ];
    for variants in &variants {
        let (output, manifest) = score(folder.path(), variants, &[]);
        let manifest = manifest.unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let note = manifest["assembly"]["note"].as_str().unwrap();
        assert!(note.contains("GRCh37") && note.contains("not checked except"), "{note}");
        assert_eq!(stderr(&output).matches(note).count(), 1, "{}", stderr(&output));
        // The same on GRCh38 by the user's word: nothing is accepted.
        let (output, _) = score(folder.path(), variants, &["--assembly", "GRCh38"]);
        assert_ne!(output.status.code(), Some(0), "{}", stderr(&output));
    }
}

#[test]
fn a_header_and_rows_of_different_assemblies_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let vcf = folder.path().join("both.vcf");
    let text = format!(
        "##fileformat=VCFv4.3\n##reference=hg19.fa\n#CHROM\tPOS\tID\tREF\tALT\nNC_000001.11\t20000\t.\t{}\n",
        made_up::substitution(20_000).replace('>', "\t")
    );
    std::fs::write(&vcf, text).unwrap();
    let (output, manifest) = score(folder.path(), vcf.to_str().unwrap(), &[]);
    assert_eq!((output.status.code(), manifest), (Some(1), None), "{}", stderr(&output));
    assert!(stderr(&output).contains("GRCh37 (the header)"), "{}", stderr(&output));
}

#[test]
fn windows_that_are_mostly_n_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let variants = table(folder.path(), &["", ""]);
    // 60,000 bp are known of 262,144.
    let (output, manifest) = score(folder.path(), &variants, &["--window", "262144"]);
    let manifest = manifest.unwrap_or_else(|| panic!("{}", stderr(&output)));
    assert_eq!(manifest["counts"]["mostly_unknown"], 2);
    assert!(
        stderr(&output).contains("2 of 2 windows are mostly N"),
        "{}",
        stderr(&output)
    );
    let (output, manifest) = score(folder.path(), &variants, &["--window", "4096"]);
    assert_eq!(manifest.unwrap()["counts"]["mostly_unknown"], 0);
    assert!(!stderr(&output).contains("mostly N"));
}
