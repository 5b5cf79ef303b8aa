//! What must hold for every scorer of the table, whatever its class.

use crate::place::{checked, position, window};
use proptest::prelude::*;
use refalt_core::align::{AlignError, on_reference};
use refalt_core::annotation::{AnnotationBuilder, GeneAttributes, Place, PolyaSite, PolyaSites, TranscriptAttributes};
use refalt_core::scorer::{Needs, RECOMMENDED, SCORERS, ScoreKind, Scorer, ScoringInput, ScoringPlace, parse};
use refalt_core::{
    Annotation, BinSpan, CheckedVariant, ContactValues, Interval, JunctionValues, Offset, OutputType, Outputs, RefAlt,
    Resolution, Strand, Track, TrackSet, TrackValues, VariantClass, Window,
};
use std::num::NonZeroUsize;

const TRACKS: NonZeroUsize = NonZeroUsize::new(2).unwrap();
const LENGTH_BP: u32 = 512;
const START: u32 = 50_000;

fn table() -> Vec<Box<dyn Scorer>> {
    SCORERS.iter().flat_map(|kind| kind.all()).collect()
}

#[test]
fn every_scorer_is_its_text_and_no_two_share_one() {
    let mut texts: Vec<String> = Vec::new();
    for kind in SCORERS {
        let all = kind.all();
        assert!(!all.is_empty(), "{} lists no scorer", kind.class());
        for scorer in all {
            let text = scorer.to_string();
            assert!(text.starts_with(&format!("{}(", kind.class())), "{text}");
            let again = parse(&text).unwrap();
            assert_eq!(
                (again.to_string(), again.kind(), again.output()),
                (text.clone(), scorer.kind(), scorer.output())
            );
            texts.push(text);
        }
    }
    let of_class = |class: &str| texts.iter().filter(|text| text.starts_with(class)).count();
    // 9 outputs x 6 widths x 8 aggregations; 7 outputs; 2 outputs x 4 widths.
    let counts = SCORERS.iter().map(|kind| of_class(&format!("{}(", kind.class())));
    assert_eq!(counts.collect::<Vec<_>>(), [432, 1, 7, 7, 8, 1, 1]);
    for named in RECOMMENDED {
        assert!(
            texts.iter().any(|text| text == named.text),
            "{} is not in the table",
            named.name
        );
    }
    let count = texts.len();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), count);
}

/// A variant with its first base at an offset of the window.
fn variant(offset: u32, reference_bp: usize, alternate_bp: usize) -> CheckedVariant {
    // A C..C for T G..G has no shared base at either end; with one base in REF or ALT the anchor A is shared.
    let pure_indel = reference_bp == 1 && alternate_bp > 1 || alternate_bp == 1 && reference_bp > 1;
    let anchor = if pure_indel { "A" } else { "T" };
    let r = format!("A{}", "C".repeat(reference_bp - 1));
    let a = format!("{anchor}{}", "G".repeat(alternate_bp - 1));
    let at = position(START + 1 + offset);
    let checked = checked("chr1", at, &r, &a).unwrap();
    assert_eq!(
        (checked.position(), checked.reference_bases().as_str()),
        (at, r.as_str())
    );
    checked
}

fn here() -> Window {
    window("chr1", i64::from(START), LENGTH_BP)
}

/// One gene on each strand over the whole window, each with two exons and two sites of polyadenylation.
fn genes() -> Annotation {
    let mut builder = AnnotationBuilder::default();
    let mut sites = Vec::new();
    for (id, strand) in [("G+", Strand::Forward), ("G-", Strand::Reverse)] {
        let place = |from: u32, to: u32| Place {
            contig: "chr1",
            strand,
            span: Interval::from_bed(START + from, START + to).unwrap(),
        };
        let gene = GeneAttributes {
            id,
            name: None,
            biotype: Some("protein_coding"),
        };
        let transcript = TranscriptAttributes {
            id,
            ..TranscriptAttributes::default()
        };
        builder.gene(gene, place(0, LENGTH_BP + 9)).unwrap();
        for (from, to) in [(10, 150), (300, 480)] {
            builder.exon(gene, transcript, place(from, to)).unwrap();
        }
        for at in [120, 450] {
            let span = place(at, at + 1).span;
            sites.push((id, PolyaSite { span, strand, id: "" }));
        }
    }
    let annotation = builder.build().unwrap();
    annotation.with_polya_sites(sites.into_iter().collect::<PolyaSites>())
}

