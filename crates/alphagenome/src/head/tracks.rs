//! Tracks of counts: accessibility, expression, binding.

use super::HeadScope;
use crate::elementwise::{for_rows, softplus};
use crate::layer::Linear;
use crate::matrix::Matrix;
use crate::weights::WeightsError;
use refalt_core::{OutputType, TrackSet};

/// Where predictions of the scaled signal begin to grow by their square.
const SOFT_CLIP: f32 = 10.0;

/// The head of one output type.
pub(crate) struct TrackHead {
    linear: Linear,
    /// softplus of the learnt scale of each track.
    scale: Vec<f32>,
    /// Mean of each track's bins that are not 0, times the bin size.
    mean: Vec<f32>,
    squashed: bool,
}

impl TrackHead {
    /// Reads the head of `tracks` at their resolution.
    pub(crate) fn read(head: &HeadScope<'_>, tracks: &TrackSet, inputs: usize) -> Result<Self, WeightsError> {
        let bp = tracks.resolution.bp();
        let part = format!("resolution_{bp}");
        let linear = head.linear(&part, inputs, Some(&head.columns))?;
        let scope = head.scope.at(&part);
        let table = scope.read("learnt_scale", &[0, 0])?;
        let width = scope.shape("learnt_scale")?[1];
        let scale = |&column: &usize| table.get(head.organism * width + column).copied();
        let scale: Option<Vec<f32>> = head.columns.iter().map(scale).collect();
        let Some(scale) = scale.filter(|_| head.columns.iter().all(|&column| column < width)) else {
            return Err(WeightsError::Shape {
                name: format!("{}/learnt_scale", scope.path()),
                found: scope.shape("learnt_scale")?,
                wanted: "a scale for each track and organism".to_owned(),
            });
        };
        let mean = |track: &refalt_core::Track| track.nonzero_mean.unwrap_or(1.0) * bp as f32;
        Ok(Self {
            linear,
            scale: scale.into_iter().map(softplus).collect(),
            mean: tracks.tracks.iter().map(mean).collect(),
            squashed: tracks.output == OutputType::RnaSeq,
        })
    }

    /// Predicts, `[rows x tracks]`, in the units of the measured signal.
    ///
    /// METHOD: m = softplus(x w + b) softplus(scale); beyond 10 it is (m + 10)^2 / 40; for RNA-seq m^(4/3); times the mean of
    /// the track where it is not 0 and the bin size.
    pub(crate) fn predict(&self, embeddings: &Matrix) -> Matrix {
        let mut out = self.linear.apply(embeddings);
        for_rows(&mut out.values, self.scale.len(), |_, row| {
            for (value, &scale) in row.iter_mut().zip(&self.scale) {
                let scaled = softplus(*value) * scale;
                let above = scaled + SOFT_CLIP;
                *value = if scaled > SOFT_CLIP {
                    above * above / (4.0 * SOFT_CLIP)
                } else {
                    scaled
                };
            }
            if self.squashed {
                for value in row.iter_mut() {
                    *value *= value.cbrt();
                }
            }
            for (value, &mean) in row.iter_mut().zip(&self.mean) {
                *value *= mean;
            }
        });
        out
    }
}
