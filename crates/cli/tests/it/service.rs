//! `refalt score --model api` against a service on loopback.

use crate::fault_server::{FaultServer, Schedule, Trouble, random_schedule};
use crate::folder_contents::files;
use crate::{made_up, refalt};
use assert_cmd::Command;
use refalt_core::score::UtcDay;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const KEY: &str = "AIza-nobody-sees-this";

/// Variants, a genome and a key in a folder.
pub(crate) struct Job {
    pub(crate) folder: tempfile::TempDir,
}

impl Job {
    pub(crate) fn new(variants: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        made_up::write_genome(folder.path());
        std::fs::write(folder.path().join("variants.vcf"), made_up::vcf(variants, variants + 1)).unwrap();
        std::fs::write(folder.path().join("key"), format!("{KEY}\n")).unwrap();
        Self { folder }
    }

    /// Returns the command that scores without a cache.
    fn command(&self, address: &str, out: &str) -> Command {
        let mut command = self.scoring(address, out);
        command.arg("--no-cache");
        command
    }

    /// Returns the command that scores, with the usual cache in a folder of the job.
    pub(crate) fn scoring(&self, address: &str, out: &str) -> Command {
        self.scoring_by("ATAC,RNA_SEQ", address, out)
    }

    /// Returns that command for other scorers.
    pub(crate) fn scoring_by(&self, scorers: &str, address: &str, out: &str) -> Command {
        let path = |name: &str| self.folder.path().join(name);
        let mut command = refalt();
        command
            .env_remove("ALPHAGENOME_API_KEY")
            .env_remove("ALPHA_GENOME_API_KEY")
            .env_remove("REFALT_CACHE")
            .env("XDG_CACHE_HOME", path("caches"));
        command
            .arg("score")
            .arg(path("variants.vcf"))
            .arg("--reference")
            .arg(path("genome.fa"));
        command.args(["--model", "api", "--address", address, "--scorers", scorers]);
        command.arg("--key-file").arg(path("key")).arg("--out").arg(path(out));
        command
    }

