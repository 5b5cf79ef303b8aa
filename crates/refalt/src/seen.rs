//! Which variants were seen, and in which row first: one answer for the audit and for the scoring. `DistinctVariants`
//! asks the same of rows as they are written, for the evidence of the audit.
//!
//! The variants seen last are in memory; when they are too many, they are written to a temporary file in the order of
//! their places, a run, and a variant is looked for in the runs whose places include its own. In a file in genome order
//! the runs lie one behind the other, so nothing is looked for but at their ends. In a file in another order every run
//! is asked; a filter in memory (10 bits for a variant) answers most of these questions without the disk.
//!
//! The answer is the same as that of one large table in memory. Cutting a file by hash and checking the parts before
//! the rows are written was rejected: a row is accepted only by a verdict that needs the whole file, so it would be
//! judged twice.

mod distinct;
mod filter;
mod key;
mod run;

pub(crate) use distinct::DistinctVariants;
pub(crate) use key::VariantKey;

use crate::diagnostic::Diagnostic;
use key::KeyHasher;
use run::{Entry, Run};
use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::hash::BuildHasherDefault;
use std::io;
use std::path::{Path, PathBuf};

/// Variants kept in memory: seven eighths of 2^22, a full hash table of about 100 MB.
const IN_MEMORY: usize = 3_670_016;

/// Runs of one size that become one.
const MERGED: usize = 8;

/// The variants seen cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep the variants seen in a temporary file in `{folder}`: {source}")]
pub struct SeenError {
    /// The folder of the temporary files.
    pub folder: PathBuf,
    /// The cause.
    pub source: io::Error,
}

impl Diagnostic for SeenError {
    fn hint(&self) -> Option<String> {
        Some(format!(
            "free space in `{}`: {} bytes for a variant, and twice that for a moment",
            self.folder.display(),
            Entry::BYTES
        ))
    }
}

/// The variants seen, each with the first row that held it.
pub(crate) struct SeenVariants {
    folder: PathBuf,
    in_memory: usize,
    recent: HashMap<VariantKey, u64, BuildHasherDefault<KeyHasher>>,
    runs: Vec<Run>,
}

impl SeenVariants {
    /// Starts with none; more than fit the memory go to temporary files in `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self::with_capacity(folder, IN_MEMORY)
    }

    fn with_capacity(folder: &Path, in_memory: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            in_memory,
            recent: HashMap::default(),
            runs: Vec::new(),
        }
    }

    /// Returns the earlier row with the same variant; without one, remembers that `row` holds it.
    ///
    /// # Errors
    /// [`SeenError`] when a temporary file cannot be written or read.
    pub(crate) fn earlier_row(&mut self, key: VariantKey, row: u64) -> Result<Option<u64>, SeenError> {
        if self.recent.len() == self.in_memory {
            self.spill().map_err(failed(&self.folder))?;
        }
        let free = match self.recent.entry(key) {
            MapEntry::Occupied(earlier) => return Ok(Some(*earlier.get())),
            MapEntry::Vacant(free) => free,
        };
        for run in &mut self.runs {
            let found = run.find(key).map_err(failed(&self.folder))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        free.insert(row);
        Ok(None)
    }

    /// Writes what is in memory as a run, and makes one of many runs.
    fn spill(&mut self) -> io::Result<()> {
        let mut entries: Vec<Entry> = self.recent.drain().map(|(key, row)| Entry { key, row }).collect();
        entries.sort_unstable_by_key(|entry| entry.key);
        let run = Run::write(&self.folder, 0, entries.into_iter().map(Ok))?;
        self.add_run(run)
    }

    /// Adds a run of variants that were not seen before.
    fn add_run(&mut self, run: Run) -> io::Result<()> {
        self.runs.push(run);
        while let Some(first) = self.runs.len().checked_sub(MERGED) {
            let last = &self.runs[first..];
            // Runs one behind the other answer as fast as one.
            let is_sorted = last.windows(2).all(|pair| pair[0].last() < pair[1].first());
            if is_sorted || last.iter().any(|run| run.level() != last[0].level()) {
                break;
            }
            let merged = Run::merge(&self.folder, self.runs.split_off(first))?;
            self.runs.push(merged);
        }
        Ok(())
    }
}

fn failed(folder: &Path) -> impl FnOnce(io::Error) -> SeenError {
    let folder = folder.to_owned();
    move |source| SeenError { folder, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Compares with one table in memory, which is what is replaced.
    fn check(keys: impl IntoIterator<Item = (u64, u64)>, in_memory: usize) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let mut seen = SeenVariants::with_capacity(folder.path(), in_memory);
        let mut expected = HashMap::new();
        for (row, (locus, alleles)) in (1..).zip(keys) {
            let key = VariantKey::made_up(locus, alleles);
            let earlier = expected.get(&key).copied();
            expected.entry(key).or_insert(row);
            assert_eq!(seen.earlier_row(key, row).unwrap(), earlier, "row {row}");
        }
        seen.runs.len()
    }

    proptest! {
        #[test]
        fn answers_are_those_of_one_table_in_memory(
            keys in prop::collection::vec((0u64..40, 0u64..6), 0..2000), in_memory in 1usize..60
        ) {
            check(keys, in_memory);
        }

        #[test]
        fn answers_hold_for_sorted_rows_that_moved_to_the_left(
            steps in prop::collection::vec((0u64..3, 0u64..9, 0u64..2), 0..2000), in_memory in 1usize..60
        ) {
            let mut at = 10;
            let keys: Vec<(u64, u64)> = steps
                .into_iter()
                .map(|(step, left, alleles)| {
                    at += step;
                    (at - left, alleles)
                })
                .collect();
            check(keys, in_memory);
        }
    }

    #[test]
    fn many_runs_in_no_order_become_few_and_filters_answer() {
        // 200,000 distinct places in an order that jumps, then all of them again: 7919 is a prime.
        let keys = (0..400_000_u64).map(|row| ((row * 7919) % 200_000, 1));
        // 200 runs would be written; eight of a size become one.
        assert!(check(keys, 1000) <= 24);
    }

    #[test]
    fn runs_in_order_stay_as_they_are() {
        assert_eq!(check((0..10_000).map(|row| (row, 0)), 1000), 9);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        let mut seen = SeenVariants::with_capacity(&gone, 2);
        let mut add = |locus| seen.earlier_row(VariantKey::made_up(locus, 0), locus);
        assert!(add(1).is_ok() && add(2).is_ok());
        let error = add(3).unwrap_err();
        assert!(error.to_string().contains("gone"), "{error}");
        assert!(error.hint().unwrap().contains("free space"));
    }

    /// `/dev/full` stands in for a disk without space where the system has one.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let entries = (0..10).map(|locus| {
            Ok(Entry {
                key: VariantKey::made_up(locus, 0),
                row: 1,
            })
        });
        let error = Run::write_to(full, 0, entries).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
