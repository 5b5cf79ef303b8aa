//! Exact tests and intervals of shares: binomial test, McNemar's test, Wilson's interval.

use super::beta::{binomial_term, regularized_beta};
use super::confidence::ConfidenceInterval;
use super::error::{StatsError, proper_fraction};
use super::normal::normal_quantile;
use super::permutation::Alternative;

/// Returns the exact p-value of `successes` in `trials` under a chance of `share` each.
///
/// Greater: the chance of as many successes or more. Two-sided: the chance of all numbers of successes that are no
/// likelier than the one found (within a relative 1e-7), the definition of R's `binom.test` and
/// `scipy.stats.binomtest`.
///
/// # Errors
/// [`StatsError::TooFewRows`] without trials, [`StatsError::OutOfRange`] for more successes than trials or a share outside
/// 0 to 1.
///
/// ```
/// use refalt_core::stats::{Alternative, binomial_test};
///
/// // Five heads of five: 1/32, and as unlikely on the other side.
/// assert!((binomial_test(5, 5, 0.5, Alternative::Greater)? - 1.0 / 32.0).abs() < 1e-15);
/// assert!((binomial_test(5, 5, 0.5, Alternative::TwoSided)? - 2.0 / 32.0).abs() < 1e-15);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn binomial_test(successes: u64, trials: u64, share: f64, alternative: Alternative) -> Result<f64, StatsError> {
    check(successes, trials)?;
    if !(0.0..=1.0).contains(&share) {
        return Err(StatsError::OutOfRange {
            parameter: "share",
            value: share,
            allowed: "0 to 1",
        });
    }
    let distribution = Binomial { trials, share };
    Ok(match alternative {
        Alternative::Greater => distribution.at_least(successes),
        Alternative::TwoSided => distribution.no_likelier_than(successes),
    })
}

/// Returns McNemar's exact two-sided p-value: do two predictions of the same rows err equally often?
///
/// Only rows on which they differ count; under the null each of them goes either way with chance 1/2. Rows on which both
/// are right or both wrong say nothing. Without a row on which they differ, 1.
///
/// * `only_first_right`, `only_second_right`: rows on which one is right and the other wrong.
///
/// # Source
/// McNemar (1947), Note on the sampling error of the difference between correlated proportions, doi:10.1007/BF02295996.
pub fn mcnemar_exact(only_first_right: u64, only_second_right: u64) -> f64 {
    let distribution = Binomial {
        trials: only_first_right + only_second_right,
        share: 0.5,
    };
    if distribution.trials == 0 {
        return 1.0;
    }
    distribution.no_likelier_than(only_first_right)
}

/// Returns Wilson's interval of a share: the values that a score test would not reject.
///
/// With p = successes / trials and z the normal quantile of (1 + level) / 2: centre (p + z^2 / 2n) / (1 + z^2 / n), half
/// width z / (1 + z^2 / n) * sqrt(p (1 - p) / n + z^2 / 4n^2). Never leaves 0 to 1.
///
/// # Errors
/// No trials, more successes than trials, or a level outside (0, 1).
///
/// # Source
/// Wilson (1927), Probable inference, the law of succession, and statistical inference, doi:10.1080/01621459.1927.10502953.
pub fn wilson_interval(successes: u64, trials: u64, level: f64) -> Result<ConfidenceInterval, StatsError> {
    check(successes, trials)?;
    proper_fraction("level", level)?;
    let z = -normal_quantile((1.0 - level) / 2.0)?;
    let n = trials as f64;
    let p = successes as f64 / n;
    let scale = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / scale;
    let half_width = z / scale * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    // At no and at all successes an end is exactly 0 or 1; the formula gives it up to rounding.
    Ok(ConfidenceInterval {
        low: if successes == 0 { 0.0 } else { centre - half_width },
        high: if successes == trials { 1.0 } else { centre + half_width },
        level,
    })
}

fn check(successes: u64, trials: u64) -> Result<(), StatsError> {
    if trials == 0 {
        return Err(StatsError::TooFewRows { rows: 0, needed: 1 });
    }
    if successes > trials {
        return Err(StatsError::OutOfRange {
            parameter: "successes",
            value: successes as f64,
            allowed: "at most the number of trials",
        });
    }
    Ok(())
}

struct Binomial {
    trials: u64,
    share: f64,
}

impl Binomial {
    fn probability(&self, successes: u64) -> f64 {
        binomial_term(successes as f64, self.trials as f64, self.share, 1.0 - self.share)
    }

    /// P(X >= successes) = I_p(k, n - k + 1).
    fn at_least(&self, successes: u64) -> f64 {
        if successes == 0 {
            return 1.0;
        }
        let (k, n) = (successes as f64, self.trials as f64);
        regularized_beta(k, n - k + 1.0, self.share, 1.0 - self.share)
    }

    /// P(X <= successes) = I_q(n - k, k + 1).
    fn at_most(&self, successes: u64) -> f64 {
        if successes >= self.trials {
            return 1.0;
        }
        let (k, n) = (successes as f64, self.trials as f64);
        regularized_beta(n - k, k + 1.0, 1.0 - self.share, self.share)
    }

