//! Answers that are kept, through the binary: killed, run at once, out of room, looked at.

use crate::fault_server::{FaultServer, Schedule, Trouble, random_schedule};
use crate::folder_contents::files;
use crate::refalt;
use crate::service::{Job, KEY, never};
use assert_cmd::Command;
use refalt_core::stats::{Purpose, RandomStream};
use refalt_rpc::cache::AnswerCache;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn load(count: &AtomicU64) -> u64 {
    count.load(Ordering::SeqCst)
}

/// The folder of answers of a job.
fn answers(job: &Job) -> PathBuf {
    job.folder.path().join("caches/refalt/answers")
}

/// Runs `refalt cache` over the answers of a job.
fn cache(job: &Job, arguments: &[&str]) -> Command {
    let mut command = refalt();
    command
        .env_remove("REFALT_CACHE")
        .env("XDG_CACHE_HOME", job.folder.path().join("caches"));
    command.arg("cache").args(arguments);
    command
}

fn json(command: &mut Command) -> Value {
    let done = command.arg("--json").output().unwrap();
    serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{}", text(&done.stderr)))
}

/// Starts the command as a process that can be killed.
fn spawn(command: &Command) -> Child {
    let mut process = std::process::Command::new(command.get_program());
    process
        .args(command.get_args())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => process.env(name, value),
            None => process.env_remove(name),
        };
    }
    process.spawn().unwrap()
}

/// What one schedule came to.
#[derive(Debug, Default)]
struct Killed {
    kills: u64,
    /// Whole answers that were on their way when a process was killed.
    lost: u64,
    calls: u64,
}

/// Variants of a schedule.
const VARIANTS: u64 = 40;

/// Runs one schedule of troubles and kills.
fn killed(seed: u64) -> Killed {
    let job = Job::new(usize::try_from(VARIANTS).unwrap());
    let troubled = Arc::new(AtomicBool::new(false));
    // One service for both runs, so that the model has the same name; the clean run is the first attempt of each variant.
    // Hangs are left out: a deadline is minutes.
    let schedule: Arc<Schedule> = {
        let (troubles, troubled) = (random_schedule(seed, 1), Arc::clone(&troubled));
        Arc::new(move |variant, attempt| {
            let drawn = troubled
                .load(Ordering::SeqCst)
                .then(|| troubles(variant, attempt - 1))
                .flatten();
            drawn.filter(|trouble| !matches!(trouble, Trouble::Hang | Trouble::Stall))
        })
    };
    let server = FaultServer::start(schedule);
    let scoring = |out: &str| {
        let mut command = job.scoring(&server.address, out);
        command.args(["--rows-per-part", "8"]);
        command
    };
    scoring("clean").arg("--no-cache").assert().code(0);
    let seen = &server.seen;
    assert_eq!((load(&seen.calls), load(&seen.answered)), (VARIANTS, VARIANTS));
    troubled.store(true, Ordering::SeqCst);
    let mut random = RandomStream::new(seed, Purpose::Sampling, 1);
    let mut report = Killed::default();
    // Kept answers are of two scorers each.
    let kept = || {
        AnswerCache::open(&answers(&job), None, Arc::new(|_| {}))
            .unwrap()
            .stats()
            .unwrap()
            .by_kind
            .total()
            .entries
            / 2
    };
    for _ in 0..3 {
        // After so many more calls, or answers, and a moment that varies.
        let counted = if random.below(2) == 0 {
            &seen.calls
        } else {
            &seen.answered
        };
        let (goal, moment) = (
            load(counted) + 1 + u64::from(random.below(24)),
            u64::from(random.below(20_000)),
        );
        let mut process = spawn(&scoring("out"));
        let ended = loop {
            if let Some(status) = process.try_wait().unwrap() {
                break Some(status);
            }
            if load(counted) >= goal {
                std::thread::sleep(Duration::from_micros(moment));
                process.kill().unwrap();
                process.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_micros(200));
        };
        if let Some(status) = ended {
            assert_eq!(status.code(), Some(0), "schedule {seed}");
            break;
        }
        report.kills += 1;
        // The service notices that nobody listens.
        std::thread::sleep(Duration::from_millis(30));
        let lost = load(&seen.answered) - VARIANTS - kept();
        assert!(
            lost - report.lost <= load(&seen.most_under_way),
            "schedule {seed}: {lost} lost"
        );
        report.lost = lost;
    }
    let done = scoring("out").output().unwrap();
    assert_eq!(done.status.code(), Some(0), "schedule {seed}: {}", text(&done.stderr));
    let [clean, out] = ["clean", "out"].map(|name| files(&job.folder.path().join(name)));
    assert!(clean == out, "schedule {seed}");
    // Every variant is answered once, and once more for each answer that was on its way at a kill.
    assert_eq!(
        load(&seen.answered) - VARIANTS,
        VARIANTS + report.lost,
        "schedule {seed}"
    );
    report.calls = load(&seen.calls) - VARIANTS;
    assert_eq!(kept(), VARIANTS);
    report
}

