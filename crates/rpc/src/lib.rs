//! The hosted AlphaGenome model as a source of scores and predictions: protocol, tensors, client.
//!
//! The one crate with `async`: [`client::Client`] keeps it to itself and blocks. What decides when to call and when to
//! wait is in [`policy`], as state machines that are tested without a clock. What goes over the wire is in [`proto`],
//! [`tensor`] and the conversions, none of which knows of a network.

pub mod genome;
pub mod policy;
pub mod proto;
pub mod scorer_message;
pub mod tensor;
pub mod track_metadata;
pub mod wire_error;

pub use wire_error::WireError;
