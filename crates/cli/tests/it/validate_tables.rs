//! `refalt validate` and `refalt measured`: tables of measured effects that are not what they seem.

use crate::validate::{bench, run, stderr};
use std::path::Path;

/// Writes a table of measured effects, a line of the shipped one changed by its cells.
fn changed(here: &Path, name: &str, change: impl Fn(usize, &mut Vec<String>)) {
    let text = std::fs::read_to_string(here.join("truth.tsv")).unwrap();
    let lines = text.lines().enumerate().map(|(number, line)| {
        let mut cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        if number > 0 {
            change(number, &mut cells);
        }
        cells.join("\t") + "\n"
    });
    std::fs::write(here.join(name), lines.collect::<String>()).unwrap();
}

#[test]
fn effects_on_one_side_are_told_on_the_terminal_the_page_and_in_json() {
    let bench = bench();
    let here = bench.path();
    let warning = "have no sign: all 30 effects other than 0 are positive";
    let of = |table: &str, more: &str| {
        let out = tempfile::tempdir_in(here).unwrap().keep();
        let command = format!(
            "validate run --truth {table} -r genome.fa --effect effect --permutations 0 --replicates 0 -o {} {more}",
            out.display()
        );
        let output = run(here, &command);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let page = std::fs::read_to_string(out.join("report.html")).unwrap();
        let told = stderr(&output);
        (told, page, String::from_utf8(output.stdout).unwrap())
    };
    // Odds ratios.
    changed(here, "ratios.tsv", |_, cells| {
        cells[4] = cells[4].parse::<f64>().unwrap().exp().to_string();
    });
    let (_, _, printed) = of("ratios.tsv", "--json");
    let (told, page, _) = of("ratios.tsv", "");
    assert!(told.contains("warning: ") && told.contains(warning), "{told}");
    assert!(page.contains(warning));
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert!(printed["effect_warnings"][0].as_str().unwrap().contains(warning));
    // The ratios of a table whose alleles are named: half of the signs are turned, and the numbers as written still have none.
    changed(here, "turned.tsv", |number, cells| {
        cells[4] = cells[4].parse::<f64>().unwrap().exp().to_string();
        cells[9] = cells[2 + number % 2].clone();
    });
    assert!(of("turned.tsv", "--effect-allele distance").0.contains(warning));
    let (told, page, _) = of("truth.tsv", "");
    assert!(
        !told.contains("have no sign") && !page.contains("have no sign"),
        "{told}"
    );
}

#[test]
fn one_effect_of_several_alternates_is_rejected_and_counted() {
    let bench = bench();
    let here = bench.path();
    changed(here, "several.tsv", |number, cells| {
        if number == 3 {
            let others: Vec<&str> = ["A", "C", "G", "T"]
                .into_iter()
                .filter(|base| *base != cells[2])
                .collect();
            cells[3] = others.join(",");
        }
    });
    let command = "validate run --truth several.tsv -r genome.fa --effect effect --permutations 0 --replicates 0 -o several --json";
    let output = run(here, command);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["truth"]["rejected"]["effect_of_several_alleles"], 3);
    assert_eq!(printed["truth"]["used"], 29);
    let output = run(
        here,
        "measured several.tsv --format table --effect effect --effect-allele alt -r genome.fa -o measured.tsv --json",
    );
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["rows"]["dropped"]["effect_of_several_alleles"], 3);
    assert_eq!(printed["rows"]["written"], 29);
}

#[test]
fn a_table_that_is_shifted_by_one_is_refused() {
    let bench = bench();
    let here = bench.path();
    changed(here, "shifted.tsv", |_, cells| {
        cells[1] = (cells[1].parse::<u32>().unwrap() + 1).to_string();
    });
    for command in [
        "validate run --truth shifted.tsv -r genome.fa --effect effect -o nothing",
        "validate run --truth shifted.tsv -r genome.fa --effect effect --effect-allele alt -o nothing",
        "measured shifted.tsv --format table --effect effect --effect-allele alt -r genome.fa -o nothing.tsv",
    ] {
        let output = run(here, command);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{command}: {told}");
        assert!(
            told.contains("of the 30 rows of") && told.contains("shifted by one") && told.contains("refalt vet"),
            "{told}"
        );
        assert!(!here.join("nothing").exists() && !here.join("nothing.tsv").exists());
    }
}

#[test]
fn effects_of_a_vcf_are_taken_for_each_alternate_where_its_header_says_so() {
    let bench = bench();
    let here = bench.path();
    let table = std::fs::read_to_string(here.join("truth.tsv")).unwrap();
    for (number, rejected) in [("A", 0), ("1", 2)] {
        let mut text =
            format!("##fileformat=VCFv4.3\n##INFO=<ID=EFF,Number={number},Type=Float,Description=\"effect\">\n");
        text.push_str("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n");
        for (row, line) in table.lines().skip(1).enumerate() {
            let cells: Vec<&str> = line.split('\t').collect();
            let other = ["C", "G", "T"]
                .into_iter()
                .find(|base| *base != cells[2] && *base != cells[3])
                .unwrap();
            let (alternate, effect) = match (row, number) {
                (2, "A") => (format!("{},{other}", cells[3]), format!("{},0.5", cells[4])),
                (2, _) => (format!("{},{other}", cells[3]), cells[4].to_owned()),
                _ => (cells[3].to_owned(), cells[4].to_owned()),
            };
            text.push_str(&format!(
                "{}\t{}\t.\t{}\t{alternate}\t.\t.\tEFF={effect}\n",
                cells[0], cells[1], cells[2]
            ));
        }
        std::fs::write(here.join("truth.vcf"), text).unwrap();
        let output = run(
            here,
            &format!(
                "validate run --truth truth.vcf -r genome.fa --effect EFF --permutations 0 --replicates 0 -o of_{number} --json"
            ),
        );
        assert_eq!(
            output.status.code(),
            Some(if rejected > 0 { 3 } else { 0 }),
            "{}",
            stderr(&output)
        );
        let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(printed["truth"]["rows"], 31);
        assert_eq!(printed["truth"]["used"], 31 - rejected);
    }
}
