//! Protocols on tables of the shape of the released ones, against scipy, scikit-learn, numpy and pandas, and on a score
//! folder; the generated part of `docs/protocols.md`.

use crate::folder_contents::files;
use crate::validate::run::{SIGNED, Scores, reference_path, repository, score};
use refalt::diagnostic::Diagnostic;
use refalt::protocol::{
    Aggregation, Average, PROTOCOLS, Protocol, ProtocolError, ProtocolOptions, ProtocolRequest, ProtocolResult, Status,
    find, run,
};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/protocols")
        .join(name)
}

fn expected(name: &str) -> Value {
    let text = std::fs::read_to_string(fixture("expected.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()[name].clone()
}

pub(crate) fn request(protocol: Protocol, predictions: PathBuf) -> ProtocolRequest {
    ProtocolRequest {
        choices: Vec::new(),
        protocol,
        predictions,
        truth: None,
        reference: None,
        options: ProtocolOptions {
            replicates: 200,
            ..ProtocolOptions::default()
        },
        threads: 2,
    }
}

pub(crate) fn judge(protocol: &str, table: &str) -> ProtocolResult {
    run(&request(find(protocol).unwrap(), fixture(table))).unwrap()
}

#[track_caller]
fn assert_close(found: Option<f64>, expected: &Value, within: f64) {
    let (found, expected) = (found.unwrap(), expected.as_f64().unwrap());
    assert!((found - expected).abs() <= within, "found {found}, expected {expected}");
}

#[track_caller]
fn assert_groups(result: &ProtocolResult, expected: &Value, key: &str) {
    let values = result.evaluation.groups.iter().filter(|line| line.value.is_some());
    let names: Vec<&str> = values.clone().map(|line| line.group.as_str()).collect();
    let wanted: Vec<&str> = expected[key].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, wanted);
    for line in values {
        assert_close(line.value, &expected[key][&line.group], 1e-12);
    }
}

#[test]
fn causality_by_tissue_is_that_of_the_notebook() {
    let expected = expected("causality_by_tissue");
    for (protocol, metric) in [
        ("eqtl_variant_catalogue_causality_gene_balanced_human", "auroc"),
        ("sqtl_variant_causality_gene_human", "average_precision"),
    ] {
        let result = judge(protocol, "causality_by_tissue.feather");
        let (overall, expected) = (&result.evaluation.overall, &expected[metric]);
        assert_close(overall.value, &expected["value"], 1e-12);
        assert_eq!(overall.n as u64, expected["rows"].as_u64().unwrap());
        assert_groups(&result, expected, "tissues");
        assert!(overall.low.unwrap() < overall.value.unwrap() && overall.value.unwrap() < overall.high.unwrap());
        assert_eq!(overall.interval, Some("bca"));
        // 136 rows; rows 3, 17, 70 lack a target, 18, 71, 101 and the three of Lung a prediction.
        assert_eq!((result.rows.read, result.rows.used), (136, 127));
        let left_out: Vec<(&str, u64)> = result.rows.left_out.iter().map(|(why, n)| (why.as_str(), *n)).collect();
        assert_eq!(left_out, [("without a prediction", 6), ("without a target", 3)]);
        assert_eq!(result.split.outside, 0);
        assert!(
            result
                .split
                .statement
                .starts_with("all rows are on the test chromosomes"),
            "{}",
            result.split.statement
        );
    }
}

#[test]
fn tissues_of_one_row_and_constant_ones_are_left_out_of_spearman() {
    let expected = expected("coefficient_by_tissue");
    let result = judge("eqtl_variant_borzoi_coefficient_human", "coefficient_by_tissue.feather");
    assert_close(result.evaluation.overall.value, &expected["spearman"]["value"], 1e-12);
    assert_groups(&result, &expected["spearman"], "tissues");
    let note = |group: &str| {
        let line = result
            .evaluation
            .groups
            .iter()
            .find(|line| line.group == group)
            .unwrap();
        line.note.clone().unwrap()
    };
    assert!(note("Ovary").contains("not in the mean"), "{}", note("Ovary"));
    assert!(note("Skin").contains("not in the mean"), "{}", note("Skin"));
}

#[test]
fn an_opposite_sign_is_said_and_never_turned_and_the_split_leaves_rows_out() {
    let expected = expected("sign_flip");
    let mut protocol = find("dsqtl_yoruba_variant_coefficient_human").unwrap();
    let value = expected["pearson"].as_f64().unwrap();
    protocol.published[0].value = format!("{:.4}", -value);
    protocol.published[1].value = format!("{value:.4}");
    let result = run(&request(protocol, fixture("sign_flip.parquet"))).unwrap();
    assert_close(result.evaluation.overall.value, &expected["pearson"], 1e-12);
    assert!(result.evaluation.overall.value.unwrap() < 0.0);
    assert_eq!(result.evaluation.overall.n as u64, expected["rows"].as_u64().unwrap());
    assert_eq!(result.split.outside, 12);
    assert_eq!(result.rows.left_out["on chromosomes outside the split"], 12);
    let statuses: Vec<Status> = result.verdicts.iter().map(|verdict| verdict.status).collect();
    assert_eq!(statuses, [Status::OppositeSign, Status::Equal]);
    assert_eq!(
        result.verdicts[0].statement,
        format!(
            "sign is opposite: alleles are named the other way, or predictions are negated ({value:.4} against {:.4})",
            -value
        )
    );
    // Every variant of the fixture is a locus of its own.
    assert_eq!(result.evaluation.overall.effective_n, 69);
}

#[test]
fn the_mean_over_draws_is_the_exact_mean_within_its_error() {
    let expected = expected("matched_pairs");
    let mut protocol = find("paqtl_variant_causality_human").unwrap();
    protocol.metric.draws = Some(20_000);
    let mut request = request(protocol, fixture("matched_pairs.feather"));
    request.options.replicates = 0;
    let result = run(&request).unwrap();
    let error = expected["sd"].as_f64().unwrap() / 20_000f64.sqrt();
    assert_close(result.evaluation.overall.value, &expected["mean"], 4.0 * error);
    // The draws know their own error.
    let told = result.evaluation.error_of_draws.unwrap();
    assert!((told / error - 1.0).abs() < 0.05, "{told} {error}");
    assert_eq!(
        result.evaluation.overall.effective_n as u64,
        expected["groups"].as_u64().unwrap()
    );
    assert!(result.notes.iter().any(|note| note.starts_with("2 match groups lack")));
    // A thousand draws of pandas: their mean is within its own error of ours.
    let pandas = expected["sd"].as_f64().unwrap() / 1000f64.sqrt();
    assert_close(
        result.evaluation.overall.value,
        &expected["mean_of_1000_draws"],
        4.0 * pandas,
    );
    let hundred = judge("paqtl_variant_causality_human", "matched_pairs.feather");
    assert_close(
        hundred.evaluation.overall.value,
        &expected["mean"],
        4.0 * error * 200f64.sqrt(),
    );
    assert!(hundred.evaluation.overall.low.is_some());
}

#[test]
fn chromosomes_weigh_by_their_rows_and_match_groups_are_drawn() {
    let expected = expected("traitgym_shape");
    let result = judge("traitgym_mendelian", "traitgym_shape.tsv");
    assert_close(result.evaluation.overall.value, &expected["value"], 1e-12);
    assert_eq!(
        result.evaluation.groups.len() as u64,
        expected["chromosomes"].as_u64().unwrap()
    );
    let overall = &result.evaluation.overall;
    assert_eq!(
        (overall.drawn, overall.effective_n, overall.positives),
        ("match groups", 30, Some(30))
    );
    assert!(result.evaluation.error_over_groups.unwrap() > 0.0);
    assert!(result.verdicts.is_empty());
}

#[test]
fn elements_weigh_alike_and_some_are_left_out_with_a_reason() {
    let expected = expected("saturation_shape");
    let result = judge("cagi5_saturation_mutagenesis", "saturation_shape.csv");
    assert_close(result.evaluation.overall.value, &expected["value"], 1e-12);
    assert_groups(&result, &expected, "elements");
    assert_eq!(result.evaluation.overall.n as u64, expected["rows"].as_u64().unwrap());
    let why: Vec<&str> = result.rows.left_out.keys().map(String::as_str).collect();
    assert!(
        why.contains(&"in the group `TERT-GBM`, which the protocol leaves out"),
        "{why:?}"
    );
    assert!(why.contains(&"do not meet `Release=GRCh38`"), "{why:?}");
    let used: u64 = result.rows.left_out.values().sum::<u64>() + result.rows.used;
    assert_eq!(used, result.rows.read);
}

#[test]
fn files_are_the_same_bytes_for_any_threads_and_only_replace_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let mut request = request(
        find("sqtl_variant_causality_gene_human").unwrap(),
        fixture("causality_by_tissue.feather"),
    );
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    run(&request).unwrap().write(&one).unwrap();
    request.threads = 1;
    run(&request).unwrap().write(&two).unwrap();
    assert_eq!(files(&one), files(&two));
    let names: Vec<String> = files(&one).into_keys().map(|name| name.to_string()).collect();
    assert_eq!(
        names,
        ["forest.png", "forest.svg", "forest.tsv", "metrics.tsv", "protocol.json"]
    );
    run(&request).unwrap().write(&one).unwrap();
    request.options.seed = 1;
    let error = run(&request).unwrap().write(&one).unwrap_err();
    assert!(matches!(error, ProtocolError::Folder(_)), "{error}");
    assert_eq!(files(&one), files(&two));
    let json: Value = serde_json::from_slice(&std::fs::read(one.join("protocol.json")).unwrap()).unwrap();
    assert_eq!(
        json["provenance"]["protocol"]["name"],
        "sqtl_variant_causality_gene_human"
    );
    assert_eq!(json["evaluation"]["overall"]["n"], 126);
    assert!(json["provenance"]["judged"]["file"]["sha256"].as_str().unwrap().len() == 64);
    let forest = std::fs::read_to_string(one.join("forest.tsv")).unwrap();
    assert!(
        forest.contains("yes\t0.7644\tAlphaGenome, reported 0.7644\n"),
        "{forest}"
    );
}

