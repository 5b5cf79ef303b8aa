//! Splice sites: what a base is, and how much it is used.

use super::HeadScope;
use crate::elementwise::{exp, for_rows, sigmoid};
use crate::layer::Linear;
use crate::matrix::Matrix;
use crate::weights::WeightsError;

/// Probabilities of donor and acceptor sites.
pub(crate) struct SiteHead {
    linear: Linear,
    columns: Vec<usize>,
}

impl SiteHead {
    pub(crate) fn read(head: &HeadScope<'_>, inputs: usize) -> Result<Self, WeightsError> {
        let linear = head.linear("", inputs, None)?;
        head.check_width(
            &head.scope,
            "multi_organism_linear/w",
            &[linear.outputs],
            linear.outputs,
        )?;
        Ok(Self {
            linear,
            columns: head.columns.clone(),
        })
    }

    /// Predicts, `[rows x classes]`: softmax over all classes, of which the last, no site, is not kept.
    pub(crate) fn predict(&self, embeddings: &Matrix) -> Matrix {
        let mut logits = self.linear.apply(embeddings);
        let width = logits.width;
        for_rows(&mut logits.values, width, |_, row| {
            let greatest = row.iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
            for value in row.iter_mut() {
                *value = exp(*value - greatest);
            }
            let total: f32 = row.iter().sum();
            for value in row.iter_mut() {
                *value /= total;
            }
        });
        let rows = logits.values.chunks_exact(width);
        Matrix {
            rows: logits.rows,
            width: self.columns.len(),
            values: rows
                .flat_map(|row| self.columns.iter().map(move |&column| row[column]))
                .collect(),
        }
    }
}

/// How much of the transcripts use a site.
pub(crate) struct UsageHead(Linear);

impl UsageHead {
    pub(crate) fn read(head: &HeadScope<'_>, inputs: usize) -> Result<Self, WeightsError> {
        Ok(Self(head.linear("", inputs, Some(&head.columns))?))
    }

    /// Predicts, `[rows x tracks]`.
    pub(crate) fn predict(&self, embeddings: &Matrix) -> Matrix {
        let mut out = self.0.apply(embeddings);
        let width = out.width;
        for_rows(&mut out.values, width, |_, row| {
            for value in row.iter_mut() {
                *value = sigmoid(*value);
            }
        });
        out
    }
}
