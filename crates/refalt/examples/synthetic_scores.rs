//! Drives the whole engine with made-up scores and says how fast and how large it is.
//!
//! ```sh
//! cargo run --release -p refalt --example synthetic_scores -- /tmp/scores 6810
//! ```
//!
//! Arguments: output folder, variants, genes for each variant (10), threads that make scores (1), layout (tidy). The same
//! command goes on in the folder where an earlier one was stopped. The last line is JSON; `writer_seconds` is the
//! processor time of the thread that sums up, encodes, compresses and writes.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "an example stops where it fails, and prints"
)]

#[path = "../tests/it/synthetic.rs"]
mod synthetic;

use refalt::engine::{Layout, Observer, Progress, RECOMMENDED_NAME, Setting, TableOptions, run};
use refalt::reference_assembly::AssemblyRecord;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Notes the processor time of the thread that writes, which is the one that calls `run`.
struct Clock {
    started: Instant,
    last: u64,
}

impl Observer for Clock {
    fn advanced(&mut self, progress: &Progress) {
        if progress.score_rows / 20_000_000 > self.last {
            self.last = progress.score_rows / 20_000_000;
            let seconds = self.started.elapsed().as_secs_f64();
            println!("{} rows after {seconds:.1} s", progress.score_rows);
        }
    }
}

/// Returns the processor time of this thread, from `/proc` (in hundredths of a second).
fn thread_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
    let after = text.rsplit(')').next().unwrap_or_default();
    let fields: Vec<f64> = after
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // Fields 14 and 15 of the whole line; the state, which is no number, is left out.
    fields
        .get(10)
        .zip(fields.get(11))
        .map_or(f64::NAN, |(user, system)| (user + system) / 100.0)
}

/// Returns the largest memory of the process so far, in MB.
fn peak_mb() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib * 1024.0 / 1e6)
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let size = |entry: std::fs::DirEntry| {
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            bytes_in(&entry.path())
        } else {
            metadata.len()
        }
    };
    entries.map(size).sum()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, default: u32| arguments.get(place).map_or(default, |text| text.parse().unwrap());
    let out = PathBuf::from(arguments.first().map_or("/tmp/synthetic_scores", String::as_str));
    let (count, genes, threads) = (number(1, 300), number(2, 10), number(3, 1));
    let layout = arguments
        .get(4)
        .and_then(|name| Layout::from_name(name))
        .unwrap_or_default();
    let mut source = synthetic::Synthetic::new(genes, 12);
    source.pause = Duration::ZERO;
    let table = TableOptions {
        layout,
        ..TableOptions::default()
    };
    let plan = synthetic::plan(&source, &[RECOMMENDED_NAME], table, None);
    let identity = synthetic::identity(&plan);
    let reference = synthetic::genome(count);
    let before = peak_mb();
    let (started, used) = (Instant::now(), thread_seconds());
    let setting = Setting {
        plan: &plan,
        identity: &identity,
        assembly: &AssemblyRecord::default(),
        reference: &reference,
        source: &source,
        out: &out,
        threads: threads as usize,
    };
    let summary = run(&setting, synthetic::variants(count), &mut Clock { started, last: 0 }).unwrap();
    let (seconds, writer) = (started.elapsed().as_secs_f64(), thread_seconds() - used);
    let rows = summary.manifest.score_rows;
    let fresh = rows as f64 * (1.0 - summary.resumed_rows as f64 / f64::from(count));
    let scores: u64 = bytes_in(&out.join("scores"));
    let summaries: u64 = bytes_in(&out.join("summaries"));
    println!(
        "{{\"variants\": {count}, \"rows\": {rows}, \"rows_per_variant\": {:.0}, \"resumed_variants\": {}, \"threads\": {threads}, \
         \"seconds\": {seconds:.2}, \"rows_per_second\": {:.0}, \"writer_seconds\": {writer:.2}, \
         \"rows_per_writer_second\": {:.0}, \"bytes_per_row\": {:.3}, \"summary_bytes_per_row\": {:.4}, \
         \"peak_mb\": {:.0}, \"peak_mb_before\": {before:.0}}}",
        rows as f64 / f64::from(count),
        summary.resumed_rows,
        fresh / seconds,
        fresh / writer,
        scores as f64 / rows as f64,
        summaries as f64 / rows as f64,
        peak_mb(),
    );
}
