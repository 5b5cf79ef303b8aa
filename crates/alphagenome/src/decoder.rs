//! The decoder: tokens back to single bases, with the encoder's maps read at each resolution.
//!
//! Source: `SequenceDecoder` and `UpResBlock` of alphagenome_research 3f79219.

use crate::encoder::LEVELS;
use crate::layer::ConvBlock;
use crate::matrix::Matrix;
use crate::probe::Probe;
use crate::weights::{Scope, WeightsError};
use rayon::prelude::*;

/// Tokens on either side of a stretch that the decoder must see.
///
/// METHOD: 2 rows at 128 bp, 4 at each of the bins of 64 to 2 bp, 2 at 1 bp: 256 + 4 (64 + 32 + ... + 2) + 2 = 762 bp.
pub(crate) const HALO_TOKENS: usize = 6;

struct UpBlock {
    inner: ConvBlock,
    skip: ConvBlock,
    outer: ConvBlock,
    residual_scale: f32,
}

/// The decoder's weights.
pub(crate) struct Decoder {
    path: String,
    blocks: Vec<UpBlock>,
}

impl Decoder {
    /// Reads the decoder.
    ///
    /// * `tokens`: channels of a token. `maps`: channels of the encoder's maps, from 1 bp on.
    pub(crate) fn read(scope: &Scope<'_>, tokens: usize, maps: &[usize]) -> Result<Self, WeightsError> {
        let mut width = tokens;
        let mut blocks = Vec::with_capacity(LEVELS);
        for (index, &channels) in maps.iter().rev().enumerate() {
            let block = scope.nth("up_res_block", index);
            if channels > width {
                return Err(WeightsError::Shape {
                    name: format!("{}/conv_in/standardized_conv1_d/w", block.path()),
                    found: vec![width, channels],
                    wanted: "no more outputs than inputs".to_owned(),
                });
            }
            let scale = block.channels("residual_scale", 1)?;
            blocks.push(UpBlock {
                inner: ConvBlock::read(&block.at("conv_in"), width, channels)?,
                skip: ConvBlock::read_pointwise(&block.at("pointwise_conv_unet_skip"), channels, channels)?,
                outer: ConvBlock::read(&block.at("conv_out"), channels, channels)?,
                residual_scale: scale[0],
            });
            width = channels;
        }
        Ok(Self {
            path: scope.path().to_owned(),
            blocks,
        })
    }

    /// Decodes tokens to one row for each base.
    ///
    /// * `maps`: those of the same tokens, from 1 bp on.
    pub(crate) fn decode(&self, tokens: &Matrix, maps: &[Matrix], probe: Probe<'_>) -> Matrix {
        let mut x = tokens.clone();
        for (index, (block, map)) in self.blocks.iter().zip(maps.iter().rev()).enumerate() {
            let mut narrow = narrowed(&x, block.inner.outputs);
            block.inner.add_to(&x, &mut narrow);
            let mut wide = doubled(&narrow, block.residual_scale);
            block.skip.add_to(map, &mut wide);
            x = wide.clone();
            block.outer.add_to(&wide, &mut x);
            let name = if index == 0 { String::new() } else { format!("_{index}") };
            probe.see(&self.path, &format!("/up_res_block{name}@out"), &x.values);
        }
        x
    }
}

/// The first channels.
fn narrowed(map: &Matrix, width: usize) -> Matrix {
    let mut out = Matrix::zeros(map.rows, width);
    out.values
        .par_chunks_mut(width)
        .zip(map.values.par_chunks_exact(map.width))
        .for_each(|(row, own)| row.copy_from_slice(&own[..width]));
    out
}

/// Every row twice, times a number.
fn doubled(map: &Matrix, factor: f32) -> Matrix {
    let width = map.width;
    let mut out = Matrix::zeros(map.rows * 2, width);
    out.values
        .par_chunks_exact_mut(2 * width)
        .zip(map.values.par_chunks_exact(width))
        .for_each(|(pair, row)| {
            let (one, other) = pair.split_at_mut(width);
            for ((one, other), &value) in one.iter_mut().zip(other).zip(row) {
                *one = value * factor;
                *other = *one;
            }
        });
    out
}
