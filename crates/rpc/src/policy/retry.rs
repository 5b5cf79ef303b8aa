//! How often a call is tried, and what lies between.

use super::fault::Fault;
use refalt_core::stats::{Purpose, RandomStream};
use std::time::Duration;

/// How a call is repeated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all, the first one among them.
    pub attempts: u32,
    /// Attempts in all whose answer may be damaged.
    pub damaged_attempts: u32,
    /// Attempts in all where there is no connection and never was one: a wrong port stays wrong.
    pub unconnected_attempts: u32,
    /// Attempts in all where a connection is taken and nothing was ever heard, not even an answer to a ping.
    pub mute_attempts: u32,
    /// The wait after the first attempt, before it is jittered.
    pub first_wait: Duration,
    /// The factor from wait to wait.
    pub factor: f64,
    /// The longest wait that is chosen here.
    pub longest_wait: Duration,
    /// The longest wait that the service may ask for; beyond it the call is given up at once.
    pub longest_hint: Duration,
}

impl Default for RetryPolicy {
    /// 8 attempts over about two minutes, so that a quota by the minute is outlived.
    fn default() -> Self {
        Self {
            attempts: 8,
            damaged_attempts: 4,
            unconnected_attempts: 5,
            mute_attempts: 3,
            first_wait: Duration::from_millis(1250),
            factor: 2.0,
            longest_wait: Duration::from_secs(60),
            longest_hint: Duration::from_secs(300),
        }
    }
}

/// What follows a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Wait so long, then try again.
    Wait(Duration),
    /// Do not try again.
    GiveUp,
}

/// The attempts of one call.
#[derive(Clone, Debug)]
pub struct Retry {
    policy: RetryPolicy,
    random: RandomStream,
    failed: u32,
    damaged: u32,
}

impl Retry {
    /// Opens the attempts of call number `call`.
    ///
    /// * `seed`: of the jitter; the same seed and call give the same waits.
    pub fn new(policy: RetryPolicy, seed: u64, call: u64) -> Self {
        Self {
            policy,
            random: RandomStream::new(seed, Purpose::Sampling, call),
            failed: 0,
            damaged: 0,
        }
    }

    /// Returns the number of attempts that failed.
    pub fn failed(&self) -> u32 {
        self.failed
    }

    /// Makes no more than so many attempts in all.
    pub fn limit(&mut self, attempts: u32) {
        self.policy.attempts = self.policy.attempts.min(attempts);
    }

    /// Returns the attempts in all, if none succeeds.
    pub fn attempts(&self) -> u32 {
        self.policy.attempts
    }

    /// Returns the attempts in all, if none succeeds and each fails as the last one did.
    pub fn attempts_after(&self, fault: &Fault) -> u32 {
        match fault {
            Fault::Damaged { .. } => {
                let more = self.policy.damaged_attempts.saturating_sub(self.damaged);
                self.policy.attempts.min(self.failed + more)
            }
            _ => self.policy.attempts,
        }
    }

    /// Returns about how long the waits are that are still to come, if each attempt fails as the last one did.
    ///
    /// * `next`: the wait that [`Retry::after`] chose.
    pub fn waits_left(&self, fault: &Fault, next: Duration) -> Duration {
        let later = (self.failed + 1..self.attempts_after(fault)).map(|failed| self.nominal(failed));
        next.saturating_add(Duration::try_from_secs_f64(later.sum()).unwrap_or(Duration::MAX))
    }

    /// Returns the wait after so many failed attempts in seconds, before it is jittered.
    fn nominal(&self, failed: u32) -> f64 {
        let doublings = i32::try_from(failed.saturating_sub(1)).unwrap_or(i32::MAX);
        let grown = self.policy.first_wait.as_secs_f64() * self.policy.factor.powi(doublings);
        grown.min(self.policy.longest_wait.as_secs_f64())
    }

