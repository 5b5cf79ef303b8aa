//! Log-ratios of means over replicates, with the variance that the replicates show.

use super::error::{StatsError, all_finite, row_count, same_length};
use std::f64::consts::LN_2;

/// One side of a log-ratio: a quantity for each replicate, in one state or in two states side by side.
///
/// With two states, the values at the same place of both are of the same replicate.
#[derive(Clone, Copy, Debug)]
pub struct Replicates<'a> {
    /// The values of the first state: of the reference allele.
    pub first: &'a [f64],
    /// The values of the second state, of the alternate allele; none when there is one state only.
    pub second: Option<&'a [f64]>,
}

/// A log-ratio with its variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogRatio {
    /// log2 units.
    pub value: f64,
    /// Variance of `value`; `None` when neither side has two replicates.
    pub variance: Option<f64>,
    /// Degrees of freedom of the variance (Welch and Satterthwaite); `None` when there is no variance or it is 0.
    pub degrees_of_freedom: Option<f64>,
    /// Whether a side has a single replicate, so that its noise is not in `variance`.
    pub is_partial: bool,
}

/// Returns log2((mean of `numerator` + c) / (mean of `denominator` + c)), of the second state less of the first where there
/// are two.
///
/// METHOD: the means over replicates are taken before the logarithm, and c is added to the means. The variance is that of
/// the delta method: replicate r of a side stands for g_r = b_r / ((B + c) ln 2) - a_r / ((A + c) ln 2) with the means A and
/// B of the two states (or a_r / ((A + c) ln 2) for one), and the side contributes the sample variance of g divided by the
/// number of replicates. Whatever the two states of a replicate share (its depth after scaling, its transfection) cancels
/// in g as it does in the value. The sides are independent: their replicates are of different preparations.
///
/// * `numerator`, `denominator`: RNA and DNA, as counts per million or whatever the two have in common.
/// * `pseudocount`: c, above 0.
///
/// # Errors
/// [`StatsError::TooFewRows`] without values, [`StatsError::LengthMismatch`] when the states have different numbers of
/// replicates, [`StatsError::NotANumber`], [`StatsError::Infinite`], and [`StatsError::OutOfRange`] for values below 0 or c that is not above 0.
///
/// # Source
/// The value: Tewhey et al. 2016, doi:10.1016/j.cell.2016.04.027, as mean over replicates. Degrees of freedom: Satterthwaite
/// (1946), doi:10.2307/3002019.
pub fn log_ratio(
    numerator: Replicates<'_>,
    denominator: Replicates<'_>,
    pseudocount: f64,
) -> Result<LogRatio, StatsError> {
    let above = Side::of(numerator, pseudocount)?;
    let below = Side::of(denominator, pseudocount)?;
    let states = |side: Replicates<'_>| 1 + usize::from(side.second.is_some());
    same_length("numerator", states(numerator), "denominator", states(denominator))?;
    let parts = [above, below].map(|side| side.variance);
    let known: Vec<(f64, f64)> = parts.into_iter().flatten().collect();
    let variance = (!known.is_empty()).then(|| known.iter().map(|(variance, _)| variance).sum::<f64>());
    let degrees_of_freedom = variance.filter(|variance| *variance > 0.0).map(|variance| {
        let below: f64 = known.iter().map(|(part, degrees)| part * part / degrees).sum();
        variance * variance / below
    });
    Ok(LogRatio {
        value: above.value - below.value,
        variance,
        degrees_of_freedom,
        is_partial: known.len() < 2,
    })
}

/// What one side adds to the ratio.
#[derive(Clone, Copy)]
struct Side {
    /// log2 units.
    value: f64,
    /// Variance and its degrees of freedom; `None` for a single replicate.
    variance: Option<(f64, f64)>,
}

impl Side {
    fn of(replicates: Replicates<'_>, pseudocount: f64) -> Result<Self, StatsError> {
        let (first, second) = (replicates.first, replicates.second);
        row_count(first.len(), 1)?;
        for values in [Some(first), second].into_iter().flatten() {
            same_length("first", first.len(), "second", values.len())?;
            all_finite("replicates", values)?;
            if let Some(&value) = values.iter().find(|&&value| value < 0.0) {
                return Err(StatsError::OutOfRange {
                    parameter: "a quantity of a replicate",
                    value,
                    allowed: "0 or above",
                });
            }
        }
        if !(pseudocount > 0.0 && pseudocount.is_finite()) {
            return Err(StatsError::OutOfRange {
                parameter: "pseudocount",
                value: pseudocount,
                allowed: "above 0",
            });
        }
        let n = first.len() as f64;
        let raised = |values: &[f64]| values.iter().sum::<f64>() / n + pseudocount;
        let a = raised(first);
        let b = second.map(raised);
        let linear = |replicate: usize| match (second, b) {
            (Some(second), Some(b)) => (second[replicate] / b - first[replicate] / a) / LN_2,
            _ => first[replicate] / (a * LN_2),
        };
        // Less the first replicate, so that replicates without any difference have the variance 0.
        let linear: Vec<f64> = (0..first.len())
            .map(|replicate| linear(replicate) - linear(0))
            .collect();
        let centre = linear.iter().sum::<f64>() / n;
        let squares: f64 = linear.iter().map(|g| (g - centre).powi(2)).sum();
        Ok(Self {
            value: b.map_or_else(|| a.log2(), |b| b.log2() - a.log2()),
            variance: (first.len() > 1).then(|| (squares / (n - 1.0) / n, n - 1.0)),
        })
    }
}
