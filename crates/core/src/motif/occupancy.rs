//! From scores to binding: how probable it is that a site is bound, and how many bound sites a bin holds.
//!
//! METHOD: a site with log2 odds s is bound with probability P = 1 / (1 + 2^(t - s)), the occupancy of a
//! two-state system in equilibrium (Berg & von Hippel 1987, doi:10.1016/0022-2836(87)90354-8; Djordjevic et al.
//! 2003, doi:10.1101/gr.1271603) whose binding energy is -s. The chemical potential t, which no motif file
//! gives, is the score with the exact p-value 1e-4 on one strand: a site as strong as the best word in 10,000
//! of the background is bound half of the time. A motif too short to reach that p-value takes the score of
//! its best word.
//!
//! METHOD: the two strands of a window exclude nothing: P = 1 - (1 - P_forward)(1 - P_reverse). A window that
//! holds an unknown base or runs over an end of the sequence has P = 0. A site counts for the bin that holds
//! the central base of its window, the left of the two for even widths. The value of a bin is the sum of P
//! over its 128 positions: the expected number of bound sites, sites taken to be independent.
//!
//! How it is computed: with the odds x = 2^(s - t) on one strand and y on the other, P = q / (1 + q) for
//! q = x + y + xy. Odds are products, so a motif becomes a table of factors for each trinucleotide at every
//! third position, the same for the reverse complement, eight motifs side by side; there is no logarithm,
//! no exponential and no branch in the inner loop. All arithmetic is IEEE `f32` in a fixed order, independent of
//! the width of the vector unit, of the bins asked for and of other alleles. The error against `f64` is below
//! 1e-5 of the value (it is about 1e-6; tests hold it to that).

use super::distribution::Threshold;
use super::error::MotifError;
use super::matrix::{Background, Frequencies, LogOdds, column_of};
use crate::track::{BinSpan, Resolution};

/// The p-value, on one strand, of a site that is bound half of the time.
pub const HALF_OCCUPIED_P_VALUE: f64 = 1e-4;

/// The bins of the model: those of CHIP_TF tracks.
pub const RESOLUTION: Resolution = Resolution::BP_128;

/// Motifs computed side by side.
const LANES: usize = 8;

/// Positions summed before they are added to a bin; the unit in which a reference is used again.
const BLOCK: usize = 16;

const BIN: usize = RESOLUTION.bp() as usize;
const BLOCKS_PER_BIN: usize = BIN / BLOCK;

/// Odds above this are an occupancy of 1 in `f32`; the square does not overflow.
const MAX_ODDS: f32 = (1_u64 << 60) as f32;

/// The largest log2 odds of a word for which no product overflows.
const MAX_WORD_BITS: f64 = 120.0;

/// Bases per factor, unless the motif is narrower.
const WORD: usize = 3;

/// Returns the probability that a site is bound: 1 / (1 + 2^(t - s)), for s and t in bits.
pub fn occupancy(score: f64, half_occupied: f64) -> f64 {
    1.0 / (1.0 + (half_occupied - score).exp2())
}

/// Returns the score of a site that is bound half of the time, with its p-value.
///
/// It is the score whose exact p-value on one strand is 1e-4 or, where the motif is too short for that, the
/// highest score.
///
/// # Errors
/// [`MotifError::Impossible`] when every word of the motif is impossible.
pub fn half_occupied(motif: &LogOdds) -> Result<Threshold, MotifError> {
    let distribution = motif.distribution();
    let threshold = distribution.threshold(HALF_OCCUPIED_P_VALUE)?;
    threshold
        .or_else(|| distribution.best())
        .ok_or_else(|| MotifError::Impossible {
            accession: motif.name().accession.clone(),
        })
}

/// Expected numbers of bound sites for a set of motifs, one track each.
#[derive(Debug, Clone)]
pub struct OccupancyModel {
    groups: Vec<Group>,
    half_occupied: Vec<Threshold>,
    widest: usize,
}

impl OccupancyModel {
    /// Prepares the tables; track i is `motifs[i]`.
    ///
    /// # Errors
    /// As [`half_occupied`] and [`with_half_occupied`](Self::with_half_occupied).
    pub fn new(motifs: &[Frequencies], background: Background) -> Result<Self, MotifError> {
        let with_half = |motif: &Frequencies| Ok((motif.clone(), half_occupied(&motif.log_odds(background))?));
        let motifs: Result<Vec<_>, MotifError> = motifs.iter().map(with_half).collect();
        Self::with_half_occupied(&motifs?, background)
    }

