//! Effects brought to the ALT of the genome: which allele an effect is of, and what that means for its sign.
//!
//! METHOD: an effect of one allele against another has a sign only with the allele that it is of. That allele is named, by
//! the user or by the format's documentation, and never guessed. With R and A the two alleles as listed, E the one that the
//! effect is of, and the genome's REF one of them:
//!
//! | genome's REF | E | orientation | sign |
//! | --- | --- | --- | --- |
//! | R | A | `as_written` | kept |
//! | R | R | `flipped` | turned |
//! | A | A | `flipped` | turned |
//! | A | R | `reordered` | kept |
//!
//! When neither allele is REF the row is rejected: other strand, other build and shifted position look alike, and
//! `refalt vet` tells them apart.

use crate::engine::Rejection;
use refalt_core::{Alternate, CheckedVariant, Dna, Reference, Variant, VariantError, check};
use serde::Serialize;
use std::fmt;

/// Which allele the effects of a table are of, as the user names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectAllele {
    /// The allele that is listed as ALT: `alt`.
    Alternate,
    /// The allele that is listed as REF: `ref`.
    Reference,
    /// The one that a column of the table holds, row by row.
    Column(String),
}

impl EffectAllele {
    /// Reads `alt`, `ref` or the name of a column.
    ///
    /// Letters count, because `ALT` may be the name of a column; it is read in any letters where there is none.
    pub fn named(text: &str) -> Self {
        match text {
            "alt" => Self::Alternate,
            "ref" => Self::Reference,
            column => Self::Column(column.to_owned()),
        }
    }
}

impl EffectAllele {
    /// Takes `ALT` and `Ref` for `alt` and `ref`, in a table that has no column of that name.
    pub(super) fn in_header(self, has_column: impl Fn(&str) -> bool) -> Self {
        match self {
            Self::Column(name) if !has_column(&name) => Self::named(&name.to_ascii_lowercase()).or_column(name),
            own => own,
        }
    }

    fn or_column(self, name: String) -> Self {
        match self {
            Self::Column(_) => Self::Column(name),
            word => word,
        }
    }
}

impl fmt::Display for EffectAllele {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alternate => f.write_str("alt"),
            Self::Reference => f.write_str("ref"),
            Self::Column(column) => f.write_str(column),
        }
    }
}

/// Which of the two listed alleles an effect is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListedAllele {
    /// The first, listed as REF.
    Reference,
    /// The second, listed as ALT.
    Alternate,
}

impl ListedAllele {
    /// Finds the allele that a cell names, among the two of a variant.
    ///
    /// # Errors
    /// `effect_allele_missing`, or `effect_allele_unknown` when the cell is neither of them.
    pub fn of_cell(cell: Option<&str>, variant: &Variant) -> Result<Self, Rejection> {
        let text = cell
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Rejection {
                code: "effect_allele_missing",
                reason: "the row does not say which allele its effect is of".to_owned(),
            })?;
        let bases = if text == "-" { "" } else { text };
        let is = |allele: &Dna| allele.as_str().eq_ignore_ascii_case(bases);
        if matches!(&variant.alternate, Alternate::Bases(alternate) if is(alternate)) {
            return Ok(Self::Alternate);
        }
        if is(&variant.reference_bases) {
            return Ok(Self::Reference);
        }
        Err(Rejection {
            code: "effect_allele_unknown",
            reason: format!("the effect is of `{text}`, which is neither allele of {variant}"),
        })
    }
}

/// How a row stands to the genome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// The listed ALT is the genome's, and the effect is of it.
    AsWritten,
    /// The effect is of the genome's REF: its sign is turned.
    Flipped,
    /// The alleles are listed in the other order, and the effect is of the genome's ALT: its sign stays.
    Reordered,
    /// There is no reference to compare with.
    Unchecked,
}

impl Orientation {
    /// Returns the name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsWritten => "as_written",
            Self::Flipped => "flipped",
            Self::Reordered => "reordered",
            Self::Unchecked => "unchecked",
        }
    }
}

/// Whether the listed order of the alleles is known to be REF, ALT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlleleOrder {
    /// The first allele is REF by the definition of the table.
    ReferenceFirst,
    /// The second allele is REF, as the rows of the table show whose order the genome decides.
    AlternateFirst,
    /// Nothing says so: an indel that the genome admits in both orders is rejected.
    Unknown,
}

/// What the genome says of the order of two alleles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProvenOrder {
    /// Only the first is REF.
    AsListed,
    /// Only the second is REF.
    Swapped,
    /// Either may be: an indel in a repeat.
    Either,
}

