//! Validation beside the metrics: comparisons of predictions and runs, strata, groups, covariates, weights, clusters.
//! Expected values are those of scipy, scikit-learn, statsmodels and numpy (`tests/data/validate`).

use crate::validate::run::{SIGNED, Scores, reference, reference_file, repository, score, snv};
use refalt::diagnostic::Diagnostic;
use refalt::provenance::FileIdentity;
use refalt::validate::{
    AnalysisColumns, LabelRule, MetricRow, RowKey, TruthColumns, TruthRow, ValidateError, ValidateInput,
    ValidateOptions, Validation, validate,
};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

pub(crate) fn expected() -> Value {
    serde_json::from_slice(include_bytes!(
        "../../../../tests/data/validate/expected_comparisons.json"
    ))
    .unwrap()
}

pub(crate) fn columns(analysis: AnalysisColumns) -> TruthColumns {
    TruthColumns {
        effect: "effect_log2".to_owned(),
        effect_allele: None,
        experiment: Some("experiment".to_owned()),
        gene: None,
        keep: vec!["barcodes>=10".parse().unwrap(), "experiment=TERT-HEK".parse().unwrap()],
        labels: vec![LabelRule::Magnitude(0.5)],
        analysis,
    }
}

/// Reads the shipped measurements, with the columns that are asked for.
pub(crate) fn truth(columns: &TruthColumns) -> Vec<TruthRow> {
    let text = std::fs::read_to_string(repository("studies/tert/tert_satmut_snv_grch38.tsv")).unwrap();
    let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let place = |name: &String| header.iter().position(|column| column == name).unwrap();
    let wanted: Vec<usize> = columns.names().iter().map(place).collect();
    let row = |(cells, line): (Vec<&str>, u64)| {
        let variant = snv(cells[0], cells[1].parse().unwrap(), cells[2], cells[3]);
        TruthRow {
            line,
            text: variant.to_string(),
            variant: Ok(variant),
            cells: wanted.iter().map(|&column| Some(cells[column].to_owned())).collect(),
        }
    };
    lines.zip(2..).map(row).collect()
}

pub(crate) fn options() -> ValidateOptions {
    ValidateOptions {
        permutations: 99,
        replicates: 200,
        seed: 11,
        top_tracks: 0,
        tracks: vec!["tied,gaps".to_owned()],
        ..ValidateOptions::default()
    }
}

pub(crate) fn fixture_run() -> &'static Path {
    static RUN: OnceLock<TempDir> = OnceLock::new();
    let folder = RUN.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        score(folder.path(), &Scores::of_fixture(), &[SIGNED]);
        folder
    });
    folder.path()
}

pub(crate) fn run_with(
    run: &Path,
    against: &[PathBuf],
    rows: Vec<TruthRow>,
    columns: &TruthColumns,
    options: &ValidateOptions,
    threads: usize,
) -> Result<Validation, ValidateError> {
    let input = ValidateInput {
        run,
        against,
        reference: &reference(),
        reference_file: &reference_file(),
        truth_file: &FileIdentity {
            name: "tert_satmut_snv_grch38.tsv".to_owned(),
            bytes: 1,
            sha256: "02".to_owned(),
        },
        columns,
        named: &[],
        named_file: None,
        genes: None,
    };
    let rows = rows.into_iter().map(Ok::<_, crate::validate::run::Damaged>);
    validate(&input, rows, options, threads)
}

pub(crate) fn found(analysis: AnalysisColumns, options: &ValidateOptions) -> Validation {
    let columns = columns(analysis);
    run_with(fixture_run(), &[], truth(&columns), &columns, options, 2).unwrap()
}

/// Everything at once, made once.
pub(crate) fn everything() -> &'static Validation {
    static FOUND: OnceLock<Validation> = OnceLock::new();
    FOUND.get_or_init(|| found(all_columns(), &all_options()))
}

fn all_columns() -> AnalysisColumns {
    AnalysisColumns {
        weight: Some("barcodes".to_owned()),
        group: Some(RowKey::read("ref")),
        cluster: None,
        covariates: vec!["pos".to_owned(), "dna".to_owned()],
        strata: vec!["ref".parse().unwrap(), "pos:1295069".parse().unwrap()],
    }
}

fn all_options() -> ValidateOptions {
    ValidateOptions {
        compare: vec!["sum,max_abs".parse().unwrap(), "gaps,tf_tied".parse().unwrap()],
        ..options()
    }
}

pub(crate) fn near(found: Option<f64>, expected: &Value, within: f64, what: &str) {
    let difference = (found.unwrap_or_else(|| panic!("no {what}")) - expected.as_f64().unwrap()).abs();
    assert!(difference < within, "{what}: {found:?} {expected}");
}

