//! Intervals, variants, strands, organisms, output types and ontology terms, to and from the wire.
//!
//! The traps of the protocol live here: a strand is never 0, because the published client raises on it; an interval may
//! begin below 0; an ontology term is a type and a number, written with seven digits at least; a chromosome is named as UCSC
//! does, whatever the reference calls it.

use crate::proto;
use crate::wire_error::WireError;
use refalt_core::{Assembly, CheckedVariant, Chromosome, ContigName, Interval, Organism, OutputType, Strand, Window};

/// Returns the name of a contig on the wire: `chr9` for a chromosome that the reference calls `9` or by an accession of GRCh38
/// or GRCm38, else the reference's own name.
///
/// Services compare names as text, the hosted one and its Atlas those of UCSC, which the published client writes, too. An
/// accession of another assembly stays, so that it is refused and not taken for a place of theirs.
pub fn wire_contig(contig: &ContigName) -> String {
    match Chromosome::of(contig.as_str()) {
        Some(Chromosome { number, assembly }) if assembly != Some(Assembly::GRCh37) => format!("chr{number}"),
        _ => contig.as_str().to_owned(),
    }
}

/// Writes a window as the interval to score; unstranded, and below 0 where the window begins before its contig.
pub fn interval_message(window: &Window) -> proto::Interval {
    proto::Interval {
        chromosome: wire_contig(window.contig()),
        start: window.bed_start(),
        end: window.bed_end(),
        strand: proto::Strand::Unstranded.into(),
    }
}

/// Writes a variant; REF and ALT are in normal form.
pub fn variant_message(variant: &CheckedVariant) -> proto::Variant {
    proto::Variant {
        chromosome: wire_contig(variant.contig()),
        position: variant.position().one_based().into(),
        reference_bases: variant.reference_bases().to_string(),
        alternate_bases: variant.alternate_bases().to_string(),
    }
}

/// Writes a variant of the wire as the score tables do, `chr22:36201698:A>C` (1-based).
pub fn variant_text(variant: &proto::Variant) -> String {
    let proto::Variant {
        chromosome,
        position,
        reference_bases,
        alternate_bases,
    } = variant;
    format!("{chromosome}:{position}:{reference_bases}>{alternate_bases}")
}

/// Writes an interval of the wire as the score tables do, `chr22:35677410-36725986:.` (0-based, half-open).
pub fn interval_text(interval: &proto::Interval) -> String {
    let proto::Interval {
        chromosome, start, end, ..
    } = interval;
    let strand = match proto::Strand::try_from(interval.strand) {
        Ok(proto::Strand::Positive) => "+",
        Ok(proto::Strand::Negative) => "-",
        Ok(proto::Strand::Unstranded) => ".",
        _ => "?",
    };
    format!("{chromosome}:{start}-{end}:{strand}")
}

/// Reads a span of bases of the wire (0-based, half-open).
///
/// # Errors
/// [`WireError::Span`] when it is inverted, begins below 0 or ends past 2^32 - 1.
pub fn span(what: &'static str, start: i64, end: i64) -> Result<Interval, WireError> {
    let bounds = u32::try_from(start).ok().zip(u32::try_from(end).ok());
    bounds
        .and_then(|(start, end)| Interval::from_bed(start, end))
        .ok_or(WireError::Span { what, start, end })
}

/// Reads a junction of the wire (0-based, half-open).
pub(crate) fn junction_of(start: i64, end: i64) -> Result<Interval, WireError> {
    span("junction", start, end)
}

/// Writes a strand; none is 3, never 0.
pub fn strand_message(strand: Option<Strand>) -> proto::Strand {
    match strand {
        Some(Strand::Forward) => proto::Strand::Positive,
        Some(Strand::Reverse) => proto::Strand::Negative,
        None => proto::Strand::Unstranded,
    }
}

/// Reads a strand.
///
/// # Errors
/// [`WireError::Number`] for 0, which the published client refuses, too, and for numbers not in use.
pub fn strand(number: i32) -> Result<Option<Strand>, WireError> {
    match proto::Strand::try_from(number) {
        Ok(proto::Strand::Positive) => Ok(Some(Strand::Forward)),
        Ok(proto::Strand::Negative) => Ok(Some(Strand::Reverse)),
        Ok(proto::Strand::Unstranded) => Ok(None),
        _ => Err(WireError::Number {
            kind: "strand",
            found: number.into(),
        }),
    }
}

/// Writes an organism.
pub const fn organism_message(organism: Organism) -> proto::Organism {
    match organism {
        Organism::Human => proto::Organism::HomoSapiens,
        Organism::Mouse => proto::Organism::MusMusculus,
    }
}

/// Writes an output type.
pub const fn output_message(output: OutputType) -> proto::OutputType {
    match output {
        OutputType::Atac => proto::OutputType::Atac,
        OutputType::Cage => proto::OutputType::Cage,
        OutputType::Dnase => proto::OutputType::Dnase,
        OutputType::RnaSeq => proto::OutputType::RnaSeq,
        OutputType::ChipHistone => proto::OutputType::ChipHistone,
        OutputType::ChipTf => proto::OutputType::ChipTf,
        OutputType::SpliceSites => proto::OutputType::SpliceSites,
        OutputType::SpliceSiteUsage => proto::OutputType::SpliceSiteUsage,
        OutputType::SpliceJunctions => proto::OutputType::SpliceJunctions,
        OutputType::ContactMaps => proto::OutputType::ContactMaps,
        OutputType::Procap => proto::OutputType::Procap,
    }
}

