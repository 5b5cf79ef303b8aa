//! What a variant does to a motif: its best window with either allele, and the sites it makes or breaks.
//!
//! Only windows that contain the change are compared. With REF these are the windows that overlap the
//! bases that differ, with ALT those that overlap the bases put in their place; where an allele has no
//! bases there (the REF of an insertion, the ALT of a deletion), the windows that span the junction.

use std::ops::Range;

use super::distribution::{ScoreDistribution, Threshold};
use super::matrix::LogOdds;
use super::scan::scan;
use crate::dna::complement;
use crate::strand::Strand;
use crate::window::Offset;

/// Two alleles and the bases beside them, on the forward strand.
///
/// A motif of width w reads w - 1 bases of either flank; with less (near the end of a contig) fewer windows
/// exist. Bases that both alleles share at their ends, as VCF writes one before an indel, count as flank.
#[derive(Debug, Clone, Copy)]
pub struct AlleleContext<'a> {
    /// Bases before the alleles, ending at the variant.
    pub left: &'a [u8],
    /// Reference allele.
    pub reference: &'a [u8],
    /// Alternate allele.
    pub alternate: &'a [u8],
    /// Bases after the alleles.
    pub right: &'a [u8],
}

/// A window of an allele that contains the change.
#[derive(Debug, Clone, PartialEq)]
pub struct AlleleSite {
    /// First base of the window in left flank + allele + right flank as given (0-based), the leftmost on
    /// either strand.
    pub start: Offset,
    /// Strand on which the motif reads.
    pub strand: Strand,
    /// Log2 odds, in bits.
    pub score: f64,
    /// Probability that a random word scores at least as high, on one strand.
    pub p_value: f64,
    /// The bases of the window, read on `strand`, upper case.
    pub bases: String,
}

/// The best window with either allele.
#[derive(Debug, Clone, PartialEq)]
pub struct MotifEffect {
    /// Best window with REF; `None` when every window holds an unknown base or runs over an end.
    pub reference: Option<AlleleSite>,
    /// Best window with ALT; `None` as for `reference`.
    pub alternate: Option<AlleleSite>,
}

impl MotifEffect {
    /// Returns the score of the best ALT window minus that of the best REF window, in bits.
    ///
    /// The two windows need not be the same; positive when ALT has the better site.
    pub fn delta_bits(&self) -> Option<f64> {
        Some(self.alternate.as_ref()?.score - self.reference.as_ref()?.score)
    }
}

/// Sites that exist with one allele only.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SiteChanges {
    /// Sites of ALT that REF does not have, by start, the forward strand first.
    pub created: Vec<AlleleSite>,
    /// Sites of REF that ALT does not have, by start, the forward strand first.
    pub destroyed: Vec<AlleleSite>,
}

/// Returns the best window over both strands with REF and with ALT.
///
/// Among equal scores the window that starts first is taken, on the forward strand before the reverse.
pub fn effect(motif: &LogOdds, distribution: &ScoreDistribution, context: &AlleleContext<'_>) -> MotifEffect {
    let best = |allele: Allele| {
        let mut best: Option<Scored> = None;
        for window in allele.windows(motif, f64::NEG_INFINITY) {
            if best.is_none_or(|b| window.score > b.score) {
                best = Some(window);
            }
        }
        best.map(|window| allele.site(motif, distribution, window))
    };
    let (reference, alternate) = alleles(context);
    MotifEffect {
        reference: best(reference),
        alternate: best(alternate),
    }
}

/// Returns the sites, windows that score at least `threshold`, that exist with one allele only.
///
/// A site is kept by the variant when the other allele has a site on the same strand at the same distance
/// from the left flank or at the same distance from the right flank. An insertion inside a repeat that
/// reproduces a site therefore creates or destroys nothing.
pub fn site_changes(
    motif: &LogOdds,
    distribution: &ScoreDistribution,
    context: &AlleleContext<'_>,
    threshold: Threshold,
) -> SiteChanges {
    let (reference, alternate) = alleles(context);
    let of_reference = reference.windows(motif, threshold.score);
    let of_alternate = alternate.windows(motif, threshold.score);
    let only_in = |own: &Allele, sites: &[Scored], other: &Allele, others: &[Scored]| {
        let is_kept = |site: &Scored| {
            others.iter().any(|o| {
                let from_left = o.start == site.start;
                let from_right = other.bases.len() - o.start == own.bases.len() - site.start;
                o.strand == site.strand && (from_left || from_right)
            })
        };
        let lost = sites.iter().filter(|site| !is_kept(site));
        lost.map(|&site| own.site(motif, distribution, site)).collect()
    };
    SiteChanges {
        created: only_in(&alternate, &of_alternate, &reference, &of_reference),
        destroyed: only_in(&reference, &of_reference, &alternate, &of_alternate),
    }
}

