//! From taking the ports to the last answer.

use super::metrics::MEDIA_TYPE;
use super::{Calls, ServeError, Server, ServerOptions};
use crate::proto::FILE_DESCRIPTOR_SET;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tonic::service::RoutesBuilder;
use tonic::transport::ServerTlsConfig;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// Streams of one connection at once.
const STREAMS_PER_CONNECTION: u32 = 256;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(20);
/// How long connections without calls may take to close.
const LINGER: Duration = Duration::from_millis(500);
/// How often the end of the last call is looked for.
const LOOK_UP: Duration = Duration::from_millis(10);

/// A server that has its ports.
pub struct Bound {
    runtime: Runtime,
    options: ServerOptions,
    calls: Arc<Calls>,
    routes: RoutesBuilder,
    health: HealthReporter,
    names: Vec<&'static str>,
    listener: TcpListener,
    metrics: Option<TcpListener>,
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    stopper: Stopper,
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Stops a server from another thread.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<Notify>);

impl Stopper {
    /// Asks the server to stop: no new calls, those under way may end. Asked again, it ends at once.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

/// What a server did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Calls that ended, by the name of their code.
    pub calls: BTreeMap<&'static str, u64>,
    /// Calls that were cut off because they did not end in time.
    pub cut_off: u64,
    /// How long it ran.
    pub duration: Duration,
}

