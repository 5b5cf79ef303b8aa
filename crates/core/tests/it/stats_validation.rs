//! The statistics of validation against scipy, scikit-learn, statsmodels and numpy; see `tests/data/stats/README.md`.

use crate::stats_oracle::{assert_close, fixture, fractions, items, number, numbers};
use refalt_core::Interval;
use refalt_core::stats::*;
use serde_json::Value;
use std::num::NonZeroU32;

/// Equal within `absolute`.
#[track_caller]
fn assert_near(found: f64, expected: f64, absolute: f64, what: &str) {
    assert!(
        (found - expected).abs() <= absolute,
        "{what}: found {found}, expected {expected}"
    );
}

fn whole_numbers(value: &Value) -> Vec<u32> {
    let words = value.as_str().unwrap().split(' ').filter(|word| !word.is_empty());
    words.map(|word| word.parse().unwrap()).collect()
}

fn count(value: &Value) -> NonZeroU32 {
    NonZeroU32::new(value.as_u64().unwrap() as u32).unwrap()
}

fn labels(value: &Value) -> Vec<bool> {
    value.as_str().unwrap().chars().map(|label| label == '1').collect()
}

#[test]
fn weighted_statistics_equal_numpy_and_scipy_on_repeated_rows() {
    let oracle = fixture("weighted");
    for case in items(&oracle["cases"]) {
        let name = case["name"].as_str().unwrap();
        let (x, y, weights) = (numbers(&case["x"]), numbers(&case["y"]), numbers(&case["weights"]));
        assert_near(weighted_mean(&x, &weights).unwrap(), number(&case["mean"]), 1e-9, name);
        let pearson = weighted_pearson(&x, &y, &weights).unwrap();
        let spearman = weighted_spearman(&x, &y, &weights).unwrap();
        assert_near(pearson, number(&case["pearson"]), 1e-9, name);
        assert_near(spearman, number(&case["spearman"]), 1e-12, name);
        assert_close(effective_rows(&weights).unwrap(), number(&case["kish"]), 1e-13, name);
        if case["repeated_pearson"].is_string() {
            assert_near(pearson, number(&case["repeated_pearson"]), 1e-13, name);
            assert_near(spearman, number(&case["repeated_spearman"]), 1e-13, name);
        }
    }
}

#[test]
fn means_over_groups_equal_the_published_rule_replicate_for_replicate() {
    let oracle = fixture("grouped");
    let keys = whole_numbers(&oracle["keys"]);
    for case in items(&oracle["cases"]) {
        let name = case["metric"].as_str().unwrap();
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        let labelled: Vec<Option<bool>> = first
            .iter()
            .map(|&label| (!label.is_nan()).then_some(label == 1.0))
            .collect();
        let metric = Metric::of(name).unwrap();
        let columns = match metric.input {
            MetricInput::ContinuousPair(_) => MetricColumns::Pair(&first, &second),
            MetricInput::LabelsAndScores(_) => MetricColumns::Labels(&labelled, &second),
        };
        let mean = GroupWeighted::new(metric, columns, &keys, GroupWeighting::Rows).unwrap();
        assert_near(mean.on_all_rows().unwrap(), number(&case["mean"]), 1e-12, name);
        let equal = GroupWeighted::new(metric, columns, &keys, GroupWeighting::Equal).unwrap();
        assert_near(equal.on_all_rows().unwrap(), number(&case["equal"]), 1e-12, name);
        let values = mean.values();
        let (expected, rows) = (numbers(&case["values"]), numbers(&case["weights"]));
        assert_eq!(values.len(), expected.len(), "{name}");
        for ((found, expected), rows) in values.iter().zip(expected).zip(rows) {
            assert_near(found.value, expected, 1e-12, name);
            assert_eq!(found.rows as f64, rows, "{name}");
        }
        let skipped: Vec<u32> = mean.skipped().iter().map(|group| group.key).collect();
        assert_eq!(skipped, whole_numbers(&case["skipped"]), "{name}");
        let expected = numbers(&case["replicates"]);
        let found = replicate_range(&mean, Units::Rows, 31, 0..expected.len() as u64).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            assert_near(found.unwrap(), *expected, 1e-12, name);
        }
        let options = BootstrapOptions {
            replicates: 500,
            seed: 32,
            method: IntervalMethod::Percentile,
            ..Default::default()
        };
        let by_group = bootstrap(&mean.over_groups().unwrap(), Units::Rows, options).unwrap();
        assert_close(
            by_group.standard_error,
            number(&case["group_standard_error"]),
            1e-10,
            name,
        );
        assert!(bootstrap(&mean, Units::Rows, options).unwrap().standard_error > 0.0);
    }
}

