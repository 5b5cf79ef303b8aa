//! Exit codes, case by case: what is wrong in a value is 2, what is wrong in a file is 1.

use crate::made_up;
use crate::refalt;
use std::path::Path;

/// A finished run on a made-up genome, with a truth table and files that are wrong in one way each.
fn bench(folder: &Path) {
    made_up::write_genome(folder);
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("variants.vcf", &made_up::vcf(12, usize::MAX));
    write("some_wrong.vcf", &made_up::vcf(12, 4));
    write("empty.vcf", "");
    write("no_columns.tsv", "a\tb\n1\t2\n");
    write("list.bed", "chr1\t100\t200\nchr1\t300\t400\n");
    write("broken.jaspar", ">MA1 X\nA [ 1 2\n");
    write("broken.fa", "no header\n");
    let genome = made_up::genome();
    let mut truth = String::from("chrom\tpos\tref\talt\teffect\n");
    for index in 0..12 {
        let position = 10_000 + (index * 13) % 40_000 + 1;
        let base = char::from(genome[position - 1]);
        let other = if base == 'A' { 'C' } else { 'A' };
        truth.push_str(&format!("chr1\t{position}\t{base}\t{other}\t{}\n", (index * 7) % 12));
    }
    write("truth.tsv", &truth);
    let scored = refalt()
        .current_dir(folder)
        .args("score variants.vcf -r genome.fa --window 512 -o run".split(' '))
        .output()
        .unwrap();
    assert_eq!(
        scored.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&scored.stderr)
    );
}

#[test]
fn a_wrong_value_is_2_a_wrong_file_is_1_and_rejected_rows_are_3() {
    let folder = tempfile::tempdir().unwrap();
    bench(folder.path());
    let validate = "validate run --truth truth.tsv -r genome.fa --replicates 0 --permutations 0";
    let cases = [
        // Values that are wrong in themselves.
        (2, "score variants.vcf -r genome.fa -o x --window 0"),
        (2, "score variants.vcf -r genome.fa -o x --window many"),
        (2, "score variants.vcf -r genome.fa -o x --rows-per-part 0"),
        (2, "score variants.vcf -r genome.fa -o x --threads 0"),
        (2, "score variants.vcf -r genome.fa -o x --scorers NOPE"),
        (2, "score variants.vcf -r genome.fa -o x --scorers ATAC"),
        (2, "score variants.vcf -r genome.fa -o x --model NOPE"),
        (2, "score variants.vcf -r genome.fa -o x --format NOPE"),
        (2, "score variants.vcf -r genome.fa -o x --assembly hg18"),
        (2, "score truth.tsv -r genome.fa -o x --columns CHR=chrom"),
        (2, "vet variants.vcf -r genome.fa --apply NOPE"),
        (2, "vet variants.vcf -r genome.fa --assembly NOPE"),
        (2, "motifs list -p 2"),
        (2, "motifs list -p 0"),
        (2, "run genome.fa"),
        (2, "nope"),
        // Values that name something that the inputs do not have.
        (2, "score truth.tsv -r genome.fa -o x --columns pos=NOPE"),
        (2, "vet truth.tsv -r genome.fa --columns pos=NOPE"),
        (2, "vet variants.vcf -r genome.fa --columns gene=NOPE,pos=X"),
        (2, "motifs list --select NOPE"),
        (2, "motifs effect chr1:10001:A>C -r genome.fa --select NOPE"),
        (2, &format!("{validate} --effect NOPE")),
        (2, &format!("{validate} --effect effect --experiment NOPE")),
        (2, &format!("{validate} --effect effect --keep NOPE>1")),
        (2, &format!("{validate} --effect effect --keep effect")),
        (2, &format!("{validate} --effect effect --scorer NOPE")),
        (2, &format!("{validate} --effect effect --tracks NOPE")),
        (2, &format!("{validate} --effect effect --summaries NOPE")),
        (2, &format!("{validate} --effect effect --level 95")),
        (2, &format!("{validate} --effect effect --columns pos=NOPE")),
        // Files and folders.
        (1, "score nothing.vcf -r genome.fa -o x"),
        (1, "score empty.vcf -r genome.fa -o x"),
        (1, "score no_columns.tsv -r genome.fa -o x"),
        (1, "score list.bed -r genome.fa -o x"),
        (1, "score variants.vcf -r nothing.fa -o x"),
        (1, "score variants.vcf -r broken.fa -o x"),
        (1, "score variants.vcf -r genome.fa -o x --model motif:broken.jaspar"),
        (1, "score variants.vcf -r genome.fa -o run --window 1024"),
        (1, "vet empty.vcf -r genome.fa"),
        (1, "motifs list --motifs broken.jaspar"),
        (1, "validate nothing --truth truth.tsv -r genome.fa --effect effect"),
        // Done, all or in part.
        (0, "vet variants.vcf -r genome.fa"),
        (0, "motifs list -p 1e-3 --select GABPA"),
        (0, &format!("{validate} --effect effect --tracks GABPA --summaries sum")),
        (3, "vet some_wrong.vcf -r genome.fa"),
        (3, "score some_wrong.vcf -r genome.fa --window 512 -o partial"),
        (3, "motifs effect chr1:10001:N>C -r genome.fa"),
    ];
    let mut wrong = Vec::new();
    for (expected, arguments) in cases {
        let output = refalt()
            .current_dir(folder.path())
            .args(arguments.split(' '))
            .output()
            .unwrap();
        if output.status.code() != Some(expected) {
            wrong.push(format!(
                "`{arguments}` gave {:?} and not {expected}: {}",
                output.status.code(),
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A device that takes no byte.
#[cfg(target_os = "linux")]
fn full() -> std::process::Stdio {
    std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}

#[cfg(target_os = "linux")]
#[test]
fn a_note_that_cannot_be_written_ends_no_run() {
    let folder = tempfile::tempdir().unwrap();
    crate::made_up::write_genome(folder.path());
    std::fs::write(folder.path().join("in.vcf"), crate::made_up::vcf(6, 9)).unwrap();
    let run = |arguments: &[&str]| {
        std::process::Command::new(assert_cmd::cargo::cargo_bin!("refalt"))
            .current_dir(folder.path())
            .args(arguments)
            .stderr(full())
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap()
            .code()
    };
    let score = ["score", "in.vcf", "-r", "genome.fa", "--window", "512", "-o", "run"];
    assert_eq!(run(&score), Some(0));
    assert!(folder.path().join("run/manifest.json").is_file());
    assert_eq!(run(&["export", "run", "--to", "tsv", "-o", "out.tsv"]), Some(0));
    // An error that cannot be told has its code all the same.
    assert_eq!(run(&["export", "run", "--to", "nope", "-o", "out.tsv"]), Some(2));
}

#[cfg(unix)]
#[test]
fn a_verdict_outlives_its_reader() {
    let folder = tempfile::tempdir().unwrap();
    crate::made_up::write_genome(folder.path());
    std::fs::write(folder.path().join("in.vcf"), crate::made_up::vcf(6, 9)).unwrap();
    for (window, out) in [("512", "left"), ("1024", "right")] {
        let score = ["score", "in.vcf", "-r", "genome.fa", "--window", window, "-o", out];
        crate::refalt()
            .current_dir(folder.path())
            .args(score)
            .assert()
            .success();
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = std::process::Command::new(assert_cmd::cargo::cargo_bin!("refalt"))
        .current_dir(folder.path())
        .args(["diff", "left", "right"])
        .stdout(writer)
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(3));
}
