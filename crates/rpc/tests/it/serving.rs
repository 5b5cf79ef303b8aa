//! The server as an operator knows it: queue, metrics, cancelling; what is refused, who may connect, how it stops.

mod connections;
mod refusals;
mod stopping;

use crate::synthetic::{Files, Gate, Running, WINDOW_BP, genome};
use refalt_core::OutputType;
use refalt_core::scorer::parse;
use refalt_rpc::genome::output_message;
use refalt_rpc::policy::StatusDetails;
use refalt_rpc::proto::{self, dna_model_service_client::DnaModelServiceClient};
use refalt_rpc::scorer_message::scorer_message;
use refalt_rpc::server::ServerOptions;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tonic::codegen::tokio_stream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

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

pub(crate) fn metrics(server: &Running) -> String {
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
fn a_cancelled_call_ends_within_a_long_question() {
    // The gate stays closed: only giving up ends the work, and frees the place of the one call.
    for asks_for_scores in [true, false] {
        let setting = Setting::new(|options| options.concurrent = NonZeroUsize::MIN);
        setting.gate.set_closed(true);
        setting.gate.set_heeding();
        let mut client = setting.raw();
        let call = setting.runtime.spawn(async move {
            if asks_for_scores {
                let answer = client.score_variant(tokio_stream::iter([request(12_000)])).await;
                drop(answer.unwrap().into_inner().message().await);
            } else {
                let asked = predict(&[OutputType::Dnase]);
                let answer = client.predict_interval(tokio_stream::iter([asked])).await;
                drop(answer.unwrap().into_inner().message().await);
            }
        });
        setting.gate.wait_for_questions(1);
        call.abort();
        let method = if asks_for_scores {
            "ScoreVariant"
        } else {
            "PredictInterval"
        };
        let line = setting.server.logged(method);
        assert!(line.contains("CANCELLED"), "{line}");
    }
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
