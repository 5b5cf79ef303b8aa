//! p-values: permutations of the measurement, and rotations where the variants tile one place.
//!
//! METHOD: correlations and AUROC of a family of predictions share each permutation, so that the largest of them
//! gives p-values adjusted for having looked at all (Westfall and Young, single-step maximum). The AUROC of fixed labels
//! grows with the sum of the ranks of the positives, that is with the Spearman correlation of labels and scores; its
//! permutations are counted on that. Signed correlations are tested on both sides, the others for being large.

use super::measure::{Compared, Measure, Measured, Sample};
use super::parallel::ordered;
use refalt_core::stats::{
    Alternative, AveragePrecision, Exceedances, RowStatistic, StatsError, TrackFamily, permutation_p_value,
    permutation_range,
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
    if !matches!(measure.name(), "pearson" | "spearman" | "auroc") {
        return one_by_one(measure, &members, alternative, draws);
    }
    let predicted: Vec<&[f64]> = members.iter().map(|sample| sample.predicted.as_slice()).collect();
    let family = match measure.name() {
        "pearson" => TrackFamily::pearson(&first.measured, &predicted)?,
        _ => TrackFamily::spearman(&first.measured, &predicted)?,
    };
    let chunks = (draws.permutations as usize).div_ceil(CHUNK);
    let permuted = ordered(draws.threads, chunks, |chunk| {
        let start = (chunk * CHUNK) as u64;
        let end = (start + CHUNK as u64).min(draws.permutations);
        family.exceedances(alternative, draws.seed, start..end)
    });
    let permuted = merged(permuted)?;
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
    let mut values = vec![PValues::default(); members.len()];
    if let Some(counts) = permuted {
        for (value, (p, adjusted)) in values.iter_mut().zip(both(&counts)) {
            (value.p, value.p_adjusted) = (p, adjusted);
        }
    }
    if let Some(counts) = rotated {
        for (value, (p, adjusted)) in values.iter_mut().zip(both(&counts)) {
            (value.p_rotation, value.p_rotation_adjusted) = (p, adjusted);
        }
    }
    Ok(values)
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
    alternative: Alternative,
    draws: Draws,
) -> Result<Vec<PValues>, StatsError> {
    if draws.permutations == 0 {
        return Ok(vec![PValues::default(); members.len()]);
    }
    let p_values = ordered(draws.threads, members.len(), |member| {
        let sample = members[member];
        let Some(observed) = sample.statistic.on_all_rows() else {
            return Ok(PValues::default());
        };
        let null = match measure.name() {
            "sign_accuracy" => permuted_signs(sample, draws)?,
            _ => permuted_precision(sample, draws)?,
        };
        let p = permutation_p_value(observed, &null, alternative)?;
        Ok(PValues {
            p: Some(p),
            ..PValues::default()
        })
    });
    p_values.into_iter().collect()
}

fn permuted_signs(sample: &Sample, draws: Draws) -> Result<Vec<f64>, StatsError> {
    let sign = |value: &f64| i8::from(*value > 0.0) - i8::from(*value < 0.0);
    let predicted: Vec<i8> = sample.predicted.iter().map(sign).collect();
    let measured: Vec<i8> = sample.measured.iter().map(sign).collect();
    let with_direction = measured.iter().filter(|sign| **sign != 0).count() as f64;
    permutation_range(predicted.len(), draws.seed, 0..draws.permutations, |order| {
        let rows = predicted.iter().zip(order);
        let agree = rows.filter(|(sign, row)| **sign * measured[**row as usize] > 0).count();
        agree as f64 / with_direction
    })
}

/// Average precision under permuted labels, with the scores sorted once.
///
/// Every row stands in the table twice, once labelled true and once false; a permutation says which of the two counts.
fn permuted_precision(sample: &Sample, draws: Draws) -> Result<Vec<f64>, StatsError> {
    let rows = sample.predicted.len();
    let twice = [sample.predicted.as_slice(), &sample.predicted].concat();
    let labels: Vec<bool> = (0..2 * rows).map(|row| row < rows).collect();
    let statistic = AveragePrecision::new(&labels, &twice)?;
    let mut counts = vec![0; 2 * rows];
    let mut scratch = Vec::new();
    permutation_range(rows, draws.seed, 0..draws.permutations, |order| {
        for (place, &row) in order.iter().enumerate() {
            let positive = u32::from(sample.measured[row as usize] > 0.0);
            counts[place] = positive;
            counts[rows + place] = 1 - positive;
        }
        statistic.on_counts(&counts, &mut scratch).unwrap_or(0.0)
    })
}
