//! How the crate sees a genome without opening a file.

use crate::assembly::AssemblyEvidence;
use crate::contig::{Chromosome, ContigName};
use crate::interval::Interval;

/// Index of a contig in [`Reference::contigs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContigId(pub(crate) u32);

impl ContigId {
    /// Returns the id of the contig with this index in [`Reference::contigs`], for implementations of the trait.
    pub const fn new(index: u32) -> Self {
        Self(index)
    }

    /// Returns the index in [`Reference::contigs`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A contig of a reference, whole or in slices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceContig {
    /// The name as the reference writes it, without slice coordinates.
    pub name: ContigName,
    /// Length of the whole contig in bp; `None` when only slices are there.
    pub length_bp: Option<u32>,
    /// The parts whose bases are there, sorted, apart from each other; one part for a whole contig.
    pub known: Vec<Interval>,
}

impl ReferenceContig {
    /// Returns the known part that holds all of `interval`.
    pub fn known_part(&self, interval: Interval) -> Option<Interval> {
        let after = self
            .known
            .partition_point(|part| part.bed_start() <= interval.bed_start());
        let part = *self.known.get(after.checked_sub(1)?)?;
        part.covers(interval).then_some(part)
    }
}

/// A reference could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The file behind the reference failed.
    #[error("cannot read {contig}:{interval} from the reference `{path}`: {reason}")]
    Unreadable {
        /// The reference file.
        path: String,
        /// The contig asked for.
        contig: ContigName,
        /// The bases asked for.
        interval: Interval,
        /// The cause in words.
        reason: String,
    },
}

/// A genome, or slices of one.
///
/// Implementations share one handle between threads.
pub trait Reference: Send + Sync {
    /// Returns the contigs; a [`ContigId`] is an index into this list.
    fn contigs(&self) -> &[ReferenceContig];

    /// Appends the bases of `interval` to `bases`: exactly `interval.len()` upper-case letters, N wherever the
    /// base is not known (outside the slices, past the contig's end).
    ///
    /// # Errors
    /// [`ReferenceError`] when the bases cannot be read.
    fn fetch(&self, contig: ContigId, interval: Interval, bases: &mut Vec<u8>) -> Result<(), ReferenceError>;

    /// Appends the bases of `interval` as a model reads them: like [`fetch`](Self::fetch), with N in place of every
    /// letter but A, C, G, T.
    ///
    /// An implementation that knows which of its bases are plain can leave the masking out.
    ///
    /// # Errors
    /// [`ReferenceError`] when the bases cannot be read.
    fn fetch_masked(&self, contig: ContigId, interval: Interval, bases: &mut Vec<u8>) -> Result<(), ReferenceError> {
        let before = bases.len();
        self.fetch(contig, interval, bases)?;
        crate::dna::mask_unknown(&mut bases[before..]);
        Ok(())
    }

    /// Returns what is known of the assembly, by content.
    fn assembly(&self) -> &AssemblyEvidence;

    /// Returns the contig that `name` means: the same name, or an alias (chr5 / 5 / NC_000005.10).
    ///
    /// An accession that names another assembly than the proven one means no contig here.
    fn contig_id(&self, name: &str) -> Option<ContigId> {
        if let Some(index) = self.contigs().iter().position(|contig| contig.name.as_str() == name) {
            return u32::try_from(index).ok().map(ContigId);
        }
        let wanted = Chromosome::of(name)?;
        if let (Some(said), Some(proven)) = (wanted.assembly, self.assembly().proven())
            && said != proven
        {
            return None;
        }
        let index = self
            .contigs()
            .iter()
            .position(|contig| crate::contig::same_contig(contig.name.as_str(), name))?;
        u32::try_from(index).ok().map(ContigId)
    }

    /// Returns a contig of this reference.
    ///
    /// # Panics
    /// When `contig` comes from another reference with more contigs.
    fn contig(&self, contig: ContigId) -> &ReferenceContig {
        &self.contigs()[contig.0 as usize]
    }
}

/// A reference held in memory, for tests and short sequences.
#[derive(Clone, Debug)]
pub struct InMemoryReference {
    contigs: Vec<ReferenceContig>,
    bases: Vec<Vec<u8>>,
    assembly: AssemblyEvidence,
}

impl InMemoryReference {
    /// Makes a reference of whole contigs, `(name, bases)`; lower case becomes upper case.
    pub fn of_contigs<'a>(contigs: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut reference = Self {
            contigs: Vec::new(),
            bases: Vec::new(),
            assembly: AssemblyEvidence::NotProven {
                reason: "sequences given in memory".to_owned(),
            },
        };
        for (name, bases) in contigs {
            let length_bp = u32::try_from(bases.len()).expect("a contig is shorter than 4 Gb");
            reference.contigs.push(ReferenceContig {
                name: ContigName::new(name),
                length_bp: Some(length_bp),
                known: Interval::from_bed(0, length_bp).into_iter().collect(),
            });
            reference.bases.push(bases.to_ascii_uppercase());
        }
        reference
    }
}

impl Reference for InMemoryReference {
    fn contigs(&self) -> &[ReferenceContig] {
        &self.contigs
    }

    fn fetch(&self, contig: ContigId, interval: Interval, bases: &mut Vec<u8>) -> Result<(), ReferenceError> {
        let all = &self.bases[contig.0 as usize];
        let start = (interval.bed_start() as usize).min(all.len());
        let end = (interval.bed_end() as usize).min(all.len());
        bases.extend_from_slice(&all[start..end]);
        let missing = interval.len() as usize - (end - start);
        bases.extend(std::iter::repeat_n(b'N', missing));
        Ok(())
    }

    fn assembly(&self) -> &AssemblyEvidence {
        &self.assembly
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_past_the_end_are_n() {
        let reference = InMemoryReference::of_contigs([("chr1", b"ACgt".as_slice())]);
        let contig = reference.contig_id("1").unwrap();
        let mut bases = Vec::new();
        reference
            .fetch(contig, Interval::from_bed(2, 6).unwrap(), &mut bases)
            .unwrap();
        assert_eq!(bases, b"GTNN");
        bases.clear();
        reference
            .fetch(contig, Interval::from_bed(9, 11).unwrap(), &mut bases)
            .unwrap();
        assert_eq!(bases, b"NN");
    }

    #[test]
    fn a_span_over_two_slices_is_in_neither() {
        let contig = ReferenceContig {
            name: ContigName::new("chr1"),
            length_bp: None,
            known: vec![Interval::from_bed(10, 20).unwrap(), Interval::from_bed(30, 40).unwrap()],
        };
        let part = |start, end| contig.known_part(Interval::from_bed(start, end).unwrap());
        assert_eq!(part(10, 20), Interval::from_bed(10, 20));
        assert_eq!(part(19, 31), None);
        assert_eq!(part(30, 31), Interval::from_bed(30, 40));
        assert_eq!(part(9, 11), None);
        assert_eq!(part(40, 41), None);
    }
}
