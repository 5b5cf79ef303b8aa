//! A server of a score folder by the Atlas's methods: the official Atlas client, unmodified, against it (skipped with a note
//! where it is not installed), and what every service of a server shares.

use crate::atlas::{SCORERS, VARIANTS, write_scores};
use crate::official::python;
use crate::python_client::{report, script};
use crate::synthetic::Running;
use refalt::export::{ExportOptions, Format, export};
use refalt::score_folder::ScoreFolder;
use refalt_rpc::atlas::AtlasFolder;
use refalt_rpc::proto::atlas::v1main::atlas_service_server::SERVICE_NAME;
use refalt_rpc::server::ServerOptions;
use refalt_rpc::{Address, ApiError, ApiKey, Client, ClientOptions};
use std::path::Path;
use std::process::Command;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const KEY: &str = "a-key-of-the-test";

fn key(text: &str) -> ApiKey {
    ApiKey::parse(text, "the test").unwrap()
}

/// Serves a folder of made-up scores to whoever has the key.
fn serve(scores: &Path, change: impl FnOnce(&mut ServerOptions)) -> Running {
    write_scores(scores);
    let folder = AtlasFolder::open(scores).unwrap();
    Running::serve(
        |server| server.with_atlas(folder),
        |options| {
            options.key = Some(key(KEY));
            change(options);
        },
    )
}

fn client(server: &Running, text: &str) -> Client {
    let address = Address::parse(&server.uri()).unwrap();
    Client::new(ClientOptions::new(address, Some(key(text)))).unwrap()
}

#[test]
fn the_official_atlas_client_reads_the_scores_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let scores = folder.path().join("scores");
    let server = serve(&scores, |_| {});
    let tsv = folder.path().join("scores.tsv");
    let stored = ScoreFolder::open(&scores).unwrap();
    export(&stored, Format::Tsv, &tsv, &ExportOptions::default()).unwrap();
    let mut command = Command::new(python());
    command.arg(script("atlas_client.py")).arg(server.address.to_string());
    let Some(report) = report(command.arg("--table").arg(&tsv).args(["--key", KEY])) else {
        return;
    };
    assert_eq!(report["rows"].as_u64(), Some(stored.score_rows()));
    assert_eq!(report["variants"].as_u64(), Some(u64::from(VARIANTS)));
    assert_eq!(report["scorers"], serde_json::json!(SCORERS));
    // The second of three tracks, for each scorer.
    assert_eq!(report["of_term"].as_u64(), Some(SCORERS.len() as u64));
    server.logged("ListVariantScoresMetadata UNAUTHENTICATED");
    let listed = server.logged("ListDenseVariantScores chr21:0-10 NOT_FOUND");
    assert!(!listed.contains(KEY), "{listed}");
}

#[test]
fn key_log_metrics_health_and_stop_are_those_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&folder.path().join("scores"), |options| {
        options.metrics = Some("127.0.0.1:0".parse().unwrap());
    });
    let named = client(&server, KEY).atlas_scorers().unwrap();
    assert_eq!(
        named.iter().map(|scorer| scorer.name.as_str()).collect::<Vec<_>>(),
        SCORERS
    );
    let error = client(&server, "another-key").atlas_scorers().unwrap_err();
    assert!(matches!(error, ApiError::Credentials { .. }), "{error}");
    server.logged("ListVariantScoresMetadata UNAUTHENTICATED");
    let line = server.logged("ListVariantScoresMetadata OK");
    assert!(!line.contains(" 0 bytes"), "{line}");
    let metrics = crate::serving::metrics(&server);
    assert!(
        metrics.contains("refalt_calls_total{method=\"ListVariantScoresMetadata\",code=\"OK\"} 1"),
        "{metrics}"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let channel = runtime
        .block_on(Endpoint::from_shared(server.uri()).unwrap().connect())
        .unwrap();
    let asked = HealthCheckRequest {
        service: SERVICE_NAME.to_owned(),
    };
    let answer = runtime.block_on(HealthClient::new(channel).check(asked)).unwrap();
    assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
    let summary = server.stop();
    assert_eq!((summary.calls["OK"], summary.calls["UNAUTHENTICATED"]), (1, 1));
}
