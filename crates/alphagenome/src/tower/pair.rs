//! The pair representation: one row for each pair of stretches of 16 tokens.

use super::{POOLED_TOKENS, relu};
use crate::elementwise::{exp, for_rows, gelu_tanh, map, vectorised};
use crate::layer::{LayerNorm, Linear};
use crate::matrix::Matrix;
use crate::probe::Probe;
use crate::product::{Before, Left, Right, multiply_here};
use crate::weights::{Scope, WeightsError};
use rayon::prelude::*;

/// The greatest distance of stretches.
const LONGEST_STRETCHES: usize = super::LONGEST_TOKENS as usize / POOLED_TOKENS;

/// Adds what tokens say to the pair representation, then attention along its rows, then a layer for each pair.
pub(crate) struct PairUpdate {
    path: String,
    from_tokens: FromTokens,
    row_attention: RowAttention,
    feed_forward: PairFeedForward,
}

impl PairUpdate {
    pub(crate) fn read(scope: &Scope<'_>, channels: usize) -> Result<Self, WeightsError> {
        let from_tokens = FromTokens::read(&scope.at("sequence_to_pair_block"), channels)?;
        let width = from_tokens.join.outputs;
        Ok(Self {
            path: scope.path().to_owned(),
            from_tokens,
            row_attention: RowAttention::read(&scope.at("row_attention_block"), width)?,
            feed_forward: PairFeedForward::read(&scope.at("pair_mlp_block"), width)?,
        })
    }

    /// Returns the channels of a pair.
    pub(crate) fn channels(&self) -> usize {
        self.from_tokens.join.outputs
    }

    /// * `pairs`: those before, without rows at the first update.
    pub(crate) fn apply(&self, tokens: &Matrix, pairs: Matrix, probe: Probe<'_>) -> Matrix {
        let said = self.from_tokens.apply(tokens);
        probe.see(&self.path, "/sequence_to_pair_block@out", &said.values);
        let mut pairs = if pairs.rows == 0 {
            said
        } else {
            let mut pairs = pairs;
            pairs.add(&said);
            pairs
        };
        let attended = self.row_attention.apply(&pairs);
        probe.see(&self.path, "/row_attention_block@out", &attended.values);
        pairs.add(&attended);
        let fed = self.feed_forward.apply(&pairs);
        probe.see(&self.path, "/pair_mlp_block@out", &fed.values);
        pairs.add(&fed);
        probe.see(&self.path, "@out", &pairs.values);
        pairs
    }
}

/// From tokens to pairs.
struct FromTokens {
    norm: LayerNorm,
    queries: Linear,
    keys: Linear,
    positions: Linear,
    /// One row of channels for each head.
    query_bias: Vec<f32>,
    key_bias: Vec<f32>,
    join: Linear,
    of_rows: Linear,
    of_columns: Linear,
    heads: usize,
}

impl FromTokens {
    fn read(scope: &Scope<'_>, channels: usize) -> Result<Self, WeightsError> {
        let shape = scope.shape("q_r_bias")?;
        let [1, 1, heads, width] = shape[..] else {
            let name = format!("{}/q_r_bias", scope.path());
            let wanted = "[1, 1, heads, channels]".to_owned();
            return Err(WeightsError::Shape {
                name,
                found: shape,
                wanted,
            });
        };
        let features = scope.at("linear_pos_features");
        let feature_count = features.shape("w")?.first().copied().unwrap_or(0);
        if feature_count == 0 || feature_count % 2 == 1 || feature_count / 2 > LONGEST_STRETCHES {
            return Err(WeightsError::Shape {
                name: format!("{}/w", features.path()),
                found: features.shape("w")?,
                wanted: "an even number of features".to_owned(),
            });
        }
        let queries = Linear::read(&scope.at("linear_q"), channels, heads * width)?;
        let join = Linear::read(&scope.at("linear_pair"), heads, 0)?;
        Ok(Self {
            norm: LayerNorm::root_mean_square(&scope.at("norm_seq2pair"), channels)?,
            keys: Linear::read(&scope.at("linear_k"), channels, heads * width)?,
            positions: Linear::read(&features, feature_count, heads * width)?,
            query_bias: scope.read("q_r_bias", &[1, 1, heads, width])?,
            key_bias: scope.read("k_r_bias", &[1, 1, heads, width])?,
            of_rows: Linear::read(&scope.at("linear_y_q"), channels, join.outputs)?,
            of_columns: Linear::read(&scope.at("linear_y_k"), channels, join.outputs)?,
            queries,
            join,
            heads,
        })
    }

