//! Sets of bases on contigs: peaks, exons, blacklists.

use crate::contig::{ContigName, same_contig};
use crate::interval::Interval;
use crate::position::Position;
use std::collections::BTreeMap;

/// A set of bases: sorted intervals on each contig that neither overlap nor touch.
///
/// A contig is found by its name or an alias of it (chr5 / 5 / NC_000005.10). Queries are binary searches.
///
/// ```
/// use refalt_core::{ContigName, Interval, IntervalSet, Position};
///
/// let chr5 = ContigName::new("chr5");
/// let spans = [(0, 10), (5, 20), (30, 31)].map(|(start, end)| (chr5.clone(), Interval::from_bed(start, end).unwrap()));
/// let set: IntervalSet = spans.into_iter().collect();
/// assert_eq!(set.total_bp(), 21);
/// // BED 30-31 is base 31.
/// assert!(set.contains("5", Position::new(31).unwrap()));
/// assert!(!set.contains("5", Position::new(30).unwrap()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntervalSet {
    contigs: BTreeMap<ContigName, Vec<Interval>>,
}

impl FromIterator<(ContigName, Interval)> for IntervalSet {
    /// Joins intervals that overlap or touch; empty ones add no base and are left out.
    fn from_iter<I: IntoIterator<Item = (ContigName, Interval)>>(intervals: I) -> Self {
        let mut contigs: BTreeMap<ContigName, Vec<Interval>> = BTreeMap::new();
        for (contig, interval) in intervals {
            if !interval.is_empty() {
                contigs.entry(contig).or_default().push(interval);
            }
        }
        for intervals in contigs.values_mut() {
            intervals.sort_unstable();
            intervals.dedup_by(|next, last| match last.joined(*next) {
                Some(both) => {
                    *last = both;
                    true
                }
                None => false,
            });
        }
        Self { contigs }
    }
}

impl IntervalSet {
    /// Returns the intervals of a contig, sorted and apart; none for a contig without bases in the set.
    ///
    /// The exact name comes before an alias.
    pub fn on(&self, contig: &str) -> &[Interval] {
        if let Some(intervals) = self.contigs.get(contig) {
            return intervals;
        }
        let alias = self.contigs.iter().find(|(name, _)| same_contig(name.as_str(), contig));
        alias.map_or(&[], |(_, intervals)| intervals)
    }

    /// Returns the contigs, by name, with their intervals.
    pub fn iter(&self) -> impl Iterator<Item = (&ContigName, &[Interval])> {
        self.contigs
            .iter()
            .map(|(contig, intervals)| (contig, intervals.as_slice()))
    }

    /// Says whether a base (1-based) is in the set.
    pub fn contains(&self, contig: &str, position: Position) -> bool {
        let intervals = self.on(contig);
        let after = intervals.partition_point(|interval| interval.bed_start() <= position.zero_based());
        after > 0 && intervals[after - 1].contains(position)
    }

    /// Returns the intervals of the set that share a base with `interval`.
    pub fn overlapping(&self, contig: &str, interval: Interval) -> &[Interval] {
        let intervals = self.on(contig);
        if interval.is_empty() {
            return &[];
        }
        let first = intervals.partition_point(|other| other.bed_end() <= interval.bed_start());
        let count = intervals[first..].partition_point(|other| other.bed_start() < interval.bed_end());
        &intervals[first..first + count]
    }

    /// Returns how many bases of `interval` are in the set, in bp.
    pub fn overlap_bp(&self, contig: &str, interval: Interval) -> u32 {
        let shared = self
            .overlapping(contig, interval)
            .iter()
            .filter_map(|other| other.intersect(interval));
        shared.map(Interval::len).sum()
    }

    /// Returns the number of bases, in bp.
    pub fn total_bp(&self) -> u64 {
        self.contigs
            .values()
            .flatten()
            .map(|interval| u64::from(interval.len()))
            .sum()
    }

    /// Says whether no base is in the set.
    pub fn is_empty(&self) -> bool {
        self.contigs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(spans: &[(&str, u32, u32)]) -> IntervalSet {
        let spans = spans
            .iter()
            .map(|&(contig, start, end)| (ContigName::new(contig), Interval::from_bed(start, end).unwrap()));
        spans.collect()
    }

    #[test]
    fn touching_intervals_become_one_and_empty_ones_vanish() {
        let set = set(&[("c", 20, 30), ("c", 0, 10), ("c", 10, 15), ("c", 5, 5), ("d", 7, 7)]);
        assert_eq!(
            set.on("c"),
            [Interval::from_bed(0, 15).unwrap(), Interval::from_bed(20, 30).unwrap()]
        );
        assert!(set.on("d").is_empty());
        assert_eq!(set.iter().count(), 1);
    }

    #[test]
    fn a_contig_is_found_by_its_aliases() {
        let set = set(&[("chr5", 0, 1), ("MT", 3, 4)]);
        let first = Position::FIRST;
        assert!(set.contains("5", first) && set.contains("NC_000005.10", first) && set.contains("chr5", first));
        assert!(!set.contains("chr15", first));
        assert!(set.contains("chrM", Position::new(4).unwrap()));
    }

    proptest! {
        #[test]
        fn a_base_is_in_the_set_exactly_when_an_interval_has_it(
            spans in prop::collection::vec((0u32..60, 0u32..12), 0..12), query in (0u32..70, 0u32..20)
        ) {
            let spans: Vec<Interval> = spans.iter().map(|&(start, length)| Interval::from_bed(start, start + length).unwrap()).collect();
            let set: IntervalSet = spans.iter().map(|&interval| (ContigName::new("c"), interval)).collect();
            let has = |position: Position| spans.iter().any(|interval| interval.contains(position));
            for base in 1..80 {
                let position = Position::new(base).unwrap();
                prop_assert_eq!(set.contains("c", position), has(position));
            }
            let query = Interval::from_bed(query.0, query.0 + query.1).unwrap();
            let bases = (1..100).filter_map(Position::new).filter(|&base| query.contains(base) && has(base)).count();
            prop_assert_eq!(set.overlap_bp("c", query) as usize, bases);
            for pair in set.on("c").windows(2) {
                prop_assert!(pair[0].bed_end() < pair[1].bed_start());
            }
        }
    }
}