/// Reads an output type.
///
/// # Errors
/// [`WireError::Number`] for 0 and for numbers not in use.
pub fn output(number: i32) -> Result<OutputType, WireError> {
    let found = OutputType::ALL
        .into_iter()
        .find(|&output| output_message(output) as i32 == number);
    found.ok_or(WireError::Number {
        kind: "output type",
        found: number.into(),
    })
}

const ONTOLOGIES: [(proto::OntologyType, &str); 5] = [
    (proto::OntologyType::Clo, "CLO"),
    (proto::OntologyType::Uberon, "UBERON"),
    (proto::OntologyType::Cl, "CL"),
    (proto::OntologyType::Efo, "EFO"),
    (proto::OntologyType::Ntr, "NTR"),
];

/// Reads an ontology term as a CURIE, `EFO:0001187`.
///
/// # Errors
/// [`WireError::Number`] when the ontology is 0 or not in use, or the number negative.
pub fn ontology_curie(term: &proto::OntologyTerm) -> Result<String, WireError> {
    let found = ONTOLOGIES
        .iter()
        .find(|(number, _)| *number as i32 == term.ontology_type);
    let (_, name) = found.ok_or(WireError::Number {
        kind: "ontology",
        found: term.ontology_type.into(),
    })?;
    if term.id < 0 {
        return Err(WireError::Number {
            kind: "ontology term",
            found: term.id,
        });
    }
    Ok(format!("{name}:{:07}", term.id))
}

/// A text is no ontology term of the service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no ontology term of CLO, UBERON, CL, EFO or NTR")]
pub struct NotCurie {
    /// The text.
    pub text: String,
}

impl NotCurie {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        Some("write it like `EFO:0001187`".to_owned())
    }
}

/// Writes an ontology term.
///
/// # Errors
/// [`NotCurie`] when the text is not a known ontology, a colon and digits.
pub fn ontology_message(curie: &str) -> Result<proto::OntologyTerm, NotCurie> {
    let parts = curie.split_once(':').and_then(|(name, digits)| {
        let (number, _) = ONTOLOGIES.iter().find(|(_, known)| *known == name)?;
        let only_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let id = only_digits.then(|| digits.parse::<i64>().ok())??;
        Some((*number, id))
    });
    let (number, id) = parts.ok_or_else(|| NotCurie { text: curie.to_owned() })?;
    Ok(proto::OntologyTerm {
        ontology_type: number.into(),
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strand_is_never_zero() {
        for given in [None, Some(Strand::Forward), Some(Strand::Reverse)] {
            let number = strand_message(given) as i32;
            assert!((1..=3).contains(&number));
            assert_eq!(strand(number).unwrap(), given);
        }
        for wrong in [0, 4, -1] {
            assert!(strand(wrong).is_err());
        }
    }

    #[test]
    fn a_chromosome_has_the_name_of_ucsc() {
        for (given, expected) in [
            ("9", "chr9"),
            ("chr9", "chr9"),
            ("MT", "chrM"),
            ("NC_000009.12", "chr9"),
            // Of GRCh37, and of no assembly.
            ("NC_000009.11", "NC_000009.11"),
            ("GL000220.1", "GL000220.1"),
        ] {
            assert_eq!(wire_contig(&ContigName::new(given)), expected);
        }
    }

    #[test]
    fn output_types_and_ontologies_come_back() {
        for given in OutputType::ALL {
            assert_eq!(output(output_message(given) as i32).unwrap(), given);
        }
        for wrong in [0, 10, 13] {
            assert!(output(wrong).is_err());
        }
        for curie in [
            "CLO:0000001",
            "UBERON:0002048",
            "CL:0000084",
            "EFO:0001187",
            "NTR:12345678",
        ] {
            assert_eq!(ontology_curie(&ontology_message(curie).unwrap()).unwrap(), curie);
        }
        for wrong in [
            "EFO",
            "EFO:",
            "EFO:1a",
            "efo:1",
            "GO:0000001",
            "EFO:-1",
            "EFO:99999999999999999999",
        ] {
            assert!(ontology_message(wrong).is_err(), "{wrong}");
        }
        // Zero is no ontology, though the field may be read as if it were.
        let zero = proto::OntologyTerm {
            ontology_type: 0,
            id: 5,
        };
        assert!(ontology_curie(&zero).is_err());
    }

    #[test]
    fn spans_below_zero_and_inverted_ones_are_refused() {
        assert_eq!(span("junction", 3, 5).unwrap(), Interval::from_bed(3, 5).unwrap());
        for (start, end) in [(-1, 5), (5, 3), (0, 1 << 33)] {
            assert!(span("junction", start, end).is_err());
        }
    }
}
