//! Bases: alleles as written, sequences as a model reads them, reverse complement, one-hot encoding.

use crate::window::RefAlt;
use std::fmt;
use std::ops::Range;

/// Returns the Watson-Crick complement of an upper-case IUPAC base; every other byte is returned as it is.
///
/// IUPAC-IUB nucleotide codes, Cornish-Bowden 1985, doi:10.1093/nar/13.9.3021.
pub const fn complement(base: u8) -> u8 {
    match base {
        b'A' => b'T',
        b'C' => b'G',
        b'G' => b'C',
        b'T' => b'A',
        b'R' => b'Y',
        b'Y' => b'R',
        b'K' => b'M',
        b'M' => b'K',
        b'B' => b'V',
        b'V' => b'B',
        b'D' => b'H',
        b'H' => b'D',
        other => other,
    }
}

/// Bases of an allele: upper-case IUPAC letters, possibly none.
///
/// Lower case is read as upper case: VCF 4.3 section 1.6.1.4, "case insensitive".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dna(Box<[u8]>);

/// A letter that is no nucleotide code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a nucleotide code (letter {index} of the allele); allowed: A C G T N and the IUPAC codes R Y S W K M B D H V"
)]
pub struct NotNucleotide {
    /// The letter found.
    pub found: char,
    /// Its number in the allele (1-based).
    pub index: usize,
}

impl Dna {
    /// Reads bases, in either case.
    ///
    /// # Errors
    /// [`NotNucleotide`] names the first letter that is no IUPAC code.
    pub fn parse(text: &[u8]) -> Result<Self, NotNucleotide> {
        let mut bases = Vec::with_capacity(text.len());
        for (index, &letter) in text.iter().enumerate() {
            let upper = letter.to_ascii_uppercase();
            if !matches!(
                upper,
                b'A' | b'C' | b'G' | b'T' | b'N' | b'R' | b'Y' | b'S' | b'W' | b'K' | b'M' | b'B' | b'D' | b'H' | b'V'
            ) {
                return Err(NotNucleotide {
                    found: char::from(letter),
                    index: index + 1,
                });
            }
            bases.push(upper);
        }
        Ok(Self(bases.into_boxed_slice()))
    }

    /// Returns the bases as upper-case letters.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the bases as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII letters pass `parse`")
    }

    /// Returns the number of bases.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the number of bases as a length on a contig, in bp.
    ///
    /// # Panics
    /// Never in practice: an allele of 4 Gb does not fit a record.
    pub fn len_bp(&self) -> u32 {
        u32::try_from(self.0.len()).expect("an allele is shorter than a contig")
    }

    /// Says whether there are no bases.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says whether every base is A, C, G or T.
    pub fn is_acgt(&self) -> bool {
        self.0.iter().all(|base| matches!(base, b'A' | b'C' | b'G' | b'T'))
    }

    /// Returns the other strand, read 5' to 3'.
    pub fn reverse_complement(&self) -> Self {
        Self(self.0.iter().rev().map(|&base| complement(base)).collect())
    }
}

impl fmt::Display for Dna {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Dna {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dna({})", self.as_str())
    }
}

/// Turns lower case into upper case, and every letter but A, C, G, T into N.
pub fn mask_unknown(bases: &mut [u8]) {
    // Written without branches, so that the compiler handles 16 and more bases at a time.
    for base in bases {
        let upper = *base & 0b1101_1111;
        let known = (upper == b'A') | (upper == b'C') | (upper == b'G') | (upper == b'T');
        *base = if known { upper } else { b'N' };
    }
}

/// The bases of a window: upper-case A, C, G, T, with N wherever the base is unknown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sequence(Vec<u8>);

impl Sequence {
    /// Makes a sequence; lower case becomes upper case, every letter but A, C, G, T becomes N.
    ///
    /// METHOD: soft-masking carries no meaning for a model, and a model has no channel for IUPAC codes; the
    /// reference implementation encodes both the same way.
    pub fn from_bases(mut bases: Vec<u8>) -> Self {
        mask_unknown(&mut bases);
        Self(bases)
    }

    /// Takes bases that are out of A, C, G, T, N already, as [`Reference::fetch_masked`] promises.
    ///
    /// [`Reference::fetch_masked`]: crate::reference::Reference::fetch_masked
    pub(crate) fn from_masked(bases: Vec<u8>) -> Self {
        debug_assert!(bases.iter().all(|base| b"ACGTN".contains(base)));
        Self(bases)
    }

    /// Returns the other strand, read 5' to 3'; N stays N.
    #[must_use]
    pub fn reverse_complement(&self) -> Self {
        Self(self.0.iter().rev().map(|&base| complement(base)).collect())
    }

    /// Returns this sequence with the bases of `replaced` exchanged for `by`, cut to `length` bases, and the
    /// unchanged sequence, cut likewise.
    ///
    /// `by` is A, C, G, T only; `replaced` lies in the sequence.
    pub(crate) fn with_replacement(mut self, replaced: Range<usize>, by: &[u8], length: usize) -> RefAlt<Self> {
        let mut alternate = Vec::with_capacity(self.0.len() - replaced.len() + by.len());
        alternate.extend_from_slice(&self.0[..replaced.start]);
        alternate.extend_from_slice(by);
        alternate.extend_from_slice(&self.0[replaced.end..]);
        alternate.truncate(length);
        self.0.truncate(length);
        RefAlt {
            reference: self,
            alternate: Self(alternate),
        }
    }

    /// Returns the bases as upper-case letters out of A, C, G, T, N.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the number of bases.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there are no bases.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns how many bases are known, that is not N.
    pub fn known_bases(&self) -> usize {
        self.0.iter().filter(|&&base| base != b'N').count()
    }

    /// Returns the one-hot encoding, `[length x 4]`, channels A, C, G, T; N is the zero vector.
    pub fn one_hot(&self) -> Vec<[f32; 4]> {
        self.0
            .iter()
            .map(|base| match base {
                b'A' => [1.0, 0.0, 0.0, 0.0],
                b'C' => [0.0, 1.0, 0.0, 0.0],
                b'G' => [0.0, 0.0, 1.0, 0.0],
                b'T' => [0.0, 0.0, 0.0, 1.0],
                _ => [0.0; 4],
            })
            .collect()
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sequence({} bp, {} known)", self.len(), self.known_bases())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_allele_with_a_foreign_letter_is_refused_with_its_place() {
        let error = Dna::parse(b"ACXT").unwrap_err();
        assert_eq!((error.found, error.index), ('X', 3));
        assert!(Dna::parse(b"*").is_err());
    }

    #[test]
    fn one_hot_has_no_channel_for_n_and_ignores_case() {
        let sequence = Sequence::from_bases(b"aCgTNr".to_vec());
        assert_eq!(sequence.as_bytes(), b"ACGTNN");
        assert_eq!(sequence.known_bases(), 4);
        let encoded = sequence.one_hot();
        for (index, row) in encoded.iter().enumerate() {
            let expected: f32 = if index < 4 { 1.0 } else { 0.0 };
            assert_eq!(row.iter().sum::<f32>(), expected);
            if index < 4 {
                assert_eq!(row[index], 1.0);
            }
        }
    }

    proptest! {
        #[test]
        fn reversing_the_complement_twice_changes_nothing(text in "[ACGTNRYSWKMBDHVacgt]{0,40}") {
            let dna = Dna::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(dna.reverse_complement().reverse_complement(), dna);
        }
    }
}