/// A variant that the genome confirms, with what happens to its effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oriented {
    /// The variant in normal form.
    pub variant: CheckedVariant,
    /// How the row stands to the genome.
    pub orientation: Orientation,
    /// What the genome says of the order of the alleles.
    pub proven: ProvenOrder,
    /// Whether the two alleles are complements of each other, so that the genome cannot tell the strand.
    pub is_palindromic: bool,
}

impl Oriented {
    /// Returns an effect as that of the genome's ALT.
    pub fn effect(&self, effect: f64) -> f64 {
        match self.orientation {
            Orientation::Flipped => -effect,
            _ => effect,
        }
    }
}

/// The reason of an indel whose order nothing tells.
pub(super) const ORDER_AMBIGUOUS: &str = "order_ambiguous";

/// Finds which of two alleles is the genome's REF, and so what the sign of the effect is.
///
/// * `listed`: the alleles as the table lists them, REF and ALT or just two.
/// * `effect_of`: the allele that the effect is of.
///
/// # Errors
/// `neither_allele_reference` when no order fits the genome, `order_ambiguous` for an indel that fits in both when the order
/// is not known, and the reasons of [`check`].
pub fn orient(
    listed: &Variant,
    effect_of: ListedAllele,
    order: AlleleOrder,
    reference: &dyn Reference,
) -> Result<Oriented, Rejection> {
    let is_palindromic = is_palindromic(listed);
    let oriented = |variant: CheckedVariant, alternate: ListedAllele, proven: ProvenOrder| Oriented {
        variant,
        proven,
        orientation: match (alternate, effect_of) {
            (ListedAllele::Alternate, ListedAllele::Alternate) => Orientation::AsWritten,
            (ListedAllele::Reference, ListedAllele::Reference) => Orientation::Reordered,
            _ => Orientation::Flipped,
        },
        is_palindromic,
    };
    let as_listed = check(listed, reference);
    let swapped = || swapped(listed).map(|swapped| check(&swapped, reference));
    match as_listed {
        Ok(variant) => {
            let is_indel = matches!(&listed.alternate, Alternate::Bases(alternate) if alternate.len() != listed.reference_bases.len());
            let other = swapped().filter(|_| is_indel).and_then(Result::ok);
            match (other, order) {
                (None, _) => Ok(oriented(variant, ListedAllele::Alternate, ProvenOrder::AsListed)),
                (Some(_), AlleleOrder::ReferenceFirst) => {
                    Ok(oriented(variant, ListedAllele::Alternate, ProvenOrder::Either))
                }
                (Some(other), AlleleOrder::AlternateFirst) => {
                    Ok(oriented(other, ListedAllele::Reference, ProvenOrder::Either))
                }
                (Some(_), AlleleOrder::Unknown) => Err(Rejection {
                    code: ORDER_AMBIGUOUS,
                    reason: format!(
                        "{listed} fits the reference in either order, and nothing says which allele is REF"
                    ),
                }),
            }
        }
        Err(error @ VariantError::ReferenceMismatch { .. }) => match swapped() {
            Some(Ok(variant)) => Ok(oriented(variant, ListedAllele::Reference, ProvenOrder::Swapped)),
            _ => Err(neither(listed, &error, reference)),
        },
        Err(error) => Err(Rejection::from(&error)),
    }
}

/// Returns the variant with its alleles in the other order; `None` when ALT has no bases.
fn swapped(listed: &Variant) -> Option<Variant> {
    let Alternate::Bases(alternate) = &listed.alternate else {
        return None;
    };
    Some(Variant {
        reference_bases: alternate.clone(),
        alternate: Alternate::Bases(listed.reference_bases.clone()),
        ..listed.clone()
    })
}

/// Says that no order fits, and whether the complements would.
fn neither(listed: &Variant, error: &VariantError, reference: &dyn Reference) -> Rejection {
    let complement = match &listed.alternate {
        Alternate::Bases(alternate) => Some(Variant {
            reference_bases: listed.reference_bases.reverse_complement(),
            alternate: Alternate::Bases(alternate.reverse_complement()),
            ..listed.clone()
        }),
        _ => None,
    };
    let fits = |variant: &Variant| check(variant, reference).is_ok();
    let on_other_strand =
        complement.is_some_and(|variant| fits(&variant) || swapped(&variant).is_some_and(|variant| fits(&variant)));
    let strand = if on_other_strand {
        "; their complements fit, as when a table is on the gene's strand"
    } else {
        ""
    };
    Rejection {
        code: "neither_allele_reference",
        reason: format!("neither allele is the reference: {error}{strand}"),
    }
}

