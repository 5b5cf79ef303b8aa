//! The server as an operator knows it: queue, cancelling, keys, TLS, health, reflection, metrics, stopping, and clients
//! that misbehave.

use crate::synthetic::{Files, Gate, Running, WINDOW_BP, genome};
use refalt::Diagnostic as _;
use refalt_core::OutputType;
use refalt_core::scorer::parse;
use refalt_rpc::genome::output_message;
use refalt_rpc::policy::StatusDetails;
use refalt_rpc::proto::{self, dna_model_service_client::DnaModelServiceClient};
use refalt_rpc::scorer_message::scorer_message;
use refalt_rpc::server::{CERTIFICATE_FILE, ServeError, Server, ServerOptions, self_signed};
use refalt_rpc::{Address, ApiKey, Client, ClientOptions};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tonic::codegen::tokio_stream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};

const SERVICE: &str = "google.gdm.gdmscience.alphagenome.v1main.DnaModelService";

struct Setting {
    _files: Files,
    gate: Arc<Gate>,
    server: Running,
    runtime: Runtime,
}

impl Setting {
    fn new(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let files = Files::write();
        let (model, gate) = files.served();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        Self {
            _files: files,
            gate,
            server: Running::start(model, change),
            runtime,
        }
    }

    /// Connects; the windows of HTTP/2 are small, so that what is not read is not sent.
    fn raw(&self) -> DnaModelServiceClient<Channel> {
        let endpoint = Endpoint::from_shared(self.server.uri())
            .unwrap()
            .initial_stream_window_size(65_535)
            .initial_connection_window_size(65_535);
        let channel = self.runtime.block_on(endpoint.connect()).unwrap();
        DnaModelServiceClient::new(channel).max_decoding_message_size(usize::MAX)
    }

    fn score(&self, request: proto::ScoreVariantRequest) -> Result<Vec<proto::ScoreVariantResponse>, Status> {
        let mut client = self.raw();
        self.runtime.block_on(score(&mut client, vec![request]))
    }
}

async fn score(
    client: &mut DnaModelServiceClient<Channel>,
    requests: Vec<proto::ScoreVariantRequest>,
) -> Result<Vec<proto::ScoreVariantResponse>, Status> {
    let answer = client.score_variant(tokio_stream::iter(requests)).await?;
    let mut messages = answer.into_inner();
    let mut all = Vec::new();
    while let Some(message) = messages.message().await? {
        all.push(message);
    }
    Ok(all)
}

fn interval(start: i64) -> proto::Interval {
    proto::Interval {
        chromosome: "chr1".to_owned(),
        start,
        end: start + i64::from(WINDOW_BP),
        strand: 3,
    }
}

fn base(position: i64) -> String {
    char::from(genome()[usize::try_from(position).unwrap() - 1]).to_string()
}

fn scorers(names: &[&str]) -> Vec<proto::VariantScorer> {
    let message = |name: &&str| scorer_message(parse(name).unwrap().as_ref()).unwrap();
    names.iter().map(message).collect()
}

fn request(position: i64) -> proto::ScoreVariantRequest {
    let own = base(position);
    proto::ScoreVariantRequest {
        interval: Some(interval(5_000)),
        variant: Some(proto::Variant {
            chromosome: "chr1".to_owned(),
            position,
            alternate_bases: if own == "A" { "C" } else { "A" }.to_owned(),
            reference_bases: own,
        }),
        organism: 9606,
        variant_scorers: scorers(&["DNASE"]),
        model_version: String::new(),
        merge_stranded_gene_tracks: true,
    }
}

fn ism(start: i64, end: i64) -> proto::ScoreIsmVariantRequest {
    proto::ScoreIsmVariantRequest {
        interval: Some(interval(5_000)),
        ism_interval: Some(proto::Interval {
            start,
            end,
            ..interval(0)
        }),
        organism: 9606,
        variant_scorers: scorers(&["DNASE"]),
        model_version: String::new(),
        interval_variant: None,
        merge_stranded_gene_tracks: true,
    }
}

