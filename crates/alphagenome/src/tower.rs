//! The transformer: every token hears of every other, and pairs of stretches of 2,048 bp are described.
//!
//! Source: `TransformerTower` (`model/model.py`) of alphagenome_research 3f79219.

mod attention;
mod pair;

use crate::elementwise::for_rows;
use crate::layer::{BatchNorm, Linear};
use crate::matrix::Matrix;
use crate::probe::Probe;
use crate::rope::{Angles, Rotation};
use crate::weights::{Scope, WeightsError};
use attention::{Attention, PairBias};
use pair::PairUpdate;

/// Layers.
const LAYERS: usize = 9;

/// Tokens of a row or column of the pair representation.
pub(crate) const POOLED_TOKENS: usize = 16;

/// The greatest distance of tokens, those of 1 Mb.
const LONGEST_TOKENS: u32 = 8192;

struct Layer {
    update: Option<PairUpdate>,
    bias: PairBias,
    attention: Attention,
    feed_forward: FeedForward,
}

/// The tower's weights.
pub(crate) struct Tower {
    path: String,
    layers: Vec<Layer>,
    angles: Angles,
    /// Channels of the pair representation.
    pub(crate) pair_channels: usize,
}

/// What the tower makes of tokens.
#[derive(Clone, Debug)]
pub(crate) struct Towered {
    /// One row for each token.
    pub(crate) tokens: Matrix,
    /// One row for each pair of stretches of 16 tokens, `[stretches x stretches]`, row-major.
    pub(crate) pairs: Matrix,
}

impl Tower {
    pub(crate) fn read(scope: &Scope<'_>, channels: usize, angles: Angles) -> Result<Self, WeightsError> {
        let mut layers = Vec::with_capacity(LAYERS);
        let mut pair_channels = 0;
        for index in 0..LAYERS {
            let update = index % 2 == 0;
            let update = update.then(|| PairUpdate::read(&scope.nth("pair_update_block", index / 2), channels));
            let update = update.transpose()?;
            if let Some(update) = &update {
                pair_channels = update.channels();
            }
            let attention = Attention::read(&scope.nth("mha_block", index), channels)?;
            let bias = scope.nth("attention_bias_block", index);
            layers.push(Layer {
                update,
                bias: PairBias::read(&bias, pair_channels, attention.heads)?,
                attention,
                feed_forward: FeedForward::read(&scope.nth("mlp_block", index), channels)?,
            });
        }
        Ok(Self {
            path: scope.path().to_owned(),
            layers,
            angles,
            pair_channels,
        })
    }

    /// Runs the tower over all tokens of a window.
    ///
    /// * `go_on`: asked before each layer.
    pub(crate) fn run<E>(
        &self,
        mut tokens: Matrix,
        probe: Probe<'_>,
        go_on: impl Fn() -> Result<(), E>,
    ) -> Result<Towered, E> {
        let count = u32::try_from(tokens.rows).unwrap_or(u32::MAX);
        let channels = self.layers.first().map_or(2, |layer| layer.attention.channels());
        let rotation = Rotation::new(0..count, channels, LONGEST_TOKENS, self.angles);
        let mut pairs = Matrix::default();
        for (index, layer) in self.layers.iter().enumerate() {
            go_on()?;
            if let Some(update) = &layer.update {
                pairs = update.apply(&tokens, pairs, probe);
            }
            let bias = layer.bias.apply(&pairs);
            let attended = layer.attention.apply(&tokens, &bias, &rotation);
            probe.see(
                &self.path,
                &format!("/mha_block{}@out", suffix(index)),
                &attended.values,
            );
            tokens.add(&attended);
            let fed = layer.feed_forward.apply(&tokens);
            probe.see(&self.path, &format!("/mlp_block{}@out", suffix(index)), &fed.values);
            tokens.add(&fed);
        }
        probe.see(&self.path, "@out/0", &tokens.values);
        probe.see(&self.path, "@out/1", &pairs.values);
        Ok(Towered { tokens, pairs })
    }
}

fn suffix(index: usize) -> String {
    if index == 0 { String::new() } else { format!("_{index}") }
}

/// Normalisation, two linear layers with ReLU between them, normalisation.
struct FeedForward {
    before: BatchNorm,
    first: Linear,
    second: Linear,
    after: BatchNorm,
}

impl FeedForward {
    fn read(scope: &Scope<'_>, channels: usize) -> Result<Self, WeightsError> {
        let first = Linear::read(&scope.at("linear"), channels, 0)?;
        Ok(Self {
            before: BatchNorm::read(&scope.at("rms_batch_norm"), channels)?,
            second: Linear::read(&scope.nth("linear", 1), first.outputs, channels)?,
            first,
            after: BatchNorm::read(&scope.nth("rms_batch_norm", 1), channels)?,
        })
    }

    fn apply(&self, tokens: &Matrix) -> Matrix {
        let mut x = tokens.clone();
        self.before.apply(&mut x);
        let mut hidden = self.first.apply(&x);
        relu(&mut hidden);
        let mut out = self.second.apply(&hidden);
        self.after.apply(&mut out);
        out
    }
}

fn relu(rows: &mut Matrix) {
    for_rows(&mut rows.values, rows.width, |_, row| {
        for value in row.iter_mut() {
            // A NaN stays one.
            *value = if *value < 0.0 { 0.0 } else { *value };
        }
    });
}
