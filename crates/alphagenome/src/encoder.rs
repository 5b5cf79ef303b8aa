//! The encoder: bases to tokens of 128 bp, and the maps on the way, which the decoder reads again.
//!
//! Source: `SequenceEncoder` (`model/model.py`), `DnaEmbedder` and `DownResBlock` (`model/convolutions.py`) of
//! alphagenome_research 3f79219.

use crate::layer::ConvBlock;
use crate::matrix::Matrix;
use crate::probe::Probe;
use crate::weights::{Scope, WeightsError};
use rayon::prelude::*;

/// Blocks that halve the resolution after the first: bins of 2, 4, ... 64 bp.
const BLOCKS: usize = 6;

/// Maps at each resolution, 1, 2, 4, ... 64 bp to a row.
pub(crate) const LEVELS: usize = BLOCKS + 1;

/// Bases of a token.
pub(crate) const TOKEN_BP: usize = 128;

/// Tokens on either side of a stretch that the encoder must see for the stretch to come out as within the whole.
///
/// METHOD: a row depends on 9 bp beside it at 1 bp (the first convolution 7, the second 2), and on 4 rows at each of the bins
/// of 2 to 64 bp: 9 + 4 (2 + 4 + ... + 64) = 513 bp.
pub(crate) const HALO_TOKENS: usize = 5;

/// Bases beside a changed base whose tokens may change.
pub(crate) const REACH_BP: usize = 513;

/// What the encoder makes of a stretch of tokens.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    /// One row for each token, before the organism is added.
    pub(crate) tokens: Matrix,
    /// The maps of the same tokens: 128 rows for a token at 1 bp, 64 at 2 bp, ... 2 at 64 bp.
    pub(crate) maps: Vec<Matrix>,
}

impl Encoded {
    /// Keeps the tokens from `first` on, `count` of them.
    pub(crate) fn part(&self, first: usize, count: usize) -> Self {
        let maps = self.maps.iter().enumerate().map(|(level, map)| {
            let rows = TOKEN_BP >> level;
            map.part(first * rows..(first + count) * rows)
        });
        Self {
            tokens: self.tokens.part(first..first + count),
            maps: maps.collect(),
        }
    }

    /// Writes the maps of other tokens over those from `first` on.
    pub(crate) fn overwrite_maps(&mut self, first: usize, other: &Self) {
        for (level, (map, other)) in self.maps.iter_mut().zip(&other.maps).enumerate() {
            map.overwrite(first * (TOKEN_BP >> level), &other.values);
        }
    }
}

struct DownBlock {
    first: ConvBlock,
    second: ConvBlock,
}

/// The encoder's weights.
pub(crate) struct Encoder {
    path: String,
    /// `[taps x 4 x channels]`.
    embedder: Vec<f32>,
    embedder_bias: Vec<f32>,
    embedder_taps: usize,
    embedder_block: ConvBlock,
    blocks: Vec<DownBlock>,
    /// Channels of the map at each level.
    pub(crate) channels: Vec<usize>,
}

impl Encoder {
    pub(crate) fn read(scope: &Scope<'_>) -> Result<Self, WeightsError> {
        let embedder = scope.at("dna_embedder");
        let conv = embedder.at("conv1_d");
        let [embedder_taps, _, width] = conv.shape("w")?[..] else {
            let (name, found) = (format!("{}/w", conv.path()), conv.shape("w")?);
            let wanted = "[taps, 4, channels]".to_owned();
            return Err(WeightsError::Shape { name, found, wanted });
        };
        let mut channels = vec![width];
        let mut blocks = Vec::with_capacity(BLOCKS);
        for index in 0..BLOCKS {
            let block = scope.at(&format!("downres_block_{index}"));
            let first = ConvBlock::read(&block.at("conv_block"), channels[index], 0)?;
            let outputs = first.outputs;
            if outputs < channels[index] {
                return Err(WeightsError::Shape {
                    name: format!("{}/conv_block/standardized_conv1_d/w", block.path()),
                    found: vec![outputs],
                    wanted: format!("at least {} outputs", channels[index]),
                });
            }
            let second = ConvBlock::read(&block.nth("conv_block", 1), outputs, outputs)?;
            channels.push(outputs);
            blocks.push(DownBlock { first, second });
        }
        Ok(Self {
            path: scope.path().to_owned(),
            embedder: conv.read("w", &[embedder_taps, 4, width])?,
            embedder_bias: conv.channels("b", width)?,
            embedder_taps,
            embedder_block: ConvBlock::read(&embedder.at("conv_block"), width, width)?,
            blocks,
            channels,
        })
    }

