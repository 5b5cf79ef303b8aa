//! From a variant as written to one that the genome confirms, in normal form.
//!
//! The normal form is the one of Tan, Abecasis and Kang 2015 (doi:10.1093/bioinformatics/btv112): parsimonious
//! and left-aligned. It is unique, so two spellings of one variant become equal. GA4GH VRS normalises otherwise
//! (fully justified) and is not meant here.

use crate::contig::ContigName;
use crate::dna::Dna;
use crate::interval::Interval;
use crate::position::Position;
use crate::reference::{ContigId, Reference, ReferenceError};
use crate::variant::{Alternate, CheckedVariant, Variant};

/// Why a variant is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VariantError {
    /// REF differs from the genome.
    #[error("REF does not match the reference: it has `{expected}` at {contig}:{position}, the variant says `{found}`")]
    ReferenceMismatch {
        /// The contig as written.
        contig: ContigName,
        /// The first base of REF (1-based).
        position: Position,
        /// The bases of the genome.
        expected: String,
        /// The REF as written.
        found: String,
    },
    /// No contig of the reference has this name or an alias of it.
    #[error("the reference has no contig `{contig}`")]
    ContigUnknown {
        /// The contig as written.
        contig: ContigName,
        /// What the reference calls its first contigs.
        available: Vec<String>,
    },
    /// The place is past the contig's end or outside the slices.
    #[error("{contig}:{position} is outside the reference, which has {known}")]
    OutsideReference {
        /// The contig as written.
        contig: ContigName,
        /// The first base of REF (1-based).
        position: Position,
        /// What is there, as text (1-based, inclusive).
        known: String,
    },
    /// The genome has N at the place.
    #[error("the reference has N at {contig}:{position}")]
    NInReference {
        /// The contig as written.
        contig: ContigName,
        /// The first base of REF (1-based).
        position: Position,
    },
    /// Left-alignment reaches the edge of what is known.
    #[error("{contig}:{position} shifts left to the edge of the known sequence, so its normal form cannot be proven")]
    LeftEdge {
        /// The contig as written.
        contig: ContigName,
        /// The first base of REF as written (1-based).
        position: Position,
    },
    /// A deletion from the first base on has no known base after it, either, so that nothing anchors it.
    #[error("no known base follows the deletion at {contig}:{position}, so its normal form cannot be written")]
    NoAnchor {
        /// The contig as written.
        contig: ContigName,
        /// The first base of REF as written (1-based).
        position: Position,
    },
    /// A symbolic allele, a breakend, `*` or `.`: no sequence follows from it.
    #[error("the alternate allele `{alternate}` names no bases")]
    NoBases {
        /// The allele as written.
        alternate: Alternate,
    },
    /// An allele with an IUPAC ambiguity code or N.
    #[error("the allele `{allele}` has letters other than A, C, G, T")]
    AmbiguousBases {
        /// The allele as written.
        allele: String,
    },
    /// REF and ALT are the same.
    #[error("REF and ALT are both `{allele}`: there is no change")]
    NoChange {
        /// The allele as written.
        allele: String,
    },
    /// The reference could not be read.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

impl VariantError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::ReferenceMismatch { .. } => Some(
                "`refalt vet` weighs the causes (other build, swapped alleles, other strand, shifted position)"
                    .to_owned(),
            ),
            Self::ContigUnknown { available, .. } => Some(format!(
                "contigs of the reference: {}; names are compared through the alias table (chr5 / 5 / NC_000005.10)",
                available.join(", ")
            )),
            Self::OutsideReference { .. } | Self::LeftEdge { .. } | Self::NoAnchor { .. } => {
                Some("give a reference that covers the place".to_owned())
            }
            Self::NoBases { .. } => {
                Some("give the alternate sequence; structural variants without sequence cannot be scored".to_owned())
            }
            Self::AmbiguousBases { .. } => Some("give one row for each allele it stands for".to_owned()),
            Self::NInReference { .. } | Self::NoChange { .. } | Self::Reference(_) => None,
        }
    }
}

/// Confirms a variant against the genome and brings it into normal form.
///
/// Nothing is repaired: a REF that differs from the genome is an error, whatever might explain it.
///
/// # Errors
/// [`VariantError`] says why the variant is not accepted.
pub fn check(variant: &Variant, reference: &dyn Reference) -> Result<CheckedVariant, VariantError> {
    if !matches!(variant.alternate, Alternate::Bases(_)) {
        return Err(VariantError::NoBases {
            alternate: variant.alternate.clone(),
        });
    }
    let contig_id = reference
        .contig_id(variant.contig.as_str())
        .ok_or_else(|| VariantError::ContigUnknown {
            contig: variant.contig.clone(),
            available: reference
                .contigs()
                .iter()
                .take(5)
                .map(|contig| contig.name.as_str().to_owned())
                .collect(),
        })?;
    check_on(variant, contig_id, reference)
}