/// Says whether two single bases are complements of each other.
pub(crate) fn is_palindromic(listed: &Variant) -> bool {
    let Alternate::Bases(alternate) = &listed.alternate else {
        return false;
    };
    listed.reference_bases.len() == 1
        && alternate.len() == 1
        && listed.reference_bases.reverse_complement() == *alternate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::variants::ids;
    use refalt_core::InMemoryReference;

    fn reference() -> InMemoryReference {
        // 1-based: A1 C2 G3 T4 T5 T6 A7 G8
        InMemoryReference::of_contigs([("chr1", b"ACGTTTAG".as_slice())])
    }

    fn of(listed: &str, effect_of: &str, order: AlleleOrder) -> Result<(String, &'static str, f64), &'static str> {
        let listed = ids::parse(listed).variant.unwrap();
        let oriented = ListedAllele::of_cell(Some(effect_of), &listed)
            .and_then(|effect_of| orient(&listed, effect_of, order, &reference()));
        oriented
            .map(|oriented| {
                (
                    oriented.variant.to_string(),
                    oriented.orientation.name(),
                    oriented.effect(0.5),
                )
            })
            .map_err(|rejection| rejection.code)
    }

    #[test]
    fn the_sign_follows_the_allele_that_the_effect_is_of() {
        let order = AlleleOrder::ReferenceFirst;
        let variant = || "chr1:2:C>A".to_owned();
        assert_eq!(of("chr1:2:C>A", "A", order), Ok((variant(), "as_written", 0.5)));
        assert_eq!(of("chr1:2:C>A", "c", order), Ok((variant(), "flipped", -0.5)));
        assert_eq!(of("chr1:2:A>C", "C", order), Ok((variant(), "flipped", -0.5)));
        assert_eq!(of("chr1:2:A>C", "A", order), Ok((variant(), "reordered", 0.5)));
    }

    #[test]
    fn what_does_not_fit_is_rejected_with_its_reason() {
        let order = AlleleOrder::ReferenceFirst;
        assert_eq!(of("chr1:2:A>T", "A", order), Err("neither_allele_reference"));
        assert_eq!(of("chr1:2:C>A", "G", order), Err("effect_allele_unknown"));
        assert_eq!(of("chr1:2:C>A", " ", order), Err("effect_allele_missing"));
        assert_eq!(of("chr9:2:C>A", "A", order), Err("not_in_reference"));
        let listed = ids::parse("chr1:2:G>T").variant.unwrap();
        let rejection = orient(&listed, ListedAllele::Alternate, order, &reference()).unwrap_err();
        assert!(rejection.reason.contains("complements fit"), "{rejection}");
    }

    #[test]
    fn an_indel_that_fits_in_both_orders_needs_an_order() {
        // T4 T5: REF T with ALT TT is an insertion, REF TT with ALT T a deletion, and the genome has TT.
        let known = of("chr1:4:T>TT", "TT", AlleleOrder::ReferenceFirst).unwrap();
        assert_eq!((known.1, known.2), ("as_written", 0.5));
        assert_eq!(of("chr1:4:T>TT", "TT", AlleleOrder::Unknown), Err("order_ambiguous"));
        // In the order that the other rows of a table prove, ALT is T, and an effect of TT is one of REF.
        let turned = of("chr1:4:T>TT", "TT", AlleleOrder::AlternateFirst).unwrap();
        assert_eq!((turned.1, turned.2), ("flipped", -0.5));
        let turned = of("chr1:4:T>TT", "T", AlleleOrder::AlternateFirst).unwrap();
        assert_eq!((turned.1, turned.2), ("reordered", 0.5));
        // Only one order fits here: G3 T4, and the genome has no GA.
        assert_eq!(of("chr1:3:G>GA", "G", AlleleOrder::Unknown).unwrap().1, "flipped");
    }

    #[test]
    fn words_for_alleles_are_read_in_any_letters_unless_a_column_has_them() {
        let of = |word: &str| EffectAllele::named(word).in_header(|column| column == "ALT");
        assert_eq!(of("ALT"), EffectAllele::Column("ALT".to_owned()));
        assert_eq!(
            (of("Alt"), of("REF")),
            (EffectAllele::Alternate, EffectAllele::Reference)
        );
        assert_eq!(of("A1"), EffectAllele::Column("A1".to_owned()));
    }

    #[test]
    fn complements_are_palindromic() {
        let is = |text: &str| is_palindromic(&ids::parse(text).variant.unwrap());
        assert!(is("chr1:1:A>T") && is("chr1:2:C>G"));
        assert!(!is("chr1:1:A>G") && !is("chr1:1:AT>A"));
    }
}