    /// Prepares the tables; track i is `motifs[i]`, with the score of a site that is bound half of the time.
    ///
    /// [`half_occupied`] takes most of the time of [`new`](Self::new), and can be called from several threads.
    ///
    /// # Errors
    /// [`MotifError::TooStrong`] when a word has log2 odds above 120 (60 positions that hold two bits each).
    pub fn with_half_occupied(motifs: &[(Frequencies, Threshold)], background: Background) -> Result<Self, MotifError> {
        for (motif, _) in motifs {
            let bits = motif.log_odds(background).maximum();
            if bits > MAX_WORD_BITS {
                return Err(MotifError::TooStrong {
                    accession: motif.name().accession.clone(),
                    bits,
                    limit: MAX_WORD_BITS,
                });
            }
        }
        let mut by_width: Vec<usize> = (0..motifs.len()).collect();
        by_width.sort_by_key(|&track| motifs[track].0.width());
        let groups = by_width
            .chunk_by(|&a, &b| motifs[a].0.width() == motifs[b].0.width())
            .flat_map(|same_width| same_width.chunks(LANES))
            .map(|tracks| Group::new(tracks, motifs, background));
        Ok(Self {
            groups: groups.collect(),
            half_occupied: motifs.iter().map(|(_, half)| *half).collect(),
            widest: motifs.iter().map(|(motif, _)| motif.width()).max().unwrap_or(0),
        })
    }

    /// Returns the number of tracks.
    pub fn tracks(&self) -> usize {
        self.half_occupied.len()
    }

    /// Returns, for each track, the score of a site that is bound half of the time.
    pub fn half_occupied(&self) -> &[Threshold] {
        &self.half_occupied
    }

    /// Computes the bins of `span` in a sequence; bin 0 begins at its first base.
    ///
    /// # Errors
    /// [`MotifError::Bins`] when the span reaches over the end of the sequence.
    pub fn predict(&self, sequence: &[u8], span: BinSpan) -> Result<Occupied, MotifError> {
        let encoded = self.encode(sequence, span)?;
        let mut sums = Vec::with_capacity(self.groups.len() * span.len() * BLOCKS_PER_BIN);
        for group in &self.groups {
            for block in 0..span.len() * BLOCKS_PER_BIN {
                sums.push(group.block(&encoded, block));
            }
        }
        Ok(self.occupied(encoded, span, sums))
    }

    /// Computes the same bins in another sequence, using the blocks of `reference` whose bases did not change.
    ///
    /// The result has the same bits as [`predict`](Self::predict) on `sequence`. `reference` has to come from
    /// this model.
    ///
    /// # Errors
    /// [`MotifError::Bins`] when the span of `reference` reaches over the end of the sequence.
    pub fn predict_beside(&self, reference: &Occupied, sequence: &[u8]) -> Result<Occupied, MotifError> {
        let span = reference.span;
        let encoded = self.encode(sequence, span)?;
        let blocks = span.len() * BLOCKS_PER_BIN;
        let before = self.widest.saturating_sub(1) / 2;
        let after = self.widest / 2;
        let is_changed = |&block: &usize| {
            let first = block * BLOCK;
            encoded.around(first, before, after) != reference.encoded.around(first, before, after)
        };
        let changed: Vec<usize> = (0..blocks).filter(is_changed).collect();
        let mut sums = reference.sums.clone();
        if !changed.is_empty() {
            for (group, sums) in self.groups.iter().zip(sums.chunks_exact_mut(blocks)) {
                for &block in &changed {
                    sums[block] = group.block(&encoded, block);
                }
            }
        }
        Ok(self.occupied(encoded, span, sums))
    }

    fn encode(&self, sequence: &[u8], span: BinSpan) -> Result<Encoded, MotifError> {
        if span.end() * BIN > sequence.len() {
            return Err(MotifError::Bins {
                first: span.start(),
                end: span.end(),
                resolution: BIN,
                length: sequence.len(),
            });
        }
        Ok(Encoded::new(sequence, span, self.widest))
    }

