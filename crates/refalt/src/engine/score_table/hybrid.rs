//! The hybrid of run lengths and bit packing in which Parquet stores levels and dictionary keys.
//!
//! ```text
//! run     = varint(length << 1), the value in ceil(width / 8) bytes, little-endian
//! packed  = varint(groups << 1 | 1), groups of 8 values of `width` bits, least significant bit first
//! ```
//! Specification: Parquet format 2.11, `Encodings.md`, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)".

/// Values that a group of packed values holds.
const GROUP: usize = 8;

/// Returns the bits that values up to `largest` need.
pub(super) fn bits_for(largest: u32) -> u8 {
    // At most 32.
    (u32::BITS - largest.leading_zeros()) as u8
}

/// Appends runs of values, each of at most `width` bits.
///
/// * `runs`: value and how often it stands there, in order.
pub(super) fn encode(runs: impl IntoIterator<Item = (u32, u32)>, width: u8, out: &mut Vec<u8>) {
    let mut packed: Vec<u32> = Vec::new();
    for (value, count) in runs {
        let mut count = count as usize;
        // A packed run holds whole groups only: the group under way is filled from the values at hand.
        let open = packed.len() % GROUP;
        if open != 0 {
            let filled = count.min(GROUP - open);
            packed.extend(std::iter::repeat_n(value, filled));
            count -= filled;
        }
        if count >= GROUP {
            pack(&mut packed, width, out);
            varint((count as u64) << 1, out);
            out.extend_from_slice(&value.to_le_bytes()[..usize::from(width).div_ceil(8)]);
        } else {
            packed.extend(std::iter::repeat_n(value, count));
        }
    }
    pack(&mut packed, width, out);
}

/// Appends a packed run, filled up with zeros, and empties the list.
fn pack(values: &mut Vec<u32>, width: u8, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    values.resize(values.len().next_multiple_of(GROUP), 0);
    varint((values.len() / GROUP) as u64 * 2 + 1, out);
    out.reserve(values.len() / GROUP * usize::from(width));
    let (mut bits, mut held) = (0_u64, 0_u8);
    for &value in values.iter() {
        bits |= u64::from(value) << held;
        held += width;
        if held >= 32 {
            out.extend_from_slice(&(bits as u32).to_le_bytes());
            bits >>= 32;
            held -= 32;
        }
    }
    while held > 0 {
        out.push(bits as u8);
        bits >>= 8;
        held = held.saturating_sub(8);
    }
    values.clear();
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(runs: &[(u32, u32)], width: u8) -> Vec<u8> {
        let mut out = Vec::new();
        encode(runs.iter().copied(), width, &mut out);
        out
    }

    #[test]
    fn the_example_of_the_specification_is_packed_as_it_says() {
        // "the numbers 1 through 7 using bit width 3" with 0 in front: 10001000 11000110 11111010.
        let runs: Vec<(u32, u32)> = (0..8).map(|value| (value, 1)).collect();
        assert_eq!(encoded(&runs, 3), [3, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
    }

    #[test]
    fn long_runs_are_counted_and_short_ones_packed() {
        // 300 << 1 = 600 = 0b100_1011000.
        assert_eq!(encoded(&[(5, 300)], 3), [0b1101_1000, 0b100, 5]);
        assert_eq!(encoded(&[(1, 3)], 1), [3, 0b111]);
        // One value fills the group from the run of 20 that follows it: 13 are left.
        assert_eq!(encoded(&[(1, 1), (0, 20)], 1), [3, 0b1, 26, 0]);
        assert!(encoded(&[], 7).is_empty());
    }

    #[test]
    fn a_dictionary_of_one_value_needs_no_bits() {
        assert_eq!(bits_for(0), 0);
        assert_eq!((bits_for(1), bits_for(255), bits_for(256)), (1, 8, 9));
        assert_eq!(encoded(&[(0, 100)], 0), [0b1100_1000, 1]);
    }
}
