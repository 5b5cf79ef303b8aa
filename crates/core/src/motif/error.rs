//! Why a motif or a request on it is refused.

use thiserror::Error;

/// A matrix, a background or a request that has no meaning.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum MotifError {
    /// A matrix without columns.
    #[error("the motif has no positions")]
    Empty,

    /// A cell that is negative, infinite or not a number.
    #[error("position {position} has `{value}` for base `{base}`, not a number of at least 0")]
    Cell {
        /// Position in the motif, 1-based.
        position: usize,
        /// A, C, G or T.
        base: char,
        /// The value found.
        value: f64,
    },

    /// A position at which no base was counted.
    #[error("position {position} has a total of 0 over A, C, G and T")]
    EmptyPosition {
        /// Position in the motif, 1-based.
        position: usize,
    },

    /// Frequencies that do not sum to one.
    #[error("the frequencies of position {position} sum to `{sum}`, not to 1 within {tolerance}")]
    FrequencySum {
        /// Position in the motif, 1-based.
        position: usize,
        /// The sum found.
        sum: f64,
        /// The largest difference from 1 that is taken for rounding.
        tolerance: f64,
    },

    /// A background that is no distribution over four possible bases.
    #[error(
        "background frequencies `{}, {}, {}, {}` (A, C, G, T) are not four numbers above 0 that sum to 1 within {tolerance}",
        frequencies[0], frequencies[1], frequencies[2], frequencies[3]
    )]
    Background {
        /// The frequencies given, A, C, G, T.
        frequencies: [f64; 4],
        /// The largest difference of the sum from 1 that is taken for rounding.
        tolerance: f64,
    },

    /// A pseudocount that is negative, infinite or not a number.
    #[error("pseudocount `{value}` is not a number of at least 0")]
    Pseudocount {
        /// The value given.
        value: f64,
    },

    /// A probability outside (0, 1].
    #[error("p-value `{value}` is not above 0 and at most 1")]
    Probability {
        /// The value given.
        value: f64,
    },

    /// A motif whose every word is impossible.
    #[error("no word has a score above minus infinity with motif `{accession}`")]
    Impossible {
        /// Accession of the motif.
        accession: String,
    },

    /// A motif with a word of odds too high to multiply.
    #[error(
        "the best word of motif `{accession}` has log2 odds of `{bits}`; the occupancy model takes at most {limit}"
    )]
    TooStrong {
        /// Accession of the motif.
        accession: String,
        /// Its highest score in bits.
        bits: f64,
        /// The highest score taken, in bits.
        limit: f64,
    },

    /// A span of bins that reaches outside the sequence.
    #[error("bins {first}..{end} of {resolution} bp reach outside the sequence of {length} bases")]
    Bins {
        /// First bin asked for, 0-based.
        first: usize,
        /// One past the last bin asked for.
        end: usize,
        /// Bases per bin.
        resolution: usize,
        /// Bases in the sequence.
        length: usize,
    },
}

impl MotifError {
    /// Returns what the user can do about the error, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Empty => "give a matrix with at least one position",
            Self::Cell { .. } => "counts and frequencies are numbers of at least 0",
            Self::EmptyPosition { .. } => {
                "remove the position, or fill it with equal counts if any base is accepted there"
            }
            Self::FrequencySum { .. } => {
                "if the matrix holds counts, give it in a count format (JASPAR, PFM, TRANSFAC)"
            }
            Self::Background { .. } => "give A, C, G and T, for example `0.25, 0.25, 0.25, 0.25`",
            Self::Pseudocount { .. } => "the usual pseudocount is 0.8 in all, 0.2 for each base",
            Self::Probability { .. } => "a common threshold is 1e-4",
            Self::Impossible { .. } => "use a pseudocount above 0",
            Self::TooStrong { .. } => "trim positions of low information from the ends of the motif",
            Self::Bins { .. } => return None,
        };
        Some(text.to_owned())
    }
}
