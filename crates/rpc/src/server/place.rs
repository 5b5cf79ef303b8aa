//! From intervals, variants and sequences of requests to places on the genome.

use super::model::ServedModel;
use super::refusal::Refusal;
use crate::genome::{interval_text, strand, variant_text};
use crate::proto;
use refalt_core::assembly::AssemblyEvidence;
use refalt_core::{
    Alternate, CheckedVariant, ContigId, ContigName, Dna, Interval, Position, Reference, ReferenceContig,
    ReferenceError, Sequence, Strand, Variant, Window, check,
};
use std::num::NonZeroU32;

/// The contig that stands for sequences without a place.
pub const SEQUENCE_CONTIG: &str = "sequence";

/// A window of the genome, and the interval that asked for it.
#[derive(Clone, Debug)]
pub(super) struct GenomePlace {
    pub(super) contig: ContigId,
    pub(super) window: Window,
    /// The strand that the model reads.
    pub(super) strand: Strand,
    /// As the client wrote it, for the answer.
    pub(super) interval: proto::Interval,
}

impl GenomePlace {
    /// Reads an interval whose sequence the model is to read.
    pub(super) fn read(model: &ServedModel, interval: Option<proto::Interval>) -> Result<Self, Refusal> {
        let interval = interval.ok_or(Refusal::FieldMissing { field: "interval" })?;
        let strand = strand(interval.strand)?.unwrap_or(Strand::Forward);
        let reference = model.reference.as_ref();
        let contig = reference
            .contig_id(&interval.chromosome)
            .ok_or_else(|| contig_unknown(reference, &interval.chromosome))?;
        let known = reference.contig(contig);
        let window = Window::from_bed(&known.name, interval.start, interval.end).ok_or_else(|| Refusal::Interval {
            interval: interval_text(&interval),
        })?;
        check_length(model, window.length().get() as usize)?;
        if !known
            .known
            .iter()
            .any(|part| part.intersect(window.interval()).is_some())
        {
            return Err(Refusal::NothingKnown {
                interval: interval_text(&interval),
            });
        }
        Ok(Self {
            contig,
            window,
            strand,
            interval,
        })
    }

    /// Reads a variant in the window and confirms it against the genome.
    pub(super) fn variant(
        &self,
        reference: &dyn Reference,
        variant: &proto::Variant,
    ) -> Result<CheckedVariant, Refusal> {
        let checked = check(&read_variant(variant)?, reference)?;
        let inside = |position: Position| self.window.offset_of(position).is_some();
        let bases = checked.reference_interval();
        let whole = [bases.first(), bases.last()].into_iter().flatten().all(inside);
        if checked.contig_id() != self.contig || !whole {
            return Err(Refusal::Outside {
                what: format!("the variant {}", variant_text(variant)),
                interval: interval_text(&self.interval),
            });
        }
        Ok(checked)
    }
}

fn contig_unknown(reference: &dyn Reference, name: &str) -> Refusal {
    let first = reference.contigs().iter().take(5);
    Refusal::ContigUnknown {
        contig: name.to_owned(),
        available: first.map(|contig| contig.name.as_str().to_owned()).collect(),
    }
}

/// Refuses a length that the model does not read.
fn check_length(model: &ServedModel, length: usize) -> Result<NonZeroU32, Refusal> {
    let card = model.card();
    let bases = u32::try_from(length).ok().and_then(NonZeroU32::new);
    bases
        .filter(|&bases| card.lengths.allow(bases))
        .ok_or_else(|| Refusal::Length {
            model: card.name.clone(),
            length,
            allowed: card.lengths.to_string(),
        })
}

/// Reads a variant as somebody wrote it.
fn read_variant(message: &proto::Variant) -> Result<Variant, Refusal> {
    let position = u32::try_from(message.position).ok().and_then(Position::new);
    let bases = |text: &str, allele| Dna::parse(text.as_bytes()).map_err(|_| Refusal::Allele { allele });
    Ok(Variant {
        contig: ContigName::new(&message.chromosome),
        position: position.ok_or(Refusal::Position {
            position: message.position,
        })?,
        reference_bases: bases(&message.reference_bases, "reference")?,
        alternate: Alternate::Bases(bases(&message.alternate_bases, "alternate")?),
    })
}

