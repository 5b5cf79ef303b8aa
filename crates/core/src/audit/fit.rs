//! The file as a whole: which convention most of its rows follow, and how the others differ.
//!
//! METHOD: a file follows one convention d in a share rho of its rows, the others deviate. With L the probability of
//! a row ([`likelihood`](super::likelihood)) and v the prior over deviations, the file has probability
//! P(rows | d) = integral over rho of product over rows of (rho L(d) + (1 - rho) sum over h of v(h) L(h)), times the
//! Beta prior of rho; the posterior of d is prior x P(rows | d), normalised over the 30 conventions. Given d, the
//! shares of all deviations are fitted ([`mixture`](super::mixture)) and rows are judged with them (empirical Bayes).
//! Rows with equal observations are counted, not repeated, so the cost does not grow with the file.

use crate::audit::hypothesis::{Convention, Coordinates, Hypothesis, Shift, Spelling};
use crate::audit::likelihood::{Likelihoods, UNEXPLAINED, allele_names, likelihoods};
use crate::audit::marginal::{Pair, SCREEN, log_integrand, log_marginal};
use crate::audit::mixture::{Mixture, Rows, log_likelihood};
use crate::audit::observe::Observation;
use crate::audit::prior::Prior;
use crate::strand::Strand;
use std::collections::HashMap;

/// Rows counted by observation, in the order of their first appearance.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    observations: Vec<(Observation, u64)>,
    numbers: HashMap<Observation, u32>,
}

impl Tally {
    /// Counts a row and returns the number of its observation in [`Tally::observations`].
    pub fn record(&mut self, observation: Observation) -> u32 {
        self.add(observation, 1)
    }

    /// Counts the rows of another tally, which come after those of this one, and returns for each observation
    /// number of `other` the number here.
    pub fn append(&mut self, other: &Self) -> Vec<u32> {
        other
            .observations
            .iter()
            .map(|&(observation, count)| self.add(observation, count))
            .collect()
    }

    fn add(&mut self, observation: Observation, count: u64) -> u32 {
        let next = u32::try_from(self.observations.len()).expect("observations are far fewer than 2^32");
        let number = *self.numbers.entry(observation).or_insert(next);
        if number == next {
            self.observations.push((observation, 0));
        }
        self.observations[number as usize].1 += count;
        number
    }

    /// Returns the distinct observations with their counts.
    pub fn observations(&self) -> &[(Observation, u64)] {
        &self.observations
    }

    /// Returns the number of rows counted.
    pub fn rows(&self) -> u64 {
        self.observations.iter().map(|&(_, count)| count).sum()
    }
}

/// A convention with its posterior probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConventionPosterior {
    /// The convention.
    pub convention: Convention,
    /// Its probability given the file; conventions that mean the same in every row of the file are added up.
    pub posterior: f64,
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
    rows: u64,
    named_rows: u64,
    conventions: Vec<ConventionPosterior>,
    shares: Vec<Shares>,
    numbers: HashMap<Observation, u32>,
    deviations: Vec<Deviation>,
    matches: [u64; Hypothesis::COUNT],
    compared: [u64; Hypothesis::COUNT],
    expected: [f64; Hypothesis::COUNT],
    same_place: bool,
}

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

    let mut scored: Vec<(Convention, f64)> = Convention::all()
        .filter_map(|convention| {
            let weight = prior.convention(convention, weigh_lift, has_reverse_gene);
            (weight > 0.0).then(|| (convention, weight.ln() + names.log_factor(convention)))
        })
        .collect();
    log_posteriors(&mut scored, &evidence, prior, weigh_lift);
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
    let conventions = merge_equal(&scored, observations);
    let deviations = shares
        .iter()
        .max_by(|a, b| a.posterior.total_cmp(&b.posterior))
        .map_or_else(Vec::new, |best| {
            deviations(best, &relative_rows(best.convention, &evidence))
        });
    let mut result = FileFit {
        prior: prior.clone(),
        has_lift: weigh_lift,
        rows: tally.rows(),
        named_rows: names.rows,
        conventions,
        shares,
        numbers: tally.numbers.clone(),
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
            posterior: self.prior.convention(Convention::AS_SAID, self.has_lift, false),
        })
    }

    /// Returns the deviations that the file shows, largest share first.
    pub fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }

    /// Returns the number of rows that were compared with the genome.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Says whether the chain leaves every row where it is, so that the assemblies cannot and need not be told apart.
    pub fn same_place(&self) -> bool {
        self.same_place
    }

    /// Returns, for a hypothesis: rows whose implied REF matches the genome, rows compared, and the matches expected
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
        let mut total = 0.0;
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
}

impl NameHabit {
    fn of(observations: &[(Observation, u64)], prior: &Prior) -> Self {
        let mut habit = Self {
            rows: 0,
            mean: [[0.0; Hypothesis::COUNT]; 2],
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
        }
        for mean in habit.mean.iter_mut().flatten() {
            *mean /= habit.rows.max(1) as f64;
        }
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

/// Replaces each log prior by the posterior probability and sorts, most probable first.
fn log_posteriors(scored: &mut [(Convention, f64)], evidence: &[Evidence], prior: &Prior, has_lift: bool) {
    let screened: Vec<(Vec<Pair>, f64)> = scored
        .iter()
        .map(|&(convention, log_prior)| {
            let pairs = pairs(convention, evidence, prior, has_lift);
            let rough = SCREEN
                .iter()
                .map(|&logit| log_integrand(&pairs, logit, prior))
                .fold(f64::NEG_INFINITY, f64::max);
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
            *value + log_marginal(pairs, prior)
        };
    }
    let top = scored.iter().map(|&(_, value)| value).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scored.iter().map(|&(_, value)| (value - top).exp()).sum();
    for (_, value) in scored.iter_mut() {
        *value = (*value - top).exp() / sum;
    }
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
}

fn pairs(convention: Convention, evidence: &[Evidence], prior: &Prior, has_lift: bool) -> Vec<Pair> {
    let followed = followed(convention);
    let weights = prior.deviations(followed, has_lift);
    evidence
        .iter()
        .map(|row| {
            let relative = relative(&row.likelihoods, convention, row.gene_strand);
            Pair {
                following: relative[followed.index()],
                deviating: weights.iter().zip(&relative).map(|(w, l)| w * l).sum(),
                count: row.count,
            }
        })
        .collect()
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
fn merge_equal(scored: &[(Convention, f64)], observations: &[(Observation, u64)]) -> Vec<ConventionPosterior> {
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
        let same = merged.iter_mut().find(|known| {
            !strata.is_empty()
                && strata
                    .iter()
                    .all(|&stratum| known.convention.hypothesis(stratum) == convention.hypothesis(stratum))
        });
        match same {
            Some(known) => known.posterior += posterior,
            None => merged.push(ConventionPosterior { convention, posterior }),
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
        assert_eq!((fit.rows(), fit.deviations().len()), (0, 0));
        assert!(fit.best().posterior < 0.9);
    }
}
