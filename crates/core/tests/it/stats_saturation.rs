//! The statistics of saturation and calibration against scipy, statsmodels and published tables; see
//! `tests/data/stats/README.md`.

use crate::stats_oracle::{assert_close, fixture, fractions, items, number, numbers};
use crate::stats_validation::shared_data;
use refalt_core::stats::*;
use serde_json::Value;

#[track_caller]
fn assert_near(found: f64, expected: f64, absolute: f64, what: &str) {
    assert!(
        (found - expected).abs() <= absolute,
        "{what}: found {found}, expected {expected}"
    );
}

#[test]
fn the_chance_of_a_distance_is_that_of_scipy() {
    let oracle = &fixture("saturation")["kolmogorov"];
    for (x, expected) in numbers(&oracle["x"]).into_iter().zip(numbers(&oracle["survival"])) {
        assert_near(
            kolmogorov_survival(x),
            expected,
            1e-14 + 1e-12 * expected,
            &format!("x {x}"),
        );
    }
}

#[test]
fn intervals_of_differences_of_shares_are_those_of_statsmodels() {
    for case in items(&fixture("saturation")["differences"]) {
        let pair = |value: &Value| (value[0].as_u64().unwrap(), value[1].as_u64().unwrap());
        let found = share_difference_interval(pair(&case["first"]), pair(&case["second"]), 0.95).unwrap();
        assert_near(found.low, number(&case["low"]), 1e-12, "low");
        assert_near(found.high, number(&case["high"]), 1e-12, "high");
    }
}

const ROWS: usize = 1_000;

/// The sample that `make_saturation_oracle.py` also draws.
fn tracks(case: &Value) -> Vec<Vec<f64>> {
    let normal = |stream: u64| -> Vec<f64> {
        let fractions = fractions(61, stream, ROWS).into_iter();
        fractions.map(|u| normal_quantile(u.max(1e-16)).unwrap()).collect()
    };
    let (of_all, of_block) = (number(&case["of_all"]), number(&case["of_block"]));
    let (count, block) = (case["count"].as_u64().unwrap(), case["block"].as_u64().unwrap());
    let shared = normal(0);
    let mut columns: Vec<Vec<f64>> = (0..count)
        .map(|track| {
            let (own, of) = (normal(100 + track), normal(50 + track / block));
            let value = |row: usize| {
                of_all.sqrt() * shared[row] + of_block.sqrt() * of[row] + (1.0 - of_all - of_block).sqrt() * own[row]
            };
            (0..ROWS).map(value).collect()
        })
        .collect();
    columns[0].iter_mut().for_each(|value| *value = value.exp());
    // As numpy rounds to a decimal: to even.
    columns[1]
        .iter_mut()
        .for_each(|value| *value = (*value * 10.0).round_ties_even() / 10.0);
    columns
}

#[test]
fn the_null_of_correlated_tracks_is_the_multivariate_normal_integral() {
    const DRAWS: u64 = 20_000;
    for case in items(&fixture("saturation")["copulas"]) {
        let columns = tracks(case);
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let copula = TrackCopula::new(&slices).unwrap();
        let mean = copula.mean_correlation().unwrap();
        // Scores are held in 32 bits.
        assert_near(mean, number(&case["mean_correlation"]), 1e-6, "mean correlation");
        assert_close(
            copula.effective_tracks(),
            number(&case["effective_tracks"]),
            1e-5,
            "effective tracks",
        );
        for (name, of) in [("magnitude", MaximumOf::Magnitude), ("signed", MaximumOf::Signed)] {
            let maxima = copula.maxima(of, 5, 0..DRAWS);
            for (t, expected) in numbers(&case["thresholds"]).into_iter().zip(numbers(&case[name])) {
                let share = maxima.iter().filter(|&&q| q >= t).count() as f64 / DRAWS as f64;
                // Four binomial standard errors, and scipy's own 1e-5.
                let error = 4.0 * (expected * (1.0 - expected) / DRAWS as f64).sqrt() + 1e-5;
                assert_near(share, expected, error, &format!("{name} {t}"));
            }
        }
    }
}