pub(crate) fn metric<'a>(rows: &'a [MetricRow], name: &str, metric: &str, compared: &str) -> &'a MetricRow {
    let mut found = rows
        .iter()
        .filter(|row| (row.name.as_str(), row.metric, row.compared.as_str()) == (name, metric, compared));
    let row = found
        .next()
        .unwrap_or_else(|| panic!("no row {name} {metric} {compared}"));
    assert!(found.next().is_none());
    row
}

#[test]
fn kendall_gain_weighted_and_effective_rows_equal_other_programs() {
    let rows = &everything().metrics;
    let mut compared = 0;
    for (name, values) in expected()["metrics"].as_object().unwrap() {
        if ["mean", "mean_abs"].contains(&name.as_str()) {
            continue;
        }
        let row = |of: &str, side: &str| metric(rows, name, of, side);
        for (key, value) in values.as_object().unwrap() {
            let found = match key.as_str() {
                "gain" => row("sign_accuracy_gain", "signed").value,
                "p_mcnemar" => row("sign_accuracy_gain", "signed").p_exact,
                "p_above" => row("sign_accuracy", "signed").p_exact,
                key => match key.split(' ').collect::<Vec<_>>()[..] {
                    ["effective_n", of, side] => {
                        assert!(side == "signed");
                        let found = row(of, side).effective_n;
                        near(
                            found.map(|rows| rows / 770.0),
                            &(value.as_f64().unwrap() / 770.0).into(),
                            1e-10,
                            key,
                        );
                        continue;
                    }
                    [of, side] => row(of, side).value,
                    _ => panic!("{key}"),
                },
            };
            near(found, value, 1e-10, &format!("{name} {key}"));
            compared += 1;
        }
    }
    assert!(compared > 80, "{compared}");
    // Intervals in closed form for tracks that are not in full; no permutation where none is defined.
    let kendall = metric(rows, "noise1", "kendall", "signed");
    assert_eq!(
        (kendall.interval, kendall.p, kendall.clusters),
        (Some("fieller"), None, None)
    );
    assert_eq!(metric(rows, "sum", "kendall", "signed").clusters, Some(259));
}

#[test]
fn partial_correlations_equal_those_of_residuals() {
    for (measure, values) in expected()["partial"].as_object().unwrap() {
        let (of, side) = measure.split_once(' ').unwrap();
        let is_it = |row: &&refalt::validate::PartialRow| {
            (row.prediction.name.as_str(), row.metric, row.compared) == ("sum", of, side)
        };
        let row = everything().partial.iter().find(is_it).unwrap();
        near(row.estimate.value, &values["value"], 1e-10, measure);
        // Rows of a position are drawn together, and so permuted.
        assert_eq!(row.test, Some("cluster_permutation"));
        assert_eq!(
            (row.covariates.as_str(), row.estimate.n, row.without_covariate),
            ("pos,dna", 770, 0)
        );
        assert!(row.estimate.low < row.estimate.value && row.estimate.value < row.estimate.high);
        let plain = metric(&everything().metrics, "sum", of, side).value;
        assert_eq!(row.plain, plain);
    }
}

#[test]
fn strata_and_their_test_equal_scipy() {
    let expected = expected();
    let rows = |by: &'static str| {
        everything().strata.iter().filter(move |row| {
            (
                row.by.as_str(),
                row.prediction.name.as_str(),
                row.metric,
                row.compared.as_str(),
            ) == (by, "sum", "spearman", "signed")
        })
    };
    for row in rows("ref") {
        let values = &expected["strata"]["ref"][&row.stratum];
        assert_eq!(row.estimate.n as u64, values["n"].as_u64().unwrap());
        near(row.estimate.value, &values["spearman"], 1e-10, &row.stratum);
        for (found, end) in [row.estimate.low, row.estimate.high]
            .iter()
            .zip(values["interval"].as_array().unwrap())
        {
            near(*found, end, 1e-9, &row.stratum);
        }
        near(row.p_heterogeneity, &expected["strata"]["ref"]["p"], 1e-12, "p");
        assert!(row.estimate.note.is_none(), "{row:?}");
    }
    assert_eq!(rows("ref").count(), 4);
    for (row, name) in rows("pos:1295069").zip(["below", "above"]) {
        near(
            row.estimate.value,
            &expected["strata"]["pos"][name]["spearman"],
            1e-10,
            name,
        );
        near(row.p_heterogeneity, &expected["strata"]["pos"]["p"], 1e-12, "p");
        assert!(row.q_heterogeneity >= row.p_heterogeneity);
    }
    let names: Vec<&str> = rows("pos:1295069").map(|row| row.stratum.as_str()).collect();
    assert_eq!(names, ["<1295069", "≥1295069"]);
}

