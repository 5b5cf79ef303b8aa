//! Variants against the published program: REF and ALT outputs, candidate sites of both, counts between them.

use crate::oracle::{Oracle, everything, options, relative, sequence, tiny, window};
use refalt_alphagenome::untrained::bases;
use refalt_core::align::Alignment;
use refalt_core::annotation::SpliceSiteClass;
use refalt_core::normalize;
use refalt_core::reference::Reference;
use refalt_core::{
    Alternate, Answer, Backend, Bin, BinSpan, ContigName, Dna, InMemoryReference, Offset, Organism, OutputRequest,
    OutputType, Outputs, Position, Query, RefAlt, ReverseStrand, Sequence, Strand, Track, TrackSet, Variant, Window,
};

const SITES: usize = 12;
const THRESHOLD: f32 = 0.17966;

/// Strands that the oracle has put in the place of `+` in all columns of heads with strands.
const STRANDS: [Option<Strand>; 6] = {
    let (forward, reverse) = (Some(Strand::Forward), Some(Strand::Reverse));
    [forward, forward, reverse, None, reverse, None]
};

struct Case<'a> {
    name: &'a str,
    alleles: [&'a str; 2],
    is_reverse: bool,
}

struct Genes {
    known_sites: Vec<(Offset, SpliceSiteClass)>,
    body: BinSpan,
}

fn stranded(sets: Vec<TrackSet>) -> Vec<TrackSet> {
    let with_strands = |set: TrackSet| match set.output {
        OutputType::Cage | OutputType::Procap | OutputType::RnaSeq | OutputType::SpliceSiteUsage => TrackSet {
            tracks: set
                .tracks
                .iter()
                .zip(STRANDS)
                .map(|(track, strand)| Track {
                    strand,
                    ..track.clone()
                })
                .collect(),
            ..set
        },
        _ => set,
    };
    sets.into_iter().map(with_strands).collect()
}

fn answer(oracle: &Oracle, case: &Case<'_>, genes: Option<&Genes>) -> (Answer, Window) {
    let mut options = options(Organism::Human, SITES, THRESHOLD);
    options.tracks = stranded(options.tracks);
    let model = tiny(options);
    let contig = bases(20_480);
    let genome = InMemoryReference::of_contigs([("chr1", contig.as_slice())]);
    let variant = Variant {
        contig: ContigName::new("chr1"),
        position: Position::new(8201).unwrap(),
        reference_bases: Dna::parse(case.alleles[0].as_bytes()).unwrap(),
        alternate: Alternate::Bases(Dna::parse(case.alleles[1].as_bytes()).unwrap()),
    };
    let variant = normalize::check(&variant, &genome).unwrap();
    assert_eq!(variant.position(), Position::new(8201).unwrap());
    let window = window(16_384);
    let RefAlt { reference, alternate } = window.sequences(&variant, &genome as &dyn Reference).unwrap();
    check_sequences(oracle, case, [&reference, &alternate]);
    let mut outputs = everything(&window);
    if let Some(genes) = genes {
        let junctions = outputs
            .iter_mut()
            .find(|request| request.output == OutputType::SpliceJunctions);
        junctions.unwrap().spans = genes.body.into();
    }
    let query = Query {
        window: &window,
        reference: &reference,
        alternates: &[alternate],
        alignments: &[Alignment::of(&variant, &window).unwrap()],
        known_sites: genes.map_or(&[], |genes| &genes.known_sites),
        abandoned: Default::default(),
        outputs: &outputs,
    };
    let answer = if case.is_reverse {
        ReverseStrand(&model).predict(&[query]).remove(0)
    } else {
        model.predict(&[query]).remove(0)
    };
    (answer.unwrap(), window)
}

/// FNV-1a, 64 bits.
fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step)
}

/// The sequences are those that the published program was given.
fn check_sequences(oracle: &Oracle, case: &Case<'_>, sequences: [&Sequence; 2]) {
    let cases: serde_json::Value = serde_json::from_str(&oracle.metadata["cases"]).unwrap();
    let given = cases[case.name]["sequences_fnv1a64"].as_array().unwrap();
    for (given, sequence) in given.iter().zip(sequences) {
        let bases = if case.is_reverse {
            sequence.reverse_complement()
        } else {
            sequence.clone()
        };
        assert_eq!(
            given.as_str().unwrap(),
            format!("{:016x}", fnv1a(bases.as_bytes())),
            "{}",
            case.name
        );
    }
}

