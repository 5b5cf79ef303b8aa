//! Counts, frequencies and log odds: the three stages of a motif.
//!
//! Weights of [`LogOdds`] are rounded to multiples of 2^-30 bit (1e-9 bit). Sums of up to 2^22 bits are then
//! exact in `f64`, whatever the order of the additions: two words with the same bases in other positions
//! tie exactly when their weights do, the score of a reverse complement equals the score of the word, and
//! p-values, thresholds and hits cannot disagree in the last digit. The alternative, comparing within a
//! tolerance, leaves hits at the threshold to chance.

use super::distribution::ScoreDistribution;
use super::error::MotifError;

/// Largest difference of a sum of frequencies from 1 that is taken for rounding in a file.
const SUM_TOLERANCE: f64 = 0.01;

/// Weights are multiples of one bit divided by this number, a power of two.
pub(super) const UNITS_PER_BIT: f64 = (1_u64 << 30) as f64;

/// The letters of the four columns of every matrix, in order.
pub const BASES: [u8; 4] = *b"ACGT";

/// Returns the column of a base in every matrix (A 0, C 1, G 2, T 3), in either case; `None` for other letters.
pub const fn column_of(base: u8) -> Option<usize> {
    match base {
        b'A' | b'a' => Some(0),
        b'C' | b'c' => Some(1),
        b'G' | b'g' => Some(2),
        b'T' | b't' => Some(3),
        _ => None,
    }
}

/// What a motif is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MotifName {
    /// Identifier of the matrix in its collection, with its version, such as `MA0062.3`.
    pub accession: String,
    /// Name of the transcription factor, such as `GABPA` or `FOS::JUN`.
    pub factor: String,
}

impl MotifName {
    /// Returns a name from its two parts.
    pub fn new(accession: impl Into<String>, factor: impl Into<String>) -> Self {
        Self {
            accession: accession.into(),
            factor: factor.into(),
        }
    }
}

/// Frequencies of A, C, G and T outside of sites.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Background([f64; 4]);

impl Background {
    /// A quarter for each base.
    pub const UNIFORM: Self = Self([0.25; 4]);

    /// Returns a background from frequencies of A, C, G, T.
    ///
    /// Sums that differ from 1 by at most 0.01, as rounded files have them, are divided out.
    ///
    /// # Errors
    /// [`MotifError::Background`] when a frequency is not above 0 or the sum is further from 1.
    pub fn new(frequencies: [f64; 4]) -> Result<Self, MotifError> {
        let sum: f64 = frequencies.iter().sum();
        let is_possible = frequencies.iter().all(|&f| f > 0.0);
        let is_distribution = (sum - 1.0).abs() <= SUM_TOLERANCE;
        if !(is_possible && is_distribution) {
            return Err(MotifError::Background {
                frequencies,
                tolerance: SUM_TOLERANCE,
            });
        }
        Ok(Self(frequencies.map(|f| f / sum)))
    }

    /// Returns the frequencies of A, C, G, T; they are above 0 and sum to 1.
    pub const fn frequencies(&self) -> [f64; 4] {
        self.0
    }

    /// Returns the background of the complementary strand: A and T, C and G change places.
    pub const fn complement(&self) -> Self {
        let [a, c, g, t] = self.0;
        Self([t, g, c, a])
    }
}

impl Default for Background {
    fn default() -> Self {
        Self::UNIFORM
    }
}

/// Counts added to each position of a motif, so that a base never seen keeps a small probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pseudocount([f64; 4]);

impl Pseudocount {
    /// 0.8 in all, 0.2 for each base: the convention of JASPAR's tools.
    pub const JASPAR: Self = Self([0.2; 4]);

    /// Returns a pseudocount that adds `count` to each of the four bases.
    ///
    /// # Errors
    /// [`MotifError::Pseudocount`] when `count` is negative, infinite or not a number.
    pub fn per_base(count: f64) -> Result<Self, MotifError> {
        Self::total(4.0 * count, Background::UNIFORM).map_err(|_| MotifError::Pseudocount { value: count })
    }

    /// Returns a pseudocount of `total` in all, shared out in proportion to `background`.
    ///
    /// # Errors
    /// [`MotifError::Pseudocount`] when `total` is negative, infinite or not a number.
    pub fn total(total: f64, background: Background) -> Result<Self, MotifError> {
        if !total.is_finite() || total < 0.0 {
            return Err(MotifError::Pseudocount { value: total });
        }
        Ok(Self(background.0.map(|f| f * total)))
    }
}

/// Counts of A, C, G, T at each position of the sites of a transcription factor.
///
/// Counts may be fractions; positions may have different totals, as half of JASPAR's matrices do.
#[derive(Debug, Clone, PartialEq)]
pub struct CountMatrix {
    name: MotifName,
    rows: Vec<[f64; 4]>,
}

