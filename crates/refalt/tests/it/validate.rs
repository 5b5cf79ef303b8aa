//! Validation: the join, the numbers, the ranks, the refusals, on the shipped TERT measurements.

#[path = "validate/run.rs"]
pub(crate) mod run;

use refalt::core::Variant;
use refalt::diagnostic::Diagnostic;
use refalt::measured::EffectAllele;
use refalt::provenance::FileIdentity;
use refalt::validate::{
    AnalysisColumns, LabelRule, MetricRow, NamedVariant, TruthColumns, TruthRow, ValidateError, ValidateInput,
    ValidateOptions, Validation, validate,
};
use run::{ACTIVITY, Damaged, SIGNED, Scores, UNSIGNED, reference, reference_file, repository, score, snv};
use serde_json::Value;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::OnceLock;
use tempfile::TempDir;

fn columns() -> TruthColumns {
    TruthColumns {
        effect: "effect_log2".to_owned(),
        effect_allele: None,
        experiment: Some("experiment".to_owned()),
        gene: None,
        keep: vec!["barcodes>=10".parse().unwrap()],
        labels: vec![
            LabelRule::Magnitude(0.5),
            LabelRule::Column("p_value<1e-5".parse().unwrap()),
        ],
        analysis: AnalysisColumns::default(),
    }
}

/// Reads the shipped measurements.
fn tert_truth() -> Vec<TruthRow> {
    let text = std::fs::read_to_string(repository("studies/tert/tert_satmut_snv_grch38.tsv")).unwrap();
    let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let wanted: Vec<usize> = columns()
        .names()
        .iter()
        .map(|name| header.iter().position(|column| column == name).unwrap())
        .collect();
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

fn named() -> Vec<NamedVariant> {
    let variant = |name: &str, variant: Variant| NamedVariant {
        name: name.to_owned(),
        variant: Ok(variant),
    };
    vec![
        variant("C228T", snv("chr5", 1_295_113, "G", "A")),
        variant("C250T", snv("5", 1_295_135, "G", "A")),
        variant("C228T at the hg19 number", snv("chr5", 1_295_228, "C", "T")),
        variant("rs2853669", snv("chr5", 1_295_234, "A", "G")),
    ]
}

fn options() -> ValidateOptions {
    ValidateOptions {
        permutations: 99,
        replicates: 200,
        seed: 11,
        top_tracks: 2,
        shown_tracks: 1,
        tracks: vec!["tf_tied".to_owned()],
        ..ValidateOptions::default()
    }
}

/// The folder of a run with the fixture's scores by three scorers, made once.
fn fixture_run() -> &'static Path {
    static RUN: OnceLock<TempDir> = OnceLock::new();
    let folder = RUN.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        score(folder.path(), &Scores::of_fixture(), &[SIGNED, UNSIGNED, ACTIVITY]);
        folder
    });
    folder.path()
}

fn validate_rows(
    run: &Path,
    truth: Vec<TruthRow>,
    columns: &TruthColumns,
    options: &ValidateOptions,
    threads: usize,
) -> Result<Validation, ValidateError> {
    let input = ValidateInput {
        run,
        against: &[],
        reference: &reference(),
        reference_file: &reference_file(),
        truth_file: &FileIdentity {
            name: "tert_satmut_snv_grch38.tsv".to_owned(),
            bytes: 1,
            sha256: "02".to_owned(),
        },
        columns,
        named: &named(),
        named_file: None,
        genes: None,
    };
    validate(&input, truth.into_iter().map(Ok::<_, Damaged>), options, threads)
}

/// The validation of the fixture, made once.
fn fixture() -> &'static Validation {
    static FOUND: OnceLock<Validation> = OnceLock::new();
    FOUND.get_or_init(|| validate_rows(fixture_run(), tert_truth(), &columns(), &options(), 2).unwrap())
}

fn row<'a>(rows: &'a [MetricRow], experiment: &str, name: &str, metric: &str, compared: &str) -> &'a MetricRow {
    let mut found = rows.iter().filter(|row| {
        let scorer = row.scorer.as_deref().unwrap_or(SIGNED);
        (
            row.experiment.as_str(),
            row.name.as_str(),
            row.metric,
            row.compared.as_str(),
            scorer,
        ) == (experiment, name, metric, compared, SIGNED)
    });
    let row = found
        .next()
        .unwrap_or_else(|| panic!("no row {experiment} {name} {metric} {compared}"));
    assert!(found.next().is_none());
    row
}

