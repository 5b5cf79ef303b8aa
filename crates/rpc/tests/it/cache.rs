//! Answers that are kept: looked up, claimed, bounded, damaged, out of reach.

use crate::client::{KEY, never, options, places, scorers, variants};
use crate::fault_server::{FaultServer, Schedule, Trouble, formula, random_schedule};
use refalt_core::scorer::Scorer;
use refalt_core::{CheckedVariant, Organism, Window};
use refalt_rpc::cache::{AnswerCache, CacheTrouble, Claim, Prune, Question, Service};
use refalt_rpc::cached_client::Answered;
use refalt_rpc::{CachedClient, Client, ClientOptions, proto};
use rusqlite::Connection;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Troubles = Arc<Mutex<Vec<CacheTrouble>>>;

fn open_with(folder: &Path, limit: Option<u64>) -> (Arc<AnswerCache>, Troubles) {
    let troubles: Troubles = Arc::default();
    let told = Arc::clone(&troubles);
    let cache = AnswerCache::open(
        folder,
        limit,
        Arc::new(move |trouble| told.lock().unwrap().push(trouble.clone())),
    );
    (Arc::new(cache.unwrap()), troubles)
}

fn open(folder: &Path) -> Arc<AnswerCache> {
    open_with(folder, None).0
}

fn client(server: &FaultServer, cache: Option<Arc<AnswerCache>>) -> CachedClient {
    let client = Client::new(options(server)).unwrap();
    let listed = client.metadata().unwrap();
    CachedClient::new(client, cache, &listed)
}

/// Scores variants by the named scorers; all have to succeed.
fn score(client: &CachedClient, variants: &[(CheckedVariant, Window)], names: &[usize]) -> Vec<Vec<Answered>> {
    let all = scorers();
    let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
    let chosen: Vec<(&dyn Scorer, &str)> = names.iter().map(|&i| (all[i].as_ref(), texts[i].as_str())).collect();
    let answers = client.score_variants(&places(variants), &chosen);
    answers.into_iter().map(Result::unwrap).collect()
}

fn calls(server: &FaultServer) -> u64 {
    server.seen.calls.load(Ordering::SeqCst)
}

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("answers.sqlite")).unwrap()
}

#[test]
fn what_was_answered_is_not_asked_again_and_has_the_same_bits_and_time() {
    let folder = tempfile::tempdir().unwrap();
    let server = FaultServer::start(never());
    let variants = variants(20);
    let first = score(&client(&server, Some(open(folder.path()))), &variants, &[0, 1, 2]);
    assert_eq!(calls(&server), 20);
    let database = database(folder.path());
    let again = client(&server, Some(open(folder.path())));
    assert_eq!(score(&again, &variants, &[0, 1, 2]), first);
    let tally = again.tally();
    assert_eq!((tally.from_cache(), tally.from_service(), tally.calls()), (60, 0, 0));
    assert_eq!((calls(&server), again.client().attempts()), (20, 1));
    // 3 scorers of 20 variants; the tracks of 2 output types are the same list, kept once.
    let count = |table: &str| -> i64 {
        database
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(
        (
            count("entries"),
            count("uses"),
            count("tracks"),
            count("services"),
            count("claims")
        ),
        (60, 60, 1, 1, 0)
    );
    // Without a cache everything is asked for.
    score(&client(&server, None), &variants, &[0]);
    assert_eq!(calls(&server), 40);
}

#[test]
fn only_the_scorers_that_are_missing_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = FaultServer::start(never());
    let variants = variants(5);
    let with_cache = || client(&server, Some(open(folder.path())));
    score(&with_cache(), &variants, &[0]);
    let all = score(&with_cache(), &variants, &[1, 0, 2]);
    assert_eq!(*server.seen.scorers.lock().unwrap(), [[1; 5], [2; 5]].concat());
    for (position, answers) in (1..).zip(&all) {
        let variant = proto::Variant {
            position,
            alternate_bases: "C".to_owned(),
            ..Default::default()
        };
        // The place of a scorer in its request: 0 for the one asked alone, 0 and 1 for the two others.
        for (answered, place) in answers.iter().zip([0, 0, 1]) {
            let raw = &answered.scored.raw;
            let expected: Vec<f32> = (0..raw.len())
                .map(|element| formula(&variant, place, element))
                .collect();
            assert_eq!(*raw, expected);
        }
    }
    // A part of what is kept costs nothing, in any order.
    let part = score(&with_cache(), &variants, &[2, 0]);
    assert_eq!(calls(&server), 10);
    for (part, all) in part.iter().zip(&all) {
        assert_eq!(part[..], [all[2].clone(), all[1].clone()]);
    }
}

