//! Requests a second of a server on loopback: `cargo bench -p refalt-rpc --bench serve`.
//!
//! `ScoreVariant` of the motif model, one scorer and 739 tracks, windows of 16,384 bp, 16 requests at once; client and server
//! share the machine.
#![allow(clippy::unwrap_used, reason = "a benchmark stops where an expectation fails")]

use criterion::{Criterion, Throughput};
use refalt_core::scorer::parse;
use refalt_core::{Alternate, CheckedVariant, ContigName, Dna, InMemoryReference, Position, Variant, Window, check};
use refalt_rpc::client::Place;
use refalt_rpc::policy::WindowPolicy;
use refalt_rpc::server::{ServedModel, Server, ServerOptions};
use refalt_rpc::{Address, Client, ClientOptions};
use std::num::NonZeroU32;
use std::sync::Arc;

const REQUESTS: u32 = 200;

fn genome() -> Vec<u8> {
    let mut state = 12_345_u64;
    let base = |_| {
        // Constants of Knuth's MMIX generator.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        b"ACGT"[(state >> 62) as usize]
    };
    (0..60_000).map(base).collect()
}

fn variant(genome: &[u8], reference: &InMemoryReference, position: u32) -> CheckedVariant {
    let base = genome[position as usize - 1];
    let dna = |base: u8| Dna::parse(&[base]).unwrap();
    let variant = Variant {
        contig: ContigName::new("chr1"),
        position: Position::new(position).unwrap(),
        reference_bases: dna(base),
        alternate: Alternate::Bases(dna(if base == b'A' { b'C' } else { b'A' })),
    };
    check(&variant, reference).unwrap()
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let genome = genome();
    let reference = InMemoryReference::of_contigs([("chr1", genome.as_slice())]);
    let variants: Vec<CheckedVariant> = (0..REQUESTS)
        .map(|index| variant(&genome, &reference, 20_000 + index * 50))
        .collect();
    let length = NonZeroU32::new(16_384).unwrap();
    let window = |variant: &CheckedVariant| Window::around(variant.contig(), variant.reference_interval(), length);
    let windows: Vec<Window> = variants.iter().map(window).collect();
    let places: Vec<Place<'_>> = variants
        .iter()
        .zip(&windows)
        .map(|(variant, window)| Place { variant, window })
        .collect();
    let model = ServedModel {
        backend: Arc::from(refalt::model::open("motif").unwrap()),
        reference: Arc::new(reference),
        annotation: None,
        states: None,
    };
    let options = ServerOptions::new("127.0.0.1:0".parse().unwrap());
    let bound = Server::new(options).with_model(model).bind().unwrap();
    let address = Address::parse(&format!("http://{}", bound.address())).unwrap();
    let stopper = bound.stopper();
    let serving = std::thread::spawn(move || bound.run());
    let client = Client::new(ClientOptions {
        window: WindowPolicy { first: 16, most: 16 },
        ..ClientOptions::new(address, None)
    })
    .unwrap();
    let scorer = parse("CHIP_TF").unwrap();
    let mut group = criterion.benchmark_group("serve");
    group.sample_size(10).throughput(Throughput::Elements(REQUESTS.into()));
    group.bench_function("score_variant, motif, 16 at once", |bencher| {
        bencher.iter(|| {
            let answers = client.score_variants(&places, &[scorer.as_ref()]);
            assert!(answers.iter().all(Result::is_ok));
        });
    });
    group.finish();
    criterion.final_summary();
    stopper.stop();
    serving.join().unwrap().unwrap();
}
