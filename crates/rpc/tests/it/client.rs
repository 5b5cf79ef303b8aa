//! The client against a service that fails by schedule.

use crate::fault_server::{FaultServer, Schedule, Trouble, formula, random_schedule};
use refalt_core::scorer::{ScoreRows, Scorer, parse};
use refalt_core::{
    Alternate, CheckedVariant, ContigName, Dna, InMemoryReference, OutputType, Position, Reference, Variant, Window,
    check,
};
use refalt_rpc::client::{Place, Timeouts, WaitState, WaitTold, Waiting};
use refalt_rpc::policy::{RetryPolicy, Unreached, WindowPolicy};
use refalt_rpc::proto;
use refalt_rpc::{Address, ApiError, ApiKey, Client, ClientOptions};
use std::io::Write as _;
use std::num::NonZeroU32;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(crate) const KEY: &str = "AIza-a-key-that-nobody-sees";

/// Variants A>C at positions 1 to `count` of a contig of A.
pub(crate) fn variants(count: u32) -> Vec<(CheckedVariant, Window)> {
    let genome = vec![b'A'; 200];
    let reference = InMemoryReference::of_contigs([("chr1", genome.as_slice())]);
    let one = |position: u32| {
        let variant = Variant {
            contig: ContigName::new("chr1"),
            position: Position::new(position).unwrap(),
            reference_bases: Dna::parse(b"A").unwrap(),
            alternate: Alternate::Bases(Dna::parse(b"C").unwrap()),
        };
        let reference: &dyn Reference = &reference;
        let checked = check(&variant, reference).unwrap();
        let length = NonZeroU32::new(16_384).unwrap();
        let window = Window::around(checked.contig(), checked.reference_interval(), length);
        (checked, window)
    };
    (1..=count).map(one).collect()
}

pub(crate) fn places(variants: &[(CheckedVariant, Window)]) -> Vec<Place<'_>> {
    variants
        .iter()
        .map(|(variant, window)| Place { variant, window })
        .collect()
}

pub(crate) fn options(server: &FaultServer) -> ClientOptions {
    let key = ApiKey::parse(KEY, "the test").unwrap();
    ClientOptions {
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(3),
            silence: Duration::from_millis(500),
            ..Timeouts::default()
        },
        retry: RetryPolicy {
            first_wait: Duration::from_millis(2),
            longest_wait: Duration::from_millis(10),
            ..RetryPolicy::default()
        },
        ..ClientOptions::new(Address::parse(&server.address).unwrap(), Some(key))
    }
}

pub(crate) fn never() -> Arc<Schedule> {
    Arc::new(|_, _| None)
}

pub(crate) fn scorers() -> Vec<Box<dyn Scorer>> {
    ["ATAC", "RNA_SEQ", "RNA_SEQ_ACTIVE"]
        .map(|name| parse(name).unwrap())
        .into()
}

fn all(scorers: &[Box<dyn Scorer>]) -> Vec<&dyn Scorer> {
    scorers.iter().map(AsRef::as_ref).collect()
}

/// Compares the answer for a variant with the formula of the service.
fn assert_scores(position: u32, scores: &[refalt_rpc::answer::ScoredTracks]) {
    let variant = proto::Variant {
        position: position.into(),
        alternate_bases: "C".to_owned(),
        ..Default::default()
    };
    assert_eq!(scores.len(), 3);
    for (index, scored) in scores.iter().enumerate() {
        let rows = if index == 0 { 1 } else { (position % 3) as usize };
        assert_eq!(scored.rows.len(), rows);
        assert_eq!(matches!(scored.rows, ScoreRows::One), index == 0);
        assert_eq!(scored.tracks.tracks.len(), 4);
        let layer = |first: usize| (first..first + rows * 4).map(|element| formula(&variant, index, element));
        assert_eq!(scored.raw, layer(0).collect::<Vec<f32>>());
        assert_eq!(
            scored.quantile.as_deref(),
            Some(layer(rows * 4).collect::<Vec<f32>>().as_slice())
        );
    }
}

