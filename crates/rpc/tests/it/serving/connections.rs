//! Keys, certificates, health and reflection.

use super::{SERVICE, Setting};
use crate::synthetic::Files;
use refalt::Diagnostic as _;
use refalt_rpc::proto;
use refalt_rpc::server::{CERTIFICATE_FILE, ServeError, Server, ServerOptions, self_signed};
use refalt_rpc::{Address, ApiKey, Client, ClientOptions};
use std::time::{Duration, Instant};
use tonic::codegen::tokio_stream;
use tonic::transport::Endpoint;
use tonic::{Code, Request};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};

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
