//! Scanning long sequences for many motifs, on both strands, with the SIMD kernels of `lightmotif`.
//!
//! A window is scored first in `u8` by `lightmotif`, 32 at a time with AVX2 (16 with NEON), with weights rounded
//! up; windows that reach the threshold so are scored again in `f64` by [`LogOdds::score`], and only that
//! decides. Hits are therefore those of [`refalt_core::motif::scan()`], bit for bit, on every machine.
//!
//! `lightmotif` has a scanner of its own, with its own rounding to `u8`. This module rounds by itself, because
//! there sums can pass 255 (by rounding up each of the w positions), which wraps in its portable kernel, and
//! because weights too low for any hit need not be told apart: the 255 steps are spent on what a hit can
//! lose against the best word, and fewer windows have to be scored again.
//!
//! Letters other than ACGT and acgt are N to the kernel and have no score in the second step, so a window that
//! holds one is no hit.

use lightmotif::abc::{Dna, Nucleotide};
use lightmotif::dense::DenseMatrix;
use lightmotif::num::U5;
use lightmotif::pli::dispatch::Dispatch;
use lightmotif::pli::{Pipeline, Score};
use lightmotif::scores::StripedScores;
use lightmotif::seq::{EncodedSequence, StripedSequence};
use refalt_core::motif::{LogOdds, MotifHit, scan};
use refalt_core::{Offset, Strand};

/// Bases taken at a time: their encoding and the scores of a block stay in the second-level cache.
const CHUNK: usize = 1 << 18;

/// Rows of striped scores computed at a time.
const BLOCK_ROWS: usize = 256;

/// The widest motif for the kernel; wider ones would leave too few of the 255 steps.
const MAX_KERNEL_WIDTH: usize = 128;

/// A hit of one of several motifs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScannerHit {
    /// Index of the motif in the list that the scanner was made of.
    pub motif: usize,
    /// Where it reads, and its score.
    pub hit: MotifHit,
}

/// A set of motifs, each with its threshold, prepared for scanning.
#[derive(Debug, Clone)]
pub struct MotifScanner {
    motifs: Vec<Prepared>,
    widest: usize,
}

impl MotifScanner {
    /// Prepares motifs, each with the least score of a hit, in bits.
    pub fn new(motifs: impl IntoIterator<Item = (LogOdds, f64)>) -> Self {
        let motifs: Vec<Prepared> = motifs.into_iter().map(|(m, t)| Prepared::new(m, t)).collect();
        let widest = motifs.iter().map(|m| m.log_odds.width()).max().unwrap_or(1);
        Self { motifs, widest }
    }

    /// Returns every hit in `sequence`, by motif, start and strand, the forward strand first.
    ///
    /// Starts are offsets in `sequence`, the leftmost base of the window on either strand.
    ///
    /// # Panics
    /// When `sequence` has 2^32 bases or more; no contig has.
    pub fn scan(&self, sequence: &[u8]) -> Vec<ScannerHit> {
        let mut hits = Vec::new();
        let mut kernel = Kernel::new();
        let mut from = 0;
        while from < sequence.len() {
            let end = (from + CHUNK + self.widest - 1).min(sequence.len());
            let chunk = &sequence[from..end];
            let striped = self.stripe(chunk);
            for (index, motif) in self.motifs.iter().enumerate() {
                // A window belongs to the chunk in which it starts.
                let starts = (chunk.len() + 1).saturating_sub(motif.log_odds.width()).min(CHUNK);
                let mut push = |start: usize, strand, score| {
                    let start = u32::try_from(from + start).expect("a contig has less than 2^32 bases");
                    let start = Offset::new(start);
                    let hit = MotifHit { start, strand, score };
                    hits.push(ScannerHit { motif: index, hit });
                };
                motif.scan(&mut kernel, &striped, chunk, starts, &mut push);
            }
            from += CHUNK;
        }
        hits.sort_by_key(|h| (h.motif, h.hit.start, h.hit.strand));
        hits
    }

