//! How many calls are under way at once: more while they succeed, half as many when the service has had enough.
//!
//! Additive increase, multiplicative decrease, as in congestion control (Chiu, Jain 1989, doi:10.1016/0169-7552(89)90019-6).
//! Until the service first objects, each success adds one place; after that, a whole window of successes does. Objections
//! to calls that began before the last decrease count once: they speak of the old number.

use std::time::Duration;

/// Bounds of the number of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowPolicy {
    /// Calls at once in the beginning.
    pub first: u32,
    /// The most calls at once.
    pub most: u32,
}

impl Default for WindowPolicy {
    fn default() -> Self {
        Self { first: 2, most: 64 }
    }
}

/// The permission of a call under way.
#[derive(Debug, PartialEq, Eq)]
pub struct Ticket {
    epoch: u64,
}

/// Whether a call may start.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission {
    /// Yes; the ticket goes back with the outcome.
    Start(Ticket),
    /// Not before this time.
    NotBefore(Duration),
    /// Not before another call ends.
    Full,
}

/// How a call ended, as far as the number of calls is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer.
    Success,
    /// The service has had enough.
    Throttled {
        /// How long it asks everybody to wait.
        wait: Option<Duration>,
    },
    /// With a fault that says nothing of the number of calls.
    Other,
}

/// The calls under way.
#[derive(Clone, Debug)]
pub struct CallWindow {
    policy: WindowPolicy,
    limit: f64,
    under_way: u32,
    epoch: u64,
    not_before: Duration,
}

impl CallWindow {
    /// Opens a window without calls.
    pub fn new(policy: WindowPolicy) -> Self {
        Self {
            policy,
            limit: f64::from(policy.first.clamp(1, policy.most.max(1))),
            under_way: 0,
            epoch: 0,
            not_before: Duration::ZERO,
        }
    }

    /// Returns how many calls may be under way, at least one.
    pub fn limit(&self) -> u32 {
        // Between 1 and the policy's most.
        self.limit as u32
    }

    /// Returns how many calls are under way.
    pub fn under_way(&self) -> u32 {
        self.under_way
    }

    /// Asks to start a call.
    ///
    /// * `now`: time since any start, the same for all questions.
    pub fn admit(&mut self, now: Duration) -> Admission {
        if now < self.not_before {
            return Admission::NotBefore(self.not_before);
        }
        if self.under_way >= self.limit() {
            return Admission::Full;
        }
        self.under_way += 1;
        Admission::Start(Ticket { epoch: self.epoch })
    }

    /// Ends a call.
    pub fn end(&mut self, ticket: Ticket, outcome: Outcome, now: Duration) {
        self.under_way = self.under_way.saturating_sub(1);
        match outcome {
            Outcome::Success => {
                let step = if self.epoch == 0 { 1.0 } else { 1.0 / self.limit };
                self.limit = (self.limit + step).min(f64::from(self.policy.most.max(1)));
            }
            Outcome::Throttled { wait } => {
                if ticket.epoch == self.epoch {
                    self.limit = (self.limit / 2.0).max(1.0);
                    self.epoch += 1;
                }
                self.not_before = self.not_before.max(now + wait.unwrap_or_default());
            }
            Outcome::Other => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Duration = Duration::from_secs(100);

    fn start(window: &mut CallWindow) -> Ticket {
        match window.admit(NOW) {
            Admission::Start(ticket) => ticket,
            other => panic!("{other:?}"),
        }
    }

    fn window(first: u32) -> CallWindow {
        CallWindow::new(WindowPolicy { first, most: 64 })
    }

    #[test]
    fn the_number_doubles_each_round_until_the_first_objection_then_grows_by_one() {
        let mut window = window(2);
        for expected in [4, 8, 16] {
            let tickets: Vec<Ticket> = (0..window.limit()).map(|_| start(&mut window)).collect();
            assert_eq!(window.admit(NOW), Admission::Full);
            for ticket in tickets {
                window.end(ticket, Outcome::Success, NOW);
            }
            assert_eq!(window.limit(), expected);
        }
        let ticket = start(&mut window);
        window.end(ticket, Outcome::Throttled { wait: None }, NOW);
        assert_eq!(window.limit(), 8);
        // A window and one more of successes: 8 + 1/8 + 1/8.1.. passes 9 with the ninth.
        for _ in 0..9 {
            let ticket = start(&mut window);
            window.end(ticket, Outcome::Success, NOW);
        }
        assert_eq!(window.limit(), 9);
    }

    #[test]
    fn a_burst_of_objections_halves_once() {
        let mut window = window(32);
        let tickets: Vec<Ticket> = (0..32).map(|_| start(&mut window)).collect();
        for ticket in tickets {
            window.end(ticket, Outcome::Throttled { wait: None }, NOW);
        }
        assert_eq!((window.limit(), window.under_way()), (16, 0));
    }

    #[test]
    fn nobody_starts_before_the_time_the_service_asks_for() {
        let mut window = window(4);
        let ticket = start(&mut window);
        let wait = Some(Duration::from_secs(30));
        window.end(ticket, Outcome::Throttled { wait }, NOW);
        let then = NOW + Duration::from_secs(30);
        assert_eq!(window.admit(NOW), Admission::NotBefore(then));
        assert!(matches!(window.admit(then), Admission::Start(_)));
    }

    proptest! {
        #[test]
        fn the_number_stays_within_its_bounds(outcomes in prop::collection::vec(0u8..3, 0..400), most in 1u32..40) {
            let mut window = CallWindow::new(WindowPolicy { first: 2, most });
            for outcome in outcomes {
                let ticket = start(&mut window);
                let outcome = match outcome {
                    0 => Outcome::Success,
                    1 => Outcome::Throttled { wait: None },
                    _ => Outcome::Other,
                };
                window.end(ticket, outcome, NOW);
                prop_assert!((1..=most).contains(&window.limit()));
                prop_assert_eq!(window.under_way(), 0);
            }
        }
    }
}
