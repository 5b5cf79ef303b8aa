//! Validation of rows in clusters: intervals, p-values, effective numbers. Expected values are those of scipy and numpy
//! (`tests/data/validate`).

use crate::validate_comparisons::{
    columns, everything, expected, fixture_run, found, metric, near, options, run_with, truth,
};
use refalt::diagnostic::Diagnostic;
use refalt::validate::{AnalysisColumns, IntervalKind, RowKey, ValidateError, ValidateOptions, Validation};

#[test]
fn jackknife_and_clusters_of_a_column_equal_other_programs() {
    let expected = expected();
    let interval = |validation: &Validation, of: &str| {
        let row = metric(&validation.metrics, "sum", of, "signed").clone();
        ([row.low, row.high], row.interval, row.clusters, row.note)
    };
    let jackknife = ValidateOptions {
        interval: IntervalKind::Jackknife,
        permutations: 0,
        ..options()
    };
    let validation = found(AnalysisColumns::default(), &jackknife);
    for of in ["pearson", "spearman"] {
        let (ends, kind, clusters, _) = interval(&validation, of);
        assert_eq!((kind, clusters), (Some("jackknife"), Some(259)));
        for (found, end) in ends.iter().zip(expected["jackknife"][of].as_array().unwrap()) {
            near(*found, end, 1e-9, of);
        }
    }
    let by_column = AnalysisColumns {
        cluster: Some(RowKey::read("barcodes")),
        ..AnalysisColumns::default()
    };
    let no_p = ValidateOptions {
        permutations: 0,
        ..options()
    };
    let validation = found(by_column, &no_p);
    let (ends, kind, clusters, note) = interval(&validation, "spearman");
    let counted = expected["blocks"]["clusters"].as_u64().map(|count| count as usize);
    assert_eq!((kind, clusters, note), (Some("bca"), counted, None));
    for (found, end) in ends.iter().zip(expected["blocks"]["spearman"].as_array().unwrap()) {
        near(*found, end, 1e-9, "spearman");
    }
    // Four letters are too few clusters for the bootstrap, and for the jackknife.
    let by_letter = || AnalysisColumns {
        cluster: Some(RowKey::read("ref")),
        ..AnalysisColumns::default()
    };
    let (ends, kind, clusters, note) = interval(&found(by_letter(), &no_p), "spearman");
    assert_eq!((ends, kind, clusters), ([None, None], None, Some(4)));
    assert!(note.unwrap().contains("only 4 clusters, and the bootstrap needs 10"));
    // A track that is not in full is not resampled, and its closed form would take rows as independent.
    let row = metric(&validation.metrics, "noise1", "spearman", "signed").clone();
    assert_eq!((row.low, row.interval), (None, None));
    assert!(row.note.unwrap().contains("closed forms know of no clusters"));
    for refused in [
        ValidateOptions {
            interval: IntervalKind::Fisher,
            ..no_p.clone()
        },
        ValidateOptions {
            replicates: 0,
            ..no_p.clone()
        },
    ] {
        let columns = columns(by_letter());
        let error = run_with(fixture_run(), &[], truth(&columns), &columns, &refused, 1).unwrap_err();
        assert!(matches!(error, ValidateError::ClosedFormOfClusters { .. }), "{error}");
        assert!(
            error.is_usage() && error.hint().unwrap().contains("jackknife"),
            "{error}"
        );
    }
    // All variants lie within 300 bp: one locus, and nothing to resample.
    let one_locus = AnalysisColumns {
        cluster: Some(RowKey::Loci(1_000)),
        ..AnalysisColumns::default()
    };
    let (ends, kind, clusters, note) = interval(&found(one_locus, &no_p), "pearson");
    assert_eq!((ends, kind, clusters), ([None, None], None, Some(1)));
    assert!(note.unwrap().contains("nothing to resample"));
    let fisher = ValidateOptions {
        interval: IntervalKind::Fisher,
        ..no_p
    };
    let (_, kind, clusters, _) = interval(&found(AnalysisColumns::default(), &fisher), "pearson");
    assert_eq!((kind, clusters), (Some("fisher"), None));
}

