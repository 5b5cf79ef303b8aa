//! Why nothing is predicted.

use super::place::{NotRegion, SequenceError};
use crate::diagnostic::{Diagnostic, ServiceStop};
use crate::engine::SourceError;
use crate::engine::ledger::LedgerError;
use crate::figure::FigureError;
use crate::io::bed::BedError;
use crate::io::bigwig::BigWigError;
use crate::io::fasta::FastaError;
use crate::reference_assembly::{AssemblyContradicted, ReferenceAssembly};
use crate::scoring::GeneFilesError;
use crate::track_source::TrackSourceError;
use refalt_core::nearest::{nearest, question};
use refalt_core::{Assembly, OutputType, ReferenceError, VariantError, WindowError};
use std::io;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// A prediction, a saturation mutagenesis or scores of intervals cannot be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictError {
    /// The reference cannot be used.
    #[error(transparent)]
    Reference(#[from] FastaError),
    /// The reference is needed for places.
    #[error("`{place}` is a place in a genome, and no reference is given")]
    NoReference {
        /// The place.
        place: String,
    },
    /// Bases cannot be read.
    #[error(transparent)]
    Bases(#[from] ReferenceError),
    /// The place is not understood.
    #[error(transparent)]
    Region(#[from] NotRegion),
    /// The sequence cannot be used.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
    /// The reference does not have the contig.
    #[error("the reference has no contig `{name}`; it has {has}")]
    ContigUnknown {
        /// The name.
        name: String,
        /// The contigs that it has, cut to a few.
        has: String,
    },
    /// The reference has no base of the place.
    #[error("the reference has no base of {place}; of {contig} it has {known}")]
    NotInReference {
        /// The place.
        place: String,
        /// The contig.
        contig: String,
        /// What it has of the contig.
        known: String,
    },
    /// The variant is not accepted.
    #[error("the variant `{text}` is not accepted: {reason}")]
    Rejected {
        /// The variant as written.
        text: String,
        /// Why.
        reason: String,
        /// What the user can do.
        hint: Option<String>,
    },
    /// The genome does not confirm the variant.
    #[error(transparent)]
    Variant(#[from] VariantError),
    /// The variant does not fit its window.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The file of intervals cannot be read.
    #[error(transparent)]
    Intervals(#[from] BedError),
    /// The file of intervals states another assembly than the reference has.
    #[error("the intervals in `{file}` are said to be on {said} (line {line}: {text}), the reference {known}")]
    IntervalAssembly {
        /// The file.
        file: String,
        /// The assembly that it states.
        said: Assembly,
        /// Where it states it (1-based).
        line: u64,
        /// The text of that line.
        text: String,
        /// What is known of the reference.
        known: ReferenceAssembly,
    },
    /// There is no interval.
    #[error("`{file}` has no interval")]
    NoInterval {
        /// The file.
        file: String,
    },
    /// The place is longer than the window.
    #[error("{place} has {length_bp} bp, more than the window of {window_bp} bp")]
    TooLong {
        /// The place.
        place: String,
        /// Its length in bp.
        length_bp: u32,
        /// The window in bp.
        window_bp: NonZeroU32,
    },
    /// The stretch is not within the window that was laid around another base.
    #[error("{place} does not lie in the window {window}")]
    StretchOutside {
        /// The place.
        place: String,
        /// The window, 0-based and half-open.
        window: String,
    },
    /// The window ends within what a scorer reads around a base of the stretch.
    #[error(
        "the scorer `{scorer}` reads {width_bp} bp around each base of {stretch}, and the window of {window_bp} bp \
         ends within"
    )]
    MaskOutside {
        /// The scorer's text.
        scorer: String,
        /// What it reads in bp.
        width_bp: u32,
        /// The stretch.
        stretch: String,
        /// The window in bp.
        window_bp: NonZeroU32,
        /// The least window in bp that does and that the model reads, where there is one.
        least_bp: Option<NonZeroU32>,
    },
    /// The model does not read windows of this length.
    #[error("the model `{model}` does not read windows of {length_bp} bp; it reads {allowed}")]
    WindowLength {
        /// The model.
        model: String,
        /// The length in bp.
        length_bp: NonZeroU32,
        /// What it reads.
        allowed: String,
    },
    /// A part does not lie in the window.
    #[error("{option} `{part}` does not lie in {within}")]
    PartOutside {
        /// The option.
        option: &'static str,
        /// The part.
        part: String,
        /// What it should lie in.
        within: String,
    },
    /// A name of an output type, format or term is not known.
    #[error("{what} `{found}`; known: {known}")]
    Unknown {
        /// What is not known: `unknown output type`.
        what: String,
        /// The name.
        found: String,
        /// The names there are.
        known: String,
        /// The names that may be meant.
        nearest: Vec<String>,
    },
    /// A selection of tracks is not understood, or has no tracks.
    #[error(transparent)]
    Tracks(#[from] TrackSourceError),
    /// A format cannot hold an output type.
    #[error("{format} cannot hold {output}: {why}")]
    Format {
        /// The format.
        format: &'static str,
        /// The output type.
        output: OutputType,
        /// Why, in words.
        why: &'static str,
    },
    /// The values need more memory than is allowed.
    #[error("{values} values need {} MB, more than the {} MB that are allowed", .needed >> 20, .allowed >> 20)]
    TooMuch {
        /// Number of values.
        values: u64,
        /// Memory in bytes.
        needed: u64,
        /// Memory in bytes.
        allowed: u64,
    },
    /// The model or service does not answer.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The answer lacks values.
    #[error("the answer of `{model}` lacks values of {output}, or has other tracks for the alternate allele")]
    Incomplete {
        /// The model.
        model: String,
        /// The output type.
        output: OutputType,
    },
    /// The plan of a saturation mutagenesis, or of scores of intervals, does not hold.
    #[error(transparent)]
    Plan(#[from] crate::engine::PlanError),
    /// There is no substitution in the stretch.
    #[error("the reference has no known base in {place}")]
    NothingToChange {
        /// The stretch.
        place: String,
    },
    /// The gene annotation cannot be used.
    #[error(transparent)]
    Genes(#[from] GeneFilesError),
    /// The user states another assembly than the reference has.
    #[error(transparent)]
    Contradicted(#[from] AssemblyContradicted),
    /// The folder is not free.
    #[error(transparent)]
    Folder(#[from] LedgerError),
    /// A bigWig file cannot be written.
    #[error(transparent)]
    BigWig(#[from] BigWigError),
    /// A figure cannot be drawn or written.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// A file cannot be read or written.
    #[error("cannot {action} `{path}`: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl PredictError {
    /// Says that no format has a name, and which there are.
    pub(crate) fn unknown_format<const N: usize>(found: &str, known: [&str; N]) -> Self {
        Self::Unknown {
            what: "unknown format".to_owned(),
            found: found.to_owned(),
            known: known.join(", "),
            nearest: nearest(found, known),
        }
    }

    /// Says that a file cannot be read or written.
    pub(crate) fn file(action: &'static str, path: &std::path::Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path: path.clone(),
            source,
        }
    }
}

impl Diagnostic for PredictError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Reference(error) => error.place(),
            Self::Tracks(error) => error.place(),
            Self::Genes(error) => error.place(),
            Self::Plan(error) => error.place(),
            Self::Intervals(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Reference(error) => error.hint(),
            Self::NoReference { .. } => Some("give the genome with --reference".to_owned()),
            Self::Rejected { hint, .. } => hint.clone(),
            Self::Variant(error) => error.hint(),
            Self::TooLong { .. } => Some("give a longer --window, or a shorter interval".to_owned()),
            Self::StretchOutside { .. } => Some("give a --middle nearer to it, or a longer --window".to_owned()),
            Self::MaskOutside { least_bp, .. } => Some(match least_bp {
                Some(least_bp) => format!("give --window {least_bp} or a longer one, or a shorter stretch"),
                None => "give a shorter stretch, or a scorer that reads less".to_owned(),
            }),
            Self::WindowLength { .. } => Some("give a length that the model reads with --window".to_owned()),
            Self::PartOutside { .. } => Some("give a longer --window, or a part of it".to_owned()),
            Self::Unknown { nearest, .. } => question(nearest),
            Self::Tracks(error) => error.hint(),
            Self::Format { .. } => {
                Some("choose other output types with --outputs, or --format npz or parquet for this one".to_owned())
            }
            Self::TooMuch { .. } => {
                Some("choose fewer tracks with --tracks or --ontology, or a part of the window with --span".to_owned())
            }
            Self::Source(error) => error.hint(),
            Self::Intervals(error) => error.hint(),
            Self::IntervalAssembly { said, .. } => Some(format!("give the {said} reference, or lift the intervals")),
            Self::Plan(error) => error.hint(),
            Self::Genes(error) => error.hint(),
            Self::Contradicted(error) => Some(error.hint()),
            Self::Folder(error) => error.hint(),
            Self::BigWig(error) => error.hint(),
            Self::Figure(error) => error.hint(),
            _ => None,
        }
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Tracks(error) => error.is_usage(),
            Self::Plan(error) => error.is_usage(),
            Self::NoReference { .. }
            | Self::Region(_)
            | Self::ContigUnknown { .. }
            | Self::NotInReference { .. }
            | Self::NothingToChange { .. }
            | Self::Rejected { .. }
            | Self::Variant(_)
            | Self::Window(_)
            | Self::TooLong { .. }
            | Self::StretchOutside { .. }
            | Self::MaskOutside { .. }
            | Self::WindowLength { .. }
            | Self::PartOutside { .. }
            | Self::Unknown { .. }
            | Self::Format { .. }
            | Self::TooMuch { .. }
            | Self::Contradicted(_) => true,
            Self::Sequence(error) => !matches!(error, SequenceError::Io { .. }),
            _ => false,
        }
    }

    fn service_stop(&self) -> Option<ServiceStop> {
        match self {
            Self::Source(error) => error.service_stop(),
            _ => None,
        }
    }
}
