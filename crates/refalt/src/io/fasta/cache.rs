//! Decoded bases of the blocks used last.
//!
//! A variant list in genome order touches one block many times; a shuffled one touches each block once in a long
//! while. So a block of a plain file is decoded whole only when it is asked for a second time among the last few
//! misses, or right after the block before it; until then the bases asked for are read alone. Blocks of a bgzip file are kept at once, since inflating is
//! what costs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Bases in a block: 64 KiB, the text of one bgzip block, so that a random access inflates at most two or three.
pub(super) const BLOCK_BP: u32 = 1 << 16;

/// Blocks kept: 32 MiB of bases.
const CAPACITY: usize = 512;

/// Misses remembered.
const RECENT: usize = 32;

/// A block: the record's index in the file, the block's index in the record.
pub(super) type BlockKey = (u32, u32);

/// The bases of a block.
#[derive(Clone)]
pub(super) struct Block {
    pub(super) bases: Arc<[u8]>,
    /// Every base is A, C, G, T or N, so there is nothing to mask.
    pub(super) plain: bool,
}

/// What to do about a block.
pub(super) enum Lookup {
    /// Here it is.
    Hit(Block),
    /// Decode it whole and insert it.
    Admit,
    /// Read only what is needed.
    Bypass,
}

/// The blocks used last, shared by threads.
pub(super) struct BlockCache {
    state: Mutex<State>,
    admit_first: bool,
}

#[derive(Default)]
struct State {
    blocks: HashMap<BlockKey, Slot>,
    clock: u64,
    missed: [Option<BlockKey>; RECENT],
    next_missed: usize,
    last_hit: Option<BlockKey>,
}

struct Slot {
    block: Block,
    used: u64,
}

impl BlockCache {
    /// Makes an empty cache; with `admit_first` a block is kept from its first use on.
    pub(super) fn new(admit_first: bool) -> Self {
        Self {
            state: Mutex::default(),
            admit_first,
        }
    }

    pub(super) fn look_up(&self, key: BlockKey) -> Lookup {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clock += 1;
        let now = state.clock;
        if let Some(slot) = state.blocks.get_mut(&key) {
            slot.used = now;
            let block = slot.block.clone();
            state.last_hit = Some(key);
            return Lookup::Hit(block);
        }
        // Going on into the next block is no random access.
        let next = key.1 > 0 && state.last_hit == Some((key.0, key.1 - 1));
        if self.admit_first || next || state.missed.contains(&Some(key)) {
            return Lookup::Admit;
        }
        let at = state.next_missed;
        state.missed[at] = Some(key);
        state.next_missed = (at + 1) % RECENT;
        Lookup::Bypass
    }

    pub(super) fn insert(&self, key: BlockKey, block: Block) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.blocks.len() >= CAPACITY && !state.blocks.contains_key(&key) {
            let oldest = state
                .blocks
                .iter()
                .min_by_key(|(_, slot)| slot.used)
                .map(|(&key, _)| key);
            if let Some(oldest) = oldest {
                state.blocks.remove(&oldest);
            }
        }
        let used = state.clock;
        state.blocks.insert(key, Slot { block, used });
        state.last_hit = Some(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases(letter: u8) -> Block {
        Block {
            bases: Arc::from([letter].as_slice()),
            plain: true,
        }
    }

    #[test]
    fn a_block_of_a_plain_file_is_kept_from_its_second_use_on() {
        let cache = BlockCache::new(false);
        assert!(matches!(cache.look_up((0, 7)), Lookup::Bypass));
        assert!(matches!(cache.look_up((0, 7)), Lookup::Admit));
        cache.insert((0, 7), bases(b'A'));
        assert!(matches!(cache.look_up((0, 7)), Lookup::Hit(found) if *found.bases == *b"A"));
        // A use long ago does not count.
        assert!(matches!(cache.look_up((1, 0)), Lookup::Bypass));
        for block in 0..RECENT as u32 {
            assert!(matches!(cache.look_up((2, block)), Lookup::Bypass));
        }
        assert!(matches!(cache.look_up((1, 0)), Lookup::Bypass));
    }

    #[test]
    fn going_on_into_the_next_block_keeps_it_at_once() {
        let cache = BlockCache::new(false);
        cache.insert((0, 7), bases(b'A'));
        assert!(matches!(cache.look_up((0, 7)), Lookup::Hit(_)));
        assert!(matches!(cache.look_up((0, 8)), Lookup::Admit));
        assert!(matches!(cache.look_up((1, 8)), Lookup::Bypass));
        assert!(matches!(cache.look_up((0, 9)), Lookup::Bypass));
    }

    #[test]
    fn a_block_of_a_bgzip_file_is_kept_at_once() {
        let cache = BlockCache::new(true);
        assert!(matches!(cache.look_up((0, 0)), Lookup::Admit));
    }

    #[test]
    fn the_block_unused_for_longest_makes_room() {
        let cache = BlockCache::new(true);
        for block in 0..CAPACITY as u32 {
            assert!(matches!(cache.look_up((0, block)), Lookup::Admit));
            cache.insert((0, block), bases(b'C'));
        }
        assert!(matches!(cache.look_up((0, 0)), Lookup::Hit(_)));
        cache.insert((1, 0), bases(b'G'));
        assert!(matches!(cache.look_up((0, 0)), Lookup::Hit(_)));
        assert!(matches!(cache.look_up((0, 1)), Lookup::Admit));
    }
}
