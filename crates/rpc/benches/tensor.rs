//! Decoding of arrays: `cargo bench -p refalt-rpc --bench tensor`.
//!
//! The array is a prediction over a megabase for 100 tracks: 1,048,576 x 100, 70 % zeros, in chunks of 1 MiB.
#![allow(clippy::unwrap_used, reason = "a benchmark stops where an expectation fails")]

use criterion::{Criterion, Throughput};
use refalt_core::stats::{Purpose, RandomStream};
use refalt_rpc::tensor::{Array, Encoding, Limits, Packing, Values, encode, whole};
use std::num::NonZeroUsize;

fn main() {
    let shape = vec![1_048_576, 100];
    let count = shape.iter().product();
    let mut random = RandomStream::new(1, Purpose::Sampling, 0);
    let mut value = || {
        let fraction = random.next_fraction() as f32;
        if fraction < 0.7 { 0.0 } else { fraction * fraction }
    };
    let values: Vec<f32> = (0..count).map(|_| value()).collect();
    let array = Array::new(shape, Values::Float32(values)).unwrap();
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("decode");
    // Bytes of the values in memory.
    group.throughput(Throughput::Bytes(4 * count as u64));
    for (name, bfloat16, packing) in [
        ("bfloat16", true, Packing::None),
        ("float32", false, Packing::None),
        ("bfloat16 zstd", true, Packing::Zstd { level: 3 }),
    ] {
        let encoding = Encoding {
            bfloat16,
            packing,
            chunk_bytes: NonZeroUsize::new(1 << 20),
        };
        let sent = encode(&array, encoding).unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter_with_large_drop(|| whole(sent.header.clone(), &sent.chunks, Limits::default()).unwrap());
        });
    }
    group.finish();
    criterion.final_summary();
}
