//! Shares of saturated maxima beside chance, on tracks whose correlation is known.

use crate::correlated::Correlated;
use refalt::calibrate::{ApplyRequest, CalibrateRequest, Pooling, Ties, apply, calibrate};
use refalt::core::stats::{MaximumOf, equicorrelated_tail, independent_tail};
use refalt::saturation::{Saturation, SaturationError, SaturationOptions, SaturationRequest, saturation};
use std::path::Path;

/// Asks for `table.parquet` of all of `background`, a table for each track.
fn of_background(folder: &Path) -> CalibrateRequest {
    CalibrateRequest {
        background: folder.join("background"),
        out: folder.join("table.parquet"),
        pooling: Pooling::Track,
        matching: None,
        hold_out: 0.0,
        seed: 0,
        memory_bytes: 1 << 30,
    }
}

/// Scores a background, and variants and controls of the same distribution, and gives both quantiles of the background.
fn bench(folder: &Path, tracks: usize, correlation: f64) {
    let path = |name: &str| folder.join(name);
    let source = |seed| Correlated::new(tracks, correlation, seed).with_spread(0.5);
    source(1).score(4_000, &path("background"));
    source(2).score(1_500, &path("raw"));
    source(3).score_from(1_500, 1_000, &path("raw_controls"));
    calibrate(&of_background(folder)).unwrap();
    for (run, out) in [("raw", "run"), ("raw_controls", "controls")] {
        fill(folder, run, out);
    }
}

fn look(folder: &Path) -> Saturation {
    saturation(&SaturationRequest {
        run: folder.join("run"),
        controls: Some(folder.join("controls")),
        measured: None,
        options: SaturationOptions {
            thresholds: vec![0.5, 0.9],
            ..SaturationOptions::default()
        },
    })
    .unwrap()
}

#[test]
fn shares_of_correlated_tracks_are_the_closed_form_and_far_from_independence() {
    let folder = tempfile::tempdir().unwrap();
    let (tracks, correlation) = (12, 0.7);
    bench(folder.path(), tracks, correlation);
    let found = look(folder.path());
    let group = &found.groups[0];
    assert_eq!((group.variants, group.rows, group.tracks), (1_500, 18_000, tracks));
    assert_eq!((group.off_grid, group.rows_per_variant), (0, [12, 12, 12]));
    assert!(
        (group.mean_correlation.unwrap() - correlation).abs() < 0.05,
        "{group:?}"
    );
    // 12 / (1 + 11 * 0.49) = 1.88 tracks.
    assert!((group.effective_tracks.unwrap() - 1.88).abs() < 0.25, "{group:?}");
    let count = u32::try_from(tracks).unwrap().try_into().unwrap();
    for (row, control) in group.thresholds.iter().zip(&group.controls) {
        let expected = equicorrelated_tail(MaximumOf::Magnitude, row.threshold, count, correlation).unwrap();
        // Four standard errors of 1,500 variants, and as much for the background of 4,000.
        let error = 4.0 * (expected * (1.0 - expected) * (1.0 / 1_500.0 + 1.0 / 4_000.0)).sqrt();
        assert!((row.share - expected).abs() < error, "{row:?} {expected}");
        assert!((row.correlated.unwrap() - expected).abs() < 0.06, "{row:?} {expected}");
        assert!((row.equicorrelated.unwrap() - expected).abs() < 0.04, "{row:?}");
        let independent = independent_tail(MaximumOf::Magnitude, row.threshold, count).unwrap();
        assert!((row.independent - independent).abs() < 1e-12);
        // Tracks made independent by permutation come to the independent null, as far as the sample of 500 has its tails:
        // a share of 0.1 of rows is known to about 0.01, and 12 rows make 12 * 0.9^11 = 3.8 times that of it.
        assert!((row.permuted.unwrap() - independent).abs() < 0.12, "{row:?}");
        assert!((row.row_share - (1.0 - row.threshold)).abs() < 0.02, "{row:?}");
        assert!(row.low < row.share && row.share < row.high);
        // Controls are of the same distribution.
        assert!(
            control.difference_low < 0.0 && control.difference_high > 0.0,
            "{control:?}"
        );
        assert!(control.p_value.unwrap() > 0.01, "{control:?}");
    }
    // At 0.9 chance makes 0.33 of correlated tracks and 0.72 of independent ones.
    assert!(group.thresholds[1].independent - group.thresholds[1].correlated.unwrap() > 0.3);
}

