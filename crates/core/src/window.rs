//! The fixed-length view of the genome that a model reads.

use crate::contig::ContigName;
use crate::dna::Sequence;
use crate::interval::Interval;
use crate::position::Position;
use crate::reference::{ContigId, Reference, ReferenceError};
use crate::variant::CheckedVariant;
use std::fmt;
use std::num::NonZeroU32;

/// Two things that belong to the reference and to the alternate allele, and cannot be mixed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefAlt<T> {
    /// What belongs to the reference allele.
    pub reference: T,
    /// What belongs to the alternate allele.
    pub alternate: T,
}

impl<T> RefAlt<T> {
    /// Returns the pair with its halves exchanged.
    pub fn swapped(self) -> Self {
        Self {
            reference: self.alternate,
            alternate: self.reference,
        }
    }
}

/// Index of a base in a window's sequence (0-based).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(u32);

impl Offset {
    /// Returns the offset with this 0-based index.
    pub const fn new(zero_based: u32) -> Self {
        Self(zero_based)
    }

    /// Returns the index (0-based).
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A stretch of a contig of exactly the length asked for.
///
/// It may reach over either end of the contig, where it reads N; it is never shortened and never shifted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    contig: ContigName,
    start: i64,
    length: NonZeroU32,
}

/// A variant does not fit a window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WindowError {
    /// Bases of REF or ALT lie outside the window.
    #[error("the variant {variant} does not lie in the window {window}")]
    VariantOutside {
        /// The variant.
        variant: String,
        /// The window.
        window: String,
    },
    /// The reference could not be read.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

impl Window {
    /// Returns the window of `length` bp around `interval`.
    ///
    /// With c = floor((start + end) / 2) + (w mod 2), where start and end are the 0-based half-open bounds of
    /// the interval and w its length, the window is [c - floor((length + 1) / 2), c + floor(length / 2)): a
    /// single base has as many bases before it as after it but for one, which is after it in windows of even length.
    ///
    /// # Source
    /// `Interval.resize` of the published Python client (0.10.0). Known answer of the hosted model:
    /// chr22:36201698 at 1,048,576 bp gives chr22:35677410-36725986.
    pub fn around(contig: &ContigName, interval: Interval, length: NonZeroU32) -> Self {
        let (start, end) = (i64::from(interval.bed_start()), i64::from(interval.bed_end()));
        let center = (start + end) / 2 + (end - start) % 2;
        let length_bp = i64::from(length.get());
        Self {
            contig: contig.clone(),
            start: center - (length_bp + 1) / 2,
            length,
        }
    }

    /// Returns the window that an interval of the published protocol means (0-based, half-open): it may begin below 0 and
    /// end past its contig. `None` when it has no base, is longer than 2^32 - 1 or lies further than that from its contig.
    ///
    /// ```
    /// use refalt_core::{ContigName, Window};
    ///
    /// let window = Window::from_bed(&ContigName::new("chr8"), -495_768, 552_808).unwrap();
    /// assert_eq!(window.to_string(), "chr8:-495768-552808:.");
    /// assert!(Window::from_bed(&ContigName::new("chr8"), 5, 5).is_none());
    /// ```
    pub fn from_bed(contig: &ContigName, start: i64, end: i64) -> Option<Self> {
        let furthest = i64::from(u32::MAX);
        let length = u32::try_from(end.checked_sub(start)?).ok().and_then(NonZeroU32::new)?;
        (-furthest..=furthest).contains(&start).then(|| Self {
            contig: contig.clone(),
            start,
            length,
        })
    }

    /// Returns the contig, named as the reference names it.
    pub fn contig(&self) -> &ContigName {
        &self.contig
    }

    /// Returns the number of bases.
    pub const fn length(&self) -> NonZeroU32 {
        self.length
    }

    /// Returns the start as BED writes it (0-based); negative when the window begins before the contig.
    pub fn bed_start(&self) -> i64 {
        self.start
    }

    /// Returns the end as BED writes it (0-based, exclusive); it may lie past the contig.
    pub fn bed_end(&self) -> i64 {
        self.start + i64::from(self.length.get())
    }

