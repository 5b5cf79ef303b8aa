//! Standard errors from leaving out one block at a time, blocks of any size (delete-m jackknife).
//!
//! # Formula
//! With theta the statistic on all n rows, theta(j) without block j of m_j rows, g blocks and h_j = n / m_j:
//! jackknife estimate = g * theta - sum((1 - m_j / n) * theta(j)); pseudo-value t_j = h_j * theta - (h_j - 1) * theta(j);
//! variance = sum((t_j - jackknife estimate)^2 / (h_j - 1)) / g. For blocks of one row each this is the ordinary
//! jackknife.
//!
//! # When to use
//! For rows along a genome, where neighbours are alike over distances that blocks exceed (LD, regulatory elements): a
//! few dozen to a few hundred blocks. It needs as many evaluations as blocks, where the bootstrap of clusters needs
//! thousands.
//!
//! # Limits
//! For smooth statistics: means, correlations, areas under curves; not for medians or maxima.
//!
//! # Source
//! Busing, Meijer, van der Leeden (1999), Delete-m jackknife for unequal m, doi:10.1023/A:1008800423698.

use super::bootstrap::{Clusters, Units, jackknife};
use super::confidence::ConfidenceInterval;
use super::error::{StatsError, proper_fraction, row_count};
use super::row_statistic::RowStatistic;
use super::student::student_t_quantile;

/// An estimate with its standard error from blocks left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JackknifeEstimate {
    /// The statistic on all rows.
    pub estimate: f64,
    /// The estimate with the bias removed that the blocks show; `estimate` itself for means.
    pub bias_corrected: f64,
    /// Standard error.
    pub standard_error: f64,
    /// `estimate` -+ t * `standard_error`, with t the Student quantile of blocks - 1 degrees of freedom.
    pub interval: ConfidenceInterval,
    /// Number of blocks.
    pub blocks: usize,
}

/// Computes a statistic with its standard error and interval from leaving out one block at a time.
///
/// METHOD: the interval is symmetric, around the plain estimate, and by Student's t: with few blocks the standard error is
/// itself uncertain.
///
/// * `blocks`: [`Clusters::contiguous`] or any other grouping of rows.
///
/// # Errors
/// [`StatsError::LengthMismatch`] when blocks and statistic differ in rows, [`StatsError::TooFewRows`] for fewer than 2
/// blocks, [`StatsError::OutOfRange`] for the level, [`StatsError::JackknifeUndefined`] for a block without which the
/// statistic has no value, [`StatsError::MostlyUndefined`] when it has none on all rows.
///
/// ```
/// use refalt_core::stats::{Clusters, WeightedMean, block_jackknife};
///
/// let mean = WeightedMean::unweighted(&[1.0, 2.0, 3.0, 4.0])?;
/// let result = block_jackknife(&mean, &Clusters::contiguous(4, 4)?, 0.95)?;
/// // Blocks of one row: s / sqrt(n), s^2 = 5 / 3.
/// assert!((result.standard_error - (5.0f64 / 3.0 / 4.0).sqrt()).abs() < 1e-15);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn block_jackknife(
    statistic: &dyn RowStatistic,
    blocks: &Clusters,
    level: f64,
) -> Result<JackknifeEstimate, StatsError> {
    proper_fraction("level", level)?;
    row_count(blocks.count(), 2)?;
    let left_out = jackknife(statistic, Units::Clusters(blocks))?;
    let estimate = statistic.on_all_rows().ok_or(StatsError::MostlyUndefined {
        undefined: 1,
        replicates: 1,
    })?;
    let defined = |(unit, value): (usize, &Option<f64>)| {
        value
            .filter(|value| value.is_finite())
            .ok_or(StatsError::JackknifeUndefined { unit })
    };
    let left_out: Vec<f64> = left_out.iter().enumerate().map(defined).collect::<Result<_, _>>()?;
    let n = statistic.rows() as f64;
    let g = left_out.len() as f64;
    let sizes = blocks.sizes();
    // Differences from the estimate: g * theta - sum((1 - m / n) * theta(j)) = theta + sum((1 - m / n) * (theta - theta(j))),
    // because the m / n add up to 1.
    let steps: Vec<(f64, f64)> = left_out
        .iter()
        .zip(&sizes)
        .map(|(value, &size)| (n / f64::from(size), estimate - value))
        .collect();
    let bias: f64 = steps.iter().map(|(h, step)| (1.0 - 1.0 / h) * step).sum();
    let variance: f64 = steps
        .iter()
        .map(|(h, step)| ((h - 1.0) * step - bias).powi(2) / (h - 1.0))
        .sum::<f64>()
        / g;
    let standard_error = variance.sqrt();
    let half_width = standard_error * student_t_quantile((1.0 + level) / 2.0, g - 1.0)?;
    Ok(JackknifeEstimate {
        estimate,
        bias_corrected: estimate + bias,
        standard_error,
        interval: ConfidenceInterval {
            low: estimate - half_width,
            high: estimate + half_width,
            level,
        },
        blocks: left_out.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Auroc, WeightedMean};

    #[test]
    fn the_mean_of_unequal_blocks_has_the_closed_form() {
        // Mean of blocks: theta(j) = (S - s_j) / (n - m_j), so that t_j = s_j / m_j and the jackknife estimate is the
        // mean itself; variance = sum((s_j / m_j - mean)^2 * m_j / (n - m_j)) / g.
        let values = [1.0, 2.0, 4.0, 8.0, 3.0, 5.0];
        let blocks = Clusters::from_keys(&["a", "a", "a", "b", "c", "c"]).unwrap();
        let found = block_jackknife(&WeightedMean::unweighted(&values).unwrap(), &blocks, 0.95).unwrap();
        let mean = 23.0 / 6.0;
        let part = |block: f64, size: f64| (block - mean) * (block - mean) * size / (6.0 - size);
        let variance = (part(7.0 / 3.0, 3.0) + part(8.0, 1.0) + part(4.0, 2.0)) / 3.0;
        assert!((found.standard_error - variance.sqrt()).abs() < 1e-14, "{found:?}");
        assert!((found.bias_corrected - mean).abs() < 1e-14);
        // Student's t with 2 degrees of freedom: 4.302653 at 0.975.
        assert!((found.interval.high - mean - 4.302_652_73 * variance.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn one_block_or_a_block_that_decides_is_refused() {
        let statistic = Auroc::new(&[true, false, false, false], &[0.9, 0.1, 0.2, 0.3]).unwrap();
        let one = Clusters::contiguous(4, 1).unwrap();
        assert_eq!(
            block_jackknife(&statistic, &one, 0.95),
            Err(StatsError::TooFewRows { rows: 1, needed: 2 })
        );
        let two = Clusters::contiguous(4, 2).unwrap();
        assert_eq!(
            block_jackknife(&statistic, &two, 0.95),
            Err(StatsError::JackknifeUndefined { unit: 0 })
        );
    }
}
