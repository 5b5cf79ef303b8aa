//! What must hold for every scorer of the table, whatever its class.

use crate::place::{checked, position, window};
use proptest::prelude::*;
use refalt_core::align::{AlignError, on_reference};
use refalt_core::scorer::{RECOMMENDED, SCORERS, ScoreKind, Scorer, ScoringInput, parse};
use refalt_core::{
    BinSpan, CheckedVariant, OutputType, Outputs, RefAlt, Resolution, Track, TrackSet, TrackValues, VariantClass,
    Window,
};
use std::num::NonZeroUsize;
use std::sync::Arc;

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
    // 9 outputs x 6 widths x 8 aggregations.
    let center_mask = texts
        .iter()
        .filter(|text| text.starts_with("CenterMaskScorer("))
        .count();
    assert_eq!(center_mask, 432);
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

/// Predictions of every output type at 1 and 128 bp, ALT laid on reference coordinates where it is at 1 bp.
fn outputs(values: &[f32], aligned: Option<&CheckedVariant>, window: &Window) -> Outputs {
    let types = OutputType::ALL
        .into_iter()
        .filter(|output| output.resolution() != Resolution::BP_2048);
    Outputs::new(types.map(|output| {
        let resolution = output.resolution();
        let tracks: Arc<[Track]> = vec![Track::default(); TRACKS.get()].into();
        let span = BinSpan::all(window, resolution);
        let mut values = values[..span.len() * TRACKS.get()].to_vec();
        if let (Some(variant), Resolution::BP_1) = (aligned, resolution) {
            on_reference(&mut values, TRACKS, variant, window).unwrap();
        }
        let tracks = TrackSet {
            output,
            resolution,
            tracks,
        };
        TrackValues::new(tracks, span, values).unwrap()
    }))
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
        let (window, variant) = (here(), variant(offset, r, a));
        let pair = RefAlt {
            reference: outputs(&reference, None, &window),
            alternate: outputs(&alternate, Some(&variant), &window),
        };
        let pair = RefAlt { reference: &pair.reference, alternate: &pair.alternate };
        for scorer in table() {
            let score = |outputs| {
                let input = ScoringInput { outputs, variant: &variant, window: &window };
                scorer.score(&input).unwrap().raw
            };
            let (forward, backward) = (score(pair), score(pair.swapped()));
            prop_assert_eq!(forward.len(), TRACKS.get());
            for (&forward, &backward) in forward.iter().zip(&backward) {
                let expected = match scorer.kind() {
                    ScoreKind::SignedEffect => -forward,
                    ScoreKind::UnsignedEffect | ScoreKind::Activity => forward,
                };
                prop_assert!(forward.is_finite(), "{} of {}: {}", scorer, variant, forward);
                prop_assert_eq!(backward, expected, "{} of {}", scorer, variant);
                if scorer.kind() == ScoreKind::UnsignedEffect {
                    prop_assert!(forward >= 0.0, "{} of {}: {}", scorer, variant, forward);
                }
            }
            // The same prediction for both alleles is no effect.
            let same = score(RefAlt { reference: pair.reference, alternate: pair.reference });
            if scorer.kind() != ScoreKind::Activity {
                prop_assert!(same.iter().all(|score| *score == 0.0), "{} of {}", scorer, variant);
            }
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