impl Bound {
    pub(super) fn new(server: Server) -> Result<Self, ServeError> {
        let Server {
            options,
            calls,
            mut routes,
            names,
            ..
        } = server;
        if names.is_empty() {
            return Err(ServeError::NoService);
        }
        if options.tls.is_none() && !options.listen.ip().is_loopback() {
            return Err(ServeError::Plaintext { listen: options.listen });
        }
        let setup = |reason: String| ServeError::Setup { reason };
        let threads = options.concurrent.get();
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.clamp(2, 4))
            .max_blocking_threads(threads + options.queue + 8)
            .thread_name("refalt-serve")
            .enable_all()
            .build()
            .map_err(|error| setup(error.to_string()))?;
        let listen = |listen: SocketAddr| -> Result<(TcpListener, SocketAddr), ServeError> {
            let wrong = |cause| ServeError::Listen { listen, cause };
            let listener = runtime.block_on(TcpListener::bind(listen)).map_err(wrong)?;
            let address = listener.local_addr().map_err(wrong)?;
            Ok((listener, address))
        };
        let (listener, address) = listen(options.listen)?;
        let (metrics, metrics_address) = match options.metrics {
            None => (None, None),
            Some(place) => {
                let (listener, address) = listen(place)?;
                (Some(listener), Some(address))
            }
        };
        let (health, service) = tonic_health::server::health_reporter();
        routes.add_service(service);
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let wrong = |error: tonic_reflection::server::Error| setup(error.to_string());
        routes.add_service(reflection().build_v1().map_err(wrong)?);
        // Older tools ask for the version before.
        routes.add_service(reflection().build_v1alpha().map_err(wrong)?);
        Ok(Self {
            runtime,
            options,
            calls,
            routes,
            health,
            names,
            listener,
            metrics,
            address,
            metrics_address,
            stopper: Stopper(Arc::new(Notify::new())),
        })
    }

    /// Returns where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns where the metrics are.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Returns what stops the server.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Serves until [`Stopper::stop`] is called, or the process is asked to end (SIGINT, SIGTERM).
    ///
    /// # Errors
    /// [`ServeError`] when the certificate cannot be used, signals cannot be caught, or the server ends by itself.
    pub fn run_until_signalled(self) -> Result<Summary, ServeError> {
        let stopper = self.stopper();
        let setup = |error: std::io::Error| ServeError::Setup {
            reason: error.to_string(),
        };
        let _entered = self.runtime.enter();
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
                let mut signals = signal(kind).map_err(setup)?;
                let stopper = stopper.clone();
                self.runtime.spawn(async move {
                    while signals.recv().await.is_some() {
                        stopper.stop();
                    }
                });
            }
        }
        #[cfg(not(unix))]
        {
            let _ = setup;
            self.runtime.spawn(async move {
                while tokio::signal::ctrl_c().await.is_ok() {
                    stopper.stop();
                }
            });
        }
        drop(_entered);
        self.run()
    }

    /// Serves until [`Stopper::stop`] is called: then the health becomes NOT_SERVING, new calls are refused, and those under
    /// way may end.
    ///
    /// # Errors
    /// [`ServeError`] when the certificate cannot be used, or the server ends by itself.
    pub fn run(self) -> Result<Summary, ServeError> {
        let Self {
            runtime,
            options,
            calls,
            routes,
            health,
            names,
            listener,
            metrics,
            stopper,
            ..
        } = self;
        let started = Instant::now();
        let mut builder = tonic::transport::Server::builder()
            .http2_keepalive_interval(Some(Duration::from_secs(30)))
            .http2_keepalive_timeout(Some(Duration::from_secs(20)))
            .max_concurrent_streams(STREAMS_PER_CONNECTION)
            .tcp_nodelay(true);
        if let Some(identity) = &options.tls {
            let config = ServerTlsConfig::new().identity(identity.tonic()).timeout(HANDSHAKE);
            builder = builder.tls_config(config).map_err(|error| ServeError::Certificate {
                reason: crate::client::with_causes(&error),
            })?;
        }
        let ended = runtime.block_on(async {
            for name in &names {
                health.set_service_status(*name, ServingStatus::Serving).await;
            }
            if let Some(listener) = metrics {
                tokio::spawn(serve_metrics(listener, Arc::clone(&calls)));
            }
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            let router = builder.add_routes(routes.routes());
            let mut serving = tokio::spawn(router.serve_with_incoming_shutdown(incoming, async {
                let _ = stopped.await;
            }));
            tokio::select! {
                ended = &mut serving => {
                    let reason = match ended {
                        Ok(Ok(())) => "it stopped listening".to_owned(),
                        Ok(Err(error)) => crate::client::with_causes(&error),
                        Err(error) => error.to_string(),
                    };
                    return Err(ServeError::Ended { reason });
                }
                () = stopper.0.notified() => {}
            }
            calls.stop();
            for name in names.iter().copied().chain([""]) {
                health.set_service_status(name, ServingStatus::NotServing).await;
            }
            let _ = stop.send(());
            let drained = async {
                while calls.under_way() > 0 {
                    tokio::time::sleep(LOOK_UP).await;
                }
            };
            tokio::select! {
                _ = tokio::time::timeout(options.drain, drained) => {}
                () = stopper.0.notified() => {}
            }
            let cut_off = calls.under_way();
            if cut_off == 0 {
                // Streams that never end, such as watched health, keep a connection open.
                let _ = tokio::time::timeout(LINGER, serving).await;
            } else {
                calls.cut_off();
                tokio::time::sleep(LOOK_UP).await;
            }
            Ok(cut_off)
        });
        // Dropped connections close the channels of answers, which ends the work behind them.
        runtime.shutdown_timeout(LINGER);
        Ok(Summary {
            cut_off: ended?,
            calls: calls.ended(),
            duration: started.elapsed(),
        })
    }
}

async fn serve_metrics(listener: TcpListener, calls: Arc<Calls>) {
    use axum::http::{StatusCode, header::CONTENT_TYPE};
    let answer = move || {
        let text = calls.metrics.text();
        async move {
            match text {
                Ok(text) => (StatusCode::OK, [(CONTENT_TYPE, MEDIA_TYPE)], text),
                Err(error) => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    [(CONTENT_TYPE, "text/plain")],
                    error.to_string(),
                ),
            }
        }
    };
    let router = axum::Router::new().route("/metrics", axum::routing::get(answer));
    // It ends with the runtime.
    let _ = axum::serve(listener, router).await;
}
