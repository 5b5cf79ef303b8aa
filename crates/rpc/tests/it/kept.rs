//! What is kept besides scores, of servers of this crate: predictions, mutagenesis; and servers that change.

use crate::synthetic::{Files, Gate, Running, WINDOW_BP, genome};
use refalt_core::scorer::{Scorer, parse};
use refalt_core::{
    Alternate, CheckedVariant, ContigName, Dna, OutputType, Position, RefAlt, Reference, Sequence, Variant, Window,
    check,
};
use refalt_rpc::answer::PredictedOutput;
use refalt_rpc::cache::{AnswerCache, CacheTrouble, Kind, Prune};
use refalt_rpc::client::{Place, Requested};
use refalt_rpc::server::ServedModel;
use refalt_rpc::{Address, ApiError, CachedClient, Client, ClientOptions};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A server of the made-up model, and a folder for answers.
struct Setting {
    _files: Files,
    answers: tempfile::TempDir,
    model: ServedModel,
    gate: Arc<Gate>,
    server: Running,
}

impl Setting {
    fn new(states: Option<&str>) -> Self {
        let files = Files::write();
        let (mut model, gate) = files.served();
        model.states = states.map(str::to_owned);
        Self {
            server: Running::start(model.clone(), |_| {}),
            _files: files,
            answers: tempfile::tempdir().unwrap(),
            model,
            gate,
        }
    }

    fn client(&self) -> CachedClient {
        client(&self.server, Some(open(self.answers.path())))
    }

    fn substitutions(&self, first: u32, last: u32) -> Vec<CheckedVariant> {
        let all = (first..=last).flat_map(|position| b"ACGT".map(|base| (position, base)));
        let changed = all.filter(|(position, base)| genome()[*position as usize - 1] != *base);
        changed
            .map(|(position, base)| variant(self.model.reference.as_ref(), position, base))
            .collect()
    }
}

fn open(folder: &Path) -> Arc<AnswerCache> {
    let told = |trouble: &CacheTrouble| panic!("{trouble}");
    Arc::new(AnswerCache::open(folder, None, Arc::new(told)).unwrap())
}

fn client(server: &Running, cache: Option<Arc<AnswerCache>>) -> CachedClient {
    let client = Client::new(ClientOptions::new(Address::parse(&server.uri()).unwrap(), None)).unwrap();
    let listed = client.metadata().unwrap();
    CachedClient::new(client, cache, &listed)
}

fn variant(reference: &dyn Reference, position: u32, alternate: u8) -> CheckedVariant {
    let variant = Variant {
        contig: ContigName::new("chr1"),
        position: Position::new(position).unwrap(),
        reference_bases: Dna::parse(&genome()[position as usize - 1..position as usize]).unwrap(),
        alternate: Alternate::Bases(Dna::parse(&[alternate]).unwrap()),
    };
    check(&variant, reference).unwrap()
}

fn window() -> Window {
    Window::from_bed(&ContigName::new("chr1"), 5_000, 5_000 + i64::from(WINDOW_BP)).unwrap()
}

const OUTPUTS: [OutputType; 5] = [
    OutputType::Atac,
    OutputType::RnaSeq,
    OutputType::SpliceSites,
    OutputType::SpliceJunctions,
    OutputType::ContactMaps,
];

fn requested<'a>(outputs: &'a [OutputType], terms: &'a [String]) -> Requested<'a> {
    Requested {
        outputs,
        ontology_curies: terms,
    }
}

fn kinds(answers: &[PredictedOutput]) -> Vec<OutputType> {
    answers.iter().map(PredictedOutput::output).collect()
}

