//! What may be wrong with a row: the 24 hypotheses, and the conventions that a whole file may follow.

use crate::strand::Strand;
use std::fmt;

/// On which assembly the positions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coordinates {
    /// On the assembly of the reference, as the caller says by giving it.
    AsSaid,
    /// On the assembly that the chain file lifts from.
    OtherAssembly,
}

/// How the two written alleles relate to the forward strand of the genome.
///
/// The four form a group: swapping and complementing each undo themselves and do not mind the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Orientation {
    /// REF is the genome's, both on the forward strand.
    AsWritten,
    /// The written ALT is the genome's.
    Swapped,
    /// Both alleles are read from the reverse strand.
    Complement,
    /// Read from the reverse strand, and the written ALT is the genome's.
    SwappedComplement,
}

impl Orientation {
    /// The four, in the order of [`Hypothesis::index`].
    pub const ALL: [Self; 4] = [
        Self::AsWritten,
        Self::Swapped,
        Self::Complement,
        Self::SwappedComplement,
    ];

    /// Says whether the written ALT is the genome's allele.
    pub const fn is_swapped(self) -> bool {
        matches!(self, Self::Swapped | Self::SwappedComplement)
    }

    /// Says whether the alleles are read from the reverse strand.
    pub const fn is_complement(self) -> bool {
        matches!(self, Self::Complement | Self::SwappedComplement)
    }

    /// Returns the orientation that swaps and complements as told.
    pub const fn of(swapped: bool, complement: bool) -> Self {
        match (swapped, complement) {
            (false, false) => Self::AsWritten,
            (true, false) => Self::Swapped,
            (false, true) => Self::Complement,
            (true, true) => Self::SwappedComplement,
        }
    }

    /// Returns one orientation after the other.
    ///
    /// ```
    /// use refalt_core::audit::Orientation::{AsWritten, Complement, Swapped, SwappedComplement};
    ///
    /// assert_eq!(Swapped.then(Complement), SwappedComplement);
    /// assert_eq!(SwappedComplement.then(SwappedComplement), AsWritten);
    /// ```
    pub const fn then(self, other: Self) -> Self {
        Self::of(
            self.is_swapped() != other.is_swapped(),
            self.is_complement() != other.is_complement(),
        )
    }
}

/// Whether the written position is the true one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shift {
    /// The position is as written.
    None,
    /// The true position is one less: the written one is too high.
    WrittenTooHigh,
    /// The true position is one more: the written one is too low, as when the 0-based start of BED is read as 1-based.
    WrittenTooLow,
}

impl Shift {
    /// The three, in the order of [`Hypothesis::index`].
    pub const ALL: [Self; 3] = [Self::None, Self::WrittenTooHigh, Self::WrittenTooLow];
}

/// One explanation of a row: where its position counts, how its alleles are oriented, whether it is off by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hypothesis {
    /// On which assembly the position counts.
    pub coordinates: Coordinates,
    /// How the alleles relate to the forward strand.
    pub orientation: Orientation,
    /// Whether the position is off by one, in the coordinates of the row.
    pub shift: Shift,
}

impl Hypothesis {
    /// How many there are: 2 assemblies x 4 orientations x 3 positions.
    pub const COUNT: usize = 24;

    /// The row is right as it stands.
    pub const AS_WRITTEN: Self = Self {
        coordinates: Coordinates::AsSaid,
        orientation: Orientation::AsWritten,
        shift: Shift::None,
    };

    /// Returns its number, 0 to 23: assembly slowest, then orientation, then position.
    pub const fn index(self) -> usize {
        self.coordinates as usize * 12 + self.orientation as usize * 3 + self.shift as usize
    }

    /// Returns the hypothesis with this number.
    ///
    /// # Panics
    /// When `index` is not below [`Hypothesis::COUNT`].
    pub const fn from_index(index: usize) -> Self {
        assert!(index < Self::COUNT);
        Self {
            coordinates: if index < 12 {
                Coordinates::AsSaid
            } else {
                Coordinates::OtherAssembly
            },
            orientation: Orientation::ALL[index % 12 / 3],
            shift: Shift::ALL[index % 3],
        }
    }

    /// Returns all 24, in the order of [`Hypothesis::index`].
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self::from_index)
    }

    /// Returns the same hypothesis with REF and ALT exchanged once more.
    pub const fn swapped(self) -> Self {
        Self {
            orientation: self.orientation.then(Orientation::Swapped),
            ..self
        }
    }

    /// Returns the number of the place it looks at, 0 to 5: assembly slowest, then position.
    pub(crate) const fn place(self) -> usize {
        self.coordinates as usize * 3 + self.shift as usize
    }

    /// Returns what has to be done to a row under this hypothesis; nothing for a row that is right.
    pub fn repairs(self) -> Repairs {
        let mut repairs = Repairs::default();
        if self.coordinates == Coordinates::OtherAssembly {
            repairs.insert(Repair::OtherAssembly);
        }
        match self.orientation {
            Orientation::AsWritten => {}
            Orientation::Swapped => repairs.insert(Repair::Swapped),
            Orientation::Complement => repairs.insert(Repair::Complement),
            Orientation::SwappedComplement => repairs.insert(Repair::SwappedComplement),
        }
        if self.shift != Shift::None {
            repairs.insert(Repair::OffByOne);
        }
        repairs
    }
}

