//! `merge_stranded` against `merge_stranded_gene_tracks` of the published client, exactly.

use super::{Tally, cases, items, tidy_scores::Block};
use refalt_core::scorer::TrackScores;
use refalt_core::stranded_merge::merge_stranded;
use refalt_core::{OutputType, Resolution, TrackSet};

#[test]
fn merged_tracks_equal_the_reference() {
    let oracle = cases("merge_stranded");
    let mut tally = Tally::default();
    for group in items(&oracle["groups"]) {
        let input = Block::read(&group["input"]);
        let tracks = TrackSet {
            output: OutputType::RnaSeq,
            resolution: Resolution::BP_1,
            tracks: input.tracks.clone().into(),
        };
        let scores = TrackScores {
            rows: input.rows.clone(),
            raw: input.raw.clone(),
        };
        let merged = merge_stranded(&tracks, scores, input.quantile.clone());
        if !group["reference_fails"].is_null() {
            assert!(merged.is_err(), "{}", group["id"]);
            tally.count("refused: the reference fails, too");
            continue;
        }
        let (merged, expected) = (merged.unwrap(), Block::read(&group["output"]));
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&merged.scores.raw), bits(&expected.raw), "{}", group["id"]);
        assert_eq!(
            merged.quantile.as_deref().map(bits),
            expected.quantile.as_deref().map(bits)
        );
        assert_eq!(merged.tracks.tracks.to_vec(), expected.tracks, "{}", group["id"]);
        assert_eq!(merged.scores.rows, expected.rows, "{}", group["id"]);
        tally.count("compared");
    }
    tally.assert(&[("compared", 12), ("refused: the reference fails, too", 6)]);
}
