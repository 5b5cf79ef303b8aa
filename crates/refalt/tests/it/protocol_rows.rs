//! Which rows a protocol judges, and what it says where it does not: few rows, groups without a value, other assemblies.

use crate::protocols::{judge, request, tert_protocol};
use crate::validate::run::{SIGNED, Scores, reference_path, repository, score};
use refalt::diagnostic::Diagnostic;
use refalt::protocol::{Aggregation, ProtocolError, ProtocolResult, Status, find, run};
use std::path::PathBuf;

/// Writes a table of predictions and judges it.
fn judge_text(protocol: &str, text: &str) -> Result<ProtocolResult, ProtocolError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.tsv");
    std::fs::write(&path, text).unwrap();
    run(&request(find(protocol).unwrap(), path))
}

#[test]
fn a_few_rows_have_a_value_and_no_verdict() {
    let text = |rows: u32| {
        let row = |row: u32| format!("chr3:{}:A>C\t{}\t{}\n", 1000 + 5000 * row, row % 3, row % 5);
        format!(
            "variant_id\ttarget\tprediction\n{}",
            (0..rows).map(row).collect::<String>()
        )
    };
    let protocol = "caqtl_african_variant_coefficient_human";
    let few = judge_text(protocol, &text(9)).unwrap();
    assert!(few.evaluation.overall.value.is_some());
    assert!(few.verdicts.iter().all(|verdict| verdict.status == Status::TooFewRows));
    assert_eq!(
        few.verdicts[0].statement,
        "not compared with the reported 0.7368: 9 rows are too few, from 10 on a value is judged"
    );
    let enough = judge_text(protocol, &text(10)).unwrap();
    assert!(
        enough
            .verdicts
            .iter()
            .all(|verdict| verdict.status != Status::TooFewRows)
    );
}

#[test]
fn copies_of_rows_are_told() {
    let row = |row: u32| format!("chr3:{}:A>C\t{}\t{}\n", 1000 + 5000 * row, row % 3, row % 5);
    let once: String = (0..20).map(row).collect();
    let header = "variant_id\ttarget\tprediction\n";
    let protocol = "caqtl_african_variant_coefficient_human";
    let notes = |text: String| judge_text(protocol, &text).unwrap().notes;
    let told = |notes: &[String]| {
        notes
            .iter()
            .filter(|note| note.contains("are copies of earlier ones"))
            .count()
    };
    assert_eq!(told(&notes(format!("{header}{once}"))), 0);
    let twice = notes(format!("{header}{once}{once}"));
    assert_eq!(told(&twice), 1);
    assert!(
        twice.iter().any(|note| note.starts_with("warning: 20 rows are copies")),
        "{twice:?}"
    );
}

#[test]
fn groups_of_the_protocol_that_are_missing_are_named_and_leave_no_verdict() {
    let protocol = find("cagi5_saturation_mutagenesis").unwrap();
    let table = |groups: &[String]| {
        let mut text = String::from("Chrom\tPos\tRef\tAlt\tElement\tRelease\tBarcodes\tCoefficient\tprediction\n");
        for (number, group) in groups.iter().enumerate() {
            for row in 0..12 {
                let position = 1_000 * (number + 1) + row;
                let (target, prediction) = (row as i64 - 5, (row * 7) % 12);
                text.push_str(&format!(
                    "3\t{position}\tA\tC\t{group}\tGRCh38\t20\t{target}\t{prediction}\n"
                ));
            }
        }
        judge_text(&protocol.name, &text).unwrap()
    };
    let all = &protocol.metric.groups;
    assert_eq!(all.len(), 13);
    let whole = table(all);
    assert!(whole.evaluation.missing_groups.is_empty() && whole.evaluation.error_over_groups.is_some());
    assert!(
        whole
            .verdicts
            .iter()
            .all(|verdict| verdict.status != Status::GroupsMissing)
    );
    let one = table(&all[..1]);
    assert_eq!(one.evaluation.missing_groups, all[1..]);
    assert_eq!(one.evaluation.error_over_groups, None);
    assert!(!one.verdicts.is_empty());
    assert!(
        one.verdicts
            .iter()
            .all(|verdict| verdict.status == Status::GroupsMissing)
    );
    let named = one
        .notes
        .iter()
        .find(|note| note.starts_with("warning: 12 of the 13 groups"))
        .unwrap();
    assert!(named.contains("`GP1BA`") && !named.contains("`F9`"), "{named}");
    let first = format!("the protocol notes: {}", protocol.notes[0]);
    assert!(one.notes.contains(&first), "{:?}", one.notes);
}

#[test]
fn groups_that_are_left_out_are_neither_drawn_nor_counted() {
    let mut text = String::from("variant_id\ttissue\ttarget\tprediction\n");
    for row in 0..12 {
        text.push_str(&format!(
            "chr3:{}:A>C\tLiver\t{}\t{}\n",
            1000 + row,
            row - 5,
            (row * 7) % 12
        ));
    }
    // One row, and rows of one prediction: neither has a correlation.
    text.push_str("chr3:9000:A>C\tOvary\t1\t1\n");
    for row in 0..5 {
        text.push_str(&format!("chr3:{}:A>C\tSkin\t{}\t2\n", 5000 + row, row - 2));
    }
    let result = judge_text("eqtl_variant_borzoi_coefficient_human", &text).unwrap();
    let overall = &result.evaluation.overall;
    assert_eq!((overall.n, overall.effective_n, overall.variants), (12, 12, Some(12)));
    // 7 of 11 targets other than 0 are above it.
    let note = |group: &str| {
        let line = result.evaluation.groups.iter().find(|line| line.group == group);
        line.unwrap().note.clone().unwrap()
    };
    assert!(
        note("Skin").contains("values of `prediction` are equal"),
        "{}",
        note("Skin")
    );
    // By one group only, its interval is that of the mean.
    let liver = &result.evaluation.groups[0];
    assert_eq!((liver.low, liver.high), (overall.low, overall.high));
}

