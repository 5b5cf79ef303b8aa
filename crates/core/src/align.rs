//! Lays the prediction of the alternate sequence on reference coordinates.
//!
//! The alternate sequence of an indel has other bases at the same offsets to the right of the event, so values
//! cannot be compared offset by offset. This is the one place where that is put right.

mod bins;

use crate::dna::Dna;
use crate::track::{Bin, BinSpan, BinSpans};
use crate::variant::CheckedVariant;
use crate::window::{Offset, Window};
use std::num::{NonZeroU32, NonZeroUsize};

/// The prediction of an alternate sequence cannot be laid on reference coordinates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AlignError {
    /// Bases of REF lie outside the window.
    #[error("the variant {variant} does not lie in the window {window}")]
    VariantOutside {
        /// The variant.
        variant: String,
        /// The window.
        window: String,
    },
    /// The values are not those of the whole window at 1 bp.
    #[error("{found} values do not fill the {length_bp} bases of {window} with {tracks} tracks")]
    Shape {
        /// Values found.
        found: usize,
        /// Length of the window in bp.
        length_bp: NonZeroU32,
        /// The window.
        window: String,
        /// Tracks.
        tracks: usize,
    },
}

/// Bases of REF that other bases take the place of: all that [`lay`] needs to know of a variant.
///
/// Alleles in normal form have at least one base, so neither number can be 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The first base of REF.
    pub first: Offset,
    /// Number of bases of REF.
    pub reference_bp: NonZeroU32,
    /// Number of bases of ALT.
    pub alternate_bp: NonZeroU32,
}

/// Bases of REF lie past the last value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {} bases of REF at offset {} run past the {bases} bases that have values",
    .replacement.reference_bp,
    .replacement.first.index()
)]
pub struct PastEnd {
    /// The replacement.
    pub replacement: Replacement,
    /// Bases that have values.
    pub bases: usize,
}

/// Lays `alternate`, `[length x tracks]` values at 1 bp for the whole window, on reference coordinates, in place.
///
/// The arithmetic is that of [`lay`].
///
/// # Errors
/// [`AlignError::VariantOutside`] when REF does not lie wholly in the window, exactly as
/// [`Window::sequences`] refuses it; [`AlignError::Shape`] when the values are not those of the whole window.
pub fn on_reference(
    alternate: &mut [f32],
    tracks: NonZeroUsize,
    variant: &CheckedVariant,
    window: &Window,
) -> Result<(), AlignError> {
    let length_bp = window.length();
    if alternate.len() != length_bp.get() as usize * tracks.get() {
        return Err(AlignError::Shape {
            found: alternate.len(),
            length_bp,
            window: window.to_string(),
            tracks: tracks.get(),
        });
    }
    let outside = || outside(variant, window);
    let replacement = Replacement::of(variant, window).ok_or_else(outside)?;
    lay(alternate, tracks, replacement).map_err(|_| outside())
}

fn outside(variant: &CheckedVariant, window: &Window) -> AlignError {
    AlignError::VariantOutside {
        variant: variant.to_string(),
        window: window.to_string(),
    }
}

impl Replacement {
    /// Returns the replacement that a variant is in a window, `None` when its first base lies outside.
    fn of(variant: &CheckedVariant, window: &Window) -> Option<Self> {
        let length = |bases: &Dna| NonZeroU32::new(bases.len_bp()).expect("an allele in normal form has a base");
        if variant.contig() != window.contig() {
            return None;
        }
        Some(Self {
            first: window.offset_of(variant.position())?,
            reference_bp: length(variant.reference_bases()),
            alternate_bp: length(variant.alternate_bases()),
        })
    }
}

/// Where the values of some reference bases come from in the prediction of the alternate sequence; bins of 1 bp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The values of as many bases of the alternate sequence, in order.
    Bases(BinSpan),
    /// The maximum over bases of the alternate sequence, for one reference base.
    Maximum(BinSpan),
    /// 0: the alternate sequence has no such bases.
    Nothing,
}

/// [`lay`] as a map that is read, not a prediction that is moved.
///
/// A scorer that reads a thousand bases of a megabase asks for just those, of each allele its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alignment(Vec<(BinSpan, Source)>);

