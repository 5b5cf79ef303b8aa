//! `refalt serve` as a process: refalt and the official Python client against it, its words, its end.

use crate::{made_up, refalt};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A server under way, and what it says.
pub(crate) struct Serving {
    child: Child,
    lines: Receiver<String>,
    pub(crate) address: String,
    said: Vec<String>,
}

impl Serving {
    pub(crate) fn start(folder: &Path, more: &[&str]) -> Self {
        let genome = made_up::write_genome(folder);
        let mut child = Command::new(env!("CARGO_BIN_EXE_refalt"))
            .env("NO_COLOR", "1")
            .arg("serve")
            .arg("--reference")
            .arg(genome)
            .args(if more.contains(&"--listen") {
                &[][..]
            } else {
                &["--listen", "127.0.0.1:0"]
            })
            .args(more)
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut serving = Self {
            child,
            lines,
            address: String::new(),
            said: Vec::new(),
        };
        let line = serving.wait_for("listening at ");
        serving.address = line.strip_prefix("listening at ").unwrap().to_owned();
        serving
    }

    /// Waits for a line with a text, and returns it.
    fn wait_for(&mut self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(60));
            let line = line.unwrap_or_else(|_| panic!("no `{text}` in {:?}", self.said));
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    fn port(&self) -> &str {
        self.address.rsplit_once(':').unwrap().1
    }

    /// Asks the server to end, and returns its exit code and everything it said.
    #[cfg(unix)]
    fn end(mut self, signal: &str) -> (Option<i32>, Vec<String>) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(500)) {
            self.said.push(line);
        }
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        assert_eq!(out, "");
        (code, std::mem::take(&mut self.said))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Scores the made-up variants into a folder and returns the table as text.
pub(crate) fn table(folder: &Path, name: &str, more: &[&str]) -> PathBuf {
    let out = folder.join(name);
    std::fs::write(folder.join("variants.vcf"), made_up::vcf(4, 5)).unwrap();
    refalt()
        .env_remove("ALPHAGENOME_API_KEY")
        .env_remove("ALPHA_GENOME_API_KEY")
        .arg("score")
        .arg(folder.join("variants.vcf"))
        .arg("--reference")
        .arg(folder.join("genome.fa"))
        .arg("--out")
        .arg(&out)
        .args(more)
        .assert()
        .code(0);
    let tsv = folder.join(format!("{name}.tsv"));
    refalt()
        .arg("export")
        .arg(&out)
        .args(["--to", "tsv", "--out"])
        .arg(&tsv)
        .assert()
        .code(0);
    tsv
}

/// Reads the lines of a table up to the quantile score; behind it the sources differ.
pub(crate) fn scores(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let columns = text.lines().next().unwrap().split('\t');
    let kept = columns.take_while(|column| *column != "source").count();
    assert!(kept >= 15);
    let line = |line: &str| line.split('\t').take(kept).collect::<Vec<_>>().join("\t");
    text.lines().map(line).collect()
}

#[cfg(unix)]
#[test]
fn scores_through_the_server_are_those_of_refalt_score_digit_for_digit() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut serving = Serving::start(folder, &[]);
    let address = format!("http://{}", serving.address);
    let local = table(folder, "local", &[]);
    let served = table(
        folder,
        "served",
        &["--model", "api", "--address", &address, "--scorers", "CHIP_TF"],
    );
    let [own, through] = [&local, &served].map(|path| scores(path));
    // Four variants by 739 tracks, and the header.
    assert_eq!(own.len(), 4 * 739 + 1);
    assert!(own == through);
    serving.wait_for("ScoreVariant");
    python(folder, &serving);
    let (code, said) = serving.end("-TERM");
    let said = said.join("\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("licence: CC BY 4.0 (JASPAR 2024)"), "{said}");
    assert!(
        said.contains("recommended scorers served: CHIP_TF, CHIP_TF_ACTIVE"),
        "{said}"
    );
    assert!(
        said.contains("dna_client.DnaClient(channel=grpc.insecure_channel(\"127.0.0.1:"),
        "{said}"
    );
    assert!(said.contains(" scorers=1 OK "), "{said}");
    assert!(
        said.contains("stopped after ") && said.contains(", 0 cut off"),
        "{said}"
    );
    // No line of a call has bases.
    assert!(!said.contains('>'), "{said}");
}