    /// Encodes bases; what lies beyond their ends counts as the end of the sequence.
    ///
    /// * `bases`: a multiple of 128; A, C, G and T in either case, every other letter is no base.
    pub(crate) fn encode(&self, bases: &[u8], probe: Probe<'_>) -> Encoded {
        let embedded = self.embed(bases);
        probe.see(&self.path, "/dna_embedder/conv1_d@out", &embedded.values);
        let mut map = embedded.clone();
        self.embedder_block.add_to(&embedded, &mut map);
        probe.see(&self.path, "/dna_embedder@out", &map.values);
        let mut maps = Vec::with_capacity(LEVELS);
        for (index, block) in self.blocks.iter().enumerate() {
            let pooled = halved(&map);
            maps.push(map);
            let mut wider = widened(&pooled, block.first.outputs);
            block.first.add_to(&pooled, &mut wider);
            map = wider.clone();
            block.second.add_to(&wider, &mut map);
            probe.see(&self.path, &format!("/downres_block_{index}@out"), &map.values);
        }
        let tokens = halved(&map);
        maps.push(map);
        probe.see(&self.path, "@out/0", &tokens.values);
        Encoded { tokens, maps }
    }

    /// The first convolution: for each base the sum of one row of weights for each tap.
    fn embed(&self, bases: &[u8]) -> Matrix {
        let width = self.embedder_bias.len();
        let before = self.embedder_taps / 2;
        let mut out = Matrix::zeros(bases.len(), width);
        out.values.par_chunks_mut(width).enumerate().for_each(|(place, row)| {
            for tap in 0..self.embedder_taps {
                let Some(&base) = (place + tap).checked_sub(before).and_then(|at| bases.get(at)) else {
                    continue;
                };
                let column = match base {
                    b'A' | b'a' => 0,
                    b'C' | b'c' => 1,
                    b'G' | b'g' => 2,
                    b'T' | b't' => 3,
                    _ => continue,
                };
                let from = (tap * 4 + column) * width;
                for (value, &weight) in row.iter_mut().zip(&self.embedder[from..from + width]) {
                    *value += weight;
                }
            }
            for (value, &bias) in row.iter_mut().zip(&self.embedder_bias) {
                *value += bias;
            }
        });
        out
    }
}

/// The greater of two neighbouring rows, channel by channel.
fn halved(map: &Matrix) -> Matrix {
    let width = map.width;
    let mut out = Matrix::zeros(map.rows / 2, width);
    out.values
        .par_chunks_mut(width)
        .zip(map.values.par_chunks_exact(2 * width))
        .for_each(|(row, pair)| {
            let (one, other) = pair.split_at(width);
            for ((value, &a), &b) in row.iter_mut().zip(one).zip(other) {
                *value = if b > a { b } else { a };
            }
        });
    out
}

/// The map with channels of zeros after its own.
fn widened(map: &Matrix, width: usize) -> Matrix {
    let mut out = Matrix::zeros(map.rows, width);
    out.values
        .par_chunks_mut(width)
        .zip(map.values.par_chunks_exact(map.width))
        .for_each(|(row, own)| row[..own.len()].copy_from_slice(own));
    out
}
