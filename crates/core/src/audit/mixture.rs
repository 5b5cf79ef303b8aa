//! A mixture with known components: which share of the rows does each hypothesis explain?
//!
//! METHOD: the probabilities of a row under the hypotheses, L(h), are given; the shares have a Dirichlet prior of
//! alpha(h) pseudo-rows. Row i is assigned in proportion to L(h) (n(h) + alpha(h)), n(h) being the rows assigned to h
//! by the others: collapsed variational inference of zeroth order (Asuncion, Welling, Smyth and Teh 2009,
//! arXiv:1205.2662). What the others would assign without row i is not what they assign with it less its own part:
//! rows that match h by chance follow it by a little, in proportion to n(h). To first order this echo multiplies the
//! part of row i by 1 / (1 - c(h)), with c(h) = sum over rows of r (1 - r) / (n(h) + alpha(h)), and so much is taken
//! off. Without this, a single odd row in a file makes its own best explanation certain.

use crate::audit::likelihood::Likelihoods;

/// Likelihoods of distinct rows, with counts.
pub(crate) type Rows = Vec<(Likelihoods, f64)>;

/// A fitted mixture.
#[derive(Clone, Debug)]
pub(crate) struct Mixture {
    /// Rows assigned to each component.
    pub(crate) assigned: Likelihoods,
    /// The prior in rows; components with 0 are left out.
    pub(crate) pseudo: Likelihoods,
    /// The assignment of one row of each kind.
    own: Vec<Likelihoods>,
    /// How the other rows echo a row, by component: c(h).
    echo: Likelihoods,
}

/// The echo is taken off at most this many times.
const MOST_ECHO: f64 = 0.95;

impl Mixture {
    /// Assigns the rows.
    ///
    /// * `first`: the component that holds all rows at the start.
    pub(crate) fn fit(rows: &Rows, pseudo: Likelihoods, first: usize) -> Self {
        let total: f64 = rows.iter().map(|(_, count)| count).sum();
        let mut mixture = Self {
            assigned: [0.0; _],
            pseudo,
            own: vec![[0.0; _]; rows.len()],
            echo: [0.0; _],
        };
        mixture.assigned[first] = total;
        for round in 0..500 {
            let mut assigned: Likelihoods = [0.0; _];
            let mut spread: Likelihoods = [0.0; _];
            for (number, (likelihood, count)) in rows.iter().enumerate() {
                let own = (round > 0).then(|| &mixture.own[number]);
                let row = mixture.respond(likelihood, own).unwrap_or([0.0; _]);
                for (index, value) in row.iter().enumerate() {
                    assigned[index] += count * value;
                    spread[index] += count * value * (1.0 - value);
                }
                mixture.own[number] = row;
            }
            let change = difference(&assigned, &mixture.assigned);
            mixture.assigned = assigned;
            for (index, echo) in mixture.echo.iter_mut().enumerate() {
                *echo = ratio(spread[index], assigned[index] + pseudo[index]);
            }
            if change < 1e-9 * total.max(1.0) {
                break;
            }
        }
        mixture
    }

    /// Returns the probabilities of the components for a row.
    ///
    /// * `number`: which of the fitted rows it is, if it is one.
    pub(crate) fn responsibilities(&self, likelihood: &Likelihoods, number: Option<usize>) -> Option<Likelihoods> {
        self.respond(likelihood, number.and_then(|number| self.own.get(number)))
    }

    fn respond(&self, likelihood: &Likelihoods, own: Option<&Likelihoods>) -> Option<Likelihoods> {
        let mut row: Likelihoods = [0.0; _];
        let mut sum = 0.0;
        for (index, value) in row.iter_mut().enumerate() {
            let pseudo = self.pseudo[index];
            if pseudo == 0.0 || likelihood[index] == 0.0 {
                continue;
            }
            let part = own.map_or(0.0, |own| {
                let part = own[index];
                let others = self.echo[index] - ratio(part * (1.0 - part), self.assigned[index] + pseudo);
                part / (1.0 - others.clamp(0.0, MOST_ECHO))
            });
            *value = ((self.assigned[index] - part).max(0.0) + pseudo) * likelihood[index];
            sum += *value;
        }
        if sum <= 0.0 {
            return None;
        }
        for value in &mut row {
            *value /= sum;
        }
        Some(row)
    }

    /// Returns the expected shares; they sum to 1.
    pub(crate) fn weights(&self) -> Likelihoods {
        let mut weights = self.assigned;
        for (weight, pseudo) in weights.iter_mut().zip(&self.pseudo) {
            *weight += pseudo;
        }
        let sum: f64 = weights.iter().sum();
        weights.map(|weight| weight / sum)
    }

    /// Returns the variance of each share of `components` from the observed information, mass moving between it and
    /// the component `first`.
    pub(crate) fn variances(&self, rows: &Rows, first: usize, components: &[usize]) -> Vec<f64> {
        let weights = self.weights();
        let size = components.len();
        let mut information = vec![vec![0.0; size]; size];
        for (likelihood, count) in rows {
            let sum = mean(&weights, likelihood);
            if sum <= 0.0 {
                continue;
            }
            let score: Vec<f64> = components
                .iter()
                .map(|&index| (likelihood[index] - likelihood[first]) / sum)
                .collect();
            for (row, left) in information.iter_mut().zip(&score) {
                for (cell, right) in row.iter_mut().zip(&score) {
                    *cell += count * left * right;
                }
            }
        }
        for (position, &index) in components.iter().enumerate() {
            information[position][position] += self.pseudo[index] / (weights[index] * weights[index]);
        }
        (0..size).map(|index| inverse_diagonal(&information, index)).collect()
    }
}