impl CountMatrix {
    /// Returns a matrix from `[width x 4]` counts, columns A, C, G, T.
    ///
    /// # Errors
    /// [`MotifError::Empty`], [`MotifError::Cell`] or [`MotifError::EmptyPosition`].
    pub fn new(name: MotifName, rows: Vec<[f64; 4]>) -> Result<Self, MotifError> {
        check_cells(&rows)?;
        match rows.iter().position(|row| row.iter().sum::<f64>() <= 0.0) {
            Some(index) => Err(MotifError::EmptyPosition { position: index + 1 }),
            None => Ok(Self { name, rows }),
        }
    }

    /// Returns what the motif is called.
    pub fn name(&self) -> &MotifName {
        &self.name
    }

    /// Returns the number of positions, at least 1.
    pub fn width(&self) -> usize {
        self.rows.len()
    }

    /// Returns the counts, `[width x 4]`, columns A, C, G, T.
    pub fn rows(&self) -> &[[f64; 4]] {
        &self.rows
    }

    /// Returns the matrix of the other strand.
    pub fn reverse_complement(&self) -> Self {
        Self {
            name: self.name.clone(),
            rows: reverse_complement(&self.rows),
        }
    }

    /// Returns the most frequent base of each position; the first of A, C, G, T among equals.
    pub fn consensus(&self) -> String {
        consensus(&self.rows)
    }

    /// Divides each position, pseudocount included, by its own total.
    ///
    /// Frequency = (count + pseudocount of the base) / (total of the position + total pseudocount).
    pub fn frequencies(&self, pseudocount: Pseudocount) -> Frequencies {
        let added: f64 = pseudocount.0.iter().sum();
        let rows = self.rows.iter().map(|row| {
            let total: f64 = row.iter().sum::<f64>() + added;
            std::array::from_fn(|base| (row[base] + pseudocount.0[base]) / total)
        });
        Frequencies {
            name: self.name.clone(),
            rows: rows.collect(),
        }
    }
}

/// Probabilities of A, C, G, T at each position of a site; each position sums to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Frequencies {
    name: MotifName,
    rows: Vec<[f64; 4]>,
}

impl Frequencies {
    /// Returns frequencies from `[width x 4]` probabilities, columns A, C, G, T.
    ///
    /// Positions whose sum differs from 1 by at most 0.01, as rounded files have them, are divided by it.
    ///
    /// # Errors
    /// [`MotifError::Empty`], [`MotifError::Cell`] or [`MotifError::FrequencySum`].
    pub fn new(name: MotifName, mut rows: Vec<[f64; 4]>) -> Result<Self, MotifError> {
        check_cells(&rows)?;
        for (index, row) in rows.iter_mut().enumerate() {
            let sum: f64 = row.iter().sum();
            if (sum - 1.0).abs() > SUM_TOLERANCE {
                return Err(MotifError::FrequencySum {
                    position: index + 1,
                    sum,
                    tolerance: SUM_TOLERANCE,
                });
            }
            *row = row.map(|p| p / sum);
        }
        Ok(Self { name, rows })
    }

    /// Returns what the motif is called.
    pub fn name(&self) -> &MotifName {
        &self.name
    }

    /// Returns the number of positions, at least 1.
    pub fn width(&self) -> usize {
        self.rows.len()
    }

    /// Returns the probabilities, `[width x 4]`, columns A, C, G, T.
    pub fn rows(&self) -> &[[f64; 4]] {
        &self.rows
    }

    /// Returns the matrix of the other strand.
    pub fn reverse_complement(&self) -> Self {
        Self {
            name: self.name.clone(),
            rows: reverse_complement(&self.rows),
        }
    }

    /// Returns the most frequent base of each position; the first of A, C, G, T among equals.
    pub fn consensus(&self) -> String {
        consensus(&self.rows)
    }

    /// Returns the counts that `sites` sites with these frequencies have.
    ///
    /// # Errors
    /// [`MotifError::EmptyPosition`] when `sites` is 0.
    pub fn counts(&self, sites: f64) -> Result<CountMatrix, MotifError> {
        let rows = self.rows.iter().map(|row| row.map(|p| p * sites));
        CountMatrix::new(self.name.clone(), rows.collect())
    }

    /// Returns the information of each position against `background`, in bits, never negative.
    ///
    /// Sum over bases of p * log2(p / background), with 0 for p = 0 (Schneider et al. 1986,
    /// doi:10.1016/0022-2836(86)90165-8, without the small-sample correction).
    pub fn information(&self, background: Background) -> Vec<f64> {
        let of_position = |row: &[f64; 4]| -> f64 {
            let terms = row.iter().zip(background.0);
            terms
                .map(|(&p, b)| if p > 0.0 { p * (p / b).log2() } else { 0.0 })
                .sum::<f64>()
                .max(0.0)
        };
        self.rows.iter().map(of_position).collect()
    }