/// A window of an allele by the index of its first base.
#[derive(Clone, Copy)]
struct Scored {
    start: usize,
    strand: Strand,
    score: f64,
}

/// An allele between its flanks, and the part of it that the other allele does not have.
struct Allele {
    bases: Vec<u8>,
    changed: Range<usize>,
}

impl Allele {
    /// The windows that contain the change and score at least `threshold`.
    fn windows(&self, motif: &LogOdds, threshold: f64) -> Vec<Scored> {
        // A window [p, p + w) contains the change [a, b) when p < b and p + w > a; for a = b it spans
        // the junction.
        let first = (self.changed.start + 1).saturating_sub(motif.width());
        let end = (self.changed.end + motif.width())
            .saturating_sub(1)
            .min(self.bases.len());
        let Some(bases) = self.bases.get(first..end) else {
            return Vec::new();
        };
        let scored = scan(motif, bases, threshold).into_iter().map(|hit| Scored {
            start: first + hit.start.index(),
            strand: hit.strand,
            score: hit.score,
        });
        scored.collect()
    }

    fn site(&self, motif: &LogOdds, distribution: &ScoreDistribution, scored: Scored) -> AlleleSite {
        let window = &self.bases[scored.start..scored.start + motif.width()];
        let bases: String = match scored.strand {
            Strand::Forward => window.iter().map(|&b| char::from(b)).collect(),
            Strand::Reverse => window.iter().rev().map(|&b| char::from(complement(b))).collect(),
        };
        AlleleSite {
            start: Offset::new(
                u32::try_from(scored.start).expect("an allele with its flanks is shorter than a contig"),
            ),
            strand: scored.strand,
            score: scored.score,
            p_value: distribution.p_value(scored.score),
            bases,
        }
    }
}

