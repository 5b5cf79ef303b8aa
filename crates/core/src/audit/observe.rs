//! What the genome says to a row under each hypothesis: match, mismatch, or nothing.
//!
//! A row is reduced to an [`Observation`], a small value without coordinates. Rows with equal observations are
//! equal to the model, so a file of a million rows is fitted over the few thousand observations that occur in it.

use crate::assembly::Assembly;
use crate::audit::hypothesis::{Coordinates, Hypothesis, HypothesisSet, Orientation, Shift};
use crate::audit::lift::{Lift, Lifted, neighbour};
use crate::audit::names::{NameEvidence, RowNames};
use crate::contig::ContigName;
use crate::dna::{Dna, complement};
use crate::interval::Interval;
use crate::position::Position;
use crate::reference::{ContigId, Reference, ReferenceError};
use crate::strand::Strand;
use crate::variant::{Alternate, Variant};

/// A row as the audit reads it: a variant with bases for alleles.
#[derive(Clone, Copy, Debug)]
pub struct RowAlleles<'a> {
    /// The contig as written.
    pub contig: &'a str,
    /// The contig of the reference that the name means, if any.
    pub contig_id: Option<ContigId>,
    /// The first base of REF as written (1-based).
    pub position: Position,
    /// REF as written: A, C, G, T, possibly none.
    pub reference_bases: &'a [u8],
    /// ALT as written: A, C, G, T, possibly none.
    pub alternate_bases: &'a [u8],
    /// The assembly that the row itself states: the version of an accession, a suffix such as `_b38`.
    pub stated: Option<Assembly>,
}

/// What is observed of a row, without its coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Observation {
    /// The hypotheses under which the implied REF equals the genome.
    pub matches: HypothesisSet,
    /// The hypotheses under which the genome is not known: outside the reference, N, not lifted.
    pub unknown: HypothesisSet,
    /// Whether the chain leaves the row where it is, so that both assemblies mean the same variant.
    pub same_place: bool,
    /// The row itself says that it is on another assembly than the reference's (`NC_000005.9` is GRCh37).
    ///
    /// That it says the reference's own assembly is what is being doubted, and no evidence.
    pub states_other_assembly: bool,
    /// The strand of the gene that the row names.
    pub gene_strand: Option<Strand>,
    /// What the row's names agree with.
    pub names: NameEvidence,
    /// Places (assembly x position) that the chain has in a gap.
    pub(crate) gaps: u8,
    /// Places past the end of the contig.
    pub(crate) beyond: u8,
    /// Bases of REF and ALT as written, at most 255.
    pub(crate) lengths: [u8; 2],
    /// One allele begins with or ends with all of the other, so that the change is an insertion or a deletion alone.
    pub(crate) pure_indel: bool,
}

/// A place on the reference that a hypothesis points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    contig: ContigId,
    /// Where the first written base lies (1-based); on the reverse strand the others follow to the left.
    first: Position,
    strand: Strand,
    /// Bases of the block from `first` on, in the direction of the row.
    run_bp: u32,
}

impl Place {
    /// Returns the bases that an allele of `length_bp` covers on the reference.
    fn interval(self, length_bp: u32) -> Option<Interval> {
        if length_bp > self.run_bp {
            return None;
        }
        match self.strand {
            Strand::Forward => Interval::at(self.first, length_bp),
            Strand::Reverse => Interval::at(self.first.checked_sub(length_bp.saturating_sub(1))?, length_bp),
        }
    }
}

/// Reads the bases that decide between hypotheses.
pub struct Observer<'a> {
    reference: &'a dyn Reference,
    lift: Option<&'a dyn Lift>,
    assembly: Option<Assembly>,
    other: Option<Assembly>,
    bases: Vec<u8>,
    complements: [Vec<u8>; 2],
}

impl<'a> Observer<'a> {
    /// Makes an observer.
    ///
    /// * `lift`: the chain from the other assembly to the reference; without it that assembly is not considered.
    /// * `assembly`: the reference's assembly, as proven by content or as the user says.
    pub fn new(reference: &'a dyn Reference, lift: Option<&'a dyn Lift>, assembly: Option<Assembly>) -> Self {
        Self {
            reference,
            lift,
            assembly,
            other: None,
            bases: Vec::new(),
            complements: [Vec::new(), Vec::new()],
        }
    }

