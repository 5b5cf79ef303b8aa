//! REF/ALT windows of 16,384 bp from an indexed FASTA: the real slice of chr1, and 200 Mb made up.
//!
//! `cargo bench -p refalt --bench windows` measures with criterion. Two further forms serve `benches/peers/windows.py`,
//! which compares with pyfaidx in one run:
//!
//! - `-- prepare FOLDER` writes the made-up FASTA and variant lists (sorted and shuffled).
//! - `-- once FASTA VARIANTS THREADS` makes all windows once, in the order of the list, and prints the seconds, the
//!   seconds of processor time (one thread, Linux) and a sum over the bases. With `along` for THREADS the windows are
//!   made along the genome, on one thread; sorting the list is timed.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops where an expectation fails"
)]

use criterion::{Criterion, Throughput};
use refalt::core::{Alternate, CheckedVariant, ContigName, Dna, Interval, Position, Reference, Variant, Window, check};
use refalt::io::fasta::FastaReference;
use refalt::windows::along_genome;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const WINDOW_BP: NonZeroU32 = NonZeroU32::new(16_384).unwrap();
const VARIANTS: usize = 100_000;
const MADE_UP_BP: u32 = 200_000_000;
const LINE_BP: usize = 60;

/// A generator of numbers that look random: SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).unwrap()
    }
}

fn slice_of_chr1() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/hg38/hg38_chr1_1_1000000.fa.gz")
}

/// Writes 200 Mb of bases in lines of 60.
fn make_up(path: &Path) {
    let mut numbers = Numbers(1);
    let mut text = Vec::with_capacity(MADE_UP_BP as usize / LINE_BP * (LINE_BP + 1) + 10);
    text.extend_from_slice(b">chr1\n");
    let mut left = MADE_UP_BP as usize;
    while left > 0 {
        let line = left.min(LINE_BP);
        let mut bits = 0;
        for base in 0..line {
            if base % 32 == 0 {
                bits = numbers.next();
            }
            text.push(b"ACGTacgt"[(bits & 3) as usize]);
            bits >>= 2;
        }
        text.push(b'\n');
        left -= line;
    }
    std::fs::write(path, text).unwrap();
    FastaReference::open(path).unwrap().write_indexes().unwrap();
}

/// Returns variants in genome order: eight of ten single bases, the others insertions and deletions of 1 to 5 bases.
fn variants(reference: &FastaReference, count: usize) -> Vec<CheckedVariant> {
    let contig = reference.contig_id("chr1").unwrap();
    let length_bp = reference.contig(contig).length_bp.unwrap();
    let mut numbers = Numbers(2);
    let mut made = Vec::with_capacity(count);
    while made.len() < count {
        let at = 20_000 + numbers.below(length_bp - 40_000);
        let mut bases = Vec::new();
        reference
            .fetch(contig, Interval::from_bed(at, at + 6).unwrap(), &mut bases)
            .unwrap();
        let size = 1 + numbers.below(5);
        let letters: Vec<u8> = (0..size).map(|_| b"ACGT"[numbers.below(4) as usize]).collect();
        let (r, a) = match numbers.below(10) {
            0 => (vec![bases[0]], [vec![bases[0]], letters].concat()),
            1 => (bases[..=size as usize].to_vec(), vec![bases[0]]),
            _ => (vec![bases[0]], letters[..1].to_vec()),
        };
        let variant = Variant {
            contig: ContigName::new("chr1"),
            position: Position::from_zero_based(at).unwrap(),
            reference_bases: Dna::parse(&r).unwrap(),
            alternate: Alternate::Bases(Dna::parse(&a).unwrap()),
        };
        // Drawn again where the genome has N or the drawn base.
        made.extend(check(&variant, reference).ok());
    }
    made.sort_by_key(CheckedVariant::position);
    made
}

fn shuffled(mut variants: Vec<CheckedVariant>) -> Vec<CheckedVariant> {
    let mut numbers = Numbers(3);
    for last in (1..variants.len()).rev() {
        variants.swap(last, numbers.below(u32::try_from(last).unwrap() + 1) as usize);
    }
    variants
}