#[test]
fn more_scorers_than_a_request_may_have_are_several_requests() {
    let folder = tempfile::tempdir().unwrap();
    let server = FaultServer::start(never());
    let variants = variants(2);
    let client = client(&server, Some(open(folder.path())));
    let widths = ["501", "2001", "10001", "100001", "200001"];
    let kinds = ["DIFF_MEAN", "DIFF_SUM", "DIFF_SUM_LOG2", "DIFF_LOG2_SUM", "ACTIVE_SUM"];
    let texts = widths.iter().flat_map(|width| {
        let text =
            move |kind| format!("CenterMaskScorer(requested_output=ATAC, width={width}, aggregation_type={kind})");
        kinds.iter().map(text)
    });
    let made: Vec<Box<dyn Scorer>> = texts.map(|text| refalt_core::scorer::parse(&text).unwrap()).collect();
    let texts: Vec<String> = made.iter().map(ToString::to_string).collect();
    let chosen: Vec<(&dyn Scorer, &str)> = made
        .iter()
        .zip(&texts)
        .map(|(made, text)| (made.as_ref(), text.as_str()))
        .collect();
    for _ in 0..2 {
        let answers = client.score_variants(&places(&variants), &chosen);
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().len() == 25));
    }
    let mut asked = server.seen.scorers.lock().unwrap().clone();
    asked.sort_unstable();
    assert_eq!(asked, [5, 5, 20, 20]);
}

#[test]
fn a_variant_that_fails_leaves_the_others_and_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let healed = Arc::new(AtomicBool::new(false));
    let schedule: Arc<Schedule> = {
        let healed = Arc::clone(&healed);
        Arc::new(move |variant, _| {
            (variant.position == 3 && !healed.load(Ordering::SeqCst)).then_some(Trouble::Invalid)
        })
    };
    let server = FaultServer::start(schedule);
    let variants = variants(6);
    let client = client(&server, Some(open(folder.path())));
    let (all, texts) = (scorers(), ["a", "b", "c"]);
    let chosen: Vec<(&dyn Scorer, &str)> = all
        .iter()
        .zip(texts)
        .map(|(scorer, text)| (scorer.as_ref(), text))
        .collect();
    let answers = client.score_variants(&places(&variants), &chosen);
    let good: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, true, false, true, true, true]);
    healed.store(true, Ordering::SeqCst);
    let answers = client.score_variants(&places(&variants), &chosen);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(calls(&server), 7);
    assert!(client.score_variants(&[], &chosen).is_empty());
    assert_eq!(client.score_variants(&places(&variants)[..2], &[]).len(), 2);
}

#[test]
fn two_at_once_ask_each_question_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = FaultServer::start(Arc::new(|_, _| Some(Trouble::SlowDrip)));
    let variants = variants(30);
    // Each has a connection to the store and a claim of its own, as two processes have.
    let clients = [0, 1, 2].map(|_| client(&server, Some(open(folder.path()))));
    let answers: Vec<_> = std::thread::scope(|scope| {
        let (server, variants) = (&server, &variants);
        let _ = server;
        let running: Vec<_> = clients
            .iter()
            .map(|client| scope.spawn(move || score(client, variants, &[0, 1, 2])))
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers[0] == answers[1] && answers[1] == answers[2]);
    assert_eq!(calls(&server), 30);
    let asked: Vec<u64> = clients.iter().map(|client| client.tally().calls()).collect();
    assert_eq!(asked.iter().sum::<u64>(), 30, "{asked:?}");
}

#[test]
fn random_troubles_cost_no_answer_twice() {
    for seed in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let server = FaultServer::start(random_schedule(seed, 2));
        let variants = variants(16);
        let first = score(&client(&server, Some(open(folder.path()))), &variants, &[0, 1, 2]);
        let again = score(&client(&server, Some(open(folder.path()))), &variants, &[0, 1, 2]);
        assert_eq!(first, again);
        assert_eq!(server.seen.answered.load(Ordering::SeqCst), 16);
    }
}

fn service() -> Service {
    Service {
        source: "127.0.0.1:50051".to_owned(),
        model_version: Some("FOLD_0".to_owned()),
        organism: Organism::Human,
        tracks: "sha256:00".to_owned(),
        merge_stranded: false,
        states: None,
    }
}

