//! What is left out changes nothing: crops, alternates that reuse the reference, sites that are embedded again.

use crate::oracle::{Oracle, everything, options, sequence, tiny, window};
use refalt_alphagenome::untrained::{NamedWeights, bases};
use refalt_alphagenome::{AlphaGenome, Options};
use refalt_core::annotation::SpliceSiteClass;
use refalt_core::{
    Abandoned, Answer, Backend, BackendError, Bin, BinSpan, Offset, Organism, OutputRequest, OutputType, Query,
    Sequence, Strand, Window,
};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

fn ask(
    model: &AlphaGenome,
    window: &Window,
    reference: &Sequence,
    alternates: &[Sequence],
    outputs: &[OutputRequest],
) -> Answer {
    model
        .predict(&[Query {
            window,
            reference,
            alternates,
            alignments: &[],
            known_sites: &[],
            abandoned: Default::default(),
            outputs,
        }])
        .remove(0)
        .unwrap()
}

fn span(start: u32, end: u32) -> BinSpan {
    BinSpan::new(Bin::new(start), Bin::new(end))
}

/// 49,152 bases: several pieces of encoder and decoder.
const LENGTH: u32 = 49_152;

#[test]
fn a_crop_has_the_bits_of_the_whole() {
    let model = tiny(options(Organism::Human, 16, 0.1));
    let window = window(LENGTH.into());
    let reference = sequence(&bases(LENGTH as usize));
    let whole = ask(&model, &window, &reference, &[], &everything(&window));
    let spans = [
        span(0, 1),
        span(16_383, 16_385),
        span(30_000, 30_501),
        span(LENGTH - 1, LENGTH),
    ];
    for output in [
        OutputType::Atac,
        OutputType::RnaSeq,
        OutputType::SpliceSites,
        OutputType::ChipTf,
    ] {
        let step = output.resolution().bp();
        let spans = spans.map(|wanted| wanted.pooled(output.resolution()));
        let request = OutputRequest {
            output,
            spans: spans.into_iter().collect(),
        };
        let crop = ask(&model, &window, &reference, &[], std::slice::from_ref(&request));
        let (crop, whole) = (
            crop.reference.get(output).unwrap(),
            whole.reference.get(output).unwrap(),
        );
        assert!(
            crop.spans() == &request.spans && crop.values().len() < whole.values().len() / 20,
            "{step}"
        );
        for &span in request.spans.as_slice() {
            assert!(
                crop.rows(span).unwrap().eq(whole.rows(span).unwrap()),
                "{output} {span:?}"
            );
        }
    }
    let request = OutputRequest {
        output: OutputType::ContactMaps,
        spans: span(3, 5).into(),
    };
    let crop = ask(&model, &window, &reference, &[], &[request]);
    let (crop, whole) = (crop.reference.contacts().unwrap(), whole.reference.contacts().unwrap());
    assert!(crop.column(span(4, 5)).unwrap().eq(whole.column(span(4, 5)).unwrap()));
}

#[test]
fn alternates_have_the_bits_of_sequences_by_themselves() {
    let model = tiny(options(Organism::Human, 16, 0.1));
    let window = window(LENGTH.into());
    let original = bases(LENGTH as usize);
    let changed = |at: usize, to: &[u8]| {
        let mut bases = original.clone();
        bases[at..at + to.len()].copy_from_slice(to);
        sequence(&bases)
    };
    // At both ends, at the border of two pieces, over one of 1,000 bases; a shift of everything after the place; the same.
    let mut shifted = original.clone();
    shifted.insert(20_000, b'A');
    shifted.truncate(LENGTH as usize);
    let alternates = [
        changed(0, b"NN"),
        changed(LENGTH as usize - 1, b"N"),
        changed(16_384, b"NNN"),
        changed(30_000, &[b'N'; 1000]),
        sequence(&shifted),
        sequence(&original),
    ];
    let reference = sequence(&original);
    let mut outputs = everything(&window);
    // Sites are chosen for all sequences together.
    outputs.retain(|request| request.output != OutputType::SpliceJunctions);
    for request in &mut outputs {
        if request.output.resolution().bp() == 1 {
            request.spans = [
                span(0, 600),
                span(16_000, 17_000),
                span(30_500, 33_000),
                span(49_000, LENGTH),
            ]
            .into_iter()
            .collect();
        }
    }
    let together = ask(&model, &window, &reference, &alternates, &outputs);
    assert!(together.alternates[5] == together.reference);
    for (index, alternate) in alternates.iter().enumerate() {
        let alone = ask(&model, &window, alternate, &[], &outputs);
        assert!(alone.reference == together.alternates[index], "alternate {index}");
        assert!(index == 5 || alone.reference != together.reference, "alternate {index}");
    }
}

