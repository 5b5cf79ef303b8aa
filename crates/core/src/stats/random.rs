//! Counter-based random numbers: Philox 4x64 with 10 rounds.
//!
//! A counter-based generator is a function, not a machine: block `i` of replicate `r` is computed from
//! (`seed`, `purpose`, `r`, `i`) alone. Replicates can therefore be drawn in any order, on any number of
//! threads, and come out the same; streams of different replicates never overlap.
//!
//! Layout: the key is `[seed, purpose]`, the counter is `[block, replicate, 0, 0]`; a block is four 64-bit
//! words, used in order; where 32 bits suffice, the low half of a word is used before the high half.
//!
//! A sequential generator seeded once per replicate (SplitMix64, PCG) was the alternative: shorter, but
//! whether two replicates share a stretch is then a matter of chance, and no published vector covers the
//! seeding.
//!
//! Not for cryptography.
//!
//! # Source
//! Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as easy as 1, 2, 3,
//! doi:10.1145/2063384.2063405. Known answers of the Random123 distribution are among the tests.

const MULTIPLIERS: [u64; 2] = [0xD2E7_470E_E14C_6C93, 0xCA5A_8263_9512_1157];
const KEY_STEPS: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xBB67_AE85_84CA_A73B];
const ROUNDS: usize = 10;

/// Returns the four 64-bit words that Philox 4x64-10 gives for `counter` under `key`.
///
/// Words are in the order of the paper: the first one holds the low 64 bits of the counter.
pub const fn philox_4x64(mut counter: [u64; 4], mut key: [u64; 2]) -> [u64; 4] {
    let mut round = 0;
    while round < ROUNDS {
        let first = MULTIPLIERS[0] as u128 * counter[0] as u128;
        let second = MULTIPLIERS[1] as u128 * counter[2] as u128;
        counter = [
            (second >> 64) as u64 ^ counter[1] ^ key[0],
            second as u64,
            (first >> 64) as u64 ^ counter[3] ^ key[1],
            first as u64,
        ];
        key = [key[0].wrapping_add(KEY_STEPS[0]), key[1].wrapping_add(KEY_STEPS[1])];
        round += 1;
    }
    counter
}

/// What a stream is used for: the same seed gives unrelated numbers for each purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// Bootstrap resamples.
    Bootstrap,
    /// Permutations.
    Permutation,
    /// Ranks among equal values.
    Ties,
    /// Draws of the caller's own, such as a random subset of rows.
    Sampling,
}

impl Purpose {
    const fn key(self) -> u64 {
        match self {
            Self::Bootstrap => 1,
            Self::Permutation => 2,
            Self::Sampling => 3,
            Self::Ties => 4,
        }
    }
}

/// The random numbers of one replicate, in order.
///
/// ```
/// use refalt_core::stats::{Purpose, RandomStream};
///
/// let draw = |replicate| RandomStream::new(7, Purpose::Sampling, replicate).next_u64();
/// assert_eq!(draw(3), draw(3));
/// assert_ne!(draw(3), draw(4));
/// ```
#[derive(Clone, Debug)]
pub struct RandomStream {
    key: [u64; 2],
    replicate: u64,
    block: u64,
    words: [u32; 8],
    used: usize,
}

impl RandomStream {
    /// Opens the stream of `replicate` under `seed`.
    pub const fn new(seed: u64, purpose: Purpose, replicate: u64) -> Self {
        Self {
            key: [seed, purpose.key()],
            replicate,
            block: 0,
            words: [0; 8],
            used: 8,
        }
    }

    fn refill(&mut self) {
        let block = philox_4x64([self.block, self.replicate, 0, 0], self.key);
        self.block = self.block.wrapping_add(1);
        for (index, word) in block.into_iter().enumerate() {
            self.words[2 * index] = word as u32;
            self.words[2 * index + 1] = (word >> 32) as u32;
        }
        self.used = 0;
    }