fn predict(outputs: &[OutputType]) -> proto::PredictIntervalRequest {
    proto::PredictIntervalRequest {
        interval: Some(proto::Interval {
            end: 131_072,
            ..interval(0)
        }),
        organism: 9606,
        requested_outputs: outputs.iter().map(|&output| output_message(output).into()).collect(),
        ..Default::default()
    }
}

const ONE: NonZeroUsize = NonZeroUsize::MIN;

fn metrics(server: &Running) -> String {
    let mut connection = TcpStream::connect(server.metrics.unwrap()).unwrap();
    connection
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).unwrap();
    text
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn beyond_the_queue_requests_are_refused_with_a_time_to_wait_and_those_in_it_are_answered() {
    let setting = Setting::new(|options| {
        options.concurrent = ONE;
        options.queue = 1;
        options.metrics = Some("127.0.0.1:0".parse().unwrap());
    });
    setting.gate.set_closed(true);
    let mut client = setting.raw();
    let spawn = |position| {
        let mut client = client.clone();
        setting
            .runtime
            .spawn(async move { score(&mut client, vec![request(position)]).await })
    };
    let first = spawn(12_000);
    setting.gate.wait_for_questions(1);
    let second = spawn(12_001);
    wait_for("a request waits", || {
        metrics(&setting.server).contains("refalt_requests_waiting 1\n")
    });
    let refused = setting
        .runtime
        .block_on(score(&mut client, vec![request(12_002)]))
        .unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(
        refused
            .message()
            .contains("the most this server takes; try again in 2 s"),
        "{refused}"
    );
    assert_eq!(StatusDetails::of(&refused).wait, Some(Duration::from_secs(2)));
    setting.gate.set_closed(false);
    for call in [first, second] {
        assert_eq!(setting.runtime.block_on(call).unwrap().unwrap().len(), 1);
    }
    setting.server.logged("ScoreVariant");
    wait_for("all calls end", || {
        metrics(&setting.server).contains("refalt_calls_under_way 0\n")
    });
    let text = metrics(&setting.server);
    for line in [
        "HTTP/1.1 200 OK",
        "refalt_calls_total{method=\"ScoreVariant\",code=\"OK\"} 2\n",
        "refalt_calls_total{method=\"ScoreVariant\",code=\"RESOURCE_EXHAUSTED\"} 1\n",
        "refalt_requests_waiting 0\n",
        "refalt_call_seconds_count{method=\"ScoreVariant\"} 3\n",
        "# TYPE refalt_sent_bytes counter",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // refalt's own client waits as it is asked, and is answered.
    let mut summary = setting.server.stop();
    assert_eq!(summary.cut_off, 0);
    assert_eq!(summary.calls.remove("OK"), Some(2));
}

#[test]
fn a_cancelled_call_stops_its_work_at_the_next_base() {
    let setting = Setting::new(|_| {});
    setting.gate.set_closed(true);
    let mut client = setting.raw();
    let call = setting.runtime.spawn(async move {
        let answer = client
            .score_ism_variant(tokio_stream::iter([ism(12_000, 12_010)]))
            .await;
        let mut messages = answer.unwrap().into_inner();
        messages.message().await
    });
    setting.gate.wait_for_questions(1);
    call.abort();
    // The server learns it from the connection.
    std::thread::sleep(Duration::from_millis(300));
    setting.gate.set_closed(false);
    let line = setting.server.logged("ScoreIsmVariant");
    assert!(line.contains("chr1:12000-12010 scorers=1 CANCELLED"), "{line}");
    assert_eq!(setting.gate.questions(), 1);
}

#[test]
fn requests_of_one_stream_are_answered_in_order() {
    let setting = Setting::new(|_| {});
    let mut client = setting.raw();
    let positions = [12_003, 12_001, 12_002];
    let answers = setting
        .runtime
        .block_on(score(&mut client, positions.map(request).to_vec()))
        .unwrap();
    let found: Vec<i64> = answers
        .iter()
        .map(|answer| match &answer.payload {
            Some(proto::score_variant_response::Payload::Output(output)) => {
                let metadata = output.variant_data.clone().unwrap().metadata.unwrap();
                metadata.variant.unwrap().position
            }
            _ => -1,
        })
        .collect();
    assert_eq!(found, positions);
    let none = setting.runtime.block_on(score(&mut client, Vec::new())).unwrap_err();
    assert_eq!(
        (none.code(), none.message()),
        (Code::InvalidArgument, "the stream ended without a request")
    );
    assert!(setting.server.logged("requests=3").contains(" OK "));
}

#[test]
fn requests_that_make_no_sense_are_refused_in_words() {
    let setting = Setting::new(|_| {});
    let check = |change: &dyn Fn(&mut proto::ScoreVariantRequest), code: Code, words: &str| {
        let mut request = request(12_000);
        change(&mut request);
        let status = setting.score(request).unwrap_err();
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().contains(words), "{}", status.message());
    };
    use Code::{InvalidArgument, NotFound, Unimplemented};
    let own = base(12_000);
    check(
        &|request| {
            let variant = request.variant.as_mut().unwrap();
            std::mem::swap(&mut variant.reference_bases, &mut variant.alternate_bases);
        },
        InvalidArgument,
        &format!("it has `{own}` at chr1:12000, the variant says"),
    );
    check(
        &|request| request.interval = None,
        InvalidArgument,
        "`interval` is not set",
    );
    check(
        &|request| request.variant = None,
        InvalidArgument,
        "`variant` is not set",
    );
    check(
        &|request| request.variant_scorers.clear(),
        InvalidArgument,
        "0 scorers in one request",
    );
    check(
        &|request| request.variant_scorers = scorers(&["DNASE"; 21]),
        InvalidArgument,
        "21 scorers in one request; a request has 1 to 20",
    );
    check(&|request| request.organism = 0, InvalidArgument, "ORGANISM_UNSPECIFIED");
    let change_interval = |change: fn(&mut proto::Interval)| {
        move |request: &mut proto::ScoreVariantRequest| change(request.interval.as_mut().unwrap())
    };
    check(
        &change_interval(|interval| interval.strand = 0),
        InvalidArgument,
        "`0` is no strand",
    );
    check(
        &change_interval(|interval| interval.strand = 2),
        Unimplemented,
        "minus strand",
    );
    check(
        &change_interval(|interval| interval.end = 0),
        InvalidArgument,
        "inverted, empty",
    );
    check(
        &change_interval(|interval| interval.start = i64::MIN),
        InvalidArgument,
        "inverted, empty",
    );
    check(
        &change_interval(|interval| interval.chromosome = "chrX".to_owned()),
        NotFound,
        "no contig `chrX`",
    );
    let change_variant = |change: fn(&mut proto::Variant)| {
        move |request: &mut proto::ScoreVariantRequest| change(request.variant.as_mut().unwrap())
    };
    check(
        &change_variant(|variant| variant.position = 0),
        InvalidArgument,
        "positions count from 1",
    );
    check(
        &change_variant(|variant| variant.position = 1 << 40),
        InvalidArgument,
        "is on no contig",
    );
    check(
        &change_variant(|variant| variant.chromosome = "chr7".to_owned()),
        NotFound,
        "`chr7`",
    );
    check(
        &change_variant(|variant| variant.alternate_bases = "<DEL>".to_owned()),
        InvalidArgument,
        "alternate allele",
    );
    check(
        &change_variant(|variant| variant.alternate_bases = variant.reference_bases.clone()),
        InvalidArgument,
        "there is no change",
    );
    // Substitutions of a stretch.
    let mut client = setting.raw();
    let mut refused = |request| -> Status {
        setting.runtime.block_on(async {
            let answer = client.score_ism_variant(tokio_stream::iter([request])).await.unwrap();
            answer.into_inner().message().await.unwrap_err()
        })
    };
    let wide = refused(ism(12_000, 12_011));
    assert!(wide.message().contains("11 bases; a request has 1 to 10"), "{wide}");
    assert!(refused(ism(12_000, 12_000)).message().contains("0 bases"));
    let outside = refused(ism(4_995, 5_005));
    assert!(outside.message().contains("does not lie in the interval"), "{outside}");
    let mut indel = ism(12_000, 12_005);
    indel.interval_variant = Some(proto::Variant {
        chromosome: "chr1".to_owned(),
        position: 12_000,
        reference_bases: base(12_000),
        alternate_bases: format!("{}ACG", base(12_000)),
    });
    let status = refused(indel);
    assert_eq!(status.code(), Unimplemented, "{status}");
}

