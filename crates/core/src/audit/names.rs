//! What a row says of itself besides its coordinates: its gene, its HGVS name, its place in a list of known variants.

use crate::audit::hypothesis::{Hypothesis, HypothesisSet};
use crate::dna::Dna;
use crate::position::Position;
use crate::reference::ContigId;
use crate::strand::Strand;
use crate::variant::{Alternate, Variant};

/// A variant that an outside list gives for the row's identifier (an rsID), on the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSite {
    /// The contig of the reference.
    pub contig: ContigId,
    /// The first base of REF (1-based).
    pub position: Position,
    /// REF, forward strand.
    pub reference_bases: Dna,
    /// ALT, forward strand.
    pub alternate_bases: Dna,
}

/// The names of a row, resolved to places and alleles of the reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowNames {
    /// The strand of the gene that the row names.
    pub gene_strand: Option<Strand>,
    /// Where HGVS names put the changed base (1-based); several when transcripts of the gene disagree.
    pub places: Vec<(ContigId, Position)>,
    /// The alleles that names such as `c.-124C>T` or `C228T` spell, turned to the forward strand: from, to.
    pub alleles: Option<[Dna; 2]>,
    /// What a list of known variants has under the row's identifier.
    pub sites: Vec<KnownSite>,
}

impl RowNames {
    /// Says whether nothing here can agree or disagree with a hypothesis.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty() && self.alleles.is_none() && self.sites.is_empty()
    }

    /// Returns under which hypotheses each kind of name agrees with the row.
    ///
    /// * `implied`: the variant that the row means under a hypothesis, where there is one.
    pub(crate) fn agreement(&self, implied: impl Fn(Hypothesis) -> Option<(ContigId, Variant)>) -> NameEvidence {
        let mut evidence = NameEvidence {
            place: (!self.places.is_empty()).then(HypothesisSet::default),
            alleles: self.alleles.as_ref().map(|_| HypothesisSet::default()),
            site: (!self.sites.is_empty()).then(HypothesisSet::default),
        };
        for hypothesis in Hypothesis::all() {
            let Some((contig, variant)) = implied(hypothesis) else {
                continue;
            };
            let Alternate::Bases(alternate) = &variant.alternate else {
                continue;
            };
            if let Some(set) = &mut evidence.place
                && self.places.contains(&(contig, variant.position))
            {
                set.insert(hypothesis);
            }
            if let (Some(set), Some([from, to])) = (&mut evidence.alleles, &self.alleles)
                && *from == variant.reference_bases
                && to == alternate
            {
                set.insert(hypothesis);
            }
            if let Some(set) = &mut evidence.site
                && self.sites.iter().any(|site| {
                    site.contig == contig
                        && site.position == variant.position
                        && site.reference_bases == variant.reference_bases
                        && site.alternate_bases == *alternate
                })
            {
                set.insert(hypothesis);
            }
        }
        evidence
    }
}

/// The hypotheses with which the names of a row agree; `None` where the row has no such name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NameEvidence {
    /// Position of the HGVS name.
    pub place: Option<HypothesisSet>,
    /// Alleles that a name spells.
    pub alleles: Option<HypothesisSet>,
    /// Position and alleles of the known variant.
    pub site: Option<HypothesisSet>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::hypothesis::{Coordinates, Orientation};
    use crate::audit::lift::{Lift, Lifted, LiftedBase};
    use crate::audit::observe::{Observer, RowAlleles};
    use crate::reference::{InMemoryReference, Reference};

    /// Everything lies two bases further left on the reference.
    struct TwoLeft(ContigId);

    impl Lift for TwoLeft {
        fn lift(&self, _: &str, position: Position) -> Lifted {
            position.checked_sub(2).map_or(Lifted::NotCovered, |position| {
                Lifted::At(LiftedBase {
                    contig: self.0,
                    position,
                    strand: Strand::Forward,
                    block_before_bp: 3,
                    block_after_bp: 3,
                })
            })
        }
    }

    #[test]
    fn a_name_agrees_with_the_hypotheses_that_lead_to_its_place_and_alleles() {
        let reference = InMemoryReference::of_contigs([("chr1", b"AAGAACAAAA".as_slice())]);
        let contig = reference.contig_id("chr1").unwrap();
        let lift = TwoLeft(contig);
        let mut observer = Observer::new(&reference, Some(&lift), None);
        let row = RowAlleles {
            contig: "chr1",
            contig_id: Some(contig),
            position: Position::new(5).unwrap(),
            reference_bases: b"C",
            alternate_bases: b"T",
            stated: None,
        };
        let dna = |text: &str| Dna::parse(text.as_bytes()).unwrap();
        let names = RowNames {
            gene_strand: Some(Strand::Reverse),
            places: vec![(contig, Position::new(3).unwrap())],
            alleles: Some([dna("G"), dna("A")]),
            sites: vec![KnownSite {
                contig,
                position: Position::new(3).unwrap(),
                reference_bases: dna("G"),
                alternate_bases: dna("A"),
            }],
        };
        let evidence = observer.observe(&row, &names).unwrap().names;
        let wanted = Hypothesis {
            coordinates: Coordinates::OtherAssembly,
            orientation: Orientation::Complement,
            ..Hypothesis::AS_WRITTEN
        };
        assert_eq!(
            evidence.place.unwrap().iter().count(),
            4,
            "one place, four orientations"
        );
        assert!(evidence.place.unwrap().contains(wanted));
        assert_eq!(
            evidence.alleles.unwrap().iter().count(),
            6,
            "one orientation, six places"
        );
        assert_eq!(evidence.site.unwrap().iter().collect::<Vec<_>>(), [wanted]);
    }
}
