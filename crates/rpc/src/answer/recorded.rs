//! Predictions that are recorded while they are read, and read back from what was recorded.

use super::AnswerReader;
use super::predicted::{OneSequence, PredictReader, PredictedOutput, VariantPredictReader};
use crate::cache::{Question, Recorded, Recorder, replay};
use crate::proto;
use crate::tensor::Limits;
use crate::wire_error::WireError;
use refalt_core::{OutputType, RefAlt};

/// A message of an answer to predicting.
pub(crate) trait PredictionMessage: prost::Message {
    /// Returns the output type that begins with the message; `None` for a chunk of the one before.
    fn begins(&self) -> Option<i32>;
}

macro_rules! prediction_message {
    ($($message:ident, $module:ident, $($begin:ident)|+);+ $(;)?) => {
        $(impl PredictionMessage for proto::$message {
            fn begins(&self) -> Option<i32> {
                match &self.payload {
                    $(Some(proto::$module::Payload::$begin(output)) => Some(output.output_type),)+
                    _ => None,
                }
            }
        })+
    };
}

prediction_message! {
    PredictSequenceResponse, predict_sequence_response, Output;
    PredictIntervalResponse, predict_interval_response, Output;
    PredictVariantResponse, predict_variant_response, ReferenceOutput | AlternateOutput;
}

/// Records of the output types of one answer.
pub(crate) type Records = Vec<(OutputType, Recorded)>;

/// Reads an answer and records its messages, by output type.
pub(crate) struct Recording<R> {
    reader: R,
    most_bytes: Option<u64>,
    recorders: Vec<(OutputType, Recorder)>,
    current: Option<usize>,
}

impl<R> Recording<R> {
    /// Opens an answer.
    ///
    /// * `most_bytes`: of the record of each output type; `None` to record nothing.
    pub(crate) fn new(reader: R, most_bytes: Option<u64>) -> Self {
        Self {
            reader,
            most_bytes,
            recorders: Vec::new(),
            current: None,
        }
    }

    fn record(&mut self, message: &impl PredictionMessage) {
        let Some(most) = self.most_bytes else { return };
        if let Some(number) = message.begins() {
            // One that the protocol does not have is refused by the reader.
            let Ok(output) = crate::genome::output(number) else {
                return;
            };
            let known = self.recorders.iter().position(|(other, _)| *other == output);
            self.current = Some(known.unwrap_or_else(|| {
                self.recorders.push((output, Recorder::new(most)));
                self.recorders.len() - 1
            }));
        }
        if let Some(current) = self.current {
            self.recorders[current].1.record(message);
        }
    }
}

impl<R: AnswerReader> AnswerReader for Recording<R>
where
    R::Message: PredictionMessage,
{
    type Message = R::Message;
    type Answer = (R::Answer, Records);

    fn take(&mut self, message: R::Message) -> Result<(), WireError> {
        self.record(&message);
        self.reader.take(message)
    }

    fn end(self) -> Result<Self::Answer, WireError> {
        let answer = self.reader.end()?;
        let records = self.recorders.into_iter();
        Ok((
            answer,
            records.map(|(output, recorder)| (output, recorder.finish())).collect(),
        ))
    }
}

fn read<R: AnswerReader>(mut reader: R, bytes: &[u8]) -> Option<R::Answer> {
    replay(bytes, |message| reader.take(message).ok())?;
    reader.end().ok()
}

/// Reads a recorded prediction for one sequence.
pub(crate) fn read_one<M: OneSequence>(bytes: &[u8], limits: Limits) -> Option<Vec<PredictedOutput>> {
    read(PredictReader::<M>::new(limits), bytes)
}

/// Reads a recorded prediction with both alleles.
pub(crate) fn read_variant(bytes: &[u8], limits: Limits) -> Option<RefAlt<Vec<PredictedOutput>>> {
    read(VariantPredictReader::new(limits), bytes)
}

/// Says whether bytes are a prediction that answers a question.
pub(crate) fn is_prediction(question: &Question, bytes: &[u8]) -> bool {
    let limits = Limits::default();
    match question.method() {
        "PredictSequence" => read_one::<proto::PredictSequenceResponse>(bytes, limits).is_some(),
        "PredictInterval" => read_one::<proto::PredictIntervalResponse>(bytes, limits).is_some(),
        "PredictVariant" => read_variant(bytes, limits).is_some(),
        _ => false,
    }
}
