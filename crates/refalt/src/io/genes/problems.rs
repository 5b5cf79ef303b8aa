//! Lines that could not be used.

use super::error::{GeneProblem, LineProblem};

/// How many are kept as text.
const LISTED: usize = 20;

/// All are counted, the first are kept.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) count: u64,
    pub(super) first: Vec<LineProblem>,
}

impl Problems {
    pub(super) fn add(&mut self, line: u64, text: &[u8], problem: GeneProblem) {
        self.count += 1;
        if self.first.len() < LISTED {
            self.first.push(LineProblem {
                line,
                text: String::from_utf8_lossy(text).chars().take(80).collect(),
                problem,
            });
        }
    }
}
