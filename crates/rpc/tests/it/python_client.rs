//! The official Python client, unmodified, against the server; skipped with a note where it is not installed
//! (`scripts/test` installs it in `target/official`).

use crate::official::{python, skipped};
use crate::synthetic::{Files, Running, Synthetic, WINDOW_BP, genome};
use refalt::engine::{ModelSource, PlanOptions, Silent, TableOptions};
use refalt::export::{ExportOptions, Format, export};
use refalt::io::variants::{ReadOptions, Source};
use refalt::score_folder::ScoreFolder;
use refalt::scoring::{ScoreRequest, Scoring};
use refalt_core::{Dna, OutputType};
use refalt_rpc::answer::PredictedOutput;
use refalt_rpc::client::{Place, Requested};
use refalt_rpc::server::{CERTIFICATE_FILE, self_signed};
use refalt_rpc::{Address, Client, ClientOptions};
use serde_json::Value;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A substitution, an insertion and a deletion in normal form, within genes.
fn variants() -> Vec<String> {
    let base = |position: usize| char::from(genome()[position - 1]);
    let other = if base(12_100) == 'C' { 'G' } else { 'C' };
    // An insertion is in normal form when its last base differs from that before it; likewise a deletion.
    let inserted = if base(13_020) == 'T' { "GA" } else { "GT" };
    let deletion = (15_300..)
        .find(|&position| base(position) != base(position + 3))
        .unwrap();
    let deleted: String = (deletion..deletion + 4).map(base).collect();
    vec![
        format!("chr1:12100:{}>{other}", base(12_100)),
        format!("chr1:13020:{0}>{0}{inserted}", base(13_020)),
        format!("chr1:{deletion}:{deleted}>{}", base(deletion)),
    ]
}

/// Scores the variants with the engine into a folder, and returns the table as text.
fn table(files: &Files, variants: &[String]) -> PathBuf {
    let request = ScoreRequest {
        variants: Source::Literals(variants.to_vec()),
        reading: ReadOptions::default(),
        reference: files.genome.clone(),
        assembly: None,
        model: String::new(),
        plan: PlanOptions {
            scorers: vec!["recommended".to_owned()],
            tracks: None,
            window: NonZeroU32::new(WINDOW_BP).unwrap(),
            rows_per_part: None,
            annotation: None,
            table: TableOptions {
                merge_stranded: true,
                ..TableOptions::default()
            },
        },
        genes: Some(files.genes.clone()),
        threads: 2,
    };
    let source = Box::new(ModelSource(Box::new(Synthetic::new())));
    let scoring = Scoring::prepare_with(source, &request, &|_| {}).unwrap();
    let out = files.path().join("scores");
    let summary = scoring.run(&out, &mut Silent).unwrap();
    assert_eq!(summary.manifest.counts.scored, 3);
    let tsv = files.path().join("scores.tsv");
    export(
        &ScoreFolder::open(&out).unwrap(),
        Format::Tsv,
        &tsv,
        &ExportOptions::default(),
    )
    .unwrap();
    tsv
}

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/official").join(name)
}

/// Runs a script and reads what it reports; `None` where the package is not there.
pub(crate) fn report(command: &mut Command) -> Option<Value> {
    // A proxy is nothing for loopback.
    command.env("no_proxy", "localhost,127.0.0.1");
    let output = command.output().ok()?;
    let message = String::from_utf8_lossy(&output.stderr);
    if message.contains("ModuleNotFoundError") {
        skipped("a package that the official client needs is not installed");
        return None;
    }
    assert!(output.status.success(), "{message}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn every_method_of_the_official_client_and_its_tidy_table_equals_the_engines() {
    let files = Files::write();
    let (model, _) = files.served();
    let server = Running::start(model, |_| {});
    let variants = variants();
    let tsv = table(&files, &variants);
    let mut command = Command::new(python());
    command.arg(script("client.py")).arg(server.address.to_string());
    let sequence = String::from_utf8(genome()).unwrap();
    let Some(report) = report(
        command
            .arg("--all")
            .arg("--sequence")
            .arg(sequence)
            .arg("--table")
            .arg(&tsv)
            .args(&variants),
    ) else {
        return;
    };
    let lines = std::fs::read_to_string(&tsv).unwrap().lines().count();
    assert_eq!(report["rows"].as_u64(), Some(lines as u64 - 1));
    assert!(lines > 150, "{lines}");
    // Sums of predictions, as refalt's own client reads them.
    let options = ClientOptions::new(Address::parse(&server.uri()).unwrap(), None);
    let client = Client::new(options).unwrap();
    let reference = files.reference();
    let mut parts = variants[0].split([':', '>']).skip(1);
    let mut part = || parts.next().unwrap();
    let variant = refalt_core::Variant {
        contig: refalt_core::ContigName::new("chr1"),
        position: refalt_core::Position::new(part().parse().unwrap()).unwrap(),
        reference_bases: Dna::parse(part().as_bytes()).unwrap(),
        alternate: refalt_core::Alternate::Bases(Dna::parse(part().as_bytes()).unwrap()),
    };
    let variant = refalt_core::check(&variant, &reference).unwrap();
    let window = refalt_core::Window::around(
        variant.contig(),
        variant.reference_interval(),
        NonZeroU32::new(WINDOW_BP).unwrap(),
    );
    let place = Place {
        variant: &variant,
        window: &window,
    };
    let requested = Requested {
        outputs: &OutputType::ALL,
        ontology_curies: &[],
    };
    let pair = client.predict_variant(place, requested).unwrap();
    for (half, outputs) in [pair.reference, pair.alternate].iter().enumerate() {
        for output in outputs {
            let values = match output {
                PredictedOutput::Tracks(tracks) => &tracks.values,
                PredictedOutput::Junctions(junctions) => &junctions.values,
                PredictedOutput::Bare { .. } => panic!("a bare array"),
            };
            let own: f64 = values.iter().map(|&value| f64::from(value)).sum();
            let theirs = report["sums"][output.output().name()][half].as_f64().unwrap();
            // The order of adding differs; 1e-9 of the sum is far more than that.
            assert!(
                (own - theirs).abs() <= 1e-9 * own.abs().max(1.0),
                "{} {own} {theirs}",
                output.output()
            );
        }
    }
}

#[test]
fn the_official_clients_create_works_over_tls_with_the_servers_certificate_as_root() {
    let files = Files::write();
    let (model, _) = files.served();
    let tls = files.path().join("tls");
    let made = self_signed(&tls).unwrap();
    let server = Running::start(model, |options| options.tls = Some(made.identity));
    let variants = variants();
    let mut command = Command::new(python());
    command
        .env("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", tls.join(CERTIFICATE_FILE))
        .arg(script("client.py"))
        .arg(format!("localhost:{}", server.address.port()))
        .arg("--tls")
        .arg(&variants[0]);
    let Some(report) = report(&mut command) else { return };
    assert_eq!(report["scorers"], 19);
    let outputs = report["outputs"].as_array().unwrap().len();
    assert_eq!(outputs, 11);
}

#[test]
fn the_client_of_june_2025_is_served_too() {
    let earlier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/official/earlier");
    if !earlier.is_dir() {
        skipped("the client of June 2025 is not installed");
        return;
    }
    let files = Files::write();
    let (model, _) = files.served();
    let server = Running::start(model, |_| {});
    let mut command = Command::new(python());
    command
        .env("PYTHONPATH", &earlier)
        .arg(script("earlier_client.py"))
        .arg(server.address.to_string())
        .arg(&variants()[0]);
    let Some(report) = report(&mut command) else { return };
    assert!(report["rows"].as_u64().unwrap() > 50);
}