#[test]
fn substitutions_beside_a_variant_see_it() {
    let setting = Setting::new(|_| {});
    let own = base(12_003);
    let other = if own == "G" { "T" } else { "G" };
    let mut request = ism(12_000, 12_005);
    request.interval_variant = Some(proto::Variant {
        chromosome: "chr1".to_owned(),
        position: 12_003,
        reference_bases: own,
        alternate_bases: other.to_owned(),
    });
    let mut client = setting.raw();
    let found: Vec<String> = setting.runtime.block_on(async {
        let answer = client.score_ism_variant(tokio_stream::iter([request])).await.unwrap();
        let mut messages = answer.into_inner();
        let mut found = Vec::new();
        while let Some(message) = messages.message().await.unwrap() {
            if let Some(proto::score_ism_variant_response::Payload::Output(output)) = message.payload {
                let variant = output.variant_data.unwrap().metadata.unwrap().variant.unwrap();
                found.push(format!("{}{}", variant.reference_bases, variant.alternate_bases));
            }
        }
        found
    });
    let expected: Vec<String> = (12_001..=12_005)
        .flat_map(|position| {
            let own = if position == 12_003 {
                other.to_owned()
            } else {
                base(position)
            };
            let others = ["A", "C", "G", "T"]
                .into_iter()
                .filter(move |base| *base != own.clone());
            let own = if position == 12_003 {
                other.to_owned()
            } else {
                base(position)
            };
            others.map(move |base| format!("{own}{base}")).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_key_is_asked_for_where_there_is_one_and_told_nowhere() {
    let setting = Setting::new(|options| options.key = Some(ApiKey::parse("s3cret-of-mine", "the test").unwrap()));
    let mut client = setting.raw();
    let mut call = |key: Option<&str>| {
        let mut request = Request::new(proto::MetadataRequest { organism: 9606 });
        if let Some(key) = key {
            request.metadata_mut().insert("x-goog-api-key", key.parse().unwrap());
        }
        setting.runtime.block_on(client.get_metadata(request)).map(drop)
    };
    for wrong in [None, Some("another")] {
        let status = call(wrong).unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
        assert!(!status.message().contains("s3cret"), "{status}");
    }
    assert!(call(Some("s3cret-of-mine")).is_ok());
    setting.server.logged("UNAUTHENTICATED");
    let lines = setting.server.log.lock().unwrap().join("\n");
    assert!(!lines.contains("s3cret") && !lines.contains("another"), "{lines}");
}

#[test]
fn a_certificate_of_its_own_is_trusted_by_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let made = self_signed(folder.path()).unwrap();
    let setting = Setting::new(|options| options.tls = Some(made.identity));
    for host in ["localhost", "127.0.0.1"] {
        let address = Address::parse(&format!("{host}:{}", setting.server.address.port())).unwrap();
        let mut options = ClientOptions::new(address, None);
        options.retry.attempts = 1;
        options.timeouts.connect = Duration::from_secs(5);
        let strict = Client::new(options.clone()).unwrap().metadata().unwrap_err();
        assert!(strict.to_string().contains("certificate"), "{strict}");
        options.tls_roots = Some(folder.path().join(CERTIFICATE_FILE));
        assert_eq!(Client::new(options).unwrap().metadata().unwrap().len(), 11, "{host}");
    }
    // A plain connection is no handshake; the server goes on.
    let mut options = ClientOptions::new(Address::parse(&setting.server.uri()).unwrap(), None);
    options.retry.attempts = 1;
    assert!(Client::new(options).unwrap().metadata().is_err());
}

#[test]
fn plain_connections_from_elsewhere_are_refused_and_a_wrong_pair_of_files_is_told() {
    let files = Files::write();
    let (model, _) = files.served();
    let options = ServerOptions::new("0.0.0.0:0".parse().unwrap());
    let error = Server::new(options).with_model(model.clone()).bind().unwrap_err();
    assert!(matches!(error, ServeError::Plaintext { .. }), "{error}");
    assert!(error.hint().unwrap().contains("--tls-self-signed"));
    assert!(matches!(
        Server::new(ServerOptions::new("127.0.0.1:0".parse().unwrap())).bind(),
        Err(ServeError::NoService)
    ));
    let [one, other] = [0, 1].map(|_| tempfile::tempdir().unwrap());
    for folder in [&one, &other] {
        self_signed(folder.path()).unwrap();
    }
    let mixed = refalt_rpc::server::TlsIdentity::read(&one.path().join("cert.pem"), &other.path().join("key.pem"));
    let mut options = ServerOptions::new("127.0.0.1:0".parse().unwrap());
    options.tls = Some(mixed.unwrap());
    let error = Server::new(options)
        .with_model(model)
        .bind()
        .unwrap()
        .run()
        .unwrap_err();
    assert!(matches!(error, ServeError::Certificate { .. }), "{error}");
}

#[test]
fn health_is_told_by_service_and_changes_when_the_server_stops() {
    let setting = Setting::new(|_| {});
    let endpoint = Endpoint::from_shared(setting.server.uri()).unwrap();
    let channel = setting.runtime.block_on(endpoint.connect()).unwrap();
    let mut health = HealthClient::new(channel);
    let ask = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    for service in ["", SERVICE] {
        let answer = setting.runtime.block_on(health.check(ask(service))).unwrap();
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving, "{service}");
    }
    let unknown = setting.runtime.block_on(health.check(ask("other"))).unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let mut watched = setting
        .runtime
        .block_on(health.watch(ask(SERVICE)))
        .unwrap()
        .into_inner();
    let mut next = || setting.runtime.block_on(watched.message());
    assert_eq!(next().unwrap().unwrap().status(), ServingStatus::Serving);
    setting.server.stopper.stop();
    assert_eq!(next().unwrap().unwrap().status(), ServingStatus::NotServing);
    // Somebody who watches does not hold the server.
    let started = Instant::now();
    setting.server.stop();
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn reflection_knows_the_methods() {
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    let setting = Setting::new(|_| {});
    let endpoint = Endpoint::from_shared(setting.server.uri()).unwrap();
    let channel = setting.runtime.block_on(endpoint.connect()).unwrap();
    let mut client = ServerReflectionClient::new(channel);
    let mut ask = |request: MessageRequest| {
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(request),
        };
        setting.runtime.block_on(async {
            let answer = client
                .server_reflection_info(tokio_stream::once(request))
                .await
                .unwrap();
            answer
                .into_inner()
                .message()
                .await
                .unwrap()
                .unwrap()
                .message_response
                .unwrap()
        })
    };
    let MessageResponse::ListServicesResponse(list) = ask(MessageRequest::ListServices(String::new())) else {
        panic!("no list");
    };
    let names: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
    assert!(
        names.contains(&SERVICE) && names.contains(&"grpc.health.v1.Health"),
        "{names:?}"
    );
    let MessageResponse::FileDescriptorResponse(file) = ask(MessageRequest::FileContainingSymbol(SERVICE.to_owned()))
    else {
        panic!("no file");
    };
    let bytes = file.file_descriptor_proto.concat();
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("ScoreIsmVariant") && holds("GetMetadata"));
}

