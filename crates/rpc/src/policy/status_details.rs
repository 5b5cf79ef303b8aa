//! What a service adds to a status: how long to wait, and why.
//!
//! Sources: `google/rpc/status.proto` and `google/rpc/error_details.proto` (RetryInfo, ErrorInfo) in the trailer
//! `grpc-status-details-bin`; the trailers `grpc-retry-pushback-ms` (gRPC proposal A6) and `retry-after` (RFC 9110, 10.2.3,
//! seconds only: a date would need a clock).

use prost::Message;
use std::time::Duration;
use tonic::Status;

/// What was added to a status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusDetails {
    /// How long the service asks to wait; the longest of what it says.
    pub wait: Option<Duration>,
    /// The reason as a constant of the service, `RATE_LIMIT_EXCEEDED`.
    pub reason: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Span>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Span {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
}

impl StatusDetails {
    /// Reads what was added to a status; what cannot be read is left out, because it is advice.
    pub fn of(status: &Status) -> Self {
        let mut found = Self::default();
        if let Ok(message) = RpcStatus::decode(status.details()) {
            for detail in message.details {
                match detail.type_url.rsplit('/').next() {
                    Some("google.rpc.RetryInfo") => {
                        let info = RetryInfo::decode(detail.value.as_slice()).ok();
                        found.longer(info.and_then(|info| info.retry_delay).and_then(Span::duration));
                    }
                    Some("google.rpc.ErrorInfo") => {
                        let info = ErrorInfo::decode(detail.value.as_slice()).ok();
                        found.reason = info.map(|info| info.reason).filter(|reason| !reason.is_empty());
                    }
                    _ => {}
                }
            }
        }
        let number = |name: &str| status.metadata().get(name)?.to_str().ok()?.trim().parse::<u32>().ok();
        found.longer(number("grpc-retry-pushback-ms").map(|ms| Duration::from_millis(ms.into())));
        found.longer(number("retry-after").map(|seconds| Duration::from_secs(seconds.into())));
        found
    }

    fn longer(&mut self, wait: Option<Duration>) {
        self.wait = self.wait.max(wait);
    }
}

/// Writes the details of a status that asks to wait: google.rpc.Status with RetryInfo.
pub(crate) fn retry_info(code: tonic::Code, message: &str, wait: Duration) -> Vec<u8> {
    let retry_delay = Some(Span {
        seconds: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(wait.subsec_nanos()).unwrap_or(0),
    });
    RpcStatus {
        code: code.into(),
        message: message.to_owned(),
        details: vec![Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
            value: RetryInfo { retry_delay }.encode_to_vec(),
        }],
    }
    .encode_to_vec()
}

impl Span {
    fn duration(self) -> Option<Duration> {
        let seconds = u64::try_from(self.seconds).ok()?;
        let nanos = u32::try_from(self.nanos).ok().filter(|&nanos| nanos < 1_000_000_000)?;
        Some(Duration::new(seconds, nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;
    use tonic::metadata::MetadataMap;

    fn any(kind: &str, value: &impl Message) -> Any {
        Any {
            type_url: format!("type.googleapis.com/google.rpc.{kind}"),
            value: value.encode_to_vec(),
        }
    }

    #[test]
    fn the_longest_wait_counts_and_the_reason_is_read() {
        let retry_delay = Some(Span {
            seconds: 7,
            nanos: 500_000_000,
        });
        let details = RpcStatus {
            code: 8,
            message: "slow down".to_owned(),
            details: vec![
                any("RetryInfo", &RetryInfo { retry_delay }),
                any(
                    "ErrorInfo",
                    &ErrorInfo {
                        reason: "RATE_LIMIT_EXCEEDED".to_owned(),
                    },
                ),
                any("Help", &ErrorInfo::default()),
            ],
        };
        let mut metadata = MetadataMap::new();
        metadata.insert("retry-after", "3".parse().unwrap());
        let bytes = details.encode_to_vec().into();
        let status = Status::with_details_and_metadata(Code::ResourceExhausted, "slow down", bytes, metadata);
        let found = StatusDetails::of(&status);
        assert_eq!(found.wait, Some(Duration::from_millis(7500)));
        assert_eq!(found.reason.as_deref(), Some("RATE_LIMIT_EXCEEDED"));
    }

    /// The bytes of google.rpc.Status with RetryInfo of 30 s, as protobuf 7.36.2 (Python) writes them.
    #[test]
    fn bytes_of_another_implementation_are_read() {
        let mut bytes = vec![8, 8, 0x1a, 46, 0x0a, 40];
        bytes.extend(b"type.googleapis.com/google.rpc.RetryInfo");
        bytes.extend([0x12, 4, 0x0a, 2, 8, 30]);
        bytes[3] = u8::try_from(bytes.len() - 4).unwrap();
        let status = Status::with_details(Code::ResourceExhausted, "", bytes.into());
        assert_eq!(StatusDetails::of(&status).wait, Some(Duration::from_secs(30)));
    }

    #[test]
    fn advice_that_cannot_be_read_is_no_advice() {
        let status = Status::with_details(Code::Unavailable, "", vec![0xff; 9].into());
        assert_eq!(StatusDetails::of(&status), StatusDetails::default());
        let negative = Span { seconds: -1, nanos: 0 };
        assert_eq!(negative.duration(), None);
    }
}