#[test]
fn killed_at_any_moment_the_rows_are_those_of_a_clean_run_and_no_kept_answer_is_asked_again() {
    let schedules = std::env::var("REFALT_SCHEDULES").map_or(12, |count| count.parse().unwrap());
    let next = AtomicU64::new(0);
    let reports = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= schedules {
                        return;
                    }
                    let report = killed(seed);
                    reports.lock().unwrap().push(report);
                }
            });
        }
    });
    let reports = reports.into_inner().unwrap();
    let sum = |of: fn(&Killed) -> u64| reports.iter().map(of).sum::<u64>();
    let (kills, lost, calls) = (sum(|r| r.kills), sum(|r| r.lost), sum(|r| r.calls));
    println!(
        "{} schedules of {VARIANTS} variants: {kills} kills, {calls} calls, {lost} answers on their way at a kill",
        reports.len()
    );
    assert!(reports.len() as u64 == schedules && kills >= schedules);
}

#[test]
fn two_processes_at_once_ask_each_question_once() {
    let job = Job::new(60);
    let server = FaultServer::start(Arc::new(|_, _| Some(Trouble::SlowDrip)));
    let mut both = ["one", "two"].map(|out| spawn(&job.scoring(&server.address, out)));
    for process in &mut both {
        assert_eq!(process.wait().unwrap().code(), Some(0));
    }
    assert_eq!(load(&server.seen.calls), 60);
    let [one, two] = ["one", "two"].map(|name| files(&job.folder.path().join(name)));
    assert!(one == two);
}

#[test]
fn a_spent_quota_ends_with_code_5_and_every_answer_is_kept() {
    let job = Job::new(150);
    let given = Arc::new(AtomicU64::new(0));
    let schedule: Arc<Schedule> = {
        let given = Arc::clone(&given);
        Arc::new(move |_, _| (given.fetch_add(1, Ordering::SeqCst) >= 100).then_some(Trouble::LongWait))
    };
    let server = FaultServer::start(schedule);
    let failed = job.scoring(&server.address, "out").assert().code(5);
    let message = text(&failed.get_output().stderr);
    assert!(
        message.contains("answers: 0 from the cache, 200 from the service in 100 calls"),
        "{message}"
    );
    assert!(
        message.contains("hint: run the same command again in 86400 s or later"),
        "{message}"
    );
    let before = load(&server.seen.calls);
    given.store(0, Ordering::SeqCst);
    job.scoring(&server.address, "out").assert().code(0);
    assert_eq!(load(&server.seen.calls) - before, 50);
    assert_eq!(job.manifest("out")["counts"]["scored"], 150);
}

#[test]
fn a_service_that_is_restarting_when_it_is_first_called_is_called_again() {
    let job = Job::new(3);
    let server = FaultServer::start(never());
    server.seen.metadata_troubles.store(1, Ordering::SeqCst);
    job.scoring(&server.address, "out").assert().code(0);
}

