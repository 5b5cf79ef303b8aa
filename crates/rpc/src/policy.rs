//! When to call, when to wait, when to give up: state machines without clock, thread or network.
//!
//! The time is an argument, counted from any start; random numbers are counter-based with the seed as an argument. The
//! client ([`crate::client`]) does what they say.

mod fault;
mod retry;
mod service;
mod status_details;
mod unreached;
mod window;

pub use fault::Fault;
pub use retry::{Next, Retry, RetryPolicy};
pub use service::Verdict;
pub use status_details::StatusDetails;
pub(crate) use status_details::retry_info;
pub use unreached::Unreached;
pub(crate) use unreached::seconds;
pub use window::{Admission, CallWindow, Outcome, Ticket, WindowPolicy};
