//! Variants whose text leaves out bases that only the reference knows: `g.100_102del`, `g.100dup`, SPDI with a
//! length in place of the deleted bases.
//!
//! Reading needs no reference, so such a row waits as an [`ImpliedVariant`] until [`ImpliedVariant::resolve`] has
//! one. The alternative, a reader that holds a reference, would make every reader's caller load a genome.

use super::problem::RowProblem;
use refalt_core::{Alternate, ContigName, Dna, Interval, Position, Reference, Variant, VariantError};
use std::fmt;

/// The most bases that are filled in from a reference, in bp.
///
/// Longer events are structural variants that no window holds; the limit keeps a typing error from reading a
/// whole chromosome.
pub const MAX_FILLED_BP: u32 = 1_000_000;

/// What happens to the bases of an interval.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Edit {
    /// They are deleted.
    Delete,
    /// A copy of them is inserted directly after them.
    Duplicate,
    /// They are replaced by these bases.
    Replace(Dna),
    /// They are replaced by their reverse complement.
    Invert,
}

/// A variant that names its reference bases by place only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImpliedVariant {
    /// The contig, named as written.
    pub contig: ContigName,
    /// The bases that the edit is about (0-based, half-open), at least one.
    pub interval: Interval,
    /// What happens to them.
    pub edit: Edit,
}

impl fmt::Display for ImpliedVariant {
    /// Writes HGVS: `chr5:g.100_102del` (1-based, inclusive).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:g.", self.contig)?;
        match (self.interval.first(), self.interval.last()) {
            (Some(first), Some(last)) if first == last => write!(f, "{first}")?,
            (Some(first), Some(last)) => write!(f, "{first}_{last}")?,
            _ => {}
        }
        match &self.edit {
            Edit::Delete => f.write_str("del"),
            Edit::Duplicate => f.write_str("dup"),
            Edit::Replace(bases) => write!(f, "delins{bases}"),
            Edit::Invert => f.write_str("inv"),
        }
    }
}

impl ImpliedVariant {
    /// Fills in the bases from a reference.
    ///
    /// The result is a variant as written in full; whether it is a sound one is still for
    /// [`check`](refalt_core::check) to say.
    ///
    /// # Errors
    /// [`RowProblem::Reference`] when the reference lacks the contig or the place or cannot be read,
    /// [`RowProblem::TooManyImpliedBases`] past [`MAX_FILLED_BP`].
    pub fn resolve(&self, reference: &dyn Reference) -> Result<Variant, RowProblem> {
        if self.interval.len() > MAX_FILLED_BP {
            return Err(RowProblem::TooManyImpliedBases {
                found_bp: self.interval.len(),
            });
        }
        let refuse = |cause| RowProblem::Reference(Box::new(cause));
        let contig_id = reference.contig_id(self.contig.as_str()).ok_or_else(|| {
            refuse(VariantError::ContigUnknown {
                contig: self.contig.clone(),
                available: (reference.contigs().iter().take(5))
                    .map(|contig| contig.name.as_str().to_owned())
                    .collect(),
            })
        })?;
        let (Some(first), Some(last)) = (self.interval.first(), self.interval.last()) else {
            return Err(RowProblem::FieldEmpty {
                field: super::problem::Field::Reference,
                found: self.to_string().into(),
            });
        };
        let contig = reference.contig(contig_id);
        if contig.known_part(self.interval).is_none() {
            return Err(refuse(VariantError::OutsideReference {
                contig: self.contig.clone(),
                position: first,
                known: (contig.known.iter())
                    .map(|part| format!("{}:{part}", contig.name))
                    .collect::<Vec<_>>()
                    .join(", "),
            }));
        }
        let mut bases = Vec::with_capacity(self.interval.len() as usize);
        reference
            .fetch(contig_id, self.interval, &mut bases)
            .map_err(|cause| refuse(VariantError::Reference(cause)))?;
        let bases = Dna::parse(&bases).map_err(|_| {
            refuse(VariantError::NInReference {
                contig: self.contig.clone(),
                position: first,
            })
        })?;
        let (position, reference_bases, alternate_bases) = match &self.edit {
            Edit::Delete => (first, bases, empty()),
            Edit::Duplicate => (after(last)?, empty(), bases),
            Edit::Replace(alternate) => (first, bases, alternate.clone()),
            Edit::Invert => (first, bases.clone(), bases.reverse_complement()),
        };
        Ok(Variant {
            contig: self.contig.clone(),
            position,
            reference_bases,
            alternate: Alternate::Bases(alternate_bases),
        })
    }
}

/// Returns an allele without bases.
pub(super) fn empty() -> Dna {
    Dna::parse(b"").expect("no letter is foreign")
}

/// Returns the base to the right (1-based).
pub(super) fn after(position: Position) -> Result<Position, RowProblem> {
    position.checked_add(1).ok_or_else(|| RowProblem::PositionTooLarge {
        found: position.to_string().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::InMemoryReference;

    fn resolve(first: u32, last: u32, edit: Edit) -> Result<String, RowProblem> {
        //                                                    123456789
        let genome = InMemoryReference::of_contigs([("chr5", b"GATTACAGG".as_slice())]);
        let implied = ImpliedVariant {
            contig: ContigName::new("5"),
            interval: Interval::from_bases(Position::new(first).unwrap(), Position::new(last).unwrap()).unwrap(),
            edit,
        };
        implied.resolve(&genome).map(|variant| variant.to_string())
    }

    #[test]
    fn each_edit_takes_its_bases_from_the_genome() {
        assert_eq!(resolve(2, 4, Edit::Delete).unwrap(), "5:2:ATT>");
        assert_eq!(resolve(5, 6, Edit::Duplicate).unwrap(), "5:7:>AC");
        let bases = Dna::parse(b"GG").unwrap();
        assert_eq!(resolve(1, 1, Edit::Replace(bases)).unwrap(), "5:1:G>GG");
        assert_eq!(resolve(1, 3, Edit::Invert).unwrap(), "5:1:GAT>ATC");
    }

    #[test]
    fn a_place_that_the_reference_lacks_is_refused() {
        assert_eq!(resolve(9, 10, Edit::Delete).unwrap_err().code(), "reference");
        let far = MAX_FILLED_BP + 1;
        assert_eq!(
            resolve(1, far, Edit::Delete).unwrap_err().code(),
            "too_many_implied_bases"
        );
    }
}
