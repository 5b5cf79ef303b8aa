//! What can go wrong with one attempt of a call.

use super::status_details::StatusDetails;
use super::unreached::Unreached;
use crate::status_code::code_name;
use std::time::Duration;
use tonic::{Code, Status};

/// Why an attempt gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The service has had enough for the moment, or for the day.
    Throttled {
        /// How long the service asks to wait.
        wait: Option<Duration>,
        /// The cause in words.
        reason: String,
    },
    /// The service is not there, or did not answer in time.
    Unavailable {
        /// How long the service asks to wait.
        wait: Option<Duration>,
        /// Why, as far as it is known.
        cause: Unreached,
        /// What the service or the network library says.
        reason: String,
    },
    /// The answer broke off, or is not what was asked for.
    Damaged {
        /// The cause in words.
        reason: String,
    },
    /// The service refuses this request, and would do so again.
    Refused {
        /// The code of gRPC, `INVALID_ARGUMENT`.
        code: &'static str,
        /// The cause in words.
        reason: String,
    },
    /// The service refuses the key.
    Credentials {
        /// The cause in words.
        reason: String,
    },
    /// The service has another model, genome or genes than when the run began.
    Changed,
}

impl Fault {
    /// Reads a status of gRPC.
    ///
    /// INTERNAL and its like may come from a broken transport as well as from the service; they are tried again, but
    /// not as often as what is temporary by definition.
    pub fn of_status(status: &Status) -> Self {
        let details = StatusDetails::of(status);
        let reason = status.message().to_owned();
        let says = |text: &str| reason.to_ascii_lowercase().contains(text);
        let key = details
            .reason
            .as_deref()
            .is_some_and(|reason| reason.starts_with("API_KEY"));
        // A status with a cause is made on this side of the network.
        let own = std::error::Error::source(status);
        match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => Self::Credentials { reason },
            Code::InvalidArgument if key || says("api key") => Self::Credentials { reason },
            // gRPC uses the code of exhausted quotas for messages that are too large; waiting does not make them smaller.
            Code::ResourceExhausted if says("message larger than max") => Self::Refused {
                code: code_name(status.code()),
                reason,
            },
            Code::ResourceExhausted => Self::Throttled {
                wait: details.wait,
                reason,
            },
            Code::Unavailable | Code::DeadlineExceeded => Self::Unavailable {
                wait: details.wait,
                cause: own.map_or(Unreached::Says, Unreached::of),
                reason,
            },
            // Nobody cancels but the network library, when a connection is closed before its first answer.
            Code::Cancelled if own.is_some() => Self::Unavailable {
                wait: None,
                cause: own.map_or(Unreached::Other, Unreached::of),
                reason,
            },
            Code::Internal | Code::Unknown | Code::Cancelled | Code::Aborted | Code::DataLoss | Code::Ok => {
                Self::Damaged {
                    reason: format!("{}: {reason}", code_name(status.code())),
                }
            }
            code => Self::Refused {
                code: code_name(code),
                reason,
            },
        }
    }

    /// Returns the cause in words of this program, or of the service where it says one.
    pub fn words(&self) -> String {
        match self {
            Self::Unavailable { cause, reason, .. } if *cause == Unreached::Says && !reason.is_empty() => {
                format!("{cause}: {reason}")
            }
            Self::Unavailable { cause, .. } => cause.to_string(),
            other => other.reason().to_owned(),
        }
    }

    /// Returns the cause in words of whoever met it.
    pub fn reason(&self) -> &str {
        match self {
            Self::Throttled { reason, .. }
            | Self::Unavailable { reason, .. }
            | Self::Damaged { reason }
            | Self::Refused { reason, .. }
            | Self::Credentials { reason } => reason,
            Self::Changed => "it has another model, genome or genes than before",
        }
    }

    /// Returns how long the service asks to wait.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Throttled { wait, .. } | Self::Unavailable { wait, .. } => *wait,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oversized_message_is_no_exhausted_quota() {
        let status = |message: &str| Fault::of_status(&Status::resource_exhausted(message));
        assert!(matches!(status("Quota exceeded"), Fault::Throttled { .. }));
        let large = status("Received message larger than max (5000000 vs. 4194304)");
        assert!(matches!(
            large,
            Fault::Refused {
                code: "RESOURCE_EXHAUSTED",
                ..
            }
        ));
    }

    #[test]
    fn a_bad_key_is_told_from_a_bad_argument() {
        let invalid = |message: &str| Fault::of_status(&Status::invalid_argument(message));
        assert!(matches!(
            invalid("API key not valid. Please pass a valid API key."),
            Fault::Credentials { .. }
        ));
        assert!(matches!(invalid("unknown chromosome"), Fault::Refused { .. }));
        assert!(matches!(
            Fault::of_status(&Status::unauthenticated("no")),
            Fault::Credentials { .. }
        ));
    }

    #[test]
    fn a_connection_that_is_closed_at_once_is_told_from_a_service_that_cancels() {
        let mut status = Status::cancelled("operation was canceled");
        assert!(matches!(Fault::of_status(&status), Fault::Damaged { .. }));
        status.set_source(std::sync::Arc::new(std::io::Error::other("operation was canceled")));
        let fault = Fault::of_status(&status);
        let cause = Unreached::NotHttp2;
        assert!(matches!(fault, Fault::Unavailable { cause: found, .. } if found == cause));
        assert_eq!(fault.words(), cause.to_string());
    }

    #[test]
    fn what_is_temporary_and_what_is_not() {
        for code in [Code::Unavailable, Code::DeadlineExceeded] {
            assert!(matches!(
                Fault::of_status(&Status::new(code, "x")),
                Fault::Unavailable { .. }
            ));
        }
        for code in [Code::Internal, Code::Unknown, Code::Cancelled, Code::DataLoss] {
            assert!(matches!(
                Fault::of_status(&Status::new(code, "x")),
                Fault::Damaged { .. }
            ));
        }
        for code in [
            Code::NotFound,
            Code::OutOfRange,
            Code::Unimplemented,
            Code::FailedPrecondition,
        ] {
            assert!(matches!(
                Fault::of_status(&Status::new(code, "x")),
                Fault::Refused { .. }
            ));
        }
    }
}
