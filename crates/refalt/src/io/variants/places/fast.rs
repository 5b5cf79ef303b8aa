//! The forms that nearly all rows have, read on bytes. `None` is no verdict: the row goes the long way.

use super::super::ids::is_dbsnp_name;
use refalt_core::{Assembly, Position};

/// A variant in one word: `chr5_1295113_G_A_b38`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'t> {
    pub(super) contig: &'t str,
    pub(super) position: Position,
    pub(super) reference: &'t [u8],
    pub(super) alternate: &'t [u8],
    /// The assembly that the word ends with, as written.
    pub(super) suffix: Option<&'t [u8]>,
}

/// Splits at the last `_`.
fn rsplit(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memrchr(b'_', text)?;
    Some((&text[..at], &text[at + 1..]))
}

/// Says whether text is one or more of the four bases, in either case.
///
/// Other codes go the long way: `NA` is two of them, and a missing value in a table.
pub(super) fn is_acgt(text: &[u8]) -> bool {
    !text.is_empty()
        && text
            .iter()
            .all(|letter| matches!(letter | 0x20, b'a' | b'c' | b'g' | b't'))
}

/// Reads a whole number from 1 up, without a sign, of at most ten digits (1-based position).
pub(super) fn position(digits: &[u8]) -> Option<Position> {
    Position::new(number(digits)?)
}

/// Reads a whole number of at most ten digits.
pub(super) fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 10 {
        return None;
    }
    let mut sum = 0_u64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum = sum * 10 + u64::from(digit);
    }
    u32::try_from(sum).ok()
}

/// Reads the GTEx form and its form without an assembly.
pub(super) fn word(text: &[u8]) -> Option<Word<'_>> {
    let (rest, last) = rsplit(text)?;
    let (rest, alternate, suffix) = if is_acgt(last) {
        (rest, last, None)
    } else {
        let (rest, alternate) = rsplit(rest)?;
        (rest, alternate, Some(last))
    };
    let (rest, reference) = rsplit(rest)?;
    let (contig, digits) = rsplit(rest)?;
    let is_plain = |letter: &u8| letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'.');
    if !is_acgt(alternate) || !is_acgt(reference) || contig.is_empty() || !contig.iter().all(is_plain) {
        return None;
    }
    let contig = std::str::from_utf8(contig).ok()?;
    // A dbSNP name is no contig.
    if contig.starts_with("rs") && is_dbsnp_name(contig) {
        return None;
    }
    Some(Word {
        contig,
        position: position(digits)?,
        reference,
        alternate,
        suffix,
    })
}

/// What the endings of words say, the last one at hand.
#[derive(Clone, Debug, Default)]
pub(super) struct Suffixes {
    last: Vec<u8>,
    said: Option<Assembly>,
}

impl Suffixes {
    /// Returns the assembly that an ending names.
    pub(super) fn said(&mut self, suffix: &[u8]) -> Option<Assembly> {
        if self.last != suffix || self.said.is_none() {
            self.said = std::str::from_utf8(suffix).ok().and_then(Assembly::from_name);
            self.last.clear();
            self.last.extend_from_slice(suffix);
        }
        self.said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::variants::ids;
    use proptest::prelude::*;

    /// Whatever the short way reads, the long way reads alike.
    fn agrees(text: &str) -> Result<bool, TestCaseError> {
        let Some(word) = word(text.as_bytes()) else {
            return Ok(false);
        };
        let said = match word.suffix {
            Some(suffix) => match Suffixes::default().said(suffix) {
                Some(said) => Some(said),
                None => return Ok(false),
            },
            None => None,
        };
        let long = ids::parse(text);
        let variant = long
            .variant
            .map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert_eq!(variant.contig.as_str(), word.contig);
        prop_assert_eq!(variant.position, word.position);
        prop_assert!(variant.reference_bases.as_bytes().eq_ignore_ascii_case(word.reference));
        prop_assert_eq!(
            long.said_assembly.is_some(),
            said.is_some() || word.contig.starts_with("NC_")
        );
        Ok(true)
    }

    #[test]
    fn the_common_forms_go_the_short_way() {
        for text in ["chr5_1295113_G_A_b38", "5_1_G_AT", "chrUn_KI270302v1_12_ac_G_hg19"] {
            assert!(agrees(text).unwrap(), "{text}");
        }
        for text in [
            "chr5_0_G_A",
            "chr5_1_N_A",
            "rs12_4_A_G",
            "chr5:1_G_A",
            "_1_G_A",
            "chr5_1_G",
            "NC_000005.10:1:G:A",
        ] {
            assert!(!agrees(text).unwrap(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_never_differs_from_the_long_one(
            text in "(chr)?(1|X|rs[0-9]|c\\.|NC_000005\\.10|g\\.)?[_:]?[0-9]{1,3}[_:>-][ACGTNac-]{0,2}[_:>/-][ACGTNg]{0,2}(_b38|_b37|_x|_C|-hg19)?"
        ) {
            agrees(&text)?;
        }
    }
}
