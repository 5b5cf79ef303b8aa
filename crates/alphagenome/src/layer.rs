//! The layers that the model is built of.
//!
//! Source: `model/layers.py` and `model/convolutions.py` of google-deepmind/alphagenome_research at 3f79219 (May 2026).

mod convolution;
mod linear;
mod normalise;

pub(crate) use convolution::ConvBlock;
pub(crate) use linear::Linear;
pub(crate) use normalise::{BatchNorm, LayerNorm, sum};
