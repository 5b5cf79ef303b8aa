//! Transcripts, as far as names need them: strand, exons and the coding sequence that HGVS `c.` counts from.

use crate::contig::ContigName;
use crate::interval::Interval;
use crate::position::Position;
use crate::strand::Strand;

/// A place in the coordinates of HGVS `c.`: relative to the start codon or the stop codon.
///
/// HGVS nomenclature, coding DNA reference sequences: c.1 is the A of the ATG, c.-1 the base before it, c.*1 the
/// base after the stop codon; `+n` and `-n` count into an intron from the exon's last or first base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodingPlace {
    /// From where the base counts.
    pub anchor: CodingAnchor,
    /// Bases into the intron: positive after the anchor base, negative before it, 0 for a base of an exon.
    pub intron_offset_bp: i32,
}

/// The part of a coding transcript that a `c.` number counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodingAnchor {
    /// `c.n`: the n-th base of the coding sequence, from 1.
    Coding(u32),
    /// `c.-n`: the n-th base before the coding sequence, from 1.
    Before(u32),
    /// `c.*n`: the n-th base after the coding sequence, from 1.
    After(u32),
}

/// A transcript of a gene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The gene or transcript name as the file writes it.
    pub name: String,
    /// The contig, named as the file writes it.
    pub contig: ContigName,
    /// The strand.
    pub strand: Strand,
    /// First to last base (0-based, half-open).
    pub span: Interval,
    /// The coding part, from start codon to stop codon, introns included; `None` when not coding or not known.
    pub coding: Option<Interval>,
    /// The exons in order of the contig; empty when the file does not say them.
    pub exons: Vec<Interval>,
}

impl Transcript {
    /// Returns where a `c.` place lies on the contig (1-based), or `None` when the transcript does not say.
    ///
    /// METHOD: bases before the first exon continue along the genome without a break, as promoter variants are
    /// named in the literature (TERT c.-124 is 124 bases before the A of the ATG). Where no exons are known, only
    /// places before the start codon are answered, and only as if no intron lay between.
    ///
    /// ```
    /// use refalt_core::transcript::{CodingAnchor, CodingPlace, Transcript};
    /// use refalt_core::{ContigName, Interval, Position, Strand};
    ///
    /// // TERT on GRCh38: the A of the ATG is 1,294,989 and the gene runs to the left.
    /// let tert = Transcript {
    ///     name: "TERT".to_owned(),
    ///     contig: ContigName::new("chr5"),
    ///     strand: Strand::Reverse,
    ///     span: Interval::from_bed(1_253_146, 1_295_068).unwrap(),
    ///     coding: Interval::from_bed(1_253_727, 1_294_989),
    ///     exons: Vec::new(),
    /// };
    /// let place = CodingPlace { anchor: CodingAnchor::Before(124), intron_offset_bp: 0 };
    /// assert_eq!(tert.locate(place), Position::new(1_295_113));
    /// ```
    pub fn locate(&self, place: CodingPlace) -> Option<Position> {
        let coding = self.coding?;
        let start = match self.strand {
            Strand::Forward => coding.first()?,
            Strand::Reverse => coding.last()?,
        };
        let end = match self.strand {
            Strand::Forward => coding.last()?,
            Strand::Reverse => coding.first()?,
        };
        let base = match place.anchor {
            CodingAnchor::Coding(0) | CodingAnchor::Before(0) | CodingAnchor::After(0) => return None,
            CodingAnchor::Coding(number) => {
                let base = self.walk(start, number.checked_sub(1)?, Direction::Downstream)?;
                coding.contains(base).then_some(base)?
            }
            CodingAnchor::Before(number) => self.walk(start, number, Direction::Upstream)?,
            CodingAnchor::After(number) => self.walk(end, number, Direction::Downstream)?,
        };
        let offset = place.intron_offset_bp;
        if offset == 0 {
            return Some(base);
        }
        let downstream = offset > 0;
        if !self.is_exon_end(base, downstream) {
            return None;
        }
        self.step(base, offset.unsigned_abs(), downstream)
    }