#[test]
fn a_query_has_the_bits_that_it_has_without_the_one_before() {
    let window = window(16_384);
    let reference = sequence(&bases(16_384));
    let mut changed = bases(16_384);
    changed[8000..8003].copy_from_slice(b"NNN");
    let alternate = [sequence(&changed)];
    let near = |output: OutputType, at: u32| OutputRequest {
        output,
        spans: span(at, at + 300).into(),
    };
    let queries = [
        (&reference, vec![near(OutputType::Dnase, 7900)]),
        (
            &reference,
            vec![near(OutputType::Dnase, 7900), near(OutputType::SpliceJunctions, 7000)],
        ),
        (&alternate[0], vec![near(OutputType::Dnase, 7900)]),
        (&reference, vec![near(OutputType::Atac, 2000)]),
        (&reference, everything(&window)),
    ];
    let one = tiny(options(Organism::Human, 16, 0.1));
    for (reference, outputs) in &queries {
        let fresh = tiny(options(Organism::Human, 16, 0.1));
        let expected = ask(&fresh, &window, reference, &alternate, outputs);
        assert!(ask(&one, &window, reference, &alternate, outputs) == expected);
    }
}

#[test]
fn a_prediction_that_nobody_waits_for_ends() {
    let model = tiny(options(Organism::Human, 16, 0.1));
    let window = window(16_384);
    let reference = sequence(&bases(16_384));
    let outputs = everything(&window);
    // Abandoned at the first question, or at a later one; the next prediction is not touched by it.
    for waited in [0, 1, 5, 10] {
        let asked = AtomicUsize::new(0);
        let is_abandoned = || asked.fetch_add(1, Ordering::Relaxed) >= waited;
        let query = Query {
            window: &window,
            reference: &reference,
            alternates: &[],
            alignments: &[],
            known_sites: &[],
            abandoned: Abandoned::when(&is_abandoned),
            outputs: &outputs,
        };
        let error = model.predict(&[query]).remove(0).unwrap_err();
        assert!(
            matches!(error, BackendError::Abandoned { .. }) && !error.is_fatal(),
            "{error}"
        );
        assert_eq!(asked.load(Ordering::Relaxed), waited + 1);
    }
    let fresh = tiny(options(Organism::Human, 16, 0.1));
    let [one, other] = [&model, &fresh].map(|model| ask(model, &window, &reference, &[], &outputs));
    assert!(one == other);
}

#[test]
fn threads_change_no_bit() {
    let window = window(16_384);
    let reference = sequence(&bases(16_384));
    let [one, three] = [1, 3].map(|threads| {
        let model = tiny(Options {
            threads: NonZeroUsize::new(threads).unwrap(),
            ..options(Organism::Human, 16, 0.1)
        });
        ask(&model, &window, &reference, &[], &everything(&window))
    });
    assert!(one == three);
}

#[test]
fn sites_that_only_another_allele_has_are_embedded_again() {
    // With the best three sites of a class, each of two sequences brings some that are not among the other's best.
    let window = window(16_384);
    let (reference, other) = (bases(16_384), bases(40_000)[20_000..36_384].to_vec());
    let alternate = [sequence(&other)];
    let junctions = [OutputRequest {
        output: OutputType::SpliceJunctions,
        spans: span(0, 16_384).into(),
    }];
    let few = tiny(options(Organism::Human, 3, 0.01));
    let answer = ask(&few, &window, &sequence(&reference), &alternate, &junctions);
    let few = [&answer.reference, &answer.alternates[0]].map(|outputs| outputs.junctions().unwrap().clone());
    // With many, both have embedded all of them by themselves.
    let many = tiny(options(Organism::Human, 4000, 0.2));
    let answer = ask(&many, &window, &sequence(&reference), &alternate, &junctions);
    let many = [&answer.reference, &answer.alternates[0]].map(|outputs| outputs.junctions().unwrap().clone());
    let mut pairs = 0;
    for (few, many) in few.iter().zip(&many) {
        let [donor, acceptor] = [SpliceSiteClass::DonorForward, SpliceSiteClass::AcceptorForward];
        let place = |class, site: &Offset| many.sites(class).iter().position(|other| other == site);
        for (d, donor_at) in few.sites(donor).iter().enumerate() {
            for (a, acceptor_at) in few.sites(acceptor).iter().enumerate() {
                let (Some(donor), Some(acceptor)) = (place(donor, donor_at), place(acceptor, acceptor_at)) else {
                    continue;
                };
                let [few, many] = [
                    few.counts(Strand::Forward, d, a),
                    many.counts(Strand::Forward, donor, acceptor),
                ];
                // A product with few columns may be summed in another order.
                let pairs_of_counts = few.unwrap().iter().zip(many.unwrap());
                assert!(
                    pairs_of_counts
                        .clone()
                        .all(|(few, many)| (few - many).abs() < 1e-6 * many)
                );
                pairs += pairs_of_counts.count() / 6;
            }
        }
    }
    assert_eq!(pairs, 2 * 3 * 3);
}

