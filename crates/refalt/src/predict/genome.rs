//! The genome of a prediction: reference, assembly, and what the reference has of a contig.

use super::error::PredictError;
use super::place::Region;
use crate::Diagnostic;
use crate::engine::Rejection;
use crate::io::bigwig::ContigLength;
use crate::io::fasta::{DigestProgress, FastaReference};
use crate::io::variants::{ReadOptions, Source, open};
use crate::model::ModelError;
use crate::model::alphagenome::check_reference;
use crate::provenance::FileIdentity;
use crate::reference_assembly::ReferenceAssembly;
use crate::scoring::input_row;
use crate::track_source::TrackSourceError;
use refalt_core::{Assembly, CheckedVariant, ContigId, Interval, ModelCard, Reference, ReferenceContig, normalize};
use std::path::Path;

/// An open reference with what is known of it.
pub(crate) struct Genome {
    pub(crate) reference: FastaReference,
    pub(crate) known: ReferenceAssembly,
    pub(crate) identity: FileIdentity,
    pub(crate) notes: Vec<String>,
}

/// Contigs that a message lists at most.
const LISTED: usize = 8;

impl Genome {
    /// Opens the reference and identifies its assembly by content.
    pub(crate) fn open(
        path: &Path,
        stated: Option<Assembly>,
        digesting: &(dyn Fn(DigestProgress) + Sync),
    ) -> Result<Self, PredictError> {
        let reference = FastaReference::open_identified(path, digesting)?;
        let known = ReferenceAssembly::of(&reference, stated)?;
        let identity = FileIdentity::of(path).map_err(PredictError::file("read", path))?;
        let mut notes: Vec<String> = reference.notes().iter().map(ToString::to_string).collect();
        notes.push(format!("reference `{}`: {}", path.display(), reference.assembly()));
        if known.stated().is_some() {
            notes.push(format!("reference `{}` {known}", path.display()));
        }
        Ok(Self {
            reference,
            known,
            identity,
            notes,
        })
    }

    /// Refuses a model of the tracks of another organism; returns what the user may want to know.
    pub(crate) fn check_model(&self, card: &ModelCard) -> Result<Option<String>, PredictError> {
        let refused = |error| PredictError::from(TrackSourceError::from(ModelError::from(error)));
        check_reference(card, self.known).map_err(refused)
    }

    /// Finds the contig of a region, and refuses a region of which the reference has nothing.
    pub(crate) fn place(&self, region: &Region) -> Result<ContigId, PredictError> {
        let contig = self.reference.contig_id(&region.contig).ok_or_else(|| {
            let contigs = self.reference.contigs();
            let mut names: Vec<&str> = contigs.iter().map(|contig| contig.name.as_str()).take(LISTED).collect();
            if contigs.len() > LISTED {
                names.push("...");
            }
            PredictError::ContigUnknown {
                name: region.contig.clone(),
                has: names.join(", "),
            }
        })?;
        let found = self.reference.contig(contig);
        if found.known.iter().all(|part| part.intersect(region.interval).is_none()) {
            let parts: Vec<String> = found.known.iter().map(ToString::to_string).take(LISTED).collect();
            return Err(PredictError::NotInReference {
                place: region.to_string(),
                contig: found.name.to_string(),
                known: parts.join(", "),
            });
        }
        Ok(contig)
    }

    /// Reads a variant in any form that lists of variants have, and checks it against the reference.
    pub(crate) fn variant(&self, text: &str) -> Result<CheckedVariant, PredictError> {
        let rejected = |reason: String, hint: Option<String>| PredictError::Rejected {
            text: text.to_owned(),
            reason,
            hint,
        };
        let of_error = |error: &dyn Diagnostic| rejected(error.to_string(), error.hint());
        let mut reader = open(&Source::Literals(vec![text.to_owned()]), &ReadOptions::default())
            .map_err(|error| of_error(&error))?;
        let row = reader.next().ok_or_else(|| rejected("it is empty".to_owned(), None))?;
        let mut row = row.map_err(|error| of_error(&error))?;
        row.resolve(&self.reference);
        let hint = row.variant.as_ref().err().and_then(Diagnostic::hint);
        let row = input_row(row, &self.reference, self.known);
        let variant = row.variant.map_err(|Rejection { reason, .. }| rejected(reason, hint))?;
        Ok(normalize::check(&variant, &self.reference)?)
    }

    /// Returns the bases that the reference has of a contig, and the contig's length for files that state one.
    ///
    /// Of a contig of which only slices are there the length is that of the assembly, or else the end of the last slice.
    pub(crate) fn extent(&self, contig: ContigId) -> Extent {
        Extent::of(self.reference.contig(contig), self.known.known())
    }
}

/// What there is of a contig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) contig: ContigLength,
    /// The bases that are there, ascending.
    pub(crate) known: Vec<Interval>,
}

impl Extent {
    fn of(contig: &ReferenceContig, assembly: Option<Assembly>) -> Self {
        let last = contig.known.last().map_or(0, |part| part.bed_end());
        let of_assembly = || crate::reference_assembly::contig_length(contig.name.as_str(), assembly?);
        Self {
            contig: ContigLength {
                name: contig.name.to_string(),
                length_bp: contig.length_bp.or_else(of_assembly).unwrap_or(last).max(last),
            },
            known: contig.known.clone(),
        }
    }

    /// Returns the bases of an interval that the contig has, known or not.
    pub(crate) fn in_contig(&self, interval: Interval) -> Option<Interval> {
        interval.intersect(Interval::from_bed(0, self.contig.length_bp)?)
    }

    /// Returns the bases that are there of an interval.
    pub(crate) fn of_interval(&self, interval: Interval) -> impl Iterator<Item = Interval> + '_ {
        self.known.iter().filter_map(move |part| part.intersect(interval))
    }

    /// Returns the parts of an interval that are not there, ascending.
    pub(crate) fn unknown_of(&self, interval: Interval) -> Vec<Interval> {
        let mut from = interval.bed_start();
        let mut parts = Vec::new();
        for (first, end) in self
            .of_interval(interval)
            .map(|part| (part.bed_start(), part.bed_end()))
            .chain([(interval.bed_end(), interval.bed_end())])
        {
            parts.extend(Interval::from_bed(from, first).filter(|part| !part.is_empty()));
            from = end;
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_and_what_is_not_make_the_whole() {
        let interval = |start, end| Interval::from_bed(start, end).unwrap();
        let extent = Extent {
            contig: ContigLength {
                name: "chr1".to_owned(),
                length_bp: 100,
            },
            known: vec![interval(10, 20), interval(20, 25), interval(40, 60)],
        };
        assert_eq!(
            extent.unknown_of(interval(0, 100)),
            [interval(0, 10), interval(25, 40), interval(60, 100)]
        );
        assert_eq!(extent.unknown_of(interval(12, 45)), [interval(25, 40)]);
        assert!(extent.unknown_of(interval(41, 59)).is_empty());
    }
}
