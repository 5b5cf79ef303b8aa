//! Statistics against the values of scipy, scikit-learn, numpy and exact arithmetic; see `tests/data/stats/README.md`.

use refalt_core::stats::*;
use serde_json::Value;

pub(crate) fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/data/stats/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Numbers are kept as text so that they are read to the last digit.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_str()
        .unwrap()
        .split(' ')
        .map(|word| word.parse().unwrap())
        .collect()
}

pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

#[track_caller]
pub(crate) fn assert_close(found: f64, expected: f64, relative: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(
        error <= relative * expected.abs(),
        "{what}: found {found}, expected {expected}"
    );
}

/// `count` fractions of the stream that `make_oracle.py` also draws.
pub(crate) fn fractions(seed: u64, replicate: u64, count: usize) -> Vec<f64> {
    let mut stream = RandomStream::new(seed, Purpose::Sampling, replicate);
    (0..count).map(|_| stream.next_fraction()).collect()
}

fn generated_pair(kind: &str, rows: usize) -> (Vec<f64>, Vec<f64>) {
    let rows = fractions(11, 0, rows).into_iter().zip(fractions(11, 1, rows));
    match kind {
        "positive" => rows.map(|(u, v)| (u, 0.25 * u + v)).unzip(),
        "negative" => rows.map(|(u, v)| (u, v - 0.5 * u)).unzip(),
        "tied" => rows
            .map(|(u, v)| {
                let x = (u * 40.0).floor();
                (x, (0.5 * x + v * 30.0).floor())
            })
            .unzip(),
        other => panic!("unknown kind {other}"),
    }
}

#[test]
fn correlations_equal_scipy_and_exact_arithmetic() {
    let oracle = fixture("correlation");
    let cases = items(&oracle["cases"])
        .iter()
        .map(|case| (case, numbers(&case["x"]), numbers(&case["y"])));
    let generated = items(&oracle["generated"]).iter().map(|case| {
        let (x, y) = generated_pair(case["kind"].as_str().unwrap(), case["rows"].as_u64().unwrap() as usize);
        (case, x, y)
    });
    let mut compared = 0;
    for (case, x, y) in cases.chain(generated) {
        let name = case["name"].as_str().or(case["kind"].as_str()).unwrap();
        assert_close(pearson(&x, &y).unwrap(), number(&case["pearson_exact"]), 1e-12, name);
        assert_close(spearman(&x, &y).unwrap(), number(&case["spearman"]), 1e-12, name);
        let kendall = number(&case["kendall"]);
        assert!(
            (kendall_tau_b(&x, &y).unwrap() - kendall).abs() <= 1e-12 * kendall.abs(),
            "{name}"
        );
        compared += 1;
    }
    assert_eq!(compared, 21);
}

#[test]
fn ranks_equal_scipy() {
    let oracle = fixture("correlation");
    let ranks = &oracle["ranks"];
    let values = numbers(&ranks["values"]);
    assert_eq!(average_ranks(&values).unwrap(), numbers(&ranks["average"]));
    let standing = standing_by_magnitude(&values).unwrap();
    let found: Vec<f64> = standing.iter().map(|standing| standing.rank as f64).collect();
    assert_eq!(found, numbers(&ranks["by_magnitude"]));
}

#[test]
fn auroc_and_average_precision_equal_scikit_learn() {
    let oracle = fixture("labels");
    let cases = items(&oracle["cases"]).iter().map(|case| {
        let labels: Vec<bool> = case["labels"]
            .as_str()
            .unwrap()
            .chars()
            .map(|label| label == '1')
            .collect();
        (case, labels, numbers(&case["scores"]))
    });
    let large = &oracle["generated"];
    let rows = large["rows"].as_u64().unwrap() as usize;
    let labels: Vec<bool> = fractions(12, 0, rows).into_iter().map(|u| u < 0.1).collect();
    let scores = fractions(12, 1, rows).into_iter().zip(&labels);
    let scores = scores
        .map(|(v, &label)| (v * 50.0).floor() + if label { 5.0 } else { 0.0 })
        .collect();
    for (case, labels, scores) in cases.chain([(large, labels, scores)]) {
        let name = case["name"].as_str().unwrap_or("generated");
        let expected = number(&case["auroc"]);
        assert!(
            (auroc(&labels, &scores).unwrap() - expected).abs() <= 1e-12 * expected,
            "{name}"
        );
        assert_close(
            average_precision(&labels, &scores).unwrap(),
            number(&case["average_precision"]),
            1e-12,
            name,
        );
    }
}

