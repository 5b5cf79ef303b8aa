//! Why a position or a variant has no place on the other assembly.

use crate::diagnostic::Diagnostic;
use refalt_core::{Alternate, Assembly, ContigName, Interval, Position, ReferenceError};

/// A position or variant could not be lifted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LiftError {
    /// No chain starts from this contig.
    #[error("the chain file lifts nothing from contig `{contig}`")]
    ContigUnknown {
        /// The contig as written.
        contig: ContigName,
        /// The first contigs of the chain file.
        available: Vec<ContigName>,
    },
    /// The contig's name states an assembly that the chains do not start from.
    #[error("`{contig}` is of {assembly} and has {length_bp} bp; the chain file lifts from one of {chain_bp} bp")]
    OtherAssembly {
        /// The contig as written.
        contig: ContigName,
        /// The assembly that the accession states.
        assembly: Assembly,
        /// Its length there, in bp.
        length_bp: u32,
        /// The length in the chain file, in bp.
        chain_bp: u32,
    },
    /// The base, or a base of REF, lies past the end of the contig.
    #[error("{contig}:{position} reaches past the end of the contig ({length_bp} bp)")]
    PastEnd {
        /// The contig, named as the chain file names it.
        contig: ContigName,
        /// The base (1-based).
        position: Position,
        /// The contig's length in bp.
        length_bp: u32,
    },
    /// No chain passes over the base.
    #[error("{contig}:{position} has no counterpart: no chain passes over it")]
    NoPlace {
        /// The contig, named as the chain file names it.
        contig: ContigName,
        /// The base (1-based).
        position: Position,
    },
    /// The best chain that passes over the base has a gap there.
    #[error(
        "{contig}:{position} has no counterpart: {contig}:{gap} is missing between {target_contig}:{before} and {after}"
    )]
    InGap {
        /// The contig, named as the chain file names it.
        contig: ContigName,
        /// The base (1-based).
        position: Position,
        /// The bases without a counterpart.
        gap: Interval,
        /// The contig on the target.
        target_contig: ContigName,
        /// The last base before the gap on the target (1-based).
        before: Position,
        /// The first base after it (1-based).
        after: Position,
    },
    /// The bases of a variant are not together on the other assembly.
    #[error(
        "the variant needs {contig}:{needed} in one piece, but at most {together_bp} of its {} bases stay together",
        needed.len()
    )]
    Split {
        /// The contig, named as the chain file names it.
        contig: ContigName,
        /// The bases that say what the variant is.
        needed: Interval,
        /// How many of them the best block holds.
        together_bp: u32,
    },
    /// A symbolic allele, a breakend, `*` or `.`.
    #[error("the alternate allele `{alternate}` names no bases and is not lifted")]
    NoBases {
        /// The allele as written.
        alternate: Alternate,
    },
    /// The target reference does not have the contig.
    #[error("the target reference has no contig `{contig}`")]
    TargetContigUnknown {
        /// The contig, named as the chain file names it.
        contig: ContigName,
        /// The first contigs of the reference.
        available: Vec<ContigName>,
    },
    /// The target reference is of another assembly.
    #[error("the chain file lifts to a `{contig}` of {chain_bp} bp; the target reference has one of {reference_bp} bp")]
    TargetLength {
        /// The contig, named as the chain file names it.
        contig: ContigName,
        /// Its length in the chain file, in bp.
        chain_bp: u32,
        /// Its length in the reference, in bp.
        reference_bp: u32,
    },
    /// The target could not be read.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

impl Diagnostic for LiftError {
    fn hint(&self) -> Option<String> {
        let list = |contigs: &[ContigName]| contigs.iter().map(ContigName::as_str).collect::<Vec<_>>().join(", ");
        match self {
            Self::ContigUnknown { available, .. } => Some(format!(
                "it lifts from {}; names are compared through the alias table (chr5 / 5 / NC_000005.9)",
                list(available)
            )),
            Self::TargetContigUnknown { available, .. } => Some(format!("the reference has {}", list(available))),
            Self::OtherAssembly { .. } | Self::TargetLength { .. } => {
                Some("take the chain file from the variants' assembly to the reference's".to_owned())
            }
            Self::PastEnd { .. } => {
                Some("the variant may be of another assembly than the chains start from".to_owned())
            }
            Self::NoPlace { .. }
            | Self::InGap { .. }
            | Self::Split { .. }
            | Self::NoBases { .. }
            | Self::Reference(_) => None,
        }
    }
}