#[test]
fn a_clean_run_makes_one_call_for_each_variant() {
    let server = FaultServer::start(never());
    let client = Client::new(options(&server)).unwrap();
    let (variants, scorers) = (variants(40), scorers());
    let answers = client.score_variants(&places(&variants), &all(&scorers));
    for (position, answer) in (1..).zip(&answers) {
        assert_scores(position, answer.as_ref().unwrap());
    }
    assert_eq!((client.attempts(), server.seen.calls.load(Ordering::SeqCst)), (40, 40));
    assert_eq!(server.seen.key.lock().unwrap().as_deref(), Some(KEY));
    // The lists of tracks are one in memory, for all answers of an output type.
    let first = &answers[0].as_ref().unwrap()[0].tracks.tracks;
    assert!(
        answers
            .iter()
            .all(|answer| Arc::ptr_eq(&answer.as_ref().unwrap()[0].tracks.tracks, first))
    );
}

#[test]
fn metadata_comes_by_output_type_and_the_last_list_counts() {
    let server = FaultServer::start(never());
    let sets = Client::new(options(&server)).unwrap().metadata().unwrap();
    let outputs: Vec<OutputType> = sets.iter().map(|set| set.output).collect();
    assert_eq!(outputs, [OutputType::Atac, OutputType::RnaSeq]);
    assert_eq!(sets[1].tracks[0].name, "track 0");
}

/// `REFALT_FAULT_SCHEDULES=200` runs more of them.
#[test]
fn under_random_troubles_the_answers_are_those_of_a_clean_run() {
    let number = |text: String| text.parse::<u64>().unwrap();
    let schedules = std::env::var("REFALT_FAULT_SCHEDULES").map_or(6, number);
    let (variants, scorers) = (variants(24), scorers());
    let run = |seed: u64| {
        let server = FaultServer::start(random_schedule(seed, 3));
        let client = Client::new(ClientOptions {
            seed,
            ..options(&server)
        })
        .unwrap();
        let answers = client.score_variants(&places(&variants), &all(&scorers));
        for (position, answer) in (1..).zip(answers) {
            assert_scores(
                position,
                &answer.unwrap_or_else(|error| panic!("schedule {seed}: {error}")),
            );
        }
        let (calls, troubles) = (&server.seen.calls, &server.seen.troubles);
        let (calls, troubles) = (calls.load(Ordering::SeqCst), troubles.load(Ordering::SeqCst));
        assert_eq!(calls, client.attempts(), "schedule {seed}");
        // A slow answer is whole, so it need not be asked for again.
        assert!(
            calls <= 24 + troubles,
            "schedule {seed}: {calls} calls, {troubles} troubles"
        );
        assert!(troubles > 0);
    };
    for batch in (0..schedules).collect::<Vec<_>>().chunks(6) {
        std::thread::scope(|scope| {
            let threads: Vec<_> = batch.iter().map(|&seed| scope.spawn(move || run(seed))).collect();
            for thread in threads {
                thread.join().unwrap();
            }
        });
    }
}

#[test]
fn each_trouble_passes_by_itself() {
    let (variants, scorers) = (variants(2), scorers());
    for trouble in Trouble::PASSING {
        let schedule: Arc<Schedule> = Arc::new(move |_, attempt| (attempt == 0).then_some(trouble));
        let server = FaultServer::start(schedule);
        let client = Client::new(options(&server)).unwrap();
        for (position, answer) in (1..).zip(client.score_variants(&places(&variants), &all(&scorers))) {
            assert_scores(position, &answer.unwrap_or_else(|error| panic!("{trouble:?}: {error}")));
        }
        let expected = if trouble == Trouble::SlowDrip { 2 } else { 4 };
        assert_eq!(client.attempts(), expected, "{trouble:?}");
    }
}

#[test]
fn a_poisonous_variant_fails_alone_whatever_its_poison() {
    let (variants, scorers) = (variants(12), scorers());
    for (trouble, message, most) in [
        (
            Trouble::Invalid,
            "refuses chr1:5:A>C: INVALID_ARGUMENT, no such chromosome",
            12,
        ),
        (
            Trouble::Garbage,
            "gave no answer for chr1:5:A>C in 4 attempts: a chunk is no whole zstd frame",
            15,
        ),
        // 8 attempts, and one more to see whether the service is to blame.
        (
            Trouble::Unavailable,
            "gave no answer for chr1:5:A>C in 8 attempts: ",
            20,
        ),
        (
            Trouble::Exhausted,
            "gave no answer for chr1:5:A>C in 8 attempts: quota of [key] exceeded",
            20,
        ),
    ] {
        let schedule: Arc<Schedule> = Arc::new(move |variant, _| (variant.position == 5).then_some(trouble));
        let server = FaultServer::start(schedule);
        let client = Client::new(options(&server)).unwrap();
        let answers = client.score_variants(&places(&variants), &all(&scorers));
        for (position, answer) in (1..).zip(answers) {
            if position != 5 {
                assert_scores(position, &answer.unwrap());
                continue;
            }
            let error = answer.unwrap_err();
            assert!(!error.is_fatal() && error.to_string().contains(message), "{error}");
        }
        assert_eq!(client.attempts(), most, "{trouble:?}");
    }
}

