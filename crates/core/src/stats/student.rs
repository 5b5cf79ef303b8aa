//! Student's t distribution.

use super::beta::regularized_beta;
use super::error::{StatsError, proper_fraction};

/// Returns the chance that a Student-t number is at least as far from 0 as `t`.
///
/// P(|T| >= |t|) = I_x(d / 2, 1 / 2) with x = d / (d + t^2): keeps its digits however small it is.
///
/// * `degrees_of_freedom`: d, above 0, whole or not.
///
/// # Errors
/// [`StatsError::NotANumber`] for NaN, [`StatsError::OutOfRange`] unless d is finite and above 0.
///
/// # Source
/// Abramowitz and Stegun, 26.7.1 and 26.5.27.
pub fn student_t_two_sided(t: f64, degrees_of_freedom: f64) -> Result<f64, StatsError> {
    super::error::no_nan("t", &[t])?;
    if !(degrees_of_freedom > 0.0 && degrees_of_freedom.is_finite()) {
        return Err(StatsError::OutOfRange {
            parameter: "degrees of freedom",
            value: degrees_of_freedom,
            allowed: "above 0",
        });
    }
    if t.is_infinite() {
        return Ok(0.0);
    }
    // Both parts of d / (d + t^2) from the ratio that does not overflow.
    let ratio = t / degrees_of_freedom.sqrt() * (t / degrees_of_freedom.sqrt());
    let x = 1.0 / (1.0 + ratio);
    let y = if ratio > 1.0 {
        1.0 / (1.0 + 1.0 / ratio)
    } else {
        ratio * x
    };
    Ok(regularized_beta(degrees_of_freedom / 2.0, 0.5, x, y))
}

/// Returns the t of which a Student-t number is at most `probability` often.
///
/// Found by halving an interval, to the last digits of a double.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless 0 < `probability` < 1 and the degrees of freedom are above 0.
pub fn student_t_quantile(probability: f64, degrees_of_freedom: f64) -> Result<f64, StatsError> {
    proper_fraction("probability", probability)?;
    let two_sided = 2.0 * probability.min(1.0 - probability);
    let above = |t: f64| student_t_two_sided(t, degrees_of_freedom).map(|tail| tail > two_sided);
    let (mut low, mut high) = (0.0, 1.0);
    while above(high)? {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if above(middle)? {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(high.copysign(probability - 0.5) * f64::from(u8::from(probability != 0.5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_degree_of_freedom_is_the_cauchy_distribution() {
        // P(|T| >= t) = 1 - 2 atan(t) / pi; at 1 one half. The quantile is tan(pi (p - 1/2)).
        assert!((student_t_two_sided(-1.0, 1.0).unwrap() - 0.5).abs() < 1e-14);
        assert!((student_t_two_sided(1e8, 1.0).unwrap() / (2.0 / std::f64::consts::PI * 1e-8) - 1.0).abs() < 1e-13);
        for probability in [0.001f64, 0.3, 0.5, 0.975] {
            let expected = (std::f64::consts::PI * (probability - 0.5)).tan();
            let found = student_t_quantile(probability, 1.0).unwrap();
            assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{probability}");
        }
    }

    #[test]
    fn the_ends_are_certain_and_nonsense_is_refused() {
        assert_eq!(student_t_two_sided(0.0, 5.0), Ok(1.0));
        assert_eq!(student_t_two_sided(f64::INFINITY, 5.0), Ok(0.0));
        assert!(student_t_two_sided(1.0, 0.0).is_err() && student_t_two_sided(f64::NAN, 1.0).is_err());
        assert!(student_t_quantile(1.0, 3.0).is_err());
    }
}