impl fmt::Display for Hypothesis {
    /// Writes `ok`, or what is wrong joined by `+`, such as `other_assembly+complement`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::AS_WRITTEN {
            return f.write_str("ok");
        }
        self.repairs().fmt(f)
    }
}

/// A change that turns a row into the variant it is taken to mean; done only when asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Repair {
    /// The position is lifted through the chain.
    OtherAssembly,
    /// REF and ALT are exchanged; an effect of ALT changes its sign.
    Swapped,
    /// Both alleles are read from the other strand.
    Complement,
    /// Both at once.
    SwappedComplement,
    /// The position moves by one.
    OffByOne,
}

impl Repair {
    /// Every repair, in the order in which they are written.
    pub const ALL: [Self; 5] = [
        Self::OtherAssembly,
        Self::Swapped,
        Self::Complement,
        Self::SwappedComplement,
        Self::OffByOne,
    ];

    /// Returns the name used on the command line, in verdicts and in output tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherAssembly => "other_assembly",
            Self::Swapped => "swapped",
            Self::Complement => "complement",
            Self::SwappedComplement => "swapped_complement",
            Self::OffByOne => "off_by_one",
        }
    }

    /// Returns the repair with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|repair| repair.name() == name)
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of repairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Repairs(u8);

impl Repairs {
    /// Adds a repair.
    pub fn insert(&mut self, repair: Repair) {
        self.0 |= 1 << repair as u8;
    }

    /// Says whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Says whether `repair` is in the set.
    pub const fn contains(self, repair: Repair) -> bool {
        self.0 & (1 << repair as u8) != 0
    }

    /// Says whether every repair of the set is in `allowed`.
    ///
    /// `swapped` and `complement` together allow `swapped_complement`.
    pub fn is_covered_by(self, allowed: Self) -> bool {
        let mut allowed = allowed;
        if allowed.contains(Repair::Swapped) && allowed.contains(Repair::Complement) {
            allowed.insert(Repair::SwappedComplement);
        }
        self.0 & !allowed.0 == 0
    }

    /// Returns the repairs in their order.
    pub fn iter(self) -> impl Iterator<Item = Repair> {
        Repair::ALL.into_iter().filter(move |&repair| self.contains(repair))
    }
}

impl FromIterator<Repair> for Repairs {
    fn from_iter<T: IntoIterator<Item = Repair>>(repairs: T) -> Self {
        let mut set = Self::default();
        for repair in repairs {
            set.insert(repair);
        }
        set
    }
}

impl fmt::Display for Repairs {
    /// Writes the names joined by `+`; nothing for the empty set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, repair) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("+")?;
            }
            f.write_str(repair.name())?;
        }
        Ok(())
    }
}

/// A set of hypotheses, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HypothesisSet(u32);

impl HypothesisSet {
    /// Adds a hypothesis.
    pub const fn insert(&mut self, hypothesis: Hypothesis) {
        self.0 |= 1 << hypothesis.index();
    }

    /// Says whether the hypothesis is in the set.
    pub const fn contains(self, hypothesis: Hypothesis) -> bool {
        self.0 & (1 << hypothesis.index()) != 0
    }

    /// Says whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the hypotheses in their order.
    pub fn iter(self) -> impl Iterator<Item = Hypothesis> {
        Hypothesis::all().filter(move |&hypothesis| self.contains(hypothesis))
    }
}

/// In which spelling a file as a whole gives its alleles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spelling {
    /// The same orientation in every row.
    Uniform(Orientation),
    /// On the strand of the gene that the row names: complement for genes on the reverse strand, as written for the others.
    TranscriptStrand,
}

impl Spelling {
    /// The five, simplest first.
    pub const ALL: [Self; 5] = [
        Self::Uniform(Orientation::AsWritten),
        Self::Uniform(Orientation::Swapped),
        Self::TranscriptStrand,
        Self::Uniform(Orientation::Complement),
        Self::Uniform(Orientation::SwappedComplement),
    ];

