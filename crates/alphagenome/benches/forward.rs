//! Predictions and variants at full size: CPU seconds, wall clock and memory, for untrained weights.
//!
//! usage: cargo bench -p refalt-alphagenome --features untrained --bench forward -- [LENGTH ...]
//!
//! `all`: every column of every head over the whole window; `tracks`: those at 128 bp; `bases`: those at 1 bp but for junctions,
//! which untrained weights find everywhere; `again`: another ALT of the same window; `variant`: REF and ALT of one
//! substitution, 501 bp of four outputs and 2,001 bp of CHIP_TF, as the center-mask scorers ask for them.

#![allow(clippy::print_stdout, reason = "a bench prints what it measures")]

use refalt_alphagenome::untrained::{NamedWeights, bases};
use refalt_alphagenome::{AlphaGenome, Angles, Options};
use refalt_core::splice_candidate::CandidateOptions;
use refalt_core::{
    Backend, Bin, BinSpan, ContigName, Organism, OutputRequest, OutputType, Query, Resolution, Sequence, Track,
    TrackSet, Window,
};
use std::num::NonZeroUsize;
use std::time::Instant;

/// Tracks of the human head of each output, in the order of [`OutputType::ALL`].
const COLUMNS: [u32; 11] = [167, 546, 305, 667, 1116, 1617, 4, 734, 367, 28, 12];

fn main() {
    let lengths: Vec<u32> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let lengths = if lengths.is_empty() { vec![16_384] } else { lengths };
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/full_fp32_4096.safetensors");
    let bytes = std::fs::read(file).expect("the oracle is part of the crate");
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).expect("the oracle is a safetensors file");
    let metadata = header.metadata().clone().unwrap_or_default();
    let weights = NamedWeights::from_json(&metadata["shapes"]).expect("the oracle keeps extents");
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let set = |(output, columns): (OutputType, u32)| TrackSet {
        output,
        resolution: output.resolution(),
        tracks: (0..columns)
            .map(|column| Track {
                channel_index: Some(column),
                ..Track::default()
            })
            .collect(),
    };
    let options = Options {
        organism: Organism::Human,
        tracks: OutputType::ALL.into_iter().zip(COLUMNS).map(set).collect(),
        angles: Angles::Bfloat16,
        sites: CandidateOptions::default(),
        cut_to: None,
        threads,
        version: "untrained".to_owned(),
        digest: "none".to_owned(),
    };
    let model = AlphaGenome::read(&weights, options).expect("the extents are those of the model");
    println!("threads {threads}");
    for length in lengths {
        let window = Window::from_bed(&ContigName::new("chr1"), 0, length.into()).expect("the length is not 0");
        let middle = length / 2;
        let contig = bases(length as usize + 16);
        let all = |output: OutputType| OutputRequest {
            output,
            spans: BinSpan::all(&window, output.resolution()).into(),
        };
        let around = |output: OutputType, half: u32| OutputRequest {
            output,
            spans: BinSpan::new(Bin::new(middle - half), Bin::new(middle + half + 1))
                .pooled(output.resolution())
                .into(),
        };
        let everything: Vec<OutputRequest> = OutputType::ALL.into_iter().map(all).collect();
        let coarse: Vec<OutputRequest> = OutputType::ALL
            .into_iter()
            .filter(|output| output.resolution() == Resolution::BP_128)
            .map(all)
            .collect();
        let scored = [
            around(OutputType::Atac, 250),
            around(OutputType::Dnase, 250),
            around(OutputType::Cage, 250),
            around(OutputType::Procap, 250),
            around(OutputType::ChipTf, 250),
            around(OutputType::ChipHistone, 1000),
        ];
        let bases_only: Vec<OutputRequest> = OutputType::ALL
            .into_iter()
            .filter(|output| output.resolution() == Resolution::BP_1 && *output != OutputType::SpliceJunctions)
            .map(all)
            .collect();
        // The model keeps the last reference, so each question but `again` has a sequence of its own.
        for (name, start, outputs, is_variant) in [
            ("variant", 0, &scored[..], true),
            ("again", 0, &scored[..], true),
            ("tracks", 1, &coarse[..], false),
            ("bases", 2, &bases_only[..], false),
            ("all", 3, &everything[..], false),
        ] {
            // Everything of a megabase is 30 GB of numbers.
            if matches!(name, "all" | "bases") && length > 131_072 {
                continue;
            }
            let original = contig[start..start + length as usize].to_vec();
            let mut changed = original.clone();
            let other = if name == "again" { b'G' } else { b'C' };
            let at = middle as usize;
            changed[at] = if changed[at] == other { b'A' } else { other };
            let reference = Sequence::from_bases(original);
            let alternates: Vec<Sequence> = is_variant.then(|| Sequence::from_bases(changed)).into_iter().collect();
            let (wall, cpu) = (Instant::now(), cpu_seconds());
            let query = Query {
                window: &window,
                reference: &reference,
                alternates: &alternates,
                alignments: &[],
                known_sites: &[],
                abandoned: Default::default(),
                outputs,
            };
            let answer = model.predict(&[query]).remove(0).expect("the query is in order");
            println!(
                "{length} bp, {name}: {:.2} CPU s, {:.2} s, {:.2} GiB at most",
                cpu_seconds() - cpu,
                wall.elapsed().as_secs_f64(),
                most_gib()
            );
            drop(answer);
        }
    }
}

/// User and system time of the process so far; Linux.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    // Fields 14 and 15 of proc(5), in hundredths of a second.
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

/// The most memory the process has had; Linux.
fn most_gib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line
        .and_then(|line| line.trim().split(' ').next())
        .and_then(|text| text.parse::<f64>().ok());
    kib.unwrap_or(0.0) / f64::from(1 << 20)
}
