//! Matrices of activations: one row for each place, one column for each channel.

/// Values of a layer, `[rows x width]`, row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Matrix {
    pub(crate) rows: usize,
    pub(crate) width: usize,
    pub(crate) values: Vec<f32>,
}

impl Matrix {
    /// Returns a matrix of zeros.
    pub(crate) fn zeros(rows: usize, width: usize) -> Self {
        Self {
            rows,
            width,
            values: vec![0.0; rows * width],
        }
    }

    /// Returns the values of some rows.
    pub(crate) fn slice(&self, rows: std::ops::Range<usize>) -> &[f32] {
        &self.values[rows.start * self.width..rows.end * self.width]
    }

    /// Returns some rows as a matrix of their own.
    pub(crate) fn part(&self, rows: std::ops::Range<usize>) -> Self {
        Self {
            rows: rows.len(),
            width: self.width,
            values: self.slice(rows).to_vec(),
        }
    }

    /// Writes `other` over the rows from `first` on.
    pub(crate) fn overwrite(&mut self, first: usize, other: &[f32]) {
        let first = first * self.width;
        self.values[first..first + other.len()].copy_from_slice(other);
    }

    /// Adds `other` value by value.
    pub(crate) fn add(&mut self, other: &Self) {
        for (value, &term) in self.values.iter_mut().zip(&other.values) {
            *value += term;
        }
    }
}