#[test]
fn draws_within_classes_equal_scikit_learn_replicate_for_replicate() {
    let case = &fixture("grouped")["strata"];
    let (labels, scores) = (labels(&case["labels"]), numbers(&case["scores"]));
    let statistic = AveragePrecision::new(&labels, &scores).unwrap();
    let strata = Clusters::from_keys(&labels).unwrap();
    let expected = numbers(&case["replicates"]);
    let found = replicate_range(&statistic, Units::Strata(&strata), 33, 0..expected.len() as u64).unwrap();
    for (found, expected) in found.iter().zip(expected) {
        assert_near(found.unwrap(), expected, 1e-13, "average precision");
    }
}

#[test]
fn blocks_left_out_equal_the_printed_equations() {
    let oracle = fixture("jackknife");
    let blocks = Clusters::from_keys(&whole_numbers(&oracle["keys"])).unwrap();
    for case in items(&oracle["cases"]) {
        let name = case["metric"].as_str().unwrap();
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        let statistic = match Metric::of(name).unwrap().input {
            MetricInput::ContinuousPair(prepare) => prepare(&first, &second).unwrap(),
            MetricInput::LabelsAndScores(prepare) => {
                let labels: Vec<bool> = first.iter().map(|&label| label == 1.0).collect();
                prepare(&labels, &second).unwrap()
            }
        };
        let found = block_jackknife(statistic.as_ref(), &blocks, 0.95).unwrap();
        assert_near(found.estimate, number(&case["estimate"]), 1e-13, name);
        assert_near(found.bias_corrected, number(&case["bias_corrected"]), 1e-12, name);
        assert_close(found.standard_error, number(&case["standard_error"]), 1e-11, name);
        let ends = numbers(&case["interval_95"]);
        assert_near(found.interval.low, ends[0], 1e-11, name);
        assert_near(found.interval.high, ends[1], 1e-11, name);
        assert_eq!(Some(found.blocks as u64), case["blocks"].as_u64());
    }
    let values = numbers(&oracle["values"]);
    let mean = WeightedMean::unweighted(&values).unwrap();
    let single = Clusters::contiguous(values.len(), values.len()).unwrap();
    let found = block_jackknife(&mean, &single, 0.95).unwrap();
    assert_close(found.standard_error, number(&oracle["sem"]), 1e-12, "mean");
    let runs = Clusters::contiguous(values.len(), 9).unwrap();
    assert_eq!(runs.sizes(), whole_numbers(&oracle["runs_of_9"]));
}

#[test]
fn partial_correlations_equal_residuals_and_the_inverse_covariance() {
    let oracle = fixture("partial");
    for case in items(&oracle["cases"]) {
        let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
        let covariates: Vec<Vec<f64>> = items(&case["covariates"]).iter().map(numbers).collect();
        let covariates: Vec<&[f64]> = covariates.iter().map(Vec::as_slice).collect();
        for (kind, key) in [(Correlation::Pearson, "pearson"), (Correlation::Spearman, "spearman")] {
            let name = format!("{}, {key}", case["name"].as_str().unwrap());
            let expected = &case[key];
            let test = PartialCorrelation::new(kind, &x, &y, &covariates)
                .unwrap()
                .test()
                .unwrap();
            assert_near(test.r, number(&expected["r"]), 1e-11, &name);
            // 1 - r^2 magnifies the error of r where r is near 1.
            assert_close(test.p, number(&expected["p"]), 1e-7, &name);
            let (interval, ends) = (test.interval(0.95).unwrap(), numbers(&expected["interval_95"]));
            assert_near(interval.low, ends[0], 1e-9, &name);
            assert_near(interval.high, ends[1], 1e-9, &name);
        }
    }
}

