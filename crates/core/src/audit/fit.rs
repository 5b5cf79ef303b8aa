//! The file as a whole: which convention most of its rows follow, and how the others differ.
//!
//! METHOD: a file follows one convention d in a share rho of its rows, the others deviate. With L the probability of
//! a row ([`likelihood`](super::likelihood)) and v the prior over deviations, the file has probability
//! P(rows | d) = integral over rho of product over rows of (rho L(d) + (1 - rho) sum over h of v(h) L(h)), times the
//! Beta prior of rho. In one file of ten all deviating rows have random alleles instead. The posterior of d is
//! prior x P(rows | d), normalised over the 30 conventions ([`convention`](super::convention)). Given d, the shares of all
//! deviations are fitted ([`mixture`](super::mixture), [`deviation`](super::deviation)) and rows are judged with them
//! (empirical Bayes).
//! Variants with equal observations are counted, not repeated, so the cost does not grow with the file.
//!
//! Beside the 30 conventions stands that the positions have nothing to do with the reference: they count on a build
//! that was not weighed. Then every row has random alleles, P(rows) = product over rows of L(unexplained).

use crate::audit::convention::{ConventionPosterior, log_posteriors, log_unrelated, merge_equal};
use crate::audit::deviation::{Deviation, deviations};
use crate::audit::hypothesis::{Convention, Coordinates, Hypothesis};
use crate::audit::likelihood::{Likelihoods, UNEXPLAINED, allele_names, likelihoods};
use crate::audit::mixture::Mixture;
use crate::audit::name_habit::NameHabit;
use crate::audit::observe::Observation;
use crate::audit::prior::Prior;
use crate::audit::relative::{Evidence, absolute, followed, relative, relative_rows};
use crate::audit::tally::Tally;
use crate::strand::Strand;
use std::collections::HashMap;

/// The shares fitted under one convention; components are hypotheses with the orientation relative to it.
#[derive(Clone, Debug)]
struct Shares {
    convention: Convention,
    posterior: f64,
    mixture: Mixture,
}

/// What a file as a whole says.
#[derive(Clone, Debug)]
pub struct FileFit {
    prior: Prior,
    has_lift: bool,
    weighs_other_build: bool,
    variants: u64,
    named_rows: u64,
    unrelated: Weighed,
    conventions: Vec<ConventionPosterior>,
    shares: Vec<Shares>,
    numbers: HashMap<Observation, u32>,
    deviations: Vec<Deviation>,
    matches: [u64; Hypothesis::COUNT],
    compared: [u64; Hypothesis::COUNT],
    expected: [f64; Hypothesis::COUNT],
    same_place: bool,
}

/// A probability before and after the rows were read.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Weighed {
    prior: f64,
    posterior: f64,
}

