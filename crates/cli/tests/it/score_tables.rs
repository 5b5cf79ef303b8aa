//! `refalt score`: what is written of the scores, gene annotation, and what a plan that cannot be carried out says.

use crate::made_up;
use crate::refalt;
use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn score(folder: &Path, options: &[&str]) -> Output {
    let reference = made_up::write_genome(folder);
    let variants = folder.join("variants.vcf");
    std::fs::write(&variants, made_up::vcf(4, usize::MAX)).unwrap();
    let mut command = refalt();
    command.arg("score").arg(&variants).arg("--reference").arg(&reference);
    command
        .arg("--out")
        .arg(folder.join("out"))
        .args(options)
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    // Lines are broken at the width of the terminal.
    let text = String::from_utf8_lossy(&output.stderr);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("out/manifest.json")).unwrap()).unwrap()
}

/// Gene models on the made-up contig, with a build in the header.
fn gene_models(folder: &Path, build: &str) -> String {
    let path = folder.join("genes.gtf");
    let row = |kind: &str| {
        format!(
            "chr1\tmade-up\t{kind}\t10001\t12000\t.\t+\t.\tgene_id \"G1\"; transcript_id \"T1\"; gene_name \"ONE\"; \
             gene_type \"protein_coding\"; transcript_type \"protein_coding\";\n"
        )
    };
    let rows: String = ["gene", "transcript", "exon"].map(row).concat();
    std::fs::write(&path, format!("#!genome-build {build}\n{rows}")).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn recommended_scores_what_the_model_can_and_names_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let output = score(folder.path(), &["--scorers", "recommended", "--tracks", "tf=CTCF"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let message = stderr(&output);
    assert!(
        message.contains("recommended scorers left out: ATAC (the model gives no ATAC)"),
        "{message}"
    );
    assert_eq!(manifest(folder.path())["scorers"].as_array().unwrap().len(), 2);
    assert!(folder.path().join("out/summaries/part-000000.parquet").is_file());
}

#[test]
fn an_output_that_the_model_does_not_give_names_the_scorer_and_those_that_it_can_serve() {
    let folder = tempfile::tempdir().unwrap();
    let output = score(folder.path(), &["--scorers", "RNA_SEQ"]);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(
        message.contains("the scorer `RNA_SEQ` reads RNA_SEQ, which the model `motif-jaspar2024` does not give"),
        "{message}"
    );
    assert!(
        message.contains("the model can serve CHIP_TF, CHIP_TF_ACTIVE"),
        "{message}"
    );
    assert!(!folder.path().join("out").exists());
}

#[test]
fn the_layout_is_recorded_and_another_one_is_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let wide = ["--tracks", "tf=CTCF", "--layout", "wide", "--keep-ref-alt"];
    let output = score(folder.path(), &wide);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for table in ["CHIP_TF", "CHIP_TF.reference", "CHIP_TF.alternate"] {
        let part = folder.path().join("out/scores").join(table).join("part-000000.parquet");
        assert!(part.is_file(), "{table}");
    }
    let manifest = manifest(folder.path());
    assert_eq!(manifest["identity"]["layout"], "wide");
    assert_eq!(manifest["identity"]["terms"], true);
    assert_eq!(manifest["scores"][0]["name"], "CHIP_TF/part-000000.parquet");
    // Finished: the same command verifies the files.
    assert_eq!(score(folder.path(), &wide).status.code(), Some(0));
    let message = stderr(&score(folder.path(), &["--tracks", "tf=CTCF"]));
    assert!(message.contains("layout was `wide`, here it is `tidy`"), "{message}");
}

#[test]
fn gene_models_are_part_of_the_identity_and_those_of_another_assembly_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let genes = gene_models(folder.path(), "GRCh38");
    let options = ["--tracks", "tf=CTCF", "--assembly", "GRCh38", "--genes", &genes];
    let output = score(folder.path(), &options);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(manifest(folder.path())["identity"]["annotation"]["name"], "genes.gtf");
    assert!(
        stderr(&output).contains("1 genes, 1 transcripts"),
        "{}",
        stderr(&output)
    );

    let folder = tempfile::tempdir().unwrap();
    let genes = gene_models(folder.path(), "GRCh37");
    let output = score(folder.path(), &["--assembly", "GRCh38", "--genes", &genes]);
    assert_ne!(output.status.code(), Some(0));
    let message = stderr(&output);
    assert!(message.contains("GRCh37") && message.contains("GRCh38"), "{message}");
    assert!(!folder.path().join("out").exists());

    let alone = score(folder.path(), &["--polya", "transcript-ends"]);
    assert_eq!(alone.status.code(), Some(2), "{}", stderr(&alone));
}

#[test]
fn a_cache_folder_in_the_environment_asks_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let reference = made_up::write_genome(folder.path());
    let output = refalt()
        .current_dir(folder.path())
        .env("REFALT_CACHE", folder.path())
        .args([
            "score",
            &format!("chr1:20000:{}", made_up::substitution(20_000)),
            "--window",
            "512",
        ])
        .arg("--reference")
        .arg(&reference)
        .args(["--out", "out", "--dry-run"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}
