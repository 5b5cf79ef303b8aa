//! A server of the protocol: any model that runs in process, for clients that were written for the hosted one.
//!
//! [`Server`] is a builder: [`with_model`](Server::with_model) adds the model's service, [`with_atlas`](Server::with_atlas) that
//! of scores that are computed already, [`with_service`](Server::with_service) any other service of the same port, which shares [`calls`](Server::calls) (log, metrics, stopping) and
//! [`key_check`](Server::key_check). [`bind`](Server::bind) takes the ports, [`Bound::run`] serves until it is told to stop.
//! Health and reflection come with every server.
//!
//! A request waits for one of as many places as may compute at once, in a queue of bounded length; what does not fit is
//! refused with how long to wait. Work is done on threads that may block; answers go through channels of bounded length.

mod atlas;
mod calls;
mod key_check;
mod lifecycle;
mod metrics;
mod model;
mod outlet;
mod place;
mod predict;
mod queue;
pub(crate) mod refusal;
mod score;
mod service;
mod states;
mod tls;

pub use crate::status_code::code_name;
pub use calls::{CallLog, CallRecord, Calls, OpenCall};
pub use key_check::{KEY_HEADER, KeyCheck};
pub use lifecycle::{Bound, Stopper, Summary};
pub use model::ServedModel;
pub use outlet::CHUNK_BYTES;
pub use place::SEQUENCE_CONTIG;
pub use refusal::Refusal;
pub use score::MOST_ISM_BASES;
pub use states::served_digest;
pub use tls::{CERTIFICATE_FILE, KEY_FILE, SelfSigned, TlsError, TlsIdentity, self_signed};

pub use crate::track_message::{gene_message, junction_track_message, track_message, track_set_message};

use crate::atlas::AtlasFolder;
use crate::key::ApiKey;
use crate::proto::atlas::v1main::atlas_service_server::AtlasServiceServer;
use crate::proto::dna_model_service_server::DnaModelServiceServer;
use atlas::GuardedAtlas;
use model::TrackMessages;
use queue::Queue;
use refalt::Diagnostic;
use service::{ModelService, Shared};
use states::States;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::server::NamedService;
use tonic::service::{Routes, RoutesBuilder};

/// How a server listens, and how much it takes.
#[derive(Clone)]
pub struct ServerOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Its certificate; without one connections are plain, and only this machine may make them.
    pub tls: Option<TlsIdentity>,
    /// Where its metrics are, over HTTP; nowhere when not given.
    pub metrics: Option<SocketAddr>,
    /// The key that calls need; any will do when not given.
    pub key: Option<ApiKey>,
    /// The largest request in bytes.
    pub most_message_bytes: usize,
    /// Requests that are computed at once.
    pub concurrent: NonZeroUsize,
    /// Requests that may wait, or send, beside them.
    pub queue: usize,
    /// How long a client may read nothing before its call ends.
    pub patience: Duration,
    /// How long calls under way may go on when the server stops.
    pub drain: Duration,
    /// Who is told of calls that ended.
    pub log: Option<CallLog>,
}

impl ServerOptions {
    /// Returns the options for an address: requests of up to 8 MiB, as many at once as there are cores, 64 in the queue,
    /// 60 s for a client that does not read, 30 s to stop.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            tls: None,
            metrics: None,
            key: None,
            most_message_bytes: 8 << 20,
            concurrent: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue: 64,
            patience: Duration::from_secs(60),
            drain: Duration::from_secs(30),
            log: None,
        }
    }
}

/// A server cannot be started, or ended by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Plain connections from other machines.
    #[error(
        "`{listen}` would take plain connections from other machines, which shows keys and sequences to the network"
    )]
    Plaintext {
        /// The address.
        listen: SocketAddr,
    },
    /// An address cannot be listened at.
    #[error("cannot listen at `{listen}`: {cause}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// The cause.
        cause: std::io::Error,
    },
    /// The certificate and its key cannot be used.
    #[error("the certificate or its key cannot be used: {reason}")]
    Certificate {
        /// The cause in words.
        reason: String,
    },
    /// There is nothing to serve.
    #[error("a server without a service serves nothing")]
    NoService,
    /// Threads or signals cannot be set up.
    #[error("the server cannot be set up: {reason}")]
    Setup {
        /// The cause in words.
        reason: String,
    },
    /// The server ended though nobody stopped it.
    #[error("the server ended by itself: {reason}")]
    Ended {
        /// The cause in words.
        reason: String,
    },
}

