//! Linear layers.

use crate::matrix::Matrix;
use crate::product::{Before, Left, Right, multiply};
use crate::weights::{Scope, WeightsError};

/// y = x w + b.
#[derive(Debug)]
pub(crate) struct Linear {
    /// `[inputs x outputs]`, row-major.
    weights: Vec<f32>,
    bias: Option<Vec<f32>>,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

impl Linear {
    /// Reads `w` and, where there is one, `b`; 0 outputs are as many as the array has.
    pub(crate) fn read(scope: &Scope<'_>, inputs: usize, outputs: usize) -> Result<Self, WeightsError> {
        let weights = scope.read("w", &[inputs, outputs])?;
        let outputs = weights.len() / inputs;
        let bias = scope.has("b").then(|| scope.channels("b", outputs)).transpose()?;
        Ok(Self {
            weights,
            bias,
            inputs,
            outputs,
        })
    }

    /// Returns a layer with these weights, `[inputs x outputs]`.
    pub(crate) fn new(weights: Vec<f32>, bias: Option<Vec<f32>>, inputs: usize, outputs: usize) -> Self {
        Self {
            weights,
            bias,
            inputs,
            outputs,
        }
    }

    /// Applies the layer to rows.
    pub(crate) fn apply(&self, rows: &Matrix) -> Matrix {
        self.apply_left(Left::rows(&rows.values, rows.width))
    }

    /// Applies the layer to rows that may stand anyhow in memory.
    pub(crate) fn apply_left(&self, left: Left<'_>) -> Matrix {
        let mut out = Matrix::zeros(left.rows, self.outputs);
        multiply(
            left,
            Right::weights(&self.weights, self.outputs),
            &mut out.values,
            Before::Replaced,
        );
        if let Some(bias) = &self.bias {
            crate::elementwise::for_rows(&mut out.values, self.outputs, |_, row| {
                for (value, &bias) in row.iter_mut().zip(bias) {
                    *value += bias;
                }
            });
        }
        out
    }
}
