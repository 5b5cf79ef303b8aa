//! Quantiles of a background and quantile scores from them, on folders of known scores.

use crate::correlated::Correlated;
use arrow::array::AsArray;
use arrow::datatypes::Float32Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use refalt::Diagnostic;
use refalt::calibrate::{
    ApplyRequest, CalibrateError, CalibrateRequest, Pooling, QuantileTables, Ties, apply, calibrate,
};
use refalt::core::stats::{QuantileGrid, ScoreSign, TiedRank};
use refalt::score_folder::ScoreFolder;
use std::fs::File;
use std::path::Path;

fn request(background: &Path, out: &Path) -> CalibrateRequest {
    CalibrateRequest {
        background: background.to_owned(),
        out: out.to_owned(),
        pooling: Pooling::Track,
        matching: None,
        hold_out: 0.0,
        seed: 4,
        memory_bytes: 1 << 30,
    }
}

fn applied(run: &Path, table: &Path, out: &Path) -> ApplyRequest {
    ApplyRequest {
        run: run.to_owned(),
        table: table.to_owned(),
        out: out.to_owned(),
        ties: Ties::Random,
        seed: 4,
        replace: false,
    }
}

/// Track, raw and quantile scores of a folder, in the order of the table.
fn rows(folder: &Path) -> Vec<(String, f32, Option<f32>)> {
    let mut rows = Vec::new();
    for path in ScoreFolder::open(folder).unwrap().scores_paths() {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let float = |name: &str| {
                batch
                    .column_by_name(name)
                    .unwrap()
                    .as_primitive::<Float32Type>()
                    .clone()
            };
            let (raw, quantile) = (float("raw_score"), float("quantile_score"));
            let track = batch.column_by_name("track_name").unwrap();
            let track = arrow::compute::cast(track, &arrow::datatypes::DataType::Utf8).unwrap();
            let track = track.as_string::<i32>();
            for row in 0..batch.num_rows() {
                let quantile = quantile.iter().nth(row).unwrap();
                rows.push((track.value(row).to_owned(), raw.value(row), quantile));
            }
        }
    }
    rows
}

#[test]
fn held_out_variants_rank_uniformly_with_ties_and_without() {
    let folder = tempfile::tempdir().unwrap();
    let (run, table) = (folder.path().join("run"), folder.path().join("table.parquet"));
    Correlated::new(6, 0.3, 1).with_zeros_below(0.8).score(2_400, &run);
    let (made, _) = calibrate(&CalibrateRequest {
        hold_out: 0.4,
        ..request(&run, &table)
    })
    .unwrap();
    let held = made.held_out.unwrap();
    assert_eq!(held.variants + made.variants, 2_400);
    assert_eq!((made.tables, held.tables, made.scored_variants), (6, 6, 2_400));
    // 58 % of the first track are 0 (a normal number within 0.8): ranks among equals are drawn.
    assert_eq!(made.tied_tables, 1);
    assert!(held.least_p_adjusted.unwrap() > 0.01, "{held:?}");
    // The 5 % point of the distance of 960 from 1,440 is 1.358 sqrt(1 / 960 + 1 / 1,440) = 0.057.
    assert!(held.median_distance.unwrap() < 0.057, "{held:?}");
}

