//! Scans a FASTA file for the motifs of JASPAR 2024 and says how long it took; `benches/peers/motif_scan.py` runs it.
//!
//! `cargo run --release --example motif_scan -- FASTA MATRICES` writes the thresholds for p 1e-4 and the log odds of
//! each motif into MATRICES, scans FASTA once, and prints `bases motifs hits seconds`.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Instant;

use refalt::model::motif::MotifModel;
use refalt::motif_scan::MotifScanner;

#[expect(clippy::print_stdout, reason = "printing is what the example is for")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(fasta), Some(matrices)) = (arguments.next(), arguments.next()) else {
        return Err("usage: motif_scan FASTA MATRICES".into());
    };
    let text = std::fs::read_to_string(fasta)?;
    let sequence: Vec<u8> = text
        .lines()
        .filter(|line| !line.starts_with('>'))
        .flat_map(str::bytes)
        .collect();
    let model = MotifModel::jaspar_2024()?;
    let thresholds = model.half_occupied().iter().map(|half| half.score);
    let motifs: Vec<_> = model.motifs().iter().cloned().zip(thresholds).collect();
    let mut table = String::new();
    for (motif, threshold) in &motifs {
        let weights: Vec<String> = motif.rows().iter().flatten().map(f64::to_string).collect();
        writeln!(table, "{}\t{threshold}\t{}", motif.name().accession, weights.join(" "))?;
    }
    std::fs::write(matrices, table)?;
    let scanner = MotifScanner::new(motifs);
    let start = Instant::now();
    let hits = scanner.scan(&sequence).len();
    let seconds = start.elapsed().as_secs_f64();
    println!("{} {} {hits} {seconds}", sequence.len(), model.motifs().len());
    Ok(())
}
