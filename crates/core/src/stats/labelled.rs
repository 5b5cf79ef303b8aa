//! Labels sorted by score: what AUROC and average precision share.

use super::error::{StatsError, row_count, same_length};
use super::rank::TieGroups;

/// Rows with a label, sorted by score into groups of equal score.
#[derive(Clone, Debug)]
pub(super) struct LabelledGroups {
    groups: TieGroups,
    /// First and last + 1 place of each group in the sorted order.
    bounds: Vec<(u32, u32)>,
    labels: Vec<bool>,
}

/// Positives and negatives of a group of equal scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ClassCounts {
    pub(super) positives: i64,
    pub(super) negatives: i64,
}

impl LabelledGroups {
    pub(super) fn new(labels: &[bool], scores: &[f64]) -> Result<Self, StatsError> {
        same_length("labels", labels.len(), "scores", scores.len())?;
        row_count(labels.len(), 2)?;
        let groups = TieGroups::new("scores", scores)?;
        let positives = labels.iter().filter(|&&label| label).count();
        let negatives = labels.len() - positives;
        if positives == 0 || negatives == 0 {
            return Err(StatsError::OneClass { positives, negatives });
        }
        let mut start = 0;
        let bound = |&size: &u32| {
            let first = start;
            start += size;
            (first, start)
        };
        Ok(Self {
            bounds: groups.sizes.iter().map(bound).collect(),
            groups,
            labels: labels.to_vec(),
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.labels.len()
    }

    /// A row of each group, groups in ascending order of score.
    pub(super) fn first_rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.bounds
            .iter()
            .map(|&(first, _)| self.groups.order[first as usize] as usize)
    }

    /// Counts the classes of each group, groups in ascending order of score, row `i` counting `counts[i]` times.
    pub(super) fn class_counts<'a>(&'a self, counts: &'a [u32]) -> impl DoubleEndedIterator<Item = ClassCounts> + 'a {
        self.bounds.iter().map(move |&(first, end)| {
            let mut sums = ClassCounts::default();
            for &row in &self.groups.order[first as usize..end as usize] {
                let count = i64::from(counts[row as usize]);
                let positive = count * i64::from(self.labels[row as usize]);
                sums.positives += positive;
                sums.negatives += count - positive;
            }
            sums
        })
    }

    /// Spreads one value per group and class over the rows: `of_group[group]` is (if positive, if negative).
    pub(super) fn by_row(&self, of_group: &[(Option<f64>, Option<f64>)]) -> Vec<Option<f64>> {
        let rows = self.groups.group_of_row.iter().zip(&self.labels);
        rows.map(|(&group, &label)| {
            let (positive, negative) = of_group[group as usize];
            if label { positive } else { negative }
        })
        .collect()
    }
}
