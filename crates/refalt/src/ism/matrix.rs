//! Effects by position and base, a matrix for each scorer, gene and track.

use crate::engine::Plan;
use crate::score_folder::short_name;
use refalt_core::ism::{BASES, contribution};
use refalt_core::score::ScoreBlock;
use refalt_core::scorer::GeneRow;
use refalt_core::{CheckedVariant, ContigName, Interval, OutputType, Position, Track};
use std::collections::HashMap;

/// Effects of one scorer on one track (and of one gene).
#[derive(Clone, Debug, PartialEq)]
pub struct IsmMatrix {
    /// Short name of the scorer, `CHIP_TF`.
    pub name: String,
    /// Text of the scorer.
    pub scorer: String,
    /// Output type that it reads.
    pub output: OutputType,
    /// The gene, and of junctions the intron, for scorers by gene.
    pub gene: Option<GeneRow>,
    /// The track.
    pub track: Track,
    /// By position the effects of A, C, G and T; `None` at the reference base and where there is no score.
    pub effects: Vec<[Option<f32>; 4]>,
}

impl IsmMatrix {
    /// Returns what each reference base contributes ([`contribution`]); `None` where a substitution has no score.
    pub fn contributions(&self) -> impl Iterator<Item = Option<f32>> {
        self.effects.iter().map(|effects| contribution(*effects))
    }

    /// Returns the greatest size of an effect.
    pub fn greatest(&self) -> f32 {
        let effects = self.effects.iter().flatten().flatten();
        effects.fold(0.0, |greatest: f32, effect| greatest.max(effect.abs()))
    }
}

/// All matrices of a stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct IsmTable {
    /// The contig, named as the reference names it.
    pub contig: ContigName,
    /// The stretch.
    pub interval: Interval,
    /// Its bases, N where they are not known.
    pub bases: Vec<u8>,
    /// The matrices: by scorer, gene and track in the order of the plan, the order of genes, and the model's order.
    pub matrices: Vec<IsmMatrix>,
}

impl IsmTable {
    /// Returns the positions with their bases.
    pub fn positions(&self) -> impl Iterator<Item = (Position, u8)> {
        let first = self.interval.first();
        let positions = (0..self.interval.len()).filter_map(move |distance| first?.checked_add(distance));
        positions.zip(self.bases.iter().copied())
    }

    /// Sorts the blocks of all substitutions into matrices.
    pub(super) fn of(
        plan: &Plan,
        contig: ContigName,
        interval: Interval,
        bases: &[u8],
        substitutions: &[CheckedVariant],
        blocks: &[Vec<ScoreBlock>],
    ) -> Self {
        type Key = (usize, Option<(String, Option<Interval>)>);
        // Genes come in the order in which substitutions, from the left, find them.
        let mut rows: HashMap<Key, usize> = HashMap::new();
        let mut found: Vec<(usize, Vec<IsmMatrix>)> = Vec::new();
        let empty = vec![[None; 4]; bases.len()];
        for (variant, blocks) in substitutions.iter().zip(blocks) {
            let alternate = variant.alternate_bases().as_bytes().first();
            let base = BASES.iter().position(|base| Some(base) == alternate);
            let at = interval.first().map(|first| first.distance_to(variant.position()));
            let at = at.and_then(|at| usize::try_from(at).ok());
            let (Some(base), Some(at)) = (base, at) else { continue };
            for block in blocks {
                let planned = &plan.scorers[block.scorer];
                let width = planned.tracks.tracks.len();
                for (row, scores) in block.rows.iter().zip(block.raw.chunks_exact(width.max(1))) {
                    let key = (block.scorer, row.map(|row| (row.gene.id.to_string(), row.junction)));
                    let place = *rows.entry(key).or_insert_with(|| {
                        let matrix = |track: &Track| IsmMatrix {
                            name: short_name(&planned.text),
                            scorer: planned.text.clone(),
                            output: planned.tracks.output,
                            gene: row.cloned(),
                            track: track.clone(),
                            effects: empty.clone(),
                        };
                        found.push((block.scorer, planned.tracks.tracks.iter().map(matrix).collect()));
                        found.len() - 1
                    });
                    for (matrix, &score) in found[place].1.iter_mut().zip(scores) {
                        matrix.effects[at][base] = (!score.is_nan()).then_some(score);
                    }
                }
            }
        }
        // Stable: genes keep their order within a scorer.
        found.sort_by_key(|(scorer, _)| *scorer);
        Self {
            contig,
            interval,
            bases: bases.to_vec(),
            matrices: found.into_iter().flat_map(|(_, matrices)| matrices).collect(),
        }
    }
}
