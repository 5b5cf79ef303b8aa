//! The file as a whole: which convention most of its rows follow, and how the others differ.
//!
//! METHOD: a file follows one convention d in a share rho of its rows, the others deviate. With L the probability of
//! a row ([`likelihood`](super::likelihood)) and v the prior over deviations, the file has probability
//! P(rows | d) = integral over rho of product over rows of (rho L(d) + (1 - rho) sum over h of v(h) L(h)), times the
//! Beta prior of rho; the posterior of d is prior x P(rows | d), normalised over the 30 conventions. Given d, each row
//! is assigned to the hypotheses in proportion to L(h) (n(h) + alpha(h)), n(h) being the rows assigned to h without
//! the row itself and alpha the same prior in pseudo-rows: collapsed variational inference of zeroth order (Asuncion,
//! Welling, Smyth and Teh 2009, arXiv:1205.2662) of a mixture with Dirichlet prior. That a row does not count for
//! itself matters: in plain expectation-maximisation a single odd row makes its own best explanation certain.
//! Rows with equal observations are counted, not repeated, so the cost does not grow with the file.

use crate::audit::hypothesis::{Convention, Coordinates, Hypothesis, Shift, Spelling};
use crate::audit::likelihood::{Likelihoods, UNEXPLAINED, allele_names, likelihoods};
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

/// The shares fitted under one convention.
#[derive(Clone, Debug)]
struct Shares {
    convention: Convention,
    posterior: f64,
    /// Rows assigned to each hypothesis (orientation relative to the convention), and last unexplained.
    assigned: Likelihoods,
    /// What one row of each observation adds to `assigned`.
    own: Vec<Likelihoods>,
    /// The prior in rows, in the same order.
    pseudo: Likelihoods,
}

impl Shares {
    /// Returns the expected shares; they sum to 1.
    fn weights(&self) -> Likelihoods {
        let mut weights = self.assigned;
        for (weight, pseudo) in weights.iter_mut().zip(&self.pseudo) {
            *weight += pseudo;
        }
        normalise(&mut weights);
        weights
    }

