//! Bootstrap intervals at the size of a large validation; `benches/peers/bootstrap.py` runs it beside scipy.
//!
//! `cargo bench -p refalt-core --bench bootstrap -- [rows replicates threads metric...]` prints for each metric: name,
//! estimate, ends of the 95 % BCa interval, seconds for the replicates, seconds for jackknife and interval.
//! Without arguments 100,000 rows, 1,000 replicates and 2 threads, all metrics.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints and stops where an expectation fails"
)]

use refalt_core::stats::{
    BootstrapOptions, METRICS, MetricInput, Purpose, RandomStream, RowStatistic, Units, replicate_range, summarize,
};
use std::time::Instant;

/// The columns that `bootstrap.py` draws, too: u, u / 4 + v, and labels that are commoner where v is large.
fn columns(rows: usize) -> (Vec<f64>, Vec<f64>, Vec<bool>) {
    let draw = |replicate| {
        let mut stream = RandomStream::new(11, Purpose::Sampling, replicate);
        (0..rows).map(|_| stream.next_fraction()).collect::<Vec<f64>>()
    };
    let (u, v) = (draw(0), draw(1));
    let y = u.iter().zip(&v).map(|(u, v)| 0.25 * u + v).collect();
    let labels = draw(2).iter().zip(&v).map(|(w, v)| *w < 0.2 * v).collect();
    (u, y, labels)
}

fn replicates_on(statistic: &dyn RowStatistic, replicates: u64, threads: u64) -> Vec<Option<f64>> {
    let part = |thread: u64| {
        let range = replicates * thread / threads..replicates * (thread + 1) / threads;
        replicate_range(statistic, Units::Rows, 1, range).unwrap()
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let size = |index: usize, default: u64| arguments.get(index).map_or(default, |word| word.parse().unwrap());
    let (rows, replicates, threads) = (size(0, 100_000) as usize, size(1, 1_000), size(2, 2));
    let wanted = arguments.get(3..).unwrap_or_default();
    let (x, y, labels) = columns(rows);
    for metric in METRICS {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == metric.name) {
            continue;
        }
        let statistic = match metric.input {
            MetricInput::ContinuousPair(prepare) => prepare(&x, &y),
            MetricInput::LabelsAndScores(prepare) => prepare(&labels, &x),
        };
        let statistic = statistic.unwrap();
        let start = Instant::now();
        let values = replicates_on(statistic.as_ref(), replicates, threads);
        let drawn = start.elapsed().as_secs_f64();
        let options = BootstrapOptions {
            replicates,
            seed: 1,
            ..Default::default()
        };
        let start = Instant::now();
        let found = summarize(statistic.as_ref(), Units::Rows, &values, options);
        let rest = start.elapsed().as_secs_f64();
        match found {
            Ok(found) => println!(
                "{} {} {} {} {drawn:.3} {rest:.3}",
                metric.name, found.estimate, found.interval.low, found.interval.high
            ),
            Err(reason) => println!("{} none none none {drawn:.3} {rest:.3} {reason}", metric.name),
        }
    }
}