    /// Adds blocks up to bins, in the order of positions, and puts motifs back into the order of tracks.
    fn occupied(&self, encoded: Encoded, span: BinSpan, sums: Vec<[f32; LANES]>) -> Occupied {
        let tracks = self.tracks();
        let mut bins = vec![0.0; span.len() * tracks];
        let blocks = span.len() * BLOCKS_PER_BIN;
        if blocks > 0 {
            for (group, sums) in self.groups.iter().zip(sums.chunks_exact(blocks)) {
                for (row, blocks) in bins.chunks_exact_mut(tracks).zip(sums.chunks_exact(BLOCKS_PER_BIN)) {
                    let mut total = [0.0; LANES];
                    for block in blocks {
                        for (total, value) in total.iter_mut().zip(block) {
                            *total += value;
                        }
                    }
                    for (&track, total) in group.tracks.iter().zip(total) {
                        row[track] = total;
                    }
                }
            }
        }
        Occupied {
            encoded,
            span,
            sums,
            bins,
        }
    }
}

/// Expected numbers of bound sites in the bins of a sequence.
#[derive(Debug, Clone)]
pub struct Occupied {
    encoded: Encoded,
    span: BinSpan,
    /// `[groups x blocks x lanes]`.
    sums: Vec<[f32; LANES]>,
    bins: Vec<f32>,
}

impl Occupied {
    /// Returns the values, `[bins x tracks]`, row-major, in expected numbers of bound sites.
    pub fn bins(&self) -> &[f32] {
        &self.bins
    }

    /// Returns the values, `[bins x tracks]`, row-major, in expected numbers of bound sites.
    pub fn into_bins(self) -> Vec<f32> {
        self.bins
    }
}

/// Words of 1, 2 and 3 bases as indices into tables, for the bases that the windows of some bins can reach.
#[derive(Debug, Clone)]
struct Encoded {
    /// Column of each base, 4 for an unknown one.
    bases: Vec<u8>,
    /// Index of the pair that begins here, 16 when it holds an unknown base.
    pairs: Vec<u8>,
    /// Index of the triple that begins here, 64 when it holds an unknown base.
    triples: Vec<u8>,
    /// Index in `bases` of the first base of the first bin.
    origin: usize,
}

impl Encoded {
    fn new(sequence: &[u8], span: BinSpan, margin: usize) -> Self {
        let first = span.start() * BIN;
        let from = first.saturating_sub(margin);
        let to = (span.end() * BIN + margin).min(sequence.len());
        let bases: Vec<u8> = sequence[from..to]
            .iter()
            .map(|&base| column_of(base).map_or(4, |column| column as u8))
            .collect();
        // The word that begins here, one base longer; `unknown` is the index of a word with an unknown base.
        let longer = |words: &[u8], by: usize, unknown: u8| -> Vec<u8> {
            let pairs = words.iter().zip(bases.iter().skip(by));
            let longer = pairs.map(|(&word, &base)| match (word == unknown, base) {
                (true, _) | (_, 4) => 4 * unknown,
                (false, base) => 4 * word + base,
            });
            longer.collect()
        };
        let pairs = longer(&bases, 1, 4);
        let triples = longer(&pairs, 2, 16);
        Self {
            bases,
            pairs,
            triples,
            origin: first - from,
        }
    }

    /// The words of `length` bases.
    fn words(&self, length: usize) -> &[u8] {
        match length {
            1 => &self.bases,
            2 => &self.pairs,
            _ => &self.triples,
        }
    }

    /// The bases of a block and of the windows that are centred in it.
    fn around(&self, first: usize, before: usize, after: usize) -> (usize, &[u8]) {
        let from = (self.origin + first).saturating_sub(before);
        let to = (self.origin + first + BLOCK + after).min(self.bases.len());
        (self.origin + first - from, &self.bases[from..to])
    }
}

/// Up to [`LANES`] motifs of one width.
#[derive(Debug, Clone)]
struct Group {
    tracks: Vec<usize>,
    width: usize,
    /// Bases per factor.
    word: usize,
    /// Where the words of a window begin; the last word may overlap the one before.
    starts: Vec<usize>,
    /// `[words of a window x (4^word + 1)]` factors, forward lanes, then reverse lanes.
    factors: Vec<[f32; 2 * LANES]>,
}