#[test]
fn an_exhausted_quota_stops_the_run_and_loses_no_row() {
    let (variants, scorers) = (variants(30), scorers());
    // The quota is 10 answers.
    let given = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let schedule: Arc<Schedule> = {
        let given = Arc::clone(&given);
        Arc::new(move |_, _| (given.fetch_add(1, Ordering::SeqCst) >= 10).then_some(Trouble::Exhausted))
    };
    let server = FaultServer::start(schedule);
    let client = Client::new(options(&server)).unwrap();
    let answers = client.score_variants(&places(&variants), &all(&scorers));
    let mut scored = 0;
    for (position, answer) in (1..).zip(answers) {
        match answer {
            Ok(scores) => {
                assert_scores(position, &scores);
                scored += 1;
            }
            Err(error) => {
                assert!(error.is_service_stop() && error.is_fatal(), "{error}");
                assert!(matches!(error, ApiError::Quota { .. }), "{error}");
                assert!(error.hint().unwrap().contains("run the same command again"));
                assert!(!format!("{error} {error:?}").contains(KEY));
            }
        }
    }
    assert_eq!(scored, 10);
    let calls = client.attempts();
    // Nothing is called any more.
    let again = client.score_variants(&places(&variants)[..3], &all(&scorers));
    assert!(again.iter().all(|answer| matches!(answer, Err(ApiError::Quota { .. }))));
    assert_eq!(client.attempts(), calls);
    // The rest comes later, from another client, when there is quota again.
    given.store(0, Ordering::SeqCst);
    let later = Client::new(options(&server)).unwrap();
    let answers = later.score_variants(&places(&variants)[..5], &all(&scorers));
    assert!(answers.iter().all(Result::is_ok));
}

#[test]
fn a_wait_longer_than_anybody_waits_ends_the_run_at_once() {
    let server = FaultServer::start(Arc::new(|_, _| Some(Trouble::LongWait)));
    let client = Client::new(options(&server)).unwrap();
    let (variants, scorers) = (variants(1), scorers());
    let error = client.score_variant(places(&variants)[0], &all(&scorers)).unwrap_err();
    assert!(matches!(error, ApiError::Quota { attempts: 1, .. }), "{error}");
}

#[test]
fn calls_that_wait_for_their_turn_end_when_the_service_asks_for_a_day() {
    let given = std::sync::atomic::AtomicU64::new(0);
    let schedule: Arc<Schedule> =
        Arc::new(move |_, _| (given.fetch_add(1, Ordering::SeqCst) >= 5).then_some(Trouble::LongWait));
    let server = FaultServer::start(schedule);
    let window = WindowPolicy { first: 2, most: 2 };
    let client = Client::new(ClientOptions {
        window,
        ..options(&server)
    })
    .unwrap();
    let (variants, scorers) = (variants(40), scorers());
    let answers = client.score_variants(&places(&variants), &all(&scorers));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
    assert!(
        answers
            .iter()
            .flat_map(|answer| answer.as_ref().err())
            .all(ApiError::is_service_stop)
    );
}

#[test]
fn a_service_that_was_restarted_is_called_again() {
    let first = FaultServer::start(never());
    let address = first.address.clone();
    let client = Client::new(options(&first)).unwrap();
    let (variants, scorers) = (variants(2), scorers());
    assert_scores(1, &client.score_variant(places(&variants)[0], &all(&scorers)).unwrap());
    drop(first);
    let _second = FaultServer::start_at(never(), &address);
    assert_scores(2, &client.score_variant(places(&variants)[1], &all(&scorers)).unwrap());
}