    /// Takes what the chain tells of the assembly that it lifts from: where that of the reference is not known, a row
    /// that states this one states another.
    #[must_use]
    pub fn with_other_assembly(mut self, other: Option<Assembly>) -> Self {
        self.other = other;
        self
    }

    /// Returns the reference.
    pub fn reference(&self) -> &'a dyn Reference {
        self.reference
    }

    /// Says whether the other assembly is considered.
    pub fn has_lift(&self) -> bool {
        self.lift.is_some()
    }

    /// Compares a row with the genome under every hypothesis.
    ///
    /// # Errors
    /// [`ReferenceError`] when the reference cannot be read.
    pub fn observe(&mut self, row: &RowAlleles<'_>, names: &RowNames) -> Result<Observation, ReferenceError> {
        for (allele, complemented) in [row.reference_bases, row.alternate_bases]
            .into_iter()
            .zip(&mut self.complements)
        {
            complemented.clear();
            complemented.extend(allele.iter().rev().map(|&base| complement(base)));
        }
        let (places, gaps) = self.places(row);
        let mut observation = Observation {
            matches: HypothesisSet::default(),
            unknown: HypothesisSet::default(),
            same_place: same_place(&places),
            states_other_assembly: row.stated.is_some_and(|stated| match self.assembly {
                Some(own) => stated != own,
                None => self.other == Some(stated),
            }),
            gene_strand: names.gene_strand,
            names: NameEvidence::default(),
            gaps,
            beyond: self.beyond(row),
            lengths: [row.reference_bases, row.alternate_bases]
                .map(|allele| u8::try_from(allele.len()).unwrap_or(u8::MAX)),
            pure_indel: is_pure_indel(row.reference_bases, row.alternate_bases),
        };
        for coordinates in [Coordinates::AsSaid, Coordinates::OtherAssembly] {
            if coordinates == Coordinates::OtherAssembly && self.lift.is_none() {
                break;
            }
            self.compare(row, coordinates, &places, &mut observation)?;
        }
        if !names.is_empty() {
            observation.names = names.agreement(|hypothesis| self.implied(row, hypothesis));
        }
        Ok(observation)
    }

    /// Returns the variant that the row means under a hypothesis, in the coordinates and the forward strand of the
    /// reference, or `None` where the hypothesis points at no place of it.
    ///
    /// METHOD: an allele read from the reverse strand is reverse-complemented and covers the same bases that its
    /// letters cover as written: `TG>G` at 100 read from the reverse strand is `CA>C` on bases 100 and 101. A
    /// strand convention that also moves the anchor base of an indel is not considered.
    pub fn implied(&self, row: &RowAlleles<'_>, hypothesis: Hypothesis) -> Option<(ContigId, Variant)> {
        let (places, _) = self.places(row);
        let place = places[hypothesis.place()]?;
        let (mut reference, mut alternate) = (row.reference_bases, row.alternate_bases);
        if hypothesis.orientation.is_swapped() {
            std::mem::swap(&mut reference, &mut alternate);
        }
        let length_bp = u32::try_from(reference.len()).ok()?;
        let position = match (place.strand, length_bp) {
            // An empty REF lies between two bases; on the reverse strand the base to its right is the one before it.
            (Strand::Reverse, 0) => place.first.checked_add(1)?,
            (Strand::Forward, 0) => place.first,
            _ => place.interval(length_bp)?.first()?,
        };
        let reversed = hypothesis.orientation.is_complement() != (place.strand == Strand::Reverse);
        let allele = |bases: &[u8]| -> Option<Dna> {
            let dna = Dna::parse(bases).ok()?;
            Some(if reversed { dna.reverse_complement() } else { dna })
        };
        let contig: ContigName = self.reference.contig(place.contig).name.clone();
        let variant = Variant {
            contig,
            position,
            reference_bases: allele(reference)?,
            alternate: Alternate::Bases(allele(alternate)?),
        };
        Some((place.contig, variant))
    }

    /// Returns where each assembly and position leads, and which of them the chain has in a gap.
    fn places(&self, row: &RowAlleles<'_>) -> ([Option<Place>; 6], u8) {
        let mut places = [None; 6];
        let mut gaps = 0;
        let moved = |shift| match shift {
            Shift::None => Some(row.position),
            Shift::WrittenTooHigh => row.position.checked_sub(1),
            Shift::WrittenTooLow => row.position.checked_add(1),
        };
        if let Some(contig) = row.contig_id {
            for shift in Shift::ALL {
                places[shift as usize] = moved(shift).map(|first| Place {
                    contig,
                    first,
                    strand: Strand::Forward,
                    run_bp: u32::MAX,
                });
            }
        }
        let Some(lift) = self.lift else {
            return (places, gaps);
        };
        let centre = lift.lift(row.contig, row.position);
        for shift in Shift::ALL {
            let Some(position) = moved(shift) else { continue };
            let lifted = neighbour(centre, shift).unwrap_or_else(|| match shift {
                Shift::None => centre,
                _ => lift.lift(row.contig, position),
            });
            match lifted {
                Lifted::At(base) => {
                    places[3 + shift as usize] = Some(Place {
                        contig: base.contig,
                        first: base.position,
                        strand: base.strand,
                        run_bp: base.block_after_bp.saturating_add(1),
                    });
                }
                Lifted::Gap => gaps |= 1 << (3 + shift as usize),
                Lifted::NotCovered => {}
            }
        }
        (places, gaps)
    }

    /// Compares the four orientations at the three positions of one assembly.
    fn compare(
        &mut self,
        row: &RowAlleles<'_>,
        coordinates: Coordinates,
        places: &[Option<Place>; 6],
        observation: &mut Observation,
    ) -> Result<(), ReferenceError> {
        let written = [row.reference_bases, row.alternate_bases];
        let mut intervals = [[None; 2]; 3];
        for (shift, pair) in intervals.iter_mut().enumerate() {
            let Some(place) = places[coordinates as usize * 3 + shift] else {
                continue;
            };
            for (allele, interval) in written.iter().zip(pair) {
                *interval = u32::try_from(allele.len())
                    .ok()
                    .and_then(|length_bp| place.interval(length_bp));
            }
        }
        let window = self.fetch_window(places, coordinates, &intervals)?;
        for shift in Shift::ALL {
            for swapped in [false, true] {
                let index = usize::from(swapped);
                let place = places[coordinates as usize * 3 + shift as usize];
                let orientations = [Orientation::of(swapped, false), Orientation::of(swapped, true)];
                let hypotheses = orientations.map(|orientation| Hypothesis {
                    coordinates,
                    orientation,
                    shift,
                });
                let (Some(place), Some(interval)) = (place, intervals[shift as usize][index]) else {
                    hypotheses
                        .iter()
                        .for_each(|&hypothesis| observation.unknown.insert(hypothesis));
                    continue;
                };
                let genome = match window {
                    Some(window) => {
                        let first = (interval.bed_start() - window.bed_start()) as usize;
                        &self.bases[first..first + interval.len() as usize]
                    }
                    None => {
                        self.bases.clear();
                        self.reference.fetch(place.contig, interval, &mut self.bases)?;
                        self.bases.as_slice()
                    }
                };
                for hypothesis in hypotheses {
                    let reversed = hypothesis.orientation.is_complement() != (place.strand == Strand::Reverse);
                    let allele = if reversed {
                        self.complements[index].as_slice()
                    } else {
                        written[index]
                    };
                    match agreement(genome, allele) {
                        Some(true) => observation.matches.insert(hypothesis),
                        Some(false) => {}
                        None => observation.unknown.insert(hypothesis),
                    }
                }
            }
        }
        Ok(())
    }

    /// Fetches the bases of all intervals at once when they lie side by side, as they nearly always do.
    fn fetch_window(
        &mut self,
        places: &[Option<Place>; 6],
        coordinates: Coordinates,
        intervals: &[[Option<Interval>; 2]; 3],
    ) -> Result<Option<Interval>, ReferenceError> {
        let mut contigs = places[coordinates as usize * 3..][..3]
            .iter()
            .flatten()
            .map(|place| place.contig);
        let Some(contig) = contigs.next() else { return Ok(None) };
        if contigs.any(|other| other != contig) {
            return Ok(None);
        }
        let all = || intervals.iter().flatten().flatten();
        let (Some(start), Some(end), Some(longest)) = (
            all().map(|interval| interval.bed_start()).min(),
            all().map(|interval| interval.bed_end()).max(),
            all().map(|interval| interval.len()).max(),
        ) else {
            return Ok(None);
        };
        let Some(window) = Interval::from_bed(start, end).filter(|window| window.len() <= longest.saturating_add(2))
        else {
            return Ok(None);
        };
        self.bases.clear();
        self.reference.fetch(contig, window, &mut self.bases)?;
        Ok(Some(window))
    }

    /// Returns the places as said that lie past the end of their contig.
    fn beyond(&self, row: &RowAlleles<'_>) -> u8 {
        let length_bp = row.contig_id.and_then(|id| self.reference.contig(id).length_bp);
        let Some(length_bp) = length_bp else { return 0 };
        let reference_bp = u32::try_from(row.reference_bases.len()).unwrap_or(u32::MAX).max(1);
        let mut beyond = 0;
        for shift in Shift::ALL {
            let first = match shift {
                Shift::None => Some(row.position),
                Shift::WrittenTooHigh => row.position.checked_sub(1),
                Shift::WrittenTooLow => row.position.checked_add(1),
            };
            let inside = first
                .and_then(|first| Interval::at(first, reference_bp))
                .is_some_and(|interval| interval.bed_end() <= length_bp);
            if !inside {
                beyond |= 1 << shift as usize;
            }
        }
        beyond
    }
}