/// Lets the official client score variants, and compares its tidy table with one that refalt wrote, value by value.
///
/// * Returns what its script reports, `None` where it is not installed.
#[allow(clippy::print_stdout, reason = "a skipped test says so")]
pub(crate) fn official_client(address: &str, table: &Path) -> Option<serde_json::Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join("target/official/bin/python");
    if !python.exists() {
        println!("skipped: the official client is not installed; scripts/test installs it");
        return None;
    }
    let text = std::fs::read_to_string(table).unwrap();
    let variants = text.lines().skip(1).map(|line| line.split('\t').nth(1).unwrap());
    let variants: std::collections::BTreeSet<&str> = variants.collect();
    let output = Command::new(python)
        .env("no_proxy", "localhost,127.0.0.1")
        .arg(root.join("crates/rpc/tests/official/client.py"))
        .arg(address)
        .arg("--table")
        .arg(table)
        .args(variants)
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    if message.contains("ModuleNotFoundError") {
        println!("skipped: a package that the official client needs is not installed");
        return None;
    }
    assert!(output.status.success(), "{message}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Compares the tidy table of the official client with that of `refalt score`, both scorers of the model.
fn python(folder: &Path, serving: &Serving) {
    let both = table(folder, "both", &["--scorers", "CHIP_TF,CHIP_TF_ACTIVE"]);
    if let Some(report) = official_client(&serving.address, &both) {
        assert_eq!(report["rows"], 2 * 4 * 739);
    }
}

#[cfg(unix)]
#[test]
fn a_certificate_is_made_once_and_the_lines_for_the_client_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let tls = folder.path().join("tls");
    let key = folder.path().join("key");
    std::fs::write(&key, "a-key-of-mine\n").unwrap();
    let options = [
        "--tls-self-signed",
        tls.to_str().unwrap(),
        "--key-file",
        key.to_str().unwrap(),
    ];
    let certificate = tls.join("cert.pem");
    let mut made = Vec::new();
    for signal in ["-TERM", "-INT"] {
        let serving = Serving::start(folder.path(), &options);
        let address = format!("localhost:{}", serving.port());
        made.push(std::fs::read(&certificate).unwrap());
        let score = |key: &Path, out: &str| {
            let mut command = refalt();
            std::fs::write(folder.path().join("variants.vcf"), made_up::vcf(1, 2)).unwrap();
            command.arg("score").arg(folder.path().join("variants.vcf"));
            command.arg("--reference").arg(folder.path().join("genome.fa"));
            command.args(["--model", "api", "--scorers", "CHIP_TF", "--address", &address]);
            command.arg("--tls-roots").arg(&certificate).arg("--key-file").arg(key);
            command.arg("--out").arg(folder.path().join(format!("{out}{signal}")));
            command
        };
        score(&key, "right").assert().code(0);
        let other = folder.path().join("other");
        std::fs::write(&other, "another\n").unwrap();
        score(&other, "wrong").assert().code(4);
        let (code, said) = serving.end(signal);
        let said = said.join("\n");
        assert_eq!(code, Some(0), "{said}");
        assert!(
            said.contains(&format!(
                "export GRPC_DEFAULT_SSL_ROOTS_FILE_PATH={}",
                certificate.display()
            )),
            "{said}"
        );
        assert!(
            said.contains(&format!("dna_client.create(\"KEY\", address=\"{address}\")")),
            "{said}"
        );
        assert!(said.contains("UNAUTHENTICATED"), "{said}");
        assert!(!said.contains("a-key-of-mine") && !said.contains("another"), "{said}");
    }
    assert_eq!(made[0], made[1]);
}

