//! The file as a whole: which convention most of its rows follow, and how the others differ.
//!
//! METHOD: a file follows one convention d in a share rho of its rows, the others deviate. With L the probability of
//! a row ([`likelihood`](super::likelihood)) and v the prior over deviations, the file has probability
//! P(rows | d) = integral over rho of product over rows of (rho L(d) + (1 - rho) sum over h of v(h) L(h)), times the
//! Beta prior of rho. In one file of ten all deviating rows have random alleles instead. The posterior of d is prior x P(rows | d), normalised over the 30 conventions. Given d, the
//! shares of all deviations are fitted ([`mixture`](super::mixture)) and rows are judged with them (empirical Bayes).
//! Variants with equal observations are counted, not repeated, so the cost does not grow with the file.
//!
//! Beside the 30 conventions stands that the positions have nothing to do with the reference: they count on a build
//! that was not weighed. Then every row has random alleles, P(rows) = product over rows of L(unexplained).

use crate::audit::hypothesis::{Convention, Coordinates, Hypothesis, Shift, Spelling};
use crate::audit::likelihood::{Likelihoods, UNEXPLAINED, allele_names, likelihoods};
use crate::audit::marginal::{Pair, SCREEN, log_integrand, log_marginal};
use crate::audit::mixture::{Mixture, Rows, log_likelihood};
use crate::audit::observe::Observation;
use crate::audit::prior::Prior;
use crate::audit::tally::Tally;
use crate::strand::Strand;
use std::collections::HashMap;

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
/// A deviation is reported from this log likelihood ratio on (nats): a Bayes factor of about 150.
const FOUND: f64 = 5.0;

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
            deviations(best, &relative_rows(best.convention, &evidence))
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

/// A distinct observation as the fit sees it.
struct Evidence {
    likelihoods: Likelihoods,
    count: f64,
    gene_strand: Option<Strand>,
}

/// Turns a hypothesis relative to a convention into the one that holds for a row.
fn absolute(relative: Hypothesis, convention: Convention, gene_strand: Option<Strand>) -> Hypothesis {
    Hypothesis {
        orientation: relative.orientation.then(convention.spelling.orientation(gene_strand)),
        ..relative
    }
}

/// Returns the likelihoods in the order of hypotheses relative to a convention.
fn relative(likelihood: &Likelihoods, convention: Convention, gene_strand: Option<Strand>) -> Likelihoods {
    let mut values = [0.0; Hypothesis::COUNT + 1];
    for (index, value) in values.iter_mut().take(Hypothesis::COUNT).enumerate() {
        *value = likelihood[absolute(Hypothesis::from_index(index), convention, gene_strand).index()];
    }
    values[UNEXPLAINED] = likelihood[UNEXPLAINED];
    values
}

/// Returns the hypothesis, relative to the convention, of rows that follow it.
fn followed(convention: Convention) -> Hypothesis {
    Hypothesis {
        coordinates: convention.coordinates,
        shift: convention.shift,
        ..Hypothesis::AS_WRITTEN
    }
}

/// The alleles that names spell, averaged over the rows that have them.
struct NameHabit {
    rows: u64,
    /// Mean log factor by hypothesis, for rows of reverse genes and for the others.
    mean: [[f64; Hypothesis::COUNT]; 2],
    /// Mean log factor where the positions have nothing to do with the reference.
    unrelated: f64,
}

impl NameHabit {
    fn of(observations: &[(Observation, u64)], prior: &Prior) -> Self {
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

    fn log_factor(&self, convention: Convention) -> f64 {
        [None, Some(Strand::Reverse)]
            .into_iter()
            .zip(&self.mean)
            .map(|(strand, mean)| mean[convention.hypothesis(strand).index()])
            .sum()
    }
}

/// Returns the log probability of rows whose alleles have nothing to do with the genome, up to the constant of
/// [`log_marginal`].
fn log_unrelated(evidence: &[Evidence], prior: &Prior) -> f64 {
    let rows: f64 = evidence
        .iter()
        .map(|row| row.count * row.likelihoods[UNEXPLAINED].max(f64::MIN_POSITIVE).ln())
        .sum();
    rows + log_marginal(&[], prior)
}

/// Replaces each log prior by the posterior probability and sorts, most probable first; returns the posterior of
/// `unrelated`, the log of prior times probability that no convention holds.
fn log_posteriors(
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

fn relative_rows(convention: Convention, evidence: &[Evidence]) -> Rows {
    evidence
        .iter()
        .map(|row| (relative(&row.likelihoods, convention, row.gene_strand), row.count))
        .collect()
}

fn pseudo_counts(convention: Convention, prior: &Prior, has_lift: bool) -> Likelihoods {
    let followed = followed(convention);
    let mut pseudo = prior.deviations(followed, has_lift);
    for value in &mut pseudo {
        *value *= prior.deviating_rows;
    }
    pseudo[followed.index()] = prior.following * prior.following_rows;
    pseudo
}

/// Finds the deviations that the rows cannot be explained without, with intervals.
fn deviations(best: &Shares, rows: &Rows) -> Vec<Deviation> {
    let followed = followed(best.convention).index();
    let mixture = &best.mixture;
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

/// Adds up conventions that mean the same hypothesis in every row, under the name of the most probable.
fn merge_equal(
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
        if change.orientation != crate::audit::Orientation::AsWritten {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::names::RowNames;
    use crate::audit::observe::{Lift, Lifted, LiftedBase, Observer, RowAlleles};
    use crate::audit::{Orientation, hgvs};
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
