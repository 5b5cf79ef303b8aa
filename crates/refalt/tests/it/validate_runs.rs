//! Several runs against one table of measured effects.

use crate::validate::run::{SIGNED, Scores, UNSIGNED, score};
use crate::validate_comparisons::{columns, fixture_run, options, run_with, truth};
use refalt::diagnostic::Diagnostic;
use refalt::validate::{AnalysisColumns, ValidateError, ValidateOptions, Validation};

#[test]
fn runs_are_compared_on_the_variants_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let mut scores = Scores::of_fixture();
    // The other run lacks the first 100 variants, has other scores on one track, and another scorer beside.
    scores.variants.drain(..100);
    for (_, values) in &mut scores.variants {
        values[0] += values[1];
    }
    let other = folder.path().join("other/scores");
    std::fs::create_dir_all(&other).unwrap();
    score(&other, &scores, &[UNSIGNED, SIGNED]);
    let columns = columns(AnalysisColumns::default());
    let against = [other.clone()];
    let found = run_with(fixture_run(), &against, truth(&columns), &columns, &options(), 2).unwrap();
    let both: Vec<_> = found.differences.iter().collect();
    assert!(
        both.iter()
            .all(|row| row.first_run.is_some() && row.first == row.second)
    );
    let is_it = |row: &&&refalt::validate::DifferenceRow| {
        (row.first.name.as_str(), row.metric, row.compared.as_str()) == ("tied", "pearson", "signed")
    };
    let same = both.iter().find(is_it).unwrap();
    // One track is the same in both: no difference, and a p-value of 1.
    let measured = 770 - same.only_first;
    assert_eq!((same.estimate.n, same.only_second), (measured, 0));
    assert!(same.only_first > 90);
    assert_eq!((same.estimate.value, same.p), (Some(0.0), Some(1.0)));
    let record = &found.provenance.against[0];
    assert_eq!((record.name.as_str(), record.joined), ("scores", measured as u64));
    assert!(!record.same_scores && record.warnings().is_empty());
    // Side by side: each run on the variants of both, with the values of the paired difference.
    let of_run = |name: &str| {
        let is_it = |row: &&refalt::validate::RunRow| {
            (
                row.run.as_str(),
                row.prediction.name.as_str(),
                row.metric,
                row.compared.as_str(),
            ) == (name, "sum", "pearson", "signed")
        };
        found.runs.iter().find(is_it).unwrap().clone()
    };
    let is_sum = |row: &&&refalt::validate::DifferenceRow| {
        (row.first.name.as_str(), row.metric, row.compared.as_str()) == ("sum", "pearson", "signed")
    };
    let difference = both.iter().find(is_sum).unwrap();
    let runs = [found.provenance.run_name.clone().unwrap(), record.name.clone()].map(|name| of_run(&name));
    for (run, value) in runs.iter().zip([difference.first_value, difference.second_value]) {
        assert_eq!((run.estimate.value, run.estimate.n), (value, measured));
        assert_eq!(run.window_bp, 1024);
        assert!(run.estimate.low < value && value < run.estimate.high);
    }
    // Another run twice.
    let twice = [other.clone(), other.clone()];
    let error = run_with(fixture_run(), &twice, truth(&columns), &columns, &options(), 1).unwrap_err();
    assert!(
        matches!(error, ValidateError::SameOtherRun { .. }) && error.is_usage(),
        "{error}"
    );
    // The run itself, and a run with the same scores.
    let error = run_with(
        fixture_run(),
        &[fixture_run().to_owned()],
        truth(&columns),
        &columns,
        &options(),
        1,
    )
    .unwrap_err();
    assert!(
        matches!(error, ValidateError::SameRun { .. }) && error.is_usage(),
        "{error}"
    );
    let same = folder.path().join("same");
    let mut fewer = Scores::of_fixture();
    fewer.variants.truncate(700);
    score(&same, &fewer, &[UNSIGNED, SIGNED]);
    let alike = run_with(
        fixture_run(),
        std::slice::from_ref(&same),
        truth(&columns),
        &columns,
        &options(),
        1,
    )
    .unwrap();
    let record = &alike.provenance.against[0];
    assert!(
        record.same_scores && record.warnings()[0].contains("same scores"),
        "{record:?}"
    );
    // A track that the other run does not have is left out and named.
    let renamed = folder.path().join("renamed");
    for name in &mut fewer.tracks {
        if name == "gaps" {
            *name = "other".to_owned();
        }
    }
    score(&renamed, &fewer, &[UNSIGNED, SIGNED]);
    let lacking = run_with(fixture_run(), &[renamed], truth(&columns), &columns, &options(), 1).unwrap();
    assert_eq!(lacking.provenance.against[0].lacking_tracks, ["gaps"]);
    let names = |found: &Validation| -> std::collections::BTreeSet<String> {
        found.differences.iter().map(|row| row.first.name.clone()).collect()
    };
    assert!(names(&lacking).contains("tied") && !names(&lacking).contains("gaps"));
    assert!(names(&alike).contains("gaps"));
    // The same table the other way round: signs turn, p-values stay.
    let back = run_with(
        &other,
        &[fixture_run().to_owned()],
        truth(&columns),
        &columns,
        &options(),
        2,
    )
    .unwrap();
    let pick = |rows: &[refalt::validate::DifferenceRow]| {
        let row = rows
            .iter()
            .find(|row| (row.first.name.as_str(), row.metric, row.compared.as_str()) == ("sum", "spearman", "signed"))
            .unwrap();
        (row.estimate.value.unwrap(), row.p, row.only_first, row.only_second)
    };
    let (there, back) = (pick(&found.differences), pick(&back.differences));
    assert!((there.0 + back.0).abs() < 1e-12 && there.0 != 0.0);
    assert_eq!((there.1, there.2, there.3), (back.1, back.3, back.2));

    let none = ValidateOptions {
        tracks: Vec::new(),
        summaries: vec!["sum".to_owned()],
        scorers: vec![SIGNED.to_owned()],
        ..options()
    };
    let unsigned = folder.path().join("unsigned");
    score(&unsigned, &scores, &[UNSIGNED]);
    let error = run_with(fixture_run(), &[unsigned], truth(&columns), &columns, &none, 1).unwrap_err();
    assert!(matches!(error, ValidateError::NothingInCommon { .. }), "{error}");
    let missing = folder.path().join("nowhere");
    let error = run_with(fixture_run(), &[missing], truth(&columns), &columns, &none, 1).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
}
