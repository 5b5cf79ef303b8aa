//! The derivatives of ln Gamma that the distribution of ln(variance) is made of.

/// Where the asymptotic series holds to the last digits of a double.
const FROM: f64 = 16.0;

/// Returns the digamma function, the first derivative of ln Gamma, for `x` above 0.
///
/// # Source
/// Abramowitz and Stegun, 6.3.5 (recurrence) and 6.3.18 (asymptotic series).
pub(super) fn digamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < FROM {
        below += 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = y * (1.0 / 12.0 - y * (1.0 / 120.0 - y * (1.0 / 252.0 - y * (1.0 / 240.0 - y / 132.0))));
    x.ln() - 0.5 / x - series - below
}

/// Returns the trigamma function, the second derivative of ln Gamma, for `x` above 0.
///
/// # Source
/// Abramowitz and Stegun, 6.4.6 (recurrence) and 6.4.12 (asymptotic series).
pub(super) fn trigamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < FROM {
        below += 1.0 / (x * x);
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = y * (1.0 / 6.0 - y * (1.0 / 30.0 - y * (1.0 / 42.0 - y * (1.0 / 30.0 - y * 5.0 / 66.0))));
    below + (1.0 + 0.5 / x + series) / x
}

/// Returns the x above 0 whose trigamma is `y`, for `y` above 0.
///
/// trigamma falls from infinity to 0, and lies between 1 / x + 1 / (2 x^2) and 1 / x + 1 / x^2 for every x, so the root is
/// bracketed in closed form and found by halving.
pub(super) fn trigamma_inverse(y: f64) -> f64 {
    let root = |factor: f64| (1.0 + (1.0 + 4.0 * factor * y).sqrt()) / (2.0 * y);
    let (mut low, mut high) = (root(0.5), root(1.0));
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if trigamma(middle) > y {
            low = middle;
        } else {
            high = middle;
        }
    }
    low + (high - low) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-14, "{found} {expected}");
    }

    #[test]
    fn closed_forms_come_out() {
        // Euler's constant, to the digits of a double.
        close(digamma(1.0), -0.577_215_664_901_532_9);
        close(digamma(0.5), -0.577_215_664_901_532_9 - 2.0 * 2f64.ln());
        close(trigamma(1.0), PI * PI / 6.0);
        close(trigamma(0.5), PI * PI / 2.0);
        close(trigamma(2.0), PI * PI / 6.0 - 1.0);
    }

    #[test]
    fn the_inverse_takes_trigamma_back() {
        for x in [1e-6, 0.01, 0.3, 1.0, 2.5, 17.0, 1e4, 1e8] {
            assert!((trigamma_inverse(trigamma(x)) / x - 1.0).abs() < 1e-7, "{x}");
        }
        for x in [0.01, 0.3, 1.0, 2.5, 17.0] {
            close(trigamma_inverse(trigamma(x)), x);
        }
    }
}
