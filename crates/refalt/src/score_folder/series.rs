//! Scores that are comparable: those by one scorer on one track.

use super::ScoreBatch;
use std::collections::HashMap;

/// Scorer, track and strand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    /// Text of the scorer.
    pub(crate) scorer: String,
    /// Output type of the rows.
    pub(crate) output: String,
    /// Name of the track.
    pub(crate) track: String,
    /// Strand of the track.
    pub(crate) strand: String,
}

/// Texts to numbers, looked up without a copy.
type Strands = HashMap<String, u32>;

/// Numbers the series of a score table, in the order in which they come.
#[derive(Debug, Default)]
pub(crate) struct SeriesNames {
    series: Vec<Series>,
    numbers: HashMap<String, HashMap<String, Strands>>,
    /// The series of three keys, within one batch.
    of_keys: HashMap<[u32; 3], u32>,
    batch: u64,
}

impl SeriesNames {
    /// Returns the series so far, by number.
    pub(crate) fn series(&self) -> &[Series] {
        &self.series
    }

    /// Returns the number of the series that a row belongs to, a new one where it is the first.
    ///
    /// One table at a time: batches are told apart by their number within the table.
    pub(crate) fn of(&mut self, batch: &ScoreBatch, row: usize) -> u32 {
        if self.batch != batch.number {
            self.of_keys.clear();
            self.batch = batch.number;
        }
        let key = |column: &super::TextColumn| {
            column
                .key(row)
                .map_or(u32::MAX, |key| u32::try_from(key).unwrap_or(u32::MAX))
        };
        let keys = [key(&batch.scorer), key(&batch.track), key(&batch.strand)];
        if let Some(&number) = self.of_keys.get(&keys) {
            return number;
        }
        let text = |column: &super::TextColumn| column.text(row).unwrap_or_default().to_owned();
        let number = self.number(Series {
            scorer: text(&batch.scorer),
            output: text(&batch.output),
            track: text(&batch.track),
            strand: text(&batch.strand),
        });
        self.of_keys.insert(keys, number);
        number
    }

    /// Begins another table, whose batches count anew.
    pub(crate) fn rewind(&mut self) {
        self.batch = 0;
    }

    /// Returns the number of a series, a new one where it is the first.
    pub(crate) fn number(&mut self, series: Series) -> u32 {
        if let Some(number) = self.get(&series.scorer, &series.track, &series.strand) {
            return number;
        }
        let number = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        self.numbers
            .entry(series.scorer.clone())
            .or_default()
            .entry(series.track.clone())
            .or_default()
            .insert(series.strand.clone(), number);
        self.series.push(series);
        number
    }

    /// Returns the number of a series that is there.
    pub(crate) fn get(&self, scorer: &str, track: &str, strand: &str) -> Option<u32> {
        self.numbers.get(scorer)?.get(track)?.get(strand).copied()
    }
}