#[test]
fn kept_answers_cost_nothing_and_can_be_counted_verified_and_dropped() {
    let job = Job::new(10);
    let server = FaultServer::start(never());
    let nothing = text(&cache(&job, &["stats"]).assert().code(0).get_output().stdout.clone());
    assert!(nothing.contains("no answers are kept in"), "{nothing}");
    assert!(!answers(&job).exists());
    job.scoring(&server.address, "first").assert().code(0);
    let again = json(&mut job.scoring(&server.address, "again"));
    assert_eq!(again["answers"]["from_cache"], 20);
    assert_eq!(
        (&again["answers"]["calls"], load(&server.seen.calls)),
        (&Value::from(0), 10)
    );
    let [first, second] = ["first", "again"].map(|name| files(&job.folder.path().join(name)));
    assert!(first == second);
    // One more scorer asks for that one only.
    let more = json(&mut job.scoring_by("ATAC,RNA_SEQ,RNA_SEQ_ACTIVE", &server.address, "more"));
    assert_eq!(
        (&more["answers"]["from_cache"], &more["answers"]["from_service"]),
        (&Value::from(20), &Value::from(10))
    );
    let kept = files(&answers(&job));
    assert!(
        !kept
            .values()
            .any(|bytes| bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes()))
    );
    let stats = json(&mut cache(&job, &["stats"]));
    let source = server.address.strip_prefix("http://").unwrap();
    assert_eq!(
        (&stats["entries"], &stats["services"][0]["source"]),
        (&Value::from(30), &Value::from(source))
    );
    assert_eq!(stats["services"][0]["organism"], "human");
    assert_eq!(stats["kinds"]["scores"]["entries"], 30);
    let shown = text(&cache(&job, &["stats"]).assert().code(0).get_output().stdout.clone());
    assert!(
        shown.contains("answers   30: 30 scores (") && shown.contains("default of the service, human: 30 scores, "),
        "{shown}"
    );
    let verified = text(&cache(&job, &["verify"]).assert().code(0).get_output().stdout.clone());
    assert!(
        verified.starts_with("30 answers read, 0 damaged, 0 removed"),
        "{verified}"
    );
    cache(&job, &["prune"]).assert().code(2);
    assert_eq!(
        json(&mut cache(&job, &["prune", "--source", "elsewhere:1"]))["dropped"],
        0
    );
    assert_eq!(json(&mut cache(&job, &["prune", "--unused-for", "1"]))["dropped"], 0);
    assert_eq!(json(&mut cache(&job, &["prune", "--source", source]))["dropped"], 30);
    job.scoring(&server.address, "without")
        .arg("--no-cache")
        .assert()
        .code(0);
    assert_eq!(json(&mut cache(&job, &["stats"]))["entries"], 0);
}

#[test]
fn a_cache_out_of_reach_is_a_warning_and_an_error_when_it_was_named() {
    let job = Job::new(2);
    let server = FaultServer::start(never());
    let file = job.folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let done = job
        .scoring(&server.address, "one")
        .env("XDG_CACHE_HOME", &file)
        .assert()
        .code(0);
    let message = text(&done.get_output().stderr);
    assert!(
        message.contains("warning: the cache folder") && message.contains("are not kept"),
        "{message}"
    );
    let failed = job
        .scoring(&server.address, "two")
        .arg("--cache")
        .arg(&file)
        .assert()
        .code(1);
    let message = text(&failed.get_output().stderr);
    assert!(message.contains("hint: name a folder on a local disk"), "{message}");
    job.scoring(&server.address, "three")
        .args(["--cache-size", "much"])
        .assert()
        .code(2);
    let named = job.folder.path().join("named");
    job.scoring(&server.address, "four")
        .env("REFALT_CACHE", &named)
        .args(["--cache-size", "1GB"])
        .assert()
        .code(0);
    assert!(named.join("answers/answers.sqlite").is_file() && !answers(&job).exists());
}

/// A process that may write no file beyond some 50 kB, as on a disk that is full: the answer, 378 kB, cannot be kept.
#[cfg(unix)]
#[test]
fn a_cache_that_cannot_grow_loses_no_answer_and_ends_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let serving = crate::serve::Serving::start(folder, &[]);
    let address = format!("http://{}", serving.address);
    let run = |limit: &str, arguments: &str| {
        let output = std::process::Command::new("sh")
            .current_dir(folder)
            .env_remove("ALPHAGENOME_API_KEY")
            .env_remove("ALPHA_GENOME_API_KEY")
            .args([
                "-c",
                &format!("{limit} exec \"$0\" \"$@\""),
                env!("CARGO_BIN_EXE_refalt"),
            ])
            .args(arguments.split(' '))
            .args([
                "-r",
                "genome.fa",
                "--model",
                "api",
                "--address",
                &address,
                "--tracks",
                "tf=GABPA",
            ])
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{told}");
        told
    };
    let predict = "predict chr1:20001-20100 --figure-tracks 0";
    run("", "ism chr1:20001 --cache cache --figures 0 -o first");
    run("", &format!("{predict} --no-cache -o without"));
    let told = run(
        "trap '' XFSZ; ulimit -f 100;",
        &format!("{predict} --cache cache -o full"),
    );
    assert!(told.contains("warning: ") && told.contains("not kept"), "{told}");
    assert!(
        told.contains("answers: 0 from the cache, 1 from the service in 1 call"),
        "{told}"
    );
    let read = |out: &str| std::fs::read(folder.join(out).join("prediction.parquet")).unwrap();
    assert_eq!(read("full"), read("without"));
    // With room again the answer is asked for once more, and kept.
    for kept in ["0 from the cache, 1 from", "1 from the cache, 0 from"] {
        let told = run("", &format!("{predict} --cache cache -o again"));
        assert!(told.contains(kept) && !told.contains("warning: "), "{told}");
    }
}