/// Confirms a variant whose contig the caller has looked up, as [`check`] does; for many variants in a row.
///
/// # Errors
/// As [`check`], except that the contig's name is not looked at.
pub fn check_on(
    variant: &Variant,
    contig_id: ContigId,
    reference: &dyn Reference,
) -> Result<CheckedVariant, VariantError> {
    let Alternate::Bases(alternate) = &variant.alternate else {
        return Err(VariantError::NoBases {
            alternate: variant.alternate.clone(),
        });
    };
    locate(variant, contig_id, reference)?;
    let mut alleles = [
        variant.reference_bases.as_bytes().to_vec(),
        alternate.as_bytes().to_vec(),
    ];
    confirm(variant, contig_id, reference)?;
    for allele in [&variant.reference_bases, alternate] {
        if !allele.is_acgt() {
            return Err(VariantError::AmbiguousBases {
                allele: allele.to_string(),
            });
        }
    }
    if variant.reference_bases == *alternate {
        return Err(VariantError::NoChange {
            allele: alternate.to_string(),
        });
    }
    let position = left_align(variant, contig_id, reference, &mut alleles)?;
    let [reference_bases, alternate_bases] = alleles;
    let dna = |bases: Vec<u8>| Dna::parse(&bases).expect("A, C, G and T are nucleotides");
    if [&reference_bases, &alternate_bases]
        .iter()
        .any(|bases| bases.contains(&b'N'))
    {
        return Err(VariantError::NInReference {
            contig: variant.contig.clone(),
            position,
        });
    }
    Ok(CheckedVariant {
        contig: reference.contig(contig_id).name.clone(),
        contig_id,
        position,
        reference_bases: dna(reference_bases),
        alternate_bases: dna(alternate_bases),
    })
}

/// Finds the known part that holds REF (for an empty REF: the base before or at the place).
fn locate(variant: &Variant, contig_id: ContigId, reference: &dyn Reference) -> Result<Interval, VariantError> {
    let contig = reference.contig(contig_id);
    let known = if variant.reference_bases.is_empty() {
        // An insertion lies between two bases; either neighbour anchors it.
        let at = Interval::at(variant.position, 1).and_then(|base| contig.known_part(base));
        at.or_else(|| {
            let before = Interval::at(variant.position.checked_sub(1)?, 1)?;
            contig.known_part(before)
        })
    } else {
        variant
            .reference_interval()
            .and_then(|interval| contig.known_part(interval))
    };
    known.ok_or_else(|| VariantError::OutsideReference {
        contig: variant.contig.clone(),
        position: variant.position,
        known: contig
            .known
            .iter()
            .map(|part| format!("{}:{part}", contig.name))
            .collect::<Vec<_>>()
            .join(", "),
    })
}

/// Compares REF with the genome, letter by letter.
fn confirm(variant: &Variant, contig_id: ContigId, reference: &dyn Reference) -> Result<(), VariantError> {
    let found = variant.reference_bases.as_bytes();
    if found.is_empty() {
        return Ok(());
    }
    let interval = variant.reference_interval().expect("`locate` found the bases");
    let mut expected = Vec::with_capacity(found.len());
    reference.fetch(contig_id, interval, &mut expected)?;
    if expected == found {
        return Ok(());
    }
    if expected.contains(&b'N') {
        return Err(VariantError::NInReference {
            contig: variant.contig.clone(),
            position: variant.position,
        });
    }
    Err(VariantError::ReferenceMismatch {
        contig: variant.contig.clone(),
        position: variant.position,
        expected: String::from_utf8_lossy(&expected).into_owned(),
        found: variant.reference_bases.to_string(),
    })
}

