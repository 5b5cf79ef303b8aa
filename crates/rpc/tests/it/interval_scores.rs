//! Scores of intervals: computed here, by a server, and as the official Python client tabulates them.

use crate::official::python;
use crate::python_client::{report, script};
use crate::synthetic::{Files, Running, Synthetic, WINDOW_BP};
use refalt::engine::ModelSource;
use refalt::interval_scores::{IntervalRequest, IntervalScoring, IntervalSource, IntervalsText, TableFormat};
use refalt::predict::WorkManifest;
use refalt_rpc::cache::AnswerCache;
use refalt_rpc::{Address, ApiSource, Client, ClientOptions};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Places within genes, over the start and the end of the contig, without a gene, and one of the model's lengths.
const PLACES: [&str; 6] = [
    "chr1:12001-12500",
    "chr1:1-301",
    "chr1:39000-40000",
    "chr1:25001-25002",
    "chr1:4001-20384",
    "chr1:30001-31000",
];

/// Output, width, aggregation.
const SCORERS: [[&str; 3]; 9] = [
    ["RNA_SEQ", "None", "MEAN"],
    ["RNA_SEQ", "10001", "SUM"],
    ["CAGE", "2001", "SUM"],
    ["CHIP_TF", "None", "MEAN"],
    ["CHIP_HISTONE", "501", "SUM"],
    ["DNASE", "None", "MEAN"],
    ["ATAC", "None", "SUM"],
    ["SPLICE_SITES", "None", "MEAN"],
    ["SPLICE_SITE_USAGE", "10001", "MEAN"],
];

fn request(files: &Files, merge_stranded: bool) -> IntervalRequest {
    let regions = PLACES.map(|place| place.parse().unwrap()).to_vec();
    let scorer = |[output, width, aggregation]: [&str; 3]| {
        format!("GeneMaskScorer(requested_output={output}, width={width}, aggregation_type={aggregation})")
    };
    IntervalRequest {
        scorers: SCORERS.map(scorer).to_vec(),
        window: NonZeroU32::new(WINDOW_BP),
        merge_stranded,
        formats: vec![TableFormat::Parquet, TableFormat::Tsv],
        threads: 2,
        ..IntervalRequest::new(IntervalsText::Regions(regions), files.genome.clone())
    }
}

fn run(source: Box<dyn IntervalSource>, request: &IntervalRequest, out: &Path) -> WorkManifest {
    let scoring = IntervalScoring::prepare_with(source, request, &|_| {}).unwrap();
    let (manifest, unscored) = scoring.run(out, &|_| {}).unwrap();
    assert!(unscored.is_empty(), "{unscored:?}");
    manifest
}

fn here(files: &Files, merge_stranded: bool, out: &Path) -> WorkManifest {
    let request = IntervalRequest {
        genes: Some(files.genes.clone()),
        ..request(files, merge_stranded)
    };
    run(Box::new(ModelSource(Box::new(Synthetic::new()))), &request, out)
}

/// Returns a table without the columns that say who computed.
fn scores(out: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(out.join("interval_scores.tsv")).unwrap();
    let names: Vec<&str> = text.lines().next().unwrap().split('\t').collect();
    let kept = names.iter().position(|name| *name == "source").unwrap();
    let line = |line: &str| line.split('\t').take(kept).collect::<Vec<_>>().join("\t");
    text.lines().map(line).collect()
}

#[test]
fn a_server_gives_the_scores_that_are_computed_here_and_they_are_kept() {
    let files = Files::write();
    let (model, gate) = files.served();
    let server = Running::start(model, |_| {});
    let cache = files.path().join("cache");
    let source = || {
        let client = Client::new(ClientOptions::new(Address::parse(&server.uri()).unwrap(), None)).unwrap();
        let cache = AnswerCache::open(&cache, None, Arc::new(|trouble| panic!("{trouble}"))).unwrap();
        ApiSource::open(client, Some(Arc::new(cache))).unwrap()
    };
    for merge in [false, true] {
        let [own, served, again] = ["own", "served", "again"].map(|name| files.path().join(format!("{name}-{merge}")));
        let manifest = here(&files, merge, &own);
        let counts = manifest.intervals.clone().unwrap();
        // Genes start from 10,001 to 31,000; the second window ends at 8,343, the third begins at 31,309.
        assert_eq!((counts.rows, counts.scored, counts.no_gene), (6, 4, 2));
        assert_eq!((counts.rejected.len(), counts.failed), (0, 0));
        assert_eq!(scores(&own).len() as u64, 1 + counts.score_rows);
        let first = source();
        let tally = first.tally();
        let theirs = run(Box::new(first), &request(&files, merge), &served);
        assert_eq!(theirs.intervals.as_ref(), Some(&counts));
        assert!(scores(&own) == scores(&served));
        // Merging is done here, so that the second round finds everything.
        let all = (PLACES.len() * SCORERS.len()) as u64;
        let expected = if merge { (all, 0, 0) } else { (0, all, 6) };
        assert_eq!((tally.from_cache(), tally.from_service(), tally.calls()), expected);
        let asked = gate.questions();
        let second = source();
        let tally = second.tally();
        run(Box::new(second), &request(&files, merge), &again);
        assert_eq!((tally.from_cache(), tally.calls()), (all, 0));
        assert_eq!(gate.questions(), asked);
        for file in ["interval_scores.parquet", "intervals.parquet", "manifest.json"] {
            let read = |out: &Path| std::fs::read(out.join(file)).unwrap();
            assert!(read(&served) == read(&again), "{file}");
        }
    }
}

#[test]
fn the_tidy_table_of_the_official_client_is_refalts_value_by_value() {
    let files = Files::write();
    let (model, _) = files.served();
    let server = Running::start(model, |_| {});
    for merge in [true, false] {
        let out = files.path().join(format!("out-{merge}"));
        here(&files, merge, &out);
        let mut command = Command::new(python());
        command
            .arg(script("interval_client.py"))
            .arg(server.address.to_string());
        command.arg(out.join("interval_scores.tsv"));
        command.args(["--window", &WINDOW_BP.to_string()]);
        command.args((!merge).then_some("--unmerged"));
        command.args(
            SCORERS
                .iter()
                .flat_map(|scorer| ["--scorer".to_owned(), scorer.join(":")]),
        );
        command.arg("--").args(PLACES.map(|place| {
            let region: refalt::predict::Region = place.parse().unwrap();
            let (start, end) = (region.interval.bed_start(), region.interval.bed_end());
            format!("{}:{start}-{end}", region.contig)
        }));
        let Some(report) = report(&mut command) else { return };
        assert_eq!(report["rows"].as_u64(), Some(scores(&out).len() as u64 - 1));
        assert!(report["rows"].as_u64().unwrap() > 100, "{report}");
    }
}