    pub(crate) fn manifest(&self, out: &str) -> Value {
        let text = std::fs::read_to_string(self.folder.path().join(out).join("manifest.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

pub(crate) fn never() -> Arc<Schedule> {
    Arc::new(|_, _| None)
}

fn holds(folder: &Path, text: &str) -> bool {
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    files(folder).values().any(|bytes| holds(bytes))
}

#[test]
fn a_run_with_troubles_gives_the_files_of_a_clean_run() {
    let job = Job::new(90);
    let clean = FaultServer::start(never());
    job.command(&clean.address, "clean").assert().code(0);
    assert_eq!(clean.seen.calls.load(Ordering::SeqCst), 90);
    let manifest = job.manifest("clean");
    // Parts of 64 rows: what is paid for is soon safe.
    assert_eq!(manifest["identity"]["rows_per_part"], 64);
    assert_eq!(manifest["counts"]["scored"], 90);
    // Every row has the day of its answer; the run began and ended within a day or two.
    let source = &manifest["sources"][0];
    let days: Vec<UtcDay> = source["answered"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| UtcDay::parse(day.as_str().unwrap()).unwrap())
        .collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let [yesterday, today] = [now - 86_400, now].map(|seconds| UtcDay::of_unix_seconds(seconds).unwrap());
    assert!(days[0] >= yesterday && days[1] <= today, "{source}");
    assert_eq!(source["variants"], 90);
    assert!(!holds(&job.folder.path().join("clean"), KEY));
    let address = clean.address.clone();
    drop(clean);
    // The same port, so that the model has the same name; hangs are left out, because a deadline is minutes.
    let schedule = random_schedule(5, 2);
    let schedule: Arc<Schedule> = Arc::new(move |variant, attempt| {
        schedule(variant, attempt).filter(|trouble| !matches!(trouble, Trouble::Hang | Trouble::Stall))
    });
    let troubled = FaultServer::start_at(schedule, &address);
    job.command(&troubled.address, "troubled").assert().code(0);
    assert!(troubled.seen.troubles.load(Ordering::SeqCst) > 20);
    let [clean, troubled] = ["clean", "troubled"].map(|name| files(&job.folder.path().join(name)));
    assert!(clean == troubled);
}

#[test]
fn a_spent_quota_ends_with_code_5_and_the_same_command_goes_on() {
    let job = Job::new(150);
    let given = Arc::new(AtomicU64::new(0));
    let schedule: Arc<Schedule> = {
        let given = Arc::clone(&given);
        Arc::new(move |_, _| (given.fetch_add(1, Ordering::SeqCst) >= 100).then_some(Trouble::LongWait))
    };
    let server = FaultServer::start(schedule);
    // One batch after the other, so that the first part is whole when the quota is spent.
    let failed = job
        .command(&server.address, "out")
        .args(["--threads", "1"])
        .assert()
        .code(5);
    let message = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    assert!(message.contains("has had enough after"), "{message}");
    assert!(
        message.contains("hint: run the same command again in 86400 s or later"),
        "{message}"
    );
    assert!(!message.contains(KEY), "{message}");
    // 64 rows are safe; 36 answers of the second part were not written.
    let before = server.seen.calls.load(Ordering::SeqCst);
    given.store(0, Ordering::SeqCst);
    job.command(&server.address, "out").assert().code(0);
    assert_eq!(job.manifest("out")["counts"]["scored"], 150);
    assert_eq!(server.seen.calls.load(Ordering::SeqCst) - before, 150 - 64);
}

#[test]
fn a_poisonous_variant_is_a_failed_row() {
    let job = Job::new(20);
    let schedule: Arc<Schedule> = Arc::new(|variant, _| (variant.position == 10_014).then_some(Trouble::Invalid));
    let server = FaultServer::start(schedule);
    let done = job.command(&server.address, "out").assert().code(3);
    let message = String::from_utf8(done.get_output().stderr.clone()).unwrap();
    assert!(message.contains("INVALID_ARGUMENT, no such chromosome"), "{message}");
    let counts = job.manifest("out")["counts"].clone();
    assert_eq!(
        (counts["scored"].as_u64(), counts["failed"].as_u64()),
        (Some(19), Some(1))
    );
}

#[test]
fn a_dry_run_asks_for_no_score() {
    let job = Job::new(20);
    let server = FaultServer::start(never());
    let done = job.command(&server.address, "out").arg("--dry-run").assert().code(0);
    let text = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    assert!(
        text.contains("calls           20") && text.contains("not known"),
        "{text}"
    );
    assert_eq!(server.seen.calls.load(Ordering::SeqCst), 0);
}

#[test]
fn without_a_key_or_with_an_open_connection_elsewhere_nothing_is_called() {
    let job = Job::new(2);
    let mut command = refalt();
    command
        .env_remove("ALPHAGENOME_API_KEY")
        .env_remove("ALPHA_GENOME_API_KEY");
    command.arg("score").arg(job.folder.path().join("variants.vcf"));
    command
        .arg("--reference")
        .arg(job.folder.path().join("genome.fa"))
        .args(["--model", "api", "--out"]);
    let failed = command.arg(job.folder.path().join("out")).assert().code(4);
    let message = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    assert!(message.contains("error: no key to the service is given"), "{message}");
    assert!(message.contains("hint: set ALPHAGENOME_API_KEY"), "{message}");
    // A key file that holds no key: nothing is called, and the message says what one is.
    let key = job.folder.path().join("key");
    for (content, why) in [
        (Some(""), "it is empty"),
        (Some(" \n"), "it is empty"),
        (Some("two words\n"), "it has spaces"),
        (None, "is a directory"),
    ] {
        std::fs::remove_file(&key).unwrap();
        match content {
            Some(content) => std::fs::write(&key, content).unwrap(),
            None => std::fs::create_dir(&key).unwrap(),
        }
        let failed = job.command("http://127.0.0.1:1", "out").assert().code(4);
        let message = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
        assert!(message.contains("the key file") && message.contains(why), "{message}");
        assert!(message.contains("hint: "), "{message}");
        assert!(!message.contains("two words"), "{message}");
    }
    std::fs::remove_dir(&key).unwrap();
    std::fs::write(&key, format!("{KEY}\n")).unwrap();
    let failed = job.command("http://10.0.0.1:80", "out").assert().code(2);
    let message = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    assert!(message.contains("unprotected"), "{message}");
    job.command("http://127.0.0.1:1", "out")
        .arg("--keep-ref-alt")
        .assert()
        .code(2);
}

#[test]
fn a_reference_of_another_assembly_than_the_service_reads_is_refused() {
    let job = Job::new(3);
    let server = FaultServer::start(never());
    let refused = |arguments: &[&str]| {
        let failed = job.command(&server.address, "out").args(arguments).assert().code(1);
        let message = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
        assert!(!job.folder.path().join("out").exists());
        message
    };
    let message = refused(&["--assembly", "GRCh37"]);
    assert!(
        message.contains("reads the human genome GRCh38, and the reference"),
        "{message}"
    );
    assert!(
        message.contains("hint: give variants and reference on GRCh38"),
        "{message}"
    );
    job.command(&server.address, "out")
        .args(["--assembly", "GRCh38"])
        .assert()
        .code(0);
    // An option of the service is no option of a model that runs here.
    let mut command = refalt();
    command.args([
        "score",
        "chr1:1:A>C",
        "--reference",
        "x.fa",
        "--out",
        "x",
        "--organism",
        "mouse",
    ]);
    let failed = command.assert().code(2);
    let message = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    assert!(message.contains("--organism is for `--model api`"), "{message}");
}

#[test]
fn a_run_does_not_resume_against_another_service() {
    let job = Job::new(3);
    let server = FaultServer::start(never());
    job.command(&server.address, "out").assert().code(0);
    let other = FaultServer::start(never());
    job.command(&other.address, "out").assert().code(1);
}