#[test]
fn exact_tests_of_shares_equal_scipy_and_statsmodels() {
    let oracle = fixture("shares");
    for case in items(&oracle["tests"]) {
        let (k, n) = (case["successes"].as_u64().unwrap(), case["trials"].as_u64().unwrap());
        let share = number(&case["share"]);
        let name = format!("{k} of {n} at {share}");
        for alternative in [Alternative::TwoSided, Alternative::Greater] {
            let p = binomial_test(k, n, share, alternative).unwrap();
            assert_close(p, number(&case[alternative.name()]), 1e-10, &name);
        }
        let interval = wilson_interval(k, n, 0.95).unwrap();
        for key in ["wilson_95", "wilson_statsmodels"] {
            let ends = numbers(&case[key]);
            assert_near(interval.low, ends[0], 1e-13, &name);
            assert_near(interval.high, ends[1], 1e-13, &name);
        }
    }
    for case in items(&oracle["mcnemar"]) {
        let p = mcnemar_exact(case["first"].as_u64().unwrap(), case["second"].as_u64().unwrap());
        assert_close(p, number(&case["p"]), 1e-10, "McNemar");
    }
}

#[test]
fn student_distribution_equals_mpmath_and_scipy() {
    let oracle = fixture("shares");
    for case in items(&oracle["student"]) {
        let (t, d) = (number(&case["t"]), case["d"].as_f64().unwrap());
        let found = student_t_two_sided(t, d).unwrap();
        assert_close(found, number(&case["two_sided"]), 1e-12, &format!("t {t}, d {d}"));
    }
    for case in items(&oracle["quantiles"]) {
        let (p, d) = (number(&case["p"]), case["d"].as_f64().unwrap());
        let found = student_t_quantile(p, d).unwrap();
        assert_close(found, number(&case["t"]), 1e-11, &format!("p {p}, d {d}"));
    }
}

#[test]
fn signs_beside_the_majority_equal_statsmodels_and_their_difference_is_paired() {
    let oracle = fixture("shares");
    let case = &oracle["sign"];
    let (predicted, measured) = (numbers(&case["predicted"]), numbers(&case["measured"]));
    let found = sign_comparison(&predicted, &measured).unwrap();
    assert_near(found.gain, number(&case["gain"]), 1e-15, "gain");
    assert_eq!(Some(found.only_prediction_right), case["only_prediction"].as_u64());
    assert_eq!(Some(found.only_majority_right), case["only_majority"].as_u64());
    assert_close(found.p_mcnemar, number(&case["mcnemar"]), 1e-12, "McNemar");
    assert_close(
        found.p_above_majority,
        number(&case["above_majority"]),
        1e-12,
        "above the majority",
    );
    assert_close(
        found.p_against_half,
        number(&case["against_half"]),
        1e-12,
        "against one half",
    );
    let statistic = SignAccuracyGain::new(&predicted, &measured).unwrap();
    let expected = numbers(&case["replicates"]);
    let replicates = replicate_range(&statistic, Units::Rows, 41, 0..expected.len() as u64).unwrap();
    for (found, expected) in replicates.iter().zip(expected) {
        assert_near(found.unwrap(), expected, 1e-14, "gain on a resample");
    }
}

#[test]
fn sign_agreement_below_the_majority_is_seen_in_published_counts() {
    // Histone QTLs, 6,258 variants, 58 to 42: 54.8 % agreement is far from one half and below the majority.
    let (n, agree, up) = (6_258u64, 3_429u64, 3_630u64);
    assert!(binomial_test(agree, n, 0.5, Alternative::TwoSided).unwrap() < 1e-12);
    let majority = up as f64 / n as f64;
    assert!(binomial_test(agree, n, majority, Alternative::Greater).unwrap() > 0.999);
}

