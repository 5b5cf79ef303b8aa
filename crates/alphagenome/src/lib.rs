//! The open AlphaGenome model, run from its weights: a [`Backend`](refalt_core::Backend) of `refalt-core`.
//!
//! The network is written out here layer by layer, after google-deepmind/alphagenome_research at 3f79219 (May 2026,
//! Apache-2.0); each file names what it is written after. Arithmetic is in single precision. Tests compare every block with
//! outputs of the published program for weights that follow from names: the trained weights are gated, and neither they nor
//! anything made with them is part of refalt.
//!
//! What is not computed: tokens of an alternate sequence out of reach of the change, bases that nobody reads, columns that
//! are padding, pairs of splice sites that are none. `docs/local-model.md` has the numbers.

mod backend;
mod decoder;
mod elementwise;
mod embedding;
mod encoder;
mod head;
mod layer;
mod matrix;
mod network;
mod pass;
mod probe;
mod product;
mod rope;
mod tower;
#[cfg(feature = "untrained")]
pub mod untrained;
mod weights;

pub use backend::{AlphaGenome, Options};
pub use probe::Probe;
pub use rope::Angles;
pub use weights::{Weights, WeightsError, WeightsFile};