/// Left-aligns and trims the two alleles in place and returns the position of the first base (1-based).
fn left_align(
    variant: &Variant,
    contig_id: ContigId,
    reference: &dyn Reference,
    alleles: &mut [Vec<u8>; 2],
) -> Result<Position, VariantError> {
    let known = reference.contig(contig_id);
    let mut position = variant.position;
    let mut left = LeftBases::default();
    loop {
        let empty = alleles.iter().any(Vec::is_empty);
        let same_end = !empty && alleles[0].last() == alleles[1].last();
        if same_end {
            alleles[0].pop();
            alleles[1].pop();
            continue;
        }
        if !empty {
            break;
        }
        // One allele ran out of bases: both take the base to the left.
        let Some(before) = position.checked_sub(1) else {
            // VCF 4.3 section 1.6.1.4: at position 1 the base after the event is the anchor.
            append_right_base(variant, contig_id, reference, position, alleles)?;
            break;
        };
        let base = Interval::at(before, 1).and_then(|base| known.known_part(base));
        if base.is_none() {
            return Err(VariantError::LeftEdge {
                contig: variant.contig.clone(),
                position: variant.position,
            });
        }
        let letter = left.before(position, contig_id, reference)?;
        for allele in alleles.iter_mut() {
            allele.insert(0, letter);
        }
        position = before;
    }
    let shared = alleles[0]
        .iter()
        .zip(&alleles[1])
        .take_while(|(r, a)| r == a)
        .count()
        .min(alleles[0].len() - 1)
        .min(alleles[1].len() - 1);
    for allele in alleles.iter_mut() {
        allele.drain(..shared);
    }
    let shared = u32::try_from(shared).expect("an allele is shorter than a contig");
    Ok(position.checked_add(shared).expect("trimming stays inside REF"))
}

/// Gives both alleles the base that follows REF, for an event at the first base of a contig.
fn append_right_base(
    variant: &Variant,
    contig_id: ContigId,
    reference: &dyn Reference,
    position: Position,
    alleles: &mut [Vec<u8>; 2],
) -> Result<(), VariantError> {
    let length = u32::try_from(alleles[0].len()).expect("an allele is no longer than a contig");
    let after = position
        .checked_add(length)
        .and_then(|next| Interval::at(next, 1))
        .filter(|&base| reference.contig(contig_id).known_part(base).is_some());
    let Some(after) = after else {
        return Err(VariantError::NoAnchor {
            contig: variant.contig.clone(),
            position: variant.position,
        });
    };
    let mut letter = Vec::with_capacity(1);
    reference.fetch(contig_id, after, &mut letter)?;
    for allele in alleles.iter_mut() {
        allele.push(letter[0]);
    }
    Ok(())
}

/// Bases to the left of a place, fetched in growing blocks: a repeat may be thousands of bases long.
#[derive(Default)]
struct LeftBases {
    bases: Vec<u8>,
    block: u32,
    first: Option<Position>,
}