#[test]
fn calls_at_once_stay_within_the_window_and_fall_when_the_service_objects() {
    let (variants, scorers) = (variants(60), scorers());
    let server = FaultServer::start(never());
    let window = WindowPolicy { first: 2, most: 5 };
    let client = Client::new(ClientOptions {
        window,
        ..options(&server)
    })
    .unwrap();
    assert!(
        client
            .score_variants(&places(&variants), &all(&scorers))
            .iter()
            .all(Result::is_ok)
    );
    let most = server.seen.most_under_way.load(Ordering::SeqCst);
    assert!((2..=5).contains(&most), "{most}");
}

#[test]
fn a_service_that_is_not_there_is_told_from_one_that_speaks_nonsense() {
    let (variants, scorers) = (variants(2), scorers());
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let server = FaultServer::start(never());
    let retry = RetryPolicy {
        attempts: 3,
        ..options(&server).retry
    };
    let at = |port: u16| ClientOptions {
        address: Address::parse(&format!("http://127.0.0.1:{port}")).unwrap(),
        retry,
        ..options(&server)
    };
    let client = Client::new(at(port)).unwrap();
    let error = client.score_variant(places(&variants)[0], &all(&scorers)).unwrap_err();
    assert!(matches!(error, ApiError::ServiceDown { attempts: 3, .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("does not answer: nothing listens at this port (3 attempts in"),
        "{text}"
    );
    assert!(error.hint().unwrap().contains("`listening at`"), "{error:?}");
    // What the network library says is a detail.
    assert!(
        error.detail().unwrap().contains("refused") && !text.contains("transport"),
        "{error:?}"
    );
    // A listener that answers every connection with noise.
    let noise = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = noise.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in noise.incoming().flatten() {
            let mut connection = connection;
            let _ = connection.write_all(&[0xa5; 4096]);
        }
    });
    let client = Client::new(at(port)).unwrap();
    let error = client.score_variant(places(&variants)[0], &all(&scorers)).unwrap_err();
    assert!(
        matches!(error, ApiError::ServiceDown { .. } | ApiError::Failed { .. }),
        "{error}"
    );
}

#[test]
fn requests_that_the_protocol_does_not_have_are_refused_before_any_call() {
    let server = FaultServer::start(never());
    let client = Client::new(options(&server)).unwrap();
    let (variants, one) = (variants(1), scorers());
    let many: Vec<&dyn Scorer> = (0..21).map(|_| one[0].as_ref()).collect();
    for wrong in [&many[..], &[]] {
        let error = client.score_variant(places(&variants)[0], wrong).unwrap_err();
        assert!(matches!(error, ApiError::Request { .. }), "{error}");
    }
    assert_eq!(client.attempts(), 0);
}

#[test]
fn the_key_is_in_no_error_and_no_debug_text() {
    let server = FaultServer::start(never());
    let client = Client::new(options(&server)).unwrap();
    assert!(!format!("{client:?}").contains(KEY));
    assert!(!format!("{:?}", client.options()).contains(KEY));
}

#[test]
fn a_private_authority_is_believed_only_when_its_certificate_is_given() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let identity = tonic::transport::Identity::from_pem(made.cert.pem(), made.signing_key.serialize_pem());
    let server = FaultServer::start_with(never(), "127.0.0.1:0", Some(identity));
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, made.cert.pem()).unwrap();
    let (variants, scorers) = (variants(3), scorers());
    let trusting = ClientOptions {
        tls_roots: Some(roots),
        ..options(&server)
    };
    let client = Client::new(trusting.clone()).unwrap();
    for (position, answer) in (1..).zip(client.score_variants(&places(&variants), &all(&scorers))) {
        assert_scores(position, &answer.unwrap());
    }
    let retry = RetryPolicy {
        attempts: 2,
        ..trusting.retry
    };
    let strict = ClientOptions {
        tls_roots: None,
        retry,
        ..trusting.clone()
    };
    let error = Client::new(strict)
        .unwrap()
        .score_variant(places(&variants)[0], &all(&scorers))
        .unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    let error = Client::new(ClientOptions {
        tls_roots: Some(empty),
        ..trusting
    });
    assert!(matches!(error, Err(ApiError::Roots { .. })));
}

