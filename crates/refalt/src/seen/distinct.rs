//! Whether a variant as it is written stood in an earlier row.

use super::run::{Entry, Run};
use super::{IN_MEMORY, SeenError, SeenVariants, VariantKey, failed};
use std::collections::HashMap;
use std::path::Path;

/// Variants at one place that are compared one by one; with more, the table is faster.
const MOST_HERE: usize = 64;

/// Tells the first row of a variant from its repeats.
///
/// As long as a file is in order, place after place, a variant is compared with those of its own place alone, and a
/// full list goes to a temporary file as it is. From the first step back on, [`SeenVariants`] answers.
pub(crate) struct DistinctVariants {
    seen: SeenVariants,
    /// What came in order, by place; the variants of the last place begin at `here`.
    ordered: Vec<Entry>,
    here: usize,
    is_ordered: bool,
    /// Contigs in the order of the file, which need not be that of the reference.
    contigs: HashMap<u32, u64>,
    last_contig: Option<(u32, u64)>,
    in_memory: usize,
}

impl DistinctVariants {
    /// Starts with none; more than fit the memory go to temporary files in `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self::with_capacity(folder, IN_MEMORY)
    }

    fn with_capacity(folder: &Path, in_memory: usize) -> Self {
        Self {
            seen: SeenVariants::with_capacity(folder, in_memory),
            ordered: Vec::new(),
            here: 0,
            is_ordered: true,
            contigs: HashMap::new(),
            last_contig: None,
            in_memory,
        }
    }

    /// Says whether no earlier row held the variant.
    ///
    /// # Errors
    /// [`SeenError`] when a temporary file cannot be written or read.
    pub(crate) fn is_first(&mut self, key: VariantKey) -> Result<bool, SeenError> {
        let key = self.in_order_of_file(key);
        if !self.is_ordered {
            return Ok(self.seen.earlier_row(key, 0)?.is_none());
        }
        let entry = Entry { key, row: 0 };
        let last = self.ordered.last().map(|entry| entry.key.locus);
        if last.is_none_or(|last| last < key.locus) {
            if self.ordered.len() >= self.in_memory {
                self.keep_ordered()?;
            }
            self.here = self.ordered.len();
            self.ordered.push(entry);
            return Ok(true);
        }
        let here = &self.ordered[self.here..];
        if last == Some(key.locus) && here.len() < MOST_HERE {
            if here.contains(&entry) {
                return Ok(false);
            }
            self.ordered.push(entry);
            return Ok(true);
        }
        self.is_ordered = false;
        for entry in std::mem::take(&mut self.ordered) {
            self.seen.earlier_row(entry.key, 0)?;
        }
        Ok(self.seen.earlier_row(key, 0)?.is_none())
    }

    fn keep_ordered(&mut self) -> Result<(), SeenError> {
        self.ordered.sort_unstable();
        let entries = self.ordered.drain(..).map(Ok);
        let run = Run::write(&self.seen.folder, 0, entries).map_err(failed(&self.seen.folder))?;
        self.seen.add_run(run).map_err(failed(&self.seen.folder))
    }

    fn in_order_of_file(&mut self, key: VariantKey) -> VariantKey {
        let contig = (key.locus >> 32) as u32;
        let number = match self.last_contig {
            Some((last, number)) if last == contig => number,
            _ => {
                let next = self.contigs.len() as u64;
                *self.contigs.entry(contig).or_insert(next)
            }
        };
        self.last_contig = Some((contig, number));
        VariantKey {
            locus: number << 32 | key.locus & u64::from(u32::MAX),
            ..key
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn check(keys: impl IntoIterator<Item = (u64, u64)>, in_memory: usize) {
        let folder = tempfile::tempdir().unwrap();
        let mut distinct = DistinctVariants::with_capacity(folder.path(), in_memory);
        let mut expected = HashSet::new();
        for (number, (locus, alleles)) in keys.into_iter().enumerate() {
            let key = VariantKey::made_up(locus, alleles);
            assert_eq!(distinct.is_first(key).unwrap(), expected.insert(key), "row {number}");
        }
    }

    proptest! {
        #[test]
        fn answers_are_those_of_a_set(
            keys in prop::collection::vec((0u64..40, 0u64..6), 0..500), in_memory in 1usize..60
        ) {
            check(keys, in_memory);
        }

        #[test]
        fn answers_hold_in_order_and_after_the_first_step_back(
            steps in prop::collection::vec((0u64..3, 0u64..4), 0..500), back in 0usize..600, in_memory in 1usize..60
        ) {
            let mut at = 10;
            let keys: Vec<(u64, u64)> = steps
                .into_iter()
                .enumerate()
                .map(|(number, (step, alleles))| {
                    at += step;
                    (if number == back { at / 2 } else { at }, alleles)
                })
                .collect();
            check(keys.iter().copied().chain(keys.iter().copied()), in_memory);
        }
    }

    #[test]
    fn contigs_may_come_in_any_order_and_many_variants_at_one_place() {
        let contig = |number: u64| number << 32;
        check(
            [
                (contig(9) + 5, 1),
                (contig(2) + 5, 1),
                (contig(9) + 5, 1),
                (contig(2) + 5, 1),
            ],
            100,
        );
        check((0..400).map(|number| (7, number % 200)), 1000);
    }
}
