//! What a client waits for, for whoever sits before it.

use crate::policy::seconds;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A call that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Address of the service, `HOST:PORT`.
    pub address: String,
    /// What is asked for.
    pub what: String,
    /// The attempt under way or past, from 1.
    pub attempt: u32,
    /// Attempts at most.
    pub attempts: u32,
    /// For what it waits.
    pub state: WaitState,
}

/// For what a call waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitState {
    /// For the next attempt.
    Again {
        /// Why the attempt failed.
        cause: String,
        /// How long.
        wait: Duration,
        /// About how long all waits will take if no attempt succeeds.
        left: Duration,
    },
    /// For the service, from which nothing was heard.
    Quiet {
        /// How long.
        heard_nothing: Duration,
        /// How long it may go on.
        limit: Duration,
    },
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address,
            what,
            attempt,
            attempts,
            state,
        } = self;
        match state {
            WaitState::Again { cause, wait, left } => write!(
                f,
                "{address}: {cause}; waiting for {what}, attempt {} of {attempts} in {} s, gives up in about {} s",
                attempt + 1,
                seconds(*wait),
                seconds(*left)
            ),
            WaitState::Quiet { heard_nothing, limit } => write!(
                f,
                "{address} has sent nothing for {} s; waiting for {what}, attempt {attempt} of {attempts}, abandoned after {} s",
                seconds(*heard_nothing),
                seconds(*limit)
            ),
        }
    }
}

/// Is told of calls that wait, from any thread; of all calls of a client together once in ten seconds at most.
#[derive(Clone)]
pub struct WaitTold(pub Arc<dyn Fn(&Waiting) + Send + Sync>);

impl fmt::Debug for WaitTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitTold")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_why_and_how_long() {
        let mut waiting = Waiting {
            address: "127.0.0.1:50051".to_owned(),
            what: "the tracks".to_owned(),
            attempt: 1,
            attempts: 5,
            state: WaitState::Again {
                cause: "nothing listens at this port".to_owned(),
                wait: Duration::from_millis(1300),
                left: Duration::from_millis(18_750),
            },
        };
        assert_eq!(
            waiting.to_string(),
            "127.0.0.1:50051: nothing listens at this port; waiting for the tracks, attempt 2 of 5 in 1.3 s, gives up in \
             about 19 s"
        );
        waiting.state = WaitState::Quiet {
            heard_nothing: Duration::from_secs(10),
            limit: Duration::from_secs(120),
        };
        assert_eq!(
            waiting.to_string(),
            "127.0.0.1:50051 has sent nothing for 10 s; waiting for the tracks, attempt 1 of 5, abandoned after 120 s"
        );
    }
}
