//! What rules count while rows go by, in bounded memory.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Distinct keys that are counted; as many as the audit keeps of variants in memory.
const MOST_KEYS: usize = 3_670_016;

/// Values kept of a column before every second one is dropped.
const MOST_VALUES: usize = 1 << 16;

/// Returns a key of 64 bits for whatever can be hashed; the same in every run.
pub(super) fn key_of(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// How often each key occurs, exact up to 3,670,016 distinct keys; later rows with other keys are not counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: HashMap<u64, u32>,
    rows: u64,
}

impl Tally {
    /// Counts a key.
    pub(super) fn add(&mut self, key: u64) {
        let is_full = self.counts.len() >= MOST_KEYS;
        match self.counts.get_mut(&key) {
            Some(count) => *count = count.saturating_add(1),
            None if is_full => return,
            None => {
                self.counts.insert(key, 1);
            }
        }
        self.rows += 1;
    }

    /// Rows that were counted.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Distinct keys.
    pub(super) fn distinct(&self) -> u64 {
        self.counts.len() as u64
    }

    /// How often a key occurred.
    pub(super) fn count(&self, key: u64) -> u32 {
        self.counts.get(&key).copied().unwrap_or(0)
    }

    /// Sum of the squared counts: the rows of a table that is joined with itself on the key.
    pub(super) fn sum_of_squares(&self) -> u64 {
        self.counts
            .values()
            .map(|&count| u64::from(count) * u64::from(count))
            .fold(0, u64::saturating_add)
    }

    /// Kish's effective number: the square of the sum of the counts by the sum of their squares.
    ///
    /// METHOD: rows of one cluster are taken as one observation each time the cluster is met, which is the worst case of
    /// the design effect (correlation 1 within a cluster). Kish (1965), Survey Sampling, section 11.7.
    pub(super) fn effective(&self) -> f64 {
        let rows = self.rows as f64;
        if self.rows == 0 {
            0.0
        } else {
            rows * rows / self.sum_of_squares() as f64
        }
    }

    /// The counts, in no order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u64, u32)> {
        self.counts.iter().map(|(&key, &count)| (key, count))
    }
}

/// Numbers of a column: exact count, bounds and signs, and a sample spread over the file.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) n: u64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) positive: u64,
    pub(super) negative: u64,
    /// Smallest value above 0.
    pub(super) min_positive: f64,
    values: Vec<f64>,
    step: u64,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            n: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            positive: 0,
            negative: 0,
            min_positive: f64::INFINITY,
            values: Vec::new(),
            step: 1,
        }
    }
}

impl Numbers {
    /// Takes a finite number in.
    pub(super) fn add(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if value > 0.0 {
            self.positive += 1;
            self.min_positive = self.min_positive.min(value);
        }
        self.negative += u64::from(value < 0.0);
        if self.n.is_multiple_of(self.step) {
            if self.values.len() == MOST_VALUES {
                let mut keep = false;
                self.values.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.step *= 2;
            }
            if self.n.is_multiple_of(self.step) {
                self.values.push(value);
            }
        }
        self.n += 1;
    }

    /// The sample, sorted: every value up to 65,536, then every second, fourth and so on.
    pub(super) fn sorted(&self) -> Vec<f64> {
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        values
    }
}

/// Kolmogorov's distance of sorted values from the uniform distribution on 0 to 1.
pub(super) fn distance_from_uniform(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    sorted.iter().enumerate().fold(0.0, |most: f64, (index, &value)| {
        let (below, above) = (index as f64 / n, (index + 1) as f64 / n);
        most.max((value - below).abs()).max((above - value).abs())
    })
}

/// log10 of the probability that `n` signs are all the same when both are as likely: 2^(1 - n).
pub(super) fn log10_all_same_sign(n: u64) -> f64 {
    (1.0 - n as f64) * 2f64.log10()
}