#[test]
fn calls_under_way_end_and_new_ones_are_refused_when_the_server_stops() {
    let setting = Setting::new(|_| {});
    setting.gate.set_closed(true);
    let mut client = setting.raw();
    let mut own = client.clone();
    let call = setting
        .runtime
        .spawn(async move { score(&mut own, vec![request(12_000)]).await });
    setting.gate.wait_for_questions(1);
    setting.server.stopper.stop();
    // The connection is still there until its call ends, but takes no further one.
    wait_for("new calls are refused", || {
        let refused = setting.runtime.block_on(score(&mut client, vec![request(12_001)]));
        refused.is_err_and(|status| status.code() == Code::Unavailable)
    });
    setting.gate.set_closed(false);
    assert_eq!(setting.runtime.block_on(call).unwrap().unwrap().len(), 1);
    let summary = setting.server.stop();
    assert_eq!((summary.cut_off, summary.calls.get("OK")), (0, Some(&1)));
}

#[test]
fn calls_that_do_not_end_in_time_are_cut_off() {
    let setting = Setting::new(|options| options.drain = Duration::from_millis(100));
    setting.gate.set_closed(true);
    let mut client = setting.raw();
    let call = setting
        .runtime
        .spawn(async move { score(&mut client, vec![request(12_000)]).await });
    setting.gate.wait_for_questions(1);
    let gate = Arc::clone(&setting.gate);
    let summary = setting.server.stop();
    assert_eq!(summary.cut_off, 1);
    gate.set_closed(false);
    assert!(setting.runtime.block_on(call).unwrap().is_err());
}

