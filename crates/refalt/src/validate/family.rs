//! p-values: permutations of the measurement, and rotations where the variants tile one place.
//!
//! METHOD: correlations and AUROC of a family of predictions share each permutation, so that the largest of them
//! gives p-values adjusted for having looked at all (Westfall and Young, single-step maximum). The AUROC of fixed labels
//! grows with the sum of the ranks of the positives, that is with the Spearman correlation of labels and scores; its
//! permutations are counted on that. Signed correlations are tested on both sides, the others for being large.
//!
//! METHOD: where rows are drawn in clusters, permuting them would tear the clusters apart. Then whole clusters are permuted
//! among those of their size ([`WholeClusters`]). Where most rows lie in clusters with a size of their own (LD blocks), the signs
//! of what clusters add to a correlation are turned instead ([`TrackFamily::by_cluster`]), for ranks and for signs only: sign accuracy grows
//! with the correlation of the signs. Linear correlations and average precision have no p-value there.

use super::measure::{Compared, Measure, Measured, Sample};
use super::parallel::ordered;
use refalt_core::stats::{
    Alternative, AveragePrecision, Clusters, Exceedances, RowStatistic, StatsError, TrackFamily, WholeClusters,
    permutation_p_value, permutation_range,
};

/// How p-values are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draws {
    pub(super) permutations: u64,
    pub(super) seed: u64,
    pub(super) threads: usize,
}

/// The p-values of one prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct PValues {
    pub(super) p: Option<f64>,
    pub(super) p_adjusted: Option<f64>,
    pub(super) p_rotation: Option<f64>,
    pub(super) p_rotation_adjusted: Option<f64>,
    /// What was drawn for `p`, in a word for tables.
    pub(super) test: Option<&'static str>,
    /// Why there is no `p`.
    pub(super) why_none: Option<&'static str>,
}

/// Rows were permuted.
pub(super) const PERMUTATION: &str = "permutation";
/// Whole clusters were permuted.
pub(super) const WHOLE: &str = "cluster_permutation";
/// The signs of clusters were turned.
pub(super) const SIGNS: &str = "cluster_signs";

const ONE_CLUSTER: &str = "all rows are one cluster: no p-value";
const UNEVEN: &str = "no p-value: most rows are in clusters with a size of their own, which have nothing to change places with, and \
                      signs of clusters are turned for ranks only";

/// What is drawn for a p-value.
enum Draw {
    Rows,
    Whole(WholeClusters),
    Signs(Clusters),
    /// Nothing, and why.
    Nothing(&'static str),
}

impl Draw {
    /// * `rows`: the rows of a sample.
    /// * `bounded`: whether values are ranks or signs.
    fn of(measured: &Measured, rows: &[usize], bounded: bool) -> Result<Self, StatsError> {
        // Clusters of one row each are rows.
        let clusters = measured
            .clusters_of(rows)?
            .filter(|clusters| clusters.count() < rows.len());
        let Some(clusters) = clusters else {
            return Ok(Self::Rows);
        };
        if clusters.count() < 2 {
            return Ok(Self::Nothing(ONE_CLUSTER));
        }
        let whole = WholeClusters::new(&clusters);
        Ok(match 2 * whole.movable_rows() >= rows.len() {
            true => Self::Whole(whole),
            false if bounded => Self::Signs(clusters),
            false => Self::Nothing(UNEVEN),
        })
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Rows | Self::Nothing(_) => PERMUTATION,
            Self::Whole(_) => WHOLE,
            Self::Signs(_) => SIGNS,
        }
    }

    /// Counts over the draws of a family.
    fn counts(
        &self,
        family: &TrackFamily,
        alternative: Alternative,
        draws: Draws,
        threads: usize,
    ) -> Result<Option<Exceedances>, StatsError> {
        let seed = draws.seed;
        match self {
            Self::Rows => in_chunks(draws, threads, |range| Ok(family.exceedances(alternative, seed, range))),
            Self::Whole(clusters) => in_chunks(draws, threads, |range| {
                family.whole_cluster_exceedances(clusters, alternative, seed, range)
            }),
            Self::Signs(clusters) => {
                let flips = family.by_cluster(clusters)?;
                in_chunks(draws, threads, |range| Ok(flips.exceedances(alternative, seed, range)))
            }
            Self::Nothing(_) => Ok(None),
        }
    }

