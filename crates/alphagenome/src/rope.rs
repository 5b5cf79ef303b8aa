//! Rotary position embeddings.
//!
//! METHOD: channel pairs (0, 1), (2, 3), ... of a row at position p are turned by the angle p / (j + g_j) for the j-th of n
//! pairs, where g are n geometric steps from 1 to (longest - n + 1), both included. y_even = x_even cos - x_odd sin,
//! y_odd = x_odd cos + x_even sin.
//!
//! The released model computes in bfloat16, and its positions and frequencies are bfloat16, too: of the 8,192 tokens of a
//! megabase only 897 have a position of their own. Weights were trained with these angles, so they are the default; the exact
//! ones are for comparison with programs that compute in single precision.
//!
//! Source: `apply_rope` (`model/attention.py`) of alphagenome_research 3f79219.

use std::fmt;
use std::str::FromStr;

/// The angles of position embeddings in attention between tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Angles {
    /// Rounded to bfloat16 at each step, as in the released model.
    #[default]
    Bfloat16,
    /// Single precision.
    Float32,
}

impl Angles {
    /// Both, in the order of their names.
    pub const ALL: [Self; 2] = [Self::Bfloat16, Self::Float32];

    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bfloat16 => "bfloat16",
            Self::Float32 => "float32",
        }
    }
}

impl fmt::Display for Angles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Angles {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|angles| angles.name() == text).ok_or(())
    }
}

/// Cosines and sines of every channel pair at some positions.
pub(crate) struct Rotation {
    pairs: usize,
    /// `[positions x pairs x (cos, sin)]`.
    turns: Vec<[f32; 2]>,
}

impl Rotation {
    /// Makes the table for `positions`.
    ///
    /// * `channels`: of a row. `longest`: the greatest position the model is made for.
    pub(crate) fn new(positions: impl Iterator<Item = u32>, channels: usize, longest: u32, angles: Angles) -> Self {
        let pairs = channels / 2;
        let wavelengths = wavelengths(pairs, longest);
        let turns = positions.flat_map(|position| {
            let turn = move |&wavelength: &f32| match angles {
                Angles::Float32 => {
                    let angle = position as f32 * (1.0 / wavelength);
                    [angle.cos(), angle.sin()]
                }
                Angles::Bfloat16 => {
                    let inverse = bfloat16(1.0 / bfloat16(wavelength));
                    let angle = bfloat16(bfloat16(position as f32) * inverse);
                    [bfloat16(angle.cos()), bfloat16(angle.sin())]
                }
            };
            wavelengths.iter().map(turn).collect::<Vec<_>>()
        });
        Self {
            pairs,
            turns: turns.collect(),
        }
    }

    /// Turns a row at the `index`-th position.
    #[inline(always)]
    pub(crate) fn turn(&self, index: usize, row: &mut [f32]) {
        let turns = &self.turns[index * self.pairs..(index + 1) * self.pairs];
        for (pair, [cos, sin]) in row.as_chunks_mut::<2>().0.iter_mut().zip(turns) {
            let [even, odd] = *pair;
            *pair = [even * cos - odd * sin, odd * cos + even * sin];
        }
    }
}

/// j + g_j, the positions over which the angle of a pair grows by 1.
fn wavelengths(pairs: usize, longest: u32) -> Vec<f32> {
    let top = f64::from(longest) - pairs as f64 + 1.0;
    let step = |j: usize| top.powf(j as f64 / (pairs.max(2) - 1) as f64);
    (0..pairs).map(|j| (j as f64 + step(j)) as f32).collect()
}

/// Rounds to bfloat16, ties to even.
pub(crate) fn bfloat16(x: f32) -> f32 {
    if x.is_nan() {
        return x;
    }
    let bits = x.to_bits();
    f32::from_bits(bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) & 0xffff_0000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_bfloat16_897_of_8192_positions_differ() {
        // Integers with 8 significant bits up to 8,192: 256 below 256, 128 in each of the 5 octaves to 8,192 and that itself.
        let mut positions: Vec<f32> = (0..8192).map(|p| bfloat16(p as f32)).collect();
        positions.dedup();
        assert_eq!(positions.len(), 256 + 5 * 128 + 1);
    }

    #[test]
    fn rounding_is_to_the_nearest_and_ties_to_even() {
        // 8 significant bits: 256 to 512 in steps of 2.
        assert_eq!([257.0, 258.0, 259.0, 259.5].map(bfloat16), [256.0, 258.0, 260.0, 260.0]);
        assert_eq!(bfloat16(-257.0), -256.0);
        assert!(bfloat16(f32::NAN).is_nan());
    }

    #[test]
    fn the_first_pair_turns_by_one_for_each_position() {
        // j = 0: 1 / (0 + 1).
        let rotation = Rotation::new([3].into_iter(), 4, 8192, Angles::Float32);
        let mut row = [1.0, 0.0, 0.0, 1.0];
        rotation.turn(0, &mut row);
        assert!((row[0] - 3f32.cos()).abs() < 1e-6 && (row[1] - 3f32.sin()).abs() < 1e-6);
        // j = 1 of 2: 1 / (1 + 8192 - 2 + 1).
        let angle = 3.0f32 / 8192.0;
        assert!((row[2] + angle.sin()).abs() < 1e-7 && (row[3] - angle.cos()).abs() < 1e-7);
    }

    /// Rows of ones turned by the published program (`tests/data/dump_rope.py`): the position, and the turned row.
    fn turned(kind: &str) -> Vec<(u32, Vec<f32>)> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rope.safetensors");
        let bytes = std::fs::read(path).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut rows: Vec<(u32, Vec<f32>)> = tensors
            .iter()
            .filter_map(|(name, view)| {
                let position = name.strip_prefix(kind)?.strip_prefix('/')?.parse().ok()?;
                let values = view
                    .data()
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|&four| f32::from_le_bytes(four));
                Some((position, values.collect()))
            })
            .collect();
        rows.sort_by_key(|(position, _)| *position);
        rows
    }

    fn ones(position: u32, channels: usize, longest: u32, angles: Angles) -> Vec<f32> {
        let mut row = vec![1.0; channels];
        Rotation::new([position].into_iter(), channels, longest, angles).turn(0, &mut row);
        row
    }

    #[test]
    fn angles_in_bfloat16_are_those_of_the_published_program_bit_by_bit() {
        let rows = turned("bfloat16");
        assert_eq!(rows.len(), 11);
        for (position, expected) in rows {
            let found = ones(position, 128, 8192, Angles::Bfloat16);
            // The released model rounds the turned row, too.
            let found: Vec<f32> = found.into_iter().map(bfloat16).collect();
            assert_eq!(found, expected, "position {position}");
        }
    }

    #[test]
    fn angles_in_single_precision_are_those_of_the_published_program() {
        for (kind, channels, longest, count) in [("float32", 128, 8192, 11), ("junction", 768, LONGEST_TEST_BP, 7)] {
            let rows = turned(kind);
            assert_eq!(rows.len(), count);
            for (position, expected) in rows {
                let found = ones(position, channels, longest, Angles::Float32);
                let furthest = found
                    .iter()
                    .zip(&expected)
                    .map(|(f, e)| (f - e).abs())
                    .fold(0.0, f32::max);
                println!("{kind} {position}: {furthest:.1e}");
                // Frequencies are powers, which programs compute to a few units in the last place; the angle is the position
                // times them.
                assert!(
                    furthest <= 1e-6 + position as f32 * 1e-6,
                    "{kind} {position}: {furthest:.1e}"
                );
            }
        }
    }

    const LONGEST_TEST_BP: u32 = 1 << 20;
}
