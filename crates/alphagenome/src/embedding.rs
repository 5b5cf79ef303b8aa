//! Output embeddings: what the heads read, with what is particular to an organism added.
//!
//! Source: `OutputEmbedder` and `OutputPair` (`model/embeddings.py`) of alphagenome_research 3f79219.

use crate::elementwise::{for_rows, gelu_sigmoid};
use crate::encoder::TOKEN_BP;
use crate::layer::{BatchNorm, LayerNorm, Linear};
use crate::matrix::Matrix;
use crate::weights::{Scope, WeightsError};

/// Reads the row of an organism from a table `[organisms x channels]`.
pub(crate) fn of_organism(scope: &Scope<'_>, organism: usize, channels: usize) -> Result<Vec<f32>, WeightsError> {
    let table = scope.read("embeddings", &[0, channels])?;
    let rows = table.len() / channels;
    match table.chunks_exact(channels).nth(organism) {
        Some(row) => Ok(row.to_vec()),
        None => Err(WeightsError::Shape {
            name: format!("{}/embeddings", scope.path()),
            found: vec![rows, channels],
            wanted: format!("at least {} organisms", organism + 1),
        }),
    }
}

/// Embeddings of tokens or of bases.
pub(crate) struct Embedder {
    linear: Linear,
    /// From the embedding of the token that a base lies in.
    of_token: Option<Linear>,
    norm: BatchNorm,
    organism: Vec<f32>,
}

impl Embedder {
    pub(crate) fn read(
        scope: &Scope<'_>,
        organism: usize,
        inputs: usize,
        tokens: Option<usize>,
    ) -> Result<Self, WeightsError> {
        let linear = Linear::read(&scope.at("linear"), inputs, 0)?;
        let channels = linear.outputs;
        let of_token = tokens.map(|tokens| Linear::read(&scope.nth("linear", 1), tokens, channels));
        Ok(Self {
            of_token: of_token.transpose()?,
            norm: BatchNorm::read(&scope.at("rms_batch_norm"), channels)?,
            organism: of_organism(&scope.at("embed"), organism, channels)?,
            linear,
        })
    }

    /// Returns the channels of an embedding.
    pub(crate) fn channels(&self) -> usize {
        self.linear.outputs
    }

    /// Embeds tokens.
    pub(crate) fn tokens(&self, rows: &Matrix) -> Matrix {
        self.finish(self.linear.apply(rows))
    }

    /// Returns what the embeddings of tokens add to those of their bases.
    pub(crate) fn terms_of_tokens(&self, tokens: &Matrix) -> Matrix {
        match &self.of_token {
            Some(of_token) => of_token.apply(tokens),
            None => Matrix::zeros(tokens.rows, self.channels()),
        }
    }

    /// Embeds bases.
    ///
    /// * `rows`: decoded bases, the first of them at `offset` bases from the start of the first token.
    /// * `terms`: of the tokens that they lie in.
    pub(crate) fn bases(&self, rows: &Matrix, offset: usize, terms: &Matrix) -> Matrix {
        let mut x = self.linear.apply(rows);
        for_rows(&mut x.values, x.width, |row, values| {
            let token = (offset + row) / TOKEN_BP;
            for (value, &term) in values.iter_mut().zip(terms.slice(token..token + 1)) {
                *value += term;
            }
        });
        self.finish(x)
    }

    fn finish(&self, mut x: Matrix) -> Matrix {
        let constants = || self.norm.factor.iter().zip(&self.norm.offset).zip(&self.organism);
        for_rows(&mut x.values, x.width, |_, row| {
            for (value, ((&factor, &offset), &organism)) in row.iter_mut().zip(constants()) {
                *value = gelu_sigmoid((*value * factor + offset) + organism);
            }
        });
        x
    }
}

/// Embeddings of pairs of stretches.
pub(crate) struct PairEmbedder {
    norm: LayerNorm,
    organism: Vec<f32>,
}

impl PairEmbedder {
    pub(crate) fn read(scope: &Scope<'_>, organism: usize, channels: usize) -> Result<Self, WeightsError> {
        Ok(Self {
            norm: LayerNorm::root_mean_square(&scope.at("layer_norm"), channels)?,
            organism: of_organism(&scope.at("embed"), organism, channels)?,
        })
    }

    /// Embeds pairs, made equal in both directions.
    pub(crate) fn apply(&self, pairs: &Matrix) -> Matrix {
        let count = pairs.rows.isqrt();
        let mut x = pairs.clone();
        for_rows(&mut x.values, pairs.width, |pair, values| {
            let mirrored = (pair % count) * count + pair / count;
            for (value, &other) in values.iter_mut().zip(pairs.slice(mirrored..mirrored + 1)) {
                *value = (*value + other) / 2.0;
            }
        });
        self.norm.apply(&mut x);
        for_rows(&mut x.values, pairs.width, |_, row| {
            for (value, &organism) in row.iter_mut().zip(&self.organism) {
                *value = gelu_sigmoid(*value + organism);
            }
        });
        x
    }
}