/// Makes the REF and ALT windows of each variant; returns a sum over their bases.
fn windows(reference: &FastaReference, variants: &[CheckedVariant], sum: bool) -> u64 {
    let mut total = 0;
    for variant in variants {
        let window = Window::around(variant.contig(), variant.reference_interval(), WINDOW_BP);
        let pair = window.sequences(variant, reference).unwrap();
        for sequence in [&pair.reference, &pair.alternate] {
            let bases = std::hint::black_box(sequence.as_bytes());
            total += if sum {
                bases.iter().map(|&base| u64::from(base)).sum()
            } else {
                bases.len() as u64
            };
        }
    }
    total
}

/// Makes the REF and ALT windows of each variant along the genome.
fn windows_along(reference: &FastaReference, variants: &[CheckedVariant]) {
    for (_, pair) in along_genome(variants, WINDOW_BP, reference) {
        let (_, pair) = pair.unwrap();
        std::hint::black_box([pair.reference.as_bytes(), pair.alternate.as_bytes()]);
    }
}

fn write_variants(path: &Path, variants: &[CheckedVariant]) {
    let mut text = String::new();
    for variant in variants {
        let (r, a) = (variant.reference_bases(), variant.alternate_bases());
        writeln!(text, "{}\t{}\t{r}\t{a}", variant.contig(), variant.position()).unwrap();
    }
    std::fs::write(path, text).unwrap();
}

fn read_variants(path: &Path, reference: &FastaReference) -> Vec<CheckedVariant> {
    let text = std::fs::read_to_string(path).unwrap();
    let read = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let dna = |text: &str| Dna::parse(text.as_bytes()).unwrap();
        let variant = Variant {
            contig: ContigName::new(fields[0]),
            position: Position::new(fields[1].parse().unwrap()).unwrap(),
            reference_bases: dna(fields[2]),
            alternate: Alternate::Bases(dna(fields[3])),
        };
        check(&variant, reference).unwrap()
    };
    text.lines().map(read).collect()
}

fn prepare(folder: &Path) {
    let made_up = folder.join("made_up.fa");
    make_up(&made_up);
    for (name, path) in [("made_up", made_up), ("chr1", slice_of_chr1())] {
        let sorted = variants(&FastaReference::open(&path).unwrap(), VARIANTS);
        write_variants(&folder.join(format!("{name}.sorted.tsv")), &sorted);
        write_variants(&folder.join(format!("{name}.shuffled.tsv")), &shuffled(sorted));
    }
}

fn once(fasta: &Path, list: &Path, threads: &str) {
    let variants = read_variants(list, &FastaReference::open(fasta).unwrap());
    let (begin, cpu_begin) = (Instant::now(), cpu_seconds());
    let reference = FastaReference::open(fasta).unwrap();
    if matches!(threads, "1" | "along") {
        if threads == "1" {
            windows(&reference, &variants, false);
        } else {
            windows_along(&reference, &variants);
        }
        let (seconds, cpu) = (begin.elapsed().as_secs_f64(), cpu_seconds() - cpu_begin);
        println!("{seconds}\t{cpu}\t{}", windows(&reference, &variants[..1000], true));
        return;
    }
    let threads: usize = threads.parse().unwrap();
    std::thread::scope(|scope| {
        for part in variants.chunks(variants.len().div_ceil(threads)) {
            let reference = &reference;
            scope.spawn(move || windows(reference, part, false));
        }
    });
    let seconds = begin.elapsed().as_secs_f64();
    println!("{seconds}\t0\t{}", windows(&reference, &variants[..1000], true));
}

/// Returns the seconds that the main thread was on a processor, where Linux says so; 0 elsewhere.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds: Option<f64> = text.split(' ').next().and_then(|number| number.parse().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let made_up = folder.path().join("made_up.fa");
    make_up(&made_up);
    let mut criterion = Criterion::default().configure_from_args();
    for (name, path) in [("200 Mb, plain", made_up), ("chr1 slice, bgzip", slice_of_chr1())] {
        let sorted = variants(&FastaReference::open(&path).unwrap(), VARIANTS);
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).measurement_time(Duration::from_secs(8));
        group.throughput(Throughput::Elements(VARIANTS as u64));
        for (order, variants) in [("sorted", sorted.clone()), ("shuffled", shuffled(sorted))] {
            group.bench_function(order, |bencher| {
                bencher.iter(|| {
                    let reference = FastaReference::open(&path).unwrap();
                    windows(&reference, &variants, false)
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["prepare", folder] => prepare(Path::new(folder)),
        ["once", fasta, list, threads] => once(Path::new(fasta), Path::new(list), threads),
        _ => measure(),
    }
}
