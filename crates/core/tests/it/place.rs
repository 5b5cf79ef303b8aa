//! Variants and windows at any coordinates, without a genome: the reference is a slice that holds what is asked.

use refalt_core::{
    Alternate, AssemblyEvidence, CheckedVariant, ContigId, ContigName, Dna, Interval, Position, Reference,
    ReferenceContig, ReferenceError, Variant, VariantError, Window, check,
};
use std::num::NonZeroU32;

/// A reference with one known slice of one contig.
pub(crate) struct Slice {
    contigs: [ReferenceContig; 1],
    interval: Interval,
    bases: Vec<u8>,
    assembly: AssemblyEvidence,
}

impl Slice {
    /// `bases` begin at `first`.
    pub(crate) fn new(contig: &str, first: Position, bases: &str) -> Self {
        let interval = Interval::at(first, u32::try_from(bases.len()).unwrap()).unwrap();
        Self {
            contigs: [ReferenceContig {
                name: ContigName::new(contig),
                length_bp: None,
                known: vec![interval],
            }],
            interval,
            bases: bases.as_bytes().to_vec(),
            assembly: AssemblyEvidence::NotProven {
                reason: "a slice".to_owned(),
            },
        }
    }
}

impl Reference for Slice {
    fn contigs(&self) -> &[ReferenceContig] {
        &self.contigs
    }

    fn fetch(&self, _contig: ContigId, interval: Interval, bases: &mut Vec<u8>) -> Result<(), ReferenceError> {
        bases.extend((interval.bed_start()..interval.bed_end()).map(|index| {
            let index = index.wrapping_sub(self.interval.bed_start()) as usize;
            *self.bases.get(index).unwrap_or(&b'N')
        }));
        Ok(())
    }

    fn assembly(&self) -> &AssemblyEvidence {
        &self.assembly
    }
}

pub(crate) fn position(one_based: u32) -> Position {
    Position::new(one_based).unwrap()
}

pub(crate) fn written(contig: &str, at: Position, reference_bases: &str, alternate: &str) -> Variant {
    Variant {
        contig: ContigName::new(contig),
        position: at,
        reference_bases: Dna::parse(reference_bases.as_bytes()).unwrap(),
        alternate: Alternate::Bases(Dna::parse(alternate.as_bytes()).unwrap()),
    }
}

/// Checks a variant on a genome of which nothing but the variant's own REF is known.
pub(crate) fn checked(
    contig: &str,
    at: Position,
    reference_bases: &str,
    alternate: &str,
) -> Result<CheckedVariant, VariantError> {
    check(
        &written(contig, at, reference_bases, alternate),
        &Slice::new(contig, at, reference_bases),
    )
}

/// Returns the window with these bounds as BED writes them (0-based, half-open); `bed_start` may be negative.
pub(crate) fn window(contig: &str, bed_start: i64, length_bp: u32) -> Window {
    // `around` an empty span at c is [c - floor((length + 1) / 2), ...).
    let center = u32::try_from(bed_start + i64::from(length_bp.div_ceil(2))).unwrap();
    let window = Window::around(
        &ContigName::new(contig),
        Interval::from_bed(center, center).unwrap(),
        NonZeroU32::new(length_bp).unwrap(),
    );
    assert_eq!(
        (window.bed_start(), window.bed_end()),
        (bed_start, bed_start + i64::from(length_bp))
    );
    window
}