/// Predictions of every output type, ALT laid on reference coordinates where it is at 1 bp.
///
/// A contact map has bins of 128 bp here, so that the short window has some.
fn outputs(values: &[f32], aligned: Option<&CheckedVariant>, window: &Window) -> Outputs {
    let set = |output: OutputType| TrackSet {
        output,
        resolution: output.resolution().min(Resolution::BP_128),
        tracks: vec![Track::default(); TRACKS.get()].into(),
    };
    let over_bins = |output: &OutputType| !matches!(output, OutputType::ContactMaps | OutputType::SpliceJunctions);
    let bins = Outputs::new(OutputType::ALL.into_iter().filter(over_bins).map(|output| {
        let tracks = set(output);
        let span = BinSpan::all(window, tracks.resolution);
        let mut values = values[..span.len() * TRACKS.get()].to_vec();
        if let (Some(variant), Resolution::BP_1) = (aligned, tracks.resolution) {
            on_reference(&mut values, TRACKS, variant, window).unwrap();
        }
        TrackValues::new(tracks, span, values).unwrap()
    }));
    let contacts = set(OutputType::ContactMaps);
    let all = BinSpan::all(window, contacts.resolution);
    let count = all.len() * all.len() * TRACKS.get();
    // Three donors and three acceptors on each strand.
    let sites =
        [[50, 100, 200], [90, 250, 400], [60, 260, 410], [30, 110, 300]].map(|sites| sites.map(Offset::new).to_vec());
    let counts = values[..3 * 3 * 2 * TRACKS.get()].to_vec();
    bins.with_contacts(ContactValues::new(contacts, all, all, values[..count].to_vec()).unwrap())
        .with_junctions(JunctionValues::new(set(OutputType::SpliceJunctions), sites, 3, counts).unwrap())
}

