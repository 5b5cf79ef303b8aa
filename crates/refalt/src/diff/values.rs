//! Values against values.

use super::DiffError;
use super::block::{Block, Names, Row};
use super::files::Files;
use super::report::{Example, ScorerDifference};
use super::tolerance::Tolerance;
use crate::score_folder::RunScorer;
use refalt_core::stats::RunningCorrelation;

/// Which run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Examples that are kept for each scorer.
const EXAMPLES: usize = 5;

/// One scorer's numbers, as far as they were read.
struct Tally {
    text: String,
    tolerance: Tolerance,
    difference: ScorerDifference,
    pairs: RunningCorrelation,
}

/// The comparison of two runs, as far as it has come.
pub(super) struct Comparison<'a> {
    tallies: Vec<Tally>,
    files: Option<&'a mut Files>,
    /// The tally of the scorer looked up last, by its number.
    last: Option<(u32, usize)>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(scorers: &[(RunScorer, Tolerance)], files: Option<&'a mut Files>) -> Self {
        let tallies = scorers.iter().map(|(scorer, tolerance)| Tally {
            text: scorer.scorer.clone(),
            tolerance: *tolerance,
            difference: ScorerDifference::new(scorer, *tolerance),
            pairs: RunningCorrelation::default(),
        });
        Self {
            tallies: tallies.collect(),
            files,
            last: None,
        }
    }

    /// Compares the scores of a variant that both runs scored.
    pub(super) fn both(&mut self, mut left: Block, mut right: Block, names: &Names) -> Result<(), DiffError> {
        let are_in_step =
            left.rows.len() == right.rows.len() && left.rows.iter().zip(&right.rows).all(|(l, r)| l.key == r.key);
        if !are_in_step {
            left.rows.sort_by_key(|row| row.key);
            right.rows.sort_by_key(|row| row.key);
        }
        let (mut l, mut r) = (0, 0);
        while l < left.rows.len() || r < right.rows.len() {
            match (left.rows.get(l), right.rows.get(r)) {
                (Some(a), Some(b)) if a.key == b.key => {
                    self.pair(&left.variant, a, b.score, names)?;
                    (l, r) = (l + 1, r + 1);
                }
                (Some(a), b) if b.is_none_or(|b| a.key < b.key) => {
                    self.only(&left.variant, a, Side::Left, names)?;
                    l += 1;
                }
                (_, Some(b)) => {
                    self.only(&right.variant, b, Side::Right, names)?;
                    r += 1;
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// Takes the scores of a variant that one run scored.
    pub(super) fn one(&mut self, block: &Block, side: Side, names: &Names) -> Result<(), DiffError> {
        for row in &block.rows {
            self.only(&block.variant, row, side, names)?;
        }
        Ok(())
    }

    fn tally(&mut self, scorer: u32, names: &Names) -> Option<usize> {
        if let Some((number, index)) = self.last
            && number == scorer
        {
            return Some(index);
        }
        let index = self.tallies.iter().position(|tally| tally.text == names.name(scorer))?;
        self.last = Some((scorer, index));
        Some(index)
    }

    fn only(&mut self, variant: &str, row: &Row, side: Side, names: &Names) -> Result<(), DiffError> {
        let Some(index) = self.tally(row.key.scorer, names) else {
            return Ok(());
        };
        let difference = &mut self.tallies[index].difference;
        let (left, right) = match side {
            Side::Left => {
                difference.only_left += 1;
                (Some(row.score), None)
            }
            Side::Right => {
                difference.only_right += 1;
                (None, Some(row.score))
            }
        };
        self.write(index, variant, row, left, right, names)
    }

    fn pair(&mut self, variant: &str, row: &Row, right: f32, names: &Names) -> Result<(), DiffError> {
        let Some(index) = self.tally(row.key.scorer, names) else {
            return Ok(());
        };
        let left = row.score;
        let tally = &mut self.tallies[index];
        let difference = &mut tally.difference;
        difference.compared += 1;
        difference.both_nan += u64::from(left.is_nan() && right.is_nan());
        let size = (f64::from(left) - f64::from(right)).abs();
        if left.is_finite() && right.is_finite() {
            tally.pairs.add(f64::from(left), f64::from(right));
            difference.max_difference = Some(difference.max_difference.map_or(size, |known| known.max(size)));
        }
        if !tally.tolerance.is_exceeded(left, right) {
            return Ok(());
        }
        difference.beyond += 1;
        // What is NaN or infinite on one side differs more than any two numbers.
        let size = if size.is_finite() { size } else { f64::INFINITY };
        let place = difference.examples.partition_point(|known| known.size >= size);
        if place < EXAMPLES {
            difference
                .examples
                .insert(place, Example::new(variant, row, left, right, size, names));
            difference.examples.truncate(EXAMPLES);
        }
        self.write(index, variant, row, Some(left), Some(right), names)
    }

    fn write(
        &mut self,
        scorer: usize,
        variant: &str,
        row: &Row,
        left: Option<f32>,
        right: Option<f32>,
        names: &Names,
    ) -> Result<(), DiffError> {
        match &mut self.files {
            Some(files) => files.row(
                &self.tallies[scorer].difference.scorer,
                variant,
                row,
                left,
                right,
                names,
            ),
            None => Ok(()),
        }
    }

    /// Returns the numbers of each scorer.
    pub(super) fn finish(self) -> Vec<ScorerDifference> {
        let finished = self.tallies.into_iter().map(|tally| ScorerDifference {
            pearson: tally.pairs.pearson(),
            ..tally.difference
        });
        finished.collect()
    }
}
