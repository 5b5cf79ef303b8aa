//! `refalt score-interval`: what it writes, says and refuses.

use crate::made_up;
use crate::refalt;
use std::path::Path;

/// A gene for a GTF: id, strand, exons (1-based, inclusive).
type Gene = (&'static str, char, &'static [(u32, u32)]);

/// A gene on each strand; the second has two exons.
const GENES: [Gene; 2] = [
    ("ENSG1.1", '+', &[(20_001, 21_000)]),
    ("ENSG2.3", '-', &[(22_001, 22_500), (23_001, 24_000)]),
];

fn write_genes(folder: &Path) {
    let mut text = String::new();
    for (id, strand, exons) in GENES {
        let mut line = |kind: &str, (start, end): (u32, u32), more: &str| {
            text.push_str(&format!(
                "chr1\tmade-up\t{kind}\t{start}\t{end}\t.\t{strand}\t.\tgene_id \"{id}\"; gene_name \"N{id}\"; gene_type \"lncRNA\"; {more}\n"
            ));
        };
        let whole = (exons[0].0, exons[exons.len() - 1].1);
        line("gene", whole, "");
        line("transcript", whole, &format!("transcript_id \"T{id}\";"));
        for exon in exons {
            line("exon", *exon, &format!("transcript_id \"T{id}\";"));
        }
    }
    std::fs::write(folder.join("genes.gtf"), text).unwrap();
}

const MEAN: &str = "GeneMaskScorer(requested_output=CHIP_TF, width=None, aggregation_type=MEAN)";
const SUM: &str = "GeneMaskScorer(requested_output=CHIP_TF, width=2001, aggregation_type=SUM)";

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = refalt();
    command.current_dir(folder).arg("score-interval");
    let output = command.args(["-r", "genome.fa"]).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Reads a table: for each row the cells of some columns.