/// Questions about variants by one scorer.
fn questions(count: u32) -> Vec<Question> {
    let one = |(variant, window): &(CheckedVariant, Window)| Question::of_variant(&service(), window, variant, "S()");
    variants(count).iter().map(one).collect()
}

/// An answer of the fault server, for tests of the store alone.
fn an_answer() -> refalt_rpc::answer::ScoredTracks {
    let server = FaultServer::start(never());
    let client = client(&server, None);
    score(&client, &variants(1), &[0]).remove(0).remove(0).scored
}

#[test]
fn a_claim_ends_with_its_answer_with_its_guard_and_with_its_claimant() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (open(folder.path()), open(folder.path()));
    let questions = questions(3);
    let asked: Vec<&Question> = questions.iter().collect();
    let answer = an_answer();
    let (claims, held) = one.claim(&asked[..2]);
    assert_eq!(claims, [Claim::Mine, Claim::Mine]);
    // Another thread of the same process waits, too.
    assert_eq!(one.claim(&asked[..1]).0, [Claim::Theirs]);
    assert_eq!(two.claim(&asked).0, [Claim::Theirs, Claim::Theirs, Claim::Mine]);
    one.put(&[(asked[0], &answer)], 1_000_000_000);
    assert_eq!(two.claim(&asked[..2]).0, [Claim::Answered, Claim::Theirs]);
    drop(held);
    assert_eq!(two.claim(&asked[..2]).0, [Claim::Answered, Claim::Mine]);
    // A claimant that goes takes its claims with it.
    let (claims, held) = one.claim(&asked[1..]);
    assert_eq!(claims, [Claim::Mine, Claim::Mine]);
    std::mem::forget(held);
    assert_eq!(two.claim(&asked[1..]).0, [Claim::Theirs, Claim::Theirs]);
    drop(one);
    assert_eq!(two.claim(&asked[1..]).0, [Claim::Mine, Claim::Mine]);
    assert_eq!(
        two.get(&asked[..1])[0].as_ref().unwrap().answered_on_utc_s,
        1_000_000_000
    );
}

#[test]
fn claims_of_the_dead_and_of_those_who_stopped_renewing_are_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path());
    let questions = questions(1);
    let asked: Vec<&Question> = questions.iter().collect();
    let database = database(folder.path());
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let now = i64::try_from(now).unwrap();
    let lock = |id: i64| {
        let file = std::fs::File::create(folder.path().join(format!("claimant-{id}.lock"))).unwrap();
        file.lock().unwrap();
        file
    };
    // This process is a claimant before the others, so that their numbers are not its own.
    drop(cache.claim(&asked));
    let claim_of = |id: i64, alive_until: i64| {
        let sql = "INSERT INTO claimants (id, alive_until) VALUES (?1, ?2)";
        database.execute(sql, [id, alive_until]).unwrap();
        let (_, held) = cache.claim(&asked);
        drop(held);
        let (_, held) = cache.claim(&asked);
        std::mem::forget(held);
        database.execute("UPDATE claims SET claimant = ?1", [id]).unwrap();
        let (claims, held) = cache.claim(&asked);
        drop(held);
        claims[0]
    };
    // Nobody holds the lock: killed, whatever its lease.
    assert_eq!(claim_of(5001, now + 50), Claim::Mine);
    // The lock is held, but the lease is over, or was written under another clock.
    let _locks = [5002, 5003, 5004].map(lock);
    assert_eq!(claim_of(5002, now - 1), Claim::Mine);
    assert_eq!(claim_of(5003, now + 100_000), Claim::Mine);
    // The lock is held and the lease is not over.
    assert_eq!(claim_of(5004, now + 50), Claim::Theirs);
}