#[test]
fn each_alternate_has_the_sites_of_its_own_pair() {
    let model = tiny(options(Organism::Human, 3, 0.01));
    let window = window(16_384);
    let reference = sequence(&bases(16_384));
    let others = [
        sequence(&bases(40_000)[20_000..36_384]),
        sequence(&bases(40_000)[3..16_387]),
        reference.clone(),
    ];
    let junctions = [OutputRequest {
        output: OutputType::SpliceJunctions,
        spans: span(0, 16_384).into(),
    }];
    let together = ask(&model, &window, &reference, &others, &junctions);
    for (index, other) in others.iter().enumerate() {
        let pair = ask(&model, &window, &reference, std::slice::from_ref(other), &junctions);
        assert!(pair.alternates[0] == together.alternates[index], "alternate {index}");
        assert_eq!(
            pair.reference.junctions(),
            together.alternates[index].reference_junctions()
        );
    }
    let alone = ask(&model, &window, &reference, &[], &junctions);
    assert!(alone.reference == together.reference && together.alternates[2].junctions() == alone.reference.junctions());
}

#[test]
fn what_the_model_cannot_answer_is_refused() {
    let model = tiny(options(Organism::Human, 16, 0.1));
    let ask = |length: u32, bases_given: usize, output: OutputType, spans: BinSpan| -> BackendError {
        let window = window(length.into());
        let query = Query {
            window: &window,
            reference: &sequence(&bases(bases_given)),
            alternates: &[],
            alignments: &[],
            known_sites: &[],
            abandoned: Default::default(),
            outputs: &[OutputRequest {
                output,
                spans: spans.into(),
            }],
        };
        model.predict(&[query]).remove(0).unwrap_err()
    };
    let text = |error: BackendError| error.to_string();
    assert_eq!(
        text(ask(3000, 3000, OutputType::Atac, span(0, 1))),
        "the model `alphagenome` does not read windows of 3000 bp; it reads multiples of 2048 from 2048 to 1048576"
    );
    let short = text(ask(4096, 4000, OutputType::Atac, span(0, 1)));
    assert!(short.ends_with("a sequence has 4000 bases, the window 4096"), "{short}");
    let outside = text(ask(4096, 4096, OutputType::ChipTf, span(30, 33)));
    assert!(
        outside.ends_with("bins 30..33 of CHIP_TF reach outside the 32 bins of the window"),
        "{outside}"
    );
}

#[test]
fn arrays_that_do_not_fit_are_named() {
    let weights = || Oracle::open("tiny_fp32_16384.safetensors").weights();
    let refused = |weights: &NamedWeights| {
        let read = AlphaGenome::read(weights, options(Organism::Human, 16, 0.1));
        read.err().unwrap().to_string()
    };
    let mut missing = weights();
    missing.0.remove("alphagenome/transformer_tower/mlp_block_3/linear_1/w");
    assert_eq!(
        refused(&missing),
        "the weights have no array `alphagenome/transformer_tower/mlp_block_3/linear_1/w`"
    );
    let mut narrow = weights();
    let name = "alphagenome/sequence_decoder/up_res_block_2/conv_in/standardized_conv1_d/w";
    *narrow.0.get_mut(name).unwrap() = vec![5, 100, 96];
    let text = refused(&narrow);
    assert!(
        text.starts_with(&format!(
            "the array `{name}` is [5, 100, 96], and the rest of the model asks for [5, "
        )),
        "{text}"
    );
    // A head with more columns than the tracks are for.
    let mut wide = weights();
    for leaf in ["w", "b"] {
        let name = format!("alphagenome/head/atac/resolution_1/multi_organism_linear/{leaf}");
        let shape = wide.0.get_mut(&name).unwrap();
        *shape.last_mut().unwrap() = 7;
    }
    let text = refused(&wide);
    assert!(
        text.ends_with("is [2, 64, 7], and the rest of the model asks for 6 columns"),
        "{text}"
    );
}
