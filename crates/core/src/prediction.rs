//! What a model answers: values over bins and tracks.

use crate::track::{BinSpan, OutputType, TrackSet};

/// Predicted values of one output type, `[bins x tracks]`, row-major, for the bins of `span`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackValues {
    tracks: TrackSet,
    span: BinSpan,
    values: Vec<f32>,
}

/// The number of values does not fit bins times tracks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{output} has {found} values, but {bins} bins x {tracks} tracks need {wanted}")]
pub struct ShapeError {
    /// The output type.
    pub output: OutputType,
    /// Values found.
    pub found: usize,
    /// Values needed.
    pub wanted: usize,
    /// Bins.
    pub bins: usize,
    /// Tracks.
    pub tracks: usize,
}

impl TrackValues {
    /// Keeps `values`, `[bins x tracks]`, row-major: the value of track t in the b-th bin of `span` is
    /// `values[b * tracks + t]`.
    ///
    /// # Errors
    /// [`ShapeError`] when the number of values is not bins times tracks.
    pub fn new(tracks: TrackSet, span: BinSpan, values: Vec<f32>) -> Result<Self, ShapeError> {
        let wanted = span.len() * tracks.tracks.len();
        if values.len() != wanted {
            return Err(ShapeError {
                output: tracks.output,
                found: values.len(),
                wanted,
                bins: span.len(),
                tracks: tracks.tracks.len(),
            });
        }
        Ok(Self { tracks, span, values })
    }

    /// Returns the tracks, one for each column.
    pub fn tracks(&self) -> &TrackSet {
        &self.tracks
    }

    /// Returns the bins that are there.
    pub fn span(&self) -> BinSpan {
        self.span
    }

    /// Returns all values, `[bins x tracks]`, row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Returns the rows of the bins of `span`, each with one value for each track; `None` when a bin is missing.
    pub fn rows(&self, span: BinSpan) -> Option<impl Iterator<Item = &[f32]>> {
        if !self.span.covers(span) {
            return None;
        }
        let width = self.tracks.tracks.len();
        let (start, end) = if span.is_empty() {
            (0, 0)
        } else {
            (
                (span.start() - self.span.start()) * width,
                (span.end() - self.span.start()) * width,
            )
        };
        Some(self.values[start..end].chunks_exact(width.max(1)))
    }
}

/// The answer of a model for one sequence: at most one prediction for each output type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs(Vec<TrackValues>);

impl Outputs {
    /// Keeps predictions; a later one of the same output type takes the place of an earlier one.
    pub fn new(predictions: impl IntoIterator<Item = TrackValues>) -> Self {
        let mut kept: Vec<TrackValues> = Vec::new();
        for prediction in predictions {
            kept.retain(|other| other.tracks.output != prediction.tracks.output);
            kept.push(prediction);
        }
        Self(kept)
    }

    /// Returns the prediction of an output type.
    pub fn get(&self, output: OutputType) -> Option<&TrackValues> {
        self.0.iter().find(|prediction| prediction.tracks.output == output)
    }
}