#[test]
fn calibration_equals_scikit_learn() {
    let oracle = fixture("calibration");
    for case in items(&oracle["cases"]) {
        let name = case["name"].as_str().unwrap();
        let (labels, probabilities) = (labels(&case["labels"]), numbers(&case["probabilities"]));
        let brier = brier_score(&labels, &probabilities).unwrap();
        assert_close(brier, number(&case["brier"]), 1e-13, name);
        let bins = count(&case["bins"]);
        for (bins, key) in [
            (Bins::EqualWidth(bins), "equal_width"),
            (Bins::EqualCount(bins), "equal_count"),
        ] {
            let expected = &case[key];
            let curve = reliability_curve(&labels, &probabilities, bins, 0.95).unwrap();
            let (shares, means) = (numbers(&expected["share"]), numbers(&expected["mean"]));
            let (low, high) = (numbers(&expected["low"]), numbers(&expected["high"]));
            let rows: Vec<u32> = curve.iter().map(|bin| bin.rows as u32).collect();
            assert_eq!(rows, whole_numbers(&expected["rows"]), "{name}, {key}");
            for (number, bin) in curve.iter().enumerate() {
                assert_near(bin.share(), shares[number], 1e-14, name);
                assert_near(bin.mean_predicted, means[number], 1e-14, name);
                assert_near(bin.interval.low, low[number], 1e-12, name);
                assert_near(bin.interval.high, high[number], 1e-12, name);
            }
            let error = expected_calibration_error(&labels, &probabilities, bins).unwrap();
            assert_near(error, number(&expected["error"]), 1e-13, name);
        }
    }
}

#[test]
fn binned_means_equal_scipys_intervals() {
    let oracle = fixture("calibration");
    let six = NonZeroU32::new(6).unwrap();
    for case in items(&oracle["means"]) {
        let (scores, measured) = (numbers(&case["scores"]), numbers(&case["measured"]));
        for (bins, key) in [
            (Bins::EqualCount(six), "equal_count"),
            (Bins::EqualWidth(six), "equal_width"),
        ] {
            let name = format!("{}, {key}", case["name"].as_str().unwrap());
            let found = binned_means(&scores, &measured, bins, 0.95).unwrap();
            let expected: Vec<Vec<f64>> = items(&case[key]).iter().map(numbers).collect();
            assert_eq!(found.len(), expected.len(), "{name}");
            for (bin, expected) in found.iter().zip(expected) {
                let ends = bin
                    .interval
                    .map_or([f64::NAN; 2], |interval| [interval.low, interval.high]);
                let found = [
                    bin.least,
                    bin.most,
                    bin.rows as f64,
                    bin.mean_score,
                    bin.mean_measured,
                    ends[0],
                    ends[1],
                ];
                for (found, expected) in found.into_iter().zip(expected) {
                    if !(found.is_nan() && expected.is_nan()) {
                        assert_near(found, expected, 1e-12, &name);
                    }
                }
            }
        }
    }
}

#[test]
fn loci_equal_the_connected_components_of_their_gaps() {
    let oracle = fixture("effective");
    let ends = whole_numbers(&oracle["ends"]);
    let starts = whole_numbers(&oracle["starts"]).into_iter().zip(ends);
    let spans: Vec<(u32, Interval)> = whole_numbers(&oracle["contigs"])
        .into_iter()
        .zip(starts)
        .map(|(contig, (start, end))| (contig, Interval::from_bed(start, end).unwrap()))
        .collect();
    for case in items(&oracle["loci"]) {
        let loci = merged_loci(&spans, case["within"].as_u64().unwrap() as u32).unwrap();
        assert_eq!(Some(loci.count() as u64), case["count"].as_u64());
        assert_eq!(loci.of_rows(), whole_numbers(&case["of_row"]));
    }
}

#[test]
fn design_effects_and_spectra_equal_scipy_and_numpy() {
    let oracle = fixture("effective");
    let case = &oracle["design"];
    let clusters = Clusters::from_keys(&whole_numbers(&case["keys"])).unwrap();
    let design = cluster_design(&numbers(&case["values"]), &clusters).unwrap();
    assert_close(design.intraclass_correlation, number(&case["icc"]), 1e-12, "ICC");
    assert_close(design.design_effect, number(&case["effect"]), 1e-12, "design effect");
    assert_close(
        design.effective_rows,
        number(&case["effective"]),
        1e-12,
        "effective rows",
    );
    for case in items(&oracle["spectra"]) {
        let tests = case["tests"].as_u64().unwrap() as usize;
        let spectrum = correlation_spectrum(tests, &numbers(&case["matrix"])).unwrap();
        for (found, expected) in spectrum.eigenvalues.iter().zip(numbers(&case["eigenvalues"])) {
            assert_near(*found, expected, 1e-12, "eigenvalue");
        }
        assert_close(
            spectrum.participation_ratio,
            number(&case["participation"]),
            1e-12,
            "ratio",
        );
        assert_near(spectrum.li_ji, number(&case["li_ji"]), 1e-8, "Li and Ji");
    }
}

