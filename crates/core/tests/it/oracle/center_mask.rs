//! `CenterMask` against `CenterMaskVariantScorer` of the reference: 12 groups of 156 variants, 8 aggregations,
//! 4 widths, 2 resolutions.
//!
//! The cases have arbitrary alleles at arbitrary places, so each is checked on a genome of which nothing but its
//! REF is known. Where its normal form is the written one, the variant itself is scored. Where it is not, an SNV
//! at the written position takes its place: the mask depends on the position alone.

use super::safetensors::Tensors;
use super::{LEAST_SCALE, TOLERANCE, Tally, cases, generator, items, number, text};
use crate::place::{checked, position, window};
use refalt_core::scorer::{Aggregation, CenterMask, ScoreKind, Scorer, ScoringInput, ScoringPlace, Width};
use refalt_core::{
    BinSpan, CheckedVariant, OutputType, Outputs, RefAlt, Resolution, Track, TrackSet, TrackValues, Window,
};
use serde_json::Value;

const WRITTEN: &str = "scored as written";
const STAND_IN: &str = "scored as an SNV at its position: its normal form is another";

/// A case as the scorer takes it.
fn scored(case: &Value, tally: &mut Tally) -> CheckedVariant {
    let (contig, at) = (text(&case[0]), position(number(&case[1])));
    let (r, a) = (text(&case[2]), text(&case[3]));
    if let Ok(variant) = checked(contig, at, r, a)
        && (
            variant.position(),
            variant.reference_bases().as_str(),
            variant.alternate_bases().as_str(),
        ) == (at, r, a)
    {
        tally.count(WRITTEN);
        return variant;
    }
    tally.count(STAND_IN);
    let first = &r[..1];
    checked(contig, at, first, if first == "A" { "C" } else { "A" }).unwrap()
}

/// Running sums over the bins of one track, before and after each bin, of the values that an aggregation adds up.
fn running_sums(values: &[f32], tracks: usize, track: usize, term: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0];
    for row in values.chunks_exact(tracks) {
        sums.push(sums[sums.len() - 1] + term(f64::from(row[track])));
    }
    sums
}

/// The scale of the README: the larger of the two aggregated terms for DIFF_*, else the score itself.
fn scale(aggregation: Aggregation, terms: [f64; 2], bins: f64, score: f64) -> f64 {
    let larger = terms[0].max(terms[1]);
    let scale = match aggregation {
        Aggregation::DiffMean => larger / bins,
        Aggregation::DiffSum | Aggregation::DiffSumLog2 => larger,
        Aggregation::DiffLog2Sum => (1.0 + larger).log2(),
        _ => score.abs(),
    };
    scale.max(LEAST_SCALE)
}

struct Group<'a> {
    output: OutputType,
    window: Window,
    dyadic: bool,
    tracks: usize,
    values: RefAlt<Vec<f32>>,
    outputs: RefAlt<Outputs>,
    results: &'a [Value],
    variants: Vec<CheckedVariant>,
}

impl<'a> Group<'a> {
    fn read(group: &'a Value, tally: &mut Tally) -> Self {
        let interval = &group["interval"];
        let (start, end): (i64, i64) = (number(&interval["start"]), number(&interval["end"]));
        let window = window(
            text(&interval["chromosome"]),
            start,
            u32::try_from(end - start).unwrap(),
        );
        let output = OutputType::from_name(text(&group["output"])).unwrap();
        let resolution = output.resolution();
        assert_eq!(resolution.bp(), number::<u32>(&group["resolution"]));
        let tracks: usize = number(&group["ref"]["shape"][1]);
        let set = TrackSet {
            output,
            resolution,
            tracks: (0..tracks)
                .map(|track| Track {
                    name: track.to_string(),
                    ..Track::default()
                })
                .collect(),
        };
        let values = RefAlt {
            reference: generator::array(&group["ref"]),
            alternate: generator::array(&group["alt"]),
        };
        let outputs = |values: &Vec<f32>| {
            let span = BinSpan::all(&window, resolution);
            Outputs::new([TrackValues::new(set.clone(), span, values.clone()).unwrap()])
        };
        Self {
            output,
            dyadic: text(&group["ref"]["kind"]) == "dyadic",
            tracks,
            outputs: RefAlt {
                reference: outputs(&values.reference),
                alternate: outputs(&values.alternate),
            },
            values,
            results: items(&group["results"]),
            variants: items(&group["variants"])
                .iter()
                .map(|case| scored(case, tally))
                .collect(),
            window,
        }
    }

