//! Rounding to 16-bit floats, where a published number depends on it.

/// Returns the nearest number that IEEE 754 binary16 holds, of two equally near ones the even one.
///
/// Numbers of 65,520 and more become infinite. Source: IEEE 754-2019, 3.6 (11 bits of precision, exponents -14 to 15)
/// and 4.3.1 (roundTiesToEven).
pub(crate) fn round_to_half(value: f32) -> f32 {
    if !value.is_finite() || value == 0.0 {
        return value;
    }
    let size = f64::from(value.abs());
    // Exponent of the last place: 10 bits below the leading one, never below 2^-24.
    let exponent = i32::from(u16::try_from(value.abs().to_bits() >> 23).unwrap_or(0)) - 127;
    let unit = 2f64.powi(exponent.max(-14) - 10);
    let rounded = (size / unit).round_ties_even() * unit;
    let rounded = if rounded >= 65_520.0 { f64::INFINITY } else { rounded };
    (rounded as f32).copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_to_the_nearest_half_and_ties_to_even() {
        for (value, expected) in [
            (1.0f32, 1.0f32),
            (1.0 + 1.0 / 2048.0, 1.0),                // half way between 1 and 1 + 2^-10
            (1.0 + 3.0 / 2048.0, 1.0 + 2.0 / 1024.0), // half way, to the even neighbour
            (0.1, 0.099_975_586),                     // 0x2e66
            (-16.118_095, -16.125),                   // ln(1e-7): steps of 1/64
            (65_504.0, 65_504.0),
            (65_519.9, 65_504.0),
            (65_520.0, f32::INFINITY),
            (5.960_464_5e-8, 5.960_464_5e-8), // 2^-24, the least of all
            (2.980_232_2e-8, 0.0),            // half of it
            (6.0e-5, 6.002_187_7e-5),         // subnormal, 1007 x 2^-24
        ] {
            assert_eq!(round_to_half(value), expected, "{value}");
        }
        assert!(round_to_half(f32::NAN).is_nan());
    }
}