/// Fills a folder from the table of [`bench`].
fn fill(folder: &Path, run: &str, out: &str) {
    apply(&ApplyRequest {
        run: folder.join(run),
        table: folder.join("table.parquet"),
        out: folder.join(out),
        ties: Ties::Random,
        seed: 0,
        replace: false,
    })
    .unwrap();
}

fn beside(folder: &Path, run: &str, controls: &str) -> Result<Saturation, SaturationError> {
    saturation(&SaturationRequest {
        run: folder.join(run),
        controls: Some(folder.join(controls)),
        measured: None,
        options: SaturationOptions {
            thresholds: vec![0.9, 0.998, 0.999],
            draws: 100,
            permutations: 2,
            ..SaturationOptions::default()
        },
    })
}

#[test]
fn variants_that_made_the_table_are_no_controls() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let source = |seed| Correlated::new(3, 0.0, seed);
    source(1).score(2_000, &path("background"));
    source(2).score_from(2_000, 100, &path("run"));
    // 50 variants of the run among 150.
    source(3).score_from(2_050, 150, &path("others"));
    let calibrated = |hold_out: f64| {
        // A table of another content would not be replaced.
        let _ = std::fs::remove_file(path("table.parquet"));
        let request = CalibrateRequest {
            hold_out,
            seed: 7,
            ..of_background(folder.path())
        };
        calibrate(&request).unwrap().0
    };
    calibrated(0.0);
    fill(folder.path(), "run", "run_q");
    fill(folder.path(), "background", "background_q");
    let error = beside(folder.path(), "run_q", "background_q").unwrap_err();
    assert!(
        matches!(&error, SaturationError::NoControls { record, .. } if record.made_table == 2_000 && record.used == 0),
        "{error}"
    );
    // The background looked at by itself: said, since it has nothing to be compared with.
    let itself = saturation(&SaturationRequest {
        run: path("background_q"),
        controls: None,
        measured: None,
        options: SaturationOptions {
            draws: 100,
            permutations: 2,
            ..SaturationOptions::default()
        },
    })
    .unwrap();
    assert_eq!(itself.made_table, 2_000);
    assert!(itself.warnings[0].contains("2,000 of 2,000 variants of the run made the table"));
    // Variants of the run are no controls either.
    fill(folder.path(), "others", "others_q");
    let found = beside(folder.path(), "run_q", "others_q").unwrap();
    let record = found.controls.unwrap();
    assert_eq!(
        (record.scored, record.made_table, record.in_run, record.used),
        (150, 0, 50, 100)
    );
    assert_eq!(found.groups[0].controls[0].n, 100);

    // With a share held out, the held-out variants are the controls, those that calibration counts.
    let made = calibrated(0.25);
    let held = made.held_out.unwrap().variants;
    assert!((400..600).contains(&held), "{held}");
    for (run, out) in [("run", "run_h"), ("background", "background_h")] {
        fill(folder.path(), run, out);
    }
    let found = beside(folder.path(), "run_h", "background_h").unwrap();
    let record = found.controls.as_ref().unwrap();
    assert_eq!((record.made_table, record.used), (made.variants, held));
    assert_eq!(found.groups[0].controls[0].n, held);
    assert!(found.warnings[0].contains("they are left out"), "{:?}", found.warnings);
}

#[test]
fn no_draws_leave_the_null_of_correlated_tracks_out() {
    let folder = tempfile::tempdir().unwrap();
    bench(folder.path(), 3, 0.5);
    let found = saturation(&SaturationRequest {
        run: folder.path().join("run"),
        controls: None,
        measured: None,
        options: SaturationOptions {
            draws: 0,
            permutations: 0,
            ..SaturationOptions::default()
        },
    })
    .unwrap();
    let row = &found.groups[0].thresholds[0];
    assert_eq!(
        (row.correlated, row.equivalent_tracks, row.permuted),
        (None, None, None)
    );
    assert!(row.equicorrelated.is_some());
    found.write(&folder.path().join("out")).unwrap();
}

#[test]
fn numbers_that_are_no_quantiles_are_refused_and_those_off_the_grid_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let look = |name: &str, quantile: f32| {
        let run = folder.path().join(name);
        Correlated::new(1, 0.0, 1).with_quantile(quantile).score(30, &run);
        saturation(&SaturationRequest {
            run,
            controls: None,
            measured: None,
            options: SaturationOptions::default(),
        })
    };
    for (name, quantile) in [("above", 1.7), ("below", -1.01)] {
        let error = look(name, quantile).unwrap_err();
        assert!(error.to_string().contains(&format!("is `{quantile}`")), "{error}");
    }
    let found = look("constant", 0.5001).unwrap();
    assert!(
        found.warnings[0].contains("30 of 30 quantile scores are not on the published grid"),
        "{:?}",
        found.warnings
    );
}

