//! Connections: address, TLS, key, and how long to wait.

use super::waiting::WaitTold;
use crate::address::Address;
use crate::error::ApiError;
use crate::key::ApiKey;
use crate::policy::{RetryPolicy, WindowPolicy};
use crate::tensor::Limits;
use refalt_core::Organism;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

/// How long a client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For a whole answer; the service is told.
    pub call: Duration,
    /// For the next message of an answer.
    pub silence: Duration,
    /// Before it is told that nothing was heard from the service.
    pub quiet: Duration,
    /// Between pings of HTTP/2 while a call is under way.
    pub ping: Duration,
    /// For the answer to a ping.
    pub pong: Duration,
}

impl Default for Timeouts {
    /// 20 s, 5 minutes, 2 minutes and 10 s, pings every 30 s for 20 s: a megabase with all scorers takes the hosted model many seconds.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            call: Duration::from_secs(300),
            silence: Duration::from_secs(120),
            quiet: Duration::from_secs(10),
            ping: Duration::from_secs(30),
            pong: Duration::from_secs(20),
        }
    }
}

/// How a client reaches a service.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The address.
    pub address: Address,
    /// The key; a service of one's own may need none.
    pub key: Option<ApiKey>,
    /// Certificates to trust besides the public ones, PEM.
    pub tls_roots: Option<PathBuf>,
    /// Organism of all calls.
    pub organism: Organism,
    /// Version of the model, `FOLD_0`; the service's choice when not given.
    pub model_version: Option<String>,
    /// Whether the tracks of both strands become one for scorers by gene, as the Python client asks by default.
    pub merge_stranded_gene_tracks: bool,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How often to try.
    pub retry: RetryPolicy,
    /// How many calls at once.
    pub window: WindowPolicy,
    /// The largest array to take.
    pub limits: Limits,
    /// Seed of the jitter between attempts.
    pub seed: u64,
    /// Who is told of calls that wait.
    pub told: Option<WaitTold>,
}

impl ClientOptions {
    /// Returns the options for an address, everything else as usual.
    pub fn new(address: Address, key: Option<ApiKey>) -> Self {
        Self {
            address,
            key,
            tls_roots: None,
            organism: Organism::Human,
            model_version: None,
            merge_stranded_gene_tracks: false,
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            window: WindowPolicy::default(),
            limits: Limits::default(),
            seed: 0,
            told: None,
        }
    }
}

/// The window of HTTP/2 for the bytes of one answer that are under way: enough for 10 Gbit/s at 10 ms.
const FLOW_WINDOW_BYTES: u32 = 16 << 20;

/// Makes a channel, which connects when it is first used.
pub(super) fn channel(options: &ClientOptions) -> Result<Channel, ApiError> {
    let setup = |error: tonic::transport::Error| ApiError::Setup {
        reason: with_causes(&error),
    };
    let mut endpoint = Endpoint::from_shared(options.address.uri())
        .map_err(setup)?
        .user_agent(concat!("refalt/", env!("CARGO_PKG_VERSION")))
        .map_err(setup)?
        .connect_timeout(options.timeouts.connect)
        .http2_keep_alive_interval(options.timeouts.ping)
        .keep_alive_timeout(options.timeouts.pong)
        .initial_stream_window_size(FLOW_WINDOW_BYTES)
        .initial_connection_window_size(FLOW_WINDOW_BYTES)
        .tcp_nodelay(true);
    if !options.address.is_plaintext() {
        let mut tls = ClientTlsConfig::new().with_webpki_roots();
        if let Some(path) = &options.tls_roots {
            tls = tls.ca_certificate(Certificate::from_pem(roots(path)?));
        }
        endpoint = endpoint.tls_config(tls).map_err(setup)?;
    }
    Ok(endpoint.connect_lazy())
}

/// Reads certificates.
fn roots(path: &Path) -> Result<Vec<u8>, ApiError> {
    let wrong = |reason: String| ApiError::Roots {
        path: path.to_owned(),
        reason,
    };
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let begin = b"-----BEGIN CERTIFICATE-----";
    if !pem.windows(begin.len()).any(|part| part == begin) {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    Ok(pem)
}

/// Writes an error with what caused it.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