/// Probability from which a convention can be called the file's.
const SURE: f64 = 0.9;
/// How many times more probable than any rival the rows must be under the convention of the file. A base that matches
/// is worth a factor of 4 against chance, so one substitution is not enough.
const EVIDENCE: f64 = 10.0;
/// How many times more probable than by chance the rows must be under a convention that changes them, where no other
/// build was weighed: five bases. Fewer match one of the other readings by chance in every few lists of another build.
const EVIDENCE_OF_CHANGE: f64 = 1000.0;
/// From so many variants on, what was believed beforehand matters so little that the posterior alone decides.
const MANY: u64 = 20;
/// Conventions with a smaller prior are no rivals: two or three rows match some far-fetched reading by chance.
const RIVAL: f64 = 0.002;
/// Conventions below this posterior are not used to judge rows.
const NEGLIGIBLE: f64 = 1e-6;
/// Fits the conventions and shares to the counted rows.
///
/// * `has_lift`: whether the rows were observed with a chain to the other assembly.
pub fn fit(tally: &Tally, prior: &Prior, has_lift: bool) -> FileFit {
    let observations = tally.observations();
    // Where the chain moves no row, both assemblies mean the same variants and the question does not arise.
    let same_place = has_lift && !observations.is_empty() && observations.iter().all(|(o, _)| o.same_place);
    let weigh_lift = has_lift && !same_place;
    let weighs_other_build = has_lift;
    let has_reverse_gene = observations
        .iter()
        .any(|(observation, _)| observation.gene_strand == Some(Strand::Reverse));
    let evidence: Vec<Evidence> = observations
        .iter()
        .map(|(observation, count)| Evidence {
            likelihoods: likelihoods(observation, prior, weigh_lift),
            count: *count as f64,
            gene_strand: observation.gene_strand,
        })
        .collect();
    let names = NameHabit::of(observations, prior);

    let unrelated_prior = prior.unrelated(weighs_other_build);
    let believed = |convention| (1.0 - unrelated_prior) * prior.convention(convention, weigh_lift, has_reverse_gene);
    let mut scored: Vec<(Convention, f64)> = Convention::all()
        .filter_map(|convention| {
            let weight = believed(convention);
            (weight > 0.0).then(|| (convention, weight.ln() + names.log_factor(convention)))
        })
        .collect();
    let unrelated = unrelated_prior.ln() + names.unrelated + log_unrelated(&evidence, prior);
    let unrelated = Weighed {
        prior: unrelated_prior,
        posterior: log_posteriors(&mut scored, unrelated, &evidence, prior, weigh_lift),
    };
    let shares: Vec<Shares> = scored
        .iter()
        .filter(|(_, posterior)| *posterior > NEGLIGIBLE)
        .map(|&(convention, posterior)| {
            let pseudo = pseudo_counts(convention, prior, weigh_lift);
            let rows = relative_rows(convention, &evidence);
            Shares {
                convention,
                posterior,
                mixture: Mixture::fit(&rows, pseudo, followed(convention).index()),
            }
        })
        .collect();
    let conventions = merge_equal(&scored, believed, observations);
    let deviations = shares
        .iter()
        .max_by(|a, b| a.posterior.total_cmp(&b.posterior))
        .map_or_else(Vec::new, |best| {
            deviations(
                best.convention,
                &best.mixture,
                &relative_rows(best.convention, &evidence),
            )
        });
    let mut result = FileFit {
        prior: prior.clone(),
        has_lift: weigh_lift,
        weighs_other_build,
        variants: tally.variants(),
        named_rows: names.rows,
        unrelated,
        conventions,
        shares,
        numbers: tally.counted(),
        deviations,
        matches: [0; Hypothesis::COUNT],
        compared: [0; Hypothesis::COUNT],
        expected: [0.0; Hypothesis::COUNT],
        same_place,
    };
    result.count_matches(observations);
    result
}

impl FileFit {
    /// Returns the conventions, most probable first.
    pub fn conventions(&self) -> &[ConventionPosterior] {
        &self.conventions
    }

    /// Returns the most probable convention; [`Convention::AS_SAID`] with its prior for a file without rows.
    pub fn best(&self) -> ConventionPosterior {
        self.conventions.first().copied().unwrap_or(ConventionPosterior {
            convention: Convention::AS_SAID,
            posterior: 0.0,
            prior: 0.0,
        })
    }

    /// Returns the probability that none of the conventions holds: the positions have nothing to do with the reference,
    /// as those of a build that was not weighed.
    pub fn unrelated(&self) -> f64 {
        self.unrelated.posterior
    }

    /// Says whether the most probable convention may be called the file's: it has a probability of 0.9, and not by
    /// belief alone.
    pub fn is_settled(&self) -> bool {
        self.is_probable() && self.is_evident()
    }

    /// Says whether the file's convention is probable by what was believed beforehand, and the rows do not bear it out:
    /// they are hardly less probable under another convention, or by chance.
    pub fn rests_on_belief(&self) -> bool {
        self.is_probable() && !self.is_evident()
    }

    fn is_probable(&self) -> bool {
        self.variants > 0 && self.best().posterior >= SURE
    }

    fn is_evident(&self) -> bool {
        if self.variants >= MANY {
            return true;
        }
        let best = self.best();
        // (posterior / prior of the best) against that of the rival.
        let outweighs =
            |posterior: f64, prior: f64, factor: f64| best.posterior * prior >= factor * posterior * best.prior;
        let over_chance = if self.weighs_other_build || best.convention == Convention::AS_SAID {
            EVIDENCE
        } else {
            EVIDENCE_OF_CHANGE
        };
        outweighs(self.unrelated.posterior, self.unrelated.prior, over_chance)
            && self
                .conventions
                .iter()
                .skip(1)
                .filter(|rival| rival.prior >= RIVAL)
                .all(|rival| outweighs(rival.posterior, rival.prior, EVIDENCE))
    }

