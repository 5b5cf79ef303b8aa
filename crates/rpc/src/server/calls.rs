//! Calls under way: counted, measured, and told when they end.
//!
//! A record has what an operator needs and nothing that a client would mind: places, never bases, never a key.

use super::metrics::Metrics;
use super::refusal::Refusal;
use crate::status_code::code_name;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tonic::Code;

/// A call that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// The method, `ScoreVariant`.
    pub method: &'static str,
    /// What it was about: places and numbers, `chr5:1286921-1303305 chr5:1295113 scorers=19`.
    pub about: String,
    /// Requests of its stream that were read.
    pub requests: u64,
    /// How it ended.
    pub code: Code,
    /// From its first to its last byte.
    pub duration: Duration,
    /// Bytes of the messages that were sent, before framing.
    pub bytes: u64,
}

impl fmt::Display for CallRecord {
    /// Writes a line: `ScoreVariant chr5:1286921-1303305 chr5:1295113 scorers=19 OK 12.3 ms 45678 bytes`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method)?;
        if !self.about.is_empty() {
            write!(f, " {}", self.about)?;
        }
        if self.requests > 1 {
            write!(f, " requests={}", self.requests)?;
        }
        let milliseconds = self.duration.as_secs_f64() * 1e3;
        write!(f, " {} {milliseconds:.1} ms {} bytes", code_name(self.code), self.bytes)
    }
}

/// Who is told of calls that ended.
pub type CallLog = Arc<dyn Fn(&CallRecord) + Send + Sync>;

/// The calls of a server, of all its services.
pub struct Calls {
    pub(super) metrics: Metrics,
    log: Option<CallLog>,
    under_way: AtomicU64,
    stopping: AtomicBool,
    cut: watch::Sender<bool>,
    ended: Mutex<BTreeMap<&'static str, u64>>,
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls")
            .field("under_way", &self.under_way())
            .finish_non_exhaustive()
    }
}

impl Calls {
    pub(super) fn new(log: Option<CallLog>) -> Arc<Self> {
        Arc::new(Self {
            metrics: Metrics::new(),
            log,
            under_way: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            cut: watch::Sender::new(false),
            ended: Mutex::new(BTreeMap::new()),
        })
    }

    /// Begins a call, which ends when what is returned is dropped.
    ///
    /// * `method`: the name of the method, without its service.
    ///
    /// # Errors
    /// [`Refusal::Stopping`] when the server is about to end; the call is recorded as refused.
    pub fn begin(self: &Arc<Self>, method: &'static str) -> Result<OpenCall, Refusal> {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        self.metrics.begun();
        let call = OpenCall {
            calls: Arc::clone(self),
            method,
            started: Instant::now(),
            state: Mutex::new(State {
                about: String::new(),
                requests: 0,
                code: Code::Cancelled,
                bytes: 0,
            }),
        };
        if self.stopping.load(Ordering::SeqCst) {
            call.ends(Refusal::Stopping.code());
            return Err(Refusal::Stopping);
        }
        Ok(call)
    }

    /// Returns the number of calls that have not ended.
    pub fn under_way(&self) -> u64 {
        self.under_way.load(Ordering::SeqCst)
    }

    /// Refuses all further calls.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// Ends the work of calls that wait for their clients.
    pub(super) fn cut_off(&self) {
        self.cut.send_replace(true);
    }

    /// Returns what becomes true when calls are cut off.
    pub(super) fn cut(&self) -> watch::Receiver<bool> {
        self.cut.subscribe()
    }

    /// Returns how many calls ended with each code, by its name.
    pub(super) fn ended(&self) -> BTreeMap<&'static str, u64> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Clone, Debug)]
struct State {
    about: String,
    requests: u64,
    code: Code,
    bytes: u64,
}

/// A call under way. Dropped before it [ends](Self::ends), it counts as cancelled.
pub struct OpenCall {
    calls: Arc<Calls>,
    method: &'static str,
    started: Instant,
    state: Mutex<State>,
}

impl OpenCall {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what a request of the call is about; of several the first is told. Places and numbers only.
    pub fn about(&self, about: String) {
        let mut state = self.state();
        state.requests += 1;
        if state.requests == 1 {
            state.about = about;
        }
    }

    /// Counts a message that was sent, of so many bytes.
    pub fn sent(&self, bytes: usize) {
        self.state().bytes += bytes as u64;
        self.calls.metrics.sent(bytes as u64);
    }

    /// Says how the call ends.
    pub fn ends(&self, code: Code) {
        self.state().code = code;
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let state = self.state().clone();
        let record = CallRecord {
            method: self.method,
            about: state.about,
            requests: state.requests,
            code: state.code,
            duration: self.started.elapsed(),
            bytes: state.bytes,
        };
        self.calls.metrics.ended(&record);
        let mut ended = self.calls.ended.lock().unwrap_or_else(PoisonError::into_inner);
        *ended.entry(code_name(record.code)).or_insert(0) += 1;
        drop(ended);
        if let Some(log) = &self.calls.log {
            log(&record);
        }
        self.calls.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_told_once_with_its_end() {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let log: CallLog = {
            let lines = Arc::clone(&lines);
            Arc::new(move |record| lines.lock().unwrap().push(record.to_string()))
        };
        let calls = Calls::new(Some(log));
        let call = calls.begin("ScoreVariant").unwrap();
        call.about("chr1:0-128 scorers=2".to_owned());
        call.about("chr1:5-133 scorers=2".to_owned());
        call.sent(10);
        call.ends(Code::Ok);
        assert_eq!(calls.under_way(), 1);
        drop(call);
        drop(calls.begin("GetMetadata").unwrap());
        calls.stop();
        assert!(calls.begin("GetMetadata").is_err());
        assert_eq!(calls.under_way(), 0);
        let lines = lines.lock().unwrap();
        assert!(
            lines[0].starts_with("ScoreVariant chr1:0-128 scorers=2 requests=2 OK "),
            "{}",
            lines[0]
        );
        assert!(lines[0].ends_with(" ms 10 bytes"), "{}", lines[0]);
        assert!(lines[1].contains("GetMetadata CANCELLED"), "{}", lines[1]);
        assert!(lines[2].contains("UNAVAILABLE"), "{}", lines[2]);
    }
}