/// A signal as models give it: many zeros, most values small, some very large.
fn signal() -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![1 => Just(0.0f32), 4 => 0.0f32..1.0, 2 => 0.0f32..100.0, 1 => 0.0f32..1e6];
    proptest::collection::vec(value, LENGTH_BP as usize * TRACKS.get())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn swapping_an_aligned_pair_negates_signed_effects_and_leaves_the_rest(
        reference in signal(), alternate in signal(), offset in 0..LENGTH_BP, r in 1usize..8, a in 1usize..8
    ) {
        prop_assume!(offset as usize + r <= LENGTH_BP as usize);
        let (window, annotation) = (here(), genes());
        let (indel, substitution) = (variant(offset, r, a), variant(offset, r, r));
        let first = outputs(&reference, None, &window);
        let (laid, unmoved) = (outputs(&alternate, Some(&indel), &window), outputs(&alternate, None, &window));
        for scorer in table() {
            // Scorers by gene lay ALT on REF themselves: a pair is aligned for them when the variant moves nothing.
            let (variant, second) = match scorer.needs() {
                Needs::Nothing => (&indel, &laid),
                Needs::Genes | Needs::PolyaSites => (&substitution, &unmoved),
            };
            let score = |reference, alternate| {
                let place = ScoringPlace { variant, window: &window, annotation: Some(&annotation) };
                scorer.score(&ScoringInput { outputs: RefAlt { reference, alternate }, place }).unwrap()
            };
            let (forward, backward) = (score(&first, second), score(second, &first));
            prop_assert_eq!(&forward.rows, &backward.rows, "{}", scorer);
            prop_assert_eq!(forward.raw.len(), forward.rows.len() * TRACKS.get());
            prop_assert!(!forward.rows.is_empty(), "{} of {}", scorer, variant);
            for (&forward, &backward) in forward.raw.iter().zip(&backward.raw) {
                let expected = match scorer.kind() {
                    ScoreKind::SignedEffect => -forward,
                    ScoreKind::UnsignedEffect | ScoreKind::Activity => forward,
                };
                prop_assert!(forward.is_finite(), "{} of {}: {}", scorer, variant, forward);
                if scorer.needs() == Needs::PolyaSites {
                    // Two sites: log2(x / y) and log2((1 / y) / (1 / x)), each rounded.
                    prop_assert!((backward - expected).abs() <= 1e-5 * expected.max(1.0), "{} of {}", scorer, variant);
                } else {
                    prop_assert_eq!(backward, expected, "{} of {}", scorer, variant);
                }
                if scorer.kind() == ScoreKind::UnsignedEffect {
                    prop_assert!(forward >= 0.0, "{} of {}: {}", scorer, variant, forward);
                }
            }
            // The same prediction for both alleles is no effect.
            let same = score(&first, &first).raw;
            if scorer.kind() != ScoreKind::Activity {
                prop_assert!(same.iter().all(|score| *score == 0.0), "{} of {}", scorer, variant);
            }
        }
    }

    #[test]
    fn a_prediction_of_what_a_scorer_asks_for_gives_the_score_of_the_whole_window(
        reference in signal(), alternate in signal(), offset in 0..LENGTH_BP, r in 1usize..8, a in 1usize..8
    ) {
        prop_assume!(offset as usize + r <= LENGTH_BP as usize);
        let (window, annotation, variant) = (here(), genes(), variant(offset, r, a));
        let place = ScoringPlace { variant: &variant, window: &window, annotation: Some(&annotation) };
        let whole = [&reference, &alternate].map(|values| outputs(values, None, &window));
        for scorer in table() {
            if whole[0].get(scorer.output()).is_none() {
                continue;
            }
            let cropped = [0, 1].map(|half| {
                let all = whole[half].get(scorer.output()).unwrap();
                let wanted = scorer.request(all.tracks(), &place).spans;
                let rows = wanted.as_slice().iter().flat_map(|&span| all.rows(span).unwrap()).flatten();
                Outputs::new([TrackValues::new(all.tracks().clone(), wanted.clone(), rows.copied().collect()).unwrap()])
            });
            let score = |[reference, alternate]: &[Outputs; 2]| {
                scorer.score(&ScoringInput { outputs: RefAlt { reference, alternate }, place }).unwrap()
            };
            let bits = |scores: &[f32]| scores.iter().map(|score| score.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&score(&cropped).raw), bits(&score(&whole).raw), "{} of {}", scorer, &variant);
        }
    }

    #[test]
    fn the_score_is_made_of_its_terms_and_each_term_of_its_allele(
        reference in signal(), alternate in signal(), offset in 0..LENGTH_BP, r in 1usize..8, a in 1usize..8,
        nan in proptest::option::of(0..LENGTH_BP as usize * TRACKS.get()), scale in 0i32..10
    ) {
        prop_assume!(offset as usize + r <= LENGTH_BP as usize);
        let (window, annotation, variant) = (here(), genes(), variant(offset, r, a));
        // Weak signals, too, in which the 1 and the 0.001 of the formulas count.
        let [reference, mut alternate] = [reference, alternate].map(|signal: Vec<f32>| -> Vec<f32> {
            signal.iter().map(|value| value * 10f32.powi(-scale)).collect()
        });
        if let Some(nan) = nan {
            alternate[nan] = f32::NAN;
        }
        let (first, second) = (outputs(&reference, None, &window), outputs(&alternate, None, &window));
        let place = ScoringPlace { variant: &variant, window: &window, annotation: Some(&annotation) };
        for scorer in table() {
            let input = |reference, alternate| ScoringInput { outputs: RefAlt { reference, alternate }, place };
            let text = scorer.to_string();
            let terms = scorer.terms(&input(&first, &second)).unwrap();
            // Sizes of differences, ratios and counts are not made of two terms.
            let of_exons = text.starts_with("GeneMaskLFCScorer(") || text.starts_with("GeneMaskActiveScorer(");
            let of_mask = text.starts_with("CenterMaskScorer(") && !text.contains("=L2_DIFF");
            prop_assert_eq!((scorer.has_terms(), terms.is_some()), (of_exons || of_mask, of_exons || of_mask), "{}", &text);
            let Some(terms) = terms else { continue };
            let scores = scorer.score(&input(&first, &second)).unwrap();
            prop_assert_eq!(terms.reference.len(), scores.raw.len());
            prop_assert_eq!(terms.alternate.len(), scores.raw.len());
            for ((&raw, &r), &a) in scores.raw.iter().zip(&terms.reference).zip(&terms.alternate) {
                prop_assert_eq!(raw.is_nan(), r.is_nan() || a.is_nan(), "{} of {}: {} {} {}", &text, &variant, r, a, raw);
                if raw.is_nan() {
                    continue;
                }
                let (raw, r, a) = (f64::from(raw), f64::from(r), f64::from(a));
                match scorer.kind() {
                    // Rounding keeps the order of numbers, so that the larger of two is the same before and after.
                    ScoreKind::Activity => prop_assert_eq!(raw, r.max(a), "{} of {}", &text, &variant),
                    // The terms and their difference are rounded to 24 bits each.
                    ScoreKind::SignedEffect => {
                        let rounding = (r.abs() + a.abs() + raw.abs()) * 2f64.powi(-24);
                        prop_assert!((a - r - raw).abs() <= 1.0001 * rounding, "{} of {}: {} {} {}", &text, &variant, r, a, raw);
                    }
                    ScoreKind::UnsignedEffect => prop_assert!(false, "{} has no sign to subtract", &text),
                }
            }
            // The other allele has no part in a term.
            let bits = |term: &[f32]| term.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            let same = scorer.terms(&input(&first, &first)).unwrap().unwrap();
            prop_assert_eq!(bits(&same.reference), bits(&terms.reference), "{} of {}", &text, &variant);
            let same = scorer.terms(&input(&second, &second)).unwrap().unwrap();
            prop_assert_eq!(bits(&same.alternate), bits(&terms.alternate), "{} of {}", &text, &variant);
        }
    }

    #[test]
    fn alignment_of_a_substitution_is_the_identity_and_of_an_indel_touches_nothing_before_the_anchor(
        signal in signal(), offset in 0..LENGTH_BP, r in 1usize..8, a in 1usize..8
    ) {
        prop_assume!(offset as usize + r <= LENGTH_BP as usize);
        let (window, variant) = (here(), variant(offset, r, a));
        let mut laid = signal.clone();
        on_reference(&mut laid, TRACKS, &variant, &window).unwrap();
        if matches!(variant.class(), VariantClass::Snv | VariantClass::Mnv) {
            prop_assert_eq!(laid, signal);
        } else {
            let kept = (offset as usize).min(LENGTH_BP as usize - a.saturating_sub(r)) * TRACKS.get();
            prop_assert_eq!(&laid[..kept], &signal[..kept]);
        }
    }
}

