//! Reading one million sites without genotypes, as VCF and as bgzip-compressed VCF.
//!
//! The rows are made on the spot: SNVs, 10 % insertions, 5 % sites with two alternate alleles, each with an rs number
//! and three INFO values, as released call sets have.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use refalt::io::variants::{ReadOptions, Source, open};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

const SITES: u64 = 1_000_000;

/// Writes the sites; a linear congruential generator keeps them the same everywhere.
fn vcf() -> String {
    let mut state = 1_u64;
    let mut next = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut text = String::from("##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n");
    text.push_str("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n");
    let mut position = 10_000;
    for _ in 0..SITES {
        position += 1 + next(200);
        let reference = next(4) as usize;
        let base = |index: usize| ["A", "C", "G", "T"][index % 4];
        let first = base(reference + 1 + next(3) as usize);
        let (name, count) = (next(1_000_000_000), 1 + next(999));
        let _ = write!(text, "chr1\t{position}\trs{name}\t{}\t", base(reference));
        let _ = match next(20) {
            0 | 1 => write!(text, "{}{}", base(reference), &"ACGTTGCA"[..1 + next(8) as usize]),
            2 => write!(text, "{first},{first}C"),
            _ => write!(text, "{first}"),
        };
        let _ = writeln!(
            text,
            "\t.\tPASS\tAC={count};AN=152246;AF={:.6e}",
            count as f64 / 152_246.0
        );
    }
    text
}

fn read_all(path: &Path) -> u64 {
    let reader = open(&Source::Path(path.to_owned()), &ReadOptions::default()).expect("the file was written above");
    let mut accepted = 0;
    for row in reader {
        accepted += u64::from(row.expect("the file is whole").variant.is_ok());
    }
    accepted
}

fn benchmark(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (plain, packed) = (folder.path().join("sites.vcf"), folder.path().join("sites.vcf.gz"));
    let text = vcf();
    std::fs::write(&plain, &text).expect("there is space for 70 MB");
    let file = std::fs::File::create(&packed).expect("the folder is writable");
    let mut writer = noodles::bgzf::io::Writer::new(file);
    writer.write_all(text.as_bytes()).expect("there is space for 20 MB");
    writer.finish().expect("there is space for 20 MB");
    drop(text);
    let mut group = criterion.benchmark_group("variants");
    group.sample_size(10).throughput(Throughput::Elements(SITES));
    group.bench_function("vcf_1m_sites", |bencher| bencher.iter(|| read_all(&plain)));
    group.bench_function("vcf_gz_1m_sites", |bencher| bencher.iter(|| read_all(&packed)));
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
