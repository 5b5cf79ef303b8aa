//! `refalt export`: every row is in the file, other programs read it, and its numbers are those of the score table.

use crate::made_up;
use crate::refalt;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a command in a folder and returns its standard output.
fn must(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = refalt().current_dir(folder).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs bcftools; `None` when it is not installed.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn bcftools(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = match Command::new("bcftools").current_dir(folder).args(arguments).output() {
        Ok(output) => output,
        Err(_) => {
            println!("skipped: bcftools is not installed");
            return None;
        }
    };
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    // A file that is not as its header says is a warning to bcftools and a fault here.
    let told = stderr(&output);
    assert!(
        !told.contains("[W::") && !told.contains("[E::"),
        "{arguments:?}: {told}"
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A run over rows of every kind, out of order, under a contig name without prefix.
fn run(folder: &Path) {
    made_up::write_genome(folder);
    let genome = made_up::genome();
    let base = |position: usize| char::from(genome[position - 1]);
    let others = |position: usize| {
        let mut bases = vec!['A', 'C', 'G', 'T'];
        bases.retain(|&other| other != base(position));
        bases
    };
    let (first, second) = (others(20_000), others(12_000));
    let mut text = String::from(
        "##fileformat=VCFv4.3\n##contig=<ID=1>\n##contig=<ID=7>\n##ALT=<ID=DEL,Description=\"\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n",
    );
    // Two alternate alleles, out of order.
    text.push_str(&format!(
        "1\t20000\trs1;x\t{}\t{},{}\t.\t.\t.\n",
        base(20_000),
        first[0],
        first[1]
    ));
    text.push_str(&format!("1\t12000\t.\t{}\t{}\t.\t.\t.\n", base(12_000), second[0]));
    // The same variant again.
    text.push_str(&format!("1\t12000\tagain\t{}\t{}\t.\t.\t.\n", base(12_000), second[0]));
    // REF is not the genome's.
    text.push_str(&format!(
        "1\t15000\twrong\t{}\t{}\t.\t.\t.\n",
        others(15_000)[0],
        base(15_000)
    ));
    text.push_str(&format!("1\t16000\tsymbolic\t{}\t<DEL>\t.\t.\t.\n", base(16_000)));
    text.push_str(&format!("7\t16000\tother\t{}\tC\t.\t.\t.\n", 'A'));
    std::fs::write(folder.join("in.vcf"), text).unwrap();
    must(
        folder,
        &["score", "in.vcf", "-r", "genome.fa", "--window", "2048", "-o", "run"],
        3,
    );
}

/// Returns contig, position, alleles and INFO of each record.
fn records(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let info = columns[7].split(';').filter_map(|field| field.split_once('='));
            (
                [0, 1, 3, 4].map(|column| columns[column]).join(" "),
                info.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            )
        })
        .collect()
}

#[test]
fn no_row_is_left_out_and_all_stand_as_written_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder);
    must(folder, &["export", "run", "--to", "vcf", "-o", "out.vcf"], 0);
    let text = std::fs::read_to_string(folder.join("out.vcf")).unwrap();
    let records = records(&text);
    let places: Vec<String> = records
        .iter()
        .map(|(place, info)| {
            let words: Vec<&str> = place.split(' ').collect();
            format!("{} {} {}", words[0], words[1], info["refalt_STATUS"])
        })
        .collect();
    assert_eq!(
        places,
        [
            "1 12000 scored",
            "1 12000 duplicate",
            "1 15000 rejected",
            "1 16000 rejected",
            "1 20000 scored",
            "1 20000 scored",
            "7 16000 rejected",
        ]
    );
    assert_eq!(records[1].1["refalt_DUPLICATE_OF"], "3");
    assert_eq!(records[2].1["refalt_CODE"], "ref_mismatch");
    assert!(records[3].0.ends_with("<DEL>"));
    // The normal form has the reference's name of the contig.
    assert!(records[0].1["refalt_VARIANT"].starts_with("chr1:12000:"));
    assert!(text.contains("##refalt_licence=CC BY 4.0 (JASPAR 2024)"));
}

