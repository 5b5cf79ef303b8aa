//! `refalt motifs`: the published effects at the TERT promoter.

use crate::refalt;
use std::path::PathBuf;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_hotspots_make_ets_sites_and_the_neighbours_do_not() {
    // Log2 odds of JASPAR MA0062.3 (pseudocount 0.8 in all, uniform background), best window over both strands:
    // computed with MOODS' definition outside of refalt.
    let known = [
        ("chr5:1295113:G>A", 2.6726, 8.0305, 5.3579),
        ("chr5:1295135:G>A", 2.5398, 8.1893, 5.6496),
        ("chr5:1295228:C>T", 2.3048, 1.9634, -0.3414),
        ("chr5:1295234:A>G", 2.3048, -3.3448, -5.6496),
    ];
    let output = refalt()
        .args(["motifs", "effect", "--all", "--p-value", "1e-3", "--reference"])
        .arg(repository().join("studies/tert/chr5_1294490_1296547.fa"))
        .arg("--motifs")
        .arg(repository().join("crates/refalt/tests/data/motif/MA0062.3.pfm"))
        .args(known.map(|(variant, ..)| variant))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split('\t').collect()).collect();
    let column = |name: &str| lines[0].iter().position(|header| *header == name).unwrap();
    for ((variant, reference, alternate, delta), cells) in known.iter().zip(&lines[1..]) {
        assert_eq!(cells[column("variant_id")], *variant);
        let number = |name: &str| cells[column(name)].parse::<f64>().unwrap();
        // The known answers are given to four decimals.
        assert!((number("ref_score_bits") - reference).abs() < 1e-4, "{variant}");
        assert!((number("alt_score_bits") - alternate).abs() < 1e-4, "{variant}");
        assert!((number("delta_bits") - delta).abs() < 1e-4, "{variant}");
    }
    // The hotspots create the 11-mer CCCCTTCCGGG on the gene strand, which is the reverse one.
    assert!(lines[1][column("alt_sequence")].contains("CCCCTTCCGGG"));
    assert_eq!(lines[1][column("alt_strand")], "-");
    assert_eq!((lines[1][column("created")], lines[4][column("created")]), ("1", "0"));
}
