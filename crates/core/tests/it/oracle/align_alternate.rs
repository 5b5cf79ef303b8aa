//! `align::lay` against `IndelMask.from_variant` and `align_alternate` of the reference, exactly.

use super::safetensors::Tensors;
use super::{Tally, cases, generator, items, number, text};
use refalt_core::Offset;
use refalt_core::align::{Replacement, lay};
use serde_json::Value;
use std::num::{NonZeroU32, NonZeroUsize};

/// The replacement of a case `[i, REF, ALT, strand]`, if it has a normal form in the window.
fn replacement(case: &Value) -> Option<Replacement> {
    let (first, r, a) = (
        number::<u32>(&case[0]),
        text(&case[1]).len() as u32,
        text(&case[2]).len() as u32,
    );
    // Alleles in normal form have bases: an empty one takes the base before the event.
    let anchor = u32::from(r == 0 || a == 0);
    Some(Replacement {
        first: Offset::new(first.checked_sub(anchor)?),
        reference_bp: NonZeroU32::new(r + anchor)?,
        alternate_bp: NonZeroU32::new(a + anchor)?,
    })
}

/// The rows of `values` in reverse order, for cases on a `-` interval: the reference mirrors its masks there.
fn mirrored(values: &[f32], width: usize) -> Vec<f32> {
    values.chunks_exact(width).rev().flatten().copied().collect()
}

#[test]
fn laying_alt_on_reference_coordinates_equals_the_reference() {
    let oracle = cases("align_alternate");
    let [group] = items(&oracle["groups"]) else {
        panic!("one group")
    };
    let bases: usize = number(&group["width"]);
    let parts: Vec<Vec<f32>> = items(&group["alt"]).iter().map(generator::array).collect();
    let rows = (0..bases).flat_map(|row| {
        parts.iter().flat_map(move |part| {
            let width = part.len() / bases;
            part[row * width..(row + 1) * width].to_vec()
        })
    });
    let alternate: Vec<f32> = rows.collect();
    let width = alternate.len() / bases;
    let tracks = NonZeroUsize::new(width).unwrap();
    let (shape, expected) = Tensors::read("align_alternate").i16(text(&group["tensor"]));
    let all = items(&group["cases"]);
    assert_eq!(shape, [all.len(), bases, width]);

    let mut tally = Tally::default();
    for (case, expected) in all.iter().zip(expected.chunks_exact(bases * width)) {
        let mirror = text(&case[3]) == "-";
        let Some(replacement) = replacement(case) else {
            tally.count("refused: its anchor lies before the window");
            continue;
        };
        let mut values = if mirror {
            mirrored(&alternate, width)
        } else {
            alternate.clone()
        };
        if lay(&mut values, tracks, replacement).is_err() {
            let (end, gained) = (
                replacement.first.index() + replacement.reference_bp.get() as usize,
                replacement.alternate_bp > replacement.reference_bp,
            );
            assert!(end > bases && gained, "{case} is refused");
            tally.count("refused: an insertion whose REF runs past the window");
            continue;
        }
        if mirror {
            values = mirrored(&values, width);
        }
        for (index, (&found, &expected)) in values.iter().zip(expected).enumerate() {
            let (offset, track) = (index / width, index % width);
            assert_eq!(
                found * 64.0,
                f32::from(expected),
                "{case}, offset {offset}, track {track}"
            );
        }
        tally.count(
            match (mirror, replacement.reference_bp.cmp(&replacement.alternate_bp)) {
                (false, std::cmp::Ordering::Less) => "compared: insertion",
                (false, std::cmp::Ordering::Equal) => "compared: substitution",
                (false, std::cmp::Ordering::Greater) => "compared: deletion",
                (true, _) => "compared: mirrored, `-` interval",
            },
        );
    }
    for case in items(&group["reference_fails"]) {
        let mut values = alternate.clone();
        let refused = replacement(case).unwrap();
        assert!(lay(&mut values, tracks, refused).is_err(), "{case} is not refused");
        tally.count("refused: the reference fails, too");
    }
    tally.assert(&[
        ("compared: deletion", 163),
        ("compared: insertion", 136),
        ("compared: mirrored, `-` interval", 88),
        ("compared: substitution", 10),
        ("refused: an insertion whose REF runs past the window", 27),
        ("refused: its anchor lies before the window", 4),
        ("refused: the reference fails, too", 4),
    ]);
}
