//! Why a message is not what the protocol says.

use crate::tensor::TensorError;
use refalt_core::OutputType;
use refalt_core::scorer::ScorerTextError;

/// A message of the service is not what the protocol says, or not the answer to what was asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// An array is not what its header says.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// A message has none of its alternatives.
    #[error("a message is empty where {expected} is expected")]
    Empty {
        /// What is expected.
        expected: &'static str,
    },
    /// A field that is always there is missing.
    #[error("{field} is missing")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A number of an enumeration is not in use, or 0.
    #[error("`{found}` is no {kind}")]
    Number {
        /// What it should be.
        kind: &'static str,
        /// The number found.
        found: i64,
    },
    /// A position is not on any contig.
    #[error("{what} {start}-{end} is no span of bases")]
    Span {
        /// What it should be.
        what: &'static str,
        /// Its start (0-based).
        start: i64,
        /// Its end (0-based, exclusive).
        end: i64,
    },
    /// An array has another shape than what it is about.
    #[error("an array of shape {found:?} where {expected} is expected")]
    Shape {
        /// The shape found.
        found: Vec<usize>,
        /// The shape expected, in words.
        expected: String,
    },
    /// A list of numbers has another size than its shape.
    #[error("{found} bytes of {field} where the shape makes {expected}")]
    Bytes {
        /// What the numbers are.
        field: &'static str,
        /// Bytes found.
        found: usize,
        /// Bytes expected.
        expected: usize,
    },
    /// An array has another type of elements.
    #[error("an array of {found} where float32 is expected")]
    ElementType {
        /// The type found.
        found: &'static str,
    },
    /// The answer is about something else.
    #[error("the answer is about {what} `{found}`, asked was `{asked}`")]
    Other {
        /// What is compared.
        what: &'static str,
        /// What the answer is about.
        found: String,
        /// What was asked.
        asked: String,
    },
    /// There are more or fewer answers than scorers.
    #[error("{found} answers for {asked} scorers")]
    Answers {
        /// Answers found.
        found: usize,
        /// Scorers asked for.
        asked: usize,
    },
    /// A scorer is not one of the published ones.
    #[error("`{text}` is no published scorer: {problem}")]
    Scorer {
        /// The scorer's text, as far as it can be written.
        text: String,
        /// What is wrong with it, and what is allowed.
        problem: ScorerTextError,
    },
    /// An answer has other tracks than the model is known to have.
    #[error("the {output} tracks of an answer are not those of the service's metadata: {difference}")]
    Tracks {
        /// The output type.
        output: OutputType,
        /// The first difference, in words.
        difference: String,
    },
}
