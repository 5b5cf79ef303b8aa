//! Shares of saturated maxima beside chance, on tracks whose correlation is known.

use crate::correlated::Correlated;
use refalt::calibrate::{ApplyRequest, CalibrateRequest, Pooling, Ties, apply, calibrate};
use refalt::core::stats::{MaximumOf, equicorrelated_tail, independent_tail};
use refalt::saturation::{Saturation, SaturationError, SaturationOptions, SaturationRequest, saturation};
use std::path::Path;

/// Scores a background, and variants and controls of the same distribution, and gives both quantiles of the background.
fn bench(folder: &Path, tracks: usize, correlation: f64) {
    let path = |name: &str| folder.join(name);
    let source = |seed| Correlated::new(tracks, correlation, seed).with_spread(0.5);
    source(1).score(4_000, &path("background"));
    source(2).score(1_500, &path("raw"));
    source(3).score(1_000, &path("raw_controls"));
    calibrate(&CalibrateRequest {
        background: path("background"),
        out: path("table.parquet"),
        pooling: Pooling::Track,
        matching: None,
        hold_out: 0.0,
        seed: 0,
        memory_bytes: 1 << 30,
    })
    .unwrap();
    for (run, out) in [("raw", "run"), ("raw_controls", "controls")] {
        apply(&ApplyRequest {
            run: path(run),
            table: path("table.parquet"),
            out: path(out),
            ties: Ties::Random,
            seed: 0,
            replace: false,
        })
        .unwrap();
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
