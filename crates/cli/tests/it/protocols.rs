//! `refalt protocols` and `refalt validate --protocol`: what they print, refuse and write.

use crate::refalt;
use std::path::Path;
use std::process::Output;

fn run(arguments: &[&str]) -> (Output, String, String) {
    let output = refalt().args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (printed, told) = (text(&output.stdout), text(&output.stderr));
    (output, printed, told)
}

#[test]
fn a_table_is_judged_and_a_protocol_of_ones_own_works_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../refalt/tests/data/protocols/sign_flip.parquet");
    let (table, out) = (table.to_str().unwrap(), out.to_str().unwrap());
    let name = "dsqtl_yoruba_variant_coefficient_human";
    let judge = |protocol: &str, out: &str| {
        run(&[
            "validate",
            "--protocol",
            protocol,
            "--pred",
            table,
            "--out",
            out,
            "--replicates",
            "50",
        ])
    };
    let (output, printed, told) = judge(name, out);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let header = "group\tmetric\tn\tpositives\tdrawn\teffective_n\tvalue\tlow\thigh\tchance\n";
    // The value of scipy in expected.json, rounded.
    assert!(
        printed.starts_with(&format!("{header}all\tpearson\t69\t\tloci\t69\t-0.8415\t")),
        "{printed}"
    );
    let opposite = "direction is opposite to the reported 0.8323 of AlphaGenome, and the size differs";
    assert!(
        printed.contains(opposite) && told.contains(&format!("warning: {opposite}")),
        "{printed}{told}"
    );
    assert!(told.contains("12 on chromosomes outside the split"), "{told}");
    assert!(
        told.contains("the protocol knows no digest of the released table"),
        "{told}"
    );

    // The same as a file, with a published value that is the mirror image.
    let (_, text, _) = run(&["protocols", "show", name]);
    let own = folder.path().join("own.toml");
    std::fs::write(&own, text.replace("\"0.8323\"", "\"0.8415\"")).unwrap();
    let (output, printed, told) = judge(own.to_str().unwrap(), folder.path().join("own").to_str().unwrap());
    assert_eq!(output.status.code(), Some(0), "{told}");
    let opposite =
        "sign is opposite: alleles are named the other way, or predictions are negated (-0.8415 against 0.8415)";
    assert!(
        printed.contains(opposite) && told.contains(&format!("warning: {opposite}")),
        "{printed}{told}"
    );
}

#[test]
fn names_and_files_that_are_no_protocols_are_refused_with_a_remedy() {
    let (output, printed, _) = run(&["protocols", "list"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(printed.lines().count(), 27);
    assert!(
        printed.contains("paqtl_variant_causality_human\taverage_precision\t0.6294\t"),
        "{printed}"
    );
    let (output, _, told) = run(&["protocols", "show", "caqtl_african_variant_coefficent_human"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("caqtl_african_variant_coefficient_human"), "{told}");
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.toml");
    std::fs::write(&own, "name = \"own\"\ntittle = \"x\"\n").unwrap();
    let (output, _, told) = run(&["protocols", "show", own.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("line 2") && told.contains("tittle"), "{told}");
    // Without a protocol the folder and its truth are needed as before.
    for arguments in [
        vec!["validate", "--protocol", "tewhey_mpra"],
        vec!["validate", "--truth", "t.tsv"],
        vec![
            "validate",
            "run",
            "--protocol",
            "tewhey_mpra",
            "--pred",
            "x",
            "--out",
            "y",
        ],
        vec!["validate", "--protocol", "tewhey_mpra", "--pred", "x"],
    ] {
        let (output, _, told) = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
    }
}
