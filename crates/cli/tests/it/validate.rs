//! `refalt validate`: what it prints, what each option adds, and what is refused.

use crate::folders::scored;
use crate::refalt;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

pub(crate) fn run(folder: &Path, arguments: &str) -> Output {
    let arguments = arguments.split_whitespace();
    refalt().current_dir(folder).args(arguments).output().unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A table as rows of cells by heading.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text
        .lines()
        .map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    lines
        .map(|cells| {
            assert_eq!(cells.len(), header.len(), "{cells:?}");
            header.iter().cloned().zip(cells).collect()
        })
        .collect()
}

fn table(folder: &Path, name: &str) -> Vec<BTreeMap<String, String>> {
    rows(&std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// A scored folder, with 30 variants and their measured effects in a table with further columns.
pub(crate) fn bench() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    crate::made_up::write_genome(here);
    std::fs::write(here.join("variants.vcf"), crate::made_up::vcf(30, usize::MAX)).unwrap();
    scored(here);
    let plain = std::fs::read_to_string(here.join("truth.tsv")).unwrap();
    let mut truth = String::new();
    for (number, line) in plain.lines().enumerate() {
        let further = match number {
            0 => "block\tpair\tweight\tdistance\tmotif\tsame\tp".to_owned(),
            _ => format!(
                "b{}\tp{}\t{}\t{}\t{}\t1\t{}",
                number / 10,
                number / 2,
                number % 4 + 1,
                number * number % 17,
                ["ets", "sp", ""][number % 3],
                0.5 / number as f64
            ),
        };
        writeln!(truth, "{line}\t{further}").unwrap();
    }
    std::fs::write(here.join("truth.tsv"), truth).unwrap();
    folder
}

const VALIDATE: &str = "validate run --truth truth.tsv -r genome.fa --effect effect --permutations 50";

/// Few replicates, where the test does not say how many.
fn with_replicates(more: &str) -> String {
    match more.contains("--replicates") {
        true => more.to_owned(),
        false => format!("--replicates 50 {more}"),
    }
}

/// Validates into a folder of its own; returns it with what was printed and told.
fn validated(here: &Path, more: &str) -> (PathBuf, Vec<BTreeMap<String, String>>, String) {
    let out = tempfile::tempdir_in(here).unwrap().keep();
    let output = run(
        here,
        &format!("{VALIDATE} -o {} {}", out.display(), with_replicates(more)),
    );
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{more}: {told}");
    (out, rows(&String::from_utf8(output.stdout).unwrap()), told)
}

/// Refuses with the words, and leaves nothing behind.
fn refused(here: &Path, more: &str, code: i32, words: &[&str]) {
    let output = run(here, &format!("{VALIDATE} -o nothing {}", with_replicates(more)));
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{more}: {told}");
    for word in words {
        assert!(told.contains(word), "{more}: no `{word}` in {told}");
    }
    assert!(!here.join("nothing").exists(), "{more}");
}

#[test]
fn summaries_are_printed_and_the_tracks_that_are_asked_for_beside_them() {
    let bench = bench();
    let here = bench.path();
    let names = |more: &str| -> BTreeSet<(String, String)> {
        let (_, printed, _) = validated(here, more);
        printed
            .iter()
            .map(|row| (row["predictor"].clone(), row["name"].clone()))
            .collect()
    };
    let plain = names("");
    assert!(plain.iter().all(|(predictor, _)| predictor == "summary"), "{plain:?}");
    assert_eq!(plain.len(), 5);
    let asked = names("--tracks tf=GABPA");
    assert!(asked.is_superset(&plain));
    let tracks: Vec<&str> = asked
        .difference(&plain)
        .map(|(predictor, _)| predictor.as_str())
        .collect();
    assert_eq!(tracks, ["track"], "{asked:?}");
}

#[test]
fn clusters_are_drawn_together_and_too_few_have_no_interval() {
    let bench = bench();
    let here = bench.path();
    let of = |more: &str| {
        let (out, printed, _) = validated(here, more);
        let is_it = |row: &&BTreeMap<String, String>| {
            (row["name"].as_str(), row["metric"].as_str(), row["compared"].as_str()) == ("sum", "spearman", "signed")
        };
        let printed = printed.iter().find(is_it).unwrap().clone();
        (table(&out, "metrics.tsv").iter().find(is_it).unwrap().clone(), printed)
    };
    // Every position is a variant: rows are drawn and permuted.
    let (row, _) = of("");
    assert_eq!(
        [&row["clusters"], &row["interval"], &row["test"]],
        ["30", "bca", "permutation"]
    );
    // 15 pairs and a single one.
    let (row, printed) = of("--cluster pair");
    assert_eq!(
        [&row["clusters"], &row["interval"], &row["test"]],
        ["16", "bca", "cluster_permutation"]
    );
    assert!(
        printed["note"].contains("only 16 clusters: the interval is rough"),
        "{printed:?}"
    );
    let (row, printed) = of("--cluster block");
    assert_eq!([&row["clusters"], &row["interval"], &row["low"]], ["4", "", ""]);
    assert!(
        printed["note"].contains("only 4 clusters, and the bootstrap needs 10"),
        "{printed:?}"
    );
    assert!(!row["p"].is_empty());
    let (row, _) = of("--cluster pair --interval jackknife --replicates 0");
    assert_eq!([&row["clusters"], &row["interval"]], ["16", "jackknife"]);
    let (row, printed) = of("--cluster chromosome");
    assert_eq!([&row["clusters"], &row["p"]], ["1", ""]);
    assert!(printed["note"].contains("one cluster"), "{printed:?}");
    // Nothing tells what the rows of one cluster are worth, nor whether strata of it differ.
    let (out, _, _) = validated(here, "--cluster chromosome --stratify motif");
    for row in table(&out, "effective_n.tsv") {
        assert_eq!(
            [&row["clusters"], &row["effective_rows"], &row["detectable_effective"]],
            ["1", "", ""]
        );
    }
    let strata = table(&out, "strata.tsv");
    assert!(!strata.is_empty());
    for row in strata {
        assert_eq!([&row["p_heterogeneity"], &row["q_heterogeneity"]], ["", ""], "{row:?}");
    }
    refused(
        here,
        "--cluster pair --interval fisher",
        2,
        &["closed form", "--interval jackknife"],
    );
    refused(
        here,
        "--cluster pair --replicates 0",
        2,
        &["`--replicates 0`", "clustered by column pair"],
    );
    refused(here, "--cluster pair --block 20", 2, &["--block"]);
    refused(here, "--cluster pairs", 2, &["pairs", "pair"]);
    refused(here, "--interval normal", 2, &["bca", "jackknife"]);
}

#[test]
fn weights_make_rows_of_their_own_and_are_heeded_by_what_rows_are_worth() {
    let bench = bench();
    let here = bench.path();
    let (out, _, _) = validated(here, "--weight weight");
    let metrics = table(&out, "metrics.tsv");
    let worth = |metric: &str| -> f64 {
        let is_it = |row: &&BTreeMap<String, String>| {
            (row["name"].as_str(), row["metric"].as_str(), row["compared"].as_str()) == ("sum", metric, "signed")
        };
        metrics.iter().find(is_it).unwrap()["effective_n"].parse().unwrap()
    };
    // Weights 2, 3, 4, 1 in turn over 30 rows: 7 times each, and 2 and 3 once more. Kish: 75^2 / (7 * 30 + 13).
    assert!((worth("weighted_pearson") - 75.0 * 75.0 / 223.0).abs() < 1e-9);
    assert!((worth("pearson") - 30.0).abs() < 1e-9);
    let kish: f64 = table(&out, "effective_n.tsv")[0]["effective_weighted"].parse().unwrap();
    assert!((kish - 75.0 * 75.0 / 223.0).abs() < 1e-9);
    let truth = std::fs::read_to_string(here.join("truth.tsv")).unwrap();
    let negative = truth.replacen("\tp0\t2\t", "\tp0\t-2\t", 1);
    std::fs::write(here.join("negative.tsv"), &negative).unwrap();
    refused(
        here,
        "--weight motif",
        1,
        &["motif", "line 2", "a finite number of at least 0"],
    );
    let output = run(
        here,
        "validate run --truth negative.tsv -r genome.fa --effect effect --weight weight -o nothing",
    );
    assert!(
        stderr(&output).contains("holds `-2`") && output.status.code() == Some(1),
        "{}",
        stderr(&output)
    );
    // No row counts: every weighted number says so.
    let zero = truth.lines().enumerate().map(|(number, line)| match number {
        0 => format!("{line}\tzero\n"),
        _ => format!("{line}\t0\n"),
    });
    std::fs::write(here.join("truth.tsv"), zero.collect::<String>()).unwrap();
    let (out, _, _) = validated(here, "--weight zero");
    for row in table(&out, "metrics.tsv")
        .iter()
        .filter(|row| row["metric"] == "weighted_pearson")
    {
        assert!(row["value"].is_empty() && !row["note"].is_empty(), "{row:?}");
    }
}

#[test]
fn strata_groups_and_covariates_have_tables() {
    let bench = bench();
    let here = bench.path();
    let (out, _, _) = validated(
        here,
        "--stratify motif --stratify distance:5,10 --stratify |effect|:quantiles=2 --group motif --covariate distance",
    );
    let strata = table(&out, "strata.tsv");
    let of = |by: &str| -> BTreeMap<String, String> {
        let rows = strata.iter().filter(|row| {
            (
                row["by"].as_str(),
                row["name"].as_str(),
                row["metric"].as_str(),
                row["compared"].as_str(),
            ) == (by, "sum", "pearson", "signed")
        });
        rows.map(|row| (row["stratum"].clone(), row["n"].clone())).collect()
    };
    let of_motifs: Vec<_> = of("motif").into_iter().collect();
    assert_eq!(
        of_motifs,
        [("ets", "10"), ("sp", "10")].map(|(name, n)| (name.to_owned(), n.to_owned()))
    );
    assert!(
        strata
            .iter()
            .filter(|row| row["by"] == "motif")
            .all(|row| row["note"].contains("10 rows have no stratum"))
    );
    let below = (1..=30).filter(|number| number * number % 17 < 5).count().to_string();
    assert_eq!(of("distance:5,10")["<5"], below);
    assert_eq!(
        of("|effect|:quantiles=2")
            .values()
            .map(|n| n.parse::<u32>().unwrap())
            .sum::<u32>(),
        30
    );
    assert!(
        strata
            .iter()
            .filter(|row| row["by"].starts_with('|'))
            .all(|row| row["note"].contains("by the outcome"))
    );
    let groups = table(&out, "groups.tsv");
    assert!(groups.iter().any(|row| row["group"] == "ets" && row["n"] == "10"));
    let partial = table(&out, "partial.tsv");
    assert!(
        partial
            .iter()
            .all(|row| row["covariates"] == "distance" && row["test"] == "student_t")
    );
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    for said in ["10 rows have no stratum", "Covariates taken out", "Means over groups"] {
        assert!(page.contains(said), "{said}");
    }
    refused(here, "--stratify distance:5,1", 2, &["do not rise"]);
    refused(here, "--stratify motiv", 2, &["motiv", "motif"]);
    refused(here, "--stratify motif:1,2", 1, &["motif", "a finite number"]);
    refused(here, "--group motiv", 2, &["motiv", "motif"]);
    refused(here, "--covariate effect", 2, &["the measured effect itself"]);
    refused(here, "--covariate motif", 1, &["motif", "a finite number"]);
    refused(
        here,
        "--stratify |tss_distance|:1000",
        2,
        &["needs gene models", "--genes"],
    );
    refused(here, "--covariate |tss_distance|", 2, &["needs gene models", "--genes"]);
}

#[test]
fn predictions_and_runs_are_compared() {
    let bench = bench();
    let here = bench.path();
    let score = |window: u32, out: &str, more: &str| {
        let arguments = format!("score variants.vcf -r genome.fa --window {window} --rows-per-part 10 -o {out} {more}");
        let output = run(here, &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    };
    score(1024, "wide", "");
    score(128, "narrow", "");
    score(2048, "wider", "");
    let (out, _, told) = validated(here, "--compare max_abs,sum --against wide narrow --tracks GABPA");
    assert!(!told.contains("warning"), "{told}");
    let differences = table(&out, "differences.tsv");
    assert!(
        differences
            .iter()
            .any(|row| row["first"].contains("max_abs") && row["second"].contains("sum"))
    );
    let runs: BTreeSet<(String, String)> = table(&out, "runs.tsv")
        .iter()
        .map(|row| (row["run"].clone(), row["window_bp"].clone()))
        .collect();
    let expected = [("run", "512"), ("wide", "1024"), ("narrow", "128")];
    assert_eq!(runs, expected.map(|(run, bp)| (run.to_owned(), bp.to_owned())).into());
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("Runs side by side"));
    // The score is of 501 bp, and motifs see all of them in both windows.
    let output = run(
        here,
        &format!(
            "{} --replicates 50 --against wider -o wide/validate",
            VALIDATE.replacen("run", "wide", 1)
        ),
    );
    let told = stderr(&output);
    assert!(
        told.contains("warning: every prediction compared has the same scores in `wider`"),
        "{told}"
    );
    let page = std::fs::read_to_string(here.join("wide/validate/report.html")).unwrap();
    assert!(page.contains("the same scores in"));
    refused(here, "--compare max_abs,summ", 2, &["summ", "`sum`"]);
    refused(here, "--compare max_abs", 2, &["max_abs"]);
    refused(here, "--against run", 2, &["is the run that is validated", "--compare"]);
    refused(here, "--against nowhere", 1, &["nowhere"]);
    // A run without one of the tracks is compared on the others.
    score(512, "some", "--tracks tf=ETV5");
    let (out, _, told) = validated(here, "--against some --tracks GABPA,ETV5");
    assert!(told.contains("`some` does not have the tracks `GABPA`"), "{told}");
    let differences = table(&out, "differences.tsv");
    assert!(
        differences.iter().any(|row| row["first"].contains("ETV5"))
            && !differences.iter().any(|row| row["first"].contains("GABPA"))
    );
}

#[test]
fn numbers_that_are_missing_are_told_on_the_terminal_and_on_the_page() {
    let bench = bench();
    let here = bench.path();
    let (out, printed, _) = validated(here, "--label same>=1 --label p<0.05");
    let one_class: Vec<_> = printed
        .iter()
        .filter(|row| row["compared"] == "same>=1" && row["metric"] == "auroc")
        .collect();
    assert!(!one_class.is_empty());
    let note = &one_class[0]["note"];
    assert!(
        one_class
            .iter()
            .all(|row| row["value"].is_empty() && row["note"] == *note)
            && !note.is_empty()
    );
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(
        page.contains("Numbers that are missing") && page.contains("auroc (same&gt;=1)"),
        "{note}"
    );
    // Too few rows, and none.
    let (_, mut printed, _) = validated(here, "--keep distance=16");
    printed.retain(|row| row["name"] != "mean_abs" || row["compared"] == "magnitude");
    assert!(
        printed
            .iter()
            .all(|row| row["n"] == "4" && row["low"].is_empty() && row["note"].contains("only 4 rows")),
        "{printed:?}"
    );
    refused(
        here,
        "--keep distance=99",
        1,
        &["no measured variant has scores", "30 do not meet"],
    );
    refused(here, "--label nan", 2, &["nan"]);
    refused(here, "--level 1", 2, &["level"]);
    refused(here, "--replicate-experiments", 2, &["--experiment"]);
}

#[test]
fn the_numbers_are_printed_as_json() {
    let bench = bench();
    let here = bench.path();
    let arguments = "--json --compare max_abs,sum --stratify motif --group motif --covariate distance -o json";
    let output = run(here, &format!("{VALIDATE} --replicates 50 {arguments}"));
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&printed["joined"], &printed["truth"]["used"]),
        (&30.into(), &30.into())
    );
    let results = printed["results"].as_array().unwrap();
    let row = results
        .iter()
        .find(|row| row["name"] == "sum" && row["metric"] == "pearson" && row["compared"] == "signed")
        .unwrap();
    let shown = table(&here.join("json"), "metrics.tsv");
    let is_it = |row: &&BTreeMap<String, String>| {
        (row["name"].as_str(), row["metric"].as_str(), row["compared"].as_str()) == ("sum", "pearson", "signed")
    };
    let shown = shown.iter().find(is_it).unwrap();
    for column in ["n", "value", "low", "high", "p", "clusters"] {
        let (printed, shown): (f64, f64) = (row[column].as_f64().unwrap(), shown[column].parse().unwrap());
        assert_eq!(printed, shown, "{column}");
    }
    assert!(results.iter().all(|row| row["in_full"] == true));
    assert!(results.iter().any(|row| row["note"].is_string()));
    for part in ["effective_n", "differences", "strata", "groups", "partial"] {
        assert!(!printed[part].as_array().unwrap().is_empty(), "{part}");
    }
    assert!(printed.get("runs").is_none() && printed.get("mixed_sources").is_none());
}