#[test]
fn curves_have_the_points_of_scikit_learn() {
    let oracle = fixture("curves");
    for case in items(&oracle["cases"]) {
        let name = case["name"].as_str().unwrap();
        let (labels, scores) = (labels(&case["labels"]), numbers(&case["scores"]));
        let roc = roc_curve(&labels, &scores).unwrap();
        let expected = numbers(&case["false"]).into_iter().zip(numbers(&case["true"]));
        let expected: Vec<(f64, (f64, f64))> = numbers(&case["thresholds"]).into_iter().zip(expected).collect();
        let found: Vec<(f64, (f64, f64))> = roc
            .iter()
            .map(|point| (point.threshold, (point.false_positive_rate, point.true_positive_rate)))
            .collect();
        assert_eq!(found, expected, "{name}");
        let curve = precision_recall_curve(&labels, &scores).unwrap();
        let column = |of: fn(&PrecisionRecallPoint) -> f64| -> Vec<f64> { curve.iter().map(of).collect() };
        assert_eq!(column(|point| point.precision), numbers(&case["precision"]), "{name}");
        assert_eq!(column(|point| point.recall), numbers(&case["recall"]), "{name}");
        let thresholds: Vec<f64> = curve.iter().filter_map(|point| point.threshold).collect();
        assert_eq!(thresholds, numbers(&case["cuts"]), "{name}");
    }
}

#[test]
fn distributions_and_grids_equal_scipy_and_numpy() {
    let oracle = fixture("curves");
    let case = &oracle["ecdf"];
    let steps = ecdf(&numbers(&case["values"])).unwrap();
    let (at, shares): (Vec<f64>, Vec<f64>) = steps.iter().map(|step| (step.value, step.share)).unzip();
    assert_eq!(at, numbers(&case["at"]));
    for (found, expected) in shares.into_iter().zip(numbers(&case["shares"])) {
        assert_near(found, expected, 1e-15, "share");
    }
    let case = &oracle["grid"];
    let (columns, rows) = (NonZeroU32::new(7).unwrap(), NonZeroU32::new(10).unwrap());
    let grid = density_grid(&numbers(&case["x"]), &numbers(&case["y"]), columns, rows).unwrap();
    assert_eq!(grid.counts, whole_numbers(&case["counts"]));
    let edges = grid.x_edges.iter().chain(&grid.y_edges);
    let expected = numbers(&case["x_edges"]).into_iter().chain(numbers(&case["y_edges"]));
    for (found, expected) in edges.zip(expected) {
        assert_near(*found, expected, 1e-14, "edge");
    }
}

#[test]
fn maxima_equal_quadrature_boxes_and_simulation() {
    let oracle = fixture("maximum");
    let tails = [(MaximumOf::Magnitude, "magnitude"), (MaximumOf::Signed, "signed")];
    for case in items(&oracle["independent"]) {
        for (of, key) in tails {
            let found = independent_tail(of, number(&case["t"]), count(&case["n"])).unwrap();
            assert_close(found, number(&case[key]), 1e-11, key);
        }
    }
    // The box probabilities of scipy are good to about 1e-6.
    for (cases, absolute) in [("equicorrelated", 1e-9), ("boxes", 3e-6)] {
        for case in items(&oracle[cases]) {
            for (of, key) in tails {
                let (t, rho) = (number(&case["t"]), number(&case["rho"]));
                let found = equicorrelated_tail(of, t, count(&case["n"]), rho).unwrap();
                let name = format!("{key}, t {t}, n {}, rho {rho}", case["n"]);
                assert_near(found, number(&case[key]), absolute, &name);
            }
        }
    }
    let case = &oracle["simulated"];
    for (of, key) in tails {
        let found = equicorrelated_tail(of, number(&case["t"]), count(&case["n"]), number(&case["rho"])).unwrap();
        // Five binomial standard errors of 200,000 draws: at most 5 * 0.5 / 447 = 0.0056.
        assert_near(found, number(&case[key]), 0.0056, key);
    }
}

