//! Which bases of a variant count.

use refalt_core::{Alternate, Interval, Position, Variant};

/// Which bases of a variant must lie in a peak.
///
/// The names are those of `bcftools view --regions-overlap`.
///
/// ```
/// use refalt::overlap::Extent;
/// use refalt_core::{Interval, Position};
///
/// // An insertion behind base 10, as VCF writes it: base 10 is in the record and not in the variant.
/// let position = Position::new(10).unwrap();
/// assert_eq!(Extent::Record.bases(position, b"A", b"AT"), Interval::from_bed(9, 10));
/// assert_eq!(Extent::Variant.bases(position, b"A", b"AT"), Interval::from_bed(10, 10));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// Every base of REF as it is written, with the base that VCF puts before an indel.
    #[default]
    Record,
    /// The bases that change: REF without the bases that it shares with ALT, taken off the end first and then off the
    /// start. Nothing is left of an insertion: it lies between two bases.
    Variant,
}

impl Extent {
    /// Every extent.
    pub const ALL: [Self; 2] = [Self::Record, Self::Variant];

    /// Returns the name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Variant => "variant",
        }
    }

    /// Reads the name on the command line.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|extent| extent.name() == name)
    }

    /// Returns the bases of a variant; without a base it is the place before the base at `position`, or behind the shared
    /// bases.
    ///
    /// * `position`: the first base of REF (1-based).
    /// * Returns `None` past 2^32 - 1.
    pub fn bases(self, position: Position, reference: &[u8], alternate: &[u8]) -> Option<Interval> {
        let (skipped, length) = match self {
            Self::Record => (0, reference.len()),
            Self::Variant => changed(reference, alternate),
        };
        let whole = Interval::at(position, u32::try_from(skipped + length).ok()?)?;
        Interval::from_bed(whole.bed_end() - u32::try_from(length).ok()?, whole.bed_end())
    }

    /// As [`bases`](Self::bases); alternates that are not bases (`<DEL>`, `*`, breakends) leave REF as it is written.
    pub fn of(self, variant: &Variant) -> Option<Interval> {
        match &variant.alternate {
            Alternate::Bases(alternate) => self.bases(
                variant.position,
                variant.reference_bases.as_bytes(),
                alternate.as_bytes(),
            ),
            _ => variant.reference_interval(),
        }
    }
}

/// Returns how many bases of REF come before those that change, and how many change.
fn changed(reference: &[u8], alternate: &[u8]) -> (usize, usize) {
    let same = |(a, b): &(&u8, &u8)| a.eq_ignore_ascii_case(b);
    let behind = (reference.iter().rev().zip(alternate.iter().rev()))
        .take_while(same)
        .count();
    let (reference, alternate) = (
        &reference[..reference.len() - behind],
        &alternate[..alternate.len() - behind],
    );
    let before = reference.iter().zip(alternate).take_while(same).count();
    (before, reference.len() - before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bases_of_a_variant_by_both_rules() {
        // Base 100 is BED 99-100.
        for (reference, alternate, record, variant) in [
            ("A", "C", (99, 100), (99, 100)),
            ("A", "AT", (99, 100), (100, 100)),
            ("CAT", "C", (99, 102), (100, 102)),
            // Of TT one goes: the first, as VCF puts indels to the left.
            ("CTT", "CT", (99, 102), (100, 101)),
            ("AC", "GT", (99, 101), (99, 101)),
            ("AC", "AT", (99, 101), (100, 101)),
            ("a", "A", (99, 100), (99, 99)),
            ("", "TT", (99, 99), (99, 99)),
            ("AT", "", (99, 101), (99, 101)),
        ] {
            let position = Position::new(100).unwrap();
            let bed = |(start, end)| Interval::from_bed(start, end);
            let of = |extent: Extent| extent.bases(position, reference.as_bytes(), alternate.as_bytes());
            assert_eq!(of(Extent::Record), bed(record), "{reference}>{alternate}");
            assert_eq!(of(Extent::Variant), bed(variant), "{reference}>{alternate}");
        }
    }

    #[test]
    fn past_the_largest_position_there_is_nothing() {
        let last = Position::new(u32::MAX).unwrap();
        assert!(Extent::Record.bases(last, b"A", b"C").is_some());
        assert_eq!(Extent::Record.bases(last, b"AC", b"A"), None);
    }
}
