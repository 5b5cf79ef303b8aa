//! The probability of a file under one convention, the share of the rows that follow it being unknown.

use crate::audit::prior::Prior;

/// Log odds of the share of following rows at which conventions are compared roughly.
pub(crate) const SCREEN: [f64; 10] = [-2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0];

/// Probability of an observation when it follows the convention and when it deviates, and its count.
pub(crate) struct Pair {
    pub(crate) following: f64,
    pub(crate) deviating: f64,
    pub(crate) count: f64,
}

/// Returns the log of the Beta prior, up to a constant, times the probability of the rows at rho = logistic(`logit`),
/// as a density over the log odds.
pub(crate) fn log_integrand(pairs: &[Pair], logit: f64, prior: &Prior) -> f64 {
    // ln(rho) and ln(1 - rho) without cancellation at either end.
    let ln_rho = -(-logit).exp().ln_1p();
    let ln_rest = -logit.exp().ln_1p();
    let (rho, rest) = (ln_rho.exp(), ln_rest.exp());
    let following = prior.following * prior.following_rows;
    let deviating = (1.0 - prior.following) * prior.following_rows;
    let rows: f64 = pairs
        .iter()
        .map(|pair| pair.count * (rho * pair.following + rest * pair.deviating).ln())
        .sum();
    // The Jacobian rho (1 - rho) of the log odds raises both exponents of the Beta density by one.
    following * ln_rho + deviating * ln_rest + rows
}

/// Integrates over the share of following rows, by Simpson's rule on the log odds around the maximum.
pub(crate) fn log_marginal(pairs: &[Pair], prior: &Prior) -> f64 {
    let value = |logit: f64| log_integrand(pairs, logit, prior);
    let mut peak = SCREEN[0];
    let mut top = f64::NEG_INFINITY;
    for step in 0..=56 {
        let logit = -8.0 + 0.5 * f64::from(step);
        let here = value(logit);
        if here > top {
            (peak, top) = (logit, here);
        }
    }
    // Golden-section search within the step.
    let (mut low, mut high) = (peak - 0.5, peak + 0.5);
    for _ in 0..24 {
        let (left, right) = (high - 0.618_034 * (high - low), low + 0.618_034 * (high - low));
        if value(left) > value(right) {
            high = right;
        } else {
            low = left;
        }
    }
    peak = 0.5 * (low + high);
    top = value(peak).max(top);
    let edge = |direction: f64| {
        let mut width = 1e-4;
        while width < 300.0 && value(peak + direction * width) > top - 25.0 {
            width *= 1.5;
        }
        peak + direction * width
    };
    let (left, right) = (edge(-1.0), edge(1.0));
    // The two sides differ widely in scale: a steep flank towards 0, a long tail towards 1.
    let log_sum = |from: f64, to: f64| {
        const STEPS: u32 = 64;
        let step = (to - from) / f64::from(STEPS);
        let sum: f64 = (0..=STEPS)
            .map(|index| {
                let weight = match index {
                    0 | STEPS => 1.0,
                    odd if odd % 2 == 1 => 4.0,
                    _ => 2.0,
                };
                weight * (value(from + step * f64::from(index)) - top).exp()
            })
            .sum();
        sum * step / 3.0
    };
    top + (log_sum(left, peak) + log_sum(peak, right)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integral_is_the_closed_form_of_the_beta_function() {
        // n rows that only following explains and m that only deviating explains: B(a + n, b + m), a = 9.8, b = 0.2;
        // ln B = lgamma(a + n) + lgamma(b + m) - lgamma(a + b + n + m), by Python's math.lgamma.
        let expected = [
            (0.0, 0.0, 1.075832),
            (20.0, 0.0, 0.847856),
            (14.0, 6.0, -15.148626),
            (700_000.0, 300_000.0, -610873.246740),
            (1_000_000.0, 0.0, -1.239040),
        ];
        for (following, deviating, ln_beta) in expected {
            let pairs = [
                Pair {
                    following: 1.0,
                    deviating: 0.0,
                    count: following,
                },
                Pair {
                    following: 0.0,
                    deviating: 1.0,
                    count: deviating,
                },
            ];
            let found = log_marginal(&pairs, &Prior::default());
            assert!(
                (found - ln_beta).abs() < 0.02,
                "{following} {deviating}: {found} against {ln_beta}"
            );
        }
    }
}
