//! Holds calls back until the window admits them.

use crate::policy::{Admission, CallWindow, Outcome, Ticket, WindowPolicy};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The window of calls, with a clock.
#[derive(Debug)]
pub(super) struct Gate {
    start: Instant,
    window: Mutex<CallWindow>,
    freed: Notify,
}

impl Gate {
    pub(super) fn new(policy: WindowPolicy) -> Self {
        Self {
            start: Instant::now(),
            window: Mutex::new(CallWindow::new(policy)),
            freed: Notify::new(),
        }
    }

    fn window(&self) -> MutexGuard<'_, CallWindow> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Waits until a call may start.
    pub(super) async fn admit(&self) -> Ticket {
        loop {
            // Asked for before the question, so that a call that ends in between is not missed.
            let freed = self.freed.notified();
            let admission = self.window().admit(self.now());
            match admission {
                Admission::Start(ticket) => return ticket,
                Admission::NotBefore(time) => tokio::time::sleep(time.saturating_sub(self.now())).await,
                Admission::Full => freed.await,
            }
        }
    }

    /// Ends a call.
    pub(super) fn end(&self, ticket: Ticket, outcome: Outcome) {
        let now = self.now();
        self.window().end(ticket, outcome, now);
        self.freed.notify_waiters();
    }
}