    /// The chance of all outcomes that are no likelier than `successes`.
    fn no_likelier_than(&self, successes: u64) -> f64 {
        let mean = self.trials as f64 * self.share;
        let own = self.probability(successes) * (1.0 + 1e-7);
        // Probabilities fall away from the mean on either side: the first that is small enough is found by halving.
        let first = |from: u64, to: u64, is_small: &dyn Fn(u64) -> bool| {
            let (mut low, mut high) = (from, to);
            while low < high {
                let middle = low + (high - low) / 2;
                if is_small(middle) {
                    high = middle
                } else {
                    low = middle + 1
                }
            }
            low
        };
        let tails = if successes as f64 == mean {
            1.0
        } else if (successes as f64) < mean {
            let other = first(mean.ceil() as u64, self.trials + 1, &|k| self.probability(k) <= own);
            let upper = if other > self.trials { 0.0 } else { self.at_least(other) };
            self.at_most(successes) + upper
        } else {
            // Mirrored: steps down from the mean.
            let down = mean.floor() as u64;
            let steps = first(0, down + 1, &|step| self.probability(down - step.min(down)) <= own);
            let lower = if steps > down { 0.0 } else { self.at_most(down - steps) };
            self.at_least(successes) + lower
        };
        tails.min(1.0)
    }
}

/// Returns the interval of the difference of two shares of independent samples: Newcombe's hybrid of two Wilson intervals.
///
/// With shares p and q, p - q - sqrt((p - l)^2 + (u' - q)^2) to p - q + sqrt((u - p)^2 + (q - l')^2), where l, u and l', u' are
/// the Wilson intervals.
///
/// # Errors
/// As for [`wilson_interval`], for either side.
///
/// # Source
/// Newcombe (1998), Interval estimation for the difference between independent proportions, method 10,
/// doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
pub fn share_difference_interval(
    (successes, trials): (u64, u64),
    (other_successes, other_trials): (u64, u64),
    level: f64,
) -> Result<ConfidenceInterval, StatsError> {
    let first = wilson_interval(successes, trials, level)?;
    let second = wilson_interval(other_successes, other_trials, level)?;
    let p = successes as f64 / trials as f64;
    let q = other_successes as f64 / other_trials as f64;
    Ok(ConfidenceInterval {
        low: p - q - (p - first.low).hypot(second.high - q),
        high: p - q + (first.high - p).hypot(q - second.low),
        level,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_predictions_that_never_differ_are_alike() {
        assert_eq!(mcnemar_exact(0, 0), 1.0);
        // 1 of 10 rows goes one way: 2 * (1 + 10) / 1024.
        assert!((mcnemar_exact(1, 9) - 22.0 / 1024.0).abs() < 1e-15);
        assert_eq!(mcnemar_exact(4, 4), 1.0);
    }

    #[test]
    fn impossible_shares_are_certain_or_excluded() {
        assert_eq!(binomial_test(0, 5, 0.0, Alternative::TwoSided), Ok(1.0));
        assert_eq!(binomial_test(1, 5, 0.0, Alternative::TwoSided), Ok(0.0));
        assert_eq!(binomial_test(5, 5, 1.0, Alternative::Greater), Ok(1.0));
        assert!(binomial_test(6, 5, 0.5, Alternative::Greater).is_err());
        assert!(binomial_test(0, 0, 0.5, Alternative::Greater).is_err());
    }

    #[test]
    fn wilson_intervals_stay_within_the_shares() {
        let none = wilson_interval(0, 10, 0.95).unwrap();
        // z^2 / (n + z^2) with z^2 = 3.841459.
        assert_eq!(none.low, 0.0);
        assert!((none.high - 3.841_458_820_694_124 / 13.841_458_820_694_124).abs() < 1e-12);
        assert_eq!(wilson_interval(10, 10, 0.95).unwrap().high, 1.0);
        assert!(wilson_interval(1, 0, 0.95).is_err());
    }

    #[test]
    fn both_tails_are_summed_as_written_out() {
        for (trials, share) in [(12u64, 0.5), (12, 0.3), (9, 0.85), (1, 0.2)] {
            let distribution = Binomial { trials, share };
            for successes in 0..=trials {
                let own = distribution.probability(successes) * (1.0 + 1e-7);
                let all = (0..=trials).map(|k| distribution.probability(k));
                let expected: f64 = all.filter(|&p| p <= own).sum();
                let found = binomial_test(successes, trials, share, Alternative::TwoSided).unwrap();
                assert!(
                    (found - expected.min(1.0)).abs() < 1e-13,
                    "{successes} of {trials} at {share}"
                );
            }
        }
    }

    #[test]
    fn the_published_example_of_two_shares_comes_out() {
        // Newcombe 1998, table II, example (a), method 10: 56/70 - 48/80.
        let interval = share_difference_interval((56, 70), (48, 80), 0.95).unwrap();
        assert!((interval.low - 0.0524).abs() < 5e-5, "{interval:?}");
        assert!((interval.high - 0.3339).abs() < 5e-5, "{interval:?}");
        assert!(share_difference_interval((0, 0), (1, 2), 0.95).is_err());
    }
}