#[test]
fn broken_tables_are_refused_with_place_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        run(&request(find("sqtl_variant_causality_gene_human").unwrap(), path)).unwrap_err()
    };
    let error = refused(
        "a.tsv",
        "variant_id\ttarget\tpredictions\ttissue\nchr3:1:A>C\t1\t0.5\tLiver\n",
    );
    assert!(error.to_string().contains("no column `prediction`"), "{error}");
    assert!(
        error.hint().unwrap().contains("is `predictions` meant?"),
        "{:?}",
        error.hint()
    );
    let error = refused(
        "b.tsv",
        "target\tprediction\ttissue\n1\t0.5\tLiver\nmaybe\t0.1\tLiver\n",
    );
    assert!(error.to_string().contains("`maybe`, which is no label"), "{error}");
    assert!(error.place().unwrap().ends_with("b.tsv, row 3"), "{:?}", error.place());
    let error = refused("c.tsv", "target\tprediction\ttissue\n1\tinf\tLiver\n");
    assert!(error.to_string().contains("no finite number"), "{error}");
    let error = refused("d.tsv", "target\tprediction\ttissue\n1\tNA\tLiver\n");
    assert!(error.to_string().contains("1 without a prediction"), "{error}");
    let error = refused("e.tsv", "target\tprediction\ttissue\n1\t0.5\tLiver\n0\t0.5\tLung\n");
    assert!(matches!(error, ProtocolError::NoValue { .. }), "{error}");
    let whole = std::fs::read(fixture("causality_by_tissue.feather")).unwrap();
    let cut = folder.path().join("cut.feather");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let error = run(&request(find("sqtl_variant_causality_gene_human").unwrap(), cut)).unwrap_err();
    assert!(matches!(error, ProtocolError::Table(_)), "{error}");
}