    /// Counts a failed attempt and says what follows.
    ///
    /// The wait is that of the policy between 80 % and 120 %, or what the service asks for with up to 20 % more: never
    /// less, and not the same for all.
    pub fn after(&mut self, fault: &Fault) -> Next {
        self.failed += 1;
        let temporary = match fault {
            Fault::Throttled { .. } | Fault::Unavailable { .. } => true,
            Fault::Damaged { .. } => {
                self.damaged += 1;
                self.damaged < self.policy.damaged_attempts
            }
            Fault::Refused { .. } | Fault::Credentials { .. } | Fault::Changed => false,
        };
        let hint = fault.wait().unwrap_or_default();
        if !temporary || self.failed >= self.policy.attempts || hint > self.policy.longest_hint {
            return Next::GiveUp;
        }
        let own = self.nominal(self.failed) * (0.8 + 0.4 * self.random.next_fraction());
        let asked = hint.as_secs_f64() * (1.0 + 0.2 * self.random.next_fraction());
        Next::Wait(Duration::try_from_secs_f64(own.max(asked)).unwrap_or(self.policy.longest_hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttled(wait: Option<u64>) -> Fault {
        Fault::Throttled {
            wait: wait.map(Duration::from_secs),
            reason: String::new(),
        }
    }

    fn waits(seed: u64, call: u64, fault: &Fault) -> Vec<Duration> {
        let mut retry = Retry::new(RetryPolicy::default(), seed, call);
        let mut waits = Vec::new();
        while let Next::Wait(wait) = retry.after(fault) {
            waits.push(wait);
        }
        waits
    }

    #[test]
    fn waits_double_within_a_fifth_and_end() {
        let waits = waits(1, 1, &throttled(None));
        // 1.25, 2.5, 5, 10, 20, 40 s, then the longest, 60 s.
        let nominal = [1.25, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0];
        assert_eq!(waits.len(), nominal.len());
        for (wait, nominal) in waits.iter().zip(nominal) {
            assert!(
                (0.8 * nominal..=1.2 * nominal).contains(&wait.as_secs_f64()),
                "{wait:?}"
            );
        }
    }

    #[test]
    fn a_limit_holds_and_what_is_left_is_said() {
        let mut retry = Retry::new(RetryPolicy::default(), 1, 1);
        retry.limit(RetryPolicy::default().unconnected_attempts);
        let fault = throttled(None);
        let Next::Wait(wait) = retry.after(&fault) else {
            panic!("one of five attempts")
        };
        // The wait that was drawn, then 2.5 + 5 + 10 s between five attempts.
        assert_eq!(
            (retry.attempts_after(&fault), retry.waits_left(&fault, wait)),
            (5, wait + Duration::from_millis(17_500))
        );
        let more = std::iter::repeat_with(|| retry.after(&throttled(None)));
        assert_eq!(more.take_while(|next| *next != Next::GiveUp).count(), 3);
    }

    #[test]
    fn damage_is_said_to_be_tried_four_times() {
        let mut retry = Retry::new(RetryPolicy::default(), 1, 1);
        let damaged = Fault::Damaged { reason: String::new() };
        for failed in 1..=3 {
            let Next::Wait(wait) = retry.after(&damaged) else {
                panic!("attempt {failed} of four")
            };
            assert_eq!(retry.attempts_after(&damaged), 4);
            assert!(retry.waits_left(&damaged, wait) >= wait);
            assert_eq!(retry.waits_left(&damaged, wait) == wait, failed == 3);
        }
        assert_eq!(retry.after(&damaged), Next::GiveUp);
    }

    #[test]
    fn jitter_depends_on_seed_and_call_alone() {
        assert_eq!(waits(1, 1, &throttled(None)), waits(1, 1, &throttled(None)));
        assert_ne!(waits(1, 1, &throttled(None)), waits(1, 2, &throttled(None)));
        assert_ne!(waits(1, 1, &throttled(None)), waits(2, 1, &throttled(None)));
    }

    #[test]
    fn a_hint_is_never_undercut_and_one_too_long_ends_the_call() {
        for seed in 0..50 {
            for wait in waits(seed, 0, &throttled(Some(45))) {
                assert!(wait >= Duration::from_secs(45));
            }
        }
        assert!(waits(0, 0, &throttled(Some(301))).is_empty());
        assert_eq!(waits(0, 0, &throttled(Some(300))).len(), 7);
    }

    #[test]
    fn what_is_refused_is_not_tried_again_and_damage_less_often() {
        let refused = Fault::Refused {
            code: "NOT_FOUND",
            reason: String::new(),
        };
        assert!(waits(0, 0, &refused).is_empty());
        let damaged = Fault::Damaged { reason: String::new() };
        assert_eq!(waits(0, 0, &damaged).len(), 3);
        assert!(waits(0, 0, &Fault::Credentials { reason: String::new() }).is_empty());
    }
}