#[test]
fn measured_ranks_of_the_hotspots_are_the_published_ones() {
    let rank = |experiment: &str, name: &str| {
        let rows = &fixture().ranks;
        let is_it = |row: &&refalt::validate::RankRow| {
            (row.by, row.experiment.as_str(), row.name.as_str()) == ("measured", experiment, name)
        };
        let row = rows.iter().find(is_it).unwrap();
        (row.rank.unwrap(), row.of, row.tied_with.unwrap())
    };
    // Known answers of studies/tert/README.md.
    for experiment in ["TERT-HEK", "TERT-GBM"] {
        assert_eq!(rank(experiment, "C228T"), (1, 770, 0));
        assert_eq!(rank(experiment, "C250T"), (2, 770, 0));
    }
    assert_eq!(rank("TERT-HEK", "C228T at the hg19 number"), (667, 770, 0));
    assert_eq!(rank("TERT-GBM", "C228T at the hg19 number"), (581, 770, 0));
}

#[test]
fn the_ceiling_between_experiments_is_the_published_one() {
    let rows = &fixture().metrics;
    let check = |first: &str, second: &str, metric: &str, n: usize, expected: f64| {
        for (experiment, other) in [(first, second), (second, first)] {
            let row = row(rows, experiment, other, metric, "signed");
            assert_eq!(row.n, n);
            assert!((row.value.unwrap() - expected).abs() < 5e-7, "{row:?}");
            assert!(row.low.unwrap() < expected && expected < row.high.unwrap());
        }
    };
    check("TERT-HEK", "TERT-GBM", "pearson", 770, 0.758517);
    check("TERT-HEK", "TERT-GBM", "spearman", 770, 0.591755);
    check("TERT-GBM", "TERT-GSc", "pearson", 769, 0.935248);
    check("TERT-GBM", "TERT-GSc", "spearman", 769, 0.880070);
    // The best other experiment is the ceiling of every prediction.
    let prediction = row(rows, "TERT-HEK", "related", "pearson", "signed");
    let share = prediction.share_of_ceiling.unwrap();
    assert!((prediction.ceiling.unwrap() - 0.758517).abs() < 5e-7);
    assert!((share - prediction.value.unwrap() / 0.7585173163692415).abs() < 1e-12);
}

