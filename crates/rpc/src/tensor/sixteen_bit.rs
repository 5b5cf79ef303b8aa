//! 16-bit floats.

/// Returns the number that a bfloat16 holds: its bits are the upper half of a binary32.
#[inline]
pub const fn from_bfloat16_bits(bits: u16) -> f32 {
    f32::from_bits((bits as u32) << 16)
}

/// Returns the bits of the bfloat16 nearest to a number, of two equally near ones the even one; NaN stays NaN.
#[inline]
pub const fn bfloat16_bits(value: f32) -> u16 {
    let bits = value.to_bits();
    if value.is_nan() {
        // The quiet bit is set, so that a NaN whose upper half is that of infinity stays one.
        return (bits >> 16) as u16 | 0x0040;
    }
    // Half of the last place, less one where the last place is even.
    let half = 0x7fff + ((bits >> 16) & 1);
    (bits.wrapping_add(half) >> 16) as u16
}

/// Returns the number that an IEEE 754 binary16 holds.
///
/// Exponent and fraction are moved into place and the exponent is put right by a product with 2^112, which is exact and
/// makes subnormal numbers come out, too. Source: IEEE 754-2019, 3.4 and 3.6 (bias 15 and 127).
#[inline]
pub fn from_float16_bits(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let rest = u32::from(bits & 0x7fff) << 13;
    let scale = f32::from_bits((127 + 112) << 23);
    let size = if bits & 0x7c00 == 0x7c00 {
        rest | 0x7f80_0000
    } else {
        (f32::from_bits(rest) * scale).to_bits()
    };
    f32::from_bits(sign | size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_is_read_by_its_definition() {
        for bits in 0..=u16::MAX {
            let (sign, exponent, fraction) = (bits >> 15, (bits >> 10) & 31, f64::from(bits & 1023));
            let size = match exponent {
                0 => fraction * 2f64.powi(-24),
                31 if fraction == 0.0 => f64::INFINITY,
                31 => f64::NAN,
                _ => (1.0 + fraction / 1024.0) * 2f64.powi(i32::from(exponent) - 15),
            };
            let expected = if sign == 1 { -size } else { size };
            let found = f64::from(from_float16_bits(bits));
            assert!(
                found == expected || (found.is_nan() && expected.is_nan()),
                "{bits:#06x}"
            );
            assert_eq!(found.is_sign_negative(), sign == 1, "{bits:#06x}");
        }
    }

    #[test]
    fn every_bfloat16_comes_back_and_ties_go_to_even() {
        for bits in 0..=u16::MAX {
            let value = from_bfloat16_bits(bits);
            if value.is_nan() {
                assert!(from_bfloat16_bits(bfloat16_bits(value)).is_nan());
            } else {
                assert_eq!(bfloat16_bits(value), bits);
            }
        }
        // 1 + 2^-8 is half way between 1 and 1 + 2^-7; 1 + 3 * 2^-8 half way to 1 + 2^-6.
        assert_eq!(from_bfloat16_bits(bfloat16_bits(1.0 + 1.0 / 256.0)), 1.0);
        assert_eq!(from_bfloat16_bits(bfloat16_bits(1.0 + 3.0 / 256.0)), 1.0 + 1.0 / 64.0);
        assert_eq!(from_bfloat16_bits(bfloat16_bits(f32::MAX)), f32::INFINITY);
        // A NaN whose payload is in the lower half only.
        assert!(from_bfloat16_bits(bfloat16_bits(f32::from_bits(0x7f80_0001))).is_nan());
    }
}
