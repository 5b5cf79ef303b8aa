//! `refalt score`: end to end, killed, resumed, refused, out of space.

use crate::folder_contents::files;
use crate::made_up;
use crate::refalt;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Files of one scoring job.
struct Job {
    folder: tempfile::TempDir,
    reference: PathBuf,
    variants: PathBuf,
}

impl Job {
    fn new(count: usize, wrong_every: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let reference = made_up::write_genome(folder.path());
        let variants = folder.path().join("variants.vcf");
        std::fs::write(&variants, made_up::vcf(count, wrong_every)).unwrap();
        Self {
            folder,
            reference,
            variants,
        }
    }

    fn out(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arguments(&self, out: &Path) -> Vec<String> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let fixed = [
            "--model",
            "motif",
            "--scorers",
            "CHIP_TF",
            "--window",
            "16384",
            "--rows-per-part",
            "100",
        ];
        [vec![
            "score".to_owned(),
            text(&self.variants),
            "--reference".to_owned(),
            text(&self.reference),
        ]]
        .concat()
        .into_iter()
        .chain(fixed.map(str::to_owned))
        .chain(["--out".to_owned(), text(out)])
        .collect()
    }
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn manifest(out: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(out.join("manifest.json")).unwrap()).unwrap()
}

#[test]
fn all_scored_is_exit_0_and_rejected_rows_are_exit_3() {
    let clean = Job::new(150, usize::MAX);
    let out = clean.out("out");
    let output = refalt().args(clean.arguments(&out)).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(manifest(&out)["counts"]["scored"], 150);

    let mixed = Job::new(150, 10);
    let out = mixed.out("out");
    let output = refalt().args(mixed.arguments(&out)).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let counts = &manifest(&out)["counts"];
    assert_eq!(
        (&counts["rows"], &counts["rejected"]["ref_mismatch"]),
        (&150.into(), &15.into())
    );
}

/// Returns how many bytes a folder holds; a file that is renamed while we look counts as none.
fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

#[test]
fn killed_at_twenty_moments_a_run_goes_on_and_ends_with_the_same_bytes() {
    let job = Job::new(900, 50);
    let whole = job.out("whole");
    let output = refalt().args(job.arguments(&whole)).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let expected = files(&whole);
    let total = bytes_in(&whole);

    // Moments are told by what the run has written and not by the clock, so a machine that is slow once and fast the
    // next time is killed in the middle all the same. Multiplicative steps over the prime 101 spread them.
    let moments = (1..=20_u64).scan(7_u64, |state, _| {
        *state = *state * 37 % 101;
        Some(*state)
    });
    let mut killed = 0;
    for moment in moments {
        let out = job.out(&format!("killed-{moment}"));
        let mut child = Command::new(assert_cmd::cargo::cargo_bin("refalt"))
            .args(job.arguments(&out))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while bytes_in(&out) < total * moment / 101 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        // What a folder holds does not grow evenly: a few milliseconds more let the kill fall between two writes.
        std::thread::sleep(Duration::from_millis(moment % 8));
        // SIGKILL on Unix: no handler runs.
        child.kill().unwrap();
        killed += u32::from(child.wait().unwrap().code().is_none());
        let output = refalt().args(job.arguments(&out)).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(
            files(&out) == expected,
            "killed after {moment}/101 of the bytes, the bytes differ"
        );
        std::fs::remove_dir_all(&out).unwrap();
    }
    assert!(
        killed >= 10,
        "only {killed} of 20 runs were still running when they were killed"
    );
}

#[test]
fn a_changed_option_or_input_refuses_to_resume_and_says_why() {
    let job = Job::new(120, usize::MAX);
    let out = job.out("out");
    assert!(refalt().args(job.arguments(&out)).output().unwrap().status.success());
    let mut arguments = job.arguments(&out);
    let window = arguments.iter().position(|argument| argument == "16384").unwrap();
    arguments[window] = "32768".to_owned();
    let output = refalt().args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("window_bp was `16384`, here it is `32768`"),
        "{}",
        stderr(&output)
    );
    let mut changed = std::fs::read_to_string(&job.variants).unwrap();
    changed.push_str("chr1\t20000\tlate\tN\tA\t.\t.\t.\n");
    std::fs::write(&job.variants, changed).unwrap();
    let output = refalt().args(job.arguments(&out)).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("variants.sha256"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_what_was_done_stays() {
    let job = Job::new(1500, usize::MAX);
    let whole = job.out("whole");
    assert!(refalt().args(job.arguments(&whole)).output().unwrap().status.success());
    let out = job.out("out");
    // A limit on the size of files stands for a full disk: the write fails with an error in the same place.
    let largest = files(&whole).values().map(Vec::len).max().unwrap();
    let blocks = largest / 512 / 2;
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(assert_cmd::cargo::cargo_bin("refalt"))
        .args(job.arguments(&out))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot write"), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("run the same command again"),
        "{}",
        stderr(&output)
    );
    assert!(refalt().args(job.arguments(&out)).output().unwrap().status.success());
    assert!(files(&out) == files(&whole), "after the disk was full the bytes differ");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let job = Job::new(10, usize::MAX);
    let blocked = job.out("blocked");
    std::fs::write(&blocked, "a file, not a folder").unwrap();
    let output = refalt().args(job.arguments(&blocked)).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("blocked"), "{}", stderr(&output));
}

#[test]
fn a_dry_run_says_what_would_be_done_and_writes_nothing() {
    let job = Job::new(150, 10);
    let out = job.out("out");
    let mut arguments = job.arguments(&out);
    arguments.extend(["--dry-run".to_owned(), "--json".to_owned()]);
    let output = refalt().args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["rows"], 150);
    assert_eq!(plan["variants"], 135);
    assert_eq!(plan["calls"], 135);
    // 739 motifs, one row each.
    assert_eq!(plan["score_rows"], 135 * 739);
    assert!(plan["disk_bytes"].as_u64().unwrap() > 0 && plan["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(plan["rows_done"], 0);
    assert!(!out.exists());
}

#[test]
fn a_dry_run_tells_what_is_done_and_what_was_damaged() {
    let job = Job::new(150, 10);
    let out = job.out("out");
    assert_eq!(
        refalt().args(job.arguments(&out)).output().unwrap().status.code(),
        Some(3)
    );
    let mut arguments = job.arguments(&out);
    arguments.extend(["--dry-run".to_owned(), "--json".to_owned()]);
    let output = refalt().args(&arguments).output().unwrap();
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["rows_done"], 150);
    let part = std::fs::read_dir(out.join("scores"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let bytes = std::fs::read(&part).unwrap();
    std::fs::write(&part, &bytes[..bytes.len() - 1]).unwrap();
    let output = refalt().args(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("part-"), "{}", stderr(&output));
}

#[test]
fn a_mask_wider_than_the_window_is_told() {
    let folder = tempfile::tempdir().unwrap();
    crate::made_up::write_genome(folder.path());
    std::fs::write(folder.path().join("in.vcf"), crate::made_up::vcf(3, 9)).unwrap();
    for (window, is_told) in [("256", true), ("512", false)] {
        let output = crate::refalt()
            .current_dir(folder.path())
            .args(["score", "in.vcf", "-r", "genome.fa", "--window", window, "-o", window])
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert_eq!(told.contains("its mask is cut to the window"), is_told, "{told}");
    }
}
