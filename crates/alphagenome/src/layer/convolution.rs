//! Convolutions along the sequence.

use super::BatchNorm;
use crate::elementwise::{for_rows, gelu_sigmoid};
use crate::matrix::Matrix;
use crate::product::{Before, Left, Right, multiply};
use crate::weights::{Scope, WeightsError};
use rayon::prelude::*;

/// Taps of the standardised convolutions.
const TAPS: usize = 5;

/// Normalisation, activation and a convolution of one or five taps, whose output is added to something.
#[derive(Debug)]
pub(crate) struct ConvBlock {
    norm: BatchNorm,
    /// `[taps x inputs x outputs]`, row-major.
    weights: Vec<f32>,
    bias: Vec<f32>,
    taps: usize,
    inputs: usize,
    pub(crate) outputs: usize,
}

impl ConvBlock {
    /// Reads a block of five taps with standardised weights.
    ///
    /// METHOD: w' = (w - mean) scale / sqrt(max(n variance, 1e-4)) for each output channel, over its n = taps x inputs
    /// weights; in double precision, once, where both published programs do it at every pass.
    pub(crate) fn read(scope: &Scope<'_>, inputs: usize, outputs: usize) -> Result<Self, WeightsError> {
        let norm = BatchNorm::read(&scope.at("rms_batch_norm"), inputs)?;
        let scope = scope.at("standardized_conv1_d");
        let mut weights = scope.read("w", &[TAPS, inputs, outputs])?;
        let outputs = weights.len() / (TAPS * inputs);
        let scale = scope.channels("scale", outputs)?;
        standardise(&mut weights, &scale);
        Ok(Self {
            norm,
            bias: scope.channels("bias", outputs)?,
            weights,
            taps: TAPS,
            inputs,
            outputs,
        })
    }

    /// Reads a block of one tap, a linear layer.
    pub(crate) fn read_pointwise(scope: &Scope<'_>, inputs: usize, outputs: usize) -> Result<Self, WeightsError> {
        let linear = scope.at("linear");
        Ok(Self {
            norm: BatchNorm::read(&scope.at("rms_batch_norm"), inputs)?,
            weights: linear.read("w", &[inputs, outputs])?,
            bias: linear.channels("b", outputs)?,
            taps: 1,
            inputs,
            outputs,
        })
    }

    /// Adds the block's output for `rows` to `out`; beyond the ends the sequence is zeros.
    pub(crate) fn add_to(&self, rows: &Matrix, out: &mut Matrix) {
        debug_assert_eq!(
            (rows.width, out.width, rows.rows),
            (self.inputs, self.outputs, out.rows)
        );
        let margin = (self.taps / 2) * self.inputs;
        let mut active = vec![0.0f32; rows.values.len() + 2 * margin];
        let inner = margin..margin + rows.values.len();
        // The zeros beyond the ends are those after the activation.
        let share = 64 * self.inputs;
        active[inner]
            .par_chunks_mut(share)
            .zip(rows.values.par_chunks(share))
            .for_each(|(active, values)| self.activate(values, active));
        for_rows(&mut out.values, self.outputs, |_, row| {
            for (value, &bias) in row.iter_mut().zip(&self.bias) {
                *value += bias;
            }
        });
        let left = Left {
            values: &active,
            rows: rows.rows,
            row_stride: self.inputs,
            column_stride: 1,
        };
        multiply(
            left,
            Right::weights(&self.weights, self.outputs),
            &mut out.values,
            Before::Kept,
        );
    }

    fn activate(&self, values: &[f32], active: &mut [f32]) {
        let (factor, offset) = (&self.norm.factor[..], &self.norm.offset[..]);
        crate::elementwise::vectorised(
            #[inline(always)]
            || {
                let rows = values
                    .chunks_exact(self.inputs)
                    .zip(active.chunks_exact_mut(self.inputs));
                for (row, active) in rows {
                    let channels = row.iter().zip(factor).zip(offset);
                    for (active, ((&value, &factor), &offset)) in active.iter_mut().zip(channels) {
                        *active = gelu_sigmoid(value * factor + offset);
                    }
                }
            },
        );
    }
}

fn standardise(weights: &mut [f32], scale: &[f32]) {
    let outputs = scale.len();
    let count = (weights.len() / outputs) as f64;
    let mut sums = vec![[0.0f64; 2]; outputs];
    for row in weights.chunks_exact(outputs) {
        for (sums, &weight) in sums.iter_mut().zip(row) {
            sums[0] += f64::from(weight);
        }
    }
    for row in weights.chunks_exact(outputs) {
        for (sums, &weight) in sums.iter_mut().zip(row) {
            sums[1] += (f64::from(weight) - sums[0] / count).powi(2);
        }
    }
    let constants: Vec<[f32; 2]> = sums
        .iter()
        .zip(scale)
        .map(|([sum, squares], &scale)| {
            // n variance is the sum of squares.
            let factor = f64::from(scale) / squares.max(1e-4).sqrt();
            [(sum / count) as f32, factor as f32]
        })
        .collect();
    for row in weights.chunks_exact_mut(outputs) {
        for (weight, [mean, factor]) in row.iter_mut().zip(&constants) {
            *weight = (*weight - mean) * factor;
        }
    }
}
