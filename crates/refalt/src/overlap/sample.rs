//! A sample of the distinct places of a table, the same for any number of threads.

use refalt_core::Position;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Places kept.
pub(super) const MOST_PLACES: usize = 20_000;

/// A place that may be sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Index of the contig among those of the peaks.
    pub(super) contig: usize,
    /// The first base (1-based).
    pub(super) position: Position,
    /// REF, where the reference is to be asked.
    pub(super) reference: Option<Box<[u8]>>,
}

/// Mixes contig and position into 64 bits (the finaliser of SplitMix64).
pub(super) const fn key(contig: usize, position: Position) -> u64 {
    let mut bits = ((contig as u64) << 32) ^ position.one_based() as u64;
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The places with the smallest keys: a uniform sample of the distinct ones, whatever the order of the rows.
///
/// The rejected alternative, the first places of the file, is one end of chromosome 1 in a sorted table, where two
/// assemblies may agree.
#[derive(Debug, Default)]
pub(super) struct Sample {
    kept: BTreeMap<u64, Place>,
}

/// The key from which on places need not be offered.
#[derive(Debug)]
pub(super) struct Threshold(AtomicU64);

impl Default for Threshold {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl Threshold {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Sample {
    /// Takes places.
    pub(super) fn add(&mut self, places: Vec<(u64, Place)>, threshold: &Threshold) {
        for (key, place) in places {
            self.kept.entry(key).or_insert(place);
        }
        while self.kept.len() > MOST_PLACES {
            self.kept.pop_last();
        }
        if self.kept.len() == MOST_PLACES
            && let Some((&last, _)) = self.kept.last_key_value()
        {
            threshold.0.store(last, Ordering::Relaxed);
        }
    }

    /// Returns the places, in the order of their keys.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.kept.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_the_same_in_any_order_and_holds_no_place_twice() {
        let places: Vec<(u64, Place)> = (1..50_000_u32)
            .map(|base| {
                let position = Position::new(base % 30_000 + 1).unwrap();
                let place = Place {
                    contig: 3,
                    position,
                    reference: None,
                };
                (key(3, position), place)
            })
            .collect();
        let sample = |places: Vec<(u64, Place)>| {
            let (mut sample, threshold) = (Sample::default(), Threshold::default());
            for part in places.chunks(777) {
                let least = threshold.get();
                sample.add(
                    part.iter().filter(|(key, _)| *key < least).cloned().collect(),
                    &threshold,
                );
            }
            sample
                .places()
                .map(|place| place.position.one_based())
                .collect::<Vec<_>>()
        };
        let forward = sample(places.clone());
        assert_eq!(forward.len(), MOST_PLACES);
        assert_eq!(forward, sample(places.into_iter().rev().collect()));
        let lower = forward.iter().filter(|base| **base <= 15_000).count();
        assert!((9_500..10_500).contains(&lower), "{lower}");
    }
}
