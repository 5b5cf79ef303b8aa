//! Gene annotation: parsing, and loading the index.
//!
//! `cargo bench -p refalt --bench genes` measures chr21 of Ensembl with criterion. Three further forms serve
//! `benches/peers/genes.py`, which measures at the size of GENCODE v46 and compares with other programs:
//!
//! - `-- prepare FOLDER` writes made-up gene models of that size (63,000 genes, 254,000 transcripts, 1.65 million exons,
//!   3.5 million rows, attributes as GENCODE writes them) as `made_up.gtf` and `made_up.gtf.gz`.
//! - `-- once FILE` opens a file once and prints seconds, what became of the index, its size, the peak memory (Linux), and
//!   the numbers of genes, transcripts and exons.
//! - `-- noodles FILE` reads the rows of a plain GTF with noodles and looks at their genes and transcripts, which is what a
//!   reader built on it would at least do; prints seconds and exons.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops where an expectation fails"
)]

use criterion::Criterion;
use refalt::io::genes::{IndexUse, MalformedLines, OpenOptions, open, parse};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::time::Instant;

const GENES: u32 = 63_000;

/// A generator of numbers that look random: SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % u64::from(bound)) as u32
    }
}

/// Writes a gene with its transcripts as GENCODE does.
fn write_gene(text: &mut String, gene: u32, numbers: &mut Numbers) {
    let contig = gene / (GENES / 23) + 1;
    let contig = match contig {
        23 => "X".to_owned(),
        24 => "Y".to_owned(),
        number => number.to_string(),
    };
    let start = 10_000 + (gene % (GENES / 23)) * 40_000;
    let reverse = numbers.below(2) == 1;
    let strand = if reverse { '-' } else { '+' };
    let coding = numbers.below(3) == 0;
    let biotype = if coding { "protein_coding" } else { "lncRNA" };
    let transcripts = if coding {
        5 + numbers.below(4)
    } else {
        2 + numbers.below(3)
    };
    let ids = format!("gene_id \"ENSG{gene:011}.{}\";", numbers.below(20) + 1);
    let of_gene = format!("gene_type \"{biotype}\"; gene_name \"GENE{gene}\";");
    let end_of_gene = format!("hgnc_id \"HGNC:{gene}\"; havana_gene \"OTTHUMG{gene:011}.2\";");
    let mut row = |kind: &str, first: u32, last: u32, attributes: &str| {
        writeln!(
            text,
            "chr{contig}\tHAVANA\t{kind}\t{first}\t{last}\t.\t{strand}\t.\t{attributes}"
        )
        .unwrap();
    };
    row(
        "gene",
        start,
        start + 39_000,
        &format!("{ids} {of_gene} level 2; {end_of_gene}"),
    );
    for transcript in 0..transcripts {
        let number = gene * 16 + transcript;
        let tags = match transcript {
            0 if coding => {
                "tag \"basic\"; tag \"Ensembl_canonical\"; tag \"MANE_Select\"; tag \"appris_principal_1\"; tag \"CCDS\"; ccdsid \"CCDS1961.1\";"
            }
            0 => "tag \"basic\"; tag \"Ensembl_canonical\";",
            _ => "tag \"basic\";",
        };
        let shared = format!(
            "{ids} transcript_id \"ENST{number:011}.4\"; {of_gene} transcript_type \"{biotype}\"; transcript_name \
             \"GENE{gene}-{}\";",
            200 + transcript
        );
        let protein = if coding {
            format!("protein_id \"ENSP{number:011}.1\"; ")
        } else {
            String::new()
        };
        let rest = format!(
            "level 2; {protein}transcript_support_level \"1\"; {tags} {end_of_gene} havana_transcript \
             \"OTTHUMT{number:011}.1\";"
        );
        let exons = if coding {
            7 + numbers.below(3)
        } else {
            2 + numbers.below(6)
        };
        let begin = start + transcript * 100;
        row(
            "transcript",
            begin,
            begin + (exons - 1) * 2_000 + 300,
            &format!("{shared} {rest}"),
        );
        for exon in 0..exons {
            let place = if reverse { exons - 1 - exon } else { exon };
            let first = begin + place * 2_000;
            let last = first + 300;
            let attributes = format!(
                "{shared} exon_number {}; exon_id \"ENSE{:011}.1\"; {rest}",
                exon + 1,
                number + exon
            );
            row("exon", first, last, &attributes);
            if coding {
                let (left, right) = (
                    first + if place == 0 { 100 } else { 0 },
                    last - if place + 1 == exons { 100 } else { 0 },
                );
                row("CDS", left, right, &attributes);
                if exon == 0 {
                    row("start_codon", left, left + 2, &attributes);
                }
                if exon + 1 == exons {
                    row("stop_codon", right - 2, right, &attributes);
                }
                if place == 0 || place + 1 == exons {
                    row("UTR", first, first + 99, &attributes);
                }
            }
        }
    }
}

