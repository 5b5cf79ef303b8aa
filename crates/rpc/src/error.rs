//! Why the service gave nothing.

use crate::address::{Address, AddressError};
use crate::genome::NotCurie;
use crate::key::{KEY_VARIABLES, KeyError};
use crate::policy::{Unreached, seconds};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The service gave no answer to a call, or cannot be called.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// There is no usable key.
    #[error(transparent)]
    Key(#[from] Arc<KeyError>),
    /// The address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// An ontology term is none.
    #[error(transparent)]
    Curie(#[from] NotCurie),
    /// The file of TLS roots cannot be used.
    #[error("the TLS roots in `{}` cannot be used: {reason}", .path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// The cause in words.
        reason: String,
    },
    /// The client cannot be set up on this machine.
    #[error("the client cannot be set up: {reason}")]
    Setup {
        /// The cause in words.
        reason: String,
    },
    /// A call asks for what the protocol does not have.
    #[error("{what} cannot be asked for: {reason}")]
    Request {
        /// What is asked for.
        what: String,
        /// The cause in words.
        reason: String,
    },
    /// The service refuses the key.
    #[error("{address} refuses the key: {reason}")]
    Credentials {
        /// The address.
        address: String,
        /// What the service says.
        reason: String,
    },
    /// The service was started anew with something else while it was asked.
    #[error("{address} has another model, genome or genes than when this run began")]
    Changed {
        /// The address.
        address: String,
    },
    /// The service does not have the version of the model that is asked for.
    #[error("{address} refuses the model version `{version}`: {reason}")]
    ModelVersion {
        /// The address.
        address: String,
        /// The version asked for.
        version: String,
        /// What the service says.
        reason: String,
    },
    /// The quota is used up.
    #[error("{address} has had enough after {}: {reason}{}", attempts_text(*.attempts), asks(*.wait))]
    Quota {
        /// The address.
        address: String,
        /// Attempts of the call that gave up.
        attempts: u32,
        /// How long the service asks to wait.
        wait: Option<Duration>,
        /// What the service says.
        reason: String,
    },
    /// The service is not there.
    #[error(
        "{address} does not answer: {cause} ({} in {} s)", attempts_text(*.attempts), seconds(*.elapsed)
    )]
    ServiceDown {
        /// The address.
        address: String,
        /// Attempts of the call that gave up.
        attempts: u32,
        /// How long they took together.
        elapsed: Duration,
        /// Why, as far as it is known.
        cause: Unreached,
        /// What the service or the network library says.
        detail: String,
    },
    /// The service refuses a request.
    #[error("{address} refuses {what}: {code}, {reason}")]
    Refused {
        /// The address.
        address: String,
        /// What was asked for.
        what: String,
        /// The code of gRPC.
        code: &'static str,
        /// What the service says.
        reason: String,
    },
    /// No attempt at one request gave an answer, while others do.
    #[error("{address} gave no answer for {what} in {}: {reason}", attempts_text(*.attempts))]
    Failed {
        /// The address.
        address: String,
        /// What was asked for.
        what: String,
        /// The attempts.
        attempts: u32,
        /// The cause of the last one in words.
        reason: String,
    },
}

fn attempts_text(attempts: u32) -> String {
    let plural = if attempts == 1 { "" } else { "s" };
    format!("{attempts} attempt{plural}")
}

/// Writes how long a service asks to wait.
fn asks(wait: Option<Duration>) -> String {
    wait.map_or(String::new(), |wait| {
        format!("; it asks to wait for {} s", seconds(wait))
    })
}

/// Says whether an address, `HOST:PORT`, is of this machine.
fn is_loopback(address: &str) -> bool {
    ["localhost:", "127.", "[::1]:"]
        .iter()
        .any(|start| address.starts_with(start))
}

impl ApiError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Key(error) => error.hint(),
            Self::Address(error) => error.hint(),
            Self::Curie(error) => error.hint(),
            Self::Roots { .. } => Some("give a file of certificates in PEM".to_owned()),
            Self::Credentials { address, .. } if *address == Address::hosted().to_string() => {
                Some("look at the key; keys are made at https://deepmind.google.com/science/alphagenome".to_owned())
            }
            Self::Credentials { address, .. } => Some(format!(
                "give the key that whoever runs {address} has set, in {} or with --key-file",
                KEY_VARIABLES[0]
            )),
            Self::Changed { .. } => {
                Some("run it again into another folder: rows of the two would not be comparable".to_owned())
            }
            Self::ModelVersion { .. } => {
                Some("take another --model-version, or leave it out for the service's own choice".to_owned())
            }
            Self::Quota { wait: Some(wait), .. } => Some(format!(
                "run the same command again in {} s or later; what is scored is kept",
                seconds(*wait)
            )),
            Self::Quota { .. } => Some("run the same command again later; what is scored is kept".to_owned()),
            Self::ServiceDown { address, cause, .. } => {
                let remedy = cause.remedy(address, is_loopback(address));
                Some(format!(
                    "{remedy}; then run the same command again: what is scored is kept"
                ))
            }
            _ => None,
        }
    }

    /// Returns what the service or the network library says, where the message says it in words of this program.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::ServiceDown { detail, .. } if !detail.is_empty() => Some(detail.clone()),
            _ => None,
        }
    }

    /// Says whether every other call would fail, too.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Refused { .. } | Self::Failed { .. } | Self::Request { .. })
    }

    /// Says whether a key is missing or refused.
    pub fn is_credentials(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Credentials { .. })
    }

    /// Says whether the service stopped the run, which goes on later where it stopped.
    pub fn is_service_stop(&self) -> bool {
        matches!(self, Self::Quota { .. } | Self::ServiceDown { .. })
    }
}