#[test]
fn a_group_of_one_class_has_no_interval() {
    let result = judge("sqtl_variant_causality_gene_human", "causality_by_tissue.feather");
    let mut seen = 0;
    for line in result.evaluation.groups.iter().filter(|line| line.value.is_some()) {
        if line.positives == Some(0) || line.positives == Some(line.n) {
            seen += 1;
            assert_eq!((line.low, line.high, line.interval), (None, None, None), "{line:?}");
            assert_eq!(line.note.as_deref(), Some("no interval: all rows are of one class"));
        }
    }
    assert!(seen > 0);
}

#[test]
fn rows_on_another_assembly_are_rejected_and_targets_without_a_sign_are_warned_of() {
    let text = |build: &str, target: &dyn Fn(u32) -> f64| {
        let row = |row: u32| {
            let build = if row < 3 { build } else { "b38" };
            format!("3_{}_A_C_{build}\t{}\t{}\n", 1000 + 5000 * row, target(row), row % 5)
        };
        format!(
            "variant_id\ttarget\tprediction\n{}",
            (0..24).map(row).collect::<String>()
        )
    };
    let protocol = "caqtl_african_variant_coefficient_human";
    let signed = |row: u32| f64::from(row) - 11.5;
    let result = judge_text(protocol, &text("b37", &signed)).unwrap();
    let rejected = "rejected: other_assembly (GRCh37, and the protocol is on GRCh38)";
    assert_eq!((result.rows.left_out[rejected], result.rows.used), (3, 21));
    assert!(!result.notes.iter().any(|note| note.starts_with("warning")));
    let ratios = |row: u32| f64::from(row % 4 + 1) / 2.0;
    let result = judge_text(protocol, &text("b38", &ratios)).unwrap();
    let warning = "warning: the targets have no sign, they may be p-values, sizes or ratios: all 24 effects";
    assert!(result.notes[0].starts_with(warning), "{:?}", result.notes);
}

#[test]
fn what_is_not_there_and_what_does_not_vary_is_called_by_its_name() {
    let nowhere = request(find("gtex_eqtl_slope").unwrap(), PathBuf::from("no/such/folder"));
    let error = run(&nowhere).unwrap_err();
    assert_eq!(error.to_string(), "there is no table and no folder `no/such/folder`");
    assert!(error.hint().unwrap().contains("refalt score --out"));
    let row = |row: i32| format!("chr3:{}:A>C\t{}\t0.5\n", 1000 + 5000 * row, row - 5);
    let text = format!(
        "variant_id\ttarget\tprediction\n{}",
        (0..12).map(row).collect::<String>()
    );
    let error = judge_text("caqtl_african_variant_coefficient_human", &text).unwrap_err();
    assert!(
        error.to_string().contains("all `12` values of `prediction` are equal"),
        "{error}"
    );
}

#[test]
fn the_builds_that_a_truth_table_states_are_compared_with_reference_and_protocol() {
    let folder = tempfile::tempdir().unwrap();
    let run_folder = folder.path().join("run");
    score(&run_folder, &Scores::of_fixture(), &[SIGNED]);
    let text = std::fs::read_to_string(repository("studies/tert/tert_satmut_snv_grch38.tsv")).unwrap();
    let mut protocol = tert_protocol(None, Aggregation::Mean);
    protocol.truth.as_mut().unwrap().columns = "chrom=chrom,pos=pos,ref=ref,alt=alt,assembly=build".to_owned();
    let judged = |build: &dyn Fn(usize) -> &'static str| {
        let rows = text.lines().filter(|line| !line.starts_with('#')).enumerate();
        let rows = rows.map(|(row, line)| match row {
            0 => format!("{line}\tbuild\n"),
            _ => format!("{line}\t{}\n", build(row)),
        });
        let table = folder.path().join("truth.tsv");
        std::fs::write(&table, rows.collect::<String>()).unwrap();
        let mut request = request(protocol.clone(), run_folder.clone());
        request.truth = Some(table);
        request.reference = Some(reference_path());
        request.options.replicates = 0;
        run(&request)
    };
    // The slice proves no assembly: one build is noted, as long as it is the protocol's, and two are refused.
    let notes = judged(&|_| "hg38").unwrap().notes;
    assert!(
        notes.iter().any(|note| note.contains("stated to be on GRCh38")),
        "{notes:?}"
    );
    assert!(
        notes.iter().any(|note| note.contains("the protocol is on GRCh38")),
        "{notes:?}"
    );
    let error = judged(&|_| "hg19").unwrap_err();
    assert!(matches!(error, ProtocolError::TruthAssembly { .. }), "{error}");
    let error = judged(&|row| if row == 7 { "hg19" } else { "hg38" }).unwrap_err();
    assert!(matches!(error, ProtocolError::Assemblies(_)), "{error}");
    assert!(error.hint().unwrap().contains("--assembly"));
}
