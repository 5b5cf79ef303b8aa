//! Contact maps.

use super::HeadScope;
use crate::layer::Linear;
use crate::matrix::Matrix;
use crate::weights::WeightsError;

/// A linear layer of embedded pairs.
pub(crate) struct ContactHead(Linear);

impl ContactHead {
    pub(crate) fn read(head: &HeadScope<'_>, inputs: usize) -> Result<Self, WeightsError> {
        Ok(Self(head.linear("", inputs, Some(&head.columns))?))
    }

    /// Predicts, `[pairs x tracks]`.
    pub(crate) fn predict(&self, pairs: &Matrix) -> Matrix {
        self.0.apply(pairs)
    }
}
