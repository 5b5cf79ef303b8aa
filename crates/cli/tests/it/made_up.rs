//! A made-up genome and variants on it, written to a folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Length of the made-up contig in bp.
pub(crate) const GENOME_BP: usize = 60_000;

/// Returns the bases of the made-up contig `chr1`: a linear congruential generator, the same on every machine.
pub(crate) fn genome() -> Vec<u8> {
    let mut state = 12_345_u64;
    (0..GENOME_BP)
        .map(|_| {
            // Constants of Knuth's MMIX generator.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            b"ACGT"[(state >> 62) as usize]
        })
        .collect()
}

/// Writes the genome as FASTA, 60 bases a line.
pub(crate) fn write_genome(folder: &Path) -> PathBuf {
    let mut text = String::from(">chr1\n");
    for line in genome().chunks(60) {
        text.push_str(std::str::from_utf8(line).unwrap());
        text.push('\n');
    }
    let path = folder.join("genome.fa");
    std::fs::write(&path, text).unwrap();
    path
}

/// Returns VCF text with `count` substitutions; every `wrong_every`-th REF is not the genome's.
pub(crate) fn vcf(count: usize, wrong_every: usize) -> String {
    let genome = genome();
    let mut text =
        String::from("##fileformat=VCFv4.3\n##contig=<ID=chr1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n");
    for index in 0..count {
        let position = 10_000 + (index * 13) % 40_000 + 1;
        let base = genome[position - 1];
        let other = if base == b'A' { 'C' } else { 'A' };
        let (reference, alternate) = if index % wrong_every == wrong_every - 1 {
            (other, char::from(base))
        } else {
            (char::from(base), other)
        };
        let _ = writeln!(text, "chr1\t{position}\tv{index}\t{reference}\t{alternate}\t.\t.\t.");
    }
    text
}

/// Returns a substitution of the base at a position (1-based), `A>C`.
pub(crate) fn substitution(position: usize) -> String {
    let base = char::from(genome()[position - 1]);
    format!("{base}>{}", if base == 'A' { 'C' } else { 'A' })
}