    /// Evaluates a statistic on every permuted order of rows; none where signs are turned.
    fn on_orders(
        &self,
        rows: usize,
        draws: Draws,
        mut statistic: impl FnMut(&[u32]) -> f64,
    ) -> Result<Option<Vec<f64>>, StatsError> {
        match self {
            Self::Rows => permutation_range(rows, draws.seed, 0..draws.permutations, statistic).map(Some),
            Self::Whole(clusters) => {
                let mut order = Vec::with_capacity(rows);
                let of = |replicate| {
                    clusters.permute(draws.seed, replicate, &mut order);
                    statistic(&order)
                };
                Ok(Some((0..draws.permutations).map(of).collect()))
            }
            Self::Signs(_) | Self::Nothing(_) => Ok(None),
        }
    }
}

/// Permutations or rotations that one thread takes at a time.
const CHUNK: usize = 32;

/// Computes the p-values of a family of predictions; the samples are those of `measure` over `measured`.
///
/// Predictions that lack rows of the others are tested on their own rows, without adjustment.
pub(super) fn of_family(
    measure: &Measure,
    samples: &[Option<Sample>],
    measured: &Measured,
    draws: Draws,
) -> Result<Vec<PValues>, StatsError> {
    let mut values = vec![PValues::default(); samples.len()];
    let Some(most) = samples.iter().flatten().map(|sample| sample.rows.len()).max() else {
        return Ok(values);
    };
    let is_whole = |sample: &Sample| sample.rows.len() == most;
    // All samples with the most rows have the same rows: each is the rows with a measurement, less those that it lacks.
    let whole_rows = samples
        .iter()
        .flatten()
        .find(|sample| is_whole(sample))
        .map(|sample| &sample.rows);
    let members: Vec<usize> = (0..samples.len())
        .filter(|&index| samples[index].as_ref().map(|sample| &sample.rows) == whole_rows)
        .collect();
    for (member, found) in members
        .iter()
        .zip(of_members(measure, samples, &members, measured, draws)?)
    {
        values[*member] = found;
    }
    for (index, sample) in samples.iter().enumerate() {
        if sample.is_some() && !members.contains(&index) {
            let alone = of_members(measure, samples, &[index], measured, draws)?;
            values[index] = PValues {
                p_adjusted: None,
                p_rotation_adjusted: None,
                ..alone[0]
            };
        }
    }
    Ok(values)
}

/// Computes the p-values of predictions over the same rows.
fn of_members(
    measure: &Measure,
    samples: &[Option<Sample>],
    members: &[usize],
    measured: &Measured,
    draws: Draws,
) -> Result<Vec<PValues>, StatsError> {
    let members: Vec<&Sample> = members.iter().filter_map(|&member| samples[member].as_ref()).collect();
    let Some(first) = members.first() else {
        return Ok(Vec::new());
    };
    let alternative = alternative(measure);
    let bounded = !matches!(measure.name(), "pearson" | "average_precision");
    let draw = Draw::of(measured, &first.rows, bounded)?;
    let none = match draw {
        Draw::Nothing(reason) => PValues {
            why_none: Some(reason),
            ..PValues::default()
        },
        _ => PValues::default(),
    };
    if !matches!(measure.name(), "pearson" | "spearman" | "auroc") {
        return match draw {
            Draw::Nothing(_) => Ok(vec![none; members.len()]),
            _ => one_by_one(measure, &members, &draw, alternative, draws),
        };
    }
    let predicted: Vec<&[f64]> = members.iter().map(|sample| sample.predicted.as_slice()).collect();
    let family = match measure.name() {
        "pearson" => TrackFamily::pearson(&first.measured, &predicted)?,
        _ => TrackFamily::spearman(&first.measured, &predicted)?,
    };
    let permuted = draw.counts(&family, alternative, draws, draws.threads)?;
    let rotations = measured
        .rotations
        .as_deref()
        .filter(|_| first.rows.len() == measured.variants.len());
    let rotated = match rotations {
        None => None,
        Some(by) => {
            let chunks: Vec<&[usize]> = by.chunks(CHUNK).collect();
            merged(ordered(draws.threads, chunks.len(), |chunk| {
                family.rotation_exceedances(alternative, chunks[chunk])
            }))?
        }
    };
    let mut values = vec![none; members.len()];
    if let Some(counts) = permuted {
        for (value, (p, adjusted)) in values.iter_mut().zip(both(&counts)) {
            (value.p, value.p_adjusted) = (p, adjusted);
            value.test = p.map(|_| draw.name());
        }
    }
    if let Some(counts) = rotated {
        for (value, (p, adjusted)) in values.iter_mut().zip(both(&counts)) {
            (value.p_rotation, value.p_rotation_adjusted) = (p, adjusted);
        }
    }
    Ok(values)
}

