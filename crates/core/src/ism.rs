//! Saturation mutagenesis in silico: every substitution of a stretch, and what each base contributes.

use crate::contig::ContigName;
use crate::dna::Dna;
use crate::interval::Interval;
use crate::variant::{Alternate, Variant};

/// The bases, in the order of the columns of a matrix.
pub const BASES: [u8; 4] = *b"ACGT";

/// Returns the substitutions of a stretch by position and by base, those of unknown bases left out.
///
/// * `reference`: the bases of the stretch, one letter each; letters other than A, C, G, T have no substitution.
///
/// # Source
/// `ism_variants` of the published client (alphagenome 0.10.0, `interpretation/ism.py`) with `skip_n`.
pub fn substitutions(contig: &ContigName, stretch: Interval, reference: &[u8]) -> Vec<Variant> {
    let mut found = Vec::with_capacity(3 * reference.len());
    let positions = (0..stretch.len()).filter_map(|distance| stretch.first()?.checked_add(distance));
    for (position, own) in positions.zip(reference) {
        let Some(own) = BASES.into_iter().find(|base| base == own) else {
            continue;
        };
        let dna = |base: u8| Dna::parse(&[base]).expect("A, C, G and T are nucleotides");
        for base in BASES.into_iter().filter(|base| *base != own) {
            found.push(Variant {
                contig: contig.clone(),
                position,
                reference_bases: dna(own),
                alternate: Alternate::Bases(dna(base)),
            });
        }
    }
    found
}

/// Returns the effects of a position less their mean over the three substitutions; the reference base counts as 0.
///
/// With e(b) the effect of changing the reference base to b and e = 0 at the reference base itself:
/// c(b) = e(b) - (e(A) + e(C) + e(G) + e(T)) / 3. At the reference base this is the mean effect of losing it, with the
/// sign turned: positive where changes lower the signal, and the height of its letter in a logo.
///
/// * `effects`: by A, C, G, T; `None` at the reference base and at no other.
/// * Returns `None` when not exactly one is missing.
///
/// # Source
/// `ism_matrix` of the published client (alphagenome 0.10.0, `interpretation/ism.py`), 32-bit arithmetic in its order.
pub fn centred(effects: [Option<f32>; 4]) -> Option<[f32; 4]> {
    if effects.iter().filter(|effect| effect.is_none()).count() != 1 {
        return None;
    }
    let filled = effects.map(|effect| effect.unwrap_or(0.0));
    let mean = filled.iter().sum::<f32>() / 3.0;
    Some(filled.map(|effect| effect - mean))
}

/// Returns what the reference base contributes: [`centred`] at the reference base.
pub fn contribution(effects: [Option<f32>; 4]) -> Option<f32> {
    let at = effects.iter().position(Option::is_none)?;
    Some(centred(effects)?[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_base_stands_for_the_mean_of_its_loss() {
        // C is the reference: mean (3 - 1.5 - 6) / 3 = -1.5.
        let effects = [Some(3.0), None, Some(-1.5), Some(-6.0)];
        assert_eq!(centred(effects), Some([4.5, 1.5, 0.0, -4.5]));
        assert_eq!(contribution(effects), Some(1.5));
        assert_eq!(centred([Some(1.0); 4]), None);
        assert_eq!(contribution([None, None, Some(1.0), Some(2.0)]), None);
    }

    #[test]
    fn unknown_bases_have_no_substitution() {
        let stretch = Interval::from_bed(9, 12).unwrap();
        let found = substitutions(&ContigName::new("chr5"), stretch, b"GNT");
        let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
        let expected = ["10:G>A", "10:G>C", "10:G>T", "12:T>A", "12:T>C", "12:T>G"];
        assert_eq!(texts, expected.map(|text| format!("chr5:{text}")));
    }
}
