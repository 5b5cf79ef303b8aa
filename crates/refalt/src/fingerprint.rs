//! A short stand-in for a checked variant, for sets that grow with the input.

use refalt_core::CheckedVariant;
use sha2::{Digest, Sha256};

/// Returns 128 bits of the SHA-256 of a variant: two of 10^10 variants share them with a chance below 10^-18.
pub(crate) fn fingerprint(variant: &CheckedVariant) -> u128 {
    let mut hasher = Sha256::new();
    hasher.update(variant.contig().as_str().as_bytes());
    hasher.update([0]);
    hasher.update(variant.position().one_based().to_le_bytes());
    hasher.update(variant.reference_bases().as_bytes());
    hasher.update([0]);
    hasher.update(variant.alternate_bases().as_bytes());
    let digest = hasher.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    u128::from_le_bytes(bytes)
}