#[test]
fn p_values_of_clusters_keep_them_whole() {
    let expected = &expected()["clusters"];
    let rows = &everything().metrics;
    let mut compared = 0;
    for kind in ["track", "summary"] {
        for (measure, values) in expected[kind].as_object().unwrap() {
            let (of, side) = measure.split_once(' ').unwrap();
            for (name, p) in values.as_object().unwrap() {
                let row = metric(rows, name, of, side);
                near(row.p, &p[0], 1e-12, measure);
                assert_eq!(row.test, Some("cluster_permutation"));
                if kind == "track" {
                    near(row.p_adjusted, &p[1], 1e-12, measure);
                    assert!(row.q >= row.p);
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "{compared}");
    let is_it = |row: &&refalt::validate::PartialRow| {
        (row.prediction.name.as_str(), row.metric, row.compared) == ("sum", "pearson", "signed")
    };
    let partial = everything().partial.iter().find(is_it).unwrap();
    near(
        partial.p,
        &expected["partial"]["pearson signed"]["sum"][0],
        1e-12,
        "partial",
    );
    // Each row by itself, and Student's t.
    let by_rows = ValidateOptions {
        block_bp: None,
        replicates: 0,
        ..options()
    };
    let columns = AnalysisColumns {
        covariates: vec!["pos".to_owned(), "dna".to_owned()],
        ..AnalysisColumns::default()
    };
    let found = found(columns, &by_rows);
    let row = found.partial.iter().find(is_it).unwrap();
    let student = &self::expected()["partial"]["pearson signed"]["p"];
    near(row.p, student, 1e-9, "Student's t");
    assert_eq!(row.test, Some("student_t"));
    assert_eq!(
        metric(&found.metrics, "sum", "pearson", "signed").test,
        Some("permutation")
    );
    // Each of the four letters has a number of rows of its own: signs are turned, of ranks and directions only.
    let by_letter = AnalysisColumns {
        cluster: Some(RowKey::read("ref")),
        ..AnalysisColumns::default()
    };
    let found = self::found(by_letter, &options());
    for (measure, values) in expected["signs"].as_object().unwrap() {
        let (of, side) = measure.split_once(' ').unwrap();
        for (name, p) in values.as_object().unwrap() {
            let row = metric(&found.metrics, name, of, side);
            near(row.p, &p[0], 1e-12, measure);
            near(row.p_adjusted, &p[1], 1e-12, measure);
            assert_eq!(row.test, Some("cluster_signs"));
        }
    }
    let accuracy = &expected["signs of directions"]["sign_accuracy signed"]["sum"][0];
    near(
        metric(&found.metrics, "sum", "sign_accuracy", "signed").p,
        accuracy,
        1e-12,
        "directions",
    );
    for (of, side) in [("pearson", "signed"), ("average_precision", "|effect|>=0.5")] {
        let row = metric(&found.metrics, "sum", of, side);
        assert_eq!((row.p, row.test), (None, None));
        assert!(row.note.as_ref().unwrap().contains("a size of their own"), "{row:?}");
    }
    // One cluster has nothing to change places with.
    let one = AnalysisColumns {
        cluster: Some(RowKey::Chromosome),
        ..AnalysisColumns::default()
    };
    let found = self::found(one, &options());
    let row = metric(&found.metrics, "sum", "spearman", "signed");
    assert_eq!(row.p, None);
    assert!(
        row.note.as_ref().unwrap().contains("one cluster: no p-value"),
        "{row:?}"
    );
}

#[test]
fn rows_are_worth_what_they_are() {
    let expected = &expected()["effective"];
    let row = &everything().effective[0];
    assert_eq!(row.n as u64, expected["n"].as_u64().unwrap());
    assert_eq!(
        row.distinct_inputs as u64,
        expected["distinct_inputs"].as_u64().unwrap()
    );
    assert_eq!(row.positions as u64, expected["positions"].as_u64().unwrap());
    assert_eq!((row.loci, row.locus_bp, row.clusters), (1, 1024, 259));
    near(
        row.intraclass_correlation,
        &expected["intraclass"],
        1e-12,
        "intraclass correlation",
    );
    near(row.effective_rows, &expected["effective_rows"], 1e-9, "effective rows");
    near(
        row.effective_weighted,
        &expected["effective_weighted"],
        1e-9,
        "under weights",
    );
    // Weights leave fewest, 37: tanh((1.959964 + 0.841621) / sqrt(37 - 3)) = 0.446618.
    assert!((row.detectable_effective.unwrap() - 0.446_618).abs() < 1e-5, "{row:?}");
    // Without them: tanh((1.959964 + 0.841621) / sqrt(420 - 3)) = 0.136336.
    let plain = &found(AnalysisColumns::default(), &options()).effective[0];
    assert!(
        (plain.detectable_effective.unwrap() - 0.136_336).abs() < 1e-5,
        "{plain:?}"
    );
    assert_eq!(
        (plain.effective_weighted, plain.effective_rows),
        (None, row.effective_rows)
    );
}