    /// Returns the deviations that the file shows, largest share first.
    pub fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }

    /// Returns how many distinct variants were compared with the genome.
    pub fn variants(&self) -> u64 {
        self.variants
    }

    /// Says whether the chain leaves every row where it is, so that the assemblies cannot and need not be told apart.
    pub fn same_place(&self) -> bool {
        self.same_place
    }

    /// Returns, for a hypothesis: variants whose implied REF matches the genome, those compared, and the matches expected
    /// if the alleles had nothing to do with the genome (4^-n for n bases).
    pub fn matches(&self, hypothesis: Hypothesis) -> (u64, u64, f64) {
        let index = hypothesis.index();
        (self.matches[index], self.compared[index], self.expected[index])
    }

    /// Returns the probability of each hypothesis for a row of this file, and last that nothing explains it.
    pub fn posterior(&self, observation: &Observation) -> [f64; Hypothesis::COUNT + 1] {
        let mut likelihood = likelihoods(observation, &self.prior, self.has_lift);
        // The file's convention has taken one row's worth of the evidence of allele names.
        let rest = 1.0 - 1.0 / self.named_rows.max(1) as f64;
        for (value, factor) in likelihood.iter_mut().zip(allele_names(observation, &self.prior)) {
            *value *= factor.powf(rest);
        }
        let number = self.numbers.get(observation).map(|&number| number as usize);
        let mut posterior = [0.0; Hypothesis::COUNT + 1];
        // Where the positions have nothing to do with the reference, nothing explains the row.
        posterior[UNEXPLAINED] = self.unrelated.posterior;
        let mut total = self.unrelated.posterior;
        for shares in &self.shares {
            let relative = relative(&likelihood, shares.convention, observation.gene_strand);
            let Some(row) = shares.mixture.responsibilities(&relative, number) else {
                continue;
            };
            total += shares.posterior;
            for component in Hypothesis::all() {
                let hypothesis = absolute(component, shares.convention, observation.gene_strand);
                posterior[hypothesis.index()] += shares.posterior * row[component.index()];
            }
            posterior[UNEXPLAINED] += shares.posterior * row[UNEXPLAINED];
        }
        if total > 0.0 {
            for value in &mut posterior {
                *value /= total;
            }
        } else {
            posterior[UNEXPLAINED] = 1.0;
        }
        posterior
    }

    fn count_matches(&mut self, observations: &[(Observation, u64)]) {
        for (observation, count) in observations {
            for hypothesis in Hypothesis::all() {
                if observation.unknown.contains(hypothesis)
                    || (hypothesis.coordinates == Coordinates::OtherAssembly && !self.has_lift)
                {
                    continue;
                }
                let index = hypothesis.index();
                let bases = observation.lengths[usize::from(hypothesis.orientation.is_swapped())];
                self.compared[index] += count;
                self.expected[index] += *count as f64 * 0.25_f64.powi(i32::from(bases));
                if observation.matches.contains(hypothesis) {
                    self.matches[index] += count;
                }
            }
        }
    }
}