#[test]
fn a_damaged_entry_is_told_once_and_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = FaultServer::start(never());
    let variants = variants(8);
    let first = score(&client(&server, Some(open(folder.path()))), &variants, &[0, 1, 2]);
    let database = database(folder.path());
    let damage = |sql: &str| assert_eq!(database.execute(sql, []).unwrap(), 1, "{sql}");
    damage("UPDATE entries SET content = substr(content, 1, length(content) - 1) WHERE id = 1");
    damage("UPDATE entries SET answered_on = answered_on + 1 WHERE id = 5");
    damage("UPDATE entries SET content = zeroblob(0) WHERE id = 9");
    damage("UPDATE entries SET content = (SELECT content FROM entries WHERE id = 13) WHERE id = 14");
    let cache = open(folder.path());
    let verified = cache.verify(false).unwrap();
    assert_eq!(
        (
            verified.by_kind.total().entries,
            verified.damaged.len(),
            verified.removed
        ),
        (24, 4, 0)
    );
    assert!(verified.damaged[0].question.contains("\nvariant chr1:") && !verified.is_sound());
    let (cache, troubles) = open_with(folder.path(), None);
    let again = client(&server, Some(cache));
    let answers = score(&again, &variants, &[0, 1, 2]);
    assert_eq!(again.tally().from_service(), 4);
    let troubles = troubles.lock().unwrap().clone();
    assert!(matches!(&troubles[..], [CacheTrouble::Damaged { .. }]), "{troubles:?}");
    for (first, again) in first.iter().flatten().zip(answers.iter().flatten()) {
        assert_eq!(first.scored.rows, again.scored.rows);
    }
    // All is whole again; damaged tracks damage all that have them.
    let cache = open(folder.path());
    assert!(cache.verify(false).unwrap().is_sound());
    damage("UPDATE tracks SET content = zeroblob(length(content))");
    let verified = open(folder.path()).verify(true).unwrap();
    assert_eq!((verified.damaged.len(), verified.removed), (24, 24));
    assert_eq!(verified.damaged[0].reason, "its tracks are missing or damaged");
    assert_eq!(cache.stats().unwrap().by_kind.total().entries, 0);
}

#[test]
fn what_was_not_used_for_longest_goes_first_and_the_bound_holds() {
    let folder = tempfile::tempdir().unwrap();
    let questions = questions(180);
    let asked: Vec<&Question> = questions.iter().collect();
    let mut answer = an_answer();
    // Noise of 6 KB that cannot be made smaller.
    let mut random = refalt_core::stats::RandomStream::new(7, refalt_core::stats::Purpose::Sampling, 0);
    let tracks: Vec<refalt_core::Track> = (0..1500).map(|_| refalt_core::Track::default()).collect();
    answer.tracks.tracks = tracks.into();
    answer.raw = (0..1500).map(|_| f32::from_bits(random.below(u32::MAX))).collect();
    answer.quantile = None;
    let limit = 700_000;
    let (cache, troubles) = open_with(folder.path(), Some(limit));
    for (number, question) in asked.iter().enumerate() {
        cache.put(&[(question, &answer)], 1);
        // The first one is used again and again.
        database(folder.path())
            .execute("UPDATE uses SET used_on = used_on - 1000", [])
            .unwrap();
        assert!(cache.get(&asked[..1])[0].is_some(), "{number}");
        let stats = cache.stats().unwrap();
        assert!(stats.bytes_in_use <= limit, "{}", stats.bytes_in_use);
    }
    let kept: Vec<bool> = cache.get(&asked).iter().map(Option::is_some).collect();
    let count = kept.iter().filter(|kept| **kept).count();
    assert!((20..110).contains(&count), "{count}");
    assert!(kept[0] && kept[179] && !kept[1]);
    // Behind the first, what is kept is the end of the list.
    assert!(kept[1..].is_sorted());
    // Space is given back.
    let before = cache.stats().unwrap().disk_bytes;
    let pruned = cache
        .prune(&Prune {
            limit_bytes: Some(200_000),
            ..Prune::default()
        })
        .unwrap();
    assert_eq!(
        (pruned.by_kind.total().entries > 0, pruned.disk_bytes_before),
        (true, before)
    );
    assert!(pruned.disk_bytes_after <= 300_000, "{pruned:?}");
    assert!(troubles.lock().unwrap().is_empty());
    // More than half of the bound is not kept.
    let (small, troubles) = open_with(folder.path(), Some(10_000));
    small.put(&[(asked[1], &answer)], 1);
    small.put(&[(asked[2], &answer)], 1);
    assert!(matches!(
        troubles.lock().unwrap()[..],
        [CacheTrouble::TooLarge { limit_bytes: 5_000, .. }]
    ));
}