#[test]
fn sign_accuracy_equals_scikit_learn() {
    let oracle = fixture("labels");
    let case = &oracle["sign"];
    let counts = sign_accuracy(&numbers(&case["predicted"]), &numbers(&case["measured"])).unwrap();
    assert_close(counts.accuracy(), number(&case["accuracy"]), 1e-15, "accuracy");
    assert_close(counts.majority_baseline(), number(&case["baseline"]), 1e-15, "baseline");
}

fn prepare(metric: &str, first: &[f64], second: &[f64]) -> Box<dyn RowStatistic> {
    match Metric::of(metric).unwrap().input {
        MetricInput::ContinuousPair(prepare) => prepare(first, second).unwrap(),
        MetricInput::LabelsAndScores(prepare) => {
            let labels: Vec<bool> = first.iter().map(|&label| label == 1.0).collect();
            prepare(&labels, second).unwrap()
        }
    }
}

#[test]
fn bootstrap_equals_scipy_replicate_for_replicate_and_end_for_end() {
    let oracle = fixture("bootstrap");
    for case in items(&oracle["cases"]) {
        let metric = case["metric"].as_str().unwrap();
        let name = format!("{metric}, {}", case["name"].as_str().unwrap());
        let statistic = prepare(metric, &numbers(&case["first"]), &numbers(&case["second"]));
        let clusters = case["clusters"].as_str().map(|text| {
            let keys: Vec<&str> = text.split(' ').collect();
            Clusters::from_keys(&keys).unwrap()
        });
        let units = clusters.as_ref().map_or(Units::Rows, Units::Clusters);
        let seed = case["seed"].as_u64().unwrap();
        let expected = numbers(&case["replicates"]);
        let found = replicate_range(statistic.as_ref(), units, seed, 0..expected.len() as u64).unwrap();
        for (replicate, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let error = (found.unwrap() - expected).abs();
            assert!(
                error <= 1e-12 * expected.abs().max(1e-3),
                "{name}, replicate {replicate}"
            );
        }
        for (method, label) in [(IntervalMethod::Percentile, "percentile"), (IntervalMethod::Bca, "bca")] {
            for (level, percent) in [(0.95, "95"), (0.8, "80")] {
                let options = BootstrapOptions {
                    replicates: expected.len() as u64,
                    seed,
                    level,
                    method,
                };
                let result = bootstrap(statistic.as_ref(), units, options).unwrap();
                let ends = numbers(&case[format!("{label}_{percent}").as_str()]);
                // BCa passes through the jackknife's third moment: a few digits fewer than the replicates.
                assert_close(
                    result.interval.low,
                    ends[0],
                    1e-10,
                    &format!("{name}, {label} {percent} low"),
                );
                assert_close(
                    result.interval.high,
                    ends[1],
                    1e-10,
                    &format!("{name}, {label} {percent} high"),
                );
                assert_close(result.standard_error, number(&case["standard_error"]), 1e-11, &name);
                assert_eq!(result.undefined, 0);
            }
        }
    }
}