impl Group {
    fn new(tracks: &[usize], motifs: &[(Frequencies, Threshold)], background: Background) -> Self {
        let width = motifs[tracks[0]].0.width();
        let word = width.min(WORD);
        let words_per_window = width.div_ceil(word);
        let starts: Vec<usize> = (0..words_per_window).map(|i| (i * word).min(width - word)).collect();
        let indices = 4_usize.pow(word as u32);
        let mut factors = vec![[0.0; 2 * LANES]; words_per_window * (indices + 1)];
        let background = background.frequencies();
        for (lane, &track) in tracks.iter().enumerate() {
            let (motif, half) = &motifs[track];
            let scale = (-half.score).exp2();
            // The odds of the reverse strand are those of the motif's own strand: its background stays.
            let odds = |row: &[f64; 4]| -> [f64; 4] { std::array::from_fn(|base| row[base] / background[base]) };
            let forward: Vec<[f64; 4]> = motif.rows().iter().map(odds).collect();
            let reverse: Vec<[f64; 4]> = forward.iter().rev().map(|&[a, c, g, t]| [t, g, c, a]).collect();
            for (rows, lane) in [(forward, lane), (reverse, LANES + lane)] {
                for (i, &start) in starts.iter().enumerate() {
                    for index in 0..indices {
                        let mut factor = if i == 0 { scale } else { 1.0 };
                        for column in 0..word {
                            let base = index >> (2 * (word - 1 - column)) & 3;
                            if start + column >= i * word {
                                factor *= rows[start + column][base];
                            }
                        }
                        factors[i * (indices + 1) + index][lane] = factor as f32;
                    }
                }
            }
        }
        Self {
            tracks: tracks.to_vec(),
            width,
            word,
            starts,
            factors,
        }
    }