fn prepare(folder: &Path) {
    let mut plain = BufWriter::with_capacity(1 << 20, File::create(folder.join("made_up.gtf")).unwrap());
    let gzip = File::create(folder.join("made_up.gtf.gz")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(BufWriter::new(gzip), flate2::Compression::new(6));
    let mut numbers = Numbers(1);
    let mut text =
        String::from("##description: made up, as long as version 46 of the human genome (GRCh38)\n##format: gtf\n");
    for gene in 0..GENES {
        write_gene(&mut text, gene, &mut numbers);
        plain.write_all(text.as_bytes()).unwrap();
        gzip.write_all(text.as_bytes()).unwrap();
        text.clear();
    }
    plain.flush().unwrap();
    gzip.finish().unwrap().flush().unwrap();
}

/// Returns the peak memory of this process in MB, where the system tells (Linux).
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kb = line.and_then(|line| line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok());
    kb.unwrap_or(0) / 1_000
}

fn once(path: &Path) {
    let begin = Instant::now();
    let (genes, index) = open(path, &OpenOptions::default()).unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    let (what, bytes) = match index {
        IndexUse::Loaded { path } => ("loaded", std::fs::metadata(path).unwrap().len()),
        IndexUse::Built { bytes, .. } => ("built", bytes),
        IndexUse::None { reason } => panic!("{reason}"),
    };
    let annotation = &genes.annotation;
    println!(
        "{seconds:.3} {what} {bytes} {} {} {} {}",
        peak_mb(),
        annotation.gene_count(),
        annotation.transcript_count(),
        annotation.columns().exon_start.len()
    );
}

fn noodles(path: &Path) {
    let begin = Instant::now();
    let file = std::io::BufReader::with_capacity(1 << 16, File::open(path).unwrap());
    let mut reader = noodles::gtf::io::Reader::new(file);
    let mut line = noodles::gtf::Line::default();
    let (mut exons, mut bytes) = (0_u64, 0_usize);
    while reader.read_line(&mut line).unwrap() > 0 {
        let Some(record) = line.as_record() else { continue };
        let record = record.unwrap();
        let attributes = record.attributes().unwrap();
        let ids = [&b"gene_id"[..], b"transcript_id"].map(|key| match attributes.get(key) {
            Some(Ok(noodles::gtf::record::attributes::field::Value::String(value))) => value.len(),
            _ => 0,
        });
        bytes += ids[0] + ids[1] + record.start().unwrap().get() + record.end().unwrap().get();
        exons += u64::from(record.ty() == "exon");
    }
    std::hint::black_box(bytes);
    println!("{:.3} {exons}", begin.elapsed().as_secs_f64());
}

fn chr21() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/genes/ensembl_GRCh38_chr21.gff3.gz");
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(File::open(path).unwrap())
        .read_to_end(&mut text)
        .unwrap();
    text
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["prepare", folder, ..] => return prepare(Path::new(folder)),
        ["once", path, ..] => return once(Path::new(path)),
        ["noodles", path, ..] => return noodles(Path::new(path)),
        _ => {}
    }
    let text = chr21();
    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("genes/parse chr21 (GFF3, 30,773 rows)", |bencher| {
        bencher.iter(|| parse("chr21", &mut text.as_slice(), MalformedLines::Refuse).unwrap());
    });
    criterion.final_summary();
}
