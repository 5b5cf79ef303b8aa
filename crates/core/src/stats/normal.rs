//! The standard normal distribution: distribution function and quantile.
//!
//! Both are rational approximations of full double precision. The distribution function is
//! `erfc(-x / sqrt(2)) / 2`, which keeps its relative accuracy in the lower tail; for the upper tail ask for
//! `normal_cdf(-x)`.

#![expect(clippy::excessive_precision, reason = "coefficients as printed in the papers")]

use super::error::{StatsError, proper_fraction};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Returns the probability that a standard normal number is at most `x`.
///
/// Relative error below 1e-14 down to x = -37; NaN gives NaN.
///
/// # Source
/// Cody (1969), Rational Chebyshev approximations for the error function, doi:10.1090/S0025-5718-1969-0247736-4.
pub fn normal_cdf(x: f64) -> f64 {
    let z = x * FRAC_1_SQRT_2;
    if z.abs() <= 0.46875 {
        0.5 + 0.5 * erf_near_zero(z)
    } else if x < 0.0 {
        upper_tail(-x)
    } else {
        1.0 - upper_tail(x)
    }
}

/// Evaluates a polynomial, coefficients from the highest power down.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// erf(z) for |z| <= 0.46875.
fn erf_near_zero(z: f64) -> f64 {
    const NUMERATOR: [f64; 5] = [
        1.857_777_061_846_031_53e-1,
        3.161_123_743_870_565_6,
        1.138_641_541_510_501_56e2,
        3.774_852_376_853_020_2e2,
        3.209_377_589_138_469_5e3,
    ];
    const DENOMINATOR: [f64; 5] = [
        1.0,
        2.360_129_095_234_412_1e1,
        2.440_246_379_344_441_7e2,
        1.282_616_526_077_372_3e3,
        2.844_236_833_439_170_6e3,
    ];
    let square = z * z;
    z * polynomial(&NUMERATOR, square) / polynomial(&DENOMINATOR, square)
}

/// erfc(x / sqrt(2)) / 2 for x / sqrt(2) > 0.46875.
fn upper_tail(x: f64) -> f64 {
    const MIDDLE_NUMERATOR: [f64; 9] = [
        2.153_115_354_744_038_5e-8,
        5.641_884_969_886_700_9e-1,
        8.883_149_794_388_375_9,
        6.611_919_063_714_163e1,
        2.986_351_381_974_001_3e2,
        8.819_522_212_417_690_9e2,
        1.712_047_612_634_070_6e3,
        2.051_078_377_826_071_5e3,
        1.230_339_354_797_997_2e3,
    ];
    const MIDDLE_DENOMINATOR: [f64; 9] = [
        1.0,
        1.574_492_611_070_983_5e1,
        1.176_939_508_913_124_99e2,
        5.371_811_018_620_098_6e2,
        1.621_389_574_566_690_2e3,
        3.290_799_235_733_459_6e3,
        4.362_619_090_143_247_2e3,
        3.439_367_674_143_721_6e3,
        1.230_339_354_803_749_4e3,
    ];
    const FAR_NUMERATOR: [f64; 6] = [
        1.631_538_713_730_209_8e-2,
        3.053_266_349_612_323_4e-1,
        3.603_448_999_498_044_4e-1,
        1.257_817_261_112_292_5e-1,
        1.608_378_514_874_227_7e-2,
        6.587_491_615_298_378e-4,
    ];
    const FAR_DENOMINATOR: [f64; 6] = [
        1.0,
        2.568_520_192_289_822_4,
        1.872_952_849_923_460_5,
        5.279_051_029_514_284e-1,
        6.051_834_131_244_131_9e-2,
        2.335_204_976_268_691_9e-3,
    ];
    if x > 38.6 {
        // The tail beyond 38.6 is below the smallest double.
        return 0.0;
    }
    let z = x * FRAC_1_SQRT_2;
    let scaled = if z <= 4.0 {
        polynomial(&MIDDLE_NUMERATOR, z) / polynomial(&MIDDLE_DENOMINATOR, z)
    } else {
        let inverse_square = 1.0 / (z * z);
        let ratio =
            inverse_square * polynomial(&FAR_NUMERATOR, inverse_square) / polynomial(&FAR_DENOMINATOR, inverse_square);
        (1.0 / PI.sqrt() - ratio) / z
    };
    // exp(-x^2 / 2) in two factors: the square of the coarse part is exact because it has few bits, and `x` is taken
    // before its division by sqrt(2), whose rounding the exponential would magnify.
    let coarse = (x * 16.0).trunc() / 16.0;
    let rest = (x - coarse) * (x + coarse);
    0.5 * (-0.5 * coarse * coarse).exp() * (-0.5 * rest).exp() * scaled
}