/// Probability of `at_most` or fewer events where `mean` are expected, after Poisson.
pub(super) fn poisson_at_most(at_most: u64, mean: f64) -> f64 {
    let mut log_term = -mean;
    let mut sum = log_term.exp();
    for k in 1..=at_most {
        log_term += mean.ln() - (k as f64).ln();
        sum += log_term.exp();
    }
    sum.min(1.0)
}

/// log10 of the probability of `at_least` or more successes in `n` trials of probability `p`.
pub(super) fn log10_binomial_at_least(at_least: u64, n: u64, p: f64) -> f64 {
    if at_least == 0 {
        return 0.0;
    }
    let mut log_choose = 0.0;
    let mut terms = Vec::new();
    for k in 0..=n {
        if k > 0 {
            log_choose += ((n - k + 1) as f64).ln() - (k as f64).ln();
        }
        if k >= at_least {
            terms.push(log_choose + k as f64 * p.ln() + (n - k) as f64 * (1.0 - p).ln());
        }
    }
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = terms.iter().map(|term| (term - most).exp()).sum();
    ((most + sum.ln()) / std::f64::consts::LN_10).min(0.0)
}

/// Covariance of pairs, one pass (Welford), for a correlation and for equal values.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    correlation: refalt_core::stats::RunningCorrelation,
    pub(super) n: u64,
    pub(super) equal: u64,
    pub(super) opposite: u64,
    pub(super) other_sign: u64,
    pub(super) signed: u64,
}

impl Pairs {
    /// Takes a pair in.
    pub(super) fn add(&mut self, x: f64, y: f64) {
        self.n += 1;
        self.correlation.add(x, y);
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(b.abs());
        if x != 0.0 && y != 0.0 {
            self.signed += 1;
            self.other_sign += u64::from(x.signum() != y.signum());
            self.equal += u64::from(near(x, y));
            self.opposite += u64::from(near(x, -y));
        }
    }

    /// Pearson's correlation.
    pub(super) fn pearson(&self) -> Option<f64> {
        self.correlation.pearson()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effective_number_is_that_of_kish() {
        let mut tally = Tally::default();
        for key in [1, 1, 1, 2] {
            tally.add(key);
        }
        // (3 + 1)^2 / (3^2 + 1^2) = 16 / 10
        assert!((tally.effective() - 1.6).abs() < 1e-12);
        assert_eq!(tally.sum_of_squares(), 10);
        assert_eq!((tally.rows(), tally.distinct(), tally.count(1)), (4, 2, 3));
    }

    #[test]
    fn tails_agree_with_closed_forms() {
        // Poisson, mean 2: e^-2 (1 + 2 + 2) = 5 e^-2
        assert!((poisson_at_most(2, 2.0) - 5.0 * (-2f64).exp()).abs() < 1e-12);
        // All of 10 at 1/2: 2^-10
        assert!((log10_binomial_at_least(10, 10, 0.5) + 10.0 * 2f64.log10()).abs() < 1e-12);
        // At least 1 of 3 at 1/2: 7/8
        assert!((log10_binomial_at_least(1, 3, 0.5) - (7f64 / 8.0).log10()).abs() < 1e-12);
        // The largest gap of 0.1, 0.2 from the uniform law is at 0.2: 1 - 0.2
        assert!((distance_from_uniform(&[0.1, 0.2]) - 0.8).abs() < 1e-12);
        // One free sign, nine that follow: 2^-9
        assert!((log10_all_same_sign(10) - (1f64 / 512.0).log10()).abs() < 1e-12);
    }

    #[test]
    fn a_long_column_is_sampled_over_its_whole_length() {
        let mut numbers = Numbers::default();
        (0..1_000_000).for_each(|value| numbers.add(f64::from(value)));
        let sorted = numbers.sorted();
        assert!(sorted.len() <= MOST_VALUES && sorted.len() > MOST_VALUES / 4);
        assert!(sorted[0] == 0.0 && sorted[sorted.len() - 1] > 990_000.0);
        assert_eq!((numbers.n, numbers.min, numbers.max), (1_000_000, 0.0, 999_999.0));
    }
}
