//! How probable the alleles of a row are under each hypothesis.
//!
//! METHOD: under a hypothesis the implied REF is read off the genome, so its probability is 1 where it matches and 0
//! where it does not; where the genome is not known it is 4^-n for n bases. The implied ALT of a substitution or a
//! deletion has the same probability under every hypothesis and is left out. An insertion of k bases repeats what
//! stands beside it with probability d (then its bases follow from the genome) or is random (4^-k): so the long
//! allele, when it stands in the genome, may be the REF of a deletion as well as the ALT of a duplication, and only
//! the rest of the file can tell. A row that no hypothesis explains has random alleles, 4^-n for the bases of REF.
//!
//! 4^-n takes the four bases as equally frequent; on the human genome the frequencies are 0.29 and 0.21, which
//! changes the evidence of one base by less than 0.3 bits.

use crate::audit::hypothesis::{Coordinates, Hypothesis};
use crate::audit::observe::Observation;
use crate::audit::prior::{Agreement, Prior};

/// Probabilities of a row under the 24 hypotheses, and last under "unexplained".
pub(crate) type Likelihoods = [f64; Hypothesis::COUNT + 1];

/// The number of the hypothesis that nothing explains the row.
pub(crate) const UNEXPLAINED: usize = Hypothesis::COUNT;

/// Returns the probability of a row's alleles under each hypothesis, with the names that give places.
///
/// The alleles that names spell are not in it: see [`allele_names`].
pub(crate) fn likelihoods(observation: &Observation, prior: &Prior, has_lift: bool) -> Likelihoods {
    let [reference, alternate] = observation.lengths;
    let mut values = [0.0; Hypothesis::COUNT + 1];
    for hypothesis in Hypothesis::all() {
        if hypothesis.coordinates == Coordinates::OtherAssembly && !has_lift {
            continue;
        }
        let (implied_reference, implied_alternate) = if hypothesis.orientation.is_swapped() {
            (alternate, reference)
        } else {
            (reference, alternate)
        };
        let place_bit = 1u8 << hypothesis.place();
        let fit = if observation.beyond & place_bit != 0 {
            0.0
        } else if observation.matches.contains(hypothesis) {
            1.0
        } else if observation.unknown.contains(hypothesis) {
            let gap = if observation.gaps & place_bit != 0 {
                prior.gap
            } else {
                1.0
            };
            gap * random(implied_reference)
        } else {
            0.0
        };
        let long_allele_in_genome = observation.pure_indel && observation.matches.contains(hypothesis.swapped());
        let inserted = implied_alternate.saturating_sub(implied_reference);
        values[hypothesis.index()] = fit * insertion(inserted, long_allele_in_genome, prior);
    }
    let inserted = alternate.saturating_sub(reference);
    values[UNEXPLAINED] = random(reference) * insertion(inserted, false, prior);

    for set in [observation.names.place, observation.names.site].into_iter().flatten() {
        if set.is_empty() {
            continue;
        }
        for hypothesis in Hypothesis::all() {
            values[hypothesis.index()] *= factor(prior.named_place, set.contains(hypothesis));
        }
        values[UNEXPLAINED] *= prior.named_place.disagrees;
    }
    if let Some(stated) = observation.stated_coordinates {
        for hypothesis in Hypothesis::all() {
            values[hypothesis.index()] *= factor(prior.accession, hypothesis.coordinates == stated);
        }
    }
    values
}

/// Returns the factors of the alleles that names spell; all 1 where the row has no such name.
///
/// Tables follow one habit in writing names, so these are evidence on the file once and not once a row: the fit uses
/// their mean over rows.
pub(crate) fn allele_names(observation: &Observation, prior: &Prior) -> Likelihoods {
    let mut factors = [1.0; Hypothesis::COUNT + 1];
    if let Some(set) = observation.names.alleles
        && !set.is_empty()
    {
        for hypothesis in Hypothesis::all() {
            factors[hypothesis.index()] = factor(prior.named_alleles, set.contains(hypothesis));
        }
        factors[UNEXPLAINED] = prior.named_alleles.disagrees;
    }
    factors
}

fn factor(agreement: Agreement, agrees: bool) -> f64 {
    if agrees { agreement.agrees } else { agreement.disagrees }
}

/// Returns the chance of n given bases, all four being equally frequent.
fn random(bases: u8) -> f64 {
    0.25_f64.powi(i32::from(bases))
}

fn insertion(inserted: u8, long_allele_in_genome: bool, prior: &Prior) -> f64 {
    if inserted == 0 {
        return 1.0;
    }
    let duplicating = prior.duplicating_insertion;
    let repeated = if long_allele_in_genome { duplicating } else { 0.0 };
    repeated + (1.0 - duplicating) * random(inserted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::hypothesis::{HypothesisSet, Orientation};
    use crate::audit::names::NameEvidence;

    fn observation(lengths: [u8; 2], pure_indel: bool, matches: &[Orientation]) -> Observation {
        let mut set = HypothesisSet::default();
        for &orientation in matches {
            set.insert(Hypothesis {
                orientation,
                ..Hypothesis::AS_WRITTEN
            });
        }
        Observation {
            matches: set,
            unknown: HypothesisSet::default(),
            same_place: false,
            stated_coordinates: None,
            gene_strand: None,
            names: NameEvidence::default(),
            gaps: 0,
            beyond: 0,
            lengths,
            pure_indel,
        }
    }

    fn of(observation: &Observation, orientation: Orientation) -> f64 {
        let hypothesis = Hypothesis {
            orientation,
            ..Hypothesis::AS_WRITTEN
        };
        likelihoods(observation, &Prior::default(), false)[hypothesis.index()]
    }

    #[test]
    fn a_base_that_matches_is_four_times_as_probable_as_chance() {
        let snv = observation([1, 1], false, &[Orientation::AsWritten]);
        assert_eq!(of(&snv, Orientation::AsWritten), 1.0);
        assert_eq!(of(&snv, Orientation::Swapped), 0.0);
        assert_eq!(likelihoods(&snv, &Prior::default(), false)[UNEXPLAINED], 0.25);
    }

    #[test]
    fn a_long_deletion_is_strong_evidence_and_its_swap_is_a_duplication() {
        // GATTACA>G, six bases deleted: as written 1; swapped, a duplication of them, 1/2 + 1/2 * 4^-6.
        let deletion = observation([7, 1], true, &[Orientation::AsWritten, Orientation::Swapped]);
        assert_eq!(of(&deletion, Orientation::AsWritten), 1.0);
        let swapped = of(&deletion, Orientation::Swapped);
        assert!((swapped - (0.5 + 0.5 / 4096.0)).abs() < 1e-12);
        let unexplained = likelihoods(&deletion, &Prior::default(), false)[UNEXPLAINED];
        assert!((unexplained - 1.0 / 16384.0).abs() < 1e-15);
    }

    #[test]
    fn a_deletion_that_does_not_match_is_hardly_a_swapped_insertion() {
        // Only the anchor base matches: an insertion of six random bases, 1/2 * 4^-6, against 4^-7 for chance.
        let mismatch = observation([7, 1], true, &[Orientation::Swapped]);
        let swapped = of(&mismatch, Orientation::Swapped);
        let unexplained = likelihoods(&mismatch, &Prior::default(), false)[UNEXPLAINED];
        assert!((swapped / unexplained - 2.0).abs() < 1e-12);
    }
}
