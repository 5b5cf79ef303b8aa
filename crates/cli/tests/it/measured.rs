//! `refalt measured` and `refalt validate --truth-format`: what they print, and exit codes.

use crate::folders::scored;
use crate::refalt;
use serde_json::Value;
use std::path::Path;

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = refalt().current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const PAIRS: &str = "variant_id\tgene_id\tslope\tslope_se\tpval_nominal\nchr1_5_A_C_b38\tg\t0.5\t0.1\t0.01\n\
                     chr1_6_G_T_b38\tg\t-0.25\t0.1\t0.02\nchr1_7_G_T_b38\tg\tNA\t0.1\t0.02\n";

#[test]
fn rows_are_told_by_fate_and_dropped_ones_exit_with_3() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("pairs.tsv"), PAIRS).unwrap();
    let (code, out, told) = run(here, &["measured", "pairs.tsv", "-o", "effects.tsv"]);
    assert_eq!((code, out.as_str()), (Some(3), ""), "{told}");
    assert!(
        told.contains("`gtex_eqtl`, effects of alt") && told.contains("1 of 3 rows were dropped: 1 effect_missing"),
        "{told}"
    );
    let table = std::fs::read_to_string(here.join("effects.tsv")).unwrap();
    assert!(table.contains("chr1\t6\tG\tT\t-0.25\t0.1\t0.02\tg\t"), "{table}");
    let (code, out, _) = run(here, &["measured", "pairs.tsv", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["rows"]["written"]), (Some(3), &Value::from(2)));
    let (code, _, told) = run(here, &["measured", "pairs.tsv", "--effect-allele", "ref"]);
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(run(here, &["measured", "absent.tsv"]).0, Some(1));
}

#[test]
fn formats_are_listed() {
    let (code, out, _) = run(Path::new("."), &["measured", "--formats"]);
    assert_eq!(code, Some(0));
    assert!(
        refalt::measured::FORMATS.iter().all(|format| out.contains(format.name)),
        "{out}"
    );
    let (_, out, _) = run(Path::new("."), &["measured", "--formats", "--json"]);
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        listed["formats"].as_array().unwrap().len(),
        refalt::measured::FORMATS.len()
    );
}

#[test]
fn a_truth_of_a_known_format_needs_no_columns() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    crate::made_up::write_genome(here);
    std::fs::write(here.join("variants.vcf"), crate::made_up::vcf(30, usize::MAX)).unwrap();
    scored(here);
    // The truth of the made-up run, in the form of GTEx; and with the alleles in the other order, effects of what is then ALT.
    let truth = std::fs::read_to_string(here.join("truth.tsv")).unwrap();
    let mut lines = truth.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let at = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (mut as_listed, mut swapped) = (String::new(), String::new());
    for table in [&mut as_listed, &mut swapped] {
        table.push_str("variant_id\tgene_id\tslope\tslope_se\tpval_nominal\n");
    }
    let mut rows = 0;
    for cells in lines {
        let [contig, position, reference, alternate] = ["chrom", "pos", "ref", "alt"].map(|name| cells[at(name)]);
        let effect: f64 = cells[at("effect")].parse().unwrap();
        as_listed.push_str(&format!(
            "{contig}_{position}_{reference}_{alternate}\tg\t{effect}\t0.1\t0.1\n"
        ));
        swapped.push_str(&format!(
            "{contig}_{position}_{alternate}_{reference}\tg\t{}\t0.1\t0.1\n",
            -effect
        ));
        rows += 1;
    }
    std::fs::write(here.join("listed.tsv"), as_listed).unwrap();
    std::fs::write(here.join("swapped.tsv"), swapped).unwrap();
    let validated = |table: &str| {
        let arguments = format!(
            "validate run --truth {table} --truth-format auto -r genome.fa --replicates 0 --permutations 0 -o of_{table}"
        );
        let words: Vec<&str> = arguments.split_whitespace().collect();
        let (code, out, told) = run(here, &words);
        assert_eq!(code, Some(0), "{told}");
        (out, told)
    };
    let (listed, told) = validated("listed.tsv");
    assert!(
        told.contains(&format!("effects of `alt`: {rows} as written, 0 flipped")),
        "{told}"
    );
    let (turned, told) = validated("swapped.tsv");
    assert!(
        told.contains(&format!("effects of `alt`: 0 as written, {rows} flipped")),
        "{told}"
    );
    assert_eq!(listed, turned);
}

#[test]
fn a_table_of_another_content_is_never_replaced_and_its_own_is() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("pairs.tsv"), PAIRS).unwrap();
    for name in ["a.tsv", "a.tsv.gz", "a.parquet"] {
        let arguments = ["measured", "pairs.tsv", "-o", name];
        assert_eq!(run(here, &arguments).0, Some(3), "{name}");
        let first = crate::folder_contents::files(here);
        assert_eq!(run(here, &arguments).0, Some(3), "{name} again");
        let (code, _, told) = run(here, &["measured", "pairs.tsv", "-o", name, "--keep", "effect>0"]);
        assert_eq!(code, Some(1), "{told}");
        assert!(
            told.contains("is there with another content; conditions was `[]`, here `[\"effect>0\"]`")
                && told.contains("--out"),
            "{told}"
        );
        assert_eq!(crate::folder_contents::files(here), first);
    }
    // A record beside the table is somebody's, too, and then there is no table either.
    std::fs::write(here.join("b.tsv.json"), "{\"mine\": 1}").unwrap();
    let (code, _, told) = run(here, &["measured", "pairs.tsv", "-o", "b.tsv"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("b.tsv.json` is there with another content"), "{told}");
    assert!(!here.join("b.tsv").exists());
    let (code, _, told) = run(here, &["measured", "pairs.tsv", "-o", "-"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("a file and no stream") && !here.join("-").exists(),
        "{told}"
    );
}

#[test]
fn counts_without_variants_are_written_and_end_with_3() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut text = String::from("eid");
    for side in ["DNA", "RNA"] {
        for allele in ["A", "B"] {
            text.push_str(&format!("\t{side}_allele_{allele}_1\t{side}_allele_{allele}_2"));
        }
    }
    for row in 0..8 {
        text.push_str(&format!("\nrs{row}"));
        (0..8).for_each(|column| text.push_str(&format!("\t{}", 40 + (row * 7 + column * 5) % 13)));
    }
    std::fs::write(here.join("counts.tsv"), text + "\n").unwrap();
    let (code, _, told) = run(here, &["measured", "counts.tsv", "-o", "effects.tsv", "--quiet"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(
        told.contains("8 rows have a name and no variant") && told.contains("--alleles"),
        "{told}"
    );
    assert!(here.join("effects.tsv").exists());
    let mut alleles = String::from("id\tchrom\tpos\tref\talt\n");
    (0..8).for_each(|row| alleles.push_str(&format!("rs{row}\tchr1\t{}\tA\tC\n", row + 1)));
    std::fs::write(here.join("alleles.tsv"), alleles).unwrap();
    let (code, _, told) = run(here, &["measured", "counts.tsv", "--alleles", "alleles.tsv"]);
    assert_eq!(code, Some(0), "{told}");
}