    /// Returns the window's bases from the first base of the contig on (0-based, half-open); it may end past the contig.
    pub fn interval(&self) -> Interval {
        let clamp = |bound: i64| u32::try_from(bound.max(0)).unwrap_or(u32::MAX);
        Interval::from_bed(clamp(self.start), clamp(self.bed_end())).expect("an end is not before its start")
    }

    /// Returns the window of another length around the same middle, by the arithmetic of [`around`](Self::around).
    #[must_use]
    pub fn resized(&self, length: NonZeroU32) -> Self {
        let center = (self.start + self.bed_end()).div_euclid(2) + i64::from(self.length.get() % 2);
        Self {
            contig: self.contig.clone(),
            start: center - i64::from(length.get().div_ceil(2)),
            length,
        }
    }

    /// Returns where a base (1-based) lies in the window's sequence, `None` outside.
    pub fn offset_of(&self, position: Position) -> Option<Offset> {
        let offset = i64::from(position.zero_based()) - self.start;
        (0..i64::from(self.length.get()))
            .contains(&offset)
            .then(|| Offset(u32::try_from(offset).expect("an offset is less than the length")))
    }

    /// Returns the base (1-based) at an offset of the window's sequence, `None` before the contig's first base.
    pub fn position_of(&self, offset: Offset) -> Option<Position> {
        let index = self.start + i64::from(offset.0);
        u32::try_from(index).ok().and_then(Position::from_zero_based)
    }

    /// Reads the reference sequence: exactly [`length`](Self::length) bases, N where nothing is known.
    ///
    /// # Errors
    /// [`ReferenceError`] when the bases cannot be read.
    pub fn reference_sequence(&self, contig: ContigId, reference: &dyn Reference) -> Result<Sequence, ReferenceError> {
        self.read(contig, reference, 0).map(Sequence::from_masked)
    }

    /// Reads the reference sequence and makes the alternate one, both exactly [`length`](Self::length) bases.
    ///
    /// A deletion is filled up with the bases that follow the window; an insertion pushes the last bases out.
    ///
    /// # Errors
    /// [`WindowError::VariantOutside`] when REF does not lie wholly in the window; a variant is never split.
    pub fn sequences(
        &self,
        variant: &CheckedVariant,
        reference: &dyn Reference,
    ) -> Result<RefAlt<Sequence>, WindowError> {
        let (r, a) = (
            variant.reference_bases().as_bytes(),
            variant.alternate_bases().as_bytes(),
        );
        let length = self.length.get() as usize;
        let start = self
            .offset_of(variant.position())
            .map(Offset::index)
            .filter(|start| start + r.len() <= length)
            .ok_or_else(|| WindowError::VariantOutside {
                variant: variant.to_string(),
                window: self.to_string(),
            })?;
        let missing = r.len().saturating_sub(a.len());
        let bases = Sequence::from_masked(self.read(variant.contig_id(), reference, missing)?);
        Ok(bases.with_replacement(start..start + r.len(), a, length))
    }

    /// Reads the window and `extra` bases after it.
    fn read(&self, contig: ContigId, reference: &dyn Reference, extra: usize) -> Result<Vec<u8>, ReferenceError> {
        let total = self.length.get() as usize + extra;
        let mut bases = Vec::with_capacity(total);
        if self.start < 0 {
            let before = usize::try_from(-self.start).expect("a window starts within 2^32 of its contig");
            bases.resize(before.min(total), b'N');
        }
        let start = u32::try_from(self.start.max(0)).unwrap_or(u32::MAX);
        let rest = u32::try_from(total - bases.len()).expect("a window is shorter than a contig");
        let interval = Interval::from_bed(start, start.saturating_add(rest)).expect("an end is not before its start");
        reference.fetch_masked(contig, interval, &mut bases)?;
        bases.resize(total, b'N');
        Ok(bases)
    }
}

impl fmt::Display for Window {
    /// Writes `chr22:35677410-36725986:.` (0-based, half-open), the form of the published score tables.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}-{}:.", self.contig, self.start, self.bed_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dna::Dna;
    use crate::normalize::check;
    use crate::reference::InMemoryReference;
    use crate::variant::{Alternate, Variant};
    use proptest::prelude::*;

    fn window(position: u32, width: u32, length: u32) -> Window {
        let interval = Interval::at(Position::new(position).unwrap(), width).unwrap();
        Window::around(&ContigName::new("chr1"), interval, NonZeroU32::new(length).unwrap())
    }

