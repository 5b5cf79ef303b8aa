//! `refalt validate`: what it prints.

use crate::folders::scored;
use crate::refalt;
use std::collections::BTreeSet;

#[test]
fn summaries_are_printed_and_the_tracks_that_are_asked_for_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    crate::made_up::write_genome(here);
    std::fs::write(here.join("variants.vcf"), crate::made_up::vcf(30, usize::MAX)).unwrap();
    scored(here);
    let printed = |more: &str| {
        let arguments = format!(
            "validate run --truth truth.tsv -r genome.fa --effect effect --replicates 20 --permutations 20 {more}"
        );
        let output = refalt()
            .current_dir(here)
            .args(arguments.split_whitespace())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{told}");
        let text = String::from_utf8(output.stdout).unwrap();
        let rows: Vec<Vec<String>> = text
            .lines()
            .map(|line| line.split('\t').map(str::to_owned).collect())
            .collect();
        assert_eq!(rows[0][..3], ["experiment", "predictor", "name"]);
        rows[1..]
            .iter()
            .map(|row| (row[1].clone(), row[2].clone()))
            .collect::<BTreeSet<_>>()
    };
    let plain = printed("");
    assert!(plain.iter().all(|(predictor, _)| predictor == "summary"), "{plain:?}");
    assert_eq!(plain.len(), 5);
    let asked = printed("--tracks tf=GABPA -o asked");
    assert!(asked.is_superset(&plain));
    let tracks: Vec<&str> = asked
        .difference(&plain)
        .map(|(predictor, _)| predictor.as_str())
        .collect();
    assert_eq!(tracks, ["track"], "{asked:?}");
}
