//! Writes the tables of `docs/audit.md`: error rates of the audit on real rows with faults put in.
//!
//! `cargo run --release --example audit_table [CHAIN]` prints Markdown; with a chain file to GRCh38 (UCSC's
//! `hg19ToHg38.over.chain.gz`) the rows of its assembly instead of a made one.
//!
//! It prints the same every time: the seed is fixed.
#![allow(clippy::print_stdout, reason = "a program that prints a table")]
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "the model is shared with the tests"
)]

#[path = "../tests/it/audit_simulation/model.rs"]
mod model;

use model::{Fault, OtherBuild, Random, Score, World};
use refalt_core::audit::Convention;

fn main() {
    let chain = std::env::args_os().nth(1);
    let world = match &chain {
        Some(path) => World::with_chain(path.as_ref()),
        None => World::load(),
    };
    println!(
        "{} distinct real rows, {} of them at another place\n",
        world.rows.len(),
        world.movable()
    );
    let files = 200;
    println!(
        "| fault | share | rows | file right | undecided | wrong | restored | unclear | passed as ok | precision | repaired | repair precision | clean ok | clean unclear |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut random = Random::new(1);
    let mut all = Score::default();
    for fault in Fault::EXPLAINABLE.into_iter().chain([Fault::RandomReference]) {
        if chain.is_some() && fault != Fault::OtherAssembly {
            continue;
        }
        for share in [0.0, 0.01, 0.05, 0.1, 0.2, 0.3] {
            for rows in [20, 50, 200, 300] {
                if (rows as f64) * share < 1.0 && share > 0.0 {
                    continue;
                }
                if share == 0.0 && fault != Fault::Swapped {
                    continue;
                }
                let mut score = Score::default();
                for _ in 0..files {
                    let file = world.file(rows, fault, share, &mut random);
                    let (fit, judgements) = world.audit(&file, true);
                    score.add(&world, &file, &fit, &judgements, Convention::AS_SAID);
                    score.add_interval(&fit, fault, &file);
                }
                print_row(fault.name(), share, rows, &score);
                for (total, own) in all.calibration.iter_mut().zip(&score.calibration) {
                    total.0 += own.0;
                    total.1 += own.1;
                }
            }
        }
    }
    print_other_build(&world);
    println!("\n| probability of the first reading | rows | true |\n| --- | --- | --- |");
    for (tenth, (rows, right)) in all.calibration.iter().enumerate() {
        if *rows > 0 {
            println!(
                "| {:.1}-{:.1} | {rows} | {:.3} |",
                tenth as f64 / 10.0,
                (tenth + 1) as f64 / 10.0,
                *right as f64 / *rows as f64
            );
        }
    }
}

/// Lists of another build for which no chain is given: whatever is called the file's convention is wrong.
fn print_other_build(world: &World) {
    println!(
        "\n| distinct rows | each repeated | files | another build | not settled | as said | a repair | rows accepted | rows repaired |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for rows in [1, 2, 4, 8, 20, 50, 200] {
        for repeats in [1, 12] {
            let mut random = Random::new(3);
            let count = OtherBuild::count(world, rows, repeats, 1000, &mut random);
            println!(
                "| {rows} | {repeats} | {} | {} | {} | {} | {} | {} | {} |",
                count.files, count.likely, count.open, count.as_said, count.changed, count.accepted, count.repaired
            );
        }
    }
}

fn print_row(name: &str, share: f64, rows: usize, score: &Score) {
    let percent = |part: u64, whole: u64| {
        if whole == 0 {
            "".to_owned()
        } else {
            format!("{:.1}", 100.0 * part as f64 / whole as f64)
        }
    };
    println!(
        "| {name} | {:.0} % | {rows} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        100.0 * share,
        score.right,
        score.files - score.right - score.wrong,
        score.wrong,
        percent(score.restored, score.damaged),
        percent(score.damaged_unclear, score.damaged),
        percent(score.missed, score.damaged),
        percent(score.restored, score.restored + score.mistaken),
        percent(score.repaired.0, score.damaged),
        percent(score.repaired.0, score.repaired.0 + score.repaired.1),
        percent(score.passed, score.clean),
        percent(score.clean_unclear, score.clean),
        percent(score.covered, score.reported),
    );
}
