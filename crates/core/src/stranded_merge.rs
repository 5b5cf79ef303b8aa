//! Merging the scores of stranded tracks: one column for each pair, from the gene's strand.

use crate::scorer::{ScoreRows, TrackScores};
use crate::strand::Strand;
use crate::track::{Track, TrackSet};

/// Scores with merged tracks.
#[derive(Clone, Debug, PartialEq)]
pub struct MergedScores {
    /// The tracks that are left, without strands.
    pub tracks: TrackSet,
    /// The scores, `[rows x tracks]`.
    pub scores: TrackScores,
    /// Quantile scores, `[rows x tracks]`, if there were any.
    pub quantile: Option<Vec<f32>>,
}

/// Tracks that cannot be paired.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the tracks of the two strands are not pairs: {forward} on `+` ({first_forward}) and {reverse} on `-` ({first_reverse})"
)]
pub struct UnpairedTracks {
    /// Tracks on `+`.
    pub forward: usize,
    /// Tracks on `-`.
    pub reverse: usize,
    /// The first name on `+` that differs from its partner, if there is one.
    pub first_forward: String,
    /// The first name on `-` that differs from its partner, if there is one.
    pub first_reverse: String,
}

/// The columns that merged tracks come from, for genes on `+` and for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergePlan {
    forward: Vec<usize>,
    others: Vec<usize>,
}

impl MergePlan {
    /// Pairs the tracks by their place: the i-th of `+` with the i-th of `-`; their names must be the same.
    ///
    /// A track without strand stays, unless a track with a strand has its name.
    ///
    /// # Errors
    /// [`UnpairedTracks`] when names on `+` and `-` differ in number, order or spelling.
    pub fn of(tracks: &[Track]) -> Result<Self, UnpairedTracks> {
        let names = |strand: Strand| -> Vec<&str> {
            let own = tracks.iter().filter(|track| track.strand == Some(strand));
            own.map(|track| track.name.as_str()).collect()
        };
        let (forward, reverse) = (names(Strand::Forward), names(Strand::Reverse));
        if forward != reverse {
            let longer = forward.len().max(reverse.len());
            let differs = (0..longer).find(|&place| forward.get(place) != reverse.get(place));
            let name = |names: &[&str]| {
                differs
                    .and_then(|place| names.get(place))
                    .map_or("none", |name| *name)
                    .to_owned()
            };
            return Err(UnpairedTracks {
                forward: forward.len(),
                reverse: reverse.len(),
                first_forward: name(&forward),
                first_reverse: name(&reverse),
            });
        }
        let stranded: std::collections::HashSet<&str> = forward.into_iter().collect();
        let keep = |other: Strand| {
            let kept = tracks.iter().enumerate().filter(|(_, track)| match track.strand {
                Some(strand) => strand != other,
                None => !stranded.contains(track.name.as_str()),
            });
            kept.map(|(column, _)| column).collect::<Vec<usize>>()
        };
        Ok(Self {
            forward: keep(Strand::Reverse),
            others: keep(Strand::Forward),
        })
    }

    /// Returns the merged tracks: those of `+` and those without strand, all without strand.
    pub fn tracks(&self, tracks: &[Track]) -> Vec<Track> {
        let merged = |&column: &usize| Track {
            strand: None,
            ..tracks[column].clone()
        };
        self.forward.iter().map(merged).collect()
    }

    /// Merges the values of one row: those of `+` for a gene on `+`, those of `-` for any other.
    pub fn row<'a>(&'a self, values: &'a [f32], gene: Option<Strand>) -> impl Iterator<Item = f32> + 'a {
        let columns = if gene == Some(Strand::Forward) {
            &self.forward
        } else {
            &self.others
        };
        columns.iter().map(|&column| values[column])
    }
}

/// Merges the stranded tracks of scores by gene; scores that are about no gene are returned as they are.
///
/// * `quantile`: `[rows x tracks]` like the scores.
///
/// # Errors
/// [`UnpairedTracks`] when the tracks of the two strands are no pairs.
///
/// # Source
/// `merge_stranded_gene_tracks` of the published Python client 0.10.0.
pub fn merge_stranded(
    tracks: &TrackSet,
    scores: TrackScores,
    quantile: Option<Vec<f32>>,
) -> Result<MergedScores, UnpairedTracks> {
    let ScoreRows::Genes(rows) = &scores.rows else {
        return Ok(MergedScores {
            tracks: tracks.clone(),
            scores,
            quantile,
        });
    };
    let plan = MergePlan::of(&tracks.tracks)?;
    let width = tracks.tracks.len().max(1);
    let merge = |values: &[f32]| -> Vec<f32> {
        let pairs = rows.iter().zip(values.chunks_exact(width));
        pairs
            .flat_map(|(row, values)| plan.row(values, row.gene.strand))
            .collect()
    };
    let raw = merge(&scores.raw);
    let quantile = quantile.as_deref().map(merge);
    Ok(MergedScores {
        tracks: TrackSet {
            tracks: plan.tracks(&tracks.tracks).into(),
            ..tracks.clone()
        },
        scores: TrackScores { rows: scores.rows, raw },
        quantile,
    })
}