#[test]
fn what_cannot_be_served_is_refused_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let genome = made_up::write_genome(folder.path());
    for (arguments, code, words) in [
        (
            &["--model", "alphagenome:no/such/folder"][..],
            1,
            "cannot read the weights `no/such/folder`: ",
        ),
        (&["--model", "alphagenome"], 2, "`alphagenome` names no weights"),
        (&["--model", "api"], 2, "the hosted model is not served again"),
        (&["--model", "other"], 2, "unknown model `other`"),
        (
            &["--listen", "0.0.0.0:0"],
            2,
            "would take plain connections from other machines",
        ),
        (&["--listen", "nonsense"], 2, "`nonsense` is no address"),
        (&["--tls-cert", "x.pem"], 2, "--tls-key"),
        (&["--tls-cert", "x.pem", "--tls-key", "y.pem"], 1, "cannot read `x.pem`"),
        (&["--max-concurrent", "0"], 2, "not a whole number from 1 up"),
        (&["--key-file", "no-such-file"], 1, "no-such-file"),
    ] {
        let failed = refalt()
            .arg("serve")
            .arg("--reference")
            .arg(&genome)
            .args(arguments)
            .assert()
            .code(code);
        let message = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
        assert!(message.contains(words), "{arguments:?}: {message}");
    }
}

/// Runs a command that must end well; returns what it prints and what it tells.
#[cfg(unix)]
fn must(folder: &Path, arguments: &[&str]) -> [String; 2] {
    let mut command = refalt();
    command
        .env_remove("ALPHAGENOME_API_KEY")
        .env_remove("ALPHA_GENOME_API_KEY");
    let output = command.current_dir(folder).args(arguments).output().unwrap();
    let [out, told] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {told}");
    [out, told]
}

