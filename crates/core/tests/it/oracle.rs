//! The published reference scorers' own answers, on generated inputs; see `tests/data/oracle/README.md`.
//!
//! Every case of a file is either compared or refused for a reason, and the numbers of both are asserted: a case
//! that silently drops out fails the test.

mod adversarial;
mod align_alternate;
mod center_mask;
mod contact_map;
mod gene_mask;
mod gene_table;
mod generator;
mod interval_gene_mask;
mod ism_matrix;
mod merge_stranded;
mod polyadenylation;
mod safetensors;
mod splice_junction;
mod splice_sites;
mod tidy_scores;
mod variant_sequences;

use crate::place::{checked, position, window};
use refalt_core::strand::sign_or_dot;
use refalt_core::{CheckedVariant, OutputType, Strand, Track, TrackSet, Window};
use serde_json::Value;
use std::collections::BTreeMap;

/// Disagreement allowed, as a share of the scale; the reference sums in f32.
const TOLERANCE: f64 = 5e-6;
/// The scale is never less.
const LEAST_SCALE: f64 = 0.001;

fn path(name: &str) -> String {
    format!("{}/tests/data/oracle/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn cases(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(&format!("{name}.json"))).unwrap()).unwrap()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn number<T: TryFrom<i64, Error: std::fmt::Debug>>(value: &Value) -> T {
    T::try_from(value.as_i64().unwrap()).unwrap()
}

/// How many cases went which way.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn count(&mut self, way: &'static str) {
        *self.0.entry(way).or_default() += 1;
    }

    #[track_caller]
    fn assert(&self, expected: &[(&'static str, usize)]) {
        assert_eq!(self.0, expected.iter().copied().collect());
    }
}

/// The variant of a case `[chromosome, position, REF, ALT]`, where its normal form is the written one.
fn as_written(case: &Value) -> Option<CheckedVariant> {
    let (at, r, a) = (position(number(&case[1])), text(&case[2]), text(&case[3]));
    let variant = checked(text(&case[0]), at, r, a).ok()?;
    let found = (
        variant.position(),
        variant.reference_bases().as_str(),
        variant.alternate_bases().as_str(),
    );
    (found == (at, r, a)).then_some(variant)
}

/// The variant of a case, where its normal form moves values as the written one does: the last shared base of REF and ALT
/// is the same, or nothing moves.
fn moving_alike(case: &Value) -> Option<CheckedVariant> {
    let (at, r, a) = (number::<u32>(&case[1]), text(&case[2]), text(&case[3]));
    let variant = checked(text(&case[0]), position(at), r, a).ok()?;
    let (own_r, own_a) = (variant.reference_bases().len_bp(), variant.alternate_bases().len_bp());
    let last_shared = |at: u32, r: u32, a: u32| at + r.min(a) - 1;
    let written = last_shared(at, r.len() as u32, a.len() as u32);
    let alike = own_r == own_a || last_shared(variant.position().one_based(), own_r, own_a) == written;
    alike.then_some(variant)
}

/// The window of an interval.
fn window_of(interval: &Value) -> Window {
    let (start, end): (i64, i64) = (number(&interval["start"]), number(&interval["end"]));
    window(
        text(&interval["chromosome"]),
        start,
        u32::try_from(end - start).unwrap(),
    )
}

/// Tracks with the strands of `+-.`.
fn tracks(output: OutputType, strands: &str) -> TrackSet {
    let track = |(index, sign): (usize, char)| Track {
        name: index.to_string(),
        strand: Strand::from_sign(sign),
        ..Track::default()
    };
    TrackSet {
        output,
        resolution: output.resolution(),
        tracks: strands.chars().enumerate().map(track).collect(),
    }
}

/// The sign of a strand, as the oracles write it.
fn sign(strand: Option<Strand>) -> &'static str {
    sign_or_dot(strand)
}

/// Compares numbers; returns the largest disagreement as a share of the scale.
#[track_caller]
fn compare(name: &str, found: &[f32], expected: &[f32], scale: impl Fn(f64) -> f64) -> f64 {
    assert_eq!(found.len(), expected.len(), "{name}");
    let mut largest = 0.0f64;
    for (place, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        if expected.is_nan() || found.is_nan() {
            assert!(
                found.is_nan() && expected.is_nan(),
                "{name}, {place}: found {found}, expected {expected}"
            );
            continue;
        }
        if found == expected {
            continue;
        }
        let scale = scale(f64::from(expected)).max(LEAST_SCALE);
        let difference = (f64::from(found) - f64::from(expected)).abs() / scale;
        assert!(
            difference <= TOLERANCE,
            "{name}, {place}: found {found}, expected {expected}, scale {scale}"
        );
        largest = largest.max(difference);
    }
    largest
}
