//! Attention between tokens, with a bias from the pair representation.

use super::POOLED_TOKENS;
use crate::elementwise::{exp, for_rows, gelu_tanh, tanh, vectorised};
use crate::layer::{BatchNorm, LayerNorm, Linear};
use crate::matrix::Matrix;
use crate::product::{Before, Left, Right, multiply_here};
use crate::rope::Rotation;
use crate::weights::{Scope, WeightsError};
use rayon::prelude::*;

/// Logits are bent into (-5, 5).
const CAP: f32 = 5.0;

/// Rows of logits that are in memory at once on a thread: 8,192 of them at 1 Mb are 8 MiB.
const ROWS_AT_ONCE: usize = 256;

/// Attention with several heads of queries and one of keys and values.
pub(crate) struct Attention {
    before: BatchNorm,
    queries: Linear,
    keys: Linear,
    values: Linear,
    norm_queries: LayerNorm,
    norm_keys: LayerNorm,
    norm_values: LayerNorm,
    join: Linear,
    after: BatchNorm,
    /// Heads of queries.
    pub(crate) heads: usize,
}

impl Attention {
    pub(crate) fn read(scope: &Scope<'_>, channels: usize) -> Result<Self, WeightsError> {
        let queries = Linear::read(&scope.at("q_layer"), channels, 0)?;
        let keys = Linear::read(&scope.at("k_layer"), channels, 0)?;
        let values = Linear::read(&scope.at("v_layer"), channels, 0)?;
        let (width, heads) = (keys.outputs, queries.outputs / keys.outputs);
        if !queries.outputs.is_multiple_of(width) || width % 2 == 1 {
            return Err(WeightsError::Shape {
                name: format!("{}/q_layer/w", scope.path()),
                found: vec![channels, queries.outputs],
                wanted: format!("outputs in whole heads of {width}, an even number"),
            });
        }
        Ok(Self {
            before: BatchNorm::read(&scope.at("rms_batch_norm"), channels)?,
            norm_queries: LayerNorm::centred(&scope.at("norm_q"), width)?,
            norm_keys: LayerNorm::centred(&scope.at("norm_k"), width)?,
            norm_values: LayerNorm::centred(&scope.at("norm_v"), values.outputs)?,
            join: Linear::read(&scope.at("linear_embedding"), heads * values.outputs, channels)?,
            after: BatchNorm::read(&scope.nth("rms_batch_norm", 1), channels)?,
            queries,
            keys,
            values,
            heads,
        })
    }

    /// Returns the channels of a query.
    pub(crate) fn channels(&self) -> usize {
        self.keys.outputs
    }

    /// Returns what each token takes over from the others.
    ///
    /// METHOD: softmax over tokens of 5 tanh((q k / sqrt(channels) + bias) / 5), times the values; heads one after the other.
    pub(crate) fn apply(&self, tokens: &Matrix, bias: &Bias, rotation: &Rotation) -> Matrix {
        let mut x = tokens.clone();
        self.before.apply(&mut x);
        let mut queries = self.queries.apply(&x);
        let mut keys = self.keys.apply(&x);
        let mut values = self.values.apply(&x);
        drop(x);
        self.norm_queries.apply(&mut queries);
        self.norm_keys.apply(&mut keys);
        self.norm_values.apply(&mut values);
        let width = self.channels();
        for_rows(&mut queries.values, width, |row, query| {
            rotation.turn(row / self.heads, query)
        });
        for_rows(&mut keys.values, width, |row, key| rotation.turn(row, key));

        let mut heard = Matrix::zeros(tokens.rows, self.heads * values.width);
        let block = (ROWS_AT_ONCE / self.heads).max(1);
        heard
            .values
            .par_chunks_mut(block * self.heads * values.width)
            .enumerate()
            .for_each(|(index, heard)| {
                let first = index * block;
                let queries = queries.slice(first..(first + block).min(queries.rows));
                self.attend(queries, &keys, &values, first, bias, heard);
            });
        let mut out = self.join.apply(&heard);
        self.after.apply(&mut out);
        out
    }

    /// Attends from the queries of some tokens, `[tokens x heads x channels]`, to all.
    fn attend(&self, queries: &[f32], keys: &Matrix, values: &Matrix, first: usize, bias: &Bias, heard: &mut [f32]) {
        let (count, width) = (keys.rows, keys.width);
        let left = Left::rows(queries, width);
        let mut logits = vec![0.0f32; left.rows * count];
        multiply_here(
            left,
            Right::transposed(&keys.values, width),
            &mut logits,
            Before::Replaced,
        );
        let divisor = (width as f32).sqrt();
        vectorised(
            #[inline(always)]
            || {
                for (row, logits) in logits.chunks_exact_mut(count).enumerate() {
                    let bias = bias.row(row % self.heads, (first + row / self.heads) / POOLED_TOKENS);
                    for (logits, &bias) in logits.chunks_mut(POOLED_TOKENS).zip(bias) {
                        for logit in logits {
                            // No logit is beyond the cap, so that the greatest need not be taken off first.
                            *logit = exp(CAP * tanh((*logit / divisor + bias) / CAP));
                        }
                    }
                    let total = crate::layer::sum(logits, |x| x);
                    for logit in logits.iter_mut() {
                        *logit /= total;
                    }
                }
            },
        );
        let left = Left::rows(&logits, count);
        multiply_here(
            left,
            Right::weights(&values.values, values.width),
            heard,
            Before::Replaced,
        );
    }
}

/// What is added to logits: one number for each head and pair of stretches, `[heads x stretches x stretches]`.
pub(crate) struct Bias {
    stretches: usize,
    values: Vec<f32>,
}

impl Bias {
    fn row(&self, head: usize, stretch: usize) -> &[f32] {
        let from = (head * self.stretches + stretch) * self.stretches;
        &self.values[from..from + self.stretches]
    }
}

/// The layer that makes the bias.
pub(crate) struct PairBias {
    norm: BatchNorm,
    linear: Linear,
}

impl PairBias {
    pub(crate) fn read(scope: &Scope<'_>, pair_channels: usize, heads: usize) -> Result<Self, WeightsError> {
        Ok(Self {
            norm: BatchNorm::read(&scope.at("rms_batch_norm"), pair_channels)?,
            linear: Linear::read(&scope.at("linear"), pair_channels, heads)?,
        })
    }

    pub(crate) fn apply(&self, pairs: &Matrix) -> Bias {
        let mut x = pairs.clone();
        self.norm.apply_then(&mut x, gelu_tanh);
        let by_pair = self.linear.apply(&x);
        let (heads, count) = (by_pair.width, by_pair.rows);
        let mut values = vec![0.0; heads * count];
        for (pair, row) in by_pair.values.chunks_exact(heads).enumerate() {
            for (head, &value) in row.iter().enumerate() {
                values[head * count + pair] = value;
            }
        }
        Bias {
            stretches: count.isqrt(),
            values,
        }
    }
}