/// Returns the standard normal quantile: the `x` whose distribution function is `probability`.
///
/// Relative error below 1e-14.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless 0 < `probability` < 1.
///
/// # Source
/// Wichura (1988), Algorithm AS 241 (PPND16), doi:10.2307/2347330.
pub fn normal_quantile(probability: f64) -> Result<f64, StatsError> {
    const CENTRE: ([f64; 8], [f64; 8]) = (
        [
            2.509_080_928_730_122_7e3,
            3.343_057_558_358_812_8e4,
            6.726_577_092_700_87e4,
            4.592_195_393_154_987e4,
            1.373_169_376_550_946_1e4,
            1.971_590_950_306_551_4e3,
            1.331_416_678_917_843_8e2,
            3.387_132_872_796_366_6,
        ],
        [
            5.226_495_278_852_545_6e3,
            2.872_908_573_572_194_3e4,
            3.930_789_580_009_271e4,
            2.121_379_430_158_659_6e4,
            5.394_196_021_424_751e3,
            6.871_870_074_920_579e2,
            4.231_333_070_160_091e1,
            1.0,
        ],
    );
    const MIDDLE: ([f64; 8], [f64; 8]) = (
        [
            7.745_450_142_783_414e-4,
            2.272_384_498_926_918_5e-2,
            2.417_807_251_774_506e-1,
            1.270_458_252_452_368_4,
            3.647_848_324_763_204_6,
            5.769_497_221_460_691,
            4.630_337_846_156_546,
            1.423_437_110_749_683_5,
        ],
        [
            1.050_750_071_644_416_9e-9,
            5.475_938_084_995_345e-4,
            1.519_866_656_361_645_7e-2,
            1.481_039_764_274_800_8e-1,
            6.897_673_349_851e-1,
            1.676_384_830_183_803_8,
            2.053_191_626_637_758_8,
            1.0,
        ],
    );
    const TAIL: ([f64; 8], [f64; 8]) = (
        [
            2.010_334_399_292_288_1e-7,
            2.711_555_568_743_487_6e-5,
            1.242_660_947_388_078_4e-3,
            2.653_218_952_657_612_4e-2,
            2.965_605_718_285_048_7e-1,
            1.784_826_539_917_291_3,
            5.463_784_911_164_114,
            6.657_904_643_501_103,
        ],
        [
            2.044_263_103_389_939_8e-15,
            1.421_511_758_316_446e-7,
            1.846_318_317_510_054_8e-5,
            7.868_691_311_456_133e-4,
            1.487_536_129_085_061_5e-2,
            1.369_298_809_227_358e-1,
            5.998_322_065_558_88e-1,
            1.0,
        ],
    );
    proper_fraction("probability", probability)?;
    let ratio =
        |(numerator, denominator): &([f64; 8], [f64; 8]), x: f64| polynomial(numerator, x) / polynomial(denominator, x);
    let offset = probability - 0.5;
    if offset.abs() <= 0.425 {
        return Ok(offset * ratio(&CENTRE, 0.180625 - offset * offset));
    }
    let tail = if offset < 0.0 { probability } else { 1.0 - probability };
    let root = (-tail.ln()).sqrt();
    let magnitude = if root <= 5.0 {
        ratio(&MIDDLE, root - 1.6)
    } else {
        ratio(&TAIL, root - 5.0)
    };
    Ok(magnitude.copysign(offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(value: f64, expected: f64, relative: f64) {
        assert!(
            (value - expected).abs() <= relative * expected.abs(),
            "{value} is not {expected}"
        );
    }

    #[test]
    fn quantiles_printed_with_the_algorithm_come_out() {
        // Wichura 1988, section on accuracy of PPND16.
        close(normal_quantile(0.25).unwrap(), -0.674_489_750_196_081_7, 1e-15);
        close(normal_quantile(0.001).unwrap(), -3.090_232_306_167_814, 1e-15);
        close(normal_quantile(1e-20).unwrap(), -9.262_340_089_798_408, 1e-15);
    }

    #[test]
    fn the_ends_have_no_quantile() {
        for probability in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(normal_quantile(probability).is_err(), "{probability}");
        }
    }

    #[test]
    fn the_far_ends_of_the_distribution_are_zero_and_one() {
        assert_eq!(normal_cdf(f64::NEG_INFINITY), 0.0);
        assert_eq!(normal_cdf(f64::INFINITY), 1.0);
        assert_eq!(normal_cdf(0.0), 0.5);
        assert!(normal_cdf(f64::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn quantile_undoes_the_distribution_function(x in -8.0f64..5.0) {
            let back = normal_quantile(normal_cdf(x)).unwrap();
            // Near 1 the probability itself is rounded: its error 1e-16 over the density is the error of x.
            let density = (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
            prop_assert!((back - x).abs() <= 1e-13 * x.abs().max(1.0) + 2e-16 / density.max(1e-16) * f64::from(u8::from(x > 0.0)));
        }

        #[test]
        fn the_two_tails_add_up_to_one(x in -10.0f64..10.0) {
            prop_assert!((normal_cdf(x) + normal_cdf(-x) - 1.0).abs() < 1e-15);
        }
    }
}
