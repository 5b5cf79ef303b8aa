//! Runs with the tracks of the two strands merged, against the merging of core, which is compared with the published one.

use crate::synthetic::{Synthetic, genome, plan, variants};
use crate::synthetic_run::{blocks, score, table};
use refalt::core::scorer::{ScoreRows, TrackScores};
use refalt::core::strand::sign_or_dot;
use refalt::core::stranded_merge::merge_stranded;
use refalt::core::tidy::{RowOrder, TidyOptions, rows};
use refalt::core::{Organism, OutputType, Strand, Track, TrackSet};
use refalt::engine::{Plan, PlanOptions, TableOptions};
use refalt::track_catalogue::tracks;
use refalt::track_source::TrackSource;

/// Tracks by strand for every output but DNASE and the junctions, with one of its own without strand.
fn outputs() -> Vec<TrackSet> {
    let track = |(name, strand): (&str, char)| Track {
        name: name.to_owned(),
        strand: Strand::from_sign(strand),
        ..Track::default()
    };
    let stranded = [("a", '+'), ("c", '.'), ("b", '+'), ("a", '-'), ("b", '-')];
    let set = |output: OutputType| TrackSet {
        output,
        resolution: output.resolution(),
        tracks: match output {
            OutputType::Dnase | OutputType::SpliceJunctions => [("d", '.'), ("e", '.')].map(track).into(),
            _ => stranded.map(track).into(),
        },
    };
    OutputType::ALL.into_iter().map(set).collect()
}

const SCORERS: [&str; 5] = [
    "DNASE",
    "RNA_SEQ",
    "RNA_SEQ_ACTIVE",
    "SPLICE_SITE_USAGE",
    "SPLICE_JUNCTIONS",
];

fn merged() -> TableOptions {
    TableOptions {
        merge_stranded: true,
        ..TableOptions::default()
    }
}

#[test]
fn a_run_has_the_rows_that_core_merges() {
    let (source, reference) = (Synthetic::of_tracks(outputs(), 3, 4), genome(4));
    let by_strand = plan(&source, &SCORERS, TableOptions::default(), Some(3));
    let merged = plan(&source, &SCORERS, merged(), Some(3));
    let folder = tempfile::tempdir().unwrap();
    let summary = score(&source, &merged, folder.path(), &reference, variants(4), 2).unwrap();
    assert!(summary.manifest.identity.merge_stranded);

    let found = table(&folder.path().join("scores"));
    let mut found = found.iter();
    for row in variants(4).map(Result::unwrap) {
        let (_, blocks) = blocks(&source, &by_strand, &reference, &row);
        for (block, planned) in blocks.into_iter().zip(by_strand.planned()) {
            let scores = TrackScores {
                rows: block.rows,
                raw: block.raw,
            };
            let expected = merge_stranded(&planned.given, scores, block.quantile).unwrap();
            let tracks = &expected.tracks.tracks;
            let tidy = TidyOptions {
                match_gene_strand: true,
                order: RowOrder::TrackMajor,
            };
            for place in rows(&expected.scores.rows, tracks, tidy) {
                let found = found.next().unwrap();
                let (track, index) = (&tracks[place.track], place.row * tracks.len() + place.track);
                let get = |column: &str| found[column].as_deref();
                assert_eq!(get("variant_id"), Some(row.text.as_str()));
                assert_eq!(get("variant_scorer"), Some(planned.text.as_str()));
                assert_eq!(get("gene_id"), place.gene.map(|row| row.gene.id_without_version()));
                assert_eq!(get("track_name"), Some(track.name.as_str()));
                assert_eq!(get("track_strand"), Some(sign_or_dot(track.strand)));
                let bits = |values: &[f32]| values[index].to_bits().to_string();
                assert_eq!(get("raw_score"), Some(bits(&expected.scores.raw).as_str()));
                assert_eq!(
                    get("quantile_score"),
                    Some(bits(expected.quantile.as_ref().unwrap()).as_str())
                );
            }
        }
    }
    assert_eq!(found.next(), None);

    // The table of tracks has the merged ones.
    let sets = TrackSource::Folder(folder.path().to_owned()).tracks().unwrap();
    let rna = sets.iter().find(|set| set.output == OutputType::RnaSeq).unwrap();
    let tracks = rna.tracks.iter().map(|track| (track.name.as_str(), track.strand));
    assert_eq!(tracks.collect::<Vec<_>>(), [("a", None), ("c", None), ("b", None)]);
}

