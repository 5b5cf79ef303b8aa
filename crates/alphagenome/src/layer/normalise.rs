//! Normalisation of channels.

use crate::elementwise::for_rows;
use crate::matrix::Matrix;
use crate::weights::{Scope, WeightsError};

const EPSILON: f32 = 1e-5;

/// x times a constant of the channel plus an offset: root-mean-square normalisation by a stored variance.
///
/// METHOD: y = x (scale / sqrt(variance + 1e-5)) + offset; no mean is taken, and nothing over the sequence, so that the
/// output of a place depends on its neighbourhood alone.
#[derive(Debug)]
pub(crate) struct BatchNorm {
    pub(crate) factor: Vec<f32>,
    pub(crate) offset: Vec<f32>,
}

impl BatchNorm {
    pub(crate) fn read(scope: &Scope<'_>, channels: usize) -> Result<Self, WeightsError> {
        let scale = scope.channels("scale", channels)?;
        let variance = scope.channels("var_ema", channels)?;
        let factor = scale
            .iter()
            .zip(&variance)
            .map(|(s, v)| s * (1.0 / (v + EPSILON).sqrt()));
        Ok(Self {
            factor: factor.collect(),
            offset: scope.channels("offset", channels)?,
        })
    }

    /// Normalises every row and applies `function`.
    pub(crate) fn apply_then(&self, rows: &mut Matrix, function: impl Fn(f32) -> f32 + Sync) {
        for_rows(&mut rows.values, rows.width, |_, row| self.row(row, &function));
    }

    /// Normalises every row.
    pub(crate) fn apply(&self, rows: &mut Matrix) {
        self.apply_then(rows, |x| x);
    }

    #[inline(always)]
    fn row(&self, row: &mut [f32], function: &impl Fn(f32) -> f32) {
        for ((value, &factor), &offset) in row.iter_mut().zip(&self.factor).zip(&self.offset) {
            *value = function(*value * factor + offset);
        }
    }
}

/// Normalisation of each row by its own moments.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    scale: Vec<f32>,
    offset: Vec<f32>,
    centred: bool,
}

impl LayerNorm {
    /// y = (x - mean) / sqrt(variance + 1e-5) scale + offset.
    pub(crate) fn centred(scope: &Scope<'_>, channels: usize) -> Result<Self, WeightsError> {
        Self::read(scope, channels, true)
    }

    /// y = x / sqrt(mean(x^2) + 1e-5) scale + offset.
    pub(crate) fn root_mean_square(scope: &Scope<'_>, channels: usize) -> Result<Self, WeightsError> {
        Self::read(scope, channels, false)
    }

    fn read(scope: &Scope<'_>, channels: usize, centred: bool) -> Result<Self, WeightsError> {
        Ok(Self {
            scale: scope.channels("scale", channels)?,
            offset: scope.channels("offset", channels)?,
            centred,
        })
    }

    /// Normalises rows of as many values as the layer has channels; a matrix may hold several of them in a row.
    pub(crate) fn apply(&self, rows: &mut Matrix) {
        for_rows(&mut rows.values, self.scale.len(), |_, row| {
            let count = row.len() as f32;
            if self.centred {
                let mean = sum(row, |x| x) / count;
                for value in row.iter_mut() {
                    *value -= mean;
                }
            }
            let inverse = 1.0 / (sum(row, |x| x * x) / count + EPSILON).sqrt();
            for ((value, &scale), &offset) in row.iter_mut().zip(&self.scale).zip(&self.offset) {
                *value = (scale * inverse) * *value + offset;
            }
        });
    }
}

/// Sums in 16 lanes, which vector instructions take at once, in an order that no processor changes.
#[inline(always)]
pub(crate) fn sum(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [0.0f32; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for chunk in whole {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += term(value);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane += term(value);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}