/// Reads a sequence without a place: it lies on a contig of its own, from its first base.
pub(super) fn sequence(model: &ServedModel, text: &str) -> Result<(Window, Sequence), Refusal> {
    let length = check_length(model, text.len())?;
    if let Some((index, found)) = text.char_indices().find(|(_, letter)| !"ACGTN".contains(*letter)) {
        return Err(Refusal::Letter {
            found,
            place: index + 1,
        });
    }
    let contig = ContigName::new(SEQUENCE_CONTIG);
    let window = Window::from_bed(&contig, 0, length.get().into()).ok_or_else(|| Refusal::Internal {
        what: "a sequence has no window".to_owned(),
    })?;
    Ok((window, Sequence::from_bases(text.as_bytes().to_vec())))
}

/// A genome with some bases of one contig exchanged for as many others: what substitutions are laid on when
/// `interval_variant` is given.
pub(super) struct Substituted<'a> {
    inner: &'a dyn Reference,
    contig: ContigId,
    place: Interval,
    bases: Vec<u8>,
}

impl<'a> Substituted<'a> {
    /// Applies a variant that keeps the length.
    pub(super) fn new(inner: &'a dyn Reference, variant: &CheckedVariant) -> Result<Self, Refusal> {
        if variant.reference_bases().len() != variant.alternate_bases().len() {
            return Err(Refusal::IntervalVariant {
                variant: variant.to_string(),
            });
        }
        Ok(Self {
            inner,
            contig: variant.contig_id(),
            place: variant.reference_interval(),
            bases: variant.alternate_bases().as_bytes().to_vec(),
        })
    }
}

impl Reference for Substituted<'_> {
    fn contigs(&self) -> &[ReferenceContig] {
        self.inner.contigs()
    }

    fn fetch(&self, contig: ContigId, interval: Interval, bases: &mut Vec<u8>) -> Result<(), ReferenceError> {
        let before = bases.len();
        self.inner.fetch(contig, interval, bases)?;
        if contig == self.contig
            && let Some(common) = self.place.intersect(interval)
        {
            let to = before + (common.bed_start() - interval.bed_start()) as usize;
            let from = (common.bed_start() - self.place.bed_start()) as usize;
            let count = common.len() as usize;
            bases[to..to + count].copy_from_slice(&self.bases[from..from + count]);
        }
        Ok(())
    }

    fn assembly(&self) -> &AssemblyEvidence {
        self.inner.assembly()
    }

    fn contig_id(&self, name: &str) -> Option<ContigId> {
        self.inner.contig_id(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::InMemoryReference;

    #[test]
    fn substituted_bases_are_seen_from_every_side() {
        let genome = InMemoryReference::of_contigs([("chr1", b"AACCGGTT".as_slice()), ("chr2", b"AAAA".as_slice())]);
        let variant = read_variant(&proto::Variant {
            chromosome: "chr1".to_owned(),
            position: 4,
            reference_bases: "CG".to_owned(),
            alternate_bases: "TA".to_owned(),
        })
        .unwrap();
        let variant = check(&variant, &genome).unwrap();
        let changed = Substituted::new(&genome, &variant).unwrap();
        let read = |name: &str, start, end| {
            let mut bases = Vec::new();
            let contig = changed.contig_id(name).unwrap();
            changed
                .fetch(contig, Interval::from_bed(start, end).unwrap(), &mut bases)
                .unwrap();
            String::from_utf8(bases).unwrap()
        };
        assert_eq!(read("chr1", 0, 8), "AACTAGTT");
        assert_eq!(
            [read("chr1", 3, 4), read("chr1", 4, 9), read("chr1", 0, 3)],
            ["T", "AGTTN", "AAC"]
        );
        assert_eq!(read("chr2", 2, 4), "AA");
    }
}
