//! The scores of one variant, as numbers that both runs share for their names.

use super::DiffError;
use crate::score_folder::{ScoreBatch, Scores, TextColumn, VariantRow};
use std::collections::{HashMap, VecDeque};

/// A name that is missing.
const NONE: u32 = 0;

/// Numbers for the names of scorers, genes and tracks; the same for both runs.
#[derive(Debug)]
pub(super) struct Names {
    numbers: HashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            names: vec!["".into()],
        }
    }
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }

    /// Returns the name of a number; the empty text for what is missing.
    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", |name| name)
    }
}

/// What a score belongs to, within a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowKey {
    pub(super) scorer: u32,
    pub(super) gene: u32,
    /// Start and end, 0-based, half-open; `None` where there is no junction.
    pub(super) junction: Option<(i64, i64)>,
    pub(super) track: u32,
    pub(super) strand: u32,
}

/// A score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) key: RowKey,
    pub(super) score: f32,
}

/// The scores of one variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Block {
    pub(super) variant: String,
    /// The window that the model read.
    pub(super) window: String,
    pub(super) rows: Vec<Row>,
}

impl Block {
    /// Writes the block for a temporary file of this process.
    pub(super) fn to_bytes(&self, bytes: &mut Vec<u8>) {
        bytes.clear();
        for text in [&self.variant, &self.window] {
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        for row in &self.rows {
            let key = row.key;
            let (start, end) = key.junction.unwrap_or((i64::MIN, i64::MIN));
            for number in [key.scorer, key.gene, key.track, key.strand] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            bytes.extend_from_slice(&start.to_le_bytes());
            bytes.extend_from_slice(&end.to_le_bytes());
            bytes.extend_from_slice(&row.score.to_le_bytes());
        }
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let mut rest = bytes;
        let variant = text(&mut rest);
        let window = text(&mut rest);
        let rows = rest.chunks_exact(36).map(|mut row| {
            let [scorer, gene, track, strand] = std::array::from_fn(|_| u32::from_le_bytes(take(&mut row)));
            let (start, end) = (i64::from_le_bytes(take(&mut row)), i64::from_le_bytes(take(&mut row)));
            Row {
                key: RowKey {
                    scorer,
                    gene,
                    junction: (start != i64::MIN).then_some((start, end)),
                    track,
                    strand,
                },
                score: f32::from_le_bytes(take(&mut row)),
            }
        });
        Self {
            variant,
            window,
            rows: rows.collect(),
        }
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let mut found = [0; N];
    let (taken, rest) = bytes.split_at(N.min(bytes.len()));
    found[..taken.len()].copy_from_slice(taken);
    *bytes = rest;
    found
}

fn text(bytes: &mut &[u8]) -> String {
    let length = u64::from_le_bytes(take(bytes)) as usize;
    let (taken, rest) = bytes.split_at(length.min(bytes.len()));
    *bytes = rest;
    String::from_utf8_lossy(taken).into_owned()
}

/// Reads a score table block by block.
pub(super) struct BlockReader {
    scores: Scores,
    /// Rows that were read and not given out, with their input row.
    waiting: VecDeque<(u64, Row)>,
}

impl BlockReader {
    pub(super) fn new(scores: Scores) -> Self {
        Self {
            scores,
            waiting: VecDeque::new(),
        }
    }

    /// Returns the scores of an input row, which is asked for in input order; none where the table has none.
    pub(super) fn of(&mut self, row: &VariantRow, names: &mut Names) -> Result<Block, DiffError> {
        let mut rows = Vec::new();
        loop {
            while let Some(&(input_row, score)) = self.waiting.front()
                && input_row <= row.row
            {
                if input_row == row.row {
                    rows.push(score);
                }
                self.waiting.pop_front();
            }
            if !self.waiting.is_empty() {
                break;
            }
            let waiting = &mut self.waiting;
            let more = self.scores.batch(|group| {
                convert(group.batch, group.rows.clone(), names, waiting);
                Ok::<(), DiffError>(())
            })?;
            if !more {
                break;
            }
        }
        Ok(Block {
            variant: row.variant_id.clone().unwrap_or_else(|| row.as_written.clone()),
            window: row.scored_interval.clone().unwrap_or_default(),
            rows,
        })
    }
}

/// Looks the names of a batch up, each once.
fn convert(batch: &ScoreBatch, rows: std::ops::Range<usize>, names: &mut Names, found: &mut VecDeque<(u64, Row)>) {
    let mut numbers = |column: &TextColumn| column.map(|name| names.number(name));
    let (scorers, genes) = (numbers(&batch.scorer), numbers(&batch.gene_id));
    let (tracks, strands) = (numbers(&batch.track), numbers(&batch.strand));
    let number = |column: &TextColumn, numbers: &[u32], row| column.key(row).map_or(NONE, |key| numbers[key]);
    for row in rows {
        let key = RowKey {
            scorer: number(&batch.scorer, &scorers, row),
            gene: number(&batch.gene_id, &genes, row),
            junction: batch.junction(row),
            track: number(&batch.track, &tracks, row),
            strand: number(&batch.strand, &strands, row),
        };
        let input_row = u64::try_from(batch.input_row(row)).unwrap_or(0);
        found.push_back((
            input_row,
            Row {
                key,
                score: batch.score(row),
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_goes_to_bytes_and_back() {
        let row = |scorer, junction, score| Row {
            key: RowKey {
                scorer,
                gene: 7,
                junction,
                track: 9,
                strand: 11,
            },
            score,
        };
        let block = Block {
            variant: "chr1:5:A>C".to_owned(),
            window: "chr1:0-10:.".to_owned(),
            rows: vec![row(1, None, -0.5), row(2, Some((-3, 4)), f32::INFINITY)],
        };
        let mut bytes = vec![1, 2, 3];
        block.to_bytes(&mut bytes);
        assert_eq!(Block::from_bytes(&bytes), block);
    }
}