#[test]
fn quantile_tables_equal_numpy_and_held_out_background_is_uniform() {
    let oracle = fixture("quantile_table");
    let grid = QuantileGrid::published();
    for (found, expected) in grid.probabilities().iter().zip(numbers(&oracle["grid"])) {
        // 1 - 0.99999 in doubles is 1e-5 to 11 digits.
        assert_close(*found, expected, 1e-11, "grid");
    }
    let draw = |stream: u64, rows: usize| -> Vec<f64> {
        let zero = fractions(51, stream + 1, rows);
        let rows = fractions(51, stream, rows).into_iter().zip(zero);
        rows.map(|(u, zero)| if zero < 0.3 { 0.0 } else { 2.0 * u - 1.0 })
            .collect()
    };
    let table = QuantileTable::from_background(ScoreSign::Signed, &draw(0, 20_000)).unwrap();
    let knots: Vec<f64> = table.knots().iter().copied().step_by(37).collect();
    assert_eq!(knots, numbers(&oracle["knots"]));
    let points: Vec<usize> = draw(2, 2_000)
        .into_iter()
        .zip(0..)
        .map(|(raw, item)| table.point(raw, TiedRank::Random { seed: 52, item }).unwrap())
        .collect();
    let expected: Vec<usize> = whole_numbers(&oracle["points"])
        .into_iter()
        .map(|point| point as usize)
        .collect();
    assert_eq!(points[..400], expected[..]);
    // Kolmogorov-Smirnov distance from the uniform distribution, as scipy has it; its p-value is not small.
    let mut quantiles: Vec<f64> = points.iter().map(|&point| grid.probabilities()[point]).collect();
    quantiles.sort_by(f64::total_cmp);
    let n = quantiles.len() as f64;
    let distance = quantiles.iter().enumerate().fold(0.0f64, |largest, (index, q)| {
        largest.max((index as f64 + 1.0) / n - q).max(q - index as f64 / n)
    });
    assert_close(distance, number(&oracle["ks_statistic"]), 1e-9, "KS distance");
    assert!(number(&oracle["ks_p"]) > 0.05);
}