#[test]
fn strata_of_the_outcome_say_that_they_are() {
    let by_size = AnalysisColumns {
        strata: vec![
            "|effect|:quantiles=3".parse().unwrap(),
            "effect_log2:0".parse().unwrap(),
        ],
        ..AnalysisColumns::default()
    };
    let validation = found(by_size, &options());
    assert_eq!(
        validation
            .strata
            .iter()
            .filter(|row| row.by == "|effect|:quantiles=3")
            .count()
            % 3,
        0
    );
    for row in &validation.strata {
        assert!(
            row.estimate.note.as_ref().unwrap().contains("cut by the outcome"),
            "{row:?}"
        );
    }
    // Directions are all one within a sign of the effect: the accuracy is that of a constant.
    assert!(
        validation
            .strata
            .iter()
            .any(|row| row.stratum == "≥0" && row.metric == "sign_accuracy")
    );
}

#[test]
fn means_over_groups_equal_numpy() {
    let expected = expected();
    for row in &everything().groups {
        if (row.prediction.name.as_str(), row.metric, row.compared.as_str()) != ("sum", "spearman", "signed") {
            continue;
        }
        match (row.weighting, &row.group) {
            (Some(weighting), None) => {
                near(row.estimate.value, &expected["groups"][weighting], 1e-10, weighting);
                assert_eq!((row.groups, row.estimate.n), (Some(4), 770));
                assert!(row.standard_error.unwrap() > 0.0 && row.estimate.low.is_some());
            }
            (None, Some(group)) => {
                near(
                    row.estimate.value,
                    &expected["strata"]["ref"][group]["spearman"],
                    1e-10,
                    group,
                );
            }
            other => panic!("{other:?}"),
        }
    }
    let rows = everything().groups.iter();
    assert_eq!(
        rows.filter(|row| row.prediction.name == "sum" && row.metric == "auroc")
            .count(),
        6
    );
}

#[test]
fn paired_differences_equal_scipy_and_the_exchange() {
    for (measure, values) in expected()["differences"].as_object().unwrap() {
        let (names, of, side) = match measure.as_str() {
            "auroc" | "average_precision" => (["sum", "max_abs"], measure.as_str(), "|effect|>=0.5"),
            "sign_accuracy" => (["sum", "max_abs"], "sign_accuracy", "signed"),
            "gaps spearman" => (["gaps", "tied"], "spearman", "signed"),
            other => {
                let (of, side) = other.split_once(' ').unwrap();
                (["sum", "max_abs"], of, side)
            }
        };
        let is_it = |row: &&refalt::validate::DifferenceRow| {
            (
                [row.first.name.as_str(), &row.second.name],
                row.metric,
                row.compared.as_str(),
            ) == (names, of, side)
        };
        let row = everything().differences.iter().find(is_it).unwrap();
        near(row.estimate.value, &values["value"], 1e-10, measure);
        near(row.first_value, &values["first"], 1e-10, measure);
        near(row.second_value, &values["second"], 1e-10, measure);
        near(row.p, &values["p"], 1e-12, measure);
        for (found, end) in [row.estimate.low, row.estimate.high]
            .iter()
            .zip(values["interval"].as_array().unwrap())
        {
            near(*found, end, 1e-9, measure);
        }
        assert_eq!(row.estimate.n as u64, values["n"].as_u64().unwrap());
        let lost = if names[0] == "gaps" { (0, 79) } else { (0, 0) };
        assert_eq!((row.only_first, row.only_second), lost);
        assert!(row.q >= row.p);
    }
}

#[test]
fn the_effect_is_no_covariate_of_itself() {
    let columns = columns(AnalysisColumns {
        covariates: vec!["effect_log2".to_owned()],
        ..AnalysisColumns::default()
    });
    let error = run_with(fixture_run(), &[], truth(&columns), &columns, &options(), 1).unwrap_err();
    assert!(matches!(error, ValidateError::EffectAsCovariate { .. }), "{error}");
    assert!(error.is_usage());
}

#[test]
fn calibration_bins_hold_every_row_once() {
    let of = |compared: &str| {
        let rows = everything().calibration.iter();
        rows.filter(|row| row.prediction.name == "sum" && row.compared == compared)
            .collect::<Vec<_>>()
    };
    for compared in ["signed", "magnitude", "|effect|>=0.5"] {
        let bins = of(compared);
        assert_eq!(bins.len(), 10);
        assert_eq!(bins.iter().map(|bin| bin.n).sum::<usize>(), 770);
        assert!(bins.windows(2).all(|pair| pair[0].most < pair[1].least));
        assert!(
            bins.iter()
                .all(|bin| bin.low.unwrap() <= bin.mean_measured && bin.mean_measured <= bin.high.unwrap())
        );
    }
    let positives = metric(&everything().metrics, "sum", "auroc", "|effect|>=0.5")
        .positives
        .unwrap();
    let counted: u64 = of("|effect|>=0.5").iter().map(|bin| bin.positives.unwrap()).sum();
    assert_eq!(counted, positives as u64);
}

