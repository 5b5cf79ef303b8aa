//! REF and ALT windows of a list of variants, read along the genome whatever the order of the list.
//!
//! Neighbours in the genome share blocks of the file, and a block is read once for all of them; in the order of a
//! shuffled list every window is read for itself, four times as slow.

use refalt_core::{CheckedVariant, RefAlt, Reference, Sequence, Window, WindowError};
use std::num::NonZeroU32;

/// Gives the window of every variant with its REF and ALT bases, in the order of the genome.
///
/// * `variants`: in any order.
/// * `length`: of every window, bp.
/// * Gives the variant's index in `variants` first; variants at one place come in the order of the list.
///
/// # Errors
/// An item is [`WindowError`] when the variant does not fit its window or bases cannot be read.
pub fn along_genome<'a>(
    variants: &'a [CheckedVariant],
    length: NonZeroU32,
    reference: &'a dyn Reference,
) -> impl Iterator<Item = (usize, Result<(Window, RefAlt<Sequence>), WindowError>)> + 'a {
    // The places lie beside the indexes: looking them up for each comparison takes longer than sorting.
    let place = |(index, variant): (usize, &CheckedVariant)| (variant.contig_id(), variant.position(), index);
    let mut order: Vec<_> = variants.iter().enumerate().map(place).collect();
    order.sort_unstable();
    order.into_iter().map(move |(_, _, index)| {
        let variant = &variants[index];
        let window = Window::around(variant.contig(), variant.reference_interval(), length);
        let pair = window.sequences(variant, reference);
        (index, pair.map(|pair| (window, pair)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::{Alternate, ContigName, Dna, InMemoryReference, Position, Variant, check};

    #[test]
    fn windows_come_along_the_genome_with_the_index_in_the_list() {
        let reference = InMemoryReference::of_contigs([("chr1", &b"AACCGGTTAA"[..]), ("chr2", &b"TTTTACGTTT"[..])]);
        let variant = |contig: &str, position, r: &str, a: &str| {
            let variant = Variant {
                contig: ContigName::new(contig),
                position: Position::new(position).unwrap(),
                reference_bases: Dna::parse(r.as_bytes()).unwrap(),
                alternate: Alternate::Bases(Dna::parse(a.as_bytes()).unwrap()),
            };
            check(&variant, &reference).unwrap()
        };
        let variants = [
            variant("chr2", 6, "C", "A"),
            variant("chr1", 6, "G", "T"),
            variant("chr1", 3, "C", "A"),
            variant("chr1", 6, "G", "A"),
        ];
        let length = NonZeroU32::new(4).unwrap();
        let found: Vec<(usize, String, String)> = along_genome(&variants, length, &reference)
            .map(|(index, pair)| {
                let (window, pair) = pair.unwrap();
                let alternate = String::from_utf8(pair.alternate.as_bytes().to_vec()).unwrap();
                (index, window.to_string(), alternate)
            })
            .collect();
        // Base 3 in [c - 2, c + 2) with c = 3: bases 2 to 5, ACCG; base 6: bases 5 to 8, GGTT; on chr2 ACGT.
        let expected = [
            (2, "chr1:1-5:.", "AACG"),
            (1, "chr1:4-8:.", "GTTT"),
            (3, "chr1:4-8:.", "GATT"),
            (0, "chr2:4-8:.", "AAGT"),
        ];
        assert_eq!(
            found,
            expected.map(|(index, window, bases)| (index, window.to_owned(), bases.to_owned()))
        );
    }
}