    /// Returns the information of the whole motif against `background`, in bits.
    pub fn information_content(&self, background: Background) -> f64 {
        self.information(background).iter().sum()
    }

    /// Returns log2(p / background) of each cell, minus infinity for p = 0.
    pub fn log_odds(&self, background: Background) -> LogOdds {
        let odds = |row: &[f64; 4]| std::array::from_fn(|base| (row[base] / background.0[base]).log2());
        LogOdds::rounded(self.name.clone(), self.rows.iter().map(odds).collect(), background)
    }
}

/// Log2 odds of a site against the background, in bits; the score of a word is a sum of them.
///
/// Weights are multiples of 2^-30 bit (see the [module](self)); a weight may be minus infinity.
#[derive(Debug, Clone, PartialEq)]
pub struct LogOdds {
    name: MotifName,
    rows: Vec<[f64; 4]>,
    background: Background,
}

impl LogOdds {
    /// Returns log odds from weights made elsewhere, in bits, `[width x 4]`, columns A, C, G, T.
    ///
    /// `background` is the distribution of random words for p-values.
    ///
    /// # Errors
    /// [`MotifError::Empty`]; [`MotifError::Cell`] for a weight that is plus infinity, not a number, or
    /// beyond 2^15 bits.
    pub fn from_weights(name: MotifName, weights: Vec<[f64; 4]>, background: Background) -> Result<Self, MotifError> {
        let limit = f64::from(1_u32 << 15);
        check_rows(&weights, |w| w == f64::NEG_INFINITY || w.abs() <= limit)?;
        Ok(Self::rounded(name, weights, background))
    }

    fn rounded(name: MotifName, weights: Vec<[f64; 4]>, background: Background) -> Self {
        let round = |w: f64| (w * UNITS_PER_BIT).round() / UNITS_PER_BIT;
        Self {
            name,
            rows: weights.into_iter().map(|row| row.map(round)).collect(),
            background,
        }
    }

    /// Returns what the motif is called.
    pub fn name(&self) -> &MotifName {
        &self.name
    }

    /// Returns the number of positions, at least 1.
    pub fn width(&self) -> usize {
        self.rows.len()
    }

    /// Returns the weights in bits, `[width x 4]`, columns A, C, G, T.
    pub fn rows(&self) -> &[[f64; 4]] {
        &self.rows
    }

    /// Returns the distribution of bases in random words.
    pub fn background(&self) -> Background {
        self.background
    }

    /// Returns the matrix of the other strand, with the background of that strand.
    pub fn reverse_complement(&self) -> Self {
        Self {
            name: self.name.clone(),
            rows: reverse_complement(&self.rows),
            background: self.background.complement(),
        }
    }

    /// Returns the highest score of any word, in bits.
    pub fn maximum(&self) -> f64 {
        self.rows
            .iter()
            .map(|row| row.iter().fold(f64::NEG_INFINITY, |m, &w| m.max(w)))
            .sum()
    }

    /// Returns the lowest score of any word, in bits; minus infinity where a weight is.
    pub fn minimum(&self) -> f64 {
        self.rows
            .iter()
            .map(|row| row.iter().fold(f64::INFINITY, |m, &w| m.min(w)))
            .sum()
    }

    /// Returns the score of the word at the beginning of `bases` as it is written, in bits.
    ///
    /// `None` when `bases` is shorter than the motif or the word holds a letter other than ACGT or acgt.
    pub fn score(&self, bases: &[u8]) -> Option<f64> {
        let word = bases.get(..self.rows.len())?;
        let mut sum = 0.0;
        for (row, &base) in self.rows.iter().zip(word) {
            sum += row[column_of(base)?];
        }
        Some(sum)
    }

    /// Returns the score of the reverse complement of the word at the beginning of `bases`, in bits.
    ///
    /// `None` as for [`score`](Self::score).
    pub fn score_reverse(&self, bases: &[u8]) -> Option<f64> {
        let word = bases.get(..self.rows.len())?;
        let mut sum = 0.0;
        for (row, &base) in self.rows.iter().zip(word.iter().rev()) {
            sum += row[3 - column_of(base)?];
        }
        Some(sum)
    }

    /// Returns the distribution of the score of a random word of the background.
    pub fn distribution(&self) -> ScoreDistribution {
        ScoreDistribution::new(self)
    }
}

fn check_cells(rows: &[[f64; 4]]) -> Result<(), MotifError> {
    check_rows(rows, |value| value.is_finite() && value >= 0.0)
}

fn check_rows(rows: &[[f64; 4]], is_valid: impl Fn(f64) -> bool) -> Result<(), MotifError> {
    if rows.is_empty() {
        return Err(MotifError::Empty);
    }
    for (index, row) in rows.iter().enumerate() {
        for (base, &value) in BASES.iter().zip(row) {
            if !is_valid(value) {
                return Err(MotifError::Cell {
                    position: index + 1,
                    base: char::from(*base),
                    value,
                });
            }
        }
    }
    Ok(())
}

