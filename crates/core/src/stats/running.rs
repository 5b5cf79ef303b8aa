//! Pearson's correlation of pairs that come one at a time, in constant memory.

/// Pairs being correlated.
///
/// METHOD: means and co-moments are updated pair by pair (Welford 1962, Technometrics 4:419, and its extension to
/// products), so the result does not lose its digits when the values are large against their spread, as the textbook
/// sums of squares do.
///
/// ```
/// use refalt_core::stats::RunningCorrelation;
///
/// let mut pairs = RunningCorrelation::default();
/// for (x, y) in [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)] {
///     pairs.add(x, y);
/// }
/// assert!((pairs.pearson().unwrap() - 1.0).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunningCorrelation {
    count: u64,
    mean_x: f64,
    mean_y: f64,
    squares_x: f64,
    squares_y: f64,
    products: f64,
}

impl RunningCorrelation {
    /// Adds a pair; both values are finite.
    pub fn add(&mut self, x: f64, y: f64) {
        self.count += 1;
        let count = self.count as f64;
        let (from_x, from_y) = (x - self.mean_x, y - self.mean_y);
        self.mean_x += from_x / count;
        self.mean_y += from_y / count;
        self.squares_x += from_x * (x - self.mean_x);
        self.squares_y += from_y * (y - self.mean_y);
        self.products += from_x * (y - self.mean_y);
    }

    /// Returns how many pairs were added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the correlation; `None` with fewer than two pairs, or where one side does not vary.
    pub fn pearson(&self) -> Option<f64> {
        if self.count < 2 || self.squares_x <= 0.0 || self.squares_y <= 0.0 {
            return None;
        }
        // Rounding may carry a perfect correlation past 1.
        Some((self.products / (self.squares_x.sqrt() * self.squares_y.sqrt())).clamp(-1.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Anscombe 1973, The American Statistician 27:17: the four sets have r = 0.816 each; this is the first.
    const ANSCOMBE: [(f64, f64); 11] = [
        (10.0, 8.04),
        (8.0, 6.95),
        (13.0, 7.58),
        (9.0, 8.81),
        (11.0, 8.33),
        (14.0, 9.96),
        (6.0, 7.24),
        (4.0, 4.26),
        (12.0, 10.84),
        (7.0, 4.82),
        (5.0, 5.68),
    ];

    fn of(pairs: impl IntoIterator<Item = (f64, f64)>) -> RunningCorrelation {
        let mut running = RunningCorrelation::default();
        for (x, y) in pairs {
            running.add(x, y);
        }
        running
    }

    #[test]
    fn it_is_the_published_value_wherever_the_origin_lies() {
        for shift in [0.0, 1e6] {
            let found = of(ANSCOMBE.map(|(x, y)| (x + shift, y - shift))).pearson().unwrap();
            // 0.81642, as R 4 prints cor(anscombe$x1, anscombe$y1).
            assert!((found - 0.816_420_516).abs() < 1e-8, "{found}");
        }
    }

    #[test]
    fn constant_or_single_values_have_no_correlation() {
        assert_eq!(of([(1.0, 2.0)]).pearson(), None);
        assert_eq!(of([(1.0, 2.0), (1.0, 3.0)]).pearson(), None);
        assert_eq!(of([(1.0, 2.0), (1.0, 3.0)]).count(), 2);
    }
}
