//! Output folders: whose they are, what is refused, what a renamed input means, and what is told of rejected rows.

use crate::folder_contents::files;
use crate::made_up;
use crate::refalt;
use std::path::Path;
use std::process::Output;

fn run(folder: &Path, arguments: &str) -> Output {
    refalt()
        .current_dir(folder)
        .args(arguments.split(' '))
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn bench() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    made_up::write_genome(folder.path());
    std::fs::write(folder.path().join("variants.vcf"), made_up::vcf(30, usize::MAX)).unwrap();
    std::fs::write(folder.path().join("wrong.vcf"), made_up::vcf(60, 4)).unwrap();
    folder
}

const SCORE: &str = "score variants.vcf -r genome.fa --window 512 --rows-per-part 10 -o";

#[test]
fn a_folder_of_other_files_is_refused_with_a_remedy_by_dry_runs_too() {
    let bench = bench();
    let here = bench.path();
    std::fs::create_dir(here.join("foreign")).unwrap();
    std::fs::write(here.join("foreign/thesis.tex"), "years of work").unwrap();
    std::fs::write(here.join("file"), "a file").unwrap();
    assert_eq!(
        run(here, &format!("{SCORE} other --window 1024")).status.code(),
        Some(2),
        "given twice"
    );
    assert_eq!(
        run(here, "score wrong.vcf -r genome.fa --window 512 -o other")
            .status
            .code(),
        Some(3)
    );
    for (folder, why) in [
        ("foreign", "thesis.tex"),
        ("file", "is a file"),
        ("other", "variants.sha256"),
    ] {
        for dry in ["", " --dry-run"] {
            let before = here.join(folder).is_dir().then(|| files(&here.join(folder)));
            let output = run(here, &format!("{SCORE} {folder}{dry}"));
            assert_eq!(output.status.code(), Some(1), "{folder}{dry}: {}", stderr(&output));
            let told = stderr(&output);
            assert!(
                told.contains(why) && told.contains("--out") && !told.contains("os error"),
                "{told}"
            );
            assert_eq!(before, here.join(folder).is_dir().then(|| files(&here.join(folder))));
        }
        let output = run(here, &format!("vet variants.vcf -r genome.fa -o {folder}"));
        assert_eq!(output.status.code(), Some(1), "{folder}: {}", stderr(&output));
        assert!(stderr(&output).contains("--out"), "{}", stderr(&output));
    }
    let output = run(
        here,
        "validate other --truth wrong.vcf -r genome.fa --effect QUAL -o file",
    );
    assert!(!stderr(&output).contains("os error"), "{}", stderr(&output));
    // Empty, absent, or left behind by a run that was killed before its first entry.
    std::fs::create_dir_all(here.join("begun/ledger")).unwrap();
    std::fs::create_dir_all(here.join("begun/scores")).unwrap();
    std::fs::write(here.join("begun/ledger/lock"), "").unwrap();
    std::fs::write(here.join("begun/ledger/run.json.partial"), "{").unwrap();
    std::fs::create_dir(here.join("empty")).unwrap();
    for folder in ["empty", "absent", "begun"] {
        let output = run(here, &format!("{SCORE} {folder}"));
        assert_eq!(output.status.code(), Some(0), "{folder}: {}", stderr(&output));
        assert_eq!(files(&here.join(folder)), files(&here.join("empty")));
    }
}

#[test]
fn an_audit_replaces_itself_and_no_other() {
    let bench = bench();
    let here = bench.path();
    let vet = "vet variants.vcf -r genome.fa -o audit";
    assert_eq!(run(here, vet).status.code(), Some(0));
    let first = files(&here.join("audit"));
    assert_eq!(run(here, vet).status.code(), Some(0), "the same inputs and options");
    assert_eq!(files(&here.join("audit")), first);
    for (other, why) in [
        ("vet wrong.vcf -r genome.fa -o audit", "variants.sha256"),
        ("vet variants.vcf -r genome.fa -o audit --apply swapped", "apply"),
        (
            "vet variants.vcf -r genome.fa -o audit --assembly GRCh38",
            "stated_assembly",
        ),
    ] {
        let output = run(here, other);
        assert_eq!(output.status.code(), Some(1), "{other}: {}", stderr(&output));
        assert!(
            stderr(&output).contains(why) && stderr(&output).contains("--out"),
            "{}",
            stderr(&output)
        );
        assert_eq!(files(&here.join("audit")), first, "{other}");
    }
    // The folder of the variants themselves is nobody's output folder.
    assert_eq!(run(here, "vet variants.vcf -r genome.fa -o .").status.code(), Some(1));
}