    #[test]
    fn the_window_of_the_hosted_models_known_answer() {
        let interval = Interval::at(Position::new(36_201_698).unwrap(), 1).unwrap();
        let window = Window::around(&ContigName::new("chr22"), interval, NonZeroU32::new(1_048_576).unwrap());
        assert_eq!(window.to_string(), "chr22:35677410-36725986:.");
    }

    #[test]
    fn a_window_before_the_contig_keeps_its_length_and_its_start() {
        // The published run scored chr8:28520 in chr8:-495768-552808.
        let interval = Interval::at(Position::new(28_520).unwrap(), 1).unwrap();
        let window = Window::around(&ContigName::new("chr8"), interval, NonZeroU32::new(1_048_576).unwrap());
        assert_eq!(window.to_string(), "chr8:-495768-552808:.");
        assert_eq!(window.position_of(Offset::new(0)), None);
        assert_eq!(window.position_of(Offset::new(495_768)), Some(Position::FIRST));
    }

    fn sequences(genome: &str, position: u32, r: &str, a: &str, length: u32) -> Result<[String; 2], WindowError> {
        let reference = InMemoryReference::of_contigs([("chr1", genome.as_bytes())]);
        let variant = Variant {
            contig: ContigName::new("chr1"),
            position: Position::new(position).unwrap(),
            reference_bases: Dna::parse(r.as_bytes()).unwrap(),
            alternate: Alternate::Bases(Dna::parse(a.as_bytes()).unwrap()),
        };
        let checked = check(&variant, &reference).unwrap();
        let window = Window::around(
            checked.contig(),
            checked.reference_interval(),
            NonZeroU32::new(length).unwrap(),
        );
        let pair = window.sequences(&checked, &reference)?;
        let text = |sequence: Sequence| String::from_utf8(sequence.as_bytes().to_vec()).unwrap();
        Ok([text(pair.reference), text(pair.alternate)])
    }

    #[test]
    fn substitution_insertion_and_deletion_keep_the_length() {
        // Base 6 of ten; [c - 4, c + 4) with c = floor((5 + 6) / 2) + 1 = 6: bases 3 to 10.
        assert_eq!(
            sequences("AACCGGTTAA", 6, "G", "T", 8).unwrap(),
            ["CCGGTTAA", "CCGTTTAA"]
        );
        assert_eq!(
            sequences("AACCGGTTAA", 6, "G", "GA", 8).unwrap(),
            ["CCGGTTAA", "CCGGATTA"]
        );
        // REF covers bases 6 and 7: c = floor((5 + 7) / 2) = 6. ALT takes one base from behind the window.
        assert_eq!(
            sequences("AACCGGTTAAC", 6, "GT", "G", 8).unwrap(),
            ["CCGGTTAA", "CCGGTAAC"]
        );
    }

    #[test]
    fn over_both_ends_the_window_reads_n() {
        assert_eq!(sequences("ACG", 2, "C", "T", 8).unwrap(), ["NNACGNNN", "NNATGNNN"]);
        assert_eq!(sequences("ACG", 1, "A", "T", 4).unwrap(), ["NACG", "NTCG"]);
    }

    #[test]
    fn a_variant_longer_than_the_window_is_refused() {
        assert!(sequences("AACCGGTTAA", 2, "ACCGGTTA", "A", 4).is_err());
    }

    proptest! {
        #[test]
        fn a_window_has_the_length_asked_for_and_offsets_round_trip(
            position in 1u32..2000, width in 0u32..9, length in 1u32..3000
        ) {
            let window = window(position, width, length);
            prop_assert_eq!(window.bed_end() - window.bed_start(), i64::from(length));
            for index in [0, length / 2, length - 1] {
                if let Some(base) = window.position_of(Offset::new(index)) {
                    prop_assert_eq!(window.offset_of(base), Some(Offset::new(index)));
                }
            }
            // As many bases before as after, but for one.
            let before = i64::from(position) - 1 - window.bed_start();
            let after = window.bed_end() - (i64::from(position) - 1 + i64::from(width));
            prop_assert!((before - after).abs() <= 2, "{} before, {} after", before, after);
        }
    }
}