#[test]
fn knots_are_the_order_statistics_however_many_passes_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let (run, table) = (folder.path().join("run"), folder.path().join("table.parquet"));
    Correlated::new(5, 0.0, 2).score(1_001, &run);
    let (made, _) = calibrate(&request(&run, &table)).unwrap();
    assert_eq!((made.passes, made.least_rows, made.most_rows), (2, 1_001, 1_001));
    let tables = QuantileTables::open(&table).unwrap();
    let rows = rows(&run);
    let grid = QuantileGrid::published();
    for record in &tables.records {
        let (track, _) = record.track.as_ref().unwrap();
        let of_track = rows.iter().filter(|row| row.0 == *track);
        let mut scores: Vec<f64> = of_track.map(|row| f64::from(row.1)).collect();
        scores.sort_by(f64::total_cmp);
        for (&p, &knot) in grid.probabilities().iter().zip(record.table.knots()) {
            // The least score that a share p does not exceed.
            let share = |knot: f64| scores.iter().filter(|&&score| score <= knot).count() as f64 / 1_001.0;
            let place = scores.iter().position(|&score| score == knot).unwrap();
            assert!(
                share(knot) >= p && (place == 0 || share(scores[place - 1]) < p),
                "{p} {knot}"
            );
        }
    }
    // Two series fit 8,008 bytes, so that five take three passes.
    let small = folder.path().join("small.parquet");
    let (made, _) = calibrate(&CalibrateRequest {
        memory_bytes: 8_010,
        ..request(&run, &small)
    })
    .unwrap();
    assert_eq!(made.passes, 4);
    let again = QuantileTables::open(&small).unwrap();
    for (left, right) in tables.records.iter().zip(&again.records) {
        assert_eq!((&left.track, &left.table), (&right.track, &right.table));
    }
    let refused = calibrate(&CalibrateRequest {
        memory_bytes: 4_000,
        ..request(&run, &folder.path().join("none.parquet"))
    });
    assert!(matches!(refused, Err(CalibrateError::Memory { needed: 4_004, .. })));
    assert!(!folder.path().join("none.parquet").exists());
    // The same inputs make the same bytes.
    let twice = folder.path().join("twice.parquet");
    calibrate(&request(&run, &twice)).unwrap();
    assert_eq!(std::fs::read(&table).unwrap(), std::fs::read(&twice).unwrap());
}

#[test]
fn a_table_for_all_tracks_of_a_scorer_holds_their_scores_together() {
    let folder = tempfile::tempdir().unwrap();
    let (run, table) = (folder.path().join("run"), folder.path().join("table.parquet"));
    Correlated::new(4, 0.5, 3).score(300, &run);
    let (made, _) = calibrate(&CalibrateRequest {
        pooling: Pooling::Modality,
        ..request(&run, &table)
    })
    .unwrap();
    assert_eq!((made.tables, made.most_rows), (1, 1_200));
    let report = apply(&applied(&run, &table, &folder.path().join("out"))).unwrap();
    assert_eq!((report.rows, report.nan), (1_200, 0));
    let mut quantiles: Vec<f32> = rows(&folder.path().join("out"))
        .iter()
        .map(|row| row.2.unwrap())
        .collect();
    quantiles.sort_by(f32::total_cmp);
    // Its own background: the median is 0, the ends are near those of the grid that 1,200 scores reach.
    assert!(quantiles[600].abs() < 0.03, "{}", quantiles[600]);
    assert!(quantiles[1_199] > 0.998);
}