    /// Walks `bases` exon bases from `from`; past the outer exons it continues along the genome.
    fn walk(&self, from: Position, bases: u32, direction: Direction) -> Option<Position> {
        let downstream = direction == Direction::Downstream;
        if self.exons.is_empty() {
            return if downstream && bases > 0 {
                None
            } else {
                self.step(from, bases, downstream)
            };
        }
        let rightwards = downstream == (self.strand == Strand::Forward);
        let mut current = self.exons.iter().position(|exon| exon.contains(from))?;
        let mut here = from;
        let mut left = bases;
        loop {
            let exon = self.exons[current];
            let room = if rightwards {
                u32::try_from(here.distance_to(exon.last()?)).ok()?
            } else {
                u32::try_from(exon.first()?.distance_to(here)).ok()?
            };
            let next = if rightwards {
                Some(current + 1).filter(|&index| index < self.exons.len())
            } else {
                current.checked_sub(1)
            };
            let Some(next) = next.filter(|_| left > room) else {
                return self.step(here, left, downstream);
            };
            left -= room + 1;
            current = next;
            here = if rightwards {
                self.exons[current].first()?
            } else {
                self.exons[current].last()?
            };
        }
    }

    fn step(&self, from: Position, bases: u32, downstream: bool) -> Option<Position> {
        if downstream == (self.strand == Strand::Forward) {
            from.checked_add(bases)
        } else {
            from.checked_sub(bases)
        }
    }

    /// Says whether `base` is the last (`downstream`) or the first base of an exon, in transcript order.
    fn is_exon_end(&self, base: Position, downstream: bool) -> bool {
        let rightwards = downstream == (self.strand == Strand::Forward);
        self.exons.iter().any(|exon| {
            let end = if rightwards { exon.last() } else { exon.first() };
            end == Some(base)
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Upstream,
    Downstream,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(anchor: CodingAnchor, intron_offset_bp: i32) -> CodingPlace {
        CodingPlace {
            anchor,
            intron_offset_bp,
        }
    }

    /// Exons 11-20, 31-40, 51-60; coding 16-55 on the genome.
    fn transcript(strand: Strand) -> Transcript {
        let exon = |start, end| Interval::from_bed(start, end).unwrap();
        Transcript {
            name: "T".to_owned(),
            contig: ContigName::new("chr1"),
            strand,
            span: exon(10, 60),
            coding: Some(exon(15, 55)),
            exons: vec![exon(10, 20), exon(30, 40), exon(50, 60)],
        }
    }

    #[test]
    fn coding_numbers_skip_introns_on_both_strands() {
        let at = |strand, anchor, offset| {
            transcript(strand)
                .locate(place(anchor, offset))
                .map(Position::one_based)
        };
        use CodingAnchor::{After, Before, Coding};
        // Forward: c.1 = 16, c.5 = 20, c.6 = 31, c.16 = 51, c.20 = 55; c.-5 = 11, c.-6 runs on to 10; c.*1 = 56.
        for (anchor, offset, expected) in [
            (Coding(1), 0, Some(16)),
            (Coding(5), 0, Some(20)),
            (Coding(5), 2, Some(22)),
            (Coding(6), -1, Some(30)),
            (Coding(6), 0, Some(31)),
            (Coding(16), 0, Some(51)),
            (Coding(20), 0, Some(55)),
            (Coding(21), 0, None),
            (Coding(3), 1, None),
            (Before(5), 0, Some(11)),
            (Before(6), 0, Some(10)),
            (After(1), 0, Some(56)),
            (Coding(0), 0, None),
        ] {
            assert_eq!(at(Strand::Forward, anchor, offset), expected, "+ {anchor:?} {offset}");
        }
        // Reverse: c.1 = 55, c.5 = 51, c.6 = 40, c.16 = 20, c.20 = 16; c.-5 = 60, c.-6 runs on to 61; c.*1 = 15.
        for (anchor, offset, expected) in [
            (Coding(1), 0, Some(55)),
            (Coding(5), 0, Some(51)),
            (Coding(5), 1, Some(50)),
            (Coding(6), 0, Some(40)),
            (Coding(6), -2, Some(42)),
            (Coding(16), 0, Some(20)),
            (Coding(20), 0, Some(16)),
            (Before(5), 0, Some(60)),
            (Before(6), 0, Some(61)),
            (After(1), 0, Some(15)),
        ] {
            assert_eq!(at(Strand::Reverse, anchor, offset), expected, "- {anchor:?} {offset}");
        }
    }

    #[test]
    fn without_exons_only_places_before_the_start_codon_are_known() {
        let bare = Transcript {
            exons: Vec::new(),
            ..transcript(Strand::Reverse)
        };
        assert_eq!(bare.locate(place(CodingAnchor::Before(5), 0)), Position::new(60));
        assert_eq!(bare.locate(place(CodingAnchor::Coding(1), 0)), Position::new(55));
        assert_eq!(bare.locate(place(CodingAnchor::Coding(2), 0)), None);
        assert_eq!(bare.locate(place(CodingAnchor::After(1), 0)), None);
    }
}
