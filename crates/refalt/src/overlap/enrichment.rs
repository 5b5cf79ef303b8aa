//! Whether places lie in peaks more often than beside them: the test by which peaks of another assembly show.

use refalt_core::Position;

/// Distances at which the same places are looked at to either side, in kb; the nearest four are left out, because a peak's
/// neighbours are often peaks.
const STEPS_KB: std::ops::RangeInclusive<i64> = 5..=20;
/// Expected hits from which on the overlap is judged.
pub const LEAST_EXPECTED: f64 = 3.0;
/// Peaks longer than this are artefacts of gaps and take no part.
pub const LONGEST_PEAK_BP: u32 = 20_000;

/// Places in peaks, and the same places moved by 5 to 20 kb to either side, which keeps GC, gene density and clustering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrichment {
    /// Places looked at.
    pub places: u64,
    /// Places in peaks.
    pub hits: u64,
    /// Places in peaks after each of the 32 moves.
    pub moved: Vec<u64>,
}

impl Enrichment {
    /// Looks at places.
    ///
    /// * `is_hit`: says whether a base (1-based) of a contig lies in a peak.
    pub fn of<C: Copy>(places: &[(C, Position)], is_hit: impl Fn(C, Position) -> bool) -> Self {
        let count = |by: i64| {
            let moved = |position: Position| {
                let moved = i64::from(position.one_based()) + by;
                u32::try_from(moved).ok().and_then(Position::new)
            };
            let is_hit =
                |&&(contig, position): &&(C, Position)| moved(position).is_some_and(|place| is_hit(contig, place));
            places.iter().filter(is_hit).count() as u64
        };
        Self {
            places: places.len() as u64,
            hits: count(0),
            moved: STEPS_KB
                .flat_map(|step| [-step, step])
                .map(|step| count(step * 1000))
                .collect(),
        }
    }

    /// Returns the mean of the hits of moved places.
    pub fn beside(&self) -> f64 {
        self.moved.iter().sum::<u64>() as f64 / self.moved.len() as f64
    }

    /// Says whether enough hits are expected for any judgement.
    pub fn can_be_judged(&self) -> bool {
        self.beside() >= LEAST_EXPECTED
    }

    /// Returns the share of moves, the unmoved places among them, with as many hits or more; 1/33 at the least.
    ///
    /// METHOD: the moves keep how places cluster, so a cluster in one peak does not pass for many hits, as it would by a
    /// Poisson law.
    pub fn p_value(&self) -> f64 {
        let as_many = self.moved.iter().filter(|&&moved| moved >= self.hits).count();
        (1 + as_many) as f64 / (1 + self.moved.len()) as f64
    }

    /// Says whether no move has as many hits as the places themselves.
    pub fn is_enriched(&self) -> bool {
        self.can_be_judged() && self.moved.iter().all(|&moved| moved < self.hits)
    }

    /// Says whether these places, moved to another assembly, show that the peaks are of that one.
    ///
    /// METHOD: between two assemblies the numbers of some stretches are the same or differ by less than a peak (the first
    /// megabases of chr5 and chr9 of GRCh37 and GRCh38), so places on the wrong one are enriched, too, but in few. The other
    /// assembly is believed when these places are enriched and the others are not, or when the hits beyond those of moved
    /// places are more than twice as many.
    pub fn fits_better_than(&self, other: &Self) -> bool {
        let beyond = |places: &Self| places.hits as f64 - places.beside();
        self.is_enriched() && self.hits > other.hits && (!other.is_enriched() || beyond(self) > 2.0 * beyond(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(count: u32) -> Vec<((), Position)> {
        let place = |index: u32| ((), Position::new(1_000_000 + index * 3000).unwrap());
        (0..count).map(place).collect()
    }

    #[test]
    fn places_in_every_peak_are_enriched_and_places_beside_them_are_not() {
        // A peak of 500 bp around every third kb: moves by multiples of 3 kb hit it, too, but for the ends.
        let in_peak = |(): (), position: Position| {
            let from_first = i64::from(position.one_based()) - 1_000_000;
            (0..40 * 3000).contains(&(from_first + 250)) && (from_first + 250).rem_euclid(3000) < 500
        };
        let here = Enrichment::of(&places(40), in_peak);
        assert_eq!((here.places, here.hits, here.moved.len()), (40, 40, 32));
        // By 6 kb two of forty leave the peaks; by 5 kb none is in one.
        assert_eq!((here.moved[2], here.moved[0]), (38, 0));
        assert!(here.is_enriched());
        assert!((here.p_value() - 1.0 / 33.0).abs() < 1e-12);
        let beside = Enrichment::of(&places(40), |(), position| {
            Position::new(position.one_based() - 1000).is_some_and(|position| in_peak((), position))
        });
        assert_eq!(beside.hits, 0);
        assert!(!beside.is_enriched());
        assert!((beside.p_value() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn stretches_that_are_the_same_on_both_assemblies_do_not_hide_the_other_one() {
        let of = |hits, moved| Enrichment {
            places: 2400,
            hits,
            moved: vec![moved; 32],
        };
        // Real counts: peaks of hg19 under caQTL of hg38, and the same after liftover.
        assert!(of(562, 14).fits_better_than(&of(35, 4)));
        assert!(!of(35, 4).fits_better_than(&of(562, 14)));
        // Both as they should be, or nothing to be seen.
        assert!(!of(30, 4).fits_better_than(&of(25, 4)));
        assert!(of(21, 10).fits_better_than(&of(8, 10)));
        assert!(!of(21, 22).fits_better_than(&of(8, 10)));
        // Too few are expected for a judgement.
        assert!(!of(9, 2).fits_better_than(&of(0, 2)));
    }

    #[test]
    fn a_place_near_the_start_of_a_contig_is_not_moved_over_it() {
        let first = [((), Position::FIRST)];
        let all = Enrichment::of(&first, |(), _| true);
        assert_eq!(all.moved.iter().sum::<u64>(), 16);
    }
}