/// Compares every output with the oracle's.
fn check(oracle: &Oracle, prefix: &str, outputs: &Outputs, window: &Window) {
    for output in OutputType::ALL {
        let name = format!("{prefix}/{}", output.name().to_lowercase());
        let distance = match output {
            OutputType::SpliceJunctions => {
                check_junctions(oracle, prefix, outputs);
                continue;
            }
            OutputType::ContactMaps => oracle.distance(&name, outputs.contacts().unwrap().values()),
            OutputType::SpliceSites => {
                // The oracle has a fifth column, no site.
                let values = outputs.get(output).unwrap();
                let rows = values.rows(BinSpan::all(window, output.resolution())).unwrap();
                let wide: Vec<f32> = rows.flat_map(|row| row.iter().copied().chain([0.0])).collect();
                let (samples, stride) = (oracle.floats(&name), wide.len() / oracle.floats(&name).len());
                assert_eq!(oracle.size(&name), wide.len());
                let pairs = wide.iter().step_by(stride).zip(&samples).enumerate();
                let pairs: Vec<(f32, f32)> = pairs
                    .filter(|(index, _)| index * stride % 5 != 4)
                    .map(|(_, (&found, &expected))| (found, expected))
                    .collect();
                assert!(pairs.len() > samples.len() / 2);
                relative(pairs.iter().map(|pair| pair.0), pairs.iter().map(|pair| pair.1))
            }
            _ => match outputs.get(output) {
                Some(values) => oracle.distance(&name, values.values()),
                // PRO-cap of the mouse.
                _ => continue,
            },
        };
        // The published program rounds the usage of sites to 16 bits.
        let bound = if output == OutputType::SpliceSiteUsage {
            3e-4
        } else {
            2e-6
        };
        assert!(distance <= bound, "{name}: {distance:.1e}");
    }
}

fn check_junctions(oracle: &Oracle, prefix: &str, outputs: &Outputs) {
    let name = format!("{prefix}/splice_junctions");
    let positions = oracle.integers(&format!("{name}/splice_site_positions"));
    let counts = oracle.floats(&name);
    let found = outputs.junctions().unwrap();
    let mut pairs = Vec::new();
    for (number, class) in SpliceSiteClass::ALL.into_iter().enumerate() {
        let mut expected: Vec<i64> = positions[number * SITES..(number + 1) * SITES].to_vec();
        expected.retain(|&position| position >= 0);
        // On the reverse strand they come in descending order.
        expected.sort_unstable();
        let sites: Vec<i64> = found.sites(class).iter().map(|site| site.index() as i64).collect();
        assert_eq!(sites, expected, "{name}, {class:?}");
    }
    let tissues = found.tracks().tracks.len();
    for (number, strand) in [Strand::Forward, Strand::Reverse].into_iter().enumerate() {
        let row = |class: usize| &positions[class * SITES..(class + 1) * SITES];
        let (donors, acceptors) = (row(2 * number), row(2 * number + 1));
        let place = |class: usize, position: i64| {
            let sites = found.sites(SpliceSiteClass::ALL[class]);
            sites.iter().position(|site| site.index() as i64 == position).unwrap()
        };
        for (donor, &donor_at) in donors.iter().enumerate() {
            for (acceptor, &acceptor_at) in acceptors.iter().enumerate() {
                let from = (donor * SITES + acceptor) * 12 + number * 6;
                let expected = &counts[from..from + tissues];
                if donor_at < 0 || acceptor_at < 0 {
                    assert!(expected.iter().all(|&count| count == 0.0));
                    continue;
                }
                let [d, a] = [place(2 * number, donor_at), place(2 * number + 1, acceptor_at)];
                pairs.extend(
                    found
                        .counts(strand, d, a)
                        .unwrap()
                        .iter()
                        .copied()
                        .zip(expected.iter().copied()),
                );
            }
        }
    }
    assert!(pairs.len() > 500);
    let distance = relative(pairs.iter().map(|pair| pair.0), pairs.iter().map(|pair| pair.1));
    // Frequencies of the position embeddings are powers, which programs compute to a few units in the last place.
    assert!(distance <= 1e-5, "{name}: {distance:.1e}");
}