#[test]
fn p_values_as_targets_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.tsv");
    let rows = (0..30).map(|index| format!("chr3_{}_A_G\t2.5e-{}\t0.{index}\n", 1000 + index, index + 4));
    let text = format!("variant_id\tslope\tprediction\n{}", rows.collect::<String>());
    std::fs::write(&path, text).unwrap();
    let error = run(&request(find("gtex_eqtl_slope").unwrap(), path)).unwrap_err();
    assert!(
        error.to_string().contains("`slope`") && error.to_string().contains("p-values"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("pval_nominal"));
}

#[test]
fn one_locus_has_no_interval() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("near.tsv");
    let row = |place: u32| format!("chr3:{place}:A>C\t{}\t{}\n", place % 7, place % 5);
    let rows: String = (1000..1020).map(row).collect();
    std::fs::write(&path, format!("variant_id\ttarget\tprediction\n{rows}")).unwrap();
    let protocol = find("caqtl_african_variant_coefficient_human").unwrap();
    let overall = run(&request(protocol, path)).unwrap().evaluation.overall;
    assert_eq!(
        (overall.n, overall.effective_n, overall.low, overall.high),
        (20, 1, None, None)
    );
    assert_eq!(overall.note.as_deref(), Some("no interval: 1 of loci is drawn"));
}

