//! The Atlas: scores that are computed already, as a source of scores and as a service.
//!
//! The Atlas holds scores of single-nucleotide variants by the recommended scorers, under the names of these. The client
//! gets the scores of one variant or lists those of a stretch of bases ([`fetch`] says which is chosen); lists of tracks are
//! left out of answers by a field mask and taken from the metadata once. [`AtlasSource`] makes a source of scores of it,
//! [`AutoSource`] joins it with another source that scores the rest. [`service`] serves a finished score folder the same way.

pub mod answer;
pub mod auto;
pub mod fetch;
pub mod field_mask;
pub mod filter;
mod kept;
pub mod service;
pub mod source;

pub use answer::{AtlasScore, AtlasScorer, AtlasScores};
pub use auto::AutoSource;
pub use service::{AtlasFolder, AtlasFolderError, AtlasOf};
pub use source::AtlasSource;