#[cfg(unix)]
#[test]
fn a_score_folder_is_served_by_the_atlas_methods_and_sources_are_not_mixed_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    made_up::write_genome(here);
    std::fs::write(here.join("some.vcf"), made_up::vcf(4, 5)).unwrap();
    std::fs::write(here.join("all.vcf"), made_up::vcf(8, usize::MAX)).unwrap();
    let local = table(here, "local", &["--scorers", "CHIP_TF,CHIP_TF_ACTIVE"]);
    let served = here.join("local");
    let mut serving = Serving::start(here, &["--atlas", served.to_str().unwrap()]);
    let address = format!("http://{}", serving.address);
    let atlas = ["--model", "atlas", "--address", &address, "--scorers"];
    let again = table(here, "again", &[&atlas[..], &["CHIP_TF,CHIP_TF_ACTIVE"]].concat());
    let [own, through] = [&local, &again].map(|path| scores(path));
    assert_eq!(own.len(), 2 * 4 * 739 + 1);
    assert!(own == through);
    serving.wait_for("GetDenseVariantScores chr1:");

    // Half of the variants are the Atlas's, the others the model's.
    let auto =
        "score all.vcf --reference genome.fa --model auto --auto-rest motif --scorers CHIP_TF --out mixed --address";
    let [_, told] = must(here, &[auto.split(' ').collect::<Vec<_>>(), vec![&address]].concat());
    let half = "4 variants (2956 scores)";
    let shares = format!(
        "scored by `alphagenome-atlas@{}` {half}, by `motif-jaspar2024` {half}",
        serving.address
    );
    assert!(told.contains(&shares), "{told}");
    let record = std::fs::read(here.join("mixed/manifest.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    for tally in record["sources"].as_array().unwrap() {
        assert_eq!([&tally["variants"], &tally["scores"]], [4, 4 * 739], "{tally}");
    }
    let sources = [
        format!("alphagenome-atlas@{} not stated", serving.address),
        "motif-jaspar2024 1".to_owned(),
    ];
    let ending = format!(": {}", sources.join("; "));
    let mixed = |told: &str| {
        let is_warning =
            |line: &str| line.starts_with("warning: scores by CenterMaskScorer(") && line.ends_with(&ending);
        told.lines().filter(|line| is_warning(line)).count() == 1 && told.contains("from several sources")
    };
    let mut truth = String::from("chrom\tpos\tref\talt\teffect\n");
    for (row, line) in made_up::vcf(8, usize::MAX)
        .lines()
        .filter(|line| !line.starts_with('#'))
        .enumerate()
    {
        let columns: Vec<&str> = line.split('\t').collect();
        truth.push_str(&format!(
            "{}\t{}\t{}\t{}\t{row}\n",
            columns[0], columns[1], columns[3], columns[4]
        ));
    }
    std::fs::write(here.join("truth.tsv"), truth).unwrap();
    let validate = |run: &str, json: &[&str]| {
        let few = "--truth truth.tsv -r genome.fa --effect effect --replicates 0 --permutations 0";
        let arguments: Vec<&str> = ["validate", run]
            .into_iter()
            .chain(few.split(' '))
            .chain(json.iter().copied())
            .collect();
        must(here, &arguments)
    };
    let [_, told] = validate("mixed", &["--quiet"]);
    assert!(mixed(&told), "{told}");
    let record = std::fs::read(here.join("mixed/validate/metrics.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    let [printed, _] = validate("mixed", &["--json"]);
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    for found in [&record["provenance"]["mixed_sources"], &printed["mixed_sources"]] {
        assert_eq!(found[0]["sources"], serde_json::json!(sources), "{found}");
    }
    let [_, told] = must(
        here,
        &["export", "mixed", "--to", "vcf", "--out", "mixed.vcf", "--quiet"],
    );
    assert!(mixed(&told), "{told}");
    let header = std::fs::read_to_string(here.join("mixed.vcf")).unwrap();
    assert!(
        header
            .lines()
            .any(|line| line.starts_with("##refalt_mixed_sources=scores by "))
    );
    let [printed, _] = must(
        here,
        &["export", "mixed", "--to", "tsv", "--out", "mixed.tsv", "--json"],
    );
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed["mixed_sources"].as_array().map(Vec::len), Some(1), "{printed}");
    // Each row states the one source that it is from.
    let text = std::fs::read_to_string(here.join("mixed.tsv")).unwrap();
    let count = |source: &str| {
        text.lines()
            .filter(|line| line.contains(&format!("\t{source}\t")))
            .count()
    };
    let names = sources.each_ref().map(|source| source.split(' ').next().unwrap());
    assert_eq!(names.map(count), [4 * 739, 4 * 739]);

    // Of one source nothing is said.
    let [_, told] = validate("local", &[]);
    assert!(!told.contains("several sources"), "{told}");
    let [_, told] = must(here, &["export", "local", "--to", "vcf", "--out", "local.vcf"]);
    assert!(!told.contains("several sources"), "{told}");
    assert!(
        !std::fs::read_to_string(here.join("local.vcf"))
            .unwrap()
            .contains("mixed_sources")
    );

    let (code, said) = serving.end("-TERM");
    let said = said.join("\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("4 variants by CHIP_TF, CHIP_TF_ACTIVE, of model motif-jaspar2024 version 1;"),
        "{said}"
    );
    assert!(said.contains("ListVariantScoresMetadata OK "), "{said}");
    assert!(!said.contains('>'), "{said}");
}

#[test]
fn a_folder_that_is_not_finished_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let genome = made_up::write_genome(folder.path());
    table(folder.path(), "begun", &[]);
    let begun = folder.path().join("begun");
    std::fs::remove_file(begun.join("manifest.json")).unwrap();
    // What a run that was stopped before its end has.
    std::fs::create_dir_all(begun.join("ledger")).unwrap();
    let nothing = folder.path().join("nothing");
    for (path, hint) in [
        (&begun, "run the same `refalt score` again"),
        (&nothing, "refalt score --out"),
    ] {
        let mut command = refalt();
        command
            .arg("serve")
            .arg("--reference")
            .arg(&genome)
            .arg("--atlas")
            .arg(path);
        let failed = command.args(["--listen", "127.0.0.1:0"]).assert().code(1);
        let message = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
        let words = format!("`{}` holds no finished run", path.display());
        assert!(message.contains(&words) && message.contains(hint), "{message}");
        assert!(!message.contains("listening at"), "{message}");
    }
}