/// The protocol of saturation mutagenesis on the shipped TERT measurements.
pub(crate) fn tert_protocol(tracks: Option<&str>, aggregation: Aggregation) -> Protocol {
    let mut protocol = find("kircher_saturation_mutagenesis").unwrap();
    let truth = protocol.truth.as_mut().unwrap();
    truth.columns = "chrom=chrom,pos=pos,ref=ref,alt=alt".to_owned();
    truth.target = "effect_log2".to_owned();
    truth.group = Some("experiment".to_owned());
    truth.keep = vec!["barcodes>=10".to_owned()];
    let scores = protocol.scores.as_mut().unwrap();
    scores.scorers = vec![SIGNED.to_owned()];
    scores.tracks = tracks.map(str::to_owned);
    scores.aggregation = aggregation;
    protocol
}

#[test]
fn a_score_folder_gives_the_values_of_scipy_for_each_experiment() {
    let folder = tempfile::tempdir().unwrap();
    score(folder.path(), &Scores::of_fixture(), &[SIGNED]);
    let text = std::fs::read_to_string(repository("tests/data/validate/expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    for (tracks, aggregation, name) in [
        (Some("tf=TF_related"), Aggregation::Mean, "track related"),
        (Some("tf=TF_gaps"), Aggregation::MaxAbs, "track gaps"),
        (None, Aggregation::Mean, "summary mean"),
        (None, Aggregation::MaxAbs, "summary max_abs"),
        (None, Aggregation::Max, "summary max"),
    ] {
        let mut request = request(tert_protocol(tracks, aggregation), folder.path().to_owned());
        request.truth = Some(repository("studies/tert/tert_satmut_snv_grch38.tsv"));
        request.reference = Some(reference_path());
        request.options.replicates = 50;
        let result = run(&request).unwrap();
        assert_eq!(result.evaluation.groups.len(), 4);
        let mut sum = 0.0;
        for line in &result.evaluation.groups {
            let of_experiment = &expected["experiments"][&line.group];
            assert_close(line.value, &of_experiment["values"][name]["pearson signed"], 1e-9);
            assert_eq!(line.n as u64, of_experiment["counts"][name].as_u64().unwrap());
            sum += line.value.unwrap();
        }
        let overall = &result.evaluation.overall;
        assert!((overall.value.unwrap() - sum / 4.0).abs() < 1e-12);
        // 259 positions, all of which have a variant with 10 barcodes.
        assert_eq!((overall.drawn, overall.effective_n), ("positions", 259));
        let accounted: u64 = result.rows.left_out.values().sum::<u64>() + result.rows.used;
        assert_eq!(accounted, result.rows.read, "{:?}", result.rows);
    }
}

#[test]
fn deletions_without_bases_labels_in_words_and_match_groups_reach_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let run_folder = folder.path().join("run");
    score(&run_folder, &Scores::of_fixture(), &[SIGNED]);
    let mut protocol = tert_protocol(None, Aggregation::MeanAbs);
    protocol.metric = find("paqtl_variant_causality_human").unwrap().metric;
    protocol.predictions.match_group = Some("pair".to_owned());
    protocol.predictions.group = None;
    let truth = protocol.truth.as_mut().unwrap();
    truth.target = "label".to_owned();
    truth.group = None;
    truth.match_group = Some("pair".to_owned());
    truth.keep = Vec::new();
    let table = folder.path().join("truth.tsv");
    // The base at 1,294,989 is T, at 1,295,113 G.
    let text = "chrom\tpos\tref\talt\tlabel\tpair\nchr5\t1294989\tT\tA\tTrue\ta\nchr5\t1294989\tT\tC\tFalse\ta\n\
                5\t1295113\tG\tA\ttrue\tb\n5\t1295113\tG\tC\tfalse\tb\n5\t1295113\tG\t-\tfalse\tb\n\
                5\t1295113\tG\tT\tperhaps\tb\nchr5\t1294990\tC\tA\t0\tc\n5\t1294990\tC\tA\t1\tc\n";
    std::fs::write(&table, text).unwrap();
    let mut request = request(protocol, run_folder);
    request.truth = Some(table);
    request.reference = Some(reference_path());
    let result = run(&request).unwrap();
    // The deletion is a variant that the run lacks; `perhaps` is no label.
    assert_eq!(result.rows.left_out["without scores: not_in_run"], 1);
    assert_eq!(result.rows.left_out["rejected: no_label"], 1);
    assert_eq!(result.rows.left_out["rejected: measured_twice"], 2);
    assert_eq!((result.rows.read, result.rows.used), (8, 4));
    assert_eq!(result.evaluation.overall.effective_n, 2);
    request.reference = None;
    let error = run(&request).unwrap_err();
    assert!(error.to_string().contains("--reference"), "{error}");
    request.protocol = find("enhancer_gene_linking_e2g").unwrap();
    assert!(matches!(run(&request), Err(ProtocolError::NoFolder { .. })));
}

