//! The inputs of the oracle cases, generated from a name by the rule of the data set's README.

use super::{items, number, text};
use serde_json::Value;

/// FNV-1a, 64 bit.
fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The j-th number (0-based) of SplitMix64 with the state `hash`.
fn split_mix(hash: u64, j: u64) -> u64 {
    let z = hash.wrapping_add((j + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn bits(z: u64, from: u32, count: u32) -> u64 {
    (z >> from) & ((1 << count) - 1)
}

/// Zero in 1 of 8 cases, else a multiple of 1/64 below 16.
fn dyadic(z: u64) -> f32 {
    if bits(z, 32, 3) == 0 {
        0.0
    } else {
        bits(z, 54, 10) as f32 / 64.0
    }
}

/// Zero in 1 of 8 cases, else from 2^-8 to 2^8, with outliers up to 2^18.
fn heavy(z: u64) -> f32 {
    let exponent = match bits(z, 32, 6) {
        0..8 => return 0.0,
        8 => 10 + bits(z, 40, 3) as i32,
        _ => bits(z, 40, 4) as i32 - 8,
    };
    (1.0 + bits(z, 57, 7) as f32 / 128.0) * 2f32.powi(exponent)
}

/// A multiple of 1/64 from -8 to 8.
fn signed(z: u64) -> f32 {
    (bits(z, 54, 10) as f32 - 512.0) / 64.0
}

/// 0, 0.5, 1 or 1.5: many ties.
fn coarse(z: u64) -> f32 {
    bits(z, 62, 2) as f32 / 2.0
}

/// A probability, below 1/16 in 15 of 16 cases.
fn prob(z: u64) -> f32 {
    // 24 bits fit an f32, so the division is exact.
    let u = bits(z, 40, 24) as f32 / (1 << 24) as f32;
    if bits(z, 32, 4) == 0 { u } else { u / 16.0 }
}

/// Makes the array, `[rows x columns]` or of more axes, row-major, that a case describes.
pub(super) fn array(description: &Value) -> Vec<f32> {
    let shape: Vec<usize> = items(&description["shape"]).iter().map(number).collect();
    let (rows, columns) = (shape[0], shape[1..].iter().product::<usize>());
    let value = match text(&description["kind"]) {
        "ramp" => {
            let step = |row: usize, column: usize| {
                if column.is_multiple_of(2) { row + 1 } else { rows - row }
            };
            return (0..rows * columns)
                .map(|j| step(j / columns, j % columns) as f32 / 64.0)
                .collect();
        }
        "zeros" => return vec![0.0; rows * columns],
        "dyadic" => dyadic,
        "heavy" => heavy,
        "signed" => signed,
        "coarse" => coarse,
        "prob" => prob,
        other => panic!("unknown kind {other}"),
    };
    let hash = fnv_1a(text(&description["stream"]).as_bytes());
    let mut values: Vec<f32> = (0..(rows * columns) as u64)
        .map(|j| value(split_mix(hash, j)))
        .collect();
    for part in description["zero"].as_array().into_iter().flatten() {
        let [from, to, second]: [usize; 3] = [0, 1, 2].map(|place| number(&part[place]));
        let inner = columns / shape[1];
        for row in from..to {
            values[row * columns + second * inner..][..inner].fill(0.0);
        }
    }
    for put in description["put"].as_array().into_iter().flatten() {
        values[number::<usize>(&put[0])] = text(&put[1]).parse().unwrap();
    }
    values
}

#[test]
fn the_generator_makes_the_check_values_of_the_data_set() {
    let stream = serde_json::json!({"kind": "dyadic", "shape": [2, 3], "stream": "dev/center/1/2048/dyadic/ref"});
    assert_eq!(
        array(&stream),
        [2.28125, 2.671_875, 15.96875, 5.84375, 10.953_125, 11.890_625]
    );
}