#[test]
fn summaries_are_those_of_the_score_table() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder);
    must(folder, &["export", "run", "--to", "tsv", "-o", "out.tsv"], 0);
    must(folder, &["export", "run", "--to", "vcf", "-o", "out.vcf"], 0);
    let table = std::fs::read_to_string(folder.join("out.tsv")).unwrap();
    let mut scores: BTreeMap<String, Vec<(f32, String)>> = BTreeMap::new();
    let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|&column| column == name).unwrap();
    let (row, track, raw) = (column("row"), column("track_name"), column("raw_score"));
    for line in lines {
        let score = (line[raw].parse().unwrap(), line[track].replace(' ', "%20"));
        scores.entry(line[row].to_owned()).or_default().push(score);
    }
    assert_eq!(scores.len(), 3);
    let text = std::fs::read_to_string(folder.join("out.vcf")).unwrap();
    for (_, info) in records(&text)
        .iter()
        .filter(|(_, info)| info["refalt_STATUS"] == "scored")
    {
        let scores = &scores[&info["refalt_ROW"]];
        let number = |key: &str| info[&format!("refalt_CHIP_TF_{key}")].parse::<f32>().unwrap();
        let values = || scores.iter().map(|(score, _)| *score);
        assert_eq!(number("MAX"), values().fold(f32::NEG_INFINITY, f32::max));
        assert_eq!(number("MIN"), values().fold(f32::INFINITY, f32::min));
        let mean = values().map(f64::from).sum::<f64>() / scores.len() as f64;
        assert_eq!(number("MEAN"), mean as f32);
        let greatest = values().map(f32::abs).fold(0.0, f32::max);
        let (score, track) = scores.iter().find(|(score, _)| score.abs() == greatest).unwrap();
        assert_eq!(number("SIGNED_MAX"), *score);
        assert_eq!(&info["refalt_CHIP_TF_SIGNED_MAX_TRACK"], track);
        // 739 motifs.
        assert_eq!(info["refalt_CHIP_TF_COUNT"], "739");
    }
}

#[test]
fn bcftools_reads_and_finds_records_in_vcf_and_bcf() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder);
    let Some(_) = bcftools(folder, &["--version"]) else {
        return;
    };
    for (kind, name) in [("vcf", "out.vcf"), ("vcf", "out.vcf.gz"), ("bcf", "out.bcf")] {
        must(folder, &["export", "run", "--to", kind, "-o", name], 0);
    }
    let plain = bcftools(folder, &["view", "-H", "out.vcf"]).unwrap();
    assert_eq!(plain.lines().count(), 7);
    for name in ["out.vcf.gz", "out.bcf"] {
        assert_eq!(bcftools(folder, &["view", "-H", name]).unwrap(), plain, "{name}");
        let format = "%POS %ALT %ID %refalt_STATUS\n";
        let found = bcftools(folder, &["query", "-r", "1:12000-15000", "-f", format, name]).unwrap();
        assert_eq!(found.lines().count(), 3, "{name}: {found}");
        assert_eq!(bcftools(folder, &["index", "-n", name]).unwrap().trim(), "7");
        // The index that bcftools makes itself finds the same.
        bcftools(folder, &["index", "-f", "-c", name]).unwrap();
        assert_eq!(
            bcftools(folder, &["query", "-r", "1:12000-15000", "-f", format, name]).unwrap(),
            found
        );
    }
    // An exact match by place and alleles takes the scores to the user's own records, one allele each.
    must(
        folder,
        &["export", "run", "--to", "vcf", "-o", "notes.vcf.gz", "--summary", "max"],
        0,
    );
    bcftools(folder, &["sort", "-Oz", "-o", "in.vcf.gz", "in.vcf"]).unwrap();
    bcftools(
        folder,
        &["norm", "-m", "-any", "-Oz", "-o", "split.vcf.gz", "in.vcf.gz"],
    )
    .unwrap();
    bcftools(folder, &["index", "split.vcf.gz"]).unwrap();
    let columns = "INFO/refalt_CHIP_TF_MAX";
    let annotated = bcftools(
        folder,
        &["annotate", "-a", "notes.vcf.gz", "-c", columns, "split.vcf.gz"],
    )
    .unwrap();
    let (annotated, exported) = (
        records(&annotated),
        records(&bcftools(folder, &["view", "-H", "notes.vcf.gz"]).unwrap()),
    );
    let scored = exported.iter().filter(|(_, info)| info["refalt_STATUS"] == "scored");
    let mut found = 0;
    for (place, info) in scored {
        let own = annotated.iter().find(|(own, _)| own == place).unwrap();
        assert_eq!(own.1["refalt_CHIP_TF_MAX"], info["refalt_CHIP_TF_MAX"]);
        found += 1;
    }
    assert_eq!(found, 3);
}