    /// Returns the probabilities of a row, in the same order, given the other rows.
    ///
    /// * `number`: the observation of the row, when the row is one of those counted.
    fn responsibilities(&self, likelihood: &Likelihoods, number: Option<u32>) -> Option<Likelihoods> {
        let own = number.and_then(|number| self.own.get(number as usize));
        respond(&self.assigned, &self.pseudo, likelihood, own)
    }
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
            let (assigned, own) = assign(&rows, &pseudo);
            Shares {
                convention,
                posterior,
                assigned,
                own,
                pseudo,
            }
        })
        .collect();
    let conventions = merge_equal(&scored, observations);
    let deviations = shares
        .iter()
        .max_by(|a, b| a.posterior.total_cmp(&b.posterior))
        .map_or_else(Vec::new, |best| deviations(best, &relative_rows(best.convention, &evidence)));
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
        let number = self.numbers.get(observation).copied();
        let mut posterior = [0.0; Hypothesis::COUNT + 1];
        let mut total = 0.0;
        for shares in &self.shares {
            let relative = relative(&likelihood, shares.convention, observation.gene_strand);
            let Some(row) = shares.responsibilities(&relative, number) else {
                continue;
            };
            total += shares.posterior;
            for index in 0..Hypothesis::COUNT {
                let hypothesis = absolute(Hypothesis::from_index(index), shares.convention, observation.gene_strand);
                posterior[hypothesis.index()] += shares.posterior * row[index];
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
        orientation: relative
            .orientation
            .then(convention.spelling.orientation(gene_strand)),
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
    let best = screened.iter().map(|(_, rough)| *rough).fold(f64::NEG_INFINITY, f64::max);
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

/// Log odds of the share of following rows at which conventions are compared roughly.
const SCREEN: [f64; 10] = [-2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0];

/// Probability of an observation when it follows the convention and when it deviates, and its count.
struct Pair {
    following: f64,
    deviating: f64,
    count: f64,
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

/// Returns the log of the Beta prior, up to a constant, times the probability of the rows at rho = logistic(`logit`),
/// as a density over the log odds.
fn log_integrand(pairs: &[Pair], logit: f64, prior: &Prior) -> f64 {
    // ln(rho) and ln(1 - rho) without cancellation at either end.
    let ln_rho = -(-logit).exp().ln_1p();
    let ln_rest = -logit.exp().ln_1p();
    let (rho, rest) = (ln_rho.exp(), ln_rest.exp());
    let following = prior.following * prior.following_rows;
    let deviating = (1.0 - prior.following) * prior.following_rows;
    let rows: f64 = pairs
        .iter()
        .map(|pair| pair.count * (rho * pair.following + rest * pair.deviating).ln())
        .sum();
    // The Jacobian rho (1 - rho) of the log odds raises both exponents of the Beta density by one.
    following * ln_rho + deviating * ln_rest + rows
}

/// Integrates over the share of following rows, by Simpson's rule on the log odds around the maximum.
fn log_marginal(pairs: &[Pair], prior: &Prior) -> f64 {
    let value = |logit: f64| log_integrand(pairs, logit, prior);
    let mut peak = SCREEN[0];
    let mut top = f64::NEG_INFINITY;
    for step in 0..=56 {
        let logit = -8.0 + 0.5 * f64::from(step);
        let here = value(logit);
        if here > top {
            (peak, top) = (logit, here);
        }
    }
    // Golden-section search within the step.
    let (mut low, mut high) = (peak - 0.5, peak + 0.5);
    for _ in 0..24 {
        let (left, right) = (high - 0.618_034 * (high - low), low + 0.618_034 * (high - low));
        if value(left) > value(right) {
            high = right;
        } else {
            low = left;
        }
    }
    peak = 0.5 * (low + high);
    top = value(peak).max(top);
    let edge = |direction: f64| {
        let mut width = 1e-4;
        while width < 300.0 && value(peak + direction * width) > top - 25.0 {
            width *= 1.5;
        }
        peak + direction * width
    };
    let (left, right) = (edge(-1.0), edge(1.0));
    // The two sides differ widely in scale: a steep flank towards 0, a long tail towards 1.
    let log_sum = |from: f64, to: f64| {
        const STEPS: u32 = 64;
        let step = (to - from) / f64::from(STEPS);
        let sum: f64 = (0..=STEPS)
            .map(|index| {
                let weight = match index {
                    0 | STEPS => 1.0,
                    odd if odd % 2 == 1 => 4.0,
                    _ => 2.0,
                };
                weight * (value(from + step * f64::from(index)) - top).exp()
            })
            .sum();
        sum * step / 3.0
    };
    top + (log_sum(left, peak) + log_sum(peak, right)).ln()
}

/// Likelihoods relative to a convention, with counts.
type Rows = Vec<(Likelihoods, f64)>;

fn relative_rows(convention: Convention, evidence: &[Evidence]) -> Rows {
    evidence
        .iter()
        .map(|row| (relative(&row.likelihoods, convention, row.gene_strand), row.count))
        .collect()
}

/// Assigns a row given the rows assigned so far, of which it is one (`own`) or not.
fn respond(
    assigned: &Likelihoods,
    pseudo: &Likelihoods,
    likelihood: &Likelihoods,
    own: Option<&Likelihoods>,
) -> Option<Likelihoods> {
    let mut row = [0.0; Hypothesis::COUNT + 1];
    let mut sum = 0.0;
    for (index, value) in row.iter_mut().enumerate() {
        let others = assigned[index] - own.map_or(0.0, |own| own[index]);
        *value = (others.max(0.0) + pseudo[index]) * likelihood[index];
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

/// Assigns all rows; hypotheses with no pseudo-rows are left out.
fn assign(rows: &Rows, pseudo: &Likelihoods) -> (Likelihoods, Vec<Likelihoods>) {
    let mut own: Vec<Likelihoods> = Vec::with_capacity(rows.len());
    let mut assigned = [0.0; Hypothesis::COUNT + 1];
    let start = pseudo.map(|value| value * 1e3);
    for (likelihood, count) in rows {
        let row = respond(&start, pseudo, likelihood, None).unwrap_or_default();
        add(&mut assigned, &row, *count);
        own.push(row);
    }
    let total: f64 = rows.iter().map(|(_, count)| count).sum();
    for _ in 0..1000 {
        let mut next = [0.0; Hypothesis::COUNT + 1];
        for ((likelihood, count), own) in rows.iter().zip(&mut own) {
            let allowed = mask(likelihood, pseudo);
            *own = respond(&assigned, pseudo, &allowed, Some(own)).unwrap_or_default();
            add(&mut next, own, *count);
        }
        let change = next
            .iter()
            .zip(&assigned)
            .map(|(new, old)| (new - old).abs())
            .fold(0.0, f64::max);
        assigned = next;
        if change < 1e-9 * total.max(1.0) {
            break;
        }
    }
    (assigned, own)
}

/// Leaves out the hypotheses that have no pseudo-rows.
fn mask(likelihood: &Likelihoods, pseudo: &Likelihoods) -> Likelihoods {
    let mut allowed = *likelihood;
    for (value, pseudo) in allowed.iter_mut().zip(pseudo) {
        if *pseudo == 0.0 {
            *value = 0.0;
        }
    }
    allowed
}

fn add(sum: &mut Likelihoods, row: &Likelihoods, count: f64) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += count * value;
    }
}

fn pseudo_counts(convention: Convention, prior: &Prior, has_lift: bool) -> Likelihoods {
    let followed = followed(convention);
    let mut pseudo = prior.deviations(followed, has_lift);
    for value in &mut pseudo {
        *value *= (1.0 - prior.following) * prior.following_rows;
    }
    pseudo[followed.index()] = prior.following * prior.following_rows;
    pseudo
}

fn normalise(weights: &mut Likelihoods) {
    let sum: f64 = weights.iter().sum();
    for weight in weights.iter_mut() {
        *weight /= sum;
    }
}

fn log_likelihood(weights: &Likelihoods, rows: &Rows) -> f64 {
    rows.iter()
        .map(|(likelihood, count)| {
            let sum: f64 = weights.iter().zip(likelihood).map(|(w, l)| w * l).sum();
            count * sum.max(f64::MIN_POSITIVE).ln()
        })
        .sum()
}

/// Finds the deviations that the rows cannot be explained without, with intervals.
fn deviations(best: &Shares, rows: &Rows) -> Vec<Deviation> {
    let followed = followed(best.convention).index();
    let candidates: Vec<usize> = (0..=UNEXPLAINED)
        .filter(|&index| index != followed && best.assigned[index] > 0.5)
        .collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let weights = best.weights();
    let full = log_likelihood(&weights, rows);
    let variances = variances(&weights, followed, &candidates, rows, &best.pseudo);
    let mut found: Vec<Deviation> = candidates
        .iter()
        .zip(variances)
        .filter_map(|(&index, variance)| {
            let mut reduced = best.clone();
            reduced.pseudo[index] = 0.0;
            (reduced.assigned, reduced.own) = assign(rows, &reduced.pseudo);
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

/// Returns the variance of each share from the observed information, mass moving between it and the followed one.
fn variances(
    weights: &Likelihoods,
    followed: usize,
    candidates: &[usize],
    rows: &Rows,
    pseudo: &Likelihoods,
) -> Vec<f64> {
    let size = candidates.len();
    let mut information = vec![vec![0.0; size]; size];
    for (likelihood, count) in rows {
        let sum: f64 = weights.iter().zip(likelihood).map(|(w, l)| w * l).sum();
        if sum <= 0.0 {
            continue;
        }
        let score: Vec<f64> = candidates
            .iter()
            .map(|&index| (likelihood[index] - likelihood[followed]) / sum)
            .collect();
        for (row, left) in information.iter_mut().zip(&score) {
            for (cell, right) in row.iter_mut().zip(&score) {
                *cell += count * left * right;
            }
        }
    }
    for (position, &index) in candidates.iter().enumerate() {
        information[position][position] += pseudo[index] / (weights[index] * weights[index]);
    }
    (0..size).map(|index| inverse_diagonal(&information, index)).collect()
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
        for row in 0..size {
            if row != pivot {
                let factor = work[row][pivot] / work[pivot][pivot];
                for column in pivot..size {
                    let value = work[pivot][column];
                    work[row][column] -= factor * value;
                }
                right[row] -= factor * right[pivot];
            }
        }
    }
    right[wanted] / work[wanted][wanted]
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

    #[test]
    fn tert_debug() {
        for gene in [None, Some(Strand::Reverse)] {
            for rows in [&[(1_295_228, "C228T"), (1_295_250, "C250T")][..], &[(1_295_228, "C228T")], &[(1_295_228, ""), (1_295_250, "")]] {
                let (fit, observations) = tert_fit(rows, gene);
                println!("{gene:?} {rows:?}");
                for c in fit.conventions().iter().take(4) {
                    println!("   {} {:.4}", c.convention, c.posterior);
                }
                for o in observations {
                    let p = fit.posterior(&o);
                    let mut v: Vec<_> = Hypothesis::all().map(|h| (h, p[h.index()])).collect();
                    v.sort_by(|a, b| b.1.total_cmp(&a.1));
                    println!("      {:?} U {:.4}", v.iter().take(4).map(|(h, p)| format!("{h}{:?} {p:.4}", h.shift)).collect::<Vec<_>>(), p[24]);
                }
            }
        }
        let _ = Orientation::ALL;
    }
}