/// Returns a file of the data that do not ship, from `REFALT_SHARED` or `../shared/data` beside the repository.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn shared(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("REFALT_SHARED").map_or(beside, PathBuf::from);
    let path = folder.join(name);
    if !path.is_file() {
        println!(
            "skipped: `{}` does not ship; set REFALT_SHARED to the folder that holds it",
            path.display()
        );
        return None;
    }
    Some(path)
}

#[test]
fn distances_to_transcription_starts_are_those_of_bedtools() {
    let Some(sequence) = shared("hg38_chr9_1mb/GRCh38_chr9_1_1000000.fa.gz") else {
        return;
    };
    let genes = shared("hg38_chr9_1mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf.gz").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let Ok(unpacked) = std::process::Command::new("gzip").arg("-dc").arg(sequence).output() else {
        println!("skipped: there is no `gzip` on the PATH");
        return;
    };
    std::fs::write(here.join("chr9.fa"), unpacked.stdout).unwrap();
    std::fs::copy(genes, here.join("genes.gtf.gz")).unwrap();
    let known = rows(include_str!("../../../../tests/data/tss_distance/distances.tsv"));
    let mut truth = String::from("chrom\tpos\tref\talt\tgene_id\teffect\n");
    for (number, row) in known.iter().enumerate() {
        let cells = ["chrom", "pos", "ref", "alt", "gene_id"].map(|name| row[name].clone());
        writeln!(truth, "{}\t{}", cells.join("\t"), (number * 7 % 30) as f64 / 10.0 - 1.5).unwrap();
    }
    std::fs::write(here.join("truth.tsv"), truth).unwrap();
    let scored = run(
        here,
        "score truth.tsv -r chr9.fa --window 512 --scorers CHIP_TF --tracks tf=GABPA -o run",
    );
    assert_eq!(scored.status.code(), Some(0), "{}", stderr(&scored));
    for (column, more) in [("nearest_bp", ""), ("gene_bp", "--gene gene_id")] {
        let mut distances: Vec<u32> = known.iter().map(|row| row[column].parse().unwrap()).collect();
        distances.sort_unstable();
        distances.dedup();
        // Every fourth distance is an edge: a distance that is wrong by one moves a row to the stratum before.
        let edges: Vec<u32> = distances.iter().skip(4).step_by(4).copied().take(19).collect();
        let written: Vec<String> = edges.iter().map(u32::to_string).collect();
        let arguments = format!(
            "validate run --truth truth.tsv -r chr9.fa --effect effect --genes genes.gtf.gz --replicates 0 --permutations 0 \
             --stratify |tss_distance|:{} --covariate |tss_distance| {more} -o {column}",
            written.join(",")
        );
        let output = run(here, &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let counted: Vec<usize> = table(&here.join(column), "strata.tsv")
            .iter()
            .filter(|row| {
                (row["name"].as_str(), row["metric"].as_str(), row["compared"].as_str()) == ("sum", "pearson", "signed")
            })
            .map(|row| row["n"].parse().unwrap())
            .collect();
        let mut expected = vec![0; edges.len() + 1];
        for row in &known {
            let distance: u32 = row[column].parse().unwrap();
            expected[edges.partition_point(|edge| *edge <= distance)] += 1;
        }
        assert_eq!(counted, expected, "{column}");
        assert_eq!(
            table(&here.join(column), "partial.tsv")[0]["n"],
            known.len().to_string()
        );
        let record = std::fs::read_to_string(here.join(column).join("metrics.json")).unwrap();
        assert!(record.contains("\"genes\":{\"name\":\"genes.gtf.gz\""), "{column}");
    }
    let symbols = std::fs::read_to_string(here.join("truth.tsv"))
        .unwrap()
        .replace("ENSG", "GENE");
    std::fs::write(here.join("symbols.tsv"), symbols).unwrap();
    let output = run(
        here,
        "validate run --truth symbols.tsv -r chr9.fa --effect effect --genes genes.gtf.gz --gene gene_id --covariate |tss_distance| -o no",
    );
    assert!(
        stderr(&output).contains("must hold ids of these gene models"),
        "{}",
        stderr(&output)
    );
}