fn check_case(name: &str, alleles: [&str; 2], is_reverse: bool, genes: Option<&Genes>) {
    let oracle = Oracle::open("variants_fp32_16384.safetensors");
    let case = Case {
        name,
        alleles,
        is_reverse,
    };
    let (answer, window) = answer(&oracle, &case, genes);
    check(&oracle, &format!("{name}/reference"), &answer.reference, &window);
    check(&oracle, &format!("{name}/alternate"), &answer.alternates[0], &window);
    assert_eq!(answer.alternates[0].reference_junctions(), answer.reference.junctions());
    // The difference of the two, where it is greatest: the alternate sequence is computed only where it is another.
    let near = format!("{name}/alternate/atac#window");
    if oracle.has(&near) {
        let span = BinSpan::new(Bin::new(8000), Bin::new(8400));
        let rows = |outputs: &Outputs| -> Vec<f32> {
            outputs
                .get(OutputType::Atac)
                .unwrap()
                .rows(span)
                .unwrap()
                .flatten()
                .copied()
                .collect()
        };
        let minus = |a: Vec<f32>, b: Vec<f32>| a.into_iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f32>>();
        let found = minus(rows(&answer.alternates[0]), rows(&answer.reference));
        let expected = minus(
            oracle.floats(&near),
            oracle.floats(&format!("{name}/reference/atac#window")),
        );
        let distance = relative(found.into_iter(), expected.into_iter());
        assert!(distance < 2e-4, "{name}: differences {distance:.1e}");
    }
}

#[test]
fn a_substitution_equals_that_of_the_published_program() {
    check_case("snv", ["C", "G"], false, None);
}

#[test]
fn an_insertion_equals_that_of_the_published_program() {
    check_case("insertion", ["C", "CACGTT"], false, None);
}

#[test]
fn a_deletion_equals_that_of_the_published_program() {
    check_case("deletion", ["CGTATATA", "C"], false, None);
}

#[test]
fn on_the_reverse_strand_variants_equal_those_of_the_published_program() {
    check_case("negative", ["C", "G"], true, None);
    check_case("negative_insertion", ["C", "CACGTT"], true, None);
    check_case("negative_deletion", ["CGTATATA", "C"], true, None);
}

#[test]
fn within_a_gene_annotated_sites_are_candidates() {
    let oracle = Oracle::open("variants_fp32_16384.safetensors");
    let rows = oracle.integers("gene/splice_sites");
    let sites = rows
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&[class, position]| (Offset::new(position as u32), SpliceSiteClass::ALL[class as usize]));
    // Annotated, and outside of the gene.
    let outside = [
        (Offset::new(5000), SpliceSiteClass::DonorForward),
        (Offset::new(10_000), SpliceSiteClass::AcceptorReverse),
    ];
    let genes = Genes {
        known_sites: sites.chain(outside).collect(),
        body: BinSpan::new(Bin::new(6000), Bin::new(10_000)),
    };
    check_case("gene", ["C", "G"], false, Some(&genes));
}

#[test]
fn the_mouse_has_weights_and_tracks_of_its_own() {
    let oracle = Oracle::open("variants_fp32_16384.safetensors");
    let model = tiny(options(Organism::Mouse, SITES, THRESHOLD));
    assert_eq!(model.card().organism, "Mus musculus");
    let window = window(16_384);
    let mut given: Vec<OutputRequest> = everything(&window);
    // The mouse has no PRO-cap.
    given.retain(|request| model.card().tracks(request.output).is_some());
    assert_eq!(given.len(), 10);
    let query = Query {
        window: &window,
        reference: &sequence(&bases(16_384)),
        alternates: &[],
        alignments: &[],
        known_sites: &[],
        abandoned: Default::default(),
        outputs: &given,
    };
    let answer = model.predict(&[query]).remove(0).unwrap();
    check(&oracle, "mouse/prediction", &answer.reference, &window);
}
