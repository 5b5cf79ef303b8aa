//! Holds calls back until the window admits them.

use crate::policy::{Admission, CallWindow, Outcome, Ticket, WindowPolicy};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How often a call that waits looks whether calls are stopped.
pub(super) const LOOK_UP: Duration = Duration::from_millis(200);

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

    /// Waits until a call may start; `None` when calls are stopped meanwhile.
    ///
    /// The service may ask everybody to wait for hours, so whoever waits looks up now and then.
    pub(super) async fn admit(&self, stopped: impl Fn() -> bool) -> Option<Ticket> {
        while !stopped() {
            // Asked for before the question, so that a call that ends in between is not missed.
            let freed = self.freed.notified();
            let admission = self.window().admit(self.now());
            match admission {
                Admission::Start(ticket) => return Some(ticket),
                Admission::NotBefore(time) => {
                    tokio::time::sleep(time.saturating_sub(self.now()).min(LOOK_UP)).await;
                }
                Admission::Full => freed.await,
            }
        }
        None
    }

    /// Ends a call.
    pub(super) fn end(&self, ticket: Ticket, outcome: Outcome) {
        let now = self.now();
        self.window().end(ticket, outcome, now);
        self.freed.notify_waiters();
    }
}
