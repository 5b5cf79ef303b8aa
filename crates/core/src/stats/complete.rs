//! Rows without missing values: the one place where NaN is dropped, with a count of what was dropped.
//!
//! The statistics themselves refuse NaN. A caller that wants to drop incomplete rows does it here and can say
//! how many there were.

use super::error::{StatsError, same_length};

/// Two columns over the rows where both have a value.
#[derive(Clone, Debug, PartialEq)]
pub struct CompletePairs {
    /// First column.
    pub x: Vec<f64>,
    /// Second column.
    pub y: Vec<f64>,
    /// The rows kept, from 0, in ascending order, as indices into the columns given.
    pub rows: Vec<usize>,
    /// Number of rows dropped because `x`, `y` or both are NaN.
    pub dropped: usize,
}

/// Keeps the rows where neither `x` nor `y` is NaN; infinities stay.
///
/// # Errors
/// [`StatsError::LengthMismatch`] when the columns differ in length.
///
/// ```
/// use refalt_core::stats::complete_pairs;
///
/// let pairs = complete_pairs(&[1.0, f64::NAN, 3.0], &[4.0, 5.0, 6.0])?;
/// assert_eq!((pairs.x, pairs.y, pairs.dropped), (vec![1.0, 3.0], vec![4.0, 6.0], 1));
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn complete_pairs(x: &[f64], y: &[f64]) -> Result<CompletePairs, StatsError> {
    same_length("x", x.len(), "y", y.len())?;
    let rows: Vec<usize> = (0..x.len())
        .filter(|&row| !x[row].is_nan() && !y[row].is_nan())
        .collect();
    Ok(CompletePairs {
        x: rows.iter().map(|&row| x[row]).collect(),
        y: rows.iter().map(|&row| y[row]).collect(),
        dropped: x.len() - rows.len(),
        rows,
    })
}

/// Labels and scores over the rows where both are known.
#[derive(Clone, Debug, PartialEq)]
pub struct CompleteLabels {
    /// Labels.
    pub labels: Vec<bool>,
    /// Scores.
    pub scores: Vec<f64>,
    /// The rows kept, from 0, in ascending order, as indices into the columns given.
    pub rows: Vec<usize>,
    /// Number of rows dropped because the label is `None`, the score is NaN, or both.
    pub dropped: usize,
}

/// Keeps the rows with a label and a score that is not NaN; infinities stay.
///
/// # Errors
/// [`StatsError::LengthMismatch`] when the columns differ in length.
pub fn complete_labels(labels: &[Option<bool>], scores: &[f64]) -> Result<CompleteLabels, StatsError> {
    same_length("labels", labels.len(), "scores", scores.len())?;
    let mut kept = CompleteLabels {
        labels: Vec::with_capacity(labels.len()),
        scores: Vec::with_capacity(labels.len()),
        rows: Vec::with_capacity(labels.len()),
        dropped: 0,
    };
    for (row, (label, &score)) in labels.iter().zip(scores).enumerate() {
        match label {
            Some(label) if !score.is_nan() => {
                kept.labels.push(*label);
                kept.scores.push(score);
                kept.rows.push(row);
            }
            _ => kept.dropped += 1,
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_missing_on_both_sides_is_dropped_once() {
        let pairs = complete_pairs(&[f64::NAN, 1.0, 2.0], &[f64::NAN, f64::NAN, f64::INFINITY]).unwrap();
        assert_eq!((pairs.dropped, pairs.rows), (2, vec![2]));
        assert_eq!(pairs.y, [f64::INFINITY]);
    }

    #[test]
    fn unlabelled_rows_and_missing_scores_are_dropped() {
        let kept = complete_labels(
            &[Some(true), None, Some(false), Some(false)],
            &[0.1, 0.2, f64::NAN, 0.4],
        )
        .unwrap();
        assert_eq!(kept.labels, [true, false]);
        assert_eq!(kept.scores, [0.1, 0.4]);
        assert_eq!((kept.rows, kept.dropped), (vec![0, 3], 2));
    }

    #[test]
    fn columns_of_different_length_are_not_paired() {
        assert!(complete_pairs(&[1.0], &[]).is_err());
        assert!(complete_labels(&[None], &[]).is_err());
    }
}