/// Positions backwards, and A and T, C and G exchanged: columns A, C, G, T become T, G, C, A.
fn reverse_complement(rows: &[[f64; 4]]) -> Vec<[f64; 4]> {
    rows.iter().rev().map(|&[a, c, g, t]| [t, g, c, a]).collect()
}

fn consensus(rows: &[[f64; 4]]) -> String {
    let most_frequent = |row: &[f64; 4]| {
        let mut best = 0;
        for base in 1..4 {
            if row[base] > row[best] {
                best = base;
            }
        }
        char::from(BASES[best])
    };
    rows.iter().map(most_frequent).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn a_first_weight_is_the_log_of_its_ratio() {
        // log2(((15887 + 0.2) / (15887 + 16922 + 15945 + 16725 + 0.8)) / 0.25)
        let expected = (15887.2_f64 / 65479.8 / 0.25).log2();
        assert!((fixture::gabpa().rows()[0][0] - expected).abs() < 1e-9);
    }

    #[test]
    fn maximum_of_gabpa_is_the_published_one() {
        assert!((fixture::gabpa().maximum() - 18.339397).abs() < 1e-6);
    }

    #[test]
    fn words_score_as_moods_scores_them() {
        // MOODS 1.9.4.1, chr5:1295080-1295093, minus strand, and chr1:903478-903491.
        let motif = fixture::gabpa();
        assert!((motif.score(b"TCCCCTTCCTTTCC").unwrap() - 10.774515).abs() < 1e-6);
        assert!((motif.score(b"cccactccctgtct").unwrap() - 12.525723).abs() < 1e-6);
    }

    #[test]
    fn reverse_score_is_the_score_of_the_reverse_complement() {
        let motif = fixture::gabpa();
        assert_eq!(motif.score_reverse(b"GGAAAGGAAGGGGA"), motif.score(b"TCCCCTTCCTTTCC"));
        assert_eq!(
            motif.reverse_complement().score(b"GGAAAGGAAGGGGA"),
            motif.score(b"TCCCCTTCCTTTCC")
        );
        assert_eq!(motif.reverse_complement().reverse_complement(), motif);
    }

    #[test]
    fn unknown_letters_and_short_words_have_no_score() {
        let motif = fixture::gabpa();
        assert_eq!(motif.score(b"TCCCCTTCCTTTCN"), None);
        assert_eq!(motif.score(b"TCCCCTTCCTTTC"), None);
        assert_eq!(motif.score_reverse(b"RCCCCTTCCTTTCC"), None);
    }

    #[test]
    fn consensus_is_the_most_frequent_base() {
        let counts = fixture::counts("MA0099.3");
        assert_eq!(counts.consensus(), "ATGAGTCATC");
        assert_eq!(counts.reverse_complement().consensus(), "GATGACTCAT");
    }

    #[test]
    fn information_of_a_position() {
        let frequencies = Frequencies::new(
            MotifName::new("x", "x"),
            vec![[0.25; 4], [1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]],
        )
        .unwrap();
        assert_eq!(frequencies.information(Background::UNIFORM), [0.0, 2.0, 1.0]);
        assert_eq!(frequencies.information_content(Background::UNIFORM), 3.0);
    }

    #[test]
    fn refused_matrices_say_where() {
        let name = || MotifName::new("x", "x");
        assert_eq!(CountMatrix::new(name(), vec![]).unwrap_err(), MotifError::Empty);
        let error = CountMatrix::new(name(), vec![[1.0; 4], [1.0, -2.0, 0.0, 0.0]]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "position 2 has `-2` for base `C`, not a number of at least 0"
        );
        let error = CountMatrix::new(name(), vec![[0.0; 4]]).unwrap_err();
        assert_eq!(error, MotifError::EmptyPosition { position: 1 });
        assert!(Frequencies::new(name(), vec![[0.3, 0.3, 0.3, 0.3]]).is_err());
        assert!(Background::new([0.5, 0.5, 0.0, 0.0]).is_err());
        assert!(Background::new([f64::NAN, 0.5, 0.2, 0.1]).is_err());
        assert!(Pseudocount::per_base(-0.1).is_err());
    }

    #[test]
    fn rounded_background_is_divided_by_its_sum() {
        // DNA.meme of the MEME suite: 0.303 + 0.183 + 0.209 + 0.306 = 1.001
        let background = Background::new([0.303, 0.183, 0.209, 0.306]).unwrap();
        assert!((background.frequencies()[0] - 0.303 / 1.001).abs() < 1e-15);
        assert_eq!(background.complement().frequencies()[3], background.frequencies()[0]);
    }
}
