//! What the statistics refuse, and what to do about it.

use thiserror::Error;

/// A reason why a statistic has no value for the given numbers.
///
/// Rows are counted from 0, in the order of the slices given.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum StatsError {
    /// Two columns that should describe the same rows differ in length.
    #[error("columns differ in length: `{left}` has `{left_rows}` rows, `{right}` has `{right_rows}`")]
    LengthMismatch {
        /// Name of the first column.
        left: &'static str,
        /// Rows of the first column.
        left_rows: usize,
        /// Name of the second column.
        right: &'static str,
        /// Rows of the second column.
        right_rows: usize,
    },
    /// Fewer rows than the statistic needs.
    #[error("too few rows: `{rows}`; at least `{needed}` needed")]
    TooFewRows {
        /// Rows given.
        rows: usize,
        /// Rows needed.
        needed: usize,
    },
    /// More rows than the exact integer arithmetic holds.
    #[error("too many rows: `{rows}`; at most `{allowed}` supported")]
    TooManyRows {
        /// Rows given.
        rows: usize,
        /// Rows supported.
        allowed: usize,
    },
    /// A value is NaN.
    #[error("row `{row}` of `{column}` is not a number")]
    NotANumber {
        /// Name of the column.
        column: &'static str,
        /// Row, from 0.
        row: usize,
    },
    /// A value is infinite where the statistic needs arithmetic on it.
    #[error("row `{row}` of `{column}` is infinite")]
    Infinite {
        /// Name of the column.
        column: &'static str,
        /// Row, from 0.
        row: usize,
    },
    /// All values of a column are equal, so that a correlation does not exist.
    #[error("all `{rows}` values of `{column}` are equal")]
    Constant {
        /// Name of the column.
        column: &'static str,
        /// Rows given.
        rows: usize,
    },
    /// Labels name one class only.
    #[error("labels hold one class only: `{positives}` positives, `{negatives}` negatives")]
    OneClass {
        /// Rows labelled true.
        positives: usize,
        /// Rows labelled false.
        negatives: usize,
    },
    /// Every measured value is zero, so that none has a sign.
    #[error("none of the `{rows}` measured values has a sign")]
    NoSign {
        /// Rows given.
        rows: usize,
    },
    /// A parameter lies outside its range.
    #[error("`{parameter}` is `{value}`; allowed: {allowed}")]
    OutOfRange {
        /// Name of the parameter.
        parameter: &'static str,
        /// Value given.
        value: f64,
        /// The range in words.
        allowed: &'static str,
    },
    /// A permutation or bootstrap distribution is empty.
    #[error("no replicates were given")]
    NoReplicates,
    /// Most bootstrap replicates have no value.
    #[error("the statistic has no value on `{undefined}` of `{replicates}` resamples")]
    MostlyUndefined {
        /// Replicates without a value.
        undefined: usize,
        /// Replicates drawn.
        replicates: usize,
    },
    /// Every replicate lies on the same side of the estimate, so that the bias correction is infinite.
    #[error("all replicates lie on one side of the estimate `{estimate}`: the bias correction is infinite")]
    InfiniteBias {
        /// The statistic on the whole sample.
        estimate: f64,
    },
    /// Leaving a unit (row or cluster) out makes the statistic undefined.
    #[error("the statistic has no value when unit `{unit}` is left out")]
    JackknifeUndefined {
        /// Index of the row or cluster, from 0.
        unit: usize,
    },
    /// Leaving any unit out gives the same value, so that the acceleration does not exist.
    #[error("the statistic is the same whichever unit is left out: the acceleration does not exist")]
    JackknifeConstant,
    /// A weight is negative.
    #[error("row `{row}` of `weights` is `{weight}`; allowed: 0 or more")]
    NegativeWeight {
        /// Row, from 0.
        row: usize,
        /// The weight.
        weight: f64,
    },
    /// No row has a weight above 0.
    #[error("none of the `{rows}` rows has a weight above 0")]
    NoWeight {
        /// Rows given.
        rows: usize,
    },
    /// A column carries nothing that the columns before it do not.
    #[error("`{column}` is a linear combination of the covariates before it")]
    Collinear {
        /// Name of the column, covariates numbered from 0.
        column: String,
    },
    /// A metric is given columns of another kind.
    #[error("`{metric}` needs another input: {needs}")]
    InputKind {
        /// Name of the metric.
        metric: &'static str,
        /// The columns it needs.
        needs: &'static str,
    },
    /// No group has a value of the metric.
    #[error("the metric has a value in none of the `{groups}` groups")]
    NoGroup {
        /// Groups given.
        groups: usize,
    },
    /// A score that should be a probability is not one.
    #[error("row `{row}` of `{column}` is `{value}`; a probability lies within 0 to 1")]
    NotAProbability {
        /// Name of the column.
        column: &'static str,
        /// Row, from 0.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A track of a family is refused.
    #[error("track `{track}`: {source}")]
    Track {
        /// Index of the track, from 0.
        track: usize,
        /// What is wrong with it.
        source: Box<StatsError>,
    },
}