#[test]
fn bins_of_the_outcome_and_their_null_are_those_of_scipy() {
    let oracle = &fixture("saturation")["bins"];
    let rows = oracle["rows"].as_u64().unwrap() as usize;
    let normal = |stream: u64| -> Vec<f64> {
        let fractions = fractions(62, stream, rows).into_iter();
        fractions.map(|u| normal_quantile(u.max(1e-16)).unwrap()).collect()
    };
    let measured: Vec<f64> = normal(0).iter().map(|z| 0.17 * z).collect();
    let predicted: Vec<f64> = measured
        .iter()
        .zip(normal(1))
        .map(|(y, e)| 0.4 * y / 0.17 + e)
        .collect();
    let options = OutcomeBinOptions {
        draws: 4_000,
        ..OutcomeBinOptions::default()
    };
    let bins = outcome_bins(&predicted, &measured, &numbers(&oracle["edges"]), options).unwrap();
    let column = |name: &str| numbers(&oracle[name]);
    let (spearman, expected, sd) = (column("spearman"), column("expected"), column("sd"));
    let (low, high) = (column("low"), column("high"));
    for (place, bin) in bins.iter().enumerate() {
        assert_eq!(bin.rows.len() as u64, oracle["n"][place].as_u64().unwrap());
        assert_near(bin.spearman.unwrap(), spearman[place], 1e-12, "Spearman");
        // Both sides drew 4,000: the means differ by sd sqrt(2 / 4,000), the ends of the range by about 2.7 times as much
        // (a quantile at 0.025 has the standard error 2.67 sd / sqrt(draws)).
        let error = 4.0 * sd[place] * (2.0f64 / 4_000.0).sqrt();
        assert_near(bin.expected.unwrap(), expected[place], error, "expected");
        let range = bin.expected_interval.unwrap();
        assert_near(range.low, low[place], 2.7 * error, "low");
        assert_near(range.high, high[place], 2.7 * error, "high");
    }
}

/// The rows of a table of the data that do not ship, by column; quoted cells may hold commas.
#[allow(clippy::print_stdout, reason = "a skipped test says so")]
fn published(path: &str) -> Option<Vec<std::collections::BTreeMap<String, String>>> {
    let Some(text) = shared_data(path) else {
        println!("skipped: `{path}` does not ship; set REFALT_SHARED to the folder that holds it");
        return None;
    };
    let cells = |line: &str| -> Vec<String> {
        let mut cells = vec![String::new()];
        let mut is_quoted = false;
        for letter in line.chars() {
            match letter {
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => cells.push(String::new()),
                other => cells.last_mut().unwrap().push(other),
            }
        }
        cells
    };
    let mut lines = text.lines();
    let header = cells(lines.next()?);
    Some(
        lines
            .map(|line| header.iter().cloned().zip(cells(line)).collect())
            .collect(),
    )
}

/// The two-sided p of a correlation by Student's t, as scipy's `spearmanr` gives it.
fn p_of(rho: f64, n: f64) -> f64 {
    student_t_two_sided(rho * ((n - 2.0) / (1.0 - rho * rho)).sqrt(), n - 2.0).unwrap()
}

#[test]
fn published_p_values_follow_from_published_correlations() {
    let mut checked = 0;
    for (path, rho, p, n) in [
        ("matched_calibration_comparison.csv", "spearman_r", "p_value", "n"),
        ("mean_aggregation_comparison.csv", "spearman_r", "p_value", "n"),
        ("matched_recipes_comparison.csv", "spearman_r", "spearman_p", "tewhey_n"),
    ] {
        let Some(rows) = published(&format!("saturation_study2/{path}")) else {
            return;
        };
        for row in rows {
            let number = |column: &str| row[column].parse::<f64>();
            let (Ok(rho), Ok(p), Ok(n)) = (number(rho), number(p), number(n)) else {
                // The median recipe has no variants.
                assert_eq!(row["recipe"], "median");
                continue;
            };
            assert_close(p_of(rho, n), p, 1e-9, path);
            // The published interval is a bootstrap's; the closed form of ranks lies within 0.005 of it.
            let low = row
                .get("ci_lo")
                .or(row.get("spearman_ci_lo"))
                .unwrap()
                .parse::<f64>()
                .unwrap();
            let high = row
                .get("ci_hi")
                .or(row.get("spearman_ci_hi"))
                .unwrap()
                .parse::<f64>()
                .unwrap();
            let closed = spearman_interval(rho, n as usize, 0.95).unwrap();
            assert_near(closed.low, low, 0.006, "low");
            assert_near(closed.high, high, 0.006, "high");
            checked += 1;
        }
    }
    assert_eq!(checked, 8);
}

