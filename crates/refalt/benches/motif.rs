//! Scanning for the 739 motifs of JASPAR 2024, and predicting with them.
//!
//! `cargo bench -p refalt --bench motif`. Elements per second of `scan/*` are bases times motifs, both strands.

use std::hint::black_box;
use std::io::Read;
use std::num::NonZeroU32;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use lightmotif::abc::{Background as Uniform, Dna, Nucleotide};
use lightmotif::dense::DenseMatrix;
use lightmotif::pwm::ScoringMatrix;
use lightmotif::scan::Scanner;
use lightmotif::seq::EncodedSequence;
use refalt::model::motif::MotifModel;
use refalt::motif_scan::MotifScanner;
use refalt_core::motif::LogOdds;
use refalt_core::{
    Backend, Bin, BinSpan, ContigName, Interval, OutputRequest, OutputType, Position, Query, Sequence, Window,
};

/// 100,000 bases of hg38, chr1:900,001-1,000,000.
fn chr1() -> Vec<u8> {
    let gz: &[u8] = include_bytes!("../tests/data/motif/hg38_chr1_900001_1000000.fa.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(gz)
        .read_to_string(&mut text)
        .expect("the fixture is gzip");
    text.lines().skip(1).flat_map(str::bytes).collect()
}

/// The same weights for `lightmotif`, which orders columns A, C, T, G, N.
fn theirs(motif: &LogOdds) -> ScoringMatrix<Dna> {
    let rows = motif.rows().iter().map(|&[a, c, g, t]| {
        let [a, c, t, g] = [a, c, t, g].map(|weight| weight as f32);
        [a, c, t, g, f32::NEG_INFINITY]
    });
    ScoringMatrix::new(Uniform::uniform(), DenseMatrix::from_rows(rows))
}

fn scan(c: &mut Criterion) {
    let model = MotifModel::jaspar_2024().expect("the motifs that ship can be read");
    let sequence = chr1();
    let thresholds: Vec<f64> = model.half_occupied().iter().map(|half| half.score).collect();
    let scanner = MotifScanner::new(model.motifs().iter().cloned().zip(thresholds.iter().copied()));
    let mut group = c.benchmark_group("scan");
    group.sample_size(10);
    group.throughput(Throughput::Elements((sequence.len() * model.motifs().len()) as u64));
    group.bench_function("refalt", |b| b.iter(|| scanner.scan(black_box(&sequence)).len()));
    let both: Vec<(ScoringMatrix<Dna>, f32)> = model
        .motifs()
        .iter()
        .zip(&thresholds)
        .flat_map(|(motif, &threshold)| {
            let forward = theirs(motif);
            let reverse = forward.reverse_complement();
            // In f32 a word that scores the threshold exactly may fall below it.
            let threshold = (threshold - 1e-4) as f32;
            [(forward, threshold), (reverse, threshold)]
        })
        .collect();
    group.bench_function("lightmotif Scanner", |b| {
        b.iter(|| {
            let bases = black_box(&sequence).iter().map(|base| match base {
                b'A' => Nucleotide::A,
                b'C' => Nucleotide::C,
                b'G' => Nucleotide::G,
                b'T' => Nucleotide::T,
                _ => Nucleotide::N,
            });
            let mut striped = EncodedSequence::<Dna>::new(bases.collect()).to_striped();
            striped.configure_wrap(24);
            let mut hits = 0;
            for (matrix, threshold) in &both {
                let mut scanner = Scanner::new(matrix, &striped);
                scanner.threshold(*threshold);
                hits += scanner.count();
            }
            hits
        });
    });
    group.finish();
}

fn predict(c: &mut Criterion) {
    let model = MotifModel::jaspar_2024().expect("the motifs that ship can be read");
    let bases = chr1()[..16_384].to_vec();
    let mut changed = bases.clone();
    changed[8191] = if changed[8191] == b'A' { b'C' } else { b'A' };
    let reference = Sequence::from_bases(bases);
    let alternates = [Sequence::from_bases(changed)];
    let position = Position::new(908_192).expect("not 0");
    let length = NonZeroU32::new(16_384).expect("not 0");
    let window = Window::around(
        &ContigName::new("chr1"),
        Interval::at(position, 1).expect("inside"),
        length,
    );
    let ask = |span: BinSpan, alternates: &[Sequence]| {
        let outputs = [OutputRequest {
            output: OutputType::ChipTf,
            spans: span.into(),
        }];
        let query = Query {
            window: &window,
            reference: &reference,
            alternates,
            alignments: &[],
            known_sites: &[],
            abandoned: Default::default(),
            outputs: &outputs,
        };
        model.predict(&[query]).len()
    };
    let mut group = c.benchmark_group("predict");
    group.sample_size(20);
    let four = BinSpan::new(Bin::new(62), Bin::new(66));
    let whole = BinSpan::new(Bin::new(0), Bin::new(128));
    group.bench_function("REF, 4 bins x 739 tracks", |b| b.iter(|| ask(four, &[])));
    group.bench_function("REF and SNV, 4 bins x 739 tracks", |b| {
        b.iter(|| ask(four, &alternates))
    });
    group.bench_function("REF and SNV, 128 bins x 739 tracks", |b| {
        b.iter(|| ask(whole, &alternates));
    });
    group.finish();
}

fn prepare(c: &mut Criterion) {
    let mut group = c.benchmark_group("prepare");
    group.sample_size(10);
    group.bench_function("model of 739 motifs", |b| {
        b.iter_batched(|| (), |()| MotifModel::jaspar_2024(), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, scan, predict, prepare);
criterion_main!(benches);
