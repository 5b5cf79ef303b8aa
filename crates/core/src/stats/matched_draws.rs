//! A metric over matched positives and negatives, averaged over draws of one pair from each match group.
//!
//! # Formula
//! A match group has some positives and some negatives. In draw b each group gives one positive and one negative, every
//! pair of the group equally likely; the metric of the 2 G rows of the G groups is m_b, and the statistic the mean of
//! m_1 to m_B. Groups without both classes give nothing and are counted.
//!
//! METHOD: the draws are made once and stay the same in every resample, which draws whole groups. The interval is that
//! of the mean over these B draws; what another B draws would change is [`MatchedDraws::draw_error`].
//!
//! # Source
//! Evaluation of polyadenylation QTLs in Avsec et al. (2026), AlphaGenome, doi:10.1038/s41586-025-10014-0, after Linder et
//! al. (2025), Borzoi, doi:10.1038/s41588-024-02053-6: negatives matched one to one, many permutations.

use super::error::{StatsError, all_finite, row_count, same_length};
use super::metric::{Metric, MetricInput};
use super::random::{Purpose, RandomStream};
use super::row_statistic::RowStatistic;
use std::collections::BTreeMap;

/// A metric of matched pairs, averaged over draws; its rows are the match groups.
pub struct MatchedDraws {
    groups: usize,
    unmatched: usize,
    draws: Vec<Box<dyn RowStatistic>>,
}

impl MatchedDraws {
    /// Draws the pairs.
    ///
    /// Draw b depends on (`seed`, b) alone; within it groups come in the order of their keys, in each the positive first.
    ///
    /// * `keys`: the match group of each row.
    /// * `labels`, `scores`: one for each row.
    /// * `draws`: how many draws are averaged, at least 1.
    ///
    /// # Errors
    /// Columns of different length, scores that are not finite, [`StatsError::InputKind`] for a metric of other columns,
    /// [`StatsError::OutOfRange`] without draws, [`StatsError::NoGroup`] when no group has both classes.
    pub fn new<K: Ord>(
        metric: &Metric,
        keys: &[K],
        labels: &[bool],
        scores: &[f64],
        draws: u32,
        seed: u64,
    ) -> Result<Self, StatsError> {
        same_length("labels", labels.len(), "scores", scores.len())?;
        same_length("groups", keys.len(), "labels", labels.len())?;
        row_count(labels.len(), 2)?;
        all_finite("scores", scores)?;
        let MetricInput::LabelsAndScores(prepare) = metric.input else {
            return Err(StatsError::InputKind {
                metric: metric.name,
                needs: metric.input.describe(),
            });
        };
        if draws == 0 {
            return Err(StatsError::OutOfRange {
                parameter: "draws",
                value: 0.0,
                allowed: "1 or more",
            });
        }
        let mut members: BTreeMap<&K, [Vec<f64>; 2]> = BTreeMap::new();
        for ((key, &label), &score) in keys.iter().zip(labels).zip(scores) {
            members.entry(key).or_default()[usize::from(!label)].push(score);
        }
        let all = members.len();
        members.retain(|_, [positives, negatives]| !positives.is_empty() && !negatives.is_empty());
        let groups = members.len();
        if groups == 0 {
            return Err(StatsError::NoGroup { groups: all });
        }
        let drawn_labels: Vec<bool> = (0..2 * groups).map(|row| row < groups).collect();
        let draw = |number: u32| {
            let mut stream = RandomStream::new(seed, Purpose::Sampling, u64::from(number));
            let mut drawn = vec![0.0; 2 * groups];
            for (group, classes) in members.values().enumerate() {
                for (class, scores) in classes.iter().enumerate() {
                    drawn[class * groups + group] = scores[stream.below(scores.len() as u32) as usize];
                }
            }
            prepare(&drawn_labels, &drawn)
        };
        Ok(Self {
            groups,
            unmatched: all - groups,
            draws: (0..draws).map(draw).collect::<Result<_, _>>()?,
        })
    }

