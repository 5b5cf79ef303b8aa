//! One call with all its attempts.

use super::connection::{ClientOptions, channel, with_causes};
use super::gate::{Gate, LOOK_UP};
use super::waiting::{WaitState, Waiting};
use crate::answer::AnswerReader;
use crate::error::ApiError;
use crate::policy::{Fault, Next, Outcome, Retry, Unreached, Verdict};
use crate::track_metadata::TrackCache;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::tokio_stream;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

/// A method of the service, as the path of HTTP/2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method(pub(crate) &'static str);

impl Method {
    /// Returns the service of the method.
    fn service(self) -> &'static str {
        self.0.rsplit_once('/').map_or("", |(service, _)| service)
    }
}

/// The header with which a service states, as a digest, its model, genome and genes: what decides its answers. Services that
/// are no `refalt serve` state nothing.
pub(crate) const SERVES_HEADER: &str = "x-refalt-serves";

/// A request of any kind that succeeded, to be asked again when it is not known whose fault a fault is.
pub(crate) type Probe = Arc<dyn Fn(Arc<Caller>) -> ProbeFuture + Send + Sync>;
type ProbeFuture = std::pin::Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

/// What calls share.
pub(crate) struct Caller {
    channel: Channel,
    pub(crate) options: ClientOptions,
    gate: Gate,
    pub(super) tracks: Arc<TrackCache>,
    calls: AtomicU64,
    attempts: AtomicU64,
    known_good: Mutex<Option<Probe>>,
    stopped: Mutex<Option<ApiError>>,
    /// What each service stated with its first answer.
    stated: Mutex<Vec<(&'static str, Option<String>)>>,
    /// When anything was heard from the service.
    heard: Mutex<Option<Instant>>,
    /// When somebody was told of a call that waits.
    told: Mutex<Option<Instant>>,
}

/// How often somebody is told of calls that wait, at most.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// A call for messages: what it asks for, and how far it is.
#[derive(Clone, Copy)]
struct Course<'a> {
    what: &'a str,
    attempt: u32,
    attempts: u32,
}

impl Caller {
    pub(super) fn new(options: ClientOptions) -> Result<Self, ApiError> {
        Ok(Self {
            channel: channel(&options)?,
            gate: Gate::new(options.window),
            options,
            tracks: Arc::default(),
            calls: AtomicU64::new(0),
            attempts: AtomicU64::new(0),
            known_good: Mutex::new(None),
            stopped: Mutex::new(None),
            stated: Mutex::default(),
            heard: Mutex::default(),
            told: Mutex::default(),
        })
    }

