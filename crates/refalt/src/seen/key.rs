//! What tells two variants apart, in 16 bytes.

use refalt_core::{CheckedVariant, Position};
use sha2::{Digest, Sha256};
use std::hash::{Hash, Hasher};

/// Longest REF and ALT together that fit the key letter by letter.
const EXACT_BP: usize = 26;

/// A checked variant in 16 bytes, sorted by its place on the reference.
///
/// The place is exact, and so are alleles of 26 bases together. Longer ones stand as 63 bits of their SHA-256: two such
/// variants at one place share them with a chance of 10^-19.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VariantKey {
    /// The contig's number on the reference, then the position.
    pub(super) locus: u64,
    pub(super) alleles: u64,
}

impl VariantKey {
    /// Makes the key of a row as it is written.
    ///
    /// * `contig`: the contig's number on the reference, or a hash of a name that the reference does not have.
    /// * `names`: a hash of what the row's names say; 0 for a row without.
    pub(crate) fn as_written(contig: u32, position: Position, reference: &[u8], alternate: &[u8], names: u64) -> Self {
        Self {
            locus: u64::from(contig) << 32 | u64::from(position.one_based()),
            alleles: alleles(reference, alternate) ^ names,
        }
    }

    pub(crate) fn of(variant: &CheckedVariant) -> Self {
        let contig = variant.contig_id().index() as u64;
        let alleles = alleles(
            variant.reference_bases().as_bytes(),
            variant.alternate_bases().as_bytes(),
        );
        Self {
            locus: contig << 32 | u64::from(variant.position().one_based()),
            alleles,
        }
    }

    pub(super) fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.locus.to_le_bytes());
        bytes[8..].copy_from_slice(&self.alleles.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: [u8; 16]) -> Self {
        let number = u128::from_le_bytes(bytes);
        Self {
            locus: number as u64,
            alleles: (number >> 64) as u64,
        }
    }

    /// Returns 64 bits that look random: the finalizer of SplitMix64 (doi:10.1145/2714064.2660195) over both halves.
    pub(super) fn mixed(self) -> u64 {
        let mix = |mut z: u64| {
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        mix(mix(self.locus.wrapping_add(0x9e37_79b9_7f4a_7c15)) ^ self.alleles)
    }

    #[cfg(test)]
    pub(super) fn made_up(locus: u64, alleles: u64) -> Self {
        Self { locus, alleles }
    }
}

impl Hash for VariantKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.mixed());
    }
}

/// Passes a number on that is mixed already.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// Returns two bits for each base and the two lengths, or the digest of what is longer.
fn alleles(reference: &[u8], alternate: &[u8]) -> u64 {
    if reference.len() + alternate.len() > EXACT_BP {
        let mut hasher = Sha256::new();
        hasher.update(reference);
        hasher.update([0]);
        hasher.update(alternate);
        let digest = hasher.finalize();
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest[..8]);
        return u64::from_le_bytes(bytes) | 1 << 63;
    }
    let lengths = (reference.len() << 5 | alternate.len()) as u64;
    reference.iter().chain(alternate).fold(lengths, |bits, &base| {
        // Bits 1 and 2 of the letters A, C, G and T differ.
        bits << 2 | u64::from(base >> 1 & 3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn alleles_up_to_26_bases_together_are_told_apart_by_letter() {
        let words: Vec<Vec<u8>> = (0..4_u32)
            .flat_map(|length| {
                (0..4_usize.pow(length)).map(move |mut number| {
                    (0..length)
                        .map(|_| {
                            let letter = b"ACGT"[number % 4];
                            number /= 4;
                            letter
                        })
                        .collect()
                })
            })
            .collect();
        let mut keys = HashSet::new();
        for reference in &words {
            for alternate in &words {
                assert!(keys.insert(alleles(reference, alternate)));
            }
        }
        // 26 letters of two bits and two lengths of five bits leave the topmost bit to the digests.
        let longest = alleles(&[b'G'; 26], b"");
        assert_eq!(longest >> 63, 0);
        assert_ne!(longest, alleles(&[b'G'; 25], b"G"));
        assert_eq!(alleles(&[b'G'; 26], b"A") >> 63, 1);
        assert_ne!(alleles(&[b'G'; 26], b"A"), alleles(b"A", &[b'G'; 26]));
    }

    #[test]
    fn bytes_are_read_back() {
        let key = VariantKey::made_up(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210);
        assert_eq!(VariantKey::from_bytes(key.to_bytes()), key);
    }
}