#[test]
fn a_scorer_by_gene_without_annotation_says_what_it_needs() {
    let (window, variant) = (here(), variant(100, 1, 1));
    let signal: Vec<f32> = vec![1.0; LENGTH_BP as usize * TRACKS.get()];
    let outputs = outputs(&signal, None, &window);
    for scorer in table() {
        let place = ScoringPlace {
            variant: &variant,
            window: &window,
            annotation: None,
        };
        let pair = RefAlt {
            reference: &outputs,
            alternate: &outputs,
        };
        let scored = scorer.score(&ScoringInput { outputs: pair, place });
        match scorer.needs() {
            Needs::Nothing => assert!(scored.is_ok(), "{scorer}"),
            Needs::Genes | Needs::PolyaSites => {
                assert_eq!(
                    scored.unwrap_err().to_string(),
                    format!("`{scorer}` needs a gene annotation")
                );
            }
        }
    }
}

#[test]
fn a_snv_is_laid_as_it_is_at_every_offset() {
    let window = here();
    let values: Vec<f32> = (0..LENGTH_BP * 2).map(|index| index as f32).collect();
    for offset in 0..LENGTH_BP {
        let mut laid = values.clone();
        on_reference(&mut laid, TRACKS, &variant(offset, 1, 1), &window).unwrap();
        assert_eq!(laid, values);
    }
}

#[test]
fn a_variant_that_the_window_does_not_hold_is_not_laid() {
    let window = here();
    let mut values = vec![1.0; LENGTH_BP as usize * TRACKS.get()];
    // 3 bases of REF at the last but one offset, an insertion and a deletion; a SNV before, behind and elsewhere.
    let outside = [
        variant(LENGTH_BP - 2, 3, 5),
        variant(LENGTH_BP - 2, 3, 1),
        variant(LENGTH_BP, 1, 1),
        checked("chr1", position(START), "A", "C").unwrap(),
        checked("chr2", position(START + 9), "A", "C").unwrap(),
    ];
    for variant in outside {
        let error = on_reference(&mut values, TRACKS, &variant, &window).unwrap_err();
        assert!(matches!(error, AlignError::VariantOutside { .. }), "{variant}: {error}");
    }
    let cropped = &mut values[..100];
    assert_eq!(
        on_reference(cropped, TRACKS, &variant(9, 1, 2), &window)
            .unwrap_err()
            .to_string(),
        "100 values do not fill the 512 bases of chr1:50000-50512:. with 2 tracks"
    );
}
