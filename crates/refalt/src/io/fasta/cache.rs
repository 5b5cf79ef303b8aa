//! Decoded bases of the blocks used last.
//!
//! A variant list in genome order touches one block many times; a shuffled one touches each block once in a long
//! while. So a block of a plain file is decoded whole only when it is asked for a second time among the last few
//! misses; until then the bases asked for are read alone. Blocks of a bgzip file are kept at once, since inflating is
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

/// What to do about a block.
pub(super) enum Lookup {
    /// Here it is.
    Hit(Arc<[u8]>),
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
}

struct Slot {
    bases: Arc<[u8]>,
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
            return Lookup::Hit(Arc::clone(&slot.bases));
        }
        if self.admit_first || state.missed.contains(&Some(key)) {
            return Lookup::Admit;
        }
        let at = state.next_missed;
        state.missed[at] = Some(key);
        state.next_missed = (at + 1) % RECENT;
        Lookup::Bypass
    }

    pub(super) fn insert(&self, key: BlockKey, bases: Arc<[u8]>) {
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
        state.blocks.insert(key, Slot { bases, used });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases(letter: u8) -> Arc<[u8]> {
        Arc::from([letter].as_slice())
    }

    #[test]
    fn a_block_of_a_plain_file_is_kept_from_its_second_use_on() {
        let cache = BlockCache::new(false);
        assert!(matches!(cache.look_up((0, 7)), Lookup::Bypass));
        assert!(matches!(cache.look_up((0, 7)), Lookup::Admit));
        cache.insert((0, 7), bases(b'A'));
        assert!(matches!(cache.look_up((0, 7)), Lookup::Hit(found) if *found == *b"A"));
        // A use long ago does not count.
        assert!(matches!(cache.look_up((1, 0)), Lookup::Bypass));
        for block in 0..RECENT as u32 {
            assert!(matches!(cache.look_up((2, block)), Lookup::Bypass));
        }
        assert!(matches!(cache.look_up((1, 0)), Lookup::Bypass));
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
