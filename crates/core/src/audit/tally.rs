//! Observations with the number of distinct variants that show each.

use crate::audit::observe::Observation;
use std::collections::HashMap;

/// Variants counted by observation, in the order of their first appearance.
///
/// A variant that a list repeats, once for each gene or tissue, is one piece of evidence: it is counted once, and its
/// other rows are only numbered.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    observations: Vec<(Observation, u64)>,
    numbers: HashMap<Observation, u32>,
}

impl Tally {
    /// Counts a variant and returns the number of its observation in [`Tally::observations`].
    pub fn record(&mut self, observation: Observation) -> u32 {
        let number = self.number(observation);
        self.count(number);
        number
    }

    /// Returns the number of an observation without counting it: for the rows that repeat a variant.
    pub fn number(&mut self, observation: Observation) -> u32 {
        let next = u32::try_from(self.observations.len()).expect("observations are far fewer than 2^32");
        let number = *self.numbers.entry(observation).or_insert(next);
        if number == next {
            self.observations.push((observation, 0));
        }
        number
    }

    /// Counts a variant by the number of its observation.
    ///
    /// # Panics
    /// When no observation has the number.
    pub fn count(&mut self, number: u32) {
        self.observations[number as usize].1 += 1;
    }

    /// Numbers the observations of another tally, without their counts, and returns for each number of `other` the
    /// number here.
    pub fn append(&mut self, other: &Self) -> Vec<u32> {
        other
            .observations
            .iter()
            .map(|&(observation, _)| self.number(observation))
            .collect()
    }

    /// Returns the distinct observations with their counts; 0 for those of repeated rows alone.
    pub fn observations(&self) -> &[(Observation, u64)] {
        &self.observations
    }

    /// Returns how many variants were counted.
    pub fn variants(&self) -> u64 {
        self.observations.iter().map(|&(_, count)| count).sum()
    }

    /// Returns the numbers of the observations that were counted.
    pub(super) fn counted(&self) -> HashMap<Observation, u32> {
        let counted = |&(_, &number): &(&Observation, &u32)| self.observations[number as usize].1 > 0;
        self.numbers
            .iter()
            .filter(counted)
            .map(|(&observation, &number)| (observation, number))
            .collect()
    }
}
