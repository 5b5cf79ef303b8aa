//! The hosted AlphaGenome model as a source of scores and predictions, and a server of its protocol for other models.
//!
//! The one crate with `async`: [`client::Client`] and [`server::Server`] keep it to themselves and block. What decides when to call and when to
//! wait is in [`policy`], as state machines that are tested without a clock. What goes over the wire is in [`proto`],
//! [`tensor`] and the conversions, none of which knows of a network.

pub mod address;
pub mod answer;
pub mod assembly;
pub mod atlas;
pub mod cache;
pub mod cached_client;
pub mod client;
pub mod error;
pub mod genome;
pub mod key;
mod lean;
pub mod policy;
mod prediction;
pub mod proto;
mod resolve;
pub mod scorer_message;
pub mod server;
pub mod source;
mod status_code;
pub mod tensor;
mod track_lists;
mod track_message;
pub mod track_metadata;
pub mod wire_error;

pub use address::Address;
pub use cache::AnswerCache;
pub use cached_client::CachedClient;
pub use client::{Client, ClientOptions};
pub use error::ApiError;
pub use key::ApiKey;
pub use source::ApiSource;
pub use wire_error::WireError;