    /// Returns the orientation of a row that names a gene on `gene_strand`, or no gene.
    pub const fn orientation(self, gene_strand: Option<Strand>) -> Orientation {
        match (self, gene_strand) {
            (Self::Uniform(orientation), _) => orientation,
            (Self::TranscriptStrand, Some(Strand::Reverse)) => Orientation::Complement,
            (Self::TranscriptStrand, _) => Orientation::AsWritten,
        }
    }

    /// Returns its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uniform(Orientation::AsWritten) => "as_written",
            Self::Uniform(Orientation::Swapped) => "swapped",
            Self::Uniform(Orientation::Complement) => "complement",
            Self::Uniform(Orientation::SwappedComplement) => "swapped_complement",
            Self::TranscriptStrand => "transcript_strand",
        }
    }
}

/// What a file does in most of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Convention {
    /// On which assembly its positions count.
    pub coordinates: Coordinates,
    /// How it spells alleles.
    pub spelling: Spelling,
    /// Whether its positions are off by one.
    pub shift: Shift,
}

impl Convention {
    /// Positions on the reference's assembly, 1-based, alleles on its forward strand with REF first.
    pub const AS_SAID: Self = Self {
        coordinates: Coordinates::AsSaid,
        spelling: Spelling::Uniform(Orientation::AsWritten),
        shift: Shift::None,
    };

    /// Returns every convention, simplest first.
    pub fn all() -> impl Iterator<Item = Self> {
        [Coordinates::AsSaid, Coordinates::OtherAssembly]
            .into_iter()
            .flat_map(|coordinates| {
                Spelling::ALL.into_iter().flat_map(move |spelling| {
                    Shift::ALL.into_iter().map(move |shift| Self {
                        coordinates,
                        spelling,
                        shift,
                    })
                })
            })
    }

    /// Returns the hypothesis that holds for a row which follows the convention.
    pub const fn hypothesis(self, gene_strand: Option<Strand>) -> Hypothesis {
        Hypothesis {
            coordinates: self.coordinates,
            orientation: self.spelling.orientation(gene_strand),
            shift: self.shift,
        }
    }

    /// Returns the repairs that bring its rows onto the reference, whatever the strand of their genes.
    pub fn repairs(self) -> Repairs {
        [None, Some(Strand::Reverse)]
            .into_iter()
            .flat_map(|strand| self.hypothesis(strand).repairs().iter().collect::<Vec<_>>())
            .collect()
    }
}

impl fmt::Display for Convention {
    /// Writes what differs from a clean file joined by ` + `, or `as said`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.coordinates == Coordinates::OtherAssembly {
            parts.push("other_assembly");
        }
        if self.spelling != Spelling::Uniform(Orientation::AsWritten) {
            parts.push(self.spelling.name());
        }
        match self.shift {
            Shift::None => {}
            Shift::WrittenTooHigh => parts.push("positions one too high"),
            Shift::WrittenTooLow => parts.push("positions one too low"),
        }
        if parts.is_empty() {
            return f.write_str("as said");
        }
        f.write_str(&parts.join(" + "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_hypothesis_names_it() {
        for (index, hypothesis) in Hypothesis::all().enumerate() {
            assert_eq!(hypothesis.index(), index);
            assert_eq!(hypothesis.swapped().swapped(), hypothesis);
        }
        assert_eq!(Hypothesis::from_index(0), Hypothesis::AS_WRITTEN);
        assert_eq!(Convention::all().count(), 30);
        assert_eq!(Convention::all().next(), Some(Convention::AS_SAID));
    }

    #[test]
    fn a_verdict_names_every_repair_it_needs() {
        let both = Hypothesis {
            coordinates: Coordinates::OtherAssembly,
            orientation: Orientation::Complement,
            shift: Shift::None,
        };
        assert_eq!(both.to_string(), "other_assembly+complement");
        assert_eq!(Hypothesis::AS_WRITTEN.to_string(), "ok");
        let allowed: Repairs = [Repair::OtherAssembly].into_iter().collect();
        assert!(!both.repairs().is_covered_by(allowed));
        let allowed: Repairs = [Repair::OtherAssembly, Repair::Complement].into_iter().collect();
        assert!(both.repairs().is_covered_by(allowed));
        for repair in Repair::ALL {
            assert_eq!(Repair::from_name(repair.name()), Some(repair));
        }
    }

    #[test]
    fn transcript_strand_complements_only_rows_of_reverse_genes() {
        let convention = Convention {
            spelling: Spelling::TranscriptStrand,
            ..Convention::AS_SAID
        };
        let orientation = |strand| convention.hypothesis(strand).orientation;
        assert_eq!(orientation(Some(Strand::Reverse)), Orientation::Complement);
        assert_eq!(orientation(Some(Strand::Forward)), Orientation::AsWritten);
        assert_eq!(orientation(None), Orientation::AsWritten);
        assert_eq!(convention.repairs().to_string(), "complement");
    }
}