impl StatsError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::LengthMismatch { .. } => "join the two tables row by row first",
            Self::TooFewRows { .. } => "loosen the filter or leave this comparison out",
            Self::TooManyRows { .. } => "split the table, for example by contig",
            Self::NotANumber { .. } => "drop the rows with missing values and report how many were dropped",
            Self::Infinite { .. } => "drop the row, or use a rank statistic, which accepts infinities",
            Self::Constant { .. } => "a column without variation cannot correlate; check that it was filled",
            Self::OneClass { .. } => "choose a threshold that leaves rows on both sides",
            Self::NoSign { .. } => "check that the measured column holds signed effects",
            Self::OutOfRange { .. } => return None,
            Self::NoReplicates => "ask for at least one replicate",
            Self::MostlyUndefined { .. } => "too few rows of one class or too few distinct values to resample",
            Self::InfiniteBias { .. } | Self::JackknifeConstant => {
                "use the percentile interval and say so; BCa does not exist here"
            }
            Self::JackknifeUndefined { .. } => {
                "a single row or cluster decides; use the percentile interval, or add rows of the rare class"
            }
            Self::NegativeWeight { .. } => "weights are counts, inverse variances or shares; check the column",
            Self::NoWeight { .. } => "check that the column of weights was filled",
            Self::Collinear { .. } => "leave that covariate out; the answer stays the same",
            Self::InputKind { .. } => "choose a metric for these columns",
            Self::NoGroup { .. } => "join small groups, or use the metric over all rows",
            Self::NotAProbability { .. } => {
                "calibration needs probabilities; for other scores use the binned means of the truth"
            }
            Self::Track { source, .. } => return source.hint(),
        };
        Some(hint.to_owned())
    }
}

/// The largest number of rows: ranks and their products then fit the integers used.
pub(super) const MAX_ROWS: usize = i32::MAX as usize;

/// Refuses columns of different length.
pub(super) fn same_length(
    left: &'static str,
    left_rows: usize,
    right: &'static str,
    right_rows: usize,
) -> Result<(), StatsError> {
    if left_rows == right_rows {
        Ok(())
    } else {
        Err(StatsError::LengthMismatch {
            left,
            left_rows,
            right,
            right_rows,
        })
    }
}

/// Refuses fewer than `needed` rows and more than the integers hold.
pub(super) fn row_count(rows: usize, needed: usize) -> Result<(), StatsError> {
    if rows < needed {
        Err(StatsError::TooFewRows { rows, needed })
    } else if rows > MAX_ROWS {
        Err(StatsError::TooManyRows {
            rows,
            allowed: MAX_ROWS,
        })
    } else {
        Ok(())
    }
}

/// Refuses NaN.
pub(super) fn no_nan(column: &'static str, values: &[f64]) -> Result<(), StatsError> {
    match values.iter().position(|value| value.is_nan()) {
        Some(row) => Err(StatsError::NotANumber { column, row }),
        None => Ok(()),
    }
}

/// Refuses NaN and infinities.
pub(super) fn all_finite(column: &'static str, values: &[f64]) -> Result<(), StatsError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(row) if values[row].is_nan() => Err(StatsError::NotANumber { column, row }),
        Some(row) => Err(StatsError::Infinite { column, row }),
        None => Ok(()),
    }
}

/// Refuses the values of a track that are not one for each row, or not finite.
pub(super) fn track_values(track: usize, rows: usize, values: &[f64]) -> Result<(), StatsError> {
    same_length("first track", rows, "track", values.len())
        .and_then(|()| all_finite("track", values))
        .map_err(|source| StatsError::Track {
            track,
            source: Box::new(source),
        })
}

/// Refuses weights that are negative, not finite, or all 0.
pub(super) fn weights_allowed(weights: &[f64]) -> Result<(), StatsError> {
    all_finite("weights", weights)?;
    if let Some(row) = weights.iter().position(|&weight| weight < 0.0) {
        return Err(StatsError::NegativeWeight {
            row,
            weight: weights[row],
        });
    }
    if weights.iter().all(|&weight| weight == 0.0) {
        return Err(StatsError::NoWeight { rows: weights.len() });
    }
    Ok(())
}

/// Refuses values outside 0 to 1.
pub(super) fn all_probabilities(column: &'static str, values: &[f64]) -> Result<(), StatsError> {
    no_nan(column, values)?;
    match values.iter().position(|value| !(0.0..=1.0).contains(value)) {
        Some(row) => Err(StatsError::NotAProbability {
            column,
            row,
            value: values[row],
        }),
        None => Ok(()),
    }
}

/// Refuses a value outside the open interval (0, 1).
pub(super) fn proper_fraction(parameter: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            parameter,
            value,
            allowed: "above 0 and below 1",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_and_infinity_are_told_apart() {
        let values = [1.0, f64::NEG_INFINITY, f64::NAN];
        assert_eq!(
            all_finite("x", &values),
            Err(StatsError::Infinite { column: "x", row: 1 })
        );
        assert_eq!(
            no_nan("x", &values),
            Err(StatsError::NotANumber { column: "x", row: 2 })
        );
    }

    #[test]
    fn a_track_error_names_the_track_and_keeps_the_hint() {
        let inner = StatsError::NotANumber {
            column: "track",
            row: 3,
        };
        let outer = StatsError::Track {
            track: 7,
            source: Box::new(inner.clone()),
        };
        assert_eq!(outer.to_string(), "track `7`: row `3` of `track` is not a number");
        assert_eq!(outer.hint(), inner.hint());
        assert!(outer.hint().is_some());
    }

    #[test]
    fn the_ends_of_the_unit_interval_are_not_levels() {
        for value in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(proper_fraction("level", value).is_err(), "{value}");
        }
        assert_eq!(proper_fraction("level", 0.95), Ok(()));
    }
}
