//! The false discovery rate over many p-values.

use super::error::{StatsError, no_nan};

/// Returns p-values adjusted by the procedure of Benjamini and Hochberg, in the order given.
///
/// With m p-values in ascending order, adjusted p(i) = min over j >= i of p(j) * m / j, at most 1. Declaring those
/// at most q keeps the expected share of false ones among the declared at or below q, for independent or
/// positively dependent tests.
///
/// # Errors
/// [`StatsError::NotANumber`] for NaN, [`StatsError::OutOfRange`] for values outside 0 to 1.
///
/// # Source
/// Benjamini and Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x.
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, StatsError> {
    no_nan("p_values", p_values)?;
    if let Some(&value) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(StatsError::OutOfRange {
            parameter: "p_values",
            value,
            allowed: "0 to 1",
        });
    }
    let mut descending: Vec<usize> = (0..p_values.len()).collect();
    descending.sort_by(|&left, &right| p_values[right].total_cmp(&p_values[left]));
    let tests = p_values.len();
    let mut adjusted = vec![0.0; tests];
    let mut least: f64 = 1.0;
    for (place, row) in descending.into_iter().enumerate() {
        least = least.min(p_values[row] * (tests as f64 / (tests - place) as f64));
        adjusted[row] = least;
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_p_never_gets_a_smaller_adjusted_one() {
        // 0.01 * 3/1 = 0.03; 0.04 * 3/2 = 0.06; 0.05 * 3/3 = 0.05: the middle one takes 0.05.
        let adjusted = benjamini_hochberg(&[0.04, 0.01, 0.05]).unwrap();
        let expected = [0.05, 0.03, 0.05];
        assert!(
            adjusted.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15),
            "{adjusted:?}"
        );
    }

    #[test]
    fn what_is_not_a_probability_is_refused() {
        assert!(benjamini_hochberg(&[0.5, 1.5]).is_err());
        assert!(benjamini_hochberg(&[f64::NAN]).is_err());
        assert_eq!(benjamini_hochberg(&[]), Ok(vec![]));
    }
}