#[test]
fn predictions_are_kept_by_output_type_with_all_their_bits() {
    let setting = Setting::new(None);
    let reference = setting.model.reference.as_ref();
    let changed = setting.substitutions(12_100, 12_100)[0].clone();
    let window = window();
    let place = Place {
        variant: &changed,
        window: &window,
    };
    let first = setting.client();
    let answer = first.predict_variant(place, requested(&OUTPUTS, &[])).unwrap();
    assert_eq!((first.tally().from_service(), first.tally().calls()), (5, 1));
    let asked = setting.gate.questions();
    // Another client, in another order: nothing is asked, and the answer is the same.
    let again = setting.client();
    let reversed: Vec<OutputType> = OUTPUTS.into_iter().rev().collect();
    assert_eq!(again.predict_variant(place, requested(&reversed, &[])).unwrap(), answer);
    assert_eq!((again.tally().from_cache(), again.tally().calls()), (5, 0));
    assert_eq!(setting.gate.questions(), asked);
    // What the service gives without a cache is what was kept.
    let alone = client(&setting.server, None);
    assert_eq!(alone.predict_variant(place, requested(&OUTPUTS, &[])).unwrap(), answer);
    // One output type more is asked for alone.
    let more = setting.client();
    let RefAlt {
        reference: outputs,
        alternate,
    } = more
        .predict_variant(place, requested(&[OutputType::Atac, OutputType::Dnase], &[]))
        .unwrap();
    assert_eq!(kinds(&outputs), [OutputType::Atac, OutputType::Dnase]);
    assert_eq!(kinds(&alternate), kinds(&outputs));
    assert_eq!((more.tally().from_cache(), more.tally().from_service()), (1, 1));
    assert!(setting.server.logged("outputs=1 ").contains("PredictVariant"));
    // Other biosamples, another variant, and no variant are other questions.
    let lung = ["UBERON:0002048".to_owned()];
    let other = setting.client();
    other.predict_variant(place, requested(&OUTPUTS[..1], &lung)).unwrap();
    let elsewhere = setting.substitutions(12_101, 12_101)[0].clone();
    let place = Place {
        variant: &elsewhere,
        window: &window,
    };
    other.predict_variant(place, requested(&OUTPUTS[..1], &[])).unwrap();
    other.predict_interval(&window, requested(&OUTPUTS[..1], &[])).unwrap();
    let contig = reference.contig_id("chr1").unwrap();
    let sequence = window.reference_sequence(contig, reference).unwrap();
    other
        .predict_sequence(&sequence, requested(&OUTPUTS[..1], &[]))
        .unwrap();
    assert_eq!((other.tally().from_cache(), other.tally().calls()), (0, 4));
    // Each of the four is kept, too.
    let last = setting.client();
    let interval = last.predict_interval(&window, requested(&OUTPUTS[..1], &[])).unwrap();
    let of_sequence = last.predict_sequence(&sequence, requested(&OUTPUTS[..1], &[])).unwrap();
    assert_eq!((last.tally().from_cache(), last.tally().calls()), (2, 0));
    let values = |outputs: &[PredictedOutput]| match &outputs[0] {
        PredictedOutput::Tracks(tracks) => tracks.values.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(values(&interval), values(&of_sequence));
    let cache = open(setting.answers.path());
    let counts = cache.stats().unwrap().by_kind;
    assert_eq!((counts.of(Kind::Predictions).entries, counts.total().entries), (10, 10));
    assert!(cache.verify(false).unwrap().is_sound());
}

#[test]
fn a_prediction_that_is_damaged_or_too_large_is_asked_for_again() {
    let setting = Setting::new(None);
    let window = window();
    setting
        .client()
        .predict_interval(&window, requested(&OUTPUTS[..2], &[]))
        .unwrap();
    let database = rusqlite::Connection::open(setting.answers.path().join("answers.sqlite")).unwrap();
    database
        .execute(
            "UPDATE entries SET content = substr(content, 1, 100) WHERE question LIKE '%output ATAC%'",
            [],
        )
        .unwrap();
    drop(database);
    let troubles: Arc<Mutex<Vec<CacheTrouble>>> = Arc::default();
    let told = Arc::clone(&troubles);
    let cache = AnswerCache::open(
        setting.answers.path(),
        None,
        Arc::new(move |trouble| told.lock().unwrap().push(trouble.clone())),
    );
    let cache = Arc::new(cache.unwrap());
    let verified = cache.verify(false).unwrap();
    assert_eq!(
        (verified.damaged.len(), verified.damaged[0].kind),
        (1, Kind::Predictions)
    );
    let again = client(&setting.server, Some(Arc::clone(&cache)));
    again.predict_interval(&window, requested(&OUTPUTS[..2], &[])).unwrap();
    assert_eq!((again.tally().from_cache(), again.tally().from_service()), (1, 1));
    assert!(matches!(troubles.lock().unwrap()[0], CacheTrouble::Damaged { .. }));
    assert!(cache.verify(false).unwrap().is_sound());
    // A cache that may have 100 kB keeps no answer over 50 kB, and says so.
    let folder = tempfile::tempdir().unwrap();
    let told = Arc::clone(&troubles);
    let small = AnswerCache::open(
        folder.path(),
        Some(100_000),
        Arc::new(move |trouble| told.lock().unwrap().push(trouble.clone())),
    );
    let small = client(&setting.server, Some(Arc::new(small.unwrap())));
    for _ in 0..2 {
        small
            .predict_interval(&window, requested(&[OutputType::RnaSeq], &[]))
            .unwrap();
    }
    assert_eq!((small.tally().from_cache(), small.tally().calls()), (0, 2));
    let expected = CacheTrouble::TooLarge {
        kind: Kind::Predictions,
        limit_bytes: 50_000,
    };
    assert_eq!(*troubles.lock().unwrap().last().unwrap(), expected);
}

#[test]
fn two_at_once_predict_once() {
    let setting = Setting::new(None);
    setting.gate.set_closed(true);
    let window = window();
    let answers: Vec<Vec<PredictedOutput>> = std::thread::scope(|scope| {
        let threads = [0, 1].map(|_| {
            let client = setting.client();
            let window = &window;
            scope.spawn(move || client.predict_interval(window, requested(&OUTPUTS[..1], &[])).unwrap())
        });
        setting.gate.wait_for_questions(1);
        std::thread::sleep(std::time::Duration::from_millis(100));
        setting.gate.set_closed(false);
        threads.map(|thread| thread.join().unwrap()).into()
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(setting.gate.questions(), 1);
}

#[test]
fn substitutions_are_kept_by_variant_and_scorer() {
    let setting = Setting::new(None);
    let window = window();
    let all: Vec<(Box<dyn Scorer>, String)> = ["CHIP_TF", "RNA_SEQ", "ATAC"]
        .map(|name| parse(name).unwrap())
        .map(|scorer| {
            let text = scorer.to_string();
            (scorer, text)
        })
        .into();
    let chosen = |from: usize, to: usize| -> Vec<(&dyn Scorer, &str)> {
        all[from..to]
            .iter()
            .map(|(scorer, text)| (scorer.as_ref(), text.as_str()))
            .collect()
    };
    let steps: Mutex<Vec<u64>> = Mutex::default();
    let progress = |done: u64| steps.lock().unwrap().push(done);
    let substitutions = setting.substitutions(12_001, 12_025);
    let first = setting.client();
    let answers = first
        .score_substitutions(&window, &substitutions, &chosen(0, 2), &progress)
        .unwrap();
    // 75 substitutions by two scorers in three calls, of 10, 10 and 5 bases.
    assert_eq!((answers.len(), answers[0].len()), (75, 2));
    assert_eq!((first.tally().from_service(), first.tally().calls()), (150, 3));
    assert_eq!(steps.lock().unwrap().last(), Some(&75));
    assert!(steps.lock().unwrap().is_sorted());
    // Alone, without a cache, each variant has the same scores.
    let alone = client(&setting.server, None);
    let place = Place {
        variant: &substitutions[40],
        window: &window,
    };
    let one = alone.score_variants(&[place], &chosen(0, 2)).remove(0).unwrap();
    let bits = |raw: &[f32]| raw.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
    for (one, other) in one.iter().zip(&answers[40]) {
        assert_eq!(bits(&one.scored.raw), bits(&other.scored.raw));
    }
    // A shifted stretch with one scorer more: kept substitutions ask for the new scorer, new bases for all three.
    let shifted = setting.substitutions(12_021, 12_030);
    let again = setting.client();
    let more = again
        .score_substitutions(&window, &shifted, &chosen(0, 3), &|_| {})
        .unwrap();
    assert_eq!((more.len(), more[0].len()), (30, 3));
    assert_eq!(
        (again.tally().from_cache(), again.tally().from_service()),
        (30, 15 + 45)
    );
    assert_eq!(again.tally().calls(), 2);
    for (kept, asked) in more.iter().zip(&answers[60..]) {
        for (kept, asked) in kept.iter().zip(asked) {
            assert_eq!(bits(&kept.scored.raw), bits(&asked.scored.raw));
            assert_eq!(kept.answered_on_utc_s, asked.answered_on_utc_s);
        }
    }
    // A variant by itself is another question.
    let itself = setting.client();
    itself.score_variants(&[place], &chosen(0, 1)).remove(0).unwrap();
    assert_eq!(itself.tally().calls(), 1);
    let cache = open(setting.answers.path());
    let counts = cache.stats().unwrap().by_kind;
    assert_eq!(
        [Kind::Scores, Kind::Mutagenesis].map(|kind| counts.of(kind).entries),
        [1, 210]
    );
    let pruned = cache
        .prune(&Prune {
            all: true,
            ..Prune::default()
        })
        .unwrap();
    assert_eq!(pruned.by_kind.of(Kind::Mutagenesis).entries, 210);
}

#[test]
fn a_service_that_states_another_genome_is_asked_anew() {
    let setting = Setting::new(Some("sha256:one"));
    let window = window();
    let first = setting.client();
    assert_eq!(first.client().states().as_deref(), Some("sha256:one"));
    first.predict_interval(&window, requested(&OUTPUTS[..1], &[])).unwrap();
    let address = setting.server.address;
    // The same port, started anew with something else.
    let Setting {
        server, model, answers, ..
    } = setting;
    server.stop();
    let restart = |states: &str| {
        let mut model = model.clone();
        model.states = Some(states.to_owned());
        Running::start(model, |options| options.listen = address)
    };
    let server = restart("sha256:two");
    // A client that goes on is told, and asks no more.
    let error = first
        .predict_interval(&window, requested(&OUTPUTS[1..2], &[]))
        .unwrap_err();
    assert!(matches!(error, ApiError::Changed { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("has another model, genome or genes than when this run began")
    );
    assert!(error.is_fatal() && error.hint().is_some());
    let other = client(&server, Some(open(answers.path())));
    other.predict_interval(&window, requested(&OUTPUTS[..1], &[])).unwrap();
    assert_eq!((other.tally().from_cache(), other.tally().calls()), (0, 1));
    server.stop();
    // Back again, what was kept of the first is used.
    let server = restart("sha256:one");
    let back = client(&server, Some(open(answers.path())));
    back.predict_interval(&window, requested(&OUTPUTS[..1], &[])).unwrap();
    assert_eq!((back.tally().from_cache(), back.tally().calls()), (1, 0));
}

/// A folder of the layout before: entries are scores, and are kept.
#[test]
fn a_cache_of_the_layout_before_is_taken_over() {
    let setting = Setting::new(None);
    let window = window();
    let scorer = parse("ATAC").unwrap();
    let text = scorer.to_string();
    let variants = setting.substitutions(12_001, 12_001);
    let places: Vec<Place<'_>> = variants
        .iter()
        .map(|variant| Place {
            variant,
            window: &window,
        })
        .collect();
    let asked = setting.client().score_variants(&places, &[(scorer.as_ref(), &text)]);
    let database = rusqlite::Connection::open(setting.answers.path().join("answers.sqlite")).unwrap();
    database
        .execute_batch(
            "DROP INDEX entries_by_service; ALTER TABLE entries DROP COLUMN kind;
             CREATE INDEX entries_by_service ON entries (service, answered_on, bytes); PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(database);
    let again = setting.client();
    let kept = again.score_variants(&places, &[(scorer.as_ref(), &text)]);
    assert_eq!((again.tally().from_cache(), again.tally().calls()), (3, 0));
    for (kept, asked) in kept.iter().zip(&asked) {
        assert_eq!(kept.as_ref().unwrap(), asked.as_ref().unwrap());
    }
    let cache = open(setting.answers.path());
    assert_eq!(cache.stats().unwrap().by_kind.of(Kind::Scores).entries, 3);
    assert!(cache.verify(false).unwrap().is_sound());
}

/// A window of the minus strand: the model reads the reverse complement, and the answer lies on the forward strand.
#[test]
fn the_minus_strand_is_read_and_laid_back() {
    use refalt_core::{Backend as _, BinSpan, OutputRequest, Query, ReverseStrand};
    use refalt_rpc::proto::dna_model_service_client::DnaModelServiceClient;
    use refalt_rpc::proto::{self, predict_interval_response::Payload};
    use tonic::codegen::tokio_stream;
    let setting = Setting::new(None);
    let window = window();
    let reference = setting.model.reference.as_ref();
    let contig = reference.contig_id("chr1").unwrap();
    let sequence: Sequence = window.reference_sequence(contig, reference).unwrap();
    let card = setting.model.backend.card().clone();
    let outputs: Vec<OutputRequest> = [OutputType::ChipTf, OutputType::Dnase]
        .map(|output| OutputRequest {
            output,
            spans: BinSpan::all(&window, card.tracks(output).unwrap().resolution).into(),
        })
        .into();
    let query = Query {
        window: &window,
        reference: &sequence,
        alternates: &[],
        alignments: &[],
        known_sites: &[],
        abandoned: Default::default(),
        outputs: &outputs,
    };
    let expected = ReverseStrand(setting.model.backend.as_ref())
        .predict(&[query])
        .remove(0)
        .unwrap();
    let forward = setting.model.backend.predict(&[query]).remove(0).unwrap();
    let request = proto::PredictIntervalRequest {
        interval: Some(proto::Interval {
            chromosome: "chr1".to_owned(),
            start: window.bed_start(),
            end: window.bed_end(),
            strand: proto::Strand::Negative.into(),
        }),
        organism: 9606,
        requested_outputs: vec![proto::OutputType::ChipTf.into(), proto::OutputType::Dnase.into()],
        ..Default::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answered = runtime.block_on(async {
        let endpoint = tonic::transport::Endpoint::from_shared(setting.server.uri()).unwrap();
        let channel = endpoint.connect().await.unwrap();
        let mut client = DnaModelServiceClient::new(channel).max_decoding_message_size(usize::MAX);
        let mut stream = client
            .predict_interval(tokio_stream::iter([request]))
            .await
            .unwrap()
            .into_inner();
        let mut found = Vec::new();
        while let Some(message) = stream.message().await.unwrap() {
            let Some(Payload::Output(output)) = message.payload else {
                panic!("a chunk")
            };
            let Some(proto::output::Payload::TrackData(data)) = output.payload else {
                panic!("no tracks")
            };
            assert_eq!(data.interval.unwrap().strand, i32::from(proto::Strand::Negative));
            let array = refalt_rpc::tensor::whole(data.values.unwrap(), &[], refalt_rpc::tensor::Limits::default());
            let refalt_rpc::tensor::Values::Float32(values) = array.unwrap().into_values() else {
                panic!("no floats")
            };
            found.push(values);
        }
        found
    });
    for (values, output) in answered.iter().zip([OutputType::ChipTf, OutputType::Dnase]) {
        assert_eq!(values, expected.reference.get(output).unwrap().values());
        assert_ne!(values, forward.reference.get(output).unwrap().values());
    }
}