#[test]
fn noise_half_requests_and_clients_that_go_away_stop_nobody() {
    let setting = Setting::new(|_| {});
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let frames: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        &[0xa5; 4096],
        preface,
        // A frame of settings that announces more than follows.
        &[&preface[..], &[0, 0, 6, 4, 0]].concat(),
        &[&preface[..], &[0xff; 64]].concat(),
    ];
    let mut held = Vec::new();
    for bytes in frames {
        let mut connection = TcpStream::connect(setting.server.address).unwrap();
        let _ = connection.write_all(bytes);
        held.push(connection);
    }
    // A client that goes away in the middle of an answer.
    let mut client = setting.raw();
    setting.runtime.block_on(async {
        let request = tokio_stream::once(predict(&OutputType::ALL));
        let mut messages = client.predict_interval(request).await.unwrap().into_inner();
        assert!(messages.message().await.unwrap().is_some());
    });
    drop(client);
    assert!(setting.server.logged("PredictInterval").contains("CANCELLED"));
    assert_eq!(setting.score(request(12_000)).unwrap().len(), 1);
}

#[test]
fn a_request_over_the_limit_is_refused_with_the_limit() {
    let setting = Setting::new(|options| options.most_message_bytes = 1 << 20);
    let mut client = setting.raw();
    let request = proto::PredictSequenceRequest {
        sequence: "A".repeat(2 << 20),
        organism: 9606,
        requested_outputs: vec![1],
        ..Default::default()
    };
    let status = setting.runtime.block_on(async {
        let answer = client.predict_sequence(tokio_stream::iter([request])).await?;
        answer.into_inner().message().await.map(drop)
    });
    let status = status.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status}");
    assert!(status.message().contains("1048576"), "{status}");
    // A letter that no sequence has is named with its place, and nothing else of the sequence.
    let mut sequence = "A".repeat(WINDOW_BP as usize);
    sequence.replace_range(99..100, "x");
    let request = proto::PredictSequenceRequest {
        sequence,
        organism: 9606,
        requested_outputs: vec![1],
        ..Default::default()
    };
    let status = setting.runtime.block_on(async {
        let answer = client.predict_sequence(tokio_stream::iter([request])).await?;
        answer.into_inner().message().await.map(drop)
    });
    let status = status.unwrap_err();
    assert!(status.message().contains("the letter `x` at its base 100"), "{status}");
    let line = setting.server.logged("INVALID_ARGUMENT");
    assert!(line.starts_with("PredictSequence length=16384 outputs=1 "), "{line}");
}

#[test]
fn a_slow_reader_holds_up_nobody_and_is_given_up() {
    let setting = Setting::new(|options| {
        options.concurrent = ONE;
        options.patience = Duration::from_millis(1_500);
    });
    let mut slow = setting.raw();
    let messages = setting.runtime.block_on(async {
        let answer = slow
            .predict_interval(tokio_stream::once(predict(&OutputType::ALL)))
            .await;
        answer.unwrap().into_inner()
    });
    // The one place to compute is taken by the slow reader, until its channel is full.
    setting.gate.wait_for_questions(1);
    let started = Instant::now();
    assert_eq!(setting.score(request(12_000)).unwrap().len(), 1);
    assert!(started.elapsed() < Duration::from_secs(15));
    // Nothing was read, so the end of the call is not read, either; what the server did is in the log when it is dropped.
    std::thread::sleep(Duration::from_millis(2_500));
    let mut messages = messages;
    let ended = setting.runtime.block_on(async {
        loop {
            match messages.message().await {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(status) => return Some(status),
            }
        }
    });
    let status = ended.expect("the call is given up");
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
}
