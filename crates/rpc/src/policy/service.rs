//! Whether a call that failed for good speaks of itself or of the service.
//!
//! A request that the service cannot serve must not stop a run, and a service that is out of quota must not turn every
//! remaining variant into a failed row. The two look alike. They are told apart by what other calls do: when any call
//! succeeded since this one first failed, the fault is the call's own. When none did, a request that succeeded earlier is
//! asked once more. The rejected alternative, a number of failures in a row, loses that many rows of a good run.

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The call's own; others go on.
    Alone,
    /// Not known: ask again what succeeded earlier.
    Probe,
    /// The service's; nothing else succeeds either.
    Service,
}

/// What is known of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceState {
    successes: u64,
}

impl ServiceState {
    /// Counts an answer.
    pub fn succeeded(&mut self) {
        self.successes += 1;
    }

    /// Returns the number of answers so far, to be kept by a call when it first fails.
    pub fn successes(self) -> u64 {
        self.successes
    }

    /// Judges a call that failed for good.
    ///
    /// * `at_first_fault`: the number of answers when it first failed.
    pub fn judge(self, at_first_fault: u64) -> Verdict {
        match self.successes {
            0 => Verdict::Service,
            now if now > at_first_fault => Verdict::Alone,
            _ => Verdict::Probe,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_of_another_call_makes_the_fault_ones_own() {
        let mut state = ServiceState::default();
        assert_eq!(state.judge(0), Verdict::Service);
        state.succeeded();
        assert_eq!(state.judge(0), Verdict::Alone);
        assert_eq!(state.judge(1), Verdict::Probe);
    }
}
