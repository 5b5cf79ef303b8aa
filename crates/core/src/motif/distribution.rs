//! The distribution of the score of a random word: exact p-values and thresholds.
//!
//! A random word draws each base on its own from the background, so the distribution over all 4^width words
//! is built by dynamic programming, one position at a time: the partial scores that are possible, each with
//! its probability, equal scores merged. It is built for the left and the right half of the motif apart;
//! P(score >= s) is then a sum over partial scores of the left half, each times the probability that the
//! right half supplies the rest. Two halves of 4^(width/2) entries take the place of 4^width words, and
//! nothing is binned: weights are multiples of 2^-30 bit, so equal scores are equal numbers.
//!
//! A half keeps at most 2^18 partial scores. Beyond that (motifs wider than 18, unless scores coincide)
//! they are rounded to a grid on which they fit, and [`ScoreDistribution::resolution`] bounds what
//! that does to a score.
//!
//! The alternative, one histogram of binned scores, is what MOODS and FIMO do (with bins of about 0.001 and
//! 0.1 bit); thresholds then differ from the exact ones by up to 0.03 bit on ten-position motifs.

use super::error::MotifError;
use super::matrix::{LogOdds, UNITS_PER_BIT};

/// The largest number of partial scores kept for one half of a motif.
const MAX_PARTIAL_SCORES: usize = 1 << 18;

/// Distribution of the score of a random word of the background.
#[derive(Debug, Clone)]
pub struct ScoreDistribution {
    left: PartialScores,
    right: PartialScores,
    /// `right_tail[i]`: probability of a right half of at least `right.scores[i]`; one entry more, 0.
    right_tail: Vec<f64>,
}

/// A score and the probability that a random word scores at least as high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// Score in bits; a word with this score exists.
    pub score: f64,
    /// Probability of a score of at least `score`, on one strand.
    pub p_value: f64,
}

impl ScoreDistribution {
    pub(super) fn new(motif: &LogOdds) -> Self {
        let background = motif.background().frequencies();
        let (left, right) = motif.rows().split_at(motif.width() / 2);
        let left = PartialScores::of(left, background);
        let right = PartialScores::of(right, background);
        let mut right_tail = vec![0.0; right.scores.len() + 1];
        for i in (0..right.scores.len()).rev() {
            right_tail[i] = right_tail[i + 1] + right.probabilities[i];
        }
        Self {
            left,
            right,
            right_tail,
        }
    }

    /// Returns how far a score may be off by rounding, in bits: 0 when p-values are exact.
    ///
    /// With a resolution of r, the p-value of s lies between the exact ones of s + r and s - r.
    pub fn resolution(&self) -> f64 {
        (self.left.rounding + self.right.rounding) as f64 / UNITS_PER_BIT
    }

    /// Returns the probability that a random word scores at least `score` bits.
    ///
    /// 0 above the highest score that exists and for a score that is not a number.
    pub fn p_value(&self, score: f64) -> f64 {
        let units = score * UNITS_PER_BIT;
        if units.is_nan() {
            return 0.0;
        }
        // The cast saturates: infinities become the ends of i64, beyond every score.
        self.tail(units.ceil() as i64)
    }