#[test]
fn answers_are_dropped_by_service_by_time_and_all() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path());
    let answer = an_answer();
    let mine = questions(4);
    let other = Service {
        source: "127.0.0.1:5005".to_owned(),
        ..service()
    };
    let theirs: Vec<Question> = variants(3)
        .iter()
        .map(|(variant, window)| Question::of_variant(&other, window, variant, "S()"))
        .collect();
    for (number, question) in (10..).zip(mine.iter().chain(&theirs)) {
        cache.put(&[(question, &answer)], number);
    }
    let stats = cache.stats().unwrap();
    let services: Vec<_> = stats
        .services
        .iter()
        .map(|s| (s.source.as_str(), s.entries, s.oldest_utc_s, s.newest_utc_s))
        .collect();
    assert_eq!(
        services,
        [("127.0.0.1:5005", 3, 14, 16), ("127.0.0.1:50051", 4, 10, 13)]
    );
    assert_eq!(
        (
            stats.services[0].model_version.as_str(),
            stats.services[0].organism.as_str()
        ),
        ("FOLD_0", "human")
    );
    let dropped = |prune: Prune| cache.prune(&prune).unwrap().by_kind.total().entries;
    database(folder.path())
        .execute("UPDATE uses SET used_on = 5 WHERE id = 1", [])
        .unwrap();
    assert_eq!(
        dropped(Prune {
            unused_since_utc_s: Some(6),
            ..Prune::default()
        }),
        1
    );
    assert_eq!(
        dropped(Prune {
            source: Some("127.0.0.1:5005".to_owned()),
            ..Prune::default()
        }),
        3
    );
    assert_eq!(
        dropped(Prune {
            source: Some("127.0.0.1".to_owned()),
            ..Prune::default()
        }),
        0
    );
    assert_eq!(
        dropped(Prune {
            all: true,
            ..Prune::default()
        }),
        3
    );
    assert_eq!(cache.stats().unwrap().services, []);
    // It goes on working, with its tracks.
    cache.put(&[(&mine[0], &answer)], 1);
    assert!(cache.get(&[&mine[0]])[0].is_some());
}

#[test]
fn a_cache_that_breaks_is_told_once_and_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = FaultServer::start(never());
    let variants = variants(4);
    let (cache, troubles) = open_with(folder.path(), None);
    let client = client(&server, Some(cache));
    score(&client, &variants[..2], &[0, 1, 2]);
    database(folder.path()).execute_batch("DROP TABLE uses").unwrap();
    score(&client, &variants, &[0, 1, 2]);
    score(&client, &variants, &[0, 1, 2]);
    assert_eq!(calls(&server), 2 + 4 + 4);
    let troubles = troubles.lock().unwrap().clone();
    assert!(matches!(&troubles[..], [CacheTrouble::Off { .. }]), "{troubles:?}");
}

#[test]
fn a_folder_that_is_no_cache_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let told = || Arc::new(|_: &CacheTrouble| {});
    let hint = |path: &Path| AnswerCache::open(path, None, told()).unwrap_err().hint().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(hint(&file).contains("--no-cache"));
    let noise = folder.path().join("noise");
    std::fs::create_dir(&noise).unwrap();
    std::fs::write(noise.join("answers.sqlite"), [0xa5; 8192]).unwrap();
    assert!(hint(&noise).contains("remove the folder"), "{}", hint(&noise));
    let newer = folder.path().join("newer");
    drop(open(&newer));
    database(&newer).pragma_update(None, "user_version", 99).unwrap();
    assert!(hint(&newer).contains("another folder"));
}

#[test]
fn many_open_at_once_and_no_key_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("cache/answers");
    let server = FaultServer::start(never());
    let variants = variants(3);
    // The last connection that closes takes the log of writes away; it is to be looked at, too.
    let _open = open(&inner);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let client = client(&server, Some(open(&inner)));
                score(&client, &variants, &[0, 1, 2]);
            });
        }
    });
    assert_eq!(calls(&server), 3);
    assert_eq!(server.seen.key.lock().unwrap().as_deref(), Some(KEY));
    let mut files = 0;
    for entry in std::fs::read_dir(&inner).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes()));
        files += 1;
    }
    assert!(files >= 2);
}

#[test]
fn tracks_that_cannot_be_had_at_once_are_asked_for_again() {
    let server = FaultServer::start(never());
    server.seen.metadata_troubles.store(3, Ordering::SeqCst);
    let client = Client::new(ClientOptions {
        seed: 1,
        ..options(&server)
    })
    .unwrap();
    assert_eq!(client.metadata().unwrap().len(), 2);
    assert_eq!(client.attempts(), 4);
    // A service that is being restarted takes no connection for a while.
    let address = server.address.clone();
    drop(server);
    let late = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        FaultServer::start_at(never(), &address)
    });
    assert_eq!(client.metadata().unwrap().len(), 2);
    drop(late.join().unwrap());
}
