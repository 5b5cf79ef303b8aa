//! Whether a call that failed for good speaks of itself or of the service.
//!
//! A request that the service cannot serve must not stop a run, and a service that is out of quota must not turn every
//! remaining variant into a failed row. The two look alike. They are told apart by asking once more what succeeded
//! before: when that succeeds, the fault is the request's own. The rejected alternatives lose rows of a good run: a number
//! of failures in a row as many as that number, and counting answers to other calls those that were under way when the
//! quota ran out.

use super::fault::Fault;

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request's own; others go on.
    Alone,
    /// Not known: ask again what succeeded before.
    Probe,
    /// The service's; nothing else succeeds either.
    Service,
}

impl Verdict {
    /// Judges a call by its last fault, after which it is not tried again.
    ///
    /// * `succeeded_before`: whether a request of the same kind has succeeded.
    pub fn of(fault: &Fault, succeeded_before: bool) -> Self {
        match fault {
            // The service answered: it is there, and it is willing.
            Fault::Refused { .. } | Fault::Damaged { .. } => Self::Alone,
            Fault::Credentials { .. } | Fault::Changed => Self::Service,
            Fault::Throttled { .. } | Fault::Unavailable { .. } if succeeded_before => Self::Probe,
            Fault::Throttled { .. } | Fault::Unavailable { .. } => Self::Service,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_service_may_be_at_fault_for_is_probed() {
        let reason = String::new;
        let throttled = Fault::Throttled {
            wait: None,
            reason: reason(),
        };
        let unavailable = Fault::Unavailable {
            wait: None,
            cause: crate::policy::Unreached::Says,
            reason: reason(),
        };
        for fault in [throttled, unavailable] {
            assert_eq!(Verdict::of(&fault, true), Verdict::Probe);
            assert_eq!(Verdict::of(&fault, false), Verdict::Service);
        }
        let refused = Fault::Refused {
            code: "NOT_FOUND",
            reason: reason(),
        };
        for fault in [refused, Fault::Damaged { reason: reason() }] {
            assert_eq!(Verdict::of(&fault, false), Verdict::Alone);
        }
        assert_eq!(
            Verdict::of(&Fault::Credentials { reason: reason() }, true),
            Verdict::Service
        );
    }
}