/// Returns the table of protocols for the documentation.
fn table() -> String {
    let mut page = String::from(
        "| protocol | asks | metric | drawn | published | data and licence |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for shipped in PROTOCOLS {
        let protocol = find(shipped.name).unwrap();
        let average = match protocol.metric.average {
            None => String::new(),
            Some(Average::Rows) => ", mean over groups by rows".to_owned(),
            Some(Average::Equal) => ", plain mean over groups".to_owned(),
        };
        let draws = protocol
            .metric
            .draws
            .map_or(String::new(), |draws| format!(", mean over {draws} draws"));
        let mut published: Vec<String> = protocol
            .published
            .iter()
            .map(|published| format!("{} {} ({})", published.predictor, published.value, published.kind))
            .collect();
        published.extend(
            protocol
                .baseline
                .iter()
                .map(|baseline| format!("{} {}", baseline.predictor, baseline.value)),
        );
        writeln!(
            page,
            "| `{}` | {} | `{}`{average}{draws} | {} | {} | [download]({}); {} |",
            protocol.name,
            protocol.question,
            protocol.metric.name,
            protocol.metric.cluster.in_words(),
            published.join(", "),
            protocol.source.url,
            protocol.source.licence,
        )
        .unwrap();
    }
    page
}

#[test]
fn the_generated_table_of_the_page_is_up_to_date() {
    const MARKS: [&str; 2] = ["<!-- protocols: begin -->\n", "<!-- protocols: end -->"];
    let path = repository("docs/protocols.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(MARKS[0]).unwrap();
    let (stored, after) = rest.split_once(MARKS[1]).unwrap();
    let made = table();
    if std::env::var_os("REFALT_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{}{made}{}{after}", MARKS[0], MARKS[1])).unwrap();
        return;
    }
    assert!(
        made == stored,
        "docs/protocols.md is stale; `REFALT_BLESS=1 cargo test -p refalt --test it generated_table` writes it"
    );
}