fn alleles(context: &AlleleContext<'_>) -> (Allele, Allele) {
    let (reference, alternate) = (context.reference, context.alternate);
    let shared = |pair: &(&u8, &u8)| pair.0.eq_ignore_ascii_case(pair.1);
    let prefix = reference.iter().zip(alternate).take_while(shared).count();
    let (r, a) = (&reference[prefix..], &alternate[prefix..]);
    let suffix = r.iter().rev().zip(a.iter().rev()).take_while(shared).count();
    let start = context.left.len() + prefix;
    let allele = |bases: &[u8]| Allele {
        changed: start..context.left.len() + bases.len() - suffix,
        bases: [context.left, bases, context.right].concat().to_ascii_uppercase(),
    };
    (allele(reference), allele(alternate))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    /// hg38 chr5:1,295,050-1,295,300, 1-based inclusive, forward strand (GRC, public domain).
    const TERT: &[u8] = b"\
        ACTCGCGCCGCGAGGAGAGGGCGGGGCCGCGGAAAGGAAGGGGAGGGGCTGGGAGGGCCCGGAGGGGGCTGGGCCGGGGACCCGGGAGGG\
        GTCGGGACGGGGCGGGGTCCGCGCGGAGGAGGCGGAGCTGGAAGGTGAAGGGGCAGGACGGGTGCCCGGGTCCCCAGTCCCTCCGCCACG\
        TGGGAAGCGCGGTCCTGGGCGTCTGTGCCCGCGAATCCACTGGGAGCCCGGCCTGGCCCCGACAGCGCAGC";
    const TERT_FIRST: usize = 1_295_050;

    fn snv(position: usize, reference: u8, alternate: &'static [u8]) -> AlleleContext<'static> {
        let index = position - TERT_FIRST;
        assert_eq!(TERT[index], reference);
        AlleleContext {
            left: &TERT[..index],
            reference: &TERT[index..=index],
            alternate,
            right: &TERT[index + 1..],
        }
    }

    #[test]
    fn promoter_hotspots_change_gabpa_as_published() {
        // MOODS scores of MA0062.3, uniform background, pseudocount 0.8: position, REF, ALT, score with
        // REF, score with ALT, delta.
        let motif = fixture::gabpa();
        let distribution = motif.distribution();
        for (position, reference, alternate, before, after, delta) in [
            (1_295_113, b'G', b"A", 2.6726, 8.0305, 5.3579), // C228T
            (1_295_135, b'G', b"A", 2.5398, 8.1893, 5.6496), // C250T; 8.1893 - 2.5398 rounds to 5.6495
            (1_295_113, b'G', b"T", 2.6726, 4.1013, 1.4287),
            (1_295_228, b'C', b"T", 2.3048, 1.9634, -0.3414),
            (1_295_234, b'A', b"G", 2.3048, -3.3448, -5.6496), // rs2853669
        ] {
            let found = effect(&motif, &distribution, &snv(position, reference, alternate));
            let (r, a) = (found.reference.clone().unwrap(), found.alternate.clone().unwrap());
            assert!((r.score - before).abs() < 6e-5, "{position} {r:?}");
            assert!((a.score - after).abs() < 6e-5, "{position} {a:?}");
            assert!((found.delta_bits().unwrap() - delta).abs() < 1e-4, "{position}");
        }
    }

    #[test]
    fn hotspot_windows_lie_where_they_were_published() {
        let motif = fixture::gabpa();
        let distribution = motif.distribution();
        for (position, start) in [(1_295_113, 1_295_105), (1_295_135, 1_295_128)] {
            let found = effect(&motif, &distribution, &snv(position, b'G', b"A"));
            let site = found.alternate.unwrap();
            assert_eq!(site.start.index() + TERT_FIRST, start);
            assert_eq!(site.strand, Strand::Reverse);
            assert!(site.bases.contains("CCTTCC"), "{}", site.bases);
        }
    }

    #[test]
    fn hotspots_create_ets_sites_and_destroy_none() {
        let motif = fixture::gabpa();
        let distribution = motif.distribution();
        let threshold = distribution.threshold(1e-3).unwrap().unwrap();
        let changes = |context| site_changes(&motif, &distribution, &context, threshold);
        let created = changes(snv(1_295_113, b'G', b"A"));
        assert_eq!(created.created.len(), 1);
        assert!((created.created[0].score - 8.0305).abs() < 6e-5);
        assert!(created.created[0].p_value <= 1e-3);
        assert!(created.destroyed.is_empty());
        // The same change backwards: REF and ALT exchanged.
        let context = snv(1_295_113, b'G', b"A");
        let backwards = changes(AlleleContext {
            reference: context.alternate,
            alternate: context.reference,
            ..context
        });
        assert_eq!(backwards.created, created.destroyed);
        assert_eq!(backwards.destroyed, created.created);
    }

    #[test]
    fn an_insertion_is_compared_over_its_junction() {
        // The strong site CCCACTCCCTGTCT is cut by two bases; score 12.525723 in MOODS' table.
        let motif = fixture::gabpa();
        let distribution = motif.distribution();
        let context = AlleleContext {
            left: b"AAAAAAAAAAAAAACCCACTCC",
            reference: b"C",
            alternate: b"CAA",
            right: b"TGTCTAAAAAAAAAAAAAA",
        };
        let found = effect(&motif, &distribution, &context);
        let site = found.reference.unwrap();
        assert_eq!((site.start.index(), site.bases.as_str()), (14, "CCCACTCCCTGTCT"));
        assert!((site.score - 12.525723).abs() < 1e-6);
        assert!(found.alternate.unwrap().score < 10.0);
        let threshold = distribution.threshold(1e-4).unwrap().unwrap();
        let changes = site_changes(&motif, &distribution, &context, threshold);
        assert_eq!(changes.destroyed.len(), 1);
        assert!(changes.created.is_empty());
    }

    #[test]
    fn a_duplicated_flank_keeps_the_site_it_reproduces() {
        let motif = fixture::gabpa();
        let distribution = motif.distribution();
        let threshold = distribution.threshold(1e-4).unwrap().unwrap();
        // A base is inserted beside the site: the site stands at the same distance from the right flank.
        let context = AlleleContext {
            left: b"AAAAAAAAAAAAAAA",
            reference: b"C",
            alternate: b"CC",
            right: b"CCACTCCCTGTCTAAAAAAAAAAAAAA",
        };
        let changes = site_changes(&motif, &distribution, &context, threshold);
        assert_eq!(changes, SiteChanges::default());
    }

    #[test]
    fn windows_over_an_end_or_with_unknown_bases_do_not_exist() {
        let motif = fixture::gabpa();
        let distribution = motif.distribution();
        let context = AlleleContext {
            left: b"CCCACT",
            reference: b"C",
            alternate: b"T",
            right: b"CCTGTC",
        };
        let found = effect(&motif, &distribution, &context);
        assert_eq!(found.reference, None);
        assert_eq!(found.delta_bits(), None);
        let context = AlleleContext {
            right: b"CCTGTCTNNN",
            ..context
        };
        let found = effect(&motif, &distribution, &context);
        assert_eq!(found.reference.unwrap().start, Offset::new(0));
    }
}
