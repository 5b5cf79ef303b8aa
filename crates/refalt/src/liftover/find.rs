//! Finds the blocks at a place.

use refalt_core::{Interval, Position};

/// A block of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its bases on the sequence lifted from.
    pub(crate) interval: Interval,
    /// Index of the chain in the file.
    pub(crate) chain: usize,
    /// Index of the block in the chain.
    pub(crate) block: usize,
}

/// Blocks sorted by start, with the furthest end of all blocks up to each.
///
/// The blocks of one chain share no base, and in the netted files that UCSC gives out those of all chains share
/// none, so the walk back from a place is short.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stabbing {
    blocks: Vec<Found>,
    furthest_end: Vec<u32>,
}

impl Stabbing {
    pub(crate) fn new(mut blocks: Vec<Found>) -> Self {
        blocks.sort_by_key(|found| (found.interval, found.chain, found.block));
        let mut furthest = 0;
        let furthest_end = blocks
            .iter()
            .map(|found| {
                furthest = furthest.max(found.interval.bed_end());
                furthest
            })
            .collect();
        Self { blocks, furthest_end }
    }

    /// Returns the blocks that share a base with `stretch`, in order of their start.
    pub(super) fn touching(&self, stretch: Interval) -> Vec<Found> {
        let end = self
            .blocks
            .partition_point(|found| found.interval.bed_start() < stretch.bed_end());
        let mut touching: Vec<Found> = (0..end)
            .rev()
            .take_while(|&at| self.furthest_end[at] > stretch.bed_start())
            .map(|at| self.blocks[at])
            .filter(|found| found.interval.intersect(stretch).is_some())
            .collect();
        touching.reverse();
        touching
    }

    /// Returns the block that holds a base; where several do, the one that begins last.
    pub(crate) fn last_holding(&self, position: Position) -> Option<Found> {
        let end = self
            .blocks
            .partition_point(|found| found.interval.bed_start() <= position.zero_based());
        (0..end)
            .rev()
            .take_while(|&at| self.furthest_end[at] > position.zero_based())
            .map(|at| self.blocks[at])
            .find(|found| found.interval.contains(position))
    }

    /// Returns the blocks that hold all of `stretch`, which has a base.
    pub(super) fn holding(&self, stretch: Interval) -> Vec<Found> {
        let mut holding = self.touching(stretch);
        holding.retain(|found| found.interval.covers(stretch));
        holding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exactly_the_blocks_at_the_place_are_found(
            blocks in prop::collection::vec((0u32..50, 1u32..20), 0..20), query in (0u32..70, 1u32..9)
        ) {
            let blocks: Vec<Found> = blocks.iter().enumerate().map(|(chain, &(start, length))| Found {
                interval: Interval::from_bed(start, start + length).unwrap(), chain, block: 0,
            }).collect();
            let query = Interval::from_bed(query.0, query.0 + query.1).unwrap();
            let mut found: Vec<usize> = Stabbing::new(blocks.clone()).touching(query).iter().map(|found| found.chain).collect();
            found.sort_unstable();
            let expected: Vec<usize> = blocks.iter().filter(|block| block.interval.intersect(query).is_some()).map(|block| block.chain).collect();
            prop_assert_eq!(found, expected);
            let position = Position::from_zero_based(query.bed_start()).unwrap();
            let last = blocks.iter().filter(|block| block.interval.contains(position)).map(|block| block.interval.bed_start()).max();
            let found = Stabbing::new(blocks.clone()).last_holding(position);
            prop_assert_eq!(found.map(|found| found.interval.bed_start()), last);
        }
    }
}
