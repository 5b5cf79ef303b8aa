//! Hypotheses relative to the convention of a file, and what a distinct row says of each.

use crate::audit::hypothesis::{Convention, Hypothesis};
use crate::audit::likelihood::{Likelihoods, UNEXPLAINED};
use crate::audit::mixture::Rows;
use crate::strand::Strand;

/// A distinct observation as the fit sees it.
pub(super) struct Evidence {
    pub(super) likelihoods: Likelihoods,
    pub(super) count: f64,
    pub(super) gene_strand: Option<Strand>,
}

/// Turns a hypothesis relative to a convention into the one that holds for a row.
pub(super) fn absolute(relative: Hypothesis, convention: Convention, gene_strand: Option<Strand>) -> Hypothesis {
    Hypothesis {
        orientation: relative.orientation.then(convention.spelling.orientation(gene_strand)),
        ..relative
    }
}

/// Returns the likelihoods in the order of hypotheses relative to a convention.
pub(super) fn relative(likelihood: &Likelihoods, convention: Convention, gene_strand: Option<Strand>) -> Likelihoods {
    let mut values = [0.0; Hypothesis::COUNT + 1];
    for (index, value) in values.iter_mut().take(Hypothesis::COUNT).enumerate() {
        *value = likelihood[absolute(Hypothesis::from_index(index), convention, gene_strand).index()];
    }
    values[UNEXPLAINED] = likelihood[UNEXPLAINED];
    values
}

/// Returns the hypothesis, relative to the convention, of rows that follow it.
pub(super) fn followed(convention: Convention) -> Hypothesis {
    Hypothesis {
        coordinates: convention.coordinates,
        shift: convention.shift,
        ..Hypothesis::AS_WRITTEN
    }
}

/// Returns the rows relative to a convention, with their counts.
pub(super) fn relative_rows(convention: Convention, evidence: &[Evidence]) -> Rows {
    evidence
        .iter()
        .map(|row| (relative(&row.likelihoods, convention, row.gene_strand), row.count))
        .collect()
}