/// Returns the two-sided p-value of the correlation of two columns of residuals whose rows are drawn in clusters, and what was
/// drawn; `None` where each row is drawn by itself.
///
/// * `rows`: their rows of the experiment.
/// * `bounded`: whether they are residuals of ranks.
pub(super) fn of_residuals(
    [x, y]: &[Vec<f64>; 2],
    rows: &[usize],
    measured: &Measured,
    bounded: bool,
    draws: Draws,
) -> Result<Option<PValues>, StatsError> {
    let draw = Draw::of(measured, rows, bounded)?;
    if matches!(draw, Draw::Rows) {
        return Ok(None);
    }
    let family = TrackFamily::pearson(y, &[x])?;
    let counts = draw.counts(&family, Alternative::TwoSided, draws, 1)?;
    let p = counts.and_then(|counts| counts.p_values()[0]);
    Ok(Some(PValues {
        p,
        test: p.map(|_| draw.name()),
        why_none: match draw {
            Draw::Nothing(reason) => Some(reason),
            _ => None,
        },
        ..PValues::default()
    }))
}

/// Counts over all draws, some at a time.
fn in_chunks(
    draws: Draws,
    threads: usize,
    of_range: impl Fn(std::ops::Range<u64>) -> Result<Exceedances, StatsError> + Sync,
) -> Result<Option<Exceedances>, StatsError> {
    let chunks = (draws.permutations as usize).div_ceil(CHUNK);
    let found = ordered(threads, chunks, |chunk| {
        let start = (chunk * CHUNK) as u64;
        of_range(start..(start + CHUNK as u64).min(draws.permutations))
    });
    merged(found.into_iter().collect::<Result<_, _>>()?)
}

/// Returns which values of a measure are extreme.
///
/// Only a signed correlation is as telling below 0 as above; a share or a correlation of sizes speaks for a
/// prediction when it is large.
fn alternative(measure: &Measure) -> Alternative {
    match (measure.compared, measure.is_correlation()) {
        (Compared::Signed, true) => Alternative::TwoSided,
        _ => Alternative::Greater,
    }
}

fn both(counts: &Exceedances) -> impl Iterator<Item = (Option<f64>, Option<f64>)> {
    counts.p_values().into_iter().zip(counts.adjusted_p_values())
}

fn merged(parts: Vec<Exceedances>) -> Result<Option<Exceedances>, StatsError> {
    let mut parts = parts.into_iter();
    let Some(mut all) = parts.next() else {
        return Ok(None);
    };
    for part in parts {
        all = all.merge(&part)?;
    }
    Ok(Some(all))
}