    fn stripe(&self, chunk: &[u8]) -> StripedSequence<Dna> {
        let encode = |base: &u8| match base {
            b'A' | b'a' => Nucleotide::A,
            b'C' | b'c' => Nucleotide::C,
            b'G' | b'g' => Nucleotide::G,
            b'T' | b't' => Nucleotide::T,
            _ => Nucleotide::N,
        };
        let encoded = EncodedSequence::<Dna>::new(chunk.iter().map(encode).collect());
        let mut striped = encoded.to_striped();
        striped.configure_wrap(self.widest.min(MAX_KERNEL_WIDTH));
        striped
    }
}

/// Buffers that are used again from motif to motif.
struct Kernel {
    pipeline: Pipeline<Dna, Dispatch>,
    scores: StripedScores<u8>,
}

impl Kernel {
    fn new() -> Self {
        Self {
            pipeline: Pipeline::dispatch(),
            scores: StripedScores::empty(),
        }
    }
}

#[derive(Debug, Clone)]
struct Prepared {
    log_odds: LogOdds,
    threshold: f64,
    steps: Option<Steps>,
}

/// Weights in steps, rounded up, for the kernel.
#[derive(Debug, Clone)]
struct Steps {
    /// `[width x 5]`, columns A, C, T, G, N as the kernel numbers them.
    forward: DenseMatrix<u8, U5>,
    reverse: DenseMatrix<u8, U5>,
    /// A window with fewer steps is no hit.
    least: u8,
}

impl Prepared {
    fn new(log_odds: LogOdds, threshold: f64) -> Self {
        let steps = Steps::new(&log_odds, threshold);
        Self {
            log_odds,
            threshold,
            steps,
        }
    }

    fn scan(
        &self,
        kernel: &mut Kernel,
        striped: &StripedSequence<Dna>,
        chunk: &[u8],
        starts: usize,
        push: &mut impl FnMut(usize, Strand, f64),
    ) {
        let Some(steps) = &self.steps else {
            if self.log_odds.maximum() >= self.threshold {
                let hits = scan(&self.log_odds, chunk, self.threshold);
                let hits = hits.iter().filter(|hit| hit.start.index() < starts);
                hits.for_each(|hit| push(hit.start.index(), hit.strand, hit.score));
            }
            return;
        };
        for (matrix, strand) in [(&steps.forward, Strand::Forward), (&steps.reverse, Strand::Reverse)] {
            kernel.candidates(matrix, striped, steps.least, |start| {
                if start < starts {
                    let window = &chunk[start..];
                    let score = match strand {
                        Strand::Forward => self.log_odds.score(window),
                        Strand::Reverse => self.log_odds.score_reverse(window),
                    };
                    if let Some(score) = score.filter(|&s| s >= self.threshold) {
                        push(start, strand, score);
                    }
                }
            });
        }
    }
}

impl Kernel {
    /// Calls `found` with the start of every window that has at least `least` steps, in any order; starts past
    /// the last window may be among them.
    fn candidates(
        &mut self,
        matrix: &DenseMatrix<u8, U5>,
        striped: &StripedSequence<Dna>,
        least: u8,
        mut found: impl FnMut(usize),
    ) {
        let rows = striped.matrix().rows() - striped.wrap();
        for first in (0..rows).step_by(BLOCK_ROWS) {
            let block = first..(first + BLOCK_ROWS).min(rows);
            self.pipeline.score_rows_into(matrix, striped, block, &mut self.scores);
            for (row, scores) in self.scores.matrix().iter().enumerate() {
                let best = scores.iter().fold(0, |best: u8, &score| best.max(score));
                if best < least {
                    continue;
                }
                for (column, &score) in scores.iter().enumerate() {
                    if score >= least {
                        found(column * rows + first + row);
                    }
                }
            }
        }
    }
}

