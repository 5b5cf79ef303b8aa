//! What the service answers, checked against what was asked.

mod predicted;
mod recorded;
mod scored;

pub use predicted::{PredictedJunctions, PredictedOutput, PredictedTracks};
pub use scored::{ScoredTracks, SubstitutionScores};

pub(crate) use predicted::{PredictReader, VariantPredictReader};
pub(crate) use recorded::{Recording, Records, is_prediction, read_one, read_variant};
pub(crate) use scored::{Asked, IsmReader, MetadataReader, ScoreReader};

use crate::wire_error::WireError;

/// Reads the messages of one answer.
pub(crate) trait AnswerReader {
    /// A message.
    type Message: prost::Message + Default + 'static;
    /// The whole answer.
    type Answer;

    /// Takes the next message.
    fn take(&mut self, message: Self::Message) -> Result<(), WireError>;

    /// Ends the answer.
    fn end(self) -> Result<Self::Answer, WireError>;
}