impl Alignment {
    /// Returns the map for a variant in a window at 1 bp.
    ///
    /// # Errors
    /// [`AlignError::VariantOutside`] when REF does not lie wholly in the window.
    pub fn of(variant: &CheckedVariant, window: &Window) -> Result<Self, AlignError> {
        let bases = window.length().get() as usize;
        let inside =
            |replacement: &Replacement| replacement.first.index() + replacement.reference_bp.get() as usize <= bases;
        let replacement = Replacement::of(variant, window).filter(inside);
        let replacement = replacement.ok_or_else(|| outside(variant, window))?;
        Ok(Self::new(replacement, bases))
    }

    /// REF lies within the `bases`.
    fn new(replacement: Replacement, bases: usize) -> Self {
        let span = |start: usize, end: usize| {
            let bin = |index: usize| Bin::new(u32::try_from(index).expect("a window is shorter than 2^32 bases"));
            BinSpan::new(bin(start), bin(end))
        };
        let (r, a) = (
            replacement.reference_bp.get() as usize,
            replacement.alternate_bp.get() as usize,
        );
        let after_shared = replacement.first.index() + r.min(a);
        let mut pieces = Vec::with_capacity(4);
        let mut place = |from: usize, to: usize, source: Source| {
            if from < to {
                pieces.push((span(from, to), source));
            }
        };
        if a > r {
            let n = a - r;
            let last_shared = after_shared - 1;
            let kept = bases.saturating_sub(n);
            let behind = (after_shared + n).min(bases);
            let before = last_shared.min(kept);
            place(0, before, Source::Bases(span(0, before)));
            if last_shared < kept {
                place(last_shared, after_shared, Source::Maximum(span(last_shared, behind)));
                place(after_shared, kept, Source::Bases(span(behind, bases)));
            }
            place(kept, bases, Source::Nothing);
        } else {
            let d = r - a;
            place(0, after_shared, Source::Bases(span(0, after_shared)));
            place(after_shared, after_shared + d, Source::Nothing);
            let behind = after_shared + d;
            place(behind, bases, Source::Bases(span(after_shared, bases - d)));
        }
        Self(pieces)
    }

    /// Returns the map for the reverse complements of both sequences.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let bases = self.0.last().map_or(0, |(piece, _)| piece.end());
        let mirror = |span: BinSpan| {
            let bin = |index: usize| Bin::new(u32::try_from(index).expect("a window is shorter than 2^32 bases"));
            BinSpan::new(bin(bases - span.end()), bin(bases - span.start()))
        };
        let piece = |&(piece, source): &(BinSpan, Source)| {
            let source = match source {
                Source::Bases(span) => Source::Bases(mirror(span)),
                Source::Maximum(span) => Source::Maximum(mirror(span)),
                Source::Nothing => Source::Nothing,
            };
            (mirror(piece), source)
        };
        Self(self.0.iter().rev().map(piece).collect())
    }

    /// Returns the parts of `bases` (bins of 1 bp) in order, each with where its values come from.
    pub fn pieces(&self, bases: BinSpan) -> impl Iterator<Item = (BinSpan, Source)> {
        self.0.iter().filter_map(move |&(piece, source)| {
            let part = piece.intersect(bases);
            let source = match source {
                Source::Bases(from) => Source::Bases(from.part(part.start() - piece.start(), part.len())),
                whole => whole,
            };
            (!part.is_empty()).then_some((part, source))
        })
    }

    /// Returns values of the alternate sequence, `[bases x columns]`, row-major, one row for each base, on the reference: what
    /// [`lay`] does in place, by the map.
    pub fn laid(&self, alternate: &[f32], columns: usize) -> Vec<f32> {
        let mut laid = vec![0.0; alternate.len()];
        for &(span, source) in &self.0 {
            let out = &mut laid[span.start() * columns..span.end() * columns];
            let rows = |from: BinSpan| &alternate[from.start() * columns..from.end() * columns];
            match source {
                Source::Bases(from) => out.copy_from_slice(rows(from)),
                Source::Maximum(from) => out.copy_from_slice(&greatest(columns, rows(from).chunks_exact(columns))),
                Source::Nothing => {}
            }
        }
        laid
    }

    /// Returns the bases of the alternate sequence whose values some reference bases take.
    pub fn sources(&self, bases: &BinSpans) -> BinSpans {
        let pieces = bases.as_slice().iter().flat_map(|&span| self.pieces(span));
        let spans = pieces.filter_map(|(_, source)| match source {
            Source::Bases(span) | Source::Maximum(span) => Some(span),
            Source::Nothing => None,
        });
        spans.collect()
    }
}