    /// The sum over the windows whose central base lies in a block.
    fn block(&self, encoded: &Encoded, block: usize) -> [f32; LANES] {
        let mut sums = [0.0; LANES];
        let words = encoded.words(self.word);
        let windows = (encoded.bases.len() + 1).saturating_sub(self.width);
        let first_center = encoded.origin + block * BLOCK;
        let to_center = (self.width - 1) / 2;
        let from = first_center.saturating_sub(to_center);
        let to = (first_center + BLOCK).saturating_sub(to_center).min(windows);
        let stride = self.factors.len() / self.starts.len();
        for start in from..to {
            let mut odds = [1.0_f32; 2 * LANES];
            for (&offset, factors) in self.starts.iter().zip(self.factors.chunks_exact(stride)) {
                let row = &factors[usize::from(words[start + offset])];
                for (odds, factor) in odds.iter_mut().zip(row) {
                    *odds *= factor;
                }
            }
            let (forward, reverse) = odds.split_at(LANES);
            for lane in 0..LANES {
                let x = forward[lane].min(MAX_ODDS);
                let y = reverse[lane].min(MAX_ODDS);
                let q = x + y + x * y;
                sums[lane] += q / (1.0 + q);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::super::matrix::{CountMatrix, MotifName, Pseudocount};
    use super::*;
    use crate::track::Bin;
    use proptest::prelude::*;

    fn span(start: u32, end: u32) -> BinSpan {
        BinSpan::new(Bin::new(start), Bin::new(end))
    }

    fn gabpa() -> Frequencies {
        fixture::counts("MA0062.3").frequencies(Pseudocount::JASPAR)
    }

    fn model(motifs: &[Frequencies]) -> OccupancyModel {
        OccupancyModel::new(motifs, Background::UNIFORM).unwrap()
    }

    /// The definition, window by window in `f64`.
    fn by_definition(motif: &Frequencies, sequence: &[u8], bins: std::ops::Range<usize>) -> Vec<f64> {
        let log_odds = motif.log_odds(Background::UNIFORM);
        let half = half_occupied(&log_odds).unwrap().score;
        let mut values = vec![0.0; bins.len()];
        for (start, window) in sequence.windows(motif.width()).enumerate() {
            let bin = (start + (motif.width() - 1) / 2) / BIN;
            if let (Some(forward), Some(reverse)) = (log_odds.score(window), log_odds.score_reverse(window))
                && bins.contains(&bin)
            {
                let (p, q) = (occupancy(forward, half), occupancy(reverse, half));
                values[bin - bins.start] += 1.0 - (1.0 - p) * (1.0 - q);
            }
        }
        values
    }

    #[test]
    fn a_lone_best_site_has_its_closed_form() {
        // MA0062.3: maximum 18.339397; p 1e-4 at 10.284880 by TFM-PVALUE (10.284827) to 6e-5. The reverse
        // complement of the best word scores far below.
        // 1 / (1 + 2^(10.2848 - 18.3394)) = 0.99626
        let mut sequence = vec![b'N'; 384];
        sequence[200..214].copy_from_slice(gabpa().consensus().as_bytes());
        let values = model(&[gabpa()]).predict(&sequence, span(0, 3)).unwrap();
        assert_eq!(values.bins()[0], 0.0);
        assert_eq!(values.bins()[2], 0.0);
        let expected = 1.0 / (1.0 + (10.284827_f64 - 18.339397).exp2());
        assert!((f64::from(values.bins()[1]) - expected).abs() < 1e-6);
    }

    #[test]
    fn a_site_belongs_to_the_bin_of_its_central_base() {
        // Width 14: the base 6 to the right of the first is the left of the two central ones.
        for (start, bin) in [(121, 0), (122, 1)] {
            let mut sequence = vec![b'N'; 256];
            sequence[start..start + 14].copy_from_slice(gabpa().consensus().as_bytes());
            let values = model(&[gabpa()]).predict(&sequence, span(0, 2)).unwrap();
            assert!(values.bins()[bin] > 0.99, "{start}");
            assert_eq!(values.bins()[1 - bin], 0.0);
        }
    }

    #[test]
    fn a_motif_too_short_for_the_p_value_is_half_occupied_at_best() {
        let rows = vec![[10.0, 0.0, 0.0, 0.0]; 5];
        let motif = CountMatrix::new(MotifName::new("x", "x"), rows).unwrap();
        let motif = motif.frequencies(Pseudocount::JASPAR);
        let model = model(std::slice::from_ref(&motif));
        assert_eq!(model.half_occupied()[0].p_value, 0.25_f64.powi(5));
        let mut sequence = vec![b'N'; 128];
        sequence[60..65].copy_from_slice(b"aaaaa");
        let values = model.predict(&sequence, span(0, 1)).unwrap();
        assert!((values.bins()[0] - 0.5).abs() < 1e-6, "{:?}", values.bins());
    }

    #[test]
    fn bins_outside_the_sequence_are_refused() {
        let error = model(&[gabpa()]).predict(&[b'A'; 300], span(1, 3)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "bins 1..3 of 128 bp reach outside the sequence of 300 bases"
        );
        assert!(model(&[]).predict(b"", span(0, 0)).unwrap().bins().is_empty());
    }

    fn bases(letters: &'static [u8], length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop::sample::select(letters), length)
    }

    fn motif(width: std::ops::Range<usize>) -> impl Strategy<Value = Frequencies> {
        prop::collection::vec(prop::array::uniform4(0_u32..100), width).prop_map(|rows| {
            let rows = rows.into_iter().map(|row| row.map(f64::from));
            let rows = rows.map(|[a, c, g, t]| [a + 1.0, c, g, t]).collect();
            CountMatrix::new(MotifName::new("x", "x"), rows)
                .unwrap()
                .frequencies(Pseudocount::JASPAR)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn tables_give_the_definition(
            motifs in prop::collection::vec(motif(1..14), 1..12),
            sequence in bases(b"ACGTACGTACGTACGTacgtN", 256..600),
        ) {
            let bins = sequence.len() / BIN;
            let found = model(&motifs).predict(&sequence, span(0, bins as u32)).unwrap();
            for (track, motif) in motifs.iter().enumerate() {
                for (bin, expected) in by_definition(motif, &sequence, 0..bins).into_iter().enumerate() {
                    let value = f64::from(found.bins()[bin * motifs.len() + track]);
                    prop_assert!((value - expected).abs() <= 1e-5 * expected, "{} {}", value, expected);
                }
            }
        }

        #[test]
        fn an_alternate_beside_its_reference_has_the_bits_it_has_alone(
            motifs in prop::collection::vec(motif(1..14), 1..4),
            sequence in bases(b"ACGTACGTN", 520..600),
            at in 100_usize..420,
            removed in 0_usize..5,
            inserted in bases(b"ACGT", 0..5),
        ) {
            let model = model(&motifs);
            let reference = model.predict(&sequence, span(1, 3)).unwrap();
            let mut alternate = sequence.clone();
            alternate.splice(at..at + removed, inserted);
            alternate.resize(sequence.len(), b'N');
            let beside = model.predict_beside(&reference, &alternate).unwrap();
            let alone = model.predict(&alternate, span(1, 3)).unwrap();
            prop_assert_eq!(beside.bins(), alone.bins());
            let whole = model.predict(&alternate, span(0, 4)).unwrap();
            prop_assert_eq!(&whole.bins()[motifs.len()..3 * motifs.len()], alone.bins());
        }
    }
}