    /// METHOD: for stretches q and k and each head, A = q k + ((q + b_q) pos(k - q) + (k + b_k) pos(q - k)) / 2; a pair is a
    /// linear layer of A over heads, plus one layer of the stretch of its row and one of that of its column.
    fn apply(&self, tokens: &Matrix) -> Matrix {
        let mut x = pooled(tokens);
        self.norm.apply(&mut x);
        let count = x.rows;
        let (queries, keys) = (self.queries.apply(&x), self.keys.apply(&x));
        let positions = self.positions.apply(&features(count, self.positions.inputs / 2));
        let width = queries.width / self.heads;

        // One head after the other: `[heads x rows x columns]`.
        let mut products = vec![0.0f32; self.heads * count * count];
        products
            .par_chunks_mut(count * count)
            .enumerate()
            .for_each(|(head, products)| {
                let of_head = |rows: &Matrix| -> Vec<f32> {
                    let rows = rows.values.chunks_exact(rows.width);
                    rows.flat_map(|row| &row[head * width..(head + 1) * width])
                        .copied()
                        .collect()
                };
                let shifted = |rows: &[f32], bias: &[f32]| -> Vec<f32> {
                    let bias = &bias[head * width..(head + 1) * width];
                    rows.iter()
                        .zip(bias.iter().cycle())
                        .map(|(value, bias)| value + bias)
                        .collect()
                };
                let (queries, keys, positions) = (of_head(&queries), of_head(&keys), of_head(&positions));
                let against = |rows: &[f32], others: &[f32], out: &mut [f32]| {
                    multiply_here(
                        Left::rows(rows, width),
                        Right::transposed(others, width),
                        out,
                        Before::Replaced,
                    );
                };
                // Column p of these is the relative position p - count.
                let mut from_rows = vec![0.0f32; count * 2 * count];
                against(&shifted(&queries, &self.query_bias), &positions, &mut from_rows);
                let mut from_columns = vec![0.0f32; count * 2 * count];
                against(&shifted(&keys, &self.key_bias), &positions, &mut from_columns);
                against(&queries, &keys, products);
                for (row, products) in products.chunks_exact_mut(count).enumerate() {
                    for (column, product) in products.iter_mut().enumerate() {
                        let forward = from_rows[row * 2 * count + column + count - row];
                        let backward = from_columns[column * 2 * count + row + count - column];
                        *product += 0.5 * (forward + backward);
                    }
                }
            });
        let by_pair = Left {
            values: &products,
            rows: count * count,
            row_stride: 1,
            column_stride: count * count,
        };
        let mut pairs = self.join.apply_left(by_pair);
        map(&mut x.values, gelu_tanh);
        let (of_rows, of_columns) = (self.of_rows.apply(&x), self.of_columns.apply(&x));
        for_rows(&mut pairs.values, pairs.width, |pair, values| {
            let (row, column) = (pair / count, pair % count);
            let terms = of_rows
                .slice(row..row + 1)
                .iter()
                .zip(of_columns.slice(column..column + 1));
            for (value, (row, column)) in values.iter_mut().zip(terms) {
                *value = (*value + row) + column;
            }
        });
        pairs
    }
}

/// Means of 16 tokens.
fn pooled(tokens: &Matrix) -> Matrix {
    let width = tokens.width;
    let mut out = Matrix::zeros(tokens.rows / POOLED_TOKENS, width);
    out.values
        .par_chunks_mut(width)
        .zip(tokens.values.par_chunks_exact(POOLED_TOKENS * width))
        .for_each(|(row, tokens)| {
            for token in tokens.chunks_exact(width) {
                for (value, &of_token) in row.iter_mut().zip(token) {
                    *value += of_token;
                }
            }
            for value in row.iter_mut() {
                *value /= POOLED_TOKENS as f32;
            }
        });
    out
}

