//! Whether the names of a file follow the alleles of a hypothesis: one habit, not a witness for each row.

use crate::audit::hypothesis::{Convention, Hypothesis};
use crate::audit::likelihood::{UNEXPLAINED, allele_names};
use crate::audit::observe::Observation;
use crate::audit::prior::Prior;
use crate::strand::Strand;

/// The alleles that names spell, averaged over the rows that have them.
pub(super) struct NameHabit {
    pub(super) rows: u64,
    /// Mean log factor by hypothesis, for rows of reverse genes and for the others.
    mean: [[f64; Hypothesis::COUNT]; 2],
    /// Mean log factor where the positions have nothing to do with the reference.
    pub(super) unrelated: f64,
}

impl NameHabit {
    pub(super) fn of(observations: &[(Observation, u64)], prior: &Prior) -> Self {
        let mut habit = Self {
            rows: 0,
            mean: [[0.0; Hypothesis::COUNT]; 2],
            unrelated: 0.0,
        };
        for (observation, count) in observations {
            if observation.names.alleles.is_none_or(|set| set.is_empty()) {
                continue;
            }
            habit.rows += count;
            let stratum = usize::from(observation.gene_strand == Some(Strand::Reverse));
            let factors = allele_names(observation, prior);
            for (mean, factor) in habit.mean[stratum].iter_mut().zip(factors) {
                *mean += *count as f64 * factor.ln();
            }
            habit.unrelated += *count as f64 * factors[UNEXPLAINED].ln();
        }
        for mean in habit.mean.iter_mut().flatten() {
            *mean /= habit.rows.max(1) as f64;
        }
        habit.unrelated /= habit.rows.max(1) as f64;
        habit
    }

    pub(super) fn log_factor(&self, convention: Convention) -> f64 {
        [None, Some(Strand::Reverse)]
            .into_iter()
            .zip(&self.mean)
            .map(|(strand, mean)| mean[convention.hypothesis(strand).index()])
            .sum()
    }
}
