//! How probable each convention is for a file, and that none holds.

use crate::audit::hypothesis::Convention;
use crate::audit::likelihood::UNEXPLAINED;
use crate::audit::marginal::{Pair, SCREEN, log_integrand, log_marginal};
use crate::audit::observe::Observation;
use crate::audit::prior::Prior;
use crate::audit::relative::{Evidence, followed, relative};
use crate::strand::Strand;

/// A convention with its posterior probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConventionPosterior {
    /// The convention.
    pub convention: Convention,
    /// Its probability given the file; conventions that mean the same in every row of the file are added up.
    pub posterior: f64,
    /// Its probability before the rows were read, added up likewise.
    pub prior: f64,
}

/// Returns the log probability of rows whose alleles have nothing to do with the genome, up to the constant of
/// [`log_marginal`].
pub(super) fn log_unrelated(evidence: &[Evidence], prior: &Prior) -> f64 {
    let rows: f64 = evidence
        .iter()
        .map(|row| row.count * row.likelihoods[UNEXPLAINED].max(f64::MIN_POSITIVE).ln())
        .sum();
    rows + log_marginal(&[], prior)
}

/// Replaces each log prior by the posterior probability and sorts, most probable first; returns the posterior of
/// `unrelated`, the log of prior times probability that no convention holds.
pub(super) fn log_posteriors(
    scored: &mut [(Convention, f64)],
    unrelated: f64,
    evidence: &[Evidence],
    prior: &Prior,
    has_lift: bool,
) -> f64 {
    let weights = [1.0 - prior.deviating_by_chance, prior.deviating_by_chance].map(f64::ln);
    let screened: Vec<([Vec<Pair>; 2], f64)> = scored
        .iter()
        .map(|&(convention, log_prior)| {
            let pairs = pairs(convention, evidence, prior, has_lift);
            let rough = |(pairs, weight): (&Vec<Pair>, f64)| {
                let values = SCREEN.iter().map(|&logit| log_integrand(pairs, logit, prior));
                weight + values.fold(f64::NEG_INFINITY, f64::max)
            };
            let rough = pairs.iter().zip(weights).map(rough).fold(f64::NEG_INFINITY, f64::max);
            (pairs, log_prior + rough)
        })
        .collect();
    let best = screened
        .iter()
        .map(|(_, rough)| *rough)
        .fold(f64::NEG_INFINITY, f64::max);
    for ((_, value), (pairs, rough)) in scored.iter_mut().zip(&screened) {
        *value = if *rough < best - 60.0 {
            f64::NEG_INFINITY
        } else {
            let [typical, chance] = [0, 1].map(|index| weights[index] + log_marginal(&pairs[index], prior));
            let top = typical.max(chance);
            *value + top + ((typical - top).exp() + (chance - top).exp()).ln()
        };
    }
    let top = scored.iter().map(|&(_, value)| value).fold(unrelated, f64::max);
    let sum: f64 = (unrelated - top).exp() + scored.iter().map(|&(_, value)| (value - top).exp()).sum::<f64>();
    for (_, value) in scored.iter_mut() {
        *value = (*value - top).exp() / sum;
    }
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    (unrelated - top).exp() / sum
}

/// Returns the rows as they deviate in the usual ways, and as they deviate in ways of which nobody thinks.
fn pairs(convention: Convention, evidence: &[Evidence], prior: &Prior, has_lift: bool) -> [Vec<Pair>; 2] {
    let followed = followed(convention);
    let weights = prior.deviations(followed, has_lift);
    let typical = |row: &Evidence| {
        let relative = relative(&row.likelihoods, convention, row.gene_strand);
        Pair {
            following: relative[followed.index()],
            deviating: weights.iter().zip(&relative).map(|(w, l)| w * l).sum(),
            count: row.count,
        }
    };
    let typical: Vec<Pair> = evidence.iter().map(typical).collect();
    let chance = typical.iter().zip(evidence).map(|(pair, row)| Pair {
        deviating: row.likelihoods[UNEXPLAINED],
        ..*pair
    });
    let chance = chance.collect();
    [typical, chance]
}

/// Adds up conventions that mean the same hypothesis in every row, under the name of the most probable.
pub(super) fn merge_equal(
    scored: &[(Convention, f64)],
    prior: impl Fn(Convention) -> f64,
    observations: &[(Observation, u64)],
) -> Vec<ConventionPosterior> {
    let strata: Vec<Option<Strand>> = [None, Some(Strand::Reverse)]
        .into_iter()
        .filter(|&stratum| {
            observations
                .iter()
                .any(|(observation, _)| (observation.gene_strand == Some(Strand::Reverse)) == stratum.is_some())
        })
        .collect();
    let mut merged: Vec<ConventionPosterior> = Vec::new();
    for &(convention, posterior) in scored {
        let believed = prior(convention);
        let same = merged.iter_mut().find(|known| {
            !strata.is_empty()
                && strata
                    .iter()
                    .all(|&stratum| known.convention.hypothesis(stratum) == convention.hypothesis(stratum))
        });
        match same {
            Some(known) => {
                known.posterior += posterior;
                known.prior += believed;
            }
            None => merged.push(ConventionPosterior {
                convention,
                posterior,
                prior: believed,
            }),
        }
    }
    merged.sort_by(|a, b| b.posterior.total_cmp(&a.posterior));
    merged
}