/// Features of the relative positions r = -count, ..., count - 1: whether |r| is below each of some widths, then the same
/// with the sign of r.
///
/// METHOD: width j of n is j + g_j, with g n geometric steps from 1 to (512 - n + 1), the end not included.
fn features(count: usize, widths: usize) -> Matrix {
    let top = (LONGEST_STRETCHES - widths + 1) as f64;
    let width = |j: usize| j as f64 + top.powf(j as f64 / widths as f64);
    let mut out = Matrix::zeros(2 * count, 2 * widths);
    for (row, values) in out.values.chunks_exact_mut(2 * widths).enumerate() {
        let distance = row.abs_diff(count) as f64;
        let sign = match row.cmp(&count) {
            std::cmp::Ordering::Less => -1.0,
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => 1.0,
        };
        let (near, signed) = values.split_at_mut(widths);
        for (j, (near, signed)) in near.iter_mut().zip(signed).enumerate() {
            *near = f32::from(u8::from(width(j) > distance));
            *signed = sign * *near;
        }
    }
    out
}

/// Attention of each row of pairs to itself, with one head.
struct RowAttention {
    norm: LayerNorm,
    queries: Linear,
    keys: Linear,
    values: Linear,
}

impl RowAttention {
    fn read(scope: &Scope<'_>, channels: usize) -> Result<Self, WeightsError> {
        let queries = Linear::read(&scope.at("linear_q"), channels, 0)?;
        Ok(Self {
            norm: LayerNorm::root_mean_square(&scope.at("layer_norm"), channels)?,
            keys: Linear::read(&scope.at("linear_k"), channels, queries.outputs)?,
            values: Linear::read(&scope.at("linear_v"), channels, channels)?,
            queries,
        })
    }

    fn apply(&self, pairs: &Matrix) -> Matrix {
        let mut x = pairs.clone();
        self.norm.apply(&mut x);
        let (queries, keys, values) = (self.queries.apply(&x), self.keys.apply(&x), self.values.apply(&x));
        let (count, width) = (pairs.rows.isqrt(), queries.width);
        let mut out = Matrix::zeros(pairs.rows, values.width);
        out.values
            .par_chunks_mut(count * values.width)
            .enumerate()
            .for_each(|(row, out)| {
                let row = row * count..(row + 1) * count;
                let mut weights = vec![0.0f32; count * count];
                let left = Left::rows(queries.slice(row.clone()), width);
                let right = Right::transposed(keys.slice(row.clone()), width);
                multiply_here(left, right, &mut weights, Before::Replaced);
                softmax(&mut weights, count, (width as f32).sqrt());
                let right = Right::weights(values.slice(row), values.width);
                multiply_here(Left::rows(&weights, count), right, out, Before::Replaced);
            });
        out
    }
}

/// Softmax of each row of logits, which are divided by a number first.
fn softmax(logits: &mut [f32], count: usize, divisor: f32) {
    vectorised(
        #[inline(always)]
        || {
            for row in logits.chunks_exact_mut(count) {
                let mut greatest = f32::NEG_INFINITY;
                for logit in row.iter_mut() {
                    *logit /= divisor;
                    greatest = if *logit > greatest { *logit } else { greatest };
                }
                for logit in row.iter_mut() {
                    *logit = exp(*logit - greatest);
                }
                let total = crate::layer::sum(row, |x| x);
                for logit in row.iter_mut() {
                    *logit /= total;
                }
            }
        },
    );
}

/// Normalisation and two linear layers with ReLU between them, for each pair.
struct PairFeedForward {
    norm: LayerNorm,
    first: Linear,
    second: Linear,
}

impl PairFeedForward {
    fn read(scope: &Scope<'_>, channels: usize) -> Result<Self, WeightsError> {
        let first = Linear::read(&scope.at("linear"), channels, 0)?;
        Ok(Self {
            norm: LayerNorm::root_mean_square(&scope.at("layer_norm"), channels)?,
            second: Linear::read(&scope.nth("linear", 1), first.outputs, channels)?,
            first,
        })
    }

    fn apply(&self, pairs: &Matrix) -> Matrix {
        let mut x = pairs.clone();
        self.norm.apply(&mut x);
        let mut hidden = self.first.apply(&x);
        relu(&mut hidden);
        self.second.apply(&hidden)
    }
}
