//! A span of bases on a contig.

use crate::position::Position;
use std::fmt;

/// A span of bases on a contig (0-based, half-open), possibly empty, never inverted.
///
/// The constructor's name says the convention of its arguments.
///
/// ```
/// use refalt_core::{Interval, Position};
///
/// // Bases 1 to 10 as a person counts them are 0-10 in BED.
/// let (first, last) = (Position::new(1).unwrap(), Position::new(10).unwrap());
/// assert_eq!(Interval::from_bases(first, last), Interval::from_bed(0, 10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    start: u32,
    end: u32,
}

impl Interval {
    /// Returns the span of a BED record (0-based, half-open), or `None` when it is inverted.
    pub const fn from_bed(start: u32, end: u32) -> Option<Self> {
        if start <= end { Some(Self { start, end }) } else { None }
    }

    /// Returns the span from `first` to `last` (1-based, inclusive), or `None` when it is inverted.
    pub const fn from_bases(first: Position, last: Position) -> Option<Self> {
        Self::from_bed(first.zero_based(), last.one_based())
    }

    /// Returns the `length_bp` bases that begin at `first` (1-based), or `None` past 2^32 - 1.
    pub const fn at(first: Position, length_bp: u32) -> Option<Self> {
        match first.zero_based().checked_add(length_bp) {
            Some(end) => Some(Self {
                start: first.zero_based(),
                end,
            }),
            None => None,
        }
    }

    /// Returns the start as BED writes it (0-based, inclusive).
    pub const fn bed_start(self) -> u32 {
        self.start
    }

    /// Returns the end as BED writes it (0-based, exclusive).
    pub const fn bed_end(self) -> u32 {
        self.end
    }

    /// Returns the number of bases.
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Says whether the span has no base.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Returns the first base (1-based), or `None` for an empty span.
    pub const fn first(self) -> Option<Position> {
        if self.is_empty() {
            None
        } else {
            Position::from_zero_based(self.start)
        }
    }

    /// Returns the last base (1-based), or `None` for an empty span.
    pub const fn last(self) -> Option<Position> {
        if self.is_empty() { None } else { Position::new(self.end) }
    }

    /// Says whether `position` (1-based) lies in the span.
    pub const fn contains(self, position: Position) -> bool {
        self.start <= position.zero_based() && position.zero_based() < self.end
    }

    /// Says whether every base of `other` lies in the span.
    pub const fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Returns the span of both when they overlap or touch, `None` when bases lie between them.
    pub fn joined(self, other: Self) -> Option<Self> {
        let apart = self.start.max(other.start) > self.end.min(other.end);
        (!apart).then(|| Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        })
    }

    /// Returns the common bases, or `None` when there are none.
    pub fn intersect(self, other: Self) -> Option<Self> {
        let start = self.start.max(other.start);
        let end = self.end.min(other.end);
        (start < end).then_some(Self { start, end })
    }
}

impl fmt::Display for Interval {
    /// Writes `first-last` (1-based, inclusive), the samtools form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", u64::from(self.start) + 1, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn position(one_based: u32) -> Position {
        Position::new(one_based).unwrap()
    }

    #[test]
    fn an_inverted_span_does_not_exist_and_an_empty_one_has_no_bases() {
        assert_eq!(Interval::from_bed(5, 4), None);
        let empty = Interval::from_bed(5, 5).unwrap();
        assert_eq!((empty.len(), empty.first(), empty.last()), (0, None, None));
        assert!(!empty.contains(position(5)) && !empty.contains(position(6)));
    }

    #[test]
    fn both_ends_of_a_span_belong_to_it() {
        let span = Interval::from_bases(position(10), position(12)).unwrap();
        assert_eq!(span.len(), 3);
        assert!(!span.contains(position(9)) && span.contains(position(10)));
        assert!(span.contains(position(12)) && !span.contains(position(13)));
        assert_eq!(Interval::at(position(10), 3), Some(span));
        assert_eq!(span.to_string(), "10-12");
    }

    #[test]
    fn touching_spans_share_no_base() {
        let left = Interval::from_bed(0, 10).unwrap();
        let right = Interval::from_bed(10, 20).unwrap();
        assert_eq!(left.intersect(right), None);
        assert_eq!(
            left.intersect(Interval::from_bed(9, 11).unwrap()),
            Interval::from_bed(9, 10)
        );
    }

    proptest! {
        #[test]
        fn a_base_is_in_the_intersection_exactly_when_it_is_in_both(
            a in 0u32..50, b in 0u32..50, c in 0u32..50, d in 0u32..50, base in 1u32..60
        ) {
            let x = Interval::from_bed(a.min(b), a.max(b)).unwrap();
            let y = Interval::from_bed(c.min(d), c.max(d)).unwrap();
            let base = position(base);
            let inside = x.intersect(y).is_some_and(|both| both.contains(base));
            prop_assert_eq!(inside, x.contains(base) && y.contains(base));
        }
    }
}