impl Steps {
    /// `None` when no window can reach the threshold, or the motif is too wide.
    fn new(motif: &LogOdds, threshold: f64) -> Option<Self> {
        let best: Vec<f64> = motif
            .rows()
            .iter()
            .map(|row| row.iter().copied().fold(f64::NEG_INFINITY, f64::max))
            .collect();
        // What a hit may lose against the best word. A position that loses a bit more makes no hit, however much.
        let may_lose = motif.maximum() - threshold;
        let is_possible = may_lose.is_finite() && may_lose >= 0.0;
        if motif.width() > MAX_KERNEL_WIDTH || !is_possible {
            return None;
        }
        let loss = |j: usize, base: usize| (best[j] - motif.rows()[j][base]).min(may_lose + 1.0);
        let worst = |j: usize| (0..4).map(|base| loss(j, base)).fold(0.0, f64::max);
        let range: f64 = (0..motif.width()).map(worst).sum();
        let step = (range / (255 - motif.width()) as f64).max(f64::MIN_POSITIVE);
        let steps = |j: usize, base: usize| ((worst(j) - loss(j, base)) / step).ceil() as u8;
        // Nothing but rounding lies between a hit and this bound; 1e-6 of a step is beyond rounding in f64.
        let least = ((range - may_lose) / step - 1e-6).floor().max(0.0) as u8;
        let forward = (0..motif.width()).map(|j| [steps(j, 0), steps(j, 1), steps(j, 3), steps(j, 2), 0]);
        let reverse = (0..motif.width())
            .rev()
            .map(|j| [steps(j, 3), steps(j, 2), steps(j, 0), steps(j, 1), 0]);
        Some(Self {
            forward: DenseMatrix::from_rows(forward),
            reverse: DenseMatrix::from_rows(reverse),
            least,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::io::motif::read;
    use proptest::prelude::*;
    use refalt_core::motif::{Background, CountMatrix, MotifName, Pseudocount, ScoreDistribution};

    macro_rules! fixture {
        ($name:literal) => {
            include_bytes!(concat!("../tests/data/motif/", $name))
        };
    }

    const ACCESSIONS: [&str; 5] = ["MA0062.3", "MA0098.3", "MA0474.2", "MA0476.1", "MA0099.3"];

    /// The five matrices as MOODS was given them: pseudocount 0.8 in all, uniform background.
    fn five() -> Vec<LogOdds> {
        let files: [&[u8]; 5] = [
            fixture!("MA0062.3.pfm"),
            fixture!("MA0098.3.pfm"),
            fixture!("MA0474.2.pfm"),
            fixture!("MA0476.1.pfm"),
            fixture!("MA0099.3.pfm"),
        ];
        let motif = |(accession, bytes): (&str, &[u8])| {
            let record = read(accession, bytes).unwrap().remove(0);
            let frequencies = record.frequencies(Pseudocount::JASPAR, 20.0).unwrap();
            frequencies.log_odds(Background::UNIFORM)
        };
        ACCESSIONS.into_iter().zip(files).map(motif).collect()
    }

    fn rows(table: &'static [u8]) -> Vec<Vec<&'static str>> {
        let lines = std::str::from_utf8(table).unwrap().lines().skip(1);
        lines.map(|line| line.split('\t').collect()).collect()
    }

    fn moods_thresholds(p: &str) -> Vec<f64> {
        let table = rows(fixture!("moods_thresholds.tsv"));
        let of = |a: &str| {
            table.iter().find(|r| r[0] == a && r[3] == p).unwrap()[4]
                .parse()
                .unwrap()
        };
        ACCESSIONS.into_iter().map(of).collect()
    }

    /// Sequence of a FASTA file with one record.
    fn fasta(bytes: &[u8]) -> Vec<u8> {
        let lines = bytes.split(|&b| b == b'\n').skip(1);
        lines.flatten().copied().collect()
    }

    fn chr1() -> Vec<u8> {
        let mut text = Vec::new();
        let gz: &[u8] = fixture!("hg38_chr1_900001_1000000.fa.gz");
        flate2::read::GzDecoder::new(gz).read_to_end(&mut text).unwrap();
        fasta(&text)
    }

    fn tert() -> Vec<u8> {
        fasta(fixture!("hg38_chr5_tert_promoter.fa"))
    }

    /// Holds hits against a table of MOODS: motif, chrom, start1, end1, strand, score_log2, matched_sequence.
    fn assert_moods(sequence: &[u8], first: usize, p: &str, table: &'static [u8], counts: [usize; 5]) {
        let motifs = five();
        let widths: Vec<usize> = motifs.iter().map(LogOdds::width).collect();
        let scanner = MotifScanner::new(motifs.into_iter().zip(moods_thresholds(p)));
        let hits = scanner.scan(sequence);
        let describe = |h: &ScannerHit| {
            let start = h.hit.start.index();
            let mut word = sequence[start..start + widths[h.motif]].to_ascii_uppercase();
            if h.hit.strand == Strand::Reverse {
                word = word.iter().rev().map(|&b| refalt_core::dna::complement(b)).collect();
            }
            let end = start + widths[h.motif] + first - 1;
            let word = String::from_utf8(word).unwrap();
            format!(
                "{} {} {end} {} {word}",
                ACCESSIONS[h.motif],
                start + first,
                h.hit.strand
            )
        };
        let mut found: Vec<(String, f64)> = hits.iter().map(|h| (describe(h), h.hit.score)).collect();
        let expected = rows(table).into_iter();
        let expected = expected.map(|r| {
            (
                format!("{} {} {} {} {}", r[0], r[2], r[3], r[4], r[6]),
                r[5].parse().unwrap(),
            )
        });
        let mut expected: Vec<(String, f64)> = expected.collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        let keys = |hits: &[(String, f64)]| hits.iter().map(|h| h.0.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&found), keys(&expected));
        for (f, e) in found.iter().zip(&expected) {
            // The table has six decimals.
            assert!((f.1 - e.1).abs() < 1e-6, "{f:?} {e:?}");
        }
        let count = |m: usize| hits.iter().filter(|h| h.motif == m).count();
        assert_eq!([0, 1, 2, 3, 4].map(count), counts);
    }

    #[test]
    fn hits_on_the_tert_promoter_equal_moods() {
        let table = fixture!("moods_hits_chr5_tert_p1e-3.tsv");
        assert_moods(&tert(), 1_294_490, "0.001", table, [5, 4, 4, 1, 1]);
    }

    #[test]
    fn hits_on_chr1_equal_moods() {
        let table = fixture!("moods_hits_chr1_900001_1000000_p1e-4.tsv");
        assert_moods(&chr1(), 900_001, "0.0001", table, [59, 11, 9, 8, 5]);
    }

    /// Lays N and lower case into a sequence as `make_masked_hits.py` does.
    fn masked(sequence: &[u8]) -> Vec<u8> {
        let mask = |(i, &base): (usize, &u8)| match i {
            _ if i % 101 == 0 || (50_000..50_500).contains(&i) => b'N',
            _ if i / 97 % 3 == 0 => base.to_ascii_lowercase(),
            _ => base,
        };
        sequence.iter().enumerate().map(mask).collect()
    }

    #[test]
    fn hits_beside_n_and_in_soft_masked_bases_equal_moods() {
        let table = fixture!("moods_hits_chr1_masked_p1e-4.tsv");
        assert_moods(&masked(&chr1()), 900_001, "0.0001", table, [53, 11, 9, 7, 5]);
    }

    #[test]
    fn exact_thresholds_keep_the_hits_of_moods_on_chr1() {
        // No window of the slice scores between the exact thresholds and those of MOODS.
        let sequence = chr1();
        let motifs = five();
        let exact = |m: &LogOdds| m.distribution().threshold(1e-4).unwrap().unwrap().score;
        let thresholds: Vec<f64> = motifs.iter().map(exact).collect();
        let exact = MotifScanner::new(motifs.clone().into_iter().zip(thresholds)).scan(&sequence);
        let moods = MotifScanner::new(motifs.into_iter().zip(moods_thresholds("0.0001"))).scan(&sequence);
        assert_eq!(exact, moods);
    }

    #[test]
    fn hits_equal_those_asserted_by_memesuite_lite() {
        // Scores there are sums of log2((p + 0.0001) / 0.25), without dividing by the new sum.
        let records = read("x", fixture!("memelite_test.meme")).unwrap();
        let crate::io::motif::MotifMatrix::Frequencies(meox1, _) = &records[0].matrix else {
            panic!("MEME holds frequencies");
        };
        let weights = meox1.rows().iter().map(|row| row.map(|p| ((p + 0.0001) / 0.25).log2()));
        let motif = LogOdds::from_weights(meox1.name().clone(), weights.collect(), Background::UNIFORM).unwrap();
        let distribution: ScoreDistribution = motif.distribution();
        let text = std::str::from_utf8(fixture!("memelite_test.fa")).unwrap();
        for p in ["0.001", "0.0001"] {
            let threshold: f64 = p.parse().unwrap();
            let threshold = distribution.threshold(threshold).unwrap().unwrap();
            let scanner = MotifScanner::new([(motif.clone(), threshold.score)]);
            let mut found = Vec::new();
            for record in text.split('>').skip(1) {
                let (name, bases) = record.split_once('\n').unwrap();
                let sequence: Vec<u8> = bases.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
                for hit in scanner.scan(&sequence) {
                    let start = hit.hit.start.index();
                    let key = format!("{} {start} {} {}", name.trim(), start + 10, hit.hit.strand);
                    found.push((key, hit.hit.score));
                }
            }
            let table = rows(fixture!("memelite_expected_hits.tsv")).into_iter();
            let table = table.filter(|r| r[0] == "MEOX1_homeodomain_1" && r[1] == p);
            let mut expected: Vec<(String, f64, f64)> = table
                .map(|r| {
                    (
                        format!("{} {} {} {}", r[2], r[3], r[4], r[5]),
                        r[6].parse().unwrap(),
                        r[7].parse().unwrap(),
                    )
                })
                .collect();
            found.sort_by(|a, b| a.0.cmp(&b.0));
            expected.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(found.len(), expected.len(), "{p}: {found:?}");
            for (f, e) in found.iter().zip(&expected) {
                assert_eq!(f.0, e.0);
                assert!((f.1 - e.1).abs() < 2e-5, "{f:?} {e:?}");
                // FIMO-like p-values come from scores in bins of 0.1 bit.
                let p_value = distribution.p_value(f.1);
                assert!((p_value / e.2 - 1.0).abs() < 0.1, "{p_value} {e:?}");
            }
        }
    }

    fn motif() -> impl Strategy<Value = LogOdds> {
        prop::collection::vec(prop::array::uniform4(0_u32..100), 1..30).prop_map(|rows| {
            let rows = rows.into_iter().map(|row| row.map(f64::from));
            let rows = rows.map(|[a, c, g, t]| [a, c, g + 1.0, t]).collect();
            CountMatrix::new(MotifName::new("x", "x"), rows)
                .unwrap()
                .frequencies(Pseudocount::JASPAR)
                .log_odds(Background::UNIFORM)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn hits_equal_the_plain_scan(
            motifs in prop::collection::vec(motif(), 1..4),
            bases in prop::collection::vec(prop::sample::select(b"ACGTacgtN".to_vec()), 0..1500),
            fraction in -0.1..1.05_f64,
        ) {
            let threshold = |m: &LogOdds| m.minimum() + fraction * (m.maximum() - m.minimum());
            let with = motifs.iter().map(|m| (m.clone(), threshold(m)));
            let found = MotifScanner::new(with).scan(&bases);
            let plain = motifs.iter().enumerate().flat_map(|(motif, m)| {
                scan(m, &bases, threshold(m)).into_iter().map(move |hit| ScannerHit { motif, hit })
            });
            prop_assert_eq!(found, plain.collect::<Vec<_>>());
        }
    }

    #[test]
    fn chunks_share_no_hit_and_lose_none() {
        let motifs: Vec<LogOdds> = five();
        let sequence: Vec<u8> = tert().into_iter().cycle().take(2 * CHUNK + 777).collect();
        let threshold = 6.0;
        let found = MotifScanner::new(motifs.iter().map(|m| (m.clone(), threshold))).scan(&sequence);
        let plain: usize = motifs.iter().map(|m| scan(m, &sequence, threshold).len()).sum();
        assert_eq!(found.len(), plain);
        assert!(
            found
                .windows(2)
                .all(|w| w[0].motif < w[1].motif || w[0].hit != w[1].hit)
        );
    }
}