#[test]
fn thresholds_that_the_background_does_not_resolve_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    Correlated::new(3, 0.0, 1).score(1_000, &path("background"));
    Correlated::new(3, 0.0, 2).score_from(1_000, 300, &path("run"));
    Correlated::new(3, 0.0, 3).score_from(1_300, 300, &path("controls"));
    calibrate(&of_background(folder.path())).unwrap();
    fill(folder.path(), "run", "run_q");
    fill(folder.path(), "controls", "controls_q");
    let found = beside(folder.path(), "run_q", "controls_q").unwrap();
    let group = &found.groups[0];
    // One score of 1,000 on either side: 1 - 2 / 1,000.
    assert_eq!(group.background_rows, Some(1_000));
    assert!((group.resolution - 0.998).abs() < 1e-12, "{}", group.resolution);
    let marks: Vec<bool> = group.thresholds.iter().map(|row| row.beyond_resolution).collect();
    assert_eq!(marks, [false, false, true]);
    assert!(
        found.warnings[0].contains("up to 0.998; what reaches 0.999"),
        "{:?}",
        found.warnings
    );
    found.write(&path("out")).unwrap();
    let table = std::fs::read_to_string(path("out/thresholds.tsv")).unwrap();
    let marks: Vec<&str> = table.lines().map(|line| line.rsplit('\t').next().unwrap()).collect();
    assert_eq!(marks, ["beyond_resolution", "false", "false", "true"]);
    let page = std::fs::read_to_string(path("out/report.html")).unwrap();
    assert!(page.contains("0.999 †") && !page.contains("0.998 †"));
}

#[test]
fn files_are_written_once_and_the_same_and_other_work_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    bench(folder.path(), 4, 0.0);
    let out = folder.path().join("out");
    let found = look(folder.path());
    found.write(&out).unwrap();
    let mut names: Vec<String> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "bins.tsv",
        "contrasts.tsv",
        "figures",
        "groups.tsv",
        "maxima.tsv",
        "predictors.tsv",
        "report.html",
        "saturation.json",
        "thresholds.tsv",
    ];
    assert_eq!(names, expected);
    let maxima = std::fs::read_to_string(out.join("maxima.tsv")).unwrap();
    assert_eq!(maxima.lines().count(), 1_501);
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("saturation.json")).unwrap()).unwrap();
    assert_eq!(record["groups"][0]["variants"], 1_500);
    assert!(record["provenance"]["quantiles"]["table"]["sha256"].is_string());
    let page = std::fs::read(out.join("report.html")).unwrap();
    look(folder.path()).write(&out).unwrap();
    assert_eq!(std::fs::read(out.join("report.html")).unwrap(), page);
    let other = saturation(&SaturationRequest {
        run: folder.path().join("run"),
        controls: None,
        measured: None,
        options: SaturationOptions::default(),
    });
    assert!(matches!(other.unwrap().write(&out), Err(SaturationError::Ledger(_))));
    let foreign = folder.path().join("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("mine.txt"), "x").unwrap();
    assert!(Saturation::check_folder(&foreign).is_err());
}

#[test]
fn runs_without_quantiles_and_options_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    Correlated::new(2, 0.0, 1).score(20, &run);
    let request = |options| SaturationRequest {
        run: run.clone(),
        controls: None,
        measured: None,
        options,
    };
    let refused = |options| saturation(&request(options)).unwrap_err();
    assert!(matches!(
        refused(SaturationOptions::default()),
        SaturationError::NoQuantiles { .. }
    ));
    for thresholds in [vec![], vec![1.0], vec![-0.1]] {
        let options = SaturationOptions {
            thresholds,
            ..SaturationOptions::default()
        };
        assert!(matches!(refused(options), SaturationError::Threshold { .. }));
    }
    let group = |name: &str, member: &str| SaturationOptions {
        groups: vec![(name.to_owned(), vec![member.to_owned()])],
        ..SaturationOptions::default()
    };
    let error = refused(group("open", "ATACC"));
    assert!(
        matches!(&error, SaturationError::UnknownScorer { nearest, .. } if nearest == &["ATAC"]),
        "{error}"
    );
    assert!(matches!(
        refused(group("ATAC", "ATAC")),
        SaturationError::GroupName { .. }
    ));
}
