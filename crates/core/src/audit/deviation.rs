//! How the rows differ that do not follow the convention of their file, and how many they are.

use crate::audit::hypothesis::{Convention, Coordinates, Hypothesis, Orientation, Shift, Spelling};
use crate::audit::likelihood::UNEXPLAINED;
use crate::audit::mixture::{Mixture, Rows, log_likelihood};
use crate::audit::relative::followed;

/// Rows that differ from the convention of the file in one way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// How: relative to the convention in orientation, absolute in assembly and position; `None` for rows that no
    /// hypothesis explains.
    pub change: Option<Hypothesis>,
    /// Estimated share of rows, 0 to 1.
    pub share: f64,
    /// 95 % interval of the share.
    pub interval: (f64, f64),
    /// How much better the file is explained with these rows than without them, log likelihood ratio in nats.
    pub evidence_nats: f64,
}

/// A deviation is reported from this log likelihood ratio on (nats): a Bayes factor of about 150.
const FOUND: f64 = 5.0;

impl Deviation {
    /// Returns the words for reports: `swapped`, `off_by_one`, `unexplained`.
    pub fn name(&self, convention: Convention) -> String {
        let Some(change) = self.change else {
            return "unexplained".to_owned();
        };
        let mut parts = Vec::new();
        if change.coordinates != convention.coordinates {
            parts.push(match change.coordinates {
                Coordinates::AsSaid => "on the assembly as said",
                Coordinates::OtherAssembly => "other_assembly",
            });
        }
        if change.orientation != Orientation::AsWritten {
            parts.push(Spelling::Uniform(change.orientation).name());
        }
        if change.shift != convention.shift {
            parts.push(match change.shift {
                Shift::None => "at the written position",
                Shift::WrittenTooHigh => "one too high",
                Shift::WrittenTooLow => "one too low",
            });
        }
        parts.join("+")
    }
}

/// Finds the deviations that the rows cannot be explained without, with intervals.
pub(super) fn deviations(convention: Convention, mixture: &Mixture, rows: &Rows) -> Vec<Deviation> {
    let followed = followed(convention).index();
    let candidates: Vec<usize> = (0..=UNEXPLAINED)
        .filter(|&index| index != followed && mixture.assigned[index] > 0.5)
        .collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let weights = mixture.weights();
    let full = log_likelihood(&weights, rows);
    let variances = mixture.variances(rows, followed, &candidates);
    let mut found: Vec<Deviation> = candidates
        .iter()
        .zip(variances)
        .filter_map(|(&index, variance)| {
            let mut pseudo = mixture.pseudo;
            pseudo[index] = 0.0;
            let reduced = Mixture::fit(rows, pseudo, followed);
            let evidence_nats = full - log_likelihood(&reduced.weights(), rows);
            (evidence_nats >= FOUND).then(|| Deviation {
                change: (index != UNEXPLAINED).then(|| Hypothesis::from_index(index)),
                share: weights[index],
                interval: logit_interval(weights[index], variance),
                evidence_nats,
            })
        })
        .collect();
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
    found
}

/// Returns the 95 % interval of a share, normal on the log odds so that it stays inside 0 to 1.
fn logit_interval(share: f64, variance: f64) -> (f64, f64) {
    let spread = share * (1.0 - share);
    if spread <= 0.0 || !variance.is_finite() {
        return (0.0, 1.0);
    }
    let centre = (share / (1.0 - share)).ln();
    let half = 1.959_964 * variance.max(0.0).sqrt() / spread;
    let logistic = |logit: f64| 1.0 / (1.0 + (-logit).exp());
    (logistic(centre - half), logistic(centre + half))
}
