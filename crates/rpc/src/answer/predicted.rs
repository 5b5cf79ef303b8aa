//! Answers to predicting.

use super::AnswerReader;
use crate::assembly::Assembly;
use crate::genome::{output, span, strand};
use crate::proto::{self, output::Payload};
use crate::tensor::{Array, Limits, Values};
use crate::track_metadata::{junction_track, track};
use crate::wire_error::WireError;
use refalt_core::{Interval, OutputType, RefAlt, Resolution, Strand, Track, TrackSet};

/// Predictions of one output type.
#[derive(Clone, Debug, PartialEq)]
pub enum PredictedOutput {
    /// Over bins, contact maps among them.
    Tracks(PredictedTracks),
    /// Over junctions.
    Junctions(PredictedJunctions),
    /// A bare array.
    Bare {
        /// The output type.
        output: OutputType,
        /// The array.
        array: Array,
    },
}

/// Predictions over bins.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictedTracks {
    /// The tracks, the last axis.
    pub tracks: TrackSet,
    /// Sizes of the axes before the last: bins, or bins x bins of a contact map.
    pub bins: Vec<usize>,
    /// Size of a bin in bp.
    pub bin_bp: u32,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// Predictions over junctions.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictedJunctions {
    /// The tracks.
    pub tracks: TrackSet,
    /// The junctions: intron (0-based, half-open) and strand.
    pub junctions: Vec<(Interval, Option<Strand>)>,
    /// Values, `[junctions x tracks]`, row-major.
    pub values: Vec<f32>,
}

impl PredictedOutput {
    /// Returns the output type.
    pub fn output(&self) -> OutputType {
        match self {
            Self::Tracks(tracks) => tracks.tracks.output,
            Self::Junctions(junctions) => junctions.tracks.output,
            Self::Bare { output, .. } => *output,
        }
    }
}

fn floats(array: Array) -> Result<Vec<f32>, WireError> {
    match array.into_values() {
        Values::Float32(values) => Ok(values),
        other => Err(WireError::ElementType { found: other.kind() }),
    }
}

/// Takes the header of the array out of an output.
fn header(output: &mut proto::Output) -> Result<proto::Tensor, WireError> {
    let header = match &mut output.payload {
        Some(Payload::TrackData(data)) => data.values.take(),
        Some(Payload::JunctionData(data)) => data.values.take(),
        Some(Payload::Data(tensor)) => Some(std::mem::take(tensor)),
        None => return Err(WireError::Empty { expected: "an output" }),
    };
    header.ok_or(WireError::Missing {
        field: "the array of an output",
    })
}

fn predicted(message: proto::Output, array: Array) -> Result<PredictedOutput, WireError> {
    let output = output(message.output_type)?;
    let shape = array.shape().to_vec();
    let wrong = |expected: String| WireError::Shape {
        found: shape.clone(),
        expected,
    };
    match message.payload {
        None => Err(WireError::Empty { expected: "an output" }),
        Some(Payload::Data(_)) => Ok(PredictedOutput::Bare { output, array }),
        Some(Payload::TrackData(data)) => {
            let tracks: Vec<Track> = data.metadata.into_iter().map(track).collect::<Result<_, _>>()?;
            let bin = data.resolution.unwrap_or(1);
            let resolution = [Resolution::BP_1, Resolution::BP_128, Resolution::BP_2048];
            let resolution = resolution.into_iter().find(|known| i64::from(known.bp()) == bin);
            let resolution = resolution.ok_or(WireError::Number {
                kind: "size of a bin",
                found: bin,
            })?;
            let Some((&last, bins)) = shape
                .split_last()
                .filter(|(last, bins)| **last == tracks.len() && !bins.is_empty())
            else {
                return Err(wrong(format!("[bins, {}]", tracks.len())));
            };
            if bins.windows(2).any(|pair| pair[0] != pair[1]) {
                return Err(wrong(format!("[bins, bins, {last}]")));
            }
            if let Some(interval) = data.interval {
                strand(interval.strand)?;
                let width = interval.end.saturating_sub(interval.start);
                let covered = i64::try_from(bins[0]).ok().and_then(|bins| bins.checked_mul(bin));
                if covered != Some(width) {
                    return Err(wrong(format!("bins of {bin} bp over {width} bp")));
                }
            }
            Ok(PredictedOutput::Tracks(PredictedTracks {
                tracks: TrackSet {
                    output,
                    resolution,
                    tracks: tracks.into(),
                },
                bins: bins.to_vec(),
                bin_bp: resolution.bp(),
                values: floats(array)?,
            }))
        }
        Some(Payload::JunctionData(data)) => {
            let tracks: Vec<Track> = data
                .metadata
                .into_iter()
                .map(junction_track)
                .collect::<Result<_, _>>()?;
            let junction = |junction: proto::Interval| {
                Ok((
                    span("junction", junction.start, junction.end)?,
                    strand(junction.strand)?,
                ))
            };
            let junctions: Vec<_> = data
                .junctions
                .into_iter()
                .map(junction)
                .collect::<Result<_, WireError>>()?;
            if shape != [junctions.len(), tracks.len()] {
                return Err(wrong(format!("[{}, {}]", junctions.len(), tracks.len())));
            }
            Ok(PredictedOutput::Junctions(PredictedJunctions {
                tracks: TrackSet {
                    output,
                    resolution: output.resolution(),
                    tracks: tracks.into(),
                },
                junctions,
                values: floats(array)?,
            }))
        }
    }
}