/// Returns the log probability of the rows at given shares.
pub(crate) fn log_likelihood(weights: &Likelihoods, rows: &Rows) -> f64 {
    rows.iter()
        .map(|(likelihood, count)| count * mean(weights, likelihood).max(f64::MIN_POSITIVE).ln())
        .sum()
}

fn mean(weights: &Likelihoods, likelihood: &Likelihoods) -> f64 {
    weights.iter().zip(likelihood).map(|(w, l)| w * l).sum()
}

fn difference(left: &Likelihoods, right: &Likelihoods) -> f64 {
    left.iter().zip(right).map(|(l, r)| (l - r).abs()).fold(0.0, f64::max)
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Returns one diagonal element of the inverse of a symmetric positive definite matrix, by Gaussian elimination.
fn inverse_diagonal(matrix: &[Vec<f64>], wanted: usize) -> f64 {
    let size = matrix.len();
    let mut work: Vec<Vec<f64>> = matrix.to_vec();
    let mut right: Vec<f64> = (0..size).map(|index| f64::from(u8::from(index == wanted))).collect();
    for pivot in 0..size {
        let best = (pivot..size)
            .max_by(|&a, &b| work[a][pivot].abs().total_cmp(&work[b][pivot].abs()))
            .unwrap_or(pivot);
        work.swap(pivot, best);
        right.swap(pivot, best);
        if work[pivot][pivot].abs() < 1e-300 {
            return f64::INFINITY;
        }
        let pivot_row = work[pivot].clone();
        let pivot_right = right[pivot];
        for row in (0..size).filter(|&row| row != pivot) {
            let factor = work[row][pivot] / pivot_row[pivot];
            for (cell, above) in work[row].iter_mut().zip(&pivot_row).skip(pivot) {
                *cell -= factor * above;
            }
            right[row] -= factor * pivot_right;
        }
    }
    right[wanted] / work[wanted][wanted]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likelihoods(values: &[(usize, f64)]) -> Likelihoods {
        let mut all = [0.0; _];
        for &(index, value) in values {
            all[index] = value;
        }
        all
    }

    #[test]
    fn rows_that_only_one_component_explains_are_counted() {
        let rows = vec![(likelihoods(&[(0, 1.0)]), 70.0), (likelihoods(&[(1, 1.0)]), 30.0)];
        let pseudo = likelihoods(&[(0, 9.8), (1, 0.1), (2, 0.1)]);
        let mixture = Mixture::fit(&rows, pseudo, 0);
        assert!((mixture.assigned[0] - 70.0).abs() < 1e-9 && (mixture.assigned[1] - 30.0).abs() < 1e-9);
        // (30 + 0.1) / (100 + 10)
        assert!((mixture.weights()[1] - 30.1 / 110.0).abs() < 1e-12);
    }

    #[test]
    fn one_odd_row_is_judged_by_the_prior_and_not_by_itself() {
        // One row that components 1 and 2 explain alike, prior 3 : 1; of 200 regular rows 50 match component 2 by chance.
        let rows = vec![
            (likelihoods(&[(0, 1.0)]), 150.0),
            (likelihoods(&[(0, 1.0), (2, 1.0)]), 50.0),
            (likelihoods(&[(1, 1.0), (2, 1.0)]), 1.0),
        ];
        let pseudo = likelihoods(&[(0, 9.8), (1, 0.15), (2, 0.05)]);
        let mixture = Mixture::fit(&rows, pseudo, 0);
        let row = mixture.responsibilities(&rows[2].0, Some(2)).unwrap();
        // Exactly, summing over the assignments of the 50 rows: the odds of component 1 are
        // alpha1 / (alpha2 (1 + 50/209 (1 + alpha2) + ...)), about 3 / 1.31 = 2.3, a probability of 0.70.
        assert!((0.62..0.76).contains(&row[1]), "{}", row[1]);
    }

    #[test]
    fn the_variance_of_a_share_is_binomial_when_every_row_is_clear() {
        let rows = vec![(likelihoods(&[(0, 1.0)]), 7000.0), (likelihoods(&[(1, 1.0)]), 3000.0)];
        let mixture = Mixture::fit(&rows, likelihoods(&[(0, 0.9), (1, 0.1)]), 0);
        let variance = mixture.variances(&rows, 0, &[1])[0];
        // 0.3 x 0.7 / 10000 = 2.1e-5
        assert!((variance / 2.1e-5 - 1.0).abs() < 0.01, "{variance}");
    }

    #[test]
    fn an_inverse_is_that_of_the_textbook() {
        // [[4, 2], [2, 3]] has the inverse [[3, -2], [-2, 4]] / 8.
        let matrix = vec![vec![4.0, 2.0], vec![2.0, 3.0]];
        assert!((inverse_diagonal(&matrix, 0) - 3.0 / 8.0).abs() < 1e-12);
        assert!((inverse_diagonal(&matrix, 1) - 4.0 / 8.0).abs() < 1e-12);
    }
}