#[test]
fn every_metric_and_p_value_equals_scipy_and_scikit_learn() {
    let expected: Value =
        serde_json::from_slice(include_bytes!("../../../../tests/data/validate/expected.json")).unwrap();
    // Each row by itself: rows are then what is permuted.
    let by_rows = ValidateOptions {
        block_bp: None,
        replicates: 0,
        ..options()
    };
    let found = validate_rows(fixture_run(), tert_truth(), &columns(), &by_rows, 2).unwrap();
    let rows = &found.metrics;
    let number = |value: &Value| value.as_f64().unwrap();
    let mut compared = 0;
    for (experiment, expected) in expected["experiments"].as_object().unwrap() {
        for (predictor, values) in expected["values"].as_object().unwrap() {
            let name = predictor.split_once(' ').unwrap().1;
            // The mean is not among the default summaries.
            if name == "mean" {
                continue;
            }
            for (measure, value) in values.as_object().unwrap() {
                let (metric, side) = measure.split_once(' ').unwrap();
                let found = row(rows, experiment, name, metric, side);
                if name == "mean_abs" && side == "signed" {
                    assert_eq!(found.value, None);
                    continue;
                }
                let difference = (found.value.unwrap() - number(value)).abs();
                assert!(difference < 1e-10, "{experiment} {predictor} {measure}: {difference}");
                assert_eq!(found.n as u64, expected["counts"][predictor].as_u64().unwrap());
                compared += 1;
            }
        }
        for kind in ["track", "summary"] {
            for (measure, values) in expected["p"][kind].as_object().unwrap() {
                let (metric, side) = measure.split_once(' ').unwrap();
                for (name, values) in values.as_object().unwrap() {
                    let found = row(rows, experiment, name, metric, side);
                    if found.value.is_none() {
                        continue;
                    }
                    let p = [found.p, found.p_adjusted, found.p_rotation, found.p_rotation_adjusted];
                    // `mean_abs` has no direction and so is no member of the signed family.
                    let is_other_family = kind == "summary" && side == "signed";
                    for (place, (found, expected)) in p.iter().zip(values.as_array().unwrap()).enumerate() {
                        if is_other_family && place % 2 == 1 {
                            continue;
                        }
                        let difference = (found.unwrap() - number(expected)).abs();
                        assert!(
                            difference < 1e-12,
                            "{experiment} {name} {measure} {place}: {found:?} {expected}"
                        );
                        compared += 1;
                    }
                }
            }
        }
        for (measure, values) in expected["p_alone"].as_object().unwrap() {
            let (metric, side) = measure.split_once(' ').unwrap();
            for (name, value) in values.as_object().unwrap() {
                let found = row(rows, experiment, name, metric, side);
                if found.value.is_some() {
                    assert!(
                        (found.p.unwrap() - number(value)).abs() < 1e-12,
                        "{experiment} {name} {measure}"
                    );
                    compared += 1;
                }
            }
        }
        for (measure, value) in expected["gaps_p"].as_object().unwrap() {
            let (metric, side) = measure.split_once(' ').unwrap();
            let found = row(rows, experiment, "gaps", metric, side);
            assert!(
                (found.p.unwrap() - number(value)).abs() < 1e-12,
                "{experiment} gaps {measure}"
            );
            assert_eq!((found.p_adjusted, found.p_rotation), (None, None));
        }
        for (name, value) in expected["q_pearson_signed"].as_object().unwrap() {
            let found = row(rows, experiment, name, "pearson", "signed");
            assert!((found.q.unwrap() - number(value)).abs() < 1e-12, "{experiment} {name}");
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn intervals_equal_those_of_scipy_over_whole_positions() {
    let expected: Value =
        serde_json::from_slice(include_bytes!("../../../../tests/data/validate/expected.json")).unwrap();
    for (measure, ends) in expected["experiments"]["TERT-HEK"]["intervals"].as_object().unwrap() {
        let (metric, side) = measure.split_once(' ').unwrap();
        let found = row(&fixture().metrics, "TERT-HEK", "sum", metric, side);
        assert_eq!(found.interval, Some("bca"));
        for (found, expected) in [found.low, found.high].iter().zip(ends.as_array().unwrap()) {
            let difference = (found.unwrap() - expected.as_f64().unwrap()).abs();
            assert!(difference < 1e-9, "{measure}: {found:?} {expected}");
        }
    }
}

#[test]
fn rows_say_how_their_interval_was_made() {
    let rows = &fixture().metrics;
    let method = |name: &str, metric: &str| row(rows, "TERT-HEK", name, metric, "signed").interval;
    // Asked for by transcription factor; among the two best; neither.
    assert_eq!(method("tied", "pearson"), Some("bca"));
    assert_eq!(method("gaps", "spearman"), Some("bca"));
    assert_eq!(method("noise1", "pearson"), Some("fisher"));
    assert_eq!(method("noise1", "spearman"), Some("bonett_wright"));
    assert_eq!(method("noise1", "sign_accuracy"), None);
}

#[test]
fn kinds_of_scores_are_not_mixed() {
    let rows = &fixture().metrics;
    let of = |scorer: &str, side: &str| -> Vec<&MetricRow> {
        rows.iter()
            .filter(|row| row.scorer.as_deref() == Some(scorer) && row.compared == side)
            .collect()
    };
    // A recommended scorer goes by its name.
    for scorer in [UNSIGNED, "CHIP_TF_ACTIVE"] {
        for row in of(scorer, "signed") {
            assert_eq!(row.value, None, "{row:?}");
            assert!(row.note.as_deref().unwrap().contains("no direction"), "{row:?}");
        }
        assert!(of(scorer, "magnitude").iter().any(|row| row.value.is_some()));
    }
    assert_eq!(
        of("CHIP_TF_ACTIVE", "signed")[0].score_kind.as_deref(),
        Some("activity")
    );
    let constant = row(rows, "TERT-HEK", "constant", "pearson", "signed");
    assert_eq!(constant.value, None);
    assert_eq!(constant.note.as_deref(), Some("all `770` values of `x` are equal"));
    assert_eq!(constant.p, None);
}

/// Two positions of the slice with their bases: 1295113 G and 1295135 G.
fn small_scores() -> Scores {
    let scored = |position, alternate, score: f32| (snv("chr5", position, "G", alternate), vec![score, -score]);
    Scores {
        tracks: vec!["up".to_owned(), "down".to_owned()],
        variants: vec![
            scored(1_295_113, "A", 2.0),
            scored(1_295_113, "T", 0.5),
            scored(1_295_135, "A", 1.5),
            scored(1_295_135, "C", 0.25),
            // REF does not match: the row is not scored.
            (snv("chr5", 1_295_136, "G", "T"), vec![1.0, 1.0]),
        ],
    }
}

fn small_columns() -> TruthColumns {
    TruthColumns {
        effect: "effect".to_owned(),
        effect_allele: None,
        experiment: None,
        gene: None,
        keep: Vec::new(),
        labels: Vec::new(),
        analysis: AnalysisColumns::default(),
    }
}

fn truth_row(line: u64, variant: Variant, effect: &str) -> TruthRow {
    TruthRow {
        line,
        text: variant.to_string(),
        variant: Ok(variant),
        cells: vec![Some(effect.to_owned())],
    }
}

fn small(truth: Vec<TruthRow>) -> Result<Validation, ValidateError> {
    let folder = tempfile::tempdir().unwrap();
    score(folder.path(), &small_scores(), &[SIGNED]);
    validate_rows(folder.path(), truth, &small_columns(), &ValidateOptions::default(), 1)
}

#[test]
fn another_base_at_the_same_position_does_not_join() {
    let found = small(vec![
        // By another name of the contig, and with a base that is not part of the change.
        truth_row(2, snv("5", 1_295_113, "G", "A"), "1.0"),
        truth_row(3, snv("chr5", 1_295_134, "GG", "GA"), "0.5"),
        // Scored are G>A and G>T; scored are G>A and G>C.
        truth_row(4, snv("chr5", 1_295_113, "G", "C"), "9.0"),
        truth_row(5, snv("chr5", 1_295_135, "G", "T"), "9.0"),
    ])
    .unwrap();
    let join = &found.join;
    assert_eq!((join.scored, join.joined), (4, 2));
    let experiment = &join.experiments[0];
    assert_eq!(
        (experiment.measured, experiment.joined, experiment.not_measured),
        (4, 2, 2)
    );
    assert_eq!(experiment.not_scored, BTreeMap::from([("not_in_run".to_owned(), 2)]));
    let joined: Vec<(String, Option<f64>)> = found
        .joined
        .variants
        .iter()
        .map(|row| (row.variant.to_string(), row.measured[0]))
        .collect();
    let expected = [("chr5:1295113:G>A", 1.0), ("chr5:1295135:G>A", 0.5)];
    assert_eq!(
        joined,
        expected.map(|(variant, effect)| (variant.to_owned(), Some(effect)))
    );
}

#[test]
fn swapped_alleles_are_rejected_and_not_turned() {
    let found = small(vec![
        truth_row(2, snv("chr5", 1_295_113, "G", "A"), "1.0"),
        truth_row(3, snv("chr5", 1_295_135, "A", "G"), "-0.5"),
        truth_row(4, snv("chr5", 1_295_135, "C", "T"), "0.5"),
        truth_row(5, snv("chr5", 1_295_135, "G", "C"), "NA"),
        TruthRow {
            cells: vec![None],
            ..truth_row(6, snv("chr5", 1_295_113, "G", "T"), "")
        },
    ])
    .unwrap();
    let counts = &found.join.truth;
    let expected = ["effect_missing", "effect_not_number", "ref_mismatch", "swapped"];
    assert_eq!(counts.rejected, expected.map(|code| (code.to_owned(), 1)).into());
    assert_eq!((counts.rows, counts.used, found.join.joined), (5, 1, 1));
    let swapped = &counts.rejected_first[0];
    assert_eq!((swapped.line, swapped.code.as_str()), (3, "swapped"));
    assert!(
        swapped.reason.contains("with REF and ALT swapped it would match"),
        "{}",
        swapped.reason
    );
    // One variant correlates with nothing, and the reason is given.
    let pearson = &found.metrics[0];
    assert_eq!((pearson.n, pearson.value), (1, None));
    assert_eq!(pearson.note.as_deref(), Some("too few rows: `1`; at least `2` needed"));
}

#[test]
fn the_measurements_of_tert_are_refused_when_shifted_by_one() {
    // Positions are those of the table; the next one is another base.
    let shifted = || -> Vec<TruthRow> {
        let next = |mut row: TruthRow| {
            if let Ok(variant) = &mut row.variant {
                variant.position = refalt::core::Position::new(variant.position.one_based() + 1).unwrap();
            }
            row
        };
        tert_truth().into_iter().map(next).collect()
    };
    let allele = |effect_allele| TruthColumns {
        effect_allele,
        ..columns()
    };
    for named in [None, Some(EffectAllele::Alternate)] {
        let error = validate_rows(fixture_run(), shifted(), &allele(named), &options(), 2).unwrap_err();
        let ValidateError::NotOnThisGenome(found) = &error else {
            panic!("{error}");
        };
        assert!((found.neither + found.swapped) * 5 >= found.compared, "{found:?}");
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("refalt vet") && error.to_string().contains("shifted by one"),
            "{error} {hint}"
        );
    }
    // The right table passes: `fixture` is made of it.
    assert!(fixture().join.truth.rejected.is_empty());
}

#[test]
fn with_the_effect_allele_named_signs_follow_it_and_are_counted() {
    let columns = TruthColumns {
        effect_allele: Some(EffectAllele::Column("allele".to_owned())),
        ..small_columns()
    };
    assert_eq!(columns.names(), ["effect", "allele"]);
    let row = |line, variant, effect: &str, allele: &str| TruthRow {
        cells: vec![Some(effect.to_owned()), Some(allele.to_owned())],
        ..truth_row(line, variant, effect)
    };
    let folder = tempfile::tempdir().unwrap();
    score(folder.path(), &small_scores(), &[SIGNED]);
    let validated = |truth, columns: &TruthColumns| {
        validate_rows(folder.path(), truth, columns, &ValidateOptions::default(), 1).unwrap()
    };
    let found = validated(
        vec![
            // The genome has G at both places.
            row(2, snv("chr5", 1_295_113, "G", "A"), "1.0", "A"),
            row(3, snv("chr5", 1_295_113, "G", "T"), "0.25", "G"),
            row(4, snv("chr5", 1_295_135, "A", "G"), "-0.5", "G"),
            row(5, snv("chr5", 1_295_135, "C", "G"), "0.75", "C"),
            row(6, snv("chr5", 1_295_135, "C", "T"), "9", "T"),
            row(7, snv("chr5", 1_295_135, "G", "A"), "9", "T"),
        ],
        &columns,
    );
    let counts = &found.join.truth;
    assert_eq!((counts.rows, counts.used), (6, 4));
    let rejected = ["effect_allele_unknown", "neither_allele_reference"];
    assert_eq!(counts.rejected, rejected.map(|code| (code.to_owned(), 1)).into());
    let orientation = counts.orientation.as_ref().unwrap();
    assert_eq!(orientation.effect_allele, "allele");
    assert_eq!(
        (orientation.as_written, orientation.flipped, orientation.reordered),
        (1, 2, 1)
    );
    // C and G are complements.
    assert_eq!(orientation.palindromic, 1);
    let measured: Vec<(String, Option<f64>)> = found
        .joined
        .variants
        .iter()
        .map(|row| (row.variant.to_string(), row.measured[0]))
        .collect();
    let expected = [
        ("chr5:1295113:G>A", 1.0),
        ("chr5:1295113:G>T", -0.25),
        ("chr5:1295135:G>A", 0.5),
        ("chr5:1295135:G>C", 0.75),
    ];
    assert_eq!(
        measured,
        expected.map(|(variant, effect)| (variant.to_owned(), Some(effect)))
    );
    // The other allele turns every sign.
    let listed = |effect_allele| TruthColumns {
        effect_allele: Some(effect_allele),
        ..small_columns()
    };
    let of = |allele| {
        let rows = vec![truth_row(2, snv("chr5", 1_295_113, "G", "A"), "1.0")];
        validated(rows, &listed(allele)).joined.variants[0].measured[0]
    };
    assert_eq!(of(EffectAllele::Alternate), Some(1.0));
    assert_eq!(of(EffectAllele::Reference), Some(-1.0));
}

#[test]
fn a_variant_measured_twice_is_an_error_that_names_it() {
    let error = small(vec![
        truth_row(2, snv("chr5", 1_295_113, "G", "A"), "1.0"),
        truth_row(3, snv("chr5", 1_295_135, "G", "A"), "0.5"),
        truth_row(4, snv("5", 1_295_113, "G", "A"), "1.1"),
    ])
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "measured more than once in one experiment (1 in all): `chr5:1295113:G>A` in `effect` on lines 2, 4"
    );
    assert!(error.hint().unwrap().contains("--experiment COLUMN"));
}

#[test]
fn p_values_in_the_place_of_effects_are_an_error() {
    // Substitutions of 24 bases in a row; the values go from 1.5e-3 down to 1.5e-26.
    let fasta = std::fs::read_to_string(repository("studies/tert/chr5_1294490_1296547.fa")).unwrap();
    let bases: Vec<u8> = fasta.lines().skip(1).flat_map(str::bytes).collect();
    let rows = bases[500..524].iter().zip(0_u32..).map(|(base, index)| {
        let base = char::from(base.to_ascii_uppercase()).to_string();
        let other = if base == "A" { "C" } else { "A" };
        let variant = snv("chr5", 1_294_490 + 500 + index, &base, other);
        truth_row(2 + u64::from(index), variant, &format!("1.5e-{}", index + 3))
    });
    let error = small(rows.collect()).unwrap_err();
    assert!(error.to_string().contains("are p-values and no effects"), "{error}");
    assert!(error.hint().unwrap().contains("RF006"));
}

#[test]
fn a_table_that_joins_nothing_is_refused_with_the_reasons() {
    let error = small(vec![
        truth_row(2, snv("chr5", 1_295_113, "C", "T"), "1.0"),
        truth_row(3, snv("chr5", 1_295_135, "G", "T"), "1.0"),
    ])
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no measured variant has scores: of 2 rows of the truth table 1 are rejected (`ref_mismatch`), 1 of `effect` are \
         not in the run"
    );
    let error = small(Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no measured variant has scores: of 0 rows of the truth table none is left"
    );
}

