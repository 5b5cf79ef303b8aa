//! The plain scan: the score of every window of a sequence, on both strands.
//!
//! It is the definition that faster scans are held against, and fast enough for short sequences.

use super::matrix::LogOdds;
use crate::strand::Strand;
use crate::window::Offset;

/// A window whose score reaches the threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MotifHit {
    /// First base of the window in the sequence scanned (0-based), the leftmost on either strand.
    pub start: Offset,
    /// Strand on which the motif reads.
    pub strand: Strand,
    /// Log2 odds of the window on that strand, in bits.
    pub score: f64,
}

/// Returns every window that scores at least `threshold` bits, by start, the forward strand first.
///
/// Windows that hold a letter other than ACGT or acgt have no score and are no hits. A palindromic word is
/// a hit on each strand.
pub fn scan(motif: &LogOdds, sequence: &[u8], threshold: f64) -> Vec<MotifHit> {
    let mut hits = Vec::new();
    for (start, window) in (0..).map(Offset::new).zip(sequence.windows(motif.width())) {
        let Some((forward, reverse)) = scores(motif, window) else {
            continue;
        };
        for (strand, score) in [(Strand::Forward, forward), (Strand::Reverse, reverse)] {
            if score >= threshold {
                hits.push(MotifHit { start, strand, score });
            }
        }
    }
    hits
}

/// Scores of the first window of `bases` on the forward and on the reverse strand.
fn scores(motif: &LogOdds, bases: &[u8]) -> Option<(f64, f64)> {
    Some((motif.score(bases)?, motif.score_reverse(bases)?))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn hits_are_found_on_both_strands_and_in_either_case() {
        // chr5:1295080-1295093 and chr1:903478-903491 of the MOODS tables: 10.774515 -, 12.525723 +.
        let motif = fixture::gabpa();
        let hits = scan(&motif, b"ggaaaggaaggggaCCCACTCCCTGTCT", 10.0);
        let found: Vec<_> = hits.iter().map(|h| (h.start.index(), h.strand)).collect();
        assert_eq!(found, [(0, Strand::Reverse), (14, Strand::Forward)]);
        assert!((hits[0].score - 10.774515).abs() < 1e-6);
        assert!((hits[1].score - 12.525723).abs() < 1e-6);
    }

    #[test]
    fn windows_with_unknown_letters_are_no_hits() {
        let motif = fixture::gabpa();
        assert!(scan(&motif, b"CCCACTCCCTGTCN", f64::NEG_INFINITY).is_empty());
        assert_eq!(scan(&motif, b"NCCCACTCCCTGTCTN", f64::NEG_INFINITY).len(), 2);
        assert!(scan(&motif, b"", f64::NEG_INFINITY).is_empty());
    }

    #[test]
    fn window_scores_equal_those_asserted_by_lightmotif() {
        // Sites GTTGACCTTATCAAC and GTTGATCCAGTCAAC, 0.1 per base, uniform background.
        use super::super::matrix::{Background, CountMatrix, MotifName, Pseudocount};
        let sites = [b"GTTGACCTTATCAAC", b"GTTGATCCAGTCAAC"];
        let rows = (0..15).map(|j| b"ACGT".map(|base| sites.iter().filter(|s| s[j] == base).count() as f64));
        let motif = CountMatrix::new(MotifName::new("x", "x"), rows.collect())
            .unwrap()
            .frequencies(Pseudocount::per_base(0.1).unwrap())
            .log_odds(Background::UNIFORM);
        let sequence = b"ATGTCCCAACAACGATACCCCGAGCCCATCGCCGTCATCGGCTCGGCATGCAGATTCCCAGGCG";
        for (window, score) in sequence.windows(15).zip(EXPECTED) {
            assert!((motif.score(window).unwrap() - score).abs() < 2e-6);
        }
    }

    /// `EXPECTED` of lightmotif 0.10.1 (MIT), tests/dna.rs.
    #[rustfmt::skip]
    const EXPECTED: [f64; 50] = [
        -23.07094, -18.678621, -15.219191, -17.745737, -18.678621, -23.07094,
        -17.745737, -19.611507, -27.463257, -29.989803, -14.286304, -26.53037,
        -15.219191, -10.826873, -10.826873, -22.138054, -38.774437, -30.922688,
        -5.50167, -24.003826, -18.678621, -15.219191, -35.315006, -17.745737,
        -10.826873, -30.922688, -23.07094, -6.4345555, -31.855574, -23.07094,
        -15.219191, -31.855574, -8.961102, -26.53037, -27.463257, -14.286304,
        -15.219191, -26.53037, -23.07094, -18.678621, -14.286304, -18.678621,
        -26.53037, -16.152077, -17.745737, -18.678621, -17.745737, -14.286304,
        -30.922688, -18.678621,
    ];
}