#[test]
fn a_renamed_input_is_the_same_input_and_keeps_the_name_of_the_first_run() {
    let bench = bench();
    let here = bench.path();
    let output = run(here, &format!("{SCORE} whole"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let whole = files(&here.join("whole"));
    // A run that was stopped: its ledger says what began; two of three parts are gone.
    let renamed = "score renamed.vcf -r copy.fa --window 512 --rows-per-part 10 -o";
    std::fs::copy(here.join("variants.vcf"), here.join("renamed.vcf")).unwrap();
    std::fs::copy(here.join("genome.fa"), here.join("copy.fa")).unwrap();
    let output = run(here, &format!("{renamed} whole"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(files(&here.join("whole")), whole);
    std::fs::create_dir_all(here.join("half/ledger")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&whole["manifest.json"]).unwrap();
    std::fs::write(here.join("half/ledger/run.json"), manifest["identity"].to_string()).unwrap();
    let output = run(here, &format!("{renamed} half"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(files(&here.join("half")), whole, "the names of the first run stay");
}

#[test]
fn rejected_rows_are_listed_and_counted_even_quietly() {
    let bench = bench();
    let here = bench.path();
    let output = run(here, "score wrong.vcf -r genome.fa --window 512 -o out");
    assert_eq!(output.status.code(), Some(3));
    let told = stderr(&output);
    // 15 of 60 rows; the first ten are listed.
    assert!(told.contains("15 of 60 rows were not scored"), "{told}");
    assert!(told.contains("row 4, line 7: ") && told.contains("(v3)"), "{told}");
    assert_eq!(
        told.lines().filter(|line| line.starts_with("  row ")).count(),
        10,
        "{told}"
    );
    assert!(told.contains("and 5 more"), "{told}");
    for again in ["out", "out2"] {
        let output = run(
            here,
            &format!("score wrong.vcf -r genome.fa --window 512 -q -o {again}"),
        );
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
        assert!(stderr(&output).contains("15 of 60 rows were not scored"));
    }
}

#[test]
fn messages_name_the_file_and_the_remedy() {
    let bench = bench();
    let here = bench.path();
    std::fs::write(here.join("empty.tsv"), "").unwrap();
    std::fs::write(here.join("list.bed"), "chr1\t100\t200\n").unwrap();
    std::fs::write(here.join("track.bed"), "track name=a,b\nchr1\t100\t200\n").unwrap();
    for (arguments, expected) in [
        ("score empty.tsv -r genome.fa -o x", ["empty.tsv", "it is empty"]),
        ("vet empty.tsv -r genome.fa", ["empty.tsv", "it is empty"]),
        ("score list.bed -r genome.fa -o x", ["list.bed", "BED"]),
        ("vet track.bed -r genome.fa", ["track.bed", "BED"]),
        (
            "score variants.vcf -r genome.fa -o x --scorers CHIPTF",
            ["unknown scorer `CHIPTF`", "is `CHIP_TF`"],
        ),
        (
            "score variants.vcf -r genome.fa -o x --window 0",
            ["--window", "whole number from 1 up"],
        ),
        (
            "score variants.vcf -r genome.fa -o x --threads 0",
            ["--threads", "whole number from 1 up"],
        ),
        (
            "vet variants.vcf -r genome.fa --apply swaped",
            ["unknown repair", "is `swapped`"],
        ),
        (
            "vet variants.vcf -r genome.fa --columns genes=X",
            ["unknown role", "is `gene`"],
        ),
        ("motifs list --select GABPAX", ["GABPAX", "`GABPA`"]),
    ] {
        let output = run(here, arguments);
        let told = stderr(&output);
        assert!(expected.iter().all(|text| told.contains(text)), "`{arguments}`: {told}");
    }
    // Both spellings of two repairs.
    for apply in ["swapped,off_by_one", "swapped+off_by_one"] {
        let output = run(here, &format!("vet variants.vcf -r genome.fa --apply {apply} --json"));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            report["applied"],
            serde_json::json!(["swapped", "off_by_one"]),
            "{}",
            stderr(&output)
        );
    }
}

/// A scored folder and a table of made-up effects for its variants.
pub(crate) fn scored(folder: &Path) {
    let output = run(folder, &format!("{SCORE} run"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let mut truth = String::from("chrom\tpos\tref\talt\teffect\tother\n");
    for (index, line) in made_up::vcf(30, usize::MAX).lines().skip(3).enumerate() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [contig, position, reference, alternate] = [0, 1, 3, 4].map(|column| columns[column]);
        let effect = (index * 7 % 30) as f64 / 10.0 - 1.5;
        truth.push_str(&format!(
            "{contig}\t{position}\t{reference}\t{alternate}\t{effect}\t{}\n",
            -effect
        ));
    }
    std::fs::write(folder.join("truth.tsv"), truth).unwrap();
}

const VALIDATE: &str =
    "validate run --truth truth.tsv -r genome.fa --replicates 20 --permutations 20 --summaries max --effect";

#[test]
fn a_validation_replaces_itself_and_no_other() {
    let bench = bench();
    let here = bench.path();
    scored(here);
    assert_eq!(run(here, &format!("{VALIDATE} effect")).status.code(), Some(0));
    let first = files(&here.join("run/validate"));
    assert_eq!(run(here, &format!("{VALIDATE} effect")).status.code(), Some(0));
    assert_eq!(files(&here.join("run/validate")), first, "the same inputs and options");
    std::fs::write(here.join("named.tsv"), "name\tchrom\tpos\tref\talt\n").unwrap();
    for (other, why) in [
        ("other", "effect_column was `effect`, here it is `other`"),
        ("effect --seed 7", "options.seed was `0`, here it is `7`"),
        ("effect --named named.tsv", "named was `null`"),
    ] {
        let output = run(here, &format!("{VALIDATE} {other}"));
        assert_eq!(output.status.code(), Some(1), "{other}: {}", stderr(&output));
        let told = stderr(&output);
        assert!(
            told.contains(why) && told.contains("give another folder with --out"),
            "{told}"
        );
        assert_eq!(files(&here.join("run/validate")), first, "{other}");
    }
    let output = run(here, &format!("{VALIDATE} other -o elsewhere"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    // Other files, a file in the place of the folder: refused before anything is computed.
    std::fs::create_dir(here.join("mine")).unwrap();
    std::fs::write(here.join("mine/notes.txt"), "mine").unwrap();
    for (folder, why) in [
        ("mine", "holds other files, such as `notes.txt`"),
        ("truth.tsv", "is a file"),
    ] {
        let output = run(here, &format!("{VALIDATE} effect -o {folder}"));
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
    assert_eq!(files(&here.join("mine")).len(), 1);
}

#[test]
fn a_figure_of_tracks_replaces_itself_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let figure = |more: &str| run(here, &format!("tracks figure {more} -o figures"));
    assert_eq!(figure("DNASE").status.code(), Some(0));
    let first = files(&here.join("figures"));
    assert_eq!(figure("DNASE").status.code(), Some(0));
    let other = figure("ATAC");
    assert_eq!(other.status.code(), Some(1));
    assert!(
        stderr(&other).contains("is there with another content") && stderr(&other).contains("--out"),
        "{}",
        stderr(&other)
    );
    assert_eq!(files(&here.join("figures")), first);
    assert_eq!(figure("CHIP_TF --by tf").status.code(), Some(0), "another name");
}
