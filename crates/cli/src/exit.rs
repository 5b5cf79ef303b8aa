//! Exit codes. They are part of the interface: scripts and schedulers act on them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Done = 0,
    /// Anything that no other code says: a file that cannot be read, a full disk, a folder of another run.
    Failure = 1,
    /// A value of the command line or a study file is wrong, or names what the inputs do not have.
    Usage = 2,
    /// Done, but some variants were rejected or failed; they are listed.
    Partial = 3,
    /// A key to a service is missing or refused.
    Credentials = 4,
    /// A quota or a service stopped the run; the same command goes on later.
    Stopped = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
