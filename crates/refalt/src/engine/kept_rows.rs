//! Which rows of a block of scores are rows of the tables: all of them, or those on matching strands.

use refalt_core::Track;
use refalt_core::scorer::ScoreRows;
use refalt_core::strand::Strand;
use refalt_core::tidy::strands_match;

/// For each strand that a track can have, the rows of a block that stand with it.
///
/// The rows are those of [`refalt_core::tidy::rows`], which decides for each place; here the decision is taken three
/// times for a gene instead of once for each of its tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptRows([Vec<u32>; 3]);

impl KeptRows {
    /// Takes the rows of a block.
    pub(crate) fn of(rows: &ScoreRows, match_gene_strand: bool) -> Self {
        Self([Some(Strand::Forward), Some(Strand::Reverse), None].map(|track| {
            let strands = rows.iter().map(|row| row.and_then(|row| row.gene.strand));
            (0..)
                .zip(strands)
                .filter(|(_, gene)| !match_gene_strand || strands_match(*gene, track))
                .map(|(row, _)| row)
                .collect()
        }))
    }

    /// Returns the rows of the block that stand with a track.
    pub(crate) fn with(&self, track: &Track) -> &[u32] {
        match track.strand {
            Some(Strand::Forward) => &self.0[0],
            Some(Strand::Reverse) => &self.0[1],
            None => &self.0[2],
        }
    }

    /// Returns the number of rows of the tidy table.
    pub(crate) fn count(&self, tracks: &[Track]) -> usize {
        tracks.iter().map(|track| self.with(track).len()).sum()
    }
}
