//! Variances of many rows with few replicates each, drawn towards what they have in common.

use super::error::{StatsError, all_finite, row_count, same_length};
use super::polygamma::{digamma, trigamma, trigamma_inverse};
use super::quantile::quantile;
use super::student::student_t_two_sided;

/// The variances of many rows under a common prior.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeratedVariances {
    /// Degrees of freedom of the prior, d0; infinite when the variances differ no more than chance makes them.
    pub prior_degrees_of_freedom: f64,
    /// Variance of the prior, s0^2.
    pub prior_variance: f64,
    /// For each row (d0 s0^2 + d s^2) / (d0 + d).
    pub posterior: Vec<f64>,
    /// For each row the degrees of freedom of its moderated t: d0 + d, at most the sum of all d.
    pub degrees_of_freedom: Vec<f64>,
    /// Rows whose variance is exactly 0; for the prior they count as 1e-5 of the median.
    pub zeros: usize,
}

impl ModeratedVariances {
    /// Draws variances towards a common prior, estimated from all of them.
    ///
    /// METHOD: empirical Bayes of Smyth 2004. s^2 given sigma^2 is sigma^2 chi^2(d) / d, and 1 / sigma^2 is
    /// chi^2(d0) / (d0 s0^2). With e = ln s^2 - digamma(d / 2) + ln(d / 2), d0 solves trigamma(d0 / 2) = var(e) - mean of
    /// trigamma(d / 2), and ln s0^2 = mean(e) + digamma(d0 / 2) - ln(d0 / 2). When the right side is not above 0, d0 is
    /// infinite and s0^2 the mean of the variances.
    ///
    /// * `variances`: s^2, one for each row, 0 or above, in any one unit.
    /// * `degrees_of_freedom`: d, one for each row, above 0, whole or not.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`]; [`StatsError::TooFewRows`] for fewer than 2 rows; [`StatsError::NotANumber`] and
    /// [`StatsError::Infinite`]; [`StatsError::OutOfRange`] for a variance below 0 or degrees of freedom that are not above 0.
    ///
    /// # Source
    /// Smyth (2004), Linear models and empirical Bayes methods, doi:10.2202/1544-6115.1027, section 6; the treatment of zero
    /// variances and of infinite d0, and the bound of the degrees of freedom, are those of limma (`fitFDist`, `eBayes`).
    pub fn of(variances: &[f64], degrees_of_freedom: &[f64]) -> Result<Self, StatsError> {
        same_length(
            "variances",
            variances.len(),
            "degrees of freedom",
            degrees_of_freedom.len(),
        )?;
        row_count(variances.len(), 2)?;
        all_finite("variances", variances)?;
        all_finite("degrees of freedom", degrees_of_freedom)?;
        let out_of_range = |parameter: &'static str, value: f64, allowed: &'static str| StatsError::OutOfRange {
            parameter,
            value,
            allowed,
        };
        if let Some(&below) = variances.iter().find(|&&s2| s2 < 0.0) {
            return Err(out_of_range("variance", below, "0 or above"));
        }
        if let Some(&below) = degrees_of_freedom.iter().find(|&&d| d <= 0.0) {
            return Err(out_of_range("degrees of freedom", below, "above 0"));
        }
        let rows = variances.len() as f64;
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / rows;
        let median = quantile(variances, 0.5)?;
        let least = 1e-5 * if median > 0.0 { median } else { 1.0 };
        let logs: Vec<f64> = variances
            .iter()
            .zip(degrees_of_freedom)
            .map(|(s2, d)| s2.max(least).ln() - digamma(d / 2.0) + (d / 2.0).ln())
            .collect();
        let centre = mean(&mut logs.iter().copied());
        let spread = logs.iter().map(|e| (e - centre).powi(2)).sum::<f64>() / (rows - 1.0)
            - mean(&mut degrees_of_freedom.iter().map(|d| trigamma(d / 2.0)));
        let (d0, s02) = if spread > 0.0 {
            let half = trigamma_inverse(spread);
            (2.0 * half, (centre + digamma(half) - half.ln()).exp())
        } else {
            (f64::INFINITY, mean(&mut variances.iter().map(|s2| s2.max(least))))
        };
        let pooled: f64 = degrees_of_freedom.iter().sum();
        let posterior = |(s2, d): (&f64, &f64)| {
            if d0.is_infinite() {
                s02
            } else {
                (d0 * s02 + d * s2) / (d0 + d)
            }
        };
        Ok(Self {
            prior_degrees_of_freedom: d0,
            prior_variance: s02,
            posterior: variances.iter().zip(degrees_of_freedom).map(posterior).collect(),
            degrees_of_freedom: degrees_of_freedom.iter().map(|d| (d0 + d).min(pooled)).collect(),
            zeros: variances.iter().filter(|&&s2| s2 == 0.0).count(),
        })
    }

    /// Returns the two-sided p-value of an estimate whose variance is that of a row.
    ///
    /// * `row`: index of the row (0-based).
    /// * Returns `None` for a row that there is not, and where the variance is 0.
    pub fn p_value(&self, row: usize, estimate: f64) -> Option<f64> {
        let (variance, degrees) = (*self.posterior.get(row)?, *self.degrees_of_freedom.get(row)?);
        if variance <= 0.0 {
            return None;
        }
        student_t_two_sided(estimate / variance.sqrt(), degrees).ok()
    }
}