impl Diagnostic for ServeError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Plaintext { .. } => Some(
                "listen at 127.0.0.1 or [::1], or give a certificate: --tls-self-signed DIR, or --tls-cert and --tls-key"
                    .to_owned(),
            ),
            Self::Listen { .. } => Some("choose another port; port 0 takes a free one".to_owned()),
            Self::Certificate { .. } => Some("the key must be that of the first certificate of the file".to_owned()),
            Self::NoService | Self::Setup { .. } | Self::Ended { .. } => None,
        }
    }

    fn is_usage(&self) -> bool {
        matches!(self, Self::Plaintext { .. })
    }
}

/// A server to be.
pub struct Server {
    options: ServerOptions,
    calls: Arc<Calls>,
    key: KeyCheck,
    /// Places of all services.
    queue: Arc<Queue>,
    routes: RoutesBuilder,
    names: Vec<&'static str>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("listen", &self.options.listen)
            .field("services", &self.names)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Begins a server without services.
    pub fn new(options: ServerOptions) -> Self {
        let concurrent = options.concurrent.get();
        Self {
            queue: Queue::new(concurrent, options.queue),
            calls: Calls::new(options.log.clone()),
            key: KeyCheck::new(options.key.as_ref()),
            options,
            routes: Routes::builder(),
            names: Vec::new(),
        }
    }

    /// Returns the calls of the server, for services that [begin](Calls::begin) theirs there: they are logged, measured,
    /// waited for when the server stops, and refused from then on.
    pub fn calls(&self) -> Arc<Calls> {
        Arc::clone(&self.calls)
    }

    /// Returns the guard of the server's key, for services that do not look at keys themselves.
    pub fn key_check(&self) -> KeyCheck {
        self.key.clone()
    }

    /// Adds the service of a model, once: all seven methods of `DnaModelService`.
    #[must_use]
    pub fn with_model(self, model: ServedModel) -> Self {
        let shared = Shared {
            messages: TrackMessages::of(model.card()),
            states: States::of(model.states.as_deref()),
            model,
            calls: self.calls(),
            key: self.key_check(),
            queue: Arc::clone(&self.queue),
            patience: self.options.patience,
        };
        let service = DnaModelServiceServer::new(ModelService(Arc::new(shared)));
        let service = service.max_decoding_message_size(self.options.most_message_bytes);
        self.with_service(service.max_encoding_message_size(usize::MAX))
    }

    /// Adds the Atlas's service over a finished score folder, once: all three methods of `AtlasService`.
    ///
    /// Lookups take the places to compute, and in the queue, that requests to a model take.
    #[must_use]
    pub fn with_atlas(self, folder: AtlasFolder) -> Self {
        let service = AtlasServiceServer::new(GuardedAtlas {
            states: States::of(Some(folder.digest())),
            inner: folder.into(),
            calls: self.calls(),
            key: self.key_check(),
            queue: Arc::clone(&self.queue),
        });
        let service = service.max_decoding_message_size(self.options.most_message_bytes);
        self.with_service(service.max_encoding_message_size(usize::MAX))
    }

    /// Adds any other service.
    ///
    /// The service looks at keys itself or is wrapped in an interceptor with [`key_check`](Self::key_check), and begins its
    /// calls with [`calls`](Self::calls). Its health is reported under its name; reflection knows the services of
    /// [`crate::proto`].
    ///
    /// # Panics
    /// When a service of the same name was added before.
    #[must_use]
    pub fn with_service<S>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes.add_service(service);
        self
    }

    /// Takes the ports; connections are accepted, and answered when the server [runs](Bound::run).
    ///
    /// # Errors
    /// [`ServeError`] when an address cannot be listened at, or a plain connection from elsewhere could be made.
    pub fn bind(self) -> Result<Bound, ServeError> {
        Bound::new(self)
    }
}
