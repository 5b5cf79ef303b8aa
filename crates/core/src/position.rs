//! A base on a contig, counted as VCF and HGVS count it.
//!
//! This file and `interval.rs` are the only places of the crate in which a 1 is added to or taken from a
//! coordinate. A bare integer is never a coordinate in a public signature.

use std::fmt;
use std::num::NonZeroU32;

/// A base on a contig (1-based). Position 0 does not exist.
///
/// ```
/// use refalt_core::Position;
///
/// let first = Position::new(1).expect("1 is the first base");
/// assert_eq!(first.one_based(), 1);
/// assert_eq!(Position::new(0), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(NonZeroU32);

impl Position {
    /// The first base of every contig (1-based: 1).
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// Returns the position with this 1-based number, or `None` for 0.
    pub const fn new(one_based: u32) -> Option<Self> {
        match NonZeroU32::new(one_based) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Returns the position of the base with this 0-based index, or `None` when it does not fit 32 bits.
    ///
    /// BED: "chromStart - The starting position of the feature ... The first base in a chromosome is numbered 0".
    pub const fn from_zero_based(index: u32) -> Option<Self> {
        match index.checked_add(1) {
            Some(number) => Self::new(number),
            None => None,
        }
    }

    /// Returns the number of the base (1-based).
    pub const fn one_based(self) -> u32 {
        self.0.get()
    }

    /// Returns the index of the base (0-based).
    pub const fn zero_based(self) -> u32 {
        self.0.get() - 1
    }

    /// Returns the position `distance_bp` bases further along the contig, or `None` past 2^32 - 1 (1-based).
    pub fn checked_add(self, distance_bp: u32) -> Option<Self> {
        self.0.checked_add(distance_bp).map(Self)
    }

    /// Returns the position `distance_bp` bases before this one, or `None` before the first base (1-based).
    pub const fn checked_sub(self, distance_bp: u32) -> Option<Self> {
        match self.0.get().checked_sub(distance_bp) {
            Some(number) => Self::new(number),
            None => None,
        }
    }

    /// Returns the signed distance in bases from `self` to `other`, positive when `other` lies to the right.
    pub fn distance_to(self, other: Self) -> i64 {
        i64::from(other.0.get()) - i64::from(self.0.get())
    }
}

impl fmt::Display for Position {
    /// Writes the 1-based number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_no_position_and_both_bases_name_the_same_base() {
        assert_eq!(Position::new(0), None);
        let tenth = Position::new(10).unwrap();
        assert_eq!(tenth.zero_based(), 9);
        assert_eq!(Position::from_zero_based(9), Some(tenth));
        assert_eq!(Position::from_zero_based(u32::MAX), None);
    }

    #[test]
    fn moving_stops_at_both_ends() {
        assert_eq!(Position::FIRST.checked_sub(1), None);
        assert_eq!(Position::new(u32::MAX).unwrap().checked_add(1), None);
        let here = Position::new(100).unwrap();
        assert_eq!(here.distance_to(here.checked_add(7).unwrap()), 7);
        assert_eq!(here.distance_to(here.checked_sub(7).unwrap()), -7);
    }
}
