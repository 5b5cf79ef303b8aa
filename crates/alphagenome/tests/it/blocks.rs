//! Every block by its published name, so that the first wrong one names itself.

use crate::oracle::{Oracle, everything, options, relative, sequence, tiny, window};
use refalt_alphagenome::untrained::bases;
use refalt_alphagenome::{AlphaGenome, Angles, Options, Probe};
use refalt_core::{Answer, Organism, OutputType, Query, Track, TrackSet};
use std::sync::Mutex;

/// Lets a model predict everything; the distance of each block from the oracle, in the order of computation, and the answer.
fn predicted(oracle: &Oracle, model: &AlphaGenome) -> (Vec<(String, f64)>, Answer) {
    let length: usize = oracle.metadata["length"].parse().unwrap();
    let window = window(length as i64);
    let seen: Mutex<Vec<(String, f64)>> = Mutex::new(Vec::new());
    let look = |name: &str, values: &[f32]| {
        if oracle.has(name) && oracle.size(name) == values.len() {
            let distance = oracle.distance(name, values);
            seen.lock().unwrap().push((name.to_owned(), distance));
        }
    };
    let query = Query {
        window: &window,
        reference: &sequence(&bases(length)),
        alternates: &[],
        alignments: &[],
        known_sites: &[],
        abandoned: Default::default(),
        outputs: &everything(&window),
    };
    let answer = model.answer(&query, Probe::new(&look)).unwrap();
    (seen.into_inner().unwrap(), answer)
}

/// Blocks and heads of the small model with their distance from the oracle.
fn distances(oracle: &Oracle, options: Options) -> Vec<(String, f64)> {
    let (mut seen, answer) = predicted(oracle, &tiny(options));
    seen.extend(heads(oracle, &answer));
    seen
}

fn heads(oracle: &Oracle, answer: &Answer) -> Vec<(String, f64)> {
    let names = [
        (OutputType::Atac, "atac@out/predictions_1bp"),
        (OutputType::Cage, "cage@out/predictions_1bp"),
        (OutputType::Dnase, "dnase@out/predictions_1bp"),
        (OutputType::RnaSeq, "rna_seq@out/predictions_1bp"),
        (OutputType::Procap, "procap@out/predictions_1bp"),
        (OutputType::ChipTf, "chip_tf@out/predictions_128bp"),
        (OutputType::ChipHistone, "chip_histone@out/predictions_128bp"),
        (OutputType::SpliceSiteUsage, "splice_sites_usage@out/predictions"),
    ];
    let outputs = &answer.reference;
    let mut found: Vec<(String, f64)> = names
        .iter()
        .map(|(output, name)| {
            let name = format!("alphagenome/head/{name}");
            let distance = oracle.distance(&name, outputs.get(*output).unwrap().values());
            (name, distance)
        })
        .collect();
    let contacts = "alphagenome/head/contact_maps@out/predictions".to_owned();
    let distance = oracle.distance(&contacts, outputs.contacts().unwrap().values());
    found.push((contacts, distance));
    found
}

#[test]
fn blocks_and_heads_equal_those_of_the_published_program() {
    let oracle = Oracle::open("tiny_fp32_16384.safetensors");
    let found = distances(&oracle, options(Organism::Human, 16, 0.1));
    for (name, distance) in &found {
        println!("{distance:.1e} {name}");
    }
    // 2 of the embedder, 6 + 1 of the encoder, 4 of each of 5 pair updates, 2 of each of 9 layers, 2 of the tower, 7 of the
    // decoder, 9 heads.
    assert_eq!(found.len(), 65);
    for (name, distance) in &found {
        // Sums in another order: the published program and its port to PyTorch are 1e-7 to 1e-6 apart. The decoder's samples
        // fall on channels near 0. The published program rounds the usage of sites to 16 bits.
        let bound = match name.as_str() {
            name if name.contains("splice_sites_usage") => 3e-4,
            name if name.contains("/sequence_decoder/") => 4e-6,
            _ => 2e-6,
        };
        assert!(*distance <= bound, "{name}: {distance:.1e}");
    }
}