/// Returns the counts that the prior is worth, by hypothesis relative to the convention.
fn pseudo_counts(convention: Convention, prior: &Prior, has_lift: bool) -> Likelihoods {
    let followed = followed(convention);
    let mut pseudo = prior.deviations(followed, has_lift);
    for value in &mut pseudo {
        *value *= prior.deviating_rows;
    }
    pseudo[followed.index()] = prior.following * prior.following_rows;
    pseudo
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::lift::{Lift, Lifted, LiftedBase};
    use crate::audit::names::RowNames;
    use crate::audit::observe::{Observer, RowAlleles};
    use crate::audit::{Orientation, Shift, hgvs};
    use crate::dna::Dna;
    use crate::position::Position;
    use crate::reference::{ContigId, InMemoryReference, Reference};

    /// GRCh38 chr5 around the two TERT promoter hotspots and around the same numbers in GRCh37, all else N.
    fn tert() -> InMemoryReference {
        let mut bases = vec![b'N'; 1_295_300];
        for (first, text) in [
            (1_295_112, "AGG"),
            (1_295_134, "GGA"),
            (1_295_227, "ACG"),
            (1_295_249, "CGT"),
        ] {
            bases[first - 1..first + 2].copy_from_slice(text.as_bytes());
        }
        InMemoryReference::of_contigs([("chr5", bases.as_slice())])
    }

    struct Minus115(ContigId);

    impl Lift for Minus115 {
        fn lift(&self, _: &str, position: Position) -> Lifted {
            position.checked_sub(115).map_or(Lifted::NotCovered, |position| {
                Lifted::At(LiftedBase {
                    contig: self.0,
                    position,
                    strand: Strand::Forward,
                    block_before_bp: 100,
                    block_after_bp: 100,
                })
            })
        }
    }

    fn tert_fit(rows: &[(u32, &str)], gene: Option<Strand>) -> (FileFit, Vec<Observation>) {
        let reference = tert();
        let contig = reference.contig_id("5").unwrap();
        let lift = Minus115(contig);
        let mut observer = Observer::new(&reference, Some(&lift), None);
        let mut tally = Tally::default();
        let mut observations = Vec::new();
        for &(position, name) in rows {
            let alleles = hgvs::read_name(name).map(|name| match gene {
                Some(Strand::Reverse) => [name.from.reverse_complement(), name.to.reverse_complement()],
                _ => [name.from, name.to],
            });
            let names = RowNames {
                gene_strand: gene,
                alleles: if gene.is_some() { alleles } else { None::<[Dna; 2]> },
                ..RowNames::default()
            };
            let row = RowAlleles {
                contig: "5",
                contig_id: Some(contig),
                position: Position::new(position).unwrap(),
                reference_bases: b"C",
                alternate_bases: b"T",
                stated: None,
            };
            let observation = observer.observe(&row, &names).unwrap();
            tally.record(observation);
            observations.push(observation);
        }
        (fit(&tally, &Prior::default(), true), observations)
    }

    fn probability(fit: &FileFit, name: &str) -> f64 {
        let found = fit
            .conventions()
            .iter()
            .find(|known| known.convention.to_string() == name);
        found.map_or(0.0, |known| known.posterior)
    }

    const HOTSPOTS: [(u32, &str); 2] = [(1_295_228, "C228T"), (1_295_250, "C250T")];

    #[test]
    fn two_rows_decide_when_gene_and_names_speak_and_not_without() {
        let (named, observations) = tert_fit(&HOTSPOTS, Some(Strand::Reverse));
        assert_eq!(
            named.best().convention.to_string(),
            "other_assembly + transcript_strand"
        );
        assert!(named.best().posterior > 0.9);
        let reading = Hypothesis {
            coordinates: Coordinates::OtherAssembly,
            orientation: Orientation::Complement,
            shift: Shift::None,
        };
        for observation in &observations {
            assert!(named.posterior(observation)[reading.index()] > 0.9);
        }
        // The genome alone: as said with one odd row, or another build on the other strand with none.
        let (bare, _) = tert_fit(&HOTSPOTS, None);
        assert!(bare.best().posterior < 0.9);
        assert!(probability(&bare, "other_assembly + complement") > 0.2);
    }

    #[test]
    fn one_row_whose_ref_matches_is_not_cleared_against_its_name() {
        let (fit, observations) = tert_fit(&HOTSPOTS[..1], Some(Strand::Reverse));
        let posterior = fit.posterior(&observations[0]);
        assert!((posterior.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(posterior[Hypothesis::AS_WRITTEN.index()] < 0.9);
    }

    #[test]
    fn the_order_of_rows_does_not_matter() {
        let reversed: Vec<(u32, &str)> = HOTSPOTS.iter().rev().copied().collect();
        let (one, _) = tert_fit(&HOTSPOTS, Some(Strand::Reverse));
        let (other, _) = tert_fit(&reversed, Some(Strand::Reverse));
        assert!((one.best().posterior - other.best().posterior).abs() < 1e-9);
    }

    #[test]
    fn a_file_without_rows_is_not_decided() {
        let fit = fit(&Tally::default(), &Prior::default(), true);
        assert_eq!((fit.variants(), fit.deviations().len()), (0, 0));
        assert!(!fit.is_settled());
        assert!(fit.best().posterior < 0.9);
    }
}
