//! `ContactMap` against `ContactMapScorer` of the reference.

use super::safetensors::Tensors;
use super::{Tally, as_written, cases, compare, generator, items, number, text, tracks, window_of};
use crate::place::{checked, position};
use refalt_core::scorer::{ContactMap, Scorer, ScoringInput, ScoringPlace};
use refalt_core::{BinSpan, CheckedVariant, ContactValues, OutputType, Outputs, RefAlt, Resolution};
use serde_json::Value;

/// The variant, or an SNV at its position: the column depends on the position alone.
fn scored(case: &Value, tally: &mut Tally) -> CheckedVariant {
    if let Some(variant) = as_written(case) {
        tally.count("scored as written");
        return variant;
    }
    tally.count("scored as an SNV at its position: its normal form is another");
    let first = &text(&case[2])[..1];
    let other = if first == "A" { "C" } else { "A" };
    checked(text(&case[0]), position(number(&case[1])), first, other).unwrap()
}

#[test]
fn contact_scores_equal_the_reference() {
    let oracle = cases("contact_map");
    let tensors = Tensors::read("contact_map");
    let mut tally = Tally::default();
    let mut largest = 0.0f64;
    for group in items(&oracle["groups"]) {
        let window = window_of(&group["interval"]);
        let shape: Vec<usize> = items(&group["ref"]["shape"]).iter().map(number).collect();
        let set = tracks(OutputType::ContactMaps, &".".repeat(shape[2]));
        let all = BinSpan::all(&window, Resolution::BP_2048);
        let values = ["ref", "alt"].map(|half| generator::array(&group[half]));
        let (shape, expected) = tensors.f32(text(&group["tensor"]));
        assert_eq!(shape[0], items(&group["variants"]).len());
        let score = |variant: &CheckedVariant, whole: bool| {
            let place = ScoringPlace {
                variant,
                window: &window,
                annotation: None,
            };
            let columns = if whole {
                all.into()
            } else {
                ContactMap.request(&set, &place).spans
            };
            let outputs = [0, 1].map(|half| {
                let rows = values[half].chunks_exact(all.len() * set.tracks.len());
                let kept = rows.flat_map(|row| {
                    let cells: Vec<&[f32]> = row.chunks_exact(set.tracks.len()).collect();
                    let spans = columns.as_slice().iter();
                    spans
                        .flat_map(|span| cells[span.start()..span.end()].concat())
                        .collect::<Vec<f32>>()
                });
                let contacts = ContactValues::new(set.clone(), all, columns.clone(), kept.collect()).unwrap();
                Outputs::default().with_contacts(contacts)
            });
            let [reference, alternate] = &outputs;
            ContactMap.score(&ScoringInput {
                outputs: RefAlt { reference, alternate },
                place,
            })
        };
        for (case, expected) in items(&group["variants"])
            .iter()
            .zip(expected.chunks_exact(set.tracks.len()))
        {
            let variant = scored(case, &mut tally);
            let found = score(&variant, false).unwrap().raw;
            assert_eq!(found, score(&variant, true).unwrap().raw, "{variant}");
            largest = largest.max(compare(&format!("{} {case}", group["id"]), &found, expected, f64::abs));
        }
        for case in items(&group["reference_fails"]) {
            let at = number(&case[1]);
            let outside = checked(text(&case[0]), position(at), "A", "C").unwrap();
            assert!(score(&outside, true).is_err(), "{case}");
            tally.count("refused: the reference fails, too");
        }
    }
    println!("contact_map: largest disagreement {largest:e}");
    tally.assert(&[
        ("refused: the reference fails, too", 24),
        ("scored as an SNV at its position: its normal form is another", 9),
        ("scored as written", 133),
    ]);
}
