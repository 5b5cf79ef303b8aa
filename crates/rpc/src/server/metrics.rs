//! What is measured, in the text format of Prometheus (OpenMetrics 1.0).

use super::calls::CallRecord;
use crate::status_code::code_name;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The media type of the text.
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds in seconds.
const SECONDS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0,
];

type Labels = Vec<(&'static str, &'static str)>;

/// The numbers of a server.
pub(super) struct Metrics {
    registry: Registry,
    calls: Family<Labels, Counter>,
    under_way: Gauge,
    queued: Gauge,
    seconds: Family<Labels, Histogram>,
    bytes: Counter,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("refalt");
        let calls = Family::<Labels, Counter>::default();
        registry.register("calls", "Calls that ended, by method and code", calls.clone());
        let under_way = Gauge::default();
        registry.register("calls_under_way", "Calls that have not ended", under_way.clone());
        let queued = Gauge::default();
        registry.register(
            "requests_waiting",
            "Requests that wait for a place to compute",
            queued.clone(),
        );
        let seconds = Family::<Labels, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register("call_seconds", "Duration of calls in seconds", seconds.clone());
        let bytes = Counter::default();
        registry.register("sent_bytes", "Bytes of messages sent, before framing", bytes.clone());
        Self {
            registry,
            calls,
            under_way,
            queued,
            seconds,
            bytes,
        }
    }

    pub(super) fn begun(&self) {
        self.under_way.inc();
    }

    pub(super) fn sent(&self, bytes: u64) {
        self.bytes.inc_by(bytes);
    }

    pub(super) fn ended(&self, record: &CallRecord) {
        self.under_way.dec();
        let method = ("method", record.method);
        let labels = vec![method, ("code", code_name(record.code))];
        self.calls.get_or_create(&labels).inc();
        self.seconds
            .get_or_create(&vec![method])
            .observe(record.duration.as_secs_f64());
    }

    /// Counts a request that waits, until what is returned is dropped.
    pub(super) fn waits(&self) -> Waiting {
        self.queued.inc();
        Waiting(self.queued.clone())
    }

    /// Writes the numbers.
    pub(super) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A request that waits.
pub(super) struct Waiting(Gauge);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.dec();
    }
}
