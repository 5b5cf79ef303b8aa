//! Products of matrices: the one place that calls the kernel, and the one with `unsafe`.
//!
//! A convolution over rows is a product, too: the left side is a view in which row i begins one row after row i - 1 and is as
//! long as all taps together, so that no copy of the input is made.
//!
//! The value of an element depends on its row of the left side and its column of the right side alone, not on how many rows
//! are computed in one call: strips of a sequence come out as they do within the whole. Tests hold the kernel to that. The
//! order of a sum may change with the width of the right side.

use rayon::prelude::*;

/// Rows that are multiplied; they may overlap.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    /// The values that hold all rows.
    pub(crate) values: &'a [f32],
    /// Number of rows.
    pub(crate) rows: usize,
    /// Distance from a row to the next.
    pub(crate) row_stride: usize,
    /// Distance from a column to the next.
    pub(crate) column_stride: usize,
}

/// The matrix that they are multiplied with, `[depth x width]`.
#[derive(Clone, Copy)]
pub(crate) struct Right<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) depth: usize,
    pub(crate) width: usize,
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

impl<'a> Left<'a> {
    /// Rows one after the other.
    pub(crate) fn rows(values: &'a [f32], width: usize) -> Self {
        Self {
            values,
            rows: values.len() / width,
            row_stride: width,
            column_stride: 1,
        }
    }

    fn part(self, row: usize, rows: usize) -> Self {
        Self {
            values: &self.values[row * self.row_stride..],
            rows,
            ..self
        }
    }
}

impl<'a> Right<'a> {
    /// Weights `[depth x width]`, row-major.
    pub(crate) fn weights(values: &'a [f32], width: usize) -> Self {
        Self {
            values,
            depth: values.len() / width,
            width,
            row_stride: width,
            column_stride: 1,
        }
    }

    /// The transpose of `width` rows of `depth` values.
    pub(crate) fn transposed(values: &'a [f32], depth: usize) -> Self {
        Self {
            values,
            depth,
            width: values.len() / depth,
            row_stride: 1,
            column_stride: depth,
        }
    }
}

/// What becomes of the values that `out` has before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// They are replaced.
    Replaced,
    /// The product is added to them.
    Kept,
}

/// Fewest rows of a share: the right side is packed once for each share, which costs as much as a few rows.
const LEAST_SHARE: usize = 64;

/// Computes `left * right` into `out`, `[rows x width]`, row-major, on the threads of the pool it is called in.
pub(crate) fn multiply(left: Left<'_>, right: Right<'_>, out: &mut [f32], before: Before) {
    let threads = rayon::current_num_threads();
    let share = left.rows.div_ceil(threads).next_multiple_of(16).max(LEAST_SHARE);
    if share >= left.rows {
        return multiply_here(left, right, out, before);
    }
    out.par_chunks_mut(share * right.width)
        .enumerate()
        .for_each(|(index, out)| {
            let rows = out.len() / right.width;
            multiply_here(left.part(index * share, rows), right, out, before);
        });
}

/// Computes `left * right` into `out` on this thread.
#[expect(
    unsafe_code,
    reason = "the kernel takes pointers; what they reach is checked right before"
)]
pub(crate) fn multiply_here(left: Left<'_>, right: Right<'_>, out: &mut [f32], before: Before) {
    let (rows, depth, width) = (left.rows, right.depth, right.width);
    let last = |rows: usize, row_stride: usize, columns: usize, column_stride: usize| {
        (rows.saturating_sub(1)) * row_stride + (columns.saturating_sub(1)) * column_stride
    };
    if rows == 0 || width == 0 {
        return;
    }
    assert!(depth > 0, "a product needs a depth");
    assert_eq!(
        out.len(),
        rows * width,
        "the result has one value for each row and column"
    );
    assert!(last(rows, left.row_stride, depth, left.column_stride) < left.values.len());
    assert!(last(depth, right.row_stride, width, right.column_stride) < right.values.len());
    // The kernel takes another path, with another order of sums, for a single row; two equal rows keep to one order.
    if rows == 1 {
        let mut pair = [&*out, &*out].concat();
        let twice = Left {
            rows: 2,
            row_stride: 0,
            ..left
        };
        multiply_here(twice, right, &mut pair, before);
        out.copy_from_slice(&pair[..width]);
        return;
    }
    let stride = |stride: usize| isize::try_from(stride).expect("a slice is shorter than isize::MAX");
    // SAFETY: the three assertions above keep every element (row, column) that the kernel reads or writes within the
    // slices, `out` is borrowed alone, and strides of `out` are those of a row-major matrix without overlap.
    unsafe {
        gemm::gemm(
            rows,
            width,
            depth,
            out.as_mut_ptr(),
            1,
            stride(width),
            before == Before::Kept,
            left.values.as_ptr(),
            stride(left.column_stride),
            stride(left.row_stride),
            right.values.as_ptr(),
            stride(right.column_stride),
            stride(right.row_stride),
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        let mut state = 7u64;
        let next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) as f32) / 16_777_216.0 - 0.5
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    /// The definition, in double precision.
    fn by_definition(left: Left<'_>, right: Right<'_>) -> Vec<f32> {
        let mut out = Vec::new();
        for row in 0..left.rows {
            for column in 0..right.width {
                let terms = (0..right.depth).map(|k| {
                    f64::from(left.values[row * left.row_stride + k * left.column_stride])
                        * f64::from(right.values[k * right.row_stride + column * right.column_stride])
                });
                out.push(terms.sum::<f64>() as f32);
            }
        }
        out
    }

    #[test]
    fn products_are_those_of_the_definition() {
        let values = numbers(4000);
        let overlapping = Left {
            values: &values,
            rows: 100,
            row_stride: 8,
            column_stride: 1,
        };
        let columns = Left {
            values: &values,
            rows: 100,
            row_stride: 1,
            column_stride: 100,
        };
        let weights = numbers(40 * 24);
        for left in [overlapping, columns, Left::rows(&values, 40)] {
            for right in [Right::weights(&weights, 24), Right::transposed(&weights, 40)] {
                let mut out = vec![1.0; left.rows * right.width];
                multiply(left, right, &mut out, Before::Kept);
                for (found, expected) in out.iter().zip(by_definition(left, right)) {
                    // 40 products of numbers below 1/2 and the 1 that was there.
                    assert!((found - expected - 1.0).abs() < 2e-6, "{found} {expected}");
                }
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours() {
        for (depth, width) in [(3840, 768), (128, 512), (60, 6), (7680, 48)] {
            let values = numbers(600 * depth);
            let weights = numbers(depth * width);
            let whole = |rows| {
                let mut out = vec![0.0; rows * width];
                let left = Left::rows(&values[..rows * depth], depth);
                multiply_here(left, Right::weights(&weights, width), &mut out, Before::Replaced);
                out
            };
            let all = whole(600);
            for rows in [1, 2, 3, 5, 8, 16, 17, 33, 100, 129, 500] {
                assert!(whole(rows) == all[..rows * width], "{rows} rows of {depth} x {width}");
            }
        }
    }
}