#[test]
fn bootstrap_agrees_with_scipy_on_its_own_draws() {
    let oracle = fixture("bootstrap");
    let case = &oracle["scipy_draws"];
    let statistic = Pearson::new(&numbers(&case["x"]), &numbers(&case["y"])).unwrap();
    let options = BootstrapOptions {
        replicates: case["replicates"].as_u64().unwrap(),
        ..Default::default()
    };
    let result = bootstrap(&statistic, Units::Rows, options).unwrap();
    let ends = numbers(&case["bca_95"]);
    let standard_error = number(&case["standard_error"]);
    // A 2.5 % quantile of 20,000 normal replicates has a Monte-Carlo error of sqrt(0.025 * 0.975 / 20,000) / 0.0584 =
    // 0.019 standard errors, two of them differ by 0.027; five of those.
    let allowed = 0.13 * standard_error;
    assert!(
        (result.interval.low - ends[0]).abs() < allowed,
        "{:?} {ends:?}",
        result.interval
    );
    assert!(
        (result.interval.high - ends[1]).abs() < allowed,
        "{:?} {ends:?}",
        result.interval
    );
    assert!((result.standard_error / standard_error - 1.0).abs() < 0.03);
}

fn alternatives() -> [Alternative; 2] {
    [Alternative::TwoSided, Alternative::Greater]
}

#[test]
fn family_counts_equal_those_made_with_scipy_and_numpy() {
    let oracle = fixture("permutation");
    let measured = numbers(&oracle["measured"]);
    let tracks: Vec<Vec<f64>> = items(&oracle["tracks"]).iter().map(numbers).collect();
    let tracks: Vec<&[f64]> = tracks.iter().map(Vec::as_slice).collect();
    let seed = oracle["seed"].as_u64().unwrap();
    let permutations = oracle["permutations"].as_u64().unwrap();
    let families = [
        ("pearson", TrackFamily::pearson(&measured, &tracks)),
        ("spearman", TrackFamily::spearman(&measured, &tracks)),
    ];
    for (name, family) in families {
        let family = family.unwrap();
        let expected = numbers(&oracle["families"][format!("{name} observed").as_str()]);
        for (found, expected) in family.observed().iter().zip(expected) {
            assert_close(found.unwrap(), expected, 1e-12, name);
        }
        for alternative in alternatives() {
            let counts = family.exceedances(alternative, seed, 0..permutations);
            let expected = &oracle["families"][format!("{name} {}", alternative.name()).as_str()];
            let expected =
                |key: &str| -> Vec<Option<u64>> { items(&expected[key]).iter().map(Value::as_u64).collect() };
            assert_eq!(counts.own, expected("own"), "{name} {alternative:?}");
            assert_eq!(counts.family, expected("family"), "{name} {alternative:?}");
        }
    }
}

#[test]
fn permutations_are_those_of_numpys_generator() {
    let oracle = fixture("permutation");
    let expected: Vec<u32> = oracle["first_order"]
        .as_str()
        .unwrap()
        .split(' ')
        .map(|row| row.parse().unwrap())
        .collect();
    let mut found = Vec::new();
    permutation_range(expected.len(), oracle["seed"].as_u64().unwrap(), 0..1, |order| {
        found = order.to_vec();
        0.0
    })
    .unwrap();
    assert_eq!(found, expected);
}

#[test]
fn sampled_permutations_approach_the_exact_p_value() {
    let oracle = fixture("permutation");
    let (x, y) = (numbers(&oracle["small_x"]), numbers(&oracle["small_y"]));
    let null = permutation_range(x.len(), 1, 0..20_000, |order| {
        let shuffled: Vec<f64> = order.iter().map(|&row| y[row as usize]).collect();
        pearson(&x, &shuffled).unwrap()
    })
    .unwrap();
    for alternative in alternatives() {
        let exact = number(&oracle["exact_p"][alternative.name()]);
        let found = permutation_p_value(pearson(&x, &y).unwrap(), &null, alternative).unwrap();
        // Five binomial standard errors, and the 1 in 20,001 that the floor adds.
        let allowed = 5.0 * (exact * (1.0 - exact) / 20_000.0).sqrt() + 1.0 / 20_001.0;
        assert!((found - exact).abs() < allowed, "{alternative:?}: {found} {exact}");
    }
}