    /// Returns the lowest score that exists whose p-value is at most `p_value`.
    ///
    /// `None` when the best word of all is more probable than that; with a uniform background a motif of
    /// width w has no p-value below 4^-w.
    ///
    /// # Errors
    /// [`MotifError::Probability`] when `p_value` is not above 0 and at most 1.
    pub fn threshold(&self, p_value: f64) -> Result<Option<Threshold>, MotifError> {
        if !(p_value > 0.0 && p_value <= 1.0) {
            return Err(MotifError::Probability { value: p_value });
        }
        let (Some(mut low), Some(mut high)) = (self.lowest(), self.highest()) else {
            return Ok(None);
        };
        if self.tail(high) > p_value {
            return Ok(None);
        }
        // Invariant: every score of at least `high` is rare enough; below `low` none is known to be.
        while low < high {
            let middle = low + (high - low) / 2;
            if self.tail(middle) <= p_value {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let score = self.first_score_from(high);
        Ok(score.map(|score| Threshold {
            score: score as f64 / UNITS_PER_BIT,
            p_value: self.tail(score),
        }))
    }

    /// Returns the highest score that exists, with its probability; `None` when every word is impossible.
    pub fn best(&self) -> Option<Threshold> {
        self.highest().map(|score| Threshold {
            score: score as f64 / UNITS_PER_BIT,
            p_value: self.tail(score),
        })
    }

    fn lowest(&self) -> Option<i64> {
        Some(self.left.scores.first()? + self.right.scores.first()?)
    }

    fn highest(&self) -> Option<i64> {
        Some(self.left.scores.last()? + self.right.scores.last()?)
    }

    /// P(score >= `units`): left halves from the best downwards, until even the best right half falls short.
    fn tail(&self, units: i64) -> f64 {
        let right = &self.right.scores;
        let Some(&best_right) = right.last() else {
            return 0.0;
        };
        let mut sum = 0.0;
        let mut from = None;
        for (&score, probability) in self.left.scores.iter().zip(&self.left.probabilities).rev() {
            let needed = units.saturating_sub(score);
            if needed > best_right {
                break;
            }
            // The first index by search, the rest by walking: `needed` grows as `score` falls.
            let mut index = from.unwrap_or_else(|| right.partition_point(|&r| r < needed));
            while right[index] < needed {
                index += 1;
            }
            from = Some(index);
            sum += probability * self.right_tail[index];
        }
        sum.min(1.0)
    }

    /// The lowest score that exists and is at least `units`.
    fn first_score_from(&self, units: i64) -> Option<i64> {
        let right = &self.right.scores;
        let mut index = 0;
        let mut lowest: Option<i64> = None;
        for &score in self.left.scores.iter().rev() {
            let needed = units.saturating_sub(score);
            while index < right.len() && right[index] < needed {
                index += 1;
            }
            let Some(rest) = right.get(index) else { break };
            lowest = Some(lowest.map_or(score + rest, |l| l.min(score + rest)));
        }
        lowest
    }
}

/// The possible scores of a part of a motif, ascending, each once, with their probabilities.
#[derive(Debug, Clone)]
struct PartialScores {
    /// In units of 2^-30 bit.
    scores: Vec<i64>,
    probabilities: Vec<f64>,
    /// Scores are multiples of 2^shift units.
    shift: u32,
    /// Bound on the rounding of a score, in units.
    rounding: i64,
}

impl PartialScores {
    fn of(rows: &[[f64; 4]], background: [f64; 4]) -> Self {
        let mut partial = Self {
            scores: vec![0],
            probabilities: vec![1.0],
            shift: 0,
            rounding: 0,
        };
        for row in rows {
            partial = partial.extended(row, background);
            while partial.scores.len() > MAX_PARTIAL_SCORES {
                partial = partial.coarsened();
            }
        }
        partial
    }

    /// Adds a position: four copies of the list, each moved by a weight, merged; equal scores become one.
    fn extended(&self, row: &[f64; 4], background: [f64; 4]) -> Self {
        let mut extended = Self {
            scores: Vec::with_capacity(4 * self.scores.len()),
            probabilities: Vec::with_capacity(4 * self.scores.len()),
            shift: self.shift,
            rounding: self.rounding,
        };
        let exact = row.map(|weight| (weight * UNITS_PER_BIT) as i64);
        let weights = exact.map(|weight| round_to(weight, self.shift));
        let mut next = [0; 4];
        let mut heads = [i64::MAX; 4];
        if let Some(&first) = self.scores.first() {
            for base in (0..4).filter(|&base| row[base] > f64::NEG_INFINITY) {
                let rounding = (exact[base] - weights[base]).abs();
                extended.rounding = extended.rounding.max(self.rounding + rounding);
                heads[base] = first + weights[base];
            }
        }
        loop {
            let score = heads[0].min(heads[1]).min(heads[2].min(heads[3]));
            if score == i64::MAX {
                return extended;
            }
            let mut probability = 0.0;
            for base in 0..4 {
                if heads[base] == score {
                    probability += self.probabilities[next[base]] * background[base];
                    next[base] += 1;
                    heads[base] = self.scores.get(next[base]).map_or(i64::MAX, |s| s + weights[base]);
                }
            }
            extended.scores.push(score);
            extended.probabilities.push(probability);
        }
    }

    /// Rounds scores to the coarser grid on which they surely fit, and merges equals.
    fn coarsened(&self) -> Self {
        let range = self.scores.last().unwrap_or(&0) - self.scores.first().unwrap_or(&0);
        let steps = range / (MAX_PARTIAL_SCORES as i64 - 1) + 1;
        let shift = (self.shift + 1).max(i64::BITS - (steps - 1).leading_zeros());
        let mut scores: Vec<i64> = Vec::with_capacity(MAX_PARTIAL_SCORES);
        let mut probabilities: Vec<f64> = Vec::with_capacity(MAX_PARTIAL_SCORES);
        let mut rounding = 0;
        for (&score, &probability) in self.scores.iter().zip(&self.probabilities) {
            let rounded = round_to(score, shift);
            rounding = rounding.max((score - rounded).abs());
            match (scores.last(), probabilities.last_mut()) {
                (Some(&last), Some(total)) if last == rounded => *total += probability,
                _ => {
                    scores.push(rounded);
                    probabilities.push(probability);
                }
            }
        }
        Self {
            scores,
            probabilities,
            shift,
            rounding: self.rounding + rounding,
        }
    }
}

/// Rounds to the nearest multiple of 2^`shift`, halves upwards.
fn round_to(units: i64, shift: u32) -> i64 {
    if shift == 0 {
        return units;
    }
    ((units + (1 << (shift - 1))) >> shift) << shift
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::super::matrix::{Background, CountMatrix, MotifName, Pseudocount};
    use super::*;
    use proptest::prelude::*;

    /// P(score >= s) by visiting every word.
    fn by_enumeration(motif: &LogOdds, score: f64) -> f64 {
        let background = motif.background().frequencies();
        let mut words = vec![(0.0, 1.0)];
        for row in motif.rows() {
            words = words
                .iter()
                .flat_map(|&(s, p)| (0..4).map(move |b| (s + row[b], p * background[b])))
                .collect();
        }
        words.iter().filter(|w| w.0 >= score).map(|w| w.1).sum()
    }

    #[test]
    fn p_values_of_ma0045_are_the_published_ones() {
        let distribution = fixture::ma0045().distribution();
        assert_eq!(distribution.resolution(), 0.0);
        // pytfmpval at granularity 1e-7, converged, as quoted by lightmotif-tfmpvalue 0.10.0.
        assert_eq!(distribution.p_value(10.0), 0.00012601329945027828);
        // Its scores for 3e-4 and 1e-5.
        for (p, score) in [(3e-4, 8.882756), (1e-5, 12.657785)] {
            let found = distribution.threshold(p).unwrap().unwrap();
            assert!((found.score - score).abs() < 1e-5, "{p} {found:?}");
        }
        // 1,401,647 of 4^16 words score at least 8.7708 (all words visited with numpy 2.4.6); lightmotif's
        // binned distribution says 0.00032910.
        assert_eq!(distribution.p_value(8.7708), 1_401_647.0 / 4_f64.powi(16));
        assert!((distribution.p_value(8.7708) / 0.00032910 - 1.0).abs() < 0.01);
    }

    #[test]
    fn best_word_of_an_informative_motif_has_the_probability_of_one_word() {
        let gabpa = fixture::gabpa().distribution();
        let best = gabpa.best().unwrap();
        assert!((best.score - 18.339397).abs() < 1e-6);
        assert_eq!(best.p_value, 0.25_f64.powi(14));
        assert_eq!(gabpa.p_value(best.score + 1e-9), 0.0);
        assert_eq!(gabpa.p_value(f64::NEG_INFINITY), 1.0);
        assert_eq!(gabpa.p_value(f64::INFINITY), 0.0);
        assert_eq!(gabpa.p_value(f64::NAN), 0.0);
    }

    #[test]
    fn thresholds_agree_with_tfmpvalue_and_moods() {
        // motif, p, MOODS 1.9.4.1 (binned scores), lightmotif 0.10.1 TFM-PVALUE (stopped at a granularity of
        // about 1e-3 for the short motifs); uniform background, pseudocount 0.8 in all.
        for (motif, p, moods, exact) in fixture::PUBLISHED_THRESHOLDS {
            let found = fixture::by_accession(motif).distribution().threshold(p);
            let found = found.unwrap().unwrap();
            assert!(found.p_value <= p, "{motif} {p}");
            assert!((found.score - moods).abs() < 0.071, "{motif} {p} {found:?}");
            assert!((found.score - exact).abs() < 0.032, "{motif} {p} {found:?}");
        }
    }

    #[test]
    fn a_threshold_is_attained_and_the_next_word_below_is_too_common() {
        for motif in ["MA0098.3", "MA0474.2", "MA0099.3"] {
            let motif = fixture::by_accession(motif);
            let mut words: Vec<f64> = vec![0.0];
            for row in motif.rows() {
                words = words.iter().flat_map(|&s| row.map(|w| s + w)).collect();
            }
            // 4^10 * 1e-4 = 104.8: the best 104 words, unless they tie with the 105th.
            let (_, &mut next, _) = words.select_nth_unstable_by(104, |a, b| b.total_cmp(a));
            let threshold = motif.distribution().threshold(1e-4).unwrap().unwrap();
            let taken = words.iter().filter(|&&s| s >= threshold.score).count();
            assert_eq!(threshold.p_value, taken as f64 / 4_f64.powi(10));
            assert!(taken <= 104);
            assert!(words.contains(&threshold.score));
            assert!(words.iter().filter(|&&s| s > next).count() == taken);
        }
    }

    #[test]
    fn short_motifs_do_not_reach_small_p_values() {
        // 4^-6 = 2.4e-4
        let rows = vec![[0.0, 20.0, 0.0, 0.0]; 6];
        let counts = CountMatrix::new(MotifName::new("x", "x"), rows).unwrap();
        let motif = counts.frequencies(Pseudocount::JASPAR).log_odds(Background::UNIFORM);
        let distribution = motif.distribution();
        assert_eq!(distribution.threshold(1e-4).unwrap(), None);
        assert_eq!(distribution.best().unwrap().p_value, 0.25_f64.powi(6));
        let threshold = distribution.threshold(2.5e-4).unwrap().unwrap();
        assert_eq!(threshold.score, motif.maximum());
        assert!(distribution.threshold(0.0).is_err());
        assert!(distribution.threshold(f64::NAN).is_err());
    }

    #[test]
    fn words_that_are_impossible_are_never_counted() {
        let rows = vec![[1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]];
        let counts = CountMatrix::new(MotifName::new("x", "x"), rows).unwrap();
        let none = Pseudocount::per_base(0.0).unwrap();
        let distribution = counts.frequencies(none).log_odds(Background::UNIFORM).distribution();
        // AA and AC score 2 + 1 bits; every other word is impossible.
        assert_eq!(distribution.p_value(-1e9), 2.0 / 16.0);
        assert_eq!(distribution.best().unwrap().score, 3.0);
    }

    #[test]
    fn a_wide_motif_is_rounded_within_its_stated_resolution() {
        // GABPA twice and a half: 35 positions.
        let gabpa = fixture::gabpa();
        let rows: Vec<_> = gabpa.rows().iter().cycle().take(35).copied().collect();
        let wide = LogOdds::from_weights(MotifName::new("x", "x"), rows, Background::UNIFORM).unwrap();
        let distribution = wide.distribution();
        assert!(distribution.resolution() > 0.0);
        assert!(distribution.resolution() < 0.02, "{}", distribution.resolution());
        let best = distribution.best().unwrap();
        assert!((best.score - wide.maximum()).abs() <= distribution.resolution());
        // E[2^score] over the background is 1: Markov's inequality bounds the tail, P(S >= s) <= 2^-s.
        for s in [5.0, 10.0, 20.0] {
            let p = distribution.p_value(s);
            assert!(p > 0.0 && p <= 2_f64.powf(-s));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn p_values_equal_enumeration(
            rows in prop::collection::vec(prop::array::uniform4(0_u32..50), 1..7),
            background in prop::array::uniform4(1_u32..10),
            score in -20.0..15.0_f64,
        ) {
            let rows = rows.into_iter().map(|row| row.map(|c| f64::from(c) + 0.5)).collect();
            let total: u32 = background.iter().sum();
            let background =
                Background::new(background.map(|b| f64::from(b) / f64::from(total))).unwrap();
            let motif = CountMatrix::new(MotifName::new("x", "x"), rows)
                .unwrap()
                .frequencies(Pseudocount::JASPAR)
                .log_odds(background);
            let found = motif.distribution().p_value(score);
            prop_assert!((found - by_enumeration(&motif, score)).abs() < 1e-12);
        }
    }
}
