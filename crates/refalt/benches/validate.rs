//! A validation of the size of the TERT study: 777 variants, 739 tracks, 4 experiments, default options.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a benchmark stops where an expectation fails"
)]

#[path = "../tests/it/validate/run.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod run;

use criterion::{Criterion, criterion_group, criterion_main};
use refalt::core::stats::{Purpose, RandomStream};
use refalt::validate::{AnalysisColumns, LabelRule, TruthColumns, TruthRow, ValidateInput, ValidateOptions, validate};
use run::{Damaged, SIGNED, Scores, reference, reference_file, repository, score, snv};
use std::time::Duration;

const TRACKS: usize = 739;

fn random_scores() -> Scores {
    let mut scores = Scores::of_fixture();
    scores.tracks = (0..TRACKS).map(|track| format!("track{track}")).collect();
    for (row, (_, values)) in scores.variants.iter_mut().enumerate() {
        let mut stream = RandomStream::new(1, Purpose::Sampling, row as u64);
        *values = (0..TRACKS).map(|_| stream.next_fraction() as f32 - 0.5).collect();
    }
    scores
}

fn truth(columns: &TruthColumns) -> Vec<TruthRow> {
    let text = std::fs::read_to_string(repository("studies/tert/tert_satmut_snv_grch38.tsv")).unwrap();
    let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let place = |name: &String| header.iter().position(|column| column == name).unwrap();
    let wanted: Vec<usize> = columns.names().iter().map(place).collect();
    lines
        .zip(2..)
        .map(|(cells, line)| TruthRow {
            line,
            text: cells[..4].join(":"),
            variant: Ok(snv(cells[0], cells[1].parse().unwrap(), cells[2], cells[3])),
            cells: wanted.iter().map(|&column| Some(cells[column].to_owned())).collect(),
        })
        .collect()
}

fn of_the_tert_study(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    score(folder.path(), &random_scores(), &[SIGNED]);
    let columns = TruthColumns {
        effect: "effect_log2".to_owned(),
        effect_allele: None,
        gene: None,
        experiment: Some("experiment".to_owned()),
        keep: vec!["barcodes>=10".parse().unwrap()],
        labels: vec![LabelRule::Magnitude(0.5)],
        analysis: AnalysisColumns::default(),
    };
    let rows = truth(&columns);
    let reference = reference();
    let file = reference_file();
    let input = ValidateInput {
        run: folder.path(),
        against: &[],
        reference: &reference,
        reference_file: &file,
        truth_file: &file,
        columns: &columns,
        named: &[],
        named_file: None,
        genes: None,
    };
    let mut group = criterion.benchmark_group("validate");
    group.sample_size(10).measurement_time(Duration::from_secs(30));
    group.bench_function("tert", |bencher| {
        bencher.iter(|| {
            let rows = rows.iter().cloned().map(Ok::<_, Damaged>);
            let found = validate(&input, rows, &ValidateOptions::default(), 2).unwrap();
            found.write(&folder.path().join("validate")).unwrap();
        });
    });
    group.finish();
}

criterion_group!(benches, of_the_tert_study);
criterion_main!(benches);