/// Says whether the chain leaves the row and its neighbours where they are.
fn same_place(places: &[Option<Place>; 6]) -> bool {
    (0..3).all(|index| match (places[index], places[index + 3]) {
        (Some(said), Some(lifted)) => {
            said.contig == lifted.contig && said.first == lifted.first && lifted.strand == Strand::Forward
        }
        (None, None) => true,
        _ => false,
    }) && places[0].is_some()
}

/// Compares bases of the genome with an allele; `None` when no known base disagrees and one is N.
fn agreement(genome: &[u8], allele: &[u8]) -> Option<bool> {
    if genome == allele {
        return Some(true);
    }
    let disagrees = genome
        .iter()
        .zip(allele)
        .any(|(base, letter)| base != letter && matches!(base, b'A' | b'C' | b'G' | b'T'));
    if disagrees { Some(false) } else { None }
}

/// Says whether one allele is the other with bases put in at one place.
fn is_pure_indel(left: &[u8], right: &[u8]) -> bool {
    if left.len() == right.len() {
        return false;
    }
    let shorter = left.len().min(right.len());
    let front = left.iter().zip(right).take_while(|(l, r)| l == r).count();
    let back = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(|(l, r)| l == r)
        .count();
    front + back >= shorter
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::lift::LiftedBase;
    use crate::reference::InMemoryReference;

    /// Lifts with a fixed map: forward by `offset`, or onto the reverse strand with `sum - position`.
    struct Arithmetic {
        contig: ContigId,
        offset: i64,
        sum: Option<i64>,
    }

    impl Lift for Arithmetic {
        fn lift(&self, _: &str, position: Position) -> Lifted {
            let here = i64::from(position.one_based());
            let (there, strand) = match self.sum {
                Some(sum) => (sum - here, Strand::Reverse),
                None => (here + self.offset, Strand::Forward),
            };
            match u32::try_from(there).ok().and_then(Position::new) {
                Some(position) => Lifted::At(LiftedBase {
                    contig: self.contig,
                    position,
                    strand,
                    block_before_bp: 50,
                    block_after_bp: 50,
                }),
                None => Lifted::NotCovered,
            }
        }
    }

    fn row<'a>(reference: &InMemoryReference, position: u32, alleles: [&'a str; 2]) -> RowAlleles<'a> {
        RowAlleles {
            contig: "chr1",
            contig_id: reference.contig_id("chr1"),
            position: Position::new(position).unwrap(),
            reference_bases: alleles[0].as_bytes(),
            alternate_bases: alleles[1].as_bytes(),
            stated: None,
        }
    }

    fn matched(genome: &str, position: u32, alleles: [&str; 2]) -> Vec<String> {
        let reference = InMemoryReference::of_contigs([("chr1", genome.as_bytes())]);
        let mut observer = Observer::new(&reference, None, None);
        let observation = observer
            .observe(&row(&reference, position, alleles), &RowNames::default())
            .unwrap();
        observation
            .matches
            .iter()
            .filter(|hypothesis| hypothesis.shift == Shift::None)
            .map(|hypothesis| hypothesis.to_string())
            .collect()
    }

    #[test]
    fn one_base_answers_one_orientation_unless_the_pair_is_its_own_complement() {
        assert_eq!(matched("TTTCTTT", 4, ["C", "T"]), ["ok"]);
        assert_eq!(matched("TTTCTTT", 4, ["A", "C"]), ["swapped"]);
        assert_eq!(matched("TTTCTTT", 4, ["G", "A"]), ["complement"]);
        assert_eq!(matched("TTTCTTT", 4, ["A", "G"]), ["swapped_complement"]);
        assert_eq!(matched("TTTCTTT", 4, ["C", "G"]), ["ok", "swapped_complement"]);
        assert_eq!(matched("TTTCTTT", 4, ["G", "C"]), ["swapped", "complement"]);
        assert!(matched("TTTCTTT", 4, ["A", "T"]).is_empty());
    }

    #[test]
    fn a_deletion_from_the_reverse_strand_covers_the_same_bases() {
        // Bases 4 and 5 are CA; read from the reverse strand they are TG. The swapped reading, an insertion that
        // doubles the A, has its REF in the genome as well: that bases match does not tell the two apart.
        let expected = ["complement", "swapped_complement"];
        assert_eq!(matched("GGGCAGGG", 4, ["TG", "G"]), expected);
        let reference = InMemoryReference::of_contigs([("chr1", b"GGGCAGGG".as_slice())]);
        let observer = Observer::new(&reference, None, None);
        let hypothesis = Hypothesis {
            orientation: Orientation::Complement,
            ..Hypothesis::AS_WRITTEN
        };
        let (_, implied) = observer.implied(&row(&reference, 4, ["TG", "G"]), hypothesis).unwrap();
        assert_eq!(implied.to_string(), "chr1:4:CA>C");
    }

    #[test]
    fn n_and_the_ends_of_the_contig_say_nothing() {
        let reference = InMemoryReference::of_contigs([("chr1", b"ACN".as_slice())]);
        let mut observer = Observer::new(&reference, None, None);
        let mut observe = |position, alleles| {
            observer
                .observe(&row(&reference, position, alleles), &RowNames::default())
                .unwrap()
        };
        assert!(observe(3, ["G", "T"]).unknown.contains(Hypothesis::AS_WRITTEN));
        // A known base that disagrees decides, whatever the N beside it would have said.
        let two = observe(2, ["GT", "G"]);
        assert!(!two.unknown.contains(Hypothesis::AS_WRITTEN) && !two.matches.contains(Hypothesis::AS_WRITTEN));
        let past = observe(4, ["G", "T"]);
        assert_eq!(past.beyond, 0b101, "position 3 is on the contig, 4 and 5 are not");
        assert!(observe(1, ["A", "T"]).unknown.contains(Hypothesis {
            shift: Shift::WrittenTooHigh,
            ..Hypothesis::AS_WRITTEN
        }));
    }

    #[test]
    fn a_chain_on_the_reverse_strand_turns_the_alleles() {
        let reference = InMemoryReference::of_contigs([("chr1", b"AACCGTTTTT".as_slice())]);
        // The other assembly spells this contig backwards: AAAAACGGTT.
        let lift = Arithmetic {
            contig: reference.contig_id("chr1").unwrap(),
            offset: 0,
            sum: Some(11),
        };
        let mut observer = Observer::new(&reference, Some(&lift), None);
        // CG at 6 of the other assembly is CG at 4 of the reference.
        let written = row(&reference, 6, ["CG", "C"]);
        let observation = observer.observe(&written, &RowNames::default()).unwrap();
        let lifted = Hypothesis {
            coordinates: Coordinates::OtherAssembly,
            ..Hypothesis::AS_WRITTEN
        };
        assert!(observation.matches.contains(lifted) && !observation.same_place);
        let (_, implied) = observer.implied(&written, lifted).unwrap();
        assert_eq!(implied.to_string(), "chr1:4:CG>G");
    }

    #[test]
    fn a_chain_that_moves_nothing_is_told_apart() {
        let reference = InMemoryReference::of_contigs([("chr1", b"AACCGTTTTT".as_slice())]);
        for (offset, expected) in [(0, true), (2, false)] {
            let lift = Arithmetic {
                contig: reference.contig_id("chr1").unwrap(),
                offset,
                sum: None,
            };
            let mut observer = Observer::new(&reference, Some(&lift), None);
            let observation = observer
                .observe(&row(&reference, 4, ["C", "T"]), &RowNames::default())
                .unwrap();
            assert_eq!(observation.same_place, expected);
        }
    }

    #[test]
    fn an_insertion_or_deletion_alone_is_told_from_other_changes() {
        assert!(is_pure_indel(b"C", b"CT") && is_pure_indel(b"TC", b"C") && is_pure_indel(b"CAAT", b"CT"));
        assert!(!is_pure_indel(b"C", b"T") && !is_pure_indel(b"AC", b"GTT"));
    }
}
