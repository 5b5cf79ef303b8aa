//! Counts of splice junctions between candidate sites.

use super::HeadScope;
use crate::elementwise::{map_here, softplus, vectorised};
use crate::layer::Linear;
use crate::matrix::Matrix;
use crate::product::{Before, Left, Right, multiply_here};
use crate::rope::{Angles, Rotation};
use crate::weights::WeightsError;
use rayon::prelude::*;

/// The greatest position, in bp.
const LONGEST_BP: u32 = 1 << 20;

/// The roles of a site, by the names of their tables among the weights, in the order of the classes of sites.
const ROLES: [&str; 4] = [
    "pos_donor_logits",
    "pos_acceptor_logits",
    "neg_donor_logits",
    "neg_acceptor_logits",
];

/// Tissues whose counts are computed before they are laid in their places: a line of the processor's cache.
const TISSUES_AT_ONCE: usize = 16;

/// Candidate sites of one class: offsets in the window, ascending, and the embeddings of these bases.
pub(crate) struct SiteRows {
    pub(crate) offsets: Vec<u32>,
    pub(crate) embeddings: Matrix,
}

/// The head's weights.
pub(crate) struct JunctionHead {
    linear: Linear,
    /// For each role `[(scale, offset) x tissues x channels]`.
    roles: Vec<Vec<f32>>,
    tissues: usize,
}

impl JunctionHead {
    pub(crate) fn read(head: &HeadScope<'_>, inputs: usize) -> Result<Self, WeightsError> {
        let linear = head.linear("", inputs, None)?;
        let channels = linear.outputs;
        let tissues = head.columns.len();
        let table = |role: &&str| {
            let scope = head.scope.at(role);
            let shape = scope.shape("embeddings")?;
            let all = scope.read("embeddings", &[0, 0])?;
            let wrong = |wanted: &str| WeightsError::Shape {
                name: format!("{}/embeddings", scope.path()),
                found: shape.clone(),
                wanted: wanted.to_owned(),
            };
            let of_all = shape[1] / (2 * channels);
            if shape[1] != of_all * 2 * channels {
                return Err(wrong("a scale and an offset for each tissue and channel"));
            }
            head.check_width(&scope, "embeddings", &shape, of_all)?;
            let own = all.get(head.organism * shape[1]..(head.organism + 1) * shape[1]);
            let own = own.ok_or_else(|| wrong("a row for each organism"))?;
            let halves = own.chunks_exact(of_all * channels);
            let rows = halves.flat_map(|half| {
                head.columns
                    .iter()
                    .map(move |&tissue| &half[tissue * channels..][..channels])
            });
            Ok(rows.flatten().copied().collect())
        };
        Ok(Self {
            roles: ROLES.iter().map(table).collect::<Result<_, _>>()?,
            linear,
            tissues,
        })
    }

    /// Returns the channels of an embedding.
    pub(crate) fn inputs(&self) -> usize {
        self.linear.inputs
    }

    /// Predicts counts between the sites of a strand, `[slots x slots x 2 tissues]`, those of the forward strand first.
    ///
    /// METHOD: softplus of the product of a donor's and an acceptor's rows; a row is scale z + offset of the tissue, turned by
    /// the site's offset in the window, with z a linear layer of the embedding. Only pairs of sites are computed.
    ///
    /// * `sites`: of each class. * `slots`: at least as many as the longest list has.
    pub(crate) fn predict(&self, sites: &[SiteRows; 4], slots: usize) -> Vec<f32> {
        let mut counts = vec![0.0f32; slots * slots * 2 * self.tissues];
        for strand in 0..2 {
            let (donors, acceptors) = (&sites[2 * strand], &sites[2 * strand + 1]);
            if donors.offsets.is_empty() || acceptors.offsets.is_empty() {
                continue;
            }
            let prepared = [2 * strand, 2 * strand + 1].map(|role| Role {
                rows: self.linear.apply(&sites[role].embeddings),
                rotation: Rotation::new(
                    sites[role].offsets.iter().copied(),
                    self.linear.outputs,
                    LONGEST_BP,
                    Angles::Float32,
                ),
                table: &self.roles[role],
                tissues: self.tissues,
            });
            let [donor, acceptor] = &prepared;
            let of_tissue = |tissue: usize| {
                let (donors, acceptors) = (donor.of_tissue(tissue), acceptor.of_tissue(tissue));
                let width = donors.width;
                let mut products = vec![0.0f32; donors.rows * acceptors.rows];
                let right = Right::transposed(&acceptors.values, width);
                multiply_here(
                    Left::rows(&donors.values, width),
                    right,
                    &mut products,
                    Before::Replaced,
                );
                map_here(&mut products, softplus);
                products
            };
            // Tissues by the dozen, so that the counts of few are in memory twice, and a pair's are written in a row.
            for first in (0..self.tissues).step_by(TISSUES_AT_ONCE) {
                let some = first..(first + TISSUES_AT_ONCE).min(self.tissues);
                let products: Vec<Vec<f32>> = some.clone().into_par_iter().map(of_tissue).collect();
                let columns = acceptors.offsets.len();
                counts
                    .par_chunks_mut(slots * 2 * self.tissues)
                    .take(donors.offsets.len())
                    .enumerate()
                    .for_each(|(donor, counts)| {
                        for (acceptor, counts) in counts.chunks_exact_mut(2 * self.tissues).take(columns).enumerate() {
                            let own = &mut counts[strand * self.tissues + first..][..some.len()];
                            for (count, products) in own.iter_mut().zip(&products) {
                                *count = products[donor * columns + acceptor];
                            }
                        }
                    });
            }
        }
        counts
    }
}

struct Role<'a> {
    rows: Matrix,
    rotation: Rotation,
    table: &'a [f32],
    tissues: usize,
}

impl Role<'_> {
    fn of_tissue(&self, tissue: usize) -> Matrix {
        let width = self.rows.width;
        let (scale, offset) = self.table.split_at(self.tissues * width);
        let (scale, offset) = (&scale[tissue * width..][..width], &offset[tissue * width..][..width]);
        let mut rows = self.rows.clone();
        vectorised(
            #[inline(always)]
            || {
                for (index, row) in rows.values.chunks_exact_mut(width).enumerate() {
                    for ((value, &scale), &offset) in row.iter_mut().zip(scale).zip(offset) {
                        *value = scale * *value + offset;
                    }
                    self.rotation.turn(index, row);
                }
            },
        );
        rows
    }
}
