//! What every error of the library can tell besides its message.

use std::error::Error;

/// Why a service stopped a run that can go on later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceStop {
    /// A key is missing or refused.
    Credentials,
    /// The quota is used up, or the service does not answer.
    Unavailable,
}

/// An error that knows its place in the input and what the user can do.
///
/// `Display` says what and why; the command line renders the parts once, in one place.
pub trait Diagnostic: Error {
    /// Returns where in the input it happened, `variants.vcf.gz, line 1042: chr1:10001:A>C`.
    fn place(&self) -> Option<String> {
        None
    }

    /// Says whether a value that the user gave is wrong in itself, or names something that the given inputs do not have.
    ///
    /// Anything else that goes wrong is the matter of a file, a folder or the machine.
    fn is_usage(&self) -> bool {
        false
    }

    /// Says whether a service stopped the run, and why.
    fn service_stop(&self) -> Option<ServiceStop> {
        None
    }

    /// Returns what the user can do.
    fn hint(&self) -> Option<String> {
        None
    }

    /// Returns the words of another party, of a network library or a service, where the message says it in its own.
    fn detail(&self) -> Option<String> {
        None
    }
}