    /// Compares all rows of one tensor; returns how many numbers it has and the largest disagreement.
    fn compare(&self, result: &Value, tensors: &Tensors) -> (usize, f64) {
        let aggregation = Aggregation::ALL
            .into_iter()
            .find(|aggregation| aggregation.name() == text(&result["aggregation"]))
            .unwrap();
        let width = Width::ALL
            .into_iter()
            .find(|width| width.bp().map(u64::from) == result["width"].as_u64())
            .unwrap();
        let scorer = CenterMask {
            output: self.output,
            width,
            aggregation,
        };
        let exact = self.dyadic && matches!(aggregation, Aggregation::DiffSum | Aggregation::ActiveSum);
        let term = |value: f64| match aggregation {
            Aggregation::DiffSumLog2 => (1.0 + value).log2(),
            _ => value,
        };
        let sums: Vec<[Vec<f64>; 2]> = (0..self.tracks)
            .map(|track| {
                [&self.values.reference, &self.values.alternate]
                    .map(|values| running_sums(values, self.tracks, track, term))
            })
            .collect();

        let name = text(&result["tensor"]);
        let (shape, expected) = tensors.f32(name);
        assert!(shape[0] <= self.variants.len() && shape[1] == self.tracks, "{name}");
        let mut largest = 0.0f64;
        for (variant, expected) in self.variants.iter().zip(expected.chunks_exact(self.tracks)) {
            let span = scorer.mask(self.output.resolution(), variant, &self.window);
            let scores = scorer
                .score(&ScoringInput {
                    outputs: RefAlt {
                        reference: &self.outputs.reference,
                        alternate: &self.outputs.alternate,
                    },
                    place: ScoringPlace {
                        variant,
                        window: &self.window,
                        annotation: None,
                    },
                })
                .unwrap();
            for (track, (&found, &expected)) in scores.raw.iter().zip(expected).enumerate() {
                if exact || expected.is_nan() {
                    assert!(
                        found == expected || (found.is_nan() && expected.is_nan()),
                        "{name}, {variant}, track {track}: found {found}, expected {expected}"
                    );
                    continue;
                }
                let terms = [0, 1].map(|half| sums[track][half][span.end()] - sums[track][half][span.start()]);
                let difference = (f64::from(found) - f64::from(expected)).abs();
                let scale = scale(aggregation, terms, span.len() as f64, f64::from(expected));
                // NaN against a number is a disagreement, too.
                assert!(
                    difference <= TOLERANCE * scale,
                    "{name}, {variant}, track {track}: found {found}, expected {expected}, scale {scale}"
                );
                largest = largest.max(difference / scale);
            }
            if scorer.kind() == ScoreKind::UnsignedEffect {
                assert!(scores.raw.iter().all(|score| *score >= 0.0), "{name}, {variant}");
            }
        }
        (expected.len(), largest)
    }
}

/// Compares the groups of one resolution; returns how the variants were scored, how many numbers were compared and
/// the largest disagreement.
fn compare_all(resolution: Resolution) -> (Tally, usize, f64) {
    let oracle = cases("center_mask");
    let tensors = Tensors::read("center_mask");
    let mut tally = Tally::default();
    let mut compared = 0;
    let mut largest = 0.0f64;
    for group in items(&oracle["groups"]) {
        if number::<u32>(&group["resolution"]) != resolution.bp() {
            continue;
        }
        let group = Group::read(group, &mut tally);
        assert_eq!(group.results.len(), Aggregation::ALL.len() * 4);
        for result in group.results {
            let (numbers, disagreement) = group.compare(result, &tensors);
            compared += numbers;
            largest = largest.max(disagreement);
        }
    }
    (tally, compared, largest)
}

#[test]
fn scores_at_1_bp_equal_the_reference() {
    let (tally, compared, largest) = compare_all(Resolution::BP_1);
    tally.assert(&[(WRITTEN, 741), (STAND_IN, 195)]);
    assert_eq!(compared, 40_320);
    assert!(largest < 1e-6, "{largest}");
}

#[test]
fn scores_at_128_bp_equal_the_reference() {
    let (tally, compared, largest) = compare_all(Resolution::BP_128);
    tally.assert(&[(WRITTEN, 748), (STAND_IN, 188)]);
    assert_eq!(compared, 40_320);
    assert!(largest < 1e-6, "{largest}");
}

#[test]
fn every_tensor_of_the_file_is_compared() {
    let oracle = cases("center_mask");
    let mut named: Vec<&str> = items(&oracle["groups"])
        .iter()
        .flat_map(|group| items(&group["results"]))
        .map(|result| text(&result["tensor"]))
        .collect();
    named.sort_unstable();
    let tensors = Tensors::read("center_mask");
    let mut stored: Vec<&str> = tensors.names().collect();
    stored.sort_unstable();
    assert_eq!(named, stored);
}