/// Returns the greatest of some rows, value by value: those of [`Source::Maximum`]. Zeros of no row; NaN counts as the greatest.
pub fn greatest<'a>(width: usize, mut rows: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
    let Some(first) = rows.next() else {
        return vec![0.0; width];
    };
    let mut all = first.to_vec();
    for row in rows {
        for (highest, &value) in all.iter_mut().zip(row) {
            if value > *highest || value.is_nan() {
                *highest = value;
            }
        }
    }
    all
}

/// Lays `values`, `[bases x tracks]`, row-major, one row for each base of an alternate sequence, on the
/// coordinates of the reference sequence, in place.
///
/// With i the offset of the first base of REF, r and a the numbers of bases of REF and ALT,
/// p = i + min(r, a) - 1 the last shared base and n = a - r:
///
/// * n = 0: nothing changes;
/// * n > 0: the value at p becomes the maximum over the offsets p to p + n (as far as there are values), later
///   values move n to the left, the last n become 0, also where they lie before p;
/// * n < 0: the -n deleted bases after p become 0, later values move -n to the right, the last -n are lost.
///
/// Values and coordinates are those of the forward strand. The published scorers also take intervals on the
/// reverse strand and mirror the rule there; a [`Window`] has no strand, and a model that predicts the reverse
/// strand hands its values over in forward order.
///
/// # Errors
/// [`PastEnd`] when i + r is more than the number of bases. The published scorer fails for such a deletion; for
/// such an insertion it writes 0 to the last n bases and keeps the rest, which aligns nothing.
///
/// # Source
/// `align_alternate` of the published scorers (alphagenome_research 3f79219, `variant_scoring.py`).
pub fn lay(values: &mut [f32], tracks: NonZeroUsize, replacement: Replacement) -> Result<(), PastEnd> {
    let width = tracks.get();
    let bases = values.len() / width;
    let start = replacement.first.index();
    let (r, a) = (
        replacement.reference_bp.get() as usize,
        replacement.alternate_bp.get() as usize,
    );
    if start + r > bases {
        return Err(PastEnd { replacement, bases });
    }
    let after_shared = start + r.min(a);
    let last_shared = after_shared - 1;
    if a > r {
        let n = a - r;
        let from = (after_shared + n).min(bases);
        for column in 0..width {
            let maximum = (last_shared..from).map(|offset| values[offset * width + column]).fold(
                f32::NEG_INFINITY,
                |highest, value| {
                    // `f32::max` would pass over NaN; the published scorer does not.
                    if value > highest || value.is_nan() {
                        value
                    } else {
                        highest
                    }
                },
            );
            values[last_shared * width + column] = maximum;
        }
        values.copy_within(from * width..bases * width, after_shared * width);
        values[bases.saturating_sub(n) * width..].fill(0.0);
    } else {
        let d = r - a;
        values.copy_within(after_shared * width..(bases - d) * width, (after_shared + d) * width);
        values[after_shared * width..(after_shared + d) * width].fill(0.0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    fn replacement(first: u32, r: u32, a: u32) -> Replacement {
        Replacement {
            first: Offset::new(first),
            reference_bp: NonZeroU32::new(r).unwrap(),
            alternate_bp: NonZeroU32::new(a).unwrap(),
        }
    }

    fn aligned(values: &[f32], first: u32, r: u32, a: u32) -> Vec<f32> {
        let mut values = values.to_vec();
        lay(&mut values, ONE, replacement(first, r, a)).unwrap();
        values
    }

    #[test]
    fn a_substitution_is_the_identity() {
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(aligned(&values, 1, 1, 1), values);
        assert_eq!(aligned(&values, 1, 2, 2), values);
    }

    #[test]
    fn an_insertion_keeps_its_highest_value_at_the_anchor() {
        // A > ATT at offset 1: the anchor holds max(2, 9, 3), the rest moves left by 2, the end is 0.
        let values = [1.0, 2.0, 9.0, 3.0, 5.0, 6.0, 7.0];
        assert_eq!(aligned(&values, 1, 1, 3), [1.0, 9.0, 5.0, 6.0, 7.0, 0.0, 0.0]);
    }

    #[test]
    fn an_unknown_value_in_an_insertion_stays_unknown() {
        for values in [
            [1.0, f32::NAN, 3.0, 4.0],
            [f32::NAN, 1.0, 3.0, 4.0],
            [1.0, 3.0, f32::NAN, 4.0],
        ] {
            assert!(aligned(&values, 0, 1, 3)[0].is_nan());
        }
    }

    #[test]
    fn the_map_lays_values_as_they_are_laid_in_place() {
        // Two columns, the second the first times -1, over every replacement of up to 4 bases in 7.
        let values: Vec<f32> = [1.0, 2.0, 9.0, 3.0, 5.0, f32::NAN, 7.0]
            .iter()
            .flat_map(|&v| [v, -v])
            .collect();
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let mut compared = 0;
        for first in 0..7 {
            for (r, a) in (1..=4).flat_map(|r| (1..=4).map(move |a| (r, a))) {
                let replacement = replacement(first, r, a);
                let mut in_place = values.clone();
                if lay(&mut in_place, NonZeroUsize::new(2).unwrap(), replacement).is_ok() {
                    let by_map = Alignment::new(replacement, 7).laid(&values, 2);
                    assert_eq!(bits(&by_map), bits(&in_place), "{replacement:?}");
                    compared += 1;
                }
            }
        }
        // REF of r bases lies at 8 - r places: 4 (7 + 6 + 5 + 4).
        assert_eq!(compared, 88);
    }

    #[test]
    fn an_insertion_longer_than_what_is_left_zeroes_its_own_anchor() {
        // A > ATTT at offset 2 of 4: no value follows the insertion, and the last 3 bases are 0.
        assert_eq!(aligned(&[1.0, 2.0, 3.0, 4.0], 2, 1, 4), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(aligned(&[1.0, 2.0], 0, 1, 9), [0.0, 0.0]);
    }

    #[test]
    fn a_deletion_reads_zero_and_moves_the_rest_right() {
        // ACC > A at offset 1: offsets 2 and 3 are gone.
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(aligned(&values, 1, 3, 1), [1.0, 2.0, 0.0, 0.0, 3.0, 4.0]);
        // ACC > A at the end: nothing is left to move.
        assert_eq!(aligned(&values[..4], 1, 3, 1), [1.0, 2.0, 0.0, 0.0]);
    }

    #[test]
    fn every_track_is_laid_by_itself() {
        // Two tracks; A > AT at offset 0: max(1, 5) and max(8, 2), one row moves, one is lost.
        let mut values = [1.0, 8.0, 5.0, 2.0, 3.0, 4.0];
        lay(&mut values, NonZeroUsize::new(2).unwrap(), replacement(0, 1, 2)).unwrap();
        assert_eq!(values, [5.0, 8.0, 3.0, 4.0, 0.0, 0.0]);
    }

    /// Reads `values` through the map, piece by piece of `step` bases.
    fn read(values: &[f32], replacement: Replacement, step: u32) -> Vec<f32> {
        let alignment = Alignment::new(replacement, values.len());
        let mut found = Vec::new();
        for start in (0..values.len() as u32).step_by(step as usize) {
            let span = BinSpan::new(Bin::new(start), Bin::new((start + step).min(values.len() as u32)));
            for (part, source) in alignment.pieces(span) {
                match source {
                    Source::Bases(from) => {
                        assert_eq!(from.len(), part.len());
                        found.extend_from_slice(&values[from.start()..from.end()]);
                    }
                    Source::Maximum(from) => {
                        assert_eq!(part.len(), 1);
                        found.push(
                            values[from.start()..from.end()]
                                .iter()
                                .copied()
                                .fold(f32::MIN, f32::max),
                        );
                    }
                    Source::Nothing => found.extend(std::iter::repeat_n(0.0, part.len())),
                }
            }
        }
        found
    }

    #[test]
    fn the_map_reads_what_lay_moves() {
        let values: Vec<f32> = (0..12).map(|index| ((index * 7) % 12) as f32 - 4.0).collect();
        for first in 0..12 {
            for (r, a) in (1..=12).flat_map(|r| (1..=20).map(move |a| (r, a))) {
                if first + r <= 12 {
                    let expected = aligned(&values, first, r, a);
                    for step in [1, 5, 12] {
                        assert_eq!(
                            read(&values, replacement(first, r, a), step),
                            expected,
                            "{first} {r} {a}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_ref_past_the_end_is_refused_whatever_takes_its_place() {
        for alternate_bp in [1, 2, 3, 9] {
            let refused = replacement(2, 2, alternate_bp);
            let mut values = [1.0, 2.0, 3.0];
            let error = lay(&mut values, ONE, refused).unwrap_err();
            assert_eq!(
                error.to_string(),
                "the 2 bases of REF at offset 2 run past the 3 bases that have values"
            );
            assert_eq!(values, [1.0, 2.0, 3.0]);
        }
    }
}
