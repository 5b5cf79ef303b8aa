//! Two score folders compared: in what they were made differently, and what became of the numbers.
//!
//! Manifests say how the runs differ; values are joined by variant, scorer, gene, junction and track. Both folders are
//! streamed. When their inputs hold the same variants in the same rows they are read side by side; otherwise both are
//! sorted by variant in temporary files. Memory holds the rows of two variants.

mod attribution;
mod block;
mod error;
mod files;
mod report;
mod tolerance;
mod values;

pub use attribution::Attribution;
pub use error::DiffError;
pub use report::{DiffReport, Example, ScorerDifference, VariantDifferences};
pub use tolerance::Tolerance;

use crate::score_folder::{ScoreFolder, VariantRow};
use crate::sorted_runs::{Sorted, Sorter};
use block::{Block, BlockReader, Names};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use values::Comparison;

/// Memory for each folder whose variants have to be sorted.
const SORT_BYTES: usize = 64 << 20;

/// How two folders are compared.
#[derive(Clone, Debug, Default)]
pub struct DiffOptions {
    /// The tolerance of every scorer that has none of its own.
    pub tolerance: Option<Tolerance>,
    /// Tolerances by short name or text of the scorer.
    pub by_scorer: BTreeMap<String, Tolerance>,
    /// A folder for the report and every row that differs; it is not there yet, or empty.
    pub out: Option<PathBuf>,
}

/// Compares two folders.
///
/// A value is beyond tolerance when `|left - right| > relative * max(|left|, |right|) + absolute`. NaN meets NaN; NaN
/// against a number is beyond any tolerance. Without options the tolerance is 0 for runs of one model (name, version and
/// digest agree), and [`Tolerance::OTHER_MODEL`] otherwise.
///
/// # Errors
/// [`DiffError`] when a folder cannot be read, its content was changed, or a tolerance names no scorer of the runs.
pub fn diff(left: &ScoreFolder, right: &ScoreFolder, options: &DiffOptions) -> Result<DiffReport, DiffError> {
    let tolerances = tolerance::resolve(left, right, options)?;
    let mut files = options.out.as_deref().map(files::Files::create).transpose()?;
    left.verify()?;
    right.verify()?;
    let attribution = attribution::attribute(left, right)?;
    let mut names = Names::default();
    let mut comparison = Comparison::new(&tolerances, files.as_mut());
    let alignment = align(left, right)?;
    let mut variants = alignment.differences;
    if alignment.is_side_by_side {
        side_by_side(left, right, &mut names, &mut comparison, &mut variants)?;
    } else {
        let folder = std::env::temp_dir();
        let folder = options.out.as_deref().unwrap_or(&folder);
        sorted(left, right, folder, &mut names, &mut comparison, &mut variants)?;
    }
    let scorers = comparison.finish();
    let report = DiffReport {
        attribution,
        same_model: left.model() == right.model(),
        read_side_by_side: alignment.is_side_by_side,
        variants,
        scorers,
    };
    if let Some(files) = files {
        files.finish(&report)?;
    }
    Ok(report)
}

/// Whether two variant tables hold the same variants in the same rows, and what became of the rows.
struct Alignment {
    is_side_by_side: bool,
    differences: VariantDifferences,
}

fn align(left: &ScoreFolder, right: &ScoreFolder) -> Result<Alignment, DiffError> {
    let fate = |row: &VariantRow| match &row.code {
        Some(code) => format!("{} {code}", row.status),
        None => row.status.clone(),
    };
    let mut is_side_by_side = true;
    let mut differences = VariantDifferences::default();
    let mut changed: BTreeMap<String, u64> = BTreeMap::new();
    let (mut lefts, mut rights) = (left.variants()?, right.variants()?);
    loop {
        let (l, r) = (lefts.next().transpose()?, rights.next().transpose()?);
        differences.left_rows += u64::from(l.is_some());
        differences.right_rows += u64::from(r.is_some());
        let (l, r) = match (l, r) {
            (None, None) => break,
            (Some(l), Some(r)) => (l, r),
            _ => {
                is_side_by_side = false;
                continue;
            }
        };
        let is_same = l.row == r.row
            && match (&l.variant_id, &r.variant_id) {
                (Some(l), Some(r)) => l == r,
                _ => l.as_written == r.as_written,
            };
        // A variant that is scored here and a duplicate there has its scores in another row.
        let moved = l.is_scored() != r.is_scored() && (l.status == "duplicate" || r.status == "duplicate");
        is_side_by_side &= is_same && !moved;
        if is_same && fate(&l) != fate(&r) {
            *changed.entry(format!("{} -> {}", fate(&l), fate(&r))).or_default() += 1;
        }
    }
    if is_side_by_side {
        differences.fates_changed = changed;
    }
    Ok(Alignment {
        is_side_by_side,
        differences,
    })
}