#[test]
fn unknown_names_get_the_nearest_and_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder);
    for (arguments, expected) in [
        (["--to", "vfc", "--summary", "max"], "is `vcf`"),
        (["--to", "vcf", "--summary", "maxx"], "is `MAX`"),
        (["--to", "vcf", "--scorers", "CHIPTF"], "is `CHIP_TF` meant?"),
        (["--to", "tsv", "--tracks", "tf=GABPAA"], "nearest is GABPA"),
        (
            ["--to", "bigwig", "--tracks", "GABPA"],
            "the length of `chr1` is not known",
        ),
        (
            ["--to", "bedgraph", "--tracks", "CHIP_TF"],
            "takes one track, and 739 are selected",
        ),
        (["--to", "bedgraph", "--tracks", "GABPA"], "chr1:20000"),
        (
            ["--to", "bedgraph", "--aggregate", "median"],
            "known: max, min, mean, signed_max",
        ),
    ] {
        let output = refalt()
            .current_dir(folder)
            .args(["export", "run", "-o", "none.vcf"])
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    assert!(!folder.join("none.vcf").exists());
    let output = refalt()
        .current_dir(folder)
        .args(["export", ".", "--to", "vcf", "-o", "x.vcf"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no `manifest.json`"), "{}", stderr(&output));
}

/// Returns the scores of one track by input row, from the table as text.
fn of_track(folder: &Path, track: &str) -> BTreeMap<String, f32> {
    must(
        folder,
        &["export", "run", "--to", "tsv", "--tracks", track, "-o", "track.tsv"],
        0,
    );
    let text = std::fs::read_to_string(folder.join("track.tsv")).unwrap();
    let lines = text.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    lines
        .map(|line| (line[0].to_owned(), line[13].parse().unwrap()))
        .collect()
}

#[test]
fn a_bedgraph_has_one_value_for_a_position() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder);
    let scores = of_track(folder, "GABPA");
    let arguments = [
        "export",
        "run",
        "--to",
        "bedgraph",
        "--tracks",
        "GABPA",
        "-o",
        "out.bedgraph",
        "--aggregate",
    ];
    must(folder, &[&arguments[..], &["min"]].concat(), 0);
    let text = std::fs::read_to_string(folder.join("out.bedgraph")).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), 2);
    // Rows 1 and 2 are the alternate alleles at 20,000, row 3 stands at 12,000; starts are 0-based.
    assert_eq!(lines[0][..3], ["chr1", "11999", "12000"]);
    assert_eq!(lines[1][..3], ["chr1", "19999", "20000"]);
    assert_eq!(lines[0][3].parse::<f32>().unwrap(), scores["3"]);
    assert_eq!(lines[1][3].parse::<f32>().unwrap(), scores["1"].min(scores["2"]));
}