#[test]
fn with_angles_in_bfloat16_outputs_are_near_those_of_the_released_policy() {
    let oracle = Oracle::open("tiny_bf16_16384.safetensors");
    let exact = options(Organism::Human, 16, 0.1);
    let rounded = Options {
        angles: Angles::Bfloat16,
        ..exact
    };
    let found = distances(&oracle, rounded);
    for (name, distance) in &found {
        println!("{distance:.1e} {name}");
    }
    let single = Oracle::open("tiny_fp32_16384.safetensors");
    assert_eq!(found.len(), 65);
    for (name, distance) in &found {
        // The oracle rounds every value to 8 bits; the published program in single precision is as far from it.
        let own = relative(single.floats(name).into_iter(), oracle.floats(name).into_iter());
        assert!(*distance <= 1.25 * own + 1e-3, "{name}: {distance:.1e}, {own:.1e}");
    }
}

/// Every column of every head as a track of mean 1.
fn all_columns() -> Vec<TrackSet> {
    let columns = [256, 640, 384, 768, 1152, 1664, 4, 734, 367, 28, 128];
    let set = |(output, columns): (OutputType, u32)| TrackSet {
        output,
        resolution: output.resolution(),
        tracks: (0..columns)
            .map(|column| Track {
                name: format!("column {column}"),
                channel_index: Some(column),
                ..Track::default()
            })
            .collect(),
    };
    OutputType::ALL.into_iter().zip(columns).map(set).collect()
}

#[test]
#[ignore = "needs 5 GB of memory and 20 s"]
fn at_full_size_blocks_and_heads_equal_those_of_the_published_program() {
    let oracle = Oracle::open("full_fp32_4096.safetensors");
    let options = Options {
        tracks: all_columns(),
        cut_to: None,
        ..options(Organism::Human, 64, 0.1)
    };
    let model = AlphaGenome::read(&oracle.weights(), options).unwrap();
    let (mut found, answer) = predicted(&oracle, &model);
    for (output, head) in [
        (OutputType::Atac, "atac@out/scaled_predictions_1bp"),
        (OutputType::Cage, "cage@out/scaled_predictions_1bp"),
        (OutputType::Dnase, "dnase@out/scaled_predictions_1bp"),
        (OutputType::RnaSeq, "rna_seq@out/scaled_predictions_1bp"),
        (OutputType::Procap, "procap@out/scaled_predictions_1bp"),
        (OutputType::ChipTf, "chip_tf@out/scaled_predictions_128bp"),
        (OutputType::ChipHistone, "chip_histone@out/scaled_predictions_128bp"),
    ] {
        // Back to the scale of the oracle: no mean, no bin size, no power.
        let bp = output.resolution().bp() as f32;
        let power = if output == OutputType::RnaSeq { 0.75 } else { 1.0 };
        let scaled = |&value: &f32| {
            let value = (value / bp).powf(power);
            if value > 10.0 {
                2.0 * (value * 10.0).sqrt() - 10.0
            } else {
                value
            }
        };
        let values: Vec<f32> = answer
            .reference
            .get(output)
            .unwrap()
            .values()
            .iter()
            .map(scaled)
            .collect();
        let name = format!("alphagenome/head/{head}");
        found.push((name.clone(), oracle.distance(&name, &values)));
    }
    let contacts = "alphagenome/head/contact_maps@out/predictions";
    found.push((
        contacts.to_owned(),
        oracle.distance(contacts, answer.reference.contacts().unwrap().values()),
    ));
    assert_eq!(found.len(), 64);
    for (name, distance) in &found {
        println!("{distance:.1e} {name}");
        assert!(*distance <= 5e-6, "{name}: {distance:.1e}");
    }
}