/// Keeps outputs in the order of output types, a later one of a type in place of an earlier one.
fn keep(outputs: &mut Vec<PredictedOutput>, output: PredictedOutput) {
    outputs.retain(|other| other.output() != output.output());
    outputs.push(output);
    outputs.sort_by_key(PredictedOutput::output);
}

/// A message of an answer about one sequence.
pub(crate) trait OneSequence: prost::Message + Default + 'static {
    fn part(self) -> Option<Result<proto::Output, proto::TensorChunk>>;
}

macro_rules! one_sequence {
    ($response:ty, $module:ident) => {
        impl OneSequence for $response {
            fn part(self) -> Option<Result<proto::Output, proto::TensorChunk>> {
                Some(match self.payload? {
                    proto::$module::Payload::Output(output) => Ok(output),
                    proto::$module::Payload::TensorChunk(chunk) => Err(chunk),
                })
            }
        }
    };
}

one_sequence!(proto::PredictSequenceResponse, predict_sequence_response);
one_sequence!(proto::PredictIntervalResponse, predict_interval_response);

const PART: WireError = WireError::Empty {
    expected: "an output or a chunk",
};

/// Reads predictions for one sequence.
pub(crate) struct PredictReader<R> {
    assembly: Assembly<proto::Output>,
    outputs: Vec<PredictedOutput>,
    message: std::marker::PhantomData<fn(R)>,
}

impl<R> PredictReader<R> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            assembly: Assembly::new(limits),
            outputs: Vec::new(),
            message: std::marker::PhantomData,
        }
    }
}

impl<R: OneSequence> AnswerReader for PredictReader<R> {
    type Message = R;
    type Answer = Vec<PredictedOutput>;

    fn take(&mut self, message: R) -> Result<(), WireError> {
        let whole = match message.part().ok_or(PART)? {
            Err(chunk) => self.assembly.chunk(&chunk)?,
            Ok(mut output) => {
                let header = header(&mut output)?;
                self.assembly.output(output, header)?
            }
        };
        if let Some((output, array)) = whole {
            keep(&mut self.outputs, predicted(output, array)?);
        }
        Ok(())
    }

    fn end(self) -> Result<Self::Answer, WireError> {
        self.assembly.end()?;
        Ok(self.outputs)
    }
}

/// Reads predictions with the reference and the alternate allele.
pub(crate) struct VariantPredictReader {
    assembly: Assembly<(bool, proto::Output)>,
    outputs: RefAlt<Vec<PredictedOutput>>,
}

impl VariantPredictReader {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            assembly: Assembly::new(limits),
            outputs: RefAlt {
                reference: Vec::new(),
                alternate: Vec::new(),
            },
        }
    }
}

impl AnswerReader for VariantPredictReader {
    type Message = proto::PredictVariantResponse;
    type Answer = RefAlt<Vec<PredictedOutput>>;

    fn take(&mut self, message: proto::PredictVariantResponse) -> Result<(), WireError> {
        use proto::predict_variant_response::Payload as Part;
        let (is_reference, mut output) = match message.payload.ok_or(PART)? {
            Part::ReferenceOutput(output) => (true, output),
            Part::AlternateOutput(output) => (false, output),
            Part::TensorChunk(chunk) => {
                let whole = self.assembly.chunk(&chunk)?;
                return self.keep(whole);
            }
        };
        let header = header(&mut output)?;
        let whole = self.assembly.output((is_reference, output), header)?;
        self.keep(whole)
    }

    fn end(self) -> Result<Self::Answer, WireError> {
        self.assembly.end()?;
        Ok(self.outputs)
    }
}

impl VariantPredictReader {
    fn keep(&mut self, whole: Option<((bool, proto::Output), Array)>) -> Result<(), WireError> {
        if let Some(((is_reference, output), array)) = whole {
            let outputs = if is_reference {
                &mut self.outputs.reference
            } else {
                &mut self.outputs.alternate
            };
            keep(outputs, predicted(output, array)?);
        }
        Ok(())
    }
}
