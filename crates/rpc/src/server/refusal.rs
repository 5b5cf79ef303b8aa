//! Why a request is not answered, and the status that says so.
//!
//! RESOURCE_EXHAUSTED and UNAVAILABLE make published clients try again, so they are kept for what passes by itself.

use crate::policy::retry_info;
use crate::wire_error::WireError;
use refalt_core::abbreviation::abbreviated;
use refalt_core::normalize::VariantError;
use refalt_core::reference::ReferenceError;
use refalt_core::scorer::ScoreError;
use refalt_core::stranded_merge::UnpairedTracks;
use refalt_core::{BackendError, OutputType};
use std::time::Duration;
use tonic::{Code, Status};

/// A request is not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A stream of requests ends before the first one.
    #[error("the stream ended without a request")]
    NoRequest,
    /// A field that is needed is not set.
    #[error("the field `{field}` is not set")]
    FieldMissing {
        /// The field.
        field: &'static str,
    },
    /// A field cannot be read.
    #[error("the request cannot be read: {0}")]
    Wire(#[from] WireError),
    /// The model is of another organism.
    #[error("the organism `{asked}` is not served; the model `{model}` is of {has}")]
    Organism {
        /// What is asked for: its name in the protocol, or its number.
        asked: String,
        /// The model.
        model: String,
        /// Its organism.
        has: String,
    },
    /// Another version of the model is asked for.
    #[error("the model version `{asked}` is not served; leave it empty or ask for `{has}` of `{model}`")]
    ModelVersion {
        /// The version asked for.
        asked: String,
        /// The model.
        model: String,
        /// Its version.
        has: String,
    },
    /// Predictions of no output type are asked for.
    #[error("no output type is requested; the model gives {has}")]
    NoOutput {
        /// The output types of the model.
        has: String,
    },
    /// The model does not give an output type.
    #[error("the model `{model}` does not give {output}; it gives {has}")]
    OutputUnknown {
        /// The model.
        model: String,
        /// The output type asked for.
        output: OutputType,
        /// The output types of the model.
        has: String,
    },
    /// A request has no scorer, or too many.
    #[error("{found} scorers in one request; a request has 1 to {most}")]
    ScorerCount {
        /// Scorers found.
        found: usize,
        /// The most a request may have.
        most: usize,
    },
    /// The model, or what is known of genes, cannot serve a scorer.
    #[error("`{scorer}` is not served: {lacks}; served are {served}")]
    Scorer {
        /// The scorer's text.
        scorer: String,
        /// What is missing, in words.
        lacks: String,
        /// The recommended scorers that are served.
        served: String,
    },
    /// The reference has no such contig.
    #[error("the reference has no contig `{contig}`; its first contigs are {}", .available.join(", "))]
    ContigUnknown {
        /// The contig as written.
        contig: String,
        /// What the reference calls its first contigs.
        available: Vec<String>,
    },
    /// An interval has no base, or lies nowhere.
    #[error("the interval {interval} is inverted, empty, longer than any contig or on none")]
    Interval {
        /// The interval.
        interval: String,
    },
    /// Nothing is known of any base of an interval.
    #[error("the reference knows no base of the interval {interval}")]
    NothingKnown {
        /// The interval.
        interval: String,
    },
    /// The model does not read sequences of such a length.
    #[error("sequence length {length} is not supported by the model `{model}`; it reads {allowed}")]
    Length {
        /// The model.
        model: String,
        /// The length asked for, in bp.
        length: usize,
        /// The lengths it reads, as text.
        allowed: String,
    },
    /// A sequence has letters other than A, C, G, T and N.
    #[error("the sequence has the letter `{found}` at its base {place}; only A, C, G, T and N are read")]
    Letter {
        /// The letter.
        found: char,
        /// Its place (1-based).
        place: usize,
    },
    /// A variant is not accepted.
    #[error(transparent)]
    Variant(#[from] VariantError),
    /// An allele has letters that no sequence has.
    #[error("the {allele} allele has letters other than A, C, G, T and N")]
    Allele {
        /// Which allele.
        allele: &'static str,
    },
    /// A position that is on no contig.
    #[error("the position {position} is on no contig; positions count from 1")]
    Position {
        /// The position as written (1-based).
        position: i64,
    },
    /// Something lies on another contig than the interval, or outside it.
    #[error("{what} does not lie in the interval {interval}")]
    Outside {
        /// What, in words.
        what: String,
        /// The interval.
        interval: String,
    },
    /// A stretch of substitutions is too wide.
    #[error("the ism_interval has {found} bases; a request has 1 to {most}, wider ones are cut by the client")]
    IsmWidth {
        /// Bases found.
        found: i64,
        /// The most a request may have.
        most: i64,
    },
    /// A base to substitute is not known.
    #[error("the reference has no A, C, G or T at {place}, so nothing can be substituted there")]
    BaseUnknown {
        /// The base, `chr1:5` (1-based).
        place: String,
    },
    /// Substitutions beside an insertion or deletion.
    #[error("interval_variant {variant} changes the length of the sequence; only substitutions are applied")]
    IntervalVariant {
        /// The variant.
        variant: String,
    },
    /// The reference cannot be read.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The model fails.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A scorer cannot be applied.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// Tracks of the two strands are no pairs.
    #[error("merge_stranded_gene_tracks: {0}")]
    Unpaired(#[from] UnpairedTracks),
    /// An array cannot be packed.
    #[error("an array cannot be packed: {0}")]
    Pack(#[from] std::io::Error),
    /// Something that holds by construction does not.
    #[error("{what}")]
    Internal {
        /// What, in words.
        what: String,
    },
    /// The key is missing or another.
    #[error("the key in `x-goog-api-key` is missing or is not the one of this server")]
    Key,
    /// All places in the queue are taken.
    #[error("{admitted} requests are being answered or waiting, the most this server takes; try again in {} s", .wait.as_secs_f64())]
    Busy {
        /// The most requests at once.
        admitted: usize,
        /// How long to wait.
        wait: Duration,
    },
    /// The server is about to end.
    #[error("the server is stopping")]
    Stopping,
    /// The client has gone away.
    #[error("the call was cancelled")]
    Cancelled,
    /// The client does not read its answer.
    #[error("the client read nothing for {} s", .patience.as_secs())]
    NotRead {
        /// How long the server waited.
        patience: Duration,
    },
}

impl Refusal {
    /// Returns the code of the status.
    pub fn code(&self) -> Code {
        match self {
            Self::ContigUnknown { .. } | Self::Variant(VariantError::ContigUnknown { .. }) => Code::NotFound,
            Self::IntervalVariant { .. } => Code::Unimplemented,
            Self::Reference(_) | Self::Variant(VariantError::Reference(_)) => Code::Internal,
            Self::Backend(error) => match error {
                BackendError::OutputUnknown { .. } | BackendError::LengthUnknown { .. } => Code::InvalidArgument,
                BackendError::Abandoned { .. } => Code::Cancelled,
                _ => Code::Internal,
            },
            Self::Score(error) => match error {
                ScoreError::Outside { .. } | ScoreError::TooWide(_) | ScoreError::AnnotationMissing { .. } => {
                    Code::InvalidArgument
                }
                _ => Code::Internal,
            },
            Self::Pack(_) | Self::Internal { .. } => Code::Internal,
            Self::Key => Code::Unauthenticated,
            Self::Busy { .. } => Code::ResourceExhausted,
            Self::Stopping => Code::Unavailable,
            Self::Cancelled => Code::Cancelled,
            Self::NotRead { .. } => Code::DeadlineExceeded,
            _ => Code::InvalidArgument,
        }
    }
}

/// Bytes of a status message at most: it travels in a header, and clients take 8 KiB of these, in percent-encoding.
const MOST_MESSAGE_BYTES: usize = 2_000;

/// Makes a status whose message every client receives: long alleles shortened, and cut where it is too long all the same.
pub(crate) fn status(code: Code, message: &str) -> Status {
    Status::new(code, brief(message))
}

fn brief(message: &str) -> String {
    let short = abbreviated(message);
    match short
        .char_indices()
        .map(|(place, _)| place)
        .find(|&place| place > MOST_MESSAGE_BYTES)
    {
        Some(end) => format!("{}...", &short[..end]),
        None => short.into_owned(),
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let (code, message) = (refusal.code(), brief(&refusal.to_string()));
        match refusal {
            Refusal::Busy { wait, .. } => Self::with_details(code, &message, retry_info(code, &message, wait).into()),
            _ => Self::new(code, message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::StatusDetails;

    #[test]
    fn only_what_passes_by_itself_makes_clients_try_again() {
        let busy = Status::from(Refusal::Busy {
            admitted: 5,
            wait: Duration::from_secs(2),
        });
        assert_eq!(busy.code(), Code::ResourceExhausted);
        assert_eq!(StatusDetails::of(&busy).wait, Some(Duration::from_secs(2)));
        assert!(busy.message().contains("try again in 2 s"), "{}", busy.message());
        assert_eq!(Status::from(Refusal::Stopping).code(), Code::Unavailable);
        let fatal = BackendError::Fatal {
            model: "m".to_owned(),
            reason: "r".to_owned(),
        };
        assert_eq!(Refusal::from(fatal).code(), Code::Internal);
    }

    #[test]
    fn a_message_fits_into_a_header() {
        let allele = "ACGT".repeat(5_000);
        let long = Status::from(Refusal::Outside {
            what: format!("chr1:5:{allele}>A"),
            interval: "chr1:0-16384".to_owned(),
        });
        assert_eq!(long.code(), Code::InvalidArgument);
        assert!(long.message().contains("(20000 letters)"), "{}", long.message());
        assert!(long.message().ends_with("does not lie in the interval chr1:0-16384"));
        let many = status(Code::NotFound, &"word ".repeat(10_000));
        assert!(many.message().len() < 2_100 && many.message().ends_with("..."));
    }
}
