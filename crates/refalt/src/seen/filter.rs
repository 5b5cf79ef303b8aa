//! A Bloom filter: says of most keys that are not in a set that they are not.

use super::key::VariantKey;

/// Bits for a key; with seven of them set, 1 of 120 keys that are not in the set is taken for one that is (Bloom 1970,
/// doi:10.1145/362686.362692).
const BITS_PER_KEY: u64 = 10;
const SET_PER_KEY: u64 = 7;

pub(super) struct Filter {
    words: Vec<u64>,
    bits: u64,
}

impl Filter {
    /// Makes a filter for `keys` keys.
    pub(super) fn new(keys: u64) -> Self {
        let words = (keys * BITS_PER_KEY).div_ceil(64).max(1);
        Self {
            words: vec![0; usize::try_from(words).unwrap_or(usize::MAX)],
            bits: words * 64,
        }
    }

    pub(super) fn insert(&mut self, key: VariantKey) {
        for bit in self.bits_of(key) {
            self.words[(bit / 64) as usize] |= 1 << (bit % 64);
        }
    }

    /// Says whether the key may have been inserted; never `false` for one that was.
    pub(super) fn may_hold(&self, key: VariantKey) -> bool {
        self.bits_of(key)
            .all(|bit| self.words[(bit / 64) as usize] >> (bit % 64) & 1 == 1)
    }

    /// Two hashes make all (Kirsch and Mitzenmacher 2008, doi:10.1002/rsa.20208).
    fn bits_of(&self, key: VariantKey) -> impl Iterator<Item = u64> + use<> {
        let mixed = key.mixed();
        let (first, step, bits) = (mixed, mixed.rotate_left(32) | 1, self.bits);
        (0..SET_PER_KEY).map(move |number| {
            let hash = first.wrapping_add(number.wrapping_mul(step));
            // The upper half of the product is below `bits`: a division without dividing.
            ((u128::from(hash) * u128::from(bits)) >> 64) as u64
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_inserted_is_held_and_little_else() {
        let mut filter = Filter::new(10_000);
        for locus in 0..10_000 {
            filter.insert(VariantKey::made_up(locus, 3));
        }
        assert!((0..10_000).all(|locus| filter.may_hold(VariantKey::made_up(locus, 3))));
        let wrong = (0..10_000)
            .filter(|&locus| filter.may_hold(VariantKey::made_up(locus, 4)))
            .count();
        // (1 - e^(-7/10))^7 = 0.0082: 82 of 10,000 expected, standard deviation 9.
        assert!((40..130).contains(&wrong), "{wrong}");
    }
}
