//! The regularised incomplete beta function, which Student's t and the binomial distribution are made of.

use std::f64::consts::PI;

/// ln(n!) less Stirling's formula, for real n >= 0.
///
/// # Source
/// Loader (2000), Fast and accurate computation of binomial probabilities (the saddle-point expansion).
fn stirling_error(n: f64) -> f64 {
    if n > 15.0 {
        let square = n * n;
        let series = 1.0 / 1188.0 / square;
        let series = (1.0 / 1680.0 - series) / square;
        let series = (1.0 / 1260.0 - series) / square;
        let series = (1.0 / 360.0 - series) / square;
        (1.0 / 12.0 - series) / n
    } else if n == 0.0 {
        // n ln n is 0 here.
        0.0
    } else {
        // Step up to where the series holds: ln(n!) = ln((n + k)!) - sum of ln(n + i).
        let mut product = 1.0;
        let mut top = n;
        while top <= 15.0 {
            top += 1.0;
            product *= top;
        }
        let stirling = |n: f64| (n + 0.5) * n.ln() - n + 0.5 * (2.0 * PI).ln();
        stirling(top) + stirling_error(top) - product.ln() - stirling(n)
    }
}

/// x ln(x / mean) + mean - x without loss where x is near the mean.
fn deviance(x: f64, mean: f64) -> f64 {
    if x == 0.0 {
        return mean;
    }
    if (x - mean).abs() < 0.1 * (x + mean) {
        let v = (x - mean) / (x + mean);
        let mut sum = (x - mean) * v;
        let mut power = 2.0 * x * v;
        for term in 1..1000 {
            power *= v * v;
            let next = sum + power / f64::from(2 * term + 1);
            if next == sum {
                break;
            }
            sum = next;
        }
        return sum;
    }
    x * (x / mean).ln() + mean - x
}

/// Gamma(n + 1) / (Gamma(x + 1) Gamma(n - x + 1)) * p^x * q^(n - x) for real 0 <= x <= n and q = 1 - p.
///
/// # Source
/// Loader (2000), Fast and accurate computation of binomial probabilities.
pub(super) fn binomial_term(x: f64, n: f64, p: f64, q: f64) -> f64 {
    if p == 0.0 || q == 0.0 {
        let certain = if p == 0.0 { x == 0.0 } else { x == n };
        return f64::from(u8::from(certain));
    }
    if x == 0.0 {
        return (n * (-p).ln_1p()).exp();
    }
    if x == n {
        return (n * (-q).ln_1p()).exp();
    }
    let exponent =
        stirling_error(n) - stirling_error(x) - stirling_error(n - x) - deviance(x, n * p) - deviance(n - x, n * q);
    exponent.exp() * (n / (2.0 * PI * x * (n - x))).sqrt()
}

/// Returns I_x(a, b), with `y` = 1 - x given because it may be known to more digits.
///
/// Relative error near 1e-13 for parameters up to 1e6.
///
/// # Source
/// Continued fraction by Lentz's method (DLMF 8.17.22), and I_x(a, b) = 1 - I_y(b, a).
pub(super) fn regularized_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    // The fraction converges fast below the mean.
    if x * (a + b + 2.0) > a + 1.0 {
        return 1.0 - lower_beta(b, a, y, x);
    }
    lower_beta(a, b, x, y)
}

/// I_x(a, b) by its continued fraction.
fn lower_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    // x^a y^b / (a B(a, b)) = binomial_term(a, a + b) * b / (a + b).
    let front = binomial_term(a, a + b, x, y) * b / (a + b);
    let away = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..100_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / away(1.0 + coefficient * d);
            c = away(1.0 + coefficient / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    front * fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms_come_out() {
        // I_x(1, b) = 1 - (1 - x)^b and I_x(a, 1) = x^a; I_x(a, a) is 1/2 at 1/2.
        for x in [1e-6, 0.1, 0.5, 0.9] {
            let y = 1.0 - x;
            assert!((regularized_beta(1.0, 7.0, x, y) - (1.0 - y.powi(7))).abs() < 1e-14);
            assert!((regularized_beta(3.0, 1.0, x, y) / x.powi(3) - 1.0).abs() < 1e-13);
        }
        for a in [0.5, 20.0, 1e5] {
            assert!((regularized_beta(a, a, 0.5, 0.5) - 0.5).abs() < 1e-12, "{a}");
        }
        assert_eq!(
            (
                regularized_beta(2.0, 3.0, 0.0, 1.0),
                regularized_beta(2.0, 3.0, 1.0, 0.0)
            ),
            (0.0, 1.0)
        );
    }

    #[test]
    fn terms_are_binomial_probabilities() {
        // 10 choose 3 * 0.2^3 * 0.8^7 = 120 * 0.008 * 0.2097152
        assert!((binomial_term(3.0, 10.0, 0.2, 0.8) - 0.201_326_592).abs() < 1e-15);
        assert!((binomial_term(0.0, 4.0, 0.5, 0.5) - 0.0625).abs() < 1e-16);
        assert!((binomial_term(4.0, 4.0, 0.25, 0.75) - 0.003_906_25).abs() < 1e-17);
    }
}