    /// Returns the next 32 bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if self.used >= self.words.len() {
            self.refill();
        }
        let word = self.words[self.used & 7];
        self.used += 1;
        word
    }

    /// Returns the next whole 64-bit word; the unused half of a word is skipped.
    pub fn next_u64(&mut self) -> u64 {
        if self.used % 2 == 1 {
            self.used += 1;
        }
        let low = self.next_u32();
        let high = self.next_u32();
        u64::from(high) << 32 | u64::from(low)
    }

    /// Returns a number of [0, 1): the upper 53 bits of the next 64-bit word over 2^53.
    pub fn next_fraction(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Returns an integer below `bound`, each equally likely; 0 when `bound` is 0.
    ///
    /// A 32-bit word is multiplied by `bound`; the upper half of the product is the number. The few words
    /// that would make small numbers likelier are rejected.
    ///
    /// # Source
    /// Lemire (2019), Fast random integer generation in an interval, doi:10.1145/3230636.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        let mut product = u64::from(self.next_u32()) * u64::from(bound);
        if (product as u32) < bound {
            let rejected = bound.wrapping_neg() % bound;
            while (product as u32) < rejected {
                product = u64::from(self.next_u32()) * u64::from(bound);
            }
        }
        (product >> 32) as u32
    }

    /// Puts `items` in random order, every order equally likely (Fisher-Yates, from the end).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let bound = u32::try_from(last + 1).unwrap_or(u32::MAX);
            items.swap(last, self.below(bound) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random123, `tests/kat_vectors`, lines `philox4x64 10`: counter, key, expected.
    #[test]
    fn the_published_known_answers_come_out() {
        let cases = [
            (
                [0; 4],
                [0; 2],
                [
                    0x16554d9eca36314c,
                    0xdb20fe9d672d0fdc,
                    0xd7e772cee186176b,
                    0x7e68b68aec7ba23b,
                ],
            ),
            (
                [u64::MAX; 4],
                [u64::MAX; 2],
                [
                    0x87b092c3013fe90b,
                    0x438c3c67be8d0224,
                    0x9cc7d7c69cd777b6,
                    0xa09caebf594f0ba0,
                ],
            ),
            (
                [
                    0x243f6a8885a308d3,
                    0x13198a2e03707344,
                    0xa4093822299f31d0,
                    0x082efa98ec4e6c89,
                ],
                [0x452821e638d01377, 0xbe5466cf34e90c6c],
                [
                    0xa528f45403e61d95,
                    0x38c72dbd566e9788,
                    0xa5a1610e72fd18b5,
                    0x57bd43b5e52b7fe6,
                ],
            ),
        ];
        for (counter, key, expected) in cases {
            assert_eq!(philox_4x64(counter, key), expected);
        }
    }

    #[test]
    fn halves_of_a_word_come_low_first_and_a_whole_word_skips_a_half() {
        let block = philox_4x64([0, 5, 0, 0], [9, Purpose::Sampling.key()]);
        let mut stream = RandomStream::new(9, Purpose::Sampling, 5);
        assert_eq!(stream.next_u32(), block[0] as u32);
        assert_eq!(stream.next_u64(), block[1]);
        assert_eq!(stream.next_u32(), block[2] as u32);
        assert_eq!(stream.next_u32(), (block[2] >> 32) as u32);
        stream.next_u64();
        assert_eq!(
            stream.next_u64(),
            philox_4x64([1, 5, 0, 0], [9, Purpose::Sampling.key()])[0]
        );
    }

    #[test]
    fn purposes_and_seeds_give_different_numbers() {
        let first = |seed, purpose| RandomStream::new(seed, purpose, 0).next_u64();
        assert_ne!(first(1, Purpose::Bootstrap), first(1, Purpose::Permutation));
        assert_ne!(first(1, Purpose::Bootstrap), first(2, Purpose::Bootstrap));
    }

    #[test]
    fn bounded_draws_are_uniform_and_stay_below_the_bound() {
        let mut stream = RandomStream::new(1, Purpose::Sampling, 0);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // Chi-square with 6 degrees of freedom: above 22.46 once in 1,000 seeds.
        let chi_square: f64 = counts.iter().map(|&c| (f64::from(c) - 1e4).powi(2) / 1e4).sum();
        assert!(chi_square < 22.46, "{chi_square}");
        assert_eq!(stream.below(1), 0);
        assert_eq!(stream.below(0), 0);
    }

    #[test]
    fn large_bounds_are_uniform_because_words_are_rejected() {
        // Without rejection a bound of 3 * 2^30 gives multiples of 3 half of the time instead of a third.
        let bound = 3u32 << 30;
        let mut stream = RandomStream::new(2, Purpose::Sampling, 0);
        let multiples = (0..45_000).filter(|_| stream.below(bound).is_multiple_of(3)).count();
        // Expected 15,000; standard deviation sqrt(45,000 * 1/3 * 2/3) = 100; five of them.
        assert!(multiples.abs_diff(15_000) < 500, "{multiples}");
    }

    #[test]
    fn all_orders_of_three_are_equally_likely() {
        let mut stream = RandomStream::new(3, Purpose::Permutation, 0);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            let mut items = [0, 1, 2];
            stream.shuffle(&mut items);
            *counts.entry(items).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Chi-square with 5 degrees of freedom: above 20.5 once in 1,000 seeds.
        let chi_square: f64 = counts.values().map(|&c| (f64::from(c) - 1e3).powi(2) / 1e3).sum();
        assert!(chi_square < 20.5, "{chi_square}");
    }

    #[test]
    fn fractions_fill_the_unit_interval() {
        let mut stream = RandomStream::new(4, Purpose::Sampling, 0);
        let values: Vec<f64> = (0..10_000).map(|_| stream.next_fraction()).collect();
        assert!(values.iter().all(|value| (0.0..1.0).contains(value)));
        // Mean 1/2 with standard error sqrt(1/12/10,000) = 0.0029; five of them.
        let mean = values.iter().sum::<f64>() / 1e4;
        assert!((mean - 0.5).abs() < 0.0145, "{mean}");
    }
}