#[test]
fn quantile_scores_are_filled_in_by_the_rule_and_the_copy_is_a_whole_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (background, run, table) = (path("background"), path("run"), path("table.parquet"));
    let source = |seed| Correlated::new(3, 0.2, seed).with_zeros_below(0.5);
    source(5).score(1_500, &background);
    source(6).score(700, &run);
    calibrate(&request(&background, &table)).unwrap();
    let report = apply(&applied(&run, &table, &path("out"))).unwrap();
    assert_eq!((report.rows, report.replaced), (2_100, 0));
    let copy = ScoreFolder::open(&path("out")).unwrap();
    copy.verify().unwrap();
    assert_eq!(copy.manifest()["identity"]["quantiles"]["ties"], "random");
    let tables = QuantileTables::open(&table).unwrap();
    let grid = QuantileGrid::published();
    let (before, after) = (rows(&run), rows(&path("out")));
    let mut zeros = Vec::new();
    for (before, (track, raw, quantile)) in before.iter().zip(&after) {
        assert_eq!((&before.0, before.1, before.2), (track, *raw, None));
        let quantile = f64::from(quantile.unwrap());
        let (_, distance) = grid.point_of(quantile, ScoreSign::Signed).unwrap();
        assert!(distance < 1e-7);
        let place = tables
            .records
            .iter()
            .position(|record| record.track.as_ref().unwrap().0 == *track)
            .unwrap();
        if *raw == 0.0 {
            zeros.push(quantile);
        } else {
            let expected = tables.records[place]
                .table
                .quantile(f64::from(*raw), TiedRank::Middle)
                .unwrap();
            assert!((quantile - expected).abs() < 1e-6, "{raw} {quantile} {expected}");
        }
    }
    // 38 % of the first track is 0 (a normal number within 0.5): their ranks are drawn over 0.31 to 0.69.
    assert!((zeros.len() as f64 / 700.0 - 0.383).abs() < 0.06, "{}", zeros.len());
    assert!(zeros.iter().all(|quantile| quantile.abs() < 0.45));
    assert!(zeros.iter().any(|&q| q > 0.3) && zeros.iter().any(|&q| q < -0.3));
    // The same again is the same; another seed is another work and is refused; the run itself has no quantiles yet.
    apply(&applied(&run, &table, &path("out"))).unwrap();
    assert_eq!(rows(&path("out")), after);
    let other = ApplyRequest {
        seed: 5,
        ..applied(&run, &table, &path("out"))
    };
    assert!(matches!(apply(&other), Err(CalibrateError::Ledger(_))));
    let middle = ApplyRequest {
        ties: Ties::Middle,
        ..applied(&run, &table, &path("middle"))
    };
    apply(&middle).unwrap();
    let of_zeros: Vec<f32> = rows(&path("middle"))
        .iter()
        .filter(|row| row.1 == 0.0)
        .map(|row| row.2.unwrap())
        .collect();
    assert!(of_zeros.iter().all(|quantile| *quantile == of_zeros[0]));
    // Quantiles that are there are replaced only when asked.
    let again = applied(&path("out"), &table, &path("again"));
    assert!(matches!(apply(&again), Err(CalibrateError::HasQuantiles { .. })));
    let replaced = apply(&ApplyRequest { replace: true, ..again }).unwrap();
    assert_eq!(replaced.replaced, 2_100);
    assert_eq!(rows(&path("again")), after);
}

#[test]
fn tables_that_do_not_fit_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    Correlated::new(2, 0.0, 1).score(50, &path("narrow"));
    Correlated::new(3, 0.0, 1).score(50, &path("wide"));
    calibrate(&request(&path("narrow"), &path("table.parquet"))).unwrap();
    let error = apply(&applied(&path("wide"), &path("table.parquet"), &path("out"))).unwrap_err();
    assert!(error.to_string().contains("lacks 1 of"), "{error}");
    assert!(error.to_string().contains("track 2"), "{error}");
    assert!(!path("out").exists());
    for (name, content) in [("empty.parquet", &b""[..]), ("text.parquet", b"a\tb\n")] {
        std::fs::write(path(name), content).unwrap();
        let error = apply(&applied(&path("wide"), &path(name), &path("out"))).unwrap_err();
        assert!(matches!(error, CalibrateError::NoTable { .. }), "{error}");
        assert!(error.hint().is_some());
    }
    // A table of scores is a Parquet file and no table of quantiles.
    let scores = ScoreFolder::open(&path("wide")).unwrap().scores_paths().remove(0);
    let error = apply(&applied(&path("wide"), &scores, &path("out"))).unwrap_err();
    assert!(error.to_string().contains("refalt.calibration"), "{error}");
    // 19 variants: not even |q| = 0.9 has a score of its own on either side.
    Correlated::new(2, 0.0, 1).score(19, &path("small"));
    let error = calibrate(&request(&path("small"), &path("none"))).unwrap_err();
    assert!(
        matches!(error, CalibrateError::FewVariants { found: 19, .. }) && error.is_usage(),
        "{error}"
    );
    let error = calibrate(&CalibrateRequest {
        hold_out: 0.9,
        ..request(&path("narrow"), &path("none"))
    });
    assert!(
        matches!(error, Err(CalibrateError::FewVariants { held_out: 41..50, .. })),
        "{error:?}"
    );
    assert!(!path("none").exists());
    let nothing = calibrate(&CalibrateRequest {
        hold_out: 1.0,
        ..request(&path("narrow"), &path("none"))
    });
    assert!(matches!(nothing, Err(CalibrateError::HoldOut { .. })));
}