/// Tests metrics that are no correlations, each prediction by itself.
fn one_by_one(
    measure: &Measure,
    members: &[&Sample],
    draw: &Draw,
    alternative: Alternative,
    draws: Draws,
) -> Result<Vec<PValues>, StatsError> {
    if draws.permutations == 0 {
        return Ok(vec![PValues::default(); members.len()]);
    }
    let p_values = ordered(draws.threads, members.len(), |member| {
        let sample = members[member];
        if matches!(draw, Draw::Signs(_)) {
            return turned_signs(sample, draw, draws);
        }
        let Some(observed) = sample.statistic.on_all_rows() else {
            return Ok(PValues::default());
        };
        let null = match measure.name() {
            "sign_accuracy" => permuted_signs(sample, draw, draws)?,
            _ => permuted_precision(sample, draw, draws)?,
        };
        let Some(null) = null else {
            return Ok(PValues::default());
        };
        Ok(PValues {
            p: Some(permutation_p_value(observed, &null, alternative)?),
            test: Some(draw.name()),
            ..PValues::default()
        })
    });
    p_values.into_iter().collect()
}

fn sign(value: &f64) -> i8 {
    i8::from(*value > 0.0) - i8::from(*value < 0.0)
}

/// Tests the correlation of the signs over the rows with a measured direction, by turned signs of clusters.
fn turned_signs(sample: &Sample, draw: &Draw, draws: Draws) -> Result<PValues, StatsError> {
    let Draw::Signs(clusters) = draw else {
        return Ok(PValues::default());
    };
    let directed = |row: &usize| sign(&sample.measured[*row]) != 0;
    let rows: Vec<usize> = (0..sample.measured.len()).filter(directed).collect();
    let signs = |values: &[f64]| -> Vec<f64> { rows.iter().map(|&row| f64::from(sign(&values[row]))).collect() };
    let keys: Vec<u32> = rows.iter().map(|&row| clusters.of_rows()[row]).collect();
    let Ok(family) = TrackFamily::pearson(&signs(&sample.measured), &[&signs(&sample.predicted)]) else {
        // All measured directions are one: nothing can be right by more than chance.
        return Ok(PValues::default());
    };
    let of_directed = Draw::Signs(Clusters::from_keys(&keys)?);
    let counts = of_directed.counts(&family, Alternative::Greater, draws, 1)?;
    let p = counts.and_then(|counts| counts.p_values()[0]);
    Ok(PValues {
        p,
        test: p.map(|_| draw.name()),
        ..PValues::default()
    })
}

fn permuted_signs(sample: &Sample, draw: &Draw, draws: Draws) -> Result<Option<Vec<f64>>, StatsError> {
    let predicted: Vec<i8> = sample.predicted.iter().map(sign).collect();
    let measured: Vec<i8> = sample.measured.iter().map(sign).collect();
    let with_direction = measured.iter().filter(|sign| **sign != 0).count() as f64;
    draw.on_orders(predicted.len(), draws, |order| {
        let rows = predicted.iter().zip(order);
        let agree = rows.filter(|(sign, row)| **sign * measured[**row as usize] > 0).count();
        agree as f64 / with_direction
    })
}

/// Average precision under permuted labels, with the scores sorted once.
///
/// Every row stands in the table twice, once labelled true and once false; a permutation says which of the two counts.
fn permuted_precision(sample: &Sample, draw: &Draw, draws: Draws) -> Result<Option<Vec<f64>>, StatsError> {
    let rows = sample.predicted.len();
    let twice = [sample.predicted.as_slice(), &sample.predicted].concat();
    let labels: Vec<bool> = (0..2 * rows).map(|row| row < rows).collect();
    let statistic = AveragePrecision::new(&labels, &twice)?;
    let mut counts = vec![0; 2 * rows];
    let mut scratch = Vec::new();
    draw.on_orders(rows, draws, |order| {
        for (place, &row) in order.iter().enumerate() {
            let positive = u32::from(sample.measured[row as usize] > 0.0);
            counts[place] = positive;
            counts[rows + place] = 1 - positive;
        }
        statistic.on_counts(&counts, &mut scratch).unwrap_or(0.0)
    })
}
