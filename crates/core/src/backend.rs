//! Models: one reference sequence and k alternate sequences in, predicted tracks out.

use crate::align::Alignment;
use crate::annotation::SpliceSiteClass;
use crate::dna::Sequence;
use crate::prediction::Outputs;
use crate::track::{BinSpans, OutputType, TrackSet};
use crate::window::{Offset, Window};
use std::fmt;
use std::num::NonZeroU32;

/// What is known of a model, recorded with every result.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelCard {
    /// Name, `motif-jaspar2024`.
    pub name: String,
    /// Version of the model.
    pub version: String,
    /// Digest of the weights or matrices, `sha256:...`.
    pub digest: String,
    /// Organism, `Homo sapiens`.
    pub organism: String,
    /// Terms under which results may be used.
    pub licence: String,
    /// Whom to cite.
    pub citation: String,
    /// Window lengths the model reads.
    pub lengths: WindowLengths,
    /// The outputs with their tracks.
    pub outputs: Vec<TrackSet>,
}

impl ModelCard {
    /// Returns the tracks of an output type, `None` when the model does not give it.
    pub fn tracks(&self, output: OutputType) -> Option<&TrackSet> {
        self.outputs.iter().find(|tracks| tracks.output == output)
    }
}

/// Window lengths that a model reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowLengths {
    /// Just these, in bp.
    OneOf(Vec<NonZeroU32>),
    /// Every multiple of `step` between `least` and `most`, in bp.
    Multiples {
        /// The step in bp.
        step: NonZeroU32,
        /// The least length in bp.
        least: NonZeroU32,
        /// The greatest length in bp.
        most: NonZeroU32,
    },
}

impl WindowLengths {
    /// Says whether the model reads windows of this length in bp.
    pub fn allow(&self, length: NonZeroU32) -> bool {
        match self {
            Self::OneOf(lengths) => lengths.contains(&length),
            Self::Multiples { step, least, most } => {
                (least..=most).contains(&&length) && length.get().is_multiple_of(step.get())
            }
        }
    }
}

impl fmt::Display for WindowLengths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(lengths) => {
                let lengths: Vec<String> = lengths.iter().map(ToString::to_string).collect();
                f.write_str(&lengths.join(", "))
            }
            Self::Multiples { step, least, most } => write!(f, "multiples of {step} from {least} to {most}"),
        }
    }
}

/// The part of an output that is wanted: a model crops early, so that a megabase of thousands of tracks is never
/// made because somebody wanted 501 bases.
///
/// The prediction may have more bins than asked for, never fewer; it has those of REF and ALT alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputRequest {
    /// The output type.
    pub output: OutputType,
    /// The bins, at the model's resolution for this output: several spans where a scorer reads exons, one with all bins
    /// for the whole window. Of a contact map these are columns; the rows are always all bins. For junctions they are the
    /// bases where a model that chooses candidate sites itself looks for them; it may answer with sites elsewhere.
    pub spans: BinSpans,
}

impl OutputRequest {
    /// Joins requests, so that each output is asked for once.
    pub fn joined(requests: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut joined: Vec<Self> = Vec::new();
        for request in requests {
            match joined.iter_mut().find(|other| other.output == request.output) {
                Some(other) => other.spans = other.spans.union(&request.spans),
                None => joined.push(request),
            }
        }
        joined
    }
}

/// One reference sequence and its alternates.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Where the sequences lie; the alternates are as long as the window, too.
    pub window: &'a Window,
    /// The reference sequence.
    pub reference: &'a Sequence,
    /// The alternate sequences, possibly none.
    pub alternates: &'a [Sequence],
    /// How the bases of each alternate lie on those of the reference; none at all where they do so base by base.
    pub alignments: &'a [Alignment],
    /// Annotated splice sites, which are candidates whatever the model makes of them.
    pub known_sites: &'a [(Offset, SpliceSiteClass)],
    /// The outputs wanted, each type at most once.
    pub outputs: &'a [OutputRequest],
    /// Whether somebody still waits for the answer.
    pub abandoned: Abandoned<'a>,
}

/// Says whether nobody waits for an answer any more; a model that takes seconds asks now and then, and gives up.
#[derive(Clone, Copy, Default)]
pub struct Abandoned<'a>(Option<&'a (dyn Fn() -> bool + Sync)>);

impl<'a> Abandoned<'a> {
    /// Somebody waits.
    pub const NEVER: Self = Self(None);

    /// Nobody waits once `says` returns true.
    pub const fn when(says: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self(Some(says))
    }

    /// Says whether nobody waits.
    pub fn is_so(self) -> bool {
        self.0.is_some_and(|says| says())
    }
}

impl fmt::Debug for Abandoned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Abandoned").field(&self.is_so()).finish()
    }
}

/// The outputs of one query.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Prediction for the reference sequence.
    pub reference: Outputs,
    /// Predictions for the alternates, in the order of the query.
    pub alternates: Vec<Outputs>,
}

/// A model did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The model does not give the output.
    #[error("the model `{model}` does not give {output}")]
    OutputUnknown {
        /// The model.
        model: String,
        /// The output type asked for.
        output: OutputType,
    },
    /// The model does not read windows of this length.
    #[error("the model `{model}` does not read windows of {length} bp; it reads {allowed}")]
    LengthUnknown {
        /// The model.
        model: String,
        /// The length asked for, in bp.
        length: NonZeroU32,
        /// The lengths it reads, as text.
        allowed: String,
    },
    /// This query failed; others may not.
    #[error("the model `{model}` failed on {window}: {reason}")]
    Query {
        /// The model.
        model: String,
        /// The window of the query.
        window: String,
        /// The cause in words.
        reason: String,
    },
    /// Nobody waits for the answer any more.
    #[error("the model `{model}` gave up on {window}: nobody waits for the answer any more")]
    Abandoned {
        /// The model.
        model: String,
        /// The window of the query.
        window: String,
    },
    /// Every query fails until somebody acts.
    #[error("the model `{model}` failed: {reason}")]
    Fatal {
        /// The model.
        model: String,
        /// The cause in words.
        reason: String,
    },
}

impl BackendError {
    /// Says whether the run has to stop; otherwise the failure is one variant's.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Fatal { .. })
    }
}

/// A model that reads sequences.
///
/// Answers are deterministic: the same query gives the same bits, alone or in a batch, from any thread.
pub trait Backend: Send + Sync {
    /// Returns what is known of the model.
    fn card(&self) -> &ModelCard;

    /// Says whether a prediction takes seconds, on as many threads as the model has: predictions then follow one another, and
    /// whoever asks keeps results after few of them.
    fn is_slow(&self) -> bool {
        false
    }

    /// Answers each query, in order; the failure of one is its own.
    fn predict(&self, queries: &[Query<'_>]) -> Vec<Result<Answer, BackendError>>;
}
