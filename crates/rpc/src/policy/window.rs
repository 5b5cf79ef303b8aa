//! How many calls are under way at once: more while they succeed, half as many when the service has had enough.
//!
//! Additive increase, multiplicative decrease, as in congestion control (Chiu, Jain 1989, doi:10.1016/0169-7552(89)90019-6).
//! Until the service first objects, each success adds one place; after that, a whole window of successes does. Objections
//! to calls that began before the last decrease count once: they speak of the old number.
//!
//! Each objection stops all calls for as long as the service asks, so a wall that is known is not run into again and again: the
//! number stays below the one that was objected to until many calls have succeeded, 64 at first, twice as many each time that
//! the wall is still there.

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
    /// Calls under way with this one when it started.
    at_once: u32,
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
    /// The number that the service objected to last, until it is tried again.
    wall: Option<u32>,
    /// The number that it objected to before a try.
    tried: u32,
    /// Successes that are waited for before the wall is tried.
    patience: u32,
    /// Successes since the last objection.
    successes: u32,
}

/// Successes before a wall is tried for the first time, and at most.
const PATIENCE: std::ops::RangeInclusive<u32> = 64..=4096;

impl CallWindow {
    /// Opens a window without calls.
    pub fn new(policy: WindowPolicy) -> Self {
        Self {
            policy,
            limit: f64::from(policy.first.clamp(1, policy.most.max(1))),
            under_way: 0,
            epoch: 0,
            not_before: Duration::ZERO,
            wall: None,
            tried: 0,
            patience: *PATIENCE.start(),
            successes: 0,
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
        Admission::Start(Ticket {
            epoch: self.epoch,
            at_once: self.under_way,
        })
    }

    /// Remembers how many calls at once the service objected to.
    fn meets_wall(&mut self, at_once: u32) {
        self.successes = 0;
        if at_once <= self.limit() {
            // Fewer calls than are allowed from now on: it is no number of calls that the service objects to.
            self.wall = None;
            return;
        }
        self.patience = if at_once <= self.tried {
            self.patience.saturating_mul(2).min(*PATIENCE.end())
        } else {
            *PATIENCE.start()
        };
        (self.wall, self.tried) = (Some(at_once), at_once);
    }

    /// Ends a call.
    pub fn end(&mut self, ticket: Ticket, outcome: Outcome, now: Duration) {
        self.under_way = self.under_way.saturating_sub(1);
        match outcome {
            Outcome::Success => {
                self.successes = self.successes.saturating_add(1);
                if self.successes >= self.patience {
                    self.wall = None;
                }
                let step = if self.epoch == 0 { 1.0 } else { 1.0 / self.limit };
                // Just below the wall, so that one step more passes it when it is tried.
                let most = self
                    .wall
                    .map_or(f64::INFINITY, |wall| (f64::from(wall) - 1e-9).max(1.0));
                self.limit = (self.limit + step).min(most).min(f64::from(self.policy.most.max(1)));
            }
            Outcome::Throttled { wait } => {
                if ticket.epoch == self.epoch {
                    self.limit = (self.limit / 2.0).max(1.0);
                    self.epoch += 1;
                    self.meets_wall(ticket.at_once);
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

    /// Calls until so many have succeeded at a service that takes `places` at once; returns the objections and the largest
    /// number of calls at once that succeeded together.
    fn against(window: &mut CallWindow, places: u32, successes: u32) -> (u32, u32) {
        let (mut objections, mut succeeded, mut most) = (0, 0, 0);
        while succeeded < successes {
            let tickets: Vec<Ticket> = (0..window.limit()).map(|_| start(window)).collect();
            let at_once = u32::try_from(tickets.len()).unwrap();
            for (number, ticket) in (0..).zip(tickets) {
                if number < places {
                    succeeded += 1;
                    window.end(ticket, Outcome::Success, NOW);
                } else {
                    objections += 1;
                    window.end(ticket, Outcome::Throttled { wait: None }, NOW);
                }
            }
            if at_once <= places {
                most = most.max(at_once);
            }
        }
        (objections, most)
    }

    #[test]
    fn a_wall_is_run_into_rarely_and_found_again_when_it_moves() {
        let mut window = window(2);
        // Three until the wall is known, then one after 64, 128, 256 and 512 successes.
        let (objections, most) = against(&mut window, 2, 1000);
        assert!(objections <= 7, "{objections}");
        assert_eq!(most, 2);
        // The service has more places by now.
        let (objections, most) = against(&mut window, 20, 10_000);
        assert!(objections <= 12, "{objections}");
        assert!(most >= 15, "{most}");
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