#[test]
fn tracks_are_selected_among_the_merged_ones() {
    let source = Synthetic::of_tracks(outputs(), 2, 0);
    let plan_of = |tracks: &str| {
        let options = PlanOptions {
            tracks: Some(tracks.to_owned()),
            scorers: vec!["RNA_SEQ".to_owned()],
            window: crate::synthetic::WINDOW,
            rows_per_part: None,
            annotation: None,
            table: merged(),
        };
        Plan::for_source(&source, &options)
    };
    let plan = plan_of("name=b").unwrap();
    let (by_strand, reference) = (
        crate::synthetic::plan(&source, &["RNA_SEQ"], TableOptions::default(), None),
        genome(1),
    );
    let row = variants(1).next().unwrap().unwrap();
    let (_, found) = blocks(&source, &plan, &reference, &row);
    let (_, given) = blocks(&source, &by_strand, &reference, &row);
    // The first gene is on `+`, the second on `-`; `b` is the third track and the fifth of each five.
    assert!(matches!(&found[0].rows, ScoreRows::Genes(genes) if genes.len() == 2));
    assert_eq!(found[0].raw, [given[0].raw[2], given[0].raw[5 + 4]]);
    let error = plan_of("RNA_SEQ & strand=+").err().unwrap().to_string();
    assert!(error.contains("strand"), "{error}");
}

#[test]
fn what_cannot_be_merged_is_refused_before_the_first_prediction() {
    let refusal = |outputs: Vec<TrackSet>, scorers: &[&str]| {
        let options = PlanOptions {
            scorers: scorers.iter().map(|&name| name.to_owned()).collect(),
            window: crate::synthetic::WINDOW,
            tracks: None,
            rows_per_part: None,
            annotation: None,
            table: merged(),
        };
        let source = Synthetic::of_tracks(outputs, 1, 1);
        Plan::for_source(&source, &options).map(|_| ()).unwrap_err().to_string()
    };
    let means = "CenterMaskScorer(requested_output=RNA_SEQ, width=501, aggregation_type=DIFF_MEAN)";
    assert_eq!(
        refusal(outputs(), &["RNA_SEQ", means]),
        format!("the run cannot start: `RNA_SEQ` would have merged RNA_SEQ tracks and `{means}` those of each strand")
    );
    let mut unpaired = outputs();
    for set in unpaired.iter_mut().filter(|set| set.output == OutputType::RnaSeq) {
        set.tracks = set.tracks[..4].into();
    }
    assert_eq!(
        refusal(unpaired, &["RNA_SEQ"]),
        "the run cannot start: the tracks of `RNA_SEQ` cannot be merged: the tracks of the two strands are not pairs: \
         2 on `+` (b) and 1 on `-` (none)"
    );
}

#[test]
fn the_published_tracks_that_scorers_by_gene_read_are_pairs() {
    // Counted in the published metadata: 271 pairs and 125 without strand, of which 25 share the name of a pair; 71, 31
    // and 12 for mouse.
    let expected = [
        (Organism::Human, "RNA_SEQ", [667, 371, 25]),
        (Organism::Human, "SPLICE_SITE_USAGE", [734, 367, 0]),
        (Organism::Mouse, "RNA_SEQ", [173, 90, 12]),
        (Organism::Mouse, "SPLICE_SITE_USAGE", [180, 90, 0]),
    ];
    for (organism, scorer, [given, merged_tracks, left_out]) in expected {
        let source = Synthetic::of_tracks(tracks(organism).to_vec(), 1, 1);
        let plan = plan(&source, &[scorer, "SPLICE_SITES", "SPLICE_JUNCTIONS"], merged(), None);
        let found: Vec<[usize; 3]> = plan
            .merged()
            .iter()
            .map(|merged| [merged.given, merged.merged, merged.left_out])
            .collect();
        // Junctions have no strand of their own.
        assert_eq!(found, [[given, merged_tracks, left_out], [4, 2, 0]]);
        let told = plan.merged()[0].to_string();
        assert_eq!(told.contains("left out"), left_out > 0, "{told}");
    }
}