    fn hears(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn heard(&self) -> Option<Instant> {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whoever wants to know, but not too often.
    fn tell(&self, course: Course<'_>, state: WaitState) {
        let Some(told) = &self.options.told else { return };
        let now = Instant::now();
        {
            let mut last = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_some_and(|last| now.duration_since(last) < TOLD_EVERY) {
                return;
            }
            *last = Some(now);
        }
        (told.0)(&Waiting {
            address: self.options.address.to_string(),
            what: course.what.to_owned(),
            attempt: course.attempt,
            attempts: course.attempts,
            state,
        });
    }

    /// Waits for an attempt, and tells when nothing is heard from the service meanwhile.
    async fn patiently<T>(&self, course: Course<'_>, attempt: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let mut attempt = std::pin::pin!(attempt);
        let mut look = start + self.options.timeouts.quiet;
        loop {
            if let Ok(answer) = tokio::time::timeout_at(look, &mut attempt).await {
                return answer;
            }
            let since = self.heard().map_or(start, |heard| heard.max(start));
            let heard_nothing = since.elapsed();
            if heard_nothing >= self.options.timeouts.quiet {
                let limit = self.options.timeouts.silence;
                self.tell(course, WaitState::Quiet { heard_nothing, limit });
                look = Instant::now() + TOLD_EVERY;
            } else {
                look = since + self.options.timeouts.quiet;
            }
        }
    }

    /// Returns what the service of a method states of itself, as far as it has answered.
    pub(crate) fn states(&self, method: Method) -> Option<String> {
        let stated = self.stated.lock().unwrap_or_else(PoisonError::into_inner);
        let known = stated.iter().find(|(service, _)| *service == method.service());
        known.and_then(|(_, states)| states.clone())
    }

    /// Compares what a service states with an answer with what it stated before.
    fn check_states(&self, method: Method, headers: &MetadataMap) -> Result<(), Fault> {
        let states = headers
            .get(SERVES_HEADER)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let mut stated = self.stated.lock().unwrap_or_else(PoisonError::into_inner);
        match stated.iter().find(|(service, _)| *service == method.service()) {
            Some((_, known)) if *known != states => Err(Fault::Changed),
            Some(_) => Ok(()),
            None => {
                stated.push((method.service(), states));
                Ok(())
            }
        }
    }

    /// Returns the number of attempts so far, of all calls together.
    pub(super) fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Returns why no further call is made.
    pub(super) fn stopped(&self) -> Option<ApiError> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn stop(&self, error: &ApiError) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.get_or_insert_with(|| error.clone());
    }

    fn known_good(&self) -> Option<Probe> {
        self.known_good.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers a request that succeeded; the first one stays.
    pub(crate) fn remember(&self, probe: impl FnOnce() -> Probe) {
        let mut known = self.known_good.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_with(probe);
    }

    /// Calls a method until there is an answer or no hope of one.
    ///
    /// * `what`: what is asked for, for messages.
    /// * `open`: opens the reader of an answer.
    pub(crate) async fn call<Q, R>(
        self: &Arc<Self>,
        method: Method,
        request: &Q,
        what: &str,
        open: impl Fn() -> R,
    ) -> Result<R::Answer, ApiError>
    where
        Q: prost::Message + Clone + 'static,
        R: AnswerReader,
    {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut retry = Retry::new(self.options.retry, self.options.seed, number);
        let start = Instant::now();
        loop {
            let course = Course {
                what,
                attempt: retry.failed() + 1,
                attempts: retry.attempts(),
            };
            let fault = match self.one(method, request, open(), course).await? {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            if self.heard().is_none()
                && let Fault::Unavailable { cause, .. } = &fault
                && let Some(attempts) = cause.attempts_unheard(&self.options.retry)
            {
                retry.limit(attempts);
            }
            match retry.after(&fault) {
                Next::Wait(wait) => {
                    let course = Course {
                        attempts: retry.attempts_after(&fault),
                        ..course
                    };
                    let (cause, left) = (fault.words(), retry.waits_left(&fault, wait));
                    self.tell(course, WaitState::Again { cause, wait, left });
                    self.wait(wait).await;
                }
                Next::GiveUp => return Err(self.judge(&fault, retry.failed(), start.elapsed(), what).await),
            }
        }
    }

    /// Waits, but not on when calls are stopped.
    async fn wait(&self, wait: Duration) {
        let end = Instant::now() + wait;
        while self.stopped().is_none() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LOOK_UP)).await;
        }
    }

    /// Makes one attempt when the window admits it.
    async fn one<Q, R>(
        &self,
        method: Method,
        request: &Q,
        reader: R,
        course: Course<'_>,
    ) -> Result<Result<R::Answer, Fault>, ApiError>
    where
        Q: prost::Message + Clone + 'static,
        R: AnswerReader,
    {
        let ticket = self.gate.admit(|| self.stopped().is_some()).await;
        let ticket = match (ticket, self.stopped()) {
            (Some(ticket), None) => ticket,
            (ticket, error) => {
                if let Some(ticket) = ticket {
                    self.gate.end(ticket, Outcome::Other);
                }
                return Err(error.unwrap_or_else(|| ApiError::Setup {
                    reason: "calls are stopped".to_owned(),
                }));
            }
        };
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let answer = self.patiently(course, self.attempt(method, request, reader)).await;
        let outcome = match &answer {
            Ok(_) => Outcome::Success,
            // Longer than a call waits: that call is given up, and whether the others are is judged then.
            Err(Fault::Throttled { wait, .. }) => Outcome::Throttled {
                wait: wait.filter(|&wait| wait <= self.options.retry.longest_hint),
            },
            Err(_) => Outcome::Other,
        };
        self.gate.end(ticket, outcome);
        Ok(answer)
    }

    /// Makes one attempt, and abandons it when it takes too long.
    pub(crate) async fn attempt<Q, R>(&self, method: Method, request: &Q, reader: R) -> Result<R::Answer, Fault>
    where
        Q: prost::Message + Clone + 'static,
        R: AnswerReader,
    {
        let limit = self.options.timeouts.call;
        // Dropping the stream resets it, so the service can stop, too.
        match tokio::time::timeout(limit, self.stream(method, request, reader)).await {
            Ok(answer) => answer,
            Err(_) => Err(lost(Unreached::Slow { waited: limit }, String::new())),
        }
    }