impl LeftBases {
    /// Returns the base before `position` (1-based); `position` is not the first base.
    fn before(
        &mut self,
        position: Position,
        contig_id: ContigId,
        reference: &dyn Reference,
    ) -> Result<u8, ReferenceError> {
        let wanted = position.checked_sub(1).expect("the caller is past the first base");
        if self.first.is_none_or(|first| wanted < first) {
            self.block = (self.block * 2).clamp(32, 4096).min(wanted.one_based());
            let first = wanted.checked_sub(self.block - 1).unwrap_or(Position::FIRST);
            let interval = Interval::from_bases(first, wanted).expect("`first` is not after `wanted`");
            self.bases.clear();
            reference.fetch(contig_id, interval, &mut self.bases)?;
            self.first = Some(first);
        }
        let first = self.first.expect("a block was fetched");
        let index = usize::try_from(first.distance_to(wanted)).expect("`wanted` is in the block");
        Ok(self.bases[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::InMemoryReference;
    use proptest::prelude::*;

    fn variant(position: u32, reference: &str, alternate: &str) -> Variant {
        Variant {
            contig: ContigName::new("chr1"),
            position: Position::new(position).unwrap(),
            reference_bases: Dna::parse(reference.as_bytes()).unwrap(),
            alternate: Alternate::Bases(Dna::parse(alternate.as_bytes()).unwrap()),
        }
    }

    /// Checks `position REF>ALT` on `genome` and returns the normal form as text.
    fn check_on(genome: &str, position: u32, reference: &str, alternate: &str) -> Result<String, VariantError> {
        let genome = InMemoryReference::of_contigs([("chr1", genome.as_bytes())]);
        check(&variant(position, reference, alternate), &genome).map(|checked| checked.to_string())
    }

    #[test]
    fn the_worked_example_of_the_method_paper() {
        // Tan et al. 2015, figure 1: GGGCACACACAGGG with one CA less, four spellings, one normal form.
        let genome = "GGGCACACACAGGG";
        let normal = "chr1:3:GCA>G";
        for (position, reference, alternate) in [
            (8, "CAC", "C"),
            (6, "CAC", "C"),
            (2, "GGCACACACAGGG", "GGCACACAGGG"),
            (3, "GCACA", "GCA"),
            (3, "GCA", "G"),
        ] {
            let found = check_on(genome, position, reference, alternate).unwrap();
            assert_eq!(found, normal, "{position} {reference}>{alternate}");
        }
    }

    #[test]
    fn empty_alleles_take_the_base_to_the_left() {
        assert_eq!(check_on("ACGT", 3, "", "TT").unwrap(), "chr1:2:C>CTT");
        assert_eq!(check_on("ACGT", 3, "G", "").unwrap(), "chr1:2:CG>C");
    }

    #[test]
    fn at_the_first_base_the_base_after_anchors() {
        assert_eq!(check_on("ACGT", 1, "A", "").unwrap(), "chr1:1:AC>C");
        assert_eq!(check_on("ACGT", 1, "", "T").unwrap(), "chr1:1:A>TA");
        assert_eq!(check_on("AAAC", 3, "A", "").unwrap(), "chr1:1:AA>A");
    }

    #[test]
    fn without_a_base_on_either_side_nothing_anchors() {
        let error = check_on("ACGT", 1, "ACGT", "").unwrap_err();
        assert!(matches!(error, VariantError::NoAnchor { .. }), "{error}");
        // The same event with a base to replace it is a substitution, and needs no anchor.
        assert_eq!(check_on("ACGT", 1, "ACGT", "G").unwrap(), "chr1:1:ACGT>G");
    }

    #[test]
    fn refusals_say_what_was_found_and_expected() {
        let error = check_on("ACGT", 2, "G", "T").unwrap_err();
        assert_eq!(
            error.to_string(),
            "REF does not match the reference: it has `C` at chr1:2, the variant says `G`"
        );
        assert!(matches!(
            check_on("ACGT", 4, "TA", "T").unwrap_err(),
            VariantError::OutsideReference { .. }
        ));
        assert!(matches!(
            check_on("ACNT", 3, "G", "T").unwrap_err(),
            VariantError::NInReference { .. }
        ));
        assert!(matches!(
            check_on("ACGT", 2, "C", "C").unwrap_err(),
            VariantError::NoChange { .. }
        ));
        assert!(matches!(
            check_on("ACGT", 2, "C", "R").unwrap_err(),
            VariantError::AmbiguousBases { .. }
        ));
    }

    /// Applies a variant to a genome: the sequence that results.
    fn apply(genome: &[u8], position: usize, reference: usize, alternate: &[u8]) -> Vec<u8> {
        let start = position - 1;
        [&genome[..start], alternate, &genome[start + reference..]].concat()
    }

    proptest! {
        #[test]
        fn the_normal_form_makes_the_same_sequence_is_minimal_and_leftmost(
            genome in "[AC]{4,30}", start in 0usize..30, length in 0usize..6, alternate in "[AC]{0,6}"
        ) {
            let start = start % genome.len();
            let end = (start + length).min(genome.len());
            let reference = &genome[start..end];
            prop_assume!(reference != alternate);
            let memory = InMemoryReference::of_contigs([("chr1", genome.as_bytes())]);
            let position = u32::try_from(start).unwrap() + 1;
            let checked = check(&variant(position, reference, &alternate), &memory);
            if reference.len() == genome.len() && alternate.is_empty() {
                prop_assert!(matches!(checked, Err(VariantError::NoAnchor { .. })), "{checked:?}");
                return Ok(());
            }
            let checked = checked.unwrap();
            let bytes = genome.as_bytes();
            let before = apply(bytes, start + 1, reference.len(), alternate.as_bytes());
            let at = checked.position().one_based() as usize;
            let (r, a) = (checked.reference_bases().as_bytes(), checked.alternate_bases().as_bytes());
            prop_assert_eq!(&apply(bytes, at, r.len(), a), &before);
            // No other spelling with one base of anchor or fewer bases lies further left or is shorter.
            for p in 1..at {
                for len in 1..=r.len() {
                    let wanted = bytes.len() - len;
                    if before.len() < wanted || p - 1 + len > bytes.len() { continue; }
                    let alt_len = before.len() - wanted;
                    if alt_len == 0 || alt_len > a.len() { continue; }
                    let candidate = &before[p - 1..(p - 1 + alt_len).min(before.len())];
                    let other = &bytes[p - 1..p - 1 + len];
                    if candidate.len() == alt_len && apply(bytes, p, len, candidate) == before && other != candidate {
                        prop_assert!(other.len() > r.len() || candidate.len() > a.len(), "{} is not leftmost", checked);
                    }
                }
            }
            // The normal form is its own normal form.
            let again = Variant {
                contig: checked.contig().clone(),
                position: checked.position(),
                reference_bases: checked.reference_bases().clone(),
                alternate: Alternate::Bases(checked.alternate_bases().clone()),
            };
            prop_assert_eq!(check(&again, &memory).unwrap(), checked);
        }
    }
}