#[test]
fn replicates_bound_what_a_prediction_without_error_reaches() {
    let columns = TruthColumns {
        keep: vec![
            "barcodes>=10".parse().unwrap(),
            "experiment!=TERT-GSc".parse().unwrap(),
            "experiment!=TERT-GAa".parse().unwrap(),
        ],
        ..columns(AnalysisColumns::default())
    };
    let options = ValidateOptions {
        replicate_experiments: true,
        permutations: 0,
        replicates: 0,
        ..options()
    };
    let validation = run_with(fixture_run(), &[], truth(&columns), &columns, &options, 1).unwrap();
    // Known answers of studies/tert/README.md: Pearson 0.758517 between HEK and GBM.
    let record = &validation.reliability[0];
    assert!((record.noise_ceiling_pearson.unwrap() - 0.758_517f64.sqrt()).abs() < 1e-6);
    assert!((record.reliability_of_mean.unwrap() - 2.0 * 0.758_517 / 1.758_517).abs() < 1e-6);
    let rows: Vec<MetricRow> = validation
        .metrics
        .into_iter()
        .filter(|row| row.experiment == "TERT-HEK")
        .collect();
    let row = metric(&rows, "sum", "pearson", "signed");
    assert!((row.share_of_noise_ceiling.unwrap() * 0.758_517f64.sqrt() - row.value.unwrap()).abs() < 1e-6);
    assert_eq!(metric(&rows, "sum", "pearson", "magnitude").noise_ceiling, None);
}

#[test]
fn cells_that_cannot_be_used_are_named() {
    let analysis = AnalysisColumns {
        weight: Some("barcodes".to_owned()),
        covariates: vec!["dna".to_owned()],
        ..AnalysisColumns::default()
    };
    let columns = columns(analysis);
    let fast = ValidateOptions {
        permutations: 0,
        replicates: 0,
        ..options()
    };
    let with = |name: &str, cell: Option<&str>| {
        let place = columns.names().iter().position(|column| column == name).unwrap();
        let mut rows = truth(&columns);
        rows[9].cells[place] = cell.map(str::to_owned);
        run_with(fixture_run(), &[], rows, &columns, &fast, 1)
    };
    let error = with("dna", Some("many")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 11 of the truth table: the column `dna` holds `many`, which is not a finite number"
    );
    assert!(error.hint().unwrap().contains("leave the cell empty"));
    let found = with("dna", None).unwrap();
    assert_eq!(
        (found.partial[0].without_covariate, found.partial[0].estimate.n),
        (1, 769)
    );

    let columns = TruthColumns {
        keep: vec!["experiment=TERT-HEK".parse().unwrap()],
        ..columns
    };
    let mut rows = truth(&columns);
    let place = columns.names().iter().position(|column| column == "barcodes").unwrap();
    rows[9].cells[place] = Some("-1".to_owned());
    let error = run_with(fixture_run(), &[], rows, &columns, &fast, 1).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("holds `-1`, which is not a finite number of at least 0"),
        "{error}"
    );

    let many = AnalysisColumns {
        strata: vec!["dna".parse().unwrap()],
        ..AnalysisColumns::default()
    };
    let columns = TruthColumns {
        analysis: many,
        ..columns
    };
    let error = run_with(fixture_run(), &[], truth(&columns), &columns, &fast, 1).unwrap_err();
    assert!(
        error.is_usage() && error.to_string().contains("at most 20 strata"),
        "{error}"
    );
}

#[test]
fn threads_change_no_byte_of_any_table() {
    let files = |threads: usize| {
        let columns = columns(AnalysisColumns {
            cluster: Some(RowKey::Position),
            ..all_columns()
        });
        let options = ValidateOptions {
            permutations: 20,
            replicates: 20,
            ..all_options()
        };
        let found = run_with(fixture_run(), &[], truth(&columns), &columns, &options, threads).unwrap();
        let folder = tempfile::tempdir().unwrap();
        found.write(folder.path()).unwrap();
        let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_file())
            .map(|entry| {
                (
                    entry.file_name().into_string().unwrap(),
                    std::fs::read(entry.path()).unwrap(),
                )
            })
            .collect();
        files.sort();
        files
    };
    let one = files(1);
    let names: Vec<&str> = one.iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "calibration.tsv",
        "differences.tsv",
        "effective_n.tsv",
        "groups.tsv",
        "partial.tsv",
        "strata.tsv",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(one == files(3));
}