#[test]
fn a_hung_call_is_abandoned_at_its_deadline() {
    let schedule: Arc<Schedule> = Arc::new(|_, attempt| (attempt == 0).then_some(Trouble::Hang));
    let server = FaultServer::start(schedule);
    let client = Client::new(options(&server)).unwrap();
    let (variants, scorers) = (variants(1), scorers());
    let start = Instant::now();
    assert_scores(1, &client.score_variant(places(&variants)[0], &all(&scorers)).unwrap());
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(500), "{took:?}");
}

/// Collects what a client says while it waits.
fn listening(options: ClientOptions) -> (Client, Arc<Mutex<Vec<Waiting>>>) {
    let said: Arc<Mutex<Vec<Waiting>>> = Arc::default();
    let heard = Arc::clone(&said);
    let told = WaitTold(Arc::new(move |waiting: &Waiting| {
        heard.lock().unwrap().push(waiting.clone())
    }));
    let client = Client::new(ClientOptions {
        told: Some(told),
        ..options
    });
    (client.unwrap(), said)
}

#[test]
fn a_dead_port_is_given_up_sooner_and_says_for_what_it_waits() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let address = Address::parse(&format!("http://127.0.0.1:{port}")).unwrap();
    let retry = RetryPolicy {
        first_wait: Duration::from_millis(2),
        longest_wait: Duration::from_millis(10),
        ..RetryPolicy::default()
    };
    let (client, said) = listening(ClientOptions {
        retry,
        ..ClientOptions::new(address, None)
    });
    let error = client.metadata().unwrap_err();
    // Five attempts where there never was a connection, eight where there was.
    assert!(matches!(error, ApiError::ServiceDown { attempts: 5, .. }), "{error}");
    let said = said.lock().unwrap();
    assert_eq!(said.len(), 1, "once in ten seconds");
    let line = said[0].to_string();
    assert!(
        line.starts_with(&format!(
            "127.0.0.1:{port}: nothing listens at this port; waiting for the tracks, attempt 2 of 5"
        )),
        "{line}"
    );
}

#[test]
fn a_service_that_says_nothing_is_told_before_it_is_given_up() {
    // Takes connections, and never says a word.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    std::thread::spawn(move || mute.incoming().map(Result::unwrap).collect::<Vec<_>>());
    let (client, said) = listening(ClientOptions {
        timeouts: Timeouts {
            silence: Duration::from_millis(400),
            quiet: Duration::from_millis(50),
            ..Timeouts::default()
        },
        retry: RetryPolicy {
            attempts: 2,
            first_wait: Duration::from_millis(2),
            ..RetryPolicy::default()
        },
        ..ClientOptions::new(Address::parse(&format!("http://127.0.0.1:{port}")).unwrap(), None)
    });
    let error = client.metadata().unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("it is connected and sent nothing for 0.4 s (2 attempts in"),
        "{text}"
    );
    let said = said.lock().unwrap();
    assert!(matches!(said[0].state, WaitState::Quiet { .. }), "{said:?}");
    assert_eq!(
        (said[0].what.as_str(), said[0].attempt, said[0].attempts),
        ("the tracks", 1, 2)
    );
}

#[test]
fn a_listener_that_does_not_answer_pings_is_given_up_after_three_attempts() {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    std::thread::spawn(move || mute.incoming().map(Result::unwrap).collect::<Vec<_>>());
    let (client, said) = listening(ClientOptions {
        timeouts: Timeouts {
            ping: Duration::from_millis(100),
            pong: Duration::from_millis(100),
            ..Timeouts::default()
        },
        retry: RetryPolicy {
            first_wait: Duration::from_millis(2),
            longest_wait: Duration::from_millis(10),
            ..RetryPolicy::default()
        },
        ..ClientOptions::new(Address::parse(&format!("http://127.0.0.1:{port}")).unwrap(), None)
    });
    let start = Instant::now();
    let error = client.metadata().unwrap_err();
    assert!(start.elapsed() < Timeouts::default().silence);
    assert!(
        matches!(
            error,
            ApiError::ServiceDown {
                attempts: 3,
                cause: Unreached::Mute,
                ..
            }
        ),
        "{error}"
    );
    let said = said.lock().unwrap();
    assert!(
        said[0]
            .to_string()
            .contains("it is connected and answers nothing, not even pings; waiting for the tracks, attempt 2 of 3"),
        "{said:?}"
    );
}