#[test]
fn a_matrix_has_a_row_for_each_variant_and_a_column_for_each_track() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder);
    let scores = of_track(folder, "GABPA");
    must(folder, &["export", "run", "--to", "matrix", "-o", "out.tsv"], 0);
    let text = std::fs::read_to_string(folder.join("out.tsv")).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    // Three scored rows; row, variant and 739 motifs.
    assert_eq!((lines.len(), lines[0].len()), (1 + 3, 2 + 739));
    let column = lines[0].iter().position(|name| name.ends_with("GABPA")).unwrap();
    for line in &lines[1..] {
        assert_eq!(line.len(), 2 + 739);
        assert_eq!(line[column].parse::<f32>().unwrap(), scores[line[0]]);
    }
    must(folder, &["export", "run", "--to", "matrix", "-o", "out.parquet"], 0);
    assert_eq!(&std::fs::read(folder.join("out.parquet")).unwrap()[..4], b"PAR1");
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder);
    std::fs::create_dir(folder.join("full")).unwrap();
    for (format, name) in [
        ("vcf", "x.vcf"),
        ("vcf", "x.vcf.gz"),
        ("bcf", "x.bcf"),
        ("tsv", "x.tsv"),
        ("matrix", "x.parquet"),
    ] {
        // A limit on the size of files stands for a full disk: the write fails with an error in the same place.
        let output = Command::new("sh")
            .current_dir(folder)
            .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""])
            .arg(assert_cmd::cargo::cargo_bin("refalt"))
            .args(["export", "run", "--to", format, "-o"])
            .arg(format!("full/{name}"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {}", stderr(&output));
        assert!(
            stderr(&output).contains(&format!("cannot write `full/{name}`"))
                && stderr(&output).contains("hint: nothing"),
            "{}",
            stderr(&output)
        );
        assert_eq!(std::fs::read_dir(folder.join("full")).unwrap().count(), 0, "{name}");
    }
    // A folder of the same name is no file to replace.
    std::fs::create_dir(folder.join("taken.vcf")).unwrap();
    let output = refalt()
        .current_dir(folder)
        .args(["export", "run", "--to", "vcf", "-o", "taken.vcf"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("it is a folder, not a file"),
        "{}",
        stderr(&output)
    );
}

/// Overwrites a file of a copy of the run.
fn damaged(folder: &Path, file: &str, damage: impl Fn(Vec<u8>) -> Option<Vec<u8>>) {
    let copy = folder.join("damaged");
    let _ = std::fs::remove_dir_all(&copy);
    for name in [
        "manifest.json",
        "tracks.parquet",
        "variants.parquet",
        "scores/part-000000.parquet",
        "summaries/part-000000.parquet",
    ] {
        let to = copy.join(name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        let bytes = std::fs::read(folder.join("run").join(name)).unwrap();
        let bytes = if name == file { damage(bytes) } else { Some(bytes) };
        if let Some(bytes) = bytes {
            std::fs::write(to, bytes).unwrap();
        }
    }
}

#[test]
fn a_damaged_run_is_neither_exported_nor_compared() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder);
    let part = "scores/part-000000.parquet";
    type Damage = fn(Vec<u8>) -> Option<Vec<u8>>;
    let cut: Damage = |bytes| Some(bytes[..1000].to_vec());
    let gone: Damage = |_| None;
    let swapped: Damage = |mut bytes| {
        // The same length, another content: as a part of another run may have.
        bytes.reverse();
        Some(bytes)
    };
    let later: Damage = |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        let changed = text.replacen("\"schema_version\": ", "\"schema_version\": 99", 1);
        assert_ne!(changed, text);
        Some(changed.into_bytes())
    };
    let half: Damage = |bytes| Some(bytes[..bytes.len() / 2].to_vec());
    for (file, damage, why, remedy) in [
        (part, cut, "has 1000 bytes", "run again"),
        (part, gone, "is missing", "run again"),
        (part, swapped, "part-000000.parquet", "run again"),
        ("variants.parquet", gone, "variants.parquet` is missing", "run again"),
        ("manifest.json", gone, "no `manifest.json`", "refalt score --out"),
        ("manifest.json", half, "cannot read the manifest", "run again"),
        ("manifest.json", later, "has layout 99", "version of refalt"),
    ] {
        damaged(folder, file, damage);
        for arguments in [
            &["export", "damaged", "--to", "vcf", "-o", "none.vcf"][..],
            &["diff", "run", "damaged"],
            &["diff", "damaged", "run"],
        ] {
            let output = refalt().current_dir(folder).args(arguments).output().unwrap();
            let told = stderr(&output);
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
            assert!(
                told.contains(why) && told.contains("hint: ") && told.contains(remedy),
                "{told}"
            );
        }
        assert!(!folder.join("none.vcf").exists());
    }
}

#[test]
fn a_file_of_another_content_is_never_replaced_and_its_own_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder);
    std::fs::create_dir(folder.join("out")).unwrap();
    let one = ["--scorers", "CHIP_TF", "--tracks", "ELK4", "--aggregate", "max"];
    for (format, name, more) in [
        ("vcf", "x.vcf", &[][..]),
        ("vcf", "x.vcf.gz", &[]),
        ("bcf", "x.bcf", &[]),
        ("tsv", "x.tsv", &[]),
        ("matrix", "x.parquet", &["--scorers", "CHIP_TF"]),
        ("bedgraph", "x.bedgraph", &one),
        ("bigwig", "x.bw", &[&one[..], &["-r", "genome.fa"]].concat()),
    ] {
        let out = format!("out/{name}");
        let arguments = [&["export", "run", "--to", format, "-o", &out], more].concat();
        must(folder, &arguments, 0);
        let first = std::fs::read(folder.join(&out)).unwrap();
        must(folder, &arguments, 0);
        assert_eq!(std::fs::read(folder.join(&out)).unwrap(), first, "{name}");
        std::fs::write(folder.join(&out), "years of work").unwrap();
        let output = refalt().current_dir(folder).args(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(
            stderr(&output).contains(&format!("`{out}` is there with another content")),
            "{}",
            stderr(&output)
        );
        assert_eq!(std::fs::read(folder.join(&out)).unwrap(), b"years of work", "{name}");
    }
    assert!(
        crate::folder_contents::files(&folder.join("out"))
            .keys()
            .all(|name| !name.ends_with(".partial"))
    );
    // An index of somebody else is no reason to write half of the two.
    std::fs::write(folder.join("out/y.vcf.gz.tbi"), "mine").unwrap();
    let output = refalt()
        .current_dir(folder)
        .args(["export", "run", "--to", "vcf", "-o", "out/y.vcf.gz"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!folder.join("out/y.vcf.gz").exists());
    must(folder, &["export", "run", "--to", "tsv", "-o", "-"], 2);
}