#[test]
fn false_discovery_rates_equal_scipy() {
    let oracle = fixture("permutation");
    let found = benjamini_hochberg(&numbers(&oracle["p_values"])).unwrap();
    for (found, expected) in found.into_iter().zip(numbers(&oracle["benjamini_hochberg"])) {
        assert_close(found, expected, 1e-14, "adjusted p");
    }
}

#[test]
fn normal_distribution_equals_mpmath_and_scipy() {
    let oracle = fixture("distribution");
    let normal = &oracle["normal"];
    let expected = numbers(&normal["cdf_exact"])
        .into_iter()
        .zip(numbers(&normal["cdf_scipy"]));
    for (x, (exact, scipy)) in numbers(&normal["x"]).into_iter().zip(expected) {
        assert_close(normal_cdf(x), exact, 1e-14, &format!("distribution function at {x}"));
        assert_close(normal_cdf(x), scipy, 1e-12, &format!("distribution function at {x}"));
    }
    let quantiles = numbers(&normal["quantile_scipy"]);
    for (probability, expected) in numbers(&normal["probability"]).into_iter().zip(quantiles) {
        let found = normal_quantile(probability).unwrap();
        assert!(
            (found - expected).abs() <= 1e-14 * expected.abs().max(0.01),
            "quantile at {probability}"
        );
    }
}

#[test]
fn fisher_intervals_equal_scipy() {
    let oracle = fixture("distribution");
    for case in items(&oracle["fisher"]) {
        let rows = case["rows"].as_u64().unwrap() as usize;
        let interval = fisher_interval(number(&case["r"]), rows, number(&case["level"])).unwrap();
        let ends = numbers(&case["interval"]);
        assert_close(interval.low, ends[0], 1e-12, "low");
        assert_close(interval.high, ends[1], 1e-12, "high");
    }
}

#[test]
fn detectable_correlations_have_the_power_asked_for() {
    let oracle = fixture("distribution");
    for case in items(&oracle["power"]) {
        let rows = case["rows"].as_u64().unwrap() as usize;
        let power = number(&case["power"]);
        let found = smallest_detectable_correlation(rows, number(&case["alpha"]), power).unwrap();
        assert_close(found, number(&case["r"]), 1e-12, "r");
        // The documented excess: 0.05 at 10 rows, 0.02 at 30, 0.005 at 100.
        let excess = number(&case["exact_power"]) - power;
        let allowed = match rows {
            100.. => 0.005,
            30.. => 0.02,
            _ => 0.05,
        };
        assert!((0.0..allowed).contains(&excess), "{rows} rows: {excess}");
    }
}

#[test]
fn quantiles_equal_numpy() {
    let oracle = fixture("distribution");
    let case = &oracle["quantiles"];
    let values = numbers(&case["values"]);
    for (fraction, expected) in numbers(&case["at"]).into_iter().zip(numbers(&case["expected"])) {
        assert_close(quantile(&values, fraction).unwrap(), expected, 1e-14, "quantile");
    }
}

#[test]
fn random_streams_equal_numpys_philox() {
    let oracle = fixture("distribution");
    for case in items(&oracle["streams"]) {
        let (seed, replicate) = (case["seed"].as_u64().unwrap(), case["replicate"].as_u64().unwrap());
        let mut stream = RandomStream::new(seed, Purpose::Sampling, replicate);
        for word in items(&case["words"]) {
            assert_eq!(stream.next_u64().to_string(), word.as_str().unwrap());
        }
    }
    for case in items(&oracle["below"]) {
        let bound = case["bound"].as_u64().unwrap();
        let mut stream = RandomStream::new(21, Purpose::Sampling, bound);
        for drawn in items(&case["drawn"]) {
            assert_eq!(
                Some(u64::from(stream.below(bound as u32))),
                drawn.as_u64(),
                "below {bound}"
            );
        }
    }
}
