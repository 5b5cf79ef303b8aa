//! Variants: what somebody wrote, and what the genome confirms.

use crate::contig::ContigName;
use crate::dna::Dna;
use crate::interval::Interval;
use crate::position::Position;
use crate::reference::ContigId;
use std::fmt;

/// The alternate allele of a record as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Alternate {
    /// Bases in upper case, possibly none.
    Bases(Dna),
    /// A symbolic allele such as `<DEL>`, with its brackets.
    Symbolic(Box<str>),
    /// `*`: the base is missing because of an upstream deletion.
    Star,
    /// A breakend such as `G]17:198982]`.
    Breakend(Box<str>),
    /// `.`: no alternate allele is given.
    Missing,
}

impl fmt::Display for Alternate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bases(bases) => bases.fmt(f),
            Self::Symbolic(text) | Self::Breakend(text) => f.write_str(text),
            Self::Star => f.write_str("*"),
            Self::Missing => f.write_str("."),
        }
    }
}

/// One reference and one alternate allele at a place, as somebody wrote it; nothing is verified.
///
/// An allele may be empty (SPDI and Ensembl write insertions and deletions so).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// The contig, named as written.
    pub contig: ContigName,
    /// The first base of REF, or the base before which bases are inserted when REF is empty (1-based).
    pub position: Position,
    /// REF as written, upper case.
    pub reference_bases: Dna,
    /// ALT as written.
    pub alternate: Alternate,
}

impl Variant {
    /// Returns the bases that REF covers, `None` past 2^32 - 1.
    pub fn reference_interval(&self) -> Option<Interval> {
        Interval::at(self.position, self.reference_bases.len_bp())
    }
}

impl fmt::Display for Variant {
    /// Writes `chr22:36201698:A>C` (1-based), the form of the published score tables.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}>{}",
            self.contig, self.position, self.reference_bases, self.alternate
        )
    }
}

/// A variant whose REF equals the genome, in normal form: trimmed to the least bases, left-aligned, A/C/G/T only.
///
/// Only [`check`](crate::normalize::check) makes one, so whoever holds one need not ask again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CheckedVariant {
    pub(crate) contig: ContigName,
    pub(crate) contig_id: ContigId,
    pub(crate) position: Position,
    pub(crate) reference_bases: Dna,
    pub(crate) alternate_bases: Dna,
}

/// How a variant changes the sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VariantClass {
    /// One base for another.
    Snv,
    /// Several bases for as many others.
    Mnv,
    /// More bases than before.
    Insertion,
    /// Fewer bases than before.
    Deletion,
}

impl CheckedVariant {
    /// Returns the contig, named as the reference names it.
    pub fn contig(&self) -> &ContigName {
        &self.contig
    }

    /// Returns the contig in the reference that confirmed the variant.
    pub fn contig_id(&self) -> ContigId {
        self.contig_id
    }

    /// Returns the first base of REF in normal form (1-based).
    pub fn position(&self) -> Position {
        self.position
    }

    /// Returns REF in normal form, at least one base.
    pub fn reference_bases(&self) -> &Dna {
        &self.reference_bases
    }

    /// Returns ALT in normal form, at least one base.
    pub fn alternate_bases(&self) -> &Dna {
        &self.alternate_bases
    }

    /// Returns the bases that REF covers.
    pub fn reference_interval(&self) -> Interval {
        Interval::at(self.position, self.reference_bases.len_bp()).expect("a checked REF lies on its contig")
    }

    /// Returns how the variant changes the sequence.
    pub fn class(&self) -> VariantClass {
        match (self.reference_bases.len(), self.alternate_bases.len()) {
            (1, 1) => VariantClass::Snv,
            (r, a) if r == a => VariantClass::Mnv,
            (r, a) if r < a => VariantClass::Insertion,
            _ => VariantClass::Deletion,
        }
    }
}

impl fmt::Display for CheckedVariant {
    /// Writes `chr22:36201698:A>C` (1-based), the form of the published score tables.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}>{}",
            self.contig, self.position, self.reference_bases, self.alternate_bases
        )
    }
}