fn cells(path: &Path, names: &[&str]) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split('\t').collect();
    let places = names
        .iter()
        .map(|name| header.iter().position(|of| of == name).unwrap());
    let places: Vec<usize> = places.collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), header.len(), "{line}");
        places.iter().map(|&place| cells[place].to_owned()).collect()
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn the_motif_model_scores_the_genes_of_an_interval() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made_up::write_genome(folder);
    write_genes(folder);
    let scorers = format!("{MEAN},{SUM}");
    let arguments = [
        "chr1:19001-25144",
        "--genes",
        "genes.gtf",
        "--scorer",
        &scorers,
        "--tracks",
        "tf in {GABPA, CTCF}",
        "--format",
        "parquet,tsv",
        "-o",
        "out",
    ];
    let (code, _, told) = run(folder, &arguments);
    assert_eq!(code, Some(0), "{told}");
    for words in [
        "gene models `genes.gtf`: 2 genes",
        "1 interval: 1 scored, 0 without a gene, rejected 0, failed 0; ",
        "windows: the intervals as they are; 4 files",
        "written to `out`; licence: CC BY 4.0",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let mut names: Vec<String> = std::fs::read_dir(folder.join("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "identity.json",
        "interval_scores.parquet",
        "interval_scores.tsv",
        "intervals.parquet",
        "intervals.tsv",
        "manifest.json",
    ];
    assert_eq!(names, expected);
    let columns = [
        "scored_interval",
        "gene_id",
        "gene_strand",
        "interval_scorer",
        "track_strand",
        "raw_score",
    ];
    let rows = cells(&folder.join("out/interval_scores.tsv"), &columns);
    // By the whole window both genes, which start at 20,001 and 24,000; none starts in the 2,001 bp around 22,073.
    let tracks = rows.len() / 2;
    assert_eq!(rows.len(), 2 * tracks);
    assert!(tracks >= 2);
    for (row, cells) in rows.iter().enumerate() {
        let gene = [["ENSG1", "+"], ["ENSG2", "-"]][row % 2];
        assert_eq!(cells[0], "chr1:19000-25144:.");
        assert_eq!([cells[1].as_str(), cells[2].as_str()], gene);
        assert_eq!([cells[3].as_str(), cells[4].as_str()], [MEAN, "."]);
        assert!(cells[5].parse::<f32>().unwrap() >= 0.0);
    }
    let manifest = std::fs::read(folder.join("out/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["identity"]["command"], "score-interval");
    assert_eq!(manifest["intervals"]["score_rows"], rows.len());
    // The same work again writes the same bytes; other work is refused.
    let read = || std::fs::read(folder.join("out/interval_scores.parquet")).unwrap();
    let before = read();
    assert_eq!(run(folder, &arguments).0, Some(0));
    assert!(read() == before);
    let (code, _, told) = run(folder, &[&arguments[..], &["--all-strands"]].concat());
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("holds a run that differs"), "{told}");
}

#[test]
fn every_interval_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made_up::write_genome(folder);
    write_genes(folder);
    let bed = "track name=peaks db=none\n\
        chr1\t20000\t20100\tfirst\n\
        1\t20000\t20100\talias\n\
        chr1\t40000\t40001\tdesert\n\
        chr7\t5\t10\tunknown\n\
        chr1\t59000\t60001\tpast\n\
        chr1\t70000\t70010\tfar\n\
        chr1\t500\t500\tempty\n\
        chr1\t1000\t9000\tlong\n\
        chr1\t0\t10\tedge\n";
    std::fs::write(folder.join("peaks.bed"), bed).unwrap();
    let common = [
        "peaks.bed",
        "--genes",
        "genes.gtf",
        "--scorers",
        MEAN,
        "--tracks",
        "tf=GABPA",
        "--format",
        "tsv",
    ];
    let (code, _, told) = run(folder, &[&common[..], &["--window", "4096", "-o", "out"]].concat());
    assert_eq!(code, Some(3), "{told}");
    let rows = cells(
        &folder.join("out/intervals.tsv"),
        &["line", "name", "status", "code", "scored_interval", "genes", "scores"],
    );
    let window = |start: i64| format!("chr1:{start}-{}:.", start + 4096);
    let expected = [
        ["2", "first", "scored", "", &window(20_050 - 2048), "1", "1"],
        ["3", "alias", "scored", "", &window(20_050 - 2048), "1", "1"],
        ["4", "desert", "no_gene", "", &window(40_001 - 2048), "0", "0"],
        ["5", "unknown", "rejected", "contig_unknown", "", "0", "0"],
        ["6", "past", "rejected", "past_contig", "", "0", "0"],
        ["7", "far", "rejected", "not_in_reference", "", "0", "0"],
        ["8", "empty", "rejected", "no_base", "", "0", "0"],
        ["9", "long", "rejected", "longer_than_window", "", "0", "0"],
        ["10", "edge", "no_gene", "", &window(5 - 2048), "0", "0"],
    ];
    assert_eq!(rows, expected);
    assert!(
        told.contains(
            "9 intervals: 2 scored, 2 without a gene, rejected 5 (contig_unknown 1, longer_than_window 1, no_base 1, \
             not_in_reference 1, past_contig 1), failed 0; 2 score rows"
        ),
        "{told}"
    );
    assert!(
        told.contains("row 5, line 6: chr1:59001-60001 (past): chr1:59001-60001 ends past chr1, which has 60000 bp"),
        "{told}"
    );
    let scores = cells(
        &folder.join("out/interval_scores.tsv"),
        &["row", "name", "chrom", "start", "end"],
    );
    assert_eq!(
        scores,
        [
            ["1", "first", "chr1", "20000", "20100"],
            ["2", "alias", "chr1", "20000", "20100"]
        ]
    );
    // Without --window an interval has to be what the model reads.
    let (code, _, told) = run(folder, &[&common[..], &["-o", "as-they-are"]].concat());
    assert_eq!(code, Some(3), "{told}");
    assert!(
        told.contains("does not read intervals of 100 bp; it reads multiples of 128")
            && told.contains("--window BP lays a window"),
        "{told}"
    );
    let (code, _, told) = run(
        folder,
        &[&["chr1:19001-21048"], &common[1..], &["--json", "-o", "json"]].concat(),
    );
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn wrong_values_are_told_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    made_up::write_genome(folder);
    write_genes(folder);
    std::fs::write(folder.join("reversed.bed"), "chr1\t100\t200\nchr1\t300\t200\n").unwrap();
    std::fs::write(folder.join("nothing.bed"), "# nothing\n").unwrap();
    std::fs::write(folder.join("hg19.bed"), "track db=hg19\nchr1\t100\t200\n").unwrap();
    let genes = ["--genes", "genes.gtf"];
    let with = |arguments: &[&'static str]| [arguments, &genes[..]].concat();
    let wide = "GeneMaskScorer(requested_output=CHIP_TF, width=10001, aggregation_type=MEAN)";
    for (arguments, code, message) in [
        (
            with(&["chr1:1-2048"]),
            2,
            "reads RNA_SEQ, which the model `motif-jaspar2024` does not give; it gives CHIP_TF",
        ),
        (
            with(&["chr1:1-2048"]),
            2,
            "can serve `--scorers 'GeneMaskScorer(requested_output=CHIP_TF, width=None, aggregation_type=MEAN)'`",
        ),
        (
            with(&["chr1:1-2048", "--scorers", "CHIP_TF"]),
            2,
            "`CHIP_TF` scores variants, not intervals",
        ),
        (
            with(&["chr1:1-2048", "--scorers", "CHIP_TF"]),
            2,
            "interval scorers: `RNA_SEQ` (`GeneMaskScorer(",
        ),
        (
            with(&["chr1:1-2048", "--scorers", wide, "--window", "4096"]),
            2,
            "is wider than the window of 4096 bp",
        ),
        (
            with(&["chr1:1-2048", "--scorers", MEAN, "--window", "100"]),
            2,
            "does not read windows of 100 bp",
        ),
        (with(&["chr1:2048-1", "--scorers", MEAN]), 2, "is not a region such as"),
        (
            with(&["no.bed", "--scorers", MEAN]),
            2,
            "there is no file `no.bed`, and it is no interval",
        ),
        (
            with(&["reversed.bed", "--scorers", MEAN]),
            1,
            "chromEnd `200` is before chromStart `300`",
        ),
        (
            with(&["hg19.bed", "--scorers", MEAN, "--assembly", "GRCh38"]),
            1,
            "the intervals in `hg19.bed` are said to be on GRCh37 (line 1: track db=hg19), the reference is stated to be GRCh38",
        ),
        (
            with(&["nothing.bed", "--scorers", MEAN]),
            1,
            "`nothing.bed` has no interval",
        ),
        (
            vec!["chr1:1-2048", "--scorers", MEAN],
            2,
            "needs a gene annotation, and none is given",
        ),
        (
            with(&["chr1:1-2048", "--scorers", MEAN, "--format", "bed"]),
            2,
            "unknown format `bed`; known: parquet, tsv",
        ),
        (
            with(&["chr1:1-2048", "--scorers", MEAN, "--tracks", "tf=NOTHING"]),
            2,
            "NOTHING",
        ),
    ] {
        let (found, _, told) = run(folder, &[&arguments[..], &["-o", "out"]].concat());
        assert_eq!(found, Some(code), "{arguments:?}: {told}");
        assert!(told.contains(message), "{arguments:?}: {told}");
        assert!(!folder.join("out").exists(), "{arguments:?}");
    }
    #[cfg(feature = "api")]
    {
        let arguments = with(&["chr1:1-2048", "--model", "api", "--address", "http://127.0.0.1:1"]);
        let (found, _, told) = run(folder, &[&arguments[..], &["-o", "out"]].concat());
        assert_eq!(found, Some(2), "{told}");
        assert!(told.contains("--genes: the service brings genes of its own"), "{told}");
    }
}

/// Reads the table of scores up to the columns that say who computed.
#[cfg(all(unix, feature = "api"))]
fn scores(out: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(out.join("interval_scores.tsv")).unwrap();
    let kept = text
        .lines()
        .next()
        .unwrap()
        .split('\t')
        .position(|name| name == "source")
        .unwrap();
    let line = |line: &str| line.split('\t').take(kept).collect::<Vec<_>>().join("\t");
    text.lines().map(line).collect()
}

/// The shipped model behind `refalt serve`: for refalt, whose answers are kept, and for the official Python client.
#[cfg(all(unix, feature = "api"))]
#[test]
fn the_motif_model_is_served_to_refalt_and_to_the_official_client() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_genes(folder);
    let genes = folder.join("genes.gtf");
    let serving = crate::serve::Serving::start(folder, &["--genes", genes.to_str().unwrap()]);
    let address = format!("http://{}", serving.address);
    let scorers = format!("{MEAN},{SUM}");
    let common = [
        "chr1:20401-20500",
        "chr1:23801-23801",
        "--window",
        "16384",
        "--scorers",
        &scorers,
        "--format",
        "tsv,parquet",
    ];
    let own = [&common[..], &["--genes", "genes.gtf", "-o", "own"]].concat();
    let (code, _, told) = run(folder, &own);
    assert_eq!(code, Some(0), "{told}");
    let api = ["--model", "api", "--address", &address, "--cache", "cache"];
    for (out, answers) in [
        ("served", "answers: 0 from the cache, 4 from the service in 2 calls"),
        ("kept", "answers: 4 from the cache, 0 from the service in 0 calls"),
    ] {
        let (code, _, told) = run(folder, &[&common[..], &api, &["-o", out]].concat());
        assert_eq!(code, Some(0), "{told}");
        assert!(told.contains(answers), "{told}");
        assert!(scores(&folder.join("own")) == scores(&folder.join(out)));
    }
    // Both genes by 739 tracks in the whole windows, one in the 2,001 bp around each middle.
    assert_eq!(scores(&folder.join("own")).len(), 1 + 2 * (2 + 1) * 739);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join("target/official/bin/python");
    if !python.exists() {
        return;
    }
    let mut command = std::process::Command::new(python);
    command
        .env("no_proxy", "localhost,127.0.0.1")
        .arg(root.join("crates/rpc/tests/official/interval_client.py"))
        .arg(&serving.address)
        .arg(folder.join("own/interval_scores.tsv"))
        .args([
            "--window",
            "16384",
            "--scorer",
            "CHIP_TF:None:MEAN",
            "--scorer",
            "CHIP_TF:2001:SUM",
        ])
        .args(["--", "chr1:20400-20500", "chr1:23800-23801"]);
    let output = command.output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    if !message.contains("ModuleNotFoundError") {
        assert!(output.status.success(), "{message}");
    }
}