    /// Returns the number of groups that lack a class and give no pair.
    pub const fn unmatched(&self) -> usize {
        self.unmatched
    }

    /// Returns the metric of each draw, in order; `None` where it has no value.
    pub fn values(&self) -> Vec<Option<f64>> {
        self.draws.iter().map(|draw| draw.on_all_rows()).collect()
    }

    /// Returns the standard error that the mean has from the number of draws: sd of the draws / sqrt(B); `None` for one.
    pub fn draw_error(&self) -> Option<f64> {
        let values: Vec<f64> = self.values().into_iter().flatten().collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (values.len() > 1).then(|| (squares / (n - 1.0) / n).sqrt())
    }
}

impl RowStatistic for MatchedDraws {
    fn rows(&self) -> usize {
        self.groups
    }

    fn on_counts(&self, counts: &[u32], scratch: &mut Vec<i64>) -> Option<f64> {
        let both = [counts, counts].concat();
        let mut sum = 0.0;
        for draw in &self.draws {
            sum += draw.on_counts(&both, scratch)?;
        }
        Some(sum / self.draws.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric() -> &'static Metric {
        Metric::of("average_precision").unwrap()
    }

    #[test]
    fn one_pair_for_each_group_needs_no_draws_and_lone_rows_are_counted() {
        let keys = [1, 1, 2, 2, 3];
        let labels = [true, false, true, false, true];
        let scores = [0.9, 0.1, 0.3, 0.5, 0.7];
        let drawn = MatchedDraws::new(metric(), &keys, &labels, &scores, 3, 0).unwrap();
        assert_eq!((drawn.rows(), drawn.unmatched()), (2, 1));
        // Ranked 0.9 +, 0.5 -, 0.3 +, 0.1 -: (1 + 2/3) / 2.
        assert!((drawn.on_all_rows().unwrap() - 5.0 / 6.0).abs() < 1e-15);
        assert!(drawn.draw_error().unwrap() < 1e-15);
        // Only the second group, 0.5 before 0.3; then only the first.
        assert_eq!(drawn.leave_one_out(), [Some(0.5), Some(1.0)]);
    }

    #[test]
    fn every_pair_of_a_group_is_drawn_equally_often() {
        // One group of 2 positives and 3 negatives; the positive wins in 4 of 6 pairs: AP 1 there, 1/2 elsewhere.
        let labels = [true, true, false, false, false];
        let scores = [2.5, 3.5, 1.0, 2.0, 4.0];
        let drawn = MatchedDraws::new(metric(), &[7; 5], &labels, &scores, 20_000, 1).unwrap();
        let wins = drawn.values().iter().filter(|value| **value == Some(1.0)).count();
        // Binomial, p 2/3, 20,000 draws: sd 66.7.
        assert!((wins as f64 - 13_333.3).abs() < 4.0 * 66.7, "{wins}");
        let again = MatchedDraws::new(metric(), &[7; 5], &labels, &scores, 20_000, 1).unwrap();
        assert_eq!(drawn.values(), again.values());
    }

    #[test]
    fn what_cannot_be_matched_is_refused() {
        let of = |keys: &[u8], labels: &[bool], draws| {
            MatchedDraws::new(metric(), keys, labels, &vec![0.5; labels.len()], draws, 0).err()
        };
        assert_eq!(of(&[1, 2], &[true, false], 1), Some(StatsError::NoGroup { groups: 2 }));
        assert!(matches!(
            of(&[1, 1], &[true, false], 0),
            Some(StatsError::OutOfRange { .. })
        ));
        assert!(of(&[1], &[true, false], 1).is_some());
        let pearson = Metric::of("pearson").unwrap();
        let refused = MatchedDraws::new(pearson, &[1, 1], &[true, false], &[0.0, 1.0], 1, 0);
        assert!(matches!(
            refused.err(),
            Some(StatsError::InputKind { metric: "pearson", .. })
        ));
    }
}