/// Reads a file of the data that do not ship, from `REFALT_SHARED` or `../shared/data` beside the repository.
pub(crate) fn shared_data(path: &str) -> Option<String> {
    let beside = format!("{}/../../../shared/data", env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var("REFALT_SHARED").unwrap_or(beside);
    let read = |folder: &str| std::fs::read_to_string(format!("{folder}/{path}")).ok();
    read(&folder).or_else(|| read(&format!("{folder}/data")))
}

#[test]
fn published_quantile_scores_lie_on_the_grid() {
    let Some(table) = shared_data("api_known_answers/known_answers_api.csv") else {
        println!("skipped: published values do not ship; set REFALT_SHARED to the folder that has `api_known_answers`");
        return;
    };
    let grid = QuantileGrid::published();
    let (mut full, mut unsigned) = (0, 0);
    for line in table.lines().skip(1) {
        let Some((_, text)) = line.rsplit_once(',') else {
            continue;
        };
        let Ok(quantile) = text.parse::<f64>() else { continue };
        // Values printed in full have more digits than the table's six.
        if text.trim_start_matches('-').len() < 10 {
            continue;
        }
        let candidates = [ScoreSign::Signed, ScoreSign::Unsigned].map(|sign| grid.point_of(quantile, sign).unwrap().1);
        assert!(candidates[0].min(candidates[1]) < 4e-8, "{text}: {candidates:?}");
        full += 1;
        unsigned += u32::from(candidates[0] > 4e-8);
    }
    assert!(full > 100, "{full}");
    println!("{full} values on the grid, {unsigned} of them on that of unsigned scores only");
}

/// Numbers of a JSON list.
fn list(value: &Value) -> Vec<f64> {
    items(value).iter().map(|item| item.as_f64().unwrap()).collect()
}

#[test]
fn moderated_variances_equal_limma() {
    let oracle = fixture("moderated");
    for case in items(&oracle["cases"]) {
        let name = case["name"].as_str().unwrap();
        let found = ModeratedVariances::of(&list(&case["variances"]), &list(&case["degrees_of_freedom"])).unwrap();
        match case["prior_degrees_of_freedom"].as_f64() {
            Some(expected) => assert_close(found.prior_degrees_of_freedom, expected, 1e-6, name),
            None => assert_eq!(found.prior_degrees_of_freedom, f64::INFINITY, "{name}"),
        }
        // limma stops its search for d0 at a relative step of 1e-8.
        assert_close(
            found.prior_variance,
            case["prior_variance"].as_f64().unwrap(),
            1e-7,
            name,
        );
        let (posterior, total) = (list(&case["posterior"]), list(&case["total_degrees_of_freedom"]));
        for (row, p) in list(&case["p_of_0.4"]).into_iter().enumerate() {
            assert_close(found.posterior[row], posterior[row], 1e-7, name);
            assert_close(found.degrees_of_freedom[row], total[row], 1e-6, name);
            assert_close(found.p_value(row, 0.4).unwrap(), p, 1e-5, name);
        }
    }
    assert!(matches!(
        ModeratedVariances::of(&[1.0], &[4.0]),
        Err(StatsError::TooFewRows { .. })
    ));
    assert!(matches!(
        ModeratedVariances::of(&[1.0, -1.0], &[4.0, 4.0]),
        Err(StatsError::OutOfRange { .. })
    ));
}

#[test]
fn log_ratios_of_means_have_the_variance_of_the_delta_method() {
    let oracle = fixture("log_ratio");
    for case in items(&oracle["cases"]) {
        let name = case["name"].as_str().unwrap();
        let columns = |side: &str| -> Vec<Vec<f64>> {
            let replicates: Vec<Vec<f64>> = items(&case[side]).iter().map(list).collect();
            (0..replicates[0].len())
                .map(|state| replicates.iter().map(|replicate| replicate[state]).collect())
                .collect()
        };
        let (rna, dna) = (columns("rna"), columns("dna"));
        let side =
            |states: &'_ [Vec<f64>]| -> (Vec<f64>, Option<Vec<f64>>) { (states[0].clone(), states.get(1).cloned()) };
        let (above, below) = (side(&rna), side(&dna));
        let found = log_ratio(
            Replicates {
                first: &above.0,
                second: above.1.as_deref(),
            },
            Replicates {
                first: &below.0,
                second: below.1.as_deref(),
            },
            case["pseudocount"].as_f64().unwrap(),
        )
        .unwrap();
        assert_near(found.value, case["value"].as_f64().unwrap(), 1e-12, name);
        match (found.variance, case["variance"].as_f64()) {
            (Some(found), Some(expected)) => assert_near(found, expected, 1e-12 * expected, name),
            (found, expected) => assert_eq!(found, expected, "{name}"),
        }
        match (found.degrees_of_freedom, case["degrees_of_freedom"].as_f64()) {
            (Some(found), Some(expected)) => assert_close(found, expected, 1e-11, name),
            (found, expected) => assert_eq!(found, expected, "{name}"),
        }
    }
    let negative = Replicates {
        first: &[-1.0, 2.0],
        second: None,
    };
    assert!(matches!(
        log_ratio(negative, negative, 1.0),
        Err(StatsError::OutOfRange { .. })
    ));
}

#[test]
fn matched_pairs_equal_scikit_learn_draw_for_draw() {
    let oracle = fixture("matched");
    let groups: Vec<u64> = items(&oracle["groups"])
        .iter()
        .map(|group| group.as_u64().unwrap())
        .collect();
    let labels: Vec<bool> = items(&oracle["labels"]).iter().map(|label| label == 1).collect();
    let scores = numbers(&oracle["scores"]);
    let seed = oracle["seed"].as_u64().unwrap();
    for name in ["average_precision", "auroc"] {
        let expected = &oracle[name];
        let draws = numbers(&expected["draws"]);
        let metric = Metric::of(name).unwrap();
        let of = |draws| MatchedDraws::new(metric, &groups, &labels, &scores, draws, seed).unwrap();
        let found = of(draws.len() as u32);
        for (number, (value, expected)) in found.values().iter().zip(&draws).enumerate() {
            assert_near(value.unwrap(), *expected, 1e-14, &format!("{name}, draw {number}"));
        }
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        assert_near(found.on_all_rows().unwrap(), mean, 1e-14, name);
        assert_near(found.draw_error().unwrap(), numbers(&expected["error"])[0], 1e-14, name);
        assert_eq!(found.unmatched() as u64, oracle["unmatched"].as_u64().unwrap());
        // The mean over many draws is the mean over all pairs within four of its own errors.
        let many = of(10_000);
        let within = 4.0 * many.draw_error().unwrap();
        assert_near(
            many.on_all_rows().unwrap(),
            numbers(&expected["exact"])[0],
            within,
            name,
        );
    }
}