#[test]
fn published_shares_are_whole_counts_and_a_matched_quantile_ranks_as_the_raw_score_does() {
    let Some(rows) = published("saturation_study2/matched_recipes_comparison.csv") else {
        return;
    };
    let row = &rows[0];
    let number = |column: &str| row[column].parse::<f64>().unwrap();
    // 76 and 25 of 5,933 variants; 1,681, 420 and 4 of 3,275.
    for (share, n, count) in [
        ("null_abs_gt_0_5", "null_n", 76.0),
        ("null_abs_gt_0_9", "null_n", 25.0),
        ("tewhey_q_abs_gt_0_5", "tewhey_n", 1_681.0),
        ("tewhey_q_abs_gt_0_9", "tewhey_n", 420.0),
        ("tewhey_q_exact_1", "tewhey_n", 4.0),
    ] {
        assert_near(number(share) * number(n), count, 1e-6, share);
    }
    let rows = published("saturation_study2/matched_calibration_comparison.csv").unwrap();
    let rho = |row: usize| rows[row]["spearman_r"].parse::<f64>().unwrap();
    // The phred of a matched quantile is a monotone map of it, and the quantile one of the raw score, ties apart.
    assert_eq!(rho(1), rho(2));
    assert_near(rho(1), rho(3), 2e-5, "matched and raw");
}

#[test]
fn the_published_bins_have_the_intervals_of_their_n() {
    // The bin of 15 variants that the study calls its strongest: 0.614, with 0.10 to 0.87 around it.
    let interval = spearman_interval(0.614, 15, 0.95).unwrap();
    assert_near(interval.low, 0.10, 0.005, "low");
    assert_near(interval.high, 0.87, 0.005, "high");
    let Some(rows) = published("saturation_study2/lfc_bin_comparison.csv") else {
        return;
    };
    let sum = |column: &str| rows.iter().map(|row| row[column].parse::<u64>().unwrap()).sum::<u64>();
    assert_eq!((sum("orig_quantile_n"), sum("raw_matched_n")), (3_259, 3_275));
    for row in &rows {
        let (r, n): (f64, usize) = (
            row["orig_quantile_r"].parse().unwrap(),
            row["orig_quantile_n"].parse().unwrap(),
        );
        // Only the two bins of |LFC| of 0.2 and more exclude 0 for the quantile.
        let interval = spearman_interval(r, n, 0.95).unwrap();
        assert_eq!(interval.low > 0.0, r > 0.18 && n > 200, "{row:?} {interval:?}");
    }
}

#[test]
fn the_labels_of_the_study_come_out_of_its_counts() {
    let Some(text) = shared_data("tewhey2016_mpra/gse75661_7p5k_na12878_allele_counts.tsv") else {
        println!("skipped: the counts do not ship; set REFALT_SHARED to the folder that has `tewhey2016_mpra`");
        return;
    };
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split('\t').collect();
    // Pairs named by rsID; counts per million of a replicate are over both alleles of these.
    let rows: Vec<Vec<&str>> = lines
        .map(|line| line.split('\t').collect::<Vec<&str>>())
        .filter(|row| row[0].starts_with("rs"))
        .collect();
    assert_eq!(header[0], "eid");
    let value = |row: &[&str], column: &str| -> f64 {
        let place = header.iter().position(|name| *name == column).unwrap();
        row[place].parse().unwrap()
    };
    let columns = |what: &str, allele: &str| -> Vec<String> {
        (1..=5)
            .map(|replicate| format!("{what}_allele_{allele}_{replicate}"))
            .collect()
    };
    let totals = |what: &str| -> Vec<f64> {
        let of = |replicate: usize| {
            let names = [&columns(what, "A")[replicate], &columns(what, "B")[replicate]];
            rows.iter()
                .map(|row| names.iter().map(|name| value(row, name)).sum::<f64>())
                .sum::<f64>()
        };
        (0..5).map(of).collect()
    };
    let (dna, rna) = (totals("DNA"), totals("RNA"));
    let mean = |row: &[&str], what: &str, allele: &str, totals: &[f64]| -> f64 {
        let names = columns(what, allele);
        let cpm = names
            .iter()
            .zip(totals)
            .map(|(name, total)| value(row, name) / total * 1e6);
        cpm.sum::<f64>() / 5.0
    };
    let activity = |row: &[&str], allele: &str| {
        ((mean(row, "RNA", allele, &rna) + 1.0) / (mean(row, "DNA", allele, &dna) + 1.0)).log2()
    };
    let changes: Vec<f64> = rows.iter().map(|row| activity(row, "B") - activity(row, "A")).collect();
    let n = changes.len() as f64;
    let mean = changes.iter().sum::<f64>() / n;
    let sd = (changes.iter().map(|change| (change - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let small = changes.iter().filter(|change| change.abs() < 0.1).count() as f64 / n;
    println!("{n} pairs, sd {sd:.6}, share below 0.1 {small:.6}");
    assert_eq!(n, 3_431.0);
    assert_near(sd, 0.171_287, 5e-7, "sd");
    assert_near(small, 0.739_143, 5e-7, "share of small changes");
}