    async fn stream<Q, R>(&self, method: Method, message: &Q, mut reader: R) -> Result<R::Answer, Fault>
    where
        Q: prost::Message + Clone + 'static,
        R: AnswerReader,
    {
        let fault = |status: Status| self.hidden(&status);
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(usize::MAX)
            .accept_compressed(CompressionEncoding::Gzip);
        let unready = |error: tonic::transport::Error| lost(Unreached::of(&error), with_causes(&error));
        grpc.ready().await.map_err(unready)?;
        let mut request = Request::new(tokio_stream::once(message.clone()));
        request.set_timeout(self.options.timeouts.call);
        if let Some(key) = self.options.key.as_ref().and_then(crate::key::ApiKey::header) {
            request.metadata_mut().insert("x-goog-api-key", key);
        }
        if let Some(fields) = crate::atlas::fetch::field_mask(method.0) {
            let fields = tonic::metadata::MetadataValue::from_static(fields);
            request.metadata_mut().insert("x-goog-fieldmask", fields);
        }
        let codec: ProstCodec<Q, R::Message> = ProstCodec::default();
        let path = PathAndQuery::from_static(method.0);
        let silence = self.options.timeouts.silence;
        let too_silent = |_| lost(Unreached::Silent { waited: silence }, String::new());
        let answer = tokio::time::timeout(silence, grpc.streaming(request, path, codec)).await;
        let answer = answer.map_err(too_silent)?.map_err(fault)?;
        self.hears();
        self.check_states(method, answer.metadata())?;
        let mut messages = answer.into_inner();
        loop {
            let message = tokio::time::timeout(silence, messages.message()).await;
            match message.map_err(too_silent)?.map_err(fault)? {
                Some(message) => {
                    self.hears();
                    reader.take(message).map_err(|error| damaged(&error))?;
                }
                None => return reader.end().map_err(|error| damaged(&error)),
            }
        }
    }

    /// Reads a status, with the key taken out of what it says.
    fn hidden(&self, status: &Status) -> Fault {
        let mut fault = Fault::of_status(status);
        // Of this side of the network: address, network or certificate.
        let own = std::error::Error::source(status);
        if own.is_none() {
            self.hears();
        }
        if let (Some(cause), Fault::Damaged { .. }, None) = (own, &fault, self.heard()) {
            // Nothing ever came that could be damaged.
            fault = lost(Unreached::of(cause), String::new());
        }
        let own = own.filter(|_| matches!(fault, Fault::Unavailable { .. }));
        let reason = match &mut fault {
            Fault::Throttled { reason, .. }
            | Fault::Unavailable { reason, .. }
            | Fault::Damaged { reason }
            | Fault::Refused { reason, .. }
            | Fault::Credentials { reason } => reason,
            Fault::Changed => return fault,
        };
        if let Some(cause) = own {
            *reason = with_causes(cause);
        }
        if let Some(key) = &self.options.key {
            *reason = key.hide_in(reason);
        }
        fault
    }

    /// Says what a call that is given up means, and stops all others when it is the service's fault.
    async fn judge(self: &Arc<Self>, fault: &Fault, attempts: u32, elapsed: Duration, what: &str) -> ApiError {
        let known_good = self.known_good();
        let alone = match Verdict::of(fault, known_good.is_some()) {
            Verdict::Alone => true,
            Verdict::Service => false,
            Verdict::Probe => match known_good {
                Some(probe) if self.stopped().is_none() => {
                    self.attempts.fetch_add(1, Ordering::Relaxed);
                    probe(Arc::clone(self)).await.is_ok()
                }
                _ => false,
            },
        };
        let address = self.options.address.to_string();
        let reason = fault.words();
        let what = what.to_owned();
        let version = self.options.model_version.as_ref();
        let error = match fault {
            // Every call asks for this version, so none succeeds: no row fails for it one by one.
            Fault::Refused { reason, .. }
                if self.known_good().is_none() && version.is_some_and(|version| reason.contains(version.as_str())) =>
            {
                ApiError::ModelVersion {
                    address,
                    version: version.cloned().unwrap_or_default(),
                    reason: reason.clone(),
                }
            }
            Fault::Refused { code, .. } => ApiError::Refused {
                address,
                what,
                code,
                reason,
            },
            Fault::Credentials { .. } => ApiError::Credentials { address, reason },
            Fault::Changed => ApiError::Changed { address },
            Fault::Throttled { wait, .. } if !alone => ApiError::Quota {
                address,
                attempts,
                wait: *wait,
                reason,
            },
            Fault::Unavailable { cause, reason, .. } if !alone => ApiError::ServiceDown {
                address,
                attempts,
                elapsed,
                cause: *cause,
                detail: reason.clone(),
            },
            _ => ApiError::Failed {
                address,
                what,
                attempts,
                reason,
            },
        };
        if error.is_fatal() {
            self.stop(&error);
        }
        error
    }
}

fn lost(cause: Unreached, reason: String) -> Fault {
    Fault::Unavailable {
        wait: None,
        cause,
        reason,
    }
}

fn damaged(error: &crate::wire_error::WireError) -> Fault {
    Fault::Damaged {
        reason: error.to_string(),
    }
}