/// Predictions and mutagenesis of a service are kept; one that is started anew with other genes is asked again.
#[cfg(unix)]
#[test]
fn what_a_server_answers_is_kept_until_it_serves_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let serving = Serving::start(folder, &[]);
    let address = format!("http://{}", serving.address);
    let listen = serving.address.clone();
    let variant = format!("chr1:20000:{}", made_up::substitution(20_000));
    let predict = |out: &str, more: &[&str]| {
        let base = [
            "predict",
            &variant,
            "-r",
            "genome.fa",
            "--model",
            "api",
            "--address",
            &address,
        ];
        let rest = ["--tracks", "tf=GABPA", "--cache", "cache", "-o", out];
        must(folder, &[&base[..], &rest[..], more].concat())[1].clone()
    };
    let asked = "answers: 0 from the cache, 1 from the service in 1 call";
    let kept = "answers: 1 from the cache, 0 from the service in 0 calls";
    assert!(predict("one", &[]).contains(asked));
    let told = predict("two", &[]);
    // What the server serves is stated, so that nobody needs a warning.
    assert!(told.contains(kept) && !told.contains("is not noticed"), "{told}");
    let read = |out: &str| std::fs::read(folder.join(out).join("prediction.parquet")).unwrap();
    assert_eq!(read("one"), read("two"));
    let ism = |out: &str| {
        let base = [
            "ism",
            "chr1:20001-20005",
            "-r",
            "genome.fa",
            "--model",
            "api",
            "--address",
            &address,
        ];
        let rest = ["--tracks", "tf=GABPA", "--cache", "cache", "-o", out];
        must(folder, &[&base[..], &rest[..]].concat())[1].clone()
    };
    assert!(ism("three").contains("answers: 0 from the cache, 15 from the service in 1 call"));
    assert!(ism("four").contains("answers: 15 from the cache, 0 from the service in 0 calls"));
    let [stats, _] = must(folder, &["cache", "stats", "--cache", "cache"]);
    assert!(
        stats.contains("15 mutagenesis (") && stats.contains("1 prediction ("),
        "{stats}"
    );
    let (code, said) = serving.end("-INT");
    assert_eq!(code, Some(0));
    assert!(said.iter().any(|line| line.starts_with("states `sha256:")), "{said:?}");
    // The same address with genes: another digest, and nothing of what was kept.
    std::fs::write(folder.join("genes.gtf"), GENES).unwrap();
    let genes = folder.join("genes.gtf");
    let serving = Serving::start(folder, &["--listen", &listen, "--genes", genes.to_str().unwrap()]);
    assert!(predict("five", &[]).contains(asked));
    drop(serving);
}

/// A gene, so that a server has other genes than none.
#[cfg(unix)]
const GENES: &str = "chr1\tmade-up\tgene\t20001\t21000\t.\t+\t.\tgene_id \"ENSG1.1\"; gene_name \"A\"; gene_type \"lncRNA\";\n\
chr1\tmade-up\ttranscript\t20001\t21000\t.\t+\t.\tgene_id \"ENSG1.1\"; transcript_id \"ENST1\"; gene_type \"lncRNA\";\n\
chr1\tmade-up\texon\t20001\t21000\t.\t+\t.\tgene_id \"ENSG1.1\"; transcript_id \"ENST1\"; gene_type \"lncRNA\";\n";