/// Reads both folders row by row.
fn side_by_side(
    left: &ScoreFolder,
    right: &ScoreFolder,
    names: &mut Names,
    comparison: &mut Comparison<'_>,
    variants: &mut VariantDifferences,
) -> Result<(), DiffError> {
    let (mut left_blocks, mut right_blocks) = (BlockReader::new(left.scores()), BlockReader::new(right.scores()));
    for (l, r) in left.variants()?.zip(right.variants()?) {
        let (l, r) = (l?, r?);
        let mut take = |row: &VariantRow, blocks: &mut BlockReader| -> Result<Option<Block>, DiffError> {
            if row.is_scored() {
                blocks.of(row, names).map(Some)
            } else {
                Ok(None)
            }
        };
        let (l, r) = (take(&l, &mut left_blocks)?, take(&r, &mut right_blocks)?);
        pair(l, r, names, comparison, variants)?;
    }
    Ok(())
}

/// Sorts both folders by variant, then reads them side by side.
fn sorted(
    left: &ScoreFolder,
    right: &ScoreFolder,
    folder: &Path,
    names: &mut Names,
    comparison: &mut Comparison<'_>,
    variants: &mut VariantDifferences,
) -> Result<(), DiffError> {
    let mut lefts = by_variant(left, folder, names)?;
    let mut rights = by_variant(right, folder, names)?;
    let next = |blocks: &mut Sorted| blocks.next().transpose().map_err(DiffError::Temporary);
    let (mut l, mut r) = (next(&mut lefts)?, next(&mut rights)?);
    while l.is_some() || r.is_some() {
        let order = match (&l, &r) {
            (Some((left, _)), Some((right, _))) => left.cmp(right),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        let taken_left = if order.is_le() { l.take() } else { None };
        let taken_right = if order.is_ge() { r.take() } else { None };
        let block = |entry: &Option<([u8; 16], Box<[u8]>)>| entry.as_ref().map(|(_, bytes)| Block::from_bytes(bytes));
        pair(block(&taken_left), block(&taken_right), names, comparison, variants)?;
        if taken_left.is_some() {
            l = next(&mut lefts)?;
        }
        if taken_right.is_some() {
            r = next(&mut rights)?;
        }
    }
    Ok(())
}

fn by_variant(run: &ScoreFolder, folder: &Path, names: &mut Names) -> Result<Sorted, DiffError> {
    let mut sorter = Sorter::new(folder, SORT_BYTES);
    let mut blocks = BlockReader::new(run.scores());
    let mut bytes = Vec::new();
    for row in run.variants()? {
        let row = row?;
        if row.is_scored() {
            let block = blocks.of(&row, names)?;
            let digest = Sha256::digest(block.variant.as_bytes());
            let mut key = [0; 16];
            key.copy_from_slice(&digest[..16]);
            block.to_bytes(&mut bytes);
            sorter.push(key, &bytes).map_err(DiffError::Temporary)?;
        }
    }
    sorter.finish().map_err(DiffError::Temporary)
}

/// Compares the blocks of one variant.
fn pair(
    left: Option<Block>,
    right: Option<Block>,
    names: &Names,
    comparison: &mut Comparison<'_>,
    variants: &mut VariantDifferences,
) -> Result<(), DiffError> {
    match (left, right) {
        (Some(left), Some(right)) => {
            variants.both += 1;
            variants.windows_differ += u64::from(left.window != right.window);
            comparison.both(left, right, names)
        }
        (Some(left), None) => {
            variants.only_left += 1;
            comparison.one(&left, values::Side::Left, names)
        }
        (None, Some(right)) => {
            variants.only_right += 1;
            comparison.one(&right, values::Side::Right, names)
        }
        (None, None) => Ok(()),
    }
}