#[test]
fn what_a_reader_says_is_passed_on() {
    let input = ValidateInput {
        run: fixture_run(),
        against: &[],
        reference: &reference(),
        reference_file: &reference_file(),
        truth_file: &reference_file(),
        columns: &columns(),
        named: &[],
        named_file: None,
        genes: None,
    };
    let error = validate(&input, [Err(Damaged)].into_iter(), &options(), 1).unwrap_err();
    assert_eq!(error.to_string(), "line 7 is damaged");
    assert_eq!(error.place().unwrap(), "truth.tsv, line 7");
}

#[test]
fn other_references_unfinished_runs_and_unknown_names_are_refused() {
    let other = FileIdentity {
        sha256: "ffff".to_owned(),
        ..reference_file()
    };
    let input = ValidateInput {
        run: fixture_run(),
        against: &[],
        reference: &reference(),
        reference_file: &other,
        truth_file: &other,
        columns: &columns(),
        named: &[],
        named_file: None,
        genes: None,
    };
    let none = || std::iter::empty::<Result<TruthRow, Damaged>>();
    let error = validate(&input, none(), &options(), 1).unwrap_err();
    assert!(error.to_string().contains("(SHA-256 32700870465f), here"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let error = validate_rows(empty.path(), Vec::new(), &columns(), &options(), 1).unwrap_err();
    assert!(matches!(error, ValidateError::NotFinished { .. }), "{error}");

    let refused = |options: ValidateOptions| {
        let error = validate_rows(fixture_run(), tert_truth(), &columns(), &options, 1).unwrap_err();
        let hint = refalt::Diagnostic::hint(&error).unwrap_or_default();
        assert!(refalt::Diagnostic::is_usage(&error), "{error}");
        format!("{error}; {hint}")
    };
    let unknown = |change: fn(&mut ValidateOptions)| {
        let mut options = options();
        change(&mut options);
        refused(options)
    };
    let message = unknown(|options| options.summaries = vec!["median".to_owned()]);
    assert!(message.starts_with("unknown summary `median`; "), "{message}");
    let message = unknown(|options| options.scorers = vec!["CHIP_TF".to_owned()]);
    assert!(
        message.starts_with("unknown scorer of the run `CHIP_TF`; is `CHIP_TF_ACTIVE`"),
        "{message}"
    );
    let message = unknown(|options| options.tracks = vec!["TF_noise".to_owned()]);
    assert!(
        message.contains("no exact match for `TF_noise`; nearest are TF_noise1 (1 track), TF_noise2 (1 track)"),
        "{message}"
    );
    let message = unknown(|options| options.tracks = vec!["tf=TF_noise1 & (".to_owned()]);
    assert!(message.contains("expected a condition"), "{message}");
    let message = unknown(|options| options.level = 95.0);
    assert!(message.contains("`level` is `95`"), "{message}");
}

#[test]
fn tracks_are_asked_for_by_name_or_by_selection() {
    let full = |tracks: &[&str]| {
        let options = ValidateOptions {
            tracks: tracks.iter().map(|text| (*text).to_owned()).collect(),
            permutations: 0,
            replicates: 200,
            top_tracks: 0,
            ..options()
        };
        let validation = validate_rows(fixture_run(), tert_truth(), &columns(), &options, 1).unwrap();
        let rows = validation.metrics.iter().filter(|row| row.predictor.name() == "track");
        let with_bootstrap = rows.filter(|row| {
            row.interval
                .is_some_and(|interval| interval.contains("bca") || interval.contains("bootstrap"))
        });
        let names: std::collections::BTreeSet<String> = with_bootstrap.map(|row| row.name.clone()).collect();
        (
            names.into_iter().collect::<Vec<_>>(),
            validation.provenance.track_statements,
        )
    };
    let both = vec!["noise1".to_owned(), "noise2".to_owned()];
    assert_eq!(full(&["noise1,TF_noise2"]), (both.clone(), Vec::new()));
    assert_eq!(full(&["name=NOISE1,noise2"]).0, both);
    assert_eq!(full(&["tf_NOISE1", "name=noise2"]).0, both);
    assert_eq!(full(&["name~noise & CHIP_TF & tf!=TF_noise2"]).0, ["noise1"]);
}

#[test]
fn a_damaged_part_is_found() {
    let folder = tempfile::tempdir().unwrap();
    score(folder.path(), &small_scores(), &[SIGNED]);
    let part = folder.path().join("scores/part-000000.parquet");
    let mut bytes = std::fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    let truth = vec![truth_row(2, snv("chr5", 1_295_113, "G", "A"), "1.0")];
    let error = validate_rows(folder.path(), truth, &small_columns(), &ValidateOptions::default(), 1).unwrap_err();
    assert!(
        error.to_string().contains("has other content than was written"),
        "{error}"
    );
}

#[test]
fn ranks_by_prediction_state_value_ties_and_reasons() {
    let ranks = &fixture().ranks;
    let by = |by: &str, predictor: &str, name: &str| {
        let is_it = |row: &&refalt::validate::RankRow| {
            (
                row.experiment.as_str(),
                row.by,
                row.predictor.as_str(),
                row.name.as_str(),
            ) == ("TERT-HEK", by, predictor, name)
                && row.scorer.as_deref() == Some(SIGNED)
        };
        ranks.iter().find(is_it).unwrap()
    };
    // Asked for as `tf_tied`; scores of one decimal are tied. `predictions.tsv`: 1.5 at 1295113 G>A, rank by |score| over the
    // 770 variants of TERT-HEK.
    let tied = by("track", "tied", "C228T");
    let scores = Scores::of_fixture();
    let own = scores
        .variants
        .iter()
        .find(|(variant, _)| *variant == snv("chr5", 1_295_113, "G", "A"))
        .unwrap();
    assert_eq!(tied.value, Some(f64::from(own.1[4])));
    assert_eq!(tied.transcription_factor.as_deref(), Some("TF_tied"));
    assert!(by("track", "tied", "rs2853669").tied_with.unwrap() > 0);
    for name in ["max_abs", "sum", "mean_abs", "max", "min"] {
        assert_eq!(by("summary", name, "C250T").of, 770);
    }
    // A track that is neither asked for nor among the best is not ranked.
    assert!(ranks.iter().all(|row| row.predictor != "noise2"));
}

#[test]
fn blocks_widen_intervals_of_what_neighbours_share() {
    let width = |block_bp: Option<u32>| {
        let options = ValidateOptions {
            block_bp: block_bp.and_then(NonZeroU32::new),
            permutations: 0,
            top_tracks: 0,
            scorers: vec![SIGNED.to_owned()],
            ..options()
        };
        let found = validate_rows(fixture_run(), tert_truth(), &columns(), &options, 2).unwrap();
        let row = row(&found.metrics, "TERT-GSc", "TERT-GAa", "spearman", "signed").clone();
        assert_eq!(row.p, None);
        row.high.unwrap() - row.low.unwrap()
    };
    let (alone, block) = (width(None), width(Some(20)));
    assert!(block > 1.2 * alone, "{alone} {block}");
}

#[test]
fn threads_do_not_change_a_byte_and_the_seed_does() {
    let files = |threads: usize, seed: u64| -> BTreeMap<String, Vec<u8>> {
        let options = ValidateOptions {
            permutations: 40,
            replicates: 20,
            top_tracks: 1,
            seed,
            scorers: vec![SIGNED.to_owned()],
            ..options()
        };
        let found = validate_rows(fixture_run(), tert_truth(), &columns(), &options, threads).unwrap();
        let folder = tempfile::tempdir().unwrap();
        found.write(&folder.path().join("validate")).unwrap();
        let files = |part: &str| {
            let entries = std::fs::read_dir(folder.path().join(part)).unwrap();
            let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
            paths
                .map(|path| {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    (name, std::fs::read(path).unwrap())
                })
                .collect::<Vec<_>>()
        };
        files("validate").into_iter().chain(files("validate/figures")).collect()
    };
    let one = files(1, 1);
    let names: Vec<&str> = one.keys().map(String::as_str).collect();
    for name in [
        "joined.tsv",
        "metrics.json",
        "metrics.tsv",
        "ranks.tsv",
        "report.html",
        "calibration.tsv",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
    let experiments = ["tert-hek", "tert-gbm", "tert-gsc", "tert-gaa"];
    for (kind, experiment) in ["forest", "roc", "precision-recall"]
        .iter()
        .flat_map(|kind| experiments.map(|one| (kind, one)))
    {
        let start = format!("{kind}-{experiment}");
        for end in ["svg", "png", "tsv"] {
            let is_it = |name: &&&str| name.starts_with(&start) && name.ends_with(end);
            assert!(names.iter().any(|name| is_it(&name)), "{start} {end}: {names:?}");
        }
    }
    assert!(one == files(3, 1));
    let other = files(1, 2);
    assert!(one["metrics.tsv"] != other["metrics.tsv"]);
    assert!(one["joined.tsv"] == other["joined.tsv"] && one["ranks.tsv"] == other["ranks.tsv"]);
}

#[test]
fn the_files_say_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    fixture().write(folder.path()).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let document: Value = serde_json::from_str(&read("metrics.json")).unwrap();
    assert_eq!(document["provenance"]["options"]["seed"], 11);
    assert_eq!(document["provenance"]["conditions"][0], "barcodes>=10");
    assert_eq!(document["provenance"]["model"]["licence"], "none");
    assert_eq!(
        document["join"]["truth"]["left_out"]["barcodes>=10"],
        3108 - 770 - 770 - 769 - 769
    );
    assert_eq!(document["experiments"][0]["rotations"], 258);
    let digest = FileIdentity::of(&folder.path().join("metrics.tsv")).unwrap();
    assert_eq!(document["files"][0]["sha256"], digest.sha256.as_str());
    // Each prediction once: 4 experiments x (3 others + 3 scorers x (5 summaries + 8 tracks)).
    assert_eq!(document["predictions"].as_array().unwrap().len(), 4 * (3 + 3 * 13));

    let joined = read("joined.tsv");
    let mut lines = joined.lines();
    let header: Vec<&str> = lines.next().unwrap().split('\t').collect();
    assert_eq!(
        header[..7],
        [
            "variant_id",
            "chrom",
            "pos",
            "ref",
            "alt",
            "measured:TERT-HEK",
            "measured:TERT-GBM"
        ]
    );
    assert!(header.contains(&format!("track:tied:{SIGNED}").as_str()));
    assert!(header.contains(&format!("strongest_factor:{SIGNED}").as_str()));
    let hotspot = lines.find(|line| line.starts_with("chr5:1295113:G>A")).unwrap();
    let cells: Vec<&str> = hotspot.split('\t').collect();
    assert_eq!(cells.len(), header.len());
    assert_eq!(cells[5].parse::<f64>().unwrap(), 1.997811557601);
    let columns = read("metrics.tsv")
        .lines()
        .map(|line| line.matches('\t').count())
        .collect::<Vec<_>>();
    assert!(columns.iter().all(|tabs| *tabs == 30));
}
